// SPDX-License-Identifier: MIT
/*
 * Values are binary64 on their way: a quotient of two small integers is then so close to its exact value
 * that rounding it once more gives the same as rounding that, as no such quotient but an exact one lies
 * within 2^-42 of the middle between two shorter floats.
 */
#include "formats.h"

#include <string.h>

#include "agx_isa_ops.h"
#include "numeric.h"
#include "srgb_tables.h"

#define F32_EXPONENT 0x7f800000u
#define F32_SIGN     0x80000000u

const struct agx_format agx_formats[AGX_FORMATS] = {
	[AGX_ISA_FORMAT_I8] = {1, 0, false},          [AGX_ISA_FORMAT_I16] = {2, 0, false},
	[AGX_ISA_FORMAT_I32] = {4, 0, false},         [AGX_ISA_FORMAT_F16] = {2, 0, false},
	[AGX_ISA_FORMAT_U8NORM] = {1, 0, true},       [AGX_ISA_FORMAT_S8NORM] = {1, 0, true},
	[AGX_ISA_FORMAT_U16NORM] = {2, 0, true},      [AGX_ISA_FORMAT_S16NORM] = {2, 0, true},
	[AGX_ISA_FORMAT_RGB10A2] = {4, 4, true},      [AGX_ISA_FORMAT_SRGBA8] = {1, 0, true},
	[AGX_ISA_FORMAT_RG11B10F] = {4, 3, true},     [AGX_ISA_FORMAT_RGB9E5] = {4, 3, true},
	[AGX_ISA_FORMAT_RG11B10F_RTZ] = {4, 3, true}, [AGX_ISA_FORMAT_RGB9E5_RTZ] = {4, 3, true},
};

/* A small float without a sign: bits of the fraction; five bits of exponent, as binary16 has. */
#define SMALL_BIAS 15
#define SMALL_TOP  31

