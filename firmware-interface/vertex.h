/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * RunVertex: the vertex half of a render. It runs the vertex control stream and sorts primitives
 * into tiles, in the tiled vertex buffer (buffer.h).
 *
 * On G13 and G14 the command holds register values in blocks with a fixed layout; on G14X it
 * holds a list of register numbers and values instead. Addresses that the GPU dereferences are of
 * the command's VM; what the members hold is described in docs/firmware-interface.md.
 *
 * Sources: driver: fw/vertex.rs, queue/render.rs; m1n1: fw/agx/cmdqueue.py WorkCommandTA,
 * fw/agx/microsequence.py StartTACmdStruct2, StartTACmdStruct3, TilingParameters.
 */
#ifndef AGX_FW_VERTEX_H
#define AGX_FW_VERTEX_H

#include "job.h"
#include "types.h"

/* Geometry of the tiles; registers PPP_SCREEN, TE_SCREEN, TE_MTILE* and others. G13 and G14. */
struct agx_tiling_params {
	fw_u32 rgn_size; /* words of the tile map per macrotile */
	fw_u32 unk_4;    /* 0x88 */
	fw_u32 ppp_ctrl;
	fw_u16 x_max;     /* width - 1 */
	fw_u16 y_max;     /* height - 1 */
	fw_u32 te_screen; /* tiles: x - 1 | (y - 1) << 12 */
	fw_u32 te_mtile1; /* columns of macrotiles: x3 | x2 << 9 | x1 << 18, in tiles */
	fw_u32 te_mtile2; /* rows likewise */
	fw_u32 tiles_per_mtile;
	fw_u32 tpc_stride;
	fw_u32 unk_24; /* 0x100 */
	fw_u32 unk_28; /* layers - 1 | 0xe000, or 0x8000 for one layer */
	fw_u32 helper_cfg;
} __packed;
AGX_SIZE(tiling_params, 0x30);
AGX_AT(tiling_params, te_screen, 0x10);
AGX_AT(tiling_params, helper_cfg, 0x2c);

/* Constants that the driver passes without knowing what they mean. Driver: queue/render.rs. */
#define AGX_VERTEX_UNK_0        0x200ull    /* unk_0 */
#define AGX_VERTEX_UNK_8        0x1e3ce508u /* unk_8 and unk_c: 1e-20 as a float */
#define AGX_VERTEX_IOGPU_UNK_54 0x003a0012006b0003ull
#define AGX_VERTEX_UNK_F0       0x1cull
#define AGX_VERTEX_UNK_F8       0x8c60ull
#define AGX_VERTEX_UNK_118      0x1cu

/* Flags in pointers that the GPU dereferences. */
#define AGX_VERTEX_HEAPMETA_TAG        (1ull << 63)
#define AGX_VERTEX_PREEMPT_BUF3_TAG    (1ull << 50)
#define AGX_VERTEX_CLUSTER_META1_SHIFT 50 /* layer stride of the blocks */
#define AGX_VERTEX_CLUSTER_META4_TAG   (0x3000ull << 48)

/* Parameters that are the same for all variants. Offsets in names are those in run_vertex 12.x. */
struct agx_vertex_params2 {
	fw_u32 unk_480[4];
	fw_u64 unk_498;
	fw_u32 unk_4a0;
	gpu_va preempt_buf1;
	fw_u32 unk_4ac;
	fw_u64 unk_4b0;
	fw_u32 unk_4b8;
	fw_u64 unk_4bc;
	fw_u8 unk_4c4[0x48];
	fw_u32 unk_50c;
	fw_u64 unk_510;
	fw_u64 unk_518;
	fw_u64 unk_520;
} __packed;
AGX_SIZE(vertex_params2, 0xa0);
AGX_AT(vertex_params2, preempt_buf1, 0x1c);

#endif

#ifdef AGX_FW_INSTANTIATE

#if !AGX_FW_G14X
/* Register values of the vertex and tiling units. */
struct AGX_FW(vertex_params1) {
	fw_u64 unk_0; /* AGX_VERTEX_UNK_0 */
	fw_u32 unk_8; /* AGX_VERTEX_UNK_8 */
	fw_u32 unk_c; /* AGX_VERTEX_UNK_8 */
	gpu_va tvb_tilemap;
#if AGX_FW_G13
	gpu_va tvb_cluster_tilemaps; /* 0 with one cluster, as all tvb_cluster_* */
#endif
	gpu_va tpc;
	gpu_va tvb_heapmeta; /* AGX_VERTEX_HEAPMETA_TAG */
	fw_u64 iogpu_unk_54; /* AGX_VERTEX_IOGPU_UNK_54 */
	fw_u64 iogpu_unk_56; /* 1 */
#if AGX_FW_G13
	gpu_va tvb_cluster_meta1; /* AGX_VERTEX_CLUSTER_META1_SHIFT */
#endif
	fw_u32 utile_config;
	fw_u32 unk_4c;
	fw_u64 ppp_multisamplectl;
	gpu_va tvb_layermeta;
#if AGX_FW_G13
	gpu_va tvb_cluster_layermeta;
	fw_u32 core_mask[2]; /* present cores, all clusters in sequence */
#endif
	gpu_va preempt_buf1;
	gpu_va preempt_buf2;
	fw_u64 unk_80;       /* 1 */
	gpu_va preempt_buf3; /* AGX_VERTEX_PREEMPT_BUF3_TAG */
	gpu_va vdm_ctrl_stream_base;
#if AGX_FW_G13
	gpu_va tvb_cluster_meta2;
	gpu_va tvb_cluster_meta3;
	fw_u32 tiling_control;
	fw_u32 unk_ac;
#endif
	fw_u64 unk_b0[6];
	gpu_va usc_exec_base_ta;
#if AGX_FW_G13
	gpu_va tvb_cluster_meta4; /* AGX_VERTEX_CLUSTER_META4_TAG */
	fw_u64 unk_f0;            /* AGX_VERTEX_UNK_F0 + meta 1 blocks, rounded up to 4 */
#endif
	fw_u64 unk_f8; /* AGX_VERTEX_UNK_F8 */
	fw_u32 helper_program;
	fw_u32 unk_104;
	fw_u64 helper_arg;
	fw_u64 unk_110;
	fw_u32 unk_118; /* AGX_VERTEX_UNK_118 */
#if AGX_FW_G14
	fw_u8 pad_d4[0x48];
#endif
} __packed;
AGX_FW_SIZE(vertex_params1, 0x11c, 0x11c, 0x11c, 0x11c, 0);
AGX_FW_AT(vertex_params1, vdm_ctrl_stream_base, 0x90, 0x70, 0x90, 0x70, 0);
AGX_FW_AT(vertex_params1, usc_exec_base_ta, 0xe0, 0xa8, 0xe0, 0xa8, 0);
AGX_FW_AT(vertex_params1, helper_program, 0x100, 0xb8, 0x100, 0xb8, 0);
#endif

