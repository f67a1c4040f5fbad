// SPDX-License-Identifier: MIT
/* PPP records, and the draws and launches with the state that they have. */
#include "walk_internal.h"

/* Longest record: its length has eight bits. */
#define RECORD_WORDS 255

static void take_array(uint32_t (*to)[AGX_CS_VIEWPORTS][6], uint8_t *count,
		       const struct agx_cs_event *event)
{
	if (event->index >= AGX_CS_VIEWPORTS)
		return;
	memcpy((*to)[event->index], event->record, sizeof((*to)[0]));
	*count = (uint8_t)(event->index + 1);
}

/* A part of a PPP record, by the bit that announces it. */
static void take_part(struct walk *walk, const struct agx_cs_event *event)
{
	struct agx_cs_draw_state *state = &walk->state;
	const unsigned int slot = event->part->when.start % AGX_CS_PPP_SLOTS;
	struct agx_cs_fragment_shader_1 shader;
	struct agx_cs_fragment_shader_2 bindings;

	switch (event->desc->id) {
	case AGX_CS_ID_REGION_CLIP:
		if (event->index < AGX_CS_VIEWPORTS) {
			memcpy(state->region_clip[event->index], event->record,
			       sizeof(state->region_clip[0]));
			state->region_clips = (uint8_t)(event->index + 1);
		}
		break;
	case AGX_CS_ID_VIEWPORT:
		take_array(&state->viewport, &state->viewports, event);
		return; /* the slot is the control word's */
	case AGX_CS_ID_VIEWPORT_CONTROL:
		state->viewport_control = walk_word(event->record);
		break;
	case AGX_CS_ID_VARYING_2:
		memcpy(state->varying_2, event->record, sizeof(state->varying_2));
		break;
	case AGX_CS_ID_FRAGMENT_SHADER_0:
		state->fragment[0] = state->fragment_program.counts = walk_word(event->record);
		break;
	case AGX_CS_ID_FRAGMENT_SHADER_1:
		agx_cs_fragment_shader_1_unpack(&shader, event->record);
		state->fragment[1] = walk_word(event->record);
		state->fragment_program.set = true;
		state->fragment_program.pipeline = (uint32_t)shader.pipeline;
		state->fragment_program.list = walk_usc_address(walk, (uint32_t)shader.pipeline);
		walk->new_program = true;
		return;
	case AGX_CS_ID_FRAGMENT_SHADER_2:
		agx_cs_fragment_shader_2_unpack(&bindings, event->record);
		state->fragment[2] = walk_word(event->record);
		state->cf_bindings =
			bindings.cf_bindings
				? walk_usc_address(walk, (uint32_t)bindings.cf_bindings)
				: 0;
		return;
	case AGX_CS_ID_FRAGMENT_SHADER_3:
		state->fragment[3] = walk_word(event->record);
		return;
	default:
		break;
	}
	if (!event->index)
		state->ppp[slot] = walk_word(event->record);
	state->ppp_at[slot] = event->address;
	state->ppp_set |= 1u << slot;
	state->ppp_new |= 1u << slot;
}

/* The parts of a record of size bytes. False: the walk is over. */
static bool show_record(struct walk *walk, uint64_t address, const uint8_t *record, size_t size,
			size_t got)
{
	const uint32_t head = walk_word(record);
	const struct agx_cs_block *block = agx_cs_block_at(&agx_cs_ppp, head);
	struct agx_cs_parts parts;
	struct agx_cs_event event = {
		.place = AGX_CS_IN_PPP,
		.depth = walk->depth,
		.first = true,
		.linked = walk->linked,
		.block = block,
	};

	agx_cs_parts(&parts, block, head, AGX_CS_ALL, 0);
	while (agx_cs_next_part(&parts)) {
		if (parts.end > size)
			return walk_trouble(walk, AGX_CS_SIZE, block->parts[0].desc, address, size,
					    "a PPP record ends before its parts");
		if (parts.end > got)
			return walk_missing(walk, address, got, "end of a PPP record");
		event.desc = parts.part->desc;
		event.part = parts.part;
		event.index = parts.index;
		event.address = address + parts.offset;
		event.record = record + parts.offset;
		if (!event.first)
			take_part(walk, &event);
		if (!walk_emit(walk, &event))
			return false;
		event.first = false;
	}
	if (parts.end < size)
		return walk_trouble(walk, AGX_CS_SIZE, block->parts[0].desc, address, size,
				    "a PPP record is longer than its parts");
	return true;
}

