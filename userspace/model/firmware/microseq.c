// SPDX-License-Identifier: MIT
/*
 * Micro-sequences: a command on its unit, one operation a step.
 *
 * The sequence was copied when the command was fetched. It runs forward only, but for the branch
 * of Finalize back to Start, so it ends by itself; the branches are counted.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "internal.h"

/* Partial renders of one command. */
#define MAX_RESTARTS 4096

#define OP_AT(op, member) ((uint32_t)offsetof(struct agx_op_##op, member))

const char *unit_name(enum agx_gpu_unit unit)
{
	static const char *const names[AGX_GPU_UNITS] = {"vertex", "fragment", "compute"};

	return names[unit];
}

static bool is_alive(const struct agx_firmware *firmware)
{
	return firmware->status.state == AGX_FIRMWARE_READY;
}

static const struct agx_gpu_ops *gpu_of(const struct agx_firmware *firmware)
{
	return firmware->config.gpu;
}

/* A command comes and goes */

void unit_free(struct agx_firmware *firmware, struct unit *unit)
{
	struct work_context *context = queue_context(firmware, unit->command.queue);

	unit->phase = UNIT_FREE;
	unit->busy_ticks += firmware_now(firmware) - unit->busy_from;
	context->running--;
	if (!context->running && !unit->partial)
		notifier_link(firmware, unit->command.queue, &unit->finish, false);
}

/* Leaves the command's own copies alone: they are written anew. */
static void unit_reset(struct unit *unit)
{
	unit->phase = UNIT_OPERATION;
	unit->at = unit->start_at = unit->restarts = 0;
	unit->accumulator = 0;
	unit->started = unit->waited = unit->finalized = false;
	unit->partial = unit->overflow = unit->resuming = unit->again = false;
	memset(&unit->finish, 0, sizeof(unit->finish));
	memset(&unit->start, 0, sizeof(unit->start));
	memset(&unit->finalize, 0, sizeof(unit->finalize));
}

static bool read_command(struct agx_firmware *firmware, struct command *command,
			 const struct place *holder)
{
	const uint64_t va = command->place.va;

	if (!memory_check(firmware, holder, 0, va, command->size, MEMORY_GPU_RO,
			  command->place.structure) ||
	    !memory_read(firmware, va, command->copy, command->size)) {
		rtkit_panic(firmware, "command at 0x%" PRIx64, va);
		return false;
	}
	firmware->layout->decode_command(command);
	return true;
}

/* false: panicked, or the command has failed. */
static bool read_sequence(struct agx_firmware *firmware, struct unit *unit)
{
	struct command *command = &unit->command;
	const uint32_t at = firmware->layout->sequence_at[command->unit];
	const uint32_t size = command->sequence_size;

	if (!size || size > MAX_SEQUENCE_SIZE || size % AGX_OP_HEADER_SIZE) {
		firmware_find(firmware, AGX_FINDING_SEQUENCE_SIZE, &command->place, at + 8,
			      MAX_SEQUENCE_SIZE, size, NULL);
		command->sequence_size = 0;
		unit_fail(firmware, unit, "micro-sequence of 0x%x bytes", size);
		return false;
	}
	if (!memory_check(firmware, &command->place, at, command->microsequence, size,
			  MEMORY_PRIVATE, "microsequence") ||
	    !memory_read(firmware, command->microsequence, command->sequence, size)) {
		rtkit_panic(firmware, "micro-sequence at 0x%" PRIx64, command->microsequence);
		return false;
	}
	return true;
}

void unit_load(struct agx_firmware *firmware, struct work_queue *queue, uint64_t va,
	       const struct place *holder, uint32_t tag, bool partial)
{
	const enum agx_gpu_unit id = (enum agx_gpu_unit)queue->pipe;
	struct unit *unit = &firmware->work_state.units[id];
	struct command *command = &unit->command;
	struct work_context *context = queue_context(firmware, queue);

	unit_reset(unit);
	unit->partial = partial;
	command->place = (struct place){va, firmware->layout->command_names[id], NULL};
	command->tag = tag;
	command->unit = id;
	command->queue = queue;
	command->size = firmware->layout->command_size[id];
	unit->busy_from = firmware_now(firmware);
	context->running++;
	if (!read_command(firmware, command, holder))
		return;
	unit->again = queue->start_written && queue->start_value == command->meta.stamp_value;
	firmware_transcript(firmware,
			    "%s begin 0x%" PRIx64 " queue 0x%" PRIx64
			    " context %u slot %u value 0x%x sequence 0x%" PRIx64 " size 0x%x%s",
			    unit_name(id), va, queue->va, command->vm_slot,
			    command->meta.stamp_slot, command->meta.stamp_value,
			    command->microsequence, command->sequence_size,
			    partial ? " partial" : "");
	if (!unit->again && (!stamps_judge(firmware, command, &unit->finish) ||
			     !firmware->commands->check_command(firmware, command)))
		return;
	if (unit->again)
		unit->finish = queue->partial;
	queue->partial = unit->finish;
	queue->start_written = partial;
	queue->start_value = command->meta.stamp_value;
	if (!partial && context->running == 1)
		notifier_link(firmware, queue, &unit->finish, true);
	if (!partial) {
		queue_promised(firmware, queue, command->meta.stamp_value);
		queue_note(firmware, queue);
	}
	if (is_alive(firmware))
		read_sequence(firmware, unit);
}

