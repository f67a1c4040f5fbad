// SPDX-License-Identifier: MIT
/*
 * Reads the init data of one variant and judges it. Compiled once per variant.
 *
 * Only members whose meaning is known are judged; coefficients of the power controller are not.
 * A structure is read whole into the scratch buffer before it is looked at, so that nothing that
 * the driver changes meanwhile is seen twice.
 */
#include <stdio.h>

#include "internal.h"
#include "variant.h"

#define AT(type, member) ((uint32_t)offsetof(struct type, member))

/* Registers of one kind may not take more. */
#define IO_LIMIT (64u << 20)

static void want(struct agx_firmware *firmware, const struct place *place, uint32_t offset,
		 uint64_t expected, uint64_t got)
{
	if (expected != got)
		firmware_find(firmware, AGX_FINDING_INITDATA_VALUE, place, offset, expected, got,
			      NULL);
}

static void want_range(struct agx_firmware *firmware, const struct place *place, uint32_t offset,
		       uint64_t low, uint64_t high, uint64_t got)
{
	if (got < low || got > high)
		firmware_find(firmware, AGX_FINDING_INITDATA_RANGE, place, offset,
			      got < low ? low : high, got, NULL);
}

/* A member that holds a pointer: the structure that it leads to, read into the scratch buffer. */
static const void *follow(struct agx_firmware *firmware, const struct place *holder,
			  uint32_t offset, uint64_t va, uint64_t allocated, uint64_t size,
			  enum memory_class class, const char *name)
{
	if (!memory_claim(firmware, holder, offset, va, allocated, class, name) ||
	    !memory_read(firmware, va, firmware->scratch, size))
		return NULL;
	return firmware->scratch;
}

static void check_levels(struct agx_firmware *firmware, const struct place *place,
			 const struct AGX_FW(init_data) * data)
{
	static const struct {
		uint8_t shift;
		uint16_t entries;
	} levels[AGX_UAT_LEVELS] = {
		{AGX_UAT_L1_SHIFT, AGX_UAT_L1_ENTRIES},
		{AGX_UAT_L2_SHIFT, AGX_UAT_ENTRIES},
		{AGX_UAT_L3_SHIFT, AGX_UAT_ENTRIES},
	};
	uint64_t mask = ((1ull << firmware->config.output_bits) - 1) & ~(AGX_UAT_PAGE_SIZE - 1);

	for (unsigned int i = 0; i < AGX_UAT_LEVELS; i++) {
		const struct agx_uat_level_info *level = &data->uat_level_info[i];
		uint32_t at = AT(AGX_FW(init_data), uat_level_info) +
			      i * (uint32_t)sizeof(struct agx_uat_level_info);

		want(firmware, place, at + AT(agx_uat_level_info, unk_3), 8, level->unk_3);
		want(firmware, place, at + AT(agx_uat_level_info, unk_1), AGX_UAT_PAGE_SHIFT,
		     level->unk_1);
		want(firmware, place, at + AT(agx_uat_level_info, unk_2), AGX_UAT_PAGE_SHIFT,
		     level->unk_2);
		want(firmware, place, at + AT(agx_uat_level_info, index_shift), levels[i].shift,
		     level->index_shift);
		want(firmware, place, at + AT(agx_uat_level_info, num_entries), levels[i].entries,
		     level->num_entries);
		want(firmware, place, at + AT(agx_uat_level_info, unk_4), AGX_UAT_PAGE_SIZE,
		     level->unk_4);
		want(firmware, place, at + AT(agx_uat_level_info, unk_8), 1, level->unk_8);
		want(firmware, place, at + AT(agx_uat_level_info, phys_mask), mask,
		     level->phys_mask);
		want(firmware, place, at + AT(agx_uat_level_info, index_mask),
		     (uint64_t)(levels[i].entries - 1) << levels[i].shift, level->index_mask);
	}
}

