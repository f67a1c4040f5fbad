// SPDX-License-Identifier: MIT
/*
 * Fuzzes the shader core with code: whatever it is, it is decoded, and runs to an end within its budget, on
 * every instance of the host, with the same registers behind it.
 *
 * The first byte chooses the execution mask, the second the number of threads, the rest is code. It has no memory
 * to reach: loads and stores fault.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exec.h"
#include "fuzz_code.h"
#include "memory.h"

#define MAX_CODE 2048
#define BUDGET   2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct agx_simd *simds[AGX_EXEC_HOSTS];
static struct agx_memory *memories[AGX_EXEC_HOSTS];
static uint8_t *locals[AGX_EXEC_HOSTS], *stacks[AGX_EXEC_HOSTS];
static struct agx_bindings *bindings[AGX_EXEC_HOSTS];

#define STACK_ROOM 256

static void *no_ram(void *cookie, uint64_t pa, uint64_t size)
{
	return NULL;
}

static void *need(void *pointer)
{
	if (!pointer)
		abort();
	return pointer;
}

static const struct agx_walker walker = {.ram = no_ram, .output_bits = 40};

static void prepare(void)
{
	for (unsigned int i = 0; i < AGX_EXEC_HOSTS; i++) {
		simds[i] = need(aligned_alloc(AGX_ROW_ALIGN, sizeof(**simds)));
		memories[i] = need(calloc(1, sizeof(**memories)));
		locals[i] = need(malloc(AGX_LOCAL_MEMORY));
		stacks[i] = need(malloc((size_t)STACK_ROOM * AGX_LANES));
		bindings[i] = need(malloc(sizeof(**bindings)));
	}
}

static void run(unsigned int i, const struct agx_exec *exec, struct code *code, uint8_t mask,
		uint8_t threads)
{
	struct agx_group group = {
		.bindings = bindings[i],
		.local = locals[i],
		.local_size = 1024,
		.id = {1, 2, 3},
		.size = {4, 4, 4},
		.full_size = {4, 4, 4},
		.stage = mask & 1 ? AGX_STAGE_PREAMBLE : AGX_STAGE_COMPUTE,
	};
	struct agx_program *program = need(agx_program_decode(ADDRESS, fetch, code, exec));
	struct agx_simd *simd = simds[i];
	uint8_t *chunks[STACK_ROOM / AGX_STACK_CHUNK];

	memset(bindings[i], 0x3c, sizeof(**bindings));
	bindings[i]->tile = (struct agx_tile_memory){16, 16, 2, 8};
	memset(locals[i], 0, AGX_LOCAL_MEMORY);
	memset(stacks[i], 0, (size_t)STACK_ROOM * AGX_LANES);
	memset(simd, 0, sizeof(*simd));
	agx_memory_init(memories[i], &walker);
	agx_memory_start(memories[i], 0, mask & 2);
	simd->memory = memories[i];
	for (unsigned int c = 0; c < STACK_ROOM / AGX_STACK_CHUNK; c++)
		chunks[c] = stacks[i] + (size_t)c * AGX_STACK_CHUNK * AGX_LANES;
	simd->stack = chunks;
	simd->stack_room = STACK_ROOM;
	agx_simd_start(simd, program, &group, 0, threads % AGX_LANES + 1);
	for (unsigned int r = 1; r < AGX_REGISTERS; r++) {
		for (unsigned int lane = 0; lane < AGX_LANES; lane++)
			simd->r[r][lane] =
				(r * 0x01000193u) ^ (lane << (r & 31)) ^ (r & 1 ? 0x3f800000 : 0);
	}
	agx_simd_set_exec(simd, mask * 0x01010101u);
	for (unsigned int rounds = 0; rounds < 4; rounds++) {
		const enum agx_exec_result result = agx_exec_run(simd, BUDGET);

		if (result == AGX_EXEC_TRAPPED && (!simd->trap || !simd->trap_what))
			abort();
		if (result == AGX_EXEC_DONE || result == AGX_EXEC_TRAPPED)
			break;
	}
	simd->program = NULL;
	agx_program_free(program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct code code;
	unsigned int hosts[AGX_EXEC_HOSTS], count = 0;

	if (!simds[0])
		prepare();
	if (size < 2)
		return 0;
	code.bytes = data + 2;
	code.size = size - 2 < MAX_CODE ? size - 2 : MAX_CODE;
	for (unsigned int host = 0; host < AGX_EXEC_HOSTS; host++) {
		const struct agx_exec *exec = agx_exec_on((enum agx_exec_host)host);

		if (!exec)
			continue;
		run(host, exec, &code, data[0], data[1]);
		hosts[count++] = host;
	}
	for (unsigned int i = 1; i < count; i++) {
		const struct agx_simd *a = simds[hosts[0]], *b = simds[hosts[i]];

		if (memcmp(a->r, b->r, sizeof(a->r)) || a->exec_mask != b->exec_mask ||
		    a->result != b->result || a->trap != b->trap || a->pc != b->pc) {
			fprintf(stderr, "%s and %s differ: masks 0x%x 0x%x, at %u %u\n",
				agx_exec_on((enum agx_exec_host)hosts[0])->name,
				agx_exec_on((enum agx_exec_host)hosts[i])->name, a->exec_mask,
				b->exec_mask, a->pc, b->pc);
			abort();
		}
	}
	return 0;
}
