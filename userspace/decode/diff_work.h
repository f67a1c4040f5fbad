/* SPDX-License-Identifier: MIT */
/*
 * The form in which the work of two different programs is compared: what the GPU is asked to do,
 * not how.
 *
 *   lists of USC words   are what they bind: uniform registers by content, descriptors by slot, and
 *                        the words that are left, in one order
 *   state of draws       is what is in effect at the draw, whenever it was set
 *   streams              are their launches, draws and barriers, wherever a link leads
 *   barriers of commands count the commands before that are not waited for
 *
 * Used by the collector: it asks for the shape of each node that the decoder shows, and says when
 * lists and state end.
 */
#ifndef AGX_DIFF_WORK_H
#define AGX_DIFF_WORK_H

#include "agx_decode.h"
#include "diff_store.h"

#define DIFF_WORK_HALVES 512u /* uniform registers, in halves */
#define DIFF_WORK_STATES 128u /* different pieces of state of a stream */

enum diff_shape {
	DIFF_SHAPE_NODE,  /* a node of the tree */
	DIFF_SHAPE_NONE,  /* none, with all that is inside */
	DIFF_SHAPE_OPEN,  /* none, but what is inside belongs to the node around it */
	DIFF_SHAPE_STATE, /* likewise, and what is inside is state */
};

struct diff_work {
	struct diff_store *store;
	struct diff_builder *builder;
	uint32_t renders, computes; /* of the submission, so far */
	/* The list that is open. */
	bool ordered; /* no USC words: their order counts */
	uint16_t halves[DIFF_WORK_HALVES];
	uint8_t known
		[DIFF_WORK_HALVES]; /* 0: not set, 1: from where nothing is, 2: it has the value */
	uint32_t first, count;      /* of the word that was met last */
	/* State in effect, sorted by title. */
	struct {
		uint32_t title, node;
	} states[DIFF_WORK_STATES];
	uint32_t num_states;
};

/* What becomes of a node in a node of the kind. */
enum diff_shape diff_work_shape(struct diff_work *work, const struct agx_decode_node *node,
				enum agx_decode_kind in);

/* Bytes of a list's uniforms. */
void diff_work_uniforms(struct diff_work *work, const uint8_t *bytes, size_t size);

/* The list that is being built is complete. is_address may be NULL. */
void diff_work_list(struct diff_work *work, bool (*is_address)(void *cookie, uint64_t word),
		    void *cookie);

/* The node that was built last is state. False: too much, it stays where it is. */
bool diff_work_state(struct diff_work *work);

/* Puts the state in effect behind the draw that was built last. How many parts. */
uint32_t diff_work_draw(struct diff_work *work);

/* Text of a barrier between commands: what "first_2", "none"... leave out. Returns buf or value. */
const char *diff_work_barrier(const struct diff_work *work, bool render, const char *value,
			      char *buf, size_t size);

#endif
