/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Hardware data: what the firmware must know about the chip that it runs on. HwDataA holds state
 * and coefficients of the power controller, HwDataB fixed properties, the register ranges and
 * the performance states. m1n1 builds both at boot; the driver copies them and fills in addresses.
 * Only few members matter to a driver or to a model of the firmware: they are described, the rest
 * is named as far as its use is known. Coefficients are floats.
 *
 * Sources: m1n1: rust/src/gpu/raw.rs and initdata.rs (names and layout), fw/agx/initdata.py
 * AGXHWData*, PowerZone, IOMapping; driver: fw/initdata.rs.
 */
#ifndef AGX_FW_HWDATA_H
#define AGX_FW_HWDATA_H

#include "types.h"

struct agx_hwdata_shared1 {
	fw_i32 table[16];
	fw_u8 unk_44[0x60];
	fw_u32 unk_a4;
	fw_u32 unk_a8;
} __packed;
AGX_SIZE(hwdata_shared1, 0xa8);

/* A curve over the performance states, filled on T8112 and T602x only. */
struct agx_hwdata_shared2_curve {
	fw_u32 unk_0;
	fw_u32 unk_4;
	fw_u16 t1[16];
	fw_i16 t2[16];
	fw_i32 t3[8][16];
} __packed;
AGX_SIZE(hwdata_shared2_curve, 0x248);

struct agx_hwdata_shared2_g14 {
	fw_u32 unk_0[5];
	fw_u32 unk_14;
	fw_u32 unk_18[8];
	struct agx_hwdata_shared2_curve curve1;
	struct agx_hwdata_shared2_curve curve2;
} __packed;
AGX_SIZE(hwdata_shared2_g14, 0x4c8);

struct agx_hwdata_shared2 {
	fw_i32 table[10];
	fw_u8 unk_28[0x10]; /* 0xff */
	struct agx_hwdata_shared2_g14 g14;
	fw_u32 unk_500;
	fw_u32 unk_504;
	fw_u32 unk_508;
	fw_u32 unk_50c;
} __packed;
AGX_SIZE(hwdata_shared2, 0x510);

struct agx_hwdata_shared3 {
	fw_u32 unk_0;
	fw_u32 unk_4;
	fw_u32 unk_8;
	fw_u32 table[16];
	fw_u32 unk_4c;
} __packed;
AGX_SIZE(hwdata_shared3, 0x50);

/*
 * Added to HwDataA in 13.0. The prefix gpu_se is the one of the device tree properties that the
 * values come from.
 */
struct agx_hwdata_a130_extra {
	fw_u8 unk_0[0x38];
	fw_u32 unk_38;
	fw_u32 unk_3c;
	fw_u32 gpu_se_inactive_threshold;
	fw_u32 unk_44;
	fw_i32 gpu_se_engagement_criteria;
	fw_u32 gpu_se_reset_criteria;
	fw_u32 unk_50;
	fw_u32 unk_54;
	fw_u32 unk_58;
	fw_u32 unk_5c;
	fw_f32 gpu_se_filter_a_neg;
	fw_f32 gpu_se_filter_1_a_neg;
	fw_f32 gpu_se_filter_a;
	fw_f32 gpu_se_filter_1_a;
	fw_f32 gpu_se_ki_dt;
	fw_f32 gpu_se_ki_1_dt;
	fw_f32 unk_78;
	fw_f32 unk_7c;
	fw_f32 gpu_se_kp;
	fw_f32 gpu_se_kp_1;
	fw_u32 unk_88;
	fw_u32 unk_8c;
	fw_u32 max_pstate_scaled_1; /* performance states x 100, as all _scaled */
	fw_u32 unk_94;
	fw_u32 unk_98;
	fw_f32 unk_9c;
	fw_u32 unk_a0;
	fw_u32 unk_a4;
	fw_u32 gpu_se_filter_time_constant_ms;
	fw_u32 gpu_se_filter_time_constant_1_ms;
	fw_u64 gpu_se_filter_time_constant_clks;
	fw_u64 gpu_se_filter_time_constant_1_clks;
	fw_u32 unk_c0;
	fw_f32 unk_c4;
	fw_u8 unk_c8[0x4c];
	fw_f32 unk_114;
	fw_u32 unk_118;
	fw_u32 unk_11c;
	fw_u32 unk_120;
	fw_u32 unk_124;
	fw_u32 max_pstate_scaled_2;
	fw_u8 unk_12c[0x8c];
} __packed;
AGX_SIZE(hwdata_a130_extra, 0x1b8);

