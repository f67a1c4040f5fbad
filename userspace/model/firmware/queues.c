// SPDX-License-Identifier: MIT
/*
 * Work queues: which there are, which has work, and who runs next.
 *
 * A queue with entries to fetch is in the list of its channel (pipe and priority). A unit that is
 * free takes the first queue of the highest priority; one command later the queue goes to the end
 * of its list. A queue at a barrier is in the list of the event slot that it waits for and is
 * looked at again when that slot's stamp is written. So idle and waiting queues cost nothing.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "internal.h"

#define TABLE_BITS 14
#define TABLE_SIZE (1u << TABLE_BITS)

#define ENTRIES AGX_WORK_RING_ENTRIES

/* A barrier that waits this long while nothing runs will wait for ever: a second. */
#define STALLED_TICKS 24000000ull

#define QUEUE_AT(member) ((uint32_t)offsetof(struct agx_g13_v12_3_queue_info, member))
#define RING_AT(member)  ((uint32_t)offsetof(struct agx_ring_state, member))

/* Members that have one place in all variants. */
_Static_assert(offsetof(struct agx_g14x_v13_5_queue_info, busy) ==
		       offsetof(struct agx_g13_v12_3_queue_info, busy),
	       "busy");
_Static_assert(offsetof(struct agx_g13_v13_5_queue_info, busy) ==
		       offsetof(struct agx_g13_v12_3_queue_info, busy),
	       "busy");

int work_create(struct agx_firmware *firmware)
{
	struct work *work = &firmware->work;

	work->queues = calloc(MAX_QUEUES, sizeof(*work->queues));
	work->contexts = calloc(MAX_QUEUES, sizeof(*work->contexts));
	work->queue_table = calloc(TABLE_SIZE, sizeof(*work->queue_table));
	work->context_table = calloc(TABLE_SIZE, sizeof(*work->context_table));
	if (work->queues && work->contexts && work->queue_table && work->context_table)
		return 0;
	work_destroy(firmware);
	return -ENOMEM;
}

void work_destroy(struct agx_firmware *firmware)
{
	struct work *work = &firmware->work;

	free(work->queues);
	free(work->contexts);
	free(work->queue_table);
	free(work->context_table);
}

/* The GPU, when its firmware goes. */
void work_stop(struct agx_firmware *firmware)
{
	const struct agx_gpu_ops *gpu = firmware->config.gpu;

	for (unsigned int i = 0; i < AGX_GPU_UNITS; i++) {
		const struct unit *unit = &firmware->work_state.units[i];

		if (gpu && unit->phase != UNIT_FREE && unit->started)
			gpu->stop(firmware->config.gpu_cookie, (enum agx_gpu_unit)i);
	}
}

void work_forget(struct agx_firmware *firmware)
{
	struct work *work = &firmware->work;

	if (!work->queue_count && !work->context_count)
		return;
	memset(work->queues, 0, work->queue_count * sizeof(*work->queues));
	memset(work->contexts, 0, work->context_count * sizeof(*work->contexts));
	memset(work->queue_table, 0, TABLE_SIZE * sizeof(*work->queue_table));
	memset(work->context_table, 0, TABLE_SIZE * sizeof(*work->context_table));
	work->queue_count = work->context_count = 0;
	work->free_queue = work->free_context = 0;
}

/* Tables */

static uint32_t bucket_of(uint64_t va)
{
	return (uint32_t)(va * 0x9e3779b97f4a7c15ull >> (64 - TABLE_BITS));
}

struct work_queue *queue_numbered(struct agx_firmware *firmware, uint32_t number)
{
	return number ? &firmware->work.queues[number - 1] : NULL;
}

struct work_queue *queue_find(struct agx_firmware *firmware, uint64_t va)
{
	struct work_queue *queue =
		queue_numbered(firmware, firmware->work.queue_table[bucket_of(va)]);

	while (queue && queue->va != va)
		queue = queue_numbered(firmware, queue->next);
	return queue;
}

static struct work_context *context_find(struct agx_firmware *firmware, uint64_t va)
{
	struct work *work = &firmware->work;
	uint32_t number = work->context_table[bucket_of(va)];

