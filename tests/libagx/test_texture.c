// SPDX-License-Identifier: MIT
/*
 * Descriptors, read by who they are for: unpacked again, and used by shaders of the modelled GPU, which find
 * each texel where upload put it and write it where download looks.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <agx/agx.h>

#include "agx_cs_pack.h"
#include "device.h"
#include "format_table.h"
#include "image_internal.h"

struct fixture {
	struct test_device *device;
	struct agx_vm *vm;
	struct agx_queue *queue;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || test_device_open("t8103", &f->device) ||
	    agx_vm_create(f->device->device, &f->vm) ||
	    agx_queue_create(f->vm, AGX_PRIORITY_MEDIUM, &f->queue))
		return -1;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int ret;

	agx_queue_destroy(f->queue);
	agx_vm_destroy(f->vm);
	ret = test_device_close(f->device);
	free(f);
	return ret;
}

#define MUST(f, call)                                                           \
	do {                                                                    \
		if (call)                                                       \
			fail_msg("%s: %s", #call, agx_error((f)->device->ctx)); \
	} while (0)

static struct agx_image *create(struct fixture *f, const struct agx_layout_params *params)
{
	struct agx_image *image;

	MUST(f, agx_image_create(f->vm, params, AGX_BUFFER_CACHED, &image));
	return image;
}

static struct agx_cs_texture texture_of(struct fixture *f, const struct agx_image *image,
					const struct agx_view *view)
{
	struct agx_texture bytes;
	struct agx_cs_texture t;

	MUST(f, agx_texture_of(image, view, &bytes));
	agx_cs_texture_unpack(&t, bytes.bytes);
	return t;
}

static struct agx_cs_pbe pbe_of(struct fixture *f, const struct agx_image *image,
				const struct agx_view *view)
{
	struct agx_texture bytes;
	struct agx_cs_pbe p;

	MUST(f, agx_pbe_of(image, view, &bytes));
	agx_cs_pbe_unpack(&p, bytes.bytes);
	return p;
}

static void twiddled_images_are_described(void **state)
{
	const struct agx_layout_params params = {.format = AGX_FORMAT_B8G8R8A8_SRGB,
						 .dimension = AGX_DIMENSION_2D,
						 .tiling = AGX_TILING_TWIDDLED,
						 .width = 300,
						 .height = 200,
						 .layers = 5,
						 .levels = 4,
						 .writeable = true};
	const struct agx_view view = {.level = 1, .levels = 2, .layer = 3};
	struct fixture *f = *state;
	struct agx_image *image = create(f, &params);
	const struct agx_layout *layout = agx_image_layout(image);
	struct agx_cs_texture t = texture_of(f, image, NULL);
	struct agx_cs_pbe p;

	assert_int_equal(t.dimension, AGX_CS_TEXTURE_DIMENSION_2D_ARRAY);
	assert_int_equal(t.layout, AGX_CS_LAYOUT_GPU);
	assert_int_equal(t.channels, AGX_CS_CHANNELS_R8G8B8A8);
	assert_int_equal(t.type, AGX_CS_TEXTURE_TYPE_UNORM);
	assert_true(t.srgb && t.mipmapped && t.page_aligned_layers);
	assert_false(t.compressed || t.extended || t.srgb_2_channel);
	assert_int_equal(t.width, 300);
	assert_int_equal(t.height, 200);
	assert_int_equal(t.depth, 5);
	assert_int_equal(t.first_level, 0);
	assert_int_equal(t.last_level, 3);
	assert_int_equal(t.address, agx_image_address(image));
	assert_int_equal(t.swizzle_r, AGX_CS_CHANNEL_B);
	assert_int_equal(t.swizzle_g, AGX_CS_CHANNEL_G);
	assert_int_equal(t.swizzle_b, AGX_CS_CHANNEL_R);
	assert_int_equal(t.swizzle_a, AGX_CS_CHANNEL_A);

	t = texture_of(f, image, &view);
	assert_int_equal(t.first_level, 1);
	assert_int_equal(t.last_level, 2);
	assert_int_equal(t.depth, 2);
	assert_int_equal(t.width, 300);
	assert_int_equal(t.address, agx_image_address(image) + 3 * layout->layer_stride);

	p = pbe_of(f, image, &(struct agx_view){.level = 2, .layer = 1});
	assert_int_equal(p.dimension, AGX_CS_TEXTURE_DIMENSION_2D_ARRAY);
	assert_int_equal(p.layout, AGX_CS_LAYOUT_GPU);
	assert_int_equal(p.channels, AGX_CS_CHANNELS_R8G8B8A8);
	assert_true(p.srgb && p.mipmapped && p.page_aligned_layers);
	assert_int_equal(p.width, 300);
	assert_int_equal(p.height, 200);
	assert_int_equal(p.level, 2);
	assert_int_equal(p.levels, 4);
	assert_int_equal(p.layers, 4);
	assert_int_equal(p.buffer, agx_image_address(image) + layout->layer_stride);
	assert_int_equal(p.swizzle_r, AGX_CS_CHANNEL_B);
	assert_int_equal(p.swizzle_b, AGX_CS_CHANNEL_R);
	agx_image_destroy(image);
}

static void linear_images_are_described(void **state)
{
	struct agx_layout_params params = {.format = AGX_FORMAT_R16G16_UINT,
					   .dimension = AGX_DIMENSION_2D,
					   .tiling = AGX_TILING_LINEAR,
					   .width = 33,
					   .height = 7,
					   .layers = 1,
					   .pitch = 144};
	struct fixture *f = *state;
	struct agx_image *image = create(f, &params);
	struct agx_cs_texture t = texture_of(f, image, NULL);
	struct agx_cs_pbe p = pbe_of(f, image, NULL);

	assert_int_equal(t.dimension, AGX_CS_TEXTURE_DIMENSION_2D);
	assert_int_equal(t.layout, AGX_CS_LAYOUT_LINEAR);
	assert_int_equal(t.stride, 144);
	assert_int_equal(t.type, AGX_CS_TEXTURE_TYPE_UINT);
	assert_int_equal(t.swizzle_b, AGX_CS_CHANNEL_ZERO);
	assert_int_equal(t.swizzle_a, AGX_CS_CHANNEL_ONE);
	assert_false(t.extended || t.mipmapped);
	assert_int_equal(p.stride, 144);
	assert_false(p.extended);
	agx_image_destroy(image);

	params.layers = 3;
	image = create(f, &params);
	t = texture_of(f, image, NULL);
	p = pbe_of(f, image, NULL);
	assert_int_equal(t.dimension, AGX_CS_TEXTURE_DIMENSION_2D_ARRAY);
	assert_true(t.extended && p.extended);
	assert_int_equal(t.depth_linear, 3);
	assert_int_equal(p.depth_linear, 3);
	assert_int_equal(t.layer_stride_linear, agx_image_layout(image)->layer_stride);
	assert_int_equal(p.layer_stride_linear, agx_image_layout(image)->layer_stride);
	agx_image_destroy(image);
}

static void shapes_have_their_dimension(void **state)
{
	static const struct {
		struct agx_layout_params params;
		struct agx_view view;
		enum agx_cs_texture_dimension read, write;
		uint32_t depth, layers;
	} cases[] = {
		{{.dimension = AGX_DIMENSION_1D, .width = 9},
		 {0},
		 AGX_CS_TEXTURE_DIMENSION_1D,
		 AGX_CS_TEXTURE_DIMENSION_1D,
		 1,
		 1},
		{{.dimension = AGX_DIMENSION_1D, .width = 9, .layers = 2},
		 {0},
		 AGX_CS_TEXTURE_DIMENSION_1D_ARRAY,
		 AGX_CS_TEXTURE_DIMENSION_1D_ARRAY,
		 2,
		 2},
		{{.dimension = AGX_DIMENSION_1D, .width = 9},
		 {.as = true, .dimension = AGX_DIMENSION_2D},
		 AGX_CS_TEXTURE_DIMENSION_2D,
		 AGX_CS_TEXTURE_DIMENSION_2D,
		 1,
		 1},
		{{.dimension = AGX_DIMENSION_2D, .width = 9, .height = 9, .layers = 7},
		 {.as = true, .dimension = AGX_DIMENSION_2D, .layer = 2},
		 AGX_CS_TEXTURE_DIMENSION_2D,
		 AGX_CS_TEXTURE_DIMENSION_2D,
		 1,
		 1},
		{{.dimension = AGX_DIMENSION_2D, .width = 9, .height = 9, .layers = 7},
		 {.as = true, .dimension = AGX_DIMENSION_CUBE, .layer = 1},
		 AGX_CS_TEXTURE_DIMENSION_CUBE,
		 AGX_CS_TEXTURE_DIMENSION_2D_ARRAY,
		 1,
		 6},
		{{.dimension = AGX_DIMENSION_2D, .width = 9, .height = 9, .samples = 4},
		 {0},
		 AGX_CS_TEXTURE_DIMENSION_2D_MULTISAMPLED,
		 AGX_CS_TEXTURE_DIMENSION_2D_MULTISAMPLED,
		 1,
		 1},
		{{.dimension = AGX_DIMENSION_2D,
		  .width = 9,
		  .height = 9,
		  .samples = 2,
		  .layers = 2},
		 {0},
		 AGX_CS_TEXTURE_DIMENSION_2D_ARRAY_MULTISAMPLED,
		 AGX_CS_TEXTURE_DIMENSION_2D_ARRAY_MULTISAMPLED,
		 2,
		 2},
		{{.dimension = AGX_DIMENSION_3D, .width = 9, .height = 9, .depth = 5},
		 {0},
		 AGX_CS_TEXTURE_DIMENSION_3D,
		 AGX_CS_TEXTURE_DIMENSION_3D,
		 5,
		 5},
		{{.dimension = AGX_DIMENSION_CUBE, .width = 9, .height = 9},
		 {0},
		 AGX_CS_TEXTURE_DIMENSION_CUBE,
		 AGX_CS_TEXTURE_DIMENSION_2D_ARRAY,
		 1,
		 6},
		{{.dimension = AGX_DIMENSION_CUBE, .width = 9, .height = 9, .layers = 18},
		 {.layer = 6},
		 AGX_CS_TEXTURE_DIMENSION_CUBE_ARRAY,
		 AGX_CS_TEXTURE_DIMENSION_2D_ARRAY,
		 2,
		 12},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct agx_layout_params params = cases[i].params;
		struct agx_image *image;
		struct agx_cs_texture t;
		struct agx_cs_pbe p;

		params.format = AGX_FORMAT_R32_FLOAT;
		params.tiling = AGX_TILING_TWIDDLED;
		params.writeable = true;
		image = create(f, &params);
		t = texture_of(f, image, &cases[i].view);
		p = pbe_of(f, image, &cases[i].view);
		assert_int_equal(t.dimension, cases[i].read);
		assert_int_equal(p.dimension, cases[i].write);
		assert_int_equal(t.depth, cases[i].depth);
		assert_int_equal(p.layers, cases[i].layers);
		if (params.samples > 1) {
			assert_int_equal(t.samples, params.samples == 4);
			assert_int_equal(p.samples, params.samples == 4);
		}
		agx_image_destroy(image);
	}
}

static void attachments_are_not_converted(void **state)
{
	const struct agx_layout_params params = {.format = AGX_FORMAT_R8G8B8A8_SRGB,
						 .dimension = AGX_DIMENSION_CUBE,
						 .tiling = AGX_TILING_TWIDDLED,
						 .width = 64,
						 .height = 64,
						 .levels = 2,
						 .writeable = true};
	struct fixture *f = *state;
	struct agx_image *image = create(f, &params);
	struct agx_texture bytes;
	struct agx_cs_texture t;
	struct agx_cs_pbe p;

	MUST(f, lib_pbe_of_attachment(image, 1, 4, 0, &bytes));
	agx_cs_pbe_unpack(&p, bytes.bytes);
	assert_int_equal(p.dimension, AGX_CS_TEXTURE_DIMENSION_2D);
	assert_false(p.srgb);
	assert_int_equal(p.level, 1);
	assert_int_equal(p.layers, 1);
	MUST(f, lib_texture_of_attachment(image, 1, 2, 3, &bytes));
	agx_cs_texture_unpack(&t, bytes.bytes);
	assert_int_equal(t.dimension, AGX_CS_TEXTURE_DIMENSION_2D_ARRAY);
	assert_int_equal(t.depth, 3);
	assert_int_equal(t.first_level, 1);
	assert_int_equal(t.last_level, 1);
	assert_int_equal(lib_pbe_of_attachment(image, 2, 0, 0, &bytes), -EINVAL);
	assert_int_equal(lib_pbe_of_attachment(image, 0, 4, 3, &bytes), -EINVAL);
	agx_image_destroy(image);
}

static void views_that_cannot_be_are_refused(void **state)
{
	const struct agx_layout_params params = {.format = AGX_FORMAT_R8G8B8A8_UNORM,
						 .dimension = AGX_DIMENSION_2D,
						 .tiling = AGX_TILING_TWIDDLED,
						 .width = 64,
						 .height = 32,
						 .layers = 4,
						 .levels = 3,
						 .writeable = true};
	static const struct {
		const char *word;
		struct agx_view view;
	} cases[] = {
		{"format", {.format = AGX_FORMAT_R8_UNORM}},
		{"format", {.format = AGX_FORMATS}},
		{"format", {.format = AGX_FORMAT_BC1_UNORM}},
		{"dimension", {.as = true, .dimension = AGX_DIMENSION_1D}},
		{"dimension", {.as = true, .dimension = AGX_DIMENSION_3D}},
		{"dimension", {.as = true, .dimension = AGX_DIMENSION_CUBE}}, /* not square */
		{"dimension", {.as = true, .dimension = (enum agx_dimension)7}},
		{"levels", {.level = 3}},
		{"levels", {.level = 1, .levels = 3}},
		{"levels", {.level = ~0u}},
		{"layers", {.layer = 4}},
		{"layers", {.layer = 1, .layers = 4}},
		{"layers", {.layer = 1, .layers = ~0u}},
		{"layers", {.as = true, .dimension = AGX_DIMENSION_2D, .layers = 2}},
		{"swizzle", {.swizzle = {(enum agx_swizzle)9}}},
	};
	struct fixture *f = *state;
	struct agx_image *image = create(f, &params);
	const uint8_t zero[24] = {0};
	struct agx_texture bytes;
	struct agx_image *read_only;
	struct agx_layout_params other = params;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&bytes, 0x55, sizeof(bytes));
		if (agx_texture_of(image, &cases[i].view, &bytes) != -EINVAL)
			fail_msg("case %zu is not refused", i);
		assert_memory_equal(bytes.bytes, zero, sizeof(zero));
		assert_non_null(strstr(agx_error(f->device->ctx), cases[i].word));
		assert_int_equal(agx_pbe_of(image, &cases[i].view, &bytes), -EINVAL);
	}
	assert_int_equal(agx_pbe_of(image, &(struct agx_view){.levels = 2}, &bytes), -EINVAL);
	assert_int_equal(agx_pbe_of(image, &(struct agx_view){.swizzle = {AGX_SWIZZLE_B}}, &bytes),
			 -EINVAL);
	assert_int_equal(agx_pbe_of(image, &(struct agx_view){.swizzle = {AGX_SWIZZLE_R}}, &bytes),
			 0);
	other.writeable = false;
	read_only = create(f, &other);
	assert_int_equal(agx_pbe_of(read_only, NULL, &bytes), -EINVAL);
	assert_non_null(strstr(agx_error(f->device->ctx), "writeable"));
	agx_image_destroy(read_only);
	other.writeable = true;
	other.format = AGX_FORMAT_D32_FLOAT;
	read_only = create(f, &other);
	assert_int_equal(agx_pbe_of(read_only, NULL, &bytes), -EINVAL);
	/* As another format it can be. */
	assert_int_equal(
		agx_pbe_of(read_only, &(struct agx_view){.format = AGX_FORMAT_R32_FLOAT}, &bytes),
		0);
	agx_image_destroy(read_only);
	agx_image_destroy(image);
}

