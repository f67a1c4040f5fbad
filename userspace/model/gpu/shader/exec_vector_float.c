// SPDX-License-Identifier: MIT
/*
 * Floating-point arithmetic and conversions: compiled once for each instruction set of the host that is worth
 * it. Hot forms as in exec_vector.c.
 */
#include "exec_vector.h"

#define ROW AGX_SOURCE_ROW

/* Floating point. */

/*
 * Lanes whose result is the smallest normal number may have been rounded up to it from below, and are zero
 * then: the host flushes after rounding. They are made anew.
 */
static __attribute__((noinline, cold)) void mend(vu *result, const vu *a, const vu *b, const vu *c)
{
	uint32_t *r = (uint32_t *)result;
	const uint32_t *x = (const uint32_t *)a, *y = (const uint32_t *)b, *z = (const uint32_t *)c;

	for (unsigned int i = 0; i < AGX_LANES; i++) {
		if ((r[i] & ~F32_SIGN) == F32_SMALLEST)
			r[i] = z ? agx_f32_fma(x[i], y[i], z[i]) : agx_f32_mul(x[i], y[i]);
	}
}

/* By copies: what is passed by address would else not stay in registers. */
INLINE void mend_copies(vu *result, const vu *a, const vu *b, const vu *c)
{
	vu r[AGX_PARTS], x[AGX_PARTS], y[AGX_PARTS], z[AGX_PARTS];

	EACH(i)
	{
		r[i] = result[i];
		x[i] = a[i];
		y[i] = b[i];
		z[i] = c ? c[i] : splat(0);
	}
	mend(r, x, y, c ? z : NULL);
	EACH(i)
	result[i] = r[i];
}

/* A result's rare lanes: flushed before rounding, unless it is of a sum (a: NULL), NaNs made one. */
INLINE void finish(struct agx_simd *simd, const struct agx_op *op, unsigned int kd, vu *r,
		   const vu *a, const vu *b, const vu *c)
{
	if (any_rare(r)) {
		if (a)
			mend_copies(r, a, b, c);
		EACH(i)
		r[i] = canonical(r[i]);
	}
	if (kd == ANY)
		store_float(simd, op, kd, r);
	else
		store(simd, op, kd, r);
}

INLINE void do_ffma(struct agx_simd *simd, const struct agx_op *op, unsigned int ka,
		    unsigned int kb, unsigned int kc, unsigned int kd, bool mods)
{
	vu a[AGX_PARTS], b[AGX_PARTS], c[AGX_PARTS], r[AGX_PARTS];

	load_float(simd, &op->source[0], ka, mods, a);
	load_float(simd, &op->source[1], kb, mods, b);
	load_float(simd, &op->source[2], kc, mods, c);
	EACH(i)
	r[i] = fma32(a[i], b[i], c[i]);
	finish(simd, op, kd, r, a, b, c);
}

INLINE void do_fadd(struct agx_simd *simd, const struct agx_op *op, unsigned int ka,
		    unsigned int kb, unsigned int kd, bool mods)
{
	vu a[AGX_PARTS], b[AGX_PARTS], r[AGX_PARTS];

	load_float(simd, &op->source[0], ka, mods, a);
	load_float(simd, &op->source[1], kb, mods, b);
	EACH(i)
	r[i] = (vu)((vf)a[i] + (vf)b[i]); /* exact where it is small: nothing to mend */
	finish(simd, op, kd, r, NULL, NULL, NULL);
}

INLINE void do_fmul(struct agx_simd *simd, const struct agx_op *op, unsigned int ka,
		    unsigned int kb, unsigned int kd, bool mods)
{
	vu a[AGX_PARTS], b[AGX_PARTS], r[AGX_PARTS];

	load_float(simd, &op->source[0], ka, mods, a);
	load_float(simd, &op->source[1], kb, mods, b);
	EACH(i)
	r[i] = (vu)((vf)a[i] * (vf)b[i]);
	finish(simd, op, kd, r, a, b, NULL);
}

/*
 * Rows (r) and splats (s), with modifiers (m) or without. Which of two factors or terms is the splat makes no
 * difference: program.c puts it second.
 */
