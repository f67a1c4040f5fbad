// SPDX-License-Identifier: MIT
/* Syncs, queues, submissions as they are, timestamps. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "asahi_drm.h"
#include "internal.h"

#define CDM_TERMINATE 0x40000000u /* first word of the block that ends a stream */
#define SECONDS       1000000000ull
#define LONG          (20 * SECONDS)

struct fixture {
	struct agx_context *ctx;
	struct agx_device *device;
	struct agx_vm *vm;
	struct agx_queue *queue, *other;
	struct agx_buffer *stream;
};

struct command {
	struct drm_asahi_cmd_header header;
	struct drm_asahi_cmd_compute compute;
};

static int setup(void **state)
{
	static struct fixture f;
	uint32_t *map;

	/* AGX_DEVICE, or else a virtual GPU of this process. */
	if (agx_context_create(NULL, &f.ctx) ||
	    agx_device_open(f.ctx, getenv("AGX_DEVICE") ? NULL : "virtual", &f.device) ||
	    agx_vm_create(f.device, &f.vm) ||
	    agx_queue_create(f.vm, AGX_PRIORITY_MEDIUM, &f.queue) ||
	    agx_queue_create(f.vm, AGX_PRIORITY_LOW, &f.other) ||
	    agx_buffer_create(f.vm, AGX_PAGE_SIZE, 0, &f.stream))
		return -1;
	map = agx_buffer_map(f.stream);
	if (!map)
		return -1;
	map[0] = CDM_TERMINATE;
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	/* In an order that is as bad as can be. */
	agx_device_close(f->device);
	agx_vm_destroy(f->vm);
	agx_buffer_destroy(f->stream);
	agx_queue_destroy(f->queue);
	agx_queue_destroy(f->other);
	agx_context_destroy(f->ctx);
	return 0;
}

static struct command empty(const struct fixture *f)
{
	const uint64_t address = agx_buffer_address(f->stream);

	return (struct command){
		.header = {.cmd_type = DRM_ASAHI_CMD_COMPUTE,
			   .size = sizeof(struct drm_asahi_cmd_compute)},
		.compute = {.cdm_ctrl_stream_base = address, .cdm_ctrl_stream_end = address + 8},
	};
}

static int submit(const struct fixture *f, struct agx_queue *queue,
		  const struct agx_sync_point *wait, const struct agx_sync_point *signal)
{
	const struct command command = empty(f);
	const struct agx_submission syncs = {
		.waits = wait,
		.wait_count = wait ? 1 : 0,
		.signals = signal,
		.signal_count = signal ? 1 : 0,
	};

	return agx_queue_submit_raw(queue, &command, sizeof(command), &syncs);
}

static void binary_syncs(void **state)
{
	struct fixture *f = *state;
	struct agx_sync *sync, *done;

	assert_int_equal(agx_sync_create(f->device, 0, &sync), 0);
	assert_int_equal(agx_sync_create(f->device, AGX_SYNC_SIGNALLED, &done), 0);
	assert_int_equal(agx_sync_wait(done, 0, 0), 0);
	assert_int_equal(agx_sync_status(done, 0), 0);
	assert_int_equal(agx_sync_wait(sync, 0, 0), -ETIME);
	assert_int_equal(agx_sync_wait(sync, 0, 1000), -ETIME);
	assert_int_equal(agx_sync_status(sync, 0), -EBUSY);
	assert_int_equal(agx_sync_signal(sync, 1), -EINVAL);
	assert_int_equal(agx_sync_signal(sync, 0), 0);
	assert_int_equal(agx_sync_wait(sync, 0, AGX_FOREVER), 0);
	assert_int_equal(agx_sync_reset(sync), 0);
	assert_int_equal(agx_sync_wait(sync, 0, 0), -ETIME);
	agx_sync_destroy(sync);
	agx_sync_destroy(done);
	agx_sync_destroy(NULL);
	assert_int_equal(agx_sync_create(f->device, 4, &sync), -EINVAL);
	assert_int_equal(agx_sync_create(f->device, AGX_SYNC_TIMELINE | AGX_SYNC_SIGNALLED, &sync),
			 -EINVAL);
	assert_null(sync);
}

