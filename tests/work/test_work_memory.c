// SPDX-License-Identifier: MIT
/* Memory: what runs out, what stays, what comes back. */
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

struct usage {
	uint32_t objects[AGX_FW_HEAPS];
	int64_t bytes;
};

static struct usage usage_of(struct work *work)
{
	struct usage usage = {.bytes = work->fixture.machine.bytes_out};
	unsigned int i;

	for (i = 0; i < AGX_FW_HEAPS; i++)
		usage.objects[i] = agx_heap_stats(work->core->heaps[i]).live_objects;
	return usage;
}

static void check_usage(struct work *work, const struct usage *before)
{
	struct usage now = usage_of(work);

	assert_memory_equal(now.objects, before->objects, sizeof(now.objects));
}

/* Everything from a VM to a finished job. 0 or the first error. */
static int whole_life(struct work *work)
{
	struct agx_core_vm *vm = NULL;
	struct agx_core_queue *queue = NULL;
	struct agx_core_timestamps *timestamps = NULL;
	struct agx_core_job *jobs[3] = {NULL};
	unsigned int i;
	int err;

	err = agx_core_vm_create(work->core, 0x100000000, 0x140000000, &vm);
	if (!err)
		err = agx_core_timestamps_create(work->core, 0x4000, &timestamps);
	if (!err)
		err = agx_core_timestamps_map(timestamps, 0, 0x800000000, 0x4000);
	if (!err)
		err = agx_core_queue_create(vm, 1, 0, &queue);
	for (i = 0; i < 3 && !err; i++) {
		err = work_job(queue, i ? "v0k0rk0rv1cv2k1c" : "rrc", DATA(i), &jobs[i]);
		if (!err)
			err = agx_core_job_submit(jobs[i]);
	}
	hand_run_all(work);
	for (i = 0; i < 3; i++)
		agx_core_job_destroy(jobs[i]);
	agx_core_queue_destroy(queue);
	agx_core_timestamps_destroy(timestamps);
	agx_core_vm_destroy(vm);
	work_settle(work);
	return err;
}

static void test_every_allocation_fails_once(void **state)
{
	static const char *const socs[] = {"t8103", "t6021"};
	unsigned int i, failures = 0;
	uint64_t n;

	for (i = 0; i < 2; i++) {
		struct work *work = work_make(socs[i], 0);
		struct machine *machine = &work->fixture.machine;
		struct usage before;
		int err;

		/* What the first queue makes for good, also in part. */
		for (n = 1;; n++) {
			machine->fail_after = n;
			err = whole_life(work);
			if (machine->fail_after)
				break;
			assert_int_equal(err, -ENOMEM);
			failures++;
		}
		machine->fail_after = 0;
		assert_int_equal(err, 0);
		before = usage_of(work);
		for (n = 1;; n++) {
			machine->fail_after = n;
			err = whole_life(work);
			check_usage(work, &before);
			if (machine->fail_after)
				break;
			assert_int_equal(err, -ENOMEM);
			failures++;
		}
		machine->fail_after = 0;
		assert_int_equal(err, 0);
		work_done(work);
	}
	assert_true(failures > 100);
}

static void test_first_vm_and_queue_fail(void **state)
{
	struct agx_core_queue *queue;
	unsigned int n;

	for (n = 1; n < 40; n++) {
		struct work *work = work_make_bare("t8103", 0);
		struct machine *machine = &work->fixture.machine;
		int err;

		machine->fail_after = n;
		err = agx_core_vm_create(work->core, 0x100000000, 0x140000000, &work->vm);
		if (!err) {
			err = agx_core_queue_create(work->vm, 1, 0, &queue);
			if (!err)
				agx_core_queue_destroy(queue);
		}
		assert_int_equal(err, machine->fail_after ? 0 : -ENOMEM);
		machine->fail_after = 0;
		work_done(work);
	}
}

static int no_memory(void *cookie, uint64_t size, struct agx_mem *mem)
{
	return -ENOMEM;
}

#define HOGS     16384
#define HOG_SIZE 0x80

/*
 * One heap has no room but for so many hogs, and cannot grow: each object of a queue and of a job in
 * turn is the one that finds nothing.
 */
