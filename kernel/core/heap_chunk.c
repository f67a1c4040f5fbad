// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Chunks of a heap, and the lists of free ones.
 *
 * Free memory is found by two-level segregated fit: free chunks sit in lists by size, first by
 * power of two, then by sixteenths of it; bitmaps say which lists are not empty.
 *
 * Rejected: a tree of free ranges, best fit, as the Rust driver uses through drm_mm. It packs a
 * little better, but costs log n with a cache miss at each step on the submit path.
 */
#include "heap_internal.h"

/* How many chunks of the request's own class to look at before a sure fit in a larger one. */
#define LOOK_AT 8

static void classify(uint64_t units, unsigned int *class, unsigned int *sub)
{
	unsigned int log = 63 - __builtin_clzll(units);

	*class = log;
	*sub = log >= HEAP_SUB_SHIFT ? (units >> (log - HEAP_SUB_SHIFT)) & (HEAP_SUBS - 1)
				     : (units << (HEAP_SUB_SHIFT - log)) & (HEAP_SUBS - 1);
}

void agx_heap_list(struct agx_heap *heap, struct agx_heap_chunk *chunk)
{
	unsigned int class, sub;

	classify(chunk->size >> heap->unit_shift, &class, &sub);
	chunk->state = CHUNK_FREE;
	chunk->list_prev = NULL;
	chunk->list_next = heap->free[class][sub];
	if (chunk->list_next)
		chunk->list_next->list_prev = chunk;
	heap->free[class][sub] = chunk;
	heap->subs[class] |= 1u << sub;
	heap->classes |= 1ull << class;
}

void agx_heap_unlist(struct agx_heap *heap, struct agx_heap_chunk *chunk)
{
	unsigned int class, sub;

	classify(chunk->size >> heap->unit_shift, &class, &sub);
	if (chunk->list_prev)
		chunk->list_prev->list_next = chunk->list_next;
	else
		heap->free[class][sub] = chunk->list_next;
	if (chunk->list_next)
		chunk->list_next->list_prev = chunk->list_prev;
	if (!heap->free[class][sub]) {
		heap->subs[class] &= ~(1u << sub);
		if (!heap->subs[class])
			heap->classes &= ~(1ull << class);
	}
}

static bool fits(const struct agx_heap_chunk *chunk, uint64_t size, uint64_t align)
{
	uint64_t pad = align_up(chunk->va, align) - chunk->va;

	return chunk->size >= size && chunk->size - size >= pad;
}

struct agx_heap_chunk *agx_heap_find_fit(struct agx_heap *heap, uint64_t size, uint64_t align)
{
	uint64_t sure = size + (align > heap->config.min_align ? align : 0);
	uint64_t units, classes;
	struct agx_heap_chunk *chunk;
	unsigned int class, sub, i;
	uint32_t subs;

	/* The list that a chunk of this very size is in: some in it may be large enough. */
	classify(size >> heap->unit_shift, &class, &sub);
	for (chunk = heap->free[class][sub], i = 0; chunk && i < LOOK_AT;
	     chunk = chunk->list_next, i++)
		if (fits(chunk, size, align))
			return chunk;

	/* Everything in a list that starts at `sure` or above fits. */
	units = sure >> heap->unit_shift;
	i = 63 - __builtin_clzll(units);
	if (i > HEAP_SUB_SHIFT)
		units += (1ull << (i - HEAP_SUB_SHIFT)) - 1;
	classify(units, &class, &sub);
	if (class >= HEAP_CLASSES)
		return NULL;
	subs = heap->subs[class] & (~0u << sub);
	if (!subs) {
		classes = heap->classes & (~0ull << class << 1);
		if (!classes)
			return NULL;
		class = __builtin_ctzll(classes);
		subs = heap->subs[class];
	}
	return heap->free[class][__builtin_ctz(subs)];
}

int agx_heap_reserve_chunks(struct agx_heap *heap, uint32_t count)
{
	const struct agx_platform *platform = heap->platform;
	struct agx_heap_slab *slab;
	unsigned int i;

	if (heap->unused_count >= count)
		return 0;
	slab = platform->alloc(platform->cookie, sizeof(*slab));
	if (!slab)
		return -ENOMEM;
	slab->next = heap->slabs;
	heap->slabs = slab;
	for (i = 0; i < HEAP_SLAB_CHUNKS; i++) {
		slab->chunks[i].list_next = heap->unused;
		heap->unused = &slab->chunks[i];
	}
	heap->unused_count += HEAP_SLAB_CHUNKS;
	return 0;
}

struct agx_heap_chunk *agx_heap_take_chunk(struct agx_heap *heap)
{
	struct agx_heap_chunk *chunk = heap->unused;

	heap->unused = chunk->list_next;
	heap->unused_count--;
	agx_core_memset(chunk, 0, sizeof(*chunk));
	return chunk;
}

static void return_chunk(struct agx_heap *heap, struct agx_heap_chunk *chunk)
{
	chunk->state = CHUNK_UNUSED;
	chunk->list_next = heap->unused;
	heap->unused = chunk;
	heap->unused_count++;
}

struct agx_heap_chunk *agx_heap_split(struct agx_heap *heap, struct agx_heap_chunk *chunk,
				      uint64_t size)
{
	struct agx_heap_chunk *rest = agx_heap_take_chunk(heap);

	rest->block = chunk->block;
	rest->va = chunk->va + size;
	rest->size = chunk->size - size;
	rest->poisoned = chunk->poisoned;
	rest->fresh = chunk->fresh;
	rest->prev = chunk;
	rest->next = chunk->next;
	if (rest->next)
		rest->next->prev = rest;
	chunk->next = rest;
	chunk->size = size;
	return rest;
}

void agx_heap_join(struct agx_heap *heap, struct agx_heap_chunk *chunk, struct agx_heap_chunk *next)
{
	chunk->size += next->size;
	chunk->poisoned = chunk->poisoned && next->poisoned;
	chunk->fresh = chunk->fresh && next->fresh;
	chunk->next = next->next;
	if (chunk->next)
		chunk->next->prev = chunk;
	return_chunk(heap, next);
}
