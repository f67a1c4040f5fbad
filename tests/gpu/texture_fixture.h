/* SPDX-License-Identifier: MIT */
/* A SIMD group, memory, one texture and one sampler for tests of texture instructions. */
#ifndef AGX_TEST_TEXTURE_FIXTURE_H
#define AGX_TEST_TEXTURE_FIXTURE_H

#include "memory_machine.h"

#include "agx_cs_pack.h"
#include "exec.h"
#include "numeric.h"
#include "sampler.h"

#define VA     0x1000000000ull
#define HEAP   0x1100000000ull
#define HALF   0x3f000000u
#define LANES4 0xfu

struct fixture {
	struct memory_machine machine;
	struct agx_memory memory;
	struct agx_bindings bindings;
	struct agx_group group;
	struct agx_simd *simd;
	struct agx_program program;
	struct agx_op ops[2];
	struct agx_isa_instr instr;
	uint8_t *texels, *heap;
	struct agx_cs_texture texture;
	struct agx_cs_sampler sampler;
};

static inline int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	machine_init(&f->machine);
	agx_memory_init(&f->memory, &f->machine.walker);
	agx_memory_start(&f->memory, MACHINE_CONTEXT, false);
	f->texels = machine_map(&f->machine, VA, MACHINE_RW);
	f->heap = machine_map(&f->machine, HEAP, MACHINE_RW);
	f->simd = aligned_alloc(AGX_ROW_ALIGN, sizeof(*f->simd));
	assert_non_null(f->simd);
	memset(f->simd, 0, sizeof(*f->simd));
	f->program.ops = f->ops;
	f->program.instrs = &f->instr;
	f->program.count = 1;
	f->group.bindings = &f->bindings;
	f->group.stage = AGX_STAGE_COMPUTE;
	f->simd->memory = &f->memory;
	agx_simd_start(f->simd, &f->program, &f->group, 0, 32);
	f->texture = (struct agx_cs_texture){
		.dimension = AGX_CS_TEXTURE_DIMENSION_2D,
		.layout = AGX_CS_LAYOUT_LINEAR,
		.channels = AGX_CS_CHANNELS_R8G8B8A8,
		.type = AGX_CS_TEXTURE_TYPE_UINT,
		.swizzle_r = AGX_CS_CHANNEL_R,
		.swizzle_g = AGX_CS_CHANNEL_G,
		.swizzle_b = AGX_CS_CHANNEL_B,
		.swizzle_a = AGX_CS_CHANNEL_A,
		.width = 4,
		.height = 4,
		.stride = 16,
		.address = VA,
		.depth = 1,
	};
	f->sampler = (struct agx_cs_sampler){
		.maximum_lod = 14,
		.maximum_anisotropy = 1,
		.mip_filter = AGX_CS_MIP_FILTER_NEAREST,
		.wrap_s = AGX_CS_WRAP_CLAMP_TO_BORDER,
		.wrap_t = AGX_CS_WRAP_CLAMP_TO_BORDER,
		.wrap_r = AGX_CS_WRAP_CLAMP_TO_BORDER,
	};
	for (unsigned int i = 0; i < 64; i++)
		f->texels[i] = (uint8_t)i;
	*state = f;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;

	machine_finish(&f->machine);
	free(f->simd);
	free(f);
	return 0;
}

static inline struct agx_isa_operand reg(unsigned int half, unsigned int bits)
{
	return (struct agx_isa_operand){
		.kind = AGX_ISA_REG, .value = (int32_t)half, .bits = (uint8_t)bits, .count = 1};
}

/* Reads texture state 1 with sampler state 0: coordinates from r16 on, results to r0 on. */
static inline void make_read(struct fixture *f, uint16_t op, unsigned int dim)
{
	memset(&f->instr, 0, sizeof(f->instr));
	f->instr.op = op;
	f->instr.operand_count = 7;
	f->instr.operands[0] = reg(0, 32);
	f->instr.operands[2] = (struct agx_isa_operand){.kind = AGX_ISA_TS, .value = 1};
	f->instr.operands[3] = (struct agx_isa_operand){.kind = AGX_ISA_SS, .value = 0};
	f->instr.operands[4] = reg(32, 32);
	f->instr.operands[4].role = AGX_ISA_ROLE_COORD;
	f->instr.operands[5] = (struct agx_isa_operand){.kind = AGX_ISA_IMM};
	f->instr.modifiers[AGX_ISA_MODIFIER_DIM] = (uint8_t)dim;
	f->instr.modifiers[AGX_ISA_MODIFIER_MASK] = 15;
}

static inline const struct agx_op *run(struct fixture *f)
{
	agx_op_fn fn;

	agx_cs_texture_pack(f->bindings.textures[1], &f->texture);
	agx_cs_sampler_pack(f->bindings.samplers[0], &f->sampler);
	f->bindings.textures_set[0] |= 2;
	f->bindings.samplers_set |= 1;
	fn = agx_exec_texture_fn(&f->instr);
	assert_non_null(fn);
	agx_simd_set_exec(f->simd, LANES4);
	return fn(f->simd, f->ops);
}

static inline float as_float(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static inline uint32_t bits_of(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

#endif
