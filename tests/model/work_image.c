// SPDX-License-Identifier: MIT
#include "work_image.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uat_walk.h"

static void note(struct work_gpu *gpu, char letter)
{
	if (gpu->length < sizeof(gpu->log) - 1)
		gpu->log[gpu->length++] = letter;
}

static void gpu_start(void *cookie, const struct agx_gpu_work *work)
{
	struct work_gpu *gpu = cookie;

	assert(work->unit < AGX_GPU_UNITS);
	gpu->contexts[work->unit] = work->context;
	note(gpu, work->partial ? 'f' : "VFC"[work->unit]);
}

static enum agx_gpu_state gpu_state(void *cookie, enum agx_gpu_unit unit,
				    struct agx_gpu_fault *fault)
{
	struct work_gpu *gpu = cookie;

	if (gpu->fault[unit]) {
		*fault = (struct agx_gpu_fault){
			.address = 0x1234567fc0,
			.context = WORK_CONTEXT,
			.reason = AGX_FAULT_REASON_UNMAPPED,
			.read = true,
			.level = 3,
			.unit_code = 0x08,
			.sideband = 5,
			.what = "a test",
		};
		return AGX_GPU_FAULTED;
	}
	if (gpu->busy[unit])
		return AGX_GPU_BUSY;
	return unit == AGX_GPU_VERTEX && gpu->overflows ? AGX_GPU_OVERFLOW : AGX_GPU_IDLE;
}

static void gpu_resume(void *cookie, const struct agx_gpu_tvb *tvb)
{
	struct work_gpu *gpu = cookie;

	(void)tvb;
	gpu->overflows--;
	note(gpu, 'r');
}

static void gpu_stop(void *cookie, enum agx_gpu_unit unit)
{
	struct work_gpu *gpu = cookie;

	gpu->fault[unit] = false;
	gpu->busy[unit] = false;
	note(gpu, "vsc"[unit]);
}

static uint32_t gpu_tvb_pages(void *cookie)
{
	(void)cookie;
	return 3;
}

static uint64_t gpu_progress(void *cookie, enum agx_gpu_unit unit)
{
	struct work_gpu *gpu = cookie;

	(void)unit;
	return gpu->progress;
}

const struct agx_gpu_ops work_gpu_ops = {
	.start = gpu_start,
	.state = gpu_state,
	.resume = gpu_resume,
	.stop = gpu_stop,
	.tvb_pages = gpu_tvb_pages,
	.progress = gpu_progress,
};

const struct work_variant *work_variant(const struct work_image *work)
{
	static const struct work_variant *const variants[] = {
#define VARIANT_ROW(lower, upper) [AGX_FW_VARIANT_##upper] = &work_variant_##lower,
		AGX_FW_VARIANTS(VARIANT_ROW)
#undef VARIANT_ROW
	};

	return variants[work->image.variant];
}

void work_init(struct work_image *work, enum agx_fw_variant variant, bool gpu)
{
	uint64_t page;

	memset(work, 0, sizeof(*work));
	image_init_gpu(&work->image, variant, gpu ? &work_gpu_ops : NULL, &work->gpu);
	image_boot(&work->image);
	image_start(&work->image);
	work->stamps = work_alloc(work, WORK_SHARED, AGX_EVENT_SLOTS * 16);
	work->fw_stamps = work_alloc(work, WORK_PRIVATE, AGX_EVENT_SLOTS * 16);
	work->vm_next = 0x10000000;
	page = image_alloc(&work->image, NULL, AGX_UAT_PAGE_SIZE, IMAGE_SHARED);
	image_map(&work->image, WORK_TIMES, *image_entry(&work->image, page) & AGX_UAT_ADDRESS,
		  AGX_UAT_PAGE_SIZE, IMAGE_SHARED);
	image_context(&work->image, WORK_CONTEXT);
	work_variant(work)->fill_buffer(work);
}

void work_free(struct work_image *work)
{
	image_free(&work->image);
}

void *work_at(struct work_image *work, uint64_t va)
{
	return image_at(&work->image, va);
}

