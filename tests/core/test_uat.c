// SPDX-License-Identifier: MIT
/*
 * Page tables against a plain array: random sequences of map, unmap, protect, bind, unbind; every
 * page looked up through the model's walker, which shares no code with the driver.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "machine.h"
#include "uat_internal.h"

#define PAGE    AGX_UAT_PAGE_SIZE
#define L3_SPAN (1ull << AGX_UAT_L2_SHIFT)
#define L2_SPAN (1ull << AGX_UAT_L1_SHIFT)

/* Addresses that the random tests use: around borders of tables and of the address space. */
#define WINDOW_PAGES 5000u
static const uint64_t user_windows[] = {
	PAGE,
	3 * L3_SPAN - 1000 * PAGE,
	L2_SPAN - 2500 * PAGE,
	7 * L2_SPAN + 17 * PAGE,
	(1ull << 39) - WINDOW_PAGES *PAGE,
};
static const uint64_t kernel_windows[] = {
	AGX_UAT_DRIVER_BASE,
	AGX_UAT_DRIVER_BASE + 5 * L3_SPAN - 3000 * PAGE,
	AGX_UAT_DRIVER_END - WINDOW_PAGES *PAGE,
};

struct reference {
	const uint64_t *windows;
	unsigned int count;
	uint64_t *pages; /* expected entry, 0: not mapped */
	uint64_t mapped;
};

static uint64_t *reference_page(const struct reference *ref, uint64_t va)
{
	unsigned int i;

	for (i = 0; i < ref->count; i++)
		if (va >= ref->windows[i] && va - ref->windows[i] < WINDOW_PAGES * PAGE)
			return &ref->pages[i * WINDOW_PAGES + (va - ref->windows[i]) / PAGE];
	return NULL;
}

static void reference_set(struct reference *ref, uint64_t va, uint64_t entry)
{
	uint64_t *page = reference_page(ref, va);

	ref->mapped += !!entry - !!*page;
	*page = entry;
}

struct walked {
	struct machine *machine;
	const struct reference *ref;
	uint64_t pages;
	uint64_t tables[2]; /* last seen span, per level */
	uint64_t table_count;
	bool bad;
};

static bool check_page(void *cookie, uint64_t va, uint64_t entry)
{
	struct walked *walked = cookie;
	const uint64_t *expected = reference_page(walked->ref, va);

	if (!expected || *expected != entry) {
		machine_error(walked->machine, "0x%llx: entry 0x%llx, expected 0x%llx",
			      (unsigned long long)va, (unsigned long long)entry,
			      (unsigned long long)(expected ? *expected : 0));
		walked->bad = true;
		return false;
	}
	if (!walked->pages || walked->tables[0] != va / L2_SPAN)
		walked->table_count++;
	if (!walked->pages || walked->tables[1] != va / L3_SPAN)
		walked->table_count++;
	walked->tables[0] = va / L2_SPAN;
	walked->tables[1] = va / L3_SPAN;
	walked->pages++;
	return true;
}

/* All of a context's half, and nothing else, is mapped as the reference says. */
static uint64_t check_all(struct machine *machine, const struct reference *ref,
			  unsigned int context, bool upper, const struct agx_uat_vm *vm)
{
	struct walked walked = {.machine = machine, .ref = ref};

	assert_true(
		agx_walk_pages(&machine->walker, context, upper, 1u << 30, check_page, &walked));
	assert_false(walked.bad);
	assert_int_equal(walked.pages, ref->mapped);
	assert_int_equal(agx_uat_vm_pages(vm), ref->mapped);
	return walked.table_count;
}

