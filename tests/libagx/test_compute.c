// SPDX-License-Identifier: MIT
/*
 * Compute passes: executed on virtual GPUs that judge everything, results read back; and what is refused.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <agx/agx.h>

#include "device.h"

struct fixture {
	struct test_device *t;
	struct agx_vm *vm;
	struct agx_queue *queue;
	struct agx_cmdbuf *cmdbuf;
	struct agx_buffer *buffer;
	uint32_t *words; /* of the buffer */
	uint64_t address;
};

#define BUFFER_SIZE (1u << 20)

static const char *gpu = "t8103";

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || test_device_open(gpu, &f->t))
		return -1;
	*state = f;
	if (agx_vm_create(f->t->device, &f->vm) ||
	    agx_queue_create(f->vm, AGX_PRIORITY_MEDIUM, &f->queue) ||
	    agx_cmdbuf_create(f->vm, &f->cmdbuf) ||
	    agx_buffer_create(f->vm, BUFFER_SIZE, 0, &f->buffer)) {
		fprintf(stderr, "%s\n", agx_error(f->t->ctx));
		return -1;
	}
	f->words = agx_buffer_map(f->buffer);
	f->address = agx_buffer_address(f->buffer);
	return f->words ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int ret;

	agx_cmdbuf_destroy(f->cmdbuf);
	agx_buffer_destroy(f->buffer);
	agx_queue_destroy(f->queue);
	agx_vm_destroy(f->vm);
	ret = test_device_close(f->t);
	free(f);
	return ret;
}

static void well(struct fixture *f, int ret, int line)
{
	if (ret)
		fail_msg("line %d: %d: %s", line, ret, agx_error(f->t->ctx));
}

#define WELL(ret) well(f, ret, __LINE__)

static struct agx_shader *make(struct fixture *f, const char *text)
{
	struct agx_shader_params params = {.stage = AGX_STAGE_COMPUTE, .text = text};
	struct agx_shader *shader;

	WELL(agx_shader_create(f->vm, &params, &shader));
	return shader;
}

/* Ends, runs, and makes empty. */
static void run(struct fixture *f)
{
	WELL(agx_cmdbuf_end(f->cmdbuf));
	WELL(agx_queue_run(f->queue, f->cmdbuf));
	WELL(agx_cmdbuf_reset(f->cmdbuf));
}

static void run_one(struct fixture *f, const struct agx_shader *shader,
		    const struct agx_bindings *bindings, const struct agx_dispatch *dispatch)
{
	WELL(agx_compute_begin(f->cmdbuf, NULL));
	WELL(agx_compute_launch(f->cmdbuf, shader, bindings, dispatch));
	WELL(agx_compute_end(f->cmdbuf));
	run(f);
}

/* c[i] = a[i] + b[i]; du0, du2, du4: a, b, c */
static const char add_text[] = "mov r1, thread_in_grid_x\n"
			       "load r2, du0, r1, i32, x, a\n"
			       "load r3, du2, r1, i32, x, b\n"
			       "wait a\n"
			       "wait b\n"
			       "iadd r2, r2, r3\n"
			       "store r2, du4, r1, i32, x, a\n"
			       "stop\n";

/* Adds u2 to the word of each thread at du0. */
static const char bump_text[] = "mov r1, thread_in_grid_x\n"
				"load r2, du0, r1, i32, x, a\n"
				"wait a\n"
				"iadd r2, r2, u2\n"
				"store r2, du0, r1, i32, x, a\n"
				"stop\n";

struct bump {
	uint64_t address;
	uint32_t add, pad;
};

/* Each thread counts at du0: an atomic of all. */
static const char count_text[] = "ldimm r0, 1\n"
				 "atomic _, r0, du0, 0, add, coherent1, a\n"
				 "stop\n";

static void check_vector_add(struct fixture *f, unsigned int n, enum agx_dispatch_mode mode)
{
	struct agx_shader *shader = make(f, add_text);
	const uint64_t addresses[] = {f->address, f->address + 4ull * n, f->address + 8ull * n};
	const struct agx_bindings bindings = {
		.uniforms = addresses,
		.uniform_bytes = sizeof(addresses),
	};
	const struct agx_dispatch dispatch = {
		.mode = mode,
		.size = {mode == AGX_DISPATCH_GROUPS ? n / 64 : n},
		.group = {64},
	};

	memset(f->words, 0, BUFFER_SIZE);
	for (unsigned int i = 0; i < n; i++) {
		f->words[i] = i * 3;
		f->words[n + i] = 1000000 - i;
	}
	run_one(f, shader, &bindings, &dispatch);
	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(f->words[2 * n + i], i * 2 + 1000000);
	/* No thread beyond the last. */
	assert_int_equal(f->words[3 * n], 0);
	agx_shader_destroy(shader);
}

