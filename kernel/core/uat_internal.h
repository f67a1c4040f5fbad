/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Shared by uat.c, uat_slots.c and uat_flush.c. */
#ifndef AGX_UAT_INTERNAL_H
#define AGX_UAT_INTERNAL_H

#include "agx_tlbi.h"
#include "agx_uat.h"

/*
 * The driver's own record of a table. The tree of these mirrors the tree in memory, so that the
 * driver never follows an address that it reads from memory the firmware can write.
 */
struct agx_uat_table {
	uint64_t *entries; /* the hardware's table */
	uint64_t pa;
	uint32_t live;                /* valid entries */
	struct agx_uat_table *next;   /* in a list of free or reserved tables */
	struct agx_uat_table **child; /* of level 2: AGX_UAT_ENTRIES pointers; of level 3: NULL */
	bool damaged;                 /* holds entries that the driver did not write */
};

struct agx_uat_vm {
	struct agx_uat *uat;
	uint64_t start, end; /* addresses it may map; end - 1 is the last */
	uint64_t *root;      /* level-1 table */
	uint64_t root_pa;
	struct agx_uat_table *child[AGX_UAT_L1_ENTRIES];
	uint64_t pages;
	uint64_t entry_bits; /* of every page: valid, and global or not */
	bool own_root;       /* root is a page of ours */

	uint32_t slot;  /* context it had last, 0: none yet, or a kernel VM */
	uint32_t users; /* of the binding */
};

struct agx_uat_slot {
	struct agx_uat_vm *owner; /* whose tables the TTBAT names, bound or not; NULL: nobody's */
	uint64_t freed;           /* when it was given back, in gives */
	bool held;
};

#define AGX_UAT_SPARE_MAX 32

struct agx_uat {
	const struct agx_platform *platform;
	struct agx_handoff handoff;
	struct agx_uat_config config;
	uint64_t pa_mask; /* addresses that entries can hold */
	struct agx_uat_vm *kernel;
	struct agx_uat_vm *lower;
	uint32_t vms; /* others */
	bool started;

	struct agx_uat_slot slots[AGX_UAT_CONTEXTS]; /* 0 is not used */
	uint64_t gives;
	unsigned int slot_limit;

	struct agx_uat_table *spare[2]; /* all zero; with and without children */
	uint32_t spare_count[2];
	uint32_t tables; /* in trees */

	bool flush_busy[AGX_HANDOFF_RECORDS];

	/* What is written to instead of the reserved memory, from agx_uat_detach() on. */
	struct {
		struct agx_uat_ttbs ttbs[AGX_UAT_CONTEXTS];
		struct agx_handoff_block handoff;
		uint64_t root[AGX_UAT_L1_ENTRIES];
	} shadow;
};

/* The ASID to invalidate for a VM; false: no TLB can hold anything of it. */
bool agx_uat_vm_asid(const struct agx_uat_vm *vm, uint32_t *asid);

/* Takes the VM's tables out of the TTBAT and its translations out of the TLBs. */
void agx_uat_vm_evict(struct agx_uat_vm *vm);

/* Makes mappings of the range that the coprocessor caches uncached; false: there were none. */
bool agx_uat_vm_make_uncached(struct agx_uat_vm *vm, uint64_t va, uint64_t size);

#endif
