// SPDX-License-Identifier: MIT
/*
 * Render passes on virtual GPUs that judge: control streams, records, lists, descriptors and
 * programs of all that is submitted here must give the GPU no cause for a remark.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <agx/agx.h>

#include "asahi_drm.h"

#include "device.h"

#define MAX_IMAGES 16

/* A point of a triangle by the vertex's number, with eight words behind the position. */
#define VERTEX                   \
	".stage vertex\n"        \
	"and r0, r5, 1\n"        \
	"u32_to_f r0, r0, rte\n" \
	"ldimm r1, 0\n"          \
	"ldimm r2, 0x3f800000\n" \
	"st_var r0, 0\nst_var r1, 1\nst_var r1, 2\n"

struct fixture {
	struct test_device *t;
	struct agx_vm *vm;
	struct agx_queue *queue;
	struct agx_cmdbuf *cmdbuf;
	struct agx_shader *vertex, *fragment, *discards, *blends, *plain;
	struct agx_image *images[MAX_IMAGES];
	unsigned int image_count;
	struct agx_buffer *buffer;
};

static void ok(struct fixture *f, int ret)
{
	if (ret < 0)
		fail_msg("%d: %s", ret, agx_error(f->t->ctx));
}

static struct agx_shader *shader(struct fixture *f, enum agx_stage stage, const char *text)
{
	const struct agx_shader_params params = {.stage = stage, .text = text, .name = "test"};
	struct agx_shader *s = NULL;

	ok(f, agx_shader_create(f->vm, &params, &s));
	return s;
}

static int set_up_on(void **state, const char *gpu)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (!f || test_device_open(gpu, &f->t))
		return -1;
	if (agx_vm_create(f->t->device, &f->vm) ||
	    agx_queue_create(f->vm, AGX_PRIORITY_MEDIUM, &f->queue) ||
	    agx_cmdbuf_create(f->vm, &f->cmdbuf) ||
	    agx_buffer_create(f->vm, 65536, 0, &f->buffer)) {
		fprintf(stderr, "%s\n", agx_error(f->t->ctx));
		return -1;
	}
	f->plain = shader(f, AGX_STAGE_VERTEX, VERTEX "st_var r2, 3, last\nstop\n");
	f->vertex = shader(f, AGX_STAGE_VERTEX,
			   VERTEX "st_var r2, 3\nst_var r0, 4\nst_var r0, 5\nst_var r0, 6\n"
				  "st_var r0, 7\nst_var r5, 8\nst_var r0, 9, last\nstop\n");
	f->fragment = shader(f, AGX_STAGE_FRAGMENT,
			     ".stage fragment\n"
			     "iter r4_r5_r6, cf1, cf0\nldimm r7, 0x3f800000\npixwait 12, 0\n"
			     "st_tile r4_r5_r6_r7, 0, 255, 0, u8norm, xyzw\nstop\n");
	f->discards = shader(f, AGX_STAGE_FRAGMENT,
			     ".stage fragment\n"
			     "pixwait 1, 0\nsample_mask 255, 1\n"
			     "ldimm r0, 0\nldimm r1, 0\nldimm r2, 0\nldimm r3, 0\npixwait 12, 0\n"
			     "st_tile r0_r1_r2_r3, 0, 255, 0, u8norm, xyzw\nstop\n");
	f->blends = shader(f, AGX_STAGE_FRAGMENT,
			   ".stage fragment\n"
			   "pixwait 12, 0\n"
			   "ld_tile r0_r1_r2_r3, 0, 255, 0, u8norm, xyzw\n"
			   "fmul r0, r0, 0.5\n"
			   "st_tile r0_r1_r2_r3, 0, 255, 0, u8norm, xyzw\nstop\n");
	return 0;
}

static int set_up(void **state)
{
	return set_up_on(state, "t8103");
}

static int set_up_t6002(void **state)
{
	return set_up_on(state, "t6002");
}

static int set_up_t8112(void **state)
{
	return set_up_on(state, "t8112");
}

static int set_up_t6021(void **state)
{
	return set_up_on(state, "t6021");
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	int ret;

	if (!f)
		return 0;
	agx_cmdbuf_destroy(f->cmdbuf);
	agx_queue_destroy(f->queue);
	while (f->image_count)
		agx_image_destroy(f->images[--f->image_count]);
	agx_buffer_destroy(f->buffer);
	agx_shader_destroy(f->plain);
	agx_shader_destroy(f->vertex);
	agx_shader_destroy(f->fragment);
	agx_shader_destroy(f->discards);
	agx_shader_destroy(f->blends);
	agx_vm_destroy(f->vm);
	ret = test_device_close(f->t);
	free(f);
	return ret;
}

