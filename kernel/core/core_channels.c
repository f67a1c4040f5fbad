// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Messages: sending with a doorbell, and the firmware's rings drained and decoded. What the
 * firmware says is checked here, once: behind the hooks, slots and pipes are in range and text
 * is text.
 *
 * Order of draining: jannau/linux: drivers/gpu/drm/asahi/gpu.rs recv_message(). Each call takes
 * at most as many messages as a ring has elements, so that a firmware which never stops writing
 * cannot keep the driver here.
 */
#include "work_internal.h"

#include "agx_text.h"

static const char *const pipe_names[4][AGX_PIPE_COUNT] = {
	{"vertex 0", "fragment 0", "compute 0"},
	{"vertex 1", "fragment 1", "compute 1"},
	{"vertex 2", "fragment 2", "compute 2"},
	{"vertex 3", "fragment 3", "compute 3"},
};

static const char *const log_names[AGX_FWLOG_CHANNELS] = {
	"log debug", "log info", "log notice", "log warning", "log error", "log critical",
};

struct agx_channel_shape agx_core_channel_shape(const struct agx_core *core, unsigned int channel)
{
	const struct agx_variant_ops *ops = core->ops;

	if (channel < AGX_CHANNEL_DEVICE_CONTROL)
		return (struct agx_channel_shape){
			pipe_names[channel / AGX_PIPE_COUNT][channel % AGX_PIPE_COUNT],
			AGX_CHANNEL_PIPE_ENTRIES, ops->run_work_queue_size, AGX_HEAP_PRIVATE, true};
	if (channel >= AGX_CHANNEL_FWLOG && channel < AGX_CHANNEL_KTRACE)
		return (struct agx_channel_shape){
			log_names[channel - AGX_CHANNEL_FWLOG], AGX_CHANNEL_FWLOG_ENTRIES,
			sizeof(struct agx_fwlog_msg), AGX_HEAP_SHARED, false};
	switch (channel) {
	case AGX_CHANNEL_DEVICE_CONTROL:
		return (struct agx_channel_shape){"device control",
						  AGX_CHANNEL_DEVICE_CONTROL_ENTRIES,
						  ops->device_control_size, AGX_HEAP_PRIVATE, true};
	case AGX_CHANNEL_EVENT:
		return (struct agx_channel_shape){"event", AGX_CHANNEL_EVENT_ENTRIES,
						  sizeof(struct agx_event_msg), AGX_HEAP_SHARED,
						  false};
	case AGX_CHANNEL_KTRACE:
		return (struct agx_channel_shape){"kernel trace", AGX_CHANNEL_KTRACE_ENTRIES,
						  sizeof(struct agx_ktrace_msg), AGX_HEAP_SHARED,
						  false};
	case AGX_CHANNEL_STATS:
		return (struct agx_channel_shape){"statistics", AGX_CHANNEL_STATS_ENTRIES,
						  ops->stats_message_size, AGX_HEAP_SHARED, false};
	default: /* AGX_CHANNEL_FWCTL; both sides look at its ring uncached */
		return (struct agx_channel_shape){"firmware control", AGX_CHANNEL_FWCTL_ENTRIES,
						  sizeof(struct agx_fwctl_msg), AGX_HEAP_SHARED,
						  true};
	}
}

void agx_core_channels_init(struct agx_core *core)
{
	unsigned int i;

	for (i = 0; i < AGX_CHANNELS; i++) {
		struct agx_channel_shape shape = agx_core_channel_shape(core, i);
		bool log = i >= AGX_CHANNEL_FWLOG && i < AGX_CHANNEL_KTRACE;
		unsigned int first = log ? AGX_CHANNEL_FWLOG : i;
		char *state = core->states[first]->cpu;
		char *ring = core->rings[first]->cpu;
		size_t write = i == AGX_CHANNEL_FWCTL
				       ? offsetof(struct agx_fwctl_state, write_ptr)
				       : offsetof(struct agx_channel_state, write_ptr);

		state += (i - first) * sizeof(struct agx_channel_state);
		ring += (size_t)(i - first) * shape.entries * shape.entry_size;
		agx_channel_init(&core->channels[i], core->platform, shape.name, shape.to_firmware,
				 ring, shape.entries, shape.entry_size, (uint32_t *)state,
				 (uint32_t *)(state + write));
	}
}

