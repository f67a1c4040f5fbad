// SPDX-License-Identifier: MIT
/*
 * Run commands of one variant: what each member must be, and the registers that they carry.
 * Compiled once per variant.
 *
 * Right is what the Linux driver writes and what macOS' commands in m1n1 agree with. Members that
 * user space chooses are not judged. A command is judged in the copy that was made when it was
 * fetched.
 */
#include <inttypes.h>

#include "buffers.h"
#include "tiles.h"
#include "unit_registers.h"
#include "variant.h"

#define BASE_MASK ((1ull << (AGX_UAT_HALF_BITS + 1)) - 1)
#define GPU_RW    (AGX_WALK_READ | AGX_WALK_WRITE)

#define LENGTH(array) ((unsigned int)(sizeof(array) / sizeof(*(array))))

#define OPS_(variant) agx_command_ops_##variant
#define OPS(variant)  OPS_(variant)

/* Rows of the structure T; a member or a range of them. */
#define ROW(member, kind, fact, finding, value)                                                  \
	{                                                                                        \
		ROW_AT(T, member), ROW_SIZE(T, member), kind, fact, AGX_FINDING_##finding, value \
	}
#define ZERO(member) ROW(member, ROW_ZERO, 0, COMMAND_NOT_ZERO, 0)
#define ZEROS(first, last)                                                \
	{                                                                 \
		ROW_AT(T, first), ROW_RANGE(T, first, last), ROW_ZERO, 0, \
			AGX_FINDING_COMMAND_NOT_ZERO, 0                   \
	}
#define CONST(member, value)  ROW(member, ROW_CONST, 0, COMMAND_VALUE, value)
#define EITHER(member, value) ROW(member, ROW_EITHER, 0, COMMAND_VALUE, value)
#define MAX(member, value)    ROW(member, ROW_MAX, 0, COMMAND_VALUE, value)
#define TAG(member, value)    ROW(member, ROW_TAG, 0, COMMAND_VALUE, value)
#define FACT(member, fact)    ROW(member, ROW_FACT, fact, COMMAND_REFERENCE, 0)
#define SAME(member, other)   ROW(member, ROW_SAME, 0, COMMAND_REFERENCE, ROW_AT(T, other))

/* Members that the three commands share. */
#define META_ROWS                                                                          \
	ZEROS(meta.unk_0, meta.unk_2), MAX(meta.no_preemption, 1), ZERO(meta.evctl_index), \
		MAX(meta.flush_stamps, 1)
#define ENCODER_ROWS                                                                               \
	ZERO(encoder_params.unk_8), MAX(encoder_params.sync_grow, 1), ZERO(encoder_params.unk_10), \
		ZERO(encoder_params.unk_18), CONST(encoder_params.unk_mask, 0xffffffff)
#if AGX_FW_G14X
#define LIST_ROWS \
	FACT(register_list.addr, FACT_REGISTERS), ZERO(registers.pad_600), ZERO(register_list.pad_c)
#else
#define LIST_ROWS ZERO(register_list)
#endif

#define T AGX_FW(run_vertex)
static const struct row vertex_rows[] = {
	ZERO(unk_8),
	ZERO(unk_1c),
	ZERO(unk_34),
#if !AGX_FW_G14X
	CONST(job_params1.unk_8, AGX_VERTEX_UNK_8),
	CONST(job_params1.unk_c, AGX_VERTEX_UNK_8),
	ZERO(job_params1.unk_4c),
#if AGX_FW_G13
	ZERO(job_params1.unk_ac),
	TAG(job_params1.tvb_cluster_meta4, AGX_VERTEX_CLUSTER_META4_TAG),
#endif
	ZERO(job_params1.unk_b0),
	CONST(job_params1.unk_f8, AGX_VERTEX_UNK_F8),
	ZERO(job_params1.unk_104),
	ZERO(job_params1.unk_110),
#if AGX_FW_G14
	ZERO(job_params1.pad_d4),
#endif
	ZERO(unk_154),
	ZERO(unk_3e8),
#endif
	LIST_ROWS,
	FACT(tpc, FACT_TPC),
	ZEROS(unk_pointee, unk_pad),
	ZEROS(job_params2.unk_480, job_params2.unk_4a0),
	FACT(job_params2.preempt_buf1, FACT_PREEMPT_BUF1),
	ZEROS(job_params2.unk_4ac, job_params2.unk_520),
	ENCODER_ROWS,
	ZEROS(unk_55c, unk_560),
	SAME(sync_grow, encoder_params.sync_grow),
	ZERO(unk_568),
	MAX(uses_scratch, 1),
	META_ROWS,
	ZEROS(unk_after_meta, command_time),
	FACT(client_sequence, FACT_CLIENT),
	{ROW_AT(T, pad_5d5), (uint16_t)(sizeof(struct T) - ROW_AT(T, pad_5d5)), ROW_ZERO, 0,
	 AGX_FINDING_COMMAND_NOT_ZERO, 0},
};
#undef T

