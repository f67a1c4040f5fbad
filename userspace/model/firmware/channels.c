// SPDX-License-Identifier: MIT
/*
 * Rings. The firmware keeps its own index of each, compares the driver's with what it was, and
 * trusts neither: an index that makes no sense takes the channel out of use.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "internal.h"

#define MAX_ELEMENT 0x40

static const char *const pipe_names[AGX_PIPE_COUNT] = {"vertex", "fragment", "compute"};

static void layout_of(const struct agx_firmware *firmware, unsigned int id, struct channel *channel)
{
	channel->state_as = "channel_state";
	channel->write_at = offsetof(struct agx_channel_state, write_ptr);
	channel->out = id >= CHANNEL_EVENT && id != CHANNEL_FWCTL;
	if (id < CHANNEL_DEVICE_CONTROL) {
		channel->entries = AGX_CHANNEL_PIPE_ENTRIES;
		channel->element = firmware->ops->pipe_element;
	} else if (id == CHANNEL_DEVICE_CONTROL) {
		channel->entries = AGX_CHANNEL_DEVICE_CONTROL_ENTRIES;
		channel->element = firmware->ops->control_element;
	} else if (id == CHANNEL_EVENT) {
		channel->entries = AGX_CHANNEL_EVENT_ENTRIES;
		channel->element = sizeof(struct agx_event_msg);
	} else if (id < CHANNEL_KTRACE) {
		channel->entries = AGX_CHANNEL_FWLOG_ENTRIES;
		channel->element = sizeof(struct agx_fwlog_msg);
	} else if (id == CHANNEL_KTRACE) {
		channel->entries = AGX_CHANNEL_KTRACE_ENTRIES;
		channel->element = sizeof(struct agx_ktrace_msg);
	} else if (id == CHANNEL_STATS) {
		channel->entries = AGX_CHANNEL_STATS_ENTRIES;
		channel->element = firmware->ops->stats_element;
	} else {
		channel->entries = AGX_CHANNEL_FWCTL_ENTRIES;
		channel->element = sizeof(struct agx_fwctl_msg);
		channel->state_as = "fwctl_state";
		channel->write_at = offsetof(struct agx_fwctl_state, write_ptr);
	}
}

uint32_t channel_ring_size(const struct agx_firmware *firmware, unsigned int id)
{
	struct channel channel;

	layout_of(firmware, id, &channel);
	return channel.entries * channel.element;
}

void channel_init(struct agx_firmware *firmware, unsigned int id, uint64_t state, uint64_t ring)
{
	static const char *const rest[] = {
		[CHANNEL_DEVICE_CONTROL - CHANNEL_DEVICE_CONTROL] = "control",
		[CHANNEL_EVENT - CHANNEL_DEVICE_CONTROL] = "event",
		[CHANNEL_KTRACE - CHANNEL_DEVICE_CONTROL] = "ktrace",
		[CHANNEL_STATS - CHANNEL_DEVICE_CONTROL] = "stats",
		[CHANNEL_FWCTL - CHANNEL_DEVICE_CONTROL] = "fwctl",
	};
	struct channel *channel = &firmware->channels[id];

	memset(channel, 0, sizeof(*channel));
	channel->state = state;
	channel->ring = ring;
	layout_of(firmware, id, channel);
	if (id < CHANNEL_DEVICE_CONTROL)
		snprintf(channel->name, sizeof(channel->name), "%s%u", pipe_names[id % 3], id / 3);
	else if (id >= CHANNEL_FWLOG && id < CHANNEL_KTRACE)
		snprintf(channel->name, sizeof(channel->name), "log%u", id - CHANNEL_FWLOG);
	else
		snprintf(channel->name, sizeof(channel->name), "%s",
			 rest[id - CHANNEL_DEVICE_CONTROL]);
}

static struct place state_of(const struct channel *channel)
{
	return (struct place){channel->state, channel->state_as, NULL};
}

static void lost(struct agx_firmware *firmware, struct channel *channel, uint64_t va)
{
	struct place place = state_of(channel);

	channel->dead = true;
	firmware_find(firmware, AGX_FINDING_CHANNEL_LOST, &place, 0, channel->state, va,
		      channel->name);
	rtkit_panic(firmware, "memory of channel %s at 0x%" PRIx64 " is gone", channel->name, va);
}

/*
 * Reads both indices, judges them, and stores the driver's in theirs. false: nothing can be done
 * with the channel.
 */
