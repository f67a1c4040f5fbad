/* SPDX-License-Identifier: MIT */
/* What the tests of the node share: a node with a file, and short names for common ioctls. */
#ifndef NODE_FIXTURE_H
#define NODE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agx_node.h"
#include "asahi_drm.h"

#define PAGE 0x4000ull

/* A kernel window far from the addresses that tests bind at. */
#define WINDOW_START 0x7000000000ull
#define WINDOW_END   0x7020000000ull

/* Where make_streams() puts control streams without content. */
#define STREAMS    0x6000000000ull
#define VDM_STREAM STREAMS
#define CDM_STREAM (STREAMS + 0x100)

struct fixture {
	struct agx_node *node;
	struct agx_file *file;
};

/* A node as configured (NULL: single-stepped, 1 GiB) with one open file. */
void fixture_init(struct fixture *fixture, const struct agx_node_config *config);

/* Closes the file and checks that nothing is left of it. */
void fixture_finish(struct fixture *fixture);

/* ioctl on a file: the node's result. */
long call(struct agx_file *file, unsigned long request, void *arg);

/* These fail the test when the ioctl fails. */
uint32_t make_bo(struct agx_file *file, uint64_t size, uint32_t vm);
uint32_t make_vm(struct agx_file *file);
uint32_t make_queue(struct agx_file *file, uint32_t vm);
uint32_t make_syncobj(struct agx_file *file, uint32_t flags);
uint32_t make_object(struct agx_file *file, uint32_t bo, uint64_t offset, uint64_t range);
void close_bo(struct agx_file *file, uint32_t handle);
uint64_t mmap_offset(struct agx_file *file, uint32_t handle);

/* Maps a whole BO into the test; munmap() and agx_bo_put(*bo) end it. */
void *map_bo(struct agx_file *file, uint32_t handle, uint64_t size, struct agx_bo **bo);

/* One operation; the ioctl's result. */
long bind_range(struct agx_file *file, uint32_t vm, uint32_t handle, uint64_t addr, uint64_t range,
		uint64_t offset, uint32_t flags);

/*
 * Binds a page with control streams that end at once. Without it what submit_empty() submits
 * faults: the fence then signals with -EIO. The BO's handle.
 */
uint32_t make_streams(struct agx_file *file, uint32_t vm);

/*
 * Submits one compute command with an empty stream; out: a binary syncobj or 0. The ioctl's result.
 */
long submit_empty(struct agx_file *file, uint32_t queue, uint32_t in, uint32_t out);

/* Waits for a binary syncobj. */
long wait_syncobj(struct agx_file *file, uint32_t handle, int64_t abs_timeout);

#endif
