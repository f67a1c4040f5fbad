// SPDX-License-Identifier: MIT
/* What is below the library: memory, descriptors and life of virtual devices. */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agx_soc.h"
#include "asahi_drm.h"
#include "device_names.h"
#include "internal.h"

#define PAGE 16384u

struct pair {
	struct agx_context *ctx;
	struct agx_device *a, *b;
};

static int setup(void **state)
{
	static struct pair pair;

	if (agx_context_create(NULL, &pair.ctx) || agx_device_open(pair.ctx, "t8103", &pair.a) ||
	    agx_device_open(pair.ctx, "t8103", &pair.b))
		return -1;
	*state = &pair;
	return 0;
}

static int teardown(void **state)
{
	struct pair *pair = *state;

	agx_device_close(pair->a);
	agx_device_close(pair->b);
	agx_context_destroy(pair->ctx);
	return 0;
}

static uint32_t make_object(struct agx_device *device, uint64_t size)
{
	struct drm_asahi_gem_create create = {.size = size};

	assert_int_equal(lib_ioctl(device, DRM_IOCTL_ASAHI_GEM_CREATE, &create), 0);
	return create.handle;
}

static uint64_t offset_of(struct agx_device *device, uint32_t handle)
{
	struct drm_asahi_gem_mmap_offset get = {.handle = handle};

	assert_int_equal(lib_ioctl(device, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &get), 0);
	return get.offset;
}

static void *map_object(struct agx_device *device, uint32_t handle, size_t size)
{
	void *map = NULL;

	assert_int_equal(
		device->backend->ops->map(device->backend, offset_of(device, handle), size, &map),
		0);
	return map;
}

static void unmap(struct agx_device *device, void *map, size_t size)
{
	device->backend->ops->unmap(device->backend, map, size);
}

static int close_object(struct agx_device *device, uint32_t handle)
{
	struct drm_gem_close args = {.handle = handle};

	return lib_ioctl(device, DRM_IOCTL_GEM_CLOSE, &args);
}

static void devices_are_independent(void **state)
{
	struct pair *pair = *state;
	struct drm_asahi_gem_mmap_offset get = {0};
	uint32_t handle = make_object(pair->a, PAGE);

	get.handle = handle;
	assert_int_equal(lib_ioctl(pair->b, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &get), -ENOENT);
	agx_device_close(pair->a);
	pair->a = NULL;
	handle = make_object(pair->b, PAGE);
	assert_int_equal(close_object(pair->b, handle), 0);
}

static void memory_stays_while_it_is_mapped(void **state)
{
	struct pair *pair = *state;
	uint32_t handle = make_object(pair->a, 2 * PAGE);
	char *map = map_object(pair->a, handle, 2 * PAGE);
	char *again = map_object(pair->a, handle, 2 * PAGE);

	assert_ptr_equal(map, again);
	assert_int_equal(map[2 * PAGE - 1], 0);
	strcpy(map, "content");
	unmap(pair->a, again, 2 * PAGE);
	assert_int_equal(close_object(pair->a, handle), 0);
	/* Another object cannot get it. */
	handle = make_object(pair->a, 2 * PAGE);
	memset(map_object(pair->a, handle, 2 * PAGE), 0x55, 2 * PAGE);
	assert_string_equal(map, "content");
	unmap(pair->a, map, 2 * PAGE);
	/* What is left mapped goes with the device. */
}

static void wrong_mappings_are_refused(void **state)
{
	struct agx_device *device = ((struct pair *)*state)->a;
	const struct agx_backend_ops *ops = device->backend->ops;
	uint64_t offset = offset_of(device, make_object(device, PAGE));
	void *map = NULL;

	assert_int_equal(ops->map(device->backend, offset, 2 * PAGE, &map), -EINVAL);
	assert_int_equal(ops->map(device->backend, offset + (1ull << 40), PAGE, &map), -EINVAL);
	assert_null(map);
	/* Nothing was mapped there. */
	ops->unmap(device->backend, &map, PAGE);
}

