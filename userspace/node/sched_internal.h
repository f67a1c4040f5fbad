/* SPDX-License-Identifier: MIT */
/*
 * What sched.c, the watchers of foreign fences (watch.c) and the syncobj files share: the
 * asynchronous half of a node. Protected by the node's lock unless stated otherwise.
 */
#ifndef AGX_SCHED_INTERNAL_H
#define AGX_SCHED_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "list.h"
#include "sched.h"

struct agx_shares;
struct agx_syncfiles;
struct agx_watch;
struct timespec;

struct agx_sched {
	struct agx_node *node;
	uint64_t last_context;     /* of fences */
	struct agx_fence stub;     /* see agx_fence_stub() */
	struct list_head queues;   /* agx_sched_queue.link: all with jobs or users */
	struct list_head runnable; /* agx_sched_queue.runnable_link */
	struct list_head stalled;  /* agx_sched_queue.stalled_link: no room in the engine */
	struct list_head waits;    /* agx_wait.link: threads that sleep */
	bool running;              /* a thread is emptying the runnable list */

	/* The worker. num_runnable, asleep, stop and poll_at are read without the lock. */
	pthread_t worker;
	bool has_worker;
	bool no_worker; /* the thread could not be made: jobs run where they are pushed */
	_Atomic uint32_t num_runnable; /* length of the runnable list */
	_Atomic uint32_t asleep;       /* futex: 1 while the worker sleeps or is about to */
	_Atomic bool stop;
	_Atomic uint64_t poll_at; /* CLOCK_MONOTONIC: when the engine wants to go on; UINT64_MAX */

	struct agx_watch *watch;         /* descriptors waited for, watch.c; NULL: never used */
	struct agx_syncfiles *syncfiles; /* exported sync files, syncfile.c; NULL: none yet */
	struct agx_shares *shares;       /* syncobjs known to other processes; NULL: none yet */
};

/*
 * A thread's wait. It lives on the heap, in agx_sched.waits, so that a forked child can drop the
 * registrations of threads that it does not have.
 */
struct agx_wait {
	struct list_head link; /* agx_sched.waits */
	struct agx_waiter waiter;
	uint32_t count;
	struct agx_wait_entry {
		struct agx_wait *wait;
		struct agx_fence *fence; /* a reference; NULL: not there yet */
		uint64_t point;
		struct agx_fence_cb cb;
		struct list_head link; /* agx_syncobj.waits while fence is NULL */
	} entries[];
};

/* NULL: out of memory. free removes all registrations; fences are put. */
struct agx_wait *agx_wait_create(struct agx_node *node, uint32_t count);
void agx_wait_free(struct agx_wait *wait);

/* The callback of agx_wait_entry.cb: wakes the thread. */
void agx_wait_fence_signalled(struct agx_fence *fence, struct agx_fence_cb *cb);

/*
 * A thread of the node's own: all signals blocked, started when this returns. Called with the
 * lock held. name has at most 15 characters. 0 or a negative errno.
 */
int agx_thread_create(pthread_t *thread, const char *name, void *(*main)(void *data), void *data);

/* Sync files, syncfile.c: closing what is exported. */
void agx_syncfiles_destroy(struct agx_sched *sched);
void agx_syncfiles_fork_child_locked(struct agx_node *node);

/* futex operations on words of this process (shared false) or of shared memory. */
int agx_futex_wait(_Atomic uint32_t *word, uint32_t value, const struct timespec *abs_timeout,
		   bool shared);
void agx_futex_wake(_Atomic uint32_t *word, int count, bool shared);

/* Absolute CLOCK_MONOTONIC time in ns, whatever clock the node has. */
uint64_t agx_monotonic_now(void);

#endif
