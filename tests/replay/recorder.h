/* SPDX-License-Identifier: MIT */
/*
 * Records what a virtual node answers: ioctls made through here go to a node and, as CALL and
 * RETURN records, into a trace. It is to the tests what capture is to a program, without threads
 * or timing.
 *
 * Functions abort the program when the recorder itself fails.
 */
#ifndef AGX_TEST_RECORDER_H
#define AGX_TEST_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agxt_format.h"

struct agx_file;

#define RECORDER_STREAMS 4

struct recorder_params {
	const char *soc;     /* NULL: t8103 */
	bool no_soc;         /* leave the SoC out */
	uint32_t chunk_size; /* 0: the writer's default */
};

struct recorder;

struct recorder *recorder_create(const char *path, const struct recorder_params *params);

/* Writes the index and closes; the nodes go. */
void recorder_finish(struct recorder *rec);

/* Closes without index, as a killed recorder leaves the file. */
void recorder_abandon(struct recorder *rec);

/* A program that opened the node. The result is the file's number in the trace. */
uint32_t recorder_open(struct recorder *rec, uint32_t stream);
void recorder_close(struct recorder *rec, uint32_t file);

/* Makes an ioctl and records it; thread 1 of the file's process. */
long recorder_ioctl(struct recorder *rec, uint32_t file, uint32_t request, void *arg);

/* The same in parts, for calls that overlap. begin gives the call's number. */
uint64_t recorder_begin(struct recorder *rec, uint32_t file, uint32_t thread, uint32_t request,
			void *arg);
long recorder_make(struct recorder *rec, uint64_t call);
void recorder_end(struct recorder *rec, uint64_t call);

/* An ioctl on a dma-buf or sync file that a call gave. */
long recorder_fd_ioctl(struct recorder *rec, uint32_t stream, int fd, uint32_t request, void *arg);

/* An ioctl with an argument that cannot be read. */
void recorder_bad_argument(struct recorder *rec, uint32_t file, uint32_t request, long result);

/* Records a result that the node did not give: -EINTR, -ETIME, an unknown ioctl's. */
void recorder_pretend(struct recorder *rec, uint32_t file, uint32_t request, const void *arg,
		      uint32_t call_flags, long result);

void recorder_pages(struct recorder *rec, uint32_t file, uint32_t handle, uint64_t first_page,
		    uint32_t count, const void *content, uint16_t flags);
void recorder_result(struct recorder *rec, uint32_t file, uint32_t handle, uint64_t offset,
		     uint64_t size, const uint8_t digest[16]);
void recorder_map(struct recorder *rec, uint32_t file, uint32_t handle, uint64_t offset,
		  uint64_t size, int result);

/* A descriptor from elsewhere; the recorder closes it. */
void recorder_foreign(struct recorder *rec, uint32_t stream, int fd, enum agxt_fd_kind kind,
		      uint64_t size);
/* The last descriptor of what fd refers to is gone. */
void recorder_fd_close(struct recorder *rec, uint32_t stream, int fd);

void recorder_marker(struct recorder *rec, uint32_t stream);

/* Convenience: handles, ids; abort on failure. */
uint32_t recorder_gem_create(struct recorder *rec, uint32_t file, uint64_t size);
uint32_t recorder_vm_create(struct recorder *rec, uint32_t file);
uint32_t recorder_queue_create(struct recorder *rec, uint32_t file, uint32_t vm);
uint32_t recorder_syncobj_create(struct recorder *rec, uint32_t file);
void recorder_bind(struct recorder *rec, uint32_t file, uint32_t vm, uint32_t handle, uint64_t addr,
		   uint64_t size);

/* One compute command; out: syncobj to signal, or 0. */
long recorder_submit(struct recorder *rec, uint32_t file, uint32_t queue, uint32_t out);

#endif
