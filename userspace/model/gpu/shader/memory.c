// SPDX-License-Identifier: MIT
/*
 * A TLB's entry is found by the page's number alone; its tag also holds a generation, so that a flush is
 * one addition. Read and write have tags of their own: a page is noted as written when its write tag is
 * made, so that a hit needs no further question.
 */
#include "memory.h"

#include <string.h>

#define ADDRESS_MASK ((1ull << AGX_MEMORY_ADDRESS_BITS) - 1)
#define GENERATION   (1ull << AGX_MEMORY_PAGE_BITS)

/* Loads and stores of shaders go through UL1C, the cache next to the cores (sgx.h, AGX_SGX_UNITS). */
#define CODE_UL1C 0x01

static const unsigned int wants[] = {
	[AGX_ACCESS_READ] = AGX_WALK_READ,
	[AGX_ACCESS_WRITE] = AGX_WALK_WRITE,
	[AGX_ACCESS_ATOMIC] = AGX_WALK_READ | AGX_WALK_WRITE,
};

void agx_memory_init(struct agx_memory *memory, const struct agx_walker *walker)
{
	memset(memory, 0, sizeof(*memory));
	memory->walker = *walker;
	memory->walker.cache = &memory->cache;
	memory->generation = GENERATION;
}

void agx_memory_flush(struct agx_memory *memory)
{
	memory->generation += GENERATION;
	if (!memory->generation) {
		memset(memory->tlb, 0, sizeof(memory->tlb));
		memory->generation = GENERATION;
	}
}

void agx_memory_start(struct agx_memory *memory, uint32_t context, bool soft_faults)
{
	agx_memory_flush(memory);
	memory->context = context;
	memory->soft_faults = soft_faults;
	memory->faulted = false;
}

/* A page that may be accessed so, into the TLB; else NULL, and walk says why. */
static struct agx_tlb_entry *fill(struct agx_memory *memory, uint64_t address,
				  enum agx_access access, struct agx_walk_result *walk)
{
	const uint64_t page = (address & ADDRESS_MASK) / AGX_MEMORY_PAGE;
	const uint64_t tag = page | memory->generation;
	struct agx_tlb_entry *entry = &memory->tlb[page % AGX_TLB_ENTRIES];
	uint8_t *host;

	memory->misses++;
	if (!agx_walk(&memory->walker, memory->context, AGX_WALK_GPU, address & ADDRESS_MASK,
		      wants[access], walk))
		return NULL;
	host = memory->walker.ram(memory->walker.cookie, walk->pa & ~(AGX_MEMORY_PAGE - 1),
				  AGX_MEMORY_PAGE);
	if (!host)
		return NULL;
	if (entry->host != host || (entry->read != tag && entry->write != tag))
		*entry = (struct agx_tlb_entry){.host = host};
	if (walk->rights & AGX_WALK_READ)
		entry->read = tag;
	if (access != AGX_ACCESS_READ && entry->write != tag) {
		entry->write = tag;
		if (memory->written)
			memory->written(memory->written_cookie, memory->context,
					page * AGX_MEMORY_PAGE,
					walk->pa & ~(uint64_t)(AGX_MEMORY_PAGE - 1), host);
	}
	return entry;
}

/* Only memory that is not there: an access that a page's rights forbid, or broken tables, are faults. */
static bool is_soft(const struct agx_memory *memory, const struct agx_walk_result *walk)
{
	return memory->soft_faults &&
	       (walk->fault == AGX_WALK_UNMAPPED || walk->fault == AGX_WALK_NO_TABLE);
}

uint8_t *agx_memory_miss(struct agx_memory *memory, uint64_t address, enum agx_access access)
{
	struct agx_walk_result walk = {0};
	const struct agx_tlb_entry *entry = fill(memory, address, access, &walk);

	if (entry)
		return entry->host + address % AGX_MEMORY_PAGE;
	if (is_soft(memory, &walk) || memory->faulted)
		return NULL;
	memory->faulted = true;
	memory->fault_address = address & ADDRESS_MASK;
	memory->fault_access = access;
	memory->fault_walk = walk;
	return NULL;
}

uint8_t *agx_memory_page(struct agx_memory *memory, uint64_t address, bool write)
{
	struct agx_walk_result walk = {0};
	const struct agx_tlb_entry *entry =
		fill(memory, address, write ? AGX_ACCESS_WRITE : AGX_ACCESS_READ, &walk);

	return entry ? entry->host + address % AGX_MEMORY_PAGE : NULL;
}

static bool copy(struct agx_memory *memory, uint64_t address, uint8_t *to, const uint8_t *from,
		 uint32_t size)
{
	while (size) {
		const uint32_t left = (uint32_t)(AGX_MEMORY_PAGE - address % AGX_MEMORY_PAGE);
		const uint32_t n = size < left ? size : left;
		uint8_t *host = agx_memory_translate(memory, address,
						     to ? AGX_ACCESS_READ : AGX_ACCESS_WRITE);

		if (!host && memory->faulted)
			return false;
		if (to) {
			if (host)
				memcpy(to, host, n);
			else
				memset(to, 0, n);
			memory->soft_loads += !host;
			to += n;
		} else {
			if (host)
				memcpy(host, from, n);
			memory->soft_stores += !host;
			from += n;
		}
		address += n;
		size -= n;
	}
	return true;
}

bool agx_memory_read(struct agx_memory *memory, uint64_t address, void *to, uint32_t size)
{
	return copy(memory, address, to, NULL, size);
}

bool agx_memory_write(struct agx_memory *memory, uint64_t address, const void *from, uint32_t size)
{
	return copy(memory, address, NULL, from, size);
}

void agx_memory_fault(const struct agx_memory *memory, const char *what,
		      struct agx_gpu_fault *fault)
{
	const struct agx_walk_result *walk = &memory->fault_walk;
	const bool can_read = walk->fault == AGX_WALK_DENIED && walk->rights & AGX_WALK_READ;

	*fault = (struct agx_gpu_fault){
		.address = memory->fault_address,
		.context = memory->context,
		.reason = (uint8_t)agx_walk_reason(walk),
		/* Of an atomic's two accesses the first that is not allowed. */
		.read = memory->fault_access == AGX_ACCESS_READ ||
			(memory->fault_access == AGX_ACCESS_ATOMIC && !can_read),
		.level = (uint8_t)walk->level,
		.unit_code = CODE_UL1C,
		.what = what,
	};
}
