// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Jobs: from a parsed submission to entries in rings, and back to the caller.
 *
 * Creating a job takes everything that may be lacking: a context, event slots, memory. Submitting
 * it only looks for room, writes words that are in place already, and sends messages; what is sent
 * cannot be taken back, so it comes last. A job that is destroyed before it was submitted gives its
 * stamps back when no later job counts on from them; else they are skipped, which stamps allow.
 *
 * A job's memory stays until each ring that it used has finished something newer, as the firmware
 * may look at its last command after it has reported it done (jannau/linux:
 * drivers/gpu/drm/asahi/workqueue.rs, last_completed_work).
 */
#include "agx_soc_tables.h"
#include "job_internal.h"

static struct agx_job_pipe *pipe_of(struct agx_core_job *job, enum agx_pipe pipe)
{
	return (unsigned int)pipe < AGX_PIPE_COUNT && job->pipes[pipe].ring ? &job->pipes[pipe]
									    : NULL;
}

/*
 * A job's own memory comes and goes with each submission, mostly of the same size: one piece is
 * kept. Zero.
 */
static struct agx_core_job *alloc_bytes(struct agx_core *core, size_t size)
{
	struct agx_core_job *job = core->work.spare_job;
	size_t real;

	if (!job || job->size < size) {
		job = agx_core_alloc(core, size);
		if (job)
			job->size = size;
		return job;
	}
	core->work.spare_job = NULL;
	real = job->size;
	agx_core_memset(job, 0, size);
	job->size = real;
	return job;
}

static void free_bytes(struct agx_core_job *job)
{
	struct agx_core *core = job->core;
	struct agx_core_job *spare = core->work.spare_job;

	if (spare && spare->size >= job->size) {
		agx_core_free(core, job, job->size);
		return;
	}
	if (spare)
		agx_core_free(core, spare, spare->size);
	core->work.spare_job = job;
}

void agx_jobs_destroy(struct agx_core *core)
{
	struct agx_core_job *spare = core->work.spare_job;

	if (spare)
		agx_core_free(core, spare, spare->size);
	core->work.spare_job = NULL;
}

void agx_job_get(struct agx_core_job *job)
{
	job->refs++;
}

void agx_job_put(struct agx_core_job *job)
{
	struct agx_core *core = job->core;
	struct agx_core_vm *vm = job->vm;
	struct agx_job_chunk *chunk;
	uint32_t i;

	if (--job->refs)
		return;
	while ((chunk = job->chunks)) {
		job->chunks = chunk->next;
		for (i = 0; i < chunk->count; i++)
			agx_heap_free(chunk->memory[i].heap, chunk->memory[i].object);
		agx_core_free(core, chunk, sizeof(*chunk));
	}
	for (i = 0; i < job->memory_count; i++)
		agx_heap_free(job->memory[i].heap, job->memory[i].object);
	free_bytes(job);
	agx_vm_put(vm);
}

/* --- For the builders --- */

static int alloc_in(struct agx_core_job *job, struct agx_heap *heap, uint64_t size, const char *tag,
		    const struct agx_heap_object **object)
{
	struct agx_job_chunk *chunk = job->chunks;
	struct agx_job_memory *place;
	int err;

	if (job->memory_count < job->memory_max) {
		place = &job->memory[job->memory_count];
	} else {
		if (!chunk || chunk->count == AGX_JOB_CHUNK) {
			chunk = agx_core_alloc(job->core, sizeof(*chunk));
			if (!chunk)
				return -ENOMEM;
			chunk->next = job->chunks;
			job->chunks = chunk;
		}
		place = &chunk->memory[chunk->count];
	}
	err = agx_heap_alloc(heap, size, 0, tag, object);
	if (err)
		return err;
	place->heap = heap;
	place->object = *object;
	if (job->memory_count < job->memory_max)
		job->memory_count++;
	else
		chunk->count++;
	return 0;
}

int agx_job_alloc(struct agx_core_job *job, enum agx_fw_heap heap, uint64_t size, const char *tag,
		  const struct agx_heap_object **object)
{
	return alloc_in(job, job->core->heaps[heap], size, tag, object);
}

