// SPDX-License-Identifier: MIT
/* Elements of the pipe channels and of the device control channel. Compiled once per variant. */
#include <inttypes.h>

#include "internal.h"
#include "variant.h"

#define AT(type, member)     ((uint32_t)offsetof(struct type, member))
#define END_OF(type, member) (AT(type, member) + (uint32_t)sizeof(((struct type *)0)->member))

void AGX_FW(firmware_run_work_queue)(struct agx_firmware *firmware, unsigned int index,
				     const struct place *place, const uint8_t *element);
bool AGX_FW(firmware_device_control)(struct agx_firmware *firmware, const struct place *place,
				     const uint8_t *element);

static void want(struct agx_firmware *firmware, enum agx_finding_id id, const struct place *place,
		 uint32_t offset, uint64_t expected, uint64_t got)
{
	if (expected != got)
		firmware_find(firmware, id, place, offset, expected, got, NULL);
}

/* RunWorkQueue */

static void check_priority(struct agx_firmware *firmware, const struct place *at,
			   const struct agx_priority *got, unsigned int priority, bool compute)
{
	static const struct agx_priority table[AGX_PRIORITY_COUNT] = AGX_PRIORITIES;
	const uint32_t base = AT(AGX_FW(queue_info), priority);
	struct agx_priority right = table[priority];

	if (compute) { /* as is, or with preemption stopped */
		if (got->unk_0 == 0)
			right.unk_0 = 0;
		if (got->unk_18 == 1)
			right.unk_18 = 1;
	}
	for (uint32_t i = 0; i < sizeof(right); i++) {
		const uint8_t *a = (const uint8_t *)&right, *b = (const uint8_t *)got;

		if (a[i] == b[i])
			continue;
		firmware_find(firmware, AGX_FINDING_QUEUE_VALUE, at, base + i, a[i], b[i],
			      "priority of this channel");
		return;
	}
}

/* A queue that the firmware sees for the first time. false: it would crash. */
static bool check_new_queue(struct agx_firmware *firmware, const struct place *at,
			    const struct AGX_FW(queue_info) * queue, unsigned int index)
{
	const uint8_t *bytes = (const uint8_t *)queue;

	if (!memory_check(firmware, at, AT(AGX_FW(queue_info), ring), queue->ring,
			  AGX_WORK_RING_ENTRIES * sizeof(fw_va), MEMORY_SHARED, "ring") ||
	    !memory_check(firmware, at, AT(AGX_FW(queue_info), notifier_list), queue->notifier_list,
			  sizeof(struct agx_notifier_list), MEMORY_SHARED, "notifier_list") ||
	    !memory_check(firmware, at, AT(AGX_FW(queue_info), gpu_buf), queue->gpu_buf,
			  AGX_QUEUE_GPU_BUF_SIZE, MEMORY_PRIVATE, "gpu_buf") ||
	    !memory_check(firmware, at, AT(AGX_FW(queue_info), gpu_context), queue->gpu_context,
			  sizeof(struct agx_gpu_context_data), MEMORY_SHARED, "gpu_context_data"))
		return false;
	memory_check_zero(firmware, AGX_FINDING_QUEUE_VALUE, at, bytes,
			  AT(AGX_FW(queue_info), gpu_rptr1), AT(AGX_FW(queue_info), event_id));
	want(firmware, AGX_FINDING_QUEUE_VALUE, at, AT(AGX_FW(queue_info), event_id), UINT32_MAX,
	     (uint32_t)queue->event_id);
	check_priority(firmware, at, &queue->priority, index / AGX_PIPE_COUNT,
		       index % AGX_PIPE_COUNT == AGX_PIPE_COMPUTE);
	want(firmware, AGX_FINDING_QUEUE_VALUE, at, AT(AGX_FW(queue_info), unk_4c), UINT32_MAX,
	     (uint32_t)queue->unk_4c);
	want(firmware, AGX_FINDING_QUEUE_VALUE, at, AT(AGX_FW(queue_info), unk_54), UINT32_MAX,
	     (uint32_t)queue->unk_54);
	memory_check_zero(firmware, AGX_FINDING_QUEUE_VALUE, at, bytes,
			  AT(AGX_FW(queue_info), unk_58), AT(AGX_FW(queue_info), gpu_context));
	memory_check_zero(firmware, AGX_FINDING_QUEUE_VALUE, at, bytes,
			  AT(AGX_FW(queue_info), unk_a8), sizeof(*queue));
	return true;
}

