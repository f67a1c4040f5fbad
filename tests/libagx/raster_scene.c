// SPDX-License-Identifier: MIT
/*
 * The passes of tests/traces/programs/states.h, in their order, through the library: one draw each,
 * for test_raster_state.py. What the shaders compute is of no interest, what they read, write and
 * are given is.
 *
 * usage: raster_scene [DEVICE]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <agx/agx.h>

#define SIZE 64

/* What shaders do. */
enum part {
	POINT_SIZE = 1,
	LAYER = 2,
	VIEWPORT = 4,
	SMOOTH = 8,
	FLAT = 16,
	LINEAR = 32,
	PRIMITIVE_ID = 64,
	POINT_COORD = 128,
	DERIVATIVE = 256,
	DISCARD = 512,
	DEPTH = 1024,
	MEMORY = 2048,
	COORD_Z = 4096,
};

enum draw {
	DIRECT,
	INDIRECT,
	INDEXED_INDIRECT,
};

struct pass {
	unsigned int vertex, fragment; /* enum part */
	enum agx_primitive primitive;
	enum draw draw;
	enum agx_index_size index_size;
	bool no_fragment, load;
	unsigned int colours; /* 0: one of RGBA8 */
	bool nothing;         /* no colour at all */
	enum agx_format colour[4];
	const char *mask; /* components of the first that are written */
	enum agx_format depth;
	bool stencil;
	uint32_t samples, layers;
	unsigned int viewports;
	struct agx_viewport viewport; /* of width 0: as big as the pass */
	bool scissored;
	struct agx_rect scissor;
	bool counts;
	struct agx_draw_state state;
};

