// SPDX-License-Identifier: MIT
/*
 * The decoder over whole streams and the memory that they lead to. The input is
 *
 *	kind, flags, number of pieces, which record; u64 start; u64 USC base;
 *	for each piece u64 address, u32 size; then the bytes of all pieces
 *
 * little-endian. The last kind is a submission, whose command buffer is the first piece. A sink
 * looks whether events are well formed; flags choose it, or one of those that write.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agx_decode.h"
#include "agx_decode_sinks.h"
#include "decode_records.h"
#include "raw_memory.h"

#define MAX_PIECES 64
#define BLOCKS     2000
#define MAX_DEPTH  64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct header {
	uint8_t kind;
	uint8_t flags;
	uint8_t pieces;
	uint8_t record; /* which structure, for KIND_RECORD */
	uint64_t start;
	uint64_t usc_base;
} __attribute__((packed));

struct piece {
	uint64_t address;
	uint32_t size;
} __attribute__((packed));

#define FLAG_G14    0x01
#define FLAG_MANY   0x02 /* clusters */
#define FLAG_MEMORY 0x04
#define FLAG_REPEAT 0x08
#define FLAG_SINK   0x30 /* check, text, JSON, draws */
#define FLAG_ALL    0x40 /* text: every field; JSON: shaders */
#define FLAG_PLACES 0x80 /* a place without bytes around the start */

/* After those of enum agx_decode_start. */
#define KIND_PPP    4
#define KIND_RECORD 5
#define KIND_SUBMIT 6
#define KINDS       7

/* What the sinks may rely on. */
struct check {
	unsigned int depth;
	bool has_child[MAX_DEPTH + 1];
	enum agx_decode_kind kind[MAX_DEPTH + 1];
	uint64_t sum; /* so that bytes given out are looked at */
};

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void look(struct check *check, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		check->sum += ((const uint8_t *)bytes)[i];
}

static void on_begin(void *cookie, const struct agx_decode_node *node)
{
	struct check *check = cookie;

	require(node->kind < AGX_DECODE_KINDS);
	require(check->depth < MAX_DEPTH);
	check->has_child[check->depth] = true;
	check->depth++;
	check->has_child[check->depth] = false;
	check->kind[check->depth] = node->kind;
	require(node->title);
	if (node->desc && node->record)
		look(check, node->record, node->desc->size);
}

static void on_end(void *cookie)
{
	struct check *check = cookie;

	require(check->depth > 0);
	check->depth--;
}

/* What a node says of itself comes before what is in it. */
static void on_own(struct check *check)
{
	require(check->depth > 0);
	require(!check->has_child[check->depth]);
}

static void on_field(void *cookie, const struct agx_cs_field *field, uint64_t value)
{
	char text[AGX_CS_TEXT];

	on_own(cookie);
	require(agx_cs_print(field, value, text) < AGX_CS_TEXT);
}

static void on_text(void *cookie, const char *name, const char *text)
{
	struct check *check = cookie;

	on_own(check);
	check->sum += strlen(name) + strlen(text);
}

static void on_number(void *cookie, const char *name, uint64_t value, enum agx_decode_format format)
{
	on_own(cookie);
}

static void on_address(void *cookie, const char *name, uint64_t address,
		       const struct agx_decode_place *place)
{
	struct check *check = cookie;

	on_own(check);
	if (place && place->name)
		check->sum += strlen(place->name);
}

static void on_bytes(void *cookie, uint64_t address, const void *bytes, size_t size)
{
	struct check *check = cookie;

	on_own(check);
	require(check->kind[check->depth] == AGX_DECODE_MEMORY);
	look(check, bytes, size);
}

static void on_code(void *cookie, uint64_t address, const void *code, size_t size)
{
	struct check *check = cookie;

	on_own(check);
	require(check->kind[check->depth] == AGX_DECODE_SHADER);
	look(check, code, size);
}

static void on_problem(void *cookie, enum agx_cs_problem problem, uint64_t address,
		       const char *text)
{
	struct check *check = cookie;

	require(problem > AGX_CS_OK && problem < AGX_CS_PROBLEMS);
	if (text)
		check->sum += strlen(text);
}

static int discard(void *cookie, const void *bytes, size_t size)
{
	look(cookie, bytes, size);
	return 0;
}

enum sink_kind {
	SINK_CHECK,
	SINK_TEXT,
	SINK_JSON,
	SINK_DRAWS,
};

static void open_sink(enum sink_kind kind, bool all, struct check *check,
		      struct agx_decode_sink *sink)
{
	const struct agx_decode_writer writer = {.write = discard, .cookie = check};
	const struct agx_decode_text_config config = {.all = all, .shaders = true};
	int ret = 0;

