// SPDX-License-Identifier: MIT
/*
 * Work queues of the firmware model, with a driver and a GPU by hand: what runs when, what is
 * written, what is said; then one thing wrong at a time. The last test holds that every finding
 * about work was seen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sgx.h"
#include "work_image.h"

#define V12_3 AGX_FW_VARIANT_G13_V12_3
#define V13_5 AGX_FW_VARIANT_G13_V13_5
#define G14X  AGX_FW_VARIANT_G14X_V13_5

#define FOR_EACH_VARIANT(v) for (enum agx_fw_variant v = 0; v < AGX_FW_VARIANT_COUNT; v++)

#define VERTEX   AGX_PIPE_VERTEX
#define FRAGMENT AGX_PIPE_FRAGMENT
#define COMPUTE  AGX_PIPE_COMPUTE

#define STEP AGX_STAMP_STEP

static struct agx_firmware_status status_of(struct work_image *work)
{
	struct agx_firmware_status status;

	agx_firmware_get_status(work->image.firmware, &status);
	return status;
}

static void print_found(struct work_image *work)
{
	for (unsigned int i = 0; i < work->image.found_count && i < IMAGE_MAX_FOUND; i++)
		if (work->image.found[i].id < 1000)
			print_error("%s\n", work->image.found[i].text);
}

static void assert_clean(struct work_image *work)
{
	if (work_found(work))
		print_found(work);
	assert_int_equal(work_found(work), 0);
	if (status_of(work).state != AGX_FIRMWARE_READY)
		print_error("%s\n", work->image.last_error);
	assert_int_equal(status_of(work).state, AGX_FIRMWARE_READY);
}

/* One finding of this kind and none of another of these tests'. */
static void assert_found(struct work_image *work, enum agx_finding_id id, const char *structure,
			 const char *field)
{
	unsigned int at = 0;

	if (work_found(work) != 1 || image_count(&work->image, id) != 1)
		print_found(work);
	assert_int_equal(work_found(work), 1);
	assert_int_equal(image_count(&work->image, id), 1);
	while (work->image.found[at].id != id)
		at++;
	if (structure)
		assert_string_equal(work->image.found[at].structure, structure);
	if (field)
		assert_string_equal(work->image.found[at].field, field);
}

static bool did(struct work_image *work, const char *log)
{
	work->gpu.log[work->gpu.length] = 0;
	if (!strcmp(work->gpu.log, log))
		return true;
	print_error("GPU did \"%s\", should \"%s\"\n", work->gpu.log, log);
	return false;
}

static bool fired(const uint32_t firing[4], uint32_t slot)
{
	return firing[slot / 32] >> slot % 32 & 1;
}

static uint64_t u64_at(struct work_image *work, uint64_t va)
{
	uint64_t value;

	memcpy(&value, work_at(work, va), sizeof(value));
	return value;
}

static uint32_t done_of(struct work_image *work, const struct work_queue_image *queue)
{
	const struct agx_ring_state *state = work_at(work, queue->state);

	return state->gpu_doneptr;
}

static uint32_t read_of(struct work_image *work, const struct work_queue_image *queue)
{
	const struct agx_ring_state *state = work_at(work, queue->state);

	return state->gpu_rptr;
}

/* An owner with its three queues, slots 4 to 6. */
struct trio {
	struct work_owner owner;
	struct work_queue_image vertex, fragment, compute;
};

static void trio_init(struct work_image *work, struct trio *trio, unsigned int priority,
		      uint32_t slot)
{
	work_owner(work, &trio->owner);
	work_queue(work, &trio->vertex, &trio->owner, VERTEX, priority, slot);
	work_queue(work, &trio->fragment, &trio->owner, FRAGMENT, priority, slot + 1);
	work_queue(work, &trio->compute, &trio->owner, COMPUTE, priority, slot + 2);
}

/* Commands that run */

static void test_render(void **state)
{
	FOR_EACH_VARIANT(v)
	{
		struct work_image work;
		struct work_command commands[2];
		struct trio trio;
		uint32_t firing[4];

		work_init(&work, v, true);
		trio_init(&work, &trio, 2, 4);
		work_render(&work, &trio.vertex, &trio.fragment, commands);
		work_run(&work, &trio.fragment);
		work_run(&work, &trio.vertex);
		work_pump(&work);
		assert_clean(&work);
		assert_true(did(&work, "VF"));
		assert_int_equal(work.gpu.contexts[0], WORK_CONTEXT);
		assert_int_equal(work_stamp_value(&work, 4), STEP);
		assert_int_equal(work_stamp_value(&work, 5), STEP);
		assert_int_equal(done_of(&work, &trio.fragment), 2);
		assert_int_equal(read_of(&work, &trio.fragment), 2);
		assert_int_equal(done_of(&work, &trio.vertex), 1);
		assert_int_equal(work_flags(&work, firing), 1);
		assert_true(fired(firing, 4));
		assert_true(fired(firing, 5));
		assert_int_equal(firing[0], 3 << 4);
		assert_int_equal(
			image_get(&work.image, "notifier", trio.owner.notifier, "cur_count"), 2);
		assert_int_equal(image_get(&work.image, "notifier", trio.owner.notifier, "in_list"),
				 0);
		assert_true(u64_at(&work, trio.owner.list + 8) == trio.owner.list);
		assert_int_equal(image_get(&work.image, "queue_info", trio.vertex.info, "event_id"),
				 4);
		assert_int_equal(image_get(&work.image, "queue_info", trio.vertex.info, "busy"), 0);
		assert_int_equal(image_get(&work.image, "global_stats_vertex",
					   image_object(&work.image, "stats_vtx")->va,
					   "total_cmds"),
				 1);
		assert_int_equal(status_of(&work).commands, 2);
		assert_non_null(strstr(work.image.transcript, "stamp 5 = 0x100\n"));
		work_free(&work);
	}
}

static void test_times(void **state)
{
	FOR_EACH_VARIANT(v)
	{
		struct work_image work;
		struct work_command command;
		struct trio trio;
		uint64_t start, end;

		work_init(&work, v, true);
		trio_init(&work, &trio, 2, 4);
		work.user_times[0] = WORK_TIMES + 0x100;
		work.user_times[1] = WORK_TIMES + 0x3ff8;
		work_command(&work, &trio.compute, &command);
		work_run(&work, &trio.compute);
		work.image.now = 24000000;
		work_pump(&work);
		assert_clean(&work);
		start = u64_at(&work, WORK_TIMES + 0x100);
		end = u64_at(&work, WORK_TIMES + 0x3ff8);
		/* A second, and microseconds behind it. */
		assert_in_range(start, 1000000000, 1001000000);
		assert_in_range(end, start + 1, 1001000000);
		assert_true(u64_at(&work, command.times) == start);
		assert_true(u64_at(&work, command.times + 8) == end);

		/* Only the end. */
		work.user_times[0] = 0;
		work_command(&work, &trio.compute, &command);
		work_run(&work, &trio.compute);
		work_pump(&work);
		assert_clean(&work);
		assert_true(u64_at(&work, WORK_TIMES + 0x100) == start);
		assert_true(u64_at(&work, WORK_TIMES + 0x3ff8) > end);
		work_free(&work);
	}
}

/* The commands in the order in which they began, as letters of a table of addresses. */
static void begun(struct work_image *work, const struct work_command *commands, unsigned int count,
		  char *order)
{
	const char *at = work->image.transcript;

	while ((at = strstr(at, " begin 0x"))) {
		uint64_t va = strtoull(at + 7, NULL, 16);

		for (unsigned int i = 0; i < count; i++)
			if (commands[i].va == va)
				*order++ = (char)('a' + i);
		at++;
	}
	*order = 0;
}

