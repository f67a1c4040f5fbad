// SPDX-License-Identifier: MIT
/*
 * Facts: E. Myers, "An O(ND) difference algorithm and its variations", 1986: the greedy form, with the furthest
 * reaching points of every step kept so that the way can be traced back. Memory is D^2, so D is limited; sequences
 * that differ more are first cut at anchors.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "diff_align.h"

#define MAX_D 1024u /* edits that the exact form looks for in one piece */

struct align {
	const uint64_t *a, *b;
	struct diff_budget *budget;
	uint8_t *match_a; /* element has a partner: the n-th marked of a belongs to the n-th of b */
	uint8_t *match_b;
	int32_t *rows; /* of Myers: row d has 2 d + 1 points */
	unsigned int max_d;
};

static bool spend(struct diff_budget *budget, uint64_t steps)
{
	if (budget->steps < steps) {
		budget->steps = 0;
		return false;
	}
	budget->steps -= steps;
	return true;
}

static void mark(struct align *s, size_t a, size_t b)
{
	s->match_a[a] = 1;
	s->match_b[b] = 1;
}

/* Row d, of diagonals -d to d, starts after all the shorter ones. */
static int32_t *row(const struct align *s, unsigned int d)
{
	return s->rows + (size_t)d * d + d;
}

/*
 * How far diagonal k can be reached with one edit after row d - 1: from k - 1 by leaving out an element of a, or
 * from k + 1 by leaving out one of b. The diagonal that it came from is *from. -1: it cannot.
 */
static int64_t reach(const struct align *s, unsigned int d, int64_t k, size_t n, size_t m,
		     int64_t *from)
{
	const int32_t *before = row(s, d - 1);
	int64_t last = (int64_t)d - 1, best = -1, x;

	if (k - 1 >= -last && k - 1 <= last && before[k - 1] >= 0) {
		x = (int64_t)before[k - 1] + 1;
		if (x <= (int64_t)n) {
			best = x;
			*from = k - 1;
		}
	}
	if (k + 1 >= -last && k + 1 <= last && before[k + 1] >= 0) {
		x = before[k + 1];
		if (x - k <= (int64_t)m && x > best) {
			best = x;
			*from = k + 1;
		}
	}
	return best;
}

/* The way back from the end, d edits long. */
static void trace_back(struct align *s, size_t a0, size_t n, size_t b0, size_t m, unsigned int d)
{
	int64_t x = (int64_t)n, k = (int64_t)n - (int64_t)m, start, from = 0;

	for (;; d--) {
		start = d ? reach(s, d, k, n, m, &from) : 0;
		while (x > start) {
			x--;
			mark(s, a0 + (size_t)x, b0 + (size_t)(x - k));
		}
		if (!d)
			return;
		x = row(s, d - 1)[from];
		k = from;
	}
}

/* False: more than MAX_D edits, or the budget is gone. */
static bool myers(struct align *s, size_t a0, size_t n, size_t b0, size_t m)
{
	const uint64_t *a = s->a + a0, *b = s->b + b0;
	int64_t from;
	unsigned int d;

	if (n > INT32_MAX || m > INT32_MAX)
		return false;
	for (d = 0; d <= s->max_d; d++) {
		uint64_t steps = 0;
		int64_t k;

		for (k = -(int64_t)d; k <= (int64_t)d; k += 2) {
			int64_t x = d ? reach(s, d, k, n, m, &from) : 0, start = x;

			if (x >= 0) {
				while (x < (int64_t)n && x - k < (int64_t)m && a[x] == b[x - k])
					x++;
			}
			steps += (uint64_t)(x - start) + 1;
			row(s, d)[k] = (int32_t)x;
			if (x == (int64_t)n && x - k == (int64_t)m) {
				trace_back(s, a0, n, b0, m, d);
				return true;
			}
		}
		if (!spend(s->budget, steps))
			return false;
	}
	return false;
}

/* An element that is once in each piece. */
struct anchor {
	uint64_t key;
	size_t a, b;
	uint32_t in_a, in_b; /* how often */
};

static int by_key(const void *p, const void *q)
{
	const struct anchor *x = p, *y = q;

	return x->key < y->key ? -1 : x->key > y->key;
}

static int by_a(const void *p, const void *q)
{
	const struct anchor *x = p, *y = q;

	return x->a < y->a ? -1 : x->a > y->a;
}

/* Unique common elements, in the order of a. */
static size_t find_anchors(const struct align *s, size_t a0, size_t n, size_t b0, size_t m,
			   struct anchor *all)
{
	size_t i, count = 0, kept = 0;

