// SPDX-License-Identifier: MIT
/*
 * Control streams, and the lists that they lead to: what the walker finds, as events. A block stays open
 * until the next begins, so that what it leads to is inside; a called stream is inside the link that
 * calls it. Lists and tables that were shown in the same command are references.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode_internal.h"

const char *const decode_stage_names[AGX_CS_STAGES] = {
	[AGX_CS_STAGE_NONE] = "shader",           [AGX_CS_STAGE_VERTEX] = "vertex",
	[AGX_CS_STAGE_FRAGMENT] = "fragment",     [AGX_CS_STAGE_COMPUTE] = "compute",
	[AGX_CS_STAGE_BACKGROUND] = "background", [AGX_CS_STAGE_END_OF_TILE] = "end_of_tile",
};

static const char *const preamble_names[AGX_CS_STAGES] = {
	[AGX_CS_STAGE_NONE] = "preamble",
	[AGX_CS_STAGE_VERTEX] = "vertex_preamble",
	[AGX_CS_STAGE_FRAGMENT] = "fragment_preamble",
	[AGX_CS_STAGE_COMPUTE] = "compute_preamble",
	[AGX_CS_STAGE_BACKGROUND] = "background_preamble",
	[AGX_CS_STAGE_END_OF_TILE] = "end_of_tile_preamble",
};

static const char *const program_titles[AGX_CS_STAGES] = {
	[AGX_CS_STAGE_NONE] = "program",
	[AGX_CS_STAGE_VERTEX] = "vertex_program",
	[AGX_CS_STAGE_FRAGMENT] = "fragment_program",
	[AGX_CS_STAGE_COMPUTE] = "compute_program",
	[AGX_CS_STAGE_BACKGROUND] = "background_program",
	[AGX_CS_STAGE_END_OF_TILE] = "end_of_tile_program",
};

/*
 * Blocks.
 */

static void close_block(struct agx_decode *d)
{
	if (d->block_open[d->depth])
		decode_end(d);
	d->block_open[d->depth] = false;
}

static void begin_stream(struct agx_decode *d, const char *title, uint64_t address)
{
	struct agx_decode_node node = {
		.kind = AGX_DECODE_STREAM,
		.title = title,
		.address = address,
		.number = AGX_DECODE_NO_NUMBER,
	};

	decode_begin(d, &node, true);
}

/* To the depth of calls that a block has. */
static void go_to_depth(struct agx_decode *d, unsigned int depth, uint64_t address)
{
	decode_late_problems(d);
	if (depth > AGX_CS_WALK_CALLS)
		depth = AGX_CS_WALK_CALLS;
	while (d->depth > depth) {
		close_block(d);
		decode_end(d);
		d->depth--;
	}
	if (d->depth == depth)
		close_block(d);
	while (d->depth < depth) {
		begin_stream(d, "called_stream", address);
		d->block_open[++d->depth] = false;
	}
}

static void stash_part(struct agx_decode *d, const struct agx_cs_event *event)
{
	struct stash *stash = &d->stash;
	unsigned int i = stash->parts;

	if (i == sizeof(stash->part) / sizeof(*stash->part) ||
	    event->desc->size > sizeof(stash->part[i].record))
		return;
	stash->part[i].desc = event->desc;
	stash->part[i].part = event->part;
	stash->part[i].address = event->address;
	memcpy(stash->part[i].record, event->record, event->desc->size);
	stash->parts++;
}

static void stream_structure(struct agx_decode *d, const struct agx_cs_event *event)
{
	struct agx_decode_node node = {
		.kind = AGX_DECODE_BLOCK,
		.desc = event->desc,
		.record = event->record,
		.address = event->address,
		.size = event->desc->size,
		.number = AGX_DECODE_NO_NUMBER,
	};

	if (!event->first) {
		if (d->stash.used)
			stash_part(d, event);
		else
			decode_record(d, event->part->name, event->desc, event->record,
				      event->address, AGX_DECODE_NO_NUMBER);
		return;
	}
	d->stats.blocks++;
	d->linked = event->linked || event->flow == AGX_CS_LINK || event->flow == AGX_CS_CALL;
	go_to_depth(d, event->depth, event->address);
	switch (event->block->id) {
	case AGX_CS_BLOCK_INDEX_LIST:
	case AGX_CS_BLOCK_VDM_TESSELLATE:
	case AGX_CS_BLOCK_CDM_LAUNCH:
		d->stash.used = true;
		d->stash.begun = false;
		d->stash.parts = 0;
		stash_part(d, event);
		return;
	default:
		d->stash.used = false;
		break;
	}
	node.title = agx_cs_text(event->block->title);
	decode_begin(d, &node, false);
	d->block_open[d->depth] = true;
	decode_fields(d, event->desc, event->record, event->address);
}

/*
 * Lists and tables.
 */

