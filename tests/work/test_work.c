// SPDX-License-Identifier: MIT
/* Jobs from creation to their end: stamps, slots, contexts, order, barriers, back-pressure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "work_fixture.h"

#define DATA(n) ((void *)(uintptr_t)(n))

static void check_done(const struct work *work, unsigned int index, uintptr_t data, int error)
{
	assert_true(index < work->done_count);
	assert_int_equal((uintptr_t)work->done[index].data, data);
	assert_int_equal(work->done[index].error, error);
}

static const struct {
	const char *soc;
	unsigned int firmware;
} variants[] = {{"t8103", 0}, {"t8112", 0}, {"t8103", 1}, {"t8112", 1}, {"t6021", 0}};

#define VARIANTS (sizeof(variants) / sizeof(variants[0]))

static void test_one_of_each_on_every_variant(void **state)
{
	unsigned int i;

	for (i = 0; i < VARIANTS; i++) {
		struct work *work = work_make(variants[i].soc, variants[i].firmware);
		struct agx_core_queue *queue = work_queue(work);
		struct agx_core_job *compute, *render;
		struct hand_queue *hand;
		const struct agx_gpu_context_data *context = queue->context->cpu;

		assert_int_equal(queue->number, 2);
		assert_int_equal(context->unk_0, 0xff);
		assert_int_equal(context->unk_1, 0xff);
		assert_int_equal(context->unk_5, 1);
		assert_int_equal(context->unk_1e, 0xff);
		assert_int_equal(context->unk_23, 2);
		compute = work_submit(queue, "c", DATA(1));
		assert_int_equal(((struct agx_threshold *)queue->threshold_word->cpu)->count, 1);
		render = work_submit(queue, "r", DATA(2));
		assert_int_equal(((struct agx_threshold *)queue->threshold_word->cpu)->count, 3);
		assert_int_equal(*agx_core_globals_word(
					 work->core, work->core->ops->globals_pending_submissions),
				 2);
		assert_int_equal(hand_run_all(work), 3);
		assert_int_equal(work->done_count, 2);
		check_done(work, 0, 1, 0);
		check_done(work, 1, 2, 0);
		assert_int_equal(*agx_core_globals_word(
					 work->core, work->core->ops->globals_pending_submissions),
				 0);
		hand = hand_queue_of(work, queue, AGX_PIPE_FRAGMENT);
		assert_int_equal(hand->barriers, 1);
		agx_core_job_destroy(compute);
		agx_core_job_destroy(render);
		agx_core_queue_destroy(queue);
		work_settle(work);
		assert_int_equal(work->destroyed, 1);
		work_done(work);
	}
}

/* What builders are told of where commands run. */
static void test_surroundings_of_a_job(void **state)
{
	unsigned int i;

	for (i = 0; i < VARIANTS; i++) {
		struct work *work = work_make(variants[i].soc, variants[i].firmware);
		struct agx_core *core = work->core;
		struct agx_core_queue *queue = work_queue(work);
		const struct agx_job_env *env;
		struct agx_core_job *job;

		assert_int_equal(work_job(queue, "c", NULL, &job), 0);
		env = agx_job_env(job);
		assert_ptr_equal(env->core, core);
		assert_ptr_equal(env->queue, queue);
		assert_ptr_equal(env->vm, work->vm);
		assert_ptr_equal(env->soc, agx_soc_find(variants[i].soc));
		assert_int_equal(env->usc_exec_base, 0x1000);
		assert_int_equal(env->vm_slot, 1);
		assert_int_equal(env->queue_number, 2);
		assert_int_equal(env->notifier, queue->notifier->va);
		assert_int_equal(env->notifier_buf,
				 variants[i].firmware || i == 4 ? env->notifier + 0xa8 : 0);
		assert_int_equal(env->stats_compute, core->objects[AGX_INIT_STATS_COMPUTE]->va);
		assert_int_equal(env->stats_vertex, core->objects[AGX_INIT_STATS_VERTEX]->va + 4);
		assert_int_equal(env->stats_fragment,
				 core->objects[AGX_INIT_STATS_FRAGMENT]->va + 8);
		assert_int_equal(env->queue_info[AGX_PIPE_COMPUTE],
				 queue->rings[AGX_PIPE_COMPUTE]->info->va);
		assert_int_equal(env->queue_info[AGX_PIPE_VERTEX], 0);
		assert_ptr_equal(env->tvb, &queue->tvb);
		agx_core_job_destroy(job);
		agx_core_queue_destroy(queue);
		work_done(work);
	}
}

