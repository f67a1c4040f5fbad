// SPDX-License-Identifier: MIT
/*
 * Boxes of texels into and out of images.
 *
 * In a tile the bits of x and y alternate, so the position of the next element to the right is
 * found by adding one to the bits of x alone: holes that are filled with ones hand the carry on,
 * and subtracting the mask fills them (Fabian Giesen, "Texture tiling and swizzling"). Most of a
 * box is whole squares of 4x4 elements, which are contiguous in the image: they go as pairs of
 * neighbours, one after the other, since images may be in memory that combines writes and is slow
 * to be read.
 *
 * The copying functions are made for each size of an element by inlining: bytes is a constant in
 * all of them.
 */
#include <errno.h>
#include <string.h>

#include "layout_math.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* One slice of a box, in elements of a sample. */
struct box {
	uint8_t *image; /* first sample of the level's first element */
	uint8_t *rows;  /* first element of the box */
	size_t pitch;
	uint32_t x, y, end_x, end_y;
	uint32_t stride; /* bytes from element to element in the image: the samples of one */
	unsigned int tile_width_log2, tile_height_log2;
	uint32_t tiles_per_row;
	uint32_t mask_x; /* bits that x has in a tile */
};

static uint32_t spread(uint32_t x)
{
	x = (x | x << 4) & 0x0f0f0f0f;
	x = (x | x << 2) & 0x33333333;
	return (x | x << 1) & 0x55555555;
}

static uint8_t *tile_at(const struct box *box, uint32_t x, uint32_t y)
{
	const uint64_t tile = (uint64_t)(y >> box->tile_height_log2) * box->tiles_per_row +
			      (x >> box->tile_width_log2);

	return box->image +
	       ((tile << (box->tile_width_log2 + box->tile_height_log2)) * box->stride);
}

static uint32_t bits_x(const struct box *box, uint32_t x)
{
	return spread(x & ((1u << box->tile_width_log2) - 1));
}

static uint32_t bits_y(const struct box *box, uint32_t y)
{
	return spread(y & ((1u << box->tile_height_log2) - 1)) << 1;
}

ALWAYS_INLINE void copy(void *image, void *row, unsigned int bytes, bool store)
{
	if (store)
		memcpy(image, row, bytes);
	else
		memcpy(row, image, bytes);
}

/* Part of a row, element by element. */
ALWAYS_INLINE void copy_row(const struct box *box, uint32_t x, uint32_t end_x, uint32_t y,
			    unsigned int bytes, bool store)
{
	uint8_t *row = box->rows + (y - box->y) * box->pitch + (size_t)(x - box->x) * bytes;
	const uint32_t down = bits_y(box, y);

	while (x < end_x) {
		uint32_t tile_end = ((x >> box->tile_width_log2) + 1) << box->tile_width_log2;
		uint8_t *const tile = tile_at(box, x, y);
		uint32_t across = bits_x(box, x);

		if (tile_end > end_x)
			tile_end = end_x;
		for (; x < tile_end; x++) {
			copy(tile + (size_t)(across | down) * box->stride, row, bytes, store);
			across = (across - box->mask_x) & box->mask_x;
			row += bytes;
		}
	}
}

/* Two rows of two pairs of elements, which the image has as upper, lower, upper, lower. */
ALWAYS_INLINE void copy_pairs(uint8_t *image, uint8_t *upper, uint8_t *lower, unsigned int bytes,
			      bool store)
{
	if (bytes == 1) {
		uint32_t u, l;
		uint64_t both;

		if (store) {
			memcpy(&u, upper, 4);
			memcpy(&l, lower, 4);
			both = (u & 0xffff) | (uint64_t)(l & 0xffff) << 16 |
			       (uint64_t)(u >> 16) << 32 | (uint64_t)(l >> 16) << 48;
			memcpy(image, &both, 8);
		} else {
			memcpy(&both, image, 8);
			u = (uint32_t)(both & 0xffff) | (uint32_t)(both >> 32 & 0xffff) << 16;
			l = (uint32_t)(both >> 16 & 0xffff) | (uint32_t)(both >> 48) << 16;
			memcpy(upper, &u, 4);
			memcpy(lower, &l, 4);
		}
		return;
	}
	copy(image, upper, 2 * bytes, store);
	copy(image + 2 * bytes, lower, 2 * bytes, store);
	copy(image + 4 * bytes, upper + 2 * bytes, 2 * bytes, store);
	copy(image + 6 * bytes, lower + 2 * bytes, 2 * bytes, store);
}