static void unit_done(struct agx_firmware *firmware, struct unit *unit)
{
	struct work_queue *queue = unit->command.queue;

	firmware_transcript(firmware, "%s end 0x%" PRIx64 " slot %u value 0x%x",
			    unit_name(unit->command.unit), unit->command.place.va,
			    unit->finish.slot, unit->finish.value);
	queue->start_written = false;
	stamps_finish(firmware, queue, &unit->finish);
	unit_free(firmware, unit);
	if (is_alive(firmware))
		queue_next(firmware, queue);
}

void unit_fail(struct agx_firmware *firmware, struct unit *unit, const char *format, ...)
{
	const enum agx_gpu_unit id = unit->command.unit;
	struct unit *vertex = &firmware->work_state.units[AGX_GPU_VERTEX];
	char text[128];
	va_list args;

	if (!is_alive(firmware))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	firmware_log(firmware, AGX_FIRMWARE_LOG_ERROR, "%s command 0x%" PRIx64 " has failed: %s",
		     unit_name(id), unit->command.place.va, text);
	firmware_transcript(firmware, "%s error 0x%" PRIx64 ": %s", unit_name(id),
			    unit->command.place.va, text);
	if (gpu_of(firmware) && unit->started && !unit->finalized)
		gpu_of(firmware)->stop(firmware->config.gpu_cookie, id);
	if (unit->partial) {
		unit_free(firmware, unit);
		unit_fail(firmware, vertex, "its partial render has failed");
		return;
	}
	firmware->commands->buffer_drop(firmware, &unit->command);
	unit->phase = UNIT_ERROR;
}

/* ChannelError, when there is room for it. */
static bool say_error(struct agx_firmware *firmware, struct unit *unit)
{
	struct work_queue *queue = unit->command.queue;
	struct agx_event_msg event = {
		.tag = AGX_EVENT_CHANNEL_ERROR,
		.channel_error = {.error_type = AGX_CHANNEL_ERROR_ABORTED,
				  .pipe_type = queue->pipe,
				  .event_slot = unit->finish.slot,
				  .event_value = unit->finish.value},
	};

	if (event_send(firmware, &event, queue->va))
		return false;
	queue->finish = unit->finish;
	queue->errors++;
	queue->state = QUEUE_FAILED;
	queue->start_written = false;
	queue_note(firmware, queue);
	unit_free(firmware, unit);
	return true;
}

/* Partial renders */

/* The vertex command branches back to its Start operation, which goes on. */
static void restart_vertex(struct agx_firmware *firmware)
{
	struct unit *unit = &firmware->work_state.units[AGX_GPU_VERTEX];

	unit->phase = UNIT_OPERATION;
	unit->at = unit->start_at;
	unit->waited = unit->overflow = false;
	unit->resuming = true;
	firmware_transcript(firmware, "vertex restart 0x%" PRIx64, unit->command.place.va);
}

/* When the fragment unit is free: the fragment command of the same render, in part. */
static bool begin_partial(struct agx_firmware *firmware, struct unit *unit)
{
	const struct command *command = &unit->command;
	struct place holder = {command->place.va, command->place.structure, NULL};
	struct work_queue *queue = NULL;
	uint64_t va = 0;

	if (firmware->work_state.units[AGX_GPU_FRAGMENT].phase != UNIT_FREE)
		return false;
	if (command->fragment_slot < AGX_EVENT_SLOTS)
		queue = queue_numbered(firmware,
				       firmware->work_state.slots[command->fragment_slot].owner);
	if (queue && queue->pipe == AGX_PIPE_FRAGMENT)
		va = queue_find_fragment(firmware, queue, command->fragment_value);
	if (!va)
		unit_fail(firmware, unit, "no fragment command for slot %u value 0x%x",
			  command->fragment_slot, command->fragment_value);
	else
		unit_load(firmware, queue, va, &holder, AGX_CMD_RUN_FRAGMENT, true);
	return true;
}

