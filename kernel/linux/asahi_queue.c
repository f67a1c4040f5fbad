// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Queues: QUEUE_CREATE, QUEUE_DESTROY.
 *
 * The firmware schedules between queues; Linux' scheduler is there for what a job waits for before
 * the firmware may see it. So each queue has its own, with one entity. What a queue has been given
 * runs to its end, also when the queue, or its file, has been closed: jobs hold the queue. Only if
 * the client was killed it is not worth the GPU's time.
 */
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "agx_args.h"
#include "asahi_compat.h"
#include "asahi_core.h"
#include "asahi_job.h"
#include "asahi_queue.h"

/* Where all schedulers run jobs, and free them. Part of signalling fences. */
static struct workqueue_struct *sched_wq;

struct workqueue_struct *asahi_cleanup_wq;

int asahi_drv_init(void)
{
	sched_wq = alloc_workqueue("asahi-sched", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!sched_wq)
		return -ENOMEM;
	asahi_cleanup_wq = alloc_workqueue("asahi-cleanup", WQ_UNBOUND, 0);
	if (!asahi_cleanup_wq) {
		destroy_workqueue(sched_wq);
		return -ENOMEM;
	}
	return 0;
}

void asahi_drv_fini(void)
{
	destroy_workqueue(asahi_cleanup_wq);
	destroy_workqueue(sched_wq);
}

static void memory_release(struct kref *refs)
{
	struct asahi_queue *queue = container_of(refs, struct asahi_queue, memory);

	kfree_rcu(queue, rcu);
}

void asahi_queue_put_memory(struct asahi_queue *queue)
{
	kref_put(&queue->memory, memory_release);
}

/* No file knows it any more, and all jobs have been freed. */
static void release_work(struct work_struct *work)
{
	struct asahi_queue *queue = container_of(work, struct asahi_queue, release);
	struct asahi_device *adev = queue->adev;

	drm_sched_entity_destroy(&queue->entity);
	drm_sched_fini(&queue->sched);
	asahi_core_lock(adev);
	agx_core_queue_destroy(queue->core);
	asahi_core_unlock(adev);
	asahi_vm_put(queue->vm);
	asahi_file_put(queue->file);
	mutex_destroy(&queue->lock);
	asahi_queue_put_memory(queue);
	module_put(THIS_MODULE); /* unloading waits for this work, see asahi_drv_fini() */
}

static void queue_release(struct kref *refs)
{
	struct asahi_queue *queue = container_of(refs, struct asahi_queue, refs);

	queue_work(asahi_cleanup_wq, &queue->release);
}

struct asahi_queue *asahi_queue_get(struct asahi_queue *queue)
{
	kref_get(&queue->refs);
	return queue;
}

void asahi_queue_put(struct asahi_queue *queue)
{
	if (queue)
		kref_put(&queue->refs, queue_release);
}

struct asahi_queue *asahi_queue_lookup(struct asahi_file *afile, u32 id)
{
	struct asahi_queue *queue;

	xa_lock(&afile->queues);
	queue = xa_load(&afile->queues, id);
	if (queue)
		asahi_queue_get(queue);
	xa_unlock(&afile->queues);
	return queue;
}

void asahi_queues_release(struct asahi_file *afile)
{
	struct asahi_queue *queue;
	unsigned long id;

	xa_for_each(&afile->queues, id, queue)
		asahi_queue_put(queue);
	xa_destroy(&afile->queues);
}

void asahi_queues_cancel(struct asahi_file *afile)
{
	struct asahi_queue *queue;
	unsigned long id;

	xa_for_each(&afile->queues, id, queue)
		WRITE_ONCE(queue->cancelled, true);
}

