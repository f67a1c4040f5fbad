/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * RunFragment: the fragment half of a render. It rasterises the tiles that the vertex half has
 * filled, loads and stores depth and stencil, and runs the background and end-of-tile programs.
 *
 * job_params1 and job_params2 hold the pass' register values on G13 and G14, a register list does
 * on G14X; job_params3 holds, on all, what a partial render needs: when the vertex buffer is full,
 * the firmware renders what there is, stores it with the partial end-of-tile program, and later
 * resumes with the partial background program.
 *
 * Sources: driver: fw/fragment.rs, queue/render.rs; m1n1: fw/agx/cmdqueue.py WorkCommand3D,
 * fw/agx/microsequence.py Start3DStruct1 to 7.
 */
#ifndef AGX_FW_FRAGMENT_H
#define AGX_FW_FRAGMENT_H

#include "job.h"
#include "types.h"

/* Program that runs when a tile starts. */
struct agx_background_program {
	fw_u64 rsrc_spec;
	fw_u64 address; /* USC address, 32 bits */
} __packed;
AGX_SIZE(background_program, 0x10);

/* Program that runs when a tile is finished. */
struct agx_eot_program {
	fw_u64 unk_0;
	fw_u32 unk_8;
	fw_u32 rsrc_spec;
	fw_u32 unk_10;
	fw_u32 address; /* USC address */
	fw_u32 unk_18;
	fw_u32 pad_1c;
} __packed;
AGX_SIZE(eot_program, 0x20);
AGX_AT(eot_program, rsrc_spec, 0xc);
AGX_AT(eot_program, address, 0x14);

struct agx_array_addr {
	gpu_va ptr;
	fw_u64 pad_8;
} __packed;
AGX_SIZE(array_addr, 0x10);

/* aux_fb_info.isp_ctl */
#define AGX_ISP_CTL_BASE         0xc000u
#define AGX_ISP_CTL_DBIAS_IS_INT (1u << 18)
#define AGX_AUX_FB_UNK3          0x100000ull /* unk3 */

/* tile_config */
#define AGX_TILE_CONFIG_BASE                0x280ull
#define AGX_TILE_CONFIG_LAYERED             (1ull << 0)
#define AGX_TILE_CONFIG_PROCESS_EMPTY_TILES (1ull << 16)

/* Constants without a known meaning. Driver: queue/render.rs. */
#define AGX_FRAGMENT_UNK_58_G14    0x4040404ull /* params1.unk_58_g14_0, params3.unk_290; G14 on */
#define AGX_FRAGMENT_UNK_140       0x8c60ull
#define AGX_FRAGMENT_UNK_158       0x1cull
#define AGX_FRAGMENT_BGOBJVALS_G13 0x400u /* set in params2.isp_bgobjvals on G13 */
#define AGX_FRAGMENT_AUX_FB_SIZE   0x8000 /* bytes at aux_fb */

/* More register values of the pass, G13 and G14. */
struct agx_fragment_params2 {
	fw_u32 eot_rsrc_spec;
	fw_u32 eot_usc;
	fw_u32 unk_8;
	fw_u32 unk_c;
	fw_f32 isp_merge_upper_x;
	fw_f32 isp_merge_upper_y;
	fw_u64 unk_18;
	fw_u16 utiles_per_mtile_y;
	fw_u16 utiles_per_mtile_x;
	fw_u32 unk_24;
	fw_u32 tile_counts; /* tiles: x - 1 | (y - 1) << 12 */
	fw_u32 tib_blocks;
	fw_u32 isp_bgobjdepth; /* depth clear value, in the buffer's format */
	fw_u32 isp_bgobjvals;  /* stencil clear value, AGX_FRAGMENT_BGOBJVALS_G13 */
	fw_u32 unk_38;
	fw_u32 unk_3c; /* 1 */
	fw_u32 helper_cfg;
	fw_u8 pad_44[0x9c];
} __packed;
AGX_SIZE(fragment_params2, 0xe0);
AGX_AT(fragment_params2, utiles_per_mtile_y, 0x20);
AGX_AT(fragment_params2, tib_blocks, 0x2c);
AGX_AT(fragment_params2, helper_cfg, 0x40);

#endif

#ifdef AGX_FW_INSTANTIATE

/* Frame size and ISP_CTL. */
struct AGX_FW(aux_fb_info) {
	fw_u32 isp_ctl; /* AGX_ISP_CTL_* */
	fw_u32 unk2;
	fw_u32 width;
	fw_u32 height;
#if AGX_FW_V13
	fw_u64 unk3; /* AGX_AUX_FB_UNK3 */
#endif
} __packed;
AGX_FW_SIZE(aux_fb_info, 0x10, 0x10, 0x18, 0x18, 0x18);