/* Used on T8103 and T8112 with 12.x, zero otherwise. */
struct agx_t81xx_data {
	fw_u32 unk_d8c;
	fw_u32 unk_d90;
	fw_u32 unk_d94;
	fw_u32 unk_d98;
	fw_f32 unk_d9c;
	fw_u32 unk_da0;
	fw_f32 unk_da4;
	fw_u32 unk_da8;
	fw_f32 unk_dac;
	fw_u32 unk_db0;
	fw_u32 unk_db4;
	fw_f32 unk_db8;
	fw_f32 unk_dbc;
	fw_u32 unk_dc0;
	fw_u32 unk_dc4;
	fw_u32 unk_dc8;
	fw_u32 max_pstate_scaled; /* unk_dcc in m1n1 */
} __packed;
AGX_SIZE(t81xx_data, 0x44);

/* Leakage of the AFR and CS parts of each die. */
struct agx_aux_leak_coef {
	fw_f32 afr_1[2];
	fw_f32 cs_1[2];
	fw_f32 afr_2[2];
	fw_f32 cs_2[2];
} __packed;
AGX_SIZE(aux_leak_coef, 0x20);

/* Performance states of the CS and AFR clocks, T602x. MHz and mV, a column for each die. */
struct agx_hwdata_aux_pstates {
	fw_u32 cs_max_pstate;
	fw_u32 cs_frequencies[0x10];
	fw_u32 cs_voltages[0x10][0x2];
	fw_u32 cs_voltages_sram[0x10][0x2];
	fw_u32 cs_unkpad;
	fw_u32 afr_max_pstate;
	fw_u32 afr_frequencies[0x8];
	fw_u32 afr_voltages[0x8][0x2];
	fw_u32 afr_voltages_sram[0x8][0x2];
	fw_u32 afr_unkpad;
} __packed;
AGX_SIZE(hwdata_aux_pstates, 0x1f0);

/* A range of registers that the firmware accesses through the driver's mapping. */
struct agx_io_mapping {
	fw_pa phys_addr;
	fw_va virt_addr;   /* with the offset in the page */
	fw_u32 total_size; /* all elements */
	fw_u32 element_size;
	fw_u64 readwrite; /* 1: may be written */
} __packed;
AGX_SIZE(io_mapping, 0x20);

/* Index in hwdata_b.io_mappings; entries that a chip lacks are zero. */
enum agx_io_mapping_index {
	AGX_IO_FENDER = 0,
	AGX_IO_AIC_TIMER = 1,
	AGX_IO_AIC_SOFTWARE_INTERRUPT = 2,
	AGX_IO_RGX = 3,
	AGX_IO_UVD = 4,
	AGX_IO_UNUSED = 5,
	AGX_IO_DISPLAY_UNDERRUN = 6,
	AGX_IO_ANALOG_TEMP_SENSOR = 7,
	AGX_IO_PMP_DOORBELL = 8,
	AGX_IO_METROLOGY = 9,
	AGX_IO_GMGIF_AF = 10,
	AGX_IO_MCACHE = 11,
	AGX_IO_AIC_BANKED = 12,
	AGX_IO_PMGR_SCRATCH = 13,
	AGX_IO_NIA_IDLE_DIE0 = 14,
	AGX_IO_NIA_IDLE_DIE1 = 15,
	AGX_IO_CRE = 16,
	AGX_IO_STREAMING_CODEC = 17,
	AGX_IO_UNK_18 = 18,
	AGX_IO_UNK_19 = 19,
	AGX_IO_UNK_20 = 20, /* 13.x */
	AGX_IO_UNK_21 = 21,
};