static int init_sched(struct asahi_queue *queue)
{
	const struct drm_sched_init_args args = {
		.ops = &asahi_sched_ops,
		.submit_wq = sched_wq,
		.num_rqs = 1,
		.credit_limit = AGX_QUEUE_COMMANDS,
		.timeout = msecs_to_jiffies(ASAHI_JOB_TIMEOUT_MS),
		.name = "asahi",
		.dev = queue->adev->base.dev,
	};
	struct drm_gpu_scheduler *sched = &queue->sched;
	int ret;

	ret = asahi_sched_init(sched, &args);
	if (ret)
		return ret;
	ret = drm_sched_entity_init(&queue->entity, DRM_SCHED_PRIORITY_KERNEL, &sched, 1, NULL);
	if (ret)
		drm_sched_fini(sched);
	return ret;
}

static int create_core_queue(struct asahi_queue *queue, const struct drm_asahi_queue_create *args)
{
	int ret;

	do {
		asahi_core_lock(queue->adev);
		ret = agx_core_queue_create(queue->vm->core, args->priority, args->usc_exec_base,
					    &queue->core);
		asahi_core_unlock(queue->adev);
	} while (asahi_core_again(queue->adev, &ret));
	return ret;
}

int asahi_ioctl_queue_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct asahi_device *adev = to_asahi_device(drm);
	struct asahi_file *afile = to_asahi_file(file);
	struct drm_asahi_queue_create *args = data;
	struct asahi_queue *queue;
	struct asahi_vm *vm = NULL;
	struct agx_reject why;
	int ret;

	ret = agx_check_queue_create(args, &why);
	if (!ret) {
		vm = asahi_vm_lookup(afile, args->vm_id);
		if (!vm)
			ret = agx_reject(&why, -ENOENT, "vm_id", "a VM of this file", args->vm_id);
	}
	if (ret)
		return asahi_refuse(adev, "QUEUE_CREATE", ret, &why);

	queue = kzalloc_obj(*queue, GFP_KERNEL_ACCOUNT);
	if (!queue) {
		ret = -ENOMEM;
		goto err_put_vm;
	}
	kref_init(&queue->refs);
	kref_init(&queue->memory);
	INIT_WORK(&queue->release, release_work);
	mutex_init(&queue->lock);
	queue->adev = adev;
	queue->vm = vm;
	queue->fence_context = dma_fence_context_alloc(1);
	queue->pid = task_tgid_nr(current);
	get_task_comm(queue->comm, current->group_leader);
	ret = create_core_queue(queue, args);
	if (ret)
		goto err_free_queue;
	ret = init_sched(queue);
	if (ret)
		goto err_destroy_core_queue;
	queue->file = asahi_file_get(afile);
	__module_get(THIS_MODULE);

	/* From then on others can find it, and drop it. */
	asahi_queue_get(queue);
	ret = xa_alloc(&afile->queues, &queue->id, queue, ASAHI_ID_LIMIT, GFP_KERNEL_ACCOUNT);
	if (ret) {
		asahi_queue_put(queue);
		ret = -ENOMEM;
	}
	args->queue_id = queue->id;
	asahi_queue_put(queue);
	return ret;

err_destroy_core_queue:
	asahi_core_lock(adev);
	agx_core_queue_destroy(queue->core);
	asahi_core_unlock(adev);
err_free_queue:
	mutex_destroy(&queue->lock);
	kfree(queue);
err_put_vm:
	asahi_vm_put(vm);
	return ret;
}

int asahi_ioctl_queue_destroy(struct drm_device *drm, void *data, struct drm_file *file)
{
	const struct drm_asahi_queue_destroy *args = data;
	struct asahi_queue *queue = NULL;
	struct agx_reject why;
	int ret;

	ret = agx_check_queue_destroy(args, &why);
	if (!ret) {
		queue = xa_erase(&to_asahi_file(file)->queues, args->queue_id);
		if (!queue)
			ret = agx_reject(&why, -ENOENT, "queue_id", "a queue of this file",
					 args->queue_id);
	}
	if (ret)
		return asahi_refuse(to_asahi_device(drm), "QUEUE_DESTROY", ret, &why);
	asahi_queue_put(queue);
	return 0;
}
