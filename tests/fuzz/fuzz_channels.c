// SPDX-License-Identifier: MIT
/*
 * A firmware that does whatever it likes: mailbox messages, indices, ring elements, log text,
 * buffers of RTKit's. The core must not crash, read or write outside its memory, hand on what is
 * out of range, or leak; and it must be possible to stop it and to start it again.
 *
 * The first byte chooses SoC and firmware. Then 12 bytes each: what, which, where (2), value (8).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OP_SIZE 12
#define MAX_OPS 400

enum op {
	OP_BOOT,    /* as a well-behaved firmware starts */
	OP_READ,    /* a channel's read index */
	OP_WRITE,   /* a channel's write index */
	OP_ELEMENT, /* 8 bytes of a channel's ring */
	OP_LOG,     /* 8 bytes of the log buffer */
	OP_BUFFER,  /* 8 bytes of a buffer of RTKit's */
	OP_MAILBOX,
	OP_EVENT,
	OP_TIME, /* milliseconds */
	OP_SEND, /* the driver has something to say */
	OP_START,
	OP_STOP,
	OPS,
};

static void fail(const char *what, uint64_t value)
{
	fprintf(stderr, "fuzz_channels: %s (0x%llx)\n", what, (unsigned long long)value);
	abort();
}

static void check_event(const struct agx_core_event *event)
{
	switch (event->tag) {
	case AGX_EVENT_FAULT:
	case AGX_EVENT_FLAG:
		return;
	case AGX_EVENT_TIMEOUT:
		if (event->timeout.event_slot < -1 || event->timeout.event_slot > 127)
			fail("event slot of a timeout", event->timeout.event_slot);
		return;
	case AGX_EVENT_GROW_TVB:
		if (event->grow_tvb.vm_slot > 63 || event->grow_tvb.buffer_slot > 126)
			fail("slots of a growth", event->grow_tvb.buffer_slot);
		return;
	case AGX_EVENT_CHANNEL_ERROR:
		if (event->channel_error.pipe > 2 || event->channel_error.event_slot > 127)
			fail("slots of an error", event->channel_error.event_slot);
		return;
	default:
		fail("event with a tag that nobody knows", event->tag);
	}
}

static void put(void *memory, uint64_t size, uint64_t offset, uint64_t value)
{
	if (memory && size >= 8)
		memcpy((char *)memory + offset % (size - 7), &value, 8);
}

static void send(struct agx_core *core, unsigned int which, uint64_t value)
{
	struct agx_run_work_queue run = {
		.pipe = which % AGX_PIPE_COUNT,
		.work_queue = value,
		.wptr = (uint32_t)value,
	};
	struct agx_uat_flush_msg flush = {value, which, 1};
	struct agx_device_control_args args = {0};
	uint32_t token;

	switch (which >> 6) {
	case 0:
		agx_core_run_work_queue(core, which & 3, &run);
		break;
	case 1:
		agx_core_device_control(core, which % AGX_DEVICE_CONTROLS, &args, &token);
		break;
	case 2:
		agx_core_fwctl(core, &flush, &token);
		break;
	default:
		agx_core_kick(core);
		agx_core_taken(core, which % AGX_CHANNELS, (uint32_t)value);
		if (!agx_core_submission_begin(core))
			agx_core_submission_end(core);
		agx_core_initialized(core);
		agx_core_collect_garbage(core);
	}
}

static void run_op(struct fixture *fixture, const uint8_t *op)
{
	struct agx_core *core = fixture->core;
	struct agx_channel *channel = &core->channels[op[1] % AGX_CHANNELS];
	unsigned int where = op[2] | op[3] << 8;
	struct agx_core_mapping *buffer = &core->rtkit_buffers[op[1] % AGX_RTKIT_BUFFERS];
	const struct agx_heap_object *log = core->objects[AGX_INIT_FWLOG_BUFFER];
	uint64_t value;

	memcpy(&value, op + 4, 8);
	switch (op[0] % OPS) {
	case OP_BOOT:
		if (agx_core_state(core) == AGX_CORE_OFF)
			fixture_boot(fixture);
		break;
	case OP_READ:
		if (channel->read_ptr)
			agx_store(channel->read_ptr, (uint32_t)value);
		break;
	case OP_WRITE:
		if (channel->write_ptr)
			agx_store(channel->write_ptr, (uint32_t)value);
		break;
	case OP_ELEMENT:
		put(channel->ring, (uint64_t)channel->entries * channel->entry_size, where, value);
		break;
	case OP_LOG:
		if (log)
			put(log->cpu, log->size, (uint64_t)where * 8, value);
		break;
	case OP_BUFFER:
		put(buffer->mem.cpu, buffer->mem.size, where, value);
		break;
	case OP_MAILBOX:
		agx_core_mailbox(core, op[1], value);
		break;
	case OP_EVENT:
		fixture_event(fixture);
		break;
	case OP_TIME:
		fixture->machine.now += where * 1000000ull;
		agx_core_poll(core);
		break;
	case OP_SEND:
		send(core, op[1], value);
		break;
	case OP_START:
		if (!agx_core_start(core) && op[1] & 1)
			fixture_handoff(fixture);
		break;
	case OP_STOP:
		agx_core_stop(core);
		break;
	}
	if (fixture->events)
		check_event(&fixture->event);
	if (fixture->bad_text)
		fail("text that is not printable", fixture->record.source);
	if (fixture->sent_count > FIXTURE_SENT_MAX / 2)
		fixture->sent_count = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fixture fixture;
	const struct agx_firmware_version *firmware;
	const struct agx_soc *soc;
	unsigned int ops;

	if (size < 1 + OP_SIZE)
		return 0;
	soc = agx_soc_get(data[0] % 8);
	firmware = agx_soc_firmware(soc, data[0] >> 7);
	if (!firmware)
		firmware = agx_soc_firmware(soc, 0);
	fixture_init(&fixture, soc, firmware);
	if (fixture_create(&fixture))
		abort();
	data++;
	size--;
	for (ops = 0; size >= OP_SIZE && ops < MAX_OPS; ops++, data += OP_SIZE, size -= OP_SIZE)
		run_op(&fixture, data);

	/* Whatever has happened, it can be started again. */
	agx_core_stop(fixture.core);
	if (agx_core_state(fixture.core) == AGX_CORE_STOPPING) {
		fixture.machine.now += AGX_CORE_TIMEOUT_NS;
		agx_core_poll(fixture.core);
		agx_core_stop(fixture.core);
	}
	if (agx_core_state(fixture.core) != AGX_CORE_OFF)
		fail("not off", agx_core_state(fixture.core));
	fixture.sent_count = 0;
	fixture_boot(&fixture);
	if (fixture_finish(&fixture))
		fail("errors or leaks", fixture.machine.errors);
	return 0;
}
