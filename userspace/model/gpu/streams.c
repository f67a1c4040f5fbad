// SPDX-License-Identifier: MIT
/*
 * A driver writes the first part of a stream with the CPU. Behind a link there may be blocks that a program on
 * the GPU writes before they are needed; while nothing executes they hold anything. So addresses in blocks count
 * in the first part only (up to a link, and again behind a call), and elsewhere a walk gives up quietly.
 */
#include <string.h>

#include "agx_cs_pack.h"
#include "streams.h"

#define PAGE_MASK (AGX_UAT_PAGE_SIZE - 1)

const void *stream_piece(void *cookie, uint64_t address, size_t *size)
{
	const struct stream *stream = cookie;

	*size = AGX_UAT_PAGE_SIZE - (address & PAGE_MASK);
	return agx_walk_window(stream->walker, stream->context, AGX_WALK_GPU, address, 1,
			       AGX_WALK_READ);
}

bool stream_readable(const struct stream *stream, uint64_t address, uint64_t size)
{
	const uint64_t last = (address + (size ? size - 1 : 0)) & AGX_CS_ADDRESS_MASK;

	address &= AGX_CS_ADDRESS_MASK;
	return agx_walk_allows(stream->walker, stream->context, AGX_WALK_GPU, address,
			       AGX_WALK_READ) &&
	       ((address & ~PAGE_MASK) == (last & ~PAGE_MASK) ||
		agx_walk_allows(stream->walker, stream->context, AGX_WALK_GPU, last,
				AGX_WALK_READ));
}

const char *stream_stage_name(unsigned int stage)
{
	static const char *const names[AGX_CS_STAGES] = {
		[AGX_CS_STAGE_NONE] = "",
		[AGX_CS_STAGE_VERTEX] = "vertex",
		[AGX_CS_STAGE_FRAGMENT] = "fragment",
		[AGX_CS_STAGE_COMPUTE] = "compute",
		[AGX_CS_STAGE_BACKGROUND] = "background",
		[AGX_CS_STAGE_END_OF_TILE] = "end-of-tile",
	};

	return stage < AGX_CS_STAGES ? names[stage] : "";
}

/* Of lists, descriptors and programs there are findings of their own; the fields' are the same everywhere. */
enum agx_gpu_finding_id stream_finding(const struct agx_cs_trouble *trouble)
{
	const bool stream = trouble->place == AGX_CS_IN_VDM || trouble->place == AGX_CS_IN_CDM;
	const unsigned int id = trouble->desc ? trouble->desc->id : UINT32_MAX;

	switch ((enum agx_cs_problem)trouble->problem) {
	case AGX_CS_RESERVED:
		return AGX_GPU_FINDING_FIELD_RESERVED;
	case AGX_CS_FIXED_BITS:
		return AGX_GPU_FINDING_FIELD_FIXED;
	case AGX_CS_RANGE:
		if (!trouble->field && trouble->place == AGX_CS_IN_USC)
			return AGX_GPU_FINDING_LIST_REGISTERS;
		if (!trouble->field && trouble->place == AGX_CS_IN_CDM)
			return AGX_GPU_FINDING_LAUNCH_GROUP;
		return id == AGX_CS_ID_INDEX_LIST_INSTANCES ? AGX_GPU_FINDING_DRAW_INSTANCES
							    : AGX_GPU_FINDING_FIELD_RANGE;
	case AGX_CS_ALIGNMENT:
		return !trouble->desc && stream ? AGX_GPU_FINDING_STREAM_ALIGNMENT
						: AGX_GPU_FINDING_FIELD_ALIGNMENT;
	case AGX_CS_ENUM_UNKNOWN:
		return AGX_GPU_FINDING_FIELD_ENUM;
	case AGX_CS_UNMAPPED:
	case AGX_CS_TRUNCATED:
		return AGX_GPU_FINDING_LIST_MEMORY;
	case AGX_CS_UNTERMINATED:
		return stream ? AGX_GPU_FINDING_STREAM_ENDLESS : AGX_GPU_FINDING_LIST_ENDLESS;
	case AGX_CS_LOOP:
		return AGX_GPU_FINDING_STREAM_LOOP;
	case AGX_CS_CALL_DEPTH:
		return AGX_GPU_FINDING_STREAM_CALLS;
	case AGX_CS_SIZE:
		return trouble->place == AGX_CS_IN_CF ? AGX_GPU_FINDING_LIST_BINDINGS
						      : AGX_GPU_FINDING_STREAM_RECORD_SIZE;
	case AGX_CS_OVERLAP:
		return AGX_GPU_FINDING_LIST_OVERLAP;
	case AGX_CS_INCOMPLETE:
		return trouble->place == AGX_CS_IN_USC ? AGX_GPU_FINDING_LIST_INCOMPLETE
						       : AGX_GPU_FINDING_DRAW_INCOMPLETE;
	case AGX_CS_UNKNOWN_WORD:
		return stream ? AGX_GPU_FINDING_CONTROL_STREAM : AGX_GPU_FINDING_LIST_WORD;
	default:
		return AGX_GPU_FINDING_CONTROL_STREAM;
	}
}

/* --- Resolving --- */

struct resolving {
	const struct stream *stream;
	struct stream_fault *fault;
	bool faulted;
	unsigned int number;
	void (*odd)(void *cookie, const struct agx_cs_trouble *trouble, unsigned int number);
	void *cookie;
};

