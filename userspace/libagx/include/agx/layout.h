/* SPDX-License-Identifier: MIT */
/* Where the texels of an image are. Arithmetic alone: no device is needed. */
#ifndef AGX_LAYOUT_H
#define AGX_LAYOUT_H

#include <agx/format.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AGX_MAX_LEVELS 16

enum agx_tiling {
	AGX_TILING_LINEAR,   /* row by row; one level, no samples */
	AGX_TILING_TWIDDLED, /* Morton order in tiles: what the GPU is fast with */
};

enum agx_dimension {
	AGX_DIMENSION_1D,
	AGX_DIMENSION_2D,
	AGX_DIMENSION_3D,
	AGX_DIMENSION_CUBE, /* layers: six for each cube */
};

struct agx_layout_params {
	enum agx_format format;
	enum agx_dimension dimension;
	enum agx_tiling tiling;
	uint32_t width, height, depth; /* texels; 0 counts as 1 */
	uint32_t layers, levels;       /* 0 counts as 1, layers of a cube as 6 */
	uint32_t samples;              /* 0 counts as 1; 2, 4 */
	uint32_t pitch; /* of LINEAR: bytes from row to row, multiple of 16; 0: the least */
	bool writeable; /* by the GPU: levels are laid out as PBEs and render targets want it */
};

struct agx_layout_level {
	uint64_t offset;                  /* bytes from the start of the layer, or slice */
	uint64_t size;                    /* bytes, of one layer, or slice */
	uint32_t width, height, depth;    /* texels */
	uint32_t tile_width, tile_height; /* blocks of texels in a tile; 0, 0: LINEAR */
	uint32_t tiles_per_row;
};

struct agx_layout {
	struct agx_layout_params params; /* with what 0 stands for */
	uint64_t size;                   /* of the whole image */
	uint64_t layer_stride; /* bytes from layer to layer, of 3D images from slice to slice */
	uint32_t pitch;        /* of LINEAR */
	bool page_aligned_layers;
	struct agx_layout_level level[AGX_MAX_LEVELS];
};

/*
 * Fills in layout. -EINVAL: *why (may be NULL) is a constant text that says what the hardware does
 * not have; -E2BIG: too large.
 */
AGX_API int agx_layout_init(struct agx_layout *layout, const struct agx_layout_params *params,
			    const char **why);

/*
 * Byte offset of the block with the texel (x, y, z), of a sample, from the image's start.
 * Everything must lie within the level: not checked.
 */
AGX_API uint64_t agx_layout_offset(const struct agx_layout *layout, unsigned int level,
				   unsigned int layer, uint32_t x, uint32_t y, uint32_t z,
				   unsigned int sample);

/*
 * A box of texels in one level; block-compressed formats: multiples of their blocks, or up to the
 * edge.
 */
struct agx_region {
	unsigned int level, layer, sample;
	uint32_t x, y, z;
	uint32_t width, height, depth; /* 0: to the end */
};

/*
 * Copies a box between an image in memory (image: its whole size, image_size bytes are there) and
 * rows of blocks in the image's own format, pitch bytes apart and slices slice_pitch bytes apart
 * (0: packed). The layout decides the order. -EINVAL: the region is not within the level,
 * image_size is less than the layout's, or rows or slices overlap.
 */
AGX_API int agx_layout_store(const struct agx_layout *layout, void *image, uint64_t image_size,
			     const struct agx_region *region, const void *rows, size_t pitch,
			     size_t slice_pitch);
AGX_API int agx_layout_load(const struct agx_layout *layout, const void *image, uint64_t image_size,
			    const struct agx_region *region, void *rows, size_t pitch,
			    size_t slice_pitch);

#ifdef __cplusplus
}
#endif

#endif
