// SPDX-License-Identifier: MIT
/* Programs side by side: what counts as the same, and what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agx_isa_asm.h"
#include "diff_code.h"

struct program {
	uint8_t bytes[1024];
	size_t size;
};

static struct program assemble(const char *text)
{
	struct agx_isa_label labels[64];
	struct program program = {0};
	struct agx_isa_asm as = {
		.text = text,
		.size = strlen(text),
		.out = program.bytes,
		.capacity = sizeof(program.bytes),
		.labels = labels,
		.labels_max = 64,
	};

	if (agx_isa_assemble(&as))
		fail_msg("line %u: %s", as.line, as.error);
	program.size = as.length;
	return program;
}

struct counts {
	uint32_t ops[AGX_DIFF_OPS];
	bool same, registers_only;
};

static struct counts compare(const char *a, const char *b, bool ignore_registers)
{
	struct program p = assemble(a), q = assemble(b);
	struct diff_budget budget = {.steps = DIFF_STEPS};
	struct counts counts = {0};
	struct diff_code code;
	uint32_t i;

	assert_int_equal(
		diff_code(p.bytes, p.size, q.bytes, q.size, ignore_registers, &budget, &code), 0);
	for (i = 0; i < code.num_lines; i++) {
		const struct agx_diff_code_line *line = &code.lines[i];

		counts.ops[line->op]++;
		assert_true((line->a != NULL) == (line->op != AGX_DIFF_ADD));
		assert_true((line->b != NULL) == (line->op != AGX_DIFF_REMOVE));
	}
	counts.same = code.same;
	counts.registers_only = code.registers_only;
	diff_code_finish(&code);
	return counts;
}

static const char loop[] = "  ldimm $r4, 7\n"
			   "again:\n"
			   "  iadd $r5, $r4, 1\n"
			   "  jmp_any again\n"
			   "  stop\n";

static void a_program_is_like_itself(void **state)
{
	struct counts counts = compare(loop, loop, false);

	(void)state;
	assert_true(counts.same);
	assert_int_equal(counts.ops[AGX_DIFF_KEEP], 4);
}

static void a_changed_operand_is_one_changed_line(void **state)
{
	struct counts counts = compare("  ldimm $r4, 7\n  iadd $r5, $r4, 1\n  stop\n",
				       "  ldimm $r4, 7\n  iadd $r5, $r4, 2\n  stop\n", false);

	(void)state;
	assert_false(counts.same);
	assert_int_equal(counts.ops[AGX_DIFF_CHANGE], 1);
	assert_int_equal(counts.ops[AGX_DIFF_KEEP], 2);
	assert_false(counts.registers_only);
}

/* The way of the jump grows, what it leads to is the same. */
static void a_jump_over_new_code_stays(void **state)
{
	struct counts counts = compare(loop,
				       "  ldimm $r4, 7\n"
				       "again:\n"
				       "  iadd $r5, $r4, 1\n"
				       "  fadd $r6, $r4, $r5\n"
				       "  jmp_any again\n"
				       "  stop\n",
				       false);

	(void)state;
	assert_int_equal(counts.ops[AGX_DIFF_ADD], 1);
	assert_int_equal(counts.ops[AGX_DIFF_CHANGE], 0);
	assert_int_equal(counts.ops[AGX_DIFF_KEEP], 4);
}

static void a_jump_to_another_place_is_a_change(void **state)
{
	struct counts counts = compare(loop,
				       "again:\n"
				       "  ldimm $r4, 7\n"
				       "  iadd $r5, $r4, 1\n"
				       "  jmp_any again\n"
				       "  stop\n",
				       false);

	(void)state;
	assert_int_equal(counts.ops[AGX_DIFF_CHANGE], 1);
	assert_int_equal(counts.ops[AGX_DIFF_KEEP], 3);
}

static const char plain[] = "  ldimm $r4, 7\n  ldimm $r5, 8\n  iadd $r6, $r4, $r5\n  stop\n";

static void other_registers_can_be_ignored(void **state)
{
	static const char renamed[] =
		"  ldimm $r8, 7\n  ldimm $r5, 8\n  iadd $r7, $r8, $r5\n  stop\n";
	struct counts counts = compare(plain, renamed, false);

	(void)state;
	assert_false(counts.same);
	assert_true(counts.registers_only);
	assert_int_equal(counts.ops[AGX_DIFF_CHANGE], 2);
	counts = compare(plain, renamed, true);
	assert_true(counts.same);
}

/* The same instructions, but the values go another way. */
static void a_swapped_operand_is_no_renaming(void **state)
{
	struct program p = assemble(plain);
	struct program q =
		assemble("  ldimm $r4, 7\n  ldimm $r5, 8\n  iadd $r6, $r5, $r4\n  stop\n");
	struct program r = assemble("  iadd $r6, $r4, $r5\n  stop\n");
	struct program s = assemble("  iadd $r6, $r4, $r7\n  stop\n");

	(void)state;
	assert_false(diff_code_renamed(p.bytes, p.size, q.bytes, q.size));
	/* What a program is given in its registers has its place. */
	assert_false(diff_code_renamed(r.bytes, r.size, s.bytes, s.size));
	assert_true(diff_code_renamed(p.bytes, p.size, p.bytes, p.size));
}

static void sizes_are_counted(void **state)
{
	struct program p = assemble(plain);
	struct agx_diff_size size = diff_code_size(p.bytes, p.size);

	(void)state;
	assert_int_equal(size.instructions, 4);
	assert_int_equal(size.bytes, p.size);
	assert_int_equal(size.registers, 14);
}

/* Bytes that are no program, of any length. */
static void any_bytes_are_compared(void **state)
{
	struct diff_budget budget = {.steps = DIFF_STEPS};
	uint8_t a[301], b[301];
	unsigned int round, i;
	uint32_t seed = 7;

	(void)state;
	for (round = 0; round < 300; round++) {
		struct diff_code code;

		for (i = 0; i < sizeof(a); i++) {
			seed = seed * 1664525 + 1013904223;
			a[i] = (uint8_t)(seed >> 24);
			b[i] = seed & 0x700000 ? a[i] : (uint8_t)(seed >> 16);
		}
		assert_int_equal(
			diff_code(a, round, b, sizeof(b) - round, round & 1, &budget, &code), 0);
		diff_code_finish(&code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_is_like_itself),
		cmocka_unit_test(a_changed_operand_is_one_changed_line),
		cmocka_unit_test(a_jump_over_new_code_stays),
		cmocka_unit_test(a_jump_to_another_place_is_a_change),
		cmocka_unit_test(other_registers_can_be_ignored),
		cmocka_unit_test(a_swapped_operand_is_no_renaming),
		cmocka_unit_test(sizes_are_counted),
		cmocka_unit_test(any_bytes_are_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