static void timelines(void **state)
{
	struct fixture *f = *state;
	struct agx_sync *sync, *binary;
	uint64_t point;

	assert_int_equal(agx_sync_create(f->device, AGX_SYNC_TIMELINE, &sync), 0);
	assert_int_equal(agx_sync_create(f->device, 0, &binary), 0);
	assert_int_equal(agx_sync_query(sync, &point), 0);
	assert_int_equal(point, 0);
	assert_int_equal(agx_sync_signal(sync, 5), 0);
	assert_int_equal(agx_sync_query(sync, &point), 0);
	assert_int_equal(point, 5);
	assert_int_equal(agx_sync_wait(sync, 3, 0), 0);
	assert_int_equal(agx_sync_wait(sync, 6, 0), -ETIME);
	assert_int_equal(agx_sync_reset(sync), -EINVAL);
	assert_int_equal(agx_sync_query(binary, &point), -EINVAL);

	const struct agx_sync_point points[] = {{binary, 0}, {sync, 6}, {sync, 5}};

	assert_int_equal(agx_sync_wait_any(points, 3, LONG), 2);
	assert_int_equal(agx_sync_wait_all(points, 3, 1000), -ETIME);
	assert_int_equal(agx_sync_wait_any(points, 2, 0), -ETIME);
	assert_int_equal(agx_sync_wait_any(points, 0, 0), -EINVAL);
	assert_int_equal(agx_sync_wait_all(points, 0, 0), 0);
	assert_int_equal(agx_sync_signal(sync, 6), 0);
	assert_int_equal(agx_sync_signal(binary, 0), 0);
	assert_int_equal(agx_sync_wait_all(points, 3, LONG), 0);
	agx_sync_destroy(sync);
	agx_sync_destroy(binary);
}

struct later {
	struct agx_sync *sync;
	uint64_t point;
};

static void *signal_later(void *data)
{
	const struct later *later = data;

	usleep(20000);
	return agx_sync_signal(later->sync, later->point) ? data : NULL;
}

/* The ioctl says nothing of a first one to who has waited for all. */
static void waits_that_really_wait(void **state)
{
	struct fixture *f = *state;
	struct agx_sync *done;
	struct later later = {.point = 3};
	pthread_t thread;
	void *failed;

	assert_int_equal(agx_sync_create(f->device, AGX_SYNC_TIMELINE, &later.sync), 0);
	assert_int_equal(agx_sync_create(f->device, AGX_SYNC_SIGNALLED, &done), 0);
	for (; later.point < 9; later.point += 3) {
		const struct agx_sync_point points[] = {{later.sync, later.point}, {done, 0}};

		assert_int_equal(pthread_create(&thread, NULL, signal_later, &later), 0);
		assert_int_equal(agx_sync_wait_all(points, 2, LONG), 0);
		pthread_join(thread, &failed);
		assert_null(failed);
	}
	assert_int_equal(pthread_create(&thread, NULL, signal_later, &later), 0);
	assert_int_equal(agx_sync_wait(later.sync, later.point, AGX_FOREVER), 0);
	pthread_join(thread, &failed);
	assert_null(failed);
	agx_sync_destroy(later.sync);
	agx_sync_destroy(done);
}

static void syncs_go_from_hand_to_hand(void **state)
{
	struct fixture *f = *state;
	struct agx_sync *a, *b, *same, *none;
	uint64_t point;
	int fd;

	assert_int_equal(agx_sync_create(f->device, AGX_SYNC_TIMELINE, &a), 0);
	assert_int_equal(agx_sync_create(f->device, AGX_SYNC_TIMELINE, &b), 0);
	assert_int_equal(agx_sync_export(a, 1, &fd), -EINVAL);
	assert_int_equal(submit(f, f->queue, NULL, &(struct agx_sync_point){a, 1}), 0);
	assert_int_equal(agx_sync_export(a, 1, &fd), 0);
	assert_int_equal(agx_sync_import(b, 7, fd), 0);
	close(fd);
	assert_int_equal(agx_sync_wait(b, 7, LONG), 0);
	assert_int_equal(agx_sync_status(b, 7), 0);

	assert_int_equal(agx_sync_export_object(a, &fd), 0);
	assert_int_equal(agx_sync_import_object(f->device, fd, AGX_SYNC_TIMELINE, &same), 0);
	close(fd);
	assert_int_equal(agx_sync_signal(same, 9), 0);
	assert_int_equal(agx_sync_query(a, &point), 0);
	assert_int_equal(point, 9);
	assert_true(agx_sync_import(b, 8, -1) < 0);
	assert_true(agx_sync_import_object(f->device, -1, 0, &none) < 0);
	assert_null(none);
	agx_sync_destroy(same);
	agx_sync_destroy(a);
	agx_sync_destroy(b);
}