/* Kick first; then fragment, vertex, compute. */
static void test_order_of_doorbells(void **state)
{
	static const uint64_t expected[] = {
		AGX_DOORBELL_KICK,
		AGX_DOORBELL_PIPE(AGX_PIPE_FRAGMENT, 2),
		AGX_DOORBELL_PIPE(AGX_PIPE_VERTEX, 2),
		AGX_DOORBELL_PIPE(AGX_PIPE_COMPUTE, 2),
	};
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queue = work_queue(work);
	struct agx_core_job *job;
	unsigned int i;

	assert_int_equal(work_job(queue, "crc", NULL, &job), 0);
	work->fixture.sent_count = 0;
	assert_int_equal(agx_core_job_submit(job), 0);
	assert_int_equal(work->fixture.sent_count, 4);
	for (i = 0; i < 4; i++)
		assert_int_equal(work->fixture.sent[i].message & 0xffffffff, expected[i]);
	assert_int_equal(hand_run_all(work), 4);
	agx_core_job_destroy(job);
	agx_core_queue_destroy(queue);
	work_done(work);
}

static void test_priorities(void **state)
{
	struct work *work = work_make("t8103", 0);
	uint32_t priority;

	for (priority = 0; priority < 4; priority++) {
		struct agx_core_queue *queue;
		struct agx_core_job *job;
		const uint32_t *info;

		assert_int_equal(agx_core_queue_create(work->vm, priority, 0, &queue), 0);
		assert_int_equal(queue->priority, 3 - priority);
		work->fixture.sent_count = 0;
		job = work_submit(queue, "rc", NULL);
		assert_int_equal(work->fixture.sent[1].message & 0xff, 1 | (3 - priority) << 2);
		info = queue->rings[AGX_PIPE_VERTEX]->info->cpu;
		assert_int_equal(info[0x30 / 4], 3 - priority);
		info = queue->rings[AGX_PIPE_COMPUTE]->info->cpu;
		assert_int_equal(info[0x30 / 4], 0);
		assert_int_equal(info[0x34 / 4], 3 - priority);
		assert_int_equal(info[0x48 / 4], 1);
		hand_run_all(work);
		agx_core_job_destroy(job);
		agx_core_queue_destroy(queue);
	}
	assert_int_equal(agx_core_queue_create(work->vm, 4, 0, NULL), -EINVAL);
	work_done(work);
}

static void test_jobs_end_in_order(void **state)
{
	static const char *const whats[] = {"r", "c", "c", "rc", "c", "r"};
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queue = work_queue(work);
	struct agx_core_job *jobs[6];
	unsigned int i;

	for (i = 0; i < 6; i++)
		jobs[i] = work_submit(queue, whats[i], DATA(i));
	hand_take(work);
	/* Command after command: computes are done long before the first render is. */
	while (hand_run(work, 1))
		;
	assert_int_equal(work->done_count, 6);
	for (i = 0; i < 6; i++) {
		check_done(work, i, i, 0);
		agx_core_job_destroy(jobs[i]);
	}
	agx_core_queue_destroy(queue);
	work_done(work);
}

static void test_one_flag_for_many(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queues[40];
	struct agx_core_job *jobs[40][3];
	unsigned int i, j, events;

	work->light = true;
	for (i = 0; i < 40; i++) {
		queues[i] = work_queue(work);
		for (j = 0; j < 3; j++)
			jobs[i][j] = work_submit(queues[i], "c", NULL);
	}
	events = work->fixture.events;
	assert_int_equal(hand_run_all(work), 120);
	assert_int_equal(work->fixture.events, events + 1);
	assert_int_equal(work->done_count, 120);
	for (i = 0; i < 40; i++) {
		for (j = 0; j < 3; j++)
			agx_core_job_destroy(jobs[i][j]);
		agx_core_queue_destroy(queues[i]);
	}
	work_done(work);
}

/* The same slot again, and the stamp goes on; past 2^32 too. */
static void test_stamps_are_sticky_and_wrap(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queue = work_queue(work), *other = work_queue(work);
	struct agx_core_job *job, *more[3];
	uint32_t *stamp, slot, i;

	job = work_submit(queue, "c", NULL);
	slot = queue->rings[AGX_PIPE_COMPUTE]->slot;
	assert_int_equal(slot, 0);
	hand_run_all(work);
	agx_core_job_destroy(job);
	assert_int_equal(queue->rings[AGX_PIPE_COMPUTE]->slot, AGX_NO_SLOT);
	stamp = agx_event_stamp(work->core, slot);
	assert_int_equal(*stamp, 0x100);

	/* Someone else gets another slot, as long as there are fresh ones. */
	job = work_submit(other, "c", NULL);
	assert_int_equal(other->rings[AGX_PIPE_COMPUTE]->slot, 1);
	hand_run_all(work);
	agx_core_job_destroy(job);

	*stamp = 0xfffffe00;
	*(uint32_t *)fixture_at(&work->fixture, AGX_WALK_FIRMWARE,
				agx_event_fw_stamp_va(work->core, slot), 4, AGX_WALK_READ) =
		0xfffffe00;
	for (i = 0; i < 3; i++) {
		more[i] = work_submit(queue, "c", NULL);
		assert_int_equal(queue->rings[AGX_PIPE_COMPUTE]->slot, slot);
	}
	hand_take(work);
	for (i = 0; i < 3; i++) {
		assert_int_equal(hand_run(work, 1), 1);
		assert_int_equal(work->done_count, 3 + i);
	}
	assert_int_equal(*stamp, 0x100);
	for (i = 0; i < 3; i++)
		agx_core_job_destroy(more[i]);
	agx_core_queue_destroy(queue);
	agx_core_queue_destroy(other);
	work_done(work);
}