/*
 * The command. GPU-readable, firmware-private memory. m1n1 counts 0x14 bytes of padding more at
 * the end of 13.5.
 */
struct AGX_FW(run_vertex) {
	fw_u32 tag; /* AGX_CMD_RUN_VERTEX */
#if AGX_FW_V13
	fw_u64 counter; /* of the owner: a render's fragment command takes n, its vertex n + 1 */
#endif
	fw_u32 vm_slot; /* UAT context */
	fw_u32 unk_8;
	fw_va notifier; /* struct notifier */
	fw_u32 buffer_slot;
	fw_u32 unk_1c;
	fw_va buffer;         /* struct buffer_info */
	fw_va scene;          /* struct scene */
	fw_va unk_buffer_buf; /* AGX_KERNEL_BUFFER_SIZE bytes */
	fw_u32 unk_34;
#if AGX_FW_G14X
	struct agx_register_array registers;
#else
	struct AGX_FW(vertex_params1) job_params1;
	fw_u8 unk_154[0x268];
	struct agx_tiling_params tiling_params;
	fw_u8 unk_3e8[0x60];
#endif
	struct agx_register_list register_list;
	gpu_va tpc; /* tile parameter cache */
	fw_u64 tpc_size;
	fw_va microsequence; /* microseq.h */
	fw_u32 microsequence_size;
	fw_u32 fragment_stamp_slot; /* event slot of the fragment command that belongs to it */
	fw_u32 fragment_stamp_value;
	fw_u32 unk_pointee; /* operations point here: unk_pointer */
	fw_u32 unk_pad;
	struct agx_vertex_params2 job_params2;
	struct agx_encoder_params encoder_params;
	fw_u32 unk_55c;
	fw_u32 unk_560;
	fw_u32 sync_grow;
	fw_u32 unk_568;
	fw_u32 uses_scratch; /* 1: vertex shaders use scratch memory */
	struct agx_job_meta meta;
	fw_u32 unk_after_meta;
	fw_u64 unk_buf_0; /* operations point here: unk_job_buf */
	fw_u64 unk_buf_8;
	fw_u64 unk_buf_10;
	fw_u64 command_time;                              /* by the Timestamp operation */
	struct agx_timestamp_pointers timestamp_pointers; /* struct agx_job_timestamps */
	struct agx_timestamp_pointers user_timestamp_pointers;
	fw_u8 client_sequence; /* low byte of the owner's number */
	fw_u8 pad_5d5[3];
	fw_u32 unk_5d8;
	fw_u8 unk_5dc;
#if AGX_FW_V13
	fw_u64 unk_ts; /* the Timestamp operation points here */
	fw_u8 unk_5dd_8[0x1b];
#else
	fw_u8 pad_5dd[3];
#endif
} __packed;
AGX_FW_SIZE(run_vertex, 0x5e0, 0x5e0, 0x608, 0x608, 0x8f4);
AGX_FW_AT(run_vertex, scene, 0x24, 0x24, 0x2c, 0x2c, 0x2c);
AGX_FW_AT(run_vertex, tpc, 0x45c, 0x45c, 0x464, 0x464, 0x750);
AGX_FW_AT(run_vertex, microsequence, 0x46c, 0x46c, 0x474, 0x474, 0x760);
AGX_FW_AT(run_vertex, job_params2, 0x488, 0x488, 0x490, 0x490, 0x77c);
AGX_FW_AT(run_vertex, encoder_params, 0x528, 0x528, 0x530, 0x530, 0x81c);
AGX_FW_AT(run_vertex, meta, 0x564, 0x564, 0x56c, 0x56c, 0x858);
AGX_FW_AT(run_vertex, command_time, 0x5ac, 0x5ac, 0x5b4, 0x5b4, 0x8a0);
AGX_FW_AT(run_vertex, client_sequence, 0x5d4, 0x5d4, 0x5dc, 0x5dc, 0x8c8);

#endif
