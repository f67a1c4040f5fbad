/* SPDX-License-Identifier: MIT */
/*
 * What the GPU sees of a VM: its page tables, walked in RAM by the model's walker, which shares no
 * code with the driver. The VM need not run anything: the table of contexts is the walk's own.
 */
#ifndef NODE_WALK_H
#define NODE_WALK_H

#include "node_internal.h"
#include "uat_walk.h"

struct vm_walk {
	struct agx_walker walker;
	struct agx_uat_ttbs ttbs; /* of context 0 */
	struct agx_ram *ram;
	uint64_t kernel_start, kernel_end;

	/* While all pages are visited: */
	bool (*visit)(void *cookie, uint64_t va, uint64_t entry);
	void *cookie;
	uint64_t pages;
};

void vm_walk_init(struct vm_walk *walk, const struct agx_vm *vm);

/*
 * The physical address that the GPU reaches at addr, and its rights (AGX_WALK_*). false: nothing is
 * mapped there.
 */
bool vm_walk_page(struct vm_walk *walk, uint64_t addr, uint64_t *pa, uint8_t *rights);

/*
 * Visits each page that a client has mapped, in order: not the driver's window, and not the page
 * that the driver maps behind the user's range. Their number; UINT64_MAX when visit gave false.
 */
uint64_t vm_walk_all(struct vm_walk *walk, bool (*visit)(void *cookie, uint64_t va, uint64_t entry),
		     void *cookie);

/* GPU rights of the DRM_ASAHI_BIND_* flags. */
uint8_t vm_walk_rights(uint32_t flags);

/* Whether tables and mappings of a VM say the same of every page. */
bool vm_walk_agrees(const struct agx_vm *vm);

#endif
