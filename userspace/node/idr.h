/* SPDX-License-Identifier: MIT */
/*
 * Small-integer identifiers: an allocation gives the lowest free id, starting at 1, as the
 * kernel's idr does for handles. Lookup is an array access; finding the lowest free id walks a
 * bitmap tree of fan-out 64. The caller serialises.
 */
#ifndef AGX_IDR_H
#define AGX_IDR_H

#include <stddef.h>
#include <stdint.h>

#define AGX_IDR_LEVELS 4
#define AGX_IDR_MAX    ((1u << 24) - 1) /* highest id */

struct agx_idr {
	void **slots;                   /* by id; NULL: free */
	uint64_t *full[AGX_IDR_LEVELS]; /* bit set: that id, or all ids below that bit, are taken */
	uint32_t capacity;              /* of slots: 0, or a power of two >= 64 */
	uint32_t count;                 /* ids in use */
};

/* idr of all zeroes is empty and ready; finish frees the tables, not what they point to. */
void agx_idr_finish(struct agx_idr *idr);

/*
 * Takes the lowest free id for ptr (not NULL). Returns the id; -ENOMEM, also beyond AGX_IDR_MAX.
 */
int agx_idr_alloc(struct agx_idr *idr, void *ptr);

/* NULL when id is free or out of range, 0 included. */
static inline void *agx_idr_find(const struct agx_idr *idr, uint32_t id)
{
	return id < idr->capacity ? idr->slots[id] : NULL;
}

/* Frees id and gives what it pointed to, NULL when it was free. */
void *agx_idr_remove(struct agx_idr *idr, uint32_t id);

/* The lowest id in use that is >= *id, stored there, and what it points to; NULL: no more. */
void *agx_idr_next(const struct agx_idr *idr, uint32_t *id);

#endif
