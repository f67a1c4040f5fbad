/* SPDX-License-Identifier: MIT */
/*
 * DRM synchronisation objects: binary and timeline syncobjs, DRM_IOCTL_SYNCOBJ_*.
 *
 * Rules, order of checks and errno follow the kernel (Linux 6.16,
 * drivers/gpu/drm/drm_syncobj.c). A syncobj holds a fence or none; a timeline is a fence chain.
 * All functions need the node's lock. Waits drop it.
 */
#ifndef AGX_SYNCOBJ_H
#define AGX_SYNCOBJ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fence.h"

struct agx_file;
struct agx_node;
struct agx_syncobj;
struct agx_syncobj_table;

/* The table of a file's handles. NULL: out of memory. destroy closes all handles; takes NULL. */
struct agx_syncobj_table *agx_syncobj_table_create(struct agx_node *node);
void agx_syncobj_table_destroy(struct agx_syncobj_table *table);

/*
 * The kernel's size of the argument of DRM ioctl nr (_IOC_NR), 0 when that is no syncobj ioctl.
 * Callers zero-extend shorter arguments to it and cut longer ones.
 */
size_t agx_syncobj_arg_size(unsigned int nr);

/*
 * One DRM_IOCTL_SYNCOBJ_*; arg is the zero-extended copy of the caller's argument, results are
 * left in it. 0 or a negative errno; -ENOTTY for other numbers. Only the number counts.
 */
long agx_syncobj_ioctl(struct agx_file *file, unsigned long request, void *arg);

/*
 * For submissions, in-syncs: the fence to wait for (a reference). timeline false: binary, point
 * is ignored. -ENOENT: no such handle; -EINVAL: no fence, or no such point yet.
 */
int agx_syncobj_find_fence(struct agx_file *file, uint32_t handle, bool timeline, uint64_t point,
			   struct agx_fence **fence);

/*
 * Out-syncs in two steps: prepare does what can fail and holds the syncobj; then commit attaches
 * a fence, or cancel throws the preparation away. Between prepare and commit the lock may be
 * dropped. -ENOENT: no such handle; -ENOMEM.
 */
struct agx_syncobj_attach {
	struct agx_syncobj *syncobj;   /* a reference */
	struct agx_fence_chain *chain; /* timeline: the link to be added */
	uint64_t point;
	void *reserved; /* shared syncobjs: a place in the shared page */
};
int agx_syncobj_prepare(struct agx_file *file, uint32_t handle, bool timeline, uint64_t point,
			struct agx_syncobj_attach *attach);
void agx_syncobj_commit(struct agx_syncobj_attach *attach, struct agx_fence *fence);
void agx_syncobj_cancel(struct agx_syncobj_attach *attach);

#endif
