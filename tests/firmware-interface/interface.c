// SPDX-License-Identifier: MIT
/*
 * What the headers say beyond layouts: permissions, geometry, sizes that depend on each other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "variants.h"

#define DECLARE(lower, UPPER) int agx_##lower##_variant_compiles(void);
AGX_FW_VARIANTS(DECLARE)

static void five_variants_are_linked_together(void **state)
{
	int bits = 0;

#define ADD(lower, UPPER) bits += agx_##lower##_variant_compiles();
	AGX_FW_VARIANTS(ADD)
	assert_int_equal(bits, 0x1f);
	assert_int_equal(AGX_FW_VARIANT_COUNT, 5);
}

/* Three levels of tables, each a page long, cover one half of the address space. */
static void page_table_levels_cover_one_half(void **state)
{
	assert_int_equal(AGX_UAT_L3_SHIFT, AGX_UAT_PAGE_SHIFT);
	assert_int_equal(AGX_UAT_ENTRIES * sizeof(uint64_t), AGX_UAT_PAGE_SIZE);
	assert_int_equal((uint64_t)AGX_UAT_ENTRIES << AGX_UAT_L3_SHIFT, 1ull << AGX_UAT_L2_SHIFT);
	assert_int_equal((uint64_t)AGX_UAT_ENTRIES << AGX_UAT_L2_SHIFT, 1ull << AGX_UAT_L1_SHIFT);
	assert_int_equal((uint64_t)AGX_UAT_L1_ENTRIES << AGX_UAT_L1_SHIFT,
			 1ull << AGX_UAT_HALF_BITS);
	assert_int_equal(AGX_UAT_UPPER_BASE + (1ull << AGX_UAT_HALF_BITS), 0);
	assert_int_equal(AGX_UAT_DRIVER_BASE,
			 AGX_UAT_UPPER_BASE +
				 ((uint64_t)AGX_UAT_DRIVER_L1_INDEX << AGX_UAT_L1_SHIFT));
	assert_int_equal(AGX_UAT_DRIVER_END, AGX_UAT_DRIVER_BASE + (1ull << AGX_UAT_L1_SHIFT));
}

/* What ver_info announces is the size of the structure that follows. */
static void version_info_matches_runtime_pointers(void **state)
{
	static const uint16_t g13_g14[4] = AGX_VER_INFO_G13_G14;
	static const uint16_t g14x[4] = AGX_VER_INFO_G14X;

	assert_int_equal(g13_g14[0] + 0x20, sizeof(struct agx_g13_v13_5_runtime_pointers));
	assert_int_equal(g13_g14[0] + 0x20, sizeof(struct agx_g14_v13_5_runtime_pointers));
	assert_int_equal(g14x[0] + 0x20, sizeof(struct agx_g14x_v13_5_runtime_pointers));
}

/* Sizes that the driver allocates leave room for what is known of the structure. */
static void allocations_hold_the_known_part(void **state)
{
#define HOLDS(lower, UPPER)                                                                     \
	assert_true(AGX_STATS_VERTEX_SIZE >= sizeof(struct agx_##lower##_global_stats_vertex)); \
	assert_true(agx_##lower##_STATS_FRAGMENT_SIZE >=                                        \
		    sizeof(struct agx_##lower##_global_stats_fragment));                        \
	assert_true(AGX_BARRIER_OBJECT_SIZE >= sizeof(struct agx_##lower##_barrier));
	AGX_FW_VARIANTS(HOLDS)
	assert_true(AGX_BUFFER_MGR_CTL_SIZE >= sizeof(struct agx_buffer_mgr_ctl_array));
}

/* Doorbells of the pipes leave the numbers of the others free. */
static void doorbell_numbers_are_distinct(void **state)
{
	unsigned int seen = 0;

	for (unsigned int priority = 0; priority < AGX_PRIORITY_COUNT; priority++) {
		for (unsigned int pipe = 0; pipe < AGX_PIPE_COUNT; pipe++)
			seen |= 1u << AGX_DOORBELL_PIPE(pipe, priority);
	}
	assert_int_equal(seen, 0x7777);
	assert_false(seen & (1u << AGX_DOORBELL_KICK | 1u << AGX_DOORBELL_DEVICE_CONTROL));
}

#define NUMBER(number, name, value) number,
static const uint32_t vertex_registers[] = {AGX_G14X_VERTEX_REGISTERS(NUMBER)};
static const uint32_t fragment_registers[] = {AGX_G14X_FRAGMENT_REGISTERS(NUMBER)};
static const uint32_t compute_registers[] = {AGX_G14X_COMPUTE_REGISTERS(NUMBER)};
#undef NUMBER

/* A list fits into a command, and names no register twice. */
static void register_lists_are_sound(void **state)
{
	static const struct {
		const uint32_t *numbers;
		size_t count, expected;
	} lists[] = {
#define LIST(name, expected) {name, sizeof(name) / sizeof(name[0]), expected}
		LIST(vertex_registers, 57),
		LIST(fragment_registers, 67),
		LIST(compute_registers, 12),
#undef LIST
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		assert_int_equal(lists[i].count, lists[i].expected);
		assert_true(lists[i].count <= AGX_MAX_REGISTERS);
		for (size_t j = 0; j < lists[i].count; j++) {
			for (size_t k = 0; k < j; k++)
				assert_int_not_equal(lists[i].numbers[j], lists[i].numbers[k]);
		}
	}
	assert_int_equal(AGX_REG_USC_EXEC_BASE_CP, 0x10071);
}

/* Each fault code names at most one unit of a generation. */
static void fault_units_do_not_overlap(void **state)
{
	uint8_t before[256] = {0}, g14x[256] = {0};

#define MARK(table, first, last, step)                                                   \
	for (unsigned int code = (first); code <= (last); code += (step) ? (step) : 1) { \
		assert_int_equal((table)[code], 0);                                      \
		(table)[code] = 1;                                                       \
	}
#define BOTH(first, last, step, name)   MARK(before, first, last, step) MARK(g14x, first, last, step)
#define BEFORE(first, last, step, name) MARK(before, first, last, step)
#define G14X(first, last, step, name)   MARK(g14x, first, last, step)
	AGX_SGX_UNITS(BOTH)
	AGX_SGX_UNITS_BEFORE_G14X(BEFORE)
	AGX_SGX_UNITS_G14X(G14X)
	assert_true(before[0x91] && before[0xb7] && before[0xff]);
	assert_true(g14x[0xd8] && g14x[0xf6] && !g14x[0xe7]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(five_variants_are_linked_together),
		cmocka_unit_test(page_table_levels_cover_one_half),
		cmocka_unit_test(version_info_matches_runtime_pointers),
		cmocka_unit_test(allocations_hold_the_known_part),
		cmocka_unit_test(doorbell_numbers_are_distinct),
		cmocka_unit_test(register_lists_are_sound),
		cmocka_unit_test(fault_units_do_not_overlap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
