// SPDX-License-Identifier: MIT
/*
 * The GPU's critic: work that is right, and each finding provoked by one thing that is wrong with it, together
 * with the draw or launch and the program that it names.
 */
#include "gpu_machine.h"

#define LIST     (USC + 0x40)
#define CODE     (USC + 0x2000)
#define BINDINGS (USC + 0x3c00)
#define TABLE    (RECORDS + 0x400)
#define INDICES  (RECORDS + 0x800)

/* Bytes of the list's words, from its start. */
enum {
	AT_UNIFORM = 0,
	AT_TEXTURE = 8,
	AT_SAMPLER = 16,
	AT_SHARED = 24,
	AT_SHADER = 28,
	AT_REGISTERS = 34,
	AT_END = 38,
};

static uint8_t *bytes(struct machine *machine, uint64_t va)
{
	return (uint8_t *)words(machine, va);
}

static void put_word(uint8_t *at, uint64_t value, size_t size)
{
	memcpy(at, &value, size);
}

static uint64_t uniform(unsigned int start, unsigned int count, uint64_t address)
{
	return 0x1d | start << 8 | count << 20 | address >> 2 << 26;
}

static uint64_t texture(unsigned int start, unsigned int count, uint64_t address)
{
	return 0xdd | start << 8 | count << 20 | address >> 3 << 27;
}

static struct machine *set_up_critic(void)
{
	struct machine *machine = set_up();
	uint8_t *list = bytes(machine, LIST);

	machine->config.critic = true;
	start_gpu(machine);
	put_word(list + AT_UNIFORM, uniform(0, 16, TABLE), 8);
	put_word(list + AT_TEXTURE, texture(0, 2, TABLE), 8);
	put_word(list + AT_SAMPLER, texture(0, 1, TABLE) & ~0x40ull, 8);
	memcpy(list + AT_SHARED, "\x4d\x90\x00\x00", 4);
	memcpy(list + AT_SHADER, "\x0d\x0c\x00\x20\x00\x00", 6);
	memcpy(list + AT_REGISTERS, "\x8d\x02\x00\x01", 4);
	memcpy(list + AT_END, "\x88\x00", 2);
	memcpy(bytes(machine, CODE), "\x88\x00", 2); /* stop */
	PUT(machine, RECORDS, 1u << 11 | 1u << 16 | 1u << 23, 0, 0x3f800000, 0x3f800000, 0x3f800000,
	    0x3f800000, 0, 0x3f800000, 0x2edbe6ff, 0x21200, 0x40, 0x3c00, 1);
	PUT(machine, BINDINGS, 0x0403, 0x1c, 0x0001011e);
	return machine;
}

/* Two draws, of which the second is the one that cases spoil. */
static void good_draws(struct machine *machine)
{
	begin(machine, AGX_GPU_VERTEX);
	PUT(machine, STREAM, 0x20000008, 0x00000d01, 0x00200000, 0x4000002e, 0x1200, 0x40, 0x0404,
	    0x0, 0, 0x60c00600, 3, 1, 0x61f20601, 0x00200800, 3, 1, 0, 4, 0x64000600, 1, 0x00200c00,
	    0xc0000000);
}

static void good_launches(struct machine *machine)
{
	begin(machine, AGX_GPU_COMPUTE);
	PUT(machine, STREAM + 0x1000, 0x00001200, 0x40, 4, 4, 1, 0x20, 1, 1, 0x600fffff, 0x08001200,
	    0x40, 1, 0x00200000, 0x20, 1, 1, 0x600fffff, 0x40000000, 0);
}

static void test_good(void **state)
{
	struct machine *machine = set_up_critic();

	good_draws(machine);
	assert_idle(machine);
	for (unsigned int i = 0; i < machine->complaints; i++)
		print_error("%u: %s\n", machine->heard[i].id, machine->heard[i].text);
	assert_int_equal(machine->complaints, 0);
	good_launches(machine);
	assert_idle(machine);
	begin(machine, AGX_GPU_FRAGMENT);
	set(machine, AGX_REG_EOT_USC, 0x44);
	set(machine, AGX_REG_BG_RSRC_SPEC, 0x1200);
	set(machine, AGX_REG_EOT_RSRC_SPEC, 0x1200);
	set(machine, AGX_REG_FRAGMENT_HELPER_PROGRAM, 0x2001);
	assert_idle(machine);
	assert_int_equal(machine->complaints, 0);
	tear_down(machine);
}

