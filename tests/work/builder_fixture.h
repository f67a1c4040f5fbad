/* SPDX-License-Identifier: MIT */
/*
 * For tests of the builders of commands: a machine with heaps, one queue and its jobs, without
 * rings, events or firmware. What a job puts into its rings is kept to be looked at.
 */
#ifndef AGX_TEST_BUILDER_FIXTURE_H
#define AGX_TEST_BUILDER_FIXTURE_H

#include "command.h"
#include "machine.h"

#define BUILDER_ENTRIES 256
#define BUILDER_MEMORY  2048

/* A ring entry that a job would write. */
struct builder_entry {
	enum agx_pipe pipe;
	uint64_t command; /* 0: a barrier */
	bool run;
	enum agx_pipe on; /* of a barrier */
	uint32_t value;
	bool external;
};

struct builder_memory {
	struct agx_heap *heap;
	const struct agx_heap_object *object;
};

struct builder;

struct agx_core_job {
	struct builder *builder;
	struct builder_queue *queue;
	struct agx_job_env env;
	struct agx_job_scenes scenes;
	struct builder_entry entries[BUILDER_ENTRIES];
	unsigned int entry_count;
	struct builder_memory memory[BUILDER_MEMORY];
	unsigned int memory_count;
	uint32_t runs[AGX_PIPE_COUNT];
};

struct builder_queue {
	struct builder *builder;
	struct agx_tvb *tvb;
	uint64_t counter;
	uint32_t number;
};

struct builder {
	struct machine machine; /* first: the platform's cookie points here */
	struct agx_core core;
	struct agx_core_vm vm;
	struct builder_queue queue; /* others may be made by the test */
	int device_control_error;   /* what the next messages get */
	unsigned int acks;
	uint64_t user_timestamp;            /* address of offset 0 of any timestamp object */
	struct agx_device_control_args ack; /* the last */
	struct agx_fw_status status;
	bool debug;
};

/* Values that the environment of every job has; none occurs anywhere else. */
#define BUILDER_VM_SLOT       0x2b
#define BUILDER_USC_BASE      0x0bead00000ull
#define BUILDER_NOTIFIER      0xffffffa011110000ull
#define BUILDER_NOTIFIER_BUF  0xffffffa0111100a8ull
#define BUILDER_QUEUE_INFO    0xffffffa022220000ull /* plus 0x1000 for each pipe */
#define BUILDER_STATS_VERTEX  0xffffffa033330004ull
#define BUILDER_STATS_FRAG    0xffffffa033331008ull
#define BUILDER_STATS_COMPUTE 0xffffffa033332000ull
#define BUILDER_STAMP         0xffffffa844440000ull /* plus 0x100 for each pipe */
#define BUILDER_FW_STAMP      0xffffffa044450000ull /* likewise */
#define BUILDER_STAMP_VALUE   0x5a00u               /* plus 0x10000 for each pipe */
#define BUILDER_STAMP_SLOT    0x51u                 /* plus the pipe */
#define BUILDER_EVENT_SEQ     0x6e0u                /* plus the pipe, times 0x1000 */
#define BUILDER_QUEUE_NUMBER  0x1234
#define BUILDER_COUNTER       0x77770000ull
#define BUILDER_WINDOW        0x1000000000ull
#define BUILDER_WINDOW_SIZE   0x200000000ull

/* soc and firmware decide the variant. 64 MiB of RAM. */
void builder_init(struct builder *builder, const struct agx_soc *soc,
		  const struct agx_firmware_version *firmware);

/* The same with another size of the driver's window in the VM, and of RAM; heaps' debug aids. */
void builder_init_sized(struct builder *builder, const struct agx_soc *soc,
			const struct agx_firmware_version *firmware, uint64_t window, uint64_t ram,
			bool debug);

/* As after init, but for errors that were found. Jobs and other queues must be gone. */
void builder_reset(struct builder *builder);

/* Destroys everything; errors and leaks. Jobs and other queues must be gone. */
unsigned int builder_finish(struct builder *builder);

struct agx_core_job *builder_job(struct builder *builder, struct builder_queue *queue);
void builder_job_done(struct agx_core_job *job); /* NULL: nothing */

void builder_queue_init(struct builder *builder, struct builder_queue *queue, uint32_t number);

/* Live objects in all heaps. */
uint32_t builder_live(struct builder *builder);

/* What a job's ring got: the index-th command of a pipe, barriers not counted. NULL: none. */
const struct builder_entry *builder_command(const struct agx_core_job *job, enum agx_pipe pipe,
					    unsigned int index);

/* Memory at an address in any heap, NULL: no live object there. */
const struct agx_heap_object *builder_object(struct builder *builder, uint64_t va);
void *builder_at(struct builder *builder, uint64_t va);

/* Commands as agx_submit_parse() makes them: the smallest valid render; nothing wanted. */
void builder_render(struct agx_submit_cmd *cmd, uint32_t width, uint32_t height);
void builder_compute(struct agx_submit_cmd *cmd);

/* Every (SoC, firmware) pair: false when there is none with this index. */
bool builder_pair(unsigned int index, const struct agx_soc **soc,
		  const struct agx_firmware_version **firmware);

#endif
