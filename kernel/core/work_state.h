/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What a core remembers of work as a whole: event slots, who waits for what, the watch. The rest
 * hangs on queues and jobs (job_internal.h).
 */
#ifndef AGX_WORK_STATE_H
#define AGX_WORK_STATE_H

#include "agx_heap.h"
#include "agx_limits.h"
#include "event.h"

struct agx_core_job;
struct agx_core_queue;
struct agx_core_vm;
struct agx_ring;

/* The first queue's number (jannau/linux: drivers/gpu/drm/asahi/gpu.rs, SequenceIDs). */
#define AGX_FIRST_QUEUE_NUMBER 2

#define AGX_TIMESTAMP_PAGES (AGX_TIMESTAMP_WINDOW / AGX_PAGE_SIZE)

/* An event slot. Free slots are in a list, the one that has been free longest first. */
struct agx_event_slot {
	struct agx_ring *ring; /* the owner; NULL: free */
	uint32_t value;        /* the last stamp that is known to be, or to have been, due */
	uint8_t prev, next;    /* in the list; AGX_EVENT_SLOTS: none */
};

/* A list of things that are taken up again whenever the core is called. */
struct agx_job_list {
	struct agx_core_job *first, *last;
};

struct agx_work {
	uint32_t next_queue; /* number */
	uint32_t life;       /* counts starts of the firmware */

	struct agx_core_queue *queues, *last_queue;   /* all that the caller has not destroyed */
	struct agx_core_queue *zombies, *last_zombie; /* the firmware still has to let go of them */
	struct agx_core_vm *dying, *last_dying;       /* destroyed, their caches to be flushed */
	struct agx_core_job *spare_job;               /* memory of a former job, for the next */
	struct agx_core_job *graveyard; /* failed: their memory stays until it is off */

	/* Event slots; the stamps are made with the first queue and stay. */
	const struct agx_heap_object *stamps, *fw_stamps;
	struct agx_event_slot slots[AGX_EVENT_SLOTS];
	uint8_t free_first, free_last; /* AGX_EVENT_SLOTS: none */

	struct agx_core_job *parked, *last_parked; /* admitted; the channels were full */
	uint32_t outstanding;                      /* commands admitted and not retired */

	/* Rings that wait until RecoverChannel can be sent, and the last one that was sent. */
	struct agx_ring *recovering, *last_recovering;
	bool recover_sent;
	uint32_t recover_token;
	uint64_t recover_since;

	/* A halt that is awaited, so that the firmware can be told to go on. */
	bool halting;
	uint64_t halt_deadline;
	uint64_t halts; /* halt_count of the last one that was answered */

	/* The watch: does work go on? */
	bool progress; /* something has happened since it looked */
	uint64_t progress_time, look_time;
	bool unannounced; /* the last look has found something done that no event had told of */

	int failing;         /* what jobs will end with at the next opportunity; 0: nothing to do */
	bool in_step;        /* agx_work_step() is running */
	struct agx_mem page; /* the page of zeroes that every VM sees */
	uint64_t page_pa;

	uint64_t timestamp_pages[AGX_TIMESTAMP_PAGES / 64]; /* taken, a bit each */
};

#endif