static void test_priorities(void **state)
{
	struct work_image work;
	struct work_command commands[8];
	struct trio trios[4];
	char order[16];

	/* Two commands each of four queues; the first and the last have the same priority. */
	work_init(&work, V13_5, true);
	work.gpu.busy[AGX_GPU_COMPUTE] = true;
	for (unsigned int i = 0; i < 4; i++) {
		trio_init(&work, &trios[i], (unsigned int[]){3, 1, 2, 3}[i], 4 + 3 * i);
		work_command(&work, &trios[i].compute, &commands[2 * i]);
		work_command(&work, &trios[i].compute, &commands[2 * i + 1]);
		work_run(&work, &trios[i].compute);
		work_pump(&work);
	}
	assert_true(status_of(&work).running[COMPUTE]);
	assert_int_equal(status_of(&work).ready, 3);
	work.gpu.busy[AGX_GPU_COMPUTE] = false;
	work_pump(&work);
	assert_clean(&work);
	begun(&work, commands, 8, order);
	/* a has begun; then the highest, and turns between those of the lowest. */
	assert_string_equal(order, "acdefgbh");
	work_free(&work);
}

static void test_concurrent(void **state)
{
	struct work_image work;
	struct work_command commands[3];
	struct trio trio;

	work_init(&work, V12_3, true);
	memset(work.gpu.busy, true, sizeof(work.gpu.busy));
	trio_init(&work, &trio, 2, 4);
	work_command(&work, &trio.vertex, &commands[0]);
	work_command(&work, &trio.fragment, &commands[1]);
	work_command(&work, &trio.compute, &commands[2]);
	work_run(&work, &trio.vertex);
	work_run(&work, &trio.fragment);
	work_run(&work, &trio.compute);
	work_pump(&work);
	for (unsigned int i = 0; i < 3; i++)
		assert_true(status_of(&work).running[i]);
	assert_int_equal(image_get(&work.image, "notifier", trio.owner.notifier, "in_list"), 1);
	/* They end in another order than they began. */
	work.gpu.busy[AGX_GPU_COMPUTE] = false;
	work_pump(&work);
	assert_int_equal(work_stamp_value(&work, 6), STEP);
	assert_int_equal(work_stamp_value(&work, 4), 0);
	work.gpu.busy[AGX_GPU_VERTEX] = work.gpu.busy[AGX_GPU_FRAGMENT] = false;
	work_pump(&work);
	assert_int_equal(work_stamp_value(&work, 4), STEP);
	assert_int_equal(work_stamp_value(&work, 5), STEP);
	assert_clean(&work);
	work_free(&work);
}

static void test_barriers(void **state)
{
	FOR_EACH_VARIANT(v)
	{
		struct work_image work;
		struct work_command commands[3];
		struct trio trio;

		work_init(&work, v, true);
		trio_init(&work, &trio, 2, 4);
		/* Compute waits for vertex, vertex comes later; fragment waits for its own slot. */
		work_barrier(&work, &trio.compute, 4, STEP);
		work_command(&work, &trio.compute, &commands[0]);
		work_run(&work, &trio.compute);
		work_pump(&work);
		assert_true(did(&work, ""));
		assert_int_equal(status_of(&work).stalled, 1);
		assert_int_equal(read_of(&work, &trio.compute), 1);
		assert_int_equal(done_of(&work, &trio.compute), 0);
		work_command(&work, &trio.vertex, &commands[1]);
		work_run(&work, &trio.vertex);
		work_pump(&work);
		assert_true(did(&work, "VC"));
		work_barrier(&work, &trio.fragment, 5, 0);
		work_command(&work, &trio.fragment, &commands[2]);
		work_barrier(&work, &trio.fragment, 5, STEP);
		work_run(&work, &trio.fragment);
		work_pump(&work);
		assert_true(did(&work, "VCF"));
		assert_int_equal(done_of(&work, &trio.fragment), 3);
		assert_int_equal(status_of(&work).stalled, 0);
		assert_clean(&work);
		work_free(&work);
	}
}

/* A stamp that wraps is still a step forward. */
static void test_wrap(void **state)
{
	struct work_image work;
	struct work_command command;
	struct trio trio;
	uint32_t last = 0xffffff00;

	work_init(&work, V13_5, true);
	memcpy(work_at(&work, work_stamp(&work, 6)), &last, sizeof(last));
	memcpy(work_at(&work, work_fw_stamp(&work, 6)), &last, sizeof(last));
	trio_init(&work, &trio, 2, 4);
	work_barrier(&work, &trio.vertex, 6, 0);
	work_command(&work, &trio.vertex, &command);
	work_run(&work, &trio.vertex);
	work_pump(&work);
	assert_int_equal(status_of(&work).stalled, 1);
	work_command(&work, &trio.compute, &command);
	assert_int_equal(command.value, 0);
	work_run(&work, &trio.compute);
	work_pump(&work);
	assert_true(did(&work, "CV"));
	assert_int_equal(work_stamp_value(&work, 6), 0);
	assert_clean(&work);
	work_free(&work);
}

static void test_flags(void **state)
{
	struct work_image work;
	struct work_command command;
	struct trio trios[2];
	uint32_t firing[4];
	unsigned int events;

	work_init(&work, V13_5, true);
	trio_init(&work, &trios[0], 2, 4);
	trio_init(&work, &trios[1], 2, 100);
	/* The threshold is one too high: nothing is said. */
	work_command(&work, &trios[0].compute, &command);
	work_threshold(&work, &trios[0].owner, 1);
	work_run(&work, &trios[0].compute);
	work_pump(&work);
	assert_int_equal(work_stamp_value(&work, 6), STEP);
	assert_int_equal(work_flags(&work, firing), 0);
	/* With the next one all are named, in one message, also those of another owner. */
	events = work.image.events;
	work_command(&work, &trios[1].compute, &command);
	work_run(&work, &trios[1].compute);
	work_command(&work, &trios[0].vertex, &command);
	work_threshold(&work, &trios[0].owner, -1);
	work_run(&work, &trios[0].vertex);
	agx_firmware_step(work.image.firmware, 1000);
	work_pump(&work);
	assert_int_equal(work_flags(&work, firing), 1);
	assert_int_equal(firing[0], 1 << 4 | 1 << 6);
	assert_int_equal(firing[3], 1 << (102 - 96));
	assert_true(work.image.events > events);
	assert_clean(&work);
	work_free(&work);
}

/* With a small budget each call still says what is done. */
static void test_budget(void **state)
{
	struct work_image work;
	struct work_command command;
	struct trio trio;
	uint32_t firing[4];
	unsigned int calls = 0;

	work_init(&work, V13_5, true);
	trio_init(&work, &trio, 2, 4);
	for (unsigned int i = 0; i < 20; i++) {
		work_command(&work, &trio.compute, &command);
		work_run(&work, &trio.compute);
	}
	while (!work_flags(&work, firing))
		assert_true(calls++ < 1000 && agx_firmware_step(work.image.firmware, 1) == 1);
	assert_int_equal(work_stamp_value(&work, 6), 20 * STEP);
	assert_true(calls > 80);
	work_pump(&work);
	assert_clean(&work);
	work_free(&work);
}

static void test_partial(void **state)
{
	FOR_EACH_VARIANT(v)
	{
		struct work_image work;
		struct work_command commands[2], other;
		struct trio trio, trio2;

		work_init(&work, v, true);
		trio_init(&work, &trio, 2, 4);
		trio_init(&work, &trio2, 2, 10);
		/* Another fragment command is on the unit: the partial render waits for it. */
		work.gpu.busy[AGX_GPU_FRAGMENT] = true;
		work_command(&work, &trio2.fragment, &other);
		work_run(&work, &trio2.fragment);
		work.gpu.overflows = 2;
		work.user_times[0] = WORK_TIMES;
		work.user_times[1] = WORK_TIMES + 8;
		work_init_buffer(&work, &trio.vertex);
		work_render(&work, &trio.vertex, &trio.fragment, commands);
		work_run(&work, &trio.fragment);
		work_run(&work, &trio.vertex);
		work_pump(&work);
		assert_true(did(&work, "FV") || did(&work, "VF"));
		work.gpu.length = 0;
		work.gpu.busy[AGX_GPU_FRAGMENT] = false;
		work_pump(&work);
		assert_true(did(&work, "frfrF"));
		assert_clean(&work);
		assert_int_equal(work_stamp_value(&work, 4), STEP);
		assert_int_equal(work_stamp_value(&work, 5), STEP);
		assert_int_equal(image_get(&work.image, "run_fragment", commands[1].va,
					   "tvb_overflow_count"),
				 2);
		work_free(&work);
	}
}

