// SPDX-License-Identifier: MIT
#include "command_image.h"

#include <stdlib.h>
#include <string.h>

#include "fields.h"

#define PAGE  AGX_UAT_PAGE_SIZE
#define ARENA 0x30000

static uint64_t bump(uint64_t *at, uint64_t size)
{
	uint64_t va = *at;

	*at += (size + 0x3f) & ~0x3full;
	if ((va ^ *at) >> 20) /* an arena lies in its megabyte */
		abort();
	return va;
}

uint64_t command_private(struct command_image *commands, uint64_t size)
{
	return bump(&commands->private_at, size);
}

uint64_t command_shared(struct command_image *commands, uint64_t size)
{
	return bump(&commands->shared_at, size);
}

uint64_t *command_entry(struct command_image *commands, uint64_t va)
{
	static const unsigned int shifts[3] = {AGX_UAT_L1_SHIFT, AGX_UAT_L2_SHIFT,
					       AGX_UAT_L3_SHIFT};
	uint64_t table = commands->table;

	for (unsigned int level = 0;; level++) {
		uint64_t index = (va >> shifts[level]) &
				 ((level ? AGX_UAT_ENTRIES : AGX_UAT_L1_ENTRIES) - 1);
		uint64_t *entry = image_ram(commands->image, table + 8 * index, 8);

		if (level == 2)
			return entry;
		if (!*entry)
			*entry = image_pages(commands->image, PAGE) | AGX_UAT_VALID | AGX_UAT_TYPE;
		table = *entry & AGX_UAT_ADDRESS;
	}
}

void command_map(struct command_image *commands, uint64_t va, uint64_t pa, uint64_t size,
		 uint64_t protection)
{
	for (uint64_t done = 0; done < size; done += PAGE)
		*command_entry(commands, va + done) = (pa + done) | protection | AGX_UAT_NG;
}

void *command_at(struct command_image *commands, uint64_t va)
{
	return image_ram(commands->image,
			 (*command_entry(commands, va) & AGX_UAT_ADDRESS) + (va & (PAGE - 1)), 1);
}

uint64_t command_window(struct command_image *commands, uint64_t size)
{
	uint64_t va = commands->window_at;

	commands->window_at += (size + 0x7f) & ~0x7full;
	for (uint64_t page = va & ~(PAGE - 1); page < commands->window_at; page += PAGE)
		if (!*command_entry(commands, page))
			command_map(commands, page, image_pages(commands->image, PAGE), PAGE,
				    IMAGE_GPU_SHARED);
	return va;
}

void command_grow(struct command_image *commands, uint32_t blocks)
{
	struct agx_block_control *control = image_at(commands->image, commands->block_ctl);
	agx_tvb_page *pages = command_at(commands, commands->page_list);
	struct agx_tvb_block *list = command_at(commands, commands->block_list);

	for (uint32_t i = 0; i < blocks; i++) {
		uint32_t number = commands->blocks++;
		uint64_t va = USER_BLOCKS + (uint64_t)number * AGX_TVB_BLOCK_SIZE;

		/* Nothing is ever in the buffer: one page stands for all. */
		if (number == 0)
			command_map(commands, va, image_pages(commands->image, PAGE), PAGE,
				    IMAGE_GPU_SHARED);
		for (uint64_t at = va; at < va + AGX_TVB_BLOCK_SIZE; at += PAGE)
			*command_entry(commands, at) = *command_entry(commands, USER_BLOCKS);
		list[number].page = (uint32_t)(va >> AGX_TVB_PAGE_SHIFT);
		for (uint32_t page = 0; page < AGX_TVB_PAGES_PER_BLOCK; page++)
			pages[number * AGX_TVB_PAGES_PER_BLOCK + page] = list[number].page + page;
	}
	control->total = commands->blocks;
	control->wptr = commands->blocks;
}

