/* SPDX-License-Identifier: MIT */
/* Addresses of pages, each once. */
#ifndef AGX_PAGE_SET_H
#define AGX_PAGE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Starts as all zeros. */
struct page_set {
	uint64_t *slots; /* address of a page, and 1; 0: free */
	size_t size;     /* of slots, a power of two */
	size_t count;
	bool lost; /* the host had no memory for one */
};

void page_set_add(struct page_set *set, uint64_t address);

/* Empty, and nothing lost. */
void page_set_clear(struct page_set *set);
void page_set_free(struct page_set *set);

/* Those of a set into another. */
void page_set_merge(struct page_set *to, const struct page_set *from);

/* set->count addresses in ascending order, good until the set changes; empties it. NULL: there never was one. */
const uint64_t *page_set_sort(struct page_set *set);

#endif