static bool allowed(struct resolving *r, uint64_t address, const char *what)
{
	const struct stream *stream = r->stream;

	if (agx_walk_allows(stream->walker, stream->context, AGX_WALK_GPU, address, AGX_WALK_READ))
		return true;
	agx_walk(stream->walker, stream->context, AGX_WALK_GPU, address, AGX_WALK_READ,
		 &r->fault->walk);
	r->fault->address = address;
	r->fault->what = what;
	r->faulted = true;
	return false;
}

/* Records and lists are resolved and not looked into: that is for who judges. */
static bool on_enter(void *cookie, const struct agx_cs_visit *visit)
{
	struct resolving *r = cookie;

	if (visit->linked || r->faulted)
		return false;
	if (visit->place == AGX_CS_IN_PPP) {
		if (allowed(r, visit->address, "PPP record") && visit->count)
			allowed(r, (visit->address + 4ull * visit->count - 1) & AGX_CS_ADDRESS_MASK,
				"end of a PPP record");
	} else if (visit->place == AGX_CS_IN_USC) {
		allowed(r, visit->address, "USC program of a block");
	}
	return false;
}

static bool on_problem(void *cookie, const struct agx_cs_trouble *trouble)
{
	struct resolving *r = cookie;

	if (r->faulted)
		return false;
	if (trouble->linked || trouble->problem == AGX_CS_UNTERMINATED ||
	    trouble->problem == AGX_CS_UNWRITTEN)
		return true;
	if (trouble->problem == AGX_CS_UNMAPPED || trouble->problem == AGX_CS_TRUNCATED) {
		allowed(r, trouble->address, "control stream");
		return false;
	}
	if (r->odd)
		r->odd(r->cookie, trouble, r->number);
	return true;
}

static bool on_draw(void *cookie, const struct agx_cs_draw *draw)
{
	struct resolving *r = cookie;

	if (!r->faulted)
		r->number = draw->number + 1;
	return !r->faulted;
}

static bool on_dispatch(void *cookie, const struct agx_cs_dispatch *dispatch)
{
	struct resolving *r = cookie;

	if (!r->faulted)
		r->number = dispatch->number + 1;
	return !r->faulted;
}

bool stream_resolve(const struct stream *stream, struct stream_fault *fault,
		    void (*odd)(void *cookie, const struct agx_cs_trouble *trouble,
				unsigned int number),
		    void *cookie)
{
	struct resolving r = {.stream = stream, .fault = fault, .odd = odd, .cookie = cookie};
	const struct agx_cs_memory memory = {stream_piece, (void *)(uintptr_t)stream};
	const struct agx_cs_start start = {
		.address = stream->address,
		.usc_base = stream->usc_base,
		.walk_depth = AGX_CS_WALK_LISTS,
		.blocks = STREAM_BLOCKS,
	};
	const struct agx_cs_visitor visitor = {
		.cookie = &r,
		.problem = on_problem,
		.draw = on_draw,
		.dispatch = on_dispatch,
		.enter = on_enter,
	};
	struct agx_cs_walk_result result;

	(stream->compute ? agx_cs_walk_cdm : agx_cs_walk_vdm)(&memory, &start, &visitor, &result);
	fault->number = r.number;
	return !r.faulted;
}

/* --- Locating --- */

struct locating {
	unsigned int number;
	struct agx_gpu_place *place;
};

static bool locate_draw(void *cookie, const struct agx_cs_draw *draw)
{
	const struct locating *l = cookie;

	l->place->kind = AGX_GPU_AT_DRAW;
	l->place->number = draw->number;
	l->place->list = draw->state->vertex_program.set ? draw->state->vertex_program.list : 0;
	return draw->number < l->number;
}

static bool locate_dispatch(void *cookie, const struct agx_cs_dispatch *dispatch)
{
	const struct locating *l = cookie;

	l->place->kind = AGX_GPU_AT_LAUNCH;
	l->place->number = dispatch->number;
	l->place->list = dispatch->program.list;
	return dispatch->number < l->number;
}

void stream_locate(const struct stream *stream, unsigned int number, struct agx_gpu_place *place)
{
	struct locating l = {.number = number, .place = place};
	const struct agx_cs_memory memory = {stream_piece, (void *)(uintptr_t)stream};
	const struct agx_cs_start start = {
		.address = stream->address,
		.usc_base = stream->usc_base,
		.walk_depth = AGX_CS_WALK_BLOCKS_ONLY,
	};
	const struct agx_cs_visitor visitor = {
		.cookie = &l,
		.draw = locate_draw,
		.dispatch = locate_dispatch,
	};
	const uint8_t stage = stream->compute ? AGX_CS_STAGE_COMPUTE : AGX_CS_STAGE_VERTEX;
	struct agx_cs_walk_result result;

	(stream->compute ? agx_cs_walk_cdm : agx_cs_walk_vdm)(&memory, &start, &visitor, &result);
	if (place->list)
		stream_program(stream, stage, place->list, place);
}

void stream_program(const struct stream *stream, unsigned int stage, uint64_t list,
		    struct agx_gpu_place *place)
{
	const struct agx_cs_memory memory = {stream_piece, (void *)(uintptr_t)stream};
	const struct agx_cs_start start = {
		.usc_base = stream->usc_base,
		.walk_depth = AGX_CS_WALK_LISTS,
	};
	const struct agx_cs_visit visit = {
		.place = AGX_CS_IN_USC,
		.stage = (uint8_t)stage,
		.address = list,
	};
	struct agx_cs_pipeline pipeline;

	agx_cs_walk_usc(&memory, &start, &visit, NULL, &pipeline);
	place->stage = stream_stage_name(stage);
	place->list = list;
	place->shader = pipeline.has_shader ? pipeline.shader_address : 0;
}
