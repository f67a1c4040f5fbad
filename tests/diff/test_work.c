// SPDX-License-Identifier: MIT
/* Events that no trace made: in which form the work of two programs is equal, and in which it is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agx_cs_pack.h"
#include "diff_collect.h"

#define MAX_COMMANDS 8

struct seen {
	struct diff_store *store;
	const struct agx_decode_sink *sink;
	struct diff_collect *collect;
	uint32_t nodes[MAX_COMMANDS];
	uint64_t submits[MAX_COMMANDS];
	uint32_t commands[MAX_COMMANDS];
	unsigned int count;
};

static void target_submit(void *cookie, uint64_t number, uint32_t node, const uint32_t *refs)
{
	(void)cookie;
	(void)number;
	(void)node;
	(void)refs;
	fail_msg("work has no submissions");
}

static void target_command(void *cookie, uint64_t submit, uint32_t command, uint32_t node)
{
	struct seen *seen = cookie;

	assert_true(seen->count < MAX_COMMANDS);
	assert_int_equal(diff_node(seen->store, node)->refs, 0);
	seen->nodes[seen->count] = node;
	seen->submits[seen->count] = submit;
	seen->commands[seen->count++] = command;
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
		.submit = target_submit,
		.command = target_command,
		.is_address = target_is_address,
	};

	seen->count = 0;
	seen->collect = diff_collect_create(seen->store, &target);
	assert_non_null(seen->collect);
	seen->sink = diff_collect_sink(seen->collect);
}

static void finish(struct seen *seen)
{
	diff_collect_destroy(seen->collect);
	assert_int_equal(diff_store_error(seen->store), 0);
}

static void begin_record(struct seen *seen, enum agx_decode_kind kind, const char *title,
			 uint64_t number, enum agx_cs_id id, const void *record)
{
	const struct agx_decode_node node = {
		.kind = kind,
		.title = title,
		.address = AGX_DECODE_NO_ADDRESS,
		.number = number,
		.desc = record ? &agx_cs_structs[id] : NULL,
		.record = record,
	};

	seen->sink->begin(seen->sink->cookie, &node);
}

static void begin(struct seen *seen, enum agx_decode_kind kind, const char *title, uint64_t number)
{
	begin_record(seen, kind, title, number, 0, NULL);
}

static void end(struct seen *seen)
{
	seen->sink->end(seen->sink->cookie);
}

static void begin_command(struct seen *seen, const char *title, uint64_t number,
			  const char *barrier)
{
	begin(seen, AGX_DECODE_COMMAND, title, number);
	seen->sink->text(seen->sink->cookie, "cdm_barrier", barrier);
	begin(seen, AGX_DECODE_STREAM, "stream", AGX_DECODE_NO_NUMBER);
}

static void end_command(struct seen *seen)
{
	end(seen);
	end(seen);
}

/* A word that fills count halves from first, and the memory that it names. */
static void emit_uniforms(struct seen *seen, uint32_t first, uint32_t count, const void *bytes)
{
	struct agx_cs_usc_uniform low;
	struct agx_cs_usc_uniform_high high;
	uint8_t record[AGX_CS_RECORD_MAX] = {0};
	bool is_high = first >= 256;

	agx_cs_usc_uniform_init(&low);
	agx_cs_usc_uniform_high_init(&high);
	low.start = first;
	low.size = count;
	high.start = first - 256;
	high.size = count;
	if (is_high)
		agx_cs_usc_uniform_high_pack(record, &high);
	else
		agx_cs_usc_uniform_pack(record, &low);
	begin_record(seen, AGX_DECODE_RECORD, "USC uniform", AGX_DECODE_NO_NUMBER,
		     is_high ? AGX_CS_ID_USC_UNIFORM_HIGH : AGX_CS_ID_USC_UNIFORM, record);
	seen->sink->number(seen->sink->cookie, "start", first, AGX_DECODE_DEC);
	end(seen);
	begin(seen, AGX_DECODE_MEMORY, "uniforms", AGX_DECODE_NO_NUMBER);
	if (bytes)
		seen->sink->bytes(seen->sink->cookie, 0x1000, bytes, 2 * (size_t)count);
	end(seen);
}

