// SPDX-License-Identifier: MIT
/* What the capture object interposes. Each hook first finds out, cheaply, that it need not care. */
#include "hook.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "capture.h"
#include "next.h"

/* Fortified forms; no header declares them. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);

/*
 * Opens. A node is found out at its first ioctl; here only a number that is new but known is put
 * right, and the node is taken note of before it can be duplicated unseen.
 */
static int opened(const char *path, int fd)
{
	int saved = errno;

	if (fd < 0 || !capture_active())
		return fd;
	if (!fdtable_peek(fd) && strncmp(path, "/dev/dri/", 9))
		return fd;
	if (capture_lock()) {
		capture_closed(fd);
		capture_find_fd(fd, true);
		capture_unlock();
	}
	errno = saved;
	return fd;
}

#define DEFINE_OPEN(name)                                                  \
	HOOK int name(const char *path, int flags, ...)                    \
	{                                                                  \
		mode_t mode = 0;                                           \
		va_list args;                                              \
                                                                           \
		va_start(args, flags);                                     \
		if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE) \
			mode = va_arg(args, mode_t);                       \
		va_end(args);                                              \
		return opened(path, NEXT(name)(path, flags, mode));        \
	}

DEFINE_OPEN(open)
DEFINE_OPEN(open64)

#define DEFINE_OPENAT(name)                                                \
	HOOK int name(int dirfd, const char *path, int flags, ...)         \
	{                                                                  \
		mode_t mode = 0;                                           \
		va_list args;                                              \
                                                                           \
		va_start(args, flags);                                     \
		if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE) \
			mode = va_arg(args, mode_t);                       \
		va_end(args);                                              \
		return opened(path, NEXT(name)(dirfd, path, flags, mode)); \
	}

DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

#define DEFINE_OPEN_2(name)                                   \
	HOOK int name(const char *path, int flags)            \
	{                                                     \
		return opened(path, NEXT(name)(path, flags)); \
	}

DEFINE_OPEN_2(__open_2)
DEFINE_OPEN_2(__open64_2)

/* Descriptors go and multiply. A vfork child's doings do not change its parent's. */
HOOK int close(int fd)
{
	int ret, saved;

	if (__builtin_expect(!fdtable_peek(fd) && !capture_owns_fd(fd), 1) ||
	    capture_is_foreign_process() || !capture_lock())
		return NEXT(close)(fd);
	if (capture_owns_fd(fd)) {
		/* The program does not know of it, so it goes through all numbers. */
		capture_unlock();
		errno = EBADF;
		return -1;
	}
	/* The entry first: afterwards the number may be another thread's new file. */
	capture_closed(fd);
	ret = NEXT(close)(fd);
	saved = errno;
	capture_unlock();
	errno = saved;
	return ret;
}

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1u << 2)
#endif

typedef int (*close_range_function)(unsigned int, unsigned int, int);

/* Closes a range but for the own descriptors. */
static int close_around(unsigned int first, unsigned int last, int flags)
{
	unsigned int own[1 + WT_FDS], count = 0, i, j;
	int fds[WT_FDS], ret = 0;

	wt_fds(&capture.wt, fds);
	for (i = 0; i < 1 + WT_FDS; i++) {
		int fd = i ? fds[i - 1] : capture.socket;

		if (fd < 0 || (unsigned int)fd < first || (unsigned int)fd > last)
			continue;
		for (j = count; j > 0 && own[j - 1] > (unsigned int)fd; j--)
			own[j] = own[j - 1];
		own[j] = (unsigned int)fd;
		count++;
	}
	for (i = 0; i <= count; i++) {
		unsigned int end = i < count ? own[i] - 1 : last;

		if (first <= end && (i == count || own[i] > first))
			ret |= NEXT_NAMED(close_range_function, "close_range")(first, end, flags);
		if (i < count)
			first = own[i] + 1;
	}
	return ret;
}

HOOK int close_range(unsigned int first, unsigned int last, int flags)
{
	int ret, saved;

	if (first > last || (flags & (int)CLOSE_RANGE_CLOEXEC) ||
	    capture_get_state() != CAPTURE_ON || capture_is_foreign_process() || !capture_lock())
		return NEXT_NAMED(close_range_function, "close_range")(first, last, flags);
	fdtable_clear_range(first, last);
	ret = close_around(first, last, flags);
	saved = errno;
	capture_unlock();
	errno = saved;
	return ret;
}

