// SPDX-License-Identifier: MIT
/*
 * What a home in a kernel needs beyond a process: RTKit outside of the core, memory before the start,
 * an end while clients still hold on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agx_work.h"
#include "core_fixture.h"

#define KERNEL_START 0x7000000000ull
#define KERNEL_END   (KERNEL_START + AGX_VM_KERNEL_MIN_SIZE)

static struct fixture *make(const char *name, bool external)
{
	struct fixture *fixture = malloc(sizeof(*fixture));
	const struct agx_soc *soc = agx_soc_find(name);

	assert_non_null(fixture);
	fixture_init(fixture, soc, agx_soc_firmware(soc, 0));
	fixture->config.external_rtkit = external;
	assert_int_equal(fixture_create(fixture), 0);
	return fixture;
}

static void done(struct fixture *fixture)
{
	assert_int_equal(fixture_finish(fixture), 0);
	free(fixture);
}

static void boot_external(struct fixture *fixture)
{
	assert_int_equal(agx_core_start(fixture->core), 0);
	fixture_handoff(fixture);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_STARTING);
	assert_int_equal(agx_core_rtkit_running(fixture->core), 0);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_READY);
}

/* --- RTKit outside --- */

/* The core sends nothing before RTKit runs, and then to its own endpoints only. */
static void external_start_sends_to_two_endpoints(void **state)
{
	struct fixture *fixture = make("t6000", true);
	unsigned int i;

	assert_int_equal(agx_core_start(fixture->core), 0);
	fixture_handoff(fixture);
	assert_int_equal(fixture->sent_count, 0);
	assert_int_equal(agx_core_rtkit_running(fixture->core), 0);
	assert_true(fixture->sent_count >= 3);
	for (i = 0; i < fixture->sent_count; i++)
		assert_true(fixture->sent[i].endpoint == AGX_EP_FIRMWARE ||
			    fixture->sent[i].endpoint == AGX_EP_DOORBELL);
	assert_int_equal(fixture_find(fixture, 0, AGX_EP_FIRMWARE, ~0ull << AGX_MSG_TYPE_SHIFT,
				      (uint64_t)AGX_MSG_INIT << AGX_MSG_TYPE_SHIFT),
			 0);
	done(fixture);
}

/* However long RTKit takes: its driver knows when to give up, and then says so. */
static void external_start_has_no_time_limit(void **state)
{
	struct fixture *fixture = make("t8103", true);

	assert_int_equal(agx_core_start(fixture->core), 0);
	fixture_handoff(fixture);
	fixture->machine.now += 100 * AGX_CORE_TIMEOUT_NS;
	assert_int_equal(agx_core_poll(fixture->core), UINT64_MAX);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_STARTING);
	agx_core_crash(fixture->core, "given up");
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_FAILED);
	assert_string_equal(agx_core_failure(fixture->core), "given up");
	assert_int_equal(agx_core_rtkit_running(fixture->core), -EINVAL);
	agx_core_stop(fixture->core);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_OFF);
	assert_false(fixture->running);
	done(fixture);
}

static void external_stop_waits_for_quiet(void **state)
{
	struct fixture *fixture = make("t8112", true);
	unsigned int sent, i;

	for (i = 0; i < 2; i++) {
		boot_external(fixture);
		sent = fixture->sent_count;
		assert_int_equal(agx_core_rtkit_quiet(fixture->core), -EINVAL);
		agx_core_stop(fixture->core);
		assert_int_equal(agx_core_state(fixture->core), AGX_CORE_STOPPING);
		fixture->machine.now += 100 * AGX_CORE_TIMEOUT_NS;
		agx_core_poll(fixture->core);
		assert_int_equal(agx_core_state(fixture->core), AGX_CORE_STOPPING);
		assert_int_equal(fixture->sent_count, sent);
		assert_true(fixture->running);
		assert_int_equal(agx_core_rtkit_quiet(fixture->core), 0);
		assert_int_equal(agx_core_state(fixture->core), AGX_CORE_OFF);
		assert_false(fixture->running);
	}
	done(fixture);
}

static void external_messages_are_drained(void **state)
{
	struct fixture *fixture = make("t6021", true);
	unsigned int logs;

	boot_external(fixture);
	fixture_event(fixture);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_READY);
	/* What is no EVENT is logged, and what is for RTKit too. */
	logs = fixture->machine.logs;
	agx_core_mailbox(fixture->core, AGX_EP_FIRMWARE, 1);
	agx_core_mailbox(fixture->core, AGX_EP_MANAGEMENT, 1ull << 52);
	assert_int_equal(fixture->machine.logs, logs + 2);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_READY);
	done(fixture);
}

static void external_buffers_are_mapped_until_off(void **state)
{
	struct fixture *fixture = make("t8103", true);
	struct agx_rtkit_buffer buffer;
	unsigned int i;

	assert_int_equal(agx_core_rtkit_buffer(fixture->core, 0x1000, &buffer), -EINVAL);
	assert_int_equal(agx_core_start(fixture->core), 0);
	fixture_handoff(fixture);
	assert_int_equal(agx_core_rtkit_buffer(fixture->core, 0, &buffer), -EINVAL);
	assert_int_equal(agx_core_rtkit_buffer(fixture->core, UINT64_MAX, &buffer), -ENOSPC);
	fixture->machine.fail_after = 1;
	assert_int_equal(agx_core_rtkit_buffer(fixture->core, 0x1000, &buffer), -ENOMEM);
	fixture->machine.fail_after = 0;
	for (i = 0; i < AGX_RTKIT_BUFFERS; i++) {
		assert_int_equal(agx_core_rtkit_buffer(fixture->core, 0x5000, &buffer), 0);
		assert_int_equal(buffer.size, 0x5000);
		memset(buffer.cpu, 0x11 * (int)i, buffer.size);
		assert_ptr_equal(fixture_at(fixture, AGX_WALK_FIRMWARE, buffer.va, buffer.size,
					    AGX_WALK_READ | AGX_WALK_WRITE),
				 buffer.cpu);
	}
	assert_int_equal(agx_core_rtkit_buffer(fixture->core, 0x1000, &buffer), -ENOSPC);
	assert_int_equal(agx_core_rtkit_running(fixture->core), 0);
	agx_core_stop(fixture->core);
	assert_int_equal(agx_core_rtkit_quiet(fixture->core), 0);
	assert_null(fixture_at(fixture, AGX_WALK_FIRMWARE, AGX_VA_RTKIT, 1, AGX_WALK_READ));
	done(fixture);
}

