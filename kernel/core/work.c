// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Work as a whole: events in, chores, the watch, life and death of the firmware.
 *
 * Nothing here waits. What has to wait for the firmware is a chore, taken up again whenever the
 * core is called: jobs for which there was no room in a channel, RecoverChannel, a halt, contexts
 * and caches to be let go. What ends jobs is done from the outermost call only, so that nobody's
 * job disappears under his hands.
 */
#include "agx_fault.h"
#include "job_internal.h"

#define NEVER UINT64_MAX

/* How often to look whether the firmware has taken a message: nothing tells. */
#define CHORE_NS 1000000ull

/* How long nothing may happen before the stamps are looked at without being asked to. */
#define LOOK_NS 100000000ull

uint32_t agx_work_look(struct agx_ring *ring)
{
	struct agx_core_queue *queue = ring->queue;
	uint32_t count = agx_ring_retire(ring);

	if (count) {
		agx_event_release(ring);
		agx_queue_finish_jobs(queue); /* after which the queue may be gone */
	}
	return count;
}

static void handle_flag(struct agx_core *core, const uint32_t firing[4])
{
	unsigned int word;

	for (word = 0; word < AGX_EVENT_SLOTS / 32; word++) {
		uint32_t bits = firing[word];

		for (; bits; bits &= bits - 1) {
			unsigned int slot = word * 32 + (unsigned int)__builtin_ctz(bits);

			if (core->work.slots[slot].ring)
				agx_work_look(core->work.slots[slot].ring);
		}
	}
}

void agx_work_event(struct agx_core *core, const struct agx_core_event *event)
{
	switch (event->tag) {
	case AGX_EVENT_FLAG:
		handle_flag(core, event->firing);
		return;
	case AGX_EVENT_GROW_TVB:
		core->work.progress = true;
		agx_core_grow_tvb(core, event);
		return;
	default:
		agx_recover_event(core, event);
	}
}

void agx_work_fail(struct agx_core *core, int error)
{
	if (!core->work.failing)
		core->work.failing = error;
}

static void fail_jobs(struct agx_core *core)
{
	int error = core->work.failing;

	if (!error)
		return;
	core->work.failing = 0;
	agx_jobs_fail(core, error);
}

static void soon(uint64_t *wait, bool pending)
{
	if (pending && *wait > CHORE_NS)
		*wait = CHORE_NS;
}

uint64_t agx_work_step(struct agx_core *core)
{
	struct agx_work *work = &core->work;
	uint64_t wait = NEVER;

	fail_jobs(core);
	if (core->state != AGX_CORE_READY)
		return NEVER;
	if (work->parked)
		soon(&wait, agx_jobs_step(core));
	if (work->halting || work->recovering || work->recover_sent)
		agx_recover_step(core, &wait);
	if (work->zombies)
		soon(&wait, agx_queues_step(core));
	if (work->dying)
		soon(&wait, agx_vms_step(core));
	soon(&wait, agx_tvb_poll(core));
	fail_jobs(core); /* a chore may have been the end */
	return wait;
}

/*
 * Is anything done that no event has told of? The firmware writes a stamp first and puts the event
 * into its ring then, and may be held up in between: only what the next look finds again is lost.
 */
static void look_around(struct agx_core *core)
{
	struct agx_work *work = &core->work;
	uint32_t slot, found = 0;
	bool done = false;

	agx_core_drain(core);
	if (core->state != AGX_CORE_READY)
		return;
	for (slot = 0; slot < AGX_EVENT_SLOTS; slot++)
		done |= work->slots[slot].ring && agx_ring_has_done(work->slots[slot].ring);
	if (!done)
		agx_core_ring_again(core); /* a doorbell may have been lost */
	if (!done || !work->unannounced) {
		work->unannounced = done;
		return;
	}

	work->unannounced = false;
	for (slot = 0; slot < AGX_EVENT_SLOTS; slot++)
		if (work->slots[slot].ring)
			found += agx_work_look(work->slots[slot].ring);
	agx_log(core->platform, AGX_LOG_WARNING, "core: %u commands were done without an event",
		found);
	agx_core_record(core, AGX_RECORD_FAULT, AGX_CORE_FAULT_HANG, 0, 0,
			"hang: commands were done that no event has told of");
}

static void give_up(struct agx_core *core)
{
	agx_recover_hang(core);
	agx_work_fail(core, -ETIMEDOUT);
	agx_core_fail(core, "work does not go on, and the firmware does not say why");
}

/* Nanoseconds until it wants to look again. */
static uint64_t watch(struct agx_core *core)
{
	struct agx_work *work = &core->work;
	uint64_t limit = core->config.work_timeout_ns, time, idle, next;

	if (!work->outstanding)
		return NEVER;
	time = agx_core_now(core);
	if (work->progress) {
		work->progress = false;
		work->unannounced = false;
		work->progress_time = work->look_time = time;
	}
	if (time - work->look_time >= LOOK_NS) {
		work->look_time = time;
		look_around(core);
		if (!work->outstanding)
			return NEVER;
		if (work->progress) {
			work->progress = false;
			work->progress_time = time;
		}
	}
	idle = time - work->progress_time;
	if (!limit)
		limit = AGX_WORK_TIMEOUT_NS;
	if (idle >= limit) {
		give_up(core);
		return 0;
	}
	next = LOOK_NS - (time - work->look_time);
	return next < limit - idle ? next : limit - idle;
}

uint64_t agx_work_poll(struct agx_core *core)
{
	uint64_t wait = agx_work_step(core), look;

	if (core->state != AGX_CORE_READY)
		return NEVER;
	look = watch(core);
	fail_jobs(core);
	return wait < look ? wait : look;
}

void agx_work_start(struct agx_core *core)
{
	core->work.life++;
	agx_events_restart(core);
	agx_queues_restart(core);
}

void agx_work_off(struct agx_core *core)
{
	agx_work_fail(core, -ENODEV);
	fail_jobs(core);
	agx_recover_off(core);
	agx_queues_off(core);
	agx_jobs_off(core);
	agx_vms_off(core);
}

void agx_work_create(struct agx_core *core)
{
	core->work.next_queue = AGX_FIRST_QUEUE_NUMBER;
	core->builders = agx_default_builders;
}

void agx_work_destroy(struct agx_core *core)
{
	const struct agx_platform *platform = core->platform;
	struct agx_work *work = &core->work;

	agx_jobs_destroy(core);
	agx_heap_free(core->heaps[AGX_HEAP_SHARED], work->stamps);
	agx_heap_free(core->heaps[AGX_HEAP_PRIVATE], work->fw_stamps);
	if (work->page.size)
		platform->mem_free(platform->cookie, &work->page);
}
