// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * TVBs, and the slots of the firmware's buffer manager that they are bound to. Facts:
 * kkpan11/AsahiLinux-linux: drivers/gpu/drm/asahi/buffer.rs, slotalloc.rs, queue/render.rs.
 *
 * A TVB holds a slot while a scene (a render that is built, or running) uses it, and asks for the
 * same one the next time. The firmware has to be told, by an InitBuffer command, when the slot was
 * another TVB's in between, when the TVB has grown, and after a restart. The number `state` counts
 * these changes; `told` is the last one that a submitted job carries. A job that is never submitted
 * tells nothing, so jobs tell until one of them was submitted: twice does no harm, never would.
 *
 * The lists of pages and blocks are written while the firmware reads them: entries first, then
 * the number of them.
 */
#include "tvb.h"

#include "command.h"

struct agx_tvb_tpc {
	const struct agx_heap_object *object;
	struct agx_tvb_tpc *next; /* a newer, larger one */
	uint32_t jobs;            /* that use it, and perhaps newer ones */
};

struct agx_tvb {
	struct agx_core *core;
	struct agx_heap *vm_shared, *vm_priv;

	/* In the firmware's heaps. */
	const struct agx_heap_object *info, *block_ctl, *counter, *stats, *kernel_buffer;

	/* In the VM's window. blocks has room for `room` of them. */
	const struct agx_heap_object *page_list, *block_list;
	const struct agx_heap_object **blocks;
	uint32_t block_count, room;
	struct agx_tvb_tpc *tpc_oldest, *tpc;

	uint32_t scenes;
	uint32_t slot;  /* last one */
	uint64_t taken; /* agx_tvb_slot.taken then; 0: never */
	uint64_t state, told;
	uint32_t life; /* agx_tvb_slots.life that it was filled in */
};

static uint32_t *word(const struct agx_heap_object *object, size_t offset)
{
	return (uint32_t *)((uint8_t *)object->cpu + offset);
}

/* --- Slots --- */

void agx_tvb_forget(struct agx_core *core)
{
	struct agx_tvb_slots *slots = &core->tvb_slots;
	unsigned int i;

	slots->life++;
	slots->acks = 0;
	for (i = 0; i < AGX_BUFFER_SLOTS; i++)
		slots->slots[i].wants_ack = false;
}

/* For the first scene. */
static int take_slot(struct agx_tvb *tvb)
{
	struct agx_tvb_slots *slots = &tvb->core->tvb_slots;
	struct agx_tvb_slot *slot = &slots->slots[tvb->slot], *oldest = NULL;
	unsigned int i;

	if (tvb->taken && slot->taken == tvb->taken) {
		slot->owner = tvb;
		return 0;
	}
	for (i = 0; i < AGX_BUFFER_SLOTS; i++) {
		slot = &slots->slots[i];
		if (!slot->owner && (!oldest || slot->freed < oldest->freed))
			oldest = slot;
	}
	if (!oldest)
		return -EBUSY;
	oldest->owner = tvb;
	oldest->taken = ++slots->taken;
	tvb->slot = (uint32_t)(oldest - slots->slots);
	tvb->taken = oldest->taken;
	tvb->state++;
	return 0;
}

static void give_slot(struct agx_tvb *tvb)
{
	struct agx_tvb_slots *slots = &tvb->core->tvb_slots;
	struct agx_tvb_slot *slot = &slots->slots[tvb->slot];

	slot->owner = NULL;
	slot->freed = ++slots->freed;
}

/* --- Growing --- */

static int make_room(struct agx_tvb *tvb, uint32_t count)
{
	const struct agx_platform *platform = tvb->core->platform;
	const struct agx_heap_object **blocks;
	uint32_t room = tvb->room ? tvb->room : 2 * AGX_TVB_FIRST_BLOCKS;

	if (count <= tvb->room)
		return 0;
	while (room < count)
		room *= 2;
	blocks = platform->alloc(platform->cookie, room * sizeof(*blocks));
	if (!blocks)
		return -ENOMEM;
	if (tvb->room) {
		agx_core_memcpy(blocks, tvb->blocks, tvb->block_count * sizeof(*blocks));
		platform->free(platform->cookie, tvb->blocks, tvb->room * sizeof(*blocks));
	}
	tvb->blocks = blocks;
	tvb->room = room;
	return 0;
}