	switch (kind) {
	case SINK_CHECK:
		*sink = (struct agx_decode_sink){
			.cookie = check,
			.begin = on_begin,
			.field = on_field,
			.text = on_text,
			.number = on_number,
			.address = on_address,
			.bytes = on_bytes,
			.code = on_code,
			.problem = on_problem,
			.end = on_end,
		};
		break;
	case SINK_TEXT:
		ret = agx_decode_text_create(&config, &writer, sink);
		break;
	case SINK_JSON:
		ret = agx_decode_json_create("\"\\\n\xff", all, &writer, sink);
		break;
	case SINK_DRAWS:
		ret = agx_decode_draws_create(NULL, true, &writer, sink);
		break;
	}
	require(!ret);
}

static void close_sink(enum sink_kind kind, struct check *check, struct agx_decode_sink *sink,
		       const struct agx_decode *decode)
{
	switch (kind) {
	case SINK_CHECK:
		require(!check->depth);
		break;
	case SINK_TEXT:
		require(!agx_decode_text_finish(sink, decode));
		break;
	case SINK_JSON:
		require(!agx_decode_json_finish(sink, decode));
		break;
	case SINK_DRAWS:
		require(!agx_decode_draws_finish(sink, decode));
		break;
	}
}

static void decode_start(struct agx_decode *decode, const struct header *header,
			 const struct agx_decode_memory *memory, const uint8_t *commands,
			 size_t commands_size)
{
	struct agx_decode_submit submit = {
		.have_queue = true,
		.usc_base = header->usc_base,
		.commands = commands,
		.commands_size = commands_size,
		.memory = *memory,
	};

	unsigned int kind = header->kind % KINDS;
	int ret;

	submit.args.cmdbuf_size = commands_size;
	if (kind == KIND_SUBMIT)
		ret = agx_decode_submit(decode, &submit);
	else if (kind == KIND_PPP)
		ret = agx_decode_ppp(decode, memory, header->start, header->usc_base);
	else if (kind == KIND_RECORD)
		ret = agx_decode_records(decode, memory,
					 &agx_cs_structs[header->record % agx_cs_struct_count],
					 header->start, 4, header->usc_base);
	else
		ret = agx_decode_at(decode, memory, kind, header->start, header->usc_base);
	require(!ret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agx_decode_place place = {.name = "piece"};
	struct agx_decode_config config = {.blocks = BLOCKS, .all_commands = true};
	const uint8_t *commands = NULL;
	struct agx_raw_memory *memory;
	struct agx_decode_memory view;
	struct agx_decode_sink sink;
	struct agx_decode *decode;
	struct check check = {0};
	enum sink_kind kind;
	struct header header;
	size_t at = sizeof(header), commands_size = 0;

	if (size < sizeof(header))
		return 0;
	memcpy(&header, data, sizeof(header));
	if (header.pieces > MAX_PIECES || (size - at) / sizeof(struct piece) < header.pieces)
		return 0;
	at += header.pieces * sizeof(struct piece);
	memory = agx_raw_memory_create();
	require(memory);
	for (unsigned int i = 0; i < header.pieces; i++) {
		struct piece piece;

		memcpy(&piece, data + sizeof(header) + i * sizeof(piece), sizeof(piece));
		if (piece.size > size - at)
			piece.size = size - at;
		place.size = piece.size;
		agx_raw_memory_add(memory, piece.address, data + at, piece.size, &place, NULL);
		if (!i) {
			commands = data + at;
			commands_size = piece.size;
		}
		at += piece.size;
	}
	if (header.flags & FLAG_PLACES)
		agx_raw_memory_add_place(memory, header.start & ~0xffffull, 0x10000, &place, NULL);
	view = agx_raw_memory_view(memory);

	config.generation = header.flags & FLAG_G14 ? 14 : 13;
	config.clusters = header.flags & FLAG_MANY ? 4 : 1;
	config.memory = header.flags & FLAG_MEMORY;
	config.repeat = header.flags & FLAG_REPEAT;
	kind = (header.flags & FLAG_SINK) >> 4;
	open_sink(kind, header.flags & FLAG_ALL, &check, &sink);
	decode = agx_decode_create(&config, &sink);
	require(decode);
	decode_start(decode, &header, &view, commands, commands_size);
	close_sink(kind, &check, &sink, decode);
	agx_decode_destroy(decode);
	agx_raw_memory_destroy(memory);
	return 0;
}
