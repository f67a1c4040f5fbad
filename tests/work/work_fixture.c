// SPDX-License-Identifier: MIT
#include "work_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- Builder --- */

static void fill(struct agx_core_job *job, enum agx_pipe pipe, struct test_command *command)
{
	const struct agx_job_env *env = agx_job_env(job);
	struct agx_stamp stamp = agx_job_stamp(job, pipe);

	command->value = stamp.value;
	command->slot = stamp.slot;
	command->seq = stamp.seq;
	command->stamp = stamp.shared;
	command->fw_stamp = stamp.fw;
	command->vm_slot = env->vm_slot;
	command->queue = env->queue_number;
	command->queue_info = env->queue_info[pipe];
	command->notifier = env->notifier;
}

static int add_run(struct agx_core_job *job, enum agx_pipe pipe, uint32_t tag)
{
	const struct agx_heap_object *command, *sequence;
	struct test_command *c;
	int err;

	err = agx_job_alloc(job, AGX_HEAP_GPU_RO, sizeof(*c), "test command", &command);
	if (!err)
		err = agx_job_alloc(job, AGX_HEAP_PRIVATE, 0x80, "test sequence", &sequence);
	if (err)
		return err;
	c = command->cpu;
	c->tag = tag;
	fill(job, pipe, c);
	return agx_job_add(job, pipe, command->va, true);
}

static int builder_says(struct agx_core_job *job)
{
	struct work *work = agx_job_env(job)->core->config.cookie;
	const struct agx_heap_object *memory;
	int err = 0;

	if (work->build_fails_at && ++work->built == work->build_fails_at)
		return work->build_says;
	if (!work->light) {
		err = agx_job_alloc_vm(job, false, 0x8000, "test shared", &memory);
		if (!err)
			err = agx_job_alloc_vm(job, true, 0x8000, "test private", &memory);
	}
	return err;
}

static int build_compute(struct agx_core_job *job, const struct agx_submit_cmd *cmd,
			 const void *cmdbuf)
{
	int err = builder_says(job);

	return err ? err : add_run(job, AGX_PIPE_COMPUTE, AGX_CMD_RUN_COMPUTE);
}

static int build_render(struct agx_core_job *job, const struct agx_submit_cmd *cmd,
			const void *cmdbuf)
{
	uint32_t vertex = agx_job_stamp(job, AGX_PIPE_VERTEX).value;
	int err = builder_says(job);

	if (!err)
		err = agx_job_barrier(job, AGX_PIPE_FRAGMENT, AGX_PIPE_VERTEX, vertex, false);
	if (!err)
		err = add_run(job, AGX_PIPE_FRAGMENT, AGX_CMD_RUN_FRAGMENT);
	if (!err)
		err = add_run(job, AGX_PIPE_VERTEX, AGX_CMD_RUN_VERTEX);
	return err;
}

/* --- Hooks --- */

static void job_done(void *cookie, void *data, int error)
{
	struct work *work = cookie;

	assert_true(work->done_count < DONE_MAX);
	work->done[work->done_count].data = data;
	work->done[work->done_count++].error = error;
}

static void fault(void *cookie, const struct agx_core_fault *what)
{
	struct work *work = cookie;

	work->faults++;
	work->fault = *what;
}

static uint64_t sgx_read(void *cookie, uint32_t offset)
{
	struct work *work = cookie;

	work->sgx_reads++;
	switch (offset) {
	case AGX_SGX_FAULT_INFO:
	case AGX_SGX_FAULT_INFO_G14X:
		return work->fault_info;
	case AGX_SGX_FAULT_ADDR_G14X:
		return work->fault_address;
	default:
		machine_error(&work->fixture.machine, "register 0x%x is read", offset);
		return 0;
	}
}

static void record(void *cookie, const struct agx_record *what)
{
	struct work *work = cookie;

	fixture_hooks.record(cookie, what);
	if (what->source == AGX_RECORD_FAULT)
		snprintf(work->records[work->record_count++ % 8], AGX_RTKIT_LINE, "%s", what->text);
}

/* --- Life --- */

bool work_debug_heaps = true;

struct work *work_make_bare(const char *soc_name, unsigned int firmware)
{
	const struct agx_soc *soc = agx_soc_find(soc_name);
	struct work *work = calloc(1, sizeof(*work));
	struct fixture *fixture = &work->fixture;

	fixture_init(fixture, soc, agx_soc_firmware(soc, firmware));
	work->hooks = fixture_hooks;
	work->hooks.job_done = job_done;
	work->hooks.fault = fault;
	work->hooks.sgx_read = sgx_read;
	work->hooks.record = record;
	fixture->config.hooks = &work->hooks;
	fixture->config.debug_heaps = work_debug_heaps;
	fixture->config.coherent = true;
	assert_int_equal(fixture_create(fixture), 0);
	work->core = fixture->core;
	work->core->builders.compute = build_compute;
	work->core->builders.render = build_render;
	fixture_boot(fixture);
	hand_take(work);
	return work;
}

