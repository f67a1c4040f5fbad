// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdio.h>

#include "buffers.h"

#define GPU_RW (AGX_WALK_READ | AGX_WALK_WRITE)

/* Blocks whose every page is resolved when a list is judged; of the others the first page. */
#define FULL_BLOCKS 64

/* Blocks that are read at a time. */
#define CHUNK 32

static unsigned int chain_of(uint64_t va)
{
	return (unsigned int)((va >> 6) * 0x9e3779b97f4a7c15ull >> 56) % SCENE_CHAINS;
}

struct scene *buffers_scene(struct agx_firmware *firmware, uint64_t va)
{
	struct buffer_state *state = &firmware->buffer_state;

	for (uint16_t at = state->chains[chain_of(va)]; at; at = state->scenes[at - 1].next)
		if (state->scenes[at - 1].va == va)
			return &state->scenes[at - 1];
	return NULL;
}

static struct buffer_slot *slot_of(struct agx_firmware *firmware, uint32_t slot)
{
	return slot < AGX_BUFFER_SLOTS ? &firmware->buffer_state.slots[slot] : NULL;
}

struct scene *buffers_scene_begin(struct agx_firmware *firmware, const struct place *place,
				  uint64_t va, uint32_t slot)
{
	struct buffer_state *state = &firmware->buffer_state;
	struct scene *scene = buffers_scene(firmware, va);
	const unsigned int chain = chain_of(va);
	uint16_t number;

	if (scene) {
		if (!scene->dead)
			firmware_find(firmware, AGX_FINDING_SCENE_LIVE, place, 0, 0, va, NULL);
		buffers_scene_end(firmware, scene);
	}
	number = state->free;
	if (number) {
		state->free = state->scenes[number - 1].next;
	} else if (state->used < MAX_SCENES) {
		number = ++state->used;
	} else {
		if (!state->full)
			firmware_log(firmware, AGX_FIRMWARE_LOG_ERROR,
				     "more than %d renders under way are not modelled", MAX_SCENES);
		state->full = true;
		return NULL;
	}
	scene = &state->scenes[number - 1];
	*scene = (struct scene){.va = va, .slot = (uint8_t)slot, .next = state->chains[chain]};
	state->chains[chain] = number;
	state->slots[slot].scenes++;
	return scene;
}

void buffers_scene_end(struct agx_firmware *firmware, struct scene *scene)
{
	struct buffer_state *state = &firmware->buffer_state;
	const uint16_t number = (uint16_t)(scene - state->scenes + 1);
	uint16_t *link = &state->chains[chain_of(scene->va)];

	while (*link != number)
		link = &state->scenes[*link - 1].next;
	*link = scene->next;
	if (!scene->dead)
		state->slots[scene->slot].scenes--;
	scene->va = 0;
	scene->next = state->free;
	state->free = number;
}

uint32_t buffers_layers(struct agx_firmware *firmware, uint64_t va)
{
	const struct scene *scene = buffers_scene(firmware, va);

	return scene && scene->layers ? scene->layers : 1;
}

bool buffers_judge_slot(struct agx_firmware *firmware, const struct place *place, uint32_t offset,
			uint32_t number, uint64_t info)
{
	const struct buffer_slot *slot = slot_of(firmware, number);

	if (!slot)
		firmware_find(firmware, AGX_FINDING_BUFFER_SLOT, place, offset,
			      AGX_BUFFER_SLOTS - 1, number, NULL);
	else if (!slot->bound)
		firmware_find(firmware, AGX_FINDING_BUFFER_UNBOUND, place, offset, 0, number, NULL);
	else if (slot->info != info)
		firmware_find(firmware, AGX_FINDING_BUFFER_OTHER, place, offset, slot->info, info,
			      "the slot's buffer, the command's");
	else
		return true;
	return false;
}

static bool read_list(struct agx_firmware *firmware, const struct buffer_lists *lists,
		      uint32_t member, uint64_t address, void *to, size_t size)
{
	struct agx_walk_result result;
	char detail[128];

	if (agx_walk_read(&firmware->walker, lists->context, AGX_WALK_FIRMWARE, address, to, size,
			  &result) == size)
		return true;
	snprintf(detail, sizeof(detail), "0x%" PRIx64 " in context %u, for the firmware: %s",
		 address, lists->context, agx_walk_fault_name(result.fault));
	firmware_find(firmware, AGX_FINDING_BUFFER_PAGE, lists->place, member, AGX_WALK_READ,
		      result.rights, detail);
	return false;
}

