// SPDX-License-Identifier: MIT
/*
 * The engine that executes nothing: a job writes the timestamps that its commands ask for, in
 * the order of the commands, and is done.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agx_submit.h"
#include "node_internal.h"
#include "sched.h"

struct stamp {
	struct agx_object *object; /* a reference */
	uint32_t offset;
};

struct payload {
	uint32_t count;
	struct stamp stamps[];
};

static int prepare(struct agx_queue *queue, const void *cmdbuf, const struct agx_submit_cmd *cmds,
		   uint32_t count, void **out)
{
	struct payload *payload;
	uint32_t i, j, wanted = 0;

	for (i = 0; i < count; i++)
		for (j = 0; j < AGX_NUM_TIMESTAMPS; j++)
			wanted += !!cmds[i].timestamps[j].object;
	*out = NULL;
	if (!wanted)
		return 0;

	payload = malloc(sizeof(*payload) + wanted * sizeof(payload->stamps[0]));
	if (!payload)
		return -ENOMEM;
	payload->count = 0;
	for (i = 0; i < count; i++) {
		for (j = 0; j < AGX_NUM_TIMESTAMPS; j++) {
			const struct agx_timestamp_ref *ref = &cmds[i].timestamps[j];

			if (!ref->object)
				continue;
			payload->stamps[payload->count++] = (struct stamp){
				.object = agx_object_get(ref->object),
				.offset = ref->offset,
			};
		}
	}
	*out = payload;
	return 0;
}

static int run(struct agx_node *node, struct agx_job *job)
{
	const struct agx_submission *submission = job->payload;
	const struct payload *payload = submission->payload;
	uint32_t i;

	for (i = 0; payload && i < payload->count; i++) {
		uint64_t now = agx_node_now(node);

		/* The offset need not be aligned. */
		memcpy((char *)agx_object_memory(payload->stamps[i].object) +
			       payload->stamps[i].offset,
		       &now, sizeof(now));
	}
	return 0;
}

static void release(struct agx_node *node, void *data)
{
	struct payload *payload = data;
	uint32_t i;

	if (!payload)
		return;
	for (i = 0; i < payload->count; i++)
		agx_object_put(payload->stamps[i].object);
	free(payload);
}

const struct agx_engine_ops agx_engine_none = {
	.prepare = prepare,
	.run = run,
	.release = release,
	.instant = true,
};