struct work *work_make(const char *soc_name, unsigned int firmware)
{
	struct work *work = work_make_bare(soc_name, firmware);

	assert_int_equal(agx_core_vm_create(work->core, 0x100000000, 0x140000000, &work->vm), 0);
	return work;
}

void work_done(struct work *work)
{
	struct agx_core *core = work->core;
	unsigned int i;

	agx_core_vm_destroy(work->vm);
	work_settle(work);
	if (core->state == AGX_CORE_READY) {
		assert_null(core->work.zombies);
		assert_null(core->work.dying);
		assert_int_equal(core->work.outstanding, 0);
	}
	for (i = 0; i < AGX_FW_HEAPS; i++)
		assert_int_equal(agx_heap_check(core->heaps[i]), 0);
	assert_int_equal(fixture_finish(&work->fixture), 0);
	free(work);
}

struct agx_core_queue *work_queue(struct work *work)
{
	struct agx_core_queue *queue;

	assert_int_equal(agx_core_queue_create(work->vm, 1, 0x1000, &queue), 0);
	return queue;
}

int work_job(struct agx_core_queue *queue, const char *what, void *data, struct agx_core_job **job)
{
	struct agx_submit_cmd cmds[AGX_MAX_COMMANDS];
	uint16_t vdm = DRM_ASAHI_BARRIER_NONE, cdm = DRM_ASAHI_BARRIER_NONE;
	uint32_t count = 0;

	memset(cmds, 0, sizeof(cmds));
	for (; *what; what++) {
		switch (*what) {
		case 'v':
			vdm = (uint16_t)strtoul(what + 1, (char **)&what, 10);
			what--;
			break;
		case 'k':
			cdm = (uint16_t)strtoul(what + 1, (char **)&what, 10);
			what--;
			break;
		default:
			assert_true(count < AGX_MAX_COMMANDS);
			cmds[count].type =
				*what == 'r' ? DRM_ASAHI_CMD_RENDER : DRM_ASAHI_CMD_COMPUTE;
			cmds[count].vdm_barrier = vdm;
			cmds[count++].cdm_barrier = cdm;
			vdm = cdm = DRM_ASAHI_BARRIER_NONE;
		}
	}
	return agx_core_job_create(queue, NULL, cmds, count, data, job);
}

struct agx_core_job *work_submit(struct agx_core_queue *queue, const char *what, void *data)
{
	struct agx_core_job *job;

	assert_int_equal(work_job(queue, what, data, &job), 0);
	assert_int_equal(agx_core_job_submit(job), 0);
	return job;
}

/* --- The hand --- */

static void *fw_at(struct work *work, uint64_t va, uint64_t size)
{
	void *at = fixture_at(&work->fixture, AGX_WALK_FIRMWARE, va, size, AGX_WALK_READ);

	if (!at)
		machine_error(&work->fixture.machine, "the firmware cannot read 0x%llx",
			      (unsigned long long)va);
	assert_non_null(at);
	return at;
}

static uint64_t word_at(const void *bytes, unsigned int offset, unsigned int size)
{
	uint64_t value = 0;

	memcpy(&value, (const char *)bytes + offset, size);
	return value;
}

static struct hand_queue *find_queue(struct work *work, uint64_t info, bool make)
{
	unsigned int i;

	for (i = 0; i < HAND_QUEUES; i++)
		if (work->queues[i].info == info)
			return &work->queues[i];
	for (i = 0; make && i < HAND_QUEUES; i++) {
		if (!work->queues[i].info) {
			work->queues[i] = (struct hand_queue){.info = info};
			return &work->queues[i];
		}
	}
	return NULL;
}

static struct agx_core_queue *owner_of(struct work *work, uint64_t info, uint32_t pipe)
{
	struct agx_core_queue *queue;

	for (queue = work->core->work.queues; queue; queue = queue->next)
		if (queue->rings[pipe] && queue->rings[pipe]->info->va == info)
			return queue;
	machine_error(&work->fixture.machine, "work for a queue that does not exist");
	return NULL;
}

