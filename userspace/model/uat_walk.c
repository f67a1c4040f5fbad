// SPDX-License-Identifier: MIT
#include "uat_walk.h"

#include <string.h>

#define ADDRESS_MASK ((1ull << (AGX_UAT_HALF_BITS + 1)) - 1)
#define UPPER_BIT    (1ull << AGX_UAT_HALF_BITS)
#define PAGE_MASK    (AGX_UAT_PAGE_SIZE - 1)

#define R AGX_WALK_READ
#define W AGX_WALK_WRITE
#define X AGX_WALK_EXEC

/* All that is known to be set in a table's entry, and in a page's. */
#define KNOWN_TABLE (AGX_UAT_VALID | AGX_UAT_TYPE | AGX_UAT_ADDRESS)
#define KNOWN_PAGE                                                                         \
	(KNOWN_TABLE | AGX_UAT_ATTR | AGX_UAT_AP | AGX_UAT_AF | AGX_UAT_NG | AGX_UAT_PXN | \
	 AGX_UAT_UXN | AGX_UAT_OS)

static const struct {
	unsigned int shift;
	unsigned int entries;
} levels[AGX_UAT_LEVELS + 1] = {
	[1] = {AGX_UAT_L1_SHIFT, AGX_UAT_L1_ENTRIES},
	[2] = {AGX_UAT_L2_SHIFT, AGX_UAT_ENTRIES},
	[3] = {AGX_UAT_L3_SHIFT, AGX_UAT_ENTRIES},
};

static const char *const fault_names[AGX_WALK_FAULTS] = {
	[AGX_WALK_OK] = "none",
	[AGX_WALK_BAD_CONTEXT] = "no such context",
	[AGX_WALK_BAD_TTBAT] = "table of contexts not in RAM",
	[AGX_WALK_BAD_ADDRESS] = "address not sign-extended",
	[AGX_WALK_NO_TABLE] = "context without a table",
	[AGX_WALK_UNMAPPED] = "not mapped",
	[AGX_WALK_BLOCK] = "block entry",
	[AGX_WALK_WIDE] = "physical address too wide",
	[AGX_WALK_TABLE_NO_RAM] = "table not in RAM",
	[AGX_WALK_ACCESS_FLAG] = "access flag clear",
	[AGX_WALK_DENIED] = "permission denied",
};

/* Rights by OS, AP, UXN << 1 | PXN (m1n1: hw/uat.py, access_fw and access_gpu). */
static const uint8_t el1_own[4][4] = {
	{0, 0, 0, 0}, {0, R | W, 0, R | W}, {0, R | X, 0, 0}, {R | X, R, 0, R}};
static const uint8_t gl1_own[4][4] = {
	{0, 0, 0, R | W}, {0, 0, 0, R | W}, {R | X, 0, 0, R}, {R | X, R | W, 0, R}};
static const uint8_t firmware_os[4][4] = {
	{0, R, W, R | W}, {R, 0, R | W, R | W}, {0, 0, 0, 0}, {0, 0, 0, 0}};
static const uint8_t gpu_os[4][4] = {
	{0, R, W, R | W}, {0, 0, 0, R}, {R, W, R | W, 0}, {0, 0, 0, 0}};

const char *agx_walk_fault_name(enum agx_walk_fault fault)
{
	return (unsigned int)fault < AGX_WALK_FAULTS ? fault_names[fault] : "unknown";
}

uint8_t agx_walk_rights(uint64_t entry, enum agx_walk_unit unit, bool *uncertain)
{
	unsigned int ap = (entry & AGX_UAT_AP) >> AGX_UAT_AP_SHIFT;
	unsigned int xn = (entry & AGX_UAT_UXN ? 2 : 0) + (entry & AGX_UAT_PXN ? 1 : 0);

	if (!(entry & AGX_UAT_OS)) {
		*uncertain = false;
		if (unit == AGX_WALK_GPU)
			return 0;
		return unit == AGX_WALK_FIRMWARE ? el1_own[ap][xn] : gl1_own[ap][xn];
	}
	/* m1n1 prints the firmware's right in this cell with a question mark. */
	*uncertain = ap == 0 && xn == 2 && unit != AGX_WALK_GPU;
	return unit == AGX_WALK_GPU ? gpu_os[ap][xn] : firmware_os[ap][xn];
}

