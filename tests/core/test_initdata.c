// SPDX-License-Identifier: MIT
/*
 * Init data of every SoC with every firmware, looked at with the firmware's eyes: through the
 * page tables, from the address in the INIT message on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agx_soc_tables.h"
#include "core_fixture.h"
#include "fields.h"

#define R  AGX_WALK_READ
#define RW (AGX_WALK_READ | AGX_WALK_WRITE)

/* What is behind a pointer: how much, with which rights for whom, and cached or shared. */
struct target {
	const char *structure, *member;
	uint32_t size; /* 0: the structure of that name */
	const char *of;
	uint8_t wants, type;
	bool read_only; /* more would be too much */
	bool gpu;       /* the GPU looks at it */
};

static const struct target targets[] = {
	{"init_data", "unk_buf", AGX_REGION_A_SIZE, NULL, R, AGX_UAT_ATTR_SHARED, true, false},
	{"init_data", "runtime_pointers", 0, "runtime_pointers", RW, AGX_UAT_ATTR_CACHED, 0, 0},
	{"init_data", "globals", 0, "globals", RW, AGX_UAT_ATTR_CACHED, 0, 0},
	{"init_data", "fw_status", 0, "fw_status", RW, AGX_UAT_ATTR_SHARED, 0, 0},
	{"runtime_pointers", "stats_vtx", AGX_STATS_VERTEX_SIZE, NULL, RW, AGX_UAT_ATTR_CACHED, 0,
	 0},
	{"runtime_pointers", "stats_frag", 0, "global_stats_fragment", RW, AGX_UAT_ATTR_CACHED, 0,
	 0},
	{"runtime_pointers", "stats_comp", AGX_STATS_COMPUTE_SIZE, NULL, RW, AGX_UAT_ATTR_CACHED, 0,
	 0},
	{"runtime_pointers", "hwdata_a", 0, "hwdata_a", RW, AGX_UAT_ATTR_CACHED, 0, 0},
	{"runtime_pointers", "unkptr_190", 0, "fault_stats", RW, AGX_UAT_ATTR_CACHED, 0, 0},
	{"runtime_pointers", "unkptr_198", AGX_UNKPTR_198_SIZE, NULL, RW, AGX_UAT_ATTR_CACHED, 0,
	 0},
	{"runtime_pointers", "hwdata_b", 0, "hwdata_b", RW, AGX_UAT_ATTR_CACHED, 0, 0},
	{"runtime_pointers", "hwdata_b_2", 0, "hwdata_b", RW, AGX_UAT_ATTR_CACHED, 0, 0},
	{"runtime_pointers", "fwlog_buf",
	 AGX_FWLOG_CHANNELS *AGX_CHANNEL_FWLOG_ENTRIES * sizeof(struct agx_fwlog_payload), NULL, RW,
	 AGX_UAT_ATTR_SHARED, 0, 0},
	{"runtime_pointers", "unkptr_1b8", AGX_UNKPTR_1B8_SIZE, NULL, RW, AGX_UAT_ATTR_CACHED, 0,
	 0},
	{"runtime_pointers", "unkptr_1c0", AGX_UNKPTR_1C0_SIZE, NULL, RW, AGX_UAT_ATTR_CACHED, 0,
	 0},
	{"runtime_pointers", "unkptr_1c8", AGX_UNKPTR_1C8_SIZE, NULL, RW, AGX_UAT_ATTR_CACHED, 0,
	 0},
	{"runtime_pointers", "buffer_mgr_ctl_gpu_addr", AGX_BUFFER_MGR_CTL_SIZE, NULL, RW,
	 AGX_UAT_ATTR_SHARED, 0, true},
	{"runtime_pointers", "buffer_mgr_ctl_fw_addr", AGX_BUFFER_MGR_CTL_SIZE, NULL, RW,
	 AGX_UAT_ATTR_SHARED, 0, 0},
};

struct scan {
	struct fixture *fixture;
	enum agx_fw_variant variant;
	unsigned int pointers;
};