static void check_address(struct machine *machine, const struct reference *ref,
			  unsigned int context, struct agx_uat_vm *vm, uint64_t va)
{
	const uint64_t *page = reference_page(ref, va & ~(PAGE - 1));
	uint64_t expected = page ? *page : 0;
	struct agx_walk_result result;
	struct agx_uat_lookup found;
	bool ok;

	if (!agx_uat_range_ok(vm, va & ~(PAGE - 1), PAGE))
		return;
	ok = agx_walk(&machine->walker, context, AGX_WALK_GPU, va, 0, &result);

	agx_uat_find(vm, va, &found);
	assert_false(found.damaged);
	assert_int_equal(ok, expected != 0);
	assert_int_equal(found.mapped, expected != 0);
	assert_int_equal(result.odd_bits, 0);
	if (expected) {
		assert_int_equal(result.entry, expected);
		assert_int_equal(result.pa, (expected & AGX_UAT_ADDRESS) | (va & (PAGE - 1)));
		assert_int_equal(found.pa, result.pa);
		assert_int_equal(found.level, 3);
	} else {
		assert_int_equal(result.fault, AGX_WALK_UNMAPPED);
		assert_int_equal(found.level, result.level);
	}
}

static void random_range(uint64_t *seed, const struct reference *ref, uint64_t *va, uint64_t *pages)
{
	static const uint32_t limits[] = {1, 1, 3, 40, 2100, WINDOW_PAGES};
	uint32_t limit = limits[machine_random(seed) % 6];
	uint32_t first = machine_random(seed) % WINDOW_PAGES;
	uint32_t count = 1 + machine_random(seed) % limit;

	if (count > WINDOW_PAGES - first)
		count = WINDOW_PAGES - first;
	*va = ref->windows[machine_random(seed) % ref->count] + first * PAGE;
	*pages = count;
}

/* One random change, in the driver and in the reference. */
static void random_change(struct machine *machine, struct reference *ref, struct agx_uat_vm *vm,
			  uint64_t global, struct agx_uat_reserve *reserve, uint64_t *seed)
{
	enum agx_uat_prot prot = machine_random(seed) % AGX_UAT_PROTS;
	uint64_t bits = agx_uat_prot_bits(prot) | AGX_UAT_VALID | AGX_UAT_TYPE | global;
	uint64_t va, pages, i, pa = (machine_random(seed) & 0x1ffffffc000ull);
	unsigned int what = machine_random(seed) % 16;
	bool single = machine_random(seed) % 4 == 0;

	random_range(seed, ref, &va, &pages);
	if (what < 8) {
		assert_int_equal(agx_uat_reserve(vm, va, pages * PAGE, what == 0, reserve), 0);
		assert_int_equal(agx_uat_map(vm, reserve, va, pa, pages * PAGE, prot,
					     single ? AGX_UAT_SINGLE_PAGE : 0),
				 0);
		for (i = 0; i < pages; i++)
			reference_set(ref, va + i * PAGE, (single ? pa : pa + i * PAGE) | bits);
		if (what < 6)
			agx_uat_reserve_release(machine->uat, reserve);
	} else if (what < 13) {
		assert_int_equal(agx_uat_unmap(vm, va, pages * PAGE), 0);
		for (i = 0; i < pages; i++)
			reference_set(ref, va + i * PAGE, 0);
	} else {
		assert_int_equal(agx_uat_protect(vm, va, pages * PAGE, prot), 0);
		for (i = 0; i < pages; i++) {
			uint64_t *page = reference_page(ref, va + i * PAGE);

			if (*page)
				*page = (*page & AGX_UAT_ADDRESS) | bits;
		}
	}
	check_address(machine, ref, 1, vm, va);
	check_address(machine, ref, 1, vm, va + pages * PAGE - 1);
	check_address(machine, ref, 1, vm, va - 1);
	check_address(machine, ref, 1, vm, va + pages * PAGE);
}

static void touch_some(struct machine *machine, const struct reference *ref, unsigned int context,
		       uint64_t *seed)
{
	unsigned int i;

	for (i = 0; i < 12; i++)
		machine_touch(machine, context,
			      ref->windows[machine_random(seed) % ref->count] +
				      machine_random(seed) % WINDOW_PAGES * PAGE);
}

