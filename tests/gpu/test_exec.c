// SPDX-License-Identifier: MIT
/*
 * Programs and what they have to make of the registers, worked out by exec_cases.py: on every instance of
 * the host. usage: test-exec CASES
 *
 * All registers are compared, also those that nothing writes and those of inactive lanes. r0l of lanes
 * that are not to run is deep enough that no program wakes them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exec_runner.h"

#define ASLEEP 0x4000

static const char *cases_file;

struct test_case {
	char name[256];
	char code[16384];
	size_t code_length;
	struct agx_simd *before, *after;
	bool counts; /* r0 is given */
	uint32_t start, exec;
};

static void read_row(char *text, struct agx_simd *simd, bool *is_zero)
{
	const unsigned long number = strtoul(text, &text, 10);

	assert_true(number < AGX_REGISTERS);
	for (unsigned int i = 0; i < AGX_LANES; i++)
		simd->r[number][i] = (uint32_t)strtoul(text, &text, 16);
	if (is_zero)
		*is_zero |= number == 0;
}

static void finish_before(struct test_case *test)
{
	uint64_t state = test->start;

	/* The other registers hold anything. */
	for (unsigned int lane = 0; lane < AGX_LANES && !test->counts; lane++)
		test->before->r[0][lane] =
			exec_random(&state) << 16 | (test->start >> lane & 1 ? 0 : ASLEEP);
}

static void compare(const struct test_case *test, const struct agx_exec *exec,
		    const struct agx_simd *got)
{
	for (unsigned int r = 0; r < AGX_REGISTERS; r++) {
		for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
			if (got->r[r][lane] != test->after->r[r][lane])
				fail_msg("%s on %s: r%u of lane %u: 0x%x, expected 0x%x\n%s",
					 test->name, exec->name, r, lane, got->r[r][lane],
					 test->after->r[r][lane], test->code);
		}
	}
	if (got->exec_mask != test->exec)
		fail_msg("%s on %s: execution mask 0x%x, expected 0x%x\n%s", test->name, exec->name,
			 got->exec_mask, test->exec, test->code);
	for (unsigned int lane = 0; lane < AGX_LANES; lane++)
		assert_int_equal(got->exec[lane], -(test->exec >> lane & 1));
}

static void run_case(struct exec_runner *runner, struct test_case *test)
{
	const struct agx_exec *exec;

	exec_runner_assemble(runner, test->code, test->code_length);
	for (unsigned int i = 0; (exec = exec_runner_host(i)); i++) {
		struct agx_program *program = exec_runner_decode(runner, exec);
		enum agx_exec_result result;

		test->before->exec_mask = test->start;
		result = exec_runner_run(runner, program, test->before);
		if (result != AGX_EXEC_DONE)
			fail_msg("%s on %s: ended with %d, %s\n%s", test->name, exec->name, result,
				 runner->simd->trap_what ? runner->simd->trap_what : "",
				 test->code);
		compare(test, exec, runner->simd);
		agx_program_free(program);
	}
}

static void cases_give_what_is_documented(void **state)
{
	struct test_case test = {.before = exec_runner_simd(), .after = exec_runner_simd()};
	struct agx_simd *clean = exec_runner_simd();
	struct exec_runner *runner = malloc(sizeof(*runner));
	FILE *file = fopen(cases_file, "re");
	static char line[65536];
	unsigned int count = 0;
	uint64_t seed = 1;
	bool moved = false;

	assert_non_null(runner);
	assert_non_null(file);
	exec_runner_init(runner);
	for (unsigned int r = 0; r < AGX_REGISTERS; r++) {
		for (unsigned int lane = 0; lane < AGX_LANES; lane++)
			clean->r[r][lane] = exec_random(&seed);
	}
	while (fgets(line, sizeof(line), file)) {
		char *rest = strchr(line, ' ');

		line[strcspn(line, "\n")] = '\0';
		if (rest)
			*rest++ = '\0';
		if (!strcmp(line, "uniform")) {
			for (unsigned int i = 0; i < AGX_UNIFORMS; i++)
				runner->bindings.uniforms[i] = (uint16_t)strtoul(rest, &rest, 16);
		} else if (!strcmp(line, "case")) {
			snprintf(test.name, sizeof(test.name), "%s", rest);
			memcpy(test.before->r, clean->r, sizeof(clean->r));
			test.code_length = 0;
			test.counts = moved = false;
		} else if (!strcmp(line, "code")) {
			assert_true(test.code_length + strlen(rest) + 2 < sizeof(test.code));
			test.code_length +=
				(size_t)sprintf(test.code + test.code_length, "%s\n", rest);
		} else if (!strcmp(line, "before")) {
			read_row(rest, test.before, &test.counts);
		} else if (!strcmp(line, "start")) {
			test.start = (uint32_t)strtoul(rest, NULL, 16);
		} else if (!strcmp(line, "after")) {
			/* Later: the rest of it is what was before. */
			if (!moved)
				memcpy(test.after->r, test.before->r, sizeof(test.after->r));
			moved = true;
			read_row(rest, test.after, NULL);
		} else if (!strcmp(line, "exec")) {
			test.exec = (uint32_t)strtoul(rest, NULL, 16);
		} else {
			assert_string_equal(line, "run");
			finish_before(&test);
			if (!test.counts)
				test.after->r[0] = test.before->r[0];
			run_case(runner, &test);
			count++;
		}
	}
	fclose(file);
	assert_true(count > 2000);
	print_message("%u programs\n", count);
	exec_runner_fini(runner);
	free(runner);
	free(test.before);
	free(test.after);
	free(clean);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases_give_what_is_documented),
	};

	if (argc != 2)
		return 2;
	cases_file = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
