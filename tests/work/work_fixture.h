/* SPDX-License-Identifier: MIT */
/*
 * A core in a test machine, jobs made by a builder of the test's own, and a small firmware that
 * does what it is told: it takes messages, runs the commands of work queues in turn (or stops at
 * one), writes stamps and sends events.
 */
#ifndef AGX_TEST_WORK_FIXTURE_H
#define AGX_TEST_WORK_FIXTURE_H

#include "agx_fault.h"
#include "core_fixture.h"
#include "job_internal.h"

#define HAND_QUEUES 512
#define DONE_MAX    4096

/* What the test's builder makes: enough for the hand to run. */
struct test_command {
	uint32_t tag; /* enum agx_command_tag */
	uint32_t value, slot, vm_slot, queue;
	uint32_t pad;
	uint64_t seq, stamp, fw_stamp, queue_info, notifier;
};

/* A work queue as the hand knows it. */
struct hand_queue {
	uint64_t info; /* 0: unused */
	uint64_t context;
	uint32_t pipe, slot, wptr, messages;
	struct agx_ring_state *state;
	uint64_t *ring;
	struct agx_core_queue *owner; /* the core's */
	uint32_t ran;                 /* Run commands */
	uint32_t barriers;            /* passed */
};

struct work {
	struct fixture fixture; /* first */
	struct agx_core *core;
	struct agx_core_hooks hooks;
	struct agx_core_vm *vm;
	bool light;     /* the builder does not use the VM's memory */
	int build_says; /* error of the builder */
	uint32_t build_fails_at, built;

	struct {
		void *data;
		int error;
	} done[DONE_MAX];
	unsigned int done_count;

	unsigned int faults;
	struct agx_core_fault fault; /* the last */
	uint64_t fault_info, fault_address;
	unsigned int sgx_reads;
	char records[8][AGX_RTKIT_LINE]; /* of faults, the last eight */
	unsigned int record_count;

	/* The hand. */
	struct hand_queue queues[HAND_QUEUES];
	uint32_t firing[4];
	bool lazy;      /* stamps without an event */
	uint64_t count; /* of Run commands */
	uint32_t destroyed, flushes, recovers, fwctls;
	uint64_t last_context, last_recover_queue;
	uint32_t last_recover_value;
	bool deaf; /* takes nothing from its channels */
};

/* Whether the cores to come have heaps that look for misuse; true at first. */
extern bool work_debug_heaps;

/* READY, with one VM; and without. */
struct work *work_make(const char *soc, unsigned int firmware);
struct work *work_make_bare(const char *soc, unsigned int firmware);

/* Destroys the VM and all, and looks for leaks. */
void work_done(struct work *work);

struct agx_core_queue *work_queue(struct work *work);

/*
 * A job from a string: "r" render, "c" compute; before each, barriers: "v0" waits for what came
 * before on the vertex side, "v2" for the second render of this job, "k1" for the first compute.
 */
int work_job(struct agx_core_queue *queue, const char *what, void *data, struct agx_core_job **job);

/* The same, submitted. */
struct agx_core_job *work_submit(struct agx_core_queue *queue, const char *what, void *data);

/* The hand takes all messages; up to max of one channel. */
void hand_take(struct work *work);
void hand_take_some(struct work *work, unsigned int channel, unsigned int max);

/* Runs up to max commands; the number. Flag events are sent unless lazy. */
unsigned int hand_run(struct work *work, unsigned int max);

/* Takes and runs all, until nothing goes on. */
unsigned int hand_run_all(struct work *work);

/* Sends a Flag event for what has been run. */
void hand_flag(struct work *work);

/* Sends any event. */
void hand_event(struct work *work, const struct agx_event_msg *event);

/* What the firmware notes when it stops: entry of its list of what was running. */
void hand_pending(struct work *work, unsigned int index, uint32_t slot, uint32_t value);
void hand_halt(struct work *work);
bool hand_resumed(struct work *work);

/* The hand's queue of a core's ring; NULL: it has not seen it. */
struct hand_queue *hand_queue_of(struct work *work, struct agx_core_queue *queue,
				 enum agx_pipe pipe);

/* From FAILED or READY through OFF to READY. */
void work_restart(struct work *work);

/* Lets the core take up chores until there are none; the clock goes on. */
void work_settle(struct work *work);

#endif