static uint64_t value_of(const void *data, const struct agx_fw_member *member)
{
	uint64_t value = 0;

	memcpy(&value, (const char *)data + member->offset, member->size);
	return value;
}

static const struct agx_fw_layout *layout_of(enum agx_fw_variant variant, const char *name)
{
	const struct agx_fw_layout *layout = agx_fw_find_layout(variant, name);

	if (!layout)
		fail_msg("no structure %s in %s", name, agx_fw_variant_name(variant));
	return layout;
}

/* Channels: pointer and size come from the reference's table, not from the core. */
static void check_ring(struct scan *scan, const char *name, uint64_t state, uint64_t ring,
		       uint32_t states_size, uint32_t ring_size, uint8_t ring_type)
{
	struct agx_walk_result result;

	if (!fixture_at(scan->fixture, AGX_WALK_FIRMWARE, state, states_size, RW))
		fail_msg("%s: state at 0x%llx", name, (unsigned long long)state);
	agx_walk(&scan->fixture->machine.walker, 0, AGX_WALK_FIRMWARE, state, RW, &result);
	assert_int_equal(result.type, AGX_UAT_ATTR_SHARED);
	if (!fixture_at(scan->fixture, AGX_WALK_FIRMWARE, ring, ring_size, RW))
		fail_msg("%s: ring at 0x%llx", name, (unsigned long long)ring);
	agx_walk(&scan->fixture->machine.walker, 0, AGX_WALK_FIRMWARE, ring, RW, &result);
	assert_int_equal(result.type, ring_type);
	scan->pointers += 2;
}

static void check_channels(struct scan *scan, const struct agx_channel_rings *rings)
{
	bool g14_13 = scan->variant == AGX_FW_VARIANT_G14_V13_5;
	bool v12 = scan->variant == AGX_FW_VARIANT_G13_V12_3 ||
		   scan->variant == AGX_FW_VARIANT_G14_V12_4;
	uint32_t command = g14_13 ? 0x40 : 0x30;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		const struct agx_pipe_channels *pipes = &rings->pipes[i];

		check_ring(scan, "vertex", pipes->vtx.state, pipes->vtx.ring, 0x30, 0x100 * command,
			   AGX_UAT_ATTR_CACHED);
		check_ring(scan, "fragment", pipes->frag.state, pipes->frag.ring, 0x30,
			   0x100 * command, AGX_UAT_ATTR_CACHED);
		check_ring(scan, "compute", pipes->comp.state, pipes->comp.ring, 0x30,
			   0x100 * command, AGX_UAT_ATTR_CACHED);
	}
	check_ring(scan, "device control", rings->device_control.state, rings->device_control.ring,
		   0x30, 0x100 * command, AGX_UAT_ATTR_CACHED);
	check_ring(scan, "event", rings->event.state, rings->event.ring, 0x30, 0x100 * 0x38,
		   AGX_UAT_ATTR_SHARED);
	check_ring(scan, "log", rings->fw_log.state, rings->fw_log.ring, 6 * 0x30, 6 * 0x100 * 0x38,
		   AGX_UAT_ATTR_SHARED);
	check_ring(scan, "ktrace", rings->ktrace.state, rings->ktrace.ring, 0x30, 0x200 * 0x38,
		   AGX_UAT_ATTR_SHARED);
	check_ring(scan, "stats", rings->stats.state, rings->stats.ring, 0x30,
		   0x100 * (v12 ? 0x30 : 0x40), AGX_UAT_ATTR_SHARED);
}

