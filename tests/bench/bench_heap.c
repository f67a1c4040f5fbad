// SPDX-License-Identifier: MIT
/*
 * Firmware heaps: nanoseconds for one allocation and one free of a command's size, with few and
 * with many other objects live.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "agx_heap.h"
#include "machine.h"

#define PAIRS 20000u

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static const struct agx_heap_object *take(struct agx_heap *heap, uint64_t size)
{
	const struct agx_heap_object *object;

	if (agx_heap_alloc(heap, size, 0, "bench", &object)) {
		fprintf(stderr, "bench-heap: out of memory\n");
		exit(2);
	}
	return object;
}

int main(void)
{
	static const unsigned int others[] = {0, 1000, 100000};
	static struct machine machine;
	static const struct agx_heap_object *held[64];
	struct agx_heap *heap;
	uint64_t seed = 1;
	unsigned int i, n, round, live = 0;

	machine_start(&machine, 1ull << 30, false, false);
	if (agx_heap_create(&machine.platform, machine.uat, agx_uat_kernel_vm(machine.uat),
			    agx_fw_heap_config(AGX_HEAP_SHARED), &heap))
		return 2;
	for (i = 0; i < sizeof(others) / sizeof(*others); i++) {
		double best = 1e9;

		/* Of many sizes, and every fourth freed again, so that there are holes. */
		for (; live < others[i]; live++) {
			const struct agx_heap_object *object =
				take(heap, 0x80 + machine_random(&seed) % 0x1000);

			if (live % 4 == 3)
				agx_heap_free(heap, object);
		}
		for (round = 0; round < 7; round++) {
			double start = now_ns();

			for (n = 0; n < PAIRS; n++) {
				agx_heap_free(heap, held[n % 64]);
				held[n % 64] = take(heap, 0x930);
			}
			if ((now_ns() - start) / PAIRS < best)
				best = (now_ns() - start) / PAIRS;
		}
		printf("with %6u other objects: %.1f ns for alloc and free\n", others[i], best);
	}
	agx_heap_destroy(heap);
	return machine_finish(&machine) ? 1 : 0;
}
