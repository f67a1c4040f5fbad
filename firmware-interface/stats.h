/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Statistics and scratch memory that the firmware keeps for itself in memory of the driver's. The
 * driver sets two words (cur_stamp_id and unk_118 of the fragment statistics) to -1 and does not
 * look at the rest. Real objects are allocated larger than the known part, AGX_*_SIZE, because
 * their end is not known.
 *
 * Operations point to the inner structure, RuntimePointers (initdata.h) to the outer one.
 *
 * Sources: m1n1: fw/agx/initdata.py InitData_GPU*Stats*, AGXFaultInfo; driver: fw/initdata.rs,
 * initdata.rs.
 */
#ifndef AGX_FW_STATS_H
#define AGX_FW_STATS_H

#include "types.h"

/* Bytes that the driver allocates. */
#define AGX_STATS_VERTEX_SIZE  0x3004
#define AGX_STATS_COMPUTE_SIZE 0x3000
#define AGX_UNKPTR_198_SIZE    0xc0
#define AGX_UNKPTR_1B8_SIZE    0x1000
#define AGX_UNKPTR_1C0_SIZE    0x300
#define AGX_UNKPTR_1C8_SIZE    0x1000

/* State of one hardware queue of the vertex pipe. */
struct agx_queue_stats_vertex {
	fw_u32 busy;
	fw_u32 unk_4;
	fw_va cur_cmdqueue;
	fw_u32 cur_count;
	fw_u32 unk_14;
} __packed;
AGX_SIZE(queue_stats_vertex, 0x18);

/* How the firmware has dealt with faults. */
struct agx_fault_stats {
	fw_u32 status;
	fw_u32 do_not_halt;
	fw_u32 did_not_halt;
	fw_u32 unk_c;
	fw_u32 unk_10;
	fw_u32 unk_14;
	fw_u32 total_halts;
	fw_u32 unk_1c[25];
} __packed;
AGX_SIZE(fault_stats, 0x80);

#endif

#ifdef AGX_FW_INSTANTIATE

/* Hardware queues, and bytes that the driver allocates. */
enum AGX_FW(stats_lengths) {
	AGX_FW(STATS_QUEUES) = AGX_FW_PICK(4, 4, 4, 4, 8),
	AGX_FW(STATS_FRAGMENT_SIZE) = AGX_FW_PICK(0x1124, 0x1124, 0x1124, 0x1124, 0x1a34),
};

/* What Start and FinalizeVertex name. */
struct AGX_FW(stats_vertex) {
	fw_u32 unk_4;
	struct agx_queue_stats_vertex queues[AGX_FW(STATS_QUEUES)];
	fw_u8 unk_68[8];
	fw_u32 unk_70;
	fw_u32 unk_74;
#if AGX_FW_V13
	fw_u8 unk_c0[0x558];
#endif
	fw_u64 unk_timestamp[16];
	fw_u8 unk_80[0x40];
#if AGX_FW_G14X
	fw_u8 unk_684[0x800];
#endif
} __packed;
AGX_FW_SIZE(stats_vertex, 0x134, 0x134, 0x68c, 0x68c, 0xeec);

struct AGX_FW(global_stats_vertex) {
	fw_u32 total_cmds;
	struct AGX_FW(stats_vertex) stats;
} __packed;
AGX_FW_SIZE(global_stats_vertex, 0x138, 0x138, 0x690, 0x690, 0xef0);

/* State of one hardware queue of the fragment pipe. */
struct AGX_FW(queue_stats_fragment) {
	fw_u32 busy;
#if AGX_FW_V13
	fw_u8 pad_4[4];
#endif
	fw_va cur_cmdqueue;
	fw_u32 unk_c;
	fw_u32 unk_10;
	fw_u8 unk_14[0x10];
#if !AGX_FW_V13
	fw_u8 pad_24[4];
#endif
} __packed;
AGX_FW_SIZE(queue_stats_fragment, 0x28, 0x28, 0x28, 0x28, 0x28);

/* What Start and FinalizeFragment name. */
struct AGX_FW(stats_fragment) {
	fw_u8 unk_0[0x18];
#if AGX_FW_G14X
	fw_u8 unk_18_g14x[0x50];
#endif
	struct AGX_FW(queue_stats_fragment) queues[AGX_FW(STATS_QUEUES)];
#if AGX_FW_G14X
	fw_u8 unk_d0_0[0x820];
#endif
	fw_u8 unk_d0[0x38];
	fw_u32 tvb_overflows_1;
	fw_u32 tvb_overflows_2;
	fw_u32 unk_f8;
	fw_u32 unk_fc;
	fw_i32 cur_stamp_id; /* -1 */
	fw_u8 unk_104[0x14];
	fw_i32 unk_118; /* -1 */
	fw_u32 unk_11c;
	fw_u32 unk_120;
	fw_u32 unk_124;
	fw_u32 unk_128;
	fw_u32 unk_12c;
	fw_u64 unk_timestamp;
	fw_u8 unk_138[0x88];
#if AGX_FW_V13
	fw_u8 unk_1c0[0x580];
#endif
} __packed;
AGX_FW_SIZE(stats_fragment, 0x1c0, 0x1c0, 0x740, 0x740, 0x1050);
AGX_FW_AT(stats_fragment, cur_stamp_id, 0x100, 0x100, 0x100, 0x100, 0xa10);
AGX_FW_AT(stats_fragment, unk_118, 0x118, 0x118, 0x118, 0x118, 0xa28);

struct AGX_FW(global_stats_fragment) {
	fw_u32 total_cmds;
	fw_u32 unk_4;
	struct AGX_FW(stats_fragment) stats;
} __packed;
AGX_FW_SIZE(global_stats_fragment, 0x1c8, 0x1c8, 0x748, 0x748, 0x1058);

#endif
