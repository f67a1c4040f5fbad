// SPDX-License-Identifier: MIT
/*
 * Which element of one list belongs to which of the other: equal ones first, then within each gap those that are
 * most alike.
 */
#include <errno.h>
#include <stdlib.h>

#include "diff_compare.h"

#define MAX_CELLS 16384u /* of the table in which a gap is aligned by likeness */
#define MAX_LOOK  64u    /* leaves and children that are looked at for likeness */

bool diff_numbers_get(const struct diff_numbers *map, uint64_t key, uint32_t *value)
{
	size_t at;

	if (!map->capacity)
		return false;
	at = (key * 0x9e3779b97f4a7c15u) >> 32 & (map->capacity - 1);
	while (map->values[at]) {
		if (map->keys[at] == key) {
			*value = map->values[at] - 1;
			return true;
		}
		at = (at + 1) & (map->capacity - 1);
	}
	return false;
}

int diff_numbers_set(struct diff_numbers *map, uint64_t key, uint32_t value)
{
	size_t at, i;

	if (map->count * 4 >= map->capacity * 3) {
		size_t capacity = map->capacity ? map->capacity * 2 : 256;
		struct diff_numbers larger = {
			.keys = calloc(capacity, sizeof(*larger.keys)),
			.values = calloc(capacity, sizeof(*larger.values)),
			.capacity = capacity,
			.count = map->count,
		};

		if (!larger.keys || !larger.values) {
			free(larger.keys);
			free(larger.values);
			return -ENOMEM;
		}
		for (i = 0; i < map->capacity; i++) {
			if (!map->values[i])
				continue;
			at = (map->keys[i] * 0x9e3779b97f4a7c15u) >> 32 & (capacity - 1);
			while (larger.values[at])
				at = (at + 1) & (capacity - 1);
			larger.keys[at] = map->keys[i];
			larger.values[at] = map->values[i];
		}
		free(map->keys);
		free(map->values);
		*map = larger;
	}
	at = (key * 0x9e3779b97f4a7c15u) >> 32 & (map->capacity - 1);
	while (map->values[at])
		at = (at + 1) & (map->capacity - 1);
	map->keys[at] = key;
	map->values[at] = value + 1;
	map->count++;
	return 0;
}

/* 0: they have nothing to do with each other. */
static uint32_t likeness(const struct diff_store *store, uint32_t a, uint32_t b)
{
	const struct diff_node *x = diff_node(store, a), *y = diff_node(store, b);
	const struct diff_leaf *p = diff_leaves(store, x), *q = diff_leaves(store, y);
	const uint32_t *c = diff_children(store, x), *d = diff_children(store, y);
	uint32_t like = 2, i, j;

	if (x->kind != y->kind || x->title != y->title)
		return 0;
	for (i = 0; i < x->leaves && i < y->leaves && i < MAX_LOOK; i++)
		like += 2 * (p[i].name == q[i].name && p[i].value == q[i].value);
	for (i = 0; i < x->children && i < MAX_LOOK; i++) {
		for (j = 0; j < y->children && j < MAX_LOOK; j++) {
			if (c[i] == d[j]) {
				uint32_t size = diff_node(store, c[i])->size;

				like += 4 * (size < 64 ? size : 64);
				break;
			}
			/* The same part with another content still makes them the same kind of thing. */
			if (i == j &&
			    diff_node(store, c[i])->title == diff_node(store, d[j])->title)
				like++;
		}
	}
	return like;
}

struct gap {
	struct agx_diff *diff;
	const uint32_t *a, *b;
	size_t a0, n, b0, m;
	bool in_rest; /* of a long gap: what runs the same is paired */
	struct diff_alignment *out;
};

static void pair(const struct gap *gap, size_t a, size_t b)
{
	gap->out->pairs[gap->out->count++] = (struct diff_pair){
		a == SIZE_MAX ? SIZE_MAX : gap->a0 + a,
		b == SIZE_MAX ? SIZE_MAX : gap->b0 + b,
	};
}

/* How alike each is to each: n rows of m. */
static int fill_likeness(const struct gap *gap, uint32_t *like)
{
	struct diff_store *store = gap->diff->store;
	const uint32_t *a = gap->a + gap->a0, *b = gap->b + gap->b0;
	size_t n = gap->n, m = gap->m, i, j;
	struct diff_sketch *sketches = NULL;

	if (gap->diff->options.work) {
		sketches = calloc(n + m, sizeof(*sketches));
		if (!sketches)
			return -ENOMEM;
		for (i = 0; i < n + m; i++)
			diff_sketch(store, i < n ? a[i] : b[i - n], &sketches[i]);
	}
	for (i = 0; i < n; i++) {
		bool unit = sketches && diff_is_unit(diff_node(store, a[i])->kind);

		for (j = 0; j < m; j++)
			like[i * m + j] =
				unit ? diff_sketch_likeness(&sketches[i], &sketches[n + j])
				     : likeness(store, a[i], b[j]);
	}
	free(sketches);
	return 0;
}