int agx_job_alloc_vm(struct agx_core_job *job, bool priv, uint64_t size, const char *tag,
		     const struct agx_heap_object **object)
{
	struct agx_heap *heap;
	int err;

	err = agx_vm_heap(job->vm, priv, &heap);
	return err ? err : alloc_in(job, heap, size, tag, object);
}

struct agx_stamp agx_job_stamp(struct agx_core_job *job, enum agx_pipe pipe)
{
	const struct agx_job_pipe *part = pipe_of(job, pipe);

	if (!part)
		return (struct agx_stamp){0};
	return (struct agx_stamp){
		.shared = agx_event_stamp_va(job->core, part->ring->slot),
		.fw = agx_event_fw_stamp_va(job->core, part->ring->slot),
		.value = part->value + AGX_STAMP_STEP,
		.slot = part->ring->slot,
		.seq = part->seq,
	};
}

static struct agx_job_entry *add(struct agx_core_job *job, enum agx_pipe pipe)
{
	struct agx_job_pipe *part = pipe_of(job, pipe);
	struct agx_job_entry *entry;

	if (!part || part->count == part->max) {
		agx_log(job->core->platform, AGX_LOG_ERROR,
			"core: a job has more commands for pipe %u than it may have", pipe);
		return NULL;
	}
	entry = &part->entries[part->count++];
	entry->value = part->value + AGX_STAMP_STEP;
	return entry;
}

int agx_job_add(struct agx_core_job *job, enum agx_pipe pipe, uint64_t command, bool run)
{
	struct agx_job_entry *entry = add(job, pipe);
	struct agx_job_pipe *part;

	if (!entry)
		return -EINVAL;
	entry->va = command;
	entry->run = run;
	if (run) {
		part = &job->pipes[pipe];
		part->value = entry->value;
		part->runs++;
		part->seq++;
		job->remaining++;
		job->notifications++;
	}
	return 0;
}

static int alloc_barrier(struct agx_core_job *job, const struct agx_heap_object **barrier)
{
	return agx_job_alloc(job, AGX_HEAP_PRIVATE, AGX_BARRIER_OBJECT_SIZE, "barrier", barrier);
}

int agx_job_barrier(struct agx_core_job *job, enum agx_pipe pipe, enum agx_pipe on, uint32_t value,
		    bool external)
{
	const struct agx_job_pipe *other = pipe_of(job, on);
	const struct agx_heap_object *barrier;
	struct agx_barrier_args args = {
		.wait_value = value,
		.external = external,
	};
	struct agx_job_entry *entry;
	int err;

	if (!other)
		return -EINVAL;
	err = alloc_barrier(job, &barrier);
	if (err)
		return err;
	entry = add(job, pipe);
	if (!entry)
		return -EINVAL;
	entry->va = barrier->va;
	args.wait_stamp = agx_event_fw_stamp_va(job->core, other->ring->slot);
	args.wait_slot = other->ring->slot;
	args.stamp_self = entry->value;
	job->core->ops->fill_barrier(&args, barrier->cpu);
	return 0;
}

const struct agx_job_env *agx_job_env(struct agx_core_job *job)
{
	return &job->env;
}

uint64_t agx_job_counter(struct agx_core_job *job, unsigned int n)
{
	uint64_t first = job->queue->counter;

	job->queue->counter += n;
	return first;
}

/* --- Creating --- */

const struct agx_builders agx_default_builders = {
	.compute = agx_build_compute,
	.render = agx_build_render,
};

/* A barrier on the last command of an earlier job; what that is comes with the submission. */
static int barrier_on_past(struct agx_core_job *job, enum agx_pipe pipe, enum agx_pipe on)
{
	const struct agx_ring *ring = job->queue->rings[on];
	const struct agx_heap_object *barrier;
	struct agx_job_entry *entry;
	int err;

	/* Of the jobs that are being prepared one is this, if it uses the ring. */
	if (!ring || (!ring->count && ring->preparing == !!job->pipes[on].ring))
		return 0;
	err = alloc_barrier(job, &barrier);
	if (err)
		return err;
	entry = add(job, pipe);
	if (!entry)
		return -EINVAL;
	entry->va = barrier->va;
	entry->barrier = barrier;
	entry->on = (uint8_t)on;
	return 0;
}

