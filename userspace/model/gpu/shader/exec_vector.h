/* SPDX-License-Identifier: MIT */
/*
 * Vectors as wide as the host has them; a row of 32 lanes is AGX_PARTS of them. Included by the files that
 * are compiled for each instruction set of the host, and by nothing else.
 *
 * They run with denormals flushed (exec.h). What units of the host do otherwise than numeric.h says is
 * mended here: NaNs become the one without payload, and products that are just below the smallest
 * normal number are flushed before they are rounded, not after.
 */
#ifndef AGX_EXEC_VECTOR_H
#define AGX_EXEC_VECTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "exec_internal.h"
#include "numeric.h"

#if defined(__AVX512F__)
#define AGX_VECTOR 64
#elif defined(__AVX2__)
#define AGX_VECTOR 32
#else
#define AGX_VECTOR 16
#endif

#define AGX_PARTS  (4 * AGX_LANES / AGX_VECTOR)
#define PART_LANES (AGX_VECTOR / 4)

typedef uint32_t vu __attribute__((vector_size(AGX_VECTOR)));
typedef int32_t vi __attribute__((vector_size(AGX_VECTOR)));
typedef float vf __attribute__((vector_size(AGX_VECTOR)));
typedef double vd __attribute__((vector_size(2 * AGX_VECTOR)));
typedef int64_t vl __attribute__((vector_size(2 * AGX_VECTOR)));

/* The names of the functions of an instance: AGX_EXEC_HOST is its name. */
#define PASTE(name, host)  name##_##host
#define EXPAND(name, host) PASTE(name, host)
#define INSTANCE(name)     EXPAND(name, AGX_EXEC_HOST)
#define FN(name)           static const struct agx_op *name(struct agx_simd *simd, const struct agx_op *op)

/*
 * A hot one: operations of the same form, which often follow each other, are one call. body is a statement
 * that executes op.
 */
#define FN_RUN(name, body)                                 \
	FN(name)                                           \
	{                                                  \
		do {                                       \
			body;                              \
			op++;                              \
		} while (op->fn == name && !simd->single); \
		return op;                                 \
	}

#define INLINE static inline __attribute__((always_inline))
/* Few parts stay in registers; of many that would only make much code. */
#if AGX_PARTS <= 4
#define EACH(i) _Pragma("GCC unroll 4") for (unsigned int i = 0; i < AGX_PARTS; i++)
#else
#define EACH(i) _Pragma("GCC unroll 1") for (unsigned int i = 0; i < AGX_PARTS; i++)
#endif

#define F32_SIGN     0x80000000u
#define F32_INFINITY 0x7f800000u
#define F32_SMALLEST 0x00800000u /* normal number */

INLINE vu splat(uint32_t value)
{
	return (vu){} + value;
}

INLINE vu blend(vu mask, vu yes, vu no)
{
	return (yes & mask) | (no & ~mask);
}

INLINE bool any(vu lanes)
{
#if defined(__AVX512F__)
	return _mm512_test_epi32_mask((__m512i)lanes, (__m512i)lanes);
#elif defined(__AVX2__)
	return !_mm256_testz_si256((__m256i)lanes, (__m256i)lanes);
#elif defined(__x86_64__)
	return _mm_movemask_epi8((__m128i)lanes);
#elif defined(__aarch64__)
	return vmaxvq_u32((uint32x4_t)lanes);
#else
	uint32_t all = 0;

	for (unsigned int i = 0; i < PART_LANES; i++)
		all |= lanes[i];
	return all;
#endif
}

/* Bits of lanes that are all ones. */
INLINE uint32_t bits_of(const vu *lanes)
{
	uint32_t bits = 0;

	EACH(i)
	{
#if defined(__AVX512F__)
		bits |= (uint32_t)_mm512_movepi32_mask((__m512i)lanes[i]) << (i * PART_LANES % 32);
#elif defined(__AVX2__)
		bits |= (uint32_t)_mm256_movemask_ps((__m256)lanes[i]) << (i * PART_LANES);
#elif defined(__x86_64__)
		bits |= (uint32_t)_mm_movemask_ps((__m128)lanes[i]) << (i * PART_LANES);
#else
		for (unsigned int lane = 0; lane < PART_LANES; lane++)
			bits |= (lanes[i][lane] >> 31) << (i * PART_LANES + lane);
#endif
	}
	return bits;
}

