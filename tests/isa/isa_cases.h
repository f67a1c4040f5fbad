/* SPDX-License-Identifier: MIT */
/* Reads lists of encodings and texts. */
#ifndef AGX_TESTS_ISA_CASES_H
#define AGX_TESTS_ISA_CASES_H

#include <stddef.h>
#include <stdint.h>

struct isa_case {
	uint8_t code[16];
	size_t length;
	char text[256];
	unsigned int line;
};

/*
 * Calls for each line of a file that is neither empty nor a comment; lines are bytes in
 * hexadecimal, then text. Returns the number of calls; fails the test when the file or a line
 * cannot be read.
 */
unsigned int isa_cases(const char *path, void (*call)(const struct isa_case *c, void *cookie),
		       void *cookie);

/* Bytes as hexadecimal text, for messages; one buffer. */
const char *isa_hex(const uint8_t *code, size_t length);

#endif
