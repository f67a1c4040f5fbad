// SPDX-License-Identifier: MIT
#include "bench_ops.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <xf86drm.h>

#include <linux/sync_file.h>

#include "asahi_drm.h"

/* First words of blocks that end a stream (Mesa: src/asahi/genxml/cmdbuf.xml). */
#define CDM_TERMINATE 0x40000000u
#define VDM_TERMINATE 0xc0000000u

/* Addresses in the client's address space. */
#define STREAMS      0x100000000ull
#define CDM_STREAM   (STREAMS + 0x000)
#define VDM_STREAM   (STREAMS + 0x100)
#define PROGRAMS     0x1100000000ull
#define SCRATCH      0x2000000000ull /* where buffers are bound and unbound */
#define WINDOW_START 0x7000000000ull
#define WINDOW_END   0x7020000000ull

#define WAIT_SECONDS 20 /* after that, the fence is taken for lost */
#define PIPELINED    32 /* submissions before one waits for the last */

static int call(struct bench_client *client, unsigned long request, void *arg)
{
	return drmIoctl(client->fd, request, arg) ? -errno : 0;
}

static int make_bo(struct bench_client *client, uint64_t size, uint32_t *handle)
{
	struct drm_asahi_gem_create args = {
		.size = size, .flags = DRM_ASAHI_GEM_VM_PRIVATE, .vm_id = client->vm};
	int ret = call(client, DRM_IOCTL_ASAHI_GEM_CREATE, &args);

	*handle = args.handle;
	return ret;
}

static int close_bo(struct bench_client *client, uint32_t handle)
{
	struct drm_gem_close args = {.handle = handle};

	return call(client, DRM_IOCTL_GEM_CLOSE, &args);
}

static int bind(struct bench_client *client, const struct drm_asahi_gem_bind_op *op)
{
	struct drm_asahi_vm_bind args = {
		.vm_id = client->vm,
		.num_binds = 1,
		.stride = sizeof(*op),
		.userptr = (uintptr_t)op,
	};

	return call(client, DRM_IOCTL_ASAHI_VM_BIND, &args);
}

static int map(struct bench_client *client, uint32_t handle, uint64_t address, uint64_t size)
{
	const struct drm_asahi_gem_bind_op op = {
		.flags = DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_WRITE,
		.handle = handle,
		.range = size,
		.addr = address,
	};

	return bind(client, &op);
}

static int unmap(struct bench_client *client, uint64_t address, uint64_t size)
{
	const struct drm_asahi_gem_bind_op op = {
		.flags = DRM_ASAHI_BIND_UNBIND, .range = size, .addr = address};

	return bind(client, &op);
}

static int write_streams(struct bench_client *client, uint32_t handle)
{
	const uint32_t cdm[2] = {CDM_TERMINATE}, vdm[2] = {VDM_TERMINATE};
	struct drm_asahi_gem_mmap_offset args = {.handle = handle};
	int ret = call(client, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &args);
	uint8_t *memory;

	if (ret)
		return ret;
	memory = mmap(NULL, BENCH_SMALL, PROT_READ | PROT_WRITE, MAP_SHARED, client->fd,
		      (off_t)args.offset);
	if (memory == MAP_FAILED)
		return -errno;
	memcpy(memory + (CDM_STREAM - STREAMS), cdm, sizeof(cdm));
	memcpy(memory + (VDM_STREAM - STREAMS), vdm, sizeof(vdm));
	munmap(memory, BENCH_SMALL);
	return 0;
}

static int make_vm(struct bench_client *client, uint32_t *vm)
{
	struct drm_asahi_vm_create args = {.kernel_start = WINDOW_START, .kernel_end = WINDOW_END};
	int ret = call(client, DRM_IOCTL_ASAHI_VM_CREATE, &args);

	*vm = args.vm_id;
	return ret;
}

static int make_queue(struct bench_client *client, uint32_t *id)
{
	struct drm_asahi_queue_create args = {.vm_id = client->vm, .usc_exec_base = PROGRAMS};
	int ret = call(client, DRM_IOCTL_ASAHI_QUEUE_CREATE, &args);

	*id = args.queue_id;
	return ret;
}

