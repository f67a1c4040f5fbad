/* SPDX-License-Identifier: MIT */
/*
 * The process's virtual node and its open files.
 *
 * The node is made when the process first opens the marker file, or first uses a descriptor
 * of it that it inherited or was sent. One struct nodefile stands for one open file
 * description; all descriptors of it share it.
 */
#ifndef AGX_PRELOAD_NODEFILE_H
#define AGX_PRELOAD_NODEFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "../node/agx_node.h"
#include "fdtable.h"

/* The node's file behind fd with a reference, NULL: fd is none, as far as is known. */
static inline struct fdobject *nodefile_get(int fd)
{
	return __builtin_expect(!fdtable_peek(fd), 1) ? NULL : fdtable_get(fd);
}

/* Whether this process has a node. */
bool nodefile_exists(void);

/* Registers fd, just opened on the marker by this process. 0 or a negative errno. */
int nodefile_opened(int fd);

/*
 * Looks at a descriptor that is not registered, after the kernel did not know its ioctl: if
 * it is of the marker, registers it. A reference to its file, or NULL.
 */
struct fdobject *nodefile_adopt(int fd);

/* Whether fd still is of the marker, that is, its table entry is not stale. */
bool nodefile_verify(int fd);

/* fd was made by duplicating from (dup, F_DUPFD). */
void nodefile_duplicated(int from, int fd);

/* fd is a copy of from, a buffer or fence with this agx_fdtrack_peek() before. */
void nodefile_shared_duplicated(int from, uint64_t known, int fd);

/* fd, or first..last, is about to be closed, or was closed. */
void nodefile_closed(int fd);
void nodefile_closed_range(unsigned int first, unsigned int last);

/* The kernel chose fd for a new descriptor of something else: what was known of it is stale. */
void nodefile_appeared(int fd);

/*
 * The calls with the kernel's results: >= 0 or a negative errno. request is 32 bits wide:
 * callers differ in how they extend it.
 */
long nodefile_ioctl(struct fdobject *object, uint32_t request, uint64_t arg);
int nodefile_mmap(struct fdobject *object, uint64_t offset, uint64_t size, struct agx_mmap *map);

/* ioctls of exported buffers and sync files; -ENOTTY when fd is neither. */
long nodefile_dmabuf_ioctl(int fd, uint32_t request, uint64_t arg);
long nodefile_syncfile_ioctl(int fd, uint32_t request, uint64_t arg);

#endif
