// SPDX-License-Identifier: MIT
/* Texture reads and image writes as instructions, and the sampler's arithmetic. */
#include "texture_fixture.h"

static void test_load(void **state)
{
	struct fixture *f = *state;

	make_read(f, AGX_ISA_OP_SMPI, AGX_ISA_DIM_2D);
	for (unsigned int lane = 0; lane < 32; lane++) {
		f->simd->r[0][lane] = 77;
		f->simd->r[16][lane] = lane;
		f->simd->r[17][lane] = lane == 3 ? (uint32_t)-1 : 2;
	}
	f->texture.swizzle_b = AGX_CS_CHANNEL_ONE;
	assert_ptr_equal(run(f), f->ops + 1);
	for (unsigned int lane = 0; lane < 3; lane++) {
		assert_int_equal(f->simd->r[0][lane], 32 + 4 * lane);
		assert_int_equal(f->simd->r[1][lane], 33 + 4 * lane);
		assert_int_equal(f->simd->r[2][lane], 1);
		assert_int_equal(f->simd->r[3][lane], 35 + 4 * lane);
	}
	/* Beyond the edge there is nothing; lanes that are not active keep what they have. */
	assert_int_equal(f->simd->r[0][3], 0);
	assert_int_equal(f->simd->r[0][4], 77);
}

static void test_load_masked_halves(void **state)
{
	struct fixture *f = *state;

	make_read(f, AGX_ISA_OP_SMPI, AGX_ISA_DIM_2D);
	f->instr.operands[0].bits = 16;
	f->instr.modifiers[AGX_ISA_MODIFIER_MASK] = 10;
	f->texture.type = AGX_CS_TEXTURE_TYPE_UNORM;
	f->texels[1] = 255;
	f->texels[3] = 0;
	assert_ptr_equal(run(f), f->ops + 1);
	assert_int_equal(f->simd->r[0][0], AGX_F16_ONE);
}

static void test_bindless(void **state)
{
	struct fixture *f = *state;

	make_read(f, AGX_ISA_OP_SMPI, AGX_ISA_DIM_2D);
	f->instr.operands[1] =
		(struct agx_isa_operand){.kind = AGX_ISA_UNIFORM, .value = 8, .bits = 64};
	f->instr.operands[2] = reg(40, 32);
	f->bindings.uniforms[8] = HEAP & 0xffff;
	f->bindings.uniforms[9] = HEAP >> 16 & 0xffff;
	f->bindings.uniforms[10] = HEAP >> 32;
	agx_cs_texture_pack(f->heap + 48, &f->texture);
	f->texture.address = VA + 16;
	agx_cs_texture_pack(f->heap + 72, &f->texture);
	for (unsigned int lane = 0; lane < 4; lane++)
		f->simd->r[20][lane] = lane & 1 ? 72 : 48;
	assert_ptr_equal(run(f), f->ops + 1);
	assert_int_equal(f->simd->r[0][0], 0);
	assert_int_equal(f->simd->r[0][1], 16);
	assert_int_equal(f->simd->r[0][2], 0);
}

static void test_traps(void **state)
{
	struct fixture *f = *state;

	make_read(f, AGX_ISA_OP_SMPI, AGX_ISA_DIM_2D);
	f->instr.operands[2].value = 2;
	assert_null(run(f));
	assert_int_equal(f->simd->trap, AGX_TRAP_STATE);
	assert_string_equal(f->simd->trap_what, "a texture state that was never set");
	f->instr.operands[2].value = 1;
	f->texture.channels = AGX_CS_CHANNELS_PVRTC_4BPP;
	f->texture.type = AGX_CS_TEXTURE_TYPE_UNORM;
	f->texture.layout = AGX_CS_LAYOUT_GPU;
	assert_null(run(f));
	assert_int_equal(f->simd->trap, AGX_TRAP_NOT_MODELLED);
	assert_string_equal(f->simd->trap_what, "PVRTC");
	f->texture.channels = AGX_CS_CHANNELS_R8;
	f->texture.address = VA + 0x10000000;
	assert_null(run(f));
	assert_int_equal(f->simd->trap, AGX_TRAP_FAULT);
	f->instr.modifiers[AGX_ISA_MODIFIER_DIM] = AGX_ISA_DIM_CUBE;
	assert_null(agx_exec_texture_fn(&f->instr));
}

