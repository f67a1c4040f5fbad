// SPDX-License-Identifier: MIT
/* The assembler: directives, labels, comments, and what it says of wrong text. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agx_isa.h"
#include "agx_isa_asm.h"
#include "isa_cases.h"

static uint8_t out[4096];
static struct agx_isa_label labels[64];

static int assemble(const char *text, struct agx_isa_asm *as)
{
	*as = (struct agx_isa_asm){
		.text = text,
		.size = strlen(text),
		.out = out,
		.capacity = sizeof(out),
		.labels = labels,
		.labels_max = sizeof(labels) / sizeof(labels[0]),
	};
	return agx_isa_assemble(as);
}

static void test_programs(void **state)
{
	static const struct {
		const char *text, *hex;
	} cases[] = {
		{"", ""},
		{"stop", "8800"},
		{"\n\n  stop  \n", "8800"},
		{"stop\r\nstop\r\n", "88008800"},
		{"stop ; a remark", "8800"},
		{"stop // a remark\n# a remark\n; stop", "8800"},
		{"stop # a remark", "8800"},
		{"/* stop */ stop /* stop\n stop */ trap", "88000800"},
		{".u8 1, 2,0x3 , -1\n.byte 4", "010203ff04"},
		{".u16 0x1234, -2\n.half 1", "3412feff0100"},
		{".u32 0xdeadbeef\n.word 0x01020304", "efbeadde04030201"},
		{".u64 0x0123456789abcdef, 2", "efcdab89674523010200000000000000"},
		{".hex 0123 45", "012345"},
		{"stop\n.align 8", "8800080008000800"},
		{".u8 1\n.align 4, 0xaa", "01aaaaaa"},
		{".u8 1\n.align 4", "01000800"},
		{".fill 3, 7\n.fill 2", "0707070000"},
		/* What listings have in front of the code. */
		{"0000:  stop", "8800"},
		{"0abc:  8800                     |  stop", "8800"},
		{"L0:\n0000:  jmp_any L0", "00c000000000"},
		/* Labels, before and behind. */
		{"a: stop\nb:\n jmp_any a\n jmp_none c\n jmp_any b\nc: stop",
		 "880000c0feffffff20c00c00000000c0f4ffffff8800"},
		{"a: b: c.1: jmp_any c.1", "00c000000000"},
		{"jmp_if_skipping_doorbell x\nx:", "20000400"},
		/* Lengths. */
		{"ldimm r0, 1", "620101000000"},
		{"ldimm r0, 1 !long", "6281010000000000"},
		{"iter r6, cf1", "2199014000000000"},
		{"iter r6, cf1 !short", "21190140"},
		{"load r0, du0, 5, i32, x, a", "0501500d00c01200"},
		{"load r0, du0, 5, i32, x, a !zx", "0501500f00c01200"},
		{"load r0, du0, 40000, i32, x, a", "0501000f04c0129c"},
		{"load r0, du0, -1, i32, x, a", "0501f00d0fc012ff"},
		/* What Mesa writes of odd encodings. */
		{"mfsr_is_not_a_mnemonic: mov r1, sr37", "72052500"},
		{"stack_load r4, 0, format=9, x, a", "3521000500c01a00"},
		{".u16 0x0123", "2301"},
	};
	struct agx_isa_asm as;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (assemble(cases[i].text, &as)) {
			print_error("\"%s\": %u:%u: %s\n", cases[i].text, as.line, as.column,
				    as.error);
			fail();
		}
		if (strcmp(isa_hex(out, as.length), cases[i].hex))
			print_error("\"%s\":\n", cases[i].text);
		assert_string_equal(isa_hex(out, as.length), cases[i].hex);
		assert_int_equal(as.line, 0);
		assert_string_equal(as.error, "");
	}
}

