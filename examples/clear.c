// SPDX-License-Identifier: MIT
/*
 * clear: a render pass without a draw. Its tiles begin with a colour and end in an image.
 *
 * usage: clear [DEVICE]
 *
 * The GPUs that this project models do not execute rendering yet: they look at all of it, and leave
 * the image as it was. Then this program says so and ends with 77; what has been checked is that
 * the commands were accepted and came to a good end.
 */
#include "example.h"

#define WIDTH  200
#define HEIGHT 120
#define BEFORE 0x5a /* in every byte of the image */

static const uint8_t orange[4] = {255, 128, 0, 255};

int main(int argc, char **argv)
{
	const struct agx_layout_params layout = {.format = AGX_FORMAT_R8G8B8A8_UNORM,
						 .dimension = AGX_DIMENSION_2D,
						 .tiling = AGX_TILING_TWIDDLED,
						 .width = WIDTH,
						 .height = HEIGHT,
						 .writeable = true};
	static uint8_t pixels[HEIGHT][WIDTH][4];
	struct gpu gpu = gpu_open(argc > 1 ? argv[1] : NULL);
	struct agx_render_pass pass = {.colour_count = 1};
	unsigned int cleared = 0, untouched = 0;
	struct agx_image *image;
	struct agx_cmdbuf *cmdbuf;

	memset(pixels, BEFORE, sizeof(pixels));
	must(&gpu, agx_image_create(gpu.vm, &layout, AGX_BUFFER_CACHED, &image));
	must(&gpu, agx_image_upload(image, NULL, AGX_FORMAT_NONE, pixels, 0));

	pass.colour[0] = (struct agx_attachment){
		.image = image, .load = AGX_LOAD_CLEAR, .clear = {.f = {1.0f, 0.5f, 0.0f, 1.0f}}};
	must(&gpu, agx_cmdbuf_create(gpu.vm, &cmdbuf));
	must(&gpu, agx_render_begin(cmdbuf, &pass));
	must(&gpu, agx_render_end(cmdbuf));
	must(&gpu, agx_cmdbuf_end(cmdbuf));
	must(&gpu, agx_queue_run(gpu.queue, cmdbuf));
	must(&gpu, agx_image_download(image, NULL, AGX_FORMAT_NONE, pixels, 0));

	for (int y = 0; y < HEIGHT; y++) {
		for (int x = 0; x < WIDTH; x++) {
			static const uint8_t before[4] = {BEFORE, BEFORE, BEFORE, BEFORE};

			cleared += !memcmp(pixels[y][x], orange, 4);
			untouched += !memcmp(pixels[y][x], before, 4);
		}
	}
	printf("%u of %d pixels are orange\n", cleared, WIDTH * HEIGHT);
	if (untouched == WIDTH * HEIGHT)
		printf("The pass ended well, but nothing was drawn: rendering is not modelled yet.\n");

	agx_cmdbuf_destroy(cmdbuf);
	agx_image_destroy(image);
	gpu_close(&gpu);
	if (untouched == WIDTH * HEIGHT)
		return NOT_EXECUTED;
	return cleared == WIDTH * HEIGHT ? 0 : WRONG;
}
