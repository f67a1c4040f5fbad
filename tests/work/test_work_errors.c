// SPDX-License-Identifier: MIT
/* Commands that fail: who gets which error, what is said of it, and that the rest goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "work_fixture.h"

#define DATA(n) ((void *)(uintptr_t)(n))

/* Three clients, two of them in one VM, each with a compute job; the third's context is another. */
struct trio {
	struct work *work;
	struct agx_core_vm *vm;
	struct agx_core_queue *queues[3];
	struct agx_core_job *jobs[3];
	uint32_t slots[3];
};

static void trio_make(struct trio *trio, const char *soc, unsigned int firmware)
{
	struct work *work = work_make(soc, firmware);
	unsigned int i;

	trio->work = work;
	assert_int_equal(agx_core_vm_create(work->core, 0x100000000, 0x140000000, &trio->vm), 0);
	trio->queues[0] = work_queue(work);
	trio->queues[1] = work_queue(work);
	assert_int_equal(agx_core_queue_create(trio->vm, 2, 0, &trio->queues[2]), 0);
	for (i = 0; i < 3; i++) {
		trio->jobs[i] = work_submit(trio->queues[i], "c", DATA(i));
		trio->slots[i] = trio->queues[i]->rings[AGX_PIPE_COMPUTE]->slot;
	}
	assert_int_equal(agx_job_env(trio->jobs[0])->vm_slot, 1);
	assert_int_equal(agx_job_env(trio->jobs[2])->vm_slot, 2);
	hand_take(work);
	for (i = 0; i < 3; i++)
		hand_pending(work, 10 * i, trio->slots[i], 0x100);
}

static int trio_error(const struct trio *trio, unsigned int which)
{
	unsigned int i;

	for (i = 0; i < trio->work->done_count; i++)
		if (trio->work->done[i].data == DATA(which))
			return trio->work->done[i].error;
	fail_msg("job %u has not ended", which);
	return 0;
}

static void trio_done(struct trio *trio)
{
	struct work *work = trio->work;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		agx_core_job_destroy(trio->jobs[i]);
		/* Everyone goes on. */
		trio->jobs[i] = work_submit(trio->queues[i], "rc", DATA(100 + i));
	}
	hand_run_all(work);
	for (i = 0; i < 3; i++) {
		assert_int_equal(trio_error(trio, 100 + i), 0);
		agx_core_job_destroy(trio->jobs[i]);
		agx_core_queue_destroy(trio->queues[i]);
	}
	agx_core_vm_destroy(trio->vm);
	work_done(work);
}

static uint64_t fault_info(unsigned int vm_slot, uint64_t address)
{
	return AGX_SGX_FAULT_VALID | AGX_SGX_FAULT_READ | 3 << AGX_SGX_FAULT_LEVEL_SHIFT |
	       0x18ull << AGX_SGX_FAULT_UNIT_SHIFT |
	       (uint64_t)vm_slot << AGX_SGX_FAULT_VM_SLOT_SHIFT |
	       (address >> 6) << AGX_SGX_FAULT_ADDR_SHIFT;
}

/* halt: the firmware stops, is told to go on, and reports the commands done. */
static void stop(struct trio *trio, const struct agx_event_msg *event)
{
	struct work *work = trio->work;

	hand_halt(work);
	hand_event(work, event);
	assert_true(hand_resumed(work));
	assert_int_equal(work->done_count, 0);
	hand_run_all(work);
	assert_int_equal(work->done_count, 3);
}

static void test_timeout(void **state)
{
	static const struct {
		int32_t slot;
		bool latched;
		unsigned int vm_slot;
		int errors[3];
	} cases[] = {
		{1, false, 0, {-ECANCELED, -ETIMEDOUT, -ECANCELED}},
		{-1, false, 0, {-ETIMEDOUT, -ETIMEDOUT, -ETIMEDOUT}},
		{1, true, 1, {-ECANCELED, -EIO, -ECANCELED}},
		{1, true, 2, {-ECANCELED, -ECANCELED, -ECANCELED}},
		{-1, true, 2, {-ECANCELED, -ECANCELED, -EIO}},
	};
	unsigned int i, j, firmware;

	for (firmware = 0; firmware < 2; firmware++) {
		for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct agx_event_msg event = {.tag = AGX_EVENT_TIMEOUT};
			struct trio trio;

			trio_make(&trio, "t8103", firmware);
			event.timeout.event_slot = cases[i].slot;
			if (cases[i].latched)
				trio.work->fault_info = fault_info(cases[i].vm_slot, 0x1234000);
			stop(&trio, &event);
			for (j = 0; j < 3; j++)
				assert_int_equal(trio_error(&trio, j), cases[i].errors[j]);
			assert_int_equal(trio.work->faults, 3);
			assert_int_equal(trio.work->fault.kind, AGX_CORE_FAULT_TIMEOUT);
			trio_done(&trio);
		}
	}
}

