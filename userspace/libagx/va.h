/* SPDX-License-Identifier: MIT */
/*
 * Who has which addresses of [start, end): an allocator that touches no memory at the addresses,
 * and needs no device. Tiles without gaps between them, each free or somebody's; neighbours that
 * are free are one. Allocation takes the lowest place that surely does, in logarithmic time.
 *
 * Not thread-safe: the caller locks.
 */
#ifndef AGX_LIBAGX_VA_H
#define AGX_LIBAGX_VA_H

#include <stdbool.h>
#include <stdint.h>

#include "ranges.h"

enum lib_va_owner {
	LIB_VA_FREE,
	LIB_VA_CALLER,  /* reserved by the library's caller */
	LIB_VA_BUFFER,  /* a buffer's own addresses */
	LIB_VA_LIBRARY, /* the library's: nobody else binds there */
};

struct lib_va {
	struct lib_ranges tiles;
	uint64_t start, end, granule;
};

struct lib_va_request {
	uint64_t size;      /* multiple of the granule, not 0 */
	uint64_t align;     /* power of two, at least the granule */
	uint64_t low, high; /* the addresses are to lie in [low, high), guards as well */
	bool guard;         /* a granule in front and one behind that are nobody's */
	enum lib_va_owner owner;
};

/* granule: a power of two; start and end are multiples of it. -EINVAL, -ENOMEM. */
int lib_va_init(struct lib_va *va, uint64_t start, uint64_t end, uint64_t granule);
void lib_va_finish(struct lib_va *va);

/* -ENOSPC: there is no such place; -ENOMEM. *address is written only when it is somebody's then. */
int lib_va_alloc(struct lib_va *va, const struct lib_va_request *request, uint64_t *address);

/* At this address. -EINVAL: not within [start, end) or no granules; -EBUSY: some of it is taken. */
int lib_va_alloc_at(struct lib_va *va, uint64_t address, uint64_t size, enum lib_va_owner owner);

/* What begins at address (without guard), of this owner: *size, or -ENOENT. */
int lib_va_find(const struct lib_va *va, uint64_t address, enum lib_va_owner owner, uint64_t *size);

/* Gives it back. -ENOENT as above. */
int lib_va_free(struct lib_va *va, uint64_t address, enum lib_va_owner owner);

/* Is all of [start, end) the caller's own or buffers', without guards? */
bool lib_va_bindable(const struct lib_va *va, uint64_t start, uint64_t end);

/* Nothing is taken. */
bool lib_va_empty(const struct lib_va *va);

#endif
