// SPDX-License-Identifier: MIT
/* Stacks from helper programs: good ones, and everything that can be wrong with one. */
#include "launch_fixture.h"

#define HELPER       (USC + 0x8000)
#define STACKS       0x2000000000ull
#define STACKS_PAGES 2
#define READ_ONLY    0x2100000000ull

/*
 * Gives core c the blocks of 1 KiB from 4 KiB * c on, from where the argument says (its upper half); r5 counts
 * those that are out. r4: the block.
 */
#define HELPER_TEXT(get, put, end)            \
	"mov r1, core_index\n"                \
	"mov r2, helper_arg_h\n"              \
	"shl r2, r2, 24\n"                    \
	"imadd r2, r1, 16, r2\n"              \
	"ldimm r0l, 0\n"                      \
	"ldimm r5, 0\n"                       \
	"next:\n"                             \
	"doorbell 32\n"                       \
	"mov r3, helper_op\n"                 \
	"if r3, 0, 1, ieq\n"                  \
	"jmp_none not_get\n" get "not_get:\n" \
	"pop_exec 1\n"                        \
	"if r3, 1, 1, ieq\n"                  \
	"jmp_none not_put\n" put "not_put:\n" \
	"pop_exec 1\n"                        \
	"csel r0l, r3, 15, 1, 0, ieq\n"       \
	"update_exec\n"                       \
	"jmp_any next\n"                      \
	"pop_exec 1\n" end

#define BLOCK "imadd r4, r5, 4, r2\niadd r5, r5, 1\nor r4, r4, 1\n"
#define GET   BLOCK "map r4, 0, 0\ndoorbell 48\n"
#define GIVE  "unmap r4, 0, 0\nisub r5, r5, 1\ndoorbell 48\n"
#define GOOD  HELPER_TEXT(GET, GIVE, "stop\n")

/* Each thread stores its number there, and after the others have, it still finds it. */
#define PROGRAM                                                        \
	"stack_adjust 8\nmov r0, sr80\nstack_store r0, 4, i32, x, a\n" \
	"wait a\nbarrier\nstack_load r1, 4, i32, x, a\nwait a\n"       \
	"store r1, du0, r0, i32, x, a\nstop\n"

static const uint8_t cores[] = {0, 5};

static void set_class(struct fixture *f, unsigned int class)
{
	uint8_t *word = (uint8_t *)words(f->machine, LIST) + 18;
	uint32_t registers;

	memcpy(&registers, word, 4);
	registers = (registers & ~(15u << 18)) | class << 18;
	memcpy(word, &registers, 4);
}

static int set_up_stacks(void **state)
{
	struct fixture *f;

	if (set_up_fixture(state))
		return -1;
	f = *state;
	make_gpu(f, (struct agx_exec_gpu_config){.cores = cores, .core_count = 2});
	map(f->machine, HELPER, 1, GPU_RO);
	map(f->machine, STACKS, STACKS_PAGES, GPU_RW);
	map(f->machine, READ_ONLY, 1, GPU_RO);
	put_list(f, 0, false);
	set_class(f, 1);
	set(f->machine, AGX_REG_COMPUTE_HELPER_PROGRAM, (HELPER - USC) | 1);
	set(f->machine, AGX_REG_COMPUTE_HELPER_ARG, STACKS);
	assemble(f, HELPER, GOOD);
	assemble(f, CODE, PROGRAM);
	*put_launch(cdm_words(f), 128, 1, 1, 64, 1, 1) = 2u << 29;
	clear_results(f);
	return 0;
}

static void assert_numbers(struct fixture *f)
{
	for (uint32_t i = 0; i < 128; i++)
		assert_int_equal(results(f)[i], i);
}

/* The stacks are in the memory that the helper gives, each core's where its number says. */
static void a_helper_gives_stacks(void **state)
{
	struct fixture *f = *state;

	run_well(f);
	assert_numbers(f);
	assert_int_equal(f->machine->complaints, 0);
	for (uint32_t thread = 0; thread < 128; thread++) {
		const uint64_t block =
			STACKS + cores[thread / 64] * 0x1000ull + thread / 32 % 2 * 0x400ull;

		assert_int_equal(words(f->machine, block)[32 + thread % 32], thread);
	}
	/* Whatever there was before. */
	memset(words(f->machine, STACKS), 0xee, PAGE);
	clear_results(f);
	run_well(f);
	assert_numbers(f);
}

