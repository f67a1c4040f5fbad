// SPDX-License-Identifier: MIT
/*
 * ram_pool.h keeps the books.
 *
 * Free blocks are clean (read as zero: never used, or punched out of the memfd) or dirty. Small
 * dirty blocks are kept, their pages are in the cache and already have memory: clearing 16 KiB
 * costs less than a system call and four page faults. They only merge with other dirty blocks,
 * or one small buffer freed at the edge of the untouched rest would make it all dirty.
 */
#include "ram.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ram_pool.h"

/*
 * The RAM lives in processes whose libc functions are interposed, among others by the object that
 * brings it there: what it does to descriptors and mappings must not come back to the interposer.
 */
static void *host_mmap(void *addr, uint64_t size, int prot, int flags, int fd, uint64_t offset)
{
	return (void *)syscall(SYS_mmap, addr, size, prot, flags, fd, offset);
}

static void host_munmap(void *addr, uint64_t size)
{
	syscall(SYS_munmap, addr, size);
}

static int host_fstat(int fd, struct stat *st)
{
	return (int)syscall(SYS_fstat, fd, st);
}

static void host_close(int fd)
{
	syscall(SYS_close, fd);
}

#define PAGE_SHIFT 14

#define NONE AGX_RAM_NONE

/* Ranges up to here prefer a dirty block and clear it; larger dirty ones are punched when freed. */
#define KEEP_PAGES 16u
/* Most dirty pages kept around. */
#define KEEP_TOTAL 2048u

/* Private memory is made accessible in steps of as much as there is, between these, in pages. */
#define OPEN_MIN 256u
#define OPEN_MAX 4096u

/* A child of a child of ... needs one backing per generation. */
#define MAX_BACKINGS 8

struct backing {
	int fd;
	dev_t dev;
	ino_t ino;
};

struct agx_ram {
	uint8_t *base;
	uint32_t limit_pages; /* that may be in use */
	uint32_t used_pages;
	struct agx_ram_pool pool; /* of the memfd's pages */
	struct {
		struct agx_ram_pool pool;
		uint8_t *base;           /* behind the memfd's part */
		_Atomic uint32_t opened; /* pages that can be accessed, from the first on */
		uint32_t used_pages;
	} own; /* private memory */
	struct backing backings[MAX_BACKINGS];
	unsigned int backing; /* that of new allocations */
	bool forked;          /* free blocks still are the parent's memory */
};

/* Gives a range's memory back to the host; it reads as zero. False: it kept its content. */
static bool punch(struct agx_ram *ram, uint32_t start, uint32_t size)
{
	return syscall(SYS_fallocate, ram->backings[ram->backing].fd,
		       FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)start << PAGE_SHIFT,
		       (off_t)size << PAGE_SHIFT) == 0;
}

static void clear(struct agx_ram *ram, uint32_t start, uint32_t size)
{
	memset(ram->base + ((uint64_t)start << PAGE_SHIFT), 0, (size_t)size << PAGE_SHIFT);
}

/* Makes every dirty block clean, which lets it merge. */
static void launder(struct agx_ram *ram)
{
	uint32_t start;

	while ((start = agx_ram_pool_any(&ram->pool, AGX_RAM_DIRTY)) != NONE) {
		uint32_t size = ram->pool.pages[start].size;

		agx_ram_pool_remove(&ram->pool, start);
		if (!punch(ram, start, size))
			clear(ram, start, size);
		agx_ram_pool_add(&ram->pool, start, size, AGX_RAM_CLEAN);
	}
}

static int make_backing(struct agx_ram *ram, struct backing *backing)
{
	uint64_t size = (uint64_t)ram->pool.num_pages << PAGE_SHIFT;
	struct rlimit limit;
	struct stat st;
	int fd, high;

	/* Beyond the limit ftruncate() would not only fail but raise SIGXFSZ. */
	if (!getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur < size)
		return -EFBIG;

	fd = (int)syscall(SYS_memfd_create, "agx-ram", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* Out of the way of programs that count on small descriptor numbers. */
	high = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 256);
	if (high >= 0) {
		host_close(fd);
		fd = high;
	}
	if (syscall(SYS_ftruncate, fd, size) || host_fstat(fd, &st)) {
		int err = -errno;

		host_close(fd);
		return err;
	}
	*backing = (struct backing){.fd = fd, .dev = st.st_dev, .ino = st.st_ino};
	return 0;
}

static bool backing_is_open(const struct backing *backing)
{
	struct stat st;

	return !host_fstat(backing->fd, &st) && st.st_dev == backing->dev &&
	       st.st_ino == backing->ino;
}