#define FLOAT_TWO(name)                                                          \
	FN_RUN(name##_rr, do_##name(simd, op, ROW, ROW, AGX_DEST_ROW, false))    \
	FN_RUN(name##_rr_m, do_##name(simd, op, ROW, ROW, AGX_DEST_ROW, true))   \
	FN_RUN(name##_rs, do_##name(simd, op, ROW, SPLAT, AGX_DEST_ROW, false))  \
	FN_RUN(name##_rs_m, do_##name(simd, op, ROW, SPLAT, AGX_DEST_ROW, true)) \
	FN_RUN(name##_any, do_##name(simd, op, ANY, ANY, ANY, true))             \
	static const agx_op_fn name##_fns[2][4] = {                              \
		{name##_rr, name##_any, name##_rs, name##_any},                  \
		{name##_rr_m, name##_any, name##_rs_m, name##_any},              \
	};
#define FFMA(suffix, kb, kc)                                                       \
	FN_RUN(ffma_##suffix, do_ffma(simd, op, ROW, kb, kc, AGX_DEST_ROW, false)) \
	FN_RUN(ffma_##suffix##_m, do_ffma(simd, op, ROW, kb, kc, AGX_DEST_ROW, true))

/* clang-format off */
FLOAT_TWO(fadd)
FLOAT_TWO(fmul)
FFMA(rrr, ROW, ROW)
FFMA(rsr, SPLAT, ROW)
FFMA(rrs, ROW, SPLAT)
FFMA(rss, SPLAT, SPLAT)
FN_RUN(ffma_any, do_ffma(simd, op, ANY, ANY, ANY, ANY, true))
/* clang-format on */

/* Bits: splats. */
static const agx_op_fn ffma_fns[2][8] = {
	{ffma_rrr, ffma_any, ffma_rsr, ffma_any, ffma_rrs, ffma_any, ffma_rss, ffma_any},
	{ffma_rrr_m, ffma_any, ffma_rsr_m, ffma_any, ffma_rrs_m, ffma_any, ffma_rss_m, ffma_any},
};

/* Half precision: sources are exact in binary32, results are rounded to binary16 once. */
INLINE void store_half(struct agx_simd *simd, const struct agx_op *op, vu *r)
{
	EACH(i)
	r[i] = canonical(r[i]);
	if (op->saturate) {
		EACH(i)
		r[i] = saturate(r[i]);
	}
	EACH(i)
	r[i] = narrow(r[i]);
	store(simd, op, ANY, r);
}

FN(hfma)
{
	vu a[AGX_PARTS], b[AGX_PARTS], c[AGX_PARTS], r[AGX_PARTS];

	load_float(simd, &op->source[0], ANY, true, a);
	load_float(simd, &op->source[1], ANY, true, b);
	load_float(simd, &op->source[2], ANY, true, c);
	EACH(i)
	r[i] = fma_to_odd(a[i], b[i], c[i]);
	store_half(simd, op, r);
	return op + 1;
}

FN(hadd)
{
	vu a[AGX_PARTS], b[AGX_PARTS], r[AGX_PARTS];

	load_float(simd, &op->source[0], ANY, true, a);
	load_float(simd, &op->source[1], ANY, true, b);
	EACH(i)
	r[i] = fma_to_odd(a[i], splat(AGX_F32_ONE), b[i]);
	store_half(simd, op, r);
	return op + 1;
}

FN(hmul)
{
	vu a[AGX_PARTS], b[AGX_PARTS], r[AGX_PARTS];

	load_float(simd, &op->source[0], ANY, true, a);
	load_float(simd, &op->source[1], ANY, true, b);
	EACH(i)
	r[i] = (vu)((vf)a[i] * (vf)b[i]); /* exact */
	store_half(simd, op, r);
	return op + 1;
}

/* Conversions. */

INLINE const struct agx_op *do_to_int(struct agx_simd *simd, const struct agx_op *op,
				      unsigned int width, bool is_signed)
{
	vu a[AGX_PARTS];

	load_float(simd, &op->source[1], ANY, false, a);
	for (unsigned int i = 0; i < AGX_LANES; i++) {
		if (simd->exec_mask >> i & 1)
			((uint32_t *)a)[i] = agx_f32_to_int(((uint32_t *)a)[i], width, is_signed,
							    (enum agx_round)op->condition);
	}
	store(simd, op, ANY, a);
	return op + 1;
}

INLINE const struct agx_op *do_to_float(struct agx_simd *simd, const struct agx_op *op,
					unsigned int width, bool is_signed)
{
	vu a[AGX_PARTS];

	load(simd, &op->source[1], ANY, a);
	for (unsigned int i = 0; i < AGX_LANES; i++) {
		if (simd->exec_mask >> i & 1)
			((uint32_t *)a)[i] = agx_int_to_f32(((uint32_t *)a)[i], width, is_signed,
							    (enum agx_round)op->condition);
	}
	store_float(simd, op, ANY, a);
	return op + 1;
}

/* Those that compilers write, without calls. */
FN(f_to_s32_rtz)
{
	vu a[AGX_PARTS];

	load_float(simd, &op->source[1], ANY, false, a);
	EACH(i)
	{
		const vu number = (vu)((vf)a[i] == (vf)a[i]);
		const vu most = (vu)((vf)a[i] >= 0x1p31f), least = (vu)((vf)a[i] < -0x1p31f);
		const vf inside = (vf)(a[i] & number & ~most & ~least);

		a[i] = (vu) __builtin_convertvector(inside, vi) | (most & INT32_MAX) |
		       (least & F32_SIGN);
	}
	store(simd, op, ANY, a);
	return op + 1;
}

FN(f_to_u32_rtz)
{
	vu a[AGX_PARTS];

	load_float(simd, &op->source[1], ANY, false, a);
	EACH(i)
	{
		const vu positive = (vu)((vf)a[i] > 0.0f), most = (vu)((vf)a[i] >= 0x1p32f);
		const vf inside = (vf)(a[i] & positive & ~most);
		const vu upper = (vu)(inside >= 0x1p31f);
		const vf reduced = inside - (vf)(upper & 0x4f000000);

		a[i] = ((vu) __builtin_convertvector(reduced, vi) ^ (upper & F32_SIGN)) | most;
	}
	store(simd, op, ANY, a);
	return op + 1;
}

FN(s32_to_f_rte)
{
	vu a[AGX_PARTS];

	load(simd, &op->source[1], ANY, a);
	EACH(i)
	a[i] = (vu) __builtin_convertvector((vi)a[i], vf);
	store_float(simd, op, ANY, a);
	return op + 1;
}

FN(u32_to_f_rte)
{
	vu a[AGX_PARTS];

	load(simd, &op->source[1], ANY, a);
	EACH(i)
	{
		/* Both parts are exact, their sum is rounded once. */
		const vf high = __builtin_convertvector((vi)(a[i] >> 16), vf) * 0x1p16f;

		a[i] = (vu)(high + __builtin_convertvector((vi)(a[i] & 0xffff), vf));
	}
	store_float(simd, op, ANY, a);
	return op + 1;
}

/* clang-format off */
FN(u8_to_f) { return do_to_float(simd, op, 8, false); }
FN(s8_to_f) { return do_to_float(simd, op, 8, true); }
FN(u16_to_f) { return do_to_float(simd, op, 16, false); }
FN(s16_to_f) { return do_to_float(simd, op, 16, true); }
FN(u32_to_f) { return do_to_float(simd, op, 32, false); }
FN(s32_to_f) { return do_to_float(simd, op, 32, true); }
FN(f_to_u16) { return do_to_int(simd, op, 16, false); }
FN(f_to_s16) { return do_to_int(simd, op, 16, true); }
FN(f_to_u32) { return do_to_int(simd, op, 32, false); }
FN(f_to_s32) { return do_to_int(simd, op, 32, true); }
/* clang-format on */

/* Binding. */

static agx_op_fn bind_convert(const struct agx_op *op)
{
	if (op->condition > AGX_ISA_ROUND_RTE)
		return NULL;
	switch (op->op) {
	case AGX_ISA_OP_U8_TO_F:
		return u8_to_f;
	case AGX_ISA_OP_S8_TO_F:
		return s8_to_f;
	case AGX_ISA_OP_F_TO_U16:
		return f_to_u16;
	case AGX_ISA_OP_F_TO_S16:
		return f_to_s16;
	case AGX_ISA_OP_U16_TO_F:
		return u16_to_f;
	case AGX_ISA_OP_S16_TO_F:
		return s16_to_f;
	case AGX_ISA_OP_F_TO_U32:
		return op->condition == AGX_ISA_ROUND_RTZ ? f_to_u32_rtz : f_to_u32;
	case AGX_ISA_OP_F_TO_S32:
		return op->condition == AGX_ISA_ROUND_RTZ ? f_to_s32_rtz : f_to_s32;
	case AGX_ISA_OP_U32_TO_F:
		return op->condition == AGX_ISA_ROUND_RTE ? u32_to_f_rte : u32_to_f;
	default:
		return op->condition == AGX_ISA_ROUND_RTE ? s32_to_f_rte : s32_to_f;
	}
}

agx_op_fn INSTANCE(agx_exec_float)(const struct agx_op *op, const struct agx_isa_instr *instr)
{
	const unsigned int two = form_of(op, 2);

	switch (op->op) {
	case AGX_ISA_OP_FFMA:
		return ffma_fns[has_modifiers(op, 3)][form_of(op, 3)];
	case AGX_ISA_OP_FADD:
		return fadd_fns[has_modifiers(op, 2)][two];
	case AGX_ISA_OP_FMUL:
		return fmul_fns[has_modifiers(op, 2)][two];
	case AGX_ISA_OP_HFMA:
		return hfma;
	case AGX_ISA_OP_HADD:
		return hadd;
	case AGX_ISA_OP_HMUL:
		return hmul;
	case AGX_ISA_OP_U8_TO_F:
	case AGX_ISA_OP_S8_TO_F:
	case AGX_ISA_OP_F_TO_U16:
	case AGX_ISA_OP_F_TO_S16:
	case AGX_ISA_OP_U16_TO_F:
	case AGX_ISA_OP_S16_TO_F:
	case AGX_ISA_OP_F_TO_U32:
	case AGX_ISA_OP_F_TO_S32:
	case AGX_ISA_OP_U32_TO_F:
	case AGX_ISA_OP_S32_TO_F:
		return bind_convert(op);
	default:
		return NULL;
	}
}
