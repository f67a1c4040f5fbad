// SPDX-License-Identifier: MIT
/*
 * Timestamps: a buffer that the firmware is allowed to write to. It lies in addresses of the
 * kernel's, so the device makes an object of it, which commands name by a handle.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "asahi_drm.h"

#include "internal.h"

#define PLACE_SIZE 8u
#define MAX_PLACES ((uint64_t)1 << 20)

struct agx_timestamps {
	struct agx_vm *vm; /* a reference */
	struct agx_buffer *buffer;
	uint64_t *places;
	unsigned int count;
	uint32_t object;
};

static int bind_object(struct agx_timestamps *timestamps)
{
	struct agx_device *device = agx_vm_device(timestamps->vm);
	struct drm_asahi_gem_bind_object args = {
		.op = DRM_ASAHI_BIND_OBJECT_OP_BIND,
		.flags = DRM_ASAHI_BIND_OBJECT_USAGE_TIMESTAMPS,
		.handle = agx_buffer_handle(timestamps->buffer),
		.vm_id = 0,
		.range = agx_buffer_size(timestamps->buffer),
	};
	int ret = lib_ioctl(device, DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &args);

	if (ret < 0)
		return lib_fail(device->ctx, ret,
				"timestamps: GEM_BIND_OBJECT of %" PRIu64 " bytes: %s",
				(uint64_t)args.range, lib_reason(ret));
	timestamps->object = args.object_handle;
	return 0;
}

int agx_timestamps_create(struct agx_vm *vm, unsigned int count, struct agx_timestamps **out)
{
	struct agx_context *ctx = lib_vm_context(vm);
	struct agx_timestamps *timestamps;
	void *map;
	int ret;

	*out = NULL;
	if (!count || count > MAX_PLACES)
		return lib_fail(ctx, -EINVAL,
				"timestamps: 1 to %" PRIu64 " places expected, got %u", MAX_PLACES,
				count);
	timestamps = calloc(1, sizeof(*timestamps));
	if (!timestamps)
		return lib_fail(ctx, -ENOMEM, "timestamps: no memory");
	timestamps->vm = lib_vm_get(vm);
	timestamps->count = count;
	/* Read by the CPU, and written by nobody but the firmware. */
	ret = agx_buffer_create(vm, (uint64_t)count * PLACE_SIZE,
				AGX_BUFFER_CACHED | AGX_BUFFER_EXPORTABLE | AGX_BUFFER_UNBOUND,
				&timestamps->buffer);
	if (!ret)
		ret = lib_buffer_map(timestamps->buffer, &map);
	if (!ret) {
		timestamps->places = map;
		ret = bind_object(timestamps);
	}
	if (ret) {
		agx_buffer_destroy(timestamps->buffer);
		lib_vm_put(vm);
		free(timestamps);
		return ret;
	}
	*out = timestamps;
	return 0;
}

void agx_timestamps_destroy(struct agx_timestamps *timestamps)
{
	struct drm_asahi_gem_bind_object args = {.op = DRM_ASAHI_BIND_OBJECT_OP_UNBIND};
	struct agx_device *device;
	int ret;

	if (!timestamps)
		return;
	device = agx_vm_device(timestamps->vm);
	args.object_handle = timestamps->object;
	ret = lib_ioctl(device, DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &args);
	if (ret < 0)
		lib_log(device->ctx, AGX_LOG_ERROR, "timestamps: GEM_BIND_OBJECT, unbind: %s",
			lib_reason(ret));
	agx_buffer_destroy(timestamps->buffer);
	lib_vm_put(timestamps->vm);
	free(timestamps);
}

uint64_t agx_timestamps_get(const struct agx_timestamps *timestamps, unsigned int index)
{
	return index < timestamps->count
		       ? __atomic_load_n(&timestamps->places[index], __ATOMIC_RELAXED)
		       : 0;
}

void agx_timestamps_clear(struct agx_timestamps *timestamps)
{
	memset(timestamps->places, 0, (size_t)timestamps->count * PLACE_SIZE);
}

struct agx_device *lib_timestamps_device(const struct agx_timestamps *timestamps)
{
	return agx_vm_device(timestamps->vm);
}

int lib_timestamp_place(const struct agx_timestamps *timestamps, unsigned int index,
			uint32_t *handle, uint32_t *offset)
{
	if (index >= timestamps->count)
		return lib_fail(lib_vm_context(timestamps->vm), -EINVAL,
				"timestamps: a place below %u expected, got %u", timestamps->count,
				index);
	*handle = timestamps->object;
	*offset = index * PLACE_SIZE;
	return 0;
}
