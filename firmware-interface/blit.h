/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * RunBlit and its operations: macOS' copies and fills by the fragment hardware. Linux does not use
 * them; they are here so that a decoder and a firmware model know them when they see them.
 *
 * Sources: m1n1: fw/agx/cmdqueue.py WorkCommandBlit, fw/agx/microsequence.py BlitInfo, BlitInfo2,
 * StartBlitCmd, FinalizeBlitCmd. Offsets in names are m1n1's and not those in these structures.
 */
#ifndef AGX_FW_BLIT_H
#define AGX_FW_BLIT_H

#include "job.h"
#include "types.h"

/* Register values, G13 and G14. */
struct agx_blit_params1 {
	fw_u64 unk_18;
	fw_u64 unk_20;
	fw_u64 unk_28;
	fw_u64 unk_30;
	fw_u64 unk_38;
	fw_u64 unk_40;
	fw_u8 unk_48[0xa0];
	gpu_va unkptr_e8;
	fw_u64 unk_f0;
	gpu_va unkptr_f8;
	gpu_va usc_exec_base;
	fw_u64 unk_108;
	fw_u8 unk_110[0x248];
	fw_u32 unk_358;
	fw_u32 unk_35c;
	fw_u32 unk_360;
	fw_u32 unk_364;
	fw_f32 unk_368;
	fw_f32 unk_36c;
	fw_u64 unk_370;
	fw_u64 unk_378;
	fw_u64 unk_380;
	fw_u64 unk_388;
	fw_u8 unk_390[0xa8];
} __packed;
AGX_SIZE(blit_params1, 0x420);

struct agx_blit_params2 {
	fw_u8 unk_0[0x24];
	fw_u64 unk_24;
	fw_u64 unk_470;
	fw_u32 unk_478;
	fw_u32 unk_47c;
	fw_u64 unk_480;
	fw_u64 unk_488;
} __packed;
AGX_SIZE(blit_params2, 0x4c);

#endif

#ifdef AGX_FW_INSTANTIATE

struct AGX_FW(run_blit) {
	fw_u32 tag; /* AGX_CMD_RUN_BLIT */
#if AGX_FW_V13
	fw_u64 counter;
#endif
	fw_u32 vm_slot; /* UAT context */
	fw_va notifier; /* struct notifier */
	fw_u32 unk_10;
	fw_u32 unk_14;
#if AGX_FW_G14X
	struct agx_register_array registers;
#else
	struct agx_blit_params1 job_params1;
#endif
	fw_va registers_addr;
	fw_u16 register_count;
	fw_u16 registers_length;
	struct agx_blit_params2 job_params2;
	fw_va microsequence;
	fw_u32 microsequence_size;
	fw_u8 unkptr_49c[0x114];
	struct agx_job_meta meta;
	fw_u32 unk_5d8;
	fw_va unk_stamp_ptr;
	fw_u32 unk_stamp_val;
	fw_u32 unk_5ec;
	struct agx_encoder_params encoder_params;
	fw_u32 unk_618;
	fw_u64 command_time;
	struct agx_timestamp_pointers timestamp_pointers;
	struct agx_timestamp_pointers user_timestamp_pointers;
	fw_u8 client_sequence;
	fw_u8 pad_645[3];
	fw_u32 unk_648;
	fw_u8 unk_64c;
	fw_u8 pad_64d[7];
} __packed;
AGX_FW_SIZE(run_blit, 0x654, 0x654, 0x65c, 0x65c, 0x93c);

struct AGX_FW(op_start_blit) {
	fw_u32 header; /* AGX_OP_START_BLIT */
	fw_va unkptr_4;
	fw_va unkptr_c;
	fw_va registers_addr;
#if AGX_FW_G14X
	fw_u32 unk_1c_0;
#endif
	fw_va unkptr_1c;
	fw_va unkptr_24;
	fw_u32 vm_slot;
	fw_u32 unk_30;
	fw_u32 event_generation;
	fw_u32 unk_38;
	fw_u32 unk_3c;
	fw_u32 unk_40;
	fw_va unkptr_44;
	fw_va unkptr_4c;
	fw_u32 uuid;
#if !AGX_FW_G14X
	fw_u32 unk_2c;
#endif
	struct agx_attachments attachments;
	fw_u32 pad_160;
#if AGX_FW_V13
	fw_u64 counter;
	fw_va notifier_buf;
#endif
} __packed;
AGX_FW_SIZE(op_start_blit, 0x164, 0x164, 0x174, 0x174, 0x174);

struct AGX_FW(op_finalize_blit) {
	fw_u32 header; /* AGX_OP_FINALIZE_BLIT */
	fw_va unkptr_4;
	fw_va unkptr_c;
	fw_u32 vm_slot;
	fw_u32 unk_18;
	fw_va unkptr_1c;
	fw_u32 uuid;
#if !AGX_FW_V13
	fw_u32 unk_28;
#endif
	fw_va fw_stamp;
	fw_u32 stamp_value;
	fw_u8 unk_38[0x24];
	fw_i32 restart_branch_offset; /* see op_finalize_vertex */
	fw_u32 unk_60;
#if AGX_FW_V13
	fw_u32 unk_5d8_0;
	fw_u8 unk_5d8_4;
	fw_va notifier_buf;
	fw_u8 unk_5d8_d[3];
	fw_u32 unk_0;
	fw_va unkptr_1;
	fw_va unkptr_2;
	fw_va unkptr_3;
	fw_va unkptr_4_2; /* the second unkptr_4 of m1n1 */
	fw_va unkptr_5;
	fw_u64 unk_9c;
	fw_va unkptr_6;
	fw_u8 unk_ac[0x30];
	fw_u32 unk_dc;
	fw_u8 unk_e0[0x14];
#endif
} __packed;
AGX_FW_SIZE(op_finalize_blit, 0x64, 0x64, 0xf4, 0xf4, 0xf4);

#endif
