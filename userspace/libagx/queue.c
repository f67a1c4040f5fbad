// SPDX-License-Identifier: MIT
/*
 * Queues and submission. Beside what the caller names every submission signals the next point of
 * the queue's timeline, which tells whether it has ended, and a binary sync, which tells how: a
 * point of a timeline forgets the error of its fence.
 */
#include <stdlib.h>
#include <string.h>

#include "agx_cs_pack.h"
#include "asahi_drm.h"

#include "sync_internal.h"

struct agx_queue {
	atomic_uint references;
	struct agx_vm *vm; /* a reference */
	struct agx_device *device;
	uint32_t id;
	struct agx_sync *timeline; /* signalled by each submission */
	struct agx_sync *last;     /* binary: of the last one */
	pthread_mutex_t lock;      /* of submissions: points rise in the order of ioctls */
	uint64_t point;            /* of the last submission, 0: there was none */
	uint8_t *bytes;            /* several command buffers behind each other */
	uint32_t capacity;
	uint64_t nothing; /* address of a control stream that ends at once; 0: not needed so far */
};

/* The uAPI takes no submission without a command: what carries waits and signals alone. */
struct carrier {
	struct drm_asahi_cmd_header header;
	struct drm_asahi_cmd_compute compute;
};

struct agx_queue *lib_queue_get(struct agx_queue *queue)
{
	atomic_fetch_add_explicit(&queue->references, 1, memory_order_relaxed);
	return queue;
}

static void destroy_id(struct agx_queue *queue)
{
	struct drm_asahi_queue_destroy args = {.queue_id = queue->id};
	int ret = lib_ioctl(queue->device, DRM_IOCTL_ASAHI_QUEUE_DESTROY, &args);

	if (ret < 0)
		lib_log(queue->device->ctx, AGX_LOG_ERROR, "%s: QUEUE_DESTROY: %s",
			queue->device->name, lib_reason(ret));
}

void lib_queue_put(struct agx_queue *queue)
{
	if (!queue || atomic_fetch_sub_explicit(&queue->references, 1, memory_order_acq_rel) > 1)
		return;
	destroy_id(queue);
	lib_sync_put(queue->timeline);
	lib_sync_put(queue->last);
	pthread_mutex_destroy(&queue->lock);
	free(queue->bytes);
	if (queue->nothing)
		lib_shader_memory_free(queue->vm, queue->nothing);
	lib_vm_put(queue->vm);
	free(queue);
}

int lib_queue_wait_point(struct agx_queue *queue, uint64_t point, uint64_t ns)
{
	return lib_sync_wait(queue->timeline, point, ns);
}

static int init(struct agx_queue *queue, enum agx_priority priority)
{
	static const enum drm_asahi_priority priorities[] = {
		[AGX_PRIORITY_LOW] = DRM_ASAHI_PRIORITY_LOW,
		[AGX_PRIORITY_MEDIUM] = DRM_ASAHI_PRIORITY_MEDIUM,
		[AGX_PRIORITY_HIGH] = DRM_ASAHI_PRIORITY_HIGH,
		[AGX_PRIORITY_REALTIME] = DRM_ASAHI_PRIORITY_REALTIME,
	};
	struct agx_context *ctx = queue->device->ctx;
	struct drm_asahi_queue_create args = {
		.vm_id = agx_vm_id(queue->vm),
		.usc_exec_base = agx_vm_shader_base(queue->vm),
		.priority = priorities[priority],
	};
	int ret = agx_sync_create(queue->device, AGX_SYNC_TIMELINE, &queue->timeline);

	if (!ret)
		ret = agx_sync_create(queue->device, AGX_SYNC_SIGNALLED, &queue->last);
	if (ret)
		return ret;
	ret = lib_ioctl(queue->device, DRM_IOCTL_ASAHI_QUEUE_CREATE, &args);
	queue->id = args.queue_id;
	return ret < 0 ? lib_fail(ctx, ret, "queue: QUEUE_CREATE with priority %d: %s", priority,
				  lib_reason(ret))
		       : 0;
}

int agx_queue_create(struct agx_vm *vm, enum agx_priority priority, struct agx_queue **out)
{
	struct agx_context *ctx = lib_vm_context(vm);
	struct agx_queue *queue;
	int ret;

	*out = NULL;
	if (priority < AGX_PRIORITY_LOW || priority > AGX_PRIORITY_REALTIME)
		return lib_fail(ctx, -EINVAL, "queue: a priority from %d to %d expected, got %d",
				AGX_PRIORITY_LOW, AGX_PRIORITY_REALTIME, priority);
	queue = calloc(1, sizeof(*queue));
	if (!queue)
		return lib_fail(ctx, -ENOMEM, "queue: no memory");
	ret = -pthread_mutex_init(&queue->lock, NULL);
	if (ret) {
		free(queue);
		return lib_fail(ctx, ret, "queue: %s", strerror(-ret));
	}
	atomic_init(&queue->references, 1);
	queue->vm = lib_vm_get(vm);
	queue->device = agx_vm_device(vm);
	ret = init(queue, priority);
	if (ret) {
		lib_sync_put(queue->timeline);
		lib_sync_put(queue->last);
		pthread_mutex_destroy(&queue->lock);
		lib_vm_put(queue->vm);
		free(queue);
		return ret;
	}
	*out = queue;
	return 0;
}