/* GrowTVB, when there is room for it; then the unit waits for the answer. */
static bool ask_growth(struct agx_firmware *firmware, struct unit *unit)
{
	struct agx_event_msg event = {
		.tag = AGX_EVENT_GROW_TVB,
		.grow_tvb = {.vm_slot = unit->command.vm_slot,
			     .buffer_slot = unit->start.buffer_slot,
			     .counter = firmware->work_state.growths},
	};

	if (unit->asked || agx_firmware_send_event(firmware, &event))
		return false;
	firmware->work_state.growths++;
	unit->asked = true;
	return true;
}

void unit_grown(struct agx_firmware *firmware, uint32_t vm_slot, uint32_t buffer_slot,
		uint32_t counter)
{
	struct unit *unit = &firmware->work_state.units[AGX_GPU_VERTEX];

	firmware->commands->buffer_grown(firmware, vm_slot, buffer_slot, counter);
	if (unit->phase == UNIT_GROW && unit->command.vm_slot == vm_slot &&
	    unit->start.buffer_slot == buffer_slot && unit->asked)
		restart_vertex(firmware);
}

/* Operations */

struct op {
	struct place place;
	const uint8_t *bytes;
	uint32_t header, offset, left, size;
};

static bool fail_order(struct agx_firmware *firmware, struct unit *unit, const struct op *op)
{
	firmware_find(firmware, AGX_FINDING_SEQUENCE_ORDER, &op->place, 0, 0,
		      op->header & AGX_OP_CODE, NULL);
	unit_fail(firmware, unit, "operation 0x%x at 0x%x is out of order",
		  op->header & AGX_OP_CODE, op->offset);
	return true;
}

/* Statistics that the Start operation names; whoever named them wrongly crashes the firmware. */
static void note_stats(struct agx_firmware *firmware, struct unit *unit, bool busy)
{
	const struct layout_ops *layout = firmware->layout;
	const enum agx_gpu_unit id = unit->command.unit;
	const uint64_t stats = unit->start.stats, queue = busy ? unit->command.queue->va : 0;
	uint32_t word = busy, total;
	bool good;

	if (!stats || !layout->total_before[id])
		return;
	good = memory_write(firmware, stats + layout->stats_busy_at[id], &word, sizeof(word)) &&
	       memory_write(firmware, stats + layout->stats_queue_at[id], &queue, sizeof(queue));
	if (good && busy) {
		good = memory_read(firmware, stats - layout->total_before[id], &total,
				   sizeof(total));
		total++;
		good = good && memory_write(firmware, stats - layout->total_before[id], &total,
					    sizeof(total));
	}
	word = busy ? unit->finish.slot : UINT32_MAX;
	if (good && id == AGX_GPU_FRAGMENT)
		good = memory_write(firmware, stats + layout->stats_stamp_at, &word, sizeof(word));
	word = busy;
	if (good && unit->start.busy_flag)
		good = memory_write(firmware, unit->start.busy_flag, &word, sizeof(word));
	if (!good)
		rtkit_panic(firmware, "statistics at 0x%" PRIx64, stats);
}

static void start_gpu(struct agx_firmware *firmware, struct unit *unit, const struct op *op)
{
	struct agx_gpu_register registers[AGX_GPU_MAX_REGISTERS];
	struct agx_gpu_attachment attachments[AGX_MAX_ATTACHMENTS];
	struct agx_gpu_work work = {0};

	if (!firmware->commands->fill_work(firmware, &unit->command, op->bytes, unit->partial,
					   &work, registers, attachments)) {
		unit_fail(firmware, unit, "its parameters make no work for the GPU");
		return;
	}
	if (unit->command.unit == AGX_GPU_VERTEX &&
	    !firmware->commands->buffer_begin(firmware, &unit->command, &unit->start, &work.tvb)) {
		unit_fail(firmware, unit, "it has no vertex buffer");
		return;
	}
	work.unit = unit->command.unit;
	work.partial = unit->partial;
	unit->started = true;
	gpu_of(firmware)->start(firmware->config.gpu_cookie, &work);
}