static void test_fault(void **state)
{
	static const struct {
		uint64_t info; /* 0: for that context */
		unsigned int vm_slot;
		int errors[3];
	} cases[] = {
		{0, 1, {-EIO, -EIO, -ECANCELED}},
		{0, 2, {-ECANCELED, -ECANCELED, -EIO}},
		{AGX_SGX_NO_ACCESS, 0, {-ENODATA, -ENODATA, -ENODATA}},
		{AGX_SGX_FAULT_READ, 0, {-ENODATA, -ENODATA, -ENODATA}},
	};
	const struct agx_event_msg event = {.tag = AGX_EVENT_FAULT};
	unsigned int i, j;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trio trio;

		trio_make(&trio, i & 1 ? "t6022" : "t8112", i & 1 ? 0 : 1);
		trio.work->fault_info =
			cases[i].info ? cases[i].info : fault_info(cases[i].vm_slot, 0);
		stop(&trio, &event);
		for (j = 0; j < 3; j++)
			assert_int_equal(trio_error(&trio, j), cases[i].errors[j]);
		assert_int_equal(trio.work->sgx_reads, 1 + (i & 1));
		trio_done(&trio);
	}
}

/* All that a reader needs, in one look. */
static void test_fault_is_described(void **state)
{
	const struct agx_event_msg event = {.tag = AGX_EVENT_FAULT};
	struct work *work;
	struct trio trio;
	char line[AGX_RTKIT_LINE];

	trio_make(&trio, "t8103", 0);
	work = trio.work;
	work->fault_info = fault_info(2, AGX_VM_USER_END + 0x40);
	stop(&trio, &event);
	assert_string_equal(work->records[0],
			    "fault: VDM 1 reads 0x7fffff8040: unmapped level=3 context=2 "
			    "sideband=0x0 info=0x7fffff8040043191");
	assert_true(!strncmp(work->records[1], "tables: l1=0x", 13));
	assert_non_null(strstr(work->records[1], "gpu=rw- firmware=--- "));
	assert_non_null(strstr(work->records[1], "GPU_SHARED_RW"));
	snprintf(line, sizeof(line),
		 "fault: queue 4 compute command=0x%llx slot=2 stamp=0x100 context=2 ends with EIO",
		 (unsigned long long)work->fault.command);
	assert_string_equal(work->records[4], line);
	assert_int_equal(work->record_count, 5);
	assert_int_equal(work->fault.queue, 4);
	assert_int_equal(work->fault.pipe, AGX_PIPE_COMPUTE);
	assert_int_equal(work->fault.event_slot, 2);
	assert_int_equal(work->fault.value, 0x100);
	assert_ptr_equal(work->fault.data, DATA(2));
	assert_true(work->fault.has_mmu);
	assert_true(work->fault.found.mapped);
	assert_int_equal(work->fault.found.level, 3);
	trio_done(&trio);
}

/* Done before the firmware stopped: good, whatever its list says. */
static void test_what_is_done_is_good(void **state)
{
	const struct agx_event_msg event = {.tag = AGX_EVENT_FAULT};
	struct work *work;
	struct trio trio;

	trio_make(&trio, "t8103", 0);
	work = trio.work;
	work->lazy = true;
	assert_int_equal(hand_run(work, 1), 1);
	work->lazy = false;
	hand_halt(work);
	hand_event(work, &event);
	assert_int_equal(work->done_count, 1);
	assert_int_equal(trio_error(&trio, 2), 0);
	hand_run_all(work);
	assert_int_equal(trio_error(&trio, 0), -ENODATA);
	assert_int_equal(trio_error(&trio, 1), -ENODATA);
	trio_done(&trio);
}

