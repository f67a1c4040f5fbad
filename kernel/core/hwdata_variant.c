// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * HwDataA, HwDataB and Globals as m1n1 builds them on a Mac: AsahiLinux/m1n1: rust/src/gpu/
 * initdata.rs, from which the derivations and all constants below come. Compiled once per
 * variant.
 *
 * Performance states are counted in hundredths (_scaled). A filter with a time constant of n
 * periods is a = 1/n and 1 - a; integral gains are multiplied with the period in seconds.
 */
#include "hwdata_variant.h"
#include "agx_limits.h"
#include "agx_soc_tables.h"
#include "uat.h"
#include "variant.h"

#define F_SATURATION 0x47800000u /* 65536.0 */

/* The page that every VM maps last: docs/uat.md. */
#define DUMMY_PAGE_VA 0x7fffff8000ull

static agx_f32 decimal(int32_t mantissa, uint8_t digits)
{
	return agx_f32_from_decimal((struct agx_decimal){mantissa, digits});
}

static agx_f32 inverse(uint32_t value)
{
	return agx_float_div(AGX_F32_ONE, agx_f32_from_int(value));
}

static agx_f32 one_minus(agx_f32 value)
{
	return agx_float_sub(AGX_F32_ONE, value);
}

/* An integral gain times the sample period in seconds. */
static agx_f32 per_period(struct agx_decimal gain)
{
	agx_f32 period =
		agx_float_div(agx_f32_from_int(AGX_POWER_SAMPLE_PERIOD_MS), agx_f32_from_int(1000));

	return agx_float_mul(agx_f32_from_decimal(gain), period);
}

static uint32_t max_power(const struct agx_power *power)
{
	uint32_t i, most = 1;

	for (i = 0; i < power->count; i++)
		if (power->pstates[i].power_mw > most)
			most = power->pstates[i].power_mw;
	return most;
}

static uint32_t max_mv(const struct agx_soc *soc, const struct agx_pstate *state)
{
	uint32_t i, most = 1;

	for (i = 0; i < soc->clusters; i++)
		if (state->mv[i] > most)
			most = state->mv[i];
	return most;
}

static void fill_shared1(const struct agx_power_config *config, struct agx_hwdata_shared1 *hws1)
{
	hws1->unk_a4 = config->shared1_a4;
	agx_core_memcpy(hws1->table, config->shared1_table, sizeof(hws1->table));
}

/* Columns that a curve does not have repeat its first, or say "no limit". */
static void empty_curve(struct agx_hwdata_shared2_curve *curve, uint32_t unk_0, uint32_t unk_4,
			uint16_t t1, int16_t t2)
{
	unsigned int i, j;

	curve->unk_0 = unk_0;
	curve->unk_4 = unk_4;
	for (i = 0; i < 16; i++) {
		curve->t1[i] = t1;
		curve->t2[i] = t2;
		for (j = 0; j < 8; j++)
			curve->t3[j][i] = 0x3ffffff;
	}
}

static void fill_shared2(const struct agx_device *device, const struct agx_power_config *config,
			 struct agx_hwdata_shared2 *hws2)
{
	const struct agx_power_curves *curves = config->curves;
	struct agx_hwdata_shared2_curve *curve = &hws2->g14.curve2;
	uint32_t i, j;

	agx_core_memcpy(hws2->table, config->shared2_table, sizeof(hws2->table));
	agx_core_memset(hws2->unk_28, 0xff, sizeof(hws2->unk_28));
	hws2->unk_508 = config->shared2_508;
	if (!curves)
		return;