static void resume_gpu(struct agx_firmware *firmware, struct unit *unit)
{
	struct agx_gpu_tvb tvb = {0};

	unit->resuming = false;
	unit->since = firmware_now(firmware);
	if (firmware->commands->buffer_resume(firmware, &unit->command, &unit->start, &tvb))
		gpu_of(firmware)->resume(firmware->config.gpu_cookie, &tvb);
	else
		unit_fail(firmware, unit, "its vertex buffer is gone");
}

static bool op_start(struct agx_firmware *firmware, struct unit *unit, const struct op *op)
{
	static const uint8_t codes[AGX_GPU_UNITS] = {0, 4, 7}; /* kernel trace */
	const enum agx_gpu_unit id = unit->command.unit;

	if (unit->started && !unit->resuming)
		return fail_order(firmware, unit, op);
	unit->at += op->size;
	if (unit->resuming) {
		resume_gpu(firmware, unit);
		return true;
	}
	unit->start_at = op->offset;
	firmware->layout->decode_start(id, op->bytes, &unit->start);
	if (!firmware->commands->check_op(firmware, &unit->command, op->offset, op->bytes))
		return true;
	if (!gpu_of(firmware)) {
		if (!firmware->work_state.told_no_gpu)
			firmware_log(firmware, AGX_FIRMWARE_LOG_ERROR,
				     "there is no GPU to run commands");
		firmware->work_state.told_no_gpu = true;
		unit_fail(firmware, unit, "there is no GPU");
		return true;
	}
	note_stats(firmware, unit, true);
	if (!is_alive(firmware))
		return true;
	trace(firmware, 0, codes[id], unit->start.uuid, unit->partial, 0, unit->command.queue->va);
	unit->since = firmware_now(firmware);
	start_gpu(firmware, unit, op);
	return true;
}

static bool op_wait(struct agx_firmware *firmware, struct unit *unit, const struct op *op)
{
	static const uint32_t masks[AGX_GPU_UNITS] = {
		[AGX_GPU_VERTEX] = AGX_OP_WAIT_VERTEX,
		[AGX_GPU_FRAGMENT] = AGX_OP_WAIT_FRAGMENT,
		[AGX_GPU_COMPUTE] = AGX_OP_WAIT_COMPUTE,
	};
	const bool second = (op->header & AGX_OP_CODE) == AGX_OP_WAIT_FOR_IDLE2;
	uint32_t right = second ? (uint32_t)AGX_OP_WAIT_FOR_IDLE2
				: AGX_OP_WAIT_FOR_IDLE | masks[unit->command.unit];

	if (!unit->started || unit->waited)
		return fail_order(firmware, unit, op);
	if (op->header != right)
		firmware_find(firmware, AGX_FINDING_SEQUENCE_VALUE, &op->place, 0, right,
			      op->header, NULL);
	unit->phase = UNIT_WAIT;
	unit->at += op->size;
	return true;
}

static bool op_timestamp(struct agx_firmware *firmware, struct unit *unit, const struct op *op)
{
	const bool start = op->header & AGX_OP_TIMESTAMP_START;
	struct timestamp_op stamp;

	if (!unit->started || unit->finalized || start == unit->waited)
		return fail_order(firmware, unit, op);
	firmware->layout->decode_timestamp(op->bytes, &stamp);
	if (!firmware->commands->check_op(firmware, &unit->command, op->offset, op->bytes))
		return true;
	unit->at += op->size;
	/* Of several turns the first has the start, and only the last an end. */
	if (start ? !unit->restarts && !unit->again : !unit->overflow && !unit->partial)
		timestamp_write(firmware, &stamp, start);
	return true;
}

static bool end_partial(struct agx_firmware *firmware, struct unit *unit)
{
	const uint64_t count_at = unit->start.tvb_overflow_count;
	uint32_t count;

	firmware->commands->buffer_end_fragment(firmware, &unit->command, &unit->finalize, true);
	if (count_at) {
		bool good = memory_read(firmware, count_at, &count, sizeof(count));

		count++;
		if (!good || !memory_write(firmware, count_at, &count, sizeof(count))) {
			rtkit_panic(firmware, "overflow count at 0x%" PRIx64, count_at);
			return true;
		}
	}
	firmware_transcript(firmware, "fragment partial end 0x%" PRIx64, unit->command.place.va);
	unit_free(firmware, unit);
	restart_vertex(firmware);
	return true;
}

