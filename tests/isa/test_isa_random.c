// SPDX-License-Identifier: MIT
/*
 * For random bits in all fields of each form of each instruction: decoding, encoding, printing and
 * parsing lead back to where they began, exactly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agx_isa.h"
#include "agx_isa_asm.h"
#include "agx_isa_program.h"
#include "isa_cases.h"
#include "isa_table.h"

#define ROUNDS 400

static uint64_t seed = 88172645463325252ull;

static uint64_t draw(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Random bits in a form; most often only in its fields, at times sparse ones. */
static void fill(const struct agx_isa_form *form, unsigned int round, uint8_t code[16])
{
	uint64_t bits[2], r;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		r = draw();
		if (round & 1)
			r &= draw();
		bits[i] = (r & ~form->mask[i]) | form->match[i];
		if (round & 3)
			bits[i] = (bits[i] & form->covered[i]) |
				  (form->expected[i] & ~form->covered[i]);
	}
	memset(code, 0, 16);
	for (i = 0; i < form->length; i++)
		code[i] = bits[i >> 3] >> (i & 7) * 8;
}

static bool same_operand(const struct agx_isa_operand *a, const struct agx_isa_operand *b)
{
	if (a->kind != b->kind || a->flags != b->flags || a->role != b->role)
		return false;
	return a->kind == AGX_ISA_NONE || (a->bits == b->bits && a->count == b->count &&
					   a->mask == b->mask && a->value == b->value);
}

static bool same(const struct agx_isa_instr *a, const struct agx_isa_instr *b)
{
	unsigned int i;

	if (a->op != b->op || a->length != b->length || a->operand_count != b->operand_count ||
	    memcmp(a->unknown, b->unknown, sizeof(a->unknown)))
		return false;
	if (a->op != AGX_ISA_OP_DATA && memcmp(a->modifiers, b->modifiers, sizeof(a->modifiers)))
		return false;
	for (i = 0; i < a->operand_count; i++) {
		if (!same_operand(&a->operands[i], &b->operands[i]))
			return false;
	}
	return true;
}

/* Returns whether the bytes are an instruction. */
static bool round_trip(const uint8_t *code, size_t size)
{
	char text[AGX_ISA_LINE + AGX_ISA_NOTES];
	uint8_t again[AGX_ISA_MAX_LENGTH];
	struct agx_isa_instr instr, parsed;
	unsigned int column = 0;
	const char *why = NULL;
	int length, ret;

	ret = agx_isa_decode(code, size, &instr);
	assert_in_range(instr.length, 1, size);
	assert_true(ret == -22 || ret == -61 || ret == instr.length);

	length = agx_isa_encode(&instr, again, &why);
	if (length != instr.length || memcmp(again, code, length)) {
		agx_isa_print(&instr, 0, AGX_ISA_SYNTAX_MESA, text);
		print_error("%s (%s): encoded to %d: %s\n", isa_hex(code, instr.length), text,
			    length, why ? why : "other bytes");
		fail();
	}

	length = agx_isa_print(&instr, 0, AGX_ISA_SYNTAX_MESA, text);
	assert_in_range(length, 1, AGX_ISA_LINE - 1);
	agx_isa_notes(&instr, code, text + length);
	if (agx_isa_parse(text, &parsed, &why, &column)) {
		print_error("%s: \"%s\", column %u: %s\n", isa_hex(code, instr.length), text,
			    column, why);
		fail();
	}
	if (!same(&instr, &parsed)) {
		print_error("%s: \"%s\" is read as something else\n", isa_hex(code, instr.length),
			    text);
		fail();
	}
	length = agx_isa_print(&instr, 0, AGX_ISA_SYNTAX_APPLEGPU, text);
	assert_in_range(length, 1, AGX_ISA_LINE - 1);
	return ret > 0;
}

static void test_every_form(void **state)
{
	unsigned int op, f, round, reached;
	uint8_t code[16];

	for (op = 0; op < AGX_ISA_OPS; op++) {
		const struct agx_isa_op_row *row = &agx_isa_op_rows[op];

		for (f = 0; f < row->form_count; f++) {
			reached = 0;
			for (round = 0; round < ROUNDS; round++) {
				fill(&row->forms[f], round, code);
				reached += round_trip(code, row->forms[f].length);
			}
			if (!reached)
				print_error("%s, form %u: no encoding was valid\n", row->info.name,
					    f);
			assert_true(reached);
		}
	}
}

static void test_any_bytes(void **state)
{
	uint64_t bytes[2];
	unsigned int i, size;

	for (i = 0; i < 200000; i++) {
		bytes[0] = draw();
		bytes[1] = draw();
		size = 1 + draw() % AGX_ISA_MAX_LENGTH;
		round_trip((uint8_t *)bytes, size);
	}
}

/* A program of everything, through listing and assembler, with labels and with all columns. */
static void test_listing_assembles(void **state)
{
	static uint8_t code[1 << 16], again[1 << 16], targets[(1 << 16) / 16];
	static struct agx_isa_label labels[1 << 15];
	static char text[1 << 23];
	struct agx_isa_program program;
	unsigned int way, op, f;
	size_t size = 0, n;

	for (op = 0; op < AGX_ISA_OPS; op++) {
		const struct agx_isa_op_row *row = &agx_isa_op_rows[op];

		for (f = 0; f < row->form_count * 16u; f++) {
			const struct agx_isa_form *form = &row->forms[f % row->form_count];

			fill(form, f, code + size);
			/* Most jumps shall stay inside of the program. */
			if (row->info.flow == AGX_ISA_FLOW_JUMP && form->length == 6) {
				code[size + 2] &= ~1u;
				memset(code + size + 4, code[size + 3] & 0x80 ? 0xff : 0, 2);
			}
			size += form->length;
			assert_true(size + 16 < sizeof(code));
		}
	}
	memset(targets, 0, sizeof(targets));
	agx_isa_analyse(code, size, true, targets, &program);
	assert_int_equal(program.size, size);
	assert_true(program.jumps > 10 && program.blocks > 10);
	for (way = 0; way < 8; way++) {
		struct agx_isa_listing listing = {
			.code = code,
			.size = size,
			.targets = way & 1 ? targets : NULL,
			.base = way & 2 ? 0xfedcba9800000000ull : 0,
			.addresses = way & 2,
			.bytes = way & 4,
			.indent = true,
		};
		struct agx_isa_asm as = {
			.text = text,
			.out = again,
			.capacity = sizeof(again),
			.labels = labels,
			.labels_max = sizeof(labels) / sizeof(labels[0]),
		};

		while ((n = agx_isa_listing(&listing, text + as.size, sizeof(text) - as.size)))
			as.size += n;
		assert_int_equal(listing.at, size);
		if (agx_isa_assemble(&as))
			print_error("%u:%u: %s\n", as.line, as.column, as.error);
		assert_int_equal(as.line, 0);
		assert_int_equal(as.length, size);
		assert_memory_equal(again, code, size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_form),
		cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_listing_assembles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
