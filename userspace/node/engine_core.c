// SPDX-License-Identifier: MIT
/*
 * The engine: the node's jobs as jobs of the driver core.
 *
 * A submission that can run at once is built in the ioctl (prepare), so that a lack of memory is
 * the ioctl's error, and given to the firmware (run). With a GPU that takes no time it has ended
 * when the pump that follows comes to rest, all in the submitting thread. What takes time (a
 * firmware that is late, a command that is stuck) stays with the core; poll() looks again when the
 * core or the firmware say so.
 *
 * A submission that has to wait, for fences or for its queue's earlier ones, is kept as it came
 * and built when its turn comes; an error of building is then its fence's. Event slots and
 * contexts are few, and a job has them from the moment that it is built. The Rust driver builds in
 * the ioctl always and lets it wait, interruptibly, when none are left. That lasts for ever where
 * the jobs that have them wait for a fence that this very thread was to signal, and a node without
 * threads cannot wait at all. Here only jobs have them that wait for nothing but the GPU, and so
 * one that finds none left need only wait for any other's end (AGX_ENGINE_BUSY).
 *
 * A crash of the firmware ends the jobs that the core has with ENODEV. The machine is started
 * again by the next submission, unless the configuration wants it to stay crashed, and those that
 * waited run then.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "mapping.h"
#include "node_internal.h"
#include "place.h"
#include "sched.h"

/* A job that was not built, with a copy of what it is to be built from. */
struct unbuilt {
	uint32_t count;
	struct agx_submit_cmd *cmds;
	void *cmdbuf;
};

struct payload {
	struct agx_queue *queue;      /* a reference */
	struct agx_job *job;          /* from run() on; NULL again when nobody waits for its end */
	struct agx_core_job *core;    /* NULL until it is built */
	struct unbuilt *unbuilt;      /* NULL from then on */
	struct list_head flight_link; /* agx_machine.flight, while it is there */
	struct list_head done_link;   /* agx_machine.done */
	uint64_t submit;              /* its number, for people */
	uint64_t tag;                 /* the client's name for it */
	uint32_t num_notes;
	struct agx_command_note *notes; /* of its commands, behind objects */
	bool in_flight;                 /* with the core, which will tell its end */
	int error;
	uint64_t number; /* of the queue's jobs that were given to the core */
	uint32_t num_objects;
	struct agx_object *objects[]; /* references */
};

static void free_unbuilt(struct payload *payload)
{
	if (!payload->unbuilt)
		return;
	free(payload->unbuilt->cmds);
	free(payload->unbuilt->cmdbuf);
	free(payload->unbuilt);
	payload->unbuilt = NULL;
	payload->queue->engine.unbuilt--;
}

static void free_payload(struct payload *payload)
{
	uint32_t i;

	agx_core_job_destroy(payload->core);
	free_unbuilt(payload);
	for (i = 0; i < payload->num_objects; i++)
		agx_object_put(payload->objects[i]);
	agx_queue_put(payload->queue);
	free(payload);
}

/* --- Building --- */

/* With references on the timestamp objects; the commands name the core's from now on. */
static struct payload *create_payload(struct agx_queue *queue, const struct agx_engine_work *work)
{
	const struct agx_node_config *config = &queue->node->config;
	struct payload *payload;
	uint32_t i, j, objects = 0;

	for (i = 0; i < work->count; i++)
		for (j = 0; j < AGX_NUM_TIMESTAMPS; j++)
			objects += !!work->cmds[i].timestamps[j].object;
	payload = malloc(sizeof(*payload) + objects * sizeof(payload->objects[0]) +
			 work->count * sizeof(payload->notes[0]));
	if (!payload)
		return NULL;
	*payload = (struct payload){
		.queue = agx_queue_get(queue),
		.submit = config->submit_number ? config->submit_number(config->submit_number_data)
						: queue->node->stats.submits,
		.tag = config->submit_tag ? config->submit_tag(config->submit_tag_data) : 0,
		.num_notes = work->count,
		.notes = (struct agx_command_note *)&payload->objects[objects],
	};
	list_init(&payload->flight_link);
	list_init(&payload->done_link);
	for (i = 0; i < work->count; i++)
		agx_place_note(&payload->notes[i], &work->cmds[i]);
	for (i = 0; objects && i < work->count; i++) {
		for (j = 0; j < AGX_NUM_TIMESTAMPS; j++) {
			struct agx_object *object = work->cmds[i].timestamps[j].object;

			if (!object)
				continue;
			payload->objects[payload->num_objects++] = agx_object_get(object);
			work->cmds[i].timestamps[j].object = object->core;
		}
	}
	return payload;
}

