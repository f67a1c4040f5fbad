// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Init data and messages in a variant's form, and its table of operations. Compiled once per
 * variant.
 *
 * Sources: jannau/linux: drivers/gpu/drm/asahi/initdata.rs, gpu.rs (sgx_sram_ptr, iomap(),
 * invalidate_context(), flush_fw_cache()); firmware-interface/ has those of the layouts.
 */
#include "agx_text.h"
#include "buffer_variant.h"
#include "hwdata_variant.h"
#include "microseq_variant.h"
#include "queue_variant.h"
#include "uat.h"
#include "variant.h"
#include "variant_ops.h"

static void set_io_mapping(void *hwdata_b, unsigned int index, const struct agx_io_mapping *mapping)
{
	struct AGX_FW(hwdata_b) *b = hwdata_b;

	if (index < AGX_FW(IO_MAPPING_COUNT))
		b->io_mappings[index] = *mapping;
}

static void set_sram(void *hwdata_b, uint64_t va)
{
#if AGX_FW_V13
	struct AGX_FW(hwdata_b) *b = hwdata_b;

	b->sgx_sram_ptr = va;
#endif
}

static void set_globals(void *globals, const struct agx_globals_settings *settings)
{
	struct AGX_FW(globals) *g = globals;

	g->fault_control = settings->fault_control;
	g->idle_off_delay_ms = settings->idle_off_delay_ms;
	g->ktrace_enable = settings->ktrace_mask;
	g->pending_submissions = 0;
}

static void fill_level(const struct agx_soc *soc, unsigned int shift, unsigned int entries,
		       struct agx_uat_level_info *level)
{
	level->unk_3 = 8;
	level->unk_1 = AGX_UAT_PAGE_SHIFT;
	level->unk_2 = AGX_UAT_PAGE_SHIFT;
	level->index_shift = (uint8_t)shift;
	level->num_entries = (uint16_t)entries;
	level->unk_4 = (uint16_t)AGX_UAT_PAGE_SIZE;
	level->unk_8 = 1;
	level->phys_mask = ((1ull << soc->output_address_bits) - 1) & ~(AGX_UAT_PAGE_SIZE - 1);
	level->index_mask = (uint64_t)(entries - 1) << shift;
}

static void fill_init_data(const struct agx_soc *soc, void *init_data,
			   const struct agx_initdata_addresses *at)
{
	struct AGX_FW(init_data) *root = init_data;
#if AGX_FW_V13
#if AGX_FW_G14X
	static const uint16_t version[4] = AGX_VER_INFO_G14X;
#else
	static const uint16_t version[4] = AGX_VER_INFO_G13_G14;
#endif
	unsigned int i;

	for (i = 0; i < 4; i++)
		root->ver_info[i] = version[i];
#endif
	root->unk_buf = at->region_a;
	root->runtime_pointers = at->runtime_pointers;
	root->globals = at->globals;
	root->fw_status = at->fw_status;
	root->uat_page_size = (uint16_t)AGX_UAT_PAGE_SIZE;
	root->uat_page_bits = AGX_UAT_PAGE_SHIFT;
	root->uat_num_levels = AGX_UAT_LEVELS;
	fill_level(soc, AGX_UAT_L1_SHIFT, AGX_UAT_L1_ENTRIES, &root->uat_level_info[0]);
	fill_level(soc, AGX_UAT_L2_SHIFT, AGX_UAT_ENTRIES, &root->uat_level_info[1]);
	fill_level(soc, AGX_UAT_L3_SHIFT, AGX_UAT_ENTRIES, &root->uat_level_info[2]);
	root->host_mapped_fw_allocations = 1;
}

static void fill_runtime_pointers(void *runtime_pointers, const struct agx_initdata_addresses *at,
				  const struct agx_channel_rings *rings)
{
	struct AGX_FW(runtime_pointers) *b = runtime_pointers;

	b->channels = *rings;
	b->stats_vtx = at->stats_vertex;
	b->stats_frag = at->stats_fragment;
	b->stats_comp = at->stats_compute;
	b->hwdata_a = at->hwdata_a;
	b->unkptr_190 = at->fault_stats;
	b->unkptr_198 = at->unk_198;
	b->hwdata_b = at->hwdata_b;
	b->hwdata_b_2 = at->hwdata_b;
	b->fwlog_buf = at->fwlog_buffer;
	b->unkptr_1b8 = at->unk_1b8;
#if !AGX_FW_G14X
	b->unkptr_1c0 = at->unk_1c0;
	b->unkptr_1c8 = at->unk_1c8;
#endif
	b->buffer_mgr_ctl_gpu_addr = at->buffer_mgr_gpu;
	b->buffer_mgr_ctl_fw_addr = at->buffer_mgr_fw;
	b->gpu_scratch.unk_6b38 = AGX_RUNTIME_SCRATCH_UNK_6B38;
}

static void fill_stats_fragment(void *stats)
{
	struct AGX_FW(global_stats_fragment) *fragment = stats;

	fragment->stats.cur_stamp_id = -1;
	fragment->stats.unk_118 = -1;
}