void agx_queue_destroy(struct agx_queue *queue)
{
	uint64_t point;
	int ret = 0;

	if (!queue)
		return;
	pthread_mutex_lock(&queue->lock);
	point = queue->point;
	pthread_mutex_unlock(&queue->lock);
	if (point)
		ret = lib_sync_wait(queue->timeline, point, AGX_FOREVER);
	if (ret && ret != -ENODEV)
		lib_log(queue->device->ctx, AGX_LOG_ERROR,
			"queue: destroyed without knowing that its work has ended: wait: %s",
			lib_reason(ret));
	lib_queue_put(queue);
}

uint32_t agx_queue_id(const struct agx_queue *queue)
{
	return queue->id;
}

static void fill_syncs(struct drm_asahi_sync *syncs, const struct agx_sync_point *points,
		       unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		syncs[i] = (struct drm_asahi_sync){
			.sync_type = points[i].sync->timeline ? DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ
							      : DRM_ASAHI_SYNC_SYNCOBJ,
			.handle = points[i].sync->handle,
			.timeline_value = points[i].point,
		};
}

/* With the lock held. */
static int submit(struct agx_queue *queue, const void *bytes, uint32_t size,
		  const struct agx_submission *submission)
{
	const struct agx_sync_point own[] = {
		{.sync = queue->timeline, .point = queue->point + 1},
		{.sync = queue->last},
	};
	struct drm_asahi_sync syncs[2 * AGX_MAX_SYNCS + 2]; /* two are the queue's own */
	struct drm_asahi_submit args = {
		.syncs = (uintptr_t)syncs,
		.cmdbuf = (uintptr_t)bytes,
		.queue_id = queue->id,
		.in_sync_count = submission->wait_count,
		.out_sync_count = submission->signal_count + 2,
		.cmdbuf_size = size,
	};
	int ret;

	fill_syncs(syncs, submission->waits, submission->wait_count);
	fill_syncs(syncs + submission->wait_count, submission->signals, submission->signal_count);
	fill_syncs(syncs + submission->wait_count + submission->signal_count, own, 2);
	ret = lib_ioctl(queue->device, DRM_IOCTL_ASAHI_SUBMIT, &args);
	if (ret < 0)
		return lib_fail(queue->device->ctx, ret,
				"submission: SUBMIT of %u bytes, %u waits, %u signals: %s", size,
				submission->wait_count, submission->signal_count, lib_reason(ret));
	queue->point++;
	return 0;
}

static int check(struct agx_queue *queue, const struct agx_submission *submission)
{
	struct agx_context *ctx = queue->device->ctx;
	int ret;

	if (submission->wait_count > AGX_MAX_SYNCS || submission->signal_count > AGX_MAX_SYNCS)
		return lib_fail(
			ctx, -EINVAL,
			"submission: at most %u waits and %u signals expected, got %u and %u",
			AGX_MAX_SYNCS, AGX_MAX_SYNCS, submission->wait_count,
			submission->signal_count);
	ret = lib_sync_check(queue->device, submission->waits, submission->wait_count,
			     "submission: wait");
	if (ret)
		return ret;
	return lib_sync_check(queue->device, submission->signals, submission->signal_count,
			      "submission: signal");
}

/* What the command buffers are together: bytes and commands. */
static int check_cmdbufs(struct agx_queue *queue, const struct agx_submission *submission,
			 uint32_t *size)
{
	const uint32_t limit = queue->device->params.max_commands;
	struct agx_context *ctx = queue->device->ctx;
	uint64_t bytes = 0, commands = 0;

	if (submission->cmdbuf_count && !submission->cmdbufs)
		return lib_fail(ctx, -EINVAL,
				"submission: a pointer to %u command buffers expected",
				submission->cmdbuf_count);
	for (unsigned int i = 0; i < submission->cmdbuf_count; i++) {
		int ret = lib_cmdbuf_check(submission->cmdbufs[i], queue->vm);
		uint32_t one = 0;

		if (ret)
			return ret;
		agx_cmdbuf_bytes(submission->cmdbufs[i], &one);
		bytes += one;
		commands += lib_cmdbuf_commands(submission->cmdbufs[i]);
	}
	if (commands > limit)
		return lib_fail(ctx, -EINVAL,
				"submission: %s takes at most %u commands, got %llu passes",
				queue->device->name, limit, (unsigned long long)commands);
	if (bytes > UINT32_MAX)
		return lib_fail(ctx, -EINVAL, "submission: %llu bytes of commands are too many",
				(unsigned long long)bytes);
	*size = (uint32_t)bytes;
	return 0;
}

