/* SPDX-License-Identifier: MIT */
/*
 * Fences that follow something outside the node: a descriptor that becomes readable (a sync
 * file), or the locks on a dma-buf. One thread per node watches them all, made at first need; a
 * single_step node looks when it is stepped or waits.
 *
 * All functions need the node's lock unless they say otherwise.
 */
#ifndef AGX_WATCH_H
#define AGX_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "fence.h"

struct agx_node;
struct agx_sched;
struct agx_waiter;

/*
 * A fence that signals when check(fd, data) gives something else than 0: 1 without an error, a negative
 * errno with it. fd is taken over, on failure too, and closed with the fence. pollable: check()
 * needs to be called only when poll() reports fd; otherwise it is called every millisecond or so
 * while the fence is referenced. -ENOMEM, -EMFILE...
 */
int agx_watch_create(struct agx_node *node, int fd, bool pollable, const char *timeline,
		     int (*check)(int fd, uint64_t data), uint64_t data, struct agx_fence **fence);

/* Looks at everything watched. */
void agx_watch_poll_locked(struct agx_node *node);

/* Starts the thread where it is needed and missing: after fork(). */
void agx_watch_ensure_locked(struct agx_node *node);

/* agx_waiter_sleep() for single_step: -ETIME at once when nothing outside is waited for. */
int agx_watch_sleep_locked(struct agx_node *node, struct agx_waiter *waiter, uint64_t timeout_ns);

/* stop (without the lock) ends the thread, destroy ends what is watched with -ECANCELED. */
void agx_watch_stop(struct agx_sched *sched);
void agx_watch_destroy(struct agx_sched *sched);

/* In a forked child: the thread and the epoll instance are the parent's. */
void agx_watch_fork_child_locked(struct agx_node *node);

#endif
