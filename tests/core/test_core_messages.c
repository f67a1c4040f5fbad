// SPDX-License-Identifier: MIT
/* Messages to and from the firmware, once it runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core_fixture.h"

static struct fixture *make(const char *soc_name, unsigned int firmware)
{
	const struct agx_soc *soc = agx_soc_find(soc_name);
	struct fixture *fixture = malloc(sizeof(*fixture));

	fixture_init(fixture, soc, agx_soc_firmware(soc, firmware));
	assert_int_equal(fixture_create(fixture), 0);
	fixture_boot(fixture);
	return fixture;
}

static void done(struct fixture *fixture)
{
	assert_int_equal(fixture_finish(fixture), 0);
	free(fixture);
}

/* Writes an element as the firmware does, without its doorbell. */
static void put(struct fixture *fixture, unsigned int channel, const void *message, size_t size)
{
	struct agx_channel *ring = &fixture->core->channels[channel];
	uint32_t write = *ring->write_ptr;

	assert_true(size <= ring->entry_size);
	memset(ring->ring + write * ring->entry_size, 0, ring->entry_size);
	memcpy(ring->ring + write * ring->entry_size, message, size);
	*ring->write_ptr = (write + 1) % ring->entries;
}

static const uint8_t *last_message(struct fixture *fixture, unsigned int channel)
{
	struct agx_channel *ring = &fixture->core->channels[channel];

	return ring->ring + (ring->index + ring->entries - 1) % ring->entries * ring->entry_size;
}

static uint64_t read_at(const uint8_t *message, unsigned int offset, unsigned int size)
{
	uint64_t value = 0;

	memcpy(&value, message + offset, size);
	return value;
}

/* Tags and places as the reference's section 4.4 has them. */
static void test_device_control_of_12_and_13(void **state)
{
	struct agx_device_control_args args = {0};
	unsigned int firmware;

	for (firmware = 0; firmware < 2; firmware++) {
		struct fixture *fixture = make("t8103", firmware);
		unsigned int from = fixture->sent_count;
		uint32_t plus = firmware, token;
		const uint8_t *message;

		args.grow_tvb_ack.buffer_slot = 5;
		args.grow_tvb_ack.vm_slot = 6;
		args.grow_tvb_ack.counter = 7;
		args.grow_tvb_ack.halt_count = 0x123456789;
		assert_int_equal(agx_core_device_control(fixture->core,
							 AGX_DEVICE_CONTROL_GROW_TVB_ACK, &args,
							 &token),
				 0);
		assert_int_equal(fixture->sent[from].message, 0x83ull << 48 | 0x11);
		message = last_message(fixture, AGX_CHANNEL_DEVICE_CONTROL);
		assert_int_equal(read_at(message, 0, 4), 0xd + plus);
		assert_int_equal(read_at(message, 4, 4), 1);
		assert_int_equal(read_at(message, 8, 4), 5);
		assert_int_equal(read_at(message, 0xc, 4), 6);
		assert_int_equal(read_at(message, 0x10, 4), 7);
		assert_int_equal(read_at(message, 0x18, 8), 0x123456789);

		args.recover_channel.pipe = 1;
		args.recover_channel.work_queue = 0xffffffa000001000;
		args.recover_channel.event_value = 0x300;
		agx_core_device_control(fixture->core, AGX_DEVICE_CONTROL_RECOVER_CHANNEL, &args,
					&token);
		message = last_message(fixture, AGX_CHANNEL_DEVICE_CONTROL);
		assert_int_equal(read_at(message, 0, 4), 0xe + plus);
		assert_int_equal(read_at(message, 4, 4), 1);
		assert_int_equal(read_at(message, 8, 8), 0xffffffa000001000);
		assert_int_equal(read_at(message, 0x10, 4), 0x300);

		memset(&args, 0, sizeof(args));
		args.destroy_context.ctx_0 = 0xff;
		args.destroy_context.ctx_1 = 0xfe;
		args.destroy_context.ctx_4 = 3;
		args.destroy_context.ctx_23 = 2;
		args.destroy_context.context = 0xffffffa800000080;
		agx_core_device_control(fixture->core, AGX_DEVICE_CONTROL_DESTROY_CONTEXT, &args,
					&token);
		message = last_message(fixture, AGX_CHANNEL_DEVICE_CONTROL);
		assert_int_equal(read_at(message, 0, 4), 0x17 + plus);
		assert_int_equal(read_at(message, 8, 1), 2);
		assert_int_equal(read_at(message, firmware ? 0x11 : 0x14, 1), 0xff);
		assert_int_equal(read_at(message, firmware ? 0x12 : 0x15, 1), 0xfe);
		assert_int_equal(read_at(message, firmware ? 0x13 : 0x16, 1), 3);
		assert_int_equal(read_at(message, firmware ? 0x14 : 0x1c, 8), 0xffffffa800000080);

		agx_core_device_control(fixture->core, AGX_DEVICE_CONTROL_IDLE_POWER_OFF, NULL,
					&token);
		assert_int_equal(read_at(last_message(fixture, AGX_CHANNEL_DEVICE_CONTROL), 0, 4),
				 0xf + plus);
		agx_core_device_control(fixture->core, AGX_DEVICE_CONTROL_UPDATE_IDLE_TS, NULL,
					&token);
		assert_int_equal(read_at(last_message(fixture, AGX_CHANNEL_DEVICE_CONTROL), 0, 4),
				 0x23);
		assert_int_equal(
			agx_core_device_control(fixture->core, AGX_DEVICE_CONTROLS, NULL, NULL),
			-EINVAL);
		assert_int_equal(agx_core_taken(fixture->core, AGX_CHANNEL_DEVICE_CONTROL, token),
				 0);
		*fixture->core->channels[AGX_CHANNEL_DEVICE_CONTROL].read_ptr = 6;
		assert_int_equal(agx_core_taken(fixture->core, AGX_CHANNEL_DEVICE_CONTROL, token),
				 1);
		done(fixture);
	}
}