#define T AGX_FW(run_fragment)
static const struct row fragment_rows[] = {
	ZERO(unk_8),
	FACT(tvb_tilemap, FACT_TILEMAP),
	FACT(ppp_multisamplectl, FACT_MULTISAMPLE),
	ZEROS(unk_50, unk_58),
	FACT(isp_merge_upper_x, FACT_MERGE_X),
	FACT(isp_merge_upper_y, FACT_MERGE_Y),
	ZERO(unk_68),
#if !AGX_FW_G14X
	ZERO(job_params1.unk_4),
	ZERO(job_params1.aux_fb_info.unk2),
#if AGX_FW_G14
	ZERO(job_params1.unk_68_g14_0),
#endif
	ZERO(job_params1.unk_108),
	CONST(job_params1.unk_140, AGX_FRAGMENT_UNK_140),
	ZERO(job_params1.unk_14c),
	{ROW_AT(T, job_params1.unk_160),
	 (uint16_t)(ROW_AT(T, job_params2) - ROW_AT(T, job_params1.unk_160)), ROW_ZERO, 0,
	 AGX_FINDING_COMMAND_NOT_ZERO, 0},
	ZEROS(job_params2.unk_8, job_params2.unk_c),
	ZERO(job_params2.unk_18),
	ZERO(job_params2.unk_24),
	ZERO(job_params2.unk_38),
	CONST(job_params2.unk_3c, 1),
	ZERO(job_params2.pad_44),
#endif
	LIST_ROWS,
	ZERO(job_params3.isp_dbias_base.pad_8),
	ZERO(job_params3.isp_scissor_base.pad_8),
	ZEROS(job_params3.unk_118, job_params3.unk_120),
	ZEROS(job_params3.unk_258, job_params3.unk_270),
	SAME(job_params3.unk_partial_bg.rsrc_spec, job_params3.partial_bg.rsrc_spec),
	SAME(job_params3.unk_partial_bg.address, job_params3.partial_bg.address),
#if AGX_FW_G13
	ZERO(job_params3.unk_290),
#else
	CONST(job_params3.unk_290, AGX_FRAGMENT_UNK_58_G14),
#endif
	ZERO(job_params3.unk_2f8),
	ZERO(job_params3.unk_30c),
	ZERO(job_params3.aux_fb_info.unk2),
#if AGX_FW_V13
	CONST(job_params3.aux_fb_info.unk3, AGX_AUX_FB_UNK3),
#endif
	ZERO(job_params3.pad_328),
	ZEROS(job_params3.unk_partial_eot.unk_0, job_params3.unk_partial_eot.unk_8),
	SAME(job_params3.unk_partial_eot.rsrc_spec, job_params3.partial_eot.rsrc_spec),
	ZERO(job_params3.unk_partial_eot.unk_10),
	SAME(job_params3.unk_partial_eot.address, job_params3.partial_eot.address),
	ZEROS(job_params3.unk_partial_eot.unk_18, job_params3.unk_partial_eot.pad_1c),
	ZEROS(job_params3.partial_eot.unk_0, job_params3.partial_eot.unk_8),
	ZERO(job_params3.partial_eot.unk_10),
	ZEROS(job_params3.partial_eot.unk_18, job_params3.partial_eot.pad_1c),
	ZEROS(job_params3.unk_37c, job_params3.unk_388),
#if AGX_FW_V13
	ZERO(job_params3.unk_390_0),
#endif
	ZEROS(unk_758_flag, unk_878),
	ENCODER_ROWS,
	MAX(process_empty_tiles, 1),
	CONST(no_clear_pipeline_textures, 1),
	ZEROS(msaa_zs, unk_pointee),
#if AGX_FW_V13
	ZERO(unk_v13_3),
#endif
	META_ROWS,
	ZEROS(unk_after_meta, unk_buf_8),
#if AGX_FW_G14X
	ZERO(unk_buf_10),
#else
	CONST(unk_buf_10, 1),
#endif
	ZERO(command_time),
	FACT(client_sequence, FACT_CLIENT),
	{ROW_AT(T, pad_925), (uint16_t)(sizeof(struct T) - ROW_AT(T, pad_925)), ROW_ZERO, 0,
	 AGX_FINDING_COMMAND_NOT_ZERO, 0},
};
#undef T

#define T AGX_FW(run_compute)
static const struct row compute_rows[] = {
	ZERO(unk_4),
	ZERO(unk_pointee),
#if !AGX_FW_G14X
	ZERO(unk_buf),
	CONST(job_params1.unk_38, AGX_COMPUTE_UNK_38),
	ZERO(job_params1.unk_44),
	ZERO(job_params1.unk_54),
	CONST(job_params1.unk_58, AGX_COMPUTE_UNK_58),
	ZERO(job_params1.unk_5c),
	ZERO(job_params1.pad_64),
#endif
	LIST_ROWS,
	ZERO(unk_pad),
	{ROW_AT(T, job_params2),
	 (uint16_t)(ROW_AT(T, job_params2.preempt_buf1) - ROW_AT(T, job_params2)), ROW_ZERO, 0,
	 AGX_FINDING_COMMAND_NOT_ZERO, 0},
	FACT(job_params2.preempt_buf1, FACT_PREEMPT_BUF1),
	ZERO(job_params2.unk_34),
	CONST(job_params2.unk_g14x, AGX_FW_G14X ? AGX_COMPUTE_UNK_G14X : 0),
	{ROW_AT(T, job_params2.unk_58),
	 (uint16_t)(ROW_AT(T, encoder_params) - ROW_AT(T, job_params2.unk_58)), ROW_ZERO, 0,
	 AGX_FINDING_COMMAND_NOT_ZERO, 0},
	ENCODER_ROWS,
	META_ROWS,
	ZERO(command_time),
	FACT(client_sequence, FACT_CLIENT),
	{ROW_AT(T, pad_2d1), (uint16_t)(sizeof(struct T) - ROW_AT(T, pad_2d1)), ROW_ZERO, 0,
	 AGX_FINDING_COMMAND_NOT_ZERO, 0},
};
#undef T

/* Where a register's value stands in a parameter block. */
struct source {
	uint8_t position, size;
	uint16_t offset;
	uint64_t keep; /* bits of it */
};

#define KEEP(register, member, bits)                                         \
	{                                                                    \
		POS_##register, ROW_SIZE(T, member), ROW_AT(T, member), bits \
	}
#define FROM(register, member) KEEP(register, member, ~0ull)

