// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vm_internal.h"

struct agx_buffer *lib_buffer_get(struct agx_buffer *buffer)
{
	atomic_fetch_add_explicit(&buffer->references, 1, memory_order_relaxed);
	return buffer;
}

void lib_buffer_pin(struct agx_buffer *buffer)
{
	atomic_fetch_add_explicit(&buffer->pins, 1, memory_order_relaxed);
}

static void free_buffer(struct agx_buffer *buffer)
{
	struct agx_device *device = buffer->device;
	void *map = atomic_load_explicit(&buffer->map, memory_order_relaxed);

	if (map)
		device->backend->ops->unmap(device->backend, map, buffer->size);
	if (buffer->shared)
		lib_gem_put(device, buffer->handle);
	else
		lib_gem_close(device, buffer->handle);
	free(buffer);
	lib_device_put(device);
}

void lib_buffer_unpin(struct agx_buffer *buffer)
{
	if (atomic_fetch_sub_explicit(&buffer->pins, 1, memory_order_acq_rel) == 1)
		free_buffer(buffer);
}

/* Takes the buffer out of its own addresses, and whatever else was bound there. */
static void give_back(struct agx_buffer *buffer)
{
	struct agx_vm *vm = buffer->vm;
	int ret;

	pthread_mutex_lock(&vm->lock);
	ret = lib_vm_unbind_locked(vm, buffer->address, buffer->address + buffer->size);
	if (!ret)
		lib_va_free(&vm->va, buffer->address, buffer->owner);
	pthread_mutex_unlock(&vm->lock);
	if (ret)
		lib_log(vm->device->ctx, AGX_LOG_ERROR,
			"%s: buffer at %#llx: VM_BIND: %s: its addresses stay taken",
			vm->device->name, (unsigned long long)buffer->address, lib_reason(ret));
}

void lib_buffer_put(struct agx_buffer *buffer)
{
	struct agx_vm *vm;

	if (!buffer || atomic_fetch_sub_explicit(&buffer->references, 1, memory_order_acq_rel) > 1)
		return;
	vm = buffer->own ? NULL : buffer->vm;
	if (buffer->address)
		give_back(buffer);
	lib_buffer_unpin(buffer);
	lib_vm_put(vm);
}

struct agx_vm *lib_buffer_vm(const struct agx_buffer *buffer)
{
	return buffer->vm;
}

/* The handle is there. Closes it on failure. */
static int finish(struct agx_buffer *buffer, unsigned int flags)
{
	struct agx_vm *vm = buffer->vm;
	int ret = 0;

	buffer->read_only = flags & AGX_BUFFER_READ_ONLY;
	atomic_init(&buffer->references, 1);
	atomic_init(&buffer->pins, 1);
	atomic_init(&buffer->map, NULL);
	lib_device_get(buffer->device);
	if (!(flags & AGX_BUFFER_UNBOUND)) {
		ret = lib_vm_alloc(vm, buffer->size, 0, flags, buffer->owner, &buffer->address);
		if (ret)
			goto free_it;
		ret = lib_vm_bind_own(vm, buffer);
		if (ret) {
			lib_fail(vm->device->ctx, ret,
				 "buffer: VM_BIND of %#llx bytes at %#llx: %s",
				 (unsigned long long)buffer->size,
				 (unsigned long long)buffer->address, lib_reason(ret));
			goto free_address;
		}
	}
	if (!buffer->own)
		lib_vm_get(vm);
	lib_log(vm->device->ctx, AGX_LOG_DEBUG, "%s: buffer %u: %#llx bytes at %#llx",
		vm->device->name, buffer->handle, (unsigned long long)buffer->size,
		(unsigned long long)buffer->address);
	return 0;

free_address:
	pthread_mutex_lock(&vm->lock);
	lib_va_free(&vm->va, buffer->address, buffer->owner);
	pthread_mutex_unlock(&vm->lock);
free_it:
	lib_buffer_unpin(buffer);
	return ret;
}

