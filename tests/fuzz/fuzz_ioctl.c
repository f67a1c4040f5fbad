// SPDX-License-Identifier: MIT
/*
 * Fuzzes the ioctl boundary of the virtual node.
 *
 * The input is a little program: an image of the client's memory, then calls on it. The client's
 * pointers go through an access table that knows this image alone, so a wild pointer in an
 * argument, an array or a command buffer is an EFAULT of the test, never a fault of the process.
 *
 *   input := u16 size, size bytes of memory (from MEMORY_BASE, rest zero), operation*
 *   operation := u8 code, its operands (little-endian; missing bytes read as zero):
 *     0x00-0x7f  ioctl number code % N of the table below; u16 offset of its argument
 *     0x80       u32 request, u16 offset: any ioctl
 *     0x81       u16 offset, u8 n, n bytes: writes memory
 *     0x82       u8: selects one of four files, opens it if need be
 *     0x83       closes the selected file
 *     0x84       u16 offset of { u64 offset, u64 size }: looks up a mapping
 *     0x85       u32: advances the clock by so many microseconds
 *     0x86       retires what can run
 *     0x87       u16 offset of an fd, u32 request, u16 offset: dma-buf ioctl
 *     0x88       u16 offset of an fd, u32 request, u16 offset: sync file ioctl
 *     0x89       u16 from, u16 to, u8 n: copies memory (a handle or an address to where it is used)
 *
 * The same source is a plain program that runs the files given as arguments (standalone.c).
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "agx_node.h"
#include "asahi_drm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEMORY_BASE 0x10000ull
#define MEMORY_SIZE 0x10000ull
#define MAX_OPS     400
#define MAX_FDS     64
#define NUM_FILES   4

static const unsigned long requests[] = {
	DRM_IOCTL_VERSION,
	DRM_IOCTL_GET_CAP,
	DRM_IOCTL_GEM_CLOSE,
	DRM_IOCTL_PRIME_HANDLE_TO_FD,
	DRM_IOCTL_PRIME_FD_TO_HANDLE,
	DRM_IOCTL_ASAHI_GET_PARAMS,
	DRM_IOCTL_ASAHI_GET_TIME,
	DRM_IOCTL_ASAHI_VM_CREATE,
	DRM_IOCTL_ASAHI_VM_DESTROY,
	DRM_IOCTL_ASAHI_VM_BIND,
	DRM_IOCTL_ASAHI_GEM_CREATE,
	DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET,
	DRM_IOCTL_ASAHI_GEM_BIND_OBJECT,
	DRM_IOCTL_ASAHI_QUEUE_CREATE,
	DRM_IOCTL_ASAHI_QUEUE_DESTROY,
	DRM_IOCTL_ASAHI_SUBMIT,
	DRM_IOCTL_SYNCOBJ_CREATE,
	DRM_IOCTL_SYNCOBJ_DESTROY,
	DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD,
	DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE,
	DRM_IOCTL_SYNCOBJ_WAIT,
	DRM_IOCTL_SYNCOBJ_RESET,
	DRM_IOCTL_SYNCOBJ_SIGNAL,
	DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT,
	DRM_IOCTL_SYNCOBJ_QUERY,
	DRM_IOCTL_SYNCOBJ_TRANSFER,
	DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL,
	DRM_IOWR(0xcf, uint64_t[3]), /* SYNCOBJ_EVENTFD */
	DRM_IOWR(0xd1, uint64_t[2]), /* SET_CLIENT_NAME */
};

static uint8_t memory[MEMORY_SIZE];
static uint64_t node_time;

static bool in_memory(uint64_t address, size_t size)
{
	return address >= MEMORY_BASE && address - MEMORY_BASE <= MEMORY_SIZE &&
	       size <= MEMORY_SIZE - (address - MEMORY_BASE);
}

static int copy_from(void *dst, uint64_t src, size_t size)
{
	if (!in_memory(src, size))
		return -EFAULT;
	memcpy(dst, memory + (src - MEMORY_BASE), size);
	return 0;
}

static int copy_to(uint64_t dst, const void *src, size_t size)
{
	if (!in_memory(dst, size))
		return -EFAULT;
	memcpy(memory + (dst - MEMORY_BASE), src, size);
	return 0;
}

static const struct agx_uaccess uaccess = {.copy_from = copy_from, .copy_to = copy_to};

static uint64_t now(void *data)
{
	return node_time;
}

struct input {
	const uint8_t *data;
	size_t size;
};

static uint64_t take(struct input *in, unsigned int bytes)
{
	uint64_t value = 0;
	unsigned int i;

	for (i = 0; i < bytes && in->size; i++) {
		value |= (uint64_t)*in->data++ << (8 * i);
		in->size--;
	}
	return value;
}

/* Descriptors that the node handed out. */
struct fds {
	int fds[MAX_FDS];
	unsigned int count;
};

static void remember_fd(struct fds *fds, int fd)
{
	if (fds->count == MAX_FDS)
		close(fds->fds[--fds->count]);
	fds->fds[fds->count++] = fd;
}

/* The client names descriptors by their place among those it got; nothing else is reachable. */
static void resolve_fd(const struct fds *fds, uint32_t offset)
{
	int32_t fd;

	if (offset + sizeof(fd) > MEMORY_SIZE)
		return;
	memcpy(&fd, memory + offset, sizeof(fd));
	fd = fds->count ? fds->fds[(uint32_t)fd % fds->count] : -1;
	memcpy(memory + offset, &fd, sizeof(fd));
}