static void run_random(bool kernel, bool keep, uint64_t seed, unsigned int steps)
{
	struct agx_uat_reserve reserve = {0};
	struct agx_uat_vm *vm;
	struct machine machine;
	struct reference ref;
	unsigned int i;

	machine_start(&machine, 64 << 20, kernel, keep);
	ref.windows = kernel ? kernel_windows : user_windows;
	ref.count = kernel ? 3 : 5;
	ref.pages = calloc(ref.count * WINDOW_PAGES, sizeof(*ref.pages));
	ref.mapped = 0;
	assert_non_null(ref.pages);
	if (kernel) {
		struct agx_uat_vm *user;

		/* Context 1 sees the upper half, as on G14X. */
		vm = agx_uat_kernel_vm(machine.uat);
		assert_int_equal(agx_uat_vm_create(machine.uat, &user), 0);
		assert_int_equal(agx_uat_bind(user), 1);
		agx_uat_unbind(user);
		for (i = 0; i < steps; i++) {
			random_change(&machine, &ref, vm, 0, &reserve, &seed);
			machine_check_tlb(&machine);
			touch_some(&machine, &ref, i % 2, &seed);
			if (i % 64 == 0)
				check_all(&machine, &ref, i / 64 % 2, true, vm);
		}
		check_all(&machine, &ref, 0, true, vm);
		agx_uat_reserve_release(machine.uat, &reserve);
		agx_uat_vm_destroy(user);
	} else {
		assert_int_equal(agx_uat_vm_create(machine.uat, &vm), 0);
		assert_int_equal(agx_uat_bind(vm), 1);
		for (i = 0; i < steps; i++) {
			random_change(&machine, &ref, vm, AGX_UAT_NG, &reserve, &seed);
			machine_check_tlb(&machine);
			touch_some(&machine, &ref, 1, &seed);
			if (i % 32 == 5)
				agx_uat_unbind(vm);
			if (i % 32 == 9)
				assert_int_equal(agx_uat_bind(vm), 1);
			if (i % 64 == 0 || keep) {
				uint64_t tables = check_all(&machine, &ref, 1, false, vm);

				/* Exactly the tables that are needed, and two level-1 tables. */
				if (!keep)
					assert_int_equal(agx_uat_stats(machine.uat).tables,
							 tables + 2);
			}
		}
		agx_uat_reserve_release(machine.uat, &reserve);
		agx_uat_unbind(vm);
		agx_uat_vm_destroy(vm);
		assert_int_equal(agx_uat_stats(machine.uat).tables, 1);
	}
	machine_check_tlb(&machine);
	if (machine.logs)
		fail_msg("the driver logged: %s", machine.last_log);
	assert_int_equal(machine_finish(&machine), 0);
	free(ref.pages);
}

static void random_user_changes(void **state)
{
	uint64_t seed;

	(void)state;
	for (seed = 1; seed <= 4; seed++)
		run_random(false, false, seed, 1500);
}

static void random_kernel_changes(void **state)
{
	(void)state;
	run_random(true, false, 99, 1500);
}

static void random_changes_with_kept_tables(void **state)
{
	(void)state;
	run_random(false, true, 7, 300);
}

/* A replaced page is not mapped at the moment of its invalidation. */
static struct machine *watched;
static uint64_t watched_va;
static unsigned int watched_seen;
static void (*real_tlbi)(void *cookie, enum agx_tlbi op, uint64_t operand);

static void watch_tlbi(void *cookie, enum agx_tlbi op, uint64_t operand)
{
	struct agx_walk_result result;

	if (op == AGX_TLBI_PAGE || op == AGX_TLBI_RANGE) {
		watched_seen++;
		assert_false(agx_walk(&watched->walker, 1, AGX_WALK_GPU, watched_va, 0, &result));
	}
	real_tlbi(cookie, op, operand);
}

