/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The inside of work: what queues, events and jobs (vm.c, queue.c, ring.c, event.c, job.c) and the
 * builders of commands (compute_variant.c, render_variant.c, microseq_variant.c, tvb.c, ...)
 * know of each other.
 */
#ifndef AGX_WORK_INTERNAL_H
#define AGX_WORK_INTERNAL_H

#include "agx_work.h"
#include "core_internal.h"

struct agx_tvb;

struct agx_core_vm {
	struct agx_core *core;
	struct agx_uat_vm *uat;
	uint64_t kernel_start, kernel_end;
	struct agx_heap *shared, *priv; /* of the driver's window; NULL: not made yet */
	uint32_t refs;                  /* the caller, queues, jobs */

	/* Destroyed: the firmware's cache has to be flushed, block by block of priv. */
	struct agx_core_vm *next_dying;
	uint64_t flushed; /* blocks up to here */
	struct agx_uat_flush flush;
	struct agx_uat_flush_msg msg;
	bool flushing, unsent, sent; /* msg waits for room in the ring; for the firmware */
	uint32_t token;
	uint64_t since;
};

/* Where a command's completion is written. */
struct agx_stamp {
	uint64_t shared, fw; /* addresses of both stamps of the slot */
	uint32_t value;
	uint32_t slot;
	uint64_t seq; /* of the command in its work queue, from 0 */
};

/* A job's hold on the TVB of its queue, for tvb.c. In the job; zero at first. */
struct agx_job_scenes {
	struct agx_tvb *tvb;
	struct agx_tvb_tpc *tpc;
	uint32_t count; /* scenes that live as long as the job */
	uint64_t told;  /* state of the buffer that an InitBuffer of the job tells; 0: none */
};

/* The heap of the driver's window, made when it is not there yet. -ENOMEM. */
int agx_vm_heap(struct agx_core_vm *vm, bool priv, struct agx_heap **heap);

/* job.c, for the builders. All memory that a job allocates goes with it. */

/* An object in one of the firmware's heaps, zero. -ENOMEM, -ENOSPC. */
int agx_job_alloc(struct agx_core_job *job, enum agx_fw_heap heap, uint64_t size, const char *tag,
		  const struct agx_heap_object **object);

/*
 * In the driver's window of the VM: priv for the GPU and the firmware, else the GPU alone. Not
 * cleared when the memory was in use before; see agx_heap_cpu().
 */
int agx_job_alloc_vm(struct agx_core_job *job, bool priv, uint64_t size, const char *tag,
		     const struct agx_heap_object **object);

/* What the next Run command on a pipe will write when it completes. */
struct agx_stamp agx_job_stamp(struct agx_core_job *job, enum agx_pipe pipe);

/*
 * Appends a command to what goes into a pipe's ring. run: it is a Run command and uses up the
 * stamp; else it belongs to the Run command that follows.
 */
int agx_job_add(struct agx_core_job *job, enum agx_pipe pipe, uint64_t command, bool run);

/*
 * Appends a Barrier command to pipe: wait until the command on pipe "on" that writes value is done.
 * external: what an explicit barrier of the uAPI is; else the one inside a render.
 */
int agx_job_barrier(struct agx_core_job *job, enum agx_pipe pipe, enum agx_pipe on, uint32_t value,
		    bool external);

/* What commands need to know of where they run. Constant for a job. */
struct agx_job_env {
	struct agx_core *core;
	const struct agx_variant_ops *ops;
	struct agx_core_queue *queue;
	struct agx_core_vm *vm;
	uint64_t usc_exec_base;
	uint32_t vm_slot;
	uint32_t queue_number;               /* QueueInfo.uuid, event_generation */
	uint64_t notifier;                   /* struct notifier */
	uint64_t notifier_buf;               /* its unk_buf; 0 where there is none */
	uint64_t queue_info[AGX_PIPE_COUNT]; /* 0: the job does not use it */
	uint64_t stats_vertex, stats_fragment, stats_compute; /* as micro-operations name them */
	const struct agx_soc *soc;
	struct agx_tvb **tvb; /* the queue's place for it */
	struct agx_job_scenes *scenes;
};

const struct agx_job_env *agx_job_env(struct agx_core_job *job);

/* The queue's counter of commands, 13.x: reserves n and gives the first. */
uint64_t agx_job_counter(struct agx_core_job *job, unsigned int n);

/* The address in the window of a timestamp that a client wants; 0: it does not. */
uint64_t agx_job_user_timestamp(const struct agx_timestamp_ref *ref);

/* The builders: everything for one command, through the functions above. 0 or a negative errno. */
int agx_build_compute(struct agx_core_job *job, const struct agx_submit_cmd *cmd,
		      const void *cmdbuf);
int agx_build_render(struct agx_core_job *job, const struct agx_submit_cmd *cmd,
		     const void *cmdbuf);

/*
 * tvb.c: the tiled vertex buffer of a queue, made with its first render. submitted is called
 * when the firmware has got a job, release when a job is destroyed, in whatever state; both do
 * nothing for a job without renders. destroy accepts NULL; all jobs must have released it.
 */
void agx_tvb_submitted(struct agx_job_scenes *scenes);
void agx_tvb_release(struct agx_job_scenes *scenes);
void agx_tvb_destroy(struct agx_tvb *tvb);

/* The firmware wants more memory for a buffer. It gets an answer, perhaps by agx_tvb_poll(). */
void agx_core_grow_tvb(struct agx_core *core, const struct agx_core_event *event);

/* Sends answers that found the ring full. true: there are more. Part of agx_core_poll(). */
bool agx_tvb_poll(struct agx_core *core);

/* --- For core.c and core_channels.c: work.c --- */

/* Something has happened to work: called with each event message. */
void agx_work_event(struct agx_core *core, const struct agx_core_event *event);

/* The firmware starts: all structures are made as new before it looks. */
void agx_work_start(struct agx_core *core);

/* The firmware is gone: jobs end with this error, at agx_work_step() or agx_work_off(). */
void agx_work_fail(struct agx_core *core, int error);

/* Goes on with what waits for the firmware. Nanoseconds until it has to be called again. */
uint64_t agx_work_step(struct agx_core *core);

/* The same, and looks whether work still goes on: only when time has passed. */
uint64_t agx_work_poll(struct agx_core *core);

/* The coprocessor has stopped: frees what it may have looked at. */
void agx_work_off(struct agx_core *core);

void agx_work_create(struct agx_core *core);
void agx_work_destroy(struct agx_core *core);

#endif
