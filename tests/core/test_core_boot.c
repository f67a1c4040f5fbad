// SPDX-License-Identifier: MIT
/* Start, stop and restart, and what a firmware can do wrong in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core_fixture.h"

static struct fixture *make(const char *soc_name)
{
	const struct agx_soc *soc = agx_soc_find(soc_name);
	struct fixture *fixture = malloc(sizeof(*fixture));
	unsigned int last = 0;

	while (agx_soc_firmware(soc, last + 1))
		last++;
	fixture_init(fixture, soc, agx_soc_firmware(soc, last));
	assert_int_equal(fixture_create(fixture), 0);
	return fixture;
}

static void done(struct fixture *fixture)
{
	assert_int_equal(fixture_finish(fixture), 0);
	free(fixture);
}

static uint64_t management(unsigned int type, uint64_t payload)
{
	return (uint64_t)type << 52 | payload;
}

/* The messages of a start, all of them, in order. */
static void test_sequence_of_a_start(void **state)
{
	struct fixture *fixture = make("t8103");
	struct {
		uint8_t endpoint;
		uint64_t message;
	} expected[] = {
		{0, management(2, 12 << 16 | 12)},
		{0, management(8, 1)},
		{0, management(8, 1ull << 51 | 1ull << 32)},
		{0, management(5, 1ull << 32 | 2)},
		{0, management(5, 2ull << 32 | 2)},
		{0, management(5, 4ull << 32 | 2)},
		{0, management(5, 8ull << 32 | 2)},
		{0, management(0xb, 0x20)},
		{0, management(5, 0x20ull << 32 | 2)},
		{0, management(5, 0x21ull << 32 | 2)},
		{0x20, 0}, /* INIT, filled in below */
		{0x21, 0x83ull << 48 | 0x11},
		{0x21, 0x83ull << 48 | 0x10},
	};
	size_t i;

	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_OFF);
	assert_false(fixture->running);
	fixture_boot(fixture);
	assert_true(fixture->running);
	assert_int_equal(fixture->last_state, AGX_CORE_READY);
	expected[10].message =
		0x81ull << 48 | (agx_core_init_data(fixture->core) & 0xfffffffffffull);
	assert_int_equal(fixture->sent_count, 13);
	for (i = 0; i < 13; i++) {
		assert_int_equal(fixture->sent[i].endpoint, expected[i].endpoint);
		assert_int_equal(fixture->sent[i].message, expected[i].message);
	}
	/* Initialize is in the ring and not yet taken. */
	assert_false(agx_core_initialized(fixture->core));
	agx_store(fixture->core->channels[AGX_CHANNEL_DEVICE_CONTROL].read_ptr, 1);
	assert_true(agx_core_initialized(fixture->core));
	assert_int_equal(*(uint32_t *)fixture->core->rings[AGX_CHANNEL_DEVICE_CONTROL]->cpu, 0x1a);
	assert_int_equal(agx_core_start(fixture->core), -EBUSY);
	done(fixture);
}

static void test_messages_in_another_order(void **state)
{
	struct fixture *fixture = make("t6020");

	/* HELLO overtakes the handoff; the power acknowledgement overtakes the endpoint map. */
	assert_int_equal(agx_core_start(fixture->core), 0);
	fixture_hello(fixture);
	assert_int_equal(fixture->sent_count, 0);
	fixture_handoff(fixture);
	assert_int_equal(fixture->sent_count, 1);
	/* A state on the way, which is not what is waited for. */
	fixture_management(fixture, 7, 0x220);
	fixture_iop_on(fixture);
	fixture_epmap(fixture);
	assert_true(fixture_find(fixture, 0, 0, ~0ull, management(0xb, 0x20)) > 0);
	fixture_ap_on(fixture);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_READY);
	fixture_iop_on(fixture);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_READY);
	done(fixture);
}

