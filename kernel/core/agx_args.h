/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Checks of ioctl arguments, apart from the command buffer (agx_submit.h).
 *
 * Pure functions: 0, or a negative errno and the reason in *why (which may be NULL). Where a
 * look-up of a handle stands between two rules there are two functions, so that the first rule
 * that fails gives the errno in both of the core's homes. Order and errno follow the Rust driver
 * (jannau/linux: drivers/gpu/drm/asahi/file.rs); a rule marked "stricter" is one that the uAPI
 * header promises and that driver does not keep.
 */
#ifndef AGX_ARGS_H
#define AGX_ARGS_H

#include "agx_types.h"
#include "asahi_drm.h"

int agx_check_get_params(const struct drm_asahi_get_params *args, struct agx_reject *why);
int agx_check_get_time(const struct drm_asahi_get_time *args, struct agx_reject *why);

/* On success [*start, *end) is the driver's window as it will be used: whole heap units. */
int agx_check_vm_create(const struct drm_asahi_vm_create *args, uint64_t *start, uint64_t *end,
			struct agx_reject *why);
int agx_check_vm_destroy(const struct drm_asahi_vm_destroy *args, struct agx_reject *why);

/* Also gives the size of the array of operations, which is at most AGX_MAX_COPY. */
int agx_check_vm_bind(const struct drm_asahi_vm_bind *args, uint64_t *size, struct agx_reject *why);

/*
 * Takes operation index out of the array (size bytes, see above); a short stride is completed
 * with zeros. Stricter: bytes beyond the known structure must be zero.
 */
int agx_vm_bind_op(const struct drm_asahi_vm_bind *args, const void *array, uint32_t index,
		   struct drm_asahi_gem_bind_op *op, struct agx_reject *why);

/*
 * One bind or unbind operation: agx_check_bind_op(); for a bind, look up the handle and call
 * agx_check_bind_object(); look up the VM; agx_check_bind_vm().
 */
int agx_check_bind_op(const struct drm_asahi_gem_bind_op *op, struct agx_reject *why);
int agx_check_bind_object(const struct drm_asahi_gem_bind_op *op, uint64_t bo_size,
			  struct agx_reject *why);

/*
 * kernel_start/end: the VM's window. foreign: the object is private to another VM (stricter).
 * A bind of range 0 is refused (stricter), an unbind of range 0 does nothing.
 */
int agx_check_bind_vm(const struct drm_asahi_gem_bind_op *op, uint64_t kernel_start,
		      uint64_t kernel_end, bool foreign, struct agx_reject *why);

/*
 * The first before the look-up of the VM of a VM_PRIVATE object, the second after it; the second
 * gives the size in whole pages.
 */
int agx_check_gem_create(const struct drm_asahi_gem_create *args, struct agx_reject *why);
int agx_check_gem_size(const struct drm_asahi_gem_create *args, uint64_t *size,
		       struct agx_reject *why);

int agx_check_gem_mmap_offset(const struct drm_asahi_gem_mmap_offset *args, struct agx_reject *why);

/* Before the look-up of the handle or object, and (BIND only) after it. */
int agx_check_gem_bind_object(const struct drm_asahi_gem_bind_object *args, struct agx_reject *why);
int agx_check_gem_bind_object_bo(const struct drm_asahi_gem_bind_object *args, uint64_t bo_size,
				 bool vm_private, struct agx_reject *why);

int agx_check_queue_create(const struct drm_asahi_queue_create *args, struct agx_reject *why);
int agx_check_queue_destroy(const struct drm_asahi_queue_destroy *args, struct agx_reject *why);

int agx_check_submit(const struct drm_asahi_submit *args, struct agx_reject *why);

/*
 * Sizes of the arrays of a submission, checked after the queue was found: more than
 * AGX_MAX_COPY is -ENOMEM.
 */
int agx_check_submit_syncs(const struct drm_asahi_submit *args, uint32_t *count,
			   struct agx_reject *why);
int agx_check_submit_size(const struct drm_asahi_submit *args, struct agx_reject *why);

/* Rules of one sync that need no look-up. */
int agx_check_sync(const struct drm_asahi_sync *sync, struct agx_reject *why);

#endif
