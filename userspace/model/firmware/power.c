// SPDX-License-Identifier: MIT
/*
 * Power: cut when nothing has run for idle_off_delay_ms and no submission is pending, given back
 * by the driver's kick. Statistics messages tell of both, and once a second of how busy the units
 * were while there was power.
 */
#include "internal.h"

#define TICKS_PER_MS      24000ull
#define UTILIZATION_TICKS (1000 * TICKS_PER_MS)

static void put_word(struct agx_firmware *firmware, uint64_t va, uint32_t word)
{
	if (!memory_write(firmware, va, &word, sizeof(word)))
		rtkit_panic(firmware, "init data is gone");
}

static void power_set(struct agx_firmware *firmware, bool on)
{
	struct work_state *state = &firmware->work_state;
	uint64_t now = firmware_now(firmware), spent = now - state->power_since;

	state->powered = on;
	state->power_since = state->utilization_since = now;
	firmware_transcript(firmware, "power %s", on ? "on" : "off");
	agx_firmware_send_stats(firmware, on ? AGX_STATS_POWER_ON : AGX_STATS_POWER_OFF, &spent,
				sizeof(spent));
}

void power_start(struct agx_firmware *firmware)
{
	struct work_state *state = &firmware->work_state;

	state->power_since = firmware_now(firmware);
	state->idle = false;
	power_set(firmware, true);
}

void power_kick(struct agx_firmware *firmware)
{
	struct work_state *state = &firmware->work_state;

	if (!firmware->status.initialized)
		return;
	if (!state->powered)
		power_set(firmware, true);
	power_busy(firmware);
}

void power_busy(struct agx_firmware *firmware)
{
	struct work_state *state = &firmware->work_state;

	if (state->idle)
		put_word(firmware, firmware->tree.gpu_idle, 0);
	state->idle = false;
}

static void utilization(struct agx_firmware *firmware, uint64_t now)
{
	struct work_state *state = &firmware->work_state;
	struct {
		uint64_t timestamp;
		uint32_t busy[4];
	} __packed payload = {.timestamp = now};
	uint64_t span = now - state->utilization_since;

	for (unsigned int i = 0; i < AGX_GPU_UNITS; i++) {
		uint64_t busy = state->units[i].busy_ticks;

		payload.busy[i] = busy >= span ? 100 : (uint32_t)(busy * 100 / span);
		state->units[i].busy_ticks = 0;
	}
	state->utilization_since = now;
	agx_firmware_send_stats(firmware, AGX_STATS_UTILIZATION, &payload, sizeof(payload));
}

bool power_idle(struct agx_firmware *firmware)
{
	struct work_state *state = &firmware->work_state;
	uint32_t pending, delay;
	uint64_t now;

	if (!state->powered)
		return false;
	now = firmware_now(firmware);
	if (now - state->utilization_since >= UTILIZATION_TICKS) {
		utilization(firmware, now);
		return true;
	}
	for (unsigned int i = 0; i < AGX_GPU_UNITS; i++)
		if (state->units[i].phase != UNIT_FREE)
			return false;
	if (!state->idle) {
		state->idle = true;
		state->idle_since = now;
		put_word(firmware, firmware->tree.gpu_idle, 1);
		if (!memory_write(firmware, firmware->tree.idle_ts, &now, sizeof(now)))
			rtkit_panic(firmware, "globals are gone");
		return false;
	}
	if (!memory_read(firmware, firmware->tree.pending_submissions, &pending, sizeof(pending)) ||
	    !memory_read(firmware, firmware->tree.idle_off_delay, &delay, sizeof(delay))) {
		rtkit_panic(firmware, "globals are gone");
		return true;
	}
	if (pending || state->stalled_count || now - state->idle_since < delay * TICKS_PER_MS)
		return false;
	power_set(firmware, false);
	return true;
}
