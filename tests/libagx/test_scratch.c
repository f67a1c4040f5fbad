// SPDX-License-Identifier: MIT
/*
 * Shaders with a stack: executed on virtual GPUs that judge everything; what commands and lists say of them; and
 * what is refused.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <agx/agx.h>

#include "asahi_drm.h"
#include "device.h"
#include "scratch.h"

#define THREADS 4096u
#define ARRAY   64u

struct fixture {
	struct test_device *t;
	struct agx_vm *vm;
	struct agx_queue *queue;
	struct agx_cmdbuf *cmdbuf;
	struct agx_buffer *buffer;
	uint32_t *words; /* of the buffer */
	uint64_t address;
};

static void well(struct fixture *f, int ret, int line)
{
	if (ret)
		fail_msg("line %d: %d: %s", line, ret, agx_error(f->t->ctx));
}

#define WELL(ret) well(f, ret, __LINE__)

static void open_gpu(struct fixture *f, const char *gpu)
{
	assert_int_equal(test_device_open(gpu, &f->t), 0);
	WELL(agx_vm_create(f->t->device, &f->vm));
	WELL(agx_queue_create(f->vm, AGX_PRIORITY_MEDIUM, &f->queue));
	WELL(agx_cmdbuf_create(f->vm, &f->cmdbuf));
	WELL(agx_buffer_create(f->vm, THREADS * 4, AGX_BUFFER_CACHED, &f->buffer));
	f->words = agx_buffer_map(f->buffer);
	f->address = agx_buffer_address(f->buffer);
	assert_non_null(f->words);
}

static void close_gpu(struct fixture *f)
{
	agx_cmdbuf_destroy(f->cmdbuf);
	agx_buffer_destroy(f->buffer);
	agx_queue_destroy(f->queue);
	agx_vm_destroy(f->vm);
	assert_int_equal(test_device_close(f->t), 0);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	*state = f;
	open_gpu(f, "t8103");
	return 0;
}

static int teardown(void **state)
{
	close_gpu(*state);
	free(*state);
	return 0;
}

/*
 * Each thread fills an array of 64 words of its own, at places that depend on it, and adds up eight of them at
 * others: a[(i * 5 + t) % 64] = 1000 * t + i. du0: where sums go.
 */
static const char spill_text[] = ".threads 64, 1, 1\n"
				 "stack_adjust %u\n"
				 "ldimm r0l, 0\n"
				 "mov r1, thread_in_grid_x\n"
				 "ldimm r2, 0\n"
				 "fill:\n"
				 "imadd r3, r2, 5, r1\n"
				 "and r3, r3, 63\n"
				 "shl r3, r3, 2\n"
				 "ldimm r4, 1000\n"
				 "imadd r4, r4, r1, r2\n"
				 "stack_store r4, r3, i32, x, a\n"
				 "wait a\n"
				 "iadd r2, r2, 1\n"
				 "while r2, 64, 1, ult\n"
				 "jmp_any fill\n"
				 "pop_exec 1\n"
				 "%s"
				 "ldimm r2, 0\n"
				 "ldimm r5, 0\n"
				 "sum:\n"
				 "imadd r3, r2, 13, r1\n"
				 "and r3, r3, 63\n"
				 "shl r3, r3, 2\n"
				 "stack_load r4, r3, i32, x, a\n"
				 "wait a\n"
				 "iadd r5, r5, r4\n"
				 "iadd r2, r2, 1\n"
				 "while r2, 8, 1, ult\n"
				 "jmp_any sum\n"
				 "pop_exec 1\n"
				 "store r5, du0, r1, i32, x, a\n"
				 "stop\n";

static uint32_t expected(uint32_t t)
{
	uint32_t array[ARRAY], sum = 0;

	for (uint32_t i = 0; i < ARRAY; i++)
		array[(i * 5 + t) % ARRAY] = 1000 * t + i;
	for (uint32_t i = 0; i < 8; i++)
		sum += array[(i * 13 + t) % ARRAY];
	return sum;
}

