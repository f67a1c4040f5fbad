/* SPDX-License-Identifier: MIT */
/*
 * Decisions out of bytes. Behind the last byte everything is 0, which is made to be something
 * valid.
 */
#ifndef AGX_TESTS_LIBAGX_CHOOSE_H
#define AGX_TESTS_LIBAGX_CHOOSE_H

#include <stdbool.h>
#include <stdint.h>

struct choices {
	const uint8_t *at, *end;
	unsigned int wrong; /* of 256 arguments so many are wrong on purpose */
};

static inline uint8_t choose_byte(struct choices *c)
{
	return c->at < c->end ? *c->at++ : 0;
}

static inline uint32_t choose_word(struct choices *c)
{
	uint32_t word = 0;

	for (unsigned int i = 0; i < 4; i++)
		word |= (uint32_t)choose_byte(c) << 8 * i;
	return word;
}

/* 0 to count - 1; count at most 65536. */
static inline unsigned int choose(struct choices *c, unsigned int count)
{
	unsigned int value = choose_byte(c);

	if (count > 256)
		value |= (unsigned int)choose_byte(c) << 8;
	return value % count;
}

/* So often of 256 times. */
static inline bool choose_chance(struct choices *c, unsigned int often)
{
	return c->at < c->end && *c->at++ < often;
}

/* Shall the next argument be wrong? */
static inline bool choose_wrong(struct choices *c)
{
	return c->wrong && choose_chance(c, c->wrong);
}

#define CHOOSE(c, array) ((array)[choose(c, sizeof(array) / sizeof((array)[0]))])

#endif
