// SPDX-License-Identifier: MIT
/* The decoder's frame: submissions, and the events that all parts give out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode_internal.h"

const char *agx_decode_kind_name(enum agx_decode_kind kind)
{
	static const char *const names[AGX_DECODE_KINDS] = {
		[AGX_DECODE_SUBMIT] = "submit",
		[AGX_DECODE_COMMAND] = "command",
		[AGX_DECODE_ATTACHMENTS] = "attachments",
		[AGX_DECODE_STREAM] = "stream",
		[AGX_DECODE_BLOCK] = "block",
		[AGX_DECODE_DRAW] = "draw",
		[AGX_DECODE_DISPATCH] = "dispatch",
		[AGX_DECODE_STATE] = "state",
		[AGX_DECODE_LIST] = "list",
		[AGX_DECODE_RECORD] = "record",
		[AGX_DECODE_ARRAY] = "array",
		[AGX_DECODE_SHADER] = "shader",
		[AGX_DECODE_HELPER] = "helper",
		[AGX_DECODE_MEMORY] = "memory",
	};

	return kind < AGX_DECODE_KINDS ? names[kind] : "?";
}

/*
 * Events.
 */

struct agx_decode_place *decode_resolve(struct agx_decode *d, uint64_t address,
					struct agx_decode_place *place)
{
	memset(place, 0, sizeof(*place));
	if (d->memory && d->memory->resolve(d->memory->cookie, address, place))
		return place;
	return NULL;
}

void decode_problem(struct agx_decode *d, enum agx_cs_problem problem, uint64_t address,
		    const char *text)
{
	struct agx_decode_place place;
	char mapped[300];

	/* Of a core dump, say, which lists mappings without what is in them. */
	if (problem == AGX_CS_UNMAPPED && decode_resolve(d, address, &place)) {
		snprintf(mapped, sizeof(mapped), "%s; it is mapped, its content is not known",
			 text);
		text = mapped;
	}
	d->stats.problems[problem]++;
	switch (problem) {
	case AGX_CS_UNKNOWN_WORD:
		d->stats.unknown_words++;
		break;
	case AGX_CS_UNMAPPED:
		d->stats.unresolved++;
		break;
	case AGX_CS_INSTRUCTION:
		d->stats.unknown_instructions++;
		break;
	default:
		break;
	}
	if (d->sink.problem)
		d->sink.problem(d->sink.cookie, problem, address, text);
}

void decode_begin(struct agx_decode *d, const struct agx_decode_node *node, bool resolve)
{
	struct agx_decode_node with_place;
	struct agx_decode_place place;

	if (node->kind == AGX_DECODE_RECORD)
		d->stats.records++;
	else if (node->kind == AGX_DECODE_LIST)
		d->stats.lists++;
	if (!d->sink.begin)
		return;
	if (!resolve) {
		d->sink.begin(d->sink.cookie, node);
		return;
	}
	with_place = *node;
	with_place.place = decode_resolve(d, node->address, &place);
	d->sink.begin(d->sink.cookie, &with_place);
}

void decode_end(struct agx_decode *d)
{
	if (d->sink.end)
		d->sink.end(d->sink.cookie);
}

void decode_text(struct agx_decode *d, const char *name, const char *text)
{
	if (d->sink.text)
		d->sink.text(d->sink.cookie, name, text);
}

void decode_number(struct agx_decode *d, const char *name, uint64_t value,
		   enum agx_decode_format format)
{
	if (d->sink.number)
		d->sink.number(d->sink.cookie, name, value, format);
}

bool decode_address(struct agx_decode *d, const char *name, uint64_t address, bool needed)
{
	struct agx_decode_place place, *found = decode_resolve(d, address, &place);

	if (d->sink.address)
		d->sink.address(d->sink.cookie, name, address, found);
	if (!found && needed)
		decode_problem(d, AGX_CS_UNMAPPED, address, name);
	return found;
}

void decode_no_address(struct agx_decode *d, const char *name)
{
	if (d->sink.address)
		d->sink.address(d->sink.cookie, name, 0, NULL);
}

/* Whether something must be where the field points; what the walker follows it judges itself. */
static bool is_needed(const struct agx_cs_field *field)
{
	switch (field->target) {
	case AGX_CS_TO_UNIFORMS:
	case AGX_CS_TO_IMAGE:
	case AGX_CS_TO_METADATA:
	case AGX_CS_TO_INDICES:
		return true;
	default:
		return false;
	}
}

void decode_fields(struct agx_decode *d, const struct agx_cs_struct *desc, const void *record,
		   uint64_t address)
{
	unsigned int i;

	for (i = 0; i < desc->field_count; i++) {
		const struct agx_cs_field *field = &desc->fields[i];
		uint64_t value;

		if (desc->overlays && !agx_cs_applies(field, record))
			continue;
		value = agx_cs_get(field, record);
		if ((field->type == AGX_CS_ADDRESS || field->type == AGX_CS_USC) &&
		    field->target != AGX_CS_TO_NOTHING) {
			if (!value) {
				decode_no_address(d, field->name);
				continue;
			}
			decode_address(d, field->name,
				       field->type == AGX_CS_USC ? d->usc_base + value : value,
				       is_needed(field));
			continue;
		}
		if (d->sink.field)
			d->sink.field(d->sink.cookie, field, value);
	}
}