INLINE vu lanes_of(uint32_t mask, unsigned int part)
{
	vu bit;

	for (unsigned int lane = 0; lane < PART_LANES; lane++)
		bit[lane] = 1u << lane;
	return (vu)((splat(mask >> (part * PART_LANES % 32)) & bit) != 0);
}

/* binary16 in the low halves, the high ones zero, to binary32 and back. */
INLINE vu widen(vu h)
{
#if defined(__AVX512F__)
	return (vu)_mm512_cvtph_ps(_mm512_cvtepi32_epi16((__m512i)h));
#elif defined(__AVX2__)
	return (vu)_mm256_cvtph_ps(_mm_packus_epi32(_mm256_castsi256_si128((__m256i)h),
						    _mm256_extracti128_si256((__m256i)h, 1)));
#else
	const vu sign = (h & 0x8000) << 16, rest = h & 0x7fff;
	const vu normal = (rest << 13) + (112u << 23);
	const vu special = (rest << 13) | F32_INFINITY;
	/* A denormal is its fraction times 2^-24. */
	const vu small = (vu)(__builtin_convertvector((vi)rest, vf) * 0x1p-24f);

	return sign |
	       blend((vu)(rest < 0x400), small, blend((vu)(rest >= 0x7c00), special, normal));
#endif
}

/* The NaN without payload is expected, denormals are not. */
INLINE vu narrow(vu f)
{
#if defined(__AVX512F__)
	return (vu)_mm512_cvtepu16_epi32(_mm512_cvtps_ph((__m512)f, _MM_FROUND_TO_NEAREST_INT));
#elif defined(__AVX2__)
	return (vu)_mm256_cvtepu16_epi32(_mm256_cvtps_ph((__m256)f, _MM_FROUND_TO_NEAREST_INT));
#else
	const vu sign = (f & F32_SIGN) >> 16, rest = f & ~F32_SIGN;
	const vu normal = (rest + 0xfff + (rest >> 13 & 1) - (112u << 23)) >> 13;
	/* Units of the last place of 0.5 are those of binary16 denormals. */
	const vu small = (vu)((vf)rest + 0.5f) - 0x3f000000;
	const vu large = blend((vu)(rest > F32_INFINITY), splat(AGX_F16_NAN), splat(0x7c00));

	return sign | blend((vu)(rest < 0x38800000), small,
			    blend((vu)(rest >= 0x477ff000), large, normal));
#endif
}

INLINE vu canonical(vu f)
{
	return blend((vu)((vf)f != (vf)f), splat(AGX_F32_NAN), f);
}

INLINE vu saturate(vu f)
{
	const vu positive = (vu)((vf)f > 0.0f), above = (vu)((vf)f > 1.0f);

	return blend(above, splat(AGX_F32_ONE), f) & positive;
}

/* a * b + c in binary32, rounded once. */
INLINE vu fma32(vu a, vu b, vu c)
{
#if defined(__AVX512F__)
	return (vu)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX2__)
	return (vu)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__aarch64__)
	return (vu)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
	/* Rounded to odd in binary64, as numeric.c does it. */
	const vd p = __builtin_convertvector((vf)a, vd) * __builtin_convertvector((vf)b, vd);
	const vd addend = __builtin_convertvector((vf)c, vd);
	const vd sum = p + addend, back = sum - p;
	const vd error = (p - (sum - back)) + (addend - back);
	const vl inexact = (error < 0) | (error > 0);
	const vl even = ((vl)sum & 1) == 0;
	const vl step = ((error > 0) == (sum > 0)) & 2;

	return (vu) __builtin_convertvector((vd)((vl)sum + ((step - 1) & inexact & even)), vf);
#endif
}

/* a * b + c of values that are binary16, rounded to odd: rounding to binary16 then gives the one right value. */
INLINE vu fma_to_odd(vu a, vu b, vu c)
{
	const vf p = (vf)a * (vf)b; /* exact */
	const vf sum = p + (vf)c, back = sum - p;
	const vf error = (p - (sum - back)) + ((vf)c - back);
	const vu inexact = (vu)(error < 0) | (vu)(error > 0); /* not of infinities */
	const vu even = (vu)(((vu)sum & 1) == 0);
	const vu step = (vu)((error > 0) == (sum > 0)) & 2;

	return (vu)sum + ((step - 1) & inexact & even);
}

