// SPDX-License-Identifier: MIT
/* Reads instructions as hexadecimal bytes, one a line; writes length, opcode and text of each. */
#include <stdio.h>
#include <string.h>

#include "agx_isa.h"

static size_t parse_hex(const char *text, uint8_t out[AGX_ISA_MAX_LENGTH])
{
	size_t size = 0;
	unsigned int byte;

	while (size < AGX_ISA_MAX_LENGTH && sscanf(text + size * 2, "%2x", &byte) == 1)
		out[size++] = (uint8_t)byte;
	return size;
}

int main(void)
{
	char line[128], text[AGX_ISA_LINE];
	uint8_t code[AGX_ISA_MAX_LENGTH];
	struct agx_isa_instr instr;

	while (fgets(line, sizeof(line), stdin)) {
		int length = agx_isa_decode(code, parse_hex(line, code), &instr);

		agx_isa_print(&instr, 0, AGX_ISA_SYNTAX_MESA, text);
		printf("%d\t%s\t%s\n", length, agx_isa_op_name(instr.op), text);
	}
	return 0;
}