/* Puts blocks that were allocated behind the present ones into the lists, and tells how many. */
static void publish(struct agx_tvb *tvb, uint32_t count)
{
	const struct agx_platform *platform = tvb->core->platform;
	struct agx_tvb_block *list = agx_heap_cpu(tvb->block_list);
	agx_tvb_page *pages = agx_heap_cpu(tvb->page_list);
	uint32_t i, j;

	for (i = tvb->block_count; i < count; i++) {
		uint32_t page = (uint32_t)(tvb->blocks[i]->va >> AGX_TVB_PAGE_SHIFT);

		list[i].page = page;
		for (j = 0; j < AGX_TVB_PAGES_PER_BLOCK; j++)
			pages[i * AGX_TVB_PAGES_PER_BLOCK + j] = page + j;
	}
	platform->order(platform->cookie, AGX_BARRIER_FULL);
	tvb->block_count = count;
	agx_store(word(tvb->block_ctl, offsetof(struct agx_block_control, total)), count);
	agx_store(word(tvb->block_ctl, offsetof(struct agx_block_control, wptr)), count);
	/* The rest is the firmware's while it may be using the buffer. */
	if (!tvb->scenes)
		tvb->core->ops->set_buffer_blocks(tvb->info->cpu, count);
	tvb->state++;
}

/* partial: as far as there is memory; else all or nothing. */
static int grow(struct agx_tvb *tvb, uint32_t count, bool partial)
{
	uint32_t have = tvb->block_count;
	int err;

	if (count <= tvb->block_count)
		return 0;
	if (count > AGX_TVB_MAX_BLOCKS)
		return -ENOMEM;
	err = make_room(tvb, count);
	while (!err && have < count) {
		err = agx_heap_alloc(tvb->vm_shared, AGX_TVB_BLOCK_SIZE, AGX_TVB_PAGE_SIZE,
				     "TVB block", &tvb->blocks[have]);
		if (!err)
			have++;
	}
	if (err && !partial) {
		while (have > tvb->block_count)
			agx_heap_free(tvb->vm_shared, tvb->blocks[--have]);
		return err;
	}
	if (have > tvb->block_count)
		publish(tvb, have);
	return err;
}

/*
 * What the firmware saw used says how much a render needs: with twice that much partial renders
 * are unlikely, else grow to three times as much, as macOS does. Without the memory there will be
 * partial renders.
 */
static void grow_by_stats(struct agx_tvb *tvb)
{
	uint64_t used = agx_load(word(tvb->stats, offsetof(struct agx_buffer_stats, max_pages)));
	uint64_t need = (2 * used + AGX_TVB_PAGES_PER_BLOCK - 1) / AGX_TVB_PAGES_PER_BLOCK;
	uint64_t want = (3 * used + AGX_TVB_PAGES_PER_BLOCK - 1) / AGX_TVB_PAGES_PER_BLOCK;

	agx_store(word(tvb->stats, offsetof(struct agx_buffer_stats, reset)), 1);
	if (need > AGX_TVB_AUTO_MAX_BLOCKS)
		need = AGX_TVB_AUTO_MAX_BLOCKS;
	if (want > AGX_TVB_AUTO_MAX_BLOCKS)
		want = AGX_TVB_AUTO_MAX_BLOCKS;
	if (need > tvb->block_count && grow(tvb, (uint32_t)want, true))
		agx_log(tvb->core->platform, AGX_LOG_DEBUG, "TVB: %u of %u blocks",
			tvb->block_count, (uint32_t)want);
}

/* --- Events --- */

static int send_ack(struct agx_core *core, uint32_t number)
{
	const struct agx_tvb_slot *slot = &core->tvb_slots.slots[number];
	const struct agx_fw_status *status = agx_core_fw_status(core);
	struct agx_device_control_args args = {
		.grow_tvb_ack = {.buffer_slot = number,
				 .vm_slot = slot->vm_slot,
				 .counter = slot->counter,
				 .halt_count = status ? status->halt_count : 0},
	};

	return agx_core_device_control(core, AGX_DEVICE_CONTROL_GROW_TVB_ACK, &args, NULL);
}

bool agx_tvb_poll(struct agx_core *core)
{
	struct agx_tvb_slots *slots = &core->tvb_slots;
	uint32_t i;

	for (i = 0; slots->acks && i < AGX_BUFFER_SLOTS; i++) {
		if (!slots->slots[i].wants_ack)
			continue;
		/* Anything else than a full ring: there is nobody to answer to. */
		if (send_ack(core, i) == -EAGAIN)
			return true;
		slots->slots[i].wants_ack = false;
		slots->acks--;
	}
	return false;
}