static void check_root(struct agx_firmware *firmware, const struct place *place,
		       const struct AGX_FW(init_data) * data)
{
	const uint8_t *bytes = (const uint8_t *)data;
#if AGX_FW_V13
#if AGX_FW_G14X
	static const uint16_t ver_info[4] = AGX_VER_INFO_G14X;
#else
	static const uint16_t ver_info[4] = AGX_VER_INFO_G13_G14;
#endif
	for (uint32_t i = 0; i < 4; i++)
		want(firmware, place, AT(AGX_FW(init_data), ver_info) + 2 * i, ver_info[i],
		     data->ver_info[i]);
#endif
	memory_check_zero(firmware, AGX_FINDING_INITDATA_NOT_ZERO, place, bytes,
			  AT(AGX_FW(init_data), unk_8), AT(AGX_FW(init_data), runtime_pointers));
	want(firmware, place, AT(AGX_FW(init_data), uat_page_size), AGX_UAT_PAGE_SIZE,
	     data->uat_page_size);
	want(firmware, place, AT(AGX_FW(init_data), uat_page_bits), AGX_UAT_PAGE_SHIFT,
	     data->uat_page_bits);
	want(firmware, place, AT(AGX_FW(init_data), uat_num_levels), AGX_UAT_LEVELS,
	     data->uat_num_levels);
	check_levels(firmware, place, data);
	memory_check_zero(firmware, AGX_FINDING_INITDATA_NOT_ZERO, place, bytes,
			  AT(AGX_FW(init_data), pad_8c),
			  AT(AGX_FW(init_data), host_mapped_fw_allocations));
	memory_check_zero(firmware, AGX_FINDING_INITDATA_NOT_ZERO, place, bytes,
			  AT(AGX_FW(init_data), unk_ac), sizeof(*data));
}

static bool add_channel(struct agx_firmware *firmware, const struct place *holder, uint32_t offset,
			unsigned int id, unsigned int count, const struct agx_channel_ring *ring)
{
	bool private = id <= CHANNEL_DEVICE_CONTROL;
	uint32_t state_size = id == CHANNEL_FWCTL ? sizeof(struct agx_fwctl_state)
						  : sizeof(struct agx_channel_state);
	uint32_t ring_size = channel_ring_size(firmware, id);

	if (!memory_claim(firmware, holder, offset + AT(agx_channel_ring, state), ring->state,
			  (uint64_t)state_size * count, MEMORY_SHARED, "channel_state") ||
	    !memory_claim(firmware, holder, offset + AT(agx_channel_ring, ring), ring->ring,
			  (uint64_t)ring_size * count, private ? MEMORY_PRIVATE : MEMORY_SHARED,
			  "ring"))
		return false;
	for (unsigned int i = 0; i < count; i++)
		channel_init(firmware, id + i, ring->state + (uint64_t)i * state_size,
			     ring->ring + (uint64_t)i * ring_size);
	return true;
}

static bool add_channels(struct agx_firmware *firmware, const struct place *place,
			 const struct agx_channel_rings *rings)
{
	const struct agx_channel_ring *list = (const struct agx_channel_ring *)rings;
	const uint32_t size = sizeof(struct agx_channel_ring);

	for (unsigned int id = 0; id <= CHANNEL_EVENT; id++)
		if (!add_channel(firmware, place, id * size, id, 1, &list[id]))
			return false;
	return add_channel(firmware, place, AT(agx_channel_rings, fw_log), CHANNEL_FWLOG,
			   AGX_FWLOG_CHANNELS, &rings->fw_log) &&
	       add_channel(firmware, place, AT(agx_channel_rings, ktrace), CHANNEL_KTRACE, 1,
			   &rings->ktrace) &&
	       add_channel(firmware, place, AT(agx_channel_rings, stats), CHANNEL_STATS, 1,
			   &rings->stats);
}

