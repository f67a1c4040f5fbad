// SPDX-License-Identifier: MIT
/* Syncs: DRM syncobjs, by the ioctls of the DRM core. */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sync_file.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <drm.h>

#include "sync_internal.h"

#define NS_PER_S 1000000000ull

#define MAX_POINTS 64u

struct agx_sync *lib_sync_get(struct agx_sync *sync)
{
	atomic_fetch_add_explicit(&sync->references, 1, memory_order_relaxed);
	return sync;
}

static void destroy_handle(struct agx_device *device, uint32_t handle)
{
	struct drm_syncobj_destroy args = {.handle = handle};
	int ret = lib_ioctl(device, DRM_IOCTL_SYNCOBJ_DESTROY, &args);

	if (ret < 0)
		lib_log(device->ctx, AGX_LOG_ERROR, "%s: SYNCOBJ_DESTROY: %s", device->name,
			lib_reason(ret));
}

void lib_sync_put(struct agx_sync *sync)
{
	if (!sync || atomic_fetch_sub_explicit(&sync->references, 1, memory_order_acq_rel) > 1)
		return;
	destroy_handle(sync->device, sync->handle);
	lib_device_put(sync->device);
	free(sync);
}

static struct agx_sync *new_sync(struct agx_device *device, unsigned int flags)
{
	struct agx_sync *sync = calloc(1, sizeof(*sync));

	if (!sync) {
		lib_fail(device->ctx, -ENOMEM, "sync: no memory");
		return NULL;
	}
	atomic_init(&sync->references, 1);
	sync->device = lib_device_get(device);
	sync->timeline = flags & AGX_SYNC_TIMELINE;
	return sync;
}

/* One that has no handle yet. */
static void free_sync(struct agx_sync *sync)
{
	lib_device_put(sync->device);
	free(sync);
}

int agx_sync_create(struct agx_device *device, unsigned int flags, struct agx_sync **out)
{
	struct drm_syncobj_create args = {0};
	struct agx_sync *sync;
	int ret;

	*out = NULL;
	if (flags & ~(AGX_SYNC_TIMELINE | AGX_SYNC_SIGNALLED) ||
	    flags == (AGX_SYNC_TIMELINE | AGX_SYNC_SIGNALLED))
		return lib_fail(
			device->ctx, -EINVAL,
			"sync: expected AGX_SYNC_TIMELINE or AGX_SYNC_SIGNALLED or 0 as flags, "
			"got %#x",
			flags);
	if (flags & AGX_SYNC_SIGNALLED)
		args.flags = DRM_SYNCOBJ_CREATE_SIGNALED;
	sync = new_sync(device, flags);
	if (!sync)
		return -ENOMEM;
	ret = lib_ioctl(device, DRM_IOCTL_SYNCOBJ_CREATE, &args);
	if (ret < 0) {
		free_sync(sync);
		return lib_fail(device->ctx, ret, "sync: SYNCOBJ_CREATE: %s", lib_reason(ret));
	}
	sync->handle = args.handle;
	*out = sync;
	return 0;
}

void agx_sync_destroy(struct agx_sync *sync)
{
	lib_sync_put(sync);
}

uint32_t agx_sync_handle(const struct agx_sync *sync)
{
	return sync->handle;
}

int lib_sync_check(struct agx_device *device, const struct agx_sync_point *points,
		   unsigned int count, const char *what)
{
	if (count && !points)
		return lib_fail(device->ctx, -EINVAL, "%s: a pointer to %u of them expected", what,
				count);
	for (unsigned int i = 0; i < count; i++) {
		const struct agx_sync *sync = points[i].sync;

		if (!sync)
			return lib_fail(device->ctx, -EINVAL, "%s %u: no sync", what, i);
		if (sync->device != device)
			return lib_fail(
				device->ctx, -EINVAL,
				"%s %u: the sync is of another device; export and import it", what,
				i);
		if (!sync->timeline && points[i].point)
			return lib_fail(device->ctx, -EINVAL,
					"%s %u: point 0 of a binary sync expected, got %" PRIu64,
					what, i, points[i].point);
		if (sync->timeline && !points[i].point)
			return lib_fail(
				device->ctx, -EINVAL,
				"%s %u: a point of a timeline expected, which begin at 1, got 0",
				what, i);
	}
	return 0;
}

/* The end of a wait of ns from now, on the clock that the ioctl takes. */
static int64_t deadline(uint64_t ns)
{
	struct timespec now;
	uint64_t end;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!ns)
		return 0; /* the past */
	if (__builtin_add_overflow((uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec, ns,
				   &end) ||
	    end > INT64_MAX)
		return INT64_MAX;
	return (int64_t)end;
}

