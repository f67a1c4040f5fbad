/* SPDX-License-Identifier: MIT */
/*
 * Whole programs: where they end, where their jumps lead, what they use, and listings that
 * agx_isa_assemble() turns into the same bytes again.
 *
 * Nothing here allocates, prints to files or has state: any thread may call anything. All of it is
 * bounded by the size that is given, whatever the code is.
 */
#ifndef AGX_ISA_PROGRAM_H
#define AGX_ISA_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agx_isa.h"

/* How a program ends. */
enum agx_isa_end {
	AGX_ISA_END_STOP,   /* with a stop that no jump leads beyond, and the traps behind it */
	AGX_ISA_END_RETURN, /* with a return that no jump leads beyond: a function */
	AGX_ISA_END_CODE,   /* not before the end of the code that was given */
	AGX_ISA_END_LOST,   /* in a row of AGX_ISA_LOST unknown encodings: this is no code */
};

#define AGX_ISA_LOST 32

/* What a program is and uses, as far as its instructions tell. */
struct agx_isa_program {
	enum agx_isa_end end;
	uint32_t size;         /* bytes, with the traps behind the stop */
	uint32_t code_size;    /* without them */
	uint32_t instructions; /* without these traps; data counts as one per item */
	uint32_t unknown;      /* unknown encodings */
	uint32_t odd;          /* instructions with unknown bits */

	uint32_t classes[AGX_ISA_CLASSES]; /* instructions of each, enum agx_isa_class */
	uint32_t blocks;                   /* basic blocks; with targets, else those behind jumps */
	uint32_t jumps, calls;
	uint32_t loops;     /* jumps backwards */
	uint32_t wild;      /* jumps to outside of the code; with targets also into instructions */
	uint32_t max_depth; /* levels of the execution mask */
	uint32_t waits, barriers;
	uint32_t loads, stores, atomics; /* of device memory */
	uint32_t fills, spills;          /* loads from the stack, stores to it */
	uint32_t textures, images;       /* reads and writes */

	uint32_t registers;      /* half registers: one more than the highest that is named */
	uint32_t uniforms;       /* likewise, read or set */
	uint32_t uniforms_set;   /* half registers that are set: by a preamble */
	uint32_t texture_states; /* one more than the highest that is named */
	uint32_t sampler_states;
	uint32_t coefficients;
	uint32_t stack_bytes; /* one more than the highest that constant indices reach */
	uint32_t threads;     /* of a core at best, with that many registers */
	bool stack, local, tile, bindless, helper;
	bool discards; /* changes the coverage, depth or stencil of fragments */
	bool indirect; /* jumps to an address from a register: what follows is not known */
};

/*
 * Looks at the program at code. whole: up to size, even past its end. targets: NULL, or (size / 2
 * + 7) / 8 zeroed bytes in which the bits of parcels that jumps lead to are set.
 */
void agx_isa_analyse(const void *code, size_t size, bool whole, uint8_t *targets,
		     struct agx_isa_program *out);

/* Most threads of a core with that many half registers each; 0 if there are too many of them. */
unsigned int agx_isa_threads(unsigned int registers);

/*
 * What Mesa's text does not tell and the assembler needs to give the same bytes: " !long", "
 * !short", " !zx", " !wide", mostly nothing. code: the bytes of the instruction. Returns the
 * length; buf has AGX_ISA_NOTES bytes.
 */
#define AGX_ISA_NOTES 32
size_t agx_isa_notes(const struct agx_isa_instr *instr, const void *code, char *buf);

/* A listing is made piece by piece. */
struct agx_isa_listing {
	/* Set by the caller. */
	const uint8_t *code;
	size_t size;
	const uint8_t *targets; /* as from agx_isa_analyse(), NULL: no labels */
	uint64_t base;          /* address of the first byte, for the column of addresses */
	enum agx_isa_syntax syntax;
	bool addresses, bytes, indent;

	/* State, zero at first; counts are complete after the last piece. */
	size_t at;
	uint32_t depth;
	uint32_t instructions, unknown;
};

#define AGX_ISA_LISTING_LINE (AGX_ISA_LINE + 256) /* the least capacity */

/*
 * Writes as many whole lines as buf has room for; no NUL. Returns the bytes, 0 at the end.
 *
 *	L1a4:
 *	01a4:  7e01402a2400             |  andn2    r0, r0, r1
 *
 * A label's number is the offset in the program, the number in front of the line is that plus base.
 */
size_t agx_isa_listing(struct agx_isa_listing *listing, char *buf, size_t capacity);

#endif