static void test_vector_add(void **state)
{
	check_vector_add(*state, 4096, AGX_DISPATCH_GROUPS);
	check_vector_add(*state, 4096, AGX_DISPATCH_THREADS);
	/* The last group is cut. */
	check_vector_add(*state, 1000, AGX_DISPATCH_THREADS);
	check_vector_add(*state, 1, AGX_DISPATCH_THREADS);
}

/* Uniform words number 0, 2 and so on of count words arrive, wherever they are said to. */
static void check_uniforms(struct fixture *f, unsigned int count, bool ranges)
{
	char text[256 * 64], *p = text;
	uint32_t values[256];
	struct agx_uniform_range range[4];
	struct agx_bindings bindings = {0};
	const struct agx_dispatch dispatch = {.size = {1}};
	struct agx_shader *shader;
	uint32_t *memory;
	uint64_t address;

	/* The two first words are the address to store to. */
	for (unsigned int i = 2; i < count; i++)
		p += sprintf(p, "mov r1, u%u\nldimm r2, %u\nstore r1, du0, r2, i32, x, a\nwait a\n",
			     i, i);
	sprintf(p, "stop\n");
	shader = make(f, text);
	memcpy(values, &f->address, 8);
	for (unsigned int i = 2; i < count; i++)
		values[i] = 0x1000000 + i * 77;
	memset(f->words, 0, 4096);
	if (ranges) {
		/* u0 and u1 copied; the rest by two ranges out of order. */
		const unsigned int half = 2 + (count - 2) / 2;

		memory = agx_cmdbuf_alloc(f->cmdbuf, sizeof(values), 64, &address);
		assert_non_null(memory);
		memcpy(memory, values, sizeof(values));
		range[0] = (struct agx_uniform_range){
			.first = (uint16_t)(half * 2),
			.count = (uint16_t)((count - half) * 2),
			.address = address + half * 4,
		};
		range[1] = (struct agx_uniform_range){
			.first = 4,
			.count = (uint16_t)((half - 2) * 2),
			.address = address + 8,
		};
		bindings.ranges = range;
		bindings.range_count = 2;
		bindings.uniform_bytes = 8;
	} else {
		bindings.uniform_bytes = count * 4;
	}
	bindings.uniforms = values;
	run_one(f, shader, &bindings, &dispatch);
	for (unsigned int i = 2; i < count; i++)
		assert_int_equal(f->words[i], values[i]);
	agx_shader_destroy(shader);
}

static void test_uniforms(void **state)
{
	static const unsigned int counts[] = {3, 31, 32, 33, 64, 127, 128, 129, 130, 200, 255, 256};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		check_uniforms(*state, counts[i], false);
		if (counts[i] > 3)
			check_uniforms(*state, counts[i], true);
	}
}

static void test_preamble(void **state)
{
	struct fixture *f = *state;
	/* u10 = the word at du2, plus one; each thread stores it. */
	struct agx_shader *shader = make(f, ".threads 32\n"
					    ".preamble\n"
					    "load r0, du2, 0, i32, x, a\n"
					    "wait a\n"
					    "iadd r0, r0, 1\n"
					    "mov u10, r0\n"
					    "stop\n"
					    ".main\n"
					    "mov r1, thread_in_grid_x\n"
					    "mov r5, u10\n"
					    "store r5, du0, r1, i32, x, a\n"
					    "stop\n");
	const uint64_t addresses[] = {f->address, f->address + 4096};
	const struct agx_bindings bindings = {
		.uniforms = addresses,
		.uniform_bytes = sizeof(addresses),
	};
	const struct agx_dispatch dispatch = {.mode = AGX_DISPATCH_GROUPS, .size = {3}};

	f->words[1024] = 41;
	run_one(f, shader, &bindings, &dispatch);
	for (unsigned int i = 0; i < 96; i++)
		assert_int_equal(f->words[i], 42);
	assert_int_equal(f->words[96], 0);
	agx_shader_destroy(shader);
}