static void only_with_external_rtkit(void **state)
{
	struct fixture *fixture = make("t8103", false);
	struct agx_rtkit_buffer buffer;

	fixture_boot(fixture);
	assert_int_equal(agx_core_rtkit_running(fixture->core), -EINVAL);
	assert_int_equal(agx_core_rtkit_quiet(fixture->core), -EINVAL);
	assert_int_equal(agx_core_rtkit_buffer(fixture->core, 0x1000, &buffer), -EINVAL);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_READY);
	done(fixture);
}

/* --- Memory before the start --- */

static void after_prepare_a_start_needs_no_memory(void **state)
{
	struct fixture *fixture = make("t6022", true);

	assert_int_equal(agx_core_prepare(fixture->core), 0);
	fixture->machine.fail_after = 1;
	boot_external(fixture);
	assert_int_equal(agx_core_prepare(fixture->core), -EBUSY);
	fixture->machine.fail_after = 0;
	done(fixture);
}

/* Each repetition gets further, as heaps and tables keep what they have got. */
static void prepare_may_be_repeated(void **state)
{
	struct fixture *fixture = make("t8103", false);
	unsigned int failures = 0;
	uint64_t allowed;
	int err;

	for (allowed = 1; allowed < 1000; allowed++) {
		fixture->machine.fail_after = allowed;
		err = agx_core_prepare(fixture->core);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		failures++;
	}
	assert_int_equal(err, 0);
	assert_true(failures > 3);
	fixture->machine.fail_after = 0;
	fixture_boot(fixture);
	done(fixture);
}

/* --- The end of a device whose clients are still there --- */

static void crash_of_one_that_is_off(void **state)
{
	struct fixture *fixture = make("t8103", false);

	agx_core_crash(fixture->core, "nothing runs");
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_OFF);
	done(fixture);
}

static void idle_without_work(void **state)
{
	struct fixture *fixture = make("t8103", false);

	assert_true(agx_core_idle(fixture->core));
	fixture_boot(fixture);
	assert_true(agx_core_idle(fixture->core));
	done(fixture);
}

/* Afterwards nothing that the old core does is seen in the memory that the next one has. */
static void detached_core_leaves_the_regions_alone(void **state)
{
	struct fixture *fixture = make("t8103", false);
	struct machine *machine = &fixture->machine;
	struct agx_device *device = &fixture->config.device;
	struct agx_region *regions[] = {&device->ttbs, &device->pagetables, &device->handoff};
	struct agx_uat_ttbs *ttbs = device->ttbs.cpu;
	uint64_t *l1 = device->pagetables.cpu;
	uint8_t pattern[AGX_UAT_PAGE_SIZE];
	struct agx_core_vm *vm;
	unsigned int i;
	int slot;

	fixture_boot(fixture);
	assert_int_equal(agx_core_vm_create(fixture->core, KERNEL_START, KERNEL_END, &vm), 0);
	slot = agx_uat_bind(agx_core_vm_uat(vm));
	assert_true(slot > 0);
	assert_true(ttbs[slot].ttb0 & AGX_UAT_TTB_VALID);
	assert_int_equal(agx_core_detach(fixture->core), -EBUSY);
	agx_core_crash(fixture->core, "unplugged");
	agx_core_stop(fixture->core);
	assert_int_equal(agx_core_detach(fixture->core), 0);
	assert_int_equal(ttbs[slot].ttb0, 0);
	assert_int_equal(ttbs[0].ttb0, 0);
	assert_int_equal(l1[AGX_UAT_DRIVER_L1_INDEX], 0);

	memset(pattern, 0x5a, sizeof(pattern));
	for (i = 0; i < 3; i++)
		memcpy(regions[i]->cpu, pattern, regions[i]->size);
	assert_int_equal(agx_core_start(fixture->core), -ENODEV);
	assert_int_equal(agx_core_detach(fixture->core), 0);
	agx_uat_unbind(agx_core_vm_uat(vm));
	agx_core_vm_close(vm);
	agx_core_vm_destroy(vm);
	agx_core_destroy(fixture->core);
	fixture->core = NULL;
	for (i = 0; i < 3; i++)
		assert_memory_equal(regions[i]->cpu, pattern, regions[i]->size);
	assert_int_equal(machine->errors, 0);
	done(fixture);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(external_start_sends_to_two_endpoints),
		cmocka_unit_test(external_start_has_no_time_limit),
		cmocka_unit_test(external_stop_waits_for_quiet),
		cmocka_unit_test(external_messages_are_drained),
		cmocka_unit_test(external_buffers_are_mapped_until_off),
		cmocka_unit_test(only_with_external_rtkit),
		cmocka_unit_test(after_prepare_a_start_needs_no_memory),
		cmocka_unit_test(prepare_may_be_repeated),
		cmocka_unit_test(crash_of_one_that_is_off),
		cmocka_unit_test(idle_without_work),
		cmocka_unit_test(detached_core_leaves_the_regions_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
