// SPDX-License-Identifier: MIT
/*
 * A firmware that does whatever it likes while there is work: everything that it can write (stamps,
 * rings, indices, statistics, the list of what was running, commands, its status), event messages
 * of every kind, mailbox words, registers of the GPU; among honest steps, so that jobs end as well.
 * The client makes and destroys address spaces, queues and jobs meanwhile, within the rules of
 * agx_work.h, and memory runs out now and then.
 *
 * The core must not crash, touch what is not its own, end a job twice or out of order or not at
 * all, or leak; each call comes back; and at the end it can be stopped, started, and used.
 *
 * The first byte chooses SoC and firmware. Then 12 bytes each: what, which, where (2), value (8).
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx_fault.h"
#include "core_fixture.h"
#include "heap_internal.h"
#include "job_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OP_SIZE 12
#define MAX_OPS 400

#define MAX_VMS    4
#define MAX_QUEUES 6
#define MAX_JOBS   48

/* Chores at the end: each is a wait of a millisecond or more. */
#define MAX_POLLS 4096

#define WINDOW_START 0x100000000ull
#define WINDOW_SIZE  0x40000000ull

enum op {
	/* the client */
	OP_VM_CREATE,
	OP_VM_DESTROY,
	OP_QUEUE_CREATE,
	OP_QUEUE_DESTROY,
	OP_JOB_CREATE,
	OP_JOB_SUBMIT,
	OP_JOB_DESTROY,
	OP_NO_MEMORY,
	/* an honest firmware */
	OP_TAKE,   /* takes all messages */
	OP_FINISH, /* ends commands of a slot, as many as value says, and says so */
	OP_RESUME, /* stops, after a fault */
	/* a hostile one */
	OP_STAMP,
	OP_RING,
	OP_OBJECT, /* 8 bytes of something that it may write */
	OP_ANY,    /* 8 bytes of a live object; which: heap, where: number and offset */
	OP_HEAP,   /* 8 bytes anywhere in a heap */
	OP_PENDING,
	OP_STATUS,
	OP_EVENT, /* a message, then the doorbell */
	OP_INDEX, /* a channel's read or write index */
	OP_ELEMENT,
	OP_MAILBOX,
	OP_REGISTER,
	/* time and life */
	OP_TIME,
	OP_STOP,
	OP_START,
	OP_DIE,
	OPS,
};

struct job {
	struct agx_core_job *job; /* NULL: free */
	unsigned int queue;
	uint64_t number; /* of the creation */
	bool submitted, done;
};

struct state {
	struct fixture fixture; /* first: the core's cookie */
	struct agx_core *core;
	struct agx_core_hooks hooks;
	struct agx_core_vm *vms[MAX_VMS];
	struct {
		struct agx_core_queue *queue;
		unsigned int vm;
		uint64_t last_done; /* number of the job that ended last */
	} queues[MAX_QUEUES];
	struct job jobs[MAX_JOBS];
	uint64_t created;
	uint64_t fault_info, fault_address;
};

static struct state state;

static void fail(const char *what, uint64_t value)
{
	fprintf(stderr, "fuzz_events: %s (0x%llx)\n", what, (unsigned long long)value);
	abort();
}

/* --- What the core says --- */

static void job_done(void *cookie, void *data, int error)
{
	struct job *job = data;

	(void)cookie;
	if (job < state.jobs || job >= state.jobs + MAX_JOBS || !job->job)
		fail("a job ends that does not exist", (uintptr_t)data);
	if (!job->submitted)
		fail("a job ends that was not submitted", job->number);
	if (job->done)
		fail("a job ends twice", job->number);
	if (error > 0 || error < -4095)
		fail("the error of a job", (uint64_t)error);
	if (job->number < state.queues[job->queue].last_done)
		fail("a job ends after a later one", job->number);
	state.queues[job->queue].last_done = job->number;
	job->done = true;
}

