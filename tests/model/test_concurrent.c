// SPDX-License-Identifier: MIT
/*
 * The firmware model beside a driver that runs at the same time, in a thread of its own: nothing is
 * taken before it is there, given back before it was read, overlooked, or looked at twice. The
 * driver here orders its accesses with acquire and release, so that a build with ThreadSanitizer
 * sees whether the model does, too; elsewhere these are stress tests that find what the host
 * reorders, and what is wrong on any machine.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image.h"
#include "internal.h"

#if defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define V12_3 AGX_FW_VARIANT_G13_V12_3
#define V13_5 AGX_FW_VARIANT_G14X_V13_5

#define ENTRIES 0x100u

#define acquire(ptr)        __atomic_load_n((ptr), __ATOMIC_ACQUIRE)
#define release(ptr, value) __atomic_store_n((ptr), (value), __ATOMIC_RELEASE)

static void ready(struct image *image, enum agx_fw_variant variant)
{
	image_init(image, variant);
	image_boot(image);
	image_start(image);
	assert_int_equal(image->found_count, 0);
}

static uint32_t *word_of(struct image *image, const char *object, uint32_t offset)
{
	return (uint32_t *)((char *)image_object(image, object)->data + offset);
}

static void assert_clean(const struct image *image)
{
	if (image->found_count)
		fail_msg("%u findings, the first: %s", image->found_count, image->found[0].text);
}

/* --- Rings from the driver: every message once, whole, and none overlooked --- */

#define MESSAGES 60000u

struct sender {
	uint8_t *ring;
	uint32_t *read_ptr, *write_ptr;
	uint32_t entry, tag;
	uint32_t first;     /* index that it begins with */
	uint32_t doorbells; /* rung, ever */
	bool over;
};

static void *send_all(void *data)
{
	struct sender *sender = data;
	uint32_t write = sender->first, freed = sender->first, sent;

	for (sent = 0; sent < MESSAGES; sent++) {
		uint8_t *slot = sender->ring + (size_t)write * sender->entry;

		while ((write + 1) % ENTRIES == acquire(sender->read_ptr))
			sched_yield();
		/* What the firmware has given back is ours to spoil. */
		for (uint32_t read = acquire(sender->read_ptr); freed != read;
		     freed = (freed + 1) % ENTRIES)
			memset(sender->ring + (size_t)freed * sender->entry, 0xdb, sender->entry);
		memset(slot, 0, sender->entry);
		memcpy(slot, &sender->tag, sizeof(sender->tag));
		write = (write + 1) % ENTRIES;
		release(sender->write_ptr, write);
		/* One doorbell for each message, as drivers ring. */
		__atomic_fetch_add(&sender->doorbells, 1, __ATOMIC_RELEASE);
	}
	release(&sender->over, true);
	return NULL;
}

static void messages_arrive(enum agx_fw_variant variant, uint32_t tag)
{
	struct agx_firmware_status status;
	struct sender sender = {.tag = tag};
	struct image image;
	uint32_t before, rung = 0;
	pthread_t thread;

	ready(&image, variant);
	sender.ring = image_object(&image, "control.ring")->data;
	sender.entry = (uint32_t)(image_object(&image, "control.ring")->size / ENTRIES);
	sender.read_ptr = word_of(&image, "control.state", 0);
	sender.write_ptr = word_of(&image, "control.state", 0x20);
	sender.first = *sender.write_ptr;
	agx_firmware_get_status(image.firmware, &status);
	before = status.messages_in;
	assert_int_equal(pthread_create(&thread, NULL, send_all, &sender), 0);
	for (;;) {
		/* The order matters: first who is over, then what was rung. */
		bool over = acquire(&sender.over);
		uint32_t doorbells = acquire(&sender.doorbells);

		/* Only a doorbell makes the firmware look; it may stand for several. */
		if (doorbells != rung) {
			rung = doorbells;
			image_doorbell(&image, AGX_DOORBELL_DEVICE_CONTROL);
			while (agx_firmware_step(image.firmware, 64) == 64)
				;
			image.mail_count = 0;
		} else if (over) {
			break;
		} else {
			sched_yield();
		}
	}
	pthread_join(thread, NULL);
	agx_firmware_get_status(image.firmware, &status);
	assert_int_equal(status.messages_in - before, MESSAGES);
	assert_clean(&image);
	image_free(&image);
}

static void messages_of_a_racing_driver_arrive(void **state)
{
	messages_arrive(V12_3, 0x23); /* UpdateIdleTS */
	messages_arrive(V13_5, 0x23);
}

/* --- Rings to the driver --- */

#define EVENTS 60000u

struct receiver {
	const uint8_t *ring;
	uint32_t *read_ptr, *write_ptr;
	uint32_t entry, count, wrong;
};