/* Only up to the value that the firmware names. */
static void test_later_commands_are_not_marked(void **state)
{
	const struct agx_event_msg event = {.tag = AGX_EVENT_FAULT};
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queue = work_queue(work);
	struct agx_core_job *a = work_submit(queue, "cc", DATA(1));
	struct agx_core_job *b = work_submit(queue, "c", DATA(2));

	hand_take(work);
	hand_pending(work, 255, queue->rings[AGX_PIPE_COMPUTE]->slot, 0x100);
	hand_halt(work);
	hand_event(work, &event);
	hand_run_all(work);
	assert_int_equal(work->done_count, 2);
	assert_int_equal(work->done[0].error, -ENODATA);
	assert_int_equal(work->done[1].error, 0);
	agx_core_job_destroy(a);
	agx_core_job_destroy(b);
	agx_core_queue_destroy(queue);
	work_done(work);
}

/* The last failed command's error is the job's. */
static void test_last_error_counts(void **state)
{
	struct agx_event_msg event = {.tag = AGX_EVENT_TIMEOUT};
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queue = work_queue(work);
	struct agx_core_job *job = work_submit(queue, "ccc", DATA(1));
	uint32_t slot = queue->rings[AGX_PIPE_COMPUTE]->slot;

	hand_take(work);
	hand_pending(work, 0, slot, 0x100);
	event.timeout.event_slot = (int32_t)slot;
	hand_halt(work);
	hand_event(work, &event);
	assert_int_equal(hand_run(work, 1), 1);
	hand_pending(work, 0, slot, 0x200);
	event.tag = AGX_EVENT_FAULT;
	hand_halt(work);
	hand_event(work, &event);
	hand_run_all(work);
	assert_int_equal(work->done_count, 1);
	assert_int_equal(work->done[0].error, -ENODATA);
	agx_core_job_destroy(job);
	agx_core_queue_destroy(queue);
	work_done(work);
}

static void test_firmware_takes_its_time_to_halt(void **state)
{
	const struct agx_event_msg event = {.tag = AGX_EVENT_FAULT};
	struct work *work = work_make("t8103", 0);
	struct machine *machine = &work->fixture.machine;

	hand_event(work, &event);
	assert_false(hand_resumed(work));
	assert_true(agx_core_poll(work->core) <= 1000000);
	machine->now += 99000000;
	agx_core_poll(work->core);
	hand_halt(work);
	agx_core_poll(work->core);
	assert_true(hand_resumed(work));
	/* A fault that nobody has caused is told too. */
	assert_int_equal(work->faults, 1);
	assert_int_equal(work->fault.queue, 0);

	/* And one that never comes. */
	hand_event(work, &event);
	machine->now += 101000000;
	agx_core_poll(work->core);
	hand_halt(work);
	agx_core_poll(work->core);
	assert_false(hand_resumed(work));
	assert_non_null(strstr(machine->last_log, "does not stop"));
	work_done(work);
}

static void test_stale_timeout(void **state)
{
	struct agx_event_msg event = {.tag = AGX_EVENT_TIMEOUT};
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queue = work_queue(work);
	struct agx_core_job *job = work_submit(queue, "cc", DATA(1));

	hand_take(work);
	agx_core_fw_status(work->core)->halt_count = 6;
	event.timeout.counter = 6;
	event.timeout.event_slot = -1;
	hand_pending(work, 0, 0, 0x100);
	hand_halt(work);
	hand_event(work, &event);
	assert_true(hand_resumed(work));
	assert_int_equal(work->faults, 1);
	/* Halt 7 was answered; this one is about an earlier one. */
	hand_pending(work, 0, 0, 0x200);
	hand_event(work, &event);
	assert_int_equal(work->faults, 1);
	event.timeout.counter = 7;
	hand_halt(work);
	hand_event(work, &event);
	assert_int_equal(work->faults, 2);
	hand_run_all(work);
	agx_core_job_destroy(job);
	agx_core_queue_destroy(queue);
	work_done(work);
}

static void test_channel_error(void **state)
{
	static const char *const socs[] = {"t8103", "t8112", "t6020"};
	unsigned int i;

	for (i = 0; i < 3; i++) {
		struct agx_event_msg event = {.tag = AGX_EVENT_CHANNEL_ERROR};
		struct trio trio;
		struct work *work;

		trio_make(&trio, socs[i], 0);
		work = trio.work;
		event.channel_error.error_type = AGX_CHANNEL_ERROR_DM_KILL;
		event.channel_error.pipe_type = AGX_PIPE_COMPUTE;
		event.channel_error.event_slot = trio.slots[1];
		event.channel_error.event_value = 0x100;
		hand_event(work, &event);
		assert_int_equal(work->done_count, 0);
		assert_int_equal(work->faults, 1);
		assert_int_equal(work->fault.kind, AGX_CORE_FAULT_CHANNEL);
		assert_int_equal(work->fault.channel_error, AGX_CHANNEL_ERROR_DM_KILL);
		assert_non_null(strstr(work->records[0], "channel_error=1 ends with EIO"));
		assert_true(agx_core_poll(work->core) <= 1000000);
		hand_take(work);
		assert_int_equal(work->recovers, 1);
		assert_int_equal(work->last_recover_queue,
				 trio.queues[1]->rings[AGX_PIPE_COMPUTE]->info->va);
		assert_int_equal(work->last_recover_value, 0x100);
		hand_run_all(work);
		assert_int_equal(trio_error(&trio, 0), 0);
		assert_int_equal(trio_error(&trio, 1), -EIO);
		assert_int_equal(trio_error(&trio, 2), 0);
		trio_done(&trio);
	}
}

