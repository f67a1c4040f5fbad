// SPDX-License-Identifier: MIT
/*
 * Values are normalised here: an address becomes what it leads to, code and memory become their bytes with
 * addresses left out, numbers that count or time what a program did are dropped. What precedes a draw in
 * its stream is made a part of the draw, so that a changed state is found where it takes effect.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx_cs_pack.h"
#include "diff_collect.h"
#include "diff_trace.h"
#include "diff_work.h"

#define MAX_DEPTH   64
#define MAX_SHADERS (1u << 24)

struct level {
	uint8_t kind;    /* enum agx_decode_kind */
	uint8_t shape;   /* enum diff_shape */
	bool quiet;      /* its own values are not compared */
	uint64_t shader; /* number in the decoder's table */
	uint8_t shaders; /* inside so far */
	char title[32];
	uint32_t pending; /* children since the last draw: of streams */
};

struct diff_collect {
	struct diff_store *store;
	struct diff_builder *builder;
	struct diff_collect_target target;
	struct agx_decode_sink sink;
	bool is_work; /* target.command: see diff_work.h */
	struct diff_work work;
	struct level levels[MAX_DEPTH];
	struct level none; /* outside of all, and deeper than they reach */
	unsigned int depth;
	unsigned int skipped; /* nodes that are open and left out */
	bool uniforms;        /* the innermost of them is what a list fills registers from */
	uint32_t pending;     /* children since the last draw: of work */
	unsigned int arrays;  /* of descriptors that are open */
	unsigned int streams; /* and streams and lists: what is outside stands in the command */
	uint64_t submit;
	uint32_t command;
	uint32_t *shaders; /* blob by the decoder's number */
	size_t num_shaders;
	uint8_t *scratch;
	size_t scratch_size;
};

static struct level *level(struct diff_collect *c)
{
	if (!c->depth || c->depth > MAX_DEPTH) {
		c->none = (struct level){0};
		return &c->none;
	}
	return &c->levels[c->depth - 1];
}

static enum diff_kind node_kind(enum agx_decode_kind kind)
{
	switch (kind) {
	case AGX_DECODE_SUBMIT:
		return DIFF_NODE_SUBMIT;
	case AGX_DECODE_COMMAND:
		return DIFF_NODE_COMMAND;
	case AGX_DECODE_STREAM:
		return DIFF_NODE_STREAM;
	case AGX_DECODE_SHADER:
		return DIFF_NODE_SHADER;
	case AGX_DECODE_MEMORY:
		return DIFF_NODE_MEMORY;
	default:
		return DIFF_NODE_BLOCK;
	}
}

static enum diff_topic node_topic(const struct diff_collect *c, enum agx_decode_kind kind)
{
	switch (kind) {
	case AGX_DECODE_SUBMIT:
	case AGX_DECODE_COMMAND:
	case AGX_DECODE_ATTACHMENTS:
		return DIFF_IOCTLS;
	case AGX_DECODE_SHADER:
		return DIFF_SHADERS;
	case AGX_DECODE_MEMORY:
		return DIFF_MEMORY;
	case AGX_DECODE_ARRAY:
		return DIFF_DESCRIPTORS;
	case AGX_DECODE_RECORD:
	case AGX_DECODE_HELPER:
		if (!c->streams && !c->arrays)
			return DIFF_IOCTLS;
		/* Fall through. */
	default:
		return c->arrays ? DIFF_DESCRIPTORS : DIFF_STATE;
	}
}

static bool is_stream(unsigned int kind)
{
	return kind == AGX_DECODE_STREAM || kind == AGX_DECODE_LIST;
}

/* A program is called by its place: code may serve several. */
static void shader_title(struct diff_collect *c, char *buf, size_t size)
{
	struct level *list = level(c);
	size_t length = strlen(list->title);
	const char *suffix = "_program";

	if (length > strlen(suffix) && !strcmp(list->title + length - strlen(suffix), suffix))
		length -= strlen(suffix);
	snprintf(buf, size, "%.*s%s%s", (int)length, list->title, length ? " " : "",
		 list->shaders ? "preamble" : "shader");
	list->shaders++;
}

