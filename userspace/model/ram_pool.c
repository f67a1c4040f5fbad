// SPDX-License-Identifier: MIT
#include "ram_pool.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SUB_SHIFT AGX_RAM_SUB_SHIFT
#define SUB       AGX_RAM_SUBS
#define NONE      AGX_RAM_NONE

/* Of a number of pages > 0: the class that a free block of this size belongs to. */
static void class_of(uint32_t size, uint32_t *major, uint32_t *sub)
{
	if (size < SUB) {
		*major = 0;
		*sub = size;
		return;
	}
	uint32_t log = 31 - (uint32_t)__builtin_clz(size);

	*major = log - SUB_SHIFT + 1;
	*sub = (size >> (log - SUB_SHIFT)) & (SUB - 1);
}

static struct agx_ram_lists *lists_of(struct agx_ram_pool *pool, uint8_t state)
{
	return state == AGX_RAM_CLEAN ? &pool->clean : &pool->dirty;
}

void agx_ram_pool_set(struct agx_ram_pool *pool, uint32_t start, uint32_t size, uint8_t state)
{
	struct agx_ram_page *last = &pool->pages[start + size - 1];

	if (size > 1) {
		last->size = size;
		last->state = AGX_RAM_INSIDE;
	}
	pool->pages[start].size = size;
	pool->pages[start].state = state;
}

void agx_ram_pool_insert(struct agx_ram_pool *pool, uint32_t start, uint32_t size, uint8_t state)
{
	struct agx_ram_lists *lists = lists_of(pool, state);
	struct agx_ram_page *page = &pool->pages[start];
	uint32_t major, sub;

	class_of(size, &major, &sub);
	agx_ram_pool_set(pool, start, size, state);
	page->prev = NONE;
	page->next = lists->heads[major][sub];
	if (page->next != NONE)
		pool->pages[page->next].prev = start;
	lists->heads[major][sub] = start;
	lists->subs[major] |= 1u << sub;
	lists->majors |= 1u << major;
	lists->pages += size;
}

void agx_ram_pool_remove(struct agx_ram_pool *pool, uint32_t start)
{
	struct agx_ram_page *page = &pool->pages[start];
	struct agx_ram_lists *lists = lists_of(pool, page->state);
	uint32_t major, sub;

	class_of(page->size, &major, &sub);
	if (page->prev != NONE)
		pool->pages[page->prev].next = page->next;
	else
		lists->heads[major][sub] = page->next;
	if (page->next != NONE)
		pool->pages[page->next].prev = page->prev;
	if (lists->heads[major][sub] == NONE) {
		lists->subs[major] &= ~(1u << sub);
		if (!lists->subs[major])
			lists->majors &= ~(1u << major);
	}
	lists->pages -= page->size;
	page->state = AGX_RAM_INSIDE;
}

uint32_t agx_ram_pool_find(const struct agx_ram_pool *pool, uint8_t state, uint32_t size)
{
	const struct agx_ram_lists *lists = state == AGX_RAM_CLEAN ? &pool->clean : &pool->dirty;
	uint32_t major, sub, subs, majors, start;

	class_of(size, &major, &sub);

	/* The head of the size's own class may fit by chance; all of the next classes do. */
	start = lists->heads[major][sub];
	if (start != NONE && pool->pages[start].size >= size)
		return start;

	subs = sub + 1 < SUB ? lists->subs[major] & (~0u << (sub + 1)) : 0;
	if (!subs) {
		majors = lists->majors & (~0u << (major + 1));
		if (!majors)
			return NONE;
		major = (uint32_t)__builtin_ctz(majors);
		subs = lists->subs[major];
	}
	return lists->heads[major][__builtin_ctz(subs)];
}

bool agx_ram_pool_take(struct agx_ram_pool *pool, uint32_t start, uint32_t pages)
{
	uint8_t state = pool->pages[start].state;
	uint32_t have = pool->pages[start].size;

	agx_ram_pool_remove(pool, start);
	if (have > pages)
		agx_ram_pool_insert(pool, start + pages, have - pages, state);
	agx_ram_pool_set(pool, start, pages, AGX_RAM_USED);
	return state == AGX_RAM_DIRTY;
}

void agx_ram_pool_add(struct agx_ram_pool *pool, uint32_t start, uint32_t size, uint8_t state)
{
	uint32_t next = start + size;

	if (next < pool->num_pages && pool->pages[next].state == state) {
		size += pool->pages[next].size;
		agx_ram_pool_remove(pool, next);
	}
	if (start) {
		uint32_t prev = start - pool->pages[start - 1].size;

		if (pool->pages[prev].state == state) {
			size += start - prev;
			start = prev;
			agx_ram_pool_remove(pool, start);
		}
	}
	agx_ram_pool_insert(pool, start, size, state);
}

uint32_t agx_ram_pool_any(const struct agx_ram_pool *pool, uint8_t state)
{
	const struct agx_ram_lists *lists = state == AGX_RAM_CLEAN ? &pool->clean : &pool->dirty;
	uint32_t major;

	if (!lists->majors)
		return NONE;
	major = (uint32_t)__builtin_ctz(lists->majors);
	return lists->heads[major][__builtin_ctz(lists->subs[major])];
}

static void init_lists(struct agx_ram_lists *lists)
{
	memset(lists, 0, sizeof(*lists));
	memset(lists->heads, 0xff, sizeof(lists->heads));
}

void agx_ram_pool_forget(struct agx_ram_pool *pool)
{
	init_lists(&pool->clean);
	init_lists(&pool->dirty);
}

/* System calls go past whoever interposes the C library's: see ram.c. */
int agx_ram_pool_init(struct agx_ram_pool *pool, uint32_t num_pages)
{
	void *pages = (void *)syscall(SYS_mmap, NULL, num_pages * sizeof(*pool->pages),
				      PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0ul);

	if (pages == MAP_FAILED)
		return -errno;
	pool->pages = pages;
	pool->num_pages = num_pages;
	agx_ram_pool_forget(pool);
	return 0;
}

void agx_ram_pool_finish(struct agx_ram_pool *pool)
{
	if (pool->pages)
		syscall(SYS_munmap, pool->pages, pool->num_pages * sizeof(*pool->pages));
	pool->pages = NULL;
}
