// SPDX-License-Identifier: MIT
/*
 * The permission matrix: what the driver writes and reads against what the model's walker makes
 * of it, and both against a third table, in the words of the sources.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "machine.h"

#define PAGE AGX_UAT_PAGE_SIZE

/* As m1n1 prints them: rows AP 0 to 3, columns UXN << 1 | PXN. */
static const char *const firmware_el1[2][4][4] = {
	{{"--", "--", "--", "--"},
	 {"--", "RW", "--", "RW"},
	 {"--", "RX", "--", "--"},
	 {"RX", "R-", "--", "R-"}},
	{{"--", "R-", "-?", "RW"},
	 {"R-", "--", "RW", "RW"},
	 {"--", "--", "--", "--"},
	 {"--", "--", "--", "--"}},
};
static const char *const firmware_gl1[2][4][4] = {
	{{"--", "--", "--", "RW"},
	 {"--", "--", "--", "RW"},
	 {"RX", "--", "--", "R-"},
	 {"RX", "RW", "--", "R-"}},
	{{"--", "R-", "-?", "RW"},
	 {"R-", "--", "RW", "RW"},
	 {"--", "--", "--", "--"},
	 {"--", "--", "--", "--"}},
};
static const char *const gpu[2][4][4] = {
	{{"--", "--", "--", "--"},
	 {"--", "--", "--", "--"},
	 {"--", "--", "--", "--"},
	 {"--", "--", "--", "--"}},
	{{"--", "R-", "-W", "RW"},
	 {"--", "--", "--", "R-"},
	 {"R-", "-W", "RW", "--"},
	 {"--", "--", "--", "--"}},
};

static unsigned int rights(const char *text)
{
	return (text[0] == 'R' ? 1 : 0) | (text[1] == 'W' || text[1] == '?' ? 2 : 0) |
	       (text[1] == 'X' ? 4 : 0);
}

static uint64_t entry_with(unsigned int os, unsigned int ap, unsigned int xn, unsigned int type)
{
	return AGX_UAT_VALID | AGX_UAT_TYPE | AGX_UAT_AF | (uint64_t)ap << AGX_UAT_AP_SHIFT |
	       (uint64_t)type << AGX_UAT_ATTR_SHIFT | (os ? AGX_UAT_OS : 0) |
	       (xn & 1 ? AGX_UAT_PXN : 0) | (xn & 2 ? AGX_UAT_UXN : 0);
}

static void every_cell_means_the_same_to_all(void **state)
{
	unsigned int os, ap, xn, type;

	(void)state;
	for (os = 0; os < 2; os++)
		for (ap = 0; ap < 4; ap++)
			for (xn = 0; xn < 4; xn++)
				for (type = 0; type < 4; type++) {
					uint64_t entry = entry_with(os, ap, xn, type);
					struct agx_uat_access access = agx_uat_entry_access(entry);
					const char *el1 = firmware_el1[os][ap][xn];
					bool uncertain;

					assert_int_equal(access.fw, rights(el1));
					assert_int_equal(access.gl1,
							 rights(firmware_gl1[os][ap][xn]));
					assert_int_equal(access.gpu, rights(gpu[os][ap][xn]));
					assert_int_equal(access.uncertain, el1[1] == '?');
					assert_int_equal(agx_walk_rights(entry, AGX_WALK_FIRMWARE,
									 &uncertain),
							 access.fw);
					assert_int_equal(uncertain, access.uncertain);
					assert_int_equal(agx_walk_rights(entry,
									 AGX_WALK_FIRMWARE_GL1,
									 &uncertain),
							 access.gl1);
					assert_int_equal(
						agx_walk_rights(entry, AGX_WALK_GPU, &uncertain),
						access.gpu);
				}
}

