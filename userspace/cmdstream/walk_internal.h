/* SPDX-License-Identifier: MIT */
/* What the files of the walker share. */
#ifndef AGX_WALK_INTERNAL_H
#define AGX_WALK_INTERNAL_H

#include <stdatomic.h>
#include <string.h>

#include "agx_cs_pack.h"
#include "agx_walk_stream.h"

/* No block of a stream is longer. */
#define WALK_BLOCK_MAX 128

/* The piece of memory that was looked at last. */
struct walk_window {
	const uint8_t *bytes; /* NULL: none */
	uint64_t address;
	size_t size;
};

struct walk {
	const struct agx_cs_memory *memory;
	const struct agx_cs_start *start;
	const struct agx_cs_visitor *visitor;
	unsigned int problems;
	bool stopped;

	/* Streams, and what they lead to, are apart: each has its window. */
	struct walk_window stream, record, list, table;

	/* Of the block or list that is looked at. */
	uint8_t place, stage, depth;
	bool linked;
	uint64_t from;    /* of what led to it */
	bool new_program; /* the block has named a vertex program */

	unsigned int draws, dispatches;
	struct agx_cs_draw_state state;
};

/* Sets up all but the place and the state of draws. */
void walk_begin(struct walk *walk, const struct agx_cs_memory *memory,
		const struct agx_cs_start *start, const struct agx_cs_visitor *visitor);

/* What walk_fetch() found. */
enum walk_fetched {
	WALK_ALL,
	WALK_PART, /* some bytes are missing */
	WALK_NONE,
};

/*
 * Copies size bytes at address, so that what decides is read once. *got: how many there were; the rest of
 * buf is zero.
 */
enum walk_fetched walk_fetch_far(struct walk *walk, struct walk_window *window, uint64_t address,
				 void *buf, size_t size, size_t *got);

static inline enum walk_fetched walk_fetch(struct walk *walk, struct walk_window *window,
					   uint64_t address, void *buf, size_t size, size_t *got)
{
	const uint64_t offset = address - window->address;

	if (window->bytes && offset < window->size && window->size - offset >= size) {
		memcpy(buf, window->bytes + offset, size);
		/* The compiler may not look at the memory again. */
		atomic_signal_fence(memory_order_seq_cst);
		*got = size;
		return WALK_ALL;
	}
	return walk_fetch_far(walk, window, address, buf, size, got);
}

static inline uint32_t walk_word(const void *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

/* Reports a problem; place, stage, linked and from are the walk's. False: the visitor has enough. */
bool walk_trouble(struct walk *walk, enum agx_cs_problem problem, const struct agx_cs_struct *desc,
		  uint64_t address, uint64_t value, const char *what);

/* Memory that cannot be read: nothing at all, or only so many bytes. */
bool walk_missing(struct walk *walk, uint64_t address, size_t got, const char *what);

/* Gives a structure to the visitor, and judges it. */
bool walk_judge(struct walk *walk, const struct agx_cs_event *event);

static inline bool walk_emit(struct walk *walk, const struct agx_cs_event *event)
{
	if (walk->visitor->structure && !walk->visitor->structure(walk->visitor->cookie, event)) {
		walk->stopped = true;
		return false;
	}
	return !walk->start->judge || walk_judge(walk, event);
}

static inline bool walk_enter(struct walk *walk, const struct agx_cs_visit *visit)
{
	return !walk->visitor->enter || walk->visitor->enter(walk->visitor->cookie, visit);
}

static inline void walk_leave(struct walk *walk, const struct agx_cs_visit *visit,
			      const struct agx_cs_pipeline *pipeline)
{
	if (walk->visitor->leave)
		walk->visitor->leave(walk->visitor->cookie, visit, pipeline);
}

/*
 * What a block of a stream does besides being shown: each of these takes the block's parts as they come, or
 * all of it afterwards, and follows where it leads. False: the walk is over.
 */
bool walk_ppp_record(struct walk *walk, uint64_t address, uint32_t words, uint64_t from);
bool walk_program_list(struct walk *walk, enum agx_cs_stage stage,
		       const struct agx_cs_program *program, uint64_t from);
bool walk_cf_bindings(struct walk *walk, uint64_t address, unsigned int count, uint64_t from);
bool walk_index_list(struct walk *walk, uint64_t address, const uint8_t *block);
bool walk_tessellate(struct walk *walk, uint64_t address);
bool walk_launch(struct walk *walk, uint64_t address, const uint8_t *block,
		 enum agx_cs_variant variant);

/* Walks a USC list that was entered. */
bool walk_usc_list(struct walk *walk, const struct agx_cs_visit *visit,
		   struct agx_cs_pipeline *pipeline);

static inline uint64_t walk_usc_address(const struct walk *walk, uint32_t offset)
{
	return (walk->start->usc_base + offset) & AGX_CS_ADDRESS_MASK;
}

#endif
