// SPDX-License-Identifier: MIT
/*
 * The device tree of `agx vm`, on every SoC with every firmware and in both forms: what the driver
 * looks for is there, with the cells that the bindings ask for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libfdt.h>

#include "agx_device.h"
#include "vm.h"

#define CAPACITY 65536

static const struct vm_regions regions = {0xbfff0000, 0xbfff4000, 0x1bfff8000};

/* As QEMU's, in small: some handles are taken. */
static void *base_tree(void)
{
	void *fdt = calloc(1, CAPACITY);
	int node;

	assert_non_null(fdt);
	assert_int_equal(fdt_create_empty_tree(fdt, CAPACITY), 0);
	node = fdt_add_subnode(fdt, 0, "intc");
	assert_true(node >= 0);
	assert_int_equal(fdt_setprop_u32(fdt, node, "phandle", 0x8001), 0);
	return fdt;
}

static const void *property(const void *fdt, const char *path, const char *name, int size)
{
	int node = fdt_path_offset(fdt, path), length = -1;
	const void *value;

	if (node < 0)
		fail_msg("%s: %s", path, fdt_strerror(node));
	value = fdt_getprop(fdt, node, name, &length);
	if (!value)
		fail_msg("%s: no %s", path, name);
	if (size >= 0)
		assert_int_equal(length, size);
	return value;
}

static uint32_t cell(const void *cells, unsigned int index)
{
	return fdt32_ld((const fdt32_t *)cells + index);
}

static void check_region(const void *fdt, unsigned int index, const char *name, uint64_t pa)
{
	const void *handles = property(fdt, "/gpu", "memory-region", 12), *reg;
	char path[64];

	snprintf(path, sizeof(path), "/reserved-memory/%s", name);
	assert_int_equal(fdt_node_offset_by_phandle(fdt, cell(handles, index)),
			 fdt_path_offset(fdt, path));
	reg = property(fdt, path, "reg", 16);
	assert_int_equal((uint64_t)cell(reg, 0) << 32 | cell(reg, 1), pa);
	assert_int_equal(cell(reg, 2), 0);
	assert_int_equal(cell(reg, 3), 0x4000);
	property(fdt, path, "no-map", 0);
	assert_string_equal(property(fdt, path, "status", 5), "okay");
}

/* The states in the order of the nodes are those of the table. */
static void check_table(const void *fdt, const char *name, const char *path,
			const struct agx_power *power, unsigned int count, unsigned int voltages)
{
	int table = fdt_path_offset(fdt, path), node;
	unsigned int i = 0, k;

	assert_int_equal(fdt_node_offset_by_phandle(fdt, cell(property(fdt, "/gpu", name, 4), 0)),
			 table);
	fdt_for_each_subnode(node, fdt, table)
	{
		bool whole = !strcmp(name, "operating-points-v2");
		const struct agx_aux_pstate *aux =
			!strcmp(name, "apple,cs-opp") ? &power->cs[i] : &power->afr[i];
		const uint16_t *mv = whole ? power->pstates[i].mv : aux->mv;
		const void *value;
		int length;

		assert_true(i < count);
		value = fdt_getprop(fdt, node, "opp-hz", &length);
		assert_int_equal(length, 8);
		assert_int_equal(cell(value, 0), 0);
		assert_int_equal(cell(value, 1), whole ? power->pstates[i].freq_hz : aux->freq_hz);
		value = fdt_getprop(fdt, node, "opp-microvolt", &length);
		assert_int_equal(length, 4 * voltages);
		for (k = 0; k < voltages; k++)
			assert_int_equal(cell(value, k), mv[k] * 1000);
		value = fdt_getprop(fdt, node, "opp-microwatt", &length);
		assert_int_equal(!!value, whole);
		if (whole)
			assert_int_equal(cell(value, 0), power->pstates[i].power_mw * 1000);
		i++;
	}
	assert_int_equal(i, count);
}

static void check_downstream(const void *fdt, const struct agx_device *device)
{
	const struct agx_soc *soc = device->soc;
	const void *value;
	unsigned int i;

	check_table(fdt, "operating-points-v2", "/opp-table-gpu", &device->power,
		    device->power.count, soc->clusters);
	value = property(fdt, "/gpu", "apple,core-leak-coef", 4 * soc->clusters);
	for (i = 0; i < soc->clusters; i++)
		assert_int_equal(cell(value, i), device->power.core_leak[i]);
	property(fdt, "/gpu", "apple,sram-leak-coef", 4 * soc->clusters);
	if (device->power.cs_count) {
		check_table(fdt, "apple,cs-opp", "/opp-table-gpu-cs", &device->power,
			    device->power.cs_count, soc->dies);
		check_table(fdt, "apple,afr-opp", "/opp-table-gpu-afr", &device->power,
			    device->power.afr_count, soc->dies);
		property(fdt, "/gpu", "apple,cs-leak-coef", 4 * soc->dies);
	}
	property(fdt, "/gpu", "apple,firmware-compat", 12);
}