static const struct agx_gpu_complaint *find(const struct machine *machine,
					    enum agx_gpu_finding_id id)
{
	for (unsigned int i = 0; i < machine->complaints && i < COMPLAINTS; i++)
		if (machine->heard[i].id == id)
			return &machine->heard[i];
	for (unsigned int i = 0; i < machine->complaints && i < COMPLAINTS; i++)
		print_error("%u at 0x%llx: %s\n", machine->heard[i].id,
			    (unsigned long long)machine->heard[i].address, machine->heard[i].text);
	print_error("%u %s was not said\n", id, agx_gpu_finding_name(id));
	fail();
	return NULL;
}

/* Runs the work; it must not fault, and the finding must be made, first of all. */
static const struct agx_gpu_complaint *expect(struct machine *machine, enum agx_gpu_finding_id id,
					      uint64_t address)
{
	const struct agx_gpu_complaint *complaint;

	machine->complaints = 0;
	assert_idle(machine);
	complaint = find(machine, id);
	if (complaint->address != address)
		print_error("%u: 0x%llx, not 0x%llx\n", id, (unsigned long long)complaint->address,
			    (unsigned long long)address);
	assert_true(complaint->address == address);
	assert_ptr_equal(complaint, &machine->heard[0]);
	assert_string_not_equal(agx_gpu_finding_name(id), "");
	assert_string_not_equal(agx_gpu_finding_sentence(id), "");
	return complaint;
}

/* A word of the stream, or of the record, and what is said of it. */
struct spoiled {
	uint64_t at;
	uint32_t word;
	enum agx_gpu_finding_id id;
	uint64_t address;
	int number; /* of the draw; -1: any */
};

static const struct spoiled vdm[] = {
	{STREAM, 0xe0000000, AGX_GPU_FINDING_CONTROL_STREAM, STREAM, 0},
	{STREAM + 48, 0xe0000000, AGX_GPU_FINDING_CONTROL_STREAM, STREAM + 48, 1},
	{STREAM, 0x22000008, AGX_GPU_FINDING_FIELD_RESERVED, STREAM, 0},
	{STREAM, 0x28000000, AGX_GPU_FINDING_STREAM_CALLS, STREAM, 0},
	{STREAM + 4, 0x00000e01, AGX_GPU_FINDING_STREAM_RECORD_SIZE, RECORDS, 0},
	{STREAM + 4, 0x00000c01, AGX_GPU_FINDING_STREAM_RECORD_SIZE, RECORDS, 0},
	{STREAM + 52, 0x00200801, AGX_GPU_FINDING_FIELD_ALIGNMENT, STREAM + 48, 1},
	{STREAM + 48, 0x61f20701, AGX_GPU_FINDING_FIELD_ENUM, STREAM + 48, 1},
	{STREAM + 60, 0, AGX_GPU_FINDING_DRAW_INSTANCES, STREAM + 60, 1},
	{STREAM + 48, 0x61f20650, AGX_GPU_FINDING_DRAW_MEMORY, 0x5000200800, 1},
	{STREAM + 76, 0x50, AGX_GPU_FINDING_DRAW_MEMORY, 0x5000200c00, 2},
	{STREAM + 36, 0x61400600, AGX_GPU_FINDING_DRAW_INCOMPLETE, STREAM + 36, 0},
};

static void test_streams(void **state)
{
	for (unsigned int i = 0; i < sizeof(vdm) / sizeof(*vdm); i++) {
		struct machine *machine = set_up_critic();
		const struct agx_gpu_complaint *complaint;

		good_draws(machine);
		*words(machine, vdm[i].at) = vdm[i].word;
		complaint = expect(machine, vdm[i].id, vdm[i].address);
		assert_int_equal(complaint->place.kind, AGX_GPU_AT_DRAW);
		assert_int_equal(complaint->place.unit, AGX_GPU_VERTEX);
		assert_int_equal(complaint->place.number, vdm[i].number);
		assert_true(complaint->place.stream == STREAM);
		if (vdm[i].number > 0) {
			assert_true(complaint->place.list == LIST);
			assert_true(complaint->place.shader == CODE);
			assert_string_equal(complaint->place.stage, "vertex");
		}
		tear_down(machine);
	}
}

