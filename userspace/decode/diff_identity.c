// SPDX-License-Identifier: MIT
/*
 * Trees say what an address leads to, not which buffer it is. Here the buffers are compared: within a submission
 * that has a partner, each buffer of A must stand for one buffer of B and the other way round. A draw that reads
 * another texture than before, where all else is the same, is found by this.
 *
 * Buffers in which streams, descriptors or code lie are left out: what is in them was compared, and drivers place
 * it where there is room.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff_compare.h"

struct partner {
	uint32_t submit; /* for which the partner holds */
	uint32_t buffer;
};

struct diff_identity {
	struct agx_diff *diff;
	struct partner *partners[2]; /* by buffer: of the other side */
	uint32_t submit;
	const struct agx_diff_where *where;
	struct diff_budget budget;
};

/* Where in the tree, and in the lists of references, the walk is. */
struct spot {
	const uint32_t *refs[2];
	struct diff_unit *unit;
	struct agx_diff_where place;
	unsigned int depth;
};

static const struct diff_buffer *buffer_of(const struct agx_diff *diff, unsigned int side,
					   uint32_t ref)
{
	const struct diff_trace *trace = diff->traces[side];

	if (DIFF_REF_KIND(ref) != DIFF_REF_BUFFER || DIFF_REF_INDEX(ref) >= trace->num_buffers)
		return NULL;
	return &trace->buffers[DIFF_REF_INDEX(ref)];
}

/* True: they may be the same buffer. */
static bool agree(struct diff_identity *id, uint32_t a, uint32_t b, uint32_t *expected)
{
	const struct diff_buffer *x = buffer_of(id->diff, 0, a), *y = buffer_of(id->diff, 1, b);
	struct partner *p, *q;

	if (!x || !y || x->decoded || y->decoded)
		return true;
	p = &id->partners[0][DIFF_REF_INDEX(a)];
	q = &id->partners[1][DIFF_REF_INDEX(b)];
	if (p->submit != id->submit && q->submit != id->submit) {
		*p = (struct partner){id->submit, DIFF_REF_INDEX(b)};
		*q = (struct partner){id->submit, DIFF_REF_INDEX(a)};
		return true;
	}
	*expected = p->submit == id->submit ? p->buffer : DIFF_NONE;
	return p->submit == q->submit && p->buffer == DIFF_REF_INDEX(b);
}

static void tell(struct diff_identity *id, struct spot *spot, const struct diff_leaf *leaf,
		 uint8_t topic, uint32_t expected)
{
	struct diff_store *store = id->diff->store;
	const struct diff_buffer *is = buffer_of(id->diff, 1, *spot->refs[1]);
	const struct diff_buffer *was = buffer_of(id->diff, 0, *spot->refs[0]);
	char a[96], b[96];

	if (expected != DIFF_NONE)
		snprintf(a, sizeof(a), "buffer %u (in B: buffer %u)", was->number,
			 id->diff->traces[1]->buffers[expected].number);
	else
		snprintf(a, sizeof(a), "buffer %u", was->number);
	snprintf(b, sizeof(b), "buffer %u", is->number);
	diff_unit_line(spot->unit, &(struct diff_line){
					   .op = AGX_DIFF_CHANGE,
					   .topic = topic,
					   .depth = (uint8_t)spot->depth,
					   .name = leaf->name,
					   .a = diff_string(store, a),
					   .b = diff_string(store, b),
					   .shader = DIFF_NONE,
				   });
}

static void walk(struct diff_identity *id, uint32_t a, uint32_t b, struct spot *spot);

static void walk_children(struct diff_identity *id, const struct diff_node *x,
			  const struct diff_node *y, struct spot *spot)
{
	const struct diff_store *store = id->diff->store;
	const uint32_t *p = diff_children(store, x), *q = diff_children(store, y);
	struct diff_alignment pairs = {0};
	size_t i, count = x->children;

	if (x != y) {
		struct diff_budget budget = id->diff->budget;

		/* The same alignment as before, at no cost to what is still to come. */
		id->diff->budget = id->budget;
		if (diff_match(id->diff, p, x->children, q, y->children, &pairs))
			id->diff->error = -ENOMEM;
		id->budget = id->diff->budget;
		id->diff->budget = budget;
		count = pairs.count;
	}
	for (i = 0; i < count && !id->diff->error; i++) {
		size_t j = x == y ? i : pairs.pairs[i].a, k = x == y ? i : pairs.pairs[i].b;

		if (j != SIZE_MAX && k != SIZE_MAX) {
			walk(id, p[j], q[k], spot);
			continue;
		}
		if (j != SIZE_MAX) {
			spot->refs[0] += diff_node(store, p[j])->refs;
			spot->place.a.unit += diff_node(store, p[j])->draws;
		} else {
			spot->refs[1] += diff_node(store, q[k])->refs;
			spot->place.b.unit += diff_node(store, q[k])->draws;
		}
	}
	free(pairs.pairs);
}

