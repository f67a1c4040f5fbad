// SPDX-License-Identifier: MIT
/*
 * The SIMD core around its arithmetic: jumps, calls, ends, traps that name what is missing, special registers,
 * the budget, short groups, the cache of programs, and the table of what is modelled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exec_runner.h"
#include "fidelity.h"

static struct exec_runner *runner;
static struct agx_simd *before;
static struct agx_program *program;

static int setup(void **state)
{
	runner = malloc(sizeof(*runner));
	assert_non_null(runner);
	exec_runner_init(runner);
	before = exec_runner_simd();
	before->exec_mask = AGX_ALL_LANES;
	return 0;
}

static int teardown(void **state)
{
	agx_program_free(program);
	program = NULL;
	exec_runner_fini(runner);
	free(runner);
	free(before);
	return 0;
}

static void decode(const char *text)
{
	exec_runner_assemble(runner, text, strlen(text));
	agx_program_free(program);
	program = exec_runner_decode(runner, agx_exec_best());
}

static enum agx_exec_result run(const char *text)
{
	decode(text);
	return exec_runner_run(runner, program, before);
}

static void expect_trap(const char *text, enum agx_trap trap, uint32_t offset, const char *what)
{
	assert_int_equal(run(text), AGX_EXEC_TRAPPED);
	assert_int_equal(runner->simd->trap, trap);
	assert_int_equal(runner->simd->trap_offset, offset);
	if (!strstr(runner->simd->trap_what, what))
		fail_msg("\"%s\" does not say \"%s\"", runner->simd->trap_what, what);
	/* It stays so. */
	assert_int_equal(agx_exec_run(runner->simd, 100), AGX_EXEC_TRAPPED);
}

static void what_is_missing_is_named(void **state)
{
	expect_trap("iter r4, cf1\n", AGX_TRAP_NOT_MODELLED, 0, "iter");
	assert_int_equal(runner->simd->trap_op, AGX_ISA_OP_ITER);
	expect_trap("wait a\npop_exec2 0\n", AGX_TRAP_NOT_MODELLED, 2, "pop_exec2");
	expect_trap("mov r4, sr20\n", AGX_TRAP_NOT_MODELLED, 0, "core_index");
	expect_trap("trap\n", AGX_TRAP_TRAP, 0, "trap");
	expect_trap("wait a\n.u16 0xffff\n", AGX_TRAP_CODE, 2, "no known instruction");
	expect_trap("if r4, r5, 1, icond=3\n", AGX_TRAP_NOT_MODELLED, 0, "if_icmp");
	expect_trap("if r4, r5, 1, fcond=4\n", AGX_TRAP_NOT_MODELLED, 0, "if_fcmp");
	expect_trap("iadd r4, r5, r6, shift=5\n", AGX_TRAP_NOT_MODELLED, 0, "iadd");
	expect_trap("f_to_u32 r4, r5, round=2\n", AGX_TRAP_NOT_MODELLED, 0, "f_to_u32");
}

static void unknown_bits_are_not_guessed_at(void **state)
{
	decode("and r0, r1, r2 # unknown bits: 46\n");
	assert_int_equal(exec_runner_run(runner, program, before), AGX_EXEC_TRAPPED);
	assert_int_equal(runner->simd->trap, AGX_TRAP_NOT_MODELLED);
}

static void wide_registers_end_with_the_file(void **state)
{
	/* iadd to 64 bits at the last register: there is no second one. */
	decode("iadd dr126, 1, 2\n");
	assert_int_equal(exec_runner_run(runner, program, before), AGX_EXEC_DONE);
	assert_int_equal(runner->simd->r[126][5], 3);
	decode("iadd dr127, 1, 2\n");
	assert_int_equal(exec_runner_run(runner, program, before), AGX_EXEC_TRAPPED);
	assert_int_equal(runner->simd->trap, AGX_TRAP_NOT_MODELLED);
}

