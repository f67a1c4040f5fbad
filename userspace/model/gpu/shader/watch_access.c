// SPDX-License-Identifier: MIT
/* What instructions read and write: memory, and values of registers as people want to see them. */
#include "watch_access.h"
#include "exec_memory.h"
#include "program.h"

#define MAX_COMPONENTS 8

bool agx_watch_access(const struct agx_simd *simd, const struct agx_isa_instr *instr,
		      struct agx_watch_access *access)
{
	struct agx_shape shape;

	*access = (struct agx_watch_access){.size = 4, .count = 1, .lanes = simd->exec_mask};
	switch (instr->op) {
	case AGX_ISA_OP_ATOMIC:
	case AGX_ISA_OP_LATOMIC:
		access->kind = AGX_WATCH_ATOMIC;
		break;
	case AGX_ISA_OP_STORE:
	case AGX_ISA_OP_LSTORE:
	case AGX_ISA_OP_STACK_STORE:
		access->kind = AGX_WATCH_STORE;
		break;
	case AGX_ISA_OP_LOAD:
	case AGX_ISA_OP_LLOAD:
	case AGX_ISA_OP_STACK_LOAD:
		access->kind = AGX_WATCH_LOAD;
		break;
	default:
		return false;
	}
	/* What is not modelled may name registers that are not there. */
	if (!agx_exec_memory_fn(instr))
		return false;
	if (access->kind != AGX_WATCH_ATOMIC) {
		shape = agx_shape_of(instr, &instr->operands[0]);
		access->size = (uint8_t)shape.size;
		access->count = (uint8_t)shape.count;
		memcpy(access->offset, shape.offset, sizeof(access->offset));
	}
	switch (agx_isa_op_info(instr->op)->class) {
	case AGX_ISA_CLASS_MEMORY:
		access->space = AGX_WATCH_DEVICE;
		agx_exec_device_places(simd, instr, access->address);
		break;
	case AGX_ISA_CLASS_LOCAL:
		access->space = AGX_WATCH_LOCAL;
		agx_exec_local_places(simd, instr, access->address);
		break;
	default:
		access->space = AGX_WATCH_STACK;
		agx_exec_stack_places(simd, instr, access->address);
		break;
	}
	return true;
}

static enum agx_watch_type type_of_conversion(uint16_t op, bool dest)
{
	switch (op) {
	case AGX_ISA_OP_U8_TO_F:
	case AGX_ISA_OP_S8_TO_F:
	case AGX_ISA_OP_U16_TO_F:
	case AGX_ISA_OP_S16_TO_F:
	case AGX_ISA_OP_U32_TO_F:
	case AGX_ISA_OP_S32_TO_F:
		return dest ? AGX_WATCH_FLOAT : AGX_WATCH_INTEGER;
	case AGX_ISA_OP_F_TO_U16:
	case AGX_ISA_OP_F_TO_S16:
	case AGX_ISA_OP_F_TO_U32:
	case AGX_ISA_OP_F_TO_S32:
		return dest ? AGX_WATCH_INTEGER : AGX_WATCH_FLOAT;
	default:
		return AGX_WATCH_BITS;
	}
}

static enum agx_watch_type type_of_reduction(const struct agx_isa_instr *instr)
{
	switch (instr->modifiers[AGX_ISA_MODIFIER_REDUCE]) {
	case AGX_ISA_REDUCE_FADD:
	case AGX_ISA_REDUCE_FMUL:
	case AGX_ISA_REDUCE_FMIN:
	case AGX_ISA_REDUCE_FMAX:
		return AGX_WATCH_FLOAT;
	case AGX_ISA_REDUCE_IADD:
	case AGX_ISA_REDUCE_SMIN:
	case AGX_ISA_REDUCE_SMAX:
	case AGX_ISA_REDUCE_UMIN:
	case AGX_ISA_REDUCE_UMAX:
		return AGX_WATCH_INTEGER;
	default:
		return AGX_WATCH_BITS;
	}
}