static bool look(struct agx_firmware *firmware, struct channel *channel)
{
	struct place place = state_of(channel);
	uint32_t theirs_at = channel->out ? 0 : channel->write_at;
	uint32_t mine_at = channel->out ? channel->write_at : 0;
	uint32_t mask = channel->entries - 1;
	uint32_t mine, theirs, old, new;
	bool wrong;

	if (channel->dead)
		return false;
	if (!memory_read(firmware, channel->state + mine_at, &mine, sizeof(mine)) ||
	    !memory_acquire(firmware, channel->state + theirs_at, &theirs)) {
		lost(firmware, channel, channel->state);
		return false;
	}
	if (mine != channel->mine) {
		firmware_find(firmware, AGX_FINDING_CHANNEL_FOREIGN, &place, mine_at, channel->mine,
			      mine, channel->name);
		if (!memory_write(firmware, channel->state + mine_at, &channel->mine,
				  sizeof(mine))) {
			lost(firmware, channel, channel->state);
			return false;
		}
	}
	if (theirs >= channel->entries) {
		firmware_find(firmware, AGX_FINDING_CHANNEL_INDEX, &place, theirs_at,
			      channel->entries - 1, theirs, channel->name);
		channel->dead = true;
		return false;
	}
	/*
	 * In: what waits for us may only grow between two looks. Out: what the driver has not read
	 * may only shrink. A distance that jumps the other way has gone round our index.
	 */
	if (channel->out) {
		old = (channel->mine - channel->theirs) & mask;
		new = (channel->mine - theirs) & mask;
		wrong = new > old;
	} else {
		old = (channel->theirs - channel->mine) & mask;
		new = (theirs - channel->mine) & mask;
		wrong = new < old;
	}
	if (wrong) {
		firmware_find(firmware,
			      channel->out ? AGX_FINDING_CHANNEL_READ_PAST
					   : AGX_FINDING_CHANNEL_OVERRUN,
			      &place, theirs_at, channel->theirs, theirs, channel->name);
		if (channel->out)
			return true; /* what was known before is the safe side */
		channel->dead = true;
		return false;
	}
	channel->theirs = theirs;
	return true;
}

/* Driver to firmware */

void channels_doorbell(struct agx_firmware *firmware, uint64_t word0)
{
	unsigned int number = (unsigned int)(word0 & AGX_MSG_DOORBELL_NUMBER);
	struct place place = {word0, "mailbox_message", NULL};

	if (number == AGX_DOORBELL_KICK) {
		firmware->status.kicks++;
		power_kick(firmware);
	} else if (number == AGX_DOORBELL_DEVICE_CONTROL) {
		firmware->channels[CHANNEL_DEVICE_CONTROL].rung = true;
	} else if (number < AGX_DOORBELL_PIPE(0, AGX_PRIORITY_COUNT) &&
		   number % 4 < AGX_PIPE_COUNT) {
		firmware->channels[number / 4 * AGX_PIPE_COUNT + number % 4].rung = true;
	} else {
		firmware_find(firmware, AGX_FINDING_CHANNEL_DOORBELL, &place, 0,
			      AGX_DOORBELL_DEVICE_CONTROL, number, NULL);
	}
}

void channels_fwctl(struct agx_firmware *firmware)
{
	firmware->channels[CHANNEL_FWCTL].rung = true;
}

static void transcribe(struct agx_firmware *firmware, const struct channel *channel, uint32_t index,
		       const uint8_t *element)
{
	char hex[2 * MAX_ELEMENT + 1];
	uint32_t length = channel->element;

	if (!firmware->config.transcript)
		return;
	while (length > 4 && !element[length - 1])
		length--;
	for (uint32_t i = 0; i < length; i++)
		snprintf(hex + 2 * (size_t)i, 3, "%02x", element[i]);
	firmware_transcript(firmware, "%s %s[%u] %s", channel->out ? "fw->ap" : "ap->fw",
			    channel->name, index, hex);
}

