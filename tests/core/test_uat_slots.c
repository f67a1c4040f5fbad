// SPDX-License-Identifier: MIT
/* Contexts, their TTBAT entries, and the flush protocol. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "machine.h"

#define PAGE AGX_UAT_PAGE_SIZE

static void map_one(struct machine *machine, struct agx_uat_vm *vm, uint64_t va, uint64_t pa,
		    enum agx_uat_prot prot)
{
	struct agx_uat_reserve reserve = {0};

	assert_int_equal(agx_uat_reserve(vm, va, PAGE, false, &reserve), 0);
	assert_int_equal(agx_uat_map(vm, &reserve, va, pa, PAGE, prot, 0), 0);
	agx_uat_reserve_release(machine->uat, &reserve);
}

static void start_fills_the_table_of_contexts(void **state)
{
	struct machine machine;
	unsigned int i;

	(void)state;
	machine_init(&machine, 16 << 20);
	memset(machine.config.ttbs, 0xa5, 64 * sizeof(*machine.config.ttbs));
	assert_int_equal(agx_uat_create(&machine.platform, &machine.config, &machine.uat), 0);
	assert_int_equal(machine.config.ttbs[0].ttb0, 0xa5a5a5a5a5a5a5a5);
	assert_int_equal(machine.tlbi_count, 0);
	assert_int_equal(agx_uat_start(machine.uat), 0);
	assert_int_equal(machine.config.ttbs[0].ttb0 & 1, 1);
	assert_int_equal(machine.config.ttbs[0].ttb0 >> 48, 0);
	assert_int_equal(machine.config.ttbs[0].ttb1, machine.config.kernel_table_pa | 1);
	for (i = 1; i < 64; i++) {
		assert_int_equal(machine.config.ttbs[i].ttb0, 0);
		assert_int_equal(machine.config.ttbs[i].ttb1, 0);
	}
	assert_int_equal(machine.last_op, AGX_TLBI_ALL);
	assert_false(machine.tlb_pending);
	/* It left the lock, and offered the turn. */
	assert_int_equal(machine.config.handoff->lock_ap, 0);
	assert_int_equal(machine.config.handoff->turn, 1);
	assert_int_equal(machine_finish(&machine), 0);
}

static void a_context_has_its_number_as_asid(void **state)
{
	struct agx_walk_result result;
	struct agx_uat_vm *vm, *other;
	struct machine machine;
	unsigned int shared;

	(void)state;
	for (shared = 0; shared < 2; shared++) {
		machine_start(&machine, 16 << 20, shared, false);
		assert_int_equal(agx_uat_vm_create(machine.uat, &other), 0);
		assert_int_equal(agx_uat_vm_create(machine.uat, &vm), 0);
		map_one(&machine, vm, PAGE, 0x812340000, AGX_UAT_GPU_SHARED_RW);
		map_one(&machine, agx_uat_kernel_vm(machine.uat), AGX_UAT_DRIVER_BASE, 0x855550000,
			AGX_UAT_GPU_FW_SHARED_RW);
		assert_int_equal(agx_uat_bind(other), 1);
		assert_int_equal(agx_uat_bind(vm), 2);
		assert_int_equal(machine.last_op, AGX_TLBI_ASID);
		assert_int_equal(machine.last_operand, 2ull << 48);
		assert_ptr_equal(agx_uat_slot_vm(machine.uat, 2), vm);
		assert_ptr_equal(agx_uat_slot_vm(machine.uat, 0), agx_uat_lower_vm(machine.uat));
		assert_null(agx_uat_slot_vm(machine.uat, 3));
		assert_null(agx_uat_slot_vm(machine.uat, 64));

		assert_true(
			agx_walk(&machine.walker, 2, AGX_WALK_GPU, PAGE, AGX_WALK_WRITE, &result));
		assert_int_equal(result.asid, 2);
		assert_int_equal(result.pa, 0x812340000);
		assert_false(agx_walk(&machine.walker, 1, AGX_WALK_GPU, PAGE, 0, &result));

		/* User contexts see the upper half on G14X only. */
		assert_int_equal(agx_walk(&machine.walker, 2, AGX_WALK_GPU, AGX_UAT_DRIVER_BASE,
					  AGX_WALK_WRITE, &result),
				 shared);
		assert_int_equal(result.fault, shared ? AGX_WALK_OK : AGX_WALK_NO_TABLE);
		assert_int_equal(result.asid, shared ? 2 : 0);

		agx_uat_unbind(vm);
		agx_uat_unbind(other);
		agx_uat_vm_destroy(vm);
		assert_false(agx_walk(&machine.walker, 2, AGX_WALK_GPU, PAGE, 0, &result));
		assert_int_equal(result.fault, AGX_WALK_NO_TABLE);
		assert_null(agx_uat_slot_vm(machine.uat, 2));
		agx_uat_vm_destroy(other);
		assert_int_equal(machine_finish(&machine), 0);
	}
}