static int make_handle(struct agx_buffer *buffer, unsigned int flags)
{
	struct agx_device *device = buffer->device;
	struct drm_asahi_gem_create args = {.size = buffer->size};
	int ret;

	if (flags & AGX_BUFFER_CACHED)
		args.flags |= DRM_ASAHI_GEM_WRITEBACK;
	if (!(flags & AGX_BUFFER_EXPORTABLE)) {
		args.flags |= DRM_ASAHI_GEM_VM_PRIVATE;
		args.vm_id = buffer->vm->id;
	}
	ret = lib_ioctl(device, DRM_IOCTL_ASAHI_GEM_CREATE, &args);
	if (ret < 0)
		return lib_fail(device->ctx, ret, "buffer: GEM_CREATE of %#llx bytes: %s",
				(unsigned long long)buffer->size, lib_reason(ret));
	buffer->handle = args.handle;
	buffer->shared = flags & AGX_BUFFER_EXPORTABLE;
	if (buffer->shared && lib_gem_add(device, args.handle))
		return lib_fail(device->ctx, -ENOMEM, "buffer: no memory");
	return 0;
}

static int check_flags(struct agx_vm *vm, unsigned int flags, unsigned int known)
{
	if (flags & ~known)
		return lib_fail(vm->device->ctx, -EINVAL, "buffer: flags of %#x expected, got %#x",
				known, flags);
	if ((flags & AGX_BUFFER_UNBOUND) && (flags & (AGX_VA_SHADER | AGX_VA_GUARD)))
		return lib_fail(vm->device->ctx, -EINVAL,
				"buffer: flags %#x: AGX_BUFFER_UNBOUND has no addresses that "
				"AGX_VA_* could be of",
				flags);
	return 0;
}

static int create(struct agx_vm *vm, uint64_t size, unsigned int flags, bool own,
		  struct agx_buffer **out)
{
	struct agx_buffer *buffer;
	int ret;

	buffer = calloc(1, sizeof(*buffer));
	if (!buffer)
		return lib_fail(vm->device->ctx, -ENOMEM, "buffer: no memory");
	buffer->device = vm->device;
	buffer->vm = vm;
	buffer->own = own;
	buffer->owner = own ? LIB_VA_LIBRARY : LIB_VA_BUFFER;
	buffer->size = (size + LIB_PAGE_MASK) & ~LIB_PAGE_MASK;
	ret = make_handle(buffer, flags);
	if (ret) {
		free(buffer);
		return ret;
	}
	ret = finish(buffer, flags);
	if (!ret)
		*out = buffer;
	return ret;
}

int lib_buffer_create_own(struct agx_vm *vm, uint64_t size, unsigned int flags,
			  struct agx_buffer **buffer)
{
	return create(vm, size, flags, true, buffer);
}

int agx_buffer_create(struct agx_vm *vm, uint64_t size, unsigned int flags, struct agx_buffer **out)
{
	int ret;

	*out = NULL;
	ret = check_flags(vm, flags,
			  AGX_BUFFER_CACHED | AGX_BUFFER_EXPORTABLE | AGX_BUFFER_READ_ONLY |
				  AGX_BUFFER_UNBOUND | AGX_VA_SHADER | AGX_VA_GUARD);
	if (ret)
		return ret;
	if (!size || size > INT64_MAX)
		return lib_fail(vm->device->ctx, -EINVAL,
				"buffer: size: 1 to 2^63 - 1 expected, got %#llx",
				(unsigned long long)size);
	return create(vm, size, flags, false, out);
}

