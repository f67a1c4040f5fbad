// SPDX-License-Identifier: MIT
/*
 * The table of formats. Codes and what the hardware does with them: Mesa,
 * src/asahi/layout/formats.c and src/asahi/genxml/cmdbuf.xml; which can be written by shaders:
 * hk_image.c, those that can be rendered to.
 */
#include <string.h>

#include "format_table.h"

/* Bits and places of components. */
#define R(n)         .bits = {n}, .place = {0}
#define RG(n)        .bits = {n, n}, .place = {0, 1}
#define RGB(r, g, b) .bits = {r, g, b}, .place = {0, 1, 2}
#define RGBA(n, a)   .bits = {n, n, n, a}, .place = {0, 1, 2, 3}
#define BGRA(n)      .bits = {n, n, n, n}, .place = {2, 1, 0, 3}

#define TEXEL(id, text, size, count, meaning, code, tile_format, layout, ...) \
	[AGX_FORMAT_##id] = {                                                 \
		.info = {.name = text,                                        \
			 .bytes = size,                                       \
			 .width = 1,                                          \
			 .height = 1,                                         \
			 .components = count,                                 \
			 .sampled = true,                                     \
			 .stored = LIB_TILE_##tile_format != LIB_TILE_ZS,     \
			 .rendered = true,                                    \
			 .integer = LIB_KIND_##meaning == LIB_KIND_UINT ||    \
				    LIB_KIND_##meaning == LIB_KIND_SINT,      \
			 __VA_ARGS__},                                        \
		.kind = LIB_KIND_##meaning,                                   \
		.channels = AGX_CS_CHANNELS_##code,                           \
		.type = AGX_CS_TEXTURE_TYPE_##meaning,                        \
		.tile = LIB_TILE_##tile_format,                               \
		layout,                                                       \
	}

#define AGX_CS_TEXTURE_TYPE_EXPONENT AGX_CS_TEXTURE_TYPE_FLOAT

#define BLOCKS(id, text, size, count, code)         \
	[AGX_FORMAT_##id] = {                       \
		.info = {.name = text,              \
			 .bytes = size,             \
			 .width = 4,                \
			 .height = 4,               \
			 .components = count,       \
			 .sampled = true,           \
			 .compressed = true},       \
		.kind = LIB_KIND_BLOCKS,            \
		.channels = AGX_CS_CHANNELS_##code, \
		.type = AGX_CS_TEXTURE_TYPE_UNORM,  \
	}

