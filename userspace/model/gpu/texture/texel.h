/* SPDX-License-Identifier: MIT */
/*
 * What an element of an image means: from its bytes to components of 32 bits, and back. Components are
 * binary32 bits, or integers (sign-extended) of formats of the types uint and sint.
 *
 * Values are the exact ones, rounded once, where that can be said: how the texture unit and the PBE round has
 * not been measured. Stores clamp to what the format holds and round to nearest, ties to even; NaN is
 * stored as 0 where there is no NaN.
 *
 * Works with integers and normal binary64 numbers: results do not depend on whether the host flushes
 * denormals. Nothing here has state.
 */
#ifndef AGX_TEXTURE_TEXEL_H
#define AGX_TEXTURE_TEXEL_H

#include <stdbool.h>
#include <stdint.h>

#include "agx_cmdstream.h"
#include "agx_cs_pack.h"

/* The largest element. */
#define AGX_TEXEL_BYTES 16

struct agx_texel_format {
	enum agx_cs_channels channels;
	enum agx_cs_texture_type type;
	bool srgb; /* red, green and blue; of formats with two components both */
};

/* NULL: can be read, or written; else a constant text that names what is not modelled. */
const char *agx_texel_refuse_read(const struct agx_texel_format *format);
const char *agx_texel_refuse_write(const struct agx_texel_format *format);

static inline bool agx_texel_is_integer(enum agx_cs_texture_type type)
{
	return type == AGX_CS_TEXTURE_TYPE_UINT || type == AGX_CS_TEXTURE_TYPE_SINT;
}

/*
 * Red, green, blue, alpha of an element; of a block: of texel x, y in it. What the format lacks is 0, alpha
 * 1. The format is one that agx_texel_refuse_read() gives NULL for.
 */
void agx_texel_decode(const struct agx_texel_format *format, const uint8_t *element, unsigned int x,
		      unsigned int y, uint32_t rgba[4]);

/* A component of a plain format, from its bits. Floats have 16 or 32 of them. */
uint32_t agx_texel_component(enum agx_cs_texture_type type, uint32_t value, unsigned int bits);

/*
 * The components of a border colour, from the words behind a sampler: as agx_texel_decode() gives those of an
 * element. NULL: agx_texel_decode_border() can read it; else a constant text that names what is not modelled.
 */
const char *agx_texel_refuse_border(const struct agx_texel_format *format);
void agx_texel_decode_border(const struct agx_texel_format *format, const uint32_t words[4],
			     uint32_t rgba[4]);

/*
 * Writes the element. Truncate: floats are rounded to zero. The format is one that
 * agx_texel_refuse_write() gives NULL for.
 */
void agx_texel_encode(const struct agx_texel_format *format, const uint32_t rgba[4], bool truncate,
		      uint8_t *element);

/* What a swizzle makes of components: out and in may not overlap. */
void agx_texel_swizzle(const enum agx_cs_channel swizzle[4], bool integer, const uint32_t in[4],
		       uint32_t out[4]);

#endif