/* --- To the firmware --- */

static int doorbell(struct agx_core *core, uint64_t number)
{
	return agx_rtkit_send(&core->rtkit, AGX_EP_DOORBELL,
			      (uint64_t)AGX_MSG_DOORBELL << AGX_MSG_TYPE_SHIFT | number);
}

/* A dead ring, or a mailbox that refuses, is the end of the firmware as far as we can tell. */
static int sent(struct agx_core *core, int err)
{
	if (err && err != -EAGAIN && err != -ENODEV)
		agx_core_fail(core, "a message cannot be sent to the firmware");
	return err;
}

int agx_core_device_control(struct agx_core *core, enum agx_device_control what,
			    const struct agx_device_control_args *args, uint32_t *token)
{
	uint64_t message[AGX_CHANNEL_MESSAGE_MAX / 8];
	int err;

	if (core->state != AGX_CORE_READY && core->state != AGX_CORE_STARTING)
		return -ENODEV;
	err = core->ops->device_control(what, args, message);
	if (err)
		return err;
	err = agx_channel_send(&core->channels[AGX_CHANNEL_DEVICE_CONTROL], message, token);
	/* While it starts, the doorbell comes later, after INIT. */
	if (!err && core->state == AGX_CORE_READY)
		err = doorbell(core, AGX_DOORBELL_DEVICE_CONTROL);
	return sent(core, err);
}

int agx_core_run_work_queue(struct agx_core *core, unsigned int priority,
			    const struct agx_run_work_queue *args)
{
	uint64_t message[AGX_CHANNEL_MESSAGE_MAX / 8];
	int err;

	if (priority > 3 || args->pipe >= AGX_PIPE_COUNT)
		return -EINVAL;
	if (core->state != AGX_CORE_READY)
		return -ENODEV;
	core->ops->run_work_queue(args, message);
	err = agx_channel_send(&core->channels[AGX_CHANNEL_PIPE(priority, args->pipe)], message,
			       NULL);
	if (!err)
		err = doorbell(core, AGX_DOORBELL_PIPE(args->pipe, priority));
	return sent(core, err);
}

int agx_core_fwctl(struct agx_core *core, const struct agx_uat_flush_msg *msg, uint32_t *token)
{
	struct agx_fwctl_msg message = {
		.addr = msg->addr,
		.slot = msg->slot,
		.page_count = msg->page_count,
		.unk_12 = AGX_FWCTL_UNK_12,
	};
	int err;

	if (core->state != AGX_CORE_READY)
		return -ENODEV;
	err = agx_channel_send(&core->channels[AGX_CHANNEL_FWCTL], &message, token);
	if (!err)
		err = agx_rtkit_send(&core->rtkit, AGX_EP_DOORBELL,
				     (uint64_t)AGX_MSG_FWCTL << AGX_MSG_TYPE_SHIFT);
	return sent(core, err);
}

int agx_core_taken(struct agx_core *core, unsigned int channel, uint32_t token)
{
	int taken;

	if (channel >= AGX_CHANNELS || core->state != AGX_CORE_READY)
		return -ENODEV;
	taken = agx_channel_taken(&core->channels[channel], token);
	return taken < 0 ? sent(core, taken) : taken;
}

/* Whether a message to the firmware may still lie in its ring. */
static bool waits(struct agx_core *core, unsigned int channel)
{
	return !core->channels[channel].dead &&
	       agx_channel_room(&core->channels[channel]) + 1 < core->channels[channel].entries;
}

