// SPDX-License-Identifier: MIT
/* A program for test_run.py to run: does one thing with the node and exits. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xf86drm.h>

#include "asahi_drm.h"

static int open_node(void)
{
	char path[32];
	const char *node = getenv("AGX_NODE");

	snprintf(path, sizeof(path), "/dev/dri/renderD%ld", node ? strtol(node, NULL, 10) : 0);
	return open(path, O_RDWR | O_CLOEXEC);
}

/* The handle of a new, mapped buffer object; 0 and errno on failure. */
static uint32_t allocate(int fd, size_t size)
{
	struct drm_asahi_gem_create create = {.size = size};
	struct drm_asahi_gem_mmap_offset offset = {0};

	if (ioctl(fd, DRM_IOCTL_ASAHI_GEM_CREATE, &create))
		return 0;
	offset.handle = create.handle;
	if (ioctl(fd, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &offset) ||
	    mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset.offset) ==
		    MAP_FAILED)
		return 0;
	return create.handle;
}

static int tidy(int fd)
{
	struct drm_asahi_gem_create create = {.size = 1 << 20};
	struct drm_gem_close args = {0};

	if (ioctl(fd, DRM_IOCTL_ASAHI_GEM_CREATE, &create))
		return 1;
	args.handle = create.handle;
	if (ioctl(fd, DRM_IOCTL_GEM_CLOSE, &args))
		return 1;
	drmFreeVersion(drmGetVersion(fd));
	return close(fd) ? 1 : 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	char buffer[64] = {0};
	int fd = open_node(), i;
	pid_t pid;

	if (fd < 0)
		return 2;
	if (!strcmp(what, "tidy"))
		return tidy(fd);
	if (!strcmp(what, "untidy"))
		return allocate(fd, 1 << 20) ? 0 : 1;
	if (!strcmp(what, "abandon")) {
		for (i = 0; i < 2; i++) {
			struct drm_asahi_gem_create create = {.size = 1 << 20};

			if (ioctl(fd, DRM_IOCTL_ASAHI_GEM_CREATE, &create))
				return 1;
		}
		return close(fd);
	}
	if (!strcmp(what, "allocate") && argc == 3)
		return allocate(fd, (size_t)atoi(argv[2]) << 20) ? 0 : errno;
	if (!strcmp(what, "unknown")) {
		/* Driver ioctls past the last one. */
		for (i = 0; i < 3; i++)
			if (!ioctl(fd, DRM_IOW(DRM_COMMAND_BASE + 0x30 + i / 2, buffer), buffer))
				return 1;
		return 0;
	}
	if (!strcmp(what, "die")) {
		for (i = 0; i < 40; i++)
			allocate(fd, 16384);
		raise(SIGKILL);
	}
	if (!strcmp(what, "fork")) {
		pid = fork();
		if (!pid)
			_exit(allocate(fd, 16384) ? 0 : 1);
		waitpid(pid, &i, 0);
		return i ? 1 : tidy(fd);
	}
	return 2;
}