void decode_record(struct agx_decode *d, const char *title, const struct agx_cs_struct *desc,
		   const void *record, uint64_t address, uint64_t number)
{
	struct agx_decode_node node = {
		.kind = AGX_DECODE_RECORD,
		.title = title ? title : agx_cs_text(desc->title),
		.desc = desc,
		.record = record,
		.address = address,
		.size = desc->size,
		.number = number,
	};

	decode_begin(d, &node, false);
	decode_fields(d, desc, record, address);
	decode_end(d);
}

size_t decode_read(struct agx_decode *d, uint64_t address, void *buf, size_t size)
{
	struct agx_cs_memory memory = {.piece = d->memory->piece, .cookie = d->memory->cookie};

	return agx_cs_read(&memory, address, buf, size);
}

void decode_bytes(struct agx_decode *d, const char *title, uint64_t address, uint64_t size)
{
	struct agx_decode_node node = {
		.kind = AGX_DECODE_MEMORY,
		.title = title,
		.address = address,
		.size = size,
		.number = AGX_DECODE_NO_NUMBER,
	};
	uint8_t buf[4096];
	size_t got;

	if (!d->config.memory || !size || !d->sink.bytes)
		return;
	decode_begin(d, &node, true);
	got = decode_read(d, address, buf, size < sizeof(buf) ? size : sizeof(buf));
	if (got)
		d->sink.bytes(d->sink.cookie, address, buf, got);
	decode_end(d);
}

/*
 * Memory as a walk sees it: behind a link what nobody has recorded is not there yet, for a program
 * on the GPU writes it before the stream gets there.
 */
static const void *walk_piece(void *cookie, uint64_t address, size_t *size)
{
	struct agx_decode *d = cookie;
	struct agx_decode_place place;

	if (d->linked && decode_resolve(d, address, &place) && !place.known) {
		d->unwritten = address;
		return NULL;
	}
	return d->memory->piece(d->memory->cookie, address, size);
}

struct agx_cs_memory decode_walk_memory(struct agx_decode *d)
{
	return (struct agx_cs_memory){.piece = walk_piece, .cookie = d};
}

/*
 * Submissions.
 */

static const struct drm_asahi_sync *get_sync(const struct agx_decode_submit *submit, uint32_t i,
					     struct drm_asahi_sync *sync)
{
	memcpy(sync, (const uint8_t *)submit->syncs + i * sizeof(*sync), sizeof(*sync));
	return sync;
}

static void show_syncs(struct agx_decode *d, const struct agx_decode_submit *submit)
{
	uint32_t i;

	for (i = 0; i < submit->num_syncs; i++) {
		struct agx_decode_node node = {
			.kind = AGX_DECODE_RECORD,
			.title = i < submit->args.in_sync_count ? "wait" : "signal",
			.address = AGX_DECODE_NO_ADDRESS,
			.number = AGX_DECODE_NO_NUMBER,
		};
		struct drm_asahi_sync sync;

		get_sync(submit, i, &sync);
		decode_begin(d, &node, false);
		switch (sync.sync_type) {
		case DRM_ASAHI_SYNC_SYNCOBJ:
			decode_number(d, "syncobj", sync.handle, AGX_DECODE_DEC);
			break;
		case DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ:
			decode_number(d, "timeline_syncobj", sync.handle, AGX_DECODE_DEC);
			decode_number(d, "point", sync.timeline_value, AGX_DECODE_DEC);
			break;
		default:
			decode_number(d, "sync_type", sync.sync_type, AGX_DECODE_DEC);
			decode_number(d, "handle", sync.handle, AGX_DECODE_DEC);
			decode_problem(d, AGX_CS_ENUM_UNKNOWN, AGX_DECODE_NO_ADDRESS,
				       "no kind of synchronisation object");
			break;
		}
		decode_end(d);
	}
}

/* Lists that the commands so far have set, by kind: vertex, fragment, compute. */
struct attachment_lists {
	const void *bytes[3];
	size_t size[3];
};

static void show_command(struct agx_decode *d, const struct drm_asahi_cmd_header *header,
			 const uint8_t *payload, const struct attachment_lists *lists)
{
	struct drm_asahi_cmd_render render = {.flags = 0};
	struct drm_asahi_cmd_compute compute = {.flags = 0};
	size_t size = header->size;

	if (header->cmd_type == DRM_ASAHI_CMD_RENDER) {
		memcpy(&render, payload, size < sizeof(render) ? size : sizeof(render));
		decode_render(d, header, &render, lists->bytes, lists->size);
	} else {
		memcpy(&compute, payload, size < sizeof(compute) ? size : sizeof(compute));
		decode_compute(d, header, &compute, lists->bytes[2], lists->size[2]);
	}
}

