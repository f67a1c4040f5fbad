// SPDX-License-Identifier: MIT
/* Images in buffers of a virtual GPU: upload, download, conversion, and what is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <agx/image.h>

#include "device.h"

struct fixture {
	struct test_device *device;
	struct agx_vm *vm;
};

static uint64_t seed;

static uint32_t draw(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 32) % below);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || test_device_open("t8103", &f->device) || agx_vm_create(f->device->device, &f->vm))
		return -1;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int ret;

	agx_vm_destroy(f->vm);
	ret = test_device_close(f->device);
	free(f);
	return ret;
}

static struct agx_image *create(struct fixture *f, const struct agx_layout_params *params)
{
	struct agx_image *image;

	if (agx_image_create(f->vm, params, AGX_BUFFER_CACHED, &image))
		fail_msg("%s", agx_error(f->device->ctx));
	return image;
}

static void what_was_uploaded_comes_back(void **state)
{
	static const enum agx_format formats[] = {
		AGX_FORMAT_R8_UNORM,           AGX_FORMAT_R16_FLOAT, AGX_FORMAT_B8G8R8A8_SRGB,
		AGX_FORMAT_R16G16B16A16_UNORM, AGX_FORMAT_BC1_UNORM, AGX_FORMAT_ASTC_4X4_UNORM,
		AGX_FORMAT_R32G32B32A32_UINT,  AGX_FORMAT_D32_FLOAT,
	};
	struct fixture *f = *state;

	seed = 1;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		const struct agx_layout_params params = {.format = formats[i],
							 .dimension = AGX_DIMENSION_2D,
							 .tiling = AGX_TILING_TWIDDLED,
							 .width = 139,
							 .height = 77,
							 .layers = 2,
							 .levels = 3};
		const struct agx_region region = {.level = 1, .layer = 1};
		const struct agx_format_info *format = agx_format_info(formats[i]);
		const size_t row = (69 + format->width - 1) / format->width * format->bytes;
		const size_t rows = (38 + format->height - 1) / format->height;
		struct agx_image *image = create(f, &params);
		uint8_t *in = malloc(row * rows), *out = malloc(row * rows);
		const uint8_t *memory;

		assert_true(in && out);
		for (size_t b = 0; b < row * rows; b++)
			in[b] = (uint8_t)draw(256);
		assert_int_equal(agx_image_upload(image, &region, AGX_FORMAT_NONE, in, 0), 0);
		assert_int_equal(agx_image_download(image, &region, formats[i], out, row), 0);
		assert_memory_equal(in, out, row * rows);
		/* It is where the layout says. */
		memory = agx_buffer_map(agx_image_buffer(image));
		assert_non_null(memory);
		memory += agx_layout_offset(agx_image_layout(image), 1, 1, 68, 37, 0, 0);
		assert_memory_equal(memory, in + row * rows - format->bytes, format->bytes);
		agx_image_destroy(image);
		free(in);
		free(out);
	}
}

static void rows_are_converted(void **state)
{
	static const struct {
		enum agx_format image, rows;
	} cases[] = {
		{AGX_FORMAT_R8G8B8A8_UNORM, AGX_FORMAT_R32G32B32A32_FLOAT},
		{AGX_FORMAT_B8G8R8A8_SRGB, AGX_FORMAT_R32G32B32A32_FLOAT},
		{AGX_FORMAT_R11G11B10_FLOAT, AGX_FORMAT_R16G16B16A16_FLOAT},
		{AGX_FORMAT_R16G16B16A16_UINT, AGX_FORMAT_R8_UINT},
		{AGX_FORMAT_R8G8_SINT, AGX_FORMAT_R32G32B32A32_SINT},
		{AGX_FORMAT_D16_UNORM, AGX_FORMAT_R32_FLOAT},
		{AGX_FORMAT_S8_UINT, AGX_FORMAT_R32_UINT},
	};
	struct fixture *f = *state;

	seed = 2;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* More rows than are converted at a time. */
		const struct agx_layout_params params = {.format = cases[i].image,
							 .dimension = AGX_DIMENSION_3D,
							 .tiling = AGX_TILING_TWIDDLED,
							 .width = 203,
							 .height = 301,
							 .depth = 3};
		const struct agx_region region = {
			.x = 3, .y = 2, .z = 1, .width = 190, .height = 297};
		const struct agx_format_info *rows = agx_format_info(cases[i].rows);
		const size_t pitch = 190 * rows->bytes + 5, size = pitch * 297 * 2;
		struct agx_image *image = create(f, &params);
		uint8_t *in = malloc(size), *out = malloc(size);
		const uint8_t *memory;

		assert_true(in && out);
		for (size_t b = 0; b < size; b++)
			in[b] = (uint8_t)draw(rows->integer || rows->bytes == 8 ? 256 : 64);
		memset(out, 0xa5, size);
		if (agx_image_upload(image, &region, cases[i].rows, in, pitch) ||
		    agx_image_download(image, &region, cases[i].rows, out, pitch))
			fail_msg("%s", agx_error(f->device->ctx));
		memory = agx_buffer_map(agx_image_buffer(image));
		assert_non_null(memory);
		for (unsigned int k = 0; k < 4000; k++) {
			const uint32_t x = draw(190), y = draw(297), z = draw(2);
			const size_t at = (z * 297 + y) * pitch + x * rows->bytes;
			uint8_t element[16], back[16];
			union agx_texel texel;

			agx_format_unpack(cases[i].rows, in + at, &texel);
			agx_format_pack(cases[i].image, &texel, element);
			assert_memory_equal(memory + agx_layout_offset(agx_image_layout(image), 0,
								       0, 3 + x, 2 + y, 1 + z, 0),
					    element, agx_format_info(cases[i].image)->bytes);
			agx_format_unpack(cases[i].image, element, &texel);
			agx_format_pack(cases[i].rows, &texel, back);
			assert_memory_equal(out + at, back, rows->bytes);
		}
		for (size_t y = 0; y < 297 * 2; y++) { /* nothing between rows */
			for (size_t b = 0; b < 5; b++)
				assert_int_equal(out[y * pitch + 190 * rows->bytes + b], 0xa5);
		}
		agx_image_destroy(image);
		free(in);
		free(out);
	}
}

