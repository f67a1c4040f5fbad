/* SPDX-License-Identifier: MIT */
/*
 * The user mappings of a GPU address space: disjoint ranges ordered by address.
 *
 * The page tables say which physical page lies where; this says which BO, which is what it takes
 * to unbind a BO, to split a mapping and to name what is mapped in a report. The two always agree:
 * an operation that cannot change both changes neither.
 *
 * The mappings form a treap, a search tree that is also a heap by random priorities, which keeps
 * it balanced whatever order a client binds in; operations are logarithmic. The node's lock
 * protects it.
 */
#ifndef AGX_MAPPING_H
#define AGX_MAPPING_H

#include <stdbool.h>
#include <stdint.h>

#include "list.h"

struct agx_bo;
struct agx_vm;

struct agx_mapping {
	uint64_t start, end; /* GPU addresses, [start, end) */
	uint64_t offset;     /* bytes in bo: of start, or of the one page */
	uint32_t flags;      /* DRM_ASAHI_BIND_* */
	uint32_t priority;
	struct agx_mapping *left, *right;
	struct agx_vm *vm;
	struct agx_bo *bo;        /* no reference: it unmaps itself when its handle is closed */
	struct list_head bo_link; /* agx_bo.mappings */
};

/* The lowest mapping that ends above addr; NULL: none. */
struct agx_mapping *agx_mapping_find(const struct agx_vm *vm, uint64_t addr);

/* Removes whatever is in [start, end), splitting at the edges. 0 or -ENOMEM (nothing changed). */
int agx_vm_unmap(struct agx_vm *vm, uint64_t start, uint64_t end);

/* The same for all mappings, which cannot fail. */
void agx_vm_unmap_all(struct agx_vm *vm);

/*
 * Maps bo at [start, end) in place of what is there. 0 or -ENOMEM (nothing changed).
 */
int agx_vm_map(struct agx_vm *vm, struct agx_bo *bo, uint64_t start, uint64_t end, uint64_t offset,
	       uint32_t flags);

#endif
