// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * SUBMIT.
 *
 * Everything is copied, looked up, checked, allocated and locked first; then, past the point of no
 * return, nothing can fail: the job gets its fence, which goes to the reservations and out-syncs,
 * and is handed to the scheduler.
 *
 * Synchronisation is explicit. The reservations of the VM and of the shared objects in it get the
 * job's fence as BOOKKEEP: for whoever wants to know when the memory is unused, not for others'
 * implicit waits.
 */
#include <drm/drm_exec.h>
#include <drm/drm_syncobj.h>
#include <linux/dma-fence-chain.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "agx_args.h"
#include "agx_submit.h"
#include "asahi_compat.h"
#include "asahi_job.h"
#include "asahi_object.h"
#include "asahi_queue.h"
#include "asahi_trace.h"

/**
 * struct out_sync - a syncobj to be given the job's fence
 */
struct out_sync {
	/** @syncobj: a reference */
	struct drm_syncobj *syncobj;

	/** @chain: of a timeline: the new point; NULL: binary */
	struct dma_fence_chain *chain;

	/** @point: its value */
	u64 point;
};

/**
 * struct submission - one call
 */
struct submission {
	/** @file: the caller's */
	struct drm_file *file;

	/** @args: the argument */
	const struct drm_asahi_submit *args;

	/** @queue: a reference, NULL until found */
	struct asahi_queue *queue;

	/** @job: NULL until made */
	struct asahi_job *job;

	/** @out: out-syncs, @num_out of them */
	struct out_sync *out;

	/** @num_out: entries of @out in use */
	u32 num_out;

	/** @cmdbuf: the command buffer's copy */
	void *cmdbuf;

	/** @cmds: hardware commands, parsed */
	struct agx_submit_cmd *cmds;

	/** @num_cmds: how many */
	u32 num_cmds;

	/** @exec: reservations, while they are locked */
	struct drm_exec exec;

	/** @why: what was refused, when @explained */
	struct agx_reject why;

	/** @explained: @why is set */
	bool explained;
};

static int refuse(struct submission *s, int err)
{
	s->explained = true;
	return err;
}

/* --- Syncs --- */

static int add_in_sync(struct submission *s, const struct drm_asahi_sync *sync)
{
	int ret;

	ret = drm_sched_job_add_syncobj_dependency(&s->job->base, s->file, sync->handle,
						   sync->timeline_value);
	if (!ret)
		return 0;
	agx_reject(&s->why, ret, "in-sync's handle", "a syncobj with a fence for this point",
		   sync->handle);
	return refuse(s, ret);
}

static int add_out_sync(struct submission *s, const struct drm_asahi_sync *sync)
{
	struct out_sync *out = &s->out[s->num_out];

	out->syncobj = drm_syncobj_find(s->file, sync->handle);
	if (!out->syncobj) {
		agx_reject(&s->why, -ENOENT, "out-sync's handle", "a syncobj", sync->handle);
		return refuse(s, -ENOENT);
	}
	s->num_out++;
	if (sync->sync_type == DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ) {
		out->chain = dma_fence_chain_alloc();
		if (!out->chain)
			return -ENOMEM;
		out->point = sync->timeline_value;
	}
	return 0;
}

