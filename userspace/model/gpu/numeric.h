/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic of the shader core, one value at a time: what each result is, to the bit, where that is
 * known. The reference for faster forms, and what they fall back on.
 *
 * Values are passed as their bits. Nothing depends on how the host treats denormals or on its C library,
 * so that results are the same on every machine. The host rounds to nearest.
 *
 * Rules (dougallj/applegpu: fma.py, applegpu.py, which hwtest.py compared with an M1):
 *
 *   - binary32 sources that are denormal count as zeros of their sign; a binary32 result whose exact
 *     value, before rounding, is below 2^-126 becomes zero of its sign. binary16 denormals are kept.
 *   - Results are rounded to nearest, ties to even. A binary16 result of a 32-bit operation is rounded
 *     twice: to binary32, then saturated, then to binary16.
 *   - A result that is not a number is the quiet NaN without payload: 0x7fc00000, 0x7e00.
 *   - Saturation gives [0, 1]; negative values and NaN become +0.
 */
#ifndef AGX_GPU_NUMERIC_H
#define AGX_GPU_NUMERIC_H

#include <stdbool.h>
#include <stdint.h>

#define AGX_F32_NAN 0x7fc00000u
#define AGX_F16_NAN 0x7e00u
#define AGX_F32_ONE 0x3f800000u
#define AGX_F16_ONE 0x3c00u

/* A binary32 source as the operations see it: denormals are zeros. */
uint32_t agx_f32_source(uint32_t bits);

/* Exact. */
uint32_t agx_f16_to_f32(uint16_t bits);

/* Rounds to nearest even; denormals are kept, too large values become infinity. */
uint16_t agx_f32_to_f16(uint32_t bits);

/* a * b + c, rounded once. a * b is agx_f32_mul(): its zeros have the product's sign. */
uint32_t agx_f32_fma(uint32_t a, uint32_t b, uint32_t c);
uint32_t agx_f32_add(uint32_t a, uint32_t b);
uint32_t agx_f32_mul(uint32_t a, uint32_t b);
uint16_t agx_f16_fma(uint16_t a, uint16_t b, uint16_t c);
uint16_t agx_f16_add(uint16_t a, uint16_t b);
uint16_t agx_f16_mul(uint16_t a, uint16_t b);

uint32_t agx_f32_saturate(uint32_t bits);
uint16_t agx_f16_saturate(uint16_t bits);

/* To an integral value: exact. */
uint32_t agx_f32_floor(uint32_t bits);
uint32_t agx_f32_ceil(uint32_t bits);
uint32_t agx_f32_trunc(uint32_t bits);
uint32_t agx_f32_rint(uint32_t bits); /* nearest, ties to even */

/*
 * The special functions. Hardware's exact results are not known (rcp is said to be off by one unit now
 * and then). These are the correctly rounded ones, but for rsqrt, log2, exp2 and the sines in the few
 * cases that lie within 2^-50 of the middle between two floats.
 */
uint32_t agx_f32_rcp(uint32_t bits);
uint32_t agx_f32_rsqrt(uint32_t bits);
/* As rsqrt, but x times it is sqrt(x) for 0 and infinity, too: 0 and 1 are what it gives there. */
uint32_t agx_f32_rsqrt_special(uint32_t bits);
uint32_t agx_f32_log2(uint32_t bits);
uint32_t agx_f32_exp2(uint32_t bits);
/* An angle in quadrants, 0 to 4, to one in -1 to 1 with the same sine. */
uint32_t agx_f32_sin_reduce(uint32_t bits);
/* sin(x pi / 2) / x, for x from -1 to 1. */
uint32_t agx_f32_sin_ratio(uint32_t bits);

/* Rounding of a conversion. */
enum agx_round {
	AGX_ROUND_TO_ZERO,
	AGX_ROUND_TO_NEAREST, /* ties to even */
};

/*
 * A float to an integer of so many bits (8, 16 or 32). What is outside of its range becomes the nearest
 * end, NaN becomes 0; that is not verified against hardware.
 */
uint32_t agx_f32_to_int(uint32_t bits, unsigned int width, bool is_signed, enum agx_round round);

/* An integer, of which the lowest width bits count, to a float. */
uint32_t agx_int_to_f32(uint32_t value, unsigned int width, bool is_signed, enum agx_round round);

/* As compare instructions see floats: denormals are zeros; NaN is unordered. */
enum agx_order {
	AGX_LESS,
	AGX_EQUAL,
	AGX_GREATER,
	AGX_UNORDERED,
};

enum agx_order agx_f32_compare(uint32_t a, uint32_t b);
enum agx_order agx_f16_compare(uint16_t a, uint16_t b);

#endif