/* For handlers that know kinds when they are compiled; ANY: they look. SPLAT: uniform or number. */
#define ANY   0xff
#define SPLAT 0xfe

INLINE uint32_t splat_value(const struct agx_simd *simd, const struct agx_source *source)
{
	const void *at = source->kind == AGX_SOURCE_NUMBER ? (const void *)&source->value
							   : &simd->uniforms[source->index];
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

INLINE const vu *row_of(const struct agx_simd *simd, unsigned int index)
{
	return (const vu *)&simd->r[index];
}

/* The bits of a source, zero-extended; of pairs the lower half. */
INLINE void load(const struct agx_simd *simd, const struct agx_source *source, unsigned int kind,
		 vu *out)
{
	if (kind == ANY)
		kind = source->kind;
	if (kind == AGX_SOURCE_ROW || kind == AGX_SOURCE_PAIR) {
		EACH(i)
		out[i] = row_of(simd, source->index)[i];
	} else if (kind == AGX_SOURCE_LOW) {
		EACH(i)
		out[i] = row_of(simd, source->index)[i] & 0xffff;
	} else if (kind == AGX_SOURCE_HIGH) {
		EACH(i)
		out[i] = row_of(simd, source->index)[i] >> 16;
	} else if (kind == AGX_SOURCE_UNIFORM16) {
		EACH(i)
		out[i] = splat(simd->uniforms[source->index]);
	} else {
		EACH(i)
		out[i] = splat(splat_value(simd, source));
	}
}

INLINE bool is_half(const struct agx_source *source)
{
	return source->kind == AGX_SOURCE_LOW || source->kind == AGX_SOURCE_HIGH ||
	       source->kind == AGX_SOURCE_UNIFORM16;
}

/* Sign-extended from its own size; numbers are never negative. */
INLINE void load_signed(const struct agx_simd *simd, const struct agx_source *source, vu *out)
{
	load(simd, source, ANY, out);
	if (is_half(source)) {
		EACH(i)
		out[i] = (vu)((vi)(out[i] << 16) >> 16);
	}
}

/* The same, for what is not worth being compiled in many places. */
static __attribute__((noinline, unused)) void fetch(const struct agx_simd *simd,
						    const struct agx_source *source, vu *out)
{
	load(simd, source, ANY, out);
}

static __attribute__((noinline, unused)) void fetch_signed(const struct agx_simd *simd,
							   const struct agx_source *source, vu *out)
{
	load_signed(simd, source, out);
}

/* As its flag says. */
INLINE void load_int(const struct agx_simd *simd, const struct agx_source *source,
		     unsigned int kind, vu *out)
{
	if (kind == ANY && source->flags & AGX_ISA_SX)
		load_signed(simd, source, out);
	else
		load(simd, source, kind, out);
}

static __attribute__((noinline, unused)) void fetch_int(const struct agx_simd *simd,
							const struct agx_source *source, vu *out)
{
	load_int(simd, source, ANY, out);
}

/* 64 bits, extended as the flag says. */
INLINE void load_wide(const struct agx_simd *simd, const struct agx_source *source, vu *low,
		      vu *high)
{
	load_int(simd, source, ANY, low);
	if (source->kind == AGX_SOURCE_PAIR) {
		EACH(i)
		high[i] = row_of(simd, source->index + 1u)[i];
	} else if (source->kind == AGX_SOURCE_UNIFORM64) {
		EACH(i)
		high[i] = splat(agx_simd_uniform32(simd, source->index + 2u));
	} else if (source->flags & AGX_ISA_SX) {
		EACH(i)
		high[i] = (vu)((vi)low[i] >> 31);
	} else {
		EACH(i)
		high[i] = splat(0);
	}
}

/* A float as binary32, with its modifiers; denormals of binary32 are still there. */
INLINE void load_float(const struct agx_simd *simd, const struct agx_source *source,
		       unsigned int kind, bool modifiers, vu *out)
{
	load(simd, source, kind, out);
	if (kind == ANY && source->kind == AGX_SOURCE_UNIFORM16) {
		EACH(i)
		out[i] = splat(agx_f16_to_f32(simd->uniforms[source->index]));
	} else if (kind == ANY && is_half(source)) {
		EACH(i)
		out[i] = widen(out[i]);
	}
	if (modifiers && source->flags) {
		const uint32_t keep = source->flags & AGX_ISA_ABS ? ~F32_SIGN : ~0u;
		const uint32_t flip = source->flags & AGX_ISA_NEG ? F32_SIGN : 0;

		EACH(i)
		out[i] = (out[i] & keep) ^ flip;
	}
}

/* To the active lanes of the destination; what does not fit is cut. */
INLINE void store(struct agx_simd *simd, const struct agx_op *op, unsigned int kind, const vu *in)
{
	vu *row = (vu *)&simd->r[op->dest];
	const vu *mask = (const vu *)&simd->exec;

	if (kind == ANY)
		kind = op->dest_kind;
	if (kind == AGX_DEST_ROW && simd->exec_mask == AGX_ALL_LANES) {
		EACH(i)
		row[i] = in[i];
	} else if (kind == AGX_DEST_ROW) {
		EACH(i)
		row[i] = blend(mask[i], in[i], row[i]);
	} else if (kind == AGX_DEST_LOW) {
		EACH(i)
		row[i] = blend(mask[i] & 0xffff, in[i], row[i]);
	} else if (kind == AGX_DEST_HIGH) {
		EACH(i)
		row[i] = blend(mask[i] << 16, in[i] << 16, row[i]);
	}
}

INLINE void store_wide(struct agx_simd *simd, const struct agx_op *op, const vu *low,
		       const vu *high)
{
	if (op->dest_kind == AGX_DEST_PAIR) {
		vu *row = (vu *)&simd->r[op->dest];
		const vu *mask = (const vu *)&simd->exec;

		if (simd->exec_mask == AGX_ALL_LANES) {
			EACH(i)
			{
				row[i] = low[i];
				row[AGX_PARTS + i] = high[i];
			}
			return;
		}
		EACH(i)
		{
			row[i] = blend(mask[i], low[i], row[i]);
			row[AGX_PARTS + i] = blend(mask[i], high[i], row[AGX_PARTS + i]);
		}
	} else {
		store(simd, op, ANY, low);
	}
}

/* For floats of the host's that are NaN, or may have been flushed after rounding: seldom. */
INLINE bool any_rare(const vu *f)
{
#if defined(__AVX512F__)
	unsigned int rare = 0;

	EACH(i)
	{
		rare |= _mm512_cmp_ps_mask((__m512)f[i], (__m512)f[i], _CMP_UNORD_Q);
		rare |= _mm512_cmpeq_epi32_mask((__m512i)(f[i] << 1),
						(__m512i)splat(F32_SMALLEST << 1));
	}
	return __builtin_expect(rare != 0, 0);
#else
	vu rare = splat(0);

	EACH(i)
	rare |= (vu)((vf)f[i] != (vf)f[i]) | (vu)(f[i] << 1 == F32_SMALLEST << 1);
	return __builtin_expect(any(rare), 0);
#endif
}

/* A float: NaNs made one, saturated, and rounded again where the destination is a half. */
INLINE void store_float(struct agx_simd *simd, const struct agx_op *op, unsigned int kind, vu *in)
{
	EACH(i)
	in[i] = canonical(in[i]);
	if (kind == ANY && op->saturate) {
		EACH(i)
		in[i] = saturate(in[i]);
	}
	if (kind == ANY && op->dest_kind != AGX_DEST_ROW) {
		EACH(i)
		in[i] = narrow(in[i]);
	}
	store(simd, op, kind, in);
}

/* Binding. */

INLINE bool is_splat(const struct agx_source *source)
{
	return source->kind == AGX_SOURCE_NUMBER || source->kind == AGX_SOURCE_UNIFORM32;
}

/*
 * Which of the hot forms it is: bit i is set where source i is a splat. All set: none of them, as where
 * all are splats.
 */
INLINE unsigned int form_of(const struct agx_op *op, unsigned int sources)
{
	const unsigned int none = (1u << sources) - 1;
	unsigned int form = 0;

	if (op->dest_kind != AGX_DEST_ROW || op->saturate)
		return none;
	for (unsigned int i = 0; i < sources; i++) {
		if (is_splat(&op->source[i]))
			form |= 1u << i;
		else if (op->source[i].kind != AGX_SOURCE_ROW)
			return none;
	}
	return form;
}

INLINE bool has_modifiers(const struct agx_op *op, unsigned int sources)
{
	for (unsigned int i = 0; i < sources; i++) {
		if (op->source[i].flags)
			return true;
	}
	return false;
}

#endif