static void replacing_breaks_before_it_makes(void **state)
{
	struct agx_uat_reserve reserve = {0};
	struct agx_uat_vm *vm;
	struct machine machine;

	(void)state;
	machine_start(&machine, 16 << 20, false, false);
	assert_int_equal(agx_uat_vm_create(machine.uat, &vm), 0);
	assert_int_equal(agx_uat_bind(vm), 1);
	assert_int_equal(agx_uat_reserve(vm, 0x100000, 8 * PAGE, false, &reserve), 0);
	assert_int_equal(agx_uat_map(vm, &reserve, 0x100000, 0x800000000, 8 * PAGE,
				     AGX_UAT_GPU_SHARED_RW, 0),
			 0);
	assert_int_equal(machine.tlbi_count, 2); /* start, and the context's first owner */

	watched = &machine;
	watched_va = 0x100000 + 3 * PAGE;
	real_tlbi = machine.platform.tlbi;
	machine.platform.tlbi = watch_tlbi;
	assert_int_equal(agx_uat_map(vm, &reserve, 0x100000 + 2 * PAGE, 0x900000000, 2 * PAGE,
				     AGX_UAT_GPU_SHARED_RO, 0),
			 0);
	assert_int_equal(watched_seen, 1);
	machine.platform.tlbi = real_tlbi;

	agx_uat_unbind(vm);
	agx_uat_vm_destroy(vm);
	assert_int_equal(machine_finish(&machine), 0);
}

static void invalidations_are_sparing(void **state)
{
	struct agx_uat_reserve reserve = {0};
	struct agx_uat_vm *vm, *other;
	struct machine machine;
	uint64_t before;
	unsigned int i;

	(void)state;
	machine_start(&machine, 16 << 20, false, false);
	assert_int_equal(agx_uat_vm_create(machine.uat, &vm), 0);
	assert_int_equal(agx_uat_reserve(vm, 0x100000, PAGE, false, &reserve), 0);

	/* A VM that never had a context is in no TLB. */
	before = machine.tlbi_count;
	assert_int_equal(
		agx_uat_map(vm, &reserve, 0x100000, 0x800000000, PAGE, AGX_UAT_GPU_SHARED_RW, 0),
		0);
	assert_int_equal(agx_uat_unmap(vm, 0x100000, PAGE), 0);
	assert_int_equal(machine.tlbi_count, before);

	/* One that has, or had and still owns it, is. */
	assert_int_equal(agx_uat_bind(vm), 1);
	agx_uat_unbind(vm);
	before = machine.tlbi_count;
	assert_int_equal(agx_uat_reserve(vm, 0x100000, PAGE, false, &reserve), 0);
	assert_int_equal(
		agx_uat_map(vm, &reserve, 0x100000, 0x800000000, PAGE, AGX_UAT_GPU_SHARED_RW, 0),
		0);
	assert_int_equal(machine.tlbi_count, before); /* mapping what was not mapped */
	assert_int_equal(agx_uat_unmap(vm, 0, PAGE), -EINVAL);
	assert_int_equal(agx_uat_unmap(vm, 0x200000, 0x100000), 0); /* nothing there */
	assert_int_equal(machine.tlbi_count, before);
	assert_int_equal(agx_uat_unmap(vm, 0x100000, PAGE), 0);
	assert_int_equal(machine.tlbi_count, before + 1);
	assert_int_equal(machine.last_op, AGX_TLBI_PAGE);
	assert_int_equal(machine.last_operand, 1ull << 48 | 0x100);

	/* After others took all contexts it is not. */
	for (i = 0; i < 63; i++) {
		assert_int_equal(agx_uat_vm_create(machine.uat, &other), 0);
		assert_in_range(agx_uat_bind(other), 1, 63);
		agx_uat_unbind(other);
		if (i < 62)
			agx_uat_vm_destroy(other);
	}
	before = machine.tlbi_count;
	assert_int_equal(agx_uat_reserve(vm, 0x100000, PAGE, false, &reserve), 0);
	assert_int_equal(
		agx_uat_map(vm, &reserve, 0x100000, 0x800000000, PAGE, AGX_UAT_GPU_SHARED_RW, 0),
		0);
	assert_int_equal(agx_uat_unmap(vm, 0x100000, PAGE), 0);
	assert_int_equal(machine.tlbi_count, before);

	agx_uat_vm_destroy(other);
	agx_uat_vm_destroy(vm);
	assert_int_equal(machine_finish(&machine), 0);
}

