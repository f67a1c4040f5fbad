// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The table of variants: the only place that chooses among them. */
#include "variant_ops.h"

#define ENTRY(lower, upper) [AGX_FW_VARIANT_##upper] = &agx_##lower##_variant_ops,

static const struct agx_variant_ops *const all[AGX_FW_VARIANT_COUNT] = {AGX_FW_VARIANTS(ENTRY)};

const struct agx_variant_ops *agx_variant_ops(unsigned int variant)
{
	return variant < AGX_FW_VARIANT_COUNT ? all[variant] : NULL;
}