static void test_firmware_does_not_come_up(void **state)
{
	struct fixture *fixture = make("t8103");
	unsigned int polls = 0;

	assert_int_equal(agx_core_start(fixture->core), 0);
	while (agx_core_state(fixture->core) == AGX_CORE_HANDOFF && polls++ < 1000)
		fixture->machine.now += agx_core_poll(fixture->core);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_FAILED);
	assert_string_equal(agx_core_failure(fixture->core), "the firmware does not come up");
	assert_in_range(polls, 95, 105);
	assert_int_equal(agx_core_poll(fixture->core), UINT64_MAX);
	agx_core_stop(fixture->core);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_OFF);
	assert_false(fixture->running);
	done(fixture);
}

/* Silence after each step of the start. */
static void test_firmware_falls_silent(void **state)
{
	static void (*const steps[])(struct fixture *) = {
		fixture_hello,
		fixture_epmap,
		fixture_iop_on,
	};
	unsigned int i, j;

	for (i = 0; i <= 3; i++) {
		struct fixture *fixture = make("t8112");
		uint64_t wait;

		assert_int_equal(agx_core_start(fixture->core), 0);
		fixture_handoff(fixture);
		for (j = 0; j < i; j++)
			steps[j](fixture);
		wait = agx_core_poll(fixture->core);
		assert_in_range(wait, 1, AGX_CORE_TIMEOUT_NS);
		fixture->machine.now += wait - 1;
		assert_int_equal(agx_core_poll(fixture->core), 1);
		assert_int_equal(agx_core_state(fixture->core), AGX_CORE_STARTING);
		fixture->machine.now++;
		agx_core_poll(fixture->core);
		assert_int_equal(agx_core_state(fixture->core), AGX_CORE_FAILED);
		done(fixture);
	}
}

static void expect_failure(const char *soc, void (*prepare)(struct fixture *), uint8_t endpoint,
			   uint64_t message, const char *why)
{
	struct fixture *fixture = make(soc);

	assert_int_equal(agx_core_start(fixture->core), 0);
	fixture_handoff(fixture);
	if (prepare)
		prepare(fixture);
	agx_core_mailbox(fixture->core, endpoint, message);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_FAILED);
	if (why)
		assert_string_equal(agx_core_failure(fixture->core), why);
	/* Nothing has an effect any more. */
	fixture->sent_count = 0;
	fixture_event(fixture);
	fixture_hello(fixture);
	assert_int_equal(agx_core_kick(fixture->core), -ENODEV);
	assert_int_equal(fixture->sent_count, 0);
	done(fixture);
}

static void to_ready(struct fixture *fixture)
{
	fixture_hello(fixture);
	fixture_epmap(fixture);
	fixture_iop_on(fixture);
	fixture_ap_on(fixture);
}

static void to_iop(struct fixture *fixture)
{
	fixture_hello(fixture);
	fixture_epmap(fixture);
}

static void no_gpu_endpoints(struct fixture *fixture)
{
	fixture_hello(fixture);
	fixture_management(fixture, 8, AGX_RTKIT_EPMAP_LAST | 0x17);
	fixture_iop_on(fixture);
}

static void test_protocol_errors(void **state)
{
	expect_failure("t8103", NULL, 0, management(1, 13 << 16 | 13), NULL);
	expect_failure("t8103", NULL, 0, management(1, 10 << 16 | 9), NULL);
	expect_failure("t8103", NULL, 0, management(1, 11 << 16 | 12), NULL);
	expect_failure("t8103", fixture_hello, 0, management(1, 12 << 16 | 11),
		       "HELLO although it has started");
	expect_failure("t8103", NULL, 0, management(8, 1), "EPMAP out of turn");
	expect_failure("t8103", to_iop, 0, management(8, 1), "EPMAP out of turn");
	expect_failure("t8103", NULL, 0, management(7, 0x20), "IOP_POWER_ACK out of turn");
	expect_failure("t8103", to_ready, 0, management(7, 0x10), "IOP power goes down unasked");
	expect_failure("t8103", to_iop, 0, management(0xb, 0x20), "AP_POWER out of turn");
	expect_failure("t8103", fixture_hello, 0x20, 0x42ull << 48,
		       "message on an endpoint before EPMAP");
	expect_failure("t8103", no_gpu_endpoints, 0, management(0xb, 0x20),
		       "the firmware lacks the GPU's endpoints");
	expect_failure("t8103", to_ready, 1, 1ull << 52, "request for a buffer of no size");
	expect_failure("t8103", to_ready, 2, 8ull << 52 | 0x2000ull << 24,
		       "syslog entries of more than 4 KiB");
}

