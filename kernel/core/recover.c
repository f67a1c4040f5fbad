// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * When commands fail.
 *
 * After a fault or a timeout the firmware stops everything and lists what was running
 * (Globals.pending_stamps). Those commands are marked with their errors; the firmware is told to go
 * on, reports them done like others, and only then do they end, with the error that waits for them.
 * A channel error concerns one work queue, which the firmware leaves alone until RecoverChannel.
 *
 * Order and errors: jannau/linux: drivers/gpu/drm/asahi/gpu.rs, handle_timeout(), handle_fault(),
 * mark_pending_events(), recover(); its workqueue.rs, mark_error().
 */
#include "agx_fault.h"
#include "agx_text.h"
#include "job_internal.h"

/* How long the firmware may take to stop. */
#define HALT_TIMEOUT_NS 100000000ull
#define HALT_LOOK_NS    1000000ull

#define NO_CONTEXT AGX_UAT_CONTEXTS

static const char *error_name(int error)
{
	switch (error) {
	case -ETIMEDOUT:
		return "ETIMEDOUT";
	case -EIO:
		return "EIO";
	case -ENODATA:
		return "ENODATA";
	case -ECANCELED:
		return "ECANCELED";
	default:
		return "ENODEV";
	}
}

static void add_pipe(struct agx_text *text, uint32_t pipe)
{
	static const char *const names[AGX_PIPE_COUNT] = {" vertex", " fragment", " compute"};

	agx_text_add(text, names[pipe]);
}

/* One line for one command (or for none that is known), and the hook. */
static void report(struct agx_core *core, const struct agx_core_fault *fault)
{
	struct agx_text text;

	if (fault->queue) {
		agx_text_init(&text, core->text, sizeof(core->text));
		agx_text_add(&text, agx_core_fault_kind_name(fault->kind));
		agx_text_add(&text, ": queue ");
		agx_text_decimal(&text, fault->queue);
		add_pipe(&text, fault->pipe);
		agx_text_field_hex(&text, "command", fault->command);
		agx_text_field(&text, "slot", fault->event_slot);
		agx_text_field_hex(&text, "stamp", fault->value);
		agx_text_field(&text, "context", fault->vm_slot);
		if (fault->kind == AGX_CORE_FAULT_CHANNEL)
			agx_text_field(&text, "channel_error", fault->channel_error);
		agx_text_add(&text, " ends with ");
		agx_text_add(&text, error_name(fault->error));
		agx_core_record(core, AGX_RECORD_FAULT, fault->kind, 0, 0, core->text);
	}
	if (core->config.hooks->fault)
		core->config.hooks->fault(core->config.cookie, fault);
}

static void report_command(struct agx_core *core, struct agx_core_fault *fault,
			   const struct agx_ring *ring, const struct agx_ring_command *run)
{
	fault->error = run->error;
	fault->queue = ring->queue->number;
	fault->pipe = ring->pipe;
	fault->event_slot = ring->slot;
	fault->value = run->value;
	fault->vm_slot = run->job->env.vm_slot;
	fault->command = run->va;
	fault->data = run->job->data;
	report(core, fault);
}

/* What the registers say, and what the tables say of that. Records of both. */
static void look_at_mmu(struct agx_core *core, struct agx_core_fault *fault)
{
	bool g14x = core->ops->fault_registers_g14x;
	uint64_t (*read)(void *, uint32_t) = core->config.hooks->sgx_read;
	void *cookie = core->config.cookie;
	struct agx_uat_vm *vm;
	struct agx_text text;
	uint64_t info, address;

	if (!read)
		return;
	info = read(cookie, g14x ? AGX_SGX_FAULT_INFO_G14X : AGX_SGX_FAULT_INFO);
	address = g14x ? read(cookie, AGX_SGX_FAULT_ADDR_G14X) : 0;
	if (info == AGX_SGX_NO_ACCESS)
		agx_log(core->platform, AGX_LOG_WARNING,
			"core: the GPU has no power: its fault registers cannot be read");
	fault->has_mmu = agx_mmu_fault_decode(g14x, info, address, &fault->mmu);
	if (!fault->has_mmu)
		return;
	if (fault->mmu.address >= AGX_UAT_UPPER_BASE)
		vm = agx_uat_kernel_vm(core->uat);
	else
		vm = agx_uat_slot_vm(core->uat, fault->mmu.vm_slot);
	if (vm)
		agx_uat_find(vm, fault->mmu.address, &fault->found);

	agx_text_init(&text, core->text, sizeof(core->text));
	agx_mmu_fault_print(g14x, &fault->mmu, &text);
	agx_core_record(core, AGX_RECORD_FAULT, fault->kind, 0, 0, core->text);
	agx_text_init(&text, core->text, sizeof(core->text));
	agx_uat_lookup_print(&fault->found, &text);
	agx_core_record(core, AGX_RECORD_FAULT, fault->kind, 0, 0, core->text);
}