HOOK void closefrom(int first)
{
	if (capture_get_state() != CAPTURE_ON || capture_is_foreign_process() || !capture_lock()) {
		NEXT_NAMED(void (*)(int), "closefrom")(first);
		return;
	}
	fdtable_clear_range(first < 0 ? 0 : (unsigned int)first, UINT32_MAX);
	close_around(first < 0 ? 0 : (unsigned int)first, UINT32_MAX, 0);
	capture_unlock();
}

static int duplicated(int from, int to)
{
	int saved = errno;

	if (to >= 0 && (fdtable_peek(from) || fdtable_peek(to)) && !capture_is_foreign_process() &&
	    capture_lock()) {
		capture_duplicated(from, to);
		capture_unlock();
	}
	errno = saved;
	return to;
}

/* A number that the program wants. */
static void make_way(int from, int to)
{
	if (from == to || !capture_owns_fd(to) || capture_is_foreign_process() || !capture_lock())
		return;
	if (capture_owns_fd(to))
		capture_give_way(to);
	capture_unlock();
}

HOOK int dup(int from)
{
	return duplicated(from, NEXT(dup)(from));
}

HOOK int dup2(int from, int to)
{
	make_way(from, to);
	return duplicated(from, NEXT(dup2)(from, to));
}

HOOK int dup3(int from, int to, int flags)
{
	make_way(from, to);
	return duplicated(from, NEXT(dup3)(from, to, flags));
}