#if !AGX_FW_G14X
#define T AGX_FW(run_vertex)
static const struct source vertex_sources[] = {
	FROM(VERTEX_UNK_10141, job_params1.unk_0),
	FROM(TVB_TILEMAP, job_params1.tvb_tilemap),
	FROM(TVB_TILEMAP_2, job_params1.tvb_tilemap),
	FROM(TE_TPC_ADDR, job_params1.tpc),
	FROM(TVB_HEAPMETA, job_params1.tvb_heapmeta),
	FROM(TVB_HEAPMETA_2, job_params1.tvb_heapmeta),
	FROM(VERTEX_UNK_1C051, job_params1.iogpu_unk_54),
	FROM(VERTEX_UNK_1C061, job_params1.iogpu_unk_56),
	FROM(VERTEX_UTILE_CONFIG, job_params1.utile_config),
	FROM(VERTEX_PPP_MULTISAMPLECTL, job_params1.ppp_multisamplectl),
	FROM(VERTEX_PREEMPT_BUF1, job_params1.preempt_buf1),
	FROM(VERTEX_PREEMPT_BUF1_2, job_params1.preempt_buf1),
	FROM(VERTEX_PREEMPT_BUF2, job_params1.preempt_buf2),
	FROM(VERTEX_PREEMPT_BUF2_2, job_params1.preempt_buf2),
	FROM(VERTEX_UNK_1C958, job_params1.unk_80),
	FROM(VERTEX_PREEMPT_BUF3, job_params1.preempt_buf3),
	FROM(VDM_CTRL_STREAM_BASE, job_params1.vdm_ctrl_stream_base),
	FROM(TVB_LAYERMETA, job_params1.tvb_layermeta),
	FROM(TVB_LAYERMETA_2, job_params1.tvb_layermeta),
#if AGX_FW_G13
	FROM(TVB_CLUSTER_TILEMAPS, job_params1.tvb_cluster_tilemaps),
	FROM(TVB_CLUSTER_TILEMAPS_2, job_params1.tvb_cluster_tilemaps),
	KEEP(TVB_CLUSTER_META1, job_params1.tvb_cluster_meta1, BASE_MASK),
	FROM(TVB_CLUSTER_META2, job_params1.tvb_cluster_meta2),
	FROM(TVB_CLUSTER_META3, job_params1.tvb_cluster_meta3),
	KEEP(TVB_CLUSTER_META4, job_params1.tvb_cluster_meta4, BASE_MASK),
	KEEP(TVB_CLUSTER_META4_2, job_params1.tvb_cluster_meta4, BASE_MASK),
	FROM(TVB_CLUSTER_LAYERMETA, job_params1.tvb_cluster_layermeta),
	FROM(TVB_CLUSTER_LAYERMETA_2, job_params1.tvb_cluster_layermeta),
	FROM(TILING_CONTROL, job_params1.tiling_control),
	FROM(VERTEX_UNK_1C9A8, job_params1.unk_f0),
#endif
	FROM(USC_EXEC_BASE_TA, job_params1.usc_exec_base_ta),
	FROM(VERTEX_HELPER_PROGRAM, job_params1.helper_program),
	FROM(VERTEX_HELPER_ARG, job_params1.helper_arg),
	FROM(VERTEX_HELPER_CFG, tiling_params.helper_cfg),
	FROM(TE_PSG, tiling_params.rgn_size),
	FROM(TE_PSG_2, tiling_params.rgn_size),
	FROM(VERTEX_UNK_10131, tiling_params.unk_4),
	FROM(PPP_CTRL, tiling_params.ppp_ctrl),
	{POS_PPP_SCREEN, 4, ROW_AT(T, tiling_params.x_max), ~0ull},
	FROM(TE_SCREEN, tiling_params.te_screen),
	FROM(TE_MTILE1, tiling_params.te_mtile1),
	FROM(TE_MTILE2, tiling_params.te_mtile2),
	FROM(TE_MTILE, tiling_params.tiles_per_mtile),
	FROM(TE_TPC, tiling_params.tpc_stride),
	FROM(VERTEX_UNK_10171, tiling_params.unk_24),
	FROM(RENDER_TARGET_MAX, tiling_params.unk_28),
	KEEP(RENDER_TARGET_MAX_2, tiling_params.unk_28, 0x4fff),
	FROM(VERTEX_UNK_12099, job_params1.unk_118),
};
#undef T

#define T AGX_FW(run_fragment)
static const struct source fragment_sources[] = {
	FROM(FRAGMENT_UTILE_CONFIG, job_params1.utile_config),
	FROM(EOT_RSRC_SPEC, job_params2.eot_rsrc_spec),
	FROM(EOT_USC, job_params2.eot_usc),
	FROM(BG_RSRC_SPEC, job_params1.bg.rsrc_spec),
	FROM(BG_USC, job_params1.bg.address),
	FROM(ISP_MERGE_UPPER_X, job_params2.isp_merge_upper_x),
	FROM(ISP_MERGE_UPPER_Y, job_params2.isp_merge_upper_y),
	FROM(FRAGMENT_PPP_MULTISAMPLECTL, job_params1.ppp_multisamplectl),
	{POS_ISP_MTILE_SIZE, 4, ROW_AT(T, job_params2.utiles_per_mtile_y), ~0ull},
	{POS_ISP_MTILE_SIZE_2, 4, ROW_AT(T, job_params2.utiles_per_mtile_y), ~0ull},
	FROM(FRAGMENT_TE_SCREEN, job_params2.tile_counts),
	FROM(FRAGMENT_TVB_HEAPMETA, job_params1.tvb_heapmeta),
	FROM(ISP_SCISSOR_BASE, job_params1.isp_scissor_base),
	FROM(ISP_DBIAS_BASE, job_params1.isp_dbias_base),
	FROM(ISP_CTL, job_params1.aux_fb_info.isp_ctl),
	{POS_FRAGMENT_SIZE, 8, ROW_AT(T, job_params1.aux_fb_info.width), ~0ull},
#if AGX_FW_V13
	FROM(FRAGMENT_UNK_15049, job_params1.aux_fb_info.unk3),
#endif
	FROM(TIB_BLOCKS, job_params2.tib_blocks),
	FROM(ISP_ZLS_PIXELS, job_params1.isp_zls_pixels),
	FROM(ISP_BGOBJDEPTH, job_params2.isp_bgobjdepth),
	FROM(ISP_BGOBJVALS, job_params2.isp_bgobjvals),
	FROM(ISP_OCLQRY_BASE, job_params1.isp_oclqry_base),
	FROM(ISP_ZLSCTL, job_params1.zls_ctrl),
#if AGX_FW_G14
	FROM(FRAGMENT_UNK_15349, job_params1.unk_58_g14_0),
	FROM(FRAGMENT_UNK_15351, job_params1.unk_58_g14_8),
#endif
	FROM(ISP_ZLOAD_BASE, job_params1.z_load),
	FROM(ISP_ZSTORE_BASE, job_params1.z_store),
	FROM(ISP_STENCIL_LOAD_BASE, job_params1.s_load),
	FROM(ISP_STENCIL_STORE_BASE, job_params1.s_store),
	FROM(ISP_ZLOAD_STRIDE, job_params1.z_load_stride),
	FROM(ISP_ZSTORE_STRIDE, job_params1.z_store_stride),
	FROM(ISP_STENCIL_LOAD_STRIDE, job_params1.s_load_stride),
	FROM(ISP_STENCIL_STORE_STRIDE, job_params1.s_store_stride),
	FROM(ISP_ZLOAD_COMP_BASE, job_params1.z_load_comp),
	FROM(ISP_ZLOAD_COMP_STRIDE, job_params1.z_load_comp_stride),
	FROM(ISP_ZSTORE_COMP_BASE, job_params1.z_store_comp),
	FROM(ISP_ZSTORE_COMP_STRIDE, job_params1.z_store_comp_stride),
	FROM(ISP_STENCIL_LOAD_COMP_BASE, job_params1.s_load_comp),
	FROM(ISP_STENCIL_LOAD_COMP_STRIDE, job_params1.s_load_comp_stride),
	FROM(ISP_STENCIL_STORE_COMP_BASE, job_params1.s_store_comp),
	FROM(ISP_STENCIL_STORE_COMP_STRIDE, job_params1.s_store_comp_stride),
	FROM(FRAGMENT_TVB_TILEMAP, job_params1.tvb_tilemap),
	FROM(FRAGMENT_TVB_LAYERMETA, job_params1.tvb_layermeta),
	FROM(MTILE_STRIDE_DWORDS, job_params1.mtile_stride_dwords),
	FROM(TILE_CONFIG, job_params1.tile_config),
	FROM(FRAGMENT_HELPER_PROGRAM, job_params1.helper_program),
	FROM(FRAGMENT_HELPER_ARG, job_params1.helper_arg),
	FROM(FRAGMENT_HELPER_CFG, job_params2.helper_cfg),
	FROM(USC_EXEC_BASE_ISP, job_params1.usc_exec_base_isp),
	FROM(AUX_FB, job_params1.aux_fb),
	FROM(AUX_FB_2, job_params1.aux_fb),
	FROM(FRAGMENT_UNK_120A1, job_params1.unk_158),
};
#undef T

