// SPDX-License-Identifier: MIT
/* Decoding: what instructions become, where data begins and ends, and what the table promises. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agx_isa.h"
#include "isa_table.h"

static size_t parse_hex(const char *hex, uint8_t *out)
{
	size_t size = strlen(hex) / 2;

	for (size_t i = 0; i < size; i++) {
		char digits[3] = {hex[i * 2], hex[i * 2 + 1], '\0'};

		out[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return size;
}

/* Decodes from a heap block of exactly the given bytes, so that sanitizers see any overrun. */
static int decode(const char *hex, struct agx_isa_instr *instr)
{
	size_t size = strlen(hex) / 2;
	uint8_t *code = malloc(size ? size : 1);

	assert_non_null(code);
	parse_hex(hex, code);

	int length = agx_isa_decode(code, size, instr);

	free(code);
	return length;
}

static void expect_text(const char *hex, const char *text)
{
	struct agx_isa_instr instr;
	char line[AGX_ISA_LINE];

	decode(hex, &instr);
	assert_int_equal(agx_isa_print(&instr, 0, AGX_ISA_SYNTAX_MESA, line), strlen(text));
	assert_string_equal(line, text);
}

static void operands_are_resolved(void **state)
{
	struct agx_isa_instr instr;
	const struct agx_isa_operand *o;

	/* load r0_r1_r2, du52, 4, i32, xyz, a */
	assert_int_equal(decode("0501480d60c07200", &instr), 8);
	assert_int_equal(instr.op, AGX_ISA_OP_LOAD);
	assert_int_equal(instr.operand_count, 3);

	o = agx_isa_operand(&instr, AGX_ISA_ROLE_DATA);
	assert_non_null(o);
	assert_int_equal(o->kind, AGX_ISA_REG);
	assert_int_equal(o->flags, AGX_ISA_DEST);
	assert_int_equal(o->bits, 32);
	assert_int_equal(o->count, 3);
	assert_int_equal(o->mask, 7);
	assert_int_equal(o->value, 0);
	assert_int_equal(agx_isa_operand_halves(&instr, 0), 6);

	o = agx_isa_operand(&instr, AGX_ISA_ROLE_BASE);
	assert_int_equal(o->kind, AGX_ISA_UNIFORM);
	assert_int_equal(o->bits, 64);
	assert_int_equal(o->value, 104);

	o = agx_isa_operand(&instr, AGX_ISA_ROLE_INDEX);
	assert_int_equal(o->kind, AGX_ISA_IMM);
	assert_int_equal(o->value, 4);
	assert_int_equal(o->flags, 0);

	assert_int_equal(instr.modifiers[AGX_ISA_MODIFIER_FORMAT], AGX_ISA_FORMAT_I32);
	assert_int_equal(instr.modifiers[AGX_ISA_MODIFIER_MASK], AGX_ISA_MASK_XYZ);
	assert_int_equal(instr.modifiers[AGX_ISA_MODIFIER_GROUP], AGX_ISA_GROUP_A);
	assert_null(agx_isa_operand(&instr, AGX_ISA_ROLE_SAMPLER));
}

static void index_with_and_without_sign_differ(void **state)
{
	struct agx_isa_instr instr;

	/* load r8_r9_r10_r11, du0, 4095, lsl 2, i32, xyzw, a: zero-extended */
	assert_int_equal(decode("0541f00f0fc8f20f", &instr), 8);
	assert_int_equal(instr.operands[2].value, 4095);
	assert_int_equal(instr.operands[2].flags, AGX_ISA_UNSIGNED);

	/* stack_adjust -8 */
	assert_int_equal(decode("b50081052f8000ff", &instr), 8);
	assert_int_equal(instr.operands[0].value, -8);
	assert_int_equal(instr.operands[0].flags, 0);
}

static void coordinates_and_gradients_depend_on_the_dimension(void **state)
{
	struct agx_isa_instr instr;

	/* smpf r0, du54, r5, r4l, r0, u64l, r15, shadow, 2d_array, x, lod_min, a */
	assert_int_equal(decode("31818000ca6321481b201e00", &instr), 12);
	assert_int_equal(instr.operands[4].role, AGX_ISA_ROLE_COORD);
	assert_int_equal(agx_isa_operand_halves(&instr, 4), 5);
	instr.modifiers[AGX_ISA_MODIFIER_DIM] = AGX_ISA_DIM_3D;
	assert_int_equal(agx_isa_operand_halves(&instr, 4), 6);
	instr.modifiers[AGX_ISA_MODIFIER_DIM] = AGX_ISA_DIM_CUBE_ARRAY;
	assert_int_equal(agx_isa_operand_halves(&instr, 4), 7);

	instr.modifiers[AGX_ISA_MODIFIER_LOD_TYPE] = AGX_ISA_LOD_TYPE_LOD_GRAD_MIN;
	instr.modifiers[AGX_ISA_MODIFIER_DIM] = AGX_ISA_DIM_2D;
	assert_int_equal(agx_isa_operand_halves(&instr, 5), 9);

	/* imgwblk r2l, ts0, r3, 0, 2d_ms_array, u8norm: the layer's word only */
	assert_int_equal(decode("b1880680004880000a00", &instr), 10);
	assert_int_equal(instr.operands[3].role, AGX_ISA_ROLE_COORD);
	assert_int_equal(agx_isa_operand_halves(&instr, 3), 2);
	assert_int_equal(agx_isa_operand_halves(&instr, 4), 0);
	assert_int_equal(agx_isa_operand_halves(&instr, 9), 0);
}

