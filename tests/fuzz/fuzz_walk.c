// SPDX-License-Identifier: MIT
/*
 * Fuzzes the walker of control streams. The input is memory at an address, behind three bytes: what to walk and
 * how; how long the pieces are in which the memory is given out; at what address the memory ends.
 *
 * Laws: a walk ends within its limit of blocks, gives out records that can be read, leaves what it has entered,
 * and finds the same in memory of one piece and of many.
 */
#include <stdlib.h>
#include <string.h>

#include "agx_walk_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BASE   0x1500000000ull
#define BLOCKS 3000

/* The first byte of an input. */
#define COMPUTE     0x01
#define DEPTH_SHIFT 1 /* two bits */
#define JUDGE       0x08
#define SKIP        0x10 /* leaves every other list out */

struct walked {
	const uint8_t *memory;
	size_t size, piece;
	uint64_t digest;
	unsigned int entered, left, problems, draws, dispatches, asked;
	bool skip;
};

static void check(bool good)
{
	if (!good)
		abort();
}

static void add(struct walked *w, uint64_t value)
{
	w->digest = (w->digest ^ value) * 0x9e3779b97f4a7c15ull;
	w->digest ^= w->digest >> 29;
}

static const void *piece(void *cookie, uint64_t address, size_t *size)
{
	const struct walked *w = cookie;
	const uint64_t offset = address - BASE;

	check(address <= AGX_CS_ADDRESS_MASK);
	if (offset >= w->size)
		return NULL;
	*size = w->size - offset;
	if (w->piece && *size > w->piece - offset % w->piece)
		*size = w->piece - offset % w->piece;
	return w->memory + offset;
}

static bool on_structure(void *cookie, const struct agx_cs_event *event)
{
	struct walked *w = cookie;

	check(event->place < AGX_CS_PLACES && event->desc);
	for (unsigned int i = 0; i < event->desc->size; i++)
		add(w, ((const uint8_t *)event->record)[i]);
	add(w, event->address);
	add(w, event->target);
	return true;
}

static bool on_problem(void *cookie, const struct agx_cs_trouble *trouble)
{
	struct walked *w = cookie;

	check(trouble->problem > AGX_CS_OK && trouble->problem < AGX_CS_PROBLEMS && trouble->what);
	add(w, trouble->problem);
	add(w, trouble->address);
	w->problems++;
	return true;
}

static bool on_draw(void *cookie, const struct agx_cs_draw *draw)
{
	struct walked *w = cookie;

	check(draw->number == w->draws++);
	check(draw->state->viewports <= AGX_CS_VIEWPORTS);
	check(draw->state->region_clips <= AGX_CS_VIEWPORTS);
	add(w, draw->count);
	add(w, draw->index_buffer);
	return true;
}

static bool on_dispatch(void *cookie, const struct agx_cs_dispatch *dispatch)
{
	struct walked *w = cookie;

	check(dispatch->number == w->dispatches++);
	add(w, dispatch->program.list);
	return true;
}

static bool on_enter(void *cookie, const struct agx_cs_visit *visit)
{
	struct walked *w = cookie;

	add(w, visit->address);
	if (w->skip && w->asked++ % 2)
		return false;
	w->entered++;
	return true;
}

static void on_leave(void *cookie, const struct agx_cs_visit *visit,
		     const struct agx_cs_pipeline *pipeline)
{
	struct walked *w = cookie;

	w->left++;
	if (!pipeline)
		return;
	check(pipeline->address == visit->address);
	check(pipeline->bindings <= AGX_CS_BINDINGS);
	add(w, pipeline->size);
}

static uint64_t run(uint8_t how, const uint8_t *memory, size_t size, size_t piece_size)
{
	struct walked w = {
		.memory = memory,
		.size = size,
		.piece = piece_size,
		.skip = how & SKIP,
	};
	const struct agx_cs_memory from = {piece, &w};
	const struct agx_cs_start start = {
		.address = BASE,
		.usc_base = BASE,
		.walk_depth = how >> DEPTH_SHIFT & 3,
		.judge = how & JUDGE,
		.blocks = BLOCKS,
	};
	const struct agx_cs_visitor visitor = {
		.cookie = &w,
		.structure = on_structure,
		.problem = on_problem,
		.draw = on_draw,
		.dispatch = on_dispatch,
		.enter = on_enter,
		.leave = on_leave,
	};
	struct agx_cs_walk_result result;

	(how & COMPUTE ? agx_cs_walk_cdm : agx_cs_walk_vdm)(&from, &start, &visitor, &result);
	check(result.blocks <= BLOCKS);
	check(result.draws == w.draws && result.dispatches == w.dispatches);
	check(result.problems == w.problems && w.entered == w.left);
	check(result.end != AGX_CS_WALK_STOPPED);
	add(&w, result.end);
	add(&w, result.at);
	return w.digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t whole;

	if (size < 3)
		return 0;
	whole = run(data[0], data + 3, size - 3, 0);
	check(run(data[0], data + 3, size - 3, data[1] + 1u) == whole);
	/* Cut anywhere. */
	run(data[0], data + 3, (size - 3) * data[2] / 256, 0);
	return 0;
}
