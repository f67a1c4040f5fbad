/* SPDX-License-Identifier: MIT */
/*
 * From gradients to the level of detail, after the Vulkan specification's "Scale Factor Operation, LOD
 * Operation and Image Level(s) Selection" and its example of anisotropic filtering.
 */
#ifndef AGX_TEXTURE_LOD_H
#define AGX_TEXTURE_LOD_H

#define AGX_LOD_LEAST (-64.0) /* below every level */

struct agx_footprint {
	double lod;
	unsigned int probes;    /* at least 1: samples along the longer axis of the footprint */
	unsigned int direction; /* which gradient is the longer one: 0 along x, 1 along y */
};

/* Gradients of each coordinate along x and y, and texels per unit of each coordinate; all finite. */
struct agx_footprint agx_footprint_of(const double gradient[3][2], const double size[3],
				      unsigned int anisotropy);

#endif
