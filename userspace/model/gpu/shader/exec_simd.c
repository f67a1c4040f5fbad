// SPDX-License-Identifier: MIT
/* What looks at other threads than the own one: shuffles, reductions; and special registers. */
#include "exec_internal.h"
#include "numeric.h"

static bool is_active(const struct agx_simd *simd, unsigned int lane)
{
	return simd->exec_mask >> lane & 1;
}

/* The bits of a source, zero-extended, of all lanes. */
static void read_source(const struct agx_simd *simd, const struct agx_source *source, uint32_t *out)
{
	for (unsigned int i = 0; i < AGX_LANES; i++) {
		switch (source->kind) {
		case AGX_SOURCE_ROW:
			out[i] = simd->r[source->index][i];
			break;
		case AGX_SOURCE_LOW:
			out[i] = simd->r[source->index][i] & 0xffff;
			break;
		case AGX_SOURCE_HIGH:
			out[i] = simd->r[source->index][i] >> 16;
			break;
		case AGX_SOURCE_UNIFORM16:
			out[i] = simd->uniforms[source->index];
			break;
		case AGX_SOURCE_UNIFORM32:
			out[i] = agx_simd_uniform32(simd, source->index);
			break;
		default:
			out[i] = source->value;
			break;
		}
	}
}

static unsigned int bits_of_source(const struct agx_source *source)
{
	return source->kind == AGX_SOURCE_ROW || source->kind == AGX_SOURCE_UNIFORM32 ? 32 : 16;
}

static unsigned int bits_of_dest(const struct agx_op *op)
{
	return op->dest_kind == AGX_DEST_ROW ? 32 : 16;
}

static void write_dest(struct agx_simd *simd, const struct agx_op *op, const uint32_t *in)
{
	for (unsigned int i = 0; i < AGX_LANES; i++) {
		if (!is_active(simd, i))
			continue;
		if (op->dest_kind == AGX_DEST_ROW)
			simd->r[op->dest][i] = in[i];
		else
			agx_simd_set_half(simd, op->dest * 2u + (op->dest_kind == AGX_DEST_HIGH), i,
					  (uint16_t)in[i]);
	}
}

/*
 * Shuffles, after dougallj/applegpu: applegpu.py, which was compared with an M1: a thread chooses the quad that
 * it reads from; which thread of that quad, the or of the low two bits of the operand of all four threads of
 * the quad says, whether they are active or not.
 */
static inline unsigned int low_bits(const uint32_t *b, unsigned int lane)
{
	const unsigned int quad = lane & ~3u;

	return (b[quad] | b[quad + 1] | b[quad + 2] | b[quad + 3]) & 3;
}

/* Where a mode leads from a place. */
static int64_t moved(unsigned int mode, int64_t own, int64_t operand)
{
	switch (mode) {
	case AGX_ISA_SHUFFLE_NONE:
		return operand;
	case AGX_ISA_SHUFFLE_XOR:
		return own ^ operand;
	case AGX_ISA_SHUFFLE_UP:
		return own - operand;
	default:
		return own + operand;
	}
}

/* The lane that a thread reads, given the one its own operand names and the mode; -1: none. */
static int source_lane(const uint32_t *b, unsigned int mode, bool rotate, unsigned int lane)
{
	const int64_t own = lane, operand = b[lane] & 0xffff;
	int64_t from = moved(mode, own, operand);

	if (rotate)
		from &= AGX_LANES - 1;
	if (from < 0 || from >= AGX_LANES)
		return -1;

	const unsigned int low = low_bits(b, (unsigned int)from);
	const int quad = (int)from & ~3;

	return quad + (int)(moved(mode, lane, low) & 3);
}

/* As within the own quad: operands count in threads of it. */
static int source_lane_in_quad(const uint32_t *b, unsigned int mode, bool rotate, unsigned int lane)
{
	const int own = lane & 3, operand = (int)(b[lane] & 0xffff);
	const unsigned int low = low_bits(b, lane);
	int from = (int)moved(mode, own, operand);

	if (!rotate && (from < 0 || from >= 4))
		return -1;
	return (int)(lane & ~3u) + (int)(moved(mode, lane, low) & 3);
}

static const struct agx_op *op_shuffle(struct agx_simd *simd, const struct agx_op *op)
{
	const struct agx_isa_instr *instr = agx_op_instr(simd, op);
	const unsigned int mode = instr->modifiers[AGX_ISA_MODIFIER_SHUFFLE];
	const bool rotate = instr->modifiers[AGX_ISA_MODIFIER_ROTATE];
	const bool quad = instr->modifiers[AGX_ISA_MODIFIER_QUAD] == AGX_ISA_QUAD_QUAD;
	uint32_t a[AGX_LANES], b[AGX_LANES], r[AGX_LANES];

	read_source(simd, &op->source[0], a);
	read_source(simd, &op->source[1], b);
	for (unsigned int i = 0; i < AGX_LANES; i++) {
		const int from = quad ? source_lane_in_quad(b, mode, rotate, i)
				      : source_lane(b, mode, rotate, i);

		r[i] = from < 0 ? a[i] : a[from];
	}
	write_dest(simd, op, r);
	return op + 1;
}

