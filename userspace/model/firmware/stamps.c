// SPDX-License-Identifier: MIT
/* What follows a command: stamps, notifiers, Flag messages, times, kernel trace. */
#include <inttypes.h>

#include "internal.h"

/* Of the window for user's timestamps: driver: mmu.rs, IOVA_KERN_TIMESTAMP_RANGE. */
#define TIMESTAMP_AREA_SIZE (64ull << 20)

#define META_AT(member)     ((uint32_t)offsetof(struct agx_job_meta, member))
#define NOTIFIER_AT(member) ((uint32_t)offsetof(struct agx_g13_v12_3_notifier, member))

_Static_assert(offsetof(struct agx_g13_v12_3_notifier, vm_slot) ==
		       offsetof(struct agx_g14_v12_4_notifier, vm_slot),
	       "notifiers differ at their end only");
_Static_assert(offsetof(struct agx_g13_v12_3_notifier, vm_slot) ==
		       offsetof(struct agx_g14x_v13_5_notifier, vm_slot),
	       "notifiers differ at their end only");

static bool is_reached(uint32_t stamp, uint32_t value)
{
	return (int32_t)(stamp - value) >= 0;
}

void trace(struct agx_firmware *firmware, unsigned int channel, unsigned int code, uint64_t a,
	   uint64_t b, uint64_t c, uint64_t d)
{
	struct agx_ktrace_msg msg = {
		.args = {a, b, c, d},
		.code = (uint8_t)code,
		.channel = (uint8_t)channel,
		.thread = AGX_KTRACE_BACKGROUND,
	};

	agx_firmware_send_ktrace(firmware, &msg);
}

/* Judging */

static bool judge_address(struct agx_firmware *firmware, const struct place *place, uint32_t offset,
			  uint64_t va, uint64_t *known, enum memory_class class, const char *name)
{
	if (!memory_check(firmware, place, offset, va, sizeof(uint32_t), class, name)) {
		rtkit_panic(firmware, "stamp at 0x%" PRIx64, va);
		return false;
	}
	if (*known && *known != va)
		firmware_find(firmware, AGX_FINDING_STAMP_ADDRESS, place, offset, *known, va, name);
	*known = va;
	return true;
}

bool stamps_judge_barrier(struct agx_firmware *firmware, const struct place *place, uint32_t slot,
			  uint64_t fw_stamp)
{
	return judge_address(
		firmware, place, (uint32_t)offsetof(struct agx_g13_v12_3_barrier, wait_stamp),
		fw_stamp, &firmware->work_state.slots[slot].fw_stamp, MEMORY_PRIVATE, "fw_stamp");
}

bool stamp_reached(struct agx_firmware *firmware, uint64_t va, uint32_t value, bool *reached)
{
	uint32_t stamp;

	if (!memory_read(firmware, va, &stamp, sizeof(stamp))) {
		rtkit_panic(firmware, "stamp at 0x%" PRIx64 " is gone", va);
		return false;
	}
	*reached = is_reached(stamp, value);
	return true;
}

static bool judge_notifier(struct agx_firmware *firmware, const struct command *command,
			   struct finish *finish)
{
	struct place at = {command->notifier, "notifier", NULL};
	const uint32_t offset = firmware->layout->notifier_at[command->unit];
	uint64_t threshold;
	uint32_t unk_10;

	if (!memory_check(firmware, &command->place, offset, command->notifier,
			  firmware->layout->notifier_size, MEMORY_PRIVATE, "notifier") ||
	    !memory_read(firmware, command->notifier, &threshold, sizeof(threshold)) ||
	    !memory_read(firmware, command->notifier + NOTIFIER_AT(unk_10), &unk_10,
			 sizeof(unk_10)) ||
	    !memory_check(firmware, &at, NOTIFIER_AT(threshold), threshold,
			  sizeof(struct agx_threshold), MEMORY_SHARED, "threshold")) {
		rtkit_panic(firmware, "notifier at 0x%" PRIx64, command->notifier);
		return false;
	}
	if (unk_10 != AGX_NOTIFIER_UNK_10)
		firmware_find(firmware, AGX_FINDING_NOTIFIER_VALUE, &at, NOTIFIER_AT(unk_10),
			      AGX_NOTIFIER_UNK_10, unk_10, NULL);
	finish->notifier = command->notifier;
	finish->threshold = threshold;
	return true;
}