static void test_message_storm_before_handoff(void **state)
{
	struct fixture *fixture = make("t8103");

	agx_core_start(fixture->core);
	fixture_hello(fixture);
	fixture_hello(fixture);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_FAILED);
	done(fixture);
}

/* Crash log, syslog, ioreport and oslog get memory that the firmware can write. */
static void test_buffers(void **state)
{
	struct fixture *fixture = make("t8103");
	struct agx_rtkit_syslog_entry *entry;
	uint64_t va, second;
	char *memory;
	int i;

	fixture_boot(fixture);
	agx_core_mailbox(fixture->core, 1, 1ull << 52 | 5ull << 44);
	i = fixture_find(fixture, 0, 1, 0xfffull << 52, 1ull << 52);
	assert_true(i > 0);
	assert_int_equal(fixture->sent[i].message >> 44 & 0xff, 5);
	va = fixture->sent[i].message & 0xfffffffffffull;
	va |= 0xfffff00000000000ull;
	assert_true(va >= AGX_VA_RTKIT && va < AGX_VA_RTKIT_END);
	assert_non_null(
		fixture_at(fixture, AGX_WALK_FIRMWARE, va, 0x5000, AGX_WALK_READ | AGX_WALK_WRITE));
	assert_null(fixture_at(fixture, AGX_WALK_FIRMWARE, va + 0x8000, 1, AGX_WALK_READ));

	agx_core_mailbox(fixture->core, 2, 1ull << 52 | 4ull << 44);
	agx_core_mailbox(fixture->core, 2, 8ull << 52 | 0x60ull << 24 | 8);
	i = fixture_find(fixture, 0, 2, 0xfffull << 52, 1ull << 52);
	second = (fixture->sent[i].message & 0xfffffffffffull) | 0xfffff00000000000ull;
	assert_true(second >= va + 0x8000 + 0x4000);
	memory = fixture_at(fixture, AGX_WALK_FIRMWARE, second, 0x4000, AGX_WALK_WRITE);
	entry = (void *)(memory + 3 * 0x80);
	memcpy(entry->context, "task\x1b[2J", 9);
	memcpy(entry + 1, "it is warm\n", 12);
	agx_core_mailbox(fixture->core, 2, 5ull << 52 | 3);
	assert_int_equal(fixture->record.source, AGX_RECORD_SYSLOG);
	assert_string_equal(fixture->record_text, "task?[2J: it is warm");
	assert_true(fixture_find(fixture, 0, 2, ~0ull, 5ull << 52 | 3) > 0);
	/* Not in the buffer: answered, not printed. */
	agx_core_mailbox(fixture->core, 2, 5ull << 52 | 200);
	assert_int_equal(fixture->records, 1);
	/* Neither when the buffer is smaller than it says. */
	agx_core_mailbox(fixture->core, 2, 8ull << 52 | 0x1000ull << 24 | 0xffff);
	agx_core_mailbox(fixture->core, 2, 5ull << 52 | 3);
	assert_int_equal(fixture->records, 1);

	agx_core_mailbox(fixture->core, 4, 1ull << 52 | 1ull << 44);
	agx_core_mailbox(fixture->core, 4, 0xcull << 52 | 7);
	assert_true(fixture_find(fixture, 0, 4, ~0ull, 0xcull << 52 | 7) > 0);
	agx_core_mailbox(fixture->core, 8, 1ull << 56 | 2ull << 48);
	i = fixture_find(fixture, 0, 8, 0xffull << 56, 1ull << 56);
	assert_int_equal(fixture->sent[i].message >> 48 & 0xff, 2);
	/* In pages of 4 KiB, 48 bits of it. */
	assert_int_equal((fixture->sent[i].message & 0xffffffffffffull) >> 20, 0xfffffae);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_READY);
	/* PING. */
	fixture_management(fixture, 3, 0);
	assert_true(fixture_find(fixture, 0, 0, ~0ull, management(4, 0)) > 0);
	done(fixture);
}

