// SPDX-License-Identifier: MIT
/* Several command buffers in a submission, and how much fits into one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <agx/agx.h>

#include "asahi_drm.h"
#include "device.h"
#include "internal.h"

#define MOST   256u /* commands of a submission that a device may take */
#define LAYERS 32u

struct fixture {
	struct test_device *t;
	struct agx_vm *vm;
	struct agx_queue *queue;
	struct agx_cmdbuf *cmdbufs[MOST];
	unsigned int count;
	struct agx_shader *shader;
	struct agx_buffer *buffer;
	struct agx_sync *syncs[64];
	unsigned int limit;
	uint32_t *words;
};

/* word = word * 3 + u2: the order can be told from the result. */
static const char step_text[] = "load r2, du0, 0, i32, x, a\n"
				"wait a\n"
				"imadd r2, r2, 3, u2\n"
				"store r2, du0, 0, i32, x, a\n"
				"stop\n";

static void ok_at(struct fixture *f, int ret, int line)
{
	if (ret)
		fail_msg("line %d: %d: %s", line, ret, agx_error(f->t->ctx));
}

#define ok(f, ret) ok_at(f, ret, __LINE__)

static int setup(void **state)
{
	const struct agx_shader_params params = {.stage = AGX_STAGE_COMPUTE, .text = step_text};
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (!f || test_device_open(NULL, &f->t))
		return -1;
	if (agx_vm_create(f->t->device, &f->vm) ||
	    agx_queue_create(f->vm, AGX_PRIORITY_MEDIUM, &f->queue) ||
	    agx_shader_create(f->vm, &params, &f->shader) ||
	    agx_buffer_create(f->vm, 65536, 0, &f->buffer)) {
		fprintf(stderr, "%s\n", agx_error(f->t->ctx));
		return -1;
	}
	f->words = agx_buffer_map(f->buffer);
	f->limit = agx_device_params(f->t->device)->max_commands;
	return f->words && f->limit < MOST ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int ret;

	if (!f)
		return 0;
	while (f->count)
		agx_cmdbuf_destroy(f->cmdbufs[--f->count]);
	for (unsigned int i = 0; i < 64; i++)
		agx_sync_destroy(f->syncs[i]);
	agx_shader_destroy(f->shader);
	agx_queue_destroy(f->queue);
	agx_buffer_destroy(f->buffer);
	agx_vm_destroy(f->vm);
	ret = test_device_close(f->t);
	free(f);
	return ret;
}

static struct agx_cmdbuf *new_cmdbuf(struct fixture *f)
{
	ok(f, agx_cmdbuf_create(f->vm, &f->cmdbufs[f->count]));
	return f->cmdbufs[f->count++];
}

/* A pass that does a step at a word. */
static void pass(struct fixture *f, struct agx_cmdbuf *cmdbuf, unsigned int word, uint32_t add,
		 bool overlap)
{
	const struct {
		uint64_t address;
		uint32_t add, pad;
	} uniforms = {agx_buffer_address(f->buffer) + 4ull * word, add, 0};
	const struct agx_bindings bindings = {.uniforms = &uniforms,
					      .uniform_bytes = sizeof(uniforms)};
	const struct agx_compute_pass params = {.overlap = overlap};

	ok(f, agx_compute_begin(cmdbuf, &params));
	ok(f, agx_compute_launch(cmdbuf, f->shader, &bindings, &(struct agx_dispatch){0}));
	ok(f, agx_compute_end(cmdbuf));
}

static int submit(struct fixture *f, unsigned int count)
{
	const struct agx_submission submission = {.cmdbufs = f->cmdbufs, .cmdbuf_count = count};

	return agx_queue_submit(f->queue, &submission);
}

/* One with three passes, one with none, one twice. */
static void command_buffers_run_in_order(void **state)
{
	struct fixture *f = *state;
	struct agx_cmdbuf *a = new_cmdbuf(f), *b = new_cmdbuf(f), *c = new_cmdbuf(f);
	struct agx_cmdbuf *const order[] = {a, b, c, a, a};
	const struct agx_submission submission = {.cmdbufs = order, .cmdbuf_count = 5};
	const uint32_t adds[] = {1, 2, 3, 4, 1, 2, 3, 1, 2, 3};
	uint32_t expected = 0;

	for (uint32_t i = 1; i <= 3; i++)
		pass(f, a, 0, i, false);
	pass(f, c, 0, 4, false);
	ok(f, agx_cmdbuf_end(a));
	ok(f, agx_cmdbuf_end(b));
	ok(f, agx_cmdbuf_end(c));
	for (unsigned int i = 0; i < 10; i++)
		expected = expected * 3 + adds[i];
	ok(f, agx_queue_submit(f->queue, &submission));
	ok(f, agx_queue_wait(f->queue, AGX_FOREVER));
	assert_int_equal(f->words[0], expected);
	/* The order of submissions is that of the queue. */
	for (unsigned int i = 0; i < 10; i++) {
		expected = expected * 3 + 4;
		ok(f, agx_queue_submit(f->queue,
				       &(struct agx_submission){.cmdbufs = &c, .cmdbuf_count = 1}));
	}
	ok(f, agx_queue_wait(f->queue, AGX_FOREVER));
	assert_int_equal(f->words[0], expected);
	f->words[0] = 0;
	ok(f, submit(f, 3));
	ok(f, agx_queue_run(f->queue, a));
	assert_int_equal(f->words[0], 1584);
}

