// SPDX-License-Identifier: MIT
/*
 * The allocator is a two-level segregated fit over pages: blocks of free pages hang in lists by
 * size class, two bitmaps find the first class that is not empty, neighbours merge when freed.
 * All operations take constant time. The bookkeeping stands apart from the memory, one record per
 * page of which the first and the last of each block are in use, because the memory belongs to
 * untrusted programs.
 *
 * Free blocks are clean (read as zero: never used, or punched out of the memfd) or dirty. Small
 * dirty blocks are kept, their pages are in the cache and already have memory: clearing 16 KiB
 * costs less than a system call and four page faults. They only merge with other dirty blocks,
 * or one small buffer freed at the edge of the untouched rest would make it all dirty.
 */
#include "ram.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

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

/* Classes: sizes below SUB pages have one each, above it each power of two is cut in SUB parts. */
#define SUB_SHIFT 4
#define SUB       (1u << SUB_SHIFT)
#define MAJORS    28

#define NONE UINT32_MAX

/* Ranges up to here prefer a dirty block and clear it; larger dirty ones are punched when freed. */
#define KEEP_PAGES 16u
/* Most dirty pages kept around. */
#define KEEP_TOTAL 2048u

/* A child of a child of ... needs one backing per generation. */
#define MAX_BACKINGS 8

enum block_state {
	BLOCK_INSIDE, /* no block starts here */
	BLOCK_USED,
	BLOCK_CLEAN,
	BLOCK_DIRTY,
};

struct page {
	uint32_t size;   /* of the block that starts here; on a block's last page: of that block */
	uint8_t state;   /* enum block_state */
	uint8_t backing; /* used blocks: index in agx_ram.backings */
	bool overlaid;   /* used blocks: another file is mapped over it */
	union {
		void *owner; /* used blocks */
		struct {
			uint32_t prev, next; /* free blocks: list, NONE at the ends */
		};
	};
};

struct free_lists {
	uint32_t heads[MAJORS][SUB];
	uint32_t majors;
	uint32_t subs[MAJORS];
	uint64_t pages;
};

struct backing {
	int fd;
	dev_t dev;
	ino_t ino;
};

struct agx_ram {
	uint8_t *base;
	uint32_t num_pages;   /* of address space */
	uint32_t limit_pages; /* that may be in use */
	uint32_t used_pages;
	struct page *pages;
	struct free_lists clean, dirty;
	struct backing backings[MAX_BACKINGS];
	unsigned int backing; /* that of new allocations */
	bool forked;          /* free blocks still are the parent's memory */
};

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

static struct free_lists *lists_of(struct agx_ram *ram, uint8_t state)
{
	return state == BLOCK_CLEAN ? &ram->clean : &ram->dirty;
}

static void set_block(struct agx_ram *ram, uint32_t start, uint32_t size, uint8_t state)
{
	struct page *last = &ram->pages[start + size - 1];

	if (size > 1) {
		last->size = size;
		last->state = BLOCK_INSIDE;
	}
	ram->pages[start].size = size;
	ram->pages[start].state = state;
}

static void list_insert(struct agx_ram *ram, uint32_t start, uint32_t size, uint8_t state)
{
	struct free_lists *lists = lists_of(ram, state);
	struct page *page = &ram->pages[start];
	uint32_t major, sub;

	class_of(size, &major, &sub);
	set_block(ram, start, size, state);
	page->prev = NONE;
	page->next = lists->heads[major][sub];
	if (page->next != NONE)
		ram->pages[page->next].prev = start;
	lists->heads[major][sub] = start;
	lists->subs[major] |= 1u << sub;
	lists->majors |= 1u << major;
	lists->pages += size;
}

static void list_remove(struct agx_ram *ram, uint32_t start)
{
	struct page *page = &ram->pages[start];
	struct free_lists *lists = lists_of(ram, page->state);
	uint32_t major, sub;

	class_of(page->size, &major, &sub);
	if (page->prev != NONE)
		ram->pages[page->prev].next = page->next;
	else
		lists->heads[major][sub] = page->next;
	if (page->next != NONE)
		ram->pages[page->next].prev = page->prev;
	if (lists->heads[major][sub] == NONE) {
		lists->subs[major] &= ~(1u << sub);
		if (!lists->subs[major])
			lists->majors &= ~(1u << major);
	}
	lists->pages -= page->size;
	page->state = BLOCK_INSIDE;
}

