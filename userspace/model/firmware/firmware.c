// SPDX-License-Identifier: MIT
/* The firmware's life, its steps, and what it tells of what it sees. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

#define LINE 512

/* Ticks between two looks at memory that somebody waits for, and that nobody waits for. */
#define LOOK_TICKS      6000  /* 0.25 ms */
#define LOOK_IDLE_TICKS 48000 /* 2 ms */

static const struct {
	enum agx_finding_id id;
	const char *name, *sentence;
} findings[] = {
#define FINDING_ROW(number, name, sentence) {(enum agx_finding_id)(number), #name, sentence},
	AGX_FINDINGS(FINDING_ROW)
#undef FINDING_ROW
};

const char *agx_finding_name(enum agx_finding_id id)
{
	for (size_t i = 0; i < sizeof(findings) / sizeof(*findings); i++)
		if (findings[i].id == id)
			return findings[i].name;
	return NULL;
}

const char *agx_finding_sentence(enum agx_finding_id id)
{
	for (size_t i = 0; i < sizeof(findings) / sizeof(*findings); i++)
		if (findings[i].id == id)
			return findings[i].sentence;
	return NULL;
}

const char *agx_firmware_state_name(enum agx_firmware_state state)
{
	switch (state) {
	case AGX_FIRMWARE_OFF:
		return "off";
	case AGX_FIRMWARE_BOOT:
		return "boot";
	case AGX_FIRMWARE_UP:
		return "up";
	case AGX_FIRMWARE_READY:
		return "ready";
	case AGX_FIRMWARE_HALTED:
		return "halted";
	case AGX_FIRMWARE_ASLEEP:
		return "asleep";
	case AGX_FIRMWARE_CRASHED:
		return "crashed";
	}
	return "unknown";
}

uint64_t firmware_now(struct agx_firmware *firmware)
{
	return firmware->config.clock ? firmware->config.clock(firmware->config.cookie) : 0;
}

void firmware_log(struct agx_firmware *firmware, enum agx_firmware_log_level level,
		  const char *format, ...)
{
	char line[LINE];
	va_list args;

	if (!firmware->config.log)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	firmware->config.log(firmware->config.cookie, level, line);
}

void firmware_transcript(struct agx_firmware *firmware, const char *format, ...)
{
	char line[LINE];
	va_list args;

	if (!firmware->config.transcript)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	firmware->config.transcript(firmware->config.cookie, line);
}

/* The way to the byte at an offset, through the member of a union that is meant. */
static void name_field(struct agx_firmware *firmware, const struct place *place, uint32_t offset,
		       char *field, size_t size)
{
	const struct agx_fw_layout *layout =
		agx_fw_find_layout(firmware->config.variant, place->structure);
	size_t used;

	if (!layout)
		return;
	for (uint32_t i = 0; place->alternative && i < layout->count; i++) {
		const struct agx_fw_member *member = &layout->members[i];

		if (!member->nested || strcmp(member->name, place->alternative) ||
		    offset < member->offset || offset - member->offset >= member->size)
			continue;
		used = (size_t)snprintf(field, size, "%s.", member->name);
		agx_fw_describe(agx_fw_nested(member), offset - member->offset, field + used,
				size - used);
		return;
	}
	agx_fw_describe(layout, offset, field, size);
}

void firmware_find(struct agx_firmware *firmware, enum agx_finding_id id, const struct place *place,
		   uint32_t offset, uint64_t expected, uint64_t got, const char *detail)
{
	struct agx_firmware_finding finding;
	char field[160] = "", text[LINE];

	firmware->status.findings++;
	if (!firmware->config.finding)
		return;
	name_field(firmware, place, offset, field, sizeof(field));
	snprintf(text, sizeof(text), "%s%s%s at 0x%llx: %s: expected 0x%llx, got 0x%llx%s%s",
		 place->structure, field[0] ? "." : "", field,
		 (unsigned long long)(place->va + offset), agx_finding_sentence(id),
		 (unsigned long long)expected, (unsigned long long)got, detail ? "; " : "",
		 detail ? detail : "");
	finding = (struct agx_firmware_finding){
		.id = id,
		.serial = firmware->status.findings,
		.address = place->va + offset,
		.structure = place->structure,
		.field = field,
		.expected = expected,
		.got = got,
		.text = text,
	};
	firmware->config.finding(firmware->config.cookie, &finding);
}

