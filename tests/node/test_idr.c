// SPDX-License-Identifier: MIT
/* Identifiers: the lowest free one, from 1, against a plain list. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "idr.h"

static void the_lowest_free_id_is_given(void **state)
{
	struct agx_idr idr = {0};
	int a, i;
	uint32_t id = 0;

	assert_null(agx_idr_find(&idr, 0));
	assert_null(agx_idr_find(&idr, 1));
	assert_null(agx_idr_remove(&idr, 1));
	assert_null(agx_idr_next(&idr, &id));
	for (i = 1; i <= 200; i++)
		assert_int_equal(agx_idr_alloc(&idr, &a), i);
	assert_ptr_equal(agx_idr_remove(&idr, 7), &a);
	assert_ptr_equal(agx_idr_remove(&idr, 130), &a);
	assert_null(agx_idr_remove(&idr, 130));
	assert_null(agx_idr_find(&idr, 130));
	assert_int_equal(agx_idr_alloc(&idr, &a), 7);
	assert_int_equal(agx_idr_alloc(&idr, &a), 130);
	assert_int_equal(agx_idr_alloc(&idr, &a), 201);
	assert_null(agx_idr_find(&idr, 0));
	assert_null(agx_idr_find(&idr, UINT32_MAX));
	assert_null(agx_idr_remove(&idr, UINT32_MAX));
	agx_idr_finish(&idr);
}

static void random_use_agrees_with_a_list(void **state)
{
	enum {
		MAX = 5000,
		STEPS = 60000
	};
	static void *list[MAX + 1];
	struct agx_idr idr = {0};
	unsigned int seed = 2, count = 0;
	uint32_t id;
	int step, lowest;

	memset(list, 0, sizeof(list));
	for (step = 0; step < STEPS; step++) {
		/* Grows for the first half, shrinks after it. */
		int grow = rand_r(&seed) % 100 < (step < STEPS / 2 ? 58 : 42);

		if (grow && count < MAX) {
			for (lowest = 1; list[lowest]; lowest++)
				;
			list[lowest] = &list[lowest];
			assert_int_equal(agx_idr_alloc(&idr, &list[lowest]), lowest);
			count++;
		} else {
			id = (uint32_t)rand_r(&seed) % MAX + 1;
			assert_ptr_equal(agx_idr_remove(&idr, id), list[id]);
			count -= !!list[id];
			list[id] = NULL;
		}
		id = (uint32_t)rand_r(&seed) % MAX + 1;
		assert_ptr_equal(agx_idr_find(&idr, id), list[id]);
		assert_int_equal(idr.count, count);
	}
	for (id = 0; agx_idr_next(&idr, &id); id++) {
		assert_non_null(list[id]);
		list[id] = NULL;
		count--;
	}
	assert_int_equal(count, 0);
	agx_idr_finish(&idr);
}

static void many_ids_fit(void **state)
{
	struct agx_idr idr = {0};
	int a;
	uint32_t i;

	for (i = 1; i <= 300000; i++)
		assert_int_equal(agx_idr_alloc(&idr, &a), i);
	assert_ptr_equal(agx_idr_remove(&idr, 262144), &a);
	assert_ptr_equal(agx_idr_remove(&idr, 4096), &a);
	assert_int_equal(agx_idr_alloc(&idr, &a), 4096);
	assert_int_equal(agx_idr_alloc(&idr, &a), 262144);
	agx_idr_finish(&idr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lowest_free_id_is_given),
		cmocka_unit_test(random_use_agrees_with_a_list),
		cmocka_unit_test(many_ids_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
