// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "replay_index.h"

static size_t home(const struct replay_index *index, uint64_t key)
{
	/* Fibonacci hashing: the high bits of the product are the well mixed ones. */
	return (size_t)((key * 0x9e3779b97f4a7c15ull) >> 20) & (index->capacity - 1);
}

static struct replay_index_slot *probe(const struct replay_index *index, uint64_t key)
{
	size_t i = home(index, key);

	while (index->slots[i].used && index->slots[i].key != key)
		i = (i + 1) & (index->capacity - 1);
	return &index->slots[i];
}

uint32_t *replay_index_find(const struct replay_index *index, uint64_t key)
{
	struct replay_index_slot *slot;

	if (!index->capacity)
		return NULL;
	slot = probe(index, key);
	return slot->used ? &slot->value : NULL;
}

static int grow(struct replay_index *index)
{
	struct replay_index larger = {.capacity = index->capacity ? 2 * index->capacity : 64};
	size_t i;

	larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (i = 0; i < index->capacity; i++)
		if (index->slots[i].used)
			*probe(&larger, index->slots[i].key) = index->slots[i];
	larger.count = index->count;
	free(index->slots);
	*index = larger;
	return 0;
}

int replay_index_set(struct replay_index *index, uint64_t key, uint32_t value)
{
	struct replay_index_slot *slot;

	if (4 * (index->count + 1) > 3 * index->capacity) {
		int ret = grow(index);

		if (ret)
			return ret;
	}
	slot = probe(index, key);
	if (!slot->used)
		index->count++;
	*slot = (struct replay_index_slot){.key = key, .value = value, .used = 1};
	return 0;
}

void replay_index_remove(struct replay_index *index, uint64_t key)
{
	struct replay_index_slot *slot;
	size_t hole, i;

	if (!index->capacity)
		return;
	slot = probe(index, key);
	if (!slot->used)
		return;
	index->count--;
	hole = (size_t)(slot - index->slots);
	i = hole;
	for (;;) {
		size_t want;

		i = (i + 1) & (index->capacity - 1);
		if (!index->slots[i].used)
			break;
		/* An entry may move up unless its home lies after the hole, cyclically. */
		want = home(index, index->slots[i].key);
		if (((i - want) & (index->capacity - 1)) >= ((i - hole) & (index->capacity - 1))) {
			index->slots[hole] = index->slots[i];
			hole = i;
		}
	}
	index->slots[hole] = (struct replay_index_slot){0};
}

void replay_index_finish(struct replay_index *index)
{
	free(index->slots);
	*index = (struct replay_index){0};
}
