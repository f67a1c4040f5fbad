/* SPDX-License-Identifier: MIT */
/*
 * What commands must look like: for test_commands.c. Names of places are those of snapshot.h.
 * Facts: jannau/linux: drivers/gpu/drm/asahi/queue/render.rs, kkpan11/AsahiLinux-linux:
 * drivers/gpu/drm/asahi/queue/compute.rs, buffer.rs.
 *
 * Rows have conditions, letters that must all hold for the row to count:
 *   3 G13   4 G14 (T8112)   x G14X   o not G14X   v firmware 13.5   u firmware 12   y not G13
 *   m several clusters   s one cluster
 */
#ifndef AGX_TEST_COMMAND_TABLES_H
#define AGX_TEST_COMMAND_TABLES_H

#include "asahi_drm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- Everything that is not zero, in commands with all fields zero, 1920 x 1080 --- */

/*
 * value: hexadecimal; $NAME, of the environment; &V.member, the address of a member of a command;
 * @tag, the address of an object with that tag, +offset, |bits; ?, tested elsewhere.
 */
struct golden {
	const char *condition;
	const char *name;
	const char *value;
};

#define META(letter, pipe)                                                                    \
	{"", letter ".meta.stamp", "$STAMP" pipe}, {"", letter ".meta.fw_stamp", "$FW" pipe}, \
		{"", letter ".meta.stamp_value", "$VALUE" pipe},                              \
		{"", letter ".meta.stamp_slot", "$SLOT" pipe},                                \
	{                                                                                     \
		"", letter ".meta.event_seq", "$SEQ" pipe                                     \
	}

#define COMMON(letter)                                                                  \
	{"", letter ".vm_slot", "$VM"}, {"", letter ".notifier", "$NOTIFIER"},          \
		{"", letter ".microsequence", "@micro-sequence"},                       \
		{"", letter ".microsequence_size", "?"},                                \
		{"", letter ".encoder_params.unk_mask", "ffffffff"},                    \
		{"", letter ".encoder_params.sampler_max", "1"},                        \
		{"", letter ".client_sequence", "34"},                                  \
		{"x", letter ".register_list.addr", "&" letter ".registers"},           \
		{"x", "S" letter ".registers", "&" letter ".registers"},                \
		{"", "S" letter ".vm_slot", "$VM"}, {"", "Z" letter ".vm_slot", "$VM"}, \
		{"", "S" letter ".work_queue", "$QUEUE" letter},                        \
		{"", "Z" letter ".work_queue", "$QUEUE" letter},                        \
		{"", "S" letter ".stats", "$STATS" letter},                             \
		{"", "Z" letter ".stats", "$STATS" letter},                             \
		{"", "S" letter ".event_generation", "$NUMBER"},                        \
		{"", "S" letter ".event_seq", "$SEQ" letter},                           \
		{"", "S" letter ".unk_pointer", "&" letter ".unk_pointee"},             \
		{"v", "S" letter ".notifier_buf", "$NOTIFIER_BUF"},                     \
		{"", "Z" letter ".fw_stamp", "$FW" letter},                             \
		{"", "Z" letter ".stamp_value", "$VALUE" letter},                       \
		{"", "Z" letter ".restart_branch_offset", "?"},                         \
	{                                                                               \
		"", "R" letter ".header", "40000018"                                    \
	}

