// SPDX-License-Identifier: MIT
/* The model's walker on tables that no driver would write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "machine.h"

#define PAGE AGX_UAT_PAGE_SIZE

struct tables {
	struct machine machine;
	uint64_t root_pa, l2_pa, l3_pa, page_pa;
	uint64_t *root, *l2, *l3;
};

#define GOOD_PAGE \
	(AGX_UAT_VALID | AGX_UAT_TYPE | AGX_UAT_AF | AGX_UAT_OS | AGX_UAT_UXN | 2ull << 6 | 2 << 2)

/* Context 5 with one page at 0x100000. */
static void make(struct tables *t)
{
	struct machine *machine = &t->machine;

	machine_init(machine, 8 << 20);
	t->root_pa = machine_page(machine);
	t->l2_pa = machine_page(machine);
	t->l3_pa = machine_page(machine);
	t->page_pa = machine_page(machine);
	t->root = machine->walker.ram(machine, t->root_pa, PAGE);
	t->l2 = machine->walker.ram(machine, t->l2_pa, PAGE);
	t->l3 = machine->walker.ram(machine, t->l3_pa, PAGE);
	machine->config.ttbs[5].ttb0 = t->root_pa | 1 | 5ull << 48;
	t->root[0] = t->l2_pa | 3;
	t->l2[0] = t->l3_pa | 3;
	t->l3[0x100000 / PAGE] = t->page_pa | GOOD_PAGE;
}

static enum agx_walk_fault try(struct tables *t, uint64_t va, struct agx_walk_result *result)
{
	agx_walk(&t->machine.walker, 5, AGX_WALK_GPU, va, AGX_WALK_READ, result);
	return result->fault;
}

static void every_fault_is_told_apart(void **state)
{
	struct agx_walk_result r;
	struct tables t;

	(void)state;
	make(&t);
	assert_int_equal(try(&t, 0x100004, &r), AGX_WALK_OK);
	assert_int_equal(r.pa, t.page_pa + 4);
	assert_int_equal(r.asid, 5);

	assert_int_equal(try(&t, 0x104000, &r), AGX_WALK_UNMAPPED);
	assert_int_equal(r.level, 3);
	assert_int_equal(r.entry_pa, t.l3_pa + 8 * (0x104000 / PAGE));
	assert_int_equal(try(&t, 1ull << 25, &r), AGX_WALK_UNMAPPED);
	assert_int_equal(r.level, 2);
	assert_int_equal(try(&t, 1ull << 36, &r), AGX_WALK_UNMAPPED);
	assert_int_equal(r.level, 1);
	assert_int_equal(try(&t, AGX_UAT_UPPER_BASE, &r), AGX_WALK_NO_TABLE);
	assert_int_equal(r.level, 0);

	t.l2[1] = t.l3_pa | 1;
	assert_int_equal(try(&t, 1ull << 25, &r), AGX_WALK_BLOCK);
	t.l2[1] = (1ull << 42) | 3;
	assert_int_equal(try(&t, 1ull << 25, &r), AGX_WALK_WIDE);
	t.l2[1] = (MACHINE_RAM_BASE - PAGE) | 3;
	assert_int_equal(try(&t, 1ull << 25, &r), AGX_WALK_TABLE_NO_RAM);
	assert_int_equal(r.level, 3);
	t.l2[1] = (MACHINE_RAM_BASE + t.machine.ram_size) | 3;
	assert_int_equal(try(&t, 1ull << 25, &r), AGX_WALK_TABLE_NO_RAM);
	t.l2[1] = 2;
	assert_int_equal(try(&t, 1ull << 25, &r), AGX_WALK_UNMAPPED);

	/* A page outside RAM is a device. */
	t.l3[0] = 0x206400000 | GOOD_PAGE;
	assert_int_equal(try(&t, 0, &r), AGX_WALK_OK);
	assert_int_equal(r.pa, 0x206400000);
	t.l3[0] = (t.page_pa | GOOD_PAGE) & ~AGX_UAT_AF;
	assert_int_equal(try(&t, 0, &r), AGX_WALK_ACCESS_FLAG);
	t.l3[0] = (t.page_pa | GOOD_PAGE) & ~AGX_UAT_OS;
	assert_int_equal(try(&t, 0, &r), AGX_WALK_DENIED);

	assert_false(agx_walk(&t.machine.walker, 64, AGX_WALK_GPU, 0, 0, &r));
	assert_int_equal(r.fault, AGX_WALK_BAD_CONTEXT);
	assert_false(agx_walk(&t.machine.walker, 6, AGX_WALK_GPU, 0, 0, &r));
	assert_int_equal(r.fault, AGX_WALK_NO_TABLE);
	t.machine.config.ttbs[6].ttb0 = (1ull << 43) | 1;
	assert_false(agx_walk(&t.machine.walker, 6, AGX_WALK_GPU, 0, 0, &r));
	assert_int_equal(r.fault, AGX_WALK_WIDE);
	t.machine.config.ttbs[6].ttb0 = (t.root_pa + 2) | 1; /* not aligned */
	assert_false(agx_walk(&t.machine.walker, 6, AGX_WALK_GPU, 0, 0, &r));
	assert_int_equal(r.fault, AGX_WALK_TABLE_NO_RAM);
	t.machine.walker.ttbat_pa = 0;
	assert_false(agx_walk(&t.machine.walker, 6, AGX_WALK_GPU, 0, 0, &r));
	assert_int_equal(r.fault, AGX_WALK_BAD_TTBAT);
	assert_string_equal(agx_walk_fault_name(AGX_WALK_BLOCK), "block entry");
	assert_string_equal(agx_walk_fault_name(99), "unknown");
	assert_int_equal(machine_finish(&t.machine), 0);
}