static void test_sample(void **state)
{
	struct fixture *f = *state;
	float texels[16];

	for (unsigned int i = 0; i < 16; i++)
		texels[i] = (float)(i % 4) + 10 * (float)(i / 4);
	memcpy(f->texels, texels, sizeof(texels));
	make_read(f, AGX_ISA_OP_SMPF, AGX_ISA_DIM_2D);
	f->texture.channels = AGX_CS_CHANNELS_R32;
	f->texture.type = AGX_CS_TEXTURE_TYPE_FLOAT;
	for (unsigned int lane = 0; lane < 4; lane++) {
		f->simd->r[16][lane] = bits_of(0.25f * (float)lane + 0.125f);
		f->simd->r[17][lane] = HALF;
	}
	assert_ptr_equal(run(f), f->ops + 1);
	for (unsigned int lane = 0; lane < 4; lane++)
		assert_true(as_float(f->simd->r[0][lane]) == 20 + (float)lane);
	/* Between rows 1 and 2. */
	f->sampler.magnify = f->sampler.minify = AGX_CS_FILTER_LINEAR;
	for (unsigned int lane = 0; lane < 4; lane++)
		f->simd->r[16][lane] = bits_of(0.25f * (float)lane + 0.125f);
	assert_ptr_equal(run(f), f->ops + 1);
	for (unsigned int lane = 0; lane < 4; lane++) {
		assert_true(as_float(f->simd->r[0][lane]) == 15 + (float)lane);
		assert_int_equal(f->simd->r[3][lane], AGX_F32_ONE);
	}
	/* Half of a border of zeros at the left edge. */
	f->simd->r[16][0] = 0;
	f->simd->r[16][1] = AGX_F32_ONE;
	f->simd->r[17][1] = HALF;
	assert_ptr_equal(run(f), f->ops + 1);
	assert_true(as_float(f->simd->r[0][0]) == 7.5f);
	assert_true(as_float(f->simd->r[0][1]) == 9.0f);
	f->sampler.wrap_s = AGX_CS_WRAP_REPEAT;
	assert_ptr_equal(run(f), f->ops + 1);
	f->simd->r[16][0] = 0;
	assert_ptr_equal(run(f), f->ops + 1);
	assert_true(as_float(f->simd->r[0][0]) == 16.5f);
}

static void test_gather_and_compare(void **state)
{
	struct fixture *f = *state;
	const float texels[16] = {0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 33};

	memcpy(f->texels, texels, sizeof(texels));
	make_read(f, AGX_ISA_OP_SMPF, AGX_ISA_DIM_2D);
	f->texture.channels = AGX_CS_CHANNELS_R32;
	f->texture.type = AGX_CS_TEXTURE_TYPE_FLOAT;
	f->simd->r[16][0] = f->simd->r[17][0] = HALF;
	f->instr.modifiers[AGX_ISA_MODIFIER_GATHER] = AGX_ISA_GATHER_GATHER_R;
	assert_ptr_equal(run(f), f->ops + 1);
	assert_true(as_float(f->simd->r[0][0]) == 21);
	assert_true(as_float(f->simd->r[1][0]) == 22);
	assert_true(as_float(f->simd->r[2][0]) == 12);
	assert_true(as_float(f->simd->r[3][0]) == 11);
	f->instr.modifiers[AGX_ISA_MODIFIER_GATHER] = 0;
	f->instr.modifiers[AGX_ISA_MODIFIER_SHADOW] = 1;
	f->instr.operands[6] = reg(48, 32);
	f->sampler.magnify = AGX_CS_FILTER_LINEAR;
	f->sampler.compare_func = AGX_CS_COMPARE_FUNC_LEQUAL;
	f->simd->r[24][0] = bits_of(12);
	assert_ptr_equal(run(f), f->ops + 1);
	/* 11 fails, 12, 21 and 22 pass. */
	assert_true(as_float(f->simd->r[0][0]) == 0.75f);
}

