// SPDX-License-Identifier: MIT
/* Syncobj ioctls in one process: argument rules, errno, binary and timeline semantics. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sync_fixture.h"

#define WAIT_10S sync_in(10 * SYNC_NS_PER_S)

static void handles_are_the_lowest_free(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t a = sync_create(f, 0), b = sync_create(f, 0), c = sync_create(f, 0);

	assert_int_equal(a, 1);
	assert_int_equal(b, 2);
	assert_int_equal(c, 3);
	sync_destroy(f, b);
	assert_int_equal(sync_create(f, 0), 2);
}

static void create_and_destroy_refuse_bad_arguments(void **state)
{
	struct sync_fixture *f = *state;
	struct drm_syncobj_create create = {.flags = 2};
	struct drm_syncobj_destroy destroy = {.handle = sync_create(f, 0), .pad = 1};

	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_CREATE, &create), -EINVAL);
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_DESTROY, &destroy), -EINVAL);
	destroy.pad = 0;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_DESTROY, &destroy), 0);
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_DESTROY, &destroy), -EINVAL);
	destroy.handle = 0;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_DESTROY, &destroy), -EINVAL);
	destroy.handle = 0xffffffff;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_DESTROY, &destroy), -EINVAL);
}

static void binary_life(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0), signalled = sync_create(f, DRM_SYNCOBJ_CREATE_SIGNALED);

	assert_int_equal(sync_wait(f, signalled, 0, 0), 0);
	assert_int_equal(sync_wait(f, s, 0, 0), -EINVAL);
	assert_int_equal(sync_wait(f, s, AGX_SYNCOBJ_WAIT_FOR_SUBMIT, 0), -ETIME);
	assert_int_equal(sync_signal(f, s), 0);
	assert_int_equal(sync_wait(f, s, 0, 0), 0);
	assert_int_equal(sync_reset(f, s), 0);
	assert_int_equal(sync_wait(f, s, 0, 0), -EINVAL);
}

static void wait_refuses_bad_arguments(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t handles[2] = {sync_create(f, DRM_SYNCOBJ_CREATE_SIGNALED), 77};
	struct drm_syncobj_wait wait = {.handles = (uintptr_t)handles, .count_handles = 1};
	struct drm_syncobj_timeline_wait timeline = {.handles = (uintptr_t)handles,
						     .count_handles = 1};

	wait.flags = AGX_SYNCOBJ_WAIT_AVAILABLE;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_WAIT, &wait), -EINVAL);
	wait.flags = 16;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_WAIT, &wait), -EINVAL);
	timeline.flags = 16;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &timeline), -EINVAL);
	wait.count_handles = 0;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_WAIT, &wait), -EINVAL);
	/* To wait for nothing is no error, and writes nothing. */
	wait.flags = 0;
	wait.first_signaled = 77;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_WAIT, &wait), 0);
	assert_int_equal(wait.first_signaled, 77);
	timeline.flags = 0;
	timeline.count_handles = 0;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &timeline), 0);
	wait.count_handles = 2;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_WAIT, &wait), -ENOENT);
	/* More handles than the kernel could allocate an array for. */
	wait.count_handles = 0xffffffff;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_WAIT, &wait), -ENOMEM);
	wait.count_handles = 1 << 20 | 1;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_WAIT, &wait), -ENOMEM);
	wait.count_handles = 1;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_WAIT, &wait), 0);
	assert_int_equal(wait.first_signaled, 0);
}

static void count_above_the_kernels_allocation_is_enomem(void **state)
{
	struct sync_fixture *f = *state;
	const uint32_t count = 65537; /* one more than wait entries fit into 4 MiB */
	uint32_t *handles = malloc(count * sizeof(*handles));
	struct drm_syncobj_wait wait = {.handles = (uintptr_t)handles, .count_handles = count};
	uint32_t s = sync_create(f, DRM_SYNCOBJ_CREATE_SIGNALED);

	assert_non_null(handles);
	for (uint32_t i = 0; i < count; i++)
		handles[i] = s;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_WAIT, &wait), -ENOMEM);
	wait.count_handles = count - 1;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_WAIT, &wait), 0);
	free(handles);
}

