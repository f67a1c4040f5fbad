// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Coefficients of the power controller: AsahiLinux/m1n1: rust/src/gpu/hw/{t8103,t8112,t600x,
 * t602x}.rs, where T6022's are called tentative.
 *
 * Performance states: what the device trees have before the boot loader writes the chip's own
 * voltages and power there. T8103, T8112, T602x: jannau/linux: arch/arm64/boot/dts/apple/
 * {t8103,t8112,t602x-common,t602x-die0}.dtsi; T600x: kkpan11/AsahiLinux-linux:
 * t600x-common.dtsi, herrnst/linux-asahi: t600x-die0.dtsi. All CS and AFR voltages are the same
 * on both dies there. The base state is 1 in all of them.
 */
#include "agx_soc_tables.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define D(mantissa, digits)      \
	{                        \
		mantissa, digits \
	}

#define ALL_FFFF                                                                                \
	{                                                                                       \
		0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, \
			0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff                          \
	}

static const struct agx_power_config t8103 = {
	.da_unk_87c = -220,
	.da_unk_8cc = 9880,
	.da_unk_e24 = 112,
	.db_unk_454 = 1,
	.db_unk_ab8 = 0x48,
	.db_unk_abc = 0x8,
	.shared1_table = {-1, 0x7282, 0x50ea, 0x370a, 0x25be, 0x1c1f, 0x16fb, -1, -1, -1, -1, -1,
			  -1, -1, -1, -1},
	.shared1_a4 = 0xffff,
	.shared2_table = {0x800, 0x1555, -1, -1, -1, -1, -1, -1, 0, 0},
	.shared2_508 = 0xc00007,
	.globals_54 = 0xffff,
	.sensor_mask = {0x12},
	.sensor_mask_alt = {0x12},
	.sensor_present = 0x01,
	.power_zone_count = 1,
	.power_zones = {{.target = 30000, .target_offset = 100, .filter_tc = 6875}},
	.min_sram_mv = 850,
	.avg_power_filter_tc_ms = 1000,
	.avg_power_ki_only = D(75, 1),
	.avg_power_kp = D(4, 0),
	.avg_power_target_filter_tc = 125,
	.fast_die0_ki = D(200, 0),
	.fast_die0_kp = D(5, 0),
	.perf_boost_ce_step = 25,
	.perf_boost_min_util = 100,
	.perf_tgt_utilization = 85,
	.perf_filter_tc2 = 50,
	.perf_ki = D(78956833, 7),
	.perf_ki2 = D(197392, 6),
	.perf_kp = D(14707963, 6),
	.perf_kp2 = D(6853981, 6),
	.ppm_filter_tc_ms = 100,
	.ppm_ki = D(915, 1),
	.ppm_kp = D(69, 1),
	.se_engagement_criteria = -1,
};

static const struct agx_power_curves t8112_curves = {
	.t1_coef = 7200,
	.t2 = {0xf07, 0x4c0, 0x6c0, 0x8c0, 0xac0, 0xc40, 0xdc0, 0xec0, 0xf80},
	.t3_coefs = {0, 20, 28, 36, 44, 50, 56, 60, 63},
	.t3_scales = {9, 3209, 10400},
};

