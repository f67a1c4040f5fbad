// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Jobs.
 *
 * A job is built in the ioctl, where it may fail and may wait for memory and for room. From then on
 * it has all it needs: run_job() gives it to the core without allocating, and the core's answer,
 * which comes with the core's lock held, signals a fence that was allocated with the job. As many
 * commands are with the core as its rings have room for (credits), so it never says -EBUSY.
 *
 * A firmware that fails takes the jobs that it had with it: the core ends them with an error. Jobs
 * that were built before and run after cannot be used any more, as they name contexts and slots of
 * the old firmware; they end with -ENODEV, too. What is submitted later waits in the ioctl for the
 * restart. The queue itself goes on.
 */
#include <drm/drm_print.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>

#include "asahi_compat.h"
#include "asahi_core.h"
#include "asahi_job.h"
#include "asahi_object.h"
#include "asahi_queue.h"
#include "asahi_trace.h"

static struct asahi_job *to_asahi_job(struct drm_sched_job *job)
{
	return container_of(job, struct asahi_job, base);
}

/* --- Fences --- */

static const char *fence_driver_name(struct dma_fence *fence)
{
	return "asahi";
}

static const char *fence_timeline_name(struct dma_fence *fence)
{
	return "asahi-queue";
}

/* Lets go of what keeps this code, and the queue's name, in memory. */
static void drop_fence(struct asahi_fence *fence)
{
	asahi_queue_put_memory(fence->queue);
	module_put(THIS_MODULE);
}

static void fence_release(struct dma_fence *base)
{
	struct asahi_fence *fence = container_of(base, struct asahi_fence, base);

	drop_fence(fence);
	dma_fence_free(base);
}

static const struct dma_fence_ops fence_ops = {
	.get_driver_name = fence_driver_name,
	.get_timeline_name = fence_timeline_name,
	.release = fence_release,
};

static struct asahi_fence *alloc_fence(struct asahi_queue *queue)
{
	struct asahi_fence *fence = kzalloc_obj(*fence, GFP_KERNEL);

	if (!fence)
		return NULL;
	spin_lock_init(&fence->lock);
	fence->queue = queue;
	kref_get(&queue->memory);
	__module_get(THIS_MODULE);
	return fence;
}

/* --- Making and freeing --- */

struct asahi_job *asahi_job_create(struct asahi_queue *queue, struct drm_file *file)
{
	struct asahi_job *job = kzalloc_obj(*job, GFP_KERNEL);
	int ret;

	if (!job)
		return ERR_PTR(-ENOMEM);
	job->fence = alloc_fence(queue);
	if (!job->fence) {
		kfree(job);
		return ERR_PTR(-ENOMEM);
	}
	ret = drm_sched_job_init(&job->base, &queue->entity, 1, to_asahi_file(file),
				 file->client_id);
	if (ret) {
		drop_fence(job->fence);
		kfree(job->fence);
		kfree(job);
		return ERR_PTR(ret);
	}
	job->queue = asahi_queue_get(queue);
	return job;
}

/* In the scheduler's work, too: takes no lock but the core's. */
static void free_job(struct asahi_job *job)
{
	struct asahi_device *adev = job->queue->adev;
	u32 i;

	drm_sched_job_cleanup(&job->base);
	if (job->core) {
		asahi_core_lock(adev);
		agx_core_job_destroy(job->core);
		asahi_core_unlock(adev);
		/* It may have had an event slot or a context. */
		wake_up_all(&adev->core.changed);
	}
	for (i = 0; i < job->num_objects; i++)
		asahi_object_put(job->objects[i]);
	kfree(job->objects);
	if (job->powered)
		asahi_device_put(adev);
	if (job->running) {
		dma_fence_put(&job->fence->base);
	} else {
		drop_fence(job->fence);
		kfree(job->fence);
	}
	asahi_queue_put(job->queue);
	kfree(job);
}

void asahi_job_discard(struct asahi_job *job)
{
	if (job)
		free_job(job);
}

/* --- Building --- */

static int create_core_job(struct asahi_job *job, const void *cmdbuf,
			   const struct agx_submit_cmd *cmds, u32 count)
{
	struct asahi_queue *queue = job->queue;
	int ret;

	do {
		asahi_core_lock(queue->adev);
		ret = agx_core_job_create(queue->core, cmdbuf, cmds, count, job, &job->core);
		asahi_core_unlock(queue->adev);
	} while (asahi_core_again(queue->adev, &ret));
	return ret;
}

/* Somebody else's jobs have all event slots or contexts: waits until one ends. */
static int wait_and_create(struct asahi_job *job, const void *cmdbuf,
			   const struct agx_submit_cmd *cmds, u32 count)
{
	struct asahi_device *adev = job->queue->adev;
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	int ret;

	add_wait_queue(&adev->core.changed, &wait);
	for (;;) {
		ret = create_core_job(job, cmdbuf, cmds, count);
		if (ret != -EBUSY)
			break;
		if (signal_pending(current)) {
			ret = -ERESTARTSYS;
			break;
		}
		wait_woken(&wait, TASK_INTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT);
	}
	remove_wait_queue(&adev->core.changed, &wait);
	return ret;
}