static void test_errors(void **state)
{
	static const struct {
		const char *text;
		unsigned int line, column;
		const char *error; /* a part of it */
	} cases[] = {
		{"foo r0", 1, 1, "no such instruction: \"foo\""},
		{"stop\n  foo r0", 2, 3, "no such instruction: \"foo\""},
		{"stop r0", 1, 6, "expected the end of the line, found \"r0\""},
		{"iadd r0, q1, 2", 1, 10, "found \"q1\""},
		{"iadd r0, q1, 2", 1, 10, "a register, a uniform register or a number"},
		{"iadd r0, r1", 1, 12, "found the end of the line"},
		{"iadd r0, r1, 300", 1, 14, "has room for this: \"300\""},
		{"iadd r0,, r1", 1, 9, "nothing between commas"},
		{"iadd r0, r1,", 1, 12, "nothing after a comma"},
		{"iadd r300, r1, 1", 1, 6, "has room for this: \"r300\""},
		{"fadd r0, r1, 0.3", 1, 14, "floating-point number"},
		{"load r0, du4, 5, i33, x, a", 1, 18, "i8, i16, i32"},
		{"load r0, du4, 5, i32, x", 1, 24, "a or b"},
		{"load r0_r1, du4, 5, i32, x, a", 1, 6, "does not fit the rest"},
		{"load r0_r2, du4, 5, i32, xy, a", 1, 6, "expected a register"},
		{"load r0, du4, 70000, i32, x, a", 1, 15, "has room for this"},
		{"mov r0, no_such_register", 1, 9, "a special register"},
		{"stop !loud", 1, 6, "expected !long"},
		{"mov r0, 1 # unknown bits: 400", 1, 27, "not the number of a bit"},
		{"mov r0, 1 # unknown bits: 7", 1, 1, "an unknown bit is a known one"},
		{"stop !long !short", 0, 0, ""},
		{"stack_adjust 300 !short", 1, 1, "does not fit this length"},
		{"jmp_any lost", 1, 9, "there is no label \"lost\""},
		{"jmp_if_skipping_doorbell x\n.fill 300\nx:", 1, 26, "has room for this"},
		{"a:\nstop\na: stop", 3, 1, "label \"a\" is already defined in line 1"},
		{".u8 256", 1, 5, "expected a number from -128 to 255, found 256"},
		{".u8 1, x", 1, 8, "expected a number, found \"x\""},
		{".u8 1,", 1, 7, "expected a number after the comma"},
		{".u8", 1, 4, "expected a number"},
		{".hex 123", 1, 8, "odd number"},
		{".hex 12xy", 1, 8, "expected two hexadecimal digits, found \"xy\""},
		{".align 3", 1, 8, "3 is not a power of two"},
		{".fill 1, 2, 3", 1, 12, "expected the end of the line"},
		{".what 1", 1, 1, "expected .u8, .u16, .u32, .u64, .hex, .align or .fill"},
		{"stop\n /* never\nends", 2, 2, "the comment has no end"},
		{"\x01\x7f", 1, 1, "no such instruction: \"??\""},
	};
	struct agx_isa_asm as;
	size_t i;
	int ret;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ret = assemble(cases[i].text, &as);
		if (ret != (cases[i].line ? -EINVAL : 0) || as.line != cases[i].line ||
		    as.column != cases[i].column || !strstr(as.error, cases[i].error))
			print_error("\"%s\": %d, %u:%u: %s\n", cases[i].text, ret, as.line,
				    as.column, as.error);
		assert_int_equal(ret, cases[i].line ? -EINVAL : 0);
		assert_int_equal(as.line, cases[i].line);
		assert_int_equal(as.column, cases[i].column);
		assert_non_null(strstr(as.error, cases[i].error));
	}
}

static void test_hints(void **state)
{
	/* What helps is said in brackets. */
	static const struct {
		const char *text;
		const char *hint;
	} cases[] = {
		{"fmadd32 r3, u4, r2, r3", "(it is called ffma here)"},
		{"mul r0, r1, r2", "(there is imul, fmul, hmul)"},
		{"fsub r0, r1, r2", "(there is isub, or fadd with a negated operand: r1.neg)"},
		{"exit", "(there is stop)"},
		{"xyzzy r0", "no such instruction: \"xyzzy\""},
		{"mov r0, 300", "(numbers from 0 to 255 fit; ldimm puts others into a register)"},
		{"load r0, du0, 70000, i32, x, a", "(numbers from -32768 to 65535 fit;"},
		{"load r0, u1, r0, i32, x, a", "(64 bits are wanted: du0)"},
		{"lload r0, r2, i32, x", "(16 bits are wanted: r2l or r2h)"},
		{"lload dr0, r2l, i32, x", "(16 or 32 bits are wanted: r0l, r0)"},
		{"mov r128, r1", "(the last one is r127)"},
		{"imgw r4, ts0, r0, 0, 2d", "(4 of them are wanted, joined by _)"},
		{"store r1, du0, r0, i32, xy, a", "(a register for each component of the mask"},
		{"ffma r0, 2.3, r2, r3", "(the nearest floating-point number that fits is 2.25; "
					 "others come from ldimm: 0x40133333)"},
		{"fadd r0, r1, -0.1", "that fits is -0.09375; others come from ldimm: 0xbdcccccd)"},
		{"ldimm r0, 1.0", "(in single precision it is 0x3f800000)"},
		{"fadd r0, r1, -r2", "(negation is a suffix: .neg)"},
		{"if r0, r1, ult", "(it is written if A, B, NEST, [cache], icond)"},
		{"smpi r0, ts0", "DATA, [HEAP], TEXTURE, SAMPLER, COORD"},
		{"u32_to_f r0, r1", "(it is written u32_to_f D, B, round)"},
		{".threads 32", "that is for libagx, which reads it in the text of a shader"},
		{".unchecked_waits", "that is for libagx, which reads it in the text of a shader"},
	};
	struct agx_isa_asm as;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(assemble(cases[i].text, &as), -EINVAL);
		if (!strstr(as.error, cases[i].hint))
			print_error("\"%s\": %s\n", cases[i].text, as.error);
		assert_non_null(strstr(as.error, cases[i].hint));
	}
	/* Nothing is said where nothing is known. */
	assert_int_equal(assemble("xyzzy r0", &as), -EINVAL);
	assert_null(strchr(as.error, '('));
}

