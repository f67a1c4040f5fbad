// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asahi_drm.h"
#include "device_names.h"
#include "enumerate.h"
#include "internal.h"

#define NS_PER_S 1000000000u

struct agx_device *lib_device_get(struct agx_device *device)
{
	atomic_fetch_add_explicit(&device->references, 1, memory_order_relaxed);
	return device;
}

void lib_device_put(struct agx_device *device)
{
	if (!device || atomic_fetch_sub_explicit(&device->references, 1, memory_order_acq_rel) > 1)
		return;
	lib_gem_finish(&device->gem);
	device->backend->ops->destroy(device->backend);
	lib_context_put(device->ctx);
	free(device);
}

/* Both are what libdrm's drmIoctl() restarts for. */
static bool restarts(long ret)
{
	return ret == -EINTR || ret == -EAGAIN;
}

static int done(struct agx_device *device, unsigned long request, long ret)
{
	if (ret < 0 && lib_logs(device->ctx, AGX_LOG_DEBUG))
		lib_log(device->ctx, AGX_LOG_DEBUG, "%s: ioctl %#lx: %s", device->name, request,
			lib_reason((int)ret));
	return (int)ret;
}

int lib_ioctl(struct agx_device *device, unsigned long request, void *arg)
{
	struct agx_backend *backend = device->backend;
	long ret;

	do {
		ret = backend->ops->ioctl(backend, request, arg);
	} while (restarts(ret));
	return done(device, request, ret);
}

int lib_fd_ioctl(struct agx_device *device, int fd, unsigned long request, void *arg)
{
	struct agx_backend *backend = device->backend;
	long ret;

	do {
		ret = backend->ops->fd_ioctl(backend, fd, request, arg);
	} while (restarts(ret));
	return done(device, request, ret);
}

const char *lib_reason(int ret)
{
	return ret == -ENODEV ? "the device is lost" : strerror(-ret);
}

/* What the rest of the library relies on. A driver would have to be broken to fail here. */
static int check_params(struct agx_context *ctx, const char *name,
			const struct drm_asahi_params_global *p)
{
	if (p->num_clusters_total > DRM_ASAHI_MAX_CLUSTERS)
		return lib_fail(ctx, -EINVAL, "%s: num_clusters_total: at most %u expected, got %u",
				name, DRM_ASAHI_MAX_CLUSTERS, p->num_clusters_total);
	if (p->vm_start >= p->vm_end || p->vm_kernel_min_size >= p->vm_end - p->vm_start)
		return lib_fail(
			ctx, -EINVAL,
			"%s: addresses: a range expected that is larger than the kernel's part, "
			"got [%#llx, %#llx) with %#llx bytes for the kernel",
			name, (unsigned long long)p->vm_start, (unsigned long long)p->vm_end,
			(unsigned long long)p->vm_kernel_min_size);
	if (!p->command_timestamp_frequency_hz ||
	    p->command_timestamp_frequency_hz > UINT64_MAX / NS_PER_S ||
	    !p->max_commands_per_submission)
		return lib_fail(ctx, -EINVAL,
				"%s: timestamps' frequency: 1 to %llu Hz expected, got %llu; "
				"commands of a submission: more than 0 expected, got %u",
				name, (unsigned long long)(UINT64_MAX / NS_PER_S),
				(unsigned long long)p->command_timestamp_frequency_hz,
				p->max_commands_per_submission);
	return 0;
}

int lib_read_params(struct agx_context *ctx, const char *name, struct agx_backend *backend,
		    struct agx_device_params *params)
{
	struct drm_asahi_params_global p = {0};
	struct drm_asahi_get_params get = {
		.pointer = (uintptr_t)&p,
		.size = sizeof(p),
	};
	unsigned int i;
	long ret;

