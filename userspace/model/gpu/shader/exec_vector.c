// SPDX-License-Identifier: MIT
/*
 * Moves, bits and integers: compiled once for each instruction set of the host that is worth it.
 *
 * Hot forms, where all values have 32 bits, have functions for each combination of rows (r) and splats (s);
 * all other forms go through one function that looks at the kinds.
 */
#include "exec_vector.h"

#define ROW AGX_SOURCE_ROW

/* Moves and bits. */

INLINE void do_mov(struct agx_simd *simd, const struct agx_op *op, unsigned int ka, unsigned int kd)
{
	vu a[AGX_PARTS];

	load(simd, &op->source[0], ka, a);
	store(simd, op, kd, a);
}

/* clang-format off */
FN_RUN(mov_r, do_mov(simd, op, ROW, AGX_DEST_ROW))
FN_RUN(mov_s, do_mov(simd, op, SPLAT, AGX_DEST_ROW))
FN_RUN(mov_any, do_mov(simd, op, ANY, ANY))
/* clang-format on */

#define BITS_AS(name, kb, operator)                                           \
	INLINE void do_##name(struct agx_simd *simd, const struct agx_op *op) \
	{                                                                     \
		vu a[AGX_PARTS], b[AGX_PARTS];                                \
                                                                              \
		load(simd, &op->source[0], ROW, a);                           \
		load(simd, &op->source[1], kb, b);                            \
		EACH(i)                                                       \
		a[i] = a[i] operator b[i];                                    \
		store(simd, op, AGX_DEST_ROW, a);                             \
	}                                                                     \
	FN_RUN(name, do_##name(simd, op))

/* clang-format off */
BITS_AS(and_rr, ROW, &)
BITS_AS(and_rs, SPLAT, &)
BITS_AS(or_rr, ROW, |)
BITS_AS(or_rs, SPLAT, |)
BITS_AS(xor_rr, ROW, ^)
BITS_AS(xor_rs, SPLAT, ^)
/* clang-format on */

/* Any of the sixteen functions of two bits: bit a + 2 b of its number is the result. */
static uint32_t truth_of(const struct agx_op *op)
{
	switch (op->op) {
	case AGX_ISA_OP_ZERO:
		return 0x0;
	case AGX_ISA_OP_NOR:
		return 0x1;
	case AGX_ISA_OP_ANDN2:
		return 0x2;
	case AGX_ISA_OP_ANDN1:
		return 0x4;
	case AGX_ISA_OP_NOT:
	case AGX_ISA_OP_BITOP_1010:
		return 0x5;
	case AGX_ISA_OP_XOR:
		return 0x6;
	case AGX_ISA_OP_NAND:
		return 0x7;
	case AGX_ISA_OP_AND:
		return 0x8;
	case AGX_ISA_OP_XNOR:
		return 0x9;
	case AGX_ISA_OP_ORN2:
		return 0xb;
	case AGX_ISA_OP_ORN1:
		return 0xd;
	case AGX_ISA_OP_OR:
		return 0xe;
	default:
		return 0xf;
	}
}

FN(bits_any)
{
	const uint32_t truth = truth_of(op);
	const vu none = splat(-(truth & 1)), only_a = splat(-(truth >> 1 & 1));
	const vu only_b = splat(-(truth >> 2 & 1)), both = splat(-(truth >> 3 & 1));
	vu a[AGX_PARTS], b[AGX_PARTS];

	load(simd, &op->source[0], ANY, a);
	load(simd, &op->source[1], ANY, b);
	EACH(i)
	a[i] = blend(a[i], blend(b[i], both, only_a), blend(b[i], only_b, none));
	store(simd, op, ANY, a);
	return op + 1;
}

FN(ldimm)
{
	vu r[AGX_PARTS];

	EACH(i)
	r[i] = splat(op->extra);
	store(simd, op, ANY, r);
	return op + 1;
}

/* Shifts by what is at most 127; those by 32 and more give 0. */
INLINE vu left(vu x, vu k)
{
	return (x << (k & 31)) & (vu)(k < 32);
}

INLINE vu right(vu x, vu k)
{
	return (x >> (k & 31)) & (vu)(k < 32);
}

/* Bits 32 to 63 of x << k, bits 0 to 31 of (x << 32) >> k. */
INLINE vu left_high(vu x, vu k)
{
	const vu small = right(x, 32 - k) & (vu)(k < 32);

	return small | (left(x, k - 32) & (vu)(k >= 32));
}

INLINE vu right_high(vu x, vu k)
{
	const vu small = left(x, 32 - k) & (vu)(k < 32);

	return small | (right(x, k - 32) & (vu)(k >= 32));
}

INLINE vu field_bfi(vu a, vu b, vu k, vu m)
{
	return (a & ~left(m, k)) | left(b & m, k);
}

INLINE vu field_bfeil(vu a, vu b, vu k, vu m)
{
	return (a & ~m) | (right(b, k) & m);
}

INLINE vu field_extr(vu a, vu b, vu k, vu m)
{
	return (right(a, k) | right_high(b, k)) & m;
}

INLINE vu field_shlhi(vu a, vu b, vu k, vu m)
{
	const vu under = blend((vu)(k < 32), m, left(m, k - 32));

	return (left_high(b, k) & under) | (a & ~under);
}

INLINE vu field_shrhi(vu a, vu b, vu k, vu m)
{
	const vu under = blend((vu)(k < 32), right_high(m, k), m);

	return (right_high(b, k) & under) | (a & ~under);
}

/* The mask is the same for all lanes. */
#define FIELD(name)                                                             \
	FN(name)                                                                \
	{                                                                       \
		vu a[AGX_PARTS], b[AGX_PARTS], c[AGX_PARTS];                    \
                                                                                \
		fetch(simd, &op->source[0], a);                                 \
		fetch(simd, &op->source[1], b);                                 \
		fetch(simd, &op->source[2], c);                                 \
		EACH(i)                                                         \
		a[i] = field_##name(a[i], b[i], c[i] & 0x7f, splat(op->extra)); \
		store(simd, op, ANY, a);                                        \
		return op + 1;                                                  \
	}

/* A row shifted by a number, into a splat: shifts and fields at known places. */
#define FIELD_RS(name)                                                             \
	INLINE void do_##name##_rs(struct agx_simd *simd, const struct agx_op *op) \
	{                                                                          \
		const vu a = splat(splat_value(simd, &op->source[0]));             \
		const vu k = splat(splat_value(simd, &op->source[2]) & 0x7f);      \
		vu b[AGX_PARTS];                                                   \
                                                                                   \
		load(simd, &op->source[1], ROW, b);                                \
		EACH(i)                                                            \
		b[i] = field_##name(a, b[i], k, splat(op->extra));                 \
		store(simd, op, AGX_DEST_ROW, b);                                  \
	}                                                                          \
	FN_RUN(name##_rs, do_##name##_rs(simd, op))

/* clang-format off */
FIELD(bfi)
FIELD(bfeil)
FIELD(extr)
FIELD(shlhi)
FIELD(shrhi)
FIELD_RS(bfi)
FIELD_RS(bfeil)
/* clang-format on */

FN(asr)
{
	vu a[AGX_PARTS], k[AGX_PARTS];

	load_signed(simd, &op->source[0], a);
	load(simd, &op->source[1], ANY, k);
	EACH(i)
	{
		const vu by = k[i] & 0x7f;

		a[i] = (vu)((vi)a[i] >> (vi)blend((vu)(by < 32), by, splat(31)));
	}
	store(simd, op, ANY, a);
	return op + 1;
}

FN(asrh)
{
	vu a[AGX_PARTS], k[AGX_PARTS];

	fetch_signed(simd, &op->source[0], a);
	fetch(simd, &op->source[1], k);
	EACH(i)
	{
		const vu by = k[i] & 0x7f;
		const vu far = blend((vu)(by < 64), by & 31, splat(31));

		a[i] = blend((vu)(by < 32), left(a[i], 32 - by), (vu)((vi)a[i] >> (vi)far));
	}
	store(simd, op, ANY, a);
	return op + 1;
}

INLINE vu spread(vu x)
{
	x &= 0xffff;
	x = (x | x << 8) & 0x00ff00ff;
	x = (x | x << 4) & 0x0f0f0f0f;
	x = (x | x << 2) & 0x33333333;
	return (x | x << 1) & 0x55555555;
}

FN(intl)
{
	vu a[AGX_PARTS], b[AGX_PARTS];

	fetch(simd, &op->source[0], a);
	fetch(simd, &op->source[1], b);
	EACH(i)
	a[i] = spread(a[i]) | spread(b[i]) << 1;
	store(simd, op, ANY, a);
	return op + 1;
}

INLINE vu reverse(vu x)
{
	x = (x >> 1 & 0x55555555) | (x & 0x55555555) << 1;
	x = (x >> 2 & 0x33333333) | (x & 0x33333333) << 2;
	x = (x >> 4 & 0x0f0f0f0f) | (x & 0x0f0f0f0f) << 4;
	x = (x >> 8 & 0x00ff00ff) | (x & 0x00ff00ff) << 8;
	return x >> 16 | x << 16;
}

INLINE vu count(vu x)
{
	x -= x >> 1 & 0x55555555;
	x = (x & 0x33333333) + (x >> 2 & 0x33333333);
	x = (x + (x >> 4)) & 0x0f0f0f0f;
	return (x * 0x01010101) >> 24;
}

/* Position of the highest one; of 0, -1. */
INLINE vu highest(vu x)
{
	x |= x >> 1;
	x |= x >> 2;
	x |= x >> 4;
	x |= x >> 8;
	x |= x >> 16;
	return count(x) - 1;
}

#define ONE_BITS(name, function)                \
	FN(name)                                \
	{                                       \
		vu a[AGX_PARTS];                \
                                                \
		fetch(simd, &op->source[0], a); \
		EACH(i)                         \
		a[i] = function(a[i]);          \
		store(simd, op, ANY, a);        \
		return op + 1;                  \
	}

/* clang-format off */
ONE_BITS(bitrev, reverse)
ONE_BITS(popcnt, count)
ONE_BITS(ffs_, highest)
/* clang-format on */

/* Integers. */

INLINE void do_iadd(struct agx_simd *simd, const struct agx_op *op, unsigned int ka,
		    unsigned int kb, unsigned int kd, bool subtract)
{
	vu a[AGX_PARTS], b[AGX_PARTS];

	load_int(simd, &op->source[0], ka, a);
	load_int(simd, &op->source[1], kb, b);
	EACH(i)
	{
		const vu term = b[i] << op->shift;

		a[i] = subtract ? a[i] - term : a[i] + term;
	}
	store(simd, op, kd, a);
}

/* clang-format off */
FN_RUN(iadd_rr, do_iadd(simd, op, ROW, ROW, AGX_DEST_ROW, false))
FN_RUN(iadd_sr, do_iadd(simd, op, SPLAT, ROW, AGX_DEST_ROW, false))
FN_RUN(iadd_rs, do_iadd(simd, op, ROW, SPLAT, AGX_DEST_ROW, false))
FN_RUN(iadd_any, do_iadd(simd, op, ANY, ANY, ANY, false))
FN_RUN(isub_rr, do_iadd(simd, op, ROW, ROW, AGX_DEST_ROW, true))
FN_RUN(isub_rs, do_iadd(simd, op, ROW, SPLAT, AGX_DEST_ROW, true))
FN_RUN(isub_any, do_iadd(simd, op, ANY, ANY, ANY, true))
/* clang-format on */

static const agx_op_fn iadd_fns[2][4] = {
	{iadd_rr, iadd_sr, iadd_rs, iadd_any},
	{isub_rr, isub_any, isub_rs, isub_any},
};

/* low, high += or -= the 64 bits of b << shift, shift at most 4. */
INLINE void add_wide(vu *low, vu *high, const vu *b_low, const vu *b_high, unsigned int shift,
		     bool subtract)
{
	EACH(i)
	{
		const vu tl = b_low[i] << shift;
		const vu th = shift ? b_high[i] << shift | b_low[i] >> (32 - shift) : b_high[i];

		if (subtract) {
			high[i] = high[i] - th + (vu)(low[i] < tl); /* a borrow is -1 */
			low[i] -= tl;
		} else {
			low[i] += tl;
			high[i] = high[i] + th - (vu)(low[i] < tl);
		}
	}
}

INLINE const struct agx_op *do_iadd_wide(struct agx_simd *simd, const struct agx_op *op,
					 bool subtract)
{
	vu al[AGX_PARTS], ah[AGX_PARTS], bl[AGX_PARTS], bh[AGX_PARTS];

	load_wide(simd, &op->source[0], al, ah);
	load_wide(simd, &op->source[1], bl, bh);
	add_wide(al, ah, bl, bh, op->shift, subtract);
	store_wide(simd, op, al, ah);
	return op + 1;
}

/* Addresses: a pair, or a uniform one, and a row that is extended as its flag says. */
INLINE void do_iadd_address(struct agx_simd *simd, const struct agx_op *op, bool uniform)
{
	const struct agx_source *base = &op->source[0];
	vu al[AGX_PARTS], ah[AGX_PARTS], bl[AGX_PARTS], bh[AGX_PARTS];

	EACH(i)
	{
		al[i] = uniform ? splat(agx_simd_uniform32(simd, base->index))
				: row_of(simd, base->index)[i];
		ah[i] = uniform ? splat(agx_simd_uniform32(simd, base->index + 2u))
				: row_of(simd, base->index + 1u)[i];
		bl[i] = row_of(simd, op->source[1].index)[i];
		bh[i] = (vu)((vi)bl[i] >> 31) & (op->source[1].flags & AGX_ISA_SX ? ~0u : 0);
	}
	add_wide(al, ah, bl, bh, op->shift, false);
	store_wide(simd, op, al, ah);
}

/* clang-format off */
FN_RUN(iadd_address, do_iadd_address(simd, op, false))
FN_RUN(iadd_uniform_address, do_iadd_address(simd, op, true))
FN(iadd_wide) { return do_iadd_wide(simd, op, false); }
FN(isub_wide) { return do_iadd_wide(simd, op, true); }
/* clang-format on */

INLINE void do_imadd(struct agx_simd *simd, const struct agx_op *op, unsigned int ka,
		     unsigned int kb, unsigned int kc, unsigned int kd, bool subtract)
{
	vu a[AGX_PARTS], b[AGX_PARTS], c[AGX_PARTS];

	load_int(simd, &op->source[0], ka, a);
	load_int(simd, &op->source[1], kb, b);
	load_int(simd, &op->source[2], kc, c);
	EACH(i)
	{
		const vu term = c[i] << op->shift;

		a[i] = subtract ? a[i] * b[i] - term : a[i] * b[i] + term;
	}
	store(simd, op, kd, a);
}

/* clang-format off */
FN_RUN(imadd_rrr, do_imadd(simd, op, ROW, ROW, ROW, AGX_DEST_ROW, false))
FN_RUN(imadd_rsr, do_imadd(simd, op, ROW, SPLAT, ROW, AGX_DEST_ROW, false))
FN_RUN(imadd_rrs, do_imadd(simd, op, ROW, ROW, SPLAT, AGX_DEST_ROW, false))
FN_RUN(imadd_rss, do_imadd(simd, op, ROW, SPLAT, SPLAT, AGX_DEST_ROW, false))
FN_RUN(imadd_any, do_imadd(simd, op, ANY, ANY, ANY, ANY, false))
/* clang-format on */

FN(imsub_any)
{
	vu a[AGX_PARTS], b[AGX_PARTS], c[AGX_PARTS];

	fetch_int(simd, &op->source[0], a);
	fetch_int(simd, &op->source[1], b);
	fetch_int(simd, &op->source[2], c);
	EACH(i)
	a[i] = a[i] * b[i] - (c[i] << op->shift);
	store(simd, op, ANY, a);
	return op + 1;
}

/* Bits: splats. Of the factors only the second is one: program.c. */
static const agx_op_fn imadd_fns[8] = {
	imadd_rrr, imadd_any, imadd_rsr, imadd_any, imadd_rrs, imadd_any, imadd_rss, imadd_any,
};

INLINE const struct agx_op *do_imadd_wide(struct agx_simd *simd, const struct agx_op *op,
					  bool subtract)
{
	vu al[AGX_PARTS], ah[AGX_PARTS], bl[AGX_PARTS], bh[AGX_PARTS], cl[AGX_PARTS], ch[AGX_PARTS];
	uint32_t *low = (uint32_t *)al, *high = (uint32_t *)ah;
	const uint32_t *x_low = (const uint32_t *)bl, *x_high = (const uint32_t *)bh;

	load_wide(simd, &op->source[0], al, ah);
	load_wide(simd, &op->source[1], bl, bh);
	load_wide(simd, &op->source[2], cl, ch);
	for (unsigned int i = 0; i < AGX_LANES; i++) {
		const uint64_t product =
			(low[i] | (uint64_t)high[i] << 32) * (x_low[i] | (uint64_t)x_high[i] << 32);

		low[i] = (uint32_t)product;
		high[i] = (uint32_t)(product >> 32);
	}
	add_wide(al, ah, cl, ch, op->shift, subtract);
	store_wide(simd, op, al, ah);
	return op + 1;
}

/* clang-format off */
FN(imadd_wide) { return do_imadd_wide(simd, op, false); }
FN(imsub_wide) { return do_imadd_wide(simd, op, true); }
/* clang-format on */

/* One lane of a source of at most 32 bits, as the exact number. */
INLINE int64_t number_at(const vu *lanes, const struct agx_source *source, unsigned int i)
{
	const uint32_t bits = ((const uint32_t *)lanes)[i];

	return source->flags & AGX_ISA_SX && source->kind != AGX_SOURCE_NUMBER ? (int32_t)bits
									       : (int64_t)bits;
}

/* a * b + c or a * b - c, clamped to the destination's range: signed if any source is said to be. */
INLINE const struct agx_op *do_saturated(struct agx_simd *simd, const struct agx_op *op,
					 const struct agx_source *x, const struct agx_source *y,
					 const struct agx_source *z, bool subtract)
{
	const bool is_signed = ((x->flags | z->flags | (y ? y->flags : 0)) & AGX_ISA_SX) != 0;
	const unsigned int width = op->dest_kind == AGX_DEST_ROW ? 32 : 16;
	const __int128 most = (1ll << (is_signed ? width - 1 : width)) - 1;
	const __int128 least = is_signed ? -most - 1 : 0;
	vu a[AGX_PARTS], b[AGX_PARTS], c[AGX_PARTS], r[AGX_PARTS];

	fetch_int(simd, x, a);
	if (y)
		fetch_int(simd, y, b);
	fetch_int(simd, z, c);
	for (unsigned int i = 0; i < AGX_LANES; i++) {
		__int128 sum = number_at(a, x, i);

		if (y)
			sum *= number_at(b, y, i);
		if (subtract)
			sum -= number_at(c, z, i);
		else
			sum += number_at(c, z, i);
		if (sum > most)
			sum = most;
		if (sum < least)
			sum = least;
		((uint32_t *)r)[i] = (uint32_t)sum;
	}
	store(simd, op, ANY, r);
	return op + 1;
}

FN(iadd_sat)
{
	return do_saturated(simd, op, &op->source[0], NULL, &op->source[1], false);
}

FN(isub_sat)
{
	return do_saturated(simd, op, &op->source[0], NULL, &op->source[1], true);
}

FN(imadd_sat)
{
	return do_saturated(simd, op, &op->source[0], &op->source[1], &op->source[2], false);
}

FN(imsub_sat)
{
	return do_saturated(simd, op, &op->source[0], &op->source[1], &op->source[2], true);
}

/* Binding. */

static bool is_wide(const struct agx_op *op)
{
	bool wide = op->dest_kind == AGX_DEST_PAIR;

	for (unsigned int i = 0; i < 3; i++)
		wide |= op->source[i].kind == AGX_SOURCE_PAIR ||
			op->source[i].kind == AGX_SOURCE_UNIFORM64;
	return wide;
}

static agx_op_fn bind_iadd(const struct agx_op *op, bool subtract)
{
	if (op->shift > 4)
		return NULL;
	if (op->dest_kind == AGX_DEST_PAIR && op->source[1].kind == AGX_SOURCE_ROW && !subtract &&
	    !op->saturate) {
		if (op->source[0].kind == AGX_SOURCE_PAIR)
			return iadd_address;
		if (op->source[0].kind == AGX_SOURCE_UNIFORM64)
			return iadd_uniform_address;
	}
	if (is_wide(op))
		return subtract ? isub_wide : iadd_wide;
	if (op->saturate && !op->shift)
		return subtract ? isub_sat : iadd_sat;
	return iadd_fns[subtract][op->saturate ? 3 : form_of(op, 2)];
}

static agx_op_fn bind_imadd(const struct agx_op *op, bool subtract)
{
	if (op->shift > 4)
		return NULL;
	if (is_wide(op))
		return subtract ? imsub_wide : imadd_wide;
	if (op->saturate && !op->shift)
		return subtract ? imsub_sat : imadd_sat;
	return subtract ? imsub_any : imadd_fns[op->saturate ? 7 : form_of(op, 3)];
}

/* The forms of two rows, and of a row and a splat, which is the second. */
static agx_op_fn bind_two(const struct agx_op *op, agx_op_fn rows, agx_op_fn number,
			  agx_op_fn other)
{
	const unsigned int form = form_of(op, 2);

	return form == 0 ? rows : form == 2 ? number : other;
}

static agx_op_fn bind_field(const struct agx_op *op, agx_op_fn splats, agx_op_fn other)
{
	const bool known = is_splat(&op->source[0]) && op->source[1].kind == AGX_SOURCE_ROW &&
			   is_splat(&op->source[2]) && op->dest_kind == AGX_DEST_ROW;

	return known ? splats : other;
}

static agx_op_fn bind_mov(const struct agx_op *op)
{
	if (op->dest_kind == AGX_DEST_ROW && op->source[0].kind == AGX_SOURCE_ROW)
		return mov_r;
	if (op->dest_kind == AGX_DEST_ROW && is_splat(&op->source[0]))
		return mov_s;
	return mov_any;
}

agx_op_fn INSTANCE(agx_exec_integer)(const struct agx_op *op, const struct agx_isa_instr *instr)
{
	switch (op->op) {
	case AGX_ISA_OP_LDIMM16:
	case AGX_ISA_OP_LDIMM32:
		return ldimm;
	case AGX_ISA_OP_IADD:
		return bind_iadd(op, false);
	case AGX_ISA_OP_ISUB:
		return bind_iadd(op, true);
	case AGX_ISA_OP_IMUL:
	case AGX_ISA_OP_IMADD:
		return bind_imadd(op, false);
	case AGX_ISA_OP_IMSUB:
		return bind_imadd(op, true);
	case AGX_ISA_OP_SHL:
	case AGX_ISA_OP_BFI:
		return bind_field(op, bfi_rs, bfi);
	case AGX_ISA_OP_SHR:
	case AGX_ISA_OP_BFEIL:
		return bind_field(op, bfeil_rs, bfeil);
	case AGX_ISA_OP_EXTR:
		return extr;
	case AGX_ISA_OP_SHLHI:
		return shlhi;
	case AGX_ISA_OP_SHRHI:
		return shrhi;
	case AGX_ISA_OP_ASR:
		return asr;
	case AGX_ISA_OP_ASRH:
		return asrh;
	case AGX_ISA_OP_MOV:
	case AGX_ISA_OP_BITOP_0101:
		return bind_mov(op);
	case AGX_ISA_OP_AND:
		return bind_two(op, and_rr, and_rs, bits_any);
	case AGX_ISA_OP_XOR:
		return bind_two(op, xor_rr, xor_rs, bits_any);
	case AGX_ISA_OP_OR:
		return bind_two(op, or_rr, or_rs, bits_any);
	case AGX_ISA_OP_NOT:
	case AGX_ISA_OP_BITOP_1010:
	case AGX_ISA_OP_ZERO:
	case AGX_ISA_OP_ANDN1:
	case AGX_ISA_OP_ANDN2:
	case AGX_ISA_OP_NOR:
	case AGX_ISA_OP_XNOR:
	case AGX_ISA_OP_ORN1:
	case AGX_ISA_OP_ORN2:
	case AGX_ISA_OP_NAND:
	case AGX_ISA_OP_ONE:
		return bits_any;
	case AGX_ISA_OP_INTL:
		return intl;
	case AGX_ISA_OP_BITREV:
		return bitrev;
	case AGX_ISA_OP_POPCNT:
		return popcnt;
	case AGX_ISA_OP_FFS:
		return ffs_;
	default:
		return NULL;
	}
}