static void test_channel_error_of_nobody(void **state)
{
	struct agx_event_msg event = {.tag = AGX_EVENT_CHANNEL_ERROR};
	struct trio trio;

	trio_make(&trio, "t8103", 0);
	event.channel_error.event_slot = 100;
	hand_event(trio.work, &event);
	event.channel_error.event_slot = trio.slots[0];
	event.channel_error.pipe_type = AGX_PIPE_VERTEX;
	hand_event(trio.work, &event);
	hand_run_all(trio.work);
	assert_int_equal(trio.work->recovers, 0);
	assert_int_equal(trio.work->faults, 0);
	trio_done(&trio);
}

/* No room for RecoverChannel at first; and a firmware that does not look. */
static void test_recover_channel_waits(void **state)
{
	struct agx_event_msg event = {.tag = AGX_EVENT_CHANNEL_ERROR};
	struct agx_device_control_args args = {0};
	struct machine *machine;
	struct work *work;
	struct trio trio;
	unsigned int i;

	trio_make(&trio, "t8103", 0);
	work = trio.work;
	machine = &work->fixture.machine;
	while (!agx_core_device_control(work->core, AGX_DEVICE_CONTROL_UPDATE_IDLE_TS, &args, NULL))
		;
	event.channel_error.pipe_type = AGX_PIPE_COMPUTE;
	event.channel_error.event_value = 0x100;
	for (i = 0; i < 3; i++) {
		event.channel_error.event_slot = trio.slots[i];
		hand_event(work, &event);
		hand_event(work, &event);
	}
	agx_core_poll(work->core);
	assert_int_equal(work->faults, 6);
	assert_non_null(work->core->work.recovering);
	hand_take(work);
	assert_int_equal(work->recovers, 0);
	agx_core_poll(work->core);
	assert_null(work->core->work.recovering);
	machine->now += 1001000000;
	agx_core_poll(work->core);
	assert_false(work->core->work.recover_sent);
	hand_take(work);
	assert_int_equal(work->recovers, 3);
	hand_run_all(work);
	for (i = 0; i < 3; i++)
		assert_int_equal(trio_error(&trio, i), -EIO);
	trio_done(&trio);
}

static void crash(struct work *work)
{
	fixture_management(&work->fixture, 0x7f, 0); /* not a message of RTKit */
	if (agx_core_state(work->core) != AGX_CORE_FAILED)
		agx_core_fail(work->core, "the test says so");
	agx_core_poll(work->core);
	assert_int_equal(agx_core_state(work->core), AGX_CORE_FAILED);
}

/* Everything fails, and after a restart the same VMs and queues work. */
static void test_crash_and_restart(void **state)
{
	static const char *const socs[] = {"t8103", "t8112", "t6021"};
	unsigned int j;

	for (j = 0; j < 3; j++) {
		struct agx_core_job *late, *parts, *none;
		struct work *work;
		struct trio trio;

		trio_make(&trio, socs[j], 0);
		work = trio.work;
		assert_int_equal(work_job(trio.queues[0], "v0k0rk0c", DATA(50), &late), 0);
		parts = work_submit(trio.queues[1], "k0rc", DATA(60));
		hand_take(work);
		work->lazy = true; /* one is done, but there is no time to say so */
		assert_int_equal(hand_run(work, 1), 1);
		work->lazy = false;
		crash(work);
		assert_int_equal(work->done_count, 4);
		assert_int_equal(trio_error(&trio, 0), -ENODEV);
		assert_int_equal(trio_error(&trio, 1), -ENODEV);
		assert_int_equal(trio_error(&trio, 2), 0); /* of the highest priority */
		assert_int_equal(trio_error(&trio, 60), -ENODEV);
		assert_int_equal(work_job(trio.queues[0], "c", NULL, &none), -ENODEV);
		assert_int_equal(agx_core_job_submit(late), -ENODEV);
		agx_core_job_destroy(parts);

		work_restart(work);
		/* Of the life before: cannot be. */
		assert_int_equal(agx_core_job_submit(late), -ENODEV);
		work->done_count = 0;
		assert_int_equal(agx_core_job_submit(late), -ENODEV);
		/* New jobs can be made, but not overtake it. */
		assert_int_equal(work_job(trio.queues[0], "rc", DATA(70), &parts), 0);
		assert_int_equal(agx_core_job_submit(parts), -EINVAL);
		agx_core_job_destroy(late);
		assert_int_equal(agx_core_job_submit(parts), 0);
		hand_run_all(work);
		assert_int_equal(trio_error(&trio, 70), 0);
		agx_core_job_destroy(parts);
		trio_done(&trio);
	}
}

