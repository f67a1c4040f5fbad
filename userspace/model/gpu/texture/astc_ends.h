/* SPDX-License-Identifier: MIT */
/* The two ends between which the colours of a partition of an ASTC block lie. */
#ifndef AGX_TEXTURE_ASTC_ENDS_H
#define AGX_TEXTURE_ASTC_ENDS_H

#include <stdbool.h>
#include <stdint.h>

/* The most values of a partition. */
#define ASTC_VALUES 8

struct astc_ends {
	int32_t rgba[2][4]; /* of 8 bits; of 12 bits those of high dynamic range */
	bool high_colour, high_alpha;
};

/* Values of a partition that its mode (0 to 15) has. */
static inline unsigned int astc_ends_values(unsigned int mode)
{
	return 2 * (mode / 4 + 1);
}

/* Values of 8 bits; what lies behind the mode's own is 0. */
struct astc_ends astc_ends_decode(unsigned int mode, const uint8_t values[ASTC_VALUES]);

#endif
