/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Looks at a core for reports: channels, work queues, the firmware's memory. Nothing here changes
 * anything, and unlike the rest of the core it may be called from within hooks.
 */
#ifndef AGX_SNAPSHOT_H
#define AGX_SNAPSHOT_H

#include "agx_core.h"

/* A channel. read_ptr and write_ptr are what shared memory says, index and other what is believed. */
struct agx_channel_snapshot {
	const char *name;
	uint64_t ring; /* its address, 0: the firmware is off */
	uint32_t entries, entry_size;
	bool to_firmware;
	bool dead;
	uint32_t index, other;
	uint32_t read_ptr, write_ptr;
	uint32_t sent; /* messages, ever */
};

/* false: index is past the last. */
bool agx_snapshot_channel(const struct agx_core *core, unsigned int index,
			  struct agx_channel_snapshot *channel);

/* A work queue of the firmware: one pipe of a queue. */
struct agx_ring_snapshot {
	uint64_t info, ring; /* addresses */
	uint64_t command;    /* the oldest that is not done, 0: none */
	uint32_t queue;      /* the driver's number */
	uint32_t priority;   /* the firmware's */
	uint32_t pipe;       /* enum agx_pipe */
	uint32_t event_slot; /* AGX_EVENT_SLOTS: none */
	uint32_t stamp;      /* as the firmware has written it; 0 without a slot */
	uint32_t submitted;  /* stamp of the last command given to the ring */
	uint32_t commands;   /* not done */
	uint32_t issued;     /* of these: known to the firmware */
	uint32_t wptr, used; /* entries, as the driver counts */
	uint32_t cpu_wptr, gpu_rptr, gpu_doneptr; /* as in shared memory */
	bool recovering;                          /* a channel error is being dealt with */
};

/* Fills at most max, those with work first; the number that there are in all. */
uint32_t agx_snapshot_rings(const struct agx_core *core, struct agx_ring_snapshot *rings,
			    uint32_t max);

struct agx_core_snapshot {
	uint64_t init_data;
	uint64_t halt_count; /* of the firmware's status, as the next two; 0 while it is off */
	uint32_t halted, resume;
	uint32_t life; /* how often the firmware was started */
	uint32_t queues, zombies;
	uint32_t outstanding; /* commands given and not done */
	bool halting;         /* a halt is awaited */
};

void agx_snapshot_core(const struct agx_core *core, struct agx_core_snapshot *snapshot);

/* An object in one of the firmware's heaps. */
struct agx_memory_snapshot {
	uint64_t va, size;
	const char *tag;
};

/*
 * Copies the object that contains an address, its first size bytes at most. The number of bytes;
 * 0: there is none. Takes time in proportion to the number of objects.
 */
size_t agx_snapshot_memory(struct agx_core *core, uint64_t va, void *buffer, size_t size,
			   struct agx_memory_snapshot *memory);

#endif
