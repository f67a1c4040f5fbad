// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xf86drm.h>

#include "agx.h"
#include "asahi_drm.h"
#include "replay_target.h"

/* The longest that a wait may take that succeeded in the recording. */
#define PATIENCE_NS 10000000000ull

struct node_target {
	struct agx_replay_target base;
	const char *path;
};

/* An open file of the node: the descriptor, as a pointer that is not NULL. */
static void *file_of(int fd)
{
	return (void *)(intptr_t)(fd + 1);
}

static int fd_of(void *file)
{
	return (int)(intptr_t)file - 1;
}

static int node_open(struct agx_replay_target *target, uint32_t stream, void **file)
{
	int fd = open(((struct node_target *)target)->path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	*file = file_of(fd);
	return 0;
}

static void node_close(struct agx_replay_target *target, void *file)
{
	close(fd_of(file));
}

static int node_begin(struct agx_replay_target *target, const char *soc, char *message, size_t size)
{
	const char *path = ((struct node_target *)target)->path;
	struct drm_asahi_params_global params = {0};
	struct drm_asahi_get_params get = {
		.pointer = (uintptr_t)&params,
		.size = sizeof(params),
	};
	drmVersionPtr version;
	char found[16];
	int fd, ret = 0;

	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		ret = -errno;
		snprintf(message, size, "%s cannot be opened: %s", path, strerror(-ret));
		return ret;
	}
	version = drmGetVersion(fd);
	if (!version || strcmp(version->name, "asahi")) {
		ret = -ENODEV;
		snprintf(message, size, "%s is a node of the driver %s, not of asahi", path,
			 version ? version->name : "(none: no DRM node)");
	} else if (drmIoctl(fd, DRM_IOCTL_ASAHI_GET_PARAMS, &get)) {
		ret = -errno;
		snprintf(message, size, "%s does not tell its parameters: %s", path,
			 strerror(-ret));
	} else {
		snprintf(found, sizeof(found), "t%04x", params.chip_id);
		if (strcmp(found, soc)) {
			ret = -ENODEV;
			snprintf(message, size,
				 "the trace is of SoC %s, %s is a %s; --gpu %s replays it anyway",
				 soc, path, found, found);
		}
	}
	drmFreeVersion(version);
	close(fd);
	return ret;
}

static long node_ioctl(struct agx_replay_target *target, void *file, uint32_t request, void *arg)
{
	int ret = drmIoctl(fd_of(file), request, arg);

	return ret < 0 ? -errno : ret;
}

static long node_fd_ioctl(struct agx_replay_target *target, uint32_t stream, int fd, bool sync_file,
			  uint32_t request, void *arg)
{
	int ret = drmIoctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

static void node_close_fd(struct agx_replay_target *target, uint32_t stream, int fd)
{
	close(fd);
}

static int node_map(struct agx_replay_target *target, void *file, uint64_t offset, uint64_t size,
		    struct agx_replay_mapping *mapping)
{
	void *pointer =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd_of(file), (off_t)offset);

	if (pointer == MAP_FAILED)
		return -errno;
	*mapping = (struct agx_replay_mapping){.pointer = pointer, .size = size};
	return 0;
}

static void node_unmap(struct agx_replay_target *target, const struct agx_replay_mapping *mapping)
{
	munmap(mapping->pointer, mapping->size);
}

static const struct agx_replay_target_ops node_ops = {
	.begin = node_begin,
	.open = node_open,
	.close = node_close,
	.ioctl = node_ioctl,
	.fd_ioctl = node_fd_ioctl,
	.close_fd = node_close_fd,
	.map = node_map,
	.unmap = node_unmap,
};

struct agx_replay_target *replay_target_node_create(const char *path)
{
	struct node_target *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->base.ops = &node_ops;
	n->base.patience = PATIENCE_NS;
	n->path = path;
	return &n->base;
}

void replay_target_node_destroy(struct agx_replay_target *target)
{
	free(target);
}