static void aliases_come_before_what_they_stand_for(void **state)
{
	struct agx_isa_instr instr;

	decode("2e01001000400200", &instr); /* shl r0, 1, r0 */
	assert_int_equal(instr.op, AGX_ISA_OP_SHL);
	decode("2e01081000400200", &instr); /* with a first source */
	assert_int_equal(instr.op, AGX_ISA_OP_BFI);
	decode("1e1b428201000001", &instr); /* imul dr6, r1, 88 */
	assert_int_equal(instr.op, AGX_ISA_OP_IMUL);
	assert_int_equal(instr.operands[0].bits, 64);
	decode("c508c03d08803000", &instr); /* mov u70, r1 */
	assert_int_equal(instr.op, AGX_ISA_OP_UNIFORM_STORE);
	decode("c508c03d08802000", &instr); /* a mask that mov cannot say */
	assert_int_equal(instr.op, AGX_ISA_OP_UNIFORM_STORE_UNK);
}

static void code_that_ends_within_an_instruction(void **state)
{
	static const char whole[] = "31818000ca6321481b201e00";
	struct agx_isa_instr instr;
	char part[sizeof(whole)];

	for (unsigned int size = 0; size < 12; size++) {
		memcpy(part, whole, size * 2);
		part[size * 2] = '\0';
		assert_int_equal(decode(part, &instr), -ENODATA);
		assert_int_equal(instr.op, AGX_ISA_OP_DATA);
		assert_int_equal(instr.length, size);
	}
	expect_text("318180", ".u8 0x31, 0x81, 0x80");
	expect_text("31818000ca63", ".u16 0x8131, 0x0080, 0x63ca");
}

static void unknown_first_byte_is_one_parcel_of_data(void **state)
{
	struct agx_isa_instr instr;

	assert_int_equal(decode("0123456789abcdef", &instr), -EINVAL);
	assert_int_equal(instr.op, AGX_ISA_OP_DATA);
	assert_int_equal(instr.length, 2);
	assert_int_equal(instr.unknown[0], 0x2301);
	expect_text("0123456789abcdef", ".u16 0x2301");
}

static void operand_without_sense_makes_the_whole_form_data(void **state)
{
	struct agx_isa_instr instr;

	/* iadd r0, r0.sx, 1 with a 32-bit source that begins at an odd half */
	assert_int_equal(decode("0e0140160000000099", &instr), 8);
	assert_int_equal(decode("0e0141160000000099", &instr), -EINVAL);
	assert_int_equal(instr.length, 8);
	expect_text("0e0141160000000099", ".u16 0x010e, 0x1641, 0x0000, 0x0000");
}

static void bits_in_no_field_are_kept_and_told(void **state)
{
	struct agx_isa_instr instr;

	assert_int_equal(decode("3802", &instr), 2);
	assert_int_equal(instr.op, AGX_ISA_OP_WAIT);
	assert_int_equal(instr.unknown[0], 1 << 9);
	expect_text("3802", "wait     a # unknown bits: 9");

	/* An expected 1 that is 0: bit 26 of a load. */
	expect_text("0501480960c07200",
		    "load     r0_r1_r2, du52, 4, i32, xyz, a # unknown bits: 26");
	/* The short form of imgwblk ends before its expected bit 67. */
	expect_text("b10800800048", "imgwblk  r2l, ts0, r0, 0, 1d, i8");
}

static void values_without_a_name_show_their_number(void **state)
{
	expect_text("8501480d60c07300", "load     r0_r1_r2, du52, 4, format=11, xyz, a");
	expect_text("72052500", "mov      r1, sr37");
}

static void register_without_a_hint_is_marked(void **state)
{
	/* and r0, r0, r9 with the hint of the second source cleared */
	expect_text("7e014022a500", "and      r0, r0, r9");
	expect_text("7e014022a100", "and      r0, r0# missing hint, r9");
}

static void minifloats_have_their_values(void **state)
{
	for (int i = 0; i < 256; i++) {
		double mantissa = i & 15, value = mantissa / 64.0;

		if (i >> 4 & 7)
			value = (16.0 + mantissa) * (double)(1 << (i >> 4 & 7)) / 128.0;
		assert_true(agx_isa_minifloat((uint8_t)i) == (float)(i & 0x80 ? -value : value));
	}
	assert_true(1.0f / agx_isa_minifloat(0x80) < 0.0f);
}

