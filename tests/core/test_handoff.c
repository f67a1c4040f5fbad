// SPDX-License-Identifier: MIT
/*
 * The handoff lock: every interleaving of the driver's steps with those of a firmware that runs
 * the mirror image of the algorithm, explored to the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "machine.h"

/* The firmware, one shared access per step as well. */
enum fw {
	FW_IDLE,
	FW_RAISE,
	FW_LOOK,
	FW_TURN,
	FW_YIELD,
	FW_WAIT,
	FW_LOCKED,
	FW_GIVE,
	FW_LOWER
};

static enum fw fw_step(enum fw fw, struct agx_handoff_block *block)
{
	switch (fw) {
	case FW_IDLE:
		return FW_RAISE;
	case FW_RAISE:
		block->lock_fw = 1;
		return FW_LOOK;
	case FW_LOOK:
		return block->lock_ap ? FW_TURN : FW_LOCKED;
	case FW_TURN:
		return block->turn == 1 ? FW_LOOK : FW_YIELD;
	case FW_YIELD:
		block->lock_fw = 0;
		return FW_WAIT;
	case FW_WAIT:
		return block->turn == 1 ? FW_RAISE : FW_WAIT;
	case FW_LOCKED:
		return FW_GIVE;
	case FW_GIVE:
		block->turn = 0;
		return FW_LOWER;
	case FW_LOWER:
		block->lock_fw = 0;
		return FW_IDLE;
	}
	return FW_IDLE;
}

/* A state of both sides and what they share, as a number. */
#define STATES (9 * 9 * 8)

static unsigned int pack(enum agx_handoff_state ap, enum fw fw, const struct agx_handoff_block *b)
{
	return ((ap * 9 + fw) << 3) + (b->lock_ap << 2) + (b->lock_fw << 1) + b->turn;
}

static void unpack(unsigned int state, struct agx_handoff *ap, enum fw *fw,
		   struct agx_handoff_block *b)
{
	b->turn = state & 1;
	b->lock_fw = state >> 1 & 1;
	b->lock_ap = state >> 2 & 1;
	*fw = (state >> 3) % 9;
	ap->state = (state >> 3) / 9;
}

/* From each state: the driver moves, or the firmware does. In rest both may also stay. */
static unsigned int step(struct machine *machine, unsigned int state, bool driver)
{
	struct agx_handoff handoff;
	enum fw fw;

	agx_handoff_init(&handoff, &machine->platform, machine->config.handoff);
	unpack(state, &handoff, &fw, machine->config.handoff);
	if (driver)
		agx_handoff_step(&handoff, true);
	else
		fw = fw_step(fw, machine->config.handoff);
	return pack(handoff.state, fw, machine->config.handoff);
}

static bool reached[STATES];

/* Does the driver get the lock from here if both sides go on in turns? */
static bool driver_gets_there(struct machine *machine, unsigned int state)
{
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		struct agx_handoff handoff;
		enum fw fw;

		unpack(state, &handoff, &fw, machine->config.handoff);
		if (handoff.state == AGX_HANDOFF_LOCKED)
			return true;
		state = step(machine, state, i % 2);
	}
	return false;
}

static void the_lock_excludes_and_nobody_is_stuck(void **state)
{
	unsigned int todo[STATES], count = 0, states = 0, side;
	struct machine machine;

	(void)state;
	machine_init(&machine, 16 << 20);
	memset(reached, 0, sizeof(reached));
	reached[0] = true;
	todo[count++] = 0;
	/* The other side may have been the last one in. */
	reached[1] = true;
	todo[count++] = 1;
	while (count) {
		unsigned int now = todo[--count];
		struct agx_handoff handoff;
		enum fw fw;
		bool moves = false;

		states++;
		unpack(now, &handoff, &fw, machine.config.handoff);
		if (handoff.state == AGX_HANDOFF_LOCKED && fw == FW_LOCKED)
			fail_msg("both sides hold the lock");
		for (side = 0; side < 2; side++) {
			unsigned int next = step(&machine, now, side);

			moves |= next != now;
			if (!reached[next]) {
				reached[next] = true;
				todo[count++] = next;
			}
		}
		assert_true(moves);
		assert_true(driver_gets_there(&machine, now));
	}
	/* Far fewer means that the exploration was cut short. */
	assert_in_range(states, 60, STATES);
	assert_int_equal(machine_finish(&machine), 0);
}

/* A firmware that runs whenever the driver waits. */
struct firmware {
	enum fw fw;
	unsigned int steps;
	bool stuck;
};

static void firmware_runs(void *cookie, struct machine *machine)
{
	struct firmware *firmware = cookie;

	if (!firmware->stuck) {
		firmware->fw = fw_step(firmware->fw, machine->config.handoff);
		firmware->steps++;
	}
}

