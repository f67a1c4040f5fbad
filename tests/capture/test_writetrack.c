// SPDX-License-Identifier: MIT
/* Which pages were written: both ways have to find the same, and find everything. */
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
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "preload/writetrack.h"

#define PAGES 256u

struct fixture {
	struct writetrack wt;
	struct wt_object object;
	int fd;
	uint8_t *map;
	uint8_t copy[PAGES][WT_PAGE_SIZE]; /* as collected */
	unsigned int changed;              /* pages of the last collection */
};

static enum wt_mode mode;

static uint8_t *map_at(struct fixture *f, size_t size)
{
	uint8_t *map =
		mmap(wt_hint(&f->wt, size), size, PROT_READ | PROT_WRITE, MAP_SHARED, f->fd, 0);

	assert_true(map != MAP_FAILED);
	return map;
}

static void track(struct fixture *f, uint8_t *map, size_t size)
{
	assert_int_equal(wt_add(&f->wt, (uintptr_t)map, size, true, &f->object, 0, f), 0);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	wt_init(&f->wt, mode, NULL);
	f->fd = memfd_create("test", MFD_CLOEXEC);
	assert_true(f->fd >= 0);
	assert_int_equal(ftruncate(f->fd, PAGES * WT_PAGE_SIZE), 0);
	assert_int_equal(wt_object_init(&f->object, PAGES * WT_PAGE_SIZE, true), 0);
	f->map = map_at(f, PAGES * WT_PAGE_SIZE);
	track(f, f->map, PAGES * WT_PAGE_SIZE);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	struct wt_map *map;

	while ((map = wt_next(&f->wt, 0))) {
		munmap((void *)map->start, map->end - map->start);
		wt_remove(&f->wt, map);
		wt_map_free(map);
	}
	wt_close_fds(&f->wt);
	wt_object_finish(&f->object);
	free(f->wt.maps);
	close(f->fd);
	free(f);
	return 0;
}

static uint64_t take(void *data, struct wt_map *map, uint64_t page, const uint8_t *content)
{
	struct fixture *f = data;

	assert_true(page < PAGES);
	assert_ptr_equal(map->owner, f);
	memcpy(f->copy[page], content, WT_PAGE_SIZE);
	f->changed++;
	return wt_digest(f->copy[page]);
}

static void collect(struct fixture *f)
{
	f->changed = 0;
	wt_collect(&f->wt, 0, SIZE_MAX, take, f);
}

static void expect_copy_of(struct fixture *f, const uint8_t *map)
{
	assert_memory_equal(f->copy, map, sizeof(f->copy));
}

static void nothing_written_is_nothing_changed(void **state)
{
	struct fixture *f = *state;

	collect(f);
	assert_int_equal(f->changed, 0);
}

static void reading_is_not_writing(void **state)
{
	struct fixture *f = *state;
	volatile uint8_t *byte = f->map + 5 * WT_PAGE_SIZE;

	assert_int_equal(*byte, 0);
	collect(f);
	assert_int_equal(f->changed, 0);
}

static void each_written_page_is_found_once(void **state)
{
	struct fixture *f = *state;

	f->map[0] = 1;
	f->map[7 * WT_PAGE_SIZE + 4095] = 2;
	f->map[PAGES * WT_PAGE_SIZE - 1] = 3;
	collect(f);
	assert_int_equal(f->changed, 3);
	expect_copy_of(f, f->map);
	collect(f);
	assert_int_equal(f->changed, 0);
}

static void pages_are_found_again_and_again(void **state)
{
	struct fixture *f = *state;
	unsigned int i;

	/* Long enough for pages to become hot, and cold again. */
	for (i = 1; i < 400; i++) {
		unsigned int expected = 1;

		f->map[0] = (uint8_t)i;
		if (i % 5 == 0) {
			f->map[9 * WT_PAGE_SIZE] = (uint8_t)i;
			expected++;
		}
		if (i % 70 == 0) {
			f->map[100 * WT_PAGE_SIZE] = (uint8_t)i;
			expected++;
		}
		collect(f);
		assert_int_equal(f->changed, expected);
		expect_copy_of(f, f->map);
	}
}

