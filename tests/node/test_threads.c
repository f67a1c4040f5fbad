// SPDX-License-Identifier: MIT
/* Several threads on one node and on one file: nothing is lost, leaked or torn. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"

#define THREADS 4
#define STEPS   2000

struct worker {
	struct fixture *fixture;
	struct agx_file *file; /* shared by all */
	unsigned int seed;
	pthread_t thread;
};

/* cmocka's assertions belong to the main thread. */
#define CHECK(condition)                                                                \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

static void run_workers(struct agx_file *file, struct fixture *fixture, void *(*func)(void *))
{
	struct worker workers[THREADS];
	int i;

	for (i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){
			.fixture = fixture, .file = file, .seed = (unsigned int)i + 1};
		assert_int_equal(pthread_create(&workers[i].thread, NULL, func, &workers[i]), 0);
	}
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
}

static void *use_buffers(void *data)
{
	struct worker *worker = data;
	struct agx_file *file = worker->file;
	uint32_t vm = make_vm(file);
	int i;

	for (i = 0; i < STEPS; i++) {
		uint64_t size = (uint64_t)(1 + rand_r(&worker->seed) % 3) * PAGE;
		uint32_t bo = make_bo(file, size, rand_r(&worker->seed) % 8 ? vm : 0);
		struct agx_bo *mapped;
		uint64_t *memory;

		CHECK(!bind_range(file, vm, bo, PAGE * 16, size, 0, DRM_ASAHI_BIND_READ));
		if (i % 8 == 0) {
			memory = map_bo(file, bo, size, &mapped);
			CHECK(memory[0] == 0 && memory[size / 8 - 1] == 0);
			memory[0] = (uintptr_t)worker;
			memory[size / 8 - 1] = ~0ull;
			sched_yield();
			CHECK(memory[0] == (uintptr_t)worker);
			munmap(memory, size);
			agx_bo_put(mapped);
		}
		close_bo(file, bo);
	}
	return NULL;
}

static void threads_share_a_file(void **state)
{
	struct agx_node_config config = {.memory_limit = 1 << 28};
	struct fixture f;

	fixture_init(&f, &config);
	run_workers(f.file, &f, use_buffers);
	fixture_finish(&f);
}

static void *open_and_submit(void *data)
{
	struct worker *worker = data;
	int i, j;

	for (i = 0; i < STEPS / 40; i++) {
		struct agx_file *file;
		uint32_t queue, sync;

		CHECK(!agx_file_open(worker->fixture->node, &file));
		queue = make_queue(file, make_vm(file));
		sync = make_syncobj(file, 0);
		for (j = 0; j < 20; j++) {
			CHECK(!submit_empty(file, queue, j ? sync : 0, sync));
			if (rand_r(&worker->seed) % 2)
				CHECK(!wait_syncobj(file, sync, INT64_MAX));
		}
		agx_file_put(file); /* with jobs under way */
	}
	return NULL;
}

static void threads_have_files_of_their_own(void **state)
{
	struct agx_node_config config = {.memory_limit = 1 << 28};
	struct agx_node_stats stats;
	struct fixture f;
	uint32_t queue, sync;

	fixture_init(&f, &config);
	run_workers(f.file, &f, open_and_submit);
	/* Everything submitted before is done when a later submission is waited for... */
	queue = make_queue(f.file, make_vm(f.file));
	sync = make_syncobj(f.file, 0);
	assert_int_equal(submit_empty(f.file, queue, 0, sync), 0);
	assert_int_equal(wait_syncobj(f.file, sync, INT64_MAX), 0);
	/* ...except that other queues may still be finishing. */
	do {
		agx_node_stats(f.node, &stats);
	} while (stats.completed_submits < stats.submits && !usleep(1000));
	fixture_finish(&f);
}

/* Handles are closed under the feet of their users: errors are fine, crashes are not. */
static void *fight(void *data)
{
	struct worker *worker = data;
	struct agx_file *file = worker->file;
	int i;

	for (i = 0; i < STEPS; i++) {
		uint32_t handle = 1 + (uint32_t)rand_r(&worker->seed) % 8;
		struct drm_gem_close close_args = {.handle = handle};
		struct drm_asahi_gem_create create = {.size = PAGE};
		struct drm_prime_handle prime = {.handle = handle, .flags = DRM_CLOEXEC};
		struct drm_asahi_gem_mmap_offset offset = {.handle = handle};
		struct agx_mmap map;

		switch (rand_r(&worker->seed) % 6) {
		case 0:
		case 1:
			CHECK(!call(file, DRM_IOCTL_ASAHI_GEM_CREATE, &create));
			break;
		case 2:
			call(file, DRM_IOCTL_GEM_CLOSE, &close_args);
			close_args.handle = handle + 8;
			call(file, DRM_IOCTL_GEM_CLOSE, &close_args);
			break;
		case 3:
			bind_range(file, 1, handle, PAGE * handle, PAGE, 0, DRM_ASAHI_BIND_READ);
			break;
		case 4:
			if (i % 16 || call(file, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime))
				break;
			CHECK(!call(file, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime));
			close(prime.fd);
			break;
		case 5:
			if (!call(file, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &offset) &&
			    !agx_file_mmap(file, offset.offset, PAGE, &map))
				agx_bo_put(map.bo);
			break;
		}
	}
	return NULL;
}

static void threads_fight_over_handles(void **state)
{
	struct agx_node_config config = {.memory_limit = 1 << 28};
	struct fixture f;

	fixture_init(&f, &config);
	assert_int_equal(make_vm(f.file), 1);
	run_workers(f.file, &f, fight);
	fixture_finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_share_a_file),
		cmocka_unit_test(threads_have_files_of_their_own),
		cmocka_unit_test(threads_fight_over_handles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