/* Whether there is an argument, and of which type, depends on cmd; all fit into a word. */
#define DEFINE_FCNTL(name)                                                                   \
	HOOK int name(int fd, int cmd, ...)                                                  \
	{                                                                                    \
		va_list args;                                                                \
		void *arg;                                                                   \
		int ret;                                                                     \
                                                                                             \
		va_start(args, cmd);                                                         \
		arg = va_arg(args, void *);                                                  \
		va_end(args);                                                                \
		ret = NEXT_NAMED(int (*)(int, int, ...), #name)(fd, cmd, arg);               \
		return cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC ? duplicated(fd, ret) : ret; \
	}

DEFINE_FCNTL(fcntl)
DEFINE_FCNTL(fcntl64)

HOOK int ioctl(int fd, unsigned long request, ...)
{
	unsigned int type = _IOC_TYPE((uint32_t)request);
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	/* DRM_IOCTL_BASE, DMA_BUF_BASE, SYNC_IOC_MAGIC */
	if ((type == 'd' || ((type == 'b' || type == '>') && fdtable_peek(fd))) && capture_active())
		return capture_ioctl(fd, (uint32_t)request, arg);
	return NEXT(ioctl)(fd, request, arg);
}

/*
 * Address space.
 */

typedef void *(*mmap_function)(void *, size_t, int, int, int, off64_t);

static bool may_touch(uintptr_t start, size_t size)
{
	uintptr_t low = atomic_load_explicit(&capture.map_low, memory_order_relaxed);
	uintptr_t high = atomic_load_explicit(&capture.map_high, memory_order_relaxed);

	return start < high && (start >= low || low - start < size) && capture_active();
}

static size_t page_round(size_t size)
{
	return (size + capture.wt.host_page - 1) & ~(capture.wt.host_page - 1);
}

/* The filter only ever widens; a program that maps all over the place pays for it. */
static void widen(uintptr_t start, size_t size)
{
	if (start < atomic_load(&capture.map_low))
		atomic_store(&capture.map_low, start);
	if (start + size > atomic_load(&capture.map_high))
		atomic_store(&capture.map_high, start + size);
}

/* Mappings in a range are gone, their content recorded before. */
static void forget_range(uintptr_t start, size_t size)
{
	struct wt_map *map;

	if (wt_isolate(&capture.wt, start, size))
		return;
	while ((map = wt_next(&capture.wt, start)) && map->start - start < size) {
		struct capture_object *object = map->owner;

		if (object->file)
			capture_record_map(AGXT_UNMAP, object->file->id, object->handle,
					   map->first_page * WT_PAGE_SIZE, map->end - map->start, 0,
					   0);
		wt_remove(&capture.wt, map);
		wt_map_free(map);
		capture_object_put(object);
	}
}

/* Who asked for the page map by name wants to know where it does not do. */
static void check_tracking(uintptr_t start)
{
	static bool warned;

	if (warned || capture.control->write_tracking != CAPTURE_WT_PAGEMAP ||
	    wt_next(&capture.wt, start)->pagemap)
		return;
	warned = true;
	capture_warn("writes are found by comparison: %s",
		     capture.wt.fallback ? capture.wt.fallback
					 : "the page map leaves this kind of mapping out");
}

/* Which object a mapping of a descriptor shows; NULL: none that is recorded. */
static struct capture_object *object_of(struct capture_fd *fd, int number, off64_t offset,
					uint64_t *inside, struct capture_fd **file,
					uint32_t *handle)
{
	struct capture_object *object;
	struct stat st;

	/* The number may have been reused past the hooks. */
	if (fstat(number, &st))
		return NULL;
	if (fd->kind == CAPTURE_FD_FILE) {
		if (!S_ISCHR(st.st_mode) || minor(st.st_rdev) != fd->minor)
			return NULL;
		*file = fd;
		return capture_object_at(fd, (uint64_t)offset, inside, handle);
	}
	object = fd->object;
	if (!object || capture_inode_key(&st) != fd->key || (uint64_t)offset >= object->size)
		return NULL;
	*file = object->file;
	*handle = object->handle;
	*inside = (uint64_t)offset;
	return object;
}

/* Maps with the lock held. */
static void *map_locked(mmap_function next, void *address, size_t size, int prot, int flags,
			int number, off64_t offset)
{
	struct capture_fd *fd = flags & MAP_ANONYMOUS ? NULL : capture_find_fd(number, false);
	bool shared = (flags & MAP_TYPE) != MAP_PRIVATE, fixed = flags & MAP_FIXED;
	struct capture_object *object = NULL;
	struct capture_fd *file = NULL;
	uint64_t inside = 0;
	uint32_t handle = 0;
	void *result;
	int saved;

	if (fd && capture_connect())
		object = object_of(fd, number, offset, &inside, &file, &handle);
	if (object && !address && !fixed)
		address = wt_hint(&capture.wt, page_round(size));
	if (fixed && wt_overlaps(&capture.wt, (uintptr_t)address, size))
		capture_collect((uintptr_t)address, size);
	result = next(address, size, prot, flags, number, offset);
	saved = errno;
	if (result != MAP_FAILED && fixed)
		forget_range((uintptr_t)result, page_round(size));
	if (object && file)
		capture_record_map(AGXT_MAP, file->id, handle, inside, size,
				   (prot & PROT_READ ? AGXT_MAP_READ : 0) |
					   (prot & PROT_WRITE ? AGXT_MAP_WRITE : 0),
				   result == MAP_FAILED ? -saved : 0);
	/* Writes to a private mapping do not reach the object. */
	if (object && result != MAP_FAILED && shared) {
		if (!wt_add(&capture.wt, (uintptr_t)result, size, prot & (PROT_READ | PROT_WRITE),
			    &object->wt, inside / WT_PAGE_SIZE, object)) {
			capture_object_get(object);
			widen((uintptr_t)result, page_round(size));
			check_tracking((uintptr_t)result);
		} else {
			capture_warn("out of memory: writes to a mapping are not recorded");
		}
	}
	errno = saved;
	return result;
}

static void *map_any(mmap_function next, void *address, size_t size, int prot, int flags, int fd,
		     off64_t offset)
{
	bool ours = !(flags & MAP_ANONYMOUS) && fdtable_peek(fd) && capture_active();
	void *result;
	int saved;

	if (!ours && !((flags & MAP_FIXED) && may_touch((uintptr_t)address, size)))
		return next(address, size, prot, flags, fd, offset);
	if (capture_is_foreign_process() || !capture_lock())
		return next(address, size, prot, flags, fd, offset);
	result = map_locked(next, address, size, prot, flags, fd, offset);
	saved = errno;
	capture_unlock();
	errno = saved;
	return result;
}

HOOK void *mmap(void *address, size_t size, int prot, int flags, int fd, off_t offset)
{
	return map_any((mmap_function)NEXT(mmap), address, size, prot, flags, fd, offset);
}

HOOK void *mmap64(void *address, size_t size, int prot, int flags, int fd, off64_t offset)
{
	return map_any(NEXT(mmap64), address, size, prot, flags, fd, offset);
}

HOOK int munmap(void *address, size_t size)
{
	uintptr_t start = (uintptr_t)address;
	int ret, saved;

	if (!may_touch(start, size) || capture_is_foreign_process() || !capture_lock())
		return NEXT(munmap)(address, size);
	if (wt_overlaps(&capture.wt, start, size))
		capture_collect(start, page_round(size));
	ret = NEXT(munmap)(address, size);
	saved = errno;
	if (!ret)
		forget_range(start, page_round(size));
	capture_unlock();
	errno = saved;
	return ret;
}

HOOK int mprotect(void *address, size_t size, int prot)
{
	uintptr_t start = (uintptr_t)address;
	struct wt_map *map;
	int ret, saved;

	if (!may_touch(start, size) || capture_is_foreign_process() || !capture_lock())
		return NEXT(mprotect)(address, size, prot);
	if (wt_overlaps(&capture.wt, start, size))
		capture_collect(start, page_round(size));
	ret = NEXT(mprotect)(address, size, prot);
	saved = errno;
	if (!ret && !wt_isolate(&capture.wt, start, size)) {
		for (map = wt_next(&capture.wt, start);
		     map && map->start - start < page_round(size);
		     map = wt_next(&capture.wt, map->end))
			wt_set_readable(&capture.wt, map, prot & (PROT_READ | PROT_WRITE));
	}
	capture_unlock();
	errno = saved;
	return ret;
}

/* Moved or resized mappings are watched again from the start. */
static void remapped(uintptr_t from, size_t old_size, uintptr_t to, size_t new_size)
{
	struct wt_map *map;

	/* A move takes one mapping at a time; the kernel refuses anything else. */
	if (wt_isolate(&capture.wt, from, old_size ? old_size : capture.wt.host_page))
		return;
	map = wt_next(&capture.wt, from);
	if (!map || map->start > from)
		return;
	/* With an old size of 0 the old mapping stays, and the new one is one more. */
	if (old_size)
		wt_remove(&capture.wt, map);
	if (!wt_add(&capture.wt, to, new_size, map->readable, map->object, map->first_page,
		    map->owner)) {
		struct wt_map *added = wt_next(&capture.wt, to);

		added->check_all = true;
		capture_object_get(map->owner);
		widen(to, new_size);
	}
	if (old_size) {
		capture_object_put(map->owner);
		wt_map_free(map);
	}
}

HOOK void *mremap(void *address, size_t old_size, size_t new_size, int flags, ...)
{
	void *target = NULL, *result;
	va_list args;
	int saved;

	va_start(args, flags);
	if (flags & MREMAP_FIXED)
		target = va_arg(args, void *);
	va_end(args);
	if ((!may_touch((uintptr_t)address, old_size ? old_size : 1) &&
	     !(target && may_touch((uintptr_t)target, new_size))) ||
	    capture_is_foreign_process() || !capture_lock())
		return NEXT(mremap)(address, old_size, new_size, flags, target);
	capture_collect((uintptr_t)address, page_round(old_size));
	if (target)
		capture_collect((uintptr_t)target, page_round(new_size));
	result = NEXT(mremap)(address, old_size, new_size, flags, target);
	saved = errno;
	if (result != MAP_FAILED) {
		if (target)
			forget_range((uintptr_t)target, page_round(new_size));
		if (wt_overlaps(&capture.wt, (uintptr_t)address, old_size ? old_size : 1))
			remapped((uintptr_t)address, page_round(old_size), (uintptr_t)result,
				 page_round(new_size));
	}
	capture_unlock();
	errno = saved;
	return result;
}
