// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Operands of the Arm TLBI instructions that the UAT obeys (jannau/linux and
 * herrnst/linux-asahi: drivers/gpu/drm/asahi/mem.rs; Arm ARM, TLBI VAE1OS and TLBI RVAE1OS).
 */
#include "agx_tlbi.h"

#include "uat.h"

#define ASID_SHIFT 48

/* VAE1OS: address bits 55:12. */
#define PAGE_VA(va) (((va) >> 12) & 0xffffffffffcull)

/* RVAE1OS: granule, how many, and where, in units of the granule. */
#define RANGE_16K         (2ull << 46)
#define RANGE_SCALE_SHIFT 44
#define RANGE_NUM_SHIFT   39
#define RANGE_NUM_MAX     32u
#define RANGE_VA(va)      (((va) >> AGX_UAT_PAGE_SHIFT) & 0x1fffffffffull)

void agx_tlbi_all(const struct agx_platform *platform)
{
	platform->tlbi(platform->cookie, AGX_TLBI_ALL, 0);
}

void agx_tlbi_asid(const struct agx_platform *platform, uint32_t asid)
{
	platform->tlbi(platform->cookie, AGX_TLBI_ASID, (uint64_t)asid << ASID_SHIFT);
}

void agx_tlbi_range(const struct agx_platform *platform, uint32_t asid, uint64_t va, uint64_t size)
{
	uint64_t base = (uint64_t)asid << ASID_SHIFT;
	uint64_t first = va >> AGX_UAT_PAGE_SHIFT;
	uint64_t pages, pairs, num;
	unsigned int scale = 0;

	if (!size)
		return;
	pages = ((va + size - 1) >> AGX_UAT_PAGE_SHIFT) - first + 1;
	if (pages == 1) {
		platform->tlbi(platform->cookie, AGX_TLBI_PAGE, base | PAGE_VA(va));
		return;
	}

	/* One instruction covers num << (5 * scale + 1) pages, num from 1 to 32, scale 0 to 3. */
	pairs = (pages + 1) / 2;
	while (scale < 3 && pairs > (uint64_t)RANGE_NUM_MAX << (5 * scale))
		scale++;
	num = (pairs + (1ull << (5 * scale)) - 1) >> (5 * scale);
	base |= RANGE_16K | (uint64_t)scale << RANGE_SCALE_SHIFT;
	while (num) {
		uint64_t n = num < RANGE_NUM_MAX ? num : RANGE_NUM_MAX;

		platform->tlbi(platform->cookie, AGX_TLBI_RANGE,
			       base | (n - 1) << RANGE_NUM_SHIFT |
				       RANGE_VA(first << AGX_UAT_PAGE_SHIFT));
		/* Further instructions go on behind; the Rust driver repeats the same start. */
		first += n << (5 * scale + 1);
		num -= n;
	}
}

void agx_tlbi_sync(const struct agx_platform *platform)
{
	platform->order(platform->cookie, AGX_BARRIER_FULL);
}