static void put_entry(char **at, uint32_t type, const void *data, uint32_t size, uint32_t length)
{
	struct agx_rtkit_crash_entry head = {.type = type, .length = length};

	memcpy(*at, &head, sizeof(head));
	memcpy(*at + sizeof(head), data, size);
	*at += sizeof(head) + size;
}

static void test_crash_with_a_dump(void **state)
{
	struct fixture *fixture = make("t6001");
	struct agx_rtkit_crash_header header = {.type = AGX_RTKIT_CRASH_HEADER,
						.total_size = 0x4000};
	uint64_t time = 0x1234;
	char *memory, *at;
	uint64_t va;
	int i;

	fixture_boot(fixture);
	agx_core_mailbox(fixture->core, 1, 1ull << 52 | 4ull << 44);
	i = fixture_find(fixture, 0, 1, 0xfffull << 52, 1ull << 52);
	va = (fixture->sent[i].message & 0xfffffffffffull) | 0xfffff00000000000ull;
	memory = fixture_at(fixture, AGX_WALK_FIRMWARE, va, 0x4000, AGX_WALK_WRITE);
	memcpy(memory, &header, sizeof(header));
	at = memory + sizeof(header);
	put_entry(&at, AGX_RTKIT_CRASH_TIME, &time, 8, 24);
	put_entry(&at, AGX_RTKIT_CRASH_STRING, "\0\0\0\0bad pointer\x07", 17, 33);
	put_entry(&at, 0x12345678, "", 0, 0xffffffff);
	agx_core_mailbox(fixture->core, 1, 1ull << 52 | 4ull << 44 | (va & 0xfffffffffffull));
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_FAILED);
	assert_string_equal(agx_core_failure(fixture->core), "the firmware has crashed");
	assert_int_equal(fixture->records, 3);
	assert_int_equal(fixture->record.source, AGX_RECORD_CRASH);
	assert_string_equal(fixture->record_text, "damaged entry at offset=0x59 length=0xffffffff");
	done(fixture);
}

static void test_crash_of_own_memory(void **state)
{
	struct fixture *fixture = make("t8103");

	fixture_boot(fixture);
	/* The firmware names memory of its own, then says that the dump is there. */
	agx_core_mailbox(fixture->core, 1, 1ull << 52 | 4ull << 44 | 0xff8000123000ull);
	assert_int_equal(fixture_find(fixture, 0, 1, 0, 0), -1);
	agx_core_mailbox(fixture->core, 1, 1ull << 52 | 4ull << 44);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_FAILED);
	assert_int_equal(fixture->records, 0);
	done(fixture);
}

/* A dump in memory that the driver gave for something else is read, if all of it is there. */
static void test_crash_in_another_buffer(void **state)
{
	unsigned int pages;

	for (pages = 4; pages <= 5; pages++) {
		struct fixture *fixture = make("t8103");
		struct agx_rtkit_crash_header header = {.type = AGX_RTKIT_CRASH_HEADER,
							.total_size = 0x4000};
		uint64_t va;
		char *at;

		fixture_boot(fixture);
		agx_core_mailbox(fixture->core, 2, 1ull << 52 | 4ull << 44);
		va = fixture->core->rtkit_buffers[0].va;
		at = fixture_at(fixture, AGX_WALK_FIRMWARE, va, 0x4000, AGX_WALK_WRITE);
		memcpy(at, &header, sizeof(header));
		at += sizeof(header);
		put_entry(&at, AGX_RTKIT_CRASH_STRING, "\0\0\0\0bad pointer", 16, 32);
		put_entry(&at, AGX_RTKIT_CRASH_HEADER, "", 0, 16);
		agx_core_mailbox(fixture->core, 1,
				 1ull << 52 | (uint64_t)pages << 44 | (va & 0xfffffffffffull));
		agx_core_mailbox(fixture->core, 1, 1ull << 52 | (uint64_t)pages << 44);
		assert_int_equal(agx_core_state(fixture->core), AGX_CORE_FAILED);
		assert_int_equal(fixture->records > 0, pages == 4);
		done(fixture);
	}
}