/* Several blocks, and some that are larger. */
static void blocks_make_a_stack(void **state)
{
	struct fixture *f = *state;

	assemble(f, CODE,
		 "stack_adjust 64\nmov r0, sr80\nstack_store r0, 0, i32, x, a\n"
		 "iadd r2, r0, 1\nstack_store r2, 128, i32, x, a\nwait a\n"
		 "stack_load r1, 0, i32, x, a\nwait a\nstack_load r3, 128, i32, x, a\nwait a\n"
		 "isub r3, r3, 1\nand r1, r1, r3\nstore r1, du0, r0, i32, x, a\nstop\n");
	/* Level 1, 4 KiB each: the second page for the second block. */
	assemble(f, HELPER,
		 HELPER_TEXT("imadd r4, r5, 16, r2\niadd r5, r5, 1\nor r4, r4, 3\nmap r4, 0, 0\n"
			     "iadd r4, r4, 62\nmap r4, 0, 1\ndoorbell 48\n",
			     GIVE, "stop\n"));
	*put_launch(cdm_words(f), 32, 1, 1, 32, 1, 1) = 2u << 29;
	run_well(f);
	for (uint32_t i = 0; i < 32; i++) {
		assert_int_equal(results(f)[i], i);
		assert_int_equal(words(f->machine, STACKS)[i], i);
		assert_int_equal(words(f->machine, STACKS + 0x4000)[i], i + 1);
	}
}

static void preambles_have_stacks(void **state)
{
	struct fixture *f = *state;

	assemble(f, PRELUDE,
		 "stack_adjust 8\nldimm r8, 77\nstack_store r8, 4, i32, x, a\nwait a\n"
		 "stack_load r9, 4, i32, x, a\nwait a\nmov u4, r9\nstop\n");
	assemble(f, CODE, "mov r0, sr80\niadd r1, r0, u4\nstore r1, du0, r0, i32, x, a\nstop\n");
	put_list(f, 0, true);
	set(f->machine, AGX_REG_COMPUTE_HELPER_CFG, 1 << 16);
	run_well(f);
	for (uint32_t i = 0; i < 128; i++)
		assert_int_equal(results(f)[i], 77 + i);
	assert_int_equal(f->machine->complaints, 0);
	/* Told, and no more. */
	set(f->machine, AGX_REG_COMPUTE_HELPER_CFG, 0);
	run_well(f);
	assert_int_equal(f->machine->complaints, 1);
	assert_int_equal(f->machine->heard[0].id, AGX_GPU_FINDING_STACK_PREAMBLE);
}

static void a_class_is_expected(void **state)
{
	struct fixture *f = *state;

	set_class(f, 0);
	run_well(f);
	assert_numbers(f);
	assert_int_equal(f->machine->complaints, 1);
	assert_int_equal(f->machine->heard[0].id, AGX_GPU_FINDING_STACK_CLASS);
	assert_int_equal(f->machine->heard[0].place.kind, AGX_GPU_AT_LAUNCH);
}

/* The argument is the class of the list: for the helper to count. */
static void helpers_are_told_the_class(void **state)
{
	struct fixture *f = *state;

	set_class(f, 1);
	assemble(f, HELPER,
		 HELPER_TEXT("mov r6, helper_arg_l\nif r6, 1, 1, ieq\n" GET "pop_exec 1\n", GIVE,
			     "stop\n"));
	run_well(f);
	assert_numbers(f);
}

static void expect(struct fixture *f, enum agx_gpu_finding_id id, const char *text)
{
	struct agx_gpu_fault fault = {0};

	f->machine->complaints = 0;
	assert_int_equal(run_gpu(f, &fault, 1000), AGX_GPU_FAULTED);
	if (f->machine->complaints != 1 || f->machine->heard[0].id != id ||
	    !strstr(fault.what, text))
		fail_msg("%u \"%s\" expected, got %u times %u \"%s\"", id, text,
			 f->machine->complaints, f->machine->heard[0].id, fault.what);
	agx_exec_gpu_ops.stop(f->gpu, AGX_GPU_COMPUTE);
}

