// SPDX-License-Identifier: MIT
/* Messages, doorbells, crashes. */
#include <errno.h>
#include <string.h>

#include "inject_internal.h"
#include "mailbox.h"

_Static_assert(INJECT_MAX_RULES <= 32, "a bit for each rule");

uint32_t inject_strike(struct agx_inject *inject, enum rule_count what, unsigned int unit)
{
	uint32_t strikes = 0;

	for (unsigned int i = 0; i < inject->rule_count; i++) {
		struct rule *rule = &inject->rules[i];
		const struct rule_type *type = inject_rule_type(rule->id);

		if (type->counts != what)
			continue;
		if (what == COUNT_START && rule->argument != INJECT_ANY_UNIT &&
		    rule->argument != unit)
			continue;
		rule->seen++;
		if (rule->seen == rule->at || (rule->every && rule->seen > rule->at &&
					       (rule->seen - rule->at) % rule->every == 0)) {
			strikes |= 1u << i;
			inject->struck++;
		}
	}
	return strikes;
}

/* The first of the striking rules that is of this kind, taken out of the set; NULL: none. */
static const struct rule *take(struct agx_inject *inject, uint32_t *strikes, enum rule_id id)
{
	for (unsigned int i = 0; i < inject->rule_count; i++) {
		if (!(*strikes & 1u << i) || inject->rules[i].id != id)
			continue;
		*strikes &= ~(1u << i);
		return &inject->rules[i];
	}
	return NULL;
}

static uint64_t now(const struct agx_inject *inject)
{
	return inject->inner.clock ? inject->inner.clock(inject->inner.cookie) : 0;
}

static bool hold(struct agx_inject *inject, const struct held *held)
{
	if (inject->held_count == INJECT_MAX_HELD)
		return false;
	inject->held[inject->held_count++] = *held;
	return true;
}

/* Those that wait for the next message of their kind need wait no longer. */
static void release(struct agx_inject *inject, bool event)
{
	for (unsigned int i = 0; i < inject->held_count; i++)
		if (inject->held[i].event == event && inject->held[i].waiting) {
			inject->held[i].waiting = false;
			inject->held[i].due = 0;
		}
}

static bool is_due(const struct agx_inject *inject, const struct held *held)
{
	return !held->waiting && held->due <= now(inject);
}

/* Delivers the first message that is due. */
static bool deliver(struct agx_inject *inject)
{
	for (unsigned int i = 0; i < inject->held_count; i++) {
		struct held held = inject->held[i];
		int ret = 0;

		if (!is_due(inject, &held))
			continue;
		inject->passing = true;
		if (held.event)
			ret = agx_firmware_send_raw_event(inject->firmware, &held.element);
		else
			inject->inner.mailbox(inject->inner.cookie, held.word0, held.word1);
		inject->passing = false;
		if (ret == -EAGAIN)
			continue;
		inject->held_count--;
		memmove(&inject->held[i], &inject->held[i + 1],
			(inject->held_count - i) * sizeof(inject->held[0]));
		return true;
	}
	return false;
}

/* --- What the firmware calls --- */

static void *ram(void *cookie, uint64_t pa, uint64_t size)
{
	struct agx_inject *inject = cookie;

	return inject->inner.ram(inject->inner.cookie, pa, size);
}

static uint64_t clock_ticks(void *cookie)
{
	return now(cookie);
}

static void log_line(void *cookie, enum agx_firmware_log_level level, const char *line)
{
	struct agx_inject *inject = cookie;

	inject->inner.log(inject->inner.cookie, level, line);
}

static void finding(void *cookie, const struct agx_firmware_finding *what)
{
	struct agx_inject *inject = cookie;

	inject->inner.finding(inject->inner.cookie, what);
}

static void transcript(void *cookie, const char *line)
{
	struct agx_inject *inject = cookie;

	inject->inner.transcript(inject->inner.cookie, line);
}

