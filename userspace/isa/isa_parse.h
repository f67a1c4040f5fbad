/* SPDX-License-Identifier: MIT */
/* One line of assembly; the whole-program assembler adds labels and directives to it. */
#ifndef AGX_ISA_PARSE_H
#define AGX_ISA_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agx_isa.h"

/* What can be at a place of the syntax; bits of isa_parse_error.expected. */
enum isa_expected {
	ISA_EXPECT_REGISTER = 1 << 0,
	ISA_EXPECT_UNIFORM = 1 << 1,
	ISA_EXPECT_NUMBER = 1 << 2,
	ISA_EXPECT_FLOAT = 1 << 3,
	ISA_EXPECT_TS = 1 << 4,
	ISA_EXPECT_SS = 1 << 5,
	ISA_EXPECT_CF = 1 << 6,
	ISA_EXPECT_LABEL = 1 << 7,
	ISA_EXPECT_NOTHING = 1 << 8, /* "_" */
	ISA_EXPECT_END = 1 << 9,
	ISA_EXPECT_SR = 1 << 10,
};

#define ISA_MAX_EXPECTED_MODIFIERS 8

struct agx_isa_encoding;
struct agx_isa_op_row;

struct isa_parse_error {
	const char *why; /* constant */
	size_t start;    /* the part that is wrong, in the line; end excluded */
	size_t end;
	unsigned int expected; /* enum isa_expected; with it "found" says more than why */
	uint8_t modifiers
		[ISA_MAX_EXPECTED_MODIFIERS]; /* enum agx_isa_modifier, that could be there */
	unsigned int modifier_count;
	bool refused;                            /* operand by operand it fits, but not together */
	bool unknown;                            /* there is no such instruction */
	const struct agx_isa_op_row *row;        /* of what it might be, NULL: none */
	const struct agx_isa_encoding *encoding; /* of the operand that this has no room for */
};

/*
 * Gives a label's place as an offset from the instruction; false if there is no such label. NULL:
 * labels are an error.
 */
struct isa_labels {
	bool (*find)(void *cookie, const char *name, size_t length, int64_t *offset);
	void *cookie;
};

/*
 * Parses the instruction in line[0..length), which has neither comment nor label, and encodes it.
 * Returns its length in bytes, or -EINVAL with *error.
 */
int isa_parse(const char *line, size_t length, const struct isa_labels *labels,
	      uint8_t out[AGX_ISA_MAX_LENGTH], struct isa_parse_error *error);

/* Writes what helps with an error of isa_parse() in that line; "" if nothing is known to. */
void isa_parse_hint(const char *line, const struct isa_parse_error *error, char *out, size_t size);

/*
 * Reads a number: sign, then decimal, 0x or 0b. Returns the characters that it took, 0 if there is
 * none.
 */
size_t isa_parse_number(const char *text, size_t length, int64_t *value);

/* Reads a decimal fraction, with the same result. */
size_t isa_parse_fraction(const char *text, size_t length, double *value);

/* Reads a whole operand: a register, or several that follow each other, with hints and suffixes. */
bool isa_parse_registers(const char *text, size_t length, struct agx_isa_operand *out);

/* Reads a whole operand of another kind, a number, target or special register. */
bool isa_parse_value(const char *text, size_t length, uint8_t kind, const struct isa_labels *labels,
		     struct agx_isa_operand *out);

static inline bool isa_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static inline bool isa_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool isa_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

#endif