void firmware_set_state(struct agx_firmware *firmware, enum agx_firmware_state state)
{
	if (firmware->status.state == state)
		return;
	firmware_transcript(firmware, "state %s -> %s",
			    agx_firmware_state_name(firmware->status.state),
			    agx_firmware_state_name(state));
	firmware->status.state = state;
}

/* Everything that a processor without power has lost. */
void firmware_forget(struct agx_firmware *firmware)
{
	uint32_t found = firmware->status.findings;
	enum agx_firmware_state state = firmware->status.state;
	size_t from = offsetof(struct agx_firmware, hello_sent);

	work_stop(firmware);
	memset((char *)firmware + from, 0, sizeof(*firmware) - from);
	memset(&firmware->status, 0, sizeof(firmware->status));
	firmware->status.findings = found;
	firmware->status.state = state;
	firmware->inbox_count = 0;
	work_forget(firmware);
}

int agx_firmware_create(const struct agx_firmware_config *config, struct agx_firmware **out)
{
	static const struct firmware_ops *const ops[AGX_FW_VARIANT_COUNT] = {
#define OPS_ROW(lower, upper) [AGX_FW_VARIANT_##upper] = &agx_firmware_ops_##lower,
		AGX_FW_VARIANTS(OPS_ROW)
#undef OPS_ROW
	};
	static const struct layout_ops *const layouts[AGX_FW_VARIANT_COUNT] = {
#define LAYOUT_ROW(lower, upper) [AGX_FW_VARIANT_##upper] = &agx_layout_ops_##lower,
		AGX_FW_VARIANTS(LAYOUT_ROW)
#undef LAYOUT_ROW
	};
	static const struct command_ops *const commands[AGX_FW_VARIANT_COUNT] = {
#define COMMAND_ROW(lower, upper) [AGX_FW_VARIANT_##upper] = &agx_command_ops_##lower,
		AGX_FW_VARIANTS(COMMAND_ROW)
#undef COMMAND_ROW
	};
	struct agx_firmware *firmware;

	if ((unsigned int)config->variant >= AGX_FW_VARIANT_COUNT || !config->ram ||
	    !config->mailbox || config->output_bits < 36 || config->output_bits > 48 ||
	    config->handoff_pa % sizeof(uint64_t))
		return -EINVAL;
	firmware = calloc(1, sizeof(*firmware));
	if (!firmware)
		return -ENOMEM;
	firmware->scratch = malloc(SCRATCH_SIZE);
	if (!firmware->scratch || work_create(firmware)) {
		free(firmware->scratch);
		free(firmware);
		return -ENOMEM;
	}
	firmware->config = *config;
	firmware->ops = ops[config->variant];
	firmware->layout = layouts[config->variant];
	firmware->commands = commands[config->variant];
	firmware->walker = (struct agx_walker){
		.ram = config->ram,
		.cookie = config->cookie,
		.ttbat_pa = config->ttbat_pa,
		.output_bits = config->output_bits,
		.cache = &firmware->walk_cache,
	};
	*out = firmware;
	return 0;
}

void agx_firmware_destroy(struct agx_firmware *firmware)
{
	if (!firmware)
		return;
	work_destroy(firmware);
	free(firmware->scratch);
	free(firmware);
}

void agx_firmware_run(struct agx_firmware *firmware, bool run)
{
	if (run == (firmware->status.state != AGX_FIRMWARE_OFF))
		return;
	firmware_forget(firmware);
	firmware_set_state(firmware, run ? AGX_FIRMWARE_BOOT : AGX_FIRMWARE_OFF);
}

void agx_firmware_reset(struct agx_firmware *firmware)
{
	agx_firmware_run(firmware, false);
}

int agx_firmware_mailbox(struct agx_firmware *firmware, uint64_t word0, uint64_t word1)
{
	unsigned int at;

	if (firmware->inbox_count == AGX_FIRMWARE_INBOX)
		return -EAGAIN;
	at = (firmware->inbox_head + firmware->inbox_count++) % AGX_FIRMWARE_INBOX;
	firmware->inbox[at].word0 = word0;
	firmware->inbox[at].word1 = word1;
	return 0;
}