static void test_partial_lost(void **state)
{
	struct work_image work;
	struct work_command command;
	struct trio trio;
	struct agx_event_msg event;

	work_init(&work, V13_5, true);
	trio_init(&work, &trio, 2, 4);
	work.gpu.overflows = 1;
	work_init_buffer(&work, &trio.vertex);
	work_command(&work, &trio.vertex, &command); /* names no fragment command */
	work_run(&work, &trio.vertex);
	work_pump(&work);
	assert_true(work_event(&work, &event));
	assert_int_equal(event.tag, AGX_EVENT_CHANNEL_ERROR);
	assert_non_null(strstr(work.image.last_error, "no fragment command"));
	work_free(&work);
}

/* A command that asks for growth waits for the driver's answer in place of a partial render. */
static void test_growth(void **state)
{
	FOR_EACH_VARIANT(v)
	{
		const bool old = v <= AGX_FW_VARIANT_G14_V12_4;
		struct agx_g13_v13_5_device_control_msg ack = {
			.tag = old ? 0x0d : 0x0e,
			.grow_tvb_ack = {.unk_4 = 1, .vm_slot = WORK_CONTEXT},
		};
		struct work_image work;
		struct work_command commands[2];
		struct agx_event_msg event;
		struct trio trio;

		work_init(&work, v, true);
		trio_init(&work, &trio, 2, 4);
		work.gpu.overflows = 1;
		work_init_buffer(&work, &trio.vertex);
		work_render(&work, &trio.vertex, &trio.fragment, commands);
		image_set(&work.image, "run_vertex", commands[0].va, "sync_grow", 1);
		image_set(&work.image, "run_vertex", commands[0].va, "encoder_params.sync_grow", 1);
		work_run(&work, &trio.fragment);
		work_run(&work, &trio.vertex);
		work_pump(&work);
		assert_true(did(&work, "V"));
		assert_true(work_event(&work, &event));
		assert_int_equal(event.tag, AGX_EVENT_GROW_TVB);
		assert_int_equal(event.grow_tvb.vm_slot, WORK_CONTEXT);
		assert_int_equal(event.grow_tvb.buffer_slot, 0);
		ack.grow_tvb_ack.counter = event.grow_tvb.counter;
		image_put(&work.image, "control", &ack, sizeof(ack));
		image_doorbell(&work.image, AGX_DOORBELL_DEVICE_CONTROL);
		work_pump(&work);
		assert_true(did(&work, "VrF"));
		assert_clean(&work);
		assert_int_equal(work_stamp_value(&work, 5), STEP);
		work_free(&work);
	}
}

/* Power-on reset stops the GPU and forgets all queues. */
static void test_reset(void **state)
{
	struct work_image work;
	struct work_command command;
	struct trio trio;

	work_init(&work, V13_5, true);
	trio_init(&work, &trio, 2, 4);
	work.gpu.busy[AGX_GPU_COMPUTE] = true;
	work_command(&work, &trio.compute, &command);
	work_run(&work, &trio.compute);
	work_pump(&work);
	agx_firmware_reset(work.image.firmware);
	assert_true(did(&work, "Cc"));
	assert_false(status_of(&work).running[COMPUTE]);
	assert_false(status_of(&work).powered);
	work_free(&work);
}

/* Operations */

struct code {
	uint8_t bytes[0x400];
	uint32_t size;
};

static void put(struct code *code, const void *bytes, uint32_t size)
{
	memcpy(code->bytes + code->size, bytes, size);
	code->size += size;
}

static void put_word(struct code *code, uint32_t word)
{
	put(code, &word, sizeof(word));
}

static void put_memory(struct code *code, uint32_t header, uint64_t va)
{
	put_word(code, header);
	put(code, &va, sizeof(va));
}

static void put_alu(struct code *code, unsigned int function, uint64_t arg)
{
	struct agx_op_alu op = {
		.opcode = AGX_OP_ALU, .op = (uint16_t)(function << 3 | 2 << 11), .arg = arg};

	put(code, &op, sizeof(op));
}

/* A command's own sequence from and up to an offset. */
static void put_own(struct work_image *work, struct code *code, const struct work_command *command,
		    uint32_t from, uint32_t to)
{
	put(code, (const uint8_t *)work_at(work, command->sequence) + from, to - from);
}

static void test_operations(void **state)
{
	const uint32_t write32 = AGX_OP_WRITE32, write64 = AGX_OP_WRITE64;

	FOR_EACH_VARIANT(v)
	{
		struct work_image work;
		struct work_command command;
		struct trio trio;
		struct code code = {.size = 0};
		struct agx_op_add16 add = {.opcode = AGX_OP_ADD16,
					   .arg1 = (uint16_t)(0xabcd << 3),
					   .arg2 = 0xabcd >> 13};
		struct agx_op_doorbell doorbell = {.opcode = AGX_OP_DOORBELL, .arg = 1 << 10};
		struct agx_op_profile_capture capture = {.opcode = AGX_OP_PROFILE_CAPTURE};
		uint64_t va, big = 0x1122334455667788, *words;
		uint32_t small = 0x99aabbcc;

		work_init(&work, v, true);
		trio_init(&work, &trio, 2, 4);
		work_command(&work, &trio.compute, &command);
		va = work_alloc(&work, WORK_SHARED, 0x80);
		words = work_at(&work, va);
		memset(words, 0xee, 0x80);
		put_memory(&code, write64 | AGX_OP_WRITE_IMMEDIATE, va);
		put(&code, &big, 8);
		put_memory(&code, write32 | AGX_OP_WRITE_IMMEDIATE, va + 8);
		put(&code, &small, 4);
		put_memory(&code, AGX_OP_READ64, va);
		put_memory(&code, write64, va + 16);
		put_memory(&code, AGX_OP_READ32, va);
		put_memory(&code, write64, va + 24);
		put_alu(&code, AGX_ALU_AND, 0xffff);
		put_alu(&code, AGX_ALU_OR, 0x10000);
		put_alu(&code, AGX_ALU_XOR, 0x8);
		put_memory(&code, write32, va + 32);
		put_alu(&code, AGX_ALU_LSL, 40);
		put_memory(&code, write64, va + 40);
		put_alu(&code, AGX_ALU_LSR, 32);
		put(&code, &add, sizeof(add));
		put_memory(&code, write64, va + 48);
		put_alu(&code, AGX_ALU_LSL, 64);
		put_memory(&code, write64, va + 56);
		put(&code, &doorbell, sizeof(doorbell));
		put(&code, &capture, sizeof(capture));
		put_own(&work, &code, &command, 0, command.size);
		work_set_sequence(&work, &trio.compute, &command, code.bytes, code.size);
		work_run(&work, &trio.compute);
		work_pump(&work);
		assert_clean(&work);
		assert_true(did(&work, "C"));
		assert_true(words[0] == big);
		assert_true(words[1] == 0xeeeeeeee99aabbcc);
		assert_true(words[2] == big);
		assert_true(words[3] == 0x55667788);
		assert_true(words[4] == 0xeeeeeeee00017780);
		assert_true(words[5] == 0x0177800000000000);
		assert_true(words[6] == 0x01778000 + 0xabcd);
		assert_true(words[7] == 0);
		work_free(&work);
	}
}

/* Complete ends a command too, and Abort fails it. */
static void test_complete_abort(void **state)
{
	for (unsigned int abort = 0; abort < 2; abort++) {
		struct work_image work;
		struct work_command command;
		struct trio trio;
		struct agx_event_msg event;
		struct code code = {.size = 0};
		uint64_t va;

		work_init(&work, V13_5, true);
		trio_init(&work, &trio, 2, 4);
		work_command(&work, &trio.compute, &command);
		va = work_alloc(&work, WORK_SHARED, 4);
		if (abort) {
			struct agx_op_abort op = {
				.header = AGX_OP_ABORT, .stamp_addr = va, .stamp_val = 0x77};

			put_own(&work, &code, &command, command.start, command.wait);
			put(&code, &op, sizeof(op));
		} else {
			struct agx_op_complete op = {
				.header = AGX_OP_COMPLETE, .stamp_addr = va, .stamp_val = 0x77};

			put_own(&work, &code, &command, 0, command.retire);
			put(&code, &op, sizeof(op));
		}
		work_set_sequence(&work, &trio.compute, &command, code.bytes, code.size);
		work_run(&work, &trio.compute);
		work_pump(&work);
		assert_clean(&work);
		assert_int_equal(*(uint32_t *)work_at(&work, va), 0x77);
		assert_true(did(&work, abort ? "Cc" : "C"));
		assert_true(work_event(&work, &event));
		assert_int_equal(event.tag, abort ? AGX_EVENT_CHANNEL_ERROR : AGX_EVENT_FLAG);
		assert_int_equal(work_stamp_value(&work, 6), abort ? 0 : STEP);
		work_free(&work);
	}
}