/* hwdata_b.gpu_core_id. Driver: hw/mod.rs. */
enum agx_gpu_core {
	AGX_GPU_CORE_G13G = 11,
	AGX_GPU_CORE_G13S = 12,
	AGX_GPU_CORE_G13C = 13, /* and G13D */
	AGX_GPU_CORE_G14G = 15,
	AGX_GPU_CORE_G14S = 16,
	AGX_GPU_CORE_G14C = 17,
	AGX_GPU_CORE_G14D = 18,
};

/* hwdata_b.gpu_rev_id. */
enum agx_gpu_revision {
	AGX_GPU_REVISION_A0 = 1,
	AGX_GPU_REVISION_A1 = 2,
	AGX_GPU_REVISION_B0 = 3,
	AGX_GPU_REVISION_B1 = 4,
	AGX_GPU_REVISION_C0 = 5,
	AGX_GPU_REVISION_C1 = 6,
};

#endif

#ifdef AGX_FW_INSTANTIATE

/* Lengths that depend on the variant. */
enum AGX_FW(hwdata_lengths) {
	AGX_FW(IO_MAPPING_COUNT) = AGX_FW_PICK(0x14, 0x14, 0x19, 0x19, 0x19),
	AGX_FW(YUV_MATRIX_COUNT) = AGX_FW_PICK(15, 15, 63, 63, 63),
	AGX_FW(HWDATA_CORES) = AGX_FW_PICK(8, 8, 8, 8, 16), /* columns of the core coefficients */
};

/* A zone that the power controller keeps below a target. */
struct AGX_FW(power_zone) {
	fw_f32 val;
	fw_u32 target;     /* in mW */
	fw_u32 target_off; /* target less an offset */
	fw_u32 filter_tc_x4;
	fw_u32 filter_tc_xperiod;
#if AGX_FW_V13
	fw_u32 unk_10;
	fw_u32 unk_14;
#endif
	fw_f32 filter_a_neg;
	fw_f32 filter_a;
	fw_u32 pad;
} __packed;
AGX_FW_SIZE(power_zone, 0x20, 0x20, 0x28, 0x28, 0x28);

/*
 * HwDataA. Private memory. m1n1's Python layout ends 4 bytes early on 12.x, because it counts
 * fast_die0_sensor_present as 32 bits.
 */