static void bad_arguments_change_nothing(void **state)
{
	static const struct {
		uint64_t va, pa, size;
		unsigned int prot, flags;
		int err;
	} cases[] = {
		{0x4000, 0x800000000, PAGE, 0, 0, 0},
		{0x0, 0x800000000, PAGE, 0, 0, -EINVAL},
		{0x4001, 0x800000000, PAGE, 0, 0, -EINVAL},
		{0x4000, 0x800000001, PAGE, 0, 0, -EINVAL},
		{0x4000, 0x800000000, PAGE + 1, 0, 0, -EINVAL},
		{0x4000, 0x800000000, 0, 0, 0, -EINVAL},
		{0x4000, 0x800000000, PAGE, AGX_UAT_PROTS, 0, -EINVAL},
		{0x4000, 0x800000000, PAGE, 0, 2, -EINVAL},
		{0x4000, 1ull << 42, PAGE, 0, 0, -EINVAL},
		{0x4000, (1ull << 42) - PAGE, PAGE, 0, 0, 0},
		{0x4000, (1ull << 42) - PAGE, 2 * PAGE, 0, 0, -EINVAL},
		{0x4000, (1ull << 42) - PAGE, 2 * PAGE, 0, AGX_UAT_SINGLE_PAGE, 0},
		{0x4000, UINT64_MAX - PAGE + 1, 2 * PAGE, 0, 0, -EINVAL},
		{(1ull << 39) - PAGE, 0x800000000, PAGE, 0, 0, 0},
		{(1ull << 39) - PAGE, 0x800000000, 2 * PAGE, 0, 0, -EINVAL},
		{1ull << 39, 0x800000000, PAGE, 0, 0, -EINVAL},
		{AGX_UAT_DRIVER_BASE, 0x800000000, PAGE, 0, 0, -EINVAL},
		{0x4000, 0x800000000, UINT64_MAX - PAGE + 1, 0, 0, -EINVAL},
	};
	struct agx_uat_vm *vm, *kernel;
	struct machine machine;
	size_t i;

	(void)state;
	machine_start(&machine, 16 << 20, false, false);
	assert_int_equal(agx_uat_vm_create(machine.uat, &vm), 0);
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct agx_uat_reserve reserve = {0};
		int err;

		agx_uat_reserve(vm, cases[i].va, cases[i].size, false, &reserve);
		err = agx_uat_map(vm, &reserve, cases[i].va, cases[i].pa, cases[i].size,
				  cases[i].prot, cases[i].flags);
		if (err != cases[i].err)
			fail_msg("case %zu: %d, expected %d", i, err, cases[i].err);
		if (err)
			assert_int_equal(agx_uat_vm_pages(vm), 0);
		else
			assert_int_equal(agx_uat_unmap(vm, cases[i].va, cases[i].size), 0);
		agx_uat_reserve_release(machine.uat, &reserve);
	}

	/* The kernel's VM has its part of the upper half only. */
	kernel = agx_uat_kernel_vm(machine.uat);
	assert_true(agx_uat_range_ok(kernel, AGX_UAT_DRIVER_BASE,
				     AGX_UAT_DRIVER_END - AGX_UAT_DRIVER_BASE));
	assert_false(agx_uat_range_ok(kernel, AGX_UAT_DRIVER_BASE - PAGE, PAGE));
	assert_false(agx_uat_range_ok(kernel, AGX_UAT_DRIVER_END, PAGE));
	assert_false(agx_uat_range_ok(kernel, 0x4000, PAGE));
	agx_uat_vm_destroy(vm);
	assert_int_equal(machine_finish(&machine), 0);
}