static void test_event_slots_run_out(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queues[129];
	struct agx_core_job *jobs[129];
	unsigned int i;

	work->light = true;
	for (i = 0; i < 129; i++)
		queues[i] = work_queue(work);
	for (i = 0; i < 128; i++)
		assert_int_equal(work_job(queues[i], "c", DATA(i), &jobs[i]), 0);
	assert_int_equal(work_job(queues[128], "c", NULL, &jobs[128]), -EBUSY);
	assert_int_equal(work_job(queues[128], "r", NULL, &jobs[128]), -EBUSY);

	/* One that is destroyed without having run makes room. */
	agx_core_job_destroy(jobs[77]);
	assert_int_equal(work_job(queues[128], "r", NULL, &jobs[128]), -EBUSY);
	assert_int_equal(work_job(queues[128], "c", DATA(128), &jobs[128]), 0);
	assert_int_equal(queues[128]->rings[AGX_PIPE_COMPUTE]->slot, 77);

	/* And so does one that is done. */
	assert_int_equal(agx_core_job_submit(jobs[5]), 0);
	hand_run_all(work);
	assert_int_equal(work_job(queues[77], "c", DATA(77), &jobs[77]), 0);
	assert_int_equal(queues[77]->rings[AGX_PIPE_COMPUTE]->slot, 5);
	for (i = 0; i < 129; i++)
		if (i != 5)
			assert_int_equal(agx_core_job_submit(jobs[i]), 0);
	hand_run_all(work);
	assert_int_equal(work->done_count, 129);
	for (i = 0; i < 129; i++) {
		agx_core_job_destroy(jobs[i]);
		agx_core_queue_destroy(queues[i]);
	}
	work_done(work);
}

static void test_contexts_run_out(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct agx_core_vm *vms[64];
	struct agx_core_queue *queues[64];
	struct agx_core_job *jobs[64];
	unsigned int i;

	work->light = true;
	for (i = 0; i < 64; i++) {
		assert_int_equal(agx_core_vm_create(work->core, 0x100000000, 0x120000000, &vms[i]),
				 0);
		assert_int_equal(agx_core_queue_create(vms[i], 1, 0, &queues[i]), 0);
	}
	for (i = 0; i < 63; i++) {
		assert_int_equal(work_job(queues[i], "c", NULL, &jobs[i]), 0);
		assert_int_equal(agx_job_env(jobs[i])->vm_slot, i + 1);
	}
	assert_int_equal(work_job(queues[63], "c", NULL, &jobs[63]), -EBUSY);
	assert_int_equal(agx_core_job_submit(jobs[9]), 0);
	hand_run_all(work);
	assert_int_equal(work_job(queues[63], "c", NULL, &jobs[63]), 0);
	assert_int_equal(agx_job_env(jobs[63])->vm_slot, 10);
	for (i = 0; i < 64; i++) {
		agx_core_job_destroy(jobs[i]);
		agx_core_queue_destroy(queues[i]);
		agx_core_vm_destroy(vms[i]);
	}
	work_done(work);
}

static void test_jobs_must_be_submitted_in_order(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queue = work_queue(work);
	struct agx_core_job *a, *b;

	assert_int_equal(work_job(queue, "c", DATA(1), &a), 0);
	assert_int_equal(work_job(queue, "c", DATA(2), &b), 0);
	assert_int_equal(agx_core_job_submit(b), -EINVAL);
	assert_int_equal(agx_core_job_submit(a), 0);
	assert_int_equal(agx_core_job_submit(a), -EINVAL);
	assert_int_equal(agx_core_job_submit(b), 0);
	hand_run_all(work);
	check_done(work, 0, 1, 0);
	check_done(work, 1, 2, 0);
	agx_core_job_destroy(b);
	agx_core_job_destroy(a);
	agx_core_queue_destroy(queue);
	work_done(work);
}

