/* SPDX-License-Identifier: MIT */
/*
 * Whether a program waits for what it loads.
 *
 * Loads from memory, textures and the stack, and atomics, go on while the program does: what they
 * put into their registers is there only after a wait for the group (0 or 1) that they belong to. A
 * program that forgets it reads what was in the register before, or not, as the timing has it; a
 * model that executes one instruction after the other does not show it. So the program is looked at
 * on all ways that lead through it.
 */
#ifndef AGX_ISA_WAITS_H
#define AGX_ISA_WAITS_H

#include <stddef.h>
#include <stdint.h>

#define AGX_ISA_GROUPS 2

/* Of a group under way at once; more give wrong results (Mesa, src/asahi/compiler/agx_insert_waits.c). */
#define AGX_ISA_MAX_PENDING 8

enum agx_isa_hazard_kind {
	AGX_ISA_HAZARD_READ,  /* a register is read that a load is still to fill */
	AGX_ISA_HAZARD_WRITE, /* or written: which of the two values stays is not known */
	AGX_ISA_HAZARD_FULL,  /* more than AGX_ISA_MAX_PENDING of a group are under way */
};

struct agx_isa_hazard {
	uint32_t at;   /* byte offset of the instruction that should have waited */
	uint32_t load; /* and of the one that it should have waited for; of FULL: at */
	uint16_t half; /* register; 0 of FULL */
	uint8_t group; /* that is to be waited for */
	uint8_t kind;  /* enum agx_isa_hazard_kind */
};

/*
 * Finds the instructions that should have waited, in the order of the code, one hazard each. memory:
 * as many zeroed bytes as agx_isa_hazards_memory() says, some twenty for each of code, as aligned as
 * malloc()'s; the caller's before and after. hazards has room for max, of which the first are set.
 * Returns how many there are.
 *
 * Threads do not count: a register that is loaded in one branch and read in the other is a hazard,
 * as for Mesa's compiler, for SIMD groups run through both. Behind calls nothing is taken to be under
 * way, and programs that are more tangled than AGX_ISA_WAIT_ROUNDS nested loops are not followed to
 * the end: what is reported is one, what is not reported may be one. Time is bounded by size.
 */
#define AGX_ISA_WAIT_ROUNDS 32
unsigned int agx_isa_find_hazards(const void *code, size_t size, void *memory,
				  struct agx_isa_hazard *hazards, unsigned int max);
size_t agx_isa_hazards_memory(size_t size); /* size: of the code */

/*
 * What a hazard is, in a sentence without its place: "it reads r3l, which the load at offset 0x10 is
 * still to fill: wait a expected in between". Cut to size bytes with its NUL.
 */
void agx_isa_hazard_text(const struct agx_isa_hazard *hazard, char *buf, size_t size);

#endif
