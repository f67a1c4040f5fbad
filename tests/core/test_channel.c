// SPDX-License-Identifier: MIT
/* One ring, from both sides; the other side may be anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agx_channel.h"
#include "machine.h"

#define ENTRIES 8

struct ring {
	struct machine machine;
	struct agx_channel channel;
	uint64_t entries[ENTRIES];
	uint32_t read_ptr, write_ptr;
};

static void setup(struct ring *ring, bool to_firmware)
{
	memset(ring, 0, sizeof(*ring));
	machine_init(&ring->machine, 1 << 20);
	agx_channel_init(&ring->channel, &ring->machine.platform, "test", to_firmware,
			 ring->entries, ENTRIES, sizeof(uint64_t), &ring->read_ptr,
			 &ring->write_ptr);
}

static void teardown(struct ring *ring)
{
	assert_int_equal(machine_finish(&ring->machine), 0);
}

static void test_sends_until_full(void **state)
{
	struct ring ring;
	uint64_t message;
	uint32_t token = 0;

	setup(&ring, true);
	assert_int_equal(agx_channel_room(&ring.channel), ENTRIES - 1);
	for (message = 1; message < ENTRIES; message++) {
		assert_int_equal(agx_channel_send(&ring.channel, &message, &token), 0);
		assert_int_equal(token, message);
		assert_int_equal(ring.write_ptr, message);
		assert_int_equal(ring.entries[message - 1], message);
	}
	assert_int_equal(agx_channel_room(&ring.channel), 0);
	message = 99;
	assert_int_equal(agx_channel_send(&ring.channel, &message, &token), -EAGAIN);
	assert_int_equal(token, ENTRIES - 1);
	assert_int_equal(ring.entries[ENTRIES - 1], 0);
	assert_int_equal(agx_channel_taken(&ring.channel, 1), 0);

	ring.read_ptr = 1;
	assert_int_equal(agx_channel_taken(&ring.channel, 1), 1);
	assert_int_equal(agx_channel_taken(&ring.channel, 2), 0);
	assert_int_equal(agx_channel_send(&ring.channel, &message, &token), 0);
	assert_int_equal(ring.entries[ENTRIES - 1], 99);
	assert_int_equal(ring.write_ptr, 0);
	assert_int_equal(agx_channel_send(&ring.channel, &message, &token), -EAGAIN);
	assert_int_equal(agx_channel_receive(&ring.channel, &message), -EINVAL);
	teardown(&ring);
}

static void test_tokens_survive_many_rounds(void **state)
{
	struct ring ring;
	uint64_t message = 0;
	uint32_t token, old = 0;
	unsigned int i;

	setup(&ring, true);
	ring.channel.sent = ring.channel.taken = UINT32_MAX - 20; /* tokens wrap in between */
	for (i = 0; i < 100; i++) {
		assert_int_equal(agx_channel_send(&ring.channel, &message, &token), 0);
		assert_int_equal(agx_channel_taken(&ring.channel, token), 0);
		ring.read_ptr = ring.write_ptr;
		assert_int_equal(agx_channel_taken(&ring.channel, token), 1);
		if (i)
			assert_int_equal(agx_channel_taken(&ring.channel, old), 1);
		old = token;
	}
	teardown(&ring);
}

static void test_receives_in_order(void **state)
{
	struct ring ring;
	uint64_t message, sent = 0, got = 0;
	uint64_t seed = 1;
	unsigned int i;

	setup(&ring, false);
	assert_int_equal(agx_channel_receive(&ring.channel, &message), 0);
	for (i = 0; i < 1000; i++) {
		uint64_t count = machine_random(&seed) % ENTRIES;

		while (count-- && (ring.write_ptr + 1) % ENTRIES != ring.read_ptr) {
			ring.entries[ring.write_ptr] = ++sent;
			ring.write_ptr = (ring.write_ptr + 1) % ENTRIES;
		}
		count = machine_random(&seed) % ENTRIES;
		while (count-- && agx_channel_receive(&ring.channel, &message) == 1)
			assert_int_equal(message, ++got);
	}
	while (agx_channel_receive(&ring.channel, &message) == 1)
		assert_int_equal(message, ++got);
	assert_int_equal(got, sent);
	assert_int_equal(agx_channel_send(&ring.channel, &message, NULL), -EINVAL);
	assert_int_equal(agx_channel_room(&ring.channel), 0);
	teardown(&ring);
}