/* What earlier commands of the same submission write. */
struct past {
	uint32_t count;
	uint32_t values[AGX_MAX_COMMANDS];
};

static int add_barrier(struct agx_core_job *job, enum agx_pipe pipe, enum agx_pipe on,
		       const struct past *past, uint16_t index)
{
	if (index == DRM_ASAHI_BARRIER_NONE)
		return 0;
	if (index > past->count)
		return -EINVAL;
	if (!index)
		return barrier_on_past(job, pipe, on);
	return agx_job_barrier(job, pipe, on, past->values[index - 1], true);
}

static int build(struct agx_core_job *job, const void *cmdbuf, const struct agx_submit_cmd *cmds,
		 uint32_t count)
{
	const struct agx_builders *builders = &job->core->builders;
	struct past renders = {0}, computes = {0};
	uint32_t i;
	int err;

	for (i = 0; i < count; i++) {
		const struct agx_submit_cmd *cmd = &cmds[i];
		bool render = cmd->type == DRM_ASAHI_CMD_RENDER;
		enum agx_pipe first = render ? AGX_PIPE_VERTEX : AGX_PIPE_COMPUTE;

		err = add_barrier(job, first, AGX_PIPE_FRAGMENT, &renders, cmd->vdm_barrier);
		if (!err)
			err = add_barrier(job, first, AGX_PIPE_COMPUTE, &computes,
					  cmd->cdm_barrier);
		if (!err)
			err = render ? builders->render(job, cmd, cmdbuf)
				     : builders->compute(job, cmd, cmdbuf);
		if (err)
			return err;
		if (render)
			renders.values[renders.count++] = job->pipes[AGX_PIPE_FRAGMENT].value;
		else
			computes.values[computes.count++] = job->pipes[AGX_PIPE_COMPUTE].value;
	}
	return 0;
}

/* Entries that a job may put into each ring, heap objects that it will need or so. */
struct needs {
	uint32_t renders, computes;
	uint32_t entries[AGX_PIPE_COUNT];
	uint32_t memory;
};

static int count_needs(const struct agx_submit_cmd *cmds, uint32_t count, struct needs *needs)
{
	uint32_t i;

	*needs = (struct needs){0};
	if (!count || count > AGX_MAX_COMMANDS)
		return -EINVAL;
	for (i = 0; i < count; i++) {
		if (cmds[i].type == DRM_ASAHI_CMD_RENDER)
			needs->renders++;
		else if (cmds[i].type == DRM_ASAHI_CMD_COMPUTE)
			needs->computes++;
		else
			return -EINVAL;
	}
	needs->entries[AGX_PIPE_VERTEX] = needs->renders * AGX_RENDER_VERTEX_ENTRIES;
	needs->entries[AGX_PIPE_FRAGMENT] = needs->renders * AGX_RENDER_FRAGMENT_ENTRIES;
	needs->entries[AGX_PIPE_COMPUTE] = needs->computes * AGX_COMPUTE_ENTRIES;
	needs->memory = needs->renders * 24 + needs->computes * 6;
	return 0;
}

static struct agx_core_job *alloc_job(struct agx_core_queue *queue, const struct needs *needs)
{
	struct agx_core *core = queue->vm->core;
	struct agx_core_job *job;
	struct agx_job_entry *entry;
	size_t size = sizeof(*job) + needs->memory * sizeof(struct agx_job_memory);
	unsigned int i;