static void contexts_stick_and_the_oldest_goes_first(void **state)
{
	struct agx_uat_vm *vms[64];
	struct machine machine;
	uint64_t before;
	unsigned int i;

	(void)state;
	machine_start(&machine, 16 << 20, false, false);
	agx_uat_set_slot_limit(machine.uat, 64);
	for (i = 0; i < 64; i++)
		assert_int_equal(agx_uat_vm_create(machine.uat, &vms[i]), 0);
	for (i = 0; i < 63; i++)
		assert_int_equal(agx_uat_bind(vms[i]), i + 1);
	assert_int_equal(agx_uat_bind(vms[63]), -EBUSY);
	assert_int_equal(agx_uat_bind(vms[5]), 6); /* nested */
	agx_uat_unbind(vms[5]);
	assert_int_equal(agx_uat_bind(vms[63]), -EBUSY);

	agx_uat_unbind(vms[20]);
	agx_uat_unbind(vms[10]);
	before = machine.tlbi_count;
	assert_int_equal(agx_uat_bind(vms[10]), 11); /* its old one, as it was */
	assert_int_equal(machine.tlbi_count, before);
	assert_int_equal(agx_uat_bind(vms[63]), 21); /* the only free one */
	assert_int_equal(machine.tlbi_count, before + 1);
	assert_int_equal(agx_uat_bind(vms[20]), -EBUSY);
	agx_uat_unbind(vms[30]);
	agx_uat_unbind(vms[40]);
	assert_int_equal(agx_uat_bind(vms[20]), 31); /* free the longest */
	assert_int_equal(agx_uat_bind(vms[30]), 41);

	agx_uat_unbind(vms[40]); /* not bound: logged */
	assert_int_equal(machine.logs, 1);
	assert_int_equal(agx_uat_bind(agx_uat_kernel_vm(machine.uat)), -EINVAL);
	assert_int_equal(agx_uat_bind(agx_uat_lower_vm(machine.uat)), -EINVAL);
	for (i = 0; i < 64; i++) {
		if (i != 40)
			agx_uat_unbind(vms[i]);
		agx_uat_vm_destroy(vms[i]);
	}
	assert_int_equal(machine.logs, 1);
	for (i = 0; i < 64; i++)
		assert_int_equal(machine.config.ttbs[i].ttb0 & 1, i == 0);
	machine_check_tlb(&machine);
	assert_int_equal(machine_finish(&machine), 0);
}

static void a_limit_of_one_isolates(void **state)
{
	struct agx_uat_vm *a, *b;
	struct machine machine;

	(void)state;
	machine_start(&machine, 16 << 20, false, false);
	assert_int_equal(agx_uat_vm_create(machine.uat, &a), 0);
	assert_int_equal(agx_uat_vm_create(machine.uat, &b), 0);
	assert_int_equal(agx_uat_bind(a), 1);
	assert_int_equal(agx_uat_bind(b), 2);
	agx_uat_unbind(a);
	agx_uat_unbind(b);
	agx_uat_set_slot_limit(machine.uat, 1);
	map_one(&machine, b, PAGE, 0x812340000, AGX_UAT_GPU_SHARED_RW);
	machine_touch(&machine, 2, PAGE);
	assert_int_equal(agx_uat_bind(b), 1); /* leaves context 2 empty */
	assert_int_equal(machine.config.ttbs[2].ttb0, 0);
	machine_check_tlb(&machine);
	assert_int_equal(agx_uat_bind(a), -EBUSY);
	agx_uat_unbind(b);
	assert_int_equal(agx_uat_bind(a), 1);
	agx_uat_unbind(a);
	agx_uat_set_slot_limit(machine.uat, 1000);
	agx_uat_vm_destroy(a);
	agx_uat_vm_destroy(b);
	assert_int_equal(machine_finish(&machine), 0);
}

