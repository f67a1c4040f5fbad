/* SPDX-License-Identifier: MIT */
/*
 * A fence that the test signals. To a virtual GPU it is a sync file of a virtual node in another
 * process: a pipe with a mark, which is signalled by a byte (userspace/node/syncfile.h).
 */
#ifndef AGX_TESTS_LIBAGX_GATE_H
#define AGX_TESTS_LIBAGX_GATE_H

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <agx/queue.h>

struct gate {
	int fd; /* what agx_sync_import() takes */
	int write_fd;
};

static inline int gate_make(struct gate *gate)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	if (fcntl(fds[0], F_SETFL, O_DIRECT | O_NONBLOCK)) {
		close(fds[0]);
		close(fds[1]);
		return -EIO;
	}
	*gate = (struct gate){fds[0], fds[1]};
	return 0;
}

/* A gate at a point of a sync; point 0 of a binary one. */
static inline int gate_close(struct gate *gate, struct agx_sync *sync, uint64_t point)
{
	int ret = gate_make(gate);

	return ret ? ret : agx_sync_import(sync, point, gate->fd);
}

static inline int gate_open(struct gate *gate)
{
	const ssize_t n = write(gate->write_fd, "", 1);

	close(gate->write_fd);
	close(gate->fd);
	return n == 1 ? 0 : -EIO;
}

#endif
