// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Address spaces: VM_CREATE, VM_DESTROY, VM_BIND.
 *
 * DRM's GPUVM keeps the tree of who is mapped where, the driver core the page tables. An operation
 * takes, in this order: the VM's mutex; the reservations of the VM and of all objects in the range,
 * which protect the objects' lists of mappings; everything that may have to be allocated; the
 * core's lock, to change the page tables; and then brings the tree up to date, which cannot fail
 * any more. Page tables always come first: what the tree forgets may be given back to the system.
 *
 * Binding is synchronous. Nobody waits for jobs: a program that unmaps what its jobs use gets
 * faults, in its own VM.
 */
#include <drm/drm_exec.h>
#include <drm/drm_print.h>
#include <linux/scatterlist.h>
#include <linux/uaccess.h>

#include "agx_args.h"
#include "agx_limits.h"
#include "asahi_compat.h"
#include "asahi_core.h"
#include "asahi_gem.h"
#include "asahi_trace.h"
#include "asahi_vm.h"

/**
 * struct asahi_va - a mapping
 */
struct asahi_va {
	/** @base: where and what */
	struct drm_gpuva base;

	/** @single_page: the same page of the object at every address */
	bool single_page;

	/** @node: in bind_op.dead, when it is unmapped */
	struct list_head node;

	/** @obj: then: a reference, to be dropped when the reservations are free again */
	struct drm_gem_object *obj;
};

/* A map cuts mappings at both its ends at most, and is one itself. */
#define MAX_NEW_VAS 3

/**
 * struct bind_op - one operation, and what it needs
 */
struct bind_op {
	/** @spare: mappings to be used; NULL: used, or not needed */
	struct asahi_va *spare[MAX_NEW_VAS];

	/** @dead: struct asahi_va.node of what was unmapped */
	struct list_head dead;

	/** @vm_bo: map: the object in this VM, a reference */
	struct drm_gpuvm_bo *vm_bo;

	/** @single_page: map: as in struct asahi_va */
	bool single_page;
};

static struct asahi_va *to_asahi_va(struct drm_gpuva *va)
{
	return container_of(va, struct asahi_va, base);
}

/* --- The tree --- */

static struct asahi_va *take_spare(struct bind_op *op)
{
	struct asahi_va *va = NULL;
	unsigned int i;

	for (i = 0; i < MAX_NEW_VAS && !va; i++)
		swap(va, op->spare[i]);
	return va;
}

static int alloc_spares(struct bind_op *op, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		op->spare[i] = kzalloc_obj(*op->spare[i], GFP_KERNEL_ACCOUNT);
		if (!op->spare[i])
			return -ENOMEM;
	}
	return 0;
}

/* Takes a mapping off its object's list; the tree is somebody else's. */
static void bury(struct asahi_va *va, struct list_head *dead)
{
	va->obj = va->base.gem.obj;
	drm_gem_object_get(va->obj);
	drm_gpuva_unlink(&va->base);
	list_add(&va->node, dead);
}

/* Frees what was unmapped, without any reservation. */
static void free_dead(struct list_head *dead)
{
	struct asahi_va *va, *next;

	list_for_each_entry_safe(va, next, dead, node) {
		drm_gem_object_put(va->obj);
		kfree(va);
	}
}

static int step_map(struct drm_gpuva_op *gpuva_op, void *data)
{
	struct bind_op *op = data;
	struct asahi_va *va = take_spare(op);

	if (WARN_ON_ONCE(!va))
		return -ENOMEM;
	va->single_page = op->single_page;
	drm_gpuva_map(op->vm_bo->vm, &va->base, &gpuva_op->map);
	drm_gpuva_link(&va->base, op->vm_bo);
	return 0;
}