static void a_vm_that_goes_in_use_leaves_its_context(void **state)
{
	struct agx_uat_vm *vm;
	struct machine machine;
	unsigned int i;

	(void)state;
	machine_start(&machine, 16 << 20, false, false);
	agx_uat_set_slot_limit(machine.uat, 1);
	for (i = 1; i < 4; i++) {
		assert_int_equal(agx_uat_vm_create(machine.uat, &vm), 0);
		map_one(&machine, vm, PAGE, 0x812340000, AGX_UAT_GPU_SHARED_RW);
		assert_int_equal(agx_uat_bind(vm), 1);
		machine_touch(&machine, 1, PAGE);
		agx_uat_vm_destroy(vm);
		machine_check_tlb(&machine);
		assert_int_equal(machine.logs, i);
	}
	assert_int_equal(machine_finish(&machine), 0);
}

static void what_was_mapped_before_start_stays(void **state)
{
	struct agx_walk_result result;
	struct machine machine;

	(void)state;
	machine_init(&machine, 16 << 20);
	assert_int_equal(agx_uat_create(&machine.platform, &machine.config, &machine.uat), 0);
	map_one(&machine, agx_uat_kernel_vm(machine.uat), AGX_UAT_DRIVER_BASE, 0x812340000,
		AGX_UAT_FW_SHARED_RW);
	assert_int_equal(agx_uat_start(machine.uat), 0);
	assert_true(agx_walk(&machine.walker, 0, AGX_WALK_FIRMWARE, AGX_UAT_DRIVER_BASE + 5, 3,
			     &result));
	assert_int_equal(result.pa, 0x812340005);
	map_one(&machine, agx_uat_lower_vm(machine.uat), 0x2000000000, 0x812340000,
		AGX_UAT_GPU_SHARED_RW);
	machine_touch(&machine, 0, 0x2000000000);
	assert_int_equal(agx_uat_unmap(agx_uat_lower_vm(machine.uat), 0x2000000000, PAGE), 0);
	machine_check_tlb(&machine);

	/* The end: the lock is free, and context 0 has no tables that are not the firmware's. */
	agx_uat_destroy(machine.uat);
	machine.uat = NULL;
	assert_int_equal(machine.config.handoff->lock_ap, 0);
	assert_int_equal(machine.config.handoff->turn, 1);
	assert_int_equal(machine.config.ttbs[0].ttb0, 0);
	assert_int_equal(machine.config.ttbs[0].ttb1, machine.config.kernel_table_pa | 1);
	assert_int_equal(machine.config.kernel_table[AGX_UAT_DRIVER_L1_INDEX], 0);
	assert_int_equal(machine.last_op, AGX_TLBI_ALL);
	machine_check_tlb(&machine);
	assert_int_equal(machine_finish(&machine), 0);
}

static void a_dead_firmware_does_not_keep_a_vm(void **state)
{
	struct agx_uat_vm *a, *b;
	struct machine machine;

	(void)state;
	machine_start(&machine, 16 << 20, false, false);
	assert_int_equal(agx_uat_vm_create(machine.uat, &a), 0);
	assert_int_equal(agx_uat_vm_create(machine.uat, &b), 0);
	map_one(&machine, a, PAGE, 0x812340000, AGX_UAT_GPU_SHARED_RW);
	assert_int_equal(agx_uat_bind(a), 1);
	machine_touch(&machine, 1, PAGE);
	machine.config.handoff->lock_fw = 1;
	assert_int_equal(agx_uat_bind(b), -ETIMEDOUT);
	assert_int_equal(machine.config.ttbs[2].ttb0, 0);
	agx_uat_unbind(a);
	agx_uat_vm_destroy(a);
	assert_int_equal(machine.config.ttbs[1].ttb0, 0);
	machine_check_tlb(&machine);
	agx_uat_vm_destroy(b);
	assert_int_equal(machine_finish(&machine), 0);
}