static const struct {
	enum agx_uat_prot prot;
	const char *name;
	unsigned int type;
	const char *firmware, *gpu;
	bool flush;
	uint64_t entry; /* written out once, from jannau/linux: pgtable.rs */
} named[] = {
	{AGX_UAT_FW_MMIO_RW, "FW_MMIO_RW", AGX_UAT_ATTR_DEVICE, "RW", "--", false,
	 0x00c0000000000444},
	{AGX_UAT_FW_MMIO_RO, "FW_MMIO_RO", AGX_UAT_ATTR_DEVICE, "R-", "--", false,
	 0x0080000000000444},
	{AGX_UAT_FW_SHARED_RW, "FW_SHARED_RW", AGX_UAT_ATTR_SHARED, "RW", "--", false,
	 0x00c0000000000448},
	{AGX_UAT_FW_SHARED_RO, "FW_SHARED_RO", AGX_UAT_ATTR_SHARED, "R-", "--", false,
	 0x0080000000000448},
	{AGX_UAT_FW_PRIV_RW, "FW_PRIV_RW", AGX_UAT_ATTR_CACHED, "RW", "--", true,
	 0x00c0000000000440},
	{AGX_UAT_GPU_RO_FW_PRIV_RW, "GPU_RO_FW_PRIV_RW", AGX_UAT_ATTR_CACHED, "RW", "R-", true,
	 0x00e0000000000440},
	{AGX_UAT_GPU_FW_SHARED_RW, "GPU_FW_SHARED_RW", AGX_UAT_ATTR_SHARED, "RW", "RW", false,
	 0x00e0000000000408},
	{AGX_UAT_GPU_FW_PRIV_RW, "GPU_FW_PRIV_RW", AGX_UAT_ATTR_CACHED, "RW", "RW", true,
	 0x00e0000000000400},
	{AGX_UAT_GPU_SHARED_RW, "GPU_SHARED_RW", AGX_UAT_ATTR_SHARED, "--", "RW", false,
	 0x00c0000000000488},
	{AGX_UAT_GPU_SHARED_RO, "GPU_SHARED_RO", AGX_UAT_ATTR_SHARED, "--", "R-", false,
	 0x0080000000000488},
	{AGX_UAT_GPU_SHARED_WO, "GPU_SHARED_WO", AGX_UAT_ATTR_SHARED, "--", "-W", false,
	 0x00a0000000000488},
};

static void every_protection_gives_what_it_says(void **state)
{
	static const unsigned int wants[] = {0, AGX_WALK_READ, AGX_WALK_WRITE,
					     AGX_WALK_READ | AGX_WALK_WRITE, AGX_WALK_EXEC};
	struct agx_uat_reserve reserve = {0};
	struct agx_walk_result result;
	struct agx_uat_lookup found;
	struct agx_uat_vm *vm;
	struct machine machine;
	unsigned int i, j, unit;

	(void)state;
	assert_int_equal(sizeof(named) / sizeof(*named), AGX_UAT_PROTS);
	machine_start(&machine, 16 << 20, false, false);
	assert_int_equal(agx_uat_vm_create(machine.uat, &vm), 0);
	assert_int_equal(agx_uat_bind(vm), 1);
	for (i = 0; i < AGX_UAT_PROTS; i++) {
		assert_int_equal(named[i].prot, i);
		assert_string_equal(agx_uat_prot_name(i), named[i].name);
		assert_int_equal(agx_uat_prot_bits(i), named[i].entry);
		assert_int_equal(agx_uat_reserve(vm, PAGE, PAGE, false, &reserve), 0);
		assert_int_equal(agx_uat_map(vm, &reserve, PAGE, 0x812340000, PAGE, i, 0), 0);
		agx_uat_find(vm, PAGE, &found);
		assert_int_equal(found.prot, i);
		assert_int_equal(found.entry[2], named[i].entry | 0x812340000 | 3 | AGX_UAT_NG);
		assert_int_equal(agx_uat_entry_needs_flush(found.entry[2]), named[i].flush);
		for (unit = 0; unit < AGX_WALK_UNITS; unit++) {
			unsigned int has =
				rights(unit == AGX_WALK_GPU ? named[i].gpu : named[i].firmware);

			for (j = 0; j < 5; j++) {
				bool ok =
					agx_walk(&machine.walker, 1, unit, PAGE, wants[j], &result);

				assert_int_equal(ok, !(wants[j] & ~has));
				assert_int_equal(result.fault, ok ? AGX_WALK_OK : AGX_WALK_DENIED);
				assert_int_equal(result.rights, has);
				assert_int_equal(result.type, named[i].type);
				assert_int_equal(result.odd_bits, 0);
				assert_false(result.global);
			}
		}
	}
	assert_null(agx_uat_prot_name(AGX_UAT_PROTS));
	assert_int_equal(agx_uat_prot_of_entry(0), -1);
	assert_int_equal(agx_uat_prot_of_entry(entry_with(0, 1, 2, 0)), -1);

	/* What the kernel maps in the upper half is global. */
	vm = agx_uat_kernel_vm(machine.uat);
	assert_int_equal(agx_uat_reserve(vm, AGX_UAT_DRIVER_BASE, PAGE, false, &reserve), 0);
	assert_int_equal(agx_uat_map(vm, &reserve, AGX_UAT_DRIVER_BASE, 0x812340000, PAGE,
				     AGX_UAT_FW_PRIV_RW, 0),
			 0);
	assert_true(agx_walk(&machine.walker, 0, AGX_WALK_FIRMWARE, AGX_UAT_DRIVER_BASE,
			     AGX_WALK_WRITE, &result));
	assert_true(result.global);
	vm = agx_uat_slot_vm(machine.uat, 1);
	agx_uat_unbind(vm);
	agx_uat_vm_destroy(vm);
	agx_uat_reserve_release(machine.uat, &reserve);
	assert_int_equal(machine_finish(&machine), 0);
}