/* Reductions: the active lanes are combined in their order. */

static uint32_t least_float(uint32_t a, uint32_t b, bool half, bool largest)
{
	const enum agx_order order =
		half ? agx_f16_compare((uint16_t)a, (uint16_t)b) : agx_f32_compare(a, b);
	const uint32_t infinity = half ? 0x7c00 : 0x7f800000, sign = half ? 0x8000 : 0x80000000;

	if (order == AGX_UNORDERED)
		return (a & ~sign) > infinity ? b : a; /* a NaN loses */
	return order == (largest ? AGX_LESS : AGX_GREATER) ? b : a;
}

static uint32_t combine(unsigned int operation, uint32_t a, uint32_t b, bool half)
{
	const int32_t sa = half ? (int16_t)a : (int32_t)a, sb = half ? (int16_t)b : (int32_t)b;

	switch (operation) {
	case AGX_ISA_REDUCE_AND:
		return a & b;
	case AGX_ISA_REDUCE_OR:
		return a | b;
	case AGX_ISA_REDUCE_XOR:
		return a ^ b;
	case AGX_ISA_REDUCE_FADD:
		return half ? agx_f16_add((uint16_t)a, (uint16_t)b) : agx_f32_add(a, b);
	case AGX_ISA_REDUCE_FMUL:
		return half ? agx_f16_mul((uint16_t)a, (uint16_t)b) : agx_f32_mul(a, b);
	case AGX_ISA_REDUCE_FMIN:
		return least_float(a, b, half, false);
	case AGX_ISA_REDUCE_FMAX:
		return least_float(a, b, half, true);
	case AGX_ISA_REDUCE_IADD:
		return a + b;
	case AGX_ISA_REDUCE_SMIN:
		return sa < sb ? a : b;
	case AGX_ISA_REDUCE_SMAX:
		return sa > sb ? a : b;
	case AGX_ISA_REDUCE_UMIN:
		return a < b ? a : b;
	default:
		return a > b ? a : b;
	}
}

static uint32_t identity(unsigned int operation, bool half)
{
	switch (operation) {
	case AGX_ISA_REDUCE_AND:
	case AGX_ISA_REDUCE_UMIN:
		return half ? 0xffff : UINT32_MAX;
	case AGX_ISA_REDUCE_FMUL:
		return half ? AGX_F16_ONE : AGX_F32_ONE;
	case AGX_ISA_REDUCE_FMIN:
		return half ? 0x7c00 : 0x7f800000;
	case AGX_ISA_REDUCE_FMAX:
		return half ? 0xfc00 : 0xff800000;
	case AGX_ISA_REDUCE_SMIN:
		return half ? INT16_MAX : INT32_MAX;
	case AGX_ISA_REDUCE_SMAX:
		return half ? 0x8000 : 0x80000000;
	default:
		return 0;
	}
}

static const struct agx_op *op_reduce(struct agx_simd *simd, const struct agx_op *op)
{
	const struct agx_isa_instr *instr = agx_op_instr(simd, op);
	const unsigned int operation = instr->modifiers[AGX_ISA_MODIFIER_REDUCE];
	const bool prefix = instr->modifiers[AGX_ISA_MODIFIER_PREFIX];
	const unsigned int width = op->op == AGX_ISA_OP_QUAD ? 4 : AGX_LANES;
	const bool half = bits_of_dest(op) == 16;
	uint32_t a[AGX_LANES], r[AGX_LANES];

	read_source(simd, &op->source[0], a);
	for (unsigned int first = 0; first < AGX_LANES; first += width) {
		uint32_t sum = identity(operation, half);
		bool empty = true;

		for (unsigned int i = first; i < first + width; i++) {
			r[i] = sum;
			if (!is_active(simd, i))
				continue;
			sum = empty ? a[i] : combine(operation, sum, a[i], half);
			empty = false;
		}
		for (unsigned int i = first; i < first + width && !prefix; i++)
			r[i] = sum;
	}
	write_dest(simd, op, r);
	return op + 1;
}

static bool is_float_reduction(unsigned int operation)
{
	return operation == AGX_ISA_REDUCE_FADD || operation == AGX_ISA_REDUCE_FMUL ||
	       operation == AGX_ISA_REDUCE_FMIN || operation == AGX_ISA_REDUCE_FMAX;
}