static void find_entry(struct agx_firmware *firmware, const struct buffer_lists *lists,
		       uint32_t member, uint64_t expected, uint64_t got, const char *what,
		       uint32_t index)
{
	char detail[64];

	snprintf(detail, sizeof(detail), "%s %" PRIu32, what, index);
	firmware_find(firmware, AGX_FINDING_BUFFER_LIST, lists->place, member, expected, got,
		      detail);
}

/* The entries of one block; false: told. */
static bool judge_entries(struct agx_firmware *firmware, const struct buffer_lists *lists,
			  uint32_t index, const struct agx_tvb_block *block,
			  const agx_tvb_page *pages)
{
	if (block->pad_4) {
		find_entry(firmware, lists, lists->block_list_at, 0, block->pad_4,
			   "second word of block", index);
		return false;
	}
	for (uint32_t i = 0; i < AGX_TVB_PAGES_PER_BLOCK; i++) {
		if (pages[i] == block->page + i)
			continue;
		find_entry(firmware, lists, lists->page_list_at, (uint64_t)block->page + i,
			   pages[i], "page", index * AGX_TVB_PAGES_PER_BLOCK + i);
		return false;
	}
	return true;
}

/* The memory of one block; false: told. */
static bool judge_memory(struct agx_firmware *firmware, const struct buffer_lists *lists,
			 uint32_t page, bool full)
{
	const uint64_t base = (uint64_t)page << AGX_TVB_PAGE_SHIFT;
	const uint64_t size = full ? AGX_TVB_BLOCK_SIZE : 1;

	for (uint64_t done = 0; done < size; done += AGX_UAT_PAGE_SIZE)
		if (!critic_gpu(firmware, AGX_FINDING_BUFFER_PAGE, lists->place,
				lists->page_list_at, lists->context, base + done, 1, GPU_RW,
				"page of the buffer"))
			return false;
	return true;
}

bool buffers_judge_lists(struct agx_firmware *firmware, const struct buffer_lists *lists,
			 uint32_t first, uint32_t count)
{
	const uint32_t end = first + count;

	while (first < end) {
		struct agx_tvb_block blocks[CHUNK];
		agx_tvb_page pages[CHUNK * AGX_TVB_PAGES_PER_BLOCK];
		uint32_t n = end - first < CHUNK ? end - first : CHUNK;

		if (!read_list(firmware, lists, lists->block_list_at,
			       lists->block_list + (uint64_t)first * sizeof(*blocks), blocks,
			       n * sizeof(*blocks)) ||
		    !read_list(firmware, lists, lists->page_list_at,
			       lists->page_list +
				       (uint64_t)first * AGX_TVB_PAGES_PER_BLOCK * sizeof(*pages),
			       pages, n * AGX_TVB_PAGES_PER_BLOCK * sizeof(*pages)))
			return false;
		for (uint32_t i = 0; i < n; i++)
			if (!judge_entries(firmware, lists, first + i, &blocks[i],
					   &pages[i * AGX_TVB_PAGES_PER_BLOCK]) ||
			    !judge_memory(firmware, lists, blocks[i].page,
					  end - first - i <= FULL_BLOCKS))
				return true;
		first += n;
	}
	return true;
}

static void fill_tvb(const struct buffer_slot *slot, struct agx_gpu_tvb *tvb)
{
	tvb->page_list = slot->page_list;
	tvb->page_count = slot->blocks * AGX_TVB_PAGES_PER_BLOCK;
}

bool buffers_resume(struct agx_firmware *firmware, const struct command *command,
		    const struct start_op *start, struct agx_gpu_tvb *tvb)
{
	const struct buffer_slot *slot = slot_of(firmware, start->buffer_slot);

	(void)command;
	if (!slot || !slot->bound)
		return false;
	fill_tvb(slot, tvb);
	return true;
}