static void every_opcode_is_described_and_reachable(void **state)
{
	for (unsigned int op = 1; op < AGX_ISA_OPS; op++) {
		const struct agx_isa_op_info *info = agx_isa_op_info((uint16_t)op);
		const struct agx_isa_op_row *row = &agx_isa_op_rows[op];

		assert_true(strlen(agx_isa_op_doc((uint16_t)op)) > 5);
		assert_true(info->length[0] >= 2 && info->length[1] <= AGX_ISA_MAX_LENGTH);
		assert_int_not_equal(info->generations, 0);
		assert_true(row->form_count >= 1);
		for (unsigned int other = 1; other < op; other++)
			assert_string_not_equal(agx_isa_op_name((uint16_t)other), info->name);

		for (unsigned int i = 0; i < row->form_count; i++) {
			const struct agx_isa_form *form = &row->forms[i];

			assert_int_equal(form->op, op);
			for (unsigned int word = 0; word < 2; word++) {
				assert_int_equal(form->match[word] & ~form->mask[word], 0);
				assert_int_equal(form->mask[word] & ~form->covered[word], 0);
				assert_int_equal(form->expected[word] & form->covered[word], 0);
			}
		}
	}
	assert_string_equal(agx_isa_op_name(AGX_ISA_OPS), "?");
	assert_int_equal(agx_isa_op_info(0xffff)->class, AGX_ISA_CLASS_DATA);
}

/* The same instruction whatever follows it, no long lines, and no opcode out of reach. */
static void random_code(void **state)
{
	static unsigned int seen[AGX_ISA_OPS];
	struct agx_isa_instr instr, again;
	uint64_t seed = 88172645463325252ull;
	char line[AGX_ISA_LINE], other[AGX_ISA_LINE];

	for (unsigned int round = 0; round < 200000; round++) {
		const struct agx_isa_op_row *row =
			&agx_isa_op_rows[1 + round / 2 % (AGX_ISA_OPS - 1)];
		uint64_t words[4];

		for (unsigned int i = 0; i < 4; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			words[i] = round & 1024 ? seed : seed & seed >> 11;
		}

		const struct agx_isa_form *form = &row->forms[words[3] % row->form_count];

		for (unsigned int i = 0; i < 2 && round & 1; i++)
			words[i] = (words[i] & ~form->mask[i]) | form->match[i];

		int length = agx_isa_decode(words, AGX_ISA_MAX_LENGTH, &instr);

		seen[instr.op]++;
		assert_true(agx_isa_print(&instr, 0, AGX_ISA_SYNTAX_MESA, line) <
			    AGX_ISA_LINE - 64);
		if (length < 0) {
			assert_int_equal(length, -EINVAL);
			continue;
		}
		assert_int_equal(length, instr.length);
		memset((uint8_t *)words + length, 0x5a, sizeof(words) - (size_t)length);
		assert_int_equal(agx_isa_decode(words, (size_t)length, &again), length);
		agx_isa_print(&again, 0, AGX_ISA_SYNTAX_MESA, other);
		assert_string_equal(line, other);
	}
	for (unsigned int op = 1; op < AGX_ISA_OPS; op++) {
		if (!seen[op])
			fail_msg("%s was never decoded", agx_isa_op_name((uint16_t)op));
	}
}

/* Printing takes any structure, not only decoded ones. */
static void printing_nonsense_stays_within_the_line(void **state)
{
	struct agx_isa_instr instr;
	char *line = malloc(AGX_ISA_LINE);

	assert_non_null(line);
	for (unsigned int op = 0; op < AGX_ISA_OPS + 2; op++) {
		for (unsigned int fill = 0; fill < 256; fill++) {
			memset(&instr, (int)fill, sizeof(instr));
			instr.op = (uint16_t)op;
			for (unsigned int i = 0; i < AGX_ISA_MAX_OPERANDS; i++)
				instr.operands[i].kind = (uint8_t)(fill % 12);
			assert_true(agx_isa_print(&instr, 0, AGX_ISA_SYNTAX_MESA, line) <
				    AGX_ISA_LINE);
		}
	}
	free(line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operands_are_resolved),
		cmocka_unit_test(index_with_and_without_sign_differ),
		cmocka_unit_test(coordinates_and_gradients_depend_on_the_dimension),
		cmocka_unit_test(aliases_come_before_what_they_stand_for),
		cmocka_unit_test(code_that_ends_within_an_instruction),
		cmocka_unit_test(unknown_first_byte_is_one_parcel_of_data),
		cmocka_unit_test(operand_without_sense_makes_the_whole_form_data),
		cmocka_unit_test(bits_in_no_field_are_kept_and_told),
		cmocka_unit_test(values_without_a_name_show_their_number),
		cmocka_unit_test(register_without_a_hint_is_marked),
		cmocka_unit_test(minifloats_have_their_values),
		cmocka_unit_test(every_opcode_is_described_and_reachable),
		cmocka_unit_test(random_code),
		cmocka_unit_test(printing_nonsense_stays_within_the_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