	hws2->g14.unk_14 = 0x6000000;
	empty_curve(&hws2->g14.curve1, 0, 0x20000000, 0xffff, 0x0f07);
	empty_curve(curve, 7, 0x80000000, 0xffff, curves->t2[0]);
	for (i = 0; i < 9; i++)
		curve->t2[i] = curves->t2[i];
	for (i = 0; i < device->power.count && i < 9; i++) {
		const struct agx_pstate *state = &device->power.pstates[i];
		uint64_t khz_mv = (uint64_t)(state->freq_hz / 1000) * max_mv(device->soc, state);

		if (!curves->t3_coefs[i] || !khz_mv)
			continue;
		curve->t1[i] = (uint16_t)(1000000000ull * curves->t1_coef / khz_mv);
		for (j = 0; j < 3; j++)
			curve->t3[j][i] = (int32_t)(curves->t3_coefs[i] * 1000000100ull *
						    curves->t3_scales[j] / (khz_mv * 6));
	}
}

static void fill_shared3(const struct agx_power_config *config, struct agx_hwdata_shared3 *hws3)
{
	if (!config->has_shared3)
		return;
	hws3->unk_0 = 1;
	hws3->unk_4 = 500;
	hws3->unk_8 = config->shared3_unk;
	agx_core_memcpy(hws3->table, config->shared3_table, sizeof(hws3->table));
	hws3->unk_4c = 1;
}

#if !AGX_FW_V13
static void fill_t81xx(const struct agx_soc *soc, uint32_t max_ps_scaled,
		       struct agx_t81xx_data *data)
{
	if (soc->chip_id != 0x8103 && soc->chip_id != 0x8112)
		return;
	data->unk_d8c = 0x80000000;
	data->unk_d90 = 4;
	data->unk_d9c = decimal(6, 1);
	data->unk_da4 = decimal(4, 1);
	data->unk_dac = decimal(38552, 5);
	data->unk_db8 = F_SATURATION;
	data->unk_dbc = decimal(1356, 2);
	data->max_pstate_scaled = max_ps_scaled;
}
#else
static void fill_a130(const struct agx_power_config *config, uint32_t max_ps_scaled,
		      uint32_t clocks, struct agx_hwdata_a130_extra *extra)
{
	agx_f32 a = inverse(AGX_SE_FILTER_TC), a1 = inverse(AGX_SE_FILTER_TC_1);

	extra->unk_38 = 4;
	extra->unk_3c = 8000;
	extra->gpu_se_inactive_threshold = AGX_SE_INACTIVE_THRESHOLD;
	extra->gpu_se_engagement_criteria = config->se_engagement_criteria;
	extra->gpu_se_reset_criteria = AGX_SE_RESET_CRITERIA;
	extra->unk_54 = 50;
	extra->unk_58 = 1;
	extra->gpu_se_filter_a_neg = one_minus(a);
	extra->gpu_se_filter_1_a_neg = one_minus(a1);
	extra->gpu_se_filter_a = a;
	extra->gpu_se_filter_1_a = a1;
	extra->gpu_se_ki_dt = per_period((struct agx_decimal){-50, 0});
	extra->gpu_se_ki_1_dt = per_period((struct agx_decimal){-100, 0});
	extra->unk_7c = F_SATURATION;
	extra->gpu_se_kp = decimal(-5, 0);
	extra->gpu_se_kp_1 = decimal(-10, 0);
	extra->unk_8c = 100; /* 40 before 13.3 */
	extra->max_pstate_scaled_1 = max_ps_scaled;
	extra->unk_9c = decimal(8000, 0);
	extra->unk_a0 = 1400;
	extra->gpu_se_filter_time_constant_ms = AGX_SE_FILTER_TC * AGX_POWER_SAMPLE_PERIOD_MS;
	extra->gpu_se_filter_time_constant_1_ms = AGX_SE_FILTER_TC_1 * AGX_POWER_SAMPLE_PERIOD_MS;
	extra->gpu_se_filter_time_constant_clks = AGX_SE_FILTER_TC * clocks;
	extra->gpu_se_filter_time_constant_1_clks = AGX_SE_FILTER_TC_1 * clocks;
	extra->unk_c4 = F_SATURATION;
	extra->unk_114 = F_SATURATION;
	extra->unk_124 = 40;
	extra->max_pstate_scaled_2 = max_ps_scaled;
}
#endif