bool walk_ppp_record(struct walk *walk, uint64_t address, uint32_t words, uint64_t from)
{
	uint8_t record[4 * RECORD_WORDS] __attribute__((aligned(8)));
	const struct agx_cs_visit visit = {
		.place = AGX_CS_IN_PPP,
		.linked = walk->linked,
		.count = (uint16_t)words,
		.address = address,
		.from = from,
	};
	const uint8_t place = walk->place;
	size_t got;
	bool more = true;

	if (!walk_enter(walk, &visit))
		return true;
	walk->place = AGX_CS_IN_PPP;
	walk->from = from;
	walk->new_program = false;
	walk_fetch(walk, &walk->record, address, record, 4 * words, &got);
	if (!words)
		more = walk_trouble(walk, AGX_CS_SIZE, NULL, from, 0, "a PPP record of no words");
	else if (got < 4)
		more = walk_missing(walk, address, got, "PPP record");
	else
		more = show_record(walk, address, record, 4 * words, got);
	walk_leave(walk, &visit, NULL);
	if (more && walk->new_program) {
		const struct agx_cs_draw_state *state = &walk->state;
		struct agx_cs_fragment_shader_0 counts;

		agx_cs_fragment_shader_0_unpack(&counts, &state->fragment[0]);
		more = walk_program_list(walk, AGX_CS_STAGE_FRAGMENT, &state->fragment_program,
					 address);
		if (more && state->cf_bindings)
			more = walk_cf_bindings(walk, state->cf_bindings,
						(unsigned int)counts.cf_binding_count, address);
	}
	walk->place = place;
	return more;
}

/* --- Draws --- */

static bool give_draw(struct walk *walk, const struct agx_cs_draw *draw)
{
	walk->draws++;
	if (walk->visitor->draw && !walk->visitor->draw(walk->visitor->cookie, draw)) {
		walk->stopped = true;
		return false;
	}
	walk->state.vdm_new = 0;
	walk->state.ppp_new = 0;
	return true;
}

/* Says that no fragment shader will run: then none has to be named. */
static bool needs_fragments(const struct agx_cs_draw_state *state)
{
	const struct agx_cs_block *block = agx_cs_block_at(&agx_cs_ppp, 0);
	struct agx_cs_fragment_control control;
	uint32_t both = 0;

	for (unsigned int i = 0; i < block->part_count; i++)
		if (block->parts[i].desc->id == AGX_CS_ID_FRAGMENT_CONTROL)
			both |= state->ppp[block->parts[i].when.start % AGX_CS_PPP_SLOTS];
	agx_cs_fragment_control_unpack(&control, &both);
	return !control.tag_write_disable;
}

/* What every draw must have; the parts of PPP state count when records are looked at. */
static bool judge_draw(struct walk *walk, const struct agx_cs_draw *draw,
		       const struct agx_cs_struct *desc)
{
	const struct agx_cs_draw_state *state = &walk->state;
	const uint64_t at = draw->address;

	if (!state->vertex_program.set &&
	    !walk_trouble(walk, AGX_CS_INCOMPLETE, desc, at, 0, "a draw without a vertex program"))
		return false;
	if (walk->start->walk_depth >= AGX_CS_WALK_STATE) {
		if (!state->fragment_program.set && needs_fragments(state) &&
		    !walk_trouble(walk, AGX_CS_INCOMPLETE, desc, at, 0,
				  "a draw without words of a fragment shader"))
			return false;
		if (!state->viewports &&
		    !walk_trouble(walk, AGX_CS_INCOMPLETE, desc, at, 0, "a draw without viewport"))
			return false;
	}
	if (draw->tessellate)
		return true;
	if (!draw->indirect && (!draw->has_count || !draw->has_instances) &&
	    !walk_trouble(walk, AGX_CS_INCOMPLETE, desc, at, 0,
			  "a direct draw without a count or without instances"))
		return false;
	if (draw->indexed && draw->index_size && draw->index_buffer % draw->index_size &&
	    !walk_trouble(walk, AGX_CS_ALIGNMENT, desc, at, draw->index_buffer,
			  "an index buffer that is not aligned to the size of an index"))
		return false;
	return true;
}