/* Commands that fail */

static void recover(struct work_image *work, const struct work_queue_image *queue, uint32_t value)
{
	struct agx_g13_v13_5_device_control_msg msg = {
		.tag = work->image.variant <= AGX_FW_VARIANT_G14_V12_4 ? 0x0e : 0x0f,
		.recover_channel = {.pipe_type = queue->pipe,
				    .work_queue = queue->info,
				    .event_value = value},
	};

	image_put(&work->image, "control", &msg, sizeof(msg));
	image_doorbell(&work->image, AGX_DOORBELL_DEVICE_CONTROL);
	work_pump(work);
}

enum {
	BAD_UNKNOWN,
	BAD_REGISTER,
	BAD_JUMP,
	BAD_KTRACE,
	BAD_BLIT,
	BAD_ALU,
	BAD_ALU_FUNCTION,
	BAD_WRITE_SOURCE,
	BAD_SECOND_START,
	BAD_NO_WAIT,
	BAD_WAIT_FIRST,
	BAD_RETIRE_FIRST,
	BAD_OTHER_UNIT,
	BAD_END,
	BAD_TRUNCATED,
	BAD_COMPLETE,
	BAD_OTHER_WAIT,
	BAD_OPERATIONS,
};

static const enum agx_finding_id bad_operation_ids[BAD_OPERATIONS] = {
	[BAD_UNKNOWN] = AGX_FINDING_SEQUENCE_UNKNOWN,
	[BAD_REGISTER] = AGX_FINDING_SEQUENCE_LAYOUT,
	[BAD_JUMP] = AGX_FINDING_SEQUENCE_UNKNOWN,
	[BAD_KTRACE] = AGX_FINDING_SEQUENCE_LAYOUT,
	[BAD_BLIT] = AGX_FINDING_SEQUENCE_LAYOUT,
	[BAD_ALU] = AGX_FINDING_SEQUENCE_LAYOUT,
	[BAD_ALU_FUNCTION] = AGX_FINDING_SEQUENCE_VALUE,
	[BAD_WRITE_SOURCE] = AGX_FINDING_SEQUENCE_LAYOUT,
	[BAD_SECOND_START] = AGX_FINDING_SEQUENCE_ORDER,
	[BAD_NO_WAIT] = AGX_FINDING_SEQUENCE_ORDER,
	[BAD_WAIT_FIRST] = AGX_FINDING_SEQUENCE_ORDER,
	[BAD_RETIRE_FIRST] = AGX_FINDING_SEQUENCE_ORDER,
	[BAD_OTHER_UNIT] = AGX_FINDING_SEQUENCE_ORDER,
	[BAD_END] = AGX_FINDING_SEQUENCE_END,
	[BAD_TRUNCATED] = AGX_FINDING_SEQUENCE_END,
	[BAD_COMPLETE] = AGX_FINDING_SEQUENCE_ORDER,
	[BAD_OTHER_WAIT] = AGX_FINDING_SEQUENCE_UNKNOWN,
};

static void bad_operation(struct work_image *work, struct code *code,
			  const struct work_command *command, unsigned int which)
{
	struct agx_op_alu alu = {.opcode = AGX_OP_ALU};
	struct agx_op_complete complete = {.header = AGX_OP_COMPLETE};
	const uint8_t zeros[0x200] = {0};

	switch (which) {
	case BAD_UNKNOWN:
		put_word(code, 0x3f);
		break;
	case BAD_REGISTER:
		put_word(code, AGX_OP_WRITE_REG32);
		break;
	case BAD_JUMP:
		put_word(code, AGX_OP_JUMP);
		break;
	case BAD_KTRACE:
		put_word(code, AGX_OP_KTRACE);
		break;
	case BAD_BLIT:
		put_word(code, AGX_OP_START_BLIT);
		break;
	case BAD_ALU:
		put(code, &alu, sizeof(alu));
		break;
	case BAD_ALU_FUNCTION:
		put_alu(code, 5, 1);
		break;
	case BAD_WRITE_SOURCE:
		put_memory(code, AGX_OP_WRITE32 | 1 << 28, work->stamps);
		break;
	case BAD_SECOND_START:
		put_own(work, code, command, command->start, command->wait);
		break;
	case BAD_NO_WAIT:
		put_own(work, code, command, command->start, command->wait);
		put_own(work, code, command, command->finalize, command->size);
		break;
	case BAD_WAIT_FIRST:
		put_own(work, code, command, command->wait, command->finalize);
		break;
	case BAD_RETIRE_FIRST:
		put_own(work, code, command, command->start, command->finalize);
		put_own(work, code, command, command->retire, command->size);
		break;
	case BAD_OTHER_UNIT:
		put_word(code, AGX_OP_START_VERTEX);
		put(code, zeros, sizeof(zeros));
		break;
	case BAD_END:
		put_own(work, code, command, command->start, command->retire);
		break;
	case BAD_TRUNCATED:
		put_own(work, code, command, command->start, command->wait - 4);
		break;
	case BAD_COMPLETE:
		put_own(work, code, command, command->start, command->wait);
		put(code, &complete, sizeof(complete));
		break;
	case BAD_OTHER_WAIT:
		put_own(work, code, command, command->start, command->wait);
		put_word(code, work->image.variant == G14X ? AGX_OP_WAIT_FOR_IDLE
							   : AGX_OP_WAIT_FOR_IDLE2);
		break;
	}
	if (which != BAD_END && which != BAD_TRUNCATED)
		put_own(work, code, command, 0, command->size);
}

/* The command fails, the driver recovers the queue, and the next command runs. */
static void test_bad_operations(void **state)
{
	for (unsigned int i = 0; i < BAD_OPERATIONS; i++) {
		FOR_EACH_VARIANT(v)
		{
			struct work_image work;
			struct work_command command, next;
			struct trio trio, other;
			struct agx_event_msg event;
			struct code code = {.size = 0};
			uint32_t firing[4];

			work_init(&work, v, true);
			trio_init(&work, &trio, 2, 4);
			trio_init(&work, &other, 2, 8);
			work_command(&work, &trio.compute, &command);
			bad_operation(&work, &code, &command, i);
			work_set_sequence(&work, &trio.compute, &command, code.bytes, code.size);
			work_command(&work, &trio.compute, &next);
			work_run(&work, &trio.compute);
			work_pump(&work);
			if (!image_count(&work.image, bad_operation_ids[i]))
				print_error("operation case %u\n", i);
			assert_found(&work, bad_operation_ids[i], NULL, NULL);
			assert_true(work_event(&work, &event));
			assert_int_equal(event.tag, AGX_EVENT_CHANNEL_ERROR);
			assert_int_equal(event.channel_error.error_type, AGX_CHANNEL_ERROR_ABORTED);
			assert_int_equal(event.channel_error.pipe_type, COMPUTE);
			assert_int_equal(event.channel_error.event_slot, 6);
			assert_int_equal(event.channel_error.event_value, STEP);
			assert_int_equal(work_stamp_value(&work, 6), 0);
			assert_int_equal(image_get(&work.image, "queue_info", trio.compute.info,
						   "error_count"),
					 1);
			/* Others go on. */
			work_command(&work, &other.compute, &next);
			work_run(&work, &other.compute);
			work_pump(&work);
			assert_int_equal(work_stamp_value(&work, 10), STEP);
			recover(&work, &trio.compute, STEP);
			assert_int_equal(work_stamp_value(&work, 6), 2 * STEP);
			assert_true(work_flags(&work, firing) > 0);
			assert_true(fired(firing, 6));
			assert_int_equal(work_found(&work), 1);
			work_free(&work);
		}
	}
}