static struct agx_image *image(struct fixture *f, enum agx_format format, unsigned int layers,
			       unsigned int samples)
{
	const struct agx_layout_params params = {
		.format = format,
		.dimension = AGX_DIMENSION_2D,
		.tiling = AGX_TILING_TWIDDLED,
		.width = 200,
		.height = 120,
		.layers = layers,
		.samples = samples,
		.writeable = true,
	};

	assert_in_range(f->image_count, 0, MAX_IMAGES - 1);
	ok(f, agx_image_create(f->vm, &params, 0, &f->images[f->image_count]));
	return f->images[f->image_count++];
}

static void begin(struct fixture *f, const struct agx_render_pass *pass)
{
	ok(f, agx_render_begin(f->cmdbuf, pass));
}

static void run(struct fixture *f)
{
	ok(f, agx_render_end(f->cmdbuf));
	ok(f, agx_cmdbuf_end(f->cmdbuf));
	ok(f, agx_queue_run(f->queue, f->cmdbuf));
	ok(f, agx_cmdbuf_reset(f->cmdbuf));
}

static const struct agx_coefficient rgb[] = {
	{.source = AGX_COEFFICIENT_W, .first = 0},
	{.source = AGX_COEFFICIENT_VARYING, .first = 1, .components = 3},
};

/* A whole state with both shaders bound; fragment may be NULL. */
static struct agx_draw_state state_of(struct fixture *f, struct agx_shader *fragment)
{
	struct agx_draw_state state = {.primitive = AGX_PRIMITIVE_TRIANGLES};

	ok(f, agx_cmdbuf_bind(f->cmdbuf, f->vertex, NULL, &state.vertex));
	if (fragment)
		ok(f, agx_cmdbuf_bind(f->cmdbuf, fragment, NULL, &state.fragment));
	state.outputs.perspective = 3;
	state.outputs.flat = 1;
	state.outputs.linear = 2;
	if (fragment == f->fragment) {
		state.coefficients = rgb;
		state.coefficient_count = 2;
	}
	return state;
}

static void draw(struct fixture *f, unsigned int count)
{
	ok(f, agx_render_draw(f->cmdbuf, &(struct agx_draw){.count = count}));
}

/* One pass of each sort. */
static void test_passes(void **data)
{
	static const enum agx_load loads[] = {AGX_LOAD_UNDEFINED, AGX_LOAD_CLEAR, AGX_LOAD_IMAGE};
	struct fixture *f = *data;
	struct agx_image *colour = image(f, AGX_FORMAT_R8G8B8A8_UNORM, 1, 1);
	struct agx_image *depth = image(f, AGX_FORMAT_D32_FLOAT, 1, 1);
	struct agx_image *depth_16 = image(f, AGX_FORMAT_D16_UNORM, 1, 1);
	struct agx_image *stencil = image(f, AGX_FORMAT_S8_UINT, 1, 1);
	unsigned int i, discard;

	for (i = 0; i < 3; i++) {
		for (discard = 0; discard < 2; discard++) {
			struct agx_render_pass pass = {.colour_count = 1};
			struct agx_draw_state state;

			pass.colour[0] = (struct agx_attachment){
				.image = colour,
				.load = loads[i],
				.discard = discard,
				.clear = {.f = {1, 0.5f, 0, 1}},
			};
			/* Colour alone, without a draw and with one. */
			begin(f, &pass);
			run(f);
			begin(f, &pass);
			state = state_of(f, f->fragment);
			ok(f, agx_render_state(f->cmdbuf, &state));
			draw(f, 3);
			run(f);

			pass.depth = (struct agx_attachment){
				.image = depth, .load = loads[i], .discard = discard};
			pass.depth.clear.f[0] = 1;
			begin(f, &pass);
			state = state_of(f, f->discards);
			state.depth_test = state.depth_write = true;
			state.depth_compare = AGX_COMPARE_LESS;
			ok(f, agx_render_state(f->cmdbuf, &state));
			draw(f, 3);
			run(f);

			pass.stencil = pass.depth;
			pass.stencil.image = stencil;
			pass.stencil.clear.u[0] = 0x55;
			pass.depth.image = depth_16;
			begin(f, &pass);
			state = state_of(f, NULL);
			state.depth_bias = true;
			state.depth_bias_constant = 2;
			state.stencil_test = true;
			state.front = (struct agx_stencil){.compare = AGX_COMPARE_GREATER,
							   .pass = AGX_STENCIL_REPLACE,
							   .reference = 3,
							   .read_mask = 0xff,
							   .write_mask = 0xf};
			state.back = state.front;
			state.back.fail = AGX_STENCIL_INVERT;
			state.back.depth_fail = AGX_STENCIL_DECREMENT_WRAP;
			state.back.reference = 7;
			ok(f, agx_render_state(f->cmdbuf, &state));
			draw(f, 3);
			run(f);

			/* Depth and stencil alone. */
			pass.colour_count = 0;
			begin(f, &pass);
			state = state_of(f, NULL);
			state.stencil_test = true;
			ok(f, agx_render_state(f->cmdbuf, &state));
			draw(f, 3);
			run(f);
		}
	}
}

