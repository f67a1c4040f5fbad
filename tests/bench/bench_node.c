// SPDX-License-Identifier: MIT
/*
 * What the virtual node costs: each operation in nanoseconds and as a ratio to a do-nothing ioctl
 * (GET_CAP) of the same run, with few and with many live buffer objects. Without an argument the
 * node is called directly; with the path of a node, by ioctl() on it, as programs do: under
 * `agx run` that goes through the preload object.
 *
 * The best of several rounds is reported: the machine's other work only ever makes it slower.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "agx_node.h"
#include "asahi_drm.h"

#define PAGE   0x4000ull
#define ROUNDS 7

struct bench {
	struct agx_node *node;
	struct agx_file *file;
	int fd; /* of the node, -1: file is called directly */
	uint32_t vm, queue, syncobj;
};

static void check(long result, const char *what)
{
	if (result < 0) {
		fprintf(stderr, "%s: %s\n", what, strerror((int)-result));
		exit(2);
	}
}

static long call(struct bench *b, unsigned long request, void *arg)
{
	if (b->fd >= 0)
		return ioctl(b->fd, request, arg) < 0 ? -errno : 0;
	return agx_file_ioctl(b->file, request, (uintptr_t)arg);
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint32_t create(struct bench *b)
{
	struct drm_asahi_gem_create args = {
		.size = PAGE, .flags = DRM_ASAHI_GEM_VM_PRIVATE, .vm_id = b->vm};

	check(call(b, DRM_IOCTL_ASAHI_GEM_CREATE, &args), "GEM_CREATE");
	return args.handle;
}

static void bind(struct bench *b, uint32_t handle, uint64_t addr)
{
	struct drm_asahi_gem_bind_op op = {
		.flags = DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_WRITE,
		.handle = handle,
		.range = PAGE,
		.addr = addr,
	};
	struct drm_asahi_vm_bind args = {
		.vm_id = b->vm, .num_binds = 1, .stride = sizeof(op), .userptr = (uintptr_t)&op};

	check(call(b, DRM_IOCTL_ASAHI_VM_BIND, &args), "VM_BIND");
}

static void op_nothing(struct bench *b)
{
	struct drm_get_cap cap = {.capability = DRM_CAP_PRIME};

	check(call(b, DRM_IOCTL_GET_CAP, &cap), "GET_CAP");
}

static void op_create_bind_close(struct bench *b)
{
	struct drm_gem_close args = {.handle = create(b)};

	bind(b, args.handle, PAGE);
	check(call(b, DRM_IOCTL_GEM_CLOSE, &args), "GEM_CLOSE");
}

/* As above, but the buffer was written: its memory is cleared before it is used again. */
static void op_create_map_bind_close(struct bench *b)
{
	struct drm_gem_close args = {.handle = create(b)};
	struct drm_asahi_gem_mmap_offset offset = {.handle = args.handle};
	struct agx_mmap map = {.bo = NULL};
	void *address = NULL;

	check(call(b, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &offset), "GEM_MMAP_OFFSET");
	if (b->fd >= 0) {
		address = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, b->fd,
			       (off_t)offset.offset);
		check(address == MAP_FAILED ? -errno : 0, "mmap");
	} else {
		check(agx_file_mmap(b->file, offset.offset, PAGE, &map), "mmap");
	}
	bind(b, args.handle, PAGE);
	if (address)
		munmap(address, PAGE);
	agx_bo_put(map.bo);
	check(call(b, DRM_IOCTL_GEM_CLOSE, &args), "GEM_CLOSE");
}

static void op_submit_wait(struct bench *b)
{
	static const struct {
		struct drm_asahi_cmd_header header;
		struct drm_asahi_cmd_compute compute;
	} cmdbuf = {
		.header =
			{
				.cmd_type = DRM_ASAHI_CMD_COMPUTE,
				.size = sizeof(struct drm_asahi_cmd_compute),
				.vdm_barrier = DRM_ASAHI_BARRIER_NONE,
				.cdm_barrier = DRM_ASAHI_BARRIER_NONE,
			},
	};
	struct drm_asahi_sync sync = {.handle = b->syncobj};
	struct drm_asahi_submit args = {
		.queue_id = b->queue,
		.cmdbuf = (uintptr_t)&cmdbuf,
		.cmdbuf_size = sizeof(cmdbuf),
		.syncs = (uintptr_t)&sync,
		.out_sync_count = 1,
	};
	struct drm_syncobj_wait wait = {
		.handles = (uintptr_t)&b->syncobj, .count_handles = 1, .timeout_nsec = INT64_MAX};

	check(call(b, DRM_IOCTL_ASAHI_SUBMIT, &args), "SUBMIT");
	check(call(b, DRM_IOCTL_SYNCOBJ_WAIT, &wait), "SYNCOBJ_WAIT");
}

static double measure(struct bench *b, void (*op)(struct bench *b), unsigned int count)
{
	double best = 1e18;
	unsigned int i;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		uint64_t start = now();
		double each;

		for (i = 0; i < count; i++)
			op(b);
		each = (double)(now() - start) / count;
		if (each < best)
			best = each;
	}
	return best;
}

static void run(const char *path, unsigned int live_bos)
{
	static const struct {
		const char *name;
		void (*op)(struct bench *b);
		unsigned int count;
	} ops[] = {
		{"create+bind+close", op_create_bind_close, 20000},
		{"create+map+bind+close", op_create_map_bind_close, 5000},
		{"empty submit, wait", op_submit_wait, 5000},
	};
	struct agx_node_config config = {.memory_limit = 16ull << 30};
	struct drm_asahi_vm_create vm = {.kernel_start = 0x7000000000, .kernel_end = 0x7020000000};
	struct drm_asahi_queue_create queue = {0};
	struct drm_syncobj_create syncobj = {0};
	struct bench b = {.fd = -1};
	double nothing;
	unsigned int i;

	if (path) {
		b.fd = open(path, O_RDWR | O_CLOEXEC);
		check(b.fd < 0 ? -errno : 0, path);
	} else {
		check(agx_node_create(&config, &b.node), "node");
		check(agx_file_open(b.node, &b.file), "file");
	}
	check(call(&b, DRM_IOCTL_ASAHI_VM_CREATE, &vm), "VM_CREATE");
	b.vm = vm.vm_id;
	queue.vm_id = b.vm;
	check(call(&b, DRM_IOCTL_ASAHI_QUEUE_CREATE, &queue), "QUEUE_CREATE");
	b.queue = queue.queue_id;
	check(call(&b, DRM_IOCTL_SYNCOBJ_CREATE, &syncobj), "SYNCOBJ_CREATE");
	b.syncobj = syncobj.handle;
	for (i = 0; i < live_bos; i++)
		bind(&b, create(&b), (uint64_t)(i + 2) * PAGE);

	nothing = measure(&b, op_nothing, 100000);
	printf("%6u live: %-24s %8.0f ns\n", live_bos, "do-nothing ioctl", nothing);
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		double each = measure(&b, ops[i].op, ops[i].count);

		printf("%6u live: %-24s %8.0f ns %6.1f x\n", live_bos, ops[i].name, each,
		       each / nothing);
	}
	if (path) {
		close(b.fd);
		return;
	}
	agx_file_put(b.file);
	agx_node_destroy(b.node);
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : NULL;

	run(path, 10);
	run(path, 1000);
	run(path, 100000);
	return 0;
}
