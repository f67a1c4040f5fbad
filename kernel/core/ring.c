// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * One work queue of the firmware: commands go in (admit, issue) and come out (retire) in order.
 *
 * Admitting only fills entries that the firmware does not look at yet, and cannot fail when there
 * is room; issuing moves the write pointer and sends RunWorkQueue. Between the two a job may have
 * to wait for room in the channel. What the firmware says of a stamp is believed for issued
 * commands only.
 */
#include "job_internal.h"

static struct agx_core *core_of(const struct agx_ring *ring)
{
	return ring->queue->vm->core;
}

static struct agx_ring_command *command(struct agx_ring *ring, uint32_t index)
{
	return &ring->commands[(ring->head + index) % AGX_RING_STAMPS];
}

void agx_ring_reset(struct agx_ring *ring)
{
	struct agx_core_queue *queue = ring->queue;
	const struct agx_variant_ops *ops = core_of(ring)->ops;
	struct agx_ring_state *state = ring->state->cpu;
	const struct agx_queue_info_args args = {
		.state = ring->state->va,
		.ring = ring->ring->va,
		.notifier_list = queue->notifier_list->va,
		.gpu_buf = ring->gpu_buf->va,
		.context = queue->context->va,
		.pipe = ring->pipe,
		.priority = queue->priority,
		.number = queue->number,
	};

	agx_core_memset(state, 0, sizeof(*state));
	state->rb_size = AGX_WORK_RING_ENTRIES;
	agx_core_memset(ring->ring->cpu, 0, ring->ring->size);
	agx_core_memset(ring->gpu_buf->cpu, 0, ring->gpu_buf->size);
	agx_core_memset(ring->info->cpu, 0, ring->info->size);
	ops->fill_queue_info(&args, ring->info->cpu);
	ring->is_new = true;
	ring->wptr = 0;
	ring->used = 0;
	ring->seq = 0;
}

_Static_assert(AGX_QUEUE_COMMANDS < AGX_RING_STAMPS &&
		       AGX_QUEUE_COMMANDS * AGX_RENDER_VERTEX_ENTRIES < AGX_WORK_RING_ENTRIES - 1,
	       "what agx_work.h promises");

bool agx_ring_has_room(const struct agx_ring *ring, const struct agx_job_pipe *part)
{
	return ring->count + part->runs < AGX_RING_STAMPS &&
	       ring->used + part->count < AGX_WORK_RING_ENTRIES - 1;
}

void agx_ring_settle(struct agx_core_queue *queue, struct agx_job_pipe *part)
{
	struct agx_core *core = queue->vm->core;
	uint32_t i;

	for (i = 0; i < part->count; i++) {
		struct agx_job_entry *entry = &part->entries[i];
		const struct agx_ring *on = queue->rings[entry->on];
		struct agx_barrier_args args = {
			.stamp_self = entry->value,
			.external = true,
		};

		if (!entry->barrier)
			continue;
		entry->skip = !on || !on->count;
		if (entry->skip)
			continue;
		args.wait_stamp = agx_event_fw_stamp_va(core, on->slot);
		args.wait_slot = on->slot;
		args.wait_value = on->submitted;
		core->ops->fill_barrier(&args, entry->barrier->cpu);
	}
}

void agx_ring_admit(struct agx_ring *ring, struct agx_core_job *job, struct agx_job_pipe *part)
{
	uint64_t *entries = ring->ring->cpu;
	struct agx_ring_command *run;
	uint32_t i, count = 0;

	for (i = 0; i < part->count; i++) {
		const struct agx_job_entry *entry = &part->entries[i];

		if (entry->skip)
			continue;
		agx_store(&entries[ring->wptr], entry->va);
		ring->wptr = (ring->wptr + 1) % AGX_WORK_RING_ENTRIES;
		count++;
		if (!entry->run)
			continue;
		run = command(ring, ring->count++);
		run->job = job;
		run->va = entry->va;
		run->value = entry->value;
		run->entries = (uint16_t)count;
		run->error = 0;
		ring->used += count;
		count = 0;
	}
	ring->submitted = part->value;
}

int agx_ring_issue(struct agx_ring *ring, const struct agx_job_pipe *part)
{
	struct agx_core *core = core_of(ring);
	char *state = ring->state->cpu;
	uint32_t *wptr = (uint32_t *)(state + offsetof(struct agx_ring_state, cpu_wptr));
	struct agx_run_work_queue message = {
		.pipe = ring->pipe,
		.work_queue = ring->info->va,
		.event_slot = ring->slot,
		.is_new = ring->is_new,
	};
	uint32_t i;

	/* Other jobs may have been admitted since: up to the end of this one. */
	ring->issued += part->runs;
	message.wptr = ring->wptr;
	for (i = ring->issued; i < ring->count; i++)
		message.wptr += AGX_WORK_RING_ENTRIES - command(ring, i)->entries;
	message.wptr %= AGX_WORK_RING_ENTRIES;

	__atomic_store_n(wptr, message.wptr, __ATOMIC_RELEASE);
	ring->is_new = false;
	return agx_core_run_work_queue(core, ring->queue->priority, &message);
}

/* The first command leaves. */
static void pop(struct agx_ring *ring)
{
	struct agx_work *work = &core_of(ring)->work;
	struct agx_ring_command *first = command(ring, 0);
	struct agx_core_job *job = first->job;

	if (first->error)
		job->error = first->error;
	if (ring->last != job) {
		if (ring->last)
			agx_job_put(ring->last);
		agx_job_get(job);
		ring->last = job;
	}
	work->slots[ring->slot].value = first->value;
	ring->used -= first->entries;
	ring->head = (ring->head + 1) % AGX_RING_STAMPS;
	ring->count--;
	if (ring->issued)
		ring->issued--;
	job->remaining--;
	work->outstanding--;
}

/* What the firmware has written; only of a ring with a slot. */
static uint32_t read_stamp(const struct agx_ring *ring)
{
	return __atomic_load_n(agx_event_stamp(core_of(ring), ring->slot), __ATOMIC_ACQUIRE);
}

bool agx_ring_has_done(const struct agx_ring *ring)
{
	return ring->slot != AGX_NO_SLOT && ring->issued &&
	       agx_stamp_reached(read_stamp(ring),
				 ring->commands[ring->head % AGX_RING_STAMPS].value);
}

uint32_t agx_ring_retire(struct agx_ring *ring)
{
	struct agx_core *core = core_of(ring);
	uint32_t stamp, count = 0;

	if (ring->slot == AGX_NO_SLOT || !ring->issued)
		return 0;
	stamp = read_stamp(ring);
	while (ring->issued && agx_stamp_reached(stamp, command(ring, 0)->value)) {
		pop(ring);
		count++;
	}
	if (count)
		core->work.progress = true;
	return count;
}

const struct agx_ring_command *agx_ring_mark(struct agx_ring *ring, uint32_t value, int error,
					     uint32_t culprit_vm_slot)
{
	struct agx_ring_command *run, *first = NULL;
	uint32_t i;

	for (i = 0; i < ring->issued; i++) {
		run = command(ring, i);
		if (!agx_stamp_reached(value, run->value))
			break;
		run->error = error;
		if (culprit_vm_slot < AGX_UAT_CONTEXTS && run->job->env.vm_slot != culprit_vm_slot)
			run->error = -ECANCELED;
		if (!first)
			first = run;
	}
	return first;
}

void agx_ring_fail(struct agx_ring *ring, int error)
{
	while (ring->count) {
		command(ring, 0)->error = error;
		pop(ring);
	}
	ring->issued = 0;
}