static int step_remap(struct drm_gpuva_op *gpuva_op, void *data)
{
	struct drm_gpuva_op_remap *remap = &gpuva_op->remap;
	struct asahi_va *old = to_asahi_va(remap->unmap->va);
	struct asahi_va *prev = NULL, *next = NULL;
	struct bind_op *op = data;

	if (remap->prev)
		prev = take_spare(op);
	if (remap->next)
		next = take_spare(op);
	if (WARN_ON_ONCE((remap->prev && !prev) || (remap->next && !next))) {
		kfree(prev);
		kfree(next);
		return -ENOMEM;
	}
	if (next && old->single_page)
		remap->next->gem.offset = old->base.gem.offset;
	drm_gpuva_remap(prev ? &prev->base : NULL, next ? &next->base : NULL, remap);
	if (prev) {
		prev->single_page = old->single_page;
		drm_gpuva_link(&prev->base, old->base.vm_bo);
	}
	if (next) {
		next->single_page = old->single_page;
		drm_gpuva_link(&next->base, old->base.vm_bo);
	}
	bury(old, &op->dead);
	return 0;
}

static int step_unmap(struct drm_gpuva_op *gpuva_op, void *data)
{
	struct asahi_va *va = to_asahi_va(gpuva_op->unmap.va);
	struct bind_op *op = data;

	drm_gpuva_unmap(&gpuva_op->unmap);
	bury(va, &op->dead);
	return 0;
}

static void gpuvm_free(struct drm_gpuvm *gpuvm)
{
	kfree(container_of(gpuvm, struct asahi_vm, gpuvm));
}

static const struct drm_gpuvm_ops gpuvm_ops = {
	.vm_free = gpuvm_free,
	.sm_step_map = step_map,
	.sm_step_remap = step_remap,
	.sm_step_unmap = step_unmap,
};

/* --- Page tables --- */

static enum agx_uat_prot protection(u32 flags)
{
	if (!(flags & DRM_ASAHI_BIND_WRITE))
		return AGX_UAT_GPU_SHARED_RO;
	return flags & DRM_ASAHI_BIND_READ ? AGX_UAT_GPU_SHARED_RW : AGX_UAT_GPU_SHARED_WO;
}

static int map_pieces(struct agx_uat_vm *uat, struct agx_uat_reserve *reserve, struct sg_table *sgt,
		      const struct drm_asahi_gem_bind_op *args)
{
	enum agx_uat_prot prot = protection(args->flags);
	u64 offset = args->offset, done = 0;
	struct scatterlist *sgl;
	unsigned int i;

	for_each_sgtable_dma_sg(sgt, sgl, i) {
		u64 length = sg_dma_len(sgl), piece;
		dma_addr_t pa = sg_dma_address(sgl) + offset;
		int ret;

		if (offset >= length) {
			offset -= length;
			continue;
		}
		if (args->flags & DRM_ASAHI_BIND_SINGLE_PAGE)
			return agx_uat_map(uat, reserve, args->addr, pa, args->range, prot,
					   AGX_UAT_SINGLE_PAGE);
		piece = min(length - offset, args->range - done);
		ret = agx_uat_map(uat, reserve, args->addr + done, pa, piece, prot, 0);
		if (ret)
			return ret;
		offset = 0;
		done += piece;
		if (done == args->range)
			return 0;
	}
	return -EINVAL;
}

/* In case of an error the range is as it was, or, after one that cannot be, empty. */
static int map_pages(struct asahi_vm *vm, struct sg_table *sgt,
		     const struct drm_asahi_gem_bind_op *args, bool *emptied)
{
	struct agx_uat_vm *uat = agx_core_vm_uat(vm->core);
	struct agx_uat_reserve reserve = {};
	struct agx_core *core;
	int ret;

	do {
		core = asahi_core_lock(vm->adev);
		ret = agx_uat_reserve(uat, args->addr, args->range, false, &reserve);
		if (!ret) {
			ret = map_pieces(uat, &reserve, sgt, args);
			if (ret) {
				agx_uat_unmap(uat, args->addr, args->range);
				*emptied = true;
			}
		}
		/* What it has got so far stays for the next time. */
		if (ret != -ENOMEM)
			agx_uat_reserve_release(agx_core_uat(core), &reserve);
		asahi_core_unlock(vm->adev);
	} while (asahi_core_again(vm->adev, &ret));
	if (ret == -ENOMEM) {
		core = asahi_core_lock(vm->adev);
		agx_uat_reserve_release(agx_core_uat(core), &reserve);
		asahi_core_unlock(vm->adev);
	}
	return ret;
}

