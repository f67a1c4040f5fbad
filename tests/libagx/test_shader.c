// SPDX-License-Identifier: MIT
/* Shaders: directives, places of errors, what is reflected, what is refused, listings. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <agx/agx.h>

#include "device.h"

struct fixture {
	struct test_device *t;
	struct agx_vm *vm;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || test_device_open("t8103", &f->t))
		return -1;
	*state = f;
	return agx_vm_create(f->t->device, &f->vm);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int ret;

	agx_vm_destroy(f->vm);
	ret = test_device_close(f->t);
	free(f);
	return ret;
}

/* Of 32 bits to the pixel in r0, all its samples. */
#define TILE_STORE "st_tile r4, r0l_r0h, 255, 0, explicit_coords, i32, x\n"

static struct agx_shader *make(struct fixture *f, enum agx_stage stage, const char *text)
{
	struct agx_shader_params params = {.stage = stage, .text = text};
	struct agx_shader *shader;

	if (agx_shader_create(f->vm, &params, &shader))
		fail_msg("%s", agx_error(f->t->ctx));
	return shader;
}

static void refused(struct fixture *f, const struct agx_shader_params *params, int ret,
		    const char *message)
{
	struct agx_shader *shader = (struct agx_shader *)f;
	const int got = agx_shader_create(f->vm, params, &shader);

	if (got != ret || !strstr(agx_error(f->t->ctx), message))
		fail_msg("expected %d '%s', got %d '%s' of:\n%s", ret, message, got,
			 agx_error(f->t->ctx), params->text ? params->text : "code");
	assert_null(shader);
}

static void test_reflection(void **state)
{
	struct agx_shader *shader = make(*state, AGX_STAGE_COMPUTE,
					 "; a program\n"
					 ".stage compute\n"
					 ".threads 8, 4 ; of a group\n"
					 ".local 512\n"
					 "ldimm r0l, 0\n"
					 "load r3_r4, du4, 0, i32, xy, a\n"
					 "wait a\n"
					 "lstore r3, r0l, i32, x\n"
					 "barrier\n"
					 "stop\n");
	const struct agx_shader_info *info = agx_shader_info(shader);

	assert_int_equal(info->stage, AGX_STAGE_COMPUTE);
	assert_int_equal(info->instructions, 6);
	assert_int_equal(info->registers, 10);
	assert_int_equal(info->uniforms, 12);
	assert_int_equal(info->group[0], 8);
	assert_int_equal(info->group[1], 4);
	assert_int_equal(info->group[2], 1);
	assert_int_equal(info->local_bytes, 512);
	assert_int_equal(info->preamble_size, 0);
	assert_int_equal(info->threads, 1024);
	assert_int_equal(info->scratch_bytes, 0);
	assert_true(info->uses_barriers);
	assert_false(info->uses_tile);
	assert_false(info->discards);
	assert_int_equal(agx_shader_address(shader) % 128, 0);
	assert_true(agx_shader_address(shader) >=
		    agx_vm_shader_base(((struct fixture *)*state)->vm));
	agx_shader_destroy(shader);
}

static void test_preamble(void **state)
{
	struct agx_shader *shader = make(*state, AGX_STAGE_COMPUTE,
					 ".preamble\n"
					 "load r0, du0, 0, i32, x, a\n"
					 "wait a\n"
					 "mov u10, r0\n"
					 "stop\n"
					 ".main\n"
					 "mov r5, u10\n"
					 "store r5, du2, 0, i32, x, a\n"
					 "stop\n");
	const struct agx_shader_info *info = agx_shader_info(shader);

	assert_int_equal(info->registers, 12);
	assert_int_equal(info->preamble_registers, 2);
	assert_int_equal(info->uniforms, 22);
	assert_true(info->preamble_size > 0);
	assert_int_equal(info->instructions, 3);
	agx_shader_destroy(shader);
}

