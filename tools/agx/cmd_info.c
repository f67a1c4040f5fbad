// SPDX-License-Identifier: MIT
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xf86drm.h>
#ifdef HAVE_LIBUDEV
#include <libudev.h>
#endif

#include "agx.h"
#include "agx_soc.h"
#include "asahi_drm.h"
#include "pairs.h"

#define MAX_NODES 64

struct nodes {
	char *path[MAX_NODES];
	size_t count;
};

static void nodes_add(struct nodes *nodes, const char *path)
{
	size_t i;

	if (!path || nodes->count == MAX_NODES)
		return;
	for (i = 0; i < nodes->count; i++)
		if (!strcmp(nodes->path[i], path))
			return;
	nodes->path[nodes->count] = strdup(path);
	if (nodes->path[nodes->count])
		nodes->count++;
}

#ifdef HAVE_LIBUDEV
static void nodes_from_udev(struct nodes *nodes)
{
	struct udev *udev = udev_new();
	struct udev_enumerate *list = udev ? udev_enumerate_new(udev) : NULL;
	struct udev_list_entry *entry;
	struct udev_device *device;

	if (list) {
		udev_enumerate_add_match_subsystem(list, "drm");
		udev_enumerate_add_match_sysname(list, "renderD*");
		udev_enumerate_scan_devices(list);
		udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(list))
		{
			device =
				udev_device_new_from_syspath(udev, udev_list_entry_get_name(entry));
			if (device)
				nodes_add(nodes, udev_device_get_devnode(device));
			udev_device_unref(device);
		}
		udev_enumerate_unref(list);
	}
	udev_unref(udev);
}
#else
static void nodes_from_udev(struct nodes *nodes)
{
}
#endif

/* What udev does not know of: a node in a container, and the virtual one inside `agx run`. */
static void nodes_from_libdrm(struct nodes *nodes)
{
	drmDevicePtr devices[MAX_NODES];
	int i, count = drmGetDevices2(0, devices, MAX_NODES);

	for (i = 0; i < count; i++)
		if (devices[i]->available_nodes & (1 << DRM_NODE_RENDER))
			nodes_add(nodes, devices[i]->nodes[DRM_NODE_RENDER]);
	if (count > 0)
		drmFreeDevices(devices, count);
}

/* 0 and the parameters when path is an asahi node, otherwise a negative errno. */
static int read_node(const char *path, struct drm_asahi_params_global *params)
{
	struct drm_asahi_get_params get = {
		.pointer = (uintptr_t)params,
		.size = sizeof(*params),
	};
	drmVersionPtr version;
	int fd, ret = 0;

	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	version = drmGetVersion(fd);
	if (!version || strcmp(version->name, "asahi"))
		ret = -ENODEV;
	drmFreeVersion(version);
	memset(params, 0, sizeof(*params));
	if (!ret && drmIoctl(fd, DRM_IOCTL_ASAHI_GET_PARAMS, &get))
		ret = -errno;
	close(fd);
	return ret;
}

static unsigned int count_cores(const struct drm_asahi_params_global *params)
{
	unsigned int i, cores = 0;

	for (i = 0; i < params->num_clusters_total && i < DRM_ASAHI_MAX_CLUSTERS; i++)
		cores += (unsigned int)__builtin_popcountll(params->core_masks[i]);
	return cores;
}

static void add_hex(struct json_object *object, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	json_object_object_add(object, name, json_object_new_string(text));
}

static void add_number(struct json_object *object, const char *name, uint64_t value)
{
	json_object_object_add(object, name, json_object_new_int64((int64_t)value));
}

static struct json_object *params_to_json(const struct drm_asahi_params_global *p)
{
	struct json_object *object = json_object_new_object(), *masks = json_object_new_array();
	char text[24];
	unsigned int i;

	add_hex(object, "features", p->features);
	add_number(object, "gpu_generation", p->gpu_generation);
	snprintf(text, sizeof(text), "%c", (int)(p->gpu_variant & 0x7f));
	json_object_object_add(object, "gpu_variant", json_object_new_string(text));
	add_hex(object, "gpu_revision", p->gpu_revision);
	add_hex(object, "chip_id", p->chip_id);
	add_number(object, "num_dies", p->num_dies);
	add_number(object, "num_clusters_total", p->num_clusters_total);
	add_number(object, "num_cores_per_cluster", p->num_cores_per_cluster);
	add_number(object, "cores", count_cores(p));
	add_number(object, "max_frequency_khz", p->max_frequency_khz);
	for (i = 0; i < p->num_clusters_total && i < DRM_ASAHI_MAX_CLUSTERS; i++) {
		snprintf(text, sizeof(text), "0x%" PRIx64, (uint64_t)p->core_masks[i]);
		json_object_array_add(masks, json_object_new_string(text));
	}
	json_object_object_add(object, "core_masks", masks);
	add_hex(object, "vm_start", p->vm_start);
	add_hex(object, "vm_end", p->vm_end);
	add_hex(object, "vm_kernel_min_size", p->vm_kernel_min_size);
	add_number(object, "max_commands_per_submission", p->max_commands_per_submission);
	add_number(object, "max_attachments", p->max_attachments);
	add_number(object, "command_timestamp_frequency_hz", p->command_timestamp_frequency_hz);
	return object;
}

