// SPDX-License-Identifier: MIT
/*
 * The firmware model against a driver's stand-in: a clean start of each variant, then one thing
 * wrong at a time. The last test holds that every finding was seen.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image.h"

#define V12_3 AGX_FW_VARIANT_G13_V12_3
#define V13_5 AGX_FW_VARIANT_G13_V13_5

static enum agx_firmware_state state_of(struct image *image)
{
	struct agx_firmware_status status;

	agx_firmware_get_status(image->firmware, &status);
	return status.state;
}

static void assert_clean(struct image *image)
{
	for (unsigned int i = 0; i < image->found_count && i < IMAGE_MAX_FOUND; i++)
		print_error("%s\n", image->found[i].text);
	assert_int_equal(image->found_count, 0);
}

/* Exactly one finding, of this kind; where NULL does not matter. */
static void assert_found(struct image *image, enum agx_finding_id id, const char *structure,
			 const char *field)
{
	if (image->found_count != 1 || image->found[0].id != id)
		for (unsigned int i = 0; i < image->found_count && i < IMAGE_MAX_FOUND; i++)
			print_error("%s\n", image->found[i].text);
	assert_int_equal(image->found_count, 1);
	assert_string_equal(agx_finding_name(image->found[0].id), agx_finding_name(id));
	if (structure)
		assert_string_equal(image->found[0].structure, structure);
	if (field)
		assert_string_equal(image->found[0].field, field);
	assert_non_null(strstr(image->found[0].text, agx_finding_sentence(id)));
}

static void ready(struct image *image, enum agx_fw_variant variant)
{
	image_init(image, variant);
	image_boot(image);
	image_start(image);
	assert_clean(image);
	assert_int_equal(state_of(image), AGX_FIRMWARE_READY);
}

static void test_clean_start(void **state)
{
	for (enum agx_fw_variant v = 0; v < AGX_FW_VARIANT_COUNT; v++) {
		struct agx_firmware_status status;
		struct agx_fwlog_payload *log;
		struct agx_fwlog_msg *element;
		uint32_t *fwlog, *stats, *control;
		struct image image;

		image_init(&image, v);
		image_boot(&image);
		assert_clean(&image);
		assert_true(image.app_up);
		assert_int_equal(state_of(&image), AGX_FIRMWARE_UP);
		assert_true(image.handoff->magic_fw == AGX_HANDOFF_MAGIC);
		assert_int_equal(image.handoff->lock_fw, 0);
		image_start(&image);
		assert_clean(&image);
		agx_firmware_get_status(image.firmware, &status);
		assert_int_equal(status.state, AGX_FIRMWARE_READY);
		assert_true(status.initialized);
		assert_int_equal(status.kicks, 1);
		assert_int_equal(image.events, 1);

		control = image_object(&image, "control.state")->data;
		assert_int_equal(control[0], 1);
		/* The log line is in sub-channel 2, its text in the buffer. */
		fwlog = image_object(&image, "fwlog.state")->data;
		assert_int_equal(fwlog[2 * 0x30 / 4 + 8], 1);
		element =
			(struct agx_fwlog_msg *)((char *)image_object(&image, "fwlog.ring")->data +
						 2 * 0x100 * 0x38);
		assert_int_equal(element->msg_type, AGX_FWLOG_MSG_TYPE);
		log = (struct agx_fwlog_payload *)image_object(&image, "fwlog_buf")->data +
		      2 * 0x100 + element->msg_index;
		assert_int_equal(log->msg_type, AGX_FWLOG_PAYLOAD_TYPE);
		assert_string_equal(log->msg, "init data accepted");
		stats = image_object(&image, "stats.state")->data;
		assert_int_equal(stats[8], 1);
		image_free(&image);
	}
}

/* One member of the init data is wrong. */
struct bad_value {
	enum agx_finding_id id;
	const char *object, *structure, *member;
	uint64_t value;
	bool crash;
};