int agx_core_ring_again(struct agx_core *core)
{
	unsigned int priority, pipe;
	int err = agx_core_kick(core);

	if (!err && waits(core, AGX_CHANNEL_DEVICE_CONTROL))
		err = doorbell(core, AGX_DOORBELL_DEVICE_CONTROL);
	for (priority = 0; priority < AGX_PRIORITY_COUNT; priority++)
		for (pipe = 0; pipe < AGX_PIPE_COUNT; pipe++)
			if (!err && waits(core, AGX_CHANNEL_PIPE(priority, pipe)))
				err = doorbell(core, AGX_DOORBELL_PIPE(pipe, priority));
	return err == -ENODEV ? err : sent(core, err);
}

int agx_core_kick(struct agx_core *core)
{
	if (core->state != AGX_CORE_READY)
		return -ENODEV;
	return sent(core, doorbell(core, AGX_DOORBELL_KICK));
}

/*
 * A DestroyContext message that names no context has no other effect than a flush of the whole
 * cache (jannau/linux: drivers/gpu/drm/asahi/gpu.rs flush_fw_cache()).
 */
void agx_core_collect_garbage(struct agx_core *core)
{
	const struct agx_device_control_args args = {
		.destroy_context = {.ctx_0 = 0xff, .ctx_1 = 0xff},
	};
	bool wanted = false;
	unsigned int i;

	if (core->state != AGX_CORE_READY || agx_core_collecting(core))
		return;
	for (i = 0; i < AGX_FW_HEAPS; i++) {
		wanted |= agx_heap_wants_flush(core->heaps[i]);
		core->collect_marks[i] = agx_heap_garbage_mark(core->heaps[i]);
	}
	if (!wanted || agx_core_device_control(core, AGX_DEVICE_CONTROL_DESTROY_CONTEXT, &args,
					       &core->collect_token))
		return;
	core->collecting = true;
	core->collect_since = core->platform->time_ns(core->platform->cookie);
}

bool agx_core_collecting(struct agx_core *core)
{
	uint64_t time;
	unsigned int i;
	int taken;

	if (!core->collecting)
		return false;
	time = core->platform->time_ns(core->platform->cookie);
	taken = agx_core_taken(core, AGX_CHANNEL_DEVICE_CONTROL, core->collect_token);
	if (!taken) {
		if (time - core->collect_since < AGX_CORE_TIMEOUT_NS)
			return true;
		agx_log(core->platform, AGX_LOG_WARNING,
			"core: the firmware has not flushed its cache within a second");
		core->collect_since = time;
		return true;
	}
	core->collecting = false;
	if (taken == 1)
		for (i = 0; i < AGX_FW_HEAPS; i++)
			agx_heap_collect(core->heaps[i], core->collect_marks[i]);
	return false;
}

/* --- From the firmware --- */

const char *agx_record_source_name(enum agx_record_source source)
{
	static const char *const names[AGX_RECORD_SOURCES] = {"log",    "ktrace", "stats",
							      "syslog", "crash",  "fault"};

	return (unsigned int)source < AGX_RECORD_SOURCES ? names[source] : "?";
}

void agx_core_record(struct agx_core *core, enum agx_record_source source, uint32_t level,
		     uint32_t sequence, uint64_t timestamp, const char *text)
{
	struct agx_record record = {
		.source = source,
		.level = level,
		.sequence = sequence,
		.timestamp = timestamp,
		.text = text,
	};

	if (core->config.hooks->record)
		core->config.hooks->record(core->config.cookie, &record);
}