void buffers_grown(struct agx_firmware *firmware, uint32_t vm_slot, uint32_t buffer_slot,
		   uint32_t counter)
{
	struct buffer_slot *slot = slot_of(firmware, buffer_slot);
	struct agx_block_control control;
	struct place place, info;
	struct buffer_lists lists;

	(void)counter;
	if (!slot || !slot->bound ||
	    !memory_read(firmware, slot->block_ctl, &control, sizeof(control)))
		return;
	place = (struct place){slot->block_ctl, "block_control", NULL};
	info = (struct place){slot->info, "buffer_info", NULL};
	if (control.wptr != control.total || control.total < slot->blocks ||
	    control.total > slot->max_blocks) {
		firmware_find(firmware, AGX_FINDING_BUFFER_COUNT, &place,
			      (uint32_t)offsetof(struct agx_block_control, wptr),
			      control.total > slot->max_blocks ? slot->max_blocks : control.total,
			      control.wptr, "after GrowTVB");
		return;
	}
	lists = (struct buffer_lists){
		.place = &info,
		.page_list = slot->page_list,
		.block_list = slot->block_list,
		.context = vm_slot,
	};
	if (!buffers_judge_lists(firmware, &lists, slot->blocks, control.total - slot->blocks))
		return;
	slot->blocks = control.total;
	slot->judged = control.total;
}

static void write_word(struct agx_firmware *firmware, uint64_t va, uint32_t value)
{
	memory_write(firmware, va, &value, sizeof(value));
}

void buffers_end_vertex(struct agx_firmware *firmware, const struct command *command,
			const struct finalize_op *finalize, uint32_t pages)
{
	struct scene *scene = buffers_scene(firmware, finalize->scene);
	struct agx_buffer_stats stats;

	(void)command;
	if (!scene)
		return;
	scene->used += pages;
	if (pages) {
		write_word(firmware, scene->pass_pages, pages);
		write_word(firmware, scene->total_pages, scene->used);
	}
	if (!memory_read(firmware, scene->stats, &stats, sizeof(stats)) ||
	    (!stats.reset && scene->used <= stats.max_pages))
		return;
	if (stats.reset)
		stats.max_pages = 0;
	if (scene->used > stats.max_pages)
		stats.max_pages = scene->used;
	write_word(firmware, scene->stats + offsetof(struct agx_buffer_stats, max_pages),
		   stats.max_pages);
	if (stats.reset)
		write_word(firmware, scene->stats + offsetof(struct agx_buffer_stats, reset), 0);
}

void buffers_end_fragment(struct agx_firmware *firmware, const struct command *command,
			  const struct finalize_op *finalize, bool partial)
{
	struct scene *scene = buffers_scene(firmware, finalize->scene);

	(void)command;
	if (!scene)
		return;
	if (partial)
		write_word(firmware, scene->pass_pages, 0);
	else
		buffers_scene_end(firmware, scene);
}

void buffers_drop(struct agx_firmware *firmware, const struct command *command, uint64_t va)
{
	struct scene *scene = buffers_scene(firmware, va);

	if (!scene)
		return;
	if (command->unit == AGX_GPU_FRAGMENT) {
		buffers_scene_end(firmware, scene);
	} else if (!scene->dead) {
		scene->dead = true;
		firmware->buffer_state.slots[scene->slot].scenes--;
	}
}

enum buffer_answer buffers_overflow(struct agx_firmware *firmware, const struct start_op *start,
				    uint32_t pages, bool grow)
{
	const struct buffer_slot *slot = slot_of(firmware, start->buffer_slot);
	struct scene *scene = buffers_scene(firmware, start->scene);
	struct agx_buffer_stats stats;

	if (!slot || !slot->bound)
		return BUFFER_ERROR;
	if (scene) {
		scene->used += pages;
		write_word(firmware, scene->pass_pages, pages);
		write_word(firmware, scene->total_pages, scene->used);
		if (memory_read(firmware, scene->stats, &stats, sizeof(stats)))
			write_word(firmware,
				   scene->stats + offsetof(struct agx_buffer_stats, overflow_count),
				   stats.overflow_count + 1);
	}
	return grow && slot->blocks < slot->max_blocks ? BUFFER_GROW : BUFFER_PARTIAL;
}