#define T AGX_FW(run_compute)
static const struct source compute_sources[] = {
	FROM(COMPUTE_PREEMPT_BUF1, job_params1.preempt_buf1),
	FROM(CDM_CTRL_STREAM_BASE, job_params1.cdm_ctrl_stream_base),
	FROM(COMPUTE_PREEMPT_BUF2, job_params1.preempt_buf2),
	FROM(COMPUTE_PREEMPT_BUF3, job_params1.preempt_buf3),
	FROM(COMPUTE_PREEMPT_BUF4, job_params1.preempt_buf4),
	FROM(COMPUTE_PREEMPT_BUF5, job_params1.preempt_buf5),
	FROM(USC_EXEC_BASE_CP, job_params1.usc_exec_base_cp),
	FROM(COMPUTE_HELPER_PROGRAM, job_params1.helper_program),
	FROM(COMPUTE_HELPER_ARG, job_params1.helper_arg),
	FROM(COMPUTE_HELPER_CFG, job_params1.helper_cfg),
	FROM(COMPUTE_UNK_12091, job_params1.iogpu_unk_40),
};
#undef T
#endif

/* What a partial render has in place of the pass'. The first part must be the same as there. */
#define T AGX_FW(run_fragment)
static const struct source partial_sources[] = {
	FROM(ISP_DBIAS_BASE, job_params3.isp_dbias_base.ptr),
	FROM(ISP_SCISSOR_BASE, job_params3.isp_scissor_base.ptr),
	FROM(ISP_OCLQRY_BASE, job_params3.isp_oclqry_base),
	FROM(ISP_ZLSCTL, job_params3.zls_ctrl),
	FROM(ISP_ZLOAD_BASE, job_params3.z_load),
	FROM(ISP_ZSTORE_BASE, job_params3.z_store),
	FROM(ISP_ZSTORE_BASE, job_params3.z_partial),
	FROM(ISP_ZLOAD_STRIDE, job_params3.z_partial_stride),
	FROM(ISP_ZSTORE_STRIDE, job_params3.z_partial_stride),
	FROM(ISP_ZLOAD_COMP_BASE, job_params3.z_partial_comp),
	FROM(ISP_ZSTORE_COMP_BASE, job_params3.z_partial_comp),
	FROM(ISP_ZLOAD_COMP_STRIDE, job_params3.z_partial_comp_stride),
	FROM(ISP_ZSTORE_COMP_STRIDE, job_params3.z_partial_comp_stride),
	FROM(ISP_STENCIL_LOAD_BASE, job_params3.s_load),
	FROM(ISP_STENCIL_STORE_BASE, job_params3.s_store),
	FROM(ISP_STENCIL_STORE_BASE, job_params3.s_partial),
	FROM(ISP_STENCIL_LOAD_STRIDE, job_params3.s_partial_stride),
	FROM(ISP_STENCIL_STORE_STRIDE, job_params3.s_partial_stride),
	FROM(ISP_STENCIL_LOAD_COMP_BASE, job_params3.s_partial_comp),
	FROM(ISP_STENCIL_STORE_COMP_BASE, job_params3.s_partial_comp),
	FROM(ISP_STENCIL_LOAD_COMP_STRIDE, job_params3.s_partial_comp_stride),
	FROM(ISP_STENCIL_STORE_COMP_STRIDE, job_params3.s_partial_comp_stride),
	FROM(TIB_BLOCKS, job_params3.tib_blocks),
	FROM(ISP_CTL, job_params3.aux_fb_info.isp_ctl),
	{POS_FRAGMENT_SIZE, 8, ROW_AT(T, job_params3.aux_fb_info.width), ~0ull},
	FROM(TILE_CONFIG, job_params3.tile_config),
	FROM(ISP_BGOBJDEPTH, job_params3.isp_bgobjdepth),
	FROM(ISP_BGOBJVALS, job_params3.isp_bgobjvals),
	FROM(ISP_ZLS_PIXELS, job_params3.isp_zls_pixels),
	/* These differ. */
	FROM(BG_RSRC_SPEC, job_params3.partial_bg.rsrc_spec),
	FROM(BG_USC, job_params3.partial_bg.address),
	FROM(EOT_RSRC_SPEC, job_params3.partial_eot.rsrc_spec),
	FROM(EOT_USC, job_params3.partial_eot.address),
};
#undef T
#define PARTIAL_DIFFERENT 4

/* Bits that one of the two has more. */
static uint64_t partial_bits(unsigned int position)
{
	return AGX_FW_G13 && position == POS_ISP_BGOBJVALS ? AGX_FRAGMENT_BGOBJVALS_G13 : 0;
}

/* Inlined where the table is known, so that each row becomes a load and a store. */
static inline __attribute__((always_inline)) void apply_sources(const uint8_t *bytes,
								const struct source *sources,
								unsigned int count,
								struct unit_registers *registers)
{
#pragma GCC unroll 128
	for (unsigned int i = 0; i < count; i++) {
		const struct source *source = &sources[i];

		registers->value[source->position] =
			critic_load(bytes, source->offset, source->size) & source->keep;
		registers->offset[source->position] = source->offset;
	}
}

