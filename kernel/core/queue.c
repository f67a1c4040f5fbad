// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Queues: the firmware's structures for each, made when first needed, and taken away when the
 * firmware has let go of them.
 *
 * A queue that the firmware has ever seen becomes a zombie when it is destroyed: a DestroyContext
 * message tells the firmware, and the memory goes when that has been taken out of its ring
 * (jannau/linux: drivers/gpu/drm/asahi/gpu.rs, invalidate_context()). Also in a zombie: the memory
 * of the commands that were done last, which the firmware may still have looked at.
 */
#include "job_internal.h"

/* What a context starts with (kkpan11/AsahiLinux-linux: fw/workqueue.rs, GpuContextData). */
static void fill_context(struct agx_gpu_context_data *context)
{
	agx_core_memset(context, 0, sizeof(*context));
	context->unk_0 = 0xff;
	context->unk_1 = 0xff;
	context->unk_5 = 1;
	context->unk_1e = 0xff;
	context->unk_23 = 2;
}

/* All that is there before the first ring; the firmware must not have it. */
static void fill_queue(struct agx_core_queue *queue)
{
	const struct agx_variant_ops *ops = queue->vm->core->ops;
	struct agx_threshold *threshold = queue->threshold_word->cpu;
	struct agx_notifier_list *list = queue->notifier_list->cpu;

	fill_context(queue->context->cpu);
	threshold->count = 0;
	queue->threshold = 0;
	queue->counter = 0;
	agx_core_memset(list, 0, sizeof(*list));
	list->list_head.next = queue->notifier_list->va;
	agx_core_memset(queue->notifier->cpu, 0, ops->notifier_size);
	ops->fill_notifier(queue->threshold_word->va, queue->number, queue->notifier->cpu);
}

static void free_ring(struct agx_ring *ring)
{
	struct agx_core *core = ring->queue->vm->core;

	agx_recover_forget(ring);
	if (ring->last)
		agx_job_put(ring->last);
	agx_event_release(ring);
	agx_heap_free(core->heaps[AGX_HEAP_PRIVATE], ring->info);
	agx_heap_free(core->heaps[AGX_HEAP_SHARED], ring->state);
	agx_heap_free(core->heaps[AGX_HEAP_SHARED], ring->ring);
	agx_heap_free(core->heaps[AGX_HEAP_PRIVATE], ring->gpu_buf);
	agx_core_free(core, ring, sizeof(*ring));
}

static void free_queue(struct agx_core_queue *queue)
{
	struct agx_core_vm *vm = queue->vm;
	struct agx_core *core = vm->core;
	unsigned int i;

	for (i = 0; i < AGX_PIPE_COUNT; i++)
		if (queue->rings[i])
			free_ring(queue->rings[i]);
	agx_tvb_destroy(queue->tvb);
	agx_heap_free(core->heaps[AGX_HEAP_SHARED], queue->context);
	agx_heap_free(core->heaps[AGX_HEAP_SHARED], queue->threshold_word);
	agx_heap_free(core->heaps[AGX_HEAP_SHARED], queue->notifier_list);
	agx_heap_free(core->heaps[AGX_HEAP_PRIVATE], queue->notifier);
	agx_core_free(core, queue, sizeof(*queue));
	agx_vm_put(vm);
}

int agx_core_queue_create(struct agx_core_vm *vm, uint32_t priority, uint64_t usc_exec_base,
			  struct agx_core_queue **created)
{
	struct agx_core *core = vm->core;
	struct agx_work *work = &core->work;
	struct agx_core_queue *queue;
	int err;

	if (priority >= AGX_PRIORITY_COUNT)
		return -EINVAL;
	err = agx_events_create(core);
	if (err)
		return err;
	queue = agx_core_alloc(core, sizeof(*queue));
	if (!queue)
		return -ENOMEM;
	queue->vm = vm;
	agx_vm_get(vm);
	queue->priority = AGX_PRIORITY_COUNT - 1 - priority;
	queue->usc_exec_base = usc_exec_base;
	err = agx_heap_alloc(core->heaps[AGX_HEAP_SHARED], sizeof(struct agx_gpu_context_data), 0,
			     "context", &queue->context);
	if (!err)
		err = agx_heap_alloc(core->heaps[AGX_HEAP_SHARED], sizeof(struct agx_threshold), 0,
				     "threshold", &queue->threshold_word);
	if (!err)
		err = agx_heap_alloc(core->heaps[AGX_HEAP_SHARED], sizeof(struct agx_notifier_list),
				     0, "notifier list", &queue->notifier_list);
	if (!err)
		err = agx_heap_alloc(core->heaps[AGX_HEAP_PRIVATE], core->ops->notifier_size, 0,
				     "notifier", &queue->notifier);
	if (err) {
		free_queue(queue);
		return err;
	}
	queue->number = work->next_queue++;
	fill_queue(queue);
	queue->prev = work->last_queue;
	if (work->last_queue)
		work->last_queue->next = queue;
	else
		work->queues = queue;
	work->last_queue = queue;
	*created = queue;
	return 0;
}

