/* SPDX-License-Identifier: MIT */
/*
 * The modelled machine's RAM.
 *
 * Physical memory is one range of host addresses, reserved when the RAM is made, so that the
 * model reads any physical address by pointer. A sparse memfd lies behind it; allocations are
 * ranges of whole 16 KiB pages of that memfd, and mapping a range of it elsewhere (an
 * application's mmap of a buffer) shows the same bytes. A range can also be overlaid by another
 * memfd, for buffers that are shared with other processes: same address, other backing.
 *
 * Behind the memfd's part lies private memory, for what belongs to this process's machine and to
 * nobody else: page tables, and what driver and firmware share. A fork copies it, so that both
 * processes have a machine that goes on.
 *
 * Allocation, clearing and freeing of small ranges make no system call in the common case.
 *
 * The caller serialises all functions except agx_ram_pointer() and agx_ram_translate(), which
 * any thread may call.
 */
#ifndef AGX_RAM_H
#define AGX_RAM_H

#include <stdbool.h>
#include <stdint.h>

struct agx_ram;

#define AGX_RAM_PAGE_SIZE 0x4000ull

/* Physical address of offset 0: where DRAM starts on T8103 (AsahiLinux/docs, "hw/soc"). */
#define AGX_RAM_BASE 0x800000000ull

/* Bounds for a RAM's limit, bytes. */
#define AGX_RAM_MIN_LIMIT (1ull << 20)
#define AGX_RAM_MAX_LIMIT (1ull << 40)

/* Most private memory. */
#define AGX_RAM_MAX_PRIVATE (8ull << 30)

/*
 * Makes a RAM of which limit bytes can be allocated (rounded up to pages), besides own bytes of
 * private memory (whole pages). The memory is taken from the host when it is touched. -EINVAL:
 * out of bounds; or what memfd_create(), ftruncate() or mmap() gave, -ENOMEM for instance when
 * the address space is limited.
 */
int agx_ram_create(uint64_t limit, uint64_t own, struct agx_ram **ram);

/* Bytes of physical addresses, from AGX_RAM_BASE on, that such a RAM takes. */
uint64_t agx_ram_address_space(uint64_t limit, uint64_t own);

/* Also unmaps it: no pointer into it may be in use. Mappings of its fd stay. Accepts NULL. */
void agx_ram_destroy(struct agx_ram *ram);

/*
 * Allocates size bytes (rounded up to pages, not 0) that read as zero. owner is kept for
 * agx_ram_owner() and must not be NULL. The range's offset; -ENOMEM.
 */
int64_t agx_ram_alloc(struct agx_ram *ram, uint64_t size, void *owner);

/* Frees a range. written: it may hold something else than zeroes. */
void agx_ram_free(struct agx_ram *ram, uint64_t offset, bool written);

/* The owner of the range that starts at exactly offset, NULL: there is none. */
void *agx_ram_owner(const struct agx_ram *ram, uint64_t offset);

/* The memory of an allocated range; offset may lie inside it. */
void *agx_ram_pointer(const struct agx_ram *ram, uint64_t offset);

/* The size bytes at physical address pa; NULL when they are not all inside the RAM. */
void *agx_ram_translate(const struct agx_ram *ram, uint64_t pa, uint64_t size);

/*
 * The descriptor that backs an allocated range which is not overlaid; the range's place in it is
 * its offset. Owned by the RAM. -EBADF: somebody closed the descriptor.
 */
int agx_ram_fd(const struct agx_ram *ram, uint64_t offset);

/*
 * Puts the first size bytes of memfd fd over an allocated range of at least that size, shared.
 * The file must be that large and sealed against shrinking. fd stays the caller's. The range's
 * former content is out of sight until it is freed. -errno of mmap().
 */
int agx_ram_overlay(struct agx_ram *ram, uint64_t offset, uint64_t size, int fd);

/*
 * In the child after fork(): what is allocated stays shared with the parent, what is allocated
 * or freed from now on is the child's own. Cheap: the work is done at the first allocation.
 * A range that the parent frees may be reused by it while the child still looks at it.
 */
void agx_ram_fork_child(struct agx_ram *ram);

/*
 * Private memory: size bytes (rounded up to pages, not 0) in a row that read as zero. The range's
 * offset, as agx_ram_alloc() gives it, for agx_ram_pointer(); -ENOMEM. It has no owner.
 */
int64_t agx_ram_alloc_private(struct agx_ram *ram, uint64_t size);
void agx_ram_free_private(struct agx_ram *ram, uint64_t offset);

/* Bytes allocated now: ranges of the memfd; private memory. */
uint64_t agx_ram_used(const struct agx_ram *ram);
uint64_t agx_ram_private_used(const struct agx_ram *ram);

#endif
