// SPDX-License-Identifier: MIT
/*
 * Special functions and derivatives: compiled once for each instruction set of the host that is worth it.
 */
#include "exec_vector.h"

/*
 * The special functions are those of numeric.c, to the bit. Where the host computes them in vectors, the
 * result is a binary64 that is off by a few units at most; lanes in which that leaves open to which
 * binary32 it is rounded, and those with a source that the series is not made for, are done by numeric.c.
 */
#define DOUBT 256 /* units in the last place of a binary64, far more than the series are off */

typedef uint32_t (*lane_fn)(uint32_t bits);

static __attribute__((noinline, cold)) void redo(vu *result, const vu *source, uint32_t lanes,
						 lane_fn function)
{
	for (; lanes; lanes &= lanes - 1) {
		const unsigned int i = (unsigned int)__builtin_ctz(lanes);

		((uint32_t *)result)[i] = function(((const uint32_t *)source)[i]);
	}
}

/* By copies: what is passed by address would else not stay in registers. */
INLINE void redo_copies(vu *result, const vu *source, uint32_t lanes, lane_fn function)
{
	vu r[AGX_PARTS], a[AGX_PARTS];

	EACH(i)
	{
		r[i] = result[i];
		a[i] = source[i];
	}
	redo(r, a, lanes, function);
	EACH(i)
	result[i] = r[i];
}

/* Rounds, and says which lanes are in doubt. */
INLINE vu round_doubtful(vd value, vu *doubt)
{
	const vl rest = (vl)value & 0x1fffffff;
	const vl near = (rest - (0x10000000 - DOUBT) >= 0) & (rest - (0x10000000 + DOUBT) <= 0);

	*doubt |= (vu) __builtin_convertvector(near, vi);
	return (vu) __builtin_convertvector(value, vf);
}

/* Vector forms: the result, and lanes that numeric.c has to do. */

INLINE vu vector_exp2(vu a, vu *redo_lanes)
{
	static const double factors[] = {
		/* (ln 2)^n / n! */
		0x1.0000000000000p+0,  0x1.62e42fefa39efp-1,  0x1.ebfbdff82c58fp-3,
		0x1.c6b08d704a0c0p-5,  0x1.3b2ab6fba4e77p-7,  0x1.5d87fe78a6731p-10,
		0x1.430912f86c787p-13, 0x1.ffcbfc588b0c7p-17, 0x1.62c0223a5c824p-20,
		0x1.b5253d395e7c4p-24, 0x1.e4cf5158b8ecap-28, 0x1.e8cac7351bb25p-32,
		0x1.c3bd650fc2986p-36, 0x1.816193166d0f9p-40,
	};
	const vu outside = ~((vu)((vf)a >= -126.0f) & (vu)((vf)a < 128.0f));
	const vd x = __builtin_convertvector((vf)(a & ~outside), vd);
	const vd magic = x + 0x1.8p52; /* to the nearest whole number, in the low bits */
	const vd f = x - (magic - 0x1.8p52);
	vd sum = f * 0 + factors[13];

	for (int n = 12; n >= 0; n--)
		sum = sum * f + factors[n];
	sum = (vd)((vl)sum + ((vl)magic << 52));
	*redo_lanes |= outside;
	return round_doubtful(sum, redo_lanes);
}

INLINE vu vector_log2(vu a, vu *redo_lanes)
{
	static const double factors[] = {1.0,      1.0 / 3,  1.0 / 5,  1.0 / 7,
					 1.0 / 9,  1.0 / 11, 1.0 / 13, 1.0 / 15,
					 1.0 / 17, 1.0 / 19, 1.0 / 21, 1.0 / 23};
	/* Positive, normal, finite. */
	const vu outside = (vu)(a - F32_SMALLEST >= F32_INFINITY - F32_SMALLEST);
	const vu x = blend(outside, splat(AGX_F32_ONE), a);
	const vu above = (vu)((x & 0x7fffff) > 0x3504f3); /* the square root of 2 */
	const vf m = (vf)(((x & 0x7fffff) | AGX_F32_ONE) - (above & F32_SMALLEST));
	const vi exponent = (vi)(x >> 23) - 127 - (vi)above;
	const vd wide = __builtin_convertvector(m, vd);
	const vd s = (wide - 1) / (wide + 1), square = s * s;
	vd sum = square * 0 + factors[11];

	for (int n = 10; n >= 0; n--)
		sum = sum * square + factors[n];
	*redo_lanes |= outside;
	return round_doubtful(__builtin_convertvector(exponent, vd) +
				      s * sum * 2.8853900817779268147, /* 2 / ln 2 */
			      redo_lanes);
}