static const struct pass passes[] = {
	/* points */
	{POINT_SIZE | FLAT, FLAT | POINT_COORD, .primitive = AGX_PRIMITIVE_POINTS},
	/* lines, lines-last */
	{FLAT | SMOOTH, FLAT | SMOOTH, .primitive = AGX_PRIMITIVE_LINES,
	 .state = {.line_width = 3}},
	{FLAT, FLAT, .primitive = AGX_PRIMITIVE_LINES, .state = {.last_vertex = true}},
	/* line-strip */
	{LINEAR, LINEAR, .primitive = AGX_PRIMITIVE_LINE_STRIP, .draw = DIRECT,
	 .index_size = AGX_INDEX_16, .state = {.restart = true}},
	/* strip */
	{FLAT, FLAT, .primitive = AGX_PRIMITIVE_TRIANGLE_STRIP, .draw = DIRECT,
	 .index_size = AGX_INDEX_32,
	 .state = {.restart = true,
		   .last_vertex = true,
		   .cull = AGX_CULL_FRONT,
		   .front_is_clockwise = true}},
	/* fan, fan-last */
	{FLAT, FLAT, .primitive = AGX_PRIMITIVE_TRIANGLE_FAN},
	{FLAT, FLAT, .primitive = AGX_PRIMITIVE_TRIANGLE_FAN, .draw = DIRECT,
	 .index_size = AGX_INDEX_8, .state = {.last_vertex = true}},
	/* clamp */
	{SMOOTH, SMOOTH | COORD_Z, .primitive = AGX_PRIMITIVE_TRIANGLES, .load = true,
	 .depth = AGX_FORMAT_D32_FLOAT, .viewport = {0, 0, SIZE, SIZE, 0.25f, 0.75f},
	 .state = {.clamp_depth = true, .depth_test = true, .depth_compare = AGX_COMPARE_GREATER}},
	/* clip */
	{0, 0, .primitive = AGX_PRIMITIVE_TRIANGLES, .depth = AGX_FORMAT_D16_UNORM,
	 .viewport = {4, 60, 48, -40, 0.75f, 0.25f},
	 .state = {.depth_test = true,
		   .depth_write = true,
		   .depth_compare = AGX_COMPARE_LESS,
		   .depth_bias = true}},
	/* stencil */
	{0, 0, .primitive = AGX_PRIMITIVE_TRIANGLES, .stencil = true},
	/* edges, corners */
	{0, 0, .primitive = AGX_PRIMITIVE_TRIANGLES, .state = {.lines = true, .line_width = 2}},
	{0, 0, .primitive = AGX_PRIMITIVE_TRIANGLES, .state = {.corners = true}},
	/* discard */
	{SMOOTH, SMOOTH, .primitive = AGX_PRIMITIVE_TRIANGLES, .state = {.discard = true}},
	/* depth-only */
	{0, 0, .primitive = AGX_PRIMITIVE_TRIANGLES, .no_fragment = true,
	 .depth = AGX_FORMAT_D32_FLOAT,
	 .state = {.depth_test = true, .depth_write = true, .depth_compare = AGX_COMPARE_ALWAYS}},
	/* colours: of which the shader writes one */
	{SMOOTH, SMOOTH, .primitive = AGX_PRIMITIVE_TRIANGLES, .colours = 4,
	 .colour = {AGX_FORMAT_R16G16B16A16_FLOAT, AGX_FORMAT_R8_UNORM,
		    AGX_FORMAT_R10G10B10A2_UNORM, AGX_FORMAT_R32_UINT}},
	/* masked */
	{SMOOTH, SMOOTH, .primitive = AGX_PRIMITIVE_TRIANGLES, .mask = "xz"},
	/* layers, layer, viewports */
	{LAYER | VIEWPORT, 0, .primitive = AGX_PRIMITIVE_TRIANGLES, .layers = 2, .viewports = 2},
	{LAYER, 0, .primitive = AGX_PRIMITIVE_TRIANGLES, .layers = 2},
	{VIEWPORT, 0, .primitive = AGX_PRIMITIVE_TRIANGLES, .viewports = 2},
	/* primitive */
	{0, PRIMITIVE_ID, .primitive = AGX_PRIMITIVE_TRIANGLES},
	/* kill, depth */
	{SMOOTH, SMOOTH | DISCARD, .primitive = AGX_PRIMITIVE_TRIANGLES,
	 .depth = AGX_FORMAT_D32_FLOAT,
	 .state = {.depth_test = true, .depth_write = true, .depth_compare = AGX_COMPARE_LESS}},
	{SMOOTH, SMOOTH | DEPTH, .primitive = AGX_PRIMITIVE_TRIANGLES,
	 .depth = AGX_FORMAT_D32_FLOAT,
	 .state = {.depth_test = true, .depth_write = true, .depth_compare = AGX_COMPARE_LESS}},
	/* derivative, memory: with the depth test at the end, as Mesa makes it for memory's sake */
	{SMOOTH, SMOOTH | DERIVATIVE | DEPTH | COORD_Z, .primitive = AGX_PRIMITIVE_TRIANGLES},
	{0, MEMORY | PRIMITIVE_ID | DEPTH | COORD_Z, .primitive = AGX_PRIMITIVE_TRIANGLES},
	/* samples */
	{0, 0, .primitive = AGX_PRIMITIVE_TRIANGLES, .samples = 2, .depth = AGX_FORMAT_D32_FLOAT,
	 .stencil = true},
	/* any, count */
	{0, 0, .primitive = AGX_PRIMITIVE_TRIANGLES, .counts = true,
	 .state = {.any_samples = true}},
	{0, 0, .primitive = AGX_PRIMITIVE_TRIANGLES, .counts = true,
	 .state = {.count_samples = true}},
	/* viewport, scissor */
	{0, 0, .primitive = AGX_PRIMITIVE_TRIANGLES, .viewport = {10, 20, 30, 40, 0, 1}},
	{0, 0, .primitive = AGX_PRIMITIVE_TRIANGLES, .scissored = true, .scissor = {33, 5, 7, 50}},
	/* indirect, indexed-indirect */
	{SMOOTH, SMOOTH, .primitive = AGX_PRIMITIVE_TRIANGLES, .draw = INDIRECT},
	{SMOOTH, SMOOTH, .primitive = AGX_PRIMITIVE_TRIANGLES, .draw = INDEXED_INDIRECT,
	 .index_size = AGX_INDEX_16},
	/* nothing */
	{0, MEMORY | PRIMITIVE_ID | DEPTH | COORD_Z, .primitive = AGX_PRIMITIVE_TRIANGLES,
	 .nothing = true},
};