/* What is wrong but does not stop the command. */
static void test_odd_operations(void **state)
{
	FOR_EACH_VARIANT(v)
	{
		static const enum agx_finding_id ids[] = {
			AGX_FINDING_SEQUENCE_VALUE,
			AGX_FINDING_SEQUENCE_VALUE,
			AGX_FINDING_SEQUENCE_BRANCH,
			AGX_FINDING_SEQUENCE_SIZE,
		};

		for (unsigned int i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
			struct work_image work;
			struct work_command command;
			struct trio trio;
			uint8_t *bytes;

			work_init(&work, v, true);
			trio_init(&work, &trio, 2, 4);
			work_command(&work, &trio.compute, &command);
			bytes = work_at(&work, command.sequence);
			bytes[command.wait + 1] ^= i == 0 ? 0x40 : 0;
			bytes[command.retire + 3] ^= i == 1 ? 0x40 : 0;
			if (i == 2)
				image_set(&work.image, "op_finalize_compute",
					  command.sequence + command.finalize,
					  "restart_branch_offset", 4);
			if (i == 3)
				work_variant(&work)->set_sequence(&work, &trio.compute, &command,
								  command.sequence,
								  command.size + 4);
			work_run(&work, &trio.compute);
			work_pump(&work);
			assert_found(&work, ids[i], NULL, NULL);
			assert_int_equal(work_stamp_value(&work, 6), STEP);
			work_free(&work);
		}
	}
}

/* Sizes that no sequence has fail the command. */
static void test_bad_size(void **state)
{
	static const uint32_t sizes[] = {0, 0x1003, 0x10000, 0xfffffffc};

	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct work_image work;
		struct work_command command;
		struct trio trio;
		struct agx_event_msg event;

		work_init(&work, V13_5, true);
		trio_init(&work, &trio, 2, 4);
		work_command(&work, &trio.compute, &command);
		work_variant(&work)->set_sequence(&work, &trio.compute, &command, command.sequence,
						  sizes[i]);
		work_run(&work, &trio.compute);
		work_pump(&work);
		assert_int_equal(image_count(&work.image, AGX_FINDING_SEQUENCE_SIZE), 1);
		assert_true(work_event(&work, &event));
		assert_int_equal(event.tag, AGX_EVENT_CHANNEL_ERROR);
		work_free(&work);
	}
}

static void test_endless(void **state)
{
	struct work_image work;
	struct work_command commands[2];
	struct trio trio;
	struct agx_event_msg event;

	work_init(&work, V13_5, true);
	trio_init(&work, &trio, 2, 4);
	work.gpu.overflows = -1u;
	work_init_buffer(&work, &trio.vertex);
	work_render(&work, &trio.vertex, &trio.fragment, commands);
	work_run(&work, &trio.fragment);
	work_run(&work, &trio.vertex);
	for (unsigned int i = 0; i < 1000 && !work_found(&work); i++)
		agx_firmware_step(work.image.firmware, 1000);
	assert_found(&work, AGX_FINDING_SEQUENCE_ENDLESS, "op_finalize_vertex", NULL);
	agx_firmware_step(work.image.firmware, 1000);
	do
		assert_true(work_event(&work, &event));
	while (event.tag == AGX_EVENT_FLAG);
	assert_int_equal(event.tag, AGX_EVENT_CHANNEL_ERROR);
	work_free(&work);
}

static void test_no_gpu(void **state)
{
	struct work_image work;
	struct work_command command;
	struct trio trio;
	struct agx_event_msg event;

	work_init(&work, V13_5, false);
	trio_init(&work, &trio, 2, 4);
	work_command(&work, &trio.compute, &command);
	work_run(&work, &trio.compute);
	work_pump(&work);
	assert_clean(&work);
	assert_true(work_event(&work, &event));
	assert_int_equal(event.tag, AGX_EVENT_CHANNEL_ERROR);
	assert_non_null(strstr(work.image.last_error, "no GPU"));
	recover(&work, &trio.compute, STEP);
	assert_int_equal(work_stamp_value(&work, 6), STEP);
	assert_clean(&work);
	work_free(&work);
}

static void test_bad_recover(void **state)
{
	struct work_image work;
	struct work_command command;
	struct trio trio;

	work_init(&work, V13_5, false);
	trio_init(&work, &trio, 2, 4);
	work_command(&work, &trio.compute, &command);
	work_run(&work, &trio.compute);
	work_pump(&work);
	trio.vertex.pipe = COMPUTE;
	recover(&work, &trio.vertex, STEP);
	assert_found(&work, AGX_FINDING_QUEUE_RECOVERED, "device_control_msg",
		     "recover_channel.work_queue");
	assert_int_equal(work_stamp_value(&work, 6), 0);
	work_free(&work);
}

/* Halts */

static void resume(struct work_image *work)
{
	uint64_t va = image_object(&work->image, "fw_status")->va;

	assert_int_equal(image_get(&work->image, "fw_status", va, "halted"), 1);
	image_set(&work->image, "fw_status", va, "halted", 0);
	image_set(&work->image, "fw_status", va, "resume", 1);
	work_pump(work);
}

/* Stamps that were running: slots as bits; all of them with the first value. */
static uint64_t pending_slots(struct work_image *work)
{
	const unsigned int shift = work->image.variant <= AGX_FW_VARIANT_G14_V12_4 ? 3 : 4;
	uint64_t globals = image_object(&work->image, "globals")->va, slots = 0;
	char path[40];

	for (unsigned int i = 0; i < 8; i++) {
		uint64_t info;

		snprintf(path, sizeof(path), "pending_stamps[%u].info", i);
		info = image_get(&work->image, "globals", globals, path);
		if (!info)
			continue;
		assert_int_equal(info & 1, 1);
		slots |= 1ull << (info >> shift & 127);
		image_set(&work->image, "globals", globals, path, 0);
		snprintf(path, sizeof(path), "pending_stamps[%u].wait_value", i);
		assert_int_equal(image_get(&work->image, "globals", globals, path), STEP);
	}
	return slots;
}

static void test_fault(void **state)
{
	FOR_EACH_VARIANT(v)
	{
		const bool g14x = v == G14X;
		struct work_image work;
		struct work_command commands[4];
		struct trio trio, other;
		struct agx_event_msg event;
		uint32_t firing[4];
		uint64_t info, address;

		work_init(&work, v, true);
		trio_init(&work, &trio, 2, 4);
		trio_init(&work, &other, 2, 8);
		work.gpu.busy[AGX_GPU_COMPUTE] = true;
		work_command(&work, &other.compute, &commands[0]);
		work_run(&work, &other.compute);
		work.gpu.fault[AGX_GPU_VERTEX] = true;
		work_render(&work, &trio.vertex, &trio.fragment, commands + 1);
		work_command(&work, &trio.vertex, &commands[3]);
		work_run(&work, &trio.fragment);
		work_run(&work, &trio.vertex);
		assert_int_equal(
			agx_firmware_sgx_read(work.image.firmware,
					      g14x ? AGX_SGX_FAULT_INFO_G14X : AGX_SGX_FAULT_INFO),
			0);
		work_pump(&work);
		assert_int_equal(status_of(&work).state, AGX_FIRMWARE_HALTED);
		assert_true(work_event(&work, &event));
		assert_int_equal(event.tag, AGX_EVENT_FAULT);
		assert_true(pending_slots(&work) == (1 << 4 | 1 << 10));
		assert_int_equal(image_get(&work.image, "globals",
					   image_object(&work.image, "globals")->va,
					   "fault_info.queue_uuid"),
				 trio.owner.generation);
		info = agx_firmware_sgx_read(work.image.firmware,
					     g14x ? AGX_SGX_FAULT_INFO_G14X : AGX_SGX_FAULT_INFO);
		address = g14x ? agx_firmware_sgx_read(work.image.firmware, AGX_SGX_FAULT_ADDR_G14X)
			       : info >> 30;
		assert_true(address << 6 == 0x1234567fc0);
		assert_int_equal(info & 0x3fffffff,
				 1 | 1 << 4 | 3 << 7 | 8 << 9 | WORK_CONTEXT << 17 | 5 << 23);
		assert_int_equal(agx_firmware_sgx_read(work.image.firmware, 0x1000), 0);
		/* Nothing moves before resume. */
		assert_int_equal(work_stamp_value(&work, 4), 0);
		resume(&work);
		assert_int_equal(agx_firmware_sgx_read(work.image.firmware, AGX_SGX_FAULT_INFO), 0);
		assert_clean(&work);
		/* The killed are over, those behind them have run. */
		assert_int_equal(work_stamp_value(&work, 4), 2 * STEP);
		assert_int_equal(work_stamp_value(&work, 5), STEP);
		assert_int_equal(work_stamp_value(&work, 10), STEP);
		assert_true(work_flags(&work, firing) > 0);
		assert_int_equal(firing[0], 1 << 4 | 1 << 5 | 1 << 10);
		assert_int_equal(status_of(&work).commands, 4);
		work_free(&work);
	}
}

