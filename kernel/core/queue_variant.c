// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Work queues, notifiers and barriers in a variant's form. Compiled once per variant.
 *
 * Initial values: kkpan11/AsahiLinux-linux: drivers/gpu/drm/asahi/workqueue.rs WorkQueue::new(),
 * queue/mod.rs Queue::new() and submit().
 */
#include "queue_variant.h"

#include "variant.h"

static const struct agx_priority priorities[AGX_PRIORITY_COUNT] = AGX_PRIORITIES;

void AGX_FW(fill_queue_info)(const struct agx_queue_info_args *args, void *queue_info)
{
	struct AGX_FW(queue_info) *info = queue_info;

	info->state = args->state;
	info->ring = args->ring;
	info->notifier_list = args->notifier_list;
	info->gpu_buf = args->gpu_buf;
	info->event_id = -1;
	info->priority = priorities[args->priority];
	if (args->pipe == AGX_PIPE_COMPUTE) { /* no preemption */
		info->priority.unk_0 = 0;
		info->priority.unk_18 = 1;
	}
	info->unk_4c = -1;
	info->uuid = args->number;
	info->unk_54 = -1;
	info->gpu_context = args->context;
}

void AGX_FW(fill_notifier)(uint64_t threshold, uint32_t number, void *where)
{
	struct AGX_FW(notifier) *notifier = where;

	notifier->threshold = threshold;
	notifier->generation = number;
	notifier->unk_10 = AGX_NOTIFIER_UNK_10;
#if AGX_FW_V13
	agx_core_memset(notifier->unk_buf, AGX_NOTIFIER_BUF_FILL, sizeof(notifier->unk_buf));
#endif
}

void AGX_FW(fill_barrier)(const struct agx_barrier_args *args, void *where)
{
	struct AGX_FW(barrier) *barrier = where;

	barrier->tag = AGX_CMD_BARRIER;
	barrier->wait_stamp = args->wait_stamp;
	barrier->wait_value = args->wait_value;
	barrier->wait_slot = args->wait_slot;
	barrier->stamp_self = args->stamp_self;
	barrier->uuid = args->external ? AGX_BARRIER_UUID_EXPLICIT : 0;
#if AGX_FW_G14X
	barrier->internal_barrier_type =
		args->external ? AGX_BARRIER_EXPLICIT : AGX_BARRIER_IMPLICIT;
#endif
}
