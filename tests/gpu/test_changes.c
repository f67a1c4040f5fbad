// SPDX-License-Identifier: MIT
/* What a launch changed in memory: changes.h. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "changes.h"

#define PAGE  AGX_CHANGES_PAGE
#define LINES AGX_CHANGES_LINES
#define COUNT 600 /* pages: more than the table has room for at first */
#define PA    0x800000000ull
#define VA    0x1100000000ull

static uint8_t *memory;
static struct agx_changes *changes;

static int setup(void **state)
{
	memory = calloc(COUNT, PAGE);
	changes = agx_changes_new();
	return !memory || !changes;
}

static int teardown(void **state)
{
	agx_changes_free(changes);
	free(memory);
	return 0;
}

static void note(unsigned int page)
{
	agx_changes_note(changes, VA + page * PAGE, PA + page * PAGE, memory + page * PAGE);
}

static size_t take(const struct agx_changed_page **pages)
{
	size_t count;

	assert_true(agx_changes_take(changes, pages, &count));
	return count;
}

static void nothing_is_nothing(void **state)
{
	const struct agx_changed_page *pages;

	assert_int_equal(take(&pages), 0);
	note(3);
	assert_int_equal(take(&pages), 0);
}

static void bytes_are_told(void **state)
{
	const struct agx_changed_page *pages;

	memory[5 * PAGE + 100] = 7;
	note(5);
	/* The first note counts, whoever comes later. */
	memory[5 * PAGE] = 1;
	note(5);
	memory[5 * PAGE + 63] = 2;
	memory[5 * PAGE + PAGE - 1] = 3;
	memory[5 * PAGE + 100] = 7;
	assert_int_equal(take(&pages), 1);
	assert_true(pages->address == VA + 5 * PAGE && pages->pa == PA + 5 * PAGE);
	assert_ptr_equal(pages->memory, memory + 5 * PAGE);
	for (unsigned int i = 0; i < LINES; i++)
		assert_true(pages->mask[i] == (i == 0           ? 1ull << 63 | 1
					       : i == LINES - 1 ? 1ull << 63
								: 0));
	/* Of the next launch nothing is known yet. */
	memory[5 * PAGE] = 9;
	assert_int_equal(take(&pages), 0);
}

static void a_byte_that_comes_back_is_no_change(void **state)
{
	const struct agx_changed_page *pages;

	note(0);
	memory[10] = 5;
	memory[10] = 0;
	assert_int_equal(take(&pages), 0);
}

static void pages_come_in_order(void **state)
{
	const struct agx_changed_page *pages;

	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < COUNT; i++) {
			const unsigned int page = (i * 7 + round) % COUNT;

			note(page);
			/* Every third is left as it is. */
			if (page % 3)
				memory[page * PAGE + page]++;
		}
		assert_int_equal(take(&pages), COUNT / 3 * 2);
		for (unsigned int i = 0; i < COUNT / 3 * 2; i++) {
			const unsigned int page = i / 2 * 3 + 1 + i % 2;

			assert_true(pages[i].pa == PA + page * PAGE);
			assert_true(pages[i].mask[page / 64] == 1ull << page % 64);
			/* The masks of pages lie one behind the other. */
			assert_ptr_equal(pages[i].mask, pages[0].mask + i * LINES);
		}
	}
}

/* Two addresses of one page are one page. */
static void a_page_with_two_addresses_counts_once(void **state)
{
	const struct agx_changed_page *pages;

	note(1);
	agx_changes_note(changes, VA + 0x40000000, PA + PAGE, memory + PAGE);
	memory[PAGE] = 1;
	assert_int_equal(take(&pages), 1);
	assert_true(pages->address == VA + PAGE);
}

static void too_many_pages_are_whole(void **state)
{
	const struct agx_changed_page *pages;

	/* All show the same memory, which nobody changes. */
	for (uint64_t i = 0; i <= AGX_CHANGES_MAX_KEPT; i++)
		agx_changes_note(changes, VA + i * PAGE, PA + i * PAGE, memory);
	assert_int_equal(take(&pages), AGX_CHANGES_MAX_KEPT + 1);
	assert_true(pages[0].mask[0] == UINT64_MAX);
	assert_true(pages[AGX_CHANGES_MAX_KEPT].mask[LINES - 1] == UINT64_MAX);
	note(2);
	memory[2 * PAGE]++;
	assert_int_equal(take(&pages), 1);
	assert_true(pages->mask[0] == 1);
}

static void *note_all(void *data)
{
	const unsigned int seed = *(unsigned int *)data;

	for (unsigned int i = 0; i < COUNT; i++) {
		const unsigned int page = (i * 11 + seed * 97) % COUNT;

		note(page);
		__atomic_fetch_add(&memory[page * PAGE], 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void threads_note_side_by_side(void **state)
{
	const struct agx_changed_page *pages;
	unsigned int seeds[4];
	pthread_t threads[4];

	for (unsigned int i = 0; i < 4; i++) {
		seeds[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, note_all, &seeds[i]), 0);
	}
	for (unsigned int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(take(&pages), COUNT);
	for (unsigned int i = 0; i < COUNT; i++)
		assert_true(pages[i].mask[0] == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(bytes_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(a_byte_that_comes_back_is_no_change, setup,
						teardown),
		cmocka_unit_test_setup_teardown(pages_come_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(a_page_with_two_addresses_counts_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(too_many_pages_are_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(threads_note_side_by_side, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
