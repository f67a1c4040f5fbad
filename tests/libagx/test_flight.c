// SPDX-License-Identifier: MIT
/* Work that is under way, for as long as the test wants it to be. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <agx/agx.h>

#include "device.h"
#include "gate.h"

#define SECONDS 1000000000ull
#define LONG    (20 * SECONDS)

struct fixture {
	struct test_device *t;
	struct agx_vm *vm;
	struct agx_queue *queue, *other;
	struct agx_cmdbuf *cmdbuf;
	struct agx_shader *shader;
	struct agx_buffer *buffer;
	struct agx_sync *sync; /* the gate's */
	struct gate gate;
	uint32_t *words;
};

/* One thread adds 1 to the word at du0. */
static const char count_text[] = "load r2, du0, 0, i32, x, a\n"
				 "wait a\n"
				 "iadd r2, r2, 1\n"
				 "store r2, du0, 0, i32, x, a\n"
				 "stop\n";

static void ok_at(struct fixture *f, int ret, int line)
{
	if (ret)
		fail_msg("line %d: %d: %s", line, ret, agx_error(f->t->ctx));
}

#define ok(f, ret) ok_at(f, ret, __LINE__)

static void record(struct fixture *f, struct agx_cmdbuf *cmdbuf)
{
	const uint64_t address = agx_buffer_address(f->buffer);
	const struct agx_bindings bindings = {.uniforms = &address, .uniform_bytes = 8};

	ok(f, agx_compute_begin(cmdbuf, NULL));
	ok(f, agx_compute_launch(cmdbuf, f->shader, &bindings, &(struct agx_dispatch){0}));
	ok(f, agx_compute_end(cmdbuf));
	ok(f, agx_cmdbuf_end(cmdbuf));
}

static int setup(void **state)
{
	const struct agx_shader_params params = {.stage = AGX_STAGE_COMPUTE, .text = count_text};
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (!f || test_device_open(NULL, &f->t))
		return -1;
	if (agx_vm_create(f->t->device, &f->vm) ||
	    agx_queue_create(f->vm, AGX_PRIORITY_MEDIUM, &f->queue) ||
	    agx_queue_create(f->vm, AGX_PRIORITY_LOW, &f->other) ||
	    agx_cmdbuf_create(f->vm, &f->cmdbuf) || agx_shader_create(f->vm, &params, &f->shader) ||
	    agx_buffer_create(f->vm, 4, 0, &f->buffer) ||
	    agx_sync_create(f->t->device, 0, &f->sync)) {
		fprintf(stderr, "%s\n", agx_error(f->t->ctx));
		return -1;
	}
	f->words = agx_buffer_map(f->buffer);
	return f->words ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int ret;

	if (!f)
		return 0;
	agx_cmdbuf_destroy(f->cmdbuf);
	agx_shader_destroy(f->shader);
	agx_queue_destroy(f->queue);
	agx_queue_destroy(f->other);
	agx_sync_destroy(f->sync);
	agx_buffer_destroy(f->buffer);
	agx_vm_destroy(f->vm);
	ret = test_device_close(f->t);
	free(f);
	return ret;
}

/* Submits the command buffer behind the gate. */
static void submit(struct fixture *f, struct agx_queue *queue)
{
	const struct agx_sync_point wait = {f->sync, 0};
	const struct agx_submission submission = {
		.cmdbufs = &f->cmdbuf, .cmdbuf_count = 1, .waits = &wait, .wait_count = 1};

	ok(f, agx_queue_submit(queue, &submission));
}

static void command_buffers_are_busy(void **state)
{
	struct fixture *f = *state;
	uint32_t size;

	record(f, f->cmdbuf);
	ok(f, gate_close(&f->gate, f->sync, 0));
	submit(f, f->queue);
	assert_int_equal(agx_cmdbuf_reset(f->cmdbuf), -EBUSY);
	assert_non_null(strstr(agx_error(f->t->ctx), "under way"));
	assert_non_null(agx_cmdbuf_bytes(f->cmdbuf, &size));
	assert_int_equal(agx_queue_wait(f->queue, 0), -ETIME);
	assert_int_equal(agx_queue_wait(f->queue, 1000000), -ETIME);
	assert_int_equal(f->words[0], 0);
	/* What is under way can be submitted once more, and waits as well. */
	submit(f, f->queue);
	submit(f, f->other);
	assert_int_equal(agx_cmdbuf_reset(f->cmdbuf), -EBUSY);
	ok(f, gate_open(&f->gate));
	ok(f, agx_queue_wait(f->queue, LONG));
	ok(f, agx_queue_wait(f->other, LONG));
	assert_in_range(f->words[0], 2, 3); /* the queues may have overlapped */
	ok(f, agx_cmdbuf_reset(f->cmdbuf));
	record(f, f->cmdbuf);
	ok(f, agx_queue_run(f->queue, f->cmdbuf));
	/* Who knows that it has ended need not wait. */
	ok(f, agx_cmdbuf_reset(f->cmdbuf));
}