static const enum agx_format colour_formats[] = {
	AGX_FORMAT_R8G8B8A8_UNORM,    AGX_FORMAT_R16G16_FLOAT,    AGX_FORMAT_R10G10B10A2_UNORM,
	AGX_FORMAT_R32_UINT,          AGX_FORMAT_B8G8R8A8_SRGB,   AGX_FORMAT_R5G6B5_UNORM,
	AGX_FORMAT_R16G16B16A16_SINT, AGX_FORMAT_R11G11B10_FLOAT,
};

static void test_colours(void **data)
{
	struct fixture *f = *data;
	struct agx_render_pass pass = {0};
	unsigned int i, n, offset, seen = 0;

	for (i = 0; i < AGX_MAX_COLOURS; i++)
		pass.colour[i].image = image(f, colour_formats[i], 1, 1);
	for (n = 1; n <= AGX_MAX_COLOURS; n++) {
		pass.colour_count = n;
		for (i = 0; i < n; i++)
			pass.colour[i].load = (enum agx_load)((i + n) % 3);
		begin(f, &pass);
		for (i = 0; i < n; i++) {
			ok(f, agx_render_tile_offset(f->cmdbuf, i, &offset));
			seen |= offset;
		}
		assert_int_equal(agx_render_tile_offset(f->cmdbuf, n, &offset), -EINVAL);
		run(f);
	}
	assert_int_not_equal(seen, 0);
	/* A gap. */
	pass.colour[1].image = NULL;
	begin(f, &pass);
	assert_int_equal(agx_render_tile_offset(f->cmdbuf, 1, &offset), -EINVAL);
	run(f);
	assert_int_equal(agx_render_tile_offset(f->cmdbuf, 0, &offset), -EINVAL);
}

static void test_samples_and_layers(void **data)
{
	struct fixture *f = *data;
	unsigned int samples, layers, i;

	for (samples = 1; samples <= 4; samples *= 2) {
		for (layers = 1; layers <= 3; layers += 2) {
			struct agx_render_pass pass = {.colour_count = 2, .layers = layers};
			struct agx_draw_state state;

			pass.colour[0].image = image(f, AGX_FORMAT_R8G8B8A8_UNORM, layers, samples);
			pass.colour[1].image = image(f, AGX_FORMAT_R16G16_UINT, layers, samples);
			pass.depth.image = image(f, AGX_FORMAT_D32_FLOAT, layers, samples);
			pass.stencil.image = image(f, AGX_FORMAT_S8_UINT, layers, samples);
			pass.colour[0].load = AGX_LOAD_IMAGE;
			pass.depth.load = AGX_LOAD_CLEAR;
			pass.stencil.load = AGX_LOAD_IMAGE;
			begin(f, &pass);
			state = state_of(f, f->discards);
			/* A word for the layer behind the varyings: one of them less. */
			if (layers > 1) {
				state.outputs.linear = 1;
				state.outputs.layer = true;
			}
			ok(f, agx_render_state(f->cmdbuf, &state));
			draw(f, 6);
			run(f);
			while (f->image_count)
				agx_image_destroy(f->images[--f->image_count]);
		}
	}
	/* Layers in the middle of an image. */
	for (i = 0; i < 2; i++) {
		struct agx_render_pass pass = {.colour_count = 1, .layers = 1 + i};

		pass.colour[0].image = image(f, AGX_FORMAT_R8G8B8A8_UNORM, 4, 1);
		pass.colour[0].layer = 2;
		pass.colour[0].load = AGX_LOAD_IMAGE;
		pass.depth.image = image(f, AGX_FORMAT_D32_FLOAT, 4, 1);
		pass.depth.layer = 1;
		begin(f, &pass);
		run(f);
	}
}

static struct agx_render_pass simple_pass(struct fixture *f)
{
	struct agx_render_pass pass = {.colour_count = 1};

	if (!f->image_count)
		image(f, AGX_FORMAT_R8G8B8A8_UNORM, 1, 1);
	pass.colour[0].image = f->images[0];
	pass.colour[0].load = AGX_LOAD_CLEAR;
	return pass;
}

