/* SPDX-License-Identifier: MIT */
/* What the instructions that access device, threadgroup and stack memory share. */
#ifndef AGX_EXEC_MEMORY_H
#define AGX_EXEC_MEMORY_H

#include <string.h>

#include "exec.h"
#include "formats.h"

#define AGX_COMPONENTS 4

/* Elements of all lanes: as they are in memory, or as registers have them. */
struct agx_elements {
	agx_u32s row[AGX_COMPONENTS];
};

/* An access, as the instruction describes it. */
struct agx_shape {
	unsigned int format;
	unsigned int size;  /* bytes of an element */
	unsigned int count; /* elements */
	unsigned int span;  /* bytes from the first element, selected or not, to the last's end */
	uint8_t component[AGX_COMPONENTS]; /* of the mask, or 0 */
	uint8_t offset[AGX_COMPONENTS];    /* of each element, bytes */
	bool wide;                         /* registers of 32 bits */
	unsigned int registers;            /* how many of them */
	unsigned int first;                /* half index */
};

/* data: the operand, which has the registers. */
static inline struct agx_shape agx_shape_of(const struct agx_isa_instr *instr,
					    const struct agx_isa_operand *data)
{
	const unsigned int format = instr->modifiers[AGX_ISA_MODIFIER_FORMAT];
	const unsigned int mask = instr->modifiers[AGX_ISA_MODIFIER_MASK];
	const struct agx_format *info = &agx_formats[format];
	struct agx_shape shape = {
		.format = format,
		.size = info->size,
		.wide = data->bits == 32,
		.first = (unsigned int)data->value,
	};

	if (info->packed) {
		shape.count = 1;
		shape.span = info->size;
		shape.registers = info->packed;
		return shape;
	}
	for (unsigned int i = 0; i < AGX_COMPONENTS; i++) {
		if (!(mask >> i & 1))
			continue;
		shape.component[shape.count] = (uint8_t)i;
		shape.offset[shape.count++] = (uint8_t)(i * info->size);
		shape.span = (i + 1) * info->size;
	}
	shape.registers = shape.count;
	return shape;
}

/* Whether such an access is modelled. For when a program is decoded. */
bool agx_shape_ok(const struct agx_isa_instr *instr, const struct agx_isa_operand *data);

/* Values of registers, for a store. */
void agx_elements_take(const struct agx_simd *simd, const struct agx_shape *shape,
		       struct agx_elements *elements);

/* The other way: after a load, into the registers of the active lanes. */
void agx_elements_give(struct agx_simd *simd, const struct agx_shape *shape,
		       struct agx_elements *elements);

/* One element of memory; host is aligned to size. */
static inline uint32_t agx_element_load(const uint8_t *host, unsigned int size)
{
	switch (size) {
	case 1:
		return __atomic_load_n(host, __ATOMIC_RELAXED);
	case 2:
		return __atomic_load_n((const uint16_t *)host, __ATOMIC_RELAXED);
	default:
		return __atomic_load_n((const uint32_t *)host, __ATOMIC_RELAXED);
	}
}

static inline void agx_element_store(uint8_t *host, unsigned int size, uint32_t value)
{
	switch (size) {
	case 1:
		__atomic_store_n(host, (uint8_t)value, __ATOMIC_RELAXED);
		break;
	case 2:
		__atomic_store_n((uint16_t *)host, (uint16_t)value, __ATOMIC_RELAXED);
		break;
	default:
		__atomic_store_n((uint32_t *)host, value, __ATOMIC_RELAXED);
		break;
	}
}

/* Old value, and what an atomic operation that takes it makes of it. */
static inline uint32_t agx_atomic_result(unsigned int atomic, uint32_t old, uint32_t source,
					 uint32_t expected)
{
	switch (atomic) {
	case AGX_ISA_ATOMIC_ADD:
		return old + source;
	case AGX_ISA_ATOMIC_SUB:
		return old - source;
	case AGX_ISA_ATOMIC_XCHG:
		return source;
	case AGX_ISA_ATOMIC_CMPXCHG:
		return old == expected ? source : old;
	case AGX_ISA_ATOMIC_UMIN:
		return old < source ? old : source;
	case AGX_ISA_ATOMIC_IMIN:
		return (int32_t)old < (int32_t)source ? old : source;
	case AGX_ISA_ATOMIC_UMAX:
		return old > source ? old : source;
	case AGX_ISA_ATOMIC_IMAX:
		return (int32_t)old > (int32_t)source ? old : source;
	case AGX_ISA_ATOMIC_AND:
		return old & source;
	case AGX_ISA_ATOMIC_OR:
		return old | source;
	default:
		return old ^ source;
	}
}

/*
 * Operands of an atomic: the source's register, the next one for what is expected, and whether the old
 * value is wanted. D and SOURCE are the first two operands of both instructions.
 */
struct agx_atomic {
	unsigned int op;
	unsigned int source, dest; /* halves; even */
	bool wanted;
};

static inline struct agx_atomic agx_atomic_of(const struct agx_isa_instr *instr)
{
	return (struct agx_atomic){
		.op = instr->modifiers[AGX_ISA_MODIFIER_ATOMIC],
		.source = (unsigned int)instr->operands[1].value,
		.dest = (unsigned int)instr->operands[0].value,
		.wanted = instr->operands[0].kind == AGX_ISA_REG,
	};
}

bool agx_atomic_ok(const struct agx_isa_instr *instr);

/* Loops over the active lanes, lowest first: the order in which they take effect. */
#define AGX_FOR_ACTIVE(simd, lane)                       \
	for (uint32_t active_ = (simd)->exec_mask, lane; \
	     active_ && (lane = (uint32_t)__builtin_ctz(active_), true); active_ &= active_ - 1)

/*
 * For who watches: where the active lanes of an instruction that is modelled access memory, before it is executed.
 * In device memory; in threadgroup memory, below AGX_LOCAL_MEMORY; behind the stack's end.
 */
void agx_exec_device_places(const struct agx_simd *simd, const struct agx_isa_instr *instr,
			    uint64_t address[AGX_LANES]);
void agx_exec_local_places(const struct agx_simd *simd, const struct agx_isa_instr *instr,
			   uint64_t address[AGX_LANES]);
void agx_exec_stack_places(const struct agx_simd *simd, const struct agx_isa_instr *instr,
			   uint64_t address[AGX_LANES]);

/* exec_local.c: threadgroup memory and the stack; NULL: not modelled. */
agx_op_fn agx_exec_local_fn(const struct agx_isa_instr *instr);

/* exec_state.c: what preambles set; NULL: not modelled. */
agx_op_fn agx_exec_state_fn(const struct agx_isa_instr *instr);

#endif
