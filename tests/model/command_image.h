/* SPDX-License-Identifier: MIT */
/*
 * Commands as a driver makes them, in the memory of an image: a VM of user space, a vertex buffer,
 * and Run commands with their micro-sequences. Everything is right at first.
 */
#ifndef AGX_TEST_COMMAND_IMAGE_H
#define AGX_TEST_COMMAND_IMAGE_H

#include "agx_gpu.h"
#include "image.h"

/* Addresses in the VM. */
#define USER_STREAM 0x100000000ull  /* VDM at 0, CDM at 0x100 */
#define USER_USC    0x1100000000ull /* programs */
#define USER_DATA   0x100010000ull  /* depth, stencil, scissors... */
#define USER_WINDOW 0x7000000000ull /* the driver's part: first tile map and so on */
#define USER_BLOCKS 0x7010000000ull /* the vertex buffer */

#define COMMAND_BLOCKS 8 /* of the vertex buffer at first */

struct command_image {
	struct image *image;
	uint32_t context;
	uint64_t table; /* physical, of the VM */

	/* Bump allocation. */
	uint64_t private_at, shared_at, gpu_ro_at, timestamp_at, window_at;

	/* One owner. */
	uint64_t notifier, threshold, gpu_context, notifier_list;
	uint32_t generation;
	uint64_t stamps, fw_stamps;    /* u32 for each event slot */
	uint64_t queue[AGX_GPU_UNITS]; /* struct queue_info; only their address counts here */

	/* The vertex buffer. */
	uint64_t info, page_list, block_list, block_ctl, counter, buffer_stats, kernel_buffer;
	uint32_t buffer_slot, blocks;
};

/* One command; what is 0 is so in the command too, but for the frame: 256 x 256. */
struct command_params {
	enum agx_gpu_unit unit;
	uint32_t slot, value;                   /* event slot, stamp */
	uint32_t fragment_slot, fragment_value; /* VERTEX */
	uint64_t counter;
	uint32_t event_seq;
	uint64_t scene; /* VERTEX, FRAGMENT */
	uint32_t width, height, layers;
	unsigned int attachments;
	bool sync_grow, user_timestamps;
	bool helper, samplers, zls;
};

struct made_command {
	uint64_t va, sequence;
	uint32_t size, sequence_size;
	uint32_t start_at, finalize_at, timestamp_at; /* offsets of the operations; timestamps: 0 */
};

void command_image_init(struct command_image *commands, struct image *image, uint32_t context);

/* Memory for one object; image.h's protections. */
uint64_t command_private(struct command_image *commands, uint64_t size);
uint64_t command_shared(struct command_image *commands, uint64_t size);
/* An entry of the VM's page table, made if need be. */
uint64_t *command_entry(struct command_image *commands, uint64_t va);
void command_map(struct command_image *commands, uint64_t va, uint64_t pa, uint64_t size,
		 uint64_t protection);
/* The memory at an address of the VM. */
void *command_at(struct command_image *commands, uint64_t va);
/* Memory in the driver's part of the VM. */
uint64_t command_window(struct command_image *commands, uint64_t size);
/* Adds blocks to the vertex buffer's lists. */
void command_grow(struct command_image *commands, uint32_t blocks);

#define COMMAND_MAKE(lower, upper)                                      \
	void command_buffer_##lower(struct command_image *commands);    \
	uint64_t command_scene_##lower(struct command_image *commands); \
	void command_make_##lower(struct command_image *commands,       \
				  const struct command_params *params, struct made_command *made);
AGX_FW_VARIANTS(COMMAND_MAKE)
#undef COMMAND_MAKE

uint64_t command_scene(struct command_image *commands);
void command_make(struct command_image *commands, const struct command_params *params,
		  struct made_command *made);
/* An InitBuffer command for the vertex buffer. */
uint64_t command_init_buffer(struct command_image *commands, uint32_t value);

#endif
