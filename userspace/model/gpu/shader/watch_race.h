/* SPDX-License-Identifier: MIT */
/*
 * Finds accesses of one launch that nothing orders. The rule is in docs/shader-debug.md: two threads access the same
 * byte, at least one writes it, not both do so atomically, and none of these is so:
 *
 *   - they are in one SIMD group, in different executed instructions: these follow each other;
 *   - they are in one threadgroup, and a barrier is between them;
 *   - they are in two threadgroups, the second one has accessed a word atomically before, and the first one has
 *     accessed that word atomically too, before that: so programs that find out which group is the last are in order;
 *   - both are stores, and the second leaves the byte as it is.
 *
 * Accesses are remembered in shadow memory: for each word of four bytes the last write and the last write by another
 * SIMD group, and the last reads by this SIMD group, by another one of its threadgroup, and by another threadgroup; for
 * each byte, where less than a word was accessed. Shadow memory is bounded.
 */
#ifndef AGX_WATCH_RACE_H
#define AGX_WATCH_RACE_H

#include "agx_watch.h"

struct agx_race;

/* NULL: no memory. memory: bytes that it may take. */
struct agx_race *agx_race_create(uint64_t memory);
void agx_race_destroy(struct agx_race *race);

/* A launch of so many threadgroups: what was before is in order with all of it. */
void agx_race_launch(struct agx_race *race, uint64_t groups);

/* The threadgroup of this number in the grid begins. */
void agx_race_group(struct agx_race *race, uint64_t number);
void agx_race_barrier(struct agx_race *race);

/* One of two. */
struct agx_race_side {
	uint64_t group;  /* number in the grid */
	uint32_t thread; /* in the group */
	uint32_t op;     /* index in the program */
	bool write, atomic;
};

struct agx_race_conflict {
	uint64_t address;
	struct agx_race_side first, second;
	const char *rule;
};

/*
 * What a SIMD group accesses with the operation of this index, in device or threadgroup memory. mapped: bits of the
 * lanes whose memory is there. silent: bits of those whose store has changed nothing. same: the store's
 * lanes store the same values. True: a conflict, the first of this access.
 */
bool agx_race_access(struct agx_race *race, const struct agx_watch_access *access, uint32_t simd,
		     uint32_t op, uint32_t mapped, uint32_t silent, bool same,
		     struct agx_race_conflict *conflict);

/* Once for each launch where memory did not suffice: true, and from which address on. */
bool agx_race_limited(struct agx_race *race, uint64_t *address);

#endif