static void jumps_lead_to_instructions_only(void **state)
{
	expect_trap("jmp_any 8\nldimm r1, 1\nldimm r1, 2\n", AGX_TRAP_CODE, 20, "jump");
	expect_trap("jmp_any 1000\n", AGX_TRAP_CODE, 8, "jump");
	expect_trap("jmp_any -2\n", AGX_TRAP_CODE, 8, "jump");
	/* Not taken: nothing happens. */
	assert_int_equal(run("jmp_none 8\nldimm r1, 1\nldimm r1, 2\n"), AGX_EXEC_DONE);
	before->exec_mask = 0;
	assert_int_equal(run("jmp_any 1000\n"), AGX_EXEC_DONE);
	expect_trap("jmp_none 1000\n", AGX_TRAP_CODE, 8, "jump");
	before->exec_mask = AGX_ALL_LANES;
}

static void code_that_ends_traps(void **state)
{
	decode("ldimm r4, 1\n");
	runner->size -= 2; /* without its stop */
	agx_program_free(program);
	program = exec_runner_decode(runner, agx_exec_best());
	assert_int_equal(exec_runner_run(runner, program, before), AGX_EXEC_TRAPPED);
	assert_int_equal(runner->simd->trap, AGX_TRAP_CODE);
	assert_int_equal(runner->simd->trap_offset, runner->size);

	runner->size = 0;
	agx_program_free(program);
	program = exec_runner_decode(runner, agx_exec_best());
	assert_int_equal(program->count, 0);
	assert_int_equal(exec_runner_run(runner, program, before), AGX_EXEC_TRAPPED);
}

static void calls_come_back(void **state)
{
	before->exec_mask = 0xff0;
	before->r[1][0] = 77;
	assert_int_equal(run("call f\n"
			     "iadd r4, r4, 1\n"
			     "jmp_any e\n"
			     "f: iadd r4, r4, 16\n"
			     "ret r1\n"
			     "e: iadd r4, r4, 4\n"),
			 AGX_EXEC_DONE);
	assert_int_equal(runner->simd->r[4][4], 21);
	assert_int_equal(runner->simd->r[4][0], 0);
	assert_int_equal(runner->simd->r[1][4], (uint32_t)EXEC_ADDRESS + 6);
	assert_int_equal(runner->simd->r[1][0], 77);

	/* By a register: the address of r2 is that of the addition of 4. */
	for (unsigned int lane = 0; lane < AGX_LANES; lane++)
		before->r[2][lane] = (uint32_t)EXEC_ADDRESS + 10;
	assert_int_equal(run("call r2\niadd r4, r4, 1\niadd r4, r4, 4\n"), AGX_EXEC_DONE);
	assert_int_equal(runner->simd->r[4][4], 4);
	assert_int_equal(runner->simd->r[1][4], (uint32_t)EXEC_ADDRESS + 2);
	before->r[2][5]++;
	expect_trap("call r2\n", AGX_TRAP_NOT_MODELLED, 0, "not the same");
	before->r[2][5]--;
	expect_trap("ldimm r4, 1\nret r2\n", AGX_TRAP_CODE, 8, "jump");
	before->exec_mask = AGX_ALL_LANES;
}

static void budgets_interrupt_loops(void **state)
{
	unsigned int rounds = 0;

	decode("ldimm r4, 1000\n"
	       "l: isub r4, r4, 1\n"
	       "iadd r5, r5, 2\n"
	       "if r4, 0, 1, ine\n"
	       "jmp_any l\n");
	agx_simd_start(runner->simd, program, &runner->group, 0, AGX_LANES);
	while (agx_exec_run(runner->simd, 40) == AGX_EXEC_BUDGET) {
		rounds++;
		assert_in_range(rounds, 1, 1000);
	}
	assert_int_equal(runner->simd->result, AGX_EXEC_DONE);
	assert_in_range(rounds, 50, 200);
	assert_int_equal(runner->simd->r[5][9], 2000);

	assert_int_equal(run("l: jmp_any l\n"), AGX_EXEC_BUDGET);
	/* Also those that calls make, and a jump to itself with no budget at all. */
	assert_int_equal(run("l: call l\n"), AGX_EXEC_BUDGET);
	assert_int_equal(agx_exec_run(runner->simd, 0), AGX_EXEC_BUDGET);
}

