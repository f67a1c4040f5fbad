// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "isa_cases.h"

static void parse(char *line, struct isa_case *c)
{
	size_t n = strcspn(line, " "), i;
	unsigned int byte;

	assert_true(n && !(n & 1) && n / 2 <= sizeof(c->code));
	c->length = n / 2;
	for (i = 0; i < c->length; i++) {
		assert_int_equal(sscanf(line + i * 2, "%2x", &byte), 1);
		c->code[i] = byte;
	}
	line += n;
	line += strspn(line, " ");
	n = strcspn(line, "\n");
	assert_true(n && n < sizeof(c->text));
	memcpy(c->text, line, n);
}

unsigned int isa_cases(const char *path, void (*call)(const struct isa_case *c, void *cookie),
		       void *cookie)
{
	FILE *in = fopen(path, "re");
	unsigned int count = 0, number = 0;
	char line[512];

	assert_non_null(in);
	while (fgets(line, sizeof(line), in)) {
		struct isa_case c = {.line = ++number};

		if (line[0] == '#' || line[0] == '\n')
			continue;
		parse(line, &c);
		call(&c, cookie);
		count++;
	}
	fclose(in);
	return count;
}

const char *isa_hex(const uint8_t *code, size_t length)
{
	static char text[65];
	size_t i;

	for (i = 0; i < length && i < 32; i++)
		snprintf(text + i * 2, 3, "%02x", code[i]);
	text[i * 2] = '\0';
	return text;
}
