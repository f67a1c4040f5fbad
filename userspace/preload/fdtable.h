/* SPDX-License-Identifier: MIT */
/*
 * File descriptor -> object.
 *
 * A lookup of a descriptor that has no object is a load and a branch while the process has
 * never stored one, and three loads afterwards; lookups never lock. Any descriptor number
 * works.
 *
 * The table can be stale: a descriptor may be closed or reused behind the back of the hooks
 * (a raw system call, a libc-internal close). Whoever acts on an entry must do so only where
 * a mistake is harmless, or check the descriptor's inode first.
 *
 * Objects are counted. Their memory is type-stable: once handed to the table it may be reused
 * for another object of the same kind but never be unmapped or given back to malloc, because
 * fdtable_get() touches the count of an object that may just have been released.
 */
#ifndef AGX_PRELOAD_FDTABLE_H
#define AGX_PRELOAD_FDTABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FDTABLE_LEAF_BITS      12
#define FDTABLE_DIRECTORY_BITS 18 /* 2^30 descriptors, the highest that Linux allows */

struct fdobject {
	_Atomic uint32_t refs;                    /* 0: released, must not be revived */
	void (*release)(struct fdobject *object); /* at the last put; any thread */
};

struct fdtable_leaf {
	_Atomic(struct fdobject *) slot[1 << FDTABLE_LEAF_BITS];
};

struct fdtable_directory {
	_Atomic(struct fdtable_leaf *) leaf[1 << FDTABLE_DIRECTORY_BITS];
};

extern _Atomic(struct fdtable_directory *) fdtable_directory;

_Atomic(struct fdobject *) *fdtable_slot(struct fdtable_directory *directory, int fd);

/* The entry without a reference: to be compared with NULL, not to be followed. */
static inline struct fdobject *fdtable_peek(int fd)
{
	struct fdtable_directory *directory =
		atomic_load_explicit(&fdtable_directory, memory_order_acquire);
	_Atomic(struct fdobject *) *slot;

	if (__builtin_expect(!directory, 1))
		return NULL;
	slot = fdtable_slot(directory, fd);
	return slot ? atomic_load_explicit(slot, memory_order_acquire) : NULL;
}

/* The entry with a reference, NULL: none. */
struct fdobject *fdtable_get(int fd);

/* Stores object with a reference of its own, dropping what was there. -ENOMEM, -EBADF. */
int fdtable_set(int fd, struct fdobject *object);

/* Drops the entry, if any. */
void fdtable_clear(int fd);

/* Drops the entries of first..last, both included. */
void fdtable_clear_range(unsigned int first, unsigned int last);

/* Calls visit for each entry until it returns true; the object has a reference meanwhile. */
bool fdtable_for_each(bool (*visit)(void *data, int fd, struct fdobject *object), void *data);

static inline void fdobject_init(struct fdobject *object, void (*release)(struct fdobject *))
{
	object->release = release;
	atomic_store_explicit(&object->refs, 1, memory_order_release);
}

struct fdobject *fdobject_get(struct fdobject *object);
void fdobject_put(struct fdobject *object); /* NULL is fine */

#endif
