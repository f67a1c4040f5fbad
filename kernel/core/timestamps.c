// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Clients' timestamp memory: pieces of a window in the upper half, where the firmware can write.
 * The window's first address is known to the firmware (timestamp_area_base of the hardware data).
 */
#include "job_internal.h"

struct agx_core_timestamps {
	struct agx_core *core;
	uint32_t first, count; /* pages of the window */
};

static bool taken(const struct agx_work *work, uint32_t page)
{
	return work->timestamp_pages[page / 64] >> page % 64 & 1;
}

static void set_taken(struct agx_work *work, uint32_t first, uint32_t count, bool value)
{
	uint32_t page;

	for (page = first; page < first + count; page++) {
		uint64_t bit = 1ull << page % 64;

		if (value)
			work->timestamp_pages[page / 64] |= bit;
		else
			work->timestamp_pages[page / 64] &= ~bit;
	}
}

/* The first gap that is long enough. */
static bool find_gap(const struct agx_work *work, uint32_t count, uint32_t *first)
{
	uint32_t page = 0, run = 0;

	while (page < AGX_TIMESTAMP_PAGES) {
		if (!(page % 64) && work->timestamp_pages[page / 64] == ~0ull) {
			run = 0;
			page += 64;
			continue;
		}
		run = taken(work, page) ? 0 : run + 1;
		page++;
		if (run == count) {
			*first = page - count;
			return true;
		}
	}
	return false;
}

int agx_core_timestamps_create(struct agx_core *core, uint64_t size,
			       struct agx_core_timestamps **created)
{
	struct agx_core_timestamps *timestamps;
	uint32_t first;

	if (!size || size & AGX_PAGE_MASK)
		return -EINVAL;
	if (size > AGX_TIMESTAMP_WINDOW ||
	    !find_gap(&core->work, (uint32_t)(size / AGX_PAGE_SIZE), &first))
		return -ENOSPC;
	timestamps = agx_core_alloc(core, sizeof(*timestamps));
	if (!timestamps)
		return -ENOMEM;
	timestamps->core = core;
	timestamps->first = first;
	timestamps->count = (uint32_t)(size / AGX_PAGE_SIZE);
	set_taken(&core->work, first, timestamps->count, true);
	*created = timestamps;
	return 0;
}

static uint64_t va_of(const struct agx_core_timestamps *timestamps)
{
	return AGX_TIMESTAMP_WINDOW_BASE + timestamps->first * AGX_PAGE_SIZE;
}

int agx_core_timestamps_map(struct agx_core_timestamps *timestamps, uint64_t offset, uint64_t pa,
			    uint64_t size)
{
	struct agx_core *core = timestamps->core;
	struct agx_uat_vm *vm = agx_uat_kernel_vm(core->uat);
	uint64_t total = timestamps->count * AGX_PAGE_SIZE;
	struct agx_uat_reserve reserve = {0};
	int err;

	if (offset > total || size > total - offset)
		return -EINVAL;
	err = agx_uat_reserve(vm, va_of(timestamps) + offset, size, false, &reserve);
	if (!err)
		err = agx_uat_map(vm, &reserve, va_of(timestamps) + offset, pa, size,
				  AGX_UAT_FW_SHARED_RW, 0);
	agx_uat_reserve_release(core->uat, &reserve);
	return err;
}

void agx_core_timestamps_destroy(struct agx_core_timestamps *timestamps)
{
	struct agx_core *core;

	if (!timestamps)
		return;
	core = timestamps->core;
	agx_uat_unmap(agx_uat_kernel_vm(core->uat), va_of(timestamps),
		      timestamps->count * AGX_PAGE_SIZE);
	set_taken(&core->work, timestamps->first, timestamps->count, false);
	agx_core_free(core, timestamps, sizeof(*timestamps));
}

uint64_t agx_job_user_timestamp(const struct agx_timestamp_ref *ref)
{
	return ref->object ? va_of(ref->object) + ref->offset : 0;
}
