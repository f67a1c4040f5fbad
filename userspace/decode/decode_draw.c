// SPDX-License-Identifier: MIT
/* Draws and launches: their words are kept until all are there, and shown as one. */
#include <stdio.h>
#include <string.h>

#include "decode_internal.h"

/* Problems that were found before their draw was shown. */
void decode_late_problems(struct agx_decode *d)
{
	unsigned int i;

	for (i = 0; i < d->num_late; i++)
		decode_problem(d, d->late[i].problem, d->late[i].address, d->late[i].text);
	d->num_late = 0;
}

/* A dimension triple as text. */
static void show_size(struct agx_decode *d, const char *name, const uint32_t size[3])
{
	char buf[40];
	unsigned int i, used = 0;

	if (!d->sink.text)
		return;
	for (i = 0; i < 3; i++) {
		char digits[10], *p = digits + sizeof(digits);
		uint32_t value = size[i];

		do {
			*--p = '0' + value % 10;
			value /= 10;
		} while (value);
		memcpy(buf + used, p, digits + sizeof(digits) - p);
		used += digits + sizeof(digits) - p;
		buf[used++] = i < 2 ? 'x' : 0;
	}
	decode_text(d, name, buf);
}

/* The words of a launch, as soon as all of them are there. */
void decode_begin_launch(struct agx_decode *d)
{
	struct stash *stash = &d->stash;
	struct agx_decode_node node = {
		.kind = AGX_DECODE_DISPATCH,
		.title = "dispatch",
		.desc = stash->part[0].desc,
		.record = stash->part[0].record,
		.address = stash->part[0].address,
	};
	unsigned int i;

	if (!stash->used || stash->begun || !stash->parts ||
	    stash->part[0].desc->id != AGX_CS_ID_CDM_LAUNCH_0)
		return;
	stash->begun = true;
	node.number = d->dispatches;
	decode_begin(d, &node, false);
	d->block_open[d->depth] = true;
	decode_fields(d, stash->part[0].desc, stash->part[0].record, stash->part[0].address);
	for (i = 1; i < stash->parts; i++) {
		uint32_t size[3];

		switch (stash->part[i].desc->id) {
		case AGX_CS_ID_CDM_GLOBAL_SIZE:
		case AGX_CS_ID_CDM_LOCAL_SIZE:
			memcpy(size, stash->part[i].record, sizeof(size));
			show_size(d, stash->part[i].part->name, size);
			break;
		default:
			decode_fields(d, stash->part[i].desc, stash->part[i].record,
				      stash->part[i].address);
			break;
		}
	}
}

static void indirect_arguments(struct agx_decode *d, const struct agx_cs_struct *desc,
			       uint64_t address)
{
	struct agx_decode_node node = {
		.kind = AGX_DECODE_RECORD,
		.title = "arguments",
		.desc = desc,
		.address = address,
		.size = desc->size,
		.number = AGX_DECODE_NO_NUMBER,
	};
	struct agx_decode_place place;
	uint8_t record[AGX_CS_RECORD_MAX];
	bool known, there;

	known = decode_resolve(d, address, &place) && place.known;
	there = decode_read(d, address, record, desc->size) == desc->size;
	node.record = there ? record : NULL;
	decode_begin(d, &node, true);
	if (there && known) {
		decode_text(d, "content", "as_captured");
		decode_fields(d, desc, record, address);
	} else if (there) {
		decode_text(d, "content", "not_known_before_execution");
	} else {
		decode_problem(d, AGX_CS_UNMAPPED, address, "arguments of an indirect draw");
	}
	decode_end(d);
}

static void show_index_memory(struct agx_decode *d, const struct agx_cs_draw *draw)
{
	uint64_t size = draw->index_buffer_size;

	if (!draw->indirect && draw->has_count && draw->index_size &&
	    (!size || (uint64_t)draw->count * draw->index_size < size))
		size = (uint64_t)draw->count * draw->index_size;
	decode_bytes(d, "indices", draw->index_buffer, size);
}

