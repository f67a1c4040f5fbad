// SPDX-License-Identifier: MIT
/*
 * Out of memory at every point: a scenario through all of the node is run again and again, and
 * each time another allocation fails. Calls may then fail with ENOMEM and nothing else, and
 * nothing may be left behind. The linker puts the functions below in malloc()'s place.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc_fail.h"
#include "fixture.h"

/* A step's result: good, or out of memory when an allocation has failed. */
static bool ok(long ret)
{
	if (ret) {
		assert_int_equal(ret, -ENOMEM);
		assert_true(failed);
	}
	return !ret;
}

static bool make(struct agx_file *file, unsigned long request, void *arg)
{
	return ok(call(file, request, arg));
}

static void use_buffers(struct agx_file *file, struct agx_file *other, uint32_t vm)
{
	struct drm_asahi_gem_create create = {.size = 8 * PAGE};
	struct drm_asahi_gem_mmap_offset offset = {0};
	struct drm_prime_handle prime = {.flags = DRM_CLOEXEC};
	struct agx_mmap map;

	if (!make(file, DRM_IOCTL_ASAHI_GEM_CREATE, &create))
		return;
	ok(bind_range(file, vm, create.handle, PAGE, 8 * PAGE, 0, DRM_ASAHI_BIND_READ));
	ok(bind_range(file, vm, create.handle, 3 * PAGE, PAGE, 0, DRM_ASAHI_BIND_WRITE));
	ok(bind_range(file, vm, 0, 5 * PAGE, PAGE, 0, DRM_ASAHI_BIND_UNBIND));
	offset.handle = create.handle;
	if (make(file, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &offset) &&
	    ok(agx_file_mmap(file, offset.offset, PAGE, &map)))
		agx_bo_put(map.bo);
	prime.handle = create.handle;
	if (make(file, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime)) {
		make(other, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime);
		close(prime.fd);
	}
}

static void use_queue(struct agx_file *file, uint32_t vm)
{
	static const struct drm_asahi_cmd_header commands[20] = {
		[0 ... 19] = {.cmd_type = DRM_ASAHI_CMD_COMPUTE,
			      .vdm_barrier = DRM_ASAHI_BARRIER_NONE,
			      .cdm_barrier = DRM_ASAHI_BARRIER_NONE}};
	struct {
		struct drm_asahi_cmd_header header;
		struct drm_asahi_cmd_compute compute;
	} stamped = {.header = commands[0]};
	struct drm_asahi_queue_create queue = {.vm_id = vm};
	struct drm_syncobj_create syncobj[2] = {{.flags = DRM_SYNCOBJ_CREATE_SIGNALED}};
	struct drm_asahi_gem_create create = {.size = PAGE};
	struct drm_asahi_gem_bind_object object = {.flags = 1, .range = PAGE};
	struct drm_asahi_sync syncs[24];
	struct drm_asahi_submit submit = {.syncs = (uintptr_t)syncs};
	int i;

	if (!make(file, DRM_IOCTL_ASAHI_QUEUE_CREATE, &queue) ||
	    !make(file, DRM_IOCTL_SYNCOBJ_CREATE, &syncobj[0]) ||
	    !make(file, DRM_IOCTL_SYNCOBJ_CREATE, &syncobj[1]))
		return;
	for (i = 0; i < 24; i++)
		syncs[i] = (struct drm_asahi_sync){
			.sync_type =
				i < 12 ? DRM_ASAHI_SYNC_SYNCOBJ : DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ,
			.handle = syncobj[i >= 12].handle,
			.timeline_value = i < 12 ? 0 : (uint64_t)i,
		};
	submit.queue_id = queue.queue_id;
	submit.in_sync_count = 12;
	submit.out_sync_count = 12;
	submit.cmdbuf = (uintptr_t)commands;
	submit.cmdbuf_size = sizeof(commands);
	if (make(file, DRM_IOCTL_ASAHI_SUBMIT, &submit))
		ok(wait_syncobj(file, syncobj[1].handle, 0));

	if (!make(file, DRM_IOCTL_ASAHI_GEM_CREATE, &create))
		return;
	object.handle = create.handle;
	if (!make(file, DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &object))
		return;
	stamped.header.size = sizeof(stamped.compute);
	stamped.compute.ts.start.handle = object.object_handle;
	submit.in_sync_count = 0;
	submit.out_sync_count = 0;
	submit.cmdbuf = (uintptr_t)&stamped;
	submit.cmdbuf_size = sizeof(stamped);
	make(file, DRM_IOCTL_ASAHI_SUBMIT, &submit);
}

static void scenario(void)
{
	struct agx_node_config config = {.memory_limit = 1 << 20, .single_step = true};
	struct drm_asahi_vm_create vm = {.kernel_start = WINDOW_START, .kernel_end = WINDOW_END};
	struct agx_node_stats stats;
	struct agx_file *file, *other;
	struct agx_node *node;

	if (!ok(agx_node_create(&config, &node)))
		return;
	if (ok(agx_file_open(node, &file))) {
		if (ok(agx_file_open(node, &other))) {
			if (make(file, DRM_IOCTL_ASAHI_VM_CREATE, &vm)) {
				use_buffers(file, other, vm.vm_id);
				use_queue(file, vm.vm_id);
			}
			agx_file_put(other);
		}
		agx_file_put(file);
	}
	agx_node_stats(node, &stats);
	assert_int_equal(stats.live_files, 0);
	assert_int_equal(stats.live_bos, 0);
	assert_int_equal(stats.live_vms, 0);
	assert_int_equal(stats.live_queues, 0);
	assert_int_equal(stats.live_syncobjs, 0);
	assert_int_equal(stats.completed_submits, stats.submits);
	agx_node_destroy(node);
}

static void every_allocation_may_fail(void **state)
{
	unsigned long n;

	scenario();
	for (n = 1; n == 1 || failed; n++) {
		failed = false;
		countdown = n;
		scenario();
		countdown = 0;
	}
	assert_in_range(n, 40, 10000); /* it did run through */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
