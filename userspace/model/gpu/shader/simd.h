/* SPDX-License-Identifier: MIT */
/*
 * State of the shader core: what belongs to a launch, to a threadgroup and to a SIMD group of 32 threads.
 *
 * Registers are kept as structure of arrays: one row of 32 lanes for each 32-bit register. Half 2N is the
 * low, half 2N + 1 the high part of each lane of row N.
 */
#ifndef AGX_SIMD_H
#define AGX_SIMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lanes.h"

#define AGX_REGISTERS      128 /* of 32 bits per lane */
#define AGX_HALVES         (2 * AGX_REGISTERS)
#define AGX_UNIFORMS       512 /* halves */
#define AGX_TEXTURE_STATES 256
#define AGX_SAMPLER_STATES 16
#define AGX_LOCAL_MEMORY   65536      /* bytes that an address within a threadgroup can name */
#define AGX_STACK_CHUNK    32         /* bytes per lane of what one pointer leads to */
#define AGX_STACK_MAX      (1u << 19) /* bytes per lane that a program may ask for */

struct agx_helper;
struct agx_op;
struct agx_program;
struct agx_memory;
struct agx_simd;

enum agx_stage {
	AGX_STAGE_COMPUTE,
	AGX_STAGE_VERTEX,
	AGX_STAGE_FRAGMENT,
	AGX_STAGE_PREAMBLE,
	AGX_STAGE_BACKGROUND,
	AGX_STAGE_END_OF_TILE,
};

/* How local memory holds pixels. */
struct agx_tile_memory {
	uint8_t width, height; /* pixels; 0: it holds none */
	uint8_t samples;       /* of a pixel */
	uint8_t sample_stride; /* bytes */
};

/* The register files that all threads of a launch share: set by USC words, then by the preamble. */
struct agx_bindings {
	uint16_t uniforms[AGX_UNIFORMS] __attribute__((aligned(8)));
	uint8_t textures[AGX_TEXTURE_STATES][24];
	uint8_t samplers[AGX_SAMPLER_STATES][24];
	uint32_t textures_set[AGX_TEXTURE_STATES / 32]; /* bit: was set by a word or a preamble */
	uint16_t samplers_set;
	uint64_t sampler_heap;  /* GPU address, 0: none */
	uint32_t sampler_count; /* of the heap */
	struct agx_tile_memory tile;
};

/* Why a program cannot go on. */
enum agx_trap {
	AGX_TRAP_NONE,
	AGX_TRAP_FAULT,        /* memory: see agx_memory */
	AGX_TRAP_CODE,         /* no instruction there, or one that is not known */
	AGX_TRAP_NOT_MODELLED, /* an instruction or a form of it */
	AGX_TRAP_TRAP,         /* the trap instruction */
	AGX_TRAP_STACK,        /* more scratch than allowed */
	AGX_TRAP_HELPER,       /* the helper program, which should give a stack */
	AGX_TRAP_STATE,        /* a texture or sampler that was never set, or makes no sense */
	AGX_TRAP_STOPPED,      /* by who watches, who has told why */
};

/* How a run ended. */
enum agx_exec_result {
	AGX_EXEC_DONE,    /* stop */
	AGX_EXEC_BARRIER, /* waits for the others of its threadgroup; go on with the same call */
	AGX_EXEC_TRAPPED, /* see simd->trap */
	AGX_EXEC_BUDGET,  /* has run for as many operations as it may; go on with the same call */
};

/* One threadgroup under way. */
struct agx_group {
	struct agx_bindings *bindings; /* written by preambles alone */
	uint8_t *local;                /* AGX_LOCAL_MEMORY bytes, NULL: the launch uses none */
	uint32_t local_size;           /* bytes that the launch asked for */
	uint32_t id[3];                /* in the grid */
	uint32_t size[3];              /* threads, of this group: those at an edge may be cut */
	uint32_t full_size[3];         /* of the others */
	enum agx_stage stage;

