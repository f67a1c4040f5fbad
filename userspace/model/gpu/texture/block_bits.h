/* SPDX-License-Identifier: MIT */
/* The 128 bits of a block of compressed texels: bit 0 is the lowest one of the first byte. */
#ifndef AGX_TEXTURE_BLOCK_BITS_H
#define AGX_TEXTURE_BLOCK_BITS_H

#include <stdint.h>

struct block_bits {
	uint64_t low, high;
};

static inline struct block_bits block_bits_load(const uint8_t *block)
{
	struct block_bits bits = {0, 0};

	for (unsigned int i = 0; i < 8; i++) {
		bits.low |= (uint64_t)block[i] << (8 * i);
		bits.high |= (uint64_t)block[8 + i] << (8 * i);
	}
	return bits;
}

/* At most 32 bits; those behind the block's end are 0. */
static inline uint32_t block_bits_get(const struct block_bits *bits, unsigned int start,
				      unsigned int count)
{
	uint64_t word;

	if (start >= 128)
		return 0;
	if (start >= 64)
		word = bits->high >> (start - 64);
	else if (start == 0)
		word = bits->low;
	else
		word = bits->low >> start | bits->high << (64 - start);
	return (uint32_t)(word & ((1ull << count) - 1));
}

#endif