static void test_limits(void **state)
{
	struct agx_isa_asm as = {.text = ".fill 100", .size = 9, .out = out, .capacity = 99};
	char text[2048];
	size_t n = 0;
	unsigned int i;

	assert_int_equal(agx_isa_assemble(&as), -ENOSPC);
	assert_non_null(strstr(as.error, "99 bytes"));
	as.out = NULL;
	assert_int_equal(agx_isa_assemble(&as), 0);
	assert_int_equal(as.length, 100);

	assert_int_equal(assemble(".fill 16777217", &as), -EINVAL);
	assert_int_equal(assemble(".fill 16777216\n.u8 1", &as), -ENOSPC);

	/* One entry of the table of labels is for looking up what is not there. */
	for (i = 0; i < 63; i++)
		n += snprintf(text + n, sizeof(text) - n, "l%u:\n", i);
	assert_int_equal(assemble(text, &as), 0);
	snprintf(text + n, sizeof(text) - n, "last:\n");
	assert_int_equal(assemble(text, &as), -ENOSPC);
	assert_non_null(strstr(as.error, "63 labels"));
	as.labels_max = 0;
	assert_int_equal(agx_isa_assemble(&as), -ENOSPC);
}

static void test_single_lines(void **state)
{
	struct agx_isa_instr instr;
	unsigned int column;
	const char *why;

	assert_int_equal(agx_isa_parse("  iadd r0, r1, 2 ; remark", &instr, &why, &column), 0);
	assert_int_equal(instr.op, AGX_ISA_OP_IADD);
	assert_int_equal(instr.length, 8);
	assert_int_equal(agx_isa_parse(".u16 0x1234, 0x5678", &instr, &why, &column), 0);
	assert_int_equal(instr.op, AGX_ISA_OP_DATA);
	assert_int_equal(instr.length, 4);
	assert_int_equal(instr.unknown[0], 0x56781234);
	assert_int_equal(agx_isa_parse("  iadd r0, x, 2", &instr, &why, &column), -EINVAL);
	assert_int_equal(column, 11);
	assert_non_null(why);
	assert_int_equal(agx_isa_parse("", &instr, &why, &column), -EINVAL);
	assert_int_equal(agx_isa_parse("jmp_any label", &instr, &why, &column), -EINVAL);
	assert_int_equal(agx_isa_parse("x", &instr, NULL, NULL), -EINVAL);
}

/* Encoding what no decoder gives. */
static void test_refusals(void **state)
{
	struct agx_isa_instr good, bad;
	uint8_t code[AGX_ISA_MAX_LENGTH];
	const char *why = NULL;
	unsigned int i;

	assert_int_equal(agx_isa_parse("load r0_r1, dr2, r4, i32, xy, a", &good, NULL, NULL), 0);
	assert_int_equal(agx_isa_encode(&good, code, &why), 8);
	assert_null(why);
	for (i = 0; i < 12; i++) {
		bad = good;
		switch (i) {
		case 0:
			bad.op = AGX_ISA_OPS;
			break;
		case 1:
			bad.length = 7;
			break;
		case 2:
			bad.operand_count--;
			break;
		case 3:
			bad.operands[0].count = 3;
			break;
		case 4:
			bad.operands[0].value = 256;
			break;
		case 5:
			bad.operands[1].value = 5;
			break;
		case 6:
			bad.operands[1].kind = AGX_ISA_IMM;
			break;
		case 7:
			bad.operands[2].flags |= AGX_ISA_ABS;
			break;
		case 8:
			bad.modifiers[AGX_ISA_MODIFIER_FORMAT] = 16;
			break;
		case 9:
			bad.modifiers[AGX_ISA_MODIFIER_MASK] = 7;
			break;
		case 10:
			bad.unknown[0] = 1;
			break;
		case 11:
			bad.length = 6;
			break;
		}
		why = NULL;
		if (agx_isa_encode(&bad, code, &why) != -EINVAL)
			print_error("refusal %u\n", i);
		assert_int_equal(agx_isa_encode(&bad, code, &why), -EINVAL);
		assert_non_null(why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_programs),     cmocka_unit_test(test_errors),
		cmocka_unit_test(test_hints),        cmocka_unit_test(test_limits),
		cmocka_unit_test(test_single_lines), cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