static const struct golden render_golden[] = {
	COMMON("V"),
	META("V", "V"),
	{"v", "V.counter", "$COUNTER+1"},
	{"", "V.buffer_slot", "5"},
	{"", "V.buffer", "@buffer"},
	{"", "V.scene", "@scene"},
	{"", "V.unk_buffer_buf", "@kernel buffer"},
	{"o", "V1.unk_0", "200"},
	{"o", "V1.unk_8", "1e3ce508"},
	{"o", "V1.unk_c", "1e3ce508"},
	{"o", "V1.tvb_tilemap", "@tilemap"},
	{"3m", "V1.tvb_cluster_tilemaps", "@cluster tilemaps"},
	{"o", "V1.tpc", "@tail pointer cache"},
	{"o", "V1.tvb_heapmeta", "@heap metadata|8000000000000000"},
	{"o", "V1.iogpu_unk_54", "3a0012006b0003"},
	{"o", "V1.iogpu_unk_56", "1"},
	{"3m", "V1.tvb_cluster_meta1", "@cluster metadata|4000000000000"},
	{"o", "V1.utile_config", "a000"},
	{"o", "V1.tvb_layermeta", "@heap metadata+200"},
	{"3m", "V1.tvb_cluster_layermeta", "@cluster metadata"},
	{"3", "V1.core_mask[0]", "$CORES0"},
	{"3", "V1.core_mask[1]", "$CORES1"},
	{"o", "V1.preempt_buf1", "@render preemption"},
	{"o", "V1.preempt_buf2", "@render preemption+PREEMPT2"},
	{"o", "V1.unk_80", "1"},
	{"o", "V1.preempt_buf3", "@render preemption+PREEMPT3|4000000000000"},
	{"3m", "V1.tvb_cluster_meta2", "@cluster metadata+80"},
	{"3m", "V1.tvb_cluster_meta3", "@cluster metadata+680"},
	{"3", "V1.tiling_control", "$TILING"},
	{"o", "V1.usc_exec_base_ta", "$USC"},
	{"3m", "V1.tvb_cluster_meta4", "@cluster metadata+1a80|3000000000000000"},
	{"3s", "V1.unk_f0", "1c"},
	{"3m", "V1.unk_f0", "20"},
	{"o", "V1.unk_f8", "8c60"},
	{"o", "V1.unk_118", "1c"},
	{"o", "TP.rgn_size", "f0"},
	{"o", "TP.unk_4", "88"},
	{"o", "TP.x_max", "77f"},
	{"o", "TP.y_max", "437"},
	{"o", "TP.te_screen", "2103b"},
	{"o", "TP.te_mtile1", "404030"},
	{"o", "TP.te_mtile2", "303024"},
	{"o", "TP.tiles_per_mtile", "c0"},
	{"o", "TP.tpc_stride", "180"},
	{"o", "TP.unk_24", "100"},
	{"o", "TP.unk_28", "8000"},
	{"x", "V:10141", "200"},
	{"x", "V:1c039", "@tilemap"},
	{"x", "V:1c9c8", "@tilemap"},
	{"x", "V:1c041", "@cluster tilemaps"},
	{"x", "V:1c9d0", "@cluster tilemaps"},
	{"x", "V:1c0a1", "@tail pointer cache"},
	{"x", "V:1c031", "@heap metadata|8000000000000000"},
	{"x", "V:1c9c0", "@heap metadata|8000000000000000"},
	{"x", "V:1c051", "3a0012006b0003"},
	{"x", "V:1c061", "1"},
	{"x", "V:10149", "a000"},
	{"x", "V:10111", "@render preemption"},
	{"x", "V:1c9b0", "@render preemption"},
	{"x", "V:10119", "@render preemption+PREEMPT2"},
	{"x", "V:1c9b8", "@render preemption+PREEMPT2"},
	{"x", "V:1c958", "1"},
	{"x", "V:1c950", "@render preemption+PREEMPT3|4000000000000"},
	{"x", "V:1c948", "@cluster metadata+80"},
	{"x", "V:1c888", "@cluster metadata+c80"},
	{"x", "V:1c890", "180340"},
	{"x", "V:1c918", "4"},
	{"x", "V:1c079", "@heap metadata+200"},
	{"x", "V:1c9d8", "@heap metadata+200"},
	{"x", "V:1c089", "@cluster metadata"},
	{"x", "V:1c9e0", "@cluster metadata"},
	{"x", "V:16c41", "@cluster metadata+3480"},
	{"x", "V:1ca40", "@cluster metadata+3480"},
	{"x", "V:1c9a8", "1c"},
	{"x", "V:1c920", "@cluster metadata"},
	{"x", "V:10061", "$USC"},
	{"x", "V:1c0b1", "f0"},
	{"x", "V:1c850", "f0"},
	{"x", "V:10131", "88"},
	{"x", "V:10129", "437077f"},
	{"x", "V:101b9", "2103b"},
	{"x", "V:1c069", "404030"},
	{"x", "V:1c071", "303024"},
	{"x", "V:1c081", "c0"},
	{"x", "V:1c0a9", "180"},
	{"x", "V:10171", "100"},
	{"x", "V:10169", "8000"},
	{"x", "V:12099", "1c"},
	{"x", "V.register_list.count", "39"},
	{"x", "V.register_list.length", "2ac"},
	{"", "V.tpc", "@tail pointer cache"},
	{"", "V.tpc_size", "$TPC"},
	{"", "V.fragment_stamp_slot", "$SLOTF"},
	{"", "V.fragment_stamp_value", "$VALUEF"},
	{"", "V2.preempt_buf1", "@render preemption"},
	{"", "V.timestamp_pointers.start_addr", "@render times"},
	{"", "V.timestamp_pointers.end_addr", "@render times+8"},

	{"", "SV.header", "22"},
	{"o", "SV.tiling_params", "&V.tiling_params"},
	{"o", "SV.job_params1", "&V.job_params1"},
	{"", "SV.buffer", "@buffer"},
	{"", "SV.scene", "@scene"},
	{"", "SV.unk_38", "1"},
	{"", "SV.buffer_slot", "5"},
	{"", "SV.unk_job_buf", "&V.unk_buf_0"},
	{"v", "SV.counter", "$COUNTER+1"},
	{"vs", "SV.unk_178", "1"},
	{"o", "WV.header", "101"},
	{"x", "WV.header", "2"},
	{"", "ZV.header", "23"},
	{"", "ZV.scene", "@scene"},
	{"", "ZV.buffer", "@buffer"},
	{"", "ZV.unk_pointer", "&V.unk_pointee"},

	COMMON("F"),
	META("F", "F"),
	{"", "F.tag", "1"},
	{"v", "F.counter", "$COUNTER"},
	{"", "F.buffer", "@buffer"},
	{"", "F.scene", "@scene"},
	{"", "F.unk_buffer_buf", "@kernel buffer"},
	{"", "F.tvb_tilemap", "@tilemap"},
	{"", "F.samples", "1"},
	{"", "F.tiles_per_mtile_y", "c"},
	{"", "F.tiles_per_mtile_x", "10"},
	{"", "F.tile_count", "7f8"},
	{"o", "F1.utile_config", "a000"},
	{"o", "F1.aux_fb_info.isp_ctl", "c000"},
	{"o", "F1.aux_fb_info.width", "780"},
	{"o", "F1.aux_fb_info.height", "438"},
	{"ov", "F1.aux_fb_info.unk3", "100000"},
	{"4", "F1.unk_58_g14_0", "4040404"},
	{"o", "F1.tvb_tilemap", "@tilemap"},
	{"o", "F1.tvb_layermeta", "@heap metadata+200"},
	{"o", "F1.mtile_stride_dwords", "3c0000000"},
	{"o", "F1.tvb_heapmeta", "@heap metadata"},
	{"o", "F1.tile_config", "280"},
	{"o", "F1.aux_fb", "@auxiliary buffer"},
	{"o", "F1.usc_exec_base_isp", "$USC"},
	{"o", "F1.unk_140", "8c60"},
	{"o", "F1.unk_158", "1c"},
	{"o", "F2.utiles_per_mtile_y", "c"},
	{"o", "F2.utiles_per_mtile_x", "10"},
	{"o", "F2.tile_counts", "2103b"},
	{"o", "F2.tib_blocks", "2"},
	{"3", "F2.isp_bgobjvals", "400"},
	{"o", "F2.unk_3c", "1"},
	{"x", "F:01739", "1"},
	{"x", "F:10009", "a000"},
	{"x", "F:100b1", "10000c"},
	{"x", "F:16030", "10000c"},
	{"x", "F:100d9", "2103b"},
	{"x", "F:16098", "@heap metadata"},
	{"x", "F:15021", "c000"},
	{"x", "F:15211", "43800000780"},
	{"x", "F:15049", "100000"},
	{"x", "F:10051", "2"},
	{"x", "F:15349", "4040404"},
	{"x", "F:16429", "@tilemap"},
	{"x", "F:16060", "@heap metadata+200"},
	{"x", "F:16431", "3c0000000"},
	{"x", "F:10039", "280"},
	{"x", "F:10069", "$USC"},
	{"x", "F:16461", "@auxiliary buffer"},
	{"x", "F:16090", "@auxiliary buffer"},
	{"x", "F:120a1", "1c"},
	{"x", "F:16068", "423ba2000036011"},
	{"x", "F.register_list.count", "43"},
	{"x", "F.register_list.length", "324"},
	{"y", "F3.unk_290", "4040404"},
	{"", "F3.tib_blocks", "2"},
	{"", "F3.aux_fb_info.isp_ctl", "c000"},
	{"", "F3.aux_fb_info.width", "780"},
	{"", "F3.aux_fb_info.height", "438"},
	{"v", "F3.aux_fb_info.unk3", "100000"},
	{"", "F3.tile_config", "280"},
	{"", "F3.sample_size", "4"},
	{"", "F.no_clear_pipeline_textures", "1"},
	{"o", "F.unk_buf_10", "1"},
	{"", "F.timestamp_pointers.start_addr", "@render times+10"},
	{"", "F.timestamp_pointers.end_addr", "@render times+18"},

	{"", "SF.header", "24"},
	{"o", "SF.job_params2", "&F.job_params2"},
	{"o", "SF.job_params1", "&F.job_params1"},
	{"", "SF.scene", "@scene"},
	{"", "SF.busy_flag", "&F.busy_flag"},
	{"", "SF.tvb_overflow_count", "&F.tvb_overflow_count"},
	{"", "SF.work_item", "@fragment command"},
	{"", "SF.unk_50", "1"},
	{"", "SF.buffer_slot", "5"},
	{"", "SF.unk_758_flag", "&F.unk_758_flag"},
	{"", "SF.unk_job_buf", "&F.unk_buf_0"},
	{"v", "SF.counter", "$COUNTER"},
	{"o", "WF.header", "10001"},
	{"x", "WF.header", "2"},
	{"", "ZF.header", "25"},
	{"", "ZF.scene", "@scene"},
	{"", "ZF.buffer", "@buffer"},
	{"", "ZF.unk_2c", "1"},
	{"", "ZF.unk_pointer", "&F.unk_pointee"},
	{"", "ZF.busy_flag", "&F.busy_flag"},
	{"", "ZF.work_item", "@fragment command"},
	{"", "ZF.unk_758_flag", "&F.unk_758_flag"},

	{"x", "S.control_word", "@scene control word"},
	{"x", "S.control_word2", "@scene control word"},
	{"", "S.user_buffer", "@scene list"},
	{"", "S.stats", "@buffer statistics"},
	{"", "B.cur_id", "ffffffff"},
	{"", "B.page_list", "@page list"},
	{"", "B.page_list_size", "19b30"},
	{"", "B.page_count", "40"},
	{"", "B.max_blocks", "19b3"},
	{"", "B.block_count", "10"},
	{"", "B.block_list", "@block list"},
	{"", "B.block_ctl", "@block control"},
	{"", "B.last_page", "3f"},
	{"", "B.block_size", "20000"},
	{"", "B.counter", "@buffer counter"},
	{"", "B.unk_80", "1"},
	{"", "B.max_pages", "66cc"},
	{"", "B.max_pages_nomemless", "2244"},
	{"", "I.tag", "6"},
	{"", "I.vm_slot", "$VM"},
	{"", "I.buffer_slot", "5"},
	{"", "I.block_count", "10"},
	{"", "I.buffer", "@buffer"},
	{"", "I.stamp_value", "$VALUEV"},
};

