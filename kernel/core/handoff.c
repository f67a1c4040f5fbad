// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Dekker's algorithm against the firmware, and the start of the UAT (jannau/linux:
 * drivers/gpu/drm/asahi/mmu.rs, impl Handoff; AsahiLinux/m1n1:
 * proxyclient/m1n1/fw/agx/handoff.py).
 *
 * Written as a state machine with one shared access per step. A loop would be shorter, but the
 * property that matters (never both inside, nobody stuck) is then only argued for; this way a
 * test walks through every interleaving of these very instructions.
 */
#include "agx_handoff.h"

void agx_handoff_init(struct agx_handoff *handoff, const struct agx_platform *platform,
		      struct agx_handoff_block *block)
{
	handoff->platform = platform;
	handoff->block = block;
	handoff->state = AGX_HANDOFF_IDLE;
	handoff->deadline = 0;
}

static void barrier(const struct agx_handoff *handoff, enum agx_barrier kind)
{
	handoff->platform->order(handoff->platform->cookie, kind);
}

void agx_handoff_step(struct agx_handoff *handoff, bool start)
{
	struct agx_handoff_block *block = handoff->block;

	switch (handoff->state) {
	case AGX_HANDOFF_IDLE:
		if (start)
			handoff->state = AGX_HANDOFF_RAISE;
		break;
	case AGX_HANDOFF_RAISE:
		agx_store(&block->lock_ap, 1);
		/* The heart of it: the other's flag may be read only when ours can be seen. */
		barrier(handoff, AGX_BARRIER_FULL);
		handoff->state = AGX_HANDOFF_LOOK;
		break;
	case AGX_HANDOFF_LOOK:
		if (agx_load(&block->lock_fw)) {
			handoff->state = AGX_HANDOFF_ASK_TURN;
		} else {
			barrier(handoff, AGX_BARRIER_LOCK);
			handoff->state = AGX_HANDOFF_LOCKED;
		}
		break;
	case AGX_HANDOFF_ASK_TURN:
		handoff->state = agx_load(&block->turn) == AGX_HANDOFF_TURN_AP ? AGX_HANDOFF_LOOK
									       : AGX_HANDOFF_YIELD;
		break;
	case AGX_HANDOFF_YIELD:
		agx_store(&block->lock_ap, 0);
		handoff->state = AGX_HANDOFF_WAIT_TURN;
		break;
	case AGX_HANDOFF_WAIT_TURN:
		if (agx_load(&block->turn) == AGX_HANDOFF_TURN_AP)
			handoff->state = AGX_HANDOFF_RAISE;
		break;
	case AGX_HANDOFF_LOCKED:
		if (start)
			handoff->state = AGX_HANDOFF_GIVE_TURN;
		break;
	case AGX_HANDOFF_GIVE_TURN:
		barrier(handoff, AGX_BARRIER_LOCK);
		agx_store(&block->turn, AGX_HANDOFF_TURN_FW);
		barrier(handoff, AGX_BARRIER_LOCK);
		handoff->state = AGX_HANDOFF_LOWER;
		break;
	case AGX_HANDOFF_LOWER:
		agx_store(&block->lock_ap, 0);
		handoff->state = AGX_HANDOFF_IDLE;
		break;
	}
}

int agx_handoff_lock(struct agx_handoff *handoff)
{
	const struct agx_platform *platform = handoff->platform;
	uint64_t start = 0;
	bool waited = false;

	if (handoff->state != AGX_HANDOFF_IDLE) {
		agx_log(platform, AGX_LOG_ERROR, "handoff: locked twice");
		return -EDEADLK;
	}
	agx_handoff_step(handoff, true);
	while (handoff->state != AGX_HANDOFF_LOCKED) {
		bool waits = handoff->state == AGX_HANDOFF_ASK_TURN ||
			     handoff->state == AGX_HANDOFF_WAIT_TURN;

		if (waits) {
			uint64_t now = platform->time_ns(platform->cookie);

			if (!waited)
				start = now;
			waited = true;
			if (now - start > AGX_HANDOFF_TIMEOUT_NS) {
				agx_store(&handoff->block->lock_ap, 0);
				handoff->state = AGX_HANDOFF_IDLE;
				agx_log(platform, AGX_LOG_ERROR,
					"handoff: the firmware does not release the lock");
				return -ETIMEDOUT;
			}
			platform->relax(platform->cookie);
		}
		agx_handoff_step(handoff, false);
	}
	return 0;
}

void agx_handoff_unlock(struct agx_handoff *handoff)
{
	if (handoff->state != AGX_HANDOFF_LOCKED) {
		agx_log(handoff->platform, AGX_LOG_ERROR, "handoff: unlocked without a lock");
		return;
	}
	agx_handoff_step(handoff, true);
	while (handoff->state != AGX_HANDOFF_IDLE)
		agx_handoff_step(handoff, false);
}

uint32_t agx_handoff_current_slot(const struct agx_handoff *handoff)
{
	uint32_t slot = agx_load(&handoff->block->cur_slot);

	return slot == AGX_HANDOFF_NO_SLOT_2 ? AGX_HANDOFF_NO_SLOT : slot;
}

void agx_handoff_begin(struct agx_handoff *handoff)
{
	const struct agx_platform *platform = handoff->platform;
	struct agx_handoff_block *block = handoff->block;

	agx_store(&block->magic_ap, AGX_HANDOFF_MAGIC);
	agx_store(&block->cur_slot, AGX_HANDOFF_NO_SLOT);
	agx_store(&block->unk_640, 0);
	barrier(handoff, AGX_BARRIER_FULL);
	handoff->deadline = platform->time_ns(platform->cookie) + AGX_HANDOFF_TIMEOUT_NS;
}

int agx_handoff_poll(struct agx_handoff *handoff)
{
	const struct agx_platform *platform = handoff->platform;
	struct agx_handoff_block *block = handoff->block;
	unsigned int i;
	uint64_t magic;
	int err;

	err = agx_handoff_lock(handoff);
	if (err)
		return err;
	magic = agx_load(&block->magic_fw);
	agx_handoff_unlock(handoff);

	if (magic != AGX_HANDOFF_MAGIC) {
		if (platform->time_ns(platform->cookie) < handoff->deadline)
			return -EAGAIN;
		agx_log(platform, AGX_LOG_ERROR,
			"handoff: expected magic 0x%llx of the firmware, got 0x%llx: is it running?",
			AGX_HANDOFF_MAGIC, (unsigned long long)magic);
		return -EIO;
	}

	for (i = 0; i < AGX_HANDOFF_RECORDS; i++) {
		agx_store(&block->flush[i].state, AGX_HANDOFF_FLUSH_IDLE);
		agx_store(&block->flush[i].addr, 0);
		agx_store(&block->flush[i].size, 0);
	}
	barrier(handoff, AGX_BARRIER_FULL);
	return 0;
}
