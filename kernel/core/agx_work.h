/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Work: address spaces with room for the driver, queues, jobs.
 *
 * A job is one submission. agx_core_job_create() builds everything that the firmware will read, in
 * memory that nobody looks at yet, and is where a submission can fail; agx_core_job_submit() makes
 * it visible, once all that it has to wait for outside the GPU has happened. The firmware's answer
 * comes back through agx_core_mailbox(); the job_done hook then says how the job ended.
 *
 * Jobs of a queue are submitted in the order in which they were created, and end in that order.
 * Between queues there is no order.
 *
 * Everything is in the hands of one core; the caller serialises, as agx_core.h says.
 */
#ifndef AGX_WORK_H
#define AGX_WORK_H

#include "agx_core.h"
#include "agx_submit.h"

/*
 * Hardware commands of one queue, in jobs that were submitted and are not done, up to which
 * agx_core_job_submit() has room. Callers that keep to it never see -EBUSY.
 */
#define AGX_QUEUE_COMMANDS 126

struct agx_core_vm;
struct agx_core_queue;
struct agx_core_job;
struct agx_core_timestamps;

/*
 * A client's address space; [kernel_start, kernel_end) of it is the driver's (VM_CREATE). Heaps in
 * there are made when they are needed. -EINVAL: not a range that agx_check_vm_create() accepts;
 * -ENOMEM.
 */
int agx_core_vm_create(struct agx_core *core, uint64_t kernel_start, uint64_t kernel_end,
		       struct agx_core_vm **vm);

/* Queues must be gone. Accepts NULL. */
void agx_core_vm_destroy(struct agx_core_vm *vm);

/* For mapping the client's buffers: everything outside the driver's window is the caller's. */
struct agx_uat_vm *agx_core_vm_uat(struct agx_core_vm *vm);

/*
 * VM_DESTROY: unmaps all that the client has mapped, and the dummy page, although queues may still
 * use the VM; their work will fault.
 */
void agx_core_vm_close(struct agx_core_vm *vm);

/*
 * A piece of the window in which the firmware writes clients' timestamps (AGX_TIMESTAMP_WINDOW);
 * size in whole pages. The caller maps memory there, all of it, with agx_core_timestamps_map().
 * -ENOSPC: the window is full; -ENOMEM.
 */
int agx_core_timestamps_create(struct agx_core *core, uint64_t size,
			       struct agx_core_timestamps **timestamps);
int agx_core_timestamps_map(struct agx_core_timestamps *timestamps, uint64_t offset, uint64_t pa,
			    uint64_t size);

/* Unmaps it. Jobs that use it must have been destroyed. Accepts NULL. */
void agx_core_timestamps_destroy(struct agx_core_timestamps *timestamps);

/*
 * A queue: up to three work queues of the firmware (vertex, fragment, compute), made when the first
 * job needs them. priority: enum drm_asahi_priority. -EINVAL; -ENOMEM, -ENOSPC.
 */
int agx_core_queue_create(struct agx_core_vm *vm, uint32_t priority, uint64_t usc_exec_base,
			  struct agx_core_queue **queue);

/* Its jobs must be gone. The firmware is told; its memory is freed when it has answered. */
void agx_core_queue_destroy(struct agx_core_queue *queue);

/*
 * Builds a job of count commands from agx_submit_parse(); cmdbuf and cmds are used during the call
 * only, timestamps in cmds are struct agx_core_timestamps. data comes back with job_done.
 * -EBUSY: no event slot or no context is free; try again when any job has been destroyed.
 * -ENOMEM, -ENOSPC (the driver's window in the VM); -ENODEV: not READY, or crashed.
 */
int agx_core_job_create(struct agx_core_queue *queue, const void *cmdbuf,
			const struct agx_submit_cmd *cmds, uint32_t count, void *data,
			struct agx_core_job **job);

/*
 * Gives the job to the firmware. -EBUSY: its rings or stamps are full; try again when a job of this
 * queue is done. -EINVAL: an earlier job of the queue was neither submitted nor destroyed.
 * -ENODEV: the firmware is gone. In case of an error other than -EBUSY the job stays unsubmitted.
 */
int agx_core_job_submit(struct agx_core_job *job);

/* Of a job that was not submitted, in whatever order, or that is done. Accepts NULL. */
void agx_core_job_destroy(struct agx_core_job *job);

#endif