static void fwctl_element(struct agx_firmware *firmware, const struct place *place,
			  const uint8_t *element)
{
	struct agx_fwctl_msg msg;

	memcpy(&msg, element, sizeof(msg));
	if (msg.unk_8)
		firmware_find(firmware, AGX_FINDING_MESSAGE_VALUE, place,
			      offsetof(struct agx_fwctl_msg, unk_8), 0, msg.unk_8, NULL);
	if (msg.unk_12 != AGX_FWCTL_UNK_12)
		firmware_find(firmware, AGX_FINDING_MESSAGE_VALUE, place,
			      offsetof(struct agx_fwctl_msg, unk_12), AGX_FWCTL_UNK_12, msg.unk_12,
			      NULL);
	handoff_flush(firmware, place, &msg);
}

static bool take_one(struct agx_firmware *firmware, unsigned int id)
{
	struct channel *channel = &firmware->channels[id];
	uint32_t index = channel->mine;
	struct place place = {channel->ring + (uint64_t)index * channel->element, "", NULL};
	uint8_t element[MAX_ELEMENT];

	if (!look(firmware, channel) || channel->mine == channel->theirs) {
		channel->rung = false;
		return false;
	}
	if (!memory_read(firmware, place.va, element, channel->element)) {
		lost(firmware, channel, place.va);
		return true;
	}
	if (!channel->held) {
		transcribe(firmware, channel, index, element);
		firmware->status.messages_in++;
	}
	if (id == CHANNEL_FWCTL) {
		place.structure = "fwctl_msg";
		fwctl_element(firmware, &place, element);
	} else if (id == CHANNEL_DEVICE_CONTROL) {
		place.structure = "device_control_msg";
		channel->held = !firmware->ops->device_control(firmware, &place, element);
		if (channel->held)
			return false;
	} else {
		place.structure = "run_work_queue_msg";
		firmware->ops->run_work_queue(firmware, id, &place, element);
	}
	channel->mine = (index + 1) % channel->entries;
	if (!memory_release(firmware, channel->state, channel->mine))
		lost(firmware, channel, channel->state);
	return true;
}

bool channels_take(struct agx_firmware *firmware)
{
	if (firmware->channels[CHANNEL_FWCTL].rung && take_one(firmware, CHANNEL_FWCTL))
		return true;
	if (firmware->channels[CHANNEL_DEVICE_CONTROL].rung &&
	    take_one(firmware, CHANNEL_DEVICE_CONTROL))
		return true;
	for (unsigned int id = 0; id < CHANNEL_DEVICE_CONTROL; id++)
		if (firmware->channels[id].rung && take_one(firmware, id))
			return true;
	return false;
}

/* Firmware to driver */

bool channel_has_room(struct agx_firmware *firmware, unsigned int id)
{
	struct channel *channel = &firmware->channels[id];

	return look(firmware, channel) && (channel->mine + 1) % channel->entries != channel->theirs;
}

uint32_t channel_next_index(struct agx_firmware *firmware, unsigned int id)
{
	return firmware->channels[id].mine;
}

int channel_put(struct agx_firmware *firmware, unsigned int id, const void *element)
{
	struct channel *channel = &firmware->channels[id];
	uint64_t va = channel->ring + (uint64_t)channel->mine * channel->element;
	uint8_t changed[MAX_ELEMENT];

	if (!channel_has_room(firmware, id))
		return channel->dead ? -EINVAL : -EAGAIN;
	if (firmware->config.outgoing) {
		memcpy(changed, element, channel->element);
		if (!firmware->config.outgoing(firmware->config.cookie, channel->name, changed,
					       channel->element))
			return 0;
		element = changed;
	}
	if (!memory_write(firmware, va, element, channel->element)) {
		lost(firmware, channel, va);
		return -EINVAL;
	}
	transcribe(firmware, channel, channel->mine, element);
	channel->mine = (channel->mine + 1) % channel->entries;
	if (!memory_release(firmware, channel->state + channel->write_at, channel->mine)) {
		lost(firmware, channel, channel->state);
		return -EINVAL;
	}
	firmware->status.messages_out++;
	firmware->event_due = true;
	return 0;
}
