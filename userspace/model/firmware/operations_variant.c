// SPDX-License-Identifier: MIT
/*
 * Operations of one variant's micro-sequences against the command that they carry out. Compiled
 * once per variant. What an operation may follow, and where a sequence ends, is judged where
 * sequences are run.
 */
#include "buffers.h"
#include "variant.h"

#define LENGTH(array) ((unsigned int)(sizeof(array) / sizeof(*(array))))

/* Rows of the operation T, for a command C. */
#define ROW(member, kind, fact, finding, value)                                                  \
	{                                                                                        \
		ROW_AT(T, member), ROW_SIZE(T, member), kind, fact, AGX_FINDING_##finding, value \
	}
#define ZERO(member) ROW(member, ROW_ZERO, 0, OPERATION_NOT_ZERO, 0)
#define ZEROS(first, last)                                                \
	{                                                                 \
		ROW_AT(T, first), ROW_RANGE(T, first, last), ROW_ZERO, 0, \
			AGX_FINDING_OPERATION_NOT_ZERO, 0                 \
	}
#define CONST(member, value) ROW(member, ROW_CONST, 0, OPERATION_VALUE, value)
#define FACT(member, fact)   ROW(member, ROW_FACT, fact, OPERATION_REFERENCE, 0)
#define OWN(member, of)      ROW(member, ROW_OWN, 0, OPERATION_REFERENCE, ROW_AT(C, of))

#define C AGX_FW(run_vertex)
#define T AGX_FW(op_start_vertex)
static const struct row start_vertex[] = {
#if AGX_FW_G14X
	ZEROS(tiling_params, job_params1),
	OWN(registers, registers),
#else
	OWN(tiling_params, tiling_params),
	OWN(job_params1, job_params1),
#endif
	FACT(buffer, FACT_BUFFER),
	FACT(scene, FACT_SCENE),
	FACT(stats, FACT_STATS),
	FACT(work_queue, FACT_QUEUE),
	FACT(vm_slot, FACT_CONTEXT),
	CONST(unk_38, 1),
	FACT(event_generation, FACT_GENERATION),
	FACT(buffer_slot, FACT_BUFFER_SLOT),
	ZERO(unk_44),
	FACT(event_seq, FACT_EVENT_SEQ),
	ZERO(unk_50),
	OWN(unk_pointer, unk_pointee),
	OWN(unk_job_buf, unk_buf_0),
	ZEROS(unk_64, unk_68),
	FACT(uuid, FACT_UUID),
	ZERO(pad_174),
#if AGX_FW_V13
	FACT(counter, FACT_COUNTER),
	FACT(notifier_buf, FACT_NOTIFIER_BUF),
#endif
	FACT(unk_178, FACT_NOT_CLUSTERED),
};
#undef T
#define T AGX_FW(op_finalize_vertex)
static const struct row finalize_vertex[] = {
	FACT(scene, FACT_SCENE),
	FACT(buffer, FACT_BUFFER),
	FACT(stats, FACT_STATS),
	FACT(work_queue, FACT_QUEUE),
	FACT(vm_slot, FACT_CONTEXT),
	ZERO(unk_28),
	OWN(unk_pointer, unk_pointee),
	ZERO(unk_34),
	FACT(uuid, FACT_UUID),
	FACT(fw_stamp, FACT_FW_STAMP),
	FACT(stamp_value, FACT_STAMP_VALUE),
	{ROW_AT(T, unk_48), (uint16_t)(ROW_AT(T, restart_branch_offset) - ROW_AT(T, unk_48)),
	 ROW_ZERO, 0, AGX_FINDING_OPERATION_NOT_ZERO, 0},
	FACT(has_attachments, FACT_HAS_ATTACHMENTS),
#if AGX_FW_V13
	ZERO(unk_74),
#endif
};
#undef T
#undef C

