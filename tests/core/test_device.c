// SPDX-License-Identifier: MIT
/* Which SoC goes with which firmware, and which descriptions are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agx_soc_tables.h"
#include "core_fixture.h"

static void test_pairs(void **state)
{
	static const struct {
		const char *soc;
		uint32_t major, minor;
		int variant;
	} table[] = {
		{"t8103", 12, 3, AGX_FW_VARIANT_G13_V12_3},
		{"t8103", 12, 4, -ENODEV},
		{"t8103", 13, 5, AGX_FW_VARIANT_G13_V13_5},
		{"t6002", 12, 3, AGX_FW_VARIANT_G13_V12_3},
		{"t8112", 12, 3, -ENODEV},
		{"t8112", 12, 4, AGX_FW_VARIANT_G14_V12_4},
		{"t8112", 13, 5, AGX_FW_VARIANT_G14_V13_5},
		{"t6020", 12, 4, -ENODEV},
		{"t6020", 13, 5, AGX_FW_VARIANT_G14X_V13_5},
		{"t6022", 13, 5, AGX_FW_VARIANT_G14X_V13_5},
		{"t6022", 13, 6, -ENODEV},
		{"t8103", 14, 0, -ENODEV},
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct agx_firmware_version version = {table[i].major, table[i].minor, 0};

		assert_int_equal(agx_device_variant(agx_soc_find(table[i].soc), &version),
				 table[i].variant);
	}
	assert_string_equal(agx_fw_variant_name(AGX_FW_VARIANT_G14X_V13_5), "g14x_v13_5");
	assert_null(agx_fw_variant_name(AGX_FW_VARIANT_COUNT));
}

static void test_versions_that_share_an_abi(void **state)
{
	struct agx_firmware_version v;

	v = agx_firmware_abi((struct agx_firmware_version){12, 3, 1});
	assert_int_equal(v.patch, 0);
	v = agx_firmware_abi((struct agx_firmware_version){13, 6, 1});
	assert_int_equal(v.minor, 5);
	assert_int_equal(v.patch, 0);
	v = agx_firmware_abi((struct agx_firmware_version){14, 1, 2});
	assert_int_equal(v.major, 14);
}

static int check(struct fixture *fixture)
{
	return agx_device_check(&fixture->config.device, &fixture->why);
}

static void test_refused_descriptions(void **state)
{
	const struct agx_soc *soc = agx_soc_find("t6021");
	struct fixture *fixture = malloc(sizeof(*fixture));
	struct agx_device *device, good;

	fixture_init(fixture, soc, agx_soc_firmware(soc, 0));
	device = &fixture->config.device;
	good = *device;
	assert_int_equal(check(fixture), 0);

#define REFUSED(change, error, name)                          \
	do {                                                  \
		*device = good;                               \
		change;                                       \
		assert_int_equal(check(fixture), error);      \
		assert_string_equal(fixture->why.what, name); \
	} while (0)

	REFUSED(device->firmware.major = 12, -ENODEV, "firmware ABI");
	REFUSED(device->ttbs.size = 1023, -EINVAL, "uat-ttbs");
	REFUSED(device->ttbs.cpu = NULL, -EINVAL, "uat-ttbs");
	REFUSED(device->pagetables.pa += 0x1000, -EINVAL, "uat-pagetables");
	REFUSED(device->handoff.pa = 1ull << 42, -EINVAL, "uat-handoff");
	REFUSED(device->handoff.size = 0x647, -EINVAL, "uat-handoff");
	REFUSED(device->power.count = 1, -EINVAL, "number of performance states");
	REFUSED(device->power.count = 17, -EINVAL, "number of performance states");
	REFUSED(device->power.base_pstate = 0, -EINVAL, "base performance state");
	REFUSED(device->power.base_pstate = 9, -EINVAL, "base performance state");
	REFUSED(device->power.pstates[3].freq_hz = 1, -EINVAL, "frequency of a performance state");
	REFUSED(device->power.pstates[8].power_mw = 0, -EINVAL, "power of a performance state");
	REFUSED(device->power.pstates[8].mv[0] = 0, -EINVAL, "voltage of a performance state");
	REFUSED(device->power.cs_count = 0, -EINVAL, "number of CS performance states");
	REFUSED(device->power.afr_count = 9, -EINVAL, "number of AFR performance states");
	REFUSED(device->id.clusters = 5, -EINVAL, "clusters");
	REFUSED(device->id.cores_per_cluster = 0, -EINVAL, "cores per cluster");
	REFUSED(device->id.revision = 0x30, -EINVAL, "GPU revision");
	REFUSED(device->id.core_masks[2] = 1 << 10, -EINVAL, "core mask");
#undef REFUSED
	*device = good;
	fixture->config.hooks = NULL;
	assert_int_equal(fixture_create(fixture), -EINVAL);
	assert_string_equal(fixture->why.what, "hooks");
	fixture_finish(fixture);
	free(fixture);
}

static void test_identification(void **state)
{
	struct agx_gpu_registers m1 = {
		.id_version = 0x04021100,
		.id_counts_1 = 8,
		.id_counts_2 = 4 << 16,
		.id_clusters = 1 << 12,
		.core_mask = {0x7f},
	};
	struct agx_gpu_registers ultra = {
		.id_version = 0x06041100,
		.id_counts_1 = 2 << 16 | 4 << 8 | 10,
		.id_counts_2 = 4 << 16,
		.core_mask = {0xffffffff, 0xffffffff, 0xffff},
	};
	struct agx_reject why;
	struct agx_gpu_id id;

	memset(&id, 0xff, sizeof(id));
	assert_int_equal(agx_gpu_identify(agx_soc_find("t8103"), &m1, &id, &why), 0);
	assert_int_equal(id.revision, 0x11);
	assert_int_equal(id.core_masks[0], 0x7f);
	for (unsigned int i = 1; i < AGX_SOC_MAX_CLUSTERS; i++)
		assert_int_equal(id.core_masks[i], 0);
	assert_int_equal(agx_gpu_revision_id(id.revision), AGX_GPU_REVISION_B1);
	assert_int_equal(agx_gpu_identify(agx_soc_find("t8112"), &m1, &id, &why), -EIO);
	m1.core_mask[0] |= 0x100;
	assert_int_equal(agx_gpu_identify(agx_soc_find("t8103"), &m1, &id, &why), -EIO);
	assert_string_equal(why.what, "core mask");
	m1.core_mask[0] = 0xff;
	m1.id_version = 0x07021100;
	assert_int_equal(agx_gpu_identify(agx_soc_find("t8103"), &m1, &id, &why), -ENODEV);
	m1.id_version = 0x04050000;
	assert_int_equal(agx_gpu_identify(agx_soc_find("t8103"), &m1, &id, &why), -ENODEV);
	m1.id_version = 0x04023300;
	assert_int_equal(agx_gpu_identify(agx_soc_find("t8103"), &m1, &id, &why), -ENODEV);

	/* Eight clusters of ten: a mask crosses words. C becomes D above four clusters. */
	assert_int_equal(agx_gpu_identify(agx_soc_find("t6022"), &ultra, &id, &why), 0);
	assert_int_equal(id.clusters, 8);
	assert_int_equal(id.core_masks[3], 0x3ff);
	assert_int_equal(id.core_masks[7], 0x3ff);
	ultra.id_counts_1 = 1 << 16 | 4 << 8 | 10;
	ultra.core_mask[1] = 0xff;
	ultra.core_mask[2] = 0;
	assert_int_equal(agx_gpu_identify(agx_soc_find("t6022"), &ultra, &id, &why), -EIO);
	assert_int_equal(agx_gpu_identify(agx_soc_find("t6021"), &ultra, &id, &why), 0);
	ultra.id_counts_1 = 1 << 16 | 4 << 8 | 33;
	assert_int_equal(agx_gpu_identify(agx_soc_find("t6021"), &ultra, &id, &why), -ENODEV);
}

