/* SPDX-License-Identifier: MIT */
/* What one instruction costs on a SIMD group: a few of them in a loop. For benchmarks; they end on trouble. */
#ifndef AGX_BENCH_PROGRAM_H
#define AGX_BENCH_PROGRAM_H

#include "exec.h"

#define BENCH_SECONDS 0.1 /* for one figure */

/* Processor time of this process, seconds. */
double bench_now(void);

/* The pointer, which is not NULL. */
void *bench_need(void *pointer);

/*
 * Nanoseconds of an instruction (text of agx_isa_assemble()) for 32 lanes, the best of three. prepare fills the
 * registers before each run; r100 is taken.
 */
double bench_instruction(struct agx_simd *simd, struct agx_group *group,
			 const struct agx_exec *exec, const char *instruction,
			 void (*prepare)(struct agx_simd *simd));

#endif
