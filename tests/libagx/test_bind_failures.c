// SPDX-License-Identifier: MIT
/*
 * VM_BIND that fails: before, within and behind its operations, and when the library tries to take
 * back what was done. Afterwards the library's books are the kernel's; where that cannot be known
 * nothing is forgotten.
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
#include "vm_internal.h"

#define PAGE  ((uint64_t)AGX_PAGE_SIZE)
#define PAGES 24u /* of the range that is bound */
#define OPS   9u

struct fixture {
	struct agx_context *ctx;
	struct agx_device *device;
	struct agx_vm *vm;
	struct agx_buffer *buffers[3];
	uint64_t range;
	struct faulty *f;
	struct faulty before; /* its books */
	unsigned int errors;  /* logged */
};

static void count_errors(void *data, enum agx_log_level level, const char *message)
{
	struct fixture *f = data;

	(void)message;
	f->errors += level == AGX_LOG_ERROR;
}

static void ok(struct fixture *f, int ret)
{
	if (ret)
		fail_msg("%d: %s", ret, agx_error(f->ctx));
}

static struct agx_bind map(struct fixture *f, unsigned int at, unsigned int pages,
			   unsigned int buffer, unsigned int offset)
{
	return (struct agx_bind){
		.op = AGX_BIND_MAP,
		.buffer = f->buffers[buffer],
		.offset = offset * PAGE,
		.address = f->range + at * PAGE,
		.size = pages * PAGE,
	};
}

static struct agx_bind repeat(struct fixture *f, unsigned int at, unsigned int pages,
			      unsigned int buffer, unsigned int offset)
{
	struct agx_bind bind = map(f, at, pages, buffer, offset);

	bind.op = AGX_BIND_REPEAT;
	return bind;
}

static struct agx_bind unmap(struct fixture *f, unsigned int at, unsigned int pages)
{
	return (struct agx_bind){
		.op = AGX_BIND_UNMAP, .address = f->range + at * PAGE, .size = pages * PAGE};
}

/* A range of all sorts: bound, repeated, parted, with holes. */
static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const struct agx_context_params params = {
		.log = count_errors, .log_data = f, .level = AGX_LOG_ERROR};
	const struct agx_virtual_params gpu = {.threads = 1, .no_execution = true};

	*state = f;
	if (!f)
		return -1;
	f->f = calloc(1, sizeof(*f->f));
	if (!f->f || agx_context_create(&params, &f->ctx) ||
	    agx_device_open_virtual(f->ctx, &gpu, &f->device))
		return -1;
	faulty_install(f->f, f->device);
	if (agx_vm_create(f->device, &f->vm) ||
	    agx_vm_reserve(f->vm, PAGES * PAGE, 0, AGX_VA_GUARD, &f->range))
		return -1;
	for (unsigned int i = 0; i < 3; i++)
		if (agx_buffer_create(f->vm, 8 * PAGE, i < 2 ? AGX_BUFFER_UNBOUND : 0,
				      &f->buffers[i]))
			return -1;

	/* Parted in the middle, at the front, at the back. */
	const struct agx_bind binds[] = {
		map(f, 0, 8, 0, 0),  unmap(f, 3, 1),  repeat(f, 10, 6, 1, 2), map(f, 12, 1, 2, 7),
		map(f, 17, 5, 1, 3), unmap(f, 17, 1), unmap(f, 21, 1),
	};

	return agx_vm_bind(f->vm, binds, sizeof(binds) / sizeof(*binds));
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	unsigned int live;

	if (!f)
		return 0;
	for (unsigned int i = 0; i < 3; i++)
		agx_buffer_destroy(f->buffers[i]);
	agx_vm_destroy(f->vm);
	live = f->f ? faulty_live(f->f) : 0;
	agx_device_close(f->device);
	agx_context_destroy(f->ctx);
	free(f->f);
	free(f);
	if (live)
		fprintf(stderr, "%u things of the kernel are left\n", live);
	return live ? -1 : 0;
}

static void remember(struct fixture *f)
{
	f->before = *f->f;
}

/* Is bound what was when it was remembered? */
static void check_same(const struct fixture *f)
{
	assert_int_equal(f->f->page_count, f->before.page_count);
	for (unsigned int i = 0; i < f->before.page_count; i++) {
		const struct faulty_page *page = &f->before.pages[i];
		unsigned int same = 0;

		for (unsigned int j = 0; j < f->f->page_count; j++)
			same += !memcmp(&f->f->pages[j], page, sizeof(*page));
		assert_int_equal(same, 1);
	}
}

