/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Numbers of the GPU registers in the register lists of G14X commands (job.h). On G13 and G14 the
 * firmware fills the registers from the commands' parameter blocks, so that the tables also tell
 * what the members of those blocks are for.
 *
 * The order is the driver's; whether the firmware cares is not known. macOS' lists have a few more.
 *
 * Sources: driver: queue/render.rs, queue/compute.rs; names of registers: m1n1:
 * fw/agx/microsequence.py, agx/render.py, and the driver's comments.
 */
#ifndef AGX_FW_REGISTERS_H
#define AGX_FW_REGISTERS_H

#include "types.h"

/*
 * X(number, name, value): value is the constant that Linux writes, what it is made of when that
 * is not the member of the same name, or empty.
 */
/* clang-format off */
#define AGX_G14X_VERTEX_REGISTERS(X) \
	X(0x10141, VERTEX_UNK_10141, "AGX_VERTEX_UNK_0") \
	X(0x1c039, TVB_TILEMAP, "") \
	X(0x1c9c8, TVB_TILEMAP_2, "the same") \
	X(0x1c041, TVB_CLUSTER_TILEMAPS, "") \
	X(0x1c9d0, TVB_CLUSTER_TILEMAPS_2, "the same") \
	X(0x1c0a1, TE_TPC_ADDR, "") \
	X(0x1c031, TVB_HEAPMETA, "AGX_VERTEX_HEAPMETA_TAG") \
	X(0x1c9c0, TVB_HEAPMETA_2, "the same") \
	X(0x1c051, VERTEX_UNK_1C051, "AGX_VERTEX_IOGPU_UNK_54") \
	X(0x1c061, VERTEX_UNK_1C061, "1") \
	X(0x10149, VERTEX_UTILE_CONFIG, "") \
	X(0x10139, VERTEX_PPP_MULTISAMPLECTL, "") \
	X(0x10111, VERTEX_PREEMPT_BUF1, "") \
	X(0x1c9b0, VERTEX_PREEMPT_BUF1_2, "the same") \
	X(0x10119, VERTEX_PREEMPT_BUF2, "") \
	X(0x1c9b8, VERTEX_PREEMPT_BUF2_2, "the same") \
	X(0x1c958, VERTEX_UNK_1C958, "1") \
	X(0x1c950, VERTEX_PREEMPT_BUF3, "AGX_VERTEX_PREEMPT_BUF3_TAG") \
	X(0x1c930, VERTEX_UNK_1C930, "0") \
	X(0x1c880, VDM_CTRL_STREAM_BASE, "") \
	X(0x1c898, VERTEX_UNK_1C898, "0") \
	X(0x1c948, TVB_CLUSTER_META2, "") \
	X(0x1c888, TVB_CLUSTER_META3, "") \
	X(0x1c890, TILING_CONTROL, "") \
	X(0x1c918, TILING_CONTROL_2, "4") \
	X(0x1c079, TVB_LAYERMETA, "") \
	X(0x1c9d8, TVB_LAYERMETA_2, "the same") \
	X(0x1c089, TVB_CLUSTER_LAYERMETA, "") \
	X(0x1c9e0, TVB_CLUSTER_LAYERMETA_2, "the same") \
	X(0x16c41, TVB_CLUSTER_META4, "without flag") \
	X(0x1ca40, TVB_CLUSTER_META4_2, "the same") \
	X(0x1c9a8, VERTEX_UNK_1C9A8, "AGX_VERTEX_UNK_F0") \
	X(0x1c920, TVB_CLUSTER_META1, "without stride") \
	X(0x10151, VERTEX_UNK_10151, "0") \
	X(0x1c199, VERTEX_UNK_1C199, "0") \
	X(0x1c1a1, VERTEX_UNK_1C1A1, "0") \
	X(0x1c1a9, VERTEX_UNK_1C1A9, "0") \
	X(0x1c1b1, VERTEX_UNK_1C1B1, "0") \
	X(0x1c1b9, VERTEX_UNK_1C1B9, "0") \
	X(0x10061, USC_EXEC_BASE_TA, "") \
	X(0x11801, VERTEX_HELPER_PROGRAM, "") \
	X(0x11809, VERTEX_HELPER_ARG, "") \
	X(0x11f71, VERTEX_HELPER_CFG, "") \
	X(0x1c0b1, TE_PSG, "rgn_size") \
	X(0x1c850, TE_PSG_2, "the same") \
	X(0x10131, VERTEX_UNK_10131, "0x88") \
	X(0x10121, PPP_CTRL, "") \
	X(0x10129, PPP_SCREEN, "x_max, y_max << 16") \
	X(0x101b9, TE_SCREEN, "as tiling_params.te_screen") \
	X(0x1c069, TE_MTILE1, "") \
	X(0x1c071, TE_MTILE2, "") \
	X(0x1c081, TE_MTILE, "tiles_per_mtile") \
	X(0x1c0a9, TE_TPC, "tpc_stride") \
	X(0x10171, VERTEX_UNK_10171, "0x100") \
	X(0x10169, RENDER_TARGET_MAX, "as tiling_params.unk_28") \
	X(0x12099, VERTEX_UNK_12099, "AGX_VERTEX_UNK_118") \
	X(0x1c9e8, RENDER_TARGET_MAX_2, "the same & 0x4fff")