static void images_can_share_a_buffer(void **state)
{
	const struct agx_layout_params params = {.format = AGX_FORMAT_R32_UINT,
						 .dimension = AGX_DIMENSION_2D,
						 .tiling = AGX_TILING_LINEAR,
						 .width = 32,
						 .height = 4};
	struct fixture *f = *state;
	struct agx_buffer *buffer;
	struct agx_image *images[2];
	uint32_t rows[2][128], back[128];

	assert_int_equal(agx_buffer_create(f->vm, 1024, 0, &buffer), 0);
	for (unsigned int i = 0; i < 2; i++) {
		for (unsigned int k = 0; k < 128; k++)
			rows[i][k] = draw(UINT32_MAX);
		assert_int_equal(agx_image_create_on(buffer, i * 512, &params, &images[i]), 0);
		assert_int_equal(agx_image_address(images[i]),
				 agx_buffer_address(buffer) + i * 512);
		assert_ptr_equal(agx_image_buffer(images[i]), buffer);
		assert_int_equal(agx_image_upload(images[i], NULL, AGX_FORMAT_NONE, rows[i], 0), 0);
	}
	/* The images keep it. */
	agx_buffer_destroy(buffer);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(agx_image_download(images[i], NULL, AGX_FORMAT_NONE, back, 0), 0);
		assert_memory_equal(back, rows[i], sizeof(back));
		agx_image_destroy(images[i]);
	}
	agx_image_destroy(NULL);
}

static void what_cannot_be_is_refused(void **state)
{
	struct agx_layout_params params = {.format = AGX_FORMAT_R8G8B8A8_UNORM,
					   .dimension = AGX_DIMENSION_2D,
					   .tiling = AGX_TILING_TWIDDLED,
					   .width = 64,
					   .height = 64};
	const struct agx_region outside = {.x = 1, .width = 64}, level = {.level = 1};
	struct fixture *f = *state;
	struct agx_context *ctx = f->device->ctx;
	struct agx_image *image, *none = (struct agx_image *)1;
	struct agx_buffer *buffer;
	uint32_t rows[64 * 64];

	image = create(f, &params);
	assert_int_equal(agx_image_upload(image, &outside, AGX_FORMAT_NONE, rows, 0), -EINVAL);
	assert_non_null(strstr(agx_error(ctx), "region"));
	assert_int_equal(agx_image_download(image, &level, AGX_FORMAT_NONE, rows, 0), -EINVAL);
	assert_non_null(strstr(agx_error(ctx), "level 1"));
	assert_int_equal(agx_image_upload(image, NULL, AGX_FORMAT_R8G8B8A8_UINT, rows, 0), -EINVAL);
	assert_non_null(strstr(agx_error(ctx), "r8g8b8a8_uint"));
	assert_int_equal(agx_image_upload(image, NULL, AGX_FORMAT_BC1_UNORM, rows, 0), -EINVAL);
	assert_int_equal(agx_image_upload(image, NULL, AGX_FORMATS, rows, 0), -EINVAL);
	assert_int_equal(agx_image_upload(image, NULL, AGX_FORMAT_NONE, rows, 255), -EINVAL);
	assert_non_null(strstr(agx_error(ctx), "pitch"));
	assert_int_equal(agx_image_upload(image, NULL, AGX_FORMAT_NONE, rows, SIZE_MAX), -EINVAL);
	agx_image_destroy(image);

	assert_int_equal(agx_buffer_create(f->vm, 0x8000, 0, &buffer), 0);
	assert_int_equal(agx_image_create_on(buffer, 64, &params, &none), -EINVAL);
	assert_null(none);
	assert_non_null(strstr(agx_error(ctx), "128"));
	assert_int_equal(agx_image_create_on(buffer, 0x4080, &params, &none), -EINVAL);
	assert_int_equal(agx_image_create_on(buffer, ~0ull - 127, &params, &none), -EINVAL);
	assert_int_equal(agx_image_create_on(buffer, 0x4000, &params, &image), 0);
	agx_image_destroy(image);
	agx_buffer_destroy(buffer);

	params.samples = 3;
	assert_int_equal(agx_image_create(f->vm, &params, 0, &none), -EINVAL);
	assert_null(none);
	assert_non_null(strstr(agx_error(ctx), "samples: 1, 2 or 4"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_uploaded_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(rows_are_converted, setup, teardown),
		cmocka_unit_test_setup_teardown(images_can_share_a_buffer, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