static void test_draws(void **data)
{
	struct fixture *f = *data;
	const struct agx_render_pass pass = simple_pass(f);
	const uint64_t memory = agx_buffer_address(f->buffer);
	uint32_t *words = agx_buffer_map(f->buffer);
	struct agx_draw_state state;
	unsigned int i, size;

	assert_non_null(words);
	begin(f, &pass);
	for (i = AGX_PRIMITIVE_POINTS; i <= AGX_PRIMITIVE_TRIANGLE_FAN; i++) {
		state = state_of(f, f->fragment);
		state.primitive = i;
		state.restart = i & 1;
		state.last_vertex = i & 2;
		state.line_width = 1.5f;
		ok(f, agx_render_state(f->cmdbuf, &state));
		draw(f, 6);
		ok(f, agx_render_draw(f->cmdbuf,
				      &(struct agx_draw){.count = 6, .instances = 3, .first = 1}));
		for (size = AGX_INDEX_8; size <= AGX_INDEX_32; size++) {
			ok(f, agx_render_draw(f->cmdbuf, &(struct agx_draw){
								 .count = 12,
								 .index_size = size,
								 .indices = memory + 1024,
								 .first = -2,
							 }));
			words[0] = 6;
			words[1] = 1;
			ok(f, agx_render_draw(f->cmdbuf, &(struct agx_draw){
								 .index_size = size,
								 .indices = memory + 1024,
								 .index_bytes = 32768,
								 .indirect = memory,
							 }));
		}
		ok(f, agx_render_draw(f->cmdbuf, &(struct agx_draw){.indirect = memory}));
		draw(f, 0);
	}
	run(f);
}

static void test_state(void **data)
{
	struct fixture *f = *data;
	struct agx_render_pass pass = simple_pass(f);
	struct agx_viewport viewports[16];
	struct agx_rect scissors[16];
	struct agx_draw_state state;
	unsigned int i;

	pass.occlusion = agx_buffer_address(f->buffer) + 4096;
	begin(f, &pass);
	for (i = 0; i < 16; i++) {
		viewports[i] = (struct agx_viewport){i, 2 * i, 100, -50, 0.25f, 0.75f};
		scissors[i] = (struct agx_rect){i, i, 20 * i, 1000};
	}
	for (i = 1; i <= 16; i++)
		ok(f, agx_render_viewports(f->cmdbuf, viewports, i & 1 ? scissors : NULL, i));
	/* The shader mixes with what is there. */
	state = state_of(f, f->blends);
	state.translucent = true;
	state.outputs.linear = 1;
	state.outputs.viewport = true;
	state.count_samples = true;
	state.occlusion_index = 7;
	ok(f, agx_render_state(f->cmdbuf, &state));
	draw(f, 3);
	state.count_samples = false;
	state.any_samples = true;
	state.cull = AGX_CULL_BACK;
	state.front_is_clockwise = true;
	state.clamp_depth = true;
	state.lines = true;
	state.line_width = 4;
	state.separate = true;
	ok(f, agx_render_state(f->cmdbuf, &state));
	draw(f, 3);
	state = state_of(f, f->fragment);
	state.discard = true;
	ok(f, agx_render_state(f->cmdbuf, &state));
	draw(f, 3);
	/* Everything that coefficients can be, and clip distances instead of varyings. */
	state = state_of(f, f->fragment);
	state.coefficients = (const struct agx_coefficient[]){
		{.source = AGX_COEFFICIENT_W, .first = 0},
		{.source = AGX_COEFFICIENT_Z, .first = 1},
		{.source = AGX_COEFFICIENT_VARYING, .first = 2, .components = 2},
		{.source = AGX_COEFFICIENT_VARYING, .first = 4, .varying = 3},
		{.source = AGX_COEFFICIENT_PRIMITIVE, .first = 5},
	};
	state.coefficient_count = 5;
	state.outputs.linear = 0;
	state.outputs.clip_distances = 2;
	ok(f, agx_render_state(f->cmdbuf, &state));
	draw(f, 3);
	/* Points of a size that the shader says, with their coordinates. */
	state = state_of(f, f->fragment);
	state.primitive = AGX_PRIMITIVE_POINTS;
	state.outputs.linear = 1;
	state.outputs.point_size = true;
	state.coefficients = (const struct agx_coefficient[]){
		{.source = AGX_COEFFICIENT_POINT, .first = 0, .components = 2},
		{.source = AGX_COEFFICIENT_VARYING, .first = 2, .components = 2},
	};
	state.coefficient_count = 2;
	ok(f, agx_render_state(f->cmdbuf, &state));
	draw(f, 3);
	ok(f, agx_render_raw(f->cmdbuf, (const uint32_t[]){0x20000000}, 4));
	run(f);
}

