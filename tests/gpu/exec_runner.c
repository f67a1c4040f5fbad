// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agx_isa_asm.h"
#include "exec_runner.h"

struct agx_simd *exec_runner_simd(void)
{
	struct agx_simd *simd = aligned_alloc(AGX_ROW_ALIGN, sizeof(*simd));

	assert_non_null(simd);
	memset(simd, 0, sizeof(*simd));
	return simd;
}

void exec_runner_init(struct exec_runner *runner)
{
	memset(runner, 0, sizeof(*runner));
	runner->simd = exec_runner_simd();
	runner->group.bindings = &runner->bindings;
	for (unsigned int axis = 0; axis < 3; axis++)
		runner->group.size[axis] = runner->group.full_size[axis] = axis ? 1 : 32;
}

void exec_runner_fini(struct exec_runner *runner)
{
	free(runner->simd);
}

void exec_runner_assemble(struct exec_runner *runner, const char *text, size_t length)
{
	static struct agx_isa_label labels[4096];
	struct agx_isa_asm as = {
		.text = text,
		.size = length,
		.out = runner->code,
		.capacity = sizeof(runner->code) - 16,
		.labels = labels,
		.labels_max = sizeof(labels) / sizeof(*labels),
	};

	if (agx_isa_assemble(&as))
		fail_msg("%u:%u: %s in:\n%.*s", as.line, as.column, as.error, (int)length, text);
	runner->code[as.length] = 0x88; /* stop */
	runner->code[as.length + 1] = 0;
	runner->size = as.length + 2;
}

size_t exec_runner_fetch(void *data, uint64_t address, void *to, size_t size)
{
	struct exec_runner *runner = data;
	const uint64_t offset = address - EXEC_ADDRESS;

	if (address < EXEC_ADDRESS || offset >= runner->size)
		return 0;
	if (size > runner->size - offset)
		size = runner->size - offset;
	memcpy(to, runner->code + offset, size);
	return size;
}

struct agx_program *exec_runner_decode(struct exec_runner *runner, const struct agx_exec *exec)
{
	struct agx_program *program =
		agx_program_decode(EXEC_ADDRESS, exec_runner_fetch, runner, exec);

	assert_non_null(program);
	return program;
}

enum agx_exec_result exec_runner_run(struct exec_runner *runner, const struct agx_program *program,
				     const struct agx_simd *initial)
{
	agx_simd_start(runner->simd, program, &runner->group, 0, AGX_LANES);
	memcpy(runner->simd->r, initial->r, sizeof(initial->r));
	agx_simd_set_exec(runner->simd, initial->exec_mask);
	return agx_exec_run(runner->simd, 1000000);
}

const struct agx_exec *exec_runner_host(unsigned int number)
{
	for (unsigned int host = 0; host < AGX_EXEC_HOSTS; host++) {
		if (agx_exec_on((enum agx_exec_host)host) && !number--)
			return agx_exec_on((enum agx_exec_host)host);
	}
	return NULL;
}

uint32_t exec_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33) ^ (uint32_t)(*state >> 17);
}