static bool check_stats(struct agx_firmware *firmware, const struct place *place,
			const struct AGX_FW(runtime_pointers) * runtime)
{
	struct place at = {runtime->stats_vtx, "global_stats_vertex", NULL};
	const uint32_t inner = AT(AGX_FW(global_stats_fragment), stats);
	const uint32_t stamp = inner + AT(AGX_FW(stats_fragment), cur_stamp_id);
	const uint32_t unk = inner + AT(AGX_FW(stats_fragment), unk_118);
	const struct AGX_FW(global_stats_fragment) * fragment;
	const uint8_t *bytes;

	bytes = follow(firmware, place, AT(AGX_FW(runtime_pointers), stats_vtx), at.va,
		       AGX_STATS_VERTEX_SIZE, sizeof(struct AGX_FW(global_stats_vertex)),
		       MEMORY_PRIVATE, "stats_vtx");
	if (!bytes)
		return false;
	memory_check_zero(firmware, AGX_FINDING_INITDATA_NOT_ZERO, &at, bytes, 0,
			  sizeof(struct AGX_FW(global_stats_vertex)));

	at = (struct place){runtime->stats_frag, "global_stats_fragment", NULL};
	bytes = follow(firmware, place, AT(AGX_FW(runtime_pointers), stats_frag), at.va,
		       AGX_FW(STATS_FRAGMENT_SIZE), sizeof(*fragment), MEMORY_PRIVATE,
		       "stats_frag");
	if (!bytes)
		return false;
	fragment = (const void *)bytes;
	want(firmware, &at, stamp, UINT32_MAX, (uint32_t)fragment->stats.cur_stamp_id);
	want(firmware, &at, unk, UINT32_MAX, (uint32_t)fragment->stats.unk_118);
	memory_check_zero(firmware, AGX_FINDING_INITDATA_NOT_ZERO, &at, bytes, 0, stamp);
	memory_check_zero(firmware, AGX_FINDING_INITDATA_NOT_ZERO, &at, bytes, stamp + 4, unk);
	memory_check_zero(firmware, AGX_FINDING_INITDATA_NOT_ZERO, &at, bytes, unk + 4,
			  sizeof(*fragment));

	at = (struct place){runtime->stats_comp, "stats_compute", NULL};
	bytes = follow(firmware, place, AT(AGX_FW(runtime_pointers), stats_comp), at.va,
		       AGX_STATS_COMPUTE_SIZE, AGX_STATS_COMPUTE_SIZE, MEMORY_PRIVATE,
		       "stats_comp");
	if (!bytes)
		return false;
	memory_check_zero(firmware, AGX_FINDING_INITDATA_NOT_ZERO, &at, bytes, 0,
			  AGX_STATS_COMPUTE_SIZE);
	return true;
}

/* Power zones of hwdata_a, to be compared with those of globals; false: unreadable. */
static bool check_hwdata_a(struct agx_firmware *firmware, const struct place *place, uint64_t va,
			   uint32_t *power_zones)
{
	struct place at = {va, "hwdata_a", NULL};
	const struct AGX_FW(hwdata_a) * data;

	data = follow(firmware, place, AT(AGX_FW(runtime_pointers), hwdata_a), va, sizeof(*data),
		      sizeof(*data), MEMORY_PRIVATE, "hwdata_a");
	if (!data)
		return false;
	want_range(firmware, &at, AT(AGX_FW(hwdata_a), power_zone_count), 0, 5,
		   data->power_zone_count);
	*power_zones = data->power_zone_count;
	return true;
}

static void check_io(struct agx_firmware *firmware, const struct place *at, uint32_t index,
		     const struct agx_io_mapping *io)
{
	uint32_t base = AT(AGX_FW(hwdata_b), io_mappings) + index * (uint32_t)sizeof(*io);

	if (!io->phys_addr) {
		if (index == AGX_IO_RGX)
			firmware_find(firmware, AGX_FINDING_INITDATA_IO, at, base, 1, 0,
				      "the GPU's own registers are missing");
		memory_check_zero(firmware, AGX_FINDING_INITDATA_NOT_ZERO, at,
				  (const uint8_t *)io - base, base, base + (uint32_t)sizeof(*io));
		return;
	}
	want_range(firmware, at, base + AT(agx_io_mapping, readwrite), 0, 1, io->readwrite);
	if (!io->element_size || io->total_size > IO_LIMIT || io->element_size > io->total_size ||
	    io->total_size % io->element_size) {
		firmware_find(firmware, AGX_FINDING_INITDATA_RANGE, at,
			      base + AT(agx_io_mapping, total_size), io->element_size,
			      io->total_size, "whole elements");
		return;
	}
	if ((io->phys_addr ^ io->virt_addr) & (AGX_UAT_PAGE_SIZE - 1)) {
		firmware_find(firmware, AGX_FINDING_INITDATA_IO, at,
			      base + AT(agx_io_mapping, virt_addr), io->phys_addr, io->virt_addr,
			      "offset in the page");
		return;
	}
	memory_check_io(firmware, at, base + AT(agx_io_mapping, virt_addr), io->virt_addr,
			io->phys_addr, io->total_size, io->element_size, io->readwrite);
}

