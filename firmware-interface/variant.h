/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The structures of one variant, for a source file that is compiled once per variant with
 * -DAGX_FW_VARIANT=<name>, for example -DAGX_FW_VARIANT=g14x_v13_5. The source writes
 *
 *   static void AGX_FW(fill_compute)(struct AGX_FW(run_compute) *cmd)
 *
 * AGX_FW_G13, AGX_FW_G14, AGX_FW_G14X and AGX_FW_V13 (1 or 0) say what this variant has; use them
 * for members that only some variants have.
 */
#ifndef AGX_FW_VARIANT_H
#define AGX_FW_VARIANT_H

#include "variants.h"

#ifndef AGX_FW_VARIANT
#error "compile with -DAGX_FW_VARIANT=<name>, names in variants.h"
#endif

#define AGX_FW_PASTE_(variant, name) agx_##variant##_##name
#define AGX_FW_PASTE(variant, name)  AGX_FW_PASTE_(variant, name)
#define AGX_FW(name)                 AGX_FW_PASTE(AGX_FW_VARIANT, name)

/* A bit for each variant, so that #if can ask. */
#define AGX_FW_IS_g13_v12_3  0x1
#define AGX_FW_IS_g14_v12_4  0x2
#define AGX_FW_IS_g13_v13_5  0x4
#define AGX_FW_IS_g14_v13_5  0x8
#define AGX_FW_IS_g14x_v13_5 0x10
#define AGX_FW_IS_(variant)  AGX_FW_IS_##variant
#define AGX_FW_IS(variant)   AGX_FW_IS_(variant)
#define AGX_FW_BIT           AGX_FW_IS(AGX_FW_VARIANT)

#if !(AGX_FW_BIT & 0x1f)
#error "AGX_FW_VARIANT is none of variants.h"
#endif

#define AGX_FW_G13  ((AGX_FW_BIT & 0x05) != 0)
#define AGX_FW_G14  ((AGX_FW_BIT & 0x0a) != 0)
#define AGX_FW_G14X ((AGX_FW_BIT & 0x10) != 0)
#define AGX_FW_V13  ((AGX_FW_BIT & 0x1c) != 0)

#endif