/* From the start to the temperature controller. */
static void fill_a_power(const struct agx_device *device, const struct agx_power_config *config,
			 struct AGX_FW(hwdata_a) * a)
{
	const struct agx_power *power = &device->power;
	uint32_t period = AGX_POWER_SAMPLE_PERIOD_MS;
	uint32_t clock_khz = device->soc->base_clock_hz / 1000;
	uint32_t clocks =
		config->sample_period_clocks ? config->sample_period_clocks : clock_khz * period;
	uint32_t max_ps = 100 * (power->count - 1), base_ps = 100 * power->base_pstate;
	uint32_t most = max_power(power), ppm_periods = config->ppm_filter_tc_ms / period;
	agx_f32 pwr_a = inverse(AGX_PWR_FILTER_TC), ppm_a = inverse(ppm_periods);

	a->clocks_per_period = clocks;
#if AGX_FW_V13
	a->clocks_per_period_2 = clocks;
	a->ppm_filter_tc_clks = ppm_periods * period * clock_khz;
#endif
	a->pwr_status = 4;
	a->unk_10 = AGX_F32_ONE;
	a->actual_pstate = 1;
	a->tgt_pstate = 1;
	a->base_pstate_scaled = base_ps;
	a->unk_40 = 1;
	a->max_pstate_scaled = max_ps;
	a->min_pstate_scaled = 100;
	a->unk_64c = 625;
	a->pwr_filter_a_neg = one_minus(pwr_a);
	a->pwr_filter_a = pwr_a;
	a->pwr_integral_gain = decimal(202129, 7);
	a->pwr_integral_min_clamp = 0;
	a->max_power_1 = agx_f32_from_int(most);
	a->pwr_proportional_gain = decimal(52831855, 7);
	a->pwr_pstate_related_k =
		agx_float_div(agx_f32_from_int(-(int64_t)max_ps), agx_f32_from_int(most));
	a->pwr_pstate_max_dc_offset = AGX_POWER_MIN_DUTY_CYCLE - (int32_t)max_ps;
	a->max_pstate_scaled_2 = max_ps;
	a->max_power_2 = most;
	a->max_pstate_scaled_3 = max_ps;
	a->ppm_filter_tc_periods_x4 = ppm_periods * 4;
	a->ppm_filter_a_neg = one_minus(ppm_a);
	a->ppm_filter_a = ppm_a;
	a->ppm_ki_dt = per_period(config->ppm_ki);
	a->unk_6fc = F_SATURATION;
	a->ppm_kp = agx_f32_from_decimal(config->ppm_kp);
	a->pwr_min_duty_cycle = AGX_POWER_MIN_DUTY_CYCLE;
	a->max_pstate_scaled_4 = max_ps;
	a->max_power_3 = most;
	a->ppm_filter_tc_ms = config->ppm_filter_tc_ms;
}

/* The performance controller. */
static void fill_a_perf(const struct agx_device *device, const struct agx_power_config *config,
			struct AGX_FW(hwdata_a) * a)
{
	const struct agx_power *power = &device->power;
	uint32_t max_ps = 100 * (power->count - 1), base_ps = 100 * power->base_pstate;
	agx_f32 a1 = inverse(AGX_PERF_FILTER_TC), a2 = inverse(config->perf_filter_tc2);

