// SPDX-License-Identifier: MIT
/*
 * SUBMIT: everything is copied, looked up, checked and allocated first; then, past the point of no
 * return, nothing can fail: the job is handed to the scheduler and its fence to the out-syncs.
 */
#include <errno.h>
#include <stdlib.h>

#include "agx_args.h"
#include "agx_submit.h"
#include "node_internal.h"
#include "sched.h"
#include "syncobj.h"

/* Up to here arrays live on the stack. */
#define SMALL_SYNCS  8
#define SMALL_CMDBUF 2048

struct submission {
	struct agx_file *file;
	struct agx_node *node;
	const struct drm_asahi_submit *args;
	struct agx_queue *queue;
	struct agx_job *job;
	struct agx_syncobj_attach *out;
	uint32_t num_out; /* prepared */
	struct agx_reject why;
	bool explained; /* why is set */
};

static int refuse(struct submission *s, int err)
{
	s->explained = true;
	return err;
}

/* Looks up the in-syncs' fences and prepares the out-syncs, in the order of the array. */
static int resolve_syncs(struct submission *s, const struct drm_asahi_sync *syncs, uint32_t count)
{
	uint32_t i;
	int err;

	for (i = 0; i < count; i++) {
		const struct drm_asahi_sync *sync = &syncs[i];
		bool timeline = sync->sync_type == DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ;
		struct agx_fence *fence;

		err = agx_check_sync(sync, &s->why);
		if (err)
			return refuse(s, err);
		if (i < s->args->in_sync_count) {
			err = agx_syncobj_find_fence(s->file, sync->handle, timeline,
						     sync->timeline_value, &fence);
			if (err) {
				agx_reject(&s->why, err, "in-sync's handle",
					   "a syncobj with a fence for this point", sync->handle);
				return refuse(s, err);
			}
			agx_job_add_dependency(s->job, fence);
			agx_fence_put(fence);
		} else {
			err = agx_syncobj_prepare(s->file, sync->handle, timeline,
						  sync->timeline_value, &s->out[s->num_out]);
			if (err) {
				agx_reject(&s->why, err, "out-sync's handle", "a syncobj",
					   sync->handle);
				return refuse(s, err);
			}
			s->num_out++;
		}
	}
	return 0;
}

static void *find_object(void *data, uint32_t handle, uint64_t *size)
{
	struct agx_file *file = data;
	struct agx_object *object = agx_idr_find(&file->objects, handle);

	if (object)
		*size = object->range;
	return object;
}

static void release_job(struct agx_job *job)
{
	struct agx_node *node = job->finished->node;

	node->engine->release(node, job->payload);
	node->stats.completed_submits++;
}

/* Parses the commands and makes the engine's payload of them. */
static int build(struct submission *s, const void *cmdbuf, uint32_t *num_commands)
{
	const struct agx_submit_ops ops = {.find_object = find_object, .data = s->file};
	struct agx_submit_cmd one, *cmds = &one;
	struct agx_engine_work work = {.cmdbuf = cmdbuf, .size = s->args->cmdbuf_size};
	struct agx_submit_counts counts;
	uint32_t count;
	int err;

	err = agx_submit_count(cmdbuf, s->args->cmdbuf_size, &counts, &s->why);
	if (err)
		return refuse(s, err);
	count = counts.render + counts.compute;
	if (count > 1) {
		cmds = malloc(count * sizeof(*cmds));
		if (!cmds)
			return -ENOMEM;
	}
	err = agx_submit_parse(cmdbuf, s->args->cmdbuf_size, &counts, &ops, cmds, &s->why);
	if (err) {
		refuse(s, err);
	} else {
		work.cmds = cmds;
		work.count = count;
		work.waits = s->job->num_deps;
		err = s->node->engine->prepare(s->queue, &work, &s->job->payload);
	}
	if (cmds != &one)
		free(cmds);
	*num_commands = count;
	return err;
}

static int submit_cmdbuf(struct submission *s, uint32_t *num_commands)
{
	uint32_t size = s->args->cmdbuf_size;
	uint64_t small[SMALL_CMDBUF / 8];
	void *cmdbuf = small;
	int err;

	err = agx_check_submit_size(s->args, &s->why);
	if (err)
		return refuse(s, err);
	if (size > sizeof(small)) {
		cmdbuf = malloc(size);
		if (!cmdbuf)
			return -ENOMEM;
	}
	err = agx_copy_from(s->node, cmdbuf, s->args->cmdbuf, size);
	if (!err)
		err = build(s, cmdbuf, num_commands);
	if (cmdbuf != small)
		free(cmdbuf);
	return err;
}

/* All that can fail. */
static int prepare(struct submission *s, uint32_t *num_commands)
{
	struct drm_asahi_sync small[SMALL_SYNCS], *syncs = small;
	uint32_t count;
	int err;

	err = agx_check_submit(s->args, &s->why);
	if (err)
		return refuse(s, err);
	s->queue = agx_idr_find(&s->file->queues, s->args->queue_id);
	if (!s->queue) {
		agx_reject(&s->why, -ENOENT, "queue_id", "a queue of this file", s->args->queue_id);
		return refuse(s, -ENOENT);
	}
	err = agx_check_submit_syncs(s->args, &count, &s->why);
	if (err)
		return refuse(s, err);

	if (count > SMALL_SYNCS) {
		syncs = malloc(count * sizeof(*syncs));
		s->out = malloc(count * sizeof(*s->out));
		if (!syncs || !s->out) {
			err = -ENOMEM;
			goto free_syncs;
		}
	}
	err = agx_copy_from(s->node, syncs, s->args->syncs, count * sizeof(*syncs));
	if (err)
		goto free_syncs;
	s->job = agx_job_create(s->queue->sched, s->args->in_sync_count);
	if (!s->job) {
		err = -ENOMEM;
		goto free_syncs;
	}
	err = resolve_syncs(s, syncs, count);
	if (!err)
		err = submit_cmdbuf(s, num_commands);

free_syncs:
	if (syncs != small)
		free(syncs);
	return err;
}

static int submit(struct agx_file *file, const struct drm_asahi_submit *args)
{
	struct agx_syncobj_attach small[SMALL_SYNCS];
	struct submission s = {
		.file = file,
		.node = file->node,
		.args = args,
		.out = small,
	};
	uint32_t num_commands = 0, i;
	int err;

	err = prepare(&s, &num_commands);
	if (err) {
		for (i = 0; i < s.num_out; i++)
			agx_syncobj_cancel(&s.out[i]);
		agx_job_discard(s.job);
		if (s.explained)
			agx_log_reject(s.node, "ASAHI_SUBMIT", err, &s.why);
		goto out;
	}

	/* The point of no return. */
	s.job->release = release_job;
	s.node->stats.submits++;
	s.node->stats.commands += num_commands;
	for (i = 0; i < s.num_out; i++)
		agx_syncobj_commit(&s.out[i], s.job->finished);
	agx_job_push(s.job);

out:
	if (s.out != small)
		free(s.out);
	return err;
}

long agx_ioctl_submit(struct agx_file *file, void *arg)
{
	struct agx_node *node = file->node;
	int err;

	/* Where the engine needs time, nothing of the submission is kept while it gets it. */
	while ((err = submit(file, arg)) == -EAGAIN) {
		err = agx_sched_wait_engine(node);
		if (err)
			break;
	}
	return err;
}
