/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Shared by heap.c, heap_chunk.c and heap_debug.c. */
#ifndef AGX_HEAP_INTERNAL_H
#define AGX_HEAP_INTERNAL_H

#include "agx_heap.h"

/* Sizes in units of min_align have 1 to 32 bits. */
#define HEAP_CLASSES   33
#define HEAP_SUB_SHIFT 4
#define HEAP_SUBS      (1u << HEAP_SUB_SHIFT)

#define HEAP_SLAB_CHUNKS 64

#define HEAP_RED_SIZE 0x40u /* at least, behind each object of a debug heap */

enum agx_heap_chunk_state {
	CHUNK_UNUSED,
	CHUNK_FREE,
	CHUNK_LIVE,
	CHUNK_GARBAGE,
	CHUNK_QUARANTINE
};

struct agx_heap_chunk {
	struct agx_heap_object object; /* first: the caller's pointer */
	struct agx_heap_block *block;
	uint64_t va, size;                  /* whole units; object.va == va when live */
	uint64_t freed;                     /* CHUNK_GARBAGE: the heap's garbage_seq then */
	struct agx_heap_chunk *prev, *next; /* neighbours in the block */
	struct agx_heap_chunk *list_prev, *list_next;
	enum agx_heap_chunk_state state;
	bool poisoned; /* the whole chunk holds the pattern */
	bool fresh;    /* the whole chunk is as the platform gave it, zero */
};

struct agx_heap_block {
	struct agx_heap_block *next; /* of higher addresses */
	struct agx_mem mem;
	uint64_t va, size;
	struct agx_heap_chunk *first;
};

struct agx_heap_slab {
	struct agx_heap_slab *next;
	struct agx_heap_chunk chunks[HEAP_SLAB_CHUNKS];
};

struct agx_heap_fifo {
	struct agx_heap_chunk *head, *tail;
	uint32_t count;
	uint64_t bytes;
};

struct agx_heap {
	const struct agx_platform *platform;
	struct agx_uat *uat;
	struct agx_uat_vm *vm;
	struct agx_heap_config config;
	unsigned int unit_shift;
	uint64_t top; /* where the next block goes */
	struct agx_heap_block *blocks, *last_block;
	struct agx_heap_slab *slabs;
	struct agx_heap_chunk *unused; /* chunk records, linked by list_next */
	uint32_t unused_count;

	uint64_t classes; /* bit: some sub-list is not empty */
	uint16_t subs[HEAP_CLASSES];
	struct agx_heap_chunk *free[HEAP_CLASSES][HEAP_SUBS];

	struct agx_heap_fifo garbage, quarantine;
	uint64_t garbage_seq; /* objects that ever became garbage */
	struct agx_heap_stats stats;
};

static inline uint64_t align_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) & ~(align - 1);
}

static inline uint8_t *agx_heap_chunk_bytes(const struct agx_heap_chunk *chunk)
{
	return (uint8_t *)chunk->block->mem.cpu + (chunk->va - chunk->block->va);
}

/* Puts a chunk into, and takes it out of, the list of free chunks of its size. */
void agx_heap_list(struct agx_heap *heap, struct agx_heap_chunk *chunk);
void agx_heap_unlist(struct agx_heap *heap, struct agx_heap_chunk *chunk);

/* A free chunk that size bytes fit into, aligned; NULL. Still in its list. */
struct agx_heap_chunk *agx_heap_find_fit(struct agx_heap *heap, uint64_t size, uint64_t align);

/* Makes sure that so many chunks can be taken (split takes one, too). 0 or -ENOMEM. */
int agx_heap_reserve_chunks(struct agx_heap *heap, uint32_t count);
struct agx_heap_chunk *agx_heap_take_chunk(struct agx_heap *heap);

/* Cuts what lies beyond size off a chunk, as a new chunk in no list. */
struct agx_heap_chunk *agx_heap_split(struct agx_heap *heap, struct agx_heap_chunk *chunk,
				      uint64_t size);

/* Makes one chunk of two neighbours; the second's record is given back. */
void agx_heap_join(struct agx_heap *heap, struct agx_heap_chunk *chunk,
		   struct agx_heap_chunk *next);

/* Fills a chunk with the pattern of free memory. */
void agx_heap_poison(struct agx_heap_chunk *chunk);

/* Only when a chunk is poisoned as a whole. Mends it, so that it is reported once. */
bool agx_heap_poison_is_damaged(struct agx_heap *heap, struct agx_heap_chunk *chunk);

/* The red zone behind a live object: filled, and checked. */
void agx_heap_fill_red_zone(struct agx_heap_chunk *chunk);
bool agx_heap_red_zone_is_damaged(struct agx_heap *heap, const struct agx_heap_chunk *chunk);

#endif