static void test_run_work_queue(void **state)
{
	struct fixture *fixture = make("t8112", 1);
	struct agx_run_work_queue args = {
		.pipe = AGX_PIPE_COMPUTE,
		.work_queue = 0xffffffa000004000,
		.wptr = 9,
		.event_slot = 77,
		.is_new = true,
	};
	const uint8_t *message;
	unsigned int i, sent = fixture->sent_count;

	assert_int_equal(agx_core_run_work_queue(fixture->core, 3, &args), 0);
	message = last_message(fixture, AGX_CHANNEL_PIPE(3, AGX_PIPE_COMPUTE));
	assert_int_equal(read_at(message, 0, 4), 2);
	assert_int_equal(read_at(message, 4, 8), 0xffffffa000004000);
	assert_int_equal(read_at(message, 0xc, 4), 9);
	assert_int_equal(read_at(message, 0x10, 4), 77);
	assert_int_equal(read_at(message, 0x14, 4), 1);
	assert_int_equal(fixture->core->channels[AGX_CHANNEL_PIPE(3, 2)].entry_size, 0x40);
	assert_int_equal(fixture->sent[sent].message, 0x83ull << 48 | 2 | 3 << 2);
	assert_int_equal(agx_core_run_work_queue(fixture->core, 4, &args), -EINVAL);
	args.pipe = 3;
	assert_int_equal(agx_core_run_work_queue(fixture->core, 0, &args), -EINVAL);

	/* Back-pressure: 255 fit, the 256th has to wait, others are not in the way. */
	args.pipe = AGX_PIPE_VERTEX;
	for (i = 0; i < 255; i++)
		assert_int_equal(agx_core_run_work_queue(fixture->core, 0, &args), 0);
	assert_int_equal(agx_core_run_work_queue(fixture->core, 0, &args), -EAGAIN);
	assert_int_equal(agx_core_run_work_queue(fixture->core, 1, &args), 0);
	*fixture->core->channels[AGX_CHANNEL_PIPE(0, 0)].read_ptr = 1;
	assert_int_equal(agx_core_run_work_queue(fixture->core, 0, &args), 0);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_READY);
	*fixture->core->channels[AGX_CHANNEL_PIPE(0, 0)].read_ptr = 10;
	assert_int_equal(agx_core_run_work_queue(fixture->core, 0, &args), 0);
	*fixture->core->channels[AGX_CHANNEL_PIPE(0, 0)].read_ptr = 9;
	assert_int_equal(agx_core_run_work_queue(fixture->core, 0, &args), -EIO);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_FAILED);
	done(fixture);
}