/* Jobs that never run leave holes in the stamps, which nobody waits for. */
static void test_unsubmitted_job_in_the_middle(void **state)
{
	static const char *const whats[] = {"r", "rc", "v0k0r", "v0k0c", "v0c"};
	unsigned int skip;

	for (skip = 0; skip < 1u << 5; skip++) {
		struct work *work = work_make("t8103", 0);
		struct agx_core_queue *queue = work_queue(work);
		struct agx_core_job *jobs[5], *last;
		unsigned int i, left = 0;

		for (i = 0; i < 5; i++)
			assert_int_equal(work_job(queue, whats[i], DATA(i), &jobs[i]), 0);
		for (i = 0; i < 5; i++)
			if (skip >> i & 1)
				agx_core_job_destroy(jobs[i]);
			else
				left++;
		for (i = 0; i < 5; i++)
			if (!(skip >> i & 1))
				assert_int_equal(agx_core_job_submit(jobs[i]), 0);
		assert_int_equal(work_job(queue, "v0k0rv1c", DATA(9), &last), 0);
		assert_int_equal(agx_core_job_submit(last), 0);
		hand_run_all(work);
		assert_int_equal(work->done_count, left + 1);
		check_done(work, left, 9, 0);
		for (i = 0; i < 5; i++)
			if (!(skip >> i & 1))
				agx_core_job_destroy(jobs[i]);
		agx_core_job_destroy(last);
		agx_core_queue_destroy(queue);
		work_done(work);
	}
}

/* The last one's stamps are used again. */
static void test_destroyed_last_job_gives_its_stamps_back(void **state)
{
	struct work *work = work_make("t8103", 1);
	struct agx_core_queue *queue = work_queue(work);
	struct agx_core_job *a, *b;

	assert_int_equal(work_job(queue, "cc", NULL, &a), 0);
	assert_int_equal(work_job(queue, "ccc", NULL, &b), 0);
	assert_int_equal(agx_job_stamp(b, AGX_PIPE_COMPUTE).value, 0x600);
	assert_int_equal(agx_job_stamp(b, AGX_PIPE_COMPUTE).seq, 5);
	agx_core_job_destroy(b);
	assert_int_equal(work_job(queue, "c", NULL, &b), 0);
	assert_int_equal(agx_job_stamp(b, AGX_PIPE_COMPUTE).value, 0x400);
	assert_int_equal(agx_job_counter(b, 2), 0);
	assert_int_equal(agx_job_counter(b, 1), 2);
	agx_core_job_destroy(b);
	agx_core_job_destroy(a);
	assert_int_equal(queue->counter, 0);
	agx_core_queue_destroy(queue);
	work_done(work);
}

/* What barriers a job puts into which ring, and what they wait for. */
static uint32_t barrier_word(struct work *work, const struct agx_job_pipe *part, unsigned int at,
			     unsigned int word)
{
	const uint32_t *barrier = fixture_at(&work->fixture, AGX_WALK_FIRMWARE,
					     part->entries[at].va, 0x20, AGX_WALK_READ);

	assert_non_null(barrier);
	assert_int_equal(barrier[0], AGX_CMD_BARRIER);
	return barrier[word];
}

static void test_barriers_of_every_kind(void **state)
{
	static const struct {
		bool render; /* the command that waits */
		bool on_render;
		unsigned int index;
		const char *what;
	} cases[] = {
		{true, true, 1, "rv1r"},   {true, false, 1, "ck1r"},   {false, true, 1, "rv1c"},
		{false, false, 1, "ck1c"}, {true, true, 2, "rrv2r"},   {true, false, 2, "cck2r"},
		{false, true, 2, "rrv2c"}, {false, false, 2, "cck2c"},
	};
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct work *work = work_make(i & 1 ? "t6021" : "t8103", 0);
		struct agx_core_queue *queue = work_queue(work);
		enum agx_pipe pipe = cases[i].render ? AGX_PIPE_VERTEX : AGX_PIPE_COMPUTE;
		enum agx_pipe on = cases[i].on_render ? AGX_PIPE_FRAGMENT : AGX_PIPE_COMPUTE;
		const struct agx_job_pipe *part;
		struct agx_core_job *job;
		uint32_t slot;

		assert_int_equal(work_job(queue, cases[i].what, NULL, &job), 0);
		part = &job->pipes[pipe];
		slot = queue->rings[on]->slot;
		assert_false(part->entries[part->count - 2].run);
		assert_true(part->entries[part->count - 1].run);
		assert_int_equal(barrier_word(work, part, part->count - 2, 3),
				 cases[i].index * 0x100);
		assert_int_equal(barrier_word(work, part, part->count - 2, 4), slot);
		assert_int_equal(barrier_word(work, part, part->count - 2, 5), part->value);
		assert_int_equal(barrier_word(work, part, part->count - 2, 6), 0xffffbbbb);
		assert_int_equal(barrier_word(work, part, part->count - 2, 1),
				 (uint32_t)agx_event_fw_stamp_va(work->core, slot));
		if (i & 1)
			assert_int_equal(barrier_word(work, part, part->count - 2, 8), 1);
		assert_int_equal(agx_core_job_submit(job), 0);
		hand_run_all(work);
		assert_int_equal(work->done_count, 1);
		assert_int_equal(hand_queue_of(work, queue, pipe)->barriers, 1);
		agx_core_job_destroy(job);
		agx_core_queue_destroy(queue);
		work_done(work);
	}
}