static void buffers_are_rows_of_texels(void **state)
{
	struct fixture *f = *state;
	struct agx_texture bytes;
	struct agx_buffer *buffer;
	struct agx_cs_texture t;
	struct agx_cs_pbe p;

	MUST(f, agx_buffer_create(f->vm, 2 * 16384 * 4 + 16384, 0, &buffer));
	MUST(f, agx_texture_of_buffer(buffer, 32, AGX_FORMAT_R8G8B8A8_UNORM, 101, &bytes));
	agx_cs_texture_unpack(&t, bytes.bytes);
	assert_int_equal(t.layout, AGX_CS_LAYOUT_LINEAR);
	assert_int_equal(t.address, agx_buffer_address(buffer) + 32);
	assert_int_equal(t.width, 101);
	assert_int_equal(t.height, 1);
	assert_int_equal(t.stride, 416);
	MUST(f, agx_pbe_of_buffer(buffer, 0, AGX_FORMAT_R32_UINT, 16385, &bytes));
	agx_cs_pbe_unpack(&p, bytes.bytes);
	assert_int_equal(p.width, 16384);
	assert_int_equal(p.height, 2);
	assert_int_equal(p.stride, 65536);
	assert_int_equal(p.levels, 1);

	assert_int_equal(agx_texture_of_buffer(buffer, 8, AGX_FORMAT_R32_UINT, 1, &bytes), -EINVAL);
	assert_int_equal(agx_texture_of_buffer(buffer, 0, AGX_FORMAT_R32_UINT, 0, &bytes), -EINVAL);
	assert_int_equal(agx_texture_of_buffer(buffer, 0, AGX_FORMAT_R32_UINT, ~0u, &bytes),
			 -EINVAL);
	assert_int_equal(agx_texture_of_buffer(buffer, 0, AGX_FORMAT_BC1_UNORM, 4, &bytes),
			 -EINVAL);
	assert_int_equal(agx_texture_of_buffer(buffer, 0, AGX_FORMAT_R32_UINT, 32769, &bytes),
			 -EINVAL);
	assert_int_equal(agx_texture_of_buffer(buffer, 16400, AGX_FORMAT_R32_UINT, 32768, &bytes),
			 -EINVAL);
	assert_int_equal(agx_texture_of_buffer(buffer, ~0ull - 15, AGX_FORMAT_R32_UINT, 1, &bytes),
			 -EINVAL);
	assert_int_equal(agx_pbe_of_buffer(buffer, 0, AGX_FORMAT_D32_FLOAT, 1, &bytes), -EINVAL);
	agx_buffer_destroy(buffer);
}

