/* SPDX-License-Identifier: MIT */
/*
 * The job scheduler: runs the jobs of each queue in order, each after its dependencies, on the
 * node's engine.
 *
 * Jobs run on one worker thread per node, made when the first job is pushed, and on any thread
 * that waits for a fence of this node: it first runs what can run. A single_step node has no
 * thread; there pushing a job or signalling a fence makes jobs runnable and
 * agx_sched_run_locked() runs them (pushes do that themselves).
 *
 * All functions need the node's lock, except where they say otherwise.
 */
#ifndef AGX_SCHED_H
#define AGX_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fence.h"
#include "list.h"

struct agx_node;
struct agx_sched;
struct agx_sched_queue;

enum agx_job_state {
	AGX_JOB_NEW,     /* being built */
	AGX_JOB_QUEUED,  /* pushed, not started */
	AGX_JOB_RUNNING, /* given to the engine */
};

struct agx_job {
	struct agx_sched_queue *queue;        /* a reference */
	struct agx_fence *finished;           /* a reference; signals when the job ends */
	void *payload;                        /* the submitter's */
	void (*release)(struct agx_job *job); /* frees payload; lock held; may be NULL */

	struct list_head link; /* agx_sched_queue.jobs or .running */
	enum agx_job_state state;
	uint32_t num_deps, max_deps;
	uint32_t dep;            /* the first dependency that may be pending */
	struct agx_fence **deps; /* references */
	struct agx_fence_cb dep_cb;
};

/* Called without the lock. create: 0 or -ENOMEM. */
int agx_sched_create(struct agx_node *node, struct agx_sched **sched);

/*
 * Stops the threads; unfinished jobs end with -ECANCELED. Accepts NULL. Called without the lock,
 * when no other thread uses the node.
 */
void agx_sched_destroy(struct agx_sched *sched);

/* A run queue; NULL: out of memory. */
struct agx_sched_queue *agx_sched_queue_create(struct agx_node *node);

/* Pushed jobs still run and finish; the memory goes with the last of them. Accepts NULL. */
void agx_sched_queue_destroy(struct agx_sched_queue *queue);

/* Ends the queue's jobs that have not started with error (a negative errno). */
void agx_sched_queue_cancel(struct agx_sched_queue *queue, int error);

/* A job with its finished fence. max_deps may be 0. NULL: out of memory. */
struct agx_job *agx_job_create(struct agx_sched_queue *queue, uint32_t max_deps);

/* Takes a reference of its own; signalled fences are dropped. At most max_deps times. */
void agx_job_add_dependency(struct agx_job *job, struct agx_fence *fence);

/* Throws away a job that was not pushed; calls release. Accepts NULL. */
void agx_job_discard(struct agx_job *job);

/*
 * Hands the job over; cannot fail, and the caller must not touch the job afterwards: take a
 * reference on job->finished before.
 */
void agx_job_push(struct agx_job *job);

/* By the engine: the job is done, error 0 or a negative errno. Frees the job. */
void agx_job_complete(struct agx_job *job, int error);

/* Queues whose job found no room in the engine may try again. */
void agx_sched_retry_locked(struct agx_node *node);

/*
 * Lets the engine have the time that it wants, dropping the lock if that is real. 0: it had it;
 * -EINTR: a signal handler ran; -ENODEV: it does not want any.
 */
int agx_sched_wait_engine(struct agx_node *node);

/* Runs every job that can run now on the calling thread. */
void agx_sched_run_locked(struct agx_node *node);

/*
 * The same after looking at what is outside: fences of other processes, and the engine. For
 * agx_node_step() and before a node without threads waits.
 */
void agx_sched_step_locked(struct agx_node *node);

/*
 * In a node without threads: lets the time that the engine wants pass, but not beyond an absolute
 * time in ns, and runs what can run then. false: it wants none.
 */
bool agx_sched_skip_locked(struct agx_node *node, uint64_t until);

/* Lets the engine go on after something was taken from it: a queue, an address space. */
void agx_sched_poll_locked(struct agx_node *node);

/* At the end of an ioctl that may have signalled fences: runs jobs where no worker does it. */
void agx_sched_settle_locked(struct agx_node *node);

/*
 * Waits until a fence signals. abs_timeout: node time in ns (CLOCK_MONOTONIC by default); 0 or
 * past: poll; INT64_MAX: no limit. 0; -ETIME; -EINTR: a signal handler ran. Drops the lock while
 * it sleeps, so the caller must hold references on whatever it uses afterwards.
 *
 * A single_step node does not sleep for its own jobs. While the engine wants time for some, its
 * clock is put forward; when they cannot run nothing else will make them, and the answer is -ETIME
 * at once. It sleeps for fences of other processes.
 */
int agx_fence_wait(struct agx_fence *fence, int64_t abs_timeout);

/*
 * Sleeping on something else than one fence: set up with init, hand waiter to callbacks that
 * call wake (from any thread, lock held), then sleep until a wake or the timeout. A wake before
 * the sleep is not lost. Results as for agx_fence_wait(); 0 after a wake. sleep runs what can
 * run before it blocks and drops the lock while it does.
 */
struct agx_waiter {
	_Atomic uint32_t state;
};
void agx_waiter_init(struct agx_waiter *waiter);
void agx_waiter_wake(struct agx_waiter *waiter);
int agx_waiter_sleep(struct agx_node *node, struct agx_waiter *waiter, int64_t abs_timeout);

/*
 * fork(): called in the child with the lock held. The threads are gone and are made again at
 * need; jobs that the parent has pending end at once, without running.
 */
void agx_sched_fork_child_locked(struct agx_node *node);

#endif