static void fault(void *cookie, const struct agx_core_fault *what)
{
	const struct job *job = what->data;

	(void)cookie;
	if (what->kind >= AGX_CORE_FAULT_KINDS)
		fail("kind of a fault", what->kind);
	if (!what->queue)
		return;
	if (what->pipe >= AGX_PIPE_COUNT || what->event_slot >= AGX_EVENT_SLOTS)
		fail("pipe or slot of a fault", what->pipe);
	if (job < state.jobs || job >= state.jobs + MAX_JOBS || !job->job || job->done)
		fail("a fault of a job that does not run", (uintptr_t)job);
}

static uint64_t sgx_read(void *cookie, uint32_t offset)
{
	(void)cookie;
	return offset == AGX_SGX_FAULT_ADDR_G14X ? state.fault_address : state.fault_info;
}

/* --- The client --- */

static void vm_create(unsigned int i)
{
	if (!state.vms[i] &&
	    agx_core_vm_create(state.core, WINDOW_START, WINDOW_START + WINDOW_SIZE, &state.vms[i]))
		state.vms[i] = NULL;
}

static void vm_destroy(unsigned int i, bool close)
{
	if (!state.vms[i])
		return;
	if (close) {
		agx_core_vm_close(state.vms[i]);
		return;
	}
	for (unsigned int q = 0; q < MAX_QUEUES; q++)
		if (state.queues[q].queue && state.queues[q].vm == i)
			return;
	agx_core_vm_destroy(state.vms[i]);
	state.vms[i] = NULL;
}

static void queue_create(unsigned int i, unsigned int vm, uint64_t value)
{
	if (state.queues[i].queue || !state.vms[vm])
		return;
	state.queues[i].vm = vm;
	state.queues[i].last_done = 0;
	if (agx_core_queue_create(state.vms[vm], (uint32_t)value & 3, value & ~0xffffull,
				  &state.queues[i].queue))
		state.queues[i].queue = NULL;
}

static void queue_destroy(unsigned int i)
{
	if (!state.queues[i].queue)
		return;
	for (unsigned int j = 0; j < MAX_JOBS; j++)
		if (state.jobs[j].job && state.jobs[j].queue == i)
			return;
	agx_core_queue_destroy(state.queues[i].queue);
	state.queues[i].queue = NULL;
}

static void fill_command(struct agx_submit_cmd *cmd, bool render, unsigned int index, uint64_t bits)
{
	static const uint8_t utiles[3][2] = {{16, 16}, {32, 16}, {32, 32}};
	const uint8_t *utile = utiles[bits % 3];
	uint64_t most = bits >> 31 & 1 ? AGX_MAX_FB_SIZE - 1 : 0xff; /* large ones take time */

	*cmd = (struct agx_submit_cmd){
		.type = render ? DRM_ASAHI_CMD_RENDER : DRM_ASAHI_CMD_COMPUTE,
		.vdm_barrier = DRM_ASAHI_BARRIER_NONE,
		.cdm_barrier = DRM_ASAHI_BARRIER_NONE,
		.last = bits >> 4 & 1,
	};
	/* Barriers on what came before this submission, and on its first command. */
	if (bits >> 5 & 1)
		cmd->vdm_barrier = 0;
	if (bits >> 6 & 1)
		cmd->cdm_barrier = 0;
	if (!render) {
		cmd->args.compute.cdm_ctrl_stream_base = 0x8000 * (index + 1);
		cmd->args.compute.cdm_ctrl_stream_end = 0x8000 * (index + 1) + 8;
		return;
	}
	cmd->args.render = (struct drm_asahi_cmd_render){
		.flags = bits >> 7 & 7,
		.width_px = (uint16_t)(1 + (bits >> 16 & most)),
		.height_px = (uint16_t)(1 + (bits >> 32 & most)),
		.layers = (uint16_t)(1 + (bits >> 48 & 0x7ff) % 8),
		.utile_width_px = utile[0],
		.utile_height_px = utile[1],
		.samples = (uint8_t)(1 << (bits >> 10 & 3) % 3),
	};
}

