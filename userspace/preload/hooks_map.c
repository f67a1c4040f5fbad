// SPDX-License-Identifier: MIT
/* The address space: mappings of the node's buffer objects, and what ends them. */
#include "hook.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mappings.h"
#include "next.h"
#include "nodefile.h"
#include "uaccess.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

typedef void *(*mmap_function)(void *, size_t, int, int, int, off64_t);

static size_t page_round(size_t size)
{
	size_t mask = (size_t)sysconf(_SC_PAGESIZE) - 1;

	return (size + mask) & ~mask;
}

/*
 * Maps, and forgets what a fixed mapping replaced. bo is NULL for other files; for a buffer
 * object its reference goes to the mapping, or stays with the caller on failure.
 */
static void *map_tracked(mmap_function next, void *address, size_t size, int prot, int flags,
			 int fd, off64_t offset, struct agx_bo *bo)
{
	struct mapping_node *removed = NULL;
	void *result = MAP_FAILED;

	mappings_lock();
	if (mappings_reserve()) {
		errno = ENOMEM;
	} else {
		result = next(address, size, prot, flags, fd, offset);
		if (result != MAP_FAILED) {
			size = page_round(size);
			removed = mappings_remove((uintptr_t)result, size);
			if (bo)
				mappings_add((uintptr_t)result, size, bo);
		}
	}
	mappings_unlock();
	mappings_put(removed);
	return result;
}

static void *map_node(mmap_function next, struct fdobject *object, void *address, size_t size,
		      int prot, int flags, off64_t offset)
{
	struct agx_mmap map;
	void *result;
	int ret;

	/* As drm_gem_shmem_mmap() in Linux: no copy-on-write mappings. */
	ret = (flags & MAP_TYPE) == MAP_PRIVATE || !size
		      ? -EINVAL
		      : nodefile_mmap(object, (uint64_t)offset, size, &map);
	if (ret) {
		errno = -ret;
		return MAP_FAILED;
	}
	result = map_tracked(next, address, size, prot, flags, map.fd, (off64_t)map.offset, map.bo);
	if (result == MAP_FAILED) {
		ret = errno;
		agx_bo_put(map.bo);
		errno = ret;
	}
	return result;
}

static void *map_any(mmap_function next, void *address, size_t size, int prot, int flags, int fd,
		     off64_t offset)
{
	struct fdobject *object = flags & MAP_ANONYMOUS ? NULL : nodefile_get(fd);
	void *result;

	if (__builtin_expect(!!object, 0)) {
		/* The entry can be stale, and then the application means another file. */
		if (nodefile_verify(fd)) {
			result = map_node(next, object, address, size, prot, flags, offset);
			fdobject_put(object);
			return result;
		}
		fdobject_put(object);
		nodefile_closed(fd);
	}
	if (flags & MAP_FIXED)
		uaccess_heap_changes((uintptr_t)address, size);
	if ((flags & MAP_FIXED) && mappings_may_touch((uintptr_t)address, size))
		return map_tracked(next, address, size, prot, flags, fd, offset, NULL);
	return next(address, size, prot, flags, fd, offset);
}

HOOK void *mmap(void *address, size_t size, int prot, int flags, int fd, off_t offset)
{
	return map_any((mmap_function)NEXT(mmap), address, size, prot, flags, fd, offset);
}

HOOK void *mmap64(void *address, size_t size, int prot, int flags, int fd, off64_t offset)
{
	return map_any((mmap_function)NEXT(mmap64), address, size, prot, flags, fd, offset);
}

HOOK int munmap(void *address, size_t size)
{
	struct mapping_node *removed = NULL;
	int ret = -1;

	uaccess_heap_changes((uintptr_t)address, size);
	if (__builtin_expect(!mappings_may_touch((uintptr_t)address, size), 1))
		return NEXT(munmap)(address, size);
	mappings_lock();
	if (mappings_reserve()) {
		errno = ENOMEM;
	} else {
		ret = NEXT(munmap)(address, size);
		if (!ret)
			removed = mappings_remove((uintptr_t)address, page_round(size));
	}
	mappings_unlock();
	mappings_put(removed);
	return ret;
}

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

typedef void *(*mremap_function)(void *, size_t, size_t, int, ...);

/* With the lock held, and memory reserved. */
static void *remap_locked(mremap_function next, uintptr_t from, size_t old_size, size_t new_size,
			  int flags, void *target, struct mapping_node **removed)
{
	struct mapping_node *replaced;
	struct agx_bo *bo;
	uintptr_t end = 0;
	void *result;

	bo = mappings_find(from, &end);
	/* Linux sets VM_DONTEXPAND on them; behind a buffer object lies somebody else's. */
	if (bo && (new_size > old_size || end - from < old_size)) {
		agx_bo_put(bo);
		errno = EFAULT;
		return MAP_FAILED;
	}
	if (bo && (flags & MREMAP_DONTUNMAP)) {
		agx_bo_put(bo);
		errno = EINVAL;
		return MAP_FAILED;
	}
	result = next((void *)from, old_size, new_size, flags, target);
	if (result == MAP_FAILED) {
		agx_bo_put(bo);
		return result;
	}
	if (!(flags & MREMAP_DONTUNMAP))
		*removed = mappings_remove(from, old_size);
	replaced = (uintptr_t)result == from ? NULL : mappings_remove((uintptr_t)result, new_size);
	if (replaced)
		*removed = mappings_join(*removed, replaced);
	if (bo)
		mappings_add((uintptr_t)result, new_size, bo);
	return result;
}

HOOK void *mremap(void *address, size_t old_size, size_t new_size, int flags, ...)
{
	struct mapping_node *removed = NULL;
	mremap_function next = NEXT(mremap);
	void *target = NULL, *result;
	va_list args;

	if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) {
		va_start(args, flags);
		target = va_arg(args, void *);
		va_end(args);
	}
	uaccess_heap_changes((uintptr_t)address, old_size);
	if (flags & MREMAP_FIXED)
		uaccess_heap_changes((uintptr_t)target, new_size);
	if (!mappings_may_touch((uintptr_t)address, old_size ? old_size : 1) &&
	    !((flags & MREMAP_FIXED) && mappings_may_touch((uintptr_t)target, new_size)))
		return next(address, old_size, new_size, flags, target);
	mappings_lock();
	if (mappings_reserve()) {
		errno = ENOMEM;
		result = MAP_FAILED;
	} else {
		result = remap_locked(next, (uintptr_t)address, page_round(old_size),
				      page_round(new_size), flags, target, &removed);
	}
	mappings_unlock();
	mappings_put(removed);
	return result;
}

/* Changes no mapping of ours, but what may be copied directly. */
HOOK int mprotect(void *address, size_t size, int prot)
{
	uaccess_heap_changes((uintptr_t)address, size);
	return NEXT(mprotect)(address, size, prot);
}
