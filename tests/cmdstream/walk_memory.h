/* SPDX-License-Identifier: MIT */
/* Memory for tests of the walker: a few pieces at addresses, and what a walk over it found. */
#ifndef AGX_TEST_WALK_MEMORY_H
#define AGX_TEST_WALK_MEMORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agx_walk_stream.h"

#define STREAM  0x1500000000ull
#define MORE    0x1500100000ull /* another part of the stream */
#define RECORD  0x1500200000ull
#define TABLE   0x1500300000ull
#define USC     0x1100000000ull
#define NOWHERE 0x1600000000ull

#define PIECES   8
#define TROUBLES 64

struct piece {
	uint64_t address;
	size_t size;
	uint8_t *bytes;
};

struct fixture {
	struct piece pieces[PIECES];
	unsigned int count;
	struct agx_cs_start start;
	struct agx_cs_visitor visitor;
	struct agx_cs_walk_result result;

	struct agx_cs_trouble troubles[TROUBLES];
	unsigned int trouble_count;
	struct agx_cs_draw draw; /* the last */
	struct agx_cs_draw_state state;
	struct agx_cs_dispatch dispatch;
	struct agx_cs_pipeline pipeline;
	unsigned int events, lists, tables, records;
	unsigned int entered, left;
	uint64_t skip;           /* a list that shall not be entered */
	unsigned int stop_after; /* events; 0: never */
	uint64_t digest;         /* of all events */
};

static const void *piece_at(void *cookie, uint64_t address, size_t *size)
{
	const struct fixture *f = cookie;

	for (unsigned int i = 0; i < f->count; i++) {
		const struct piece *piece = &f->pieces[i];

		if (address - piece->address < piece->size) {
			*size = piece->size - (address - piece->address);
			return piece->bytes + (address - piece->address);
		}
	}
	return NULL;
}

static bool on_structure(void *cookie, const struct agx_cs_event *event)
{
	struct fixture *f = cookie;

	assert_non_null(event->desc);
	assert_true(event->desc->size && event->desc->size <= AGX_CS_RECORD_MAX);
	for (unsigned int i = 0; i < event->desc->size; i++)
		f->digest = (f->digest ^ ((const uint8_t *)event->record)[i]) * 0x100000001b3ull;
	f->events++;
	return f->events != f->stop_after;
}

static bool on_problem(void *cookie, const struct agx_cs_trouble *trouble)
{
	struct fixture *f = cookie;

	assert_true(trouble->problem > AGX_CS_OK && trouble->problem < AGX_CS_PROBLEMS);
	assert_non_null(trouble->what);
	if (f->trouble_count < TROUBLES)
		f->troubles[f->trouble_count] = *trouble;
	f->trouble_count++;
	return true;
}

static bool on_draw(void *cookie, const struct agx_cs_draw *draw)
{
	struct fixture *f = cookie;

	f->draw = *draw;
	f->state = *draw->state;
	f->draw.state = &f->state;
	return true;
}

static bool on_dispatch(void *cookie, const struct agx_cs_dispatch *dispatch)
{
	struct fixture *f = cookie;

	f->dispatch = *dispatch;
	return true;
}

static bool on_enter(void *cookie, const struct agx_cs_visit *visit)
{
	struct fixture *f = cookie;

	if (visit->address == f->skip)
		return false;
	f->entered++;
	f->lists += visit->place == AGX_CS_IN_USC;
	f->records += visit->place == AGX_CS_IN_PPP;
	f->tables += visit->place == AGX_CS_IN_TEXTURES || visit->place == AGX_CS_IN_SAMPLERS;
	return true;
}

static void on_leave(void *cookie, const struct agx_cs_visit *visit,
		     const struct agx_cs_pipeline *pipeline)
{
	struct fixture *f = cookie;

	f->left++;
	assert_int_equal(visit->place == AGX_CS_IN_USC, pipeline != NULL);
	if (pipeline)
		f->pipeline = *pipeline;
}

static inline uint8_t *add_piece(struct fixture *f, uint64_t address, size_t size)
{
	struct piece *piece = &f->pieces[f->count++];

	assert_true(f->count <= PIECES);
	piece->address = address;
	piece->size = size;
	piece->bytes = calloc(1, size);
	assert_non_null(piece->bytes);
	return piece->bytes;
}

static inline struct fixture *set_up_walk(void)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->start = (struct agx_cs_start){
		.address = STREAM,
		.usc_base = USC,
		.walk_depth = AGX_CS_WALK_DESCRIPTORS,
		.judge = true,
	};
	f->visitor = (struct agx_cs_visitor){
		.cookie = f,
		.structure = on_structure,
		.problem = on_problem,
		.draw = on_draw,
		.dispatch = on_dispatch,
		.enter = on_enter,
		.leave = on_leave,
	};
	f->skip = UINT64_MAX;
	return f;
}

static inline void tear_down_walk(struct fixture *f)
{
	for (unsigned int i = 0; i < f->count; i++)
		free(f->pieces[i].bytes);
	free(f);
}

/* Walks anew; the counts are of this walk. */
static inline void walk(struct fixture *f, bool compute)
{
	const struct agx_cs_memory memory = {piece_at, f};

	f->trouble_count = f->events = f->lists = f->tables = f->records = 0;
	f->entered = f->left = 0;
	f->digest = 0xcbf29ce484222325ull;
	(compute ? agx_cs_walk_cdm : agx_cs_walk_vdm)(&memory, &f->start, &f->visitor, &f->result);
	assert_int_equal(f->entered, f->left);
	assert_int_equal(f->trouble_count, f->result.problems);
}

/* Copies words to an address that is there. */
static inline void put(struct fixture *f, uint64_t address, const uint32_t *words,
		       unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		size_t size = 0;
		uint8_t *at = (uint8_t *)(uintptr_t)piece_at(f, address + 4 * i, &size);

		assert_true(at && size >= 4);
		memcpy(at, &words[i], 4);
	}
}

#define PUT(f, address, ...)                                 \
	do {                                                 \
		const uint32_t words_[] = {__VA_ARGS__};     \
		put(f, address, words_, sizeof(words_) / 4); \
	} while (0)

#endif