static const struct bad_value bad_values[] = {
	{AGX_FINDING_INITDATA_PANIC, "init_data", "init_data", "host_mapped_fw_allocations", 0,
	 true},
	{AGX_FINDING_INITDATA_VALUE, "init_data", "init_data", "uat_page_bits", 12, false},
	{AGX_FINDING_INITDATA_VALUE, "init_data", "init_data", "uat_level_info[1].unk_4", 0x1000,
	 false},
	{AGX_FINDING_INITDATA_VALUE, "init_data", "init_data", "uat_level_info[2].phys_mask",
	 0x3ffffffc000, false},
	{AGX_FINDING_INITDATA_NOT_ZERO, "init_data", "init_data", "unk_b4", 1, false},
	{AGX_FINDING_POINTER_NULL, "init_data", "init_data", "runtime_pointers", 0, true},
	{AGX_FINDING_POINTER_HALF, "init_data", "init_data", "globals", 0x10000, true},
	{AGX_FINDING_POINTER_HALF, "init_data", "init_data", "globals", 0xffffff8000010000, true},
	{AGX_FINDING_POINTER_UNMAPPED, "init_data", "init_data", "fw_status", 0xffffffa100000000,
	 true},
	{AGX_FINDING_POINTER_UNMAPPED, "runtime_pointers", "runtime_pointers",
	 "channels.pipes[2].comp.ring", 0xffffffa100000000, true},
	{AGX_FINDING_POINTER_NULL, "runtime_pointers", "runtime_pointers", "unkptr_1b8", 0, true},
	{AGX_FINDING_POINTER_NULL, "fw_status", "fw_status", "fwctl_channel.ring", 0, true},
	{AGX_FINDING_POINTER_GPU, "runtime_pointers", "runtime_pointers", "buffer_mgr_ctl_gpu_addr",
	 0x1000000000, false},
	{AGX_FINDING_INITDATA_VALUE, "runtime_pointers", "runtime_pointers", "gpu_scratch.unk_6b38",
	 0, false},
	{AGX_FINDING_INITDATA_NOT_ZERO, "runtime_pointers", "runtime_pointers", "unk_168", 1,
	 false},
	{AGX_FINDING_INITDATA_NOT_ZERO, "runtime_pointers", "runtime_pointers",
	 "gpu_scratch.gpu_idle", 1, false},
	{AGX_FINDING_INITDATA_VALUE, "runtime_pointers", "runtime_pointers", "hwdata_b_2", 0,
	 false},
	{AGX_FINDING_INITDATA_VALUE, "globals", "globals", "do_init", 0, false},
	{AGX_FINDING_INITDATA_RANGE, "globals", "globals", "fault_control", 0x10, false},
	{AGX_FINDING_INITDATA_VALUE, "globals", "globals", "pending_submissions", 3, false},
	{AGX_FINDING_INITDATA_RANGE, "globals", "globals", "progress_check_interval_cl", 0, false},
	{AGX_FINDING_INITDATA_NOT_ZERO, "globals", "globals", "pending_stamps[7].info", 1, false},
	{AGX_FINDING_INITDATA_NOT_ZERO, "fw_status", "fw_status", "halted", 1, false},
	{AGX_FINDING_INITDATA_VALUE, "hwdata_b", "hwdata_b", "chip_id", 0x6000, false},
	{AGX_FINDING_INITDATA_VALUE, "hwdata_b", "hwdata_b", "uat_ttb_base", 0x1000, false},
	{AGX_FINDING_INITDATA_RANGE, "hwdata_b", "hwdata_b", "num_frags", 9, false},
	{AGX_FINDING_INITDATA_RANGE, "hwdata_b", "hwdata_b", "frequencies[3]", 20, false},
	{AGX_FINDING_INITDATA_RANGE, "hwdata_b", "hwdata_b", "timestamp_area_base", 0x1000, false},
	{AGX_FINDING_INITDATA_IO, "hwdata_b", "hwdata_b", "io_mappings[3].virt_addr",
	 0xffffffaf00004000, false},
	{AGX_FINDING_INITDATA_RANGE, "hwdata_b", "hwdata_b", "io_mappings[3].total_size", 0x20001,
	 false},
	{AGX_FINDING_INITDATA_RANGE, "hwdata_b", "hwdata_b", "io_mappings[3].total_size",
	 0xffffffff, false},
	{AGX_FINDING_INITDATA_NOT_ZERO, "hwdata_b", "hwdata_b", "io_mappings[5].total_size", 4,
	 false},
	{AGX_FINDING_INITDATA_NOT_ZERO, "stats_vtx", "global_stats_vertex", "total_cmds", 4, false},
	{AGX_FINDING_INITDATA_VALUE, "stats_frag", "global_stats_fragment", "stats.cur_stamp_id", 0,
	 false},
};

static void test_bad_values(void **state)
{
	for (size_t i = 0; i < sizeof(bad_values) / sizeof(*bad_values); i++) {
		for (enum agx_fw_variant v = 0; v < AGX_FW_VARIANT_COUNT; v++) {
			const struct bad_value *bad = &bad_values[i];
			struct image image;
			uint64_t va;
			uint32_t size, offset;

			image_init(&image, v);
			va = image_object(&image, bad->object)->va;
			offset = image_offset(&image, bad->structure, bad->member, &size);
			image_set(&image, bad->structure, va, bad->member, bad->value);
			image_boot(&image);
			image_start(&image);
			if (image.found_count != 1)
				print_error("%s.%s\n", bad->structure, bad->member);
			assert_found(&image, bad->id, bad->structure, NULL);
			/* Bytes of a level mask may be named a little behind the member's start. */
			assert_in_range(image.found[0].address, va + offset,
					va + offset + size - 1);
			assert_int_equal(state_of(&image),
					 bad->crash ? AGX_FIRMWARE_CRASHED : AGX_FIRMWARE_READY);
			assert_int_equal(image.crashes, bad->crash);
			image_free(&image);
		}
	}
}

/* One object has the wrong protection. */
static void test_bad_protection(void **state)
{
	static const struct {
		enum agx_finding_id id;
		const char *object;
		uint64_t protection;
		bool crash;
	} bad[] = {
		{AGX_FINDING_POINTER_CACHED, "event.state", IMAGE_PRIVATE, false},
		{AGX_FINDING_POINTER_CACHED, "fwlog_buf", IMAGE_PRIVATE, false},
		{AGX_FINDING_POINTER_UNCACHED, "globals", IMAGE_SHARED, false},
		{AGX_FINDING_POINTER_UNCACHED, "control.ring", IMAGE_SHARED, false},
		{AGX_FINDING_POINTER_EXPOSED, "hwdata_a", IMAGE_GPU_RO_PRIVATE, false},
		{AGX_FINDING_POINTER_ODD, "init_data", IMAGE_PRIVATE | 1ull << 58, false},
		{AGX_FINDING_POINTER_DENIED, "fw_status", IMAGE_SHARED_RO, true},
		{AGX_FINDING_POINTER_UNMAPPED, "runtime_pointers", IMAGE_PRIVATE & ~AGX_UAT_AF,
		 true},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct image image;

		image_init(&image, V13_5);
		image_protect(&image, bad[i].object, bad[i].protection);
		image_boot(&image);
		image_start(&image);
		assert_found(&image, bad[i].id, NULL, NULL);
		assert_int_equal(state_of(&image),
				 bad[i].crash ? AGX_FIRMWARE_CRASHED : AGX_FIRMWARE_READY);
		image_free(&image);
	}
}