/* The ring's indices against the message's. */
static void check_indices(struct agx_firmware *firmware, uint64_t va,
			  const struct agx_ring_state *state, uint32_t wptr)
{
	struct place at = {va, "ring_state", NULL};
	const uint32_t entries = AGX_WORK_RING_ENTRIES;

	want(firmware, AGX_FINDING_QUEUE_VALUE, &at, AT(agx_ring_state, rb_size), entries,
	     state->rb_size);
	if (state->cpu_wptr >= entries || state->gpu_doneptr >= entries) {
		bool write = state->cpu_wptr >= entries;

		firmware_find(firmware, AGX_FINDING_QUEUE_INDEX, &at,
			      write ? AT(agx_ring_state, cpu_wptr)
				    : AT(agx_ring_state, gpu_doneptr),
			      entries - 1, write ? state->cpu_wptr : state->gpu_doneptr, NULL);
		return;
	}
	/* The write index may have gone on since the message, but not come from behind. */
	if ((state->cpu_wptr + entries - wptr) % entries >
	    (state->cpu_wptr + entries - state->gpu_doneptr) % entries)
		firmware_find(firmware, AGX_FINDING_QUEUE_STATE, &at, AT(agx_ring_state, cpu_wptr),
			      wptr, state->cpu_wptr, NULL);
}

static struct work_queue *add_queue(struct agx_firmware *firmware, uint64_t va,
				    const struct AGX_FW(queue_info) * info,
				    const struct agx_ring_state *state, unsigned int index)
{
	struct work_queue *queue = queue_add(firmware, va, info->gpu_context);

	if (!queue)
		return NULL;
	queue->ring_state = info->state;
	queue->ring = info->ring;
	queue->notifier_list = info->notifier_list;
	queue->uuid = info->uuid;
	queue->pipe = (uint8_t)(index % AGX_PIPE_COUNT);
	queue->priority = (uint8_t)(index / AGX_PIPE_COUNT);
	/* A new queue's ring begins anywhere, and empty. */
	if (state->gpu_doneptr < AGX_WORK_RING_ENTRIES)
		queue->read = queue->write = queue->done = state->gpu_doneptr;
	return queue;
}