static void unmap_pages(struct asahi_vm *vm, u64 addr, u64 range)
{
	asahi_core_lock(vm->adev);
	agx_uat_unmap(agx_core_vm_uat(vm->core), addr, range);
	asahi_core_unlock(vm->adev);
}

/* --- Operations --- */

/* The reservations of the VM, of obj (may be NULL), and of what is mapped in the range. */
static int lock_range(struct asahi_vm *vm, struct drm_exec *exec, struct drm_gem_object *obj,
		      u64 addr, u64 range)
{
	int ret = 0;

	drm_exec_init(exec, DRM_EXEC_IGNORE_DUPLICATES, 0);
	drm_exec_until_all_locked(exec) {
		ret = drm_gpuvm_prepare_vm(&vm->gpuvm, exec, 0);
		drm_exec_retry_on_contention(exec);
		if (ret)
			break;
		if (obj) {
			ret = drm_exec_lock_obj(exec, obj);
			drm_exec_retry_on_contention(exec);
			if (ret)
				break;
		}
		ret = drm_gpuvm_prepare_range(&vm->gpuvm, exec, addr, range, 0);
		drm_exec_retry_on_contention(exec);
		if (ret)
			break;
	}
	return ret;
}

static int map_locked(struct asahi_vm *vm, struct bind_op *op, struct asahi_bo *bo,
		      struct sg_table *sgt, const struct drm_asahi_gem_bind_op *args)
{
	struct drm_gem_object *obj = &bo->base.base;
	bool emptied = false;
	int ret;

	ret = alloc_spares(op, 3);
	if (ret)
		return ret;
	op->single_page = args->flags & DRM_ASAHI_BIND_SINGLE_PAGE;
	op->vm_bo = asahi_gpuvm_bo_obtain(&vm->gpuvm, obj);
	if (IS_ERR(op->vm_bo))
		return PTR_ERR(op->vm_bo);

	ret = map_pages(vm, sgt, args, &emptied);
	if (!ret) {
		/* From here on nothing fails. */
		drm_gpuvm_bo_extobj_add(op->vm_bo);
		ret = asahi_gpuvm_sm_map(&vm->gpuvm, op, args->addr, args->range, obj,
					 args->offset);
		drm_WARN_ON(&vm->adev->base, ret);
	} else if (emptied) {
		drm_gpuvm_sm_unmap(&vm->gpuvm, op, args->addr, args->range);
	}
	drm_gpuvm_bo_put(op->vm_bo);
	return ret;
}

static int unmap_locked(struct asahi_vm *vm, struct bind_op *op, u64 addr, u64 range)
{
	int ret;

	ret = alloc_spares(op, 2);
	if (ret)
		return ret;
	unmap_pages(vm, addr, range);
	ret = drm_gpuvm_sm_unmap(&vm->gpuvm, op, addr, range);
	drm_WARN_ON(&vm->adev->base, ret);
	return ret;
}

