/* SPDX-License-Identifier: MIT */
/*
 * Aligns two sequences of numbers: what is equal in both, in order.
 *
 * Myers' algorithm as long as the sequences are similar; anchors (numbers that are unique in both, "patience")
 * to cut them where they are not; and where neither helps, elements are paired by position, and the result
 * is called coarse. Time and memory are bounded by the budget, whatever the sequences are.
 */
#ifndef AGX_DIFF_ALIGN_H
#define AGX_DIFF_ALIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Elements that belong together; SIZE_MAX: there is none on that side. */
struct diff_pair {
	size_t a, b;
};

struct diff_budget {
	uint64_t steps; /* left */
	bool coarse;    /* ran out somewhere */
};

#define DIFF_STEPS (1ull << 30)

struct diff_alignment {
	struct diff_pair *pairs; /* in order of both */
	size_t count;
};

/*
 * Equal elements are paired, all others stand alone, those of a first within a run; with
 * coarse, budget->coarse is set. 0 or -ENOMEM. Release with free(out->pairs).
 */
int diff_align(const uint64_t *a, size_t n, const uint64_t *b, size_t m, struct diff_budget *budget,
	       struct diff_alignment *out);

#endif