static void test_endless_streams(void **state)
{
	struct machine *machine = set_up_critic();

	begin(machine, AGX_GPU_VERTEX);
	PUT(machine, STREAM, 0x80000001, 0);
	expect(machine, AGX_GPU_FINDING_STREAM_LOOP, STREAM);
	assert_int_equal(machine->complaints, 1);
	set(machine, AGX_REG_VDM_CTRL_STREAM_BASE, STREAM + 2);
	expect(machine, AGX_GPU_FINDING_STREAM_ALIGNMENT, STREAM + 2);
	set(machine, AGX_REG_VDM_CTRL_STREAM_BASE, STREAM);
	/* Each level calls the next three times. */
	for (unsigned int i = 0; i < 16; i++) {
		uint32_t *at = words(machine, STREAM + 64 * i);

		for (unsigned int k = 0; k < 3; k++) {
			at[2 * k] = i < 15 ? 0x90000001 : 0x28000000;
			at[2 * k + 1] = 64 * (i + 1);
		}
		at[6] = 0x28000000;
	}
	machine->complaints = 0;
	assert_idle(machine);
	find(machine, AGX_GPU_FINDING_STREAM_ENDLESS);
	assert_int_equal(machine->complaints, 1);
	tear_down(machine);
}

/* Behind a link a program on the GPU may write: nothing there is judged. */
static void test_linked(void **state)
{
	struct machine *machine = set_up_critic();

	map(machine, MORE, 1, GPU_RO);
	begin(machine, AGX_GPU_VERTEX);
	PUT(machine, STREAM, 0x80000001, 0x00100000);
	PUT(machine, MORE, 0x22000008, 0x60c00600, 3, 0, 0xe0000000);
	assert_idle(machine);
	memset(words(machine, MORE), 0, 32);
	assert_idle(machine);
	assert_int_equal(machine->complaints, 0);
	tear_down(machine);
}

static void test_launches(void **state)
{
	struct machine *machine = set_up_critic();
	const struct agx_gpu_complaint *complaint;

	good_launches(machine);
	words(machine, STREAM + 0x1000)[14] = 33;
	complaint = expect(machine, AGX_GPU_FINDING_LAUNCH_GROUP, STREAM + 0x1000 + 36);
	assert_int_equal(complaint->place.kind, AGX_GPU_AT_LAUNCH);
	assert_int_equal(complaint->place.number, 1);
	good_launches(machine);
	words(machine, STREAM + 0x1000)[11] = 0x50;
	complaint = expect(machine, AGX_GPU_FINDING_LAUNCH_MEMORY, 0x5000200000);
	assert_int_equal(complaint->place.number, 1);
	good_launches(machine);
	words(machine, STREAM + 0x1000)[7] = 0;
	complaint = expect(machine, AGX_GPU_FINDING_FIELD_RANGE, STREAM + 0x1000 + 20);
	assert_string_equal(complaint->structure, "cdm_local_size");
	assert_string_equal(complaint->field, "z");
	assert_int_equal(complaint->place.number, 0);
	tear_down(machine);
}

static void test_records(void **state)
{
	struct machine *machine = set_up_critic();
	const struct agx_gpu_complaint *complaint;

	good_draws(machine);
	/* Fragment control has a bit that is always set. */
	PUT(machine, RECORDS, 1u << 0 | 1u << 11 | 1u << 23, 0, 0, 0, 0, 0, 0, 0, 0, 0x1000, 0x40,
	    0, 1);
	complaint = expect(machine, AGX_GPU_FINDING_FIELD_FIXED, RECORDS + 4);
	assert_string_equal(complaint->structure, "fragment_control");
	tear_down(machine);

	/* One register less than the header says, and one that is bound twice. */
	machine = set_up_critic();
	good_draws(machine);
	words(machine, BINDINGS)[2] = 0x0001011d;
	complaint = expect(machine, AGX_GPU_FINDING_LIST_BINDINGS, BINDINGS);
	assert_int_equal(complaint->value, 3);
	assert_string_equal(complaint->place.stage, "fragment");
	words(machine, BINDINGS)[2] = 0x0000011e;
	expect(machine, AGX_GPU_FINDING_LIST_OVERLAP, BINDINGS + 8);
	tear_down(machine);
}

