// SPDX-License-Identifier: MIT
/* Layouts of commands and operations. Compiled once per variant. */
#include "internal.h"
#include "variant.h"

#define AT(type, member) ((uint32_t)offsetof(struct type, member))

static void decode_vertex(struct command *command)
{
	struct AGX_FW(run_vertex) copy;

	memcpy(&copy, command->copy, sizeof(copy));
	command->vm_slot = copy.vm_slot;
	command->notifier = copy.notifier;
	command->microsequence = copy.microsequence;
	command->sequence_size = copy.microsequence_size;
	command->meta = copy.meta;
	command->fragment_slot = copy.fragment_stamp_slot;
	command->fragment_value = copy.fragment_stamp_value;
}

static void decode_fragment(struct command *command)
{
	struct AGX_FW(run_fragment) copy;

	memcpy(&copy, command->copy, sizeof(copy));
	command->vm_slot = copy.vm_slot;
	command->notifier = copy.notifier;
	command->microsequence = copy.microsequence;
	command->sequence_size = copy.microsequence_size;
	command->meta = copy.meta;
}

static void decode_compute(struct command *command)
{
	struct AGX_FW(run_compute) copy;

	memcpy(&copy, command->copy, sizeof(copy));
	command->vm_slot = copy.vm_slot;
	command->notifier = copy.notifier;
	command->microsequence = copy.microsequence;
	command->sequence_size = copy.microsequence_size;
	command->meta = copy.meta;
}

static void decode_command(struct command *command)
{
	if (command->unit == AGX_GPU_VERTEX)
		decode_vertex(command);
	else if (command->unit == AGX_GPU_FRAGMENT)
		decode_fragment(command);
	else
		decode_compute(command);
}

static void start_vertex(const uint8_t *bytes, struct start_op *start)
{
	struct AGX_FW(op_start_vertex) op;

	memcpy(&op, bytes, sizeof(op));
	*start = (struct start_op){
		.buffer = op.buffer,
		.scene = op.scene,
		.stats = op.stats,
		.work_queue = op.work_queue,
		.vm_slot = op.vm_slot,
		.event_generation = op.event_generation,
		.buffer_slot = op.buffer_slot,
		.uuid = op.uuid,
		.event_seq = op.event_seq,
	};
}

static void start_fragment(const uint8_t *bytes, struct start_op *start)
{
	struct AGX_FW(op_start_fragment) op;

	memcpy(&op, bytes, sizeof(op));
	*start = (struct start_op){
		.scene = op.scene,
		.stats = op.stats,
		.work_queue = op.work_queue,
		.busy_flag = op.busy_flag,
		.tvb_overflow_count = op.tvb_overflow_count,
		.vm_slot = op.vm_slot,
		.event_generation = op.event_generation,
		.buffer_slot = op.buffer_slot,
		.sync_grow = op.sync_grow,
		.uuid = op.uuid,
		.event_seq = op.event_seq,
	};
}

static void start_compute(const uint8_t *bytes, struct start_op *start)
{
	struct AGX_FW(op_start_compute) op;

	memcpy(&op, bytes, sizeof(op));
	*start = (struct start_op){
		.stats = op.stats,
		.work_queue = op.work_queue,
		.vm_slot = op.vm_slot,
		.event_generation = op.event_generation,
		.uuid = op.uuid,
		.event_seq = op.event_seq,
	};
}

static void decode_start(enum agx_gpu_unit unit, const uint8_t *bytes, struct start_op *start)
{
	if (unit == AGX_GPU_VERTEX)
		start_vertex(bytes, start);
	else if (unit == AGX_GPU_FRAGMENT)
		start_fragment(bytes, start);
	else
		start_compute(bytes, start);
}

static void finalize_vertex(const uint8_t *bytes, struct finalize_op *finalize)
{
	struct AGX_FW(op_finalize_vertex) op;

	memcpy(&op, bytes, sizeof(op));
	*finalize = (struct finalize_op){
		.buffer = op.buffer,
		.scene = op.scene,
		.stats = op.stats,
		.work_queue = op.work_queue,
		.fw_stamp = op.fw_stamp,
		.stamp_value = op.stamp_value,
		.vm_slot = op.vm_slot,
		.uuid = op.uuid,
		.has_attachments = op.has_attachments,
		.restart_branch_offset = op.restart_branch_offset,
	};
}

static void finalize_fragment(const uint8_t *bytes, struct finalize_op *finalize)
{
	struct AGX_FW(op_finalize_fragment) op;

	memcpy(&op, bytes, sizeof(op));
	*finalize = (struct finalize_op){
		.buffer = op.buffer,
		.scene = op.scene,
		.stats = op.stats,
		.work_queue = op.work_queue,
		.fw_stamp = op.fw_stamp,
		.busy_flag = op.busy_flag,
		.stamp_value = op.stamp_value,
		.vm_slot = op.vm_slot,
		.uuid = op.uuid,
		.has_attachments = op.has_attachments,
		.restart_branch_offset = op.restart_branch_offset,
	};
}

