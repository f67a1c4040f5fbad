/* SPDX-License-Identifier: MIT */
/* What the programs that run under `agx run` share. */
#ifndef TESTS_PRELOAD_CLIENT_H
#define TESTS_PRELOAD_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
/* cmocka.h needs the above. */
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xf86drm.h>

#include "asahi_drm.h"
#include "preload/stats.h"

/* The node's path, from what `agx run` says. */
static inline const char *node_path(void)
{
	static __thread char path[32];
	const char *node = getenv("AGX_NODE");

	assert_non_null(node);
	snprintf(path, sizeof(path), "/dev/dri/renderD%ld", strtol(node, NULL, 10));
	return path;
}

static inline int open_node(void)
{
	int fd = open(node_path(), O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* 0 when fd answers as the node, else the errno. */
static inline int try_node(int fd)
{
	struct drm_asahi_params_global params;
	struct drm_asahi_get_params get = {
		.pointer = (uintptr_t)&params,
		.size = sizeof(params),
	};

	return ioctl(fd, DRM_IOCTL_ASAHI_GET_PARAMS, &get) ? errno : 0;
}

static inline uint32_t create_bo(int fd, uint64_t size)
{
	struct drm_asahi_gem_create create = {.size = size, .flags = DRM_ASAHI_GEM_WRITEBACK};

	assert_int_equal(ioctl(fd, DRM_IOCTL_ASAHI_GEM_CREATE, &create), 0);
	return create.handle;
}

static inline uint64_t bo_offset(int fd, uint32_t handle)
{
	struct drm_asahi_gem_mmap_offset offset = {.handle = handle};

	assert_int_equal(ioctl(fd, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &offset), 0);
	return offset.offset;
}

static inline int close_bo(int fd, uint32_t handle)
{
	struct drm_gem_close args = {.handle = handle};

	return ioctl(fd, DRM_IOCTL_GEM_CLOSE, &args) ? errno : 0;
}

static inline void *map_bo(int fd, uint32_t handle, size_t size)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			 (off_t)bo_offset(fd, handle));

	assert_ptr_not_equal(map, MAP_FAILED);
	return map;
}

/* How many files of this process are in the run directory's stats, and the latest one's content. */
static inline int read_stats(struct preload_stats *stats)
{
	char path[256], prefix[16];
	struct dirent *entry;
	int count = 0, fd;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/stats", getenv("AGX_RUN_DIR"));
	snprintf(prefix, sizeof(prefix), "%d.", (int)getpid());
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)))
			continue;
		count++;
		fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		assert_int_equal(read(fd, stats, sizeof(*stats)), sizeof(*stats));
		close(fd);
	}
	closedir(dir);
	return count;
}

/* The number of buffer objects that the process's node has now. */
static inline uint64_t live_bos(int fd)
{
	struct preload_stats stats;
	int i;

	/* The counters are written every so many ioctls. */
	for (i = 0; i < 64; i++)
		assert_int_equal(try_node(fd), 0);
	assert_true(read_stats(&stats) > 0);
	return stats.node.live_bos;
}

#endif
