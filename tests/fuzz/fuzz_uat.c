// SPDX-License-Identifier: MIT
/*
 * Page tables. The first byte chooses:
 *   even  a sequence of operations on a VM, compared page by page with an array, through the
 *         model's walker, with TLBs that remember;
 *   odd   the same, while somebody else writes into the tables: anything may be mapped then, but
 *         nothing may crash or leak, and the walker must stay inside RAM.
 * Operations are 6 bytes: what, where (2), how many (1), argument (2).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAGE         AGX_UAT_PAGE_SIZE
#define WINDOWS      3u
#define WINDOW_PAGES 1024u
#define MAX_OPS      200

/* Around the ends of a level-3 table, a level-2 table, and the address space. */
static const uint64_t windows[WINDOWS] = {
	(1ull << AGX_UAT_L2_SHIFT) - WINDOW_PAGES / 2 * PAGE,
	(1ull << AGX_UAT_L1_SHIFT) - WINDOW_PAGES / 2 * PAGE,
	(1ull << AGX_UAT_HALF_BITS) - WINDOW_PAGES *PAGE,
};

struct fuzz {
	struct machine machine;
	struct agx_uat_vm *vm;
	struct agx_uat_reserve reserve;
	bool bound, hostile;
	uint64_t expected[WINDOWS * WINDOW_PAGES];
};

static void fail(const char *what, uint64_t va)
{
	fprintf(stderr, "fuzz_uat: %s at 0x%llx\n", what, (unsigned long long)va);
	abort();
}

static uint64_t *expected(struct fuzz *fuzz, uint64_t va)
{
	unsigned int i;

	for (i = 0; i < WINDOWS; i++)
		if (va >= windows[i] && va - windows[i] < WINDOW_PAGES * PAGE)
			return &fuzz->expected[i * WINDOW_PAGES + (va - windows[i]) / PAGE];
	return NULL;
}

static bool check_page(void *cookie, uint64_t va, uint64_t entry)
{
	struct fuzz *fuzz = cookie;
	uint64_t *page = expected(fuzz, va);

	if (!page || *page != entry)
		fail("a page is mapped wrongly", va);
	fuzz->machine.now++; /* counts them */
	return true;
}

static void check_all(struct fuzz *fuzz)
{
	uint64_t mapped = 0, i;

	if (fuzz->machine.errors)
		fail("an error of the machine", 0);
	if (fuzz->hostile || !fuzz->bound)
		return;
	for (i = 0; i < WINDOWS * WINDOW_PAGES; i++)
		mapped += fuzz->expected[i] != 0;
	fuzz->machine.now = 0;
	if (!agx_walk_pages(&fuzz->machine.walker, 1, false, 1u << 24, check_page, fuzz))
		fail("a walk did not end", 0);
	if (fuzz->machine.now != mapped || agx_uat_vm_pages(fuzz->vm) != mapped)
		fail("pages are missing", mapped);
}

static bool ignore(void *cookie, uint64_t va, uint64_t entry)
{
	(void)cookie;
	(void)va;
	(void)entry;
	return true;
}

/* Writes to a table of the VM, as it is found in memory, or to the TTBAT. */
static void damage(struct fuzz *fuzz, uint64_t va, unsigned int level, uint16_t argument)
{
	static const uint64_t bits[] = {0,
					1,
					3,
					AGX_UAT_ADDRESS | 3,
					1ull << 42 | 3,
					UINT64_MAX,
					0x206400000 | 3,
					2ull << 48,
					MACHINE_RAM_BASE | 0xc0000000000447};
	struct agx_walk_result result;
	struct agx_uat_lookup found;
	uint8_t buffer[64];
	uint64_t *word;

	agx_uat_find(fuzz->vm, va, &found);
	if (level < 3 && found.level > level) {
		word = fuzz->machine.walker.ram(
			&fuzz->machine,
			(found.entry[level] & AGX_UAT_ADDRESS) + argument % AGX_UAT_ENTRIES * 8, 8);
		if (level < 2 && word && !((uintptr_t)word & 7))
			*word = bits[(argument >> 11) % 9] | (argument & 1 ? found.entry[0] : 0);
	}
	agx_walk(&fuzz->machine.walker, argument % 70, argument % AGX_WALK_UNITS, va, 3, &result);
	if (result.level > 3 || result.fault >= AGX_WALK_FAULTS)
		fail("an impossible result", va);
	agx_walk_read(&fuzz->machine.walker, 1, AGX_WALK_GPU, va + PAGE - 7, buffer, sizeof(buffer),
		      &result);
	agx_walk_pages(&fuzz->machine.walker, 1, false, 2000, ignore, NULL);
}

