// SPDX-License-Identifier: MIT
#include "bench_shaders.h"

#include <stdio.h>
#include <stdlib.h>

const char bench_text_empty[] = "stop\n";

const char bench_text_copy[] = ".threads 256, 1, 1\n"
			       "mov r0, thread_in_grid_x\n"
			       "load r4_r5_r6_r7, du0, r0, lsl 2, i32, xyzw, a\n"
			       "wait a\n"
			       "store r4_r5_r6_r7, du2, r0, lsl 2, i32, xyzw, a\n"
			       "stop\n";

const char bench_text_read[] = ".threads 256, 1, 1\n"
			       "mov r1, thread_in_grid_x\n"
			       "load r4_r5_r6_r7, du0, r1, lsl 2, i32, xyzw, a\n"
			       "ldimm r2, 0x9e3779b9\n"
			       "ldimm r0l, 0\n"
			       "wait a\n"
			       "or r4, r4, r5\n"
			       "or r6, r6, r7\n"
			       "or r4, r4, r6\n"
			       "if r4, r2, 1, ieq\n"
			       "store r4, du2, 0, i32, x, a\n"
			       "pop_exec 1\n"
			       "stop\n";

const char bench_text_write[] = ".threads 256, 1, 1\n"
				"mov r0, thread_in_grid_x\n"
				"ldimm r4, 0x55\n"
				"ldimm r5, 0x55\n"
				"ldimm r6, 0x55\n"
				"ldimm r7, 0x55\n"
				"store r4_r5_r6_r7, du2, r0, lsl 2, i32, xyzw, a\n"
				"stop\n";

/* x = x / 2 + 1 stays 2; in integers x = x * 5 + 1 does not. Registers: of chain 0 first. */
static const struct {
	const char *start, *madd, *add;
} kinds[] = {
	[BENCH_FLOAT] = {"ldimm r%u, 0x40000000\n", "ffma r%u, r%u, 0.5, 1.0\n",
			 "fadd r4, r4, r%u\n"},
	[BENCH_HALF] = {"ldimm r%ul, 0x4000\n", "hfma r%ul, r%ul, 0.5, 1.0\n",
			"hadd r4l, r4l, r%ul\n"},
	[BENCH_INT] = {"ldimm r%u, 1\n", "imadd r%u, r%u, 5, 1\n", "iadd r4, r4, r%u\n"},
};

static void write_text(FILE *out, enum bench_kind kind, unsigned int chains)
{
	fputs(".threads 256, 1, 1\n"
	      "ldimm r0l, 0\n"
	      "mov r1, thread_in_grid_x\n"
	      "ldimm r4, 0\n",
	      out);
	for (unsigned int i = 0; i < chains; i++)
		fprintf(out, kinds[kind].start, 4 + i);
	fprintf(out, "ldimm r2, %u\nagain:\n", BENCH_LOOPS);
	for (unsigned int i = 0; i < BENCH_UNROLLED; i++)
		fprintf(out, kinds[kind].madd, 4 + i % chains, 4 + i % chains);
	fputs("isub r2, r2, 1\n"
	      "while r2, 0, 1, ugt\n"
	      "jmp_any again\n"
	      "pop_exec 1\n",
	      out);
	for (unsigned int i = 1; i < chains; i++)
		fprintf(out, kinds[kind].add, 4 + i);
	fputs("store r4, du0, r1, i32, x, a\n"
	      "stop\n",
	      out);
}

char *bench_text_madd(enum bench_kind kind, unsigned int chains)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	write_text(out, kind, chains);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

uint32_t bench_madd_result(enum bench_kind kind, unsigned int chains)
{
	/* 2, 4, 8 in binary32 and binary16 */
	static const uint32_t sums[2][BENCH_CHAINS + 1] = {
		[BENCH_FLOAT] = {0, 0x40000000, 0x40800000, 0x40c00000, 0x41000000},
		[BENCH_HALF] = {0, 0x4000, 0x4400, 0x4600, 0x4800},
	};
	uint32_t value = 1;

	if (kind != BENCH_INT)
		return sums[kind][chains];
	for (unsigned int i = 0; i < BENCH_MADDS / chains; i++)
		value = value * 5 + 1;
	return value * chains;
}