static void take_work(struct work *work, const uint8_t *message)
{
	uint64_t info = word_at(message, 4, 8);
	uint32_t pipe = (uint32_t)word_at(message, 0, 4);
	bool is_new = word_at(message, 0x14, 1);
	struct hand_queue *queue = find_queue(work, info, false);
	const uint64_t *words;

	/* A queue is new exactly once in the firmware's life. */
	if (!queue != is_new)
		machine_error(&work->fixture.machine, "is_new is %d", is_new);
	if (!queue) {
		queue = find_queue(work, info, true);
		assert_non_null(queue);
		words = fw_at(work, info, 0xb0);
		queue->state = fw_at(work, words[0], sizeof(*queue->state));
		queue->ring = fw_at(work, words[1], AGX_WORK_RING_ENTRIES * 8);
		queue->pipe = pipe;
		queue->owner = owner_of(work, info, pipe);
		queue->context = queue->owner->context->va;
		assert_int_equal(word_at(words, 0x50, 4), queue->owner->number);
	}
	queue->slot = (uint32_t)word_at(message, 0x10, 4);
	queue->wptr = (uint32_t)word_at(message, 0xc, 4);
	queue->messages++;
	if (queue->wptr != queue->state->cpu_wptr &&
	    (queue->state->cpu_wptr + AGX_WORK_RING_ENTRIES - queue->wptr) % AGX_WORK_RING_ENTRIES >
		    0x400)
		machine_error(&work->fixture.machine, "the write pointer went back");
}

static void take_control(struct work *work, const uint8_t *message)
{
	bool v13 = work->core->ops->notifier_buf;
	uint32_t tag = (uint32_t)word_at(message, 0, 4);
	unsigned int i;

	if (tag == 0x17u + v13) {
		uint64_t context = word_at(message, v13 ? 0x14 : 0x1c, 8);
		unsigned int at = v13 ? 0x11 : 0x14;

		if (!context) {
			work->flushes++;
			return;
		}
		if (word_at(message, 8, 1) != 2 || word_at(message, v13 ? 0x11 : 0x14, 1) != 0xff)
			machine_error(&work->fixture.machine, "bytes of the context at 0x%x", at);
		work->destroyed++;
		work->last_context = context;
		fw_at(work, context, 0x40);
		for (i = 0; i < HAND_QUEUES; i++)
			if (work->queues[i].context == context)
				work->queues[i] = (struct hand_queue){0};
	} else if (tag == 0x0eu + v13) {
		work->recovers++;
		work->last_recover_queue = word_at(message, 8, 8);
		work->last_recover_value = (uint32_t)word_at(message, 0x10, 4);
	}
}

static void take_fwctl(struct work *work, const uint8_t *message)
{
	uint32_t slot = (uint32_t)word_at(message, 12, 4);
	struct agx_handoff_block *block = work->fixture.machine.config.handoff;

	work->fwctls++;
	if (block->flush[slot].state != AGX_HANDOFF_FLUSH_REQUESTED)
		machine_error(&work->fixture.machine, "no request in flush record %u", slot);
	block->flush[slot].state = AGX_HANDOFF_FLUSH_DONE;
}

void hand_take_some(struct work *work, unsigned int number, unsigned int max)
{
	struct agx_channel *channel = &work->core->channels[number];

	if (!channel->ring || !channel->to_firmware || work->deaf)
		return;
	for (; max && *channel->read_ptr != *channel->write_ptr; max--) {
		const uint8_t *message = channel->ring + *channel->read_ptr * channel->entry_size;

		if (number < AGX_CHANNEL_DEVICE_CONTROL)
			take_work(work, message);
		else if (number == AGX_CHANNEL_DEVICE_CONTROL)
			take_control(work, message);
		else
			take_fwctl(work, message);
		*channel->read_ptr = (*channel->read_ptr + 1) % channel->entries;
	}
}

void hand_take(struct work *work)
{
	unsigned int i;

	work->fixture.sent_count = 0;
	for (i = 0; i < AGX_CHANNELS; i++)
		hand_take_some(work, i, UINT32_MAX);
}

/* One entry of a ring. false: a barrier holds. */
static bool run_entry(struct work *work, struct hand_queue *queue, bool *ran)
{
	struct machine *machine = &work->fixture.machine;
	uint64_t va = queue->ring[queue->state->gpu_rptr];
	const struct test_command *command = fw_at(work, va, 0x20);
	const uint32_t *words = (const void *)command;
	uint32_t *stamp, *fw_stamp;

	*ran = false;
	if (command->tag == AGX_CMD_BARRIER) {
		uint32_t slot = words[4];

		fw_stamp = fw_at(work, word_at(words, 4, 8), 4);
		if (word_at(words, 4, 8) != agx_event_fw_stamp_va(work->core, slot))
			machine_error(machine, "a barrier on a stamp that is not its slot's");
		if (!agx_stamp_reached(*fw_stamp, words[3]))
			return false;
		queue->barriers++;
		return true;
	}
	command = fw_at(work, va, sizeof(*command));
	if (command->slot != queue->slot)
		machine_error(machine, "slot %u in the command, %u in the message", command->slot,
			      queue->slot);
	if (command->queue_info != queue->info)
		machine_error(machine, "a command of another queue");
	stamp = fw_at(work, command->stamp, 4);
	fw_stamp = fw_at(work, command->fw_stamp, 4);
	if (*stamp != *fw_stamp)
		machine_error(machine, "the stamps of slot %u differ", command->slot);
	if ((int32_t)(command->value - *stamp) <= 0)
		machine_error(machine, "the stamp of slot %u goes back", command->slot);
	*stamp = *fw_stamp = command->value;
	work->firing[queue->slot / 32] |= 1u << queue->slot % 32;
	queue->ran++;
	work->count++;
	*ran = true;
	return true;
}

