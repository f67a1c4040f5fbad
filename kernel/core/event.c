// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Event slots and their stamps.
 *
 * A ring owns a slot only while it has something to do. Which one it gets: the one that it had
 * last if that is free, else the one that has been free longest (kkpan11/AsahiLinux-linux:
 * drivers/gpu/drm/asahi/{event,slotalloc}.rs). The stamp stays as it is when the slot changes
 * hands; the new owner counts on from there.
 */
#include "job_internal.h"

static void unlink_slot(struct agx_work *work, uint32_t slot)
{
	struct agx_event_slot *s = &work->slots[slot];

	if (s->prev == AGX_NO_SLOT)
		work->free_first = s->next;
	else
		work->slots[s->prev].next = s->next;
	if (s->next == AGX_NO_SLOT)
		work->free_last = s->prev;
	else
		work->slots[s->next].prev = s->prev;
}

static void append_slot(struct agx_work *work, uint32_t slot)
{
	struct agx_event_slot *s = &work->slots[slot];

	s->prev = work->free_last;
	s->next = AGX_NO_SLOT;
	if (work->free_last == AGX_NO_SLOT)
		work->free_first = (uint8_t)slot;
	else
		work->slots[work->free_last].next = (uint8_t)slot;
	work->free_last = (uint8_t)slot;
}

int agx_events_create(struct agx_core *core)
{
	struct agx_work *work = &core->work;
	uint64_t size = AGX_EVENT_SLOTS * sizeof(uint32_t);
	uint32_t slot;
	int err;

	if (work->fw_stamps)
		return 0;
	err = agx_heap_alloc(core->heaps[AGX_HEAP_SHARED], size, 0, "stamps", &work->stamps);
	if (err)
		return err;
	err = agx_heap_alloc(core->heaps[AGX_HEAP_PRIVATE], size, 0, "fw stamps", &work->fw_stamps);
	if (err) {
		agx_heap_free(core->heaps[AGX_HEAP_SHARED], work->stamps);
		work->stamps = NULL;
		return err;
	}
	work->free_first = work->free_last = AGX_NO_SLOT;
	for (slot = 0; slot < AGX_EVENT_SLOTS; slot++)
		append_slot(work, slot);
	return 0;
}

void agx_events_restart(struct agx_core *core)
{
	struct agx_work *work = &core->work;
	uint32_t slot;

	if (!work->fw_stamps)
		return;
	for (slot = 0; slot < AGX_EVENT_SLOTS; slot++) {
		agx_store((uint32_t *)work->stamps->cpu + slot, work->slots[slot].value);
		agx_store((uint32_t *)work->fw_stamps->cpu + slot, work->slots[slot].value);
	}
}

uint32_t *agx_event_stamp(struct agx_core *core, uint32_t slot)
{
	return (uint32_t *)core->work.stamps->cpu + slot;
}

uint64_t agx_event_stamp_va(const struct agx_core *core, uint32_t slot)
{
	return core->work.stamps->va + slot * sizeof(uint32_t);
}

uint64_t agx_event_fw_stamp_va(const struct agx_core *core, uint32_t slot)
{
	return core->work.fw_stamps->va + slot * sizeof(uint32_t);
}

int agx_event_acquire(struct agx_ring *ring)
{
	struct agx_core *core = ring->queue->vm->core;
	struct agx_work *work = &core->work;
	uint32_t slot = ring->last_slot;

	if (ring->slot != AGX_NO_SLOT)
		return 0;
	if (slot == AGX_NO_SLOT || work->slots[slot].ring)
		slot = work->free_first;
	if (slot == AGX_NO_SLOT)
		return -EBUSY;
	unlink_slot(work, slot);
	work->slots[slot].ring = ring;
	work->slots[slot].value =
		agx_load(agx_event_stamp(core, slot)) & ~(uint32_t)(AGX_STAMP_STEP - 1);
	ring->slot = ring->last_slot = slot;
	ring->prepared = ring->submitted = work->slots[slot].value;
	return 0;
}

void agx_event_release(struct agx_ring *ring)
{
	struct agx_work *work = &ring->queue->vm->core->work;

	if (ring->slot == AGX_NO_SLOT || ring->preparing || ring->count)
		return;
	work->slots[ring->slot].ring = NULL;
	append_slot(work, ring->slot);
	ring->slot = AGX_NO_SLOT;
}