static const struct agx_power_config t8112 = {
	.da_unk_87c = 900,
	.da_unk_8cc = 11000,
	.da_unk_e24 = 125,
	.db_unk_454 = 1,
	.db_unk_4e0 = 4,
	.db_unk_ab8 = 0x2048,
	.db_unk_abc = 0x4000,
	.db_unk_b30 = 1,
	.shared1_table = ALL_FFFF,
	.shared2_table = {-1, -1, -1, -1, -1, -1, -1, -1, 0xaa5aa, 0},
	.shared2_508 = 0xc00000,
	.curves = &t8112_curves,
	.has_shared3 = true,
	.shared3_unk = 5,
	.shared3_table = {10700, 10700, 10700, 10700, 10700, 6000, 1000, 1000, 1000, 10700, 10700,
			  10700, 10700, 10700, 10700, 10700},
	.globals_54 = 0xffff,
	.coef_columns = 8,
	.coef_a = {{D(0, 0), D(0, 0), D(0, 0), D(0, 0), D(53, 1), D(0, 0), D(53, 1), D(53, 1)}},
	.coef_b = {{D(0, 0), D(0, 0), D(0, 0), D(0, 0), D(53, 1), D(0, 0), D(53, 1), D(53, 1)}},
	.sensor_mask = {0x6800},
	.sensor_mask_alt = {0x6800},
	.sensor_present = 0x02,
	.min_sram_mv = 780,
	.avg_power_filter_tc_ms = 300,
	.avg_power_ki_only = D(9375, 3),
	.avg_power_kp = D(322, 2),
	.avg_power_target_filter_tc = 1,
	.fast_die0_ki = D(200, 0),
	.fast_die0_kp = D(5, 0),
	.perf_boost_ce_step = 50,
	.perf_boost_min_util = 90,
	.perf_tgt_utilization = 85,
	.perf_filter_tc2 = 200,
	.perf_ki = D(594, 2),
	.perf_ki2 = D(594, 2),
	.perf_kp = D(1485, 2),
	.perf_kp2 = D(1485, 2),
	.ppm_filter_tc_ms = 34,
	.ppm_ki = D(205, 0),
	.ppm_kp = D(75, 2),
	.se_engagement_criteria = -1,
};

/* clang-format off */
#define T600X_COEF_A                                                                         \
	{{D(9838, 3)}, {D(9819, 3)}, {D(9826, 3)}, {D(9799, 3)},                             \
	 {D(9799, 3)}, {D(9826, 3)}, {D(9819, 3)}, {D(9838, 3)}}
#define T600X_COEF_B                                                                         \
	{{D(13, 0)}, {D(13, 0)}, {D(13, 0)}, {D(13, 0)},                                     \
	 {D(13, 0)}, {D(13, 0)}, {D(13, 0)}, {D(13, 0)}}

#define T600X_COMMON                                                                         \
	.da_unk_87c = 900,                                                                   \
	.da_unk_8cc = 11000,                                                                 \
	.da_unk_e24 = 125,                                                                   \
	.db_unk_454 = 1,                                                                     \
	.db_unk_4e0 = 4,                                                                     \
	.db_unk_534 = 1,                                                                     \
	.db_unk_ab8 = 0x2084,                                                                \
	.db_unk_abc = 0x80,                                                                  \
	.shared1_table = ALL_FFFF,                                                           \
	.shared1_a4 = 0xffff,                                                                \
	.shared2_table = {-1, -1, -1, -1, 0x2aa, 0xaaa, -1, -1, 0, 0},                       \
	.shared2_508 = 0xcc00001,                                                            \
	.globals_54 = 0xffff,                                                                \
	.coef_columns = 1,                                                                   \
	.coef_a = T600X_COEF_A,                                                              \
	.coef_b = T600X_COEF_B,                                                              \
	.globals_table_size = 21,                                                            \
	.globals_table = {0, 1, 2, 1, 1, 90, 75, 1, 1, 1, 2, 90, 75, 1, 1, 1, 1, 90, 75, 1, 1}, \
	.min_sram_mv = 790,                                                                  \
	.avg_power_filter_tc_ms = 1000,                                                      \
	.fast_die0_ki = D(500, 0),                                                           \
	.fast_die0_kp = D(72, 0),                                                            \
	.perf_boost_ce_step = 50,                                                            \
	.perf_boost_min_util = 90,                                                           \
	.perf_tgt_utilization = 85,                                                          \
	.perf_filter_tc2 = 50,                                                               \
	.perf_ki = D(63, 1),                                                                 \
	.perf_ki2 = D(197392, 6),                                                            \
	.perf_kp = D(1575, 2),                                                               \
	.perf_kp2 = D(6853981, 6),                                                           \
	.ppm_filter_tc_ms = 100,                                                             \
	.se_engagement_criteria = -1

/* Notebooks, and machines that are cooled better. */
#define T600X_QUIET                                                                          \
	.avg_power_ki_only = D(24, 1),                                                       \
	.avg_power_kp = D(15, 1),                                                            \
	.avg_power_target_filter_tc = 125,                                                   \
	.ppm_ki = D(30, 0),                                                                  \
	.ppm_kp = D(15, 1)