static const struct lib_format table[AGX_FORMATS] = {
	/* clang-format off */
	TEXEL(R8_UNORM, "r8_unorm", 1, 1, UNORM, R8, U8NORM, R(8)),
	TEXEL(R8_SNORM, "r8_snorm", 1, 1, SNORM, R8, S8NORM, R(8)),
	TEXEL(R8_UINT, "r8_uint", 1, 1, UINT, R8, I8, R(8)),
	TEXEL(R8_SINT, "r8_sint", 1, 1, SINT, R8, I8, R(8)),
	TEXEL(R8G8_UNORM, "r8g8_unorm", 2, 2, UNORM, R8G8, U8NORM, RG(8)),
	TEXEL(R8G8_SNORM, "r8g8_snorm", 2, 2, SNORM, R8G8, S8NORM, RG(8)),
	TEXEL(R8G8_UINT, "r8g8_uint", 2, 2, UINT, R8G8, I8, RG(8)),
	TEXEL(R8G8_SINT, "r8g8_sint", 2, 2, SINT, R8G8, I8, RG(8)),
	TEXEL(R8G8B8A8_UNORM, "r8g8b8a8_unorm", 4, 4, UNORM, R8G8B8A8, U8NORM, RGBA(8, 8)),
	TEXEL(R8G8B8A8_SNORM, "r8g8b8a8_snorm", 4, 4, SNORM, R8G8B8A8, S8NORM, RGBA(8, 8)),
	TEXEL(R8G8B8A8_UINT, "r8g8b8a8_uint", 4, 4, UINT, R8G8B8A8, I8, RGBA(8, 8)),
	TEXEL(R8G8B8A8_SINT, "r8g8b8a8_sint", 4, 4, SINT, R8G8B8A8, I8, RGBA(8, 8)),
	TEXEL(R8G8B8A8_SRGB, "r8g8b8a8_srgb", 4, 4, UNORM, R8G8B8A8, SRGBA8, RGBA(8, 8), .srgb = true),
	TEXEL(B8G8R8A8_UNORM, "b8g8r8a8_unorm", 4, 4, UNORM, R8G8B8A8, U8NORM, BGRA(8)),
	TEXEL(B8G8R8A8_SRGB, "b8g8r8a8_srgb", 4, 4, UNORM, R8G8B8A8, SRGBA8, BGRA(8), .srgb = true),

	TEXEL(R16_UNORM, "r16_unorm", 2, 1, UNORM, R16, U16NORM, R(16)),
	TEXEL(R16_SNORM, "r16_snorm", 2, 1, SNORM, R16, S16NORM, R(16)),
	TEXEL(R16_UINT, "r16_uint", 2, 1, UINT, R16, I16, R(16)),
	TEXEL(R16_SINT, "r16_sint", 2, 1, SINT, R16, I16, R(16)),
	TEXEL(R16_FLOAT, "r16_float", 2, 1, FLOAT, R16, F16, R(16)),
	TEXEL(R16G16_UNORM, "r16g16_unorm", 4, 2, UNORM, R16G16, U16NORM, RG(16)),
	TEXEL(R16G16_SNORM, "r16g16_snorm", 4, 2, SNORM, R16G16, S16NORM, RG(16)),
	TEXEL(R16G16_UINT, "r16g16_uint", 4, 2, UINT, R16G16, I16, RG(16)),
	TEXEL(R16G16_SINT, "r16g16_sint", 4, 2, SINT, R16G16, I16, RG(16)),
	TEXEL(R16G16_FLOAT, "r16g16_float", 4, 2, FLOAT, R16G16, F16, RG(16)),
	TEXEL(R16G16B16A16_UNORM, "r16g16b16a16_unorm", 8, 4, UNORM, R16G16B16A16, U16NORM,
	      RGBA(16, 16)),
	TEXEL(R16G16B16A16_SNORM, "r16g16b16a16_snorm", 8, 4, SNORM, R16G16B16A16, S16NORM,
	      RGBA(16, 16)),
	TEXEL(R16G16B16A16_UINT, "r16g16b16a16_uint", 8, 4, UINT, R16G16B16A16, I16,
	      RGBA(16, 16)),
	TEXEL(R16G16B16A16_SINT, "r16g16b16a16_sint", 8, 4, SINT, R16G16B16A16, I16,
	      RGBA(16, 16)),
	TEXEL(R16G16B16A16_FLOAT, "r16g16b16a16_float", 8, 4, FLOAT, R16G16B16A16, F16,
	      RGBA(16, 16)),

	TEXEL(R32_UINT, "r32_uint", 4, 1, UINT, R32, I32, R(32)),
	TEXEL(R32_SINT, "r32_sint", 4, 1, SINT, R32, I32, R(32)),
	TEXEL(R32_FLOAT, "r32_float", 4, 1, FLOAT, R32, I32, R(32)),
	TEXEL(R32G32_UINT, "r32g32_uint", 8, 2, UINT, R32G32, I32, RG(32)),
	TEXEL(R32G32_SINT, "r32g32_sint", 8, 2, SINT, R32G32, I32, RG(32)),
	TEXEL(R32G32_FLOAT, "r32g32_float", 8, 2, FLOAT, R32G32, I32, RG(32)),
	TEXEL(R32G32B32A32_UINT, "r32g32b32a32_uint", 16, 4, UINT, R32G32B32A32, I32,
	      RGBA(32, 32)),
	TEXEL(R32G32B32A32_SINT, "r32g32b32a32_sint", 16, 4, SINT, R32G32B32A32, I32,
	      RGBA(32, 32)),
	TEXEL(R32G32B32A32_FLOAT, "r32g32b32a32_float", 16, 4, FLOAT, R32G32B32A32, I32,
	      RGBA(32, 32)),

	TEXEL(R5G6B5_UNORM, "r5g6b5_unorm", 2, 3, UNORM, R5G6B5, F16, RGB(5, 6, 5)),
	TEXEL(R5G5B5A1_UNORM, "r5g5b5a1_unorm", 2, 4, UNORM, R5G5B5A1, F16, RGBA(5, 1)),
	TEXEL(R4G4B4A4_UNORM, "r4g4b4a4_unorm", 2, 4, UNORM, R4G4B4A4, F16, RGBA(4, 4)),
	TEXEL(R10G10B10A2_UNORM, "r10g10b10a2_unorm", 4, 4, UNORM, R10G10B10A2, RGB10A2,
	      RGBA(10, 2)),
	TEXEL(R10G10B10A2_UINT, "r10g10b10a2_uint", 4, 4, UINT, R10G10B10A2, I16, RGBA(10, 2)),
	TEXEL(R11G11B10_FLOAT, "r11g11b10_float", 4, 3, FLOAT, R11G11B10, RG11B10F,
	      RGB(11, 11, 10)),
	TEXEL(R9G9B9E5_FLOAT, "r9g9b9e5_float", 4, 3, EXPONENT, R9G9B9E5, RGB9E5, RGB(9, 9, 9)),
	TEXEL(D16_UNORM, "d16_unorm", 2, 1, UNORM, R16, ZS, R(16), .depth = true),
	TEXEL(D32_FLOAT, "d32_float", 4, 1, FLOAT, R32, ZS, R(32), .depth = true),
	TEXEL(S8_UINT, "s8_uint", 1, 1, UINT, R8, ZS, R(8), .stencil = true),

	BLOCKS(BC1_UNORM, "bc1_unorm", 8, 4, BC1),
	BLOCKS(BC3_UNORM, "bc3_unorm", 16, 4, BC3),
	BLOCKS(BC4_UNORM, "bc4_unorm", 8, 1, BC4),
	BLOCKS(BC5_UNORM, "bc5_unorm", 16, 2, BC5),
	BLOCKS(BC7_UNORM, "bc7_unorm", 16, 4, BC7),
	BLOCKS(ETC2_R8G8B8_UNORM, "etc2_r8g8b8_unorm", 8, 3, ETC2_RGB8),
	BLOCKS(ASTC_4X4_UNORM, "astc_4x4_unorm", 16, 4, ASTC_4X4),
	/* clang-format on */
};

const struct lib_format *lib_format(enum agx_format format)
{
	return (unsigned int)format < AGX_FORMATS && table[format].info.name ? &table[format]
									     : NULL;
}

const struct agx_format_info *agx_format_info(enum agx_format format)
{
	const struct lib_format *entry = lib_format(format);

	return entry ? &entry->info : NULL;
}

enum agx_format agx_format_find(const char *name)
{
	for (unsigned int i = 0; name && i < AGX_FORMATS; i++) {
		if (table[i].info.name && !strcmp(table[i].info.name, name))
			return (enum agx_format)i;
	}
	return AGX_FORMAT_NONE;
}

static enum lib_kind sort_of(const struct lib_format *format)
{
	return format->info.integer ? format->kind : LIB_KIND_FLOAT;
}

bool lib_format_same_sort(const struct lib_format *a, const struct lib_format *b)
{
	return a->kind != LIB_KIND_BLOCKS && b->kind != LIB_KIND_BLOCKS && sort_of(a) == sort_of(b);
}
