// SPDX-License-Identifier: MIT
/*
 * The blocks of VDM and CDM streams: one loop for both, for they differ in their tables only.
 *
 * A stream that runs on for ever must come back to a block with the same blocks to return to. Brent's algorithm
 * finds that with one place remembered: the place of the jump that is compared moves up when the number of
 * jumps reaches a power of two.
 */
#include "walk_internal.h"

/* What G14X adds to a launch, as the words behind the first two. */
#define LAUNCH_G14X_LOW  0
#define LAUNCH_G14X_HIGH 0x40000000u

struct frame {
	uint64_t at;
	bool linked;
};

/* Where a stream is going, and how it may come back. */
struct course {
	struct frame calls[AGX_CS_WALK_CALLS];
	uint64_t stack; /* hash of the places to return to */
	uint64_t stacks[AGX_CS_WALK_CALLS];

	uint64_t seen_at, seen_stack; /* a jump's target, as Brent's algorithm keeps it */
	unsigned int jumps, power;
	/* The last jump that lies in memory that only the CPU writes. */
	uint64_t own_jump;
	bool has_own_jump;
};

static uint64_t mix(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * 0x9e3779b97f4a7c15ull + 1;
}

static bool comes_back(struct course *course, uint64_t target)
{
	if (course->jumps && target == course->seen_at && course->stack == course->seen_stack)
		return true;
	if (++course->jumps >= course->power) {
		course->power *= 2;
		course->jumps = 1;
		course->seen_at = target;
		course->seen_stack = course->stack;
	}
	return false;
}

/* One block, as far as it was read. */
struct reading {
	const struct agx_cs_block *block;
	uint64_t at;
	uint32_t size; /* with padding, when all of it was read */
	enum agx_cs_flow flow;
	enum agx_cs_variant variant;
	uint64_t target;
	bool due; /* a link that only the CPU writes leads here: something must be there */
	uint8_t bytes[WALK_BLOCK_MAX] __attribute__((aligned(8)));
};

static bool is_g14x(const struct reading *reading)
{
	return walk_word(reading->bytes + 8) == LAUNCH_G14X_LOW &&
	       walk_word(reading->bytes + 12) == LAUNCH_G14X_HIGH;
}

/* Memory that nobody has written: neither a state update of no words nor a launch of nothing is meant. */
static bool is_empty(const struct reading *reading)
{
	switch (reading->block->id) {
	case AGX_CS_BLOCK_PPP_STATE_UPDATE:
		return !walk_word(reading->bytes) && !walk_word(reading->bytes + 4);
	case AGX_CS_BLOCK_CDM_LAUNCH:
		return !walk_word(reading->bytes) && !walk_word(reading->bytes + 4) &&
		       !walk_word(reading->bytes + 8) && !walk_word(reading->bytes + 12);
	default:
		return false;
	}
}

/* An optional word of a VDM state update, by the bit that announces it. */
static void take_word(struct walk *walk, const struct agx_cs_event *event)
{
	struct agx_cs_draw_state *state = &walk->state;
	const unsigned int slot = event->part->when.start % AGX_CS_VDM_SLOTS;
	const uint32_t word = walk_word(event->record);

	state->vdm_set |= 1u << slot;
	state->vdm_new |= 1u << slot;
	state->vdm[slot] = word;
	state->vdm_at[slot] = event->address;
	if (event->desc->id == AGX_CS_ID_VDM_VERTEX_SHADER_0) {
		state->vertex_program.counts = word;
	} else if (event->desc->id == AGX_CS_ID_VDM_VERTEX_SHADER_1) {
		struct agx_cs_vdm_vertex_shader_1 shader;

		agx_cs_vdm_vertex_shader_1_unpack(&shader, event->record);
		state->vertex_program.set = true;
		state->vertex_program.pipeline = (uint32_t)shader.pipeline;
		state->vertex_program.list = walk_usc_address(walk, (uint32_t)shader.pipeline);
		walk->new_program = true;
	}
}

