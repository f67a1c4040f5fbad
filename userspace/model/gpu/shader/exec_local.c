// SPDX-License-Identifier: MIT
/*
 * Threadgroup memory and the stack.
 *
 * Both belong to one host thread while it runs the threadgroup, so that nothing here is atomic for the
 * host.
 *
 * Addresses in threadgroup memory have 16 bits and wrap around. What lies beyond the launch's size
 * reads as 0 and is dropped when written, which is counted; what hardware does there is not known.
 *
 * The stack grows downwards: an offset counts from where the last stack_adjust has left the stack's end. The
 * words of the lanes alternate, so that a spilled register is one row. Accesses beyond what has been
 * adjusted for trap.
 */
#include "exec_memory.h"
#include "memory.h"

enum {
	OPERAND_DATA,
	OPERAND_BASE,
	OPERAND_INDEX,
	OPERAND_STACK_INDEX = 1,
	OPERAND_ATOMIC_BASE = 2,
	OPERAND_ATOMIC_INDEX,
};

static const struct agx_op *no_local(struct agx_simd *simd, const struct agx_op *op)
{
	return agx_simd_trap(simd, op, AGX_TRAP_STATE, 0,
			     "threadgroup memory, of which the launch has none");
}

static uint32_t half_of(const struct agx_simd *simd, const struct agx_isa_operand *operand,
			unsigned int lane)
{
	switch (operand->kind) {
	case AGX_ISA_REG:
		return agx_simd_half(simd, (unsigned int)operand->value, lane);
	case AGX_ISA_UNIFORM:
		return simd->uniforms[operand->value];
	case AGX_ISA_IMM:
		return (uint32_t)operand->value;
	default:
		return 0;
	}
}

/* Of the element that the index names. */
static uint32_t local_address(const struct agx_simd *simd, const struct agx_isa_operand *base,
			      const struct agx_isa_operand *index, unsigned int size,
			      unsigned int lane)
{
	return (half_of(simd, base, lane) & ~(size - 1)) + half_of(simd, index, lane) * size;
}

/* One element; NULL: beyond what the launch has. */
static uint8_t *local_at(const struct agx_group *group, uint32_t address, unsigned int size)
{
	address %= AGX_LOCAL_MEMORY;
	return address + size <= group->local_size ? group->local + address : NULL;
}

static const struct agx_op *op_lload(struct agx_simd *simd, const struct agx_op *op)
{
	const struct agx_isa_instr *instr = agx_op_instr(simd, op);
	const struct agx_shape shape = agx_shape_of(instr, &instr->operands[OPERAND_DATA]);
	struct agx_elements elements;

	if (!simd->group->local)
		return no_local(simd, op);
	AGX_FOR_ACTIVE(simd, lane)
	{
		const uint32_t address =
			local_address(simd, &instr->operands[OPERAND_BASE],
				      &instr->operands[OPERAND_INDEX], shape.size, lane);

		for (unsigned int i = 0; i < shape.count; i++) {
			const uint8_t *at =
				local_at(simd->group, address + shape.offset[i], shape.size);

			elements.row[i][lane] = at ? agx_element_load(at, shape.size) : 0;
			simd->memory->local_strays += !at;
		}
	}
	agx_elements_give(simd, &shape, &elements);
	return op + 1;
}

static const struct agx_op *op_lstore(struct agx_simd *simd, const struct agx_op *op)
{
	const struct agx_isa_instr *instr = agx_op_instr(simd, op);
	const struct agx_shape shape = agx_shape_of(instr, &instr->operands[OPERAND_DATA]);
	struct agx_elements elements;

	if (!simd->group->local)
		return no_local(simd, op);
	agx_elements_take(simd, &shape, &elements);
	AGX_FOR_ACTIVE(simd, lane)
	{
		const uint32_t address =
			local_address(simd, &instr->operands[OPERAND_BASE],
				      &instr->operands[OPERAND_INDEX], shape.size, lane);

		for (unsigned int i = 0; i < shape.count; i++) {
			uint8_t *at = local_at(simd->group, address + shape.offset[i], shape.size);

			if (at)
				agx_element_store(at, shape.size, elements.row[i][lane]);
			simd->memory->local_strays += !at;
		}
	}
	return op + 1;
}