int agx_queue_ring(struct agx_core_queue *queue, enum agx_pipe pipe, struct agx_ring **wanted)
{
	struct agx_core *core = queue->vm->core;
	struct agx_ring *ring = queue->rings[pipe];
	int err;

	if (!ring) {
		ring = agx_core_alloc(core, sizeof(*ring));
		if (!ring)
			return -ENOMEM;
		ring->queue = queue;
		ring->pipe = pipe;
		ring->slot = ring->last_slot = AGX_NO_SLOT;
		err = agx_heap_alloc(core->heaps[AGX_HEAP_PRIVATE], core->ops->queue_info_size, 0,
				     "queue info", &ring->info);
		if (!err)
			err = agx_heap_alloc(core->heaps[AGX_HEAP_SHARED],
					     sizeof(struct agx_ring_state), 0, "ring state",
					     &ring->state);
		if (!err)
			err = agx_heap_alloc(core->heaps[AGX_HEAP_SHARED],
					     AGX_WORK_RING_ENTRIES * sizeof(uint64_t), 0,
					     "work ring", &ring->ring);
		if (!err)
			err = agx_heap_alloc(core->heaps[AGX_HEAP_PRIVATE], AGX_QUEUE_GPU_BUF_SIZE,
					     0, "queue scratch", &ring->gpu_buf);
		if (err) {
			free_ring(ring);
			return err;
		}
		agx_ring_reset(ring);
		queue->rings[pipe] = ring;
	}
	*wanted = ring;
	return 0;
}

static bool firmware_knows(const struct agx_core_queue *queue)
{
	unsigned int i;

	for (i = 0; i < AGX_PIPE_COUNT; i++)
		if (queue->rings[i] && !queue->rings[i]->is_new)
			return true;
	return false;
}

/* The queue is in no list of work any more, and nobody but the firmware knows it. */
static void bury(struct agx_core_queue *queue)
{
	struct agx_core *core = queue->vm->core;
	struct agx_work *work = &core->work;

	if (queue->prev)
		queue->prev->next = queue->next;
	else
		work->queues = queue->next;
	if (queue->next)
		queue->next->prev = queue->prev;
	else
		work->last_queue = queue->prev;
	queue->prev = queue->next = NULL;
	if (core->state == AGX_CORE_OFF || !firmware_knows(queue)) {
		free_queue(queue);
		return;
	}
	if (work->last_zombie)
		work->last_zombie->next = queue;
	else
		work->zombies = queue;
	work->last_zombie = queue;
}

void agx_core_queue_destroy(struct agx_core_queue *queue)
{
	struct agx_core *core;

	if (!queue)
		return;
	core = queue->vm->core;
	if (queue->first)
		agx_log(core->platform, AGX_LOG_ERROR, "core: queue %u is destroyed with jobs",
			queue->number);
	queue->destroyed = true;
	agx_queue_job_gone(queue);
	agx_work_step(core);
}

void agx_queue_job_gone(struct agx_core_queue *queue)
{
	if (queue->destroyed && !queue->first)
		bury(queue);
}

/* Asks the firmware to forget a context. false: its ring is full, or it is gone. */
static bool tell(struct agx_core *core, struct agx_core_queue *queue)
{
	const struct agx_gpu_context_data *context = queue->context->cpu;
	struct agx_device_control_args args = {
		.destroy_context = {.ctx_0 = agx_load(&context->unk_0),
				    .ctx_1 = agx_load(&context->unk_1),
				    .ctx_4 = agx_load(&context->unk_4),
				    .ctx_23 = agx_load(&context->unk_23),
				    .context = queue->context->va},
	};
	unsigned int i;

	for (i = 0; i < AGX_FW_HEAPS; i++)
		queue->marks[i] = agx_heap_garbage_mark(core->heaps[i]);
	if (agx_core_device_control(core, AGX_DEVICE_CONTROL_DESTROY_CONTEXT, &args, &queue->token))
		return false;
	queue->told = true;
	queue->since = agx_core_now(core);
	return true;
}

/* The firmware has taken the message: it has also written back its cache. */
static void forget(struct agx_core *core, struct agx_core_queue *queue)
{
	unsigned int i;

	for (i = 0; i < AGX_FW_HEAPS; i++)
		agx_heap_collect(core->heaps[i], queue->marks[i]);
	free_queue(queue);
}

bool agx_queues_step(struct agx_core *core)
{
	struct agx_work *work = &core->work;
	struct agx_core_queue *queue;

	for (queue = work->zombies; queue; queue = queue->next)
		if (!queue->told && !tell(core, queue))
			break;
	while ((queue = work->zombies) && queue->told) {
		int taken = agx_core_taken(core, AGX_CHANNEL_DEVICE_CONTROL, queue->token);

		if (taken < 0)
			break;
		if (!taken) {
			if (agx_core_now(core) - queue->since >= AGX_CORE_TIMEOUT_NS)
				agx_core_fail(core, "the firmware does not destroy a context");
			break;
		}
		work->zombies = queue->next;
		if (!work->zombies)
			work->last_zombie = NULL;
		forget(core, queue);
	}
	return work->zombies;
}

void agx_queues_off(struct agx_core *core)
{
	struct agx_work *work = &core->work;
	struct agx_core_queue *queue;
	unsigned int i;

	while ((queue = work->zombies)) {
		work->zombies = queue->next;
		free_queue(queue);
	}
	work->last_zombie = NULL;
	for (queue = work->queues; queue; queue = queue->next) {
		for (i = 0; i < AGX_PIPE_COUNT; i++) {
			struct agx_ring *ring = queue->rings[i];

			if (!ring)
				continue;
			ring->is_new = true; /* for whoever asks before the next start */
			if (ring->last)
				agx_job_put(ring->last);
			ring->last = NULL;
		}
	}
}

void agx_queues_restart(struct agx_core *core)
{
	struct agx_core_queue *queue;
	unsigned int i;

	for (queue = core->work.queues; queue; queue = queue->next) {
		fill_queue(queue);
		for (i = 0; i < AGX_PIPE_COUNT; i++)
			if (queue->rings[i])
				agx_ring_reset(queue->rings[i]);
	}
}
