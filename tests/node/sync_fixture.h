/* SPDX-License-Identifier: MIT */
/* What the tests of fences, syncobjs and sync files share: a node, a file, and short calls. */
#ifndef AGX_TEST_SYNC_FIXTURE_H
#define AGX_TEST_SYNC_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agx_node.h"
#include "node_internal.h"
#include "syncobj_uapi.h"

#define SYNC_NS_PER_S 1000000000ll

struct sync_fixture {
	struct agx_node *node;
	struct agx_file *file;
	int fds; /* open descriptors before the node was made */
};

/* cmocka setup and teardown; the state is a struct sync_fixture. Teardown checks for leaks. */
int sync_setup(void **state);
int sync_setup_single_step(void **state);
int sync_teardown(void **state);

/* The same without cmocka's state, for further nodes and child processes. */
struct sync_fixture *sync_open(bool single_step);
void sync_close(struct sync_fixture *f);

int sync_count_fds(void);
int64_t sync_in(int64_t ns); /* CLOCK_MONOTONIC now plus ns */

/* One ioctl. */
long sync_ioctl(struct sync_fixture *f, unsigned long request, void *arg);

uint32_t sync_create(struct sync_fixture *f, uint32_t flags);
void sync_destroy(struct sync_fixture *f, uint32_t handle);
long sync_reset(struct sync_fixture *f, uint32_t handle);
long sync_signal(struct sync_fixture *f, uint32_t handle);
long sync_timeline_signal(struct sync_fixture *f, uint32_t handle, uint64_t point);
long sync_query(struct sync_fixture *f, uint32_t handle, uint64_t *point, uint32_t flags);
long sync_wait(struct sync_fixture *f, uint32_t handle, uint32_t flags, int64_t timeout);
long sync_timeline_wait(struct sync_fixture *f, uint32_t handle, uint64_t point, uint32_t flags,
			int64_t timeout);
long sync_transfer(struct sync_fixture *f, uint32_t dst, uint64_t dst_point, uint32_t src,
		   uint64_t src_point, uint32_t flags);

/* Opaque descriptors. */
int sync_export(struct sync_fixture *f, uint32_t handle);
uint32_t sync_import(struct sync_fixture *f, int fd);

/* Sync files; point 0: binary. Negative errno on failure. */
int sync_export_file(struct sync_fixture *f, uint32_t handle, uint64_t point);
long sync_import_file(struct sync_fixture *f, uint32_t handle, uint64_t point, int fd);

/* fork() whose child dies with the test. */
pid_t sync_fork(void);

/* Descriptors between processes, over a Unix socket. receive: -1 when there is none. */
void sync_send_fd(int socket, int fd);
int sync_receive_fd(int socket);

/* Whether a descriptor polls as readable or hung up now. */
bool sync_fd_ready(int fd);
/* Waits for that, for 10 s at most. */
bool sync_fd_wait(int fd);

/*
 * A sync file of "another process": pending until sync_pending_end(), or as after the death of
 * its owner with sync_pending_abandon().
 */
struct sync_pending {
	int read_fd, write_fd;
};
struct sync_pending sync_pending_begin(void);
void sync_pending_end(struct sync_pending *pending, int error);
void sync_pending_abandon(struct sync_pending *pending);

/* Puts a pending fence into a syncobj, at a point or (0) as the binary fence. */
struct sync_pending sync_make_pending(struct sync_fixture *f, uint32_t handle, uint64_t point);

#endif
