// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * DOC: memory for the driver core
 *
 * The core asks for memory under its lock, where nobody may wait for reclaim. There are these ways to
 * it, in this order: the allocator without waiting (GFP_NOWAIT), the stock, and, with
 * the lock dropped, the allocator with all means (GFP_KERNEL, vmalloc), for what was wished for.
 * Wishes are kept by kind and size; one that comes back is granted twice as much each time, and what an
 * operation frees when it fails stays in the stock for its repetition, so that one that needs many
 * pieces is repeated a few times when memory is short. In the usual case nothing is repeated at all.
 *
 * The stock keeps a little of everything also without a wish, for those who cannot repeat: events of
 * the firmware (a tiled vertex buffer that is to grow), and RTKit's requests while it starts.
 *
 * Rejected: a mempool per size (the sizes depend on SoC and firmware, and a mempool waits); PF_MEMALLOC
 * (takes from the emergency reserves of the whole system for a client that may be hostile);
 * allocating the worst case beforehand, as is done for VM_BIND's page tables: the core has no worst
 * case for building a job that is near the usual one.
 *
 * All memory is normal and cached: CPU, coprocessor and GPU are coherent (agx_platform.h).
 */
#include <drm/drm_managed.h>
#include <drm/drm_print.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "agx_limits.h"
#include "asahi_core.h"

/* Different sizes that are missing at the same time; more wait for the next round. */
#define WISHES 16

/* A wish is granted at most so many times over in one round, and so many bytes. */
#define WISH_MAX_COUNT 64u
#define WISH_MAX_BYTES SZ_4M

/* More than this is nothing that the core asks for. */
#define MAX_PIECE SZ_1G

/* Requests that were not met and not repeated either do not count for more than this. */
#define FAILED_MAX 64u

/* How long the stock may be larger than what is kept, after the last wish. */
#define TRIM_DELAY (2 * HZ)

/* And how large it may become of what is freed. */
#define HOARD_MAX_BYTES SZ_64M

enum piece_kind {
	PIECE_PAGE, /* for tables: physically contiguous */
	PIECE_MEM,
	PIECE_ALLOC,
	PIECE_KINDS,
};

/**
 * struct piece - a piece of memory in the stock, described by itself: it lies at its beginning
 */
struct piece {
	union {
		/** @node: in asahi_reserve.stock */
		struct list_head node;

		/** @free: in asahi_reserve.freed */
		struct llist_node free;
	};

	/** @size: bytes */
	size_t size;

	/** @kind: enum piece_kind */
	enum piece_kind kind;
};

/**
 * struct wish - what was not there
 */
struct wish {
	/** @size: bytes of each; 0: unused */
	size_t size;

	/** @kind: enum piece_kind */
	enum piece_kind kind;

	/** @wanted: since the last round */
	bool wanted;

	/** @granted: how many in the last round; the next one brings twice as many */
	unsigned int granted;
};

/**
 * struct asahi_reserve - memory for a core
 */
struct asahi_reserve {
	/** @adev: whose */
	struct asahi_device *adev;

	/** @lock: protects what follows up to @low. A leaf; nothing is allocated under it. */
	spinlock_t lock;

	/** @stock: pieces by kind */
	struct list_head stock[PIECE_KINDS];

	/** @bytes: of all stock */
	size_t bytes;

	/** @wishes: that are remembered */
	struct wish wishes[WISHES];

	/** @failed: requests that could not be met and that asahi_core_again() has not seen */
	unsigned int failed;

	/** @low: something was taken from the stock, or wished for */
	bool low;

	/**
	 * @hoard: something was wished for lately: what is freed goes into the stock, so that an
	 * operation that is repeated has what it had before, and what it was granted
	 */
	bool hoard;

	/** @stopped: no filling any more */
	bool stopped;

	/** @round: one round of filling at a time */
	struct mutex round;

	/** @freed: vmalloc()ed pieces to give back when the core's lock has been dropped */
	struct llist_head freed;

	/** @fill: brings the stock up to what is kept; on reset.wq */
	struct work_struct fill;

	/** @trim: brings it down to that when there was no wish for a while; on reset.wq */
	struct delayed_work trim;
};

/* What is always kept, besides wishes. */
static const struct {
	enum piece_kind kind;
	size_t size;
	unsigned int count;
} keep[] = {
	{PIECE_PAGE, AGX_PAGE_SIZE, 16}, /* page tables */
	{PIECE_MEM, SZ_16K, 4},          /* RTKit's buffers */
	{PIECE_MEM, SZ_64K, 2},          /* blocks of small heaps */
	{PIECE_MEM, SZ_512K, 1},         /* a block of a client's heap, for a buffer that grows */
	{PIECE_MEM, SZ_1M, 1},           /* a block of a large heap */
	{PIECE_ALLOC, SZ_16K, 4},        /* a table's children, chunks of heaps */
};