/* Busy on one queue, and at rest on another. */
static void busy_on_one_of_two_queues(void **state)
{
	struct fixture *f = *state;

	record(f, f->cmdbuf);
	ok(f, agx_queue_run(f->other, f->cmdbuf));
	ok(f, gate_close(&f->gate, f->sync, 0));
	submit(f, f->queue);
	ok(f, agx_queue_run(f->other, f->cmdbuf));
	assert_int_equal(f->words[0], 2);
	assert_int_equal(agx_cmdbuf_reset(f->cmdbuf), -EBUSY);
	/* A queue that is forgotten stays until the command buffer knows. */
	agx_queue_destroy(f->other);
	f->other = NULL;
	assert_int_equal(agx_cmdbuf_reset(f->cmdbuf), -EBUSY);
	ok(f, gate_open(&f->gate));
	ok(f, agx_queue_wait(f->queue, LONG));
	ok(f, agx_cmdbuf_reset(f->cmdbuf));
	assert_int_equal(f->words[0], 3);
}

struct ending {
	struct agx_cmdbuf *cmdbuf;
	struct agx_queue *queue;
	atomic_bool ended;
};

static void *end_it(void *data)
{
	struct ending *e = data;

	agx_cmdbuf_destroy(e->cmdbuf);
	agx_queue_destroy(e->queue);
	atomic_store(&e->ended, true);
	return NULL;
}

static void check_ending_waits(struct fixture *f, struct ending *e)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, end_it, e), 0);
	usleep(20000); /* time to go wrong in */
	assert_false(atomic_load(&e->ended));
	assert_int_equal(f->words[0], 0);
	ok(f, gate_open(&f->gate));
	pthread_join(thread, NULL);
	assert_int_equal(f->words[0], 1);
}

static void destroying_a_command_buffer_waits(void **state)
{
	struct fixture *f = *state;
	struct ending e = {.cmdbuf = f->cmdbuf};

	record(f, f->cmdbuf);
	ok(f, gate_close(&f->gate, f->sync, 0));
	submit(f, f->queue);
	f->cmdbuf = NULL;
	check_ending_waits(f, &e);
}

static void destroying_a_queue_waits(void **state)
{
	struct fixture *f = *state;
	struct ending e = {.queue = f->queue};

	record(f, f->cmdbuf);
	ok(f, gate_close(&f->gate, f->sync, 0));
	submit(f, f->queue);
	f->queue = NULL;
	check_ending_waits(f, &e);
	ok(f, agx_cmdbuf_reset(f->cmdbuf));
}

struct opening {
	struct gate *gate;
	int ret;
};

static void *open_later(void *data)
{
	struct opening *o = data;

	usleep(20000);
	o->ret = gate_open(o->gate);
	return NULL;
}

/* A point of a timeline with a fence that signals later, in another thread. */
static void a_point_is_signalled_later(void **state)
{
	struct fixture *f = *state;
	struct opening o = {.gate = &f->gate};
	struct agx_sync_point points[2];
	struct agx_submission submission = {.cmdbufs = &f->cmdbuf,
					    .cmdbuf_count = 1,
					    .waits = &points[0],
					    .wait_count = 1,
					    .signals = &points[1],
					    .signal_count = 1};
	struct agx_sync *timeline;
	pthread_t thread;
	uint64_t point;

	record(f, f->cmdbuf);
	ok(f, agx_sync_create(f->t->device, AGX_SYNC_TIMELINE, &timeline));
	points[0] = (struct agx_sync_point){timeline, 5};
	points[1] = (struct agx_sync_point){timeline, 9};
	/* A point that nobody has promised cannot be waited for by the GPU, but by the CPU. */
	assert_int_equal(agx_queue_submit(f->queue, &submission), -EINVAL);
	assert_int_equal(agx_sync_wait(timeline, 5, 0), -ETIME);
	assert_int_equal(agx_sync_status(timeline, 5), -EBUSY);
	ok(f, gate_close(&f->gate, timeline, 5));
	ok(f, agx_queue_submit(f->queue, &submission));
	assert_int_equal(agx_sync_status(timeline, 5), -EBUSY);
	assert_int_equal(agx_sync_status(timeline, 9), -EBUSY);
	assert_int_equal(agx_sync_wait_any(points, 2, 0), -ETIME);
	ok(f, agx_sync_query(timeline, &point));
	assert_int_equal(point, 0);
	assert_int_equal(pthread_create(&thread, NULL, open_later, &o), 0);
	ok(f, agx_sync_wait(timeline, 9, AGX_FOREVER));
	pthread_join(thread, NULL);
	assert_int_equal(o.ret, 0);
	ok(f, agx_sync_status(timeline, 9));
	ok(f, agx_sync_query(timeline, &point));
	assert_int_equal(point, 9);
	assert_int_equal(f->words[0], 1);
	agx_sync_destroy(timeline);
}