/* A stack of two addresses is two lines; an entry without content is whole. */
static void test_crash_with_a_stack(void **state)
{
	struct fixture *fixture = make("t8103");
	struct agx_rtkit_crash_header header = {.type = AGX_RTKIT_CRASH_HEADER,
						.total_size = 0x4000};
	struct {
		uint32_t task, pad;
		uint64_t addresses[2];
	} stack = {4, 0, {0xffffff8000001000, 0xffffff8000002000}};
	char *memory, *at;

	fixture_boot(fixture);
	agx_core_mailbox(fixture->core, 1, 1ull << 52 | 4ull << 44);
	memory = fixture->core->rtkit_buffers[0].mem.cpu;
	memcpy(memory, &header, sizeof(header));
	at = memory + sizeof(header);
	put_entry(&at, AGX_RTKIT_CRASH_TASKS, "", 0, 16);
	put_entry(&at, AGX_RTKIT_CRASH_STACK, &stack, sizeof(stack), 16 + sizeof(stack));
	put_entry(&at, AGX_RTKIT_CRASH_HEADER, "", 0, 16);
	agx_core_mailbox(fixture->core, 1, 1ull << 52 | 4ull << 44);
	assert_int_equal(fixture->records, 4);
	assert_string_equal(fixture->record_text, "  0xffffff8000002000");
	done(fixture);
}

static void test_oslog_of_own_memory(void **state)
{
	struct fixture *fixture = make("t8103");

	fixture_boot(fixture);
	agx_core_mailbox(fixture->core, 8, 1ull << 56 | 2ull << 48 | 0xfffff8000123);
	assert_int_equal(fixture_find(fixture, 0, 8, 0, 0), -1);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_READY);
	done(fixture);
}

static void test_firmware_holds_the_lock(void **state)
{
	struct fixture *fixture = make("t8103");
	struct agx_handoff_block *block = fixture->machine.config.handoff;

	assert_int_equal(agx_core_start(fixture->core), 0);
	block->lock_fw = 1;
	block->turn = AGX_HANDOFF_TURN_FW;
	agx_core_poll(fixture->core);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_FAILED);
	assert_string_equal(agx_core_failure(fixture->core), "the firmware holds the handoff lock");
	/* The next start does not inherit it. */
	agx_core_stop(fixture->core);
	fixture_boot(fixture);
	done(fixture);
}

static void test_mailbox_fails_at_the_end_of_the_start(void **state)
{
	struct fixture *fixture = make("t8103");

	assert_int_equal(agx_core_start(fixture->core), 0);
	fixture_handoff(fixture);
	fixture_hello(fixture);
	fixture_epmap(fixture);
	fixture_iop_on(fixture);
	fixture->send_error = -EPIPE;
	fixture_ap_on(fixture);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_FAILED);
	assert_string_equal(agx_core_failure(fixture->core), "the first messages cannot be sent");
	done(fixture);
}

static void stop_politely(struct fixture *fixture)
{
	unsigned int from = fixture->sent_count;

	agx_core_stop(fixture->core);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_STOPPING);
	assert_true(fixture->running);
	assert_int_equal(fixture_find(fixture, from, 0, ~0ull, management(0xb, 0x10)), (int)from);
	fixture_management(fixture, 0xb, 0x10);
	assert_int_equal(fixture_find(fixture, from, 0, ~0ull, management(6, 0x10)), (int)from + 1);
	fixture_management(fixture, 7, 0x10);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_OFF);
	assert_false(fixture->running);
}

/* Each state that is down will do; one that is not is an error. */
static void test_how_far_a_stop_goes(void **state)
{
	static const struct {
		unsigned int power;
		enum agx_core_state then;
	} answers[] = {
		{0x00, AGX_CORE_OFF},    {0x01, AGX_CORE_OFF},     {0x10, AGX_CORE_OFF},
		{0x20, AGX_CORE_FAILED}, {0x220, AGX_CORE_FAILED}, {0x11, AGX_CORE_FAILED},
	};
	size_t i;

	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct fixture *fixture = make("t8103");

		fixture_boot(fixture);
		agx_core_stop(fixture->core);
		fixture_management(fixture, 0xb, 0x10);
		assert_int_equal(agx_core_state(fixture->core), AGX_CORE_STOPPING);
		fixture_management(fixture, 7, answers[i].power);
		assert_int_equal(agx_core_state(fixture->core), answers[i].then);
		done(fixture);
	}
}

