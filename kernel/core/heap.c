// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Heaps: blocks, objects, garbage (facts: jannau/linux: drivers/gpu/drm/asahi/alloc.rs, gpu.rs).
 *
 * A chunk is a piece of a block: free, live, garbage or in quarantine. The chunks of a block
 * form a list in order of addresses, without gaps; two free chunks are never neighbours. All
 * bookkeeping is the driver's own memory, because what lies in the heap can be written by the
 * other side.
 */
#include "heap_internal.h"

#define PAGE      AGX_UAT_PAGE_SIZE
#define PAGE_MASK (PAGE - 1)

#define MAX_ALIGN (64u << 10)

static void push(struct agx_heap_fifo *fifo, struct agx_heap_chunk *chunk)
{
	chunk->list_next = NULL;
	if (fifo->tail)
		fifo->tail->list_next = chunk;
	else
		fifo->head = chunk;
	fifo->tail = chunk;
	fifo->count++;
	fifo->bytes += chunk->size;
}

static struct agx_heap_chunk *pop(struct agx_heap_fifo *fifo)
{
	struct agx_heap_chunk *chunk = fifo->head;

	fifo->head = chunk->list_next;
	if (!fifo->head)
		fifo->tail = NULL;
	fifo->count--;
	fifo->bytes -= chunk->size;
	return chunk;
}

/* --- Growing --- */

static int map_block(struct agx_heap *heap, struct agx_heap_block *block)
{
	const struct agx_platform *platform = heap->platform;
	struct agx_uat_reserve reserve = {0};
	uint64_t done = 0;
	int err;

	err = agx_uat_reserve(heap->vm, block->va, block->size, false, &reserve);
	while (!err && done < block->size) {
		uint64_t length = 0;
		uint64_t pa = platform->mem_address(platform->cookie, &block->mem, done, &length);

		if (length > block->size - done)
			length = block->size - done;
		err = agx_uat_map(heap->vm, &reserve, block->va + done, pa, length,
				  heap->config.prot, 0);
		done += length;
	}
	agx_uat_reserve_release(heap->uat, &reserve);
	if (err)
		agx_uat_unmap(heap->vm, block->va, block->size);
	return err;
}

/* A new block, as one chunk that is in its list, and fits. */
static int grow(struct agx_heap *heap, uint64_t size, uint64_t align, struct agx_heap_chunk **fit)
{
	const struct agx_platform *platform = heap->platform;
	uint64_t guard = heap->config.min_align > PAGE ? heap->config.min_align : PAGE;
	uint64_t va = align_up(heap->top, align);
	struct agx_heap_block *block;
	struct agx_heap_chunk *chunk;
	int err;

	size = align_up(size, guard);
	if (size < heap->config.block_size)
		size = heap->config.block_size;
	if (va > heap->config.end || size + guard > heap->config.end - va)
		return -ENOSPC;
	block = platform->alloc(platform->cookie, sizeof(*block));
	if (!block)
		return -ENOMEM;
	block->va = va;
	block->size = size;
	err = platform->mem_alloc(platform->cookie, size, &block->mem);
	if (err)
		goto free_block;
	err = map_block(heap, block);
	if (err)
		goto free_mem;

	chunk = agx_heap_take_chunk(heap);
	chunk->block = block;
	chunk->va = va;
	chunk->size = size;
	chunk->fresh = !heap->config.debug;
	block->first = chunk;
	if (heap->config.debug)
		agx_heap_poison(chunk);
	agx_heap_list(heap, chunk);
	if (heap->last_block)
		heap->last_block->next = block;
	else
		heap->blocks = block;
	heap->last_block = block;
	heap->top = va + size + guard;
	heap->stats.blocks++;
	heap->stats.mapped_bytes += size;
	*fit = chunk;
	return 0;

free_mem:
	platform->mem_free(platform->cookie, &block->mem);
free_block:
	platform->free(platform->cookie, block, sizeof(*block));
	return err;
}

/* --- Objects --- */

