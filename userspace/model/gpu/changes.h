/* SPDX-License-Identifier: MIT */
/*
 * What a launch changes in memory, byte by byte: each page is kept as it was before the first write to it, and
 * compared at the launch's end.
 *
 * So what others write into the same pages while no launch runs (the firmware its timestamps, the CPU its data) is
 * none of the launch's changes. A byte that is written with what it held is no change.
 */
#ifndef AGX_CHANGES_H
#define AGX_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "uat_walk.h"

#define AGX_CHANGES_PAGE  AGX_UAT_PAGE_SIZE
#define AGX_CHANGES_LINE  64 /* bytes: one word of a mask */
#define AGX_CHANGES_LINES (AGX_CHANGES_PAGE / AGX_CHANGES_LINE)

/* Pages that are kept; a launch that writes to more has changed all of them as a whole. */
#define AGX_CHANGES_MAX_KEPT (1u << 15)

struct agx_changes;

struct agx_changed_page {
	uint64_t address; /* GPU address; one of them, when it has several */
	uint64_t pa;
	const uint8_t *memory;
	const uint64_t *
		mask; /* AGX_CHANGES_LINES words, those of the pages one after the other; a bit per byte */
};

/* NULL: no memory. */
struct agx_changes *agx_changes_new(void);

/* Accepts NULL. */
void agx_changes_free(struct agx_changes *changes);

/*
 * A page is going to be written to; by any thread, and any number of times. page: its memory, good until
 * agx_changes_take().
 */
void agx_changes_note(struct agx_changes *changes, uint64_t address, uint64_t pa,
		      const uint8_t *page);

/*
 * When nothing runs: the pages with changes since the last time, by rising physical address, good until the
 * next call with these changes. false: the host had no memory, and what was changed is not known.
 */
bool agx_changes_take(struct agx_changes *changes, const struct agx_changed_page **pages,
		      size_t *count);

#endif