static void mailbox(void *cookie, uint64_t word0, uint64_t word1)
{
	struct agx_inject *inject = cookie;
	struct held held = {.word0 = word0, .word1 = word1};
	const struct rule *rule;
	uint32_t strikes;

	/* Booting has rules of its own. */
	if (inject->passing || word1 != AGX_EP_FIRMWARE) {
		inject->inner.mailbox(inject->inner.cookie, word0, word1);
		return;
	}
	strikes = inject_strike(inject, COUNT_MAIL, 0);
	if (take(inject, &strikes, RULE_LOSE))
		return;
	if (take(inject, &strikes, RULE_GARBLE))
		held.word0 ^= 0x00a5000000000000ull;
	rule = take(inject, &strikes, RULE_LATE);
	if (rule) {
		held.due = now(inject) + rule->argument * INJECT_TICKS_MS;
		if (hold(inject, &held))
			return;
	}
	if (take(inject, &strikes, RULE_SWAP)) {
		held.waiting = true;
		if (hold(inject, &held))
			return;
	}
	inject->inner.mailbox(inject->inner.cookie, held.word0, held.word1);
	if (take(inject, &strikes, RULE_TWICE))
		inject->inner.mailbox(inject->inner.cookie, held.word0, held.word1);
	release(inject, false);
}

static bool outgoing(void *cookie, const char *channel, void *element, size_t size)
{
	struct agx_inject *inject = cookie;
	struct held held = {.event = true};
	const struct rule *rule;
	uint32_t strikes;

	if (inject->inner.outgoing &&
	    !inject->inner.outgoing(inject->inner.cookie, channel, element, size))
		return false;
	if (inject->passing || strcmp(channel, "event") || size < sizeof(held.element))
		return true;
	strikes = inject_strike(inject, COUNT_EVENT, 0);
	if (take(inject, &strikes, RULE_CRASH_IDLE))
		inject->crash_idle = true;
	rule = take(inject, &strikes, RULE_STORM);
	if (rule)
		inject->storm += rule->argument;
	if (take(inject, &strikes, RULE_LOSE_EVENT))
		return false;
	memcpy(&held.element, element, sizeof(held.element));
	if (take(inject, &strikes, RULE_GARBLE_EVENT)) {
		/* No tag that is known, and slots that are not in use. */
		held.element.tag ^= 0x5a0;
		for (size_t i = 0; i < sizeof(held.element.payload); i++)
			held.element.payload[i] ^= 0xa5;
		memcpy(element, &held.element, sizeof(held.element));
	}
	rule = take(inject, &strikes, RULE_LATE_EVENT);
	if (rule) {
		held.due = now(inject) + rule->argument * INJECT_TICKS_MS;
		if (hold(inject, &held))
			return false;
	}
	if (take(inject, &strikes, RULE_SWAP_EVENT)) {
		held.waiting = true;
		if (hold(inject, &held))
			return false;
	}
	if (take(inject, &strikes, RULE_TWICE_EVENT))
		hold(inject, &held);
	release(inject, true);
	return true;
}

static void halted(void *cookie, unsigned int unit, const struct agx_gpu_fault *fault)
{
	const struct agx_inject *inject = cookie;

	inject->inner.halted(inject->inner.cookie, unit, fault);
}

void agx_inject_attach(struct agx_inject *inject, struct agx_firmware_config *config)
{
	inject->inner = *config;
	config->ram = ram;
	config->clock = clock_ticks;
	config->log = config->log ? log_line : NULL;
	config->finding = config->finding ? finding : NULL;
	config->transcript = config->transcript ? transcript : NULL;
	config->mailbox = mailbox;
	config->outgoing = outgoing;
	config->halted = config->halted ? halted : NULL;
	config->cookie = inject;
	if (config->gpu) {
		inject->gpu = inject_gpu_ops;
		if (!inject->inner.gpu->progress)
			inject->gpu.progress = NULL;
		config->gpu = &inject->gpu;
		config->gpu_cookie = inject;
	}
}

void agx_inject_firmware(struct agx_inject *inject, struct agx_firmware *firmware)
{
	inject->firmware = firmware;
}

/* --- What the home calls --- */