static void deadline_is_accepted(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, DRM_SYNCOBJ_CREATE_SIGNALED);
	struct agx_arg_syncobj_wait wait = {.handles = (uintptr_t)&s,
					    .count_handles = 1,
					    .flags = AGX_SYNCOBJ_WAIT_DEADLINE,
					    .deadline_nsec = 1};
	unsigned long request =
		DRM_IOWR(_IOC_NR(DRM_IOCTL_SYNCOBJ_WAIT), struct agx_arg_syncobj_wait);

	assert_int_equal(sync_ioctl(f, request, &wait), 0);
	assert_int_equal(sync_timeline_wait(f, s, 0, AGX_SYNCOBJ_WAIT_DEADLINE, 0), 0);
}

static void wait_any_names_a_signalled_one(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t handles[3] = {sync_create(f, 0), sync_create(f, 0), sync_create(f, 0)};
	struct drm_syncobj_wait wait = {.handles = (uintptr_t)handles, .count_handles = 3};
	struct sync_pending p0 = sync_make_pending(f, handles[0], 0);
	struct sync_pending p1 = sync_make_pending(f, handles[1], 0);
	struct sync_pending p2 = sync_make_pending(f, handles[2], 0);

	wait.first_signaled = 1234;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_WAIT, &wait), -ETIME);
	assert_int_equal(wait.first_signaled, 1234);
	sync_pending_end(&p1, 0);
	wait.timeout_nsec = WAIT_10S;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_WAIT, &wait), 0);
	assert_int_equal(wait.first_signaled, 1);
	wait.flags = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL;
	wait.timeout_nsec = 0;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_WAIT, &wait), -ETIME);
	sync_pending_end(&p0, 0);
	sync_pending_end(&p2, 0);
	wait.timeout_nsec = WAIT_10S;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_WAIT, &wait), 0);
}

static void timeouts_are_absolute_and_monotonic(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0);
	struct sync_pending p = sync_make_pending(f, s, 0);
	int64_t until = sync_in(20000000);

	assert_int_equal(sync_wait(f, s, 0, until), -ETIME);
	assert_true(sync_in(0) >= until);
	assert_int_equal(sync_wait(f, s, 0, 1), -ETIME);
	assert_int_equal(sync_wait(f, s, 0, -5), -ETIME);
	assert_int_equal(sync_wait(f, s, 0, INT64_MIN), -ETIME);
	sync_pending_end(&p, 0);
	assert_int_equal(sync_wait(f, s, 0, INT64_MAX), 0);
	/* Signalled: the time does not matter. */
	assert_int_equal(sync_wait(f, s, 0, -5), 0);
}

struct thread_arg {
	struct sync_fixture *f;
	uint32_t handle;
	uint64_t point;
	uint32_t flags;
	long result;
};

static void *wait_thread(void *data)
{
	struct thread_arg *arg = data;

	arg->result = sync_timeline_wait(arg->f, arg->handle, arg->point, arg->flags, INT64_MAX);
	return NULL;
}

static void wait_for_submit_sees_another_threads_signal(void **state)
{
	struct sync_fixture *f = *state;
	struct thread_arg arg = {f, sync_create(f, 0), 3, AGX_SYNCOBJ_WAIT_FOR_SUBMIT, 1};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, wait_thread, &arg), 0);
	usleep(2000);
	assert_int_equal(sync_timeline_signal(f, arg.handle, 2), 0);
	assert_int_equal(sync_timeline_signal(f, arg.handle, 3), 0);
	pthread_join(thread, NULL);
	assert_int_equal(arg.result, 0);
}

static void wait_available_ends_with_the_submission(void **state)
{
	struct sync_fixture *f = *state;
	struct thread_arg arg = {f, sync_create(f, 0), 1, AGX_SYNCOBJ_WAIT_AVAILABLE, 1};
	struct sync_pending p;
	pthread_t thread;

	assert_int_equal(
		sync_timeline_wait(f, arg.handle, 1, AGX_SYNCOBJ_WAIT_AVAILABLE, sync_in(1000)),
		-ETIME);
	assert_int_equal(pthread_create(&thread, NULL, wait_thread, &arg), 0);
	usleep(2000);
	p = sync_make_pending(f, arg.handle, 1);
	pthread_join(thread, NULL);
	assert_int_equal(arg.result, 0);
	assert_int_equal(sync_timeline_wait(f, arg.handle, 1, 0, 0), -ETIME);
	assert_int_equal(sync_timeline_wait(f, arg.handle, 2, 0, 0), -EINVAL);
	sync_pending_end(&p, 0);
	assert_int_equal(sync_timeline_wait(f, arg.handle, 1, 0, WAIT_10S), 0);
}