void AGX_FW(firmware_run_work_queue)(struct agx_firmware *firmware, unsigned int index,
				     const struct place *place, const uint8_t *element)
{
	struct AGX_FW(run_work_queue_msg) msg;
	struct AGX_FW(queue_info) queue;
	struct agx_ring_state state;
	struct place at;
	struct work_queue *known;

	memcpy(&msg, element, sizeof(msg));
	if (!firmware->status.initialized)
		firmware_find(firmware, AGX_FINDING_MESSAGE_ORDER, place, 0, 1, 0,
			      "before Initialize");
	want(firmware, AGX_FINDING_MESSAGE_CHANNEL, place,
	     AT(AGX_FW(run_work_queue_msg), pipe_type), index % AGX_PIPE_COUNT, msg.pipe_type);
	if (msg.wptr >= AGX_WORK_RING_ENTRIES)
		firmware_find(firmware, AGX_FINDING_QUEUE_INDEX, place,
			      AT(AGX_FW(run_work_queue_msg), wptr), AGX_WORK_RING_ENTRIES - 1,
			      msg.wptr, NULL);
	if (msg.event_slot >= AGX_EVENT_SLOTS)
		firmware_find(firmware, AGX_FINDING_MESSAGE_VALUE, place,
			      AT(AGX_FW(run_work_queue_msg), event_slot), AGX_EVENT_SLOTS - 1,
			      msg.event_slot, NULL);
	memory_check_zero(firmware, AGX_FINDING_MESSAGE_PADDING, place, element,
			  AT(AGX_FW(run_work_queue_msg), pad_15),
			  AT(AGX_FW(run_work_queue_msg), timestamp));
	memory_check_zero(firmware, AGX_FINDING_MESSAGE_PADDING, place, element,
			  AT(AGX_FW(run_work_queue_msg), pad_20), sizeof(msg));

	at = (struct place){msg.work_queue, "queue_info", NULL};
	if (!memory_check(firmware, place, AT(AGX_FW(run_work_queue_msg), work_queue),
			  msg.work_queue, sizeof(queue), MEMORY_PRIVATE, "queue_info") ||
	    !memory_read(firmware, msg.work_queue, &queue, sizeof(queue))) {
		rtkit_panic(firmware, "work queue at 0x%" PRIx64, (uint64_t)msg.work_queue);
		return;
	}
	known = queue_find(firmware, msg.work_queue);
	if (msg.is_new > 1)
		firmware_find(firmware, AGX_FINDING_MESSAGE_VALUE, place,
			      AT(AGX_FW(run_work_queue_msg), is_new), 1, msg.is_new, NULL);
	else if (msg.is_new && known)
		firmware_find(firmware, AGX_FINDING_MESSAGE_REUSED, place,
			      AT(AGX_FW(run_work_queue_msg), is_new), 0, 1, NULL);
	else if (!msg.is_new && !known)
		firmware_find(firmware, AGX_FINDING_MESSAGE_ORDER, place,
			      AT(AGX_FW(run_work_queue_msg), is_new), 1, 0,
			      "this work queue was not seen before");
	if (!memory_check(firmware, &at, AT(AGX_FW(queue_info), state), queue.state, sizeof(state),
			  MEMORY_SHARED, "ring_state") ||
	    !memory_read(firmware, queue.state, &state, sizeof(state)) ||
	    (!known && !check_new_queue(firmware, &at, &queue, index))) {
		rtkit_panic(firmware, "work queue at 0x%" PRIx64, (uint64_t)msg.work_queue);
		return;
	}
	if (!known)
		known = add_queue(firmware, msg.work_queue, &queue, &state, index);
	if (!known)
		return;
	if (msg.wptr < AGX_WORK_RING_ENTRIES)
		check_indices(firmware, queue.state, &state, msg.wptr);
	firmware->status.queue_runs++;
	queue_run(firmware, known, &state,
		  &(struct run_message){
			  .place = *place,
			  .slot_at = AT(AGX_FW(run_work_queue_msg), event_slot),
			  .wptr_at = AT(AGX_FW(run_work_queue_msg), wptr),
			  .slot = msg.event_slot,
			  .wptr = msg.wptr,
		  });
}

/* Device control */

static void control_value(struct agx_firmware *firmware, const struct place *place, uint32_t offset,
			  uint64_t expected, uint64_t got)
{
	want(firmware, AGX_FINDING_MESSAGE_VALUE, place, offset, expected, got);
}

/* Nothing behind the message. */
static void control_end(struct agx_firmware *firmware, const struct place *place,
			const uint8_t *element, uint32_t end)
{
	memory_check_zero(firmware, AGX_FINDING_MESSAGE_PADDING, place, element, end,
			  sizeof(struct AGX_FW(device_control_msg)));
}