/* Runs text with a texture, a PBE and a sampler over width x height threads. */
static void run_sampler(struct fixture *f, const char *text, const struct agx_texture textures[2],
			const struct agx_sampler_params *sampler_params, uint32_t width,
			uint32_t height)
{
	const struct agx_shader_params params = {.stage = AGX_STAGE_COMPUTE, .text = text};
	struct agx_bindings bindings = {.textures = textures, .texture_count = 2};
	const struct agx_dispatch dispatch = {
		.mode = AGX_DISPATCH_THREADS, .size = {width, height, 1}, .group = {8, 4, 1}};
	struct agx_sampler sampler;
	struct agx_cmdbuf *cmdbuf;
	struct agx_shader *shader;

	MUST(f, agx_shader_create(f->vm, &params, &shader));
	MUST(f, agx_sampler_init(f->device->ctx, sampler_params, &sampler));
	bindings.samplers = &sampler;
	bindings.sampler_count = 1;
	MUST(f, agx_cmdbuf_create(f->vm, &cmdbuf));
	MUST(f, agx_compute_begin(cmdbuf, NULL));
	MUST(f, agx_compute_launch(cmdbuf, shader, &bindings, &dispatch));
	MUST(f, agx_compute_end(cmdbuf));
	MUST(f, agx_cmdbuf_end(cmdbuf));
	MUST(f, agx_queue_run(f->queue, cmdbuf));
	agx_cmdbuf_destroy(cmdbuf);
	agx_shader_destroy(shader);
}