	while (number && work->contexts[number - 1].va != va)
		number = work->contexts[number - 1].next;
	return number ? &work->contexts[number - 1] : NULL;
}

struct work_context *queue_context(struct agx_firmware *firmware, const struct work_queue *queue)
{
	return &firmware->work.contexts[queue->context - 1];
}

static struct work_context *context_add(struct agx_firmware *firmware, uint64_t va)
{
	struct work *work = &firmware->work;
	uint32_t *bucket = &work->context_table[bucket_of(va)];
	uint32_t number = work->free_context;
	struct work_context *context;

	/* There is a context for each queue at most, so that there is always room. */
	if (number)
		work->free_context = work->contexts[number - 1].next;
	else
		number = ++work->context_count;
	context = &work->contexts[number - 1];
	*context = (struct work_context){.va = va, .number = number, .next = *bucket};
	*bucket = number;
	return context;
}

struct work_queue *queue_add(struct agx_firmware *firmware, uint64_t va, uint64_t context_va)
{
	struct work *work = &firmware->work;
	uint32_t *bucket = &work->queue_table[bucket_of(va)];
	uint32_t number = work->free_queue;
	struct work_context *context;
	struct work_queue *queue;

	if (!number && work->queue_count == MAX_QUEUES) {
		rtkit_panic(firmware, "work queue 0x%" PRIx64 ": more than %d are not modelled", va,
			    MAX_QUEUES);
		return NULL;
	}
	if (number)
		work->free_queue = work->queues[number - 1].next;
	else
		number = ++work->queue_count;
	context = context_find(firmware, context_va);
	if (!context)
		context = context_add(firmware, context_va);
	queue = &work->queues[number - 1];
	*queue = (struct work_queue){
		.va = va,
		.number = number,
		.next = *bucket,
		.context = context->number,
		.next_of_context = context->first_queue,
		.state = QUEUE_IDLE,
		.slot = AGX_EVENT_SLOTS,
	};
	context->first_queue = number;
	*bucket = number;
	return queue;
}

static void queue_remove(struct agx_firmware *firmware, struct work_queue *queue)
{
	struct work *work = &firmware->work;
	uint32_t *link = &work->queue_table[bucket_of(queue->va)];

	while (*link != queue->number)
		link = &work->queues[*link - 1].next;
	*link = queue->next;
	for (unsigned int i = 0; i < AGX_EVENT_SLOTS; i++)
		if (firmware->work_state.slots[i].owner == queue->number)
			firmware->work_state.slots[i].owner = 0;
	queue->state = QUEUE_FREE;
	queue->next = work->free_queue;
	work->free_queue = queue->number;
}

/* Lists */

static struct ready_list *ready_of(struct agx_firmware *firmware, const struct work_queue *queue)
{
	return &firmware->work_state.ready[queue->priority * AGX_PIPE_COUNT + queue->pipe];
}

static void push_ready(struct agx_firmware *firmware, struct work_queue *queue, bool first)
{
	struct ready_list *list = ready_of(firmware, queue);

	queue->state = QUEUE_READY;
	firmware->work_state.ready_count++;
	queue->link = first ? list->first : 0;
	if (first)
		list->first = queue->number;
	else if (list->last)
		queue_numbered(firmware, list->last)->link = queue->number;
	else
		list->first = queue->number;
	if (!list->last || !first)
		list->last = queue->number;
}

static struct work_queue *pop_ready(struct agx_firmware *firmware, enum agx_gpu_unit unit)
{
	for (unsigned int priority = 0; priority < AGX_PRIORITY_COUNT; priority++) {
		struct ready_list *list =
			&firmware->work_state.ready[priority * AGX_PIPE_COUNT + unit];
		struct work_queue *queue = queue_numbered(firmware, list->first);

		if (!queue)
			continue;
		list->first = queue->link;
		if (!list->first)
			list->last = 0;
		queue->link = 0;
		firmware->work_state.ready_count--;
		return queue;
	}
	return NULL;
}