static void *receive_all(void *data)
{
	struct receiver *receiver = data;
	uint32_t read = *receiver->read_ptr;

	while (receiver->count < EVENTS) {
		struct agx_event_msg event;

		if (read == acquire(receiver->write_ptr)) {
			sched_yield();
			continue;
		}
		memcpy(&event, receiver->ring + (size_t)read * receiver->entry, sizeof(event));
		if (event.tag != AGX_EVENT_FLAG || event.flag.firing[0] != receiver->count ||
		    event.flag.firing[3] != ~receiver->count)
			receiver->wrong++;
		receiver->count++;
		read = (read + 1) % ENTRIES;
		release(receiver->read_ptr, read);
	}
	return NULL;
}

static void events_reach_a_racing_driver(void **state)
{
	struct receiver receiver = {0};
	struct image image;
	uint32_t sent = 0;
	pthread_t thread;

	ready(&image, V12_3);
	receiver.ring = image_object(&image, "event.ring")->data;
	receiver.entry = (uint32_t)(image_object(&image, "event.ring")->size / ENTRIES);
	receiver.read_ptr = word_of(&image, "event.state", 0);
	receiver.write_ptr = word_of(&image, "event.state", 0x20);
	/* Nobody has read those of the start. */
	*receiver.read_ptr = *receiver.write_ptr;
	assert_int_equal(pthread_create(&thread, NULL, receive_all, &receiver), 0);
	while (sent < EVENTS) {
		struct agx_event_msg event = {.tag = AGX_EVENT_FLAG};

		event.flag.firing[0] = sent;
		event.flag.firing[3] = ~sent;
		if (agx_firmware_send_raw_event(image.firmware, &event)) {
			sched_yield();
			continue;
		}
		sent++;
		if (!(sent % 64)) {
			agx_firmware_step(image.firmware, 8);
			image.mail_count = 0;
		}
	}
	pthread_join(thread, NULL);
	assert_int_equal(receiver.wrong, 0);
	assert_clean(&image);
	image_free(&image);
}

/* --- Halts: the driver clears halted and sets resume, in this order --- */

#define HALTS 20000u

struct resumer {
	uint32_t *halted, *resume;
	uint64_t *halt_count;
	uint32_t count, wrong;
};

static void *resume_all(void *data)
{
	struct resumer *resumer = data;

	while (resumer->count < HALTS) {
		if (!acquire(resumer->halted)) {
			sched_yield();
			continue;
		}
		resumer->count++;
		if (__atomic_load_n(resumer->halt_count, __ATOMIC_RELAXED) != resumer->count)
			resumer->wrong++;
		__atomic_store_n(resumer->halted, 0, __ATOMIC_RELAXED);
		release(resumer->resume, 1);
	}
	return NULL;
}

static void halts_of_a_racing_driver_resume(void **state)
{
	const struct agx_event_msg fault = {.tag = AGX_EVENT_FAULT};
	struct agx_firmware_status status;
	struct resumer resumer = {0};
	uint32_t *read_ptr, *write_ptr;
	struct image image;
	pthread_t thread;

	ready(&image, V12_3);
	resumer.halted = word_of(&image, "fw_status", offsetof(struct agx_fw_status, halted));
	resumer.resume = word_of(&image, "fw_status", offsetof(struct agx_fw_status, resume));
	resumer.halt_count = (uint64_t *)word_of(&image, "fw_status",
						 offsetof(struct agx_fw_status, halt_count));
	read_ptr = word_of(&image, "event.state", 0);
	write_ptr = word_of(&image, "event.state", 0x20);
	assert_int_equal(pthread_create(&thread, NULL, resume_all, &resumer), 0);
	for (unsigned int i = 0; i < HALTS; i++) {
		*read_ptr = *write_ptr;
		assert_int_equal(agx_firmware_halt(image.firmware, &fault, NULL, 0), 0);
		do {
			if (!agx_firmware_step(image.firmware, 16))
				sched_yield();
			agx_firmware_get_status(image.firmware, &status);
			image.mail_count = 0;
		} while (status.state == AGX_FIRMWARE_HALTED);
	}
	pthread_join(thread, NULL);
	assert_int_equal(resumer.wrong, 0);
	assert_clean(&image);
	image_free(&image);
}

/* --- The handoff lock --- */

#define TURNS 100000u

struct crossing {
	struct agx_handoff_block block;
	uint64_t inside; /* guarded by the lock alone */
	bool stop;
};

/* The driver's half, as a loop. */
static void *cross(void *data)
{
	struct crossing *crossing = data;
	struct agx_handoff_block *block = &crossing->block;

	for (unsigned int i = 0; i < TURNS; i++) {
		release(&block->lock_ap, 1);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		while (acquire(&block->lock_fw)) {
			if (acquire(&block->turn) == AGX_HANDOFF_TURN_AP)
				continue;
			release(&block->lock_ap, 0);
			while (acquire(&block->turn) != AGX_HANDOFF_TURN_AP)
				sched_yield();
			release(&block->lock_ap, 1);
			__atomic_thread_fence(__ATOMIC_SEQ_CST);
		}
		crossing->inside++;
		release(&block->turn, AGX_HANDOFF_TURN_FW);
		release(&block->lock_ap, 0);
	}
	return NULL;
}