/* Shows the parts of a block. False: the walk is over. */
static bool show_parts(struct walk *walk, struct reading *reading, size_t got)
{
	const bool state = reading->block->id == AGX_CS_BLOCK_VDM_STATE_UPDATE;
	struct agx_cs_parts parts;
	struct agx_cs_event event = {
		.place = walk->place,
		.flow = (uint8_t)reading->flow,
		.depth = walk->depth,
		.first = true,
		.linked = walk->linked,
		.block = reading->block,
		.target = reading->target,
	};

	walk->new_program = false;
	agx_cs_parts(&parts, reading->block, walk_word(reading->bytes), reading->variant, 0);
	while (agx_cs_next_part(&parts)) {
		/* Of a terminate nothing but the tag has to be there. */
		if (parts.end > got && reading->flow != AGX_CS_END) {
			walk_missing(walk, reading->at, got, "block of a control stream");
			return false;
		}
		event.desc = parts.part->desc;
		event.part = parts.part;
		event.index = parts.index;
		event.address = reading->at + parts.offset;
		event.record = reading->bytes + parts.offset;
		if (state && !event.first)
			take_word(walk, &event);
		if (!walk_emit(walk, &event))
			return false;
		event.first = false;
		event.flow = AGX_CS_NEXT;
		event.target = 0;
	}
	return true;
}

/* What the block says to those behind it. False: the walk is over. */
static bool follow(struct walk *walk, const struct reading *reading)
{
	struct agx_cs_ppp_state ppp;

	switch (reading->block->id) {
	case AGX_CS_BLOCK_PPP_STATE_UPDATE:
		if (walk->start->walk_depth < AGX_CS_WALK_STATE)
			return true;
		agx_cs_ppp_state_unpack(&ppp, reading->bytes);
		return walk_ppp_record(walk, ppp.pointer, (uint32_t)ppp.size_words, reading->at);
	case AGX_CS_BLOCK_VDM_STATE_UPDATE:
		return !walk->new_program ||
		       walk_program_list(walk, AGX_CS_STAGE_VERTEX, &walk->state.vertex_program,
					 reading->at);
	case AGX_CS_BLOCK_INDEX_LIST:
		return walk_index_list(walk, reading->at, reading->bytes);
	case AGX_CS_BLOCK_VDM_TESSELLATE:
		return walk_tessellate(walk, reading->at);
	case AGX_CS_BLOCK_CDM_LAUNCH:
		return walk_launch(walk, reading->at, reading->bytes, reading->variant);
	default:
		return true;
	}
}

/* Reads the block at reading->at and shows it. False: the walk is over. */
static bool take_block(struct walk *walk, const struct agx_cs_stream *stream,
		       struct reading *reading)
{
	uint32_t head;
	size_t got;

	if (reading->at % stream->granule) {
		walk_trouble(walk, AGX_CS_ALIGNMENT, NULL, reading->at, reading->at,
			     "address of a control stream");
		return false;
	}
	walk_fetch(walk, &walk->stream, reading->at, reading->bytes, sizeof(reading->bytes), &got);
	if (got < sizeof(head)) {
		walk->linked &= !reading->due;
		walk_missing(walk, reading->at, got, "control stream");
		return false;
	}
	head = walk_word(reading->bytes);
	reading->block = agx_cs_block_at(stream, head);
	if (reading->block && walk->linked && is_empty(reading)) {
		reading->flow = walk->depth ? AGX_CS_RETURN : AGX_CS_END;
		reading->variant = AGX_CS_ALL;
		return walk_trouble(walk, AGX_CS_UNWRITTEN, NULL, reading->at, 0,
				    "not written yet: a program on the GPU does so");
	}
	if (!reading->block || is_empty(reading)) {
		walk_trouble(walk, AGX_CS_UNKNOWN_WORD, NULL, reading->at, head,
			     "no block of a control stream");
		return false;
	}
	reading->variant = reading->block->id == AGX_CS_BLOCK_CDM_LAUNCH && is_g14x(reading)
				   ? AGX_CS_G14X
				   : AGX_CS_ALL;
	reading->flow = agx_cs_block_flow(reading->block, head);
	reading->target = reading->block->target && reading->flow != AGX_CS_NEXT
				  ? agx_cs_get(reading->block->target, reading->bytes)
				  : 0;
	return show_parts(walk, reading, got) && follow(walk, reading);
}

/* From a block to the next. False: the walk is over. */
static bool go_on(struct walk *walk, struct course *course, struct reading *reading,
		  enum agx_cs_walk_end *end)
{
	const uint64_t next =
		reading->at +
		agx_cs_block_size(reading->block, walk_word(reading->bytes), reading->variant, 0);
	/* Seen before as the CPU's: still so, though a link leads back to it. */
	const bool own = !walk->linked || (course->has_own_jump && course->own_jump == reading->at);
	struct frame *frame;