static void begin_state(struct agx_decode *d, const struct agx_cs_event *header)
{
	struct agx_decode_node node = {
		.kind = AGX_DECODE_STATE,
		.title = "ppp_record",
		.address = d->state_visit.address,
		.size = 4 * d->state_visit.count,
		.number = AGX_DECODE_NO_NUMBER,
	};

	if (!d->state_pending)
		return;
	d->state_pending = false;
	if (header) {
		node.desc = header->desc;
		node.record = header->record;
	}
	decode_begin(d, &node, true);
	if (header)
		decode_fields(d, header->desc, header->record, header->address);
}

static bool visit_structure(void *cookie, const struct agx_cs_event *event)
{
	struct agx_decode *d = cookie;
	const char *title = NULL;
	uint64_t number = AGX_DECODE_NO_NUMBER;

	switch (event->place) {
	case AGX_CS_IN_VDM:
	case AGX_CS_IN_CDM:
		stream_structure(d, event);
		return !d->failed;
	case AGX_CS_IN_PPP:
		if (event->first) {
			begin_state(d, event);
			return !d->failed;
		}
		title = event->part->name;
		if (event->part->times != AGX_CS_ONCE)
			number = event->index;
		break;
	case AGX_CS_IN_CF:
		title = event->part->name;
		if (!event->first)
			number = event->index;
		break;
	case AGX_CS_IN_TEXTURES:
		d->stats.descriptors++;
		decode_texture(d, event);
		return !d->failed;
	case AGX_CS_IN_SAMPLERS:
		d->stats.descriptors += event->first;
		title = event->desc->name;
		number = event->index;
		break;
	default:
		break;
	}
	decode_record(d, title, event->desc, event->record, event->address, number);
	if (event->place == AGX_CS_IN_PPP)
		decode_indexed(d, event);
	if (event->place == AGX_CS_IN_USC && d->config.memory &&
	    (event->desc->id == AGX_CS_ID_USC_UNIFORM ||
	     event->desc->id == AGX_CS_ID_USC_UNIFORM_HIGH)) {
		struct agx_cs_usc_uniform uniform;

		agx_cs_usc_uniform_unpack(&uniform, event->record);
		decode_bytes(d, "uniforms", uniform.buffer, 2 * uniform.size);
	}
	return !d->failed;
}

static bool visit_enter(void *cookie, const struct agx_cs_visit *visit)
{
	struct agx_decode *d = cookie;
	uint64_t key =
		decode_shown_key(visit->place, visit->stage, visit->extended, visit->address);
	struct agx_decode_node node = {
		.kind = AGX_DECODE_LIST,
		.address = visit->address,
		.number = AGX_DECODE_NO_NUMBER,
	};
	const struct shown *shown;

	d->linked = visit->linked;
	if (visit->place == AGX_CS_IN_PPP) {
		d->state_pending = true;
		d->state_visit = *visit;
		return true;
	}
	decode_begin_launch(d);
	switch (visit->place) {
	case AGX_CS_IN_USC:
		node.title = program_titles[visit->stage];
		d->list = *visit;
		d->list_looked = false;
		break;
	case AGX_CS_IN_CF:
		node.title = "cf_bindings";
		break;
	default:
		node.kind = AGX_DECODE_ARRAY;
		node.title = visit->place == AGX_CS_IN_TEXTURES ? "textures" : "samplers";
		key ^= (uint64_t)visit->start << 40;
		break;
	}
	shown = d->config.repeat ? NULL : decode_find_shown(d, key);
	if (shown && shown->count >= visit->count) {
		node.reference = true;
		decode_begin(d, &node, true);
		if (shown->shader)
			decode_number(d, "shader", shown->shader, AGX_DECODE_DEC);
		decode_end(d);
		return false;
	}
	decode_begin(d, &node, true);
	if (visit->place != AGX_CS_IN_USC) {
		struct shown *slot = shown ? NULL : decode_add_shown(d, key);

		if (slot)
			slot->count = visit->count;
	}
	return true;
}

static void visit_leave(void *cookie, const struct agx_cs_visit *visit,
			const struct agx_cs_pipeline *pipeline)
{
	struct agx_decode *d = cookie;
	uint32_t shader = SHADER_NONE, preshader = SHADER_NONE;
	struct shown *slot;
	uint64_t key;

	if (visit->place == AGX_CS_IN_PPP) {
		/* A record without a header has shown nothing. */
		begin_state(d, NULL);
		decode_end(d);
		return;
	}
	if (pipeline) {
		if (pipeline->has_shader)
			shader = decode_shader(d, decode_stage_names[visit->stage],
					       pipeline->shader_address);
		if (pipeline->has_preshader)
			preshader = decode_shader(d, preamble_names[visit->stage],
						  pipeline->preshader_address);
		decode_loads(d, pipeline, preshader, shader);
		decode_loads(d, pipeline, shader, shader);
		key = decode_shown_key(visit->place, visit->stage, visit->extended, visit->address);
		slot = decode_find_shown(d, key);
		if (!slot)
			slot = decode_add_shown(d, key);
		if (slot) {
			slot->shader = shader;
			slot->preshader = preshader;
		}
		d->current[visit->stage].list = visit->address;
		d->current[visit->stage].shader = shader;
		d->current[visit->stage].preshader = preshader;
	}
	decode_end(d);
}

