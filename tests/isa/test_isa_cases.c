// SPDX-License-Identifier: MIT
/*
 * Known encodings and their texts, in both directions. usage: isa-cases CASES APPLEGPU
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agx_isa.h"
#include "agx_isa_program.h"
#include "isa_cases.h"

static const char *cases_file, *applegpu_file;

static void decode(const struct isa_case *c, struct agx_isa_instr *instr)
{
	int length = agx_isa_decode(c->code, c->length, instr);

	if (length != (int)c->length)
		print_error("line %u: decoded to length %d\n", c->line, length);
	assert_int_equal(length, c->length);
}

static void prints(const struct isa_case *c, void *syntax)
{
	char text[AGX_ISA_LINE];
	struct agx_isa_instr instr;
	size_t length;

	decode(c, &instr);
	length = agx_isa_print(&instr, 0, *(enum agx_isa_syntax *)syntax, text);
	if (strcmp(text, c->text))
		print_error("line %u:\n", c->line);
	assert_string_equal(text, c->text);
	assert_int_equal(length, strlen(text));
}

static void encodes(const struct isa_case *c, void *cookie)
{
	uint8_t code[AGX_ISA_MAX_LENGTH];
	struct agx_isa_instr instr;
	const char *why;
	int length;

	decode(c, &instr);
	length = agx_isa_encode(&instr, code, &why);
	if (length < 0)
		print_error("line %u: %s\n", c->line, why);
	assert_int_equal(length, c->length);
	assert_null(why);
	assert_memory_equal(code, c->code, length);
}

static void assembles(const struct isa_case *c, void *cookie)
{
	char notes[AGX_ISA_NOTES], line[AGX_ISA_LINE + AGX_ISA_NOTES];
	uint8_t code[AGX_ISA_MAX_LENGTH];
	struct agx_isa_instr instr, parsed;
	unsigned int *noted = cookie;
	unsigned int column;
	const char *why;
	int length;

	decode(c, &instr);
	*noted += !!agx_isa_notes(&instr, c->code, notes);
	snprintf(line, sizeof(line), "%s%s", c->text, notes);
	if (agx_isa_parse(line, &parsed, &why, &column)) {
		print_error("line %u: \"%s\": %s, column %u\n", c->line, line, why, column);
		fail();
	}
	length = agx_isa_encode(&parsed, code, NULL);
	if (length != (int)c->length || memcmp(code, c->code, length))
		print_error("line %u: \"%s\": %s\n", c->line, line, isa_hex(code, length));
	assert_int_equal(length, c->length);
	assert_memory_equal(code, c->code, length);
	assert_int_equal(parsed.op, instr.op);
}

static void test_mesa_prints(void **state)
{
	enum agx_isa_syntax syntax = AGX_ISA_SYNTAX_MESA;

	assert_true(isa_cases(cases_file, prints, &syntax) > 500);
}

static void test_encode_is_exact(void **state)
{
	isa_cases(cases_file, encodes, NULL);
}

static void test_text_assembles(void **state)
{
	unsigned int noted = 0;

	isa_cases(cases_file, assembles, &noted);
	/* Two of Mesa's texts stand for more than one encoding. */
	assert_int_equal(noted, 2);
}

static void test_applegpu_prints(void **state)
{
	enum agx_isa_syntax syntax = AGX_ISA_SYNTAX_APPLEGPU;

	assert_true(isa_cases(applegpu_file, prints, &syntax) > 200);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mesa_prints),
		cmocka_unit_test(test_encode_is_exact),
		cmocka_unit_test(test_text_assembles),
		cmocka_unit_test(test_applegpu_prints),
	};

	if (argc != 3) {
		fprintf(stderr, "usage: %s CASES APPLEGPU\n", argv[0]);
		return 2;
	}
	cases_file = argv[1];
	applegpu_file = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