/* Takes a queue out of the list that it is in, when its context is destroyed under it. */
static void unlink_queue(struct agx_firmware *firmware, struct work_queue *queue)
{
	struct work_state *state = &firmware->work_state;
	struct ready_list *list = ready_of(firmware, queue);
	bool ready = queue->state == QUEUE_READY;
	uint32_t *link, before = 0;

	if (!ready && queue->state != QUEUE_STALLED)
		return;
	link = ready ? &list->first : &state->slots[queue->wait_slot].stalled;
	while (*link != queue->number) {
		before = *link;
		link = &queue_numbered(firmware, *link)->link;
	}
	*link = queue->link;
	if (ready && list->last == queue->number)
		list->last = before;
	if (ready)
		state->ready_count--;
	else
		state->stalled_count--;
}

static void settle(struct agx_firmware *firmware, struct work_queue *queue, bool first)
{
	if (queue->read != queue->write)
		push_ready(firmware, queue, first);
	else
		queue->state = QUEUE_IDLE;
}

/* Contexts */

bool context_busy(struct agx_firmware *firmware, uint64_t va)
{
	const struct work_context *context = context_find(firmware, va);

	return context && context->running;
}

void context_drop(struct agx_firmware *firmware, const struct place *place, uint32_t offset,
		  uint64_t va)
{
	struct work *work = &firmware->work;
	struct work_context *context = context_find(firmware, va);
	uint32_t *link = &work->context_table[bucket_of(va)];
	bool told = false;

	if (!context)
		return;
	for (uint32_t number = context->first_queue; number;) {
		struct work_queue *queue = queue_numbered(firmware, number);

		number = queue->next_of_context;
		if (queue->state != QUEUE_IDLE && !told)
			firmware_find(firmware, AGX_FINDING_QUEUE_PENDING, place, offset, 0,
				      queue->va, "its work is lost");
		told |= queue->state != QUEUE_IDLE;
		unlink_queue(firmware, queue);
		queue_remove(firmware, queue);
	}
	while (*link != context->number)
		link = &work->contexts[*link - 1].next;
	*link = context->next;
	context->next = work->free_context;
	work->free_context = context->number;
	context->va = 0;
}

/* Memory that the firmware writes */

static void promise(struct work_queue *queue, const struct place *place, uint32_t offset,
		    uint32_t value)
{
	queue->promise_place = *place;
	queue->promise_at = offset;
	queue->promise = value;
}

void queue_promised(struct agx_firmware *firmware, struct work_queue *queue, uint32_t value)
{
	if (queue->promise_place.structure && queue->promise != value)
		firmware_find(firmware, AGX_FINDING_BARRIER_VALUE, &queue->promise_place,
			      queue->promise_at, value, queue->promise,
			      "stamp value of the command that follows");
	queue->promise_place.structure = NULL;
}

/* size bytes at an offset of the structure at va, through its window when there is one. */
static bool put(struct agx_firmware *firmware, uint8_t *window, uint64_t va, uint32_t offset,
		const void *data, size_t size)
{
	if (!window)
		return memory_write(firmware, va + offset, data, size);
	memory_copy_out(window + offset, data, size);
	return true;
}

static inline bool put_word(struct agx_firmware *firmware, uint8_t *window, uint64_t va,
			    uint32_t offset, uint32_t value)
{
	return put(firmware, window, va, offset, &value, sizeof(value));
}

