// SPDX-License-Identifier: MIT
/*
 * Comparisons and what they decide: selections, ballots, the execution mask. Compiled once for each
 * instruction set of the host that is worth it.
 */
#include "exec_vector.h"

INLINE void compare_int(const struct agx_simd *simd, const struct agx_op *op, vu *out)
{
	const unsigned int condition = op->condition;
	const vu flip = splat(condition & 8 ? ~0u : 0);
	vu a[AGX_PARTS], b[AGX_PARTS];

	if (condition & 4) {
		load_signed(simd, &op->source[0], a);
		load_signed(simd, &op->source[1], b);
	} else {
		load(simd, &op->source[0], ANY, a);
		load(simd, &op->source[1], ANY, b);
	}
	if (!(condition & 3)) {
		EACH(i)
		out[i] = (vu)(a[i] == b[i]) ^ flip;
	} else if ((condition & 7) == AGX_ISA_ICOND_ULT) {
		EACH(i)
		out[i] = (vu)(a[i] < b[i]) ^ flip;
	} else if ((condition & 7) == AGX_ISA_ICOND_UGT) {
		EACH(i)
		out[i] = (vu)(a[i] > b[i]) ^ flip;
	} else if ((condition & 7) == AGX_ISA_ICOND_SLT) {
		EACH(i)
		out[i] = (vu)((vi)a[i] < (vi)b[i]) ^ flip;
	} else {
		EACH(i)
		out[i] = (vu)((vi)a[i] > (vi)b[i]) ^ flip;
	}
}

INLINE void compare_float(const struct agx_simd *simd, const struct agx_op *op, vu *out)
{
	const vu flip = splat(op->condition & 8 ? ~0u : 0);
	vu a[AGX_PARTS], b[AGX_PARTS];

	load_float(simd, &op->source[0], ANY, true, a);
	load_float(simd, &op->source[1], ANY, true, b);
	EACH(i)
	{
		const vf x = (vf)a[i], y = (vf)b[i];

		switch (op->condition & 7) {
		case AGX_ISA_FCOND_FEQ:
			out[i] = (vu)(x == y);
			break;
		case AGX_ISA_FCOND_FLT:
			out[i] = (vu)(x < y);
			break;
		case AGX_ISA_FCOND_FGT:
			out[i] = (vu)(x > y);
			break;
		case AGX_ISA_FCOND_FLTN:
			out[i] = (vu)(x < y) | (vu)(y != y);
			break;
		case AGX_ISA_FCOND_FGTE:
			out[i] = (vu)(x >= y);
			break;
		case AGX_ISA_FCOND_FLTE:
			out[i] = (vu)(x <= y);
			break;
		default:
			out[i] = (vu)(x > y) | (vu)(y != y);
			break;
		}
		out[i] ^= flip;
	}
}

INLINE bool has_int_condition(const struct agx_op *op)
{
	return (op->condition & 3) != 3;
}

INLINE bool has_float_condition(const struct agx_op *op)
{
	return (op->condition & 7) != 4;
}

INLINE const struct agx_op *do_select(struct agx_simd *simd, const struct agx_op *op, bool is_float)
{
	vu yes[AGX_PARTS], x[AGX_PARTS], y[AGX_PARTS];

	if (is_float)
		compare_float(simd, op, yes);
	else
		compare_int(simd, op, yes);
	load(simd, &op->source[2], ANY, x);
	load(simd, &op->source[3], ANY, y);
	EACH(i)
	x[i] = blend(yes[i], x[i], y[i]);
	store(simd, op, ANY, x);
	return op + 1;
}

/* clang-format off */
FN(icsel) { return do_select(simd, op, false); }
FN(fcsel) { return do_select(simd, op, true); }
/* clang-format on */

INLINE void broadcast(struct agx_simd *simd, const struct agx_op *op, uint32_t value)
{
	vu r[AGX_PARTS];

	EACH(i)
	r[i] = splat(value);
	store(simd, op, ANY, r);
}

FN(ballot)
{
	broadcast(simd, op, simd->exec_mask);
	return op + 1;
}

/* Of a whole group all lanes get the bits, of a quad those of their own one. */
INLINE const struct agx_op *do_ballot(struct agx_simd *simd, const struct agx_op *op, bool is_float,
				      bool quads)
{
	vu yes[AGX_PARTS];
	uint32_t bits;

	if (is_float)
		compare_float(simd, op, yes);
	else
		compare_int(simd, op, yes);
	bits = bits_of(yes) & simd->exec_mask;
	if (!quads) {
		broadcast(simd, op, bits);
		return op + 1;
	}
	for (unsigned int i = 0; i < AGX_LANES; i++)
		((uint32_t *)yes)[i] = bits >> (i & ~3u) & 15;
	store(simd, op, ANY, yes);
	return op + 1;
}