/* The firmware writes the times of both parts, in their order. */
static void test_timestamps(void **data)
{
	struct fixture *f = *data;
	struct agx_render_pass pass = simple_pass(f);
	struct agx_timestamps *times;
	unsigned int i;

	ok(f, agx_timestamps_create(f->vm, 4, &times));
	pass.vertex_timestamps = (struct agx_timestamp_pair){times, 0, 1};
	pass.fragment_timestamps = (struct agx_timestamp_pair){times, 2, 3};
	begin(f, &pass);
	run(f);
	for (i = 0; i < 4; i++)
		assert_int_not_equal(agx_timestamps_get(times, i), 0);
	assert_true(agx_timestamps_get(times, 0) <= agx_timestamps_get(times, 3));
	pass.vertex_timestamps.end = 4;
	assert_true(agx_render_begin(f->cmdbuf, &pass) < 0);
	agx_timestamps_destroy(times);
}

/* Streams of many pieces, and several passes in one command buffer. */
static void test_many(void **data)
{
	struct fixture *f = *data;
	const struct agx_render_pass pass = simple_pass(f);
	struct agx_draw_state state;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		begin(f, &pass);
		state = state_of(f, f->fragment);
		for (unsigned int k = 0; k < 5000; k++) {
			if (k % 10 == 0)
				ok(f, agx_render_state(f->cmdbuf, &state));
			draw(f, 3);
		}
		if (!i)
			ok(f, agx_render_end(f->cmdbuf));
	}
	run(f);
}

/* The judge does look: words that are no block. */
static void test_judged(void **data)
{
	struct fixture *f = *data;
	const struct agx_render_pass pass = simple_pass(f);

	if (test_device_skip_reason(f->t))
		skip();
	begin(f, &pass);
	ok(f, agx_render_raw(f->cmdbuf, (const uint32_t[]){0xe0000000}, 4));
	ok(f, agx_render_end(f->cmdbuf));
	ok(f, agx_cmdbuf_end(f->cmdbuf));
	agx_queue_run(f->queue, f->cmdbuf);
	assert_int_not_equal(test_device_take_findings(f->t), 0);
}

static void refuse(struct fixture *f, int ret, const char *part)
{
	if (ret != -EINVAL)
		fail_msg("%d instead of %d: %s", ret, -EINVAL, part);
	if (!strstr(agx_error(f->t->ctx), part))
		fail_msg("\"%s\" is not in \"%s\"", part, agx_error(f->t->ctx));
	ok(f, agx_cmdbuf_reset(f->cmdbuf));
}

static void refuse_pass(struct fixture *f, const struct agx_render_pass *pass, const char *part)
{
	refuse(f, agx_render_begin(f->cmdbuf, pass), part);
}

static void test_refused_passes(void **data)
{
	struct fixture *f = *data;
	struct agx_render_pass pass = simple_pass(f), bad;
	struct agx_image *depth = image(f, AGX_FORMAT_D32_FLOAT, 1, 1);
	struct agx_image *samples = image(f, AGX_FORMAT_R8G8B8A8_UNORM, 1, 4);
	struct agx_image *wide = image(f, AGX_FORMAT_R32G32B32A32_FLOAT, 1, 1);
	unsigned int i;

	bad = (struct agx_render_pass){0};
	refuse_pass(f, &bad, "a size expected");
	bad = pass;
	bad.colour_count = 9;
	refuse_pass(f, &bad, "at most 8 colours expected, got 9");
	bad = pass;
	bad.width = 100;
	refuse_pass(f, &bad, "colour 0: the pass's width 100 expected, got 200");
	bad = pass;
	bad.height = 121;
	refuse_pass(f, &bad, "colour 0: the pass's height 121 expected, got 120");
	bad = pass;
	bad.width = 20000;
	refuse_pass(f, &bad, "20000x0");
	bad = pass;
	bad.samples = 3;
	refuse_pass(f, &bad, "1, 2 or 4 samples expected, got 3");
	bad = pass;
	bad.samples = 2;
	refuse_pass(f, &bad, "colour 0: the pass's samples 2 expected, got 1");
	bad = pass;
	bad.colour_count = 2;
	bad.colour[1].image = samples;
	refuse_pass(f, &bad, "colour 1: the pass's samples 1 expected, got 4");
	bad = pass;
	bad.layers = 2;
	refuse_pass(f, &bad, "colour 0: layers up to 1 expected, got 2");
	bad = pass;
	bad.layers = 4000;
	refuse_pass(f, &bad, "at most 2048 layers expected, got 4000");
	bad = pass;
	bad.colour[0].level = 1;
	refuse_pass(f, &bad, "a level below 1 expected, got 1");
	bad = pass;
	bad.colour[0].layer = 1;
	refuse_pass(f, &bad, "layers up to 1");
	bad = pass;
	bad.colour[0].load = 7;
	refuse_pass(f, &bad, "a load of at most 2 expected, got 7");
	bad = pass;
	bad.colour[0].image = depth;
	refuse_pass(f, &bad, "colour 0: a format that can be rendered to expected, got d32_float");
	bad = pass;
	bad.depth = pass.colour[0];
	refuse_pass(f, &bad, "depth: d16_unorm or d32_float expected, got r8g8b8a8_unorm");
	bad = pass;
	bad.stencil.image = depth;
	refuse_pass(f, &bad, "stencil: s8_uint expected, got d32_float");
	bad = pass;
	bad.depth.image = depth;
	bad.depth.load = AGX_LOAD_CLEAR;
	bad.depth.clear.f[0] = 1.5f;
	refuse_pass(f, &bad, "a clear value of 0 to 1 expected, got 1.5");
	bad = pass;
	bad.occlusion = 4;
	refuse_pass(f, &bad, "at a multiple of 8 in the VM expected, got 0x4");
	bad = pass;
	bad.colour_count = 5;
	for (i = 0; i < 5; i++)
		bad.colour[i].image = wide;
	refuse_pass(f, &bad, "colour 4: the tile buffer is full");

	/* Passes do not nest, and their parts do not stand alone. */
	begin(f, &pass);
	refuse_pass(f, &pass, "render pass");
	refuse(f, agx_render_end(f->cmdbuf), "render pass");
	refuse(f, agx_render_draw(f->cmdbuf, &(struct agx_draw){.count = 3}), "draw");
}