/* bo NULL: unmap. */
static int do_op(struct asahi_vm *vm, struct asahi_bo *bo, const struct drm_asahi_gem_bind_op *args)
{
	struct bind_op op = {.dead = LIST_HEAD_INIT(op.dead)};
	struct sg_table *sgt = NULL;
	struct drm_exec exec;
	unsigned int i;
	int ret;

	if (!args->range)
		return 0;
	if (bo) {
		sgt = asahi_bo_pages(bo);
		if (IS_ERR(sgt))
			return PTR_ERR(sgt);
	}

	mutex_lock(&vm->lock);
	if (vm->closed) {
		ret = -ENOENT;
		goto out_unlock;
	}
	ret = lock_range(vm, &exec, bo ? &bo->base.base : NULL, args->addr, args->range);
	if (!ret)
		ret = bo ? map_locked(vm, &op, bo, sgt, args)
			 : unmap_locked(vm, &op, args->addr, args->range);
	drm_exec_fini(&exec);
out_unlock:
	mutex_unlock(&vm->lock);

	free_dead(&op.dead);
	for (i = 0; i < MAX_NEW_VAS; i++)
		kfree(op.spare[i]);
	return ret;
}

/* The reservations of the VM and of one object, without allocating. */
static void lock_pair(struct asahi_vm *vm, struct drm_gem_object *obj, struct ww_acquire_ctx *ctx)
{
	struct dma_resv *first = drm_gpuvm_resv(&vm->gpuvm), *second = obj->resv;
	int ret;

	ww_acquire_init(ctx, &reservation_ww_class);
	ret = dma_resv_lock(first, ctx);
	if (first == second)
		goto done;
	while (!ret) {
		ret = dma_resv_lock(second, ctx);
		if (ret != -EDEADLK)
			break;
		dma_resv_unlock(first);
		dma_resv_lock_slow(second, ctx);
		swap(first, second);
		ret = 0;
		/* Now first is held again, and second is not. */
	}
done:
	drm_WARN_ON(&vm->adev->base, ret);
	ww_acquire_done(ctx);
}

static void unlock_pair(struct asahi_vm *vm, struct drm_gem_object *obj, struct ww_acquire_ctx *ctx)
{
	if (obj->resv != drm_gpuvm_resv(&vm->gpuvm))
		dma_resv_unlock(obj->resv);
	dma_resv_unlock(drm_gpuvm_resv(&vm->gpuvm));
	ww_acquire_fini(ctx);
}

/* With the VM's lock, and a reference on obj. pages false: page tables have been emptied before. */
static void unbind_object_locked(struct asahi_vm *vm, struct drm_gem_object *obj, bool pages)
{
	struct drm_gpuvm_bo *vm_bo;
	struct drm_gpuva *va, *next;
	struct ww_acquire_ctx ctx;
	LIST_HEAD(dead);

	lock_pair(vm, obj, &ctx);
	vm_bo = drm_gpuvm_bo_find(&vm->gpuvm, obj);
	if (vm_bo) {
		drm_gpuvm_bo_for_each_va_safe(va, next, vm_bo) {
			if (pages)
				unmap_pages(vm, va->va.addr, va->va.range);
			drm_gpuva_remove(va);
			bury(to_asahi_va(va), &dead);
		}
		drm_gpuvm_bo_put(vm_bo);
	}
	unlock_pair(vm, obj, &ctx);
	free_dead(&dead);
}

void asahi_vm_unbind_object(struct asahi_vm *vm, struct drm_gem_object *obj)
{
	mutex_lock(&vm->lock);
	unbind_object_locked(vm, obj, !vm->closed);
	mutex_unlock(&vm->lock);
}

static struct drm_gpuva *find_between(struct asahi_vm *vm, u64 start, u64 end)
{
	return start < end ? drm_gpuva_find_first(&vm->gpuvm, start, end - start) : NULL;
}

/* Any mapping of the client's. The driver's window is in the tree, too. */
static struct drm_gpuva *find_any(struct asahi_vm *vm)
{
	struct drm_gpuva *va = find_between(vm, AGX_VM_USER_START, vm->kernel_start);

	return va ? va : find_between(vm, vm->kernel_end, AGX_VM_USER_END);
}

