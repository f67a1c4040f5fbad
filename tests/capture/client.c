// SPDX-License-Identifier: MIT
/*
 * A program to be recorded. The first argument says what it does; test_capture.c knows what has
 * to be in the trace then. Exit status 0: everything went as the program wanted.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xf86drm.h>

#include "asahi_drm.h"

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "client: %s:%d: %s: %s\n", __FILE__, __LINE__, #condition, \
				strerror(errno));                                                  \
			_exit(99);                                                                 \
		}                                                                                  \
	} while (0)

#define PAGE 4096u
#define VA   0x100000000ull

struct gpu {
	int fd;
	uint32_t vm, queue, syncobj;
};

struct bo {
	uint32_t handle;
	uint64_t size;
	uint64_t offset; /* for mmap */
	uint8_t *map;
};

static int open_flags(int flags)
{
	char path[64];
	int minor, fd;

	for (minor = 128; minor < 192; minor++) {
		drmVersionPtr version;
		int found;

		snprintf(path, sizeof(path), "/dev/dri/renderD%d", minor);
		fd = open(path, O_RDWR | flags);
		if (fd < 0)
			continue;
		version = drmGetVersion(fd);
		found = version && !strcmp(version->name, "asahi");
		drmFreeVersion(version);
		if (found)
			return fd;
		close(fd);
	}
	CHECK(!"a node");
	return -1;
}

static void gpu_init(struct gpu *gpu, int fd)
{
	struct drm_asahi_vm_create vm = {.kernel_start = 0x7000000000, .kernel_end = 0x7080000000};
	struct drm_asahi_queue_create queue = {.priority = DRM_ASAHI_PRIORITY_MEDIUM};

	gpu->fd = fd;
	CHECK(!ioctl(fd, DRM_IOCTL_ASAHI_VM_CREATE, &vm));
	gpu->vm = queue.vm_id = vm.vm_id;
	CHECK(!ioctl(fd, DRM_IOCTL_ASAHI_QUEUE_CREATE, &queue));
	gpu->queue = queue.queue_id;
	CHECK(!drmSyncobjCreate(fd, 0, &gpu->syncobj));
}

static void bo_create(const struct gpu *gpu, struct bo *bo, uint64_t size)
{
	struct drm_asahi_gem_create create = {.size = size, .flags = DRM_ASAHI_GEM_WRITEBACK};
	struct drm_asahi_gem_mmap_offset offset = {0};

	CHECK(!ioctl(gpu->fd, DRM_IOCTL_ASAHI_GEM_CREATE, &create));
	offset.handle = create.handle;
	CHECK(!ioctl(gpu->fd, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &offset));
	*bo = (struct bo){.handle = create.handle, .size = size, .offset = offset.offset};
}

static void bo_map(const struct gpu *gpu, struct bo *bo)
{
	bo->map = mmap(NULL, bo->size, PROT_READ | PROT_WRITE, MAP_SHARED, gpu->fd,
		       (off_t)bo->offset);
	CHECK(bo->map != MAP_FAILED);
}

static void bo_destroy(const struct gpu *gpu, struct bo *bo)
{
	if (bo->map)
		CHECK(!munmap(bo->map, bo->size));
	CHECK(!drmCloseBufferHandle(gpu->fd, bo->handle));
}

/* A page of a pattern that tells page and version. */
static void fill(uint8_t *page, uint32_t number, uint32_t version)
{
	uint32_t i;

	for (i = 0; i < PAGE / 4; i++)
		((uint32_t *)(void *)page)[i] = number * 0x01000193u ^ version * 0x9e3779b1u ^ i;
}

/* One compute command that starts nothing; signals the syncobj and waits for it. */
static void submit(const struct gpu *gpu)
{
	struct {
		struct drm_asahi_cmd_header header;
		struct drm_asahi_cmd_compute compute;
	} cmdbuf = {
		.header = {.cmd_type = DRM_ASAHI_CMD_COMPUTE,
			   .size = sizeof(cmdbuf.compute),
			   .vdm_barrier = DRM_ASAHI_BARRIER_NONE,
			   .cdm_barrier = DRM_ASAHI_BARRIER_NONE},
	};
	struct drm_asahi_sync sync = {.sync_type = DRM_ASAHI_SYNC_SYNCOBJ, .handle = gpu->syncobj};
	struct drm_asahi_submit arg = {
		.syncs = (uintptr_t)&sync,
		.cmdbuf = (uintptr_t)&cmdbuf,
		.queue_id = gpu->queue,
		.out_sync_count = 1,
		.cmdbuf_size = sizeof(cmdbuf),
	};
	uint32_t handle = gpu->syncobj;

	CHECK(!ioctl(gpu->fd, DRM_IOCTL_ASAHI_SUBMIT, &arg));
	CHECK(!drmSyncobjWait(gpu->fd, &handle, 1, INT64_MAX, 0, NULL));
}