static struct agx_shader *make(struct fixture *f, enum agx_stage stage, const char *format, ...)
{
	struct agx_shader_params params = {.stage = stage};
	struct agx_shader *shader;
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	params.text = text;
	WELL(agx_shader_create(f->vm, &params, &shader));
	return shader;
}

static void record(struct fixture *f, const struct agx_shader *shader)
{
	const struct agx_bindings bindings = {
		.uniforms = &f->address,
		.uniform_bytes = sizeof(f->address),
	};
	const struct agx_dispatch dispatch = {.size = {THREADS}};

	WELL(agx_compute_begin(f->cmdbuf, NULL));
	WELL(agx_compute_launch(f->cmdbuf, shader, &bindings, &dispatch));
	WELL(agx_compute_end(f->cmdbuf));
	WELL(agx_cmdbuf_end(f->cmdbuf));
}

static void run(struct fixture *f)
{
	memset(f->words, 0, THREADS * 4);
	WELL(agx_queue_run(f->queue, f->cmdbuf));
	for (uint32_t t = 0; t < THREADS; t++)
		assert_int_equal(f->words[t], expected(t));
}

/* On every GPU: the blocks of all cores, and the numbers that cores have. */
static void test_spills(void **state)
{
	static const char *const gpus[] = {
		"t8103", "t8112", "t6000", "t6001", "t6002", "t6020", "t6021", "t6022",
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(gpus) / sizeof(gpus[0]); i++) {
		struct fixture fixture = {0}, *f = &fixture;
		struct agx_shader *shader;

		open_gpu(f, gpus[i]);
		shader = make(f, AGX_STAGE_COMPUTE, spill_text, 76, "");
		assert_int_equal(agx_shader_info(shader)->scratch_bytes, 304);
		record(f, shader);
		run(f);
		agx_shader_destroy(shader);
		close_gpu(f);
	}
}

/* All threads of a group have their stacks at the same time; and each of a thousand words. */
static void test_barriers(void **state)
{
	struct fixture *f = *state;
	struct agx_shader *shader = make(f, AGX_STAGE_COMPUTE, spill_text, 1000, "barrier\n");
	const struct agx_bindings bindings = {
		.uniforms = &f->address,
		.uniform_bytes = sizeof(f->address),
	};
	const struct agx_dispatch dispatch = {.size = {THREADS}, .group = {1024, 1, 1}};

	WELL(agx_compute_begin(f->cmdbuf, NULL));
	WELL(agx_compute_launch(f->cmdbuf, shader, &bindings, &dispatch));
	WELL(agx_compute_end(f->cmdbuf));
	WELL(agx_cmdbuf_end(f->cmdbuf));
	run(f);
	agx_shader_destroy(shader);
}

/* Preambles of their own threads, and what they hand on. */
static void test_preamble(void **state)
{
	struct fixture *f = *state;
	struct agx_shader *shader = make(f, AGX_STAGE_COMPUTE,
					 ".preamble\n"
					 "stack_adjust 20\n"
					 "ldimm r1, 77\n"
					 "stack_store r1, 12, i32, x, a\n"
					 "wait a\n"
					 "stack_load r2, 12, i32, x, a\n"
					 "wait a\n"
					 "mov u2, r2\n"
					 "stop\n"
					 ".main\n"
					 "mov r1, thread_in_grid_x\n"
					 "mov r2, u2\n"
					 "store r2, du0, r1, i32, x, a\n"
					 "stop\n");

	record(f, shader);
	WELL(agx_queue_run(f->queue, f->cmdbuf));
	for (uint32_t t = 0; t < THREADS; t++)
		assert_int_equal(f->words[t], 77);
	agx_shader_destroy(shader);
}

/* The compute command that is recorded k-th. */
static struct drm_asahi_cmd_compute command(struct fixture *f, unsigned int k)
{
	struct drm_asahi_cmd_compute compute = {0};
	struct drm_asahi_cmd_header header;
	const uint8_t *bytes;
	uint32_t size, at = 0;