static void finalize_compute(const uint8_t *bytes, struct finalize_op *finalize)
{
	struct AGX_FW(op_finalize_compute) op;

	memcpy(&op, bytes, sizeof(op));
	*finalize = (struct finalize_op){
		.stats = op.stats,
		.work_queue = op.work_queue,
		.fw_stamp = op.fw_stamp,
		.stamp_value = op.stamp_value,
		.vm_slot = op.vm_slot,
		.uuid = op.uuid,
		.has_attachments = op.has_attachments,
		.restart_branch_offset = op.restart_branch_offset,
	};
}

static void decode_finalize(enum agx_gpu_unit unit, const uint8_t *bytes,
			    struct finalize_op *finalize)
{
	if (unit == AGX_GPU_VERTEX)
		finalize_vertex(bytes, finalize);
	else if (unit == AGX_GPU_FRAGMENT)
		finalize_fragment(bytes, finalize);
	else
		finalize_compute(bytes, finalize);
}

static void decode_timestamp(const uint8_t *bytes, struct timestamp_op *timestamp)
{
	struct AGX_FW(op_timestamp) op;

	memcpy(&op, bytes, sizeof(op));
	*timestamp = (struct timestamp_op)
	{
		.command_time = op.command_time, .ts_pointers = op.ts_pointers,
		.update_ts = op.update_ts, .work_queue = op.work_queue,
		.user_ts_pointers = op.user_ts_pointers,
#if AGX_FW_V13
		.unk_ts = op.unk_ts,
#endif
		.uuid = op.uuid,
	};
}

#define LAYOUT_NAME_(variant) agx_layout_ops_##variant
#define LAYOUT_NAME(variant)  LAYOUT_NAME_(variant)

const struct layout_ops LAYOUT_NAME(AGX_FW_VARIANT) = {
	.queue_state_at = AT(AGX_FW(queue_info), unk_84_state),
	.queue_errors_at = AT(AGX_FW(queue_info), error_count),
	.queue_pending_at = AT(AGX_FW(queue_info), pending),
	.command_names = {"run_vertex", "run_fragment", "run_compute"},
	.command_size = {sizeof(struct AGX_FW(run_vertex)), sizeof(struct AGX_FW(run_fragment)),
			 sizeof(struct AGX_FW(run_compute))},
	.meta_at = {AT(AGX_FW(run_vertex), meta), AT(AGX_FW(run_fragment), meta),
		    AT(AGX_FW(run_compute), meta)},
	.notifier_at = {AT(AGX_FW(run_vertex), notifier), AT(AGX_FW(run_fragment), notifier),
			AT(AGX_FW(run_compute), notifier)},
	.sequence_at = {AT(AGX_FW(run_vertex), microsequence),
			AT(AGX_FW(run_fragment), microsequence),
			AT(AGX_FW(run_compute), microsequence)},
	.decode_command = decode_command,
	.barrier_size = sizeof(struct AGX_FW(barrier)),
	.notifier_size = sizeof(struct AGX_FW(notifier)),
	.notifier_in_list_at = AT(AGX_FW(notifier), in_list),
	.notifier_list_at = AT(AGX_FW(notifier), list_head),
	.start_size = {sizeof(struct AGX_FW(op_start_vertex)),
		       sizeof(struct AGX_FW(op_start_fragment)),
		       sizeof(struct AGX_FW(op_start_compute))},
	.finalize_size = {sizeof(struct AGX_FW(op_finalize_vertex)),
			  sizeof(struct AGX_FW(op_finalize_fragment)),
			  sizeof(struct AGX_FW(op_finalize_compute))},
	.restart_at = {AT(AGX_FW(op_finalize_vertex), restart_branch_offset),
		       AT(AGX_FW(op_finalize_fragment), restart_branch_offset),
		       AT(AGX_FW(op_finalize_compute), restart_branch_offset)},
	.timestamp_size = sizeof(struct AGX_FW(op_timestamp)),
	.wait_for_idle2 = AGX_FW_G14X,
	.decode_start = decode_start,
	.decode_finalize = decode_finalize,
	.decode_timestamp = decode_timestamp,
	.total_before = {AT(AGX_FW(global_stats_vertex), stats),
			 AT(AGX_FW(global_stats_fragment), stats), 0},
	.stats_busy_at = {AT(AGX_FW(stats_vertex), queues[0].busy),
			  AT(AGX_FW(stats_fragment), queues[0].busy), 0},
	.stats_queue_at = {AT(AGX_FW(stats_vertex), queues[0].cur_cmdqueue),
			   AT(AGX_FW(stats_fragment), queues[0].cur_cmdqueue), 0},
	.stats_size = {sizeof(struct AGX_FW(stats_vertex)), sizeof(struct AGX_FW(stats_fragment)),
		       AGX_STATS_COMPUTE_SIZE},
	.stats_stamp_at = AT(AGX_FW(stats_fragment), cur_stamp_id),
};