#define AGX_G14X_FRAGMENT_REGISTERS(X) \
	X(0x01739, FRAGMENT_UNK_01739, "1") \
	X(0x10009, FRAGMENT_UTILE_CONFIG, "") \
	X(0x15379, EOT_RSRC_SPEC, "") \
	X(0x15381, EOT_USC, "") \
	X(0x15369, BG_RSRC_SPEC, "") \
	X(0x15371, BG_USC, "") \
	X(0x15131, ISP_MERGE_UPPER_X, "") \
	X(0x15139, ISP_MERGE_UPPER_Y, "") \
	X(0x100a1, FRAGMENT_UNK_100A1, "0") \
	X(0x15069, FRAGMENT_UNK_15069, "0") \
	X(0x15071, FRAGMENT_UNK_15071, "0") \
	X(0x16058, FRAGMENT_UNK_16058, "0") \
	X(0x10019, FRAGMENT_PPP_MULTISAMPLECTL, "") \
	X(0x100b1, ISP_MTILE_SIZE, "utiles_per_mtile: y, x << 16") \
	X(0x16030, ISP_MTILE_SIZE_2, "the same") \
	X(0x100d9, FRAGMENT_TE_SCREEN, "as TE_SCREEN") \
	X(0x16098, FRAGMENT_TVB_HEAPMETA, "without flag") \
	X(0x15109, ISP_SCISSOR_BASE, "") \
	X(0x15101, ISP_DBIAS_BASE, "") \
	X(0x15021, ISP_CTL, "AGX_ISP_CTL_*") \
	X(0x15211, FRAGMENT_SIZE, "width, height << 32") \
	X(0x15049, FRAGMENT_UNK_15049, "AGX_AUX_FB_UNK3") \
	X(0x10051, TIB_BLOCKS, "") \
	X(0x15321, ISP_ZLS_PIXELS, "") \
	X(0x15301, ISP_BGOBJDEPTH, "") \
	X(0x15309, ISP_BGOBJVALS, "") \
	X(0x15311, ISP_OCLQRY_BASE, "") \
	X(0x15319, ISP_ZLSCTL, "") \
	X(0x15349, FRAGMENT_UNK_15349, "AGX_FRAGMENT_UNK_58_G14") \
	X(0x15351, FRAGMENT_UNK_15351, "0") \
	X(0x15329, ISP_ZLOAD_BASE, "") \
	X(0x15331, ISP_ZSTORE_BASE, "") \
	X(0x15339, ISP_STENCIL_LOAD_BASE, "") \
	X(0x15341, ISP_STENCIL_STORE_BASE, "") \
	X(0x15231, FRAGMENT_UNK_15231, "0") \
	X(0x15221, FRAGMENT_UNK_15221, "0") \
	X(0x15239, FRAGMENT_UNK_15239, "0") \
	X(0x15229, FRAGMENT_UNK_15229, "0") \
	X(0x15401, ISP_ZLOAD_STRIDE, "") \
	X(0x15421, ISP_ZSTORE_STRIDE, "") \
	X(0x15409, ISP_STENCIL_LOAD_STRIDE, "") \
	X(0x15429, ISP_STENCIL_STORE_STRIDE, "") \
	X(0x153c1, ISP_ZLOAD_COMP_BASE, "") \
	X(0x15411, ISP_ZLOAD_COMP_STRIDE, "") \
	X(0x153c9, ISP_ZSTORE_COMP_BASE, "") \
	X(0x15431, ISP_ZSTORE_COMP_STRIDE, "") \
	X(0x153d1, ISP_STENCIL_LOAD_COMP_BASE, "") \
	X(0x15419, ISP_STENCIL_LOAD_COMP_STRIDE, "") \
	X(0x153d9, ISP_STENCIL_STORE_COMP_BASE, "") \
	X(0x15439, ISP_STENCIL_STORE_COMP_STRIDE, "") \
	X(0x16429, FRAGMENT_TVB_TILEMAP, "") \
	X(0x16060, FRAGMENT_TVB_LAYERMETA, "") \
	X(0x16431, MTILE_STRIDE_DWORDS, "as params1.mtile_stride_dwords") \
	X(0x10039, TILE_CONFIG, "AGX_TILE_CONFIG_*") \
	X(0x16451, ISP_RENDER_ORIGIN, "0") \
	X(0x11821, FRAGMENT_HELPER_PROGRAM, "") \
	X(0x11829, FRAGMENT_HELPER_ARG, "") \
	X(0x11f79, FRAGMENT_HELPER_CFG, "") \
	X(0x15359, FRAGMENT_UNK_15359, "0") \
	X(0x10069, USC_EXEC_BASE_ISP, "") \
	X(0x16020, FRAGMENT_UNK_16020, "0") \
	X(0x16461, AUX_FB, "") \
	X(0x16090, AUX_FB_2, "the same") \
	X(0x120a1, FRAGMENT_UNK_120A1, "AGX_FRAGMENT_UNK_158") \
	X(0x160a8, FRAGMENT_UNK_160A8, "0") \
	X(0x16068, FRG_TILECFG, "") \
	X(0x160b8, FRAGMENT_UNK_160B8, "0")