static bool check_hwdata_b(struct agx_firmware *firmware, const struct place *place, uint64_t va)
{
	struct place at = {va, "hwdata_b", NULL};
	const struct AGX_FW(hwdata_b) * data;

	data = follow(firmware, place, AT(AGX_FW(runtime_pointers), hwdata_b), va, sizeof(*data),
		      sizeof(*data), MEMORY_PRIVATE, "hwdata_b");
	if (!data)
		return false;
	if (firmware->config.chip_id)
		want(firmware, &at, AT(AGX_FW(hwdata_b), chip_id), firmware->config.chip_id,
		     data->chip_id);
	want(firmware, &at, AT(AGX_FW(hwdata_b), base_clock_khz), 24000, data->base_clock_khz);
	want(firmware, &at, AT(AGX_FW(hwdata_b), uat_ttb_base), firmware->config.ttbat_pa,
	     data->uat_ttb_base);
	want(firmware, &at, AT(AGX_FW(hwdata_b), unk_524), 1, data->unk_524);
	want(firmware, &at, AT(AGX_FW(hwdata_b), timer_offset), 0, data->timer_offset);
	firmware->tree.timestamp_area = data->timestamp_area_base;
	firmware->tree.sample_period = data->power_sample_period;
	want_range(firmware, &at, AT(AGX_FW(hwdata_b), power_sample_period), 1, 1000,
		   data->power_sample_period);
	want_range(firmware, &at, AT(AGX_FW(hwdata_b), num_cores), 1, 1024, data->num_cores);
	want_range(firmware, &at, AT(AGX_FW(hwdata_b), num_frags), 1, data->num_cores,
		   data->num_frags);
	want_range(firmware, &at, AT(AGX_FW(hwdata_b), unk_30), AGX_UAT_PAGE_SIZE,
		   (1ull << AGX_UAT_HALF_BITS) - AGX_UAT_PAGE_SIZE, data->unk_30);
	want_range(firmware, &at, AT(AGX_FW(hwdata_b), timestamp_area_base), AGX_UAT_DRIVER_BASE,
		   AGX_UAT_DRIVER_END - AGX_UAT_PAGE_SIZE, data->timestamp_area_base);
	want_range(firmware, &at, AT(AGX_FW(hwdata_b), max_pstate), 1, 15, data->max_pstate);
	for (uint32_t i = 1; i <= data->max_pstate && i < 16; i++)
		want_range(firmware, &at, AT(AGX_FW(hwdata_b), frequencies) + 4 * i,
			   i > 1 ? data->frequencies[i - 1] : 1, 10000, data->frequencies[i]);
#if AGX_FW_G14X
	want_range(firmware, &at, AT(AGX_FW(hwdata_b), sgx_sram_ptr), AGX_UAT_DRIVER_BASE,
		   AGX_UAT_DRIVER_END - AGX_UAT_PAGE_SIZE, data->sgx_sram_ptr);
#elif AGX_FW_V13
	want(firmware, &at, AT(AGX_FW(hwdata_b), sgx_sram_ptr), 0, data->sgx_sram_ptr);
#endif
	for (uint32_t i = 0; i < AGX_FW(IO_MAPPING_COUNT); i++)
		check_io(firmware, &at, i, &data->io_mappings[i]);
	return true;
}

