/* SPDX-License-Identifier: MIT */
/*
 * The application's mappings of buffer objects: what keeps a BO alive after its handle is
 * closed, and until the last page of its last mapping is gone.
 *
 * Calls that change the address space where such mappings are take mappings_lock() around
 * the system call and the book-keeping, so that an address that was just freed cannot be
 * taken by another thread's mapping in between. The node is never called with the lock held,
 * except agx_bo_get(), which only counts: the node's own memory calls come here with the
 * node's locks held.
 */
#ifndef AGX_PRELOAD_MAPPINGS_H
#define AGX_PRELOAD_MAPPINGS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../node/agx_node.h"

struct mapping_node;

extern _Atomic uintptr_t mappings_low, mappings_high; /* all mappings lie in [low, high) */

/* Cheap and without the lock: false means that no tracked mapping is in [start, start+size). */
static inline bool mappings_may_touch(uintptr_t start, size_t size)
{
	return start < atomic_load_explicit(&mappings_high, memory_order_acquire) &&
	       start + size > atomic_load_explicit(&mappings_low, memory_order_acquire);
}

void mappings_lock(void);
void mappings_unlock(void);

/*
 * With the lock held, before the point of no return: memory for two removals and an addition.
 * -ENOMEM.
 */
int mappings_reserve(void);

/* With the lock held, after mappings_reserve(). Takes over the reference to bo. */
void mappings_add(uintptr_t start, size_t size, struct agx_bo *bo);

/*
 * With the lock held, after mappings_reserve(): forgets [start, start+size), cutting mappings
 * that reach out of it. The result is for mappings_put() after mappings_unlock().
 */
struct mapping_node *mappings_remove(uintptr_t start, size_t size);

/* Two results of mappings_remove() as one. */
struct mapping_node *mappings_join(struct mapping_node *a, struct mapping_node *b);

/* With the lock held: the mapping that start lies in. NULL: none. A reference is taken. */
struct agx_bo *mappings_find(uintptr_t start, uintptr_t *mapping_end);

/* Drops the references of what mappings_remove() took out. Without the lock. */
void mappings_put(struct mapping_node *removed);

#endif