enum agx_watch_type agx_watch_type(const struct agx_isa_instr *instr, unsigned int index)
{
	const struct agx_isa_operand *operand = &instr->operands[index];
	const bool compared = operand->role == AGX_ISA_ROLE_A || operand->role == AGX_ISA_ROLE_B;

	switch (instr->op) {
	case AGX_ISA_OP_IF_FCMP:
	case AGX_ISA_OP_ELSE_FCMP:
	case AGX_ISA_OP_WHILE_FCMP:
	case AGX_ISA_OP_FCSEL:
	case AGX_ISA_OP_FCMP_BALLOT:
		return compared ? AGX_WATCH_FLOAT : AGX_WATCH_BITS;
	case AGX_ISA_OP_IF_ICMP:
	case AGX_ISA_OP_ELSE_ICMP:
	case AGX_ISA_OP_WHILE_ICMP:
	case AGX_ISA_OP_ICSEL:
	case AGX_ISA_OP_ICMP_BALLOT:
		return compared ? AGX_WATCH_INTEGER : AGX_WATCH_BITS;
	case AGX_ISA_OP_QUAD:
	case AGX_ISA_OP_SIMD:
		return type_of_reduction(instr);
	case AGX_ISA_OP_MFSR:
		return AGX_WATCH_INTEGER;
	case AGX_ISA_OP_SMPF:
		return operand->role == AGX_ISA_ROLE_COORD ? AGX_WATCH_FLOAT : AGX_WATCH_BITS;
	default:
		break;
	}
	switch (agx_isa_op_info(instr->op)->class) {
	case AGX_ISA_CLASS_FLOAT:
	case AGX_ISA_CLASS_SPECIAL:
		return AGX_WATCH_FLOAT;
	case AGX_ISA_CLASS_INT:
		return AGX_WATCH_INTEGER;
	case AGX_ISA_CLASS_CONVERT:
		return type_of_conversion(instr->op, operand->flags & AGX_ISA_DEST);
	default:
		return operand->role == AGX_ISA_ROLE_INDEX ? AGX_WATCH_INTEGER : AGX_WATCH_BITS;
	}
}

unsigned int agx_watch_components(const struct agx_isa_instr *instr, unsigned int index)
{
	const struct agx_isa_operand *operand = &instr->operands[index];
	const int32_t limit = operand->kind == AGX_ISA_REG ? AGX_HALVES : AGX_UNIFORMS;
	unsigned int halves, count;

	if ((operand->kind != AGX_ISA_REG && operand->kind != AGX_ISA_UNIFORM) ||
	    operand->value < 0 || operand->value >= limit || operand->bits < 16)
		return 0;
	/* A pair of registers that is an address is one number. */
	halves = agx_isa_operand_halves(instr, index);
	if (halves > (unsigned int)(limit - operand->value))
		halves = (unsigned int)(limit - operand->value);
	count = halves / (operand->bits / 16);
	return count > MAX_COMPONENTS ? MAX_COMPONENTS : count;
}

uint64_t agx_watch_value(const struct agx_watch_step *step, unsigned int index,
			 unsigned int component, unsigned int lane, bool after)
{
	const struct agx_isa_operand *operand = &step->instr->operands[index];
	const unsigned int halves = operand->bits / 16u;
	const unsigned int first = (unsigned int)operand->value + component * halves;
	const agx_u32s *rows = after ? step->simd->r : step->before;
	uint64_t value = 0;

	for (unsigned int i = 0; i < halves; i++) {
		const unsigned int half = first + i;
		uint16_t part;

		if (operand->kind == AGX_ISA_UNIFORM)
			part = step->simd->uniforms[half % AGX_UNIFORMS];
		else
			part = (uint16_t)(rows[half / 2 % AGX_REGISTERS][lane] >> 16 * (half & 1));
		value |= (uint64_t)part << 16 * i;
	}
	return value;
}

void agx_watch_thread(const struct agx_group *group, uint32_t thread, uint32_t out[3])
{
	const uint32_t x = group->size[0] ? group->size[0] : 1;
	const uint32_t y = group->size[1] ? group->size[1] : 1;

	out[0] = thread % x;
	out[1] = thread / x % y;
	out[2] = thread / x / y;
}
