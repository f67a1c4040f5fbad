/* SPDX-License-Identifier: MIT */
/*
 * Work for the stand-in driver of image.h: owners with a notifier, work queues, commands with
 * their micro-sequences, barriers; and a GPU that does what a test tells it. All of it is right
 * at first.
 */
#ifndef AGX_TEST_WORK_IMAGE_H
#define AGX_TEST_WORK_IMAGE_H

#include "agx_gpu.h"
#include "image.h"

#define WORK_POOL_SIZE 0x10000u
#define WORK_TVB_PAGES 16u
#define WORK_CONTEXT   1                     /* the owners' UAT context */
#define WORK_TIMES     0xffffffae10000000ull /* window for users' timestamps */

/* A GPU by script. Everything that it was told is in the log, a letter each. */
struct work_gpu {
	bool busy[AGX_GPU_UNITS]; /* stays busy */
	bool fault[AGX_GPU_UNITS];
	unsigned int overflows; /* vertex: so many times the buffer is full */
	uint64_t progress;
	char log[256]; /* V F C start, f partial start, r resume, v s c stop of a unit */
	unsigned int length;
	uint32_t contexts[AGX_GPU_UNITS]; /* of the last start */
};

/* A queue of user space: what its work queues share. */
struct work_owner {
	uint64_t context, notifier, list, threshold;
	uint32_t generation;
};

struct work_queue_image {
	struct work_owner *owner;
	enum agx_pipe pipe;
	unsigned int priority;
	uint64_t info, state, ring;
	uint32_t wptr, slot, value; /* value: of the last command */
	bool known;
	uint64_t counter;
};

/* Offsets of the operations in the sequence. */
struct work_command {
	uint64_t va, sequence;
	uint32_t size, start, time_start, wait, time_end, finalize, retire;
	uint32_t value;
	uint64_t times; /* the job's own start and end */
};

struct work_image {
	struct image image;
	struct work_gpu gpu;
	struct {
		uint64_t base, next, end; /* base: of the first part */
	} pools[3];                       /* enum work_memory */
	uint64_t stamps, fw_stamps;
	uint32_t owners;
	uint64_t buffer, kernel_buffer; /* struct buffer_info, and scratch memory */
	uint64_t user_times[2];         /* for the next commands; 0: none */
	uint64_t vm_next;               /* addresses of the VM */
};

enum work_memory {
	WORK_PRIVATE,
	WORK_SHARED,
	WORK_GPU_RO
};

extern const struct agx_gpu_ops work_gpu_ops;

/* Boots and starts; asserts nothing. gpu: false for a machine without one. */
void work_init(struct work_image *work, enum agx_fw_variant variant, bool gpu);
void work_free(struct work_image *work);
/* Zeroed memory, aligned to 64 bytes. */
uint64_t work_alloc(struct work_image *work, enum work_memory memory, uint32_t size);
/* Memory of the VM: an address of the lower half, 32 KiB aligned. */
uint64_t work_vm_alloc(struct work_image *work, uint64_t size);
void *work_at(struct work_image *work, uint64_t va);

void work_owner(struct work_image *work, struct work_owner *owner);
void work_queue(struct work_image *work, struct work_queue_image *queue, struct work_owner *owner,
		enum agx_pipe pipe, unsigned int priority, uint32_t slot);
uint64_t work_stamp(struct work_image *work, uint32_t slot);
uint32_t work_stamp_value(struct work_image *work, uint32_t slot);
uint64_t work_fw_stamp(struct work_image *work, uint32_t slot);
void work_threshold(struct work_image *work, struct work_owner *owner, int more);
/* Puts an entry into the ring. */
void work_put(struct work_image *work, struct work_queue_image *queue, uint64_t va);
/* The VM's vertex buffer into slot 0 of the buffer manager. */
void work_init_buffer(struct work_image *work, struct work_queue_image *queue);
/* A barrier into the ring. */
uint64_t work_barrier(struct work_image *work, struct work_queue_image *queue, uint32_t slot,
		      uint32_t value);
/* A Run command with the queue's next stamp value, into the ring; raises the threshold. */
void work_command(struct work_image *work, struct work_queue_image *queue,
		  struct work_command *command);
/* A render: fragment [barrier, command] and vertex command. */
void work_render(struct work_image *work, struct work_queue_image *vertex,
		 struct work_queue_image *fragment, struct work_command commands[2]);
/* cpu_wptr and the RunWorkQueue message with its doorbell; the firmware does not step yet. */
void work_run(struct work_image *work, struct work_queue_image *queue);
/* Replaces a command's sequence. */
void work_set_sequence(struct work_image *work, struct work_queue_image *queue,
		       struct work_command *command, const void *bytes, uint32_t size);
/* Findings of these tests: those of commands' contents are others'. */
unsigned int work_found(const struct work_image *work);
/* Pumps until nothing moves. */
void work_pump(struct work_image *work);
/* Flag events since the last call: number, and the slots fired. */
unsigned int work_flags(struct work_image *work, uint32_t firing[4]);
/* The next event in the ring; false: none. */
bool work_event(struct work_image *work, struct agx_event_msg *event);

/* work_image_variant.c */
struct work_variant {
	uint32_t queue_size, notifier_size, run_message_size, barrier_size;
	void (*fill_owner)(struct work_image *work, struct work_owner *owner);
	void (*fill_buffer)(struct work_image *work);
	void (*fill_queue)(struct work_image *work, struct work_queue_image *queue);
	void (*fill_command)(struct work_image *work, struct work_queue_image *queue,
			     struct work_command *command, uint64_t scene, uint32_t fragment_slot,
			     uint32_t fragment_value);
	uint64_t (*make_scene)(struct work_image *work);
	void (*set_sequence)(struct work_image *work, struct work_queue_image *queue,
			     struct work_command *command, uint64_t va, uint32_t size);
	void (*put_run)(struct work_image *work, struct work_queue_image *queue,
			const char *channel);
};

#define WORK_VARIANT(lower, upper) extern const struct work_variant work_variant_##lower;
AGX_FW_VARIANTS(WORK_VARIANT)
#undef WORK_VARIANT

const struct work_variant *work_variant(const struct work_image *work);

#endif
