// SPDX-License-Identifier: MIT
/* GPU address spaces: VM_CREATE, VM_DESTROY, VM_BIND. */
#include <errno.h>
#include <stdlib.h>

#include "agx_args.h"
#include "machine.h"
#include "mapping.h"
#include "node_internal.h"
#include "sched.h"

/* Arrays of operations up to here are copied to the stack. */
#define SMALL_OPS 16

struct agx_vm *agx_node_vm_get(struct agx_vm *vm)
{
	if (vm)
		vm->refs++;
	return vm;
}

void agx_node_vm_put(struct agx_vm *vm)
{
	if (vm && !--vm->refs)
		free(vm);
}

struct agx_vm *agx_vm_use(struct agx_vm *vm)
{
	vm->users++;
	return agx_node_vm_get(vm);
}

void agx_vm_unuse(struct agx_vm *vm)
{
	if (!--vm->users) {
		agx_core_vm_destroy(vm->core);
		vm->core = NULL;
	}
	agx_node_vm_put(vm);
}

void agx_vm_close(struct agx_vm *vm)
{
	agx_vm_unmap_all(vm);
	vm->file = NULL;
	vm->node->stats.live_vms--;
	agx_vm_unuse(vm);
}

long agx_ioctl_vm_create(struct agx_file *file, void *arg)
{
	struct agx_node *node = file->node;
	struct drm_asahi_vm_create *args = arg;
	struct agx_machine *machine;
	struct agx_reject why;
	struct agx_vm *vm;
	uint64_t start, end;
	int err, id;

	err = agx_check_vm_create(args, &start, &end, &why);
	if (err)
		return agx_log_reject(node, "ASAHI_VM_CREATE", err, &why);

	vm = node->stats.live_vms < AGX_MAX_VMS ? calloc(1, sizeof(*vm)) : NULL;
	if (!vm)
		return -ENOMEM;
	vm->file = file;
	vm->node = node;
	vm->refs = 1;
	vm->users = 1;
	vm->kernel_start = start;
	vm->kernel_end = end;
	err = agx_machine_get(node, &machine);
	if (!err)
		err = agx_core_vm_create(machine->core, args->kernel_start, args->kernel_end,
					 &vm->core);
	if (err)
		goto free_vm;
	id = agx_idr_alloc(&file->vms, vm);
	if (id < 0) {
		err = id;
		goto destroy_core_vm;
	}
	vm->id = (uint32_t)id;
	node->stats.live_vms++;
	args->vm_id = vm->id;
	return 0;

destroy_core_vm:
	agx_core_vm_destroy(vm->core);
free_vm:
	free(vm);
	return err;
}

long agx_ioctl_vm_destroy(struct agx_file *file, void *arg)
{
	const struct drm_asahi_vm_destroy *args = arg;
	struct agx_vm *vm = NULL;
	struct agx_reject why;
	int err = agx_check_vm_destroy(args, &why);

	if (!err) {
		vm = agx_idr_remove(&file->vms, args->vm_id);
		if (!vm)
			err = agx_reject(&why, -ENOENT, "vm_id", "a VM of this file", args->vm_id);
	}
	if (err)
		return agx_log_reject(file->node, "ASAHI_VM_DESTROY", err, &why);
	agx_vm_close(vm);
	agx_sched_poll_locked(file->node);
	return 0;
}

static int do_op(struct agx_file *file, uint32_t vm_id, const struct drm_asahi_gem_bind_op *op,
		 struct agx_reject *why)
{
	struct agx_bo *bo = NULL;
	struct agx_vm *vm;
	int err;

	err = agx_check_bind_op(op, why);
	if (err)
		return err;
	if (!(op->flags & DRM_ASAHI_BIND_UNBIND)) {
		bo = agx_bo_lookup(file, op->handle);
		if (!bo)
			return agx_reject(why, -ENOENT, "handle", "a GEM handle", op->handle);
		err = agx_check_bind_object(op, bo->size, why);
		if (err)
			return err;
	}

	vm = agx_idr_find(&file->vms, vm_id);
	if (!vm)
		return agx_reject(why, -ENOENT, "vm_id", "a VM of this file", vm_id);
	err = agx_check_bind_vm(op, vm->kernel_start, vm->kernel_end, bo && bo->vm && bo->vm != vm,
				why);
	if (err)
		return err;

	if (bo)
		err = agx_vm_map(vm, bo, op->addr, op->addr + op->range, op->offset, op->flags);
	else
		err = agx_vm_unmap(vm, op->addr, op->addr + op->range);
	return err ? agx_reject(why, err, "num_binds", "memory for more mappings", op->addr) : 0;
}

long agx_ioctl_vm_bind(struct agx_file *file, void *arg)
{
	const struct drm_asahi_vm_bind *args = arg;
	struct drm_asahi_gem_bind_op small[SMALL_OPS], op;
	struct agx_node *node = file->node;
	struct agx_reject why;
	void *array = small;
	uint64_t size;
	uint32_t i;
	int err;

	err = agx_check_vm_bind(args, &size, &why);
	if (err)
		return agx_log_reject(node, "ASAHI_VM_BIND", err, &why);
	if (size > sizeof(small)) {
		array = malloc(size);
		if (!array)
			return -ENOMEM;
	}
	err = agx_copy_from(node, array, args->userptr, size);
	for (i = 0; !err && i < args->num_binds; i++) {
		err = agx_vm_bind_op(args, array, i, &op, &why);
		if (!err)
			err = do_op(file, args->vm_id, &op, &why);
		if (err) {
			agx_node_log(node, AGX_NODE_LOG_DEBUG,
				     "ASAHI_VM_BIND: operation %u of %u failed", i,
				     args->num_binds);
			agx_log_reject(node, "ASAHI_VM_BIND", err, &why);
		}
	}
	if (array != small)
		free(array);
	return err;
}