/* The vertex buffer was full when the unit came to rest. */
static void overflowed(struct agx_firmware *firmware, struct unit *unit, const struct op *op)
{
	uint32_t pages = gpu_of(firmware)->tvb_pages(firmware->config.gpu_cookie);

	if (op->offset + (int64_t)unit->finalize.restart_branch_offset != unit->start_at) {
		unit_fail(firmware, unit, "its restart branch leads nowhere");
		return;
	}
	if (unit->restarts++ == MAX_RESTARTS) {
		firmware_find(firmware, AGX_FINDING_SEQUENCE_ENDLESS, &op->place, 0, MAX_RESTARTS,
			      unit->restarts, NULL);
		unit_fail(firmware, unit, "%d partial renders", MAX_RESTARTS);
		return;
	}
	switch (firmware->commands->buffer_overflow(firmware, &unit->command, &unit->start,
						    pages)) {
	case BUFFER_PARTIAL:
		unit->phase = UNIT_PARTIAL;
		break;
	case BUFFER_GROW:
		unit->phase = UNIT_GROW;
		unit->asked = false;
		break;
	case BUFFER_ERROR:
		unit_fail(firmware, unit, "its vertex buffer is full");
	}
}

static bool op_finalize(struct agx_firmware *firmware, struct unit *unit, const struct op *op)
{
	static const uint8_t codes[AGX_GPU_UNITS] = {1, 6, 8}; /* kernel trace */
	const enum agx_gpu_unit id = unit->command.unit;
	uint32_t pages;

	if (!unit->waited || unit->finalized)
		return fail_order(firmware, unit, op);
	firmware->layout->decode_finalize(id, op->bytes, &unit->finalize);
	if (!unit->restarts &&
	    !firmware->commands->check_op(firmware, &unit->command, op->offset, op->bytes))
		return true;
	if (!unit->restarts &&
	    op->offset + (int64_t)unit->finalize.restart_branch_offset != unit->start_at)
		firmware_find(firmware, AGX_FINDING_SEQUENCE_BRANCH, &op->place,
			      firmware->layout->restart_at[id],
			      (uint32_t)(unit->start_at - op->offset),
			      (uint32_t)unit->finalize.restart_branch_offset, NULL);
	if (unit->overflow) {
		overflowed(firmware, unit, op);
		return true;
	}
	trace(firmware, 0, codes[id], unit->finalize.uuid, 0, 0, unit->command.queue->va);
	note_stats(firmware, unit, false);
	if (!is_alive(firmware))
		return true;
	if (unit->partial)
		return end_partial(firmware, unit);
	unit->finalized = true;
	unit->at += op->size;
	if (id == AGX_GPU_VERTEX) {
		pages = gpu_of(firmware)->tvb_pages(firmware->config.gpu_cookie);
		firmware->commands->buffer_end_vertex(firmware, &unit->command, &unit->finalize,
						      pages);
	} else if (id == AGX_GPU_FRAGMENT) {
		firmware->commands->buffer_end_fragment(firmware, &unit->command, &unit->finalize,
							false);
	}
	return true;
}

static void judge_end(struct agx_firmware *firmware, struct unit *unit, const struct op *op)
{
	if (op->left != op->size)
		firmware_find(firmware, AGX_FINDING_SEQUENCE_SIZE, &unit->command.place,
			      firmware->layout->sequence_at[unit->command.unit] + 8,
			      op->offset + op->size, unit->command.sequence_size, NULL);
}

static bool op_retire(struct agx_firmware *firmware, struct unit *unit, const struct op *op)
{
	if (!unit->finalized)
		return fail_order(firmware, unit, op);
	if (op->header != (AGX_OP_RETIRE_STAMP | AGX_OP_RETIRE_STAMP_FLAG))
		firmware_find(firmware, AGX_FINDING_SEQUENCE_VALUE, &op->place, 0,
			      AGX_OP_RETIRE_STAMP | AGX_OP_RETIRE_STAMP_FLAG, op->header, NULL);
	judge_end(firmware, unit, op);
	unit_done(firmware, unit);
	return true;
}

/* Memory that an operation names. false: panicked. */
static bool reach(struct agx_firmware *firmware, const struct op *op, uint32_t offset, uint64_t va,
		  uint32_t size, bool write)
{
	if (memory_check(firmware, &op->place, offset, va, size, write ? MEMORY_ANY : MEMORY_ANY_RO,
			 "memory of an operation"))
		return true;
	rtkit_panic(firmware, "operation 0x%x names 0x%" PRIx64, op->header & AGX_OP_CODE, va);
	return false;
}

