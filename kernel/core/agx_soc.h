/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The SoCs that the driver knows, and what GET_PARAMS says about them. */
#ifndef AGX_SOC_H
#define AGX_SOC_H

#include "agx_types.h"
#include "asahi_drm.h"

#define AGX_SOC_MAX_CLUSTERS 8

/* A SoC as sold with all its cores, which is what a virtual machine has. */
struct agx_soc {
	const char *name;    /* as in the device tree: "t8103" */
	const char *product; /* "M1" */
	const char *core;    /* "G13G" */
	uint16_t chip_id;
	uint8_t generation;
	char variant;
	uint8_t revision; /* letter and number, one hexadecimal digit each */
	uint8_t dies;
	uint8_t clusters; /* of all dies */
	uint8_t cores_per_cluster;
	uint16_t core_masks[AGX_SOC_MAX_CLUSTERS];
	uint8_t output_address_bits; /* of physical addresses in page tables */
	uint32_t base_clock_hz;      /* of the generic timer */
};

/* In the order M1, M2, then Pro, Max, Ultra of each. NULL when index is past the end. */
const struct agx_soc *agx_soc_get(unsigned int index);

/* By its name; NULL: unknown. */
const struct agx_soc *agx_soc_find(const char *name);

/* Parameter group 0. features: bits of enum drm_asahi_feature, which depend on how it booted. */
void agx_soc_params(const struct agx_soc *soc, uint64_t features,
		    struct drm_asahi_params_global *params);

#endif
