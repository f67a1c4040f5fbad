// SPDX-License-Identifier: MIT
/* The ring between a recorded process and the recorder. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "preload/ring.h"

struct pair {
	struct ring producer, consumer;
};

static int setup(void **state)
{
	struct pair *pair = calloc(1, sizeof(*pair));
	int fd = ring_create();

	assert_non_null(pair);
	assert_true(fd >= 0);
	assert_int_equal(ring_map(&pair->producer, fd), 0);
	assert_int_equal(ring_map(&pair->consumer, fd), 0);
	close(fd);
	*state = pair;
	return 0;
}

static int teardown(void **state)
{
	struct pair *pair = *state;

	ring_unmap(&pair->producer);
	ring_unmap(&pair->consumer);
	free(pair);
	return 0;
}

static bool always_alive(void *data)
{
	return true;
}

static bool alive_for_a_while(void *data)
{
	int *count = data;

	return (*count)-- > 0;
}

static void records_come_out_as_they_went_in(void **state)
{
	struct pair *pair = *state;
	const uint8_t *bytes;
	uint64_t *record;

	assert_int_equal(ring_peek(&pair->consumer, &bytes), 0);
	record = ring_reserve(&pair->producer, 64, always_alive, NULL);
	assert_non_null(record);
	record[0] = 42;
	/* Reserved is not published, and less than reserved may be. */
	assert_int_equal(ring_peek(&pair->consumer, &bytes), 0);
	assert_false(ring_publish(&pair->producer, 8));
	assert_int_equal(ring_peek(&pair->consumer, &bytes), 8);
	assert_int_equal(*(const uint64_t *)bytes, 42);
	ring_consume(&pair->consumer, 8);
	assert_int_equal(ring_peek(&pair->consumer, &bytes), 0);
}

static void a_record_across_the_end_is_contiguous(void **state)
{
	struct pair *pair = *state;
	const uint8_t *bytes;
	uint8_t *record;
	size_t i, size = RING_DATA_SIZE / 2 - 8;

	for (i = 0; i < 2; i++) {
		record = ring_reserve(&pair->producer, size, always_alive, NULL);
		memset(record, (int)i, size);
		ring_publish(&pair->producer, size);
		assert_int_equal(ring_peek(&pair->consumer, &bytes), size);
		ring_consume(&pair->consumer, size);
	}
	record = ring_reserve(&pair->producer, 4096, always_alive, NULL);
	for (i = 0; i < 4096; i++)
		record[i] = (uint8_t)(i * 7);
	ring_publish(&pair->producer, 4096);
	assert_int_equal(ring_peek(&pair->consumer, &bytes), 4096);
	for (i = 0; i < 4096; i++)
		assert_int_equal(bytes[i], (uint8_t)(i * 7));
}

static void a_full_ring_without_a_consumer_ends_recording(void **state)
{
	struct pair *pair = *state;
	int patience = 2;

	assert_non_null(ring_reserve(&pair->producer, RING_DATA_SIZE / 2, always_alive, NULL));
	ring_publish(&pair->producer, RING_DATA_SIZE / 2);
	assert_non_null(ring_reserve(&pair->producer, RING_DATA_SIZE / 2, always_alive, NULL));
	ring_publish(&pair->producer, RING_DATA_SIZE / 2);
	assert_null(ring_reserve(&pair->producer, 8, alive_for_a_while, &patience));
	assert_int_equal(patience, -1);
	assert_int_equal(atomic_load(&pair->producer.header->stalls), 1);
}

static void records_that_can_never_fit_are_refused(void **state)
{
	struct pair *pair = *state;

	assert_null(ring_reserve(&pair->producer, RING_DATA_SIZE / 2 + 8, always_alive, NULL));
}

static void impossible_positions_are_noticed(void **state)
{
	struct pair *pair = *state;
	const uint8_t *bytes;

	atomic_store(&pair->producer.header->head, RING_DATA_SIZE + 8);
	assert_int_equal(ring_peek(&pair->consumer, &bytes), -EPROTO);
	atomic_store(&pair->producer.header->tail, 8);
	assert_null(ring_reserve(&pair->producer, 8, always_alive, NULL));
}

static void the_consumer_is_woken_when_enough_waits(void **state)
{
	struct pair *pair = *state;
	size_t done;

	atomic_store(&pair->producer.header->consumer_sleeps, 1);
	for (done = 0; done + 4096 < RING_WAKE_SIZE; done += 4096) {
		assert_non_null(ring_reserve(&pair->producer, 4096, always_alive, NULL));
		assert_false(ring_publish(&pair->producer, 4096));
	}
	assert_non_null(ring_reserve(&pair->producer, 4096, always_alive, NULL));
	assert_true(ring_publish(&pair->producer, 4096));
	/* Once is enough. */
	assert_non_null(ring_reserve(&pair->producer, RING_WAKE_SIZE, always_alive, NULL));
	assert_false(ring_publish(&pair->producer, RING_WAKE_SIZE));
}

#define STREAM_RECORDS 200000u

static void *produce(void *data)
{
	struct ring *ring = data;
	uint32_t i, size;
	uint64_t *record;

	for (i = 0; i < STREAM_RECORDS; i++) {
		size = 16 + i % 61 * 8;
		record = ring_reserve(ring, size + 512, always_alive, NULL);
		if (!record)
			return NULL;
		record[0] = size;
		record[size / 8 - 1] = i;
		ring_publish(ring, size);
	}
	return data;
}

static void two_threads_exchange_more_than_fits(void **state)
{
	struct pair *pair = *state;
	const uint8_t *bytes;
	pthread_t thread;
	uint32_t expected = 0;
	void *ended;

	assert_int_equal(pthread_create(&thread, NULL, produce, &pair->producer), 0);
	while (expected < STREAM_RECORDS) {
		int64_t size = ring_peek(&pair->consumer, &bytes);
		const uint64_t *record = (const void *)bytes;
		uint64_t taken = 0;

		assert_true(size >= 0);
		while (taken < (uint64_t)size) {
			assert_int_equal(record[0], 16 + expected % 61 * 8);
			assert_int_equal(record[record[0] / 8 - 1], expected);
			taken += record[0];
			record += record[0] / 8;
			expected++;
		}
		ring_consume(&pair->consumer, taken);
	}
	pthread_join(thread, &ended);
	assert_non_null(ended);
}

static void what_a_killed_producer_published_stays(void **state)
{
	struct pair *pair = *state;
	const uint8_t *bytes;
	uint64_t *record;
	int status;
	pid_t pid = fork();

	if (!pid) {
		record = ring_reserve(&pair->producer, 16, always_alive, NULL);
		record[0] = 1;
		ring_publish(&pair->producer, 16);
		record = ring_reserve(&pair->producer, 16, always_alive, NULL);
		record[0] = 2;
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(ring_peek(&pair->consumer, &bytes), 16);
	assert_int_equal(*(const uint64_t *)bytes, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(records_come_out_as_they_went_in),
		CASE(a_record_across_the_end_is_contiguous),
		CASE(a_full_ring_without_a_consumer_ends_recording),
		CASE(records_that_can_never_fit_are_refused),
		CASE(impossible_positions_are_noticed),
		CASE(the_consumer_is_woken_when_enough_waits),
		CASE(two_threads_exchange_more_than_fits),
		CASE(what_a_killed_producer_published_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