static void test_bad_places(void **state)
{
	struct image image;
	uint64_t runtime, entry, *entry_ptr;

	/* Not RAM, through a good entry. */
	image_init(&image, V12_3);
	*image_entry(&image, image_object(&image, "stats.ring")->va) = 0x10000000 | IMAGE_SHARED;
	image_boot(&image);
	image_start(&image);
	assert_found(&image, AGX_FINDING_POINTER_NOT_RAM, "runtime_pointers",
		     "channels.stats.ring");
	image_free(&image);

	/* Two objects in one place. */
	image_init(&image, V12_3);
	runtime = image_object(&image, "runtime_pointers")->va;
	image_set(&image, "runtime_pointers", runtime, "channels.stats.ring",
		  image_get(&image, "runtime_pointers", runtime, "channels.event.ring") + 0x80);
	image_boot(&image);
	image_start(&image);
	assert_found(&image, AGX_FINDING_POINTER_OVERLAP, "runtime_pointers",
		     "channels.stats.ring");
	image_free(&image);

	/* The two views of the buffer manager's memory differ. */
	image_init(&image, V13_5);
	entry_ptr = image_entry(&image, 0x7000000000);
	entry = *image_entry(&image, image_object(&image, "unk_buf")->va);
	*entry_ptr = (entry & AGX_UAT_ADDRESS) | IMAGE_GPU_SHARED;
	image_boot(&image);
	image_start(&image);
	assert_found(&image, AGX_FINDING_POINTER_ALIAS, "runtime_pointers",
		     "buffer_mgr_ctl_gpu_addr");
	image_free(&image);
}

/* Mailbox */

static void test_bad_mail(void **state)
{
	static const struct {
		enum agx_finding_id id;
		uint32_t endpoint;
		uint64_t word;
	} bad[] = {
		{AGX_FINDING_MAILBOX_ENDPOINT, 0x22, 1},
		{AGX_FINDING_MAILBOX_ENDPOINT, 0, 5ull << 52 | 0x30ull << 32 | 2},
		{AGX_FINDING_MAILBOX_TYPE, 0, 0x3full << 52},
		{AGX_FINDING_MAILBOX_TYPE, 2, 0x3full << 52},
		{AGX_FINDING_MAILBOX_TYPE, 8, 0x3full << 56},
		{AGX_FINDING_MAILBOX_TYPE, 0x20, 0x99ull << 48},
		{AGX_FINDING_MAILBOX_TYPE, 0x21, 0x99ull << 48},
		{AGX_FINDING_MAILBOX_ORDER, 0, 2ull << 52 | 12 << 16 | 12},
		{AGX_FINDING_MAILBOX_ORDER, 0, 8ull << 52 | AGX_RTKIT_EPMAP_LAST},
		{AGX_FINDING_MAILBOX_ORDER, 0, 5ull << 52 | 0x20ull << 32 | 2},
		{AGX_FINDING_MAILBOX_ORDER, 1, 1ull << 52 | 4ull << 44},
		{AGX_FINDING_MAILBOX_ORDER, 2, 5ull << 52},
		{AGX_FINDING_MAILBOX_ORDER, 0, 6ull << 52 | AGX_RTKIT_POWER_QUIESCED},
		{AGX_FINDING_MAILBOX_VALUE, 0, 5ull << 52 | 0x20ull << 32 | 3},
		{AGX_FINDING_MAILBOX_VALUE, 0, 0xbull << 52 | 0x55},
		{AGX_FINDING_MAILBOX_VALUE, 0, 6ull << 52 | 0x55},
		{AGX_FINDING_MAILBOX_BITS, 0x21, 0x83ull << 48 | 0x10000 | AGX_DOORBELL_KICK},
		{AGX_FINDING_CHANNEL_DOORBELL, 0x21, 0x83ull << 48 | 3},
		{AGX_FINDING_CHANNEL_DOORBELL, 0x21, 0x83ull << 48 | 0x12},
		{AGX_FINDING_INITDATA_TWICE, 0x20, 0x81ull << 48 | 0xfa000000000},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct image image;

		ready(&image, V12_3);
		image_send(&image, bad[i].endpoint, bad[i].word);
		image_pump(&image);
		assert_found(&image, bad[i].id, "mailbox_message", NULL);
		assert_true(image.found[0].address == bad[i].word);
		assert_int_equal(state_of(&image), AGX_FIRMWARE_READY);
		image_free(&image);
	}
}

