// SPDX-License-Identifier: MIT
/* The null GPU: what it resolves, how it faults, and how streams are walked. */
#include "gpu_machine.h"

static void test_idle_at_once(void **state)
{
	struct machine *machine = set_up();

	for (enum agx_gpu_unit unit = 0; unit < AGX_GPU_UNITS; unit++) {
		begin(machine, unit);
		assert_idle(machine);
	}
	assert_int_equal(agx_null_gpu_ops.tvb_pages(machine->gpu), 0);
	assert_int_equal(machine->complaints, 0);
	tear_down(machine);
}

/* An address in a register, and the fault. */
struct bad {
	enum agx_gpu_unit unit;
	uint32_t number;
	uint64_t value, address;
	unsigned int reason;
	bool read;
	uint8_t code;
};

static const struct bad bad[] = {
	{AGX_GPU_VERTEX, AGX_REG_VDM_CTRL_STREAM_BASE, NOWHERE, NOWHERE, AGX_FAULT_REASON_UNMAPPED,
	 true, 0x08},
	{AGX_GPU_VERTEX, AGX_REG_VDM_CTRL_STREAM_BASE, 0, 0, AGX_FAULT_REASON_UNMAPPED, true, 0x08},
	{AGX_GPU_VERTEX, AGX_REG_TVB_TILEMAP, RECORDS, RECORDS, AGX_FAULT_REASON_READ_ONLY, false,
	 0x06},
	/* The tile map's end. */
	{AGX_GPU_VERTEX, AGX_REG_TVB_TILEMAP, BUFFER + 4 * PAGE - 0x400,
	 BUFFER + 4 * PAGE - 0x400 + 0x4ff, AGX_FAULT_REASON_UNMAPPED, true, 0x06},
	{AGX_GPU_VERTEX, AGX_REG_TVB_HEAPMETA, NOWHERE | 1ull << 63, NOWHERE,
	 AGX_FAULT_REASON_UNMAPPED, true, 0xa1},
	{AGX_GPU_VERTEX, AGX_REG_VERTEX_PREEMPT_BUF3, NOWHERE | 1ull << 50, NOWHERE,
	 AGX_FAULT_REASON_UNMAPPED, true, 0x08},
	{AGX_GPU_VERTEX, AGX_REG_TE_TPC_ADDR, NOWHERE, NOWHERE, AGX_FAULT_REASON_UNMAPPED, true,
	 0x06},
	{AGX_GPU_VERTEX, AGX_REG_VERTEX_HELPER_PROGRAM, 0x10000001, USC + 0x10000000,
	 AGX_FAULT_REASON_UNMAPPED, true, 0x04},
	{AGX_GPU_FRAGMENT, AGX_REG_BG_USC, 0x10000044, USC + 0x10000040, AGX_FAULT_REASON_UNMAPPED,
	 true, 0x04},
	{AGX_GPU_FRAGMENT, AGX_REG_EOT_USC, 0x20000084, USC + 0x20000080, AGX_FAULT_REASON_UNMAPPED,
	 true, 0x04},
	{AGX_GPU_FRAGMENT, AGX_REG_ISP_SCISSOR_BASE, NOWHERE, NOWHERE, AGX_FAULT_REASON_UNMAPPED,
	 true, 0x0a},
	{AGX_GPU_FRAGMENT, AGX_REG_ISP_OCLQRY_BASE, RECORDS, RECORDS, AGX_FAULT_REASON_READ_ONLY,
	 false, 0x07},
	{AGX_GPU_FRAGMENT, AGX_REG_AUX_FB, BUFFER + 3 * PAGE, BUFFER + 5 * PAGE - 1,
	 AGX_FAULT_REASON_UNMAPPED, true, 0x0}, /* code: see below */
	{AGX_GPU_COMPUTE, AGX_REG_CDM_CTRL_STREAM_BASE, NOWHERE, NOWHERE, AGX_FAULT_REASON_UNMAPPED,
	 true, 0xe6},
	{AGX_GPU_COMPUTE, AGX_REG_COMPUTE_PREEMPT_BUF1, RECORDS, RECORDS,
	 AGX_FAULT_REASON_READ_ONLY, false, 0xe6},
};

static void test_bad_addresses(void **state)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct machine *machine = set_up();
		struct agx_gpu_fault fault = {0};

		begin(machine, bad[i].unit);
		set(machine, bad[i].number, bad[i].value);
		assert_int_equal(run(machine, &fault), AGX_GPU_FAULTED);
		if (bad[i].code)
			assert_int_equal(fault.unit_code, bad[i].code);
		assert_fault(machine, bad[i].address, bad[i].reason, bad[i].read);
		/* The other units are not touched. */
		begin(machine, (bad[i].unit + 1) % AGX_GPU_UNITS);
		assert_idle(machine);
		tear_down(machine);
	}
}

