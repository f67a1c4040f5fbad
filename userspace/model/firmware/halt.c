// SPDX-License-Identifier: MIT
/* Faults and timeouts of the GPU, and commands that fail without one. */
#include <errno.h>
#include <inttypes.h>

#include "internal.h"

static void latch(struct agx_firmware *firmware, const struct agx_gpu_fault *fault)
{
	firmware->work_state.fault = *fault;
	firmware->work_state.fault_latched = true;
}

uint64_t agx_firmware_sgx_read(const struct agx_firmware *firmware, uint32_t offset)
{
	const struct work_state *state = &firmware->work_state;
	const struct agx_gpu_fault *fault = &state->fault;
	const bool g14x = firmware->config.variant == AGX_FW_VARIANT_G14X_V13_5;
	const uint64_t address = fault->address >> AGX_SGX_FAULT_ADDR_UNIT_SHIFT;
	uint64_t info;

	if (!state->powered)
		return AGX_SGX_NO_ACCESS;
	if (!state->fault_latched)
		return 0;
	if (g14x && offset == AGX_SGX_FAULT_ADDR_G14X)
		return address & ((1ull << 34) - 1);
	if (offset != (g14x ? AGX_SGX_FAULT_INFO_G14X : AGX_SGX_FAULT_INFO))
		return 0;
	info = AGX_SGX_FAULT_VALID | (uint64_t)(fault->reason & 7) << AGX_SGX_FAULT_REASON_SHIFT |
	       (fault->read ? AGX_SGX_FAULT_READ : 0) |
	       (uint64_t)(fault->level & 3) << AGX_SGX_FAULT_LEVEL_SHIFT |
	       (uint64_t)fault->unit_code << AGX_SGX_FAULT_UNIT_SHIFT |
	       (uint64_t)(fault->context & 63) << AGX_SGX_FAULT_VM_SLOT_SHIFT |
	       (uint64_t)(fault->sideband & 127) << AGX_SGX_FAULT_SIDEBAND_SHIFT;
	return g14x ? info : info | address << AGX_SGX_FAULT_ADDR_SHIFT;
}

unsigned int halt_list(struct agx_firmware *firmware,
		       struct agx_firmware_stamp stamps[AGX_GPU_UNITS])
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < AGX_GPU_UNITS; i++) {
		const struct unit *unit = &firmware->work_state.units[i];

		if (unit->phase != UNIT_FREE)
			stamps[count++] =
				(struct agx_firmware_stamp){unit->finish.slot, unit->finish.value};
	}
	return count;
}

static void note_fault(struct agx_firmware *firmware, const struct unit *unit)
{
	struct agx_fault_info info = {.queue_uuid = unit->command.queue->uuid};

	if (!memory_write(firmware, firmware->tree.fault_info, &info, sizeof(info)))
		rtkit_panic(firmware, "globals are gone");
}

static bool halt(struct agx_firmware *firmware, struct unit *unit,
		 const struct agx_event_msg *event, const struct agx_gpu_fault *fault)
{
	const enum agx_gpu_unit id = unit->command.unit;

	stamps_flush(firmware);
	if (!channel_has_room(firmware, CHANNEL_EVENT))
		return false;
	/* Before the driver can know. */
	note_fault(firmware, unit);
	if (agx_firmware_halt(firmware, event, NULL, 0) == -EAGAIN)
		return false;
	if (firmware->config.halted)
		firmware->config.halted(firmware->config.cookie, id, fault);
	return true;
}

bool halt_fault(struct agx_firmware *firmware, struct unit *unit, const struct agx_gpu_fault *fault)
{
	struct agx_event_msg event = {.tag = AGX_EVENT_FAULT};

	if (!channel_has_room(firmware, CHANNEL_EVENT))
		return false;
	firmware_transcript(firmware,
			    "%s fault 0x%" PRIx64 " context %u reason %u %s level %u unit 0x%x: %s",
			    unit_name(unit->command.unit), fault->address, fault->context,
			    fault->reason, fault->read ? "read" : "write", fault->level,
			    fault->unit_code, fault->what ? fault->what : "");
	latch(firmware, fault);
	return halt(firmware, unit, &event, fault);
}

bool halt_timeout(struct agx_firmware *firmware, struct unit *unit)
{
	struct agx_event_msg event = {
		.tag = AGX_EVENT_TIMEOUT,
		.timeout = {.counter = (uint32_t)firmware->halts + 1,
			    .event_slot = (int32_t)unit->finish.slot},
	};

	if (!channel_has_room(firmware, CHANNEL_EVENT))
		return false;
	firmware_transcript(firmware, "%s timeout slot %u", unit_name(unit->command.unit),
			    unit->finish.slot);
	return halt(firmware, unit, &event, NULL);
}

void halt_kill(struct agx_firmware *firmware)
{
	struct work_state *state = &firmware->work_state;

	for (unsigned int i = 0; i < AGX_GPU_UNITS; i++) {
		struct unit *unit = &state->units[i];
		struct work_queue *queue = unit->command.queue;

		if (unit->phase == UNIT_FREE)
			continue;
		firmware_transcript(firmware, "%s killed 0x%" PRIx64, unit_name(i),
				    unit->command.place.va);
		if (firmware->config.gpu && unit->started)
			firmware->config.gpu->stop(firmware->config.gpu_cookie,
						   (enum agx_gpu_unit)i);
		firmware->commands->buffer_drop(firmware, &unit->command);
		/* A partial render's command comes again, when its turn is there. */
		if (!unit->partial) {
			queue->finish = unit->finish;
			queue->state = QUEUE_KILLED;
			queue->errors++;
			state->killed[i] = unit->finish;
			state->killed_queue[i] = queue->number;
		}
		queue->start_written = false;
		unit_free(firmware, unit);
	}
}

void halt_resumed(struct agx_firmware *firmware)
{
	struct work_state *state = &firmware->work_state;

	state->fault_latched = false;
	for (unsigned int i = 0; i < AGX_GPU_UNITS; i++) {
		struct work_queue *queue = queue_numbered(firmware, state->killed_queue[i]);

		state->killed_queue[i] = 0;
		if (!queue || queue->state != QUEUE_KILLED)
			continue;
		stamps_finish(firmware, queue, &state->killed[i]);
		queue_next(firmware, queue);
	}
}

void halt_recover(struct agx_firmware *firmware, const struct place *place, uint32_t offset,
		  uint64_t expected, uint64_t va)
{
	struct work_queue *queue = queue_find(firmware, va);

	if (expected && expected != va)
		firmware_find(firmware, AGX_FINDING_QUEUE_RECOVERED, place, offset, expected, va,
			      NULL);
	if (!queue || queue->state != QUEUE_FAILED)
		return;
	firmware_transcript(firmware, "queue 0x%" PRIx64 " recovers", va);
	stamps_finish(firmware, queue, &queue->finish);
	queue_next(firmware, queue);
}