static void objects_go_from_device_to_device(void **state)
{
	struct pair *pair = *state;
	uint32_t handle = make_object(pair->a, PAGE);
	struct drm_prime_handle args = {.handle = handle, .flags = DRM_CLOEXEC | DRM_RDWR};
	struct dma_buf_sync sync = {.flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ};
	char *mine = map_object(pair->a, handle, PAGE), *theirs;
	const struct agx_backend_ops *ops = pair->a->backend->ops;
	int fd;

	strcpy(mine, "from a");
	assert_int_equal(lib_ioctl(pair->a, DRM_IOCTL_PRIME_HANDLE_TO_FD, &args), 0);
	fd = args.fd;
	args = (struct drm_prime_handle){.fd = fd};
	assert_int_equal(lib_ioctl(pair->b, DRM_IOCTL_PRIME_FD_TO_HANDLE, &args), 0);
	theirs = map_object(pair->b, args.handle, PAGE);
	assert_ptr_not_equal(mine, theirs);
	assert_string_equal(theirs, "from a");
	strcpy(theirs, "from b");
	assert_string_equal(mine, "from b");
	assert_int_equal(ops->fd_ioctl(pair->a->backend, fd, DMA_BUF_IOCTL_SYNC, &sync), 0);
	ops->close_fd(pair->a->backend, fd);
	assert_int_equal(fcntl(fd, F_GETFD), -1);

	/* One device's end is no concern of the other's. */
	agx_device_close(pair->a);
	pair->a = NULL;
	assert_string_equal(theirs, "from b");
	unmap(pair->b, theirs, PAGE);
}

static void foreign_descriptors_get_the_kernels_answer(void **state)
{
	struct agx_device *device = ((struct pair *)*state)->a;
	struct dma_buf_sync sync = {0};
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(
		device->backend->ops->fd_ioctl(device->backend, fds[0], DMA_BUF_IOCTL_SYNC, &sync),
		-ENOTTY);
	assert_int_equal(
		device->backend->ops->fd_ioctl(device->backend, -1, DMA_BUF_IOCTL_SYNC, &sync),
		-EBADF);
	close(fds[0]);
	close(fds[1]);
}

/* As a buffer does that outlives the caller's device. */
static void a_closed_device_lives_for_what_is_made_of_it(void **state)
{
	struct pair *pair = *state;
	struct agx_device *device = lib_device_get(pair->a);
	uint32_t handle = make_object(device, PAGE);
	char *map;

	agx_device_close(pair->a);
	pair->a = NULL;
	map = map_object(device, handle, PAGE);
	strcpy(map, "still here");
	unmap(device, map, PAGE);
	lib_device_put(device);
}

static void a_child_shares_what_was_there(void **state)
{
	struct pair *pair = *state;
	uint32_t handle = make_object(pair->a, PAGE);
	char *map = map_object(pair->a, handle, PAGE);
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		uint32_t mine = make_object(pair->a, PAGE);

		strcpy(map_object(pair->a, mine, PAGE), "the child's own");
		strcpy(map, "from the child");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	assert_string_equal(map, "from the child");
	handle = make_object(pair->a, PAGE);
	assert_int_equal(*(char *)map_object(pair->a, handle, PAGE), 0);
}

static void failed_ioctls_give_the_nodes_errno(void **state)
{
	struct agx_device *device = ((struct pair *)*state)->a;
	struct drm_asahi_gem_create create = {.size = 0};

	assert_int_equal(lib_ioctl(device, DRM_IOCTL_ASAHI_GEM_CREATE, &create), -EINVAL);
	assert_int_equal(lib_ioctl(device, DRM_IOWR(DRM_COMMAND_BASE + 0x3f, uint64_t), &create),
			 -EINVAL);
}

