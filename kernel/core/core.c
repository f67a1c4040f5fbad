// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * States of the device, from off to ready and back. Nothing here waits: each step ends with
 * something that the mailbox or the clock brings.
 *
 * Order of the start: jannau/linux: drivers/gpu/drm/asahi/{driver,gpu}.rs. In particular RUN comes
 * before the handoff, the Initialize message lies in its ring before RTKit starts, and nothing
 * is awaited after the first doorbells.
 */
#include "work_internal.h"

#define NEVER UINT64_MAX

/* How often to look whether the firmware has flushed: nothing tells. */
#define COLLECT_POLL_NS 1000000ull

/* How often to ring again for the first message. */
#define RING_AGAIN_NS 100000000ull

static uint64_t now(const struct agx_core *core)
{
	return core->platform->time_ns(core->platform->cookie);
}

static void set_state(struct agx_core *core, enum agx_core_state state)
{
	core->deadline = now(core) + AGX_CORE_TIMEOUT_NS;
	if (core->state == state)
		return;
	core->state = state;
	if (core->config.hooks->state)
		core->config.hooks->state(core->config.cookie, state);
}

void agx_core_fail(struct agx_core *core, const char *why)
{
	if (core->state == AGX_CORE_OFF || core->state == AGX_CORE_FAILED)
		return;
	core->failure = why;
	agx_log(core->platform, AGX_LOG_ERROR, "core: failed while %s: %s",
		agx_core_state_name(core->state), why);
	set_state(core, AGX_CORE_FAILED);
	agx_work_fail(core, -ENODEV);
}