static void test_firmware_control(void **state)
{
	struct fixture *fixture = make("t6000", 0);
	struct agx_uat_flush_msg msg = {0xffffffa000010000, 64, 3};
	unsigned int sent = fixture->sent_count;
	const uint8_t *message;
	uint32_t token;

	assert_int_equal(agx_core_fwctl(fixture->core, &msg, &token), 0);
	message = last_message(fixture, AGX_CHANNEL_FWCTL);
	assert_int_equal(read_at(message, 0, 8), 0xffffffa000010000);
	assert_int_equal(read_at(message, 8, 4), 0);
	assert_int_equal(read_at(message, 0xc, 4), 64);
	assert_int_equal(read_at(message, 0x10, 2), 3);
	assert_int_equal(read_at(message, 0x12, 2), 2);
	assert_int_equal(fixture->sent[sent].endpoint, 0x21);
	assert_int_equal(fixture->sent[sent].message, 0x84ull << 48);
	assert_int_equal(agx_core_taken(fixture->core, AGX_CHANNEL_FWCTL, token), 0);
	*fixture->core->channels[AGX_CHANNEL_FWCTL].read_ptr = 1;
	assert_int_equal(agx_core_taken(fixture->core, AGX_CHANNEL_FWCTL, token), 1);
	assert_int_equal(agx_core_taken(fixture->core, AGX_CHANNELS, token), -ENODEV);
	done(fixture);
}

static void test_events(void **state)
{
	struct fixture *fixture = make("t8103", 1);
	struct agx_event_msg msg = {.tag = AGX_EVENT_FLAG};
	unsigned int i;

	msg.flag.firing[3] = 0x80000001;
	put(fixture, AGX_CHANNEL_EVENT, &msg, sizeof(msg));
	assert_int_equal(fixture->events, 0);
	fixture_event(fixture);
	assert_int_equal(fixture->events, 1);
	assert_int_equal(fixture->event.firing[3], 0x80000001);

	memset(&msg, 0, sizeof(msg));
	msg.tag = AGX_EVENT_TIMEOUT;
	msg.timeout.counter = 3;
	msg.timeout.event_slot = -1;
	put(fixture, AGX_CHANNEL_EVENT, &msg, sizeof(msg));
	fixture_event(fixture);
	assert_int_equal(fixture->event.tag, AGX_EVENT_TIMEOUT);
	assert_int_equal(fixture->event.timeout.event_slot, -1);

	memset(&msg, 0, sizeof(msg));
	msg.tag = AGX_EVENT_CHANNEL_ERROR;
	msg.channel_error.pipe_type = 2;
	msg.channel_error.event_slot = 127;
	msg.channel_error.event_value = 0x500;
	put(fixture, AGX_CHANNEL_EVENT, &msg, sizeof(msg));
	memset(&msg, 0, sizeof(msg));
	put(fixture, AGX_CHANNEL_EVENT, &msg, sizeof(msg));
	fixture_event(fixture);
	assert_int_equal(fixture->events, 4);
	assert_int_equal(fixture->event.tag, AGX_EVENT_FAULT);

	/* A storm of more than a ring in one go comes in pieces. */
	memset(&msg, 0, sizeof(msg));
	msg.tag = AGX_EVENT_GROW_TVB;
	for (i = 0; i < 255; i++)
		put(fixture, AGX_CHANNEL_EVENT, &msg, sizeof(msg));
	fixture_event(fixture);
	assert_int_equal(fixture->events, 4 + 255);
	/* Any other word on the endpoint is nothing. */
	agx_core_mailbox(fixture->core, 0x20, 0x42ull << 48 | 1);
	agx_core_mailbox(fixture->core, 0x21, 0x42ull << 48);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_READY);
	done(fixture);
}

