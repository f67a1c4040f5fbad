// SPDX-License-Identifier: MIT
/* What the firmware says of its own accord: log, trace, statistics, events, halts. */
#include <errno.h>
#include <stdio.h>

#include "internal.h"

static bool is_up(const struct agx_firmware *firmware)
{
	return firmware->status.state == AGX_FIRMWARE_READY ||
	       firmware->status.state == AGX_FIRMWARE_HALTED;
}

/* Messages that nobody needs are dropped when their ring is full. */
static int put_or_drop(struct agx_firmware *firmware, unsigned int id, const void *element)
{
	int ret = channel_put(firmware, id, element);

	if (ret == -EAGAIN)
		firmware->status.dropped++;
	return ret;
}

int agx_firmware_send_log(struct agx_firmware *firmware, enum agx_fwlog_level level,
			  const char *text)
{
	struct agx_fwlog_payload payload = {.msg_type = AGX_FWLOG_PAYLOAD_TYPE};
	struct agx_fwlog_msg msg = {.msg_type = AGX_FWLOG_MSG_TYPE};
	unsigned int id = CHANNEL_FWLOG + (unsigned int)level;
	uint64_t entry;

	if (!is_up(firmware) || (unsigned int)level >= AGX_FWLOG_CHANNELS)
		return -EINVAL;
	if (!channel_has_room(firmware, id)) {
		if (firmware->channels[id].dead)
			return -EINVAL;
		firmware->status.dropped++;
		return -EAGAIN;
	}
	msg.msg_index = channel_next_index(firmware, id);
	entry = (uint64_t)level * AGX_CHANNEL_FWLOG_ENTRIES + msg.msg_index;
	payload.seq_no = firmware->log_sequence++;
	payload.timestamp = firmware_now(firmware);
	snprintf(payload.msg, sizeof(payload.msg), "%s", text);
	if (!memory_write(firmware, firmware->tree.fwlog_buf + entry * sizeof(payload), &payload,
			  sizeof(payload))) {
		rtkit_panic(firmware, "log buffer is gone");
		return -EINVAL;
	}
	firmware_transcript(firmware, "log %u \"%s\"", (unsigned int)level, payload.msg);
	return channel_put(firmware, id, &msg);
}

int agx_firmware_send_ktrace(struct agx_firmware *firmware, const struct agx_ktrace_msg *msg)
{
	struct agx_ktrace_msg copy = *msg;
	uint32_t enable;

	if (!is_up(firmware))
		return -EINVAL;
	if (!memory_read(firmware, firmware->tree.ktrace_enable, &enable, sizeof(enable))) {
		rtkit_panic(firmware, "globals are gone");
		return -EINVAL;
	}
	if (!enable)
		return -ENOENT;
	copy.msg_type = AGX_KTRACE_MSG_TYPE;
	copy.timestamp = firmware_now(firmware);
	return put_or_drop(firmware, CHANNEL_KTRACE, &copy);
}

int agx_firmware_send_stats(struct agx_firmware *firmware, enum agx_stats_tag tag,
			    const void *payload, size_t size)
{
	uint8_t element[0x40] = {0};
	uint32_t word = tag;

	if (!is_up(firmware) || size > firmware->ops->stats_element - sizeof(word))
		return -EINVAL;
	memcpy(element, &word, sizeof(word));
	if (size)
		memcpy(element + sizeof(word), payload, size);
	return put_or_drop(firmware, CHANNEL_STATS, element);
}

int agx_firmware_send_raw_event(struct agx_firmware *firmware, const struct agx_event_msg *event)
{
	if (!is_up(firmware))
		return -EINVAL;
	return channel_put(firmware, CHANNEL_EVENT, event);
}

int agx_firmware_send_event(struct agx_firmware *firmware, const struct agx_event_msg *event)
{
	return event_send(firmware, event, 0);
}

int event_send(struct agx_firmware *firmware, const struct agx_event_msg *event, uint64_t queue)
{
	struct asked asked = {.tag = event->tag, .queue = queue};
	struct asked *slot = NULL;
	int ret;

	if (!is_up(firmware))
		return -EINVAL;
	switch (event->tag) {
	case AGX_EVENT_FLAG:
		return channel_put(firmware, CHANNEL_EVENT, event);
	case AGX_EVENT_GROW_TVB:
		asked.a = event->grow_tvb.vm_slot;
		asked.b = event->grow_tvb.buffer_slot;
		asked.c = event->grow_tvb.counter;
		break;
	case AGX_EVENT_CHANNEL_ERROR:
		asked.a = event->channel_error.pipe_type;
		asked.b = event->channel_error.event_value;
		break;
	default:
		return -EINVAL; /* Fault and Timeout come with agx_firmware_halt() */
	}
	for (unsigned int i = 0; i < MAX_ASKED && !slot; i++)
		if (!firmware->asked[i].tag)
			slot = &firmware->asked[i];
	if (!slot)
		return -EAGAIN;
	ret = channel_put(firmware, CHANNEL_EVENT, event);
	if (!ret)
		*slot = asked;
	return ret;
}

