/* SPDX-License-Identifier: MIT */
/*
 * Sampling: from coordinates to texels and their weighted sum, after the Vulkan specification's chapter
 * "Image Operations". Sums are exact in binary64 but for the last bits of extreme values and rounded once;
 * weights have 8 fractional bits. How hardware rounds is not known.
 *
 * Cubes: filters reach over edges to the neighbouring face, unless the sampler has seamful_cube_maps; at a
 * corner, where there is no fourth texel, the mean of the three others is taken (as the specification advises,
 * so that nothing jumps there); a gather gives the own face's corner texel for it.
 *
 * Anisotropy: from explicit gradients, so many samples along the longer axis of the footprint as its ratio
 * asks for, up to the sampler's limit, as in the specification's example. Implementations may choose; what hardware
 * does is not known.
 *
 * Not here: cubic filters.
 */
#ifndef AGX_TEXTURE_SAMPLER_H
#define AGX_TEXTURE_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

#include "agx_cmdstream.h"
#include "agx_cs_pack.h"
#include "layout.h"
#include "lod.h"
#include "texel.h"

struct agx_sampler {
	struct agx_cs_sampler state;
	uint32_t border[4]; /* components as texels have them, before the swizzle */
};

/* NULL: is modelled; else a constant text that names what is not. */
const char *agx_sampler_refuse(const struct agx_cs_sampler *state);

/*
 * The colour beyond the edge of a texture of the format; custom: 16 bytes behind the sampler, NULL: there are none.
 * As agx_sampler_refuse().
 */
const char *agx_sampler_set_border(struct agx_sampler *sampler,
				   const struct agx_texel_format *format, const uint32_t custom[4]);

/* A texel that there is, as binary32 or integers, before the swizzle; false: stop, the sample fails. */
struct agx_sample_source {
	bool (*texel)(void *cookie, uint32_t x, uint32_t y, uint32_t layer, unsigned int level,
		      uint32_t rgba[4]);
	void *cookie;
};

struct agx_sample {
	uint32_t coordinate[3]; /* binary32; x, y, z; of cubes a direction */
	uint32_t layer;         /* of arrays; of cubes the cube */
	double lod;             /* before the sampler's clamps; not looked at with gradients */
	double least;           /* a bound for the level of detail, AGX_LOD_LEAST: none */
	bool has_gradients;
	uint32_t gradient[3][2]; /* binary32: of each coordinate along x and along y */
	int32_t offset[3];       /* texels */
	bool shadow;
	uint32_t reference;
	int gather; /* component; -1: none */
};

/*
 * Samples an image that has one sample. Gather gives its four texels in rgba (swizzle not
 * applied: gather names the component of the format).
 */
bool agx_sampler_sample(const struct agx_sampler *sampler, const struct agx_image *image,
			const struct agx_sample_source *source, const struct agx_sample *sample,
			uint32_t rgba[4]);

/*
 * The levels that would be sampled, 0 is the view's first, and the level of detail before it is clamped to what
 * there is: binary32.
 */
void agx_sampler_query(const struct agx_sampler *sampler, const struct agx_image *image,
		       const struct agx_sample *sample, uint32_t result[2]);

/* An index of a row of so many texels after the wrap mode; -1: the border. */
int32_t agx_sampler_wrap(enum agx_cs_wrap mode, int64_t index, uint32_t size);

/* The level that a level of detail leads to without interpolation, in the view: 0 is its first. */
unsigned int agx_sampler_nearest_level(double lod, unsigned int last);

#endif
