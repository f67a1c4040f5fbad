// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agx_isa_asm.h"
#include "bench_program.h"

#define REPEAT 16 /* of the instruction in the loop */
#define ROUNDS 256

double bench_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

void *bench_need(void *pointer)
{
	if (!pointer) {
		fprintf(stderr, "benchmark: no memory\n");
		exit(2);
	}
	return pointer;
}

struct code {
	uint8_t bytes[4096];
	size_t size;
};

static size_t fetch(void *data, uint64_t address, void *to, size_t size)
{
	const struct code *code = data;

	if (address >= code->size)
		return 0;
	if (size > code->size - address)
		size = code->size - address;
	memcpy(to, code->bytes + address, size);
	return size;
}

/* The instruction REPEAT times, in a loop of ROUNDS. */
static void assemble(struct code *code, const char *instruction)
{
	static char text[4096];
	struct agx_isa_label labels[4];
	struct agx_isa_asm as = {
		.text = text,
		.out = code->bytes,
		.capacity = sizeof(code->bytes) - 2,
		.labels = labels,
		.labels_max = 4,
	};
	size_t n = (size_t)sprintf(text, "ldimm r100, %u\nL:\n", ROUNDS);

	for (unsigned int i = 0; i < REPEAT; i++)
		n += (size_t)sprintf(text + n, "%s\n", instruction);
	n += (size_t)sprintf(text + n, "isub r100, r100, 1\nif r100, 0, 1, ine\njmp_any L\nstop\n");
	as.size = n;
	if (agx_isa_assemble(&as)) {
		fprintf(stderr, "benchmark: %s: %s\n", instruction, as.error);
		exit(2);
	}
	code->size = as.length;
}

double bench_instruction(struct agx_simd *simd, struct agx_group *group,
			 const struct agx_exec *exec, const char *instruction,
			 void (*prepare)(struct agx_simd *simd))
{
	struct agx_program *program;
	struct code code;
	double start, best = 1e9;

	assemble(&code, instruction);
	program = bench_need(agx_program_decode(0, fetch, &code, exec));
	for (unsigned int attempt = 0; attempt < 3; attempt++) {
		uint64_t operations = 0;
		double took;

		start = bench_now();
		do {
			agx_simd_start(simd, program, group, 0, AGX_LANES);
			prepare(simd);
			if (agx_exec_run(simd, UINT64_MAX) != AGX_EXEC_DONE) {
				fprintf(stderr, "benchmark: %s: %s\n", instruction,
					simd->trap_what ? simd->trap_what : "?");
				exit(2);
			}
			operations += ROUNDS * (REPEAT + 3);
			took = bench_now() - start;
		} while (took < BENCH_SECONDS / 3);
		if (took / (double)operations < best)
			best = took / (double)operations;
	}
	agx_program_free(program);
	return best * 1e9;
}
