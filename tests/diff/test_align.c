// SPDX-License-Identifier: MIT
/* Alignments against a slow reference, and their bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "diff_align.h"

#define MAX_LENGTH 64

static uint32_t seed = 1;

static uint32_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed;
}

/* Length of the longest common subsequence. */
static size_t longest(const uint64_t *a, size_t n, const uint64_t *b, size_t m)
{
	static size_t table[MAX_LENGTH + 1][MAX_LENGTH + 1];
	size_t i, j;

	for (i = 0; i <= n; i++) {
		for (j = 0; j <= m; j++) {
			if (!i || !j)
				table[i][j] = 0;
			else if (a[i - 1] == b[j - 1])
				table[i][j] = table[i - 1][j - 1] + 1;
			else
				table[i][j] = table[i - 1][j] > table[i][j - 1] ? table[i - 1][j]
										: table[i][j - 1];
		}
	}
	return table[n][m];
}

/* Every element once, in order, only equal ones together. Returns how many pairs there are. */
static size_t check(const struct diff_alignment *out, const uint64_t *a, size_t n,
		    const uint64_t *b, size_t m)
{
	size_t i, p = 0, q = 0, pairs = 0;

	for (i = 0; i < out->count; i++) {
		const struct diff_pair *pair = &out->pairs[i];

		if (pair->a != SIZE_MAX)
			assert_int_equal(pair->a, p++);
		if (pair->b != SIZE_MAX)
			assert_int_equal(pair->b, q++);
		if (pair->a != SIZE_MAX && pair->b != SIZE_MAX) {
			assert_true(a[p - 1] == b[q - 1]);
			pairs++;
		}
	}
	assert_int_equal(p, n);
	assert_int_equal(q, m);
	return pairs;
}

static void random_sequences_align_as_long_as_possible(void **state)
{
	unsigned int round;

	(void)state;
	for (round = 0; round < 5000; round++) {
		uint64_t a[MAX_LENGTH], b[MAX_LENGTH];
		size_t n = next_random() % MAX_LENGTH, m = next_random() % MAX_LENGTH, i;
		unsigned int kinds = 1 + next_random() % 20;
		struct diff_budget budget = {.steps = DIFF_STEPS};
		struct diff_alignment out;

		for (i = 0; i < n; i++)
			a[i] = next_random() % kinds;
		for (i = 0; i < m; i++)
			b[i] = next_random() % kinds;
		assert_int_equal(diff_align(a, n, b, m, &budget, &out), 0);
		assert_int_equal(check(&out, a, n, b, m), longest(a, n, b, m));
		assert_false(budget.coarse);
		free(out.pairs);
	}
}

static void empty_sequences_align(void **state)
{
	const uint64_t one[] = {1, 2, 3};
	struct diff_budget budget = {.steps = DIFF_STEPS};
	struct diff_alignment out;

	(void)state;
	assert_int_equal(diff_align(NULL, 0, NULL, 0, &budget, &out), 0);
	assert_int_equal(out.count, 0);
	free(out.pairs);
	assert_int_equal(diff_align(one, 3, NULL, 0, &budget, &out), 0);
	assert_int_equal(check(&out, one, 3, NULL, 0), 0);
	free(out.pairs);
}

/* Two long sequences that have little to do with each other. */
static void hostile_sequences_are_bounded(void **state)
{
	const size_t count = 200000;
	uint64_t *a = calloc(count, sizeof(*a)), *b = calloc(count, sizeof(*b));
	struct diff_budget budget = {.steps = 1u << 22};
	struct diff_alignment out;
	size_t i;

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	for (i = 0; i < count; i++) {
		a[i] = next_random() % 3;
		b[i] = next_random() % 3;
	}
	assert_int_equal(diff_align(a, count, b, count, &budget, &out), 0);
	check(&out, a, count, b, count);
	assert_true(budget.coarse);
	free(out.pairs);
	free(a);
	free(b);
}

/* Unique elements are anchors where Myers' algorithm gives up. */
static void anchors_cut_what_differs_much(void **state)
{
	const size_t count = 20000;
	uint64_t *a = calloc(count, sizeof(*a)), *b = calloc(count, sizeof(*b));
	struct diff_budget budget = {.steps = DIFF_STEPS};
	struct diff_alignment out;
	size_t i;

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	/* Every second element differs. */
	for (i = 0; i < count; i++) {
		a[i] = i % 2 ? i : 1000000 + i;
		b[i] = i % 2 ? i : 2000000 + i;
	}
	assert_int_equal(diff_align(a, count, b, count, &budget, &out), 0);
	assert_int_equal(check(&out, a, count, b, count), count / 2);
	assert_false(budget.coarse);
	free(out.pairs);
	free(a);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_sequences_align_as_long_as_possible),
		cmocka_unit_test(empty_sequences_align),
		cmocka_unit_test(hostile_sequences_are_bounded),
		cmocka_unit_test(anchors_cut_what_differs_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