static void refused(struct fixture *fixture, const struct agx_event_msg *msg)
{
	unsigned int events = fixture->events, logs = fixture->machine.logs;

	put(fixture, AGX_CHANNEL_EVENT, msg, sizeof(*msg));
	fixture_event(fixture);
	assert_int_equal(fixture->events, events);
	assert_int_equal(fixture->machine.logs, logs + 1);
}

static void test_events_that_cannot_be(void **state)
{
	struct fixture *fixture = make("t8103", 0);
	struct agx_event_msg msg = {.tag = 2};

	refused(fixture, &msg);
	msg.tag = 0xffffffff;
	refused(fixture, &msg);
	msg.tag = AGX_EVENT_TIMEOUT;
	msg.timeout.event_slot = 128;
	refused(fixture, &msg);
	msg.timeout.event_slot = -2;
	refused(fixture, &msg);
	memset(&msg, 0, sizeof(msg));
	msg.tag = AGX_EVENT_GROW_TVB;
	msg.grow_tvb.vm_slot = 64;
	refused(fixture, &msg);
	msg.grow_tvb.vm_slot = 1;
	msg.grow_tvb.buffer_slot = 127;
	refused(fixture, &msg);
	memset(&msg, 0, sizeof(msg));
	msg.tag = AGX_EVENT_CHANNEL_ERROR;
	msg.channel_error.pipe_type = 3;
	refused(fixture, &msg);
	msg.channel_error.pipe_type = 0;
	msg.channel_error.event_slot = 128;
	refused(fixture, &msg);
	/* An index that cannot be is another matter. */
	*fixture->core->channels[AGX_CHANNEL_EVENT].write_ptr = 0x100;
	fixture_event(fixture);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_FAILED);
	done(fixture);
}

static void put_log(struct fixture *fixture, unsigned int level, uint64_t index, const char *text)
{
	struct agx_fwlog_msg msg = {.msg_type = 2, .msg_index = index};
	struct agx_fwlog_payload *payload = fixture->core->objects[AGX_INIT_FWLOG_BUFFER]->cpu;

	if (index < 0x100) {
		payload += level * 0x100 + index;
		payload->msg_type = 3;
		payload->seq_no = 42;
		payload->timestamp = 24000000;
		memset(payload->msg, 0, sizeof(payload->msg));
		memcpy(payload->msg, text, strnlen(text, sizeof(payload->msg)));
	}
	put(fixture, AGX_CHANNEL_FWLOG + level, &msg, sizeof(msg));
}

static void test_log(void **state)
{
	struct fixture *fixture = make("t8103", 1);
	char longest[256];

	put_log(fixture, 5, 0xff, "panic: \x1b]0;owned\n");
	fixture_event(fixture);
	assert_int_equal(fixture->record.source, AGX_RECORD_LOG);
	assert_int_equal(fixture->record.level, AGX_FWLOG_CRITICAL);
	assert_int_equal(fixture->record.sequence, 42);
	assert_int_equal(fixture->record.timestamp, 24000000);
	assert_string_equal(fixture->record_text, "panic: ?]0;owned");
	memset(longest, 'x', sizeof(longest));
	put_log(fixture, 0, 0, longest);
	fixture_event(fixture);
	assert_int_equal(strlen(fixture->record_text), 0xc8);
	put_log(fixture, 1, 0x100, "");
	fixture_event(fixture);
	assert_string_equal(fixture->record_text, "damaged log message: type=2 index=0x100");
	/* A log that is broken is not heard any more; the GPU goes on. */
	*fixture->core->channels[AGX_CHANNEL_FWLOG + 2].write_ptr = 1000;
	put_log(fixture, 3, 0, "still here");
	fixture_event(fixture);
	assert_string_equal(fixture->record_text, "still here");
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_READY);
	done(fixture);
}

