// SPDX-License-Identifier: MIT
#include "va.h"

#include <errno.h>
#include <stdlib.h>

struct tile {
	struct lib_range range; /* weight: the size if it is free, else 0 */
	enum lib_va_owner owner;
	uint64_t guard; /* bytes at either end that are nobody's */
};

static struct tile *new_tile(uint64_t start, uint64_t end)
{
	struct tile *tile = calloc(1, sizeof(*tile));

	if (!tile)
		return NULL;
	tile->range.start = start;
	tile->range.end = end;
	tile->range.weight = end - start;
	return tile;
}

/* The one that holds address, or the lowest behind; NULL behind the end. */
static struct tile *tile_from(const struct lib_va *va, uint64_t address)
{
	return (struct tile *)lib_ranges_from(&va->tiles, address);
}

int lib_va_init(struct lib_va *va, uint64_t start, uint64_t end, uint64_t granule)
{
	struct tile *tile;

	if (!granule || (granule & (granule - 1)) || ((start | end) & (granule - 1)) ||
	    start >= end)
		return -EINVAL;
	lib_ranges_init(&va->tiles);
	va->start = start;
	va->end = end;
	va->granule = granule;
	tile = new_tile(start, end);
	if (!tile)
		return -ENOMEM;
	lib_ranges_insert(&va->tiles, &tile->range);
	return 0;
}

void lib_va_finish(struct lib_va *va)
{
	struct lib_range *range;

	while ((range = va->tiles.root)) {
		lib_ranges_remove(&va->tiles, range);
		free(range);
	}
}

/* Where in the tile it would go. */
static bool fits(const struct lib_va *va, const struct tile *tile,
		 const struct lib_va_request *request, uint64_t *address)
{
	const uint64_t low = tile->range.start > request->low ? tile->range.start : request->low;
	const uint64_t high = tile->range.end < request->high ? tile->range.end : request->high;
	const uint64_t guard = request->guard ? va->granule : 0;
	uint64_t at;

	if (tile->owner != LIB_VA_FREE || low >= high ||
	    __builtin_add_overflow(low, guard + request->align - 1, &at))
		return false;
	at &= ~(request->align - 1);
	if (at >= high || request->size > high - at || guard > high - at - request->size)
		return false;
	*address = at;
	return true;
}

/* The lowest tile of at least this weight in which it fits. */
static struct tile *search(const struct lib_va *va, const struct lib_va_request *request,
			   uint64_t weight, uint64_t *address)
{
	struct tile *tile = tile_from(va, request->low);

	if (tile && fits(va, tile, request, address))
		return tile;
	while (tile) {
		tile = (struct tile *)lib_ranges_fit(&va->tiles, tile->range.start + 1, weight);
		if (!tile || tile->range.start >= request->high)
			return NULL;
		if (fits(va, tile, request, address))
			return tile;
	}
	return NULL;
}

/* Makes a free tile's part somebody's. Nothing has changed when it fails. */
static int take(struct lib_va *va, struct tile *tile, uint64_t start, uint64_t end,
		enum lib_va_owner owner, uint64_t guard)
{
	struct tile *front = NULL, *back = NULL;

	if (start > tile->range.start) {
		front = new_tile(tile->range.start, start);
		if (!front)
			return -ENOMEM;
	}
	if (end < tile->range.end) {
		back = new_tile(end, tile->range.end);
		if (!back) {
			free(front);
			return -ENOMEM;
		}
	}
	tile->owner = owner;
	tile->guard = guard;
	lib_ranges_change(&va->tiles, &tile->range, start, end, 0);
	if (front)
		lib_ranges_insert(&va->tiles, &front->range);
	if (back)
		lib_ranges_insert(&va->tiles, &back->range);
	return 0;
}

int lib_va_alloc(struct lib_va *va, const struct lib_va_request *request, uint64_t *address)
{
	const uint64_t guard = request->guard ? va->granule : 0;
	uint64_t least, sure, at = 0;
	struct tile *tile = NULL;
	int ret;

	if (__builtin_add_overflow(request->size, 2 * guard, &least))
		return -ENOSPC;
	/*
	 * In a tile of this size it fits wherever that begins: only the last one's end may be cut.
	 */
	if (!__builtin_add_overflow(least, request->align - va->granule, &sure))
		tile = search(va, request, sure, &at);
	if (!tile)
		tile = search(va, request, least, &at);
	if (!tile)
		return -ENOSPC;
	ret = take(va, tile, at - guard, at + request->size + guard, request->owner, guard);
	if (!ret)
		*address = at;
	return ret;
}

int lib_va_alloc_at(struct lib_va *va, uint64_t address, uint64_t size, enum lib_va_owner owner)
{
	struct tile *tile;

	if (!size || ((address | size) & (va->granule - 1)) || address < va->start ||
	    address >= va->end || size > va->end - address)
		return -EINVAL;
	tile = tile_from(va, address);
	if (tile->owner != LIB_VA_FREE || tile->range.end < address + size)
		return -EBUSY;
	return take(va, tile, address, address + size, owner, 0);
}

static struct tile *find(const struct lib_va *va, uint64_t address, enum lib_va_owner owner)
{
	struct tile *tile;

	if (address < va->start || address >= va->end || owner == LIB_VA_FREE)
		return NULL;
	tile = tile_from(va, address);
	return tile->owner == owner && tile->range.start + tile->guard == address ? tile : NULL;
}

int lib_va_find(const struct lib_va *va, uint64_t address, enum lib_va_owner owner, uint64_t *size)
{
	const struct tile *tile = find(va, address, owner);

	if (!tile)
		return -ENOENT;
	*size = tile->range.end - tile->range.start - 2 * tile->guard;
	return 0;
}

int lib_va_free(struct lib_va *va, uint64_t address, enum lib_va_owner owner)
{
	struct tile *tile = find(va, address, owner), *near;
	uint64_t start, end;

	if (!tile)
		return -ENOENT;
	start = tile->range.start;
	end = tile->range.end;
	near = start > va->start ? tile_from(va, start - 1) : NULL;
	if (near && near->owner == LIB_VA_FREE) {
		start = near->range.start;
		lib_ranges_remove(&va->tiles, &near->range);
		free(near);
	}
	near = tile_from(va, end);
	if (near && near->owner == LIB_VA_FREE) {
		end = near->range.end;
		lib_ranges_remove(&va->tiles, &near->range);
		free(near);
	}
	tile->owner = LIB_VA_FREE;
	tile->guard = 0;
	lib_ranges_change(&va->tiles, &tile->range, start, end, end - start);
	return 0;
}

bool lib_va_bindable(const struct lib_va *va, uint64_t start, uint64_t end)
{
	const struct tile *tile;
	uint64_t stop;

	if (start < va->start || end > va->end || start >= end)
		return false;
	for (; start < end; start = stop) {
		tile = tile_from(va, start);
		stop = tile->range.end < end ? tile->range.end : end;
		if ((tile->owner != LIB_VA_CALLER && tile->owner != LIB_VA_BUFFER) ||
		    start < tile->range.start + tile->guard || stop > tile->range.end - tile->guard)
			return false;
	}
	return true;
}

bool lib_va_empty(const struct lib_va *va)
{
	const struct lib_range *root = va->tiles.root;

	return !root->left && !root->right && root->weight;
}
