// SPDX-License-Identifier: MIT
#include "page_set.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 64

static size_t slot_of(const struct page_set *set, uint64_t value)
{
	size_t slot = (size_t)(value * 0x9e3779b97f4a7c15 >> 20) & (set->size - 1);

	while (set->slots[slot] && set->slots[slot] != value)
		slot = (slot + 1) & (set->size - 1);
	return slot;
}

static bool grow(struct page_set *set)
{
	struct page_set larger = {
		.size = set->size ? 2 * set->size : FIRST_SIZE,
		.count = set->count,
	};

	larger.slots = calloc(larger.size, sizeof(*larger.slots));
	if (!larger.slots)
		return false;
	for (size_t i = 0; i < set->size; i++)
		if (set->slots[i])
			larger.slots[slot_of(&larger, set->slots[i])] = set->slots[i];
	free(set->slots);
	*set = larger;
	return true;
}

static void add_value(struct page_set *set, uint64_t value)
{
	size_t slot;

	if (2 * set->count >= set->size && !grow(set)) {
		set->lost = true;
		return;
	}
	slot = slot_of(set, value);
	set->count += !set->slots[slot];
	set->slots[slot] = value;
}

void page_set_add(struct page_set *set, uint64_t address)
{
	add_value(set, address | 1);
}

void page_set_clear(struct page_set *set)
{
	if (set->count)
		memset(set->slots, 0, set->size * sizeof(*set->slots));
	set->count = 0;
	set->lost = false;
}

void page_set_free(struct page_set *set)
{
	free(set->slots);
	*set = (struct page_set){0};
}

void page_set_merge(struct page_set *to, const struct page_set *from)
{
	to->lost |= from->lost;
	for (size_t i = 0; i < from->size; i++)
		if (from->slots[i])
			add_value(to, from->slots[i]);
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

const uint64_t *page_set_sort(struct page_set *set)
{
	size_t count = 0;

	if (!set->size)
		return NULL;
	for (size_t i = 0; i < set->size; i++)
		if (set->slots[i])
			set->slots[count++] = set->slots[i] & ~1ull;
	qsort(set->slots, count, sizeof(*set->slots), compare);
	memset(set->slots + count, 0, (set->size - count) * sizeof(*set->slots));
	return set->slots;
}