static void drain_log(struct agx_core *core, uint32_t level)
{
	struct agx_channel *channel = &core->channels[AGX_CHANNEL_FWLOG + level];
	const struct agx_fwlog_payload *all = core->objects[AGX_INIT_FWLOG_BUFFER]->cpu;
	struct agx_fwlog_payload payload;
	struct agx_fwlog_msg msg;
	struct agx_text text;
	unsigned int i;

	for (i = 0; i < AGX_CHANNEL_FWLOG_ENTRIES; i++) {
		if (agx_channel_peek(channel, &msg) != 1)
			return;
		agx_text_init(&text, core->text, sizeof(core->text));
		if (msg.msg_type != AGX_FWLOG_MSG_TYPE ||
		    msg.msg_index >= AGX_CHANNEL_FWLOG_ENTRIES) {
			agx_text_add(&text, "damaged log message:");
			agx_text_field(&text, "type", msg.msg_type);
			agx_text_field_hex(&text, "index", msg.msg_index);
			agx_core_record(core, AGX_RECORD_LOG, level, 0, 0, core->text);
		} else {
			/* One copy: the firmware may write to it while we look. */
			agx_core_memcpy(&payload,
					&all[level * AGX_CHANNEL_FWLOG_ENTRIES + msg.msg_index],
					sizeof(payload));
			if (payload.msg_type != AGX_FWLOG_PAYLOAD_TYPE) {
				agx_text_add(&text, "damaged log entry:");
				agx_text_field(&text, "type", payload.msg_type);
			} else {
				agx_text_foreign(&text, payload.msg, sizeof(payload.msg));
			}
			agx_core_record(core, AGX_RECORD_LOG, level, payload.seq_no,
					payload.timestamp, core->text);
		}
		agx_channel_consume(channel);
	}
}

/* A row of AGX_KTRACE_POINTS. */
struct trace_point {
	uint8_t channel, code;
	uint8_t flag;
	const char *name;
	const char *args[4];
};

static const struct trace_point trace_points[] = {
#define POINT(channel, code, flag, name, a, b, c, d) {channel, code, flag, name, {a, b, c, d}},
	AGX_KTRACE_POINTS(POINT)
#undef POINT
};

static void drain_ktrace(struct agx_core *core)
{
	struct agx_channel *channel = &core->channels[AGX_CHANNEL_KTRACE];
	const struct trace_point *point;
	struct agx_ktrace_msg msg;
	struct agx_text text;
	unsigned int i, j;

	for (i = 0; i < AGX_CHANNEL_KTRACE_ENTRIES; i++) {
		if (agx_channel_receive(channel, &msg) != 1)
			return;
		agx_text_init(&text, core->text, sizeof(core->text));
		point = NULL;
		for (j = 0; j < sizeof(trace_points) / sizeof(trace_points[0]); j++)
			if (trace_points[j].channel == msg.channel &&
			    trace_points[j].code == msg.code &&
			    trace_points[j].flag == msg.unk_flag)
				point = &trace_points[j];
		if (msg.msg_type != AGX_KTRACE_MSG_TYPE) {
			agx_text_add(&text, "damaged trace message:");
			agx_text_field(&text, "type", msg.msg_type);
		} else if (point) {
			agx_text_add(&text, point->name);
			for (j = 0; j < 4; j++)
				if (point->args[j][0])
					agx_text_field_hex(&text, point->args[j], msg.args[j]);
		} else {
			agx_text_add(&text, "unknown trace point:");
			agx_text_field(&text, "channel", msg.channel);
			agx_text_field_hex(&text, "code", msg.code);
			agx_text_field_hex(&text, "flag", msg.unk_flag);
			for (j = 0; j < 4; j++)
				agx_text_field_hex(&text, "arg", msg.args[j]);
		}
		agx_core_record(core, AGX_RECORD_KTRACE, msg.thread, 0, msg.timestamp, core->text);
	}
}