static void firmware_entries_stay(void **state)
{
	struct agx_uat_reserve reserve = {0};
	struct machine machine;
	struct agx_uat_vm *vm;
	uint64_t *table;
	unsigned int i;

	(void)state;
	machine_init(&machine, 16 << 20);
	table = machine.config.kernel_table;
	for (i = 0; i < AGX_UAT_L1_ENTRIES; i++)
		table[i] = 0x1230003 + i * PAGE;
	assert_int_equal(agx_uat_create(&machine.platform, &machine.config, &machine.uat), 0);
	assert_int_equal(agx_uat_start(machine.uat), 0);
	vm = agx_uat_kernel_vm(machine.uat);
	assert_int_equal(table[AGX_UAT_DRIVER_L1_INDEX], 0); /* an earlier driver's */
	assert_int_equal(agx_uat_reserve(vm, AGX_UAT_DRIVER_BASE, PAGE, false, &reserve), 0);
	assert_int_equal(agx_uat_map(vm, &reserve, AGX_UAT_DRIVER_BASE, 0x800000000, PAGE,
				     AGX_UAT_FW_SHARED_RW, 0),
			 0);
	assert_int_not_equal(table[AGX_UAT_DRIVER_L1_INDEX], 0);
	assert_int_equal(
		agx_uat_unmap(vm, AGX_UAT_DRIVER_BASE, AGX_UAT_DRIVER_END - AGX_UAT_DRIVER_BASE),
		0);
	for (i = 0; i < AGX_UAT_L1_ENTRIES; i++)
		if (i != AGX_UAT_DRIVER_L1_INDEX)
			assert_int_equal(table[i], 0x1230003 + i * PAGE);
	assert_int_equal(machine_finish(&machine), 0);
}

static void a_look_up_tells_where_the_walk_ended(void **state)
{
	struct agx_uat_reserve reserve = {0};
	struct agx_uat_lookup found;
	struct agx_uat_vm *vm;
	struct machine machine;
	uint64_t *table;

	(void)state;
	machine_start(&machine, 16 << 20, false, false);
	assert_int_equal(agx_uat_vm_create(machine.uat, &vm), 0);
	assert_int_equal(agx_uat_reserve(vm, 0x100000, PAGE, false, &reserve), 0);
	assert_int_equal(
		agx_uat_map(vm, &reserve, 0x100000, 0x812340000, PAGE, AGX_UAT_GPU_SHARED_RO, 0),
		0);

	agx_uat_find(vm, 0x100123, &found);
	assert_true(found.mapped);
	assert_int_equal(found.level, 3);
	assert_int_equal(found.pa, 0x812340123);
	assert_int_equal(found.prot, AGX_UAT_GPU_SHARED_RO);
	assert_int_equal(found.access.gpu, AGX_UAT_R);
	assert_int_equal(found.access.fw, 0);
	agx_uat_find(vm, 0x104000, &found);
	assert_false(found.mapped);
	assert_int_equal(found.prot, -1);
	assert_int_equal(found.level, 3);
	agx_uat_find(vm, 0x100000 + L3_SPAN, &found);
	assert_int_equal(found.level, 2);
	agx_uat_find(vm, L2_SPAN, &found);
	assert_int_equal(found.level, 1);
	agx_uat_find(vm, AGX_UAT_DRIVER_BASE, &found);
	assert_int_equal(found.level, 0);
	agx_uat_find(vm, 0, &found);
	assert_int_equal(found.level, 0);

	/* Damage: reported, and not followed. */
	table = vm->root;
	table[L2_SPAN >> AGX_UAT_L1_SHIFT] = 0x812340003;
	agx_uat_find(vm, L2_SPAN, &found);
	assert_true(found.damaged);
	assert_false(found.mapped);
	assert_int_equal(found.level, 1);
	table[L2_SPAN >> AGX_UAT_L1_SHIFT] = 0;
	agx_uat_find(vm, 0x100000, &found);
	assert_false(found.damaged);
	table = machine.walker.ram(&machine, found.entry[0] & AGX_UAT_ADDRESS, PAGE);
	table[0] = 0xdeadbeefc003;
	agx_uat_find(vm, 0x100000, &found);
	assert_true(found.damaged);
	assert_int_equal(found.entry[1], 0xdeadbeefc003);
	assert_true(found.mapped);
	assert_int_equal(agx_uat_unmap(vm, 0x100000, PAGE), 0);
	assert_int_equal(agx_uat_vm_pages(vm), 0);
	assert_int_equal(table[0], 0);

	agx_uat_vm_destroy(vm);
	assert_int_equal(machine_finish(&machine), 0);
}

