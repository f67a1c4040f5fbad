/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The differences between kernel versions, all of them.
 *
 * The code is written against the newest kernel; what an older one lacks is made up for here. Built
 * and tested are 6.12 (long-term) and 7.3; the numbers of the versions in between are those in
 * which the change came, as far as known, and nobody has tried them.
 */
#ifndef ASAHI_COMPAT_H
#define ASAHI_COMPAT_H

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_gem_shmem_helper.h>
#include <drm/drm_gpuvm.h>
#include <drm/gpu_scheduler.h>
#include <linux/dma-fence.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/version.h>

/* The name of a symbol namespace became a string. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define ASAHI_IMPORT_DMA_BUF() MODULE_IMPORT_NS("DMA_BUF")
#else
#define ASAHI_IMPORT_DMA_BUF() MODULE_IMPORT_NS(DMA_BUF)
#endif

/* Members of struct drm_driver. Its date, which programs were shown, is gone. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 14, 0)
#define ASAHI_DRIVER_VERSION(major_, minor_, patchlevel_) \
	.major = (major_), .minor = (minor_), .patchlevel = (patchlevel_)
#else
#define ASAHI_DRIVER_VERSION(major_, minor_, patchlevel_) \
	.major = (major_), .minor = (minor_), .patchlevel = (patchlevel_), .date = "0"
#endif

/* As is the feature bit that switched debugfs's list of mappings on. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#define ASAHI_DRIVER_GEM_GPUVA 0
#else
#define ASAHI_DRIVER_GEM_GPUVA DRIVER_GEM_GPUVA
#endif

/* drm_sched_init() took its arguments one by one. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
struct drm_sched_init_args {
	const struct drm_sched_backend_ops *ops;
	struct workqueue_struct *submit_wq;
	struct workqueue_struct *timeout_wq;
	u32 num_rqs;
	u32 credit_limit;
	unsigned int hang_limit;
	long timeout;
	atomic_t *score;
	const char *name;
	struct device *dev;
};

static inline int asahi_sched_init(struct drm_gpu_scheduler *sched,
				   const struct drm_sched_init_args *args)
{
	return drm_sched_init(sched, args->ops, args->submit_wq, args->num_rqs, args->credit_limit,
			      args->hang_limit, args->timeout, args->timeout_wq, args->score,
			      args->name, args->dev);
}
#else
static inline int asahi_sched_init(struct drm_gpu_scheduler *sched,
				   const struct drm_sched_init_args *args)
{
	return drm_sched_init(sched, args);
}
#endif

/*
 * What timedout_job() says. Before NO_HANG existed, a job that does not hang had to be put back
 * into the list of pending jobs by hand, which is the scheduler's business: there, a driver may not
 * find a job innocent, but has to end it. ASAHI_SCHED_HAS_NO_HANG tells.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
#define ASAHI_SCHED_STAT_RESET  DRM_GPU_SCHED_STAT_RESET
#define ASAHI_SCHED_HAS_NO_HANG 1
#else
#define ASAHI_SCHED_STAT_RESET  DRM_GPU_SCHED_STAT_NOMINAL
#define ASAHI_SCHED_HAS_NO_HANG 0
#endif

/*
 * drm_sched_backend_ops.cancel_job: drm_sched_fini() ends what is still pending by it. Before, it
 * left such jobs behind: a driver has to see to it that there are none. Use as a member of the
 * initialiser, without a comma behind it.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
#define ASAHI_SCHED_CANCEL_JOB(function) .cancel_job = (function),
#define ASAHI_SCHED_HAS_CANCEL_JOB       1
#else
#define ASAHI_SCHED_CANCEL_JOB(function)
#define ASAHI_SCHED_HAS_CANCEL_JOB 0
#endif

/* The error for jobs that were stopped and cannot be resumed. */
static inline void asahi_sched_start(struct drm_gpu_scheduler *sched, int error)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	drm_sched_start(sched, error);
#else
	drm_sched_start(sched);
#endif
}

/* drm_gpuvm_sm_map() takes a structure. */
static inline int asahi_gpuvm_sm_map(struct drm_gpuvm *gpuvm, void *priv, u64 addr, u64 range,
				     struct drm_gem_object *obj, u64 offset)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
	const struct drm_gpuvm_map_req req = {
		.map.va.addr = addr,
		.map.va.range = range,
		.map.gem.obj = obj,
		.map.gem.offset = offset,
	};

	return drm_gpuvm_sm_map(gpuvm, priv, &req);
