// SPDX-License-Identifier: MIT
/* Virtual GPUs in this process: the module that has them, and the way to it. */
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"
#include "virtual/module.h"

#define MODULE_FILE "libagx-virtual.so"

struct virtual_backend {
	struct agx_backend base;
	void *handle;
	const struct virtual_module *module;
	struct virtual_gpu *gpu;
	struct agx_context *ctx; /* no reference: the device has one, and ends later */
	agx_finding_fn finding;
	void *finding_data;
};

/* Where this library is, without the name of its file; "" when that is not known. -ENOMEM. */
static int own_directory(char *path, size_t size)
{
	char *resolved, *slash;
	Dl_info info;

	path[0] = '\0';
	if (!dladdr((const void *)(uintptr_t)own_directory, &info) || !info.dli_fname)
		return 0;
	resolved = realpath(info.dli_fname, NULL);
	if (!resolved && errno == ENOMEM)
		return -ENOMEM;
	slash = resolved ? strrchr(resolved, '/') : NULL;
	if (slash && (size_t)(slash - resolved) < size) {
		*slash = '\0';
		strcpy(path, resolved);
	}
	free(resolved);
	return 0;
}

/* The file at place number index; false: there is no such place here. */
static bool module_path(unsigned int index, const char *directory, char *path, size_t size)
{
	const char *named = secure_getenv("AGX_VIRTUAL_MODULE");
	const char *build = secure_getenv("AGX_BUILD_ROOT");
	int n = 0;

	if (index == 0 && named && *named)
		n = snprintf(path, size, "%s", named);
	else if (index == 1 && directory[0])
		n = snprintf(path, size, "%s/agx/" MODULE_FILE, directory);
	else if (index == 2 && directory[0]) /* where the build has it */
		n = snprintf(path, size, "%s/virtual/" MODULE_FILE, directory);
	else if (index == 3 && build && *build)
		n = snprintf(path, size, "%s/userspace/libagx/virtual/" MODULE_FILE, build);
	return n > 0 && (size_t)n < size;
}

static int open_module(struct agx_context *ctx, void **handle)
{
	char path[PATH_MAX], directory[PATH_MAX - 64], tried[3 * PATH_MAX] = "";
	const char *why = "";

	if (own_directory(directory, sizeof(directory)))
		return lib_fail(ctx, -ENOMEM, "virtual GPUs: no memory to look for the module");
	for (unsigned int i = 0; i < 4; i++) {
		size_t used = strlen(tried);

		if (!module_path(i, directory, path, sizeof(path)))
			continue;
		*handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
		if (*handle)
			return 0;
		why = dlerror();
		if (strlen(path) + 3 < sizeof(tried) - used)
			sprintf(tried + used, "%s%s", used ? ", " : "", path);
		/* Who names a file wants that one. A file that is there is the one. */
		if (i == 0 || !access(path, F_OK))
			break;
	}
	return lib_fail(ctx, -ENOSYS, "virtual GPUs: no module to be had from %s: %s",
			tried[0] ? tried : "any known place", why ? why : "");
}

static int load_module(struct agx_context *ctx, void **handle, const struct virtual_module **module)
{
	const struct virtual_module *m;
	int ret = open_module(ctx, handle);

	if (ret)
		return ret;
	m = dlsym(*handle, LIBAGX_VIRTUAL_SYMBOL);
	if (m && m->version == LIBAGX_VIRTUAL_VERSION && m->size == sizeof(*m)) {
		*module = m;
		return 0;
	}
	if (m)
		lib_fail(ctx, -ENOSYS,
			 "virtual GPUs: " MODULE_FILE
			 " is of another version of the library: %u of %zu bytes expected, got %u "
			 "of %u",
			 LIBAGX_VIRTUAL_VERSION, sizeof(*m), m->version, m->size);
	else
		lib_fail(ctx, -ENOSYS, "virtual GPUs: " MODULE_FILE " does not export %s",
			 LIBAGX_VIRTUAL_SYMBOL);
	dlclose(*handle);
	return -ENOSYS;
}