unsigned int agx_walk_reason(const struct agx_walk_result *result)
{
	if (result->fault == AGX_WALK_ACCESS_FLAG)
		return AGX_FAULT_REASON_AF;
	if (result->fault != AGX_WALK_DENIED)
		return AGX_FAULT_REASON_UNMAPPED;
	switch (result->rights & (R | W)) {
	case W:
		return AGX_FAULT_REASON_WRITE_ONLY;
	case R:
		return AGX_FAULT_REASON_READ_ONLY;
	default:
		return AGX_FAULT_REASON_NO_ACCESS;
	}
}

/* An entry that was read: where it is in the host, and what it was. */
struct step {
	const uint64_t *word;
	uint64_t value;
};

/* Reads one entry; false: not in RAM. */
static bool load(const struct agx_walker *walker, uint64_t pa, struct step *step)
{
	step->word = walker->ram(walker->cookie, pa, sizeof(*step->word));
	if (!step->word || (uintptr_t)step->word & 7)
		return false;
	step->value = __atomic_load_n(step->word, __ATOMIC_RELAXED);
	return true;
}

static bool too_wide(const struct agx_walker *walker, uint64_t pa)
{
	return walker->output_bits < 64 && pa >> walker->output_bits;
}

static bool fault(struct agx_walk_result *result, enum agx_walk_fault why)
{
	result->fault = why;
	return false;
}

/* The level-1 table of a context's half. */
static bool find_root(const struct agx_walker *walker, unsigned int context, bool upper,
		      uint64_t *table, struct step *step, struct agx_walk_result *result)
{
	uint64_t ttb;

	if (context >= AGX_UAT_CONTEXTS)
		return fault(result, AGX_WALK_BAD_CONTEXT);
	result->entry_pa = walker->ttbat_pa + context * sizeof(struct agx_uat_ttbs) +
			   (upper ? offsetof(struct agx_uat_ttbs, ttb1) : 0);
	if (!load(walker, result->entry_pa, step))
		return fault(result, AGX_WALK_BAD_TTBAT);
	ttb = step->value;
	result->entry = ttb;
	result->asid = ttb >> AGX_UAT_TTB_ASID_SHIFT;
	if (!(ttb & AGX_UAT_TTB_VALID))
		return fault(result, AGX_WALK_NO_TABLE);
	*table = ttb & AGX_UAT_TTB_BASE;
	if (too_wide(walker, *table))
		return fault(result, AGX_WALK_WIDE);
	return true;
}

/* The whole walk but for what is wanted, and the steps of it. */
static bool walk(const struct agx_walker *walker, unsigned int context, enum agx_walk_unit unit,
		 uint64_t va, struct step steps[AGX_UAT_LEVELS + 1], struct agx_walk_result *result)
{
	bool upper = va & UPPER_BIT;
	uint64_t table, entry = 0;
	unsigned int level;

	*result = (struct agx_walk_result){0};
	if (unit != AGX_WALK_GPU && va >> AGX_UAT_HALF_BITS &&
	    va >> AGX_UAT_HALF_BITS != AGX_UAT_UPPER_BASE >> AGX_UAT_HALF_BITS)
		return fault(result, AGX_WALK_BAD_ADDRESS);
	if (!find_root(walker, context, upper, &table, &steps[0], result))
		return false;

	for (level = 1; level <= AGX_UAT_LEVELS; level++) {
		unsigned int index = (va >> levels[level].shift) % levels[level].entries;

		result->level = level;
		result->entry_pa = table + index * sizeof(entry);
		if (!load(walker, result->entry_pa, &steps[level])) {
			result->entry = 0;
			return fault(result, AGX_WALK_TABLE_NO_RAM);
		}
		entry = result->entry = steps[level].value;
		if (!(entry & AGX_UAT_VALID))
			return fault(result, AGX_WALK_UNMAPPED);
		/* In the last level, too: there it is reserved, as on Arm. */
		if (!(entry & AGX_UAT_TYPE))
			return fault(result, AGX_WALK_BLOCK);
		result->odd_bits |= entry & ~(level == AGX_UAT_LEVELS ? KNOWN_PAGE : KNOWN_TABLE);
		table = entry & AGX_UAT_ADDRESS;
		if (too_wide(walker, table))
			return fault(result, AGX_WALK_WIDE);
	}

	result->pa = table | (va & PAGE_MASK);
	result->type = (entry & AGX_UAT_ATTR) >> AGX_UAT_ATTR_SHIFT;
	result->global = !(entry & AGX_UAT_NG);
	result->rights = agx_walk_rights(entry, unit, &result->uncertain);
	if (result->type > AGX_UAT_ATTR_INNER)
		result->odd_bits |= entry & AGX_UAT_ATTR;
	if (!(entry & AGX_UAT_AF))
		return fault(result, AGX_WALK_ACCESS_FLAG);
	return true;
}