static void the_driver_waits_for_a_firmware_inside(void **state)
{
	struct agx_handoff_block *block;
	struct agx_handoff handoff;
	struct firmware firmware;
	struct machine machine;
	unsigned int turn, begin;

	(void)state;
	machine_init(&machine, 16 << 20);
	machine.now = 5 * AGX_HANDOFF_TIMEOUT_NS;
	block = machine.config.handoff;
	machine.relax = firmware_runs;
	machine.relax_cookie = &firmware;
	for (turn = 0; turn < 2; turn++) {
		for (begin = FW_IDLE; begin <= FW_LOWER; begin++) {
			memset(&firmware, 0, sizeof(firmware));
			firmware.fw = begin;
			block->lock_ap = 0;
			block->lock_fw = begin == FW_LOOK || begin == FW_TURN ||
					 begin >= FW_LOCKED || begin == FW_YIELD;
			block->turn = turn;
			agx_handoff_init(&handoff, &machine.platform, block);
			assert_int_equal(agx_handoff_lock(&handoff), 0);
			assert_int_equal(block->lock_ap, 1);
			assert_int_not_equal(firmware.fw, FW_LOCKED);
			agx_handoff_unlock(&handoff);
			assert_int_equal(block->lock_ap, 0);
			assert_int_equal(block->turn, 1);
		}
	}
	assert_int_equal(machine.logs, 0);
	assert_int_equal(machine_finish(&machine), 0);
}

static void a_firmware_that_never_leaves_is_given_up(void **state)
{
	struct firmware firmware = {.stuck = true};
	struct agx_handoff handoff;
	struct machine machine;
	unsigned int turn;

	(void)state;
	machine_init(&machine, 16 << 20);
	machine.relax = firmware_runs;
	machine.relax_cookie = &firmware;
	agx_handoff_init(&handoff, &machine.platform, machine.config.handoff);
	for (turn = 0; turn < 2; turn++) {
		machine.now = 0;
		machine.config.handoff->lock_fw = 1;
		machine.config.handoff->turn = turn;
		assert_int_equal(agx_handoff_lock(&handoff), -ETIMEDOUT);
		assert_in_range(machine.now, AGX_HANDOFF_TIMEOUT_NS,
				AGX_HANDOFF_TIMEOUT_NS + 10000);
		assert_int_equal(machine.config.handoff->lock_ap, 0);
	}
	/* It comes back: the lock can be had again. */
	machine.config.handoff->lock_fw = 0;
	assert_int_equal(agx_handoff_lock(&handoff), 0);
	assert_int_equal(agx_handoff_lock(&handoff), -EDEADLK);
	agx_handoff_unlock(&handoff);
	agx_handoff_unlock(&handoff); /* logged, harmless */
	assert_int_equal(machine.logs, 4);
	assert_int_equal(machine_finish(&machine), 0);
}

static void start_up_waits_for_the_magic(void **state)
{
	struct agx_handoff_block *block;
	struct agx_handoff handoff;
	struct machine machine;
	unsigned int polls;

	(void)state;
	machine_init(&machine, 16 << 20);
	block = machine.config.handoff;
	memset(block, 0xa5, sizeof(*block));
	block->lock_ap = block->lock_fw = 0;
	agx_handoff_init(&handoff, &machine.platform, block);
	agx_handoff_begin(&handoff);
	assert_int_equal(block->magic_ap, 0x4b1d000000000002);
	assert_int_equal(block->cur_slot, 0);
	assert_int_equal(block->unk_640, 0);
	for (polls = 0; polls < 5; polls++) {
		assert_int_equal(agx_handoff_poll(&handoff), -EAGAIN);
		machine.now += AGX_HANDOFF_POLL_NS;
	}
	assert_int_equal(block->flush[3].state, 0xa5a5a5a5a5a5a5a5);
	block->magic_fw = 0x4b1d000000000002;
	assert_int_equal(agx_handoff_poll(&handoff), 0);
	assert_int_equal(block->flush[0].addr, 0);
	assert_int_equal(block->flush[64].state, 0);
	assert_int_equal(block->flush[64].size, 0);
	assert_int_equal(block->unk_638, 0xa5);

	block->magic_fw = 0x4b1d000000000001;
	agx_handoff_begin(&handoff);
	machine.now += 999999999;
	assert_int_equal(agx_handoff_poll(&handoff), -EAGAIN);
	machine.now += 1;
	assert_int_equal(agx_handoff_poll(&handoff), -EIO);
	assert_int_equal(machine.logs, 1);
	assert_int_equal(machine_finish(&machine), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lock_excludes_and_nobody_is_stuck),
		cmocka_unit_test(the_driver_waits_for_a_firmware_inside),
		cmocka_unit_test(a_firmware_that_never_leaves_is_given_up),
		cmocka_unit_test(start_up_waits_for_the_magic),
	};

	return cmocka_run_group_tests_name("handoff", tests, NULL, NULL);
}
