// SPDX-License-Identifier: MIT
/* Threadgroup memory as a tile: what threads store into it, one of them writes to an image. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <agx/agx.h>

#define SIZE 96

struct fixture {
	struct agx_context *ctx;
	struct agx_device *device;
	struct agx_vm *vm;
	struct agx_queue *queue;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	/* AGX_DEVICE, or else a virtual GPU of this process. */
	if (!f || agx_context_create(NULL, &f->ctx) ||
	    agx_device_open(f->ctx, getenv("AGX_DEVICE") ? NULL : "virtual", &f->device) ||
	    agx_vm_create(f->device, &f->vm) ||
	    agx_queue_create(f->vm, AGX_PRIORITY_MEDIUM, &f->queue))
		return -1;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	agx_queue_destroy(f->queue);
	agx_vm_destroy(f->vm);
	agx_device_close(f->device);
	agx_context_destroy(f->ctx);
	free(f);
	return 0;
}

#define MUST(f, call)                                                   \
	do {                                                            \
		if (call)                                               \
			fail_msg("%s: %s", #call, agx_error((f)->ctx)); \
	} while (0)

/* As Mesa's copies do it: each thread its pixel, a barrier, the first thread the block. */
static const char program[] = "	mov	r4, thread_in_threadgroup_x\n"
			      "	mov	r5, thread_in_threadgroup_y\n"
			      "	mov	r8, thread_in_grid_x\n"
			      "	mov	r9, thread_in_grid_y\n"
			      "	mov	r1l, r4l\n"
			      "	mov	r1h, r5l\n"
			      "	ldimm	r0l, 0\n"
			      "	mov	r12, r8\n"
			      "	mov	r13, r9\n"
			      "	xor	r14, r8, r9\n"
			      "	ldimm	r15, 7\n"
			      "	st_tile	r12_r13_r14_r15, r1l_r1h, 1, 0, explicit_coords, i8, xyzw\n"
			      "	barrier\n"
			      "	ldimm	r2, 0\n"
			      "	iadd	r6, r4, r5\n"
			      "	if	r6, 0, 1, ieq\n"
			      "	imgwblk	r2l, ts0, r8, 0, explicit_coords, 2d, i8\n"
			      "	pop_exec 1\n"
			      "	stop\n";

static void run(struct fixture *f, const struct agx_tile_layout *tile, struct agx_image *image)
{
	const struct agx_shader_params params = {
		.stage = AGX_STAGE_COMPUTE, .text = program, .tile = *tile};
	const struct agx_dispatch dispatch = {.mode = AGX_DISPATCH_THREADS,
					      .size = {SIZE, SIZE, 1},
					      .group = {tile->width, tile->height, 1}};
	struct agx_texture pbe;
	const struct agx_bindings bindings = {.textures = &pbe, .texture_count = 1};
	struct agx_cmdbuf *cmdbuf;
	struct agx_shader *shader;

	MUST(f, agx_pbe_of(image, NULL, &pbe));
	MUST(f, agx_shader_create(f->vm, &params, &shader));
	MUST(f, agx_cmdbuf_create(f->vm, &cmdbuf));
	MUST(f, agx_compute_begin(cmdbuf, NULL));
	MUST(f, agx_compute_launch(cmdbuf, shader, &bindings, &dispatch));
	MUST(f, agx_compute_end(cmdbuf));
	MUST(f, agx_cmdbuf_end(cmdbuf));
	MUST(f, agx_queue_run(f->queue, cmdbuf));
	agx_cmdbuf_destroy(cmdbuf);
	agx_shader_destroy(shader);
}

static void tiles_become_images(void **state)
{
	static const struct agx_tile_layout tiles[] = {
		{32, 32, 4, 0}, {32, 16, 8, 1}, {16, 16, 64, 1}, {16, 16, 8, 4}};
	const struct agx_layout_params params = {.format = AGX_FORMAT_R8G8B8A8_UINT,
						 .dimension = AGX_DIMENSION_2D,
						 .tiling = AGX_TILING_TWIDDLED,
						 .width = SIZE,
						 .height = SIZE,
						 .writeable = true};
	static uint8_t texels[SIZE][SIZE][4];
	struct fixture *f = *state;
	struct agx_image *image;

	for (size_t i = 0; i < sizeof(tiles) / sizeof(tiles[0]); i++) {
		MUST(f, agx_image_create(f->vm, &params, AGX_BUFFER_CACHED, &image));
		run(f, &tiles[i], image);
		MUST(f, agx_image_download(image, &(struct agx_region){0}, AGX_FORMAT_NONE, texels,
					   0));
		for (unsigned int y = 0; y < SIZE; y++) {
			for (unsigned int x = 0; x < SIZE; x++) {
				const uint8_t expected[4] = {(uint8_t)x, (uint8_t)y,
							     (uint8_t)(x ^ y), 7};

				if (memcmp(texels[y][x], expected, 4))
					fail_msg("tile %zu, pixel %u %u: %u %u %u %u", i, x, y,
						 texels[y][x][0], texels[y][x][1], texels[y][x][2],
						 texels[y][x][3]);
			}
		}
		agx_image_destroy(image);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tiles_become_images, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