static int make_work(struct bench_client *client)
{
	uint32_t streams, programs;
	int ret = make_bo(client, BENCH_SMALL, &streams);

	if (!ret)
		ret = make_bo(client, BENCH_SMALL, &programs);
	if (!ret)
		ret = write_streams(client, streams);
	if (!ret)
		ret = map(client, streams, STREAMS, BENCH_SMALL);
	if (!ret)
		ret = map(client, programs, PROGRAMS, BENCH_SMALL);
	return ret;
}

int bench_client_init(struct bench_client *client, int fd, const char **what)
{
	struct drm_syncobj_create syncobj = {0};
	int ret;

	memset(client, 0, sizeof(*client));
	client->fd = fd;
	*what = "ASAHI_VM_CREATE";
	ret = make_vm(client, &client->vm);
	if (ret)
		return ret;
	*what = "the control streams";
	ret = make_work(client);
	if (ret)
		return ret;
	*what = "the buffers";
	ret = make_bo(client, BENCH_SMALL, &client->small);
	if (!ret)
		ret = make_bo(client, BENCH_MEDIUM, &client->medium);
	if (!ret)
		ret = make_bo(client, BENCH_LARGE, &client->large);
	if (ret)
		return ret;
	*what = "ASAHI_QUEUE_CREATE";
	ret = make_queue(client, &client->queue);
	if (ret)
		return ret;
	*what = "SYNCOBJ_CREATE";
	ret = call(client, DRM_IOCTL_SYNCOBJ_CREATE, &syncobj);
	client->syncobj = syncobj.handle;
	return ret;
}

int bench_client_status(struct bench_client *client)
{
	struct drm_syncobj_handle export = {
		.handle = client->syncobj,
		.flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE,
	};
	struct sync_file_info info = {0};
	int ret;

	if (!client->submitted)
		return 0;
	ret = call(client, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &export);
	if (ret)
		return ret;
	ret = drmIoctl(export.fd, SYNC_IOC_FILE_INFO, &info) ? -errno : 0;
	close(export.fd);
	if (ret)
		return ret;
	if (!info.status)
		return -ETIME;
	return info.status < 0 ? info.status : 0;
}

static int version(struct bench_client *client)
{
	struct drm_version args = {0};

	return call(client, DRM_IOCTL_VERSION, &args);
}

static int get_params(struct bench_client *client)
{
	struct drm_asahi_params_global params;
	struct drm_asahi_get_params args = {.pointer = (uintptr_t)&params, .size = sizeof(params)};

	return call(client, DRM_IOCTL_ASAHI_GET_PARAMS, &args);
}

static int get_time(struct bench_client *client)
{
	struct drm_asahi_get_time args = {0};

	return call(client, DRM_IOCTL_ASAHI_GET_TIME, &args);
}

static int create_close(struct bench_client *client, uint64_t size)
{
	uint32_t handle;
	int ret = make_bo(client, size, &handle);

	return ret ? ret : close_bo(client, handle);
}

static int create_close_small(struct bench_client *client)
{
	return create_close(client, BENCH_SMALL);
}

static int create_close_large(struct bench_client *client)
{
	return create_close(client, BENCH_LARGE);
}

static int bind_unbind(struct bench_client *client, uint32_t handle, uint64_t size)
{
	int ret = map(client, handle, SCRATCH, size);

	return ret ? ret : unmap(client, SCRATCH, size);
}

static int bind_unbind_small(struct bench_client *client)
{
	return bind_unbind(client, client->small, BENCH_SMALL);
}

static int bind_unbind_medium(struct bench_client *client)
{
	return bind_unbind(client, client->medium, BENCH_MEDIUM);
}

static int bind_unbind_large(struct bench_client *client)
{
	return bind_unbind(client, client->large, BENCH_LARGE);
}

static int vm_create_destroy(struct bench_client *client)
{
	struct drm_asahi_vm_destroy args = {0};
	int ret = make_vm(client, &args.vm_id);

	return ret ? ret : call(client, DRM_IOCTL_ASAHI_VM_DESTROY, &args);
}

static int queue_create_destroy(struct bench_client *client)
{
	struct drm_asahi_queue_destroy args = {0};
	int ret = make_queue(client, &args.queue_id);

	return ret ? ret : call(client, DRM_IOCTL_ASAHI_QUEUE_DESTROY, &args);
}