static void test_local(void **state)
{
	struct fixture *f = *state;
	/* Each group turns its 64 words around. */
	struct agx_shader *shader = make(f, ".threads 64\n"
					    ".local 256\n"
					    "mov r1, thread_in_grid_x\n"
					    "mov r2l, thread_index_in_threadgroup\n"
					    "load r3, du0, r1, i32, x, a\n"
					    "wait a\n"
					    "lstore r3, r2l, i32, x\n"
					    "barrier\n"
					    "ldimm r4, 63\n"
					    "isub r4l, r4l, r2l\n"
					    "lload r3, r4l, i32, x\n"
					    "store r3, du2, r1, i32, x, a\n"
					    "stop\n");
	const uint64_t addresses[] = {f->address, f->address + 65536};
	const struct agx_bindings bindings = {
		.uniforms = addresses,
		.uniform_bytes = sizeof(addresses),
	};
	const struct agx_dispatch dispatch = {.mode = AGX_DISPATCH_GROUPS, .size = {16}};

	for (unsigned int i = 0; i < 1024; i++)
		f->words[i] = i;
	run_one(f, shader, &bindings, &dispatch);
	for (unsigned int i = 0; i < 1024; i++)
		assert_int_equal(f->words[16384 + i], (i & ~63u) + 63 - i % 64);
	agx_shader_destroy(shader);
}

static void test_atomics(void **state)
{
	struct fixture *f = *state;
	struct agx_shader *shader = make(f, count_text);
	const struct agx_bindings bindings = {
		.uniforms = &f->address,
		.uniform_bytes = sizeof(f->address),
	};
	const struct agx_dispatch dispatch = {
		.size = {33, 7, 5},
		.group = {8, 4, 2},
	};

	run_one(f, shader, &bindings, &dispatch);
	assert_int_equal(f->words[0], 33 * 7 * 5);
	agx_shader_destroy(shader);
}

static void test_indirect(void **state)
{
	struct fixture *f = *state;
	struct agx_shader *shader = make(f, count_text);
	const struct agx_bindings bindings = {
		.uniforms = &f->address,
		.uniform_bytes = sizeof(f->address),
	};
	struct agx_dispatch dispatch = {
		.mode = AGX_DISPATCH_INDIRECT,
		.group = {16, 2},
		.address = f->address + 256,
	};
	static const uint32_t groups[] = {5, 3, 2}, threads[] = {100, 3, 1, 32, 2, 1};

	memcpy(&f->words[64], groups, sizeof(groups));
	run_one(f, shader, &bindings, &dispatch);
	assert_int_equal(f->words[0], 5 * 3 * 2 * 32);
	f->words[0] = 0;
	memcpy(&f->words[64], threads, sizeof(threads));
	dispatch.mode = AGX_DISPATCH_INDIRECT_THREADS;
	run_one(f, shader, &bindings, &dispatch);
	assert_int_equal(f->words[0], 300);
	agx_shader_destroy(shader);
}

/* Several dispatches see what those in front of them wrote; passes too; and a buffer can be used again. */
static void test_order(void **state)
{
	struct fixture *f = *state;
	struct agx_shader *shader = make(f, bump_text);
	const struct agx_dispatch dispatch = {.size = {64}, .group = {32}};
	struct agx_bound one, ten;
	struct bump values = {f->address, 1, 0};
	struct agx_bindings bindings = {
		.uniforms = &values,
		.uniform_bytes = sizeof(values),
	};

	for (unsigned int round = 0; round < 3; round++) {
		memset(f->words, 0, 4096);
		values.add = 1;
		WELL(agx_cmdbuf_bind(f->cmdbuf, shader, &bindings, &one));
		values.add = 10;
		WELL(agx_cmdbuf_bind(f->cmdbuf, shader, &bindings, &ten));
		for (unsigned int pass = 0; pass < 4; pass++) {
			WELL(agx_compute_begin(f->cmdbuf, NULL));
			for (unsigned int i = 0; i < 5; i++) {
				WELL(agx_compute_dispatch(f->cmdbuf, &one, &dispatch));
				WELL(agx_compute_dispatch(f->cmdbuf, &ten, &dispatch));
			}
			WELL(agx_compute_end(f->cmdbuf));
		}
		WELL(agx_cmdbuf_end(f->cmdbuf));
		WELL(agx_queue_run(f->queue, f->cmdbuf));
		WELL(agx_queue_run(f->queue, f->cmdbuf));
		for (unsigned int i = 0; i < 64; i++)
			assert_int_equal(f->words[i], 2 * 4 * 5 * 11);
		assert_int_equal(f->words[64], 0);
		WELL(agx_cmdbuf_reset(f->cmdbuf));
	}
	agx_shader_destroy(shader);
}