static void print_params(const char *name, const char *product,
			 const struct drm_asahi_params_global *p)
{
	printf("  %-22s %-8s G%u%c  chip 0x%04x  dies %u  clusters %u  cores %2u", name, product,
	       p->gpu_generation, (int)(p->gpu_variant & 0x7f), p->chip_id, p->num_dies,
	       p->num_clusters_total, count_cores(p));
}

/* The firmwares that a virtual GPU can have: printed, or as a list. */
static struct json_object *firmwares(const struct agx_soc *soc, bool print)
{
	struct json_object *list = print ? NULL : json_object_new_array();
	struct gpu_pair pair;
	unsigned int i;

	for (i = 0; pairs_get(i, &pair); i++) {
		if (pair.soc != soc)
			continue;
		if (print)
			printf(" %s", pair.firmware);
		else
			json_object_array_add(list, json_object_new_string(pair.firmware));
	}
	return list;
}

static void show_nodes(const struct nodes *nodes, struct json_object *list)
{
	struct drm_asahi_params_global params;
	struct json_object *item;
	unsigned int found = 0;
	size_t i;
	int ret;

	if (!list)
		printf("Nodes of this machine:\n");
	for (i = 0; i < nodes->count; i++) {
		ret = read_node(nodes->path[i], &params);
		if (ret == -ENODEV)
			continue;
		if (ret) {
			tool_warning("%s: %s", nodes->path[i], strerror(-ret));
			continue;
		}
		found++;
		if (!list) {
			print_params(nodes->path[i], "", &params);
			printf("\n");
			continue;
		}
		item = params_to_json(&params);
		json_object_object_add(item, "node", json_object_new_string(nodes->path[i]));
		json_object_array_add(list, item);
	}
	if (!list && !found)
		printf("  none (%zu render nodes of other drivers)\n", nodes->count);
}

static void show_socs(struct json_object *list)
{
	struct drm_asahi_params_global params;
	const struct agx_soc *soc;
	struct json_object *item;
	unsigned int i;

	if (!list)
		printf("Virtual GPUs (agx run --gpu, --firmware):\n");
	for (i = 0; (soc = agx_soc_get(i)); i++) {
		memset(&params, 0, sizeof(params));
		agx_soc_params(soc, 0, &params);
		if (!list) {
			print_params(soc->name, soc->product, &params);
			printf("  firmware");
			firmwares(soc, true);
			printf("\n");
			continue;
		}
		item = params_to_json(&params);
		json_object_object_add(item, "name", json_object_new_string(soc->name));
		json_object_object_add(item, "product", json_object_new_string(soc->product));
		json_object_object_add(item, "firmware", firmwares(soc, false));
		json_object_array_add(list, item);
	}
}

static const struct argp_option options[] = {
	{"json", 'j', NULL, 0, "all parameters, as JSON", 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	bool *json = state->input;

	switch (key) {
	case 'j':
		*json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument \"%s\"", arg);
	}
	return ARGP_ERR_UNKNOWN;
}

int cmd_info(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.doc = "Lists the machine's GPUs that speak the asahi uAPI, and the SoCs whose GPU "
		       "can be modelled, with their parameters.",
	};
	struct json_object *root = NULL, *real = NULL, *virtual = NULL;
	struct nodes nodes = {.count = 0};
	bool json = false;

	argp_err_exit_status = AGX_EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &json);
	nodes_from_udev(&nodes);
	nodes_from_libdrm(&nodes);
	if (json) {
		root = json_object_new_object();
		real = json_object_new_array();
		virtual = json_object_new_array();
		json_object_object_add(root, "nodes", real);
		json_object_object_add(root, "virtual", virtual);
	}
	show_nodes(&nodes, real);
	show_socs(virtual);
	if (json)
		printf("%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	json_object_put(root);
	while (nodes.count)
		free(nodes.path[--nodes.count]);
	return AGX_EXIT_OK;
}