static void draw_numbers(struct agx_decode *d, const struct agx_cs_draw *draw)
{
	uint32_t shader[2], preshader[2];

	if (draw->has_count)
		decode_number(d, "count", draw->count, AGX_DECODE_DEC);
	if (draw->has_instances)
		decode_number(d, "instances", draw->instances, AGX_DECODE_DEC);
	if (draw->has_start && draw->indexed && (int32_t)draw->start < 0) {
		char buf[16];

		snprintf(buf, sizeof(buf), "%d", (int32_t)draw->start);
		decode_text(d, "start", buf);
	} else if (draw->has_start) {
		decode_number(d, "start", draw->start, AGX_DECODE_DEC);
	}
	if (draw->indexed)
		decode_address(d, "index_buffer", draw->index_buffer, true);
	if (draw->has_buffer_size)
		decode_number(d, "index_buffer_size", draw->index_buffer_size, AGX_DECODE_BYTES);
	if (draw->indirect)
		decode_address(d, "indirect_buffer", draw->indirect_buffer, false);
	decode_current_shaders(d, AGX_CS_STAGE_VERTEX, &draw->state->vertex_program, &shader[0],
			       &preshader[0]);
	decode_current_shaders(d, AGX_CS_STAGE_FRAGMENT, &draw->state->fragment_program, &shader[1],
			       &preshader[1]);
	if (shader[0])
		decode_number(d, "vertex_shader", shader[0], AGX_DECODE_DEC);
	if (shader[1])
		decode_number(d, "fragment_shader", shader[1], AGX_DECODE_DEC);
	decode_shader_use(d, shader[0], AGX_DECODE_DRAW, draw->number);
	decode_shader_use(d, preshader[0], AGX_DECODE_DRAW, draw->number);
	decode_shader_use(d, shader[1], AGX_DECODE_DRAW, draw->number);
	decode_shader_use(d, preshader[1], AGX_DECODE_DRAW, draw->number);
}

/* Words of a draw that draw_numbers() does not show. */
static bool is_rest(const struct stash *stash, unsigned int i, const struct agx_cs_draw *draw)
{
	if (draw->tessellate)
		return true;
	return stash->part[i].desc->id == AGX_CS_ID_INDEX_LIST_UNKNOWN_1 ||
	       stash->part[i].desc->id == AGX_CS_ID_INDEX_LIST_UNKNOWN_2;
}

/* The first word, but for what draw_numbers() puts together with another. */
static void draw_fields(struct agx_decode *d, const struct agx_cs_draw *draw)
{
	const struct agx_cs_struct *desc = d->stash.part[0].desc;
	const void *record = d->stash.part[0].record;
	unsigned int i;

	if (draw->tessellate) {
		decode_fields(d, desc, record, draw->address);
		return;
	}
	for (i = 0; i < desc->field_count && d->sink.field; i++) {
		if (i != AGX_CS_F_INDEX_LIST_INDEX_BUFFER_HIGH)
			d->sink.field(d->sink.cookie, &desc->fields[i],
				      agx_cs_get(&desc->fields[i], record));
	}
}

bool decode_visit_draw(void *cookie, const struct agx_cs_draw *draw)
{
	struct agx_decode *d = cookie;
	const struct stash *stash = &d->stash;
	struct agx_decode_node node = {
		.kind = AGX_DECODE_DRAW,
		.title = draw->tessellate ? "draw_patches" : "draw",
		.desc = stash->part[0].desc,
		.record = stash->part[0].record,
		.address = draw->address,
		.number = draw->number,
	};
	unsigned int i;

	if (!stash->used || !stash->parts)
		return true;
	d->stats.draws++;
	decode_begin(d, &node, false);
	d->block_open[d->depth] = true;
	draw_fields(d, draw);
	draw_numbers(d, draw);
	decode_late_problems(d);
	for (i = 1; i < stash->parts; i++) {
		if (is_rest(stash, i, draw))
			decode_record(d, stash->part[i].part->name, stash->part[i].desc,
				      stash->part[i].record, stash->part[i].address,
				      AGX_DECODE_NO_NUMBER);
	}
	if (draw->indirect && !draw->tessellate)
		indirect_arguments(d,
				   &agx_cs_structs[draw->indexed ? AGX_CS_ID_DRAW_INDEXED_ARGUMENTS
								 : AGX_CS_ID_DRAW_ARGUMENTS],
				   draw->indirect_buffer);
	if (draw->indexed && d->config.memory)
		show_index_memory(d, draw);
	d->stash.used = false;
	return !d->failed;
}

bool decode_visit_dispatch(void *cookie, const struct agx_cs_dispatch *dispatch)
{
	struct agx_decode *d = cookie;
	uint32_t shader, preshader;

	decode_begin_launch(d);
	d->dispatches++;
	d->stats.dispatches++;
	decode_current_shaders(d, AGX_CS_STAGE_COMPUTE, &dispatch->program, &shader, &preshader);
	decode_shader_use(d, shader, AGX_DECODE_DISPATCH, dispatch->number);
	decode_shader_use(d, preshader, AGX_DECODE_DISPATCH, dispatch->number);
	if (dispatch->mode == AGX_CS_CDM_MODE_INDIRECT_GLOBAL)
		indirect_arguments(d, &agx_cs_structs[AGX_CS_ID_GRID_ARGUMENTS],
				   dispatch->indirect_buffer);
	else if (dispatch->mode == AGX_CS_CDM_MODE_INDIRECT_LOCAL)
		indirect_arguments(d, &agx_cs_structs[AGX_CS_ID_GRID_LOCAL_ARGUMENTS],
				   dispatch->indirect_buffer);
	d->stash.used = false;
	return !d->failed;
}
