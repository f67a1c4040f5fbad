// SPDX-License-Identifier: MIT
/* Queues: QUEUE_CREATE, QUEUE_DESTROY. */
#include <errno.h>
#include <stdlib.h>

#include "agx_args.h"
#include "agx_work.h"
#include "node_internal.h"
#include "sched.h"

struct agx_queue *agx_queue_get(struct agx_queue *queue)
{
	if (queue)
		queue->refs++;
	return queue;
}

void agx_queue_put(struct agx_queue *queue)
{
	if (!queue || --queue->refs)
		return;
	agx_core_queue_destroy(queue->engine.core);
	agx_vm_unuse(queue->vm);
	free(queue);
}

void agx_queue_close(struct agx_queue *queue)
{
	/* Jobs that were pushed still run: they hold the run queue and all they need. */
	agx_sched_queue_destroy(queue->sched);
	queue->sched = NULL;
	queue->node->stats.live_queues--;
	agx_queue_put(queue);
}

long agx_ioctl_queue_create(struct agx_file *file, void *arg)
{
	struct drm_asahi_queue_create *args = arg;
	struct agx_node *node = file->node;
	struct agx_queue *queue;
	struct agx_vm *vm = NULL;
	struct agx_reject why;
	int err, id;

	err = agx_check_queue_create(args, &why);
	if (!err) {
		vm = agx_idr_find(&file->vms, args->vm_id);
		if (!vm)
			err = agx_reject(&why, -ENOENT, "vm_id", "a VM of this file", args->vm_id);
	}
	if (err)
		return agx_log_reject(node, "ASAHI_QUEUE_CREATE", err, &why);

	queue = node->stats.live_queues < AGX_MAX_QUEUES ? calloc(1, sizeof(*queue)) : NULL;
	if (!queue)
		return -ENOMEM;
	err = agx_core_queue_create(vm->core, args->priority, args->usc_exec_base,
				    &queue->engine.core);
	if (err)
		goto free_queue;
	err = -ENOMEM;
	queue->sched = agx_sched_queue_create(node);
	if (!queue->sched)
		goto destroy_core_queue;
	id = agx_idr_alloc(&file->queues, queue);
	if (id < 0) {
		err = id;
		goto destroy_sched_queue;
	}
	queue->node = node;
	queue->refs = 1;
	queue->id = (uint32_t)id;
	queue->priority = args->priority;
	queue->usc_exec_base = args->usc_exec_base;
	queue->vm = agx_vm_use(vm);
	node->stats.live_queues++;
	args->queue_id = queue->id;
	return 0;

destroy_sched_queue:
	agx_sched_queue_destroy(queue->sched);
destroy_core_queue:
	agx_core_queue_destroy(queue->engine.core);
free_queue:
	free(queue);
	return err;
}

long agx_ioctl_queue_destroy(struct agx_file *file, void *arg)
{
	const struct drm_asahi_queue_destroy *args = arg;
	struct agx_queue *queue = NULL;
	struct agx_reject why;
	int err = agx_check_queue_destroy(args, &why);

	if (!err) {
		queue = agx_idr_remove(&file->queues, args->queue_id);
		if (!queue)
			err = agx_reject(&why, -ENOENT, "queue_id", "a queue of this file",
					 args->queue_id);
	}
	if (err)
		return agx_log_reject(file->node, "ASAHI_QUEUE_DESTROY", err, &why);
	agx_queue_close(queue);
	agx_sched_poll_locked(file->node);
	return 0;
}