/* Bytes of the memfd's part, and of private memory behind it. */
static uint64_t memfd_size(const struct agx_ram *ram)
{
	return (uint64_t)ram->pool.num_pages << PAGE_SHIFT;
}

static uint64_t own_size(const struct agx_ram *ram)
{
	return (uint64_t)ram->own.pool.num_pages << PAGE_SHIFT;
}

/* Reserves the addresses and maps the memfd over its part of them. */
static int map_base(struct agx_ram *ram)
{
	uint64_t size = memfd_size(ram);
	int err;

	ram->base = host_mmap(NULL, size + own_size(ram), PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ram->base == MAP_FAILED)
		return -errno;
	ram->own.base = ram->base + size;
	if (host_mmap(ram->base, size, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_FIXED | MAP_NORESERVE, ram->backings[0].fd,
		      0) == MAP_FAILED) {
		err = -errno;
		host_munmap(ram->base, size + own_size(ram));
		return err;
	}
	syscall(SYS_madvise, ram->base, size + own_size(ram), MADV_DONTDUMP);
	return 0;
}

uint64_t agx_ram_address_space(uint64_t limit, uint64_t own)
{
	uint64_t pages = (limit + AGX_RAM_PAGE_SIZE - 1) >> PAGE_SHIFT;

	/* A quarter more addresses than memory, so that holes between blocks do not end it early. */
	return ((pages + pages / 4) << PAGE_SHIFT) + own;
}

int agx_ram_create(uint64_t limit, uint64_t own, struct agx_ram **out)
{
	struct agx_ram *ram;
	int err;

	if (limit < AGX_RAM_MIN_LIMIT || limit > AGX_RAM_MAX_LIMIT || own > AGX_RAM_MAX_PRIVATE ||
	    own & (AGX_RAM_PAGE_SIZE - 1))
		return -EINVAL;

	ram = calloc(1, sizeof(*ram));
	if (!ram)
		return -ENOMEM;
	ram->limit_pages = (uint32_t)((limit + AGX_RAM_PAGE_SIZE - 1) >> PAGE_SHIFT);
	err = agx_ram_pool_init(&ram->pool,
				(uint32_t)(agx_ram_address_space(limit, 0) >> PAGE_SHIFT));
	if (err)
		goto free_ram;
	if (own) {
		err = agx_ram_pool_init(&ram->own.pool, (uint32_t)(own >> PAGE_SHIFT));
		if (err)
			goto finish_pools;
	}
	err = make_backing(ram, &ram->backings[0]);
	if (err)
		goto finish_pools;
	err = map_base(ram);
	if (err)
		goto close_backing;

	agx_ram_pool_insert(&ram->pool, 0, ram->pool.num_pages, AGX_RAM_CLEAN);
	*out = ram;
	return 0;

close_backing:
	host_close(ram->backings[0].fd);
finish_pools:
	agx_ram_pool_finish(&ram->own.pool);
	agx_ram_pool_finish(&ram->pool);
free_ram:
	free(ram);
	return err;
}

void agx_ram_destroy(struct agx_ram *ram)
{
	unsigned int i;

	if (!ram)
		return;
	for (i = 0; i <= ram->backing; i++)
		if (backing_is_open(&ram->backings[i]))
			host_close(ram->backings[i].fd);
	host_munmap(ram->base, memfd_size(ram) + own_size(ram));
	agx_ram_pool_finish(&ram->own.pool);
	agx_ram_pool_finish(&ram->pool);
	free(ram);
}

/* Maps the current backing at its place. */
static int restore(struct agx_ram *ram, uint32_t start, uint32_t size)
{
	uint64_t offset = (uint64_t)start << PAGE_SHIFT;
	const struct backing *backing = &ram->backings[ram->backing];

	if (!backing_is_open(backing))
		return -EBADF;
	return host_mmap(ram->base + offset, (uint64_t)size << PAGE_SHIFT, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED | MAP_NORESERVE, backing->fd,
			 (off_t)offset) == MAP_FAILED
		       ? -errno
		       : 0;
}

