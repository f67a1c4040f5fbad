/* SPDX-License-Identifier: MIT */
/*
 * Work queues and the commands on them: shared by the scheduler (queues.c), the interpreter of
 * micro-sequences (microseq.c), what follows a command (stamps.c), halts (halt.c), and the parts
 * that know the layouts of one variant (work_variant.c and the critic of commands).
 */
#ifndef AGX_FIRMWARE_WORK_H
#define AGX_FIRMWARE_WORK_H

#include <stdbool.h>
#include <stdint.h>

#include "agx_gpu.h"
#include "common.h"
#include "variants.h"

struct agx_firmware;

/* Where something was read: its address, and what it is. */
struct place {
	uint64_t va;
	const char *structure;   /* as in fields.h */
	const char *alternative; /* member of its union that is meant, or NULL */
};

/* Queues and contexts that the firmware remembers at once. More crash it. */
#define MAX_QUEUES 32768

#define MAX_COMMAND_SIZE  0x1000
#define MAX_SEQUENCE_SIZE 0x2000

enum queue_state {
	QUEUE_FREE,    /* no queue */
	QUEUE_IDLE,    /* nothing to fetch */
	QUEUE_READY,   /* in the list of its channel */
	QUEUE_RUNS,    /* one of its commands is on a unit */
	QUEUE_STALLED, /* at a barrier, in the list of the slot that it waits for */
	QUEUE_FAILED,  /* a command failed: waits for RecoverChannel */
	QUEUE_KILLED,  /* a command ran when the firmware halted: waits for resume */
};

/* What is to be done when a command is over. */
struct finish {
	uint64_t command, stamp, fw_stamp, notifier, threshold;
	uint32_t value, slot, uuid;
};

/* Places in the tables are numbers from 1 on; 0: none. */
struct work_queue {
	uint64_t va; /* struct queue_info */
	uint64_t ring_state, ring, notifier_list;
	uint32_t uuid, number;
	uint32_t context;         /* number of the struct work_context */
	uint32_t next;            /* in the table of addresses, or of free ones */
	uint32_t next_of_context; /* in its context */
	uint32_t link;            /* in a list of ready or stalled queues */
	enum queue_state state;
	uint8_t pipe, priority;
	uint32_t slot;              /* event slot of the last run; AGX_EVENT_SLOTS: none */
	uint32_t read, write, done; /* entries of the ring */
	uint64_t last_entry;        /* the entry before */
	uint32_t errors;
	uint64_t wait_stamp, stalled_since; /* STALLED: the barrier */
	uint32_t wait_value, wait_slot;
	bool told;             /* that it will wait for ever */
	bool start_written;    /* the start time of the command with this stamp is written */
	uint32_t start_value;  /* by a partial render */
	struct finish finish;  /* FAILED, KILLED: the command */
	struct finish partial; /* start_written: the command */
	/* What the entries before a Run command say of its stamp. */
	struct place promise_place;
	uint32_t promise_at, promise;
};

struct work_context {
	uint64_t va; /* struct gpu_context_data */
	uint32_t number, next, first_queue;
	uint32_t running; /* commands on units */
};

/* A command, as it was when it was fetched: nothing of it is read from memory a second time. */
struct command {
	struct place place; /* structure: "run_vertex"... */
	uint32_t tag;       /* enum agx_command_tag */
	enum agx_gpu_unit unit;
	struct work_queue *queue;
	uint32_t size; /* of the structure */
	uint32_t sequence_size;

	/* Members that every Run command has. */
	uint32_t vm_slot;
	uint64_t notifier;
	uint64_t microsequence;
	struct agx_job_meta meta;
	/* RUN_VERTEX: the fragment command that belongs to it. */
	uint32_t fragment_slot, fragment_value;

	uint8_t copy[MAX_COMMAND_SIZE] __attribute__((aligned(8)));
	uint8_t sequence[MAX_SEQUENCE_SIZE] __attribute__((aligned(8)));
};

/* Operations with a layout of their own per variant, in one form. Members that are not there: 0. */
struct start_op {
	uint64_t buffer, scene, stats, work_queue;
	uint64_t busy_flag, tvb_overflow_count; /* fragment */
	uint32_t vm_slot, event_generation, buffer_slot, sync_grow, uuid;
	uint64_t event_seq;
};

struct finalize_op {
	uint64_t buffer, scene, stats, work_queue, fw_stamp;
	uint64_t busy_flag;
	uint32_t stamp_value, vm_slot, uuid, has_attachments;
	int32_t restart_branch_offset;
};

struct timestamp_op {
	uint64_t command_time, ts_pointers, update_ts, work_queue, user_ts_pointers, unk_ts;
	uint32_t uuid;
};

enum unit_phase {
	UNIT_FREE,
	UNIT_OPERATION, /* the next operation is to be done */
	UNIT_WAIT,      /* for the GPU */
	UNIT_PARTIAL,   /* vertex: for a partial render */
	UNIT_GROW,      /* vertex: for the driver's answer to GrowTVB */
	UNIT_ERROR,     /* the command has failed; for room to say so */
};

