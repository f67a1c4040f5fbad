/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * IEEE 754 singles as bit patterns, computed with integers: the firmware wants floats, and a
 * kernel may not use the FPU. Round to nearest, ties to even, as a CPU does; a NaN comes out as
 * one quiet NaN. Pure functions.
 */
#ifndef AGX_FLOAT_H
#define AGX_FLOAT_H

#include "agx_types.h"

typedef uint32_t agx_f32;

#define AGX_F32_ONE  0x3f800000u
#define AGX_F32_SIGN 0x80000000u

/* A decimal constant as a table writes it: mantissa / 10^digits. */
struct agx_decimal {
	int32_t mantissa;
	uint8_t digits; /* up to 9 */
};

agx_f32 agx_f32_from_int(int64_t value);
agx_f32 agx_f32_from_decimal(struct agx_decimal value);

agx_f32 agx_float_add(agx_f32 a, agx_f32 b);
agx_f32 agx_float_sub(agx_f32 a, agx_f32 b);
agx_f32 agx_float_mul(agx_f32 a, agx_f32 b);
agx_f32 agx_float_div(agx_f32 a, agx_f32 b);

#endif