static void test_crash_with_zombies(void **state)
{
	struct work *work;
	struct trio trio;

	trio_make(&trio, "t8103", 0);
	work = trio.work;
	hand_run_all(work);
	agx_core_job_destroy(trio.jobs[2]);
	agx_core_queue_destroy(trio.queues[2]);
	agx_core_vm_destroy(trio.vm);
	assert_non_null(work->core->work.zombies);
	crash(work);
	assert_non_null(work->core->work.zombies);
	/* One more that goes only now. */
	agx_core_job_destroy(trio.jobs[1]);
	agx_core_queue_destroy(trio.queues[1]);
	work_restart(work);
	assert_null(work->core->work.zombies);
	agx_core_job_destroy(trio.jobs[0]);
	agx_core_queue_destroy(trio.queues[0]);
	work_settle(work);
	assert_int_equal(work->destroyed, 0);
	work_done(work);
}

/* Stopping is not failing, but jobs cannot survive it. */
static void test_stop_and_start(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queue = work_queue(work);
	struct agx_core_job *job = work_submit(queue, "c", DATA(1));

	hand_take(work);
	work_restart(work);
	assert_int_equal(work->done_count, 1);
	assert_int_equal(work->done[0].error, -ENODEV);
	agx_core_job_destroy(job);
	job = work_submit(queue, "rc", DATA(2));
	hand_run_all(work);
	assert_int_equal(work->done_count, 2);
	assert_int_equal(work->done[1].error, 0);
	agx_core_job_destroy(job);
	agx_core_queue_destroy(queue);
	work_done(work);
}

static void test_many_restarts(void **state)
{
	struct work *work = work_make("t6021", 0);
	struct agx_core_queue *queue = work_queue(work);
	unsigned int i;

	for (i = 0; i < 20; i++) {
		struct agx_core_job *job = work_submit(queue, "rk0c", DATA(1));

		hand_take(work);
		hand_run(work, i % 4);
		crash(work);
		agx_core_job_destroy(job);
		work_restart(work);
		job = work_submit(queue, "k0rc", DATA(1));
		hand_run_all(work);
		assert_int_equal(work->done[work->done_count - 1].error, 0);
		agx_core_job_destroy(job);
	}
	agx_core_queue_destroy(queue);
	work_done(work);
}

/* The event is lost, then the doorbell for an event: work ends all the same. */
static void test_lost_events(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct machine *machine = &work->fixture.machine;
	struct agx_core_queue *queue = work_queue(work);
	struct agx_core_job *job = work_submit(queue, "c", DATA(1));
	struct agx_channel *ring = &work->core->channels[AGX_CHANNEL_EVENT];
	struct agx_event_msg event = {.tag = AGX_EVENT_FLAG, .flag.firing = {1}};

	work->lazy = true;
	hand_run_all(work);
	assert_true(agx_core_poll(work->core) <= 100000000);
	assert_int_equal(work->done_count, 0);
	machine->now += 101000000;
	/* It may be on its way. */
	assert_true(agx_core_poll(work->core) <= 100000000);
	assert_int_equal(work->done_count, 0);
	assert_int_equal(work->record_count, 0);
	machine->now += 101000000;
	agx_core_poll(work->core);
	assert_int_equal(work->done_count, 1);
	assert_int_equal(work->done[0].error, 0);
	assert_int_equal(work->record_count, 1);
	assert_int_equal(agx_core_poll(work->core), UINT64_MAX);
	agx_core_job_destroy(job);

	job = work_submit(queue, "c", DATA(1));
	hand_run_all(work);
	memcpy(ring->ring + *ring->write_ptr * ring->entry_size, &event, sizeof(event));
	*ring->write_ptr = (*ring->write_ptr + 1) % ring->entries;
	agx_core_poll(work->core);
	machine->now += 101000000;
	agx_core_poll(work->core);
	assert_int_equal(work->done_count, 2);
	assert_int_equal(work->record_count, 1);
	agx_core_job_destroy(job);
	agx_core_queue_destroy(queue);
	work_done(work);
}