/* The library's own table, which nodes are named by, against the models'. */
static void names_are_those_of_the_models(void **state)
{
	const struct agx_soc *soc;
	char name[32], product[32];

	for (unsigned int i = 0; (soc = agx_soc_get(i)); i++) {
		lib_device_names(soc->chip_id, name, sizeof(name), product, sizeof(product));
		assert_string_equal(name, soc->name);
		assert_string_equal(product, soc->product);
	}
	lib_device_names(0x1234, name, sizeof(name), product, sizeof(product));
	assert_string_equal(name, "");
	assert_string_equal(product, "");
}

static void only_g14_with_clusters_is_g14x(void **state)
{
	struct pair *pair = *state;
	static const struct {
		const char *name;
		bool g14x;
	} gpus[] = {{"t8103", false}, {"t8112", false}, {"t6002", false}, {"t6020", true}};
	struct agx_device *device;

	for (size_t i = 0; i < sizeof(gpus) / sizeof(gpus[0]); i++) {
		assert_int_equal(agx_device_open(pair->ctx, gpus[i].name, &device), 0);
		assert_int_equal(device->g14x, gpus[i].g14x);
		agx_device_close(device);
	}
}

/* A backend that answers GET_PARAMS with what no driver should. */
static struct drm_asahi_params_global told;
static unsigned int interruptions;

static long tell(struct agx_backend *backend, unsigned long request, void *arg)
{
	const struct drm_asahi_get_params *get = arg;

	if (interruptions) {
		interruptions--;
		return -EINTR;
	}
	assert_int_equal(request, DRM_IOCTL_ASAHI_GET_PARAMS);
	memcpy((void *)(uintptr_t)get->pointer, &told, get->size);
	return 0;
}

static void parameters_are_not_believed(void **state)
{
	static const struct agx_backend_ops ops = {.ioctl = tell};
	struct agx_backend backend = {.ops = &ops, .fd = -1};
	struct agx_context *ctx = ((struct pair *)*state)->ctx;
	struct agx_device_params params;

	agx_soc_params(agx_soc_get(0), DRM_ASAHI_FEATURE_SOFT_FAULTS, &told);
	interruptions = 3;
	assert_int_equal(lib_read_params(ctx, "test", &backend, &params), 0);
	assert_int_equal(interruptions, 0);
	assert_true(params.soft_faults);
	told.chip_id = 0x9999;
	assert_int_equal(lib_read_params(ctx, "test", &backend, &params), 0);
	assert_string_equal(params.name, "");
	told.num_clusters_total = 65;
	assert_int_equal(lib_read_params(ctx, "test", &backend, &params), -EINVAL);
	assert_non_null(strstr(agx_error(ctx), "got 65"));
	told.num_clusters_total = 1;
	told.vm_kernel_min_size = told.vm_end;
	assert_int_equal(lib_read_params(ctx, "test", &backend, &params), -EINVAL);
	assert_non_null(strstr(agx_error(ctx), "addresses"));
	told.vm_kernel_min_size = 0;
	told.vm_end = told.vm_start;
	assert_int_equal(lib_read_params(ctx, "test", &backend, &params), -EINVAL);
	told.vm_end = told.vm_start + (1ull << 32);
	told.command_timestamp_frequency_hz = 0;
	assert_int_equal(lib_read_params(ctx, "test", &backend, &params), -EINVAL);
	assert_non_null(strstr(agx_error(ctx), "frequency"));
}

int main(void)
{
#define EACH(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		EACH(devices_are_independent),
		EACH(memory_stays_while_it_is_mapped),
		EACH(wrong_mappings_are_refused),
		EACH(objects_go_from_device_to_device),
		EACH(foreign_descriptors_get_the_kernels_answer),
		EACH(a_closed_device_lives_for_what_is_made_of_it),
		EACH(a_child_shares_what_was_there),
		EACH(failed_ioctls_give_the_nodes_errno),
		EACH(names_are_those_of_the_models),
		EACH(only_g14_with_clusters_is_g14x),
		EACH(parameters_are_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