static void do_ioctl(struct agx_file *file, struct fds *fds, uint32_t request, uint32_t offset)
{
	uint32_t fd_at = 0;
	bool gives_fd = false;
	int32_t fd;
	long ret;

	switch (_IOC_NR(request)) {
	case _IOC_NR(DRM_IOCTL_PRIME_HANDLE_TO_FD):
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD):
		fd_at = offset + 8;
		gives_fd = true;
		break;
	case _IOC_NR(DRM_IOCTL_PRIME_FD_TO_HANDLE):
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE):
		resolve_fd(fds, offset + 8);
		break;
	case 0xcf: /* SYNCOBJ_EVENTFD */
		resolve_fd(fds, offset + 16);
		break;
	}
	/* The result would be lost, and the descriptor with it. */
	if (gives_fd && (!(_IOC_DIR(request) & _IOC_READ) || _IOC_SIZE(request) < 12 ||
			 !in_memory(MEMORY_BASE + offset, _IOC_SIZE(request))))
		return;
	ret = agx_file_ioctl(file, request, MEMORY_BASE + offset);
	if (ret > 0)
		abort();
	if (gives_fd && !ret) {
		memcpy(&fd, memory + fd_at, sizeof(fd));
		remember_fd(fds, fd);
	}
}

static int fd_at(const struct fds *fds, uint32_t offset)
{
	return fds->count ? fds->fds[memory[offset % MEMORY_SIZE] % fds->count] : -1;
}

static void expect_nothing_left(struct agx_node *node)
{
	struct agx_node_stats stats;

	agx_node_stats(node, &stats);
	if (stats.live_files || stats.live_bos || stats.live_bytes || stats.live_vms ||
	    stats.live_queues || stats.live_syncobjs || stats.completed_submits != stats.submits) {
		fprintf(stderr,
			"left: %llu files, %llu BOs, %llu VMs, %llu queues, %llu syncobjs\n",
			(unsigned long long)stats.live_files, (unsigned long long)stats.live_bos,
			(unsigned long long)stats.live_vms, (unsigned long long)stats.live_queues,
			(unsigned long long)stats.live_syncobjs);
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct agx_node_config config = {
		.memory_limit = 16 << 20,
		.single_step = true,
		.now = now,
		.uaccess = &uaccess,
	};
	struct agx_file *files[NUM_FILES] = {NULL};
	struct input in = {data, size};
	struct fds fds = {.count = 0};
	unsigned int current = 0, ops;
	struct agx_node *node;
	size_t image;
	int i;

	node_time = 1000;
	memset(memory, 0, sizeof(memory));
	image = take(&in, 2);
	if (image > in.size)
		image = in.size;
	memcpy(memory, in.data, image);
	in.data += image;
	in.size -= image;

	if (agx_node_create(&config, &node))
		abort();
	if (agx_file_open(node, &files[0]))
		abort();
	for (ops = 0; in.size && ops < MAX_OPS; ops++) {
		uint8_t code = (uint8_t)take(&in, 1);
		uint32_t offset, request, from, length;
		struct agx_mmap map;

		if (code == 0x82) {
			current = take(&in, 1) % NUM_FILES;
			if (!files[current] && agx_file_open(node, &files[current]))
				abort();
			continue;
		}
		if (!files[current] && agx_file_open(node, &files[current]))
			abort();

		switch (code) {
		case 0x80:
			request = (uint32_t)take(&in, 4);
			offset = (uint32_t)take(&in, 2);
			do_ioctl(files[current], &fds, request, offset);
			break;
		case 0x81:
			offset = (uint32_t)take(&in, 2);
			length = (uint32_t)take(&in, 1);
			while (length-- && offset < MEMORY_SIZE)
				memory[offset++] = (uint8_t)take(&in, 1);
			break;
		case 0x83:
			agx_file_put(files[current]);
			files[current] = NULL;
			break;
		case 0x84: {
			uint64_t where[2];

			offset = (uint32_t)take(&in, 2);
			if (!copy_from(where, MEMORY_BASE + offset, sizeof(where)) &&
			    !agx_file_mmap(files[current], where[0], where[1], &map)) {
				if (map.fd < 0)
					abort();
				agx_bo_put(map.bo);
			}
			break;
		}
		case 0x85:
			node_time += take(&in, 4) * 1000;
			break;
		case 0x86:
			agx_node_step(node);
			break;
		case 0x87:
			from = (uint32_t)take(&in, 2);
			request = (uint32_t)take(&in, 4);
			offset = (uint32_t)take(&in, 2);
			agx_node_dmabuf_ioctl(node, fd_at(&fds, from), request,
					      MEMORY_BASE + offset);
			break;
		case 0x88:
			from = (uint32_t)take(&in, 2);
			request = (uint32_t)take(&in, 4);
			offset = (uint32_t)take(&in, 2);
			agx_node_syncfile_ioctl(node, fd_at(&fds, from), request,
						MEMORY_BASE + offset);
			break;
		case 0x89:
			from = (uint32_t)take(&in, 2);
			offset = (uint32_t)take(&in, 2);
			length = (uint32_t)take(&in, 1);
			if (from + length <= MEMORY_SIZE && offset + length <= MEMORY_SIZE)
				memmove(memory + offset, memory + from, length);
			break;
		default:
			if (code >= 0x80)
				break;
			offset = (uint32_t)take(&in, 2);
			do_ioctl(
				files[current], &fds,
				(uint32_t)requests[code % (sizeof(requests) / sizeof(requests[0]))],
				offset);
		}
	}
	for (i = 0; i < NUM_FILES; i++)
		agx_file_put(files[i]);
	expect_nothing_left(node);
	agx_node_destroy(node);
	while (fds.count)
		close(fds.fds[--fds.count]);
	return 0;
}
