/* SPDX-License-Identifier: MIT */
/*
 * Host system calls without the C library's wrappers.
 *
 * The node lives in processes whose libc functions are interposed (by the objects that bring it
 * there, among others), and it calls the host with its lock held. So it must neither re-enter an
 * interposer nor meet a cancellation point, which most wrappers are.
 *
 * All return the call's result or a negative errno, and leave errno alone.
 */
#ifndef AGX_HOST_H
#define AGX_HOST_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static inline long host_result(long result, int saved_errno)
{
	if (result == -1) {
		result = -errno;
		errno = saved_errno;
	}
	return result;
}

#define host_call(...)                                         \
	({                                                     \
		int host_errno = errno;                        \
		host_result(syscall(__VA_ARGS__), host_errno); \
	})

static inline int host_close(int fd)
{
	return (int)host_call(SYS_close, fd);
}

static inline long host_write(int fd, const void *data, size_t size)
{
	return host_call(SYS_write, fd, data, size);
}

static inline int host_fcntl(int fd, int command, long arg)
{
	return (int)host_call(SYS_fcntl, fd, command, arg);
}

static inline int host_ioctl(int fd, unsigned long request, void *arg)
{
	return (int)host_call(SYS_ioctl, fd, request, arg);
}

static inline int host_fstat(int fd, struct stat *st)
{
	return (int)host_call(SYS_fstat, fd, st);
}

static inline int host_open(const char *path, int flags)
{
	return (int)host_call(SYS_openat, AT_FDCWD, path, flags, 0);
}

static inline long host_readlink(const char *path, char *buffer, size_t size)
{
	return host_call(SYS_readlinkat, AT_FDCWD, path, buffer, size);
}

static inline int host_pipe2(int fds[2], int flags)
{
	return (int)host_call(SYS_pipe2, fds, flags);
}

/* timeout_ns < 0: no limit. */
static inline int host_poll(struct pollfd *fds, size_t count, int64_t timeout_ns)
{
	struct timespec ts = {timeout_ns / 1000000000, timeout_ns % 1000000000};

	return (int)host_call(SYS_ppoll, fds, count, timeout_ns < 0 ? NULL : &ts, NULL, (size_t)8);
}

/* A duplicate with O_CLOEXEC, out of the way of the small numbers that programs expect. */
static inline int host_dup(int fd)
{
	int copy = host_fcntl(fd, F_DUPFD_CLOEXEC, 64);

	return copy == -EINVAL ? host_fcntl(fd, F_DUPFD_CLOEXEC, 3) : copy;
}

#endif