static void heap_is_full(enum agx_fw_heap which)
{
	static const struct agx_heap_object *hogs[HOGS];
	struct work *work = work_make("t8103", 0);
	struct machine *machine = &work->fixture.machine;
	int (*mem_alloc)(void *, uint64_t, struct agx_mem *) = machine->platform.mem_alloc;
	struct agx_heap *heap = work->core->heaps[which];
	unsigned int count = 0, room, failures = 0;
	const struct agx_heap_object *object;
	struct agx_core_queue *queue;
	struct agx_core_job *job;
	unsigned int i;
	int err = -ENOMEM;

	/* The other heaps have all that will be needed. */
	work->light = true;
	for (i = 0; i < AGX_FW_HEAPS; i++) {
		assert_int_equal(agx_heap_alloc(work->core->heaps[i], 0x40000, 0, "room", &object),
				 0);
		agx_heap_free(work->core->heaps[i], object);
		agx_heap_collect(work->core->heaps[i], agx_heap_garbage_mark(work->core->heaps[i]));
	}
	machine->platform.mem_alloc = no_memory;
	while (!agx_heap_alloc(heap, HOG_SIZE, 0, "hog", &hogs[count]))
		count++;
	assert_true(count < HOGS);
	for (room = 0; err; room++) {
		struct usage before;

		for (i = 0; i < AGX_FW_HEAPS; i++)
			agx_heap_collect(work->core->heaps[i],
					 agx_heap_garbage_mark(work->core->heaps[i]));
		before = usage_of(work);
		err = agx_core_queue_create(work->vm, 1, 0, &queue);
		if (!err) {
			err = work_job(queue, "rcrv1k1c", NULL, &job);
			if (!err)
				agx_core_job_destroy(job);
			agx_core_queue_destroy(queue);
		}
		if (err) {
			assert_int_equal(err, -ENOMEM);
			failures++;
			assert_true(count > 0);
			/* All but the stamps, which stay when they are made. */
			if (!work->core->work.fw_stamps || room > 20)
				check_usage(work, &before);
			agx_heap_free(heap, hogs[--count]);
		}
	}
	assert_true(failures > (which == AGX_HEAP_GPU_RO ? 3 : 100));
	machine->platform.mem_alloc = mem_alloc;
	while (count)
		agx_heap_free(heap, hogs[--count]);
	work_done(work);
}

static void test_heaps_are_full(void **state)
{
	work_debug_heaps = false; /* a debug heap does not use memory again at once */
	heap_is_full(AGX_HEAP_SHARED);
	heap_is_full(AGX_HEAP_PRIVATE);
	heap_is_full(AGX_HEAP_GPU_RO);
	work_debug_heaps = true;
}

/* A builder that fails, at any command. */
static void test_builder_fails(void **state)
{
	static const int errors[] = {-ENOMEM, -ENOSPC, -EBUSY, -EINVAL};
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queue = work_queue(work);
	struct agx_core_job *first = work_submit(queue, "rc", DATA(1)), *job;
	struct usage before;
	unsigned int i;

	before = usage_of(work);
	for (i = 0; i < 12; i++) {
		work->build_says = errors[i % 4];
		work->build_fails_at = i / 4 + 1;
		work->built = 0;
		assert_int_equal(work_job(queue, "v0rk0cv1k1r", NULL, &job), errors[i % 4]);
		check_usage(work, &before);
		assert_int_equal(queue->rings[AGX_PIPE_COMPUTE]->prepared, 0x100);
		assert_int_equal(queue->rings[AGX_PIPE_COMPUTE]->preparing, 0);
	}
	work->build_fails_at = 0;
	hand_run_all(work);
	agx_core_job_destroy(first);
	first = work_submit(queue, "v0rk0cv1k1r", DATA(2));
	hand_run_all(work);
	assert_int_equal(work->done_count, 2);
	agx_core_job_destroy(first);
	agx_core_queue_destroy(queue);
	work_done(work);
}