uint64_t work_alloc(struct work_image *work, enum work_memory memory, uint32_t size)
{
	static const uint64_t protections[] = {
		[WORK_PRIVATE] = IMAGE_PRIVATE,
		[WORK_SHARED] = IMAGE_SHARED,
		[WORK_GPU_RO] = IMAGE_GPU_RO_PRIVATE,
	};
	uint64_t va;

	size = (size + 63) & ~63u;
	if (work->pools[memory].next + size > work->pools[memory].end) {
		uint32_t pool = size > WORK_POOL_SIZE ? size : WORK_POOL_SIZE;

		work->pools[memory].next =
			image_alloc(&work->image, NULL, pool, protections[memory]);
		work->pools[memory].end = work->pools[memory].next + pool;
		if (!work->pools[memory].base)
			work->pools[memory].base = work->pools[memory].next;
	}
	va = work->pools[memory].next;
	work->pools[memory].next += size;
	return va;
}

uint64_t work_vm_alloc(struct work_image *work, uint64_t size)
{
	uint64_t va = work->vm_next;

	size = (size + AGX_UAT_PAGE_SIZE - 1) & ~(AGX_UAT_PAGE_SIZE - 1);
	work->vm_next += (size + 0xffff) & ~0x7fffull;
	image_map(&work->image, va, image_pages(&work->image, size), size, IMAGE_VM);
	return va;
}

uint64_t work_stamp(struct work_image *work, uint32_t slot)
{
	return work->stamps + 16 * slot;
}

uint64_t work_fw_stamp(struct work_image *work, uint32_t slot)
{
	return work->fw_stamps + 16 * slot;
}

uint32_t work_stamp_value(struct work_image *work, uint32_t slot)
{
	uint32_t value, private;

	memcpy(&value, work_at(work, work_stamp(work, slot)), sizeof(value));
	memcpy(&private, work_at(work, work_fw_stamp(work, slot)), sizeof(private));
	return value == private ? value : UINT32_MAX;
}

void work_owner(struct work_image *work, struct work_owner *owner)
{
	struct agx_gpu_context_data *context;
	struct agx_notifier_list *list;

	memset(owner, 0, sizeof(*owner));
	owner->generation = 2 + work->owners++;
	owner->context = work_alloc(work, WORK_SHARED, sizeof(*context));
	context = work_at(work, owner->context);
	context->unk_0 = context->unk_1 = context->unk_1e = 0xff;
	context->unk_5 = 1;
	context->unk_23 = 2;
	owner->list = work_alloc(work, WORK_SHARED, sizeof(*list));
	list = work_at(work, owner->list);
	list->list_head.next = owner->list;
	owner->threshold = work_alloc(work, WORK_SHARED, sizeof(struct agx_threshold));
	owner->notifier = work_alloc(work, WORK_PRIVATE, work_variant(work)->notifier_size);
	work_variant(work)->fill_owner(work, owner);
}

void work_queue(struct work_image *work, struct work_queue_image *queue, struct work_owner *owner,
		enum agx_pipe pipe, unsigned int priority, uint32_t slot)
{
	struct agx_ring_state *state;

	*queue = (struct work_queue_image){
		.owner = owner,
		.pipe = pipe,
		.priority = priority,
		.slot = slot,
		.info = work_alloc(work, WORK_PRIVATE, work_variant(work)->queue_size),
		.state = work_alloc(work, WORK_SHARED, sizeof(*state)),
		.ring = work_alloc(work, WORK_SHARED, AGX_WORK_RING_ENTRIES * 8),
	};
	state = work_at(work, queue->state);
	state->rb_size = AGX_WORK_RING_ENTRIES;
	memcpy(&queue->value, work_at(work, work_stamp(work, slot)), sizeof(queue->value));
	work_variant(work)->fill_queue(work, queue);
}

void work_threshold(struct work_image *work, struct work_owner *owner, int more)
{
	struct agx_threshold *threshold = work_at(work, owner->threshold);

	threshold->count += (uint64_t)(int64_t)more;
}

void work_put(struct work_image *work, struct work_queue_image *queue, uint64_t va)
{
	memcpy(work_at(work, queue->ring + 8 * (uint64_t)queue->wptr), &va, sizeof(va));
	queue->wptr = (queue->wptr + 1) % AGX_WORK_RING_ENTRIES;
}

