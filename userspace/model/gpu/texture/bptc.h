/* SPDX-License-Identifier: MIT */
/* What BC6H and BC7 share. Texels of a block of 4x4 are numbered in rows. */
#ifndef AGX_TEXTURE_BPTC_H
#define AGX_TEXTURE_BPTC_H

#include "block_bits.h"

/* subsets: 1 to 3; partition: 0 to 63. */
unsigned int bptc_subset(unsigned int subsets, unsigned int partition, unsigned int texel);

/* Index of a texel; start: of the first texel's; width: bits of each (2 to 4). */
unsigned int bptc_index(const struct block_bits *bits, unsigned int start, unsigned int width,
			unsigned int subsets, unsigned int partition, unsigned int texel);

/* What an index of this width selects between two ends. */
int32_t bptc_mix(int32_t first, int32_t second, unsigned int width, unsigned int index);

#endif