	for (i = 0; i < AGX_PIPE_COUNT; i++)
		size += needs->entries[i] * sizeof(*entry);
	job = alloc_bytes(core, size);
	if (!job)
		return NULL;
	job->memory = (struct agx_job_memory *)(job + 1);
	job->memory_max = needs->memory;
	entry = (struct agx_job_entry *)(job->memory + needs->memory);
	for (i = 0; i < AGX_PIPE_COUNT; i++) {
		job->pipes[i].entries = entry;
		job->pipes[i].max = needs->entries[i];
		entry += needs->entries[i];
	}
	job->refs = 1;
	job->core = core;
	job->life = core->work.life;
	job->vm = queue->vm;
	agx_vm_get(queue->vm);
	job->queue = queue;
	job->prev = queue->last;
	if (queue->last)
		queue->last->next = job;
	else
		queue->first = job;
	queue->last = job;
	if (!queue->unsubmitted)
		queue->unsubmitted = job;
	job->counter = queue->counter;
	return job;
}

/* The rings that it uses, with a slot each. 0, -ENOMEM, -ENOSPC, -EBUSY. */
static int take_ring(struct agx_core_job *job, enum agx_pipe pipe)
{
	struct agx_job_pipe *part = &job->pipes[pipe];
	struct agx_ring *ring;
	int err;

	err = agx_queue_ring(job->queue, pipe, &ring);
	if (!err)
		err = agx_event_acquire(ring);
	if (err)
		return err;
	ring->preparing++;
	part->ring = ring;
	part->start = part->value = ring->prepared;
	part->start_seq = part->seq = ring->seq;
	job->env.queue_info[pipe] = ring->info->va;
	return 0;
}

static void fill_env(struct agx_core_job *job, uint32_t vm_slot)
{
	struct agx_core_queue *queue = job->queue;
	struct agx_core *core = job->core;
	const struct agx_variant_ops *ops = core->ops;
	struct agx_job_env *env = &job->env;

	env->core = core;
	env->ops = ops;
	env->queue = queue;
	env->vm = job->vm;
	env->usc_exec_base = queue->usc_exec_base;
	env->vm_slot = vm_slot;
	env->queue_number = queue->number;
	env->notifier = queue->notifier->va;
	env->notifier_buf = ops->notifier_buf ? queue->notifier->va + ops->notifier_buf : 0;
	env->stats_vertex = core->objects[AGX_INIT_STATS_VERTEX]->va + ops->stats_vertex_inner;
	env->stats_fragment =
		core->objects[AGX_INIT_STATS_FRAGMENT]->va + ops->stats_fragment_inner;
	env->stats_compute = core->objects[AGX_INIT_STATS_COMPUTE]->va;
	env->soc = core->config.device.soc;
	env->tvb = &queue->tvb;
	env->scenes = &job->scenes;
}

/* A context, rings and slots. */
static int take_places(struct agx_core_job *job, const struct needs *needs)
{
	int slot, err = 0;

	slot = agx_uat_bind(job->vm->uat);
	if (slot == -ETIMEDOUT) {
		agx_core_fail(job->core, "the firmware holds the handoff lock");
		return -ENODEV;
	}
	if (slot < 0)
		return slot;
	job->bound = true;
	fill_env(job, (uint32_t)slot);
	if (needs->renders) {
		err = take_ring(job, AGX_PIPE_VERTEX);
		if (!err)
			err = take_ring(job, AGX_PIPE_FRAGMENT);
	}
	if (!err && needs->computes)
		err = take_ring(job, AGX_PIPE_COMPUTE);
	return err;
}

int agx_core_job_create(struct agx_core_queue *queue, const void *cmdbuf,
			const struct agx_submit_cmd *cmds, uint32_t count, void *data,
			struct agx_core_job **created)
{
	struct agx_core *core = queue->vm->core;
	struct agx_core_job *job;
	struct needs needs;
	unsigned int i;
	int err;

	err = agx_core_set_idle_off_delay(core, AGX_IDLE_OFF_DELAY_MS);
	if (err)
		return err;
	err = count_needs(cmds, count, &needs);
	if (err)
		return err;
	agx_core_collect_garbage(core);
	job = alloc_job(queue, &needs);
	if (!job)
		return -ENOMEM;
	job->data = data;
	err = take_places(job, &needs);
	if (!err)
		err = build(job, cmdbuf, cmds, count);
	if (err) {
		agx_core_job_destroy(job);
		return err;
	}
	for (i = 0; i < AGX_PIPE_COUNT; i++) {
		struct agx_job_pipe *part = &job->pipes[i];

		if (!part->ring)
			continue;
		part->ring->prepared = part->value;
		part->ring->seq = part->seq;
	}
	job->state = AGX_JOB_PREPARED;
	*created = job;
	return 0;
}