static int keep_for_later(struct payload *payload, const struct agx_engine_work *work)
{
	struct unbuilt *unbuilt = malloc(sizeof(*unbuilt));

	if (!unbuilt)
		return -ENOMEM;
	unbuilt->count = work->count;
	unbuilt->cmds = malloc(work->count * sizeof(*work->cmds));
	unbuilt->cmdbuf = malloc(work->size);
	if (!unbuilt->cmds || !unbuilt->cmdbuf) {
		free(unbuilt->cmds);
		free(unbuilt->cmdbuf);
		free(unbuilt);
		return -ENOMEM;
	}
	memcpy(unbuilt->cmds, work->cmds, work->count * sizeof(*work->cmds));
	memcpy(unbuilt->cmdbuf, work->cmdbuf, work->size);
	payload->unbuilt = unbuilt;
	payload->queue->engine.unbuilt++;
	return 0;
}

static int prepare(struct agx_queue *queue, const struct agx_engine_work *work, void **out)
{
	struct agx_node *node = queue->node;
	struct payload *payload;
	int err;

	err = agx_machine_boot(node->machine);
	if (err)
		return err;
	payload = create_payload(queue, work);
	if (!payload)
		return -ENOMEM;
	err = -EBUSY;
	if (!queue->engine.unbuilt && !work->waits)
		err = agx_core_job_create(queue->engine.core, work->cmdbuf, work->cmds, work->count,
					  payload, &payload->core);
	if (err == -EBUSY)
		err = keep_for_later(payload, work);
	if (err) {
		payload->core = NULL;
		free_payload(payload);
		return err;
	}
	*out = payload;
	return 0;
}

static int build_now(struct payload *payload)
{
	const struct unbuilt *unbuilt = payload->unbuilt;
	int err;

	if (payload->core)
		return 0;
	err = agx_core_job_create(payload->queue->engine.core, unbuilt->cmdbuf, unbuilt->cmds,
				  unbuilt->count, payload, &payload->core);
	if (err)
		payload->core = NULL;
	if (err != -EBUSY)
		free_unbuilt(payload);
	return err;
}

/* --- Running --- */

/* Called from within the core, which must not be called here. */
void agx_engine_job_done(struct agx_machine *machine, void *data, int error)
{
	struct payload *payload = data;

	payload->error = error;
	list_del(&payload->done_link);
	list_add_tail(&payload->done_link, &machine->done);
}

static void count_error(struct agx_node *node, int error)
{
	if (error == -ETIMEDOUT)
		node->stats.timeouts++;
	else if (error == -EIO)
		node->stats.faults++;
}

/*
 * Deals with the jobs that have ended. What is returned for current, which may be NULL, is what
 * run() has to return for it.
 */
static int finish(struct agx_machine *machine, struct payload *current)
{
	int result = AGX_ENGINE_PENDING;
	bool any = !list_empty(&machine->done);

	while (!list_empty(&machine->done)) {
		struct payload *payload =
			list_first_entry(&machine->done, struct payload, done_link);
		struct agx_engine_queue *queue = &payload->queue->engine;

		list_del(&payload->done_link);
		list_del(&payload->flight_link);
		payload->in_flight = false;
		machine->in_flight--;
		count_error(machine->node, payload->error);
		queue->ended++;
		assert(queue->ended == payload->number);
		if (payload == current)
			result = payload->error;
		else if (payload->job)
			agx_job_complete(payload->job, payload->error);
		else
			free_payload(payload);
	}
	if (any && machine->node->sched)
		agx_sched_retry_locked(machine->node);
	return result;
}

/* Gives a job to the core. 0, or what agx_core_job_submit() says. */
static int submit(struct agx_machine *machine, struct payload *payload)
{
	struct agx_engine_queue *queue = &payload->queue->engine;
	int err = build_now(payload);

	if (err)
		return err;
	/* The core may tell its end at once. */
	payload->number = ++queue->submitted;
	payload->in_flight = true;
	machine->in_flight++;
	list_add_tail(&payload->flight_link, &machine->flight);
	err = agx_core_job_submit(payload->core);
	if (err && list_empty(&payload->done_link)) {
		queue->submitted--;
		payload->in_flight = false;
		machine->in_flight--;
		list_del(&payload->flight_link);
		return err;
	}
	return 0;
}

