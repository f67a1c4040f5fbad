// SPDX-License-Identifier: MIT
/* Between registers and elements in memory. */
#include "exec_memory.h"

static bool registers_ok(unsigned int first, unsigned int count, bool wide)
{
	return (!wide || !(first & 1)) && first + count * (wide ? 2 : 1) <= AGX_HALVES;
}

bool agx_shape_ok(const struct agx_isa_instr *instr, const struct agx_isa_operand *data)
{
	struct agx_shape shape;

	if (instr->modifiers[AGX_ISA_MODIFIER_FORMAT] >= AGX_FORMATS || data->kind != AGX_ISA_REG)
		return false;
	shape = agx_shape_of(instr, data);
	/* An i32 in 16-bit registers is illegal (applegpu.py). */
	return shape.size && shape.count && (shape.wide || shape.format != AGX_ISA_FORMAT_I32) &&
	       registers_ok(shape.first, shape.registers, shape.wide);
}

bool agx_atomic_ok(const struct agx_isa_instr *instr)
{
	const struct agx_atomic atomic = agx_atomic_of(instr);
	const bool pair = atomic.op == AGX_ISA_ATOMIC_CMPXCHG;

	return atomic.op <= AGX_ISA_ATOMIC_XOR && instr->operands[1].kind == AGX_ISA_REG &&
	       registers_ok(atomic.source, pair ? 2 : 1, true) &&
	       (!atomic.wanted || registers_ok(atomic.dest, 1, true));
}

static inline void take_row(const agx_u32s *from, unsigned int shift, bool wide, agx_u32s *to)
{
	if (wide)
		*to = *from;
	else
		*to = *from >> shift & 0xffff;
}

void agx_elements_take(const struct agx_simd *simd, const struct agx_shape *shape,
		       struct agx_elements *elements)
{
	for (unsigned int i = 0; i < shape->registers; i++) {
		const unsigned int half = shape->first + i * (shape->wide ? 2 : 1);

		take_row(&simd->r[half / 2], 16 * (half & 1), shape->wide, &elements->row[i]);
	}
	if (!agx_formats[shape->format].converts)
		return;
	AGX_FOR_ACTIVE(simd, lane)
	{
		uint32_t values[AGX_COMPONENTS] = {0};

		if (shape->registers != shape->count) {
			for (unsigned int i = 0; i < shape->registers; i++)
				values[i] = elements->row[i][lane];
			elements->row[0][lane] =
				agx_format_pack_word(shape->format, values, shape->wide);
			continue;
		}
		for (unsigned int i = 0; i < shape->count; i++)
			elements->row[i][lane] =
				agx_format_store(shape->format, shape->component[i],
						 elements->row[i][lane], shape->wide);
	}
}

/* Lanes that are active take the value. */
static inline void give_row(const struct agx_simd *simd, agx_u32s *to, const agx_u32s *value,
			    unsigned int shift, bool wide)
{
	const agx_u32s *exec = &simd->exec;

	if (wide) {
		if (simd->exec_mask == AGX_ALL_LANES)
			*to = *value;
		else
			*to = (*to & ~*exec) | (*value & *exec);
		return;
	}
	*to = (*to & ~(*exec & (0xffffu << shift))) | ((*value & 0xffff) << shift & *exec);
}

void agx_elements_give(struct agx_simd *simd, const struct agx_shape *shape,
		       struct agx_elements *elements)
{
	const struct agx_format *format = &agx_formats[shape->format];

	if (format->converts) {
		AGX_FOR_ACTIVE(simd, lane)
		{
			const uint32_t word = elements->row[0][lane];

			for (unsigned int i = 0; i < shape->registers; i++)
				elements->row[i][lane] = agx_format_load(
					shape->format, format->packed ? i : shape->component[i],
					format->packed ? word : elements->row[i][lane],
					shape->wide);
		}
	}
	for (unsigned int i = 0; i < shape->registers; i++) {
		const unsigned int half = shape->first + i * (shape->wide ? 2 : 1);

		give_row(simd, &simd->r[half / 2], &elements->row[i], 16 * (half & 1), shape->wide);
	}
}
