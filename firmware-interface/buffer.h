/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The tiled vertex buffer (TVB): memory of a VM that the vertex stage of a render fills and the
 * fragment stage reads. The firmware's buffer manager hands it out in pages, from blocks of four
 * pages that the driver has put into two lists. One slot of the manager is used by one buffer at
 * a time; an InitBuffer command tells the firmware which.
 *
 * Sources: driver: fw/buffer.rs, buffer.rs; m1n1: fw/agx/microsequence.py BufferManager*,
 * BufferThing, fw/agx/cmdqueue.py WorkCommandInitBM, fw/agx/initdata.py BufferMgrCtl.
 */
#ifndef AGX_FW_BUFFER_H
#define AGX_FW_BUFFER_H

#include "types.h"

#define AGX_TVB_PAGE_SHIFT      15 /* 32 KiB */
#define AGX_TVB_PAGE_SIZE       (1u << AGX_TVB_PAGE_SHIFT)
#define AGX_TVB_PAGES_PER_BLOCK 4
#define AGX_TVB_BLOCK_SIZE      (AGX_TVB_PAGES_PER_BLOCK * AGX_TVB_PAGE_SIZE)

/* Slots of the buffer manager, and bytes of its control object. */
#define AGX_BUFFER_SLOTS        127
#define AGX_BUFFER_MGR_CTL_SIZE 0x4000

/* One slot's state. The object is mapped for the firmware and, in context 0, for the GPU. */
struct agx_buffer_mgr_ctl {
	fw_u32 unk_0;
	fw_u32 unk_4;
	fw_u32 unk_8;
	fw_u32 unk_c;
} __packed;
AGX_SIZE(buffer_mgr_ctl, 0x10);

struct agx_buffer_mgr_ctl_array {
	struct agx_buffer_mgr_ctl slot[AGX_BUFFER_SLOTS];
} __packed;
AGX_SIZE(buffer_mgr_ctl_array, 0x7f0);

/* Length of the block list, shared memory. */
struct agx_block_control {
	fw_u32 total; /* blocks in the list */
	fw_u32 wptr;  /* the same number */
	fw_u32 unk_8;
	fw_u8 pad_c[0x34];
} __packed;
AGX_SIZE(block_control, 0x40);

/* Renders that have used the buffer, shared memory; the driver counts. */
struct agx_buffer_counter {
	fw_u32 count;
	fw_u8 pad_4[0x3c];
} __packed;
AGX_SIZE(buffer_counter, 0x40);

/* How much was used, shared memory, by the firmware. */
struct agx_buffer_stats {
	fw_u32 max_pages; /* most pages that a render took since the last reset */
	fw_u32 max_b;
	fw_u32 overflow_count;
	fw_u32 gpu_c;
	fw_u8 pad_10[0x10];
	fw_u32 reset; /* the driver writes 1 to ask for a reset; 1 at first */
	fw_u8 pad_24[0x1c];
} __packed;
AGX_SIZE(buffer_stats, 0x40);
AGX_AT(buffer_stats, reset, 0x20);

/* An entry of a page list: address >> AGX_TVB_PAGE_SHIFT. */
typedef fw_u32 agx_tvb_page;

/* An entry of a block list. */
struct agx_tvb_block {
	fw_u32 page; /* address of its first page >> AGX_TVB_PAGE_SHIFT */
	fw_u32 pad_4;
} __packed;
AGX_SIZE(tvb_block, 8);

/*
 * InitBuffer command, in a vertex queue ahead of the first RunVertex that uses the buffer, and
 * after it has grown.
 */
struct agx_init_buffer {
	fw_u32 tag;     /* AGX_CMD_INIT_BUFFER */
	fw_u32 vm_slot; /* UAT context */
	fw_u32 buffer_slot;
	fw_u32 unk_c; /* 0 */
	fw_u32 block_count;
	fw_va buffer;       /* struct buffer_info */
	fw_u32 stamp_value; /* of the RunVertex that follows; not written by this command */
} __packed;
AGX_SIZE(init_buffer, 0x20);
AGX_AT(init_buffer, buffer, 0x14);

/* Scratch memory of the firmware that vertex and fragment commands name: unk_buffer_buf. */
#define AGX_KERNEL_BUFFER_SIZE 0x40

#endif

#ifdef AGX_FW_INSTANTIATE

/* A buffer. Private memory. */
struct AGX_FW(buffer_info) {
	fw_u32 gpu_counter;
	fw_u32 unk_4;
	fw_i32 last_id;
	fw_i32 cur_id; /* -1 */
	fw_u32 unk_10;
	fw_u32 gpu_counter2;
	fw_u32 unk_18;
#if !AGX_FW_V13 || AGX_FW_G14X
	fw_u32 unk_1c;
#endif
	gpu_va page_list;      /* agx_tvb_page each; of the VM */
	fw_u32 page_list_size; /* in bytes, for max_pages */
	fw_u32 page_count;
	fw_u32 max_blocks;
	fw_u32 block_count;
	fw_u32 unk_38;
	gpu_va block_list;    /* struct agx_tvb_block each; of the VM */
	fw_va block_ctl;      /* struct agx_block_control */
	fw_u32 last_page;     /* page_count - 1 */
	fw_u32 gpu_page_ptr1; /* by the firmware */
	fw_u32 gpu_page_ptr2;
	fw_u32 unk_58;
	fw_u32 block_size; /* AGX_TVB_BLOCK_SIZE */
	fw_u64 unk_60;
	fw_va counter; /* struct agx_buffer_counter */
	fw_u32 unk_70;
	fw_u32 unk_74;
	fw_u32 unk_78;
	fw_u32 unk_7c;
	fw_u32 unk_80;              /* 1 */
	fw_u32 max_pages;           /* limit of the lists */
	fw_u32 max_pages_nomemless; /* limit for renders that keep everything: a third */
	fw_u32 unk_8c;
	fw_u8 unk_90[0x30];
} __packed;
AGX_FW_SIZE(buffer_info, 0xc0, 0xc0, 0xbc, 0xbc, 0xc0);
AGX_FW_AT(buffer_info, page_list, 0x20, 0x20, 0x1c, 0x1c, 0x20);
AGX_FW_AT(buffer_info, block_ctl, 0x44, 0x44, 0x40, 0x40, 0x44);
AGX_FW_AT(buffer_info, max_pages, 0x84, 0x84, 0x80, 0x80, 0x84);

/* One render's use of a buffer. Shared memory (macOS: private). */
struct AGX_FW(scene) {
#if AGX_FW_G14X
	gpu_va control_word;  /* a word that the GPU writes, at an address of the upper half */
	gpu_va control_word2; /* the same address */
#endif
	fw_u32 pass_page_count;
	fw_u32 unk_4;
	fw_u64 unk_8;
	fw_u64 unk_10;
	gpu_va user_buffer;
	fw_u32 unk_20;
#if AGX_FW_V13
	fw_u64 unk_28;
#endif
	fw_va stats; /* struct agx_buffer_stats */
	fw_u32 total_page_count;
#if !AGX_FW_G14X
	fw_u64 unk_30;
	fw_u64 unk_38;
#endif
} __packed;
AGX_FW_SIZE(scene, 0x40, 0x40, 0x48, 0x48, 0x48);
AGX_FW_AT(scene, user_buffer, 0x18, 0x18, 0x18, 0x18, 0x28);
AGX_FW_AT(scene, stats, 0x24, 0x24, 0x2c, 0x2c, 0x3c);
AGX_FW_AT(scene, total_page_count, 0x2c, 0x2c, 0x34, 0x34, 0x44);

#endif
