/* SPDX-License-Identifier: MIT */
/* The generated C structures, reached by number: what gen_members.py makes. */
#ifndef CS_MEMBERS_H
#define CS_MEMBERS_H

#include "agx_cs_pack.h"

/* Values are those of agx_cs_get(); tags have no member and are 0. */
struct cs_members {
	size_t size; /* of the C structure */
	uint64_t (*get)(const void *members, unsigned int field);
	void (*put)(void *members, unsigned int field, uint64_t value);
	void (*init)(void *members);
	void (*unpack)(void *members, const void *record);
	void (*pack)(void *record, const void *members);
	bool (*valid)(const void *members); /* NULL: there are no members */
};

extern const struct cs_members cs_members[AGX_CS_IDS];

/* Room for any of them. */
#define CS_MEMBERS_MAX 512

/* Numbers that are the same in every run: xorshift64. */
struct cs_random {
	uint64_t state;
};

static inline uint64_t cs_random(struct cs_random *random)
{
	random->state ^= random->state << 13;
	random->state ^= random->state >> 7;
	random->state ^= random->state << 17;
	return random->state;
}

static inline void cs_random_bytes(struct cs_random *random, uint8_t *bytes, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		bytes[i] = (uint8_t)(cs_random(random) >> 24);
}

#endif
