/* SPDX-License-Identifier: MIT */
/*
 * The operations that `agx bench` measures, on an open asahi node. What they submit are the
 * smallest commands that a GPU has nothing to do for: control streams that end at once.
 */
#ifndef AGX_BENCH_OPS_H
#define AGX_BENCH_OPS_H

#include <stdbool.h>
#include <stdint.h>

struct bench_client {
	int fd;
	uint32_t vm, queue, syncobj;
	uint32_t small, medium, large; /* buffers of the sizes below */
	bool submitted;                /* something, to whose end there is a fence */
};

#define BENCH_SMALL  0x4000ull
#define BENCH_MEDIUM 0x100000ull
#define BENCH_LARGE  0x4000000ull

struct bench_op {
	const char *name; /* unique: it names the result in JSON, too */
	const char *summary;
	unsigned int parts; /* one run does so many of what is measured */
	int (*run)(struct bench_client *client);
};

/* The first is the baseline: an ioctl that the DRM core answers. The last has a NULL name. */
extern const struct bench_op bench_ops[];

/*
 * Makes what the operations need on fd, which stays the caller's. 0 or a negative errno; *what
 * then says which step failed.
 */
int bench_client_init(struct bench_client *client, int fd, const char **what);

/* The error on the last submission's fence: 0 (also without one), or a negative errno. */
int bench_client_status(struct bench_client *client);

#endif