static bool check_scratch(struct agx_firmware *firmware, const struct place *place,
			  const struct AGX_FW(runtime_pointers) * runtime)
{
	static const struct {
		uint32_t offset, size;
		const char *name;
	} objects[] = {
		{AT(AGX_FW(runtime_pointers), unkptr_190), sizeof(struct agx_fault_stats),
		 "unkptr_190"},
		{AT(AGX_FW(runtime_pointers), unkptr_198), AGX_UNKPTR_198_SIZE, "unkptr_198"},
		{AT(AGX_FW(runtime_pointers), unkptr_1b8), AGX_UNKPTR_1B8_SIZE, "unkptr_1b8"},
#if !AGX_FW_G14X
		{AT(AGX_FW(runtime_pointers), unkptr_1c0), AGX_UNKPTR_1C0_SIZE, "unkptr_1c0"},
		{AT(AGX_FW(runtime_pointers), unkptr_1c8), AGX_UNKPTR_1C8_SIZE, "unkptr_1c8"},
#endif
	};

	for (size_t i = 0; i < sizeof(objects) / sizeof(*objects); i++) {
		uint64_t va;

		memcpy(&va, (const uint8_t *)runtime + objects[i].offset, sizeof(va));
		if (!memory_claim(firmware, place, objects[i].offset, va, objects[i].size,
				  MEMORY_PRIVATE, objects[i].name))
			return false;
	}
	return true;
}

static void check_runtime_zeros(struct agx_firmware *firmware, const struct place *place,
				const uint8_t *bytes)
{
	const uint32_t unk_6b38 = AT(AGX_FW(runtime_pointers), gpu_scratch.unk_6b38);
	const struct {
		uint32_t begin, end;
	} zeros[] = {
		{AT(AGX_FW(runtime_pointers), pad_110), AT(AGX_FW(runtime_pointers), stats_vtx)},
		{AT(AGX_FW(runtime_pointers), unk_1d0),
		 AT(AGX_FW(runtime_pointers), buffer_mgr_ctl_gpu_addr)},
		{AT(AGX_FW(runtime_pointers), unk_224), unk_6b38},
		{unk_6b38 + 4, sizeof(struct AGX_FW(runtime_pointers))},
	};

	for (size_t i = 0; i < sizeof(zeros) / sizeof(*zeros); i++)
		memory_check_zero(firmware, AGX_FINDING_INITDATA_NOT_ZERO, place, bytes,
				  zeros[i].begin, zeros[i].end);
}

static bool check_runtime(struct agx_firmware *firmware, const struct place *place,
			  const struct AGX_FW(init_data) * root, uint32_t *power_zones)
{
	const struct place *at = &firmware->tree.runtime;
	struct AGX_FW(runtime_pointers) head;
	const struct AGX_FW(runtime_pointers) * whole;

	whole = follow(firmware, place, AT(AGX_FW(init_data), runtime_pointers),
		       root->runtime_pointers, sizeof(*whole), sizeof(*whole), MEMORY_PRIVATE,
		       "runtime_pointers");
	if (!whole)
		return false;
	check_runtime_zeros(firmware, at, (const uint8_t *)whole);
	want(firmware, at, AT(AGX_FW(runtime_pointers), gpu_scratch.unk_6b38),
	     AGX_RUNTIME_SCRATCH_UNK_6B38, whole->gpu_scratch.unk_6b38);
	memcpy(&head, whole, offsetof(struct AGX_FW(runtime_pointers), gpu_scratch));
	firmware->tree.fwlog_buf = head.fwlog_buf;
	firmware->tree.stats[AGX_GPU_VERTEX] =
		head.stats_vtx + AT(AGX_FW(global_stats_vertex), stats);
	firmware->tree.stats[AGX_GPU_FRAGMENT] =
		head.stats_frag + AT(AGX_FW(global_stats_fragment), stats);
	firmware->tree.stats[AGX_GPU_COMPUTE] = head.stats_comp;

	if (!add_channels(firmware, at, &head.channels) || !check_stats(firmware, at, &head) ||
	    !check_hwdata_a(firmware, at, head.hwdata_a, power_zones) ||
	    !check_scratch(firmware, at, &head) || !check_hwdata_b(firmware, at, head.hwdata_b))
		return false;
	want(firmware, at, AT(AGX_FW(runtime_pointers), hwdata_b_2), head.hwdata_b,
	     head.hwdata_b_2);
	if (!memory_claim(firmware, at, AT(AGX_FW(runtime_pointers), fwlog_buf), head.fwlog_buf,
			  (uint64_t)AGX_FWLOG_CHANNELS * AGX_CHANNEL_FWLOG_ENTRIES *
				  sizeof(struct agx_fwlog_payload),
			  MEMORY_SHARED, "fwlog_buf") ||
	    !memory_claim(firmware, at, AT(AGX_FW(runtime_pointers), buffer_mgr_ctl_fw_addr),
			  head.buffer_mgr_ctl_fw_addr, AGX_BUFFER_MGR_CTL_SIZE, MEMORY_SHARED,
			  "buffer_mgr_ctl"))
		return false;
	memory_check_gpu_alias(firmware, at, AT(AGX_FW(runtime_pointers), buffer_mgr_ctl_gpu_addr),
			       head.buffer_mgr_ctl_gpu_addr, AGX_BUFFER_MGR_CTL_SIZE,
			       head.buffer_mgr_ctl_fw_addr);
	return true;
}

