// SPDX-License-Identifier: MIT
/*
 * emboss: processes a picture with a shader that reads a texture and writes an image.
 *
 * usage: emboss [-i IN.png] [-o OUT.png] [DEVICE]
 *
 * Without -i it paints a picture of its own; without -o the result is only checked.
 */
#include <png.h>

#include "example.h"

typedef uint8_t texel[4];

/* Three discs of red, green and blue light in front of a slope. */
static void paint(texel *texels, int width, int height)
{
	static const int centre[3][2] = {{100, 80}, {75, 125}, {125, 125}};

	for (int i = 0; i < width * height * 4; i++) {
		const int channel = i % 4, x = i / 4 % width, y = i / 4 / width;
		const int dx = x - centre[channel % 3][0], dy = y - centre[channel % 3][1];
		const int value = dx * dx + dy * dy < 55 * 55 ? 200 : (x + y) / 4;

		texels[i / 4][channel] = (uint8_t)(channel < 3 ? value : 255);
	}
}

/* What the shader has to have made of it. */
static bool is_right(texel *in, texel *out, uint32_t width, uint32_t height)
{
	for (uint32_t i = 0; i < width * height; i++) {
		const uint32_t x = i % width, y = i / width;
		const uint32_t left = x ? x - 1 : x, right = x + 1 < width ? x + 1 : x;
		const uint32_t up = y ? y - 1 : y, down = y + 1 < height ? y + 1 : y;

		for (int channel = 0; channel < 3; channel++) {
			const int value = 128 + in[up * width + left][channel] -
					  in[down * width + right][channel];

			if (out[i][channel] != (value < 0 ? 0 : value > 255 ? 255 : value))
				return false;
		}
		if (out[i][3] != 255)
			return false;
	}
	return true;
}

static void emboss(const struct gpu *gpu, texel *in, texel *out, uint32_t width, uint32_t height)
{
	const struct agx_layout_params layout = {.format = AGX_FORMAT_R8G8B8A8_UINT,
						 .dimension = AGX_DIMENSION_2D,
						 .tiling = AGX_TILING_TWIDDLED,
						 .width = width,
						 .height = height,
						 .writeable = true};
	const uint32_t last[] = {width - 1, height - 1};
	struct agx_shader *shader = gpu_shader(gpu, AGX_STAGE_COMPUTE, "emboss.agx");
	struct agx_texture texture[2];
	struct agx_sampler sampler;
	struct agx_image *from, *to;
	struct agx_cmdbuf *cmdbuf;

	must(gpu, agx_image_create(gpu->vm, &layout, AGX_BUFFER_CACHED, &from));
	must(gpu, agx_image_create(gpu->vm, &layout, AGX_BUFFER_CACHED, &to));
	must(gpu, agx_image_upload(from, NULL, AGX_FORMAT_NONE, in, 0));
	must(gpu, agx_texture_of(from, NULL, &texture[0]));
	must(gpu, agx_pbe_of(to, NULL, &texture[1]));
	must(gpu, agx_sampler_init(gpu->ctx, &(struct agx_sampler_params){0}, &sampler));

	must(gpu, agx_cmdbuf_create(gpu->vm, &cmdbuf));
	must(gpu, agx_compute_begin(cmdbuf, NULL));
	must(gpu, agx_compute_launch(cmdbuf, shader,
				     &(struct agx_bindings){.uniforms = last,
							    .uniform_bytes = sizeof(last),
							    .textures = texture,
							    .texture_count = 2,
							    .samplers = &sampler,
							    .sampler_count = 1},
				     &(struct agx_dispatch){.mode = AGX_DISPATCH_THREADS,
							    .size = {width, height, 1}}));
	must(gpu, agx_compute_end(cmdbuf));
	must(gpu, agx_cmdbuf_end(cmdbuf));
	must(gpu, agx_queue_run(gpu->queue, cmdbuf));
	must(gpu, agx_image_download(to, NULL, AGX_FORMAT_NONE, out, 0));

	agx_cmdbuf_destroy(cmdbuf);
	agx_image_destroy(from);
	agx_image_destroy(to);
	agx_shader_destroy(shader);
}

static void check_png(const png_image *png, const char *path)
{
	if (!PNG_IMAGE_FAILED(*png))
		return;
	fprintf(stderr, "%s: %s\n", path, png->message);
	exit(NO_DEVICE);
}

int main(int argc, char **argv)
{
	png_image png = {.version = PNG_IMAGE_VERSION, .width = 203, .height = 211};
	const char *in_path = NULL, *out_path = NULL;
	texel *in, *out;
	struct gpu gpu;
	bool right;
	int option;

	while ((option = getopt(argc, argv, "i:o:")) != -1) {
		in_path = option == 'i' ? optarg : in_path;
		out_path = option == 'o' ? optarg : out_path;
	}
	gpu = gpu_open(optind < argc ? argv[optind] : NULL);
	if (in_path)
		png_image_begin_read_from_file(&png, in_path);
	check_png(&png, in_path);
	png.format = PNG_FORMAT_RGBA;
	in = calloc((size_t)png.width * png.height, sizeof(*in));
	out = calloc((size_t)png.width * png.height, sizeof(*out));
	must(&gpu, in && out ? 0 : -ENOMEM);
	if (in_path)
		png_image_finish_read(&png, NULL, in, 0, NULL);
	else
		paint(in, (int)png.width, (int)png.height);
	check_png(&png, in_path);

	emboss(&gpu, in, out, png.width, png.height);
	right = is_right(in, out, png.width, png.height);
	printf("%ux%u pixels, %s\n", png.width, png.height, right ? "all right" : "wrong");
	if (out_path)
		png_image_write_to_file(&png, out_path, 0, out, 0, NULL);
	check_png(&png, out_path);

	free(in);
	free(out);
	gpu_close(&gpu);
	return right ? 0 : WRONG;
}
