/* SPDX-License-Identifier: MIT */
/*
 * The GPU's memory as one thread of the host sees it: addresses through the page tables, with a TLB of its
 * own.
 *
 * As on hardware, what the TLB holds stays true for it until it is flushed, whatever happens to the tables.
 * Nothing here is shared between threads but the guest's memory itself; what the guest does there from
 * several threads at once without atomics is as undefined as on the GPU, one aligned element of up to 32
 * bits is never seen half written.
 */
#ifndef AGX_GPU_MEMORY_H
#define AGX_GPU_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "agx_gpu.h"
#include "uat_walk.h"

#define AGX_MEMORY_PAGE AGX_UAT_PAGE_SIZE
#define AGX_TLB_ENTRIES 1024 /* direct mapped, by page number: 16 MiB */

/* The GPU looks at 40 bits of an address. */
#define AGX_MEMORY_ADDRESS_BITS (AGX_UAT_HALF_BITS + 1)
#define AGX_MEMORY_PAGE_BITS    (AGX_MEMORY_ADDRESS_BITS - AGX_UAT_PAGE_SHIFT)

enum agx_access {
	AGX_ACCESS_READ,
	AGX_ACCESS_WRITE,
	AGX_ACCESS_ATOMIC, /* both, in one step */
};

/* Tags: number of the page and generation; 0, which no tag is: may not be accessed so, or not known yet. */
struct agx_tlb_entry {
	uint64_t read, write;
	uint8_t *host; /* memory of the page */
};

struct agx_memory {
	struct agx_walker walker; /* with a cache of its own, below */
	uint32_t context;
	bool soft_faults; /* loads of what is not mapped give 0, stores there are dropped */

	/*
	 * Says which pages were written: called before the first write to a page after a flush, and again
	 * when the TLB forgot that page in between. address: of the page; pa and page: where it is, with what is
	 * there before the write. By the thread that writes. NULL: nobody wants to know, which costs nothing.
	 */
	void (*written)(void *cookie, uint32_t context, uint64_t address, uint64_t pa,
			const uint8_t *page);
	void *written_cookie;

	uint64_t generation; /* of the TLB's entries, in the bits of their tags */
	struct agx_tlb_entry tlb[AGX_TLB_ENTRIES];
	struct agx_walk_cache cache;

	/* The first access that was not allowed. */
	bool faulted;
	uint64_t fault_address;
	enum agx_access fault_access;
	struct agx_walk_result fault_walk;

	/* For statistics. */
	uint64_t loads, stores; /* accesses of one lane each; atomics are both */
	uint64_t bytes_loaded, bytes_stored;
	uint64_t misses;                  /* of the TLB */
	uint64_t soft_loads, soft_stores; /* accesses that a soft fault answered */
	uint64_t local_strays;            /* accesses beyond threadgroup memory */
	uint64_t odd_tiles;   /* reads of compressed tiles with metadata that is not known */
	uint64_t odd_tile;    /* address of the first one's metadata */
	uint8_t odd_metadata; /* and of that what is not known */
};

/*
 * For one thread, and as long as the walker's ram and tables are there. Of walker everything but its cache
 * is taken. A structure of some 45 KB; nothing has to be undone.
 */
void agx_memory_init(struct agx_memory *memory, const struct agx_walker *walker);

/* Before a command: another context perhaps, nothing translated, no fault. */
void agx_memory_start(struct agx_memory *memory, uint32_t context, bool soft_faults);

/* Forgets what was translated: where the driver says so. Takes a few instructions. */
void agx_memory_flush(struct agx_memory *memory);

/* What agx_memory_translate() does when the TLB has no answer. */
uint8_t *agx_memory_miss(struct agx_memory *memory, uint64_t address, enum agx_access access);

/*
 * Host memory of an address, good until the end of its page. NULL: not to be accessed so. Then
 * memory->faulted says which: set, the access has faulted; clear, it is a soft fault (counted by the
 * caller).
 */
static inline uint8_t *agx_memory_translate(struct agx_memory *memory, uint64_t address,
					    enum agx_access access)
{
	const uint64_t page =
		address << (64 - AGX_MEMORY_ADDRESS_BITS) >> (64 - AGX_MEMORY_PAGE_BITS);
	const struct agx_tlb_entry *entry = &memory->tlb[page % AGX_TLB_ENTRIES];
	const uint64_t tag = page | memory->generation;
	bool hit = (access == AGX_ACCESS_READ ? entry->read : entry->write) == tag;

	if (access == AGX_ACCESS_ATOMIC)
		hit &= entry->read == tag;
	if (__builtin_expect(hit, 1))
		return entry->host + address % AGX_MEMORY_PAGE;
	return agx_memory_miss(memory, address, access);
}

/* As agx_memory_translate(), but nothing is noted: NULL is NULL. */
uint8_t *agx_memory_page(struct agx_memory *memory, uint64_t address, bool write);

/*
 * size bytes, over page borders too. False: a fault, which is noted; bytes before it were copied. With
 * soft faults unmapped bytes read as 0, are dropped, and the result is true.
 */
bool agx_memory_read(struct agx_memory *memory, uint64_t address, void *to, uint32_t size);
bool agx_memory_write(struct agx_memory *memory, uint64_t address, const void *from, uint32_t size);

/* The fault that was noted, as the registers have it. what: what was wanted there, a constant. */
void agx_memory_fault(const struct agx_memory *memory, const char *what,
		      struct agx_gpu_fault *fault);

#endif