static void run_work_queue(const struct agx_run_work_queue *args, void *message)
{
	struct AGX_FW(run_work_queue_msg) *msg = message;

	agx_core_memset(msg, 0, sizeof(*msg));
	msg->pipe_type = args->pipe;
	msg->work_queue = args->work_queue;
	msg->wptr = args->wptr;
	msg->event_slot = args->event_slot;
	msg->is_new = args->is_new;
}

static int device_control(enum agx_device_control what, const struct agx_device_control_args *args,
			  void *message)
{
	struct AGX_FW(device_control_msg) *msg = message;

	agx_core_memset(msg, 0, sizeof(*msg));
	switch (what) {
	case AGX_DEVICE_CONTROL_INITIALIZE:
		msg->tag = AGX_FW(DC_INITIALIZE);
		return 0;
	case AGX_DEVICE_CONTROL_UPDATE_IDLE_TS:
		msg->tag = AGX_FW(DC_UPDATE_IDLE_TS);
		return 0;
	case AGX_DEVICE_CONTROL_IDLE_POWER_OFF:
		msg->tag = AGX_FW(DC_IDLE_POWER_OFF);
		return 0;
	case AGX_DEVICE_CONTROL_GROW_TVB_ACK:
		msg->tag = AGX_FW(DC_GROW_TVB_ACK);
		msg->grow_tvb_ack.unk_4 = 1;
		msg->grow_tvb_ack.buffer_slot = args->grow_tvb_ack.buffer_slot;
		msg->grow_tvb_ack.vm_slot = args->grow_tvb_ack.vm_slot;
		msg->grow_tvb_ack.counter = args->grow_tvb_ack.counter;
		msg->grow_tvb_ack.halt_count = args->grow_tvb_ack.halt_count;
		return 0;
	case AGX_DEVICE_CONTROL_RECOVER_CHANNEL:
		msg->tag = AGX_FW(DC_RECOVER_CHANNEL);
		msg->recover_channel.pipe_type = args->recover_channel.pipe;
		msg->recover_channel.work_queue = args->recover_channel.work_queue;
		msg->recover_channel.event_value = args->recover_channel.event_value;
		return 0;
	case AGX_DEVICE_CONTROL_DESTROY_CONTEXT:
		msg->tag = AGX_FW(DC_DESTROY_CONTEXT);
		msg->destroy_context.ctx_23 = args->destroy_context.ctx_23;
		msg->destroy_context.ctx_0 = args->destroy_context.ctx_0;
		msg->destroy_context.ctx_1 = args->destroy_context.ctx_1;
		msg->destroy_context.ctx_4 = args->destroy_context.ctx_4;
		msg->destroy_context.gpu_context = args->destroy_context.context;
		return 0;
	case AGX_DEVICE_CONTROLS:
		break;
	}
	return -EINVAL;
}

/* Degrees Celsius are raw / scale / 64; in thousandths here. */
static void add_temperature(struct agx_text *text, uint32_t raw, uint32_t scale, uint32_t tmin,
			    uint32_t tmax)
{
	if (scale)
		agx_text_field(text, "millidegrees", (uint64_t)raw * 1000 / scale / 64);
	else
		agx_text_field(text, "raw", raw);
	agx_text_field(text, "scale", scale);
	agx_text_field(text, "min", tmin);
	agx_text_field(text, "max", tmax);
}

static bool print_stats(const void *message, uint32_t *tag, struct agx_text *text)
{
	const struct AGX_FW(stats_msg) *msg = message;

	*tag = msg->tag;
	switch (msg->tag) {
	case AGX_STATS_POWER:
		agx_text_add(text, "power");
		agx_text_field(text, "mw", msg->power.power / 8192);
		return true;
	case AGX_STATS_POWER_ON:
		agx_text_add(text, "power on");
		agx_text_field(text, "off_ticks", msg->power_on.off_time);
		return true;
	case AGX_STATS_POWER_OFF:
		agx_text_add(text, "power off");
		agx_text_field(text, "on_ticks", msg->power_off.on_time);
		return true;
	case AGX_STATS_UTILIZATION:
		agx_text_add(text, "utilization");
		agx_text_field(text, "time", msg->utilization.timestamp);
		agx_text_field(text, "util1", msg->utilization.util1);
		agx_text_field(text, "util2", msg->utilization.util2);
		agx_text_field(text, "util3", msg->utilization.util3);
		agx_text_field(text, "util4", msg->utilization.util4);
		return true;
	case AGX_STATS_AVG_POWER:
		agx_text_add(text, "average power");
		agx_text_field(text, "active_cs", msg->avg_power.active_cs);
		agx_text_field(text, "unk2", msg->avg_power.unk2);
		agx_text_field(text, "unk3", msg->avg_power.unk3);
		agx_text_field(text, "unk4", msg->avg_power.unk4);
		agx_text_field(text, "mw", msg->avg_power.avg_power);
		return true;
	case AGX_STATS_TEMPERATURE:
		agx_text_add(text, "temperature");
		add_temperature(text, msg->temperature.raw_value, msg->temperature.scale,
				msg->temperature.tmin, msg->temperature.tmax);
		return true;
	case AGX_STATS_POWER_STATE:
		agx_text_add(text, "power state");
		agx_text_field(text, "time", msg->power_state.timestamp);
		agx_text_field(text, "last_busy", msg->power_state.last_busy_ts);
		agx_text_field(text, "active", msg->power_state.active);
		agx_text_field(text, "poweroff", msg->power_state.poweroff);
		agx_text_field(text, "pstate", msg->power_state.pstate);
		return true;
	case AGX_STATS_FW_BUSY:
		agx_text_add(text, "firmware busy");
		agx_text_field(text, "time", msg->fw_busy.timestamp);
		agx_text_field(text, "busy", msg->fw_busy.busy);
		return true;
	case AGX_STATS_PSTATE:
		agx_text_add(text, "performance states");
		agx_text_field(text, "min", msg->pstate.ps_min);
		agx_text_field(text, "max", msg->pstate.ps_max);
		return true;
	case AGX_STATS_TEMP_SENSOR:
		agx_text_add(text, "temperature sensor");
		agx_text_field(text, "sensor", msg->temp_sensor.sensor_id);
		add_temperature(text, msg->temp_sensor.raw_value, msg->temp_sensor.scale,
				msg->temp_sensor.tmin, msg->temp_sensor.tmax);
		return true;
	}
	return false;
}

