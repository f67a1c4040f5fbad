/* SPDX-License-Identifier: MIT */
/* Between the lines (print_applegpu.c) and the fields (applegpu_fields.c) of applegpu's syntax. */
#ifndef AGX_ISA_APPLEGPU_H
#define AGX_ISA_APPLEGPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "isa_table.h"

struct applegpu_line {
	const struct agx_isa_instr *instr;
	const struct agx_isa_op_row *row;
	uint64_t code[2];
	uint32_t offset;
	char *buf;
	size_t used;
	bool operands; /* some have been written */
};

/* Text as it is; text that is an operand of its own, unless it is empty; a number that is one. */
void applegpu_text(struct applegpu_line *l, const char *string);
void applegpu_word(struct applegpu_line *l, const char *string);
void applegpu_number(struct applegpu_line *l, int64_t value);

/* Begins an operand. */
void applegpu_next(struct applegpu_line *l);

/* Bits of the encoding; those of joined ranges as in "28:7+40:2", and how many these are. */
unsigned int applegpu_bits(const struct applegpu_line *l, unsigned int start, unsigned int size);
unsigned int applegpu_ranges(const struct applegpu_line *l, const char *ranges,
			     unsigned int *width);

/* The operand that applegpu calls so, NULL if there is none. */
const struct agx_isa_operand *applegpu_find(const struct applegpu_line *l, const char *name,
					    size_t length);

/* Whether it is a register of an encoding with hints and has none of them. */
bool applegpu_without_hint(const struct applegpu_line *l, const struct agx_isa_operand *o);

void applegpu_operand(struct applegpu_line *l, const struct agx_isa_operand *o);

/* A field with a form of its own, by the name that formats have for it. */
void applegpu_special(struct applegpu_line *l, const char *name);

#endif
