// SPDX-License-Identifier: MIT
/*
 * Long random lives: several VMs and queues, jobs of all kinds, submitted or thrown away, a firmware
 * that runs a bit now and then, loses events, faults and crashes. After each: every submitted job
 * ends exactly once, in its queue's order, and at the end nothing is left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "work_fixture.h"

#define VMS    3
#define QUEUES 9
#define JOBS   24

enum state {
	NONE,
	CREATED,
	SUBMITTED,
	ENDED
};

struct life {
	struct agx_core_queue *queue;
	uint64_t created, ended; /* numbers of the last job that ... */
};

struct entry {
	enum state state;
	struct agx_core_job *job;
	unsigned int queue;
	uint64_t number;
};

struct world {
	struct work *work;
	uint64_t random;
	struct agx_core_vm *vms[VMS];
	struct life queues[QUEUES];
	struct entry jobs[JOBS];
	unsigned int seen; /* of work->done */
	uint64_t number;
	unsigned int created, submitted, busy, ended, failed, crashes;
};

static unsigned int pick(struct world *world, unsigned int n)
{
	return (unsigned int)(machine_random(&world->random) % n);
}

/* What has ended since we looked last. */
static void look(struct world *world)
{
	struct work *work = world->work;

	for (; world->seen < work->done_count; world->seen++) {
		struct entry *entry = work->done[world->seen].data;
		struct life *life = &world->queues[entry->queue];

		assert_int_equal(entry->state, SUBMITTED);
		assert_true(entry->number > life->ended);
		life->ended = entry->number;
		entry->state = ENDED;
		world->ended++;
		world->failed += work->done[world->seen].error != 0;
	}
	work->done_count = world->seen = 0;
	work->record_count = 0;
}

static void create(struct world *world)
{
	static const char *const whats[] = {
		"c", "r", "rc", "v0c", "k0r", "v0k0c", "v0k0rv1k0c", "ccck3c", "rrrv2r", "crck1v1r",
	};
	unsigned int i = pick(world, JOBS), q = pick(world, QUEUES);
	struct entry *entry = &world->jobs[i];
	int err;

	if (entry->state != NONE || !world->queues[q].queue)
		return;
	err = work_job(world->queues[q].queue, whats[pick(world, 10)], entry, &entry->job);
	if (err == -ENOMEM && !world->work->fixture.machine.fail_after)
		return;
	assert_int_equal(err, 0);
	entry->state = CREATED;
	entry->queue = q;
	entry->number = ++world->number;
	world->created++;
}

static void submit(struct world *world)
{
	struct entry *entry = &world->jobs[pick(world, JOBS)], *oldest = entry;
	bool first;
	unsigned int i;
	int err;

	for (i = 0; entry->state != CREATED; i++) {
		if (i == JOBS)
			return;
		entry = oldest = &world->jobs[i];
	}
	for (i = 0; i < JOBS; i++)
		if (world->jobs[i].state == CREATED && world->jobs[i].queue == entry->queue &&
		    world->jobs[i].number < oldest->number)
			oldest = &world->jobs[i];
	if (pick(world, 8))
		entry = oldest;
	first = entry == oldest;
	err = agx_core_job_submit(entry->job);
	if (!first) {
		assert_int_equal(err, -EINVAL);
	} else if (err == -ENODEV) {
		/* Of a former life. */
		agx_core_job_destroy(entry->job);
		entry->state = NONE;
	} else if (err == -EBUSY) {
		world->busy++;
	} else {
		assert_int_equal(err, 0);
		entry->state = SUBMITTED;
		world->submitted++;
	}
}

static void destroy(struct world *world)
{
	struct entry *entry = &world->jobs[pick(world, JOBS)];

	if (entry->state != ENDED && (entry->state != CREATED || pick(world, 5)))
		return;
	agx_core_job_destroy(entry->job);
	entry->state = NONE;
}

static void toggle_queue(struct world *world)
{
	unsigned int i, q = pick(world, QUEUES);

	for (i = 0; i < JOBS; i++)
		if (world->jobs[i].state != NONE && world->jobs[i].queue == q)
			return;
	if (world->queues[q].queue) {
		agx_core_queue_destroy(world->queues[q].queue);
		world->queues[q] = (struct life){0};
		return;
	}
	world->queues[q] = (struct life){0};
	assert_int_equal(
		agx_core_queue_create(world->vms[q % VMS], q % 4, q, &world->queues[q].queue), 0);
}

