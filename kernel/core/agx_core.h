/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The device: start, messages, stop. docs/boot.md tells the story.
 *
 * A home makes one agx_core per GPU, calls agx_core_start(), passes on what the mailbox receives
 * with agx_core_mailbox(), and calls agx_core_poll() when the time that it named has come. All
 * calls for one core are serialised by the caller. The hooks are called from within such a call
 * and must not call the core.
 *
 * A core whose state is FAILED does nothing until it has been stopped and started anew.
 */
#ifndef AGX_CORE_H
#define AGX_CORE_H

#include "agx_device.h"
#include "agx_heap.h"
#include "agx_rtkit.h"

struct agx_core;
struct agx_core_fault;

enum agx_core_state {
	AGX_CORE_OFF,
	AGX_CORE_HANDOFF,  /* the coprocessor runs; waiting for its mark in the handoff block */
	AGX_CORE_STARTING, /* the init data is built; RTKit is starting */
	AGX_CORE_READY,    /* the firmware has the init data and the first doorbells */
	AGX_CORE_STOPPING,
	AGX_CORE_FAILED, /* crashed, silent, or not to be trusted any more */
};

/* Work that does not go on at all for this long means that the firmware hangs. */
#define AGX_WORK_TIMEOUT_NS 10000000000ull

/* Each step of starting and stopping must come within this time. */
#define AGX_CORE_TIMEOUT_NS 1000000000ull

/* Something happened to work; slots and pipes are in range. See channels.h. */
struct agx_core_event {
	enum agx_event_tag tag;
	union {
		uint32_t firing[4]; /* FLAG: a bit for each event slot */
		struct {
			uint32_t counter;
			int32_t event_slot; /* -1: unknown */
		} timeout;
		struct {
			uint32_t vm_slot, buffer_slot, counter;
		} grow_tvb;
		struct {
			uint32_t error; /* enum agx_channel_error, or a number unknown */
			uint32_t pipe, event_slot, event_value;
		} channel_error;
	};
};

/* A line that the firmware has written, or a number of its, made readable. */
enum agx_record_source {
	AGX_RECORD_LOG,    /* level: enum agx_fwlog_level */
	AGX_RECORD_KTRACE, /* level: enum agx_ktrace_thread */
	AGX_RECORD_STATS,  /* level: enum agx_stats_tag */
	AGX_RECORD_SYSLOG, /* RTKit's own */
	AGX_RECORD_CRASH,
	AGX_RECORD_FAULT, /* level: enum agx_core_fault_kind */
	AGX_RECORD_SOURCES,
};

struct agx_record {
	enum agx_record_source source;
	uint32_t level;
	uint32_t sequence;  /* of LOG */
	uint64_t timestamp; /* of LOG and KTRACE, ticks of the base clock */
	const char *text;   /* printable ASCII; valid during the call */
};

const char *agx_record_source_name(enum agx_record_source source);

struct agx_core_hooks {
	/* Sets or clears RUN in the coprocessor's CPU_CONTROL. 0 or a negative errno. */
	int (*run)(void *cookie, bool run);

	/* The state has changed. May be NULL, as the following. */
	void (*state)(void *cookie, enum agx_core_state state);
	void (*event)(void *cookie, const struct agx_core_event *event);
	void (*record)(void *cookie, const struct agx_record *record);

	/* A job (agx_work.h) has ended, with 0 or a negative errno; data is its creator's. */
	void (*job_done)(void *cookie, void *data, int error);

	/* A command will end with an error (agx_fault.h). */
	void (*fault)(void *cookie, const struct agx_core_fault *fault);

	/* Reads a register of the GPU (firmware-interface/sgx.h), after a fault. */
	uint64_t (*sgx_read)(void *cookie, uint32_t offset);
};

struct agx_core_config {
	struct agx_device device; /* blobs' data only until agx_core_create() returns */
	const struct agx_core_hooks *hooks;
	void *cookie;
	uint32_t fault_control;   /* AGX_FAULT_CONTROL_DEFAULT, unless for an experiment */
	uint32_t ktrace_mask;     /* 0: no kernel trace; ~0: everything */
	uint64_t work_timeout_ns; /* 0: AGX_WORK_TIMEOUT_NS */
	bool keep_empty_tables;   /* as in agx_uat_config */
	bool debug_heaps;
	bool coherent;       /* the other side does not cache, as in a model */
	bool external_rtkit; /* the home speaks with RTKit; see agx_core_rtkit_running() */
};