/* --- Submitting --- */

/* The order in which rings are told (jannau/linux: drivers/gpu/drm/asahi/queue/mod.rs, run()). */
static const enum agx_pipe order[AGX_PIPE_COUNT] = {
	AGX_PIPE_FRAGMENT,
	AGX_PIPE_VERTEX,
	AGX_PIPE_COMPUTE,
};

/* Tells the firmware. false: it cannot hear us yet, or a channel is full; nothing has happened. */
static bool issue(struct agx_core_job *job)
{
	struct agx_core_queue *queue = job->queue;
	struct agx_core *core = job->core;
	uint64_t *threshold = queue->threshold_word->cpu; /* struct agx_threshold */
	unsigned int i;

	if (core->state != AGX_CORE_READY || !agx_core_listening(core))
		return false;
	for (i = 0; i < AGX_PIPE_COUNT; i++) {
		struct agx_channel *channel = &core->channels[AGX_CHANNEL_PIPE(queue->priority, i)];

		if (!job->pipes[i].ring || agx_channel_room(channel))
			continue;
		if (channel->dead)
			agx_core_fail(core, "a work channel is damaged");
		return false;
	}

	/* From here on there is no way back. */
	job->state = AGX_JOB_ISSUED;
	queue->threshold += job->notifications;
	agx_store(threshold, queue->threshold);
	core->platform->order(core->platform->cookie, AGX_BARRIER_FULL);
	if (agx_core_submission_begin(core))
		return true; /* the core has failed, which ends the job */
	job->counted = true;
	for (i = 0; i < AGX_PIPE_COUNT; i++) {
		struct agx_job_pipe *part = &job->pipes[order[i]];

		if (part->ring && agx_ring_issue(part->ring, part))
			return true;
	}
	agx_tvb_submitted(&job->scenes);
	return true;
}

static void park(struct agx_core_job *job)
{
	struct agx_work *work = &job->core->work;

	job->state = AGX_JOB_PARKED;
	job->next_parked = NULL;
	if (work->last_parked)
		work->last_parked->next_parked = job;
	else
		work->parked = job;
	work->last_parked = job;
}

bool agx_jobs_step(struct agx_core *core)
{
	struct agx_work *work = &core->work;
	struct agx_core_job *job;

	while ((job = work->parked) && issue(job)) {
		work->parked = job->next_parked;
		if (!work->parked)
			work->last_parked = NULL;
	}
	return work->parked;
}

int agx_core_job_submit(struct agx_core_job *job)
{
	struct agx_core *core = job->core;
	struct agx_work *work = &core->work;
	struct agx_core_queue *queue = job->queue;
	unsigned int i;

	if (job->state != AGX_JOB_PREPARED || queue->unsubmitted != job)
		return -EINVAL;
	if (core->state != AGX_CORE_READY || job->life != work->life)
		return -ENODEV;
	for (i = 0; i < AGX_PIPE_COUNT; i++)
		if (job->pipes[i].ring && !agx_ring_has_room(job->pipes[i].ring, &job->pipes[i]))
			return -EBUSY;

	if (!work->outstanding)
		work->progress = true; /* the watch begins */
	for (i = 0; i < AGX_PIPE_COUNT; i++)
		if (job->pipes[i].ring)
			agx_ring_settle(queue, &job->pipes[i]);
	for (i = 0; i < AGX_PIPE_COUNT; i++) {
		struct agx_job_pipe *part = &job->pipes[order[i]];

		if (!part->ring)
			continue;
		agx_ring_admit(part->ring, job, part);
		part->ring->preparing--;
	}
	work->outstanding += job->remaining;
	queue->unsubmitted = job->next;
	agx_job_get(job);
	/* Nobody overtakes a job that waits for its channel. */
	if (work->parked || !issue(job))
		park(job);
	return 0;
}