static void test_timeout(void **state)
{
	struct work_image work;
	struct work_command command;
	struct trio trio;
	struct agx_event_msg event;
	uint64_t begin;

	work_init(&work, V13_5, true);
	trio_init(&work, &trio, 2, 4);
	work.gpu.busy[AGX_GPU_VERTEX] = true;
	work_command(&work, &trio.vertex, &command);
	work_run(&work, &trio.vertex);
	work_pump(&work);
	begin = work.image.now;
	/* 10 samples of 8 ms; as long as the unit gets on there is no end. */
	for (unsigned int i = 0; i < 10; i++) {
		work.image.now += 70 * 24000;
		work.gpu.progress++;
		work_pump(&work);
		assert_int_equal(status_of(&work).state, AGX_FIRMWARE_READY);
	}
	work.image.now += 90 * 24000;
	work_pump(&work);
	assert_int_equal(status_of(&work).state, AGX_FIRMWARE_HALTED);
	assert_true(work.image.now - begin > 700 * 24000);
	assert_true(work_event(&work, &event));
	assert_int_equal(event.tag, AGX_EVENT_TIMEOUT);
	assert_int_equal(event.timeout.event_slot, 4);
	assert_int_equal(event.timeout.counter, 1);
	assert_int_equal(agx_firmware_sgx_read(work.image.firmware, AGX_SGX_FAULT_INFO), 0);
	assert_true(pending_slots(&work) == 1 << 4);
	resume(&work);
	assert_clean(&work);
	assert_int_equal(work_stamp_value(&work, 4), STEP);
	work_free(&work);
}

/* A fault in the middle of a partial render takes both with it; the fragment part comes again. */
static void test_fault_in_partial(void **state)
{
	struct work_image work;
	struct work_command commands[2];
	struct trio trio;

	work_init(&work, V13_5, true);
	trio_init(&work, &trio, 2, 4);
	work.gpu.overflows = 1;
	work.gpu.fault[AGX_GPU_FRAGMENT] = true;
	work_init_buffer(&work, &trio.vertex);
	work_render(&work, &trio.vertex, &trio.fragment, commands);
	work_run(&work, &trio.fragment);
	work_run(&work, &trio.vertex);
	work_pump(&work);
	assert_int_equal(status_of(&work).state, AGX_FIRMWARE_HALTED);
	assert_true(pending_slots(&work) == (1 << 4 | 1 << 5));
	resume(&work);
	assert_clean(&work);
	assert_true(did(&work, "VfvsF"));
	assert_int_equal(work_stamp_value(&work, 4), STEP);
	assert_int_equal(work_stamp_value(&work, 5), STEP);
	work_free(&work);
}

/* A halt by who plays the firmware names what runs as well. */
static void test_halt_by_hand(void **state)
{
	const struct agx_event_msg timeout = {.tag = AGX_EVENT_TIMEOUT,
					      .timeout = {.event_slot = -1}};
	const struct agx_firmware_stamp stamp = {20, STEP};
	struct work_image work;
	struct work_command command;
	struct trio trio;

	work_init(&work, V12_3, true);
	trio_init(&work, &trio, 2, 4);
	work.gpu.busy[AGX_GPU_COMPUTE] = true;
	work_command(&work, &trio.compute, &command);
	work_run(&work, &trio.compute);
	work_pump(&work);
	assert_int_equal(agx_firmware_halt(work.image.firmware, &timeout, &stamp, 1), 0);
	assert_true(pending_slots(&work) == (1 << 6 | 1 << 20));
	resume(&work);
	assert_int_equal(work_stamp_value(&work, 6), STEP);
	assert_clean(&work);
	work_free(&work);
}

/* Contexts */

static void destroy(struct work_image *work, const struct work_owner *owner)
{
	struct agx_g13_v13_5_device_control_msg msg = {
		.tag = 0x18,
		.destroy_context = {.ctx_23 = 2,
				    .ctx_0 = 0xff,
				    .ctx_1 = 0xff,
				    .gpu_context = owner->context},
	};

	image_put(&work->image, "control", &msg, sizeof(msg));
	image_doorbell(&work->image, AGX_DOORBELL_DEVICE_CONTROL);
	work_pump(work);
}

static uint32_t control_read(struct work_image *work)
{
	return *(uint32_t *)image_object(&work->image, "control.state")->data;
}

static void test_destroy(void **state)
{
	struct work_image work;
	struct work_command command;
	struct trio trio;
	uint32_t before;

	work_init(&work, V13_5, true);
	trio_init(&work, &trio, 2, 4);
	work.gpu.busy[AGX_GPU_COMPUTE] = true;
	work_command(&work, &trio.compute, &command);
	work_run(&work, &trio.compute);
	work_pump(&work);
	before = control_read(&work);
	destroy(&work, &trio.owner);
	assert_int_equal(control_read(&work), before); /* not yet */
	work.gpu.busy[AGX_GPU_COMPUTE] = false;
	work_pump(&work);
	assert_int_equal(control_read(&work), before + 1);
	assert_clean(&work);
	/* It is gone: the same queue is unknown now. */
	work_command(&work, &trio.compute, &command);
	work_run(&work, &trio.compute);
	work_pump(&work);
	assert_int_equal(image_count(&work.image, AGX_FINDING_MESSAGE_ORDER), 1);
	work_free(&work);
}

static void test_destroy_pending(void **state)
{
	struct work_image work;
	struct work_command command;
	struct trio trio;

	/* One stalled, two ready behind a third. */
	for (unsigned int i = 0; i < 2; i++) {
		struct trio first;

		work_init(&work, V13_5, true);
		trio_init(&work, &first, 2, 20);
		trio_init(&work, &trio, 2, 4);
		work.gpu.busy[AGX_GPU_COMPUTE] = true;
		work_command(&work, &first.compute, &command);
		work_run(&work, &first.compute);
		if (i == 0)
			work_barrier(&work, &trio.compute, 30, STEP);
		work_command(&work, &trio.compute, &command);
		work_run(&work, &trio.compute);
		work_pump(&work);
		destroy(&work, &trio.owner);
		assert_found(&work, AGX_FINDING_QUEUE_PENDING, "device_control_msg",
			     "destroy_context.gpu_context");
		assert_int_equal(status_of(&work).ready + status_of(&work).stalled, 0);
		work.gpu.busy[AGX_GPU_COMPUTE] = false;
		work_pump(&work);
		assert_int_equal(work_stamp_value(&work, 22), STEP);
		assert_int_equal(work_stamp_value(&work, 6), 0);
		work_free(&work);
	}
}