static void run(struct fixture *f, const char *text, const struct agx_texture textures[2],
		uint32_t width, uint32_t height)
{
	const struct agx_sampler_params nearest = {0};

	run_sampler(f, text, textures, &nearest, width, height);
}

static const char copy_2d[] = ".threads 8, 4, 1\n"
			      "	mov	r0, thread_in_grid_x\n"
			      "	mov	r1, thread_in_grid_y\n"
			      "	smpi	r4_r5_r6_r7, ts0, ss0, r0, 0, 2d, xyzw, auto_lod, a\n"
			      "	wait	a\n"
			      "	imgw	r4_r5_r6_r7, ts1, r0, 0, 2d\n"
			      "	stop\n";

/*
 * The GPU copies one level of an image into one of another: of other tiling, size and format. What was uploaded into
 * the first comes out of the second.
 */
static void shaders_find_what_was_uploaded(void **state)
{
	static const struct {
		enum agx_format from, to;
		enum agx_tiling from_tiling, to_tiling;
		unsigned int level, layer;
	} cases[] = {
		{AGX_FORMAT_R8G8B8A8_UINT, AGX_FORMAT_R32G32B32A32_UINT, AGX_TILING_TWIDDLED,
		 AGX_TILING_LINEAR, 0, 0},
		{AGX_FORMAT_R32G32B32A32_UINT, AGX_FORMAT_R16G16B16A16_UINT, AGX_TILING_LINEAR,
		 AGX_TILING_TWIDDLED, 0, 1},
		{AGX_FORMAT_R8_UINT, AGX_FORMAT_R8_UINT, AGX_TILING_TWIDDLED, AGX_TILING_TWIDDLED,
		 1, 2},
		{AGX_FORMAT_B8G8R8A8_UNORM, AGX_FORMAT_R32G32B32A32_FLOAT, AGX_TILING_TWIDDLED,
		 AGX_TILING_TWIDDLED, 2, 1},
		{AGX_FORMAT_R32G32B32A32_FLOAT, AGX_FORMAT_B8G8R8A8_UNORM, AGX_TILING_TWIDDLED,
		 AGX_TILING_TWIDDLED, 1, 0},
		{AGX_FORMAT_R8G8B8A8_SRGB, AGX_FORMAT_R16G16B16A16_FLOAT, AGX_TILING_TWIDDLED,
		 AGX_TILING_LINEAR, 0, 0},
		{AGX_FORMAT_R32_FLOAT, AGX_FORMAT_R8G8B8A8_SRGB, AGX_TILING_LINEAR,
		 AGX_TILING_TWIDDLED, 0, 0},
		{AGX_FORMAT_R16G16_SNORM, AGX_FORMAT_R10G10B10A2_UNORM, AGX_TILING_TWIDDLED,
		 AGX_TILING_TWIDDLED, 0, 2},
		{AGX_FORMAT_R11G11B10_FLOAT, AGX_FORMAT_R9G9B9E5_FLOAT, AGX_TILING_TWIDDLED,
		 AGX_TILING_TWIDDLED, 0, 0},
		{AGX_FORMAT_R5G6B5_UNORM, AGX_FORMAT_R4G4B4A4_UNORM, AGX_TILING_TWIDDLED,
		 AGX_TILING_TWIDDLED, 0, 0},
		{AGX_FORMAT_D16_UNORM, AGX_FORMAT_R16_UNORM, AGX_TILING_TWIDDLED, AGX_TILING_LINEAR,
		 0, 0},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* Levels up to the one that is copied, of both. */
		const struct agx_layout_params from_params = {
			.format = cases[i].from,
			.dimension = AGX_DIMENSION_2D,
			.tiling = cases[i].from_tiling,
			.width = 150u << (cases[i].level & 2),
			.height = 101u << (cases[i].level & 2),
			.layers = 3,
			.levels = cases[i].from_tiling == AGX_TILING_TWIDDLED ? cases[i].level + 1
									      : 1,
		};
		struct agx_layout_params to_params = from_params;
		const struct agx_region region = {.level = cases[i].level, .layer = cases[i].layer};
		const struct agx_view view = {.as = true,
					      .dimension = AGX_DIMENSION_2D,
					      .level = cases[i].level,
					      .layer = cases[i].layer};
		const struct agx_format_info *from_info = agx_format_info(cases[i].from);
		const struct agx_format_info *to_info = agx_format_info(cases[i].to);
		const uint32_t width = from_params.width >> cases[i].level;
		const uint32_t height = from_params.height >> cases[i].level;
		const size_t texels = (size_t)width * height;
		struct agx_image *from, *to;
		struct agx_texture textures[2];
		uint8_t *in = malloc(texels * from_info->bytes);
		uint8_t *out = malloc(texels * to_info->bytes);

		assert_true(in && out);
		to_params.format = cases[i].to;
		to_params.tiling = cases[i].to_tiling;
		to_params.writeable = true;
		from = create(f, &from_params);
		to = create(f, &to_params);
		for (size_t t = 0; t < texels; t++) {
			union agx_texel texel;

			for (unsigned int c = 0; c < 4; c++) {
				if (from_info->integer)
					texel.u[c] = (uint32_t)(t * 7 + c * 31) & 0xff;
				else
					texel.f[c] = (float)((t * 13 + c * 57) % 256) / 255;
			}
			agx_format_pack(cases[i].from, &texel, in + t * from_info->bytes);
		}
		MUST(f, agx_image_upload(from, &region, AGX_FORMAT_NONE, in, 0));
		MUST(f, agx_texture_of(from, &view, &textures[0]));
		MUST(f, agx_pbe_of(to, &view, &textures[1]));
		run(f, copy_2d, textures, width, height);
		MUST(f, agx_image_download(to, &region, AGX_FORMAT_NONE, out, 0));
		for (size_t t = 0; t < texels; t++) {
			uint8_t expected[16] = {0};
			union agx_texel texel;

			agx_format_unpack(cases[i].from, in + t * from_info->bytes, &texel);
			agx_format_pack(cases[i].to, &texel, expected);
			if (memcmp(out + t * to_info->bytes, expected, to_info->bytes))
				fail_msg("%s to %s, texel %zu: %02x%02x... instead of %02x%02x...",
					 from_info->name, to_info->name, t, out[t * to_info->bytes],
					 out[t * to_info->bytes + 1], expected[0], expected[1]);
		}
		agx_image_destroy(from);
		agx_image_destroy(to);
		free(in);
		free(out);
	}
}