#define T600X_STUDIO                                                                         \
	.avg_power_ki_only = D(6375, 4),                                                     \
	.avg_power_kp = D(58, 2),                                                            \
	.avg_power_target_filter_tc = 1,                                                     \
	.ppm_ki = D(58, 1),                                                                  \
	.ppm_kp = D(355, 3)
#define T6001_SENSORS                                                                        \
	.sensor_mask = {0x80808080},                                                         \
	.sensor_mask_alt = {0x90909090},                                                     \
	.sensor_present = 0x0f
/* clang-format on */

static const struct agx_power_config t6000 = {
	T600X_COMMON,           T600X_QUIET, .sensor_mask = {0x8080}, .sensor_mask_alt = {0x9090},
	.sensor_present = 0x03,
};

static const struct agx_power_config t6001 = {
	T600X_COMMON,
	T600X_QUIET,
	T6001_SENSORS,
};

static const struct agx_power_config t6001_studio = {
	T600X_COMMON,
	T600X_STUDIO,
	T6001_SENSORS,
};

static const struct agx_power_config t6002 = {
	T600X_COMMON,
	T600X_STUDIO,
	.sensor_mask = {0x8080808080808080},
	.sensor_mask_alt = {0x9090909090909090},
	.sensor_present = 0xff,
};

static const struct agx_power_curves t602x_curves = {
	.t1_coef = 11000,
	.t2 = {0xf07, 0x4c0, 0x680, 0x8c0, 0xa80, 0xc40, 0xd80, 0xec0, 0xf40},
	.t3_coefs = {0, 20, 27, 36, 43, 50, 55, 60, 62},
	.t3_scales = {9, 3209, 10400},
};

/* clang-format off */
#define T602X_COEF(a, b)                                                                     \
	{{D(0, 0), D(a, 1), D(0, 0), D(b, 1), D(b, 1)},                                      \
	 {D(0, 0), D(0, 0), D(0, 0), D(b, 1), D(b, 1)},                                      \
	 {D(0, 0), D(a, 1), D(0, 0), D(b, 1), D(0, 0)},                                      \
	 {D(0, 0), D(0, 0), D(0, 0), D(b, 1), D(0, 0)},                                      \
	 {D(0, 0), D(0, 0), D(0, 0), D(b, 1), D(0, 0)},                                      \
	 {D(0, 0), D(a, 1), D(0, 0), D(b, 1), D(0, 0)},                                      \
	 {D(0, 0), D(0, 0), D(0, 0), D(b, 1), D(b, 1)},                                      \
	 {D(0, 0), D(a, 1), D(0, 0), D(b, 1), D(b, 1)}}

#define T602X_COMMON                                                                         \
	.da_unk_87c = 500,                                                                   \
	.da_unk_8cc = 11000,                                                                 \
	.da_unk_e24 = 125,                                                                   \
	.db_unk_4e0 = 4,                                                                     \
	.shared1_table = ALL_FFFF,                                                           \
	.shared2_table = {0x800, 0x1555, -1, -1, -1, -1, -1, -1, 0xaaaaa, 0},                \
	.shared2_508 = 0xc00007,                                                             \
	.curves = &t602x_curves,                                                             \
	.has_shared3 = true,                                                                 \
	.shared3_unk = 8,                                                                    \
	.shared3_table = {125, 125, 125, 125, 125, 125, 125, 125, 7500, 125, 125, 125, 125,  \
			  125, 125, 125},                                                    \
	.hws2_24 = 6,                                                                        \
	.globals_54 = 4000,                                                                  \
	.coef_columns = 5,                                                                   \
	.coef_a = T602X_COEF(82, 69),                                                        \
	.coef_b = T602X_COEF(90, 80),                                                        \
	.globals_table_size = 27,                                                            \
	.globals_table = {0, 2, 2, 1, 1, 90, 75, 1, 1, 1, 2, 90, 75, 1, 1, 1, 2, 90, 75, 1,  \
			  1, 1, 1, 90, 75, 1, 1},                                            \
	.min_sram_mv = 790,                                                                  \
	.csafr_min_sram_mv = 812,                                                            \
	.avg_power_target_filter_tc = 1,                                                     \
	.perf_filter_tc2 = 200,                                                              \
	.perf_ki = D(162, 2),                                                                \
	.perf_ki2 = D(162, 2),                                                               \
	.perf_kp = D(54, 1),                                                                 \
	.perf_kp2 = D(54, 1),                                                                \
	.se_engagement_criteria = 700,                                                       \
	.sample_period_clocks = 200000