#define STRING_(name) #name
#define STRING(name)  STRING_(name)

const struct agx_variant_ops AGX_FW(variant_ops) = {
	.name = STRING(AGX_FW_VARIANT),
	.map_kernel_to_user = AGX_FW_G14X,
	.init_data_size = sizeof(struct AGX_FW(init_data)),
	.runtime_pointers_size = sizeof(struct AGX_FW(runtime_pointers)),
	.globals_size = sizeof(struct AGX_FW(globals)),
	.hwdata_a_size = sizeof(struct AGX_FW(hwdata_a)),
	.hwdata_b_size = sizeof(struct AGX_FW(hwdata_b)),
	.stats_fragment_size = AGX_FW(STATS_FRAGMENT_SIZE),
#if !AGX_FW_G14X
	.unk_1c0_size = AGX_UNKPTR_1C0_SIZE,
	.unk_1c8_size = AGX_UNKPTR_1C8_SIZE,
#endif
	.run_work_queue_size = sizeof(struct AGX_FW(run_work_queue_msg)),
	.device_control_size = sizeof(struct AGX_FW(device_control_msg)),
	.stats_message_size = sizeof(struct AGX_FW(stats_msg)),
	.io_mappings = AGX_FW(IO_MAPPING_COUNT),
	.globals_pending_submissions = offsetof(struct AGX_FW(globals), pending_submissions),
	.globals_idle_off_delay = offsetof(struct AGX_FW(globals), idle_off_delay_ms),
	.globals_pending_stamps = offsetof(struct AGX_FW(globals), pending_stamps),
	.globals_fault_info = offsetof(struct AGX_FW(globals), fault_info),
	.pending_stamp_shift = AGX_FW_V13 ? AGX_PENDING_STAMP_SHIFT_V13
					  : AGX_PENDING_STAMP_SHIFT_V12,
	.build_hwdata_a = AGX_FW(build_hwdata_a),
	.build_hwdata_b = AGX_FW(build_hwdata_b),
	.build_globals = AGX_FW(build_globals),
	.set_io_mapping = set_io_mapping,
	.set_sram = set_sram,
	.set_globals = set_globals,
	.fill_init_data = fill_init_data,
	.fill_runtime_pointers = fill_runtime_pointers,
	.fill_stats_fragment = fill_stats_fragment,
	.run_work_queue = run_work_queue,
	.device_control = device_control,
	.queue_info_size = sizeof(struct AGX_FW(queue_info)),
	.notifier_size = sizeof(struct AGX_FW(notifier)),
#if AGX_FW_V13
	.notifier_buf = offsetof(struct AGX_FW(notifier), unk_buf),
#endif
	.stats_vertex_inner = offsetof(struct AGX_FW(global_stats_vertex), stats),
	.stats_fragment_inner = offsetof(struct AGX_FW(global_stats_fragment), stats),
	.fault_registers_g14x = AGX_FW_G14X,
	.fill_queue_info = AGX_FW(fill_queue_info),
	.fill_notifier = AGX_FW(fill_notifier),
	.fill_barrier = AGX_FW(fill_barrier),
	.buffer_info_size = sizeof(struct AGX_FW(buffer_info)),
	.scene_size = sizeof(struct AGX_FW(scene)),
	.scene_control_word = AGX_FW_G14X,
	.meta1_all_layers = !AGX_FW_G14X,
	.fill_buffer_info = AGX_FW(fill_buffer_info),
	.set_buffer_blocks = AGX_FW(set_buffer_blocks),
	.fill_scene = AGX_FW(fill_scene),
	.build_compute = AGX_FW(build_compute),
	.build_vertex = AGX_FW(build_vertex),
	.build_fragment = AGX_FW(build_fragment),
	.print_stats = print_stats,
};