/* Unmaps everything. With the VM's lock. */
static void close_locked(struct asahi_vm *vm)
{
	struct drm_gem_object *obj;
	struct drm_gpuva *va;

	if (vm->closed)
		return;
	vm->closed = true;
	asahi_core_lock(vm->adev);
	agx_core_vm_close(vm->core);
	asahi_core_unlock(vm->adev);
	while ((va = find_any(vm))) {
		obj = va->gem.obj;
		drm_gem_object_get(obj);
		unbind_object_locked(vm, obj, false);
		drm_gem_object_put(obj);
	}
}

/* --- Lifetime --- */

struct asahi_vm *asahi_vm_lookup(struct asahi_file *afile, u32 id)
{
	struct asahi_vm *vm;

	xa_lock(&afile->vms);
	vm = xa_load(&afile->vms, id);
	if (vm)
		kref_get(&vm->refs);
	xa_unlock(&afile->vms);
	return vm;
}

struct asahi_vm *asahi_vm_get(struct asahi_vm *vm)
{
	kref_get(&vm->refs);
	return vm;
}

static void vm_release(struct kref *refs)
{
	struct asahi_vm *vm = container_of(refs, struct asahi_vm, refs);

	mutex_lock(&vm->lock);
	close_locked(vm);
	mutex_unlock(&vm->lock);
	asahi_core_lock(vm->adev);
	agx_core_vm_destroy(vm->core);
	asahi_core_unlock(vm->adev);
	mutex_destroy(&vm->lock);
	drm_gpuvm_put(&vm->gpuvm);
}

void asahi_vm_put(struct asahi_vm *vm)
{
	if (vm)
		kref_put(&vm->refs, vm_release);
}

void asahi_vms_release(struct asahi_file *afile)
{
	struct asahi_vm *vm;
	unsigned long id;

	xa_for_each(&afile->vms, id, vm)
		asahi_vm_put(vm);
	xa_destroy(&afile->vms);
}

int asahi_ioctl_vm_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct asahi_device *adev = to_asahi_device(drm);
	struct drm_asahi_vm_create *args = data;
	struct drm_gem_object *root;
	struct agx_core *core;
	struct agx_reject why;
	struct asahi_vm *vm;
	u64 start, end;
	int ret;

	ret = agx_check_vm_create(args, &start, &end, &why);
	if (ret)
		return asahi_refuse(adev, "VM_CREATE", ret, &why);

	vm = kzalloc_obj(*vm, GFP_KERNEL_ACCOUNT);
	if (!vm)
		return -ENOMEM;
	root = drm_gpuvm_resv_object_alloc(drm);
	if (!root) {
		ret = -ENOMEM;
		goto err_free_vm;
	}
	do {
		core = asahi_core_lock(adev);
		ret = agx_core_vm_create(core, args->kernel_start, args->kernel_end, &vm->core);
		asahi_core_unlock(adev);
	} while (asahi_core_again(adev, &ret));
	if (ret)
		goto err_put_root;

	kref_init(&vm->refs);
	mutex_init(&vm->lock);
	vm->adev = adev;
	vm->kernel_start = start;
	vm->kernel_end = end;
	drm_gpuvm_init(&vm->gpuvm, "asahi", DRM_GPUVM_RESV_PROTECTED, drm, root, AGX_VM_USER_START,
		       AGX_VM_USER_END - AGX_VM_USER_START, start, end - start, &gpuvm_ops);
	drm_gem_object_put(root); /* it has one of its own */

	ret = xa_alloc(&to_asahi_file(file)->vms, &args->vm_id, vm, ASAHI_ID_LIMIT,
		       GFP_KERNEL_ACCOUNT);
	if (ret) {
		asahi_vm_put(vm);
		return -ENOMEM;
	}
	return 0;

err_put_root:
	drm_gem_object_put(root);
err_free_vm:
	kfree(vm);
	return ret;
}