/* Header number i of what the uAPI gets. */
static struct drm_asahi_cmd_header header(const struct agx_cmdbuf *cmdbuf, unsigned int i)
{
	struct drm_asahi_cmd_header header = {0};
	uint32_t size, at = 0;
	const uint8_t *bytes = agx_cmdbuf_bytes(cmdbuf, &size);

	for (;; at += (uint32_t)sizeof(header) + header.size) {
		assert_true(at + sizeof(header) <= size);
		memcpy(&header, bytes + at, sizeof(header));
		if (!i--)
			return header;
	}
}

/* As the uAPI gets b behind a. */
static void check_joined(const struct agx_cmdbuf *a, const struct agx_cmdbuf *b)
{
	struct drm_asahi_cmd_header first, second;
	uint8_t bytes[4096];
	uint32_t vdm = 0, cdm = 0, size = lib_cmdbuf_append(a, bytes, &vdm, &cdm);

	assert_int_equal(cdm, 2);
	size = lib_cmdbuf_append(b, bytes + size, &vdm, &cdm) ? size : 0;
	assert_int_equal(cdm, 4);
	memcpy(&first, bytes + size, sizeof(first));
	memcpy(&second, bytes + size + sizeof(first) + first.size, sizeof(second));
	assert_int_equal(first.cdm_barrier, 0);
	assert_int_equal(second.cdm_barrier, 3);
	assert_int_equal(second.vdm_barrier, 0);
}

/* What may overlap waits for earlier submissions only, wherever its command buffer stands. */
static void barriers_count_from_the_submission(void **state)
{
	struct fixture *f = *state;
	struct agx_cmdbuf *a = new_cmdbuf(f), *b = new_cmdbuf(f);

	pass(f, a, 0, 1, false);
	pass(f, a, 0, 2, false);
	pass(f, b, 1, 3, true);
	pass(f, b, 1, 4, false);
	ok(f, agx_cmdbuf_end(a));
	ok(f, agx_cmdbuf_end(b));
	assert_int_equal(header(a, 0).cdm_barrier, 0);
	assert_int_equal(header(a, 1).cdm_barrier, 1);
	assert_int_equal(header(b, 0).cdm_barrier, 0);
	assert_int_equal(header(b, 1).cdm_barrier, 1);
	ok(f, submit(f, 2));
	ok(f, agx_queue_wait(f->queue, AGX_FOREVER));
	assert_int_equal(f->words[0], 5);
	assert_int_equal(f->words[1], 13);
	check_joined(a, b);
	/* The joining does not write to what is joined. */
	assert_int_equal(header(b, 1).cdm_barrier, 1);
	ok(f, submit(f, 2));
	ok(f, agx_queue_wait(f->queue, AGX_FOREVER));
	assert_int_equal(f->words[1], (13 * 3 + 3) * 3 + 4);
}

static void a_submission_has_so_many_commands(void **state)
{
	struct fixture *f = *state;
	struct agx_cmdbuf *whole;

	for (unsigned int i = 0; i < f->limit; i++) {
		struct agx_cmdbuf *one = new_cmdbuf(f);

		pass(f, one, i, 7, false);
		ok(f, agx_cmdbuf_end(one));
	}
	ok(f, submit(f, f->limit));
	ok(f, agx_queue_wait(f->queue, AGX_FOREVER));
	for (unsigned int i = 0; i < f->limit; i++)
		assert_int_equal(f->words[i], 7);
	whole = new_cmdbuf(f);
	pass(f, whole, 0, 0, false);
	ok(f, agx_cmdbuf_end(whole));
	assert_int_equal(submit(f, f->limit + 1), -EINVAL);
	assert_non_null(strstr(agx_error(f->t->ctx), "commands"));
	/* As one command buffer, as well. */
	ok(f, agx_cmdbuf_reset(whole));
	for (unsigned int i = 0; i < f->limit; i++)
		pass(f, whole, 0, 1, false);
	ok(f, agx_cmdbuf_end(whole));
	ok(f, agx_queue_run(f->queue, whole));
	ok(f, agx_cmdbuf_reset(whole));
	for (unsigned int i = 0; i <= f->limit; i++)
		pass(f, whole, 0, 1, false);
	ok(f, agx_cmdbuf_end(whole));
	assert_int_equal(agx_queue_run(f->queue, whole), -EINVAL);
	assert_non_null(strstr(agx_error(f->t->ctx), "commands"));
	ok(f, agx_queue_wait(f->queue, 0));
}