static bool visit_problem(void *cookie, const struct agx_cs_trouble *trouble)
{
	struct agx_decode *d = cookie;
	enum agx_cs_problem problem = trouble->problem;
	char text[200];
	int used = 0;

	decode_begin_launch(d);
	begin_state(d, NULL);
	if ((problem == AGX_CS_UNMAPPED || problem == AGX_CS_TRUNCATED) && trouble->linked &&
	    d->unwritten != AGX_DECODE_NO_ADDRESS)
		problem = AGX_CS_UNWRITTEN;
	if (trouble->desc)
		used = snprintf(text, sizeof(text), "%s%s%s: ", trouble->desc->name,
				trouble->field ? "." : "",
				trouble->field ? trouble->field->name : "");
	if (problem == AGX_CS_UNMAPPED || problem == AGX_CS_TRUNCATED ||
	    problem == AGX_CS_UNWRITTEN)
		snprintf(text + used, sizeof(text) - used, "%s, named at 0x%llx", trouble->what,
			 (unsigned long long)trouble->from);
	else
		snprintf(text + used, sizeof(text) - used, "%s (0x%llx)", trouble->what,
			 (unsigned long long)trouble->value);
	/* A draw is shown when all its words are known. */
	if (d->stash.used && !d->stash.begun && d->num_late < sizeof(d->late) / sizeof(*d->late)) {
		d->late[d->num_late].problem = problem;
		d->late[d->num_late].address = trouble->address;
		memcpy(d->late[d->num_late].text, text, sizeof(text));
		d->num_late++;
		return !d->failed;
	}
	decode_problem(d, problem, trouble->address, text);
	return !d->failed;
}

static const struct agx_cs_visitor *visitor_of(struct agx_decode *d, struct agx_cs_visitor *visitor)
{
	*visitor = (struct agx_cs_visitor){
		.cookie = d,
		.structure = visit_structure,
		.problem = visit_problem,
		.draw = decode_visit_draw,
		.dispatch = decode_visit_dispatch,
		.enter = visit_enter,
		.leave = visit_leave,
	};
	return visitor;
}

void decode_stream(struct agx_decode *d, bool cdm, uint64_t address)
{
	struct agx_cs_start start = {
		.address = address,
		.usc_base = d->usc_base,
		.walk_depth = AGX_CS_WALK_DESCRIPTORS,
		.judge = true,
		.blocks = d->config.blocks,
	};
	struct agx_cs_memory memory = decode_walk_memory(d);
	struct agx_cs_walk_result result;
	struct agx_cs_visitor visitor;

	d->depth = 0;
	d->block_open[0] = false;
	d->stash.used = false;
	d->state_pending = false;
	d->dispatches = 0;
	d->linked = false;
	d->num_late = 0;
	begin_stream(d, cdm ? "compute_stream" : "vertex_stream", address);
	if (cdm)
		agx_cs_walk_cdm(&memory, &start, visitor_of(d, &visitor), &result);
	else
		agx_cs_walk_vdm(&memory, &start, visitor_of(d, &visitor), &result);
	go_to_depth(d, 0, 0);
	decode_end(d);
	d->linked = false;
}

void decode_list(struct agx_decode *d, enum agx_cs_stage stage, const char *title, uint64_t address,
		 uint32_t counts)
{
	struct agx_cs_start start = {
		.usc_base = d->usc_base,
		.walk_depth = AGX_CS_WALK_DESCRIPTORS,
		.judge = true,
	};
	struct agx_cs_counts unpacked;
	struct agx_cs_visit visit = {
		.place = AGX_CS_IN_USC,
		.stage = stage,
		.address = address,
		.from = address,
	};
	struct agx_cs_memory memory = decode_walk_memory(d);
	struct agx_cs_pipeline pipeline;
	struct agx_cs_visitor visitor;

	agx_cs_counts_unpack(&unpacked, &counts);
	visit.extended =
		unpacked.sampler_state_register_count == AGX_CS_SAMPLER_STATES_EXTENDED_8 ||
		unpacked.sampler_state_register_count == AGX_CS_SAMPLER_STATES_EXTENDED_16;
	visitor_of(d, &visitor);
	if (!visit_enter(d, &visit))
		return;
	agx_cs_walk_usc(&memory, &start, &visit, &visitor, &pipeline);
	visit_leave(d, &visit, &pipeline);
	decode_shader_use(d, d->current[stage].shader, AGX_DECODE_COMMAND, 0);
	decode_shader_use(d, d->current[stage].preshader, AGX_DECODE_COMMAND, 0);
}