static void test_peek_leaves_the_message(void **state)
{
	struct ring ring;
	uint64_t message = 0;

	setup(&ring, false);
	ring.entries[0] = 7;
	ring.write_ptr = 1;
	assert_int_equal(agx_channel_peek(&ring.channel, &message), 1);
	assert_int_equal(ring.read_ptr, 0);
	assert_int_equal(agx_channel_peek(&ring.channel, &message), 1);
	assert_int_equal(message, 7);
	agx_channel_consume(&ring.channel);
	assert_int_equal(ring.read_ptr, 1);
	assert_int_equal(agx_channel_peek(&ring.channel, &message), 0);
	teardown(&ring);
}

static void test_read_index_beyond_the_ring(void **state)
{
	struct ring ring;
	uint64_t message = 1;

	setup(&ring, true);
	ring.read_ptr = ENTRIES;
	assert_int_equal(agx_channel_send(&ring.channel, &message, NULL), -EIO);
	assert_true(ring.channel.dead);
	assert_int_equal(ring.entries[0], 0);
	/* Dead for good, whatever comes now. */
	ring.read_ptr = 0;
	assert_int_equal(agx_channel_send(&ring.channel, &message, NULL), -EIO);
	assert_int_equal(agx_channel_taken(&ring.channel, 0), -EIO);
	assert_int_equal(agx_channel_room(&ring.channel), 0);
	assert_int_equal(ring.machine.logs, 1);
	teardown(&ring);
}

static void test_read_index_ahead_of_the_driver(void **state)
{
	struct ring ring;
	uint64_t message = 1;

	setup(&ring, true);
	agx_channel_send(&ring.channel, &message, NULL);
	ring.read_ptr = 2;
	assert_int_equal(agx_channel_send(&ring.channel, &message, NULL), -EIO);
	teardown(&ring);
}

static void test_read_index_goes_back(void **state)
{
	struct ring ring;
	uint64_t message = 1;
	unsigned int i;

	setup(&ring, true);
	for (i = 0; i < 4; i++)
		agx_channel_send(&ring.channel, &message, NULL);
	ring.read_ptr = 3;
	assert_int_equal(agx_channel_taken(&ring.channel, 3), 1);
	ring.read_ptr = 2;
	assert_int_equal(agx_channel_taken(&ring.channel, 3), -EIO);
	teardown(&ring);
}

static void test_write_index_beyond_the_ring(void **state)
{
	struct ring ring;
	uint64_t message = 5;

	setup(&ring, false);
	ring.write_ptr = 0xffffffff;
	assert_int_equal(agx_channel_receive(&ring.channel, &message), -EIO);
	assert_int_equal(message, 5);
	ring.write_ptr = 1;
	assert_int_equal(agx_channel_receive(&ring.channel, &message), -EIO);
	teardown(&ring);
}

/* The driver's own index is the one in memory by name only. */
static void test_own_index_is_not_read_back(void **state)
{
	struct ring ring;
	uint64_t message = 0;

	setup(&ring, false);
	ring.entries[0] = 1;
	ring.write_ptr = 2;
	ring.read_ptr = 0x12345678;
	assert_int_equal(agx_channel_receive(&ring.channel, &message), 1);
	assert_int_equal(message, 1);
	assert_int_equal(ring.read_ptr, 1);
	teardown(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sends_until_full),
		cmocka_unit_test(test_tokens_survive_many_rounds),
		cmocka_unit_test(test_receives_in_order),
		cmocka_unit_test(test_peek_leaves_the_message),
		cmocka_unit_test(test_read_index_beyond_the_ring),
		cmocka_unit_test(test_read_index_ahead_of_the_driver),
		cmocka_unit_test(test_read_index_goes_back),
		cmocka_unit_test(test_write_index_beyond_the_ring),
		cmocka_unit_test(test_own_index_is_not_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
