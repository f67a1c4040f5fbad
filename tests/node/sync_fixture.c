// SPDX-License-Identifier: MIT
#include "sync_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int sync_count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

int64_t sync_in(int64_t ns)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SYNC_NS_PER_S + ts.tv_nsec + ns;
}

struct sync_fixture *sync_open(bool single_step)
{
	struct agx_node_config config = {
		.memory_limit = 64 << 20,
		.single_step = single_step,
	};
	struct sync_fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->fds = sync_count_fds();
	assert_int_equal(agx_node_create(&config, &f->node), 0);
	assert_int_equal(agx_file_open(f->node, &f->file), 0);
	return f;
}

void sync_close(struct sync_fixture *f)
{
	struct agx_node_stats stats;

	agx_file_put(f->file);
	agx_node_stats(f->node, &stats);
	assert_int_equal(stats.live_files, 0);
	assert_int_equal(stats.live_syncobjs, 0);
	agx_node_destroy(f->node);
	free(f);
}

int sync_setup(void **state)
{
	*state = sync_open(false);
	return 0;
}

int sync_setup_single_step(void **state)
{
	*state = sync_open(true);
	return 0;
}

int sync_teardown(void **state)
{
	struct sync_fixture *f = *state;
	int before = f->fds;

	sync_close(f);
	assert_int_equal(sync_count_fds(), before);
	return 0;
}

long sync_ioctl(struct sync_fixture *f, unsigned long request, void *arg)
{
	return agx_file_ioctl(f->file, request, (uintptr_t)arg);
}

uint32_t sync_create(struct sync_fixture *f, uint32_t flags)
{
	struct drm_syncobj_create args = {.flags = flags};

	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_CREATE, &args), 0);
	assert_int_not_equal(args.handle, 0);
	return args.handle;
}

void sync_destroy(struct sync_fixture *f, uint32_t handle)
{
	struct drm_syncobj_destroy args = {.handle = handle};

	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_DESTROY, &args), 0);
}

long sync_reset(struct sync_fixture *f, uint32_t handle)
{
	struct drm_syncobj_array args = {.handles = (uintptr_t)&handle, .count_handles = 1};

	return sync_ioctl(f, DRM_IOCTL_SYNCOBJ_RESET, &args);
}

long sync_signal(struct sync_fixture *f, uint32_t handle)
{
	struct drm_syncobj_array args = {.handles = (uintptr_t)&handle, .count_handles = 1};

	return sync_ioctl(f, DRM_IOCTL_SYNCOBJ_SIGNAL, &args);
}

long sync_timeline_signal(struct sync_fixture *f, uint32_t handle, uint64_t point)
{
	struct drm_syncobj_timeline_array args = {
		.handles = (uintptr_t)&handle,
		.points = (uintptr_t)&point,
		.count_handles = 1,
	};

	return sync_ioctl(f, DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, &args);
}

long sync_query(struct sync_fixture *f, uint32_t handle, uint64_t *point, uint32_t flags)
{
	struct drm_syncobj_timeline_array args = {
		.handles = (uintptr_t)&handle,
		.points = (uintptr_t)point,
		.count_handles = 1,
		.flags = flags,
	};

	return sync_ioctl(f, DRM_IOCTL_SYNCOBJ_QUERY, &args);
}

long sync_wait(struct sync_fixture *f, uint32_t handle, uint32_t flags, int64_t timeout)
{
	struct drm_syncobj_wait args = {
		.handles = (uintptr_t)&handle,
		.timeout_nsec = timeout,
		.count_handles = 1,
		.flags = flags,
	};

	return sync_ioctl(f, DRM_IOCTL_SYNCOBJ_WAIT, &args);
}

