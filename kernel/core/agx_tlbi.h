/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * TLB invalidation of the UAT, as instructions with operands (see enum agx_tlbi). Each function
 * only issues; agx_tlbi_sync() waits until what was issued is complete.
 */
#ifndef AGX_TLBI_H
#define AGX_TLBI_H

#include "agx_platform.h"

void agx_tlbi_all(const struct agx_platform *platform);
void agx_tlbi_asid(const struct agx_platform *platform, uint32_t asid);

/*
 * Pages that contain [va, va + size), and the cached upper levels of their translations. Global
 * entries match any ASID. May invalidate more than asked for, never less.
 */
void agx_tlbi_range(const struct agx_platform *platform, uint32_t asid, uint64_t va, uint64_t size);

void agx_tlbi_sync(const struct agx_platform *platform);

#endif
