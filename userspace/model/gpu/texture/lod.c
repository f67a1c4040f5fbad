// SPDX-License-Identifier: MIT
#include "lod.h"

#define FRACTION_BITS 16

/* Of a positive normal number, with 16 fractional bits: the same on every host, as that of a library is not. */
static double log2_of(double value)
{
	double log = 0, part = 1;

	while (value >= 2) {
		value /= 2;
		log++;
	}
	while (value < 1) {
		value *= 2;
		log--;
	}
	for (unsigned int i = 0; i < FRACTION_BITS; i++) {
		value *= value;
		part /= 2;
		if (value >= 2) {
			value /= 2;
			log += part;
		}
	}
	return log;
}

struct agx_footprint agx_footprint_of(const double gradient[3][2], const double size[3],
				      unsigned int anisotropy)
{
	const double most = (double)anisotropy * anisotropy;
	struct agx_footprint footprint = {.lod = AGX_LOD_LEAST, .probes = 1};
	double along[2] = {0, 0}, major, minor;

	for (unsigned int d = 0; d < 2; d++) {
		for (unsigned int i = 0; i < 3; i++) {
			const double texels = gradient[i][d] * size[i];

			along[d] += texels * texels;
		}
	}
	footprint.direction = along[1] > along[0];
	major = along[footprint.direction];
	minor = along[!footprint.direction];
	/* A square below this is a level below the least. */
	if (major < 0x1p-120)
		return footprint;
	if (anisotropy > 1) {
		while (footprint.probes < anisotropy &&
		       (double)footprint.probes * footprint.probes * minor < major)
			footprint.probes++;
		major = major > most * minor ? major / most : minor;
	}
	footprint.lod = log2_of(major) / 2;
	return footprint;
}
