/* SPDX-License-Identifier: MIT */
/*
 * Walks UAT page tables in the machine's RAM, as the coprocessor and the GPU do.
 *
 * Apple's side of the tables: written from firmware-interface/uat.h alone and shares nothing
 * with the driver. Whatever the tables hold, a walk reads at most one TTBAT entry and three table
 * entries, all of them inside RAM.
 *
 * Any thread; entries are read whole, so a walk beside a driver that changes tables sees each
 * entry before or after the change. A cache belongs to one thread at a time.
 */
#ifndef AGX_UAT_WALK_H
#define AGX_UAT_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "uat.h"

/* Who accesses memory. */
enum agx_walk_unit {
	AGX_WALK_FIRMWARE,     /* the coprocessor, EL1 */
	AGX_WALK_FIRMWARE_GL1, /* its guarded level */
	AGX_WALK_GPU,
	AGX_WALK_UNITS,
};

struct agx_walk_cache;

struct agx_walker {
	/* Host pointer to size bytes of RAM at pa, NULL: not (all) RAM. As agx_ram_translate(). */
	void *(*ram)(void *cookie, uint64_t pa, uint64_t size);
	void *cookie;
	uint64_t ttbat_pa;        /* of the table of contexts */
	unsigned int output_bits; /* of physical addresses */

	/*
	 * Makes walks faster and changes none: for the walker alone, zero at first. Only where ram
	 * never takes back an answer that was not NULL. NULL: without.
	 */
	struct agx_walk_cache *cache;
};

#define AGX_WALK_READ  (1u << 0)
#define AGX_WALK_WRITE (1u << 1)
#define AGX_WALK_EXEC  (1u << 2)

enum agx_walk_fault {
	AGX_WALK_OK,
	AGX_WALK_BAD_CONTEXT,  /* no such entry in the TTBAT */
	AGX_WALK_BAD_TTBAT,    /* the TTBAT is not in RAM */
	AGX_WALK_BAD_ADDRESS,  /* the firmware's addresses must be sign-extended */
	AGX_WALK_NO_TABLE,     /* the context has no table for this half */
	AGX_WALK_UNMAPPED,     /* entry not valid */
	AGX_WALK_BLOCK,        /* a block where only tables are known to work */
	AGX_WALK_WIDE,         /* physical address wider than the SoC's */
	AGX_WALK_TABLE_NO_RAM, /* a table outside RAM */
	AGX_WALK_ACCESS_FLAG,  /* page without AF */
	AGX_WALK_DENIED,       /* page without the right */
	AGX_WALK_FAULTS,
};

/* Reason codes of the GPU's FAULT_INFO register, bits 3:1. */
#define AGX_FAULT_REASON_UNMAPPED   0
#define AGX_FAULT_REASON_AF         1
#define AGX_FAULT_REASON_WRITE_ONLY 2
#define AGX_FAULT_REASON_READ_ONLY  3
#define AGX_FAULT_REASON_NO_ACCESS  4

struct agx_walk_result {
	enum agx_walk_fault fault;
	unsigned int level; /* where the walk ended: 0 TTBAT, 1 to 3 */
	uint64_t entry;     /* last entry read */
	uint64_t entry_pa;  /* and where it is */

	/* When a page was reached, be access allowed or not. */
	uint64_t pa;       /* of the very address */
	uint8_t rights;    /* AGX_WALK_READ... of the unit that asked */
	uint8_t type;      /* AGX_UAT_ATTR_* */
	bool global;       /* in TLBs for every ASID */
	bool uncertain;    /* the source of the rights is not sure */
	uint64_t odd_bits; /* set bits, of any level, that nobody is known to use */
	uint32_t asid;     /* of the context */
};

/*
 * Remembers walks that reached a page, with the four entries that led there. These are read again
 * each time and compared: unlike a TLB, nothing has to be invalidated.
 */
#define AGX_WALK_CACHE_ENTRIES 128

struct agx_walk_cache {
	struct agx_walk_cached {
		uint64_t key; /* page, context and unit; 0: unused */
		const uint64_t *words[AGX_UAT_LEVELS + 1];
		uint64_t values[AGX_UAT_LEVELS + 1];
		uint8_t *page; /* in the host; NULL: not (all) RAM */
		/* The owner's notes on this walk, true as long as its entries are; 0 at first. */
		uint32_t notes;
		struct agx_walk_result result;
	} entries[AGX_WALK_CACHE_ENTRIES];
};

/* A word for a fault, for messages. */
const char *agx_walk_fault_name(enum agx_walk_fault fault);

/* The GPU's reason code for a fault, given what was wanted. */
unsigned int agx_walk_reason(const struct agx_walk_result *result);

/* Rights that a page's entry gives a unit. */
uint8_t agx_walk_rights(uint64_t entry, enum agx_walk_unit unit, bool *uncertain);

/*
 * Translates one address. The GPU uses the low 40 bits of it. wants: AGX_WALK_*, all of which
 * must be allowed; 0 asks for the translation only. true: result->fault is AGX_WALK_OK.
 */
bool agx_walk(const struct agx_walker *walker, unsigned int context, enum agx_walk_unit unit,
	      uint64_t va, unsigned int wants, struct agx_walk_result *result);

/* As agx_walk(), for who needs to know no more; agx_walk() says why not. */
bool agx_walk_allows(const struct agx_walker *walker, unsigned int context, enum agx_walk_unit unit,
		     uint64_t va, unsigned int wants);

/*
 * The remembered walk to a page, made anew where there is none or it is no longer true; valid until
 * the next walk with this cache. NULL: without a cache, and when the walk reaches no page;
 * agx_walk() says why.
 */
struct agx_walk_cached *agx_walk_recall(const struct agx_walker *walker, unsigned int context,
					enum agx_walk_unit unit, uint64_t va);

/*
 * Host memory of size bytes at va, all in one page of RAM whose rights allow wants. NULL: there is
 * none such; the other functions do it or say why not.
 */
uint8_t *agx_walk_window(const struct agx_walker *walker, unsigned int context,
			 enum agx_walk_unit unit, uint64_t va, size_t size, unsigned int wants);

/*
 * Copies between a buffer and size bytes at va, page by page. The number of bytes copied; only when
 * that is less than size does result say why, and va + that number is the address. Memory outside
 * RAM (devices) ends the copy with AGX_WALK_OK in result->fault.
 */
size_t agx_walk_read(const struct agx_walker *walker, unsigned int context, enum agx_walk_unit unit,
		     uint64_t va, void *data, size_t size, struct agx_walk_result *result);
size_t agx_walk_write(const struct agx_walker *walker, unsigned int context,
		      enum agx_walk_unit unit, uint64_t va, const void *data, size_t size,
		      struct agx_walk_result *result);

/*
 * Calls visit for each mapped page of a half (upper or lower), in order of addresses, until it
 * gives false or more than limit entries were read. true: all were visited. Tables that lead
 * nowhere are left out.
 */
bool agx_walk_pages(const struct agx_walker *walker, unsigned int context, bool upper,
		    uint64_t limit, bool (*visit)(void *cookie, uint64_t va, uint64_t entry),
		    void *cookie);

#endif