	do {
		ret = backend->ops->ioctl(backend, DRM_IOCTL_ASAHI_GET_PARAMS, &get);
	} while (restarts(ret));
	if (ret < 0)
		return lib_fail(ctx, (int)ret,
				"%s: GET_PARAMS: %s; a driver with the uAPI of Linux 6.16 expected",
				name, strerror((int)-ret));
	ret = check_params(ctx, name, &p);
	if (ret)
		return (int)ret;
	*params = (struct agx_device_params){
		.chip_id = p.chip_id,
		.generation = p.gpu_generation,
		.variant = (char)(p.gpu_variant & 0x7f),
		.revision = p.gpu_revision,
		.dies = p.num_dies,
		.clusters = p.num_clusters_total,
		.cores_per_cluster = p.num_cores_per_cluster,
		.max_frequency_khz = p.max_frequency_khz,
		.va_start = p.vm_start,
		.va_end = p.vm_end,
		.kernel_range = p.vm_kernel_min_size,
		.max_commands = p.max_commands_per_submission,
		.max_attachments = p.max_attachments,
		.timestamp_hz = p.command_timestamp_frequency_hz,
		.soft_faults = p.features & DRM_ASAHI_FEATURE_SOFT_FAULTS,
	};
	for (i = 0; i < p.num_clusters_total; i++) {
		params->core_masks[i] = p.core_masks[i];
		params->cores += (unsigned int)__builtin_popcountll(p.core_masks[i]);
	}
	lib_device_names(p.chip_id, params->name, sizeof(params->name), params->product,
			 sizeof(params->product));
	return 0;
}

/* Takes the backend over, also on failure. */
static int make_device(struct agx_context *ctx, struct agx_backend *backend, const char *name,
		       struct agx_device **out)
{
	struct agx_device *device = calloc(1, sizeof(*device));
	int ret;

	if (!device) {
		backend->ops->destroy(backend);
		return lib_fail(ctx, -ENOMEM, "%s: no memory for a device", name);
	}
	snprintf(device->name, sizeof(device->name), "%s", name);
	ret = lib_read_params(ctx, name, backend, &device->params);
	if (!ret && lib_gem_init(&device->gem))
		ret = lib_fail(ctx, -ENOMEM, "%s: no memory for a lock", name);
	if (ret) {
		backend->ops->destroy(backend);
		free(device);
		return ret;
	}
	atomic_init(&device->references, 1);
	device->ctx = lib_context_get(ctx);
	device->backend = backend;
	device->g14x = device->params.generation >= 14 && device->params.clusters > 1;
	*out = device;
	lib_log(ctx, AGX_LOG_INFO, "device %s: %s %s, chip %#x, G%u%c", name, device->params.name,
		device->params.product, device->params.chip_id, device->params.generation,
		device->params.variant);
	return 0;
}

/* Takes fd over. */
static int open_node(struct agx_context *ctx, int fd, const char *name, struct agx_device **device)
{
	struct agx_backend *backend;
	int ret;

	ret = lib_backend_node(ctx, fd, &backend);
	return ret ? ret : make_device(ctx, backend, name, device);
}

static int open_path(struct agx_context *ctx, const char *path, struct agx_device **device)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return lib_fail(ctx, errno == ENOENT ? -ENODEV : -errno, "%s: %s", path,
				strerror(errno));
	return open_node(ctx, fd, path, device);
}

int agx_device_open_fd(struct agx_context *ctx, int fd, struct agx_device **device)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	char name[64];

	*device = NULL;
	if (copy < 0)
		return lib_fail(ctx, -errno, "descriptor %d: %s", fd, strerror(errno));
	snprintf(name, sizeof(name), "descriptor %d", fd);
	return open_node(ctx, copy, name, device);
}

int agx_device_open_virtual(struct agx_context *ctx, const struct agx_virtual_params *params,
			    struct agx_device **device)
{
	static const struct agx_virtual_params defaults;
	struct agx_backend *backend;
	char name[64];
	int ret;

	*device = NULL;
	if (!params)
		params = &defaults;
	ret = lib_backend_virtual(ctx, params, &backend);
	if (ret)
		return ret;
	snprintf(name, sizeof(name), "virtual %s%s%s", params->gpu ? params->gpu : "GPU",
		 params->firmware ? "@" : "", params->firmware ? params->firmware : "");
	return make_device(ctx, backend, name, device);
}

