/* SPDX-License-Identifier: MIT */
/*
 * A client of the node for the benchmarks: called directly, or by ioctl() on a path, as programs
 * do; under `agx run` that goes through the preload object. Whatever fails ends the program.
 */
#ifndef TESTS_BENCH_CLIENT_H
#define TESTS_BENCH_CLIENT_H

#include <stdint.h>

#include "agx_node.h"
#include "asahi_drm.h"

#define BENCH_PAGE 0x4000ull

/* Commands that a submission can consist of; bits. */
enum bench_command {
	BENCH_COMPUTE = 1,
	BENCH_RENDER = 2,
};

struct bench {
	struct agx_node *node;
	struct agx_file *file;
	int fd; /* of the node, -1: file is called directly */
};

/* An address space with a queue, and what the commands of gpu_client.h need in it. */
struct bench_queue {
	uint32_t vm, queue, syncobj;
};

/*
 * ns: of the clock on the wall, and of what the process has computed. Where nothing is waited for
 * they are the same, but for what else the machine does.
 */
uint64_t bench_now(void);
uint64_t bench_cpu_now(void);
void bench_check(long result, const char *what);

/* path: of a node, NULL: make one. memory: limit in bytes, 0: the default. */
void bench_open(struct bench *b, const char *path, uint64_t memory);
void bench_close(struct bench *b);

/* 0 or a positive value, or a negative errno. */
long bench_ioctl(struct bench *b, unsigned long request, void *arg);

/* vm 0: an object that can be shared. */
uint32_t bench_bo(struct bench *b, uint32_t vm, uint64_t size);
void bench_close_bo(struct bench *b, uint32_t handle);

uint32_t bench_vm(struct bench *b);
void bench_bind(struct bench *b, uint32_t vm, uint32_t handle, uint64_t address, uint64_t size);
void bench_unbind(struct bench *b, uint32_t vm, uint64_t address, uint64_t size);

void bench_queue_open(struct bench *b, struct bench_queue *q);

/* Submits once, with commands of enum bench_command; wait: until the fence has signalled. */
void bench_submit(struct bench *b, const struct bench_queue *q, unsigned int commands);
void bench_wait(struct bench *b, const struct bench_queue *q);

/*
 * The time of one op(data) in ns by a clock: the best of several rounds of count, since the
 * machine's other work only ever makes it slower.
 */
double bench_measure(uint64_t (*clock)(void), void (*op)(void *data), void *data,
		     unsigned int count);

/* The same for an ioctl that does nothing: the baseline. */
double bench_measure_nothing(struct bench *b);

#endif
