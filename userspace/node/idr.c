// SPDX-License-Identifier: MIT
#include "idr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Words of a level's bitmap for a capacity; each level has a bit per word of the one below. */
static size_t level_words(uint32_t capacity, int level)
{
	size_t words = capacity / 64;

	while (level--)
		words = (words + 63) / 64;
	return words;
}

void agx_idr_finish(struct agx_idr *idr)
{
	int level;

	free(idr->slots);
	for (level = 0; level < AGX_IDR_LEVELS; level++)
		free(idr->full[level]);
	memset(idr, 0, sizeof(*idr));
}

static void mark_taken(struct agx_idr *idr, uint32_t id)
{
	int level;

	for (level = 0; level < AGX_IDR_LEVELS; level++) {
		uint64_t *word = &idr->full[level][id / 64];

		*word |= 1ull << (id % 64);
		if (*word != UINT64_MAX)
			break;
		id /= 64;
	}
}

static void mark_free(struct agx_idr *idr, uint32_t id)
{
	int level;

	for (level = 0; level < AGX_IDR_LEVELS; level++) {
		idr->full[level][id / 64] &= ~(1ull << (id % 64));
		id /= 64;
	}
}

/* Doubles the tables. On failure some may have become larger, which does no harm. */
static int grow(struct agx_idr *idr)
{
	uint32_t capacity = idr->capacity ? idr->capacity * 2 : 64;
	void **slots;
	int level;

	if (capacity - 1 > AGX_IDR_MAX)
		return -ENOMEM;

	slots = realloc(idr->slots, capacity * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	idr->slots = slots;
	memset(slots + idr->capacity, 0, (capacity - idr->capacity) * sizeof(*slots));

	for (level = 0; level < AGX_IDR_LEVELS; level++) {
		size_t old = idr->capacity ? level_words(idr->capacity, level) : 0;
		size_t new = level_words(capacity, level);
		uint64_t *words = realloc(idr->full[level], new * sizeof(*words));

		if (!words)
			return -ENOMEM;
		idr->full[level] = words;
		memset(words + old, 0, (new - old) * sizeof(*words));
	}

	if (!idr->capacity)
		mark_taken(idr, 0);
	idr->capacity = capacity;
	return 0;
}

/* The lowest free id, or the capacity when all are taken. */
static uint32_t lowest_free(const struct agx_idr *idr)
{
	int level = AGX_IDR_LEVELS - 1;
	uint32_t index = 0;

	if (!idr->capacity)
		return 0;
	for (; level >= 0; level--) {
		uint64_t free_bits = ~idr->full[level][index];

		if (!free_bits)
			return idr->capacity;
		index = index * 64 + (uint32_t)__builtin_ctzll(free_bits);
		/* Bits beyond the last word below are never set: they mean "past the end". */
		if (level && index >= level_words(idr->capacity, level - 1))
			return idr->capacity;
	}
	return index < idr->capacity ? index : idr->capacity;
}

int agx_idr_alloc(struct agx_idr *idr, void *ptr)
{
	uint32_t id = lowest_free(idr);

	if (id == idr->capacity) {
		int err = grow(idr);

		if (err)
			return err;
		id = lowest_free(idr);
	}
	idr->slots[id] = ptr;
	idr->count++;
	mark_taken(idr, id);
	return (int)id;
}

void *agx_idr_remove(struct agx_idr *idr, uint32_t id)
{
	void *ptr = agx_idr_find(idr, id);

	if (ptr) {
		idr->slots[id] = NULL;
		idr->count--;
		mark_free(idr, id);
	}
	return ptr;
}

void *agx_idr_next(const struct agx_idr *idr, uint32_t *id)
{
	uint32_t i;

	for (i = *id; i < idr->capacity; i++)
		if (idr->slots[i]) {
			*id = i;
			return idr->slots[i];
		}
	return NULL;
}
