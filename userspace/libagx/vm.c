// SPDX-License-Identifier: MIT
/*
 * Address spaces.
 *
 *	va_start  to  the window       free for agx_vm_reserve_at(); given out when all else is full,
 *	                               so that pointers that were cut to 32 bits fault
 *	4 GiB     to  8 GiB            the shader window, without its first page: 0 is no shader
 *	8 GiB     to  the kernel's     buffers and reservations
 *	the kernel's  to  va_end
 */
#include <stdlib.h>
#include <string.h>

#include "scratch.h"
#include "vm_internal.h"

/*
 * The kernel's part of an address space: what it asks for at least, and more where there is plenty.
 * Its buffers for tiled geometry live there.
 */
#define KERNEL_SHARE 16

struct agx_vm *lib_vm_get(struct agx_vm *vm)
{
	atomic_fetch_add_explicit(&vm->references, 1, memory_order_relaxed);
	return vm;
}

struct agx_context *lib_vm_context(const struct agx_vm *vm)
{
	return vm->device->ctx;
}

static void destroy_id(struct agx_vm *vm)
{
	struct drm_asahi_vm_destroy args = {.vm_id = vm->id};
	int ret = lib_ioctl(vm->device, DRM_IOCTL_ASAHI_VM_DESTROY, &args);

	if (ret < 0)
		lib_log(vm->device->ctx, AGX_LOG_ERROR, "%s: VM_DESTROY: %s", vm->device->name,
			lib_reason(ret));
}

void lib_vm_put(struct agx_vm *vm)
{
	if (!vm || atomic_fetch_sub_explicit(&vm->references, 1, memory_order_acq_rel) > 1)
		return;
	lib_tile_code_free(vm->tile_code);
	lib_scratch_destroy(vm->scratch);
	lib_heap_destroy(vm->heap);
	destroy_id(vm);
	lib_vm_bound_finish(vm);
	lib_va_finish(&vm->va);
	pthread_mutex_destroy(&vm->lock);
	lib_device_put(vm->device);
	free(vm);
}

/* Where the shader window begins, and the kernel's part. */
static int divide(struct agx_device *device, uint64_t *window, uint64_t *kernel)
{
	const struct agx_device_params *p = &device->params;
	const uint64_t share = (p->va_end - p->va_start) / KERNEL_SHARE;
	uint64_t size = p->kernel_range > share ? p->kernel_range : share;

	size = (size + 2 * LIB_PAGE_MASK + 1) & ~(2 * LIB_PAGE_MASK + 1);
	if (__builtin_add_overflow(p->va_start, LIB_SHADER_WINDOW - 1, window))
		*window = p->va_end;
	*window &= ~(LIB_SHADER_WINDOW - 1);
	if (!*window || size >= p->va_end - p->va_start || *window > p->va_end - size ||
	    p->va_end - size - *window <= LIB_SHADER_WINDOW)
		return lib_fail(device->ctx, -ENOSPC,
				"VM: addresses for a shader window of 4 GiB and %#llx bytes of the "
				"kernel's expected, got [%#llx, %#llx)",
				(unsigned long long)size, (unsigned long long)p->va_start,
				(unsigned long long)p->va_end);
	*kernel = (p->va_end - size) & ~(2 * LIB_PAGE_MASK + 1);
	return 0;
}

static int init(struct agx_vm *vm, struct agx_device *device)
{
	struct drm_asahi_vm_create args = {.kernel_end = device->params.va_end};
	uint64_t kernel_start = 0;
	int ret = divide(device, &vm->shader_base, &kernel_start);

	args.kernel_start = kernel_start;
	if (ret)
		return ret;
	ret = lib_va_init(&vm->va, device->params.va_start, args.kernel_start, AGX_PAGE_SIZE);
	if (ret)
		return lib_fail(device->ctx, ret, "VM: addresses [%#llx, %#llx): %s",
				(unsigned long long)device->params.va_start,
				(unsigned long long)args.kernel_start, strerror(-ret));
	ret = lib_va_alloc_at(&vm->va, vm->shader_base, AGX_PAGE_SIZE, LIB_VA_LIBRARY);
	if (ret) {
		lib_fail(device->ctx, ret, "VM: no memory");
		goto finish_va;
	}
	lib_ranges_init(&vm->bound);
	ret = -pthread_mutex_init(&vm->lock, NULL);
	if (ret) {
		lib_fail(device->ctx, ret, "VM: lock: %s", strerror(-ret));
		goto finish_va;
	}
	ret = lib_heap_create(vm, &vm->heap);
	if (ret)
		goto destroy_lock;
	ret = lib_scratch_create(vm, &vm->scratch);
	if (ret)
		goto destroy_heap;
	ret = lib_ioctl(device, DRM_IOCTL_ASAHI_VM_CREATE, &args);
	if (ret < 0) {
		lib_fail(device->ctx, ret, "VM: VM_CREATE with the kernel at [%#llx, %#llx): %s",
			 (unsigned long long)args.kernel_start, (unsigned long long)args.kernel_end,
			 lib_reason(ret));
		goto destroy_scratch;
	}
	vm->id = args.vm_id;
	return 0;

destroy_scratch:
	lib_scratch_destroy(vm->scratch);
destroy_heap:
	lib_heap_destroy(vm->heap);
destroy_lock:
	pthread_mutex_destroy(&vm->lock);
finish_va:
	lib_va_finish(&vm->va);
	return ret;
}