/* Four rows from y, a multiple of 4; x and end_x are such as well. */
ALWAYS_INLINE void copy_squares(const struct box *box, uint32_t x, uint32_t end_x, uint32_t y,
				unsigned int bytes, bool store)
{
	const size_t pitch = box->pitch;
	uint8_t *row = box->rows + (y - box->y) * pitch + (size_t)(x - box->x) * bytes;
	const uint32_t down = bits_y(box, y), mask = box->mask_x & ~5u;

	while (x < end_x) {
		uint32_t tile_end = ((x >> box->tile_width_log2) + 1) << box->tile_width_log2;
		uint8_t *const tile = tile_at(box, x, y);
		uint32_t across = bits_x(box, x);

		if (tile_end > end_x)
			tile_end = end_x;
		for (; x < tile_end; x += 4) {
			uint8_t *image = tile + (size_t)(across | down) * bytes;

			copy_pairs(image, row, row + pitch, bytes, store);
			copy_pairs(image + 8 * bytes, row + 2 * pitch, row + 3 * pitch, bytes,
				   store);
			across = (across - mask) & mask;
			row += 4 * bytes;
		}
	}
}

ALWAYS_INLINE void copy_box(const struct box *box, unsigned int bytes, bool store)
{
	const bool squares =
		box->stride == bytes && box->tile_width_log2 >= 2 && box->tile_height_log2 >= 2;
	const uint32_t from = (box->x + 3) & ~3u, to = box->end_x & ~3u;
	uint32_t y = box->y;

	while (y < box->end_y) {
		if (!squares || from >= to || y % 4 || box->end_y - y < 4) {
			copy_row(box, box->x, box->end_x, y, bytes, store);
			y++;
			continue;
		}
		for (uint32_t i = 0; from > box->x && i < 4; i++)
			copy_row(box, box->x, from, y + i, bytes, store);
		copy_squares(box, from, to, y, bytes, store);
		for (uint32_t i = 0; to < box->end_x && i < 4; i++)
			copy_row(box, to, box->end_x, y + i, bytes, store);
		y += 4;
	}
}

ALWAYS_INLINE void copy_any(const struct box *box, unsigned int bytes, bool store)
{
	switch (bytes) {
	case 1:
		copy_box(box, 1, store);
		break;
	case 2:
		copy_box(box, 2, store);
		break;
	case 4:
		copy_box(box, 4, store);
		break;
	case 8:
		copy_box(box, 8, store);
		break;
	default:
		copy_box(box, 16, store);
		break;
	}
}

static __attribute__((noinline)) void store_box(const struct box *box, unsigned int bytes)
{
	copy_any(box, bytes, true);
}

static __attribute__((noinline)) void load_box(const struct box *box, unsigned int bytes)
{
	copy_any(box, bytes, false);
}

static void copy_linear(const struct agx_layout *layout, const struct box *box, unsigned int bytes,
			bool store)
{
	const size_t row = (size_t)(box->end_x - box->x) * bytes;

	for (uint32_t y = box->y; y < box->end_y; y++) {
		uint8_t *image =
			box->image + (uint64_t)y * layout->pitch + (uint64_t)box->x * bytes;
		uint8_t *rows = box->rows + (y - box->y) * box->pitch;

		if (store)
			memcpy(image, rows, row);
		else
			memcpy(rows, image, row);
	}
}