static int submit(struct bench_client *client, const void *cmdbuf, uint32_t size)
{
	struct drm_asahi_sync sync = {.handle = client->syncobj};
	struct drm_asahi_submit args = {
		.queue_id = client->queue,
		.cmdbuf = (uintptr_t)cmdbuf,
		.cmdbuf_size = size,
		.syncs = (uintptr_t)&sync,
		.out_sync_count = 1,
	};

	client->submitted = true;
	return call(client, DRM_IOCTL_ASAHI_SUBMIT, &args);
}

static int submit_compute(struct bench_client *client)
{
	const struct {
		struct drm_asahi_cmd_header header;
		struct drm_asahi_cmd_compute compute;
	} command = {
		.header = {.cmd_type = DRM_ASAHI_CMD_COMPUTE,
			   .size = sizeof(command.compute),
			   .vdm_barrier = DRM_ASAHI_BARRIER_NONE,
			   .cdm_barrier = DRM_ASAHI_BARRIER_NONE},
		.compute = {.cdm_ctrl_stream_base = CDM_STREAM,
			    .cdm_ctrl_stream_end = CDM_STREAM + 8},
	};

	return submit(client, &command, sizeof(command));
}

static int submit_render(struct bench_client *client)
{
	const struct {
		struct drm_asahi_cmd_header header;
		struct drm_asahi_cmd_render render;
	} command = {
		.header = {.cmd_type = DRM_ASAHI_CMD_RENDER,
			   .size = sizeof(command.render),
			   .vdm_barrier = DRM_ASAHI_BARRIER_NONE,
			   .cdm_barrier = DRM_ASAHI_BARRIER_NONE},
		.render = {.vdm_ctrl_stream_base = VDM_STREAM,
			   .width_px = 256,
			   .height_px = 256,
			   .layers = 1,
			   .samples = 1,
			   .sample_size_B = 4,
			   .utile_width_px = 32,
			   .utile_height_px = 32},
	};

	return submit(client, &command, sizeof(command));
}

static int wait_for_it(struct bench_client *client)
{
	struct drm_syncobj_wait args = {
		.handles = (uintptr_t)&client->syncobj,
		.count_handles = 1,
	};
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	args.timeout_nsec = (now.tv_sec + WAIT_SECONDS) * 1000000000ll + now.tv_nsec;
	return call(client, DRM_IOCTL_SYNCOBJ_WAIT, &args);
}

static int compute_and_wait(struct bench_client *client)
{
	int ret = submit_compute(client);

	return ret ? ret : wait_for_it(client);
}

static int render_and_wait(struct bench_client *client)
{
	int ret = submit_render(client);

	return ret ? ret : wait_for_it(client);
}

static int compute_pipelined(struct bench_client *client)
{
	int ret = 0;

	for (int i = 0; !ret && i < PIPELINED; i++)
		ret = submit_compute(client);
	return ret ? ret : wait_for_it(client);
}

const struct bench_op bench_ops[] = {
	{"version", "DRM_IOCTL_VERSION", 1, version},
	{"get-params", "ASAHI_GET_PARAMS", 1, get_params},
	{"get-time", "ASAHI_GET_TIME", 1, get_time},
	{"gem-16k", "GEM_CREATE and GEM_CLOSE of 16 KiB", 1, create_close_small},
	{"gem-64m", "GEM_CREATE and GEM_CLOSE of 64 MiB", 1, create_close_large},
	{"vm", "VM_CREATE and VM_DESTROY", 1, vm_create_destroy},
	{"queue", "QUEUE_CREATE and QUEUE_DESTROY", 1, queue_create_destroy},
	{"bind-16k", "VM_BIND and unbind of 16 KiB", 1, bind_unbind_small},
	{"bind-1m", "VM_BIND and unbind of 1 MiB", 1, bind_unbind_medium},
	{"bind-64m", "VM_BIND and unbind of 64 MiB", 1, bind_unbind_large},
	{"compute", "empty compute SUBMIT and wait", 1, compute_and_wait},
	{"render", "empty render SUBMIT and wait", 1, render_and_wait},
	{"compute-pipelined", "compute SUBMIT, a wait every 32", PIPELINED, compute_pipelined},
	{NULL, NULL, 0, NULL},
};