/* One entry of the firmware's list of what was running. true: a command was marked. */
static bool mark_pending(struct agx_core *core, struct agx_core_fault *fault, unsigned int index,
			 int32_t culprit, int error)
{
	const struct agx_variant_ops *ops = core->ops;
	uint32_t offset = ops->globals_pending_stamps + index * sizeof(struct agx_pending_stamp);
	uint32_t *info = agx_core_globals_word(core, offset);
	uint32_t *wait_value = agx_core_globals_word(core, offset + sizeof(uint32_t));
	const struct agx_ring_command *run;
	uint32_t context = fault->has_mmu ? fault->mmu.vm_slot : NO_CONTEXT;
	uint32_t slot, value, bits;
	struct agx_ring *ring;

	bits = agx_load(info);
	if (!(bits & AGX_PENDING_STAMP_VALID))
		return false;
	value = agx_load(wait_value);
	agx_store(info, 0);
	agx_store(wait_value, 0);

	slot = bits >> ops->pending_stamp_shift & AGX_PENDING_STAMP_SLOT_MASK;
	if (culprit >= 0 && slot != (uint32_t)culprit) {
		error = -ECANCELED;
		context = NO_CONTEXT;
	}
	/* What has completed counts as good. */
	if (core->work.slots[slot].ring)
		agx_work_look(core->work.slots[slot].ring);
	ring = core->work.slots[slot].ring;
	run = ring ? agx_ring_mark(ring, value, error, context) : NULL;
	if (!run) {
		agx_log(core->platform, AGX_LOG_WARNING,
			"core: the firmware was running stamp 0x%x of slot %u, which is not ours",
			value, slot);
		return false;
	}
	report_command(core, fault, ring, run);
	return true;
}

/* culprit: event slot, -1: all of them are. */
static void handle_halt(struct agx_core *core, enum agx_core_fault_kind kind, int32_t culprit)
{
	struct agx_work *work = &core->work;
	struct agx_core_fault fault = {.kind = kind};
	bool found = false;
	unsigned int i;
	int error;

	look_at_mmu(core, &fault);
	if (fault.has_mmu)
		error = -EIO;
	else
		error = kind == AGX_CORE_FAULT_TIMEOUT ? -ETIMEDOUT : -ENODATA;
	for (i = 0; i < AGX_PENDING_STAMPS; i++)
		found |= mark_pending(core, &fault, i, culprit, error);
	if (!found) {
		agx_log(core->platform, AGX_LOG_WARNING, "core: %s, but no command was running",
			agx_core_fault_kind_name(kind));
		fault.error = error;
		report(core, &fault);
	}
	work->halting = true;
	work->halt_deadline = agx_core_now(core) + HALT_TIMEOUT_NS;
}

static void want_recovery(struct agx_core *core, struct agx_ring *ring, uint32_t value)
{
	struct agx_work *work = &core->work;

	ring->recover_value = value;
	if (ring->recover_wanted)
		return;
	ring->recover_wanted = true;
	ring->recover_next = NULL;
	if (work->last_recovering)
		work->last_recovering->recover_next = ring;
	else
		work->recovering = ring;
	work->last_recovering = ring;
}

static void handle_channel_error(struct agx_core *core, const struct agx_core_event *event)
{
	struct agx_core_fault fault = {
		.kind = AGX_CORE_FAULT_CHANNEL,
		.channel_error = event->channel_error.error,
	};
	const struct agx_ring_command *run = NULL;
	uint32_t slot = event->channel_error.event_slot;
	uint32_t value = event->channel_error.event_value;
	struct agx_ring *ring = core->work.slots[slot].ring;

	if (!ring || ring->pipe != event->channel_error.pipe) {
		agx_log(core->platform, AGX_LOG_WARNING,
			"core: ChannelError ignored: slot %u is not in use on pipe %u", slot,
			event->channel_error.pipe);
		return;
	}
	want_recovery(core, ring, value);
	agx_work_look(ring);
	if (core->work.slots[slot].ring == ring)
		run = agx_ring_mark(ring, value, -EIO, NO_CONTEXT);
	if (run)
		report_command(core, &fault, ring, run);
}

void agx_recover_event(struct agx_core *core, const struct agx_core_event *event)
{
	switch (event->tag) {
	case AGX_EVENT_FAULT:
		handle_halt(core, AGX_CORE_FAULT_MMU, -1);
		return;
	case AGX_EVENT_TIMEOUT:
		/* m1n1: proxyclient/m1n1/agx/__init__.py, timeout() */
		if ((int32_t)(event->timeout.counter - (uint32_t)core->work.halts) < 0) {
			agx_log(core->platform, AGX_LOG_INFO,
				"core: Timeout ignored: halt %u was answered already",
				event->timeout.counter);
			return;
		}
		handle_halt(core, AGX_CORE_FAULT_TIMEOUT, event->timeout.event_slot);
		return;
	default:
		handle_channel_error(core, event);
	}
}