#define PASSES (sizeof(passes) / sizeof(passes[0]))

static struct agx_context *ctx;
static struct agx_vm *vm;
static struct agx_buffer *buffer;

static void must(int ret)
{
	if (ret >= 0)
		return;
	fprintf(stderr, "%s\n", agx_error(ctx));
	exit(1);
}

/* Objects that command buffers do not keep are kept here. */
static struct agx_image *images[PASSES * 6];
static unsigned int image_count;

static struct agx_image *image(enum agx_format format, const struct pass *pass)
{
	const struct agx_layout_params params = {
		.format = format,
		.dimension = AGX_DIMENSION_2D,
		.tiling = AGX_TILING_TWIDDLED,
		.width = SIZE,
		.height = SIZE,
		.layers = pass->layers,
		.samples = pass->samples,
		.writeable = true,
	};

	must(agx_image_create(vm, &params, 0, &images[image_count]));
	return images[image_count++];
}

static struct agx_attachment attachment(enum agx_format format, const struct pass *pass)
{
	struct agx_attachment a = {
		.image = image(format, pass),
		.load = pass->load ? AGX_LOAD_IMAGE : AGX_LOAD_CLEAR,
	};

	if (format == AGX_FORMAT_S8_UINT)
		a.clear.u[0] = 9;
	else
		a.clear.f[0] = 0.75f;
	return a;
}

static void begin(struct agx_cmdbuf *cmdbuf, const struct pass *pass)
{
	struct agx_render_pass render = {
		.width = SIZE,
		.height = SIZE,
		.layers = pass->layers,
		.colour_count = pass->nothing   ? 0
				: pass->colours ? pass->colours
						: 1,
		.occlusion = pass->counts ? agx_buffer_address(buffer) + 8192 : 0,
	};

	for (unsigned int i = 0; i < render.colour_count; i++)
		render.colour[i] = attachment(
			pass->colours ? pass->colour[i] : AGX_FORMAT_R8G8B8A8_UNORM, pass);
	if (pass->depth)
		render.depth = attachment(pass->depth, pass);
	if (pass->stencil)
		render.stencil = attachment(AGX_FORMAT_S8_UINT, pass);
	must(agx_render_begin(cmdbuf, &render));
}

static struct agx_vertex_outputs outputs_of(unsigned int parts)
{
	return (struct agx_vertex_outputs){
		.perspective = parts & SMOOTH ? 3 : 0,
		.flat = parts & FLAT ? 1 : 0,
		.linear = parts & LINEAR ? 2 : 0,
		.point_size = parts & POINT_SIZE,
		.layer = parts & LAYER,
		.viewport = parts & VIEWPORT,
	};
}

static struct agx_bound bind(struct agx_cmdbuf *cmdbuf, enum agx_stage stage, const char *text)
{
	const struct agx_shader_params params = {.stage = stage, .text = text};
	struct agx_shader *shader;
	struct agx_bound bound;

	must(agx_shader_create(vm, &params, &shader));
	must(agx_cmdbuf_bind(cmdbuf, shader, NULL, &bound));
	agx_shader_destroy(shader);
	return bound;
}

static struct agx_bound vertex_shader(struct agx_cmdbuf *cmdbuf, const struct pass *pass)
{
	const struct agx_vertex_outputs o = outputs_of(pass->vertex);
	const unsigned int words =
		4 + o.perspective + o.flat + o.linear + o.point_size + (o.layer || o.viewport);
	char text[512] = "ldimm r0, 0x3f000000\n";

