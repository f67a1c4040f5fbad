/* SPDX-License-Identifier: MIT */
/*
 * Runs SIMD groups. There is one instance of the operations for each instruction set of the host
 * that is worth it; which is taken is decided at run time, and all give the same bits.
 */
#ifndef AGX_EXEC_H
#define AGX_EXEC_H

#include "program.h"
#include "simd.h"

/* The host's instruction sets, best last. */
enum agx_exec_host {
	AGX_EXEC_BASELINE,
	AGX_EXEC_AVX2, /* with F16C and FMA */
	AGX_EXEC_AVX512,
	AGX_EXEC_HOSTS,
};

struct agx_exec {
	const char *name;
	/* The function of one operation that has been decoded; never NULL: what is missing traps. */
	agx_op_fn (*bind)(const struct agx_op *op, const struct agx_isa_instr *instr);
};

/* The best that this machine has, or the given one; NULL: the machine or the build lacks it. */
const struct agx_exec *agx_exec_best(void);
const struct agx_exec *agx_exec_on(enum agx_exec_host host);

/*
 * Runs until the program stops, waits at a barrier, traps, or has used its budget: operations, counted where
 * jumps go back. The next call goes on where the last one ended. Any threads may run different SIMD groups
 * at once.
 */
enum agx_exec_result agx_exec_run(struct agx_simd *simd, uint64_t budget);

/* Called before each operation; false leaves the run as if the budget were used up. */
typedef bool (*agx_exec_watch_fn)(void *data, const struct agx_simd *simd, const struct agx_op *op);

/* The same, slowly, for debugging. */
enum agx_exec_result agx_exec_run_watched(struct agx_simd *simd, uint64_t budget,
					  agx_exec_watch_fn watch, void *data);

/*
 * Other parts of the core: the function for an instruction of theirs, NULL: not theirs, or a form that
 * is not modelled.
 */
agx_op_fn agx_exec_memory_fn(const struct agx_isa_instr *instr);
agx_op_fn agx_exec_texture_fn(const struct agx_isa_instr *instr);

#endif
