// SPDX-License-Identifier: MIT
/* Descriptors: how they come, multiply and go, and ioctl. */
#include "hook.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <unistd.h>

#include "../node/fdtrack.h"
#include "config.h"
#include "next.h"
#include "nodefile.h"
#include "paths.h"

/* Fortified forms; no header declares them. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dirfd, const char *path, int flags);
int __openat64_2(int dirfd, const char *path, int flags);

/*
 * What every open ends with. path is as the application gave it; a relative one counts when
 * its last component is the node's name (a directory descriptor of /dev/dri).
 */
static int opened(const char *path, const char *real, int flags, int fd)
{
	int ret;

	if (fd < 0 || !preload_active())
		return fd;
	if ((real == path && path[0] == '/') || (flags & O_PATH) || !paths_names_node(real) ||
	    !nodefile_verify(fd)) {
		nodefile_appeared(fd);
		return fd;
	}
	ret = nodefile_opened(fd);
	if (!ret)
		return fd;
	NEXT(close)(fd);
	errno = -ret;
	return -1;
}

static mode_t open_mode(int flags, va_list args)
{
	return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, mode_t) : 0;
}

#define DEFINE_OPEN(name)                                                        \
	HOOK int name(const char *path, int flags, ...)                          \
	{                                                                        \
		struct path_buffer buffer;                                       \
		const char *real = paths_redirect(path, &buffer);                \
		va_list args;                                                    \
		mode_t mode;                                                     \
                                                                                 \
		va_start(args, flags);                                           \
		mode = open_mode(flags, args);                                   \
		va_end(args);                                                    \
		return opened(path, real, flags, NEXT(name)(real, flags, mode)); \
	}

DEFINE_OPEN(open)
DEFINE_OPEN(open64)

#define DEFINE_OPENAT(name)                                                             \
	HOOK int name(int dirfd, const char *path, int flags, ...)                      \
	{                                                                               \
		struct path_buffer buffer;                                              \
		const char *real = paths_redirect(path, &buffer);                       \
		va_list args;                                                           \
		mode_t mode;                                                            \
                                                                                        \
		va_start(args, flags);                                                  \
		mode = open_mode(flags, args);                                          \
		va_end(args);                                                           \
		return opened(path, real, flags, NEXT(name)(dirfd, real, flags, mode)); \
	}

DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

#define DEFINE_OPEN_2(name)                                                \
	HOOK int name(const char *path, int flags)                         \
	{                                                                  \
		struct path_buffer buffer;                                 \
		const char *real = paths_redirect(path, &buffer);          \
                                                                           \
		return opened(path, real, flags, NEXT(name)(real, flags)); \
	}

DEFINE_OPEN_2(__open_2)
DEFINE_OPEN_2(__open64_2)

#define DEFINE_OPENAT_2(name)                                                     \
	HOOK int name(int dirfd, const char *path, int flags)                     \
	{                                                                         \
		struct path_buffer buffer;                                        \
		const char *real = paths_redirect(path, &buffer);                 \
                                                                                  \
		return opened(path, real, flags, NEXT(name)(dirfd, real, flags)); \
	}

DEFINE_OPENAT_2(__openat_2)
DEFINE_OPENAT_2(__openat64_2)

#define DEFINE_CREAT(name)                                                                       \
	HOOK int name(const char *path, mode_t mode)                                             \
	{                                                                                        \
		struct path_buffer buffer;                                                       \
		const char *real = paths_redirect(path, &buffer);                                \
                                                                                                 \
		return opened(path, real, O_CREAT | O_WRONLY | O_TRUNC, NEXT(name)(real, mode)); \
	}

DEFINE_CREAT(creat)
DEFINE_CREAT(creat64)

#define DEFINE_FOPEN(name)                                                    \
	HOOK FILE *name(const char *restrict path, const char *restrict mode) \
	{                                                                     \
		struct path_buffer buffer;                                    \
		const char *real = paths_redirect(path, &buffer);             \
		FILE *stream = NEXT(name)(real, mode);                        \
                                                                              \
		if (stream && opened(path, real, 0, fileno(stream)) < 0) {    \
			NEXT(fclose)(stream);                                 \
			return NULL;                                          \
		}                                                             \
		return stream;                                                \
	}

DEFINE_FOPEN(fopen)
DEFINE_FOPEN(fopen64)

HOOK int fclose(FILE *stream)
{
	int fd = preload_active() ? fileno(stream) : -1;

	if (fd >= 0)
		nodefile_closed(fd);
	return NEXT(fclose)(stream);
}

/*
 * The entry goes before the descriptor: afterwards its number may be another thread's new
 * file.
 */
HOOK int close(int fd)
{
	nodefile_closed(fd);
	return NEXT(close)(fd);
}

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1u << 2)
#endif