static void test_depth_and_stencil(void **state)
{
	static const struct {
		uint32_t number;
		unsigned int bits;
		bool write;
	} rows[] = {
		{AGX_REG_ISP_ZLOAD_BASE, 1u << 15, false},
		{AGX_REG_ISP_ZSTORE_BASE, 1u << 19, true},
		{AGX_REG_ISP_STENCIL_LOAD_BASE, 1u << 14, false},
		{AGX_REG_ISP_STENCIL_STORE_BASE, 1u << 18, true},
		{AGX_REG_ISP_ZLOAD_COMP_BASE, 1u << 15 | 1u << 2, false},
		{AGX_REG_ISP_ZSTORE_COMP_BASE, 1u << 19 | 1u << 6, true},
		{AGX_REG_ISP_STENCIL_LOAD_COMP_BASE, 1u << 14 | 1u << 4, false},
		{AGX_REG_ISP_STENCIL_STORE_COMP_BASE, 1u << 18 | 1u << 8, true},
	};
	struct machine *machine = set_up();

	map(machine, DEPTH + PAGE, 1, GPU_RO);
	map(machine, DEPTH + 2 * PAGE, 1, GPU_WO);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		begin(machine, AGX_GPU_FRAGMENT);
		set(machine, rows[i].number, NOWHERE);
		assert_idle(machine); /* not enabled */
		set(machine, AGX_REG_ISP_ZLSCTL, rows[i].bits);
		assert_fault(machine, NOWHERE, AGX_FAULT_REASON_UNMAPPED, !rows[i].write);
		set(machine, rows[i].number, DEPTH);
		assert_idle(machine);
		set(machine, rows[i].number, DEPTH + PAGE);
		if (rows[i].write)
			assert_fault(machine, DEPTH + PAGE, AGX_FAULT_REASON_READ_ONLY, false);
		else
			assert_idle(machine);
		set(machine, rows[i].number, DEPTH + 2 * PAGE);
		if (rows[i].write)
			assert_idle(machine);
		else
			assert_fault(machine, DEPTH + 2 * PAGE, AGX_FAULT_REASON_WRITE_ONLY, true);
	}
	tear_down(machine);
}

/* What is not there is not used. */
static void test_unused(void **state)
{
	struct machine *machine = set_up();

	begin(machine, AGX_GPU_VERTEX);
	set(machine, AGX_REG_VERTEX_HELPER_PROGRAM, 0x10000000); /* bit 0 is clear */
	set(machine, AGX_REG_VERTEX_HELPER_ARG, NOWHERE);
	set(machine, AGX_REG_TVB_LAYERMETA, NOWHERE); /* one layer */
	assert_idle(machine);
	set(machine, AGX_REG_RENDER_TARGET_MAX, 0xe001);
	assert_fault(machine, NOWHERE, AGX_FAULT_REASON_UNMAPPED, true);
	begin(machine, AGX_GPU_FRAGMENT);
	set(machine, AGX_REG_BG_USC, 4); /* flags only */
	machine->work.sampler_heap = NOWHERE;
	assert_idle(machine);
	machine->work.sampler_count = 1;
	assert_fault(machine, NOWHERE, AGX_FAULT_REASON_UNMAPPED, true);
	tear_down(machine);
}

static void test_level_and_context(void **state)
{
	struct machine *machine = set_up();
	struct agx_gpu_fault fault = {0};
	uint64_t *at;

	begin(machine, AGX_GPU_COMPUTE);
	set(machine, AGX_REG_COMPUTE_PREEMPT_BUF2, STREAM + 5 * PAGE);
	assert_int_equal(run(machine, &fault), AGX_GPU_FAULTED);
	assert_int_equal(fault.level, 3);
	set(machine, AGX_REG_COMPUTE_PREEMPT_BUF2, NOWHERE);
	assert_int_equal(run(machine, &fault), AGX_GPU_FAULTED);
	assert_int_equal(fault.level, 1);
	set(machine, AGX_REG_COMPUTE_PREEMPT_BUF2, BUFFER);
	at = entry(machine, BUFFER);
	*at &= ~AGX_UAT_AF;
	assert_int_equal(run(machine, &fault), AGX_GPU_FAULTED);
	assert_int_equal(fault.reason, AGX_FAULT_REASON_AF);
	machine->work.context = 10;
	assert_int_equal(run(machine, &fault), AGX_GPU_FAULTED);
	assert_int_equal(fault.context, 10);
	assert_int_equal(fault.level, 0);
	tear_down(machine);
}