bool stamps_judge(struct agx_firmware *firmware, const struct command *command,
		  struct finish *finish)
{
	const struct agx_job_meta *meta = &command->meta;
	const struct place *place = &command->place;
	const uint32_t at = firmware->layout->meta_at[command->unit];
	struct event_slot *slot;

	if (meta->stamp_slot >= AGX_EVENT_SLOTS) {
		firmware_find(firmware, AGX_FINDING_STAMP_RANGE, place, at + META_AT(stamp_slot),
			      AGX_EVENT_SLOTS - 1, meta->stamp_slot, NULL);
		rtkit_panic(firmware, "command for event slot %u", meta->stamp_slot);
		return false;
	}
	slot = &firmware->work_state.slots[meta->stamp_slot];
	if (meta->stamp_slot != command->queue->slot)
		firmware_find(firmware, AGX_FINDING_STAMP_SLOT, place, at + META_AT(stamp_slot),
			      command->queue->slot, meta->stamp_slot, NULL);
	if (!judge_address(firmware, place, at + META_AT(stamp), meta->stamp, &slot->stamp,
			   MEMORY_SHARED, "stamp") ||
	    !judge_address(firmware, place, at + META_AT(fw_stamp), meta->fw_stamp, &slot->fw_stamp,
			   MEMORY_PRIVATE, "fw_stamp"))
		return false;
	if (meta->stamp_value % AGX_STAMP_STEP)
		firmware_find(firmware, AGX_FINDING_STAMP_STEP, place, at + META_AT(stamp_value), 0,
			      meta->stamp_value % AGX_STAMP_STEP, NULL);
	if (slot->written && is_reached(slot->value, meta->stamp_value))
		firmware_find(firmware, AGX_FINDING_STAMP_BACKWARDS, place,
			      at + META_AT(stamp_value), slot->value + AGX_STAMP_STEP,
			      meta->stamp_value, NULL);
	*finish = (struct finish){
		.command = place->va,
		.stamp = meta->stamp,
		.fw_stamp = meta->fw_stamp,
		.value = meta->stamp_value,
		.slot = meta->stamp_slot,
		.uuid = meta->uuid,
	};
	return judge_notifier(firmware, command, finish);
}

/* Notifier */

void notifier_link(struct agx_firmware *firmware, const struct work_queue *queue,
		   const struct finish *finish, bool in)
{
	/*
	 * An owner has one notifier and one list, which so has one member or none. How the
	 * firmware links more is not known.
	 */
	struct agx_list_head own = {0}, list = {.next = queue->notifier_list};
	const uint64_t notifier = finish->notifier;
	uint32_t flag = in;

	if (!notifier)
		return;
	if (in) {
		own = (struct agx_list_head){queue->notifier_list, queue->notifier_list};
		list.prev = list.next = notifier + firmware->layout->notifier_list_at;
	}
	if (!memory_write(firmware, notifier + firmware->layout->notifier_list_at, &own,
			  sizeof(own)) ||
	    !memory_write(firmware, notifier + firmware->layout->notifier_in_list_at, &flag,
			  sizeof(flag)) ||
	    !memory_write(firmware, queue->notifier_list, &list, sizeof(list)))
		rtkit_panic(firmware, "notifier at 0x%" PRIx64 " is gone", notifier);
}

static void count(struct agx_firmware *firmware, const struct finish *finish)
{
	struct place at = {finish->notifier, "notifier", NULL};
	const uint64_t va = finish->notifier + NOTIFIER_AT(cur_count);
	uint64_t threshold;
	uint32_t done;

	if (!memory_read(firmware, va, &done, sizeof(done)) ||
	    !memory_read(firmware, finish->threshold, &threshold, sizeof(threshold))) {
		rtkit_panic(firmware, "notifier at 0x%" PRIx64 " is gone", finish->notifier);
		return;
	}
	done++;
	if (!memory_write(firmware, va, &done, sizeof(done))) {
		rtkit_panic(firmware, "notifier at 0x%" PRIx64 " is gone", finish->notifier);
		return;
	}
	if ((int32_t)((uint32_t)threshold - done) > 0)
		return;
	if ((uint32_t)threshold != done)
		firmware_find(firmware, AGX_FINDING_NOTIFIER_THRESHOLD, &at, NOTIFIER_AT(cur_count),
			      threshold, done, NULL);
	firmware->work_state.flag_due = true;
}

