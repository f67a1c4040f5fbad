// SPDX-License-Identifier: MIT
#include "enumerate.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xf86drm.h>
#ifdef HAVE_LIBUDEV
#include <libudev.h>
#endif

#include "internal.h"

#define MAX_NODES 64 /* minors of render nodes, Linux drivers/gpu/drm/drm_drv.c */

static int add_node(struct lib_nodes *nodes, const char *path, bool apple)
{
	struct lib_node *grown;
	size_t i;

	if (!path)
		return 0;
	for (i = 0; i < nodes->count; i++) {
		if (!strcmp(nodes->node[i].path, path)) {
			nodes->node[i].apple |= apple;
			return 0;
		}
	}
	grown = realloc(nodes->node, (nodes->count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	nodes->node = grown;
	grown[nodes->count] = (struct lib_node){.path = strdup(path), .apple = apple};
	if (!grown[nodes->count].path)
		return -ENOMEM;
	nodes->count++;
	return 0;
}

#ifdef HAVE_LIBUDEV
static int from_udev(struct lib_nodes *nodes)
{
	struct udev *udev = udev_new();
	struct udev_enumerate *list = udev ? udev_enumerate_new(udev) : NULL;
	struct udev_list_entry *entry;
	struct udev_device *device;
	int ret = list ? 0 : -ENOMEM;

	if (list) {
		udev_enumerate_add_match_subsystem(list, "drm");
		udev_enumerate_add_match_sysname(list, "renderD*");
		udev_enumerate_scan_devices(list);
		udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(list))
		{
			device =
				udev_device_new_from_syspath(udev, udev_list_entry_get_name(entry));
			if (device && !ret)
				ret = add_node(nodes, udev_device_get_devnode(device), false);
			udev_device_unref(device);
		}
		udev_enumerate_unref(list);
	}
	udev_unref(udev);
	return ret;
}
#else
static int from_udev(struct lib_nodes *nodes)
{
	return 0;
}
#endif

/* Linux Documentation/devicetree/bindings/gpu/apple,agx.yaml */
static bool is_apple(const drmDevice *device)
{
	char **compatible;

	if (device->bustype != DRM_BUS_PLATFORM || !device->deviceinfo.platform)
		return false;
	compatible = device->deviceinfo.platform->compatible;
	while (compatible && *compatible)
		if (!strncmp(*compatible++, "apple,agx-", 10))
			return true;
	return false;
}

/* What udev does not know of: a node in a container, and the virtual one inside `agx run`. */
static int from_libdrm(struct lib_nodes *nodes)
{
	drmDevicePtr devices[MAX_NODES];
	int i, ret = 0, count = drmGetDevices2(0, devices, MAX_NODES);

	for (i = 0; i < count && !ret; i++)
		if (devices[i]->available_nodes & (1 << DRM_NODE_RENDER))
			ret = add_node(nodes, devices[i]->nodes[DRM_NODE_RENDER],
				       is_apple(devices[i]));
	if (count == -ENOMEM)
		ret = count;
	if (count > 0)
		drmFreeDevices(devices, count);
	return ret;
}

int lib_nodes_find(struct agx_context *ctx, struct lib_nodes *nodes)
{
	int ret;

	*nodes = (struct lib_nodes){0};
	ret = from_udev(nodes);
	if (!ret)
		ret = from_libdrm(nodes);
	return ret ? lib_fail(ctx, ret, "devices: no memory for the list of nodes") : 0;
}

void lib_nodes_finish(struct lib_nodes *nodes)
{
	while (nodes->count)
		free(nodes->node[--nodes->count].path);
	free(nodes->node);
	nodes->node = NULL;
}

/* 0: it is one of asahi; 1: it is not, or cannot be looked at; -ENOMEM. */
static int look_at(struct agx_context *ctx, const char *path, struct agx_device_entry *entry)
{
	struct agx_device_params params;
	struct agx_backend *backend;
	const char *slash = strrchr(path, '/');
	int ret, fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		lib_log(ctx, AGX_LOG_WARN, "%s: %s: left out", path, strerror(errno));
		return 1;
	}
	/* Another driver's node is no failure of the call: no message is kept. */
	ret = lib_backend_node(NULL, fd, &backend);
	if (ret == -ENOMEM)
		return lib_fail(ctx, ret, "devices: no memory to look at %s", path);
	if (ret)
		return 1;
	ret = lib_read_params(NULL, path, backend, &params);
	backend->ops->destroy(backend);
	if (ret) {
		lib_log(ctx, AGX_LOG_WARN, "%s: GET_PARAMS: %s: left out", path, strerror(-ret));
		return 1;
	}
	*entry = (struct agx_device_entry){
		.kind = AGX_DEVICE_NODE,
		.chip_id = params.chip_id,
	};
	snprintf(entry->name, sizeof(entry->name), "%s", slash ? slash + 1 : path);
	snprintf(entry->path, sizeof(entry->path), "%s", path);
	snprintf(entry->product, sizeof(entry->product), "%s", params.product);
	return 0;
}

int agx_device_list(struct agx_context *ctx, struct agx_device_entry *entries, unsigned int max)
{
	const char *name, *product;
	struct agx_device_entry entry;
	unsigned int count = 0;
	struct lib_nodes nodes;
	uint32_t chip_id;
	int ret;

	ret = lib_nodes_find(ctx, &nodes);
	for (size_t i = 0; ret >= 0 && i < nodes.count; i++) {
		ret = look_at(ctx, nodes.node[i].path, &entry);
		if (ret)
			continue;
		if (count < max)
			entries[count] = entry;
		count++;
	}
	lib_nodes_finish(&nodes);
	if (ret < 0)
		return ret;
	for (unsigned int i = 0;; i++) {
		ret = lib_virtual_gpu(ctx, i, &name, &product, &chip_id);
		if (ret == -ENOMEM)
			return ret;
		if (ret)
			break;
		entry = (struct agx_device_entry){
			.kind = AGX_DEVICE_VIRTUAL,
			.chip_id = chip_id,
		};
		snprintf(entry.name, sizeof(entry.name), "%s", name);
		snprintf(entry.product, sizeof(entry.product), "%s", product);
		if (count < max)
			entries[count] = entry;
		count++;
	}
	return (int)count;
}
