// SPDX-License-Identifier: MIT
/* Page tables as memory: reservations suffice, nothing leaks, running out changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "machine.h"

#define PAGE    AGX_UAT_PAGE_SIZE
#define L3_SPAN (1ull << AGX_UAT_L2_SHIFT)
#define L2_SPAN (1ull << AGX_UAT_L1_SHIFT)

static void a_map_takes_what_was_reserved(void **state)
{
	static const struct {
		uint64_t va, size;
		uint32_t level2, level3; /* in an empty VM */
	} cases[] = {
		{PAGE, PAGE, 1, 1},
		{L3_SPAN - PAGE, PAGE, 1, 1},
		{L3_SPAN - PAGE, 2 * PAGE, 1, 2},
		{L3_SPAN, L3_SPAN, 1, 1},
		{L3_SPAN - PAGE, L3_SPAN + 2 * PAGE, 1, 3},
		{L2_SPAN - PAGE, 2 * PAGE, 2, 2},
		{L2_SPAN - L3_SPAN, 2 * L3_SPAN, 2, 2},
		{L2_SPAN + 5 * PAGE, 1ull << 30, 1, 33},
		{7 * L2_SPAN, L2_SPAN, 1, 2048},
		{PAGE, 0, 0, 0},
	};
	struct machine machine;
	size_t i;

	(void)state;
	machine_start(&machine, 64 << 20, false, false);
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct agx_uat_reserve reserve = {0}, worst = {0};
		struct agx_uat_vm *vm;
		uint64_t allocations;

		assert_int_equal(agx_uat_vm_create(machine.uat, &vm), 0);
		assert_int_equal(agx_uat_reserve(vm, cases[i].va, cases[i].size, false, &reserve),
				 0);
		assert_int_equal(reserve.count[0], cases[i].level2);
		assert_int_equal(reserve.count[1], cases[i].level3);
		if (cases[i].size) {
			allocations = machine.allocations;
			assert_int_equal(agx_uat_map(vm, &reserve, cases[i].va, 0x800000000,
						     cases[i].size, AGX_UAT_GPU_SHARED_RW, 0),
					 0);
			assert_int_equal(machine.allocations, allocations);
			assert_int_equal(reserve.count[0], 0);
			assert_int_equal(reserve.count[1], 0);
			assert_int_equal(agx_uat_stats(machine.uat).tables,
					 2 + cases[i].level2 + cases[i].level3);
		}

		/* Mapped now: nothing is missing, but the worst case is what it was. */
		assert_int_equal(agx_uat_reserve(vm, cases[i].va, cases[i].size, false, &reserve),
				 0);
		assert_int_equal(reserve.count[0] + reserve.count[1], 0);
		if (cases[i].level3 < 100) {
			assert_int_equal(
				agx_uat_reserve(vm, cases[i].va, cases[i].size, true, &worst), 0);
			assert_int_equal(worst.count[0], cases[i].level2);
			assert_int_equal(worst.count[1], cases[i].level3);
			agx_uat_reserve_release(machine.uat, &worst);
		}
		agx_uat_vm_destroy(vm);
		assert_int_equal(agx_uat_stats(machine.uat).tables, 1);
	}
	assert_int_equal(machine_finish(&machine), 0);
}

static void a_map_without_enough_reserved_is_refused(void **state)
{
	struct agx_uat_reserve reserve = {0};
	struct agx_uat_vm *vm;
	struct machine machine;

	(void)state;
	machine_start(&machine, 16 << 20, false, false);
	assert_int_equal(agx_uat_vm_create(machine.uat, &vm), 0);
	assert_int_equal(agx_uat_reserve(vm, L3_SPAN, L3_SPAN, false, &reserve), 0);
	assert_int_equal(agx_uat_map(vm, &reserve, L3_SPAN - PAGE, 0x800000000, 2 * PAGE,
				     AGX_UAT_GPU_SHARED_RW, 0),
			 -ENOMEM);
	assert_int_equal(agx_uat_vm_pages(vm), 0);
	assert_int_equal(reserve.count[0], 1);
	assert_int_equal(reserve.count[1], 1);
	assert_int_equal(agx_uat_stats(machine.uat).spare, 0);
	agx_uat_reserve_release(machine.uat, &reserve);
	assert_int_equal(agx_uat_stats(machine.uat).spare, 2);
	assert_int_equal(agx_uat_reserve(vm, L3_SPAN, L3_SPAN, false, &reserve), 0);
	assert_int_equal(agx_uat_stats(machine.uat).spare, 0);
	agx_uat_reserve_release(machine.uat, &reserve);
	agx_uat_vm_destroy(vm);
	assert_int_equal(machine_finish(&machine), 0);
}

