// SPDX-License-Identifier: MIT
/*
 * Every call into the kernel fails once, with several errors, and from some call on all of them, as
 * those of a lost device do. Whatever failed says so and can be tried again, and the library's books
 * agree with the kernel's.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <drm.h>

#include "asahi_drm.h"
#include "faulty.h"
#include "scenario.h"

#define MOST 2000u /* more calls than the scenario can have */

static void opened(struct scenario *s)
{
	faulty_install(s->data, s->device);
}

/* To take back what a VM_BIND has done, more is unbound than is bound. */
static bool is_untidy(const struct faulty *f)
{
	return f->closed_bound || (f->unbound_nothing && f->request != DRM_IOCTL_ASAHI_VM_BIND);
}

static void check_books(const struct scenario *s, const struct faulty *f, const char *when)
{
	if (s->vm && faulty_agrees(f, s->vm))
		fail_msg("call %u with %d, %s, step \"%s\"", f->first, f->error, when,
			 scenario_step(s));
	if (is_untidy(f))
		fail_msg("call %u with %d, %s, step \"%s\": %u times nothing was unbound, %u "
			 "handles were closed and bound",
			 f->first, f->error, when, scenario_step(s), f->unbound_nothing,
			 f->closed_bound);
}

/* The kernel's comes out; but for that of a fence which is not there, which means something. */
static bool is_error(const struct faulty *f, const char *step, int ret)
{
	const bool asks =
		!strcmp(step, "status") || !strcmp(step, "queue wait") || !strcmp(step, "run");

	return ret == f->error || (asks && f->error == -EINVAL && ret == -EBUSY);
}

/* Call number n fails with error, once. False: there were not so many. */
static bool run_once(unsigned int n, int error)
{
	struct faulty *f = calloc(1, sizeof(*f));
	const char *step;
	struct scenario s;
	bool failed;
	int ret;

	assert_non_null(f);
	scenario_init(&s);
	s.opened = opened;
	s.data = f;
	faulty_fail(f, FAULTY_ALL, n, 1, error);
	ret = scenario_run(&s);
	step = scenario_step(&s);
	if (ret && !f->failed)
		fail_msg("step \"%s\": nothing was to fail: %s", step, agx_error(s.ctx));
	if (ret && !is_error(f, step, ret))
		fail_msg("call %u, %#lx, step \"%s\": %d expected, got %d: %s", n, f->request, step,
			 error, ret, agx_error(s.ctx));
	if (ret && !agx_error(s.ctx)[0])
		fail_msg("call %u, %#lx, step \"%s\": no message", n, f->request, step);
	check_books(&s, f, "after the failure");
	if (!ret && f->failed && !faulty_ends(f->request))
		fail_msg("call %u, %#lx: nobody has noticed", n, f->request);
	if (ret && scenario_run(&s))
		fail_msg("call %u, %#lx, step \"%s\" again, then \"%s\": %s", n, f->request, step,
			 scenario_step(&s), agx_error(s.ctx));
	if (scenario_check(&s))
		fail_msg("call %u, %#lx, step \"%s\": wrong results", n, f->request, step);
	check_books(&s, f, "at the end");
	scenario_end(&s);
	if (!ret && f->failed) {
		/* It was to end something, so it cannot be tried again; but it has to be said. */
		if (!s.errors)
			fail_msg("call %u, %#lx: nothing was logged", n, f->request);
	} else if (s.errors || faulty_live(f) || is_untidy(f)) {
		fail_msg("call %u, %#lx, step \"%s\": %u errors were logged, %u things of the "
			 "kernel are left, %u times nothing was unbound, %u handles were closed "
			 "and bound",
			 n, f->request, step, s.errors, faulty_live(f), f->unbound_nothing,
			 f->closed_bound);
	}
	failed = f->failed;
	free(f);
	return failed;
}