int agx_heap_alloc(struct agx_heap *heap, uint64_t size, uint32_t align, const char *tag,
		   const struct agx_heap_object **object)
{
	const struct agx_heap_config *config = &heap->config;
	struct agx_heap_chunk *chunk, *pad;
	uint64_t total, skip;
	int err;

	if (!size || size > AGX_HEAP_MAX_OBJECT || align > MAX_ALIGN || (align & (align - 1)))
		return -EINVAL;
	if (align < config->min_align)
		align = config->min_align;
	total = align_up(size + (config->debug ? HEAP_RED_SIZE : 0), config->min_align);

	/* Two splits, and a new block. */
	err = agx_heap_reserve_chunks(heap, 3);
	if (err)
		return err;
	chunk = agx_heap_find_fit(heap, total, align);
	if (!chunk) {
		err = grow(heap, total, align > PAGE ? align : PAGE, &chunk);
		if (err)
			return err;
	}

	agx_heap_unlist(heap, chunk);
	skip = align_up(chunk->va, align) - chunk->va;
	if (skip) {
		pad = chunk;
		chunk = agx_heap_split(heap, pad, skip);
		agx_heap_list(heap, pad);
	}
	if (chunk->size > total)
		agx_heap_list(heap, agx_heap_split(heap, chunk, total));

	if (config->debug)
		agx_heap_poison_is_damaged(heap, chunk);
	chunk->state = CHUNK_LIVE;
	chunk->poisoned = false;
	chunk->object.va = chunk->va;
	chunk->object.size = size;
	chunk->object.tag = tag ? tag : "object";
	chunk->object.cpu = config->cpu ? agx_heap_chunk_bytes(chunk) : NULL;
	chunk->object.fresh = chunk->fresh;
	chunk->fresh = false;
	if (config->cpu && !chunk->object.fresh)
		agx_core_memset(chunk->object.cpu, 0, size);
	if (config->debug)
		agx_heap_fill_red_zone(chunk);
	heap->stats.live_objects++;
	heap->stats.live_bytes += chunk->size;
	*object = &chunk->object;
	return 0;
}

void *agx_heap_cpu(const struct agx_heap_object *object)
{
	return agx_heap_chunk_bytes((const struct agx_heap_chunk *)object);
}

/* Makes a chunk that is in no list available. */
static void make_free(struct agx_heap *heap, struct agx_heap_chunk *chunk)
{
	struct agx_heap_chunk *other = chunk->next;

	if (other && other->state == CHUNK_FREE) {
		agx_heap_unlist(heap, other);
		agx_heap_join(heap, chunk, other);
	}
	other = chunk->prev;
	if (other && other->state == CHUNK_FREE) {
		agx_heap_unlist(heap, other);
		agx_heap_join(heap, other, chunk);
		chunk = other;
	}
	agx_heap_list(heap, chunk);
}

/* Frees for good, by way of the quarantine of a debug heap. */
static void retire(struct agx_heap *heap, struct agx_heap_chunk *chunk)
{
	struct agx_heap_fifo *fifo = &heap->quarantine;

	if (!heap->config.debug) {
		make_free(heap, chunk);
		return;
	}
	if (chunk->poisoned)
		agx_heap_poison_is_damaged(heap, chunk);
	else
		agx_heap_poison(chunk);
	chunk->state = CHUNK_QUARANTINE;
	push(fifo, chunk);
	while (fifo->count > AGX_HEAP_DEBUG_QUARANTINE_OBJECTS ||
	       fifo->bytes > AGX_HEAP_DEBUG_QUARANTINE_BYTES) {
		chunk = pop(fifo);
		agx_heap_poison_is_damaged(heap, chunk);
		make_free(heap, chunk);
	}
}

void agx_heap_free(struct agx_heap *heap, const struct agx_heap_object *object)
{
	struct agx_heap_chunk *chunk = (struct agx_heap_chunk *)object;

	if (!chunk)
		return;
	if (chunk->state != CHUNK_LIVE) {
		agx_log(heap->platform, AGX_LOG_ERROR, "heap %s: %s at 0x%llx freed twice",
			heap->config.name, chunk->object.tag ? chunk->object.tag : "object",
			(unsigned long long)chunk->object.va);
		heap->stats.misuse++;
		return;
	}
	heap->stats.live_objects--;
	heap->stats.live_bytes -= chunk->size;
	if (heap->config.debug)
		agx_heap_red_zone_is_damaged(heap, chunk);
	if (!heap->config.delayed_reuse) {
		retire(heap, chunk);
		return;
	}
	if (heap->config.debug && heap->config.coherent)
		agx_heap_poison(chunk);
	chunk->state = CHUNK_GARBAGE;
	chunk->freed = ++heap->garbage_seq;
	push(&heap->garbage, chunk);
}