unsigned int hand_run(struct work *work, unsigned int max)
{
	unsigned int i, count = 0;
	bool moved = true, ran;

	while (moved && count < max) {
		moved = false;
		for (i = 0; i < HAND_QUEUES && count < max; i++) {
			struct hand_queue *queue = &work->queues[i];

			if (!queue->info || queue->state->gpu_rptr == queue->wptr ||
			    !run_entry(work, queue, &ran))
				continue;
			queue->state->gpu_rptr =
				(queue->state->gpu_rptr + 1) % AGX_WORK_RING_ENTRIES;
			queue->state->gpu_doneptr = queue->state->gpu_rptr;
			moved = true;
			count += ran;
		}
	}
	if (!work->lazy)
		hand_flag(work);
	return count;
}

unsigned int hand_run_all(struct work *work)
{
	unsigned int count = 0, more;

	do {
		hand_take(work);
		more = hand_run(work, UINT32_MAX);
		count += more;
	} while (more);
	return count;
}

void hand_event(struct work *work, const struct agx_event_msg *event)
{
	struct agx_channel *ring = &work->core->channels[AGX_CHANNEL_EVENT];
	uint32_t write = *ring->write_ptr;

	memcpy(ring->ring + write * ring->entry_size, event, sizeof(*event));
	*ring->write_ptr = (write + 1) % ring->entries;
	fixture_event(&work->fixture);
}

void hand_flag(struct work *work)
{
	struct agx_event_msg event = {.tag = AGX_EVENT_FLAG};
	unsigned int i, any = 0;

	for (i = 0; i < 4; i++) {
		event.flag.firing[i] = work->firing[i];
		any |= work->firing[i];
		work->firing[i] = 0;
	}
	if (any)
		hand_event(work, &event);
}

void hand_pending(struct work *work, unsigned int index, uint32_t slot, uint32_t value)
{
	const struct agx_variant_ops *ops = work->core->ops;
	uint32_t offset = ops->globals_pending_stamps + index * 8;

	*agx_core_globals_word(work->core, offset) = slot << ops->pending_stamp_shift | 1;
	*agx_core_globals_word(work->core, offset + 4) = value;
}

void hand_halt(struct work *work)
{
	struct agx_fw_status *status = agx_core_fw_status(work->core);

	status->halt_count++;
	status->resume = 0;
	status->halted = 1;
}

bool hand_resumed(struct work *work)
{
	const struct agx_fw_status *status = agx_core_fw_status(work->core);

	return status->resume == 1 && !status->halted;
}

struct hand_queue *hand_queue_of(struct work *work, struct agx_core_queue *queue,
				 enum agx_pipe pipe)
{
	return queue->rings[pipe] ? find_queue(work, queue->rings[pipe]->info->va, false) : NULL;
}

void work_restart(struct work *work)
{
	agx_core_stop(work->core);
	if (agx_core_state(work->core) == AGX_CORE_STOPPING) {
		fixture_management(&work->fixture, AGX_RTKIT_AP_POWER, AGX_RTKIT_POWER_QUIESCED);
		fixture_management(&work->fixture, AGX_RTKIT_IOP_POWER_ACK,
				   AGX_RTKIT_POWER_QUIESCED);
	}
	if (agx_core_state(work->core) != AGX_CORE_OFF) {
		agx_core_fail(work->core, "the test says so");
		agx_core_stop(work->core);
	}
	assert_int_equal(agx_core_state(work->core), AGX_CORE_OFF);
	memset(work->queues, 0, sizeof(work->queues));
	work->fixture.sent_count = 0;
	fixture_boot(&work->fixture);
	hand_take(work);
}

void work_settle(struct work *work)
{
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		uint64_t wait;

		if (work->core->state == AGX_CORE_READY)
			hand_take(work);
		wait = agx_core_poll(work->core);
		if (wait > 50000000)
			return;
		work->fixture.machine.now += wait;
	}
	machine_error(&work->fixture.machine, "the core never has enough");
}