static const struct agx_op *op_latomic(struct agx_simd *simd, const struct agx_op *op)
{
	const struct agx_isa_instr *instr = agx_op_instr(simd, op);
	const struct agx_atomic atomic = agx_atomic_of(instr);
	const unsigned int expected_row = atomic.op == AGX_ISA_ATOMIC_CMPXCHG ? 1 : 0;

	if (!simd->group->local)
		return no_local(simd, op);
	AGX_FOR_ACTIVE(simd, lane)
	{
		const uint32_t source = simd->r[atomic.source / 2][lane];
		const uint32_t expected = simd->r[atomic.source / 2 + expected_row][lane];
		uint8_t *at =
			local_at(simd->group,
				 local_address(simd, &instr->operands[OPERAND_ATOMIC_BASE],
					       &instr->operands[OPERAND_ATOMIC_INDEX], 4, lane),
				 4);
		uint32_t old = 0;

		if (at) {
			old = agx_element_load(at, 4);
			agx_element_store(at, 4,
					  agx_atomic_result(atomic.op, old, source, expected));
		}
		simd->memory->local_strays += !at;
		if (atomic.wanted)
			simd->r[atomic.dest / 2][lane] = old;
	}
	return op + 1;
}

/* A lane's byte at an offset from the stack's end. */
static uint8_t *stack_at(const struct agx_simd *simd, uint32_t offset, unsigned int lane)
{
	const uint32_t place = simd->stack_room - simd->stack_size + offset;

	return simd->stack[place / AGX_STACK_CHUNK] +
	       (place % AGX_STACK_CHUNK / 4 * AGX_LANES + lane) * 4 + place % 4;
}

/* Of a lane, rounded down to the element; false: not all of it is on the stack. */
static bool stack_offset(const struct agx_simd *simd, const struct agx_isa_operand *index,
			 const struct agx_shape *shape, unsigned int lane, uint32_t *offset)
{
	*offset = (index->kind == AGX_ISA_IMM ? (uint32_t)index->value
					      : simd->r[index->value / 2][lane]) &
		  ~(shape->size - 1);
	return *offset <= simd->stack_size && shape->span <= simd->stack_size - *offset;
}

static const struct agx_op *off_stack(struct agx_simd *simd, const struct agx_op *op,
				      unsigned int lane)
{
	return agx_simd_trap(simd, op, AGX_TRAP_STACK, lane, "an access outside of the stack");
}

/* Where whole registers at one offset are rows. */
static bool is_row(const struct agx_isa_operand *index, const struct agx_shape *shape)
{
	return index->kind == AGX_ISA_IMM && shape->size == 4;
}

static const struct agx_op *op_stack_load(struct agx_simd *simd, const struct agx_op *op)
{
	const struct agx_isa_instr *instr = agx_op_instr(simd, op);
	const struct agx_shape shape = agx_shape_of(instr, &instr->operands[OPERAND_DATA]);
	const struct agx_isa_operand *index = &instr->operands[OPERAND_STACK_INDEX];
	struct agx_elements elements;
	uint32_t offset;

	AGX_FOR_ACTIVE(simd, lane)
	{
		if (!stack_offset(simd, index, &shape, lane, &offset))
			return off_stack(simd, op, lane);
		for (unsigned int i = 0; i < shape.count; i++) {
			const uint8_t *at = stack_at(simd, offset + shape.offset[i], lane);

			if (is_row(index, &shape))
				memcpy(&elements.row[i], at - 4ull * lane, sizeof(elements.row[i]));
			else
				elements.row[i][lane] = agx_element_load(at, shape.size);
		}
		if (is_row(index, &shape))
			break;
	}
	agx_elements_give(simd, &shape, &elements);
	return op + 1;
}

static const struct agx_op *op_stack_store(struct agx_simd *simd, const struct agx_op *op)
{
	const struct agx_isa_instr *instr = agx_op_instr(simd, op);
	const struct agx_shape shape = agx_shape_of(instr, &instr->operands[OPERAND_DATA]);
	const struct agx_isa_operand *index = &instr->operands[OPERAND_STACK_INDEX];
	const bool row = is_row(index, &shape) && simd->exec_mask == AGX_ALL_LANES;
	struct agx_elements elements;
	uint32_t offset;

	agx_elements_take(simd, &shape, &elements);
	AGX_FOR_ACTIVE(simd, lane)
	{
		if (!stack_offset(simd, index, &shape, lane, &offset))
			return off_stack(simd, op, lane);
		for (unsigned int i = 0; i < shape.count; i++) {
			uint8_t *at = stack_at(simd, offset + shape.offset[i], lane);

			if (row)
				memcpy(at, &elements.row[i], sizeof(elements.row[i]));
			else
				agx_element_store(at, shape.size, elements.row[i][lane]);
		}
		if (row)
			break;
	}
	return op + 1;
}

