// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The cache flush that precedes unmapping of "private" memory (jannau/linux:
 * drivers/gpu/drm/asahi/mmu.rs, KernelMapping::remap_uncached_and_flush; AsahiLinux/m1n1:
 * proxyclient/m1n1/fw/agx/handoff.py).
 *
 * The remap to uncached is invalidated in the TLBs here, as m1n1 and the comment in the Rust
 * driver have it, although that driver's code only has a fence at this place.
 */
#include "uat_internal.h"

/* page_count of the message has 16 bits. */
#define FLUSH_MAX_PAGES 0xffffull

static struct agx_handoff_record *record(const struct agx_uat_flush *flush)
{
	return &flush->vm->uat->config.handoff->flush[flush->record];
}

/* Is it the firmware's present context? It flushes by itself when it leaves one. */
static int in_use(struct agx_uat_vm *vm, bool *used)
{
	struct agx_uat *uat = vm->uat;
	int err;

	*used = false;
	if (!vm->slot || uat->slots[vm->slot].owner != vm)
		return 0;
	err = agx_handoff_lock(&uat->handoff);
	if (err)
		return err;
	*used = agx_handoff_current_slot(&uat->handoff) == vm->slot;
	agx_handoff_unlock(&uat->handoff);
	return 0;
}

int agx_uat_flush_begin(struct agx_uat_vm *vm, uint64_t va, uint64_t size,
			struct agx_uat_flush *flush)
{
	struct agx_uat *uat = vm->uat;
	bool used = true;
	int err;

	if (!agx_uat_range_ok(vm, va, size))
		return -EINVAL;
	agx_core_memset(flush, 0, sizeof(*flush));
	flush->vm = vm;
	flush->record = vm == uat->kernel ? AGX_HANDOFF_RECORD_KERNEL : vm->slot;
	if (uat->flush_busy[flush->record])
		return -EBUSY;

	if (!agx_uat_vm_make_uncached(vm, va, size))
		return 0;
	if (vm != uat->kernel) {
		err = in_use(vm, &used);
		if (err)
			return err;
	}
	if (used) {
		flush->next = va;
		flush->end = va + size;
		uat->flush_busy[flush->record] = true;
	}
	return 0;
}

int agx_uat_flush_next(struct agx_uat_flush *flush, struct agx_uat_flush_msg *msg)
{
	struct agx_uat *uat = flush->vm->uat;
	struct agx_handoff_record *rec = record(flush);
	uint64_t pages = (flush->end - flush->next) >> AGX_UAT_PAGE_SHIFT;

	if (!pages) {
		agx_uat_flush_abort(flush);
		return 0;
	}
	if (pages > FLUSH_MAX_PAGES)
		pages = FLUSH_MAX_PAGES;
	if (agx_load(&rec->state) != AGX_HANDOFF_FLUSH_IDLE)
		agx_log(uat->platform, AGX_LOG_ERROR,
			"uat: flush record %u: expected state 0, got %llu", flush->record,
			(unsigned long long)agx_load(&rec->state));
	agx_store(&rec->addr, flush->next);
	agx_store(&rec->size, pages << AGX_UAT_PAGE_SHIFT);
	uat->platform->order(uat->platform->cookie, AGX_BARRIER_LOCK);
	agx_store(&rec->state, AGX_HANDOFF_FLUSH_REQUESTED);
	uat->platform->order(uat->platform->cookie, AGX_BARRIER_FULL);

	msg->addr = flush->next;
	msg->slot = flush->record;
	msg->page_count = (uint16_t)pages;
	flush->next += pages << AGX_UAT_PAGE_SHIFT;
	flush->pending = true;
	return 1;
}

int agx_uat_flush_done(struct agx_uat_flush *flush)
{
	struct agx_uat *uat = flush->vm->uat;
	struct agx_handoff_record *rec = record(flush);
	uint64_t state;

	uat->platform->order(uat->platform->cookie, AGX_BARRIER_FULL);
	state = agx_load(&rec->state);
	agx_store(&rec->state, AGX_HANDOFF_FLUSH_IDLE);
	flush->pending = false;
	if (state == AGX_HANDOFF_FLUSH_DONE)
		return 0;
	agx_log(uat->platform, AGX_LOG_ERROR, "uat: flush record %u: expected state 2, got %llu",
		flush->record, (unsigned long long)state);
	return -EIO;
}

void agx_uat_flush_abort(struct agx_uat_flush *flush)
{
	struct agx_uat *uat = flush->vm->uat;

	if (flush->pending)
		agx_store(&record(flush)->state, AGX_HANDOFF_FLUSH_IDLE);
	flush->pending = false;
	if (flush->end)
		uat->flush_busy[flush->record] = false;
	flush->next = flush->end = 0;
}