/* A child's first allocation: all free memory becomes memory of its own. */
static int leave_parent(struct agx_ram *ram)
{
	struct backing backing;
	uint32_t start, size;
	int err;

	if (ram->backing + 1 == MAX_BACKINGS)
		return -ENOMEM;
	err = make_backing(ram, &backing);
	if (err)
		return err;
	ram->backings[++ram->backing] = backing;
	ram->forked = false;

	agx_ram_pool_forget(&ram->pool);
	for (start = 0; start < ram->pool.num_pages; start += size) {
		size = ram->pool.pages[start].size;
		if (ram->pool.pages[start].state == AGX_RAM_USED)
			continue;
		/* Runs of free blocks, clean and dirty, become one. */
		while (start + size < ram->pool.num_pages &&
		       ram->pool.pages[start + size].state != AGX_RAM_USED) {
			uint32_t next = start + size;

			size += ram->pool.pages[next].size;
			ram->pool.pages[next].state = AGX_RAM_INSIDE;
		}
		err = restore(ram, start, size);
		if (err) {
			/* Unusable rather than shared with the parent by accident. */
			agx_ram_pool_set(&ram->pool, start, size, AGX_RAM_USED);
			ram->pool.pages[start].owner = NULL;
			continue;
		}
		agx_ram_pool_insert(&ram->pool, start, size, AGX_RAM_CLEAN);
	}
	return 0;
}

int64_t agx_ram_alloc(struct agx_ram *ram, uint64_t size, void *owner)
{
	uint32_t pages, start;

	if (size > (uint64_t)(ram->limit_pages - ram->used_pages) << PAGE_SHIFT)
		return -ENOMEM;
	pages = (uint32_t)((size + AGX_RAM_PAGE_SIZE - 1) >> PAGE_SHIFT);
	if (ram->forked) {
		int err = leave_parent(ram);

		if (err)
			return err;
	}

	start = NONE;
	if (pages <= KEEP_PAGES)
		start = agx_ram_pool_find(&ram->pool, AGX_RAM_DIRTY, pages);
	if (start == NONE)
		start = agx_ram_pool_find(&ram->pool, AGX_RAM_CLEAN, pages);
	if (start == NONE) {
		launder(ram);
		start = agx_ram_pool_find(&ram->pool, AGX_RAM_CLEAN, pages);
	}
	if (start == NONE)
		return -ENOMEM;

	if (agx_ram_pool_take(&ram->pool, start, pages))
		clear(ram, start, pages);
	ram->pool.pages[start].backing = (uint8_t)ram->backing;
	ram->pool.pages[start].overlaid = false;
	ram->pool.pages[start].owner = owner;
	ram->used_pages += pages;
	return (int64_t)start << PAGE_SHIFT;
}

void agx_ram_free(struct agx_ram *ram, uint64_t offset, bool written)
{
	uint32_t start = (uint32_t)(offset >> PAGE_SHIFT);
	struct agx_ram_page *page = &ram->pool.pages[start];
	uint32_t size = page->size;

	ram->used_pages -= size;
	if (ram->forked) {
		/* leave_parent() will map new memory over all that is free. */
		page->state = AGX_RAM_INSIDE;
		agx_ram_pool_add(&ram->pool, start, size, AGX_RAM_DIRTY);
		return;
	}
	if (page->overlaid || page->backing != ram->backing) {
		/* Below an overlay nothing was written. */
		if (restore(ram, start, size)) {
			page->owner = NULL; /* its addresses are lost */
			return;
		}
		written = false;
	}
	page->state = AGX_RAM_INSIDE;
	if (written && (size > KEEP_PAGES || ram->pool.dirty.pages + size > KEEP_TOTAL))
		written = !punch(ram, start, size);
	agx_ram_pool_add(&ram->pool, start, size, written ? AGX_RAM_DIRTY : AGX_RAM_CLEAN);
}

void *agx_ram_owner(const struct agx_ram *ram, uint64_t offset)
{
	uint64_t start = offset >> PAGE_SHIFT;

	if (offset & (AGX_RAM_PAGE_SIZE - 1) || start >= ram->pool.num_pages ||
	    ram->pool.pages[start].state != AGX_RAM_USED)
		return NULL;
	return ram->pool.pages[start].owner;
}

void *agx_ram_pointer(const struct agx_ram *ram, uint64_t offset)
{
	return ram->base + offset;
}

void *agx_ram_translate(const struct agx_ram *ram, uint64_t pa, uint64_t size)
{
	uint64_t total = memfd_size(ram) +
			 ((uint64_t)atomic_load_explicit(&ram->own.opened, memory_order_acquire)
			  << PAGE_SHIFT);

	if (pa < AGX_RAM_BASE || pa - AGX_RAM_BASE > total || size > total - (pa - AGX_RAM_BASE))
		return NULL;
	return ram->base + (pa - AGX_RAM_BASE);
}

int agx_ram_fd(const struct agx_ram *ram, uint64_t offset)
{
	const struct backing *backing =
		&ram->backings[ram->pool.pages[offset >> PAGE_SHIFT].backing];

	return backing_is_open(backing) ? backing->fd : -EBADF;
}

int agx_ram_overlay(struct agx_ram *ram, uint64_t offset, uint64_t size, int fd)
{
	struct agx_ram_page *page = &ram->pool.pages[offset >> PAGE_SHIFT];

	if (host_mmap(ram->base + offset, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		      0) == MAP_FAILED)
		return -errno;
	page->overlaid = true;
	return 0;
}

