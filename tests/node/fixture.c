// SPDX-License-Identifier: MIT
#include "fixture.h"

#include <string.h>
#include <sys/mman.h>

void fixture_init(struct fixture *fixture, const struct agx_node_config *config)
{
	static const struct agx_node_config stepped = {
		.memory_limit = 1ull << 30,
		.single_step = true,
	};

	assert_int_equal(agx_node_create(config ? config : &stepped, &fixture->node), 0);
	assert_int_equal(agx_file_open(fixture->node, &fixture->file), 0);
}

void fixture_finish(struct fixture *fixture)
{
	struct agx_node_stats stats;

	agx_file_put(fixture->file);
	agx_node_stats(fixture->node, &stats);
	assert_int_equal(stats.live_files, 0);
	assert_int_equal(stats.live_bos, 0);
	assert_int_equal(stats.live_bytes, 0);
	assert_int_equal(stats.live_vms, 0);
	assert_int_equal(stats.live_queues, 0);
	assert_int_equal(stats.live_syncobjs, 0);
	assert_int_equal(stats.completed_submits, stats.submits);
	agx_node_destroy(fixture->node);
}

long call(struct agx_file *file, unsigned long request, void *arg)
{
	return agx_file_ioctl(file, request, (uintptr_t)arg);
}

uint32_t make_bo(struct agx_file *file, uint64_t size, uint32_t vm)
{
	struct drm_asahi_gem_create args = {
		.size = size,
		.flags = vm ? DRM_ASAHI_GEM_VM_PRIVATE : 0,
		.vm_id = vm,
	};

	assert_int_equal(call(file, DRM_IOCTL_ASAHI_GEM_CREATE, &args), 0);
	assert_int_not_equal(args.handle, 0);
	return args.handle;
}

uint32_t make_vm(struct agx_file *file)
{
	struct drm_asahi_vm_create args = {.kernel_start = WINDOW_START, .kernel_end = WINDOW_END};

	assert_int_equal(call(file, DRM_IOCTL_ASAHI_VM_CREATE, &args), 0);
	assert_int_not_equal(args.vm_id, 0);
	return args.vm_id;
}

uint32_t make_queue(struct agx_file *file, uint32_t vm)
{
	struct drm_asahi_queue_create args = {.vm_id = vm};

	assert_int_equal(call(file, DRM_IOCTL_ASAHI_QUEUE_CREATE, &args), 0);
	assert_int_not_equal(args.queue_id, 0);
	return args.queue_id;
}

uint32_t make_syncobj(struct agx_file *file, uint32_t flags)
{
	struct drm_syncobj_create args = {.flags = flags};

	assert_int_equal(call(file, DRM_IOCTL_SYNCOBJ_CREATE, &args), 0);
	assert_int_not_equal(args.handle, 0);
	return args.handle;
}

uint32_t make_object(struct agx_file *file, uint32_t bo, uint64_t offset, uint64_t range)
{
	struct drm_asahi_gem_bind_object args = {
		.op = DRM_ASAHI_BIND_OBJECT_OP_BIND,
		.flags = DRM_ASAHI_BIND_OBJECT_USAGE_TIMESTAMPS,
		.handle = bo,
		.offset = offset,
		.range = range,
	};

	assert_int_equal(call(file, DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &args), 0);
	assert_int_not_equal(args.object_handle, 0);
	return args.object_handle;
}

void close_bo(struct agx_file *file, uint32_t handle)
{
	struct drm_gem_close args = {.handle = handle};

	assert_int_equal(call(file, DRM_IOCTL_GEM_CLOSE, &args), 0);
}

uint64_t mmap_offset(struct agx_file *file, uint32_t handle)
{
	struct drm_asahi_gem_mmap_offset args = {.handle = handle};

	assert_int_equal(call(file, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &args), 0);
	return args.offset;
}

void *map_bo(struct agx_file *file, uint32_t handle, uint64_t size, struct agx_bo **bo)
{
	struct agx_mmap map;
	void *ptr;

	assert_int_equal(agx_file_mmap(file, mmap_offset(file, handle), size, &map), 0);
	ptr = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, map.fd, (off_t)map.offset);
	assert_ptr_not_equal(ptr, MAP_FAILED);
	*bo = map.bo;
	return ptr;
}

long bind_range(struct agx_file *file, uint32_t vm, uint32_t handle, uint64_t addr, uint64_t range,
		uint64_t offset, uint32_t flags)
{
	struct drm_asahi_gem_bind_op op = {
		.flags = flags,
		.handle = handle,
		.offset = offset,
		.range = range,
		.addr = addr,
	};
	struct drm_asahi_vm_bind args = {
		.vm_id = vm,
		.num_binds = 1,
		.stride = sizeof(op),
		.userptr = (uintptr_t)&op,
	};

	return call(file, DRM_IOCTL_ASAHI_VM_BIND, &args);
}

uint32_t make_streams(struct agx_file *file, uint32_t vm)
{
	uint32_t handle = make_bo(file, PAGE, vm);
	struct agx_bo *bo;
	uint32_t *words = map_bo(file, handle, PAGE, &bo);

	words[(VDM_STREAM - STREAMS) / 4] = 6u << 29; /* terminate */
	words[(CDM_STREAM - STREAMS) / 4] = 2u << 29;
	munmap(words, PAGE);
	agx_bo_put(bo);
	assert_int_equal(bind_range(file, vm, handle, STREAMS, PAGE, 0, DRM_ASAHI_BIND_READ), 0);
	return handle;
}

long submit_empty(struct agx_file *file, uint32_t queue, uint32_t in, uint32_t out)
{
	static const struct {
		struct drm_asahi_cmd_header header;
		struct drm_asahi_cmd_compute compute;
	} cmdbuf = {
		.header =
			{
				.cmd_type = DRM_ASAHI_CMD_COMPUTE,
				.size = sizeof(cmdbuf.compute),
				.vdm_barrier = DRM_ASAHI_BARRIER_NONE,
				.cdm_barrier = DRM_ASAHI_BARRIER_NONE,
			},
		.compute = {.cdm_ctrl_stream_base = CDM_STREAM,
			    .cdm_ctrl_stream_end = CDM_STREAM + 4},
	};
	struct drm_asahi_sync syncs[2];
	struct drm_asahi_submit args = {
		.queue_id = queue,
		.cmdbuf = (uintptr_t)&cmdbuf,
		.cmdbuf_size = sizeof(cmdbuf),
		.syncs = (uintptr_t)syncs,
		.in_sync_count = !!in,
		.out_sync_count = !!out,
	};

	memset(syncs, 0, sizeof(syncs));
	if (in)
		syncs[0].handle = in;
	if (out)
		syncs[!!in].handle = out;
	return call(file, DRM_IOCTL_ASAHI_SUBMIT, &args);
}

long wait_syncobj(struct agx_file *file, uint32_t handle, int64_t abs_timeout)
{
	struct drm_syncobj_wait args = {
		.handles = (uintptr_t)&handle,
		.timeout_nsec = abs_timeout,
		.count_handles = 1,
	};

	return call(file, DRM_IOCTL_SYNCOBJ_WAIT, &args);
}
