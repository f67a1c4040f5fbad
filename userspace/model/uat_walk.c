// SPDX-License-Identifier: MIT
#include "uat_walk.h"

#include <string.h>

#define ADDRESS_MASK ((1ull << (AGX_UAT_HALF_BITS + 1)) - 1)
#define UPPER_BIT    (1ull << AGX_UAT_HALF_BITS)

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

/* Reads one entry; false: not in RAM. */
static bool load(const struct agx_walker *walker, uint64_t pa, uint64_t *value)
{
	const uint64_t *word = walker->ram(walker->cookie, pa, sizeof(*word));

	if (!word || (uintptr_t)word & 7)
		return false;
	*value = __atomic_load_n(word, __ATOMIC_RELAXED);
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
		      uint64_t *table, struct agx_walk_result *result)
{
	uint64_t ttb;

	if (context >= AGX_UAT_CONTEXTS)
		return fault(result, AGX_WALK_BAD_CONTEXT);
	result->entry_pa = walker->ttbat_pa + context * sizeof(struct agx_uat_ttbs) +
			   (upper ? offsetof(struct agx_uat_ttbs, ttb1) : 0);
	if (!load(walker, result->entry_pa, &ttb))
		return fault(result, AGX_WALK_BAD_TTBAT);
	result->entry = ttb;
	result->asid = ttb >> AGX_UAT_TTB_ASID_SHIFT;
	if (!(ttb & AGX_UAT_TTB_VALID))
		return fault(result, AGX_WALK_NO_TABLE);
	*table = ttb & AGX_UAT_TTB_BASE;
	if (too_wide(walker, *table))
		return fault(result, AGX_WALK_WIDE);
	return true;
}

bool agx_walk(const struct agx_walker *walker, unsigned int context, enum agx_walk_unit unit,
	      uint64_t va, unsigned int wants, struct agx_walk_result *result)
{
	bool upper = va & UPPER_BIT;
	uint64_t table, entry = 0;
	unsigned int level;

	memset(result, 0, sizeof(*result));
	if (unit != AGX_WALK_GPU && va >> AGX_UAT_HALF_BITS &&
	    va >> AGX_UAT_HALF_BITS != AGX_UAT_UPPER_BASE >> AGX_UAT_HALF_BITS)
		return fault(result, AGX_WALK_BAD_ADDRESS);
	if (!find_root(walker, context, upper, &table, result))
		return false;

	for (level = 1; level <= AGX_UAT_LEVELS; level++) {
		unsigned int index = (va >> levels[level].shift) % levels[level].entries;

		result->level = level;
		result->entry_pa = table + index * sizeof(entry);
		if (!load(walker, result->entry_pa, &entry)) {
			result->entry = 0;
			return fault(result, AGX_WALK_TABLE_NO_RAM);
		}
		result->entry = entry;
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

	result->pa = table | (va & (AGX_UAT_PAGE_SIZE - 1));
	result->type = (entry & AGX_UAT_ATTR) >> AGX_UAT_ATTR_SHIFT;
	result->global = !(entry & AGX_UAT_NG);
	result->rights = agx_walk_rights(entry, unit, &result->uncertain);
	if (result->type > AGX_UAT_ATTR_INNER)
		result->odd_bits |= entry & AGX_UAT_ATTR;
	if (!(entry & AGX_UAT_AF))
		return fault(result, AGX_WALK_ACCESS_FLAG);
	if (wants & ~(unsigned int)result->rights)
		return fault(result, AGX_WALK_DENIED);
	return true;
}

static size_t copy(const struct agx_walker *walker, unsigned int context, enum agx_walk_unit unit,
		   uint64_t va, void *to, const void *from, size_t size,
		   struct agx_walk_result *result)
{
	size_t done = 0;

	memset(result, 0, sizeof(*result));
	while (done < size) {
		uint64_t left_in_page = AGX_UAT_PAGE_SIZE - (va & (AGX_UAT_PAGE_SIZE - 1));
		size_t n = size - done < left_in_page ? size - done : left_in_page;
		void *memory;

		if (!agx_walk(walker, context, unit, va, to ? R : W, result))
			break;
		memory = walker->ram(walker->cookie, result->pa, n);
		if (!memory)
			break;
		if (to)
			memcpy((uint8_t *)to + done, memory, n);
		else
			memcpy(memory, (const uint8_t *)from + done, n);
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
		uint64_t entry;

		if (!scan->left)
			return false;
		scan->left--;
		if (!load(scan->walker, table + i * sizeof(entry), &entry))
			continue;
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
	uint64_t table;

	if (!find_root(walker, context, upper, &table, &result))
		return true;
	return scan_table(&scan, 1, table, upper ? AGX_UAT_UPPER_BASE : 0);
}