/* Where the parts of a command are, by unit. */
static const struct {
	const struct row *rows;
	unsigned int row_count;
	uint32_t list, encoder, own_times, size;
#if AGX_FW_G14X
	uint32_t array;
#endif
} parts[AGX_GPU_UNITS] = {
#if AGX_FW_G14X
#define ARRAY(name) ROW_AT(AGX_FW(run_##name), registers)
#else
#define ARRAY(name)
#endif
#define PART(unit, name)                                                    \
	[AGX_GPU_##unit] = {name##_rows,                                    \
			    LENGTH(name##_rows),                            \
			    ROW_AT(AGX_FW(run_##name), register_list),      \
			    ROW_AT(AGX_FW(run_##name), encoder_params),     \
			    ROW_AT(AGX_FW(run_##name), timestamp_pointers), \
			    sizeof(struct AGX_FW(run_##name)),              \
			    ARRAY(name)}
	PART(VERTEX, vertex),
	PART(FRAGMENT, fragment),
	PART(COMPUTE, compute),
#undef PART
#undef ARRAY
};

#if AGX_FW_G14X
static struct agx_register list_entry(const struct command *command, unsigned int i)
{
	struct agx_register entry;

	memcpy(&entry, command->copy + parts[command->unit].array + i * sizeof(entry),
	       sizeof(entry));
	return entry;
}

/* The number of a list's registers, made safe. */
static unsigned int list_count(const struct command *command)
{
	unsigned int count = (unsigned int)critic_load(
		command->copy, parts[command->unit].list + ROW_AT(agx_register_list, count), 2);

	return count < AGX_MAX_REGISTERS ? count : AGX_MAX_REGISTERS;
}

void AGX_FW(collect_registers)(const struct command *command, struct unit_registers *registers)
{
	const unsigned int count = list_count(command);
	const unsigned int known = registers_count(command->unit);

	memset(registers, 0, sizeof(*registers));
	registers->unit = command->unit;
	for (unsigned int i = 0; i < count; i++) {
		struct agx_register entry = list_entry(command, i);
		unsigned int position = i;

		if (i >= known || registers_number(command->unit, i) != entry.number)
			position = registers_position(command->unit, entry.number);
		if (position == known)
			continue;
		registers->value[position] = entry.value;
		registers->offset[position] =
			(uint16_t)(parts[command->unit].array + i * sizeof(entry) +
				   ROW_AT(agx_register, value));
	}
}

/* false: the firmware would read past the array. */
static bool judge_list(struct agx_firmware *firmware, const struct command *command,
		       const struct unit_registers *registers)
{
	const struct place *place = &command->place;
	const uint32_t at = parts[command->unit].list, array = parts[command->unit].array;
	const unsigned int known = registers_count(command->unit);
	uint64_t seen[2] = {0, 0};
	struct agx_register_list list;

	memcpy(&list, command->copy + at, sizeof(list));
	if (list.length != list.count * sizeof(struct agx_register))
		firmware_find(firmware, AGX_FINDING_COMMAND_REGISTER_LIST, place,
			      at + ROW_AT(agx_register_list, length),
			      list.count * sizeof(struct agx_register), list.length, NULL);
	if (list.count > AGX_MAX_REGISTERS) {
		firmware_find(firmware, AGX_FINDING_COMMAND_REGISTER_LIST, place,
			      at + ROW_AT(agx_register_list, count), AGX_MAX_REGISTERS, list.count,
			      NULL);
		return false;
	}
	for (unsigned int i = 0; i < list.count; i++) {
		struct agx_register entry = list_entry(command, i);
		const uint32_t offset = array + i * (uint32_t)sizeof(entry);
		unsigned int position = i;

		if (i >= known || registers_number(command->unit, i) != entry.number)
			position = registers_position(command->unit, entry.number);
		if (position < known) {
			if (seen[position / 64] >> (position % 64) & 1)
				firmware_find(firmware, AGX_FINDING_COMMAND_REGISTER_TWICE, place,
					      offset, 0, entry.number, NULL);
			seen[position / 64] |= 1ull << (position % 64);
		} else if (!registers_known_extra(command->unit, entry.number)) {
			firmware_find(firmware, AGX_FINDING_COMMAND_REGISTER_UNKNOWN, place, offset,
				      0, entry.number, NULL);
		}
	}
	for (unsigned int i = 0; i < known; i++) {
		if (registers->offset[i])
			continue;
		firmware_find(firmware, AGX_FINDING_COMMAND_REGISTER_MISSING, place,
			      at + ROW_AT(agx_register_list, count),
			      registers_number(command->unit, i), 0, NULL);
		break;
	}
	return true;
}

static uint64_t register_array(const struct command *command)
{
	return command->place.va + parts[command->unit].array;
}
#else
void AGX_FW(collect_registers)(const struct command *command, struct unit_registers *registers)
{
	memset(registers, 0, sizeof(*registers));
	registers->unit = command->unit;
	if (command->unit == AGX_GPU_VERTEX)
		apply_sources(command->copy, vertex_sources, LENGTH(vertex_sources), registers);
	else if (command->unit == AGX_GPU_FRAGMENT)
		apply_sources(command->copy, fragment_sources, LENGTH(fragment_sources), registers);
	else
		apply_sources(command->copy, compute_sources, LENGTH(compute_sources), registers);
}

static bool judge_list(struct agx_firmware *firmware, const struct command *command,
		       const struct unit_registers *registers)
{
	return true;
}

static uint64_t register_array(const struct command *command)
{
	return 0;
}
#endif

/* The UAT context must be a user's, and have a table. */
static void judge_context(struct agx_firmware *firmware, const struct command *command)
{
	const uint32_t at[AGX_GPU_UNITS] = {
		[AGX_GPU_VERTEX] = ROW_AT(AGX_FW(run_vertex), vm_slot),
		[AGX_GPU_FRAGMENT] = ROW_AT(AGX_FW(run_fragment), vm_slot),
		[AGX_GPU_COMPUTE] = ROW_AT(AGX_FW(run_compute), vm_slot),
	};
	struct agx_walk_result result;
	const char *why = NULL;

	agx_walk(&firmware->walker, command->vm_slot, AGX_WALK_GPU, 0, 0, &result);
	if (!command->vm_slot || command->vm_slot >= AGX_UAT_CONTEXTS)
		why = "no context of user space";
	else if (result.fault == AGX_WALK_NO_TABLE || result.fault == AGX_WALK_BAD_TTBAT)
		why = agx_walk_fault_name(result.fault);
	else if (result.asid != command->vm_slot)
		why = "address space number of its table";
	if (why)
		firmware_find(firmware, AGX_FINDING_COMMAND_CONTEXT, &command->place,
			      at[command->unit], AGX_UAT_CONTEXTS - 1, command->vm_slot, why);
}

static void judge_encoder(struct agx_firmware *firmware, const struct command *command)
{
	const uint32_t at = parts[command->unit].encoder;
	struct agx_encoder_params params;

	memcpy(&params, command->copy + at, sizeof(params));
	if (params.sampler_max != params.sampler_count + 1)
		firmware_find(firmware, AGX_FINDING_COMMAND_SAMPLERS, &command->place,
			      at + ROW_AT(agx_encoder_params, sampler_max),
			      (uint64_t)params.sampler_count + 1, params.sampler_max, NULL);
}

static bool judge_pointer(struct agx_firmware *firmware, const struct command *command,
			  uint32_t offset, uint64_t size, enum memory_class class, const char *name)
{
	return memory_check(firmware, &command->place, offset,
			    critic_load(command->copy, offset, 8), size, class, name);
}

/* Objects that the firmware itself reads and writes. */
static bool judge_pointers(struct agx_firmware *firmware, const struct command *command)
{
	const uint32_t times = parts[command->unit].own_times;

	if (!judge_pointer(firmware, command, times + ROW_AT(agx_timestamp_pointers, start_addr), 8,
			   MEMORY_SHARED, "start time") ||
	    !judge_pointer(firmware, command, times + ROW_AT(agx_timestamp_pointers, end_addr), 8,
			   MEMORY_SHARED, "end time"))
		return false;
#define T AGX_FW(run_vertex)
	if (command->unit == AGX_GPU_VERTEX)
		return judge_pointer(firmware, command, ROW_AT(T, buffer),
				     sizeof(struct AGX_FW(buffer_info)), MEMORY_PRIVATE,
				     "buffer_info") &&
		       judge_pointer(firmware, command, ROW_AT(T, scene),
				     sizeof(struct AGX_FW(scene)), MEMORY_SHARED, "scene") &&
		       judge_pointer(firmware, command, ROW_AT(T, unk_buffer_buf),
				     AGX_KERNEL_BUFFER_SIZE, MEMORY_SHARED, "kernel buffer");
#undef T
#define T AGX_FW(run_fragment)
	if (command->unit == AGX_GPU_FRAGMENT)
		return judge_pointer(firmware, command, ROW_AT(T, buffer),
				     sizeof(struct AGX_FW(buffer_info)), MEMORY_PRIVATE,
				     "buffer_info") &&
		       judge_pointer(firmware, command, ROW_AT(T, scene),
				     sizeof(struct AGX_FW(scene)), MEMORY_SHARED, "scene") &&
		       judge_pointer(firmware, command, ROW_AT(T, unk_buffer_buf),
				     AGX_KERNEL_BUFFER_SIZE, MEMORY_SHARED, "kernel buffer");
#undef T
	return true;
}

/* What the frame's size and layers give, beyond the registers. */
static void judge_vertex(struct agx_firmware *firmware, const struct command *command,
			 const struct unit_registers *registers)
{
	static const uint8_t cluster[] = {POS_TVB_CLUSTER_TILEMAPS, POS_TVB_CLUSTER_META1,
					  POS_TVB_CLUSTER_META2, POS_TVB_CLUSTER_META3,
					  POS_TVB_CLUSTER_META4};
	struct AGX_FW(run_vertex) run;
	const struct place *place = &command->place;
	unsigned int present = 0, there = 0, odd = 0;
	uint64_t unit_size;
	struct frame frame;
	struct tiles tiles;

	memcpy(&run, command->copy, sizeof(run));
	if (run.buffer_slot >= AGX_BUFFER_SLOTS)
		firmware_find(firmware, AGX_FINDING_BUFFER_SLOT, place,
			      ROW_AT(AGX_FW(run_vertex), buffer_slot), AGX_BUFFER_SLOTS - 1,
			      run.buffer_slot, NULL);
	if (run.fragment_stamp_slot >= AGX_EVENT_SLOTS)
		firmware_find(firmware, AGX_FINDING_VERTEX_FRAGMENT, place,
			      ROW_AT(AGX_FW(run_vertex), fragment_stamp_slot), AGX_EVENT_SLOTS - 1,
			      run.fragment_stamp_slot, NULL);
	if (run.fragment_stamp_value % AGX_STAMP_STEP)
		firmware_find(firmware, AGX_FINDING_VERTEX_FRAGMENT, place,
			      ROW_AT(AGX_FW(run_vertex), fragment_stamp_value),
			      run.fragment_stamp_value & ~(AGX_STAMP_STEP - 1u),
			      run.fragment_stamp_value, NULL);

	registers_judge_vertex_tiling(firmware, place, registers, &frame);
	if (!frame.valid)
		return;
	tiles_compute(frame.width, frame.height, frame.utile_config, &tiles);

	/* One part for each cluster that takes part; without clusters, one. */
	unit_size = tiles.tpc_size * frame.layers;
	if (!run.tpc_size || run.tpc_size % unit_size || run.tpc_size / unit_size > 16 ||
	    (run.tpc_size > unit_size && (!registers->value[POS_TVB_CLUSTER_TILEMAPS] ||
					  registers->value[POS_TILING_CONTROL] & 1)))
		firmware_find(firmware, AGX_FINDING_VERTEX_CACHE, place,
			      ROW_AT(AGX_FW(run_vertex), tpc_size), unit_size, run.tpc_size, NULL);
	else
		critic_gpu(firmware, AGX_FINDING_COMMAND_GPU_ADDRESS, place,
			   registers->offset[POS_TE_TPC_ADDR], command->vm_slot,
			   registers->value[POS_TE_TPC_ADDR], run.tpc_size, GPU_RW,
			   "tile parameter cache");
	critic_gpu(firmware, AGX_FINDING_COMMAND_GPU_ADDRESS, place,
		   registers->offset[POS_TVB_TILEMAP], command->vm_slot,
		   registers->value[POS_TVB_TILEMAP], tiles.tilemap_size * frame.layers, GPU_RW,
		   "tile map");
	if (frame.layers > 1)
		critic_gpu(firmware, AGX_FINDING_COMMAND_GPU_ADDRESS, place,
			   registers->offset[POS_TVB_LAYERMETA], command->vm_slot,
			   registers->value[POS_TVB_LAYERMETA], 0x100, GPU_RW, "layer meta");

	for (unsigned int i = 0; i < LENGTH(cluster); i++) {
		present += registers->offset[cluster[i]] != 0;
		there += registers->value[cluster[i]] != 0;
		odd = !registers->value[cluster[i]] || odd ? odd : i;
	}
	if (there && there != present)
		firmware_find(firmware, AGX_FINDING_VERTEX_CLUSTER, place,
			      registers->offset[cluster[odd]], present, there,
			      "of the buffers for clusters");
#if AGX_FW_G13
	{
		/* Blocks: the tag of meta 1 is their number in a layer. */
		uint64_t blocks =
			(run.job_params1.tvb_cluster_meta1 >> AGX_VERTEX_CLUSTER_META1_SHIFT) *
			frame.layers;
		uint64_t expected = AGX_VERTEX_UNK_F0 + ((blocks + 3) & ~3ull);

		if (run.job_params1.tvb_cluster_meta1 >> 40 & 0x3ff)
			firmware_find(firmware, AGX_FINDING_COMMAND_VALUE, place,
				      ROW_AT(AGX_FW(run_vertex), job_params1.tvb_cluster_meta1),
				      run.job_params1.tvb_cluster_meta1 & ~(0x3ffull << 40),
				      run.job_params1.tvb_cluster_meta1, NULL);
		if (run.job_params1.unk_f0 != expected)
			firmware_find(firmware, AGX_FINDING_VERTEX_CLUSTER, place,
				      ROW_AT(AGX_FW(run_vertex), job_params1.unk_f0), expected,
				      run.job_params1.unk_f0, "blocks of meta 1");
	}
#elif AGX_FW_G14X
	if (registers->value[POS_VERTEX_UNK_1C9A8] != AGX_VERTEX_UNK_F0)
		firmware_find(firmware, AGX_FINDING_COMMAND_REGISTER_VALUE, place,
			      registers->offset[POS_VERTEX_UNK_1C9A8], AGX_VERTEX_UNK_F0,
			      registers->value[POS_VERTEX_UNK_1C9A8], NULL);
#endif
}

static void judge_partial(struct agx_firmware *firmware, const struct command *command,
			  const struct unit_registers *registers)
{
	for (unsigned int i = 0; i < LENGTH(partial_sources) - PARTIAL_DIFFERENT; i++) {
		const struct source *source = &partial_sources[i];
		uint64_t got = critic_load(command->copy, source->offset, source->size);
		uint64_t pass = registers->value[source->position];
		uint64_t more = partial_bits(source->position);

		if ((got | more) != pass)
			firmware_find(firmware, AGX_FINDING_FRAGMENT_PARTIAL, &command->place,
				      source->offset, pass & ~more, got, NULL);
	}
}

/* The vertex command of the same render has been started before. */
static void judge_pair(struct agx_firmware *firmware, const struct command *command,
		       const struct unit_registers *registers, const struct frame *frame)
{
	const uint64_t va = critic_load(command->copy, ROW_AT(AGX_FW(run_fragment), scene), 8);
	const uint64_t buffer = critic_load(command->copy, ROW_AT(AGX_FW(run_fragment), buffer), 8);
	const struct scene *scene = buffers_scene(firmware, va);
	const uint32_t meta = ROW_AT(AGX_FW(run_fragment), meta);

	if (!scene) {
		if (!firmware->buffer_state.full)
			firmware_find(firmware, AGX_FINDING_SCENE_UNKNOWN, &command->place,
				      ROW_AT(AGX_FW(run_fragment), scene), 0, va, NULL);
		return;
	}
	const struct {
		uint32_t offset;
		uint64_t vertex, fragment;
	} pairs[] = {
		{ROW_AT(AGX_FW(run_fragment), buffer), scene->buffer, buffer},
		{meta + ROW_AT(agx_job_meta, stamp_slot), scene->fragment_slot,
		 command->meta.stamp_slot},
		{meta + ROW_AT(agx_job_meta, stamp_value), scene->fragment_value,
		 command->meta.stamp_value},
		{registers->offset[POS_FRAGMENT_TVB_TILEMAP], scene->tilemap,
		 registers->value[POS_FRAGMENT_TVB_TILEMAP]},
		{registers->offset[POS_FRAGMENT_TVB_HEAPMETA], scene->heapmeta,
		 registers->value[POS_FRAGMENT_TVB_HEAPMETA]},
		{registers->offset[POS_FRAGMENT_SIZE], scene->width | (uint64_t)scene->height << 32,
		 frame->width | (uint64_t)frame->height << 32},
		{registers->offset[POS_FRAGMENT_UTILE_CONFIG], scene->utile_config,
		 frame->utile_config},
		{registers->offset[POS_TILE_CONFIG], scene->layers > 1, frame->layers > 1},
	};

	for (unsigned int i = 0; i < LENGTH(pairs); i++)
		if (pairs[i].vertex != pairs[i].fragment)
			firmware_find(firmware, AGX_FINDING_FRAGMENT_PAIR, &command->place,
				      pairs[i].offset, pairs[i].vertex, pairs[i].fragment, NULL);
}

static void judge_fragment(struct agx_firmware *firmware, const struct command *command,
			   const struct unit_registers *registers)
{
	const struct place *place = &command->place;
	struct AGX_FW(run_fragment) run;
	struct frame frame;
	struct tiles tiles;
	uint64_t blocks, empty;

	memcpy(&run, command->copy, sizeof(run));
	judge_partial(firmware, command, registers);
	empty = registers->value[POS_TILE_CONFIG] & AGX_TILE_CONFIG_PROCESS_EMPTY_TILES ? 1 : 0;
	if (run.process_empty_tiles <= 1 && run.process_empty_tiles != empty)
		firmware_find(firmware, AGX_FINDING_COMMAND_REFERENCE, place,
			      ROW_AT(AGX_FW(run_fragment), process_empty_tiles), empty,
			      run.process_empty_tiles, "as in tile_config");

	registers_judge_fragment_tiling(firmware, place, registers, &frame);
	if (!frame.valid)
		return;
	tiles_compute(frame.width, frame.height, frame.utile_config, &tiles);
	if (run.samples != tiles.samples)
		firmware_find(firmware, AGX_FINDING_COMMAND_REFERENCE, place,
			      ROW_AT(AGX_FW(run_fragment), samples), tiles.samples, run.samples,
			      "as in utile_config");
	if (run.tiles_per_mtile_y != tiles.mtile_y || run.tiles_per_mtile_x != tiles.mtile_x)
		firmware_find(firmware, AGX_FINDING_FRAGMENT_TILING, place,
			      ROW_AT(AGX_FW(run_fragment), tiles_per_mtile_y),
			      tiles.mtile_y | tiles.mtile_x << 16,
			      run.tiles_per_mtile_y | (uint32_t)run.tiles_per_mtile_x << 16, NULL);
	if (run.tile_count != (uint64_t)tiles.x * tiles.y)
		firmware_find(firmware, AGX_FINDING_FRAGMENT_TILING, place,
			      ROW_AT(AGX_FW(run_fragment), tile_count), (uint64_t)tiles.x * tiles.y,
			      run.tile_count, NULL);
	judge_pair(firmware, command, registers, &frame);
	blocks = tiles_tib_blocks(&tiles, run.job_params3.sample_size);
	if (registers->value[POS_TIB_BLOCKS] != blocks)
		firmware_find(firmware, AGX_FINDING_FRAGMENT_TILE_BUFFER, place,
			      registers->offset[POS_TIB_BLOCKS], blocks,
			      registers->value[POS_TIB_BLOCKS], NULL);
}

static void judge_compute(struct agx_firmware *firmware, const struct command *command,
			  const struct unit_registers *registers)
{
	static const uint8_t order[] = {POS_COMPUTE_PREEMPT_BUF2, POS_COMPUTE_PREEMPT_BUF3,
					POS_COMPUTE_PREEMPT_BUF4, POS_COMPUTE_PREEMPT_BUF5};
	const uint64_t first = registers->value[POS_COMPUTE_PREEMPT_BUF1];
	const uint64_t second = registers->value[POS_COMPUTE_PREEMPT_BUF2];

	if (second <= first)
		firmware_find(firmware, AGX_FINDING_COMPUTE_PREEMPTION, &command->place,
			      registers->offset[POS_COMPUTE_PREEMPT_BUF2], first + 8, second, NULL);
	for (unsigned int i = 1; i < LENGTH(order); i++)
		if (registers->value[order[i]] != second + 8 * i)
			firmware_find(firmware, AGX_FINDING_COMPUTE_PREEMPTION, &command->place,
				      registers->offset[order[i]], second + 8 * i,
				      registers->value[order[i]], NULL);
}

static uint32_t read_generation(struct agx_firmware *firmware, const struct command *command)
{
	uint32_t generation = 0;

	memory_read(firmware, command->notifier + ROW_AT(AGX_FW(notifier), generation), &generation,
		    sizeof(generation));
	return generation;
}

static bool check_command(struct agx_firmware *firmware, const struct command *command)
{
	uint64_t facts[FACTS] = {0};
	struct unit_registers registers;

	AGX_FW(collect_registers)(command, &registers);
	facts[FACT_COMMAND] = command->place.va;
	facts[FACT_REGISTERS] = register_array(command);
	facts[FACT_CLIENT] = read_generation(firmware, command) & 0xff;
	switch (command->unit) {
	case AGX_GPU_VERTEX:
		facts[FACT_TPC] = registers.value[POS_TE_TPC_ADDR];
		facts[FACT_PREEMPT_BUF1] = registers.value[POS_VERTEX_PREEMPT_BUF1];
		break;
	case AGX_GPU_FRAGMENT:
		facts[FACT_TILEMAP] = registers.value[POS_FRAGMENT_TVB_TILEMAP];
		facts[FACT_MULTISAMPLE] = registers.value[POS_FRAGMENT_PPP_MULTISAMPLECTL];
		facts[FACT_MERGE_X] = registers.value[POS_ISP_MERGE_UPPER_X];
		facts[FACT_MERGE_Y] = registers.value[POS_ISP_MERGE_UPPER_Y];
		break;
	default:
		facts[FACT_PREEMPT_BUF1] = registers.value[POS_COMPUTE_PREEMPT_BUF1];
		break;
	}
	if (!judge_list(firmware, command, &registers) || !judge_pointers(firmware, command)) {
		rtkit_panic(firmware, "command at 0x%" PRIx64, command->place.va);
		return false;
	}
	judge_context(firmware, command);
	critic_rows(firmware, &command->place, command->copy, parts[command->unit].rows,
		    parts[command->unit].row_count, facts);
	judge_encoder(firmware, command);
	registers_judge(firmware, &command->place, command->vm_slot, &registers);
	switch (command->unit) {
	case AGX_GPU_VERTEX:
		judge_vertex(firmware, command, &registers);
		break;
	case AGX_GPU_FRAGMENT:
		judge_fragment(firmware, command, &registers);
		break;
	default:
		judge_compute(firmware, command, &registers);
		break;
	}
	return true;
}

static void fill_attachments(enum agx_gpu_unit unit, const uint8_t *op, struct agx_gpu_work *work,
			     struct agx_gpu_attachment *to)
{
	static const uint32_t at[AGX_GPU_UNITS] = {
		[AGX_GPU_VERTEX] = ROW_AT(AGX_FW(op_start_vertex), attachments),
		[AGX_GPU_FRAGMENT] = ROW_AT(AGX_FW(op_start_fragment), attachments),
		[AGX_GPU_COMPUTE] = ROW_AT(AGX_FW(op_start_compute), attachments),
	};
	struct agx_attachments from;

	memcpy(&from, op + at[unit], sizeof(from));
	for (unsigned int i = 0; i < AGX_MAX_ATTACHMENTS && i < from.count; i++)
		to[work->attachment_count++] = (struct agx_gpu_attachment){
			.address = from.list[i].address,
			.size = (uint64_t)from.list[i].size << AGX_ATTACHMENT_SIZE_SHIFT,
		};
	work->attachments = to;
}

static bool fill_work(struct agx_firmware *firmware, const struct command *command,
		      const uint8_t *op, bool partial, struct agx_gpu_work *work,
		      struct agx_gpu_register *registers, struct agx_gpu_attachment *attachments)
{
	const struct register_table *table = &registers_tables[command->unit];
	struct agx_encoder_params params;
	struct unit_registers all;
	unsigned int used = 0;

	AGX_FW(collect_registers)(command, &all);
	if (partial)
		apply_sources(command->copy, partial_sources, LENGTH(partial_sources), &all);
	memcpy(&params, command->copy + parts[command->unit].encoder, sizeof(params));
	work->unit = command->unit;
	work->context = command->vm_slot;
	work->sampler_heap = params.sampler_array;
	work->sampler_count = params.sampler_count;
	work->partial = partial;
	work->samples = 1;
	work->layers = 1;
	if (command->unit == AGX_GPU_COMPUTE)
		work->cdm_stream_end = critic_load(
			command->copy, ROW_AT(AGX_FW(run_compute), job_params2.cdm_ctrl_stream_end),
			8);
	if (command->unit == AGX_GPU_FRAGMENT) {
		work->samples = (uint32_t)critic_load(command->copy,
						      ROW_AT(AGX_FW(run_fragment), samples), 4);
		work->layers = buffers_layers(
			firmware,
			critic_load(command->copy, ROW_AT(AGX_FW(run_fragment), scene), 8));
	}
	fill_attachments(command->unit, op, work, attachments);

	work->registers = registers;
	for (unsigned int i = 0; i < table->count; i++)
		if (all.offset[i])
			registers[used++] =
				(struct agx_gpu_register){table->numbers[i], all.value[i]};
#if AGX_FW_G14X
	for (unsigned int i = 0, count = list_count(command); i < count; i++) {
		struct agx_register entry = list_entry(command, i);

		if (i < table->count && table->numbers[i] == entry.number)
			continue;
		if (registers_known_extra(command->unit, entry.number) &&
		    used < AGX_GPU_MAX_REGISTERS)
			registers[used++] = (struct agx_gpu_register){entry.number, entry.value};
	}
#endif
	work->register_count = used;
	return true;
}

const struct command_ops OPS(AGX_FW_VARIANT) = {
	.check_command = check_command,
	.check_op = AGX_FW(critic_operation),
	.fill_work = fill_work,
	.buffer_init = AGX_FW(buffer_init),
	.buffer_begin = AGX_FW(buffer_begin),
	.buffer_overflow = AGX_FW(buffer_overflow),
	.buffer_resume = buffers_resume,
	.buffer_grown = buffers_grown,
	.buffer_end_vertex = buffers_end_vertex,
	.buffer_end_fragment = buffers_end_fragment,
	.buffer_drop = AGX_FW(buffer_drop),
};