static void refuse_state(struct fixture *f, const struct agx_draw_state *change, const char *part)
{
	const struct agx_render_pass pass = simple_pass(f);
	struct agx_draw_state state = *change, bound;

	begin(f, &pass);
	bound = state_of(f, f->fragment);
	state.vertex = bound.vertex;
	state.fragment = bound.fragment;
	if (!state.coefficient_count) {
		state.coefficients = rgb;
		state.coefficient_count = 2;
	}
	refuse(f, agx_render_state(f->cmdbuf, &state), part);
}

static void test_refused_states(void **data)
{
	struct fixture *f = *data;
	const struct agx_render_pass pass = simple_pass(f);
	struct agx_draw_state good, s;
	struct agx_coefficient c[2];
	struct agx_shader *compute;

	begin(f, &pass);
	good = state_of(f, f->fragment);
	ok(f, agx_cmdbuf_reset(f->cmdbuf));
	begin(f, &pass);
	refuse(f, agx_render_state(f->cmdbuf, &good), "before this one was reset");
	begin(f, &pass);
	s = state_of(f, f->fragment);
	compute = shader(f, AGX_STAGE_COMPUTE, "stop\n");
	ok(f, agx_cmdbuf_bind(f->cmdbuf, compute, NULL, &s.vertex));
	agx_shader_destroy(compute);
	refuse(f, agx_render_state(f->cmdbuf, &s), "a vertex shader expected, got one of another");
	begin(f, &pass);
	refuse(f, agx_render_state(f->cmdbuf, &(struct agx_draw_state){0}),
	       "a vertex shader expected");

	s = good;
	s.depth_test = true;
	refuse_state(f, &s, "the pass has no depth");
	s = good;
	s.stencil_test = true;
	refuse_state(f, &s, "the pass has no stencil");
	s = good;
	s.line_width = 17;
	refuse_state(f, &s, "lines of 1/16 to 16 pixels expected, got 17");
	s = good;
	s.lines = s.corners = true;
	refuse_state(f, &s, "as lines or as corners");
	s = good;
	s.count_samples = true;
	refuse_state(f, &s, "the pass has no counters");
	s = good;
	s.outputs.layer = true;
	refuse_state(f, &s, "the pass has one");
	s = good;
	s.primitive = 7;
	refuse_state(f, &s, "a primitive");
	s = good;
	s.outputs.perspective = 125;
	refuse_state(f, &s, "at most 124 words");
	s = good;
	s.coefficients = c;
	s.coefficient_count = 2;
	c[0] = (struct agx_coefficient){.source = AGX_COEFFICIENT_W};
	c[1] = (struct agx_coefficient){.source = AGX_COEFFICIENT_VARYING, .first = 1};
	refuse_state(f, &s, "reads cf3, which no coefficient fills");
	c[1].components = 4;
	refuse_state(f, &s, "words 0 to 3 are not varyings of one kind");
	c[1].components = 3;
	c[0].components = 2;
	refuse_state(f, &s, "cf1 is filled twice");
	c[0].components = 5;
	refuse_state(f, &s, "1 to 4 components");
	c[0].components = 1;
	c[1].first = 2;
	refuse_state(f, &s, "no coefficient fills cf1, and one fills cf4");
	c[1] = (struct agx_coefficient){.source = AGX_COEFFICIENT_Z, .first = 255};
	refuse_state(f, &s, "registers below cf255 expected");
	s = good;
	s.depth_bias = true;
	s.depth_bias_slope = strtof("inf", NULL);
	refuse_state(f, &s, "finite numbers of depth bias expected, got 0, inf, 0");
}

