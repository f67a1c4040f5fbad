// SPDX-License-Identifier: MIT
/*
 * Colours of samplers with a border of their own. Each component of the format is in a word, in the order of
 * memory and with the coding that it has there, but for sRGB, which is linear with 12 bits, and blocks, which have
 * the bits that the texture unit decodes them to. Facts: Mesa, src/asahi/lib/agx_border.c.
 */
#include <string.h>

#include "numeric.h"
#include "texel.h"

/* Bits of a component's code; 0: it has none. */
static unsigned int code_bits(const struct agx_texel_format *format, unsigned int c)
{
	const bool srgb = format->srgb && c < 3;

	switch (format->channels) {
	case AGX_CS_CHANNELS_EAC_R11:
		return c < 1 ? 11 : 0;
	case AGX_CS_CHANNELS_EAC_RG11:
		return c < 2 ? 11 : 0;
	case AGX_CS_CHANNELS_BC4:
		return c < 1 ? 14 : 0;
	case AGX_CS_CHANNELS_BC5:
		return c < 2 ? 14 : 0;
	case AGX_CS_CHANNELS_ETC2_RGB8:
		return c == 3 ? 0 : srgb ? 12 : 8;
	case AGX_CS_CHANNELS_ETC2_RGBA8:
	case AGX_CS_CHANNELS_ETC2_RGB8A1:
	case AGX_CS_CHANNELS_BC1:
	case AGX_CS_CHANNELS_BC2:
	case AGX_CS_CHANNELS_BC3:
	case AGX_CS_CHANNELS_BC7:
		return srgb ? 12 : 8;
	case AGX_CS_CHANNELS_BC6H:
	case AGX_CS_CHANNELS_BC6H_UFLOAT:
	case AGX_CS_CHANNELS_R11G11B10: /* halves, not what memory has */
		return c < 3 ? 16 : 0;
	default:
		return srgb ? 12 : agx_cs_channels_info[format->channels].component[c];
	}
}

const char *agx_texel_refuse_border(const struct agx_texel_format *format)
{
	if (format->channels == AGX_CS_CHANNELS_R9G9B9E5)
		return "a border of its own in r9g9b9e5, whose coding nobody has described";
	if (format->channels >= AGX_CS_CHANNELS_ASTC_4X4 &&
	    format->channels <= AGX_CS_CHANNELS_ASTC_12X12)
		return "a border of its own in ASTC, whose coding nobody has described";
	return agx_texel_refuse_read(format);
}

void agx_texel_decode_border(const struct agx_texel_format *format, const uint32_t words[4],
			     uint32_t rgba[4])
{
	rgba[0] = rgba[1] = rgba[2] = 0;
	rgba[3] = agx_texel_is_integer(format->type) ? 1 : AGX_F32_ONE;
	for (unsigned int c = 0; c < 4; c++) {
		const unsigned int bits = code_bits(format, c);

		if (bits)
			rgba[c] = agx_texel_component(
				format->type, bits < 32 ? words[c] & ((1u << bits) - 1) : words[c],
				bits);
	}
}