static void the_handoff_lock_excludes(void **state)
{
	struct agx_firmware *firmware = calloc(1, sizeof(*firmware));
	struct crossing *crossing = calloc(1, sizeof(*crossing));
	uint64_t refused = 0;
	pthread_t thread;

	assert_true(firmware && crossing);
	assert_int_equal(pthread_create(&thread, NULL, cross, crossing), 0);
	for (unsigned int i = 0; i < TURNS; i++) {
		while (!handoff_lock(firmware, &crossing->block)) {
			refused++;
			sched_yield();
		}
		crossing->inside++;
		handoff_unlock(firmware, &crossing->block);
	}
	pthread_join(thread, NULL);
	assert_int_equal(crossing->inside, 2 * TURNS);
	assert_int_equal(crossing->block.lock_ap, 0);
	assert_int_equal(crossing->block.lock_fw, 0);
	(void)refused;
	free(crossing);
	free(firmware);
}

static void *toggle(void *data)
{
	struct crossing *crossing = data;
	uint64_t random = 1;

	while (!acquire(&crossing->stop)) {
		random = random * 6364136223846793005ull + 1442695040888963407ull;
		release(&crossing->block.lock_ap, (uint8_t)(random >> 60 & 1));
		release(&crossing->block.turn, (uint32_t)(random >> 61 & 3));
	}
	return NULL;
}

/* Ends whatever the other side does, and goes on from there. */
static void a_hostile_handoff_ends(void **state)
{
	static const struct {
		uint8_t lock_ap;
		uint32_t turn;
		bool raised; /* when it has given up */
	} stuck[] = {
		{1, AGX_HANDOFF_TURN_AP, false}, {1, AGX_HANDOFF_TURN_FW, true}, {1, 7, false}};
	struct agx_firmware *firmware = calloc(1, sizeof(*firmware));
	struct crossing *crossing = calloc(1, sizeof(*crossing));
	pthread_t thread;

	assert_true(firmware && crossing);
	for (size_t i = 0; i < sizeof(stuck) / sizeof(stuck[0]); i++) {
		crossing->block.lock_ap = stuck[i].lock_ap;
		crossing->block.turn = stuck[i].turn;
		assert_false(handoff_lock(firmware, &crossing->block));
		assert_int_equal(crossing->block.lock_fw, stuck[i].raised);
		assert_false(handoff_lock(firmware, &crossing->block));
		crossing->block.lock_ap = 0;
		assert_true(handoff_lock(firmware, &crossing->block));
		handoff_unlock(firmware, &crossing->block);
		assert_int_equal(crossing->block.lock_fw, 0);
	}
	assert_int_equal(pthread_create(&thread, NULL, toggle, crossing), 0);
	for (unsigned int i = 0; i < 1000; i++)
		if (handoff_lock(firmware, &crossing->block))
			handoff_unlock(firmware, &crossing->block);
	release(&crossing->stop, true);
	pthread_join(thread, NULL);
	free(crossing);
	free(firmware);
}

/* --- A driver that writes anything anywhere --- */

#define HOSTILE_STEPS 3000u

struct vandal {
	struct image *image;
	uint64_t random;
	bool stop;
};

static uint64_t next(struct vandal *vandal)
{
	vandal->random = vandal->random * 6364136223846793005ull + 1442695040888963407ull;
	return vandal->random >> 16;
}

static void *spoil(void *data)
{
	struct vandal *vandal = data;
	struct image *image = vandal->image;

	while (!acquire(&vandal->stop)) {
		const struct image_object *object =
			&image->objects[next(vandal) % image->object_count];
		uint64_t at = next(vandal) % (object->size / 4) * 4;
		uint32_t value = (uint32_t)next(vandal);

		/* Mostly what could be an index, else what could be a pointer's half. */
		if (next(vandal) % 4)
			value %= 0x200;
		__atomic_store_n((uint32_t *)((char *)object->data + at), value, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void a_hostile_driver_breaks_nothing(void **state)
{
	/* Races are what this is made of. */
	if (SANITIZED)
		skip();
	for (enum agx_fw_variant v = 0; v < AGX_FW_VARIANT_COUNT; v++) {
		struct vandal vandal = {.random = v + 1};
		struct image image;
		pthread_t thread;

		ready(&image, v);
		vandal.image = &image;
		assert_int_equal(pthread_create(&thread, NULL, spoil, &vandal), 0);
		for (unsigned int i = 0; i < HOSTILE_STEPS; i++) {
			image_doorbell(&image, i % 18);
			agx_firmware_mailbox(image.firmware,
					     (uint64_t)AGX_MSG_FWCTL << AGX_MSG_TYPE_SHIFT,
					     AGX_EP_DOORBELL);
			agx_firmware_step(image.firmware, 256);
			image.mail_count = 0;
		}
		release(&vandal.stop, true);
		pthread_join(thread, NULL);
		image_free(&image);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_of_a_racing_driver_arrive),
		cmocka_unit_test(events_reach_a_racing_driver),
		cmocka_unit_test(halts_of_a_racing_driver_resume),
		cmocka_unit_test(the_handoff_lock_excludes),
		cmocka_unit_test(a_hostile_handoff_ends),
		cmocka_unit_test(a_hostile_driver_breaks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