/* Years of work: nothing grows. */
static void test_nothing_grows(void **state)
{
	struct work *work = work_make("t8112", 1);
	struct usage before = {0};
	unsigned int i;
	int64_t pages = 0;

	for (i = 0; i < 200; i++) {
		assert_int_equal(whole_life(work), 0);
		work->done_count = 0;
		if (i == 100) {
			before = usage_of(work);
			pages = work->fixture.machine.mems_out;
		}
	}
	check_usage(work, &before);
	assert_true(work->fixture.machine.mems_out <= pages + 2);
	work_done(work);
}

/* Garbage is collected while work goes on. */
static void test_garbage_is_collected(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queue = work_queue(work);
	unsigned int i;

	work->light = true;
	for (i = 0; i < 3000; i++) {
		struct agx_core_job *job = work_submit(queue, "c", DATA(1));

		hand_run_all(work);
		agx_core_job_destroy(job);
		work->done_count = 0;
		agx_core_poll(work->core);
	}
	assert_true(work->flushes > 0);
	assert_true(agx_heap_stats(work->core->heaps[AGX_HEAP_PRIVATE]).garbage_objects <
		    AGX_HEAP_GARBAGE_OBJECTS + 16);
	agx_core_queue_destroy(queue);
	work_done(work);
}

/* The driver's window of a VM is full: said so, and nothing else suffers. */
static void test_window_is_full(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queue = work_queue(work);
	struct agx_core_job *job;
	const struct agx_heap_object *object;

	assert_int_equal(work_job(queue, "c", DATA(1), &job), 0);
	assert_int_equal(agx_job_alloc_vm(job, false, 0x40000000, "test", &object), -ENOSPC);
	assert_int_equal(agx_core_job_submit(job), 0);
	hand_run_all(work);
	assert_int_equal(work->done_count, 1);
	agx_core_job_destroy(job);
	agx_core_queue_destroy(queue);
	work_done(work);
}

/* A job with more objects than was guessed. */
static void test_many_objects(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queue = work_queue(work);
	const struct agx_heap_object *object;
	struct agx_core_job *job;
	struct usage before;
	unsigned int i;

	assert_int_equal(work_job(queue, "c", DATA(1), &job), 0);
	agx_core_job_destroy(job);
	before = usage_of(work);
	assert_int_equal(work_job(queue, "c", DATA(1), &job), 0);
	for (i = 0; i < 100; i++)
		assert_int_equal(agx_job_alloc(job, AGX_HEAP_SHARED, 0x80, "test", &object), 0);
	agx_core_job_destroy(job);
	check_usage(work, &before);
	/* More commands than a job may have for one ring. */
	assert_int_equal(work_job(queue, "c", DATA(1), &job), 0);
	assert_int_equal(agx_job_add(job, AGX_PIPE_COMPUTE, 0, false), 0);
	assert_int_equal(agx_job_add(job, AGX_PIPE_COMPUTE, 0, false), 0);
	assert_int_equal(agx_job_add(job, AGX_PIPE_COMPUTE, 0, false), -EINVAL);
	assert_int_equal(agx_job_add(job, AGX_PIPE_VERTEX, 0, true), -EINVAL);
	assert_int_equal(agx_job_barrier(job, AGX_PIPE_COMPUTE, AGX_PIPE_VERTEX, 0, true), -EINVAL);
	agx_core_job_destroy(job);
	agx_core_queue_destroy(queue);
	work_done(work);
}

/* The core goes while jobs are with the firmware. */
static void test_core_goes_first(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queue = work_queue(work);
	struct agx_core_job *job = work_submit(queue, "rc", DATA(1));

	hand_take(work);
	agx_core_fail(work->core, "the test says so");
	agx_core_stop(work->core);
	assert_int_equal(work->done_count, 1);
	assert_int_equal(work->done[0].error, -ENODEV);
	agx_core_job_destroy(job);
	agx_core_queue_destroy(queue);
	work_done(work);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_allocation_fails_once),
		cmocka_unit_test(test_first_vm_and_queue_fail),
		cmocka_unit_test(test_heaps_are_full),
		cmocka_unit_test(test_builder_fails),
		cmocka_unit_test(test_nothing_grows),
		cmocka_unit_test(test_garbage_is_collected),
		cmocka_unit_test(test_window_is_full),
		cmocka_unit_test(test_many_objects),
		cmocka_unit_test(test_core_goes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