int asahi_ioctl_vm_destroy(struct drm_device *drm, void *data, struct drm_file *file)
{
	const struct drm_asahi_vm_destroy *args = data;
	struct asahi_vm *vm = NULL;
	struct agx_reject why;
	int ret;

	ret = agx_check_vm_destroy(args, &why);
	if (!ret) {
		vm = xa_erase(&to_asahi_file(file)->vms, args->vm_id);
		if (!vm)
			ret = agx_reject(&why, -ENOENT, "vm_id", "a VM of this file", args->vm_id);
	}
	if (ret)
		return asahi_refuse(to_asahi_device(drm), "VM_DESTROY", ret, &why);
	mutex_lock(&vm->lock);
	close_locked(vm);
	mutex_unlock(&vm->lock);
	asahi_vm_put(vm);
	return 0;
}

/* --- VM_BIND --- */

/* Looks up and checks in the order of the virtual node: the errno of both are the same. */
static int bind_one(struct asahi_device *adev, struct drm_file *file, u32 vm_id,
		    const struct drm_asahi_gem_bind_op *op, struct agx_reject *why)
{
	struct asahi_file *afile = to_asahi_file(file);
	struct asahi_vm *vm = NULL;
	struct asahi_bo *bo = NULL;
	bool foreign;
	int ret;

	ret = agx_check_bind_op(op, why);
	if (ret)
		return ret;
	if (!(op->flags & DRM_ASAHI_BIND_UNBIND)) {
		bo = asahi_bo_lookup(file, op->handle);
		if (!bo)
			return agx_reject(why, -ENOENT, "handle", "a GEM handle", op->handle);
		ret = agx_check_bind_object(op, bo->base.base.size, why);
		if (ret)
			goto out_put;
	}
	vm = asahi_vm_lookup(afile, vm_id);
	if (!vm) {
		ret = agx_reject(why, -ENOENT, "vm_id", "a VM of this file", vm_id);
		goto out_put;
	}
	foreign = bo && bo->root && bo->root != drm_gpuvm_resv_obj(&vm->gpuvm);
	ret = agx_check_bind_vm(op, vm->kernel_start, vm->kernel_end, foreign, why);
	if (ret)
		goto out_put;
	ret = do_op(vm, bo, op);
	if (ret)
		agx_reject(why, ret, "num_binds", "memory for more mappings", op->addr);
	else
		trace_asahi_vm_bind(adev, afile->id, vm_id, op->addr, op->range, op->flags);

out_put:
	asahi_vm_put(vm);
	asahi_bo_put(bo);
	return ret;
}

/* Arrays up to here are copied to the stack. */
#define SMALL_OPS 4

int asahi_ioctl_vm_bind(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct asahi_device *adev = to_asahi_device(drm);
	struct drm_asahi_gem_bind_op small[SMALL_OPS], op;
	const struct drm_asahi_vm_bind *args = data;
	void __user *user = u64_to_user_ptr(args->userptr);
	struct agx_reject why;
	void *array = small;
	u64 size;
	u32 i;
	int ret;

	ret = agx_check_vm_bind(args, &size, &why);
	if (ret)
		return asahi_refuse(adev, "VM_BIND", ret, &why);
	if (size > sizeof(small)) {
		array = vmemdup_user(user, size);
		if (IS_ERR(array))
			return PTR_ERR(array);
	} else if (copy_from_user(small, user, size)) {
		return -EFAULT;
	}
	for (i = 0; !ret && i < args->num_binds; i++) {
		ret = agx_vm_bind_op(args, array, i, &op, &why);
		if (!ret)
			ret = bind_one(adev, file, args->vm_id, &op, &why);
		if (!ret && fatal_signal_pending(current))
			ret = agx_reject(&why, -EINTR, "the process", "one that lives on", i);
		if (ret) {
			drm_dbg_driver(drm, "VM_BIND: operation %u of %u failed\n", i,
				       args->num_binds);
			asahi_refuse(adev, "VM_BIND", ret, &why);
		}
	}
	if (array != small)
		kvfree(array);
	return ret;
}