/* Where the queue stands, in its queue_info and ring_state: the members that are the firmware's. */
void queue_note(struct agx_firmware *firmware, struct work_queue *queue)
{
	const struct layout_ops *layout = firmware->layout;
	const uint64_t va = queue->va, ring_va = queue->ring_state;
	uint8_t *info = memory_window(firmware, va, layout->queue_pending_at + sizeof(uint32_t),
				      AGX_WALK_WRITE);
	uint8_t *ring = memory_window(firmware, ring_va, RING_AT(gpu_rptr) + sizeof(uint32_t),
				      AGX_WALK_WRITE);
	uint32_t pending = (queue->read + ENTRIES - queue->done) % ENTRIES;
	uint32_t rptr[4] = {queue->read, queue->read, queue->read,
			    queue->slot < AGX_EVENT_SLOTS ? queue->slot : UINT32_MAX};

	if (!put(firmware, info, va, QUEUE_AT(gpu_rptr1), rptr, sizeof(rptr)) ||
	    !put_word(firmware, info, va, QUEUE_AT(busy), pending != 0) ||
	    !put_word(firmware, info, va, layout->queue_state_at, queue->read != queue->write) ||
	    !put_word(firmware, info, va, layout->queue_errors_at, queue->errors) ||
	    !put_word(firmware, info, va, layout->queue_pending_at, pending))
		rtkit_panic(firmware, "work queue 0x%" PRIx64 " is gone", va);
	else if (!put_word(firmware, ring, ring_va, RING_AT(gpu_rptr), queue->read) ||
		 !memory_release(firmware, ring_va + RING_AT(gpu_doneptr), queue->done))
		rtkit_panic(firmware, "ring at 0x%" PRIx64 " is gone", ring_va);
}

/* RunWorkQueue */

static bool has_work(const struct work_queue *queue)
{
	return queue->state != QUEUE_FREE && queue->state != QUEUE_IDLE;
}

static void take_slot(struct agx_firmware *firmware, struct work_queue *queue,
		      const struct run_message *message)
{
	struct event_slot *slot = &firmware->work_state.slots[message->slot];
	struct work_queue *owner = queue_numbered(firmware, slot->owner);

	if (owner && owner != queue && owner->slot == message->slot && has_work(owner))
		firmware_find(firmware, AGX_FINDING_STAMP_OWNER, &message->place, message->slot_at,
			      owner->va, message->slot, "the other queue is the expected");
	slot->owner = queue->number;
	queue->slot = message->slot;
}

static void check_own_indices(struct agx_firmware *firmware, struct work_queue *queue,
			      const struct agx_ring_state *state)
{
	struct place at = {queue->ring_state, "ring_state", NULL};

	if (state->gpu_rptr != queue->read)
		firmware_find(firmware, AGX_FINDING_QUEUE_FOREIGN, &at, RING_AT(gpu_rptr),
			      queue->read, state->gpu_rptr, NULL);
	else if (state->gpu_doneptr != queue->done)
		firmware_find(firmware, AGX_FINDING_QUEUE_FOREIGN, &at, RING_AT(gpu_doneptr),
			      queue->done, state->gpu_doneptr, NULL);
}

void queue_run(struct agx_firmware *firmware, struct work_queue *queue,
	       const struct agx_ring_state *state, const struct run_message *message)
{
	uint32_t old = (queue->write + ENTRIES - queue->done) % ENTRIES;
	uint32_t new = (message->wptr + ENTRIES - queue->done) % ENTRIES;

	check_own_indices(firmware, queue, state);
	if (message->slot >= AGX_EVENT_SLOTS || message->wptr >= ENTRIES)
		return; /* was told; the queue stays as it is */
	take_slot(firmware, queue, message);
	if (new < old) {
		firmware_find(firmware, AGX_FINDING_QUEUE_OVERRUN, &message->place,
			      message->wptr_at, queue->write, message->wptr, NULL);
		return;
	}
	if (!firmware->work_state.powered && message->wptr != queue->write) {
		firmware_find(firmware, AGX_FINDING_STATUS_ASLEEP, &message->place, 0, 1, 0, NULL);
		power_kick(firmware);
	}
	queue->write = message->wptr;
	firmware_transcript(firmware, "queue 0x%" PRIx64 " uuid %u slot %u entries %u to %u",
			    queue->va, queue->uuid, queue->slot, queue->read, queue->write);
	if (queue->state == QUEUE_IDLE) {
		settle(firmware, queue, false);
		power_busy(firmware);
	}
	queue_note(firmware, queue);
}

/* Barriers */