static const struct golden compute_golden[] = {
	COMMON("C"),
	META("C", "C"),
	{"", "C.tag", "3"},
	{"v", "C.counter", "$COUNTER"},
	{"o", "C1.preempt_buf1", "@compute preemption"},
	{"o", "C1.preempt_buf2", "@compute preemption+COMPUTE2"},
	{"o", "C1.preempt_buf3", "@compute preemption+COMPUTE3"},
	{"o", "C1.preempt_buf4", "@compute preemption+COMPUTE4"},
	{"o", "C1.preempt_buf5", "@compute preemption+COMPUTE5"},
	{"o", "C1.usc_exec_base_cp", "$USC"},
	{"o", "C1.unk_38", "8c60"},
	{"o", "C1.unk_58", "1"},
	{"x", "C:1a510", "@compute preemption"},
	{"x", "C:1a4d0", "@compute preemption+COMPUTE2"},
	{"x", "C:1a4d8", "@compute preemption+COMPUTE3"},
	{"x", "C:1a4e0", "@compute preemption+COMPUTE4"},
	{"x", "C:1a4e8", "@compute preemption+COMPUTE5"},
	{"x", "C:10071", "$USC"},
	{"x", "C:1a440", "24201"},
	{"x", "C.register_list.count", "c"},
	{"x", "C.register_list.length", "90"},
	{"", "C2.preempt_buf1", "@compute preemption"},
	{"x", "C2.unk_g14x", "24201"},
	{"", "C.timestamp_pointers.start_addr", "@compute times"},
	{"", "C.timestamp_pointers.end_addr", "@compute times+8"},
	{"", "SC.header", "29"},
	{"o", "SC.job_params1", "&C.job_params1"},
	{"", "SC.unk_28", "1"},
	{"", "SC.job_params2", "&C.job_params2"},
	{"v", "SC.unk_flag", "&C.unk_flag"},
	{"v", "SC.counter", "$COUNTER"},
	{"o", "WC.header", "800001"},
	{"x", "WC.header", "2"},
	{"", "ZC.header", "2a"},
	{"", "ZC.job_params2", "&C.job_params2"},
	{"v", "ZC.unk_flag", "&C.unk_flag"},
};

