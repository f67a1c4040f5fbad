// SPDX-License-Identifier: MIT
/* Runs the table of tests/uapi-cases on the virtual node: every case on a file of its own. */
#include <errno.h>
#include <string.h>

#include "fixture.h"
#include "uapi_cases.h"

static long node_ioctl(void *ctx, unsigned long request, void *arg)
{
	return call(ctx, request, arg);
}

static void every_case_gives_its_errno(void **state)
{
	const struct uapi_table *table;
	struct fixture f;
	unsigned int failed = 0;
	size_t i;

	fixture_init(&f, NULL);
	for (table = uapi_tables; table->name; table++) {
		for (i = 0; i < table->count; i++) {
			const struct uapi_case *test = &table->cases[i];
			struct uapi_target target = {.ioctl = node_ioctl};
			struct uapi_env env;
			struct agx_file *file;
			long ret;

			assert_int_equal(agx_file_open(f.node, &file), 0);
			target.ctx = file;
			assert_int_equal(uapi_env_init(&env, &target), 0);
			ret = uapi_case_run(&env, test);
			if (ret != test->expect) {
				print_error("%s: expected %d (%s), got %ld (%s)\n", test->name,
					    test->expect, strerror(-test->expect), ret,
					    strerror((int)-ret));
				failed++;
			}
			agx_file_put(file);
		}
	}
	assert_int_equal(failed, 0);
	fixture_finish(&f);
}

/* A case must not depend on its neighbours' luck: names are unique and a table is not empty. */
static void tables_are_sound(void **state)
{
	const struct uapi_table *a, *b;
	size_t i, j;

	for (a = uapi_tables; a->name; a++) {
		assert_true(a->count > 0);
		for (i = 0; i < a->count; i++) {
			assert_true(a->cases[i].expect <= 0);
			for (b = a; b->name; b++)
				for (j = b == a ? i + 1 : 0; j < b->count; j++)
					assert_string_not_equal(a->cases[i].name, b->cases[j].name);
		}
	}
}

/* A refused request must change nothing: the counters of what lives stay as they were. */
static void refusals_leave_nothing_behind(void **state)
{
	const struct uapi_table *table;
	struct agx_node_stats before, after;
	struct uapi_target target = {.ioctl = node_ioctl};
	struct uapi_env env;
	struct fixture f;
	size_t i;

	fixture_init(&f, NULL);
	target.ctx = f.file;
	assert_int_equal(uapi_env_init(&env, &target), 0);
	agx_node_stats(f.node, &before);
	for (table = uapi_tables; table->name; table++) {
		for (i = 0; i < table->count; i++) {
			if (!table->cases[i].expect)
				continue;
			assert_int_equal(uapi_case_run(&env, &table->cases[i]),
					 table->cases[i].expect);
		}
	}
	agx_node_stats(f.node, &after);
	assert_int_equal(after.live_bos, before.live_bos);
	assert_int_equal(after.live_bytes, before.live_bytes);
	assert_int_equal(after.live_vms, before.live_vms);
	assert_int_equal(after.live_queues, before.live_queues);
	assert_int_equal(after.live_syncobjs, before.live_syncobjs);
	assert_int_equal(after.submits, before.submits);
	assert_true(after.refused_ioctls > before.refused_ioctls + 100);
	assert_int_equal(after.unknown_ioctls, 0);
	fixture_finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_sound),
		cmocka_unit_test(every_case_gives_its_errno),
		cmocka_unit_test(refusals_leave_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
