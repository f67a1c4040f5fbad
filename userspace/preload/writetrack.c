// SPDX-License-Identifier: MIT
#define XXH_INLINE_ALL
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <xxhash.h>

#include "next.h"
#include "writetrack.h"

/* Newer than the kernel headers that are required: Linux include/uapi/linux/userfaultfd.h. */
#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif
#define WT_FEATURE_WP_HUGETLBFS_SHMEM (1u << 12)
#define WT_FEATURE_WP_UNPOPULATED     (1u << 13)
#define WT_FEATURE_WP_ASYNC           (1u << 15)

/* Linux include/uapi/linux/fs.h, since 6.7. */
struct wt_page_region {
	uint64_t start;
	uint64_t end;
	uint64_t categories;
};

struct wt_pm_scan_arg {
	uint64_t size;
	uint64_t flags;
	uint64_t start;
	uint64_t end;
	uint64_t walk_end;
	uint64_t vec;
	uint64_t vec_len;
	uint64_t max_pages;
	uint64_t category_inverted;
	uint64_t category_mask;
	uint64_t category_anyof_mask;
	uint64_t return_mask;
};

#define WT_PAGEMAP_SCAN      _IOWR('f', 16, struct wt_pm_scan_arg)
#define WT_PM_WP_MATCHING    (1u << 0)
#define WT_PM_CHECK_WPASYNC  (1u << 1)
#define WT_PAGE_IS_WPALLOWED (1u << 0)
#define WT_PAGE_IS_WRITTEN   (1u << 1)
#define WT_PAGE_IS_PRESENT   (1u << 3)
#define WT_PAGE_IS_SWAPPED   (1u << 4)

/* Regions taken from the kernel at a time. */
#define REGIONS 256

/* Mappings further apart than this are scanned by calls of their own. */
#define SPAN_GAP (1ull << 32)

/* Addresses kept in mind for mappings; halved until the kernel has so much in one piece. */
#define WINDOW_MAX (1ull << 40)
#define WINDOW_MIN (1ull << 32)

/*
 * Heat of a host page. While open > 0 the page is not protected and compared at each
 * collection; how long, without a change, depends on how often a protection was in vain. A
 * protection fault costs as much as some fifty comparisons, so the longest time is of that order.
 */
#define HEAT_OPEN         0x3f
#define HEAT_LEVEL(h)     ((h) >> 6)
#define HEAT(level, open) ((uint8_t)((level) << 6 | (open)))

static const uint8_t open_time[4] = {0, 0, 12, 60};

#define DIGEST_UNKNOWN 1

static uint64_t zero_digest;

uint64_t wt_digest(const void *page)
{
	return XXH3_64bits(page, WT_PAGE_SIZE) ^ zero_digest;
}

void wt_init(struct writetrack *wt, enum wt_mode mode, void (*split)(void *owner))
{
	static const uint8_t zeros[WT_PAGE_SIZE];

	if (!zero_digest)
		zero_digest = XXH3_64bits(zeros, sizeof(zeros));
	*wt = (struct writetrack){.mode = mode, .uffd = -1, .pagemap = -1, .split = split};
	wt->host_page = (size_t)sysconf(_SC_PAGESIZE);
}