	a->perf_tgt_utilization = config->perf_tgt_utilization;
	a->perf_boost_min_util = config->perf_boost_min_util;
	a->perf_boost_ce_step = config->perf_boost_ce_step;
	a->perf_reset_iters = AGX_PERF_RESET_ITERS;
	a->unk_774 = 6;
	a->unk_778 = 1;
	a->perf_filter_a_neg = one_minus(a1);
	a->perf_filter_a2_neg = one_minus(a2);
	a->perf_filter_a = a1;
	a->perf_filter_a2 = a2;
	a->perf_ki = agx_f32_from_decimal(config->perf_ki);
	a->perf_ki2 = agx_f32_from_decimal(config->perf_ki2);
	a->perf_integral_min_clamp = 0;
	a->unk_79c = decimal(95, 0);
	a->perf_kp = agx_f32_from_decimal(config->perf_kp);
	a->perf_kp2 = agx_f32_from_decimal(config->perf_kp2);
	a->boost_state_unk_k = agx_float_div(
		agx_f32_from_int(power->count - 1 - power->base_pstate), decimal(95, 2));
	a->base_pstate_scaled_2 = base_ps;
	a->max_pstate_scaled_5 = max_ps;
	a->base_pstate_scaled_3 = base_ps;
	a->perf_tgt_utilization_2 = config->perf_tgt_utilization;
	a->base_pstate_scaled_4 = base_ps;
	a->unk_7fc = F_SATURATION;
	a->pwr_min_duty_cycle_2 = agx_f32_from_int(AGX_POWER_MIN_DUTY_CYCLE);
	a->max_pstate_scaled_6 = agx_f32_from_int(max_ps);
	a->max_freq_mhz = power->pstates[power->count - 1].freq_hz / 1000000;
	a->pwr_min_duty_cycle_3 = AGX_POWER_MIN_DUTY_CYCLE;
	a->min_pstate_scaled_4 = decimal(100, 0);
	a->max_pstate_scaled_7 = max_ps;
	a->unk_alpha_neg = decimal(8, 1);
	a->unk_alpha = decimal(2, 1);
}

/* The temperature controller, and sensors. */
static void fill_a_temp(const struct agx_device *device, const struct agx_power_config *config,
			struct AGX_FW(hwdata_a) * a)
{
	uint32_t max_ps = 100 * (device->power.count - 1);

	a->fast_die0_sensor_mask = config->sensor_mask[0];
	a->fast_die0_sensor_mask_2 = config->sensor_mask[0];
	a->fast_die0_sensor_mask_alt = config->sensor_mask_alt[0];
#if AGX_FW_G14X
	a->fast_die1_sensor_mask = config->sensor_mask[1];
	a->fast_die1_sensor_mask_2 = config->sensor_mask[1];
	a->fast_die1_sensor_mask_alt = config->sensor_mask_alt[1];
#endif
#if !AGX_FW_V13
	a->fast_die0_sensor_present = config->sensor_present;
#endif
	a->fast_die0_release_temp_cc = 100 * AGX_POWER_RELEASE_TEMP;
	a->unk_87c = config->da_unk_87c;
	a->unk_880 = 4;
	a->unk_894 = AGX_F32_ONE;
	a->fast_die0_ki_dt = per_period(config->fast_die0_ki);
	a->unk_8a8 = F_SATURATION;
	a->fast_die0_kp = agx_f32_from_decimal(config->fast_die0_kp);
	a->pwr_min_duty_cycle_4 = AGX_POWER_MIN_DUTY_CYCLE;
	a->max_pstate_scaled_8 = max_ps;
	a->max_pstate_scaled_9 = max_ps;
	a->fast_die0_prop_tgt_delta = 100 * AGX_POWER_PROP_TGT_DELTA;
	a->unk_8cc = config->da_unk_8cc;
	a->max_pstate_scaled_10 = max_ps;
	a->max_pstate_scaled_11 = max_ps;
	a->unk_e24 = config->da_unk_e24;
	a->unk_e28 = 1;
	a->unk_163c = 1;
	a->unk_3ce8 = 1;
}

/* Average power, and power zones. */
static void fill_a_average(const struct agx_device *device, const struct agx_power_config *config,
			   struct AGX_FW(hwdata_a) * a)
{
	uint32_t period = AGX_POWER_SAMPLE_PERIOD_MS, i;
	uint32_t periods = config->avg_power_filter_tc_ms / period;
	uint32_t target_tc = config->avg_power_target_filter_tc;
	uint32_t max_ps = 100 * (device->power.count - 1), most = max_power(&device->power);
	agx_f32 target_a = inverse(target_tc), filter_a = inverse(periods);