	for (unsigned int i = 0; i < words; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "st_var r0, %u%s\n", i,
			 i == words - 1 ? ", last" : "");
	strcat(text, "stop\n");
	return bind(cmdbuf, AGX_STAGE_VERTEX, text);
}

static struct agx_bound fragment_shader(struct agx_cmdbuf *cmdbuf, const struct pass *pass)
{
	static const char *const formats[] = {"u8norm", "f16"};
	const unsigned int parts = pass->fragment;
	char text[1024] = "mov r4, 0\nmov r5, 0\nmov r6, 0\nmov r7, 0\n";
	unsigned int offset = 0;

	if (parts & DERIVATIVE)
		strcat(text, "dfdx r4, r5\n");
	if (parts & MEMORY)
		strcat(text, "ldimm r0, 0\nldimm r1, 0x100\nstore r4, dr0, 0, i32, x, a\n");
	if (parts & DISCARD)
		strcat(text, "pixwait 1, 0\nsample_mask 255, 0\n");
	if (parts & DEPTH)
		strcat(text, "pixwait 1, 0\nzs_emit 255, r4\n");
	if (!pass->nothing) {
		must(agx_render_tile_offset(cmdbuf, 0, &offset));
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "pixwait 12, 0\nst_tile r4_r5%s, 0, 255, %u, %s, %s\n",
			 pass->mask ? "" : "_r6_r7", offset, formats[pass->colours > 1],
			 pass->mask ? pass->mask : "xyzw");
	}
	strcat(text, "stop\n");
	return bind(cmdbuf, AGX_STAGE_FRAGMENT, text);
}

/* As Mesa's compiler lays them out: the divisor, depth, then what is read in the order of its use. */
static unsigned int coefficients(unsigned int parts, struct agx_coefficient *to)
{
	unsigned int n = 0, next = 0;

	if (parts & (SMOOTH | POINT_COORD))
		to[n++] = (struct agx_coefficient){.source = AGX_COEFFICIENT_W, .first = next++};
	if (parts & COORD_Z)
		to[n++] = (struct agx_coefficient){.source = AGX_COEFFICIENT_Z, .first = next++};
	if (parts & SMOOTH) {
		to[n++] = (struct agx_coefficient){.first = next, .components = 3};
		next += 3;
	}
	if (parts & POINT_COORD) {
		to[n++] = (struct agx_coefficient){
			.source = AGX_COEFFICIENT_POINT, .first = next, .components = 2};
		next += 2;
	}
	if (parts & LINEAR) {
		to[n++] = (struct agx_coefficient){.first = next, .components = 2};
		next += 2;
	}
	if (parts & FLAT)
		to[n++] = (struct agx_coefficient){.first = next++,
						   .varying = parts & SMOOTH ? 3 : 0};
	if (parts & PRIMITIVE_ID)
		to[n++] = (struct agx_coefficient){.source = AGX_COEFFICIENT_PRIMITIVE,
						   .first = next++};
	return n;
}

static const struct agx_stencil front = {
	.compare = AGX_COMPARE_LESS,
	.fail = AGX_STENCIL_ZERO,
	.depth_fail = AGX_STENCIL_INVERT,
	.pass = AGX_STENCIL_REPLACE,
	.reference = 0x55,
	.read_mask = 0xf0,
	.write_mask = 0x3c,
};

static const struct agx_stencil back = {
	.compare = AGX_COMPARE_GREATER_EQUAL,
	.fail = AGX_STENCIL_INCREMENT_WRAP,
	.depth_fail = AGX_STENCIL_DECREMENT_CLAMP,
	.pass = AGX_STENCIL_DECREMENT_WRAP,
	.reference = 0xaa,
	.read_mask = 0x0f,
	.write_mask = 0xc3,
};