static void raw_submissions_run_and_are_waited_for(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(agx_queue_wait(f->queue, 0), 0); /* nothing yet */
	for (unsigned int i = 0; i < 20; i++)
		assert_int_equal(submit(f, f->queue, NULL, NULL), 0);
	assert_int_equal(agx_queue_wait(f->queue, LONG), 0);
	assert_int_equal(agx_queue_submit_raw(f->queue, "", 0, NULL), -EINVAL);
	assert_non_null(strstr(agx_error(f->ctx), "SUBMIT"));
	assert_int_equal(agx_queue_wait(f->queue, LONG), 0);
}

static void submissions_without_commands_wait_and_signal(void **state)
{
	struct fixture *f = *state;
	struct agx_sync *gate, *done;

	assert_int_equal(agx_sync_create(f->device, AGX_SYNC_TIMELINE, &gate), 0);
	assert_int_equal(agx_sync_create(f->device, 0, &done), 0);
	assert_int_equal(submit(f, f->other, NULL, &(struct agx_sync_point){gate, 1}), 0);

	const struct agx_sync_point wait = {gate, 1}, signal = {done, 0};
	const struct agx_submission submission = {
		.waits = &wait, .wait_count = 1, .signals = &signal, .signal_count = 1};

	assert_int_equal(agx_queue_submit(f->queue, &submission), 0);
	assert_int_equal(agx_sync_wait(done, 0, LONG), 0);
	assert_int_equal(agx_sync_status(done, 0), 0);
	assert_int_equal(agx_queue_wait(f->queue, LONG), 0);
	agx_sync_destroy(gate);
	agx_sync_destroy(done);
}

static void timelines_order_queues(void **state)
{
	struct fixture *f = *state;
	struct agx_sync *ping;
	uint64_t point = 0;

	assert_int_equal(agx_sync_create(f->device, AGX_SYNC_TIMELINE, &ping), 0);
	for (uint64_t i = 0; i < 30; i++) {
		const struct agx_sync_point before = {ping, i}, after = {ping, i + 1};

		assert_int_equal(submit(f, i & 1 ? f->other : f->queue, i ? &before : NULL, &after),
				 0);
	}
	assert_int_equal(agx_sync_wait(ping, 30, LONG), 0);
	assert_int_equal(agx_sync_query(ping, &point), 0);
	assert_int_equal(point, 30);
	agx_sync_destroy(ping);
}

static void submissions_are_refused_with_a_reason(void **state)
{
	struct fixture *f = *state;
	struct agx_sync_point points[63];
	struct agx_sync *timeline, *binary;
	struct agx_queue *queue;
	const struct agx_submission many = {.signals = points, .signal_count = 63};

	assert_int_equal(agx_sync_create(f->device, AGX_SYNC_TIMELINE, &timeline), 0);
	assert_int_equal(agx_sync_create(f->device, 0, &binary), 0);
	assert_int_equal(submit(f, f->queue, NULL, &(struct agx_sync_point){NULL, 0}), -EINVAL);
	assert_int_equal(submit(f, f->queue, NULL, &(struct agx_sync_point){timeline, 0}), -EINVAL);
	assert_int_equal(submit(f, f->queue, NULL, &(struct agx_sync_point){binary, 1}), -EINVAL);
	assert_int_equal(submit(f, f->queue, &(struct agx_sync_point){timeline, 1}, NULL), -EINVAL);
	/* Counts without an array. */
	assert_int_equal(agx_queue_submit(f->queue, &(struct agx_submission){.cmdbuf_count = 1}),
			 -EINVAL);
	assert_int_equal(agx_queue_submit(f->queue, &(struct agx_submission){.wait_count = 1}),
			 -EINVAL);
	assert_int_equal(agx_queue_submit(f->queue, &(struct agx_submission){.signal_count = 1}),
			 -EINVAL);
	assert_non_null(strstr(agx_error(f->ctx), "a pointer to 1 of them expected"));
	assert_int_equal(agx_sync_wait_all(NULL, 1, 0), -EINVAL);
	for (unsigned int i = 0; i < 63; i++)
		points[i] = (struct agx_sync_point){binary, 0};
	assert_int_equal(agx_queue_submit(f->queue, &many), -EINVAL);
	assert_int_equal(agx_queue_create(f->vm, 17, &queue), -EINVAL);
	assert_null(queue);
	agx_sync_destroy(timeline);
	agx_sync_destroy(binary);
}

