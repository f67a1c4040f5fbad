/* SPDX-License-Identifier: MIT */
/* What generated pack and unpack functions are made of. */
#ifndef AGX_CS_PACK_BITS_H
#define AGX_CS_PACK_BITS_H

#include <stdint.h>
#include <string.h>

/*
 * With AGX_CS_PACK_CHECKS (what libagx is built with when there are sanitizers) packing a value that the field
 * does not hold ends the program: otherwise the upper bits are lost, and nobody who reads the record can know.
 */
#ifdef AGX_CS_PACK_CHECKS
#include <assert.h>
#define AGX_CS_FITS(condition, field) assert((condition) && field)
#endif

static inline uint32_t agx_cs_load32(const void *record, unsigned int word)
{
	uint32_t value;

	memcpy(&value, (const uint8_t *)record + 4 * word, sizeof(value));
	return value;
}

static inline uint32_t agx_cs_load16(const void *record, unsigned int word)
{
	uint16_t value;

	memcpy(&value, (const uint8_t *)record + 4 * word, sizeof(value));
	return value;
}

static inline void agx_cs_store32(void *record, unsigned int word, uint32_t value)
{
	memcpy((uint8_t *)record + 4 * word, &value, sizeof(value));
}

static inline void agx_cs_store16(void *record, unsigned int word, uint32_t value)
{
	const uint16_t low = (uint16_t)value;

	memcpy((uint8_t *)record + 4 * word, &low, sizeof(low));
}

static inline float agx_cs_float(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static inline uint32_t agx_cs_bits_of_float(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

/* Exact, NaN payloads included. */
static inline uint32_t agx_cs_widen_half(uint16_t half)
{
	const uint32_t sign = (uint32_t)(half & 0x8000) << 16;
	uint32_t exponent = half >> 10 & 0x1f, fraction = half & 0x3ff;

	if (exponent == 0x1f)
		return sign | 0x7f800000 | fraction << 13;
	if (!exponent) {
		if (!fraction)
			return sign;
		for (exponent = 1; !(fraction & 0x400); exponent--)
			fraction <<= 1;
		fraction &= 0x3ff;
	}
	return sign | (exponent + 112) << 23 | fraction << 13;
}

static inline float agx_cs_from_half(uint16_t half)
{
	return agx_cs_float(agx_cs_widen_half(half));
}

/* Rounds to nearest, ties to even; too large a number becomes an infinity. */
static inline uint32_t agx_cs_to_half(float value)
{
	const uint32_t bits = agx_cs_bits_of_float(value);
	const uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
	uint32_t fraction, shift;

	if (magnitude >= 0x7f800000) /* of a NaN something must stay */
		return sign | 0x7c00 | (magnitude > 0x7f800000 && !(magnitude >> 13 & 0x3ff)) |
		       (magnitude >> 13 & 0x3ff);
	if (magnitude >= 0x47800000)
		return sign | 0x7c00;
	if (magnitude >= 0x38800000) {
		fraction = magnitude - 0x38000000;
		shift = 13;
	} else {
		shift = 126 - (magnitude >> 23);
		if (shift > 25)
			return sign;
		fraction = (magnitude & 0x7fffff) | 0x800000;
	}
	return sign | ((fraction + ((1u << (shift - 1)) - 1) + (fraction >> shift & 1)) >> shift);
}

/* Units of 1/scale, rounded to nearest; 0 for what is below, and for NaN. */
static inline uint32_t agx_cs_to_fixed(float value, uint32_t scale)
{
	const float scaled = value * (float)scale + 0.5f;

	if (!(scaled > 0.0f))
		return 0;
	return scaled < 4294967040.0f ? (uint32_t)scaled : UINT32_MAX;
}

static inline uint32_t agx_cs_to_log2(uint32_t value)
{
	return value ? 31 - (uint32_t)__builtin_clz(value) : 0;
}

static inline uint32_t agx_cs_from_groups(uint32_t bits, uint32_t unit, unsigned int width)
{
	return unit * (bits ? bits : 1u << width);
}

/* Rounds up; none is sent as one group, since no bits mean the most. */
static inline uint32_t agx_cs_to_groups(uint32_t value, uint32_t unit)
{
	return value ? (value + unit - 1) / unit : 1;
}

#endif
