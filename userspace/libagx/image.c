// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "format_table.h"
#include "image_internal.h"
#include "layout_math.h"

#define IMAGE_ALIGN 128u   /* of addresses: the least that levels and layers have */
#define BAND        65536u /* bytes of texels that are converted at a time, or a row */

struct agx_image *lib_image_get(struct agx_image *image)
{
	atomic_fetch_add_explicit(&image->references, 1, memory_order_relaxed);
	return image;
}

void lib_image_put(struct agx_image *image)
{
	if (!image || atomic_fetch_sub_explicit(&image->references, 1, memory_order_acq_rel) > 1)
		return;
	lib_buffer_put(image->buffer);
	free(image);
}

struct agx_context *lib_image_context(const struct agx_image *image)
{
	return lib_vm_context(lib_buffer_vm(image->buffer));
}

static int make_layout(struct agx_context *ctx, const struct agx_layout_params *params,
		       struct agx_layout *layout)
{
	const char *why;
	int ret = agx_layout_init(layout, params, &why);

	if (!ret)
		return 0;
	return lib_fail(ctx, ret, "image of %ux%ux%u texels, %u layers, %u levels, %u samples: %s",
			params->width, params->height, params->depth, params->layers,
			params->levels, params->samples, why);
}

/* Takes the reference on the buffer over, on failure as well. */
static int make_image(struct agx_context *ctx, struct agx_buffer *buffer, uint64_t offset,
		      const struct agx_layout *layout, struct agx_image **out)
{
	struct agx_image *image = calloc(1, sizeof(*image));
	const uint64_t address = agx_buffer_address(buffer);

	if (!image) {
		lib_buffer_put(buffer);
		return lib_fail(ctx, -ENOMEM, "image: no memory");
	}
	atomic_init(&image->references, 1);
	image->buffer = buffer;
	image->offset = offset;
	image->address = address ? address + offset : 0;
	image->layout = *layout;
	*out = image;
	return 0;
}

int agx_image_create(struct agx_vm *vm, const struct agx_layout_params *params, unsigned int flags,
		     struct agx_image **image)
{
	struct agx_context *ctx = lib_vm_context(vm);
	struct agx_buffer *buffer;
	struct agx_layout layout;
	int ret;

	*image = NULL;
	ret = make_layout(ctx, params, &layout);
	if (ret)
		return ret;
	ret = agx_buffer_create(vm, layout.size, flags, &buffer);
	if (ret)
		return ret;
	return make_image(ctx, buffer, 0, &layout, image);
}

int agx_image_create_on(struct agx_buffer *buffer, uint64_t offset,
			const struct agx_layout_params *params, struct agx_image **image)
{
	struct agx_context *ctx = lib_vm_context(lib_buffer_vm(buffer));
	const uint64_t size = agx_buffer_size(buffer);
	struct agx_layout layout;
	int ret;

	*image = NULL;
	ret = make_layout(ctx, params, &layout);
	if (ret)
		return ret;
	if (offset % IMAGE_ALIGN)
		return lib_fail(ctx, -EINVAL, "image: offset: a multiple of %u expected, got %#llx",
				IMAGE_ALIGN, (unsigned long long)offset);
	if (offset > size || layout.size > size - offset)
		return lib_fail(ctx, -EINVAL,
				"image: %#llx bytes from %#llx do not fit into a buffer of %#llx",
				(unsigned long long)layout.size, (unsigned long long)offset,
				(unsigned long long)size);
	return make_image(ctx, lib_buffer_get(buffer), offset, &layout, image);
}

void agx_image_destroy(struct agx_image *image)
{
	lib_image_put(image);
}

const struct agx_layout *agx_image_layout(const struct agx_image *image)
{
	return &image->layout;
}

struct agx_buffer *agx_image_buffer(const struct agx_image *image)
{
	return image->buffer;
}

uint64_t agx_image_address(const struct agx_image *image)
{
	return image->address;
}

/* What upload and download have in common, looked at. */
struct transfer {
	const struct lib_format *image_format, *format;
	struct agx_region region;
	uint8_t *map; /* the image */
	size_t pitch;
	uint32_t rows; /* of blocks, in a slice */
};

static int check_transfer(struct agx_image *image, const struct agx_region *region,
			  enum agx_format format, size_t pitch, const char *what,
			  struct transfer *t)
{
	static const struct agx_region all;
	struct agx_context *ctx = lib_image_context(image);
	const struct agx_layout_params *p = &image->layout.params;
	size_t row;
	void *map;
	int ret;