/* The place of a descriptor in its array is its name to the shader; so is that of a viewport. */
static bool is_numbered(const struct diff_collect *c, const struct agx_decode_node *node,
			const struct level *parent)
{
	if (node->kind != AGX_DECODE_RECORD || node->number == AGX_DECODE_NO_NUMBER)
		return false;
	if (c->arrays)
		return true;
	return c->is_work && parent->kind == AGX_DECODE_STATE && node->desc &&
	       node->desc->id != AGX_CS_ID_SCISSOR && node->desc->id != AGX_CS_ID_DEPTH_BIAS;
}

static void begin(void *cookie, const struct agx_decode_node *node)
{
	struct diff_collect *c = cookie;
	const char *title = node->title ? node->title : "";
	enum diff_shape shape = DIFF_SHAPE_NODE;
	char text[128];

	/* What a submission waits for and signals is told with the call. */
	if (c->skipped ||
	    (node->kind == AGX_DECODE_RECORD && level(c)->kind == AGX_DECODE_SUBMIT && c->depth)) {
		c->skipped++;
		return;
	}
	if (c->is_work && c->depth < MAX_DEPTH)
		shape = diff_work_shape(&c->work, node,
					c->depth ? level(c)->kind : AGX_DECODE_KINDS);
	if (shape == DIFF_SHAPE_NONE) {
		c->skipped++;
		c->uniforms = node->kind == AGX_DECODE_MEMORY;
		return;
	}
	if (node->kind == AGX_DECODE_SUBMIT)
		c->submit = node->number;
	if (node->kind == AGX_DECODE_COMMAND) {
		c->command = (uint32_t)node->number;
		c->pending = 0;
	}
	if (c->target.decoded && node->address != AGX_DECODE_NO_ADDRESS &&
	    (node->kind == AGX_DECODE_STREAM || node->kind == AGX_DECODE_LIST ||
	     node->kind == AGX_DECODE_ARRAY || node->kind == AGX_DECODE_STATE ||
	     node->kind == AGX_DECODE_SHADER))
		c->target.decoded(c->target.cookie, node->address);
	if (is_numbered(c, node, level(c))) {
		snprintf(text, sizeof(text), "%s %llu", title, (unsigned long long)node->number);
		title = text;
	}
	if (node->kind == AGX_DECODE_SHADER) {
		shader_title(c, text, sizeof(text));
		title = text;
	}
	if (shape == DIFF_SHAPE_NODE)
		diff_begin(c->builder, node_kind(node->kind), node_topic(c, node->kind), title);
	if (++c->depth <= MAX_DEPTH) {
		*level(c) = (struct level){
			.kind = (uint8_t)node->kind,
			.shape = (uint8_t)shape,
			.quiet = node->kind == AGX_DECODE_SUBMIT || shape != DIFF_SHAPE_NODE,
			.shader = node->kind == AGX_DECODE_SHADER ? node->number : 0,
		};
		snprintf(level(c)->title, sizeof(level(c)->title), "%.31s", title);
		c->arrays += node->kind == AGX_DECODE_ARRAY;
		c->streams += is_stream(node->kind);
	}
	if (node->kind == AGX_DECODE_SHADER) {
		/* References show no code: it is the one of the first mention. */
		if (node->number < c->num_shaders)
			diff_set_blob(c->builder, c->shaders[node->number]);
		level(c)->quiet = true;
	}
	if (node->kind == AGX_DECODE_ATTACHMENTS)
		diff_leaf_number(c->builder, "entries", node->size);
}

/* A node has ended that belongs to a stream; draws take what came before them. */
static void end_in_stream(struct diff_collect *c, enum agx_decode_kind kind, uint32_t *pending)
{
	bool draw = kind == AGX_DECODE_DRAW;

	++*pending;
	if (!draw && kind != AGX_DECODE_DISPATCH)
		return;
	if (c->is_work && draw)
		*pending += diff_work_draw(&c->work);
	diff_gather(c->builder, *pending, draw ? DIFF_NODE_DRAW : DIFF_NODE_DISPATCH, DIFF_STATE,
		    draw ? "draw" : "dispatch");
	*pending = 0;
}

static void end_of_work(struct diff_collect *c, enum agx_decode_kind kind, uint32_t node)
{
	if (kind == AGX_DECODE_COMMAND && !diff_builder_depth(c->builder))
		c->target.command(c->target.cookie, c->submit, c->command, node);
	else if (level(c)->shape == DIFF_SHAPE_STATE && diff_work_state(&c->work))
		return;
	else if (level(c)->kind == AGX_DECODE_STREAM)
		end_in_stream(c, kind, &c->pending);
}