static void test_nothing_goes_on(void **state)
{
	struct work *work;
	struct trio trio;
	unsigned int i;

	trio_make(&trio, "t8103", 0);
	work = trio.work;
	work->deaf = true;
	for (i = 0; i < 99; i++) {
		uint64_t wait = agx_core_poll(work->core);

		assert_true(wait <= 100000000);
		assert_int_equal(agx_core_state(work->core), AGX_CORE_READY);
		work->fixture.machine.now += 100000000;
	}
	work->fixture.machine.now += 200000000;
	agx_core_poll(work->core);
	assert_int_equal(agx_core_state(work->core), AGX_CORE_FAILED);
	assert_int_equal(work->done_count, 3);
	for (i = 0; i < 3; i++)
		assert_int_equal(trio_error(&trio, i), -ETIMEDOUT);
	assert_int_equal(work->faults, 3);
	assert_int_equal(work->fault.kind, AGX_CORE_FAULT_HANG);
	work->deaf = false;
	work_restart(work);
	trio_done(&trio);
}

/* A command that takes long is no hang as long as others go on. */
static void test_progress_of_others_counts(void **state)
{
	struct work *work;
	struct trio trio;
	unsigned int i;

	trio_make(&trio, "t8103", 0);
	work = trio.work;
	for (i = 0; i < 30; i++) {
		struct agx_core_job *job = work_submit(trio.queues[0], "c", DATA(9));

		hand_take(work);
		hand_run(work, 1);
		agx_core_poll(work->core);
		work->fixture.machine.now += 900000000;
		agx_core_poll(work->core);
		assert_int_equal(agx_core_state(work->core), AGX_CORE_READY);
		if (work->queues[2].ran)
			work->queues[2].ran = 0;
		hand_run_all(work);
		agx_core_job_destroy(job);
	}
	trio_done(&trio);
}

/* The mailbox breaks while a job is handed over: the job ends like others. */
static void test_mailbox_fails_at_each_message(void **state)
{
	struct work *work;
	struct trio trio;
	struct agx_core_job *job;

	trio_make(&trio, "t8103", 0);
	work = trio.work;
	assert_int_equal(work_job(trio.queues[0], "rc", DATA(30), &job), 0);
	work->fixture.send_error = -EPIPE;
	assert_int_equal(agx_core_job_submit(job), 0);
	assert_int_equal(agx_core_state(work->core), AGX_CORE_FAILED);
	agx_core_poll(work->core);
	assert_int_equal(work->done_count, 4);
	assert_int_equal(trio_error(&trio, 30), -ENODEV);
	agx_core_job_destroy(job);
	work->fixture.send_error = 0;
	work_restart(work);
	trio_done(&trio);
}

/* A channel's index makes no sense: that is the end, and it is noticed. */
static void test_damaged_channel(void **state)
{
	struct work *work;
	struct trio trio;
	struct agx_core_job *job;

	trio_make(&trio, "t8103", 0);
	work = trio.work;
	*work->core->channels[AGX_CHANNEL_PIPE(2, AGX_PIPE_COMPUTE)].read_ptr = 0x1000;
	job = work_submit(trio.queues[0], "c", DATA(40));
	assert_int_equal(agx_core_state(work->core), AGX_CORE_FAILED);
	agx_core_poll(work->core);
	assert_int_equal(trio_error(&trio, 40), -ENODEV);
	agx_core_job_destroy(job);
	work_restart(work);
	trio_done(&trio);
}