static void stall(struct agx_firmware *firmware, struct work_queue *queue)
{
	struct event_slot *slot = &firmware->work_state.slots[queue->wait_slot];
	uint32_t *link = &slot->stalled;

	while (*link)
		link = &queue_numbered(firmware, *link)->link;
	*link = queue->number;
	queue->link = 0;
	queue->state = QUEUE_STALLED;
	queue->stalled_since = firmware_now(firmware);
	queue->told = false;
	firmware->work_state.stalled_count++;
	firmware_transcript(firmware, "queue 0x%" PRIx64 " waits for slot %u to reach 0x%x",
			    queue->va, queue->wait_slot, queue->wait_value);
}

static void barrier_passed(struct agx_firmware *firmware, struct work_queue *queue, bool first)
{
	queue->done = queue->read;
	settle(firmware, queue, first);
	queue_note(firmware, queue);
}

void queue_wake(struct agx_firmware *firmware, uint32_t number)
{
	struct event_slot *slot = &firmware->work_state.slots[number];
	uint32_t *link = &slot->stalled;

	while (*link) {
		struct work_queue *queue = queue_numbered(firmware, *link);
		bool reached;

		if (!stamp_reached(firmware, queue->wait_stamp, queue->wait_value, &reached))
			return;
		if (!reached) {
			link = &queue->link;
			continue;
		}
		*link = queue->link;
		queue->link = 0;
		firmware->work_state.stalled_count--;
		barrier_passed(firmware, queue, false);
	}
}

static void barrier(struct agx_firmware *firmware, struct work_queue *queue, uint64_t va,
		    const struct place *holder)
{
	struct place place = {va, "barrier", NULL};
	struct agx_g14x_v13_5_barrier copy = {0};
	bool reached;

	_Static_assert(offsetof(struct agx_g14x_v13_5_barrier, external_barrier) ==
			       offsetof(struct agx_g13_v12_3_barrier, external_barrier),
		       "barriers differ at their end only");
	if (!memory_check(firmware, holder, 0, va, firmware->layout->barrier_size, MEMORY_PRIVATE,
			  "barrier") ||
	    !memory_read(firmware, va, &copy, firmware->layout->barrier_size)) {
		rtkit_panic(firmware, "barrier at 0x%" PRIx64, va);
		return;
	}
	firmware_transcript(
		firmware, "queue 0x%" PRIx64 " barrier 0x%" PRIx64 " slot %u value 0x%x uuid 0x%x",
		queue->va, va, copy.wait_slot, copy.wait_value, copy.uuid);
	if (copy.external_barrier)
		firmware_find(firmware, AGX_FINDING_BARRIER_VALUE, &place,
			      offsetof(struct agx_g14x_v13_5_barrier, external_barrier), 0,
			      copy.external_barrier, NULL);
	if (copy.internal_barrier_type > AGX_BARRIER_EXPLICIT)
		firmware_find(firmware, AGX_FINDING_BARRIER_VALUE, &place,
			      offsetof(struct agx_g14x_v13_5_barrier, internal_barrier_type),
			      AGX_BARRIER_EXPLICIT, copy.internal_barrier_type, NULL);
	promise(queue, &place, (uint32_t)offsetof(struct agx_g14x_v13_5_barrier, stamp_self),
		copy.stamp_self);
	if (copy.wait_slot >= AGX_EVENT_SLOTS) {
		firmware_find(firmware, AGX_FINDING_STAMP_RANGE, &place,
			      offsetof(struct agx_g14x_v13_5_barrier, wait_slot),
			      AGX_EVENT_SLOTS - 1, copy.wait_slot, NULL);
		rtkit_panic(firmware, "barrier for slot %u", copy.wait_slot);
		return;
	}
	if (!stamps_judge_barrier(firmware, &place, copy.wait_slot, copy.wait_stamp))
		return;
	queue->wait_stamp = copy.wait_stamp;
	queue->wait_value = copy.wait_value;
	queue->wait_slot = copy.wait_slot;
	if (!stamp_reached(firmware, copy.wait_stamp, copy.wait_value, &reached))
		return;
	if (reached) {
		barrier_passed(firmware, queue, true);
		return;
	}
	stall(firmware, queue);
	queue_note(firmware, queue);
}

