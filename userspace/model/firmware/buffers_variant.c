// SPDX-License-Identifier: MIT
/*
 * Buffers and scenes of one variant: InitBuffer, and what a vertex command needs. Compiled once
 * per variant.
 */
#include <inttypes.h>

#include "buffers.h"
#include "unit_registers.h"
#include "variant.h"

#define LENGTH(array) ((unsigned int)(sizeof(array) / sizeof(*(array))))
#define GPU_RW        (AGX_WALK_READ | AGX_WALK_WRITE)

/* Blocks that m1n1 allows whatever its lists hold (agx/context.py). */
#define M1N1_MAX_BLOCKS 0xd1a

#define SCENE_BUFFER_SIZE 0x80

#define ZEROS(first, last)                                                \
	{                                                                 \
		ROW_AT(T, first), ROW_RANGE(T, first, last), ROW_ZERO, 0, \
			AGX_FINDING_BUFFER_VALUE, 0                       \
	}
#define CONST(member, value)                                                                    \
	{                                                                                       \
		ROW_AT(T, member), ROW_SIZE(T, member), ROW_CONST, 0, AGX_FINDING_BUFFER_VALUE, \
			value                                                                   \
	}

#define T AGX_FW(buffer_info)
static const struct row info_rows[] = {
	ZEROS(gpu_counter, last_id),
	CONST(cur_id, 0xffffffff),
	{ROW_AT(T, unk_10), (uint16_t)(ROW_AT(T, page_list) - ROW_AT(T, unk_10)), ROW_ZERO, 0,
	 AGX_FINDING_BUFFER_VALUE, 0},
	ZEROS(unk_38, unk_38),
	ZEROS(gpu_page_ptr1, unk_58),
	CONST(block_size, AGX_TVB_BLOCK_SIZE),
	ZEROS(unk_60, unk_60),
	ZEROS(unk_70, unk_7c),
	CONST(unk_80, 1),
	ZEROS(unk_8c, unk_90),
};
#undef T
#undef ZEROS

#define ZEROS(first, last)                                                                         \
	{                                                                                          \
		ROW_AT(T, first), ROW_RANGE(T, first, last), ROW_ZERO, 0, AGX_FINDING_SCENE_VALUE, \
			0                                                                          \
	}
#define T AGX_FW(scene)
static const struct row scene_rows[] = {
#if AGX_FW_G14X
	{ROW_AT(T, control_word2), ROW_SIZE(T, control_word2), ROW_SAME, 0, AGX_FINDING_SCENE_VALUE,
	 ROW_AT(T, control_word)},
#endif
	ZEROS(pass_page_count, unk_10),
	ZEROS(unk_20, unk_20),
#if AGX_FW_V13
	ZEROS(unk_28, unk_28),
#endif
	ZEROS(total_page_count, total_page_count),
#if !AGX_FW_G14X
	ZEROS(unk_30, unk_38),
#endif
};
#undef T

static void want(struct agx_firmware *firmware, const struct place *place, uint32_t offset,
		 uint64_t expected, uint64_t got)
{
	if (expected != got)
		firmware_find(firmware, AGX_FINDING_BUFFER_COUNT, place, offset, expected, got,
			      NULL);
}