int agx_inject_mailbox(struct agx_inject *inject, uint64_t word0, uint64_t word1)
{
	const struct rule *rule;
	uint32_t strikes;

	if (word1 != AGX_EP_DOORBELL)
		return agx_firmware_mailbox(inject->firmware, word0, word1);
	strikes = inject_strike(inject, COUNT_DOORBELL, 0);
	rule = take(inject, &strikes, RULE_STALL);
	if (rule)
		inject->stalled = now(inject) + rule->argument * INJECT_TICKS_MS;
	if (take(inject, &strikes, RULE_LOSE_DOORBELL))
		return 0;
	return agx_firmware_mailbox(inject->firmware, word0, word1);
}

/* Flag events of all slots, which say nothing that is wrong and nothing that is new. */
static bool storm(struct agx_inject *inject)
{
	struct agx_event_msg event = {.tag = AGX_EVENT_FLAG};
	bool sent = false;

	memset(event.flag.firing, 0xff, sizeof(event.flag.firing));
	inject->passing = true;
	while (inject->storm && !agx_firmware_send_raw_event(inject->firmware, &event)) {
		inject->storm--;
		sent = true;
	}
	inject->passing = false;
	return sent;
}

/* Of the buffer in the manager's first slot, whosever it is: the driver must look. */
static bool grow(struct agx_inject *inject)
{
	struct agx_event_msg event = {.tag = AGX_EVENT_GROW_TVB};
	int ret;

	event.grow_tvb.vm_slot = inject->grow_context;
	event.grow_tvb.counter = inject->grown;
	inject->passing = true;
	ret = agx_firmware_send_event(inject->firmware, &event);
	inject->passing = false;
	if (ret == -EAGAIN)
		return false;
	inject->grow = false;
	inject->grown++;
	return true;
}

static void forget(struct agx_inject *inject)
{
	inject->grow = false;
	inject->held_count = 0;
	inject->storm = 0;
	inject->stalled = 0;
	inject->crash = inject->crash_idle = inject->crash_boot = false;
	for (unsigned int unit = 0; unit < AGX_GPU_UNITS; unit++)
		inject->stuck[unit] = inject->faulted[unit] = false;
	inject->overflown = false;
}

static bool crash(struct agx_inject *inject, bool idle)
{
	struct agx_firmware_status status;

	agx_firmware_get_status(inject->firmware, &status);
	if (status.state == AGX_FIRMWARE_OFF || status.state == AGX_FIRMWARE_CRASHED) {
		if (inject->booting)
			forget(inject);
		inject->booting = false;
		return false;
	}
	if (!inject->booting) {
		inject->booting = true;
		inject->crash_boot = inject_strike(inject, COUNT_BOOT, 0);
	}
	if (!(inject->crash || (inject->crash_idle && idle) ||
	      (inject->crash_boot && status.state == AGX_FIRMWARE_UP)))
		return false;
	forget(inject);
	agx_firmware_crash(inject->firmware, "injected crash");
	return true;
}

unsigned int agx_inject_step(struct agx_inject *inject, unsigned int max)
{
	unsigned int done = 0;

	while (done < max) {
		if (inject->stalled) {
			if (now(inject) < inject->stalled)
				break;
			inject->stalled = 0;
		}
		if (crash(inject, false) || deliver(inject) || (inject->storm && storm(inject)) ||
		    (inject->grow && grow(inject)) || agx_firmware_step(inject->firmware, 1)) {
			done++;
			continue;
		}
		if (!crash(inject, true))
			break;
		done++;
	}
	return done;
}

uint64_t agx_inject_next(const struct agx_inject *inject)
{
	uint64_t next = UINT64_MAX, time = now(inject);

	for (unsigned int i = 0; i < inject->held_count; i++)
		if (!inject->held[i].waiting && inject->held[i].due < next)
			next = inject->held[i].due;
	if (inject->stalled)
		next = inject->stalled;
	if (next == UINT64_MAX)
		return next;
	return next > time ? next - time : 0;
}

uint32_t agx_inject_count(const struct agx_inject *inject)
{
	return inject->struck;
}