/* Overlapping dispatches that have nothing to do with each other, then one that adds to all. */
static void test_overlap(void **state)
{
	struct fixture *f = *state;
	struct agx_shader *shader = make(f, bump_text);
	const struct agx_compute_pass overlap = {.overlap = true};
	struct agx_dispatch dispatch = {.size = {32}, .group = {32}};
	struct bump values = {f->address, 5, 0};
	struct agx_bindings bindings = {
		.uniforms = &values,
		.uniform_bytes = sizeof(values),
	};

	WELL(agx_compute_begin(f->cmdbuf, NULL));
	WELL(agx_compute_overlap_begin(f->cmdbuf));
	for (unsigned int i = 0; i < 8; i++) {
		values.address = f->address + i * 128ull;
		WELL(agx_compute_launch(f->cmdbuf, shader, &bindings, &dispatch));
		if (i == 4)
			WELL(agx_compute_barrier(f->cmdbuf));
	}
	WELL(agx_compute_overlap_end(f->cmdbuf));
	WELL(agx_compute_barrier(f->cmdbuf));
	values.address = f->address;
	dispatch.size[0] = 256;
	WELL(agx_compute_launch(f->cmdbuf, shader, &bindings, &dispatch));
	WELL(agx_compute_end(f->cmdbuf));
	values.address = f->address + 4096;
	WELL(agx_compute_begin(f->cmdbuf, &overlap));
	WELL(agx_compute_launch(f->cmdbuf, shader, &bindings, &dispatch));
	WELL(agx_compute_end(f->cmdbuf));
	run(f);
	for (unsigned int i = 0; i < 256; i++) {
		assert_int_equal(f->words[i], 10);
		assert_int_equal(f->words[1024 + i], 5);
	}
	agx_shader_destroy(shader);
}

/* More than fits a piece of a stream, and a chunk of memory. */
static void test_growth(void **state)
{
	struct fixture *f = *state;
	struct agx_shader *shader = make(f, count_text);
	const struct agx_dispatch dispatch = {.size = {1}};
	const struct agx_bindings bindings = {
		.uniforms = &f->address,
		.uniform_bytes = sizeof(f->address),
	};
	uint64_t first = 0, again = 0, large;
	struct agx_bound bound;
	uint8_t *map;

	for (unsigned int round = 0; round < 2; round++) {
		f->words[0] = 0;
		WELL(agx_compute_begin(f->cmdbuf, NULL));
		assert_non_null(agx_cmdbuf_alloc(f->cmdbuf, 1, 16384, round ? &again : &first));
		for (unsigned int i = 0; i < 3000; i++) {
			if (i % 50 == 0)
				WELL(agx_cmdbuf_bind(f->cmdbuf, shader, &bindings, &bound));
			WELL(agx_compute_dispatch(f->cmdbuf, &bound, &dispatch));
		}
		map = agx_cmdbuf_alloc(f->cmdbuf, 5 << 20, 256, &large);
		assert_non_null(map);
		assert_int_equal(large % 256, 0);
		map[0] = map[(5 << 20) - 1] = 1;
		WELL(agx_compute_end(f->cmdbuf));
		run(f);
		assert_int_equal(f->words[0], 3000);
	}
	/* Memory is kept over a reset. */
	assert_int_equal(first, again);
	agx_shader_destroy(shader);
}

/* Shaders are held by what they are bound in. */
static void test_shader_held(void **state)
{
	struct fixture *f = *state;
	struct agx_shader *shader = make(f, count_text);
	const struct agx_bindings bindings = {
		.uniforms = &f->address,
		.uniform_bytes = sizeof(f->address),
	};
	const struct agx_dispatch dispatch = {.size = {77}, .group = {32}};

	WELL(agx_compute_begin(f->cmdbuf, NULL));
	WELL(agx_compute_launch(f->cmdbuf, shader, &bindings, &dispatch));
	agx_shader_destroy(shader);
	/* Would take the other's place. */
	shader = make(f, "stop\n");
	WELL(agx_compute_end(f->cmdbuf));
	run(f);
	assert_int_equal(f->words[0], 77);
	agx_shader_destroy(shader);
}

static void test_timestamps(void **state)
{
	struct fixture *f = *state;
	struct agx_shader *shader = make(f, "stop\n");
	const struct agx_dispatch dispatch = {.size = {32}, .group = {32}};
	struct agx_compute_pass pass = {.timestamps = {.begin = 1, .end = 0}};
	struct agx_timestamps *timestamps;

	WELL(agx_timestamps_create(f->vm, 2, &timestamps));
	pass.timestamps.timestamps = timestamps;
	WELL(agx_compute_begin(f->cmdbuf, &pass));
	WELL(agx_compute_launch(f->cmdbuf, shader, NULL, &dispatch));
	WELL(agx_compute_end(f->cmdbuf));
	run(f);
	assert_true(agx_timestamps_get(timestamps, 1) > 0);
	assert_true(agx_timestamps_get(timestamps, 0) >= agx_timestamps_get(timestamps, 1));
	pass.timestamps.end = 2;
	assert_true(agx_compute_begin(f->cmdbuf, &pass) < 0);
	WELL(agx_cmdbuf_reset(f->cmdbuf));
	agx_timestamps_destroy(timestamps);
	agx_shader_destroy(shader);
}