static bool op_complete(struct agx_firmware *firmware, struct unit *unit, const struct op *op)
{
	struct agx_op_complete copy;
	uint32_t value;

	if (unit->started && !unit->finalized)
		return fail_order(firmware, unit, op);
	memcpy(&copy, op->bytes, sizeof(copy));
	value = copy.stamp_val;
	if (!reach(firmware, op, OP_AT(complete, stamp_addr), copy.stamp_addr, sizeof(value), true))
		return true;
	memory_write(firmware, copy.stamp_addr, &value, sizeof(value));
	judge_end(firmware, unit, op);
	unit_done(firmware, unit);
	return true;
}

static bool op_abort(struct agx_firmware *firmware, struct unit *unit, const struct op *op)
{
	struct agx_op_abort copy;
	uint32_t value;

	memcpy(&copy, op->bytes, sizeof(copy));
	value = copy.stamp_val;
	if (!reach(firmware, op, OP_AT(abort, stamp_addr), copy.stamp_addr, sizeof(value), true))
		return true;
	memory_write(firmware, copy.stamp_addr, &value, sizeof(value));
	judge_end(firmware, unit, op);
	unit_fail(firmware, unit, "its sequence aborts it");
	return true;
}

static bool fail_layout(struct agx_firmware *firmware, struct unit *unit, const struct op *op)
{
	firmware_find(firmware, AGX_FINDING_SEQUENCE_LAYOUT, &op->place, 0, 0, op->header, NULL);
	unit_fail(firmware, unit, "operation 0x%08x is not modelled", op->header);
	return true;
}

static bool op_memory(struct agx_firmware *firmware, struct unit *unit, const struct op *op)
{
	const uint32_t code = op->header & AGX_OP_CODE;
	const bool write = code == AGX_OP_WRITE32 || code == AGX_OP_WRITE64;
	const uint32_t size = code == AGX_OP_WRITE64 || code == AGX_OP_READ64 ? 8 : 4;
	uint64_t va, value = unit->accumulator;

	memcpy(&va, op->bytes + OP_AT(memory, addr), sizeof(va));
	if (!reach(firmware, op, OP_AT(memory, addr), va, size, write))
		return true;
	unit->at += op->size;
	if (!write) {
		unit->accumulator = 0;
		memory_read(firmware, va, &unit->accumulator, size);
		return true;
	}
	if (op->size != sizeof(struct agx_op_memory))
		memcpy(&value, op->bytes + sizeof(struct agx_op_memory), size);
	memory_write(firmware, va, &value, size);
	return true;
}

static bool op_alu(struct agx_firmware *firmware, struct unit *unit, const struct op *op)
{
	struct agx_op_alu copy;
	uint64_t value = unit->accumulator;

	memcpy(&copy, op->bytes, sizeof(copy));
	if (copy.op >> 11 != 2 || copy.op & 7)
		return fail_layout(firmware, unit, op);
	switch (copy.op >> 3 & 0xff) {
	case AGX_ALU_AND:
		value &= copy.arg;
		break;
	case AGX_ALU_OR:
		value |= copy.arg;
		break;
	case AGX_ALU_XOR:
		value ^= copy.arg;
		break;
	case AGX_ALU_LSR:
		value = copy.arg < 64 ? value >> copy.arg : 0;
		break;
	case AGX_ALU_LSL:
		value = copy.arg < 64 ? value << copy.arg : 0;
		break;
	default:
		firmware_find(firmware, AGX_FINDING_SEQUENCE_VALUE, &op->place, OP_AT(alu, op),
			      AGX_ALU_LSL, copy.op >> 3 & 0xff, NULL);
		unit_fail(firmware, unit, "ALU function 0x%x", copy.op >> 3 & 0xff);
		return true;
	}
	unit->accumulator = value;
	unit->at += op->size;
	return true;
}

static bool op_add16(struct unit *unit, const struct op *op)
{
	struct agx_op_add16 copy;

	memcpy(&copy, op->bytes, sizeof(copy));
	unit->accumulator += (uint16_t)(copy.arg1 >> 3 | copy.arg2 << 13);
	unit->at += op->size;
	return true;
}

/* Operations of the three units. */
static const uint8_t start_codes[AGX_GPU_UNITS] = {AGX_OP_START_VERTEX, AGX_OP_START_FRAGMENT,
						   AGX_OP_START_COMPUTE};
static const uint8_t finalize_codes[AGX_GPU_UNITS] = {
	AGX_OP_FINALIZE_VERTEX, AGX_OP_FINALIZE_FRAGMENT, AGX_OP_FINALIZE_COMPUTE};
static const char *const start_names[AGX_GPU_UNITS] = {"op_start_vertex", "op_start_fragment",
						       "op_start_compute"};