static void a_submission_has_so_many_syncs(void **state)
{
	struct fixture *f = *state;
	struct agx_sync_point waits[AGX_MAX_SYNCS + 1], signals[AGX_MAX_SYNCS + 1];
	struct agx_cmdbuf *one = new_cmdbuf(f);
	struct agx_submission submission = {
		.cmdbufs = &one,
		.cmdbuf_count = 1,
		.waits = waits,
		.wait_count = AGX_MAX_SYNCS,
		.signals = signals,
		.signal_count = AGX_MAX_SYNCS,
	};
	struct agx_sync *timeline;

	assert_true(AGX_MAX_SYNCS <= 62);
	pass(f, one, 0, 1, false);
	ok(f, agx_cmdbuf_end(one));
	ok(f, agx_sync_create(f->t->device, AGX_SYNC_TIMELINE, &timeline));
	f->syncs[63] = timeline;
	for (unsigned int i = 0; i < AGX_MAX_SYNCS; i++) {
		ok(f, agx_sync_create(f->t->device, AGX_SYNC_SIGNALLED, &f->syncs[i]));
		waits[i] = (struct agx_sync_point){f->syncs[i], 0};
		signals[i] = (struct agx_sync_point){timeline, i + 1};
	}
	waits[AGX_MAX_SYNCS] = waits[0];
	signals[AGX_MAX_SYNCS] = (struct agx_sync_point){timeline, AGX_MAX_SYNCS + 1};
	ok(f, agx_queue_submit(f->queue, &submission));
	ok(f, agx_sync_wait(timeline, AGX_MAX_SYNCS, AGX_FOREVER));
	assert_int_equal(f->words[0], 1);

	submission.wait_count++;
	assert_int_equal(agx_queue_submit(f->queue, &submission), -EINVAL);
	assert_non_null(strstr(agx_error(f->t->ctx), "at most 62 waits and 62 signals"));
	submission.wait_count--;
	submission.signal_count++;
	assert_int_equal(agx_queue_submit(f->queue, &submission), -EINVAL);
	submission.signal_count = submission.wait_count = UINT32_MAX;
	assert_int_equal(agx_queue_submit(f->queue, &submission), -EINVAL);
	/* Without commands it is the same. */
	submission.cmdbuf_count = 0;
	submission.wait_count = 0;
	submission.signal_count = AGX_MAX_SYNCS + 1;
	assert_int_equal(agx_queue_submit(f->queue, &submission), -EINVAL);
	submission.signal_count = 1;
	submission.signals = &signals[AGX_MAX_SYNCS];
	ok(f, agx_queue_submit(f->queue, &submission));
	ok(f, agx_sync_wait(timeline, AGX_MAX_SYNCS + 1, AGX_FOREVER));
	assert_int_equal(f->words[0], 1);
}

/* What is refused has no effect: nothing of it runs, nothing is signalled, nothing is under way. */
static void what_is_refused_has_no_effect(void **state)
{
	struct fixture *f = *state;
	struct agx_cmdbuf *good = new_cmdbuf(f), *open = new_cmdbuf(f), *foreign;
	struct agx_cmdbuf *wrong[2] = {good, NULL};
	struct agx_sync_point signal;
	struct agx_submission submission = {
		.cmdbufs = wrong, .cmdbuf_count = 2, .signals = &signal, .signal_count = 1};
	struct agx_vm *vm;

	pass(f, good, 0, 1, false);
	ok(f, agx_cmdbuf_end(good));
	pass(f, open, 0, 1, false);
	ok(f, agx_vm_create(f->t->device, &vm));
	ok(f, agx_cmdbuf_create(vm, &foreign));
	ok(f, agx_cmdbuf_end(foreign));
	ok(f, agx_sync_create(f->t->device, 0, &f->syncs[0]));
	signal = (struct agx_sync_point){f->syncs[0], 0};
	wrong[1] = open;
	assert_int_equal(agx_queue_submit(f->queue, &submission), -EINVAL);
	wrong[1] = foreign;
	assert_int_equal(agx_queue_submit(f->queue, &submission), -EINVAL);
	assert_non_null(strstr(agx_error(f->t->ctx), "another VM"));
	assert_int_equal(agx_sync_wait(f->syncs[0], 0, 0), -ETIME);
	assert_int_equal(agx_sync_status(f->syncs[0], 0), -EBUSY);
	ok(f, agx_queue_wait(f->queue, 0));
	ok(f, agx_cmdbuf_reset(good));
	assert_int_equal(f->words[0], 0);
	agx_cmdbuf_destroy(foreign);
	agx_vm_destroy(vm);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(command_buffers_run_in_order),      TEST(barriers_count_from_the_submission),
		TEST(a_submission_has_so_many_commands), TEST(a_submission_has_so_many_syncs),
		TEST(what_is_refused_has_no_effect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