/* Texture and sampler states: all of them, samplers with borders, one that nobody gives. */
static void test_states(void **state)
{
	static const char *const samplers[] = {"ss0", "ss0", "ss6", "ss15"};
	static const unsigned int counts[] = {0, 1, 7, 16};
	struct fixture *f = *state;
	const struct agx_layout_params layout = {
		.format = AGX_FORMAT_R32_UINT,
		.dimension = AGX_DIMENSION_2D,
		.width = 4,
		.height = 4,
	};
	const struct agx_dispatch dispatch = {.size = {1}};
	struct agx_texture textures[128];
	struct agx_sampler given[16];
	struct agx_bindings bindings = {
		.uniforms = &f->address,
		.uniform_bytes = sizeof(f->address),
		.textures = textures,
		.texture_count = 128,
		.samplers = given,
	};
	struct agx_image *image, *last;
	struct agx_shader *shader;
	struct agx_bound bound;
	uint32_t texels[16];
	char text[512];

	WELL(agx_image_create(f->vm, &layout, 0, &image));
	WELL(agx_image_create(f->vm, &layout, 0, &last));
	for (unsigned int i = 0; i < 16; i++)
		texels[i] = 100 + i;
	WELL(agx_image_upload(image, NULL, AGX_FORMAT_NONE, texels, 0));
	for (unsigned int i = 0; i < 16; i++)
		texels[i] = 7000 + i;
	WELL(agx_image_upload(last, NULL, AGX_FORMAT_NONE, texels, 0));
	for (unsigned int i = 0; i < 128; i++)
		WELL(agx_texture_of(i == 127 ? last : image, NULL, &textures[i]));
	for (unsigned int i = 0; i < 16; i++) {
		const struct agx_sampler_params params = {.min_lod = 0};

		WELL(agx_sampler_init(f->t->ctx, &params, &given[i]));
	}
	for (unsigned int round = 0; round < 8; round++) {
		/* The second time with border colours. */
		given[0].custom_border = round >= 4;
		bindings.sampler_count = counts[round % 4];
		snprintf(text, sizeof(text),
			 "ldimm r0, 3\nldimm r1, 2\n"
			 "smpi r4_r5_r6_r7, ts%u, %s, r0, 0, 2d, xyzw, auto_lod, a\n"
			 "wait a\nstore r4, du0, 0, i32, x, a\nstop\n",
			 round % 2 ? 127 : 3, samplers[round % 4]);
		shader = make(f, text);
		f->words[0] = 0;
		run_one(f, shader, &bindings, &dispatch);
		assert_int_equal(f->words[0], (round % 2 ? 7000 : 100) + 11);
		agx_shader_destroy(shader);
	}
	given[0].custom_border = false;
	bindings.texture_count = 127;
	shader = make(f, "smpi r4_r5_r6_r7, ts127, ss0, r0, 0, 2d, xyzw, auto_lod, a\nstop\n");
	assert_int_equal(agx_cmdbuf_bind(f->cmdbuf, shader, &bindings, &bound), -EINVAL);
	assert_non_null(strstr(agx_error(f->t->ctx), "it names ts127"));
	agx_shader_destroy(shader);
	WELL(agx_cmdbuf_reset(f->cmdbuf));
	bindings.sampler_count = 2;
	shader = make(f, "smpf r4_r5_r6_r7, ts1, ss2, r0, 0, 2d, xyzw, auto_lod, a\nstop\n");
	assert_int_equal(agx_cmdbuf_bind(f->cmdbuf, shader, &bindings, &bound), -EINVAL);
	assert_non_null(strstr(agx_error(f->t->ctx), "it names ss2"));
	agx_shader_destroy(shader);
	WELL(agx_cmdbuf_reset(f->cmdbuf));
	agx_image_destroy(image);
	agx_image_destroy(last);
}

