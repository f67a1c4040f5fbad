// SPDX-License-Identifier: MIT
/*
 * The firmware model against a hostile driver. The first byte chooses the variant; then come
 * operations of 8 bytes: what, object, offset (2), value (4). They write into the init data, the
 * rings' states, the rings and the page tables, before the start and after it, and send mailbox
 * messages. Nothing may crash, run for ever, or leave RAM; a finding is no failure.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_OPS   64
#define MAX_STEPS 20000

enum op {
	OP_WORD,    /* write 32 bits into an object */
	OP_POINTER, /* write a 64-bit address that the image knows, plus the value */
	OP_ENTRY,   /* change the entry of an object's page */
	OP_MAIL,    /* send a message */
	OP_BELL,    /* ring */
	OP_START,   /* INIT and what follows */
	OP_EVENT,   /* the firmware sends something */
	OP_RUN,     /* power off and on */
	OP_COUNT,
};

static void step(struct image *image)
{
	unsigned int total = 0;

	while (total < MAX_STEPS) {
		unsigned int done = agx_firmware_step(image->firmware, 64);

		image->mail_count = 0;
		total += done;
		if (done < 64)
			return;
	}
	fprintf(stderr, "fuzz_initdata: still busy after %u steps\n", total);
	abort();
}

static void one(struct image *image, const uint8_t *op)
{
	struct image_object *object = &image->objects[op[1] % image->object_count];
	struct image_object *other = &image->objects[op[4] % image->object_count];
	uint64_t offset = (uint64_t)(op[2] | op[3] << 8) * 4 % object->size;
	const struct agx_event_msg event = {
		.tag = op[1] % 10,
		.grow_tvb = {op[4], op[5], op[6]},
	};
	uint32_t value;
	uint64_t wide;

	memcpy(&value, op + 4, 4);
	switch (op[0] % OP_COUNT) {
	case OP_WORD:
		if (offset + 4 <= object->size)
			memcpy((char *)object->data + offset, &value, 4);
		break;
	case OP_POINTER:
		wide = other->va + (uint64_t)(int64_t)(int16_t)(op[6] | op[7] << 8);
		if (offset + 8 <= object->size)
			memcpy((char *)object->data + offset, &wide, 8);
		break;
	case OP_ENTRY:
		*image_entry(image, object->va + (offset & ~(AGX_UAT_PAGE_SIZE - 1))) ^=
			1ull << op[4] % 64;
		break;
	case OP_MAIL:
		wide = (uint64_t)value << 32 | op[2] | op[3] << 8;
		agx_firmware_mailbox(image->firmware, wide, op[1] & 0x23);
		break;
	case OP_BELL:
		agx_firmware_mailbox(image->firmware,
				     (op[1] & 0x20 ? 0x84ull : 0x83ull) << 48 | op[1] % 20,
				     AGX_EP_DOORBELL);
		break;
	case OP_START:
		agx_firmware_mailbox(image->firmware,
				     0x81ull << 48 | (image->objects[0].va & AGX_MSG_INIT_ADDRESS),
				     AGX_EP_FIRMWARE);
		break;
	case OP_EVENT:
		if (event.tag == AGX_EVENT_FAULT || event.tag == AGX_EVENT_TIMEOUT)
			agx_firmware_halt(image->firmware, &event, NULL, 0);
		else if (event.tag == 2)
			agx_firmware_send_log(image->firmware, op[4] % 8, "line");
		else
			agx_firmware_send_event(image->firmware, &event);
		break;
	case OP_RUN:
		agx_firmware_run(image->firmware, op[1] & 1);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image image;
	unsigned int ops;

	if (size < 1)
		return 0;
	image_init(&image, data[0] % AGX_FW_VARIANT_COUNT);
	image_boot(&image);
	image.passive = true;
	data++;
	size--;
	for (ops = 0; ops < MAX_OPS && size >= 8; ops++, data += 8, size -= 8) {
		one(&image, data);
		/* What comes before the start is seen as a whole. */
		if (data[0] % OP_COUNT >= OP_MAIL)
			step(&image);
	}
	step(&image);
	image_free(&image);
	return 0;
}