/* Two objects, some pages, three submissions, everything given back. */
static int mode_basic(void)
{
	struct gpu gpu;
	struct bo a, b;
	int again;

	gpu_init(&gpu, open_flags(O_CLOEXEC));
	bo_create(&gpu, &a, 1 << 20);
	bo_create(&gpu, &b, 4 << 20);
	bo_map(&gpu, &a);
	bo_map(&gpu, &b);
	fill(a.map + 3 * PAGE, 3, 1);
	fill(a.map + 4 * PAGE, 4, 1);
	fill(b.map + 1000 * PAGE, 1000, 1);
	submit(&gpu);
	fill(a.map + 4 * PAGE, 4, 2);
	/* The same bytes once more are no change. */
	fill(a.map + 3 * PAGE, 3, 1);
	submit(&gpu);
	again = fcntl(gpu.fd, F_DUPFD_CLOEXEC, 20);
	CHECK(again >= 20 && !close(gpu.fd));
	gpu.fd = again;
	fill(b.map, 0, 3);
	submit(&gpu);
	bo_destroy(&gpu, &a);
	bo_destroy(&gpu, &b);
	CHECK(!close(again));
	return 0;
}

static void *kill_soon(void *data)
{
	usleep(200000);
	kill(getpid(), SIGKILL);
	return NULL;
}

/* Killed inside a call that never returns. */
static int mode_kill(void)
{
	pthread_t thread;
	struct gpu gpu;
	struct bo bo;
	uint32_t never;

	gpu_init(&gpu, open_flags(O_CLOEXEC));
	bo_create(&gpu, &bo, 1 << 20);
	bo_map(&gpu, &bo);
	fill(bo.map, 0, 7);
	submit(&gpu);
	CHECK(!drmSyncobjCreate(gpu.fd, 0, &never));
	CHECK(!pthread_create(&thread, NULL, kill_soon, NULL));
	drmSyncobjWait(gpu.fd, &never, 1, INT64_MAX, DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT, NULL);
	return 98;
}

static int mode_crash(void)
{
	struct gpu gpu;

	gpu_init(&gpu, open_flags(O_CLOEXEC));
	submit(&gpu);
	raise(SIGABRT);
	return 98;
}

#define THREADS     4
#define THREAD_RUNS 200

static void *churn(void *data)
{
	const struct gpu *shared = data;
	struct gpu gpu = *shared;
	struct bo bo;
	int i;

	CHECK(!drmSyncobjCreate(gpu.fd, 0, &gpu.syncobj));
	for (i = 0; i < THREAD_RUNS; i++) {
		bo_create(&gpu, &bo, 64 << 10);
		bo_map(&gpu, &bo);
		fill(bo.map, 0, (uint32_t)i);
		submit(&gpu);
		bo_destroy(&gpu, &bo);
	}
	CHECK(!drmSyncobjDestroy(gpu.fd, gpu.syncobj));
	return NULL;
}

static int mode_threads(void)
{
	pthread_t threads[THREADS];
	struct gpu gpu;
	int i;

	gpu_init(&gpu, open_flags(O_CLOEXEC));
	for (i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, churn, &gpu));
	for (i = 0; i < THREADS; i++)
		CHECK(!pthread_join(threads[i], NULL));
	return 0;
}

/* The child goes on with its parent's file. */
static int mode_fork(void)
{
	struct gpu gpu;
	struct bo a, b;
	int status;
	pid_t pid;

	gpu_init(&gpu, open_flags(O_CLOEXEC));
	bo_create(&gpu, &a, 1 << 20);
	bo_map(&gpu, &a);
	fill(a.map, 0, 1);
	submit(&gpu);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		bo_create(&gpu, &b, 1 << 20);
		bo_map(&gpu, &b);
		fill(b.map + PAGE, 1, 2);
		fill(a.map + 2 * PAGE, 2, 2);
		submit(&gpu);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && !status);
	/* Writes after a fork are still seen. */
	fill(a.map, 0, 3);
	submit(&gpu);
	return 0;
}

static void send_fd(int socket, int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS}};
	char byte = 0;
	struct iovec iov = {&byte, 1};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	CHECK(sendmsg(socket, &message, 0) == 1);
}

static int receive_fd(int socket)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec iov = {&byte, 1};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	int fd;

	CHECK(recvmsg(socket, &message, 0) == 1);
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