static const char *const finalize_names[AGX_GPU_UNITS] = {
	"op_finalize_vertex", "op_finalize_fragment", "op_finalize_compute"};

/* Size and name of an operation; its size is 0 when it has no known one. */
static void measure(const struct agx_firmware *firmware, struct op *op)
{
	const struct layout_ops *layout = firmware->layout;
	const uint32_t code = op->header & AGX_OP_CODE;
	const bool immediate = (op->header & AGX_OP_WRITE_SOURCE) == AGX_OP_WRITE_IMMEDIATE;
	const bool source = immediate || !(op->header & AGX_OP_WRITE_SOURCE);

	for (unsigned int i = 0; i < AGX_GPU_UNITS; i++) {
		if (code == start_codes[i]) {
			op->size = layout->start_size[i];
			op->place.structure = start_names[i];
		} else if (code == finalize_codes[i]) {
			op->size = layout->finalize_size[i];
			op->place.structure = finalize_names[i];
		}
	}
	switch (code) {
	case AGX_OP_WAIT_FOR_IDLE:
		op->size = layout->wait_for_idle2 ? 0 : AGX_OP_HEADER_SIZE;
		break;
	case AGX_OP_WAIT_FOR_IDLE2:
		op->size = layout->wait_for_idle2 ? AGX_OP_HEADER_SIZE : 0;
		break;
	case AGX_OP_RETIRE_STAMP:
		op->size = AGX_OP_HEADER_SIZE;
		break;
	case AGX_OP_DOORBELL:
		op->size = sizeof(struct agx_op_doorbell);
		op->place.structure = "op_doorbell";
		break;
	case AGX_OP_WRITE32:
		op->size = immediate ? sizeof(struct agx_op_write32_immediate)
			   : source  ? sizeof(struct agx_op_memory)
				     : 0;
		op->place.structure = "op_memory";
		break;
	case AGX_OP_WRITE64:
		op->size = immediate ? sizeof(struct agx_op_write64_immediate)
			   : source  ? sizeof(struct agx_op_memory)
				     : 0;
		op->place.structure = "op_memory";
		break;
	case AGX_OP_READ32:
	case AGX_OP_READ64:
		op->size = sizeof(struct agx_op_memory);
		op->place.structure = "op_memory";
		break;
	case AGX_OP_ALU:
		op->size = sizeof(struct agx_op_alu);
		op->place.structure = "op_alu";
		break;
	case AGX_OP_ADD16:
		op->size = sizeof(struct agx_op_add16);
		op->place.structure = "op_add16";
		break;
	case AGX_OP_TIMESTAMP:
		op->size = layout->timestamp_size;
		op->place.structure = "op_timestamp";
		break;
	case AGX_OP_PROFILE_CAPTURE:
		op->size = sizeof(struct agx_op_profile_capture);
		op->place.structure = "op_profile_capture";
		break;
	case AGX_OP_COMPLETE:
		op->size = sizeof(struct agx_op_complete);
		op->place.structure = "op_complete";
		break;
	case AGX_OP_ABORT:
		op->size = sizeof(struct agx_op_abort);
		op->place.structure = "op_abort";
		break;
	default:
		break;
	}
}

/* Registers of the GPU, traces and blits: that they exist is all that is known. */
static bool is_known_without_layout(const struct op *op)
{
	const uint32_t code = op->header & AGX_OP_CODE;

	return (code >= AGX_OP_WRITE_REG8 && code <= AGX_OP_WAIT_REG64 &&
		code != AGX_OP_WRITE_REG_STREAM) ||
	       code == AGX_OP_KTRACE || code == AGX_OP_START_BLIT || code == AGX_OP_FINALIZE_BLIT ||
	       code == AGX_OP_WRITE32 || code == AGX_OP_WRITE64;
}

static bool fail_unknown(struct agx_firmware *firmware, struct unit *unit, const struct op *op)
{
	if (is_known_without_layout(op))
		return fail_layout(firmware, unit, op);
	firmware_find(firmware, AGX_FINDING_SEQUENCE_UNKNOWN, &op->place, 0, 0, op->header, NULL);
	unit_fail(firmware, unit, "operation 0x%08x is not known", op->header);
	return true;
}

static bool fail_end(struct agx_firmware *firmware, struct unit *unit, const struct op *op)
{
	firmware_find(firmware, AGX_FINDING_SEQUENCE_END, &op->place, 0, op->size, op->left, NULL);
	unit_fail(firmware, unit, "its sequence stops at 0x%x", op->offset);
	return true;
}