static void emit_textures(struct seen *seen, uint64_t slot, unsigned int count)
{
	uint8_t record[AGX_CS_RECORD_MAX] = {0};
	unsigned int i;

	begin_record(seen, AGX_DECODE_RECORD, "USC texture", AGX_DECODE_NO_NUMBER,
		     AGX_CS_ID_USC_TEXTURE, record);
	seen->sink->number(seen->sink->cookie, "start", slot, AGX_DECODE_DEC);
	end(seen);
	begin(seen, AGX_DECODE_ARRAY, "textures", AGX_DECODE_NO_NUMBER);
	for (i = 0; i < count; i++) {
		begin(seen, AGX_DECODE_RECORD, "texture", slot + i);
		seen->sink->number(seen->sink->cookie, "width", 16 << (slot + i) % 16,
				   AGX_DECODE_DEC);
		end(seen);
	}
	end(seen);
}

static void begin_list(struct seen *seen)
{
	begin(seen, AGX_DECODE_DISPATCH, "dispatch", 0);
	begin(seen, AGX_DECODE_LIST, "compute_program", AGX_DECODE_NO_NUMBER);
}

static void end_list(struct seen *seen)
{
	end(seen);
	end(seen);
}

static const uint16_t values[12] = {1, 2, 3, 4, 0x5000, 0, 0x11, 0, 7, 8, 9, 10};