/* What would be taken for something else: it was made for another pass, or of another device. */
static void test_refused_strangers(void **data)
{
	struct fixture *f = *data;
	const uint64_t end = agx_device_params(agx_vm_device(f->vm))->va_end;
	struct agx_render_pass pass = simple_pass(f);
	struct agx_draw_state state, later;
	struct test_device *other;
	struct agx_timestamps *times;
	struct agx_vm *vm;

	begin(f, &pass);
	state = state_of(f, f->fragment);
	ok(f, agx_render_state(f->cmdbuf, &state));
	ok(f, agx_render_end(f->cmdbuf));
	begin(f, &pass);
	later = state_of(f, f->fragment);
	/* A vertex shader's list knows nothing of tiles. */
	later.vertex = state.vertex;
	ok(f, agx_render_state(f->cmdbuf, &later));
	later.fragment = state.fragment;
	refuse(f, agx_render_state(f->cmdbuf, &later),
	       "the fragment shader was bound for another command buffer or pass");

	pass.occlusion = end - 16;
	begin(f, &pass);
	state = state_of(f, f->fragment);
	state.count_samples = true;
	state.occlusion_index = 1;
	ok(f, agx_render_state(f->cmdbuf, &state));
	state.occlusion_index = 2;
	refuse(f, agx_render_state(f->cmdbuf, &state), "a counter at an address of the VM");
	pass.occlusion = 0;

	assert_int_equal(test_device_open("t8103", &other), 0);
	assert_int_equal(agx_vm_create(other->device, &vm), 0);
	assert_int_equal(agx_timestamps_create(vm, 2, &times), 0);
	pass.fragment_timestamps = (struct agx_timestamp_pair){times, 0, 1};
	refuse_pass(f, &pass, "got another device's");
	agx_timestamps_destroy(times);
	agx_vm_destroy(vm);
	assert_int_equal(test_device_close(other), 0);
}

/* The caller's programs at tiles' ends are what the command names; they see the pass's tile. */
static void test_tile_programs(void **data)
{
	static const char background[] =
		"ldimm r0, 0x3f800000\nldimm r1, 0\nmov r2, u0\n"
		"ldimm r3, 0\nst_tile r0_r1_r2_r3, 0, 255, 0, u8norm, xyzw\n"
		"stop\n";
	static const char end[] = "ldimm r2, 0\nldimm r1, 0\n"
				  "imgwblk r1l, ts0, r2, 0, 2d, u8norm\nstop\n";
	struct fixture *f = *data;
	const struct agx_render_pass pass = simple_pass(f);
	const uint32_t blue = 0x3f000000;
	struct agx_bindings uniforms = {.uniforms = &blue, .uniform_bytes = 4}, images = {0};
	struct agx_shader *shaders[] = {shader(f, AGX_STAGE_BACKGROUND, background),
					shader(f, AGX_STAGE_END_OF_TILE, end)};
	const struct drm_asahi_cmd_render *command;
	struct agx_bound bound[2];
	struct agx_texture pbe;
	uint32_t bytes;

	ok(f, agx_pbe_of(f->images[0], NULL, &pbe));
	images.textures = &pbe;
	images.texture_count = 1;
	begin(f, &pass);
	ok(f, agx_cmdbuf_bind(f->cmdbuf, shaders[0], &uniforms, &bound[0]));
	ok(f, agx_cmdbuf_bind(f->cmdbuf, shaders[1], &images, &bound[1]));
	ok(f, agx_render_tile_programs(f->cmdbuf, &bound[0], &bound[1]));
	ok(f, agx_render_end(f->cmdbuf));
	ok(f, agx_cmdbuf_end(f->cmdbuf));
	command = (const void *)((const uint8_t *)agx_cmdbuf_bytes(f->cmdbuf, &bytes) +
				 sizeof(struct drm_asahi_cmd_header));
	assert_int_equal(command->bg.usc, bound[0].pipeline | 4);
	assert_int_equal(command->bg.rsrc_spec, bound[0].counts);
	assert_int_equal(command->eot.usc, bound[1].pipeline | 4);
	assert_int_equal(command->eot.rsrc_spec, bound[1].counts);
	assert_int_not_equal(command->partial_bg.usc, command->bg.usc);
	assert_true(command->flags & DRM_ASAHI_RENDER_PROCESS_EMPTY_TILES);
	ok(f, agx_queue_run(f->queue, f->cmdbuf));
	ok(f, agx_cmdbuf_reset(f->cmdbuf));

	begin(f, &pass);
	refuse(f, agx_render_tile_programs(f->cmdbuf, &bound[0], NULL),
	       "one of stage background that was bound in this pass expected");
	begin(f, &pass);
	ok(f, agx_cmdbuf_bind(f->cmdbuf, shaders[1], &images, &bound[1]));
	refuse(f, agx_render_tile_programs(f->cmdbuf, &bound[1], NULL),
	       "one of stage background expected, got end_of_tile");
	refuse(f, agx_render_tile_programs(f->cmdbuf, NULL, NULL), "a render pass to be open");
	agx_shader_destroy(shaders[0]);
	agx_shader_destroy(shaders[1]);
}