/* 50 bits of page number, 6 of context; the unit is never all ones, so that no key is 0. */
static inline uint64_t cache_key(unsigned int context, enum agx_walk_unit unit, uint64_t va)
{
	return ~(va >> AGX_UAT_PAGE_SHIFT | (uint64_t)context << 50 | (uint64_t)unit << 62);
}

static inline struct agx_walk_cached *cache_slot(struct agx_walk_cache *cache, uint64_t key)
{
	return &cache->entries[(key * 0x9e3779b97f4a7c15ull) >> 57];
}

/* Whether a remembered walk would go the same way now. */
static inline bool still_true(const struct agx_walk_cached *cached, uint64_t key)
{
	uint64_t changed = 0;

	if (cached->key != key)
		return false;
#pragma GCC unroll 4
	for (unsigned int i = 0; i <= AGX_UAT_LEVELS; i++)
		changed |= __atomic_load_n(cached->words[i], __ATOMIC_RELAXED) ^ cached->values[i];
	return !changed;
}

bool agx_walk(const struct agx_walker *walker, unsigned int context, enum agx_walk_unit unit,
	      uint64_t va, unsigned int wants, struct agx_walk_result *result)
{
	struct step steps[AGX_UAT_LEVELS + 1];
	struct agx_walk_cached *cached = NULL;
	uint64_t key = 0;

	if (walker->cache && context < AGX_UAT_CONTEXTS) {
		key = cache_key(context, unit, va);
		cached = cache_slot(walker->cache, key);
		if (still_true(cached, key)) {
			*result = cached->result;
			result->pa |= va & PAGE_MASK;
			goto reached;
		}
	}
	if (!walk(walker, context, unit, va, steps, result))
		return false;
	if (cached) {
		cached->key = key;
		cached->notes = 0;
		for (unsigned int i = 0; i <= AGX_UAT_LEVELS; i++) {
			cached->words[i] = steps[i].word;
			cached->values[i] = steps[i].value;
		}
		cached->result = *result;
		cached->result.pa &= ~PAGE_MASK;
		cached->page =
			walker->ram(walker->cookie, result->pa & ~PAGE_MASK, AGX_UAT_PAGE_SIZE);
	}
reached:
	if (wants & ~(unsigned int)result->rights)
		return fault(result, AGX_WALK_DENIED);
	return true;
}

/* The remembered walk when it is still true, else NULL. */
static inline struct agx_walk_cached *recall(const struct agx_walker *walker, unsigned int context,
					     enum agx_walk_unit unit, uint64_t va)
{
	const uint64_t key = cache_key(context, unit, va);
	struct agx_walk_cached *cached;

	if (!walker->cache || context >= AGX_UAT_CONTEXTS)
		return NULL;
	cached = cache_slot(walker->cache, key);
	return still_true(cached, key) ? cached : NULL;
}

struct agx_walk_cached *agx_walk_recall(const struct agx_walker *walker, unsigned int context,
					enum agx_walk_unit unit, uint64_t va)
{
	struct agx_walk_cached *cached = recall(walker, context, unit, va);
	struct agx_walk_result result;

	if (cached || !walker->cache || !agx_walk(walker, context, unit, va, 0, &result))
		return cached;
	return cache_slot(walker->cache, cache_key(context, unit, va));
}

bool agx_walk_allows(const struct agx_walker *walker, unsigned int context, enum agx_walk_unit unit,
		     uint64_t va, unsigned int wants)
{
	const struct agx_walk_cached *cached = recall(walker, context, unit, va);
	struct agx_walk_result result;

	if (cached)
		return !(wants & ~(unsigned int)cached->result.rights);
	return agx_walk(walker, context, unit, va, wants, &result);
}

static inline uint8_t *window_of(const struct agx_walk_cached *cached, uint64_t va, size_t size,
				 unsigned int wants)
{
	if (wants & ~(unsigned int)cached->result.rights || !cached->page ||
	    size > AGX_UAT_PAGE_SIZE - (va & PAGE_MASK))
		return NULL;
	return cached->page + (va & PAGE_MASK);
}

static __attribute__((noinline)) uint8_t *make_window(const struct agx_walker *walker,
						      unsigned int context, enum agx_walk_unit unit,
						      uint64_t va, size_t size, unsigned int wants)
{
	const struct agx_walk_cached *cached = agx_walk_recall(walker, context, unit, va);

	return cached ? window_of(cached, va, size, wants) : NULL;
}