int wt_object_init(struct wt_object *object, uint64_t size, bool known)
{
	object->pages = (size + WT_PAGE_SIZE - 1) / WT_PAGE_SIZE;
	object->digest = NULL;
	if (!object->pages)
		return 0;
	/* Sparse: only the digests of pages that were ever changed take memory. */
	object->digest = NEXT(mmap)(NULL, object->pages * sizeof(uint64_t), PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (object->digest == MAP_FAILED) {
		object->digest = NULL;
		return -ENOMEM;
	}
	if (!known) {
		uint64_t i;

		for (i = 0; i < object->pages; i++)
			object->digest[i] = DIGEST_UNKNOWN;
	}
	return 0;
}

void wt_object_forget(struct wt_object *object, uint64_t first_page, uint64_t count)
{
	for (uint64_t i = 0; object->digest && i < count && first_page + i < object->pages; i++)
		object->digest[first_page + i] = DIGEST_UNKNOWN;
}

void wt_object_finish(struct wt_object *object)
{
	if (object->digest)
		NEXT(munmap)(object->digest, object->pages * sizeof(uint64_t));
	object->digest = NULL;
}

/* Moves a descriptor away from the numbers that programs expect to get. */
static int high_fd(int fd)
{
	int high;

	if (fd < 0)
		return fd;
	high = NEXT(fcntl)(fd, F_DUPFD_CLOEXEC, 500);
	if (high < 0)
		return fd;
	syscall(SYS_close, fd);
	return high;
}

static bool has_swap(void)
{
	char text[512];
	int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/swaps", O_RDONLY | O_CLOEXEC);
	const char *line;
	ssize_t n;

	if (fd < 0)
		return true;
	n = syscall(SYS_read, fd, text, sizeof(text) - 1);
	syscall(SYS_close, fd);
	if (n < 0)
		return true;
	text[n] = '\0';
	line = strchr(text, '\n');
	return line && line[1];
}

static const char *start_pagemap(struct writetrack *wt)
{
	struct uffdio_api api = {.api = UFFD_API,
				 .features = WT_FEATURE_WP_HUGETLBFS_SHMEM |
					     WT_FEATURE_WP_UNPOPULATED | WT_FEATURE_WP_ASYNC};

	wt->uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
	if (wt->uffd < 0)
		return "userfaultfd is not available";
	if (NEXT(ioctl)(wt->uffd, UFFDIO_API, &api))
		return "the kernel lacks asynchronous write protection (Linux 6.7)";
	wt->pagemap =
		(int)syscall(SYS_openat, AT_FDCWD, "/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (wt->pagemap < 0)
		return "/proc/self/pagemap cannot be opened";
	wt->uffd = high_fd(wt->uffd);
	wt->pagemap = high_fd(wt->pagemap);
	wt->swap = has_swap();
	return NULL;
}

void wt_close_fds(struct writetrack *wt)
{
	if (wt->uffd >= 0)
		syscall(SYS_close, wt->uffd);
	if (wt->pagemap >= 0)
		syscall(SYS_close, wt->pagemap);
	wt->uffd = -1;
	wt->pagemap = -1;
}

static void start(struct writetrack *wt)
{
	wt->started = true;
	if (wt->mode == WT_COMPARE) {
		wt->fallback = "comparison was asked for";
		return;
	}
	wt->fallback = start_pagemap(wt);
	wt->pagemap_works = !wt->fallback;
	if (wt->fallback)
		wt_close_fds(wt);
}

static bool scan(struct writetrack *wt, struct wt_pm_scan_arg *arg, long *regions)
{
	arg->size = sizeof(*arg);
	*regions = NEXT(ioctl)(wt->pagemap, WT_PAGEMAP_SCAN, arg);
	wt->stats.scans++;
	return *regions >= 0;
}

/* Protects the pages of a range; true when the kernel did. */
static bool protect(struct writetrack *wt, uintptr_t start_address, uintptr_t end)
{
	struct wt_pm_scan_arg arg = {.flags = WT_PM_WP_MATCHING | WT_PM_CHECK_WPASYNC,
				     .start = start_address,
				     .end = end,
				     .category_mask = WT_PAGE_IS_WRITTEN,
				     .return_mask = WT_PAGE_IS_WRITTEN};
	long regions;

	/* What is not there needs no mark, unless it could have been there and gone. */
	if (!wt->swap)
		arg.category_anyof_mask = WT_PAGE_IS_PRESENT | WT_PAGE_IS_SWAPPED;
	wt->stats.protects++;
	return scan(wt, &arg, &regions);
}

/*
 * Puts a fresh mapping under write protection. False: the kernel cannot watch it. Page maps leave
 * VM_PFNMAP mappings out without a word, so that nothing is found where all is new tells them.
 */
static bool watch(struct writetrack *wt, struct wt_map *map)
{
	struct uffdio_register reg = {.range = {.start = map->start, .len = map->end - map->start},
				      .mode = UFFDIO_REGISTER_MODE_WP};
	struct wt_page_region region;
	struct wt_pm_scan_arg arg = {.flags = WT_PM_CHECK_WPASYNC,
				     .start = map->start,
				     .end = map->end,
				     .vec = (uintptr_t)&region,
				     .vec_len = 1,
				     .max_pages = 1,
				     .category_mask = WT_PAGE_IS_WPALLOWED | WT_PAGE_IS_WRITTEN,
				     .return_mask = WT_PAGE_IS_WRITTEN};
	long regions;

	if (NEXT(ioctl)(wt->uffd, UFFDIO_REGISTER, &reg))
		return false;
	if (!scan(wt, &arg, &regions) || regions != 1)
		return false;
	return !wt->swap || protect(wt, map->start, map->end);
}

void wt_forked(struct writetrack *wt)
{
	size_t i;

	wt_close_fds(wt);
	wt->started = false;
	wt->pagemap_works = false;
	if (!wt->count)
		return;
	start(wt);
	for (i = 0; i < wt->count; i++) {
		struct wt_map *map = wt->maps[i];

		if (map->pagemap) {
			memset(map->heat, 0, (map->end - map->start) / wt->host_page);
			map->pagemap = wt->pagemap_works && watch(wt, map);
		}
		map->check_all = true;
	}
}

/* First index whose mapping ends above address. */
static size_t lower_bound(const struct writetrack *wt, uintptr_t address)
{
	size_t low = 0, high = wt->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (wt->maps[middle]->end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void *wt_hint(struct writetrack *wt, size_t size)
{
	size_t room, i;
	uintptr_t at;
	void *probe;

	if (!wt->started)
		start(wt);
	if (!wt->pagemap_works)
		return NULL;
	if (!wt->window) {
		/* The middle of a large free area: nothing else grows into it soon. */
		for (room = WINDOW_MAX; room >= WINDOW_MIN; room /= 2) {
			probe = NEXT(mmap)(NULL, room, PROT_NONE,
					   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
			if (probe == MAP_FAILED)
				continue;
			NEXT(munmap)(probe, room);
			wt->window = (uintptr_t)probe + room / 4;
			wt->window = (wt->window + (1u << 21) - 1) & ~(uintptr_t)((1u << 21) - 1);
			wt->window_end = wt->window + room / 2;
			break;
		}
		if (!wt->window)
			return NULL;
	}
	/* First fit, with an unmapped page in between: overruns must still crash. */
	at = wt->window;
	for (i = lower_bound(wt, at); i < wt->count; i++) {
		if (wt->maps[i]->start >= at + size + wt->host_page)
			break;
		at = wt->maps[i]->end + wt->host_page;
	}
	return at < wt->window_end && size < wt->window_end - at ? (void *)at : NULL;
}

static int insert(struct writetrack *wt, struct wt_map *map)
{
	size_t i;

	if (wt->count == wt->capacity) {
		size_t capacity = wt->capacity ? wt->capacity * 2 : 64;
		struct wt_map **maps = reallocarray(wt->maps, capacity, sizeof(struct wt_map *));

		if (!maps)
			return -ENOMEM;
		wt->maps = maps;
		wt->capacity = capacity;
	}
	i = lower_bound(wt, map->start);
	memmove(&wt->maps[i + 1], &wt->maps[i], (wt->count - i) * sizeof(struct wt_map *));
	wt->maps[i] = map;
	wt->count++;
	return 0;
}

int wt_add(struct writetrack *wt, uintptr_t start_address, size_t size, bool readable,
	   struct wt_object *object, uint64_t first_page, void *owner)
{
	struct wt_map *map = calloc(1, sizeof(*map));

	if (!map)
		return -ENOMEM;
	if (!wt->started)
		start(wt);
	size = (size + wt->host_page - 1) & ~(wt->host_page - 1);
	*map = (struct wt_map){.start = start_address,
			       .end = start_address + size,
			       .object = object,
			       .first_page = first_page,
			       .owner = owner,
			       .readable = readable};
	if (wt->pagemap_works) {
		map->heat = calloc(1, size / wt->host_page);
		map->pagemap = map->heat && watch(wt, map);
	}
	/* Pages that others wrote count once, when they are first touched or looked at. */
	if (insert(wt, map)) {
		wt_map_free(map);
		return -ENOMEM;
	}
	if (map->pagemap)
		wt->stats.pagemap_mappings++;
	else
		wt->stats.compared_mappings++;
	return 0;
}

bool wt_overlaps(const struct writetrack *wt, uintptr_t start_address, size_t size)
{
	size_t i = lower_bound(wt, start_address);

	/* It ends above the start. */
	return i < wt->count &&
	       (wt->maps[i]->start <= start_address || wt->maps[i]->start - start_address < size);
}

struct wt_map *wt_next(const struct writetrack *wt, uintptr_t start_address)
{
	size_t i = lower_bound(wt, start_address);

	return i < wt->count ? wt->maps[i] : NULL;
}

static int cut(struct writetrack *wt, uintptr_t address)
{
	size_t i = lower_bound(wt, address), pages, keep;
	struct wt_map *map, *tail;

	if (i == wt->count || wt->maps[i]->start >= address)
		return 0;
	map = wt->maps[i];
	tail = malloc(sizeof(*tail));
	if (!tail)
		return -ENOMEM;
	*tail = *map;
	keep = (address - map->start) / wt->host_page;
	pages = (map->end - map->start) / wt->host_page;
	if (map->heat) {
		tail->heat = malloc(pages - keep);
		if (!tail->heat) {
			free(tail);
			return -ENOMEM;
		}
		memcpy(tail->heat, map->heat + keep, pages - keep);
	}
	tail->start = address;
	tail->first_page += (address - map->start) / WT_PAGE_SIZE;
	map->end = address;
	if (insert(wt, tail)) {
		map->end = tail->end;
		wt_map_free(tail);
		return -ENOMEM;
	}
	if (wt->split)
		wt->split(map->owner);
	return 0;
}

int wt_isolate(struct writetrack *wt, uintptr_t start_address, size_t size)
{
	uintptr_t end = start_address + ((size + wt->host_page - 1) & ~(wt->host_page - 1));
	int ret;

	ret = cut(wt, start_address);
	return ret ? ret : cut(wt, end);
}

void wt_remove(struct writetrack *wt, struct wt_map *map)
{
	size_t i = lower_bound(wt, map->start);

	if (i == wt->count || wt->maps[i] != map)
		return;
	wt->count--;
	memmove(&wt->maps[i], &wt->maps[i + 1], (wt->count - i) * sizeof(struct wt_map *));
}

void wt_map_free(struct wt_map *map)
{
	if (map)
		free(map->heat);
	free(map);
}

void wt_set_readable(struct writetrack *wt, struct wt_map *map, bool readable)
{
	if (readable && !map->readable)
		map->check_all = true;
	map->readable = readable;
}

struct collection {
	struct writetrack *wt;
	wt_page_fn changed;
	void *data;
};

/* Looks at one host page; true when any part of it had changed. */
static bool check_page(struct collection *c, struct wt_map *map, uintptr_t address)
{
	uint64_t page = map->first_page + (address - map->start) / WT_PAGE_SIZE;
	struct wt_object *object = map->object;
	bool any = false;
	size_t i;

	for (i = 0; i < c->wt->host_page / WT_PAGE_SIZE; i++, page++) {
		const uint8_t *content = (const uint8_t *)address + i * WT_PAGE_SIZE;

		if (page >= object->pages)
			break;
		c->wt->stats.pages_checked++;
		if (wt_digest(content) == object->digest[page])
			continue;
		object->digest[page] = c->changed(c->data, map, page, content);
		c->wt->stats.pages_changed++;
		any = true;
	}
	return any;
}

/* Protects start..end, where every page is to be closed, and then looks at it. */
static void close_pages(struct collection *c, struct wt_map *map, uintptr_t at, uintptr_t end)
{
	if (at == end)
		return;
	protect(c->wt, at, end);
	for (; at < end; at += c->wt->host_page)
		check_page(c, map, at);
}

/* Pages start..end of a mapping that are not protected. */
static void check_written(struct collection *c, struct wt_map *map, uintptr_t at, uintptr_t end)
{
	const size_t host_page = c->wt->host_page;
	uintptr_t run = at;

	for (; at < end; at += host_page) {
		uint8_t *heat = &map->heat[(at - map->start) / host_page];
		unsigned int level = HEAT_LEVEL(*heat), open = *heat & HEAT_OPEN;

		if (open == 1) {
			/* Nothing came in all that time. */
			*heat = HEAT(2, 0);
			continue;
		}
		if (!open) {
			/* Written although it was protected, or seen for the first time. */
			level = level < 3 ? level + 1 : 3;
			*heat = HEAT(level, open_time[level]);
			if (!open_time[level])
				continue;
			close_pages(c, map, run, at);
			check_page(c, map, at);
		} else {
			close_pages(c, map, run, at);
			*heat = check_page(c, map, at) ? HEAT(3, open_time[3])
						       : HEAT(level, open - 1);
		}
		run = at + host_page;
	}
	close_pages(c, map, run, end);
}

/* Everything in start..end that the page map reports. False: it does not work any more. */
static bool collect_pagemap(struct collection *c, uintptr_t at, uintptr_t end)
{
	struct wt_page_region regions[REGIONS];
	struct writetrack *wt = c->wt;
	struct wt_pm_scan_arg arg;
	long found, i;
	size_t m;

	while (at < end) {
		arg = (struct wt_pm_scan_arg){.start = at,
					      .end = end,
					      .vec = (uintptr_t)regions,
					      .vec_len = REGIONS,
					      .category_mask =
						      WT_PAGE_IS_WPALLOWED | WT_PAGE_IS_WRITTEN,
					      .return_mask = WT_PAGE_IS_WRITTEN};
		if (!wt->swap)
			arg.category_anyof_mask = WT_PAGE_IS_PRESENT | WT_PAGE_IS_SWAPPED;
		if (!scan(wt, &arg, &found))
			return false;
		for (i = 0; i < found; i++) {
			uintptr_t from = regions[i].start, to = regions[i].end;

			for (m = lower_bound(wt, from); m < wt->count; m++) {
				struct wt_map *map = wt->maps[m];
				uintptr_t low = from > map->start ? from : map->start;
				uintptr_t high = to < map->end ? to : map->end;

				if (map->start >= to)
					break;
				if (map->pagemap && map->readable && !map->check_all)
					check_written(c, map, low, high);
			}
		}
		if (arg.walk_end <= at)
			break;
		at = arg.walk_end;
	}
	return true;
}

/*
 * Whether mincore() speaks the truth of a mapping. Of those that a driver fills with page frames
 * (VM_PFNMAP, as buffers of a real node are) it says that nothing is there, whatever was written
 * (Linux: mm/pagewalk.c walk_page_test()). A page that was just read tells.
 */
static bool residence_is_known(struct wt_map *map)
{
	unsigned char resident = 0;

	if (!map->probed) {
		map->probed = true;
		if (!mincore((void *)map->start, 1, &resident) && !(resident & 1)) {
			(void)*(volatile const unsigned char *)map->start;
			map->opaque = !mincore((void *)map->start, 1, &resident) && !(resident & 1);
		}
	}
	return !map->opaque;
}

/* Compares all pages of a mapping within low..high that can differ from what is known. */
static void collect_compare(struct collection *c, struct wt_map *map, uintptr_t low, uintptr_t high)
{
	const size_t host_page = c->wt->host_page, step = 1024;
	const bool known = residence_is_known(map);
	uint64_t *digest = map->object->digest;
	unsigned char resident[1024];
	uintptr_t at;
	size_t n, i;

	for (at = low; at < high; at += n * host_page) {
		n = (high - at) / host_page;
		if (n > step)
			n = step;
		/* Reading a page that nobody has written would bring it into being. */
		if (!known || mincore((void *)at, n * host_page, resident))
			memset(resident, 1, n);
		for (i = 0; i < n; i++) {
			uintptr_t address = at + i * host_page;
			uint64_t page = map->first_page + (address - map->start) / WT_PAGE_SIZE;

			if (page >= map->object->pages)
				return;
			if ((resident[i] & 1) || (digest[page] && digest[page] != DIGEST_UNKNOWN))
				check_page(c, map, address);
		}
	}
}

void wt_collect(struct writetrack *wt, uintptr_t start_address, size_t size, wt_page_fn changed,
		void *data)
{
	struct collection c = {wt, changed, data};
	uintptr_t limit = size > UINTPTR_MAX - start_address ? UINTPTR_MAX : start_address + size;
	size_t first = lower_bound(wt, start_address), i = first, j;

	wt->stats.collections++;
	/* Mappings that lie near each other, by one scan; what else lies there is left out. */
	while (wt->pagemap_works && i < wt->count && wt->maps[i]->start < limit) {
		uintptr_t from = wt->maps[i]->start, to = wt->maps[i]->end;
		bool any = wt->maps[i]->pagemap;

		for (j = i + 1; j < wt->count && wt->maps[j]->start < limit &&
				wt->maps[j]->start - to < SPAN_GAP;
		     j++) {
			to = wt->maps[j]->end;
			any |= wt->maps[j]->pagemap;
		}
		if (from < start_address)
			from = start_address;
		if (to > limit)
			to = limit;
		if (any && !collect_pagemap(&c, from, to)) {
			wt->pagemap_works = false;
			wt->fallback = "the page-map scan failed";
			for (j = 0; j < wt->count; j++)
				wt->maps[j]->pagemap = false;
			break;
		}
		i = j;
	}
	for (i = first; i < wt->count && wt->maps[i]->start < limit; i++) {
		struct wt_map *map = wt->maps[i];
		uintptr_t low = start_address > map->start ? start_address : map->start;
		uintptr_t high = limit < map->end ? limit : map->end;

		if (!map->readable || (map->pagemap && !map->check_all))
			continue;
		/* Close it first, as everywhere: heat then starts at "protected once". */
		if (map->pagemap && low == map->start && high == map->end) {
			memset(map->heat, HEAT(1, 0), (high - low) / wt->host_page);
			protect(wt, low, high);
			map->check_all = false;
		}
		collect_compare(&c, map, low, high);
	}
}

void wt_fds(const struct writetrack *wt, int fds[WT_FDS])
{
	fds[0] = wt->uffd;
	fds[1] = wt->pagemap;
}

int wt_move_fd(struct writetrack *wt, int fd, int new_fd)
{
	if (fd == wt->uffd)
		wt->uffd = new_fd;
	else if (fd == wt->pagemap)
		wt->pagemap = new_fd;
	else
		return -ENOENT;
	return 0;
}
