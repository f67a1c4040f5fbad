// SPDX-License-Identifier: MIT
/*
 * Objects keep what they were made of alive: they are ended in every order, and when the last is
 * gone the kernel has nothing left.
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

#include "faulty.h"

#define MOST 5u

/* Both sets have these first. */
struct base {
	struct agx_context *ctx;
	struct agx_device *device;
	struct agx_vm *vm;
	struct faulty *faulty;
};

static void ok_at(const struct base *b, int ret, int line)
{
	if (ret)
		fail_msg("line %d: %d: %s", line, ret, b->ctx ? agx_error(b->ctx) : "");
}

#define ok(b, ret) ok_at(b, ret, __LINE__)

static unsigned int errors;

static void count_errors(void *data, enum agx_log_level level, const char *message)
{
	(void)data;
	fprintf(stderr, "# %s\n", message);
	errors += level == AGX_LOG_ERROR;
}

static void make_base(struct base *b)
{
	const struct agx_context_params params = {.log = count_errors, .level = AGX_LOG_ERROR};
	const struct agx_virtual_params gpu = {.threads = 1, .no_execution = true};

	memset(b->faulty, 0, sizeof(*b->faulty));
	ok(b, agx_context_create(&params, &b->ctx));
	ok(b, agx_device_open_virtual(b->ctx, &gpu, &b->device));
	faulty_install(b->faulty, b->device);
	ok(b, agx_vm_create(b->device, &b->vm));
}

static void swap(unsigned int *order, unsigned int i, unsigned int j)
{
	const unsigned int kept = order[i];

	order[i] = order[j];
	order[j] = kept;
}

/* The next order of the numbers; false behind the last. */
static bool permute(unsigned int *order, unsigned int n)
{
	unsigned int i = n - 1, j = n - 1;

	while (i && order[i - 1] >= order[i])
		i--;
	if (!i)
		return false;
	while (order[j] <= order[i - 1])
		j--;
	swap(order, i - 1, j);
	for (j = n - 1; i < j; i++, j--)
		swap(order, i, j);
	return true;
}

/* Makes a set of n things, ends them in every order; end is called with the thing's number. */
static void in_every_order(struct base *b, unsigned int n, void (*make)(struct base *b),
			   void (*end)(struct base *b, unsigned int number))
{
	unsigned int order[MOST] = {0}, orders = 0;

	for (unsigned int i = 0; i < n; i++)
		order[i] = i;
	do {
		make(b);
		for (unsigned int i = 0; i < n; i++)
			end(b, order[i]);
		orders++;
		if (!faulty_live(b->faulty) && !errors && !b->faulty->closed_bound &&
		    !b->faulty->unbound_nothing)
			continue;
		fail_msg("order %u %u %u %u %u: %u things are left, %u errors", order[0], order[1],
			 order[2], order[3], order[4], faulty_live(b->faulty), errors);
	} while (permute(order, n));
	print_message("%u orders\n", orders);
}

/* Work: what it was recorded to, made of, and submitted to. */
struct work {
	struct base base;
	struct agx_queue *queue;
	struct agx_cmdbuf *cmdbuf;
	struct agx_shader *shader;
};

static void make_work(struct base *b)
{
	const struct agx_shader_params params = {.stage = AGX_STAGE_COMPUTE, .text = "stop\n"};
	struct work *w = (struct work *)b;

	make_base(b);
	ok(b, agx_queue_create(b->vm, AGX_PRIORITY_MEDIUM, &w->queue));
	ok(b, agx_cmdbuf_create(b->vm, &w->cmdbuf));
	ok(b, agx_shader_create(b->vm, &params, &w->shader));
	ok(b, agx_compute_begin(w->cmdbuf, NULL));
	ok(b, agx_compute_launch(w->cmdbuf, w->shader, NULL, &(struct agx_dispatch){0}));
	ok(b, agx_compute_end(w->cmdbuf));
	ok(b, agx_cmdbuf_end(w->cmdbuf));
	ok(b, agx_queue_submit(w->queue,
			       &(struct agx_submission){.cmdbufs = &w->cmdbuf, .cmdbuf_count = 1}));
}

