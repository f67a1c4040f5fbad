// SPDX-License-Identifier: MIT
/* The decoder and its sinks on memory that is made up here. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "agx_cs_pack.h"
#include "agx_decode_sinks.h"

#define BASE     0x1000000000ull
#define USC_BASE 0x1100000000ull
#define SIZE     0x8000u

/* Two mappings: streams and data, and what the USC reads. */
struct memory {
	uint8_t data[SIZE], usc[SIZE];
	bool unknown; /* data from SIZE / 2 on was never recorded */
};

static const void *piece(void *cookie, uint64_t address, size_t *size)
{
	struct memory *m = cookie;

	if (address >= BASE && address - BASE < SIZE) {
		*size = SIZE - (address - BASE);
		return m->data + (address - BASE);
	}
	if (address >= USC_BASE && address - USC_BASE < SIZE) {
		*size = SIZE - (address - USC_BASE);
		return m->usc + (address - USC_BASE);
	}
	return NULL;
}

static bool resolve(void *cookie, uint64_t address, struct agx_decode_place *place)
{
	struct memory *m = cookie;
	bool data = address >= BASE && address - BASE < SIZE;

	if (!data && (address < USC_BASE || address - USC_BASE >= SIZE))
		return false;
	*place = (struct agx_decode_place){
		.handle = data ? 1 : 2,
		.file = 1,
		.offset = address - (data ? BASE : USC_BASE),
		.size = SIZE,
		.left = SIZE - (address - (data ? BASE : USC_BASE)),
		.known = !m->unknown || !data || address - BASE < SIZE / 2,
	};
	return true;
}

static struct agx_decode_memory view_of(struct memory *m)
{
	return (struct agx_decode_memory){.piece = piece, .resolve = resolve, .cookie = m};
}

/*
 * Output.
 */

struct output {
	char *text;
	size_t size;
};

static int keep(void *cookie, const void *bytes, size_t size)
{
	struct output *o = cookie;
	char *text = realloc(o->text, o->size + size + 1);

	if (!text)
		return -ENOMEM;
	memcpy(text + o->size, bytes, size);
	o->text = text;
	o->size += size;
	text[o->size] = 0;
	return 0;
}

static struct agx_decode_stats run_text(struct memory *m, const struct agx_decode_submit *submit,
					const struct agx_decode_config *config,
					const struct agx_decode_text_config *text, struct output *o)
{
	struct agx_decode_writer writer = {keep, o};
	struct agx_decode_sink sink;
	struct agx_decode *decode;
	struct agx_decode_stats stats;

	memset(o, 0, sizeof(*o));
	assert_int_equal(agx_decode_text_create(text, &writer, &sink), 0);
	decode = agx_decode_create(config, &sink);
	assert_non_null(decode);
	assert_int_equal(agx_decode_submit(decode, submit), 0);
	stats = *agx_decode_stats(decode);
	assert_int_equal(agx_decode_text_finish(&sink, decode), 0);
	agx_decode_destroy(decode);
	return stats;
}

/*
 * A sink that holds the decoder to what its header promises.
 */

struct judge {
	unsigned int depth, begins, ends, problems;
	bool own; /* the innermost node may still speak of itself */
};

static void judge_begin(void *cookie, const struct agx_decode_node *node)
{
	struct judge *j = cookie;

	assert_true(node->kind < AGX_DECODE_KINDS);
	assert_non_null(node->title);
	assert_true(!node->record || node->desc);
	j->depth++;
	j->begins++;
	j->own = true;
}

static void judge_own(struct judge *j)
{
	assert_true(j->depth > 0);
	assert_true(j->own);
}

static void judge_field(void *cookie, const struct agx_cs_field *field, uint64_t value)
{
	judge_own(cookie);
}

static void judge_text(void *cookie, const char *name, const char *text)
{
	judge_own(cookie);
}

static void judge_number(void *cookie, const char *name, uint64_t value,
			 enum agx_decode_format format)
{
	judge_own(cookie);
}

static void judge_address(void *cookie, const char *name, uint64_t address,
			  const struct agx_decode_place *place)
{
	judge_own(cookie);
}