/* Counts and limits of a buffer. false: the lists cannot be that long. */
static bool judge_counts(struct agx_firmware *firmware, const struct place *place,
			 const struct AGX_FW(buffer_info) * info, const struct place *init_place,
			 const struct agx_init_buffer *init,
			 const struct agx_block_control *control)
{
	const uint32_t limit = info->max_blocks < MAX_BLOCKS ? info->max_blocks : MAX_BLOCKS;
	struct place control_place = {info->block_ctl, "block_control", NULL};

	want(firmware, place, ROW_AT(AGX_FW(buffer_info), page_list_size),
	     (uint64_t)info->max_pages * sizeof(agx_tvb_page), info->page_list_size);
	if (info->max_blocks != M1N1_MAX_BLOCKS)
		want(firmware, place, ROW_AT(AGX_FW(buffer_info), max_blocks),
		     info->max_pages / AGX_TVB_PAGES_PER_BLOCK, info->max_blocks);
	if (info->max_pages_nomemless > info->max_pages)
		want(firmware, place, ROW_AT(AGX_FW(buffer_info), max_pages_nomemless),
		     info->max_pages, info->max_pages_nomemless);
	want(firmware, place, ROW_AT(AGX_FW(buffer_info), page_count),
	     (uint64_t)info->block_count * AGX_TVB_PAGES_PER_BLOCK, info->page_count);
	want(firmware, place, ROW_AT(AGX_FW(buffer_info), last_page),
	     (uint32_t)(info->block_count * AGX_TVB_PAGES_PER_BLOCK - 1), info->last_page);
	/* The driver may add blocks while renders use the buffer; these do not count there. */
	if (info->block_count > init->block_count)
		want(firmware, place, ROW_AT(AGX_FW(buffer_info), block_count), init->block_count,
		     info->block_count);
	want(firmware, &control_place, ROW_AT(agx_block_control, wptr), control->total,
	     control->wptr);
	if (init->block_count > control->total)
		want(firmware, init_place, ROW_AT(agx_init_buffer, block_count), control->total,
		     init->block_count);
	if (init->block_count <= limit)
		return true;
	want(firmware, init_place, ROW_AT(agx_init_buffer, block_count), limit, init->block_count);
	return false;
}

static bool judge_buffer(struct agx_firmware *firmware, const struct place *init_place,
			 const struct agx_init_buffer *init, const struct place *place,
			 struct AGX_FW(buffer_info) * info)
{
	const uint64_t facts[FACTS] = {0};
	struct agx_block_control control;

	if (!memory_check(firmware, init_place, ROW_AT(agx_init_buffer, buffer), init->buffer,
			  sizeof(*info), MEMORY_PRIVATE, "buffer_info") ||
	    !memory_read(firmware, init->buffer, info, sizeof(*info)) ||
	    !memory_check(firmware, place, ROW_AT(AGX_FW(buffer_info), block_ctl), info->block_ctl,
			  sizeof(control), MEMORY_SHARED, "block_control") ||
	    !memory_read(firmware, info->block_ctl, &control, sizeof(control)) ||
	    !memory_check(firmware, place, ROW_AT(AGX_FW(buffer_info), counter), info->counter,
			  sizeof(struct agx_buffer_counter), MEMORY_SHARED, "buffer_counter")) {
		rtkit_panic(firmware, "buffer at 0x%" PRIx64, (uint64_t)init->buffer);
		return false;
	}
	critic_rows(firmware, place, (const uint8_t *)info, info_rows, LENGTH(info_rows), facts);
	if (!judge_counts(firmware, place, info, init_place, init, &control))
		return false;
	return critic_gpu(firmware, AGX_FINDING_BUFFER_PAGE, place,
			  ROW_AT(AGX_FW(buffer_info), page_list), init->vm_slot, info->page_list,
			  (uint64_t)init->block_count * AGX_TVB_PAGES_PER_BLOCK *
				  sizeof(agx_tvb_page),
			  GPU_RW, "list of pages") &&
	       critic_gpu(firmware, AGX_FINDING_BUFFER_PAGE, place,
			  ROW_AT(AGX_FW(buffer_info), block_list), init->vm_slot, info->block_list,
			  (uint64_t)init->block_count * sizeof(struct agx_tvb_block), GPU_RW,
			  "list of blocks");
}