/* Thousands of queues that have nothing to do are not looked at. */
static void test_many_queues(void **state)
{
	struct work_image work;
	struct work_command command;
	struct trio trio;
	struct work_queue_image idle;
	uint64_t info;

	work_init(&work, V13_5, true);
	trio_init(&work, &trio, 2, 4);
	work_queue(&work, &idle, &trio.owner, COMPUTE, 2, 40);
	info = work_alloc(&work, WORK_PRIVATE, 0x80000);
	for (unsigned int i = 0; i < 0x80000 / 0xc0; i++) {
		memcpy(work_at(&work, info + 0xc0 * (uint64_t)i), work_at(&work, idle.info), 0xb8);
		idle.info = info + 0xc0 * (uint64_t)i;
		idle.known = false;
		/* event_id is written by the firmware: a fresh copy each time. */
		image_set(&work.image, "queue_info", idle.info, "event_id", UINT32_MAX);
		work_run(&work, &idle);
		work_pump(&work);
	}
	assert_clean(&work);
	work_command(&work, &trio.compute, &command);
	work_run(&work, &trio.compute);
	work_pump(&work);
	assert_int_equal(work_stamp_value(&work, 6), STEP);
	assert_clean(&work);
	work_free(&work);
}

/* Power */

static void test_power(void **state)
{
	struct work_image work;
	struct work_command command;
	struct trio trio;
	uint64_t globals;

	work_init(&work, V13_5, true);
	trio_init(&work, &trio, 2, 4);
	globals = image_object(&work.image, "globals")->va;
	image_set(&work.image, "globals", globals, "pending_submissions", 1);
	work.image.now += 24000 * 100;
	work_pump(&work);
	assert_true(status_of(&work).powered);
	image_set(&work.image, "globals", globals, "pending_submissions", 0);
	work_pump(&work);
	assert_false(status_of(&work).powered);
	assert_true(agx_firmware_sgx_read(work.image.firmware, AGX_SGX_FAULT_INFO) ==
		    AGX_SGX_NO_ACCESS);
	image_doorbell(&work.image, AGX_DOORBELL_KICK);
	work_pump(&work);
	assert_true(status_of(&work).powered);
	assert_clean(&work);
	assert_non_null(strstr(work.image.transcript, "power off\n"));

	/* Work without a kick. */
	work.image.now += 24000 * 100;
	work_pump(&work);
	assert_false(status_of(&work).powered);
	work_command(&work, &trio.compute, &command);
	work_run(&work, &trio.compute);
	work_pump(&work);
	assert_found(&work, AGX_FINDING_STATUS_ASLEEP, "run_work_queue_msg", NULL);
	assert_int_equal(work_stamp_value(&work, 6), STEP);
	work_free(&work);
}

/* Findings */

/* What was wrong is told, and the work is done all the same. */
static void expect_done(struct work_image *work, struct work_queue_image *queue,
			enum agx_finding_id id, const char *structure, const char *field)
{
	work_run(work, queue);
	work_pump(work);
	assert_found(work, id, structure, field);
	assert_int_equal(status_of(work).state, AGX_FIRMWARE_READY);
	assert_int_equal(done_of(work, queue), queue->wptr);
	work_free(work);
}

static void test_queue_findings(void **state)
{
	struct work_image work;
	struct work_command command, second;
	struct trio trio;
	struct agx_ring_state *ring;

	/* The driver writes the firmware's index. */
	for (unsigned int i = 0; i < 2; i++) {
		work_init(&work, V13_5, true);
		trio_init(&work, &trio, 2, 4);
		work_command(&work, &trio.compute, &command);
		work_run(&work, &trio.compute);
		work_pump(&work);
		ring = work_at(&work, trio.compute.state);
		if (i)
			ring->gpu_rptr = 0;
		else
			ring->gpu_doneptr = 0;
		work_command(&work, &trio.compute, &command);
		expect_done(&work, &trio.compute, AGX_FINDING_QUEUE_FOREIGN, "ring_state",
			    i ? "gpu_rptr" : "gpu_doneptr");
	}

	/* The write index goes past the entries that are not done. */
	work_init(&work, V13_5, true);
	trio_init(&work, &trio, 2, 4);
	work.gpu.busy[AGX_GPU_COMPUTE] = true;
	for (unsigned int i = 0; i < 3; i++)
		work_command(&work, &trio.compute, &command);
	work_run(&work, &trio.compute);
	work_pump(&work);
	trio.compute.wptr = 1;
	work_run(&work, &trio.compute);
	work_pump(&work);
	assert_found(&work, AGX_FINDING_QUEUE_OVERRUN, "run_work_queue_msg", "wptr");
	work_free(&work);

	/* One command twice. */
	work_init(&work, V13_5, true);
	trio_init(&work, &trio, 2, 4);
	work.gpu.busy[AGX_GPU_COMPUTE] = true;
	work_command(&work, &trio.compute, &command);
	work_barrier(&work, &trio.vertex, 6, 0);
	work_put(&work, &trio.vertex, work.fw_stamps);
	trio.vertex.wptr--;
	memcpy(work_at(&work, trio.vertex.ring + 8), work_at(&work, trio.vertex.ring), 8);
	trio.vertex.wptr++;
	work_run(&work, &trio.compute);
	expect_done(&work, &trio.vertex, AGX_FINDING_QUEUE_REUSED, "work_ring", NULL);

	/* A slot of somebody who is working. */
	work_init(&work, V13_5, true);
	trio_init(&work, &trio, 2, 4);
	work.gpu.busy[AGX_GPU_COMPUTE] = true;
	work_command(&work, &trio.compute, &command);
	work_run(&work, &trio.compute);
	work_pump(&work);
	trio.vertex.slot = 6;
	work_run(&work, &trio.vertex);
	work_pump(&work);
	assert_found(&work, AGX_FINDING_STAMP_OWNER, "run_work_queue_msg", "event_slot");
	work_free(&work);

	/* Another slot than the message's. */
	work_init(&work, V13_5, true);
	trio_init(&work, &trio, 2, 4);
	work_command(&work, &trio.compute, &command);
	trio.compute.slot = 9;
	expect_done(&work, &trio.compute, AGX_FINDING_STAMP_SLOT, "run_compute", "meta.stamp_slot");

	/* A stamp that was there before, and one that is not a step. */
	work_init(&work, V13_5, true);
	trio_init(&work, &trio, 2, 4);
	work_command(&work, &trio.compute, &command);
	trio.compute.value = 0;
	work_command(&work, &trio.compute, &second);
	expect_done(&work, &trio.compute, AGX_FINDING_STAMP_BACKWARDS, "run_compute",
		    "meta.stamp_value");
	work_init(&work, V13_5, true);
	trio_init(&work, &trio, 2, 4);
	trio.compute.value = 1;
	work_command(&work, &trio.compute, &command);
	expect_done(&work, &trio.compute, AGX_FINDING_STAMP_STEP, "run_compute",
		    "meta.stamp_value");

	/* A stamp elsewhere. */
	work_init(&work, V13_5, true);
	trio_init(&work, &trio, 2, 4);
	work_command(&work, &trio.compute, &command);
	work.fw_stamps += 4;
	work_command(&work, &trio.compute, &second);
	expect_done(&work, &trio.compute, AGX_FINDING_STAMP_ADDRESS, "run_compute",
		    "meta.fw_stamp");

	/* A barrier with a member that nobody uses. */
	work_init(&work, V13_5, true);
	trio_init(&work, &trio, 2, 4);
	image_set(&work.image, "barrier", work_barrier(&work, &trio.compute, 5, 0),
		  "external_barrier", 1);
	expect_done(&work, &trio.compute, AGX_FINDING_BARRIER_VALUE, "barrier", "external_barrier");
	work_init(&work, G14X, true);
	trio_init(&work, &trio, 2, 4);
	image_set(&work.image, "barrier", work_barrier(&work, &trio.compute, 5, 0),
		  "internal_barrier_type", 2);
	expect_done(&work, &trio.compute, AGX_FINDING_BARRIER_VALUE, "barrier",
		    "internal_barrier_type");

	/* Entries that name another stamp than the command behind them has. */
	for (unsigned int i = 0; i < 2; i++) {
		work_init(&work, V13_5, true);
		trio_init(&work, &trio, 2, 4);
		trio.vertex.value = STEP;
		if (i)
			work_init_buffer(&work, &trio.vertex);
		else
			work_barrier(&work, &trio.vertex, 5, 0);
		trio.vertex.value = 0;
		work_command(&work, &trio.vertex, &command);
		expect_done(&work, &trio.vertex, AGX_FINDING_BARRIER_VALUE,
			    i ? "init_buffer" : "barrier", i ? "stamp_value" : "stamp_self");
	}

	/* A notifier that counts too far, and one that was not made as it should. */
	work_init(&work, V13_5, true);
	trio_init(&work, &trio, 2, 4);
	work_command(&work, &trio.compute, &command);
	work_threshold(&work, &trio.owner, -1);
	expect_done(&work, &trio.compute, AGX_FINDING_NOTIFIER_THRESHOLD, "notifier", "cur_count");
	work_init(&work, V13_5, true);
	trio_init(&work, &trio, 2, 4);
	work_command(&work, &trio.compute, &command);
	image_set(&work.image, "notifier", trio.owner.notifier, "unk_10", 0);
	expect_done(&work, &trio.compute, AGX_FINDING_NOTIFIER_VALUE, "notifier", "unk_10");
}