static void test_lists(void **state)
{
	static const struct {
		unsigned int at, size;
		uint64_t value;
		enum agx_gpu_finding_id id;
		uint64_t address;
	} rows[] = {
		{AT_SHARED, 1, 0x77, AGX_GPU_FINDING_LIST_WORD, LIST + AT_SHARED},
		{AT_SHARED + 2, 1, 0x03, AGX_GPU_FINDING_FIELD_RANGE, LIST + AT_SHARED},
		{AT_TEXTURE, 8, 0x1d | 8u << 8 | 16u << 20 | TABLE >> 2 << 26,
		 AGX_GPU_FINDING_LIST_OVERLAP, LIST + AT_TEXTURE},
		{AT_TEXTURE + 1, 1, 0xff, AGX_GPU_FINDING_LIST_REGISTERS, LIST + AT_TEXTURE},
		{AT_TEXTURE, 8, 0xdd | 2u << 20 | NOWHERE >> 3 << 27, AGX_GPU_FINDING_LIST_MEMORY,
		 NOWHERE},
		{AT_UNIFORM, 8, 0x1d | 2u << 20 | NOWHERE >> 2 << 26, AGX_GPU_FINDING_LIST_UNIFORMS,
		 NOWHERE},
		{AT_UNIFORM, 2, 0x0088, AGX_GPU_FINDING_LIST_INCOMPLETE, LIST},
		{AT_SHADER + 2, 4, 0x30000000, AGX_GPU_FINDING_PROGRAM_MEMORY, USC + 0x30000000},
		{AT_SHADER + 2, 4, 0x00003ffe, AGX_GPU_FINDING_PROGRAM_MEMORY, USC + 0x4000},
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct machine *machine = set_up_critic();
		const struct agx_gpu_complaint *complaint;

		memcpy(bytes(machine, USC + 0x3ffe), "\x08\x00", 2); /* trap */
		good_launches(machine);
		put_word(bytes(machine, LIST) + rows[i].at, rows[i].value, rows[i].size);
		complaint = expect(machine, rows[i].id, rows[i].address);
		assert_int_equal(complaint->place.number, 0);
		assert_true(complaint->place.list == LIST);
		assert_string_equal(complaint->place.stage, "compute");
		tear_down(machine);
	}
}

static void test_endless_lists(void **state)
{
	struct machine *machine = set_up_critic();

	good_launches(machine);
	for (unsigned int i = 0x40; i < PAGE; i += 4)
		memcpy(bytes(machine, USC + i), "\x4d\x90\x00\x00", 4);
	expect(machine, AGX_GPU_FINDING_LIST_ENDLESS, LIST);
	tear_down(machine);
}

