// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Contexts: which address space sits in which entry of the TTBAT (jannau/linux:
 * drivers/gpu/drm/asahi/mmu.rs, Uat::bind and VmInner::drop; kkpan11/AsahiLinux-linux:
 * drivers/gpu/drm/asahi/slotalloc.rs).
 *
 * A VM keeps its entry, and TLBs keep its translations, after it was unbound, until another VM
 * takes the slot. So `owner` and not `held` decides whether an unmap has to invalidate. The Rust
 * driver goes by the slot that a VM had last, and may invalidate the next owner's translations
 * for nothing.
 */
#include "uat_internal.h"

static uint64_t ttb(uint64_t table, uint32_t slot)
{
	return table | AGX_UAT_TTB_VALID | (uint64_t)slot << AGX_UAT_TTB_ASID_SHIFT;
}

bool agx_uat_vm_asid(const struct agx_uat_vm *vm, uint32_t *asid)
{
	const struct agx_uat *uat = vm->uat;

	*asid = vm->slot;
	if (vm == uat->kernel || vm == uat->lower)
		return true; /* context 0; the upper half's entries are global besides */
	return vm->slot && uat->slots[vm->slot].owner == vm;
}

int agx_uat_start(struct agx_uat *uat)
{
	struct agx_uat_vm *kernel = uat->kernel;
	struct agx_uat_table *table = kernel->child[AGX_UAT_DRIVER_L1_INDEX];
	unsigned int i;
	int err;

	err = agx_handoff_lock(&uat->handoff);
	if (err)
		return err;
	/* What an earlier driver left there is not ours to follow. */
	agx_store(&kernel->root[AGX_UAT_DRIVER_L1_INDEX],
		  table ? table->pa | AGX_UAT_VALID | AGX_UAT_TYPE : 0);
	agx_store(&uat->config.ttbs[0].ttb0, ttb(uat->lower->root_pa, 0));
	agx_store(&uat->config.ttbs[0].ttb1, ttb(kernel->root_pa, 0));
	for (i = 1; i < AGX_UAT_CONTEXTS; i++) {
		agx_store(&uat->config.ttbs[i].ttb0, 0);
		agx_store(&uat->config.ttbs[i].ttb1, 0);
	}
	agx_handoff_unlock(&uat->handoff);
	agx_tlbi_sync(uat->platform);
	agx_tlbi_all(uat->platform);
	agx_tlbi_sync(uat->platform);
	uat->started = true;
	return 0;
}

void agx_uat_set_slot_limit(struct agx_uat *uat, unsigned int limit)
{
	if (!limit)
		limit = 1;
	uat->slot_limit = limit < AGX_UAT_CONTEXTS ? limit : AGX_UAT_CONTEXTS - 1;
}

/* The slot that has been free longest, 0: none is free. */
static uint32_t oldest_slot(const struct agx_uat *uat)
{
	uint32_t i, best = 0;

	for (i = 1; i <= uat->slot_limit; i++)
		if (!uat->slots[i].held && (!best || uat->slots[i].freed < uat->slots[best].freed))
			best = i;
	return best;
}

static int assign(struct agx_uat_vm *vm, uint32_t index)
{
	struct agx_uat *uat = vm->uat;
	int err;

	err = agx_handoff_lock(&uat->handoff);
	if (err)
		return err;
	if (agx_handoff_current_slot(&uat->handoff) == index)
		agx_log(uat->platform, AGX_LOG_ERROR,
			"uat: context %u gets a new address space while the firmware uses it",
			index);
	agx_store(&uat->config.ttbs[index].ttb0, ttb(vm->root_pa, index));
	agx_store(&uat->config.ttbs[index].ttb1,
		  uat->config.map_kernel_to_user ? ttb(uat->kernel->root_pa, index) : 0);
	agx_handoff_unlock(&uat->handoff);

	/* Translations of the former owner have the same ASID. */
	agx_tlbi_sync(uat->platform);
	agx_tlbi_asid(uat->platform, index);
	agx_tlbi_sync(uat->platform);
	return 0;
}

int agx_uat_bind(struct agx_uat_vm *vm)
{
	struct agx_uat *uat = vm->uat;
	uint32_t index = vm->slot;
	int err;

	if (vm == uat->kernel || vm == uat->lower)
		return -EINVAL;
	if (vm->users) {
		vm->users++;
		return (int)index;
	}
	if (!index || index > uat->slot_limit || uat->slots[index].owner != vm) {
		index = oldest_slot(uat);
		if (!index)
			return -EBUSY;
		err = assign(vm, index);
		if (err)
			return err;
		/* A limit that sank makes a VM leave a slot that still names it. */
		if (vm->slot && uat->slots[vm->slot].owner == vm)
			agx_uat_vm_evict(vm);
		uat->slots[index].owner = vm;
		vm->slot = index;
	}
	uat->slots[index].held = true;
	vm->users = 1;
	return (int)index;
}

void agx_uat_unbind(struct agx_uat_vm *vm)
{
	struct agx_uat *uat = vm->uat;

	if (!vm->users) {
		agx_log(uat->platform, AGX_LOG_ERROR, "uat: unbind of a VM that is not bound");
		return;
	}
	if (--vm->users)
		return;
	uat->slots[vm->slot].held = false;
	uat->slots[vm->slot].freed = ++uat->gives;
}

struct agx_uat_vm *agx_uat_slot_vm(struct agx_uat *uat, unsigned int slot)
{
	if (!slot)
		return uat->lower;
	return slot < AGX_UAT_CONTEXTS ? uat->slots[slot].owner : NULL;
}

void agx_uat_vm_evict(struct agx_uat_vm *vm)
{
	struct agx_uat *uat = vm->uat;
	uint32_t index = vm->slot;
	bool locked;

	if (vm->users) {
		agx_log(uat->platform, AGX_LOG_ERROR, "uat: context %u loses its tables in use",
			index);
		vm->users = 0;
		uat->slots[index].held = false;
	}
	if (!index || uat->slots[index].owner != vm)
		return;

	/* Without the lock too: tables that the TTBAT names must never be freed. */
	locked = !agx_handoff_lock(&uat->handoff);
	if (locked && agx_handoff_current_slot(&uat->handoff) == index)
		agx_log(uat->platform, AGX_LOG_WARNING,
			"uat: context %u loses its tables while the firmware uses it", index);
	agx_store(&uat->config.ttbs[index].ttb0, 0);
	agx_store(&uat->config.ttbs[index].ttb1, 0);
	if (locked)
		agx_handoff_unlock(&uat->handoff);
	agx_tlbi_sync(uat->platform);
	agx_tlbi_asid(uat->platform, index);
	agx_tlbi_sync(uat->platform);
	uat->slots[index].owner = NULL;
	vm->slot = 0;
}