	for (i = 0; i < n; i++)
		all[i] = (struct anchor){.key = s->a[a0 + i], .a = i, .in_a = 1};
	for (i = 0; i < m; i++)
		all[n + i] = (struct anchor){.key = s->b[b0 + i], .b = i, .in_b = 1};
	qsort(all, n + m, sizeof(*all), by_key);
	for (i = 0; i < n + m; i++) {
		if (count && all[count - 1].key == all[i].key) {
			struct anchor *sum = &all[count - 1];

			if (all[i].in_a)
				sum->a = all[i].a;
			else
				sum->b = all[i].b;
			sum->in_a += all[i].in_a;
			sum->in_b += all[i].in_b;
			continue;
		}
		all[count++] = all[i];
	}
	for (i = 0; i < count; i++) {
		if (all[i].in_a == 1 && all[i].in_b == 1)
			all[kept++] = all[i];
	}
	qsort(all, kept, sizeof(*all), by_a);
	return kept;
}

/* The longest run of anchors that rises in b, too: moved to the front. Patience sorting. */
static size_t rising(struct anchor *anchors, size_t count, size_t *piles, size_t *links)
{
	size_t length = 0, i, at;

	for (i = 0; i < count; i++) {
		size_t low = 0, high = length;

		while (low < high) {
			size_t middle = low + (high - low) / 2;

			if (anchors[piles[middle]].b < anchors[i].b)
				low = middle + 1;
			else
				high = middle;
		}
		links[i] = low ? piles[low - 1] : SIZE_MAX;
		piles[low] = i;
		if (low == length)
			length++;
	}
	at = length ? piles[length - 1] : SIZE_MAX;
	for (i = length; i-- > 0; at = links[at])
		piles[i] = at;
	for (i = 0; i < length; i++)
		anchors[i] = anchors[piles[i]];
	return length;
}

/* Without anything to go by: what is equal at the same distance from the start. */
static void coarse(struct align *s, size_t a0, size_t n, size_t b0, size_t m)
{
	size_t i, count = n < m ? n : m;

	s->budget->coarse = true;
	for (i = 0; i < count; i++) {
		if (s->a[a0 + i] == s->b[b0 + i])
			mark(s, a0 + i, b0 + i);
	}
}

static int piece(struct align *s, size_t a0, size_t n, size_t b0, size_t m, unsigned int depth)
{
	struct anchor *anchors;
	size_t *numbers, count, i, at_a = 0, at_b = 0;
	int ret = 0;

	while (n && m && s->a[a0] == s->b[b0]) {
		mark(s, a0++, b0++);
		n--;
		m--;
	}
	while (n && m && s->a[a0 + n - 1] == s->b[b0 + m - 1])
		mark(s, a0 + --n, b0 + --m);
	if (!n || !m || myers(s, a0, n, b0, m))
		return 0;
	if (depth > 8 || !spend(s->budget, (n + m) * 16)) {
		coarse(s, a0, n, b0, m);
		return 0;
	}
	anchors = calloc(n + m, sizeof(*anchors));
	numbers = calloc(n + m, 2 * sizeof(*numbers));
	if (!anchors || !numbers) {
		free(anchors);
		free(numbers);
		return -ENOMEM;
	}
	count = find_anchors(s, a0, n, b0, m, anchors);
	count = rising(anchors, count, numbers, numbers + n + m);
	if (!count)
		coarse(s, a0, n, b0, m);
	for (i = 0; count && i <= count && !ret; i++) {
		size_t to_a = i < count ? anchors[i].a : n, to_b = i < count ? anchors[i].b : m;

		ret = piece(s, a0 + at_a, to_a - at_a, b0 + at_b, to_b - at_b, depth + 1);
		if (i < count)
			mark(s, a0 + to_a, b0 + to_b);
		at_a = to_a + 1;
		at_b = to_b + 1;
	}
	free(anchors);
	free(numbers);
	return ret;
}

int diff_align(const uint64_t *a, size_t n, const uint64_t *b, size_t m, struct diff_budget *budget,
	       struct diff_alignment *out)
{
	struct align s = {.a = a, .b = b, .budget = budget};
	size_t i = 0, j = 0;
	int ret = -ENOMEM;

	*out = (struct diff_alignment){0};
	s.match_a = calloc(n + 1, 1);
	s.match_b = calloc(m + 1, 1);
	s.max_d = n + m < MAX_D ? (unsigned int)(n + m) : MAX_D;
	s.rows = malloc((size_t)(s.max_d + 1) * (s.max_d + 2) * sizeof(*s.rows));
	out->pairs = calloc(n + m + 1, sizeof(*out->pairs));
	if (!s.match_a || !s.match_b || !s.rows || !out->pairs)
		goto out;
	ret = piece(&s, 0, n, 0, m, 0);
	while (!ret && (i < n || j < m)) {
		struct diff_pair *pair = &out->pairs[out->count++];

		if (i < n && !s.match_a[i])
			*pair = (struct diff_pair){i++, SIZE_MAX};
		else if (j < m && !s.match_b[j])
			*pair = (struct diff_pair){SIZE_MAX, j++};
		else
			*pair = (struct diff_pair){i++, j++};
	}
out:
	free(s.match_a);
	free(s.match_b);
	free(s.rows);
	if (ret) {
		free(out->pairs);
		*out = (struct diff_alignment){0};
	}
	return ret;
}
