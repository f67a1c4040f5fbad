// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Debug aids of heaps: patterns in memory that nobody should touch, and a check of everything. */
#include "heap_internal.h"

#define POISON   0xde
#define RED_ZONE 0x93

void agx_heap_poison(struct agx_heap_chunk *chunk)
{
	agx_core_memset(agx_heap_chunk_bytes(chunk), POISON, chunk->size);
	chunk->poisoned = true;
}

/* Offset of the first byte that is not value; size: all are. */
static uint64_t find_other(const uint8_t *bytes, uint64_t size, uint8_t value)
{
	uint64_t i;

	for (i = 0; i < size; i++)
		if (bytes[i] != value)
			break;
	return i;
}

bool agx_heap_poison_is_damaged(struct agx_heap *heap, struct agx_heap_chunk *chunk)
{
	uint64_t at;

	if (!chunk->poisoned)
		return false;
	at = find_other(agx_heap_chunk_bytes(chunk), chunk->size, POISON);
	if (at == chunk->size)
		return false;
	agx_log(heap->platform, AGX_LOG_ERROR,
		"heap %s: free memory at 0x%llx was written (last used as %s)", heap->config.name,
		(unsigned long long)(chunk->va + at),
		chunk->object.tag ? chunk->object.tag : "unknown");
	heap->stats.written_after_free++;
	agx_heap_poison(chunk);
	return true;
}

void agx_heap_fill_red_zone(struct agx_heap_chunk *chunk)
{
	agx_core_memset(agx_heap_chunk_bytes(chunk) + chunk->object.size, RED_ZONE,
			chunk->size - chunk->object.size);
}

bool agx_heap_red_zone_is_damaged(struct agx_heap *heap, const struct agx_heap_chunk *chunk)
{
	uint64_t size = chunk->size - chunk->object.size;
	uint64_t at = find_other(agx_heap_chunk_bytes(chunk) + chunk->object.size, size, RED_ZONE);

	if (at == size)
		return false;
	agx_log(heap->platform, AGX_LOG_ERROR,
		"heap %s: %s at 0x%llx, 0x%llx bytes: written 0x%llx"
		" bytes past its end",
		heap->config.name, chunk->object.tag, (unsigned long long)chunk->va,
		(unsigned long long)chunk->object.size, (unsigned long long)at);
	heap->stats.written_past_end++;
	return true;
}

static unsigned int wrong(struct agx_heap *heap, const char *what, uint64_t va)
{
	agx_log(heap->platform, AGX_LOG_ERROR, "heap %s: %s at 0x%llx", heap->config.name, what,
		(unsigned long long)va);
	return 1;
}

static unsigned int check_chunk(struct agx_heap *heap, struct agx_heap_chunk *chunk)
{
	unsigned int found = 0;

	if (!chunk->size || (chunk->va | chunk->size) & (heap->config.min_align - 1))
		found += wrong(heap, "odd chunk", chunk->va);
	if (chunk->state == CHUNK_FREE && chunk->next && chunk->next->state == CHUNK_FREE)
		found += wrong(heap, "free neighbours", chunk->va);
	if (chunk->state == CHUNK_UNUSED)
		found += wrong(heap, "chunk without state", chunk->va);
	if (chunk->state == CHUNK_LIVE && chunk->object.size > chunk->size)
		found += wrong(heap, "object larger than its chunk", chunk->va);
	if (heap->config.debug && chunk->state == CHUNK_LIVE)
		found += agx_heap_red_zone_is_damaged(heap, chunk);
	if (heap->config.debug && chunk->state != CHUNK_LIVE)
		found += agx_heap_poison_is_damaged(heap, chunk);
	return found;
}

unsigned int agx_heap_check(struct agx_heap *heap)
{
	uint64_t top = heap->config.start;
	unsigned int found = 0;
	struct agx_heap_block *block;
	struct agx_heap_chunk *chunk;

	for (block = heap->blocks; block; block = block->next) {
		uint64_t va = block->va;

		if (block->va < top ||
		    block->va + block->size + AGX_UAT_PAGE_SIZE > heap->config.end)
			found += wrong(heap, "misplaced block", block->va);
		top = block->va + block->size + AGX_UAT_PAGE_SIZE;
		for (chunk = block->first; chunk; chunk = chunk->next) {
			if (chunk->va != va || chunk->block != block)
				found += wrong(heap, "gap or overlap", va);
			if (chunk->next && chunk->next->prev != chunk)
				found += wrong(heap, "broken list", chunk->va);
			va = chunk->va + chunk->size;
			found += check_chunk(heap, chunk);
		}
		if (va != block->va + block->size)
			found += wrong(heap, "block not covered", va);
	}
	return found;
}