static void waits_end_when_they_are_to(void **state)
{
	static const uint64_t times[] = {0,
					 1,
					 INT64_MAX - 1,
					 INT64_MAX,
					 (uint64_t)INT64_MAX + 1,
					 UINT64_MAX - SECONDS,
					 UINT64_MAX - 1,
					 UINT64_MAX};
	struct fixture *f = *state;
	struct agx_sync *done;

	ok(f, agx_sync_create(f->t->device, AGX_SYNC_SIGNALLED, &done));
	ok(f, gate_close(&f->gate, f->sync, 0));

	const struct agx_sync_point points[] = {{f->sync, 0}, {done, 0}};

	for (unsigned int i = 0; i < sizeof(times) / sizeof(*times); i++) {
		ok(f, agx_sync_wait(done, 0, times[i]));
		assert_int_equal(agx_sync_wait_any(points, 2, times[i]), 1);
		ok(f, agx_queue_wait(f->queue, times[i]));
	}
	assert_int_equal(agx_sync_wait(f->sync, 0, 0), -ETIME);
	assert_int_equal(agx_sync_wait(f->sync, 0, 1), -ETIME);
	assert_int_equal(agx_sync_wait_all(points, 2, 1000000), -ETIME);
	ok(f, gate_open(&f->gate));
	for (unsigned int i = 1; i < sizeof(times) / sizeof(*times); i++)
		ok(f, agx_sync_wait_all(points, 2, i == 1 ? LONG : times[i]));
	agx_sync_destroy(done);
}

/* How it ended comes out of every wait, and of none that was for something else. */
static void run_tells_how_work_has_ended(void **state)
{
	struct fixture *f = *state;
	int status;

	assert_int_equal(agx_queue_run(f->queue, f->cmdbuf), -EINVAL); /* it has not ended */
	assert_non_null(strstr(agx_error(f->t->ctx), "agx_cmdbuf_end"));
	ok(f, agx_cmdbuf_end(f->cmdbuf));
	ok(f, agx_queue_run(f->queue, f->cmdbuf)); /* nothing to do */
	ok(f, agx_cmdbuf_reset(f->cmdbuf));
	/* Bytes where there are no commands. */
	ok(f, agx_compute_begin(f->cmdbuf, NULL));
	ok(f, agx_compute_raw(f->cmdbuf, "\xff\xff\xff\xff", 4));
	ok(f, agx_compute_end(f->cmdbuf));
	ok(f, agx_cmdbuf_end(f->cmdbuf));
	status = agx_queue_run(f->queue, f->cmdbuf);
	assert_true(status < 0 && status != -EBUSY && status != -ETIME);
	assert_non_null(strstr(agx_error(f->t->ctx), "failed"));
	assert_int_equal(agx_queue_wait(f->queue, 0), status);
	ok(f, agx_queue_wait(f->other, 0));
	assert_true(test_device_take_findings(f->t) > 0);
	ok(f, agx_cmdbuf_reset(f->cmdbuf));
	record(f, f->cmdbuf);
	ok(f, agx_queue_run(f->queue, f->cmdbuf));
	ok(f, agx_queue_wait(f->queue, 0));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(command_buffers_are_busy),          TEST(busy_on_one_of_two_queues),
		TEST(destroying_a_command_buffer_waits), TEST(destroying_a_queue_waits),
		TEST(a_point_is_signalled_later),        TEST(waits_end_when_they_are_to),
		TEST(run_tells_how_work_has_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
