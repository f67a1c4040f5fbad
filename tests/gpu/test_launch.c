// SPDX-License-Identifier: MIT
/* Launches on the GPU that computes. */
#include "agx_cs_pack.h"
#include "launch_fixture.h"

/* However little is done at a time. */
static void slices(void **state)
{
	struct fixture *f = *state;

	make_gpu(f, (struct agx_exec_gpu_config){.soft_faults = true, .slice = 1});
	ids_of_cut_groups(state);
	assert_true(agx_exec_gpu_ops.progress(f->gpu, AGX_GPU_COMPUTE) > 10);
}

static void indirect(void **state)
{
	static const uint32_t grid[] = {70, 3, 2, 16, 2, 1}, counts[] = {10, 3, 2};
	struct fixture *f = *state;
	uint32_t *at = cdm_words(f);

	assemble(f, CODE, IDS);
	put_list(f, 0, false);
	memcpy(words(f->machine, DEPTH), grid, sizeof(grid));
	memcpy(at,
	       ((const uint32_t[]){0x1002 | 2u << 27, (uint32_t)(LIST - USC),
				   (uint32_t)(DEPTH >> 32), (uint32_t)DEPTH, 2u << 29}),
	       20);
	clear_results(f);
	run_well(f);
	assert_ids(f);

	memcpy(words(f->machine, DEPTH), counts, sizeof(counts));
	memcpy(at,
	       ((const uint32_t[]){0x1002 | 1u << 27, (uint32_t)(LIST - USC),
				   (uint32_t)(DEPTH >> 32), (uint32_t)DEPTH, 7, 1, 1, 2u << 29}),
	       32);
	clear_results(f);
	run_well(f);
	assert_ids(f);

	/* Nothing is launched, of groups that could not be. */
	memset(words(f->machine, DEPTH), 0, 24);
	at[0] = 0x1002 | 2u << 27;
	at[4] = 2u << 29;
	clear_results(f);
	run_well(f);
	assert_int_equal(results(f)[0], UINT32_MAX);
}

static void links_and_calls(void **state)
{
	struct fixture *f = *state;
	const uint64_t called = STREAM + 0x1800, linked = STREAM + 0x1c00;
	uint32_t *at = cdm_words(f);

	assemble(f, CODE,
		 "load r0, du0, 0, i32, x, a\niadd r0, r0, 1\n"
		 "store r0, du0, 0, i32, x, a\nstop\n");
	put_list(f, 0, false);
	*at++ = 1u << 29 | 1u << 28 | (uint32_t)(called >> 32);
	*at++ = (uint32_t)called;
	*at++ = 1u << 29 | 1u << 28 | (uint32_t)(called >> 32);
	*at++ = (uint32_t)called;
	*at++ = 1u << 29 | (uint32_t)(linked >> 32);
	*at = (uint32_t)linked;
	*put_launch(words(f->machine, called), 1, 1, 1, 1, 1, 1) = 4u << 29;
	at = put_launch(words(f->machine, linked), 1, 1, 1, 1, 1, 1);
	*at++ = 3u << 29 | 0xfffff; /* barrier */
	*at = 2u << 29;
	*words(f->machine, BUFFER) = 100;
	run_well(f);
	assert_int_equal(results(f)[0], 103);
}

static void preamble_sets_uniforms(void **state)
{
	struct fixture *f = *state;

	assemble(f, PRELUDE, "ldimm r0, 77\nmov u4, r0\nstop\n");
	assemble(f, CODE, "mov r0, sr80\niadd r1, r0, u4\nstore r1, du0, r0, i32, x, a\nstop\n");
	put_list(f, 0, true);
	*put_launch(cdm_words(f), 40, 1, 1, 64, 1, 1) = 2u << 29;
	clear_results(f);
	run_well(f);
	for (uint32_t i = 0; i < 40; i++)
		assert_int_equal(results(f)[i], 77 + i);
	assert_int_equal(results(f)[40], UINT32_MAX);
}

/* All threads see what the last one of the last SIMD group wrote, in each group anew. */
static void barrier(void **state)
{
	struct fixture *f = *state;

	assemble(f, CODE,
		 "mov r0, sr51\nmov r8, sr80\niadd r2, 0, r0, lsl 2\n"
		 "lstore r8, r2l, 0, i32, x\nbarrier\nldimm r6, 1020\n"
		 "lload r1, r6l, 0, i32, x\nstore r1, du0, r8, i32, x, a\nstop\n");
	put_list(f, 4, false);
	*put_launch(cdm_words(f), 1024, 1, 1, 256, 1, 1) = 2u << 29;
	clear_results(f);
	run_well(f);
	for (uint32_t i = 0; i < 1024; i++)
		assert_int_equal(results(f)[i], i / 256 * 256 + 255);
}