/* An interval in samples of the power controller. */
static uint64_t watchdog_ticks(const struct agx_firmware *firmware, uint32_t samples)
{
	return (uint64_t)samples * firmware->tree.sample_period * 24000;
}

static bool check_globals(struct agx_firmware *firmware, const struct place *place,
			  const struct AGX_FW(init_data) * root, uint32_t power_zones)
{
	const struct place *at = &firmware->tree.globals;
	const struct AGX_FW(globals) * data;

	data = follow(firmware, place, AT(AGX_FW(init_data), globals), root->globals, sizeof(*data),
		      sizeof(*data), MEMORY_PRIVATE, "globals");
	if (!data)
		return false;
	want(firmware, at, AT(AGX_FW(globals), do_init), 1, data->do_init);
	want(firmware, at, AT(AGX_FW(globals), pending_submissions), 0, data->pending_submissions);
	want(firmware, at, AT(AGX_FW(globals), power_zone_count), power_zones,
	     data->power_zone_count);
	want_range(firmware, at, AT(AGX_FW(globals), fault_control), 0, 0xf, data->fault_control);
	want_range(firmware, at, AT(AGX_FW(globals), idle_off_delay_ms), 0, 60000,
		   data->idle_off_delay_ms);
	want_range(firmware, at, AT(AGX_FW(globals), progress_check_interval_3d), 1, 100000,
		   data->progress_check_interval_3d);
	want_range(firmware, at, AT(AGX_FW(globals), progress_check_interval_ta), 1, 100000,
		   data->progress_check_interval_ta);
	want_range(firmware, at, AT(AGX_FW(globals), progress_check_interval_cl), 1, 100000,
		   data->progress_check_interval_cl);
	firmware->tree.watchdog[AGX_GPU_VERTEX] =
		watchdog_ticks(firmware, data->progress_check_interval_ta);
	firmware->tree.watchdog[AGX_GPU_FRAGMENT] =
		watchdog_ticks(firmware, data->progress_check_interval_3d);
	firmware->tree.watchdog[AGX_GPU_COMPUTE] =
		watchdog_ticks(firmware, data->progress_check_interval_cl);
	want_range(firmware, at, AT(AGX_FW(globals), cl_context_switch_timeout_ms), 1, 100000,
		   data->cl_context_switch_timeout_ms);
	memory_check_zero(firmware, AGX_FINDING_INITDATA_NOT_ZERO, at, (const uint8_t *)data,
			  AT(AGX_FW(globals), pending_stamps), AT(AGX_FW(globals), unk_117bc));
	memory_check_zero(firmware, AGX_FINDING_INITDATA_NOT_ZERO, at, (const uint8_t *)data,
			  AT(AGX_FW(globals), fault_info), AT(AGX_FW(globals), counter));
	return true;
}