void queues_judge_stalled(struct agx_firmware *firmware)
{
	struct work_state *state = &firmware->work_state;
	uint64_t now;

	if (!state->stalled_count)
		return;
	now = firmware_now(firmware);
	/* Work that takes long may be what the barrier waits for. */
	for (unsigned int i = 0; i < AGX_GPU_UNITS; i++)
		if (state->units[i].phase != UNIT_FREE)
			state->ran_at = now;
	for (unsigned int i = 0; i < AGX_EVENT_SLOTS; i++) {
		uint32_t number = state->slots[i].stalled;

		for (; number; number = queue_numbered(firmware, number)->link) {
			struct work_queue *queue = queue_numbered(firmware, number);
			struct place place = {queue->ring_state, "ring_state", NULL};
			uint64_t since = queue->stalled_since > state->ran_at ? queue->stalled_since
									      : state->ran_at;

			if (queue->told || now - since < STALLED_TICKS)
				continue;
			queue->told = true;
			firmware_find(firmware, AGX_FINDING_BARRIER_NEVER, &place,
				      RING_AT(gpu_doneptr), queue->wait_value, queue->wait_slot,
				      "value and slot");
		}
	}
}

/* Fetching */

static void init_buffer(struct agx_firmware *firmware, struct work_queue *queue, uint64_t va,
			const struct place *holder)
{
	struct place place = {va, "init_buffer", NULL};
	struct agx_init_buffer copy;

	if (!memory_check(firmware, holder, 0, va, sizeof(copy), MEMORY_PRIVATE, "init_buffer") ||
	    !memory_read(firmware, va, &copy, sizeof(copy))) {
		rtkit_panic(firmware, "InitBuffer at 0x%" PRIx64, va);
		return;
	}
	firmware_transcript(firmware,
			    "queue 0x%" PRIx64 " InitBuffer 0x%" PRIx64
			    " context %u slot %u blocks %u buffer 0x%" PRIx64,
			    queue->va, va, copy.vm_slot, copy.buffer_slot, copy.block_count,
			    copy.buffer);
	promise(queue, &place, (uint32_t)offsetof(struct agx_init_buffer, stamp_value),
		copy.stamp_value);
	if (!firmware->commands->buffer_init(firmware, queue, va, &copy)) {
		if (firmware->status.state != AGX_FIRMWARE_READY)
			return;
		firmware_log(firmware, AGX_FIRMWARE_LOG_ERROR,
			     "InitBuffer at 0x%" PRIx64 " is dropped", va);
	}
	queue->done = queue->read;
	settle(firmware, queue, true);
	queue_note(firmware, queue);
}

static void wrong_tag(struct agx_firmware *firmware, const struct place *place, uint32_t expected,
		      uint32_t tag)
{
	firmware_find(firmware, AGX_FINDING_QUEUE_TAG, place, 0, expected, tag, NULL);
	rtkit_panic(firmware, "command with tag 0x%x", tag);
}

static bool is_running(const struct agx_firmware *firmware, uint64_t va)
{
	for (unsigned int i = 0; i < AGX_GPU_UNITS; i++)
		if (firmware->work_state.units[i].phase != UNIT_FREE &&
		    firmware->work_state.units[i].command.place.va == va)
			return true;
	return false;
}