/* How often a firmware may fail under one submission. */
#define MAX_TRIES 3

int asahi_job_build(struct asahi_job *job, const void *cmdbuf, const struct agx_submit_cmd *cmds,
		    u32 count)
{
	struct asahi_device *adev = job->queue->adev;
	unsigned int i;
	int ret;

	lockdep_assert_held(&job->queue->lock);
	/* The scheduler asked before the commands had been counted. Not below what a ring needs. */
	job->base.credits = count;
	for (i = 0; i < MAX_TRIES; i++) {
		ret = asahi_device_get(adev);
		if (ret)
			return ret;
		ret = create_core_job(job, cmdbuf, cmds, count);
		if (ret == -EBUSY)
			ret = wait_and_create(job, cmdbuf, cmds, count);
		if (!ret) {
			job->powered = true;
			return 0;
		}
		asahi_device_put(adev);
		if (ret != -ENODEV)
			break;
	}
	return ret;
}

/* --- Running --- */

/* Signals the fence. In the core's lock, or before the core has had the job. */
static void end_job(struct asahi_job *job, int error, u64 duration)
{
	struct dma_fence *fence = &job->fence->base;

	trace_asahi_job_done(job->queue->adev, job->queue->id, job->seqno, error, duration);
	if (error)
		dma_fence_set_error(fence, error);
	asahi_fence_signal(fence);
}

void asahi_job_done(struct asahi_device *adev, void *data, int error)
{
	struct asahi_job *job = data;
	struct asahi_queue *queue = job->queue;
	u64 now = ktime_get_ns();
	u64 duration;

	/* What it spent behind others of its queue was theirs. */
	duration = now - max(job->started, queue->idle_since);
	queue->idle_since = now;
	atomic64_add(duration, &queue->file->busy_ns[job->engine]);
	end_job(job, error, duration);
}

static struct dma_fence *sched_run_job(struct drm_sched_job *sched_job)
{
	struct asahi_job *job = to_asahi_job(sched_job);
	struct asahi_queue *queue = job->queue;
	struct asahi_device *adev = queue->adev;
	struct dma_fence *fence = &job->fence->base;
	bool cookie;
	int ret;

	dma_fence_init(fence, &fence_ops, &job->fence->lock, queue->fence_context, job->seqno);
	WRITE_ONCE(job->running, true);
	dma_fence_get(fence); /* the scheduler's */
	trace_asahi_job_run(adev, queue->id, job->seqno);

	cookie = dma_fence_begin_signalling();
	asahi_core_lock(adev);
	job->started = ktime_get_ns();
	ret = READ_ONCE(queue->cancelled) ? -ECANCELED : agx_core_job_submit(job->core);
	if (ret) {
		/* The core takes no later one as long as this is there. */
		agx_core_job_destroy(job->core);
		job->core = NULL;
	}
	asahi_core_unlock(adev);
	if (ret) {
		end_job(job, ret, 0);
		wake_up_all(&adev->core.changed);
	}
	dma_fence_end_signalling(cookie);
	drm_WARN_ONCE(&adev->base, ret == -EBUSY || ret == -EINVAL,
		      "the core refuses a job that it must take: %d\n", ret);
	return fence;
}

/*
 * The core watches for work that does not go on at all. This is for a job that does not end while
 * others do, which must not be for ever either.
 */
static enum drm_gpu_sched_stat sched_timedout_job(struct drm_sched_job *sched_job)
{
	struct asahi_job *job = to_asahi_job(sched_job);
	struct asahi_queue *queue = job->queue;
	struct asahi_device *adev = queue->adev;

	if (READ_ONCE(job->running) && !dma_fence_is_signaled(&job->fence->base)) {
		drm_err(&adev->base,
			"process %s, pid %d: job %llu of queue %u does not end within %u s\n",
			queue->comm, queue->pid, job->seqno, queue->id,
			ASAHI_JOB_TIMEOUT_MS / 1000);
		asahi_core_crashed(adev, "a job does not end");
	}
	/* The scheduler has taken the job off its list; this puts it back, or frees it. */
	drm_sched_stop(&queue->sched, sched_job);
	asahi_sched_start(&queue->sched, 0);
	return ASAHI_SCHED_STAT_RESET;
}

static void sched_free_job(struct drm_sched_job *sched_job)
{
	free_job(to_asahi_job(sched_job));
}

const struct drm_sched_backend_ops asahi_sched_ops = {
	.run_job = sched_run_job,
	.timedout_job = sched_timedout_job,
	.free_job = sched_free_job,
};
