// SPDX-License-Identifier: MIT
/*
 * The table of docs/shader-core.md, from the one in the code. usage: fidelity-table [DOC]
 *
 * Without DOC it is written to stdout; with DOC the file has to have it, between its two marks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fidelity.h"

#define BEGIN "<!-- table: made by tests/gpu/fidelity_table.c -->\n"
#define END   "<!-- end of table -->\n"

static char table[65536];

static void add(const char *text)
{
	if (strlen(table) + strlen(text) + 1 > sizeof(table))
		abort();
	strcat(table, text);
}

static bool is_same(const struct agx_fidelity *a, const struct agx_fidelity *b)
{
	return a->level == b->level && !strcmp(a->note, b->note) && !strcmp(a->from, b->from);
}

/* Instructions of which the same is said, in the order of the first of them. */
static void make_table(void)
{
	bool done[AGX_ISA_OPS] = {false};

	add("| instructions | result | what is left out, or why | after |\n| --- | --- | --- | --- |\n");
	for (uint16_t op = 1; op < AGX_ISA_OPS; op++) {
		const struct agx_fidelity *fidelity = agx_fidelity_of(op);

		if (done[op])
			continue;
		for (uint16_t other = op; other < AGX_ISA_OPS; other++) {
			if (!is_same(fidelity, agx_fidelity_of(other)))
				continue;
			done[other] = true;
			add(other == op ? "| `" : " `");
			add(agx_isa_op_name(other));
			add("`");
		}
		add(" | ");
		add(agx_fidelity_level_name(fidelity->level));
		add(" | ");
		add(fidelity->note);
		add(" | ");
		add(fidelity->from);
		add(" |\n");
	}
}

static void make_units(void)
{
	const struct agx_fidelity_unit *units;
	unsigned int count;

	units = agx_fidelity_units(&count);
	add("\n| special registers, units, formats, dimensions, layouts, sampling | result | what is left out | after |\n");
	add("| --- | --- | --- | --- |\n");
	for (unsigned int i = 0; i < count; i++) {
		add("| ");
		add(units[i].name);
		add(" | ");
		add(agx_fidelity_level_name(units[i].fidelity.level));
		add(" | ");
		add(units[i].fidelity.note);
		add(" | ");
		add(units[i].fidelity.from);
		add(" |\n");
	}
}

int main(int argc, char **argv)
{
	static char text[262144];
	const char *begin, *end;
	FILE *file;

	make_table();
	make_units();
	if (argc < 2) {
		fputs(table, stdout);
		return 0;
	}
	file = fopen(argv[1], "re");
	if (!file) {
		perror(argv[1]);
		return 2;
	}
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	begin = strstr(text, BEGIN);
	end = begin ? strstr(begin, END) : NULL;
	if (!end) {
		fprintf(stderr, "%s: no place for the table\n", argv[1]);
		return 1;
	}
	begin += strlen(BEGIN);
	if ((size_t)(end - begin) != strlen(table) || memcmp(begin, table, strlen(table))) {
		fprintf(stderr, "%s: the table differs from fidelity.c; expected:\n%s", argv[1],
			table);
		return 1;
	}
	return 0;
}