/* One entry of a queue whose unit is free. */
static void fetch(struct agx_firmware *firmware, struct work_queue *queue)
{
	static const uint32_t run_tags[AGX_PIPE_COUNT] = {
		[AGX_PIPE_VERTEX] = AGX_CMD_RUN_VERTEX,
		[AGX_PIPE_FRAGMENT] = AGX_CMD_RUN_FRAGMENT,
		[AGX_PIPE_COMPUTE] = AGX_CMD_RUN_COMPUTE,
	};
	struct place holder = {queue->ring + 8 * (uint64_t)queue->read, "work_ring", NULL};
	struct place place = {0, "command", NULL};
	uint32_t tag;

	if (!memory_read(firmware, holder.va, &place.va, sizeof(place.va))) {
		rtkit_panic(firmware, "ring of work queue 0x%" PRIx64 " is gone", queue->va);
		return;
	}
	if (place.va && (place.va == queue->last_entry || is_running(firmware, place.va)))
		firmware_find(firmware, AGX_FINDING_QUEUE_REUSED, &holder, 0, 0, place.va, NULL);
	if (!memory_check(firmware, &holder, 0, place.va, sizeof(tag), MEMORY_ANY_RO, "command") ||
	    !memory_read(firmware, place.va, &tag, sizeof(tag))) {
		rtkit_panic(firmware, "command at 0x%" PRIx64, place.va);
		return;
	}
	queue->last_entry = place.va;
	queue->read = (queue->read + 1) % ENTRIES;
	switch (tag) {
	case AGX_CMD_BARRIER:
		barrier(firmware, queue, place.va, &holder);
		break;
	case AGX_CMD_INIT_BUFFER:
		if (queue->pipe != AGX_PIPE_VERTEX)
			wrong_tag(firmware, &place, run_tags[queue->pipe], tag);
		else
			init_buffer(firmware, queue, place.va, &holder);
		break;
	case AGX_CMD_RUN_VERTEX:
	case AGX_CMD_RUN_FRAGMENT:
	case AGX_CMD_RUN_COMPUTE:
		if (tag != run_tags[queue->pipe]) {
			wrong_tag(firmware, &place, run_tags[queue->pipe], tag);
			break;
		}
		queue->state = QUEUE_RUNS;
		unit_load(firmware, queue, place.va, &holder, tag, false);
		break;
	case AGX_CMD_RUN_BLIT:
	case AGX_CMD_COMPUTE_UNK_A:
	case AGX_CMD_COMPUTE_UNK_B:
		firmware_log(firmware, AGX_FIRMWARE_LOG_ERROR,
			     "command 0x%x at 0x%" PRIx64 " is not modelled, only macOS sends it",
			     tag, place.va);
		wrong_tag(firmware, &place, run_tags[queue->pipe], tag);
		break;
	default:
		wrong_tag(firmware, &place, run_tags[queue->pipe], tag);
	}
}

uint64_t queue_find_fragment(struct agx_firmware *firmware, const struct work_queue *queue,
			     uint32_t value)
{
	const uint32_t at = firmware->layout->meta_at[AGX_GPU_FRAGMENT] +
			    (uint32_t)offsetof(struct agx_job_meta, stamp_value);

	for (uint32_t i = queue->read; i != queue->write; i = (i + 1) % ENTRIES) {
		uint32_t tag, found;
		uint64_t va;

		if (memory_read(firmware, queue->ring + 8 * (uint64_t)i, &va, sizeof(va)) &&
		    memory_read(firmware, va, &tag, sizeof(tag)) && tag == AGX_CMD_RUN_FRAGMENT &&
		    memory_read(firmware, va + at, &found, sizeof(found)) && found == value)
			return va;
	}
	return 0;
}

void queue_next(struct agx_firmware *firmware, struct work_queue *queue)
{
	queue->done = queue->read;
	settle(firmware, queue, false);
	queue_note(firmware, queue);
}

bool work_step(struct agx_firmware *firmware)
{
	struct work_state *state = &firmware->work_state;

	for (unsigned int i = 0; i < AGX_GPU_UNITS; i++) {
		enum agx_gpu_unit id = (state->turn + i) % AGX_GPU_UNITS;
		struct unit *unit = &state->units[id];
		struct work_queue *queue;

		if (unit->phase != UNIT_FREE) {
			if (!unit_step(firmware, unit))
				continue;
		} else {
			/* A vertex command that waits for a partial render comes first. */
			if (id == AGX_GPU_FRAGMENT &&
			    state->units[AGX_GPU_VERTEX].phase == UNIT_PARTIAL)
				continue;
			queue = pop_ready(firmware, id);
			if (!queue)
				continue;
			fetch(firmware, queue);
		}
		state->turn = (id + 1) % AGX_GPU_UNITS;
		return true;
	}
	return false;
}