static void entries_of_others_do_not_confuse_the_count(void **state)
{
	struct agx_uat_reserve reserve = {0};
	struct agx_uat_lookup found;
	struct agx_uat_vm *vm;
	struct machine machine;
	uint64_t *table;

	(void)state;
	machine_start(&machine, 16 << 20, false, false);
	assert_int_equal(agx_uat_vm_create(machine.uat, &vm), 0);
	assert_int_equal(agx_uat_reserve(vm, 0x100000, PAGE, false, &reserve), 0);
	assert_int_equal(
		agx_uat_map(vm, &reserve, 0x100000, 0x812340000, PAGE, AGX_UAT_GPU_SHARED_RO, 0),
		0);
	agx_uat_find(vm, 0x100000, &found);
	table = machine.walker.ram(&machine, found.entry[1] & AGX_UAT_ADDRESS, PAGE);
	table[0x100000 / PAGE + 1] = found.entry[2];
	table[0x100000 / PAGE + 2] = found.entry[2];
	table[0x100000 / PAGE + 3] = found.entry[2];
	assert_int_equal(agx_uat_unmap(vm, 0x100000, 3 * PAGE), 0);
	assert_int_equal(machine.logs, 1);
	assert_int_equal(agx_uat_vm_pages(vm), 0);
	/* Such a table, which still holds a foreign entry, is not used again. */
	assert_int_equal(agx_uat_stats(machine.uat).tables, 2);
	assert_int_equal(agx_uat_stats(machine.uat).spare, 1);
	agx_uat_vm_destroy(vm);
	assert_int_equal(machine_finish(&machine), 0);
}

static void whole_address_space_in_single_pages(void **state)
{
	struct agx_uat_reserve reserve = {0};
	struct agx_walk_result result;
	struct agx_uat_vm *vm;
	struct machine machine;
	uint64_t size = 3 * L2_SPAN, va;

	(void)state;
	machine_start(&machine, 256 << 20, false, false);
	assert_int_equal(agx_uat_vm_create(machine.uat, &vm), 0);
	assert_int_equal(agx_uat_bind(vm), 1);
	assert_int_equal(agx_uat_reserve(vm, L2_SPAN, size, true, &reserve), 0);
	assert_int_equal(reserve.count[0], 3);
	assert_int_equal(reserve.count[1], 3 * AGX_UAT_ENTRIES);
	assert_int_equal(agx_uat_map(vm, &reserve, L2_SPAN, 0x812340000, size,
				     AGX_UAT_GPU_SHARED_RO, AGX_UAT_SINGLE_PAGE),
			 0);
	assert_int_equal(agx_uat_vm_pages(vm), size / PAGE);
	for (va = L2_SPAN; va < L2_SPAN + size; va += 1237 * PAGE) {
		assert_true(agx_walk(&machine.walker, 1, AGX_WALK_GPU, va, AGX_WALK_READ, &result));
		assert_int_equal(result.pa, 0x812340000);
	}
	assert_int_equal(agx_uat_unmap(vm, PAGE, (1ull << 39) - PAGE), 0);
	assert_int_equal(agx_uat_vm_pages(vm), 0);
	assert_int_equal(agx_uat_stats(machine.uat).tables, 2);
	agx_uat_unbind(vm);
	agx_uat_vm_destroy(vm);
	assert_int_equal(machine_finish(&machine), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_user_changes),
		cmocka_unit_test(random_kernel_changes),
		cmocka_unit_test(random_changes_with_kept_tables),
		cmocka_unit_test(replacing_breaks_before_it_makes),
		cmocka_unit_test(invalidations_are_sparing),
		cmocka_unit_test(bad_arguments_change_nothing),
		cmocka_unit_test(firmware_entries_stay),
		cmocka_unit_test(a_look_up_tells_where_the_walk_ended),
		cmocka_unit_test(entries_of_others_do_not_confuse_the_count),
		cmocka_unit_test(whole_address_space_in_single_pages),
	};

	return cmocka_run_group_tests_name("uat", tests, NULL, NULL);
}