/* Submitted many times over; what is under way cannot be recorded anew; nothing can be submitted too. */
static void test_in_flight(void **state)
{
	struct fixture *f = *state;
	struct agx_shader *shader = make(f, count_text);
	const struct agx_dispatch dispatch = {.size = {64}, .group = {32}};
	const struct agx_bindings bindings = {
		.uniforms = &f->address,
		.uniform_bytes = sizeof(f->address),
	};
	struct agx_sync_point gate = {0};
	const struct agx_submission submission = {
		.cmdbufs = &f->cmdbuf,
		.cmdbuf_count = 1,
		.waits = &gate,
		.wait_count = 1,
	};
	uint32_t size;

	WELL(agx_cmdbuf_end(f->cmdbuf));
	assert_non_null(agx_cmdbuf_bytes(f->cmdbuf, &size));
	assert_int_equal(size, 0);
	WELL(agx_queue_run(f->queue, f->cmdbuf));
	WELL(agx_cmdbuf_reset(f->cmdbuf));

	WELL(agx_sync_create(f->t->device, AGX_SYNC_TIMELINE, &gate.sync));
	gate.point = 1;
	WELL(agx_compute_begin(f->cmdbuf, NULL));
	WELL(agx_compute_launch(f->cmdbuf, shader, &bindings, &dispatch));
	WELL(agx_compute_end(f->cmdbuf));
	WELL(agx_cmdbuf_end(f->cmdbuf));
	WELL(agx_sync_signal(gate.sync, 1));
	for (unsigned int i = 0; i < 20; i++)
		WELL(agx_queue_submit(f->queue, &submission));
	/* Whether it has ended by now is chance; that it has is certain once it can be reset. */
	while (agx_cmdbuf_reset(f->cmdbuf)) {
		assert_non_null(strstr(agx_error(f->t->ctx), "still under way"));
		WELL(agx_queue_wait(f->queue, AGX_FOREVER));
	}
	assert_int_equal(f->words[0], 20 * 64);
	agx_sync_destroy(gate.sync);
	agx_shader_destroy(shader);
}

/* A barrier as raw words; a submission of two command buffers. */
static void test_raw_and_two(void **state)
{
	static const uint32_t barrier = 0x600fffff;
	struct fixture *f = *state;
	struct agx_shader *shader = make(f, bump_text);
	const struct agx_dispatch dispatch = {.size = {32}, .group = {32}};
	const struct bump values = {f->address, 3, 0};
	const struct agx_bindings bindings = {
		.uniforms = &values,
		.uniform_bytes = sizeof(values),
	};
	struct agx_cmdbuf *cmdbufs[2] = {f->cmdbuf};
	const struct agx_submission submission = {.cmdbufs = cmdbufs, .cmdbuf_count = 2};

	WELL(agx_cmdbuf_create(f->vm, &cmdbufs[1]));
	for (unsigned int i = 0; i < 2; i++) {
		for (unsigned int pass = 0; pass < 3; pass++) {
			WELL(agx_compute_begin(cmdbufs[i], NULL));
			WELL(agx_compute_launch(cmdbufs[i], shader, &bindings, &dispatch));
			WELL(agx_compute_raw(cmdbufs[i], &barrier, sizeof(barrier)));
			WELL(agx_compute_end(cmdbufs[i]));
		}
		WELL(agx_cmdbuf_end(cmdbufs[i]));
	}
	WELL(agx_queue_submit(f->queue, &submission));
	WELL(agx_queue_wait(f->queue, AGX_FOREVER));
	for (unsigned int i = 0; i < 32; i++)
		assert_int_equal(f->words[i], 18);
	agx_cmdbuf_destroy(cmdbufs[1]);
	agx_shader_destroy(shader);
}

/*
 * Misuse
 */

static void refused(struct fixture *f, int got, int expected, const char *message, int line)
{
	char text[512];

	if (got != expected || !strstr(agx_error(f->t->ctx), message))
		fail_msg("line %d: expected %d '%s', got %d '%s'", line, expected, message, got,
			 agx_error(f->t->ctx));
	/* The end says the same. */
	agx_error_copy(f->t->ctx, text, sizeof(text));
	assert_int_equal(agx_cmdbuf_end(f->cmdbuf), expected);
	assert_string_equal(agx_error(f->t->ctx), text);
	assert_true(agx_queue_run(f->queue, f->cmdbuf) < 0);
	WELL(agx_cmdbuf_reset(f->cmdbuf));
}

#define REFUSED(call, message) refused(f, call, -EINVAL, message, __LINE__)