/* Parked when the end comes. */
static void test_crash_with_parked_jobs(void **state)
{
	struct agx_run_work_queue message = {.pipe = AGX_PIPE_COMPUTE};
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queue = work_queue(work);
	struct agx_core_job *a, *b;

	while (!agx_core_run_work_queue(work->core, 2, &message))
		;
	a = work_submit(queue, "c", DATA(1));
	b = work_submit(queue, "k0r", DATA(2));
	assert_ptr_equal(work->core->work.parked, a);
	crash(work);
	assert_int_equal(work->done_count, 2);
	assert_int_equal(work->done[0].error, -ENODEV);
	assert_int_equal(work->done[1].error, -ENODEV);
	agx_core_job_destroy(a);
	agx_core_job_destroy(b);
	work_restart(work);

	/* Or nothing ever takes anything: there is no command to blame. */
	while (!agx_core_run_work_queue(work->core, 2, &message))
		;
	a = work_submit(queue, "c", DATA(1));
	agx_core_poll(work->core);
	work->fixture.machine.now += AGX_WORK_TIMEOUT_NS;
	agx_core_poll(work->core);
	assert_int_equal(work->done[2].error, -ETIMEDOUT);
	assert_int_equal(work->fault.kind, AGX_CORE_FAULT_HANG);
	assert_int_equal(work->fault.queue, 0);
	agx_core_job_destroy(a);
	agx_core_queue_destroy(queue);
	work_restart(work);
	work_done(work);
}

static void test_crash_with_damaged_channels(void **state)
{
	struct agx_event_msg event = {.tag = AGX_EVENT_CHANNEL_ERROR};
	struct agx_device_control_args args = {0};
	struct work *work;
	struct trio trio;
	unsigned int i;

	trio_make(&trio, "t8103", 0);
	work = trio.work;
	while (!agx_core_device_control(work->core, AGX_DEVICE_CONTROL_UPDATE_IDLE_TS, &args, NULL))
		;
	event.channel_error.pipe_type = AGX_PIPE_COMPUTE;
	event.channel_error.event_value = 0x100;
	for (i = 0; i < 3; i++) {
		event.channel_error.event_slot = trio.slots[i];
		hand_event(work, &event);
	}
	assert_non_null(work->core->work.recovering);
	crash(work);
	work_restart(work);
	assert_null(work->core->work.recovering);
	assert_null(work->core->work.last_recovering);
	agx_core_poll(work->core);
	hand_take(work);
	assert_int_equal(work->recovers, 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(trio_error(&trio, i), -ENODEV);
	trio_done(&trio);
}

/* The firmware's own addresses are looked up in its own tables. */
static void test_fault_in_the_upper_half(void **state)
{
	const struct agx_event_msg event = {.tag = AGX_EVENT_FAULT};
	struct work *work;
	struct trio trio;
	uint64_t address;

	trio_make(&trio, "t6021", 0);
	work = trio.work;
	address = agx_event_stamp_va(work->core, 0);
	work->fault_info = fault_info(2, 0);
	work->fault_address = (address & 0xffffffffff) >> 6;
	stop(&trio, &event);
	assert_true(work->fault.has_mmu);
	assert_int_equal(work->fault.mmu.address, address & ~0x3full);
	assert_true(work->fault.found.mapped);
	assert_int_equal(work->fault.found.prot, AGX_UAT_FW_SHARED_RW);
	trio_done(&trio);
}

/* Without a way to read registers there is nothing to tell but that. */
static void test_without_registers(void **state)
{
	const struct agx_event_msg event = {.tag = AGX_EVENT_FAULT};
	struct trio trio;

	trio_make(&trio, "t8103", 0);
	trio.work->hooks.sgx_read = NULL;
	trio.work->hooks.fault = NULL;
	stop(&trio, &event);
	assert_int_equal(trio_error(&trio, 0), -ENODATA);
	assert_int_equal(trio.work->record_count, 3);
	trio_done(&trio);
}

/* Chores that the firmware never answers: a second, then it counts as dead. */
static void test_context_is_not_destroyed(void **state)
{
	struct work *work;
	struct trio trio;

	trio_make(&trio, "t8103", 0);
	work = trio.work;
	hand_run_all(work);
	agx_core_job_destroy(trio.jobs[2]);
	agx_core_queue_destroy(trio.queues[2]);
	agx_core_poll(work->core);
	work->fixture.machine.now += 999000000;
	agx_core_poll(work->core);
	assert_int_equal(agx_core_state(work->core), AGX_CORE_READY);
	work->fixture.machine.now += 1000000;
	agx_core_poll(work->core);
	assert_int_equal(agx_core_state(work->core), AGX_CORE_FAILED);
	work_restart(work);
	assert_int_equal(agx_core_queue_create(trio.vm, 2, 0, &trio.queues[2]), 0);
	trio.jobs[2] = NULL;
	trio_done(&trio);
}

static void test_cache_is_not_flushed(void **state)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		struct agx_handoff_block *block;
		struct agx_core_job *job;
		struct work *work;
		struct trio trio;

		trio_make(&trio, "t8103", 0);
		work = trio.work;
		block = work->fixture.machine.config.handoff;
		hand_run_all(work);
		agx_core_job_destroy(trio.jobs[2]);
		agx_core_queue_destroy(trio.queues[2]);
		block->cur_slot = 2;
		agx_core_poll(work->core);
		hand_take(work);
		if (i == 2)
			block->lock_fw = 1; /* and keeps it */
		agx_core_poll(work->core);
		agx_core_vm_destroy(trio.vm);
		agx_core_poll(work->core);
		if (i < 2)
			assert_non_null(work->core->work.dying);
		if (i == 0)
			work->fixture.machine.now += 1000000000;
		else if (i == 1)
			agx_core_fail(work->core, "the test says so");
		agx_core_poll(work->core);
		assert_int_equal(agx_core_state(work->core), AGX_CORE_FAILED);
		block->lock_fw = 0;
		block->cur_slot = 0;
		work_restart(work);
		assert_null(work->core->work.dying);
		assert_int_equal(agx_core_vm_create(work->core, 0x100000000, 0x140000000, &trio.vm),
				 0);
		assert_int_equal(agx_core_queue_create(trio.vm, 2, 0, &trio.queues[2]), 0);
		trio.jobs[2] = NULL;
		/* A context cannot be bound either while somebody holds the lock. */
		block->lock_fw = 1;
		assert_int_equal(work_job(trio.queues[2], "c", NULL, &job), -ENODEV);
		assert_int_equal(agx_core_state(work->core), AGX_CORE_FAILED);
		block->lock_fw = 0;
		work_restart(work);
		trio_done(&trio);
	}
}