/* --- Ending --- */

static void unlink_job(struct agx_core_job *job)
{
	struct agx_core_queue *queue = job->queue;

	if (queue->unsubmitted == job)
		queue->unsubmitted = job->next;
	if (job->prev)
		job->prev->next = job->next;
	else
		queue->first = job->next;
	if (job->next)
		job->next->prev = job->prev;
	else
		queue->last = job->prev;
	job->queue = NULL;
	agx_queue_job_gone(queue);
}

/* What an ended or abandoned job does not need any more. */
static void release_places(struct agx_core_job *job)
{
	if (job->bound)
		agx_uat_unbind(job->vm->uat);
	job->bound = false;
	agx_tvb_release(&job->scenes);
}

void agx_queue_finish_jobs(struct agx_core_queue *queue)
{
	struct agx_core_job *job;

	while ((job = queue->first) && job != queue->unsubmitted && !job->remaining) {
		struct agx_core *core = job->core;
		bool last = queue->first == queue->last;

		job->state = AGX_JOB_ENDED;
		release_places(job);
		if (job->counted)
			agx_core_submission_end(core);
		unlink_job(job);
		if (core->config.hooks->job_done)
			core->config.hooks->job_done(core->config.cookie, job->data, job->error);
		agx_job_put(job);
		if (last)
			return; /* the queue may have gone with it */
	}
}

/* Stamps and numbers of a job that was not submitted go back if nobody counts on from them. */
static void roll_back(struct agx_core_job *job)
{
	bool this_life = job->life == job->core->work.life;
	unsigned int i;

	if (this_life && job->queue->last == job)
		job->queue->counter = job->counter;
	for (i = 0; i < AGX_PIPE_COUNT; i++) {
		struct agx_job_pipe *part = &job->pipes[i];
		struct agx_ring *ring = part->ring;

		if (!ring)
			continue;
		if (job->state == AGX_JOB_PREPARED && this_life && ring->prepared == part->value &&
		    ring->seq == part->seq) {
			ring->prepared = part->start;
			ring->seq = part->start_seq;
		}
		ring->preparing--;
		agx_event_release(ring);
	}
}

void agx_core_job_destroy(struct agx_core_job *job)
{
	if (!job)
		return;
	switch (job->state) {
	case AGX_JOB_PARKED:
	case AGX_JOB_ISSUED:
		agx_log(job->core->platform, AGX_LOG_ERROR,
			"core: a job is destroyed before it is done");
		break;
	case AGX_JOB_ENDED:
		break;
	default:
		roll_back(job);
		release_places(job);
		unlink_job(job);
	}
	agx_job_put(job);
}

/* Keeps a job's memory until the coprocessor has stopped. */
static void bury(struct agx_core_job *job)
{
	struct agx_work *work = &job->core->work;

	if (job->buried)
		return;
	job->buried = true;
	agx_job_get(job);
	job->next_grave = work->graveyard;
	work->graveyard = job;
}

void agx_jobs_fail(struct agx_core *core, int error)
{
	struct agx_work *work = &core->work;
	struct agx_core_queue *queue, *next;
	struct agx_core_job *job;
	unsigned int i;

	work->parked = work->last_parked = NULL;
	for (queue = work->queues; queue; queue = next) {
		next = queue->next;
		for (job = queue->first; job && job != queue->unsubmitted; job = job->next)
			bury(job);
		for (i = 0; i < AGX_PIPE_COUNT; i++) {
			struct agx_ring *ring = queue->rings[i];

			if (!ring)
				continue;
			agx_ring_retire(ring); /* what is done is done */
			agx_ring_fail(ring, error);
			agx_event_release(ring);
		}
		agx_queue_finish_jobs(queue);
	}
}

void agx_jobs_off(struct agx_core *core)
{
	struct agx_work *work = &core->work;
	struct agx_core_job *job;

	while ((job = work->graveyard)) {
		work->graveyard = job->next_grave;
		agx_job_put(job);
	}
}
