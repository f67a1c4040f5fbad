/* SPDX-License-Identifier: MIT */
/*
 * A home for the driver core in tests: RAM, a TTBAT and a handoff block in it, a platform table
 * that can run out of memory on demand, and TLBs that remember what they saw until they are told
 * to forget it.
 *
 * The TLBs are as nasty as hardware may be: they cache tables as well as pages, and look again
 * right after an invalidation, so an invalidation that comes before the change caches the old
 * state anew.
 */
#ifndef AGX_TEST_MACHINE_H
#define AGX_TEST_MACHINE_H

#include "agx_uat.h"
#include "uat_walk.h"

#define MACHINE_RAM_BASE 0x800000000ull

struct machine_tlb_entry {
	uint32_t asid;
	bool global;
	unsigned int level; /* 3: a page; 1, 2: an entry that names a table */
	uint64_t va;        /* of what the entry covers, start */
	uint64_t entry;
};

struct machine {
	uint8_t *ram;
	uint64_t ram_size;
	uint8_t *page_used; /* one per 16 KiB page */
	uint64_t next_page; /* where to look for a free one */

	struct agx_platform platform;
	struct agx_uat_config config;
	struct agx_walker walker;
	struct agx_walk_cache walk_cache; /* the walker's, so that each test tests it as well */
	struct agx_uat *uat;

	/* Memory: what is out, and which allocation from now on fails (0: none; counts down). */
	int64_t pages_out, bytes_out, mems_out;
	uint64_t allocations;
	uint64_t fail_after;
	uint32_t scatter; /* memory is contiguous in pieces of so many pages; 0: as a whole */

	/* TLBs. */
	struct machine_tlb_entry *tlb;
	size_t tlb_count, tlb_max;
	bool tlb_pending; /* invalidated, but not waited for */
	uint64_t tlbi_count;
	enum agx_tlbi last_op;
	uint64_t last_operand;

	uint64_t now;
	void (*relax)(void *cookie, struct machine *machine); /* may be NULL */
	void *relax_cookie;

	unsigned int logs;   /* lines logged, warnings and errors */
	unsigned int errors; /* things that must never happen */
	char last_log[256];
	char last_error[256];
	bool verbose;
};

/* ram_size: bytes, sparse. Makes everything but the agx_uat. */
void machine_init(struct machine *machine, uint64_t ram_size);

/* Also makes the agx_uat and starts it, with a firmware that answers at once. */
void machine_start(struct machine *machine, uint64_t ram_size, bool map_kernel_to_user,
		   bool keep_empty_tables);

/* Destroys the agx_uat; the number of errors and leaks. */
unsigned int machine_finish(struct machine *machine);

/* A page of RAM for the test's own use. */
uint64_t machine_page(struct machine *machine);

/* Lets the TLBs see an address of a context. */
void machine_touch(struct machine *machine, unsigned int context, uint64_t va);

/* Nothing in the TLBs differs from the tables, and nothing is pending; else an error. */
void machine_check_tlb(struct machine *machine);

void machine_error(struct machine *machine, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A small generator of random numbers, the same everywhere. */
uint64_t machine_random(uint64_t *state);

#endif
