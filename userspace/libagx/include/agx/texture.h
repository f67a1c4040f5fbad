/* SPDX-License-Identifier: MIT */
/* Descriptors of textures, of images that are written (PBEs), and of samplers. */
#ifndef AGX_TEXTURE_H
#define AGX_TEXTURE_H

#include <agx/image.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As the hardware has it: 24 bytes. Written by the functions below, or by the caller. */
struct agx_texture {
	uint8_t bytes[24];
};

/* Eight bytes, and the border colour of those that have one. */
struct agx_sampler {
	uint8_t bytes[8];
	uint8_t border[16];
	bool custom_border;
};

enum agx_swizzle {
	AGX_SWIZZLE_SAME, /* the component of this place */
	AGX_SWIZZLE_R,
	AGX_SWIZZLE_G,
	AGX_SWIZZLE_B,
	AGX_SWIZZLE_A,
	AGX_SWIZZLE_0,
	AGX_SWIZZLE_1,
};

/* A view: what of an image a descriptor shows. All 0: the whole image as it is. */
struct agx_view {
	enum agx_format format;       /* NONE: the image's; else one of the same size */
	enum agx_dimension dimension; /* counts with array: both 0 of a view with `as` false */
	bool as;                      /* dimension and array are given; else the image's */
	bool array;
	unsigned int level, levels; /* levels 0: all from level */
	unsigned int layer, layers; /* likewise */
	enum agx_swizzle swizzle[4];
};

/* To be read and sampled. view may be NULL. -EINVAL: not possible with this image. */
AGX_API int agx_texture_of(const struct agx_image *image, const struct agx_view *view,
			   struct agx_texture *texture);

/*
 * To be written: one level, the view's first. Cubes are written as arrays of faces. imgw does not
 * write multisampled images, end-of-tile programs do. -EINVAL: not possible with this image, or it
 * is twiddled and was not made writeable.
 */
AGX_API int agx_pbe_of(const struct agx_image *image, const struct agx_view *view,
		       struct agx_texture *pbe);

/*
 * A buffer of texels as a linear 2D image: one row of up to 16384 texels, or rows of 16384, where
 * texel i is at (i % 16384, i / 16384). count: at most 2^28, offset: a multiple of 16. -EINVAL:
 * whole rows are not within the buffer.
 */
AGX_API int agx_texture_of_buffer(const struct agx_buffer *buffer, uint64_t offset,
				  enum agx_format format, uint32_t count,
				  struct agx_texture *texture);
AGX_API int agx_pbe_of_buffer(const struct agx_buffer *buffer, uint64_t offset,
			      enum agx_format format, uint32_t count, struct agx_texture *pbe);

enum agx_filter {
	AGX_FILTER_NEAREST,
	AGX_FILTER_LINEAR
};
enum agx_mip_filter {
	AGX_MIP_NONE,
	AGX_MIP_NEAREST,
	AGX_MIP_LINEAR
};

enum agx_wrap {
	AGX_WRAP_CLAMP_TO_EDGE,
	AGX_WRAP_REPEAT,
	AGX_WRAP_MIRRORED_REPEAT,
	AGX_WRAP_CLAMP_TO_BORDER,
	AGX_WRAP_MIRRORED_CLAMP_TO_EDGE,
};

enum agx_border {
	AGX_BORDER_TRANSPARENT_BLACK,
	AGX_BORDER_OPAQUE_BLACK,
	AGX_BORDER_OPAQUE_WHITE,
	AGX_BORDER_CUSTOM,
};

enum agx_compare {
	AGX_COMPARE_NEVER,
	AGX_COMPARE_LESS,
	AGX_COMPARE_EQUAL,
	AGX_COMPARE_LESS_EQUAL,
	AGX_COMPARE_GREATER,
	AGX_COMPARE_NOT_EQUAL,
	AGX_COMPARE_GREATER_EQUAL,
	AGX_COMPARE_ALWAYS,
};

struct agx_sampler_params {
	enum agx_filter magnify, minify;
	enum agx_mip_filter mip;
	enum agx_wrap wrap[3];
	enum agx_border border;
	union agx_texel border_colour; /* of CUSTOM */
	enum agx_format border_format; /* of CUSTOM: the texture's, which its coding depends on */
	float min_lod, max_lod;        /* up to 14; max_lod 0: all levels */
	unsigned int anisotropy;       /* 0, 1: none; up to 16, a power of two */
	bool pixel_coordinates;        /* that count texels; of the first level only */
	bool compare;
	enum agx_compare compare_function;
	bool seamful_cube_maps; /* filters stay in a face of a cube, where wrap leads them */
};

/* -EINVAL: not possible; agx_error() names the member. */
AGX_API int agx_sampler_init(struct agx_context *ctx, const struct agx_sampler_params *params,
			     struct agx_sampler *sampler);

#ifdef __cplusplus
}
#endif

#endif
