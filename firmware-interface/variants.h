/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The five supported pairs of GPU generation and firmware, all at once: for code that looks at
 * several (a decoder, a test, a table of operations). Code that works on one includes variant.h.
 */
#ifndef AGX_FW_VARIANTS_H
#define AGX_FW_VARIANTS_H

#include "g13_v12_3.h"
#include "g13_v13_5.h"
#include "g14_v12_4.h"
#include "g14_v13_5.h"
#include "g14x_v13_5.h"

/* The order of numbers in AGX_FW_SIZE and AGX_FW_AT. */
enum agx_fw_variant {
	AGX_FW_VARIANT_G13_V12_3,
	AGX_FW_VARIANT_G14_V12_4,
	AGX_FW_VARIANT_G13_V13_5,
	AGX_FW_VARIANT_G14_V13_5,
	AGX_FW_VARIANT_G14X_V13_5,
	AGX_FW_VARIANT_COUNT,
};

/* X(lower, UPPER): for tables with an entry for each variant. */
#define AGX_FW_VARIANTS(X)      \
	X(g13_v12_3, G13_V12_3) \
	X(g14_v12_4, G14_V12_4) \
	X(g13_v13_5, G13_V13_5) \
	X(g14_v13_5, G14_V13_5) \
	X(g14x_v13_5, G14X_V13_5)

#endif