/* One behind the other, with their barriers moved. With the lock held. */
static const void *join(struct agx_queue *queue, const struct agx_submission *submission,
			uint32_t size)
{
	uint32_t vdm = 0, cdm = 0, used = 0;

	if (submission->cmdbuf_count == 1)
		return agx_cmdbuf_bytes(submission->cmdbufs[0], &used);
	if (size > queue->capacity) {
		uint8_t *larger = realloc(queue->bytes, size);

		if (!larger) {
			lib_fail(queue->device->ctx, -ENOMEM,
				 "submission: no memory for %u bytes of commands", size);
			return NULL;
		}
		queue->bytes = larger;
		queue->capacity = size;
	}
	for (unsigned int i = 0; i < submission->cmdbuf_count; i++)
		used += lib_cmdbuf_append(submission->cmdbufs[i], queue->bytes + used, &vdm, &cdm);
	return queue->bytes ? queue->bytes : (const uint8_t *)"";
}

/* A command that does nothing, behind all that the queue was given. With the lock held. */
static int make_carrier(struct agx_queue *queue, struct carrier *carrier)
{
	const uint32_t length = AGX_CS_CDM_STREAM_TERMINATE_SIZE;
	void *map;
	int ret;

	if (!queue->nothing) {
		struct agx_cs_cdm_stream_terminate end;
		uint64_t address;

		ret = lib_shader_memory(queue->vm, length, length, &address, &map);
		if (ret)
			return ret;
		agx_cs_cdm_stream_terminate_init(&end);
		agx_cs_cdm_stream_terminate_pack(map, &end);
		queue->nothing = address;
	}
	*carrier = (struct carrier){
		.header = {.cmd_type = DRM_ASAHI_CMD_COMPUTE, .size = sizeof(carrier->compute)},
		.compute = {.cdm_ctrl_stream_base = queue->nothing,
			    .cdm_ctrl_stream_end = queue->nothing + length},
	};
	return 0;
}

static int submit_nothing(struct agx_queue *queue, const struct agx_submission *submission)
{
	struct carrier carrier;
	int ret;

	pthread_mutex_lock(&queue->lock);
	ret = make_carrier(queue, &carrier);
	if (!ret)
		ret = submit(queue, &carrier, sizeof(carrier), submission);
	pthread_mutex_unlock(&queue->lock);
	return ret;
}

int agx_queue_submit(struct agx_queue *queue, const struct agx_submission *submission)
{
	const void *bytes;
	uint32_t size = 0;
	int ret = check(queue, submission);

	if (!ret)
		ret = check_cmdbufs(queue, submission, &size);
	if (ret)
		return ret;
	/* Command buffers without a pass are none. */
	if (!size)
		return submit_nothing(queue, submission);
	pthread_mutex_lock(&queue->lock);
	bytes = join(queue, submission, size);
	ret = bytes ? 0 : -ENOMEM;
	for (unsigned int i = 0; !ret && i < submission->cmdbuf_count; i++)
		ret = lib_cmdbuf_submitting(submission->cmdbufs[i]);
	if (!ret)
		ret = submit(queue, bytes, size, submission);
	for (unsigned int i = 0; !ret && i < submission->cmdbuf_count; i++)
		lib_cmdbuf_submitted(submission->cmdbufs[i], queue, queue->point);
	pthread_mutex_unlock(&queue->lock);
	return ret;
}

int agx_queue_submit_raw(struct agx_queue *queue, const void *cmdbuf, uint32_t size,
			 const struct agx_submission *syncs)
{
	static const struct agx_submission none;
	int ret;

	if (!syncs)
		syncs = &none;
	if (syncs->cmdbuf_count)
		return lib_fail(queue->device->ctx, -EINVAL,
				"raw submission: no command buffers expected, got %u",
				syncs->cmdbuf_count);
	ret = check(queue, syncs);
	if (ret)
		return ret;
	pthread_mutex_lock(&queue->lock);
	ret = submit(queue, cmdbuf, size, syncs);
	pthread_mutex_unlock(&queue->lock);
	return ret;
}

int agx_queue_run(struct agx_queue *queue, struct agx_cmdbuf *cmdbuf)
{
	struct agx_submission submission = {
		.cmdbufs = &cmdbuf, .cmdbuf_count = 1, .signal_count = 1};
	struct agx_sync_point signal = {0};
	int ret = agx_sync_create(queue->device, 0, &signal.sync);

	if (ret)
		return ret;
	submission.signals = &signal;
	ret = agx_queue_submit(queue, &submission);
	if (!ret)
		ret = agx_sync_wait(signal.sync, 0, AGX_FOREVER);
	if (!ret)
		ret = agx_sync_status(signal.sync, 0);
	agx_sync_destroy(signal.sync);
	return ret;
}

int agx_queue_wait(struct agx_queue *queue, uint64_t ns)
{
	uint64_t point;
	int ret;

	pthread_mutex_lock(&queue->lock);
	point = queue->point;
	pthread_mutex_unlock(&queue->lock);
	if (!point)
		return 0;
	ret = agx_sync_wait(queue->timeline, point, ns);
	if (ret)
		return ret;
	pthread_mutex_lock(&queue->lock);
	/*
	 * When another thread has submitted since, what the timeline still knows is all there is.
	 */
	if (queue->point == point)
		ret = agx_sync_status(queue->last, 0);
	else
		ret = agx_sync_status(queue->timeline, point);
	pthread_mutex_unlock(&queue->lock);
	return ret;
}