/* Threadgroup memory as pixels, which another layout of the same size is not. */
static void test_tile(void **state)
{
	static const char text[] = ".threads 32, 32\n.tile 32, 16, 12, 2\n" TILE_STORE "stop\n";
	const struct agx_tile_layout tile = {32, 16, 16, 2};
	struct fixture *f = *state;
	struct agx_shader_params params = {.stage = AGX_STAGE_COMPUTE, .text = text};
	struct agx_shader *shader = make(*state, AGX_STAGE_COMPUTE, text), *again;
	char listing[1024];

	assert_memory_equal(&agx_shader_info(shader)->tile, &tile, sizeof(tile));
	assert_true(agx_shader_info(shader)->uses_tile);
	assert_int_equal(agx_shader_info(shader)->local_bytes, 0);
	agx_shader_listing(shader, listing, sizeof(listing));
	assert_non_null(strstr(listing, ".tile 32, 16, 16, 2\n"));
	again = make(*state, AGX_STAGE_COMPUTE, listing);
	assert_memory_equal(&agx_shader_info(again)->tile, &tile, sizeof(tile));
	agx_shader_destroy(again);
	agx_shader_destroy(shader);

	/* By parameters, which a text has to agree with. */
	params.tile = (struct agx_tile_layout){32, 32, 8, 0};
	refused(*state, &params, -EINVAL, "says 16 for the height of tiles, the parameters say 32");
	params.text = TILE_STORE "stop\n";
	assert_int_equal(agx_shader_create(f->vm, &params, &shader), 0);
	assert_int_equal(agx_shader_info(shader)->tile.samples, 1);
	agx_shader_destroy(shader);
}

static void test_fragment(void **state)
{
	struct agx_shader *shader = make(*state, AGX_STAGE_FRAGMENT,
					 ".stage fragment\n"
					 "ldimm r4, 0\n"
					 "pixwait 12, 0\n"
					 "st_tile r4_r5_r6_r7, 0, 255, 0, u8norm, xyzw\n"
					 "stop\n");

	assert_true(agx_shader_info(shader)->uses_tile);
	assert_int_equal(agx_shader_info(shader)->registers, 16);
	agx_shader_destroy(shader);
}

/* What draws have to know of a fragment shader's code. */
static void test_effects(void **state)
{
	enum {
		READS = 1,
		DEPTH = 2,
		MEMORY = 4,
		SHARES = 8,
		DISCARDS = 16
	};
	static const struct {
		const char *text;
		unsigned int effects;
	} cases[] = {
		{"stop\n", 0},
		{"pixwait 12, 0\nst_tile r0, 0, 255, 0, u8norm, x\nstop\n", 0},
		{"pixwait 12, 0\nld_tile r0, 0, 255, 0, u8norm, x\nstop\n", READS},
		{"pixwait 1, 0\nsample_mask 255, 0\nstop\n", DISCARDS},
		{"pixwait 1, 0\nzs_emit 255, r2\nstop\n", DISCARDS | DEPTH},
		{"pixwait 1, 0\nzs_emit 255, r2l\nstop\n", DISCARDS},
		{"pixwait 1, 0\nzs_emit 255, r2l_r2h_r3l\nstop\n", DISCARDS | DEPTH},
		{"store r4, dr0, 0, i32, x, a\nstop\n", MEMORY},
		{"load r4, dr0, 0, i32, x, a\nwait a\nstop\n", 0},
		{"dfdx r0, r1\nstop\n", SHARES},
		{"smpf r0, ts0, ss0, r4, 0, 2d, x, auto_lod, a\nwait a\nstop\n", SHARES},
		{"smpf r0, ts0, ss0, r4, r6l, 2d, x, lod_min, a\nwait a\nstop\n", 0},
		{"smpi r0, ts0, ss0, r4, 0, 2d, x, auto_lod, a\nwait a\nstop\n", 0},
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct agx_shader *shader = make(*state, AGX_STAGE_FRAGMENT, cases[i].text);
		const struct agx_shader_info *info = agx_shader_info(shader);
		const unsigned int effects =
			(info->reads_tile ? READS : 0) | (info->writes_depth ? DEPTH : 0) |
			(info->writes_memory ? MEMORY : 0) | (info->shares ? SHARES : 0) |
			(info->discards ? DISCARDS : 0);

		if (effects != cases[i].effects)
			print_error("%s: %#x expected, got %#x\n", cases[i].text, cases[i].effects,
				    effects);
		assert_int_equal(effects, cases[i].effects);
		agx_shader_destroy(shader);
	}
}

/* The listing makes the same shader again, and the same listing. */
static void check_listing(struct fixture *f, enum agx_stage stage, const char *text)
{
	struct agx_shader *shader = make(f, stage, text), *again;
	const size_t length = agx_shader_listing(shader, NULL, 0);
	char *first = malloc(length + 1), *second = malloc(length + 1), cut[8];

	assert_non_null(first);
	assert_non_null(second);
	assert_int_equal(agx_shader_listing(shader, first, length + 1), length);
	assert_int_equal(strlen(first), length);
	again = make(f, stage, first);
	assert_memory_equal(agx_shader_info(shader), agx_shader_info(again),
			    sizeof(struct agx_shader_info));
	assert_int_equal(agx_shader_listing(again, second, length + 1), length);
	assert_string_equal(first, second);
	assert_int_equal(agx_shader_listing(again, cut, sizeof(cut)), length);
	assert_int_equal(strlen(cut), sizeof(cut) - 1);
	assert_memory_equal(cut, first, sizeof(cut) - 1);
	agx_shader_destroy(shader);
	agx_shader_destroy(again);
	free(first);
	free(second);
}