static void test_boot_order(void **state)
{
	struct image image;

	/* A version that was not offered. */
	image_init(&image, V12_3);
	image.passive = true;
	image_boot(&image);
	assert_int_equal(image.mail_count, 1);
	assert_true(image.mail[0].word0 == (1ull << 52 | 12 << 16 | 11));
	image_send(&image, 0, 2ull << 52 | 13 << 16 | 13);
	image_pump(&image);
	assert_found(&image, AGX_FINDING_MAILBOX_VERSION, NULL, NULL);
	assert_int_equal(state_of(&image), AGX_FIRMWARE_CRASHED);
	image_free(&image);

	/* A buffer too small, and one that is nowhere. */
	for (unsigned int i = 0; i < 2; i++) {
		image_init(&image, V12_3);
		image.passive = true;
		image_boot(&image);
		image_send(&image, 0, 2ull << 52 | 12 << 16 | 12);
		image_send(&image, 0, 8ull << 52 | 1);
		image_send(&image, 0, 8ull << 52 | 1ull << 32 | AGX_RTKIT_EPMAP_LAST);
		image_send(&image, 0, 5ull << 52 | 1ull << 32 | 2);
		image_send(&image, 1, 1ull << 52 | (i ? 4ull : 1ull) << 44 | 0xfa100000000);
		image_pump(&image);
		assert_found(&image, i ? AGX_FINDING_POINTER_UNMAPPED : AGX_FINDING_MAILBOX_BUFFER,
			     NULL, NULL);
		assert_int_equal(state_of(&image), AGX_FIRMWARE_CRASHED);
		image_free(&image);
	}

	/* Doorbell, and init data, too early. */
	image_init(&image, V12_3);
	image_boot(&image);
	image_doorbell(&image, AGX_DOORBELL_KICK);
	image_pump(&image);
	assert_found(&image, AGX_FINDING_CHANNEL_EARLY, NULL, NULL);
	image_send(&image, 0x20, 0x81ull << 48);
	image_pump(&image);
	assert_int_equal(image_count(&image, AGX_FINDING_INITDATA_PANIC), 1);
	assert_int_equal(state_of(&image), AGX_FIRMWARE_CRASHED);
	image_free(&image);

	/* Off. */
	image_init(&image, V12_3);
	image_send(&image, 0, 3ull << 52);
	image_pump(&image);
	assert_found(&image, AGX_FINDING_MAILBOX_STOPPED, NULL, NULL);
	image_free(&image);
}

static void test_handoff(void **state)
{
	struct agx_firmware_config config = {0};
	struct agx_firmware *firmware;
	struct image image;

	/* The driver holds the lock: the firmware waits, and gives way. */
	image_init(&image, V12_3);
	image.handoff->lock_ap = 1;
	image_boot(&image);
	assert_true(image.handoff->magic_fw == 0);
	assert_int_equal(image.handoff->lock_fw, 0);
	image.handoff->turn = AGX_HANDOFF_TURN_FW;
	image_pump(&image);
	assert_true(image.handoff->magic_fw == 0);
	assert_int_equal(image.handoff->lock_fw, 1);
	image.handoff->lock_ap = 0;
	image_pump(&image);
	assert_true(image.handoff->magic_fw == AGX_HANDOFF_MAGIC);
	assert_int_equal(image.handoff->lock_fw, 0);
	assert_int_equal(image.handoff->turn, AGX_HANDOFF_TURN_AP);
	assert_clean(&image);
	image_free(&image);

	image_init(&image, V12_3);
	image.handoff->lock_ap = 2;
	image_boot(&image);
	assert_found(&image, AGX_FINDING_HANDOFF_LOCK, "handoff_block", NULL);
	image_free(&image);

	image_init(&image, V12_3);
	image.handoff->magic_ap = 5;
	agx_firmware_run(image.firmware, true);
	image_pump(&image);
	assert_found(&image, AGX_FINDING_HANDOFF_MAGIC, "handoff_block", NULL);
	image_free(&image);

	image_init(&image, V12_3);
	agx_firmware_run(image.firmware, true);
	image_pump(&image);
	image_start(&image);
	assert_found(&image, AGX_FINDING_HANDOFF_LATE, NULL, NULL);
	image_free(&image);

	assert_int_equal(agx_firmware_create(&config, &firmware), -EINVAL);
}

/* A handoff block outside RAM needs a firmware of its own. */
static void no_mail(void *cookie, uint64_t word0, uint64_t word1)
{
}

static void count_finding(void *cookie, const struct agx_firmware_finding *finding)
{
	image_seen[finding->id] = true;
}

static void *no_ram(void *cookie, uint64_t pa, uint64_t size)
{
	return NULL;
}

static void test_no_ram(void **state)
{
	const struct agx_firmware_config config = {
		.variant = V12_3,
		.output_bits = 40,
		.ram = no_ram,
		.mailbox = no_mail,
		.finding = count_finding,
	};
	struct agx_firmware_status status;
	struct agx_firmware *firmware;

	assert_int_equal(agx_firmware_create(&config, &firmware), 0);
	agx_firmware_run(firmware, true);
	agx_firmware_step(firmware, 100);
	agx_firmware_get_status(firmware, &status);
	assert_int_equal(status.state, AGX_FIRMWARE_CRASHED);
	assert_true(image_seen[AGX_FINDING_HANDOFF_MEMORY]);
	agx_firmware_destroy(firmware);
}

/* Channels */

static void test_bad_indices(void **state)
{
	static const struct {
		enum agx_finding_id id;
		const char *state;
		unsigned int word;
		uint32_t value;
	} bad[] = {
		{AGX_FINDING_CHANNEL_INDEX, "control.state", 8, 0x100},
		{AGX_FINDING_CHANNEL_OVERRUN, "control.state", 8, 2},
		{AGX_FINDING_CHANNEL_FOREIGN, "control.state", 0, 7},
		{AGX_FINDING_CHANNEL_READ_PAST, "stats.state", 0, 5},
		{AGX_FINDING_CHANNEL_INDEX, "stats.state", 0, 0xffffffff},
		{AGX_FINDING_CHANNEL_FOREIGN, "stats.state", 8, 0},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct image image;
		uint32_t *words;
		uint32_t idle = 0x23;

		ready(&image, V12_3);
		image_put(&image, "control", &idle, sizeof(idle));
		image_put(&image, "control", &idle, sizeof(idle));
		image_doorbell(&image, AGX_DOORBELL_DEVICE_CONTROL);
		agx_firmware_step(image.firmware, 2); /* doorbell, and the first of them */
		words = image_object(&image, bad[i].state)->data;
		words[bad[i].word] = bad[i].value;
		agx_firmware_send_stats(image.firmware, AGX_STATS_POWER_OFF, NULL, 0);
		image_pump(&image);
		assert_found(&image, bad[i].id, "channel_state", NULL);
		image_free(&image);
	}
}