bool walk_index_list(struct walk *walk, uint64_t address, const uint8_t *bytes)
{
	const struct agx_cs_block *block = agx_cs_block_at(&agx_cs_vdm, walk_word(bytes));
	struct agx_cs_draw draw = {
		.number = walk->draws,
		.linked = walk->linked,
		.address = address,
		.state = &walk->state,
	};
	struct agx_cs_index_list list;
	struct agx_cs_index_list_indirect indirect;
	struct agx_cs_parts parts;

	agx_cs_index_list_unpack(&list, bytes);
	draw.primitive = (uint8_t)list.primitive;
	draw.restart = list.restart_enable;
	if ((unsigned int)list.index_size <= AGX_CS_INDEX_SIZE_U32)
		draw.index_size = (uint8_t)(1u << (unsigned int)list.index_size);
	agx_cs_parts(&parts, block, walk_word(bytes), AGX_CS_ALL, 0);
	while (agx_cs_next_part(&parts)) {
		const uint8_t *record = bytes + parts.offset;

		switch (parts.part->desc->id) {
		case AGX_CS_ID_INDEX_LIST_BUFFER:
			draw.indexed = true;
			draw.index_buffer =
				(list.index_buffer_high | walk_word(record)) & AGX_CS_ADDRESS_MASK;
			break;
		case AGX_CS_ID_INDEX_LIST_COUNT:
			draw.has_count = true;
			draw.count = walk_word(record);
			break;
		case AGX_CS_ID_INDEX_LIST_INSTANCES:
			draw.has_instances = true;
			draw.instances = walk_word(record);
			break;
		case AGX_CS_ID_INDEX_LIST_START:
			draw.has_start = true;
			draw.start = walk_word(record);
			break;
		case AGX_CS_ID_INDEX_LIST_UNKNOWN_1:
			memcpy(draw.unknown_1, record, sizeof(draw.unknown_1));
			break;
		case AGX_CS_ID_INDEX_LIST_INDIRECT:
			agx_cs_index_list_indirect_unpack(&indirect, record);
			draw.indirect = true;
			draw.indirect_buffer = indirect.address;
			break;
		case AGX_CS_ID_INDEX_LIST_UNKNOWN_2:
			draw.unknown_2 = walk_word(record);
			break;
		case AGX_CS_ID_INDEX_LIST_BUFFER_SIZE:
			draw.has_buffer_size = true;
			draw.index_buffer_size = (uint64_t)walk_word(record) << 2;
			break;
		default:
			break;
		}
	}
	if (walk->start->judge && !judge_draw(walk, &draw, block->parts[0].desc))
		return false;
	return give_draw(walk, &draw);
}

bool walk_tessellate(struct walk *walk, uint64_t address)
{
	const struct agx_cs_draw draw = {
		.number = walk->draws,
		.linked = walk->linked,
		.tessellate = true,
		.address = address,
		.state = &walk->state,
	};

	if (walk->start->judge && !judge_draw(walk, &draw, NULL))
		return false;
	return give_draw(walk, &draw);
}

/* --- Launches --- */

static bool judge_launch(struct walk *walk, const struct agx_cs_dispatch *dispatch,
			 const struct agx_cs_struct *desc)
{
	const uint64_t threads =
		(uint64_t)dispatch->local[0] * dispatch->local[1] * dispatch->local[2];

	if (!dispatch->has_local)
		return true;
	/* Each alone is judged by its range; no product of three such overflows. */
	if (dispatch->local[0] > AGX_CS_GROUP_THREADS ||
	    dispatch->local[1] > AGX_CS_GROUP_THREADS ||
	    dispatch->local[2] > AGX_CS_GROUP_THREADS || threads <= AGX_CS_GROUP_THREADS)
		return true;
	return walk_trouble(walk, AGX_CS_RANGE, desc, dispatch->address, threads,
			    "a group of more threads than there can be");
}

bool walk_launch(struct walk *walk, uint64_t address, const uint8_t *bytes,
		 enum agx_cs_variant variant)
{
	const struct agx_cs_block *block = agx_cs_block_at(&agx_cs_cdm, walk_word(bytes));
	struct agx_cs_dispatch dispatch = {
		.number = walk->dispatches,
		.linked = walk->linked,
		.g14x = variant == AGX_CS_G14X,
		.address = address,
	};
	struct agx_cs_cdm_launch_0 launch;
	struct agx_cs_cdm_launch_1 program;
	struct agx_cs_cdm_indirect indirect;
	struct agx_cs_parts parts;

	agx_cs_cdm_launch_0_unpack(&launch, bytes);
	dispatch.mode = (uint8_t)launch.mode;
	dispatch.program.counts = walk_word(bytes);
	agx_cs_parts(&parts, block, walk_word(bytes), variant, 0);
	while (agx_cs_next_part(&parts)) {
		const uint8_t *record = bytes + parts.offset;

		switch (parts.part->desc->id) {
		case AGX_CS_ID_CDM_LAUNCH_1:
			agx_cs_cdm_launch_1_unpack(&program, record);
			dispatch.program.set = true;
			dispatch.program.pipeline = (uint32_t)program.pipeline;
			dispatch.program.list = walk_usc_address(walk, (uint32_t)program.pipeline);
			break;
		case AGX_CS_ID_CDM_GLOBAL_SIZE:
			dispatch.has_global = true;
			memcpy(dispatch.global, record, sizeof(dispatch.global));
			break;
		case AGX_CS_ID_CDM_LOCAL_SIZE:
			dispatch.has_local = true;
			memcpy(dispatch.local, record, sizeof(dispatch.local));
			break;
		case AGX_CS_ID_CDM_INDIRECT:
			agx_cs_cdm_indirect_unpack(&indirect, record);
			dispatch.indirect_buffer = indirect.address;
			break;
		default:
			break;
		}
	}
	if (!walk_program_list(walk, AGX_CS_STAGE_COMPUTE, &dispatch.program, address))
		return false;
	if (walk->start->judge && !judge_launch(walk, &dispatch, block->parts[0].desc))
		return false;
	walk->dispatches++;
	if (walk->visitor->dispatch && !walk->visitor->dispatch(walk->visitor->cookie, &dispatch)) {
		walk->stopped = true;
		return false;
	}
	return true;
}