static void the_same_bytes_again_are_no_change(void **state)
{
	struct fixture *f = *state;
	unsigned int i;

	f->map[WT_PAGE_SIZE] = 1;
	collect(f);
	for (i = 0; i < 5; i++) {
		f->map[WT_PAGE_SIZE] = 1;
		collect(f);
		assert_int_equal(f->changed, 0);
	}
	f->map[WT_PAGE_SIZE] = 0;
	collect(f);
	assert_int_equal(f->changed, 1);
	expect_copy_of(f, f->map);
}

static void two_views_of_one_object_are_one(void **state)
{
	struct fixture *f = *state;
	uint8_t *second = map_at(f, PAGES * WT_PAGE_SIZE);

	track(f, second, PAGES * WT_PAGE_SIZE);
	f->map[3 * WT_PAGE_SIZE] = 1;
	second[4 * WT_PAGE_SIZE] = 2;
	collect(f);
	assert_int_equal(f->changed, 2);
	second[3 * WT_PAGE_SIZE] = 3;
	f->map[4 * WT_PAGE_SIZE] = 4;
	collect(f);
	assert_int_equal(f->changed, 2);
	expect_copy_of(f, second);
}

static void a_range_is_looked_at_alone(void **state)
{
	struct fixture *f = *state;

	f->map[0] = 1;
	f->map[32 * WT_PAGE_SIZE] = 1;
	f->changed = 0;
	wt_collect(&f->wt, (uintptr_t)f->map + 16 * WT_PAGE_SIZE, 64 * WT_PAGE_SIZE, take, f);
	assert_int_equal(f->changed, 1);
	collect(f);
	assert_int_equal(f->changed, 1);
	expect_copy_of(f, f->map);
}

static void a_mapping_can_be_cut(void **state)
{
	struct fixture *f = *state;
	uintptr_t start = (uintptr_t)f->map + 64 * WT_PAGE_SIZE;
	struct wt_map *map;

	f->map[63 * WT_PAGE_SIZE] = 1;
	collect(f);
	assert_int_equal(wt_isolate(&f->wt, start, 64 * WT_PAGE_SIZE), 0);
	assert_int_equal(f->wt.count, 3);
	map = wt_next(&f->wt, start);
	assert_int_equal(map->start, start);
	assert_int_equal(map->end, start + 64 * WT_PAGE_SIZE);
	assert_int_equal(map->first_page, 64);
	wt_remove(&f->wt, map);
	wt_map_free(map);
	munmap((void *)start, 64 * WT_PAGE_SIZE);
	assert_false(wt_overlaps(&f->wt, start, 64 * WT_PAGE_SIZE));
	assert_true(wt_overlaps(&f->wt, start - 1, 1));
	f->map[63 * WT_PAGE_SIZE] = 2;
	f->map[200 * WT_PAGE_SIZE] = 3;
	collect(f);
	assert_int_equal(f->changed, 2);
	assert_int_equal(f->copy[200][0], 3);
	assert_int_equal(f->copy[63][0], 2);
}

static void an_unreadable_mapping_is_left_alone(void **state)
{
	struct fixture *f = *state;

	f->map[0] = 1;
	assert_int_equal(mprotect(f->map, PAGES * WT_PAGE_SIZE, PROT_NONE), 0);
	wt_set_readable(&f->wt, wt_next(&f->wt, 0), false);
	collect(f);
	assert_int_equal(f->changed, 0);
	assert_int_equal(mprotect(f->map, PAGES * WT_PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
	wt_set_readable(&f->wt, wt_next(&f->wt, 0), true);
	collect(f);
	assert_int_equal(f->changed, 1);
	f->map[0] = 2;
	collect(f);
	assert_int_equal(f->changed, 1);
}

static void unknown_content_is_a_change(void **state)
{
	struct fixture *f = *state;
	struct wt_object unknown;

	assert_int_equal(wt_object_init(&unknown, 4 * WT_PAGE_SIZE, false), 0);
	wt_next(&f->wt, 0)->object = &unknown;
	f->map[0] = 1;
	f->map[1 * WT_PAGE_SIZE] = 0;
	collect(f);
	/* The second was written, although with zeros. */
	assert_int_equal(f->changed, 2);
	wt_next(&f->wt, 0)->object = &f->object;
	wt_object_finish(&unknown);
}

static void writes_by_the_kernel_are_found(void **state)
{
	struct fixture *f = *state;
	int fds[2];

	f->map[2 * WT_PAGE_SIZE] = 1;
	collect(f);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "abc", 3), 3);
	assert_int_equal(read(fds[0], f->map + 2 * WT_PAGE_SIZE + 10, 3), 3);
	close(fds[0]);
	close(fds[1]);
	collect(f);
	assert_int_equal(f->changed, 1);
	expect_copy_of(f, f->map);
}