static void test_lost_channel(void **state)
{
	struct image image;

	ready(&image, V12_3);
	*image_entry(&image, image_object(&image, "vertex1.state")->va) = 0;
	image_doorbell(&image, AGX_DOORBELL_PIPE(0, 1));
	image_pump(&image);
	assert_found(&image, AGX_FINDING_CHANNEL_LOST, "channel_state", NULL);
	assert_int_equal(state_of(&image), AGX_FIRMWARE_CRASHED);
	image_free(&image);
}

static void test_full_rings(void **state)
{
	const struct agx_event_msg flag = {.tag = AGX_EVENT_FLAG};
	const struct agx_ktrace_msg trace = {.code = 7};
	struct agx_firmware_status status;
	struct image image;
	uint32_t *words;

	ready(&image, V13_5);
	for (unsigned int i = 0; i < 0xff; i++)
		assert_int_equal(agx_firmware_send_event(image.firmware, &flag), 0);
	assert_int_equal(agx_firmware_send_event(image.firmware, &flag), -EAGAIN);
	words = image_object(&image, "event.state")->data;
	words[0] = 1;
	assert_int_equal(agx_firmware_send_event(image.firmware, &flag), 0);
	assert_int_equal(words[8], 0);
	for (unsigned int i = 0; i < 0x1ff; i++)
		assert_int_equal(agx_firmware_send_ktrace(image.firmware, &trace), 0);
	assert_int_equal(agx_firmware_send_ktrace(image.firmware, &trace), -EAGAIN);
	agx_firmware_get_status(image.firmware, &status);
	assert_int_equal(status.dropped, 1);
	image_set(&image, "globals", image_object(&image, "globals")->va, "ktrace_enable", 0);
	assert_int_equal(agx_firmware_send_ktrace(image.firmware, &trace), -ENOENT);
	assert_clean(&image);
	image_free(&image);
}

/* Messages */

static void control(struct image *image, const void *message, uint32_t size)
{
	image_put(image, "control", message, size);
	image_doorbell(image, AGX_DOORBELL_DEVICE_CONTROL);
	image_pump(image);
}

static void test_control(void **state)
{
	static const struct {
		enum agx_finding_id id; /* 0: none */
		uint32_t words[8];
	} messages[] = {
		{0, {0x23}},
		{0, {0x0f}},
		{0, {0x17, 0, 0, 0, 0, 0xffff}}, /* flush */
		{AGX_FINDING_MESSAGE_UNKNOWN, {0x77}},
		{AGX_FINDING_MESSAGE_PADDING, {0x23, 0, 0, 1}},
		{AGX_FINDING_MESSAGE_VALUE, {0x0f, 1}},
		{AGX_FINDING_MESSAGE_VALUE, {0x17, 0, 0, 0, 0, 0xff}},
		{AGX_FINDING_MESSAGE_VALUE, {0x17, 0, 0, 0, 1, 0xffff}},
		{AGX_FINDING_MESSAGE_ORDER, {0x19}},
		{AGX_FINDING_MESSAGE_ANSWER, {0x0d, 1, 2, 3, 4}},
	};

	for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++) {
		struct image image;

		ready(&image, V12_3);
		control(&image, messages[i].words, sizeof(messages[i].words));
		if (messages[i].id)
			assert_found(&image, messages[i].id, "device_control_msg", NULL);
		else
			assert_clean(&image);
		assert_int_equal(*(uint32_t *)image_object(&image, "control.state")->data, 2);
		image_free(&image);
	}
}

static void test_answers(void **state)
{
	const struct agx_event_msg grow = {
		.tag = AGX_EVENT_GROW_TVB,
		.grow_tvb = {.vm_slot = 3, .buffer_slot = 2, .counter = 9},
	};
	const struct agx_event_msg error = {
		.tag = AGX_EVENT_CHANNEL_ERROR,
		.channel_error = {.pipe_type = 1, .event_slot = 5, .event_value = 0x300},
	};
	struct agx_g13_v13_5_device_control_msg ack = {
		.tag = 0x0e,
		.grow_tvb_ack = {.unk_4 = 1, .buffer_slot = 2, .vm_slot = 3, .counter = 9},
	};
	struct agx_g13_v13_5_device_control_msg recover = {
		.tag = 0x0f,
		.recover_channel = {.pipe_type = 1, .event_value = 0x300},
	};
	struct image image;

	ready(&image, V13_5);
	assert_int_equal(agx_firmware_send_event(image.firmware, &grow), 0);
	assert_int_equal(agx_firmware_send_event(image.firmware, &error), 0);
	image_pump(&image);
	assert_int_equal(image.events, 2);
	recover.recover_channel.work_queue = image_alloc(&image, NULL, 0x100, IMAGE_PRIVATE);
	control(&image, &ack, sizeof(ack));
	control(&image, &recover, sizeof(recover));
	assert_clean(&image);
	control(&image, &ack, sizeof(ack)); /* once is enough */
	assert_found(&image, AGX_FINDING_MESSAGE_ANSWER, "device_control_msg",
		     "grow_tvb_ack.counter");
	image_free(&image);
}