	bytes = agx_cmdbuf_bytes(f->cmdbuf, &size);
	for (;; k--) {
		assert_true(at + sizeof(header) <= size);
		memcpy(&header, bytes + at, sizeof(header));
		assert_int_equal(header.cmd_type, DRM_ASAHI_CMD_COMPUTE);
		at += sizeof(header);
		if (!k)
			break;
		at += header.size;
	}
	memcpy(&compute, bytes + at, header.size);
	return compute;
}

/* Commands have a helper if they need one, and the memory that there was when they were recorded. */
static void test_commands(void **state)
{
	struct fixture *f = *state;
	struct agx_shader *plain = make(f, AGX_STAGE_COMPUTE, "stop\n");
	struct agx_shader *small = make(f, AGX_STAGE_COMPUTE, spill_text, 76, "");
	struct agx_shader *larger = NULL, *own = NULL;
	const struct agx_bindings bindings = {
		.uniforms = &f->address,
		.uniform_bytes = sizeof(f->address),
	};
	const struct agx_dispatch dispatch = {.size = {THREADS}};
	struct drm_asahi_cmd_compute commands[5];

	for (unsigned int i = 0; i < 5; i++) {
		WELL(agx_compute_begin(f->cmdbuf, NULL));
		if (i == 2) {
			/* In the middle of a pass: there is more in its end. */
			larger = make(f, AGX_STAGE_COMPUTE, spill_text, 500, "");
			own = make(f, AGX_STAGE_COMPUTE,
				   ".preamble\nstack_adjust 4\nstop\n.main\nstop\n");
		}
		if (i == 3)
			WELL(agx_compute_launch(f->cmdbuf, own, &bindings, &dispatch));
		else if (i)
			WELL(agx_compute_launch(f->cmdbuf, i == 2 ? larger : small, &bindings,
						&dispatch));
		WELL(agx_compute_launch(f->cmdbuf, plain, NULL, &dispatch));
		if (i == 4)
			WELL(agx_compute_launch(f->cmdbuf, own, &bindings, &dispatch));
		WELL(agx_compute_end(f->cmdbuf));
	}
	WELL(agx_cmdbuf_end(f->cmdbuf));
	for (unsigned int i = 0; i < 5; i++) {
		commands[i] = command(f, i);
		if (!i)
			continue;
		assert_true(commands[i].helper.binary & 1);
		assert_int_equal(commands[i].helper.binary, commands[1].helper.binary);
		assert_int_equal(commands[i].helper.data == commands[1].helper.data, i == 1);
		assert_int_equal(commands[i].helper.cfg, i >= 3 ? 1 << 16 : 0);
	}
	assert_int_equal(commands[0].helper.binary | commands[0].helper.cfg, 0);
	assert_int_equal(commands[0].helper.data, 0);
	/* The first one's memory lives, though nobody will be given it any more. */
	agx_shader_destroy(small);
	agx_shader_destroy(larger);
	agx_shader_destroy(own);
	agx_shader_destroy(plain);
	run(f);
	/* Raw words may launch whatever was bound. */
	WELL(agx_cmdbuf_reset(f->cmdbuf));
	small = make(f, AGX_STAGE_COMPUTE, "stack_adjust 4\nstop\n");
	for (unsigned int i = 0; i < 2; i++) {
		static const uint32_t barrier = 3u << 29;
		struct agx_bound bound;

		WELL(agx_compute_begin(f->cmdbuf, NULL));
		if (i)
			WELL(agx_cmdbuf_bind(f->cmdbuf, small, NULL, &bound));
		WELL(agx_compute_raw(f->cmdbuf, &barrier, 4));
		WELL(agx_compute_end(f->cmdbuf));
	}
	WELL(agx_cmdbuf_end(f->cmdbuf));
	assert_int_equal(command(f, 0).helper.binary, 0);
	assert_int_equal(command(f, 1).helper.binary & 1, 1);
	agx_shader_destroy(small);
}

