// SPDX-License-Identifier: MIT
/* Jumps, calls and ends. What depends on comparisons is in exec_vector.c. */
#include "exec_internal.h"

/* Goes on with to, which may be further back: there the budget is looked at, so that all ends. */
static const struct agx_op *jump(struct agx_simd *simd, const struct agx_op *op,
				 const struct agx_op *to)
{
	if (to <= op) {
		simd->budget -= op - to + 1;
		if (simd->budget <= 0)
			return agx_simd_leave(simd, to, AGX_EXEC_BUDGET);
	}
	return to;
}

static const struct agx_op *op_jmp_any(struct agx_simd *simd, const struct agx_op *op)
{
	return simd->exec_mask ? jump(simd, op, op + (int32_t)op->extra) : op + 1;
}

static const struct agx_op *op_jmp_none(struct agx_simd *simd, const struct agx_op *op)
{
	return simd->exec_mask ? op + 1 : jump(simd, op, op + (int32_t)op->extra);
}

/* Register rows of the link: 32 bits of an address. False: its active lanes differ. */
static bool link_of(struct agx_simd *simd, const struct agx_op *op, uint32_t *link)
{
	const agx_u32s *row = &simd->r[op->source[0].index];
	bool found = false;

	for (unsigned int i = 0; i < AGX_LANES; i++) {
		if (!(simd->exec_mask >> i & 1))
			continue;
		if (found && (*row)[i] != *link)
			return false;
		*link = (*row)[i];
		found = true;
	}
	return found;
}

static const struct agx_op *jump_to_link(struct agx_simd *simd, const struct agx_op *op,
					 uint32_t link)
{
	return jump(simd, op,
		    agx_program_at(simd->program,
				   (int64_t)(uint32_t)(link - (uint32_t)simd->program->address)));
}

static const char differing[] = "an address that is not the same in all active threads";

static const struct agx_op *op_ret(struct agx_simd *simd, const struct agx_op *op)
{
	uint32_t link;

	if (!link_of(simd, op, &link))
		return agx_simd_trap(simd, op, AGX_TRAP_NOT_MODELLED, 0, differing);
	return jump_to_link(simd, op, link);
}

static void set_link(struct agx_simd *simd, const struct agx_op *op)
{
	const uint32_t next = (uint32_t)simd->program->address + op->offset + op->length;

	for (unsigned int i = 0; i < AGX_LANES; i++) {
		if (simd->exec_mask >> i & 1)
			simd->r[1][i] = next;
	}
}

static const struct agx_op *op_call(struct agx_simd *simd, const struct agx_op *op)
{
	set_link(simd, op);
	return jump(simd, op, op + (int32_t)op->extra);
}

static const struct agx_op *op_call_reg(struct agx_simd *simd, const struct agx_op *op)
{
	uint32_t link;

	if (!link_of(simd, op, &link))
		return agx_simd_trap(simd, op, AGX_TRAP_NOT_MODELLED, 0, differing);
	set_link(simd, op);
	return jump_to_link(simd, op, link);
}

static const struct agx_op *op_stop(struct agx_simd *simd, const struct agx_op *op)
{
	return agx_simd_leave(simd, op, AGX_EXEC_DONE);
}

static const struct agx_op *op_trap(struct agx_simd *simd, const struct agx_op *op)
{
	return agx_simd_trap(simd, op, AGX_TRAP_TRAP, 0, "the trap instruction");
}

agx_op_fn agx_exec_flow_fn(const struct agx_op *op, const struct agx_isa_instr *instr)
{
	switch (op->op) {
	case AGX_ISA_OP_JMP_ANY:
		return op_jmp_any;
	case AGX_ISA_OP_JMP_NONE:
	/* Mesa puts it in front of each doorbell, which in a part of an if that no thread takes is not to ring. */
	case AGX_ISA_OP_JMP_IF_SKIPPING_DOORBELL:
		return op_jmp_none;
	case AGX_ISA_OP_CALL:
		return op_call;
	case AGX_ISA_OP_CALL_REG:
		return op_call_reg;
	case AGX_ISA_OP_RET:
		return op_ret;
	case AGX_ISA_OP_STOP:
		return op_stop;
	case AGX_ISA_OP_TRAP:
		return op_trap;
	default:
		return NULL;
	}
}
