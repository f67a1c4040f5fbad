/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Queues, rings and jobs, as queue.c, ring.c, event.c, job.c and recover.c see them.
 * docs/work-queues.md tells how they work together.
 */
#ifndef AGX_JOB_INTERNAL_H
#define AGX_JOB_INTERNAL_H

#include "work_internal.h"

/*
 * Commands of a ring that may be with the firmware at a time, less one (kkpan11/AsahiLinux-linux:
 * drivers/gpu/drm/asahi/workqueue.rs, MAX_JOB_SLOTS).
 */
#define AGX_RING_STAMPS 127

/* How many entries of each ring one command of the uAPI may need. */
#define AGX_RENDER_VERTEX_ENTRIES   4 /* two barriers, InitBuffer, Run */
#define AGX_RENDER_FRAGMENT_ENTRIES 2 /* barrier, Run */
#define AGX_COMPUTE_ENTRIES         3 /* two barriers, Run */

#define AGX_NO_SLOT AGX_EVENT_SLOTS

/* A Run command that was admitted and is not retired. */
struct agx_ring_command {
	struct agx_core_job *job;
	uint64_t va;
	uint32_t value;   /* of the stamp when it is done */
	uint16_t entries; /* of the ring, with those that belong to it */
	int error;
};

/* A work queue of the firmware. */
struct agx_ring {
	struct agx_core_queue *queue;
	uint32_t pipe;
	const struct agx_heap_object *info, *state, *ring, *gpu_buf;
	bool is_new;   /* the firmware has not seen it */
	uint32_t wptr; /* where the next entry goes */
	uint32_t used; /* entries of commands that are not retired */

	uint32_t slot;      /* AGX_NO_SLOT: none */
	uint32_t last_slot; /* the one before, to ask for again */
	uint32_t preparing; /* jobs that were created and not submitted */
	uint32_t prepared;  /* stamp of the last command of any job that was created */
	uint32_t submitted; /* of the last that was admitted */
	uint64_t seq;       /* commands prepared */

	/* Admitted commands, a circle. The first `issued` are known to the firmware. */
	uint32_t head, count, issued;
	struct agx_ring_command commands[AGX_RING_STAMPS];

	struct agx_core_job *last; /* its memory: the firmware may still look at the last command */

	struct agx_ring *recover_next;
	bool recover_wanted;
	uint32_t recover_value;
};

struct agx_core_queue {
	struct agx_core_vm *vm;
	uint32_t number;
	uint32_t priority; /* the firmware's, 0 the highest */
	uint64_t usc_exec_base;
	uint64_t counter;   /* of commands, 13.x */
	uint64_t threshold; /* completions that are due, ever */
	struct agx_tvb *tvb;
	const struct agx_heap_object *context, *notifier, *threshold_word, *notifier_list;
	struct agx_ring *rings[AGX_PIPE_COUNT]; /* NULL: not needed yet */

	/* Jobs in the order of their creation: first those that were submitted. */
	struct agx_core_job *first, *last, *unsubmitted;
	bool destroyed; /* goes as soon as there is no job */

	struct agx_core_queue *prev, *next; /* in agx_work.queues or .zombies (next) */
	bool told;                          /* zombie: DestroyContext was sent */
	uint32_t token;
	uint64_t since;
	uint64_t marks[AGX_FW_HEAPS]; /* garbage that this DestroyContext cleans as well */
};

enum agx_job_state {
	AGX_JOB_BUILDING,
	AGX_JOB_PREPARED,
	AGX_JOB_PARKED, /* admitted */
	AGX_JOB_ISSUED, /* the firmware knows it */
	AGX_JOB_ENDED,
};

/* What a job puts into a ring. */
struct agx_job_entry {
	uint64_t va;
	const struct agx_heap_object *barrier; /* on what came before this job; else NULL */
	uint8_t on;                            /* the barrier's pipe */
	bool skip;                             /* nothing came before: no barrier */
	bool run;
	uint32_t value;
};

struct agx_job_pipe {
	struct agx_ring *ring; /* NULL: not used */
	struct agx_job_entry *entries;
	uint32_t count, max;
	uint32_t runs;
	uint32_t start, value; /* stamps: before the first, of the last so far */
	uint64_t start_seq, seq;
};

struct agx_job_memory {
	struct agx_heap *heap;
	const struct agx_heap_object *object;
};

#define AGX_JOB_CHUNK 32

struct agx_job_chunk {
	struct agx_job_chunk *next;
	uint32_t count;
	struct agx_job_memory memory[AGX_JOB_CHUNK];
};

struct agx_core_job {
	size_t size;   /* bytes, with what follows it */
	uint32_t refs; /* the caller, while it is with the firmware, each ring->last, graveyard */
	struct agx_core *core;
	struct agx_core_vm *vm;       /* counted */
	struct agx_core_queue *queue; /* NULL when the queue's memory has gone */
	struct agx_core_job *prev, *next;
	struct agx_core_job *next_parked, *next_grave;
	enum agx_job_state state;
	bool bound;   /* holds a context */
	bool counted; /* the firmware keeps the GPU powered for it */
	bool buried;
	uint32_t life;
	uint64_t counter;   /* the queue's, before this job */
	uint32_t remaining; /* Run commands not retired */
	uint32_t notifications;
	int error;
	void *data;
	struct agx_job_env env;
	struct agx_job_scenes scenes;
	struct agx_job_pipe pipes[AGX_PIPE_COUNT];
	uint32_t memory_count, memory_max;
	struct agx_job_memory *memory;
	struct agx_job_chunk *chunks; /* what does not fit there */
};