/* "t8103", "t8103@13.5", "virtual", "virtual@13.5". */
static int open_virtual_name(struct agx_context *ctx, const char *name, struct agx_device **device)
{
	struct agx_virtual_params params = {0};
	char gpu[64], *at;

	if (strlen(name) >= sizeof(gpu))
		return lib_fail(ctx, -ENODEV,
				"%zu characters: a path, a node's name or that of a virtual GPU "
				"expected",
				strlen(name));
	strcpy(gpu, name);
	at = strchr(gpu, '@');
	if (at) {
		*at = '\0';
		params.firmware = at + 1;
	}
	if (strcmp(gpu, "virtual"))
		params.gpu = gpu;
	return agx_device_open_virtual(ctx, &params, device);
}

/* The failure of a moment ago, with what it was the failure of. */
static int fail_for(struct agx_context *ctx, int ret, const char *what)
{
	char why[384];

	agx_error_copy(ctx, why, sizeof(why));
	return lib_fail(ctx, ret, "%s: %s", what, why);
}

/*
 * A GPU that is there and cannot be opened, for lack of a right for instance, is not passed over in
 * favour of a virtual one: who has it means it.
 */
static int open_first(struct agx_context *ctx, struct agx_device **device)
{
	struct lib_nodes nodes;
	int ret = lib_nodes_find(ctx, &nodes);

	for (size_t i = 0; !ret && !*device && i < nodes.count; i++) {
		ret = open_path(ctx, nodes.node[i].path, device);
		if (!nodes.node[i].apple)
			ret = 0;
	}
	lib_nodes_finish(&nodes);
	if (ret || *device)
		return ret;
	ret = open_virtual_name(ctx, "virtual", device);
	return ret ? fail_for(ctx, ret, "no node of asahi is there, and no virtual GPU") : 0;
}

static int open_name(struct agx_context *ctx, const char *name, struct agx_device **device)
{
	char path[64];

	if (strchr(name, '/'))
		return open_path(ctx, name, device);
	if (!strncmp(name, "renderD", 7) && strlen(name) < 32) {
		snprintf(path, sizeof(path), "/dev/dri/%s", name);
		return open_path(ctx, path, device);
	}
	return open_virtual_name(ctx, name, device);
}

int agx_device_open(struct agx_context *ctx, const char *name, struct agx_device **device)
{
	const char *from = "device";
	char what[96];
	int ret;

	*device = NULL;
	if (!name) {
		name = secure_getenv("AGX_DEVICE");
		if (!name || !*name)
			return open_first(ctx, device);
		from = "AGX_DEVICE";
	}
	ret = open_name(ctx, name, device);
	if (!ret)
		return 0;
	snprintf(what, sizeof(what), "%s \"%.64s\"", from, name);
	return fail_for(ctx, ret, what);
}

void agx_device_close(struct agx_device *device)
{
	lib_device_put(device);
}

bool agx_device_is_virtual(const struct agx_device *device)
{
	return device->backend->fd < 0;
}

int agx_device_fd(const struct agx_device *device)
{
	return device->backend->fd;
}

const struct agx_device_params *agx_device_params(const struct agx_device *device)
{
	return &device->params;
}

int agx_device_time(struct agx_device *device, uint64_t *ticks)
{
	struct drm_asahi_get_time time = {0};
	int ret = lib_ioctl(device, DRM_IOCTL_ASAHI_GET_TIME, &time);

	if (ret < 0)
		return lib_fail(device->ctx, ret, "%s: GET_TIME: %s", device->name,
				lib_reason(ret));
	*ticks = time.gpu_timestamp;
	return 0;
}

uint64_t agx_device_ticks_to_ns(const struct agx_device *device, uint64_t ticks)
{
	const uint64_t hz = device->params.timestamp_hz;

	/* Of whole seconds and the rest, so that neither leaves 64 bits before the result does. */
	return ticks / hz * NS_PER_S + ticks % hz * NS_PER_S / hz;
}