/* The firmware's part of a flush: it can reach the range, which is not cached any more. */
static void firmware_flushes(struct machine *machine, unsigned int context,
			     const struct agx_uat_flush_msg *msg)
{
	struct agx_handoff_record *record = &machine->config.handoff->flush[msg->slot];
	struct agx_walk_result result;

	assert_int_equal(record->state, AGX_HANDOFF_FLUSH_REQUESTED);
	assert_int_equal(record->addr, msg->addr);
	assert_int_equal(record->size, msg->page_count * PAGE);
	assert_true(agx_walk(&machine->walker, context, AGX_WALK_FIRMWARE, msg->addr,
			     AGX_WALK_WRITE, &result));
	assert_int_equal(result.type, AGX_UAT_ATTR_SHARED);
	machine_check_tlb(machine);
	record->state = AGX_HANDOFF_FLUSH_DONE;
}

static void private_memory_is_flushed_before_it_goes(void **state)
{
	const uint64_t base = AGX_UAT_DRIVER_BASE, size = 0x23456 * PAGE;
	struct agx_uat_reserve reserve = {0};
	struct agx_uat_flush flush, second;
	struct agx_uat_flush_msg msg;
	struct machine machine;
	struct agx_uat_vm *vm;
	unsigned int messages = 0;
	uint64_t pages = 0;

	(void)state;
	machine_start(&machine, 16 << 20, false, false);
	vm = agx_uat_kernel_vm(machine.uat);
	assert_int_equal(agx_uat_reserve(vm, base, size, false, &reserve), 0);
	assert_int_equal(
		agx_uat_map(vm, &reserve, base, 0x800000000, size, AGX_UAT_GPU_RO_FW_PRIV_RW, 0),
		0);
	machine_touch(&machine, 0, base);
	assert_int_equal(agx_uat_flush_begin(vm, base, size, &flush), 0);
	assert_int_equal(agx_uat_flush_begin(vm, base, PAGE, &second), -EBUSY);
	while (agx_uat_flush_next(&flush, &msg)) {
		assert_int_equal(msg.slot, AGX_HANDOFF_RECORD_KERNEL);
		assert_int_equal(msg.addr, base + pages * PAGE);
		pages += msg.page_count;
		messages++;
		firmware_flushes(&machine, 0, &msg);
		assert_int_equal(agx_uat_flush_done(&flush), 0);
		assert_int_equal(machine.config.handoff->flush[64].state, 0);
	}
	assert_int_equal(pages, size / PAGE);
	assert_int_equal(messages, 3);
	assert_int_equal(agx_uat_unmap(vm, base, size), 0);
	machine_check_tlb(&machine);

	/* Nothing private there: nothing to do. */
	assert_int_equal(agx_uat_flush_begin(vm, base, PAGE, &flush), 0);
	assert_int_equal(agx_uat_flush_next(&flush, &msg), 0);
	map_one(&machine, vm, base, 0x800000000, AGX_UAT_FW_SHARED_RW);
	assert_int_equal(agx_uat_flush_begin(vm, base, PAGE, &flush), 0);
	assert_int_equal(agx_uat_flush_next(&flush, &msg), 0);
	assert_int_equal(agx_uat_flush_begin(vm, 0, PAGE, &flush), -EINVAL);
	assert_int_equal(machine.logs, 0);
	assert_int_equal(machine_finish(&machine), 0);
}