static void grow_tvb_ack(struct agx_firmware *firmware, const struct place *place,
			 const struct AGX_FW(device_control_msg) * msg)
{
	struct asked answer = {
		.tag = AGX_EVENT_GROW_TVB,
		.a = msg->grow_tvb_ack.vm_slot,
		.b = msg->grow_tvb_ack.buffer_slot,
		.c = msg->grow_tvb_ack.counter,
	};

	control_value(firmware, place, AT(AGX_FW(device_control_msg), grow_tvb_ack.unk_4), 1,
		      msg->grow_tvb_ack.unk_4);
	control_value(firmware, place, AT(AGX_FW(device_control_msg), grow_tvb_ack.subpipe), 0,
		      msg->grow_tvb_ack.subpipe);
	control_value(firmware, place, AT(AGX_FW(device_control_msg), grow_tvb_ack.halt_count),
		      firmware->halts, msg->grow_tvb_ack.halt_count);
	if (asked_take(firmware, &answer))
		unit_grown(firmware, answer.a, answer.b, answer.c);
	else
		firmware_find(firmware, AGX_FINDING_MESSAGE_ANSWER, place,
			      AT(AGX_FW(device_control_msg), grow_tvb_ack.counter), 0,
			      msg->grow_tvb_ack.counter, "no GrowTVB event with these numbers");
}

static void recover_channel(struct agx_firmware *firmware, const struct place *place,
			    const struct AGX_FW(device_control_msg) * msg)
{
	struct asked answer = {
		.tag = AGX_EVENT_CHANNEL_ERROR,
		.a = msg->recover_channel.pipe_type,
		.b = msg->recover_channel.event_value,
	};

	const bool asked = asked_take(firmware, &answer);

	if (!asked)
		firmware_find(firmware, AGX_FINDING_MESSAGE_ANSWER, place,
			      AT(AGX_FW(device_control_msg), recover_channel.event_value), 0,
			      msg->recover_channel.event_value,
			      "no ChannelError event with this pipe and value");
	if (!memory_check(firmware, place,
			  AT(AGX_FW(device_control_msg), recover_channel.work_queue),
			  msg->recover_channel.work_queue, sizeof(struct AGX_FW(queue_info)),
			  MEMORY_PRIVATE, "queue_info"))
		rtkit_panic(firmware, "RecoverChannel names queue 0x%" PRIx64,
			    (uint64_t)msg->recover_channel.work_queue);
	else if (asked)
		halt_recover(firmware, place,
			     AT(AGX_FW(device_control_msg), recover_channel.work_queue),
			     answer.queue, msg->recover_channel.work_queue);
}

static void destroy_context(struct agx_firmware *firmware, const struct place *place,
			    const struct AGX_FW(device_control_msg) * msg)
{
	const uint64_t va = msg->destroy_context.gpu_context;
	struct agx_gpu_context_data context = {.unk_0 = 0xff, .unk_1 = 0xff};

	control_value(firmware, place, AT(AGX_FW(device_control_msg), destroy_context.unk_4), 0,
		      msg->destroy_context.unk_4);
	control_value(firmware, place, AT(AGX_FW(device_control_msg), destroy_context.unk_c), 0,
		      msg->destroy_context.unk_c);
	control_value(firmware, place, AT(AGX_FW(device_control_msg), destroy_context.unk_10), 0,
		      msg->destroy_context.unk_10);
#if !AGX_FW_V13
	control_value(firmware, place, AT(AGX_FW(device_control_msg), destroy_context.unk_18), 0,
		      msg->destroy_context.unk_18);
#endif
	if (va) {
		if (!memory_check(firmware, place,
				  AT(AGX_FW(device_control_msg), destroy_context.gpu_context), va,
				  sizeof(context), MEMORY_SHARED, "gpu_context_data") ||
		    !memory_read(firmware, va, &context, sizeof(context))) {
			rtkit_panic(firmware, "DestroyContext of 0x%" PRIx64, va);
			return;
		}
		control_value(firmware, place,
			      AT(AGX_FW(device_control_msg), destroy_context.ctx_4), context.unk_4,
			      msg->destroy_context.ctx_4);
		control_value(firmware, place,
			      AT(AGX_FW(device_control_msg), destroy_context.ctx_23),
			      context.unk_23, msg->destroy_context.ctx_23);
		context_drop(firmware, place,
			     AT(AGX_FW(device_control_msg), destroy_context.gpu_context), va);
	}
	control_value(firmware, place, AT(AGX_FW(device_control_msg), destroy_context.ctx_0),
		      context.unk_0, msg->destroy_context.ctx_0);
	control_value(firmware, place, AT(AGX_FW(device_control_msg), destroy_context.ctx_1),
		      context.unk_1, msg->destroy_context.ctx_1);
}