static void job_create(unsigned int i, unsigned int queue, unsigned int where, uint64_t value)
{
	struct agx_submit_cmd cmds[8];
	unsigned int count = 1 + (where & 7);
	struct job *job = &state.jobs[i];

	if (job->job || !state.queues[queue].queue)
		return;
	for (unsigned int n = 0; n < count; n++)
		fill_command(&cmds[n], where >> (8 + n) & 1, n, value >> n);
	*job = (struct job){.queue = queue, .number = ++state.created};
	if (agx_core_job_create(state.queues[queue].queue, NULL, cmds, count, job, &job->job))
		job->job = NULL;
}

static void job_submit(unsigned int i)
{
	struct job *job = &state.jobs[i];

	if (!job->job || job->submitted)
		return;
	/* It may end before the call is over. */
	job->submitted = true;
	if (agx_core_job_submit(job->job)) {
		if (job->done)
			fail("a job ends whose submission has failed", job->number);
		job->submitted = false;
	}
}

static void job_destroy(unsigned int i)
{
	struct job *job = &state.jobs[i];

	if (!job->job || (job->submitted && !job->done))
		return;
	agx_core_job_destroy(job->job);
	job->job = NULL;
}

/* --- The firmware --- */

/* Writes where the firmware may write; nothing happens elsewhere. */
static void fw_write(uint64_t va, uint64_t value)
{
	void *at = fixture_at(&state.fixture, AGX_WALK_FIRMWARE, va, 8, AGX_WALK_WRITE);

	if (at)
		memcpy(at, &value, 8);
}

static struct agx_ring *ring_at(unsigned int which)
{
	struct agx_core_queue *queue = state.queues[which % MAX_QUEUES].queue;

	return queue ? queue->rings[which / MAX_QUEUES % AGX_PIPE_COUNT] : NULL;
}

static void take_messages(void)
{
	struct agx_handoff_block *block = state.fixture.machine.config.handoff;

	for (unsigned int i = 0; i < AGX_CHANNELS; i++) {
		struct agx_channel *channel = &state.core->channels[i];

		if (channel->ring && channel->to_firmware)
			*channel->read_ptr = *channel->write_ptr;
	}
	for (unsigned int i = 0; i < sizeof(block->flush) / sizeof(block->flush[0]); i++)
		if (block->flush[i].state == AGX_HANDOFF_FLUSH_REQUESTED)
			block->flush[i].state = AGX_HANDOFF_FLUSH_DONE;
}

static void send_event(const struct agx_event_msg *event)
{
	struct agx_channel *channel = &state.core->channels[AGX_CHANNEL_EVENT];
	uint32_t write;

	if (channel->ring) {
		write = *channel->write_ptr % channel->entries;
		memcpy(channel->ring + write * channel->entry_size, event, sizeof(*event));
		*channel->write_ptr = (write + 1) % channel->entries;
	}
	fixture_event(&state.fixture);
}

static void write_stamp(uint32_t slot, uint32_t value)
{
	uint32_t *fw;

	*agx_event_stamp(state.core, slot) = value;
	fw = fixture_at(&state.fixture, AGX_WALK_FIRMWARE, agx_event_fw_stamp_va(state.core, slot),
			4, AGX_WALK_WRITE);
	if (fw)
		*fw = value;
}

static void finish(struct agx_ring *ring, uint64_t count)
{
	struct agx_event_msg event = {.tag = AGX_EVENT_FLAG};
	uint32_t last;

	if (!ring || ring->slot == AGX_NO_SLOT || !ring->count)
		return;
	last = count % ring->count;
	event.flag.firing[ring->slot / 32] = 1u << ring->slot % 32;
	write_stamp(ring->slot, ring->commands[(ring->head + last) % AGX_RING_STAMPS].value);
	send_event(&event);
}

