// SPDX-License-Identifier: MIT
/*
 * Sums are made in binary64 and rounded to odd there, which leaves enough behind the last bit of any
 * narrower format that rounding a second time gives what rounding the exact value would
 * (S. Boldo and G. Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms
 * using rounding to odd"). The compiler may not contract operations to fused ones, which would change
 * results from machine to machine: -ffp-contract=off.
 */
#include <math.h>
#include <string.h>

#include "numeric.h"

#define F32_SIGN          0x80000000u
#define F32_EXPONENT      0x7f800000u
#define F32_FRACTION      0x007fffffu
#define F32_MIN_EXP       (-126) /* of the smallest normal number */
#define F16_SIGN          0x8000u
#define F16_EXPONENT      0x7c00u
#define F16_FRACTION      0x03ffu
#define F16_INFINITY      0x7c00u
#define F64_FRACTION_BITS 52
#define F64_EXPONENT_BIAS 1023

static uint64_t double_bits(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static double double_of(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* Exact, without asking the host's unit, which may flush denormals. */
static double f32_value(uint32_t bits)
{
	const uint64_t sign = (uint64_t)(bits & F32_SIGN) << 32;
	const uint32_t exponent = (bits & F32_EXPONENT) >> 23, fraction = bits & F32_FRACTION;

	if (exponent == 0xff)
		return double_of(sign | 0x7ffull << 52 | (uint64_t)fraction << 29);
	if (!exponent)
		return double_of(sign); /* denormals count as zero */
	return double_of(sign | (uint64_t)(exponent - 127 + F64_EXPONENT_BIAS) << 52 |
			 (uint64_t)fraction << 29);
}

static double f16_value(uint16_t bits)
{
	const uint64_t sign = (uint64_t)(bits & F16_SIGN) << 48;
	const unsigned int exponent = (bits & F16_EXPONENT) >> 10, fraction = bits & F16_FRACTION;

	if (exponent == 0x1f)
		return double_of(sign | 0x7ffull << 52 | (uint64_t)fraction << 42);
	if (!exponent)
		return double_of(sign | double_bits((double)fraction * 0x1p-24));
	return double_of(sign | (uint64_t)(exponent - 15 + F64_EXPONENT_BIAS) << 52 |
			 (uint64_t)fraction << 42);
}

/* m >> shift, to nearest, ties to even. shift is at most 63. */
static uint64_t shift_round(uint64_t m, unsigned int shift)
{
	const uint64_t half = shift ? 1ull << (shift - 1) : 0, rest = m & ((1ull << shift) - 1);

	m >>= shift;
	if (shift && (rest > half || (rest == half && m & 1)))
		m++;
	return m;
}

/* Rounds a binary64 that is exact, or rounded to odd. */
static uint32_t round_f32(double value)
{
	const uint64_t bits = double_bits(value);
	const uint32_t sign = (uint32_t)(bits >> 32) & F32_SIGN;
	const int exponent = (int)(bits >> 52 & 0x7ff) - F64_EXPONENT_BIAS;
	const uint64_t fraction = bits & ((1ull << 52) - 1);

	if (exponent == 1024)
		return fraction ? AGX_F32_NAN : sign | F32_EXPONENT;
	if (exponent < F32_MIN_EXP)
		return sign;
	if (exponent > 127)
		return sign | F32_EXPONENT;
	/* A carry out of the fraction goes into the exponent, up to infinity: as it should. */
	return sign | (uint32_t)(((uint64_t)(exponent + 127) << 23) + shift_round(fraction, 29));
}

static uint16_t round_f16(double value)
{
	const uint64_t bits = double_bits(value);
	const uint16_t sign = (uint16_t)(bits >> 48) & F16_SIGN;
	const int exponent = (int)(bits >> 52 & 0x7ff) - F64_EXPONENT_BIAS;
	const uint64_t fraction = bits & ((1ull << 52) - 1);

	if (exponent == 1024)
		return fraction ? AGX_F16_NAN : sign | F16_INFINITY;
	if (exponent < -25)
		return sign;
	if (exponent > 15)
		return sign | F16_INFINITY;
	if (exponent < -14) /* denormal: the leading one becomes visible */
		return sign |
		       (uint16_t)shift_round(fraction | 1ull << 52, (unsigned int)(28 - exponent));
	return sign | (uint16_t)(((unsigned int)(exponent + 15) << 10) + shift_round(fraction, 42));
}

/* p + c, rounded to odd. Neither is infinite or a NaN; the sum cannot overflow binary64. */
static double add_to_odd(double p, double c)
{
	const double sum = p + c, back = sum - p;
	const double error = (p - (sum - back)) + (c - back);
	uint64_t bits = double_bits(sum);

	if (error != 0 && !(bits & 1)) {
		/* Towards the exact value: its last bit is then 1. */
		if ((error > 0) == (sum > 0))
			bits++;
		else
			bits--;
	}
	return double_of(bits);
}

static double fma_to_odd(double a, double b, double c)
{
	const double p = a * b; /* exact: at most 24 bits each */

	if (!isfinite(p) || !isfinite(c))
		return p + c;
	/* An exact zero is +0 unless both are -0, as the sum of the host has it. */
	return add_to_odd(p, c);
}

uint32_t agx_f32_source(uint32_t bits)
{
	return bits & F32_EXPONENT ? bits : bits & F32_SIGN;
}

uint32_t agx_f16_to_f32(uint16_t bits)
{
	return round_f32(f16_value(bits));
}

uint16_t agx_f32_to_f16(uint32_t bits)
{
	return round_f16(f32_value(bits));
}

uint32_t agx_f32_fma(uint32_t a, uint32_t b, uint32_t c)
{
	return round_f32(fma_to_odd(f32_value(a), f32_value(b), f32_value(c)));
}

uint32_t agx_f32_add(uint32_t a, uint32_t b)
{
	return round_f32(fma_to_odd(f32_value(a), 1, f32_value(b)));
}

uint32_t agx_f32_mul(uint32_t a, uint32_t b)
{
	return round_f32(f32_value(a) * f32_value(b));
}

uint16_t agx_f16_fma(uint16_t a, uint16_t b, uint16_t c)
{
	return round_f16(fma_to_odd(f16_value(a), f16_value(b), f16_value(c)));
}

uint16_t agx_f16_add(uint16_t a, uint16_t b)
{
	return round_f16(fma_to_odd(f16_value(a), 1, f16_value(b)));
}

uint16_t agx_f16_mul(uint16_t a, uint16_t b)
{
	return round_f16(f16_value(a) * f16_value(b));
}

uint32_t agx_f32_saturate(uint32_t bits)
{
	if (bits & F32_SIGN || bits > F32_EXPONENT)
		return 0;
	return bits > AGX_F32_ONE ? AGX_F32_ONE : bits;
}

uint16_t agx_f16_saturate(uint16_t bits)
{
	if (bits & F16_SIGN || bits > F16_EXPONENT)
		return 0;
	return bits > AGX_F16_ONE ? AGX_F16_ONE : bits;
}

/* Drops the fraction; what it was, in units of 1 / (1 << *digits). False: there is none. */
static bool split_fraction(uint32_t bits, uint32_t *whole, uint32_t *fraction, unsigned int *digits)
{
	const int exponent = (int)((bits & F32_EXPONENT) >> 23) - 127;

	if (exponent >= 23) /* integral, infinite, or a NaN */
		return false;
	if (exponent < 0) {
		*whole = bits & F32_SIGN;
		return bits & ~F32_SIGN;
	}
	*digits = (unsigned int)(23 - exponent);
	*fraction = bits & ((1u << *digits) - 1);
	*whole = bits - *fraction;
	return *fraction;
}

/* What all four do with a value: infinite and integral ones stay, a NaN becomes quiet. */
static uint32_t integral(uint32_t bits)
{
	return (bits & ~F32_SIGN) > F32_EXPONENT ? AGX_F32_NAN : bits;
}

/* The integral value that is next to whole, away from zero. */
static uint32_t step_away(uint32_t whole)
{
	return round_f32(f32_value(whole) + (whole & F32_SIGN ? -1 : 1));
}

static uint32_t round_integral(uint32_t bits, bool away_if_positive, bool away_if_negative)
{
	uint32_t whole, fraction;
	unsigned int digits;

	bits = agx_f32_source(bits);
	if (!split_fraction(bits, &whole, &fraction, &digits))
		return integral(bits);
	return (bits & F32_SIGN ? away_if_negative : away_if_positive) ? step_away(whole) : whole;
}

uint32_t agx_f32_floor(uint32_t bits)
{
	return round_integral(bits, false, true);
}

uint32_t agx_f32_ceil(uint32_t bits)
{
	return round_integral(bits, true, false);
}

uint32_t agx_f32_trunc(uint32_t bits)
{
	return round_integral(bits, false, false);
}

uint32_t agx_f32_rint(uint32_t bits)
{
	double value, magnitude;

	bits = agx_f32_source(bits);
	if ((int)((bits & F32_EXPONENT) >> 23) - 127 >= 23)
		return integral(bits);
	/* Adding 2^52 leaves no place for a fraction; the sum rounds to nearest even. */
	value = f32_value(bits & ~F32_SIGN);
	magnitude = value + 0x1p52;
	return round_f32(magnitude - 0x1p52) | (bits & F32_SIGN);
}

uint32_t agx_f32_rcp(uint32_t bits)
{
	return round_f32(1 / f32_value(bits));
}

/*
 * The square root is an IEEE operation; of what rounding twice costs, the sign of the rest tells nothing that
 * matters: no quotient of two floats comes so near to the middle.
 */
uint32_t agx_f32_rsqrt(uint32_t bits)
{
	const double value = f32_value(bits);

	if (value < 0)
		return AGX_F32_NAN;
	return round_f32(1 / sqrt(value));
}

uint32_t agx_f32_rsqrt_special(uint32_t bits)
{
	bits = agx_f32_source(bits);
	if (!(bits & ~F32_SIGN))
		return 0;
	if (bits == F32_EXPONENT)
		return AGX_F32_ONE;
	return agx_f32_rsqrt(bits);
}

uint32_t agx_f32_log2(uint32_t bits)
{
	const double two_over_ln2 = 2.8853900817779268147; /* 2 / ln 2 */
	double m, s, square, sum = 0;
	int exponent;

	bits = agx_f32_source(bits);
	if (!(bits & ~F32_SIGN))
		return F32_SIGN | F32_EXPONENT;
	if (bits & F32_SIGN || bits > F32_EXPONENT)
		return AGX_F32_NAN;
	if (bits == F32_EXPONENT)
		return bits;
	exponent = (int)(bits >> 23) - 127;
	m = f32_value((bits & F32_FRACTION) | AGX_F32_ONE);
	if (m > 1.4142135623730951) {
		m *= 0.5;
		exponent++;
	}
	/* log m = 2 atanh((m - 1) / (m + 1)); the series' argument is at most 0.172. */
	s = (m - 1) / (m + 1);
	square = s * s;
	for (int n = 23; n >= 1; n -= 2)
		sum = sum * square + 1.0 / n;
	return round_f32(exponent + two_over_ln2 * s * sum);
}

uint32_t agx_f32_exp2(uint32_t bits)
{
	const double ln2 = 0.69314718055994530942;
	double value = f32_value(bits), fraction, sum = 1;
	int whole;

	if (isnan(value))
		return AGX_F32_NAN;
	if (value >= 128)
		return F32_EXPONENT;
	if (value < F32_MIN_EXP)
		return 0;
	whole = (int)(value < 0 ? value - 0.5 : value + 0.5);
	fraction = (value - whole) * ln2;
	for (int n = 15; n >= 1; n--)
		sum = sum * fraction / n + 1;
	/* Between 2^-127 and 2^128: its exponent can be added to. */
	return round_f32(double_of(double_bits(sum) + ((uint64_t)(int64_t)whole << 52)));
}

uint32_t agx_f32_sin_reduce(uint32_t bits)
{
	const double q = f32_value(bits);

	if (q > 1 && q < 3)
		return round_f32(2 - q);
	if (q >= 3)
		return round_f32(q - 4);
	return round_f32(q);
}

uint32_t agx_f32_sin_ratio(uint32_t bits)
{
	const double half_pi = 1.57079632679489661923, x = f32_value(bits) * half_pi;
	const double square = x * x;
	double sum = 1;

	for (int n = 20; n >= 2; n -= 2)
		sum = 1 - sum * square / (n * (n + 1));
	return round_f32(half_pi * sum);
}

uint32_t agx_f32_to_int(uint32_t bits, unsigned int width, bool is_signed, enum agx_round round)
{
	const int64_t most = (1ll << (is_signed ? width - 1 : width)) - 1;
	const int64_t least = is_signed ? -most - 1 : 0;
	double value;

	if (round == AGX_ROUND_TO_NEAREST)
		bits = agx_f32_rint(bits);
	value = f32_value(bits);
	if (isnan(value))
		return 0;
	if (value >= (double)most)
		return (uint32_t)most;
	if (value <= (double)least)
		return (uint32_t)least;
	return (uint32_t)(int64_t)value;
}

uint32_t agx_int_to_f32(uint32_t value, unsigned int width, bool is_signed, enum agx_round round)
{
	const uint32_t mask = width == 32 ? UINT32_MAX : (1u << width) - 1;
	double number;
	uint32_t bits;

	value &= mask;
	number = is_signed && value >> (width - 1) ? (double)((int64_t)value - (int64_t)mask - 1)
						   : (double)value;
	bits = round_f32(number);
	/* The other neighbour, when the nearest is further from zero. */
	if (round == AGX_ROUND_TO_ZERO && fabs(f32_value(bits)) > fabs(number))
		bits--;
	return bits;
}

static enum agx_order compare(double a, double b)
{
	if (isnan(a) || isnan(b))
		return AGX_UNORDERED;
	if (a == b)
		return AGX_EQUAL;
	return a < b ? AGX_LESS : AGX_GREATER;
}

enum agx_order agx_f32_compare(uint32_t a, uint32_t b)
{
	return compare(f32_value(a), f32_value(b));
}

enum agx_order agx_f16_compare(uint16_t a, uint16_t b)
{
	return compare(f16_value(a), f16_value(b));
}
