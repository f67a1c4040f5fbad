/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Buffer objects: shmem, with what the uAPI says about them.
 */
#ifndef ASAHI_GEM_H
#define ASAHI_GEM_H

#include <drm/drm_gem_shmem_helper.h>

/**
 * struct asahi_bo - a buffer object
 */
struct asahi_bo {
	/** @base: must be the first member, the helpers free it */
	struct drm_gem_shmem_object base;

	/** @flags: bits of enum drm_asahi_gem_flags; constant */
	u32 flags;

	/**
	 * @root: of a VM_PRIVATE object the object whose reservation all of its VM share, a
	 * reference; NULL: not private. Names the VM as well. Constant.
	 */
	struct drm_gem_object *root;
};

static inline struct asahi_bo *to_asahi_bo(struct drm_gem_object *obj)
{
	return container_of(obj, struct asahi_bo, base.base);
}

/* Of a handle, with a reference; NULL: no such. */
struct asahi_bo *asahi_bo_lookup(struct drm_file *file, u32 handle);
void asahi_bo_put(struct asahi_bo *bo);

/*
 * The object's memory, allocated and pinned for as long as the object lives. An ERR_PTR(): -ENOMEM,
 * or -EINVAL: memory of another driver that is not in whole GPU pages.
 */
struct sg_table *asahi_bo_pages(struct asahi_bo *bo);

/* drm_driver.gem_create_object */
struct drm_gem_object *asahi_gem_create_object(struct drm_device *drm, size_t size);

#endif