/* The register's codes: 0 unmapped, 1 access flag, 2 write-only, 3 read-only, 4 no access. */
static void reasons_of_gpu_faults(void **state)
{
	struct agx_uat_reserve reserve = {0};
	struct agx_walk_result result;
	struct agx_uat_vm *vm;
	struct machine machine;
	uint64_t *entry;

	(void)state;
	machine_start(&machine, 16 << 20, false, false);
	assert_int_equal(agx_uat_vm_create(machine.uat, &vm), 0);
	assert_int_equal(agx_uat_bind(vm), 1);
	assert_int_equal(agx_uat_reserve(vm, PAGE, PAGE, false, &reserve), 0);
	assert_int_equal(
		agx_uat_map(vm, &reserve, PAGE, 0x812340000, PAGE, AGX_UAT_GPU_SHARED_WO, 0), 0);
	assert_false(agx_walk(&machine.walker, 1, AGX_WALK_GPU, PAGE, AGX_WALK_READ, &result));
	assert_int_equal(agx_walk_reason(&result), 2);
	entry = machine.walker.ram(&machine, result.entry_pa, 8);
	assert_int_equal(agx_uat_protect(vm, PAGE, PAGE, AGX_UAT_GPU_SHARED_RO), 0);
	assert_false(agx_walk(&machine.walker, 1, AGX_WALK_GPU, PAGE, AGX_WALK_WRITE, &result));
	assert_int_equal(agx_walk_reason(&result), 3);
	assert_int_equal(agx_uat_protect(vm, PAGE, PAGE, AGX_UAT_FW_PRIV_RW), 0);
	assert_false(agx_walk(&machine.walker, 1, AGX_WALK_GPU, PAGE, AGX_WALK_WRITE, &result));
	assert_int_equal(agx_walk_reason(&result), 4);
	*entry &= ~AGX_UAT_AF;
	assert_false(agx_walk(&machine.walker, 1, AGX_WALK_GPU, PAGE, 0, &result));
	assert_int_equal(agx_walk_reason(&result), 1);
	assert_int_equal(agx_uat_unmap(vm, PAGE, PAGE), 0);
	assert_false(agx_walk(&machine.walker, 1, AGX_WALK_GPU, PAGE, 0, &result));
	assert_int_equal(agx_walk_reason(&result), 0);
	agx_uat_unbind(vm);
	agx_uat_vm_destroy(vm);
	assert_int_equal(machine_finish(&machine), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_means_the_same_to_all),
		cmocka_unit_test(every_protection_gives_what_it_says),
		cmocka_unit_test(reasons_of_gpu_faults),
	};

	return cmocka_run_group_tests_name("uat-prot", tests, NULL, NULL);
}