int lib_layout_region(const struct agx_layout *layout, const struct agx_region *region,
		      struct agx_region *whole)
{
	const struct agx_layout_params *p = &layout->params;
	const struct agx_layout_level *l = &layout->level[region->level % AGX_MAX_LEVELS];
	const struct lib_elements e = lib_layout_elements(layout);
	struct agx_region r = *region;

	if (r.level >= p->levels || r.layer >= p->layers || r.sample >= p->samples ||
	    r.x >= l->width || r.y >= l->height || r.z >= l->depth)
		return -EINVAL;
	r.width = r.width ? r.width : l->width - r.x;
	r.height = r.height ? r.height : l->height - r.y;
	r.depth = r.depth ? r.depth : l->depth - r.z;
	if (r.width > l->width - r.x || r.height > l->height - r.y || r.depth > l->depth - r.z)
		return -EINVAL;
	if (r.x % e.block_width || r.y % e.block_height)
		return -EINVAL;
	if ((r.width % e.block_width && r.x + r.width != l->width) ||
	    (r.height % e.block_height && r.y + r.height != l->height))
		return -EINVAL;
	*whole = r;
	return 0;
}

static int copy_region(const struct agx_layout *layout, uint8_t *image, uint64_t image_size,
		       const struct agx_region *region, uint8_t *rows, size_t pitch,
		       size_t slice_pitch, bool store)
{
	const struct lib_elements e = lib_layout_elements(layout);
	const struct agx_layout_level *l;
	struct agx_region r;
	struct box box;
	size_t row, slice, total;

	if (image_size < layout->size || lib_layout_region(layout, region, &r))
		return -EINVAL;
	l = &layout->level[r.level];
	box = (struct box){
		.x = r.x / e.block_width,
		.y = r.y / e.block_height,
		.end_x = lib_layout_blocks(r.x + r.width, e.block_width),
		.end_y = lib_layout_blocks(r.y + r.height, e.block_height),
		.stride = e.bytes,
		.tiles_per_row = l->tiles_per_row,
	};
	row = (size_t)(box.end_x - box.x) * e.sample_bytes;
	box.pitch = pitch ? pitch : row;
	if (box.pitch < row || __builtin_mul_overflow(box.pitch, box.end_y - box.y, &slice))
		return -EINVAL;
	slice_pitch = slice_pitch ? slice_pitch : slice;
	if (slice_pitch < slice - box.pitch + row ||
	    __builtin_mul_overflow(slice_pitch, r.depth, &total))
		return -EINVAL;
	if (layout->params.tiling == AGX_TILING_TWIDDLED) {
		box.tile_width_log2 = (unsigned int)__builtin_ctz(l->tile_width);
		box.tile_height_log2 = (unsigned int)__builtin_ctz(l->tile_height);
		box.mask_x = spread(l->tile_width - 1);
	}
	for (uint32_t z = 0; z < r.depth; z++) {
		box.image = image + l->offset + (r.layer + r.z + z) * layout->layer_stride +
			    (uint64_t)r.sample * e.sample_bytes;
		box.rows = rows + z * slice_pitch;
		if (layout->params.tiling == AGX_TILING_LINEAR)
			copy_linear(layout, &box, e.sample_bytes, store);
		else if (store)
			store_box(&box, e.sample_bytes);
		else
			load_box(&box, e.sample_bytes);
	}
	return 0;
}

int agx_layout_store(const struct agx_layout *layout, void *image, uint64_t image_size,
		     const struct agx_region *region, const void *rows, size_t pitch,
		     size_t slice_pitch)
{
	/* Only read. */
	return copy_region(layout, image, image_size, region, (uint8_t *)rows, pitch, slice_pitch,
			   true);
}

int agx_layout_load(const struct agx_layout *layout, const void *image, uint64_t image_size,
		    const struct agx_region *region, void *rows, size_t pitch, size_t slice_pitch)
{
	/* Only read. */
	return copy_region(layout, (uint8_t *)image, image_size, region, rows, pitch, slice_pitch,
			   false);
}