static void test_refused_draws(void **data)
{
	struct fixture *f = *data;
	const struct agx_render_pass pass = simple_pass(f);
	const uint64_t memory = agx_buffer_address(f->buffer);
	const uint64_t end = agx_device_params(agx_vm_device(f->vm))->va_end;
	const struct {
		struct agx_draw draw;
		const char *part;
	} cases[] = {
		{{.count = 3, .index_size = 4}, "a size of indices that exists expected, got 4"},
		{{.count = 3, .index_size = AGX_INDEX_16}, "indices at a multiple of 2 expected"},
		{{.count = 3, .index_size = AGX_INDEX_32, .indices = memory + 2},
		 "indices at a multiple of 4 expected"},
		{{.count = 9, .index_size = AGX_INDEX_32, .indices = memory, .index_bytes = 32},
		 "9 indices are 36 bytes, 32 are there"},
		{{.indirect = memory + 2}, "arguments at a multiple of 4 in the VM expected"},
		{{.index_size = AGX_INDEX_8, .indices = memory, .indirect = memory},
		 "the indices' size in bytes expected"},
		{{.count = 3,
		  .index_size = AGX_INDEX_8,
		  .indices = memory,
		  .index_bytes = 1ull << 34},
		 "indices of at most 0x3fffffffc bytes"},
		{{.count = 3, .index_size = AGX_INDEX_32, .indices = end - 8}, "got 0xc bytes at"},
	};
	struct agx_draw_state state;
	unsigned int i;

	begin(f, &pass);
	refuse(f, agx_render_draw(f->cmdbuf, &(struct agx_draw){.count = 3}),
	       "agx_render_state() expected");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(f, &pass);
		state = state_of(f, f->fragment);
		ok(f, agx_render_state(f->cmdbuf, &state));
		refuse(f, agx_render_draw(f->cmdbuf, &cases[i].draw), cases[i].part);
	}
	begin(f, &pass);
	refuse(f, agx_render_raw(f->cmdbuf, &state, 6), "a multiple of 4");
	begin(f, &pass);
	refuse(f, agx_render_viewports(f->cmdbuf, NULL, NULL, 17), "1 to 16 expected, got 17");
	begin(f, &pass);
	refuse(f, agx_render_viewports(f->cmdbuf, NULL, NULL, 1), "a pointer to 1 of them");
	begin(f, &pass);
	refuse(f,
	       agx_render_viewports(f->cmdbuf, &(struct agx_viewport){0, 0, 1, 1, 0, 2}, NULL, 1),
	       "depths of 0 to 1 expected");
	begin(f, &pass);
	refuse(f,
	       agx_render_viewports(f->cmdbuf, &(struct agx_viewport){3e38f, 0, 3e38f, 1, 0, 1},
				    NULL, 1),
	       "finite numbers expected");
}

#define ON(gpu, test)                                                  \
	{                                                              \
#test " on " #gpu, test, set_up_##gpu, tear_down, NULL \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_passes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_colours, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_samples_and_layers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_draws, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_state, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_timestamps, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_judged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused_passes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused_states, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused_strangers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused_draws, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tile_programs, set_up, tear_down),
		ON(t6021, test_tile_programs),
		ON(t6002, test_passes),
		ON(t6002, test_draws),
		ON(t6002, test_state),
		ON(t8112, test_passes),
		ON(t8112, test_samples_and_layers),
		ON(t8112, test_state),
		ON(t6021, test_passes),
		ON(t6021, test_draws),
		ON(t6021, test_samples_and_layers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