/* What a component becomes that a border has in so many bits. */
static bool is_near(float got, float wanted, enum agx_cs_texture_type type, unsigned int bits)
{
	const float low = type == AGX_CS_TEXTURE_TYPE_SNORM ? -1 : 0;

	if (type == AGX_CS_TEXTURE_TYPE_FLOAT)
		return bits == 32 ? got == wanted : fabsf(got - wanted) <= fabsf(wanted) / 2048;
	if (type == AGX_CS_TEXTURE_TYPE_SNORM)
		bits--;
	wanted = wanted < low ? low : wanted > 1 ? 1 : wanted;
	return fabsf(got - wanted) <= 0.501f / (float)((1u << bits) - 1);
}

static uint32_t integer_of(uint32_t wanted, enum agx_cs_texture_type type, unsigned int bits)
{
	const uint32_t most = bits == 32 ? UINT32_MAX : (1u << bits) - 1;
	const int32_t high = (int32_t)(most >> 1), number = (int32_t)wanted;

	if (type == AGX_CS_TEXTURE_TYPE_UINT)
		return wanted < most ? wanted : most;
	return (uint32_t)(number < -high - 1 ? -high - 1 : number > high ? high : number);
}

/* Which bits a component has is what agx_border.c of Mesa says; the formats' own otherwise. */
static unsigned int border_bits(const struct lib_format *format, unsigned int c)
{
	switch (format->channels) {
	case AGX_CS_CHANNELS_BC4:
	case AGX_CS_CHANNELS_BC5:
		return 14;
	case AGX_CS_CHANNELS_BC1:
	case AGX_CS_CHANNELS_BC3:
	case AGX_CS_CHANNELS_BC7:
	case AGX_CS_CHANNELS_ETC2_RGB8:
		return 8;
	case AGX_CS_CHANNELS_R11G11B10:
		return 16;
	default:
		return format->info.srgb && format->place[c] < 3 ? 12 : format->bits[c];
	}
}