bool agx_firmware_has_room(const struct agx_firmware *firmware)
{
	return firmware->inbox_count < AGX_FIRMWARE_INBOX;
}

static bool take_mail(struct agx_firmware *firmware)
{
	struct agx_mailbox_message message;

	if (!firmware->inbox_count)
		return false;
	message = firmware->inbox[firmware->inbox_head];
	firmware->inbox_head = (firmware->inbox_head + 1) % AGX_FIRMWARE_INBOX;
	firmware->inbox_count--;
	rtkit_message(firmware, message.word0, message.word1);
	return true;
}

/* "Look at your rings." */
static bool say_event(struct agx_firmware *firmware)
{
	if (!firmware->event_due)
		return false;
	firmware->event_due = false;
	rtkit_send(firmware, AGX_EP_FIRMWARE, (uint64_t)AGX_MSG_EVENT << AGX_MSG_TYPE_SHIFT);
	return true;
}

static bool work_once(struct agx_firmware *firmware)
{
	switch (firmware->status.state) {
	case AGX_FIRMWARE_OFF:
	case AGX_FIRMWARE_CRASHED:
	case AGX_FIRMWARE_ASLEEP:
		return take_mail(firmware);
	case AGX_FIRMWARE_BOOT:
	case AGX_FIRMWARE_UP:
	case AGX_FIRMWARE_READY:
	case AGX_FIRMWARE_HALTED:
		break;
	}
	if (!firmware->hello_sent) {
		rtkit_hello(firmware);
		return true;
	}
	if (handoff_boot(firmware) || take_mail(firmware))
		return true;
	if (firmware->status.state == AGX_FIRMWARE_HALTED && halted_step(firmware))
		return true;
	if (firmware->status.state == AGX_FIRMWARE_READY &&
	    (channels_take(firmware) || work_step(firmware)))
		return true;
	if (firmware->status.state == AGX_FIRMWARE_READY && stamps_flush(firmware))
		return true;
	if (say_event(firmware))
		return true;
	if (firmware->status.state != AGX_FIRMWARE_READY)
		return false;
	queues_judge_stalled(firmware);
	return power_idle(firmware);
}

static bool is_taking(const struct agx_firmware *firmware)
{
	return firmware->status.state == AGX_FIRMWARE_READY;
}

unsigned int agx_firmware_step(struct agx_firmware *firmware, unsigned int max)
{
	unsigned int done = 0;

	while (done < max && work_once(firmware))
		done++;
	/* Who has much work still says in time what is done. */
	if (done == max && max && firmware->work_state.flag_due && is_taking(firmware)) {
		stamps_flush(firmware);
		say_event(firmware);
	}
	return done;
}

uint64_t agx_firmware_next(const struct agx_firmware *firmware)
{
	const struct work_state *state = &firmware->work_state;

	switch (firmware->status.state) {
	case AGX_FIRMWARE_OFF:
	case AGX_FIRMWARE_CRASHED:
	case AGX_FIRMWARE_ASLEEP:
		return UINT64_MAX;
	case AGX_FIRMWARE_BOOT:
	case AGX_FIRMWARE_UP:
		return firmware->status.handoff_done ? UINT64_MAX : LOOK_TICKS;
	case AGX_FIRMWARE_HALTED:
		return LOOK_TICKS;
	case AGX_FIRMWARE_READY:
		break;
	}
	for (unsigned int i = 0; i < AGX_GPU_UNITS; i++)
		if (state->units[i].phase != UNIT_FREE)
			return LOOK_TICKS;
	if (state->flag_due || firmware->channels[CHANNEL_DEVICE_CONTROL].held)
		return LOOK_TICKS;
	return state->powered || state->stalled_count ? LOOK_IDLE_TICKS : UINT64_MAX;
}

void agx_firmware_get_status(const struct agx_firmware *firmware,
			     struct agx_firmware_status *status)
{
	const struct work_state *state = &firmware->work_state;

	*status = firmware->status;
	status->powered = state->powered;
	status->ready = state->ready_count;
	status->stalled = state->stalled_count;
	for (unsigned int i = 0; i < AGX_GPU_UNITS; i++)
		status->running[i] = state->units[i].phase != UNIT_FREE;
}
