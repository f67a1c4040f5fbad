// SPDX-License-Identifier: MIT
/*
 * triangle: one triangle with a corner of red, one of green and one of blue, shown as letters.
 *
 * usage: triangle [DEVICE]
 *
 * As clear, it ends with 77 where nothing is drawn because the GPU is a model that does not execute
 * rendering yet.
 */
#include <math.h>

#include "example.h"

#define SIZE 64

/* x, y (-1 to 1 from the left and from the top), red, green, blue */
static const float vertices[3][8] = {
	{0.0f, -0.9f, 1.0f, 0.0f, 0.0f},
	{-0.9f, 0.9f, 0.0f, 1.0f, 0.0f},
	{0.9f, 0.9f, 0.0f, 0.0f, 1.0f},
};

static const struct agx_coefficient coefficients[] = {
	{.source = AGX_COEFFICIENT_W, .first = 0, .components = 1},
	{.source = AGX_COEFFICIENT_VARYING, .first = 1, .components = 3, .varying = 0},
};

/* The weights of the three vertices at a pixel's middle: all positive inside. */
static void weigh(int x, int y, float weight[3])
{
	const float px = ((float)x + 0.5f) * 2.0f / SIZE - 1.0f;
	const float py = ((float)y + 0.5f) * 2.0f / SIZE - 1.0f;

	weight[0] = (0.9f - py) / 1.8f;
	weight[2] = (px / 0.9f + 1.0f - weight[0]) / 2.0f;
	weight[1] = 1.0f - weight[0] - weight[2];
}

/* Pixels on the edge may be in or out; the others have to be right within two steps. */
static bool is_right(uint8_t pixels[SIZE][SIZE][4])
{
	for (int i = 0; i < SIZE * SIZE; i++) {
		const uint8_t *pixel = pixels[i / SIZE][i % SIZE];
		float weight[3], least;

		weigh(i % SIZE, i / SIZE, weight);
		least = fminf(weight[0], fminf(weight[1], weight[2]));
		for (int channel = 0; channel < 3; channel++) {
			const float value = least > 0 ? 255.0f * weight[channel] : 0.0f;

			if (fabsf(least) > 0.02f && fabsf(value - pixel[channel]) > 2.0f)
				return false;
		}
	}
	return true;
}

static void show(uint8_t pixels[SIZE][SIZE][4])
{
	for (int y = 0; y < SIZE; y += 4) {
		for (int x = 0; x < SIZE; x += 2) {
			const uint8_t *p = pixels[y][x];

			putchar(p[0] + p[1] + p[2] == 0      ? '.'
				: p[0] > p[1] && p[0] > p[2] ? 'R'
				: p[1] > p[2]                ? 'G'
							     : 'B');
		}
		putchar('\n');
	}
}

static void draw(const struct gpu *gpu, struct agx_image *image, uint64_t address)
{
	struct agx_render_pass pass = {.colour_count = 1};
	const struct agx_bindings bindings = {.uniforms = &address,
					      .uniform_bytes = sizeof(address)};
	struct agx_draw_state state = {.outputs = {.perspective = 3},
				       .coefficients = coefficients,
				       .coefficient_count = 2,
				       .primitive = AGX_PRIMITIVE_TRIANGLES};
	struct agx_shader *vertex = gpu_shader(gpu, AGX_STAGE_VERTEX, "triangle.vertex.agx");
	struct agx_shader *fragment = gpu_shader(gpu, AGX_STAGE_FRAGMENT, "triangle.fragment.agx");
	struct agx_cmdbuf *cmdbuf;

	pass.colour[0] = (struct agx_attachment){.image = image, .load = AGX_LOAD_CLEAR};
	must(gpu, agx_cmdbuf_create(gpu->vm, &cmdbuf));
	must(gpu, agx_render_begin(cmdbuf, &pass));
	must(gpu, agx_cmdbuf_bind(cmdbuf, vertex, &bindings, &state.vertex));
	must(gpu, agx_cmdbuf_bind(cmdbuf, fragment, NULL, &state.fragment));
	must(gpu, agx_render_state(cmdbuf, &state));
	must(gpu, agx_render_draw(cmdbuf, &(struct agx_draw){.count = 3}));
	must(gpu, agx_render_end(cmdbuf));
	must(gpu, agx_cmdbuf_end(cmdbuf));
	must(gpu, agx_queue_run(gpu->queue, cmdbuf));
	agx_cmdbuf_destroy(cmdbuf);
	agx_shader_destroy(vertex);
	agx_shader_destroy(fragment);
}

int main(int argc, char **argv)
{
	const struct agx_layout_params layout = {.format = AGX_FORMAT_R8G8B8A8_UNORM,
						 .dimension = AGX_DIMENSION_2D,
						 .tiling = AGX_TILING_TWIDDLED,
						 .width = SIZE,
						 .height = SIZE,
						 .writeable = true};
	static uint8_t before[SIZE][SIZE][4], pixels[SIZE][SIZE][4];
	struct gpu gpu = gpu_open(argc > 1 ? argv[1] : NULL);
	struct agx_image *image;
	struct agx_buffer *buffer;
	bool right, drawn;
	void *map;

	buffer = gpu_buffer(&gpu, sizeof(vertices), &map);
	memcpy(map, vertices, sizeof(vertices));
	memset(before, 0x5a, sizeof(before));
	must(&gpu, agx_image_create(gpu.vm, &layout, AGX_BUFFER_CACHED, &image));
	must(&gpu, agx_image_upload(image, NULL, AGX_FORMAT_NONE, before, 0));
	draw(&gpu, image, agx_buffer_address(buffer));
	must(&gpu, agx_image_download(image, NULL, AGX_FORMAT_NONE, pixels, 0));

	drawn = memcmp(before, pixels, sizeof(pixels)) != 0;
	right = is_right(pixels);
	if (drawn)
		show(pixels);
	if (drawn)
		printf("the triangle is %s\n", right ? "all right" : "wrong");
	else
		printf("The pass ended well, but nothing was drawn: rendering is not modelled yet.\n");

	agx_image_destroy(image);
	agx_buffer_destroy(buffer);
	gpu_close(&gpu);
	return !drawn ? NOT_EXECUTED : right ? 0 : WRONG;
}
