/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * An open file of the render node, and the ioctls.
 */
#ifndef ASAHI_FILE_H
#define ASAHI_FILE_H

#include <drm/drm_file.h>
#include <linux/kref.h>
#include <linux/xarray.h>

#include "asahi_device.h"

struct agx_reject;

/* As the uAPI's kinds of work, for fdinfo. */
enum asahi_engine {
	ASAHI_ENGINE_RENDER,
	ASAHI_ENGINE_COMPUTE,
	ASAHI_ENGINES
};

/* Most VMs, queues and timestamp objects of one file, each; a client has a few. */
#define ASAHI_MAX_IDS 65536

/* IDs in the tables of a file; 0 is none. */
#define ASAHI_ID_LIMIT XA_LIMIT(1, ASAHI_MAX_IDS)

/**
 * struct asahi_file - a client
 */
struct asahi_file {
	/** @refs: the open file, and its queues, whose jobs count their time here */
	struct kref refs;

	/** @adev: the device */
	struct asahi_device *adev;

	/** @id: for traces and dumps */
	u32 id;

	/** @closing: the last descriptor was closed; handles that go now unmap nothing */
	bool closing;

	/** @vms: struct asahi_vm by id; its lock protects the look-up until a reference is taken */
	struct xarray vms;

	/** @queues: struct asahi_queue by id, as @vms */
	struct xarray queues;

	/** @objects: struct asahi_object by id, as @vms */
	struct xarray objects;

	/** @busy_ns: time that jobs took, for fdinfo */
	atomic64_t busy_ns[ASAHI_ENGINES];
};

static inline struct asahi_file *to_asahi_file(struct drm_file *file)
{
	return file->driver_priv;
}

struct asahi_file *asahi_file_get(struct asahi_file *afile);
void asahi_file_put(struct asahi_file *afile);

/* An ioctl's refusal, into the debug log. Gives err back; 0: nothing happens. */
int asahi_refuse(struct asahi_device *adev, const char *ioctl, int err,
		 const struct agx_reject *why);

/* Work queues for all devices, from loading to unloading the module; drv_fini drains them. */
int asahi_drv_init(void);
void asahi_drv_fini(void);

#define ASAHI_IOCTL(name) \
	int asahi_ioctl_##name(struct drm_device *drm, void *data, struct drm_file *file)

ASAHI_IOCTL(get_params);
ASAHI_IOCTL(get_time);
ASAHI_IOCTL(vm_create);
ASAHI_IOCTL(vm_destroy);
ASAHI_IOCTL(vm_bind);
ASAHI_IOCTL(gem_create);
ASAHI_IOCTL(gem_mmap_offset);
ASAHI_IOCTL(gem_bind_object);
ASAHI_IOCTL(queue_create);
ASAHI_IOCTL(queue_destroy);
ASAHI_IOCTL(submit);

/* asahi_drv.c */
extern const struct drm_driver asahi_drm_driver;

/*
 * asahi_job.c: from the core's job_done hook, under the core's lock. data: as in job_create. The
 * caller wakes adev->core.changed afterwards.
 */
void asahi_job_done(struct asahi_device *adev, void *data, int error);

#endif
