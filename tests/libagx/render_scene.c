// SPDX-License-Identifier: MIT
/*
 * Two passes with the state of passes that Mesa's drivers built in tests/traces, for
 * test_render_state.py: that of vk-cube, and the first one of vk-msaa.
 *
 * usage: render_scene [DEVICE]
 */
#include <stdio.h>
#include <stdlib.h>

#include <agx/agx.h>

static struct agx_context *ctx;
static struct agx_vm *vm;

/* What is made on the way, to be ended at the end. */
static struct agx_shader *shaders[4];
static struct agx_image *images[8];
static unsigned int shader_count, image_count;

static void must(int ret)
{
	if (ret >= 0)
		return;
	fprintf(stderr, "%s\n", agx_error(ctx));
	exit(1);
}

static struct agx_shader *shader(enum agx_stage stage, const char *text)
{
	const struct agx_shader_params params = {.stage = stage, .text = text};
	struct agx_shader *made;

	must(agx_shader_create(vm, &params, &made));
	if (shader_count == sizeof(shaders) / sizeof(shaders[0]))
		exit(2);
	shaders[shader_count++] = made;
	return made;
}

static struct agx_image *image(enum agx_format format, uint32_t size, uint32_t layers,
			       uint32_t samples)
{
	const struct agx_layout_params params = {
		.format = format,
		.dimension = AGX_DIMENSION_2D,
		.tiling = AGX_TILING_TWIDDLED,
		.width = size,
		.height = size,
		.layers = layers,
		.samples = samples,
		.writeable = true,
	};
	struct agx_image *made;

	must(agx_image_create(vm, &params, 0, &made));
	if (image_count == sizeof(images) / sizeof(images[0]))
		exit(2);
	images[image_count++] = made;
	return made;
}

#define POSITION \
	".stage vertex\nldimm r0, 0\nst_var r0, 0\nst_var r0, 1\nst_var r0, 2\nst_var r0, 3\n"

/* A cube of interpolated colours. */
static void cube(struct agx_cmdbuf *cmdbuf)
{
	static const struct agx_coefficient coefficients[] = {
		{.source = AGX_COEFFICIENT_W},
		{.source = AGX_COEFFICIENT_VARYING, .first = 1, .components = 3},
	};
	struct agx_image *colour = image(AGX_FORMAT_R8G8B8A8_SRGB, 256, 1, 1);
	struct agx_shader *vertex =
		shader(AGX_STAGE_VERTEX,
		       POSITION "st_var r0, 4\nst_var r0, 5\nst_var r0, 6, last\nstop\n");
	struct agx_shader *fragment =
		shader(AGX_STAGE_FRAGMENT, ".stage fragment\niter r4_r5_r6, cf1, cf0\n"
					   "ldimm r7, 0x3f800000\npixwait 12, 0\n"
					   "st_tile r4_r5_r6_r7, 0, 255, 0, srgba8, xyzw\nstop\n");
	struct agx_render_pass pass = {.colour_count = 1};
	struct agx_draw_state state = {
		.outputs = {.perspective = 3},
		.coefficients = coefficients,
		.coefficient_count = 2,
		.primitive = AGX_PRIMITIVE_TRIANGLES,
		.cull = AGX_CULL_BACK,
	};

	pass.colour[0] = (struct agx_attachment){.image = colour, .load = AGX_LOAD_CLEAR};
	must(agx_render_begin(cmdbuf, &pass));
	must(agx_cmdbuf_bind(cmdbuf, vertex, NULL, &state.vertex));
	must(agx_cmdbuf_bind(cmdbuf, fragment, NULL, &state.fragment));
	must(agx_render_state(cmdbuf, &state));
	must(agx_render_draw(cmdbuf, &(struct agx_draw){.count = 36}));
	must(agx_render_end(cmdbuf));
}