/* Both barriers on one command: the one on renders comes first. */
static void test_vdm_comes_before_cdm(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queue = work_queue(work);
	const struct agx_job_pipe *part;
	struct agx_core_job *job;

	assert_int_equal(work_job(queue, "rck1v1ck1v1r", NULL, &job), 0);
	part = &job->pipes[AGX_PIPE_COMPUTE];
	assert_int_equal(part->count, 4);
	assert_int_equal(barrier_word(work, part, 1, 4), queue->rings[AGX_PIPE_FRAGMENT]->slot);
	assert_int_equal(barrier_word(work, part, 2, 4), queue->rings[AGX_PIPE_COMPUTE]->slot);
	part = &job->pipes[AGX_PIPE_VERTEX];
	assert_int_equal(part->count, 4);
	assert_int_equal(barrier_word(work, part, 1, 4), queue->rings[AGX_PIPE_FRAGMENT]->slot);
	agx_core_job_destroy(job);
	agx_core_queue_destroy(queue);
	work_done(work);
}

/* A barrier on earlier submissions: only when there is something to wait for. */
static void test_barriers_on_the_past(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queue = work_queue(work);
	struct agx_core_job *a, *b, *c;

	/* Idle: nothing. */
	a = work_submit(queue, "v0k0r", NULL);
	assert_int_equal(queue->rings[AGX_PIPE_VERTEX]->used, 1);
	/* The fragment part of a. */
	b = work_submit(queue, "v0k0c", NULL);
	assert_int_equal(queue->rings[AGX_PIPE_COMPUTE]->used, 2);
	/* Both. */
	c = work_submit(queue, "v0k0r", NULL);
	assert_int_equal(queue->rings[AGX_PIPE_VERTEX]->used, 4);
	hand_take(work);

	/* The vertex part of a runs; the second vertex waits for a's fragment and for b. */
	assert_int_equal(hand_run(work, 1), 1);
	hand_run_all(work);
	assert_int_equal(work->done_count, 3);
	assert_int_equal(hand_queue_of(work, queue, AGX_PIPE_VERTEX)->barriers, 2);
	assert_int_equal(hand_queue_of(work, queue, AGX_PIPE_COMPUTE)->barriers, 1);
	agx_core_job_destroy(a);
	agx_core_job_destroy(b);
	agx_core_job_destroy(c);

	/* Prepared while there was something, submitted when there is nothing any more. */
	a = work_submit(queue, "r", NULL);
	assert_int_equal(work_job(queue, "v0c", NULL, &b), 0);
	assert_int_equal(b->pipes[AGX_PIPE_COMPUTE].count, 2);
	hand_run_all(work);
	assert_int_equal(agx_core_job_submit(b), 0);
	assert_int_equal(queue->rings[AGX_PIPE_COMPUTE]->used, 1);
	hand_run_all(work);
	assert_int_equal(work->done_count, 5);
	agx_core_job_destroy(a);
	agx_core_job_destroy(b);
	agx_core_queue_destroy(queue);
	work_done(work);
}

static void test_barriers_out_of_range(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queue = work_queue(work);
	struct agx_core_job *job;

	assert_int_equal(work_job(queue, "v1r", NULL, &job), -EINVAL);
	assert_int_equal(work_job(queue, "rk1c", NULL, &job), -EINVAL);
	assert_int_equal(work_job(queue, "", NULL, &job), -EINVAL);
	assert_null(queue->first);
	agx_core_queue_destroy(queue);
	work_done(work);
}