	/*
	 * Gives a SIMD group a stack when it asks for one the first time: stack and stack_room. NULL; or why there is
	 * none, a text that stays. NULL itself: there are none beyond what the SIMD group has.
	 */
	const char *(*get_stack)(void *cookie, struct agx_simd *simd);
	void *stack_cookie;
};

/* 32 threads. Aligned to AGX_ROW_ALIGN bytes: allocate it with aligned_alloc(). */
struct agx_simd {
	agx_u32s r[AGX_REGISTERS];
	agx_u32s exec;      /* exec_mask as lanes: all ones, or 0 */
	uint32_t exec_mask; /* the active lanes; only agx_simd_set_exec() changes it */
	uint32_t lanes;     /* bits of those that exist: a group's last SIMD group may be short */
	uint32_t pc;        /* index of the next operation in the program */

	const struct agx_program *program;
	struct agx_group *group;
	struct agx_memory *memory; /* of the host thread that runs it */
	const uint16_t *uniforms;  /* of group->bindings */
	uint32_t index;            /* in the group */
	int64_t budget; /* operations that may still run: looked at where jumps go back */
	bool single;    /* a function executes one operation only: somebody watches */
	enum agx_exec_result result;

	/*
	 * stack_size bytes for each lane are in use, of stack_room. Words of the lanes alternate; a pointer leads to
	 * AGX_STACK_CHUNK bytes of each. Owned by who runs it.
	 */
	uint8_t **stack;
	uint32_t stack_size, stack_room;
	uint32_t stack_pointers; /* that there is room for */

	struct agx_helper *helper; /* NULL: this is no helper program */

	/* Why it stopped. */
	enum agx_trap trap;
	uint32_t trap_offset; /* of the instruction, bytes from the program's start */
	uint8_t trap_lane;
	uint16_t trap_op;      /* enum agx_isa_op of the instruction */
	const char *trap_what; /* a constant */
};

/*
 * Makes the first count threads (1 to 32) of SIMD group index ready to run a program from its start:
 * all of them active, registers zero. The stack and the memory stay as they are.
 */
void agx_simd_start(struct agx_simd *simd, const struct agx_program *program,
		    struct agx_group *group, uint32_t index, unsigned int count);

/* Sets the active lanes; those that do not exist stay out. */
void agx_simd_set_exec(struct agx_simd *simd, uint32_t mask);

/*
 * For the functions of operations: leaves the run. Both give NULL, which the function returns.
 * agx_simd_trap() notes why, for the instruction op and a lane of it; what is a constant text, NULL: the
 * instruction's name.
 * agx_simd_leave() goes on with next when it is run again.
 */
const struct agx_op *agx_simd_trap(struct agx_simd *simd, const struct agx_op *op,
				   enum agx_trap trap, unsigned int lane, const char *what);
const struct agx_op *agx_simd_leave(struct agx_simd *simd, const struct agx_op *next,
				    enum agx_exec_result result);

/* One lane of a register, by its half index; 32-bit ones by an even half. For what is not hot. */
static inline uint16_t agx_simd_half(const struct agx_simd *simd, unsigned int half,
				     unsigned int lane)
{
	return (uint16_t)(simd->r[half / 2][lane] >> (16 * (half & 1)));
}

static inline void agx_simd_set_half(struct agx_simd *simd, unsigned int half, unsigned int lane,
				     uint16_t value)
{
	const unsigned int shift = 16 * (half & 1);

	simd->r[half / 2][lane] =
		(simd->r[half / 2][lane] & ~(0xffffu << shift)) | (uint32_t)value << shift;
}

/* A uniform register of 32 bits by its (even) half index. */
static inline uint32_t agx_simd_uniform32(const struct agx_simd *simd, unsigned int half)
{
	return simd->uniforms[half] | (uint32_t)simd->uniforms[half + 1] << 16;
}

#endif
