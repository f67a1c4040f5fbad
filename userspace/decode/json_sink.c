// SPDX-License-Identifier: MIT
/*
 * JSON, written as the events come: docs/decode.md has the schema. A trace can be far larger than what
 * a tree in memory could be, therefore not through json-c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "agx_decode_sinks.h"
#include "code_text.h"
#include "out.h"

/* What the innermost node has written last. */
enum level {
	LEVEL_HEAD,     /* its own members */
	LEVEL_FIELDS,   /* inside "fields" */
	LEVEL_CODE,     /* "code" or "bytes" */
	LEVEL_CHILDREN, /* inside "children" */
};

#define MAX_DEPTH 256

struct json_sink {
	struct agx_out out;
	bool shaders;
	bool any; /* submits */
	unsigned int depth;
	uint8_t levels[MAX_DEPTH];
};

static void string(struct agx_out *out, const char *text)
{
	out_char(out, '"');
	for (; *text; text++) {
		unsigned char c = *text;

		if (c == '"' || c == '\\') {
			out_char(out, '\\');
			out_char(out, c);
		} else if (c < 0x20 || c == 0x7f) {
			out_bytes(out, "\\u00", 4);
			out_char(out, "0123456789abcdef"[c >> 4]);
			out_char(out, "0123456789abcdef"[c & 15]);
		} else {
			out_char(out, c);
		}
	}
	out_char(out, '"');
}

/* A text of our own: nothing in it needs escaping. */
static void plain(struct agx_out *out, const char *text)
{
	out_char(out, '"');
	out_text(out, text);
	out_char(out, '"');
}

static void name(struct agx_out *out, const char *text)
{
	plain(out, text);
	out_char(out, ':');
}

static void hex(struct agx_out *out, uint64_t value)
{
	out_bytes(out, "\"0x", 3);
	out_hex(out, value);
	out_char(out, '"');
}

static void hex_bytes(struct agx_out *out, const void *bytes, size_t size)
{
	const uint8_t *b = bytes;
	size_t i;

	out_char(out, '"');
	for (i = 0; i < size; i++) {
		out_char(out, "0123456789abcdef"[b[i] >> 4]);
		out_char(out, "0123456789abcdef"[b[i] & 15]);
	}
	out_char(out, '"');
}

static uint8_t *level(struct json_sink *sink)
{
	return &sink->levels[(sink->depth < MAX_DEPTH ? sink->depth : MAX_DEPTH - 1)];
}

/* Before a member of "fields". False: that is over. */
static bool open_fields(struct json_sink *sink)
{
	uint8_t *l = level(sink);

	if (*l > LEVEL_FIELDS)
		return false;
	out_text(&sink->out, *l == LEVEL_FIELDS ? "," : ",\"fields\":{");
	*l = LEVEL_FIELDS;
	return true;
}

static void close_fields(struct json_sink *sink)
{
	if (*level(sink) == LEVEL_FIELDS)
		out_char(&sink->out, '}');
}

/* Before an element of "children". */
static void open_children(struct json_sink *sink)
{
	uint8_t *l = level(sink);

	if (!sink->depth) {
		out_text(&sink->out, sink->any ? ",\n" : "\n");
		sink->any = true;
		return;
	}
	close_fields(sink);
	out_text(&sink->out, *l == LEVEL_CHILDREN ? "," : ",\"children\":[");
	*l = LEVEL_CHILDREN;
}

static void place_members(struct agx_out *out, const struct agx_decode_place *place)
{
	if (place->name) {
		out_text(out, ",\"label\":");
		string(out, place->name);
	}
	if (place->handle) {
		out_text(out, ",\"file\":");
		out_dec(out, place->file);
		out_text(out, ",\"handle\":");
		out_dec(out, place->handle);
	}
	out_text(out, ",\"offset\":");
	out_dec(out, place->offset);
	out_text(out, ",\"buffer_size\":");
	out_dec(out, place->size);
}

