// SPDX-License-Identifier: MIT
#include "bench_client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "gpu_client.h"

#define ROUNDS 7

/* Types of blocks that end a stream (Mesa: src/asahi/genxml/cmdbuf.xml). */
#define CDM_TERMINATE (2u << 29)
#define VDM_TERMINATE (6u << 29)

static uint64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t bench_now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t bench_cpu_now(void)
{
	return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

void bench_check(long result, const char *what)
{
	if (result < 0) {
		fprintf(stderr, "%s: %s\n", what, strerror((int)-result));
		exit(2);
	}
}

long bench_ioctl(struct bench *b, unsigned long request, void *arg)
{
	if (b->fd >= 0)
		return ioctl(b->fd, request, arg) < 0 ? -errno : 0;
	return agx_file_ioctl(b->file, request, (uintptr_t)arg);
}

void bench_open(struct bench *b, const char *path, uint64_t memory)
{
	struct agx_node_config config = {.memory_limit = memory};

	*b = (struct bench){.fd = -1};
	if (path) {
		b->fd = open(path, O_RDWR | O_CLOEXEC);
		bench_check(b->fd < 0 ? -errno : 0, path);
	} else {
		bench_check(agx_node_create(&config, &b->node), "node");
		bench_check(agx_file_open(b->node, &b->file), "file");
	}
}

void bench_close(struct bench *b)
{
	if (b->fd >= 0) {
		close(b->fd);
		return;
	}
	agx_file_put(b->file);
	agx_node_destroy(b->node);
}

uint32_t bench_bo(struct bench *b, uint32_t vm, uint64_t size)
{
	struct drm_asahi_gem_create args = {
		.size = size, .flags = vm ? DRM_ASAHI_GEM_VM_PRIVATE : 0, .vm_id = vm};

	bench_check(bench_ioctl(b, DRM_IOCTL_ASAHI_GEM_CREATE, &args), "GEM_CREATE");
	return args.handle;
}

void bench_close_bo(struct bench *b, uint32_t handle)
{
	struct drm_gem_close args = {.handle = handle};

	bench_check(bench_ioctl(b, DRM_IOCTL_GEM_CLOSE, &args), "GEM_CLOSE");
}

uint32_t bench_vm(struct bench *b)
{
	struct drm_asahi_vm_create args = {.kernel_start = 0x7000000000,
					   .kernel_end = 0x7020000000};

	bench_check(bench_ioctl(b, DRM_IOCTL_ASAHI_VM_CREATE, &args), "VM_CREATE");
	return args.vm_id;
}

static void bind(struct bench *b, uint32_t vm, struct drm_asahi_gem_bind_op *op)
{
	struct drm_asahi_vm_bind args = {
		.vm_id = vm, .num_binds = 1, .stride = sizeof(*op), .userptr = (uintptr_t)op};

	bench_check(bench_ioctl(b, DRM_IOCTL_ASAHI_VM_BIND, &args), "VM_BIND");
}

void bench_bind(struct bench *b, uint32_t vm, uint32_t handle, uint64_t address, uint64_t size)
{
	struct drm_asahi_gem_bind_op op = {
		.flags = DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_WRITE,
		.handle = handle,
		.range = size,
		.addr = address,
	};

	bind(b, vm, &op);
}

void bench_unbind(struct bench *b, uint32_t vm, uint64_t address, uint64_t size)
{
	struct drm_asahi_gem_bind_op op = {
		.flags = DRM_ASAHI_BIND_UNBIND,
		.range = size,
		.addr = address,
	};

	bind(b, vm, &op);
}

static void write_streams(struct bench *b, uint32_t handle)
{
	static const uint32_t cdm[2] = {CDM_TERMINATE}, vdm[2] = {VDM_TERMINATE};
	struct drm_asahi_gem_mmap_offset offset = {.handle = handle};
	struct agx_mmap map = {.fd = b->fd};
	uint8_t *memory;

	bench_check(bench_ioctl(b, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &offset), "GEM_MMAP_OFFSET");
	map.offset = offset.offset;
	if (b->fd < 0)
		bench_check(agx_file_mmap(b->file, offset.offset, BENCH_PAGE, &map), "mmap");
	memory = mmap(NULL, BENCH_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, map.fd,
		      (off_t)map.offset);
	bench_check(memory == MAP_FAILED ? -errno : 0, "mmap");
	memcpy(memory + (CLIENT_CDM - CLIENT_STREAMS), cdm, sizeof(cdm));
	memcpy(memory + (CLIENT_VDM - CLIENT_STREAMS), vdm, sizeof(vdm));
	munmap(memory, BENCH_PAGE);
	agx_bo_put(map.bo);
}

void bench_queue_open(struct bench *b, struct bench_queue *q)
{
	struct drm_asahi_queue_create queue = {.usc_exec_base = CLIENT_USC};
	struct drm_syncobj_create syncobj = {0};
	uint32_t handle;

	q->vm = bench_vm(b);
	handle = bench_bo(b, q->vm, BENCH_PAGE);
	write_streams(b, handle);
	bench_bind(b, q->vm, handle, CLIENT_STREAMS, BENCH_PAGE);
	bench_bind(b, q->vm, bench_bo(b, q->vm, BENCH_PAGE), CLIENT_USC, BENCH_PAGE);
	queue.vm_id = q->vm;
	bench_check(bench_ioctl(b, DRM_IOCTL_ASAHI_QUEUE_CREATE, &queue), "QUEUE_CREATE");
	q->queue = queue.queue_id;
	bench_check(bench_ioctl(b, DRM_IOCTL_SYNCOBJ_CREATE, &syncobj), "SYNCOBJ_CREATE");
	q->syncobj = syncobj.handle;
}

static uint32_t put(uint8_t *cmdbuf, uint32_t at, const void *command, size_t size)
{
	memcpy(cmdbuf + at, command, size);
	return at + (uint32_t)size;
}

void bench_submit(struct bench *b, const struct bench_queue *q, unsigned int commands)
{
	const struct client_compute compute = client_compute();
	const struct client_render render = client_render(256, 256);
	uint8_t cmdbuf[sizeof(compute) + sizeof(render)];
	struct drm_asahi_sync sync = {.handle = q->syncobj};
	struct drm_asahi_submit args = {
		.queue_id = q->queue,
		.cmdbuf = (uintptr_t)cmdbuf,
		.syncs = (uintptr_t)&sync,
		.out_sync_count = 1,
	};

	if (commands & BENCH_RENDER)
		args.cmdbuf_size = put(cmdbuf, args.cmdbuf_size, &render, sizeof(render));
	if (commands & BENCH_COMPUTE)
		args.cmdbuf_size = put(cmdbuf, args.cmdbuf_size, &compute, sizeof(compute));
	bench_check(bench_ioctl(b, DRM_IOCTL_ASAHI_SUBMIT, &args), "SUBMIT");
}

void bench_wait(struct bench *b, const struct bench_queue *q)
{
	struct drm_syncobj_wait wait = {
		.handles = (uintptr_t)&q->syncobj, .count_handles = 1, .timeout_nsec = INT64_MAX};

	bench_check(bench_ioctl(b, DRM_IOCTL_SYNCOBJ_WAIT, &wait), "SYNCOBJ_WAIT");
}

double bench_measure(uint64_t (*clock)(void), void (*op)(void *data), void *data,
		     unsigned int count)
{
	double best = 1e18, each;
	uint64_t start;

	for (int round = 0; round < ROUNDS; round++) {
		start = clock();
		for (unsigned int i = 0; i < count; i++)
			op(data);
		each = (double)(clock() - start) / count;
		if (each < best)
			best = each;
	}
	return best;
}

static void do_nothing(void *data)
{
	struct drm_get_cap cap = {.capability = DRM_CAP_PRIME};

	bench_check(bench_ioctl(data, DRM_IOCTL_GET_CAP, &cap), "GET_CAP");
}

double bench_measure_nothing(struct bench *b)
{
	return bench_measure(bench_cpu_now, do_nothing, b, 100000);
}
