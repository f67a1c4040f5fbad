// SPDX-License-Identifier: MIT
#include "internal.h"

#ifdef HAVE_LIBUDEV

#include <fcntl.h>
#include <libudev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct agx_monitor {
	struct agx_context *ctx;
	struct udev *udev;
	struct udev_monitor *monitor;
};

int agx_monitor_create(struct agx_context *ctx, struct agx_monitor **out)
{
	struct agx_monitor *monitor = calloc(1, sizeof(*monitor));
	int ret = -ENOMEM;

	*out = NULL;
	if (!monitor)
		return lib_fail(ctx, -ENOMEM, "monitor: no memory");
	monitor->ctx = lib_context_get(ctx);
	monitor->udev = udev_new();
	if (!monitor->udev) {
		lib_fail(ctx, ret, "monitor: no memory for udev");
		goto destroy;
	}
	errno = ENOMEM;
	/* What udev passes on, not the kernel: a node is ready to be opened then. */
	monitor->monitor = udev_monitor_new_from_netlink(monitor->udev, "udev");
	if (!monitor->monitor) {
		ret = lib_fail(ctx, -errno, "monitor: udev's socket: %s", strerror(errno));
		goto destroy;
	}
	ret = udev_monitor_filter_add_match_subsystem_devtype(monitor->monitor, "drm", NULL);
	if (ret >= 0)
		ret = udev_monitor_enable_receiving(monitor->monitor);
	if (ret < 0) {
		lib_fail(ctx, ret, "monitor: udev's socket: %s", strerror(-ret));
		goto destroy;
	}
	*out = monitor;
	return 0;

destroy:
	agx_monitor_destroy(monitor);
	return ret;
}

void agx_monitor_destroy(struct agx_monitor *monitor)
{
	if (!monitor)
		return;
	udev_monitor_unref(monitor->monitor);
	udev_unref(monitor->udev);
	lib_context_put(monitor->ctx);
	free(monitor);
}

int agx_monitor_fd(const struct agx_monitor *monitor)
{
	return udev_monitor_get_fd(monitor->monitor);
}

static bool is_asahi(const char *path)
{
	struct agx_backend *backend;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0 || lib_backend_node(NULL, fd, &backend))
		return false;
	backend->ops->destroy(backend);
	return true;
}

static bool is_event(struct udev_device *device, struct agx_monitor_event *event)
{
	const char *action = udev_device_get_action(device);
	const char *name = udev_device_get_sysname(device);
	const char *path = udev_device_get_devnode(device);

	if (!action || !name || strncmp(name, "renderD", 7) || !path)
		return false;
	*event = (struct agx_monitor_event){.action = AGX_MONITOR_REMOVED};
	if (!strcmp(action, "add"))
		event->action = AGX_MONITOR_ADDED;
	else if (strcmp(action, "remove"))
		return false;
	snprintf(event->name, sizeof(event->name), "%s", name);
	snprintf(event->path, sizeof(event->path), "%s", path);
	return event->action == AGX_MONITOR_REMOVED || is_asahi(path);
}

int agx_monitor_next(struct agx_monitor *monitor, struct agx_monitor_event *event)
{
	struct udev_device *device;
	bool found = false;

	while (!found && (device = udev_monitor_receive_device(monitor->monitor))) {
		found = is_event(device, event);
		udev_device_unref(device);
	}
	return found;
}

#else

int agx_monitor_create(struct agx_context *ctx, struct agx_monitor **monitor)
{
	*monitor = NULL;
	return lib_fail(ctx, -ENOSYS,
			"monitor: the library was built without libudev, which tells of nodes");
}

void agx_monitor_destroy(struct agx_monitor *monitor)
{
}

int agx_monitor_fd(const struct agx_monitor *monitor)
{
	return -1;
}

int agx_monitor_next(struct agx_monitor *monitor, struct agx_monitor_event *event)
{
	return 0;
}

#endif