void agx_core_grow_tvb(struct agx_core *core, const struct agx_core_event *event)
{
	struct agx_tvb_slots *slots = &core->tvb_slots;
	struct agx_tvb_slot *slot = &slots->slots[event->grow_tvb.buffer_slot];
	struct agx_tvb *tvb = slot->owner;

	/* The driver never asks for it (sync_grow is 0): see if it helps, and answer anyway. */
	if (!tvb)
		agx_log(core->platform, AGX_LOG_WARNING, "GrowTVB: nothing uses buffer slot %u",
			event->grow_tvb.buffer_slot);
	else if (grow(tvb, tvb->block_count + AGX_TVB_GROW_BLOCKS, true))
		agx_log(core->platform, AGX_LOG_WARNING,
			"GrowTVB: no more memory for buffer slot %u, which has %u blocks",
			event->grow_tvb.buffer_slot, tvb->block_count);
	slot->vm_slot = event->grow_tvb.vm_slot;
	slot->counter = event->grow_tvb.counter;
	slots->acks += !slot->wants_ack;
	slot->wants_ack = true;
	agx_tvb_poll(core);
}

/* --- Tail pointer cache --- */

static void free_tpcs(struct agx_tvb *tvb, bool all)
{
	const struct agx_platform *platform = tvb->core->platform;
	struct agx_tvb_tpc *tpc;

	while ((tpc = tvb->tpc_oldest) && (all || (tpc != tvb->tpc && !tpc->jobs))) {
		tvb->tpc_oldest = tpc->next;
		agx_heap_free(tvb->vm_priv, tpc->object);
		platform->free(platform->cookie, tpc, sizeof(*tpc));
	}
}

/* One for all renders, until one needs more. Renders in flight keep the one that they have. */
static int find_tpc(struct agx_tvb *tvb, uint64_t size)
{
	const struct agx_platform *platform = tvb->core->platform;
	struct agx_tvb_tpc *tpc;
	int err;

	if (tvb->tpc && tvb->tpc->object->size >= size)
		return 0;
	tpc = platform->alloc(platform->cookie, sizeof(*tpc));
	if (!tpc)
		return -ENOMEM;
	size = (size + AGX_PAGE_MASK) & ~AGX_PAGE_MASK;
	err = agx_vm_alloc(tvb->vm_priv, size, "tail pointer cache", true, &tpc->object);
	if (err) {
		platform->free(platform->cookie, tpc, sizeof(*tpc));
		return err;
	}
	if (tvb->tpc)
		tvb->tpc->next = tpc;
	else
		tvb->tpc_oldest = tpc;
	tvb->tpc = tpc;
	free_tpcs(tvb, false);
	return 0;
}

/* --- Life --- */

static int alloc_parts(struct agx_tvb *tvb)
{
	struct agx_core *core = tvb->core;
	int err;

	err = agx_heap_alloc(core->heaps[AGX_HEAP_PRIVATE], core->ops->buffer_info_size, 0,
			     "buffer", &tvb->info);
	if (!err)
		err = agx_heap_alloc(core->heaps[AGX_HEAP_SHARED], sizeof(struct agx_block_control),
				     0, "block control", &tvb->block_ctl);
	if (!err)
		err = agx_heap_alloc(core->heaps[AGX_HEAP_SHARED],
				     sizeof(struct agx_buffer_counter), 0, "buffer counter",
				     &tvb->counter);
	if (!err)
		err = agx_heap_alloc(core->heaps[AGX_HEAP_SHARED], sizeof(struct agx_buffer_stats),
				     0, "buffer statistics", &tvb->stats);
	if (!err)
		err = agx_heap_alloc(core->heaps[AGX_HEAP_SHARED], AGX_KERNEL_BUFFER_SIZE, 0,
				     "kernel buffer", &tvb->kernel_buffer);
	if (!err)
		err = agx_vm_alloc(tvb->vm_priv,
				   AGX_TVB_MAX_BLOCKS * AGX_TVB_PAGES_PER_BLOCK *
					   sizeof(agx_tvb_page),
				   "page list", true, &tvb->page_list);
	if (!err)
		err = agx_vm_alloc(tvb->vm_priv, AGX_TVB_MAX_BLOCKS * sizeof(struct agx_tvb_block),
				   "block list", true, &tvb->block_list);
	return err;
}

/* What the firmware has left there is of no use to another one, nor is it fit to be believed. */
static void fill(struct agx_tvb *tvb)
{
	const struct agx_buffer_addresses at = {
		.page_list = tvb->page_list->va,
		.block_list = tvb->block_list->va,
		.block_ctl = tvb->block_ctl->va,
		.counter = tvb->counter->va,
	};

	agx_core_memset(tvb->info->cpu, 0, tvb->info->size);
	agx_core_memset(tvb->stats->cpu, 0, tvb->stats->size);
	agx_core_memset(tvb->kernel_buffer->cpu, 0, tvb->kernel_buffer->size);
	tvb->core->ops->fill_buffer_info(&at, tvb->info->cpu);
	if (tvb->block_count)
		tvb->core->ops->set_buffer_blocks(tvb->info->cpu, tvb->block_count);
	*word(tvb->stats, offsetof(struct agx_buffer_stats, reset)) = 1;
	tvb->life = tvb->core->tvb_slots.life;
	tvb->state++;
}