static bool watch(void *data, const struct agx_simd *simd, const struct agx_op *op)
{
	uint32_t *ops = data;

	assert_ptr_equal(&simd->program->ops[*ops], op);
	return ++*ops <= 2;
}

static void a_watched_run_can_be_left(void **state)
{
	uint32_t ops = 0;

	decode("ldimm r4, 1\nldimm r5, 2\nldimm r6, 3\n");
	agx_simd_start(runner->simd, program, &runner->group, 0, AGX_LANES);
	assert_int_equal(agx_exec_run_watched(runner->simd, 100, watch, &ops), AGX_EXEC_BUDGET);
	assert_int_equal(runner->simd->r[5][0], 2);
	assert_int_equal(runner->simd->r[6][0], 0);
	assert_int_equal(agx_exec_run(runner->simd, 100), AGX_EXEC_DONE);
	assert_int_equal(runner->simd->r[6][0], 3);
}

static void threads_that_do_not_exist_never_run(void **state)
{
	decode("ldimm r4, 7\npop_exec 3\nldimm r5, 7\nif 0, 0, 1, ieq\nelse 0, 0, 1, ieq\nballot r6\n"
	       "update_exec\npop_exec 1\nballot r7\n");
	agx_simd_start(runner->simd, program, &runner->group, 0, 5);
	assert_int_equal(agx_exec_run(runner->simd, 100), AGX_EXEC_DONE);
	assert_int_equal(runner->simd->exec_mask, 0x1f);
	for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
		assert_int_equal(runner->simd->r[4][lane], lane < 5 ? 7 : 0);
		assert_int_equal(runner->simd->r[5][lane], lane < 5 ? 7 : 0);
		assert_int_equal(runner->simd->r[6][lane], 0);
		assert_int_equal(runner->simd->r[7][lane], lane < 5 ? 0x1f : 0);
	}
}

static void special_registers_place_threads(void **state)
{
	const uint32_t mask = 0xf0f000f5;

	runner->group.id[0] = 3;
	runner->group.id[1] = 5;
	runner->group.id[2] = 7;
	runner->group.size[0] = 5;
	runner->group.size[1] = 4;
	runner->group.size[2] = 6;
	runner->group.full_size[0] = 8;
	runner->group.full_size[1] = 4;
	runner->group.full_size[2] = 9;
	decode("mov r4, sr0\nmov r5, sr1\nmov r6, sr2\nmov r7, sr4\nmov r8, sr5\nmov r9, sr6\n"
	       "mov r10, sr8\nmov r11, sr9\nmov r12, sr10\nmov r13, sr48\nmov r14, sr49\nmov r15, sr50\n"
	       "mov r16, sr51\nmov r17, sr52\nmov r18, sr53\nmov r19, sr56\nmov r20, sr57\n"
	       "mov r21, sr58\nmov r22, sr59\nmov r23, sr63\nmov r24, sr80\nmov r25, sr81\n"
	       "mov r26, sr82\nmov r27l, sr51\n");
	agx_simd_start(runner->simd, program, &runner->group, 2, AGX_LANES);
	agx_simd_set_exec(runner->simd, mask);
	for (unsigned int lane = 0; lane < AGX_LANES; lane++)
		runner->simd->r[27][lane] = 0xaaaa5555;
	assert_int_equal(agx_exec_run(runner->simd, 100), AGX_EXEC_DONE);
	for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
		const uint32_t thread = 64 + lane, x = thread % 5, y = thread / 5 % 4,
			       z = thread / 20;
		uint32_t before_quad = 0, quad = 0, before_simd = 0, simd = 0;

		for (unsigned int i = 0; i < AGX_LANES; i++) {
			const uint32_t active = mask >> i & 1;

			simd += active;
			before_simd += i < lane ? active : 0;
			quad += i / 4 == lane / 4 ? active : 0;
			before_quad += i / 4 == lane / 4 && i < lane ? active : 0;
		}

		const uint32_t expected[] = {
			3,    5,           7,    5, 4,      6,      8,      4,
			9,    x,           y,    z, thread, lane,   2,      before_quad,
			quad, before_simd, simd, 1, 24 + x, 20 + y, 63 + z,
		};

		for (unsigned int i = 0; i < sizeof(expected) / sizeof(*expected); i++)
			assert_int_equal(runner->simd->r[4 + i][lane],
					 mask >> lane & 1 ? expected[i] : 0);
		assert_int_equal(runner->simd->r[27][lane],
				 mask >> lane & 1 ? 0xaaaa0000 | thread : 0xaaaa5555);
	}
	runner->group.stage = AGX_STAGE_FRAGMENT;
	expect_trap("mov r4, sr80\n", AGX_TRAP_NOT_MODELLED, 0, "stage");
}