HOOK int close_range(unsigned int first, unsigned int last, int flags)
{
	if (!(flags & (int)CLOSE_RANGE_CLOEXEC) && first <= last)
		nodefile_closed_range(first, last);
	return NEXT_NAMED(int (*)(unsigned int, unsigned int, int), "close_range")(first, last,
										   flags);
}

HOOK void closefrom(int first)
{
	nodefile_closed_range(first < 0 ? 0 : (unsigned int)first, UINT32_MAX);
	NEXT_NAMED(void (*)(int), "closefrom")(first);
}

HOOK int dup(int from)
{
	int fd = NEXT(dup)(from);

	nodefile_appeared(fd);
	nodefile_duplicated(from, fd);
	return fd;
}

/* The entries follow once it is certain that the call succeeds: else the target stays open. */
HOOK int dup2(int from, int to)
{
	int fd = NEXT(dup2)(from, to);

	if (fd >= 0 && from != to)
		nodefile_duplicated(from, fd);
	return fd;
}

HOOK int dup3(int from, int to, int flags)
{
	int fd = NEXT(dup3)(from, to, flags);

	if (fd >= 0)
		nodefile_duplicated(from, fd);
	return fd;
}

typedef int (*fcntl_function)(int, int, ...);

/*
 * F_DUPFD, F_DUPFD_CLOEXEC. Whoever gives a lowest number beyond the standard streams takes what
 * there is: copies of buffers and fences go to where their numbers can be tracked.
 */
static int duplicate(fcntl_function next, int from, int cmd, void *lowest)
{
	uint64_t known = agx_fdtrack_peek(from);
	intptr_t number = (int)(intptr_t)lowest;
	int fd = -1, saved = errno;

	if (known && number > STDERR_FILENO && number < AGX_FDTRACK_FIRST) {
		fd = next(from, cmd, (void *)(intptr_t)AGX_FDTRACK_FIRST);
		if (fd < 0)
			errno = saved;
	}
	if (fd < 0)
		fd = next(from, cmd, lowest);
	nodefile_appeared(fd);
	nodefile_duplicated(from, fd);
	nodefile_shared_duplicated(from, known, fd);
	return fd;
}

/* Whether there is an argument, and of which type, depends on cmd; all fit into a word. */
#define DEFINE_FCNTL(name)                                               \
	HOOK int name(int fd, int cmd, ...)                              \
	{                                                                \
		fcntl_function next = NEXT_NAMED(fcntl_function, #name); \
		va_list args;                                            \
		void *arg;                                               \
                                                                         \
		va_start(args, cmd);                                     \
		arg = va_arg(args, void *);                              \
		va_end(args);                                            \
		if (cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC)            \
			return duplicate(next, fd, cmd, arg);            \
		return next(fd, cmd, arg);                               \
	}

DEFINE_FCNTL(fcntl)
DEFINE_FCNTL(fcntl64)

static int as_libc(long ret)
{
	if (ret >= 0)
		return (int)ret;
	errno = (int)-ret;
	return -1;
}

/* Of a buffer or fence; -ENOTTY when fd is none that a virtual node made. */
static long ioctl_shared(int fd, uint32_t request, void *arg)
{
	switch (_IOC_TYPE(request)) {
	case 'b': /* DMA_BUF_BASE */
		return nodefile_dmabuf_ioctl(fd, request, (uintptr_t)arg);
	case '>': /* SYNC_IOC_MAGIC */
		return nodefile_syncfile_ioctl(fd, request, (uintptr_t)arg);
	}
	return -ENOTTY;
}

/* The kernel did not know the ioctl: it may be for something that is only known here. */
static int ioctl_unknown(int fd, uint32_t request, void *arg)
{
	struct fdobject *object;
	long ret = -ENOTTY;

	if (_IOC_TYPE(request) != 'd') /* DRM_IOCTL_BASE */
		return as_libc(ioctl_shared(fd, request, arg));
	object = nodefile_adopt(fd);
	if (object)
		ret = nodefile_ioctl(object, request, (uintptr_t)arg);
	fdobject_put(object);
	return as_libc(ret);
}

HOOK int ioctl(int fd, unsigned long request, ...)
{
	struct fdobject *object;
	va_list args;
	long shared;
	void *arg;
	int ret;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);

	/* On a stale entry a DRM number goes astray, which harms nobody. */
	if (_IOC_TYPE((uint32_t)request) == 'd' && (object = nodefile_get(fd))) {
		ret = as_libc(nodefile_ioctl(object, (uint32_t)request, (uintptr_t)arg));
		fdobject_put(object);
		return ret;
	}
	/* A process with a virtual node has such descriptors mostly from there. */
	if (nodefile_exists()) {
		shared = ioctl_shared(fd, (uint32_t)request, arg);
		if (shared != -ENOTTY)
			return as_libc(shared);
	}
	ret = NEXT(ioctl)(fd, request, arg);
	if (__builtin_expect(ret == -1, 0) && errno == ENOTTY && preload_active())
		ret = ioctl_unknown(fd, (uint32_t)request, arg);
	return ret;
}