struct AGX_FW(hwdata_a) {
	fw_u32 unk_0;
	fw_u32 clocks_per_period; /* base clock x sample period */
#if AGX_FW_V13
	fw_u32 clocks_per_period_2;
#endif
	fw_u32 unk_8;
	fw_u32 pwr_status;
	fw_f32 unk_10;
	fw_u32 unk_14;
	fw_u32 unk_18;
	fw_u32 unk_1c;
	fw_u32 unk_20;
	fw_u32 unk_24;
	fw_u32 actual_pstate; /* by the firmware */
	fw_u32 tgt_pstate;    /* by the firmware */
	fw_u32 unk_30;
	fw_u32 cur_pstate; /* by the firmware */
	fw_u32 unk_38;
#if AGX_FW_V13
	fw_u32 unk_3c_0;
#endif
	fw_u32 base_pstate_scaled; /* x 100, as all _scaled */
	fw_u32 unk_40;
	fw_u32 max_pstate_scaled;
	fw_u32 unk_48;
	fw_u32 min_pstate_scaled;
	fw_f32 freq_mhz; /* by the firmware */
	fw_u8 unk_54[0x20];
#if AGX_FW_V13
	fw_u32 unk_74_0;
#endif
	fw_f32 sram_k[0x10];
	fw_u8 unk_b4[0x100];
	fw_u32 unk_1b4;
	fw_u32 temp_c;       /* by the firmware */
	fw_u32 avg_power_mw; /* by the firmware */
	fw_u64 update_ts;    /* by the firmware, 24 MHz ticks */
	fw_u32 unk_1c8;
	fw_u8 unk_1cc[0x478];
	fw_u8 pad_644[0x8];
	fw_u32 unk_64c;
	fw_u32 unk_650;
	fw_u32 pad_654;
	fw_f32 pwr_filter_a_neg;
	fw_u32 pad_65c;
	fw_f32 pwr_filter_a;
	fw_u32 pad_664;
	fw_f32 pwr_integral_gain;
	fw_u32 pad_66c;
	fw_f32 pwr_integral_min_clamp;
	fw_f32 max_power_1;
	fw_f32 pwr_proportional_gain;
	fw_u32 pad_67c;
	fw_f32 pwr_pstate_related_k;
	fw_i32 pwr_pstate_max_dc_offset;
	fw_u32 unk_688;
	fw_u32 max_pstate_scaled_2;
	fw_u32 pad_690;
	fw_u32 unk_694;
	fw_u32 max_power_2;
	fw_u8 pad_69c[0x18];
	fw_u32 unk_6b4;
#if AGX_FW_V13
	fw_u8 unk_6b8_0[0x10];
#endif
	fw_u32 max_pstate_scaled_3;
	fw_u32 unk_6bc;
	fw_u8 pad_6c0[0x14];
	fw_u32 ppm_filter_tc_periods_x4;
	fw_u32 unk_6d8;
	fw_u32 pad_6dc;
	fw_f32 ppm_filter_a_neg;
	fw_u32 pad_6e4;
	fw_f32 ppm_filter_a;
	fw_u32 pad_6ec;
	fw_f32 ppm_ki_dt;
	fw_u32 pad_6f4;
	fw_u32 pwr_integral_min_clamp_2;
	fw_f32 unk_6fc;
	fw_f32 ppm_kp;
	fw_u32 pad_704;
	fw_u32 unk_708;
	fw_u32 pwr_min_duty_cycle;
	fw_u32 max_pstate_scaled_4;
	fw_u32 unk_714;
	fw_u32 pad_718;
	fw_f32 unk_71c;
	fw_u32 max_power_3;
	fw_u32 cur_power_mw_2;
	fw_u32 ppm_filter_tc_ms;
	fw_u32 unk_72c;
#if AGX_FW_V13
	fw_u32 ppm_filter_tc_clks;
	fw_u32 unk_730_4;
	fw_u32 unk_730_8;
	fw_u32 unk_730_c;
#endif
	fw_f32 unk_730;
	fw_u32 unk_734;
	fw_u32 unk_738;
	fw_u32 unk_73c;
	fw_u32 unk_740;
	fw_u32 unk_744;
	fw_f32 unk_748[0x4];
	fw_u32 unk_758;
	fw_u32 perf_tgt_utilization;
	fw_u32 pad_760;
	fw_u32 perf_boost_min_util;
	fw_u32 perf_boost_ce_step;
	fw_u32 perf_reset_iters;
	fw_u32 pad_770;
	fw_u32 unk_774;
	fw_u32 unk_778;
	fw_u32 perf_filter_drop_threshold;
	fw_f32 perf_filter_a_neg;
	fw_f32 perf_filter_a2_neg;
	fw_f32 perf_filter_a;
	fw_f32 perf_filter_a2;
	fw_f32 perf_ki;
	fw_f32 perf_ki2;
	fw_f32 perf_integral_min_clamp;
	fw_f32 unk_79c;
	fw_f32 perf_kp;
	fw_f32 perf_kp2;
	fw_f32 boost_state_unk_k;
	fw_u32 base_pstate_scaled_2;
	fw_u32 max_pstate_scaled_5;
	fw_u32 base_pstate_scaled_3;
	fw_u32 pad_7b8;
	fw_f32 perf_cur_utilization;
	fw_u32 perf_tgt_utilization_2;
	fw_u8 pad_7c4[0x18];
	fw_u32 unk_7dc;
#if AGX_FW_V13
	fw_u8 unk_7e0_0[0x10];
#endif
	fw_u32 base_pstate_scaled_4;
	fw_u32 pad_7e4;
	fw_u8 unk_7e8[0x14];
	fw_f32 unk_7fc;
	fw_f32 pwr_min_duty_cycle_2;
	fw_f32 max_pstate_scaled_6;
	fw_u32 max_freq_mhz;
	fw_u32 pad_80c;
	fw_u32 unk_810;
	fw_u32 pad_814;
	fw_u32 pwr_min_duty_cycle_3;
	fw_u32 unk_81c;
	fw_u32 pad_820;
	fw_f32 min_pstate_scaled_4;
	fw_u32 max_pstate_scaled_7;
	fw_u32 unk_82c;
	fw_f32 unk_alpha_neg;
	fw_f32 unk_alpha;
	fw_u32 unk_838;
	fw_u32 unk_83c;
	fw_u8 pad_840[0x2c];
	fw_u32 unk_86c;
	fw_u64 fast_die0_sensor_mask; /* temperature sensors, a bit each */
#if AGX_FW_G14X
	fw_u64 fast_die1_sensor_mask;
#endif
	fw_u32 fast_die0_release_temp_cc;
	fw_i32 unk_87c;
	fw_u32 unk_880;
	fw_u32 unk_884;
	fw_u32 pad_888;
	fw_u32 unk_88c;
	fw_u32 pad_890;
	fw_f32 unk_894;
	fw_u32 pad_898;
	fw_f32 fast_die0_ki_dt;
	fw_u32 pad_8a0;
	fw_u32 unk_8a4;
	fw_f32 unk_8a8;
	fw_f32 fast_die0_kp;
	fw_u32 pad_8b0;
	fw_u32 unk_8b4;
	fw_u32 pwr_min_duty_cycle_4;
	fw_u32 max_pstate_scaled_8;
	fw_u32 max_pstate_scaled_9;
	fw_u32 fast_die0_prop_tgt_delta;
	fw_u32 unk_8c8;
	fw_u32 unk_8cc;
	fw_u8 pad_8d0[0x14];
#if AGX_FW_V13
	fw_u8 unk_8e4_0[0x10];
#endif
	fw_u32 unk_8e4;
	fw_u32 unk_8e8;
	fw_u32 max_pstate_scaled_10;
	fw_u32 unk_8f0;
	fw_u32 unk_8f4;
	fw_u32 pad_8f8;
	fw_u32 pad_8fc;
	fw_u8 unk_900[0x24];
	fw_f32 unk_coef_a1[8][AGX_FW(HWDATA_CORES)]; /* a row for each cluster */
	fw_f32 unk_coef_a2[8][AGX_FW(HWDATA_CORES)];
	fw_u8 pad_b24[0x70];
	fw_u32 max_pstate_scaled_11;
	fw_u32 freq_with_off;
	fw_u32 unk_b9c;
	fw_u64 unk_ba0;
	fw_u64 unk_ba8;
	fw_u32 unk_bb0;
	fw_u32 unk_bb4;
#if AGX_FW_V13
	fw_u8 pad_bb8_0[0x200];
	fw_u8 pad_bb8_200[0x8];
#endif
	fw_u8 pad_bb8[0x74];
	fw_u32 unk_c2c;
	fw_u32 power_zone_count;
	fw_u32 max_power_4;
	fw_u32 max_power_5;
	fw_u32 max_power_6;
	fw_u32 unk_c40;
	fw_f32 unk_c44;
	fw_f32 avg_power_target_filter_a_neg;
	fw_f32 avg_power_target_filter_a;
	fw_u32 avg_power_target_filter_tc_x4;
	fw_u32 avg_power_target_filter_tc_xperiod;
#if AGX_FW_V13
	fw_u32 avg_power_target_filter_tc_clks;
	fw_u32 unk_c58_4;
#endif
	struct AGX_FW(power_zone) power_zones[5];
	fw_u32 avg_power_filter_tc_periods_x4;
	fw_u32 unk_cfc;
	fw_u32 unk_d00;
	fw_f32 avg_power_filter_a_neg;
	fw_u32 unk_d08;
	fw_f32 avg_power_filter_a;
	fw_u32 unk_d10;
	fw_f32 avg_power_ki_dt;
	fw_u32 unk_d18;
	fw_u32 unk_d1c;
	fw_f32 unk_d20;
	fw_f32 avg_power_kp;
	fw_u32 unk_d28;
	fw_u32 unk_d2c;
	fw_u32 avg_power_min_duty_cycle;
	fw_u32 max_pstate_scaled_12;
	fw_u32 max_pstate_scaled_13;
	fw_u32 unk_d3c;
	fw_f32 max_power_7;
	fw_u32 max_power_8;
	fw_u32 unk_d48;
	fw_u32 avg_power_filter_tc_ms;
	fw_u32 unk_d50;
#if AGX_FW_V13
	fw_u32 avg_power_filter_tc_clks;
	fw_u8 unk_d54_4[0xc];
#endif
	fw_u8 unk_d54[0x10];
	fw_u32 max_pstate_scaled_14;
	fw_u8 unk_d68[0x24];
	struct agx_t81xx_data t81xx_data;
	fw_u8 unk_dd0[0x40];
#if AGX_FW_V13
	fw_u8 unk_e10_pad[0x10];
	struct agx_hwdata_a130_extra unk_e10_0;
#endif
	fw_u8 unk_e10[0xc];
	fw_u64 fast_die0_sensor_mask_2;
#if AGX_FW_G14X
	fw_u64 fast_die1_sensor_mask_2;
#endif
	fw_u32 unk_e24;
	fw_u32 unk_e28;
	fw_u8 unk_e2c[0x1c];
	fw_f32 unk_coef_b1[8][AGX_FW(HWDATA_CORES)];
	fw_f32 unk_coef_b2[8][AGX_FW(HWDATA_CORES)];
#if AGX_FW_G14X
	fw_u8 pad_1048_0[0x600];
#endif
	fw_u8 pad_1048[0x5e4];
	fw_u64 fast_die0_sensor_mask_alt;
#if AGX_FW_G14X
	fw_u64 fast_die1_sensor_mask_alt;
#endif
#if !AGX_FW_V13
	fw_u64 fast_die0_sensor_present;
#endif
	fw_u32 unk_163c;
	fw_u8 unk_1640[0x2000];
#if AGX_FW_G14X
	fw_u8 unk_3640_0[0x2000];
#endif
	fw_u32 unk_3640;
	fw_u32 unk_3644;
	struct agx_hwdata_shared1 hws1;
#if AGX_FW_V13
	fw_u16 unk_hws2[16];
#endif
	struct agx_hwdata_shared2 hws2;
	fw_u32 unk_3c00;
	fw_u32 unk_3c04;
	struct agx_hwdata_shared3 hws3;
	fw_u8 unk_3c58[0x3c];
	fw_u32 unk_3c94;
	fw_u64 unk_3c98;
	fw_u64 unk_3ca0;
	fw_u64 unk_3ca8;
	fw_u64 unk_3cb0;
	fw_u64 ts_last_idle; /* by the firmware, 24 MHz ticks */
	fw_u64 ts_last_poweron;
	fw_u64 ts_last_poweroff;
	fw_u64 unk_3cd0;
	fw_u64 unk_3cd8;
#if AGX_FW_V13
	fw_u32 unk_3ce0_0;
#endif
	fw_u32 unk_3ce0;
	fw_u32 unk_3ce4;
	fw_u32 unk_3ce8;
	fw_u32 unk_3cec;
	fw_u32 unk_3cf0;
	fw_f32 core_leak_coef[8]; /* for each cluster */
	fw_f32 sram_leak_coef[8]; /* for each cluster */
#if AGX_FW_V13
	struct agx_aux_leak_coef aux_leak_coef;
	fw_u8 unk_3d34_0[0x18];
#endif
	fw_u8 unk_3d34[0x38];
} __packed;
AGX_FW_SIZE(hwdata_a, 0x3d6c, 0x3d6c, 0x421c, 0x421c, 0x6c34);