static void test_flush(void **state)
{
	struct agx_fwctl_msg msg = {.slot = 64, .page_count = 2, .unk_12 = 2};
	struct agx_handoff_record *record;

	for (unsigned int wrong = 0; wrong < 7; wrong++) {
		static const enum agx_finding_id ids[] = {
			0,
			AGX_FINDING_MESSAGE_FLUSH,
			AGX_FINDING_MESSAGE_FLUSH,
			AGX_FINDING_MESSAGE_FLUSH,
			AGX_FINDING_MESSAGE_FLUSH_CACHED,
			AGX_FINDING_MESSAGE_VALUE,
			AGX_FINDING_MESSAGE_VALUE,
		};
		struct agx_fwctl_msg copy = msg;
		struct image image;

		ready(&image, V13_5);
		copy.addr = image_alloc(&image, "buffer", 0x8000,
					wrong == 4 ? IMAGE_PRIVATE : IMAGE_SHARED);
		record = &image.handoff->flush[64];
		*record = (struct agx_handoff_record){
			.state = wrong != 1,
			.addr = copy.addr + (wrong == 2 ? 0x4000 : 0),
			.size = wrong == 3 ? 0x4000 : 0x8000,
		};
		copy.unk_12 = wrong == 5 ? 0 : 2;
		copy.slot = wrong == 6 ? 65 : 64;
		image_put(&image, "fwctl", &copy, sizeof(copy));
		image_send(&image, 0x21, (uint64_t)AGX_MSG_FWCTL << 48);
		image_pump(&image);
		if (wrong)
			assert_found(&image, ids[wrong], NULL, NULL);
		else
			assert_clean(&image);
		assert_int_equal(record->state, wrong == 1 ? 0 : wrong == 6 ? 1 : 2);
		assert_int_equal(*(uint32_t *)image_object(&image, "fwctl.state")->data, 1);
		image_free(&image);
	}
}

/* Work queues */

struct queue {
	uint64_t info, state;
	struct agx_g13_v13_5_queue_info *queue;
	struct agx_ring_state *ring_state;
	struct agx_g13_v13_5_run_work_queue_msg msg;
};

static void make_queue(struct image *image, struct queue *queue)
{
	static const struct agx_priority priorities[] = AGX_PRIORITIES;
	struct agx_g13_v13_5_barrier *barrier;
	uint64_t barriers, stamp;

	memset(queue, 0, sizeof(*queue));
	queue->info = image_alloc(image, NULL, sizeof(*queue->queue), IMAGE_PRIVATE);
	queue->queue = image_at(image, queue->info);
	*queue->queue = (struct agx_g13_v13_5_queue_info){
		.state = image_alloc(image, NULL, 0x60, IMAGE_SHARED),
		.ring = image_alloc(image, NULL, 0x500 * 8, IMAGE_SHARED),
		.notifier_list = image_alloc(image, NULL, 0x18, IMAGE_SHARED),
		.gpu_buf = image_alloc(image, NULL, AGX_QUEUE_GPU_BUF_SIZE, IMAGE_PRIVATE),
		.gpu_context = image_alloc(image, NULL, 0x40, IMAGE_SHARED),
		.event_id = -1,
		.unk_4c = -1,
		.unk_54 = -1,
		.uuid = 2,
		.priority = priorities[2],
	};
	/* A barrier each that is fulfilled. */
	barriers = image_alloc(image, NULL, 4 * sizeof(*barrier), IMAGE_PRIVATE);
	stamp = image_alloc(image, NULL, sizeof(uint32_t), IMAGE_PRIVATE);
	for (unsigned int i = 0; i < 4; i++) {
		uint64_t *ring = image_at(image, queue->queue->ring);

		ring[i] = barriers + i * sizeof(*barrier);
		barrier = image_at(image, ring[i]);
		barrier->tag = AGX_CMD_BARRIER;
		barrier->wait_stamp = stamp;
	}
	queue->ring_state = image_at(image, queue->queue->state);
	queue->ring_state->rb_size = 0x500;
	queue->ring_state->cpu_wptr = 2;
	queue->msg.pipe_type = AGX_PIPE_FRAGMENT;
	queue->msg.work_queue = queue->info;
	queue->msg.wptr = 1;
	queue->msg.event_slot = 4;
	queue->msg.is_new = 1;
}

static void run_queue(struct image *image, struct queue *queue)
{
	image_put(image, "fragment2", &queue->msg, sizeof(queue->msg));
	image_doorbell(image, AGX_DOORBELL_PIPE(AGX_PIPE_FRAGMENT, 2));
	image_pump(image);
}

static void test_queues(void **state)
{
	struct agx_g13_v13_5_device_control_msg destroy = {.tag = 0x18};
	struct agx_firmware_status status;
	struct agx_g13_v13_5_queue_info fresh;
	struct image image;
	struct queue queue;

	ready(&image, V13_5);
	make_queue(&image, &queue);
	fresh = *queue.queue;
	run_queue(&image, &queue);
	assert_clean(&image);
	assert_int_equal(queue.ring_state->gpu_rptr, 1);
	assert_int_equal(queue.ring_state->gpu_doneptr, 1);
	queue.msg.is_new = 0;
	queue.msg.wptr = 2;
	run_queue(&image, &queue);
	assert_clean(&image);
	assert_int_equal(image.errors, 0);
	assert_int_equal(queue.ring_state->gpu_doneptr, 2);
	agx_firmware_get_status(image.firmware, &status);
	assert_int_equal(status.queue_runs, 2);
	/* New again only after its context has gone. */
	destroy.destroy_context.gpu_context = queue.queue->gpu_context;
	control(&image, &destroy, sizeof(destroy));
	*queue.queue = fresh;
	queue.msg.is_new = 1;
	run_queue(&image, &queue);
	assert_clean(&image);
	run_queue(&image, &queue);
	assert_found(&image, AGX_FINDING_MESSAGE_REUSED, "run_work_queue_msg", "is_new");
	image_free(&image);
}