/* The n'th live object of a heap. */
static const struct agx_heap_object *object_of(const struct agx_heap *heap, unsigned int n)
{
	for (const struct agx_heap_block *block = heap->blocks; block; block = block->next)
		for (const struct agx_heap_chunk *chunk = block->first; chunk; chunk = chunk->next)
			if (chunk->state == CHUNK_LIVE && !n--)
				return &chunk->object;
	return NULL;
}

/* Something of a queue, of the work as a whole, or of the init data. */
static const struct agx_heap_object *pick_object(unsigned int which)
{
	const struct agx_core_queue *queue = state.queues[which % MAX_QUEUES].queue;
	const struct agx_ring *ring = ring_at(which >> 3);

	switch (which >> 5) {
	case 0:
		return queue ? queue->context : NULL;
	case 1:
		return queue ? queue->notifier : NULL;
	case 2:
		return queue ? queue->threshold_word : NULL;
	case 3:
		return ring ? ring->info : NULL;
	case 4:
		return ring ? ring->state : NULL;
	case 5:
		return ring ? ring->ring : NULL;
	case 6:
		return which & 1 ? state.core->work.stamps : state.core->work.fw_stamps;
	default:
		return state.core->objects[which % AGX_INIT_OBJECTS];
	}
}

/* The byte'th byte of a heap's memory. */
static void write_heap(const struct agx_heap *heap, uint64_t byte, uint64_t value)
{
	uint64_t va = 0, size = 0, total = 0;

	while (agx_heap_next_block(heap, &va, &size))
		total += size;
	if (!total)
		return;
	byte %= total;
	for (va = 0; agx_heap_next_block(heap, &va, &size); byte -= size) {
		if (byte < size) {
			fw_write(va + byte, value);
			return;
		}
	}
}

static void write_status(unsigned int which, uint64_t value)
{
	struct agx_fw_status *status = agx_core_fw_status(state.core);

	if (!status)
		return;
	switch (which & 3) {
	case 0:
		status->halted = (uint32_t)value;
		break;
	case 1:
		status->halt_count = value;
		break;
	case 2:
		status->resume = (uint32_t)value;
		break;
	default:
		status->halted = 1;
		status->halt_count++;
	}
}

static void write_pending(unsigned int which, uint32_t where, uint64_t value)
{
	const struct agx_variant_ops *ops = state.core->ops;
	uint32_t offset = ops->globals_pending_stamps +
			  which % AGX_PENDING_STAMPS * sizeof(struct agx_pending_stamp);
	const struct agx_ring *ring = ring_at(where);

	if (!state.core->objects[AGX_INIT_GLOBALS])
		return;
	/* Mostly what could be true. */
	if (ring && where & 0x8000) {
		*agx_core_globals_word(state.core, offset) =
			ring->slot << ops->pending_stamp_shift | AGX_PENDING_STAMP_VALID;
		*agx_core_globals_word(state.core, offset + 4) =
			ring->submitted - (uint32_t)(value & 0x700);
	} else {
		*agx_core_globals_word(state.core, offset) = (uint32_t)value;
		*agx_core_globals_word(state.core, offset + 4) = (uint32_t)(value >> 32);
	}
}

static void any_event(unsigned int which, unsigned int where, uint64_t value)
{
	static const uint32_t tags[8] = {AGX_EVENT_FAULT,
					 AGX_EVENT_FLAG,
					 AGX_EVENT_TIMEOUT,
					 AGX_EVENT_GROW_TVB,
					 AGX_EVENT_CHANNEL_ERROR,
					 2,
					 9,
					 UINT32_MAX};
	struct agx_event_msg event = {.tag = tags[which % 8]};
	const struct agx_ring *ring = ring_at(where);

	memcpy((uint8_t *)&event + 4, &value, 8);
	memcpy((uint8_t *)&event + 12, &value, 8);
	if (which & 0x80 && ring && event.tag == AGX_EVENT_CHANNEL_ERROR) {
		event.channel_error.pipe_type = ring->pipe;
		event.channel_error.event_slot = ring->slot;
		event.channel_error.event_value = ring->submitted;
	}
	send_event(&event);
}

