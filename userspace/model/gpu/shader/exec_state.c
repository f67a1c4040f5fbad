// SPDX-License-Identifier: MIT
/*
 * What preambles set for all threads of a launch: uniform registers, texture and sampler states. The first
 * active lane counts; how many lanes hardware runs a preamble with is not known.
 */
#include "exec_memory.h"
#include "memory.h"

#define STATE_SIZE   24 /* bytes of a texture's state, and of a sampler's with a border */
#define SAMPLER_SIZE 8  /* without */

/* Bits 55 and 56 of a sampler: which border; 3: one of its own, behind the sampler. */
#define BORDER_BYTE  6
#define BORDER_SHIFT 7

enum {
	OPERAND_DEST,
	OPERAND_DATA,
	OPERAND_HEAP = 1,
	OPERAND_OFFSET,
};

/* Other stages share the launch's registers with other threads of the host. */
static bool is_preamble(const struct agx_simd *simd)
{
	return simd->group->stage == AGX_STAGE_PREAMBLE;
}

static const struct agx_op *not_a_preamble(struct agx_simd *simd, const struct agx_op *op)
{
	return agx_simd_trap(simd, op, AGX_TRAP_NOT_MODELLED, 0,
			     "setting uniforms or states outside of a preamble");
}

static const struct agx_op *op_uniform_store(struct agx_simd *simd, const struct agx_op *op)
{
	const struct agx_isa_operand *dest = &agx_op_instr(simd, op)->operands[OPERAND_DEST];
	const struct agx_isa_operand *data = &agx_op_instr(simd, op)->operands[OPERAND_DATA];
	const unsigned int halves = data->bits / 16u * data->count;
	unsigned int lane;

	if (!is_preamble(simd))
		return not_a_preamble(simd, op);
	if (!simd->exec_mask)
		return op + 1;
	lane = (unsigned int)__builtin_ctz(simd->exec_mask);
	for (unsigned int i = 0; i < halves; i++)
		simd->group->bindings->uniforms[(unsigned int)dest->value + i] =
			agx_simd_half(simd, (unsigned int)data->value + i, lane);
	return op + 1;
}

static uint64_t state_address(const struct agx_simd *simd, const struct agx_isa_instr *instr,
			      unsigned int lane)
{
	const struct agx_isa_operand *heap = &instr->operands[OPERAND_HEAP];
	const struct agx_isa_operand *offset = &instr->operands[OPERAND_OFFSET];
	const unsigned int half = (unsigned int)heap->value;
	const uint64_t base =
		agx_simd_uniform32(simd, half) | (uint64_t)agx_simd_uniform32(simd, half + 2) << 32;

	return base + (offset->kind == AGX_ISA_REG ? simd->r[offset->value / 2][lane]
						   : (uint32_t)offset->value);
}

static const struct agx_op *op_texture_state(struct agx_simd *simd, const struct agx_op *op)
{
	const struct agx_isa_instr *instr = agx_op_instr(simd, op);
	const unsigned int index = (unsigned int)instr->operands[OPERAND_DEST].value;
	struct agx_bindings *bindings = simd->group->bindings;
	unsigned int lane;

	if (!is_preamble(simd))
		return not_a_preamble(simd, op);
	if (!simd->exec_mask)
		return op + 1;
	lane = (unsigned int)__builtin_ctz(simd->exec_mask);
	if (!agx_memory_read(simd->memory, state_address(simd, instr, lane),
			     bindings->textures[index], STATE_SIZE))
		return agx_simd_trap(simd, op, AGX_TRAP_FAULT, lane, "texture state");
	bindings->textures_set[index / 32] |= 1u << index % 32;
	return op + 1;
}

static const struct agx_op *op_sampler_state(struct agx_simd *simd, const struct agx_op *op)
{
	const struct agx_isa_instr *instr = agx_op_instr(simd, op);
	const unsigned int index = (unsigned int)instr->operands[OPERAND_DEST].value;
	struct agx_bindings *bindings = simd->group->bindings;
	uint8_t *sampler = bindings->samplers[index];
	uint64_t address;
	unsigned int lane, border;
	bool ok;

	if (!is_preamble(simd))
		return not_a_preamble(simd, op);
	if (!simd->exec_mask)
		return op + 1;
	lane = (unsigned int)__builtin_ctz(simd->exec_mask);
	address = state_address(simd, instr, lane);
	memset(sampler, 0, STATE_SIZE);
	ok = agx_memory_read(simd->memory, address, sampler, SAMPLER_SIZE);
	border = (sampler[BORDER_BYTE] | (unsigned int)sampler[BORDER_BYTE + 1] << 8) >>
			 BORDER_SHIFT &
		 3;
	if (ok && border == 3)
		ok = agx_memory_read(simd->memory, address + SAMPLER_SIZE, sampler + SAMPLER_SIZE,
				     STATE_SIZE - SAMPLER_SIZE);
	if (!ok)
		return agx_simd_trap(simd, op, AGX_TRAP_FAULT, lane, "sampler state");
	bindings->samplers_set |= (uint16_t)(1u << index);
	return op + 1;
}

static bool uniform_store_ok(const struct agx_isa_instr *instr)
{
	const struct agx_isa_operand *dest = &instr->operands[OPERAND_DEST];
	const struct agx_isa_operand *data = &instr->operands[OPERAND_DATA];
	const int32_t halves = data->bits / 16 * data->count;

	return dest->kind == AGX_ISA_UNIFORM && data->kind == AGX_ISA_REG && dest->value >= 0 &&
	       dest->value + halves <= AGX_UNIFORMS && data->value >= 0 &&
	       data->value + halves <= AGX_HALVES;
}

static bool state_ok(const struct agx_isa_instr *instr, int32_t registers)
{
	const struct agx_isa_operand *dest = &instr->operands[OPERAND_DEST];
	const struct agx_isa_operand *heap = &instr->operands[OPERAND_HEAP];
	const struct agx_isa_operand *offset = &instr->operands[OPERAND_OFFSET];

	if (dest->value < 0 || dest->value >= registers || heap->kind != AGX_ISA_UNIFORM ||
	    heap->value < 0 || heap->value + 4 > AGX_UNIFORMS)
		return false;
	if (offset->kind == AGX_ISA_REG)
		return offset->value >= 0 && offset->value < AGX_HALVES && !(offset->value & 1);
	return offset->kind == AGX_ISA_IMM;
}

agx_op_fn agx_exec_state_fn(const struct agx_isa_instr *instr)
{
	switch (instr->op) {
	case AGX_ISA_OP_UNIFORM_STORE:
		return uniform_store_ok(instr) ? op_uniform_store : NULL;
	case AGX_ISA_OP_TEX_STATE_STORE:
	case AGX_ISA_OP_TEX_STATE_STORE_IMM:
		return state_ok(instr, AGX_TEXTURE_STATES) ? op_texture_state : NULL;
	case AGX_ISA_OP_SAMPLER_STATE_STORE:
	case AGX_ISA_OP_SAMPLER_STATE_STORE_IMM:
		return state_ok(instr, AGX_SAMPLER_STATES) ? op_sampler_state : NULL;
	default:
		return NULL;
	}
}
