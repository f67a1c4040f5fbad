// SPDX-License-Identifier: MIT
/*
 * Page tables: what mapping and unmapping cost per 16 KiB page, by size of the bind, and whether
 * that depends on how much else is mapped. TLB invalidations and barriers cost nothing here, so
 * this is the driver's own share. The baseline is the bare loop that writes the entries.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "agx_uat.h"

#define PAGE      AGX_UAT_PAGE_SIZE
#define RAM_BASE  0x800000000ull
#define RAM_PAGES 16384u

static uint8_t *ram;
static uint32_t free_pages[RAM_PAGES], free_count;

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static void *page_alloc(void *cookie, uint64_t *pa)
{
	uint32_t page;

	(void)cookie;
	if (!free_count)
		return NULL;
	page = free_pages[--free_count];
	*pa = RAM_BASE + page * PAGE;
	memset(ram + page * PAGE, 0, PAGE);
	return ram + page * PAGE;
}

static void page_free(void *cookie, void *page, uint64_t pa)
{
	(void)cookie;
	(void)page;
	free_pages[free_count++] = (pa - RAM_BASE) / PAGE;
}

static void *core_alloc(void *cookie, size_t size)
{
	(void)cookie;
	return calloc(1, size);
}

static void core_free(void *cookie, void *ptr, size_t size)
{
	(void)cookie;
	(void)size;
	free(ptr);
}

static void barrier(void *cookie, enum agx_barrier kind)
{
	(void)cookie;
	(void)kind;
	__asm__ volatile("" ::: "memory");
}

static void tlbi(void *cookie, enum agx_tlbi op, uint64_t operand)
{
	(void)cookie;
	(void)op;
	(void)operand;
}

static uint64_t time_ns(void *cookie)
{
	(void)cookie;
	return 0;
}

static const struct agx_platform platform = {
	.page_alloc = page_alloc,
	.page_free = page_free,
	.alloc = core_alloc,
	.free = core_free,
	.order = barrier,
	.tlbi = tlbi,
	.time_ns = time_ns,
};

static void check(int err, const char *what)
{
	if (err) {
		fprintf(stderr, "bench-uat: %s: error %d\n", what, err);
		exit(2);
	}
}

struct result {
	double map, replace, unmap; /* ns per page */
};

/* Best of several rounds, each of `count` binds of `size` bytes next to each other. */
static struct result measure(struct agx_uat *uat, struct agx_uat_vm *vm, uint64_t base,
			     uint64_t size, unsigned int count)
{
	struct result best = {1e9, 1e9, 1e9};
	struct agx_uat_reserve reserve = {0};
	double pages = (double)count * (size / PAGE);
	unsigned int round, i;

	for (round = 0; round < 7; round++) {
		double t[4];

		t[0] = now_ns();
		for (i = 0; i < count; i++) {
			check(agx_uat_reserve(vm, base + i * size, size, false, &reserve),
			      "reserve");
			check(agx_uat_map(vm, &reserve, base + i * size, RAM_BASE, size,
					  AGX_UAT_GPU_SHARED_RW, 0),
			      "map");
		}
		t[1] = now_ns();
		for (i = 0; i < count; i++) {
			check(agx_uat_reserve(vm, base + i * size, size, false, &reserve),
			      "reserve");
			check(agx_uat_map(vm, &reserve, base + i * size, RAM_BASE, size,
					  AGX_UAT_GPU_SHARED_RO, 0),
			      "replace");
		}
		t[2] = now_ns();
		for (i = 0; i < count; i++)
			check(agx_uat_unmap(vm, base + i * size, size), "unmap");
		t[3] = now_ns();
		if ((t[1] - t[0]) / pages < best.map)
			best.map = (t[1] - t[0]) / pages;
		if ((t[2] - t[1]) / pages < best.replace)
			best.replace = (t[2] - t[1]) / pages;
		if ((t[3] - t[2]) / pages < best.unmap)
			best.unmap = (t[3] - t[2]) / pages;
	}
	agx_uat_reserve_release(uat, &reserve);
	return best;
}

