// SPDX-License-Identifier: MIT
#include <errno.h>
#include <sys/mman.h>

#include "fdtable.h"

_Atomic(struct fdtable_directory *) fdtable_directory;

/* Zeroed memory that is never freed; only the pages that are touched cost anything. */
static void *reserve(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

_Atomic(struct fdobject *) *fdtable_slot(struct fdtable_directory *directory, int fd)
{
	struct fdtable_leaf *leaf;

	if (fd < 0 || (unsigned int)fd >> (FDTABLE_LEAF_BITS + FDTABLE_DIRECTORY_BITS))
		return NULL;
	leaf = atomic_load_explicit(&directory->leaf[fd >> FDTABLE_LEAF_BITS],
				    memory_order_acquire);
	return leaf ? &leaf->slot[fd & ((1 << FDTABLE_LEAF_BITS) - 1)] : NULL;
}

/* The slot of fd, made if need be. The loser of a race gives its memory back. */
static _Atomic(struct fdobject *) *make_slot(int fd)
{
	struct fdtable_directory *directory = atomic_load(&fdtable_directory), *no_directory = NULL;
	_Atomic(struct fdtable_leaf *) *place;
	struct fdtable_leaf *leaf, *no_leaf = NULL;

	if (!directory) {
		directory = reserve(sizeof(*directory));
		if (!directory)
			return NULL;
		if (!atomic_compare_exchange_strong(&fdtable_directory, &no_directory, directory)) {
			munmap(directory, sizeof(*directory));
			directory = no_directory;
		}
	}
	place = &directory->leaf[fd >> FDTABLE_LEAF_BITS];
	if (!atomic_load(place)) {
		leaf = reserve(sizeof(*leaf));
		if (!leaf)
			return NULL;
		if (!atomic_compare_exchange_strong(place, &no_leaf, leaf))
			munmap(leaf, sizeof(*leaf));
	}
	return fdtable_slot(directory, fd);
}

struct fdobject *fdobject_get(struct fdobject *object)
{
	atomic_fetch_add_explicit(&object->refs, 1, memory_order_relaxed);
	return object;
}

/* Takes a reference unless the object is already released. */
static bool fdobject_try_get(struct fdobject *object)
{
	uint32_t refs = atomic_load_explicit(&object->refs, memory_order_relaxed);

	while (refs)
		if (atomic_compare_exchange_weak_explicit(&object->refs, &refs, refs + 1,
							  memory_order_acquire,
							  memory_order_relaxed))
			return true;
	return false;
}

void fdobject_put(struct fdobject *object)
{
	if (object && atomic_fetch_sub_explicit(&object->refs, 1, memory_order_acq_rel) == 1)
		object->release(object);
}

/*
 * The object can be released, and its memory taken into use again, between the load and the
 * count: the second load tells whether the reference is one of what the slot holds.
 */
static struct fdobject *slot_get(_Atomic(struct fdobject *) *slot)
{
	struct fdobject *object;

	for (;;) {
		object = atomic_load_explicit(slot, memory_order_acquire);
		if (!object)
			return NULL;
		if (!fdobject_try_get(object)) {
			/* Whoever releases it has emptied the slot before. */
			if (atomic_load_explicit(slot, memory_order_acquire) == object)
				return NULL;
			continue;
		}
		if (atomic_load_explicit(slot, memory_order_acquire) == object)
			return object;
		fdobject_put(object);
	}
}

struct fdobject *fdtable_get(int fd)
{
	struct fdtable_directory *directory =
		atomic_load_explicit(&fdtable_directory, memory_order_acquire);
	_Atomic(struct fdobject *) *slot = directory ? fdtable_slot(directory, fd) : NULL;

	return slot ? slot_get(slot) : NULL;
}

int fdtable_set(int fd, struct fdobject *object)
{
	_Atomic(struct fdobject *) *slot;

	if (fd < 0 || (unsigned int)fd >> (FDTABLE_LEAF_BITS + FDTABLE_DIRECTORY_BITS))
		return -EBADF;
	slot = make_slot(fd);
	if (!slot)
		return -ENOMEM;
	fdobject_put(atomic_exchange(slot, fdobject_get(object)));
	return 0;
}

void fdtable_clear(int fd)
{
	struct fdtable_directory *directory =
		atomic_load_explicit(&fdtable_directory, memory_order_acquire);
	_Atomic(struct fdobject *) *slot = directory ? fdtable_slot(directory, fd) : NULL;

	if (slot && atomic_load_explicit(slot, memory_order_relaxed))
		fdobject_put(atomic_exchange(slot, NULL));
}

/* Visits the slots of first..last that exist, leaf by leaf. */
static bool for_each_slot(unsigned int first, unsigned int last,
			  bool (*visit)(void *data, int fd, _Atomic(struct fdobject *) *slot),
			  void *data)
{
	const unsigned int highest = (1u << (FDTABLE_LEAF_BITS + FDTABLE_DIRECTORY_BITS)) - 1;
	const unsigned int leaf_mask = (1u << FDTABLE_LEAF_BITS) - 1;
	struct fdtable_directory *directory =
		atomic_load_explicit(&fdtable_directory, memory_order_acquire);
	_Atomic(struct fdobject *) *slot;
	unsigned int fd = first;

	if (!directory)
		return false;
	if (last > highest)
		last = highest;
	while (fd <= last) {
		slot = fdtable_slot(directory, (int)fd);
		if (!slot) {
			fd = (fd | leaf_mask) + 1;
			continue;
		}
		if (atomic_load_explicit(slot, memory_order_relaxed) && visit(data, (int)fd, slot))
			return true;
		fd++;
	}
	return false;
}

static bool clear_slot(void *data, int fd, _Atomic(struct fdobject *) *slot)
{
	fdobject_put(atomic_exchange(slot, NULL));
	return false;
}

void fdtable_clear_range(unsigned int first, unsigned int last)
{
	for_each_slot(first, last, clear_slot, NULL);
}

struct visitor {
	bool (*visit)(void *data, int fd, struct fdobject *object);
	void *data;
};

static bool visit_slot(void *data, int fd, _Atomic(struct fdobject *) *slot)
{
	const struct visitor *visitor = data;
	struct fdobject *object = slot_get(slot);
	bool stop;

	if (!object)
		return false;
	stop = visitor->visit(visitor->data, fd, object);
	fdobject_put(object);
	return stop;
}

bool fdtable_for_each(bool (*visit)(void *data, int fd, struct fdobject *object), void *data)
{
	struct visitor visitor = {visit, data};

	return for_each_slot(0, UINT32_MAX, visit_slot, &visitor);
}