	a->unk_c2c = 1;
	a->power_zone_count = config->power_zone_count;
	a->max_power_4 = most;
	a->max_power_5 = most;
	a->max_power_6 = most;
	a->avg_power_target_filter_a_neg = one_minus(target_a);
	a->avg_power_target_filter_a = target_a;
	a->avg_power_target_filter_tc_x4 = 4 * target_tc;
	a->avg_power_target_filter_tc_xperiod = period * target_tc;
#if AGX_FW_V13
	a->avg_power_target_filter_tc_clks =
		period * target_tc * (device->soc->base_clock_hz / 1000);
	a->avg_power_filter_tc_clks = periods * period * (device->soc->base_clock_hz / 1000);
#endif
	a->avg_power_filter_tc_periods_x4 = 4 * periods;
	a->avg_power_filter_a_neg = one_minus(filter_a);
	a->avg_power_filter_a = filter_a;
	a->avg_power_ki_dt = per_period(config->avg_power_ki_only);
	a->unk_d20 = F_SATURATION;
	a->avg_power_kp = agx_f32_from_decimal(config->avg_power_kp);
	a->avg_power_min_duty_cycle = AGX_POWER_MIN_DUTY_CYCLE;
	a->max_pstate_scaled_12 = max_ps;
	a->max_pstate_scaled_13 = max_ps;
	a->max_power_7 = agx_f32_from_int(most);
	a->max_power_8 = most;
	a->avg_power_filter_tc_ms = config->avg_power_filter_tc_ms;
	a->max_pstate_scaled_14 = max_ps;

	for (i = 0; i < config->power_zone_count; i++) {
		const struct agx_power_zone_config *zone = &config->power_zones[i];
		agx_f32 zone_a = inverse(zone->filter_tc);

		a->power_zones[i].target = zone->target;
		a->power_zones[i].target_off = zone->target - zone->target_offset;
		a->power_zones[i].filter_tc_x4 = 4 * zone->filter_tc;
		a->power_zones[i].filter_tc_xperiod = period * zone->filter_tc;
		a->power_zones[i].filter_a = zone_a;
		a->power_zones[i].filter_a_neg = one_minus(zone_a);
#if AGX_FW_V13
		a->power_zones[i].unk_10 = 1320000000;
#endif
	}
}

/* What differs between chips and clusters. */
static void fill_a_chip(const struct agx_device *device, const struct agx_power_config *config,
			struct AGX_FW(hwdata_a) * a)
{
	const struct agx_power *power = &device->power;
	uint32_t i, j;

	for (i = 0; i < power->count; i++)
		a->sram_k[i] = decimal(102, 2);
	for (i = 0; i < device->soc->clusters; i++) {
		a->core_leak_coef[i] = power->core_leak[i];
		a->sram_leak_coef[i] = power->sram_leak[i];
		for (j = 0; j < config->coef_columns; j++) {
			a->unk_coef_a1[i][j] = agx_f32_from_decimal(config->coef_a[i][j]);
			a->unk_coef_a2[i][j] = a->unk_coef_a1[i][j];
			a->unk_coef_b1[i][j] = agx_f32_from_decimal(config->coef_b[i][j]);
			a->unk_coef_b2[i][j] = a->unk_coef_b1[i][j];
		}
	}
#if AGX_FW_V13
	/* AFR's leakage in the places of CS, and the other way round, as m1n1 does it. */
	for (i = 0; power->cs_count && i < device->soc->dies; i++) {
		a->aux_leak_coef.cs_1[i] = power->afr_leak[i];
		a->aux_leak_coef.cs_2[i] = power->afr_leak[i];
		a->aux_leak_coef.afr_1[i] = power->cs_leak[i];
		a->aux_leak_coef.afr_2[i] = power->cs_leak[i];
	}
#endif
#if AGX_FW_G14X
	for (i = 0; i < 16; i++) {
		uint16_t t1 = a->hws2.g14.curve2.t1[i];

		a->unk_hws2[i] = t1 == 0xffff ? 0 : t1 / 2;
	}
#endif
}