/* --- Life --- */

static void boot(void)
{
	state.fixture.sent_count = 0;
	if (agx_core_state(state.core) == AGX_CORE_OFF && !state.fixture.machine.fail_after)
		fixture_boot(&state.fixture);
}

/* To OFF, by whatever way; all jobs have ended then. */
static void switch_off(void)
{
	state.fixture.machine.fail_after = 0;
	agx_core_stop(state.core);
	if (agx_core_state(state.core) == AGX_CORE_STOPPING) {
		state.fixture.machine.now += AGX_CORE_TIMEOUT_NS;
		agx_core_poll(state.core);
		agx_core_stop(state.core);
	}
	if (agx_core_state(state.core) != AGX_CORE_OFF)
		fail("not off", agx_core_state(state.core));
	for (unsigned int i = 0; i < MAX_JOBS; i++)
		if (state.jobs[i].job && state.jobs[i].submitted && !state.jobs[i].done)
			fail("a job has not ended", state.jobs[i].number);
}

static void run_op(const uint8_t *op)
{
	struct agx_core *core = state.core;
	struct agx_channel *channel = &core->channels[op[1] % AGX_CHANNELS];
	unsigned int which = op[1], where = op[2] | op[3] << 8;
	const struct agx_heap_object *object;
	uint64_t value;

	memcpy(&value, op + 4, 8);
	switch ((enum op)(op[0] % OPS)) {
	case OP_VM_CREATE:
		vm_create(which % MAX_VMS);
		break;
	case OP_VM_DESTROY:
		vm_destroy(which % MAX_VMS, which & 0x80);
		break;
	case OP_QUEUE_CREATE:
		queue_create(which % MAX_QUEUES, where % MAX_VMS, value);
		break;
	case OP_QUEUE_DESTROY:
		queue_destroy(which % MAX_QUEUES);
		break;
	case OP_JOB_CREATE:
		job_create(which % MAX_JOBS, (unsigned int)(value >> 56) % MAX_QUEUES, where,
			   value);
		break;
	case OP_JOB_SUBMIT:
		job_submit(which % MAX_JOBS);
		break;
	case OP_JOB_DESTROY:
		job_destroy(which % MAX_JOBS);
		break;
	case OP_NO_MEMORY:
		state.fixture.machine.fail_after = which;
		break;
	case OP_TAKE:
		take_messages();
		break;
	case OP_FINISH:
		finish(ring_at(which), value);
		break;
	case OP_RESUME:
		write_status(3, 0);
		break;
	case OP_STAMP:
		if (core->work.stamps)
			write_stamp(which % AGX_EVENT_SLOTS, (uint32_t)value);
		break;
	case OP_RING:
		if (ring_at(which))
			fw_write(ring_at(which)->state->va + where % 0x80 / 4 * 4, value);
		break;
	case OP_OBJECT:
		object = pick_object(which);
		if (object)
			fw_write(object->va + where % object->size, value);
		break;
	case OP_ANY:
		object = object_of(core->heaps[which % AGX_FW_HEAPS], where & 0x3ff);
		if (object)
			fw_write(object->va + (where >> 10) * 4 % object->size, value);
		break;
	case OP_HEAP:
		write_heap(core->heaps[which % AGX_FW_HEAPS], (uint64_t)where << 8 | (which & 0xf8),
			   value);
		break;
	case OP_PENDING:
		write_pending(which, where, value);
		break;
	case OP_STATUS:
		write_status(which, value);
		break;
	case OP_EVENT:
		any_event(which, where, value);
		break;
	case OP_INDEX:
		if (which & 0x80 && channel->write_ptr)
			agx_store(channel->write_ptr, (uint32_t)value);
		else if (channel->read_ptr)
			agx_store(channel->read_ptr, (uint32_t)value);
		break;
	case OP_ELEMENT:
		if (channel->ring)
			memcpy(channel->ring + where % (channel->entries * channel->entry_size - 7),
			       &value, 8);
		break;
	case OP_MAILBOX:
		agx_core_mailbox(core, op[1], value);
		break;
	case OP_REGISTER:
		*(which & 1 ? &state.fault_address : &state.fault_info) = value;
		break;
	case OP_TIME:
		state.fixture.machine.now += where * (which & 1 ? 1000ull : 1000000ull);
		agx_core_poll(core);
		break;
	case OP_STOP:
		agx_core_stop(core);
		break;
	case OP_START:
		boot();
		break;
	case OP_DIE:
		if (which & 1)
			agx_core_fail(core, "the firmware is said to have crashed");
		break;
	case OPS:
		break;
	}
	if (state.fixture.bad_text)
		fail("text that is not printable", state.fixture.record.source);
	if (state.fixture.sent_count > FIXTURE_SENT_MAX / 2)
		state.fixture.sent_count = 0;
}