static bool check_status(struct agx_firmware *firmware, const struct place *place,
			 const struct AGX_FW(init_data) * root)
{
	const struct place *at = &firmware->tree.status;
	struct agx_fw_status status;
	const void *bytes;

	bytes = follow(firmware, place, AT(AGX_FW(init_data), fw_status), root->fw_status,
		       sizeof(status), sizeof(status), MEMORY_SHARED, "fw_status");
	if (!bytes)
		return false;
	memcpy(&status, bytes, sizeof(status));
	memory_check_zero(firmware, AGX_FINDING_INITDATA_NOT_ZERO, at, bytes,
			  AT(agx_fw_status, halt_count), sizeof(status));
	return add_channel(firmware, at, AT(agx_fw_status, fwctl_channel), CHANNEL_FWCTL, 1,
			   &status.fwctl_channel);
}

static bool AGX_FW(read_initdata)(struct agx_firmware *firmware, uint64_t va)
{
	struct place place = {va, "init_data", NULL};
	struct place mail = {va & AGX_MSG_INIT_ADDRESS, "mailbox_message", NULL};
	struct place region_a;
	struct AGX_FW(init_data) root;
	const uint8_t *bytes;
	uint32_t power_zones;

	if (!memory_claim(firmware, &mail, 0, va, sizeof(root), MEMORY_PRIVATE, "init_data") ||
	    !memory_read(firmware, va, &root, sizeof(root)))
		return false;
	if (root.host_mapped_fw_allocations != 1) {
		firmware_find(firmware, AGX_FINDING_INITDATA_PANIC, &place,
			      AT(AGX_FW(init_data), host_mapped_fw_allocations), 1,
			      root.host_mapped_fw_allocations, NULL);
		return false;
	}
	check_root(firmware, &place, &root);
	firmware->tree = (struct tree){
		.runtime = {root.runtime_pointers, "runtime_pointers", NULL},
		.globals = {root.globals, "globals", NULL},
		.status = {root.fw_status, "fw_status", NULL},
		.ktrace_enable = root.globals + AT(AGX_FW(globals), ktrace_enable),
		.pending_stamps = root.globals + AT(AGX_FW(globals), pending_stamps),
		.pending_shift =
			AGX_FW_V13 ? AGX_PENDING_STAMP_SHIFT_V13 : AGX_PENDING_STAMP_SHIFT_V12,
		.pending_submissions = root.globals + AT(AGX_FW(globals), pending_submissions),
		.idle_off_delay = root.globals + AT(AGX_FW(globals), idle_off_delay_ms),
		.idle_ts = root.globals + AT(AGX_FW(globals), idle_ts),
		.fault_info = root.globals + AT(AGX_FW(globals), fault_info),
		.gpu_idle =
			root.runtime_pointers + AT(AGX_FW(runtime_pointers), gpu_scratch.gpu_idle),
	};
	bytes = follow(firmware, &place, AT(AGX_FW(init_data), unk_buf), root.unk_buf,
		       AGX_REGION_A_SIZE, AGX_REGION_A_SIZE, MEMORY_SHARED_RO, "unk_buf");
	if (!bytes)
		return false;
	region_a = (struct place){root.unk_buf, "unk_buf", NULL};
	memory_check_zero(firmware, AGX_FINDING_INITDATA_NOT_ZERO, &region_a, bytes, 0,
			  AGX_REGION_A_SIZE);
	return check_runtime(firmware, &place, &root, &power_zones) &&
	       check_globals(firmware, &place, &root, power_zones) &&
	       check_status(firmware, &place, &root);
}

/* messages_variant.c */
void AGX_FW(firmware_run_work_queue)(struct agx_firmware *firmware, unsigned int index,
				     const struct place *place, const uint8_t *element);
bool AGX_FW(firmware_device_control)(struct agx_firmware *firmware, const struct place *place,
				     const uint8_t *element);

#define OPS_NAME_(variant) agx_firmware_ops_##variant
#define OPS_NAME(variant)  OPS_NAME_(variant)

const struct firmware_ops OPS_NAME(AGX_FW_VARIANT) = {
	.pipe_element = sizeof(struct AGX_FW(run_work_queue_msg)),
	.control_element = sizeof(struct AGX_FW(device_control_msg)),
	.stats_element = sizeof(struct AGX_FW(stats_msg)),
	.read_initdata = AGX_FW(read_initdata),
	.run_work_queue = AGX_FW(firmware_run_work_queue),
	.device_control = AGX_FW(firmware_device_control),
};
