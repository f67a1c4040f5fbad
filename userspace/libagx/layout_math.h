/* SPDX-License-Identifier: MIT */
/* Small arithmetic that laying out and copying share. */
#ifndef AGX_LIBAGX_LAYOUT_MATH_H
#define AGX_LIBAGX_LAYOUT_MATH_H

#include <agx/layout.h>

/* An image in its elements: texels with all their samples, or blocks of texels. */
struct lib_elements {
	uint32_t width, height; /* of level 0 */
	uint32_t bytes;         /* of an element: a power of two, 1 to 64 */
	uint32_t sample_bytes;
	uint32_t block_width, block_height;
};

static inline uint32_t lib_layout_minify(uint32_t size, unsigned int level)
{
	return size >> level ? size >> level : 1;
}

/* How many blocks cover so many texels, or tiles so many blocks. */
static inline uint32_t lib_layout_blocks(uint32_t size, uint32_t block)
{
	return size / block + (size % block != 0);
}

static inline struct lib_elements lib_layout_elements(const struct agx_layout *layout)
{
	const struct agx_format_info *format = agx_format_info(layout->params.format);

	return (struct lib_elements){
		.width = lib_layout_blocks(layout->params.width, format->width),
		.height = lib_layout_blocks(layout->params.height, format->height),
		.bytes = format->bytes * layout->params.samples,
		.sample_bytes = format->bytes,
		.block_width = format->width,
		.block_height = format->height,
	};
}

/* layout_copy.c: the region with what its zeroes stand for; -EINVAL: it is not within its level. */
int lib_layout_region(const struct agx_layout *layout, const struct agx_region *region,
		      struct agx_region *whole);

#endif