#define C AGX_FW(run_fragment)
#define T AGX_FW(op_start_fragment)
static const struct row start_fragment[] = {
#if AGX_FW_G14X
	ZEROS(job_params2, job_params1),
	OWN(registers, registers),
#else
	OWN(job_params2, job_params2),
	OWN(job_params1, job_params1),
#endif
	FACT(scene, FACT_SCENE),
	FACT(stats, FACT_STATS),
	OWN(busy_flag, busy_flag),
	OWN(tvb_overflow_count, tvb_overflow_count),
	OWN(unk_pointer, unk_pointee),
	FACT(work_queue, FACT_QUEUE),
	FACT(work_item, FACT_COMMAND),
	FACT(vm_slot, FACT_CONTEXT),
	CONST(unk_50, 1),
	FACT(event_generation, FACT_GENERATION),
	FACT(sync_grow, FACT_SYNC_GROW),
	FACT(event_seq, FACT_EVENT_SEQ),
	ZERO(unk_68),
	OWN(unk_758_flag, unk_758_flag),
	OWN(unk_job_buf, unk_buf_0),
#if AGX_FW_V13
	ZERO(unk_7c_0),
#endif
	ZEROS(unk_7c, unk_84),
	FACT(uuid, FACT_UUID),
	ZERO(pad_190),
#if AGX_FW_V13
	FACT(counter, FACT_COUNTER),
	FACT(notifier_buf, FACT_NOTIFIER_BUF),
#endif
};
#undef T
#define T AGX_FW(op_finalize_fragment)
static const struct row finalize_fragment[] = {
	FACT(uuid, FACT_UUID),
	ZERO(unk_8),
	FACT(fw_stamp, FACT_FW_STAMP),
	FACT(stamp_value, FACT_STAMP_VALUE),
	ZERO(unk_18),
	FACT(scene, FACT_SCENE),
	FACT(buffer, FACT_BUFFER),
	CONST(unk_2c, 1),
	FACT(stats, FACT_STATS),
	OWN(unk_pointer, unk_pointee),
	OWN(busy_flag, busy_flag),
	FACT(work_queue, FACT_QUEUE),
	FACT(work_item, FACT_COMMAND),
	FACT(vm_slot, FACT_CONTEXT),
	ZERO(unk_60),
	OWN(unk_758_flag, unk_758_flag),
#if AGX_FW_V13
	ZERO(unk_6c_0),
#endif
	{ROW_AT(T, unk_6c), (uint16_t)(ROW_AT(T, restart_branch_offset) - ROW_AT(T, unk_6c)),
	 ROW_ZERO, 0, AGX_FINDING_OPERATION_NOT_ZERO, 0},
	FACT(has_attachments, FACT_HAS_ATTACHMENTS),
#if AGX_FW_V13
	ZERO(unk_9c),
#endif
};
#undef T
#undef C

#define C AGX_FW(run_compute)
#define T AGX_FW(op_start_compute)
static const struct row start_compute[] = {
	OWN(unk_pointer, unk_pointee),
#if AGX_FW_G14X
	ZERO(job_params1),
	OWN(registers, registers),
#else
	OWN(job_params1, job_params1),
#endif
	FACT(stats, FACT_STATS),
	FACT(work_queue, FACT_QUEUE),
	FACT(vm_slot, FACT_CONTEXT),
	CONST(unk_28, 1),
	FACT(event_generation, FACT_GENERATION),
	FACT(event_seq, FACT_EVENT_SEQ),
	ZERO(unk_38),
	OWN(job_params2, job_params2),
	ZERO(unk_44),
	FACT(uuid, FACT_UUID),
	ZERO(pad_150),
#if AGX_FW_V13
	OWN(unk_flag, unk_flag),
	FACT(counter, FACT_COUNTER),
	FACT(notifier_buf, FACT_NOTIFIER_BUF),
#endif
};
#undef T
#define T AGX_FW(op_finalize_compute)
static const struct row finalize_compute[] = {
	FACT(stats, FACT_STATS),
	FACT(work_queue, FACT_QUEUE),
	FACT(vm_slot, FACT_CONTEXT),
#if !AGX_FW_V13
	ZERO(unk_18),
#endif
	OWN(job_params2, job_params2),
	ZERO(unk_24),
	FACT(uuid, FACT_UUID),
	FACT(fw_stamp, FACT_FW_STAMP),
	FACT(stamp_value, FACT_STAMP_VALUE),
	{ROW_AT(T, unk_38), (uint16_t)(ROW_AT(T, restart_branch_offset) - ROW_AT(T, unk_38)),
	 ROW_ZERO, 0, AGX_FINDING_OPERATION_NOT_ZERO, 0},
	FACT(has_attachments, FACT_HAS_ATTACHMENTS),
#if AGX_FW_V13
	ZERO(unk_64),
	OWN(unk_flag, unk_flag),
	ZERO(unk_79),
#endif
};
#undef T
#undef C

#define T AGX_FW(op_timestamp)
#if AGX_FW_V13
#define TIMESTAMP_ROWS(unk)                                                       \
	OWN(command_time, command_time), OWN(ts_pointers, timestamp_pointers),    \
		FACT(update_ts, FACT_UPDATE_TS), FACT(work_queue, FACT_QUEUE),    \
		OWN(user_ts_pointers, user_timestamp_pointers), OWN(unk_ts, unk), \
		FACT(uuid, FACT_UUID), ZERO(unk_30)
#else
#define TIMESTAMP_ROWS(unk)                                                            \
	OWN(command_time, command_time), OWN(ts_pointers, timestamp_pointers),         \
		FACT(update_ts, FACT_UPDATE_TS), FACT(work_queue, FACT_QUEUE),         \
		OWN(user_ts_pointers, user_timestamp_pointers), FACT(uuid, FACT_UUID), \
		ZERO(unk_30)