#define T602X_QUIET                                                                          \
	.idle_off_standby_timer = 700,                                                       \
	.perf_boost_ce_step = 50,                                                            \
	.perf_boost_min_util = 90,                                                           \
	.perf_tgt_utilization = 85
#define T602X_STUDIO                                                                         \
	.idle_off_standby_timer = 3000,                                                      \
	.perf_boost_ce_step = 100,                                                           \
	.perf_boost_min_util = 75,                                                           \
	.perf_tgt_utilization = 70

#define T6021_HWS2_4                                                                         \
	.hws2_4 = {D(10, 1), D(8, 1), D(2, 1), D(9, 1), D(1, 1), D(25, 2), D(7, 1), D(9, 1)}
#define T6021_COMMON                                                                         \
	.db_unk_454 = 1,                                                                     \
	T6021_HWS2_4,                                                                        \
	.sensor_mask = {0x40005000c000d00},                                                  \
	.sensor_mask_alt = {0x140015001d001d00},                                             \
	.avg_power_filter_tc_ms = 300,                                                       \
	.avg_power_ki_only = D(15125, 4),                                                    \
	.avg_power_kp = D(38, 2),                                                            \
	.fast_die0_ki = D(700, 0),                                                           \
	.fast_die0_kp = D(34, 0),                                                            \
	.ppm_filter_tc_ms = 34,                                                              \
	.ppm_ki = D(18, 0),                                                                  \
	.ppm_kp = D(1, 1)
/* clang-format on */

static const struct agx_power_config t6020 = {
	T602X_COMMON,
	T602X_QUIET,
	T6021_HWS2_4,
	.sensor_mask = {0xc000d00},
	.sensor_mask_alt = {0x1d001d00},
	.avg_power_filter_tc_ms = 302,
	.avg_power_ki_only = D(26375, 4),
	.avg_power_kp = D(18, 2),
	.fast_die0_ki = D(1350, 0),
	.fast_die0_kp = D(34, 0),
	.ppm_filter_tc_ms = 32,
	.ppm_ki = D(28, 0),
	.ppm_kp = D(1, 1),
};

static const struct agx_power_config t6021 = {
	T602X_COMMON,
	T602X_QUIET,
	T6021_COMMON,
};

static const struct agx_power_config t6021_studio = {
	T602X_COMMON,
	T602X_STUDIO,
	T6021_COMMON,
};

static const struct agx_power_config t6022 = {
	T602X_COMMON,
	T602X_STUDIO,
	.db_unk_454 = 1,
	.hws2_4 = {D(10, 1), D(8, 1), D(2, 1), D(9, 1), D(1, 1), D(25, 2), D(5, 1), D(9, 1)},
	.sensor_mask = {0x40005000c000d00, 0xd000c0005000400},
	.sensor_mask_alt = {0x140015001d001d00, 0x1d001c0015001400},
	.avg_power_filter_tc_ms = 302,
	.avg_power_ki_only = D(10125, 4),
	.avg_power_kp = D(15, 2),
	.fast_die0_ki = D(96, 1),
	.fast_die0_kp = D(24, 0),
	.ppm_filter_tc_ms = 34,
	.ppm_ki = D(11, 0),
	.ppm_kp = D(15, 2),
};

const struct agx_power_config *agx_soc_power(const struct agx_soc *soc, bool studio)
{
	switch (soc->chip_id) {
	case 0x8103:
		return &t8103;
	case 0x8112:
		return &t8112;
	case 0x6000:
		return &t6000;
	case 0x6001:
		return studio ? &t6001_studio : &t6001;
	case 0x6002:
		return &t6002;
	case 0x6020:
		return &t6020;
	case 0x6021:
		return studio ? &t6021_studio : &t6021;
	case 0x6022:
		return &t6022;
	}
	return NULL;
}