static void run(struct world *world)
{
	world->work->lazy = !pick(world, 8);
	hand_take(world->work);
	hand_run(world->work, 1 + pick(world, 12));
	world->work->lazy = false;
}

static void fault(struct world *world)
{
	struct agx_event_msg event = {.tag = pick(world, 2) ? AGX_EVENT_FAULT : AGX_EVENT_TIMEOUT};
	struct work *work = world->work;
	uint32_t slot;

	hand_take(work);
	for (slot = 0; slot < AGX_EVENT_SLOTS; slot++) {
		struct agx_ring *ring = work->core->work.slots[slot].ring;

		if (ring && pick(world, 2))
			hand_pending(work, slot, slot, ring->submitted - 0x100 * pick(world, 3));
	}
	event.timeout.event_slot = (int32_t)pick(world, 20) - 1;
	event.timeout.counter = (uint32_t)agx_core_fw_status(work->core)->halt_count;
	hand_halt(work);
	hand_event(work, &event);
	assert_true(hand_resumed(work));
}

static void crash(struct world *world)
{
	struct work *work = world->work;
	unsigned int i;

	if (pick(world, 2)) {
		agx_core_fail(work->core, "the test says so");
		if (pick(world, 2))
			agx_core_poll(work->core);
	}
	work_restart(work);
	look(world);
	for (i = 0; i < JOBS; i++)
		assert_int_not_equal(world->jobs[i].state, SUBMITTED);
	world->crashes++;
}

static void step(struct world *world)
{
	unsigned int what = pick(world, 1000);

	if (what < 300)
		create(world);
	else if (what < 600)
		submit(world);
	else if (what < 750)
		run(world);
	else if (what < 930)
		destroy(world);
	else if (what < 960)
		toggle_queue(world);
	else if (what < 975) {
		world->work->fixture.machine.now += (uint64_t)pick(world, 200) * 1000000;
		agx_core_poll(world->work->core);
	} else if (what < 990)
		fault(world);
	else if (what < 993)
		crash(world);
	else
		agx_core_poll(world->work->core);
	look(world);
}

/* Adds to totals: jobs that were submitted, that failed; crashes. */
static void live(const char *soc, uint64_t seed, unsigned int steps, unsigned int totals[3])
{
	struct world *world = calloc(1, sizeof(*world));
	unsigned int i;

	world->random = seed;
	world->work = work_make(soc, 0);
	for (i = 0; i < VMS; i++)
		assert_int_equal(agx_core_vm_create(world->work->core, 0x100000000, 0x140000000,
						    &world->vms[i]),
				 0);
	for (i = 0; i < steps; i++)
		step(world);

	/* The end: everything that was submitted ends, the rest is thrown away. */
	for (i = 0; i < JOBS; i++)
		if (world->jobs[i].state == CREATED) {
			agx_core_job_destroy(world->jobs[i].job);
			world->jobs[i].state = NONE;
		}
	work_settle(world->work);
	hand_run_all(world->work);
	work_settle(world->work);
	look(world);
	for (i = 0; i < JOBS; i++) {
		assert_true(world->jobs[i].state == NONE || world->jobs[i].state == ENDED);
		if (world->jobs[i].state == ENDED)
			agx_core_job_destroy(world->jobs[i].job);
	}
	assert_int_equal(world->ended, world->submitted);
	for (i = 0; i < QUEUES; i++)
		agx_core_queue_destroy(world->queues[i].queue);
	for (i = 0; i < VMS; i++)
		agx_core_vm_destroy(world->vms[i]);
	totals[0] += world->submitted;
	totals[1] += world->failed;
	totals[2] += world->crashes;
	work_done(world->work);
	free(world);
}

static void test_random_lives(void **state)
{
	static const char *const socs[] = {"t8103", "t8112", "t6021", "t6000"};
	unsigned int totals[3] = {0};
	unsigned int i;

	for (i = 0; i < 12; i++)
		live(socs[i % 4], 1000 + i, 4000, totals);
	print_message("%u jobs, %u failed, %u crashes\n", totals[0], totals[1], totals[2]);
	assert_true(totals[0] > 4000);
	assert_true(totals[1] > 200);
	assert_true(totals[2] > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