/* Tables hang together: in range, in order, nothing twice. */
static void test_tables(void **state)
{
	const struct agx_io_range *range;
	const struct agx_soc *soc;
	unsigned int i, j;

	for (i = 0; (soc = agx_soc_get(i)); i++) {
		int last = -1;

		assert_non_null(agx_soc_arch(soc));
		assert_non_null(agx_soc_power(soc, false));
		assert_non_null(agx_soc_power(soc, true));
		for (j = 0; (range = agx_soc_io_range(soc, j)); j++) {
			assert_true(range->index > last);
			last = range->index;
			assert_true(range->size && range->count);
			assert_true(range->base + range->size < 1ull << soc->output_address_bits);
			/* Several elements must fill their pages. */
			if (range->count > 1 || range->per_die) {
				assert_int_equal(range->base % AGX_UAT_PAGE_SIZE, 0);
				if (range->count * (range->per_die ? soc->dies : 1) > 1)
					assert_int_equal(range->size % AGX_UAT_PAGE_SIZE, 0);
			}
		}
		assert_true(last <= AGX_IO_UNK_21);
	}
}

/* What a machine without a boot loader has: all of it, as sold. */
static void test_default_description(void **state)
{
	const struct agx_soc *soc;
	unsigned int i, j;

	for (i = 0; (soc = agx_soc_get(i)); i++) {
		struct agx_device device;

		memset(&device, 0xa5, sizeof(device));
		agx_device_default(soc, agx_soc_firmware(soc, 0), &device);
		assert_ptr_equal(device.soc, soc);
		assert_int_equal(device.id.revision, soc->revision);
		assert_int_equal(device.id.clusters, soc->clusters);
		assert_int_equal(device.id.cores_per_cluster, soc->cores_per_cluster);
		for (j = 0; j < AGX_SOC_MAX_CLUSTERS; j++) {
			assert_int_equal(device.id.core_masks[j], soc->core_masks[j]);
			assert_int_equal(!soc->core_masks[j], j >= soc->clusters);
		}
	}
}