static void test_misuse(void **state)
{
	struct fixture *f = *state;
	struct agx_shader *count = make(f, count_text), *stop = make(f, "stop\n");
	const struct agx_dispatch one = {.size = {1}};
	struct agx_bindings bindings = {
		.uniforms = &f->address,
		.uniform_bytes = sizeof(f->address),
	};
	struct agx_dispatch d = one;
	struct agx_bound bound, old;
	uint32_t size, words[257] = {0};
	uint64_t address;

	REFUSED(agx_compute_end(f->cmdbuf), "expected a compute pass to be open, got no pass");
	REFUSED(agx_compute_barrier(f->cmdbuf), "barrier: expected a compute pass");
	REFUSED(agx_compute_launch(f->cmdbuf, stop, NULL, &one), "launch: expected a compute pass");
	WELL(agx_compute_begin(f->cmdbuf, NULL));
	REFUSED(agx_compute_begin(f->cmdbuf, NULL), "expected no pass to be open");
	WELL(agx_compute_begin(f->cmdbuf, NULL));
	REFUSED(agx_compute_overlap_end(f->cmdbuf), "none is open");
	WELL(agx_compute_begin(f->cmdbuf, NULL));
	WELL(agx_compute_overlap_begin(f->cmdbuf));
	REFUSED(agx_compute_overlap_begin(f->cmdbuf), "do not nest");
	WELL(agx_compute_begin(f->cmdbuf, NULL));
	WELL(agx_compute_overlap_begin(f->cmdbuf));
	REFUSED(agx_compute_end(f->cmdbuf), "overlap group is still open");

	/* What is bound. */
	WELL(agx_cmdbuf_bind(f->cmdbuf, stop, NULL, &old));
	WELL(agx_cmdbuf_reset(f->cmdbuf));
	WELL(agx_compute_begin(f->cmdbuf, NULL));
	REFUSED(agx_compute_dispatch(f->cmdbuf, &old, &one), "before a reset");
	WELL(agx_compute_begin(f->cmdbuf, NULL));
	memset(&bound, 0, sizeof(bound));
	REFUSED(agx_compute_dispatch(f->cmdbuf, &bound, &one), "before a reset");
	REFUSED(agx_cmdbuf_bind(f->cmdbuf, count, NULL, &bound),
		"it names u0l, which the bindings do not give: they have none");
	bindings.uniform_bytes = 4;
	REFUSED(agx_cmdbuf_bind(f->cmdbuf, count, &bindings, &bound),
		"it names u1l, which the bindings do not give: they have u0 to u0");
	bindings.uniform_bytes = 1028;
	REFUSED(agx_cmdbuf_bind(f->cmdbuf, count, &bindings, &bound), "1024 bytes of uniforms");
	bindings.uniform_bytes = 8;

	/* Counts without anything behind them. */
	bindings.texture_count = 1;
	REFUSED(agx_cmdbuf_bind(f->cmdbuf, count, &bindings, &bound), "pointers to 1 textures");
	bindings.texture_count = 0;
	bindings.sampler_count = 1;
	REFUSED(agx_cmdbuf_bind(f->cmdbuf, count, &bindings, &bound), "and 1 samplers");
	bindings.sampler_count = 0;

	/* Ranges. */
	struct agx_uniform_range r = {.first = 1, .count = 2, .address = f->address};

	bindings.range_count = 1;
	REFUSED(agx_cmdbuf_bind(f->cmdbuf, count, &bindings, &bound), "a pointer to 1 ranges");
	bindings.ranges = &r;
	REFUSED(agx_cmdbuf_bind(f->cmdbuf, count, &bindings, &bound), "even first half");
	r.first = 510;
	r.count = 3;
	REFUSED(agx_cmdbuf_bind(f->cmdbuf, count, &bindings, &bound), "3 halves from 510");
	r.count = 0;
	REFUSED(agx_cmdbuf_bind(f->cmdbuf, count, &bindings, &bound), "0 halves");
	r.count = 2;
	r.address += 2;
	REFUSED(agx_cmdbuf_bind(f->cmdbuf, count, &bindings, &bound), "multiple of 4");
	r.address = UINT64_MAX & ~3ull;
	REFUSED(agx_cmdbuf_bind(f->cmdbuf, count, &bindings, &bound), "multiple of 4");
	r.address = f->address;
	r.first = 2;
	REFUSED(agx_cmdbuf_bind(f->cmdbuf, count, &bindings, &bound), "gives already");
	bindings.range_count = 0;
	bindings.texture_count = 129;
	REFUSED(agx_cmdbuf_bind(f->cmdbuf, count, &bindings, &bound), "128 texture");
	bindings.texture_count = 0;

	/* Sizes. */
	d.group[0] = 1025;
	WELL(agx_compute_begin(f->cmdbuf, NULL));
	REFUSED(agx_compute_launch(f->cmdbuf, stop, NULL, &d), "at most 1024 threads, got 1025");
	d.group[0] = d.group[1] = 33;
	WELL(agx_compute_begin(f->cmdbuf, NULL));
	REFUSED(agx_compute_launch(f->cmdbuf, stop, NULL, &d), "at most 1024 threads, got 33x33x1");
	d.group[0] = d.group[1] = 16;
	d.mode = AGX_DISPATCH_GROUPS;
	d.size[1] = 1u << 28;
	WELL(agx_compute_begin(f->cmdbuf, NULL));
	REFUSED(agx_compute_launch(f->cmdbuf, stop, NULL, &d), "268435456 groups of 16 threads");
	d.mode = AGX_DISPATCH_INDIRECT;
	d.address = f->address + 2;
	WELL(agx_compute_begin(f->cmdbuf, NULL));
	REFUSED(agx_compute_launch(f->cmdbuf, stop, NULL, &d), "multiple of 4");
	d.address = 0;
	WELL(agx_compute_begin(f->cmdbuf, NULL));
	REFUSED(agx_compute_launch(f->cmdbuf, stop, NULL, &d), "got 0x0");
	d.mode = (enum agx_dispatch_mode)9;
	WELL(agx_compute_begin(f->cmdbuf, NULL));
	REFUSED(agx_compute_launch(f->cmdbuf, stop, NULL, &d), "no mode 9");

	/* Raw words, memory. */
	WELL(agx_compute_begin(f->cmdbuf, NULL));
	REFUSED(agx_compute_raw(f->cmdbuf, words, 6), "a multiple of 4, got 6");
	WELL(agx_compute_begin(f->cmdbuf, NULL));
	REFUSED(agx_compute_raw(f->cmdbuf, words, 1028), "got 1028");
	assert_null(agx_cmdbuf_alloc(f->cmdbuf, 8, 3, &address));
	REFUSED(agx_compute_begin(f->cmdbuf, NULL), "a power of two");
	assert_null(agx_cmdbuf_alloc(f->cmdbuf, 0, 4, &address));
	REFUSED(agx_compute_begin(f->cmdbuf, NULL), "expected a size");
	assert_null(agx_cmdbuf_alloc(f->cmdbuf, 8, 32768, &address));
	REFUSED(agx_compute_begin(f->cmdbuf, NULL), "up to 16384");
	assert_null(agx_cmdbuf_alloc(f->cmdbuf, SIZE_MAX, 4, &address));
	refused(f, agx_compute_begin(f->cmdbuf, NULL), -ENOMEM, "more than addresses", __LINE__);

	/* The first error stays. */
	assert_int_equal(agx_compute_end(f->cmdbuf), -EINVAL);
	assert_int_equal(agx_compute_begin(f->cmdbuf, NULL), -EINVAL);
	REFUSED(agx_compute_overlap_begin(f->cmdbuf), "compute pass end: expected");

	/* Out of order. */
	assert_null(agx_cmdbuf_bytes(f->cmdbuf, &size));
	assert_true(agx_queue_run(f->queue, f->cmdbuf) < 0);
	assert_non_null(strstr(agx_error(f->t->ctx), "agx_cmdbuf_end"));
	WELL(agx_compute_begin(f->cmdbuf, NULL));
	assert_int_equal(agx_cmdbuf_end(f->cmdbuf), -EINVAL);
	assert_non_null(strstr(agx_error(f->t->ctx), "is still open"));
	assert_int_equal(agx_cmdbuf_end(f->cmdbuf), -EINVAL);
	assert_int_equal(agx_compute_begin(f->cmdbuf, NULL), -EINVAL);
	assert_non_null(strstr(agx_error(f->t->ctx), "agx_cmdbuf_reset"));
	agx_shader_destroy(count);
	agx_shader_destroy(stop);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const char *const gpus[] = {"t8103", "t6002", "t8112", "t6021"};
	const struct CMUnitTest tests[] = {
		CASE(test_vector_add), CASE(test_uniforms),    CASE(test_preamble),
		CASE(test_local),      CASE(test_atomics),     CASE(test_indirect),
		CASE(test_order),      CASE(test_overlap),     CASE(test_growth),
		CASE(test_timestamps), CASE(test_raw_and_two), CASE(test_shader_held),
		CASE(test_in_flight),  CASE(test_states),      CASE(test_misuse),
	};
	int failed = 0;

	for (size_t i = 0; i < sizeof(gpus) / sizeof(gpus[0]); i++) {
		gpu = gpus[i];
		printf("# %s\n", gpu);
		failed += cmocka_run_group_tests_name(gpu, tests, NULL, NULL);
	}
	return failed != 0;
}