static bool execute(struct agx_firmware *firmware, struct unit *unit)
{
	const struct command *command = &unit->command;
	const enum agx_gpu_unit id = command->unit;
	struct op op = {
		.place = {command->microsequence + unit->at, "op_header", NULL},
		.bytes = command->sequence + unit->at,
		.offset = unit->at,
		.left = command->sequence_size - unit->at,
		.size = AGX_OP_HEADER_SIZE,
	};
	uint32_t code;

	if (op.left < AGX_OP_HEADER_SIZE)
		return fail_end(firmware, unit, &op);
	memcpy(&op.header, op.bytes, sizeof(op.header));
	code = op.header & AGX_OP_CODE;
	op.size = 0;
	measure(firmware, &op);
	if (!op.size)
		return fail_unknown(firmware, unit, &op);
	if (op.size > op.left)
		return fail_end(firmware, unit, &op);
	firmware_transcript(firmware, "%s op 0x%03x %08x %s", unit_name(id), op.offset, op.header,
			    op.place.structure);
	if (code == start_codes[id])
		return op_start(firmware, unit, &op);
	if (code == finalize_codes[id])
		return op_finalize(firmware, unit, &op);
	switch (code) {
	case AGX_OP_WAIT_FOR_IDLE:
	case AGX_OP_WAIT_FOR_IDLE2:
		return op_wait(firmware, unit, &op);
	case AGX_OP_TIMESTAMP:
		return op_timestamp(firmware, unit, &op);
	case AGX_OP_RETIRE_STAMP:
		return op_retire(firmware, unit, &op);
	case AGX_OP_COMPLETE:
		return op_complete(firmware, unit, &op);
	case AGX_OP_ABORT:
		return op_abort(firmware, unit, &op);
	case AGX_OP_WRITE32:
	case AGX_OP_WRITE64:
	case AGX_OP_READ32:
	case AGX_OP_READ64:
		return op_memory(firmware, unit, &op);
	case AGX_OP_ALU:
		return op_alu(firmware, unit, &op);
	case AGX_OP_ADD16:
		return op_add16(unit, &op);
	case AGX_OP_DOORBELL: /* tells another processor; the transcript has it */
	case AGX_OP_PROFILE_CAPTURE:
		unit->at += op.size;
		return true;
	default: /* Start or Finalize of another unit */
		return fail_order(firmware, unit, &op);
	}
}

/* Waiting */

void unit_watch(struct agx_firmware *firmware, struct unit *unit)
{
	const uint64_t now = firmware_now(firmware);
	const enum agx_gpu_unit id = unit->command.unit;
	uint64_t progress;

	if (gpu_of(firmware)->progress) {
		progress = gpu_of(firmware)->progress(firmware->config.gpu_cookie, id);
		if (progress != unit->progress) {
			unit->progress = progress;
			unit->since = now;
			stamps_say(firmware);
			return;
		}
	}
	if (now - unit->since >= firmware->tree.watchdog[id])
		halt_timeout(firmware, unit);
}

static bool poll_gpu(struct agx_firmware *firmware, struct unit *unit)
{
	const enum agx_gpu_unit id = unit->command.unit;
	struct agx_gpu_fault fault = {0};

	switch (gpu_of(firmware)->state(firmware->config.gpu_cookie, id, &fault)) {
	case AGX_GPU_IDLE:
		break;
	case AGX_GPU_BUSY:
		unit_watch(firmware, unit);
		return firmware->status.state != AGX_FIRMWARE_READY;
	case AGX_GPU_FAULTED:
		return halt_fault(firmware, unit, &fault);
	case AGX_GPU_OVERFLOW:
		if (id != AGX_GPU_VERTEX) {
			unit_fail(firmware, unit, "the GPU says overflow");
			return true;
		}
		unit->overflow = true;
		break;
	}
	unit->waited = true;
	unit->phase = UNIT_OPERATION;
	return true;
}

bool unit_step(struct agx_firmware *firmware, struct unit *unit)
{
	switch (unit->phase) {
	case UNIT_OPERATION:
		return execute(firmware, unit);
	case UNIT_WAIT:
		return poll_gpu(firmware, unit);
	case UNIT_PARTIAL:
		return begin_partial(firmware, unit);
	case UNIT_ERROR:
		return say_error(firmware, unit);
	case UNIT_GROW:
		return ask_growth(firmware, unit);
	case UNIT_FREE:
		break;
	}
	return false;
}