/* Memory that is contiguous beyond what was asked for is mapped as far as it was asked for. */
static void test_buffers_of_scattered_memory(void **state)
{
	struct fixture *fixture = make("t8103");
	uint64_t va;

	fixture_boot(fixture);
	fixture->machine.scatter = 3;
	agx_core_mailbox(fixture->core, 1, 1ull << 52 | 16ull << 44);
	va = fixture->core->rtkit_buffers[0].va;
	assert_non_null(fixture_at(fixture, AGX_WALK_FIRMWARE, va, 0x10000,
				   AGX_WALK_READ | AGX_WALK_WRITE));
	assert_null(fixture_at(fixture, AGX_WALK_FIRMWARE, va + 0x10000, 1, AGX_WALK_READ));
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_READY);
	done(fixture);
}

static void test_stop_and_start_again(void **state)
{
	struct fixture *fixture = make("t8103");
	unsigned int i;

	for (i = 0; i < 3; i++) {
		fixture_boot(fixture);
		stop_politely(fixture);
		assert_int_equal(agx_core_init_data(fixture->core), 0);
		assert_int_equal(agx_core_poll(fixture->core), UINT64_MAX);
		/* An old mark must not be mistaken for a new one. */
		assert_int_equal(agx_core_start(fixture->core), 0);
		fixture->machine.now += AGX_HANDOFF_POLL_NS;
		agx_core_poll(fixture->core);
		assert_int_equal(agx_core_state(fixture->core), AGX_CORE_HANDOFF);
		agx_core_stop(fixture->core);
	}
	assert_int_equal(agx_heap_stats(fixture->core->heaps[AGX_HEAP_PRIVATE]).live_objects, 0);
	assert_int_equal(agx_heap_stats(fixture->core->heaps[AGX_HEAP_SHARED]).live_objects, 0);
	done(fixture);
}

static void test_restart_after_a_crash(void **state)
{
	struct fixture *fixture = make("t6022");
	unsigned int i;

	for (i = 0; i < 3; i++) {
		fixture_boot(fixture);
		assert_int_equal(agx_core_submission_begin(fixture->core), 0);
		agx_core_mailbox(fixture->core, 0, management(1, 0));
		assert_int_equal(agx_core_state(fixture->core), AGX_CORE_FAILED);
		assert_int_equal(agx_core_submission_begin(fixture->core), -ENODEV);
		agx_core_stop(fixture->core);
		agx_core_submission_end(fixture->core);
		assert_int_equal(agx_core_state(fixture->core), AGX_CORE_OFF);
		assert_string_equal(agx_core_failure(fixture->core), "");
	}
	done(fixture);
}

static void test_stop_is_not_answered(void **state)
{
	struct fixture *fixture = make("t8103");

	fixture_boot(fixture);
	agx_core_stop(fixture->core);
	agx_core_stop(fixture->core);
	fixture->machine.now += AGX_CORE_TIMEOUT_NS;
	agx_core_poll(fixture->core);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_FAILED);
	agx_core_stop(fixture->core);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_OFF);
	done(fixture);
}

static void test_run_fails(void **state)
{
	struct fixture *fixture = make("t8103");

	fixture->run_error = -EIO;
	assert_int_equal(agx_core_start(fixture->core), -EIO);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_OFF);
	fixture->run_error = 0;
	fixture_boot(fixture);
	done(fixture);
}

static void test_mailbox_fails(void **state)
{
	struct fixture *fixture = make("t8103");

	fixture_boot(fixture);
	fixture->send_error = -EPIPE;
	assert_int_equal(agx_core_kick(fixture->core), -EPIPE);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_FAILED);
	done(fixture);
}