/* --- Where fields go --- */

/*
 * old, x, all: places on G13 and G14, on G14X, on every variant. A place may have a condition in
 * front, "3!V1.tiling_control", and say what it must hold: =hexadecimal, or ? for whatever
 * differs; without, the field's value, +1 or |bits of it. "T0V.*": all these.
 */
struct route {
	const char *condition;
	const char *field;
	size_t offset, size;
	uint64_t value;
	const char *old, *x, *all;
	bool moves_buffers; /* addresses change, which is not looked at */
};

#define R(member, set, old, x, all)                                                           \
	{                                                                                     \
		"", #member, offsetof(struct drm_asahi_cmd_render, member),                   \
			sizeof(((struct drm_asahi_cmd_render *)0)->member), set, old, x, all, \
			false                                                                 \
	}
#define RS(member, set, old, x, all)                                                               \
	{                                                                                          \
		"", #member, offsetof(struct drm_asahi_cmd_render, member),                        \
			sizeof(((struct drm_asahi_cmd_render *)0)->member), set, old, x, all, true \
	}
#define RC(condition, member, set, old, x, all)                                                    \
	{                                                                                          \
		condition, #member, offsetof(struct drm_asahi_cmd_render, member),                 \
			sizeof(((struct drm_asahi_cmd_render *)0)->member), set, old, x, all, true \
	}