void AGX_FW(build_hwdata_a)(const struct agx_device *device, void *hwdata_a)
{
	const struct agx_power_config *config = agx_soc_power(device->soc, device->studio);
	uint32_t max_ps = 100 * (device->power.count - 1);
	struct AGX_FW(hwdata_a) *a = hwdata_a;

	fill_a_power(device, config, a);
	fill_a_perf(device, config, a);
	fill_a_temp(device, config, a);
	fill_a_average(device, config, a);
#if AGX_FW_V13
	fill_a130(config, max_ps, device->soc->base_clock_hz / 1000 * AGX_POWER_SAMPLE_PERIOD_MS,
		  &a->unk_e10_0);
#else
	fill_t81xx(device->soc, max_ps, &a->t81xx_data);
#endif
	fill_shared1(config, &a->hws1);
	fill_shared2(device, config, &a->hws2);
	fill_shared3(config, &a->hws3);
	fill_a_chip(device, config, a);
}

static uint32_t floor_of(uint32_t value, uint32_t least)
{
	return value > least ? value : least;
}

static void fill_b_pstates(const struct agx_device *device, const struct agx_power_config *config,
			   struct AGX_FW(hwdata_b) * b)
{
	const struct agx_power *power = &device->power;
	const struct agx_pstate *base = &power->pstates[power->base_pstate];
	uint32_t percent = (power->pstates[power->count - 1].freq_hz - base->freq_hz) / 100;
	uint32_t most = max_power(power), i, j;

	b->max_pstate = power->count - 1;
#if !AGX_FW_V13
	b->num_pstates = power->count;
	b->min_sram_volt = config->min_sram_mv;
#endif
	for (i = 0; i < power->count; i++) {
		const struct agx_pstate *state = &power->pstates[i];

		b->frequencies[i] = state->freq_hz / 1000000;
		for (j = 0; j < 8; j++) {
			uint32_t mv = state->mv[j < device->soc->clusters ? j : 0];

			b->voltages[i][j] = mv;
			b->voltages_sram[i][j] = floor_of(mv, config->min_sram_mv);
		}
		b->sram_k[i] = decimal(102, 2);
		b->rel_max_powers[i] = (uint32_t)((uint64_t)state->power_mw * 100 / most);
		if (i > power->base_pstate && percent)
			b->rel_boost_freqs[i] = (state->freq_hz - base->freq_hz) / percent;
	}
}

#if AGX_FW_V13
static void fill_b_aux(const struct agx_device *device, const struct agx_power_config *config,
		       struct agx_hwdata_aux_pstates *aux)
{
	const struct agx_power *power = &device->power;
	uint32_t least = config->csafr_min_sram_mv, i, j;

	if (!power->cs_count || !power->afr_count)
		return;
	aux->cs_max_pstate = power->cs_count - 1;
	aux->afr_max_pstate = power->afr_count - 1;
	for (i = 0; i < power->cs_count; i++) {
		aux->cs_frequencies[i] = power->cs[i].freq_hz / 1000000;
		for (j = 0; j < device->soc->dies; j++) {
			aux->cs_voltages[i][j] = power->cs[i].mv[j];
			aux->cs_voltages_sram[i][j] = floor_of(power->cs[i].mv[j], least);
		}
	}
	for (i = 0; i < power->afr_count; i++) {
		aux->afr_frequencies[i] = power->afr[i].freq_hz / 1000000;
		for (j = 0; j < device->soc->dies; j++) {
			aux->afr_voltages[i][j] = power->afr[i].mv[j];
			aux->afr_voltages_sram[i][j] = floor_of(power->afr[i].mv[j], least);
		}
	}
}
#endif

