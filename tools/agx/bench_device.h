/* SPDX-License-Identifier: MIT */
/* What `agx bench` measures through libagx: what the GPU itself does, beside the kernel's part. */
#ifndef AGX_BENCH_DEVICE_H
#define AGX_BENCH_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

enum bench_unit {
	BENCH_NS,    /* for one of what was done */
	BENCH_GBS,   /* 10^9 bytes in a second */
	BENCH_GOPS,  /* 10^9 integer operations in a second */
	BENCH_GFLOPS /* 10^9 floating-point operations in a second */
};

struct bench_device;

struct bench_measure {
	const char *name, *summary;
	enum bench_unit unit;
	/* One round: *figure in the unit. 0, or a negative errno which the message explains. */
	int (*run)(struct bench_device *bench, const struct bench_measure *measure, double *figure);
	unsigned int which; /* of several that are alike */
};

/* Ends with an entry without a name. */
extern const struct bench_measure bench_measures[];

/*
 * Opens a device by its name, as agx_device_open() has it. *bench is to be freed also on failure,
 * which its message explains; it is NULL if there is no memory. -ENODEV, -ENOENT, -ENOSYS: there is
 * no such device.
 */
int bench_device_open(struct bench_device **bench, const char *name);

/* Makes what is measured with. round_ms: what a round should take at least. */
int bench_device_prepare(struct bench_device *bench, unsigned int round_ms);
void bench_device_free(struct bench_device *bench);

/* The node's descriptor, borrowed; -1 of a virtual GPU. */
int bench_device_fd(const struct bench_device *bench);

/* "t8103", "M1"; what is not known is "". */
const char *bench_device_chip(const struct bench_device *bench);
const char *bench_device_product(const struct bench_device *bench);
uint32_t bench_device_chip_id(const struct bench_device *bench);

/* A sentence on the last failure. */
const char *bench_device_message(const struct bench_device *bench);

/*
 * Operations of one core in a clock cycle, if the figure is of arithmetic and the clock is known;
 * else 0.
 */
double bench_device_per_cycle(const struct bench_device *bench, const struct bench_measure *measure,
			      double figure);

#endif