	walk->from = reading->at;
	reading->due = false;
	switch (reading->flow) {
	case AGX_CS_CALL:
		if (walk->depth == AGX_CS_WALK_CALLS) {
			walk->linked = !own;
			walk_trouble(walk, AGX_CS_CALL_DEPTH, NULL, reading->at, walk->depth,
				     "calls without return");
			return false;
		}
		frame = &course->calls[walk->depth];
		frame->at = next;
		frame->linked = walk->linked;
		course->stacks[walk->depth++] = course->stack;
		course->stack = mix(course->stack, next);
		/* fall through */
	case AGX_CS_LINK:
		if (comes_back(course, reading->target)) {
			walk->linked = !own;
			walk_trouble(walk, AGX_CS_LOOP, NULL, reading->at, reading->target,
				     "the stream comes back to where it was");
			return false;
		}
		if (!walk->linked) {
			course->own_jump = reading->at;
			course->has_own_jump = true;
		}
		reading->due = !walk->linked;
		reading->at = reading->target;
		walk->linked = true;
		return true;
	case AGX_CS_RETURN:
		*end = AGX_CS_WALK_ENDED;
		if (!walk->depth) {
			walk_trouble(walk, AGX_CS_CALL_DEPTH, NULL, reading->at, 0,
				     "return without a call");
			return false;
		}
		course->stack = course->stacks[--walk->depth];
		reading->at = course->calls[walk->depth].at;
		walk->linked = course->calls[walk->depth].linked;
		return true;
	case AGX_CS_END:
		*end = AGX_CS_WALK_ENDED;
		return false;
	case AGX_CS_NEXT:
		break;
	}
	reading->at = next;
	return true;
}

static void walk_blocks(struct walk *walk, const struct agx_cs_stream *stream,
			struct agx_cs_walk_result *result)
{
	const unsigned int limit = walk->start->blocks ? walk->start->blocks : AGX_CS_WALK_BLOCKS;
	struct course course;
	struct reading reading;

	reading.at = walk->start->address & AGX_CS_ADDRESS_MASK;
	reading.due = false;
	/* The places to return to are not worth to be cleared. */
	course.stack = course.seen_stack = course.seen_at = course.own_jump = 0;
	course.jumps = 0;
	course.power = 1;
	course.has_own_jump = false;
	for (;;) {
		if (result->blocks == limit) {
			result->end = AGX_CS_WALK_LIMIT;
			/* It is the whole that has no end, whoever wrote the part that was last. */
			walk->linked = false;
			walk_trouble(walk, AGX_CS_UNTERMINATED, NULL, reading.at, limit,
				     "no end within the limit of blocks");
			break;
		}
		if (!take_block(walk, stream, &reading))
			break;
		result->blocks++;
		if (!go_on(walk, &course, &reading, &result->end))
			break;
	}
	result->at = reading.at;
}

static void walk_any(const struct agx_cs_memory *memory, const struct agx_cs_start *start,
		     const struct agx_cs_visitor *visitor, const struct agx_cs_stream *stream,
		     enum agx_cs_place place, struct agx_cs_walk_result *result)
{
	struct walk walk;

	walk_begin(&walk, memory, start, visitor);
	walk.place = (uint8_t)place;
	if (place == AGX_CS_IN_VDM)
		memset(&walk.state, 0, sizeof(walk.state));
	*result = (struct agx_cs_walk_result){.end = AGX_CS_WALK_BROKEN};
	walk_blocks(&walk, stream, result);
	if (walk.stopped)
		result->end = AGX_CS_WALK_STOPPED;
	result->draws = walk.draws;
	result->dispatches = walk.dispatches;
	result->problems = walk.problems;
}

void agx_cs_walk_vdm(const struct agx_cs_memory *memory, const struct agx_cs_start *start,
		     const struct agx_cs_visitor *visitor, struct agx_cs_walk_result *result)
{
	walk_any(memory, start, visitor, &agx_cs_vdm, AGX_CS_IN_VDM, result);
}

void agx_cs_walk_cdm(const struct agx_cs_memory *memory, const struct agx_cs_start *start,
		     const struct agx_cs_visitor *visitor, struct agx_cs_walk_result *result)
{
	walk_any(memory, start, visitor, &agx_cs_cdm, AGX_CS_IN_CDM, result);
}