static void test_vertex_buffer(void **state)
{
	struct machine *machine = set_up();
	uint32_t *list;

	begin(machine, AGX_GPU_VERTEX);
	list = map(machine, 0x7008000000, 1, GPU_RW);
	map(machine, 0x7010000000, 2, GPU_RW);
	list[0] = 0x7010000000 >> 15;
	list[1] = NOWHERE >> 15; /* between first and last: not looked at */
	list[2] = 0x7010000000 >> 15;
	machine->work.tvb = (struct agx_gpu_tvb){0x7008000000, 3};
	assert_idle(machine);
	list[2] = NOWHERE >> 15;
	assert_fault(machine, NOWHERE, AGX_FAULT_REASON_UNMAPPED, true);
	machine->work.tvb.page_count = 1;
	assert_idle(machine);
	machine->work.tvb.page_list = NOWHERE;
	assert_fault(machine, NOWHERE, AGX_FAULT_REASON_UNMAPPED, true);
	tear_down(machine);
}

static void test_vdm_streams(void **state)
{
	struct machine *machine = set_up();

	begin(machine, AGX_GPU_VERTEX);
	/*
	 * A barrier, a record of 5 words, a state of five words padded to eight bytes, an indexed
	 * draw with buffer, count, instances, start and buffer size, an indirect draw, the end.
	 */
	PUT(machine, STREAM, 0x20000008, 0x00000501, 0x00200000, 0x4000002e, 0x0, 0x40, 0x1010, 0x0,
	    0x0, 0x61f20601, 0x00300000, 3, 1, 0, 64, 0x64000600, 1, 0x00300000, 0xc0000000);
	assert_idle(machine);
	assert_int_equal(machine->complaints, 0);

	/* The record is nowhere. */
	words(machine, STREAM)[2] = 0x90000000;
	assert_fault(machine, 0x190000000, AGX_FAULT_REASON_UNMAPPED, true);
	words(machine, STREAM)[2] = 0x00200000;
	/* The vertex program is. */
	words(machine, STREAM)[5] = 0x30000040;
	assert_fault(machine, USC + 0x30000040, AGX_FAULT_REASON_UNMAPPED, true);
	words(machine, STREAM)[5] = 0x40;
	/* No block of this type. */
	words(machine, STREAM)[9] = 0xe0000000;
	assert_idle(machine);
	assert_int_equal(machine->complaints, 1);
	assert_true(machine->complained_at == STREAM + 36);
	/* Nothing written yet. */
	memset(words(machine, STREAM), 0, 64);
	assert_idle(machine);
	assert_int_equal(machine->complaints, 2);
	tear_down(machine);
}

static void test_links(void **state)
{
	struct machine *machine = set_up();

	map(machine, MORE, 1, GPU_RO);
	begin(machine, AGX_GPU_VERTEX);
	/* A call, then a jump to what a program writes later: neither zeros nor nonsense count. */
	PUT(machine, STREAM, 0x90000001, 0x00100000, 0x80000001, 0x00100100);
	PUT(machine, MORE, 0x28000000); /* return */
	assert_idle(machine);
	memset(words(machine, MORE + 0x100), 0xff, 16);
	assert_idle(machine);
	PUT(machine, MORE + 0x100, 0x00000501, 0x90000000, 0xc0000000);
	assert_idle(machine);
	assert_int_equal(machine->complaints, 0);
	/* But the target must be there. */
	words(machine, STREAM)[3] = 0x90000000;
	assert_fault(machine, 0x190000000, AGX_FAULT_REASON_UNMAPPED, true);
	/* A loop, and calls without return, end. */
	PUT(machine, STREAM, 0x80000001, 0x00000000);
	assert_idle(machine);
	PUT(machine, STREAM, 0x90000001, 0x00000000);
	assert_idle(machine);
	PUT(machine, STREAM, 0x28000000); /* return from nothing */
	assert_idle(machine);
	tear_down(machine);
}