static int wait_points(const struct agx_sync_point *points, unsigned int count, uint64_t ns,
		       unsigned int flags)
{
	uint32_t handles[MAX_POINTS];
	uint64_t values[MAX_POINTS];
	struct drm_syncobj_timeline_wait args = {
		.handles = (uintptr_t)handles,
		.points = (uintptr_t)values,
		.count_handles = count,
		.flags = flags | DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT,
	};
	struct agx_device *device;
	int ret;

	if (!count)
		return 0;
	/* Without any there is no context to say why in. */
	if (!points || !points[0].sync)
		return -EINVAL;
	device = points[0].sync->device;
	if (count > MAX_POINTS)
		return lib_fail(device->ctx, -EINVAL, "wait: at most %u points expected, got %u",
				MAX_POINTS, count);
	ret = lib_sync_check(device, points, count, "wait: point");
	if (ret)
		return ret;
	for (unsigned int i = 0; i < count; i++) {
		handles[i] = points[i].sync->handle;
		values[i] = points[i].point;
	}
	/* Absolute: a wait that a signal interrupted goes on with what is left. */
	args.timeout_nsec = deadline(ns);
	ret = lib_ioctl(device, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &args);
	if (ret == -ETIME)
		return lib_fail(device->ctx, ret,
				"wait: not signalled within %" PRIu64
				" ns (the first of %u: sync %u, "
				"point %" PRIu64 ")",
				ns, count, handles[0], values[0]);
	if (ret < 0)
		return lib_fail(device->ctx, ret, "wait: SYNCOBJ_TIMELINE_WAIT: %s",
				lib_reason(ret));
	/* A wait for all that had to wait tells no index: it is all ones then. */
	return flags & DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL ? 0 : (int)args.first_signaled;
}

int lib_sync_wait(struct agx_sync *sync, uint64_t point, uint64_t ns)
{
	struct drm_syncobj_timeline_wait args = {
		.handles = (uintptr_t)&sync->handle,
		.points = (uintptr_t)&point,
		.timeout_nsec = deadline(ns),
		.count_handles = 1,
		.flags = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL | DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT,
	};
	int ret = lib_ioctl(sync->device, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &args);

	return ret < 0 ? ret : 0;
}

int agx_sync_wait(struct agx_sync *sync, uint64_t point, uint64_t ns)
{
	const struct agx_sync_point one = {.sync = sync, .point = point};

	return agx_sync_wait_all(&one, 1, ns);
}

int agx_sync_wait_all(const struct agx_sync_point *points, unsigned int count, uint64_t ns)
{
	int ret = wait_points(points, count, ns, DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL);

	return ret < 0 ? ret : 0;
}

int agx_sync_wait_any(const struct agx_sync_point *points, unsigned int count, uint64_t ns)
{
	/* None is no index. */
	if (!count)
		return -EINVAL;
	return wait_points(points, count, ns, 0);
}

int agx_sync_signal(struct agx_sync *sync, uint64_t point)
{
	const struct agx_sync_point one = {.sync = sync, .point = point};
	struct drm_syncobj_timeline_array timeline = {.handles = (uintptr_t)&sync->handle,
						      .points = (uintptr_t)&point,
						      .count_handles = 1};
	struct drm_syncobj_array binary = {.handles = (uintptr_t)&sync->handle, .count_handles = 1};
	struct agx_context *ctx = sync->device->ctx;
	int ret = lib_sync_check(sync->device, &one, 1, "signal: point");

	if (ret)
		return ret;
	ret = sync->timeline ? lib_ioctl(sync->device, DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, &timeline)
			     : lib_ioctl(sync->device, DRM_IOCTL_SYNCOBJ_SIGNAL, &binary);
	return ret < 0 ? lib_fail(ctx, ret, "signal: %s", lib_reason(ret)) : 0;
}

int agx_sync_reset(struct agx_sync *sync)
{
	struct drm_syncobj_array args = {.handles = (uintptr_t)&sync->handle, .count_handles = 1};
	int ret;

	if (sync->timeline)
		return lib_fail(sync->device->ctx, -EINVAL,
				"reset: a binary sync expected, got a timeline");
	ret = lib_ioctl(sync->device, DRM_IOCTL_SYNCOBJ_RESET, &args);
	return ret < 0 ? lib_fail(sync->device->ctx, ret, "reset: %s", lib_reason(ret)) : 0;
}

int agx_sync_query(struct agx_sync *sync, uint64_t *point)
{
	struct drm_syncobj_timeline_array args = {.handles = (uintptr_t)&sync->handle,
						  .points = (uintptr_t)point,
						  .count_handles = 1};
	int ret;

	*point = 0;
	if (!sync->timeline)
		return lib_fail(sync->device->ctx, -EINVAL,
				"query: a timeline expected, got a binary sync");
	ret = lib_ioctl(sync->device, DRM_IOCTL_SYNCOBJ_QUERY, &args);
	return ret < 0 ? lib_fail(sync->device->ctx, ret, "query: %s", lib_reason(ret)) : 0;
}

/* A binary syncobj of its own with the fence of a point. */
static int copy_fence(struct agx_sync *sync, uint64_t point, uint32_t *handle)
{
	struct drm_syncobj_create create = {0};
	struct drm_syncobj_transfer transfer = {.src_handle = sync->handle, .src_point = point};
	int ret = lib_ioctl(sync->device, DRM_IOCTL_SYNCOBJ_CREATE, &create);

	if (ret < 0)
		return ret;
	transfer.dst_handle = create.handle;
	ret = lib_ioctl(sync->device, DRM_IOCTL_SYNCOBJ_TRANSFER, &transfer);
	if (ret < 0) {
		destroy_handle(sync->device, create.handle);
		return ret;
	}
	*handle = create.handle;
	return 0;
}