static void forms_of_addresses(void **state)
{
	struct agx_walk_result r;
	struct tables t;

	(void)state;
	make(&t);
	t.machine.config.ttbs[5].ttb1 = t.root_pa | 1;
	assert_int_equal(try(&t, AGX_UAT_UPPER_BASE + 0x100000, &r), AGX_WALK_OK);
	/* The GPU uses 40 bits, whatever is above. */
	assert_int_equal(try(&t, 0x8000100000, &r), AGX_WALK_OK);
	assert_int_equal(try(&t, 1ull << 63 | 0x100000, &r), AGX_WALK_OK);
	/* The coprocessor is an Arm core. */
	assert_true(agx_walk(&t.machine.walker, 5, AGX_WALK_FIRMWARE, AGX_UAT_UPPER_BASE + 0x100000,
			     0, &r));
	assert_true(agx_walk(&t.machine.walker, 5, AGX_WALK_FIRMWARE, 0x100000, 0, &r));
	assert_false(agx_walk(&t.machine.walker, 5, AGX_WALK_FIRMWARE, 0x8000100000, 0, &r));
	assert_int_equal(r.fault, AGX_WALK_BAD_ADDRESS);
	assert_false(
		agx_walk(&t.machine.walker, 5, AGX_WALK_FIRMWARE, 1ull << 63 | 0x100000, 0, &r));
	assert_int_equal(r.fault, AGX_WALK_BAD_ADDRESS);
	assert_int_equal(machine_finish(&t.machine), 0);
}

static void unknown_bits_are_noticed(void **state)
{
	static const uint64_t page_bits[] = {1ull << 5,  1ull << 8,  1ull << 9,  1ull << 12,
					     1ull << 13, 1ull << 48, 1ull << 52, 1ull << 56,
					     1ull << 63, 4ull << 2};
	static const uint64_t table_bits[] = {1ull << 2,  1ull << 10, 1ull << 12,
					      1ull << 53, 1ull << 59, 1ull << 63};
	struct agx_walk_result r;
	struct tables t;
	size_t i;

	(void)state;
	make(&t);
	for (i = 0; i < sizeof(page_bits) / sizeof(*page_bits); i++) {
		t.l3[0] = (t.page_pa | (GOOD_PAGE & ~(7ull << 2))) ^ page_bits[i];
		assert_int_equal(try(&t, 0, &r), AGX_WALK_OK);
		assert_int_equal(r.odd_bits, page_bits[i]);
		assert_int_equal(r.pa, t.page_pa);
	}
	t.l3[0] = t.page_pa | GOOD_PAGE;
	for (i = 0; i < sizeof(table_bits) / sizeof(*table_bits); i++) {
		t.root[0] = (t.l2_pa | 3) ^ table_bits[i];
		assert_int_equal(try(&t, 0, &r), AGX_WALK_OK);
		assert_int_equal(r.odd_bits, table_bits[i]);
	}
	assert_int_equal(machine_finish(&t.machine), 0);
}