INLINE vu vector_sin_ratio(vu a, vu *redo_lanes)
{
	static const double half_pi = 1.57079632679489661923;
	/* Of 1 to 1 / 21!, with changing signs. */
	static const double factors[] = {
		1.0,
		-1.0 / 6,
		1.0 / 120,
		-1.0 / 5040,
		1.0 / 362880,
		-1.0 / 39916800,
		1.0 / 6227020800.0,
		-1.0 / 1307674368000.0,
		1.0 / 355687428096000.0,
		-1.0 / 121645100408832000.0,
		1.0 / 51090942171709440000.0,
	};
	const vu outside = ~(vu)((vf)(a & ~F32_SIGN) <= 1.0f);
	const vd x = __builtin_convertvector((vf)(a & ~outside), vd) * half_pi, square = x * x;
	vd sum = square * 0 + factors[10];

	for (int n = 9; n >= 0; n--)
		sum = sum * square + factors[n];
	*redo_lanes |= outside;
	return round_doubtful(sum * half_pi, redo_lanes);
}

INLINE vd square_root(vd value)
{
	vd root;

#if defined(__AVX512F__)
	for (unsigned int i = 0; i < 2; i++) {
		const __m512d part = _mm512_sqrt_pd(((const __m512d *)&value)[i]);

		((__m512d *)&root)[i] = part;
	}
#else
	for (unsigned int i = 0; i < PART_LANES; i++)
		root[i] = __builtin_sqrt(value[i]);
#endif
	return root;
}

/* The operations are those of numeric.c: nothing is in doubt. */
INLINE vu vector_rsqrt(vu a, vu *redo_lanes)
{
	const vd value = __builtin_convertvector((vf)a, vd);

	return (vu) __builtin_convertvector(1.0 / square_root(value), vf);
}

INLINE vu vector_rsqrt_special(vu a, vu *redo_lanes)
{
	const vu zero = (vu)((vf)a == 0.0f), infinite = (vu)(a == F32_INFINITY);

	return blend(infinite, splat(AGX_F32_ONE), vector_rsqrt(a, redo_lanes) & ~zero);
}

INLINE vu vector_rcp(vu a, vu *redo_lanes)
{
	const vu r = (vu)(1.0f / (vf)a);

	/* As of products: the host flushes after rounding. */
	*redo_lanes |= (vu)((r & ~F32_SIGN) == F32_SMALLEST);
	return r;
}

INLINE vu vector_sin_reduce(vu a, vu *redo_lanes)
{
	const vf q = (vf)a;
	const vu middle = (vu)(q > 1.0f) & (vu)(q < 3.0f), last = (vu)(q >= 3.0f);

	const vu normal = (vu)((a & F32_INFINITY) != 0);

	return blend(middle, (vu)(2.0f - q), blend(last, (vu)(q - 4.0f), a & (normal | F32_SIGN)));
}

/* Towards zero, with the sign of a; what has no fraction stays. */
INLINE vu vector_trunc(vu a, vu *redo_lanes)
{
	const vu magnitude = a & ~F32_SIGN, small = (vu)(magnitude < 0x4b000000); /* 2^23 */
	const vu whole = (vu) __builtin_convertvector(
		__builtin_convertvector((vf)(magnitude & small), vi), vf);

	return blend(small, whole | (a & F32_SIGN), a);
}

INLINE vu vector_floor(vu a, vu *redo_lanes)
{
	const vu whole = vector_trunc(a, redo_lanes);
	const vu less = (vu)((vf)whole > (vf)a);

	return blend(less, (vu)((vf)whole - 1.0f), whole);
}