static uint64_t double_bits(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static double power_of_two(int exponent)
{
	const uint64_t bits = (uint64_t)(exponent + 1023) << 52;
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/*
 * A finite value that is not negative as a small float; the exponent may exceed SMALL_TOP. truncate:
 * rounds to zero, else to nearest, ties to even.
 */
static uint32_t round_small(double value, unsigned int fraction_bits, bool truncate)
{
	const uint64_t bits = double_bits(value);
	int exponent = (int)(bits >> 52) - 1023;
	uint64_t m = (bits & ((1ull << 52) - 1)) | 1ull << 52, half, rest;
	unsigned int drop = 52 - fraction_bits, biased = 0;

	if (exponent < -40) /* 0, or less than half of the smallest */
		return 0;
	if (exponent < 1 - SMALL_BIAS)
		drop += (unsigned int)(1 - SMALL_BIAS - exponent);
	else
		biased = (unsigned int)(exponent - (1 - SMALL_BIAS));
	if (drop > 62)
		return 0;
	half = 1ull << (drop - 1);
	rest = m & ((1ull << drop) - 1);
	m >>= drop;
	if (!truncate && (rest > half || (rest == half && m & 1)))
		m++;
	/* The leading one of a normal number counts as 1 in the exponent, and so does a carry. */
	return (biased << fraction_bits) + (uint32_t)m;
}

/* The exact value of a small float's bits; infinite and NaN are none. */
static double small_value(uint32_t bits, unsigned int fraction_bits)
{
	const int exponent = (int)(bits >> fraction_bits);
	const uint32_t fraction = bits & ((1u << fraction_bits) - 1);

	if (!exponent)
		return fraction * power_of_two(1 - SMALL_BIAS - (int)fraction_bits);
	return (fraction | 1u << fraction_bits) *
	       power_of_two(exponent - SMALL_BIAS - (int)fraction_bits);
}

/* To the bits of a register. What is here is never infinite, and 0 or normal in binary32. */
static uint32_t register_of(double value, bool wide)
{
	const uint32_t negative = value < 0;
	float single;
	uint32_t bits;

	if (wide) {
		single = (float)value;
		memcpy(&bits, &single, sizeof(bits));
		return bits;
	}
	return negative << 15 | round_small(negative ? -value : value, 10, false);
}

/* A register's value as binary32. */
static uint32_t single_of(uint32_t value, bool wide)
{
	return wide ? value : agx_f16_to_f32((uint16_t)value);
}

static bool is_nan(uint32_t bits)
{
	return (bits & ~F32_SIGN) > F32_EXPONENT;
}

/* The magnitude of a finite number; denormals count as 0. */
static double magnitude(uint32_t bits)
{
	float single;

	bits &= ~F32_SIGN;
	if (!(bits & F32_EXPONENT))
		return 0;
	memcpy(&single, &bits, sizeof(single));
	return (double)single;
}

/* A magnitude of at most 1 in units of 1 / max, to nearest even. */
static uint32_t scale(uint32_t bits, uint32_t max)
{
	bits &= ~F32_SIGN;
	if (bits >= AGX_F32_ONE)
		return max;
	/* The product is exact; 2^52 leaves no room for a fraction. */
	return (uint32_t)(magnitude(bits) * max + 0x1p52 - 0x1p52);
}

static uint32_t store_unorm(uint32_t bits, uint32_t max)
{
	return is_nan(bits) || bits & F32_SIGN ? 0 : scale(bits, max);
}

static uint32_t store_snorm(uint32_t bits, uint32_t max)
{
	uint32_t value;

	if (is_nan(bits))
		return 0;
	value = scale(bits, max);
	return (bits & F32_SIGN ? 0u - value : value) & (2 * max + 1);
}

static double snorm(int32_t value, int32_t max)
{
	return (double)(value < -max ? -max : value) / max;
}

uint16_t agx_linear_of_srgb(uint8_t code)
{
	return srgb_linear[code];
}

uint8_t agx_srgb_of_linear(uint32_t bits)
{
	unsigned int low = 0, high = 255;

	if (is_nan(bits) || bits & F32_SIGN)
		return 0;
	/* Of positive floats the bits are ordered as the values. */
	while (low < high) {
		const unsigned int middle = (low + high) / 2;

		if (bits >= srgb_first[middle])
			low = middle + 1;
		else
			high = middle;
	}
	return (uint8_t)low;
}

static uint32_t load_small_float(uint32_t element, unsigned int component, bool wide)
{
	const unsigned int fraction = component < 2 ? 6 : 5;
	const uint32_t bits = element >> (11 * component) & ((32u << fraction) - 1);

	if (bits >> fraction != SMALL_TOP)
		return register_of(small_value(bits, fraction), wide);
	if (bits & ((1u << fraction) - 1))
		return wide ? AGX_F32_NAN : AGX_F16_NAN;
	return wide ? F32_EXPONENT : 0x7c00;
}

static uint32_t store_small_float(uint32_t bits, unsigned int component, bool truncate)
{
	const unsigned int fraction = component < 2 ? 6 : 5;
	const uint32_t infinity = (uint32_t)SMALL_TOP << fraction;
	uint32_t rounded;

	if (is_nan(bits))
		return infinity | 1u << (fraction - 1);
	if (bits & F32_SIGN)
		return 0;
	if (bits == F32_EXPONENT)
		return infinity;
	/* What is finite stays so (OpenGL: EXT_packed_float). */
	rounded = round_small(magnitude(bits), fraction, truncate);
	return rounded < infinity ? rounded : infinity - 1;
}

/* Value = fraction * 2^(exponent - 24), with fractions of nine bits. */
#define SHARED_MAX 65408 /* of the largest: 511 * 2^7 */

static uint32_t store_shared(const uint32_t singles[3], bool truncate)
{
	double values[3], max = 0, add = truncate ? 0 : 0.5;
	int exponent;
	uint32_t word = 0;

	for (unsigned int i = 0; i < 3; i++) {
		if (is_nan(singles[i]) || singles[i] & F32_SIGN)
			values[i] = 0;
		else if (singles[i] == F32_EXPONENT)
			values[i] = SHARED_MAX;
		else
			values[i] = magnitude(singles[i]);
		if (values[i] > SHARED_MAX)
			values[i] = SHARED_MAX;
		if (values[i] > max)
			max = values[i];
	}
	exponent = (int)(double_bits(max) >> 52) - 1023;
	exponent = (exponent < -16 ? -16 : exponent) + 16;
	/* Rounding may need one bit more (OpenGL: EXT_texture_shared_exponent; ties go up there). */
	if ((uint32_t)(max * power_of_two(24 - exponent) + add) > 511)
		exponent++;
	for (unsigned int i = 0; i < 3; i++)
		word |= (uint32_t)(values[i] * power_of_two(24 - exponent) + add) << (9 * i);
	return word | (uint32_t)exponent << 27;
}

uint32_t agx_format_load(unsigned int format, unsigned int component, uint32_t element, bool wide)
{
	switch (format) {
	case AGX_ISA_FORMAT_U8NORM:
		return register_of((element & 0xff) / 255.0, wide);
	case AGX_ISA_FORMAT_S8NORM:
		return register_of(snorm((int8_t)element, 127), wide);
	case AGX_ISA_FORMAT_U16NORM:
		return register_of((element & 0xffff) / 65535.0, wide);
	case AGX_ISA_FORMAT_S16NORM:
		return register_of(snorm((int16_t)element, 32767), wide);
	case AGX_ISA_FORMAT_SRGBA8:
		if (component == 3)
			return register_of((element & 0xff) / 255.0, wide);
		return register_of(srgb_linear[element & 0xff] / 4095.0, wide);
	case AGX_ISA_FORMAT_RGB10A2:
		if (component == 3)
			return register_of((element >> 30) / 3.0, wide);
		return register_of((element >> (10 * component) & 1023) / 1023.0, wide);
	case AGX_ISA_FORMAT_RG11B10F:
	case AGX_ISA_FORMAT_RG11B10F_RTZ:
		return load_small_float(element, component, wide);
	case AGX_ISA_FORMAT_RGB9E5:
	case AGX_ISA_FORMAT_RGB9E5_RTZ:
		return register_of((element >> (9 * component) & 511) *
					   power_of_two((int)(element >> 27) - 24),
				   wide);
	case AGX_ISA_FORMAT_I8:
		return element & 0xff;
	case AGX_ISA_FORMAT_I16:
	case AGX_ISA_FORMAT_F16:
		return element & 0xffff;
	default:
		return element;
	}
}

uint32_t agx_format_store(unsigned int format, unsigned int component, uint32_t value, bool wide)
{
	switch (format) {
	case AGX_ISA_FORMAT_U8NORM:
		return store_unorm(single_of(value, wide), 255);
	case AGX_ISA_FORMAT_S8NORM:
		return store_snorm(single_of(value, wide), 127);
	case AGX_ISA_FORMAT_U16NORM:
		return store_unorm(single_of(value, wide), 65535);
	case AGX_ISA_FORMAT_S16NORM:
		return store_snorm(single_of(value, wide), 32767);
	case AGX_ISA_FORMAT_SRGBA8:
		if (component == 3)
			return store_unorm(single_of(value, wide), 255);
		return agx_srgb_of_linear(single_of(value, wide));
	case AGX_ISA_FORMAT_I8:
		return value & 0xff;
	case AGX_ISA_FORMAT_I16:
	case AGX_ISA_FORMAT_F16:
		return value & 0xffff;
	default:
		return value;
	}
}

uint32_t agx_format_pack_word(unsigned int format, const uint32_t values[4], bool wide)
{
	const bool truncate =
		format == AGX_ISA_FORMAT_RG11B10F_RTZ || format == AGX_ISA_FORMAT_RGB9E5_RTZ;
	uint32_t singles[4] = {0}, word = 0;

	for (unsigned int i = 0; i < agx_formats[format].packed; i++)
		singles[i] = single_of(values[i], wide);
	if (format == AGX_ISA_FORMAT_RGB10A2) {
		for (unsigned int i = 0; i < 3; i++)
			word |= store_unorm(singles[i], 1023) << (10 * i);
		return word | store_unorm(singles[3], 3) << 30;
	}
	if (format == AGX_ISA_FORMAT_RG11B10F || format == AGX_ISA_FORMAT_RG11B10F_RTZ) {
		for (unsigned int i = 0; i < 3; i++)
			word |= store_small_float(singles[i], i, truncate) << (11 * i);
		return word;
	}
	return store_shared(singles, truncate);
}