/* Signed and floating-point operations know one size: that of source and destination alike. */
static agx_op_fn bind_reduce(const struct agx_op *op, const struct agx_isa_instr *instr)
{
	switch (instr->modifiers[AGX_ISA_MODIFIER_REDUCE]) {
	case AGX_ISA_REDUCE_AND:
	case AGX_ISA_REDUCE_OR:
	case AGX_ISA_REDUCE_XOR:
	case AGX_ISA_REDUCE_IADD:
	case AGX_ISA_REDUCE_UMIN:
	case AGX_ISA_REDUCE_UMAX:
	case AGX_ISA_REDUCE_FADD:
	case AGX_ISA_REDUCE_FMUL:
	case AGX_ISA_REDUCE_FMIN:
	case AGX_ISA_REDUCE_FMAX:
	case AGX_ISA_REDUCE_SMIN:
	case AGX_ISA_REDUCE_SMAX:
		break;
	default:
		return NULL;
	}
	/* A number has the size of the destination; which one it is to the operations on floats is not known. */
	if (op->source[0].kind == AGX_SOURCE_NUMBER)
		return is_float_reduction(instr->modifiers[AGX_ISA_MODIFIER_REDUCE]) ? NULL
										     : op_reduce;
	return bits_of_source(&op->source[0]) == bits_of_dest(op) ? op_reduce : NULL;
}

/* Special registers. */

static uint32_t rank(uint32_t mask, unsigned int lane)
{
	return (uint32_t)__builtin_popcount(mask & ((1u << lane) - 1));
}

static uint32_t thread_position(const struct agx_group *group, uint32_t thread, unsigned int axis)
{
	const uint32_t x = group->size[0] ? group->size[0] : 1;
	const uint32_t y = group->size[1] ? group->size[1] : 1;

	return axis == 0 ? thread % x : axis == 1 ? thread / x % y : thread / x / y;
}

static uint32_t special(const struct agx_simd *simd, unsigned int number, unsigned int lane)
{
	const struct agx_group *group = simd->group;
	const uint32_t thread = simd->index * AGX_LANES + lane;
	const uint32_t quad = simd->exec_mask >> (lane & ~3u) & 15;

	switch (number) {
	case 0:
	case 1:
	case 2:
		return group->id[number];
	case 4:
	case 5:
	case 6:
		return group->size[number - 4];
	case 8:
	case 9:
	case 10:
		return group->full_size[number - 8];
	case 48:
	case 49:
	case 50:
		return thread_position(group, thread, number - 48);
	case 51:
		return thread;
	case 52:
		return lane;
	case 53:
		return simd->index;
	case 56:
		return rank(quad, lane & 3);
	case 57:
		return (uint32_t)__builtin_popcount(quad);
	case 58:
		return rank(simd->exec_mask, lane);
	case 59:
		return (uint32_t)__builtin_popcount(simd->exec_mask);
	case 63:
		return 1;
	default: /* 80 to 82 */
		return group->id[number - 80] * group->full_size[number - 80] +
		       thread_position(group, thread, number - 80);
	}
}

static bool is_compute_special(unsigned int number)
{
	return number <= 2 || (number >= 4 && number <= 6) || (number >= 8 && number <= 10) ||
	       (number >= 48 && number <= 53) || (number >= 56 && number <= 59) || number == 63 ||
	       (number >= 80 && number <= 82);
}

static const struct agx_op *op_mfsr(struct agx_simd *simd, const struct agx_op *op)
{
	uint32_t r[AGX_LANES];

	if (simd->group->stage != AGX_STAGE_COMPUTE && simd->group->stage != AGX_STAGE_PREAMBLE)
		return agx_simd_trap(simd, op, AGX_TRAP_NOT_MODELLED, 0,
				     "a special register in another stage than compute");
	for (unsigned int i = 0; i < AGX_LANES; i++)
		r[i] = special(simd, op->extra, i);
	write_dest(simd, op, r);
	return op + 1;
}

static const struct agx_op *op_mfsr_other(struct agx_simd *simd, const struct agx_op *op)
{
	const char *name = agx_isa_special_register_name(op->extra);

	return agx_simd_trap(simd, op, AGX_TRAP_NOT_MODELLED, 0,
			     name ? name : "a special register that is not known");
}

agx_op_fn agx_exec_simd_fn(const struct agx_op *op, const struct agx_isa_instr *instr)
{
	switch (op->op) {
	case AGX_ISA_OP_SHUFFLE:
		return op_shuffle;
	case AGX_ISA_OP_QUAD:
	case AGX_ISA_OP_SIMD:
		return bind_reduce(op, instr);
	case AGX_ISA_OP_MFSR:
		return is_compute_special(op->extra) ? op_mfsr : op_mfsr_other;
	default:
		return NULL;
	}
}
