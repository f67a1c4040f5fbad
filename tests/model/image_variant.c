// SPDX-License-Identifier: MIT
/* The init data of one variant, all right. Compiled once per variant. */
#include <stdio.h>
#include <string.h>

#include "image.h"
#include "variant.h"

static const char *const channel_names[17] = {
	"vertex0", "fragment0", "compute0", "vertex1", "fragment1", "compute1",
	"vertex2", "fragment2", "compute2", "vertex3", "fragment3", "compute3",
	"control", "event",     "fwlog",    "ktrace",  "stats",
};
/* Names of objects must stay: states are CHANNEL.state, rings CHANNEL.ring. */
static char state_names[18][24], ring_names[18][24];

static struct agx_channel_ring make_channel(struct image *image, unsigned int i, const char *name,
					    uint64_t state, uint64_t ring, uint64_t protection)
{
	snprintf(state_names[i], sizeof(state_names[i]), "%s.state", name);
	snprintf(ring_names[i], sizeof(ring_names[i]), "%s.ring", name);
	return (struct agx_channel_ring){
		.state = image_alloc(image, state_names[i], state, IMAGE_SHARED),
		.ring = image_alloc(image, ring_names[i], ring, protection),
	};
}

static void fill_hwdata_b(struct image *image, struct AGX_FW(hwdata_b) * data)
{
	data->chip_id = IMAGE_CHIP;
	data->base_clock_khz = 24000;
	data->power_sample_period = 8;
	data->uat_ttb_base = image->ttbat;
	data->unk_524 = 1;
	data->num_cores = 8;
	data->num_frags = 7;
	data->max_pstate = 6;
	for (unsigned int i = 1; i <= 6; i++)
		data->frequencies[i] = 300 + 100 * i;
	data->unk_30 = 0x7fffff8000;
	data->timestamp_area_base = 0xffffffae10000000;
#if AGX_FW_G14X
	data->sgx_sram_ptr = 0xffffffaf20000000;
#endif
	data->io_mappings[AGX_IO_RGX] = (struct agx_io_mapping){
		.phys_addr = 0x204000000,
		.virt_addr = 0xffffffaf00000000,
		.total_size = 0x20000,
		.element_size = 0x20000,
		.readwrite = 1,
	};
	data->io_mappings[AGX_IO_METROLOGY] = (struct agx_io_mapping){
		.phys_addr = 0x204d81000,
		.virt_addr = 0xffffffaf10001000,
		.total_size = 0x10000,
		.element_size = 0x8000,
	};
	image_map(image, 0xffffffaf00000000, 0x204000000, 0x20000, IMAGE_DEVICE);
	image_map(image, 0xffffffaf10000000, 0x204d80000, 0x14000, IMAGE_DEVICE & ~AGX_UAT_UXN);
}

#define BUILD_(variant) image_build_##variant
#define BUILD(variant)  BUILD_(variant)