/* One command with one launch; how its list is made is what the tests vary. */
static uint32_t launch(struct seen *seen, unsigned int how)
{
	uint16_t other[12];

	memcpy(other, values, sizeof(other));
	start(seen);
	begin(seen, AGX_DECODE_SUBMIT, "submit", 3);
	begin_command(seen, "compute", 0, "earlier_submits");
	begin_list(seen);
	switch (how) {
	case 0: /* one word of each */
		emit_uniforms(seen, 0, 12, values);
		emit_textures(seen, 0, 3);
		break;
	case 1: /* several words, the other way round: an address is cut in the middle */
		emit_textures(seen, 2, 1);
		emit_uniforms(seen, 6, 6, values + 6);
		emit_textures(seen, 0, 2);
		emit_uniforms(seen, 0, 6, values);
		break;
	case 2: /* another address, and a texture that is bound twice */
		other[4] = 0x7000;
		emit_uniforms(seen, 0, 12, other);
		emit_textures(seen, 0, 3);
		emit_textures(seen, 1, 1);
		break;
	case 3: /* another value */
		other[9] = 80;
		emit_uniforms(seen, 0, 12, other);
		emit_textures(seen, 0, 3);
		break;
	case 4: /* one register less */
		emit_uniforms(seen, 0, 11, values);
		emit_textures(seen, 0, 3);
		break;
	case 5: /* other slots */
		emit_uniforms(seen, 0, 12, values);
		emit_textures(seen, 1, 3);
		break;
	case 6: /* registers from where nothing is */
		emit_uniforms(seen, 0, 12, NULL);
		emit_textures(seen, 0, 3);
		break;
	default: /* other registers */
		emit_uniforms(seen, 256, 12, values);
		emit_textures(seen, 0, 3);
		break;
	}
	end_list(seen);
	end_command(seen);
	end(seen);
	finish(seen);
	assert_int_equal(seen->count, 1);
	assert_int_equal(seen->submits[0], 3);
	return seen->nodes[0];
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

static void order_and_cut_of_words_do_not_count(void **state)
{
	struct seen *seen = *state;
	uint32_t first = launch(seen, 0);

	assert_int_equal(launch(seen, 1), first);
	assert_int_equal(launch(seen, 2), first);
}

static void what_words_bind_counts(void **state)
{
	struct seen *seen = *state;
	uint32_t nodes[8];
	unsigned int i, j;

	nodes[0] = launch(seen, 0);
	for (i = 3; i < 8; i++) {
		nodes[i] = launch(seen, i);
		assert_int_not_equal(nodes[i], nodes[0]);
		for (j = 3; j < i; j++)
			assert_int_not_equal(nodes[i], nodes[j]);
	}
}

static const struct diff_node *find(const struct diff_store *store, uint32_t number,
				    const char *title)
{
	const struct diff_node *node = diff_node(store, number);
	uint32_t i;

	if (!strcmp(diff_text(store, node->title), title))
		return node;
	for (i = 0; i < node->children; i++) {
		const struct diff_node *found = find(store, diff_children(store, node)[i], title);

		if (found)
			return found;
	}
	return NULL;
}

static void registers_have_names_and_values(void **state)
{
	struct seen *seen = *state;
	const struct diff_node *node = find(seen->store, launch(seen, 4), "uniforms");
	static const char *const names[] = {"u0", "u1", "u2", "u3", "u4", "u5l"};
	const struct diff_leaf *leaves;
	unsigned int i;

	assert_non_null(node);
	assert_int_equal(node->leaves, 6);
	leaves = diff_leaves(seen->store, node);
	for (i = 0; i < 6; i++)
		assert_string_equal(diff_text(seen->store, leaves[i].name), names[i]);
	assert_int_equal(leaves[0].type, DIFF_LEAF_WORD);
	assert_int_equal(leaves[0].value, 0x20001);
	assert_string_equal(diff_text(seen->store, (uint32_t)leaves[2].value), "address");
	assert_int_equal(leaves[5].type, DIFF_LEAF_HALF);
	assert_int_equal(leaves[5].value, 9);
}

/* Three commands of one submission are those of three. */
static void how_work_is_cut_into_submissions_does_not_count(void **state)
{
	static const char *const together[] = {"earlier_submits", "first_1", "first_2"};
	struct seen *seen = *state;
	uint32_t nodes[3];
	unsigned int i;

	start(seen);
	begin(seen, AGX_DECODE_SUBMIT, "submit", 0);
	for (i = 0; i < 3; i++) {
		begin_command(seen, "compute", i, together[i]);
		end_command(seen);
	}
	end(seen);
	finish(seen);
	assert_int_equal(seen->count, 3);
	memcpy(nodes, seen->nodes, sizeof(nodes));
	start(seen);
	for (i = 0; i < 3; i++) {
		begin(seen, AGX_DECODE_SUBMIT, "submit", i);
		begin_command(seen, "compute", 0, "earlier_submits");
		end_command(seen);
		end(seen);
	}
	/* One that does not wait for the one before, and one that waits for nothing. */
	begin(seen, AGX_DECODE_SUBMIT, "submit", 3);
	begin_command(seen, "compute", 0, "earlier_submits");
	end_command(seen);
	begin_command(seen, "compute", 1, "earlier_submits");
	end_command(seen);
	begin_command(seen, "compute", 2, "none");
	end_command(seen);
	end(seen);
	finish(seen);
	assert_int_equal(seen->count, 6);
	for (i = 0; i < 3; i++) {
		assert_int_equal(seen->nodes[i], nodes[i]);
		assert_int_equal(seen->submits[i], i);
		assert_int_equal(seen->commands[i], 0);
	}
	assert_int_equal(seen->nodes[3], nodes[0]);
	assert_int_not_equal(seen->nodes[4], nodes[0]);
	assert_int_not_equal(seen->nodes[5], nodes[0]);
	assert_int_not_equal(seen->nodes[5], seen->nodes[4]);
}

static void emit_state(struct seen *seen, const char *name, uint64_t value)
{
	uint8_t record[AGX_CS_RECORD_MAX] = {0};

	begin_record(seen, AGX_DECODE_BLOCK, "PPP state update", AGX_DECODE_NO_NUMBER,
		     AGX_CS_ID_PPP_STATE, record);
	seen->sink->number(seen->sink->cookie, "size_words", value, AGX_DECODE_DEC);
	begin(seen, AGX_DECODE_STATE, "ppp_record", AGX_DECODE_NO_NUMBER);
	begin(seen, AGX_DECODE_RECORD, name, AGX_DECODE_NO_NUMBER);
	seen->sink->number(seen->sink->cookie, "value", value, AGX_DECODE_DEC);
	end(seen);
	end(seen);
	end(seen);
}

static void emit_draw(struct seen *seen)
{
	begin(seen, AGX_DECODE_DRAW, "draw", 0);
	seen->sink->number(seen->sink->cookie, "count", 3, AGX_DECODE_DEC);
	end(seen);
}

/* Two draws; how their state is set varies. */
static uint32_t draws(struct seen *seen, unsigned int how)
{
	uint8_t record[AGX_CS_RECORD_MAX] = {0};

	start(seen);
	begin(seen, AGX_DECODE_SUBMIT, "submit", 0);
	begin_command(seen, "render", 0, "none");
	if (how == 1)
		emit_state(seen, "blend", 9); /* overwritten before it counts */
	if (how == 2) {
		/* In a stream that is called. */
		begin_record(seen, AGX_DECODE_BLOCK, "VDM stream link", AGX_DECODE_NO_NUMBER,
			     AGX_CS_ID_VDM_STREAM_LINK, record);
		begin(seen, AGX_DECODE_STREAM, "called_stream", AGX_DECODE_NO_NUMBER);
	}
	emit_state(seen, how == 1 ? "cull" : "blend", 1);
	emit_state(seen, how == 1 ? "blend" : "cull", 1);
	if (how == 2) {
		end(seen);
		end(seen);
	}
	emit_draw(seen);
	if (how == 1)
		emit_state(seen, "blend", 1); /* once more */
	if (how == 3)
		emit_state(seen, "blend", 2);
	if (how != 4)
		emit_draw(seen);
	end_command(seen);
	end(seen);
	finish(seen);
	assert_int_equal(seen->count, 1);
	return seen->nodes[0];
}

static void state_is_what_is_in_effect_at_a_draw(void **state)
{
	struct seen *seen = *state;
	uint32_t first = draws(seen, 0);
	const struct diff_node *node = diff_node(seen->store, first);

	assert_int_equal(node->children, 2);
	assert_int_equal(diff_children(seen->store, node)[0], diff_children(seen->store, node)[1]);
	assert_int_equal(node->draws, 2);
	assert_int_equal(draws(seen, 1), first);
	assert_int_equal(draws(seen, 2), first);
	assert_int_not_equal(draws(seen, 3), first);
	assert_int_not_equal(draws(seen, 4), first);
}

/* More state than there are titles for, registers that do not exist, ends and begins that do not match. */
static void nonsense_is_bounded(void **state)
{
	struct seen *seen = *state;
	const struct agx_decode_sink *sink;
	uint8_t record[AGX_CS_RECORD_MAX];
	char name[16];
	unsigned int i;

	start(seen);
	sink = seen->sink;
	end(seen);
	sink->problem(sink->cookie, AGX_CS_TRUNCATED, 0, "outside of everything");
	assert_int_equal(seen->count, 1);
	assert_int_equal(seen->commands[0], DIFF_NONE);
	begin(seen, AGX_DECODE_SUBMIT, "submit", 0);
	begin_command(seen, "render", 0, "first_99999999999999999999");
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "state %u", i);
		emit_state(seen, name, i);
	}
	emit_draw(seen);
	begin_list(seen);
	memset(record, 0xff, sizeof(record));
	begin_record(seen, AGX_DECODE_RECORD, "USC uniform", AGX_DECODE_NO_NUMBER,
		     AGX_CS_ID_USC_UNIFORM_HIGH, record);
	end(seen);
	begin(seen, AGX_DECODE_MEMORY, "uniforms", AGX_DECODE_NO_NUMBER);
	sink->bytes(sink->cookie, 0, record, 5);
	end(seen);
	emit_textures(seen, UINT64_MAX - 2, 1);
	begin(seen, AGX_DECODE_LIST, "fragment_program", AGX_DECODE_NO_NUMBER);
	end(seen);
	end_list(seen);
	for (i = 0; i < 300; i++)
		begin(seen, AGX_DECODE_STREAM, "stream", AGX_DECODE_NO_NUMBER);
	for (i = 0; i < 300; i++)
		end(seen);
	for (i = 0; i < 300; i++)
		begin(seen, AGX_DECODE_BLOCK, "block", AGX_DECODE_NO_NUMBER);
	for (i = 0; i < 400; i++)
		end(seen);
	assert_int_equal(seen->count, 2);
	finish(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_and_cut_of_words_do_not_count),
		cmocka_unit_test(what_words_bind_counts),
		cmocka_unit_test(registers_have_names_and_values),
		cmocka_unit_test(how_work_is_cut_into_submissions_does_not_count),
		cmocka_unit_test(state_is_what_is_in_effect_at_a_draw),
		cmocka_unit_test(nonsense_is_bounded),
	};

	return cmocka_run_group_tests_name("work", tests, set_up, tear_down);
}