static void faults(void **state)
{
	struct fixture *f = *state;
	struct agx_gpu_fault fault = {0};
	struct agx_gpu_place place;

	assemble(f, CODE,
		 "mov r0, sr80\nload r1, du0, r0, i32, x, a\nstore r1, du0, r0, i32, x, a\n"
		 "stop\n");
	put_list(f, 0, false);
	*put_launch(put_launch(cdm_words(f), 0, 1, 1, 1, 1, 1), 4, 1, 1, 4, 1, 1) = 2u << 29;
	*(uint64_t *)words(f->machine, ROOT) = NOWHERE;
	run_well(f);

	make_gpu(f, (struct agx_exec_gpu_config){.soft_faults = false});
	assert_int_equal(run_gpu(f, &fault, 0), AGX_GPU_FAULTED);
	assert_true(fault.address == NOWHERE && fault.read);
	assert_int_equal(fault.context, CONTEXT);
	assert_int_equal(fault.reason, AGX_FAULT_REASON_UNMAPPED);
	agx_exec_gpu_ops.place(f->gpu, AGX_GPU_COMPUTE, &place);
	assert_int_equal(place.kind, AGX_GPU_AT_LAUNCH);
	assert_int_equal(place.number, 1);
	assert_true(place.shader == CODE && place.list == LIST);
	agx_exec_gpu_ops.stop(f->gpu, AGX_GPU_COMPUTE);
	assert_int_equal(agx_exec_gpu_ops.state(f->gpu, AGX_GPU_COMPUTE, &fault), AGX_GPU_IDLE);
}

static void traps(void **state)
{
	static const struct {
		const char *code;
		enum agx_gpu_finding_id id;
	} cases[] = {
		{"ldimm r0, 1\ntrap\n", AGX_GPU_FINDING_PROGRAM_TRAP},
		{"ldimm r0, 1\n.hex ffffffffffffffff\n", AGX_GPU_FINDING_PROGRAM_CODE},
		{"stack_adjust -4\nstop\n", AGX_GPU_FINDING_PROGRAM_STACK},
		{"smpi r0_r1_r2_r3, ts0, ss0, r8, 0, 2d_array, xyzw, auto_lod, a\nstop\n",
		 AGX_GPU_FINDING_PROGRAM_STATE},
		{"doorbell 32\nstop\n", AGX_GPU_FINDING_PROGRAM_NOT_MODELLED},
	};
	struct fixture *f = *state;

	put_list(f, 0, false);
	*put_launch(cdm_words(f), 4, 1, 1, 4, 1, 1) = 2u << 29;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct agx_gpu_fault fault = {0};

		memset(words(f->machine, CODE), 0, 0x800);
		assemble(f, CODE, cases[i].code);
		f->machine->complaints = 0;
		assert_int_equal(run_gpu(f, &fault, 0), AGX_GPU_FAULTED);
		if (f->machine->heard[0].id != cases[i].id)
			print_error("%s: %s\n", cases[i].code, fault.what);
		assert_int_equal(f->machine->complaints, 1);
		assert_int_equal(f->machine->heard[0].id, cases[i].id);
		assert_true(fault.address >= CODE && fault.address < CODE + 0x800);
		assert_int_equal(f->machine->heard[0].place.kind, AGX_GPU_AT_LAUNCH);
		agx_exec_gpu_ops.stop(f->gpu, AGX_GPU_COMPUTE);
	}
}

