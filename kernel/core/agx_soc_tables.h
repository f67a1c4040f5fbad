/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What is the same for every chip of a SoC, beyond struct agx_soc: coefficients of the power
 * controller, register ranges that the firmware wants mapped, sizes of preemption buffers.
 */
#ifndef AGX_SOC_TABLES_H
#define AGX_SOC_TABLES_H

#include "agx_device.h"
#include "hwdata.h"

/* A zone that the power controller keeps below a target. */
struct agx_power_zone_config {
	uint32_t target, target_offset; /* mW */
	uint32_t filter_tc;             /* sample periods */
};

/* Curves over the performance states, T8112 and T602x. */
struct agx_power_curves {
	uint32_t t1_coef;
	int16_t t2[9];
	uint8_t t3_coefs[9];
	uint32_t t3_scales[3];
};

/*
 * Coefficients; the meaning of few is known. Names are those of the structures that they go
 * into (hwdata.h, initdata.h) or of Apple's device tree. _tc are time constants, in ms or in
 * sample periods.
 */
struct agx_power_config {
	int32_t da_unk_87c;
	uint32_t da_unk_8cc, da_unk_e24;
	uint32_t db_unk_454, db_unk_4e0, db_unk_534, db_unk_ab8, db_unk_abc, db_unk_b30;
	int32_t shared1_table[16];
	uint32_t shared1_a4;
	int32_t shared2_table[10];
	uint32_t shared2_508;
	const struct agx_power_curves *curves;
	uint32_t shared3_unk;
	uint32_t shared3_table[16];
	bool has_shared3;
	uint32_t idle_off_standby_timer;
	struct agx_decimal hws2_4[8];
	uint32_t hws2_24;
	uint16_t globals_54;
	uint8_t coef_columns;
	struct agx_decimal coef_a[AGX_SOC_MAX_CLUSTERS][8];
	struct agx_decimal coef_b[AGX_SOC_MAX_CLUSTERS][8];
	uint8_t globals_table_size;
	uint8_t globals_table[32];
	uint64_t sensor_mask[AGX_MAX_DIES], sensor_mask_alt[AGX_MAX_DIES];
	uint32_t sensor_present;
	uint32_t power_zone_count;
	struct agx_power_zone_config power_zones[5];
	uint32_t min_sram_mv;
	uint32_t csafr_min_sram_mv;
	uint32_t avg_power_filter_tc_ms;
	struct agx_decimal avg_power_ki_only, avg_power_kp;
	uint32_t avg_power_target_filter_tc;
	struct agx_decimal fast_die0_ki, fast_die0_kp;
	uint32_t perf_boost_ce_step, perf_boost_min_util, perf_tgt_utilization;
	uint32_t perf_filter_tc2;
	struct agx_decimal perf_ki, perf_ki2, perf_kp, perf_kp2;
	uint32_t ppm_filter_tc_ms;
	struct agx_decimal ppm_ki, ppm_kp;
	int32_t se_engagement_criteria;
	uint32_t sample_period_clocks; /* 0: base clock x AGX_POWER_SAMPLE_PERIOD_MS */
};

/* The same on all SoCs. */
#define AGX_POWER_SAMPLE_PERIOD_MS 8
#define AGX_POWER_MIN_DUTY_CYCLE   40
#define AGX_POWER_RELEASE_TEMP     80
#define AGX_POWER_PROP_TGT_DELTA   0
#define AGX_IDLE_OFF_DELAY_MS      2
#define AGX_FENDER_IDLE_OFF_MS     40
#define AGX_EARLY_WAKE_MS          5
#define AGX_PERF_FILTER_TC         5
#define AGX_PERF_RESET_ITERS       6
#define AGX_PWR_FILTER_TC          313
#define AGX_SE_FILTER_TC           9
#define AGX_SE_FILTER_TC_1         3
#define AGX_SE_INACTIVE_THRESHOLD  2500
#define AGX_SE_RESET_CRITERIA      50

/* Never NULL for a SoC of agx_soc_get(). */
const struct agx_power_config *agx_soc_power(const struct agx_soc *soc, bool studio);

/* Performance states as the SoC's device tree has them before the boot loader fills it in. */
void agx_soc_default_power(const struct agx_soc *soc, struct agx_power *power);

/* A range of registers for the firmware. */
struct agx_io_range {
	uint8_t index; /* enum agx_io_mapping_index */
	bool writable;
	bool per_die;  /* the same again at AGX_DIE_STRIDE on each further die */
	uint8_t count; /* elements, stride bytes apart */
	uint32_t size; /* of an element, bytes */
	uint32_t stride;
	uint64_t base; /* physical */
};

#define AGX_DIE_STRIDE 0x2000000000ull

/* In order of index. NULL when i is past the end. */
const struct agx_io_range *agx_soc_io_range(const struct agx_soc *soc, unsigned int i);

/* SRAM of the GPU that the firmware shares, T602x. false: there is none. */
bool agx_soc_sram(const struct agx_soc *soc, uint64_t *base, uint64_t *size);

/* How a render is split over clusters. All zero on chips with one cluster. */
struct agx_soc_clustering {
	uint32_t meta1_block_size, meta2_size, meta3_size, meta4_size;
	uint32_t max_splits;
};

/* Constants of the architecture that go into commands and init data. */
struct agx_soc_arch {
	enum agx_gpu_core core_id;
	uint32_t preempt1_size, preempt2_size, preempt3_size; /* of renders, bytes */
	uint32_t compute_preempt1_size;
	uint32_t tiling_control;
	uint8_t max_gps;
	struct agx_soc_clustering clustering;
};

const struct agx_soc_arch *agx_soc_arch(const struct agx_soc *soc);

#endif