static void test_programs(void **state)
{
	struct machine *machine = set_up_critic();
	const struct agx_gpu_complaint *complaint;
	uint8_t *list = bytes(machine, LIST);

	good_launches(machine);
	memset(bytes(machine, CODE), 0xff, 16);
	complaint = expect(machine, AGX_GPU_FINDING_PROGRAM_INSTRUCTION, CODE);
	assert_true(complaint->place.shader == CODE);
	assert_string_equal(complaint->structure, "shader");
	/* Both launches have it: it is said once, and again when the code has changed. */
	assert_int_equal(machine->complaints, 1);
	machine->complaints = 0;
	assert_idle(machine);
	assert_int_equal(machine->complaints, 0);
	memcpy(bytes(machine, CODE), "\x08\x00", 2);
	expect(machine, AGX_GPU_FINDING_PROGRAM_INSTRUCTION, CODE + 2);
	memcpy(bytes(machine, CODE), "\x88\x00", 2);
	machine->complaints = 0;
	assert_idle(machine);
	assert_int_equal(machine->complaints, 0);

	/* A preamble is a program as well. */
	memcpy(list + AT_END, "\x38\x00\x80\xc0\x00\x30\x00\x00", 8);
	memset(bytes(machine, USC + 0x3000), 0xff, 16);
	expect(machine, AGX_GPU_FINDING_PROGRAM_INSTRUCTION, USC + 0x3000);
	memcpy(list + AT_END, "\x88\x00", 2);

	/* Traps without end: in a megabyte of pages that are all the same, and up to the window's end. */
	map(machine, USC + 0x10000000, 1, GPU_RO);
	for (unsigned int i = 0; i < PAGE; i += 2)
		memcpy(bytes(machine, USC + 0x10000000 + i), "\x08\x00", 2);
	for (unsigned int i = 1; i <= 64; i++)
		*entry(machine, USC + 0x10000000 + i * PAGE) = *entry(machine, USC + 0x10000000);
	memcpy(list + AT_SHADER + 2, "\x00\x00\x00\x10", 4);
	expect(machine, AGX_GPU_FINDING_PROGRAM_ENDLESS, USC + 0x10000000);
	*entry(machine, USC + 0xffffc000) = *entry(machine, USC + 0x10000000);
	*entry(machine, USC + 0x100000000) = *entry(machine, USC + 0x10000000);
	memcpy(list + AT_SHADER + 2, "\x00\xff\xff\xff", 4);
	expect(machine, AGX_GPU_FINDING_PROGRAM_WINDOW, USC + 0x100000000);
	tear_down(machine);
}

/* Stacks need a class, and a helper program that is one: in the stage of the work. */
static void test_stacks(void **state)
{
	static const uint8_t stack[] = {0xb5, 0x00, 0x81, 0x05, 0x20, 0x00, 0x88, 0x00};
	static const uint8_t large[] = {0x62, 0x41, 0x00, 0x00, 0x00, 0x00, 0x88, 0x00}; /* r16 */
	struct machine *machine = set_up_critic();
	uint8_t *list = bytes(machine, LIST);

	memcpy(bytes(machine, USC + 0x3000), "\x88\x00", 2);
	memcpy(bytes(machine, CODE), stack, sizeof(stack));
	good_launches(machine);
	set(machine, AGX_REG_COMPUTE_HELPER_PROGRAM, 0x3001);
	expect(machine, AGX_GPU_FINDING_STACK_CLASS, LIST);
	memcpy(list + AT_REGISTERS, "\x8d\x02\x04\x01", 4);
	machine->complaints = 0;
	assert_idle(machine);
	assert_int_equal(machine->complaints, 0);
	set(machine, AGX_REG_COMPUTE_HELPER_PROGRAM, 0x3000);
	expect(machine, AGX_GPU_FINDING_HELPER_MISSING, LIST);
	set(machine, AGX_REG_COMPUTE_HELPER_PROGRAM, 0x3001);
	memcpy(bytes(machine, USC + 0x3000), large, sizeof(large));
	expect(machine, AGX_GPU_FINDING_HELPER_PROGRAM, USC + 0x3000);
	assert_int_equal(machine->heard[0].value, 34);

	/* Of draws the vertex shader's is missing; the fragment shader's is another command's. */
	good_draws(machine);
	expect(machine, AGX_GPU_FINDING_HELPER_MISSING, LIST);
	assert_string_equal(machine->heard[0].place.stage, "vertex");
	set(machine, AGX_REG_VERTEX_HELPER_PROGRAM, 0x3001);
	memcpy(bytes(machine, USC + 0x3000), "\x88\x00", 2);
	machine->complaints = 0;
	assert_idle(machine);
	assert_int_equal(machine->complaints, 0);

	/* Of a preamble no class is said. */
	memcpy(bytes(machine, CODE), "\x88\x00", 2);
	memcpy(list + AT_REGISTERS, "\x8d\x02\x00\x01", 4);
	memcpy(list + AT_END, "\x38\x00\x80\xc0\x00\x30\x00\x00", 8);
	memcpy(bytes(machine, USC + 0x3000), stack, sizeof(stack));
	good_launches(machine);
	expect(machine, AGX_GPU_FINDING_HELPER_MISSING, LIST);
	tear_down(machine);
}