static void each_call_can_fail(void **state)
{
	unsigned int n;

	(void)state;
	for (n = 1; run_once(n, -ENOMEM) && run_once(n, n & 1 ? -EINVAL : -EFAULT); n++)
		assert_true(n < MOST);
	print_message("%u calls\n", n - 1);
}

/* Each call is interrupted once. */
static void check_interrupted(int error)
{
	struct faulty *f = calloc(1, sizeof(*f));
	struct scenario s;
	int ret;

	assert_non_null(f);
	scenario_init(&s);
	s.opened = opened;
	s.data = f;
	faulty_fail(f, FAULTY_ALL, 0, 0, error);
	f->interrupts = true;
	ret = scenario_run(&s);
	if (ret)
		fail_msg("call %u, step \"%s\": it was not made again: %d: %s", f->calls,
			 scenario_step(&s), ret, agx_error(s.ctx));
	assert_int_equal(scenario_check(&s), 0);
	scenario_end(&s);
	assert_int_equal(s.errors, 0);
	assert_int_equal(faulty_live(f), 0);
	assert_true(f->failed > 100);
	assert_int_equal(f->calls, 2 * f->failed);
	free(f);
}

static void interrupted_calls_are_made_again(void **state)
{
	(void)state;
	check_interrupted(-EINTR);
	check_interrupted(-EAGAIN);
}

/* From call number n on the device is lost. */
static bool run_lost(unsigned int n, enum faulty_whose whose)
{
	struct faulty *f = calloc(1, sizeof(*f));
	struct scenario s;
	bool failed;
	int ret;

	assert_non_null(f);
	scenario_init(&s);
	s.opened = opened;
	s.data = f;
	faulty_fail(f, whose, n, 0, -ENODEV);
	ret = scenario_run(&s);
	if (ret && ret != -ENODEV)
		fail_msg("call %u, %#lx, step \"%s\": -ENODEV expected, got %d: %s", n, f->request,
			 scenario_step(&s), ret, agx_error(s.ctx));
	if (ret && !strstr(agx_error(s.ctx), "the device is lost"))
		fail_msg("call %u, %#lx, step \"%s\": message \"%s\"", n, f->request,
			 scenario_step(&s), agx_error(s.ctx));
	/* It fails again. */
	if (ret)
		assert_int_equal(scenario_run(&s), -ENODEV);
	scenario_end(&s);
	/* What can be ended still is. */
	if (ret && whose == FAULTY_ASAHI) {
		memset(f->live[FAULTY_OBJECT], 0, sizeof(f->live[FAULTY_OBJECT]));
		if (faulty_live(f))
			fail_msg("call %u, %#lx: %u things of the kernel are left", n, f->request,
				 faulty_live(f));
	}
	failed = f->failed;
	free(f);
	return failed;
}

static void a_device_can_be_lost_at_any_time(void **state)
{
	unsigned int n;

	(void)state;
	for (n = 1; run_lost(n, FAULTY_ALL); n++)
		assert_true(n < MOST);
}

static void firmware_can_die_at_any_time(void **state)
{
	unsigned int n;

	(void)state;
	for (n = 1; run_lost(n, FAULTY_ASAHI); n++)
		assert_true(n < MOST);
}

