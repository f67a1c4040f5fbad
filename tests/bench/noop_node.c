// SPDX-License-Identifier: MIT
/*
 * The baseline of the real-program benchmarks: an LD_PRELOAD object that stands before
 * libagx-preload.so and answers every DRM ioctl at once. It checks nothing, keeps nothing but
 * counters, and has no fences; buffer objects are consecutive ranges of one memfd that are
 * never given back. What a program reaches over it is what any virtual node could reach at best.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <asahi_drm.h>

#define EXPORT     __attribute__((visibility("default")))
#define MAX_FD     1024
#define MAX_HANDLE (1u << 20)
#define POOL_SIZE  (64ull << 30)

static atomic_bool is_node[MAX_FD];
static atomic_uint next_id = 1;
static atomic_uint next_handle = 1;
static atomic_ullong next_offset = 0x4000;
static uint64_t offsets[MAX_HANDLE];
static int pool = -1;
static int signalled = -1;

static int (*next_ioctl)(int, unsigned long, ...);
static void *(*next_mmap)(void *, size_t, int, int, int, off_t);
static int (*next_close)(int);

__attribute__((constructor)) static void init(void)
{
	next_ioctl = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
	next_mmap = (void *(*)(void *, size_t, int, int, int, off_t))dlsym(RTLD_NEXT, "mmap64");
	next_close = (int (*)(int))dlsym(RTLD_NEXT, "close");
}

static bool make_pool(void)
{
	int fd = memfd_create("noop", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, (off_t)POOL_SIZE))
		return false;
	pool = fd;
	return true;
}

static int create(struct drm_asahi_gem_create *args)
{
	uint32_t handle = atomic_fetch_add(&next_handle, 1);

	if ((pool < 0 && !make_pool()) || handle >= MAX_HANDLE) {
		errno = ENOMEM;
		return -1;
	}
	offsets[handle] = atomic_fetch_add(&next_offset, (args->size + 0x3fff) & ~0x3fffull);
	args->handle = handle;
	return 0;
}

/* A program closes it and polls it, so it has to be a descriptor: always readable. */
static int sync_file(void)
{
	if (signalled < 0)
		signalled = eventfd(1, EFD_CLOEXEC);
	return fcntl(signalled, F_DUPFD_CLOEXEC, 0);
}

/* The real node's answer to what describes the GPU, 0 to all else. */
static int answer(int fd, unsigned long request, void *arg)
{
	struct timespec ts;

	switch (_IOC_NR(request)) {
	case _IOC_NR(DRM_IOCTL_VERSION):
	case _IOC_NR(DRM_IOCTL_GET_CAP):
	case _IOC_NR(DRM_IOCTL_ASAHI_GET_PARAMS):
		return next_ioctl(fd, request, arg);
	case _IOC_NR(DRM_IOCTL_ASAHI_GET_TIME):
		clock_gettime(CLOCK_MONOTONIC, &ts);
		((struct drm_asahi_get_time *)arg)->gpu_timestamp =
			(uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
		return 0;
	case _IOC_NR(DRM_IOCTL_ASAHI_GEM_CREATE):
		return create(arg);
	case _IOC_NR(DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET):
		((struct drm_asahi_gem_mmap_offset *)arg)->offset =
			offsets[((struct drm_asahi_gem_mmap_offset *)arg)->handle % MAX_HANDLE];
		return 0;
	case _IOC_NR(DRM_IOCTL_ASAHI_VM_CREATE):
		((struct drm_asahi_vm_create *)arg)->vm_id = atomic_fetch_add(&next_id, 1);
		return 0;
	case _IOC_NR(DRM_IOCTL_ASAHI_QUEUE_CREATE):
		((struct drm_asahi_queue_create *)arg)->queue_id = atomic_fetch_add(&next_id, 1);
		return 0;
	case _IOC_NR(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT):
		((struct drm_asahi_gem_bind_object *)arg)->object_handle =
			atomic_fetch_add(&next_id, 1);
		return 0;
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_CREATE):
		((struct drm_syncobj_create *)arg)->handle = atomic_fetch_add(&next_id, 1);
		return 0;
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_QUERY): {
		const struct drm_syncobj_timeline_array *args = arg;

		memset((void *)(uintptr_t)args->points, 0xff, args->count_handles * 8ull);
		return 0;
	}
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD):
		((struct drm_syncobj_handle *)arg)->fd = sync_file();
		return 0;
	case _IOC_NR(DRM_IOCTL_PRIME_HANDLE_TO_FD):
		((struct drm_prime_handle *)arg)->fd = fcntl(pool, F_DUPFD_CLOEXEC, 0);
		return 0;
	case _IOC_NR(DRM_IOCTL_PRIME_FD_TO_HANDLE):
		errno = EOPNOTSUPP;
		return -1;
	default:
		return 0;
	}
}

EXPORT int ioctl(int fd, unsigned long request, ...);
EXPORT int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (request == DMA_BUF_IOCTL_IMPORT_SYNC_FILE)
		return 0;
	if (request == DMA_BUF_IOCTL_EXPORT_SYNC_FILE) {
		((struct dma_buf_export_sync_file *)arg)->fd = sync_file();
		return 0;
	}
	if (_IOC_TYPE(request) != DRM_IOCTL_BASE || fd < 0 || fd >= MAX_FD)
		return next_ioctl(fd, request, arg);
	atomic_store_explicit(&is_node[fd], true, memory_order_relaxed);
	return answer(fd, request, arg);
}

EXPORT void *mmap64(void *addr, size_t size, int prot, int flags, int fd, off_t offset);
EXPORT void *mmap64(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
{
	if (fd >= 0 && fd < MAX_FD && atomic_load_explicit(&is_node[fd], memory_order_relaxed))
		fd = pool;
	return next_mmap(addr, size, prot, flags, fd, offset);
}

EXPORT void *mmap(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
	__attribute__((alias("mmap64")));

EXPORT int close(int fd)
{
	if (fd >= 0 && fd < MAX_FD)
		atomic_store_explicit(&is_node[fd], false, memory_order_relaxed);
	return next_close(fd);
}