static int export_fence(struct agx_sync *sync, uint64_t point, int *fd)
{
	struct drm_syncobj_handle args = {
		.handle = sync->handle,
		.flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE,
		.fd = -1,
	};
	int ret;

	if (sync->timeline) {
		ret = copy_fence(sync, point, &args.handle);
		if (ret)
			return ret;
	}
	ret = lib_ioctl(sync->device, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &args);
	if (sync->timeline)
		destroy_handle(sync->device, args.handle);
	*fd = args.fd;
	return ret < 0 ? ret : 0;
}

int agx_sync_export(struct agx_sync *sync, uint64_t point, int *fd)
{
	const struct agx_sync_point one = {.sync = sync, .point = point};
	struct agx_context *ctx = sync->device->ctx;
	int ret;

	*fd = -1;
	ret = lib_sync_check(sync->device, &one, 1, "export: point");
	if (!ret) {
		ret = export_fence(sync, point, fd);
		if (ret)
			lib_fail(ctx, ret,
				 "export: %s; the point must have been submitted or signalled",
				 lib_reason(ret));
	}
	return ret;
}

int agx_sync_status(struct agx_sync *sync, uint64_t point)
{
	const struct agx_sync_point one = {.sync = sync, .point = point};
	struct agx_device *device = sync->device;
	struct agx_backend *backend = device->backend;
	struct agx_context *ctx = device->ctx;
	struct sync_file_info info = {0};
	int ret, fd;

	ret = lib_sync_check(device, &one, 1, "status: point");
	if (ret)
		return ret;
	ret = export_fence(sync, point, &fd);
	/* No fence, or not that far: it has not been submitted. */
	if (ret == -EINVAL)
		return lib_fail(ctx, -EBUSY, "status: nothing has been submitted for the point");
	if (ret)
		return lib_fail(ctx, ret, "status: %s", lib_reason(ret));
	ret = lib_fd_ioctl(device, fd, SYNC_IOC_FILE_INFO, &info);
	backend->ops->close_fd(backend, fd);
	if (ret < 0)
		return lib_fail(ctx, ret, "status: SYNC_IOC_FILE_INFO: %s", lib_reason(ret));
	if (!info.status)
		return lib_fail(ctx, -EBUSY, "status: the work has not ended");
	if (info.status < 0)
		return lib_fail(ctx, info.status, "the work failed: %s", lib_reason(info.status));
	return 0;
}

int agx_sync_import(struct agx_sync *sync, uint64_t point, int fd)
{
	const struct agx_sync_point one = {.sync = sync, .point = point};
	struct drm_syncobj_create create = {0};
	struct drm_syncobj_transfer transfer = {.dst_handle = sync->handle, .dst_point = point};
	struct drm_syncobj_handle args = {
		.handle = sync->handle,
		.flags = DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE,
		.fd = fd,
	};
	struct agx_device *device = sync->device;
	int ret = lib_sync_check(device, &one, 1, "import: point");

	if (ret)
		return ret;
	if (!sync->timeline) {
		ret = lib_ioctl(device, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &args);
	} else {
		ret = lib_ioctl(device, DRM_IOCTL_SYNCOBJ_CREATE, &create);
		if (ret >= 0) {
			args.handle = transfer.src_handle = create.handle;
			ret = lib_ioctl(device, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &args);
			if (ret >= 0)
				ret = lib_ioctl(device, DRM_IOCTL_SYNCOBJ_TRANSFER, &transfer);
			destroy_handle(device, create.handle);
		}
	}
	if (ret < 0)
		return lib_fail(device->ctx, ret, "import: descriptor %d: %s; a sync file expected",
				fd, lib_reason(ret));
	return 0;
}

int agx_sync_export_object(struct agx_sync *sync, int *fd)
{
	struct drm_syncobj_handle args = {.handle = sync->handle, .fd = -1};
	int ret = lib_ioctl(sync->device, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &args);

	*fd = args.fd;
	return ret < 0 ? lib_fail(sync->device->ctx, ret, "export of a sync: %s", lib_reason(ret))
		       : 0;
}

int agx_sync_import_object(struct agx_device *device, int fd, unsigned int flags,
			   struct agx_sync **out)
{
	struct drm_syncobj_handle args = {.fd = fd};
	struct agx_sync *sync;
	int ret;

	*out = NULL;
	if (flags & ~AGX_SYNC_TIMELINE)
		return lib_fail(
			device->ctx, -EINVAL,
			"import of a sync: expected AGX_SYNC_TIMELINE or 0 as flags, got %#x",
			flags);
	sync = new_sync(device, flags);
	if (!sync)
		return -ENOMEM;
	ret = lib_ioctl(device, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &args);
	if (ret < 0) {
		free_sync(sync);
		return lib_fail(device->ctx, ret,
				"import of a sync: descriptor %d: %s; a syncobj expected", fd,
				lib_reason(ret));
	}
	sync->handle = args.handle;
	*out = sync;
	return 0;
}
