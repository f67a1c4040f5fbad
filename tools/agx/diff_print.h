/* SPDX-License-Identifier: MIT */
/* Prints a comparison of two traces: for people, for programs, as a page. */
#ifndef AGX_DIFF_PRINT_H
#define AGX_DIFF_PRINT_H

#include <stdio.h>

#include "agx_diff.h"
#include "text_style.h"

struct diff_print {
	FILE *out;
	const struct agx_text_style *style;
	unsigned int columns; /* of the terminal, 0: unknown */
	unsigned int context; /* unchanged lines around a change */
	bool unified;         /* code as lines of - and +, not side by side */
};

void diff_print_text(const struct agx_diff *diff, const struct diff_print *print);
void diff_print_stat(const struct agx_diff *diff, const struct diff_print *print);

/* 0 or -ENOMEM. */
int diff_print_json(const struct agx_diff *diff, FILE *out);

/* One page that needs nothing else. */
void diff_print_html(const struct agx_diff *diff, const struct diff_print *print);

/* True: the line is a change, or an unchanged one near enough to one. */
bool diff_line_shown(const struct agx_diff_hunk *hunk, uint32_t i, unsigned int context);
bool diff_code_shown(const struct agx_diff_shader *shader, uint32_t i, unsigned int context);

/* "submit 3 / command 0 / draw 4 and 11 more places". Returns buf. */
const char *diff_hunk_place(const struct agx_diff_hunk *hunk, char *buf, size_t size);

/* "-8.3%", "+100.0%", "" for no change. Returns buf. */
const char *diff_percent(uint64_t a, uint64_t b, char *buf, size_t size);

/* A number and what it counts. */
struct diff_row {
	const char *name;
	uint64_t a, b;
};

/* What the traces hold, and their code: rows of --stat. Returns how many; rows has room for 12. */
unsigned int diff_side_rows(const struct agx_diff *diff, struct diff_row *rows);
unsigned int diff_code_rows(const struct agx_diff_size *a, const struct agx_diff_size *b,
			    struct diff_row *rows);

#endif