/* A compressed tile that no known compressor has made is read as it lies, and somebody hears of it. */
static void odd_metadata(void **state)
{
	const struct agx_cs_texture texture = {
		.dimension = AGX_CS_TEXTURE_DIMENSION_2D,
		.layout = AGX_CS_LAYOUT_TWIDDLED,
		.channels = AGX_CS_CHANNELS_R8G8B8A8,
		.type = AGX_CS_TEXTURE_TYPE_UINT,
		.swizzle_r = AGX_CS_CHANNEL_R,
		.swizzle_g = AGX_CS_CHANNEL_G,
		.swizzle_b = AGX_CS_CHANNEL_B,
		.swizzle_a = AGX_CS_CHANNEL_A,
		.width = 16,
		.height = 16,
		.depth = 1,
		.address = BUFFER + PAGE,
		.compressed = true,
		.extended = true,
		.acceleration_buffer = BUFFER + 2 * PAGE,
	};
	const struct agx_cs_sampler sampler = {.maximum_lod = 14, .maximum_anisotropy = 1};
	const struct agx_cs_usc_texture textures = {.count = 1, .buffer = ROOT + 0x100};
	const struct agx_cs_usc_sampler samplers = {.count = 1, .buffer = ROOT + 0x140};
	struct fixture *f = *state;
	uint8_t *list = (uint8_t *)words(f->machine, LIST), rest[32];

	agx_cs_texture_pack(words(f->machine, ROOT + 0x100), &texture);
	agx_cs_sampler_pack(words(f->machine, ROOT + 0x140), &sampler);
	memset(words(f->machine, BUFFER + 2 * PAGE), 0x42, 8);
	words(f->machine, BUFFER + PAGE)[0] = 0x04030281;
	assemble(f, CODE,
		 "ldimm r8, 0\nldimm r9, 0\n"
		 "smpi r0_r1_r2_r3, ts0, ss0, r8, 0, 2d, xyzw, auto_lod, a\nwait a\n"
		 "mov r4, sr80\nstore r0, du0, r4, i32, x, a\nstop\n");
	put_list(f, 0, false);
	memcpy(rest, list + 8, sizeof(rest));
	agx_cs_usc_texture_pack(list + 8, &textures);
	agx_cs_usc_sampler_pack(list + 16, &samplers);
	memcpy(list + 24, rest, sizeof(rest));
	*put_launch(cdm_words(f), 4, 1, 1, 4, 1, 1) = 2u << 29;
	clear_results(f);
	f->machine->complaints = 0;
	run_well(f);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(results(f)[i], 0x81);
	assert_int_equal(f->machine->complaints, 1);
	assert_int_equal(f->machine->heard[0].id, AGX_GPU_FINDING_TEXTURE_METADATA);
	assert_int_equal(f->machine->heard[0].value, 0x42);
	assert_true(f->machine->heard[0].address == BUFFER + 2 * PAGE);
	assert_int_equal(f->machine->heard[0].place.kind, AGX_GPU_AT_LAUNCH);
}

/* It stays busy, gets on no more, and can be stopped at any time; then other work runs. */
static void endless(void **state)
{
	struct fixture *f = *state;
	struct agx_gpu_fault fault = {0};
	uint64_t progress;

	make_gpu(f, (struct agx_exec_gpu_config){.slice = 1000, .limit = 50000});
	assemble(f, CODE, "again:\nmov r1, r0\njmp_any again\nstop\n");
	put_list(f, 0, false);
	*put_launch(cdm_words(f), 64, 1, 1, 64, 1, 1) = 2u << 29;
	assert_int_equal(run_gpu(f, &fault, 5), AGX_GPU_BUSY);
	assert_true(agx_exec_gpu_computing(f->gpu));
	assert_int_equal(run_gpu(f, &fault, 1000), AGX_GPU_BUSY);
	assert_false(agx_exec_gpu_computing(f->gpu));
	progress = agx_exec_gpu_ops.progress(f->gpu, AGX_GPU_COMPUTE);
	assert_int_equal(agx_exec_gpu_ops.state(f->gpu, AGX_GPU_COMPUTE, &fault), AGX_GPU_BUSY);
	assert_true(progress == agx_exec_gpu_ops.progress(f->gpu, AGX_GPU_COMPUTE));
	agx_exec_gpu_ops.stop(f->gpu, AGX_GPU_COMPUTE);
	assert_int_equal(agx_exec_gpu_ops.state(f->gpu, AGX_GPU_COMPUTE, &fault), AGX_GPU_IDLE);
	ids_of_cut_groups(state);
}

/* What reads the clock behind start() reads it before the work. */
static void start_executes_nothing(void **state)
{
	struct fixture *f = *state;
	struct agx_gpu_fault fault = {0};

	assemble(f, CODE, IDS);
	put_list(f, 0, false);
	*put_launch(cdm_words(f), 70, 3, 2, 16, 2, 1) = 2u << 29;
	clear_results(f);
	agx_exec_gpu_ops.start(f->gpu, &f->machine->work);
	assert_true(agx_exec_gpu_computing(f->gpu));
	assert_int_equal(results(f)[0], UINT32_MAX);
	assert_int_equal(agx_exec_gpu_ops.state(f->gpu, AGX_GPU_COMPUTE, &fault), AGX_GPU_IDLE);
	assert_ids(f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_fixture, tear_down_fixture)
	static const struct CMUnitTest tests[] = {
		TEST(ids_of_cut_groups),
		TEST(slices),
		TEST(indirect),
		TEST(links_and_calls),
		TEST(preamble_sets_uniforms),
		TEST(barrier),
		TEST(faults),
		TEST(traps),
		TEST(odd_metadata),
		TEST(endless),
		TEST(start_executes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