/* --- The allocator --- */

static void *allocate(enum piece_kind kind, size_t size, gfp_t gfp)
{
	gfp |= __GFP_ZERO | __GFP_NOWARN;
	if (kind == PIECE_ALLOC)
		return kmalloc(size, gfp);
	/* What falls back to vmalloc() need not be fought for. */
	if (kind == PIECE_MEM && size > PAGE_SIZE)
		gfp |= __GFP_NORETRY;
	return get_order(size) > MAX_PAGE_ORDER ? NULL : alloc_pages_exact(size, gfp);
}

static void *allocate_with_all_means(enum piece_kind kind, size_t size)
{
	void *ptr = allocate(kind, size, GFP_KERNEL);

	if (!ptr && kind != PIECE_PAGE)
		ptr = __vmalloc(size, GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
	return ptr;
}

/* Anything that allocate...() made; vmalloc()ed memory without the core's lock only. */
static void release(enum piece_kind kind, void *ptr, size_t size)
{
	if (is_vmalloc_addr(ptr))
		vfree(ptr);
	else if (kind == PIECE_ALLOC)
		kfree(ptr);
	else
		free_pages_exact(ptr, size);
}

/* --- The stock --- */

/* Bookkeeping comes in all sizes: it takes what is a little larger. Others fit exactly. */
static size_t stock_size(enum piece_kind kind, size_t size)
{
	return kind == PIECE_ALLOC ? max_t(size_t, roundup_pow_of_two(size), SZ_256) : size;
}

static bool piece_fits(const struct piece *piece, size_t size)
{
	if (piece->kind == PIECE_ALLOC)
		return piece->size >= size && piece->size / 16 <= max_t(size_t, size, SZ_1K);
	return piece->size == size;
}

static void put_in_stock(struct asahi_reserve *reserve, enum piece_kind kind, void *ptr,
			 size_t size)
{
	struct piece *piece = ptr;

	lockdep_assert_held(&reserve->lock);
	piece->size = size;
	piece->kind = kind;
	list_add(&piece->node, &reserve->stock[kind]);
	reserve->bytes += size;
}

static unsigned int count_stock(struct asahi_reserve *reserve, enum piece_kind kind, size_t size)
{
	struct piece *piece;
	unsigned int count = 0;

	lockdep_assert_held(&reserve->lock);
	list_for_each_entry(piece, &reserve->stock[kind], node)
		count += piece->size == size;
	return count;
}

static void make_wish(struct asahi_reserve *reserve, enum piece_kind kind, size_t size)
{
	struct wish *wish, *place = NULL;

	lockdep_assert_held(&reserve->lock);
	reserve->failed = min(reserve->failed + 1, FAILED_MAX);
	reserve->hoard = true;
	size = stock_size(kind, size);
	for (wish = reserve->wishes; wish < reserve->wishes + WISHES; wish++) {
		if (wish->size == size && wish->kind == kind) {
			place = wish;
			break;
		}
		if (!place && !wish->wanted)
			place = wish;
	}
	if (!place)
		return;
	if (place->size != size || place->kind != kind)
		*place = (struct wish){.size = size, .kind = kind};
	place->wanted = true;
}

/* NULL: there is none, and it was wished for. *actual: its size, at least the one asked for. */
static void *take(struct asahi_reserve *reserve, enum piece_kind kind, size_t size, size_t *actual)
{
	struct piece *piece, *found = NULL;

	spin_lock(&reserve->lock);
	reserve->low = true;
	list_for_each_entry(piece, &reserve->stock[kind], node) {
		if (piece_fits(piece, size) && (!found || piece->size < found->size))
			found = piece;
	}
	if (found) {
		list_del(&found->node);
		reserve->bytes -= found->size;
		*actual = found->size;
	} else {
		make_wish(reserve, kind, size);
	}
	spin_unlock(&reserve->lock);
	if (found)
		memset(found, 0, sizeof(*found)); /* the rest is zeroes */
	return found;
}

static void *get(struct asahi_reserve *reserve, enum piece_kind kind, size_t size, size_t *actual)
{
	void *ptr;

	if (!size || size > MAX_PIECE)
		return NULL;
	*actual = size;
	ptr = allocate(kind, size, GFP_NOWAIT);
	return ptr ? ptr : take(reserve, kind, size, actual);
}

static bool hoard(struct asahi_reserve *reserve, enum piece_kind kind, void *ptr, size_t size)
{
	if (!READ_ONCE(reserve->hoard) || kind == PIECE_MEM || size < sizeof(struct piece) ||
	    READ_ONCE(reserve->bytes) >= HOARD_MAX_BYTES)
		return false;
	memset(ptr, 0, size);
	spin_lock(&reserve->lock);
	put_in_stock(reserve, kind, ptr, size);
	spin_unlock(&reserve->lock);
	return true;
}

static void put(struct asahi_reserve *reserve, enum piece_kind kind, void *ptr, size_t size)
{
	struct piece *piece = ptr;

	if (hoard(reserve, kind, ptr, size))
		return;
	if (!is_vmalloc_addr(ptr)) {
		release(kind, ptr, size);
		return;
	}
	piece->size = size;
	piece->kind = kind;
	llist_add(&piece->free, &reserve->freed);
}

void asahi_reserve_flush(struct asahi_device *adev)
{
	struct asahi_reserve *reserve = adev->core.reserve;
	struct llist_node *list;
	struct piece *piece, *next;

	if (READ_ONCE(reserve->low) && !READ_ONCE(reserve->stopped))
		queue_work(adev->reset.wq, &reserve->fill);
	if (llist_empty(&reserve->freed))
		return;
	list = llist_del_all(&reserve->freed);
	llist_for_each_entry_safe(piece, next, list, free)
		release(piece->kind, piece, piece->size);
}

/* --- Filling --- */

/* count pieces more. false: there is no memory. */
static bool add(struct asahi_reserve *reserve, enum piece_kind kind, size_t size,
		unsigned int count)
{
	void *ptr;

	while (count--) {
		ptr = allocate_with_all_means(kind, size);
		if (!ptr)
			return false;
		spin_lock(&reserve->lock);
		put_in_stock(reserve, kind, ptr, size);
		spin_unlock(&reserve->lock);
	}
	return true;
}

/* Grants what is wished for, if somebody else has not done so. false: there is no memory. */
static bool grant(struct asahi_reserve *reserve)
{
	bool enough = true;
	struct wish *wish, what;

	for (wish = reserve->wishes; enough && wish < reserve->wishes + WISHES; wish++) {
		spin_lock(&reserve->lock);
		what = *wish;
		if (what.wanted) {
			wish->wanted = false;
			what.granted = clamp(what.granted * 2, 1u, WISH_MAX_COUNT);
			if (what.granted > 1 && what.size * what.granted > WISH_MAX_BYTES)
				what.granted = max_t(unsigned int, WISH_MAX_BYTES / what.size, 1);
			wish->granted = what.granted;
		}
		spin_unlock(&reserve->lock);
		if (!what.wanted)
			continue;
		enough = add(reserve, what.kind, what.size, what.granted);
	}
	return enough;
}

static void fill_up(struct asahi_reserve *reserve)
{
	unsigned int i, have;

	for (i = 0; i < ARRAY_SIZE(keep); i++) {
		spin_lock(&reserve->lock);
		have = count_stock(reserve, keep[i].kind, keep[i].size);
		spin_unlock(&reserve->lock);
		if (have < keep[i].count &&
		    !add(reserve, keep[i].kind, keep[i].size, keep[i].count - have))
			return;
	}
}

static void drop_all(struct asahi_reserve *reserve)
{
	struct piece *piece, *next;
	LIST_HEAD(list);
	unsigned int i;

	spin_lock(&reserve->lock);
	for (i = 0; i < PIECE_KINDS; i++)
		list_splice_init(&reserve->stock[i], &list);
	reserve->bytes = 0;
	spin_unlock(&reserve->lock);
	list_for_each_entry_safe(piece, next, &list, node)
		release(piece->kind, piece, piece->size);
}

bool asahi_reserve_wanted(struct asahi_device *adev)
{
	return READ_ONCE(adev->core.reserve->failed);
}

bool asahi_core_again(struct asahi_device *adev, int *ret)
{
	struct asahi_reserve *reserve = adev->core.reserve;
	bool failed, enough;

	if (*ret != -ENOMEM || fatal_signal_pending(current))
		return false;
	spin_lock(&reserve->lock);
	failed = reserve->failed;
	if (failed)
		reserve->failed--;
	spin_unlock(&reserve->lock);
	/* Without a request that was not met, something has failed that repeating does not mend. */
	if (!failed)
		return false;
	mutex_lock(&reserve->round);
	enough = grant(reserve);
	mutex_unlock(&reserve->round);
	return enough;
}

static void fill_work(struct work_struct *work)
{
	struct asahi_reserve *reserve = container_of(work, struct asahi_reserve, fill);

	mutex_lock(&reserve->round);
	WRITE_ONCE(reserve->low, false);
	grant(reserve);
	fill_up(reserve);
	mutex_unlock(&reserve->round);
	if (READ_ONCE(reserve->hoard) && !READ_ONCE(reserve->stopped))
		mod_delayed_work(reserve->adev->reset.wq, &reserve->trim, TRIM_DELAY);
}

static void trim_work(struct work_struct *work)
{
	struct asahi_reserve *reserve =
		container_of(to_delayed_work(work), struct asahi_reserve, trim);

	mutex_lock(&reserve->round);
	WRITE_ONCE(reserve->hoard, false);
	drop_all(reserve);
	fill_up(reserve);
	mutex_unlock(&reserve->round);
}

void asahi_reserve_stop(struct asahi_device *adev)
{
	struct asahi_reserve *reserve = adev->core.reserve;

	WRITE_ONCE(reserve->stopped, true);
	cancel_work_sync(&reserve->fill);
	cancel_delayed_work_sync(&reserve->trim);
}

/* --- The platform's table --- */

static void *page_alloc(void *cookie, uint64_t *pa)
{
	struct asahi_device *adev = cookie;
	size_t size;
	void *page = get(adev->core.reserve, PIECE_PAGE, AGX_PAGE_SIZE, &size);

	if (page)
		*pa = virt_to_phys(page);
	return page;
}

static void page_free(void *cookie, void *page, uint64_t pa)
{
	struct asahi_device *adev = cookie;

	put(adev->core.reserve, PIECE_PAGE, page, AGX_PAGE_SIZE);
}

static int mem_alloc(void *cookie, uint64_t size, struct agx_mem *mem)
{
	struct asahi_device *adev = cookie;
	size_t actual;

	if (!size || size > MAX_PIECE || size & AGX_PAGE_MASK)
		return -ENOMEM;
	mem->cpu = get(adev->core.reserve, PIECE_MEM, size, &actual);
	if (!mem->cpu)
		return -ENOMEM;
	mem->size = size;
	mem->handle = NULL;
	return 0;
}

static void mem_free(void *cookie, struct agx_mem *mem)
{
	struct asahi_device *adev = cookie;

	put(adev->core.reserve, PIECE_MEM, mem->cpu, mem->size);
}

static uint64_t mem_address(void *cookie, const struct agx_mem *mem, uint64_t offset,
			    uint64_t *contiguous)
{
	char *start = (char *)mem->cpu + offset;
	u64 first, length;

	if (!is_vmalloc_addr(mem->cpu)) {
		*contiguous = mem->size - offset;
		return virt_to_phys(start);
	}
	first = page_to_phys(vmalloc_to_page(start));
	for (length = PAGE_SIZE; length < mem->size - offset; length += PAGE_SIZE)
		if (page_to_phys(vmalloc_to_page(start + length)) != first + length)
			break;
	*contiguous = length;
	return first;
}

static void *core_alloc(void *cookie, size_t size)
{
	struct asahi_device *adev = cookie;
	size_t actual;

	return get(adev->core.reserve, PIECE_ALLOC, size, &actual);
}

static void core_free(void *cookie, void *ptr, size_t size)
{
	struct asahi_device *adev = cookie;

	if (ptr)
		put(adev->core.reserve, PIECE_ALLOC, ptr, size);
}

/* --- Life --- */

static void reserve_fini(struct drm_device *drm, void *data)
{
	struct asahi_device *adev = to_asahi_device(drm);

	asahi_reserve_stop(adev);
	asahi_reserve_flush(adev);
	drop_all(adev->core.reserve);
	mutex_destroy(&adev->core.reserve->round);
}

int asahi_reserve_init(struct asahi_device *adev)
{
	struct agx_platform *platform = &adev->core.platform;
	struct asahi_reserve *reserve;
	unsigned int i;

	reserve = drmm_kzalloc(&adev->base, sizeof(*reserve), GFP_KERNEL);
	if (!reserve)
		return -ENOMEM;
	reserve->adev = adev;
	spin_lock_init(&reserve->lock);
	mutex_init(&reserve->round);
	init_llist_head(&reserve->freed);
	INIT_WORK(&reserve->fill, fill_work);
	INIT_DELAYED_WORK(&reserve->trim, trim_work);
	for (i = 0; i < PIECE_KINDS; i++)
		INIT_LIST_HEAD(&reserve->stock[i]);
	adev->core.reserve = reserve;

	platform->page_alloc = page_alloc;
	platform->page_free = page_free;
	platform->mem_alloc = mem_alloc;
	platform->mem_free = mem_free;
	platform->mem_address = mem_address;
	platform->alloc = core_alloc;
	platform->free = core_free;
	mutex_lock(&reserve->round);
	fill_up(reserve);
	mutex_unlock(&reserve->round);
	return drmm_add_action_or_reset(&adev->base, reserve_fini, NULL);
}