static void test_ring_is_full(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queue = work_queue(work);
	struct agx_core_job *jobs[128];
	unsigned int i;

	for (i = 0; i < 126; i++)
		jobs[i] = work_submit(queue, "c", DATA(i));
	assert_int_equal(work_job(queue, "c", DATA(126), &jobs[126]), 0);
	assert_int_equal(agx_core_job_submit(jobs[126]), -EBUSY);
	assert_int_equal(agx_core_job_submit(jobs[126]), -EBUSY);
	/* The other pipes do not mind, but order does. */
	assert_int_equal(work_job(queue, "r", DATA(127), &jobs[127]), 0);
	assert_int_equal(agx_core_job_submit(jobs[127]), -EINVAL);
	hand_take(work);
	assert_int_equal(hand_run(work, 1), 1);
	assert_int_equal(agx_core_job_submit(jobs[126]), 0);
	assert_int_equal(agx_core_job_submit(jobs[127]), 0);
	hand_run_all(work);
	assert_int_equal(work->done_count, 128);
	for (i = 0; i < 128; i++) {
		check_done(work, i, i, 0);
		agx_core_job_destroy(jobs[i]);
	}
	agx_core_queue_destroy(queue);
	work_done(work);
}

/* The ring's entries wrap many times. */
static void test_long_life_of_a_ring(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queue = work_queue(work);
	unsigned int i;

	work->light = true;
	for (i = 0; i < 1500; i++) {
		struct agx_core_job *a = work_submit(queue, "rck1v1r", DATA(2 * i));
		struct agx_core_job *b = work_submit(queue, "v0k0cv0r", DATA(2 * i + 1));

		hand_run_all(work);
		assert_int_equal(work->done_count, 2);
		check_done(work, 0, 2 * i, 0);
		check_done(work, 1, 2 * i + 1, 0);
		work->done_count = 0;
		agx_core_job_destroy(a);
		agx_core_job_destroy(b);
	}
	assert_int_equal(work->core->work.outstanding, 0);
	agx_core_queue_destroy(queue);
	work_done(work);
}

/* More messages than the channel holds: nobody is lost, nobody overtakes. */
static void test_channel_is_full(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queues[3];
	struct agx_core_job *jobs[300];
	unsigned int i;

	work->light = true;
	for (i = 0; i < 3; i++)
		queues[i] = work_queue(work);
	for (i = 0; i < 300; i++)
		jobs[i] = work_submit(queues[i % 3], i % 7 == 6 ? "k0r" : "c", DATA(i));
	assert_non_null(work->core->work.parked);
	assert_true(agx_core_poll(work->core) <= 1000000);
	while (work->done_count < 300) {
		unsigned int before = work->done_count;

		hand_run_all(work);
		agx_core_poll(work->core);
		assert_true(work->done_count > before || work->core->channels[0].sent);
	}
	assert_null(work->core->work.parked);
	for (i = 0; i < 300; i++)
		agx_core_job_destroy(jobs[i]);
	for (i = 0; i < 3; i++)
		agx_core_queue_destroy(queues[i]);
	work_done(work);
}

/* Jobs that wait for their channel go on one by one, and say no more than is theirs. */
static void test_parked_jobs_go_on_one_by_one(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *fill[3], *queue, *other;
	struct agx_core_job *jobs[260];
	unsigned int channel = AGX_CHANNEL_PIPE(2, AGX_PIPE_COMPUTE), i;
	struct agx_ring_state *ring;

	work->light = true;
	for (i = 0; i < 3; i++)
		fill[i] = work_queue(work);
	queue = work_queue(work);
	assert_int_equal(agx_core_queue_create(work->vm, 2, 0, &other), 0);
	for (i = 0; i < 255; i++)
		jobs[i] = work_submit(fill[i % 3], "c", NULL);
	assert_null(work->core->work.parked);
	jobs[255] = work_submit(queue, "cc", NULL);
	jobs[256] = work_submit(queue, "k0c", NULL);
	jobs[257] = work_submit(other, "c", NULL); /* its own channel is free, but it is later */
	jobs[258] = work_submit(queue, "k0rc", NULL);
	ring = queue->rings[AGX_PIPE_COMPUTE]->state->cpu;
	assert_int_equal(queue->rings[AGX_PIPE_COMPUTE]->issued, 0);
	assert_int_equal(ring->cpu_wptr, 0);
	assert_int_equal(((struct agx_threshold *)queue->threshold_word->cpu)->count, 0);
	/* A stamp that says so does not make them done. */
	*agx_event_stamp(work->core, queue->rings[AGX_PIPE_COMPUTE]->slot) = 0x1000;
	work->firing[0] = 1u << queue->rings[AGX_PIPE_COMPUTE]->slot;
	hand_flag(work);
	assert_int_equal(work->done_count, 0);
	*agx_event_stamp(work->core, queue->rings[AGX_PIPE_COMPUTE]->slot) = 0;

	hand_take_some(work, channel, 1);
	agx_core_poll(work->core);
	assert_int_equal(ring->cpu_wptr, 2);
	assert_int_equal(queue->rings[AGX_PIPE_COMPUTE]->issued, 2);
	assert_int_equal(((struct agx_threshold *)queue->threshold_word->cpu)->count, 2);
	hand_take_some(work, channel, 1);
	agx_core_poll(work->core);
	assert_int_equal(ring->cpu_wptr, 4); /* with a barrier */
	assert_int_equal(other->rings[AGX_PIPE_COMPUTE]->issued, 1);
	assert_int_equal(queue->rings[AGX_PIPE_VERTEX]->issued, 0);
	hand_take_some(work, channel, 1);
	agx_core_poll(work->core);
	assert_int_equal(ring->cpu_wptr, 5);
	assert_int_equal(queue->rings[AGX_PIPE_VERTEX]->issued, 1);
	hand_run_all(work);
	assert_int_equal(work->done_count, 259);
	for (i = 0; i < 259; i++)
		agx_core_job_destroy(jobs[i]);
	for (i = 0; i < 3; i++)
		agx_core_queue_destroy(fill[i]);
	agx_core_queue_destroy(queue);
	agx_core_queue_destroy(other);
	work_done(work);
}