static void test_cdm_streams(void **state)
{
	struct machine *machine = set_up();

	begin(machine, AGX_GPU_COMPUTE);
	/* The example of a real driver, then an indirect launch, and the end. */
	PUT(machine, STREAM + 0x1000, 0x00001212, 0x00000000, 4, 4, 1, 0x20, 1, 1, 0x600fffff,
	    0x08001212, 0x40, 1, 0x00300000, 0x20, 1, 1, 0x600fffff, 0x10001212, 0x80, 1,
	    0x00300000, 0x40000000, 0);
	assert_idle(machine);
	assert_int_equal(machine->complaints, 0);
	words(machine, STREAM + 0x1000)[18] = 0x30000000; /* program of the last launch */
	assert_fault(machine, USC + 0x30000000, AGX_FAULT_REASON_UNMAPPED, true);
	/* G14X has eight bytes more. */
	PUT(machine, STREAM + 0x1000, 0x00001212, 0x40, 0, 0x40000000, 4, 4, 1, 0x20, 1, 1,
	    0x600fffff, 0x08001212, 0x40, 0, 0x40000000, 1, 0x00300000, 0x20, 1, 1, 0x40000000, 0);
	assert_idle(machine);
	assert_int_equal(machine->complaints, 0);
	PUT(machine, STREAM + 0x1000, 0xe0000000);
	assert_idle(machine);
	assert_int_equal(machine->complaints, 1);
	machine->config.g14x = true;
	start_gpu(machine);
	set(machine, AGX_REG_CDM_CTRL_STREAM_BASE, NOWHERE);
	{
		struct agx_gpu_fault fault = {0};

		assert_int_equal(run(machine, &fault), AGX_GPU_FAULTED);
		assert_int_equal(fault.unit_code, 0xd0);
	}
	tear_down(machine);
}

/* Walks end on whatever memory holds, and inside mapped pages. */
static void test_random_streams(void **state)
{
	struct machine *machine = set_up();
	uint64_t seed = 88172645463325252ull;

	for (unsigned int round = 0; round < 3000; round++) {
		struct agx_gpu_fault fault = {0};
		uint32_t *at = words(machine, STREAM);

		begin(machine, round & 1 ? AGX_GPU_VERTEX : AGX_GPU_COMPUTE);
		set(machine,
		    round & 1 ? AGX_REG_VDM_CTRL_STREAM_BASE : AGX_REG_CDM_CTRL_STREAM_BASE,
		    STREAM + 2 * PAGE - 4 * (round % 200) - round % 3);
		for (unsigned int i = 0; i < 2 * PAGE / 4; i += round % 7 + 1) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			at[i] = (uint32_t)seed;
		}
		run(machine, &fault);
	}
	tear_down(machine);
}

static void test_busy_and_overflow(void **state)
{
	struct machine *machine = set_up();
	struct agx_gpu_fault fault;
	struct agx_gpu_tvb tvb = {0, 0};

	machine->config.busy_polls = 2;
	machine->config.overflows = 2;
	start_gpu(machine);
	map(machine, 0x7008000000, 1, GPU_RW);
	begin(machine, AGX_GPU_VERTEX);
	words(machine, 0x7008000000)[0] = BUFFER >> 15;
	machine->work.tvb = (struct agx_gpu_tvb){0x7008000000, 1};
	assert_int_equal(run(machine, &fault), AGX_GPU_BUSY);
	assert_int_equal(agx_null_gpu_ops.state(machine->gpu, AGX_GPU_VERTEX, &fault),
			 AGX_GPU_BUSY);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(agx_null_gpu_ops.state(machine->gpu, AGX_GPU_VERTEX, &fault),
				 AGX_GPU_OVERFLOW);
		assert_int_equal(agx_null_gpu_ops.tvb_pages(machine->gpu), i + 1);
		tvb.page_count = 2;
		agx_null_gpu_ops.resume(machine->gpu, &tvb);
		assert_int_equal(agx_null_gpu_ops.state(machine->gpu, AGX_GPU_VERTEX, &fault),
				 AGX_GPU_BUSY);
		assert_int_equal(agx_null_gpu_ops.state(machine->gpu, AGX_GPU_VERTEX, &fault),
				 AGX_GPU_BUSY);
	}
	assert_int_equal(agx_null_gpu_ops.state(machine->gpu, AGX_GPU_VERTEX, &fault),
			 AGX_GPU_IDLE);
	/* The fragment unit never overflows, and runs beside. */
	begin(machine, AGX_GPU_FRAGMENT);
	assert_int_equal(run(machine, &fault), AGX_GPU_BUSY);
	agx_null_gpu_ops.stop(machine->gpu, AGX_GPU_FRAGMENT);
	assert_int_equal(agx_null_gpu_ops.state(machine->gpu, AGX_GPU_FRAGMENT, &fault),
			 AGX_GPU_IDLE);
	tear_down(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idle_at_once),      cmocka_unit_test(test_bad_addresses),
		cmocka_unit_test(test_depth_and_stencil), cmocka_unit_test(test_unused),
		cmocka_unit_test(test_level_and_context), cmocka_unit_test(test_vertex_buffer),
		cmocka_unit_test(test_vdm_streams),       cmocka_unit_test(test_links),
		cmocka_unit_test(test_cdm_streams),       cmocka_unit_test(test_random_streams),
		cmocka_unit_test(test_busy_and_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