static void initialize(struct agx_firmware *firmware, const struct place *place)
{
	if (firmware->status.initialized) {
		firmware_find(firmware, AGX_FINDING_MESSAGE_ORDER, place, 0, 0,
			      AGX_FW(DC_INITIALIZE), "second Initialize");
		return;
	}
	firmware->status.initialized = true;
	power_start(firmware);
}

bool AGX_FW(firmware_device_control)(struct agx_firmware *firmware, const struct place *place,
				     const uint8_t *element)
{
	struct AGX_FW(device_control_msg) msg;
	struct place at = *place;
	uint32_t end = sizeof(msg.tag);

	memcpy(&msg, element, sizeof(msg));
	if (msg.tag == AGX_FW(DC_DESTROY_CONTEXT) &&
	    context_busy(firmware, msg.destroy_context.gpu_context))
		return false; /* not before all of it has come to rest */
	if (!firmware->status.initialized && msg.tag != AGX_FW(DC_INITIALIZE))
		firmware_find(firmware, AGX_FINDING_MESSAGE_ORDER, place, 0, AGX_FW(DC_INITIALIZE),
			      msg.tag, "before Initialize");
	switch (msg.tag) {
	case AGX_FW(DC_INITIALIZE):
		initialize(firmware, place);
		break;
	case AGX_FW(DC_UPDATE_IDLE_TS):
		break;
	case AGX_FW(DC_IDLE_POWER_OFF):
		end = END_OF(AGX_FW(device_control_msg), idle_power_off.val);
		at.alternative = "idle_power_off";
		control_value(firmware, &at, AT(AGX_FW(device_control_msg), idle_power_off.val), 0,
			      msg.idle_power_off.val);
		break;
	case AGX_FW(DC_GROW_TVB_ACK):
		end = END_OF(AGX_FW(device_control_msg), grow_tvb_ack);
		at.alternative = "grow_tvb_ack";
		grow_tvb_ack(firmware, &at, &msg);
		break;
	case AGX_FW(DC_RECOVER_CHANNEL):
		end = END_OF(AGX_FW(device_control_msg), recover_channel);
		at.alternative = "recover_channel";
		recover_channel(firmware, &at, &msg);
		break;
	case AGX_FW(DC_DESTROY_CONTEXT):
		end = END_OF(AGX_FW(device_control_msg), destroy_context);
		at.alternative = "destroy_context";
		destroy_context(firmware, &at, &msg);
		break;
	case AGX_FW(DC_UNK_09):
	case AGX_FW(DC_CONFIGURE_PERF_COUNTERS):
	case AGX_FW(DC_DISABLE_PERF_COUNTERS):
	case AGX_FW(DC_WRITE32):
	case AGX_FW(DC_WRITE32_B):
	case AGX_FW(DC_UNK_1E):
		firmware_log(firmware, AGX_FIRMWARE_LOG_ERROR,
			     "device control message 0x%x is not modelled, only macOS sends it",
			     msg.tag);
		return true;
	default:
		firmware_find(firmware, AGX_FINDING_MESSAGE_UNKNOWN, place, 0,
			      AGX_FW(DC_INITIALIZE), msg.tag, NULL);
		return true;
	}
	control_end(firmware, place, element, end);
	return true;
}