/* Whatever is asked of objects of a lost device. */
static void objects_of_a_lost_device_say_so(void **state)
{
	struct faulty *f = calloc(1, sizeof(*f));
	struct agx_sync_point point;
	struct agx_timestamps *times;
	struct agx_submission nothing = {0};
	struct agx_buffer *buffer;
	struct agx_cmdbuf *cmdbuf;
	struct agx_image *image;
	struct agx_queue *queue;
	struct agx_sync *sync;
	struct agx_bind bind;
	struct scenario s;
	uint64_t address, ticks;
	struct agx_vm *vm;
	int fd;

	(void)state;
	assert_non_null(f);
	scenario_init(&s);
	s.opened = opened;
	s.data = f;
	assert_int_equal(scenario_run(&s), 0);
	assert_int_equal(agx_vm_reserve(s.vm, 1 << 20, 0, 0, &address), 0);
	faulty_fail(f, FAULTY_ALL, 1, 0, -ENODEV);

	bind = (struct agx_bind){.buffer = s.shared, .address = address, .size = AGX_PAGE_SIZE};
	point = (struct agx_sync_point){s.timeline, 1000};
#define LOST(call)                                                               \
	do {                                                                     \
		s.ctx->error[0] = '\0';                                          \
		assert_int_equal(call, -ENODEV);                                 \
		assert_non_null(strstr(agx_error(s.ctx), "the device is lost")); \
	} while (0)
	LOST(agx_device_time(s.device, &ticks));
	LOST(agx_vm_create(s.device, &vm));
	assert_null(vm);
	LOST(agx_queue_create(s.vm, AGX_PRIORITY_LOW, &queue));
	assert_null(queue);
	LOST(agx_buffer_create(s.vm, 1, 0, &buffer));
	assert_null(buffer);
	LOST(agx_buffer_import(s.vm, s.buffer_fd, 0, &buffer));
	assert_null(buffer);
	LOST(agx_buffer_export(s.shared, &fd));
	assert_int_equal(fd, -1);
	LOST(agx_vm_bind(s.vm, &bind, 1));
	/* Now it is not known whether something is bound there. */
	LOST(agx_vm_release(s.vm, address));
	LOST(agx_timestamps_create(s.vm, 1, &times));
	assert_null(times);
	LOST(agx_image_create(s.vm,
			      &(struct agx_layout_params){.format = AGX_FORMAT_R8_UINT, .width = 1},
			      0, &image));
	assert_null(image);
	LOST(agx_sync_create(s.device, 0, &sync));
	assert_null(sync);
	LOST(agx_sync_wait(s.timeline, 1000, AGX_FOREVER));
	LOST(agx_sync_wait_any(&point, 1, AGX_FOREVER));
	LOST(agx_sync_wait_all(&point, 1, 0));
	LOST(agx_sync_signal(s.timeline, 1000));
	LOST(agx_sync_signal(s.binary, 0));
	LOST(agx_sync_reset(s.binary));
	LOST(agx_sync_query(s.timeline, &ticks));
	LOST(agx_sync_status(s.timeline, 1));
	LOST(agx_sync_status(s.binary, 0));
	LOST(agx_sync_export(s.timeline, 1, &fd));
	assert_int_equal(fd, -1);
	LOST(agx_sync_import(s.timeline, 1001, s.sync_fd));
	LOST(agx_sync_import(s.binary, 0, s.sync_fd));
	LOST(agx_sync_export_object(s.timeline, &fd));
	assert_int_equal(fd, -1);
	LOST(agx_sync_import_object(s.device, s.object_fd, 0, &sync));
	assert_null(sync);
	LOST(agx_queue_submit(s.queue, &nothing));
	LOST(agx_queue_run(s.queue, s.compute));
	LOST(agx_queue_wait(s.queue, AGX_FOREVER));
	LOST(agx_cmdbuf_reset(s.render));
	/* Memory that is there can be recorded to; more there is not. */
	assert_int_equal(agx_cmdbuf_create(s.vm, &cmdbuf), 0);
	agx_compute_begin(cmdbuf, NULL);
	agx_compute_end(cmdbuf);
	LOST(agx_cmdbuf_end(cmdbuf));
	agx_cmdbuf_destroy(cmdbuf);
#undef LOST
	scenario_end(&s);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_call_can_fail),
		cmocka_unit_test(interrupted_calls_are_made_again),
		cmocka_unit_test(a_device_can_be_lost_at_any_time),
		cmocka_unit_test(firmware_can_die_at_any_time),
		cmocka_unit_test(objects_of_a_lost_device_say_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