/* Vertex and fragment shaders have memory of their own each. */
static void test_render(void **state)
{
	struct fixture *f = *state;
	struct agx_shader *vertex = make(f, AGX_STAGE_VERTEX,
					 "stack_adjust 12\n"
					 "ldimm r1, 0\n"
					 "stack_store r1, 0, i32, x, a\n"
					 "wait a\n"
					 "st_var r1, 0\n"
					 "st_var r1, 1\n"
					 "st_var r1, 2\n"
					 "st_var r1, 3, last\n"
					 "stop\n");
	struct agx_shader *fragment = make(f, AGX_STAGE_FRAGMENT,
					   "stack_adjust 600\n"
					   "stop\n");
	const struct agx_render_pass pass = {.width = 64, .height = 64};
	struct agx_draw_state draw_state = {.primitive = AGX_PRIMITIVE_TRIANGLES};
	const struct agx_draw draw = {.count = 3};
	struct drm_asahi_cmd_render render;
	const uint8_t *bytes;
	uint32_t size;

	for (unsigned int i = 0; i < 4; i++) {
		WELL(agx_render_begin(f->cmdbuf, &pass));
		if (i) {
			WELL(agx_cmdbuf_bind(f->cmdbuf, vertex, NULL, &draw_state.vertex));
			WELL(agx_cmdbuf_bind(f->cmdbuf, fragment, NULL, &draw_state.fragment));
			if (i == 2)
				draw_state.fragment.shader = NULL;
			if (i == 3) {
				WELL(agx_render_raw(f->cmdbuf, "\0\0\0", 4));
			} else {
				WELL(agx_render_state(f->cmdbuf, &draw_state));
				WELL(agx_render_draw(f->cmdbuf, &draw));
			}
		}
		WELL(agx_render_end(f->cmdbuf));
		WELL(agx_cmdbuf_end(f->cmdbuf));
		bytes = agx_cmdbuf_bytes(f->cmdbuf, &size);
		assert_int_equal(size, sizeof(struct drm_asahi_cmd_header) + sizeof(render));
		memcpy(&render, bytes + sizeof(struct drm_asahi_cmd_header), sizeof(render));
		assert_int_equal(!!(render.flags & DRM_ASAHI_RENDER_VERTEX_SCRATCH), i > 0);
		assert_int_equal(render.vertex_helper.binary & 1, i > 0);
		assert_int_equal(render.fragment_helper.binary & 1, i == 1 || i == 3);
		if (i == 1) {
			assert_int_equal(render.vertex_helper.binary,
					 render.fragment_helper.binary);
			assert_int_not_equal(render.vertex_helper.data,
					     render.fragment_helper.data);
		}
		if (i < 3)
			WELL(agx_queue_run(f->queue, f->cmdbuf));
		WELL(agx_cmdbuf_reset(f->cmdbuf));
	}
	agx_shader_destroy(vertex);
	agx_shader_destroy(fragment);
}

/* After a fault stacks are out that nobody gives back, until no command buffer names the memory. */
static void test_faults(void **state)
{
	struct fixture *f = *state;
	const struct agx_dispatch dispatch = {.size = {1}};
	struct agx_shader *good, *bad;

	/* A node is a Mac's or a strict one's: faults on purpose are for GPUs of our own. */
	if (!agx_device_is_virtual(f->t->device))
		skip();
	good = make(f, AGX_STAGE_COMPUTE, spill_text, 76, "");
	bad = make(f, AGX_STAGE_COMPUTE, "stack_adjust 76\ntrap\nstop\n");
	f->t->allowed = "PROGRAM_TRAP";
	for (unsigned int i = 0; i <= LIB_SCRATCH_GROUPS; i++) {
		WELL(agx_compute_begin(f->cmdbuf, NULL));
		WELL(agx_compute_launch(f->cmdbuf, bad, NULL, &dispatch));
		WELL(agx_compute_end(f->cmdbuf));
		WELL(agx_cmdbuf_end(f->cmdbuf));
		assert_int_equal(agx_queue_run(f->queue, f->cmdbuf), -EIO);
		WELL(agx_cmdbuf_reset(f->cmdbuf));
	}
	f->t->allowed = NULL;
	record(f, good);
	run(f);
	agx_shader_destroy(good);
	agx_shader_destroy(bad);
}

