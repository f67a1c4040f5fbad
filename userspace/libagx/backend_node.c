// SPDX-License-Identifier: MIT
/*
 * A node of the asahi driver: a Mac's, that of a virtual machine, or what `agx run` shows as one.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>

#include "internal.h"

static long call(int fd, unsigned long request, void *arg)
{
	int ret = drmIoctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

static long node_ioctl(struct agx_backend *backend, unsigned long request, void *arg)
{
	return call(backend->fd, request, arg);
}

static int node_map(struct agx_backend *backend, uint64_t offset, size_t size, void **map)
{
	void *mapped =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, backend->fd, (off_t)offset);

	if (mapped == MAP_FAILED)
		return -errno;
	*map = mapped;
	return 0;
}

static void node_unmap(struct agx_backend *backend, void *map, size_t size)
{
	munmap(map, size);
}

static long node_fd_ioctl(struct agx_backend *backend, int fd, unsigned long request, void *arg)
{
	return call(fd, request, arg);
}

static void node_close_fd(struct agx_backend *backend, int fd)
{
	close(fd);
}

static void node_destroy(struct agx_backend *backend)
{
	close(backend->fd);
	free(backend);
}

static const struct agx_backend_ops node_ops = {
	.ioctl = node_ioctl,
	.map = node_map,
	.unmap = node_unmap,
	.fd_ioctl = node_fd_ioctl,
	.close_fd = node_close_fd,
	.destroy = node_destroy,
};

static int check_driver(struct agx_context *ctx, int fd)
{
	drmVersionPtr version;
	int ret = 0;

	errno = 0;
	version = drmGetVersion(fd);
	if (!version && errno == ENOMEM)
		return lib_fail(ctx, -ENOMEM, "node: no memory for the driver's name");
	if (!version)
		return lib_fail(ctx, -ENODEV, "node: it does not answer as a DRM node does: %s",
				strerror(errno));
	if (strcmp(version->name, "asahi"))
		ret = lib_fail(ctx, -ENODEV, "node: driver \"asahi\" expected, got \"%s\"",
			       version->name);
	drmFreeVersion(version);
	return ret;
}

int lib_backend_node(struct agx_context *ctx, int fd, struct agx_backend **out)
{
	struct agx_backend *backend = NULL;
	int ret = check_driver(ctx, fd);

	if (!ret) {
		backend = calloc(1, sizeof(*backend));
		if (!backend)
			ret = lib_fail(ctx, -ENOMEM, "node: no memory");
	}
	if (ret) {
		close(fd);
		return ret;
	}
	backend->ops = &node_ops;
	backend->fd = fd;
	*out = backend;
	return 0;
}