/* kHz, mV on all clusters, and uW. */
struct point {
	uint32_t khz;
	uint16_t mv;
	uint32_t uw;
};

static const struct point t8103_points[] = {
	{0, 400, 0},
	{396000, 603, 3714690},
	{528000, 640, 5083260},
	{720000, 690, 7429380},
	{924000, 784, 11730600},
	{1128000, 862, 17009370},
	{1278000, 931, 19551000},
};

static const struct point t8112_points[] = {
	{0, 400, 0},
	{444000, 603, 4295000},
	{612000, 675, 6251000},
	{808000, 710, 8625000},
	{968000, 775, 11948000},
	{1110000, 820, 15071000},
	{1236000, 875, 18891000},
	{1338000, 915, 21960000},
	{1398000, 950, 22800000},
};

static const struct point t600x_points[] = {
	{0, 400, 0},
	{388800, 634, 25011450},
	{486000, 650, 31681170},
	{648000, 668, 41685750},
	{777600, 715, 56692620},
	{972000, 778, 83371500},
	{1296000, 903, 166743000},
};

static const struct point t602x_points[] = {
	{0, 400, 0},
	{444000, 637, 4295000},
	{612000, 656, 6251000},
	{808000, 687, 8625000},
	{968000, 725, 11948000},
	{1110000, 790, 15071000},
	{1236000, 843, 18891000},
	{1338000, 887, 21960000},
	{1398000, 918, 22800000},
};

/* Hz, as the first of these has 24. */
static const struct agx_aux_pstate t602x_cs[] = {
	{24, {668, 668}},         {444000000, {668, 668}},  {612000000, {678, 678}},
	{808000000, {737, 737}},  {1024000000, {815, 815}}, {1140000000, {862, 862}},
	{1236000000, {893, 893}},
};

static const struct agx_aux_pstate t602x_afr[] = {
	{24, {668, 668}},         {400000000, {668, 668}}, {552000000, {678, 678}},
	{760000000, {737, 737}},  {980000000, {815, 815}}, {1098000000, {862, 862}},
	{1200000000, {893, 893}},
};

static void fill(const struct agx_soc *soc, struct agx_power *power, const struct point *points,
		 uint32_t count, int32_t core_leak, int32_t sram_leak)
{
	uint32_t i, j;

	power->count = count;
	power->base_pstate = 1;
	for (i = 0; i < count; i++) {
		power->pstates[i].freq_hz = points[i].khz * 1000;
		power->pstates[i].power_mw = points[i].uw / 1000;
		for (j = 0; j < soc->clusters; j++)
			power->pstates[i].mv[j] = points[i].mv;
	}
	for (j = 0; j < soc->clusters; j++) {
		power->core_leak[j] = agx_f32_from_int(core_leak);
		power->sram_leak[j] = agx_f32_from_int(sram_leak);
	}
}

void agx_soc_default_power(const struct agx_soc *soc, struct agx_power *power)
{
	uint32_t i;

	agx_core_memset(power, 0, sizeof(*power));
	switch (soc->chip_id) {
	case 0x8103:
		fill(soc, power, t8103_points, COUNT(t8103_points), 1000, 45);
		break;
	case 0x8112:
		fill(soc, power, t8112_points, COUNT(t8112_points), 1920, 74);
		break;
	case 0x6000:
	case 0x6001:
	case 0x6002:
		fill(soc, power, t600x_points, COUNT(t600x_points), 1200, 20);
		break;
	case 0x6020:
	case 0x6021:
	case 0x6022:
		fill(soc, power, t602x_points, COUNT(t602x_points), 1200, 20);
		power->cs_count = COUNT(t602x_cs);
		power->afr_count = COUNT(t602x_afr);
		agx_core_memcpy(power->cs, t602x_cs, sizeof(t602x_cs));
		agx_core_memcpy(power->afr, t602x_afr, sizeof(t602x_afr));
		for (i = 0; i < soc->dies; i++) {
			power->cs_leak[i] = agx_f32_from_int(400);
			power->afr_leak[i] = agx_f32_from_int(200);
		}
		break;
	}
}