/* The client lets go of everything, with a firmware that answers. */
static void clean_up(void)
{
	for (unsigned int i = 0; i < MAX_JOBS; i++)
		job_destroy(i);
	for (unsigned int i = 0; i < MAX_QUEUES; i++)
		queue_destroy(i);
	for (unsigned int i = 0; i < MAX_VMS; i++)
		vm_destroy(i, false);
	for (unsigned int i = 0; i < MAX_POLLS; i++) {
		uint64_t wait;

		if (agx_core_state(state.core) == AGX_CORE_READY)
			take_messages();
		state.fixture.sent_count = 0;
		wait = agx_core_poll(state.core);
		if (wait > AGX_CORE_TIMEOUT_NS)
			return;
		state.fixture.machine.now += wait;
	}
	fail("the core never has enough", MAX_POLLS);
}

/* A job from creation to its end: the core is as good as new. */
static void use_it(void)
{
	struct job *job = &state.jobs[0];

	fixture_boot(&state.fixture);
	take_messages();
	vm_create(0);
	queue_create(0, 0, 1);
	job_create(0, 0, 0x100, 0x10);
	if (!job->job)
		fail("no job can be made", 0);
	job_submit(0);
	if (!job->submitted)
		fail("no job can be submitted", 0);
	take_messages();
	finish(ring_at(AGX_PIPE_VERTEX * MAX_QUEUES), 0);
	finish(ring_at(AGX_PIPE_FRAGMENT * MAX_QUEUES), 0);
	if (!job->done)
		fail("a job does not end", job->number);
	clean_up();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct agx_firmware_version *firmware;
	const struct agx_soc *soc;

	if (size < 1 + OP_SIZE)
		return 0;
	soc = agx_soc_get(data[0] % 8);
	firmware = agx_soc_firmware(soc, data[0] >> 7);
	if (!firmware)
		firmware = agx_soc_firmware(soc, 0);
	memset(&state, 0, sizeof(state));
	fixture_init(&state.fixture, soc, firmware);
	state.hooks = fixture_hooks;
	state.hooks.job_done = job_done;
	state.hooks.fault = fault;
	state.hooks.sgx_read = sgx_read;
	state.fixture.config.hooks = &state.hooks;
	state.fixture.config.coherent = true;
	if (fixture_create(&state.fixture))
		abort();
	state.core = state.fixture.core;
	boot();
	data++;
	size--;
	for (unsigned int ops = 0; size >= OP_SIZE && ops < MAX_OPS; ops++) {
		run_op(data);
		data += OP_SIZE;
		size -= OP_SIZE;
	}

	switch_off();
	clean_up();
	use_it();
	switch_off();
	if (fixture_finish(&state.fixture))
		fail("errors or leaks", state.fixture.machine.errors);
	return 0;
}