static void a_forked_child_watches_for_itself(void **state)
{
	struct fixture *f = *state;
	int status;
	pid_t pid;

	f->map[0] = 1;
	collect(f);
	pid = fork();
	if (!pid) {
		int failures = 0;

		wt_forked(&f->wt);
		collect(f);
		failures += f->changed != 0;
		f->map[5 * WT_PAGE_SIZE] = 5;
		collect(f);
		failures += f->changed != 1;
		f->map[5 * WT_PAGE_SIZE] = 6;
		collect(f);
		failures += f->changed != 1;
		_exit(failures);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	f->map[0] = 2;
	collect(f);
	assert_int_equal(f->copy[0][0], 2);
}

static atomic_bool racing;

static void *race(void *data)
{
	struct fixture *f = data;
	uint32_t value = 0;

	while (racing) {
		value++;
		*(volatile uint32_t *)(void *)(f->map + value % 16 * WT_PAGE_SIZE) = value;
	}
	return NULL;
}

static void no_write_is_lost_to_a_race(void **state)
{
	struct fixture *f = *state;
	pthread_t thread;
	unsigned int i;

	racing = true;
	assert_int_equal(pthread_create(&thread, NULL, race, f), 0);
	for (i = 0; i < 2000; i++)
		collect(f);
	racing = false;
	pthread_join(thread, NULL);
	collect(f);
	expect_copy_of(f, f->map);
}

static void random_writes_are_all_found(void **state)
{
	struct fixture *f = *state;
	unsigned int i, j, seed = 1;

	for (i = 0; i < 500; i++) {
		bool written[PAGES] = {0};
		unsigned int expected = 0;

		for (j = rand_r(&seed) % 20; j; j--) {
			unsigned int page = rand_r(&seed) % PAGES;

			f->map[page * WT_PAGE_SIZE + rand_r(&seed) % WT_PAGE_SIZE]++;
			expected += !written[page];
			written[page] = true;
		}
		collect(f);
		assert_true(f->changed <= expected);
		expect_copy_of(f, f->map);
	}
}

static void many_mappings_are_one_scan(void **state)
{
	struct fixture *f = *state;
	uint8_t *maps[64];
	unsigned int i;
	uint64_t scans;

	for (i = 0; i < 64; i++) {
		maps[i] = map_at(f, PAGES * WT_PAGE_SIZE);
		track(f, maps[i], PAGES * WT_PAGE_SIZE);
	}
	for (i = 0; i < 64; i++)
		maps[i][i * WT_PAGE_SIZE] = (uint8_t)(i + 1);
	collect(f);
	assert_int_equal(f->changed, 64);
	scans = f->wt.stats.scans;
	collect(f);
	if (f->wt.pagemap_works)
		assert_int_equal(f->wt.stats.scans - scans, 1);
	assert_int_equal(f->changed, 0);
	expect_copy_of(f, f->map);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nothing_written_is_nothing_changed),  CASE(reading_is_not_writing),
		CASE(each_written_page_is_found_once),     CASE(pages_are_found_again_and_again),
		CASE(the_same_bytes_again_are_no_change),  CASE(two_views_of_one_object_are_one),
		CASE(a_range_is_looked_at_alone),          CASE(a_mapping_can_be_cut),
		CASE(an_unreadable_mapping_is_left_alone), CASE(unknown_content_is_a_change),
		CASE(writes_by_the_kernel_are_found),      CASE(a_forked_child_watches_for_itself),
		CASE(no_write_is_lost_to_a_race),          CASE(random_writes_are_all_found),
		CASE(many_mappings_are_one_scan),
	};
	struct writetrack wt;
	int failures;

	mode = WT_COMPARE;
	failures = cmocka_run_group_tests_name("comparison", tests, NULL, NULL);
	mode = WT_AUTO;
	wt_init(&wt, mode, NULL);
	wt_hint(&wt, 4096);
	if (wt.pagemap_works)
		failures += cmocka_run_group_tests_name("page map", tests, NULL, NULL);
	else
		printf("page map: not tested: %s\n", wt.fallback);
	wt_close_fds(&wt);
	return failures;
}