static void run_op(struct fuzz *fuzz, const uint8_t *op)
{
	unsigned int where = op[1] | op[2] << 8, argument = op[4] | op[5] << 8;
	unsigned int first = where / WINDOWS % WINDOW_PAGES;
	unsigned int pages = op[3] & 0x80 ? (op[3] & 0x7f) * 8 : op[3];
	enum agx_uat_prot prot = argument % AGX_UAT_PROTS;
	uint64_t va = windows[where % WINDOWS] + first * PAGE, i;
	uint64_t bits = agx_uat_prot_bits(prot) | AGX_UAT_VALID | AGX_UAT_TYPE | AGX_UAT_NG;
	uint64_t pa = (uint64_t)argument << 20;
	bool single = argument & 0x8000;
	int err;

	if (pages > WINDOW_PAGES - first)
		pages = WINDOW_PAGES - first;
	switch (op[0] % 8) {
	case 0:
	case 1:
		/* Sometimes out of memory, sometimes too little reserved. */
		fuzz->machine.fail_after = op[0] / 8;
		err = agx_uat_reserve(fuzz->vm, va, pages * PAGE, op[0] & 1, &fuzz->reserve);
		fuzz->machine.fail_after = 0;
		if (err && err != -ENOMEM)
			fail("an unexpected error", va);
		err = agx_uat_map(fuzz->vm, &fuzz->reserve, va, pa, pages * PAGE, prot,
				  single ? AGX_UAT_SINGLE_PAGE : 0);
		if (err && err != -ENOMEM && pages)
			fail("an unexpected error", va);
		for (i = 0; !err && i < pages; i++)
			*expected(fuzz, va + i * PAGE) = (single ? pa : pa + i * PAGE) | bits;
		break;
	case 2:
		if (agx_uat_unmap(fuzz->vm, va, pages * PAGE))
			fail("an unmap fails", va);
		memset(expected(fuzz, va), 0, pages * sizeof(uint64_t));
		break;
	case 3:
		if (agx_uat_protect(fuzz->vm, va, pages * PAGE, prot))
			fail("a change of protection fails", va);
		for (i = 0; i < pages; i++)
			if (*expected(fuzz, va + i * PAGE))
				*expected(fuzz, va + i * PAGE) =
					(*expected(fuzz, va + i * PAGE) & AGX_UAT_ADDRESS) | bits;
		break;
	case 4:
		if (fuzz->bound)
			machine_touch(&fuzz->machine, 1, va);
		break;
	case 5:
		if (!fuzz->bound && agx_uat_bind(fuzz->vm) != 1)
			fail("no context", 1);
		fuzz->bound = true;
		break;
	case 6:
		agx_uat_reserve_release(fuzz->machine.uat, &fuzz->reserve);
		break;
	case 7:
		if (fuzz->hostile)
			damage(fuzz, va, op[3] % 4, argument);
		else
			check_all(fuzz);
		break;
	}
	if (!fuzz->hostile)
		machine_check_tlb(&fuzz->machine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz fuzz;
	unsigned int ops;

	if (size < 7)
		return 0;
	memset(&fuzz, 0, sizeof(fuzz));
	machine_start(&fuzz.machine, 4 << 20, false, data[0] & 2);
	fuzz.hostile = data[0] & 1;
	if (agx_uat_vm_create(fuzz.machine.uat, &fuzz.vm))
		abort();
	data++;
	size--;
	for (ops = 0; size >= 6 && ops < MAX_OPS; ops++, data += 6, size -= 6)
		run_op(&fuzz, data);
	check_all(&fuzz);
	agx_uat_reserve_release(fuzz.machine.uat, &fuzz.reserve);
	if (fuzz.bound)
		agx_uat_unbind(fuzz.vm);
	agx_uat_vm_destroy(fuzz.vm);
	/* What a hostile writer did to TLBs and tables is not the driver's fault. */
	if (!fuzz.hostile && fuzz.machine.errors)
		fail("an error of the machine", 0);
	fuzz.machine.errors = 0;
	if (machine_finish(&fuzz.machine))
		fail("a leak", 0);
	return 0;
}
