/* SPDX-License-Identifier: MIT */
/* Runs shader code given as text on SIMD groups, on each instance of the host. */
#ifndef AGX_TESTS_EXEC_RUNNER_H
#define AGX_TESTS_EXEC_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exec.h"

struct exec_runner {
	struct agx_bindings bindings;
	struct agx_group group;
	struct agx_simd *simd;
	uint8_t code[65536];
	size_t size; /* of code */
};

/* The code that agx_program_decode() fetches lies at this address. */
#define EXEC_ADDRESS 0x1100000000ull

void exec_runner_init(struct exec_runner *runner);
void exec_runner_fini(struct exec_runner *runner);

/* Assembles text (a stop is added) or fails the test. */
void exec_runner_assemble(struct exec_runner *runner, const char *text, size_t length);

size_t exec_runner_fetch(void *data, uint64_t address, void *to, size_t size);
struct agx_program *exec_runner_decode(struct exec_runner *runner, const struct agx_exec *exec);

/* Registers and active lanes are taken from initial, whose program and group are set here. */
enum agx_exec_result exec_runner_run(struct exec_runner *runner, const struct agx_program *program,
				     const struct agx_simd *initial);

/* A simd of the right alignment. */
struct agx_simd *exec_runner_simd(void);

/* Instances that this machine has, one after the other; NULL: no more. */
const struct agx_exec *exec_runner_host(unsigned int number);

/* A generator of its own, so that all machines test the same. */
uint32_t exec_random(uint64_t *state);

#endif
