// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * BufferInfo and Scene. Compiled once per variant. Facts: kkpan11/AsahiLinux-linux:
 * drivers/gpu/drm/asahi/buffer.rs; what is not set here is zero.
 */
#include "buffer_variant.h"
#include "variant.h"

void AGX_FW(fill_buffer_info)(const struct agx_buffer_addresses *at, void *buffer_info)
{
	struct AGX_FW(buffer_info) *info = buffer_info;

	info->cur_id = -1;
	info->page_list = at->page_list;
	info->page_list_size = AGX_TVB_MAX_BLOCKS * AGX_TVB_PAGES_PER_BLOCK * sizeof(agx_tvb_page);
	info->max_blocks = AGX_TVB_MAX_BLOCKS;
	info->block_list = at->block_list;
	info->block_ctl = at->block_ctl;
	info->block_size = AGX_TVB_BLOCK_SIZE;
	info->counter = at->counter;
	info->unk_80 = 1;
	info->max_pages = AGX_TVB_MAX_BLOCKS * AGX_TVB_PAGES_PER_BLOCK;
	info->max_pages_nomemless = AGX_TVB_AUTO_MAX_BLOCKS * AGX_TVB_PAGES_PER_BLOCK;
}

void AGX_FW(set_buffer_blocks)(void *buffer_info, uint32_t blocks)
{
	struct AGX_FW(buffer_info) *info = buffer_info;

	info->page_count = blocks * AGX_TVB_PAGES_PER_BLOCK;
	info->block_count = blocks;
	info->last_page = info->page_count - 1;
}

void AGX_FW(fill_scene)(uint64_t user_buffer, uint64_t stats, uint64_t control_word, void *object)
{
	struct AGX_FW(scene) *scene = object;

#if AGX_FW_G14X
	scene->control_word = control_word;
	scene->control_word2 = control_word;
#else
	(void)control_word;
#endif
	scene->user_buffer = user_buffer;
	scene->stats = stats;
}
