/* SPDX-License-Identifier: MIT */
/* Between the files of the SIMD core. */
#ifndef AGX_EXEC_INTERNAL_H
#define AGX_EXEC_INTERNAL_H

#include "exec.h"

/*
 * Instances of exec_vector.c and its companions; each function gives NULL for what it does not have.
 */
#define AGX_EXEC_INSTANCE(host)                                               \
	agx_op_fn agx_exec_integer_##host(const struct agx_op *op,            \
					  const struct agx_isa_instr *instr); \
	agx_op_fn agx_exec_float_##host(const struct agx_op *op,              \
					const struct agx_isa_instr *instr);   \
	agx_op_fn agx_exec_special_##host(const struct agx_op *op,            \
					  const struct agx_isa_instr *instr); \
	agx_op_fn agx_exec_compare_##host(const struct agx_op *op,            \
					  const struct agx_isa_instr *instr);

AGX_EXEC_INSTANCE(baseline)
AGX_EXEC_INSTANCE(avx2)
AGX_EXEC_INSTANCE(avx512)

/* Jumps, calls, ends: exec_flow.c. Shuffles, reductions, special registers: exec_simd.c. */
agx_op_fn agx_exec_flow_fn(const struct agx_op *op, const struct agx_isa_instr *instr);
agx_op_fn agx_exec_simd_fn(const struct agx_op *op, const struct agx_isa_instr *instr);

/* exec_helper.c: what only helper programs have. */
agx_op_fn agx_exec_helper_fn(const struct agx_op *op, const struct agx_isa_instr *instr);

#endif