const char *agx_core_state_name(enum agx_core_state state)
{
	static const char *const names[] = {
		[AGX_CORE_OFF] = "off",           [AGX_CORE_HANDOFF] = "waiting for the handoff",
		[AGX_CORE_STARTING] = "starting", [AGX_CORE_READY] = "ready",
		[AGX_CORE_STOPPING] = "stopping", [AGX_CORE_FAILED] = "failed",
	};

	return (unsigned int)state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

static void destroy_parts(struct agx_core *core)
{
	const struct agx_platform *platform = core->platform;
	const uint32_t sizes[3] = {core->ops->hwdata_a_size, core->ops->hwdata_b_size,
				   core->ops->globals_size};
	unsigned int i;

	for (i = 0; i < AGX_FW_HEAPS; i++)
		agx_heap_destroy(core->heaps[i]);
	agx_uat_destroy(core->uat);
	for (i = 0; i < 3; i++)
		if (core->blobs[i])
			platform->free(platform->cookie, core->blobs[i], sizes[i]);
	platform->free(platform->cookie, core, sizeof(*core));
}

static int copy_blobs(struct agx_core *core)
{
	const struct agx_platform *platform = core->platform;
	struct agx_device *device = &core->config.device;
	struct agx_blob *blobs[3] = {&device->hwdata_a, &device->hwdata_b, &device->globals};
	const uint32_t sizes[3] = {core->ops->hwdata_a_size, core->ops->hwdata_b_size,
				   core->ops->globals_size};
	unsigned int i;

	for (i = 0; i < 3 && blobs[i]->data; i++) {
		core->blobs[i] = platform->alloc(platform->cookie, sizes[i]);
		if (!core->blobs[i])
			return -ENOMEM;
		agx_core_memcpy(core->blobs[i], blobs[i]->data, sizes[i]);
		blobs[i]->data = NULL;
	}
	return 0;
}

static int create_heaps(struct agx_core *core)
{
	unsigned int i;
	int err;

	for (i = 0; i < AGX_FW_HEAPS; i++) {
		struct agx_heap_config config = *agx_fw_heap_config(i);

		config.debug = core->config.debug_heaps && config.cpu;
		config.coherent = core->config.coherent;
		err = agx_heap_create(core->platform, core->uat, agx_uat_kernel_vm(core->uat),
				      &config, &core->heaps[i]);
		if (err)
			return err;
	}
	return 0;
}

int agx_core_create(const struct agx_platform *platform, const struct agx_core_config *config,
		    struct agx_core **created, struct agx_reject *why)
{
	const struct agx_device *device = &config->device;
	struct agx_uat_config uat_config;
	struct agx_core *core;
	int err;

	err = agx_device_check(device, why);
	if (err)
		return err;
	if (!config->hooks || !config->hooks->run)
		return agx_reject(why, -EINVAL, "hooks", "a way to set RUN", 0);

	core = platform->alloc(platform->cookie, sizeof(*core));
	if (!core)
		return agx_reject(why, -ENOMEM, "memory", "more", sizeof(*core));
	core->platform = platform;
	core->config = *config;
	core->variant = (enum agx_fw_variant)agx_device_variant(device->soc, &device->firmware);
	core->ops = agx_variant_ops(core->variant);
	core->failure = "";
	agx_work_create(core);

	uat_config = (struct agx_uat_config){
		.ttbs = device->ttbs.cpu,
		.handoff = device->handoff.cpu,
		.kernel_table = device->pagetables.cpu,
		.kernel_table_pa = device->pagetables.pa,
		.output_address_bits = device->soc->output_address_bits,
		.map_kernel_to_user = core->ops->map_kernel_to_user,
		.keep_empty_tables = config->keep_empty_tables,
	};
	err = copy_blobs(core);
	if (!err)
		err = agx_uat_create(platform, &uat_config, &core->uat);
	if (!err)
		err = create_heaps(core);
	if (err) {
		destroy_parts(core);
		return agx_reject(why, err, "memory for the MMU and the heaps", "more", 0);
	}
	*created = core;
	return 0;
}

static void set_run(struct agx_core *core, bool run)
{
	if (core->running == run)
		return;
	if (core->config.hooks->run(core->config.cookie, run))
		agx_log(core->platform, AGX_LOG_ERROR, "core: the coprocessor does not stop");
	core->running = run;
}

/* The coprocessor is stopped: nothing looks at our memory any more. */
static void turn_off(struct agx_core *core)
{
	set_run(core, false);
	core->rtkit.state = AGX_RTKIT_STATE_OFF;
	core->has_hello = false;
	core->drain = false;
	core->collecting = false;
	agx_work_off(core);
	agx_core_init_free(core);
	set_state(core, AGX_CORE_OFF);
	core->failure = "";
}

void agx_core_destroy(struct agx_core *core)
{
	if (!core)
		return;
	if (core->state != AGX_CORE_OFF)
		turn_off(core);
	agx_work_destroy(core);
	agx_core_init_destroy(core);
	destroy_parts(core);
}

int agx_core_prepare(struct agx_core *core)
{
	return core->state == AGX_CORE_OFF ? agx_core_init_prepare(core) : -EBUSY;
}

int agx_core_start(struct agx_core *core)
{
	struct agx_handoff_block *block = core->config.device.handoff.cpu;
	int err;

	if (core->state != AGX_CORE_OFF)
		return -EBUSY;
	if (core->detached)
		return -ENODEV;
	/* Marks of an earlier life would look like the firmware's. */
	agx_store(&block->magic_fw, 0);
	agx_store(&block->lock_fw, 0);
	core->platform->order(core->platform->cookie, AGX_BARRIER_FULL);
	err = core->config.hooks->run(core->config.cookie, true);
	if (err)
		return err;
	core->running = true;
	core->rtkit.state = AGX_RTKIT_STATE_OFF;
	agx_handoff_begin(agx_uat_handoff(core->uat));
	core->next_look = now(core);
	set_state(core, AGX_CORE_HANDOFF);
	return 0;
}

/* RTKit runs: hand over the init data. Initialize is in its ring already. */
static void finish_start(struct agx_core *core)
{
	uint64_t root = core->objects[AGX_INIT_ROOT]->va;
	int err = 0;

	if (!core->config.external_rtkit) {
		err = agx_rtkit_start_endpoint(&core->rtkit, AGX_EP_FIRMWARE);
		if (!err)
			err = agx_rtkit_start_endpoint(&core->rtkit, AGX_EP_DOORBELL);
	}
	if (err == -ENODEV) {
		agx_core_fail(core, "the firmware lacks the GPU's endpoints");
		return;
	}
	if (!err)
		err = agx_rtkit_send(&core->rtkit, AGX_EP_FIRMWARE,
				     (uint64_t)AGX_MSG_INIT << AGX_MSG_TYPE_SHIFT |
					     (root & AGX_MSG_INIT_ADDRESS));
	if (!err)
		err = agx_rtkit_send(&core->rtkit, AGX_EP_DOORBELL,
				     (uint64_t)AGX_MSG_DOORBELL << AGX_MSG_TYPE_SHIFT |
					     AGX_DOORBELL_DEVICE_CONTROL);
	if (err) {
		agx_core_fail(core, "the first messages cannot be sent");
		return;
	}
	core->listening = false;
	core->rung = now(core);
	core->deadline = core->rung + AGX_CORE_TIMEOUT_NS;
	set_state(core, AGX_CORE_READY);
	agx_core_kick(core);
}

static void receive(struct agx_core *core, uint8_t endpoint, uint64_t message)
{
	enum agx_rtkit_state before = core->rtkit.state;

	if (core->config.external_rtkit)
		agx_core_rtkit_ops.message(core, endpoint, message);
	else if (agx_rtkit_receive(&core->rtkit, endpoint, message)) {
		agx_core_fail(core, core->rtkit.error ? core->rtkit.error : "RTKit has failed");
		return;
	}
	if (core->rtkit.state != before) {
		core->deadline = now(core) + AGX_CORE_TIMEOUT_NS;
		if (core->rtkit.state == AGX_RTKIT_STATE_RUNNING)
			finish_start(core);
		else if (core->rtkit.state == AGX_RTKIT_STATE_QUIET)
			turn_off(core);
	}
	/* Also while it stops: what it says then may be the last about some job. */
	if (core->drain && (core->state == AGX_CORE_READY || core->state == AGX_CORE_STOPPING))
		agx_core_drain(core);
}

void agx_core_mailbox(struct agx_core *core, uint8_t endpoint, uint64_t message)
{
	switch (core->state) {
	case AGX_CORE_OFF:
	case AGX_CORE_FAILED:
		agx_log(core->platform, AGX_LOG_DEBUG, "core: message 0x%llx on 0x%x while %s",
			(unsigned long long)message, endpoint, agx_core_state_name(core->state));
		return;
	case AGX_CORE_HANDOFF:
		/* The first message may overtake the handoff; nothing follows until the answer. */
		if (core->has_hello || endpoint != AGX_EP_MANAGEMENT) {
			agx_core_fail(core, "a message before the handoff is complete");
			return;
		}
		core->has_hello = true;
		core->hello = message;
		return;
	default:
		receive(core, endpoint, message);
		agx_work_step(core);
	}
}

/* The firmware has set its mark: build, and let RTKit start. */
static void finish_handoff(struct agx_core *core)
{
	int err;

	/* Once: a restart finds the TTBAT as it was. */
	if (!core->uat_started) {
		if (agx_uat_start(core->uat)) {
			agx_core_fail(core, "the firmware holds the handoff lock");
			return;
		}
		core->uat_started = true;
	}
	if (agx_core_init_build(core)) {
		agx_core_fail(core, "no memory for the init data");
		return;
	}
	agx_work_start(core);
	agx_rtkit_start(&core->rtkit, core->platform, &agx_core_rtkit_ops, core);
	set_state(core, AGX_CORE_STARTING);
	err = agx_core_device_control(core, AGX_DEVICE_CONTROL_INITIALIZE, NULL, &core->initialize);
	if (!err && core->has_hello) {
		core->has_hello = false;
		receive(core, AGX_EP_MANAGEMENT, core->hello);
	}
}

static uint64_t until(uint64_t when, uint64_t time)
{
	return when > time ? when - time : 0;
}

bool agx_core_listening(struct agx_core *core)
{
	if (!core->listening)
		core->listening = agx_core_initialized(core);
	return core->listening;
}

/* Until the firmware has taken Initialize. Nanoseconds until the next look. */
static uint64_t await_first(struct agx_core *core, uint64_t time)
{
	if (agx_core_listening(core))
		return NEVER;
	if (time >= core->deadline) {
		agx_core_fail(core, "the firmware does not take its first message");
		return 0;
	}
	if (time - core->rung >= RING_AGAIN_NS) {
		core->rung = time;
		agx_core_ring_again(core);
	}
	return RING_AGAIN_NS - (time - core->rung);
}

uint64_t agx_core_poll(struct agx_core *core)
{
	uint64_t time = now(core), work, garbage, first;
	int err;

	switch (core->state) {
	case AGX_CORE_HANDOFF:
		if (time < core->next_look)
			return core->next_look - time;
		err = agx_handoff_poll(agx_uat_handoff(core->uat));
		if (err == -EAGAIN) {
			core->next_look = time + AGX_HANDOFF_POLL_NS;
			return AGX_HANDOFF_POLL_NS;
		}
		if (err)
			agx_core_fail(core, err == -EIO ? "the firmware does not come up"
							: "the firmware holds the handoff lock");
		else
			finish_handoff(core);
		return agx_core_poll(core);
	case AGX_CORE_STARTING:
	case AGX_CORE_STOPPING:
		if (core->config.external_rtkit)
			return NEVER;
		if (time < core->deadline)
			return until(core->deadline, time);
		agx_core_fail(core, core->state == AGX_CORE_STARTING
					    ? "the firmware has not answered while it starts"
					    : "the firmware has not answered while it stops");
		return NEVER;
	case AGX_CORE_READY:
		if (core->drain)
			agx_core_drain(core);
		if (core->drain)
			return 0;
		first = await_first(core, time);
		garbage = agx_core_collecting(core) ? COLLECT_POLL_NS : NEVER;
		work = agx_work_poll(core);
		if (first < garbage)
			garbage = first;
		return work < garbage ? work : garbage;
	default:
		agx_work_step(core);
		return NEVER;
	}
}

void agx_core_stop(struct agx_core *core)
{
	switch (core->state) {
	case AGX_CORE_OFF:
	case AGX_CORE_STOPPING:
		return;
	case AGX_CORE_READY:
		set_state(core, AGX_CORE_STOPPING);
		if (!core->config.external_rtkit && agx_rtkit_stop(&core->rtkit))
			agx_core_fail(core, "the firmware cannot be asked to stop");
		return;
	default:
		turn_off(core);
	}
}

int agx_core_detach(struct agx_core *core)
{
	if (core->state != AGX_CORE_OFF)
		return -EBUSY;
	if (!core->detached)
		agx_uat_detach(core->uat);
	core->detached = true;
	return 0;
}

void agx_core_crash(struct agx_core *core, const char *why)
{
	agx_core_fail(core, why);
	agx_work_step(core);
}

int agx_core_rtkit_running(struct agx_core *core)
{
	if (!core->config.external_rtkit || core->state != AGX_CORE_STARTING)
		return -EINVAL;
	core->rtkit.state = AGX_RTKIT_STATE_RUNNING;
	finish_start(core);
	return core->state == AGX_CORE_READY ? 0 : -EIO;
}

int agx_core_rtkit_quiet(struct agx_core *core)
{
	if (!core->config.external_rtkit || core->state != AGX_CORE_STOPPING)
		return -EINVAL;
	turn_off(core);
	return 0;
}

int agx_core_rtkit_buffer(struct agx_core *core, uint64_t size, struct agx_rtkit_buffer *buffer)
{
	if (!core->config.external_rtkit || !size || core->state < AGX_CORE_STARTING ||
	    core->state > AGX_CORE_STOPPING)
		return -EINVAL;
	return agx_core_rtkit_ops.allocate(core, size, buffer);
}

enum agx_core_state agx_core_state(const struct agx_core *core)
{
	return core->state;
}

bool agx_core_idle(const struct agx_core *core)
{
	return !core->work.outstanding;
}

const char *agx_core_failure(const struct agx_core *core)
{
	return core->failure;
}

bool agx_core_initialized(struct agx_core *core)
{
	return core->state == AGX_CORE_READY &&
	       agx_core_taken(core, AGX_CHANNEL_DEVICE_CONTROL, core->initialize) == 1;
}

struct agx_uat *agx_core_uat(struct agx_core *core)
{
	return core->uat;
}

struct agx_heap *agx_core_heap(struct agx_core *core, enum agx_fw_heap heap)
{
	return (unsigned int)heap < AGX_FW_HEAPS ? core->heaps[heap] : NULL;
}

enum agx_fw_variant agx_core_variant(const struct agx_core *core)
{
	return core->variant;
}

uint64_t agx_core_init_data(const struct agx_core *core)
{
	return core->objects[AGX_INIT_ROOT] ? core->objects[AGX_INIT_ROOT]->va : 0;
}

struct agx_fw_status *agx_core_fw_status(struct agx_core *core)
{
	return core->objects[AGX_INIT_FW_STATUS] ? core->objects[AGX_INIT_FW_STATUS]->cpu : NULL;
}

uint32_t *agx_core_globals_word(struct agx_core *core, uint32_t offset)
{
	const struct agx_heap_object *globals = core->objects[AGX_INIT_GLOBALS];

	if (!globals || offset > globals->size - sizeof(uint32_t) || offset % sizeof(uint32_t))
		return NULL;
	return (uint32_t *)((char *)globals->cpu + offset);
}

int agx_core_submission_begin(struct agx_core *core)
{
	uint32_t *pending;
	int err;

	if (core->state != AGX_CORE_READY)
		return -ENODEV;
	pending = agx_core_globals_word(core, core->ops->globals_pending_submissions);
	__atomic_fetch_add(pending, 1, __ATOMIC_ACQUIRE);
	err = agx_core_kick(core);
	if (err)
		__atomic_fetch_sub(pending, 1, __ATOMIC_RELEASE);
	return err;
}

void agx_core_submission_end(struct agx_core *core)
{
	uint32_t *pending = agx_core_globals_word(core, core->ops->globals_pending_submissions);

	/* Gone when the firmware was stopped in between. */
	if (pending && agx_load(pending))
		__atomic_fetch_sub(pending, 1, __ATOMIC_RELEASE);
}

int agx_core_set_idle_off_delay(struct agx_core *core, uint32_t ms)
{
	if (core->state != AGX_CORE_READY)
		return -ENODEV;
	agx_store(agx_core_globals_word(core, core->ops->globals_idle_off_delay), ms);
	return 0;
}