static void test_odd_events(void **state)
{
	static const struct agx_event_msg events[] = {
		{.tag = AGX_EVENT_FLAG, .flag.firing = {~0u, ~0u, ~0u, ~0u}},
		{.tag = AGX_EVENT_FLAG},
		{.tag = AGX_EVENT_GROW_TVB, .grow_tvb = {63, 126, 1}},
		{.tag = AGX_EVENT_TIMEOUT, .timeout = {0, 0, 127}},
		{.tag = AGX_EVENT_CHANNEL_ERROR, .channel_error = {99, 2, 127, 0xffffffff}},
		{.tag = 3},
	};
	struct work *work;
	struct trio trio;
	unsigned int i;

	trio_make(&trio, "t8103", 0);
	work = trio.work;
	/* The firmware's list names slots that nobody has. */
	for (i = 0; i < AGX_PENDING_STAMPS; i++)
		hand_pending(work, i, 127 - i % 100, i * 0x100);
	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		hand_halt(work);
		hand_event(work, &events[i]);
	}
	hand_run_all(work);
	for (i = 0; i < 3; i++)
		assert_int_equal(trio_error(&trio, i), 0);
	assert_int_equal(work->fault.queue, 0);
	trio_done(&trio);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_fault),
		cmocka_unit_test(test_fault_is_described),
		cmocka_unit_test(test_what_is_done_is_good),
		cmocka_unit_test(test_later_commands_are_not_marked),
		cmocka_unit_test(test_last_error_counts),
		cmocka_unit_test(test_firmware_takes_its_time_to_halt),
		cmocka_unit_test(test_stale_timeout),
		cmocka_unit_test(test_channel_error),
		cmocka_unit_test(test_channel_error_of_nobody),
		cmocka_unit_test(test_recover_channel_waits),
		cmocka_unit_test(test_crash_and_restart),
		cmocka_unit_test(test_crash_with_zombies),
		cmocka_unit_test(test_stop_and_start),
		cmocka_unit_test(test_many_restarts),
		cmocka_unit_test(test_lost_events),
		cmocka_unit_test(test_nothing_goes_on),
		cmocka_unit_test(test_progress_of_others_counts),
		cmocka_unit_test(test_mailbox_fails_at_each_message),
		cmocka_unit_test(test_damaged_channel),
		cmocka_unit_test(test_crash_with_parked_jobs),
		cmocka_unit_test(test_crash_with_damaged_channels),
		cmocka_unit_test(test_fault_in_the_upper_half),
		cmocka_unit_test(test_without_registers),
		cmocka_unit_test(test_context_is_not_destroyed),
		cmocka_unit_test(test_cache_is_not_flushed),
		cmocka_unit_test(test_odd_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