/* Out of memory at each allocation of create and start: an error, no leak, and another try works. */
static void test_out_of_memory(void **state)
{
	unsigned int n;
	bool failed = true;

	for (n = 1; failed; n++) {
		const struct agx_soc *soc = agx_soc_find("t8103");
		struct fixture *fixture = malloc(sizeof(*fixture));
		int err;

		fixture_init(fixture, soc, agx_soc_firmware(soc, 0));
		fixture->machine.fail_after = n;
		err = fixture_create(fixture);
		if (err) {
			assert_int_equal(err, -ENOMEM);
			fixture->machine.fail_after = 0;
			assert_int_equal(fixture_create(fixture), 0);
		} else {
			assert_int_equal(agx_core_start(fixture->core), 0);
			fixture_handoff(fixture);
			failed = agx_core_state(fixture->core) == AGX_CORE_FAILED;
			if (failed) {
				assert_string_equal(agx_core_failure(fixture->core),
						    "no memory for the init data");
				agx_core_stop(fixture->core);
			}
			fixture->machine.fail_after = 0;
		}
		if (failed)
			fixture_boot(fixture);
		done(fixture);
	}
	assert_true(n > 20);
}

static void test_submissions_keep_the_power(void **state)
{
	struct fixture *fixture = make("t8103");
	uint32_t *pending;
	unsigned int from;

	fixture_boot(fixture);
	pending = agx_core_globals_word(fixture->core, 0x8974);
	from = fixture->sent_count;
	assert_int_equal(agx_core_submission_begin(fixture->core), 0);
	assert_int_equal(*pending, 1);
	assert_int_equal(fixture_find(fixture, from, 0x21, ~0ull, 0x83ull << 48 | 0x10), (int)from);
	agx_core_submission_begin(fixture->core);
	agx_core_submission_end(fixture->core);
	assert_int_equal(*pending, 1);
	agx_core_submission_end(fixture->core);
	agx_core_submission_end(fixture->core);
	assert_int_equal(*pending, 0);
	assert_int_equal(agx_core_set_idle_off_delay(fixture->core, 5000), 0);
	assert_int_equal(*agx_core_globals_word(fixture->core, 0x1119c), 5000);
	assert_null(agx_core_globals_word(fixture->core, 2));
	assert_null(agx_core_globals_word(fixture->core, 0x12394));
	done(fixture);
}

static void every_state_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(agx_core_state_name(AGX_CORE_OFF), "off");
	assert_string_equal(agx_core_state_name(AGX_CORE_FAILED), "failed");
	assert_string_equal(agx_core_state_name((enum agx_core_state)(AGX_CORE_FAILED + 1)), "?");
	assert_string_equal(agx_core_state_name((enum agx_core_state) - 1), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_has_a_name),
		cmocka_unit_test(test_sequence_of_a_start),
		cmocka_unit_test(test_messages_in_another_order),
		cmocka_unit_test(test_firmware_does_not_come_up),
		cmocka_unit_test(test_firmware_falls_silent),
		cmocka_unit_test(test_protocol_errors),
		cmocka_unit_test(test_message_storm_before_handoff),
		cmocka_unit_test(test_buffers),
		cmocka_unit_test(test_crash_with_a_dump),
		cmocka_unit_test(test_crash_of_own_memory),
		cmocka_unit_test(test_crash_in_another_buffer),
		cmocka_unit_test(test_crash_with_a_stack),
		cmocka_unit_test(test_oslog_of_own_memory),
		cmocka_unit_test(test_firmware_holds_the_lock),
		cmocka_unit_test(test_mailbox_fails_at_the_end_of_the_start),
		cmocka_unit_test(test_how_far_a_stop_goes),
		cmocka_unit_test(test_buffers_of_scattered_memory),
		cmocka_unit_test(test_stop_and_start_again),
		cmocka_unit_test(test_restart_after_a_crash),
		cmocka_unit_test(test_stop_is_not_answered),
		cmocka_unit_test(test_run_fails),
		cmocka_unit_test(test_mailbox_fails),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_submissions_keep_the_power),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