static void test_kernel_trace(void **state)
{
	struct fixture *fixture = make("t6021", 0);
	struct agx_ktrace_msg msg = {
		.msg_type = 5,
		.timestamp = 99,
		.args = {0x300, 7, 0xffffffa800000100, 12},
		.code = 0x0e,
		.thread = AGX_KTRACE_IRQ,
	};

	put(fixture, AGX_CHANNEL_KTRACE, &msg, sizeof(msg));
	fixture_event(fixture);
	assert_int_equal(fixture->record.source, AGX_RECORD_KTRACE);
	assert_int_equal(fixture->record.timestamp, 99);
	assert_string_equal(fixture->record_text,
			    "StampUpdateCL value=0x300 event=0x7 addr=0xffffffa800000100 uuid=0xc");
	msg.channel = 9;
	put(fixture, AGX_CHANNEL_KTRACE, &msg, sizeof(msg));
	fixture_event(fixture);
	assert_string_equal(fixture->record_text,
			    "unknown trace point: channel=9 code=0xe flag=0x0 arg=0x300 arg=0x7 "
			    "arg=0xffffffa800000100 arg=0xc");
	msg.msg_type = 6;
	put(fixture, AGX_CHANNEL_KTRACE, &msg, sizeof(msg));
	fixture_event(fixture);
	assert_string_equal(fixture->record_text, "damaged trace message: type=6");
	done(fixture);
}

static void test_statistics(void **state)
{
	uint32_t message[16] = {0xa, 0, 0, 64 * 40 * 100, 100, 10, 90};
	unsigned int firmware;

	for (firmware = 0; firmware < 2; firmware++) {
		struct fixture *fixture = make("t8112", firmware);

		put(fixture, AGX_CHANNEL_STATS, message, 0x30);
		fixture_event(fixture);
		assert_int_equal(fixture->record.source, AGX_RECORD_STATS);
		assert_int_equal(fixture->record.level, AGX_STATS_TEMPERATURE);
		assert_string_equal(fixture->record_text,
				    "temperature millidegrees=40000 scale=100 min=10 max=90");
		message[4] = 0; /* a division by nothing */
		put(fixture, AGX_CHANNEL_STATS, message, 0x30);
		fixture_event(fixture);
		assert_string_equal(fixture->record_text,
				    "temperature raw=256000 scale=0 min=10 max=90");
		message[4] = 100;
		message[0] = 0x55;
		put(fixture, AGX_CHANNEL_STATS, message, 0x30);
		fixture_event(fixture);
		assert_string_equal(fixture->record_text, "unknown statistics: tag=0x55");
		message[0] = 0xa;
		done(fixture);
	}
}

/* Log, trace and statistics come before events, so that a report about a fault is complete. */
static void test_order_of_draining(void **state)
{
	struct fixture *fixture = make("t8103", 1);
	struct agx_event_msg event = {.tag = AGX_EVENT_FAULT};
	uint32_t stats[12] = {2};

	put(fixture, AGX_CHANNEL_EVENT, &event, sizeof(event));
	put_log(fixture, 4, 1, "fault");
	put(fixture, AGX_CHANNEL_STATS, stats, sizeof(stats));
	/* The event ring's damage stops everything, after the rest was read. */
	*fixture->core->channels[AGX_CHANNEL_EVENT].write_ptr = 0xffff;
	fixture_event(fixture);
	assert_int_equal(fixture->records, 2);
	assert_int_equal(fixture->events, 0);
	assert_int_equal(agx_core_state(fixture->core), AGX_CORE_FAILED);
	done(fixture);
}