/* clang-format off */
FN(icmp_ballot) { return do_ballot(simd, op, false, false); }
FN(fcmp_ballot) { return do_ballot(simd, op, true, false); }
FN(icmp_quad_ballot) { return do_ballot(simd, op, false, true); }
FN(fcmp_quad_ballot) { return do_ballot(simd, op, true, true); }
/* clang-format on */

/* Execution mask: the low half of row 0 counts, in all lanes, how many levels must be left to run again. */

enum turn {
	TURN_IF,
	TURN_ELSE,
	TURN_WHILE,
	TURN_POP
};

INLINE const struct agx_op *do_turn(struct agx_simd *simd, const struct agx_op *op, enum turn turn,
				    bool is_float)
{
	const vu n = splat(op->shift);
	vu *row = (vu *)&simd->r[0], *exec = (vu *)&simd->exec;
	vu yes[AGX_PARTS], active[AGX_PARTS];

	if (turn != TURN_POP) {
		if (is_float)
			compare_float(simd, op, yes);
		else
			compare_int(simd, op, yes);
	}
	EACH(i)
	{
		const vu v = row[i] & 0xffff;
		const vu live = (vu)(v == 0), one = (vu)(v == 1);
		vu now;

		switch (turn) {
		case TURN_IF:
			now = blend(live, ~yes[i] & 1, v + n);
			break;
		case TURN_ELSE:
			now = blend(live, n, blend(one, ~yes[i] & 1, v));
			break;
		case TURN_WHILE:
			now = blend((vu)(v < n), n & ~yes[i], v);
			break;
		default:
			now = (v - n) & (vu)(v > n);
			break;
		}
		now &= 0xffff;
		row[i] = (row[i] & 0xffff0000) | now;
		active[i] = (vu)(now == 0) & lanes_of(simd->lanes, i);
		exec[i] = active[i];
	}
	simd->exec_mask = bits_of(active);
	return op + 1;
}

/* clang-format off */
FN(if_icmp) { return do_turn(simd, op, TURN_IF, false); }
FN(if_fcmp) { return do_turn(simd, op, TURN_IF, true); }
FN(else_icmp) { return do_turn(simd, op, TURN_ELSE, false); }
FN(else_fcmp) { return do_turn(simd, op, TURN_ELSE, true); }
FN(while_icmp) { return do_turn(simd, op, TURN_WHILE, false); }
FN(while_fcmp) { return do_turn(simd, op, TURN_WHILE, true); }
FN(pop_exec) { return do_turn(simd, op, TURN_POP, false); }
/* clang-format on */

FN(update_exec)
{
	vu *exec = (vu *)&simd->exec;
	vu active[AGX_PARTS];

	EACH(i)
	{
		active[i] = (vu)((row_of(simd, 0)[i] & 0xffff) == 0) & lanes_of(simd->lanes, i);
		exec[i] = active[i];
	}
	simd->exec_mask = bits_of(active);
	return op + 1;
}

static agx_op_fn if_condition(bool known, agx_op_fn fn)
{
	return known ? fn : NULL;
}

agx_op_fn INSTANCE(agx_exec_compare)(const struct agx_op *op, const struct agx_isa_instr *instr)
{
	const bool ints = has_int_condition(op), floats = has_float_condition(op);
	const bool quads = instr->modifiers[AGX_ISA_MODIFIER_QUAD] == AGX_ISA_QUAD_QUAD;

	switch (op->op) {
	case AGX_ISA_OP_ICSEL:
		return if_condition(ints, icsel);
	case AGX_ISA_OP_FCSEL:
		return if_condition(floats, fcsel);
	case AGX_ISA_OP_ICMP_BALLOT:
		return if_condition(ints, quads ? icmp_quad_ballot : icmp_ballot);
	case AGX_ISA_OP_FCMP_BALLOT:
		return if_condition(floats, quads ? fcmp_quad_ballot : fcmp_ballot);
	case AGX_ISA_OP_IF_ICMP:
		return if_condition(ints, if_icmp);
	case AGX_ISA_OP_ELSE_ICMP:
		return if_condition(ints, else_icmp);
	case AGX_ISA_OP_WHILE_ICMP:
		return if_condition(ints, while_icmp);
	case AGX_ISA_OP_IF_FCMP:
		return if_condition(floats, if_fcmp);
	case AGX_ISA_OP_ELSE_FCMP:
		return if_condition(floats, else_fcmp);
	case AGX_ISA_OP_WHILE_FCMP:
		return if_condition(floats, while_fcmp);
	case AGX_ISA_OP_BALLOT:
		return ballot;
	case AGX_ISA_OP_POP_EXEC:
		return pop_exec;
	case AGX_ISA_OP_UPDATE_EXEC:
		return update_exec;
	default:
		return NULL;
	}
}
