/* SPDX-License-Identifier: MIT */
/*
 * Reservations: the fences of a dma-buf that implicit synchronisation looks at.
 *
 * The asahi driver synchronises explicitly: a submission adds nothing here. Fences get in by
 * DMA_BUF_IOCTL_IMPORT_SYNC_FILE only. Other processes' fences on the same dma-buf are seen
 * through locks on the buffer's memfd, see resv.c.
 *
 * All functions need the node's lock; waits drop it.
 */
#ifndef AGX_RESV_H
#define AGX_RESV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fence.h"

struct agx_bo;
struct agx_node;
struct agx_resv;

/* Frees bo->resv's content when a BO goes. Accepts NULL. */
void agx_resv_destroy(struct agx_resv *resv);

/*
 * A fence (a reference) for what an access has to wait for: a reader for the writers, a writer
 * for everybody. *fence is never NULL on success: it may have signalled. -ENOMEM, -EMFILE.
 */
int agx_resv_get_fence(struct agx_bo *bo, bool write, struct agx_fence **fence);

/* Adds a fence as a reader's or a writer's. -ENOMEM. */
int agx_resv_add_fence(struct agx_bo *bo, struct agx_fence *fence, bool write);

/* DMA_BUF_IOCTL_* and DMA_BUF_SET_NAME on an exported buffer; arg is the caller's pointer. */
long agx_resv_ioctl(struct agx_bo *bo, int fd, unsigned long request, uint64_t arg);

/*
 * In a forked child: the descriptions that hold locks are the parent's. They must not live on
 * here, or the parent's locks would outlive it.
 */
void agx_resv_fork_child_locked(struct agx_node *node);

#endif