	t->image_format = lib_format(p->format);
	t->format = format == AGX_FORMAT_NONE ? t->image_format : lib_format(format);
	if (!t->format)
		return lib_fail(ctx, -EINVAL, "%s: format: one of enum agx_format expected, got %u",
				what, (unsigned int)format);
	if (t->format != t->image_format && !lib_format_same_sort(t->format, t->image_format))
		return lib_fail(
			ctx, -EINVAL,
			"%s: formats: %s of the rows and %s of the image: both uncompressed "
			"and floats, or unsigned, or signed integers expected",
			what, t->format->info.name, t->image_format->info.name);
	region = region ? region : &all;
	if (lib_layout_region(&image->layout, region, &t->region))
		return lib_fail(
			ctx, -EINVAL,
			"%s: region of %ux%ux%u texels at %u, %u, %u of level %u, layer %u, "
			"sample %u: not in an image of %ux%ux%u texels, %u levels, %u "
			"layers, %u samples, or not in whole blocks",
			what, region->width, region->height, region->depth, region->x, region->y,
			region->z, region->level, region->layer, region->sample, p->width,
			p->height, p->depth, p->levels, p->layers, p->samples);
	row = (size_t)lib_layout_blocks(t->region.width, t->format->info.width) *
	      t->format->info.bytes;
	t->rows = lib_layout_blocks(t->region.height, t->format->info.height);
	t->pitch = pitch ? pitch : row;
	if (t->pitch < row || t->pitch > SIZE_MAX / t->rows / t->region.depth)
		return lib_fail(ctx, -EINVAL,
				"%s: pitch: at least a row of %zu bytes expected, got %zu", what,
				row, pitch);
	ret = lib_buffer_map(image->buffer, &map);
	if (!ret)
		t->map = (uint8_t *)map + image->offset;
	return ret;
}

/* Rows of the image's format for a band of the region, and texels for one row. */
struct band {
	uint32_t height;
	uint8_t *rows;
	union agx_texel *texels;
};

static int make_band(const struct agx_image *image, const struct transfer *t, struct band *band)
{
	const size_t row = (size_t)t->region.width * t->image_format->info.bytes;

	band->height = row < BAND ? (uint32_t)(BAND / row) : 1;
	/* Squares of 4x4 texels are copied faster than single rows. */
	if (band->height < 4)
		band->height = 4;
	if (band->height > t->region.height)
		band->height = t->region.height;
	band->rows = malloc(row * band->height);
	band->texels = malloc(t->region.width * sizeof(*band->texels));
	if (band->rows && band->texels)
		return 0;
	free(band->rows);
	free(band->texels);
	return lib_fail(lib_image_context(image), -ENOMEM, "image: no memory to convert texels in");
}

/* Converts between rows and the image, band by band. */
static int convert(struct agx_image *image, const struct transfer *t, uint8_t *rows, bool upload)
{
	const size_t packed = (size_t)t->region.width * t->image_format->info.bytes;
	struct band band;
	int ret = make_band(image, t, &band);

	if (ret)
		return ret;
	for (uint32_t z = 0; z < t->region.depth; z++) {
		for (uint32_t y = 0; y < t->region.height; y += band.height) {
			struct agx_region part = t->region;
			uint8_t *from = rows + ((size_t)z * t->rows + y) * t->pitch;

			part.z += z;
			part.depth = 1;
			part.y += y;
			part.height = t->region.height - y;
			if (part.height > band.height)
				part.height = band.height;
			if (!upload)
				agx_layout_load(&image->layout, t->map, image->layout.size, &part,
						band.rows, packed, 0);
			for (uint32_t i = 0; i < part.height; i++) {
				uint8_t *row = band.rows + i * packed;

				if (upload) {
					lib_format_unpack(t->format, from + i * t->pitch,
							  band.texels, part.width);
					lib_format_pack(t->image_format, band.texels, row,
							part.width);
				} else {
					lib_format_unpack(t->image_format, row, band.texels,
							  part.width);
					lib_format_pack(t->format, band.texels, from + i * t->pitch,
							part.width);
				}
			}
			if (upload)
				agx_layout_store(&image->layout, t->map, image->layout.size, &part,
						 band.rows, packed, 0);
		}
	}
	free(band.rows);
	free(band.texels);
	return 0;
}

int agx_image_upload(struct agx_image *image, const struct agx_region *region,
		     enum agx_format format, const void *rows, size_t pitch)
{
	struct transfer t;
	int ret = check_transfer(image, region, format, pitch, "upload", &t);

	if (ret)
		return ret;
	if (t.format != t.image_format)
		return convert(image, &t, (uint8_t *)rows, true); /* only read */
	return agx_layout_store(&image->layout, t.map, image->layout.size, &t.region, rows, t.pitch,
				0);
}

int agx_image_download(struct agx_image *image, const struct agx_region *region,
		       enum agx_format format, void *rows, size_t pitch)
{
	struct transfer t;
	int ret = check_transfer(image, region, format, pitch, "download", &t);

	if (ret)
		return ret;
	if (t.format != t.image_format)
		return convert(image, &t, rows, false);
	return agx_layout_load(&image->layout, t.map, image->layout.size, &t.region, rows, t.pitch,
			       0);
}
