/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Queues, each with a scheduler of its own.
 */
#ifndef ASAHI_QUEUE_H
#define ASAHI_QUEUE_H

#include <drm/gpu_scheduler.h>
#include <linux/sched.h>

#include "asahi_vm.h"

/**
 * struct asahi_queue - a queue
 */
struct asahi_queue {
	/** @refs: the file's table, jobs, and whoever looked it up */
	struct kref refs;

	/**
	 * @memory: of this structure, when the rest has gone: fences of Linux' scheduler name
	 * theirs for as long as they live. Users of @refs count as one.
	 */
	struct kref memory;

	/** @rcu: the name may be being read */
	struct rcu_head rcu;

	/** @release: the last job goes in the scheduler's own work, which cannot free itself */
	struct work_struct release;

	/** @adev: the device */
	struct asahi_device *adev;

	/** @file: who made it, a reference */
	struct asahi_file *file;

	/** @vm: where its work runs, a reference */
	struct asahi_vm *vm;

	/** @core: the driver core's */
	struct agx_core_queue *core;

	/** @sched: runs its jobs in order, when their dependencies have signalled */
	struct drm_gpu_scheduler sched;

	/** @entity: the only one of @sched */
	struct drm_sched_entity entity;

	/**
	 * @lock: between a job's making and its handing over to @sched, so that the core and the
	 * scheduler see jobs in one order. Taken before reservations, and not in the way of fences.
	 */
	struct mutex lock;

	/** @seqno: of the last job that was handed over; by @lock */
	u64 seqno;

	/** @fence_context: of the fences that the firmware's answers signal */
	u64 fence_context;

	/** @cancelled: its client was killed, what has not begun need not run */
	bool cancelled;

	/** @idle_since: when its last job ended, in ns; by the core's lock */
	u64 idle_since;

	/** @id: of the file's table */
	u32 id;

	/** @pid: of the process that made it */
	pid_t pid;

	/** @comm: that process's name */
	char comm[TASK_COMM_LEN];
};

/* Of an id, with a reference; NULL: no such. */
struct asahi_queue *asahi_queue_lookup(struct asahi_file *afile, u32 id);
struct asahi_queue *asahi_queue_get(struct asahi_queue *queue);

/* Neither sleeps; the second is for fences, in any context. */
void asahi_queue_put(struct asahi_queue *queue);
void asahi_queue_put_memory(struct asahi_queue *queue);

/* Drops a file's queues; what they were given still runs. */
void asahi_queues_release(struct asahi_file *afile);

/* The file's client was killed: its jobs that have not begun end with -ECANCELED in their turn. */
void asahi_queues_cancel(struct asahi_file *afile);

/* For everything that must not happen in a scheduler's own work. */
extern struct workqueue_struct *asahi_cleanup_wq;

#endif
