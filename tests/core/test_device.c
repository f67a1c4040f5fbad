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

	assert_int_equal(agx_gpu_identify(agx_soc_find("t8103"), &m1, &id, &why), 0);
	assert_int_equal(id.revision, 0x11);
	assert_int_equal(id.core_masks[0], 0x7f);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_versions_that_share_an_abi),
		cmocka_unit_test(test_refused_descriptions),
		cmocka_unit_test(test_identification),
		cmocka_unit_test(test_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