static void test_listing(void **state)
{
	check_listing(*state, AGX_STAGE_COMPUTE,
		      ".threads 32\n.local 128\n"
		      "ldimm r0l, 0\nldimm r1, 4\nagain: isub r1, r1, 1\n"
		      "while r1, 0, 1, ugt\njmp_any again\npop_exec 1\nstop\n");
	check_listing(*state, AGX_STAGE_COMPUTE,
		      ".preamble\nldimm r0, 7\nmov u10, r0\nstop\n.main\nmov r5, u10\nstop\n");
	check_listing(
		*state, AGX_STAGE_VERTEX,
		".stage vertex\n.output colour, 3\n.output uv, 2\nst_var r0, 0, last\nstop\n");
}

static void test_code(void **state)
{
	static const uint8_t code[] = {0x88, 0x00, 0x08, 0x00, 0x08, 0x00};
	static const uint8_t preamble[] = {0x88, 0x00};
	struct fixture *f = *state;
	struct agx_shader_params params = {
		.code = code,
		.code_size = sizeof(code),
		.preamble = preamble,
		.preamble_size = sizeof(preamble),
		.group = {64},
		.local_bytes = 256,
	};
	struct agx_shader *shader;

	assert_int_equal(agx_shader_create(f->vm, &params, &shader), 0);
	assert_int_equal(agx_shader_info(shader)->size, 2);
	assert_int_equal(agx_shader_info(shader)->preamble_size, 2);
	assert_int_equal(agx_shader_info(shader)->group[0], 64);
	assert_int_equal(agx_shader_info(shader)->group[2], 1);
	agx_shader_destroy(shader);
}

static void test_file(void **state)
{
	struct fixture *f = *state;
	char path[] = "/tmp/agx-shader-XXXXXX";
	struct agx_shader_params params = {.path = path};
	struct agx_shader *shader;
	const int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "stop\n", 5), 5);
	assert_int_equal(agx_shader_create(f->vm, &params, &shader), 0);
	agx_shader_destroy(shader);
	assert_int_equal(write(fd, "\nnonsense\n", 10), 10);
	/* Errors name the file. */
	assert_int_equal(agx_shader_create(f->vm, &params, &shader), -EINVAL);
	assert_non_null(strstr(agx_error(f->t->ctx), path));
	assert_non_null(strstr(agx_error(f->t->ctx), ":3:"));
	close(fd);
	unlink(path);
	refused(f, &params, -ENOENT, "No such file");
	params.path = "/tmp";
	refused(f, &params, -EISDIR, "/tmp");
}