/* Two processes, each with a file of its own; a buffer crosses. */
static int mode_share(void)
{
	int sockets[2], fd, status;
	struct gpu gpu;
	struct bo bo;
	pid_t pid;

	CHECK(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets));
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		struct bo imported = {.size = 1 << 20};
		char byte;

		gpu_init(&gpu, open_flags(O_CLOEXEC));
		fd = receive_fd(sockets[1]);
		CHECK(!drmPrimeFDToHandle(gpu.fd, fd, &imported.handle));
		close(fd);
		submit(&gpu);
		CHECK(write(sockets[1], "x", 1) == 1 && read(sockets[1], &byte, 1) == 1);
		_exit(0);
	}
	gpu_init(&gpu, open_flags(O_CLOEXEC));
	bo_create(&gpu, &bo, 1 << 20);
	bo_map(&gpu, &bo);
	fill(bo.map + 5 * PAGE, 5, 1);
	submit(&gpu);
	CHECK(!drmPrimeHandleToFD(gpu.fd, bo.handle, DRM_CLOEXEC | DRM_RDWR, &fd));
	send_fd(sockets[0], fd);
	close(fd);
	CHECK(read(sockets[0], &(char){0}, 1) == 1 && write(sockets[0], "x", 1) == 1);
	CHECK(waitpid(pid, &status, 0) == pid && !status);
	return 0;
}

#define FRAMES 10

static int mode_frames(void)
{
	struct gpu gpu;
	struct bo bo;
	uint32_t i;

	gpu_init(&gpu, open_flags(O_CLOEXEC));
	bo_create(&gpu, &bo, 1 << 20);
	bo_map(&gpu, &bo);
	for (i = 1; i <= FRAMES; i++) {
		fill(bo.map + i * PAGE, i, i);
		submit(&gpu);
	}
	return 0;
}