INLINE vu vector_ceil(vu a, vu *redo_lanes)
{
	const vu whole = vector_trunc(a, redo_lanes);
	const vu more = (vu)((vf)whole < (vf)a);

	return blend(more, (vu)((vf)whole + 1.0f), whole);
}

INLINE vu vector_rint(vu a, vu *redo_lanes)
{
	const vu magnitude = a & ~F32_SIGN, small = (vu)(magnitude < 0x4b000000);
	const vu whole = (vu)(((vf)magnitude + 0x1p23f) - 0x1p23f);

	return blend(small, whole | (a & F32_SIGN), a);
}

#define SPECIAL(name, numeric)                                   \
	FN(special_##name)                                       \
	{                                                        \
		vu a[AGX_PARTS], r[AGX_PARTS], again[AGX_PARTS]; \
		uint32_t lanes;                                  \
                                                                 \
		load_float(simd, &op->source[0], ANY, true, a);  \
		EACH(i)                                          \
		{                                                \
			again[i] = splat(0);                     \
			r[i] = vector_##name(a[i], &again[i]);   \
		}                                                \
		lanes = bits_of(again) & simd->exec_mask;        \
		if (lanes)                                       \
			redo_copies(r, a, lanes, numeric);       \
		store_float(simd, op, ANY, r);                   \
		return op + 1;                                   \
	}

/* clang-format off */
SPECIAL(floor, agx_f32_floor)
SPECIAL(ceil, agx_f32_ceil)
SPECIAL(trunc, agx_f32_trunc)
SPECIAL(rint, agx_f32_rint)
SPECIAL(rcp, agx_f32_rcp)
SPECIAL(rsqrt, agx_f32_rsqrt)
SPECIAL(rsqrt_special, agx_f32_rsqrt_special)
SPECIAL(log2, agx_f32_log2)
SPECIAL(exp2, agx_f32_exp2)
SPECIAL(sin_reduce, agx_f32_sin_reduce)
SPECIAL(sin_ratio, agx_f32_sin_ratio)
/* clang-format on */

/* Differences within each quad, of all its lanes, active or not: to the right, and down. */
INLINE const struct agx_op *do_derivative(struct agx_simd *simd, const struct agx_op *op,
					  unsigned int bit)
{
	vu a[AGX_PARTS], near[AGX_PARTS], far[AGX_PARTS], r[AGX_PARTS];

	load_float(simd, &op->source[0], ANY, true, a);
	for (unsigned int i = 0; i < AGX_LANES; i++) {
		((uint32_t *)near)[i] = ((uint32_t *)a)[i & ~bit] ^ F32_SIGN;
		((uint32_t *)far)[i] = ((uint32_t *)a)[i | bit];
	}
	EACH(i)
	r[i] = (vu)((vf)far[i] + (vf)near[i]);
	store_float(simd, op, ANY, r);
	return op + 1;
}

/* clang-format off */
FN(special_dfdx) { return do_derivative(simd, op, 1); }
FN(special_dfdy) { return do_derivative(simd, op, 2); }
/* clang-format on */

agx_op_fn INSTANCE(agx_exec_special)(const struct agx_op *op, const struct agx_isa_instr *instr)
{
	switch (op->op) {
	case AGX_ISA_OP_FLOOR:
		return special_floor;
	case AGX_ISA_OP_CEIL:
		return special_ceil;
	case AGX_ISA_OP_TRUNC:
		return special_trunc;
	case AGX_ISA_OP_RINT:
		return special_rint;
	case AGX_ISA_OP_RCP:
		return special_rcp;
	case AGX_ISA_OP_RSQRT:
		return special_rsqrt;
	case AGX_ISA_OP_RSQRTS:
		return special_rsqrt_special;
	case AGX_ISA_OP_LOG2:
		return special_log2;
	case AGX_ISA_OP_EXP2:
		return special_exp2;
	case AGX_ISA_OP_SINR:
		return special_sin_reduce;
	case AGX_ISA_OP_SINC:
		return special_sin_ratio;
	case AGX_ISA_OP_DFDX:
		return special_dfdx;
	case AGX_ISA_OP_DFDY:
		return special_dfdy;
	default:
		return NULL;
	}
}
