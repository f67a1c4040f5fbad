/* SPDX-License-Identifier: MIT */
/* Queues, submission, syncs, timestamps. */
#ifndef AGX_QUEUE_H
#define AGX_QUEUE_H

#include <agx/vm.h>

#ifdef __cplusplus
extern "C" {
#endif

struct agx_cmdbuf;
struct agx_queue;
struct agx_sync;

/* A wait without an end. */
#define AGX_FOREVER UINT64_MAX

/*
 * Syncs are DRM syncobjs. A binary one holds one fence, which a later submission replaces; a
 * timeline holds points of rising numbers from 1. Of a binary sync every point below is 0.
 */
#define AGX_SYNC_TIMELINE  (1u << 0)
#define AGX_SYNC_SIGNALLED (1u << 1) /* a binary one, from the start */

/* Makes a sync; flags as above. -EINVAL: unknown flags, or a timeline that is SIGNALLED. */
AGX_API int agx_sync_create(struct agx_device *device, unsigned int flags, struct agx_sync **sync);
AGX_API void agx_sync_destroy(struct agx_sync *sync);

/*
 * Waits at most ns nanoseconds until the point is signalled; it need not be submitted yet.
 * -ETIME: it is not. The work behind it may have failed: agx_sync_status().
 */
AGX_API int agx_sync_wait(struct agx_sync *sync, uint64_t point, uint64_t ns);

struct agx_sync_point {
	struct agx_sync *sync;
	uint64_t point;
};

/*
 * Waits for all of them, or for the first, whose index is returned. At most 64 points; for the
 * first of none: -EINVAL.
 */
AGX_API int agx_sync_wait_all(const struct agx_sync_point *points, unsigned int count, uint64_t ns);
AGX_API int agx_sync_wait_any(const struct agx_sync_point *points, unsigned int count, uint64_t ns);

/* From the CPU: signals a point. Reset takes a binary sync's fence away. */
AGX_API int agx_sync_signal(struct agx_sync *sync, uint64_t point);
AGX_API int agx_sync_reset(struct agx_sync *sync);

/* The last point of a timeline that is signalled. */
AGX_API int agx_sync_query(struct agx_sync *sync, uint64_t *point);

/*
 * How the work behind a signalled point ended: 0, or -EFAULT, -ETIMEDOUT, ... as the kernel has it.
 * -EBUSY: it has not ended. Of a timeline's points before its last the kernel may have forgotten an
 * error: then it is 0.
 */
AGX_API int agx_sync_status(struct agx_sync *sync, uint64_t point);

/* As a sync file, for other drivers and processes; the descriptor is the caller's. */
AGX_API int agx_sync_export(struct agx_sync *sync, uint64_t point, int *fd);
AGX_API int agx_sync_import(struct agx_sync *sync, uint64_t point, int fd);

/* The syncobj itself, shared with another process. */
AGX_API int agx_sync_export_object(struct agx_sync *sync, int *fd);
AGX_API int agx_sync_import_object(struct agx_device *device, int fd, unsigned int flags,
				   struct agx_sync **sync);
AGX_API uint32_t agx_sync_handle(const struct agx_sync *sync); /* of the uAPI */

enum agx_priority {
	AGX_PRIORITY_LOW,
	AGX_PRIORITY_MEDIUM,
	AGX_PRIORITY_HIGH,     /* reserved: the driver refuses it so far (-EINVAL) */
	AGX_PRIORITY_REALTIME, /* likewise */
};

/* A queue of commands in a VM; commands of one queue begin in the order of their submission. */
AGX_API int agx_queue_create(struct agx_vm *vm, enum agx_priority priority,
			     struct agx_queue **queue);

/* Waits for what was submitted. */
AGX_API void agx_queue_destroy(struct agx_queue *queue);
AGX_API uint32_t agx_queue_id(const struct agx_queue *queue); /* of the uAPI */

/* Waits of a submission, and signals: of each at most so many. */
#define AGX_MAX_SYNCS 62u

struct agx_submission {
	struct agx_cmdbuf *const *cmdbufs; /* in this order; ended */
	unsigned int cmdbuf_count;
	const struct agx_sync_point *waits; /* before the first command begins */
	unsigned int wait_count;
	const struct agx_sync_point *signals; /* when the last command has ended */
	unsigned int signal_count;
};

/*
 * Hands command buffers to the GPU. They, and what they use, must stay as they are until the work
 * has ended. One call is one ioctl. Without command buffers it waits and signals only. -EINVAL: a
 * command buffer has not ended or has failed (agx_error() says what was the first thing), is of
 * another VM, or has more commands than the device takes; more than AGX_MAX_SYNCS waits or signals;
 * a wait for what nobody has submitted or signalled so far; -ENODEV: the device is lost. What fails
 * has no effect.
 */
AGX_API int agx_queue_submit(struct agx_queue *queue, const struct agx_submission *submission);

/*
 * Submits one command buffer, waits for its end, and returns how it ended, as agx_sync_status().
 */
AGX_API int agx_queue_run(struct agx_queue *queue, struct agx_cmdbuf *cmdbuf);

/* Waits until everything that was submitted has ended; returns how the last of it ended. */
AGX_API int agx_queue_wait(struct agx_queue *queue, uint64_t ns);

/*
 * Raw submission, for experiments: cmdbuf is what DRM_IOCTL_ASAHI_SUBMIT takes, as it is. The
 * queue's own bookkeeping goes on: agx_queue_wait() waits for it.
 */
AGX_API int agx_queue_submit_raw(struct agx_queue *queue, const void *cmdbuf, uint32_t size,
				 const struct agx_submission *syncs);

/* Places that the firmware writes the time to when commands begin and end. */
struct agx_timestamps;

/* Makes count places, all 0. The commands that write to them must end before they do. */
AGX_API int agx_timestamps_create(struct agx_vm *vm, unsigned int count,
				  struct agx_timestamps **timestamps);
AGX_API void agx_timestamps_destroy(struct agx_timestamps *timestamps);

/* Of one place, in ticks of the device's timestamp_hz; 0: not written since it was cleared. */
AGX_API uint64_t agx_timestamps_get(const struct agx_timestamps *timestamps, unsigned int index);
AGX_API void agx_timestamps_clear(struct agx_timestamps *timestamps);

/* Where a command writes its times; timestamps NULL: nowhere. */
struct agx_timestamp_pair {
	struct agx_timestamps *timestamps;
	unsigned int begin, end; /* indices */
};

#ifdef __cplusplus
}
#endif

#endif
