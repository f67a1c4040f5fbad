/* SPDX-License-Identifier: MIT */
/*
 * Disjoint ranges of addresses in order: a treap, which is a search tree by address and a heap by
 * random priorities, so that no order of insertions makes it deep. A range lives within whatever it
 * is a range of; nothing here allocates. Each has a weight, and the lowest range of at least some
 * weight is found without looking at the others.
 *
 * Not thread-safe: the caller locks.
 */
#ifndef AGX_LIBAGX_RANGES_H
#define AGX_LIBAGX_RANGES_H

#include <stdint.h>

struct lib_range {
	struct lib_range *left, *right;
	uint64_t start, end; /* [start, end), not empty */
	uint64_t weight;
	uint64_t heaviest; /* of the subtree */
	uint32_t priority;
};

struct lib_ranges {
	struct lib_range *root;
	uint32_t random; /* state of the priorities' sequence */
};

void lib_ranges_init(struct lib_ranges *ranges);

/* range's start, end and weight are set, and it overlaps no other. */
void lib_ranges_insert(struct lib_ranges *ranges, struct lib_range *range);
void lib_ranges_remove(struct lib_ranges *ranges, struct lib_range *range);

/* New values for a range of the tree; its place in the order stays. */
void lib_ranges_change(struct lib_ranges *ranges, struct lib_range *range, uint64_t start,
		       uint64_t end, uint64_t weight);

/* The lowest range that ends behind address: the one that holds it or, if none does, the next. */
struct lib_range *lib_ranges_from(const struct lib_ranges *ranges, uint64_t address);

/* The lowest range of at least this weight that starts at address or behind. */
struct lib_range *lib_ranges_fit(const struct lib_ranges *ranges, uint64_t address,
				 uint64_t weight);

#endif
