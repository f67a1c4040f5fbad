// SPDX-License-Identifier: MIT
#include <string.h>

#include "agx_cs_pack.h"
#include "cdm.h"

/* What one block comes to. */
struct block {
	bool met, launches, odd;
	uint8_t flow; /* enum agx_cs_flow */
	uint64_t target, behind;
	struct agx_cs_dispatch dispatch;
	struct agx_cs_trouble trouble; /* the first, if odd */
};

static bool on_structure(void *cookie, const struct agx_cs_event *event)
{
	struct block *block = cookie;
	uint32_t word;

	if (!event->first || event->place != AGX_CS_IN_CDM)
		return true;
	memcpy(&word, event->record, sizeof(word));
	block->met = true;
	block->flow = event->flow;
	block->target = event->target;
	block->behind = event->address + agx_cs_block_size(event->block, word, AGX_CS_ALL, 0);
	return true;
}

static bool on_problem(void *cookie, const struct agx_cs_trouble *trouble)
{
	struct block *block = cookie;

	if (trouble->problem == AGX_CS_UNTERMINATED)
		return true;
	if (!block->odd)
		block->trouble = *trouble;
	block->odd = true;
	return true;
}

static bool on_dispatch(void *cookie, const struct agx_cs_dispatch *dispatch)
{
	struct block *block = cookie;

	block->launches = true;
	block->dispatch = *dispatch;
	return true;
}

static bool on_enter(void *cookie, const struct agx_cs_visit *visit)
{
	(void)cookie;
	(void)visit;
	return false;
}

static enum cdm_step fail(const struct cdm *cdm, uint64_t address, const char *what,
			  struct agx_gpu_fault *fault)
{
	struct agx_walk_result walk;

	*fault = (struct agx_gpu_fault){
		.address = address & AGX_CS_ADDRESS_MASK,
		.context = cdm->stream.context,
		.reason = AGX_FAULT_REASON_NO_ACCESS,
		.read = true,
		.what = what,
	};
	if (agx_walk(cdm->stream.walker, cdm->stream.context, AGX_WALK_GPU, address, AGX_WALK_READ,
		     &walk))
		return CDM_FAULT;
	fault->reason = (uint8_t)agx_walk_reason(&walk);
	fault->level = (uint8_t)walk.level;
	return CDM_FAULT;
}

static enum cdm_step resolve_grid(const struct cdm *cdm, const struct block *block,
				  struct cdm_grid *grid, struct agx_gpu_fault *fault)
{
	const struct agx_cs_dispatch *dispatch = &block->dispatch;
	const bool local_too = dispatch->mode == AGX_CS_CDM_MODE_INDIRECT_LOCAL;
	const uint32_t size = local_too ? 24 : 12;
	struct agx_walk_result walk;
	uint32_t words[6] = {0};
	uint64_t threads = 1;

	if (dispatch->mode == AGX_CS_CDM_MODE_DIRECT) {
		memcpy(words, dispatch->global, sizeof(dispatch->global));
	} else {
		const size_t got =
			agx_walk_read(cdm->stream.walker, cdm->stream.context, AGX_WALK_GPU,
				      dispatch->indirect_buffer, words, size, &walk);

		if (got != size)
			return fail(cdm, dispatch->indirect_buffer + got, "size of a grid", fault);
	}
	memcpy(grid->local, local_too ? words + 3 : dispatch->local, sizeof(grid->local));
	/* Nothing is launched, whatever the groups would be. */
	grid->count = 0;
	if (!words[0] || !words[1] || !words[2])
		return CDM_LAUNCH;
	grid->count = 1;
	for (unsigned int i = 0; i < 3; i++) {
		const uint32_t local = grid->local[i];

		if (!local || local > AGX_CS_GROUP_THREADS)
			return fail(cdm, dispatch->address, "launch of impossible groups", fault);
		threads *= local;
		if (dispatch->mode == AGX_CS_CDM_MODE_INDIRECT_GLOBAL) {
			grid->groups[i] = words[i];
			grid->size[i] = (uint64_t)words[i] * local;
		} else {
			grid->groups[i] = ((uint64_t)words[i] + local - 1) / local;
			grid->size[i] = words[i];
		}
		if (__builtin_mul_overflow(grid->count, grid->groups[i], &grid->count))
			grid->count = UINT64_MAX;
	}
	if (threads > AGX_CS_GROUP_THREADS)
		return fail(cdm, dispatch->address, "launch of impossible groups", fault);
	return CDM_LAUNCH;
}

void cdm_start(struct cdm *cdm, const struct stream *stream)
{
	cdm->stream = *stream;
	cdm->at = stream->address;
	cdm->depth = 0;
	cdm->blocks = 0;
	cdm->launches = 0;
}

/* One block, and where the next one is. False: it is the last. */
static bool read_block(struct cdm *cdm, struct block *block)
{
	const struct agx_cs_memory memory = {stream_piece, &cdm->stream};
	const struct agx_cs_start start = {
		.address = cdm->at,
		.usc_base = cdm->stream.usc_base,
		.walk_depth = AGX_CS_WALK_BLOCKS_ONLY,
		.blocks = 1,
	};
	const struct agx_cs_visitor visitor = {
		.cookie = block,
		.structure = on_structure,
		.problem = on_problem,
		.dispatch = on_dispatch,
		.enter = on_enter,
	};
	struct agx_cs_walk_result result;

	block->met = block->launches = block->odd = false;
	agx_cs_walk_cdm(&memory, &start, &visitor, &result);
	if (!block->met)
		return true;
	switch (block->flow) {
	case AGX_CS_END:
		return false;
	case AGX_CS_RETURN:
		if (cdm->depth) {
			cdm->at = cdm->calls[--cdm->depth];
			block->odd = false;
		}
		return true;
	case AGX_CS_CALL:
		if (cdm->depth < AGX_CS_WALK_CALLS) {
			cdm->calls[cdm->depth++] = block->behind;
		} else {
			block->odd = true;
			block->trouble = (struct agx_cs_trouble){
				.address = cdm->at,
				.what = "calls without return",
			};
		}
		break;
	default:
		break;
	}
	cdm->at = result.at;
	return true;
}

enum cdm_step cdm_next(struct cdm *cdm, struct cdm_launch *launch, struct agx_gpu_fault *fault)
{
	struct block block;

	while (cdm->blocks++ < AGX_CS_WALK_BLOCKS) {
		if (!read_block(cdm, &block))
			return CDM_END;
		if (block.odd)
			return fail(cdm, block.trouble.address, block.trouble.what, fault);
		if (!block.met)
			return fail(cdm, cdm->at, "control stream", fault);
		if (!block.launches)
			continue;
		launch->number = cdm->launches++;
		launch->counts = block.dispatch.program.counts;
		launch->list = block.dispatch.program.list;
		if (!block.dispatch.program.set)
			return fail(cdm, block.dispatch.address, "launch without a program", fault);
		return resolve_grid(cdm, &block, &launch->grid, fault);
	}
	return fail(cdm, cdm->at, "control stream without an end", fault);
}