/* Bookkeeping memory. */
static inline void *agx_core_alloc(struct agx_core *core, size_t size)
{
	return core->platform->alloc(core->platform->cookie, size);
}

static inline void agx_core_free(struct agx_core *core, void *ptr, size_t size)
{
	core->platform->free(core->platform->cookie, ptr, size);
}

static inline uint64_t agx_core_now(const struct agx_core *core)
{
	return core->platform->time_ns(core->platform->cookie);
}

/* Has a stamp reached a value? */
static inline bool agx_stamp_reached(uint32_t stamp, uint32_t value)
{
	return (int32_t)(stamp - value) >= 0;
}

/* --- vm.c --- */
void agx_vm_get(struct agx_core_vm *vm);
void agx_vm_put(struct agx_core_vm *vm);

/* Goes on with the flush of the VMs that are to go. true: there are some. */
bool agx_vms_step(struct agx_core *core);

/* The firmware is off: they go at once. */
void agx_vms_off(struct agx_core *core);

/* --- queue.c --- */

/* The ring of a pipe, made when it is not there. 0, -ENOMEM, -ENOSPC. */
int agx_queue_ring(struct agx_core_queue *queue, enum agx_pipe pipe, struct agx_ring **ring);

/* A job has gone: a queue that was destroyed may follow. */
void agx_queue_job_gone(struct agx_core_queue *queue);

/* Goes on with queues that the firmware has to let go of. true: there are some. */
bool agx_queues_step(struct agx_core *core);
void agx_queues_off(struct agx_core *core);

/* The firmware starts anew: all its structures as at first. */
void agx_queues_restart(struct agx_core *core);

/* --- ring.c --- */

/* The firmware's view: as new. */
void agx_ring_reset(struct agx_ring *ring);

/* Room for a job's part? */
bool agx_ring_has_room(const struct agx_ring *ring, const struct agx_job_pipe *part);

/*
 * Fills the barriers of a job's part on whatever came before the job: only when it is submitted is
 * it known what that was, as jobs in between may have been destroyed. Before any part is admitted.
 */
void agx_ring_settle(struct agx_core_queue *queue, struct agx_job_pipe *part);

/* Puts a job's part in, without telling the firmware. It must have room. */
void agx_ring_admit(struct agx_ring *ring, struct agx_core_job *job, struct agx_job_pipe *part);

/* Tells the firmware of a job's part. */
int agx_ring_issue(struct agx_ring *ring, const struct agx_job_pipe *part);

/* Retires what the stamp says is done. The number of commands. */
uint32_t agx_ring_retire(struct agx_ring *ring);

/* Would that be any? */
bool agx_ring_has_done(const struct agx_ring *ring);

/* Marks the commands up to value as failed, and gives the first of them, NULL: none. */
const struct agx_ring_command *agx_ring_mark(struct agx_ring *ring, uint32_t value, int error,
					     uint32_t culprit_vm_slot);

/* Ends all commands with an error. */
void agx_ring_fail(struct agx_ring *ring, int error);

/* --- event.c --- */

/* A slot for a ring; nothing happens when it has one. 0, -EBUSY. */
int agx_event_acquire(struct agx_ring *ring);

/* Gives the slot back when the ring has nothing to do. */
void agx_event_release(struct agx_ring *ring);

uint32_t *agx_event_stamp(struct agx_core *core, uint32_t slot);
uint64_t agx_event_stamp_va(const struct agx_core *core, uint32_t slot);
uint64_t agx_event_fw_stamp_va(const struct agx_core *core, uint32_t slot);

/* The memory for stamps. 0, -ENOMEM. */
int agx_events_create(struct agx_core *core);
void agx_events_restart(struct agx_core *core);

/* --- work.c --- */

/* Looks at a ring's stamp and ends the jobs that are done. The number of commands. */
uint32_t agx_work_look(struct agx_ring *ring);

/* --- job.c --- */
extern const struct agx_builders agx_default_builders;

void agx_job_get(struct agx_core_job *job);
void agx_job_put(struct agx_core_job *job);

/* Ends the jobs at the head of a queue whose commands are all done. */
void agx_queue_finish_jobs(struct agx_core_queue *queue);

/* Tries parked jobs again. true: there are some left. */
bool agx_jobs_step(struct agx_core *core);

/* Fails everything that was submitted. */
void agx_jobs_fail(struct agx_core *core, int error);
void agx_jobs_off(struct agx_core *core);
void agx_jobs_destroy(struct agx_core *core);

/* --- recover.c --- */
void agx_recover_event(struct agx_core *core, const struct agx_core_event *event);

/* Goes on with a halt and with damaged channels; *wait: until it has to look again. */
void agx_recover_step(struct agx_core *core, uint64_t *wait);

/* Reports what was running when nothing went on any more. */
void agx_recover_hang(struct agx_core *core);
void agx_recover_off(struct agx_core *core);
void agx_recover_forget(struct agx_ring *ring);

#endif