static void drain_stats(struct agx_core *core)
{
	struct agx_channel *channel = &core->channels[AGX_CHANNEL_STATS];
	uint64_t message[AGX_CHANNEL_MESSAGE_MAX / 8];
	struct agx_text text;
	unsigned int i;
	uint32_t tag;

	for (i = 0; i < AGX_CHANNEL_STATS_ENTRIES; i++) {
		if (agx_channel_receive(channel, message) != 1)
			return;
		agx_text_init(&text, core->text, sizeof(core->text));
		if (!core->ops->print_stats(message, &tag, &text)) {
			agx_text_add(&text, "unknown statistics:");
			agx_text_field_hex(&text, "tag", tag);
		}
		agx_core_record(core, AGX_RECORD_STATS, tag, 0, 0, core->text);
	}
}

/* Fills event; a reason why not otherwise. */
static const char *check_event(const struct agx_event_msg *msg, struct agx_core_event *event)
{
	unsigned int i;

	agx_core_memset(event, 0, sizeof(*event));
	event->tag = msg->tag;
	switch (msg->tag) {
	case AGX_EVENT_FAULT:
		return NULL;
	case AGX_EVENT_FLAG:
		for (i = 0; i < 4; i++)
			event->firing[i] = msg->flag.firing[i];
		return NULL;
	case AGX_EVENT_TIMEOUT:
		event->timeout.counter = msg->timeout.counter;
		event->timeout.event_slot = msg->timeout.event_slot;
		if (event->timeout.event_slot < -1 || event->timeout.event_slot >= AGX_EVENT_SLOTS)
			return "Timeout of an event slot that does not exist";
		return NULL;
	case AGX_EVENT_GROW_TVB:
		event->grow_tvb.vm_slot = msg->grow_tvb.vm_slot;
		event->grow_tvb.buffer_slot = msg->grow_tvb.buffer_slot;
		event->grow_tvb.counter = msg->grow_tvb.counter;
		if (event->grow_tvb.vm_slot >= AGX_UAT_CONTEXTS)
			return "GrowTVB of a context that does not exist";
		if (event->grow_tvb.buffer_slot >= AGX_BUFFER_SLOTS)
			return "GrowTVB of a buffer that does not exist";
		return NULL;
	case AGX_EVENT_CHANNEL_ERROR:
		event->channel_error.error = msg->channel_error.error_type;
		event->channel_error.pipe = msg->channel_error.pipe_type;
		event->channel_error.event_slot = msg->channel_error.event_slot;
		event->channel_error.event_value = msg->channel_error.event_value;
		if (event->channel_error.pipe >= AGX_PIPE_COUNT)
			return "ChannelError of a pipe that does not exist";
		if (event->channel_error.event_slot >= AGX_EVENT_SLOTS)
			return "ChannelError of an event slot that does not exist";
		return NULL;
	}
	return "unknown tag";
}

static void drain_events(struct agx_core *core)
{
	struct agx_channel *channel = &core->channels[AGX_CHANNEL_EVENT];
	struct agx_core_event event;
	struct agx_event_msg msg;
	const char *wrong;
	unsigned int i;
	int got = 0;

	for (i = 0; i < AGX_CHANNEL_EVENT_ENTRIES; i++) {
		got = agx_channel_receive(channel, &msg);
		if (got != 1)
			break;
		wrong = check_event(&msg, &event);
		if (wrong) {
			agx_log(core->platform, AGX_LOG_WARNING, "core: event 0x%x ignored: %s",
				msg.tag, wrong);
			continue;
		}
		agx_work_event(core, &event);
		if (core->config.hooks->event)
			core->config.hooks->event(core->config.cookie, &event);
	}
	if (got < 0)
		agx_core_fail(core, "the event ring is damaged");
	/* The firmware rings once for many, so what is left must not wait for the next message. */
	core->drain = got == 1;
}

void agx_core_drain(struct agx_core *core)
{
	uint32_t level;

	core->drain = false;
	for (level = 0; level < AGX_FWLOG_CHANNELS; level++)
		drain_log(core, level);
	drain_ktrace(core);
	drain_stats(core);
	drain_events(core);
}