/* Takes the question that an answer belongs to off the list; false: there was none. */
bool asked_take(struct agx_firmware *firmware, struct asked *answer)
{
	for (unsigned int i = 0; i < MAX_ASKED; i++) {
		struct asked *asked = &firmware->asked[i];

		if (asked->tag != answer->tag || asked->a != answer->a || asked->b != answer->b ||
		    asked->c != answer->c)
			continue;
		answer->queue = asked->queue;
		asked->tag = 0;
		return true;
	}
	return false;
}

/* Notes a command that was running in the first free entry of globals.pending_stamps. */
static bool note_stamp(struct agx_firmware *firmware, const struct agx_firmware_stamp *stamp,
		       unsigned int *from)
{
	for (; *from < AGX_PENDING_STAMPS; ++*from) {
		uint64_t va =
			firmware->tree.pending_stamps + *from * sizeof(struct agx_pending_stamp);
		struct agx_pending_stamp entry;

		if (!memory_read(firmware, va, &entry, sizeof(entry)))
			return false;
		if (entry.info)
			continue;
		entry.info = AGX_PENDING_STAMP_VALID | stamp->slot << firmware->tree.pending_shift;
		entry.wait_value = stamp->value;
		++*from;
		return memory_write(firmware, va, &entry, sizeof(entry));
	}
	return true; /* more than there is room for: the rest stays unnamed */
}

static bool write_status(struct agx_firmware *firmware, uint32_t offset, const void *data,
			 size_t size)
{
	if (memory_write(firmware, firmware->tree.status.va + offset, data, size))
		return true;
	rtkit_panic(firmware, "firmware status is gone");
	return false;
}

int agx_firmware_halt(struct agx_firmware *firmware, const struct agx_event_msg *event,
		      const struct agx_firmware_stamp *stamps, unsigned int count)
{
	struct agx_firmware_stamp running[AGX_GPU_UNITS];
	unsigned int from = 0, run;
	uint64_t halts;

	if (firmware->status.state != AGX_FIRMWARE_READY || count > AGX_PENDING_STAMPS ||
	    (event->tag != AGX_EVENT_FAULT && event->tag != AGX_EVENT_TIMEOUT))
		return -EINVAL;
	for (unsigned int i = 0; i < count; i++)
		if (stamps[i].slot >= AGX_EVENT_SLOTS)
			return -EINVAL;
	if (!channel_has_room(firmware, CHANNEL_EVENT))
		return firmware->channels[CHANNEL_EVENT].dead ? -EINVAL : -EAGAIN;
	run = halt_list(firmware, running);
	for (unsigned int i = 0; i < count + run; i++) {
		if (note_stamp(firmware, i < count ? &stamps[i] : &running[i - count], &from))
			continue;
		rtkit_panic(firmware, "globals are gone");
		return -EINVAL;
	}
	halt_kill(firmware);
	halts = ++firmware->halts;
	/* The driver looks at halted, and may do so before the event comes. */
	if (!write_status(firmware, offsetof(struct agx_fw_status, halt_count), &halts,
			  sizeof(halts)))
		return -EINVAL;
	if (!memory_release(firmware,
			    firmware->tree.status.va + offsetof(struct agx_fw_status, halted), 1)) {
		rtkit_panic(firmware, "firmware status is gone");
		return -EINVAL;
	}
	firmware_set_state(firmware, AGX_FIRMWARE_HALTED);
	return channel_put(firmware, CHANNEL_EVENT, event);
}

bool halted_step(struct agx_firmware *firmware)
{
	const struct place *place = &firmware->tree.status;
	const uint32_t halted_at = offsetof(struct agx_fw_status, halted);
	const uint32_t resume_at = offsetof(struct agx_fw_status, resume);
	uint32_t halted, resume, zero = 0;

	/* The driver clears halted before it sets resume: looked at the other way round. */
	if (!memory_acquire(firmware, place->va + resume_at, &resume) ||
	    !memory_read(firmware, place->va + halted_at, &halted, sizeof(halted))) {
		rtkit_panic(firmware, "firmware status is gone");
		return true;
	}
	if (!resume)
		return false;
	if (resume != 1)
		firmware_find(firmware, AGX_FINDING_STATUS_VALUE, place, resume_at, 1, resume,
			      NULL);
	if (halted) {
		firmware_find(firmware, AGX_FINDING_STATUS_RESUME, place, halted_at, 0, halted,
			      NULL);
		write_status(firmware, halted_at, &zero, sizeof(zero));
	}
	if (write_status(firmware, resume_at, &zero, sizeof(zero))) {
		firmware_set_state(firmware, AGX_FIRMWARE_READY);
		halt_resumed(firmware);
	}
	return true;
}

void say_ready(struct agx_firmware *firmware)
{
	agx_firmware_send_log(firmware, AGX_FWLOG_NOTICE, "init data accepted");
}
