/* SPDX-License-Identifier: MIT */
/*
 * Assembles whole programs in the syntax of Mesa's disassembler, with labels, directives and
 * comments. What agx_isa_listing() writes is accepted as it is and gives the same bytes.
 *
 *	name:               a label; a jump's operand may be its name instead of a distance
 *	0040:  7205 |       a place and bytes, as listings have them, before an instruction: ignored
 *	.u8 .u16 .u32 .u64  numbers, little-endian; .byte .half .word are names of the first three
 *	.hex 0a0040c0       bytes
 *	.align N[, VALUE]   up to a multiple of N, with bytes of VALUE or, where two fit, traps
 *	.fill COUNT[, VALUE]
 *	; and //            comments, and # where a line begins or where no "# unknown bits:" or
 *	                    "# missing hint" follows; also between slash-star and star-slash
 *
 * Nothing here allocates, prints or has state: any thread may call it.
 */
#ifndef AGX_ISA_ASM_H
#define AGX_ISA_ASM_H

#include <stddef.h>
#include <stdint.h>

#define AGX_ISA_MAX_PROGRAM (16u << 20) /* bytes of an assembled program */

/* A label; an array of these is the assembler's working memory. */
struct agx_isa_label {
	uint32_t start, length; /* of the name in the text; length 0: not used */
	uint32_t address;       /* bytes from the start of the program */
	uint32_t line;
};

struct agx_isa_asm {
	/* Set by the caller. The text need not end with a NUL. */
	const char *text;
	size_t size;
	uint8_t *out; /* NULL: only the length is wanted */
	size_t capacity;
	struct agx_isa_label *labels; /* room for more labels than the program has */
	uint32_t labels_max;

	/* Results. */
	size_t length; /* bytes of the program */
	uint32_t instructions;
	uint32_t line, column; /* of an error, from 1; columns are bytes */
	char error[400];       /* what is wrong, what was expected, what was found */
};

/*
 * Returns 0; -EINVAL: the text is wrong, see line, column and error; -ENOSPC: capacity, labels_max
 * or AGX_ISA_MAX_PROGRAM do not suffice (error says which).
 */
int agx_isa_assemble(struct agx_isa_asm *as);

#endif