void work_init_buffer(struct work_image *work, struct work_queue_image *queue)
{
	uint64_t va = work_alloc(work, WORK_PRIVATE, sizeof(struct agx_init_buffer));
	struct agx_init_buffer *init = work_at(work, va);

	*init = (struct agx_init_buffer){
		.tag = AGX_CMD_INIT_BUFFER,
		.vm_slot = WORK_CONTEXT,
		.block_count = WORK_TVB_PAGES / AGX_TVB_PAGES_PER_BLOCK,
		.buffer = work->buffer,
		.stamp_value = queue->value + AGX_STAMP_STEP,
	};
	work_put(work, queue, va);
}

uint64_t work_barrier(struct work_image *work, struct work_queue_image *queue, uint32_t slot,
		      uint32_t value)
{
	uint64_t va = work_alloc(work, WORK_PRIVATE, AGX_BARRIER_OBJECT_SIZE);
	struct agx_g13_v12_3_barrier *barrier = work_at(work, va);

	*barrier = (struct agx_g13_v12_3_barrier){
		.tag = AGX_CMD_BARRIER,
		.wait_stamp = work_fw_stamp(work, slot),
		.wait_value = value,
		.wait_slot = slot,
		.stamp_self = queue->value + AGX_STAMP_STEP,
	};
	work_put(work, queue, va);
	return va;
}

static void add_command(struct work_image *work, struct work_queue_image *queue,
			struct work_command *command, uint64_t scene, uint32_t fragment_slot,
			uint32_t fragment_value)
{
	memset(command, 0, sizeof(*command));
	queue->value += AGX_STAMP_STEP;
	command->value = queue->value;
	command->times = work_alloc(work, WORK_SHARED, sizeof(struct agx_job_timestamps));
	work_variant(work)->fill_command(work, queue, command, scene, fragment_slot,
					 fragment_value);
	work_threshold(work, queue->owner, 1);
	work_put(work, queue, command->va);
}

void work_command(struct work_image *work, struct work_queue_image *queue,
		  struct work_command *command)
{
	add_command(work, queue, command, work_variant(work)->make_scene(work), 0, 0);
}

void work_render(struct work_image *work, struct work_queue_image *vertex,
		 struct work_queue_image *fragment, struct work_command commands[2])
{
	uint64_t scene = work_variant(work)->make_scene(work);

	work_barrier(work, fragment, vertex->slot, vertex->value + AGX_STAMP_STEP);
	add_command(work, fragment, &commands[1], scene, 0, 0);
	add_command(work, vertex, &commands[0], scene, fragment->slot, fragment->value);
}

void work_set_sequence(struct work_image *work, struct work_queue_image *queue,
		       struct work_command *command, const void *bytes, uint32_t size)
{
	uint64_t va = work_alloc(work, WORK_PRIVATE, size + 64);

	memcpy(work_at(work, va), bytes, size);
	command->sequence = va;
	command->size = size;
	work_variant(work)->set_sequence(work, queue, command, va, size);
}

void work_run(struct work_image *work, struct work_queue_image *queue)
{
	static const char *const names[] = {"vertex", "fragment", "compute"};
	struct agx_ring_state *state = work_at(work, queue->state);
	char channel[16];

	state->cpu_wptr = queue->wptr;
	snprintf(channel, sizeof(channel), "%s%u", names[queue->pipe], queue->priority);
	work_variant(work)->put_run(work, queue, channel);
	queue->known = true;
	image_doorbell(&work->image, AGX_DOORBELL_PIPE(queue->pipe, queue->priority));
}

void work_pump(struct work_image *work)
{
	image_pump(&work->image);
}

unsigned int work_found(const struct work_image *work)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < work->image.found_count && i < IMAGE_MAX_FOUND; i++)
		count += work->image.found[i].id < 1000;
	return count;
}

bool work_event(struct work_image *work, struct agx_event_msg *event)
{
	uint32_t *state = image_object(&work->image, "event.state")->data;
	struct agx_event_msg *ring = image_object(&work->image, "event.ring")->data;

	if (state[0] == state[8])
		return false;
	*event = ring[state[0]];
	state[0] = (state[0] + 1) % AGX_CHANNEL_EVENT_ENTRIES;
	return true;
}

unsigned int work_flags(struct work_image *work, uint32_t firing[4])
{
	struct agx_event_msg event;
	unsigned int count = 0;

	memset(firing, 0, 16);
	while (work_event(work, &event)) {
		if (event.tag != AGX_EVENT_FLAG)
			continue;
		count++;
		for (unsigned int i = 0; i < 4; i++)
			firing[i] |= event.flag.firing[i];
	}
	return count;
}
