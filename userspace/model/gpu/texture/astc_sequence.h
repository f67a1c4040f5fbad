/* SPDX-License-Identifier: MIT */
/* Sequences of small integers: bits, and three or five values for each at the price of a fraction of one. */
#ifndef AGX_TEXTURE_ASTC_SEQUENCE_H
#define AGX_TEXTURE_ASTC_SEQUENCE_H

#include "block_bits.h"

/* Ranges of values by rising size: 2, 3, 4, 5, 6, 8, ... 256. Weights have the first twelve. */
#define ASTC_RANGES 21

/* Bits of a sequence. */
unsigned int astc_sequence_bits(unsigned int range, unsigned int count);

/* Value number index of a sequence of count from bit start on, as 0 to 64 or as 0 to 255. */
uint8_t astc_sequence_weight(const struct block_bits *bits, unsigned int start, unsigned int range,
			     unsigned int count, unsigned int index);
uint8_t astc_sequence_colour(const struct block_bits *bits, unsigned int start, unsigned int range,
			     unsigned int count, unsigned int index);

#endif