static void what_is_nothing_by_design_does_nothing(void **state)
{
	static const char code[] =
		"wait a\nwait b\nmemory_barrier\nmemory_barrier_2\nmemory_barrier_3\n"
		"image_barrier_1\nimage_barrier_2\nimage_barrier_3\nimage_barrier_4\n"
		"flush_memory_to_texture\nunknown_barrier_1\nunknown_barrier_2\n"
		"device_barrier_1\ndevice_barrier_2\npixwait 1, 0\npixrel 1, 0\n";

	for (unsigned int r = 0; r < AGX_REGISTERS; r++)
		before->r[r][r % 32] = r * 77;
	assert_int_equal(run(code), AGX_EXEC_DONE);
	assert_memory_equal(before->r, runner->simd->r, sizeof(before->r));
	assert_int_equal(runner->simd->exec_mask, AGX_ALL_LANES);
}

static void every_instruction_is_in_the_table(void **state)
{
	for (uint16_t op = 1; op < AGX_ISA_OPS; op++) {
		const struct agx_fidelity *fidelity = agx_fidelity_of(op);

		if (!strcmp(fidelity->note, "not an instruction"))
			fail_msg("%s has no line in fidelity.c", agx_isa_op_name(op));
		if (fidelity->level == AGX_FIDELITY_NEAR ||
		    fidelity->level == AGX_FIDELITY_ABSENT ||
		    fidelity->level == AGX_FIDELITY_NOTHING)
			assert_true(*fidelity->note);
	}
	assert_string_equal(agx_fidelity_level_name(AGX_FIDELITY_EXACT), "exact");
	assert_string_equal(agx_fidelity_level_name(99), "?");
}

/* Of those an instruction without operands is no form that they know. */
static bool needs_operands(uint16_t op)
{
	if (op == AGX_ISA_OP_LD_TILE || op == AGX_ISA_OP_ST_TILE || op == AGX_ISA_OP_MAP ||
	    op == AGX_ISA_OP_UNMAP)
		return true;
	switch (agx_isa_op_info(op)->class) {
	case AGX_ISA_CLASS_MEMORY:
	case AGX_ISA_CLASS_LOCAL:
	case AGX_ISA_CLASS_STACK:
	case AGX_ISA_CLASS_STATE:
	case AGX_ISA_CLASS_TEXTURE:
	case AGX_ISA_CLASS_IMAGE:
		return true;
	default:
		return false;
	}
}

/* What the table says is absent traps by name; what it says is there does not. */
static void the_table_tells_the_truth(void **state)
{
	for (uint16_t number = 1; number < AGX_ISA_OPS; number++) {
		const unsigned int level = agx_fidelity_of(number)->level;
		const struct agx_isa_instr instr = {.op = number}, iter = {.op = AGX_ISA_OP_ITER};
		struct agx_op op = {.op = number}, absent = {.op = AGX_ISA_OP_ITER};
		const struct agx_exec *exec;

		if (needs_operands(number))
			continue;
		/* Reductions want a source of the destination's size. */
		op.source[0].kind = AGX_SOURCE_ROW;
		op.dest_kind = AGX_DEST_ROW;
		for (unsigned int host = 0; (exec = exec_runner_host(host)); host++) {
			const agx_op_fn missing = exec->bind(&absent, &iter);
			const bool is_missing = exec->bind(&op, &instr) == missing;

			if (is_missing != (level == AGX_FIDELITY_ABSENT))
				fail_msg("%s: %s is said to be %s", exec->name,
					 agx_isa_op_name(number), agx_fidelity_level_name(level));
		}
	}
}

