// SPDX-License-Identifier: MIT
#include "fdtrack.h"

#include "host.h"

/* An entry: the kind above the inode number. */
#define KIND_SHIFT 62
#define INO_MASK   ((1ull << KIND_SHIFT) - 1)

enum {
	STATE_OFF,
	STATE_ON,
	STATE_DISTRUST
};

_Atomic uint64_t agx_fdtrack_entries[AGX_FDTRACK_COUNT];
static atomic_int state;
static _Atomic uint64_t devices[AGX_FD_DMABUF + 1]; /* by kind: that of all entries; 0: none yet */
static _Atomic uint32_t uses;

void agx_fdtrack_enable(void)
{
	int off = STATE_OFF;

	atomic_compare_exchange_strong(&state, &off, STATE_ON);
}

bool agx_fdtrack_enabled(void)
{
	return atomic_load_explicit(&state, memory_order_relaxed) == STATE_ON;
}

void agx_fdtrack_distrust(void)
{
	atomic_store(&state, STATE_DISTRUST);
	agx_fdtrack_closed_range(0, UINT32_MAX);
}

void agx_fdtrack_closed_range(unsigned int first, unsigned int last)
{
	if (first < AGX_FDTRACK_FIRST)
		first = AGX_FDTRACK_FIRST;
	if (last > AGX_FDTRACK_FIRST + AGX_FDTRACK_COUNT - 1)
		last = AGX_FDTRACK_FIRST + AGX_FDTRACK_COUNT - 1;
	for (unsigned int fd = first; fd <= last; fd++)
		agx_fdtrack_closed((int)fd);
}

void agx_fdtrack_copied(int fd, uint64_t known, int copy)
{
	_Atomic uint64_t *entry = agx_fdtrack_entry(copy);

	/* Unchanged: fd was not closed before it was duplicated. */
	if (entry && known && agx_fdtrack_enabled() && agx_fdtrack_peek(fd) == known)
		atomic_store(entry, known);
}

int agx_fdtrack_dup(int fd, int command)
{
	int copy = -EMFILE;

	if (agx_fdtrack_enabled())
		copy = host_fcntl(fd, command, AGX_FDTRACK_FIRST);
	/* Not that many are allowed, or all are in use. */
	if (copy == -EINVAL || copy == -EMFILE)
		copy = host_fcntl(fd, command, 0);
	return copy;
}

static uint64_t pack(enum agx_fd_kind kind, uint64_t ino)
{
	return (uint64_t)kind << KIND_SHIFT | ino;
}

/* Whether an identity can be told from an entry: the files of one kind are on one device. */
static bool representable(enum agx_fd_kind kind, struct agx_fd_identity identity)
{
	uint64_t none = 0;

	if (identity.ino > INO_MASK)
		return false;
	return atomic_compare_exchange_strong(&devices[kind], &none, identity.dev) ||
	       none == identity.dev;
}

void agx_fdtrack_made(int fd, enum agx_fd_kind kind, struct agx_fd_identity identity)
{
	_Atomic uint64_t *entry = agx_fdtrack_entry(fd);

	if (!entry || !agx_fdtrack_enabled())
		return;
	if (atomic_load(entry)) {
		agx_fdtrack_distrust();
		return;
	}
	if (representable(kind, identity))
		atomic_store(entry, pack(kind, identity.ino));
}

void agx_fdtrack_own(int fd, enum agx_fd_kind kind, struct agx_fd_identity identity)
{
	_Atomic uint64_t *entry = agx_fdtrack_entry(fd);

	if (entry && atomic_load(entry))
		agx_fdtrack_checked(fd, identity);
	else
		agx_fdtrack_made(fd, kind, identity);
}

bool agx_fdtrack_find(int fd, enum agx_fd_kind kind, struct agx_fd_identity *identity)
{
	_Atomic uint64_t *entry = agx_fdtrack_entry(fd);
	uint64_t value;
	uint32_t count;

	if (!entry || !agx_fdtrack_enabled())
		return false;
	value = atomic_load_explicit(entry, memory_order_acquire);
	if (value >> KIND_SHIFT != kind)
		return false;
	/* Not an exact count where threads meet, and it need not be. */
	count = atomic_load_explicit(&uses, memory_order_relaxed) + 1;
	atomic_store_explicit(&uses, count, memory_order_relaxed);
	if (count % AGX_FDTRACK_SAMPLE == 0)
		return false;
	identity->dev = atomic_load_explicit(&devices[kind], memory_order_relaxed);
	identity->ino = value & INO_MASK;
	return true;
}

void agx_fdtrack_checked(int fd, struct agx_fd_identity identity)
{
	_Atomic uint64_t *entry = agx_fdtrack_entry(fd);
	uint64_t value = entry ? atomic_load(entry) : 0;

	if (!value)
		return;
	if ((value & INO_MASK) != identity.ino ||
	    atomic_load_explicit(&devices[value >> KIND_SHIFT], memory_order_relaxed) !=
		    identity.dev)
		agx_fdtrack_distrust();
}