bool agx_heap_wants_flush(const struct agx_heap *heap)
{
	return heap->garbage.bytes > AGX_HEAP_GARBAGE_BYTES ||
	       heap->garbage.count > AGX_HEAP_GARBAGE_OBJECTS;
}

uint64_t agx_heap_garbage_mark(const struct agx_heap *heap)
{
	return heap->garbage_seq;
}

void agx_heap_collect(struct agx_heap *heap, uint64_t mark)
{
	while (heap->garbage.head && heap->garbage.head->freed <= mark)
		retire(heap, pop(&heap->garbage));
}

const struct agx_heap_object *agx_heap_find(struct agx_heap *heap, uint64_t va)
{
	const struct agx_heap_block *block;
	const struct agx_heap_chunk *chunk;

	for (block = heap->blocks; block; block = block->next) {
		if (va < block->va || va - block->va >= block->size)
			continue;
		for (chunk = block->first; chunk; chunk = chunk->next)
			if (va >= chunk->va && va - chunk->va < chunk->size)
				return chunk->state == CHUNK_LIVE &&
						       va - chunk->va < chunk->object.size
					       ? &chunk->object
					       : NULL;
	}
	return NULL;
}

bool agx_heap_next_block(const struct agx_heap *heap, uint64_t *va, uint64_t *size)
{
	const struct agx_heap_block *block;

	for (block = heap->blocks; block; block = block->next) {
		if (block->va > *va) {
			*va = block->va;
			*size = block->size;
			return true;
		}
	}
	return false;
}

struct agx_heap_stats agx_heap_stats(const struct agx_heap *heap)
{
	struct agx_heap_stats stats = heap->stats;

	stats.garbage_bytes = heap->garbage.bytes;
	stats.garbage_objects = heap->garbage.count;
	stats.quarantined_objects = heap->quarantine.count;
	return stats;
}

/* --- Heaps --- */

int agx_heap_create(const struct agx_platform *platform, struct agx_uat *uat, struct agx_uat_vm *vm,
		    const struct agx_heap_config *config, struct agx_heap **out)
{
	struct agx_heap *heap;

	if (config->min_align < AGX_HEAP_MIN_ALIGN || config->min_align > MAX_ALIGN ||
	    config->min_align & (config->min_align - 1) || !config->block_size ||
	    config->block_size & PAGE_MASK || config->block_size & (config->min_align - 1) ||
	    (unsigned int)config->prot >= AGX_UAT_PROTS || (config->debug && !config->cpu))
		return -EINVAL;
	if (config->start >= config->end || (config->start | config->end) & PAGE_MASK ||
	    config->start & (config->min_align - 1) ||
	    (config->end - config->start) / config->min_align > 1ull << (HEAP_CLASSES - 1))
		return -EINVAL;
	if (!agx_uat_range_ok(vm, config->start, config->end - config->start))
		return -EINVAL;

	heap = platform->alloc(platform->cookie, sizeof(*heap));
	if (!heap)
		return -ENOMEM;
	heap->platform = platform;
	heap->uat = uat;
	heap->vm = vm;
	heap->config = *config;
	heap->top = config->start;
	heap->unit_shift = __builtin_ctz(config->min_align);
	*out = heap;
	return 0;
}

void agx_heap_destroy(struct agx_heap *heap)
{
	const struct agx_platform *platform;
	struct agx_heap_block *block;
	struct agx_heap_slab *slab;

	if (!heap)
		return;
	platform = heap->platform;
	if (heap->config.debug)
		agx_heap_check(heap);
	if (heap->stats.live_objects)
		agx_log(platform, AGX_LOG_WARNING, "heap %s: %u objects were not freed",
			heap->config.name, heap->stats.live_objects);
	while ((block = heap->blocks)) {
		heap->blocks = block->next;
		agx_uat_unmap(heap->vm, block->va, block->size);
		platform->mem_free(platform->cookie, &block->mem);
		platform->free(platform->cookie, block, sizeof(*block));
	}
	while ((slab = heap->slabs)) {
		heap->slabs = slab->next;
		platform->free(platform->cookie, slab, sizeof(*slab));
	}
	platform->free(platform->cookie, heap, sizeof(*heap));
}