static unsigned int fetches;

static size_t counting_fetch(void *data, uint64_t address, void *to, size_t size)
{
	fetches++;
	return exec_runner_fetch(data, address, to, size);
}

static void the_cache_follows_memory(void **state)
{
	struct agx_program_cache *cache = agx_program_cache_new(agx_exec_best());
	const struct agx_program *first, *second;
	unsigned int before_get;

	exec_runner_assemble(runner, "ldimm r4, 1\n", 12);
	first = agx_program_cache_get(cache, EXEC_ADDRESS, counting_fetch, runner);
	assert_non_null(first);
	assert_int_equal(first->count, 2);
	before_get = fetches;
	assert_ptr_equal(agx_program_cache_get(cache, EXEC_ADDRESS, counting_fetch, runner), first);
	assert_int_equal(fetches, before_get); /* not even looked at */

	agx_program_cache_check(cache);
	assert_ptr_equal(agx_program_cache_get(cache, EXEC_ADDRESS, counting_fetch, runner), first);
	assert_true(fetches > before_get);

	exec_runner_assemble(runner, "ldimm r4, 2\nldimm r5, 2\n", 24);
	assert_ptr_equal(agx_program_cache_get(cache, EXEC_ADDRESS, counting_fetch, runner), first);
	agx_program_cache_check(cache);
	second = agx_program_cache_get(cache, EXEC_ADDRESS, counting_fetch, runner);
	assert_int_equal(second->count, 3);
	agx_simd_start(runner->simd, second, &runner->group, 0, AGX_LANES);
	assert_int_equal(agx_exec_run(runner->simd, 10), AGX_EXEC_DONE);
	assert_int_equal(runner->simd->r[4][0], 2);

	/* Unreadable now: a program of nothing, that traps. */
	runner->size = 0;
	agx_program_cache_check(cache);
	second = agx_program_cache_get(cache, EXEC_ADDRESS, counting_fetch, runner);
	assert_int_equal(second->count, 0);
	/* And readable again. */
	exec_runner_assemble(runner, "ldimm r4, 3\n", 12);
	agx_program_cache_check(cache);
	second = agx_program_cache_get(cache, EXEC_ADDRESS, counting_fetch, runner);
	assert_int_equal(second->count, 2);
	agx_program_cache_free(cache);
}

static void equal_code_has_equal_hashes(void **state)
{
	uint64_t hash[2];

	decode("ldimm r4, 1\nldimm r5, 2\n");
	memcpy(hash, program->hash, sizeof(hash));
	decode("ldimm r4, 1\nldimm r5, 2\n");
	assert_memory_equal(hash, program->hash, sizeof(hash));
	decode("ldimm r4, 1\nldimm r5, 3\n");
	assert_memory_not_equal(hash, program->hash, sizeof(hash));
}

static void there_is_always_an_instance(void **state)
{
	assert_non_null(agx_exec_on(AGX_EXEC_BASELINE));
	assert_non_null(agx_exec_best());
	assert_null(agx_exec_on(AGX_EXEC_HOSTS));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_is_missing_is_named),
		TEST(unknown_bits_are_not_guessed_at),
		TEST(wide_registers_end_with_the_file),
		TEST(jumps_lead_to_instructions_only),
		TEST(code_that_ends_traps),
		TEST(calls_come_back),
		TEST(budgets_interrupt_loops),
		TEST(a_watched_run_can_be_left),
		TEST(threads_that_do_not_exist_never_run),
		TEST(special_registers_place_threads),
		TEST(what_is_nothing_by_design_does_nothing),
		TEST(every_instruction_is_in_the_table),
		TEST(the_table_tells_the_truth),
		TEST(the_cache_follows_memory),
		TEST(equal_code_has_equal_hashes),
		TEST(there_is_always_an_instance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