int agx_vm_create(struct agx_device *device, struct agx_vm **out)
{
	struct agx_vm *vm = calloc(1, sizeof(*vm));
	int ret;

	*out = NULL;
	if (!vm)
		return lib_fail(device->ctx, -ENOMEM, "VM: no memory");
	atomic_init(&vm->references, 1);
	vm->device = device;
	ret = init(vm, device);
	if (ret) {
		free(vm);
		return ret;
	}
	lib_device_get(device);
	lib_log(device->ctx, AGX_LOG_DEBUG, "%s: VM %u, shaders at %#llx", device->name, vm->id,
		(unsigned long long)vm->shader_base);
	*out = vm;
	return 0;
}

void agx_vm_destroy(struct agx_vm *vm)
{
	lib_vm_put(vm);
}

struct agx_device *agx_vm_device(const struct agx_vm *vm)
{
	return vm->device;
}

uint32_t agx_vm_id(const struct agx_vm *vm)
{
	return vm->id;
}

uint64_t agx_vm_shader_base(const struct agx_vm *vm)
{
	return vm->shader_base;
}

int lib_vm_alloc(struct agx_vm *vm, uint64_t size, uint64_t align, unsigned int flags,
		 enum lib_va_owner owner, uint64_t *address)
{
	struct lib_va_request request = {
		.size = size,
		.align = align < AGX_PAGE_SIZE ? AGX_PAGE_SIZE : align,
		.low = vm->shader_base + LIB_SHADER_WINDOW,
		.high = vm->va.end,
		.guard = flags & AGX_VA_GUARD,
		.owner = owner,
	};
	int ret;

	if (flags & AGX_VA_SHADER) {
		request.low = vm->shader_base;
		request.high = vm->shader_base + LIB_SHADER_WINDOW;
	}
	pthread_mutex_lock(&vm->lock);
	ret = lib_va_alloc(&vm->va, &request, address);
	if (ret == -ENOSPC && !(flags & AGX_VA_SHADER)) {
		request.low = vm->va.start;
		request.high = vm->shader_base;
		ret = lib_va_alloc(&vm->va, &request, address);
	}
	pthread_mutex_unlock(&vm->lock);
	if (ret)
		lib_fail(vm->device->ctx, ret,
			 "addresses: %#llx bytes at a multiple of %#llx%s%s: %s",
			 (unsigned long long)size, (unsigned long long)request.align,
			 flags & AGX_VA_SHADER ? " in the shader window" : "",
			 flags & AGX_VA_GUARD ? " with guard pages" : "",
			 ret == -ENOSPC ? "no such range is free" : strerror(-ret));
	return ret;
}

int agx_vm_reserve(struct agx_vm *vm, uint64_t size, uint64_t align, unsigned int flags,
		   uint64_t *address)
{
	struct agx_context *ctx = vm->device->ctx;

	*address = 0;
	if (flags & ~(AGX_VA_SHADER | AGX_VA_GUARD))
		return lib_fail(ctx, -EINVAL,
				"reserve: flags AGX_VA_SHADER, AGX_VA_GUARD expected, got %#x",
				flags);
	if (align & (align - 1))
		return lib_fail(ctx, -EINVAL, "reserve: align: a power of two expected, got %#llx",
				(unsigned long long)align);
	if (!size || size > UINT64_MAX - LIB_PAGE_MASK)
		return lib_fail(ctx, -EINVAL,
				"reserve: size: 1 to 2^64 - 16384 expected, got %#llx",
				(unsigned long long)size);
	size = (size + LIB_PAGE_MASK) & ~LIB_PAGE_MASK;
	return lib_vm_alloc(vm, size, align, flags, LIB_VA_CALLER, address);
}

int agx_vm_reserve_at(struct agx_vm *vm, uint64_t address, uint64_t size)
{
	int ret;

	if ((address | size) & LIB_PAGE_MASK)
		return lib_fail(vm->device->ctx, -EINVAL,
				"reserve: address and size: multiples of 16384 expected, got "
				"%#llx and %#llx",
				(unsigned long long)address, (unsigned long long)size);
	pthread_mutex_lock(&vm->lock);
	ret = lib_va_alloc_at(&vm->va, address, size, LIB_VA_CALLER);
	pthread_mutex_unlock(&vm->lock);
	if (ret == -EINVAL)
		lib_fail(
			vm->device->ctx, ret,
			"reserve: a range within [%#llx, %#llx) expected, got %#llx bytes at %#llx",
			(unsigned long long)vm->va.start, (unsigned long long)vm->va.end,
			(unsigned long long)size, (unsigned long long)address);
	else if (ret)
		lib_fail(vm->device->ctx, ret, "reserve: %#llx bytes at %#llx: %s",
			 (unsigned long long)size, (unsigned long long)address,
			 ret == -EBUSY ? "some of it is taken" : strerror(-ret));
	return ret;
}

int agx_vm_release(struct agx_vm *vm, uint64_t address)
{
	uint64_t size = 0;
	int ret;

	pthread_mutex_lock(&vm->lock);
	ret = lib_va_find(&vm->va, address, LIB_VA_CALLER, &size);
	if (ret) {
		ret = lib_fail(vm->device->ctx, -EINVAL,
			       "release: the address of a reserved range expected, got %#llx",
			       (unsigned long long)address);
		goto unlock;
	}
	ret = lib_vm_unbind_locked(vm, address, address + size);
	if (ret)
		lib_fail(vm->device->ctx, ret, "release: what is bound at %#llx: VM_BIND: %s",
			 (unsigned long long)address, lib_reason(ret));
	else
		lib_va_free(&vm->va, address, LIB_VA_CALLER);
unlock:
	pthread_mutex_unlock(&vm->lock);
	return ret;
}