static void set_viewports(struct agx_cmdbuf *cmdbuf, const struct pass *pass)
{
	const struct agx_viewport viewports[] = {
		pass->viewport.width > 0 ? pass->viewport
					 : (struct agx_viewport){0, 0, SIZE, SIZE, 0, 1},
		{8, 16, 32, 24, 0.25f, 0.5f},
	};

	if (pass->viewports || pass->viewport.width > 0 || pass->scissored)
		must(agx_render_viewports(cmdbuf, viewports,
					  pass->scissored ? &pass->scissor : NULL,
					  pass->viewports ? pass->viewports : 1));
}

static void draw(struct agx_cmdbuf *cmdbuf, const struct pass *pass)
{
	const uint64_t memory = agx_buffer_address(buffer);
	struct agx_draw d = {.count = 12, .instances = 2, .first = 1};

	if (pass->index_size) {
		d.index_size = pass->index_size;
		d.indices = memory;
		d.index_bytes = 4096;
	}
	if (pass->draw == INDIRECT) {
		d.indirect = memory + 2048;
	} else if (pass->draw == INDEXED_INDIRECT) {
		d.indirect = memory + 2064;
	} else if (pass->index_size) {
		d.count = 9;
		d.first = 3;
		d.indices += 4u << (pass->index_size - 1);
		d.index_bytes -= 4u << (pass->index_size - 1);
	}
	must(agx_render_draw(cmdbuf, &d));
}

static void render(struct agx_cmdbuf *cmdbuf, const struct pass *pass)
{
	struct agx_draw_state state = pass->state;
	struct agx_coefficient list[8];

	begin(cmdbuf, pass);
	set_viewports(cmdbuf, pass);
	state.primitive = pass->primitive;
	state.outputs = outputs_of(pass->vertex);
	state.vertex = vertex_shader(cmdbuf, pass);
	if (!pass->no_fragment)
		state.fragment = fragment_shader(cmdbuf, pass);
	state.coefficients = list;
	state.coefficient_count = coefficients(pass->fragment, list);
	if (state.depth_bias) {
		state.depth_bias_constant = 2;
		state.depth_bias_slope = 0.5f;
		state.depth_bias_clamp = 0.25f;
	}
	if (pass->stencil) {
		state.stencil_test = true;
		state.front = front;
		state.back = back;
	}
	must(agx_render_state(cmdbuf, &state));
	draw(cmdbuf, pass);
	must(agx_render_end(cmdbuf));
}

/* Indices, and the arguments of a draw and of an indexed draw behind them. */
static void fill(uint8_t *map)
{
	static const uint32_t arguments[] = {6, 2, 1, 0, 9, 1, 3, 2, 0};

	for (unsigned int i = 0; i < 2048; i++)
		map[i] = i % 4 ? 0 : (uint8_t)(i / 4 % 12);
	memcpy(map + 2048, arguments, sizeof(arguments));
}

int main(int argc, char **argv)
{
	struct agx_cmdbuf *cmdbuf;
	struct agx_device *device;
	struct agx_queue *queue;
	void *map;

	if (agx_context_create(NULL, &ctx))
		return 2;
	must(agx_device_open(ctx, argc > 1 ? argv[1] : NULL, &device));
	must(agx_vm_create(device, &vm));
	must(agx_queue_create(vm, AGX_PRIORITY_MEDIUM, &queue));
	must(agx_buffer_create(vm, AGX_PAGE_SIZE, 0, &buffer));
	map = agx_buffer_map(buffer);
	must(map ? 0 : -1);
	fill(map);
	must(agx_cmdbuf_create(vm, &cmdbuf));
	for (unsigned int i = 0; i < PASSES; i++) {
		render(cmdbuf, &passes[i]);
		must(agx_cmdbuf_end(cmdbuf));
		must(agx_queue_run(queue, cmdbuf));
		must(agx_cmdbuf_reset(cmdbuf));
	}
	agx_cmdbuf_destroy(cmdbuf);
	while (image_count)
		agx_image_destroy(images[--image_count]);
	agx_buffer_destroy(buffer);
	agx_queue_destroy(queue);
	agx_vm_destroy(vm);
	agx_device_close(device);
	agx_context_destroy(ctx);
	return 0;
}