static void many_threads_wait_for_one_timeline(void **state)
{
	enum {
		THREADS = 16
	};
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0);
	struct thread_arg args[THREADS];
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++) {
		args[i] =
			(struct thread_arg){f, s, 1 + (uint64_t)i, AGX_SYNCOBJ_WAIT_FOR_SUBMIT, 1};
		assert_int_equal(pthread_create(&threads[i], NULL, wait_thread, &args[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(sync_timeline_signal(f, s, 1 + (uint64_t)i), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(args[i].result, 0);
	}
}

static void on_signal(int number)
{
	(void)number;
}

static void a_signal_handler_interrupts_a_wait(void **state)
{
	struct sync_fixture *f = *state;
	struct thread_arg arg = {f, sync_create(f, 0), 1, AGX_SYNCOBJ_WAIT_FOR_SUBMIT, 1};
	struct sigaction action = {.sa_handler = on_signal}, old;
	pthread_t thread;
	bool done = false;

	sigaction(SIGUSR1, &action, &old);
	assert_int_equal(pthread_create(&thread, NULL, wait_thread, &arg), 0);
	for (int i = 0; i < 1000 && !done; i++) {
		pthread_kill(thread, SIGUSR1);
		usleep(10000);
		done = !pthread_tryjoin_np(thread, NULL);
	}
	assert_true(done);
	assert_int_equal(arg.result, -EINTR);
	sigaction(SIGUSR1, &old, NULL);
}

static uint64_t point_of(struct sync_fixture *f, uint32_t handle)
{
	uint64_t point = ~0ull;

	assert_int_equal(sync_query(f, handle, &point, 0), 0);
	return point;
}

static uint64_t submitted_point_of(struct sync_fixture *f, uint32_t handle)
{
	uint64_t point = ~0ull;

	assert_int_equal(sync_query(f, handle, &point, DRM_SYNCOBJ_QUERY_FLAGS_LAST_SUBMITTED), 0);
	return point;
}

static void timeline_points_signal_in_order(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0);
	struct sync_pending p1 = sync_make_pending(f, s, 1), p5, p9;

	assert_int_equal(point_of(f, s), 0);
	p5 = sync_make_pending(f, s, 5);
	p9 = sync_make_pending(f, s, 9);
	assert_int_equal(submitted_point_of(f, s), 9);
	/* 5's own fence is done, but 1's is not. */
	sync_pending_end(&p5, 0);
	assert_int_equal(sync_timeline_wait(f, s, 5, 0, sync_in(5000000)), -ETIME);
	assert_int_equal(point_of(f, s), 0);
	/* Points between belong to the next one submitted. */
	assert_int_equal(sync_timeline_wait(f, s, 2, 0, 0), -ETIME);
	sync_pending_end(&p1, 0);
	assert_int_equal(sync_timeline_wait(f, s, 5, 0, WAIT_10S), 0);
	assert_int_equal(sync_timeline_wait(f, s, 1, 0, 0), 0);
	assert_int_equal(sync_timeline_wait(f, s, 4, 0, 0), 0);
	assert_int_equal(point_of(f, s), 5);
	assert_int_equal(sync_timeline_wait(f, s, 6, 0, 0), -ETIME);
	assert_int_equal(sync_timeline_wait(f, s, 10, 0, 0), -EINVAL);
	sync_pending_end(&p9, 0);
	assert_int_equal(sync_timeline_wait(f, s, 9, 0, WAIT_10S), 0);
	assert_int_equal(point_of(f, s), 9);
	assert_int_equal(submitted_point_of(f, s), 9);
}

static void unordered_points_keep_the_highest_number(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0);

	assert_int_equal(sync_timeline_signal(f, s, 10), 0);
	assert_int_equal(point_of(f, s), 10);
	assert_int_equal(sync_timeline_signal(f, s, 4), 0);
	assert_int_equal(point_of(f, s), 10);
	assert_int_equal(submitted_point_of(f, s), 10);
	assert_int_equal(sync_timeline_wait(f, s, 10, 0, 0), 0);
	assert_int_equal(sync_timeline_signal(f, s, 11), 0);
	assert_int_equal(point_of(f, s), 11);
}

static void query_of_binary_and_empty_is_zero(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0), b = sync_create(f, DRM_SYNCOBJ_CREATE_SIGNALED);
	struct drm_syncobj_timeline_array query = {.handles = (uintptr_t)&s, .count_handles = 1};

	assert_int_equal(point_of(f, s), 0);
	assert_int_equal(point_of(f, b), 0);
	query.flags = 2;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_QUERY, &query), -EINVAL);
	query.flags = 0;
	query.count_handles = 0;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_QUERY, &query), -EINVAL);
	s = 99;
	query.count_handles = 1;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_QUERY, &query), -ENOENT);
}