static void test_bad_queues(void **state)
{
	static const struct {
		enum agx_finding_id id;
		const char *field;
		bool crash;
	} cases[] = {
		{AGX_FINDING_MESSAGE_CHANNEL, "pipe_type", false},
		{AGX_FINDING_QUEUE_INDEX, "wptr", false},
		{AGX_FINDING_MESSAGE_VALUE, "event_slot", false},
		{AGX_FINDING_MESSAGE_ORDER, "is_new", false},
		{AGX_FINDING_MESSAGE_PADDING, "pad_15[1]", false},
		{AGX_FINDING_POINTER_NULL, "work_queue", true},
		{AGX_FINDING_QUEUE_VALUE, "event_id", false},
		{AGX_FINDING_QUEUE_VALUE, "priority.unk_4", false},
		{AGX_FINDING_QUEUE_VALUE, "busy", false},
		{AGX_FINDING_POINTER_UNMAPPED, "gpu_buf", true},
		{AGX_FINDING_QUEUE_VALUE, "rb_size", false},
		{AGX_FINDING_QUEUE_INDEX, "cpu_wptr", false},
		{AGX_FINDING_QUEUE_STATE, "cpu_wptr", false},
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct image image;
		struct queue queue;

		ready(&image, V13_5);
		make_queue(&image, &queue);
		queue.msg.pipe_type += i == 0;
		queue.msg.wptr += i == 1 ? 0x500 : 0;
		queue.msg.event_slot += i == 2 ? 128 : 0;
		queue.msg.is_new -= i == 3;
		queue.msg.pad_15[1] += i == 4;
		queue.msg.work_queue *= i != 5;
		queue.queue->event_id += i == 6;
		queue.queue->priority.unk_4 += i == 7;
		queue.queue->busy += i == 8;
		queue.queue->gpu_buf += i == 9 ? 0x10000000 : 0;
		queue.ring_state->rb_size += i == 10;
		queue.ring_state->cpu_wptr += i == 11 ? 0x500 : 0;
		queue.ring_state->cpu_wptr -= i == 12 ? 2 : 0;
		run_queue(&image, &queue);
		assert_found(&image, cases[i].id, NULL, cases[i].field);
		assert_int_equal(state_of(&image),
				 cases[i].crash ? AGX_FIRMWARE_CRASHED : AGX_FIRMWARE_READY);
		image_free(&image);
	}
}

/* Halts and crashes */

static void test_halt(void **state)
{
	const struct agx_event_msg fault = {.tag = AGX_EVENT_FAULT};
	const struct agx_firmware_stamp stamps[] = {{5, 0x300}, {127, 0x100}};
	struct agx_fw_status *status;
	struct image image;
	uint64_t globals;

	for (enum agx_fw_variant v = 0; v < AGX_FW_VARIANT_COUNT; v++) {
		unsigned int shift = v == V12_3 || v == AGX_FW_VARIANT_G14_V12_4 ? 3 : 4;

		ready(&image, v);
		status = image_object(&image, "fw_status")->data;
		globals = image_object(&image, "globals")->va;
		assert_int_equal(agx_firmware_halt(image.firmware, &fault, stamps, 2), 0);
		image_pump(&image);
		assert_int_equal(state_of(&image), AGX_FIRMWARE_HALTED);
		assert_int_equal(status->halted, 1);
		assert_int_equal(status->halt_count, 1);
		assert_int_equal(image.events, 2);
		assert_int_equal(image_get(&image, "globals", globals, "pending_stamps[0].info"),
				 1 | 5 << shift);
		assert_int_equal(image_get(&image, "globals", globals, "pending_stamps[1].info"),
				 1 | 127 << shift);
		assert_int_equal(
			image_get(&image, "globals", globals, "pending_stamps[1].wait_value"),
			0x100);
		status->halted = 0;
		status->resume = 1;
		image_pump(&image);
		assert_int_equal(state_of(&image), AGX_FIRMWARE_READY);
		assert_int_equal(status->resume, 0);
		assert_clean(&image);
		image_free(&image);
	}

	ready(&image, V13_5);
	status = image_object(&image, "fw_status")->data;
	agx_firmware_halt(image.firmware, &fault, NULL, 0);
	status->resume = 2;
	image_pump(&image);
	assert_int_equal(image.found_count, 2);
	assert_int_equal(image_count(&image, AGX_FINDING_STATUS_VALUE), 1);
	assert_int_equal(image_count(&image, AGX_FINDING_STATUS_RESUME), 1);
	image_free(&image);
}