#endif
#define C AGX_FW(run_vertex)
static const struct row timestamp_vertex[] = {TIMESTAMP_ROWS(unk_ts)};
#undef C
#define C AGX_FW(run_fragment)
static const struct row timestamp_fragment[] = {TIMESTAMP_ROWS(unk_ts)};
#undef C
#define C AGX_FW(run_compute)
static const struct row timestamp_compute[] = {TIMESTAMP_ROWS(context_store_req)};
#undef C
#undef T

/* Where the parts of operations and commands are, by unit. */
static const struct {
	uint8_t start, finalize;
	const char *start_name, *finalize_name;
	const struct row *start_rows, *finalize_rows, *timestamp_rows;
	unsigned int start_count, finalize_count, timestamp_count;
	uint32_t attachments, restart, own_times;
	uint32_t counter; /* of the command, 13.5 */
} parts[AGX_GPU_UNITS] = {
#if AGX_FW_V13
#define COUNTER_AT(name) ROW_AT(AGX_FW(run_##name), counter)
#else
#define COUNTER_AT(name) 0
#endif
#define PART(unit, name)                                                               \
	[AGX_GPU_##unit] = {AGX_OP_START_##unit,                                       \
			    AGX_OP_FINALIZE_##unit,                                    \
			    "op_start_" #name,                                         \
			    "op_finalize_" #name,                                      \
			    start_##name,                                              \
			    finalize_##name,                                           \
			    timestamp_##name,                                          \
			    LENGTH(start_##name),                                      \
			    LENGTH(finalize_##name),                                   \
			    LENGTH(timestamp_##name),                                  \
			    ROW_AT(AGX_FW(op_start_##name), attachments),              \
			    ROW_AT(AGX_FW(op_finalize_##name), restart_branch_offset), \
			    ROW_AT(AGX_FW(run_##name), timestamp_pointers),            \
			    COUNTER_AT(name)}
	PART(VERTEX, vertex),
	PART(FRAGMENT, fragment),
	PART(COMPUTE, compute),
#undef PART
};

static void judge_attachments(struct agx_firmware *firmware, const struct place *place, uint32_t at,
			      const uint8_t *op)
{
	static const struct agx_attachment none;
	struct agx_attachments all;

	memcpy(&all, op + at, sizeof(all));
	if (all.count > AGX_MAX_ATTACHMENTS) {
		firmware_find(firmware, AGX_FINDING_OPERATION_ATTACHMENT, place,
			      at + ROW_AT(agx_attachments, count), AGX_MAX_ATTACHMENTS, all.count,
			      NULL);
		return;
	}
	for (uint32_t i = 0; i < AGX_MAX_ATTACHMENTS; i++) {
		const struct agx_attachment *one = &all.list[i];
		const uint32_t offset = at + i * (uint32_t)sizeof(*one);

		if (i >= all.count) {
			if (memcmp(one, &none, sizeof(none)))
				firmware_find(firmware, AGX_FINDING_OPERATION_ATTACHMENT, place,
					      offset, 0, one->address, "behind the last");
			continue;
		}
		if (one->unk_c != AGX_ATTACHMENT_UNK_C)
			firmware_find(firmware, AGX_FINDING_OPERATION_ATTACHMENT, place,
				      offset + ROW_AT(agx_attachment, unk_c), AGX_ATTACHMENT_UNK_C,
				      one->unk_c, NULL);
		if (one->unk_e != AGX_ATTACHMENT_UNK_E)
			firmware_find(firmware, AGX_FINDING_OPERATION_ATTACHMENT, place,
				      offset + ROW_AT(agx_attachment, unk_e), AGX_ATTACHMENT_UNK_E,
				      one->unk_e, NULL);
	}
}

/* What a Finalize operation must say of the attachments that its Start operation has. */
static uint64_t has_attachments(const struct command *command, uint32_t offset, const uint8_t *op)
{
	const int32_t restart =
		(int32_t)critic_load(op, parts[command->unit].restart, sizeof(restart));
	const int64_t start = (int64_t)offset + restart;
	const uint32_t at = parts[command->unit].attachments + ROW_AT(agx_attachments, count);

	if (start < 0 || start + at + 4 > command->sequence_size ||
	    (command->sequence[start] & AGX_OP_CODE) != parts[command->unit].start)
		return 0;
	return critic_load(command->sequence, (uint32_t)start + at, 4) != 0;
}

/* Members of the command that its operations repeat. */
static void set_facts(struct agx_firmware *firmware, const struct command *command,
		      uint64_t facts[FACTS])
{
	const uint8_t *copy = command->copy;
	uint32_t generation = 0;

	memory_read(firmware, command->notifier + ROW_AT(AGX_FW(notifier), generation), &generation,
		    sizeof(generation));
	facts[FACT_COMMAND] = command->place.va;
	facts[FACT_QUEUE] = command->queue->va;
	facts[FACT_STATS] = firmware->tree.stats[command->unit];
	facts[FACT_CONTEXT] = command->vm_slot;
	facts[FACT_GENERATION] = generation;
#if AGX_FW_V13
	facts[FACT_NOTIFIER_BUF] = command->notifier + ROW_AT(AGX_FW(notifier), unk_buf);
	facts[FACT_COUNTER] = critic_load(copy, parts[command->unit].counter, 8);
#endif
	facts[FACT_EVENT_SEQ] = command->meta.event_seq;
	facts[FACT_UUID] = command->meta.uuid;
	facts[FACT_FW_STAMP] = command->meta.fw_stamp;
	facts[FACT_STAMP_VALUE] = command->meta.stamp_value;
	if (command->unit == AGX_GPU_VERTEX) {
		facts[FACT_BUFFER] = critic_load(copy, ROW_AT(AGX_FW(run_vertex), buffer), 8);
		facts[FACT_SCENE] = critic_load(copy, ROW_AT(AGX_FW(run_vertex), scene), 8);
		facts[FACT_BUFFER_SLOT] =
			critic_load(copy, ROW_AT(AGX_FW(run_vertex), buffer_slot), 4);
#if AGX_FW_V13 && AGX_FW_G13
		facts[FACT_NOT_CLUSTERED] =
			critic_load(copy, ROW_AT(AGX_FW(run_vertex), job_params1.tiling_control),
				    4) &
			1;
#elif AGX_FW_V13 && AGX_FW_G14
		facts[FACT_NOT_CLUSTERED] = 1;
#endif
	} else if (command->unit == AGX_GPU_FRAGMENT) {
		facts[FACT_BUFFER] = critic_load(copy, ROW_AT(AGX_FW(run_fragment), buffer), 8);
		facts[FACT_SCENE] = critic_load(copy, ROW_AT(AGX_FW(run_fragment), scene), 8);
		facts[FACT_SYNC_GROW] = critic_load(
			copy, ROW_AT(AGX_FW(run_fragment), encoder_params.sync_grow), 4);
	}
#if AGX_FW_G14X
	if (command->unit == AGX_GPU_VERTEX) {
		const uint32_t array = ROW_AT(AGX_FW(run_vertex), registers);

		for (uint32_t i = 0; i < AGX_MAX_REGISTERS; i++)
			if (critic_load(copy, array + i * 12, 4) == AGX_REG_TILING_CONTROL) {
				facts[FACT_NOT_CLUSTERED] =
					critic_load(copy, array + i * 12 + 4, 8) & 1;
				break;
			}
	}
#endif
}

bool AGX_FW(critic_operation)(struct agx_firmware *firmware, const struct command *command,
			      uint32_t offset, const uint8_t *op)
{
	const enum agx_gpu_unit unit = command->unit;
	const uint32_t header = (uint32_t)critic_load(op, 0, 4), code = header & AGX_OP_CODE;
	struct place place = {command->microsequence + offset, NULL, NULL};
	uint64_t facts[FACTS] = {0};

	set_facts(firmware, command, facts);
	if (code == parts[unit].start) {
		place.structure = parts[unit].start_name;
		critic_rows(firmware, &place, op, parts[unit].start_rows, parts[unit].start_count,
			    facts);
		judge_attachments(firmware, &place, parts[unit].attachments, op);
		if (unit == AGX_GPU_FRAGMENT)
			buffers_judge_slot(
				firmware, &place, ROW_AT(AGX_FW(op_start_fragment), buffer_slot),
				(uint32_t)critic_load(
					op, ROW_AT(AGX_FW(op_start_fragment), buffer_slot), 4),
				facts[FACT_BUFFER]);
	} else if (code == parts[unit].finalize) {
		place.structure = parts[unit].finalize_name;
		facts[FACT_HAS_ATTACHMENTS] = has_attachments(command, offset, op);
		critic_rows(firmware, &place, op, parts[unit].finalize_rows,
			    parts[unit].finalize_count, facts);
	} else if (code == AGX_OP_TIMESTAMP) {
		place.structure = "op_timestamp";
		facts[FACT_UPDATE_TS] = facts[FACT_COMMAND] + parts[unit].own_times +
					(header & AGX_OP_TIMESTAMP_START
						 ? ROW_AT(agx_timestamp_pointers, start_addr)
						 : ROW_AT(agx_timestamp_pointers, end_addr));
		critic_rows(firmware, &place, op, parts[unit].timestamp_rows,
			    parts[unit].timestamp_count, facts);
	}
	return true;
}