static void a_user_context_is_flushed_only_in_use(void **state)
{
	struct agx_uat_flush flush;
	struct agx_uat_flush_msg msg;
	struct agx_uat_vm *vm;
	struct machine machine;

	(void)state;
	machine_start(&machine, 16 << 20, false, false);
	assert_int_equal(agx_uat_vm_create(machine.uat, &vm), 0);

	/* Never had a context. */
	map_one(&machine, vm, PAGE, 0x800000000, AGX_UAT_GPU_FW_PRIV_RW);
	assert_int_equal(agx_uat_flush_begin(vm, PAGE, PAGE, &flush), 0);
	assert_int_equal(agx_uat_flush_next(&flush, &msg), 0);

	/* Has one, but the firmware works in another, or in none. */
	assert_int_equal(agx_uat_bind(vm), 1);
	machine.config.handoff->cur_slot = 2;
	map_one(&machine, vm, PAGE, 0x800000000, AGX_UAT_GPU_FW_PRIV_RW);
	assert_int_equal(agx_uat_flush_begin(vm, PAGE, PAGE, &flush), 0);
	assert_int_equal(agx_uat_flush_next(&flush, &msg), 0);
	machine.config.handoff->cur_slot = 0xffffffff;
	map_one(&machine, vm, PAGE, 0x800000000, AGX_UAT_GPU_FW_PRIV_RW);
	assert_int_equal(agx_uat_flush_begin(vm, PAGE, PAGE, &flush), 0);
	assert_int_equal(agx_uat_flush_next(&flush, &msg), 0);

	/* In use. */
	machine.config.handoff->cur_slot = 1;
	map_one(&machine, vm, PAGE, 0x800000000, AGX_UAT_GPU_FW_PRIV_RW);
	assert_int_equal(agx_uat_flush_begin(vm, PAGE, PAGE, &flush), 0);
	assert_int_equal(agx_uat_flush_next(&flush, &msg), 1);
	assert_int_equal(msg.slot, 1);
	assert_int_equal(msg.page_count, 1);
	firmware_flushes(&machine, 1, &msg);
	assert_int_equal(agx_uat_flush_done(&flush), 0);
	assert_int_equal(agx_uat_flush_next(&flush, &msg), 0);

	/* The firmware took the message, and did not do it. */
	map_one(&machine, vm, PAGE, 0x800000000, AGX_UAT_GPU_FW_PRIV_RW);
	assert_int_equal(agx_uat_flush_begin(vm, PAGE, PAGE, &flush), 0);
	assert_int_equal(agx_uat_flush_next(&flush, &msg), 1);
	assert_int_equal(agx_uat_flush_done(&flush), -EIO);
	assert_int_equal(machine.logs, 1);
	agx_uat_flush_abort(&flush);

	/* It died. The record is free again. */
	map_one(&machine, vm, PAGE, 0x800000000, AGX_UAT_GPU_FW_PRIV_RW);
	assert_int_equal(agx_uat_flush_begin(vm, PAGE, PAGE, &flush), 0);
	assert_int_equal(agx_uat_flush_next(&flush, &msg), 1);
	agx_uat_flush_abort(&flush);
	assert_int_equal(machine.config.handoff->flush[1].state, 0);
	map_one(&machine, vm, PAGE, 0x800000000, AGX_UAT_GPU_FW_PRIV_RW);
	assert_int_equal(agx_uat_flush_begin(vm, PAGE, PAGE, &flush), 0);
	agx_uat_flush_abort(&flush);

	/* Reassigning the context that the firmware uses is worth a line in the log. */
	agx_uat_unbind(vm);
	agx_uat_vm_destroy(vm);
	assert_int_equal(machine.logs, 2);
	assert_int_equal(machine_finish(&machine), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_fills_the_table_of_contexts),
		cmocka_unit_test(a_context_has_its_number_as_asid),
		cmocka_unit_test(contexts_stick_and_the_oldest_goes_first),
		cmocka_unit_test(a_limit_of_one_isolates),
		cmocka_unit_test(a_vm_that_goes_in_use_leaves_its_context),
		cmocka_unit_test(what_was_mapped_before_start_stays),
		cmocka_unit_test(a_dead_firmware_does_not_keep_a_vm),
		cmocka_unit_test(private_memory_is_flushed_before_it_goes),
		cmocka_unit_test(a_user_context_is_flushed_only_in_use),
	};

	return cmocka_run_group_tests_name("uat-slots", tests, NULL, NULL);
}