/* When the firmware wants to look though nobody speaks, and whether it can be spoken to. */
static void test_next(void **state)
{
	const struct agx_event_msg fault = {.tag = AGX_EVENT_FAULT};
	struct agx_fw_status *status;
	struct image image;

	image_init(&image, V12_3);
	assert_true(agx_firmware_next(image.firmware) == UINT64_MAX);
	/* It waits for the driver's magic, or until it is turned off. */
	image.handoff->magic_ap = 0;
	agx_firmware_run(image.firmware, true);
	while (agx_firmware_step(image.firmware, 16))
		;
	assert_in_range(agx_firmware_next(image.firmware), 1, 24000);
	agx_firmware_run(image.firmware, false);
	assert_true(agx_firmware_next(image.firmware) == UINT64_MAX);
	for (unsigned int i = 0; i < AGX_FIRMWARE_INBOX; i++) {
		assert_true(agx_firmware_has_room(image.firmware));
		assert_int_equal(agx_firmware_mailbox(image.firmware, 0, 0), 0);
	}
	assert_false(agx_firmware_has_room(image.firmware));
	image_free(&image);

	/* With power it looks whether it may cut it; halted, whether it shall go on; dead, never. */
	ready(&image, V12_3);
	assert_in_range(agx_firmware_next(image.firmware), 1, 24000 * 10);
	status = image_object(&image, "fw_status")->data;
	assert_int_equal(agx_firmware_halt(image.firmware, &fault, NULL, 0), 0);
	assert_in_range(agx_firmware_next(image.firmware), 1, 24000);
	status->halted = 0;
	status->resume = 1;
	image_pump(&image);
	agx_firmware_crash(image.firmware, "asked to");
	assert_true(agx_firmware_next(image.firmware) == UINT64_MAX);
	image_free(&image);
}

static void test_crash(void **state)
{
	struct agx_rtkit_crash_header *header;
	struct agx_rtkit_crash_entry *entry;
	struct image image;
	unsigned int entries = 0;
	bool reason = false;
	char *data;

	ready(&image, V12_3);
	agx_firmware_crash(image.firmware, "asked to");
	image_pump(&image);
	assert_int_equal(image.crashes, 1);
	assert_int_equal(state_of(&image), AGX_FIRMWARE_CRASHED);
	data = image_object(&image, "crashlog")->data;
	header = (void *)data;
	assert_int_equal(header->type, AGX_RTKIT_CRASH_HEADER);
	for (uint32_t at = sizeof(*header); at < header->total_size; at += entry->length) {
		entry = (void *)(data + at);
		entries++;
		if (entry->type == AGX_RTKIT_CRASH_HEADER) {
			assert_int_equal(at + entry->length, header->total_size);
			break;
		}
		if (entry->type == AGX_RTKIT_CRASH_STRING)
			reason = !strcmp((char *)(entry + 1) + 4, "asked to");
	}
	assert_int_equal(entries, 4);
	assert_true(reason);
	image_doorbell(&image, AGX_DOORBELL_KICK); /* nobody listens */
	image_pump(&image);
	assert_clean(&image);

	/* Off and on again. */
	agx_firmware_reset(image.firmware);
	assert_int_equal(state_of(&image), AGX_FIRMWARE_OFF);
	image.app_up = false;
	image_boot(&image);
	assert_true(image.app_up);
	assert_clean(&image);
	image_free(&image);
}

static void test_sleep(void **state)
{
	struct image image;

	ready(&image, V12_3);
	image_send(&image, 0, 3ull << 52);
	image_send(&image, 0, 0xbull << 52 | AGX_RTKIT_POWER_QUIESCED);
	image_pump(&image);
	assert_int_equal(image.pongs, 1);
	assert_false(image.app_up);
	image_send(&image, 0, 6ull << 52 | AGX_RTKIT_POWER_QUIESCED);
	image_pump(&image);
	assert_int_equal(image.power_ack, AGX_RTKIT_POWER_QUIESCED);
	assert_int_equal(state_of(&image), AGX_FIRMWARE_ASLEEP);
	image_send(&image, 0, 6ull << 52 | AGX_RTKIT_POWER_INIT);
	image_pump(&image);
	assert_true(image.app_up);
	assert_int_equal(state_of(&image), AGX_FIRMWARE_UP);
	assert_clean(&image);
	image_free(&image);
}

static void test_deterministic(void **state)
{
	struct image a, b;

	ready(&a, V13_5);
	ready(&b, V13_5);
	assert_true(a.transcript_size > 500);
	assert_int_equal(a.transcript_size, b.transcript_size);
	assert_string_equal(a.transcript, b.transcript);
	assert_non_null(strstr(a.transcript, "ap->fw control[0] 1a000000\n"));
	assert_non_null(strstr(a.transcript, "fw->ap 20 0042000000000000\n"));
	image_free(&a);
	image_free(&b);
}

/* Must be the last. */
static void test_every_finding_seen(void **state)
{
	unsigned int missing = 0;

	for (int id = 0; id < 800; id++) {
		/* Those of work that runs are test_work's. */
		if ((id > AGX_FINDING_QUEUE_STATE && id < 700) || id > AGX_FINDING_STATUS_VALUE)
			continue;
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
		cmocka_unit_test(test_clean_start),    cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_bad_protection), cmocka_unit_test(test_bad_places),
		cmocka_unit_test(test_bad_mail),       cmocka_unit_test(test_boot_order),
		cmocka_unit_test(test_handoff),        cmocka_unit_test(test_no_ram),
		cmocka_unit_test(test_bad_indices),    cmocka_unit_test(test_lost_channel),
		cmocka_unit_test(test_full_rings),     cmocka_unit_test(test_control),
		cmocka_unit_test(test_answers),        cmocka_unit_test(test_flush),
		cmocka_unit_test(test_queues),         cmocka_unit_test(test_bad_queues),
		cmocka_unit_test(test_halt),           cmocka_unit_test(test_next),
		cmocka_unit_test(test_crash),          cmocka_unit_test(test_sleep),
		cmocka_unit_test(test_deterministic),  cmocka_unit_test(test_every_finding_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
