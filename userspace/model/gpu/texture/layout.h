/* SPDX-License-Identifier: MIT */
/*
 * Where the texels of an image are. Descriptors say only the size of level 0, the layout and the range of
 * levels and layers; the units of the GPU compute all offsets from that, and so does this.
 *
 * Facts: Mesa's src/asahi/layout (layout.c, tiling.cc, layout.h), which was compared with what Metal
 * allocates on a G13; src/asahi/libagx/compression.cl for compressed images.
 *
 * Nothing here allocates or has state: any thread may call anything.
 */
#ifndef AGX_TEXTURE_LAYOUT_H
#define AGX_TEXTURE_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "agx_cmdstream.h"
#include "agx_cs_pack.h"

#define AGX_IMAGE_LEVELS 16
#define AGX_IMAGE_PAGE   0x4000

/* An element is a texel, or a block of texels of a block-compressed format. */
struct agx_image_level {
	uint64_t offset;          /* in the layer, bytes */
	uint64_t metadata_offset; /* in the layer's metadata, bytes */
	uint32_t width, height;   /* texels */
	uint32_t depth;           /* slices, of 3D images; else layers */
	uint32_t tiles_per_row;
	uint8_t tile_width_log2, tile_height_log2; /* elements */
	uint8_t metadata_morton; /* how many bits of both coordinates of metadata tiles interleave */
	bool metadata_wide;      /* what is left over is x, not y */
	bool compressed;         /* tiles of it may be other than raw */
};

struct agx_image {
	uint64_t address;      /* of the first layer's level 0; sparse: of the table of pages */
	uint64_t layer_stride; /* bytes */
	uint64_t size;         /* of all layers, without metadata; bytes */
	uint64_t metadata, metadata_stride, metadata_size;
	uint64_t folios_per_layer; /* sparse: parts of the table that a layer has */
	uint32_t row_stride;       /* of linear images, bytes */
	uint32_t layers;           /* faces of cubes counted, slices of 3D images */
	uint8_t samples;
	uint8_t first_level, last_level; /* of the view */
	uint8_t levels;                  /* of the image */
	uint8_t element_bytes;           /* one sample of it */
	uint8_t block_width, block_height;
	enum agx_cs_texture_dimension dimension;
	enum agx_cs_layout layout;
	enum agx_cs_channels channels;
	enum agx_cs_texture_type type;
	bool mipmapped, sparse, compressed, page_aligned_layers;
	struct agx_image_level level[AGX_IMAGE_LEVELS];
};

/*
 * Fill image from a descriptor. Returns 0; -EINVAL: the descriptor makes no sense; -ENOTSUP: it asks for
 * what is not modelled. *why is a constant text in both cases. The format's values are not looked at.
 */
int agx_image_of_texture(struct agx_image *image, const struct agx_cs_texture *texture,
			 const char **why);
int agx_image_of_pbe(struct agx_image *image, const struct agx_cs_pbe *pbe, const char **why);

/* Are there such a texel and such a sample? layer: of an array, slice of a 3D image, 6 * cube + face. */
bool agx_image_has(const struct agx_image *image, uint32_t x, uint32_t y, uint32_t layer,
		   unsigned int level, unsigned int sample);

/* Bytes from the image's start to the element of a texel that there is. */
uint64_t agx_image_offset(const struct agx_image *image, uint32_t x, uint32_t y, uint32_t layer,
			  unsigned int level, unsigned int sample);

/* The element's GPU address, of an image that is not sparse. */
static inline uint64_t agx_image_address(const struct agx_image *image, uint32_t x, uint32_t y,
					 uint32_t layer, unsigned int level, unsigned int sample)
{
	return image->address + agx_image_offset(image, x, y, layer, level, sample);
}

/*
 * Sparse images: the address of the 4-byte entry for the page that an offset (of that layer) lies in, and
 * what such an entry means: false if there is no page, else its address.
 */
uint64_t agx_image_sparse_entry(const struct agx_image *image, uint32_t layer, uint64_t offset);
bool agx_image_sparse_page(uint32_t entry, uint64_t *page);

/*
 * Compressed images: address of the 8 bytes of metadata for the tile of 16x16 samples that a texel's
 * sample is in. Only for levels with compressed set. Sparse images have none.
 */
uint64_t agx_image_metadata(const struct agx_image *image, uint32_t x, uint32_t y, uint32_t layer,
			    unsigned int level, unsigned int sample);

/*
 * What is known of metadata: a byte for each of a tile's eight parts. Bytes that are 0 were never written (the
 * driver gets such memory zeroed, and writes nothing there): their texels, which may be anything, are
 * taken from where they would be without compression.
 */
enum agx_image_tile {
	AGX_IMAGE_TILE_RAW,   /* all texels are where they would be without compression */
	AGX_IMAGE_TILE_SOLID, /* all have the value of the tile's first one, see agx_image_solid() */
	AGX_IMAGE_TILE_UNKNOWN,
};

enum agx_image_tile agx_image_tile(const struct agx_image *image, uint64_t metadata);

/* The metadata of a raw tile. */
uint64_t agx_image_raw_metadata(const struct agx_image *image);

/* Pixels of a tile of metadata across and down: those of one tile start at a multiple of both. */
unsigned int agx_image_tile_width(const struct agx_image *image);
unsigned int agx_image_tile_height(const struct agx_image *image);

/* Bytes from the image's start to the value of all samples of a texel's solid tile. */
uint64_t agx_image_solid(const struct agx_image *image, uint32_t x, uint32_t y, uint32_t layer,
			 unsigned int level, unsigned int sample);

#endif
