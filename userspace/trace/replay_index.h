/* SPDX-License-Identifier: MIT */
/*
 * A hash table from 64-bit keys to 32-bit values: open addressing, linear probing, deletion by
 * moving the following entries up, so that it does not wear out however often names come and go.
 */
#ifndef AGX_REPLAY_INDEX_H
#define AGX_REPLAY_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct replay_index_slot {
	uint64_t key;
	uint32_t value;
	uint32_t used;
};

struct replay_index {
	struct replay_index_slot *slots;
	size_t capacity; /* 0 or a power of two */
	size_t count;
};

/* The value's place, or NULL. Valid until the next set or remove. */
uint32_t *replay_index_find(const struct replay_index *index, uint64_t key);

/* Adds or replaces. -ENOMEM. */
int replay_index_set(struct replay_index *index, uint64_t key, uint32_t value);

/* Unknown keys are fine. */
void replay_index_remove(struct replay_index *index, uint64_t key);

void replay_index_finish(struct replay_index *index);

#endif