/* A page alone in its part of the address space, so that its tables come and go with it: ns. */
static double measure_alone(struct agx_uat *uat, struct agx_uat_vm *vm, uint64_t va)
{
	struct agx_uat_reserve reserve = {0};
	double best = 1e9, start;
	unsigned int round, i;

	for (round = 0; round < 7; round++) {
		start = now_ns();
		for (i = 0; i < 10000; i++) {
			check(agx_uat_reserve(vm, va, PAGE, false, &reserve), "reserve");
			check(agx_uat_map(vm, &reserve, va, RAM_BASE, PAGE, AGX_UAT_GPU_SHARED_RW,
					  0),
			      "map");
			check(agx_uat_unmap(vm, va, PAGE), "unmap");
		}
		if ((now_ns() - start) / 10000 < best)
			best = (now_ns() - start) / 10000;
	}
	agx_uat_reserve_release(uat, &reserve);
	return best;
}

/* Writing as many entries as a 1 GiB bind has, one by one: ns per entry. */
static double bare_loop(void)
{
	static uint64_t entries[65536];
	double best = 1e9, start;
	unsigned int round, i;

	for (round = 0; round < 20; round++) {
		start = now_ns();
		for (i = 0; i < 65536; i++)
			__atomic_store_n(&entries[i], RAM_BASE + i * PAGE + round,
					 __ATOMIC_RELAXED);
		if ((now_ns() - start) / 65536 < best)
			best = (now_ns() - start) / 65536;
	}
	return best;
}

int main(void)
{
	static struct agx_uat_ttbs ttbs[AGX_UAT_CONTEXTS];
	static struct agx_handoff_block handoff;
	static uint64_t kernel_table[AGX_UAT_ENTRIES];
	static const struct {
		const char *name;
		uint64_t size;
		unsigned int count;
	} sizes[] = {
		{"16 KiB", PAGE, 4096},
		{"64 KiB", 4 * PAGE, 4096},
		{"2 MiB", 2ull << 20, 512},
		{"1 GiB", 1ull << 30, 1},
	};
	static const unsigned int others[] = {0, 1000, 100000};
	struct agx_uat_config config = {
		.ttbs = ttbs,
		.handoff = &handoff,
		.kernel_table = kernel_table,
		.kernel_table_pa = RAM_BASE,
		.output_address_bits = 42,
	};
	struct agx_uat_reserve reserve = {0};
	struct agx_uat_vm *vm;
	struct agx_uat *uat;
	unsigned int i, n, mapped = 0;

	ram = mmap(NULL, RAM_PAGES * PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ram == MAP_FAILED)
		return 2;
	for (i = 1; i < RAM_PAGES; i++)
		free_pages[free_count++] = RAM_PAGES - i;
	check(agx_uat_create(&platform, &config, &uat), "create");
	check(agx_uat_start(uat), "start");
	check(agx_uat_vm_create(uat, &vm), "vm");
	if (agx_uat_bind(vm) != 1)
		return 2;

	printf("bare loop: %.2f ns/entry\n", bare_loop());
	for (i = 0; i < sizeof(others) / sizeof(*others); i++) {
		/* Other objects, of 64 KiB each, with gaps. */
		for (; mapped < others[i]; mapped++) {
			uint64_t va = (8ull << 30) + mapped * 8 * PAGE;

			check(agx_uat_reserve(vm, va, 4 * PAGE, false, &reserve), "reserve");
			check(agx_uat_map(vm, &reserve, va, RAM_BASE, 4 * PAGE,
					  AGX_UAT_GPU_SHARED_RW, 0),
			      "map");
		}
		printf("with %u other objects mapped, ns/page:  map  replace  unmap\n", others[i]);
		for (n = 0; n < sizeof(sizes) / sizeof(*sizes); n++) {
			struct result r =
				measure(uat, vm, 1ull << 30, sizes[n].size, sizes[n].count);

			printf("  %-8s %6.2f %6.2f %6.2f\n", sizes[n].name, r.map, r.replace,
			       r.unmap);
		}
		printf("  16 KiB alone, map and unmap: %.1f ns\n",
		       measure_alone(uat, vm, 200ull << 30));
	}
	agx_uat_unbind(vm);
	agx_uat_vm_destroy(vm);
	agx_uat_destroy(uat);
	return 0;
}