/* A shader that reads beyond the edge gets the colour, whatever the format and its order in memory. */
static void borders_have_their_colour(void **state)
{
	static const char beyond[] =
		".threads 8, 4, 1\n"
		"	ldimm	r0, 0x40000000	; 2.0\n"
		"	ldimm	r1, 0xbf800000	; -1.0\n"
		"	smpf	r4_r5_r6_r7, ts0, ss0, r0, 0, 2d, xyzw, auto_lod, a\n"
		"	wait	a\n"
		"	mov	r0, thread_in_grid_x\n"
		"	mov	r1, thread_in_grid_y\n"
		"	imgw	r4_r5_r6_r7, ts1, r0, 0, 2d\n"
		"	stop\n";
	static const float colours[][4] = {
		{0.1f, 0.3f, 0.6f, 0.9f}, {1, 0, -0.75f, 0.5f}, {-3, 5, 0.004f, 0.25f}};
	static const uint32_t integers[][4] = {
		{1, 2, 3, 4}, {200, 300, 70000, 1}, {-1u, -200u, -70000u, -3u}};
	struct agx_layout_params params = {.dimension = AGX_DIMENSION_2D,
					   .tiling = AGX_TILING_TWIDDLED,
					   .width = 8,
					   .height = 8};
	struct fixture *f = *state;
	unsigned int formats = 0;

	for (unsigned int i = 1; i < 3 * AGX_FORMATS; i++) {
		const enum agx_format id = (enum agx_format)(i / 3);
		const struct lib_format *format = lib_format(id);
		const struct agx_sampler_params sampler = {
			.wrap = {AGX_WRAP_CLAMP_TO_BORDER, AGX_WRAP_CLAMP_TO_BORDER},
			.border = AGX_BORDER_CUSTOM,
			.border_format = id,
			.border_colour = format && format->info.integer
						 ? (union agx_texel){.u = {integers[i % 3][0],
									   integers[i % 3][1],
									   integers[i % 3][2],
									   integers[i % 3][3]}}
						 : (union agx_texel){.f = {colours[i % 3][0],
									   colours[i % 3][1],
									   colours[i % 3][2],
									   colours[i % 3][3]}},
		};
		union agx_texel got[64], expected = {.f = {0, 0, 0, 1}};
		struct agx_texture textures[2];
		unsigned int bits[4] = {0};
		struct agx_image *from, *to;

		if (!format || id == AGX_FORMAT_R9G9B9E5_FLOAT || id == AGX_FORMAT_ASTC_4X4_UNORM)
			continue;
		formats += i % 3 == 0;
		params.format = id;
		params.writeable = false;
		from = create(f, &params);
		params.format =
			format->type == AGX_CS_TEXTURE_TYPE_UINT   ? AGX_FORMAT_R32G32B32A32_UINT
			: format->type == AGX_CS_TEXTURE_TYPE_SINT ? AGX_FORMAT_R32G32B32A32_SINT
								   : AGX_FORMAT_R32G32B32A32_FLOAT;
		params.writeable = true;
		to = create(f, &params);
		MUST(f, agx_texture_of(from, NULL, &textures[0]));
		MUST(f, agx_pbe_of(to, NULL, &textures[1]));
		run_sampler(f, beyond, textures, &sampler, 8, 8);
		MUST(f, agx_image_download(to, &(struct agx_region){0}, AGX_FORMAT_NONE, got, 0));
		for (unsigned int c = 0; c < format->info.components; c++)
			bits[format->info.compressed ? c : format->place[c]] =
				border_bits(format, c);
		if (format->info.integer)
			expected.u[3] = 1;
		for (unsigned int c = 0; c < 4; c++) {
			bool good;

			if (bits[c] && format->info.integer)
				good = got[0].u[c] == integer_of(sampler.border_colour.u[c],
								 format->type, bits[c]);
			else if (bits[c])
				good = is_near(got[0].f[c], sampler.border_colour.f[c],
					       format->type, bits[c]);
			else
				good = got[0].u[c] == expected.u[c];
			if (!good)
				fail_msg("%s, component %u: 0x%x (%g) of 0x%x (%g) in %u bits",
					 format->info.name, c, got[0].u[c], (double)got[0].f[c],
					 sampler.border_colour.u[c],
					 (double)sampler.border_colour.f[c], bits[c]);
		}
		agx_image_destroy(from);
		agx_image_destroy(to);
	}
	assert_in_range(formats, 50, AGX_FORMATS);
}