static uint32_t own_refs(const struct diff_store *store, const struct diff_node *node)
{
	const struct diff_leaf *leaves = diff_leaves(store, node);
	uint32_t i, count = 0;

	for (i = 0; i < node->leaves; i++)
		count += leaves[i].type == DIFF_LEAF_OBJECT;
	return count;
}

static void walk_leaves(struct diff_identity *id, const struct diff_node *x,
			const struct diff_node *y, struct spot *spot)
{
	const struct diff_store *store = id->diff->store;
	const struct diff_leaf *a = diff_leaves(store, x), *b = diff_leaves(store, y);
	bool same = x->leaves == y->leaves;
	uint32_t i, expected;

	for (i = 0; same && i < x->leaves; i++)
		same = a[i].name == b[i].name && a[i].type == b[i].type;
	if (!same) {
		spot->refs[0] += own_refs(store, x);
		spot->refs[1] += own_refs(store, y);
		return;
	}
	for (i = 0; i < x->leaves; i++) {
		if (a[i].type != DIFF_LEAF_OBJECT)
			continue;
		if (!agree(id, *spot->refs[0], *spot->refs[1], &expected))
			tell(id, spot, &a[i], x->topic, expected);
		spot->refs[0]++;
		spot->refs[1]++;
	}
}

static enum agx_diff_unit unit_of(unsigned int kind)
{
	switch (kind) {
	case DIFF_NODE_COMMAND:
		return AGX_DIFF_COMMAND;
	case DIFF_NODE_DRAW:
		return AGX_DIFF_DRAW;
	case DIFF_NODE_DISPATCH:
		return AGX_DIFF_DISPATCH;
	default:
		return AGX_DIFF_SUBMIT;
	}
}

static void walk(struct diff_identity *id, uint32_t a, uint32_t b, struct spot *spot)
{
	const struct diff_node *x = diff_node(id->diff->store, a),
			       *y = diff_node(id->diff->store, b);
	struct diff_unit *outer = spot->unit, unit;
	struct agx_diff_where place = spot->place;
	unsigned int depth = spot->depth;
	bool is_unit = diff_is_unit(x->kind);

	if (!x->refs && !y->refs) {
		spot->place.a.unit += x->draws;
		spot->place.b.unit += y->draws;
		return;
	}
	if (is_unit) {
		if (x->kind == DIFF_NODE_COMMAND) {
			place.a.command++;
			place.b.command++;
			place.a.unit = 0;
			place.b.unit = 0;
			spot->place = place;
			place.a.unit = DIFF_NONE;
			place.b.unit = DIFF_NONE;
		}
		diff_unit_begin(&unit, id->diff, unit_of(x->kind), AGX_DIFF_CHANGE, x->title,
				&place);
		spot->unit = &unit;
		spot->depth = 0;
	} else if (depth || x->title != outer->title) {
		diff_unit_heading(outer, depth, x->title, AGX_DIFF_KEEP);
		spot->depth++;
	}
	walk_leaves(id, x, y, spot);
	walk_children(id, x, y, spot);
	if (is_unit) {
		diff_unit_end(&unit);
		free(unit.inner);
	}
	if (x->kind == DIFF_NODE_DRAW || x->kind == DIFF_NODE_DISPATCH) {
		spot->place.a.unit++;
		spot->place.b.unit++;
	}
	spot->unit = outer;
	spot->depth = depth;
}

int diff_identity_create(struct agx_diff *diff, struct diff_identity **out)
{
	struct diff_identity *id = calloc(1, sizeof(*id));
	unsigned int side;

	if (!id)
		return -ENOMEM;
	id->diff = diff;
	id->budget.steps = DIFF_STEPS;
	for (side = 0; side < 2; side++) {
		id->partners[side] =
			calloc(diff->traces[side]->num_buffers + 1, sizeof(*id->partners[side]));
		if (!id->partners[side]) {
			diff_identity_destroy(id);
			return -ENOMEM;
		}
	}
	*out = id;
	return 0;
}

void diff_identity_destroy(struct diff_identity *id)
{
	if (!id)
		return;
	free(id->partners[0]);
	free(id->partners[1]);
	free(id);
}

void diff_identity_check(struct diff_identity *id, const struct diff_item *a,
			 const struct diff_item *b, const struct agx_diff_where *where)
{
	struct agx_diff *diff = id->diff;
	struct spot spot = {.place = *where};
	const uint32_t *pool[2] = {diff->traces[0]->refs, diff->traces[1]->refs};

	if (diff->traces[0]->refs_lost || diff->traces[1]->refs_lost || !pool[0] || !pool[1] ||
	    diff->error)
		return;
	id->submit++;
	spot.refs[0] = pool[0] + a->refs;
	spot.refs[1] = pool[1] + b->refs;
	/* The first command counts up from here. */
	spot.place.a.command = DIFF_NONE;
	spot.place.b.command = DIFF_NONE;
	walk(id, a->node, b->node, &spot);
}
