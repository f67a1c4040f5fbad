// SPDX-License-Identifier: MIT
#include "gem.h"

#include <stdlib.h>
#include <string.h>

#include "asahi_drm.h"
#include "internal.h"

int lib_gem_init(struct lib_gem *gem)
{
	gem->users = NULL;
	gem->size = 0;
	return -pthread_mutex_init(&gem->lock, NULL);
}

void lib_gem_finish(struct lib_gem *gem)
{
	pthread_mutex_destroy(&gem->lock);
	free(gem->users);
}

void lib_gem_close(struct agx_device *device, uint32_t handle)
{
	struct drm_gem_close args = {.handle = handle};
	int ret = lib_ioctl(device, DRM_IOCTL_GEM_CLOSE, &args);

	if (ret < 0)
		lib_log(device->ctx, AGX_LOG_ERROR, "%s: GEM_CLOSE of handle %u: %s", device->name,
			handle, lib_reason(ret));
}

/* Handles are small numbers: the kernel gives out the lowest that is free. */
static int count_locked(struct lib_gem *gem, uint32_t handle)
{
	if (handle >= gem->size) {
		const uint32_t size = handle < UINT32_MAX / 2 ? (handle + 1) * 2 : UINT32_MAX;
		uint32_t *users = reallocarray(gem->users, size, sizeof(*users));

		if (!users)
			return -ENOMEM;
		memset(users + gem->size, 0, (size_t)(size - gem->size) * sizeof(*users));
		gem->users = users;
		gem->size = size;
	}
	gem->users[handle]++;
	return 0;
}

int lib_gem_add(struct agx_device *device, uint32_t handle)
{
	int ret;

	pthread_mutex_lock(&device->gem.lock);
	ret = count_locked(&device->gem, handle);
	if (ret)
		lib_gem_close(device, handle);
	pthread_mutex_unlock(&device->gem.lock);
	return ret;
}

int lib_gem_import(struct agx_device *device, int fd, uint32_t *handle)
{
	struct drm_prime_handle args = {.fd = fd};
	struct lib_gem *gem = &device->gem;
	int ret;

	/* No other import or end may come between the handle and its count. */
	pthread_mutex_lock(&gem->lock);
	ret = lib_ioctl(device, DRM_IOCTL_PRIME_FD_TO_HANDLE, &args);
	if (!ret) {
		ret = count_locked(gem, args.handle);
		if (ret) /* beyond the array: nobody else has it */
			lib_gem_close(device, args.handle);
	}
	pthread_mutex_unlock(&gem->lock);
	*handle = args.handle;
	return ret;
}

void lib_gem_put(struct agx_device *device, uint32_t handle)
{
	pthread_mutex_lock(&device->gem.lock);
	if (!--device->gem.users[handle])
		lib_gem_close(device, handle);
	pthread_mutex_unlock(&device->gem.lock);
}