static void test_text_refused(void **state)
{
	static const struct {
		int ret;
		enum agx_stage stage;
		const char *text, *message;
	} cases[] = {
		/* The assembler's, with lines of the whole text. */
		{-EINVAL, 0, "\n\n  nonsense r0\nstop", "shader:3:"},
		{-EINVAL, 0, ".threads 1\n.preamble\nstop\n.main\n\nnonsense\nstop", "shader:6:"},
		{-EINVAL, 0, ".threads 1\n.preamble\nnonsense\nstop\n.main\nstop", "shader:3:"},
		{-EINVAL, 0, "/* one\n two */ nonsense\nstop", "shader:2:"},
		{-EINVAL, 0, "stop\n/* never", "shader:2:1: the comment has no end"},
		/* The line is shown, and what would do. */
		{-EINVAL, 0, "stop\n\t mov\tr0, 300\r\nstop",
		 "fit; ldimm puts others into a register), in \"mov r0, 300\""},
		{-EINVAL, 0, ".threads 0", "from 1 to 1024, got '0', in \".threads 0\""},
		{-EINVAL, 0, "jmp_any nowhere\nstop", "shader:1:"},
		/* A preamble's labels are its own. */
		{-EINVAL, 0, ".preamble\na: stop\n.main\njmp_any a\nstop", "shader:4:"},
		/* Directives. */
		{-EINVAL, 0, ".stage vertex\nstop", "the text is of a vertex shader"},
		{-EINVAL, 0, ".stage magic\nstop", "shader:1:8: .stage: expected compute"},
		{-EINVAL, 0, ".stage compute\n.stage compute\nstop", "shader:2:1: .stage"},
		{-EINVAL, 0, ".threads\nstop", "shader:1:9: .threads: expected a number"},
		{-EINVAL, 0, ".threads 0\nstop", "from 1 to 1024, got '0'"},
		{-EINVAL, 0, ".threads 8, x\nstop", "expected a number, got 'x'"},
		{-EINVAL, 0, ".threads 99999999999999999999\nstop", "from 1 to 1024"},
		{-EINVAL, 0, ".threads 32, 33\nstop", "at most 1024 threads, got 1056"},
		{-EINVAL, 0, ".threads 1\n.threads 1\nstop", "shader:2:1: .threads"},
		{-EINVAL, 0, ".threads 1, 1, 1, 1\nstop", "expected the end of the line"},
		{-EINVAL, 0, ".local 32769\nstop", "from 0 to 32768"},
		{-EINVAL, 0, ".local 1\n.local 1\nstop", "shader:2:1: .local"},
		{-EINVAL, 0, ".preamble\nstop", "no .main follows"},
		{-EINVAL, 0, ".preamble\nstop\n.preamble\n.main\nstop", "shader:3:1: .preamble"},
		{-EINVAL, 0, "stop\n.preamble\nstop\n.main\nstop", "shader:2:1: .preamble"},
		{-EINVAL, 0, ".main\nstop\n.main\nstop", "shader:3:1: .main"},
		{-EINVAL, 0, ".main now\nstop", "shader:1:7: .main: expected the end"},
		{-EINVAL, AGX_STAGE_VERTEX, ".output a\nstop", "expected a comma"},
		{-EINVAL, AGX_STAGE_VERTEX, ".output , 1\nstop", "expected a name"},
		{-EINVAL, AGX_STAGE_VERTEX, ".output a, 1\n.output a, 2\nstop", "already"},
		{-EINVAL, AGX_STAGE_VERTEX, ".threads 4\nstop", "only compute shaders have groups"},
		{-EINVAL, 0, ".unknown 3\nstop", "shader:1:"},
		/* The code. */
		{-EINVAL, 0, "", "no instructions"},
		{-EINVAL, 0, "trap\ntrap", "no instructions"},
		{-EINVAL, 0, "ldimm r0, 1", "no stop"},
		{-EINVAL, 0, "stop\nldimm r0, 1", "no stop"},
		{-EINVAL, 0, ".u16 0xffff\nstop", "no known instruction"},
		{-EINVAL, 0, "stop\n.hex ffff\nstop", "offset 0x2"},
		{-EINVAL, 0, "jmp_any 100\nstop", "outside of the"},
		{-EINVAL, 0, "jmp_any -2\nstop", "outside of the"},
		{-EINVAL, 0, "ldimm r0, 0\njmp_any -2\nstop", "into an instruction"},
		{-EINVAL, 0, "doorbell 32\nstop", "only the helper program"},
		{-EINVAL, 0, "mov u10, r0\nstop", "only preambles have it"},
		{-EINVAL, 0, "st_var r0, 0, last\nstop", "only vertex shaders"},
		{-EINVAL, 0, "st_tile r4_r5_r6_r7, 0, 255, 0, u8norm, xyzw\nstop",
		 "explicit coordinates expected"},
		{-EINVAL, AGX_STAGE_VERTEX, "st_tile r4_r5_r6_r7, 0, 255, 0, u8norm, xyzw\nstop",
		 "only those of fragments"},
		{-EINVAL, 0, TILE_STORE "stop", ".tile does not say what that is"},
		{-EINVAL, 0, ".preamble\n" TILE_STORE "stop\n.main\nstop",
		 "a preamble does not have"},
		{-EINVAL, AGX_STAGE_VERTEX, ".tile 32, 32, 8\nstop",
		 "what the render pass makes it"},
		{-EINVAL, 0, ".tile 32, 32, 8\n.local 16\nstop", "or a tile, not both"},
		{-EINVAL, 0, ".tile 16, 32, 8\nstop", "16x16 pixels, got 16x32"},
		{-EINVAL, 0, ".tile 32, 32, 8, 3\nstop", "1, 2 or 4 samples, got 3"},
		{-EINVAL, 0, ".tile 32, 32, 32\nstop", "at most 32767 bytes, got 32768"},
		{-EINVAL, 0, ".tile 16, 16, 65\nstop", ".tile"},
		{-EINVAL, 0, ".tile 16, 16\nstop", ".tile"},
		{-EINVAL, 0, ".tile 16, 16, 8\n.tile 16, 16, 8\nstop", "has it already"},
		{-EINVAL, 0,
		 ".tile 16, 16, 4\nst_tile r4, r0l_r0h, 255, 8, explicit_coords, i32, x\nstop",
		 "uses byte 9"},
		{-EINVAL, 0,
		 ".tile 16, 16, 4, 2\nst_tile r4, r0l_r0h, 7, 0, explicit_coords, i32, x\nstop",
		 "and sample 3 of a pixel, .tile gives it 8 and 2"},
		{-EINVAL, AGX_STAGE_VERTEX, "barrier\nstop", "threadgroups"},
		{-EINVAL, 0, ".preamble\nbarrier\nstop\n.main\nstop", "preamble: offset 0x0"},
		{-EINVAL, 0, "lstore r3, r0l, i32, x\nstop", ".local does not say how much"},
		{-EINVAL, 0, ".threads 1024\nldimm r120, 0\nstop", "do not fit a core"},
		{-EINVAL, 0, ".fill 0x200000\nstop", "at most 1048576 bytes"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct agx_shader_params params = {
			.stage = cases[i].stage,
			.text = cases[i].text,
		};

		refused(*state, &params, cases[i].ret, cases[i].message);
	}
}

/* Text that makes the same shader again says that it was let pass. */
static void test_waits(void **state)
{
	struct agx_shader_params params = {
		.name = "hasty",
		.text = "load r2, du0, r0, i32, x, b\niadd r3, r2, 1\nstop\n",
	};
	struct fixture *f = *state;
	struct agx_shader *shader;
	char listing[512];

	refused(f, &params, -EINVAL,
		"hasty: offset 0x8, 'iadd     r3, r2, 1': it reads r2l, which the instruction at "
		"offset 0x0 is still to fill: wait b expected");
	params.text = ".preamble\nload r2, du0, 0, i32, x, a\nmov u4, r2\nstop\n.main\nstop\n";
	refused(f, &params, -EINVAL, "preamble: offset 0x8");
	params.unchecked_waits = true;
	assert_int_equal(agx_shader_create(f->vm, &params, &shader), 0);
	agx_shader_listing(shader, listing, sizeof(listing));
	agx_shader_destroy(shader);
	assert_non_null(strstr(listing, "\n.unchecked_waits\n"));
	params.unchecked_waits = false;
	params.text = listing;
	assert_int_equal(agx_shader_create(f->vm, &params, &shader), 0);
	agx_shader_destroy(shader);
}

static void test_params_refused(void **state)
{
	static const uint8_t stop[] = {0x88, 0x00};
	struct agx_shader_params params = {0};

	refused(*state, &params, -EINVAL, "expected one of text, path and code, got 0");
	params.text = "stop";
	params.code = stop;
	params.code_size = sizeof(stop);
	refused(*state, &params, -EINVAL, "got 2");
	params.code = NULL;
	params.preamble = stop;
	refused(*state, &params, -EINVAL, ".preamble");
	params.preamble = NULL;
	params.stage = (enum agx_stage)77;
	refused(*state, &params, -EINVAL, "no stage 77");
	params.stage = AGX_STAGE_COMPUTE;
	params.text = ".threads 4\nstop";
	params.group[0] = 5;
	params.name = "named";
	refused(*state, &params, -EINVAL, "named: the text says 4");
	params.text = NULL;
	params.code = stop;
	params.group[0] = 1025;
	refused(*state, &params, -EINVAL, "at most 1024 threads");
	params.group[0] = UINT32_MAX;
	params.group[1] = UINT32_MAX;
	refused(*state, &params, -EINVAL, "at most 1024 threads");
	params.group[0] = params.group[1] = 0;
	params.local_bytes = 1 << 20;
	refused(*state, &params, -EINVAL, "threadgroup memory");
	params.local_bytes = 0;
	params.code_size = 1;
	refused(*state, &params, -EINVAL, "no known instruction");
	params.code_size = 0;
	refused(*state, &params, -EINVAL, "no instructions");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reflection, setup, teardown),
		cmocka_unit_test_setup_teardown(test_preamble, setup, teardown),
		cmocka_unit_test_setup_teardown(test_effects, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fragment, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_listing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_code, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_text_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_params_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
