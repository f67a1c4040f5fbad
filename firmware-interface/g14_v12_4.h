/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Structures of the G14 with firmware 12.4: T8112. */
#ifndef AGX_FW_G14_V12_4_H
#define AGX_FW_G14_V12_4_H

#include "common.h"

#define AGX_FW(name)               agx_g14_v12_4_##name
#define AGX_FW_PICK(a, b, c, d, e) (b)
#define AGX_FW_G13                 0
#define AGX_FW_G14                 1
#define AGX_FW_G14X                0
#define AGX_FW_V13                 0

#include "instantiate.h"

#endif