static void array_calls_refuse_bad_arguments(void **state)
{
	static const unsigned long requests[] = {DRM_IOCTL_SYNCOBJ_RESET, DRM_IOCTL_SYNCOBJ_SIGNAL};
	struct sync_fixture *f = *state;
	uint32_t handles[2] = {sync_create(f, DRM_SYNCOBJ_CREATE_SIGNALED), 99};
	struct drm_syncobj_timeline_array points = {
		.handles = (uintptr_t)handles, .count_handles = 1, .flags = 1};

	for (size_t i = 0; i < 2; i++) {
		struct drm_syncobj_array args = {.handles = (uintptr_t)handles};

		assert_int_equal(sync_ioctl(f, requests[i], &args), -EINVAL);
		args.count_handles = 1;
		args.pad = 1;
		assert_int_equal(sync_ioctl(f, requests[i], &args), -EINVAL);
		args.pad = 0;
		args.count_handles = 2;
		assert_int_equal(sync_ioctl(f, requests[i], &args), -ENOENT);
		args.count_handles = 0xffffffff;
		assert_int_equal(sync_ioctl(f, requests[i], &args), -ENOMEM);
		/* Nothing was done to the first. */
		assert_int_equal(sync_wait(f, handles[0], 0, 0), 0);
	}
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, &points), -EINVAL);
	points.flags = 0;
	points.count_handles = 0;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, &points), -EINVAL);
	points.count_handles = 2;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, &points), -ENOENT);
	/* No points: zeros. */
	points.count_handles = 1;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, &points), 0);
	assert_int_equal(point_of(f, handles[0]), 0);
}

static void transfer_between_points_and_binaries(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t timeline = sync_create(f, 0), binary = sync_create(f, 0),
		 other = sync_create(f, 0);
	struct drm_syncobj_transfer bad = {.src_handle = timeline, .dst_handle = binary, .pad = 1};
	struct sync_pending p2 = sync_make_pending(f, timeline, 2), p4;

	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_TRANSFER, &bad), -EINVAL);
	assert_int_equal(sync_transfer(f, 99, 0, timeline, 2, 0), -ENOENT);
	assert_int_equal(sync_transfer(f, binary, 0, 99, 2, 0), -ENOENT);
	assert_int_equal(sync_transfer(f, binary, 0, timeline, 3, 0), -EINVAL);
	assert_int_equal(sync_transfer(f, binary, 0, other, 0, 0), -EINVAL);

	p4 = sync_make_pending(f, timeline, 4);
	assert_int_equal(sync_transfer(f, binary, 0, timeline, 2, 0), 0);
	assert_int_equal(sync_transfer(f, other, 7, timeline, 4, 0), 0);
	assert_int_equal(sync_wait(f, binary, 0, 0), -ETIME);
	assert_int_equal(submitted_point_of(f, other), 7);
	sync_pending_end(&p4, 0);
	assert_int_equal(sync_timeline_wait(f, other, 7, 0, sync_in(5000000)), -ETIME);
	/* The transferred fence does not change with its source. */
	assert_int_equal(sync_reset(f, timeline), 0);
	sync_pending_end(&p2, 0);
	assert_int_equal(sync_wait(f, binary, 0, WAIT_10S), 0);
	assert_int_equal(sync_timeline_wait(f, other, 7, 0, WAIT_10S), 0);
	assert_int_equal(point_of(f, other), 7);
	/* A signalled point, gone from the chain, is still a fence. */
	assert_int_equal(sync_timeline_signal(f, other, 8), 0);
	assert_int_equal(sync_transfer(f, binary, 0, other, 3, 0), 0);
	assert_int_equal(sync_wait(f, binary, 0, 0), 0);
}

static void *transfer_thread(void *data)
{
	struct thread_arg *arg = data;
	uint32_t dst = sync_create(arg->f, 0);

	arg->result = sync_transfer(arg->f, dst, 0, arg->handle, arg->point, arg->flags);
	return NULL;
}

static void transfer_waits_for_submission(void **state)
{
	struct sync_fixture *f = *state;
	struct thread_arg arg = {f, sync_create(f, 0), 5, AGX_SYNCOBJ_WAIT_FOR_SUBMIT, 1};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, transfer_thread, &arg), 0);
	usleep(2000);
	assert_int_equal(sync_timeline_signal(f, arg.handle, 5), 0);
	pthread_join(thread, NULL);
	assert_int_equal(arg.result, 0);
}