/* While one's memory may still be looked at, it stays; then it goes. */
static void test_memory_of_the_last_command_stays(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queue = work_queue(work);
	struct agx_heap *heap = work->core->heaps[AGX_HEAP_GPU_RO];
	struct agx_core_job *a, *b;

	a = work_submit(queue, "c", NULL);
	hand_run_all(work);
	agx_core_job_destroy(a);
	assert_int_equal(agx_heap_stats(heap).live_objects, 1);
	b = work_submit(queue, "c", NULL);
	assert_int_equal(agx_heap_stats(heap).live_objects, 2);
	hand_run_all(work);
	assert_int_equal(agx_heap_stats(heap).live_objects, 1);
	agx_core_job_destroy(b);
	assert_int_equal(agx_heap_stats(heap).live_objects, 1);
	agx_core_queue_destroy(queue);
	assert_int_equal(agx_heap_stats(heap).live_objects, 1);
	work_settle(work);
	assert_int_equal(agx_heap_stats(heap).live_objects, 0);
	work_done(work);
}

/* A queue that has never run is nothing to the firmware. */
static void test_queue_without_work(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queue = work_queue(work);
	struct agx_core_job *job;

	assert_int_equal(work_job(queue, "rc", NULL, &job), 0);
	agx_core_job_destroy(job);
	agx_core_queue_destroy(queue);
	work_settle(work);
	assert_int_equal(work->destroyed, 0);
	work_done(work);
}

/* The client's VM goes while the firmware still holds on to a queue in it. */
static void test_vm_goes_after_its_queue(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct agx_core_vm *vm;
	struct agx_core_queue *queue;
	struct agx_core_job *job;

	assert_int_equal(agx_core_vm_create(work->core, 0x100000000, 0x140000000, &vm), 0);
	assert_int_equal(agx_core_queue_create(vm, 1, 0, &queue), 0);
	job = work_submit(queue, "c", NULL);
	hand_run_all(work);
	/* The firmware is in that context: what it caches has to be flushed. */
	work->fixture.machine.config.handoff->cur_slot = agx_job_env(job)->vm_slot;
	agx_core_job_destroy(job);
	agx_core_queue_destroy(queue);
	agx_core_vm_destroy(vm);
	assert_non_null(work->core->work.zombies);
	agx_core_poll(work->core);
	assert_null(work->core->work.dying);
	hand_take(work);
	agx_core_poll(work->core);
	assert_null(work->core->work.zombies);
	assert_non_null(work->core->work.dying);
	work_settle(work);
	assert_null(work->core->work.dying);
	assert_int_equal(work->fwctls, 1);
	work_done(work);
}

static void test_destroyed_before_the_end(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct agx_core_queue *queue = work_queue(work);
	struct agx_core_job *job = work_submit(queue, "c", DATA(3));

	/* Wrong, and said so; nothing breaks. */
	agx_core_job_destroy(job);
	agx_core_queue_destroy(queue);
	hand_take(work);
	hand_run_all(work);
	check_done(work, 0, 3, 0);
	work_settle(work);
	assert_int_equal(work->destroyed, 1);
	work_done(work);
}

static void test_idle_delay_is_set_by_each_submission(void **state)
{
	struct work *work = work_make("t8103", 0);
	uint32_t *delay =
		agx_core_globals_word(work->core, work->core->ops->globals_idle_off_delay);
	struct agx_core_queue *queue = work_queue(work);
	struct agx_core_job *job;

	*delay = 77;
	assert_int_equal(work_job(queue, "c", NULL, &job), 0);
	assert_int_equal(*delay, 2);
	agx_core_job_destroy(job);
	agx_core_queue_destroy(queue);
	work_done(work);
}

