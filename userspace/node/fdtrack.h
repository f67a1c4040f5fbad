/* SPDX-License-Identifier: MIT */
/*
 * What descriptor numbers stand for, without asking the kernel each time.
 *
 * Whoever sees the process's calls that close and replace descriptors (the preload object) turns
 * this on and reports them. The node then notes the numbers that it gives out and need not look
 * at a descriptor that comes back. An entry is made only for a number that was just made and that
 * nobody else knows yet; every doubt drops it, which is always safe: the kernel is asked then.
 *
 * Calls can go unseen: a program may make system calls itself. Three things keep an entry that
 * such a close left behind from doing harm. Only numbers from AGX_FDTRACK_FIRST on are noted,
 * where the kernel, which gives the lowest number that is free, puts nothing of its own accord.
 * A number that is given out again, or that turns up as another file's, while it has an entry is
 * proof of an unseen close, and tracking ends for good. And one use in AGX_FDTRACK_SAMPLE is
 * checked all the same.
 *
 * The table is the process's, like descriptors; a child after fork() has its own copy of both. A
 * vfork() child can only drop entries. Everything here is safe on any thread; nothing blocks.
 */
#ifndef AGX_FDTRACK_H
#define AGX_FDTRACK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Up to FD_SETSIZE, for programs that select(). */
#define AGX_FDTRACK_FIRST 256
#define AGX_FDTRACK_COUNT 768

#define AGX_FDTRACK_SAMPLE 64

enum agx_fd_kind {
	AGX_FD_SYNCFILE = 1,
	AGX_FD_DMABUF,
};

struct agx_fd_identity {
	uint64_t dev, ino;
};

/* Kind and inode number; 0: nothing known. By number - AGX_FDTRACK_FIRST. */
extern _Atomic uint64_t agx_fdtrack_entries[AGX_FDTRACK_COUNT];

/* Calls that close and replace descriptors will be reported from now on. */
void agx_fdtrack_enable(void);

/* Whether entries are being made and believed. */
bool agx_fdtrack_enabled(void);

/* A close went unseen: forgets all and believes nothing any more. */
void agx_fdtrack_distrust(void);

/* The entry of fd, NULL when fd is out of the range that is tracked. */
static inline _Atomic uint64_t *agx_fdtrack_entry(int fd)
{
	unsigned int i = (unsigned int)fd - AGX_FDTRACK_FIRST;

	return i < AGX_FDTRACK_COUNT ? &agx_fdtrack_entries[i] : (_Atomic uint64_t *)0;
}

/* Report: fd is about to be closed, or was closed or replaced. */
static inline void agx_fdtrack_closed(int fd)
{
	_Atomic uint64_t *entry = agx_fdtrack_entry(fd);

	if (entry && atomic_load_explicit(entry, memory_order_relaxed))
		atomic_store(entry, 0);
}

/* The same for first..last, both included. */
void agx_fdtrack_closed_range(unsigned int first, unsigned int last);

/* Report: the kernel chose fd for a new descriptor that is not the node's. */
static inline void agx_fdtrack_appeared(int fd)
{
	_Atomic uint64_t *entry = agx_fdtrack_entry(fd);

	if (entry && atomic_load_explicit(entry, memory_order_relaxed))
		agx_fdtrack_distrust();
}

/* What is known of fd, 0: nothing. For agx_fdtrack_copied() only. */
static inline uint64_t agx_fdtrack_peek(int fd)
{
	_Atomic uint64_t *entry = agx_fdtrack_entry(fd);

	return entry ? atomic_load_explicit(entry, memory_order_acquire) : 0;
}

/*
 * Report: copy was made by duplicating fd, of which known was known before and which has not been
 * shown to anybody; after agx_fdtrack_appeared(copy). Not for a vfork() child's descriptors.
 */
void agx_fdtrack_copied(int fd, uint64_t known, int copy);

/*
 * F_DUPFD or F_DUPFD_CLOEXEC (command) to a number that can be tracked, where there is one and
 * tracking is on. The number, or a negative errno. Nothing is noted yet.
 */
int agx_fdtrack_dup(int fd, int command);

/* Notes a descriptor that the node has just made and not yet shown to anybody. */
void agx_fdtrack_made(int fd, enum agx_fd_kind kind, struct agx_fd_identity identity);

/*
 * Notes a descriptor that the node keeps for itself and has just asked the kernel about: its entry
 * may have been dropped by a child that closed its own.
 */
void agx_fdtrack_own(int fd, enum agx_fd_kind kind, struct agx_fd_identity identity);

/* What fd is known to be. False: unknown, of another kind, or due for a check: ask the kernel. */
bool agx_fdtrack_find(int fd, enum agx_fd_kind kind, struct agx_fd_identity *identity);

/* What fstat() said of fd, zeros when it failed. A contradiction ends the tracking. */
void agx_fdtrack_checked(int fd, struct agx_fd_identity identity);

#endif
