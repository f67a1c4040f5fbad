// SPDX-License-Identifier: MIT
/*
 * The GPU's memory on one core: a translation that the TLB knows and one that it does not, and instructions that
 * load and store, by how the addresses of the 32 lanes lie. Beside each the bytes in a second, and the time as
 * a ratio to a copy of as many bytes by memcpy().
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_program.h"
#include "memory_machine.h"

#define BUFFER 0x1000000000ull /* GPU address */
#define PAGES  64

/* Registers: */
enum {
	IN_ORDER = 10,  /* index of the lane */
	SCATTERED = 11, /* words of many lines, in one page */
	PAGE_EACH = 12, /* a page for each lane */
	SAME = 13,
};

static struct memory_machine machine;

static void prepare(struct agx_simd *simd)
{
	for (uint32_t lane = 0; lane < AGX_LANES; lane++) {
		simd->r[IN_ORDER][lane] = lane;
		simd->r[SCATTERED][lane] = lane * 97 % 4096;
		simd->r[PAGE_EACH][lane] = lane * (MACHINE_PAGE / 4) + lane;
		simd->r[SAME][lane] = 5;
	}
}

static double translation(struct agx_memory *memory, bool hit)
{
	double best = 1e9;

	for (unsigned int attempt = 0; attempt < 3; attempt++) {
		const double start = bench_now();
		uint64_t count = 0;
		double took;

		do {
			for (uint32_t i = 0; i < 4096; i++) {
				/* In halves of the TLB's reach: pages that share an entry. */
				const uint64_t page = hit ? i % 16 : i % 2 * 32;
				uint8_t *volatile at;

				if (!hit)
					agx_memory_flush(memory);
				at = agx_memory_translate(memory, BUFFER + page * MACHINE_PAGE,
							  AGX_ACCESS_READ);
				bench_need(at);
			}
			count += 4096;
			took = bench_now() - start;
		} while (took < BENCH_SECONDS / 3);
		if (took / (double)count < best)
			best = took / (double)count;
	}
	return best * 1e9;
}

static double copy(uint8_t *to, const uint8_t *from, size_t size)
{
	double best = 1e9;

	for (unsigned int attempt = 0; attempt < 3; attempt++) {
		const double start = bench_now();
		uint64_t count = 0;
		double took;

		do {
			for (unsigned int i = 0; i < 4096; i++) {
				memcpy(to, from, size);
				__asm__ volatile("" : : "r"(to) : "memory");
			}
			count += 4096;
			took = bench_now() - start;
		} while (took < BENCH_SECONDS / 3);
		if (took / (double)count < best)
			best = took / (double)count;
	}
	return best * 1e9;
}

int main(void)
{
	static const struct {
		const char *what, *text;
		unsigned int bytes; /* of all lanes */
	} rows[] = {
		{"load, words in order", "load r4, du0, r10, i32, x, a\nwait a", 128},
		{"load, four words in order",
		 "load r4_r5_r6_r7, du0, r10, lsl 2, i32, xyzw, a\nwait a", 512},
		{"load, one word for all", "load r4, du0, r13, i32, x, a\nwait a", 128},
		{"load, scattered in a page", "load r4, du0, r11, i32, x, a\nwait a", 128},
		{"load, a page for each lane", "load r4, du0, r12, i32, x, a\nwait a", 128},
		{"load, bytes to floats in order", "load r4, du0, r10, u8norm, x, a\nwait a", 32},
		{"store, words in order", "store r4, du0, r10, i32, x, a\nwait a", 128},
		{"store, four words in order",
		 "store r4_r5_r6_r7, du0, r10, lsl 2, i32, xyzw, a\nwait a", 512},
		{"store, scattered in a page", "store r4, du0, r11, i32, x, a\nwait a", 128},
	};
	struct agx_bindings *bindings = bench_need(calloc(1, sizeof(*bindings)));
	struct agx_simd *simd = bench_need(aligned_alloc(AGX_ROW_ALIGN, sizeof(*simd)));
	struct agx_memory *memory = bench_need(calloc(1, sizeof(*memory)));
	struct agx_group group = {
		.bindings = bindings, .size = {32, 1, 1}, .full_size = {32, 1, 1}};
	const uint64_t address = BUFFER;
	uint8_t *body = NULL;

	machine_init(&machine);
	for (uint32_t i = 0; i < PAGES; i++) {
		uint8_t *page = machine_map(&machine, BUFFER + i * MACHINE_PAGE, MACHINE_RW);

		if (!i)
			body = page;
	}
	memset(simd, 0, sizeof(*simd));
	agx_memory_init(memory, &machine.walker);
	agx_memory_start(memory, MACHINE_CONTEXT, true);
	simd->memory = memory;
	memcpy(bindings->uniforms, &address, sizeof(address));
	printf("translation: hit %.2f ns, miss %.1f ns\n", translation(memory, true),
	       translation(memory, false));
	printf("%-34s%10s%10s%14s\n", "32 lanes", "ns", "GB/s", "/ memcpy");
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const double ns =
			bench_instruction(simd, &group, agx_exec_best(), rows[i].text, prepare);
		const double plain = copy(body + 8192, body, rows[i].bytes);

		printf("%-34s%10.1f%10.2f%14.1f\n", rows[i].what, ns, rows[i].bytes / ns,
		       ns / plain);
		fflush(stdout);
	}
	machine_finish(&machine);
	free(memory);
	free(simd);
	free(bindings);
	return 0;
}
