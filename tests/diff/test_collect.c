// SPDX-License-Identifier: MIT
/* Streams of events that no trace made: what makes two submissions equal, and what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agx_cs_pack.h"
#include "diff_collect.h"
#include "diff_trace.h"

struct seen {
	struct diff_store *store;
	const struct agx_decode_sink *sink;
	struct diff_collect *collect;
	uint32_t node, refs[8];
	uint64_t number;
};

/* What differs between the streams of the tests. */
struct variant {
	uint64_t address;  /* where everything lies */
	uint32_t handle;   /* of the texture's buffer */
	uint64_t value;    /* of a state field */
	uint32_t writable; /* flags of the texture's mapping */
	uint8_t code;      /* a byte of the shader */
	uint64_t constant; /* a word of uniforms */
	unsigned int draws;
	bool unmapped;
	uint64_t time;
};

static uint32_t target_object(void *cookie, const struct agx_decode_place *place)
{
	(void)cookie;
	return place->handle;
}

static void target_submit(void *cookie, uint64_t number, uint32_t node, const uint32_t *refs)
{
	struct seen *seen = cookie;
	uint32_t count = diff_node(seen->store, node)->refs;

	seen->node = node;
	seen->number = number;
	assert_true(count <= 8);
	memcpy(seen->refs, refs, count * sizeof(*refs));
}

static bool target_is_address(void *cookie, uint64_t word)
{
	(void)cookie;
	return word >> 32 == 0x11;
}

static void start(struct seen *seen)
{
	const struct diff_collect_target target = {
		.cookie = seen,
		.object = target_object,
		.submit = target_submit,
		.is_address = target_is_address,
	};

	seen->collect = diff_collect_create(seen->store, &target);
	assert_non_null(seen->collect);
	seen->sink = diff_collect_sink(seen->collect);
}

static void begin(struct seen *seen, enum agx_decode_kind kind, const char *title, uint64_t number)
{
	const struct agx_decode_node node = {
		.kind = kind,
		.title = title,
		.address = AGX_DECODE_NO_ADDRESS,
		.number = number,
	};

	seen->sink->begin(seen->sink->cookie, &node);
}

static void end(struct seen *seen)
{
	seen->sink->end(seen->sink->cookie);
}

static void emit_draw(struct seen *seen, const struct variant *v)
{
	const struct agx_decode_sink *sink = seen->sink;
	const struct agx_cs_struct *desc = &agx_cs_structs[AGX_CS_ID_TEXTURE];
	const struct agx_decode_place place = {
		.handle = v->handle,
		.flags = v->writable,
		.offset = v->address & 0xffff,
	};
	const uint8_t code[4] = {0x88, 0, v->code, 0};
	const uint64_t uniforms[2] = {0x1100000000 + v->address, v->constant};

	begin(seen, AGX_DECODE_BLOCK, "state", AGX_DECODE_NO_NUMBER);
	sink->field(sink->cookie, &desc->fields[0], v->value);
	begin(seen, AGX_DECODE_LIST, "vertex_program", AGX_DECODE_NO_NUMBER);
	begin(seen, AGX_DECODE_SHADER, "shader", 1);
	sink->number(sink->cookie, "bytes", v->time, AGX_DECODE_DEC);
	sink->code(sink->cookie, v->address, code, sizeof(code));
	end(seen);
	begin(seen, AGX_DECODE_SHADER, "shader", 1);
	end(seen);
	begin(seen, AGX_DECODE_MEMORY, "uniforms", AGX_DECODE_NO_NUMBER);
	sink->bytes(sink->cookie, v->address, uniforms, sizeof(uniforms));
	end(seen);
	end(seen);
	end(seen);
	begin(seen, AGX_DECODE_DRAW, "draw", 0);
	sink->address(sink->cookie, "texture", v->address, v->unmapped ? NULL : &place);
	end(seen);
}

static uint32_t emit(struct seen *seen, const struct variant *v)
{
	const struct agx_decode_sink *sink = seen->sink;
	unsigned int i;

	begin(seen, AGX_DECODE_SUBMIT, "submit", 5);
	sink->number(sink->cookie, "time", v->time, AGX_DECODE_NS);
	sink->number(sink->cookie, "queue", v->time, AGX_DECODE_DEC);
	begin(seen, AGX_DECODE_COMMAND, "render", 0);
	begin(seen, AGX_DECODE_STREAM, "vertex_stream", AGX_DECODE_NO_NUMBER);
	for (i = 0; i < v->draws; i++)
		emit_draw(seen, v);
	begin(seen, AGX_DECODE_BLOCK, "end", AGX_DECODE_NO_NUMBER);
	end(seen);
	end(seen);
	end(seen);
	end(seen);
	assert_int_equal(seen->number, 5);
	return seen->node;
}

static const struct variant usual = {
	.address = 0x1000, .handle = 3, .value = 1, .constant = 9, .draws = 2, .time = 1};

static uint32_t node_of(struct seen *seen, const struct variant *v)
{
	uint32_t node;

	start(seen);
	node = emit(seen, v);
	diff_collect_destroy(seen->collect);
	return node;
}

static int set_up(void **state)
{
	static struct seen seen;

	seen = (struct seen){.store = diff_store_create()};
	*state = &seen;
	return seen.store ? 0 : -1;
}