/*
 * HwDataB. Private memory. The driver fills io_mappings and sgx_sram_ptr. m1n1's Python layout
 * puts the word that 13.x has in addition behind unk_538 and not before unk_534.
 */
struct AGX_FW(hwdata_b) {
#if !AGX_FW_V13
	fw_u64 unk_0;
#endif
	fw_u64 unk_8;
#if !AGX_FW_V13
	fw_u64 unk_10;
#endif
	fw_u64 unk_18;
	fw_u64 unk_20;
	fw_u64 unk_28;
	gpu_va unk_30;             /* GPU address of the page that every VM maps last */
	fw_va timestamp_area_base; /* window in which user timestamps lie */
	fw_u8 pad_40[0x20];
	fw_i16 yuv_matrices[AGX_FW(YUV_MATRIX_COUNT)][3][4]; /* colour conversions of macOS */
	fw_u8 pad_1c8[0x8];
	struct agx_io_mapping io_mappings[AGX_FW(IO_MAPPING_COUNT)];
#if AGX_FW_V13
	fw_va sgx_sram_ptr; /* T602x: address of the SRAM mapping */
#endif
	fw_u32 chip_id; /* 0x8103 for T8103 */
	fw_u32 unk_454;
	fw_u32 unk_458;
	fw_u32 unk_45c;
	fw_u32 unk_460;
	fw_u32 unk_464;
	fw_u32 unk_468;
	fw_u32 unk_46c;
	fw_u32 unk_470;
	fw_u32 unk_474;
	fw_u32 unk_478;
	fw_u32 unk_47c;
	fw_u32 unk_480;
	fw_u32 unk_484;
	fw_u32 unk_488;
	fw_u32 unk_48c;
	fw_u32 base_clock_khz;      /* 24000 */
	fw_u32 power_sample_period; /* in ms */
	fw_u8 pad_498[0x4];
	fw_u32 unk_49c;
	fw_u32 unk_4a0;
	fw_u32 unk_4a4;
	fw_u8 pad_4a8[0x4];
	fw_u32 unk_4ac;
	fw_u8 pad_4b0[0x8];
	fw_u32 unk_4b8;
	fw_u8 unk_4bc[0x4];
	fw_u32 unk_4c0;
	fw_u32 unk_4c4;
	fw_u32 unk_4c8;
	fw_u32 unk_4cc;
	fw_u32 unk_4d0;
	fw_u32 unk_4d4;
	fw_u8 unk_4d8[0x4];
	fw_u32 unk_4dc;
	fw_u64 unk_4e0;
	fw_u32 unk_4e8;
	fw_u32 unk_4ec;
	fw_u32 unk_4f0;
	fw_u32 unk_4f4;
	fw_u32 unk_4f8;
	fw_u32 unk_4fc;
	fw_u32 unk_500;
#if AGX_FW_V13
	fw_u32 unk_504_0;
#endif
	fw_u32 unk_504;
	fw_u32 unk_508;
	fw_u32 unk_50c;
	fw_u32 unk_510;
	fw_u32 unk_514;
	fw_u32 unk_518;
	fw_u32 unk_51c;
	fw_u32 unk_520;
	fw_u32 unk_524; /* 1: secure cache flush */
	fw_u32 unk_528;
	fw_u32 unk_52c;
	fw_u32 unk_530;
#if AGX_FW_V13
	fw_u32 unk_534_0;
#endif
	fw_u32 unk_534;
	fw_u32 unk_538;
	fw_u32 num_frags; /* present cores */
	fw_u32 unk_540;
	fw_u32 unk_544;
	fw_u32 unk_548;
	fw_u32 unk_54c;
	fw_u32 unk_550;
	fw_u32 unk_554;
	fw_pa uat_ttb_base; /* of the TTBAT */
	fw_u32 gpu_core_id; /* enum agx_gpu_core */
	fw_u32 gpu_rev_id;  /* enum agx_gpu_revision */
	fw_u32 num_cores;   /* all core positions */
	fw_u32 max_pstate;  /* number of performance states - 1 */
#if !AGX_FW_V13
	fw_u32 num_pstates;
#endif
	fw_u32 frequencies[0x10];   /* MHz */
	fw_u32 voltages[0x10][0x8]; /* mV, a column for each cluster */
	fw_u32 voltages_sram[0x10][0x8];
#if AGX_FW_V13
	fw_u8 unk_9f4_0[64];
#endif
	fw_f32 sram_k[0x10];
	fw_u32 unk_9f4[0x10];
	fw_u32 rel_max_powers[0x10];  /* per cent */
	fw_u32 rel_boost_freqs[0x10]; /* per cent */
#if AGX_FW_V13
	fw_u32 unk_arr_0[32];
#endif
#if !AGX_FW_V13
	fw_u32 min_sram_volt;
	fw_u32 unk_ab8;
	fw_u32 unk_abc;
	fw_u32 unk_ac0;
#endif
#if AGX_FW_V13
	struct agx_hwdata_aux_pstates aux_ps;
	fw_u8 pad_ac4_0[0x44c];
#endif
	fw_u8 pad_ac4[0x8];
	fw_u32 unk_acc;
	fw_u32 unk_ad0;
	fw_u8 pad_ad4[0x10];
	fw_u32 unk_ae4[0x4];
	fw_u8 pad_af4[0x4];
	fw_u32 unk_af8;
	fw_u8 pad_afc[0x8];
	fw_u32 unk_b04;
	fw_u32 unk_b08;
	fw_u32 unk_b0c;
#if AGX_FW_G14X
	fw_u8 pad_b10_0[0x8];
#endif
	fw_u32 unk_b10;
	fw_u64 timer_offset; /* 0 */
	fw_u32 unk_b1c;
	fw_u32 unk_b20;
	fw_u32 unk_b24;
	fw_u32 unk_b28;
	fw_u32 unk_b2c;
	fw_u32 unk_b30;
	fw_u32 unk_b34;
#if AGX_FW_V13
	fw_u32 unk_b38_0;
	fw_u32 unk_b38_4;
	fw_u32 unk_b38_8;
#endif
	fw_u32 unk_b38[0xc];
	fw_u32 unk_b68;
#if AGX_FW_V13
	fw_u8 unk_b6c[0xd0];
#endif
#if AGX_FW_G14X
	fw_u8 unk_c3c_0[0x8];
#endif
#if AGX_FW_V13 && !AGX_FW_G14X
	fw_u8 unk_c3c_8[0x10];
#endif
#if AGX_FW_V13
	fw_u8 unk_c3c_18[0x20];
	fw_u32 unk_c3c;
#endif
} __packed;
AGX_FW_SIZE(hwdata_b, 0xb6c, 0xb6c, 0x1884, 0x1884, 0x1884);
AGX_FW_AT(hwdata_b, io_mappings, 0x1d0, 0x1d0, 0x640, 0x640, 0x640);
AGX_FW_AT(hwdata_b, chip_id, 0x450, 0x450, 0x968, 0x968, 0x968);
AGX_FW_AT(hwdata_b, uat_ttb_base, 0x558, 0x558, 0xa78, 0xa78, 0xa78);
AGX_FW_AT(hwdata_b, voltages, 0x5b4, 0x5b4, 0xad0, 0xad0, 0xad0);
AGX_FW_AT(hwdata_b, timer_offset, 0xb14, 0xb14, 0x171c, 0x171c, 0x1724);

#endif