/* All ways to write to buffer objects, the same in each run. */
static int mode_memory(void)
{
	char path[] = "/tmp/agx-client-XXXXXX";
	struct bo a, b, c, bos[8];
	struct gpu gpu;
	uint8_t *second, *moved, *other;
	uint32_t i, j;
	int fd, file;

	gpu_init(&gpu, open_flags(O_CLOEXEC));
	bo_create(&gpu, &a, 2 << 20);
	bo_create(&gpu, &b, 1 << 20);
	bo_create(&gpu, &c, 256 << 10);
	/* Before the first submission, and unmapped before it. */
	bo_map(&gpu, &a);
	fill(a.map + 17 * PAGE, 17, 1);
	CHECK(!munmap(a.map, a.size));
	submit(&gpu);
	bo_map(&gpu, &a);
	bo_map(&gpu, &b);
	/* Read-only touches are no writes. */
	CHECK(!a.map[99 * PAGE] && a.map[17 * PAGE] != 0);
	submit(&gpu);
	/* A hot page, and pages that become cold. */
	for (i = 0; i < 100; i++) {
		fill(a.map, 0, i);
		if (i % 9 == 0)
			fill(a.map + (20 + i) * PAGE, i, i);
		if (i % 40 == 0)
			fill(b.map + 7 * PAGE, i, i);
		submit(&gpu);
	}
	/* The same object twice; both views write. */
	second = mmap(NULL, a.size, PROT_READ | PROT_WRITE, MAP_SHARED, gpu.fd, (off_t)a.offset);
	CHECK(second != MAP_FAILED);
	fill(second + 30 * PAGE, 30, 1000);
	fill(a.map + 31 * PAGE, 31, 1000);
	submit(&gpu);
	fill(second + 31 * PAGE, 31, 1001);
	fill(a.map + 30 * PAGE, 30, 1001);
	submit(&gpu);
	/* A part goes, a part stays. */
	CHECK(!munmap(second, 64 * PAGE));
	fill(second + 64 * PAGE, 64, 1002);
	submit(&gpu);
	CHECK(!munmap(second + 64 * PAGE, a.size - 64 * PAGE));
	/* Moved, and replaced by another mapping. */
	other = mmap(NULL, b.size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(other != MAP_FAILED);
	fill(b.map + 8 * PAGE, 8, 1003);
	moved = mremap(b.map, b.size, b.size, MREMAP_MAYMOVE | MREMAP_FIXED, other);
	CHECK(moved == other);
	fill(moved + 9 * PAGE, 9, 1003);
	submit(&gpu);
	fill(moved + 10 * PAGE, 10, 1004);
	CHECK(mmap(moved, c.size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, gpu.fd,
		   (off_t)c.offset) == moved);
	fill(moved, 0, 1005);
	fill(moved + c.size, 0, 1006);
	submit(&gpu);
	/* Without access for a while. */
	fill(a.map + 40 * PAGE, 40, 1007);
	CHECK(!mprotect(a.map, a.size, PROT_NONE));
	submit(&gpu);
	CHECK(!mprotect(a.map, a.size, PROT_READ | PROT_WRITE));
	fill(a.map + 41 * PAGE, 41, 1008);
	submit(&gpu);
	/* Written by the kernel on the program's behalf. */
	file = mkstemp(path);
	CHECK(file >= 0 && !unlink(path) && write(file, "kernel", 6) == 6);
	submit(&gpu);
	CHECK(pread(file, a.map + 50 * PAGE + 11, 6, 0) == 6);
	submit(&gpu);
	CHECK(pread(file, a.map + 50 * PAGE + 100, 6, 0) == 6);
	submit(&gpu);
	/* Back to zeros. */
	memset(a.map + 41 * PAGE, 0, PAGE);
	submit(&gpu);
	/* Through an exported descriptor. */
	CHECK(!drmPrimeHandleToFD(gpu.fd, c.handle, DRM_CLOEXEC | DRM_RDWR, &fd));
	other = mmap(NULL, c.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(other != MAP_FAILED && !close(fd));
	fill(other + 20 * PAGE, 20, 1009);
	submit(&gpu);
	fill(other + 20 * PAGE, 20, 1010);
	CHECK(!munmap(other, c.size));
	submit(&gpu);
	/* Many objects come and go. */
	for (i = 0; i < 30; i++) {
		for (j = 0; j < 8; j++) {
			bo_create(&gpu, &bos[j], (j + 1) << 16);
			bo_map(&gpu, &bos[j]);
			fill(bos[j].map + j * PAGE, j, i);
		}
		submit(&gpu);
		for (j = 0; j < 8; j++) {
			fill(bos[j].map + (j + 1) * PAGE, j, i);
			bo_destroy(&gpu, &bos[j]);
		}
	}
	submit(&gpu);
	return 0;
}

/* Several threads write while another submits: the last state has to be in the trace. */
static _Atomic int writers_stop;

static void *scribble(void *data)
{
	uint8_t *page = data;
	uint32_t i;

	for (i = 0; !writers_stop; i++)
		fill(page + i % 8 * PAGE, i % 8, i);
	for (i = 0; i < 8; i++)
		fill(page + i * PAGE, i, 4242);
	return NULL;
}

static int mode_race(void)
{
	pthread_t threads[2];
	struct gpu gpu;
	struct bo bo;
	int i;

	gpu_init(&gpu, open_flags(O_CLOEXEC));
	bo_create(&gpu, &bo, 1 << 20);
	bo_map(&gpu, &bo);
	CHECK(!pthread_create(&threads[0], NULL, scribble, bo.map));
	CHECK(!pthread_create(&threads[1], NULL, scribble, bo.map + 64 * PAGE));
	for (i = 0; i < 300; i++)
		submit(&gpu);
	writers_stop = 1;
	for (i = 0; i < 2; i++)
		CHECK(!pthread_join(threads[i], NULL));
	submit(&gpu);
	return 0;
}

/* Pointers that lead nowhere: each call has to fail as without a recorder. */
static int mode_bad(void)
{
	struct drm_asahi_vm_bind bind = {.num_binds = 2, .stride = 32, .userptr = 0x1000};
	struct drm_asahi_submit arg = {.cmdbuf = 0x2000, .cmdbuf_size = 72};
	struct drm_asahi_get_params params = {.pointer = 0x3000, .size = 592};
	struct gpu gpu;

	gpu_init(&gpu, open_flags(O_CLOEXEC));
	CHECK(ioctl(gpu.fd, DRM_IOCTL_ASAHI_GEM_CREATE, NULL) == -1 && errno == EFAULT);
	CHECK(ioctl(gpu.fd, DRM_IOCTL_ASAHI_GEM_CREATE, 0x4000) == -1 && errno == EFAULT);
	bind.vm_id = gpu.vm;
	CHECK(ioctl(gpu.fd, DRM_IOCTL_ASAHI_VM_BIND, &bind) == -1 && errno == EFAULT);
	arg.queue_id = gpu.queue;
	CHECK(ioctl(gpu.fd, DRM_IOCTL_ASAHI_SUBMIT, &arg) == -1 && errno == EFAULT);
	CHECK(ioctl(gpu.fd, DRM_IOCTL_ASAHI_GET_PARAMS, &params) == -1 && errno == EFAULT);
	CHECK(ioctl(gpu.fd, DRM_IO(0x9f), NULL) == -1 && errno == EINVAL);
	CHECK(ioctl(-1, DRM_IOCTL_ASAHI_GEM_CREATE, NULL) == -1 && errno == EBADF);
	return 0;
}

/* A program that tidies up descriptors that it knows nothing of. */
static int mode_closeall(void)
{
	struct gpu gpu;
	int fd, i, file;

	gpu_init(&gpu, open_flags(O_CLOEXEC));
	submit(&gpu);
	for (fd = 3; fd < 1024; fd++)
		close(fd);
	gpu_init(&gpu, open_flags(O_CLOEXEC));
	submit(&gpu);
	closefrom(3);
	gpu_init(&gpu, open_flags(O_CLOEXEC));
	submit(&gpu);
	CHECK(!close_range(3, ~0u, 0));
	gpu_init(&gpu, open_flags(O_CLOEXEC));
	submit(&gpu);
	/* All numbers are taken on purpose. */
	file = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (i = 400; i < 600; i++)
		CHECK(dup2(file, i) == i);
	submit(&gpu);
	for (i = 400; i < 600; i++)
		CHECK(!close(i));
	submit(&gpu);
	return 0;
}

/* The descriptor survives exec. */
static int mode_exec(char **argv)
{
	char number[16];
	struct gpu gpu;

	gpu_init(&gpu, open_flags(0));
	submit(&gpu);
	snprintf(number, sizeof(number), "%d", gpu.fd);
	execl("/proc/self/exe", argv[0], "exec2", number, NULL);
	return 98;
}

static int mode_exec2(char **argv)
{
	struct gpu gpu;

	gpu_init(&gpu, atoi(argv[2]));
	submit(&gpu);
	return 0;
}

/* The recorder is killed half-way. argv[2] is written when the program ended well. */
static int mode_orphan(char **argv)
{
	struct gpu gpu;
	struct bo bo;
	uint32_t i;
	int fd;

	gpu_init(&gpu, open_flags(O_CLOEXEC));
	bo_create(&gpu, &bo, 1 << 20);
	bo_map(&gpu, &bo);
	submit(&gpu);
	kill(getppid(), SIGKILL);
	/* More than any buffer holds. */
	for (i = 0; i < 12000; i++) {
		fill(bo.map + i % 200 * PAGE, i, i);
		submit(&gpu);
	}
	fd = open(argv[2], O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	CHECK(fd >= 0 && write(fd, "done", 4) == 4);
	return 0;
}

/* Many records in a short time: the recorder has to throttle the program, and lose nothing. */
static int mode_flood(void)
{
	struct gpu gpu;
	struct bo bo;
	uint32_t i, j;

	gpu_init(&gpu, open_flags(O_CLOEXEC));
	bo_create(&gpu, &bo, 8 << 20);
	bo_map(&gpu, &bo);
	for (i = 0; i < 40; i++) {
		for (j = 0; j < 1000; j++)
			fill(bo.map + j * PAGE, j * 40 + i, i * 7 + j);
		submit(&gpu);
	}
	return 0;
}

/* A vfork child closes what it will not pass on. */
static int mode_vfork(void)
{
	struct gpu gpu;
	int status;
	pid_t pid;

	gpu_init(&gpu, open_flags(O_CLOEXEC));
	submit(&gpu);
	pid = vfork();
	if (!pid) {
		close(gpu.fd);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && !status);
	submit(&gpu);
	return 0;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	if (!strcmp(mode, "none"))
		return 7;
	if (!strcmp(mode, "basic"))
		return mode_basic();
	if (!strcmp(mode, "kill"))
		return mode_kill();
	if (!strcmp(mode, "crash"))
		return mode_crash();
	if (!strcmp(mode, "threads"))
		return mode_threads();
	if (!strcmp(mode, "fork"))
		return mode_fork();
	if (!strcmp(mode, "share"))
		return mode_share();
	if (!strcmp(mode, "frames"))
		return mode_frames();
	if (!strcmp(mode, "memory"))
		return mode_memory();
	if (!strcmp(mode, "race"))
		return mode_race();
	if (!strcmp(mode, "bad"))
		return mode_bad();
	if (!strcmp(mode, "closeall"))
		return mode_closeall();
	if (!strcmp(mode, "exec"))
		return mode_exec(argv);
	if (!strcmp(mode, "exec2") && argc == 3)
		return mode_exec2(argv);
	if (!strcmp(mode, "orphan") && argc == 3)
		return mode_orphan(argv);
	if (!strcmp(mode, "flood"))
		return mode_flood();
	if (!strcmp(mode, "vfork"))
		return mode_vfork();
	fprintf(stderr, "client: no mode \"%s\"\n", mode);
	return 97;
}
