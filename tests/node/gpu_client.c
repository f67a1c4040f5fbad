// SPDX-License-Identifier: MIT
#include "gpu_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <linux/sync_file.h>

/* First words of blocks that end a stream (Mesa: src/asahi/genxml/cmdbuf.xml). */
#define CDM_TERMINATE 0x40000000u
#define VDM_TERMINATE 0xc0000000u

#define PAGE         0x4000ull
#define WINDOW_START 0x7000000000ull
#define WINDOW_END   0x7020000000ull

static void must(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "client: %s failed\n", what);
	abort();
}

static long call(struct gpu_client *client, unsigned long request, void *arg)
{
	return agx_file_ioctl(client->file, request, (uintptr_t)arg);
}

static uint32_t make_page(struct gpu_client *client, uint64_t address, uint32_t flags)
{
	struct drm_asahi_gem_create create = {.size = PAGE};
	struct drm_asahi_gem_bind_op op = {.flags = flags, .range = PAGE, .addr = address};
	struct drm_asahi_vm_bind bind = {
		.vm_id = client->vm,
		.num_binds = 1,
		.stride = sizeof(op),
		.userptr = (uintptr_t)&op,
	};

	must(!call(client, DRM_IOCTL_ASAHI_GEM_CREATE, &create), "GEM_CREATE");
	op.handle = create.handle;
	must(!call(client, DRM_IOCTL_ASAHI_VM_BIND, &bind), "VM_BIND");
	return create.handle;
}

/* Writes into a buffer of one page through a mapping of its own. */
static void write_words(struct gpu_client *client, uint32_t handle, uint64_t offset,
			const uint32_t *words, size_t size)
{
	struct drm_asahi_gem_mmap_offset args = {.handle = handle};
	struct agx_mmap map;
	uint8_t *memory;

	must(!call(client, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &args), "GEM_MMAP_OFFSET");
	must(!agx_file_mmap(client->file, args.offset, PAGE, &map), "mmap offset");
	memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, map.fd, (off_t)map.offset);
	must(memory != MAP_FAILED, "mmap");
	memcpy(memory + offset, words, size);
	munmap(memory, PAGE);
	agx_bo_put(map.bo);
}

uint32_t gpu_client_queue(struct gpu_client *client)
{
	struct drm_asahi_queue_create args = {.vm_id = client->vm, .usc_exec_base = CLIENT_USC};

	must(!call(client, DRM_IOCTL_ASAHI_QUEUE_CREATE, &args), "QUEUE_CREATE");
	return args.queue_id;
}

uint32_t gpu_client_syncobj(struct gpu_client *client)
{
	struct drm_syncobj_create args = {0};

	must(!call(client, DRM_IOCTL_SYNCOBJ_CREATE, &args), "SYNCOBJ_CREATE");
	return args.handle;
}

void gpu_client_init(struct gpu_client *client, struct agx_node *node)
{
	struct drm_asahi_vm_create vm = {.kernel_start = WINDOW_START, .kernel_end = WINDOW_END};
	const uint32_t cdm[2] = {CDM_TERMINATE}, vdm[8] = {VDM_TERMINATE};

	memset(client, 0, sizeof(*client));
	client->node = node;
	must(!agx_file_open(node, &client->file), "open");
	must(!call(client, DRM_IOCTL_ASAHI_VM_CREATE, &vm), "VM_CREATE");
	client->vm = vm.vm_id;
	client->streams = make_page(client, CLIENT_STREAMS, DRM_ASAHI_BIND_READ);
	client->programs = make_page(client, CLIENT_USC, DRM_ASAHI_BIND_READ);
	write_words(client, client->streams, CLIENT_CDM - CLIENT_STREAMS, cdm, sizeof(cdm));
	write_words(client, client->streams, CLIENT_VDM - CLIENT_STREAMS, vdm, sizeof(vdm));
	client->queue = gpu_client_queue(client);
}

void gpu_client_finish(struct gpu_client *client)
{
	agx_file_put(client->file);
	client->file = NULL;
}

struct client_compute client_compute(void)
{
	return (struct client_compute){
		.header = {.cmd_type = DRM_ASAHI_CMD_COMPUTE,
			   .size = sizeof(struct drm_asahi_cmd_compute),
			   .vdm_barrier = DRM_ASAHI_BARRIER_NONE,
			   .cdm_barrier = DRM_ASAHI_BARRIER_NONE},
		.compute = {.cdm_ctrl_stream_base = CLIENT_CDM,
			    .cdm_ctrl_stream_end = CLIENT_CDM_END},
	};
}

struct client_render client_render(uint16_t width, uint16_t height)
{
	return (struct client_render){
		.header = {.cmd_type = DRM_ASAHI_CMD_RENDER,
			   .size = sizeof(struct drm_asahi_cmd_render),
			   .vdm_barrier = DRM_ASAHI_BARRIER_NONE,
			   .cdm_barrier = DRM_ASAHI_BARRIER_NONE},
		.render = {.vdm_ctrl_stream_base = CLIENT_VDM,
			   .width_px = width,
			   .height_px = height,
			   .layers = 1,
			   .samples = 1,
			   .sample_size_B = 4,
			   .utile_width_px = 32,
			   .utile_height_px = 32},
	};
}

long gpu_client_submit(struct gpu_client *client, uint32_t queue, const void *cmdbuf, uint32_t size,
		       uint32_t in, uint32_t out)
{
	struct drm_asahi_sync syncs[2];
	struct drm_asahi_submit args = {
		.syncs = (uintptr_t)syncs,
		.in_sync_count = in != 0,
		.out_sync_count = out != 0,
		.queue_id = queue,
		.cmdbuf = (uintptr_t)cmdbuf,
		.cmdbuf_size = size,
	};

	if (in)
		syncs[0] =
			(struct drm_asahi_sync){.sync_type = DRM_ASAHI_SYNC_SYNCOBJ, .handle = in};
	if (out)
		syncs[in != 0] =
			(struct drm_asahi_sync){.sync_type = DRM_ASAHI_SYNC_SYNCOBJ, .handle = out};
	return call(client, DRM_IOCTL_ASAHI_SUBMIT, &args);
}

long gpu_client_wait(struct gpu_client *client, uint32_t syncobj, int64_t abs_timeout)
{
	struct drm_syncobj_wait args = {
		.handles = (uintptr_t)&syncobj,
		.count_handles = 1,
		.timeout_nsec = abs_timeout,
	};

	return call(client, DRM_IOCTL_SYNCOBJ_WAIT, &args);
}

int gpu_client_status(struct gpu_client *client, uint32_t syncobj)
{
	struct drm_syncobj_handle export = {
		.handle = syncobj,
		.flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE,
	};
	struct sync_file_info info = {0};

	must(!call(client, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &export), "SYNCOBJ_HANDLE_TO_FD");
	must(!agx_node_syncfile_ioctl(client->node, export.fd, SYNC_IOC_FILE_INFO,
				      (uintptr_t)&info),
	     "SYNC_IOC_FILE_INFO");
	agx_node_close_fd(client->node, export.fd);
	if (info.status > 0)
		return 0;
	return info.status ? info.status : 1;
}
