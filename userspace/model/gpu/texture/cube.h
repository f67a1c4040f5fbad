/* SPDX-License-Identifier: MIT */
/* Cubes: from directions to faces, and what lies beyond a face's edges. */
#ifndef AGX_TEXTURE_CUBE_H
#define AGX_TEXTURE_CUBE_H

#include <stdbool.h>
#include <stdint.h>

/* Faces: +x, -x, +y, -y, +z, -z. */
struct agx_cube_place {
	unsigned int face;
	double s, t; /* 0 to 1 */
};

/*
 * Where a direction meets the cube; of equal components z wins over y, and y over x. All finite; no
 * direction at all: the middle of +z. gradient: of the direction, along x and y; becomes that of s and t, the
 * third one 0.
 */
struct agx_cube_place agx_cube_project(const double direction[3], double gradient[3][2]);

/* Texel x, y of a face of so many texels, one step beyond one edge: as one that there is on another face. */
void agx_cube_step(uint32_t size, unsigned int *face, int32_t *x, int32_t *y);

#endif