/* A view's swizzle, a buffer of texels, and an array's layer that the shader names. */
static void shaders_see_swizzled_buffers_and_layers(void **state)
{
	static const char write_layer[] = ".threads 8, 4, 1\n"
					  "	mov	r0, thread_in_grid_x\n"
					  "	mov	r1, thread_in_grid_y\n"
					  "	ldimm	r2, 2\n"
					  "	smpi	r4_r5_r6_r7, ts0, ss0, r0, 0, 2d, xyzw, "
					  "auto_lod, a\n"
					  "	wait	a\n"
					  "	imgw	r4_r5_r6_r7, ts1, r0, 0, 2d_array\n"
					  "	stop\n";
	const struct agx_layout_params params = {.format = AGX_FORMAT_R32G32B32A32_UINT,
						 .dimension = AGX_DIMENSION_2D,
						 .tiling = AGX_TILING_TWIDDLED,
						 .width = 40,
						 .height = 1,
						 .layers = 4,
						 .writeable = true};
	struct fixture *f = *state;
	struct agx_image *image = create(f, &params);
	struct agx_texture textures[2];
	struct agx_buffer *buffer;
	uint32_t(*in)[4], out[40][4];

	MUST(f, agx_buffer_create(f->vm, 16384, AGX_BUFFER_CACHED, &buffer));
	in = agx_buffer_map(buffer);
	assert_non_null(in);
	for (unsigned int i = 0; i < 40; i++) {
		for (unsigned int c = 0; c < 4; c++)
			in[i + 1][c] = 1000 * i + c;
	}
	MUST(f, agx_texture_of_buffer(buffer, 16, params.format, 40, &textures[0]));
	MUST(f, agx_pbe_of(image, NULL, &textures[1]));
	run(f, write_layer, textures, 40, 1);
	MUST(f,
	     agx_image_download(image, &(struct agx_region){.layer = 2}, AGX_FORMAT_NONE, out, 0));
	assert_memory_equal(out, in[1], sizeof(out));

	/* Back, in another order. */
	MUST(f, agx_texture_of(image,
			       &(struct agx_view){.as = true,
						  .dimension = AGX_DIMENSION_2D,
						  .layer = 2,
						  .swizzle = {AGX_SWIZZLE_A, AGX_SWIZZLE_1,
							      AGX_SWIZZLE_SAME, AGX_SWIZZLE_0}},
			       &textures[0]));
	MUST(f, agx_pbe_of_buffer(buffer, 4096, params.format, 40, &textures[1]));
	run(f, copy_2d, textures, 40, 1);
	for (unsigned int i = 0; i < 40; i++) {
		const uint32_t expected[4] = {1000 * i + 3, 1, 1000 * i + 2, 0};

		assert_memory_equal(in[256 + i], expected, sizeof(expected));
	}
	agx_image_destroy(image);
	agx_buffer_destroy(buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(twiddled_images_are_described, setup, teardown),
		cmocka_unit_test_setup_teardown(linear_images_are_described, setup, teardown),
		cmocka_unit_test_setup_teardown(shapes_have_their_dimension, setup, teardown),
		cmocka_unit_test_setup_teardown(attachments_are_not_converted, setup, teardown),
		cmocka_unit_test_setup_teardown(views_that_cannot_be_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(buffers_are_rows_of_texels, setup, teardown),
		cmocka_unit_test_setup_teardown(shaders_find_what_was_uploaded, setup, teardown),
		cmocka_unit_test_setup_teardown(borders_have_their_colour, setup, teardown),
		cmocka_unit_test_setup_teardown(shaders_see_swizzled_buffers_and_layers, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