/* A free block of at least size pages, NONE: there is none. */
static uint32_t list_find(const struct agx_ram *ram, const struct free_lists *lists, uint32_t size)
{
	uint32_t major, sub, subs, majors, start;

	class_of(size, &major, &sub);

	/* The head of the size's own class may fit by chance; all of the next classes do. */
	start = lists->heads[major][sub];
	if (start != NONE && ram->pages[start].size >= size)
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

/* Puts a free range into the lists, merged with free neighbours of its kind. */
static void release(struct agx_ram *ram, uint32_t start, uint32_t size, uint8_t state)
{
	uint32_t next = start + size;

	if (next < ram->num_pages && ram->pages[next].state == state) {
		size += ram->pages[next].size;
		list_remove(ram, next);
	}
	if (start) {
		uint32_t prev = start - ram->pages[start - 1].size;

		if (ram->pages[prev].state == state) {
			size += start - prev;
			start = prev;
			list_remove(ram, start);
		}
	}
	list_insert(ram, start, size, state);
}

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
	while (ram->dirty.majors) {
		uint32_t major = (uint32_t)__builtin_ctz(ram->dirty.majors);
		uint32_t sub = (uint32_t)__builtin_ctz(ram->dirty.subs[major]);
		uint32_t start = ram->dirty.heads[major][sub];
		uint32_t size = ram->pages[start].size;

		list_remove(ram, start);
		if (!punch(ram, start, size))
			clear(ram, start, size);
		release(ram, start, size, BLOCK_CLEAN);
	}
}

static int make_backing(struct agx_ram *ram, struct backing *backing)
{
	uint64_t size = (uint64_t)ram->num_pages << PAGE_SHIFT;
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

static void init_lists(struct free_lists *lists)
{
	memset(lists, 0, sizeof(*lists));
	memset(lists->heads, 0xff, sizeof(lists->heads));
}

int agx_ram_create(uint64_t limit, struct agx_ram **out)
{
	struct agx_ram *ram;
	uint64_t size, pages;
	int err;

	if (limit < AGX_RAM_MIN_LIMIT || limit > AGX_RAM_MAX_LIMIT)
		return -EINVAL;

	ram = calloc(1, sizeof(*ram));
	if (!ram)
		return -ENOMEM;
	init_lists(&ram->clean);
	init_lists(&ram->dirty);

	/* A quarter more addresses than memory, so that holes between blocks do not end it early. */
	pages = (limit + AGX_RAM_PAGE_SIZE - 1) >> PAGE_SHIFT;
	ram->limit_pages = (uint32_t)pages;
	ram->num_pages = (uint32_t)(pages + pages / 4);
	size = (uint64_t)ram->num_pages << PAGE_SHIFT;

	err = make_backing(ram, &ram->backings[0]);
	if (err)
		goto free_ram;
	ram->base = host_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
			      ram->backings[0].fd, 0);
	if (ram->base == MAP_FAILED) {
		err = -errno;
		goto close_backing;
	}
	syscall(SYS_madvise, ram->base, size, MADV_DONTDUMP);
	ram->pages = host_mmap(NULL, ram->num_pages * sizeof(*ram->pages), PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ram->pages == MAP_FAILED) {
		err = -errno;
		goto unmap_base;
	}

	list_insert(ram, 0, ram->num_pages, BLOCK_CLEAN);
	*out = ram;
	return 0;

unmap_base:
	host_munmap(ram->base, size);
close_backing:
	host_close(ram->backings[0].fd);
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
	host_munmap(ram->base, (uint64_t)ram->num_pages << PAGE_SHIFT);
	host_munmap(ram->pages, ram->num_pages * sizeof(*ram->pages));
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

	init_lists(&ram->clean);
	init_lists(&ram->dirty);
	for (start = 0; start < ram->num_pages; start += size) {
		size = ram->pages[start].size;
		if (ram->pages[start].state == BLOCK_USED)
			continue;
		/* Runs of free blocks, clean and dirty, become one. */
		while (start + size < ram->num_pages &&
		       ram->pages[start + size].state != BLOCK_USED) {
			uint32_t next = start + size;

			size += ram->pages[next].size;
			ram->pages[next].state = BLOCK_INSIDE;
		}
		err = restore(ram, start, size);
		if (err) {
			/* Unusable rather than shared with the parent by accident. */
			set_block(ram, start, size, BLOCK_USED);
			ram->pages[start].owner = NULL;
			continue;
		}
		list_insert(ram, start, size, BLOCK_CLEAN);
	}
	return 0;
}

