// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Buffer objects.
 *
 * Memory comes when somebody maps the object, on a CPU or the GPU, and stays until the object goes:
 * a GPU without page faults that can be repaired needs it where it is. CPUs map it write-combined,
 * or cached with WRITEBACK; the GPU sees both alike.
 *
 * A VM_PRIVATE object shares its VM's reservation, so that a submission has one lock for all of
 * them, and cannot leave the VM.
 */
#include <linux/mm.h>
#include <linux/scatterlist.h>

#include "agx_args.h"
#include "agx_limits.h"
#include "asahi_compat.h"
#include "asahi_gem.h"
#include "asahi_vm.h"

static void asahi_gem_free(struct drm_gem_object *obj)
{
	struct asahi_bo *bo = to_asahi_bo(obj);
	struct drm_gem_object *root = bo->root;

	drm_gem_shmem_free(&bo->base);
	/* Not before: its reservation is this object's. */
	if (root)
		drm_gem_object_put(root);
}

/* A handle goes: unmaps the object from the VMs of that file. */
static void asahi_gem_close(struct drm_gem_object *obj, struct drm_file *file)
{
	struct asahi_file *afile = to_asahi_file(file);
	struct asahi_vm *vm;
	unsigned long id = 0;

	/*
	 * Programs unmap first. Without the reservation this may be wrong only when another thread
	 * maps the object at this very moment, and then that could as well come later.
	 */
	if (afile->closing || list_empty(&obj->gpuva.list))
		return;
	for (;;) {
		xa_lock(&afile->vms);
		vm = xa_find(&afile->vms, &id, ULONG_MAX, XA_PRESENT);
		if (vm)
			asahi_vm_get(vm);
		xa_unlock(&afile->vms);
		if (!vm)
			return;
		asahi_vm_unbind_object(vm, obj);
		asahi_vm_put(vm);
		id++;
	}
}

static struct dma_buf *asahi_gem_export(struct drm_gem_object *obj, int flags)
{
	if (to_asahi_bo(obj)->root)
		return ERR_PTR(-EINVAL);
	return drm_gem_prime_export(obj, flags);
}

static enum drm_gem_object_status asahi_gem_status(struct drm_gem_object *obj)
{
	const struct asahi_bo *bo = to_asahi_bo(obj);

	return asahi_gem_is_imported(obj) || bo->base.pages ? DRM_GEM_OBJECT_RESIDENT : 0;
}

static const struct drm_gem_object_funcs asahi_gem_funcs = {
	.free = asahi_gem_free,
	.close = asahi_gem_close,
	.print_info = drm_gem_shmem_object_print_info,
	.export = asahi_gem_export,
	.pin = drm_gem_shmem_object_pin,
	.unpin = drm_gem_shmem_object_unpin,
	.get_sg_table = drm_gem_shmem_object_get_sg_table,
	.vmap = drm_gem_shmem_object_vmap,
	.vunmap = drm_gem_shmem_object_vunmap,
	.mmap = drm_gem_shmem_object_mmap,
	.status = asahi_gem_status,
	.vm_ops = &drm_gem_shmem_vm_ops,
};

struct drm_gem_object *asahi_gem_create_object(struct drm_device *drm, size_t size)
{
	struct asahi_bo *bo = kzalloc_obj(*bo, GFP_KERNEL);

	if (!bo)
		return ERR_PTR(-ENOMEM);
	bo->base.base.funcs = &asahi_gem_funcs;
	return &bo->base.base;
}

struct asahi_bo *asahi_bo_lookup(struct drm_file *file, u32 handle)
{
	struct drm_gem_object *obj = drm_gem_object_lookup(file, handle);

	return obj ? to_asahi_bo(obj) : NULL;
}

void asahi_bo_put(struct asahi_bo *bo)
{
	if (bo)
		drm_gem_object_put(&bo->base.base);
}

struct sg_table *asahi_bo_pages(struct asahi_bo *bo)
{
	struct sg_table *sgt = drm_gem_shmem_get_pages_sgt(&bo->base);
	struct scatterlist *sgl;
	unsigned int i;

	if (IS_ERR(sgt) || !asahi_gem_is_imported(&bo->base.base))
		return sgt;
	for_each_sgtable_dma_sg(sgt, sgl, i)
		if ((sg_dma_address(sgl) | sg_dma_len(sgl)) & AGX_PAGE_MASK)
			return ERR_PTR(-EINVAL);
	return sgt;
}

int asahi_ioctl_gem_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct asahi_device *adev = to_asahi_device(drm);
	struct drm_gem_shmem_object *shmem;
	struct drm_asahi_gem_create *args = data;
	struct asahi_vm *vm = NULL;
	struct agx_reject why;
	struct asahi_bo *bo;
	u64 size;
	int ret;

	ret = agx_check_gem_create(args, &why);
	if (!ret && args->flags & DRM_ASAHI_GEM_VM_PRIVATE) {
		vm = asahi_vm_lookup(to_asahi_file(file), args->vm_id);
		if (!vm)
			ret = agx_reject(&why, -ENOENT, "vm_id", "a VM of this file", args->vm_id);
	}
	if (!ret)
		ret = agx_check_gem_size(args, &size, &why);
	/* Memory comes later, but this can never work. */
	if (!ret && size >> PAGE_SHIFT > totalram_pages())
		ret = agx_reject(&why, -ENOMEM, "size", "less than all memory", size);
	if (ret) {
		asahi_refuse(adev, "GEM_CREATE", ret, &why);
		goto out_put_vm;
	}

	shmem = drm_gem_shmem_create(drm, size);
	if (IS_ERR(shmem)) {
		ret = PTR_ERR(shmem);
		goto out_put_vm;
	}
	bo = to_asahi_bo(&shmem->base);
	bo->flags = args->flags;
	shmem->map_wc = !(args->flags & DRM_ASAHI_GEM_WRITEBACK);
	if (vm) {
		bo->root = drm_gpuvm_resv_obj(&vm->gpuvm);
		drm_gem_object_get(bo->root);
		shmem->base.resv = bo->root->resv;
	}
	ret = drm_gem_handle_create(file, &shmem->base, &args->handle);
	drm_gem_object_put(&shmem->base);

out_put_vm:
	asahi_vm_put(vm);
	return ret;
}

int asahi_ioctl_gem_mmap_offset(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_asahi_gem_mmap_offset *args = data;
	struct drm_gem_object *obj = NULL;
	struct agx_reject why;
	int ret;

	ret = agx_check_gem_mmap_offset(args, &why);
	if (!ret) {
		obj = drm_gem_object_lookup(file, args->handle);
		if (!obj)
			ret = agx_reject(&why, -ENOENT, "handle", "a GEM handle", args->handle);
	}
	if (ret)
		return asahi_refuse(to_asahi_device(drm), "GEM_MMAP_OFFSET", ret, &why);
	ret = drm_gem_create_mmap_offset(obj);
	if (!ret)
		args->offset = drm_vma_node_offset_addr(&obj->vma_node);
	drm_gem_object_put(obj);
	return ret;
}
