// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The DRM driver: files, the table of ioctls, and those that only tell something.
 */
#include <drm/drm_drv.h>
#include <drm/drm_ioctl.h>
#include <drm/drm_print.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "agx_args.h"
#include "asahi_compat.h"
#include "asahi_dump.h"
#include "asahi_file.h"
#include "asahi_gem.h"
#include "asahi_mailbox.h"
#include "asahi_object.h"
#include "asahi_queue.h"

int asahi_refuse(struct asahi_device *adev, const char *ioctl, int err,
		 const struct agx_reject *why)
{
	if (err)
		drm_dbg_driver(&adev->base, "%s: %s: expected %s, got %#llx (%d)\n", ioctl,
			       why->what, why->expected, why->got, err);
	return err;
}

/* --- Files --- */

static void file_release(struct kref *refs)
{
	kfree(container_of(refs, struct asahi_file, refs));
}

struct asahi_file *asahi_file_get(struct asahi_file *afile)
{
	kref_get(&afile->refs);
	return afile;
}

void asahi_file_put(struct asahi_file *afile)
{
	kref_put(&afile->refs, file_release);
}

static int asahi_open(struct drm_device *drm, struct drm_file *file)
{
	struct asahi_device *adev = to_asahi_device(drm);
	struct asahi_file *afile = kzalloc_obj(*afile, GFP_KERNEL);

	if (!afile)
		return -ENOMEM;
	kref_init(&afile->refs);
	afile->adev = adev;
	afile->id = atomic_inc_return(&adev->next_file);
	xa_init_flags(&afile->vms, XA_FLAGS_ALLOC1);
	xa_init_flags(&afile->queues, XA_FLAGS_ALLOC1);
	xa_init_flags(&afile->objects, XA_FLAGS_ALLOC1);
	file->driver_priv = afile;
	return 0;
}

static void asahi_postclose(struct drm_device *drm, struct drm_file *file)
{
	struct asahi_file *afile = to_asahi_file(file);

	asahi_queues_release(afile);
	asahi_objects_release(afile);
	asahi_vms_release(afile);
	asahi_file_put(afile);
}

/*
 * The last descriptor goes. Handles are closed after this, which would otherwise unmap what jobs
 * still use; jobs run to their end unless the client was killed.
 */
static int asahi_release(struct inode *inode, struct file *filp)
{
	struct drm_file *file = filp->private_data;
	struct asahi_file *afile = to_asahi_file(file);

	afile->closing = true;
	if (current->flags & PF_EXITING && current->exit_code == SIGKILL)
		asahi_queues_cancel(afile);
	return drm_release(inode, filp);
}

/* --- Telling --- */

int asahi_ioctl_get_params(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct asahi_device *adev = to_asahi_device(drm);
	const struct drm_asahi_get_params *args = data;
	struct agx_reject why;
	size_t size;
	int ret;

	ret = agx_check_get_params(args, &why);
	if (ret)
		return asahi_refuse(adev, "GET_PARAMS", ret, &why);
	size = min_t(u64, args->size, sizeof(adev->params));
	if (copy_to_user(u64_to_user_ptr(args->pointer), &adev->params, size))
		return -EFAULT;
	return 0;
}

int asahi_ioctl_get_time(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct asahi_device *adev = to_asahi_device(drm);
	struct drm_asahi_get_time *args = data;
	struct agx_reject why;
	int ret, cookie;

	ret = agx_check_get_time(args, &why);
	if (ret)
		return asahi_refuse(adev, "GET_TIME", ret, &why);
	if (!drm_dev_enter(drm, &cookie))
		return -ENODEV;
	args->gpu_timestamp = adev->mailbox->ops->time_ns(adev);
	drm_dev_exit(cookie);
	return 0;
}

static void asahi_show_fdinfo(struct drm_printer *p, struct drm_file *file)
{
	static const char *const names[ASAHI_ENGINES] = {
		[ASAHI_ENGINE_RENDER] = "render",
		[ASAHI_ENGINE_COMPUTE] = "compute",
	};
	struct asahi_file *afile = to_asahi_file(file);
	unsigned int i;

	for (i = 0; i < ASAHI_ENGINES; i++)
		drm_printf(p, "drm-engine-%s:\t%lld ns\n", names[i],
			   atomic64_read(&afile->busy_ns[i]));
	drm_show_memory_stats(p, file);
}

/* --- The driver --- */

static const struct drm_ioctl_desc asahi_ioctls[] = {
	DRM_IOCTL_DEF_DRV(ASAHI_GET_PARAMS, asahi_ioctl_get_params, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(ASAHI_GET_TIME, asahi_ioctl_get_time, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(ASAHI_VM_CREATE, asahi_ioctl_vm_create, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(ASAHI_VM_DESTROY, asahi_ioctl_vm_destroy, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(ASAHI_VM_BIND, asahi_ioctl_vm_bind, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(ASAHI_GEM_CREATE, asahi_ioctl_gem_create, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(ASAHI_GEM_MMAP_OFFSET, asahi_ioctl_gem_mmap_offset, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(ASAHI_GEM_BIND_OBJECT, asahi_ioctl_gem_bind_object, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(ASAHI_QUEUE_CREATE, asahi_ioctl_queue_create, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(ASAHI_QUEUE_DESTROY, asahi_ioctl_queue_destroy, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(ASAHI_SUBMIT, asahi_ioctl_submit, DRM_RENDER_ALLOW),
};

static const struct file_operations asahi_fops = {
	.owner = THIS_MODULE,
	.open = drm_open,
	.release = asahi_release,
	.unlocked_ioctl = drm_ioctl,
	.compat_ioctl = drm_compat_ioctl,
	.poll = drm_poll,
	.read = drm_read,
	.llseek = noop_llseek,
	.mmap = drm_gem_mmap,
	.show_fdinfo = drm_show_fdinfo,
	.fop_flags = FOP_UNSIGNED_OFFSET,
};

const struct drm_driver asahi_drm_driver = {
	.driver_features = DRIVER_GEM | DRIVER_RENDER | DRIVER_SYNCOBJ | DRIVER_SYNCOBJ_TIMELINE |
			   ASAHI_DRIVER_GEM_GPUVA,
	.open = asahi_open,
	.postclose = asahi_postclose,
	.show_fdinfo = asahi_show_fdinfo,
	.ioctls = asahi_ioctls,
	.num_ioctls = ARRAY_SIZE(asahi_ioctls),
	.fops = &asahi_fops,
	.name = "asahi",
	.desc = "Apple AGX Graphics",
	ASAHI_DRIVER_VERSION(0, 0, 0),
	.gem_create_object = asahi_gem_create_object,
	.gem_prime_import_sg_table = drm_gem_shmem_prime_import_sg_table,
#ifdef CONFIG_DEBUG_FS
	.debugfs_init = asahi_debugfs_init,
#endif
};