int agx_buffer_import(struct agx_vm *vm, int fd, unsigned int flags, struct agx_buffer **out)
{
	struct agx_device *device = vm->device;
	struct agx_buffer *buffer;
	off_t size;
	int ret;

	*out = NULL;
	ret = check_flags(vm, flags,
			  AGX_BUFFER_READ_ONLY | AGX_BUFFER_UNBOUND | AGX_VA_SHADER | AGX_VA_GUARD);
	if (ret)
		return ret;
	size = lseek(fd, 0, SEEK_END);
	if (size < 0)
		return lib_fail(device->ctx, -errno, "import: descriptor %d: %s", fd,
				strerror(errno));
	if (!size || ((uint64_t)size & LIB_PAGE_MASK))
		return lib_fail(device->ctx, -EINVAL,
				"import: a dma-buf of a multiple of 16384 bytes expected, got %lld",
				(long long)size);
	buffer = calloc(1, sizeof(*buffer));
	if (!buffer)
		return lib_fail(device->ctx, -ENOMEM, "import: no memory");
	buffer->device = device;
	buffer->vm = vm;
	buffer->owner = LIB_VA_BUFFER;
	buffer->shared = true;
	buffer->size = (uint64_t)size;
	ret = lib_gem_import(device, fd, &buffer->handle);
	if (ret < 0) {
		free(buffer);
		return lib_fail(device->ctx, ret,
				"import: a dma-buf expected in descriptor %d: PRIME_FD_TO_HANDLE: "
				"%s",
				fd, lib_reason(ret));
	}
	ret = finish(buffer, flags);
	if (!ret)
		*out = buffer;
	return ret;
}

int agx_buffer_export(struct agx_buffer *buffer, int *fd)
{
	struct drm_prime_handle args = {
		.handle = buffer->handle,
		.flags = DRM_CLOEXEC | DRM_RDWR,
	};
	struct agx_device *device = buffer->device;
	int ret;

	*fd = -1;
	if (!buffer->shared)
		return lib_fail(device->ctx, -EINVAL,
				"export: a buffer with AGX_BUFFER_EXPORTABLE expected");
	ret = lib_ioctl(device, DRM_IOCTL_PRIME_HANDLE_TO_FD, &args);
	if (ret < 0)
		return lib_fail(device->ctx, ret, "export: PRIME_HANDLE_TO_FD: %s",
				lib_reason(ret));
	*fd = args.fd;
	return 0;
}

void agx_buffer_destroy(struct agx_buffer *buffer)
{
	lib_buffer_put(buffer);
}

uint64_t agx_buffer_address(const struct agx_buffer *buffer)
{
	return buffer->address;
}

uint64_t agx_buffer_size(const struct agx_buffer *buffer)
{
	return buffer->size;
}

uint32_t agx_buffer_handle(const struct agx_buffer *buffer)
{
	return buffer->handle;
}

static int map_locked(struct agx_buffer *buffer, void **map)
{
	struct drm_asahi_gem_mmap_offset args = {.handle = buffer->handle};
	struct agx_device *device = buffer->device;
	int ret;

	ret = lib_ioctl(device, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &args);
	if (ret < 0)
		return lib_fail(device->ctx, ret, "map: GEM_MMAP_OFFSET: %s", lib_reason(ret));
	if (buffer->size > SIZE_MAX)
		return lib_fail(device->ctx, -ENOMEM,
				"map: %#llx bytes are more than the CPU can address",
				(unsigned long long)buffer->size);
	ret = device->backend->ops->map(device->backend, args.offset, (size_t)buffer->size, map);
	if (ret)
		return lib_fail(device->ctx, ret, "map: %#llx bytes: %s",
				(unsigned long long)buffer->size, lib_reason(ret));
	atomic_store_explicit(&buffer->map, *map, memory_order_release);
	return 0;
}

int lib_buffer_map(struct agx_buffer *buffer, void **map)
{
	int ret = 0;

	*map = atomic_load_explicit(&buffer->map, memory_order_acquire);
	if (*map)
		return 0;
	/* Rare enough for the device's lock. */
	pthread_mutex_lock(&buffer->device->gem.lock);
	*map = atomic_load_explicit(&buffer->map, memory_order_relaxed);
	if (!*map)
		ret = map_locked(buffer, map);
	pthread_mutex_unlock(&buffer->device->gem.lock);
	return ret;
}

void *agx_buffer_map(struct agx_buffer *buffer)
{
	void *map;

	return lib_buffer_map(buffer, &map) ? NULL : map;
}