static void end_work(struct base *b, unsigned int number)
{
	struct work *w = (struct work *)b;

	switch (number) {
	case 0:
		agx_cmdbuf_destroy(w->cmdbuf);
		break;
	case 1:
		agx_queue_destroy(w->queue);
		break;
	case 2:
		agx_shader_destroy(w->shader);
		break;
	case 3:
		agx_vm_destroy(b->vm);
		break;
	default:
		/* Together: apart they would make it six times as many orders. */
		agx_context_destroy(b->ctx);
		agx_device_close(b->device);
	}
}

static void work_ends_in_every_order(void **state)
{
	struct work w = {.base.faulty = calloc(1, sizeof(struct faulty))};

	(void)state;
	assert_non_null(w.base.faulty);
	in_every_order(&w.base, 5, make_work, end_work);
	free(w.base.faulty);
}

/* Memory: bound in its own addresses and in others' and in another VM, an image on it, imported. */
struct memory {
	struct base base;
	struct agx_vm *other;
	struct agx_buffer *buffer, *imported;
	struct agx_image *image;
	struct agx_timestamps *times;
	struct agx_sync *sync;
};

static void bind_in(struct base *b, struct agx_vm *vm, struct agx_buffer *buffer)
{
	struct agx_bind bind = {.buffer = buffer, .size = 2ull * AGX_PAGE_SIZE};

	ok(b, agx_vm_reserve(vm, bind.size, 0, 0, &bind.address));
	ok(b, agx_vm_bind(vm, &bind, 1));
}

static void make_memory(struct base *b)
{
	const struct agx_layout_params layout = {
		.format = AGX_FORMAT_R8_UINT,
		.dimension = AGX_DIMENSION_2D,
		.tiling = AGX_TILING_LINEAR,
		.width = 16,
		.height = 16,
	};
	struct memory *m = (struct memory *)b;
	int fd;

	make_base(b);
	ok(b, agx_vm_create(b->device, &m->other));
	ok(b, agx_buffer_create(b->vm, 4ull * AGX_PAGE_SIZE, AGX_BUFFER_EXPORTABLE, &m->buffer));
	ok(b, agx_buffer_export(m->buffer, &fd));
	ok(b, agx_buffer_import(m->other, fd, 0, &m->imported));
	b->device->backend->ops->close_fd(b->device->backend, fd);
	ok(b, agx_image_create_on(m->imported, 128, &layout, &m->image));
	ok(b, agx_image_upload(m->image, NULL, AGX_FORMAT_NONE, (uint8_t[256]){0}, 0));
	ok(b, agx_timestamps_create(b->vm, 1, &m->times));
	bind_in(b, b->vm, m->buffer);
	bind_in(b, b->vm, m->imported);
	bind_in(b, m->other, m->buffer);
	ok(b, agx_sync_create(b->device, 0, &m->sync));
	agx_context_destroy(b->ctx);
	agx_device_close(b->device);
	agx_timestamps_destroy(m->times);
}

static void end_memory(struct base *b, unsigned int number)
{
	struct memory *m = (struct memory *)b;

	switch (number) {
	case 0:
		agx_vm_destroy(b->vm);
		break;
	case 1:
		agx_vm_destroy(m->other);
		break;
	case 2:
		agx_buffer_destroy(m->buffer);
		break;
	case 3:
		agx_buffer_destroy(m->imported);
		break;
	default:
		agx_image_destroy(m->image);
		agx_sync_destroy(m->sync);
	}
}

static void memory_ends_in_every_order(void **state)
{
	struct memory m = {.base.faulty = calloc(1, sizeof(struct faulty))};

	(void)state;
	assert_non_null(m.base.faulty);
	in_every_order(&m.base, 5, make_memory, end_memory);
	free(m.base.faulty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_ends_in_every_order),
		cmocka_unit_test(memory_ends_in_every_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
