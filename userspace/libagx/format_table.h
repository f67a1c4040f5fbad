/* SPDX-License-Identifier: MIT */
/* What the library knows of a format beside what it tells its users. */
#ifndef AGX_LIBAGX_FORMAT_TABLE_H
#define AGX_LIBAGX_FORMAT_TABLE_H

#include <agx/format.h>

#include "agx_cs_pack.h"

/* How the bits of a component are read. */
enum lib_kind {
	LIB_KIND_UNORM,
	LIB_KIND_SNORM,
	LIB_KIND_UINT,
	LIB_KIND_SINT,
	LIB_KIND_FLOAT,    /* of 32, 16, 11 or 10 bits, the last two without a sign */
	LIB_KIND_EXPONENT, /* three fractions of 9 bits and their exponent */
	LIB_KIND_BLOCKS,   /* compressed */
};

/*
 * What a colour is in the tile buffer, from where end-of-tile programs store it: formats of ld_tile
 * and st_tile (Mesa, src/asahi/layout/formats.c).
 */
enum lib_tile_format {
	LIB_TILE_NONE, /* cannot be rendered to */
	LIB_TILE_ZS,   /* depth or stencil, which are not in the tile buffer that shaders see */
	LIB_TILE_I8,
	LIB_TILE_I16,
	LIB_TILE_I32,
	LIB_TILE_F16,
	LIB_TILE_U8NORM,
	LIB_TILE_S8NORM,
	LIB_TILE_U16NORM,
	LIB_TILE_S16NORM,
	LIB_TILE_RGB10A2,
	LIB_TILE_SRGBA8,
	LIB_TILE_RG11B10F,
	LIB_TILE_RGB9E5,
};

struct lib_format {
	struct agx_format_info info;
	enum lib_kind kind;
	enum agx_cs_channels channels;
	enum agx_cs_texture_type type;
	enum lib_tile_format tile;
	uint8_t bits[4];  /* of the components, from the lowest bit of memory up; 0: no more */
	uint8_t place[4]; /* component of the texel (0 red to 3 alpha) that each of them is */
};

/* NULL for AGX_FORMAT_NONE and numbers that are no format. */
const struct lib_format *lib_format(enum agx_format format);

/* Can texels be converted from one to the other: are both floats, or the same sort of integers? */
bool lib_format_same_sort(const struct lib_format *a, const struct lib_format *b);

/* Rows of texels of uncompressed formats. */
void lib_format_unpack(const struct lib_format *format, const void *memory, union agx_texel *texels,
		       unsigned int count);
void lib_format_pack(const struct lib_format *format, const union agx_texel *texels, void *memory,
		     unsigned int count);

#endif