void command_image_init(struct command_image *commands, struct image *image, uint32_t context)
{
	static void (*const buffer[])(struct command_image *) = {
#define ROW(lower, upper) [AGX_FW_VARIANT_##upper] = command_buffer_##lower,
		AGX_FW_VARIANTS(ROW)
#undef ROW
	};
	struct agx_uat_ttbs *ttbs = image_ram(image, image->ttbat, PAGE);
	const uint64_t timestamps = 0xffffffae10000000;
	uint32_t *words;
	uint64_t data;

	memset(commands, 0, sizeof(*commands));
	commands->image = image;
	commands->context = context;
	commands->table = image_pages(image, PAGE);
	ttbs[context].ttb0 =
		commands->table | AGX_UAT_TTB_VALID | (uint64_t)context << AGX_UAT_TTB_ASID_SHIFT;
	if (image->variant == AGX_FW_VARIANT_G14X_V13_5)
		ttbs[context].ttb1 = ttbs[0].ttb1 | (uint64_t)context << AGX_UAT_TTB_ASID_SHIFT;

	image->next_va = (image->next_va + 0xfffff) & ~0xfffffull;
	commands->private_at = image_alloc(image, NULL, ARENA, IMAGE_PRIVATE);
	image->next_va = (image->next_va + 0xfffff) & ~0xfffffull;
	commands->shared_at = image_alloc(image, NULL, ARENA, IMAGE_SHARED);
	image->next_va = (image->next_va + 0xfffff) & ~0xfffffull;
	commands->gpu_ro_at = image_alloc(image, NULL, ARENA, IMAGE_GPU_RO_PRIVATE);
	image_map(image, timestamps, image_pages(image, PAGE), PAGE, IMAGE_SHARED);
	commands->timestamp_at = timestamps;
	commands->window_at = USER_WINDOW;

	command_map(commands, USER_STREAM, image_pages(image, PAGE), PAGE, IMAGE_GPU_SHARED_RO);
	words = command_at(commands, USER_STREAM);
	words[0] = 0xc0000000;    /* VDM: terminate */
	words[0x40] = 0x40000000; /* CDM: terminate */
	command_map(commands, USER_USC, image_pages(image, PAGE), PAGE, IMAGE_GPU_SHARED_RO);
	data = image_pages(image, PAGE);
	command_map(commands, USER_DATA, data, PAGE, IMAGE_GPU_SHARED);

	commands->generation = 0x107;
	commands->threshold = command_shared(commands, sizeof(struct agx_threshold));
	commands->stamps = command_shared(commands, 4 * AGX_EVENT_SLOTS);
	commands->fw_stamps = command_private(commands, 4 * AGX_EVENT_SLOTS);
	commands->notifier_list = command_shared(commands, sizeof(struct agx_notifier_list));
	commands->gpu_context = command_shared(commands, sizeof(struct agx_gpu_context_data));
	for (unsigned int i = 0; i < AGX_GPU_UNITS; i++)
		commands->queue[i] = command_private(commands, 0xc0);
	commands->buffer_slot = 3;
	buffer[image->variant](commands);
	command_grow(commands, COMMAND_BLOCKS);
}

uint64_t command_scene(struct command_image *commands)
{
	static uint64_t (*const scene[])(struct command_image *) = {
#define ROW(lower, upper) [AGX_FW_VARIANT_##upper] = command_scene_##lower,
		AGX_FW_VARIANTS(ROW)
#undef ROW
	};

	return scene[commands->image->variant](commands);
}

void command_make(struct command_image *commands, const struct command_params *params,
		  struct made_command *made)
{
	static void (*const make[])(struct command_image *, const struct command_params *,
				    struct made_command *) = {
#define ROW(lower, upper) [AGX_FW_VARIANT_##upper] = command_make_##lower,
		AGX_FW_VARIANTS(ROW)
#undef ROW
	};

	make[commands->image->variant](commands, params, made);
}

uint64_t command_init_buffer(struct command_image *commands, uint32_t value)
{
	uint64_t va = command_private(commands, sizeof(struct agx_init_buffer));
	struct agx_init_buffer *init = image_at(commands->image, va);

	*init = (struct agx_init_buffer){
		.tag = AGX_CMD_INIT_BUFFER,
		.vm_slot = commands->context,
		.buffer_slot = commands->buffer_slot,
		.block_count = commands->blocks,
		.buffer = commands->info,
		.stamp_value = value,
	};
	return va;
}
