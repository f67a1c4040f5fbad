// SPDX-License-Identifier: MIT
/* Many threads at once: files opened, used, duplicated, replaced and closed under each other. */
#include "client.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#define THREADS 8
#define ROUNDS  300
#define SHARED  40 /* descriptor that all fight for */
#define SIZE    (64u << 10)

static atomic_int failures;

#define CHECK(condition)                                                                \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			atomic_fetch_add(&failures, 1);                                 \
		}                                                                       \
	} while (0)

/* Each with files of its own. */
static void *work_alone(void *data)
{
	uintptr_t id = (uintptr_t)data;
	struct drm_gem_close close_args = {0};
	uint32_t *map;
	int i, fd, copy;

	for (i = 0; i < ROUNDS; i++) {
		struct drm_asahi_gem_create create = {.size = SIZE,
						      .flags = DRM_ASAHI_GEM_WRITEBACK};
		struct drm_asahi_gem_mmap_offset offset = {0};

		fd = open(node_path(), O_RDWR | O_CLOEXEC);
		CHECK(fd >= 0);
		copy = dup(fd);
		close(fd);
		CHECK(!ioctl(copy, DRM_IOCTL_ASAHI_GEM_CREATE, &create));
		offset.handle = create.handle;
		CHECK(!ioctl(copy, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &offset));
		map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, copy,
			   (off_t)offset.offset);
		CHECK(map != MAP_FAILED);
		CHECK(map[17] == 0);
		map[17] = (uint32_t)(id << 16) + (uint32_t)i;
		close_args.handle = create.handle;
		CHECK(!ioctl(copy, DRM_IOCTL_GEM_CLOSE, &close_args));
		close(copy);
		CHECK(map[17] == (uint32_t)(id << 16) + (uint32_t)i);
		CHECK(!munmap(map, SIZE));
	}
	return NULL;
}

/* All on one descriptor number, which may be a node, nothing or something else at any time. */
static void *fight(void *data)
{
	unsigned int seed = (unsigned int)(uintptr_t)data;
	struct drm_asahi_get_time time;
	void *map;
	int i, fd;

	for (i = 0; i < ROUNDS * 4; i++) {
		switch (rand_r(&seed) % 6) {
		case 0:
			fd = open(node_path(), O_RDWR | O_CLOEXEC);
			if (fd >= 0 && fd != SHARED) {
				dup2(fd, SHARED);
				close(fd);
			}
			break;
		case 1:
			close(SHARED);
			break;
		case 2:
			fd = open("/dev/null", O_RDWR | O_CLOEXEC);
			if (fd >= 0 && fd != SHARED) {
				dup2(fd, SHARED);
				close(fd);
			}
			break;
		case 3:
			map = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, SHARED, 4096);
			if (map != MAP_FAILED)
				munmap(map, SIZE);
			break;
		default:
			memset(&time, 0, sizeof(time));
			if (ioctl(SHARED, DRM_IOCTL_ASAHI_GET_TIME, &time))
				CHECK(errno == EBADF || errno == ENOTTY);
			else
				CHECK(time.gpu_timestamp != 0);
		}
	}
	return NULL;
}

static void *fork_now_and_then(void *data)
{
	int i, status, fd = open(node_path(), O_RDWR | O_CLOEXEC);
	pid_t pid;

	for (i = 0; i < 20; i++) {
		pid = fork();
		if (!pid)
			_exit(try_node(fd));
		CHECK(waitpid(pid, &status, 0) == pid);
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	close(fd);
	return NULL;
}

static void run(void *(*function)(void *), void *(*beside)(void *))
{
	pthread_t threads[THREADS + 1];
	uintptr_t i;

	atomic_store(&failures, 0);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, function, (void *)(i + 1)), 0);
	if (beside)
		assert_int_equal(pthread_create(&threads[i++], NULL, beside, NULL), 0);
	while (i--)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&failures), 0);
}

static void threads_with_their_own_files(void **state)
{
	int fd = open_node();

	run(work_alone, NULL);
	assert_int_equal(live_bos(fd), 0);
	close(fd);
}

static void threads_fighting_for_a_descriptor(void **state)
{
	run(fight, NULL);
	close(SHARED);
}

static void forks_while_others_work(void **state)
{
	run(work_alone, fork_now_and_then);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_with_their_own_files),
		cmocka_unit_test(threads_fighting_for_a_descriptor),
		cmocka_unit_test(forks_while_others_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