static void test_write(void **state)
{
	struct fixture *f = *state;
	struct agx_cs_pbe pbe = {
		.dimension = AGX_CS_TEXTURE_DIMENSION_2D,
		.layout = AGX_CS_LAYOUT_GPU,
		.channels = AGX_CS_CHANNELS_R8G8B8A8,
		.type = AGX_CS_TEXTURE_TYPE_UNORM,
		.swizzle_r = AGX_CS_CHANNEL_B,
		.swizzle_g = AGX_CS_CHANNEL_G,
		.swizzle_b = AGX_CS_CHANNEL_R,
		.swizzle_a = AGX_CS_CHANNEL_A,
		.width = 4,
		.height = 4,
		.buffer = VA,
		.levels = 1,
		.layers = 1,
	};
	const uint8_t expected[4] = {0, 128, 255, 255};
	uint8_t before[64];
	agx_op_fn fn;

	memcpy(before, f->texels, sizeof(before));
	memset(&f->instr, 0, sizeof(f->instr));
	f->instr.op = AGX_ISA_OP_IMGW;
	f->instr.operand_count = 5;
	f->instr.operands[0] = reg(0, 32);
	f->instr.operands[0].count = 4;
	f->instr.operands[2] = (struct agx_isa_operand){.kind = AGX_ISA_TS, .value = 0};
	f->instr.operands[3] = reg(32, 32);
	f->instr.operands[3].role = AGX_ISA_ROLE_COORD;
	f->instr.operands[4] = (struct agx_isa_operand){.kind = AGX_ISA_IMM};
	f->instr.modifiers[AGX_ISA_MODIFIER_DIM] = AGX_ISA_DIM_2D;
	agx_cs_pbe_pack(f->bindings.textures[0], &pbe);
	f->bindings.textures_set[0] |= 1;
	for (unsigned int lane = 0; lane < 4; lane++) {
		f->simd->r[0][lane] = bits_of(2);
		f->simd->r[1][lane] = HALF;
		f->simd->r[2][lane] = AGX_F32_NAN;
		f->simd->r[3][lane] = AGX_F32_ONE;
		f->simd->r[16][lane] = lane == 1 ? 1 : 4;
		f->simd->r[17][lane] = 2;
	}
	fn = agx_exec_texture_fn(&f->instr);
	assert_non_null(fn);
	agx_simd_set_exec(f->simd, LANES4);
	assert_ptr_equal(fn(f->simd, f->ops), f->ops + 1);
	/* x 1, y 2: 1 + 8 elements on the Z curve. The other lanes are outside. */
	memcpy(before + 36, expected, 4);
	assert_memory_equal(f->texels, before, sizeof(before));
}

static void test_wraps(void **state)
{
	static const struct {
		enum agx_cs_wrap mode;
		int expected[11]; /* of -4 to 6, of three texels */
	} rows[] = {
		{AGX_CS_WRAP_CLAMP_TO_EDGE, {0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2}},
		{AGX_CS_WRAP_REPEAT, {2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0}},
		{AGX_CS_WRAP_MIRRORED_REPEAT, {2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0}},
		{AGX_CS_WRAP_CLAMP_TO_BORDER, {-1, -1, -1, -1, 0, 1, 2, -1, -1, -1, -1}},
		{AGX_CS_WRAP_MIRRORED_CLAMP_TO_EDGE, {2, 2, 1, 0, 0, 1, 2, 2, 2, 2, 2}},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int at = 0; at < 11; at++)
			assert_int_equal(agx_sampler_wrap(rows[i].mode, at - 4, 3),
					 rows[i].expected[at]);
	assert_int_equal(agx_sampler_nearest_level(0.5, 5), 0);
	assert_int_equal(agx_sampler_nearest_level(0.51, 5), 1);
	assert_int_equal(agx_sampler_nearest_level(1.5, 5), 1);
	assert_int_equal(agx_sampler_nearest_level(1.75, 5), 2);
	assert_int_equal(agx_sampler_nearest_level(99, 5), 5);
	assert_int_equal(agx_sampler_nearest_level(-3, 5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_load, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_load_masked_halves, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bindless, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_traps, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sample, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_gather_and_compare, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_write, set_up, tear_down),
		cmocka_unit_test(test_wraps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