static void end(void *cookie)
{
	struct diff_collect *c = cookie;
	enum agx_decode_kind kind = level(c)->kind;
	enum diff_shape shape = level(c)->shape;
	bool kept = c->depth <= MAX_DEPTH;
	const uint32_t *refs = NULL;
	uint32_t node = 0;

	if (c->skipped) {
		c->skipped--;
		c->uniforms = false;
		return;
	}
	if (!c->depth)
		return;
	if (c->is_work && kept && kind == AGX_DECODE_LIST)
		diff_work_list(&c->work, c->target.is_address, c->target.cookie);
	if (c->is_work && kept && kind == AGX_DECODE_COMMAND) {
		bool render = !strcmp(level(c)->title, "render");

		c->work.renders += render;
		c->work.computes += !render;
	}
	if (shape == DIFF_SHAPE_NODE)
		node = diff_end(c->builder, &refs);
	c->depth--;
	if (!kept)
		return;
	c->arrays -= kind == AGX_DECODE_ARRAY;
	c->streams -= is_stream(kind);
	if (shape != DIFF_SHAPE_NODE)
		return;
	if (c->is_work) {
		end_of_work(c, kind, node);
		return;
	}
	if (kind == AGX_DECODE_SUBMIT && !c->depth)
		c->target.submit(c->target.cookie, c->submit, node, refs);
	else if (level(c)->kind == AGX_DECODE_STREAM)
		end_in_stream(c, kind, &level(c)->pending);
}

/* Values that come now are not compared. */
static bool is_quiet(struct diff_collect *c)
{
	return c->skipped || level(c)->quiet;
}

static void field(void *cookie, const struct agx_cs_field *desc, uint64_t value)
{
	struct diff_collect *c = cookie;

	if (is_quiet(c))
		return;
	diff_leaf_typed(c->builder, &(struct diff_leaf){
					    .name = diff_string(c->store, desc->name),
					    .type = DIFF_LEAF_FIELD,
					    .desc = desc,
					    .value = value,
				    });
}

static void text(void *cookie, const char *name, const char *value)
{
	struct diff_collect *c = cookie;
	char buf[40];

	if (is_quiet(c))
		return;
	if (c->is_work && level(c)->kind == AGX_DECODE_COMMAND && strstr(name, "_barrier"))
		value = diff_work_barrier(&c->work, *name == 'v', value, buf, sizeof(buf));
	diff_leaf_text(c->builder, name, value);
}

static void number(void *cookie, const char *name, uint64_t value, enum agx_decode_format format)
{
	/* Handles, and numbers in the decoder's table of shaders: which one it is, not what. */
	static const char *const names[] = {"object", "bo", "vertex_shader", "fragment_shader",
					    "shader"};
	struct diff_collect *c = cookie;
	char buf[32];
	size_t i;

	if (is_quiet(c) || format == AGX_DECODE_NS)
		return;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(name, names[i]))
			return;
	}
	/* Where in its buffer: of a timestamp. */
	if (c->is_work && (!strcmp(name, "offset") || !strcmp(name, "bo_offset")))
		return;
	if (format == AGX_DECODE_HEX) {
		snprintf(buf, sizeof(buf), "0x%llx", (unsigned long long)value);
		diff_leaf_text(c->builder, name, buf);
		return;
	}
	diff_leaf_number(c->builder, name, value);
}

static void address(void *cookie, const char *name, uint64_t value,
		    const struct agx_decode_place *place)
{
	struct diff_collect *c = cookie;
	char what[96];

	if (is_quiet(c))
		return;
	if (!place) {
		diff_leaf_text(c->builder, name, value ? "unmapped" : "0");
		return;
	}
	/* Which buffer it is, and how else it may be used, is not work. */
	if (c->is_work) {
		diff_leaf_text(c->builder, name, "mapped");
		return;
	}
	snprintf(what, sizeof(what), "%s%s%s",
		 place->flags & DRM_ASAHI_BIND_WRITE ? "buffer" : "read-only buffer",
		 place->name ? " " : "", place->name ? place->name : "");
	diff_leaf_object(c->builder, name, what,
			 c->target.object ? c->target.object(c->target.cookie, place) : 0);
}