#define C(member, set, old, x, all)                                                            \
	{                                                                                      \
		"", #member, offsetof(struct drm_asahi_cmd_compute, member),                   \
			sizeof(((struct drm_asahi_cmd_compute *)0)->member), set, old, x, all, \
			false                                                                  \
	}

static const struct route render_routes[] = {
	R(flags, DRM_ASAHI_RENDER_VERTEX_SCRATCH, "", "", "V.uses_scratch=1"),
	R(flags, DRM_ASAHI_RENDER_PROCESS_EMPTY_TILES, "F1.tile_config=10280", "F:10039=10280",
	  "F3.tile_config=10280 F.process_empty_tiles=1"),
	RC("s", flags, DRM_ASAHI_RENDER_NO_VERTEX_CLUSTERING, "", "", ""),
	RC("m", flags, DRM_ASAHI_RENDER_NO_VERTEX_CLUSTERING, "V1.tiling_control=a541 V1.unk_f0=1c",
	   "V:1c890=180341", "v!SV.unk_178=1 V.tpc_size=6000"),
	R(flags, DRM_ASAHI_RENDER_DBIAS_IS_INT, "F1.aux_fb_info.isp_ctl=4c000", "F:15021=4c000",
	  "F3.aux_fb_info.isp_ctl=4c000"),
	R(isp_zls_pixels, 0xc3010203, "F1.isp_zls_pixels", "F:15321", "F3.isp_zls_pixels"),
	R(vdm_ctrl_stream_base, 0x5a01020304050607, "V1.vdm_ctrl_stream_base", "V:1c880", ""),
	R(vertex_helper.binary, 0xc3020203, "V1.helper_program", "V:11801", ""),
	R(vertex_helper.data, 0x5a02020304050607, "V1.helper_arg", "V:11809", ""),
	R(vertex_helper.cfg, 0xc3030203, "TP.helper_cfg", "V:11f71", ""),
	R(fragment_helper.binary, 0xc3040203, "F1.helper_program", "F:11821", ""),
	R(fragment_helper.data, 0x5a03020304050607, "F1.helper_arg", "F:11829", ""),
	R(fragment_helper.cfg, 0xc3050203, "F2.helper_cfg", "F:11f79", ""),
	R(isp_scissor_base, 0x5a04020304050607, "F1.isp_scissor_base", "F:15109",
	  "F3.isp_scissor_base.ptr"),
	R(isp_dbias_base, 0x5a05020304050607, "F1.isp_dbias_base", "F:15101",
	  "F3.isp_dbias_base.ptr"),
	R(isp_oclqry_base, 0x5a06020304050607, "F1.isp_oclqry_base", "F:15311",
	  "F3.isp_oclqry_base"),
	R(depth.base, 0x5a07020304050607, "F1.z_load F1.z_store", "F:15329 F:15331",
	  "F3.z_load F3.z_store F3.z_partial"),
	R(depth.stride, 0xc3060203, "F1.z_load_stride F1.z_store_stride", "F:15401 F:15421",
	  "F3.z_partial_stride"),
	R(depth.comp_base, 0x5a08020304050607, "F1.z_load_comp F1.z_store_comp", "F:153c1 F:153c9",
	  "F3.z_partial_comp"),
	R(depth.comp_stride, 0xc3070203, "F1.z_load_comp_stride F1.z_store_comp_stride",
	  "F:15411 F:15431", "F3.z_partial_comp_stride"),
	R(stencil.base, 0x5a09020304050607, "F1.s_load F1.s_store", "F:15339 F:15341",
	  "F3.s_load F3.s_store F3.s_partial"),
	R(stencil.stride, 0xc3080203, "F1.s_load_stride F1.s_store_stride", "F:15409 F:15429",
	  "F3.s_partial_stride"),
	R(stencil.comp_base, 0x5a0a020304050607, "F1.s_load_comp F1.s_store_comp",
	  "F:153d1 F:153d9", "F3.s_partial_comp"),
	R(stencil.comp_stride, 0xc3090203, "F1.s_load_comp_stride F1.s_store_comp_stride",
	  "F:15419 F:15439", "F3.s_partial_comp_stride"),
	R(zls_ctrl, 0x5a0b020304050607, "F1.zls_ctrl", "F:15319", "F3.zls_ctrl"),
	R(ppp_multisamplectl, 0x5a0c020304050607, "V1.ppp_multisamplectl F1.ppp_multisamplectl",
	  "V:10139 F:10019", "F.ppp_multisamplectl"),
	R(sampler_heap, 0x5a0d020304050607, "", "",
	  "V.encoder_params.sampler_array F.encoder_params.sampler_array"),
	R(sampler_count, 0x7ab1, "", "",
	  "V.encoder_params.sampler_count F.encoder_params.sampler_count "
	  "V.encoder_params.sampler_max+1 F.encoder_params.sampler_max+1"),
	R(sampler_count, 0xffff, "", "",
	  "V.encoder_params.sampler_count F.encoder_params.sampler_count "
	  "V.encoder_params.sampler_max=10000 F.encoder_params.sampler_max=10000"),
	R(ppp_ctrl, 0xc30a0203, "TP.ppp_ctrl", "V:10121", ""),

	/* A column of pixels less; a third of the columns. */
	R(width_px, 1919, "TP.x_max=77e F1.aux_fb_info.width=77f",
	  "V:10129=437077e F:15211=4380000077f", "F3.aux_fb_info.width=77f"),
	RS(width_px, 640,
	   "TP.x_max=27f TP.te_screen=21013 TP.te_mtile1=202018 TP.tiles_per_mtile=60 "
	   "TP.tpc_stride=c0 TP.rgn_size=78 F1.aux_fb_info.width=280 "
	   "F1.mtile_stride_dwords=1e0000000 F2.utiles_per_mtile_x=8 F2.tile_counts=21013",
	   "V:10129=437027f V:101b9=21013 V:1c069=202018 V:1c081=60 V:1c0a9=c0 V:1c0b1=78 "
	   "V:1c850=78 F:15211=43800000280 F:100b1=8000c F:16030=8000c F:100d9=21013 "
	   "F:16431=1e0000000 F:16068=4213a2000036011",
	   "V.tpc_size? F.tiles_per_mtile_x=8 F.tile_count=2a8 F3.aux_fb_info.width=280 "
	   "B.page_count? B.block_count? B.last_page? I.block_count?"),
	R(height_px, 1079, "TP.y_max=436 F1.aux_fb_info.height=437",
	  "V:10129=436077f F:15211=43700000780", "F3.aux_fb_info.height=437"),
	RS(height_px, 512,
	   "TP.y_max=1ff TP.te_screen=f03b TP.te_mtile2=10100c TP.tiles_per_mtile=40 "
	   "TP.tpc_stride=80 TP.rgn_size=50 F1.aux_fb_info.height=200 "
	   "F1.mtile_stride_dwords=140000000 F2.utiles_per_mtile_y=4 F2.tile_counts=f03b",
	   "V:10129=1ff077f V:101b9=f03b V:1c071=10100c V:1c081=40 V:1c0a9=80 V:1c0b1=50 "
	   "V:1c850=50 F:15211=20000000780 F:100b1=100004 F:16030=100004 F:100d9=f03b "
	   "F:16431=140000000 F:16068=1e3ba2000036011",
	   "V.tpc_size? F.tiles_per_mtile_y=4 F.tile_count=3c0 F3.aux_fb_info.height=200 "
	   "B.page_count? B.block_count? B.last_page? I.block_count?"),
	RS(layers, 2, "TP.unk_28=e001 F1.tile_config=281",
	   "V:10169=e001 V:1c9e8=4001 F:10039=281 F:16068=423ba2100036011",
	   "F3.tile_config=281 V.tpc_size?"),
	RS(utile_height_px, 16,
	   "V1.utile_config=6000 F1.utile_config=6000 TP.tpc_stride=300 TP.rgn_size=1e0 "
	   "F1.mtile_stride_dwords=780000000 F2.utiles_per_mtile_y=18 F2.tib_blocks=1",
	   "V:10149=6000 F:10009=6000 F:100b1=100018 F:16030=100018 F:10051=1 "
	   "F:16068=423b62000036011 V:1c0a9=300 V:1c0b1=1e0 V:1c850=1e0 F:16431=780000000",
	   "F3.tib_blocks=1 V.tpc_size?"),
	R(samples, 4, "V1.utile_config=a002 F1.utile_config=a002 F2.tib_blocks=8",
	  "V:10149=a002 F:10009=a002 F:10051=8", "F.samples F3.tib_blocks=8"),
	R(samples, 2, "V1.utile_config=a001 F1.utile_config=a001 F2.tib_blocks=4",
	  "V:10149=a001 F:10009=a001 F:10051=4", "F.samples F3.tib_blocks=4"),
	R(sample_size_B, 9, "F2.tib_blocks=5", "F:10051=5", "F3.tib_blocks=5 F3.sample_size"),
	R(isp_merge_upper_x, 0xc30b0203, "F2.isp_merge_upper_x", "F:15131", "F.isp_merge_upper_x"),
	R(isp_merge_upper_y, 0xc30c0203, "F2.isp_merge_upper_y", "F:15139", "F.isp_merge_upper_y"),
	R(bg.rsrc_spec, 0xc30d0203, "F1.bg.rsrc_spec", "F:15369", ""),
	R(bg.usc, 0xc30e0203, "F1.bg.address", "F:15371", ""),
	R(eot.rsrc_spec, 0xc30f0203, "F2.eot_rsrc_spec", "F:15379", ""),
	R(eot.usc, 0xc3100203, "F2.eot_usc", "F:15381", ""),
	R(partial_bg.rsrc_spec, 0xc3110203, "", "",
	  "F3.unk_partial_bg.rsrc_spec F3.partial_bg.rsrc_spec"),
	R(partial_bg.usc, 0xc3120203, "", "", "F3.unk_partial_bg.address F3.partial_bg.address"),
	R(partial_eot.rsrc_spec, 0xc3130203, "", "",
	  "F3.unk_partial_eot.rsrc_spec F3.partial_eot.rsrc_spec"),
	R(partial_eot.usc, 0xc3140203, "", "", "F3.unk_partial_eot.address F3.partial_eot.address"),
	R(isp_bgobjdepth, 0xc3150203, "F2.isp_bgobjdepth", "F:15301", "F3.isp_bgobjdepth"),
	R(isp_bgobjvals, 0xc3160203, "3!F2.isp_bgobjvals|400 4!F2.isp_bgobjvals", "F:15309",
	  "F3.isp_bgobjvals"),
};

static const struct route compute_routes[] = {
	C(sampler_count, 0xc3010203, "", "",
	  "C.encoder_params.sampler_count C.encoder_params.sampler_max+1"),
	C(sampler_count, 0xffffffff, "", "",
	  "C.encoder_params.sampler_count C.encoder_params.sampler_max=0"),
	C(cdm_ctrl_stream_base, 0x5a01020304050607, "C1.cdm_ctrl_stream_base", "C:1a420", ""),
	C(cdm_ctrl_stream_end, 0x5a02020304050607, "", "", "C2.cdm_ctrl_stream_end"),
	C(sampler_heap, 0x5a03020304050607, "", "", "C.encoder_params.sampler_array"),
	C(helper.binary, 0xc3020203, "C1.helper_program", "C:11841", ""),
	C(helper.data, 0x5a04020304050607, "C1.helper_arg", "C:11849", ""),
	C(helper.cfg, 0xc3030203, "C1.helper_cfg", "C:11f81", ""),
};

#endif
