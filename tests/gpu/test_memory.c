// SPDX-License-Identifier: MIT
/* The GPU's memory as one thread sees it: translation, rights, faults, flushes. */
#include "memory_machine.h"

#define VA    0x1000000000ull
#define PAGE  MACHINE_PAGE
#define OTHER (VA + AGX_TLB_ENTRIES * PAGE) /* shares VA's entry of the TLB */

struct fixture {
	struct memory_machine machine;
	struct agx_memory memory;
	unsigned int written;
	uint64_t last_written;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	machine_init(&f->machine);
	agx_memory_init(&f->memory, &f->machine.walker);
	agx_memory_start(&f->memory, MACHINE_CONTEXT, false);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	machine_finish(&f->machine);
	free(f);
	return 0;
}

static void reads_and_writes_reach_the_page(void **state)
{
	struct fixture *f = *state;
	uint8_t *page = machine_map(&f->machine, VA, MACHINE_RW);
	uint32_t value = 0x11223344;

	assert_true(agx_memory_write(&f->memory, VA + 8, &value, 4));
	assert_memory_equal(page + 8, &value, 4);
	value = 0;
	assert_true(agx_memory_read(&f->memory, VA + 8, &value, 4));
	assert_int_equal(value, 0x11223344);
	/* Only 40 bits of an address count. */
	value = 0;
	assert_true(agx_memory_read(&f->memory, VA + 8 + (0x5aull << 40), &value, 4));
	assert_int_equal(value, 0x11223344);
	assert_ptr_equal(agx_memory_translate(&f->memory, VA + 9, AGX_ACCESS_ATOMIC), page + 9);
}

static void a_hit_does_not_walk(void **state)
{
	struct fixture *f = *state;
	uint32_t value;

	machine_map(&f->machine, VA, MACHINE_RW);
	for (unsigned int i = 0; i < 100; i++)
		assert_true(agx_memory_read(&f->memory, VA + 4 * i, &value, 4));
	assert_int_equal(f->memory.misses, 1);
	/* The first write asks again. */
	for (unsigned int i = 0; i < 100; i++)
		assert_true(agx_memory_write(&f->memory, VA + 4 * i, &value, 4));
	assert_int_equal(f->memory.misses, 2);
	assert_true(agx_memory_read(&f->memory, VA, &value, 4));
	assert_int_equal(f->memory.misses, 2);
}

static void pages_that_share_an_entry_are_told_apart(void **state)
{
	struct fixture *f = *state;
	uint8_t *a = machine_map(&f->machine, VA, MACHINE_RW);
	uint8_t *b = machine_map(&f->machine, OTHER, MACHINE_RO);

	for (unsigned int i = 0; i < 4; i++) {
		assert_ptr_equal(agx_memory_translate(&f->memory, VA, AGX_ACCESS_READ), a);
		assert_ptr_equal(agx_memory_translate(&f->memory, OTHER, AGX_ACCESS_READ), b);
		assert_ptr_equal(agx_memory_translate(&f->memory, VA, AGX_ACCESS_WRITE), a);
	}
	assert_null(agx_memory_page(&f->memory, OTHER, true));
	assert_false(f->memory.faulted);
	assert_ptr_equal(agx_memory_page(&f->memory, OTHER + 5, false), b + 5);
}