static uint64_t visited;

static bool count(void *cookie, uint64_t va, uint64_t entry)
{
	(void)cookie;
	(void)va;
	(void)entry;
	visited++;
	return true;
}

static void tables_that_name_themselves_end(void **state)
{
	struct agx_walk_result r;
	struct tables t;
	unsigned int i;

	(void)state;
	make(&t);
	/* One page that is root, level 2, level 3, and the page itself, 2,048 times. */
	for (i = 0; i < AGX_UAT_ENTRIES; i++)
		t.root[i] = t.root_pa | GOOD_PAGE;
	assert_int_equal(try(&t, 0x7123456789, &r), AGX_WALK_OK);
	assert_int_equal(r.pa, t.root_pa + (0x7123456789 & (PAGE - 1)));
	visited = 0;
	assert_false(agx_walk_pages(&t.machine.walker, 5, false, 100000, count, NULL));
	assert_in_range(visited, 90000, 100000);
	visited = 0;
	assert_true(agx_walk_pages(&t.machine.walker, 5, false, UINT64_MAX, count, NULL));
	assert_int_equal(visited, 8ull * 2048 * 2048);
	assert_true(agx_walk_pages(&t.machine.walker, 5, true, 10, count, NULL));
	assert_true(agx_walk_pages(&t.machine.walker, 77, true, 10, count, NULL));
	assert_int_equal(machine_finish(&t.machine), 0);
}

static void copies_stop_at_the_first_fault(void **state)
{
	uint8_t data[3 * 16384];
	struct agx_walk_result r;
	uint8_t *page;
	struct tables t;

	(void)state;
	make(&t);
	page = t.machine.walker.ram(&t.machine, t.page_pa, PAGE);
	memset(data, 0x5a, sizeof(data));
	assert_int_equal(agx_walk_write(&t.machine.walker, 5, AGX_WALK_GPU, 0x100010, data,
					sizeof(data), &r),
			 PAGE - 0x10);
	assert_int_equal(r.fault, AGX_WALK_UNMAPPED);
	assert_int_equal(page[0xf], 0);
	assert_int_equal(page[0x10], 0x5a);
	assert_int_equal(page[PAGE - 1], 0x5a);
	memset(data, 0, sizeof(data));
	assert_int_equal(
		agx_walk_read(&t.machine.walker, 5, AGX_WALK_GPU, 0x100000 + PAGE - 4, data, 4, &r),
		4);
	assert_int_equal(data[3], 0x5a);
	assert_int_equal(data[4], 0);

	/* Read-only, write-only, a device, nothing at all. */
	t.l3[0x100000 / PAGE] = t.page_pa | (GOOD_PAGE & ~AGX_UAT_UXN);
	assert_int_equal(agx_walk_write(&t.machine.walker, 5, AGX_WALK_GPU, 0x100000, data, 4, &r),
			 0);
	assert_int_equal(r.fault, AGX_WALK_DENIED);
	t.l3[0x100000 / PAGE] |= AGX_UAT_PXN;
	assert_int_equal(agx_walk_read(&t.machine.walker, 5, AGX_WALK_GPU, 0x100000, data, 4, &r),
			 0);
	assert_int_equal(r.fault, AGX_WALK_DENIED);
	t.l3[0x100000 / PAGE] = 0x206400000 | GOOD_PAGE;
	assert_int_equal(agx_walk_read(&t.machine.walker, 5, AGX_WALK_GPU, 0x100000, data, 4, &r),
			 0);
	assert_int_equal(r.fault, AGX_WALK_OK);
	assert_int_equal(agx_walk_read(&t.machine.walker, 5, AGX_WALK_GPU, 0, data, 0, &r), 0);
	assert_int_equal(r.fault, AGX_WALK_OK);
	assert_int_equal(machine_finish(&t.machine), 0);
}