/* The alignment with the largest sum of likeness. */
static int by_likeness(const struct gap *gap)
{
	size_t n = gap->n, m = gap->m, i, j, width = m + 1;
	uint32_t *like = calloc(n * m, sizeof(*like));
	uint64_t *best = calloc((n + 1) * width, sizeof(*best));

	if (!like || !best || fill_likeness(gap, like)) {
		free(like);
		free(best);
		return -ENOMEM;
	}
	/* best[i][j]: of the elements from i and from j on. */
	for (i = n; i-- > 0;) {
		for (j = m; j-- > 0;) {
			uint64_t take, most = best[(i + 1) * width + j];

			if (best[i * width + j + 1] > most)
				most = best[i * width + j + 1];
			take = best[(i + 1) * width + j + 1] + like[i * m + j];
			best[i * width + j] = like[i * m + j] && take > most ? take : most;
		}
	}
	i = 0;
	j = 0;
	while (i < n || j < m) {
		if (i < n && j < m && like[i * m + j] &&
		    best[i * width + j] == best[(i + 1) * width + j + 1] + like[i * m + j])
			pair(gap, i++, j++);
		else if (i < n && (j == m || best[i * width + j] == best[(i + 1) * width + j]))
			pair(gap, i++, SIZE_MAX);
		else
			pair(gap, SIZE_MAX, j++);
	}
	free(like);
	free(best);
	return 0;
}

static int fill_gap(const struct gap *gap);

/* Long gaps: by what the elements are called; of work, first by what they run. */
static uint64_t long_key(const struct gap *gap, uint32_t number, bool code)
{
	const struct diff_node *node = diff_node(gap->diff->store, number);
	struct diff_sketch sketch;

	if (!code)
		return (uint64_t)node->title << 8 | node->kind;
	diff_sketch(gap->diff->store, number, &sketch);
	return diff_sketch_code(&sketch);
}

/* What is left between two pairs of the alignment by code. */
static int fill_rest(const struct gap *outer, struct gap *gap)
{
	int ret = 0;

	gap->in_rest = true;
	if (gap->n || gap->m)
		ret = fill_gap(gap);
	*gap = (struct gap){
		.diff = outer->diff,
		.a = outer->a,
		.b = outer->b,
		.out = outer->out,
		.a0 = gap->a0 + gap->n + 1,
		.b0 = gap->b0 + gap->m + 1,
	};
	return ret;
}

static int by_key(const struct gap *gap)
{
	uint64_t steps = (uint64_t)(gap->n + gap->m) * DIFF_SKETCH;
	bool code = gap->diff->options.work && !gap->in_rest && gap->diff->budget.steps > steps;
	struct gap rest = *gap;
	struct diff_alignment pairs;
	uint64_t *keys = calloc(gap->n + gap->m, sizeof(*keys));
	size_t i;
	int ret;

	if (!keys)
		return -ENOMEM;
	if (code)
		gap->diff->budget.steps -= steps;
	for (i = 0; i < gap->n + gap->m; i++)
		keys[i] = long_key(
			gap, i < gap->n ? gap->a[gap->a0 + i] : gap->b[gap->b0 + i - gap->n], code);
	ret = diff_align(keys, gap->n, keys + gap->n, gap->m, &gap->diff->budget, &pairs);
	free(keys);
	if (ret)
		return ret;
	rest.n = 0;
	rest.m = 0;
	for (i = 0; i < pairs.count && !ret; i++) {
		const struct diff_pair *p = &pairs.pairs[i];

		if (!code) {
			pair(gap, p->a, p->b);
		} else if (p->a == SIZE_MAX || p->b == SIZE_MAX) {
			rest.n += p->a != SIZE_MAX;
			rest.m += p->b != SIZE_MAX;
		} else {
			ret = fill_rest(gap, &rest);
			if (!ret)
				pair(gap, p->a, p->b);
		}
	}
	if (code && !ret)
		ret = fill_rest(gap, &rest);
	free(pairs.pairs);
	return ret;
}

static int fill_gap(const struct gap *gap)
{
	size_t i;

	if (!gap->n || !gap->m) {
		for (i = 0; i < gap->n; i++)
			pair(gap, i, SIZE_MAX);
		for (i = 0; i < gap->m; i++)
			pair(gap, SIZE_MAX, i);
		return 0;
	}
	if (gap->m <= MAX_CELLS / gap->n &&
	    gap->diff->budget.steps > (uint64_t)gap->n * gap->m * MAX_LOOK) {
		gap->diff->budget.steps -= (uint64_t)gap->n * gap->m * MAX_LOOK;
		return by_likeness(gap);
	}
	return by_key(gap);
}

int diff_match(struct agx_diff *diff, const uint32_t *a, size_t n, const uint32_t *b, size_t m,
	       struct diff_alignment *out)
{
	struct gap gap = {.diff = diff, .a = a, .b = b, .out = out};
	struct diff_alignment equal;
	uint64_t *keys = calloc(n + m + 1, sizeof(*keys));
	size_t i;
	int ret;

	*out = (struct diff_alignment){0};
	if (!keys)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		keys[i] = a[i];
	for (i = 0; i < m; i++)
		keys[n + i] = b[i];
	ret = diff_align(keys, n, keys + n, m, &diff->budget, &equal);
	free(keys);
	if (ret)
		return ret;
	out->pairs = calloc(n + m + 1, sizeof(*out->pairs));
	if (!out->pairs)
		ret = -ENOMEM;
	for (i = 0; i <= equal.count && !ret; i++) {
		const struct diff_pair *p = i < equal.count ? &equal.pairs[i] : NULL;

		if (p && (p->a == SIZE_MAX || p->b == SIZE_MAX)) {
			gap.n += p->a != SIZE_MAX;
			gap.m += p->b != SIZE_MAX;
			continue;
		}
		ret = fill_gap(&gap);
		gap.a0 += gap.n;
		gap.b0 += gap.m;
		gap.n = 0;
		gap.m = 0;
		if (p && !ret) {
			pair(&gap, 0, 0);
			gap.a0++;
			gap.b0++;
		}
	}
	free(equal.pairs);
	if (ret) {
		free(out->pairs);
		*out = (struct diff_alignment){0};
	}
	return ret;
}
