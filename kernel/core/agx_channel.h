/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * One channel's ring, either direction (firmware-interface/channels.h). The driver's own index is
 * never read back from memory that the firmware can write; the firmware's index is checked at
 * each look. A channel whose index is impossible is dead: nothing on it can be trusted.
 */
#ifndef AGX_CHANNEL_H
#define AGX_CHANNEL_H

#include "agx_platform.h"
#include "channels.h"

struct agx_channel {
	const struct agx_platform *platform;
	const char *name;    /* a constant */
	uint8_t *ring;       /* entries * entry_size bytes */
	uint32_t *read_ptr;  /* in shared memory */
	uint32_t *write_ptr; /* likewise */
	uint32_t entries;
	uint32_t entry_size;
	bool to_firmware;
	bool dead;
	uint32_t index;   /* own: write index if to_firmware, else read index */
	uint32_t other;   /* the other side's, as last seen */
	uint32_t sent;    /* messages, ever, modulo 2^32 */
	uint32_t taken;   /* of these, by the firmware */
	uint64_t claimed; /* what the index said that killed the channel */
};

/*
 * ring and the two words are the caller's, zeroed, and outlive the channel. entries: at least 2.
 */
void agx_channel_init(struct agx_channel *channel, const struct agx_platform *platform,
		      const char *name, bool to_firmware, void *ring, uint32_t entries,
		      uint32_t entry_size, uint32_t *read_ptr, uint32_t *write_ptr);

/* Messages that fit now. 0 also when the channel is dead. */
uint32_t agx_channel_room(struct agx_channel *channel);

/*
 * Puts a message of entry_size bytes into the ring; the doorbell is the caller's. token names the
 * message for agx_channel_taken(); may be NULL. -EAGAIN: full, try again when the firmware has
 * taken something; -EIO: dead.
 */
int agx_channel_send(struct agx_channel *channel, const void *message, uint32_t *token);

/* Has the firmware taken the message out? 1, 0, or -EIO: dead. */
int agx_channel_taken(struct agx_channel *channel, uint32_t token);

/*
 * Takes one message out, entry_size bytes. 1: done; 0: empty; -EIO: dead. The read index moves
 * after the message has been copied.
 */
int agx_channel_receive(struct agx_channel *channel, void *message);

/*
 * The same in two steps, for messages that point to something which the firmware may reuse as
 * soon as the read index moves. consume only after peek gave 1.
 */
int agx_channel_peek(struct agx_channel *channel, void *message);
void agx_channel_consume(struct agx_channel *channel);

#endif