/* What a cache remembers is never older than the tables. */
static void a_cache_follows_the_tables(void **state)
{
	static struct agx_walk_cache cache;
	struct agx_walk_cached *cached;
	struct agx_walker *walker;
	struct tables t;
	uint8_t *page;

	(void)state;
	make(&t);
	walker = &t.machine.walker;
	page = walker->ram(walker->cookie, t.page_pa, PAGE);
	walker->cache = NULL;
	assert_null(agx_walk_recall(walker, 5, AGX_WALK_GPU, 0x100000));
	assert_null(agx_walk_window(walker, 5, AGX_WALK_GPU, 0x100000, 1, AGX_WALK_READ));
	assert_true(agx_walk_allows(walker, 5, AGX_WALK_GPU, 0x100000, AGX_WALK_READ));
	walker->cache = &cache;

	cached = agx_walk_recall(walker, 5, AGX_WALK_GPU, 0x100004);
	assert_non_null(cached);
	assert_int_equal(cached->result.pa, t.page_pa);
	assert_int_equal(cached->notes, 0);
	cached->notes = 1;
	assert_ptr_equal(agx_walk_recall(walker, 5, AGX_WALK_GPU, 0x100008), cached);
	assert_int_equal(cached->notes, 1);
	assert_ptr_equal(agx_walk_window(walker, 5, AGX_WALK_GPU, 0x100010, 8, AGX_WALK_READ),
			 page + 0x10);
	assert_ptr_equal(agx_walk_window(walker, 5, AGX_WALK_GPU, 0x103ff8, 8, AGX_WALK_READ),
			 page + PAGE - 8);
	assert_null(agx_walk_window(walker, 5, AGX_WALK_GPU, 0x103ff9, 8, AGX_WALK_READ));
	assert_null(agx_walk_window(walker, 5, AGX_WALK_GPU, 0x100000, 8, AGX_WALK_EXEC));
	assert_false(agx_walk_allows(walker, 5, AGX_WALK_GPU, 0x100000, AGX_WALK_EXEC));
	assert_null(agx_walk_recall(walker, 64, AGX_WALK_GPU, 0x100000));
	assert_null(agx_walk_recall(walker, 5, AGX_WALK_FIRMWARE, 0x100000 + PAGE));

	/* Another page, then none, then one without rights, then the first again. */
	t.l3[0x100000 / PAGE] = (t.page_pa + PAGE) | GOOD_PAGE;
	assert_ptr_equal(agx_walk_window(walker, 5, AGX_WALK_GPU, 0x100000, 8, AGX_WALK_READ),
			 walker->ram(walker->cookie, t.page_pa + PAGE, PAGE));
	assert_int_equal(agx_walk_recall(walker, 5, AGX_WALK_GPU, 0x100000)->notes, 0);
	t.l3[0x100000 / PAGE] = 0;
	assert_null(agx_walk_window(walker, 5, AGX_WALK_GPU, 0x100000, 8, AGX_WALK_READ));
	assert_false(agx_walk_allows(walker, 5, AGX_WALK_GPU, 0x100000, 0));
	t.l3[0x100000 / PAGE] = (t.page_pa | GOOD_PAGE) & ~AGX_UAT_OS;
	assert_null(agx_walk_window(walker, 5, AGX_WALK_GPU, 0x100000, 8, AGX_WALK_READ));
	assert_true(agx_walk_allows(walker, 5, AGX_WALK_GPU, 0x100000, 0));
	t.l3[0x100000 / PAGE] = t.page_pa | GOOD_PAGE;
	t.l2[0] = 0;
	assert_null(agx_walk_window(walker, 5, AGX_WALK_GPU, 0x100000, 8, AGX_WALK_READ));
	t.l2[0] = t.l3_pa | 3;
	assert_ptr_equal(agx_walk_window(walker, 5, AGX_WALK_GPU, 0x100000, 8, AGX_WALK_READ),
			 page);

	/* A device has rights, but no memory. */
	t.l3[0] = 0x206400000 | GOOD_PAGE;
	assert_null(agx_walk_window(walker, 5, AGX_WALK_GPU, 0, 8, AGX_WALK_READ));
	assert_true(agx_walk_allows(walker, 5, AGX_WALK_GPU, 0, AGX_WALK_READ));
	assert_int_equal(machine_finish(&t.machine), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fault_is_told_apart),
		cmocka_unit_test(forms_of_addresses),
		cmocka_unit_test(unknown_bits_are_noticed),
		cmocka_unit_test(tables_that_name_themselves_end),
		cmocka_unit_test(copies_stop_at_the_first_fault),
		cmocka_unit_test(a_cache_follows_the_tables),
	};

	return cmocka_run_group_tests_name("uat-walk", tests, NULL, NULL);
}