static void long_timelines_stay_flat(void **state)
{
	enum {
		POINTS = 3000
	};
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0);
	struct sync_pending first = sync_make_pending(f, s, 1);

	for (uint64_t i = 2; i <= POINTS; i++)
		assert_int_equal(sync_timeline_signal(f, s, i), 0);
	assert_int_equal(point_of(f, s), 0);
	assert_int_equal(sync_timeline_wait(f, s, POINTS / 2, 0, 0), -ETIME);
	sync_pending_end(&first, 0);
	assert_int_equal(sync_timeline_wait(f, s, POINTS, 0, WAIT_10S), 0);
	assert_int_equal(point_of(f, s), POINTS);
}

static void a_long_pending_chain_is_freed_without_recursion(void **state)
{
	enum {
		POINTS = 20000
	};
	struct sync_fixture *f = *state;
	uint32_t a = sync_create(f, 0), b = sync_create(f, 0);
	struct sync_pending p = sync_make_pending(f, a, 0);

	for (uint64_t i = 1; i <= POINTS / 10; i++)
		assert_int_equal(sync_transfer(f, b, i, a, 0, 0), 0);
	assert_int_equal(sync_timeline_wait(f, b, POINTS / 10, 0, 0), -ETIME);
	sync_destroy(f, b);
	sync_pending_end(&p, 0);
}

static uint64_t eventfd_count(int fd)
{
	uint64_t count = 0;

	if (read(fd, &count, sizeof(count)) != sizeof(count))
		return 0;
	return count;
}

static long add_eventfd(struct sync_fixture *f, uint32_t handle, uint64_t point, uint32_t flags,
			int fd)
{
	struct agx_arg_syncobj_eventfd args = {
		.handle = handle, .flags = flags, .point = point, .fd = fd};

	return sync_ioctl(f, AGX_IOCTL_SYNCOBJ_EVENTFD, &args);
}

static void eventfd_is_written_when_the_point_signals(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0);
	int done = eventfd(0, EFD_NONBLOCK), there = eventfd(0, EFD_NONBLOCK);
	struct sync_pending p;

	assert_int_equal(add_eventfd(f, s, 3, 0, done), 0);
	assert_int_equal(add_eventfd(f, s, 3, AGX_SYNCOBJ_WAIT_AVAILABLE, there), 0);
	assert_int_equal(sync_timeline_signal(f, s, 2), 0);
	assert_int_equal(eventfd_count(there), 0);
	p = sync_make_pending(f, s, 3);
	assert_int_equal(eventfd_count(there), 1);
	assert_int_equal(eventfd_count(done), 0);
	sync_pending_end(&p, 0);
	assert_true(sync_fd_wait(done));
	assert_int_equal(eventfd_count(done), 1);
	/* Signalled already: at once. */
	assert_int_equal(add_eventfd(f, s, 1, 0, done), 0);
	assert_int_equal(eventfd_count(done), 1);
	/* A full counter does not block the signal. */
	assert_int_equal(write(done, &(uint64_t){~0ull - 1}, 8), 8);
	assert_int_equal(add_eventfd(f, s, 1, 0, done), 0);
	close(done);
	close(there);
}

static void eventfd_refuses_bad_arguments(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0);
	struct agx_arg_syncobj_eventfd bad = {.handle = s, .pad = 1, .fd = eventfd(0, 0)};
	int file = open("/dev/null", O_RDWR | O_CLOEXEC);

	assert_int_equal(sync_ioctl(f, AGX_IOCTL_SYNCOBJ_EVENTFD, &bad), -EINVAL);
	assert_int_equal(add_eventfd(f, s, 0, AGX_SYNCOBJ_WAIT_FOR_SUBMIT, bad.fd), -EINVAL);
	assert_int_equal(add_eventfd(f, 99, 0, 0, bad.fd), -ENOENT);
	assert_int_equal(add_eventfd(f, s, 0, 0, -1), -EBADF);
	assert_int_equal(add_eventfd(f, s, 0, 0, file), -EINVAL);
	/* Left waiting: goes with the file, descriptor included (the fixture counts them). */
	assert_int_equal(add_eventfd(f, s, 8, 0, bad.fd), 0);
	close(bad.fd);
	close(file);
}