static int create(const struct agx_job_env *env, struct agx_tvb **out)
{
	const struct agx_platform *platform = env->core->platform;
	struct agx_tvb *tvb = platform->alloc(platform->cookie, sizeof(*tvb));
	int err;

	if (!tvb)
		return -ENOMEM;
	tvb->core = env->core;
	err = agx_vm_heap(env->vm, false, &tvb->vm_shared);
	if (!err)
		err = agx_vm_heap(env->vm, true, &tvb->vm_priv);
	if (!err)
		err = alloc_parts(tvb);
	if (!err) {
		fill(tvb);
		err = grow(tvb, AGX_TVB_FIRST_BLOCKS, false);
	}
	if (err) {
		agx_tvb_destroy(tvb);
		return err;
	}
	*out = tvb;
	return 0;
}

void agx_tvb_destroy(struct agx_tvb *tvb)
{
	const struct agx_platform *platform;
	struct agx_core *core;

	if (!tvb)
		return;
	core = tvb->core;
	platform = core->platform;
	free_tpcs(tvb, true);
	while (tvb->block_count)
		agx_heap_free(tvb->vm_shared, tvb->blocks[--tvb->block_count]);
	if (tvb->room)
		platform->free(platform->cookie, tvb->blocks, tvb->room * sizeof(*tvb->blocks));
	if (tvb->vm_priv) {
		agx_heap_free(tvb->vm_priv, tvb->block_list);
		agx_heap_free(tvb->vm_priv, tvb->page_list);
	}
	agx_heap_free(core->heaps[AGX_HEAP_SHARED], tvb->kernel_buffer);
	agx_heap_free(core->heaps[AGX_HEAP_SHARED], tvb->stats);
	agx_heap_free(core->heaps[AGX_HEAP_SHARED], tvb->counter);
	agx_heap_free(core->heaps[AGX_HEAP_SHARED], tvb->block_ctl);
	agx_heap_free(core->heaps[AGX_HEAP_PRIVATE], tvb->info);
	platform->free(platform->cookie, tvb, sizeof(*tvb));
}

/* --- Jobs --- */

int agx_tvb_prepare(const struct agx_job_env *env, uint32_t min_blocks, uint64_t tpc_size,
		    struct agx_tvb_use *use)
{
	struct agx_job_scenes *scenes = env->scenes;
	struct agx_tvb *tvb = *env->tvb;
	int err;

	if (!tvb) {
		err = create(env, env->tvb);
		if (err)
			return err;
		tvb = *env->tvb;
	}
	if (tvb->life != env->core->tvb_slots.life)
		fill(tvb);
	grow_by_stats(tvb);
	err = grow(tvb, min_blocks, false);
	if (!err)
		err = find_tpc(tvb, tpc_size);
	if (!err && !tvb->scenes)
		err = take_slot(tvb);
	if (err)
		return err;

	tvb->scenes++;
	scenes->tvb = tvb;
	scenes->count++;
	if (!scenes->tpc) {
		scenes->tpc = tvb->tpc;
		tvb->tpc->jobs++;
	}
	use->info = tvb->info->va;
	use->kernel_buffer = tvb->kernel_buffer->va;
	use->stats = tvb->stats->va;
	use->tpc = tvb->tpc->object->va;
	use->slot = tvb->slot;
	use->blocks = tvb->block_count;
	use->init = tvb->state != tvb->told && tvb->state != scenes->told;
	if (use->init)
		scenes->told = tvb->state;
	return 0;
}

void agx_tvb_count(struct agx_tvb *tvb)
{
	uint32_t *count = word(tvb->counter, offsetof(struct agx_buffer_counter, count));

	agx_store(count, agx_load(count) + 1);
}

void agx_tvb_submitted(struct agx_job_scenes *scenes)
{
	if (scenes->tvb && scenes->told)
		scenes->tvb->told = scenes->told;
}

void agx_tvb_release(struct agx_job_scenes *scenes)
{
	struct agx_tvb *tvb = scenes->tvb;

	if (!tvb)
		return;
	scenes->tpc->jobs--;
	free_tpcs(tvb, false);
	tvb->scenes -= scenes->count;
	if (!tvb->scenes)
		give_slot(tvb);
	*scenes = (struct agx_job_scenes){0};
}