#if !AGX_FW_G14X
/* Register values of the pass. z_ is depth, s_ stencil, _comp compression metadata. */
struct AGX_FW(fragment_params1) {
	fw_u32 utile_config;
	fw_u32 unk_4;
	struct agx_background_program bg;
	fw_u64 ppp_multisamplectl;
	gpu_va isp_scissor_base;
	gpu_va isp_dbias_base;
	struct AGX_FW(aux_fb_info) aux_fb_info;
	fw_u64 isp_zls_pixels;
	gpu_va isp_oclqry_base;
	fw_u64 zls_ctrl;
#if AGX_FW_G14
	fw_u64 unk_58_g14_0; /* AGX_FRAGMENT_UNK_58_G14 */
	fw_u64 unk_58_g14_8;
#endif
	gpu_va z_load;
	gpu_va z_store;
	gpu_va s_load;
	gpu_va s_store;
#if AGX_FW_G14
	fw_u8 unk_68_g14_0[0x20];
#endif
	fw_u64 z_load_stride;
	fw_u64 z_store_stride;
	fw_u64 s_load_stride;
	fw_u64 s_store_stride;
	gpu_va z_load_comp;
	fw_u64 z_load_comp_stride;
	gpu_va z_store_comp;
	fw_u64 z_store_comp_stride;
	gpu_va s_load_comp;
	fw_u64 s_load_comp_stride;
	gpu_va s_store_comp;
	fw_u64 s_store_comp_stride;
	gpu_va tvb_tilemap;
	gpu_va tvb_layermeta;
	fw_u64 mtile_stride_dwords;
	gpu_va tvb_heapmeta; /* without flag */
	fw_u64 tile_config;  /* AGX_TILE_CONFIG_* */
	gpu_va aux_fb;       /* AGX_FRAGMENT_AUX_FB_SIZE bytes */
	fw_u64 unk_108[6];
	gpu_va usc_exec_base_isp;
	fw_u64 unk_140; /* AGX_FRAGMENT_UNK_140 */
	fw_u32 helper_program;
	fw_u32 unk_14c;
	fw_u64 helper_arg;
	fw_u64 unk_158; /* AGX_FRAGMENT_UNK_158 */
	fw_u64 unk_160;
#if AGX_FW_G14
	fw_u8 pad_198[0x1a8];
#else
	fw_u8 pad_168[0x1d8];
#endif
#if !AGX_FW_V13
	fw_u8 pad_340[8];
#endif
} __packed;
AGX_FW_SIZE(fragment_params1, 0x348, 0x348, 0x348, 0x348, 0);
AGX_FW_AT(fragment_params1, z_load, 0x58, 0x68, 0x60, 0x70, 0);
AGX_FW_AT(fragment_params1, tvb_tilemap, 0xd8, 0x108, 0xe0, 0x110, 0);
AGX_FW_AT(fragment_params1, usc_exec_base_isp, 0x138, 0x168, 0x140, 0x170, 0);
#endif

/*
 * State for partial renders. In Linux every depth and stencil address here is the pass' own.
 * Offsets in names are m1n1's, which count from 0xd0 and grow by 0xd0 or 0xe0 on the way.
 */
struct AGX_FW(fragment_params3) {
	struct agx_array_addr isp_dbias_base;
	struct agx_array_addr isp_scissor_base;
	gpu_va isp_oclqry_base;
	fw_u64 unk_118;
	fw_u64 unk_120[37];
	struct agx_background_program unk_partial_bg; /* same as partial_bg */
	fw_u64 unk_258;
	fw_u64 unk_260;
	fw_u64 unk_268;
	fw_u64 unk_270;
	struct agx_background_program partial_bg;
	fw_u64 zls_ctrl;
	fw_u64 unk_290; /* AGX_FRAGMENT_UNK_58_G14, 0 on G13 */
	gpu_va z_load;
	fw_u64 z_partial_stride;
	fw_u64 z_partial_comp_stride;
	gpu_va z_store;
	gpu_va z_partial;
	gpu_va z_partial_comp;
	gpu_va s_load;
	fw_u64 s_partial_stride;
	fw_u64 s_partial_comp_stride;
	gpu_va s_store;
	gpu_va s_partial;
	gpu_va s_partial_comp;
	fw_u64 unk_2f8[2];
	fw_u32 tib_blocks;
	fw_u32 unk_30c;
	struct AGX_FW(aux_fb_info) aux_fb_info;
	fw_u64 tile_config; /* AGX_TILE_CONFIG_* */
	fw_u8 pad_328[8];
	struct agx_eot_program unk_partial_eot; /* same as partial_eot */
	struct agx_eot_program partial_eot;
	fw_u32 isp_bgobjdepth;
	fw_u32 isp_bgobjvals;
	fw_u32 sample_size; /* bytes of tile buffer per sample */
	fw_u32 unk_37c;
	fw_u64 unk_380;
	fw_u64 unk_388;
#if AGX_FW_V13
	fw_u64 unk_390_0;
#endif
	fw_u64 isp_zls_pixels;
} __packed;
AGX_FW_SIZE(fragment_params3, 0x2a8, 0x2a8, 0x2b8, 0x2b8, 0x2b8);
AGX_FW_AT(fragment_params3, partial_bg, 0x188, 0x188, 0x188, 0x188, 0x188);
AGX_FW_AT(fragment_params3, tile_config, 0x230, 0x230, 0x238, 0x238, 0x238);
AGX_FW_AT(fragment_params3, partial_eot, 0x260, 0x260, 0x268, 0x268, 0x268);
AGX_FW_AT(fragment_params3, isp_zls_pixels, 0x2a0, 0x2a0, 0x2b0, 0x2b0, 0x2b0);