/* For all lanes, active or not: the SIMD group has one stack pointer. */
static const struct agx_op *op_stack_adjust(struct agx_simd *simd, const struct agx_op *op)
{
	const int64_t words = agx_op_instr(simd, op)->operands[0].value;
	const int64_t size = simd->stack_size + words * 4;

	if (size < 0)
		return agx_simd_trap(simd, op, AGX_TRAP_STACK, 0, "more freed than the stack has");
	if (words > 0 && !simd->stack_room && simd->group->get_stack) {
		const char *why = simd->group->get_stack(simd->group->stack_cookie, simd);

		if (why)
			return agx_simd_trap(simd, op, AGX_TRAP_HELPER, 0, why);
	}
	if (size > simd->stack_room || size > AGX_STACK_MAX)
		return agx_simd_trap(simd, op, AGX_TRAP_STACK, 0,
				     "more stack than there is room for");
	simd->stack_size = (uint32_t)size;
	/* Hardware leaves what was there; that would differ from run to run. */
	for (int64_t i = 0; i < words; i++)
		memset(stack_at(simd, (uint32_t)i * 4, 0), 0, 4 * AGX_LANES);
	return op + 1;
}

void agx_exec_local_places(const struct agx_simd *simd, const struct agx_isa_instr *instr,
			   uint64_t address[AGX_LANES])
{
	const struct agx_isa_operand *operands = instr->operands;
	const bool atomic = instr->op == AGX_ISA_OP_LATOMIC;
	const unsigned int size = atomic ? 4 : agx_shape_of(instr, &operands[OPERAND_DATA]).size;

	AGX_FOR_ACTIVE(simd, lane)
	address[lane] = local_address(simd, &operands[atomic ? OPERAND_ATOMIC_BASE : OPERAND_BASE],
				      &operands[atomic ? OPERAND_ATOMIC_INDEX : OPERAND_INDEX],
				      size, lane) %
			AGX_LOCAL_MEMORY;
}

void agx_exec_stack_places(const struct agx_simd *simd, const struct agx_isa_instr *instr,
			   uint64_t address[AGX_LANES])
{
	const struct agx_shape shape = agx_shape_of(instr, &instr->operands[OPERAND_DATA]);
	uint32_t offset;

	AGX_FOR_ACTIVE(simd, lane)
	{
		stack_offset(simd, &instr->operands[OPERAND_STACK_INDEX], &shape, lane, &offset);
		address[lane] = offset;
	}
}

static bool half_ok(const struct agx_isa_operand *operand)
{
	switch (operand->kind) {
	case AGX_ISA_REG:
		return operand->value >= 0 && operand->value < AGX_HALVES;
	case AGX_ISA_UNIFORM:
		return operand->value >= 0 && operand->value < AGX_UNIFORMS;
	default:
		return operand->kind == AGX_ISA_IMM || operand->kind == AGX_ISA_NONE;
	}
}

static bool stack_ok(const struct agx_isa_instr *instr)
{
	const struct agx_isa_operand *index = &instr->operands[OPERAND_STACK_INDEX];

	/* Mesa leaves the shift 0; what it shifts by otherwise is not known. */
	if (instr->modifiers[AGX_ISA_MODIFIER_SHIFT] ||
	    !agx_shape_ok(instr, &instr->operands[OPERAND_DATA]))
		return false;
	if (index->kind == AGX_ISA_REG)
		return index->value >= 0 && index->value < AGX_HALVES && !(index->value & 1);
	return index->kind == AGX_ISA_IMM;
}

agx_op_fn agx_exec_local_fn(const struct agx_isa_instr *instr)
{
	const struct agx_isa_operand *operands = instr->operands;

	switch (instr->op) {
	case AGX_ISA_OP_LLOAD:
	case AGX_ISA_OP_LSTORE:
		if (!agx_shape_ok(instr, &operands[OPERAND_DATA]) ||
		    !half_ok(&operands[OPERAND_BASE]) || !half_ok(&operands[OPERAND_INDEX]))
			return NULL;
		return instr->op == AGX_ISA_OP_LLOAD ? op_lload : op_lstore;
	case AGX_ISA_OP_LATOMIC:
		if (!agx_atomic_ok(instr) || !half_ok(&operands[OPERAND_ATOMIC_BASE]) ||
		    !half_ok(&operands[OPERAND_ATOMIC_INDEX]))
			return NULL;
		return op_latomic;
	case AGX_ISA_OP_STACK_LOAD:
	case AGX_ISA_OP_STACK_STORE:
		if (!stack_ok(instr))
			return NULL;
		return instr->op == AGX_ISA_OP_STACK_LOAD ? op_stack_load : op_stack_store;
	case AGX_ISA_OP_STACK_ADJUST:
		return operands[0].kind == AGX_ISA_IMM ? op_stack_adjust : NULL;
	default:
		return NULL;
	}
}