int64_t agx_ram_alloc(struct agx_ram *ram, uint64_t size, void *owner)
{
	uint32_t pages, start, have;
	bool dirty;

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
		start = list_find(ram, &ram->dirty, pages);
	if (start == NONE)
		start = list_find(ram, &ram->clean, pages);
	if (start == NONE) {
		launder(ram);
		start = list_find(ram, &ram->clean, pages);
	}
	if (start == NONE)
		return -ENOMEM;

	dirty = ram->pages[start].state == BLOCK_DIRTY;
	have = ram->pages[start].size;
	list_remove(ram, start);
	if (have > pages)
		list_insert(ram, start + pages, have - pages, dirty ? BLOCK_DIRTY : BLOCK_CLEAN);
	if (dirty)
		clear(ram, start, pages);

	set_block(ram, start, pages, BLOCK_USED);
	ram->pages[start].backing = (uint8_t)ram->backing;
	ram->pages[start].overlaid = false;
	ram->pages[start].owner = owner;
	ram->used_pages += pages;
	return (int64_t)start << PAGE_SHIFT;
}

void agx_ram_free(struct agx_ram *ram, uint64_t offset, bool written)
{
	uint32_t start = (uint32_t)(offset >> PAGE_SHIFT);
	struct page *page = &ram->pages[start];
	uint32_t size = page->size;

	ram->used_pages -= size;
	if (ram->forked) {
		/* leave_parent() will map new memory over all that is free. */
		page->state = BLOCK_INSIDE;
		release(ram, start, size, BLOCK_DIRTY);
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
	page->state = BLOCK_INSIDE;
	if (written && (size > KEEP_PAGES || ram->dirty.pages + size > KEEP_TOTAL))
		written = !punch(ram, start, size);
	release(ram, start, size, written ? BLOCK_DIRTY : BLOCK_CLEAN);
}

void *agx_ram_owner(const struct agx_ram *ram, uint64_t offset)
{
	uint64_t start = offset >> PAGE_SHIFT;

	if (offset & (AGX_RAM_PAGE_SIZE - 1) || start >= ram->num_pages ||
	    ram->pages[start].state != BLOCK_USED)
		return NULL;
	return ram->pages[start].owner;
}

void *agx_ram_pointer(const struct agx_ram *ram, uint64_t offset)
{
	return ram->base + offset;
}

void *agx_ram_translate(const struct agx_ram *ram, uint64_t pa, uint64_t size)
{
	uint64_t total = (uint64_t)ram->num_pages << PAGE_SHIFT;

	if (pa < AGX_RAM_BASE || pa - AGX_RAM_BASE > total || size > total - (pa - AGX_RAM_BASE))
		return NULL;
	return ram->base + (pa - AGX_RAM_BASE);
}

int agx_ram_fd(const struct agx_ram *ram, uint64_t offset)
{
	const struct backing *backing = &ram->backings[ram->pages[offset >> PAGE_SHIFT].backing];

	return backing_is_open(backing) ? backing->fd : -EBADF;
}

int agx_ram_overlay(struct agx_ram *ram, uint64_t offset, uint64_t size, int fd)
{
	struct page *page = &ram->pages[offset >> PAGE_SHIFT];

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
