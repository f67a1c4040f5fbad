// SPDX-License-Identifier: MIT
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/sync_file.h>

/* First words of blocks that end a stream (Mesa: src/asahi/genxml/cmdbuf.xml). */
#define CDM_TERMINATE 0x40000000u
#define VDM_TERMINATE 0xc0000000u

#define CDM_STREAM 0x000
#define VDM_STREAM 0x100

#define WINDOW_START 0x7000000000ull
#define WINDOW_END   0x7020000000ull

struct compute {
	struct drm_asahi_cmd_header header;
	struct drm_asahi_cmd_compute compute;
};

struct render {
	struct drm_asahi_cmd_header header;
	struct drm_asahi_cmd_render render;
};

long vm_client_ioctl(int fd, unsigned long request, void *arg)
{
	long ret;

	do {
		ret = ioctl(fd, request, arg);
	} while (ret < 0 && (errno == EINTR || errno == EAGAIN));
	return ret < 0 ? -errno : ret;
}

static int open_asahi(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), ret;
	char name[8] = "";
	struct drm_version version = {.name = name, .name_len = sizeof(name) - 1};

	if (fd < 0)
		return -errno;
	ret = (int)vm_client_ioctl(fd, DRM_IOCTL_VERSION, &version);
	if (!ret && strcmp(name, "asahi"))
		ret = -ENODEV;
	if (ret < 0) {
		close(fd);
		return ret;
	}
	return fd;
}

int vm_client_open_node(const char *path)
{
	char found[32];
	int ret = -ENOENT, fd;

	if (path)
		return open_asahi(path);
	for (int minor = 128; minor < 192; minor++) {
		snprintf(found, sizeof(found), "/dev/dri/renderD%d", minor);
		fd = open_asahi(found);
		if (fd >= 0)
			return fd;
		if (fd != -ENOENT)
			ret = fd;
	}
	return ret;
}

int vm_client_open(struct vm_client *client, const char *path)
{
	*client = (struct vm_client){.fd = vm_client_open_node(path)};
	return client->fd < 0 ? client->fd : 0;
}

void vm_client_close(struct vm_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	*client = (struct vm_client){.fd = -1};
}

int vm_client_make_vm(struct vm_client *client)
{
	struct drm_asahi_vm_create args = {.kernel_start = WINDOW_START, .kernel_end = WINDOW_END};
	long ret = vm_client_ioctl(client->fd, DRM_IOCTL_ASAHI_VM_CREATE, &args);

	if (!ret)
		client->vm = args.vm_id;
	return (int)ret;
}

int vm_client_bo(struct vm_client *client, uint32_t vm, uint64_t size, uint32_t *handle)
{
	struct drm_asahi_gem_create args = {
		.size = size, .flags = vm ? DRM_ASAHI_GEM_VM_PRIVATE : 0, .vm_id = vm};
	long ret = vm_client_ioctl(client->fd, DRM_IOCTL_ASAHI_GEM_CREATE, &args);

	*handle = ret ? 0 : args.handle;
	return (int)ret;
}

int vm_client_close_bo(struct vm_client *client, uint32_t handle)
{
	struct drm_gem_close args = {.handle = handle};

	return (int)vm_client_ioctl(client->fd, DRM_IOCTL_GEM_CLOSE, &args);
}

static int bind(struct vm_client *client, struct drm_asahi_gem_bind_op *op)
{
	struct drm_asahi_vm_bind args = {
		.vm_id = client->vm,
		.num_binds = 1,
		.stride = sizeof(*op),
		.userptr = (uintptr_t)op,
	};

	return (int)vm_client_ioctl(client->fd, DRM_IOCTL_ASAHI_VM_BIND, &args);
}

int vm_client_bind(struct vm_client *client, uint32_t handle, uint64_t offset, uint64_t address,
		   uint64_t size)
{
	struct drm_asahi_gem_bind_op op = {
		.flags = DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_WRITE,
		.handle = handle,
		.offset = offset,
		.range = size,
		.addr = address,
	};

	return bind(client, &op);
}