static void handle_fd_calls_refuse_bad_arguments(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, DRM_SYNCOBJ_CREATE_SIGNALED);
	const unsigned long to_fd =
		DRM_IOWR(_IOC_NR(DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD), struct agx_arg_syncobj_handle);
	const unsigned long to_handle =
		DRM_IOWR(_IOC_NR(DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE), struct agx_arg_syncobj_handle);
	struct agx_arg_syncobj_handle args = {.handle = s, .pad = 1};
	int fd = sync_export(f, s), null = open("/dev/null", O_RDWR | O_CLOEXEC);

	assert_int_equal(sync_ioctl(f, to_fd, &args), -EINVAL);
	assert_int_equal(sync_ioctl(f, to_handle, &args), -EINVAL);
	args = (struct agx_arg_syncobj_handle){.handle = s, .flags = 4, .fd = fd};
	assert_int_equal(sync_ioctl(f, to_fd, &args), -EINVAL);
	assert_int_equal(sync_ioctl(f, to_handle, &args), -EINVAL);
	/* A point needs its flag to count, and a sync file to make sense. */
	args = (struct agx_arg_syncobj_handle){.handle = s, .flags = 2, .point = 1, .fd = fd};
	assert_int_equal(sync_ioctl(f, to_fd, &args), -EINVAL);
	assert_int_equal(sync_ioctl(f, to_handle, &args), -EINVAL);
	args = (struct agx_arg_syncobj_handle){.handle = 99};
	assert_int_equal(sync_ioctl(f, to_fd, &args), -EINVAL);
	args.flags = 1;
	assert_int_equal(sync_ioctl(f, to_fd, &args), -ENOENT);
	args = (struct agx_arg_syncobj_handle){.fd = null};
	assert_int_equal(sync_ioctl(f, to_handle, &args), -EINVAL);
	args.fd = -1;
	assert_int_equal(sync_ioctl(f, to_handle, &args), -EINVAL);
	assert_int_equal(sync_import_file(f, s, 0, null), -EINVAL);
	assert_int_equal(sync_import_file(f, s, 0, fd), -EINVAL);
	assert_int_equal(sync_import_file(f, s, 0, -1), -EINVAL);
	close(fd);
	close(null);
}

static void importing_ones_own_fd_gives_the_same_object(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t a = sync_create(f, 0), b;
	int fd = sync_export(f, a);

	b = sync_import(f, fd);
	assert_int_not_equal(a, b);
	assert_int_equal(sync_signal(f, a), 0);
	assert_int_equal(sync_wait(f, b, 0, 0), 0);
	assert_int_equal(sync_reset(f, b), 0);
	assert_int_equal(sync_wait(f, a, 0, 0), -EINVAL);
	sync_destroy(f, a);
	assert_int_equal(sync_timeline_signal(f, b, 6), 0);
	assert_int_equal(point_of(f, b), 6);
	close(fd);
}

static void single_step_answers_an_endless_wait(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0);
	struct sync_pending p;

	assert_int_equal(sync_wait(f, s, AGX_SYNCOBJ_WAIT_FOR_SUBMIT, INT64_MAX), -ETIME);
	p = sync_make_pending(f, s, 0);
	assert_int_equal(sync_wait(f, s, 0, sync_in(5000000)), -ETIME);
	sync_pending_end(&p, 0);
	assert_int_equal(sync_wait(f, s, 0, INT64_MAX), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, sync_setup, sync_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(handles_are_the_lowest_free),
		T(create_and_destroy_refuse_bad_arguments),
		T(binary_life),
		T(wait_refuses_bad_arguments),
		T(count_above_the_kernels_allocation_is_enomem),
		T(deadline_is_accepted),
		T(wait_any_names_a_signalled_one),
		T(timeouts_are_absolute_and_monotonic),
		T(wait_for_submit_sees_another_threads_signal),
		T(wait_available_ends_with_the_submission),
		T(many_threads_wait_for_one_timeline),
		T(a_signal_handler_interrupts_a_wait),
		T(timeline_points_signal_in_order),
		T(unordered_points_keep_the_highest_number),
		T(query_of_binary_and_empty_is_zero),
		T(array_calls_refuse_bad_arguments),
		T(transfer_between_points_and_binaries),
		T(transfer_waits_for_submission),
		T(long_timelines_stay_flat),
		T(a_long_pending_chain_is_freed_without_recursion),
		T(eventfd_is_written_when_the_point_signals),
		T(eventfd_refuses_bad_arguments),
		T(handle_fd_calls_refuse_bad_arguments),
		T(importing_ones_own_fd_gives_the_same_object),
		cmocka_unit_test_setup_teardown(single_step_answers_an_endless_wait,
						sync_setup_single_step, sync_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