static void make_garbage(struct fixture *fixture)
{
	const struct agx_heap_object *object;
	unsigned int i;

	for (i = 0; i <= AGX_HEAP_GARBAGE_OBJECTS; i++) {
		assert_int_equal(agx_heap_alloc(fixture->core->heaps[AGX_HEAP_PRIVATE], 64, 0,
						"test", &object),
				 0);
		agx_heap_free(fixture->core->heaps[AGX_HEAP_PRIVATE], object);
	}
}

static uint32_t garbage(struct fixture *fixture)
{
	return agx_heap_stats(fixture->core->heaps[AGX_HEAP_PRIVATE]).garbage_objects;
}

static void test_garbage_is_collected_after_a_flush(void **state)
{
	struct fixture *fixture = make("t8103", 1);
	struct agx_core *core = fixture->core;
	struct agx_channel *channel = &core->channels[AGX_CHANNEL_DEVICE_CONTROL];
	unsigned int from = fixture->sent_count;
	const struct agx_heap_object *object;
	const uint8_t *message;

	/* Initialize has been taken. */
	agx_store(channel->read_ptr, channel->index);
	agx_core_collect_garbage(core);
	assert_int_equal(fixture->sent_count, from);
	make_garbage(fixture);
	assert_int_equal(garbage(fixture), AGX_HEAP_GARBAGE_OBJECTS + 1);
	agx_core_collect_garbage(core);
	agx_core_collect_garbage(core);
	assert_int_equal(fixture->sent_count, from + 1);
	assert_int_equal(fixture->sent[from].message, 0x83ull << 48 | 0x11);
	message = last_message(fixture, AGX_CHANNEL_DEVICE_CONTROL);
	assert_int_equal(read_at(message, 0, 4), 0x18);
	assert_int_equal(read_at(message, 0x11, 2), 0xffff);
	assert_int_equal(read_at(message, 0x14, 8), 0);

	/* Not before the firmware has done it; what is freed after the request stays. */
	agx_heap_alloc(core->heaps[AGX_HEAP_PRIVATE], 64, 0, "test", &object);
	agx_heap_free(core->heaps[AGX_HEAP_PRIVATE], object);
	assert_int_equal(agx_core_poll(core), 1000000);
	assert_int_equal(garbage(fixture), AGX_HEAP_GARBAGE_OBJECTS + 2);
	fixture->machine.now += AGX_CORE_TIMEOUT_NS;
	assert_int_equal(agx_core_poll(core), 1000000);
	assert_int_equal(fixture->machine.logs, 1);
	agx_store(channel->read_ptr, channel->index);
	assert_int_equal(agx_core_poll(core), UINT64_MAX);
	assert_int_equal(garbage(fixture), 1);
	/* That request has been dealt with: later garbage has to wait for another. */
	make_garbage(fixture);
	fixture->machine.now += AGX_CORE_TIMEOUT_NS;
	assert_int_equal(agx_core_poll(core), UINT64_MAX);
	assert_int_equal(garbage(fixture), AGX_HEAP_GARBAGE_OBJECTS + 2);
	agx_core_collect_garbage(core);
	assert_int_equal(fixture->sent_count, from + 2);
	agx_store(channel->read_ptr, channel->index);
	assert_int_equal(agx_core_poll(core), UINT64_MAX);
	assert_int_equal(garbage(fixture), 0);

	/* A firmware that dies meanwhile flushes nothing. */
	make_garbage(fixture);
	agx_core_collect_garbage(core);
	agx_core_fail(core, "test");
	agx_core_poll(core);
	assert_true(garbage(fixture) > AGX_HEAP_GARBAGE_OBJECTS);
	agx_core_stop(core);
	assert_int_equal(garbage(fixture), 0);
	done(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_device_control_of_12_and_13),
		cmocka_unit_test(test_run_work_queue),
		cmocka_unit_test(test_firmware_control),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_events_that_cannot_be),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_kernel_trace),
		cmocka_unit_test(test_statistics),
		cmocka_unit_test(test_order_of_draining),
		cmocka_unit_test(test_garbage_is_collected_after_a_flush),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
