/* SPDX-License-Identifier: MIT */
/* Compares two programs, instruction by instruction. */
#ifndef AGX_DIFF_CODE_H
#define AGX_DIFF_CODE_H

#include "agx_diff.h"
#include "diff_align.h"

struct diff_code {
	struct agx_diff_code_line *lines;
	uint32_t num_lines;
	char *text; /* that the lines point into */
	bool same;  /* no difference that counts */
	bool registers_only;
	bool coarse;
};

/*
 * a or b NULL: a program without a partner. Jumps are compared by what they lead to, not by distance.
 * ignore_registers: instructions that differ in the numbers of registers only count as equal. 0 or
 * -ENOMEM.
 */
int diff_code(const void *a, size_t size_a, const void *b, size_t size_b, bool ignore_registers,
	      struct diff_budget *budget, struct diff_code *out);
void diff_code_finish(struct diff_code *code);

/*
 * True: the programs do the same with other registers. Checked along the text of the program: what is read
 * must come from where the partner's value comes from; registers that are read before they are written
 * must be the same in both.
 */
bool diff_code_renamed(const void *a, size_t size_a, const void *b, size_t size_b);

struct agx_diff_size diff_code_size(const void *code, size_t size);

#endif