/* A unit of the GPU, and the command on it. */
struct unit {
	enum unit_phase phase;
	struct command command;
	struct finish finish;
	uint32_t at;          /* offset of the next operation */
	uint32_t start_at;    /* of the Start operation */
	uint64_t accumulator; /* of the memory operations */
	uint32_t restarts;
	bool started, waited, finalized;
	bool asked;    /* vertex: GrowTVB was sent */
	bool again;    /* the command was here before, for a partial render */
	bool partial;  /* fragment: a partial render for the vertex unit's command */
	bool overflow; /* vertex: the GPU has stopped for want of memory */
	bool resuming; /* vertex: the next Start operation goes on */
	struct start_op start;
	struct finalize_op finalize;
	uint64_t since, progress; /* for the watchdog */
	uint64_t busy_ticks, busy_from;
};

/* An event slot. */
struct event_slot {
	uint32_t owner;           /* number of the queue that ran with it last */
	uint64_t stamp, fw_stamp; /* addresses, as first seen; 0: not yet */
	uint32_t value;           /* last value written */
	bool written;
	uint32_t stalled; /* first queue that waits for it */
};

struct ready_list {
	uint32_t first, last;
};

struct work {
	struct work_queue *queues;     /* MAX_QUEUES, number - 1 is the index */
	struct work_context *contexts; /* MAX_QUEUES */
	uint32_t *queue_table, *context_table;
	uint32_t queue_count, context_count; /* ever used */
	uint32_t free_queue, free_context;
};

struct work_state {
	struct unit units[AGX_GPU_UNITS];
	unsigned int turn; /* unit that is looked at first */
	struct event_slot slots[AGX_EVENT_SLOTS];
	struct ready_list ready[AGX_PRIORITY_COUNT * AGX_PIPE_COUNT];
	uint32_t ready_count, stalled_count;
	uint64_t ran_at; /* when a unit was last seen to run while queues were stalled */
	uint32_t fired[AGX_EVENT_SLOTS / 32];
	bool flag_due;
	bool told_no_gpu;
	uint32_t growths;                    /* GrowTVB events sent */
	struct finish killed[AGX_GPU_UNITS]; /* commands that ran when the firmware halted */
	uint32_t killed_queue[AGX_GPU_UNITS];
	struct agx_gpu_fault fault;
	bool fault_latched;

	/* Power. Times are ticks. */
	bool powered, idle;
	uint64_t power_since, idle_since, utilization_since;
};

/* What the buffer manager makes of a full vertex buffer. */
enum buffer_answer {
	BUFFER_PARTIAL, /* the fragment stage must free pages */
	BUFFER_GROW,    /* the driver was asked for more memory; goes on with its answer */
	BUFFER_ERROR,   /* neither is possible; a finding or error was told */
};

/* The part of a variant that judges commands, translates them and manages vertex buffers. */
struct command_ops {
	/*
	 * Judges a fetched Run command; its micro-sequence is judged as it runs. false, here and in
	 * check_op: the firmware has panicked.
	 */
	bool (*check_command)(struct agx_firmware *firmware, const struct command *command);

	/*
	 * Judges the members of an operation (Start*, Finalize*, Timestamp, in full at op) at an
	 * offset of the sequence against its command. The order of operations is judged elsewhere.
	 */
	bool (*check_op)(struct agx_firmware *firmware, const struct command *command,
			 uint32_t offset, const uint8_t *op);

	/*
	 * Fills everything but tvb for a start of the unit with the Start operation at op. work's
	 * registers, registers[AGX_GPU_MAX_REGISTERS], and attachments[16] are the caller's, and
	 * work is zero at first. partial: the state of a partial render. false: cannot be started,
	 * and why was told.
	 */
	bool (*fill_work)(struct agx_firmware *firmware, const struct command *command,
			  const uint8_t *op, bool partial, struct agx_gpu_work *work,
			  struct agx_gpu_register *registers,
			  struct agx_gpu_attachment *attachments);

	/* InitBuffer at va, as read. false: panicked, or it is dropped. */
	bool (*buffer_init)(struct agx_firmware *firmware, struct work_queue *queue, uint64_t va,
			    const struct agx_init_buffer *init);
	/* StartVertex for the first time: what the GPU may fill. false as fill_work. */
	bool (*buffer_begin)(struct agx_firmware *firmware, const struct command *command,
			     const struct start_op *start, struct agx_gpu_tvb *tvb);
	/* The GPU says OVERFLOW with pages in use. */
	enum buffer_answer (*buffer_overflow)(struct agx_firmware *firmware,
					      const struct command *command,
					      const struct start_op *start, uint32_t pages);
	/* After a partial render or the driver's answer: what the GPU may fill now. */
	bool (*buffer_resume)(struct agx_firmware *firmware, const struct command *command,
			      const struct start_op *start, struct agx_gpu_tvb *tvb);
	/* GrowTVBAck was taken and matched its question. */
	void (*buffer_grown)(struct agx_firmware *firmware, uint32_t vm_slot, uint32_t buffer_slot,
			     uint32_t counter);
	/* FinalizeVertex, nothing left to do: statistics. pages: in use at the end. */
	void (*buffer_end_vertex)(struct agx_firmware *firmware, const struct command *command,
				  const struct finalize_op *finalize, uint32_t pages);
	/* FinalizeFragment; partial: the vertex command goes on. Pages are free again. */
	void (*buffer_end_fragment)(struct agx_firmware *firmware, const struct command *command,
				    const struct finalize_op *finalize, bool partial);
	/* A command was killed or failed: whatever it holds of a buffer is free again. */
	void (*buffer_drop)(struct agx_firmware *firmware, const struct command *command);
};

#define COMMAND_OPS(lower, upper) extern const struct command_ops agx_command_ops_##lower;
AGX_FW_VARIANTS(COMMAND_OPS)
#undef COMMAND_OPS

#endif
