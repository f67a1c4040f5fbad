/* SPDX-License-Identifier: MIT */
/*
 * Texels of block-compressed formats, one at a time: of a block only what the texel needs is decoded. Any
 * block has a meaning. Coordinates are those in the block.
 */
#ifndef AGX_TEXTURE_BLOCK_H
#define AGX_TEXTURE_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* An exact value: over / under. */
struct agx_ratio {
	int32_t over;
	int32_t under;
};

/* A texel of a block of 4x4, x and y in it. */
void agx_block_bc1(const uint8_t *block, unsigned int x, unsigned int y, struct agx_ratio rgba[4]);
void agx_block_bc2(const uint8_t *block, unsigned int x, unsigned int y, struct agx_ratio rgba[4]);
void agx_block_bc3(const uint8_t *block, unsigned int x, unsigned int y, struct agx_ratio rgba[4]);
struct agx_ratio agx_block_bc4(const uint8_t *block, unsigned int x, unsigned int y,
			       bool is_signed);

/* punch_through: etc2_rgb8a1. */
void agx_block_etc2(const uint8_t *block, unsigned int x, unsigned int y, bool punch_through,
		    struct agx_ratio rgba[4]);
struct agx_ratio agx_block_eac_alpha(const uint8_t *block, unsigned int x, unsigned int y);
struct agx_ratio agx_block_eac(const uint8_t *block, unsigned int x, unsigned int y,
			       bool is_signed);

/* Bits of binary16; alpha is 1. Kinds of blocks that are reserved are black. */
void agx_block_bc6h(const uint8_t *block, unsigned int x, unsigned int y, bool is_signed,
		    uint16_t rgb[3]);

/* Bytes of 0 to 1. Kinds of blocks that are reserved are transparent black. */
void agx_block_bc7(const uint8_t *block, unsigned int x, unsigned int y, uint8_t rgba[4]);

/* How an ASTC texture is read. */
enum agx_astc_range {
	AGX_ASTC_LINEAR, /* values C of the specification: see agx_half_of_unorm16() */
	AGX_ASTC_SRGB,   /* likewise; only the upper byte counts */
	AGX_ASTC_HIGH,   /* bits of binary16 */
};

/*
 * Width, height: of the block, as in the format's name (4x4 to 12x12). Illegal blocks are magenta, and so are
 * texels of high dynamic range where range is another one.
 */
void agx_block_astc(const uint8_t *block, unsigned int width, unsigned int height, unsigned int x,
		    unsigned int y, enum agx_astc_range range, uint16_t rgba[4]);

/* binary16 of C / 65536, cut off; of 65535: 1. It is what ASTC decodes C to by default. */
uint16_t agx_half_of_unorm16(uint16_t value);

#endif