bool AGX_FW(buffer_init)(struct agx_firmware *firmware, struct work_queue *queue, uint64_t va,
			 const struct agx_init_buffer *init)
{
	const struct place init_place = {va, "init_buffer", NULL};
	const struct place place = {init->buffer, "buffer_info", NULL};
	struct AGX_FW(buffer_info) info;
	struct buffer_slot *slot;
	struct buffer_lists lists;
	uint32_t first = 0;

	(void)queue;
	if (init->buffer_slot >= AGX_BUFFER_SLOTS) {
		firmware_find(firmware, AGX_FINDING_BUFFER_SLOT, &init_place,
			      ROW_AT(agx_init_buffer, buffer_slot), AGX_BUFFER_SLOTS - 1,
			      init->buffer_slot, NULL);
		return false;
	}
	if (!init->vm_slot || init->vm_slot >= AGX_UAT_CONTEXTS) {
		firmware_find(firmware, AGX_FINDING_COMMAND_CONTEXT, &init_place,
			      ROW_AT(agx_init_buffer, vm_slot), AGX_UAT_CONTEXTS - 1, init->vm_slot,
			      NULL);
		return false;
	}
	if (init->unk_c)
		firmware_find(firmware, AGX_FINDING_BUFFER_VALUE, &init_place,
			      ROW_AT(agx_init_buffer, unk_c), 0, init->unk_c, NULL);
	if (!judge_buffer(firmware, &init_place, init, &place, &info))
		return false;

	slot = &firmware->buffer_state.slots[init->buffer_slot];
	if (slot->bound && slot->scenes && slot->info != init->buffer)
		firmware_find(firmware, AGX_FINDING_BUFFER_LIVE, &init_place,
			      ROW_AT(agx_init_buffer, buffer), slot->info, init->buffer, NULL);
	if (slot->bound && slot->info == init->buffer && slot->context == init->vm_slot &&
	    slot->page_list == info.page_list && slot->judged <= init->block_count)
		first = slot->judged;
	lists = (struct buffer_lists){
		.place = &place,
		.page_list_at = ROW_AT(AGX_FW(buffer_info), page_list),
		.block_list_at = ROW_AT(AGX_FW(buffer_info), block_list),
		.page_list = info.page_list,
		.block_list = info.block_list,
		.context = init->vm_slot,
	};
	if (!buffers_judge_lists(firmware, &lists, first, init->block_count - first))
		return false;
	*slot = (struct buffer_slot){
		.bound = true,
		.info = init->buffer,
		.page_list = info.page_list,
		.block_list = info.block_list,
		.block_ctl = info.block_ctl,
		.context = init->vm_slot,
		.blocks = init->block_count,
		.max_blocks = info.max_blocks < MAX_BLOCKS ? info.max_blocks : MAX_BLOCKS,
		.judged = init->block_count,
		.scenes = slot->scenes,
	};
	memset(&info, 0, sizeof(info));
	memory_write(firmware, init->buffer + ROW_AT(AGX_FW(buffer_info), gpu_page_ptr1),
		     &info.gpu_page_ptr1, 2 * sizeof(info.gpu_page_ptr1));
	return true;
}

/* false: the firmware has panicked. */
static bool judge_scene(struct agx_firmware *firmware, const struct place *place, uint32_t context,
			const struct AGX_FW(scene) * scene)
{
	const uint64_t facts[FACTS] = {0};

	if (!memory_check(firmware, place, ROW_AT(AGX_FW(scene), stats), scene->stats,
			  sizeof(struct agx_buffer_stats), MEMORY_SHARED, "buffer_stats")) {
		rtkit_panic(firmware, "scene at 0x%" PRIx64, place->va);
		return false;
	}
	critic_rows(firmware, place, (const uint8_t *)scene, scene_rows, LENGTH(scene_rows), facts);
	critic_gpu(firmware, AGX_FINDING_COMMAND_GPU_ADDRESS, place,
		   ROW_AT(AGX_FW(scene), user_buffer), context, scene->user_buffer,
		   SCENE_BUFFER_SIZE, GPU_RW, "scene's buffer");
#if AGX_FW_G14X
	critic_gpu(firmware, AGX_FINDING_COMMAND_GPU_ADDRESS, place,
		   ROW_AT(AGX_FW(scene), control_word), context, scene->control_word,
		   sizeof(uint32_t), GPU_RW, "control word, of the upper half");
#endif
	return true;
}

