/* SPDX-License-Identifier: MIT */
/* What the assembler wants to know of the encoder, beyond agx_isa.h. */
#ifndef AGX_ISA_ENCODE_H
#define AGX_ISA_ENCODE_H

#include <stdbool.h>

#include "agx_isa.h"

struct agx_isa_case;

struct isa_encode_error {
	const char *why;
	int operand;  /* index of the one that does not fit, or -1 */
	int modifier; /* index in the row of the opcode, or -1 */
};

/* As agx_isa_encode(), telling which part does not fit. */
int isa_encode(const struct agx_isa_instr *instr, uint8_t out[AGX_ISA_MAX_LENGTH],
	       struct isa_encode_error *error);

/*
 * Whether a case of an encoding has room for the operand, whatever the rest of the instruction is.
 */
bool isa_case_holds(const struct agx_isa_case *c, const struct agx_isa_operand *operand);

#endif
