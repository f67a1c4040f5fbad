/* SPDX-License-Identifier: MIT */
/* Takes the decoder's events and builds a tree of each submission: see diff_store.h. */
#ifndef AGX_DIFF_COLLECT_H
#define AGX_DIFF_COLLECT_H

#include "agx_decode.h"
#include "diff_store.h"

struct diff_collect_target {
	void *cookie;
	/* The reference for a place: which object it is. */
	uint32_t (*object)(void *cookie, const struct agx_decode_place *place);
	/* Something that was decoded lies there. May be NULL. */
	void (*decoded)(void *cookie, uint64_t address);
	/* A submission is complete. refs are valid during the call. */
	void (*submit)(void *cookie, uint64_t number, uint32_t node, const uint32_t *refs);
	/*
	 * Instead of it, if there is such a function: a command is complete, in the form of
	 * diff_work.h, which has no references. command: its number in the submission, DIFF_NONE:
	 * problems outside of commands.
	 */
	void (*command)(void *cookie, uint64_t submit, uint32_t command, uint32_t node);
	/* True: the word is an address of something. May be NULL. */
	bool (*is_address)(void *cookie, uint64_t word);
};

struct diff_collect;

/* NULL: no memory. */
struct diff_collect *diff_collect_create(struct diff_store *store,
					 const struct diff_collect_target *target);
void diff_collect_destroy(struct diff_collect *collect);

/* The sink to give to a decoder; it lives as long as the collector. */
const struct agx_decode_sink *diff_collect_sink(struct diff_collect *collect);

#endif