/*
 * The command. GPU-readable, firmware-private memory. m1n1 counts 8 bytes less of padding at the
 * end of 12.x and 8 more in 13.5.
 */
struct AGX_FW(run_fragment) {
	fw_u32 tag; /* AGX_CMD_RUN_FRAGMENT */
#if AGX_FW_V13
	fw_u64 counter; /* see run_vertex */
#endif
	fw_u32 vm_slot; /* UAT context */
	fw_u32 unk_8;
	fw_va microsequence; /* microseq.h */
	fw_u32 microsequence_size;
	fw_va notifier;       /* struct notifier */
	fw_va buffer;         /* struct buffer_info */
	fw_va scene;          /* struct scene */
	fw_va unk_buffer_buf; /* AGX_KERNEL_BUFFER_SIZE bytes */
	gpu_va tvb_tilemap;
	fw_u64 ppp_multisamplectl;
	fw_u32 samples;
	fw_u16 tiles_per_mtile_y;
	fw_u16 tiles_per_mtile_x;
	fw_u64 unk_50;
	fw_u64 unk_58;
	fw_f32 isp_merge_upper_x;
	fw_f32 isp_merge_upper_y;
	fw_u64 unk_68;
	fw_u64 tile_count;
#if AGX_FW_G14X
	struct agx_register_array registers;
#else
	struct AGX_FW(fragment_params1) job_params1;
	struct agx_fragment_params2 job_params2;
#endif
	struct agx_register_list register_list;
	struct AGX_FW(fragment_params3) job_params3;
	fw_u32 unk_758_flag; /* operations point here */
	fw_u32 unk_75c_flag;
	fw_u8 unk_buf[0x110];      /* scratch of the firmware */
	fw_u32 busy_flag;          /* operations point here */
	fw_u32 tvb_overflow_count; /* operations point here; partial renders */
	fw_u32 unk_878;
	struct agx_encoder_params encoder_params;
	fw_u32 process_empty_tiles;        /* 1: run tiles without primitives */
	fw_u32 no_clear_pipeline_textures; /* 1 */
	fw_u32 msaa_zs;                    /* 0 */
	fw_u32 unk_pointee;                /* operations point here: unk_pointer */
#if AGX_FW_V13
	fw_u32 unk_v13_3;
#endif
	struct agx_job_meta meta;
	fw_u32 unk_after_meta;
	fw_u64 unk_buf_0; /* operations point here: unk_job_buf */
	fw_u64 unk_buf_8;
	fw_u64 unk_buf_10;                                /* 1 below G14X */
	fw_u64 command_time;                              /* by the Timestamp operation */
	struct agx_timestamp_pointers timestamp_pointers; /* struct agx_job_timestamps */
	struct agx_timestamp_pointers user_timestamp_pointers;
	fw_u8 client_sequence; /* low byte of the owner's number */
	fw_u8 pad_925[3];
	fw_u32 unk_928;
	fw_u8 unk_92c;
#if AGX_FW_V13
	fw_u64 unk_ts; /* the Timestamp operation points here */
	fw_u8 unk_92d_8[0x1b];
#else
	fw_u8 pad_92d[3];
#endif
} __packed;
AGX_FW_SIZE(run_fragment, 0x930, 0x930, 0x96c, 0x96c, 0xc44);
AGX_FW_AT(run_fragment, tile_count, 0x70, 0x70, 0x78, 0x78, 0x78);
AGX_FW_AT(run_fragment, job_params3, 0x4b0, 0x4b0, 0x4b8, 0x4b8, 0x790);
AGX_FW_AT(run_fragment, busy_flag, 0x870, 0x870, 0x888, 0x888, 0xb60);
AGX_FW_AT(run_fragment, encoder_params, 0x87c, 0x87c, 0x894, 0x894, 0xb6c);
AGX_FW_AT(run_fragment, meta, 0x8b4, 0x8b4, 0x8d0, 0x8d0, 0xba8);
AGX_FW_AT(run_fragment, command_time, 0x8fc, 0x8fc, 0x918, 0x918, 0xbf0);
AGX_FW_AT(run_fragment, client_sequence, 0x924, 0x924, 0x940, 0x940, 0xc18);

#endif