/*
 * Ranges of registers, by entry, as the Rust driver has them (jannau/linux: drivers/gpu/drm/asahi/
 * hw/{t8103,t8112,t600x,t602x}.rs, gpu.rs iomap()): a column for a family of chips, 0: none.
 */
struct io_row {
	unsigned int index;
	bool writable;
	struct {
		uint64_t base;
		uint32_t size;
	} t8103, t8112, t600x, t602x;
};

static const struct io_row io_rows[] = {
	{0,
	 1,
	 {0x204d00000, 0x1c000},
	 {0x204d00000, 0x14000},
	 {0x404d00000, 0x1c000},
	 {0x404d00000, 0x144000}},
	{1,
	 0,
	 {0x20e100000, 0x4000},
	 {0x20e100000, 0x4000},
	 {0x20e100000, 0x4000},
	 {0x20e100000, 0x4000}},
	{2,
	 1,
	 {0x23b104000, 0x4000},
	 {0x23b0c4000, 0x4000},
	 {0x28e104000, 0x4000},
	 {0x28e106000, 0x4000}},
	{3,
	 1,
	 {0x204000000, 0x20000},
	 {0x204000000, 0x20000},
	 {0x404000000, 0x20000},
	 {0x404000000, 0x20000}},
	{7,
	 0,
	 {0x23b2e8000, 0x1000},
	 {0x23b2c0000, 0x1000},
	 {0x28e494000, 0x4000},
	 {0x28e478000, 0x4000}},
	{8, 1, {0x23bc00000, 0x1000}, {0, 0}, {0, 0}, {0, 0}},
	{9,
	 1,
	 {0x204d80000, 0x5000},
	 {0x204d80000, 0x8000},
	 {0x404d80000, 0x8000},
	 {0x404e08000, 0x8000}},
	{10, 1, {0x204d61000, 0x1000}, {0x204d61000, 0x1000}, {0x204d61000, 0x1000}, {0, 0}},
	{11,
	 1,
	 {0x200000000, 0xd6400},
	 {0x200000000, 0xd6400},
	 {0x200000000, 0xd8000},
	 {0x200000000, 0xd8000}},
	{12, 0, {0, 0}, {0, 0}, {0, 0}, {0x28e118000, 0x4000}},
	{13, 1, {0x23b738000, 0x1000}, {0, 0}, {0, 0}, {0, 0}},
	{14, 1, {0, 0}, {0, 0}, {0x2643c4000, 0x1000}, {0, 0}},
	{15, 1, {0, 0}, {0, 0}, {0x22643c4000, 0x1000}, {0, 0}}, /* T6002 alone */
	{16, 1, {0, 0}, {0x204e00000, 0x10000}, {0, 0}, {0, 0}},
	{17, 1, {0, 0}, {0x27d050000, 0x4000}, {0, 0}, {0, 0}},
	{18, 1, {0, 0}, {0x23b3d0000, 0x1000}, {0x28e3d0000, 0x1000}, {0x28e3d0000, 0x4000}},
	{19, 0, {0, 0}, {0x23b3c0000, 0x1000}, {0x28e3c0000, 0x2000}, {0x28e3c0000, 0x4000}},
	{20, 1, {0, 0}, {0, 0}, {0, 0}, {0x28e3d8000, 0x4000}},
	{21, 1, {0, 0}, {0, 0}, {0, 0}, {0x404eac000, 0x4000}},
};