static void many(struct fixture *f, struct agx_bind binds[OPS])
{
	const struct agx_bind all[OPS] = {
		unmap(f, 1, 4),      map(f, 2, 6, 1, 1), repeat(f, 6, 8, 0, 5),
		map(f, 11, 3, 2, 0), unmap(f, 12, 1),    map(f, 16, 4, 0, 2),
		unmap(f, 20, 4),     map(f, 0, 1, 2, 3), repeat(f, 22, 2, 1, 0),
	};

	memcpy(binds, all, sizeof(all));
}

static void a_failure_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct agx_bind binds[OPS];

	many(f, binds);
	remember(f);
	for (unsigned int empties = 0; empties < 2; empties++) {
		for (unsigned int done = 0; done <= OPS; done++) {
			faulty_fail(f->f, FAULTY_BINDS, 1, 1, -ENOMEM);
			f->f->carried_out = done;
			f->f->empties = empties;
			assert_int_equal(agx_vm_bind(f->vm, binds, OPS), -ENOMEM);
			assert_int_equal(f->f->failed, 1);
			assert_non_null(strstr(agx_error(f->ctx), "nothing has changed"));
			check_same(f);
			assert_int_equal(faulty_agrees(f->f, f->vm), 0);
		}
	}
	assert_int_equal(f->errors, 0);
	faulty_fail(f->f, FAULTY_BINDS, 0, 0, 0);
	ok(f, agx_vm_bind(f->vm, binds, OPS));
	assert_int_equal(faulty_agrees(f->f, f->vm), 0);
	ok(f, agx_vm_release(f->vm, f->range));
	assert_int_equal(faulty_bound(f->f, f->vm, f->range, f->range + PAGES * PAGE), 0);
}

/* The kernel may have emptied the range before it had no memory. */
static void a_lone_operation_can_do_harm(void **state)
{
	struct fixture *f = *state;
	const struct agx_bind binds[] = {map(f, 2, 10, 2, 0), repeat(f, 0, 24, 2, 1),
					 unmap(f, 5, 9), map(f, 8, 2, 2, 0)};

	/* 10 pages do not come from a buffer of 8. */
	assert_int_equal(agx_vm_bind(f->vm, &binds[0], 1), -EINVAL);
	remember(f);
	for (unsigned int i = 1; i < 4; i++) {
		faulty_fail(f->f, FAULTY_BINDS, 1, 1, -EFAULT);
		f->f->empties = true;
		assert_int_equal(agx_vm_bind(f->vm, &binds[i], 1), -EFAULT);
		check_same(f);
		assert_int_equal(faulty_agrees(f->f, f->vm), 0);
	}
}

static void what_cannot_be_restored_is_not_forgotten(void **state)
{
	struct fixture *f = *state;
	struct agx_bind binds[OPS];
	struct agx_buffer *stays = f->buffers[1];
	const uint32_t handle = agx_buffer_handle(stays);

	many(f, binds);
	faulty_fail(f->f, FAULTY_BINDS, 1, 2, -ENOMEM);
	f->f->carried_out = 5;
	assert_int_equal(agx_vm_bind(f->vm, binds, OPS), -ENOMEM);
	assert_non_null(strstr(agx_error(f->ctx), "not known"));
	assert_int_equal(f->errors, 1);
	faulty_fail(f->f, FAULTY_BINDS, 0, 0, 0);
	f->f->carried_out = 0;

	/* Nobody else gets the addresses while something may be there, */
	assert_int_equal(agx_vm_reserve_at(f->vm, f->range, PAGE), -EBUSY);
	/* ... the memory stays, */
	agx_buffer_destroy(stays);
	f->buffers[1] = NULL;
	assert_true(f->f->live[FAULTY_GEM][handle]);
	/* ... and whoever gives them back has them emptied. */
	ok(f, agx_vm_release(f->vm, f->range));
	assert_int_equal(faulty_bound(f->f, f->vm, f->range, f->range + PAGES * PAGE), 0);
	ok(f, agx_vm_reserve_at(f->vm, f->range, PAGES * PAGE));
	binds[0] = map(f, 0, 8, 0, 0);
	ok(f, agx_vm_bind(f->vm, binds, 1));
	ok(f, agx_vm_release(f->vm, f->range));
	assert_int_equal(faulty_bound(f->f, f->vm, f->range, f->range + PAGES * PAGE), 0);
	assert_int_equal(faulty_agrees(f->f, f->vm), 0);
}