static void test_classes(void **state)
{
	/* Mesa's: 1 up to 8 words, then one more for each doubling. */
	static const unsigned int words[] = {1, 8, 9, 16, 17, 32, 76, 129, 256, 257, 65536, 131072};
	static const unsigned int classes[] = {1, 1, 2, 2, 3, 3, 5, 6, 6, 7, 14, 15};

	(void)state;
	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_int_equal(lib_scratch_class(words[i]), classes[i]);
}

/* What the text said is said again. */
static void test_listing(void **state)
{
	struct fixture *f = *state;
	struct agx_shader *shader =
		make(f, AGX_STAGE_COMPUTE, ".scratch 77\nstack_adjust 4\nstop\n");
	struct agx_shader_params params = {.stage = AGX_STAGE_COMPUTE};
	char text[512];

	assert_int_equal(agx_shader_info(shader)->scratch_bytes, 80);
	assert_true(agx_shader_listing(shader, text, sizeof(text)) < sizeof(text));
	assert_non_null(strstr(text, ".scratch 80\n"));
	agx_shader_destroy(shader);
	params.text = text;
	WELL(agx_shader_create(f->vm, &params, &shader));
	assert_int_equal(agx_shader_info(shader)->scratch_bytes, 80);
	agx_shader_destroy(shader);
}

static void test_refused(void **state)
{
	static const struct {
		int ret;
		enum agx_stage stage;
		const char *text, *message;
	} cases[] = {
		{-EINVAL, 0, "stack_load r4, 0, i32, x, a\nstop", "no stack_adjust asks for some"},
		{-EINVAL, 0, ".preamble\nstack_load r4, 0, i32, x, a\nstop\n.main\nstop",
		 "preamble: it uses the stack, and no stack_adjust"},
		{-EINVAL, 0, "stack_adjust 4\nstack_load r4, 16, i32, x, a\nstop",
		 "it uses 20 bytes of stack, and stack_adjust asks for 4 words"},
		{-EINVAL, 0, ".scratch 12\nstack_adjust 4\nstop",
		 "at least the 16 bytes of scratch that the code asks for expected, got 12"},
		{-EINVAL, 0, "stack_adjust r4\nstop", "a number of words expected"},
		{-E2BIG, 0, ".scratch 524292\nstop", "at most 131072 words of stack, got 131073"},
		{-ENOMEM, 0, ".scratch 524288\nstop", "at most 1024 MiB expected"},
		{-ENOTSUP, AGX_STAGE_BACKGROUND, "stack_adjust 4\nstop", "no stack"},
		{-ENOTSUP, AGX_STAGE_END_OF_TILE, ".scratch 4\nstop", "no stack"},
	};
	struct fixture *f = *state;

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct agx_shader_params params = {
			.stage = cases[i].stage,
			.text = cases[i].text,
		};
		struct agx_shader *shader;

		assert_int_equal(agx_shader_create(f->vm, &params, &shader), cases[i].ret);
		assert_null(shader);
		if (!strstr(agx_error(f->t->ctx), cases[i].message))
			fail_msg("\"%s\" expected, got \"%s\"", cases[i].message,
				 agx_error(f->t->ctx));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spills),
		cmocka_unit_test(test_classes),
		cmocka_unit_test_setup_teardown(test_barriers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_preamble, setup, teardown),
		cmocka_unit_test_setup_teardown(test_commands, setup, teardown),
		cmocka_unit_test_setup_teardown(test_render, setup, teardown),
		cmocka_unit_test_setup_teardown(test_faults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_listing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