/* In the order of the array: in-syncs come first. */
static int resolve_syncs(struct submission *s, const struct drm_asahi_sync *syncs, u32 count)
{
	u32 i;
	int ret;

	for (i = 0; i < count; i++) {
		ret = agx_check_sync(&syncs[i], &s->why);
		if (ret)
			return refuse(s, ret);
		ret = i < s->args->in_sync_count ? add_in_sync(s, &syncs[i])
						 : add_out_sync(s, &syncs[i]);
		if (ret)
			return ret;
		/* There may be millions of them. */
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static int copy_syncs(struct submission *s, u32 count)
{
	struct drm_asahi_sync *syncs;
	int ret;

	if (!count)
		return 0;
	if (s->args->out_sync_count) {
		s->out = kvcalloc(s->args->out_sync_count, sizeof(*s->out), GFP_KERNEL_ACCOUNT);
		if (!s->out)
			return -ENOMEM;
	}
	syncs = vmemdup_user(u64_to_user_ptr(s->args->syncs), (size_t)count * sizeof(*syncs));
	if (IS_ERR(syncs))
		return PTR_ERR(syncs);
	ret = resolve_syncs(s, syncs, count);
	kvfree(syncs);
	return ret;
}

static void signal_out_syncs(struct submission *s, struct dma_fence *fence)
{
	u32 i;

	for (i = 0; i < s->num_out; i++) {
		struct out_sync *out = &s->out[i];

		if (out->chain)
			drm_syncobj_add_point(out->syncobj, out->chain, fence, out->point);
		else
			drm_syncobj_replace_fence(out->syncobj, fence);
		out->chain = NULL;
	}
}

static void free_out_syncs(struct submission *s)
{
	u32 i;

	for (i = 0; i < s->num_out; i++) {
		dma_fence_chain_free(s->out[i].chain);
		drm_syncobj_put(s->out[i].syncobj);
	}
	kvfree(s->out);
}

/* --- Commands --- */

/* The job takes a reference for each; it has room for all that there can be. */
static void *find_object(void *data, uint32_t handle, uint64_t *size)
{
	struct submission *s = data;
	struct asahi_object *object = asahi_object_lookup(to_asahi_file(s->file), handle);

	if (!object)
		return NULL;
	s->job->objects[s->job->num_objects++] = object;
	*size = object->range;
	return object->core;
}

static int parse(struct submission *s)
{
	const struct agx_submit_ops ops = {.find_object = find_object, .data = s};
	struct agx_submit_counts counts;
	int ret;

	ret = agx_submit_count(s->cmdbuf, s->args->cmdbuf_size, &counts, &s->why);
	if (ret)
		return refuse(s, ret);
	s->num_cmds = counts.render + counts.compute;
	s->cmds = kvmalloc_array(s->num_cmds, sizeof(*s->cmds), GFP_KERNEL);
	s->job->objects = kmalloc_array(s->num_cmds * AGX_NUM_TIMESTAMPS, sizeof(*s->job->objects),
					GFP_KERNEL);
	if (!s->cmds || !s->job->objects)
		return -ENOMEM;
	ret = agx_submit_parse(s->cmdbuf, s->args->cmdbuf_size, &counts, &ops, s->cmds, &s->why);
	if (ret)
		return refuse(s, ret);
	s->job->engine = counts.render ? ASAHI_ENGINE_RENDER : ASAHI_ENGINE_COMPUTE;
	return 0;
}

/* --- The ioctl --- */

/* All that can fail and needs no lock. */
static int prepare(struct submission *s)
{
	u32 count;
	int ret;

	ret = agx_check_submit(s->args, &s->why);
	if (ret)
		return refuse(s, ret);
	s->queue = asahi_queue_lookup(to_asahi_file(s->file), s->args->queue_id);
	if (!s->queue) {
		agx_reject(&s->why, -ENOENT, "queue_id", "a queue of this file", s->args->queue_id);
		return refuse(s, -ENOENT);
	}
	ret = agx_check_submit_syncs(s->args, &count, &s->why);
	if (ret)
		return refuse(s, ret);
	s->job = asahi_job_create(s->queue, s->file);
	if (IS_ERR(s->job)) {
		ret = PTR_ERR(s->job);
		s->job = NULL;
		return ret;
	}
	ret = copy_syncs(s, count);
	if (ret)
		return ret;
	ret = agx_check_submit_size(s->args, &s->why);
	if (ret)
		return refuse(s, ret);
	s->cmdbuf = vmemdup_user(u64_to_user_ptr(s->args->cmdbuf), s->args->cmdbuf_size);
	if (IS_ERR(s->cmdbuf)) {
		ret = PTR_ERR(s->cmdbuf);
		s->cmdbuf = NULL;
		return ret;
	}
	return parse(s);
}

static int lock_reservations(struct submission *s)
{
	struct drm_gpuvm *gpuvm = &s->queue->vm->gpuvm;
	int ret = 0;

	drm_exec_init(&s->exec, DRM_EXEC_INTERRUPTIBLE_WAIT | DRM_EXEC_IGNORE_DUPLICATES, 0);
	drm_exec_until_all_locked(&s->exec) {
		ret = drm_gpuvm_prepare_vm(gpuvm, &s->exec, 1);
		drm_exec_retry_on_contention(&s->exec);
		if (ret)
			break;
		ret = drm_gpuvm_prepare_objects(gpuvm, &s->exec, 1);
		drm_exec_retry_on_contention(&s->exec);
		if (ret)
			break;
	}
	if (ret)
		drm_exec_fini(&s->exec);
	return ret;
}

/* With the queue's lock: jobs are built and pushed in the same order. */
static int submit_locked(struct submission *s)
{
	struct asahi_queue *queue = s->queue;
	struct asahi_job *job = s->job;
	struct dma_fence *fence;
	int ret;

	ret = asahi_job_build(job, s->cmdbuf, s->cmds, s->num_cmds);
	if (ret)
		return ret;
	ret = lock_reservations(s);
	if (ret)
		return ret;

	/* The point of no return: an armed job has to be pushed. */
	job->seqno = ++queue->seqno;
	drm_sched_job_arm(&job->base);
	fence = &job->base.s_fence->finished;
	drm_gpuvm_resv_add_fence(&queue->vm->gpuvm, &s->exec, fence, DMA_RESV_USAGE_BOOKKEEP,
				 DMA_RESV_USAGE_BOOKKEEP);
	signal_out_syncs(s, fence);
	trace_asahi_submit(queue->adev, queue->file->id, queue->id, job->seqno, s->num_cmds,
			   s->args->in_sync_count, s->args->out_sync_count);
	drm_sched_entity_push_job(&job->base);
	s->job = NULL;
	drm_exec_fini(&s->exec);
	return 0;
}

int asahi_ioctl_submit(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct submission s = {.file = file, .args = data};
	int ret;

	ret = prepare(&s);
	if (!ret) {
		ret = mutex_lock_interruptible(&s.queue->lock);
		if (!ret) {
			ret = submit_locked(&s);
			mutex_unlock(&s.queue->lock);
		}
	}
	if (ret && s.explained)
		asahi_refuse(to_asahi_device(drm), "SUBMIT", ret, &s.why);
	asahi_job_discard(s.job);
	free_out_syncs(&s);
	kvfree(s.cmds);
	kvfree(s.cmdbuf);
	asahi_queue_put(s.queue);
	return ret;
}
