// SPDX-License-Identifier: MIT
/*
 * What VM_BIND costs per 16 KiB page, in processor time, mapping and unmapping, by size of the
 * bind: the whole way from the ioctl to the page tables. The baselines are a do-nothing ioctl and the bare loop that
 * stores as many entries. Without an argument the node is called directly; with the path of a
 * node, by ioctl() on it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench_client.h"

#define BASE    0x200000000ull
#define ROUNDS  7
#define ENTRIES 65536 /* of the largest bind */

/* Storing entries one by one: ns for each. */
static double bare_loop(void)
{
	static uint64_t entries[ENTRIES];
	double best = 1e18, each;
	uint64_t start;

	for (unsigned int round = 0; round < 3 * ROUNDS; round++) {
		start = bench_cpu_now();
		for (unsigned int i = 0; i < ENTRIES; i++)
			__atomic_store_n(&entries[i], i * BENCH_PAGE + round, __ATOMIC_RELAXED);
		each = (double)(bench_cpu_now() - start) / ENTRIES;
		if (each < best)
			best = each;
	}
	return best;
}

static double least(double best, uint64_t from, uint64_t to, double pages)
{
	double each = (double)(to - from) / pages;

	return each < best ? each : best;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		uint64_t size;
		unsigned int count;
	} sizes[] = {
		{"16 KiB", BENCH_PAGE, 4096},
		{"2 MiB", 2ull << 20, 512},
		{"1 GiB", 1ull << 30, 1},
	};
	double store = bare_loop(), nothing;
	uint32_t vm, handle;
	struct bench b;

	bench_open(&b, argc > 1 ? argv[1] : NULL, 0);
	vm = bench_vm(&b);
	handle = bench_bo(&b, vm, 1ull << 30);
	nothing = bench_measure_nothing(&b);
	printf("do-nothing ioctl %.0f ns; storing an entry %.2f ns\n", nothing, store);
	printf("%-10s %14s %14s %26s\n", "size", "map, ns/page", "unmap, ns/page",
	       "map, unmap of the store");
	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const double pages = (double)(sizes[i].size / BENCH_PAGE) * sizes[i].count;
		double map = 1e18, unmap = 1e18;

		for (unsigned int round = 0; round < ROUNDS; round++) {
			uint64_t times[3];

			times[0] = bench_cpu_now();
			for (unsigned int n = 0; n < sizes[i].count; n++)
				bench_bind(&b, vm, handle, BASE + n * sizes[i].size, sizes[i].size);
			times[1] = bench_cpu_now();
			for (unsigned int n = 0; n < sizes[i].count; n++)
				bench_unbind(&b, vm, BASE + n * sizes[i].size, sizes[i].size);
			times[2] = bench_cpu_now();
			map = least(map, times[0], times[1], pages);
			unmap = least(unmap, times[1], times[2], pages);
		}
		printf("%-10s %14.2f %14.2f %13.1f x %9.1f x\n", sizes[i].name, map, unmap,
		       map / store, unmap / store);
	}
	bench_close(&b);
	return 0;
}
