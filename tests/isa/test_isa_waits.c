// SPDX-License-Identifier: MIT
/* Registers that are used before a wait for the load that fills them, on every way through a program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agx_isa_asm.h"
#include "agx_isa_program.h"
#include "agx_isa_waits.h"

#define MAX 4

static struct agx_isa_hazard hazards[MAX];

static unsigned int find_in(const void *code, size_t size, unsigned int max)
{
	void *memory = calloc(1, agx_isa_hazards_memory(size));
	unsigned int count;

	assert_non_null(memory);
	count = agx_isa_find_hazards(code, size, memory, hazards, max);
	free(memory);
	return count;
}

/* Returns how many hazards the text has; hazards[] are the first. */
static unsigned int find(const char *text)
{
	static struct agx_isa_label labels[64];
	static uint8_t code[4096];
	struct agx_isa_asm as = {
		.text = text,
		.size = strlen(text),
		.out = code,
		.capacity = sizeof(code),
		.labels = labels,
		.labels_max = 64,
	};

	if (agx_isa_assemble(&as))
		print_error("%u:%u: %s\n", as.line, as.column, as.error);
	assert_int_equal(as.line, 0);
	memset(hazards, 0xff, sizeof(hazards));
	return find_in(code, as.length, MAX);
}

static void expect(unsigned int at, unsigned int load, unsigned int half, unsigned int group,
		   enum agx_isa_hazard_kind kind)
{
	assert_int_equal(hazards[0].at, at);
	assert_int_equal(hazards[0].load, load);
	assert_int_equal(hazards[0].half, half);
	assert_int_equal(hazards[0].group, group);
	assert_int_equal(hazards[0].kind, kind);
}

#define LOAD_A "load r2, du0, r0, i32, x, a\n" /* eight bytes */
#define LOAD_B "load r3, du0, r0, i32, x, b\n"

static void test_waits(void **state)
{
	assert_int_equal(find(LOAD_A "wait a\niadd r4, r2, 1\nstop"), 0);
	/* Other registers may be used meanwhile. */
	assert_int_equal(find(LOAD_A "iadd r4, r3, 1\nwait a\niadd r4, r2, 1\nstop"), 0);
	/* And nobody has to wait for what nobody reads. */
	assert_int_equal(find(LOAD_A "stop"), 0);
}

static void test_no_wait(void **state)
{
	assert_int_equal(find(LOAD_A "iadd r4, r2, 1\nwait a\nstop"), 1);
	expect(8, 0, 4, 0, AGX_ISA_HAZARD_READ);
	assert_int_equal(find(LOAD_A "ldimm r2, 1\nwait a\nstop"), 1);
	expect(8, 0, 4, 0, AGX_ISA_HAZARD_WRITE);
	/* A half of it will do. */
	assert_int_equal(find(LOAD_A "iadd r4, r2h, 1\nwait a\nstop"), 1);
	expect(8, 0, 5, 0, AGX_ISA_HAZARD_READ);
	/* All components of a mask. */
	assert_int_equal(find("load r4_r5_r6_r7, du0, r0, i32, xyzw, a\niadd r1, r7, 1\nstop"), 1);
	expect(8, 0, 14, 0, AGX_ISA_HAZARD_READ);
	/* Atomics bring something back as well. */
	assert_int_equal(find("atomic r2, r1, du0, r0, add, coherent1, a\niadd r4, r2, 1\nstop"),
			 1);
	expect(8, 0, 4, 0, AGX_ISA_HAZARD_READ);
	/* A load into its own index is all right, a second one into the same register is not. */
	assert_int_equal(find("load r0, du0, r0, i32, x, a\nload r0, du0, r1, i32, x, a\nstop"), 1);
	expect(8, 0, 0, 0, AGX_ISA_HAZARD_WRITE);
}

static void test_groups(void **state)
{
	assert_int_equal(find(LOAD_A LOAD_B "wait a\niadd r4, r2, 1\nwait b\niadd r4, r3, 1\nstop"),
			 0);
	assert_int_equal(find(LOAD_A LOAD_B "wait a\niadd r4, r2, r3\nwait b\nstop"), 1);
	expect(18, 8, 6, 1, AGX_ISA_HAZARD_READ);
}

static void test_room(void **state)
{
	char text[1024] = "";

	for (unsigned int i = 0; i < 8; i++)
		sprintf(text + strlen(text), "load r%u, du0, r0, i32, x, b\n", i + 1);
	assert_int_equal(find(text), 0);
	strcat(text, "store r20, du2, r0, i32, x, b\n");
	assert_int_equal(find(text), 1);
	expect(64, 64, 0, 1, AGX_ISA_HAZARD_FULL);
	/* They are counted by group. */
	text[strlen(text) - 2] = 'a';
	assert_int_equal(find(text), 0);
}

static void test_jumps(void **state)
{
	/* One of two ways has waited. */
	assert_int_equal(find(LOAD_A "jmp_none over\nwait a\nover: iadd r4, r2, 1\nstop"), 1);
	expect(16, 0, 4, 0, AGX_ISA_HAZARD_READ);
	assert_int_equal(find(LOAD_A "wait a\njmp_none over\nover: iadd r4, r2, 1\nstop"), 0);
	/* The load at the end of a round is read at the beginning of the next, which loads again. */
	assert_int_equal(find("again: iadd r4, r2, 1\n" LOAD_A "jmp_any again\nstop"), 2);
	assert_int_equal(hazards[0].at, 0);
	assert_int_equal(hazards[0].half, 4);
	assert_int_equal(find("again: iadd r4, r2, 1\n" LOAD_A "wait a\njmp_any again\nstop"), 0);
	/* Behind a stop nobody comes. */
	assert_int_equal(find(LOAD_A "stop\niadd r4, r2, 1\nstop"), 0);
	assert_int_equal(find(LOAD_A "jmp_any on\nstop\non: iadd r4, r2, 1\nstop"), 1);
}

/* Rounds go from the last loop to the first: more than are followed, and nothing hangs. */
static void test_tangled(void **state)
{
	char text[4096] = "jmp_any l0\n";

	for (unsigned int i = 40; i-- > 0;)
		sprintf(text + strlen(text), "l%u: jmp_any l%u\n", i, i + 1);
	strcat(text, "l40: " LOAD_A "jmp_any l39\nstop\n");
	assert_int_equal(find(text), 1);
	assert_int_equal(hazards[0].kind, AGX_ISA_HAZARD_WRITE);
}

static void test_many_are_counted(void **state)
{
	assert_int_equal(find(LOAD_A "iadd r4, r2, 1\niadd r5, r2, 1\niadd r6, r2, 1\n"
				     "iadd r7, r2, 1\niadd r8, r2, 1\nstop"),
			 MAX + 1);
	assert_int_equal(hazards[MAX - 1].at, 8 + 3 * 8);
}

static void test_text(void **state)
{
	char text[200];

	find(LOAD_A "iadd r4, r2h, 1\nstop");
	agx_isa_hazard_text(&hazards[0], text, sizeof(text));
	assert_string_equal(text, "it reads r2h, which the instruction at offset 0x0 is still to "
				  "fill: wait a expected in between");
}

static void test_no_code(void **state)
{
	assert_int_equal(find_in("", 0, 0), 0);
	assert_int_equal(find_in("\xff\xff\xff", 3, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_no_wait),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_jumps),
		cmocka_unit_test(test_tangled),
		cmocka_unit_test(test_many_are_counted),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_no_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