void agx_ram_fork_child(struct agx_ram *ram)
{
	ram->forked = true;
}

uint64_t agx_ram_used(const struct agx_ram *ram)
{
	return (uint64_t)ram->used_pages << PAGE_SHIFT;
}

/* Makes more private memory accessible, at least pages at the end of what is. */
static int open_own(struct agx_ram *ram, uint32_t pages)
{
	uint32_t opened = ram->own.opened, rest = ram->own.pool.num_pages - opened;
	uint32_t more = opened < OPEN_MAX ? opened : OPEN_MAX;

	if (more < OPEN_MIN)
		more = OPEN_MIN;
	if (more < pages)
		more = pages;
	if (more > rest)
		more = rest;
	if (more < pages)
		return -ENOMEM;
	if (syscall(SYS_mprotect, ram->own.base + ((uint64_t)opened << PAGE_SHIFT),
		    (size_t)more << PAGE_SHIFT, PROT_READ | PROT_WRITE))
		return -errno;
	/* The driver's heaps touch most of it: a fault for each small page would be what costs. */
	syscall(SYS_madvise, ram->own.base + ((uint64_t)opened << PAGE_SHIFT),
		(size_t)more << PAGE_SHIFT, MADV_HUGEPAGE);
	agx_ram_pool_add(&ram->own.pool, opened, more, AGX_RAM_CLEAN);
	atomic_store_explicit(&ram->own.opened, opened + more, memory_order_release);
	return 0;
}

/* As launder(), for private memory. */
static void launder_own(struct agx_ram *ram)
{
	struct agx_ram_pool *pool = &ram->own.pool;
	uint32_t start;

	while ((start = agx_ram_pool_any(pool, AGX_RAM_DIRTY)) != NONE) {
		uint32_t size = pool->pages[start].size;
		uint8_t *memory = ram->own.base + ((uint64_t)start << PAGE_SHIFT);

		agx_ram_pool_remove(pool, start);
		if (syscall(SYS_madvise, memory, (size_t)size << PAGE_SHIFT, MADV_DONTNEED))
			memset(memory, 0, (size_t)size << PAGE_SHIFT);
		agx_ram_pool_add(pool, start, size, AGX_RAM_CLEAN);
	}
}

int64_t agx_ram_alloc_private(struct agx_ram *ram, uint64_t size)
{
	struct agx_ram_pool *pool = &ram->own.pool;
	uint32_t pages, start = NONE;
	int err;

	if (!size || size > own_size(ram))
		return -ENOMEM;
	pages = (uint32_t)((size + AGX_RAM_PAGE_SIZE - 1) >> PAGE_SHIFT);
	if (pages <= KEEP_PAGES)
		start = agx_ram_pool_find(pool, AGX_RAM_DIRTY, pages);
	if (start == NONE)
		start = agx_ram_pool_find(pool, AGX_RAM_CLEAN, pages);
	if (start == NONE) {
		err = open_own(ram, pages);
		if (err)
			launder_own(ram);
		start = agx_ram_pool_find(pool, AGX_RAM_CLEAN, pages);
		if (start == NONE)
			return err ? err : -ENOMEM;
	}
	if (agx_ram_pool_take(pool, start, pages))
		memset(ram->own.base + ((uint64_t)start << PAGE_SHIFT), 0,
		       (size_t)pages << PAGE_SHIFT);
	ram->own.used_pages += pages;
	return (int64_t)(memfd_size(ram) + ((uint64_t)start << PAGE_SHIFT));
}

void agx_ram_free_private(struct agx_ram *ram, uint64_t offset)
{
	struct agx_ram_pool *pool = &ram->own.pool;
	uint32_t start = (uint32_t)((offset - memfd_size(ram)) >> PAGE_SHIFT);
	uint32_t size = pool->pages[start].size;
	uint8_t state = AGX_RAM_DIRTY;

	ram->own.used_pages -= size;
	pool->pages[start].state = AGX_RAM_INSIDE;
	if ((size > KEEP_PAGES || pool->dirty.pages + size > KEEP_TOTAL) &&
	    !syscall(SYS_madvise, ram->own.base + ((uint64_t)start << PAGE_SHIFT),
		     (size_t)size << PAGE_SHIFT, MADV_DONTNEED))
		state = AGX_RAM_CLEAN;
	agx_ram_pool_add(pool, start, size, state);
}

uint64_t agx_ram_private_used(const struct agx_ram *ram)
{
	return (uint64_t)ram->own.used_pages << PAGE_SHIFT;
}
