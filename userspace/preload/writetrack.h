/* SPDX-License-Identifier: MIT */
/*
 * Which pages of the mapped buffer objects were written since they were last looked at.
 *
 * Two ways, chosen per mapping:
 *
 * - Page map: Linux 6.7 and later write-protect pages asynchronously (userfaultfd with
 *   UFFD_FEATURE_WP_ASYNC: the first write to a page clears the protection inside the kernel,
 *   no handler runs) and list the written ones with PAGEMAP_SCAN. Mappings are placed near
 *   each other by address hints, so that one call covers all of them.
 * - Comparison: every page is looked at each time. For older kernels, and for mappings that
 *   the page map leaves out (VM_PFNMAP: the buffer objects of real DRM drivers).
 *
 * Either way a page counts as changed only when its digest differs from the last one, so both
 * give the same result. A page that is written over and over is left unprotected for a while
 * and compared: a comparison costs a fraction of a protection fault.
 *
 * A page is protected before it is read. A write that races with a collection is therefore
 * found by this one or by the next, never lost.
 *
 * Not thread-safe: the caller's lock covers all calls. Works without a signal handler.
 */
#ifndef AGX_WRITETRACK_H
#define AGX_WRITETRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Digests are kept per page of this size, whatever the host's is. */
#define WT_PAGE_SIZE 4096u

/* Memory that mappings show. The owner embeds it; pages may be shared by several mappings. */
struct wt_object {
	uint64_t pages;   /* of WT_PAGE_SIZE */
	uint64_t *digest; /* last one of each page, 0: page of zeros; NULL: all zero */
};

enum wt_mode {
	WT_AUTO,    /* page map where it works */
	WT_COMPARE, /* comparison only */
};

struct wt_map {
	uintptr_t start, end; /* multiples of the host's page size */
	struct wt_object *object;
	uint64_t first_page; /* of the object, at start; in WT_PAGE_SIZE */
	void *owner;         /* the caller's: released with the mapping */
	uint8_t *heat;       /* per host page; page map only */
	bool pagemap;
	bool readable;
	bool check_all; /* compare every page at the next collection */
	bool probed;    /* opaque is known */
	bool opaque;    /* mincore() does not tell what is there */
};

struct wt_stats {
	uint32_t pagemap_mappings;
	uint32_t compared_mappings;
	uint64_t collections;
	uint64_t scans;
	uint64_t pages_checked;
	uint64_t pages_changed;
	uint64_t protects;
};

struct writetrack {
	enum wt_mode mode;
	bool started;
	bool pagemap_works;
	bool swap; /* clean pages can go away: mark what is not there as well */
	int uffd;
	int pagemap;
	const char *fallback; /* why the page map is not used; NULL: it is */
	size_t host_page;

	uintptr_t window, window_end; /* where mappings are asked to go */

	struct wt_map **maps; /* sorted by address */
	size_t count, capacity;

	/* A mapping was cut in two: one more holds its owner. */
	void (*split)(void *owner);

	struct wt_stats stats;
};

/*
 * A page of an object whose content differs from its digest: take WT_PAGE_SIZE bytes from
 * content, which may change meanwhile, and return the digest (wt_digest()) of what was taken.
 */
typedef uint64_t (*wt_page_fn)(void *data, struct wt_map *map, uint64_t page,
			       const uint8_t *content);

uint64_t wt_digest(const void *page);

void wt_init(struct writetrack *wt, enum wt_mode mode, void (*split)(void *owner));

/* In a forked child, where protections and descriptors are the parent's. */
void wt_forked(struct writetrack *wt);

/* Gives up the own descriptors; mappings stay known. */
void wt_close_fds(struct writetrack *wt);

/* An object's digests: content of zeros, or (known false) content that is not known. */
int wt_object_init(struct wt_object *object, uint64_t size, bool known);
void wt_object_finish(struct wt_object *object);

/* Pages whose content is another's: when one is written to it counts as changed whatever it holds. */
void wt_object_forget(struct wt_object *object, uint64_t first_page, uint64_t count);

/* Where to ask the kernel to place a mapping of size bytes; NULL: anywhere. */
void *wt_hint(struct writetrack *wt, size_t size);

/*
 * A mapping was made: size bytes at start show object from page first_page on. Replaces nothing:
 * what was mapped there must have been removed. -ENOMEM.
 */
int wt_add(struct writetrack *wt, uintptr_t start, size_t size, bool readable,
	   struct wt_object *object, uint64_t first_page, void *owner);

/* Whether any mapping touches the range; lock-free hints for hooks are the caller's affair. */
bool wt_overlaps(const struct writetrack *wt, uintptr_t start, size_t size);

/* Cuts mappings at the ends of a range so that it holds whole mappings only. -ENOMEM. */
int wt_isolate(struct writetrack *wt, uintptr_t start, size_t size);

/* The first mapping with an address at or above start, NULL: none. */
struct wt_map *wt_next(const struct writetrack *wt, uintptr_t start);

/* Forgets a mapping; free it with wt_map_free() after using it. */
void wt_remove(struct writetrack *wt, struct wt_map *map);
void wt_map_free(struct wt_map *map);

/* The protection of a mapping changed. */
void wt_set_readable(struct writetrack *wt, struct wt_map *map, bool readable);

/* Calls changed for each changed page in the range (0, SIZE_MAX: everywhere). */
void wt_collect(struct writetrack *wt, uintptr_t start, size_t size, wt_page_fn changed,
		void *data);

/* The own descriptors, for hooks that must not close them; -1: none. */
#define WT_FDS 2
void wt_fds(const struct writetrack *wt, int fds[WT_FDS]);
int wt_move_fd(struct writetrack *wt, int fd, int new_fd);

#endif
