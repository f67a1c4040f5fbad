/* SPDX-License-Identifier: MIT */
/* Formats of texels: how components lie in memory, and what their bits mean. */
#ifndef AGX_FORMAT_H
#define AGX_FORMAT_H

#include <agx/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Components from the lowest bit; the values are part of the ABI. */
enum agx_format {
	AGX_FORMAT_NONE = 0,

	AGX_FORMAT_R8_UNORM = 1,
	AGX_FORMAT_R8_SNORM,
	AGX_FORMAT_R8_UINT,
	AGX_FORMAT_R8_SINT,
	AGX_FORMAT_R8G8_UNORM,
	AGX_FORMAT_R8G8_SNORM,
	AGX_FORMAT_R8G8_UINT,
	AGX_FORMAT_R8G8_SINT,
	AGX_FORMAT_R8G8B8A8_UNORM,
	AGX_FORMAT_R8G8B8A8_SNORM,
	AGX_FORMAT_R8G8B8A8_UINT,
	AGX_FORMAT_R8G8B8A8_SINT,
	AGX_FORMAT_R8G8B8A8_SRGB,
	AGX_FORMAT_B8G8R8A8_UNORM,
	AGX_FORMAT_B8G8R8A8_SRGB,
	AGX_FORMAT_R16_UNORM,
	AGX_FORMAT_R16_SNORM,
	AGX_FORMAT_R16_UINT,
	AGX_FORMAT_R16_SINT,
	AGX_FORMAT_R16_FLOAT,
	AGX_FORMAT_R16G16_UNORM,
	AGX_FORMAT_R16G16_SNORM,
	AGX_FORMAT_R16G16_UINT,
	AGX_FORMAT_R16G16_SINT,
	AGX_FORMAT_R16G16_FLOAT,
	AGX_FORMAT_R16G16B16A16_UNORM,
	AGX_FORMAT_R16G16B16A16_SNORM,
	AGX_FORMAT_R16G16B16A16_UINT,
	AGX_FORMAT_R16G16B16A16_SINT,
	AGX_FORMAT_R16G16B16A16_FLOAT,
	AGX_FORMAT_R32_UINT,
	AGX_FORMAT_R32_SINT,
	AGX_FORMAT_R32_FLOAT,
	AGX_FORMAT_R32G32_UINT,
	AGX_FORMAT_R32G32_SINT,
	AGX_FORMAT_R32G32_FLOAT,
	AGX_FORMAT_R32G32B32A32_UINT,
	AGX_FORMAT_R32G32B32A32_SINT,
	AGX_FORMAT_R32G32B32A32_FLOAT,
	AGX_FORMAT_R5G6B5_UNORM,
	AGX_FORMAT_R5G5B5A1_UNORM,
	AGX_FORMAT_R4G4B4A4_UNORM,
	AGX_FORMAT_R10G10B10A2_UNORM,
	AGX_FORMAT_R10G10B10A2_UINT,
	AGX_FORMAT_R11G11B10_FLOAT,
	AGX_FORMAT_R9G9B9E5_FLOAT,
	AGX_FORMAT_D16_UNORM,
	AGX_FORMAT_D32_FLOAT,
	AGX_FORMAT_S8_UINT,

	/* Blocks of 4x4 texels. */
	AGX_FORMAT_BC1_UNORM,
	AGX_FORMAT_BC3_UNORM,
	AGX_FORMAT_BC4_UNORM,
	AGX_FORMAT_BC5_UNORM,
	AGX_FORMAT_BC7_UNORM,
	AGX_FORMAT_ETC2_R8G8B8_UNORM,
	AGX_FORMAT_ASTC_4X4_UNORM,

	AGX_FORMATS
};

struct agx_format_info {
	const char *name;               /* "r8g8b8a8_unorm" */
	unsigned int bytes;             /* of a block, which is one texel if not compressed */
	unsigned int width, height;     /* texels of a block */
	unsigned int components;        /* that are stored */
	bool sampled, stored, rendered; /* what the hardware can do with it */
	bool compressed, depth, stencil, srgb, integer;
};

/* Constant; NULL for AGX_FORMAT_NONE and numbers that are no format. */
AGX_API const struct agx_format_info *agx_format_info(enum agx_format format);

/* By name; AGX_FORMAT_NONE when there is none. */
AGX_API enum agx_format agx_format_find(const char *name);

/*
 * A texel's value: floats, or integers of the format's kind. Components that are not stored: 0, 0,
 * 0, 1.
 */
union agx_texel {
	float f[4];
	uint32_t u[4];
	int32_t i[4];
};

/*
 * One texel of an uncompressed format from and to memory. Packing rounds to nearest even, and
 * clamps.
 */
AGX_API int agx_format_unpack(enum agx_format format, const void *memory, union agx_texel *texel);
AGX_API int agx_format_pack(enum agx_format format, const union agx_texel *texel, void *memory);

#ifdef __cplusplus
}
#endif

#endif