static void wrong_helpers_are_told(void **state)
{
	static const struct {
		const char *helper;
		enum agx_gpu_finding_id id;
		const char *text;
	} cases[] = {
		{HELPER_TEXT("doorbell 49\n", GIVE, "stop\n"), AGX_GPU_FINDING_HELPER_REFUSED,
		 "core 0 refuses a stack of class 1"},
		{HELPER_TEXT(GET, "doorbell 49\n", "stop\n"), AGX_GPU_FINDING_HELPER_REFUSED,
		 "core 0 does not take a stack back"},
		/* Blocks: none, one without its bit, at a quarter of its size, the second alone. */
		{HELPER_TEXT("doorbell 48\n", GIVE, "stop\n"), AGX_GPU_FINDING_HELPER_BLOCK,
		 "block 0 as 0x00000000: bit 0 expected"},
		{HELPER_TEXT("map r2, 0, 0\ndoorbell 48\n", GIVE, "stop\n"),
		 AGX_GPU_FINDING_HELPER_BLOCK, "bit 0 expected"},
		{HELPER_TEXT("iadd r4, r2, 11\nmap r4, 0, 0\ndoorbell 48\n", GIVE, "stop\n"),
		 AGX_GPU_FINDING_HELPER_BLOCK, "a multiple of the size expected"},
		{HELPER_TEXT(BLOCK "map r4, 0, 0\nmap r4, 0, 2\ndoorbell 48\n", GIVE, "stop\n"),
		 AGX_GPU_FINDING_HELPER_BLOCK, "block 2 as 0x20000001: one before it is missing"},
		{HELPER_TEXT(BLOCK "map r4, 0, 0\niadd r4, r4, 1\nmap r4, 0, 1\ndoorbell 48\n",
			     GIVE, "stop\n"),
		 AGX_GPU_FINDING_HELPER_BLOCK,
		 "bit 0 and a multiple of the first one's size expected"},
		/* Memory that there is not, or not all of it; that cannot be written. */
		{HELPER_TEXT("ldimm r4, 0x30000001\nmap r4, 0, 0\ndoorbell 48\n", GIVE, "stop\n"),
		 AGX_GPU_FINDING_HELPER_BLOCK, "0x3000000000 of it cannot be read and written"},
		{HELPER_TEXT("ldimm r4, 0x2000007f\nmap r4, 0, 0\ndoorbell 48\n", GIVE, "stop\n"),
		 AGX_GPU_FINDING_HELPER_BLOCK, "0x2000008000 of it cannot be read and written"},
		{HELPER_TEXT("ldimm r4, 0x21000001\nmap r4, 0, 0\ndoorbell 48\n", GIVE, "stop\n"),
		 AGX_GPU_FINDING_HELPER_BLOCK, "0x2100000000 of it cannot be read and written"},
		/* To two SIMD groups of a core, in part; to two cores; twice in a stack. */
		{HELPER_TEXT(BLOCK "ldimm r5, 0\nmap r4, 0, 0\ndoorbell 48\n", GIVE, "stop\n"),
		 AGX_GPU_FINDING_HELPER_TWICE,
		 "core 0 gives a block at 0x2000000000 that a stack on core 0 has"},
		{"ldimm r1, 0\n" HELPER_TEXT(
			 "isub r2, r2, r1, lsl 4\n" GET "imadd r2, r1, 16, r2\n", GIVE, "stop\n"),
		 AGX_GPU_FINDING_HELPER_TWICE,
		 "core 5 gives a block at 0x2000000000 that a stack on core 0 has"},
		{HELPER_TEXT(BLOCK "map r4, 0, 0\nmap r4, 0, 1\ndoorbell 48\n", GIVE, "stop\n"),
		 AGX_GPU_FINDING_HELPER_TWICE,
		 "core 0 gives a block at 0x2000000000 that a stack on core 0 has"},
		/* Without an answer. */
		{HELPER_TEXT("again:\nmov r4, r4\njmp_any again\n", GIVE, "stop\n"),
		 AGX_GPU_FINDING_HELPER_ENDLESS, "core 0 has no answer after"},
		{"again:\nmov r4, r4\njmp_any again\nstop\n", AGX_GPU_FINDING_HELPER_ENDLESS,
		 "no answer"},
		{HELPER_TEXT(BLOCK "map r4, 0, 0\n", GIVE, "stop\n"),
		 AGX_GPU_FINDING_HELPER_PROGRAM, "the last has no answer"},
		{"stop\n", AGX_GPU_FINDING_HELPER_PROGRAM, "ends, and nobody has asked it to"},
		{HELPER_TEXT("stop\n", GIVE, "stop\n"), AGX_GPU_FINDING_HELPER_PROGRAM,
		 "ends, and nobody has asked it to"},
		{HELPER_TEXT(GET, GIVE, "jmp_any next\n"), AGX_GPU_FINDING_HELPER_PROGRAM,
		 "goes on when it is to end"},
		/* Answers that nobody wants, and doorbells that nobody knows. */
		{"doorbell 48\n" GOOD, AGX_GPU_FINDING_HELPER_PROGRAM,
		 "an answer to no request: doorbell 48"},
		{HELPER_TEXT(GET "doorbell 48\n", GIVE, "stop\n"), AGX_GPU_FINDING_HELPER_PROGRAM,
		 "an answer to no request"},
		{HELPER_TEXT("doorbell 50\n", GIVE, "stop\n"), AGX_GPU_FINDING_HELPER_PROGRAM,
		 "a doorbell that is not known"},
		{"ldimm r4, 1\nmap r4, 0, 0\n" GOOD, AGX_GPU_FINDING_HELPER_PROGRAM,
		 "a block that nobody has asked for"},
		{HELPER_TEXT("unmap r4, 0, 0\n" GET, GIVE, "stop\n"),
		 AGX_GPU_FINDING_HELPER_PROGRAM, "a block that nobody gives back"},
		{HELPER_TEXT("ldimm r4, 1\nmap r4, 0, 4\n", GIVE, "stop\n"),
		 AGX_GPU_FINDING_HELPER_PROGRAM, "map"},
		/* What any program can do wrong. */
		{"trap\n", AGX_GPU_FINDING_HELPER_PROGRAM, "the trap instruction"},
		{".hex ffffffffffffffff\n", AGX_GPU_FINDING_HELPER_PROGRAM, "no known instruction"},
		{"ldimm r2, 0\nldimm r3, 0x50\nload r4, dr2, 0, i32, x, a\nstop\n",
		 AGX_GPU_FINDING_HELPER_PROGRAM, "+0xc: no access to 0x5000000000"},
		{"stack_adjust 4\nstop\n", AGX_GPU_FINDING_HELPER_PROGRAM,
		 "more stack than there is room for"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		memset(words(f->machine, HELPER), 0, 0x800);
		assemble(f, HELPER, cases[i].helper);
		expect(f, cases[i].id, cases[i].text);
	}
	/* After all of these one that is good. */
	assemble(f, HELPER, GOOD);
	run_well(f);
	assert_numbers(f);
}

static void a_stack_has_to_be_large_enough(void **state)
{
	struct fixture *f = *state;

	assemble(f, CODE, "stack_adjust 9\nstop\n");
	expect(f, AGX_GPU_FINDING_PROGRAM_STACK, "more stack than there is room for");
}

static void a_helper_is_expected(void **state)
{
	struct fixture *f = *state;

	set(f->machine, AGX_REG_COMPUTE_HELPER_PROGRAM, HELPER - USC);
	expect(f, AGX_GPU_FINDING_HELPER_MISSING, "the command has no helper program");
	/* Who asks for nothing needs none. */
	assemble(f, CODE, "mov r0, sr80\nstore r0, du0, r0, i32, x, a\nstop\n");
	run_well(f);
	assert_numbers(f);
}

/* Stopped in the middle, and from the beginning again. */
static void stops_in_between(void **state)
{
	struct fixture *f = *state;
	struct agx_gpu_fault fault;

	make_gpu(f, (struct agx_exec_gpu_config){
			    .cores = cores, .core_count = 2, .slice = 1, .threads = 4});
	for (unsigned int polls = 0; polls < 12; polls++) {
		run_gpu(f, &fault, polls);
		agx_exec_gpu_ops.stop(f->gpu, AGX_GPU_COMPUTE);
	}
	run_well(f);
	assert_numbers(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up_stacks, tear_down_fixture)
		WITH(a_helper_gives_stacks),
		WITH(blocks_make_a_stack),
		WITH(preambles_have_stacks),
		WITH(a_class_is_expected),
		WITH(helpers_are_told_the_class),
		WITH(wrong_helpers_are_told),
		WITH(a_stack_has_to_be_large_enough),
		WITH(a_helper_is_expected),
		WITH(stops_in_between),
	};

	return cmocka_run_group_tests_name("stacks", tests, NULL, NULL);
}
