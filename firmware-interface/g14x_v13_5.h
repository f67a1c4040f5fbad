/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Structures of the G14X with firmware 13.5: T6020, T6021, T6022. */
#ifndef AGX_FW_G14X_V13_5_H
#define AGX_FW_G14X_V13_5_H

#include "common.h"

#define AGX_FW(name)               agx_g14x_v13_5_##name
#define AGX_FW_PICK(a, b, c, d, e) (e)
#define AGX_FW_G13                 0
#define AGX_FW_G14                 0
#define AGX_FW_G14X                1
#define AGX_FW_V13                 1

#include "instantiate.h"

#endif
