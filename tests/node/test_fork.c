// SPDX-License-Identifier: MIT
/* fork(): old buffers are shared, new ones are not, and both processes go on. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

static pid_t fork_node(struct agx_node *node)
{
	pid_t pid;

	agx_node_fork_prepare(node);
	pid = fork();
	if (pid)
		agx_node_fork_parent(node);
	else
		agx_node_fork_child(node);
	return pid;
}

/* Assertions in a child must not run the parent's list of tests. */
#define CHECK(condition)                           \
	do {                                       \
		if (!(condition))                  \
			_exit(__LINE__ % 250 + 1); \
	} while (0)

static void child_succeeded(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status)
		fail_msg("the child failed at line %d (modulo 250)", WEXITSTATUS(status) - 1);
}

struct buffer {
	uint32_t handle;
	uint64_t size;
	char *data;
	struct agx_bo *bo;
};

static struct buffer make_buffer(struct fixture *f, uint64_t size, uint32_t vm)
{
	struct buffer buffer = {.handle = make_bo(f->file, size, vm), .size = size};

	buffer.data = map_bo(f->file, buffer.handle, size, &buffer.bo);
	return buffer;
}

static void free_buffer(struct fixture *f, struct buffer *buffer)
{
	munmap(buffer->data, buffer->size);
	agx_bo_put(buffer->bo);
	close_bo(f->file, buffer->handle);
}

static void old_buffers_are_shared(void **state)
{
	struct buffer private, shared;
	struct fixture f;
	pid_t pid;

	fixture_init(&f, NULL);
	private = make_buffer(&f, 2 * PAGE, make_vm(f.file));
	shared = make_buffer(&f, PAGE, 0);
	strcpy(private.data, "parent");
	pid = fork_node(f.node);
	if (!pid) {
		struct agx_bo *bo;
		char *again;

		CHECK(!strcmp(private.data, "parent"));
		strcpy(private.data + PAGE, "child");
		strcpy(shared.data, "child, too");
		/* A mapping made in the child is the same memory. */
		again = map_bo(f.file, private.handle, 2 * PAGE, &bo);
		CHECK(!strcmp(again + PAGE, "child"));
		_exit(0);
	}
	child_succeeded(pid);
	assert_string_equal(private.data + PAGE, "child");
	assert_string_equal(shared.data, "child, too");
	free_buffer(&f, &private);
	free_buffer(&f, &shared);
	fixture_finish(&f);
}

static void new_buffers_are_not(void **state)
{
	struct buffer old, mine;
	struct fixture f;
	uint32_t vm;
	pid_t pid;
	int go[2];
	char byte;

	fixture_init(&f, NULL);
	assert_int_equal(pipe(go), 0);
	vm = make_vm(f.file);
	old = make_buffer(&f, 4 * PAGE, vm);
	/* A hole in the parent's memory, dirty, that both will want. */
	free_buffer(&f, &old);
	old = make_buffer(&f, PAGE, vm);
	pid = fork_node(f.node);
	if (!pid) {
		CHECK(read(go[0], &byte, 1) == 1);
		for (int i = 0; i < 50; i++) {
			struct buffer new = make_buffer(&f, (uint64_t)(1 + i % 5) * PAGE, vm);

			for (uint64_t j = 0; j < new.size; j++)
				CHECK(!new.data[j]);
			memset(new.data, 0x77, new.size);
			if (i % 2)
				free_buffer(&f, &new);
		}
		close_bo(f.file, old.handle);
		agx_file_put(f.file);
		_exit(0);
	}
	mine = make_buffer(&f, 8 * PAGE, vm);
	memset(mine.data, 0x33, mine.size);
	assert_int_equal(write(go[1], "", 1), 1);
	child_succeeded(pid);
	for (uint64_t i = 0; i < mine.size; i++)
		assert_int_equal(mine.data[i], 0x33);
	free_buffer(&f, &mine);
	free_buffer(&f, &old);
	close(go[0]);
	close(go[1]);
	fixture_finish(&f);
}

static void a_child_submits_and_waits(void **state)
{
	struct agx_node_config threaded = {.memory_limit = 1 << 24};
	struct fixture f;
	uint32_t queue, sync;
	pid_t pid;
	int i;

	fixture_init(&f, &threaded);
	queue = make_queue(f.file, make_vm(f.file));
	sync = make_syncobj(f.file, 0);
	for (i = 0; i < 100; i++)
		assert_int_equal(submit_empty(f.file, queue, 0, sync), 0);
	pid = fork_node(f.node);
	if (!pid) {
		/* Whether it was pending or not, the fence counts as done. */
		CHECK(wait_syncobj(f.file, sync, 0) == 0);
		for (i = 0; i < 100; i++) {
			CHECK(submit_empty(f.file, queue, i ? sync : 0, sync) == 0);
			CHECK(wait_syncobj(f.file, sync, INT64_MAX) == 0);
		}
		agx_file_put(f.file);
		agx_node_destroy(f.node);
		_exit(0);
	}
	child_succeeded(pid);
	assert_int_equal(wait_syncobj(f.file, sync, INT64_MAX), 0);
	assert_int_equal(submit_empty(f.file, queue, 0, sync), 0);
	assert_int_equal(wait_syncobj(f.file, sync, INT64_MAX), 0);
	fixture_finish(&f);
}

static void generations_of_children_work(void **state)
{
	struct fixture f;
	pid_t pid;
	int depth = 0;

	fixture_init(&f, NULL);
	make_bo(f.file, PAGE, 0);
	do {
		pid = fork_node(f.node);
		if (pid)
			break;
		CHECK(make_bo(f.file, PAGE, 0) == (uint32_t)depth + 2);
	} while (++depth < 5);
	if (pid)
		child_succeeded(pid);
	if (depth) {
		agx_file_put(f.file);
		agx_node_destroy(f.node);
		_exit(0);
	}
	fixture_finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_buffers_are_shared),
		cmocka_unit_test(new_buffers_are_not),
		cmocka_unit_test(a_child_submits_and_waits),
		cmocka_unit_test(generations_of_children_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
