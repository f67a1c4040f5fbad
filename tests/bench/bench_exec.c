// SPDX-License-Identifier: MIT
/*
 * Speed of the shader core's operations on one core: each line is one instruction, a few of them in a loop,
 * on each instance of the host: nanoseconds for one operation of 32 lanes, and operations of a plain C loop
 * over the same data in the same time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_program.h"

/* What the host's compiler makes of 32 multiplications and additions in memory, for comparison. */
static double plain_loop(void)
{
	static float a[AGX_LANES], b[AGX_LANES], c[AGX_LANES];
	float(*volatile rows[3])[AGX_LANES] = {&a, &b, &c};
	double best = 1e9;

	for (unsigned int i = 0; i < AGX_LANES; i++) {
		a[i] = 1 + (float)i / 64;
		b[i] = 1;
	}
	for (unsigned int attempt = 0; attempt < 3; attempt++) {
		uint64_t operations = 0;
		double start = bench_now(), took;

		do {
			for (unsigned int i = 0; i < 10000; i++) {
				float *restrict r = *rows[2];
				const float *restrict x = *rows[0], *restrict y = *rows[1];

				for (unsigned int lane = 0; lane < AGX_LANES; lane++)
					r[lane] = x[lane] * y[lane] + r[lane];
			}
			operations += 10000;
			took = bench_now() - start;
		} while (took < BENCH_SECONDS / 3);
		if (took / (double)operations < best)
			best = took / (double)operations;
	}
	return best * 1e9;
}

static void prepare(struct agx_simd *simd)
{
	for (unsigned int r = 1; r < 40; r++) {
		for (unsigned int lane = 0; lane < AGX_LANES; lane++)
			simd->r[r][lane] = 0x3f800000 + r * 0x1234 + lane;
	}
}

int main(void)
{
	static const char *const instructions[] = {
		"ffma r4, r5, r6, r4",
		"ffma r4, r5, u2, r4",
		"ffma r4, r5.neg, r6, r4",
		"ffma r4, r5, r6, r4, sat",
		"ffma r4, r5l, r6, r4",
		"fadd r4, r5, r6",
		"fmul r4, r5, r6",
		"hfma r4l, r5l, r6h, r4l",
		"hadd r4l, r5l, r6l",
		"iadd r4, r5, r6, lsl 2",
		"iadd dr10, dr12, r6.sx, lsl 2",
		"imadd r4, r5, r6, r7",
		"imadd dr10, r5.sx, r6.sx, dr12",
		"and r4, r5, r6",
		"mov r4, r5",
		"mov r4, 7",
		"shl r4, r5, 3",
		"bfi r4, r5, r6, r7, 0",
		"asr r4, r5, 3, 0, 0",
		"csel r4, r5, r6, r7, r8, ult",
		"csel r4, r5, r6, r7, r8, flt",
		"if r5, r6, 1, ine",
		"f_to_s32 r4, r5, rtz",
		"u32_to_f r4, r5, rte",
		"floor r4, r5",
		"rcp r4, r5",
		"rsqrt r4, r5",
		"log2 r4, r5",
		"exp2 r4, r5",
		"sinr r4, r5",
		"sinc r4, 0.5",
		"shuffle r4, r5, r6l",
		"simd r4, r5, iadd",
		"simd r4, r5, fadd",
		"ballot r4, r5, r6, ult",
		"mov r4, sr80",
		"wait a",
	};
	struct agx_bindings *bindings = bench_need(calloc(1, sizeof(*bindings)));
	struct agx_simd *simd = bench_need(aligned_alloc(AGX_ROW_ALIGN, sizeof(*simd)));
	struct agx_group group = {
		.bindings = bindings, .size = {32, 1, 1}, .full_size = {32, 1, 1}};
	const double loop = plain_loop();

	memset(simd, 0, sizeof(*simd));
	printf("%-34s", "ns for 32 lanes");
	for (unsigned int host = 0; host < AGX_EXEC_HOSTS; host++) {
		if (agx_exec_on((enum agx_exec_host)host))
			printf("%10s", agx_exec_on((enum agx_exec_host)host)->name);
	}
	printf("%14s\n", "best/plain C");
	for (unsigned int i = 0; i < sizeof(instructions) / sizeof(*instructions); i++) {
		double last = 0;

		printf("%-34s", instructions[i]);
		for (unsigned int host = 0; host < AGX_EXEC_HOSTS; host++) {
			const struct agx_exec *exec = agx_exec_on((enum agx_exec_host)host);

			if (!exec)
				continue;
			last = bench_instruction(simd, &group, exec, instructions[i], prepare);
			printf("%10.1f", last);
		}
		printf("%14.2f\n", last / loop);
		fflush(stdout);
	}
	printf("plain C: r = x * y + r over 32 floats in memory: %.1f ns\n", loop);
	free(simd);
	free(bindings);
	return 0;
}