/* Where nothing was bound before, the library's books are empty; the kernel's need not be. */
static void what_may_be_bound_is_unbound(void **state)
{
	struct fixture *f = *state;
	struct agx_bind binds[2];
	uint64_t address;

	ok(f, agx_vm_reserve(f->vm, 4 * PAGE, 0, 0, &address));
	for (unsigned int i = 0; i < 2; i++)
		binds[i] = (struct agx_bind){
			.buffer = f->buffers[i],
			.address = address + 2 * i * PAGE,
			.size = 2 * PAGE,
		};
	faulty_fail(f->f, FAULTY_BINDS, 1, 1, -ENOMEM);
	f->f->carried_out = 1;
	f->f->second = 2;
	assert_int_equal(agx_vm_bind(f->vm, binds, 2), -ENOMEM);
	assert_int_equal(f->f->failed, 2);
	assert_int_equal(faulty_bound(f->f, f->vm, address, address + 4 * PAGE), 2);
	f->f->second = 0;
	ok(f, agx_vm_release(f->vm, address));
	assert_int_equal(faulty_bound(f->f, f->vm, address, address + 4 * PAGE), 0);
	assert_int_equal(faulty_agrees(f->f, f->vm), 0);
}

/* Restoring that fails at its n-th step, for each n. */
static void restoring_fails_at_each_step(void **state)
{
	struct fixture *f = *state;
	struct agx_bind binds[OPS];

	many(f, binds);
	for (unsigned int n = 1;; n++) {
		bool known;

		/* The operations fail whole; of what is to be restored n - 1 steps go well. */
		faulty_fail(f->f, FAULTY_BINDS, 1, 1, -ENOMEM);
		f->f->carried_out = OPS;
		f->f->second = n + 1;
		assert_int_equal(agx_vm_bind(f->vm, binds, OPS), -ENOMEM);
		known = strstr(agx_error(f->ctx), "nothing has changed");
		assert_int_equal(known, f->f->failed == 1);
		f->f->second = 0;
		faulty_fail(f->f, FAULTY_BINDS, 0, 0, 0);
		f->f->carried_out = 0;
		if (known)
			break;
		assert_true(n < 100);
	}
	ok(f, agx_vm_release(f->vm, f->range));
	assert_int_equal(faulty_bound(f->f, f->vm, f->range, f->range + PAGES * PAGE), 0);
	assert_int_equal(faulty_agrees(f->f, f->vm), 0);
}

static void a_buffer_that_is_not_bound_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct agx_buffer *first, *buffer;
	uint64_t address;

	ok(f, agx_buffer_create(f->vm, PAGE, 0, &first));
	address = agx_buffer_address(first);
	agx_buffer_destroy(first);
	remember(f);
	faulty_fail(f->f, FAULTY_BINDS, 1, 1, -ENOMEM);
	assert_int_equal(agx_buffer_create(f->vm, PAGE, 0, &buffer), -ENOMEM);
	assert_null(buffer);
	check_same(f);
	assert_int_equal(faulty_live(f->f), faulty_live(&f->before));
	/* Its address is the next one's. */
	ok(f, agx_buffer_create(f->vm, PAGE, 0, &buffer));
	assert_int_equal(agx_buffer_address(buffer), address);
	agx_buffer_destroy(buffer);
}

static void what_is_not_unbound_stays_taken(void **state)
{
	struct fixture *f = *state;
	struct agx_buffer *buffer, *other;
	uint64_t address;
	uint32_t handle;

	ok(f, agx_buffer_create(f->vm, PAGE, 0, &buffer));
	address = agx_buffer_address(buffer);
	handle = agx_buffer_handle(buffer);
	faulty_fail(f->f, FAULTY_BINDS, 1, 1, -EINVAL);
	agx_buffer_destroy(buffer);
	assert_int_equal(f->errors, 1);
	assert_int_equal(faulty_bound(f->f, f->vm, address, address + PAGE), 1);
	assert_true(f->f->live[FAULTY_GEM][handle]);
	assert_int_equal(faulty_agrees(f->f, f->vm), 0);
	ok(f, agx_buffer_create(f->vm, PAGE, 0, &other));
	assert_int_not_equal(agx_buffer_address(other), address);
	agx_buffer_destroy(other);

	/* A reserved range can be released again. */
	faulty_fail(f->f, FAULTY_BINDS, 1, 1, -EINVAL);
	assert_int_equal(agx_vm_release(f->vm, f->range), -EINVAL);
	assert_int_equal(faulty_agrees(f->f, f->vm), 0);
	ok(f, agx_vm_release(f->vm, f->range));
	assert_int_equal(agx_vm_release(f->vm, f->range), -EINVAL);
	assert_int_equal(f->f->unbound_nothing, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_failure_changes_nothing),
		TEST(a_lone_operation_can_do_harm),
		TEST(what_cannot_be_restored_is_not_forgotten),
		TEST(what_may_be_bound_is_unbound),
		TEST(restoring_fails_at_each_step),
		TEST(a_buffer_that_is_not_bound_leaves_nothing),
		TEST(what_is_not_unbound_stays_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