static int tear_down(void **state)
{
	struct seen *seen = *state;

	diff_store_destroy(seen->store);
	return 0;
}

static void addresses_handles_and_times_do_not_count(void **state)
{
	struct seen *seen = *state;
	uint32_t first = node_of(seen, &usual);
	struct variant v = usual;

	v.address = 0x5000;
	v.handle = 8;
	v.time = 77;
	assert_int_equal(node_of(seen, &v), first);
	/* Which buffer it was stands beside the tree. */
	assert_int_equal(diff_node(seen->store, first)->refs, 2);
	assert_int_equal(seen->refs[0], 8);
}

static void values_code_memory_and_flags_count(void **state)
{
	struct seen *seen = *state;
	uint32_t first = node_of(seen, &usual);
	struct variant v;

	v = usual;
	v.value = 2;
	assert_int_not_equal(node_of(seen, &v), first);
	v = usual;
	v.code = 4;
	assert_int_not_equal(node_of(seen, &v), first);
	v = usual;
	v.constant = 10;
	assert_int_not_equal(node_of(seen, &v), first);
	v = usual;
	v.writable = DRM_ASAHI_BIND_WRITE;
	assert_int_not_equal(node_of(seen, &v), first);
	v = usual;
	v.unmapped = true;
	assert_int_not_equal(node_of(seen, &v), first);
	v = usual;
	v.draws = 3;
	assert_int_not_equal(node_of(seen, &v), first);
	assert_int_equal(node_of(seen, &usual), first);
}

static void a_draw_owns_the_state_before_it(void **state)
{
	struct seen *seen = *state;
	const struct diff_store *store = seen->store;
	const struct diff_node *node = diff_node(store, node_of(seen, &usual));
	uint32_t draw;

	assert_int_equal(node->draws, 2);
	node = diff_node(store, diff_children(store, node)[0]); /* render */
	assert_int_equal(node->kind, DIFF_NODE_COMMAND);
	node = diff_node(store, diff_children(store, node)[0]); /* stream */
	assert_int_equal(node->children, 3);
	draw = diff_children(store, node)[0];
	/* The second draw is the same tree, and what follows the last draw stands alone. */
	assert_int_equal(diff_children(store, node)[1], draw);
	assert_int_equal(diff_node(store, draw)->kind, DIFF_NODE_DRAW);
	assert_int_equal(diff_node(store, draw)->children, 2);
	assert_int_equal(diff_node(store, diff_children(store, node)[2])->kind, DIFF_NODE_BLOCK);
}

/* A thousand draws take the memory of one. */
static void equal_draws_are_kept_once(void **state)
{
	struct seen *seen = *state;
	struct variant v = usual;
	uint32_t few, many;

	v.draws = 1;
	few = node_of(seen, &v);
	v.draws = 4;
	many = node_of(seen, &v);
	assert_true(many > few);
	/* New: stream, command, submit. */
	assert_int_equal(many - few, 3);
}

static void deep_trees_are_bounded(void **state)
{
	struct seen *seen = *state;
	uint32_t first, second;
	unsigned int i, round;
	bool same;

	for (round = 0; round < 2; round++) {
		diff_store_side(seen->store, round);
		start(seen);
		begin(seen, AGX_DECODE_SUBMIT, "submit", 0);
		for (i = 0; i < 1000; i++)
			begin(seen, AGX_DECODE_BLOCK, "block", AGX_DECODE_NO_NUMBER);
		for (i = 0; i < 1001; i++)
			end(seen);
		diff_collect_destroy(seen->collect);
		if (round)
			second = seen->node;
		else
			first = seen->node;
	}
	assert_int_equal(first, second);
	assert_true(diff_store_full(seen->store, &same));
	assert_true(same);
	/* One more on one side is noticed though it is not kept. */
	start(seen);
	begin(seen, AGX_DECODE_SUBMIT, "submit", 0);
	for (i = 0; i < 1000; i++)
		begin(seen, AGX_DECODE_BLOCK, "other", AGX_DECODE_NO_NUMBER);
	diff_collect_destroy(seen->collect);
	assert_true(diff_store_full(seen->store, &same));
	assert_false(same);
	assert_int_equal(diff_store_error(seen->store), 0);
}

/* Ends without begins, and the other way round. */
static void broken_streams_do_no_harm(void **state)
{
	struct seen *seen = *state;
	const struct agx_decode_sink *sink;

	start(seen);
	sink = seen->sink;
	end(seen);
	end(seen);
	sink->text(sink->cookie, "name", "text");
	sink->bytes(sink->cookie, 0, "x", 1);
	sink->code(sink->cookie, 0, "x", 1);
	begin(seen, AGX_DECODE_DRAW, "draw", 0);
	end(seen);
	begin(seen, AGX_DECODE_SUBMIT, "submit", 0);
	begin(seen, AGX_DECODE_SHADER, "shader", UINT64_MAX);
	diff_collect_destroy(seen->collect);
	assert_int_equal(diff_store_error(seen->store), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(addresses_handles_and_times_do_not_count),
		TEST(values_code_memory_and_flags_count),
		TEST(a_draw_owns_the_state_before_it),
		TEST(equal_draws_are_kept_once),
		TEST(deep_trees_are_bounded),
		TEST(broken_streams_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
