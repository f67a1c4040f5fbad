// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Timestamp objects: GEM_BIND_OBJECT.
 *
 * The core has one window of the firmware's address space for those of all clients. A job that
 * writes to one keeps it, so that unbinding while the job runs is harmless.
 */
#include <linux/scatterlist.h>

#include "agx_args.h"
#include "asahi_compat.h"
#include "asahi_core.h"
#include "asahi_gem.h"
#include "asahi_object.h"
#include "asahi_queue.h"

static void destroy_timestamps(struct asahi_object *object)
{
	asahi_core_lock(object->adev);
	agx_core_timestamps_destroy(object->core);
	asahi_core_unlock(object->adev);
	object->core = NULL;
}

static void release_work(struct work_struct *work)
{
	struct asahi_object *object = container_of(work, struct asahi_object, release);
	struct asahi_device *adev = object->adev;

	destroy_timestamps(object);
	asahi_bo_put(object->bo);
	kfree(object);
	drm_dev_put(&adev->base);
}

static void object_release(struct kref *refs)
{
	struct asahi_object *object = container_of(refs, struct asahi_object, refs);

	queue_work(asahi_cleanup_wq, &object->release);
}

void asahi_object_put(struct asahi_object *object)
{
	kref_put(&object->refs, object_release);
}

struct asahi_object *asahi_object_lookup(struct asahi_file *afile, u32 id)
{
	struct asahi_object *object;

	xa_lock(&afile->objects);
	object = xa_load(&afile->objects, id);
	if (object)
		kref_get(&object->refs);
	xa_unlock(&afile->objects);
	return object;
}

void asahi_objects_release(struct asahi_file *afile)
{
	struct asahi_object *object;
	unsigned long id;

	xa_for_each(&afile->objects, id, object)
		asahi_object_put(object);
	xa_destroy(&afile->objects);
}

/* Puts [offset, offset + range) of the object's memory there, piece by piece. */
static int map_pieces(struct agx_core_timestamps *timestamps, struct sg_table *sgt, u64 offset,
		      u64 range)
{
	struct scatterlist *sgl;
	unsigned int i;
	u64 done = 0;

	for_each_sgtable_dma_sg(sgt, sgl, i) {
		u64 length = sg_dma_len(sgl), piece;
		int ret;

		if (offset >= length) {
			offset -= length;
			continue;
		}
		piece = min(length - offset, range - done);
		ret = agx_core_timestamps_map(timestamps, done, sg_dma_address(sgl) + offset,
					      piece);
		if (ret)
			return ret;
		offset = 0;
		done += piece;
		if (done == range)
			return 0;
	}
	return -EINVAL;
}

static int map_timestamps(struct asahi_object *object, u64 offset)
{
	struct asahi_device *adev = object->adev;
	struct sg_table *sgt = asahi_bo_pages(object->bo);
	struct agx_core *core;
	int ret;

	if (IS_ERR(sgt))
		return PTR_ERR(sgt);
	do {
		core = asahi_core_lock(adev);
		ret = agx_core_timestamps_create(core, object->range, &object->core);
		if (!ret) {
			ret = map_pieces(object->core, sgt, offset, object->range);
			if (ret) {
				agx_core_timestamps_destroy(object->core);
				object->core = NULL;
			}
		}
		asahi_core_unlock(adev);
	} while (asahi_core_again(adev, &ret));
	return ret;
}

static int bind_object(struct asahi_device *adev, struct drm_asahi_gem_bind_object *args,
		       struct drm_file *file, struct agx_reject *why)
{
	struct asahi_file *afile = to_asahi_file(file);
	struct asahi_bo *bo = asahi_bo_lookup(file, args->handle);
	struct asahi_object *object;
	int ret;

	if (!bo)
		return agx_reject(why, -ENOENT, "handle", "a GEM handle", args->handle);
	ret = agx_check_gem_bind_object_bo(args, bo->base.base.size, bo->root, why);
	if (ret)
		goto err_put_bo;
	object = kzalloc_obj(*object, GFP_KERNEL);
	if (!object) {
		ret = agx_reject(why, -ENOMEM, "memory", "some", 0);
		goto err_put_bo;
	}
	kref_init(&object->refs);
	INIT_WORK(&object->release, release_work);
	object->adev = adev;
	object->bo = bo;
	object->range = args->range;
	ret = map_timestamps(object, args->offset);
	if (ret) {
		agx_reject(why, ret, "range", "room in the 64 MiB timestamp window", args->range);
		goto err_free_object;
	}
	drm_dev_get(&adev->base);
	ret = xa_alloc(&afile->objects, &args->object_handle, object, ASAHI_ID_LIMIT, GFP_KERNEL);
	if (ret) {
		ret = agx_reject(why, -ENOMEM, "objects", "fewer of them, or memory", 0);
		goto err_put_dev;
	}
	return 0;

err_put_dev:
	drm_dev_put(&adev->base);
	destroy_timestamps(object);
err_free_object:
	kfree(object);
err_put_bo:
	asahi_bo_put(bo);
	return ret;
}

int asahi_ioctl_gem_bind_object(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct asahi_device *adev = to_asahi_device(drm);
	struct drm_asahi_gem_bind_object *args = data;
	struct asahi_object *object;
	struct agx_reject why;
	int ret;

	ret = agx_check_gem_bind_object(args, &why);
	if (!ret && args->op == DRM_ASAHI_BIND_OBJECT_OP_BIND) {
		ret = bind_object(adev, args, file, &why);
	} else if (!ret) {
		object = xa_erase(&to_asahi_file(file)->objects, args->object_handle);
		if (object)
			asahi_object_put(object);
		else
			ret = agx_reject(&why, -ENOENT, "object_handle", "a bound object",
					 args->object_handle);
	}
	return asahi_refuse(adev, "GEM_BIND_OBJECT", ret, &why);
}
