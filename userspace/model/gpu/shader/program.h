/* SPDX-License-Identifier: MIT */
/*
 * Programs as they are executed: fetched once, decoded once into a compact form, kept by address and
 * content.
 */
#ifndef AGX_PROGRAM_H
#define AGX_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agx_isa.h"
#include "simd.h"

struct agx_exec;

/*
 * Executes one operation for all active lanes and gives the next one, usually op + 1; NULL: the SIMD group
 * has stopped, waits or has trapped (agx_simd_leave(), agx_simd_trap()). The seam for a compiler to machine
 * code: a run of operations can be replaced by one whose function is compiled code.
 *
 * While it runs, the host flushes denormals where it can (FTZ and DAZ of MXCSR, FZ of FPCR): a function that
 * needs denormals keeps to integers or numeric.h.
 */
typedef const struct agx_op *(*agx_op_fn)(struct agx_simd *simd, const struct agx_op *op);

/* Where an operand's value is. */
enum agx_source_kind {
	AGX_SOURCE_NONE,
	AGX_SOURCE_ROW,       /* index: register of 32 bits */
	AGX_SOURCE_LOW,       /* index: row of whose lanes it is the low half */
	AGX_SOURCE_HIGH,      /* the high half */
	AGX_SOURCE_PAIR,      /* index: first of two rows, 64 bits */
	AGX_SOURCE_UNIFORM16, /* index: half of the uniform file */
	AGX_SOURCE_UNIFORM32,
	AGX_SOURCE_UNIFORM64,
	AGX_SOURCE_NUMBER, /* value: as the operation takes it; of floats binary32, modifiers applied */
};

struct agx_source {
	uint8_t kind;  /* enum agx_source_kind */
	uint8_t flags; /* AGX_ISA_ABS, NEG, SX */
	uint16_t index;
	uint32_t value;
};

enum agx_dest_kind {
	AGX_DEST_NONE,
	AGX_DEST_ROW, /* dest: register of 32 bits */
	AGX_DEST_LOW,
	AGX_DEST_HIGH,
	AGX_DEST_PAIR, /* dest: first of two rows */
};

struct agx_op {
	agx_op_fn fn;
	struct agx_source source[4]; /* source operands of arithmetic, in the order of the table */
	uint16_t op;                 /* enum agx_isa_op */
	uint16_t dest;
	uint8_t dest_kind;
	uint8_t saturate;
	uint8_t condition; /* number of icond or fcond; rounding of conversions */
	uint8_t shift;     /* of the last source; nest of flow */
	/*
	 * Jumps and calls: distance to the operation to go on with, signed, in operations. Bit fields: the
	 * mask. Immediates: the number. Special registers: which.
	 */
	uint32_t extra;
	uint32_t offset; /* in the program, bytes */
	uint8_t length;  /* bytes */
};

struct agx_program {
	uint64_t address; /* GPU address of its first instruction */
	uint32_t size;    /* bytes, to the end of the last instruction */
	uint32_t count;
	struct agx_op *ops;           /* count of them, and one that traps behind the last */
	struct agx_isa_instr *instrs; /* as decoded, count of them: agx_op_instr() */
	uint8_t *code;                /* size bytes */
	uint64_t hash[2];             /* of the code */
};

/* The whole instruction of an operation: for what is not hot, and for people. */
static inline const struct agx_isa_instr *agx_op_instr(const struct agx_simd *simd,
						       const struct agx_op *op)
{
	return &simd->program->instrs[op - simd->program->ops];
}

/* The operation at an offset; where no instruction begins, the one that traps behind the last. */
const struct agx_op *agx_program_at(const struct agx_program *program, int64_t offset);

#define AGX_PROGRAM_MAX (1u << 20) /* bytes of code that one program may have */

/*
 * Fetches code: up to size bytes at address. Returns how many could be read, less where memory ends
 * (0: none).
 */
typedef size_t (*agx_fetch_fn)(void *data, uint64_t address, void *to, size_t size);

/*
 * Decodes the program at address, to its last reachable instruction, and binds it to functions of exec.
 * What cannot be executed becomes an operation that traps, and so never fails here. NULL: no memory.
 */
struct agx_program *agx_program_decode(uint64_t address, agx_fetch_fn fetch, void *data,
				       const struct agx_exec *exec);
void agx_program_free(struct agx_program *program);

/*
 * Programs by address. Not for several threads at once: look up before the work is spread.
 *
 * agx_program_cache_check() is called once for a command: from then on each program is compared with
 * memory at its first use. A pointer that get() gave stays valid until the next check() that is followed
 * by get() of the same address, or free().
 */
struct agx_program_cache;

struct agx_program_cache *agx_program_cache_new(const struct agx_exec *exec);
void agx_program_cache_free(struct agx_program_cache *cache);
void agx_program_cache_check(struct agx_program_cache *cache);
const struct agx_program *agx_program_cache_get(struct agx_program_cache *cache, uint64_t address,
						agx_fetch_fn fetch, void *data);

#endif
