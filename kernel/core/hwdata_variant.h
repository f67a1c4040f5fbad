/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The functions of hwdata_variant.c, for each variant. */
#ifndef AGX_HWDATA_VARIANT_H
#define AGX_HWDATA_VARIANT_H

#include "agx_device.h"

#define AGX_HWDATA_FUNCTIONS(lower, upper)                                                  \
	void agx_##lower##_build_hwdata_a(const struct agx_device *device, void *hwdata_a); \
	void agx_##lower##_build_hwdata_b(const struct agx_device *device, void *hwdata_b); \
	void agx_##lower##_build_globals(const struct agx_device *device, void *globals);

AGX_FW_VARIANTS(AGX_HWDATA_FUNCTIONS)
#undef AGX_HWDATA_FUNCTIONS

#endif
