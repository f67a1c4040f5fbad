// SPDX-License-Identifier: MIT
/*
 * What only helper programs have (Mesa, src/asahi/libagx/helper.cl, and what its compiler makes of that): requests and
 * answers by doorbells, blocks of stacks, special registers.
 *
 * A doorbell does not look at the execution mask: Mesa puts a jump in front of each, without which one in the part of
 * an if that no thread takes would ring. Blocks are handed over by threads that are active.
 */
#include "exec_internal.h"
#include "helper.h"

enum {
	DOORBELL_NEXT = 32,
	DOORBELL_DONE = 48,
	DOORBELL_REFUSED = 49,

	OPERAND_BLOCK = 0,
	OPERAND_MODE,
	OPERAND_SLOT,

	SR_CORE = 20,
	SR_OP = 144,
	SR_ARG_LOW = 146,
	SR_ARG_HIGH = 147,
};

static const struct agx_op *wrong(struct agx_simd *simd, const struct agx_op *op, const char *what)
{
	return agx_simd_trap(simd, op, AGX_TRAP_NOT_MODELLED, 0, what);
}

static const char not_here[] = "in a program that is no helper";

static const struct agx_op *op_doorbell(struct agx_simd *simd, const struct agx_op *op)
{
	struct agx_helper *helper = simd->helper;

	if (!helper)
		return wrong(simd, op, not_here);
	switch (agx_op_instr(simd, op)->operands[0].value) {
	case DOORBELL_NEXT:
		if (helper->asked)
			return wrong(simd, op,
				     "the next request is wanted, and the last has no answer");
		helper->begun = true;
		return agx_simd_leave(simd, op + 1, AGX_EXEC_BARRIER);
	case DOORBELL_DONE:
	case DOORBELL_REFUSED:
		if (!helper->asked)
			return wrong(simd, op, "an answer to no request");
		helper->asked = false;
		helper->refused = agx_op_instr(simd, op)->operands[0].value == DOORBELL_REFUSED;
		return op + 1;
	default:
		return wrong(simd, op, "a doorbell that is not known");
	}
}

static const struct agx_op *op_map(struct agx_simd *simd, const struct agx_op *op)
{
	const struct agx_isa_instr *instr = agx_op_instr(simd, op);
	struct agx_helper *helper = simd->helper;
	const uint32_t slot = (uint32_t)instr->operands[OPERAND_SLOT].value;

	if (!helper)
		return wrong(simd, op, not_here);
	if (!simd->exec_mask)
		return op + 1;
	if (!helper->asked || helper->op != AGX_HELPER_GET_STACK)
		return wrong(simd, op, "a block that nobody has asked for");
	helper->block[slot] =
		simd->r[instr->operands[OPERAND_BLOCK].value / 2][__builtin_ctz(simd->exec_mask)];
	return op + 1;
}

static const struct agx_op *op_unmap(struct agx_simd *simd, const struct agx_op *op)
{
	const struct agx_isa_instr *instr = agx_op_instr(simd, op);
	struct agx_helper *helper = simd->helper;
	const uint32_t slot = (uint32_t)instr->operands[OPERAND_SLOT].value;

	if (!helper)
		return wrong(simd, op, not_here);
	if (!simd->exec_mask)
		return op + 1;
	if (!helper->asked || helper->op != AGX_HELPER_PUT_STACK)
		return wrong(simd, op, "a block that nobody gives back");
	for (unsigned int i = 0; i < AGX_LANES; i++) {
		if (simd->exec_mask >> i & 1)
			simd->r[instr->operands[OPERAND_BLOCK].value / 2][i] = helper->block[slot];
	}
	helper->block[slot] = 0;
	return op + 1;
}

static const struct agx_op *op_special(struct agx_simd *simd, const struct agx_op *op)
{
	const struct agx_helper *helper = simd->helper;
	uint32_t value;

	if (!helper)
		return wrong(simd, op, agx_isa_special_register_name(op->extra));
	switch (op->extra) {
	case SR_CORE:
		value = helper->core;
		break;
	case SR_OP:
		value = helper->op;
		break;
	case SR_ARG_LOW:
		value = helper->begun ? helper->arg : (uint32_t)helper->data;
		break;
	default:
		value = helper->begun ? 0 : (uint32_t)(helper->data >> 32);
		break;
	}
	for (unsigned int i = 0; i < AGX_LANES; i++) {
		if (simd->exec_mask >> i & 1)
			simd->r[op->dest][i] = value;
	}
	return op + 1;
}

static bool block_ok(const struct agx_isa_instr *instr)
{
	const struct agx_isa_operand *block = &instr->operands[OPERAND_BLOCK];

	return block->kind == AGX_ISA_REG && block->value >= 0 && block->value < AGX_HALVES &&
	       !(block->value & 1) && !instr->operands[OPERAND_MODE].value &&
	       (uint64_t)instr->operands[OPERAND_SLOT].value < AGX_HELPER_BLOCKS;
}

agx_op_fn agx_exec_helper_fn(const struct agx_op *op, const struct agx_isa_instr *instr)
{
	switch (op->op) {
	case AGX_ISA_OP_DOORBELL:
		return op_doorbell;
	case AGX_ISA_OP_MAP:
		return block_ok(instr) ? op_map : NULL;
	case AGX_ISA_OP_UNMAP:
		return block_ok(instr) ? op_unmap : NULL;
	case AGX_ISA_OP_MFSR:
		if (op->extra != SR_CORE && op->extra != SR_OP && op->extra != SR_ARG_LOW &&
		    op->extra != SR_ARG_HIGH)
			return NULL;
		return op->dest_kind == AGX_DEST_ROW ? op_special : NULL;
	default:
		return NULL;
	}
}