static void test_barrier_never(void **state)
{
	struct work_image work;
	struct trio trio;

	work_init(&work, V13_5, true);
	trio_init(&work, &trio, 2, 4);
	work_barrier(&work, &trio.compute, 30, STEP);
	work_run(&work, &trio.compute);
	work_pump(&work);
	assert_clean(&work);
	work.image.now += 25000000;
	work_pump(&work);
	work_pump(&work);
	assert_found(&work, AGX_FINDING_BARRIER_NEVER, "ring_state", NULL);
	work_free(&work);
}

/* Work of seconds is no reason to say that nobody will come. */
static void test_barrier_behind_long_work(void **state)
{
	struct work_image work;
	struct work_command command;
	struct trio trio;

	work_init(&work, V13_5, true);
	trio_init(&work, &trio, 2, 4);
	work.gpu.busy[AGX_GPU_COMPUTE] = true;
	work_command(&work, &trio.compute, &command);
	work_run(&work, &trio.compute);
	work_barrier(&work, &trio.vertex, 6, STEP);
	work_run(&work, &trio.vertex);
	for (unsigned int i = 0; i < 8; i++) {
		work_pump(&work);
		work.image.now += 5000000;
		work.gpu.progress++;
	}
	work_pump(&work);
	assert_true(status_of(&work).running[AGX_GPU_COMPUTE]);
	assert_int_equal(status_of(&work).stalled, 1);
	work.gpu.busy[AGX_GPU_COMPUTE] = false;
	work_pump(&work);
	assert_int_equal(status_of(&work).stalled, 0);
	assert_clean(&work);
	work_free(&work);
}

/* Wrong in a way that crashes the firmware. */
static void expect_crash(struct work_image *work, struct work_queue_image *queue,
			 enum agx_finding_id id)
{
	work_run(work, queue);
	work_pump(work);
	assert_found(work, id, NULL, NULL);
	assert_int_equal(status_of(work).state, AGX_FIRMWARE_CRASHED);
	work_free(work);
}

static void test_crashes(void **state)
{
	struct work_image work;
	struct work_command command;
	struct trio trio;
	uint32_t word;

	for (unsigned int i = 0; i < 10; i++) {
		static const enum agx_finding_id ids[] = {
			AGX_FINDING_QUEUE_TAG,        AGX_FINDING_QUEUE_TAG,
			AGX_FINDING_POINTER_UNMAPPED, AGX_FINDING_POINTER_NULL,
			AGX_FINDING_STAMP_RANGE,      AGX_FINDING_STAMP_RANGE,
			AGX_FINDING_TIMESTAMP_WINDOW, AGX_FINDING_POINTER_HALF,
			AGX_FINDING_POINTER_NULL,     AGX_FINDING_POINTER_HALF,
		};
		uint64_t barrier;

		work_init(&work, V13_5, true);
		trio_init(&work, &trio, 2, 4);
		work.user_times[1] = i == 6 ? WORK_TIMES - 8 : 0;
		barrier = work_barrier(&work, &trio.compute, i == 4 ? 128 : 6, 0);
		/* Slot 128 has no stamp of its own here. */
		if (i == 4)
			image_set(&work.image, "barrier", barrier, "wait_stamp",
				  work_fw_stamp(&work, 6));
		if (i == 7)
			image_set(&work.image, "barrier", barrier, "wait_stamp", 0x1000);
		work_command(&work, &trio.compute, &command);
		word = i == 0 ? 0x55 : AGX_CMD_RUN_VERTEX;
		if (i < 2)
			memcpy(work_at(&work, command.va), &word, 4);
		if (i == 2)
			work_put(&work, &trio.compute, 0xffffffa800000000);
		if (i == 3)
			image_set(&work.image, "run_compute", command.va, "notifier", 0);
		if (i == 5)
			image_set(&work.image, "run_compute", command.va, "meta.stamp_slot", 128);
		if (i == 8)
			image_set(&work.image, "run_compute", command.va, "microsequence", 0);
		if (i == 9)
			image_set(&work.image, "notifier", trio.owner.notifier, "threshold", 8);
		expect_crash(&work, &trio.compute, ids[i]);
	}
}

/* Memory operations on memory that is not there. */
static void test_bad_memory(void **state)
{
	static const uint32_t codes[] = {AGX_OP_READ32, AGX_OP_READ64, AGX_OP_WRITE32,
					 AGX_OP_WRITE64};

	for (unsigned int i = 0; i < 4; i++) {
		struct work_image work;
		struct work_command command;
		struct trio trio;
		struct code code = {.size = 0};

		work_init(&work, V13_5, true);
		trio_init(&work, &trio, 2, 4);
		work_command(&work, &trio.compute, &command);
		put_memory(&code, codes[i], 0xffffffa800000000);
		work_set_sequence(&work, &trio.compute, &command, code.bytes, code.size);
		expect_crash(&work, &trio.compute, AGX_FINDING_POINTER_UNMAPPED);
	}
}

/* The same calls give the same messages. */
static void test_deterministic(void **state)
{
	struct work_image work[2];

	for (unsigned int i = 0; i < 2; i++) {
		struct work_command commands[2], command;
		struct trio trio;

		work_init(&work[i], V13_5, true);
		trio_init(&work[i], &trio, 2, 4);
		work[i].gpu.overflows = 1;
		work_init_buffer(&work[i], &trio.vertex);
		work_render(&work[i], &trio.vertex, &trio.fragment, commands);
		work_run(&work[i], &trio.fragment);
		work_run(&work[i], &trio.vertex);
		work_command(&work[i], &trio.compute, &command);
		work_run(&work[i], &trio.compute);
		work_pump(&work[i]);
	}
	assert_string_equal(work[0].image.transcript, work[1].image.transcript);
	work_free(&work[0]);
	work_free(&work[1]);
}

/* Must be the last. */
static void test_every_finding_seen(void **state)
{
	unsigned int missing = 0;

	for (int id = AGX_FINDING_QUEUE_FOREIGN; id < 1000; id++) {
		if (id == AGX_FINDING_STATUS_RESUME || id == AGX_FINDING_STATUS_VALUE)
			continue; /* test_firmware's */
		if (!agx_finding_name((enum agx_finding_id)id) || image_seen[id])
			continue;
		print_error("finding %d %s was never triggered\n", id,
			    agx_finding_name((enum agx_finding_id)id));
		missing++;
	}
	assert_int_equal(missing, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_render),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_priorities),
		cmocka_unit_test(test_concurrent),
		cmocka_unit_test(test_barriers),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_partial),
		cmocka_unit_test(test_partial_lost),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_complete_abort),
		cmocka_unit_test(test_bad_operations),
		cmocka_unit_test(test_odd_operations),
		cmocka_unit_test(test_bad_size),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_no_gpu),
		cmocka_unit_test(test_bad_recover),
		cmocka_unit_test(test_fault),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_fault_in_partial),
		cmocka_unit_test(test_halt_by_hand),
		cmocka_unit_test(test_destroy),
		cmocka_unit_test(test_destroy_pending),
		cmocka_unit_test(test_many_queues),
		cmocka_unit_test(test_power),
		cmocka_unit_test(test_queue_findings),
		cmocka_unit_test(test_barrier_never),
		cmocka_unit_test(test_barrier_behind_long_work),
		cmocka_unit_test(test_crashes),
		cmocka_unit_test(test_bad_memory),
		cmocka_unit_test(test_deterministic),
		cmocka_unit_test(test_every_finding_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
