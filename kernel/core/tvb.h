/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The tiled vertex buffer (TVB): what a queue's renders share. One per queue with renders.
 * docs/commands.md explains it; work_internal.h has what jobs need of it.
 */
#ifndef AGX_TVB_H
#define AGX_TVB_H

#include "work_internal.h"

/*
 * 862,322,688 bytes, what macOS takes on machines with 16 GB; a third of it is the limit for
 * growing by statistics. jannau/linux: drivers/gpu/drm/asahi/buffer.rs.
 */
#define AGX_TVB_MAX_BLOCKS      6579
#define AGX_TVB_AUTO_MAX_BLOCKS 2193
#define AGX_TVB_FIRST_BLOCKS    8
#define AGX_TVB_GROW_BLOCKS     10 /* for each GrowTVB event */

/*
 * An object in the driver's window of a VM. clear: it is zero, which costs time. -ENOSPC: the
 * window is full; -ENOMEM.
 */
int agx_vm_alloc(struct agx_heap *heap, uint64_t size, const char *tag, bool clear,
		 const struct agx_heap_object **object);

/* The buffer as a render uses it. Addresses for the firmware, tpc for the GPU. */
struct agx_tvb_use {
	uint64_t info, kernel_buffer, stats, tpc;
	uint32_t slot;   /* of the buffer manager */
	uint32_t blocks; /* for the InitBuffer command */
	bool init;       /* the job must have an InitBuffer command before this render */
};

/*
 * Makes the queue's TVB ready for one more render of the job: makes it with the first render,
 * grows it (by what the firmware has seen used, if there is memory, and to min_blocks in any
 * case), finds a slot, and a tail pointer cache of tpc_size bytes. Until the job releases it, the
 * slot stays.
 * -EBUSY: all slots are in use; -ENOMEM, -ENOSPC.
 */
int agx_tvb_prepare(const struct agx_job_env *env, uint32_t min_blocks, uint64_t tpc_size,
		    struct agx_tvb_use *use);

/* A render is built. */
void agx_tvb_count(struct agx_tvb *tvb);

/* The firmware starts anew and knows of no buffer. */
void agx_tvb_forget(struct agx_core *core);

#endif