static void check_tree(const struct agx_device *device, enum vm_tree_form form)
{
	void *fdt = base_tree();
	const void *value;
	char error[256];
	char first[64];

	if (vm_tree_edit(fdt, CAPACITY, device, &regions, form, error, sizeof(error)))
		fail_msg("%s", error);
	assert_int_equal(fdt_check_full(fdt, CAPACITY), 0);
	check_region(fdt, 0, "uat-ttbs", regions.ttbs);
	check_region(fdt, 1, "uat-pagetables", regions.pagetables);
	check_region(fdt, 2, "uat-handoff", regions.handoff);
	assert_memory_equal(property(fdt, "/gpu", "memory-region-names", 24),
			    "ttbs\0pagetables\0handoff", 24);
	assert_string_equal(property(fdt, "/aliases", "gpu", 5), "/gpu");
	property(fdt, "/gpu", "agx,virtual-mailbox", 0);
	value = property(fdt, "/gpu", "apple,firmware-abi", 12);
	assert_int_equal(cell(value, 0), device->firmware.major);
	assert_int_equal(cell(value, 1), device->firmware.minor);
	assert_int_equal(cell(value, 2), device->firmware.patch);
	snprintf(first, sizeof(first), "apple,agx-%s", device->soc->name);
	if (form == VM_TREE_DOWNSTREAM) {
		assert_string_equal(property(fdt, "/gpu", "compatible", -1), first);
		check_downstream(fdt, device);
	} else {
		snprintf(first, sizeof(first), "apple,agx-g%u%c", device->soc->generation,
			 device->soc->variant + 32);
		assert_string_equal(property(fdt, "/gpu", "compatible", -1), first);
		assert_null(fdt_getprop(fdt, fdt_path_offset(fdt, "/gpu"), "operating-points-v2",
					NULL));
	}
	free(fdt);
}

static void every_device(void **state)
{
	const struct agx_firmware_version *version;
	const struct agx_soc *soc;
	struct agx_device device;
	unsigned int i, k, count = 0;

	(void)state;
	for (i = 0; (soc = agx_soc_get(i)); i++) {
		for (k = 0; (version = agx_soc_firmware(soc, k)); k++, count++) {
			agx_device_default(soc, version, &device);
			check_tree(&device, VM_TREE_DOWNSTREAM);
			check_tree(&device, VM_TREE_UPSTREAM);
		}
	}
	assert_true(count >= 13);
}

static void without_gpu(void **state)
{
	void *fdt = base_tree();
	char error[256];

	(void)state;
	assert_int_equal(vm_tree_edit(fdt, CAPACITY, NULL, &regions, VM_TREE_DOWNSTREAM, error,
				      sizeof(error)),
			 0);
	assert_true(fdt_path_offset(fdt, "/gpu") < 0);
	/* Packed: an emulator's default is larger than Linux takes. */
	assert_true(fdt_totalsize(fdt) < 1024);
	free(fdt);
}

static void damaged(void **state)
{
	struct agx_device device;
	char error[256] = "";
	void *fdt = base_tree();

	(void)state;
	agx_device_default(agx_soc_get(0), agx_soc_firmware(agx_soc_get(0), 0), &device);
	memset(fdt, 0, 4);
	assert_int_equal(vm_tree_edit(fdt, CAPACITY, &device, &regions, VM_TREE_DOWNSTREAM, error,
				      sizeof(error)),
			 -EINVAL);
	assert_non_null(strstr(error, "device tree"));
	free(fdt);
}

static void too_small(void **state)
{
	struct agx_device device;
	char error[256] = "";
	void *fdt = base_tree();

	(void)state;
	agx_device_default(agx_soc_get(0), agx_soc_firmware(agx_soc_get(0), 0), &device);
	assert_int_equal(fdt_pack(fdt), 0);
	assert_int_equal(
		vm_tree_edit(fdt, 400, &device, &regions, VM_TREE_DOWNSTREAM, error, sizeof(error)),
		-EINVAL);
	assert_non_null(strstr(error, "NOSPACE"));
	free(fdt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_device),
		cmocka_unit_test(without_gpu),
		cmocka_unit_test(damaged),
		cmocka_unit_test(too_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