uint8_t *agx_walk_window(const struct agx_walker *walker, unsigned int context,
			 enum agx_walk_unit unit, uint64_t va, size_t size, unsigned int wants)
{
	const struct agx_walk_cached *cached = recall(walker, context, unit, va);

	if (__builtin_expect(!cached, 0))
		return make_window(walker, context, unit, va, size, wants);
	return window_of(cached, va, size, wants);
}

/* The memory at an address, all within a page, when the cache knows that it may be accessed. */
static inline uint8_t *known_memory(const struct agx_walker *walker, unsigned int context,
				    enum agx_walk_unit unit, uint64_t va, unsigned int wants)
{
	const struct agx_walk_cached *cached = recall(walker, context, unit, va);

	if (!cached || wants & ~(unsigned int)cached->result.rights || !cached->page)
		return NULL;
	return cached->page + (va & PAGE_MASK);
}

/* Most copies are of a word: a load and a store. */
static inline void copy_bytes(void *to, const void *from, size_t size)
{
	if (size == 4)
		memcpy(to, from, 4);
	else if (size == 8)
		memcpy(to, from, 8);
	else
		memcpy(to, from, size);
}

static size_t copy(const struct agx_walker *walker, unsigned int context, enum agx_walk_unit unit,
		   uint64_t va, void *to, const void *from, size_t size,
		   struct agx_walk_result *result)
{
	size_t done = 0;

	if (!size)
		*result = (struct agx_walk_result){0};
	while (done < size) {
		uint64_t left_in_page = AGX_UAT_PAGE_SIZE - (va & PAGE_MASK);
		size_t n = size - done < left_in_page ? size - done : left_in_page;
		uint8_t *memory = known_memory(walker, context, unit, va, to ? R : W);

		if (memory) {
			result->fault = AGX_WALK_OK;
		} else {
			if (!agx_walk(walker, context, unit, va, to ? R : W, result))
				break;
			memory = walker->ram(walker->cookie, result->pa, n);
			if (!memory)
				break;
		}
		if (to)
			copy_bytes((uint8_t *)to + done, memory, n);
		else
			copy_bytes(memory, (const uint8_t *)from + done, n);
		done += n;
		va += n;
	}
	return done;
}

size_t agx_walk_read(const struct agx_walker *walker, unsigned int context, enum agx_walk_unit unit,
		     uint64_t va, void *data, size_t size, struct agx_walk_result *result)
{
	return copy(walker, context, unit, va, data, NULL, size, result);
}

size_t agx_walk_write(const struct agx_walker *walker, unsigned int context,
		      enum agx_walk_unit unit, uint64_t va, const void *data, size_t size,
		      struct agx_walk_result *result)
{
	return copy(walker, context, unit, va, NULL, data, size, result);
}

struct scan {
	const struct agx_walker *walker;
	uint64_t left;
	bool (*visit)(void *cookie, uint64_t va, uint64_t entry);
	void *cookie;
};

/* Not deeper than AGX_UAT_LEVELS, whatever the tables hold. */
static bool scan_table(struct scan *scan, unsigned int level, uint64_t table, uint64_t va)
{
	unsigned int i;

	for (i = 0; i < levels[level].entries; i++) {
		uint64_t at = va + ((uint64_t)i << levels[level].shift);
		struct step step;
		uint64_t entry;

		if (!scan->left)
			return false;
		scan->left--;
		if (!load(scan->walker, table + i * sizeof(entry), &step))
			continue;
		entry = step.value;
		if (!(entry & AGX_UAT_VALID) || !(entry & AGX_UAT_TYPE) ||
		    too_wide(scan->walker, entry & AGX_UAT_ADDRESS))
			continue;
		if (level == AGX_UAT_LEVELS) {
			if (!scan->visit(scan->cookie, at, entry))
				return false;
		} else if (!scan_table(scan, level + 1, entry & AGX_UAT_ADDRESS, at)) {
			return false;
		}
	}
	return true;
}

bool agx_walk_pages(const struct agx_walker *walker, unsigned int context, bool upper,
		    uint64_t limit, bool (*visit)(void *cookie, uint64_t va, uint64_t entry),
		    void *cookie)
{
	struct scan scan = {.walker = walker, .left = limit, .visit = visit, .cookie = cookie};
	struct agx_walk_result result = {0};
	struct step step;
	uint64_t table;

	if (!find_root(walker, context, upper, &table, &step, &result))
		return true;
	return scan_table(&scan, 1, table, upper ? AGX_UAT_UPPER_BASE : 0);
}