static int run(struct agx_node *node, struct agx_job *job)
{
	struct agx_machine *machine = node->machine;
	struct payload *payload = job->payload;
	int err;

	payload->job = job;
	err = agx_machine_boot(machine);
	if (err == -EAGAIN)
		return AGX_ENGINE_BUSY;
	if (!err)
		err = submit(machine, payload);
	if (err == -EBUSY) {
		/* What has ended may have room to give. */
		agx_machine_pump(machine);
		finish(machine, NULL);
		err = submit(machine, payload);
	}
	if (err == -EBUSY && payload->core &&
	    payload->queue->engine.ended == payload->queue->engine.submitted) {
		agx_node_log(node, AGX_NODE_LOG_ERROR,
			     "a queue without jobs has no room for one: it is given up");
		return err;
	}
	if (err)
		return err == -EBUSY ? AGX_ENGINE_BUSY : err;
	agx_machine_pump(machine);
	return finish(machine, payload);
}

static void release(struct agx_node *node, void *data)
{
	struct payload *payload = data;

	if (!payload)
		return;
	if (payload->in_flight) {
		/* The firmware still works on it; finish() frees it. */
		payload->job = NULL;
		return;
	}
	free_payload(payload);
	if (node->sched)
		agx_sched_retry_locked(node);
}

/* The job that is being worked at there, NULL: not known. */
static struct payload *find_payload(struct agx_machine *machine, const struct agx_gpu_place *from,
				    uint32_t *command)
{
	struct payload *payload;
	uint32_t i;

	list_for_each_entry(payload, &machine->flight, flight_link) {
		for (i = 0; i < payload->num_notes; i++) {
			if (!agx_place_is_of(from, &payload->notes[i]))
				continue;
			*command = i;
			return payload;
		}
	}
	return NULL;
}

void agx_engine_find_place(struct agx_machine *machine, const struct agx_gpu_place *from,
			   struct agx_node_place *place)
{
	struct payload *payload;
	uint32_t command;

	agx_place_fill(place, from);
	payload = find_payload(machine, from, &command);
	if (!payload)
		return;
	place->known = true;
	place->submit = payload->submit;
	place->command = command;
}

bool agx_engine_describe(struct agx_machine *machine, const struct agx_gpu_place *from,
			 uint64_t address, char *text, size_t size)
{
	struct agx_mapping *mapping;
	struct payload *payload;
	uint32_t command;

	payload = find_payload(machine, from, &command);
	mapping = payload ? agx_mapping_find(payload->queue->vm, address) : NULL;
	if (!mapping || address < mapping->start)
		return false;
	snprintf(text, size, "byte 0x%llx of 0x%llx of the buffer at 0x%llx",
		 (unsigned long long)(address - mapping->start),
		 (unsigned long long)(mapping->end - mapping->start),
		 (unsigned long long)mapping->start);
	return true;
}

bool agx_engine_find_launch(struct agx_machine *machine, const struct agx_gpu_place *from,
			    struct agx_node_launch *launch, struct agx_vm **vm)
{
	struct payload *payload;
	uint32_t i;

	agx_place_fill(&launch->place, from);
	list_for_each_entry(payload, &machine->flight, flight_link) {
		for (i = 0; i < payload->num_notes; i++) {
			struct agx_command_note *note = &payload->notes[i];

			/* The same stream may be in flight more than once: its launches come in order. */
			if (!agx_place_is_of(from, note) || from->number < note->launches)
				continue;
			note->launches = from->number + 1;
			launch->place.known = true;
			launch->place.submit = payload->submit;
			launch->place.command = i;
			launch->tag = payload->tag;
			*vm = payload->queue->vm;
			return true;
		}
	}
	return false;
}

/* --- Time --- */

static bool is_on(const struct agx_machine *machine)
{
	return machine && agx_core_state(machine->core) != AGX_CORE_OFF;
}

static uint64_t next(struct agx_node *node)
{
	return is_on(node->machine) ? node->machine->wait : UINT64_MAX;
}

static uint64_t poll(struct agx_node *node)
{
	if (!is_on(node->machine))
		return UINT64_MAX;
	agx_machine_pump(node->machine);
	finish(node->machine, NULL);
	/* Room may have come of something else than a job's end. */
	agx_sched_retry_locked(node);
	return next(node);
}

static bool skip(struct agx_node *node, uint64_t limit)
{
	struct agx_machine *machine = node->machine;

	if (!is_on(machine) ||
	    (!machine->in_flight && agx_core_state(machine->core) == AGX_CORE_READY))
		return false;
	if (!agx_machine_skip(machine, limit))
		return false;
	finish(machine, NULL);
	agx_sched_retry_locked(node);
	return true;
}

void agx_engine_stop(struct agx_node *node)
{
	agx_machine_stop(node->machine);
	finish(node->machine, NULL);
}

const struct agx_engine_ops agx_engine_core = {
	.prepare = prepare,
	.run = run,
	.release = release,
	.next = next,
	.poll = poll,
	.skip = skip,
	.instant = true,
};