static void a_reservation_that_fails_keeps_the_old_state(void **state)
{
	struct agx_uat_vm *vm;
	struct machine machine;
	uint64_t n;

	(void)state;
	/* For each n: map something, then run out of memory at the n-th allocation. */
	for (n = 1;; n++) {
		struct agx_uat_reserve reserve = {0};
		struct agx_walk_result result;
		uint32_t tables;
		int err;

		machine_start(&machine, 16 << 20, false, false);
		assert_int_equal(agx_uat_vm_create(machine.uat, &vm), 0);
		assert_int_equal(agx_uat_bind(vm), 1);
		assert_int_equal(agx_uat_reserve(vm, PAGE, PAGE, false, &reserve), 0);
		assert_int_equal(agx_uat_map(vm, &reserve, PAGE, 0x812340000, PAGE,
					     AGX_UAT_GPU_SHARED_RW, 0),
				 0);
		tables = agx_uat_stats(machine.uat).tables;

		machine.fail_after = n;
		err = agx_uat_reserve(vm, PAGE, L2_SPAN + L3_SPAN, n % 2, &reserve);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_int_equal(agx_uat_stats(machine.uat).tables, tables);
		assert_int_equal(agx_uat_vm_pages(vm), 1);
		assert_true(
			agx_walk(&machine.walker, 1, AGX_WALK_GPU, PAGE, AGX_WALK_READ, &result));
		assert_int_equal(result.pa, 0x812340000);
		assert_int_equal(agx_uat_map(vm, &reserve, PAGE, 0x855550000, L2_SPAN + L3_SPAN,
					     AGX_UAT_GPU_SHARED_RW, AGX_UAT_SINGLE_PAGE),
				 -ENOMEM);
		assert_true(
			agx_walk(&machine.walker, 1, AGX_WALK_GPU, PAGE, AGX_WALK_READ, &result));
		assert_int_equal(result.pa, 0x812340000);
		agx_uat_reserve_release(machine.uat, &reserve);
		machine_check_tlb(&machine);
		agx_uat_unbind(vm);
		agx_uat_vm_destroy(vm);
		assert_int_equal(machine_finish(&machine), 0);
		/* 2049 tables do not fit into this machine: never reached without a failure. */
		if (n > 60)
			return;
	}
	fail_msg("2000 tables in 16 MiB");
}

static void making_things_fails_cleanly(void **state)
{
	struct machine machine;
	struct agx_uat_vm *vm;
	uint64_t n;
	int err;

	(void)state;
	machine_init(&machine, 16 << 20);
	for (n = 1, err = -ENOMEM; err; n++) {
		machine.fail_after = n;
		err = agx_uat_create(&machine.platform, &machine.config, &machine.uat);
		if (err) {
			assert_int_equal(err, -ENOMEM);
			assert_int_equal(machine.pages_out, 0);
			assert_int_equal(machine.bytes_out, 0);
		}
	}
	assert_true(n > 3);
	machine.fail_after = 0;
	for (n = 1, err = -ENOMEM; err; n++) {
		machine.fail_after = n;
		err = agx_uat_vm_create(machine.uat, &vm);
		if (err)
			assert_int_equal(err, -ENOMEM);
	}
	assert_true(n > 2);
	agx_uat_vm_destroy(vm);
	assert_int_equal(machine_finish(&machine), 0);
}

static void bad_configurations_are_refused(void **state)
{
	struct agx_uat_config good;
	struct machine machine;

	(void)state;
	machine_init(&machine, 16 << 20);
	good = machine.config;
#define REFUSED(change)                                                                            \
	do {                                                                                       \
		machine.config = good;                                                             \
		change;                                                                            \
		assert_int_equal(agx_uat_create(&machine.platform, &machine.config, &machine.uat), \
				 -EINVAL);                                                         \
	} while (0)
	REFUSED(machine.config.ttbs = NULL);
	REFUSED(machine.config.handoff = NULL);
	REFUSED(machine.config.kernel_table = NULL);
	REFUSED(machine.config.kernel_table_pa += 8);
	REFUSED(machine.config.kernel_table_pa = 1ull << 42);
	REFUSED((machine.config.output_address_bits = 35, machine.config.kernel_table_pa = 0x4000));
	REFUSED(machine.config.output_address_bits = 49);
#undef REFUSED
	assert_int_equal(machine_finish(&machine), 0);
}

static uint64_t *far_page;

static void *alloc_far(void *cookie, uint64_t *pa)
{
	(void)cookie;
	*pa = 1ull << 42;
	return far_page;
}

static void free_far(void *cookie, void *page, uint64_t pa)
{
	(void)cookie;
	assert_ptr_equal(page, far_page);
	assert_int_equal(pa, 1ull << 42);
}

static void a_page_too_far_away_is_no_table(void **state)
{
	uint64_t page[4];
	struct machine machine;

	(void)state;
	far_page = page;
	machine_init(&machine, 16 << 20);
	machine.platform.page_alloc = alloc_far;
	machine.platform.page_free = free_far;
	assert_int_equal(agx_uat_create(&machine.platform, &machine.config, &machine.uat), -ENOMEM);
	assert_int_equal(machine.logs, 1);
	machine.uat = NULL;
	assert_int_equal(machine_finish(&machine), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_map_takes_what_was_reserved),
		cmocka_unit_test(a_map_without_enough_reserved_is_refused),
		cmocka_unit_test(a_reservation_that_fails_keeps_the_old_state),
		cmocka_unit_test(making_things_fails_cleanly),
		cmocka_unit_test(bad_configurations_are_refused),
		cmocka_unit_test(a_page_too_far_away_is_no_table),
	};

	return cmocka_run_group_tests_name("uat-memory", tests, NULL, NULL);
}