int vm_client_unbind(struct vm_client *client, uint64_t address, uint64_t size)
{
	struct drm_asahi_gem_bind_op op = {
		.flags = DRM_ASAHI_BIND_UNBIND,
		.range = size,
		.addr = address,
	};

	return bind(client, &op);
}

void *vm_client_map(struct vm_client *client, uint32_t handle, uint64_t size, int *error)
{
	struct drm_asahi_gem_mmap_offset args = {.handle = handle};
	long ret = vm_client_ioctl(client->fd, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &args);
	void *memory = MAP_FAILED;

	if (!ret) {
		memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, client->fd,
			      (off_t)args.offset);
		if (memory == MAP_FAILED)
			ret = -errno;
	}
	*error = (int)ret;
	return ret ? NULL : memory;
}

/*
 * Writes by a system call: where a page cannot be had, that is an error, while a store would be a
 * signal.
 */
static int fill(void *to, const void *from, size_t size)
{
	int pipes[2], ret = 0;

	if (pipe(pipes))
		return -errno;
	if (write(pipes[1], from, size) != (ssize_t)size)
		ret = -errno;
	else if (read(pipes[0], to, size) != (ssize_t)size)
		ret = -errno;
	close(pipes[0]);
	close(pipes[1]);
	return ret;
}

int vm_client_make_buffers(struct vm_client *client)
{
	const uint32_t cdm[2] = {CDM_TERMINATE}, vdm[8] = {VDM_TERMINATE};
	uint8_t *memory;
	int ret;

	ret = vm_client_bo(client, client->vm, VM_CLIENT_PAGE, &client->streams);
	if (!ret)
		ret = vm_client_bo(client, client->vm, VM_CLIENT_PAGE, &client->programs);
	if (ret)
		return ret;
	memory = vm_client_map(client, client->streams, VM_CLIENT_PAGE, &ret);
	if (!memory)
		return ret;
	ret = fill(memory + CDM_STREAM, cdm, sizeof(cdm));
	if (!ret)
		ret = fill(memory + VDM_STREAM, vdm, sizeof(vdm));
	munmap(memory, VM_CLIENT_PAGE);
	if (!ret)
		ret = vm_client_bind(client, client->streams, 0, VM_CLIENT_STREAMS, VM_CLIENT_PAGE);
	if (!ret)
		ret = vm_client_bind(client, client->programs, 0, VM_CLIENT_USC, VM_CLIENT_PAGE);
	return ret;
}

int vm_client_make_queue(struct vm_client *client)
{
	struct drm_asahi_queue_create args = {.vm_id = client->vm, .usc_exec_base = VM_CLIENT_USC};
	long ret = vm_client_ioctl(client->fd, DRM_IOCTL_ASAHI_QUEUE_CREATE, &args);

	if (!ret)
		client->queue = args.queue_id;
	return (int)ret;
}

int vm_client_make_syncobj(struct vm_client *client)
{
	struct drm_syncobj_create args = {0};
	long ret = vm_client_ioctl(client->fd, DRM_IOCTL_SYNCOBJ_CREATE, &args);

	if (!ret)
		client->syncobj = args.handle;
	return (int)ret;
}

int vm_client_init(struct vm_client *client, const char *path)
{
	int ret = vm_client_open(client, path);

	if (!ret)
		ret = vm_client_make_vm(client);
	if (!ret)
		ret = vm_client_make_buffers(client);
	if (!ret)
		ret = vm_client_make_queue(client);
	if (!ret)
		ret = vm_client_make_syncobj(client);
	if (ret)
		vm_client_close(client);
	return ret;
}