#else
	return drm_gpuvm_sm_map(gpuvm, priv, addr, range, obj, offset);
#endif
}

/* Its sibling, which says what would be done. */
static inline struct drm_gpuva_ops *asahi_gpuvm_sm_map_ops_create(struct drm_gpuvm *gpuvm, u64 addr,
								  u64 range,
								  struct drm_gem_object *obj,
								  u64 offset)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
	const struct drm_gpuvm_map_req req = {
		.map.va.addr = addr,
		.map.va.range = range,
		.map.gem.obj = obj,
		.map.gem.offset = offset,
	};

	return drm_gpuvm_sm_map_ops_create(gpuvm, &req);
#else
	return drm_gpuvm_sm_map_ops_create(gpuvm, addr, range, obj, offset);
#endif
}

/* A range of addresses that belongs to no operation, as a mapping of the driver's own. */
static inline void asahi_gpuva_init(struct drm_gpuva *va, u64 addr, u64 range,
				    struct drm_gem_object *obj, u64 offset)
{
	va->va.addr = addr;
	va->va.range = range;
	va->gem.obj = obj;
	va->gem.offset = offset;
}

/* With the object's reservation held, as its list of VMs is protected by that. */
static inline struct drm_gpuvm_bo *asahi_gpuvm_bo_obtain(struct drm_gpuvm *gpuvm,
							 struct drm_gem_object *obj)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	return drm_gpuvm_bo_obtain_locked(gpuvm, obj);
#else
	return drm_gpuvm_bo_obtain(gpuvm, obj);
#endif
}

/* Both take the reservation themselves. */
static inline int asahi_gem_vmap(struct drm_gem_object *obj, struct iosys_map *map)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
	return drm_gem_vmap(obj, map);
#else
	return drm_gem_vmap_unlocked(obj, map);
#endif
}

static inline void asahi_gem_vunmap(struct drm_gem_object *obj, struct iosys_map *map)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
	drm_gem_vunmap(obj, map);
#else
	drm_gem_vunmap_unlocked(obj, map);
#endif
}

/* Does it come from another driver? */
static inline bool asahi_gem_is_imported(const struct drm_gem_object *obj)
{
	return obj->import_attach;
}

/*
 * The list of mappings: with the reservation as its lock, which both have (the newer ones have
 * DRM_GPUVM_IMMEDIATE_MODE too, with a mutex for the signalling path).
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#define ASAHI_HAS_IMMEDIATE_MODE 1
#else
#define ASAHI_HAS_IMMEDIATE_MODE 0
#endif

static inline void asahi_fence_enable_signaling(struct dma_fence *fence)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 2, 0)
	dma_fence_enable_signaling(fence);
#else
	dma_fence_enable_sw_signaling(fence);
#endif
}

/* dma_fence_signal() gave a number that told of a second call; nobody here looks at it. */
static inline void asahi_fence_signal(struct dma_fence *fence)
{
	(void)dma_fence_signal(fence);
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif

#ifndef timer_container_of
#define timer_container_of(var, callback_timer, field) from_timer(var, callback_timer, field)
#endif

/* Allocation by type. Newer kernels forbid what could be spelled otherwise. */
#ifndef kzalloc_obj
#define kzalloc_obj(type, gfp)         kzalloc(sizeof(type), (gfp))
#define kzalloc_objs(type, count, gfp) kcalloc((count), sizeof(type), (gfp))
#endif

/* Tells user space that the device is lost for good and only a rebind can help. */
static inline void asahi_wedged(struct drm_device *drm)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
	drm_dev_wedged_event(drm, DRM_WEDGE_RECOVERY_REBIND, NULL);
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
	drm_dev_wedged_event(drm, DRM_WEDGE_RECOVERY_REBIND);
#endif
}

/* Of struct apple_rtkit_ops: newer ones pass the crash log. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
#define ASAHI_RTKIT_CRASHED(name) void name(void *cookie, const void *log, size_t size)
#else
#define ASAHI_RTKIT_CRASHED(name) void name(void *cookie)
#endif

#endif
