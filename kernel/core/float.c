// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A finite number is (-1)^sign x fraction x 2^exponent with a 64-bit fraction. Operations keep at
 * least two bits more than the result has, and gather everything that they cut off in the
 * fraction's lowest bit, so that pack() can round correctly.
 */
#include "agx_float.h"

#define NAN_BITS      0x7fc00000u
#define INFINITY_BITS 0x7f800000u
#define FRACTION_BITS 23
#define EXPONENT_MIN  (-149) /* of the last bit of a subnormal number */

struct unpacked {
	bool sign;
	int exponent;
	uint64_t fraction;
};

static bool is_nan(agx_f32 a)
{
	return (a & ~AGX_F32_SIGN) > INFINITY_BITS;
}

static bool is_infinity(agx_f32 a)
{
	return (a & ~AGX_F32_SIGN) == INFINITY_BITS;
}

static bool is_zero(agx_f32 a)
{
	return !(a & ~AGX_F32_SIGN);
}

/* a is finite. The fraction of what is not zero gets its highest bit set. */
static struct unpacked unpack(agx_f32 a)
{
	int biased = (int)(a >> FRACTION_BITS & 0xff);
	struct unpacked u = {
		.sign = a & AGX_F32_SIGN,
		.exponent = (biased ? biased : 1) - 150,
		.fraction = (a & ((1u << FRACTION_BITS) - 1)) |
			    (uint64_t)(biased ? 1u << FRACTION_BITS : 0),
	};

	if (u.fraction) {
		int shift = __builtin_clzll(u.fraction);

		u.fraction <<= shift;
		u.exponent -= shift;
	}
	return u;
}

/* Shifts right; bits that fall out set the lowest one. */
static uint64_t shift_sticky(uint64_t value, int count)
{
	if (count <= 0)
		return value;
	if (count > 63)
		return value != 0;
	return value >> count | ((value & ((1ull << count) - 1)) != 0);
}

static agx_f32 pack(struct unpacked u)
{
	agx_f32 sign = u.sign ? AGX_F32_SIGN : 0;
	int shift, drop;
	uint64_t kept, rest, half;

	if (!u.fraction)
		return sign;
	shift = __builtin_clzll(u.fraction);
	u.fraction <<= shift;
	u.exponent -= shift;

	/* The number is below 2^(exponent + 64); its last bit has at least EXPONENT_MIN. */
	drop = 63 - FRACTION_BITS;
	if (u.exponent + drop < EXPONENT_MIN)
		drop = EXPONENT_MIN - u.exponent;
	if (drop > 64)
		return sign;
	kept = drop == 64 ? 0 : u.fraction >> drop;
	rest = drop == 64 ? u.fraction : u.fraction & ((1ull << drop) - 1);
	half = 1ull << (drop - 1);
	if (rest > half || (rest == half && kept & 1))
		kept++;
	u.exponent += drop;

	/* Rounding may have carried, which this also covers: the fraction is then all zeroes. */
	if (kept >> (FRACTION_BITS + 1)) {
		kept >>= 1;
		u.exponent++;
	}
	if (kept >> FRACTION_BITS == 0)
		return sign | (agx_f32)kept; /* subnormal or zero */
	if (u.exponent > 104)
		return sign | INFINITY_BITS;
	return sign | (agx_f32)(u.exponent + 150) << FRACTION_BITS |
	       (agx_f32)(kept & ((1u << FRACTION_BITS) - 1));
}

agx_f32 agx_f32_from_int(int64_t value)
{
	struct unpacked u = {
		.sign = value < 0,
		.fraction = value < 0 ? -(uint64_t)value : (uint64_t)value,
	};

	return pack(u);
}

agx_f32 agx_f32_from_decimal(struct agx_decimal value)
{
	struct unpacked u = {.sign = value.mantissa < 0};
	uint64_t divisor = 1, magnitude;
	unsigned int i;
	int shift;

	magnitude = u.sign ? -(uint64_t)(int64_t)value.mantissa : (uint64_t)value.mantissa;
	if (!magnitude)
		return 0;
	for (i = 0; i < value.digits && i < 9; i++)
		divisor *= 10;
	shift = __builtin_clzll(magnitude);
	magnitude <<= shift;
	u.exponent = -shift;
	u.fraction = magnitude / divisor | (magnitude % divisor != 0);
	return pack(u);
}

agx_f32 agx_float_add(agx_f32 a, agx_f32 b)
{
	struct unpacked x, y;

	if (is_nan(a) || is_nan(b) || (is_infinity(a) && is_infinity(b) && (a ^ b) & AGX_F32_SIGN))
		return NAN_BITS;
	if (is_infinity(a))
		return a;
	if (is_infinity(b))
		return b;
	if (is_zero(a) && is_zero(b))
		return a & b; /* -0 only from two of them */
	if (is_zero(a))
		return b;
	if (is_zero(b))
		return a;

	x = unpack(a);
	y = unpack(b);
	if (x.exponent < y.exponent || (x.exponent == y.exponent && x.fraction < y.fraction)) {
		struct unpacked t = x;

		x = y;
		y = t;
	}
	/* One bit of room above; the low bits of both are zeroes. */
	x.fraction >>= 1;
	y.fraction = shift_sticky(y.fraction >> 1, x.exponent - y.exponent);
	x.exponent++;
	if (x.sign == y.sign)
		x.fraction += y.fraction;
	else
		x.fraction -= y.fraction;
	if (!x.fraction)
		x.sign = false;
	return pack(x);
}

agx_f32 agx_float_sub(agx_f32 a, agx_f32 b)
{
	if (is_nan(b))
		return NAN_BITS;
	return agx_float_add(a, b ^ AGX_F32_SIGN);
}

agx_f32 agx_float_mul(agx_f32 a, agx_f32 b)
{
	agx_f32 sign = (a ^ b) & AGX_F32_SIGN;
	struct unpacked x, y;

	if (is_nan(a) || is_nan(b) || (is_infinity(a) && is_zero(b)) ||
	    (is_zero(a) && is_infinity(b)))
		return NAN_BITS;
	if (is_infinity(a) || is_infinity(b))
		return sign | INFINITY_BITS;
	if (is_zero(a) || is_zero(b))
		return sign;
	x = unpack(a);
	y = unpack(b);
	/* 24 bits each: the product is exact. */
	x.fraction = (x.fraction >> 40) * (y.fraction >> 40);
	x.exponent += y.exponent + 80;
	x.sign = sign;
	return pack(x);
}

agx_f32 agx_float_div(agx_f32 a, agx_f32 b)
{
	agx_f32 sign = (a ^ b) & AGX_F32_SIGN;
	struct unpacked x, y;
	uint64_t divisor;

	if (is_nan(a) || is_nan(b) || (is_infinity(a) && is_infinity(b)) ||
	    (is_zero(a) && is_zero(b)))
		return NAN_BITS;
	if (is_infinity(a) || is_zero(b))
		return sign | INFINITY_BITS;
	if (is_infinity(b) || is_zero(a))
		return sign;
	x = unpack(a);
	y = unpack(b);
	/* 64 bits by 24: at least 40 bits of quotient. */
	divisor = y.fraction >> 40;
	x.exponent -= y.exponent + 40;
	x.fraction = x.fraction / divisor | (x.fraction % divisor != 0);
	x.sign = sign;
	return pack(x);
}