static void check_io(const struct agx_soc *soc)
{
	const uint32_t chip = soc->chip_id;
	unsigned int next = 0;

	for (unsigned int i = 0; i < sizeof(io_rows) / sizeof(io_rows[0]); i++) {
		const struct io_row *row = &io_rows[i];
		const struct agx_io_range *range;
		uint64_t base = chip == 0x8103   ? row->t8103.base
				: chip == 0x8112 ? row->t8112.base
				: chip < 0x6020  ? row->t600x.base
						 : row->t602x.base;
		uint32_t size = chip == 0x8103   ? row->t8103.size
				: chip == 0x8112 ? row->t8112.size
				: chip < 0x6020  ? row->t600x.size
						 : row->t602x.size;
		bool large = chip < 0x8000, mcache = large && row->index == 11;

		if (!base || (row->index == 15 && chip != 0x6002))
			continue;
		if (row->index == 7 && chip == 0x6020)
			base = 0x28e460000;
		range = agx_soc_io_range(soc, next++);
		assert_non_null(range);
		assert_int_equal(range->index, row->index);
		assert_int_equal(range->base, base);
		assert_int_equal(range->size, size);
		assert_int_equal(range->writable, row->writable);
		assert_int_equal(range->per_die, large && (row->index == 7 || row->index == 11 ||
							   row->index == 21));
		assert_int_equal(range->count, !mcache ? 1 : (chip & 0xf) == 0 ? 4 : 8);
		if (mcache)
			assert_int_equal(range->stride, 0x1000000);
	}
	assert_null(agx_soc_io_range(soc, next));
}

/* Likewise: sizes of preemption buffers, and how renders are split. */
static void check_arch(const struct agx_soc *soc)
{
	const struct agx_soc_arch *arch = agx_soc_arch(soc);
	const struct agx_soc_clustering *clustering = &arch->clustering;
	const bool t602x = soc->chip_id >= 0x6020 && soc->chip_id < 0x8000;
	const bool t600x = soc->chip_id < 0x6020;

	assert_int_equal(arch->preempt1_size, 0x540);
	assert_int_equal(arch->preempt2_size, 0x280);
	assert_int_equal(arch->preempt3_size, t602x ? 0x40 : 0x20);
	assert_int_equal(arch->compute_preempt1_size, soc->chip_id == 0x8103   ? 0x7f80
						      : soc->chip_id == 0x8112 ? 0x10000
						      : t600x                  ? 0x3bd00
						      : soc->chip_id == 0x6022 ? 0x4b300
									       : 0x25980);
	assert_int_equal(arch->tiling_control, t602x ? 0x180340 : t600x ? 0xa540 : 0xa041);
	assert_int_equal(arch->max_gps, 4);
	assert_int_equal(clustering->meta1_block_size, t602x || t600x ? 0x44 : 0);
	assert_int_equal(clustering->meta2_size, t602x ? 0xc00 : t600x ? 0x600 : 0);
	assert_int_equal(clustering->meta3_size, t602x ? 0x2800 : t600x ? 0x1400 : 0);
	assert_int_equal(clustering->meta4_size, t602x ? 0x800 : t600x ? 0x300 : 0);
	assert_int_equal(clustering->max_splits, t602x ? 64 : t600x ? 16 : 0);
}

static void test_registers_and_sizes(void **state)
{
	static const char *const names[] = {"t8103", "t8112", "t6000", "t6001",
					    "t6002", "t6020", "t6021", "t6022"};
	static const unsigned int cores[] = {11, 15, 12, 13, 13, 16, 17, 18};

	(void)state;
	for (unsigned int i = 0; i < 8; i++) {
		const struct agx_soc *soc = agx_soc_find(names[i]);
		uint64_t base = 0, size = 0;
		bool sram;

		assert_non_null(soc);
		check_io(soc);
		check_arch(soc);
		assert_int_equal(agx_soc_arch(soc)->core_id, cores[i]);
		sram = agx_soc_sram(soc, &base, &size);
		assert_int_equal(sram, i >= 5);
		assert_int_equal(base, sram ? 0x404d60000 : 0);
		assert_int_equal(size, sram ? 0x20000 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registers_and_sizes),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_versions_that_share_an_abi),
		cmocka_unit_test(test_refused_descriptions),
		cmocka_unit_test(test_identification),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_default_description),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