static void a_fault_comes_out_on_its_fence(void **state)
{
	struct fixture *f = *state;
	struct command command = empty(f);
	struct agx_sync *sync;
	int status;

	assert_int_equal(agx_sync_create(f->device, 0, &sync), 0);

	const struct agx_sync_point signal = {sync, 0};
	const struct agx_submission syncs = {.signals = &signal, .signal_count = 1};

	command.compute.cdm_ctrl_stream_base = 0x6000000000; /* nothing is there */
	command.compute.cdm_ctrl_stream_end = 0x6000000008;
	assert_int_equal(agx_queue_submit_raw(f->queue, &command, sizeof(command), &syncs), 0);
	assert_int_equal(agx_sync_wait(sync, 0, LONG), 0);
	status = agx_sync_status(sync, 0);
	assert_true(status < 0 && status != -EBUSY);
	assert_int_equal(agx_queue_wait(f->queue, LONG), status);
	/* The device goes on. */
	assert_int_equal(submit(f, f->queue, NULL, NULL), 0);
	assert_int_equal(agx_queue_wait(f->queue, LONG), 0);
	agx_sync_destroy(sync);
}

static void *submit_many(void *data)
{
	const struct fixture *f = data;

	for (unsigned int i = 0; i < 100; i++)
		if (submit(f, f->queue, NULL, NULL) ||
		    (i % 10 == 9 && agx_queue_wait(f->queue, LONG)))
			return data;
	return NULL;
}

static void threads_share_a_queue(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[4];
	void *failed;

	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, submit_many, f), 0);
	for (unsigned int i = 0; i < 4; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(agx_queue_wait(f->queue, LONG), 0);
}

static void on_alarm(int signo)
{
}

static void signals_do_not_end_waits(void **state)
{
	struct fixture *f = *state;
	const struct sigaction action = {.sa_handler = on_alarm};
	const struct itimerval often = {{0, 2000}, {0, 2000}}, never = {0};
	struct sigaction old;
	struct agx_sync *sync;

	assert_int_equal(agx_sync_create(f->device, 0, &sync), 0);
	sigaction(SIGALRM, &action, &old);
	setitimer(ITIMER_REAL, &often, NULL);
	assert_int_equal(agx_sync_wait(sync, 0, 50000000), -ETIME);
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &old, NULL);
	agx_sync_destroy(sync);
}

static void timestamps_are_written(void **state)
{
	struct fixture *f = *state;
	struct command command = empty(f);
	struct agx_timestamps *times;
	struct drm_asahi_timestamps *ts = &command.compute.ts;

	assert_int_equal(agx_timestamps_create(f->vm, 0, &times), -EINVAL);
	assert_int_equal(agx_timestamps_create(f->vm, 3000, &times), 0);
	assert_int_equal(lib_timestamp_place(times, 2998, &ts->start.handle, &ts->start.offset), 0);
	assert_int_equal(lib_timestamp_place(times, 2999, &ts->end.handle, &ts->end.offset), 0);
	assert_int_equal(lib_timestamp_place(times, 3000, &ts->end.handle, &ts->end.offset),
			 -EINVAL);
	assert_int_equal(agx_queue_submit_raw(f->queue, &command, sizeof(command), NULL), 0);
	assert_int_equal(agx_queue_wait(f->queue, LONG), 0);
	assert_true(agx_timestamps_get(times, 2998) > 0);
	assert_true(agx_timestamps_get(times, 2999) >= agx_timestamps_get(times, 2998));
	assert_int_equal(agx_timestamps_get(times, 0), 0);
	assert_int_equal(agx_timestamps_get(times, 3000), 0);
	agx_timestamps_clear(times);
	assert_int_equal(agx_timestamps_get(times, 2998), 0);
	agx_timestamps_destroy(times);
	agx_timestamps_destroy(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(binary_syncs),
		TEST(timelines),
		TEST(waits_that_really_wait),
		TEST(syncs_go_from_hand_to_hand),
		TEST(raw_submissions_run_and_are_waited_for),
		TEST(submissions_without_commands_wait_and_signal),
		TEST(timelines_order_queues),
		TEST(submissions_are_refused_with_a_reason),
		TEST(a_fault_comes_out_on_its_fence),
		TEST(threads_share_a_queue),
		TEST(signals_do_not_end_waits),
		TEST(timestamps_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