static void json_begin(void *cookie, const struct agx_decode_node *node)
{
	struct json_sink *sink = cookie;
	struct agx_out *out = &sink->out;

	open_children(sink);
	sink->depth++;
	*level(sink) = LEVEL_HEAD;
	out_text(out, "{\"kind\":");
	plain(out, agx_decode_kind_name(node->kind));
	if (node->title) {
		out_text(out, ",\"title\":");
		plain(out, node->title);
	}
	if (node->desc) {
		out_text(out, ",\"type\":");
		plain(out, node->desc->name);
	}
	if (node->number != AGX_DECODE_NO_NUMBER) {
		out_text(out, ",\"number\":");
		out_dec(out, node->number);
	}
	if (node->address != AGX_DECODE_NO_ADDRESS) {
		out_text(out, ",\"address\":");
		hex(out, node->address);
	}
	if (node->place)
		place_members(out, node->place);
	if (node->size) {
		out_text(out, ",\"size\":");
		out_dec(out, node->size);
	}
	if (node->reference)
		out_text(out, ",\"reference\":true");
}

static void json_field(void *cookie, const struct agx_cs_field *field, uint64_t value)
{
	struct json_sink *sink = cookie;
	struct agx_out *out = &sink->out;
	char text[AGX_CS_TEXT];
	size_t size;

	if (!open_fields(sink))
		return;
	name(out, field->name);
	size = agx_cs_print(field, value, text);
	if (agx_cs_form(field, value) == AGX_CS_FORM_STRING) {
		/* Names and numbers: nothing that would need escaping. */
		out_char(out, '"');
		out_bytes(out, text, size);
		out_char(out, '"');
	} else {
		out_bytes(out, text, size);
	}
}

static void json_text(void *cookie, const char *key, const char *text)
{
	struct json_sink *sink = cookie;

	if (!open_fields(sink))
		return;
	name(&sink->out, key);
	string(&sink->out, text);
}

static void json_number(void *cookie, const char *key, uint64_t value,
			enum agx_decode_format format)
{
	struct json_sink *sink = cookie;

	if (!open_fields(sink))
		return;
	name(&sink->out, key);
	if (format == AGX_DECODE_HEX)
		hex(&sink->out, value);
	else
		out_dec(&sink->out, value);
}

static void json_address(void *cookie, const char *key, uint64_t address,
			 const struct agx_decode_place *place)
{
	struct json_sink *sink = cookie;

	if (!open_fields(sink))
		return;
	name(&sink->out, key);
	out_text(&sink->out, "{\"address\":");
	hex(&sink->out, address);
	if (place)
		place_members(&sink->out, place);
	else if (address)
		out_text(&sink->out, ",\"unresolved\":true");
	out_char(&sink->out, '}');
}

static void json_bytes(void *cookie, uint64_t address, const void *bytes, size_t size)
{
	struct json_sink *sink = cookie;

	if (*level(sink) >= LEVEL_CODE)
		return;
	close_fields(sink);
	*level(sink) = LEVEL_CODE;
	out_text(&sink->out, ",\"bytes\":");
	hex_bytes(&sink->out, bytes, size);
}

static void json_code(void *cookie, uint64_t address, const void *code, size_t size)
{
	struct json_sink *sink = cookie;

	if (*level(sink) >= LEVEL_CODE)
		return;
	close_fields(sink);
	*level(sink) = LEVEL_CODE;
	out_text(&sink->out, ",\"code\":");
	hex_bytes(&sink->out, code, size);
	if (sink->shaders) {
		out_text(&sink->out, ",\"instructions\":[");
		code_text_json(&sink->out, code, size);
		out_char(&sink->out, ']');
	}
}

static void json_problem(void *cookie, enum agx_cs_problem problem, uint64_t address,
			 const char *text)
{
	struct json_sink *sink = cookie;
	struct agx_out *out = &sink->out;

	open_children(sink);
	out_text(out, "{\"kind\":\"problem\",\"problem\":");
	plain(out, agx_cs_problem_name(problem));
	if (address != AGX_DECODE_NO_ADDRESS) {
		out_text(out, ",\"address\":");
		hex(out, address);
	}
	out_text(out, ",\"text\":");
	string(out, text);
	out_char(out, '}');
}

