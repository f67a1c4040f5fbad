/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Defines every structure that differs between firmwares, once for the variant that the includer
 * has described. Included by the five variant headers only; it has no guard on purpose.
 *
 * The includer defines
 *   AGX_FW(name)      the variant's name for a structure
 *   AGX_FW_PICK(...)  the variant's number out of five
 *   AGX_FW_G13, AGX_FW_G14, AGX_FW_G14X
 *                     1 for its GPU generation, 0 for the others. G14 is T8112 alone; G14X is the
 *                     family of G14S, G14C and G14D, the first whose commands carry register
 *                     lists.
 *   AGX_FW_V13        1 for firmware 13.5, 0 for 12.3 and 12.4
 *
 * and has included common.h. Order: a structure comes after those that it embeds.
 */
#define AGX_FW_INSTANTIATE

#include "blit.h"
#include "buffer.h"
#include "channels.h"
#include "compute.h"
#include "event.h"
#include "fragment.h"
#include "hwdata.h"
#include "initdata.h"
#include "microseq.h"
#include "stats.h"
#include "vertex.h"
#include "workqueue.h"

#undef AGX_FW_INSTANTIATE
#undef AGX_FW_V13
#undef AGX_FW_G14X
#undef AGX_FW_G14
#undef AGX_FW_G13
#undef AGX_FW_PICK
#undef AGX_FW