static void judge_bytes(void *cookie, uint64_t address, const void *bytes, size_t size)
{
	judge_own(cookie);
}

static void judge_problem(void *cookie, enum agx_cs_problem problem, uint64_t address,
			  const char *text)
{
	struct judge *j = cookie;

	assert_true(problem > AGX_CS_OK && problem < AGX_CS_PROBLEMS);
	j->problems++;
}

static void judge_end(void *cookie)
{
	struct judge *j = cookie;

	assert_true(j->depth > 0);
	j->depth--;
	j->ends++;
	j->own = false;
}

static const struct agx_decode_sink judging = {
	.begin = judge_begin,
	.field = judge_field,
	.text = judge_text,
	.number = judge_number,
	.address = judge_address,
	.bytes = judge_bytes,
	.code = judge_bytes,
	.problem = judge_problem,
	.end = judge_end,
};

/*
 * Streams.
 */

struct writer {
	uint8_t *at;
};

static void put(struct writer *w, const void *bytes, size_t size)
{
	memcpy(w->at, bytes, size);
	w->at += size;
}

#define PUT(w, name, ...)                                        \
	do {                                                     \
		struct agx_cs_##name value_;                     \
		uint8_t record_[AGX_CS_RECORD_MAX] = {0};        \
		agx_cs_##name##_init(&value_);                   \
		value_ = (struct agx_cs_##name)__VA_ARGS__;      \
		agx_cs_##name##_pack(record_, &value_);          \
		put(w, record_, agx_cs_structs[ID_##name].size); \
	} while (0)

#define ID_vdm_barrier          AGX_CS_ID_VDM_BARRIER
#define ID_vdm_state            AGX_CS_ID_VDM_STATE
#define ID_vdm_vertex_shader_0  AGX_CS_ID_VDM_VERTEX_SHADER_0
#define ID_vdm_vertex_shader_1  AGX_CS_ID_VDM_VERTEX_SHADER_1
#define ID_vdm_stream_link      AGX_CS_ID_VDM_STREAM_LINK
#define ID_vdm_stream_terminate AGX_CS_ID_VDM_STREAM_TERMINATE
#define ID_index_list           AGX_CS_ID_INDEX_LIST
#define ID_index_list_count     AGX_CS_ID_INDEX_LIST_COUNT
#define ID_index_list_instances AGX_CS_ID_INDEX_LIST_INSTANCES
#define ID_index_list_indirect  AGX_CS_ID_INDEX_LIST_INDIRECT
#define ID_cdm_launch_0         AGX_CS_ID_CDM_LAUNCH_0
#define ID_cdm_launch_1         AGX_CS_ID_CDM_LAUNCH_1
#define ID_cdm_global_size      AGX_CS_ID_CDM_GLOBAL_SIZE
#define ID_cdm_local_size       AGX_CS_ID_CDM_LOCAL_SIZE
#define ID_cdm_stream_terminate AGX_CS_ID_CDM_STREAM_TERMINATE
#define ID_usc_shader           AGX_CS_ID_USC_SHADER
#define ID_usc_registers        AGX_CS_ID_USC_REGISTERS
#define ID_usc_uniform          AGX_CS_ID_USC_UNIFORM
#define ID_usc_no_preshader     AGX_CS_ID_USC_NO_PRESHADER

static const uint8_t store_code[] = {
	0x62, 0x05, 0x2a, 0x00, 0x00, 0x00,             /* ldimm r1, 42 */
	0x45, 0x09, 0x00, 0x0d, 0x00, 0xc0, 0x12, 0x00, /* store r1, du0, 0 */
	0x88, 0x00,                                     /* stop */
};

/* A list at an offset of the USC's memory, with code 0x1000 further on. */
static void put_program(struct memory *m, uint32_t offset)
{
	struct writer w = {m->usc + offset};

	PUT(&w, usc_uniform, {.start = 0, .size = 4, .buffer = BASE + 0x7000});
	PUT(&w, usc_shader, {.unknown_10 = 3, .code = offset + 0x1000});
	PUT(&w, usc_registers, {.register_count = 8, .unknown_24 = 1});
	PUT(&w, usc_no_preshader, {0});
	memcpy(m->usc + offset + 0x1000, store_code, sizeof(store_code));
}

static void put_launch(struct writer *w, uint32_t program)
{
	PUT(w, cdm_launch_0,
	    {.uniform_register_count = 64,
	     .texture_state_register_count = 8,
	     .preamble_register_count = 16,
	     .mode = AGX_CS_CDM_MODE_DIRECT});
	PUT(w, cdm_launch_1, {.pipeline = program});
	PUT(w, cdm_global_size, {.x = 64, .y = 2, .z = 1});
	PUT(w, cdm_local_size, {.x = 32, .y = 1, .z = 1});
}

struct compute_submit {
	struct {
		struct drm_asahi_cmd_header header;
		struct drm_asahi_cmd_compute compute;
	} commands;
	struct agx_decode_submit submit;
};

static void fill_compute(struct compute_submit *c, struct memory *m)
{
	memset(c, 0, sizeof(*c));
	c->commands.header.cmd_type = DRM_ASAHI_CMD_COMPUTE;
	c->commands.header.size = sizeof(c->commands.compute);
	c->commands.header.vdm_barrier = DRM_ASAHI_BARRIER_NONE;
	c->commands.compute.cdm_ctrl_stream_base = BASE;
	c->submit.have_queue = true;
	c->submit.usc_base = USC_BASE;
	c->submit.file = 1;
	c->submit.args.queue_id = 5;
	c->submit.args.cmdbuf_size = sizeof(c->commands);
	c->submit.commands = &c->commands;
	c->submit.commands_size = sizeof(c->commands);
	c->submit.memory = view_of(m);
}

static const struct agx_decode_config everything = {.all_commands = true};

static struct memory *setup_launches(void)
{
	struct memory *m = calloc(1, sizeof(*m));
	struct writer w;

	assert_non_null(m);
	w.at = m->data;
	put_program(m, 0x40);
	put_launch(&w, 0x40);
	put_launch(&w, 0x40);
	PUT(&w, cdm_stream_terminate, {0});
	return m;
}

static void two_launches_of_one_program(void **state)
{
	static const char expected[] =
		"submit 0: queue=5, vm=0, file=1, process=0, thread=0, frame=0, "
		"time=0.000000000 s, seq=0,\n"
		"    usc_base=0x1100000000\n"
		"  compute 0:\n"
		"      vdm_barrier           = none\n"
		"      cdm_barrier           = earlier_submits\n"
		"      cdm_ctrl_stream_base  = 0x1000000000 (bo 1+0x0)\n"
		"    compute stream 0x1000000000 in bo 1+0x0\n"
		"      dispatch 0 0x1000000000: uniform_register_count=64, "
		"texture_state_register_count=8,\n"
		"          preamble_register_count=16, pipeline=0x1100000040 (bo 2+0x40), "
		"global_size=64x2x1,\n"
		"          local_size=32x1x1\n"
		"        compute program 0x1100000040 in bo 2+0x40\n"
		"          USC uniform: size=4, buffer=0x1000007000 (bo 1+0x7000)\n"
		"          USC shader: unknown_10=3, code=0x1100001040 (bo 2+0x1040)\n"
		"          USC registers: register_count=8\n"
		"          USC no preshader\n"
		"          shader 1 0x1100001040 in bo 2+0x1040: stage=compute, bytes=16, "
		"instructions=3,\n"
		"              hash=";
	struct agx_decode_text_config text = {.style = NULL};
	struct memory *m = setup_launches();
	struct agx_decode_stats stats;
	struct compute_submit c;
	struct output o;

	fill_compute(&c, m);
	stats = run_text(m, &c.submit, &everything, &text, &o);
	assert_int_equal(strncmp(o.text, expected, sizeof(expected) - 1), 0);
	/* The second mention. */
	assert_non_null(strstr(o.text, "compute program 0x1100000040 in bo 2+0x40, as before"));
	assert_non_null(strstr(o.text, "used 2 times: first in submit 0 command 0 dispatch 0, last "
				       "in submit 0 command 0 dispatch 1"));
	assert_non_null(strstr(o.text, "no problems"));
	assert_int_equal(stats.dispatches, 2);
	assert_int_equal(stats.shaders, 1);
	assert_int_equal(stats.shader_bytes, sizeof(store_code));
	assert_int_equal(stats.unresolved, 0);
	free(o.text);
	free(m);
}

static void shaders_and_memory_when_asked(void **state)
{
	struct agx_decode_text_config text = {.shaders = true};
	struct agx_decode_config config = {.all_commands = true, .memory = true};
	struct memory *m = setup_launches();
	struct compute_submit c;
	struct output o;

	memcpy(m->data + 0x7000, "\1\2\3\4\5\6\7", 8);
	fill_compute(&c, m);
	run_text(m, &c.submit, &config, &text, &o);
	assert_non_null(strstr(o.text, "1000007000: 01020304 05060700\n"));
	assert_non_null(strstr(o.text, "ldimm"));
	assert_non_null(strstr(o.text, "stop"));
	free(o.text);
	free(m);
}

static void only_one_command(void **state)
{
	struct agx_decode_text_config text = {.style = NULL};
	struct agx_decode_config config = {.command = 1};
	struct memory *m = setup_launches();
	struct agx_decode_stats stats;
	struct compute_submit c;
	struct output o;

	fill_compute(&c, m);
	stats = run_text(m, &c.submit, &config, &text, &o);
	assert_int_equal(stats.computes, 0);
	assert_null(strstr(o.text, "compute 0"));
	free(o.text);
	free(m);
}

/* What leads nowhere is said where it is. */
static void nothing_is_there(void **state)
{
	struct agx_decode_text_config text = {.style = NULL};
	struct memory *m = setup_launches();
	struct agx_decode_stats stats;
	struct compute_submit c;
	struct writer w = {m->data};
	struct output o;

	put_launch(&w, 0x00ff0000);
	PUT(&w, cdm_stream_terminate, {0});
	fill_compute(&c, m);
	stats = run_text(m, &c.submit, &everything, &text, &o);
	assert_non_null(strstr(o.text, "pipeline=0x1100ff0000 (nothing there)"));
	assert_non_null(strstr(o.text, "! unmapped at 0x1100ff0000"));
	assert_int_equal(stats.unresolved, 1);
	free(o.text);

	c.commands.compute.cdm_ctrl_stream_base = 0x77770000;
	stats = run_text(m, &c.submit, &everything, &text, &o);
	assert_non_null(strstr(o.text, "! unmapped at 0x77770000"));
	assert_int_equal(stats.unresolved, 1);
	free(o.text);
	free(m);
}

static void damaged_command_buffers(void **state)
{
	struct agx_decode_text_config text = {.style = NULL};
	struct memory *m = setup_launches();
	struct agx_decode_stats stats;
	struct compute_submit c;
	struct output o;

	fill_compute(&c, m);
	c.submit.commands_size = 12;
	stats = run_text(m, &c.submit, &everything, &text, &o);
	assert_int_equal(stats.problems[AGX_CS_TRUNCATED], 2);
	free(o.text);

	c.submit.commands_size = 5;
	stats = run_text(m, &c.submit, &everything, &text, &o);
	assert_int_equal(stats.problems[AGX_CS_TRUNCATED], 2);
	free(o.text);

	/* A shorter structure than ours: the rest is zero. */
	fill_compute(&c, m);
	c.commands.header.size = 16;
	c.submit.commands_size = c.submit.args.cmdbuf_size = 24;
	stats = run_text(m, &c.submit, &everything, &text, &o);
	assert_int_equal(stats.dispatches, 2);
	free(o.text);

	fill_compute(&c, m);
	c.commands.header.cmd_type = 77;
	stats = run_text(m, &c.submit, &everything, &text, &o);
	assert_int_equal(stats.problems[AGX_CS_UNKNOWN_WORD], 1);
	free(o.text);
	free(m);
}

/*
 * Vertex streams.
 */

static void decode_vdm(struct memory *m, struct output *o, struct agx_decode_stats *stats)
{
	struct agx_decode_text_config text = {.style = NULL};
	struct agx_decode_writer writer = {keep, o};
	struct agx_decode_memory view = view_of(m);
	struct agx_decode_sink sink;
	struct agx_decode *decode;

	memset(o, 0, sizeof(*o));
	assert_int_equal(agx_decode_text_create(&text, &writer, &sink), 0);
	decode = agx_decode_create(&everything, &sink);
	assert_int_equal(agx_decode_at(decode, &view, AGX_DECODE_START_VDM, BASE, USC_BASE), 0);
	*stats = *agx_decode_stats(decode);
	assert_int_equal(agx_decode_text_finish(&sink, decode), 0);
	agx_decode_destroy(decode);
}

static void put_draw(struct writer *w, uint32_t count)
{
	PUT(w, index_list,
	    {.primitive = AGX_CS_PRIMITIVE_TRIANGLES,
	     .index_count_present = true,
	     .instance_count_present = true});
	PUT(w, index_list_count, {.count = count});
	PUT(w, index_list_instances, {.count = 1});
}

static void a_called_stream_is_inside(void **state)
{
	struct memory *m = calloc(1, sizeof(*m));
	struct agx_decode_stats stats;
	struct writer w = {m->data};
	struct output o;

	PUT(&w, vdm_stream_link, {.target = BASE + 0x1000, .with_return = true});
	put_draw(&w, 9);
	PUT(&w, vdm_stream_terminate, {0});
	w.at = m->data + 0x1000;
	put_draw(&w, 6);
	PUT(&w, vdm_barrier, {.returns = true});
	decode_vdm(m, &o, &stats);
	assert_int_equal(stats.draws, 2);
	assert_non_null(strstr(o.text, "\n    called stream 0x1000001000 in bo 1+0x1000\n"
				       "      draw 0 0x1000001000: primitive=triangles, count=6"));
	assert_non_null(strstr(o.text, "\n  draw 1 0x1000000008: primitive=triangles, count=9"));
	free(o.text);
	free(m);
}

static void what_the_gpu_writes_first(void **state)
{
	struct memory *m = calloc(1, sizeof(*m));
	struct agx_decode_stats stats;
	struct writer w = {m->data};
	struct output o;

	/* Behind the link nothing was recorded. */
	m->unknown = true;
	PUT(&w, vdm_stream_link, {.target = BASE + SIZE / 2 + 64, .with_return = true});
	put_draw(&w, 9);
	PUT(&w, vdm_stream_terminate, {0});
	decode_vdm(m, &o, &stats);
	assert_int_equal(stats.problems[AGX_CS_UNWRITTEN], 1);
	assert_int_equal(stats.unresolved, 0);
	assert_int_equal(stats.unknown_words, 0);
	free(o.text);

	/* Recorded, and all zero. */
	m->unknown = false;
	decode_vdm(m, &o, &stats);
	assert_int_equal(stats.problems[AGX_CS_UNWRITTEN], 1);
	assert_int_equal(stats.draws, 1);
	free(o.text);

	/* Arguments of an indirect draw. */
	m->unknown = true;
	w.at = m->data;
	PUT(&w, index_list,
	    {.primitive = AGX_CS_PRIMITIVE_TRIANGLES, .indirect_buffer_present = true});
	PUT(&w, index_list_indirect, {.address = BASE + SIZE / 2});
	PUT(&w, vdm_stream_terminate, {0});
	decode_vdm(m, &o, &stats);
	assert_non_null(strstr(o.text, "content=not_known_before_execution"));
	free(o.text);
	m->unknown = false;
	memcpy(m->data + SIZE / 2, &(uint32_t[4]){33, 2, 1, 0}, 16);
	decode_vdm(m, &o, &stats);
	assert_non_null(strstr(o.text, "content=as_captured, vertex_count=33, instance_count=2,\n"
				       "        first_vertex=1"));
	free(o.text);
	free(m);
}

static void streams_that_never_end(void **state)
{
	struct memory *m = calloc(1, sizeof(*m));
	struct agx_decode_stats stats;
	struct writer w = {m->data};
	struct output o;

	PUT(&w, vdm_stream_link, {.target = BASE});
	decode_vdm(m, &o, &stats);
	assert_int_equal(stats.problems[AGX_CS_LOOP], 1);
	free(o.text);

	w.at = m->data;
	PUT(&w, vdm_stream_link, {.target = BASE, .with_return = true});
	decode_vdm(m, &o, &stats);
	assert_int_equal(stats.problems[AGX_CS_CALL_DEPTH], 1);
	free(o.text);

	memset(m->data, 0xff, SIZE);
	decode_vdm(m, &o, &stats);
	assert_int_equal(stats.unknown_words, 1);
	free(o.text);
	free(m);
}

/* Anything at all: balanced, bounded, and JSON that a parser takes. */
static void noise(void **state)
{
	struct memory *m = calloc(1, sizeof(*m));
	struct agx_decode_memory view = view_of(m);
	uint64_t random = 88172645463325252ull;
	unsigned int round, i;

	for (round = 0; round < 300; round++) {
		struct agx_decode_config config = {
			.all_commands = true,
			.memory = round & 1,
			.repeat = round & 2,
			.blocks = 2000,
		};
		struct agx_decode_sink sink = judging;
		struct judge judge = {.depth = 0};
		struct output o = {NULL};
		struct agx_decode_writer writer = {keep, &o};
		struct agx_decode *decode;
		json_object *json;

		for (i = 0; i < SIZE / 8; i++) {
			uint64_t word;

			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			word = random;
			/* Addresses that lead back in, often enough. */
			if (random >> 60 < 6)
				word = (word & ~0xffff00ffull) | 0x1000ull << 20 | (word & 0x10);
			memcpy(m->data + 8 * i, &word, 8);
			memcpy(m->usc + 8 * i, &random, 8);
		}
		sink.cookie = &judge;
		decode = agx_decode_create(&config, &sink);
		for (i = 0; i < 4; i++)
			assert_int_equal(agx_decode_at(decode, &view, i,
						       (i < 2 ? BASE : USC_BASE) + (random & 0xff0),
						       USC_BASE),
					 0);
		agx_decode_destroy(decode);
		assert_int_equal(judge.depth, 0);
		assert_int_equal(judge.begins, judge.ends);

		assert_int_equal(agx_decode_json_create("noise", true, &writer, &sink), 0);
		decode = agx_decode_create(&config, &sink);
		for (i = 0; i < 4; i++)
			agx_decode_at(decode, &view, i, (i < 2 ? BASE : USC_BASE), USC_BASE);
		assert_int_equal(agx_decode_json_finish(&sink, decode), 0);
		agx_decode_destroy(decode);
		json = json_tokener_parse(o.text);
		assert_non_null(json);
		json_object_put(json);
		free(o.text);
	}
	free(m);
}

/* A writer that fails makes finish fail, and nothing worse. */
static int refuse(void *cookie, const void *bytes, size_t size)
{
	return -ENOSPC;
}

static void writing_fails(void **state)
{
	struct agx_decode_text_config text = {.shaders = true};
	struct agx_decode_writer writer = {refuse, NULL};
	struct memory *m = setup_launches();
	struct agx_decode_sink sink;
	struct compute_submit c;
	struct agx_decode *decode;

	fill_compute(&c, m);
	assert_int_equal(agx_decode_text_create(&text, &writer, &sink), 0);
	decode = agx_decode_create(&everything, &sink);
	assert_int_equal(agx_decode_submit(decode, &c.submit), 0);
	assert_int_equal(agx_decode_text_finish(&sink, decode), -ENOSPC);
	agx_decode_destroy(decode);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_launches_of_one_program),
		cmocka_unit_test(shaders_and_memory_when_asked),
		cmocka_unit_test(only_one_command),
		cmocka_unit_test(nothing_is_there),
		cmocka_unit_test(damaged_command_buffers),
		cmocka_unit_test(a_called_stream_is_inside),
		cmocka_unit_test(what_the_gpu_writes_first),
		cmocka_unit_test(streams_that_never_end),
		cmocka_unit_test(noise),
		cmocka_unit_test(writing_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