static void test_vm_arguments(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct agx_uat_lookup found;
	struct agx_core_vm *vm;

	assert_int_equal(agx_core_vm_create(work->core, 0, 0x40000000, &vm), -EINVAL);
	assert_int_equal(agx_core_vm_create(work->core, 0x100000000, 0x100004000, &vm), -EINVAL);
	agx_uat_find(agx_core_vm_uat(work->vm), AGX_VM_USER_END, &found);
	assert_true(found.mapped);
	assert_int_equal(found.prot, AGX_UAT_GPU_SHARED_RW);
	agx_core_vm_close(work->vm);
	agx_uat_find(agx_core_vm_uat(work->vm), AGX_VM_USER_END, &found);
	assert_false(found.mapped);
	agx_core_vm_destroy(NULL);
	work_done(work);
}

static void test_timestamp_window(void **state)
{
	struct work *work = work_make("t8103", 0);
	struct agx_core_timestamps *all[64], *one, *big;
	struct agx_timestamp_ref ref = {.offset = 0x4008};
	struct agx_uat_lookup found;
	unsigned int i;

	assert_int_equal(agx_core_timestamps_create(work->core, 0, &one), -EINVAL);
	assert_int_equal(agx_core_timestamps_create(work->core, 0x1000, &one), -EINVAL);
	assert_int_equal(agx_core_timestamps_create(work->core, 0x4004000, &one), -ENOSPC);
	for (i = 0; i < 64; i++)
		assert_int_equal(agx_core_timestamps_create(work->core, 0x100000, &all[i]), 0);
	assert_int_equal(agx_core_timestamps_create(work->core, 0x4000, &one), -ENOSPC);
	agx_core_timestamps_destroy(all[10]);
	agx_core_timestamps_destroy(all[12]);
	assert_int_equal(agx_core_timestamps_create(work->core, 0x104000, &big), -ENOSPC);
	agx_core_timestamps_destroy(all[11]);
	assert_int_equal(agx_core_timestamps_create(work->core, 0x300000, &big), 0);
	assert_int_equal(
		agx_core_timestamps_map(big, 0x4000, machine_page(&work->fixture.machine), 0x4000),
		0);
	assert_int_equal(agx_core_timestamps_map(big, 0x300000, 0x800000000, 0x4000), -EINVAL);
	assert_int_equal(agx_job_user_timestamp(&ref), 0);
	ref.object = big;
	assert_int_equal(agx_job_user_timestamp(&ref), 0xffffffae10a04008);
	agx_uat_find(agx_uat_kernel_vm(work->core->uat), 0xffffffae10a04008, &found);
	assert_true(found.mapped);
	assert_int_equal(found.prot, AGX_UAT_FW_SHARED_RW);
	agx_core_timestamps_destroy(big);
	agx_uat_find(agx_uat_kernel_vm(work->core->uat), 0xffffffae10a04008, &found);
	assert_false(found.mapped);
	for (i = 0; i < 64; i++)
		if (i < 10 || i > 12)
			agx_core_timestamps_destroy(all[i]);
	agx_core_timestamps_destroy(NULL);
	work_done(work);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_of_each_on_every_variant),
		cmocka_unit_test(test_surroundings_of_a_job),
		cmocka_unit_test(test_order_of_doorbells),
		cmocka_unit_test(test_priorities),
		cmocka_unit_test(test_jobs_end_in_order),
		cmocka_unit_test(test_one_flag_for_many),
		cmocka_unit_test(test_stamps_are_sticky_and_wrap),
		cmocka_unit_test(test_event_slots_run_out),
		cmocka_unit_test(test_contexts_run_out),
		cmocka_unit_test(test_jobs_must_be_submitted_in_order),
		cmocka_unit_test(test_unsubmitted_job_in_the_middle),
		cmocka_unit_test(test_destroyed_last_job_gives_its_stamps_back),
		cmocka_unit_test(test_barriers_of_every_kind),
		cmocka_unit_test(test_vdm_comes_before_cdm),
		cmocka_unit_test(test_barriers_on_the_past),
		cmocka_unit_test(test_barriers_out_of_range),
		cmocka_unit_test(test_ring_is_full),
		cmocka_unit_test(test_long_life_of_a_ring),
		cmocka_unit_test(test_channel_is_full),
		cmocka_unit_test(test_parked_jobs_go_on_one_by_one),
		cmocka_unit_test(test_memory_of_the_last_command_stays),
		cmocka_unit_test(test_queue_without_work),
		cmocka_unit_test(test_vm_goes_after_its_queue),
		cmocka_unit_test(test_destroyed_before_the_end),
		cmocka_unit_test(test_idle_delay_is_set_by_each_submission),
		cmocka_unit_test(test_vm_arguments),
		cmocka_unit_test(test_timestamp_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