/* Commands come unaligned to what the structures want. */
static void show_commands(struct agx_decode *d, const struct agx_decode_submit *submit)
{
	const uint8_t *bytes = submit->commands;
	struct attachment_lists lists = {{NULL}, {0}};
	size_t at = 0, size = submit->commands_size;
	uint32_t number = 0;

	while (at < size) {
		struct drm_asahi_cmd_header header;

		if (size - at < sizeof(header)) {
			decode_problem(d, AGX_CS_TRUNCATED, AGX_DECODE_NO_ADDRESS,
				       "the command buffer ends within a header");
			return;
		}
		memcpy(&header, bytes + at, sizeof(header));
		at += sizeof(header);
		if (header.size > size - at) {
			decode_problem(d, AGX_CS_TRUNCATED, AGX_DECODE_NO_ADDRESS,
				       "the command buffer ends within a command");
			return;
		}
		switch (header.cmd_type) {
		case DRM_ASAHI_CMD_RENDER:
		case DRM_ASAHI_CMD_COMPUTE:
			d->command = number;
			if (d->config.all_commands || d->config.command == number)
				show_command(d, &header, bytes + at, &lists);
			number++;
			break;
		case DRM_ASAHI_SET_VERTEX_ATTACHMENTS:
		case DRM_ASAHI_SET_FRAGMENT_ATTACHMENTS:
		case DRM_ASAHI_SET_COMPUTE_ATTACHMENTS:
			lists.bytes[header.cmd_type - DRM_ASAHI_SET_VERTEX_ATTACHMENTS] =
				bytes + at;
			lists.size[header.cmd_type - DRM_ASAHI_SET_VERTEX_ATTACHMENTS] =
				header.size;
			break;
		default:
			decode_problem(d, AGX_CS_UNKNOWN_WORD, AGX_DECODE_NO_ADDRESS,
				       "no known type of command");
			break;
		}
		at += header.size;
	}
}

int agx_decode_submit(struct agx_decode *d, const struct agx_decode_submit *submit)
{
	struct agx_decode_node node = {
		.kind = AGX_DECODE_SUBMIT,
		.title = "submit",
		.address = AGX_DECODE_NO_ADDRESS,
		.number = submit->number,
	};

	d->memory = &submit->memory;
	d->usc_base = submit->usc_base;
	d->submit = submit->number;
	d->stats.submits++;
	decode_begin(d, &node, false);
	decode_number(d, "queue", submit->args.queue_id, AGX_DECODE_DEC);
	decode_number(d, "vm", submit->vm, AGX_DECODE_DEC);
	decode_number(d, "file", submit->file, AGX_DECODE_DEC);
	decode_number(d, "process", submit->stream, AGX_DECODE_DEC);
	decode_number(d, "thread", submit->thread, AGX_DECODE_DEC);
	decode_number(d, "frame", submit->frame, AGX_DECODE_DEC);
	decode_number(d, "time", submit->time_ns, AGX_DECODE_NS);
	decode_number(d, "seq", submit->seq, AGX_DECODE_DEC);
	decode_number(d, "usc_base", submit->usc_base, AGX_DECODE_HEX);
	if (submit->args.flags)
		decode_number(d, "flags", submit->args.flags, AGX_DECODE_HEX);
	if (!submit->have_queue)
		decode_problem(d, AGX_CS_INCOMPLETE, AGX_DECODE_NO_ADDRESS,
			       "the queue is not known: no address can be resolved");
	if (submit->commands_size < submit->args.cmdbuf_size)
		decode_problem(d, AGX_CS_TRUNCATED, AGX_DECODE_NO_ADDRESS,
			       "less of the command buffer was recorded than was submitted");
	show_syncs(d, submit);
	show_commands(d, submit);
	decode_end(d);
	d->memory = NULL;
	return d->failed ? -ENOMEM : 0;
}

int agx_decode_at(struct agx_decode *d, const struct agx_decode_memory *memory,
		  enum agx_decode_start start, uint64_t address, uint64_t usc_base)
{
	d->memory = memory;
	d->usc_base = usc_base;
	d->command = 0;
	decode_new_command(d);
	switch (start) {
	case AGX_DECODE_START_VDM:
	case AGX_DECODE_START_CDM:
		decode_stream(d, start == AGX_DECODE_START_CDM, address);
		break;
	case AGX_DECODE_START_USC:
		decode_list(d, AGX_CS_STAGE_NONE, "program", address, 0);
		break;
	case AGX_DECODE_START_SHADER:
		decode_shader_use(d, decode_shader(d, "shader", address), AGX_DECODE_COMMAND, 0);
		break;
	}
	d->memory = NULL;
	return d->failed ? -ENOMEM : 0;
}

struct agx_decode *agx_decode_create(const struct agx_decode_config *config,
				     const struct agx_decode_sink *sink)
{
	struct agx_decode *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->config = *config;
	d->sink = *sink;
	decode_know_members(d);
	return d;
}

void agx_decode_destroy(struct agx_decode *d)
{
	if (!d)
		return;
	free(d->shown);
	free(d->shaders);
	free(d->by_hash);
	free(d->at);
	free(d->code);
	free(d);
}

const struct agx_decode_stats *agx_decode_stats(const struct agx_decode *d)
{
	return &d->stats;
}
