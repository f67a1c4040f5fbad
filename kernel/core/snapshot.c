// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* What a report says of a core. */
#include "agx_snapshot.h"

#include "initdata.h"
#include "job_internal.h"
#include "workqueue.h"

bool agx_snapshot_channel(const struct agx_core *core, unsigned int index,
			  struct agx_channel_snapshot *out)
{
	const struct agx_channel *channel;
	struct agx_channel_shape shape;

	if (index >= AGX_CHANNELS)
		return false;
	channel = &core->channels[index];
	shape = agx_core_channel_shape(core, index);
	*out = (struct agx_channel_snapshot){
		.name = shape.name,
		.entries = shape.entries,
		.entry_size = shape.entry_size,
		.to_firmware = shape.to_firmware,
	};
	if (!channel->ring)
		return true;
	if (core->rings[index])
		out->ring = core->rings[index]->va;
	else /* the log channels' rings are one object */
		out->ring =
			core->rings[AGX_CHANNEL_FWLOG]->va +
			(uint64_t)(channel->ring - (uint8_t *)core->rings[AGX_CHANNEL_FWLOG]->cpu);
	out->dead = channel->dead;
	out->index = channel->index;
	out->other = channel->other;
	out->read_ptr = agx_load(channel->read_ptr);
	out->write_ptr = agx_load(channel->write_ptr);
	out->sent = channel->sent;
	return true;
}

/* A word of a structure that the firmware writes, too. */
static uint32_t word(const struct agx_heap_object *object, size_t offset)
{
	const uint32_t *ptr = (const void *)((const char *)object->cpu + offset);

	return agx_load(ptr);
}

static void look_at_ring(const struct agx_core *core, const struct agx_ring *ring,
			 struct agx_ring_snapshot *out)
{
	*out = (struct agx_ring_snapshot){
		.info = ring->info->va,
		.ring = ring->ring->va,
		.queue = ring->queue->number,
		.priority = ring->queue->priority,
		.pipe = ring->pipe,
		.event_slot = ring->slot,
		.submitted = ring->submitted,
		.commands = ring->count,
		.issued = ring->issued,
		.wptr = ring->wptr,
		.used = ring->used,
		.cpu_wptr = word(ring->state, offsetof(struct agx_ring_state, cpu_wptr)),
		.gpu_rptr = word(ring->state, offsetof(struct agx_ring_state, gpu_rptr)),
		.gpu_doneptr = word(ring->state, offsetof(struct agx_ring_state, gpu_doneptr)),
		.recovering = ring->recover_wanted,
	};
	if (ring->count)
		out->command = ring->commands[ring->head % AGX_RING_STAMPS].va;
	if (ring->slot != AGX_NO_SLOT && core->work.stamps)
		out->stamp = word(core->work.stamps, ring->slot * sizeof(uint32_t));
}

/* Those of a list of queues that have work, or those that have none. */
static uint32_t look_at_queues(const struct agx_core *core, const struct agx_core_queue *queue,
			       bool busy, struct agx_ring_snapshot *rings, uint32_t max,
			       uint32_t count)
{
	unsigned int pipe;

	for (; queue; queue = queue->next) {
		for (pipe = 0; pipe < AGX_PIPE_COUNT; pipe++) {
			const struct agx_ring *ring = queue->rings[pipe];

			if (!ring || (ring->count != 0) != busy)
				continue;
			if (count < max)
				look_at_ring(core, ring, &rings[count]);
			count++;
		}
	}
	return count;
}

uint32_t agx_snapshot_rings(const struct agx_core *core, struct agx_ring_snapshot *rings,
			    uint32_t max)
{
	const struct agx_work *work = &core->work;
	uint32_t count = 0;

	count = look_at_queues(core, work->queues, true, rings, max, count);
	count = look_at_queues(core, work->zombies, true, rings, max, count);
	count = look_at_queues(core, work->queues, false, rings, max, count);
	return look_at_queues(core, work->zombies, false, rings, max, count);
}

static uint32_t count_queues(const struct agx_core_queue *queue)
{
	uint32_t count = 0;

	for (; queue; queue = queue->next)
		count++;
	return count;
}

void agx_snapshot_core(const struct agx_core *core, struct agx_core_snapshot *out)
{
	const struct agx_heap_object *status = core->objects[AGX_INIT_FW_STATUS];

	*out = (struct agx_core_snapshot){
		.life = core->work.life,
		.queues = count_queues(core->work.queues),
		.zombies = count_queues(core->work.zombies),
		.outstanding = core->work.outstanding,
		.halting = core->work.halting,
	};
	if (core->objects[AGX_INIT_ROOT])
		out->init_data = core->objects[AGX_INIT_ROOT]->va;
	if (!status)
		return;
	out->halt_count = word(status, offsetof(struct agx_fw_status, halt_count)) |
			  (uint64_t)word(status, offsetof(struct agx_fw_status, halt_count) + 4)
				  << 32;
	out->halted = word(status, offsetof(struct agx_fw_status, halted));
	out->resume = word(status, offsetof(struct agx_fw_status, resume));
}

size_t agx_snapshot_memory(struct agx_core *core, uint64_t va, void *buffer, size_t size,
			   struct agx_memory_snapshot *memory)
{
	const struct agx_heap_object *object = NULL;
	const void *bytes;
	unsigned int i;

	for (i = 0; i < AGX_FW_HEAPS && !object; i++)
		object = agx_heap_find(core->heaps[i], va);
	if (!object)
		return 0;
	bytes = agx_heap_cpu(object);
	if (!bytes)
		return 0;
	if (size > object->size)
		size = object->size;
	*memory = (struct agx_memory_snapshot){
		.va = object->va,
		.size = object->size,
		.tag = object->tag,
	};
	agx_core_memcpy(buffer, bytes, size);
	return size;
}