long sync_timeline_wait(struct sync_fixture *f, uint32_t handle, uint64_t point, uint32_t flags,
			int64_t timeout)
{
	struct drm_syncobj_timeline_wait args = {
		.handles = (uintptr_t)&handle,
		.points = (uintptr_t)&point,
		.timeout_nsec = timeout,
		.count_handles = 1,
		.flags = flags,
	};

	return sync_ioctl(f, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &args);
}

long sync_transfer(struct sync_fixture *f, uint32_t dst, uint64_t dst_point, uint32_t src,
		   uint64_t src_point, uint32_t flags)
{
	struct drm_syncobj_transfer args = {
		.src_handle = src,
		.dst_handle = dst,
		.src_point = src_point,
		.dst_point = dst_point,
		.flags = flags,
	};

	return sync_ioctl(f, DRM_IOCTL_SYNCOBJ_TRANSFER, &args);
}

int sync_export(struct sync_fixture *f, uint32_t handle)
{
	struct drm_syncobj_handle args = {.handle = handle, .fd = -1};

	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &args), 0);
	assert_true(args.fd >= 0);
	assert_int_equal(fcntl(args.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	return args.fd;
}

uint32_t sync_import(struct sync_fixture *f, int fd)
{
	struct drm_syncobj_handle args = {.fd = fd};

	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &args), 0);
	return args.handle;
}

/* The number of an ioctl with the size of the structure of Linux 6.16. */
#define HANDLE_TO_FD \
	DRM_IOWR(_IOC_NR(DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD), struct agx_arg_syncobj_handle)
#define FD_TO_HANDLE \
	DRM_IOWR(_IOC_NR(DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE), struct agx_arg_syncobj_handle)

int sync_export_file(struct sync_fixture *f, uint32_t handle, uint64_t point)
{
	struct agx_arg_syncobj_handle args = {
		.handle = handle,
		.flags = AGX_SYNCOBJ_FLAG_SYNC_FILE | (point ? AGX_SYNCOBJ_FLAG_TIMELINE : 0),
		.fd = -1,
		.point = point,
	};
	long ret = sync_ioctl(f, HANDLE_TO_FD, &args);

	return ret ? (int)ret : args.fd;
}

long sync_import_file(struct sync_fixture *f, uint32_t handle, uint64_t point, int fd)
{
	struct agx_arg_syncobj_handle args = {
		.handle = handle,
		.flags = AGX_SYNCOBJ_FLAG_SYNC_FILE | (point ? AGX_SYNCOBJ_FLAG_TIMELINE : 0),
		.fd = fd,
		.point = point,
	};

	return sync_ioctl(f, FD_TO_HANDLE, &args);
}

pid_t sync_fork(void)
{
	pid_t parent = getpid(), pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(99);
	}
	return pid;
}

union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

void sync_send_fd(int socket, int fd)
{
	union control control = {{0}};
	struct iovec iov = {"f", 1};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (sendmsg(socket, &message, 0) != 1)
		abort();
}

int sync_receive_fd(int socket)
{
	union control control = {{0}};
	char byte;
	struct iovec iov = {&byte, 1};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes)};
	int fd = -1;

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

bool sync_fd_ready(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, 0) == 1;
}

bool sync_fd_wait(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, 10000) == 1;
}

struct sync_pending sync_pending_begin(void)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK | O_DIRECT), 0);
	return (struct sync_pending){fds[0], fds[1]};
}

void sync_pending_end(struct sync_pending *pending, int error)
{
	char data[64] = {0};
	ssize_t size = 1 + error;

	assert_int_equal(write(pending->write_fd, data, (size_t)size), size);
	close(pending->write_fd);
	close(pending->read_fd);
}

void sync_pending_abandon(struct sync_pending *pending)
{
	close(pending->write_fd);
	close(pending->read_fd);
}

struct sync_pending sync_make_pending(struct sync_fixture *f, uint32_t handle, uint64_t point)
{
	struct sync_pending pending = sync_pending_begin();

	assert_int_equal(sync_import_file(f, handle, point, pending.read_fd), 0);
	return pending;
}
