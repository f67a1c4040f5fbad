// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Rings. Protocol: kkpan11/AsahiLinux-linux: drivers/gpu/drm/asahi/channel.rs; unlike there, a
 * full ring is the caller's to wait for, and the firmware's index may be nonsense.
 */
#include "agx_channel.h"

void agx_channel_init(struct agx_channel *channel, const struct agx_platform *platform,
		      const char *name, bool to_firmware, void *ring, uint32_t entries,
		      uint32_t entry_size, uint32_t *read_ptr, uint32_t *write_ptr)
{
	*channel = (struct agx_channel){
		.platform = platform,
		.name = name,
		.ring = ring,
		.read_ptr = read_ptr,
		.write_ptr = write_ptr,
		.entries = entries,
		.entry_size = entry_size,
		.to_firmware = to_firmware,
	};
}

static int kill_channel(struct agx_channel *channel, uint32_t claimed)
{
	channel->dead = true;
	channel->claimed = claimed;
	if (channel->to_firmware)
		agx_log(channel->platform, AGX_LOG_ERROR,
			"channel %s: the firmware's read index is 0x%x, expected one from 0x%x to 0x%x",
			channel->name, claimed, channel->other, channel->index);
	else
		agx_log(channel->platform, AGX_LOG_ERROR,
			"channel %s: the firmware's write index is 0x%x, expected less than 0x%x",
			channel->name, claimed, channel->entries);
	return -EIO;
}

/*
 * Looks where the firmware reads. It may have moved on up to the write index, not further and
 * not back.
 */
static int look(struct agx_channel *channel)
{
	uint32_t read, step, waiting;

	if (channel->dead)
		return -EIO;
	read = agx_load(channel->read_ptr);
	if (read >= channel->entries)
		return kill_channel(channel, read);
	step = (read + channel->entries - channel->other) % channel->entries;
	waiting = (channel->index + channel->entries - channel->other) % channel->entries;
	if (step > waiting)
		return kill_channel(channel, read);
	channel->taken += step;
	channel->other = read;
	return 0;
}

uint32_t agx_channel_room(struct agx_channel *channel)
{
	if (!channel->to_firmware || look(channel))
		return 0;
	return channel->entries - 1 - (channel->sent - channel->taken);
}

int agx_channel_send(struct agx_channel *channel, const void *message, uint32_t *token)
{
	const struct agx_platform *platform = channel->platform;
	int err;

	if (!channel->to_firmware)
		return -EINVAL;
	err = look(channel);
	if (err)
		return err;
	if (channel->sent - channel->taken >= channel->entries - 1)
		return -EAGAIN;

	agx_core_memcpy(channel->ring + (size_t)channel->index * channel->entry_size, message,
			channel->entry_size);
	platform->order(platform->cookie, AGX_BARRIER_FULL);
	channel->index = (channel->index + 1) % channel->entries;
	agx_store(channel->write_ptr, channel->index);
	platform->order(platform->cookie, AGX_BARRIER_FULL);
	channel->sent++;
	if (token)
		*token = channel->sent;
	return 0;
}

int agx_channel_taken(struct agx_channel *channel, uint32_t token)
{
	int err = look(channel);

	if (err)
		return err;
	return (int32_t)(channel->taken - token) >= 0;
}

int agx_channel_peek(struct agx_channel *channel, void *message)
{
	const struct agx_platform *platform = channel->platform;
	uint32_t write;

	if (channel->to_firmware)
		return -EINVAL;
	if (channel->dead)
		return -EIO;
	write = agx_load(channel->write_ptr);
	if (write >= channel->entries)
		return kill_channel(channel, write);
	channel->other = write;
	if (write == channel->index)
		return 0;
	platform->order(platform->cookie, AGX_BARRIER_LOCK);
	agx_core_memcpy(message, channel->ring + (size_t)channel->index * channel->entry_size,
			channel->entry_size);
	return 1;
}

void agx_channel_consume(struct agx_channel *channel)
{
	const struct agx_platform *platform = channel->platform;

	channel->index = (channel->index + 1) % channel->entries;
	platform->order(platform->cookie, AGX_BARRIER_FULL);
	agx_store(channel->read_ptr, channel->index);
}

int agx_channel_receive(struct agx_channel *channel, void *message)
{
	int got = agx_channel_peek(channel, message);

	if (got == 1)
		agx_channel_consume(channel);
	return got;
}
