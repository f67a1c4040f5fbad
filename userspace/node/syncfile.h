/* SPDX-License-Identifier: MIT */
/*
 * Sync files: fences as file descriptors that can be polled.
 *
 * Ours are read ends of pipes: nothing to read and a live writer while the fence is pending; at
 * the signal data is written and the writer closed, so poll() reports POLLIN. 1 + errno bytes
 * mean "signalled with that error", 1 byte success; end of file without data means that the
 * process that had promised the signal is gone. Nobody reads the data, so every holder of a
 * duplicate, in any process, sees the same.
 *
 * All functions need the node's lock, except where they say otherwise.
 */
#ifndef AGX_SYNCFILE_H
#define AGX_SYNCFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fence.h"

struct agx_node;
struct agx_syncfiles;

/* A new descriptor (O_CLOEXEC) for fence, or a negative errno (-EMFILE, -ENOMEM...). */
int agx_syncfile_export(struct agx_node *node, struct agx_fence *fence);

/* Closes what agx_syncfile_export() gave. */
void agx_syncfile_close(struct agx_node *node, int fd);

/*
 * The fence behind a sync file's descriptor, with a reference: the fence itself when this node
 * exported it, else one that follows the descriptor, which stays the caller's. -EINVAL: not a
 * sync file; -ENOMEM; -EMFILE.
 */
int agx_syncfile_import(struct agx_node *node, int fd, struct agx_fence **fence);

/* Whether fd is a sync file that a virtual node made, in whichever process. Any thread, no lock. */
bool agx_syncfile_is_ours(int fd);

/*
 * SYNC_IOC_*: what agx_node_syncfile_ioctl() does under the lock. arg is the caller's pointer. -ENOTTY: fd is not ours or the request is unknown.
 */
long agx_syncfile_ioctl_locked(struct agx_node *node, int fd, unsigned long request, uint64_t arg);

#endif