static void json_end(void *cookie)
{
	struct json_sink *sink = cookie;

	close_fields(sink);
	if (*level(sink) == LEVEL_CHILDREN)
		out_char(&sink->out, ']');
	out_char(&sink->out, '}');
	sink->depth--;
}

int agx_decode_json_create(const char *file, bool shaders, const struct agx_decode_writer *writer,
			   struct agx_decode_sink *sink)
{
	struct json_sink *json = calloc(1, sizeof(*json));

	if (!json)
		return -ENOMEM;
	json->shaders = shaders;
	out_init(&json->out, writer->write, writer->cookie);
	out_text(&json->out, "{\"agx_decode\":1,\"file\":");
	string(&json->out, file);
	out_text(&json->out, ",\"submits\":[");
	*sink = (struct agx_decode_sink){
		.cookie = json,
		.begin = json_begin,
		.field = json_field,
		.text = json_text,
		.number = json_number,
		.address = json_address,
		.bytes = json_bytes,
		.code = json_code,
		.problem = json_problem,
		.end = json_end,
	};
	return 0;
}

static void member(struct agx_out *out, const char *key, uint64_t value)
{
	out_char(out, ',');
	name(out, key);
	out_dec(out, value);
}

static void json_shader(struct agx_out *out, const struct agx_decode_shader *shader)
{
	char digits[40];

	out_text(out, "\n{\"number\":");
	out_dec(out, shader->number);
	out_text(out, ",\"stage\":");
	string(out, shader->stage);
	out_text(out, ",\"address\":");
	hex(out, shader->address);
	member(out, "size", shader->size);
	out_text(out, ",\"hash\":");
	out_char(out, '"');
	out_bytes(out, digits,
		  snprintf(digits, sizeof(digits), "%016llx%016llx",
			   (unsigned long long)shader->hash[1],
			   (unsigned long long)shader->hash[0]));
	out_char(out, '"');
	member(out, "uses", shader->uses);
	out_text(out, ",\"first_use\":");
	string(out, shader->first_use);
	out_text(out, ",\"last_use\":");
	string(out, shader->last_use);
	out_char(out, '}');
}

static void json_summary(struct agx_out *out, const struct agx_decode *decode)
{
	const struct agx_decode_stats *stats = agx_decode_stats(decode);
	struct agx_decode_shader shader;
	bool any = false;
	uint64_t i;

	out_text(out, ",\"shaders\":[");
	for (i = 0; agx_decode_shader(decode, i, &shader); i++) {
		if (i)
			out_char(out, ',');
		json_shader(out, &shader);
	}
	out_text(out, "],\n\"summary\":{\"submits\":");
	out_dec(out, stats->submits);
	member(out, "renders", stats->renders);
	member(out, "computes", stats->computes);
	member(out, "draws", stats->draws);
	member(out, "dispatches", stats->dispatches);
	member(out, "shaders", stats->shaders);
	member(out, "shader_bytes", stats->shader_bytes);
	member(out, "blocks", stats->blocks);
	member(out, "lists", stats->lists);
	member(out, "records", stats->records);
	member(out, "descriptors", stats->descriptors);
	member(out, "unknown_words", stats->unknown_words);
	member(out, "unresolved", stats->unresolved);
	member(out, "unknown_instructions", stats->unknown_instructions);
	out_text(out, ",\"problems\":{");
	for (i = 1; i < AGX_CS_PROBLEMS; i++) {
		if (!stats->problems[i])
			continue;
		if (any)
			out_char(out, ',');
		any = true;
		name(out, agx_cs_problem_name(i));
		out_dec(out, stats->problems[i]);
	}
	out_text(out, "}}");
}

int agx_decode_json_finish(struct agx_decode_sink *sink, const struct agx_decode *decode)
{
	struct json_sink *json = sink->cookie;
	int ret;

	out_char(&json->out, ']');
	if (decode)
		json_summary(&json->out, decode);
	out_text(&json->out, "}\n");
	ret = out_flush(&json->out);
	free(json);
	memset(sink, 0, sizeof(*sink));
	return ret;
}