/* The module stays in the process once it is loaded, and the names with it. */
int lib_virtual_gpu(struct agx_context *ctx, unsigned int index, const char **name,
		    const char **product, uint32_t *chip_id)
{
	const struct virtual_module *module;
	void *handle;
	int ret;

	ret = load_module(ctx, &handle, &module);
	if (ret)
		return ret;
	ret = module->list(index, name, product, chip_id);
	dlclose(handle);
	return ret;
}

static void pass_log(void *data, enum virtual_log_level level, const char *message)
{
	const struct virtual_backend *v = data;
	static const enum agx_log_level levels[] = {
		[VIRTUAL_LOG_ERROR] = AGX_LOG_ERROR,
		[VIRTUAL_LOG_WARN] = AGX_LOG_WARN,
		[VIRTUAL_LOG_DEBUG] = AGX_LOG_DEBUG,
	};

	lib_log(v->ctx, levels[level], "virtual GPU: %s", message);
}

static void pass_finding(void *data, const char *name, const char *text)
{
	const struct virtual_backend *v = data;

	if (v->finding)
		v->finding(v->finding_data, name, text);
	else
		lib_log(v->ctx, AGX_LOG_WARN, "virtual GPU: %s: %s", name, text);
}

static long virtual_ioctl(struct agx_backend *backend, unsigned long request, void *arg)
{
	struct virtual_backend *v = (struct virtual_backend *)backend;

	return v->module->ioctl(v->gpu, request, arg);
}

static int virtual_map(struct agx_backend *backend, uint64_t offset, size_t size, void **map)
{
	struct virtual_backend *v = (struct virtual_backend *)backend;

	return v->module->map(v->gpu, offset, size, map);
}

static void virtual_unmap(struct agx_backend *backend, void *map, size_t size)
{
	struct virtual_backend *v = (struct virtual_backend *)backend;

	v->module->unmap(v->gpu, map);
}

static long virtual_fd_ioctl(struct agx_backend *backend, int fd, unsigned long request, void *arg)
{
	struct virtual_backend *v = (struct virtual_backend *)backend;
	long ret = v->module->fd_ioctl(v->gpu, fd, request, arg);

	if (ret != -ENOTTY)
		return ret;
	/* Another driver's. */
	ret = ioctl(fd, request, arg);
	return ret < 0 ? -errno : ret;
}

static void virtual_close_fd(struct agx_backend *backend, int fd)
{
	struct virtual_backend *v = (struct virtual_backend *)backend;

	v->module->close_fd(v->gpu, fd);
}

static void virtual_destroy(struct agx_backend *backend)
{
	struct virtual_backend *v = (struct virtual_backend *)backend;

	v->module->destroy(v->gpu);
	dlclose(v->handle);
	free(v);
}

static const struct agx_backend_ops virtual_ops = {
	.ioctl = virtual_ioctl,
	.map = virtual_map,
	.unmap = virtual_unmap,
	.fd_ioctl = virtual_fd_ioctl,
	.close_fd = virtual_close_fd,
	.destroy = virtual_destroy,
};

int lib_backend_virtual(struct agx_context *ctx, const struct agx_virtual_params *params,
			struct agx_backend **out)
{
	struct virtual_config config = {
		.gpu = params->gpu,
		.firmware = params->firmware,
		.no_execution = params->no_execution,
		.judge = params->judge,
		.threads = params->threads,
		.memory = params->memory,
		.log = ctx->params.log ? pass_log : NULL,
		.finding = pass_finding,
	};
	struct virtual_backend *v = calloc(1, sizeof(*v));
	char message[256] = "";
	int ret;

	if (!v)
		return lib_fail(ctx, -ENOMEM, "virtual GPU: no memory");
	v->base.ops = &virtual_ops;
	v->base.fd = -1;
	v->ctx = ctx;
	v->finding = params->finding;
	v->finding_data = params->finding_data;
	config.data = v;
	ret = load_module(ctx, &v->handle, &v->module);
	if (ret)
		goto free_backend;
	ret = v->module->create(&config, &v->gpu, message, sizeof(message));
	if (ret) {
		lib_fail(ctx, ret, "virtual GPU: %s", message[0] ? message : strerror(-ret));
		goto close_module;
	}
	*out = &v->base;
	return 0;

close_module:
	dlclose(v->handle);
free_backend:
	free(v);
	return ret;
}
