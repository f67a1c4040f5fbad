// SPDX-License-Identifier: MIT
/* Faces and their axes: the Vulkan specification's "Cube Map Face Selection". */
#include "cube.h"

/* Which component, and its sign, points along s, along t and out of the face. */
struct face {
	uint8_t axis[3];
	int8_t sign[3];
};

static const struct face faces[6] = {
	{{2, 1, 0}, {-1, -1, 1}}, {{2, 1, 0}, {1, -1, -1}}, {{0, 2, 1}, {1, 1, 1}},
	{{0, 2, 1}, {1, -1, -1}}, {{0, 1, 2}, {1, -1, 1}},  {{0, 1, 2}, {-1, -1, -1}},
};

static double magnitude(double value)
{
	return value < 0 ? -value : value;
}

static unsigned int face_of(unsigned int axis, bool negative)
{
	return 2 * axis + negative;
}

struct agx_cube_place agx_cube_project(const double direction[3], double gradient[3][2])
{
	const double x = magnitude(direction[0]), y = magnitude(direction[1]);
	const double z = magnitude(direction[2]);
	const unsigned int axis = z >= x && z >= y ? 2 : y >= x ? 1 : 0;
	const unsigned int number = face_of(axis, direction[axis] < 0);
	const struct face *face = &faces[number];
	const double major = magnitude(direction[axis]);
	struct agx_cube_place place = {number, 0.5, 0.5};
	double along[2], result[2][2];

	if (major == 0) {
		for (unsigned int i = 0; i < 6; i++)
			gradient[i / 2][i % 2] = 0;
		return place;
	}
	for (unsigned int i = 0; i < 2; i++) {
		along[i] = face->sign[i] * direction[face->axis[i]] / major;
		for (unsigned int d = 0; d < 2; d++)
			result[i][d] = (face->sign[i] * gradient[face->axis[i]][d] -
					along[i] * face->sign[2] * gradient[axis][d]) /
				       major / 2;
	}
	for (unsigned int d = 0; d < 2; d++) {
		gradient[0][d] = result[0][d];
		gradient[1][d] = result[1][d];
		gradient[2][d] = 0;
	}
	place.s = along[0] / 2 + 0.5;
	place.t = along[1] / 2 + 0.5;
	return place;
}

void agx_cube_step(uint32_t size, unsigned int *number, int32_t *x, int32_t *y)
{
	const int32_t n = (int32_t)size;
	const struct face *face = &faces[*number];
	const unsigned int beyond = *x < 0 || *x >= n ? 0 : 1;
	int32_t at[2], vector[3];

	/* Centres of texels, in halves of one, on a cube from -n to n. */
	at[0] = 2 * *x + 1 - n;
	at[1] = 2 * *y + 1 - n;
	vector[face->axis[2]] = face->sign[2] * (n - 1);
	vector[face->axis[!beyond]] = face->sign[!beyond] * at[!beyond];
	vector[face->axis[beyond]] = face->sign[beyond] * (at[beyond] < 0 ? -n : n);
	*number = face_of(face->axis[beyond], vector[face->axis[beyond]] < 0);
	face = &faces[*number];
	*x = (face->sign[0] * vector[face->axis[0]] + n - 1) / 2;
	*y = (face->sign[1] * vector[face->axis[1]] + n - 1) / 2;
}
