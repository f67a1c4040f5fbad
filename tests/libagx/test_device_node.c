// SPDX-License-Identifier: MIT
/* A node through the library: run by `agx run`, whose t8112 is the machine's first then. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <agx/base.h>
#include <agx/device.h>

#include "asahi_drm.h"
#include "internal.h"

#define SIZE 16384u

static struct agx_device_entry node;

static int setup(void **state)
{
	struct agx_context *ctx;

	unsetenv("AGX_DEVICE");
	if (agx_context_create(NULL, &ctx))
		return -1;
	*state = ctx;
	return 0;
}

static int teardown(void **state)
{
	agx_context_destroy(*state);
	return 0;
}

static void assert_node(struct agx_device *device)
{
	uint64_t ticks;

	assert_false(agx_device_is_virtual(device));
	assert_true(agx_device_fd(device) >= 0);
	assert_string_equal(agx_device_params(device)->name, "t8112");
	assert_string_equal(agx_device_params(device)->product, "M2");
	assert_int_equal(agx_device_time(device, &ticks), 0);
}

static void a_node_is_listed(void **state)
{
	struct agx_device_entry entries[16];
	int nodes = 0, count = agx_device_list(*state, entries, 16);

	assert_true(count > 0);
	for (int i = 0; i < count && i < 16; i++) {
		if (entries[i].kind != AGX_DEVICE_NODE || entries[i].chip_id != 0x8112)
			continue;
		node = entries[i];
		nodes++;
	}
	assert_int_equal(nodes, 1);
	assert_string_equal(node.product, "M2");
	assert_int_equal(strncmp(node.path, "/dev/dri/renderD", 16), 0);
	assert_string_equal(node.path + 9, node.name);
}

static void a_node_is_the_default(void **state)
{
	struct agx_device *device;

	assert_int_equal(agx_device_open(*state, NULL, &device), 0);
	assert_node(device);
	agx_device_close(device);
	setenv("AGX_DEVICE", "t6000", 1);
	assert_int_equal(agx_device_open(*state, NULL, &device), 0);
	assert_true(agx_device_is_virtual(device));
	agx_device_close(device);
	setenv("AGX_DEVICE", node.name, 1);
	assert_int_equal(agx_device_open(*state, NULL, &device), 0);
	assert_node(device);
	agx_device_close(device);
	unsetenv("AGX_DEVICE");
}

static void a_node_has_three_names(void **state)
{
	struct agx_device *by_path, *by_name, *by_fd;
	int fd = open(node.path, O_RDWR | O_CLOEXEC);

	assert_int_equal(agx_device_open(*state, node.path, &by_path), 0);
	assert_int_equal(agx_device_open(*state, node.name, &by_name), 0);
	assert_int_equal(agx_device_open_fd(*state, fd, &by_fd), 0);
	assert_int_not_equal(agx_device_fd(by_fd), fd);
	/* The descriptor was the caller's all the time. */
	assert_int_equal(close(fd), 0);
	assert_node(by_path);
	assert_node(by_name);
	assert_node(by_fd);
	fd = agx_device_fd(by_fd);
	agx_device_close(by_fd);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	agx_device_close(by_path);
	agx_device_close(by_name);
}

static void memory_is_mapped(void **state)
{
	struct drm_asahi_gem_create create = {.size = SIZE};
	struct drm_asahi_gem_mmap_offset offset = {0};
	const struct agx_backend_ops *ops;
	struct agx_device *device;
	void *map;

	assert_int_equal(agx_device_open(*state, node.name, &device), 0);
	ops = device->backend->ops;
	assert_int_equal(lib_ioctl(device, DRM_IOCTL_ASAHI_GEM_CREATE, &create), 0);
	offset.handle = create.handle;
	assert_int_equal(lib_ioctl(device, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &offset), 0);
	assert_int_equal(ops->map(device->backend, offset.offset, SIZE, &map), 0);
	memset(map, 1, SIZE);
	ops->unmap(device->backend, map, SIZE);
	assert_int_equal(ops->map(device->backend, offset.offset, 2 * SIZE, &map), -EINVAL);
	agx_device_close(device);
}

int main(void)
{
#define EACH(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		EACH(a_node_is_listed),
		EACH(a_node_is_the_default),
		EACH(a_node_has_three_names),
		EACH(memory_is_mapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