static void copies_cross_pages(void **state)
{
	struct fixture *f = *state;
	/* Neighbours in addresses, not in memory. */
	uint8_t *second = machine_map(&f->machine, VA + PAGE, MACHINE_RW);
	uint8_t *first = machine_map(&f->machine, VA, MACHINE_RW);
	uint8_t data[300], back[300];

	for (unsigned int i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	assert_true(agx_memory_write(&f->memory, VA + PAGE - 100, data, sizeof(data)));
	assert_memory_equal(first + PAGE - 100, data, 100);
	assert_memory_equal(second, data + 100, 200);
	assert_true(agx_memory_read(&f->memory, VA + PAGE - 100, back, sizeof(back)));
	assert_memory_equal(back, data, sizeof(data));
}

static void a_flush_forgets(void **state)
{
	struct fixture *f = *state;
	uint8_t *page = machine_map(&f->machine, VA, MACHINE_RW);
	uint8_t *other;

	assert_ptr_equal(agx_memory_translate(&f->memory, VA, AGX_ACCESS_READ), page);
	other = machine_map(&f->machine, VA, MACHINE_RW);
	/* As in hardware: until then the old translation holds. */
	assert_ptr_equal(agx_memory_translate(&f->memory, VA, AGX_ACCESS_READ), page);
	agx_memory_flush(&f->memory);
	assert_ptr_equal(agx_memory_translate(&f->memory, VA, AGX_ACCESS_READ), other);
	*machine_entry(&f->machine, VA) = 0;
	agx_memory_flush(&f->memory);
	assert_null(agx_memory_translate(&f->memory, VA, AGX_ACCESS_READ));
	assert_true(f->memory.faulted);
}

static void generations_start_again(void **state)
{
	struct fixture *f = *state;
	uint8_t *page = machine_map(&f->machine, VA, MACHINE_RW), *other;

	assert_ptr_equal(agx_memory_translate(&f->memory, VA, AGX_ACCESS_READ), page);
	other = machine_map(&f->machine, VA, MACHINE_RW);
	/* The first generation comes again, and must not find its old entries. */
	f->memory.generation = 0 - (1ull << AGX_MEMORY_PAGE_BITS);
	agx_memory_flush(&f->memory);
	assert_int_equal(f->memory.generation, 1ull << AGX_MEMORY_PAGE_BITS);
	assert_ptr_equal(agx_memory_translate(&f->memory, VA, AGX_ACCESS_READ), other);
}

static void contexts_are_apart(void **state)
{
	struct fixture *f = *state;

	machine_map(&f->machine, VA, MACHINE_RW);
	assert_non_null(agx_memory_translate(&f->memory, VA, AGX_ACCESS_READ));
	agx_memory_start(&f->memory, MACHINE_CONTEXT + 1, true);
	assert_null(agx_memory_translate(&f->memory, VA, AGX_ACCESS_READ));
	assert_false(f->memory.faulted);
}

static void expect_fault(struct fixture *f, uint64_t va, enum agx_access access,
			 unsigned int reason, bool read, unsigned int level)
{
	struct agx_gpu_fault fault;

	agx_memory_start(&f->memory, MACHINE_CONTEXT, f->memory.soft_faults);
	assert_null(agx_memory_translate(&f->memory, va, access));
	assert_true(f->memory.faulted);
	agx_memory_fault(&f->memory, "test", &fault);
	assert_true(fault.address == (va & ((1ull << 40) - 1)));
	assert_int_equal(fault.context, MACHINE_CONTEXT);
	assert_int_equal(fault.reason, reason);
	assert_int_equal(fault.read, read);
	assert_int_equal(fault.level, level);
	assert_int_equal(fault.unit_code, 1); /* UL1C of the first cluster: sgx.h */
	assert_string_equal(fault.what, "test");
}

static void faults_have_the_hardware_form(void **state)
{
	struct fixture *f = *state;

	machine_map(&f->machine, VA, MACHINE_RO);
	machine_map(&f->machine, VA + PAGE, MACHINE_WO);
	machine_map(&f->machine, VA + 2 * PAGE, MACHINE_NO);
	machine_map(&f->machine, VA + 3 * PAGE, MACHINE_RW);
	*machine_entry(&f->machine, VA + 3 * PAGE) &= ~AGX_UAT_AF;

	expect_fault(f, VA + 4, AGX_ACCESS_WRITE, AGX_FAULT_REASON_READ_ONLY, false, 3);
	expect_fault(f, VA + 4, AGX_ACCESS_ATOMIC, AGX_FAULT_REASON_READ_ONLY, false, 3);
	expect_fault(f, VA + PAGE, AGX_ACCESS_READ, AGX_FAULT_REASON_WRITE_ONLY, true, 3);
	expect_fault(f, VA + PAGE, AGX_ACCESS_ATOMIC, AGX_FAULT_REASON_WRITE_ONLY, true, 3);
	expect_fault(f, VA + 2 * PAGE, AGX_ACCESS_READ, AGX_FAULT_REASON_NO_ACCESS, true, 3);
	expect_fault(f, VA + 2 * PAGE, AGX_ACCESS_WRITE, AGX_FAULT_REASON_NO_ACCESS, false, 3);
	expect_fault(f, VA + 3 * PAGE, AGX_ACCESS_READ, AGX_FAULT_REASON_AF, true, 3);
	expect_fault(f, VA + 4 * PAGE, AGX_ACCESS_READ, AGX_FAULT_REASON_UNMAPPED, true, 3);
	expect_fault(f, 0x3000000000ull, AGX_ACCESS_WRITE, AGX_FAULT_REASON_UNMAPPED, false, 1);
	expect_fault(f, 1ull << 39 | 64, AGX_ACCESS_READ, AGX_FAULT_REASON_UNMAPPED, true, 0);

	/* With soft faults all but what is not mapped are still faults. */
	f->memory.soft_faults = true;
	expect_fault(f, VA + 4, AGX_ACCESS_WRITE, AGX_FAULT_REASON_READ_ONLY, false, 3);
	expect_fault(f, VA + 2 * PAGE, AGX_ACCESS_READ, AGX_FAULT_REASON_NO_ACCESS, true, 3);
	expect_fault(f, VA + 3 * PAGE, AGX_ACCESS_READ, AGX_FAULT_REASON_AF, true, 3);
}

static void the_first_fault_stays(void **state)
{
	struct fixture *f = *state;
	uint32_t value = 0;

	machine_map(&f->machine, VA, MACHINE_RO);
	assert_false(agx_memory_write(&f->memory, VA + 12, &value, 4));
	assert_false(agx_memory_read(&f->memory, 0x3000000000ull, &value, 4));
	assert_true(f->memory.fault_address == VA + 12);
	agx_memory_start(&f->memory, MACHINE_CONTEXT, false);
	assert_false(f->memory.faulted);
}

static void a_right_that_is_remembered_gives_no_other(void **state)
{
	struct fixture *f = *state;

	machine_map(&f->machine, VA, MACHINE_WO);
	assert_non_null(agx_memory_translate(&f->memory, VA, AGX_ACCESS_WRITE));
	assert_null(agx_memory_translate(&f->memory, VA, AGX_ACCESS_READ));
	agx_memory_start(&f->memory, MACHINE_CONTEXT, false);
	assert_non_null(agx_memory_translate(&f->memory, VA, AGX_ACCESS_WRITE));
	assert_null(agx_memory_translate(&f->memory, VA, AGX_ACCESS_ATOMIC));
}

static void soft_faults_read_zero_and_drop(void **state)
{
	struct fixture *f = *state;
	uint8_t *page = machine_map(&f->machine, VA, MACHINE_RW);
	uint8_t data[16];

	agx_memory_start(&f->memory, MACHINE_CONTEXT, true);
	memset(page, 0x55, PAGE);
	memset(data, 0xaa, sizeof(data));
	assert_true(agx_memory_read(&f->memory, VA + PAGE - 8, data, 16));
	for (unsigned int i = 0; i < 16; i++)
		assert_int_equal(data[i], i < 8 ? 0x55 : 0);
	memset(data, 0x11, sizeof(data));
	assert_true(agx_memory_write(&f->memory, VA + PAGE - 8, data, 16));
	assert_int_equal(page[PAGE - 1], 0x11);
	assert_true(agx_memory_read(&f->memory, 0, data, 16));
	assert_int_equal(f->memory.soft_loads, 2);
	assert_int_equal(f->memory.soft_stores, 1);
	assert_false(f->memory.faulted);
}

static void memory_outside_of_ram_faults(void **state)
{
	struct fixture *f = *state;

	machine_map_to(&f->machine, VA, 0x200000000ull, MACHINE_RW);
	expect_fault(f, VA, AGX_ACCESS_READ, AGX_FAULT_REASON_UNMAPPED, true, 3);
	f->memory.soft_faults = true;
	expect_fault(f, VA, AGX_ACCESS_READ, AGX_FAULT_REASON_UNMAPPED, true, 3);
}

static void on_written(void *cookie, uint32_t context, uint64_t address, uint64_t pa,
		       const uint8_t *page)
{
	struct fixture *f = cookie;

	assert_int_equal(context, MACHINE_CONTEXT);
	assert_non_null(page);
	assert_true(pa % PAGE == 0);
	f->written++;
	f->last_written = address;
}

static void written_pages_are_told(void **state)
{
	struct fixture *f = *state;
	uint32_t value = 1;

	machine_map(&f->machine, VA, MACHINE_RW);
	machine_map(&f->machine, VA + PAGE, MACHINE_RW);
	machine_map(&f->machine, OTHER, MACHINE_RW);
	f->memory.written = on_written;
	f->memory.written_cookie = f;
	assert_true(agx_memory_read(&f->memory, VA, &value, 4));
	assert_int_equal(f->written, 0);
	for (unsigned int i = 0; i < 10; i++)
		assert_true(agx_memory_write(&f->memory, VA + 4 * i, &value, 4));
	assert_int_equal(f->written, 1);
	assert_true(f->last_written == VA);
	assert_non_null(agx_memory_translate(&f->memory, VA + PAGE + 4, AGX_ACCESS_ATOMIC));
	assert_int_equal(f->written, 2);
	assert_true(f->last_written == VA + PAGE);
	/* Forgotten in between: told again. */
	assert_true(agx_memory_read(&f->memory, OTHER, &value, 4));
	assert_true(agx_memory_write(&f->memory, VA, &value, 4));
	assert_int_equal(f->written, 3);
	agx_memory_flush(&f->memory);
	assert_true(agx_memory_write(&f->memory, VA, &value, 4));
	assert_int_equal(f->written, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_and_writes_reach_the_page, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_hit_does_not_walk, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pages_that_share_an_entry_are_told_apart, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(copies_cross_pages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_flush_forgets, set_up, tear_down),
		cmocka_unit_test_setup_teardown(generations_start_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(contexts_are_apart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(faults_have_the_hardware_form, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_first_fault_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_right_that_is_remembered_gives_no_other, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(soft_faults_read_zero_and_drop, set_up, tear_down),
		cmocka_unit_test_setup_teardown(memory_outside_of_ram_faults, set_up, tear_down),
		cmocka_unit_test_setup_teardown(written_pages_are_told, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