/* Constants that are the same on all chips, by what the variant has. */
static void fill_b_constants(struct AGX_FW(hwdata_b) * b)
{
	unsigned int i;

#if !AGX_FW_V13
	static const uint32_t ae4[4] = {0x0, 0xf, 0x3f, 0x3f};

	b->unk_0 = 0x1300000000;
	b->unk_10 = 0x100000000;
	b->unk_ac0 = 0x1020;
#else
	static const uint32_t ae4[4] = {0x0, 0x3, 0x7, 0x7};

	b->unk_b38_0 = 1;
	b->unk_b38_4 = 1;
	b->unk_c3c = 0x1a; /* 0x19 before 13.3 */
	for (i = 0; i < 16; i++)
		b->unk_arr_0[i] = i;
#endif
	b->unk_8 = 0x1400000000;
	b->unk_18 = 0xffc00000;
	b->unk_30 = DUMMY_PAGE_VA;
	b->timestamp_area_base = AGX_TIMESTAMP_WINDOW_BASE;
	b->unk_458 = 1;
	b->unk_460 = 1;
	b->unk_464 = 1;
	b->unk_468 = 1;
	b->unk_47c = 1;
	b->unk_484 = 1;
	b->unk_48c = 1;
	b->unk_49c = 1;
	b->unk_4a0 = 1;
	b->unk_4a4 = 1;
	b->unk_4c0 = 0x1f;
	b->unk_4f0 = 1;
	b->unk_4f4 = 1;
	b->unk_504 = 0x31;
	b->unk_524 = 1;
	b->unk_554 = 1;
	for (i = 0; i < 4; i++)
		b->unk_ae4[i] = ae4[i];
	b->unk_b10 = 1;
	b->unk_b24 = 1;
	b->unk_b28 = 1;
	b->unk_b2c = 1;
	for (i = 0; i < 12; i++)
		b->unk_b38[i] = 0xffffffff;
}

void AGX_FW(build_hwdata_b)(const struct agx_device *device, void *hwdata_b)
{
	const struct agx_power_config *config = agx_soc_power(device->soc, device->studio);
	uint32_t cores = (uint32_t)device->id.cores_per_cluster * device->soc->clusters;
	struct AGX_FW(hwdata_b) *b = hwdata_b;

	fill_b_constants(b);
	b->chip_id = device->soc->chip_id;
	b->unk_454 = config->db_unk_454;
	b->base_clock_khz = device->soc->base_clock_hz / 1000;
	b->power_sample_period = AGX_POWER_SAMPLE_PERIOD_MS;
	b->unk_4e0 = config->db_unk_4e0;
	b->unk_534 = config->db_unk_534;
	b->num_frags = cores;
	b->num_cores = cores;
	b->uat_ttb_base = device->ttbs.pa;
	b->gpu_core_id = agx_soc_arch(device->soc)->core_id;
	b->gpu_rev_id = agx_gpu_revision_id(device->id.revision);
#if AGX_FW_G14X
	if (b->gpu_rev_id == AGX_GPU_REVISION_B1)
		b->gpu_rev_id = AGX_GPU_REVISION_B0;
#endif
#if !AGX_FW_V13
	b->unk_ab8 = config->db_unk_ab8;
	b->unk_abc = config->db_unk_abc;
#endif
	b->unk_b30 = config->db_unk_b30;
	fill_b_pstates(device, config, b);
#if AGX_FW_V13
	fill_b_aux(device, config, &b->aux_ps);
#endif
}

static void fill_g_power(const struct agx_device *device, const struct agx_power_config *config,
			 struct AGX_FW(globals) * g)
{
	uint32_t max_ps = 100 * (device->power.count - 1), most = max_power(&device->power), i;