void stamps_finish(struct agx_firmware *firmware, struct work_queue *queue,
		   const struct finish *finish)
{
	static const uint8_t codes[AGX_PIPE_COUNT] = {0xa, 0xc, 0xe}; /* kernel trace */
	struct event_slot *slot = &firmware->work_state.slots[finish->slot];
	uint32_t value = finish->value;

	/* Who sees the stamp sees the times and all else that the command has left. */
	if (!memory_write(firmware, finish->fw_stamp, &value, sizeof(value)) ||
	    !memory_release(firmware, finish->stamp, value)) {
		rtkit_panic(firmware, "stamps of slot %u are gone", finish->slot);
		return;
	}
	firmware->status.commands++;
	slot->value = value;
	slot->written = true;
	firmware->work_state.fired[finish->slot / 32] |= 1u << finish->slot % 32;
	firmware_transcript(firmware, "stamp %u = 0x%x", finish->slot, value);
	trace(firmware, 0, codes[queue->pipe], value, finish->slot, finish->stamp, finish->uuid);
	trace(firmware, 1, 0xa, 0, finish->notifier, value, finish->uuid);
	count(firmware, finish);
	trace(firmware, 1, 0xb, 0, finish->notifier, 0, 0);
	queue_wake(firmware, finish->slot);
}

void stamps_say(struct agx_firmware *firmware)
{
	struct work_state *state = &firmware->work_state;

	for (unsigned int i = 0; i < AGX_EVENT_SLOTS / 32; i++)
		if (state->fired[i])
			state->flag_due = true;
}

bool stamps_flush(struct agx_firmware *firmware)
{
	struct work_state *state = &firmware->work_state;
	struct agx_event_msg event = {.tag = AGX_EVENT_FLAG};

	if (!state->flag_due)
		return false;
	memcpy(event.flag.firing, state->fired, sizeof(state->fired));
	if (agx_firmware_send_event(firmware, &event))
		return false;
	state->flag_due = false;
	memset(state->fired, 0, sizeof(state->fired));
	trace(firmware, 0, 0x28, event.flag.firing[0], event.flag.firing[1], event.flag.firing[2],
	      event.flag.firing[3]);
	return true;
}

/* Times */

static uint64_t nanoseconds(uint64_t ticks)
{
	return ticks / 3 * 125 + ticks % 3 * 125 / 3;
}

static bool put_time(struct agx_firmware *firmware, uint64_t va, uint64_t time)
{
	if (memory_write(firmware, va, &time, sizeof(time)))
		return true;
	rtkit_panic(firmware, "time at 0x%" PRIx64, va);
	return false;
}

static bool put_user_time(struct agx_firmware *firmware, const struct place *place, uint64_t va,
			  uint64_t time)
{
	const uint64_t base = firmware->tree.timestamp_area;

	if (va >= base && va - base <= TIMESTAMP_AREA_SIZE - sizeof(time))
		return put_time(firmware, va, time);
	firmware_find(firmware, AGX_FINDING_TIMESTAMP_WINDOW, place, 0, base, va, NULL);
	rtkit_panic(firmware, "user's time at 0x%" PRIx64, va);
	return false;
}

bool timestamp_write(struct agx_firmware *firmware, const struct timestamp_op *op, bool start)
{
	const uint64_t time = nanoseconds(firmware_now(firmware));
	const uint64_t user_at = op->user_ts_pointers + (start ? 0 : 8);
	struct place at = {user_at, "timestamp_pointers", NULL};
	uint64_t own, user;

	firmware_transcript(firmware, "time %s %" PRIu64, start ? "start" : "end", time);
	if (!memory_read(firmware, op->update_ts, &own, sizeof(own)) ||
	    !memory_read(firmware, user_at, &user, sizeof(user))) {
		rtkit_panic(firmware, "pointers to times at 0x%" PRIx64 " and 0x%" PRIx64,
			    op->update_ts, user_at);
		return false;
	}
	return put_time(firmware, op->command_time, time) &&
	       (!own || put_time(firmware, own, time)) &&
	       (!user || put_user_time(firmware, &at, user, time));
}