#define AGX_G14X_COMPUTE_REGISTERS(X) \
	X(0x1a510, COMPUTE_PREEMPT_BUF1, "") \
	X(0x1a420, CDM_CTRL_STREAM_BASE, "") \
	X(0x1a4d0, COMPUTE_PREEMPT_BUF2, "") \
	X(0x1a4d8, COMPUTE_PREEMPT_BUF3, "") \
	X(0x1a4e0, COMPUTE_PREEMPT_BUF4, "") \
	X(0x1a4e8, COMPUTE_PREEMPT_BUF5, "") \
	X(0x10071, USC_EXEC_BASE_CP, "") \
	X(0x11841, COMPUTE_HELPER_PROGRAM, "") \
	X(0x11849, COMPUTE_HELPER_ARG, "") \
	X(0x11f81, COMPUTE_HELPER_CFG, "") \
	X(0x1a440, COMPUTE_UNK_1A440, "AGX_COMPUTE_UNK_G14X") \
	X(0x12091, COMPUTE_UNK_12091, "0")
/* clang-format on */

enum agx_register_number {
#define AGX_REGISTER_NUMBER(number, name, value) AGX_REG_##name = (number),
	AGX_G14X_VERTEX_REGISTERS(AGX_REGISTER_NUMBER)
	AGX_G14X_FRAGMENT_REGISTERS(AGX_REGISTER_NUMBER)
		AGX_G14X_COMPUTE_REGISTERS(AGX_REGISTER_NUMBER)
#undef AGX_REGISTER_NUMBER
};

/* FRG_TILECFG. Driver: queue/render.rs. */
#define AGX_FRG_TILECFG_BASE          0x2000036011ull
#define AGX_FRG_TILECFG_LAYERED       (1ull << 32)
#define AGX_FRG_TILECFG_TILES_X_SHIFT 44        /* tiles_x - 1 */
#define AGX_FRG_TILECFG_TILES_Y_SHIFT 53        /* tiles_y - 1 */
#define AGX_FRG_TILECFG_UTILE_MASK    0xf000ull /* of utile_config */
#define AGX_FRG_TILECFG_UTILE_SHIFT   28

#endif
