// SPDX-License-Identifier: MIT
/*
 * Pieces of the shader window. Slabs are buffers of the library's own, parted by the same allocator
 * that parts address spaces, in units of a cache line; what is large has a slab to itself.
 */
#include <stdlib.h>
#include <string.h>

#include "vm_internal.h"

#define LINE  64u /* granule: no two pieces share a line of the CPU's cache, or of the GPU's */
#define SLAB  (256u << 10) /* bytes; 16 pages */
#define LARGE (SLAB / 4)

struct slab {
	struct slab *next;
	struct agx_buffer *buffer;
	uint8_t *map;
	uint64_t start, end;
	struct lib_va va;
	bool large;
};

struct lib_heap {
	struct agx_vm *vm; /* who owns the heap */
	pthread_mutex_t lock;
	struct slab *slabs; /* latest first */
	unsigned int empty; /* that are not large and hold nothing */
};

int lib_heap_create(struct agx_vm *vm, struct lib_heap **out)
{
	struct lib_heap *heap = calloc(1, sizeof(*heap));
	int ret;

	if (!heap)
		return lib_fail(vm->device->ctx, -ENOMEM, "shader memory: no memory");
	heap->vm = vm;
	ret = -pthread_mutex_init(&heap->lock, NULL);
	if (ret) {
		free(heap);
		return lib_fail(vm->device->ctx, ret, "shader memory: lock: %s", strerror(-ret));
	}
	*out = heap;
	return 0;
}

static void destroy_slab(struct slab *slab)
{
	lib_va_finish(&slab->va);
	lib_buffer_put(slab->buffer);
	free(slab);
}

void lib_heap_destroy(struct lib_heap *heap)
{
	struct slab *slab;

	while ((slab = heap->slabs)) {
		heap->slabs = slab->next;
		destroy_slab(slab);
	}
	pthread_mutex_destroy(&heap->lock);
	free(heap);
}

static int create_slab(struct lib_heap *heap, uint64_t size, struct slab **out)
{
	struct slab *slab = calloc(1, sizeof(*slab));
	struct agx_context *ctx = heap->vm->device->ctx;
	void *map;
	int ret;

	if (!slab)
		return lib_fail(ctx, -ENOMEM, "shader memory: no memory");
	ret = lib_buffer_create_own(heap->vm, size, AGX_VA_SHADER, &slab->buffer);
	if (ret)
		goto free_slab;
	slab->start = slab->buffer->address;
	slab->end = slab->start + slab->buffer->size;
	ret = lib_buffer_map(slab->buffer, &map);
	if (ret)
		goto put_buffer;
	slab->map = map;
	ret = lib_va_init(&slab->va, slab->start, slab->end, LINE);
	if (ret) {
		lib_fail(ctx, ret, "shader memory: %s", strerror(-ret));
		goto put_buffer;
	}
	slab->next = heap->slabs;
	heap->slabs = slab;
	*out = slab;
	return 0;

put_buffer:
	lib_buffer_put(slab->buffer);
free_slab:
	free(slab);
	return ret;
}

/* Takes a piece out of a slab; -ENOSPC, or -ENOMEM. */
static int take(struct lib_heap *heap, struct slab *slab, struct lib_va_request *request,
		uint64_t *address)
{
	const bool empty = lib_va_empty(&slab->va);
	int ret;

	request->low = slab->start;
	request->high = slab->end;
	ret = lib_va_alloc(&slab->va, request, address);
	if (!ret && empty && !slab->large)
		heap->empty--;
	return ret;
}

static int alloc_locked(struct lib_heap *heap, struct lib_va_request *request, uint64_t *address,
			struct slab **found)
{
	const bool large = request->size > LARGE;
	struct slab *slab;
	int ret = -ENOSPC;

	for (slab = heap->slabs; slab && !large; slab = slab->next) {
		if (slab->large)
			continue;
		ret = take(heap, slab, request, address);
		if (ret != -ENOSPC)
			break;
	}
	if (ret == -ENOSPC) {
		ret = create_slab(heap, large ? request->size : SLAB, &slab);
		if (ret)
			return ret;
		slab->large = large;
		heap->empty += !large;
		ret = take(heap, slab, request, address);
		/* Nobody would look for room in it. */
		if (ret && large) {
			heap->slabs = slab->next;
			destroy_slab(slab);
		}
	}
	*found = slab;
	if (ret)
		lib_fail(heap->vm->device->ctx, ret, "shader memory: %#llx bytes: %s",
			 (unsigned long long)request->size, strerror(-ret));
	return ret;
}

int lib_shader_memory(struct agx_vm *vm, size_t size, size_t align, uint64_t *address, void **map)
{
	struct lib_va_request request = {
		.align = align < LINE ? LINE : align,
		.owner = LIB_VA_LIBRARY,
	};
	struct lib_heap *heap = vm->heap;
	struct slab *slab;
	int ret;

	if (!size || size > LIB_SHADER_WINDOW || (align & (align - 1)) || align > AGX_PAGE_SIZE)
		return lib_fail(vm->device->ctx, -EINVAL,
				"shader memory: 1 to 2^32 bytes at a power of two up to 16384 "
				"expected, got %zu at %zu",
				size, align);
	request.size = ((uint64_t)size + LINE - 1) & ~(uint64_t)(LINE - 1);
	pthread_mutex_lock(&heap->lock);
	ret = alloc_locked(heap, &request, address, &slab);
	if (!ret)
		*map = slab->map + (*address - slab->start);
	pthread_mutex_unlock(&heap->lock);
	return ret;
}

void lib_shader_memory_free(struct agx_vm *vm, uint64_t address)
{
	struct lib_heap *heap = vm->heap;
	struct slab **link, *slab;

	pthread_mutex_lock(&heap->lock);
	for (link = &heap->slabs; (slab = *link); link = &slab->next)
		if (address >= slab->start && address < slab->end)
			break;
	if (!slab || lib_va_free(&slab->va, address, LIB_VA_LIBRARY)) {
		lib_log(vm->device->ctx, AGX_LOG_ERROR, "shader memory: nothing begins at %#llx",
			(unsigned long long)address);
	} else if (lib_va_empty(&slab->va)) {
		/* One that is empty stays, for what comes and goes at its limit. */
		if (slab->large || heap->empty) {
			*link = slab->next;
			destroy_slab(slab);
		} else {
			heap->empty++;
		}
	}
	pthread_mutex_unlock(&heap->lock);
}
