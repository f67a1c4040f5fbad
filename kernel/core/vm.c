// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Clients' address spaces, with the driver's window and the page that everyone sees.
 *
 * A VM lives as long as somebody uses it: the caller, its queues, and jobs whose memory the firmware
 * may still look at. One half of the window is cached by the firmware: before its memory goes, the
 * firmware has to be asked to forget it, which takes time, so a VM that is destroyed goes to a list
 * first. (The Rust driver waits instead: jannau/linux: drivers/gpu/drm/asahi/mmu.rs, Drop for
 * KernelMappingInner.)
 */
#include "agx_args.h"
#include "job_internal.h"

#define PAGE AGX_UAT_PAGE_SIZE

/* The page of zeroes (jannau/linux: drivers/gpu/drm/asahi/mmu.rs, IOVA_UNK_PAGE). */
static int make_page(struct agx_core *core)
{
	const struct agx_platform *platform = core->platform;
	uint64_t contiguous;
	int err;

	if (core->work.page.size)
		return 0;
	err = platform->mem_alloc(platform->cookie, PAGE, &core->work.page);
	if (err) {
		core->work.page = (struct agx_mem){0};
		return err;
	}
	core->work.page_pa =
		platform->mem_address(platform->cookie, &core->work.page, 0, &contiguous);
	return 0;
}

static int map_page(struct agx_core_vm *vm)
{
	struct agx_core *core = vm->core;
	struct agx_uat_reserve reserve = {0};
	int err;

	err = agx_uat_reserve(vm->uat, AGX_VM_USER_END, PAGE, false, &reserve);
	if (!err)
		err = agx_uat_map(vm->uat, &reserve, AGX_VM_USER_END, core->work.page_pa, PAGE,
				  AGX_UAT_GPU_SHARED_RW, 0);
	agx_uat_reserve_release(core->uat, &reserve);
	return err;
}

int agx_core_vm_create(struct agx_core *core, uint64_t kernel_start, uint64_t kernel_end,
		       struct agx_core_vm **created)
{
	const struct drm_asahi_vm_create args = {
		.kernel_start = kernel_start,
		.kernel_end = kernel_end,
	};
	struct agx_core_vm *vm;
	uint64_t start, end;
	int err;

	err = agx_check_vm_create(&args, &start, &end, NULL);
	if (err)
		return err;
	err = make_page(core);
	if (err)
		return err;
	vm = agx_core_alloc(core, sizeof(*vm));
	if (!vm)
		return -ENOMEM;
	vm->core = core;
	vm->kernel_start = start;
	vm->kernel_end = end;
	vm->refs = 1;
	err = agx_uat_vm_create(core->uat, &vm->uat);
	if (!err)
		err = map_page(vm);
	if (err) {
		agx_uat_vm_destroy(vm->uat);
		agx_core_free(core, vm, sizeof(*vm));
		return err;
	}
	*created = vm;
	return 0;
}

struct agx_uat_vm *agx_core_vm_uat(struct agx_core_vm *vm)
{
	return vm->uat;
}

int agx_vm_heap(struct agx_core_vm *vm, bool priv, struct agx_heap **heap)
{
	struct agx_heap **place = priv ? &vm->priv : &vm->shared;
	struct agx_core *core = vm->core;
	struct agx_heap_config configs[2];
	int err;

	if (!*place) {
		agx_vm_heap_configs(vm->kernel_start, vm->kernel_end, &configs[0], &configs[1]);
		err = agx_heap_create(core->platform, core->uat, vm->uat, &configs[priv], place);
		if (err)
			return err;
	}
	*heap = *place;
	return 0;
}

void agx_core_vm_close(struct agx_core_vm *vm)
{
	agx_uat_unmap(vm->uat, AGX_VM_USER_START, vm->kernel_start - AGX_VM_USER_START);
	agx_uat_unmap(vm->uat, vm->kernel_end, AGX_VM_USER_END + PAGE - vm->kernel_end);
}

static void free_vm(struct agx_core_vm *vm)
{
	struct agx_core *core = vm->core;

	agx_heap_destroy(vm->shared);
	agx_heap_destroy(vm->priv);
	agx_uat_vm_destroy(vm->uat);
	agx_core_free(core, vm, sizeof(*vm));
}

void agx_vm_get(struct agx_core_vm *vm)
{
	vm->refs++;
}

void agx_vm_put(struct agx_core_vm *vm)
{
	struct agx_work *work = &vm->core->work;

	if (--vm->refs)
		return;
	if (vm->core->state == AGX_CORE_OFF || !vm->priv) {
		free_vm(vm);
		return;
	}
	vm->next_dying = NULL;
	if (work->last_dying)
		work->last_dying->next_dying = vm;
	else
		work->dying = vm;
	work->last_dying = vm;
}

void agx_core_vm_destroy(struct agx_core_vm *vm)
{
	struct agx_core *core;

	if (!vm)
		return;
	core = vm->core;
	agx_core_vm_close(vm);
	agx_vm_put(vm);
	agx_work_step(core);
}

/*
 * One block after the other. true: all are flushed. What goes wrong means that the firmware is not
 * there any more: then agx_vms_off() follows.
 */
static bool flush_vm(struct agx_core_vm *vm)
{
	struct agx_core *core = vm->core;
	uint64_t size;
	int got;

	for (;;) {
		if (vm->unsent) {
			got = agx_core_fwctl(core, &vm->msg, &vm->token);
			if (got)
				return false;
			vm->unsent = false;
			vm->sent = true;
			vm->since = agx_core_now(core);
		}
		if (vm->sent) {
			got = agx_core_taken(core, AGX_CHANNEL_FWCTL, vm->token);
			if (got < 0)
				return false;
			if (!got) {
				if (agx_core_now(core) - vm->since >= AGX_CORE_TIMEOUT_NS)
					agx_core_fail(core,
						      "the firmware does not flush its cache");
				return false;
			}
			vm->sent = false;
			agx_uat_flush_done(&vm->flush);
		}
		if (vm->flushing) {
			if (agx_uat_flush_next(&vm->flush, &vm->msg)) {
				vm->unsent = true;
				continue;
			}
			vm->flushing = false;
		}
		if (!agx_heap_next_block(vm->priv, &vm->flushed, &size))
			return true;
		got = agx_uat_flush_begin(vm->uat, vm->flushed, size, &vm->flush);
		if (got) {
			agx_core_fail(core, "the firmware's cache cannot be flushed");
			return false;
		}
		vm->flushing = true;
	}
}

bool agx_vms_step(struct agx_core *core)
{
	struct agx_work *work = &core->work;
	struct agx_core_vm *vm;

	while ((vm = work->dying) && core->state == AGX_CORE_READY && flush_vm(vm)) {
		work->dying = vm->next_dying;
		if (!work->dying)
			work->last_dying = NULL;
		free_vm(vm);
	}
	return work->dying;
}

void agx_vms_off(struct agx_core *core)
{
	struct agx_work *work = &core->work;
	struct agx_core_vm *vm;

	while ((vm = work->dying)) {
		work->dying = vm->next_dying;
		if (vm->flushing)
			agx_uat_flush_abort(&vm->flush);
		free_vm(vm);
	}
	work->last_dying = NULL;
}