/* The bytes with words that are addresses made equal; NULL: no memory. */
static const uint8_t *without_addresses(struct diff_collect *c, const uint8_t *bytes, size_t size)
{
	size_t at;

	if (!c->target.is_address || size < 8)
		return bytes;
	if (size > c->scratch_size) {
		uint8_t *larger = realloc(c->scratch, size);

		if (!larger) {
			diff_store_fail(c->store, -ENOMEM);
			return NULL;
		}
		c->scratch = larger;
		c->scratch_size = size;
	}
	memcpy(c->scratch, bytes, size);
	for (at = 0; at + 8 <= size; at += 4) {
		uint64_t word;

		memcpy(&word, bytes + at, sizeof(word));
		if (!(word >> 32) || !c->target.is_address(c->target.cookie, word))
			continue;
		word = DIFF_ADDRESS_WORD;
		memcpy(c->scratch + at, &word, sizeof(word));
		at += 4;
	}
	return c->scratch;
}

static void bytes(void *cookie, uint64_t at, const void *data, size_t size)
{
	struct diff_collect *c = cookie;
	const uint8_t *plain = c->skipped ? NULL : without_addresses(c, data, size);

	(void)at;
	if (c->skipped && c->uniforms)
		diff_work_uniforms(&c->work, data, size);
	if (plain)
		diff_set_blob(c->builder, diff_blob(c->store, plain, size));
}

static void code(void *cookie, uint64_t at, const void *data, size_t size)
{
	struct diff_collect *c = cookie;
	uint32_t blob = diff_blob(c->store, data, size);
	uint64_t shader = level(c)->shader;

	(void)at;
	diff_set_blob(c->builder, blob);
	if (shader >= c->num_shaders && shader < MAX_SHADERS) {
		size_t count = c->num_shaders ? c->num_shaders : 256;
		uint32_t *larger;

		while (count <= shader)
			count *= 2;
		larger = realloc(c->shaders, count * sizeof(*larger));
		if (!larger) {
			diff_store_fail(c->store, -ENOMEM);
			return;
		}
		memset(larger + c->num_shaders, 0, (count - c->num_shaders) * sizeof(*larger));
		c->shaders = larger;
		c->num_shaders = count;
	}
	if (shader < c->num_shaders)
		c->shaders[shader] = blob;
}

static void problem(void *cookie, enum agx_cs_problem what, uint64_t at, const char *detail)
{
	struct diff_collect *c = cookie;

	(void)at;
	(void)detail;
	if (c->skipped)
		return;
	if (c->is_work && !diff_builder_depth(c->builder)) {
		diff_begin(c->builder, DIFF_NODE_COMMAND, DIFF_IOCTLS, "submission");
		diff_leaf_text(c->builder, "problem", agx_cs_problem_name(what));
		c->target.command(c->target.cookie, c->submit, DIFF_NONE,
				  diff_end(c->builder, NULL));
		return;
	}
	diff_leaf_typed(c->builder,
			&(struct diff_leaf){
				.name = diff_string(c->store, "problem"),
				.type = DIFF_LEAF_PROBLEM,
				.value = diff_string(c->store, agx_cs_problem_name(what)),
			});
}

struct diff_collect *diff_collect_create(struct diff_store *store,
					 const struct diff_collect_target *target)
{
	struct diff_collect *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->store = store;
	c->target = *target;
	c->builder = diff_builder_create(store);
	if (!c->builder) {
		free(c);
		return NULL;
	}
	c->is_work = target->command;
	c->work.store = store;
	c->work.builder = c->builder;
	c->sink = (struct agx_decode_sink){
		.cookie = c,
		.begin = begin,
		.field = field,
		.text = text,
		.number = number,
		.address = address,
		.bytes = bytes,
		.code = code,
		.problem = problem,
		.end = end,
	};
	return c;
}

void diff_collect_destroy(struct diff_collect *c)
{
	if (!c)
		return;
	diff_builder_destroy(c->builder);
	free(c->shaders);
	free(c->scratch);
	free(c);
}

const struct agx_decode_sink *diff_collect_sink(struct diff_collect *c)
{
	return &c->sink;
}
