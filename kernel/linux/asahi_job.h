/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Jobs: a submission on its way through Linux' scheduler and the driver core.
 */
#ifndef ASAHI_JOB_H
#define ASAHI_JOB_H

#include <drm/gpu_scheduler.h>

#include "agx_work.h"
#include "asahi_file.h"

struct asahi_object;
struct asahi_queue;

/**
 * struct asahi_fence - what the end of a job with the firmware signals
 */
struct asahi_fence {
	/** @base: initialised when the job runs; must be the first member */
	struct dma_fence base;

	/** @lock: of @base, which may outlive everything but the module */
	spinlock_t lock;

	/** @queue: its memory, see there */
	struct asahi_queue *queue;
};

/**
 * struct asahi_job - a submission
 */
struct asahi_job {
	/** @base: the scheduler's */
	struct drm_sched_job base;

	/** @queue: a reference */
	struct asahi_queue *queue;

	/** @core: the core's, NULL until it is built */
	struct agx_core_job *core;

	/** @fence: allocated before it is needed; a reference from run_job() on */
	struct asahi_fence *fence;

	/** @seqno: in its queue, from 1; 0 until the point of no return */
	u64 seqno;

	/** @started: when it was given to the core, in ns */
	u64 started;

	/** @running: run_job() was there: @fence is initialised */
	bool running;

	/** @powered: holds the device up (asahi_device_get()) */
	bool powered;

	/** @engine: what its time counts as */
	enum asahi_engine engine;

	/** @num_objects: in @objects */
	u32 num_objects;

	/** @objects: timestamp objects that it writes to, references */
	struct asahi_object **objects;
};

extern const struct drm_sched_backend_ops asahi_sched_ops;

/* Longest time that a job may be with the firmware. The core notices a hang before. */
#define ASAHI_JOB_TIMEOUT_MS 60000

/* A job without content. An ERR_PTR(): -ENOMEM; -ENOENT. */
struct asahi_job *asahi_job_create(struct asahi_queue *queue, struct drm_file *file);

/* Of a job that was not pushed. Accepts NULL. */
void asahi_job_discard(struct asahi_job *job);

/*
 * Makes the core's job; cmdbuf and cmds as for agx_core_job_create(). With the queue's lock; powers
 * the device up. Waits, interruptibly, until there is room. As agx_core_job_create() except -EBUSY,
 * or -ERESTARTSYS.
 */
int asahi_job_build(struct asahi_job *job, const void *cmdbuf, const struct agx_submit_cmd *cmds,
		    u32 count);

#endif
