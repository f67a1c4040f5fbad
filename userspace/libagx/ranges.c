// SPDX-License-Identifier: MIT
#include "ranges.h"

#include <stddef.h>

void lib_ranges_init(struct lib_ranges *ranges)
{
	ranges->root = NULL;
	ranges->random = 2463534242u;
}

/* xorshift32: always the same sequence, so that addresses do not differ from run to run. */
static uint32_t next_priority(struct lib_ranges *ranges)
{
	ranges->random ^= ranges->random << 13;
	ranges->random ^= ranges->random >> 17;
	ranges->random ^= ranges->random << 5;
	return ranges->random;
}

static void update(struct lib_range *range)
{
	range->heaviest = range->weight;
	if (range->left && range->left->heaviest > range->heaviest)
		range->heaviest = range->left->heaviest;
	if (range->right && range->right->heaviest > range->heaviest)
		range->heaviest = range->right->heaviest;
}

/* Parts a tree into what starts below address and the rest. */
static void split(struct lib_range *root, uint64_t address, struct lib_range **low,
		  struct lib_range **high)
{
	if (!root) {
		*low = NULL;
		*high = NULL;
		return;
	}
	if (root->start < address) {
		split(root->right, address, &root->right, high);
		*low = root;
	} else {
		split(root->left, address, low, &root->left);
		*high = root;
	}
	update(root);
}

/* All of low lies below all of high. */
static struct lib_range *join(struct lib_range *low, struct lib_range *high)
{
	if (!low || !high)
		return low ? low : high;
	if (low->priority >= high->priority) {
		low->right = join(low->right, high);
		update(low);
		return low;
	}
	high->left = join(low, high->left);
	update(high);
	return high;
}

static struct lib_range *insert(struct lib_range *root, struct lib_range *range)
{
	if (!root || range->priority > root->priority) {
		split(root, range->start, &range->left, &range->right);
		update(range);
		return range;
	}
	if (range->start < root->start)
		root->left = insert(root->left, range);
	else
		root->right = insert(root->right, range);
	update(root);
	return root;
}

void lib_ranges_insert(struct lib_ranges *ranges, struct lib_range *range)
{
	range->priority = next_priority(ranges);
	ranges->root = insert(ranges->root, range);
}

static struct lib_range *without(struct lib_range *root, struct lib_range *range)
{
	if (root == range)
		return join(root->left, root->right);
	if (range->start < root->start)
		root->left = without(root->left, range);
	else
		root->right = without(root->right, range);
	update(root);
	return root;
}

void lib_ranges_remove(struct lib_ranges *ranges, struct lib_range *range)
{
	ranges->root = without(ranges->root, range);
}

static void update_path(struct lib_range *root, const struct lib_range *range)
{
	if (root != range)
		update_path(range->start < root->start ? root->left : root->right, range);
	update(root);
}

void lib_ranges_change(struct lib_ranges *ranges, struct lib_range *range, uint64_t start,
		       uint64_t end, uint64_t weight)
{
	range->start = start;
	range->end = end;
	range->weight = weight;
	update_path(ranges->root, range);
}

struct lib_range *lib_ranges_from(const struct lib_ranges *ranges, uint64_t address)
{
	struct lib_range *range = ranges->root, *best = NULL;

	while (range) {
		if (range->end > address) {
			best = range;
			range = range->left;
		} else {
			range = range->right;
		}
	}
	return best;
}

static struct lib_range *fit(struct lib_range *root, uint64_t address, uint64_t weight)
{
	struct lib_range *found;

	if (!root || root->heaviest < weight)
		return NULL;
	if (root->start >= address) {
		found = fit(root->left, address, weight);
		if (found)
			return found;
		if (root->weight >= weight)
			return root;
	}
	return fit(root->right, address, weight);
}

struct lib_range *lib_ranges_fit(const struct lib_ranges *ranges, uint64_t address, uint64_t weight)
{
	return fit(ranges->root, address, weight);
}