/*
 * Makes the core, with its MMU and heaps; touches nothing that the firmware sees but page
 * tables. platform and hooks must outlive it. -EINVAL, -ENODEV with a reason in why; -ENOMEM.
 */
int agx_core_create(const struct agx_platform *platform, const struct agx_core_config *config,
		    struct agx_core **core, struct agx_reject *why);

/* Clears RUN first when it is set. VMs must be gone. Accepts NULL. */
void agx_core_destroy(struct agx_core *core);

/*
 * Allocates what a start needs, so that no start fails half-way for lack of memory. May be repeated
 * after -ENOMEM, and is not needed where memory is plentiful. -EBUSY: not OFF.
 */
int agx_core_prepare(struct agx_core *core);

/* Sets RUN and begins. -EBUSY: not OFF; -ENODEV: detached; or what the run hook says. */
int agx_core_start(struct agx_core *core);

/* A message from the coprocessor. */
void agx_core_mailbox(struct agx_core *core, uint8_t endpoint, uint64_t message);

/* Goes on with what takes time. Nanoseconds until it wants to be called again, at the latest. */
uint64_t agx_core_poll(struct agx_core *core);

/*
 * Asks the firmware to be quiet, then clears RUN; ends in OFF. From FAILED and from states before
 * READY it clears RUN at once. Jobs that were submitted end with -ENODEV, at the latest in OFF.
 * VMs and queues stay; after another start they are as new.
 */
void agx_core_stop(struct agx_core *core);

/*
 * Lets go of the reserved memory, so that another core may be made for the same device while this one
 * still has VMs: they can be unmapped and destroyed, and nothing be started any more. -EBUSY: not OFF.
 */
int agx_core_detach(struct agx_core *core);

enum agx_core_state agx_core_state(const struct agx_core *core);
const char *agx_core_state_name(enum agx_core_state state);

/* Nothing is with the firmware, nor waits for room there. */
bool agx_core_idle(const struct agx_core *core);

/* The home has seen that the coprocessor is lost: FAILED. why: a sentence that stays valid. */
void agx_core_crash(struct agx_core *core, const char *why);

/* Why it FAILED, a sentence that stays valid; "" otherwise. */
const char *agx_core_failure(const struct agx_core *core);

/* Has the firmware taken the Initialize message? */
bool agx_core_initialized(struct agx_core *core);

struct agx_uat *agx_core_uat(struct agx_core *core);
struct agx_heap *agx_core_heap(struct agx_core *core, enum agx_fw_heap heap);
enum agx_fw_variant agx_core_variant(const struct agx_core *core);

/* Address of the init data, 0 when there is none. For crash reports and tests. */
uint64_t agx_core_init_data(const struct agx_core *core);

/* Wakes the firmware up. -ENODEV: not READY, as in all that follow. */
int agx_core_kick(struct agx_core *core);

/*
 * The firmware keeps the GPU powered while there are submissions. begin also wakes it up; end is
 * for each begin that gave 0.
 */
int agx_core_submission_begin(struct agx_core *core);
void agx_core_submission_end(struct agx_core *core);

/*
 * Freed memory that the firmware may still cache: when a heap has much of it, asks the firmware to
 * flush its cache, and gives the memory back when that is done (agx_core_poll() looks). To be
 * called now and then, before allocating for instance; does nothing when there is nothing to do.
 */
void agx_core_collect_garbage(struct agx_core *core);

/* Milliseconds without work until the GPU is powered off. */
int agx_core_set_idle_off_delay(struct agx_core *core, uint32_t ms);

/*
 * RTKit outside the core (agx_core_config.external_rtkit), for a home that has a driver for it. In
 * STARTING the home boots RTKit, starts AGX_EP_FIRMWARE and AGX_EP_DOORBELL, and calls
 * agx_core_rtkit_running(); in STOPPING it asks RTKit to be quiet and calls agx_core_rtkit_quiet().
 * The core limits neither in time: a home that gives up calls agx_core_crash(). It passes on what
 * comes on those two endpoints only. -EINVAL: not with external_rtkit, or not in that state.
 */
int agx_core_rtkit_running(struct agx_core *core);
int agx_core_rtkit_quiet(struct agx_core *core);

/*
 * Memory for a system endpoint, zeroed, until the coprocessor is off. -EINVAL: no size, or not in a
 * state in which RTKit runs; -ENOSPC; -ENOMEM.
 */
int agx_core_rtkit_buffer(struct agx_core *core, uint64_t size, struct agx_rtkit_buffer *buffer);

#endif
