/* SPDX-License-Identifier: MIT */
/* RAM with page tables of one GPU context, made by hand, for tests of what accesses memory. */
#ifndef AGX_TEST_MEMORY_MACHINE_H
#define AGX_TEST_MEMORY_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "memory.h"

#define MACHINE_PAGE    AGX_UAT_PAGE_SIZE
#define MACHINE_BASE    0x800000000ull
#define MACHINE_PAGES   96
#define MACHINE_SIZE    (MACHINE_PAGES * MACHINE_PAGE)
#define MACHINE_CONTEXT 7

/* What the GPU may do with a page (m1n1: hw/uat.py, access_gpu). */
#define MACHINE_RW (AGX_UAT_UXN)
#define MACHINE_RO 0ull
#define MACHINE_WO (AGX_UAT_PXN)
#define MACHINE_NO (AGX_UAT_UXN | AGX_UAT_PXN)

struct memory_machine {
	uint8_t *ram;
	uint64_t next; /* physical */
	struct agx_walker walker;
};

static inline void *machine_ram(void *cookie, uint64_t pa, uint64_t size)
{
	struct memory_machine *machine = cookie;

	if (pa < MACHINE_BASE || size > MACHINE_SIZE || pa - MACHINE_BASE > MACHINE_SIZE - size)
		return NULL;
	return machine->ram + (pa - MACHINE_BASE);
}

static inline uint64_t machine_new_page(struct memory_machine *machine)
{
	uint64_t pa = machine->next;

	machine->next += MACHINE_PAGE;
	assert_true(machine->next <= MACHINE_BASE + MACHINE_SIZE);
	return pa;
}

static inline void machine_init(struct memory_machine *machine)
{
	struct agx_uat_ttbs *ttbs;

	machine->ram = calloc(1, MACHINE_SIZE);
	assert_non_null(machine->ram);
	machine->next = MACHINE_BASE;
	machine->walker = (struct agx_walker){
		.ram = machine_ram,
		.cookie = machine,
		.ttbat_pa = machine_new_page(machine),
		.output_bits = 40,
	};
	ttbs = machine_ram(machine, machine->walker.ttbat_pa, MACHINE_PAGE);
	ttbs[MACHINE_CONTEXT].ttb0 = machine_new_page(machine) | AGX_UAT_TTB_VALID |
				     (uint64_t)MACHINE_CONTEXT << AGX_UAT_TTB_ASID_SHIFT;
}

static inline void machine_finish(struct memory_machine *machine)
{
	free(machine->ram);
}

/* The last level's entry of a page; tables are made. */
static inline uint64_t *machine_entry(struct memory_machine *machine, uint64_t va)
{
	static const unsigned int shifts[] = {AGX_UAT_L1_SHIFT, AGX_UAT_L2_SHIFT, AGX_UAT_L3_SHIFT};
	struct agx_uat_ttbs *ttbs = machine_ram(machine, machine->walker.ttbat_pa, MACHINE_PAGE);
	uint64_t table = ttbs[MACHINE_CONTEXT].ttb0 & AGX_UAT_TTB_BASE;

	for (unsigned int level = 0;; level++) {
		uint64_t index = (va >> shifts[level]) &
				 ((level ? AGX_UAT_ENTRIES : AGX_UAT_L1_ENTRIES) - 1);
		uint64_t *at = machine_ram(machine, table + 8 * index, 8);

		if (level == 2)
			return at;
		if (!*at)
			*at = machine_new_page(machine) | AGX_UAT_VALID | AGX_UAT_TYPE;
		table = *at & AGX_UAT_ADDRESS;
	}
}

/* Maps one page of physical memory. */
static inline void machine_map_to(struct memory_machine *machine, uint64_t va, uint64_t pa,
				  uint64_t rights)
{
	*machine_entry(machine, va) = pa | AGX_UAT_VALID | AGX_UAT_TYPE | AGX_UAT_AF | AGX_UAT_OS |
				      AGX_UAT_NG | 2ull << AGX_UAT_AP_SHIFT |
				      (uint64_t)AGX_UAT_ATTR_SHARED << AGX_UAT_ATTR_SHIFT | rights;
}

/* Maps a new page; its memory. */
static inline uint8_t *machine_map(struct memory_machine *machine, uint64_t va, uint64_t rights)
{
	uint64_t pa = machine_new_page(machine);

	machine_map_to(machine, va, pa, rights);
	return machine_ram(machine, pa, MACHINE_PAGE);
}

#endif