static const struct target *find_target(const char *structure, const char *member)
{
	size_t i;

	for (i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (!strcmp(targets[i].structure, structure) && !strcmp(targets[i].member, member))
			return &targets[i];
	return NULL;
}

/* Every address in a structure, by the table of members: none may be missing from targets. */
static void check_structure(struct scan *scan, const char *name, const void *data)
{
	const struct agx_fw_layout *layout = layout_of(scan->variant, name);
	struct agx_walker *walker = &scan->fixture->machine.walker;
	uint32_t i;

	for (i = 0; i < layout->count; i++) {
		const struct agx_fw_member *member = &layout->members[i];
		const struct target *target = find_target(name, member->name);
		uint64_t va, size;
		enum agx_walk_unit unit;
		struct agx_walk_result result;

		if (member->kind != AGX_FW_FW_VA && member->kind != AGX_FW_GPU_VA)
			continue;
		va = value_of(data, member);
		if (!target)
			fail_msg("%s.%s: an address that the test does not know", name,
				 member->name);
		unit = target->gpu ? AGX_WALK_GPU : AGX_WALK_FIRMWARE;
		size = target->size ? target->size : layout_of(scan->variant, target->of)->size;
		if (!va || !fixture_at(scan->fixture, unit, va, size, target->wants))
			fail_msg("%s.%s: 0x%llx, 0x%llx bytes", name, member->name,
				 (unsigned long long)va, (unsigned long long)size);
		agx_walk(walker, 0, unit, va, target->wants, &result);
		assert_int_equal(result.type, target->type);
		assert_false(result.uncertain);
		assert_int_equal(result.odd_bits, 0);
		if (target->read_only)
			assert_int_equal(result.rights & AGX_WALK_WRITE, 0);
		/* Neither may the firmware execute data, nor the GPU see the firmware's. */
		assert_int_equal(result.rights & AGX_WALK_EXEC, 0);
		if (!target->gpu) {
			agx_walk(walker, 0, AGX_WALK_GPU, va, 0, &result);
			assert_int_equal(result.rights, 0);
		}
		scan->pointers++;
	}
}

static uint32_t u32_of(struct scan *scan, const char *structure, const char *name, const void *data,
		       uint32_t index)
{
	const struct agx_fw_layout *layout = layout_of(scan->variant, structure);
	uint32_t i, value = 0;

	for (i = 0; i < layout->count; i++) {
		const struct agx_fw_member *member = &layout->members[i];

		if (strcmp(member->name, name))
			continue;
		assert_true(index < member->count);
		memcpy(&value, (const char *)data + member->offset + index * member->size,
		       member->size < 4 ? member->size : 4);
		return value;
	}
	fail_msg("no %s.%s", structure, name);
	return 0;
}

/* I/O mappings lead to the registers that the table of the reference names, as devices. */
static void check_io(struct scan *scan, const struct agx_soc *soc, const void *hwdata_b)
{
	const struct agx_fw_layout *layout = layout_of(scan->variant, "hwdata_b");
	const struct agx_io_mapping *maps = NULL;
	struct agx_walk_result result;
	uint32_t i, count = 0, seen = 0;

	for (i = 0; i < layout->count; i++)
		if (!strcmp(layout->members[i].name, "io_mappings")) {
			maps = (const void *)((const char *)hwdata_b + layout->members[i].offset);
			count = layout->members[i].count;
		}
	assert_non_null(maps);
	for (i = 0; i < count; i++) {
		uint64_t first = maps[i].phys_addr & ~(AGX_UAT_PAGE_SIZE - 1), offset;
		unsigned int wants = maps[i].readwrite ? RW : R;

		if (!maps[i].phys_addr) {
			assert_int_equal(maps[i].virt_addr, 0);
			continue;
		}
		seen++;
		assert_int_equal(maps[i].total_size % maps[i].element_size, 0);
		for (offset = 0; offset < maps[i].total_size; offset += 0x1000) {
			uint64_t va = maps[i].virt_addr + offset;

			if (!agx_walk(&scan->fixture->machine.walker, 0, AGX_WALK_FIRMWARE, va,
				      wants, &result))
				fail_msg("I/O mapping %u: 0x%llx: %s", i, (unsigned long long)va,
					 agx_walk_fault_name(result.fault));
			assert_int_equal(result.type, AGX_UAT_ATTR_DEVICE);
			if (!maps[i].readwrite)
				assert_int_equal(result.rights & AGX_WALK_WRITE, 0);
			/* Within the first element the addresses run along. */
			if (offset < maps[i].element_size)
				assert_int_equal(result.pa, maps[i].phys_addr + offset);
		}
		/* After the last page there is nothing. */
		offset = ((maps[i].virt_addr + maps[i].total_size - 1) | 0x3fff) + 1;
		assert_false(agx_walk(&scan->fixture->machine.walker, 0, AGX_WALK_FIRMWARE, offset,
				      0, &result));
		(void)first;
	}
	assert_true(seen >= 10 && seen <= 13);
	/* From the reference, 3.6. */
	assert_int_equal(maps[3].phys_addr, soc->chip_id < 0x8000 ? 0x404000000 : 0x204000000);
	if (soc->chip_id == 0x6022) {
		assert_int_equal(maps[11].total_size, 0xd8000 * 8 * 2);
		/* The second die's first cache controller follows the first die's eight. */
		assert_true(agx_walk(&scan->fixture->machine.walker, 0, AGX_WALK_FIRMWARE,
				     maps[11].virt_addr + 8 * 0xd8000, RW, &result));
		assert_int_equal(result.pa, 0x2200000000);
	}
}

static float f32_of(struct scan *scan, const char *structure, const char *name, const void *data)
{
	uint32_t bits = u32_of(scan, structure, name, data, 0);
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* A few values against the reference's tables, computed here with the host's floats. */
static void check_values(struct scan *scan, const struct agx_soc *soc, const void *a, const void *b,
			 const void *g)
{
	volatile float period = 8.0f / 1000.0f;

	assert_int_equal(u32_of(scan, "hwdata_b", "chip_id", b, 0), soc->chip_id);
	assert_int_equal(u32_of(scan, "hwdata_b", "base_clock_khz", b, 0), 24000);
	assert_int_equal(u32_of(scan, "hwdata_b", "num_cores", b, 0),
			 soc->cores_per_cluster * soc->clusters);
	assert_int_equal(u32_of(scan, "globals", "fault_control", g, 0), 0xb);
	assert_int_equal(u32_of(scan, "globals", "do_init", g, 0), 1);
	assert_int_equal(u32_of(scan, "globals", "pending_submissions", g, 0), 0);
	assert_int_equal(u32_of(scan, "globals", "idle_off_delay_ms", g, 0), 2);
	assert_int_equal(u32_of(scan, "hwdata_b", "unk_30", b, 0), 0xffff8000);
	assert_true(f32_of(scan, "hwdata_b", "sram_k", b) == 1.02f);
	switch (soc->chip_id) {
	case 0x8103:
		assert_int_equal((int32_t)u32_of(scan, "hwdata_a", "unk_87c", a, 0), -220);
		assert_int_equal(u32_of(scan, "hwdata_b", "frequencies", b, 6), 1278);
		assert_int_equal(u32_of(scan, "hwdata_b", "voltages", b, 6 * 8), 931);
		assert_int_equal(u32_of(scan, "hwdata_b", "voltages_sram", b, 8), 850);
		assert_int_equal(u32_of(scan, "hwdata_b", "gpu_core_id", b, 0), 11);
		assert_int_equal(u32_of(scan, "hwdata_b", "gpu_rev_id", b, 0), 4);
		assert_int_equal(u32_of(scan, "hwdata_b", "rel_max_powers", b, 6), 100);
		assert_int_equal(u32_of(scan, "hwdata_b", "rel_boost_freqs", b, 6), 100);
		assert_int_equal(u32_of(scan, "hwdata_a", "clocks_per_period", a, 0), 192000);
		assert_true(f32_of(scan, "hwdata_a", "ppm_ki_dt", a) == 91.5f * period);
		assert_true(f32_of(scan, "hwdata_a", "ppm_filter_a_neg", a) == 1.0f - 1.0f / 12);
		assert_true(f32_of(scan, "hwdata_a", "pwr_pstate_related_k", a) ==
			    -600.0f / 19551.0f);
		assert_true(f32_of(scan, "hwdata_a", "boost_state_unk_k", a) == 5.0f / 0.95f);
		assert_true(f32_of(scan, "globals", "avg_power_ki_dt", g) == 7.5f * period);
		assert_int_equal(u32_of(scan, "globals", "power_zone_count", g, 0), 1);
		break;
	case 0x6021:
		assert_true(f32_of(scan, "globals", "fast_die0_ki_dt", g) == 700.0f * period);
		assert_int_equal(u32_of(scan, "hwdata_a", "clocks_per_period", a, 0), 200000);
		assert_int_equal(u32_of(scan, "globals", "idle_off_standby_timer", g, 0), 700);
		assert_int_equal(u32_of(scan, "hwdata_b", "gpu_core_id", b, 0), 17);
		break;
	}
}

static void check_fwctl(struct scan *scan, const struct agx_fw_status *status)
{
	check_ring(scan, "firmware control", status->fwctl_channel.state,
		   status->fwctl_channel.ring, 0x20, 0x100 * 0x14, AGX_UAT_ATTR_SHARED);
	assert_int_equal(status->halted, 0);
	assert_int_equal(status->resume, 0);
}

static void check_tree(struct fixture *fixture, const struct agx_soc *soc)
{
	struct scan scan = {fixture, agx_core_variant(fixture->core), 0};
	bool v12 = scan.variant == AGX_FW_VARIANT_G13_V12_3 ||
		   scan.variant == AGX_FW_VARIANT_G14_V12_4;
	const struct agx_fw_layout *root_layout = layout_of(scan.variant, "init_data");
	const struct agx_fw_layout *pointers_layout = layout_of(scan.variant, "runtime_pointers");
	int init = fixture_find(fixture, 0, AGX_EP_FIRMWARE, AGX_MSG_TYPE, 0x81ull << 48);
	uint64_t va, pointers_va = 0, a_va = 0, b_va = 0, globals_va = 0, status_va = 0;
	const void *root, *pointers, *globals, *status, *a, *b;
	struct agx_uat_level_info levels[3] = {};
	uint32_t i;

	assert_true(init >= 0);
	/* 44 bits, whose highest is the sign. */
	va = fixture->sent[init].message & ((1ull << 44) - 1);
	va |= va >> 43 ? 0xfffff00000000000ull : 0;
	root = fixture_at(fixture, AGX_WALK_FIRMWARE, va, root_layout->size, RW);
	assert_non_null(root);
	for (i = 0; i < root_layout->count; i++) {
		const struct agx_fw_member *member = &root_layout->members[i];

		if (!strcmp(member->name, "runtime_pointers"))
			pointers_va = value_of(root, member);
		if (!strcmp(member->name, "globals"))
			globals_va = value_of(root, member);
		if (!strcmp(member->name, "fw_status"))
			status_va = value_of(root, member);
		if (!strcmp(member->name, "uat_level_info"))
			memcpy(levels, (const char *)root + member->offset, sizeof(levels));
	}
	check_structure(&scan, "init_data", root);
	pointers = fixture_at(fixture, AGX_WALK_FIRMWARE, pointers_va, pointers_layout->size, RW);
	for (i = 0; i < pointers_layout->count; i++) {
		const struct agx_fw_member *member = &pointers_layout->members[i];

		if (!strcmp(member->name, "hwdata_a"))
			a_va = value_of(pointers, member);
		if (!strcmp(member->name, "hwdata_b"))
			b_va = value_of(pointers, member);
	}
	check_structure(&scan, "runtime_pointers", pointers);
	check_channels(&scan, pointers);
	globals = fixture_at(fixture, AGX_WALK_FIRMWARE, globals_va,
			     layout_of(scan.variant, "globals")->size, RW);
	status = fixture_at(fixture, AGX_WALK_FIRMWARE, status_va, 0x80, RW);
	check_fwctl(&scan, status);
	a = fixture_at(fixture, AGX_WALK_FIRMWARE, a_va, layout_of(scan.variant, "hwdata_a")->size,
		       R);
	b = fixture_at(fixture, AGX_WALK_FIRMWARE, b_va, layout_of(scan.variant, "hwdata_b")->size,
		       R);
	check_io(&scan, soc, b);
	check_values(&scan, soc, a, b, globals);

	assert_int_equal(u32_of(&scan, "init_data", "host_mapped_fw_allocations", root, 0), 1);
	assert_int_equal(u32_of(&scan, "init_data", "uat_page_size", root, 0), 0x4000);
	if (!v12)
		assert_int_equal(u32_of(&scan, "init_data", "ver_info", root, 0),
				 pointers_layout->size - 0x20);
	assert_int_equal(levels[0].index_shift, 36);
	assert_int_equal(levels[0].num_entries, 8);
	assert_int_equal(levels[1].index_mask, 2047ull << 25);
	assert_int_equal(levels[2].phys_mask,
			 ((1ull << soc->output_address_bits) - 1) & ~0x3fffull);
	/* Both addresses of the buffer manager's control object are one. */
	assert_ptr_equal(
		fixture_at(fixture, AGX_WALK_GPU, AGX_VA_BUFFER_MGR_LOW, 0x4000, RW),
		fixture_at(fixture, AGX_WALK_FIRMWARE, AGX_VA_BUFFER_MGR_HIGH, 0x4000, RW));
	/* 16 or 18 pointers in the tree, and two for each of the 18 channels. */
	assert_int_equal(scan.pointers, 36 + (scan.variant == AGX_FW_VARIANT_G14X_V13_5 ? 16 : 18));
}

static uint64_t hash(uint64_t sum, const void *data, size_t size)
{
	const uint8_t *bytes = data;
	size_t i;

	for (i = 0; i < size; i++)
		sum = (sum ^ bytes[i]) * 0x100000001b3ull;
	return sum;
}

/*
 * Digests of what the core builds in the boot loader's place. They only say that nothing has
 * changed: when a change is meant, and has a source, run with AGX_TEST_DIGESTS=1 and take the
 * new numbers.
 */
static const struct {
	const char *soc;
	unsigned int firmware;
	bool studio;
	uint64_t hwdata_a, hwdata_b, globals;
} digests[] = {
	{"t8103", 0, false, 0x585c8570fa76e30a, 0xf399db1299d7b131, 0x4f0971833fb2aa59},
	{"t8103", 1, false, 0x51f42036b176cf79, 0xf3669a3f5cf0a2c5, 0xafc73e33a6192ad6},
	{"t8112", 0, false, 0x46d413d3b61664e5, 0x70843d26a7f2f9d1, 0xc5f7250904d4f451},
	{"t8112", 1, false, 0xdd5a0d2efef6e3bd, 0xb1ebbfbf1bcf3bcd, 0xee02bd48db75d52},
	{"t6000", 0, false, 0x3e0fc4035c700f1b, 0x8d7073851b33be44, 0x9f4263cd09282647},
	{"t6000", 1, false, 0x663dac3f86499451, 0x4328519d934fe118, 0xddfa63236cf74f74},
	{"t6001", 0, false, 0x7045dc6164f9f40f, 0xe6b2bc3f9f423f58, 0x9f4263cd09282647},
	{"t6001", 0, true, 0x48dd8d191e3a2802, 0xe6b2bc3f9f423f58, 0x1db72ac02f210e40},
	{"t6001", 1, false, 0xa15cceace0ea4a09, 0x414ac933822f76a4, 0xddfa63236cf74f74},
	{"t6001", 1, true, 0xdce7d7aec23c0227, 0x414ac933822f76a4, 0xb69cc8229594936f},
	{"t6002", 0, false, 0xb39a4f4b18aa069e, 0x19079808163250a7, 0x1db72ac02f210e40},
	{"t6002", 1, false, 0x3ea9caeec91ec373, 0xcd5562cc9c4e6107, 0xb69cc8229594936f},
	{"t6020", 0, false, 0x24c3ab6baf7271e6, 0x35e80fb08867d1bf, 0x47d2c45a2612e55c},
	{"t6021", 0, false, 0x8f35b2a262c007dc, 0xe6f719c85214e102, 0xdb44639ced523811},
	{"t6021", 0, true, 0x292eda243db0a37b, 0xe6f719c85214e102, 0x700dfcf10f607ede},
	{"t6022", 0, false, 0x2213c4bf8adcc94c, 0x2820961f08c4df92, 0x82e36a55fb01c8d6},
};

static void test_built_data_is_as_recorded(void **state)
{
	bool print = getenv("AGX_TEST_DIGESTS") != NULL;
	const uint64_t start = 0xcbf29ce484222325ull;
	size_t i;

	for (i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
		const struct agx_soc *soc = agx_soc_find(digests[i].soc);
		const struct agx_firmware_version *firmware =
			agx_soc_firmware(soc, digests[i].firmware);
		const struct agx_variant_ops *ops =
			agx_variant_ops(agx_device_variant(soc, firmware));
		void *a = calloc(1, ops->hwdata_a_size), *b = calloc(1, ops->hwdata_b_size);
		void *g = calloc(1, ops->globals_size);
		struct agx_device device;
		uint64_t sums[3];

		agx_device_default(soc, firmware, &device);
		device.studio = digests[i].studio;
		device.ttbs.pa = 0x9fff78000;
		ops->build_hwdata_a(&device, a);
		ops->build_hwdata_b(&device, b);
		ops->build_globals(&device, g);
		sums[0] = hash(start, a, ops->hwdata_a_size);
		sums[1] = hash(start, b, ops->hwdata_b_size);
		sums[2] = hash(start, g, ops->globals_size);
		if (print)
			printf("{\"%s\", %u, %s, 0x%llx, 0x%llx, 0x%llx},\n", soc->name,
			       digests[i].firmware, digests[i].studio ? "true" : "false",
			       (unsigned long long)sums[0], (unsigned long long)sums[1],
			       (unsigned long long)sums[2]);
		else if (sums[0] != digests[i].hwdata_a || sums[1] != digests[i].hwdata_b ||
			 sums[2] != digests[i].globals)
			fail_msg("%s with %u.%u: HwDataA %s, HwDataB %s, Globals %s", soc->name,
				 firmware->major, firmware->minor,
				 sums[0] == digests[i].hwdata_a ? "same" : "differs",
				 sums[1] == digests[i].hwdata_b ? "same" : "differs",
				 sums[2] == digests[i].globals ? "same" : "differs");
		free(a);
		free(b);
		free(g);
	}
}

/* All RAM and all messages of one start. */
static uint64_t boot_and_hash(const struct agx_soc *soc,
			      const struct agx_firmware_version *firmware, bool check)
{
	struct fixture *fixture = malloc(sizeof(*fixture));
	uint64_t sum = 0xcbf29ce484222325ull;
	size_t i;

	assert_non_null(fixture);
	fixture_init(fixture, soc, firmware);
	assert_int_equal(fixture_create(fixture), 0);
	fixture_boot(fixture);
	if (check)
		check_tree(fixture, soc);
	for (i = 0; i < fixture->machine.ram_size / AGX_UAT_PAGE_SIZE; i++)
		if (fixture->machine.page_used[i])
			sum = hash(sum, fixture->machine.ram + i * AGX_UAT_PAGE_SIZE,
				   AGX_UAT_PAGE_SIZE);
	sum = hash(sum, fixture->sent, fixture->sent_count * sizeof(fixture->sent[0]));
	assert_int_equal(fixture_finish(fixture), 0);
	free(fixture);
	return sum;
}

static void test_tree_of_every_pair(void **state)
{
	const struct agx_firmware_version *firmware;
	const struct agx_soc *soc;
	unsigned int i, j, pairs = 0;

	for (i = 0; (soc = agx_soc_get(i)); i++)
		for (j = 0; (firmware = agx_soc_firmware(soc, j)); j++, pairs++)
			boot_and_hash(soc, firmware, true);
	assert_int_equal(pairs, 4 * 2 + 2 + 3);
}

static void test_same_input_same_bytes(void **state)
{
	static const char *const names[] = {"t8103", "t8112", "t6022"};
	const struct agx_firmware_version *firmware;
	size_t i;
	unsigned int j;

	for (i = 0; i < 3; i++) {
		const struct agx_soc *soc = agx_soc_find(names[i]);

		for (j = 0; (firmware = agx_soc_firmware(soc, j)); j++)
			assert_true(boot_and_hash(soc, firmware, false) ==
				    boot_and_hash(soc, firmware, false));
	}
}

/* What the boot loader has left comes through, but for what the driver sets. */
static void test_blobs_of_the_boot_loader(void **state)
{
	const struct agx_soc *soc = agx_soc_find("t6000");
	const struct agx_firmware_version *firmware = agx_soc_firmware(soc, 1);
	const struct agx_variant_ops *ops = agx_variant_ops(AGX_FW_VARIANT_G13_V13_5);
	uint8_t *a = malloc(ops->hwdata_a_size + 8), *b = malloc(ops->hwdata_b_size);
	uint8_t *g = malloc(ops->globals_size), *got;
	struct fixture *fixture = malloc(sizeof(*fixture));
	const struct agx_io_mapping *io;

	fixture_init(fixture, soc, firmware);
	memset(a, 0xa1, ops->hwdata_a_size + 8);
	memset(b, 0xb2, ops->hwdata_b_size);
	memset(g, 0xc3, ops->globals_size);
	fixture->config.device.hwdata_a = (struct agx_blob){a, ops->hwdata_a_size + 8};
	fixture->config.device.hwdata_b = (struct agx_blob){b, ops->hwdata_b_size};
	assert_int_equal(fixture_create(fixture), -EINVAL);
	assert_string_equal(fixture->why.what, "globals");
	fixture->config.device.globals = (struct agx_blob){g, ops->globals_size - 1};
	assert_int_equal(fixture_create(fixture), -EINVAL);
	fixture->config.device.globals = (struct agx_blob){g, ops->globals_size};
	assert_int_equal(fixture_create(fixture), 0);
	/* They are the caller's again. */
	memset(a, 0, ops->hwdata_a_size);
	memset(b, 0, ops->hwdata_b_size);
	memset(g, 0, ops->globals_size);

	fixture_boot(fixture);
	got = fixture->core->objects[AGX_INIT_HWDATA_A]->cpu;
	assert_int_equal(got[0], 0xa1);
	assert_int_equal(got[ops->hwdata_a_size - 1], 0xa1);
	got = fixture->core->objects[AGX_INIT_HWDATA_B]->cpu;
	assert_int_equal(got[0], 0xb2);
	io = (const void *)(got + 0x640);
	assert_int_equal(io[0].phys_addr, 0x404d00000);
	assert_int_equal(io[4].phys_addr, 0); /* what a chip lacks is cleared */
	got = fixture->core->objects[AGX_INIT_GLOBALS]->cpu;
	assert_int_equal(got[8], 0xc3);
	assert_int_equal(*agx_core_globals_word(fixture->core, ops->globals_pending_submissions),
			 0);
	assert_int_equal(*agx_core_globals_word(fixture->core, ops->globals_idle_off_delay), 2);
	assert_int_equal(*agx_core_globals_word(fixture->core, 0), 0); /* trace */
	assert_int_equal(fixture_finish(fixture), 0);
	free(fixture);
	free(a);
	free(b);
	free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree_of_every_pair),
		cmocka_unit_test(test_built_data_is_as_recorded),
		cmocka_unit_test(test_same_input_same_bytes),
		cmocka_unit_test(test_blobs_of_the_boot_loader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
