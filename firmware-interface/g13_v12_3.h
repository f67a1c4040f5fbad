/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Structures of the G13 with firmware 12.3: T8103, T6000, T6001, T6002. */
#ifndef AGX_FW_G13_V12_3_H
#define AGX_FW_G13_V12_3_H

#include "common.h"

#define AGX_FW(name)               agx_g13_v12_3_##name
#define AGX_FW_PICK(a, b, c, d, e) (a)
#define AGX_FW_G13                 1
#define AGX_FW_G14                 0
#define AGX_FW_G14X                0
#define AGX_FW_V13                 0

#include "instantiate.h"

#endif
