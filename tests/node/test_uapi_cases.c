// SPDX-License-Identifier: MIT
/* Runs the table of tests/uapi-cases on the virtual node: every case on a file of its own. */
#include <errno.h>
#include <string.h>

#include "fixture.h"
#include "uapi_cases.h"

struct node_file {
	struct agx_node *node;
	struct agx_file *file;
};

static long node_ioctl(void *ctx, unsigned long request, void *arg)
{
	const struct node_file *on = ctx;

	return call(on->file, request, arg);
}

static void node_close(void *ctx, int fd)
{
	const struct node_file *on = ctx;

	agx_node_close_fd(on->node, fd);
}

/* The number of cases that give something else. */
static unsigned int run_tables(struct agx_node *node, const struct uapi_table *table)
{
	unsigned int failed = 0;
	size_t i;

	for (; table->name; table++) {
		for (i = 0; i < table->count; i++) {
			const struct uapi_case *test = &table->cases[i];
			struct node_file on = {.node = node};
			const struct uapi_target target = {node_ioctl, node_close, &on};
			struct uapi_env env;
			long ret;

			assert_int_equal(agx_file_open(node, &on.file), 0);
			assert_int_equal(uapi_env_init(&env, &target), 0);
			ret = uapi_case_run(&env, test);
			if (ret != test->expect) {
				print_error("%s: expected %d (%s), got %ld (%s)\n", test->name,
					    test->expect, strerror(-test->expect), ret,
					    ret == UAPI_WRONG_OUTPUT ? "wrong output"
								     : strerror((int)-ret));
				failed++;
			}
			uapi_env_finish(&env);
			agx_file_put(on.file);
		}
	}
	return failed;
}

static void every_case_gives_its_errno(void **state)
{
	struct fixture f;

	fixture_init(&f, NULL);
	assert_int_equal(run_tables(f.node, uapi_tables), 0);
	fixture_finish(&f);
}

static void generic_ioctls_answer_as_the_kernels(void **state)
{
	struct fixture f;

	fixture_init(&f, NULL);
	assert_int_equal(run_tables(f.node, drm_tables), 0);
	fixture_finish(&f);
}

/* A case must not depend on its neighbours' luck: names are unique and a table is not empty. */
static void check_tables(const struct uapi_table *a)
{
	const struct uapi_table *b;
	size_t i, j;

	for (; a->name; a++) {
		assert_true(a->count > 0);
		for (i = 0; i < a->count; i++) {
			assert_true(a->cases[i].expect <= 0);
			for (b = a; b->name; b++)
				for (j = b == a ? i + 1 : 0; j < b->count; j++)
					assert_string_not_equal(a->cases[i].name, b->cases[j].name);
		}
	}
}

static void tables_are_sound(void **state)
{
	check_tables(uapi_tables);
	check_tables(drm_tables);
}

/* A refused request must change nothing: the counters of what lives stay as they were. */
static void refusals_leave_nothing_behind(void **state)
{
	const struct uapi_table *table;
	struct agx_node_stats before, after;
	struct node_file on;
	const struct uapi_target target = {node_ioctl, node_close, &on};
	struct uapi_env env;
	struct fixture f;
	size_t i;

	fixture_init(&f, NULL);
	on = (struct node_file){f.node, f.file};
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
	uapi_env_finish(&env);
	fixture_finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_sound),
		cmocka_unit_test(every_case_gives_its_errno),
		cmocka_unit_test(generic_ioctls_answer_as_the_kernels),
		cmocka_unit_test(refusals_leave_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
