// SPDX-License-Identifier: MIT
/*
 * Fuzzes the texture unit: a texture, a PBE, a sampler and registers of any bits, for code of any bits. It runs to an
 * end within its budget. There is no memory: what is read is 0, what is written is dropped.
 *
 * 24 bytes for each of the three descriptors, 16 of the first registers, one with the size of tile memory; the
 * rest is code.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exec.h"
#include "fuzz_code.h"
#include "memory.h"

#define DESCRIPTOR 24
#define REGISTERS  16
#define HEAD       (3 * DESCRIPTOR + REGISTERS + 1)
#define MAX_CODE   256
#define BUDGET     64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *no_ram(void *cookie, uint64_t pa, uint64_t size)
{
	(void)cookie;
	(void)pa;
	(void)size;
	return NULL;
}

static void *need(void *pointer)
{
	if (!pointer)
		abort();
	return pointer;
}

static const struct agx_walker walker = {.ram = no_ram, .output_bits = 40};
static struct agx_simd *simd;
static struct agx_memory *memory;
static struct agx_bindings bindings;
static uint8_t *local;

static void set_state(const uint8_t *data)
{
	const uint8_t *head = data + 3 * DESCRIPTOR, shape = head[REGISTERS];

	memset(&bindings, 0, sizeof(bindings));
	for (unsigned int i = 0; i < AGX_TEXTURE_STATES; i++)
		memcpy(bindings.textures[i], data + (i & 1) * DESCRIPTOR, DESCRIPTOR);
	for (unsigned int i = 0; i < AGX_SAMPLER_STATES; i++)
		memcpy(bindings.samplers[i], data + 2 * DESCRIPTOR, DESCRIPTOR);
	memset(bindings.textures_set, 0xff, sizeof(bindings.textures_set));
	bindings.samplers_set = 0xffff;
	bindings.tile.width = bindings.tile.height = shape & 1 ? 16 : 32;
	bindings.tile.samples = (uint8_t)(1u << (shape >> 1 & 3) & 7);
	bindings.tile.sample_stride = shape & 0x78;
	for (unsigned int r = 1; r < AGX_REGISTERS; r++) {
		for (unsigned int lane = 0; lane < 2; lane++) {
			uint32_t value;

			memcpy(&value, head + (4 * r + 8 * lane) % REGISTERS, sizeof(value));
			simd->r[r][lane] = value;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agx_group group = {
		.bindings = &bindings,
		.local_size = 8192,
		.size = {2, 1, 1},
		.full_size = {2, 1, 1},
		.stage = AGX_STAGE_COMPUTE,
	};
	struct agx_program *program;
	enum agx_exec_result result;
	struct code code;

	if (size < HEAD)
		return 0;
	if (!simd) {
		simd = need(aligned_alloc(AGX_ROW_ALIGN, sizeof(*simd)));
		memory = need(calloc(1, sizeof(*memory)));
		local = need(calloc(1, AGX_LOCAL_MEMORY));
	}
	code.bytes = data + HEAD;
	code.size = size - HEAD < MAX_CODE ? size - HEAD : MAX_CODE;
	program = need(agx_program_decode(ADDRESS, fetch, &code, agx_exec_best()));
	memset(simd, 0, sizeof(*simd));
	agx_memory_init(memory, &walker);
	agx_memory_start(memory, 0, true);
	group.local = local;
	simd->memory = memory;
	agx_simd_start(simd, program, &group, 0, 2);
	set_state(data);
	result = agx_exec_run(simd, BUDGET);
	if (result == AGX_EXEC_TRAPPED && (!simd->trap || !simd->trap_what))
		abort();
	simd->program = NULL;
	agx_program_free(program);
	return 0;
}