void BUILD(AGX_FW_VARIANT)(struct image *image)
{
	const uint32_t sizes[17] = {
		[12] = 0x100 * sizeof(struct AGX_FW(device_control_msg)),
		[13] = 0x100 * sizeof(struct agx_event_msg),
		[14] = 6 * 0x100 * sizeof(struct agx_fwlog_msg),
		[15] = 0x200 * sizeof(struct agx_ktrace_msg),
		[16] = 0x100 * sizeof(struct AGX_FW(stats_msg)),
	};
	static const struct agx_uat_level_info levels[3] = {
		{8, 14, 14, 36, 8, 0x4000, 1, 0xffffffc000, 7ull << 36},
		{8, 14, 14, 25, 2048, 0x4000, 1, 0xffffffc000, 2047ull << 25},
		{8, 14, 14, 14, 2048, 0x4000, 1, 0xffffffc000, 2047ull << 14},
	};
	struct AGX_FW(init_data) * root;
	struct AGX_FW(runtime_pointers) * runtime;
	struct AGX_FW(globals) * globals;
	struct AGX_FW(hwdata_a) * hwdata_a;
	struct agx_fw_status *status;
	struct AGX_FW(global_stats_fragment) * stats;
	struct agx_channel_ring rings[17];
	uint64_t va;

	image_alloc(image, "init_data", sizeof(*root), IMAGE_PRIVATE);
	root = image_object(image, "init_data")->data;
#if AGX_FW_G14X
	memcpy(root->ver_info, (uint16_t[4])AGX_VER_INFO_G14X, 8);
#elif AGX_FW_V13
	memcpy(root->ver_info, (uint16_t[4])AGX_VER_INFO_G13_G14, 8);
#endif
	root->unk_buf = image_alloc(image, "unk_buf", AGX_REGION_A_SIZE, IMAGE_SHARED_RO);
	root->runtime_pointers =
		image_alloc(image, "runtime_pointers", sizeof(*runtime), IMAGE_PRIVATE);
	root->globals = image_alloc(image, "globals", sizeof(*globals), IMAGE_PRIVATE);
	root->fw_status = image_alloc(image, "fw_status", sizeof(*status), IMAGE_SHARED);
	root->uat_page_size = 0x4000;
	root->uat_page_bits = 14;
	root->uat_num_levels = 3;
	memcpy(root->uat_level_info, levels, sizeof(levels));
	root->host_mapped_fw_allocations = 1;

	runtime = image_object(image, "runtime_pointers")->data;
	for (unsigned int i = 0; i < 17; i++)
		rings[i] = make_channel(
			image, i, channel_names[i], i == 14 ? 6 * 0x30 : 0x30,
			sizes[i] ? sizes[i] : 0x100 * sizeof(struct AGX_FW(run_work_queue_msg)),
			i <= 12 ? IMAGE_PRIVATE : IMAGE_SHARED);
	memcpy(&runtime->channels, rings, sizeof(rings));
	runtime->stats_vtx = image_alloc(image, "stats_vtx", AGX_STATS_VERTEX_SIZE, IMAGE_PRIVATE);
	runtime->stats_frag =
		image_alloc(image, "stats_frag", AGX_FW(STATS_FRAGMENT_SIZE), IMAGE_PRIVATE);
	stats = image_at(image, runtime->stats_frag);
	stats->stats.cur_stamp_id = -1;
	stats->stats.unk_118 = -1;
	runtime->stats_comp =
		image_alloc(image, "stats_comp", AGX_STATS_COMPUTE_SIZE, IMAGE_PRIVATE);
	runtime->hwdata_a = image_alloc(image, "hwdata_a", sizeof(*hwdata_a), IMAGE_PRIVATE);
	hwdata_a = image_at(image, runtime->hwdata_a);
	hwdata_a->power_zone_count = 1;
	runtime->unkptr_190 = image_alloc(image, NULL, 0x80, IMAGE_PRIVATE);
	runtime->unkptr_198 = image_alloc(image, NULL, AGX_UNKPTR_198_SIZE, IMAGE_PRIVATE);
	runtime->unkptr_1b8 = image_alloc(image, NULL, AGX_UNKPTR_1B8_SIZE, IMAGE_PRIVATE);
#if !AGX_FW_G14X
	runtime->unkptr_1c0 = image_alloc(image, NULL, AGX_UNKPTR_1C0_SIZE, IMAGE_PRIVATE);
	runtime->unkptr_1c8 = image_alloc(image, NULL, AGX_UNKPTR_1C8_SIZE, IMAGE_PRIVATE);
#endif
	runtime->hwdata_b =
		image_alloc(image, "hwdata_b", sizeof(struct AGX_FW(hwdata_b)), IMAGE_PRIVATE);
	runtime->hwdata_b_2 = runtime->hwdata_b;
	fill_hwdata_b(image, image_at(image, runtime->hwdata_b));
	runtime->fwlog_buf = image_alloc(
		image, "fwlog_buf", 6 * 0x100 * sizeof(struct agx_fwlog_payload), IMAGE_SHARED);
	va = image_alloc(image, "buffer_mgr_ctl", AGX_BUFFER_MGR_CTL_SIZE, IMAGE_SHARED);
	runtime->buffer_mgr_ctl_fw_addr = va;
	runtime->buffer_mgr_ctl_gpu_addr = 0x7000000000;
	image_map(image, 0x7000000000, *image_entry(image, va) & AGX_UAT_ADDRESS, 0x4000,
		  IMAGE_GPU_SHARED);
	runtime->gpu_scratch.unk_6b38 = 0xff;

	globals = image_at(image, root->globals);
	globals->ktrace_enable = 0xffffffff;
	globals->do_init = 1;
	globals->power_zone_count = 1;
	globals->fault_control = AGX_FAULT_CONTROL_DEFAULT;
	globals->idle_off_delay_ms = 2;
	globals->progress_check_interval_3d = 40;
	globals->progress_check_interval_ta = 10;
	globals->progress_check_interval_cl = 250;
	globals->cl_context_switch_timeout_ms = 40;

	status = image_at(image, root->fw_status);
	status->fwctl_channel = make_channel(image, 17, "fwctl", 0x20,
					     0x100 * sizeof(struct agx_fwctl_msg), IMAGE_SHARED);
}