	g->max_power = most;
	g->max_pstate_scaled = max_ps;
	g->max_pstate_scaled_2 = max_ps;
	g->max_pstate_scaled_3 = max_ps;
	g->power_zone_count = config->power_zone_count;
	g->avg_power_filter_tc_periods =
		config->avg_power_filter_tc_ms / AGX_POWER_SAMPLE_PERIOD_MS;
	g->avg_power_ki_dt = per_period(config->avg_power_ki_only);
	g->avg_power_kp = agx_f32_from_decimal(config->avg_power_kp);
	g->avg_power_min_duty_cycle = AGX_POWER_MIN_DUTY_CYCLE;
	g->avg_power_target_filter_tc = config->avg_power_target_filter_tc;
	g->unk_89bc = config->da_unk_8cc;
	g->fast_die0_release_temp = 100 * AGX_POWER_RELEASE_TEMP;
	g->unk_89c4 = config->da_unk_87c;
	g->fast_die0_prop_tgt_delta = 100 * AGX_POWER_PROP_TGT_DELTA;
	g->fast_die0_kp = agx_f32_from_decimal(config->fast_die0_kp);
	g->fast_die0_ki_dt = per_period(config->fast_die0_ki);
	g->unk_89e0 = 1;
	g->max_power_2 = most;
	g->ppm_kp = agx_f32_from_decimal(config->ppm_kp);
	g->ppm_ki_dt = per_period(config->ppm_ki);
	for (i = 0; i < config->power_zone_count; i++) {
		const struct agx_power_zone_config *zone = &config->power_zones[i];

		g->power_zones[i].target = zone->target;
		g->power_zones[i].target_off = zone->target - zone->target_offset;
		g->power_zones[i].filter_tc = zone->filter_tc;
	}
}

void AGX_FW(build_globals)(const struct agx_device *device, void *globals)
{
	const struct agx_power_config *config = agx_soc_power(device->soc, device->studio);
	struct AGX_FW(globals) *g = globals;
#if AGX_FW_V13
	unsigned int i;

	g->unk_24_0 = 3000;
	g->unk_2c_0 = AGX_FW_G14X;
	g->unk_89f4_8 = 1;
	g->idle_off_standby_timer = config->idle_off_standby_timer;
	for (i = 0; i < 8; i++)
		g->unk_hws2_4[i] = agx_f32_from_decimal(config->hws2_4[i]);
	g->unk_hws2_24 = config->hws2_24;
	g->unk_9010_0 = 1;
	g->unk_903c = 1;
	g->unk_1102c_0 = 1;
	g->unk_1102c_4 = 1;
	g->unk_1102c_8 = 100;
	g->unk_1102c_c = 1;
	g->cl_kill_timeout_ms = 50;
#endif
	g->unk_28 = 1;
	g->unk_2c = 1;
	g->unk_34 = 120;
	g->unk_54 = config->globals_54;
	g->unk_56 = 40;
	g->unk_58 = 0xffff;
	g->unk_5e = 1;
	g->unk_66 = 1;
	g->unk_8900 = 1;
	fill_g_power(device, config, g);
	g->unk_900c = 1;
	g->fault_control = AGX_FAULT_CONTROL_DEFAULT;
	g->do_init = 1;
	g->progress_check_interval_3d = 40;
	g->progress_check_interval_ta = 10;
	g->progress_check_interval_cl = 250;
	g->idle_off_delay_ms = AGX_IDLE_OFF_DELAY_MS;
	g->fender_idle_off_delay_ms = AGX_FENDER_IDLE_OFF_MS;
	g->fw_early_wake_timeout_ms = AGX_EARLY_WAKE_MS;
	g->cl_context_switch_timeout_ms = 40;
	fill_shared1(config, &g->hws1);
	fill_shared2(device, config, &g->hws2);
	fill_shared3(config, &g->hws3);
	if (config->globals_table_size) {
		agx_core_memcpy(g->unk_118ec, config->globals_table, config->globals_table_size);
		g->unk_118e8 = 1;
	}
}