/* A word of the firmware's status; they are aligned, which the packed structure does not say. */
static uint32_t *status_word(struct agx_core *core, size_t offset)
{
	return (uint32_t *)((char *)agx_core_fw_status(core) + offset);
}

/* Lets the firmware go on as soon as it has stopped. */
static void step_halt(struct agx_core *core, uint64_t *wait)
{
	struct agx_work *work = &core->work;
	uint32_t *halted = status_word(core, offsetof(struct agx_fw_status, halted));
	uint32_t *resume = status_word(core, offsetof(struct agx_fw_status, resume));
	void *halt_count = status_word(core, offsetof(struct agx_fw_status, halt_count));
	const struct agx_platform *platform = core->platform;

	if (!work->halting)
		return;
	if (agx_load(halted)) {
		work->halting = false;
		work->halts = agx_load((uint64_t *)halt_count);
		work->progress = true;
		agx_store(halted, 0);
		platform->order(platform->cookie, AGX_BARRIER_FULL);
		agx_store(resume, 1);
		platform->order(platform->cookie, AGX_BARRIER_FULL);
		agx_log(platform, AGX_LOG_INFO, "core: the firmware goes on after halt %llu",
			(unsigned long long)work->halts);
	} else if (agx_core_now(core) >= work->halt_deadline) {
		work->halting = false;
		agx_log(platform, AGX_LOG_ERROR,
			"core: the firmware reports a failure but does not stop");
	} else if (*wait > HALT_LOOK_NS) {
		*wait = HALT_LOOK_NS;
	}
}

/* RecoverChannel messages: sent when there is room, and watched until they are taken. */
static void step_channels(struct agx_core *core, uint64_t *wait)
{
	struct agx_work *work = &core->work;
	struct agx_ring *ring;
	int taken;

	while ((ring = work->recovering)) {
		struct agx_device_control_args args = {
			.recover_channel = {.pipe = ring->pipe,
					    .event_value = ring->recover_value,
					    .work_queue = ring->info->va},
		};

		if (agx_core_device_control(core, AGX_DEVICE_CONTROL_RECOVER_CHANNEL, &args,
					    &work->recover_token))
			break;
		ring->recover_wanted = false;
		work->recovering = ring->recover_next;
		if (!work->recovering)
			work->last_recovering = NULL;
		work->recover_sent = true;
		work->recover_since = agx_core_now(core);
	}
	if (work->recover_sent) {
		taken = agx_core_taken(core, AGX_CHANNEL_DEVICE_CONTROL, work->recover_token);
		if (!taken && agx_core_now(core) - work->recover_since < AGX_CORE_TIMEOUT_NS)
			goto pending;
		if (!taken)
			agx_log(core->platform, AGX_LOG_ERROR,
				"core: the firmware does not take RecoverChannel");
		work->recover_sent = false;
	}
	if (!work->recovering)
		return;
pending:
	if (*wait > HALT_LOOK_NS)
		*wait = HALT_LOOK_NS;
}

void agx_recover_step(struct agx_core *core, uint64_t *wait)
{
	step_halt(core, wait);
	step_channels(core, wait);
}

void agx_recover_off(struct agx_core *core)
{
	struct agx_work *work = &core->work;

	while (work->recovering)
		agx_recover_forget(work->recovering);
	work->recover_sent = false;
	work->halting = false;
	work->halts = 0;
}

void agx_recover_forget(struct agx_ring *ring)
{
	struct agx_work *work = &ring->queue->vm->core->work;
	struct agx_ring **link, *before = NULL;

	if (!ring->recover_wanted)
		return;
	for (link = &work->recovering; *link != ring; link = &(*link)->recover_next)
		before = *link;
	*link = ring->recover_next;
	if (work->last_recovering == ring)
		work->last_recovering = before;
	ring->recover_wanted = false;
}

void agx_recover_hang(struct agx_core *core)
{
	struct agx_core_fault fault = {.kind = AGX_CORE_FAULT_HANG, .error = -ETIMEDOUT};
	bool found = false;
	uint32_t slot;

	look_at_mmu(core, &fault);
	for (slot = 0; slot < AGX_EVENT_SLOTS; slot++) {
		struct agx_ring *ring = core->work.slots[slot].ring;
		struct agx_ring_command run;

		if (!ring || !ring->issued)
			continue;
		run = ring->commands[ring->head];
		run.error = -ETIMEDOUT;
		report_command(core, &fault, ring, &run);
		found = true;
	}
	if (!found)
		report(core, &fault);
}