static uint32_t add_compute(uint8_t *to, uint64_t stream)
{
	const struct compute command = {
		.header = {.cmd_type = DRM_ASAHI_CMD_COMPUTE,
			   .size = sizeof(command.compute),
			   .vdm_barrier = DRM_ASAHI_BARRIER_NONE,
			   .cdm_barrier = DRM_ASAHI_BARRIER_NONE},
		.compute = {.cdm_ctrl_stream_base = stream, .cdm_ctrl_stream_end = stream + 8},
	};

	memcpy(to, &command, sizeof(command));
	return sizeof(command);
}

static uint32_t add_render(uint8_t *to, uint64_t stream)
{
	const struct render command = {
		.header = {.cmd_type = DRM_ASAHI_CMD_RENDER,
			   .size = sizeof(command.render),
			   .vdm_barrier = DRM_ASAHI_BARRIER_NONE,
			   .cdm_barrier = DRM_ASAHI_BARRIER_NONE},
		.render = {.vdm_ctrl_stream_base = stream,
			   .width_px = 256,
			   .height_px = 256,
			   .layers = 1,
			   .samples = 1,
			   .sample_size_B = 4,
			   .utile_width_px = 32,
			   .utile_height_px = 32},
	};

	memcpy(to, &command, sizeof(command));
	return sizeof(command);
}

static int submit(struct vm_client *client, unsigned int commands, struct drm_asahi_sync *syncs,
		  uint32_t in_count, uint32_t out_count)
{
	uint8_t cmdbuf[sizeof(struct compute) + sizeof(struct render)];
	uint64_t streams = commands & VM_CLIENT_FAULTING ? VM_CLIENT_NOWHERE : VM_CLIENT_STREAMS;
	struct drm_asahi_submit args = {
		.syncs = (uintptr_t)syncs,
		.cmdbuf = (uintptr_t)cmdbuf,
		.queue_id = client->queue,
		.in_sync_count = in_count,
		.out_sync_count = out_count,
	};

	if (commands & VM_CLIENT_RENDER)
		args.cmdbuf_size = add_render(cmdbuf, streams + VDM_STREAM);
	if (commands & VM_CLIENT_COMPUTE)
		args.cmdbuf_size += add_compute(cmdbuf + args.cmdbuf_size, streams + CDM_STREAM);
	return (int)vm_client_ioctl(client->fd, DRM_IOCTL_ASAHI_SUBMIT, &args);
}

int vm_client_submit(struct vm_client *client, unsigned int commands, uint32_t in, uint32_t out)
{
	struct drm_asahi_sync syncs[2] = {{.handle = in ? in : out}, {.handle = out}};

	return submit(client, commands, syncs, in != 0, out != 0);
}

int vm_client_submit_timeline(struct vm_client *client, unsigned int commands, uint32_t out,
			      uint64_t point)
{
	struct drm_asahi_sync sync = {
		.sync_type = DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ,
		.handle = out,
		.timeline_value = point,
	};

	return submit(client, commands, &sync, 0, 1);
}

int vm_client_wait(struct vm_client *client, uint32_t syncobj, unsigned int ms)
{
	struct drm_syncobj_wait args = {.handles = (uintptr_t)&syncobj, .count_handles = 1};
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	args.timeout_nsec = now.tv_sec * 1000000000ll + now.tv_nsec + ms * 1000000ll;
	return (int)vm_client_ioctl(client->fd, DRM_IOCTL_SYNCOBJ_WAIT, &args);
}

int vm_client_status(struct vm_client *client, uint32_t syncobj)
{
	struct drm_syncobj_handle export = {
		.handle = syncobj,
		.flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE,
	};
	struct sync_file_info info = {0};
	long ret = vm_client_ioctl(client->fd, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &export);

	if (ret)
		return (int)ret;
	ret = vm_client_ioctl(export.fd, SYNC_IOC_FILE_INFO, &info);
	close(export.fd);
	if (ret)
		return (int)ret;
	if (info.status > 0)
		return 0;
	return info.status ? info.status : 1;
}
