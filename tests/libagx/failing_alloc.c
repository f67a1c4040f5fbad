// SPDX-License-Identifier: MIT
#include "failing_alloc.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <libudev.h>
#include <xf86drm.h>

static atomic_uint left; /* calls up to the one that fails; 0: none will */
static atomic_long live;
static const char *volatile hit;

void failing_alloc_at(unsigned int number)
{
	if (number)
		hit = NULL;
	atomic_store(&left, number);
}

const char *failing_alloc_hit(void)
{
	return hit;
}

long failing_alloc_live(void)
{
	return atomic_load(&live);
}

bool failing_alloc_now(const char *name)
{
	unsigned int n = atomic_load(&left);

	while (n && !atomic_compare_exchange_weak(&left, &n, n - 1))
		;
	if (n != 1)
		return false;
	hit = name;
	errno = ENOMEM;
	return true;
}

static void *count(void *memory)
{
	if (memory)
		atomic_fetch_add(&live, 1);
	return memory;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
void __real_free(void *memory);
void __wrap_free(void *memory);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__real_realpath(const char *path, char *resolved);
char *__wrap_realpath(const char *path, char *resolved);
FILE *__real_fopen64(const char *path, const char *mode);
FILE *__wrap_fopen64(const char *path, const char *mode);
void *__real_mmap64(void *at, size_t size, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *at, size_t size, int prot, int flags, int fd, off_t offset);
int __real_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size);
int __real_pthread_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attributes);
int __wrap_pthread_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attributes);
int __real_pthread_mutex_destroy(pthread_mutex_t *lock);
int __wrap_pthread_mutex_destroy(pthread_mutex_t *lock);
drmVersionPtr __real_drmGetVersion(int fd);
drmVersionPtr __wrap_drmGetVersion(int fd);
int __real_drmGetDevices2(uint32_t flags, drmDevicePtr *devices, int max);
int __wrap_drmGetDevices2(uint32_t flags, drmDevicePtr *devices, int max);
struct udev *__real_udev_new(void);
struct udev *__wrap_udev_new(void);
struct udev_enumerate *__real_udev_enumerate_new(struct udev *udev);
struct udev_enumerate *__wrap_udev_enumerate_new(struct udev *udev);

void *__wrap_malloc(size_t size)
{
	return failing_alloc_now("malloc") ? NULL : count(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return failing_alloc_now("calloc") ? NULL : count(__real_calloc(n, size));
}

void *__wrap_realloc(void *memory, size_t size)
{
	void *larger = failing_alloc_now("realloc") ? NULL : __real_realloc(memory, size);

	return memory ? larger : count(larger);
}

void *__wrap_reallocarray(void *memory, size_t n, size_t size)
{
	void *larger =
		failing_alloc_now("reallocarray") ? NULL : __real_reallocarray(memory, n, size);

	return memory ? larger : count(larger);
}

void __wrap_free(void *memory)
{
	if (memory)
		atomic_fetch_sub(&live, 1);
	__real_free(memory);
}

char *__wrap_strdup(const char *text)
{
	return failing_alloc_now("strdup") ? NULL : count(__real_strdup(text));
}

char *__wrap_realpath(const char *path, char *resolved)
{
	if (failing_alloc_now("realpath"))
		return NULL;
	return resolved ? __real_realpath(path, resolved) : count(__real_realpath(path, NULL));
}

/* What fopen() and mmap() are called with offsets of 64 bits (_FILE_OFFSET_BITS). */
FILE *__wrap_fopen64(const char *path, const char *mode)
{
	return failing_alloc_now("fopen") ? NULL : __real_fopen64(path, mode);
}

void *__wrap_mmap64(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
	void *map = failing_alloc_now("mmap") ? MAP_FAILED
					      : __real_mmap64(at, size, prot, flags, fd, offset);

	if (map != MAP_FAILED)
		atomic_fetch_add(&live, 1);
	return map;
}

int __wrap_munmap(void *at, size_t size)
{
	atomic_fetch_sub(&live, 1);
	return __real_munmap(at, size);
}

/* glibc's do not fail; others' may. */
int __wrap_pthread_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attributes)
{
	if (failing_alloc_now("pthread_mutex_init"))
		return ENOMEM;
	atomic_fetch_add(&live, 1);
	return __real_pthread_mutex_init(lock, attributes);
}

int __wrap_pthread_mutex_destroy(pthread_mutex_t *lock)
{
	atomic_fetch_sub(&live, 1);
	return __real_pthread_mutex_destroy(lock);
}

drmVersionPtr __wrap_drmGetVersion(int fd)
{
	return failing_alloc_now("drmGetVersion") ? NULL : __real_drmGetVersion(fd);
}

int __wrap_drmGetDevices2(uint32_t flags, drmDevicePtr *devices, int max)
{
	return failing_alloc_now("drmGetDevices2") ? -ENOMEM
						   : __real_drmGetDevices2(flags, devices, max);
}

struct udev *__wrap_udev_new(void)
{
	return failing_alloc_now("udev_new") ? NULL : __real_udev_new();
}

struct udev_enumerate *__wrap_udev_enumerate_new(struct udev *udev)
{
	return failing_alloc_now("udev_enumerate_new") ? NULL : __real_udev_enumerate_new(udev);
}
