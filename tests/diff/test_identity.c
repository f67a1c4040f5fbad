// SPDX-License-Identifier: MIT
/* Which buffers a submission uses, where all else is equal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "diff_compare.h"

#define BUFFERS 4
#define DRAWS   3

struct fixture {
	struct agx_diff diff;
	struct diff_trace traces[2];
	struct diff_buffer buffers[2][BUFFERS];
	uint32_t refs[2][DRAWS];
	struct diff_item items[2];
};

/* A submission of draws, each reading one texture: numbers of buffers. */
static uint32_t build(struct fixture *f, unsigned int side, const uint32_t *textures)
{
	struct diff_builder *builder = diff_builder_create(f->diff.store);
	const uint32_t *refs;
	uint32_t node, i;

	assert_non_null(builder);
	diff_begin(builder, DIFF_NODE_SUBMIT, DIFF_IOCTLS, "submit");
	diff_begin(builder, DIFF_NODE_COMMAND, DIFF_IOCTLS, "render");
	for (i = 0; i < DRAWS; i++) {
		diff_begin(builder, DIFF_NODE_DRAW, DIFF_STATE, "draw");
		diff_begin(builder, DIFF_NODE_BLOCK, DIFF_DESCRIPTORS, "texture 0");
		diff_leaf_number(builder, "width", 64);
		diff_leaf_object(builder, "buffer", "buffer",
				 (uint32_t)DIFF_REF_BUFFER << 28 | textures[i]);
		diff_end(builder, NULL);
		diff_end(builder, NULL);
	}
	diff_end(builder, NULL);
	node = diff_end(builder, &refs);
	assert_int_equal(diff_node(f->diff.store, node)->refs, DRAWS);
	memcpy(f->refs[side], refs, sizeof(f->refs[side]));
	diff_builder_destroy(builder);
	return node;
}

static void check(struct fixture *f, const uint32_t *a, const uint32_t *b)
{
	struct agx_diff_where where;

	memset(&where, 0xff, sizeof(where));
	where.count = 1;
	f->items[0].node = build(f, 0, a);
	f->items[1].node = build(f, 1, b);
	/* The trees do not say which buffer it is. */
	assert_int_equal(f->items[0].node, f->items[1].node);
	assert_int_equal(diff_identity_create(&f->diff, &f->diff.identity), 0);
	diff_identity_check(f->diff.identity, &f->items[0], &f->items[1], &where);
	assert_int_equal(f->diff.error, 0);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	unsigned int side, i;

	if (!f)
		return -1;
	f->diff.store = diff_store_create();
	f->diff.budget.steps = DIFF_STEPS;
	for (i = 0; i < DIFF_TOPICS; i++)
		f->diff.options.topics[i] = true;
	for (side = 0; side < 2; side++) {
		for (i = 0; i < BUFFERS; i++)
			f->buffers[side][i] = (struct diff_buffer){.number = 10 * (side + 1) + i};
		f->traces[side] = (struct diff_trace){
			.buffers = f->buffers[side],
			.num_buffers = BUFFERS,
			.refs = f->refs[side],
			.num_refs = DRAWS,
		};
		f->diff.traces[side] = &f->traces[side];
	}
	*state = f;
	return f->diff.store ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	diff_identity_destroy(f->diff.identity);
	diff_store_destroy(f->diff.store);
	free(f->diff.hunks);
	free(f->diff.lines);
	free(f->diff.hunk_by_hash.keys);
	free(f->diff.hunk_by_hash.values);
	free(f);
	return 0;
}

static void other_numbers_of_the_same_buffers_are_equal(void **state)
{
	struct fixture *f = *state;

	check(f, (const uint32_t[]){0, 1, 0}, (const uint32_t[]){3, 2, 3});
	assert_false(f->diff.differs);
}

static void another_texture_in_one_draw_is_found(void **state)
{
	struct fixture *f = *state;
	const struct diff_hunk *hunk;
	const struct diff_line *line;

	check(f, (const uint32_t[]){0, 1, 0}, (const uint32_t[]){3, 2, 2});
	assert_true(f->diff.differs);
	assert_int_equal(f->diff.num_hunks, 1);
	hunk = &f->diff.hunks[0];
	assert_int_equal(hunk->out.unit, AGX_DIFF_DRAW);
	assert_int_equal(hunk->out.wheres[0].a.command, 0);
	assert_int_equal(hunk->out.wheres[0].a.unit, 2);
	assert_int_equal(hunk->out.num_lines, 2);
	line = &f->diff.lines[hunk->line];
	assert_string_equal(diff_text(f->diff.store, line[0].name), "texture 0");
	assert_string_equal(diff_text(f->diff.store, line[1].name), "buffer");
	assert_string_equal(diff_text(f->diff.store, line[1].a), "buffer 10 (in B: buffer 23)");
	assert_string_equal(diff_text(f->diff.store, line[1].b), "buffer 22");
}

static void two_buffers_for_one_are_found(void **state)
{
	struct fixture *f = *state;

	check(f, (const uint32_t[]){0, 1, 2}, (const uint32_t[]){0, 0, 2});
	assert_true(f->diff.differs);
}

static void buffers_of_the_driver_are_exempt(void **state)
{
	struct fixture *f = *state;

	f->buffers[1][0].decoded = true;
	check(f, (const uint32_t[]){0, 1, 2}, (const uint32_t[]){0, 0, 2});
	assert_false(f->diff.differs);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(other_numbers_of_the_same_buffers_are_equal),
		TEST(another_texture_in_one_draw_is_found),
		TEST(two_buffers_for_one_are_found),
		TEST(buffers_of_the_driver_are_exempt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
