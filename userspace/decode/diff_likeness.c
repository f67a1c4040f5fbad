// SPDX-License-Identifier: MIT
/*
 * How alike commands, draws and dispatches of two different programs are. What they run says most
 * of it, then how much of it, then everything else that they are given: two launches of the same code
 * belong together though nothing else is equal, and two that have nothing in common still stand at
 * the same place.
 */
#include <stdlib.h>

#include <xxhash.h>

#include "diff_compare.h"

#define MAX_VISITS   512u /* nodes of a tree that are looked at */
#define LIKE_CODE    32u
#define LIKE_LAUNCH  16u /* sizes, counts: what the draw or launch says itself */
#define LIKE_ANY     1u
#define LIKE_NOTHING 2u /* but the kind */

struct walk {
	const struct diff_store *store;
	struct diff_sketch *sketch;
	uint32_t visits;
};

static void add(struct diff_sketch *sketch, uint32_t key, uint32_t weight)
{
	if (sketch->count < DIFF_SKETCH)
		sketch->parts[sketch->count++] = (struct diff_sketch_part){key, weight};
}

static void visit(struct walk *walk, uint32_t number)
{
	const struct diff_store *store = walk->store;
	const struct diff_node *node = diff_node(store, number);
	bool launch = node->title == walk->sketch->draw || node->title == walk->sketch->dispatch;
	uint32_t i;

	if (walk->visits++ == MAX_VISITS)
		return;
	if (node->kind == DIFF_NODE_SHADER) {
		const uint32_t key[2] = {node->title, node->blob};

		add(walk->sketch, (uint32_t)XXH3_64bits(key, sizeof(key)), LIKE_CODE);
	} else if (node->leaves) {
		const struct diff_leaf *leaves = diff_leaves(store, node);

		add(walk->sketch,
		    (uint32_t)XXH3_64bits_withSeed(leaves, node->leaves * sizeof(*leaves),
						   node->title),
		    launch ? LIKE_LAUNCH : LIKE_ANY);
	}
	for (i = 0; i < node->children && walk->visits <= MAX_VISITS; i++)
		visit(walk, diff_children(store, node)[i]);
}

static int by_key(const void *p, const void *q)
{
	const struct diff_sketch_part *x = p, *y = q;

	return x->key < y->key ? -1 : x->key > y->key;
}

void diff_sketch(struct diff_store *store, uint32_t number, struct diff_sketch *sketch)
{
	struct walk walk = {.store = store, .sketch = sketch};
	const struct diff_node *node = diff_node(store, number);

	*sketch = (struct diff_sketch){
		.kind = (uint32_t)node->title << 4 | node->kind,
		.draw = diff_string(store, "draw"),
		.dispatch = diff_string(store, "dispatch"),
	};
	if (!diff_is_unit(node->kind))
		return;
	visit(&walk, number);
	qsort(sketch->parts, sketch->count, sizeof(*sketch->parts), by_key);
}

uint32_t diff_sketch_likeness(const struct diff_sketch *a, const struct diff_sketch *b)
{
	uint32_t like = LIKE_NOTHING, i = 0, j = 0;

	if (a->kind != b->kind)
		return 0;
	while (i < a->count && j < b->count) {
		if (a->parts[i].key == b->parts[j].key) {
			like += a->parts[i].weight;
			i++;
			j++;
		} else if (a->parts[i].key < b->parts[j].key) {
			i++;
		} else {
			j++;
		}
	}
	return like;
}

uint64_t diff_sketch_code(const struct diff_sketch *sketch)
{
	uint64_t hash = sketch->kind;
	uint32_t i;

	for (i = 0; i < sketch->count; i++) {
		if (sketch->parts[i].weight == LIKE_CODE)
			hash = hash * 0x9e3779b97f4a7c15u + sketch->parts[i].key;
	}
	return hash;
}
