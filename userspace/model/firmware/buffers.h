/* SPDX-License-Identifier: MIT */
/*
 * The buffer manager: slots with the vertex buffers that the driver has bound to them, and the
 * scenes, one for each render that is under way. A scene lives from its StartVertex to its
 * FinalizeFragment.
 */
#ifndef AGX_FIRMWARE_BUFFERS_H
#define AGX_FIRMWARE_BUFFERS_H

#include "buffers_state.h"
#include "critic.h"
#include "variants.h"

struct unit_registers;

/* NULL: no render uses the scene at this address. */
struct scene *buffers_scene(struct agx_firmware *firmware, uint64_t va);
/* A new scene; one that lives at the same address is a finding at place. NULL: too many. */
struct scene *buffers_scene_begin(struct agx_firmware *firmware, const struct place *place,
				  uint64_t va, uint32_t slot);
void buffers_scene_end(struct agx_firmware *firmware, struct scene *scene);

/* Layers of the render with this scene; 1 when there is none. */
uint32_t buffers_layers(struct agx_firmware *firmware, uint64_t scene);

/* The slot that an operation names, in the member at an offset, must hold the buffer. */
bool buffers_judge_slot(struct agx_firmware *firmware, const struct place *place, uint32_t offset,
			uint32_t slot, uint64_t info);

/*
 * Judges entries of the lists of pages and blocks from a block on, and that the GPU may use the
 * pages. place: of the buffer_info; offsets of its members page_list and block_list. false: the
 * lists cannot be read.
 */
struct buffer_lists {
	const struct place *place;
	uint32_t page_list_at, block_list_at;
	uint64_t page_list, block_list;
	uint32_t context;
};
bool buffers_judge_lists(struct agx_firmware *firmware, const struct buffer_lists *lists,
			 uint32_t first, uint32_t count);

/* Those of the operations of work.h that are the same for all variants. */
bool buffers_resume(struct agx_firmware *firmware, const struct command *command,
		    const struct start_op *start, struct agx_gpu_tvb *tvb);
void buffers_grown(struct agx_firmware *firmware, uint32_t vm_slot, uint32_t buffer_slot,
		   uint32_t counter);
void buffers_end_vertex(struct agx_firmware *firmware, const struct command *command,
			const struct finalize_op *finalize, uint32_t pages);
void buffers_end_fragment(struct agx_firmware *firmware, const struct command *command,
			  const struct finalize_op *finalize, bool partial);
/* scene: of the command. */
void buffers_drop(struct agx_firmware *firmware, const struct command *command, uint64_t scene);
/* grow: the driver can be asked for memory. */
enum buffer_answer buffers_overflow(struct agx_firmware *firmware, const struct start_op *start,
				    uint32_t pages, bool grow);

/* buffers_variant.c */
#define BUFFERS_VARIANT(lower, upper)                                                           \
	bool agx_##lower##_buffer_init(struct agx_firmware *firmware, struct work_queue *queue, \
				       uint64_t va, const struct agx_init_buffer *init);        \
	bool agx_##lower##_buffer_begin(struct agx_firmware *firmware,                          \
					const struct command *command,                          \
					const struct start_op *start, struct agx_gpu_tvb *tvb); \
	enum buffer_answer agx_##lower##_buffer_overflow(                                       \
		struct agx_firmware *firmware, const struct command *command,                   \
		const struct start_op *start, uint32_t pages);                                  \
	void agx_##lower##_buffer_drop(struct agx_firmware *firmware,                           \
				       const struct command *command);                          \
	void agx_##lower##_collect_registers(const struct command *command,                     \
					     struct unit_registers *registers);                 \
	bool agx_##lower##_critic_operation(struct agx_firmware *firmware,                      \
					    const struct command *command, uint32_t offset,     \
					    const uint8_t *op);
AGX_FW_VARIANTS(BUFFERS_VARIANT)
#undef BUFFERS_VARIANT

#endif