/* Everything at once: samples, layers, depth, stencil, all kinds of varyings. */
static void samples(struct agx_cmdbuf *cmdbuf, struct agx_buffer *buffer)
{
	static const struct agx_coefficient coefficients[] = {
		{.source = AGX_COEFFICIENT_W},
		{.source = AGX_COEFFICIENT_Z, .first = 1},
		{.source = AGX_COEFFICIENT_VARYING, .first = 2, .components = 4, .varying = 1},
		{.source = AGX_COEFFICIENT_VARYING, .first = 6, .components = 2, .varying = 6},
		{.source = AGX_COEFFICIENT_VARYING, .first = 8, .varying = 5},
	};
	struct agx_shader *vertex =
		shader(AGX_STAGE_VERTEX, POSITION "st_var r0, 4\nst_var r0, 5\nst_var r0, 6\n"
						  "st_var r0, 7\nst_var r0, 8\nst_var r0, 9\n"
						  "st_var r0, 10\nst_var r0, 11\n"
						  "st_var r0, 12, last\nstop\n");
	struct agx_shader *fragment =
		shader(AGX_STAGE_FRAGMENT, ".stage fragment\niter r0_r1, cf6\npixwait 1, 0\n"
					   "sample_mask 255, 1\nzs_emit 255, r2\npixwait 12, 0\n"
					   "st_tile r0_r1, 0, 255, 0, i16, xy\nstop\n");
	struct agx_render_pass pass = {
		.colour_count = 2,
		.layers = 2,
		.occlusion = agx_buffer_address(buffer),
	};
	const struct agx_stencil stencil = {
		.compare = AGX_COMPARE_NOT_EQUAL,
		.pass = AGX_STENCIL_INCREMENT_CLAMP,
		.depth_fail = AGX_STENCIL_INVERT,
		.reference = 3,
		.read_mask = 255,
		.write_mask = 15,
	};
	struct agx_draw_state state = {
		.outputs = {.perspective = 5, .flat = 1, .linear = 2, .clip_distances = 1},
		.coefficients = coefficients,
		.coefficient_count = 5,
		.primitive = AGX_PRIMITIVE_TRIANGLES,
		.cull = AGX_CULL_BACK,
		.translucent = true,
		.separate = true,
		.depth_test = true,
		.depth_write = true,
		.depth_compare = AGX_COMPARE_LESS_EQUAL,
		.depth_bias = true,
		.depth_bias_constant = 2,
		.depth_bias_slope = 0.5f,
		.depth_bias_clamp = 0.25f,
		.stencil_test = true,
		.front = stencil,
		.back = stencil,
		.count_samples = true,
	};

	pass.colour[0] = (struct agx_attachment){
		.image = image(AGX_FORMAT_R8G8B8A8_UNORM, 64, 2, 4), .load = AGX_LOAD_CLEAR};
	pass.colour[1] = (struct agx_attachment){.image = image(AGX_FORMAT_R16G16_UINT, 64, 2, 4),
						 .load = AGX_LOAD_IMAGE};
	pass.depth = (struct agx_attachment){.image = image(AGX_FORMAT_D32_FLOAT, 64, 2, 4),
					     .load = AGX_LOAD_CLEAR,
					     .clear = {.f = {0.875f}}};
	pass.stencil = (struct agx_attachment){.image = image(AGX_FORMAT_S8_UINT, 64, 2, 4),
					       .load = AGX_LOAD_CLEAR,
					       .clear = {.u = {5}}};
	must(agx_render_begin(cmdbuf, &pass));
	must(agx_render_viewports(cmdbuf, &(struct agx_viewport){0, 0, 64, 64, 0, 1},
				  &(struct agx_rect){0, 0, 64, 61}, 1));
	must(agx_cmdbuf_bind(cmdbuf, vertex, NULL, &state.vertex));
	must(agx_cmdbuf_bind(cmdbuf, fragment, NULL, &state.fragment));
	must(agx_render_state(cmdbuf, &state));
	must(agx_render_draw(cmdbuf, &(struct agx_draw){.count = 24, .instances = 3}));
	must(agx_render_draw(cmdbuf, &(struct agx_draw){
					     .count = 18,
					     .index_size = AGX_INDEX_16,
					     .indices = agx_buffer_address(buffer) + 6,
					     .index_bytes = 4092,
					     .first = 1,
				     }));
	must(agx_render_end(cmdbuf));
}

int main(int argc, char **argv)
{
	struct agx_cmdbuf *cmdbuf;
	struct agx_device *device;
	struct agx_buffer *buffer;
	struct agx_queue *queue;

	if (agx_context_create(NULL, &ctx))
		return 2;
	must(agx_device_open(ctx, argc > 1 ? argv[1] : NULL, &device));
	must(agx_vm_create(device, &vm));
	must(agx_queue_create(vm, AGX_PRIORITY_MEDIUM, &queue));
	must(agx_buffer_create(vm, AGX_PAGE_SIZE, 0, &buffer));
	must(agx_cmdbuf_create(vm, &cmdbuf));
	cube(cmdbuf);
	samples(cmdbuf, buffer);
	must(agx_cmdbuf_end(cmdbuf));
	must(agx_queue_run(queue, cmdbuf));
	agx_cmdbuf_destroy(cmdbuf);
	for (unsigned int i = 0; i < image_count; i++)
		agx_image_destroy(images[i]);
	for (unsigned int i = 0; i < shader_count; i++)
		agx_shader_destroy(shaders[i]);
	agx_buffer_destroy(buffer);
	agx_queue_destroy(queue);
	agx_vm_destroy(vm);
	agx_device_close(device);
	agx_context_destroy(ctx);
	return 0;
}
