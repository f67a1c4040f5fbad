/* SPDX-License-Identifier: MIT */
/*
 * Watching programs while they are executed: step by step, until something goes wrong, for statistics, for races.
 * This is what who watches gets; agx_watch_config.h is what is asked for, watch.h what the GPU calls.
 *
 * Watched programs run on one thread of the host, an operation at a time, and do the same as unwatched ones. A GPU
 * without a watch pays nothing for there being one.
 */
#ifndef AGX_WATCH_H
#define AGX_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "agx_isa.h"
#include "agx_watch_config.h"
#include "agx_watch_stats.h"
#include "simd.h"

struct agx_op;

/* A launch. */
struct agx_watch_place {
	bool known; /* submit and command are */
	uint64_t submit;
	uint32_t command;
	uint32_t dispatch; /* in the command's control stream, from 0 */
	uint32_t context;
	uint64_t shader;    /* address of its program */
	uint32_t groups[3]; /* in the grid */
	uint32_t size[3];   /* threads of a group */
};

/* Memory that programs name by addresses of their own; what textures and images read and write is not told. */
enum agx_watch_space {
	AGX_WATCH_DEVICE,
	AGX_WATCH_LOCAL, /* addresses count from the start of the threadgroup's memory */
	AGX_WATCH_STACK, /* from the end of the lane's stack */
};

enum agx_watch_kind {
	AGX_WATCH_LOAD,
	AGX_WATCH_STORE,
	AGX_WATCH_ATOMIC,
};

/* What an instruction accesses. */
struct agx_watch_access {
	uint8_t space; /* enum agx_watch_space */
	uint8_t kind;  /* enum agx_watch_kind */
	uint8_t size;  /* bytes of an element */
	uint8_t count; /* elements of a lane, 1 to 4 */
	uint8_t offset[4];
	uint32_t lanes; /* bits of those that access; addresses of others mean nothing */
	uint64_t address[AGX_LANES]; /* an element is at address + offset */
};

/* An executed instruction. Valid during the call. */
struct agx_watch_step {
	const struct agx_watch_place *place;
	const struct agx_simd *simd; /* after it */
	const struct agx_op *op;
	const struct agx_isa_instr *instr;
	const agx_u32s *before; /* rows that the instruction names, as they were before it */
	const struct agx_watch_access *access; /* NULL: none */
	const struct agx_op
		*next; /* in the order of execution; NULL: the SIMD group is done or has trapped */
	uint64_t number; /* of the SIMD group's instructions, from 0 */
	uint32_t lanes;  /* that were active when it began */
	uint32_t depth;  /* levels of the execution mask around it */
};

#define AGX_WATCH_LAST  16 /* executed instructions that are remembered for each SIMD group */
#define AGX_WATCH_CALLS 16 /* calls likewise */

struct agx_watch_past {
	const struct agx_op *op;
	uint32_t lanes;
};

struct agx_watch_stop {
	uint32_t reason;   /* one of AGX_WATCH_FAULT ... */
	const char *what;  /* in words */
	unsigned int lane; /* the first that it happened in */
	bool has_address;  /* of the access */
	uint64_t address;
	const struct agx_watch_step
		*step; /* the instruction; what it was to write may not be there */
	struct agx_watch_past last[AGX_WATCH_LAST]; /* the instruction itself is the last of them */
	uint32_t last_count;
	const struct agx_op *calls[AGX_WATCH_CALLS]; /* open ones, the innermost last */
	uint32_t call_count;
	uint64_t calls_lost; /* outer ones that were not remembered */
};

/* One of two accesses that conflict. */
struct agx_watch_racer {
	uint8_t kind;    /* enum agx_watch_kind */
	uint32_t offset; /* of the instruction in the program */
	const struct agx_isa_instr *instr;
	uint32_t group[3], thread[3];
};

struct agx_watch_race {
	const struct agx_watch_place *place;
	uint64_t program;                     /* address */
	uint8_t space;                        /* enum agx_watch_space */
	uint64_t address;                     /* of the first byte that both access */
	struct agx_watch_racer first, second; /* in the order in which they were executed here */
	const char *rule;                     /* why nothing orders them */
	char buffer[96]; /* where the address lies, "" when that is not known */
};

/* --- Values, for who shows steps --- */

/* How a value is best shown. */
enum agx_watch_type {
	AGX_WATCH_BITS, /* the instruction does not care */
	AGX_WATCH_INTEGER,
	AGX_WATCH_FLOAT,
};

/* Of an operand of an instruction, by its index. */
enum agx_watch_type agx_watch_type(const struct agx_isa_instr *instr, unsigned int index);

/* Components of a register or uniform operand, of operand.bits each; 0: it has no value to be shown. */
unsigned int agx_watch_components(const struct agx_isa_instr *instr, unsigned int index);

/* A component of one lane: before the instruction, or after it. */
uint64_t agx_watch_value(const struct agx_watch_step *step, unsigned int index,
			 unsigned int component, unsigned int lane, bool after);

/* A thread's place in its group. */
void agx_watch_thread(const struct agx_group *group, uint32_t thread, uint32_t out[3]);

#endif