static void note_frame(const struct command *command, struct scene *scene)
{
	struct unit_registers registers;
	struct AGX_FW(run_vertex) run;
	uint64_t screen, targets;

	memcpy(&run, command->copy, sizeof(run));
	AGX_FW(collect_registers)(command, &registers);
	screen = registers.value[POS_PPP_SCREEN];
	targets = registers.value[POS_RENDER_TARGET_MAX];
	scene->buffer = run.buffer;
	scene->fragment_slot = run.fragment_stamp_slot;
	scene->fragment_value = run.fragment_stamp_value;
	scene->tilemap = registers.value[POS_TVB_TILEMAP];
	scene->heapmeta = registers.value[POS_TVB_HEAPMETA] & ~AGX_VERTEX_HEAPMETA_TAG;
	scene->width = (uint32_t)(screen & 0xffff) + 1;
	scene->height = (uint32_t)(screen >> 16 & 0xffff) + 1;
	scene->utile_config = (uint32_t)registers.value[POS_VERTEX_UTILE_CONFIG];
	scene->layers = targets & 0x4000 ? (uint32_t)(targets & 0x7ff) + 1 : 1;
}

bool AGX_FW(buffer_begin)(struct agx_firmware *firmware, const struct command *command,
			  const struct start_op *start, struct agx_gpu_tvb *tvb)
{
	const struct place place = {start->scene, "scene", NULL};
	struct AGX_FW(scene) content;
	struct scene *scene;
	uint64_t info;
	bool right;

	if (start->buffer_slot >= AGX_BUFFER_SLOTS) /* told with the command */
		return false;
	info = critic_load(command->copy, ROW_AT(AGX_FW(run_vertex), buffer), 8);
	right = buffers_judge_slot(firmware, &command->place,
				   ROW_AT(AGX_FW(run_vertex), buffer_slot), start->buffer_slot,
				   info);
	if (!memory_read(firmware, start->scene, &content, sizeof(content))) {
		rtkit_panic(firmware, "scene at 0x%" PRIx64, start->scene);
		return false;
	}
	if (!judge_scene(firmware, &place, command->vm_slot, &content))
		return false;
	scene = buffers_scene_begin(firmware, &place, start->scene, start->buffer_slot);
	if (scene) {
		scene->stats = content.stats;
		scene->pass_pages = start->scene + ROW_AT(AGX_FW(scene), pass_page_count);
		scene->total_pages = start->scene + ROW_AT(AGX_FW(scene), total_page_count);
		note_frame(command, scene);
	}
	if (right)
		buffers_resume(firmware, command, start, tvb);
	return true;
}

enum buffer_answer AGX_FW(buffer_overflow)(struct agx_firmware *firmware,
					   const struct command *command,
					   const struct start_op *start, uint32_t pages)
{
	return buffers_overflow(
		firmware, start, pages,
		critic_load(command->copy, ROW_AT(AGX_FW(run_vertex), sync_grow), 4) != 0);
}

void AGX_FW(buffer_drop)(struct agx_firmware *firmware, const struct command *command)
{
	uint32_t at = command->unit == AGX_GPU_VERTEX ? ROW_AT(AGX_FW(run_vertex), scene)
						      : ROW_AT(AGX_FW(run_fragment), scene);

	uint32_t slot;
	uint64_t va;

	if (command->unit == AGX_GPU_COMPUTE)
		return;
	va = critic_load(command->copy, at, 8);
	slot = (uint32_t)critic_load(command->copy, ROW_AT(AGX_FW(run_vertex), buffer_slot), 4);
	/* Killed before its Start operation: the fragment command comes all the same. */
	if (command->unit == AGX_GPU_VERTEX && slot < AGX_BUFFER_SLOTS &&
	    !buffers_scene(firmware, va)) {
		const struct place place = {va, "scene", NULL};
		struct scene *scene = buffers_scene_begin(firmware, &place, va, slot);

		if (scene)
			note_frame(command, scene);
	}
	buffers_drop(firmware, command, va);
}
