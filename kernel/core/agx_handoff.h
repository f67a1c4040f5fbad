/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The driver's side of the handoff block (firmware-interface/uat.h): the lock that excludes the
 * firmware, and the start-up handshake.
 */
#ifndef AGX_HANDOFF_H
#define AGX_HANDOFF_H

#include "agx_platform.h"
#include "uat.h"

/* The firmware must answer within this time, else something is broken beyond repair. */
#define AGX_HANDOFF_TIMEOUT_NS 1000000000ull

/* Pause between two looks at the firmware's magic. */
#define AGX_HANDOFF_POLL_NS 10000000ull

/*
 * One access to shared memory per state, so that tests can run every interleaving of this side
 * and the other.
 */
enum agx_handoff_state {
	AGX_HANDOFF_IDLE,
	AGX_HANDOFF_RAISE,     /* write lock_ap = 1 */
	AGX_HANDOFF_LOOK,      /* read lock_fw */
	AGX_HANDOFF_ASK_TURN,  /* lock_fw was set: read turn */
	AGX_HANDOFF_YIELD,     /* it is the firmware's turn: write lock_ap = 0 */
	AGX_HANDOFF_WAIT_TURN, /* read turn until it is ours */
	AGX_HANDOFF_LOCKED,
	AGX_HANDOFF_GIVE_TURN, /* leaving: write turn = firmware */
	AGX_HANDOFF_LOWER,     /* write lock_ap = 0 */
};

struct agx_handoff {
	const struct agx_platform *platform;
	struct agx_handoff_block *block; /* shared with the firmware */
	enum agx_handoff_state state;
	uint64_t deadline; /* of the start-up handshake */
};

void agx_handoff_init(struct agx_handoff *handoff, const struct agx_platform *platform,
		      struct agx_handoff_block *block);

/*
 * Start-up. begin announces the driver; then call poll every AGX_HANDOFF_POLL_NS until it gives
 * something else than -EAGAIN. 0: the firmware is up and the flush records are clear. -EIO: it
 * did not come up in time (is the coprocessor running?). -ETIMEDOUT: it holds the lock.
 */
void agx_handoff_begin(struct agx_handoff *handoff);
int agx_handoff_poll(struct agx_handoff *handoff);

/*
 * Excludes the firmware; a short busy wait, with agx_platform.relax. -ETIMEDOUT when the
 * firmware held the lock for AGX_HANDOFF_TIMEOUT_NS; it is then not taken.
 */
int agx_handoff_lock(struct agx_handoff *handoff);
void agx_handoff_unlock(struct agx_handoff *handoff);

/* One step to the next state. start: leave the states of rest, idle and locked. For tests. */
void agx_handoff_step(struct agx_handoff *handoff, bool start);

/* The context that the firmware uses now, 0: none. The lock must be held. */
uint32_t agx_handoff_current_slot(const struct agx_handoff *handoff);

#endif
