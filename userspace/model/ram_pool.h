/* SPDX-License-Identifier: MIT */
/*
 * Which pages of a range of memory are in use: a two-level segregated fit. Blocks of free pages
 * hang in lists by size class, two bitmaps find the first class that is not empty, neighbours
 * merge when freed. All operations take constant time. The bookkeeping stands apart from the
 * memory, one record per page of which the first and the last of each block are in use, because
 * the memory belongs to untrusted programs.
 *
 * Free blocks are clean (they read as zero) or dirty; only blocks of one kind merge.
 */
#ifndef AGX_RAM_POOL_H
#define AGX_RAM_POOL_H

#include <stdbool.h>
#include <stdint.h>

/* Classes: sizes below SUBS pages have one each, above it each power of two is cut in SUBS parts. */
#define AGX_RAM_SUB_SHIFT 4
#define AGX_RAM_SUBS      (1u << AGX_RAM_SUB_SHIFT)
#define AGX_RAM_MAJORS    28

#define AGX_RAM_NONE UINT32_MAX

enum agx_ram_block {
	AGX_RAM_INSIDE, /* no block starts here */
	AGX_RAM_USED,
	AGX_RAM_CLEAN,
	AGX_RAM_DIRTY,
};

struct agx_ram_page {
	uint32_t size;   /* of the block that starts here; on a block's last page: of that block */
	uint8_t state;   /* enum agx_ram_block */
	uint8_t backing; /* used blocks: the owner's, as the next two */
	bool overlaid;
	union {
		void *owner; /* used blocks */
		struct {
			uint32_t prev, next; /* free blocks: list, NONE at the ends */
		};
	};
};

struct agx_ram_lists {
	uint32_t heads[AGX_RAM_MAJORS][AGX_RAM_SUBS];
	uint32_t majors;
	uint32_t subs[AGX_RAM_MAJORS];
	uint64_t pages;
};

struct agx_ram_pool {
	uint32_t num_pages;
	struct agx_ram_page *pages;
	struct agx_ram_lists clean, dirty;
};

/* Makes a pool of which nothing is free. 0 or -errno of mmap(). */
int agx_ram_pool_init(struct agx_ram_pool *pool, uint32_t num_pages);
void agx_ram_pool_finish(struct agx_ram_pool *pool);

/* Empties the lists; blocks keep their states. */
void agx_ram_pool_forget(struct agx_ram_pool *pool);

/* Writes down a block that is in no list. */
void agx_ram_pool_set(struct agx_ram_pool *pool, uint32_t start, uint32_t size, uint8_t state);

/* Puts a free range into the lists; add also merges it with free neighbours of its kind. */
void agx_ram_pool_insert(struct agx_ram_pool *pool, uint32_t start, uint32_t size, uint8_t state);
void agx_ram_pool_add(struct agx_ram_pool *pool, uint32_t start, uint32_t size, uint8_t state);

/* Takes a free block out of its list. */
void agx_ram_pool_remove(struct agx_ram_pool *pool, uint32_t start);

/* A free block of at least size pages, NONE: there is none. */
uint32_t agx_ram_pool_find(const struct agx_ram_pool *pool, uint8_t state, uint32_t size);

/* Makes the first pages of a free block a used one. It was dirty. */
bool agx_ram_pool_take(struct agx_ram_pool *pool, uint32_t start, uint32_t pages);

/* Any block of the kind, NONE: there is none. */
uint32_t agx_ram_pool_any(const struct agx_ram_pool *pool, uint8_t state);

#endif