/* What registers of the fragment unit name. */
static void test_fragment(void **state)
{
	struct machine *machine = set_up_critic();
	const struct agx_gpu_complaint *complaint;

	begin(machine, AGX_GPU_FRAGMENT);
	set(machine, AGX_REG_EOT_USC, 0x44);
	set(machine, AGX_REG_BG_RSRC_SPEC, 0x1200);
	set(machine, AGX_REG_EOT_RSRC_SPEC, 0x1200);
	set(machine, AGX_REG_FRAGMENT_HELPER_PROGRAM, 0x2001);
	memset(bytes(machine, CODE), 0xff, 16);
	complaint = expect(machine, AGX_GPU_FINDING_PROGRAM_INSTRUCTION, CODE);
	assert_int_equal(complaint->place.kind, AGX_GPU_AT_COMMAND);
	assert_int_equal(complaint->place.background, 0x44);
	memcpy(bytes(machine, CODE), "\x88\x00", 2);
	bytes(machine, LIST)[AT_SHARED] = 0x77;
	complaint = expect(machine, AGX_GPU_FINDING_LIST_WORD, LIST + AT_SHARED);
	assert_string_equal(complaint->place.stage, "background");
	tear_down(machine);
}

/* Work that fails, or never runs, is placed as well. */
static void test_places(void **state)
{
	struct machine *machine = set_up_critic();
	struct agx_gpu_place place;
	struct agx_gpu_fault fault;

	agx_null_gpu_ops.place(machine->gpu, AGX_GPU_VERTEX, &place);
	assert_int_equal(place.kind, AGX_GPU_AT_NOTHING);
	/* The state before the third draw leads nowhere. */
	good_draws(machine);
	PUT(machine, STREAM + 72, 0x00000d50, 0x00000000, 0x60c00600, 3, 1, 0xc0000000);
	assert_int_equal(run(machine, &fault), AGX_GPU_FAULTED);
	assert_true(fault.address == NOWHERE);
	agx_null_gpu_ops.place(machine->gpu, AGX_GPU_VERTEX, &place);
	assert_int_equal(place.kind, AGX_GPU_AT_DRAW);
	assert_int_equal(place.number, 2);
	assert_true(place.list == LIST && place.shader == CODE);
	assert_true(place.stream == STREAM);
	agx_null_gpu_ops.stop(machine->gpu, AGX_GPU_VERTEX);
	agx_null_gpu_ops.place(machine->gpu, AGX_GPU_VERTEX, &place);
	assert_int_equal(place.number, 2);

	good_launches(machine);
	/* cmocka has a macro of this name. */
	(agx_null_gpu_ops.skip)(machine->gpu, &machine->work);
	agx_null_gpu_ops.place(machine->gpu, AGX_GPU_COMPUTE, &place);
	assert_int_equal(place.kind, AGX_GPU_AT_LAUNCH);
	assert_int_equal(place.number, 0);
	assert_string_equal(place.stage, "compute");
	tear_down(machine);
}

/* Without the critic only what is no stream is said, and of the program nothing. */
static void test_off(void **state)
{
	struct machine *machine = set_up_critic();

	machine->config.critic = false;
	start_gpu(machine);
	good_draws(machine);
	words(machine, STREAM)[15] = 0;
	memset(bytes(machine, CODE), 0xff, 16);
	assert_idle(machine);
	assert_int_equal(machine->complaints, 0);
	words(machine, STREAM)[12] = 0xe0000000;
	assert_idle(machine);
	assert_int_equal(machine->complaints, 1);
	assert_int_equal(machine->heard[0].id, AGX_GPU_FINDING_CONTROL_STREAM);
	assert_int_equal(machine->heard[0].place.number, 0);
	tear_down(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_endless_streams),
		cmocka_unit_test(test_linked),
		cmocka_unit_test(test_launches),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_endless_lists),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_stacks),
		cmocka_unit_test(test_fragment),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
