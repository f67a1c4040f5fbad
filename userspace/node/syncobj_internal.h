/* SPDX-License-Identifier: MIT */
/*
 * What the syncobj files share: syncobj.c (objects, handles, dispatch), syncobj_wait.c (waits and
 * eventfds), syncobj_share.c (objects that other processes know). Everything needs the node's
 * lock unless it says otherwise.
 */
#ifndef AGX_SYNCOBJ_INTERNAL_H
#define AGX_SYNCOBJ_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fence.h"
#include "list.h"
#include "syncobj.h"

struct agx_sched;
struct agx_share;

struct agx_syncobj {
	struct agx_node *node;
	uint32_t refs;             /* handles and users */
	struct agx_fence *fence;   /* a reference, or NULL; shared: as of the last refresh */
	struct list_head waits;    /* agx_wait_entry.link: want a fence that is not there */
	struct list_head eventfds; /* struct syncobj_eventfd: the same */
	struct agx_share *share;   /* NULL: known to this node only */
};

/* Largest array, in bytes, that the kernel would allocate for a request: more is -ENOMEM. */
#define AGX_KMALLOC_MAX ((size_t)4 << 20)

/* calloc() within that limit. */
void *agx_kalloc(size_t count, size_t size);

struct agx_syncobj *agx_syncobj_create(struct agx_node *node);
struct agx_syncobj *agx_syncobj_get(struct agx_syncobj *syncobj);
void agx_syncobj_put(struct agx_syncobj *syncobj);

/* The object of a handle, up to date, with a reference; NULL: none. */
struct agx_syncobj *agx_syncobj_lookup(struct agx_file *file, uint32_t handle);

/*
 * The objects of an array of handles in the caller's memory; free with agx_syncobj_array_free().
 * -ENOMEM, -EFAULT, -ENOENT, checked in this order.
 */
int agx_syncobj_array_find(struct agx_file *file, uint64_t handles, uint32_t count,
			   struct agx_syncobj ***syncobjs);
void agx_syncobj_array_free(struct agx_syncobj **syncobjs, uint32_t count);

/*
 * The fence for point of the object's timeline (0: its fence), with a reference; never NULL on
 * success. -EINVAL: none yet. Nothing else can fail.
 */
int agx_syncobj_get_fence(struct agx_syncobj *syncobj, uint64_t point, struct agx_fence **fence);

/* Puts fence (a reference is taken; or NULL) into a local object and tells who waits for one. */
void agx_syncobj_set_fence(struct agx_syncobj *syncobj, struct agx_fence *fence);

/* syncobj_wait.c */
long agx_syncobj_ioctl_wait(struct agx_file *file, void *arg);
long agx_syncobj_ioctl_timeline_wait(struct agx_file *file, void *arg);
long agx_syncobj_ioctl_eventfd(struct agx_file *file, void *arg);

/* Like agx_syncobj_get_fence(), but waits for the point for up to 5 s: -ETIME, -EINTR. */
int agx_syncobj_wait_fence(struct agx_syncobj *syncobj, uint64_t point, struct agx_fence **fence);

/* Tells the waits and eventfds of an object that its fence has changed. */
void agx_syncobj_notify(struct agx_syncobj *syncobj);

/* Drops the eventfds of an object that goes away. */
void agx_syncobj_drop_eventfds(struct agx_syncobj *syncobj);

/* syncobj_share.c */

/* A new descriptor for the object, which becomes shared. Negative errno on failure. */
int agx_share_export(struct agx_syncobj *syncobj);

/* The object behind a descriptor, with a reference. -EINVAL: not one; -ENOMEM, -EMFILE. */
int agx_share_import(struct agx_node *node, int fd, struct agx_syncobj **syncobj);

/* Brings syncobj->fence up to date with what other processes did. */
void agx_share_refresh(struct agx_syncobj *syncobj);

/*
 * Changes in two steps. reserve takes a place in the shared page: 0 or -ENOMEM. publish makes
 * syncobj->fence, which the caller has just set, known, using the place; cancel gives it back.
 * begin and publish bracket the change: in between no other process changes the page.
 */
int agx_share_reserve(struct agx_syncobj *syncobj, void **place);
void agx_share_cancel(struct agx_syncobj *syncobj, void *place);
void agx_share_begin(struct agx_syncobj *syncobj);
void agx_share_publish(struct agx_syncobj *syncobj, void *place);

/* Somebody waits for a fence to appear in a shared object: follow the page. */
void agx_share_follow(struct agx_syncobj *syncobj);

/* The object is going away. */
void agx_share_release(struct agx_share *share);

/* All shared objects: as the functions of the same names in watch.h. */
bool agx_shares_waiting(struct agx_node *node);
void agx_shares_poll_locked(struct agx_node *node);
void agx_shares_ensure_locked(struct agx_node *node);
void agx_shares_stop(struct agx_sched *sched);
void agx_shares_destroy(struct agx_sched *sched);
void agx_shares_fork_child_locked(struct agx_node *node);

#endif
