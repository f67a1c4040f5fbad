// SPDX-License-Identifier: MIT
/*
 * Syncobjs that several processes know.
 *
 * Exporting a syncobj puts its state into a shared page; the page then is the truth, and
 * syncobj->fence is this node's view of it. The view of a fence that another node promises is a
 * proxy fence. A node that has promised a fence writes its end into the page: one store and one
 * futex wake, without a lock, so a signal never waits. Links change under a file lock.
 *
 * Proxies are followed by a thread that sleeps on the pages' futexes. When a process dies, the
 * lock on its owner number goes: whoever follows one of its promises looks ten times a second,
 * and ends them all with -ECANCELED.
 *
 * Rejected: a robust process-shared mutex in the page (glibc trusts the memory it lies in; a
 * hostile peer could point its lists anywhere), and a server process (nothing to start or stop
 * here, and objects live exactly as long as their descriptors).
 *
 * A peer that holds the file lock without end costs this process a short wait and then the
 * sharing of that one object, nothing else.
 */
#include <errno.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "host.h"
#include "node_internal.h"
#include "sched_internal.h"
#include "syncobj_internal.h"
#include "syncobj_share.h"

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

#define SEALS          (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define LOCK_ATTEMPTS  220 /* most of them of a millisecond */
#define LIVENESS_NS    100000000
#define FALLBACK_NS    1000000 /* poll interval on kernels without futex_waitv(), Linux 5.16 */
#define MAX_WAIT_WORDS 127
#define NO_OWNER       UINT32_MAX

/* A fence of another node. Detached from the share when it signals. */
struct share_proxy {
	struct agx_fence fence; /* first */
	struct agx_share *share;
	struct list_head link; /* agx_share.proxies */
	uint64_t id;
	uint32_t slot;
};

/* A fence of this node that others wait for. */
struct share_promise {
	struct agx_share *share;
	struct agx_fence *fence; /* a reference; NULL: reserved */
	struct agx_fence_cb cb;
	struct list_head link; /* agx_share.promises */
	uint64_t id;
	uint32_t slot;
};

/*
 * A node's side of a shared syncobj. It outlives the syncobj while promises are to be kept or
 * proxies are in use.
 */
struct agx_share {
	struct agx_node *node;
	struct agx_syncobj *syncobj; /* not a reference; NULL: gone */
	struct list_head link;       /* agx_shares.list */
	struct list_head proxies, promises;
	struct share_proxy *proxy_at[AGX_SHARE_MAX];
	struct share_promise *promise_at[AGX_SHARE_MAX];
	struct agx_share_page *page;
	uint64_t dev, ino;
	int fd; /* the private open file description */
	uint32_t owner;
	uint32_t seen_sequence, seen_generation;
	uint32_t slot_hint;
	bool locked;
	bool broken;   /* a peer does not play by the rules: local from now on */
	bool kept;     /* not to be freed with its last proxy or promise */
	bool followed; /* the thread sleeps on this page */
};

struct agx_shares {
	struct agx_node *node;
	struct list_head list; /* agx_share.link */
	pthread_t thread;
	bool has_thread;
	bool stop;
	_Atomic uint32_t kick; /* futex: rises when the thread has to look again */
};

#define load(field)         atomic_load_explicit(&(field), memory_order_acquire)
#define store(field, value) atomic_store_explicit(&(field), value, memory_order_release)

static void announce(struct agx_share *share)
{
	atomic_fetch_add(&share->page->sequence, 1);
	agx_futex_wake(&share->page->sequence, INT32_MAX, true);
}

/* Advisory locks. 0 or a negative errno: -EAGAIN when somebody else has the range. */
static int file_lock(int fd, short type, int64_t start)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = 1};

	return host_fcntl(fd, F_OFD_SETLK, (long)(intptr_t)&lock);
}

static bool is_locked_by_another(int fd, int64_t start)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = 1};

	return host_fcntl(fd, F_OFD_GETLK, (long)(intptr_t)&lock) || lock.l_type != F_UNLCK;
}

/* Makes the thread look again at what it has to follow. */
static void kick(struct agx_shares *shares)
{
	atomic_fetch_add(&shares->kick, 1);
	if (shares->has_thread)
		agx_futex_wake(&shares->kick, 1, false);
}

static bool lock_page(struct agx_share *share)
{
	for (int i = 0; !share->broken && i < LOCK_ATTEMPTS; i++) {
		if (!file_lock(share->fd, F_WRLCK, AGX_SHARE_LOCK)) {
			share->locked = true;
			return true;
		}
		/* It is held for a few microseconds, normally. */
		if (i < 20)
			host_call(SYS_sched_yield);
		else
			host_poll(NULL, 0, 1000000);
	}
	if (!share->broken)
		agx_node_log(
			share->node, AGX_NODE_LOG_ERROR,
			"shared syncobj: another process keeps it locked; it is not shared any more");
	share->broken = true;
	/* Nobody will tell how the others' fences end, see end_proxies(). */
	share->followed = false;
	if (!share->node->config.single_step)
		kick(share->node->sched->shares);
	return false;
}

static void unlock_page(struct agx_share *share)
{
	file_lock(share->fd, F_UNLCK, AGX_SHARE_LOCK);
	share->locked = false;
}

static void share_free(struct agx_share *share)
{
	list_del(&share->link);
	host_call(SYS_munmap, share->page, sizeof(*share->page));
	host_close(share->fd);
	free(share);
}

static void share_maybe_free(struct agx_share *share)
{
	if (!share->syncobj && !share->kept && list_empty(&share->proxies) &&
	    list_empty(&share->promises))
		share_free(share);
}

/* Takes a proxy out of its share; the fence stays with its users. */
static void proxy_detach(struct share_proxy *proxy)
{
	struct agx_share *share = proxy->share;

	if (!share)
		return;
	if (share->proxy_at[proxy->slot] == proxy)
		share->proxy_at[proxy->slot] = NULL;
	list_del(&proxy->link);
	proxy->share = NULL;
	share_maybe_free(share);
}

static void proxy_release(struct agx_fence *fence)
{
	struct share_proxy *proxy = (struct share_proxy *)fence;

	proxy_detach(proxy);
	free(proxy);
}

static void proxy_signal(struct share_proxy *proxy, int error)
{
	agx_fence_get(&proxy->fence);
	proxy_detach(proxy);
	agx_fence_signal(&proxy->fence, error);
	agx_fence_put(&proxy->fence);
}

/* Ends all proxies. The caller keeps the share. */
static void end_proxies(struct agx_share *share, int error)
{
	while (!list_empty(&share->proxies))
		proxy_signal(list_first_entry(&share->proxies, struct share_proxy, link), error);
}

static int slot_error(struct agx_share_slot *slot)
{
	uint32_t error = load(slot->error);

	return error <= 4095 ? -(int)error : -EIO;
}

static void proxy_check(struct share_proxy *proxy)
{
	struct agx_share_slot *slot = &proxy->share->page->slots[proxy->slot];
	uint32_t state = load(slot->state);
	int error = slot_error(slot);

	/* A slot gets a new user, and number, only after the last one's signal. */
	if (load(slot->id) != proxy->id)
		proxy_signal(proxy, 0);
	else if (state == AGX_SLOT_SIGNALLED || state == AGX_SLOT_FREE)
		proxy_signal(proxy, error);
}

static void promise_free(struct share_promise *promise)
{
	struct agx_share *share = promise->share;

	agx_fence_remove_callback(&promise->cb);
	agx_fence_put(promise->fence);
	share->promise_at[promise->slot] = NULL;
	list_del(&promise->link);
	free(promise);
	share_maybe_free(share);
}

static void promise_signalled(struct agx_fence *fence, struct agx_fence_cb *cb)
{
	struct share_promise *promise = list_entry(cb, struct share_promise, cb);
	struct agx_share_slot *slot = &promise->share->page->slots[promise->slot];

	store(slot->error, (uint32_t)-fence->error);
	store(slot->state, AGX_SLOT_SIGNALLED);
	announce(promise->share);
	promise_free(promise);
}

/* Ends what a dead process had promised. Page locked. */
static void end_promises_of(struct agx_share *share, uint32_t owner)
{
	for (uint32_t i = 0; i < AGX_SHARE_MAX; i++) {
		struct agx_share_slot *slot = &share->page->slots[i];
		uint32_t state = load(slot->state);

		if (load(slot->owner) != owner)
			continue;
		if (state == AGX_SLOT_PENDING) {
			store(slot->error, ECANCELED);
			store(slot->state, AGX_SLOT_SIGNALLED);
		} else if (state == AGX_SLOT_RESERVED) {
			store(slot->state, AGX_SLOT_FREE);
		}
	}
	announce(share);
}

/* Looks whether the owners of our proxies live. */
static void check_owners(struct agx_share *share)
{
	uint64_t checked = 0, dead = 0;
	struct share_proxy *proxy;

	list_for_each_entry(proxy, &share->proxies, link) {
		uint32_t owner = load(share->page->slots[proxy->slot].owner);

		if (owner >= AGX_SHARE_MAX_OWNERS)
			continue;
		if (owner == share->owner || (checked >> owner & 1))
			continue;
		checked |= 1ull << owner;
		if (!is_locked_by_another(share->fd, AGX_SHARE_OWNERS + owner))
			dead |= 1ull << owner;
	}
	if (!dead || !lock_page(share))
		return;
	for (uint32_t owner = 0; owner < AGX_SHARE_MAX_OWNERS; owner++)
		if ((dead >> owner & 1) &&
		    !is_locked_by_another(share->fd, AGX_SHARE_OWNERS + owner))
			end_promises_of(share, owner);
	unlock_page(share);
}

/* This node's number in the page. Page locked. -ENOMEM: too many processes have one. */
static int claim_owner(struct agx_share *share)
{
	if (share->owner != NO_OWNER)
		return 0;
	for (uint32_t owner = 0; owner < AGX_SHARE_MAX_OWNERS; owner++) {
		if (file_lock(share->fd, F_WRLCK, AGX_SHARE_OWNERS + owner))
			continue;
		share->owner = owner;
		end_promises_of(share, owner);
		return 0;
	}
	return -ENOMEM;
}

/* Frees the slots that are done, in links' stead too. Page locked. */
static void collect_slots(struct agx_share *share)
{
	struct agx_share_page *page = share->page;
	uint32_t num_links = load(page->num_links);

	for (uint32_t i = 0; i < num_links && i < AGX_SHARE_MAX; i++) {
		uint32_t slot = load(page->links[i].slot);

		if (slot < AGX_SHARE_MAX && load(page->slots[slot].state) == AGX_SLOT_SIGNALLED)
			store(page->links[i].slot, AGX_SHARE_SIGNALLED);
	}
	for (uint32_t i = 0; i < AGX_SHARE_MAX; i++)
		if (load(page->slots[i].state) == AGX_SLOT_SIGNALLED)
			store(page->slots[i].state, AGX_SLOT_FREE);
}

/* A slot for a promise of ours. Page locked. NULL: no room, or no memory. */
static struct share_promise *claim_slot(struct agx_share *share)
{
	struct share_promise *promise;

	if (claim_owner(share))
		return NULL;
	promise = calloc(1, sizeof(*promise));
	if (!promise)
		return NULL;
	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < AGX_SHARE_MAX; i++) {
			uint32_t slot = (share->slot_hint + i) % AGX_SHARE_MAX;

			if (load(share->page->slots[slot].state) != AGX_SLOT_FREE ||
			    share->promise_at[slot])
				continue;
			share->slot_hint = slot + 1;
			store(share->page->slots[slot].owner, share->owner);
			store(share->page->slots[slot].state, AGX_SLOT_RESERVED);
			promise->share = share;
			promise->slot = slot;
			list_add_tail(&promise->link, &share->promises);
			share->promise_at[slot] = promise;
			return promise;
		}
		collect_slots(share);
	}
	free(promise);
	return NULL;
}

int agx_share_reserve(struct agx_syncobj *syncobj, void **place)
{
	struct agx_share *share = syncobj->share;

	*place = NULL;
	if (!lock_page(share))
		return 0;
	*place = claim_slot(share);
	unlock_page(share);
	return *place ? 0 : -ENOMEM;
}

void agx_share_cancel(struct agx_syncobj *syncobj, void *place)
{
	struct share_promise *promise = place;

	(void)syncobj;
	store(promise->share->page->slots[promise->slot].state, AGX_SLOT_FREE);
	promise_free(promise);
}

/* Turns a reservation into a promise. Page locked. */
static void promise_fence(struct share_promise *promise, struct agx_fence *fence)
{
	struct agx_share_page *page = promise->share->page;
	struct agx_share_slot *slot = &page->slots[promise->slot];

	promise->id = atomic_fetch_add(&page->last_id, 1) + 1;
	promise->fence = agx_fence_get(fence);
	store(slot->error, 0);
	store(slot->id, promise->id);
	store(slot->state, AGX_SLOT_PENDING);
	/* The caller has seen it pending, under the node's lock. */
	agx_fence_add_callback(fence, &promise->cb, promise_signalled);
}

/* The slot that already stands for a fence, or AGX_SHARE_SIGNALLED. */
static uint32_t slot_of(struct agx_share *share, struct agx_fence *fence)
{
	struct share_promise *promise;

	if (fence->release == proxy_release && ((struct share_proxy *)fence)->share == share)
		return ((struct share_proxy *)fence)->slot;
	list_for_each_entry(promise, &share->promises, link)
		if (promise->fence == fence)
			return promise->slot;
	return AGX_SHARE_SIGNALLED;
}

/* The slot for a link's fence; takes *place or another free one for a new promise. */
static uint32_t slot_for(struct agx_share *share, struct agx_fence *fence,
			 struct share_promise **place)
{
	struct share_promise *promise = *place;
	uint32_t slot;

	if (agx_fence_is_signalled(fence))
		return AGX_SHARE_SIGNALLED;
	slot = slot_of(share, fence);
	if (slot != AGX_SHARE_SIGNALLED)
		return slot;
	*place = NULL;
	if (!promise)
		promise = claim_slot(share);
	if (!promise) {
		agx_node_log(
			share->node, AGX_NODE_LOG_ERROR,
			"shared syncobj: no room for a fence; other processes do not wait for it");
		return AGX_SHARE_SIGNALLED;
	}
	promise_fence(promise, fence);
	return promise->slot;
}

/* Writes the chain below fence, oldest first, ending at links[end - 1]. Page locked. */
static void write_links(struct agx_share *share, struct agx_fence *fence, uint32_t end,
			struct share_promise **place)
{
	struct agx_fence *walk = agx_fence_get(fence);

	while (walk && end) {
		struct agx_share_link *link = &share->page->links[--end];
		struct agx_fence_chain *chain = agx_fence_to_chain(walk);
		struct agx_fence *prev = chain ? chain->prev : NULL;
		uint32_t flags = 0;

		if (!chain)
			flags = AGX_LINK_LEAF;
		else if (prev && prev->context == walk->context)
			flags = AGX_LINK_ORDERED;
		store(link->seqno, chain ? walk->seqno : 0);
		store(link->prev_seqno, chain ? chain->prev_seqno : 0);
		store(link->flags, flags);
		store(link->slot, slot_for(share, chain ? chain->fence : walk, place));
		walk = agx_fence_chain_walk(walk);
	}
	agx_fence_put(walk);
}

static uint32_t chain_length(struct agx_fence *fence)
{
	struct agx_fence *walk = agx_fence_get(fence);
	uint32_t length = 0;

	for (; walk; walk = agx_fence_chain_walk(walk))
		length++;
	return length;
}

/* Page locked. */
static void publish(struct agx_share *share, struct share_promise **place)
{
	struct agx_share_page *page = share->page;
	struct agx_fence *fence = share->syncobj->fence;
	uint32_t length = chain_length(fence);

	/* The oldest part of a chain that is too long is lost to others, and logged. */
	if (length > AGX_SHARE_MAX) {
		agx_node_log(share->node, AGX_NODE_LOG_ERROR,
			     "shared syncobj: more than %u points are pending", AGX_SHARE_MAX);
		length = AGX_SHARE_MAX;
	}
	write_links(share, fence, length, place);
	store(page->num_links, length);
	share->seen_generation = atomic_fetch_add(&page->generation, 1) + 1;
	announce(share);
}

void agx_share_begin(struct agx_syncobj *syncobj)
{
	if (lock_page(syncobj->share))
		agx_share_refresh(syncobj);
}

void agx_share_publish(struct agx_syncobj *syncobj, void *place)
{
	struct agx_share *share = syncobj->share;
	struct share_promise *left = place;

	if (share->locked) {
		publish(share, &left);
		unlock_page(share);
	}
	if (left)
		agx_share_cancel(syncobj, left);
}

/* What to wait for at a slot of the page, with a reference. NULL: out of memory. */
static struct agx_fence *slot_fence(struct agx_share *share, uint32_t index)
{
	struct agx_share_slot *slot;
	struct share_proxy *proxy;
	struct agx_fence *fence;
	uint64_t id;

	if (index >= AGX_SHARE_MAX)
		return agx_fence_stub(share->node);
	slot = &share->page->slots[index];
	id = load(slot->id);
	if (share->promise_at[index] && share->promise_at[index]->fence &&
	    share->promise_at[index]->id == id)
		return agx_fence_get(share->promise_at[index]->fence);
	if (load(slot->state) != AGX_SLOT_PENDING) {
		fence = agx_fence_create_signalled(share->node);
		if (fence)
			fence->error = slot_error(slot);
		return fence;
	}
	proxy = share->proxy_at[index];
	if (proxy && proxy->id == id)
		return agx_fence_get(&proxy->fence);
	if (proxy)
		proxy_signal(proxy, 0);
	proxy = calloc(1, sizeof(*proxy));
	if (!proxy)
		return NULL;
	agx_fence_init(share->node, &proxy->fence, agx_fence_context(share->node), 1, "shared");
	proxy->fence.release = proxy_release;
	proxy->share = share;
	proxy->id = id;
	proxy->slot = index;
	list_add_tail(&proxy->link, &share->proxies);
	share->proxy_at[index] = proxy;
	agx_share_follow(share->syncobj);
	return &proxy->fence;
}

/* The page's links as a fence of this node, or NULL; 0 or -ENOMEM. Page locked. */
static int read_links(struct agx_share *share, struct agx_fence **out)
{
	uint32_t num_links = load(share->page->num_links);
	struct agx_fence *top = NULL;

	if (num_links > AGX_SHARE_MAX)
		num_links = AGX_SHARE_MAX;
	for (uint32_t i = 0; i < num_links; i++) {
		struct agx_share_link *link = &share->page->links[i];
		struct agx_fence *fence = slot_fence(share, load(link->slot));
		uint32_t flags = load(link->flags);
		struct agx_fence_chain *chain = NULL;

		if (fence && (flags & AGX_LINK_LEAF)) {
			/* Only the oldest link can be one. */
			agx_fence_put(top);
			top = fence;
			continue;
		}
		if (fence)
			chain = agx_fence_chain_alloc();
		if (!chain) {
			agx_fence_put(fence);
			agx_fence_put(top);
			return -ENOMEM;
		}
		agx_fence_chain_init(share->node, chain, top, fence, load(link->seqno));
		chain->base.seqno = load(link->seqno);
		chain->prev_seqno = load(link->prev_seqno);
		if (agx_fence_to_chain(top))
			chain->base.context = flags & AGX_LINK_ORDERED
						      ? top->context
						      : agx_fence_context(share->node);
		agx_fence_put(fence);
		top = &chain->base;
	}
	*out = top;
	return 0;
}

void agx_share_refresh(struct agx_syncobj *syncobj)
{
	struct agx_share *share = syncobj->share;
	bool was_locked = share->locked;
	struct share_proxy *proxy;
	struct agx_fence *fence;
	uint32_t sequence = load(share->page->sequence), generation;

	if (share->broken) {
		end_proxies(share, -ECANCELED);
		return;
	}
	if (sequence == share->seen_sequence &&
	    load(share->page->generation) == share->seen_generation)
		return;
	share->seen_sequence = sequence;
	for (uint32_t i = 0; !list_empty(&share->proxies) && i < AGX_SHARE_MAX; i++) {
		proxy = share->proxy_at[i];
		if (proxy)
			proxy_check(proxy);
	}
	if (load(share->page->generation) == share->seen_generation)
		return;
	if (!was_locked && !lock_page(share))
		return;
	generation = load(share->page->generation);
	if (read_links(share, &fence)) {
		/* The old view stays until the next look. */
		agx_node_log(share->node, AGX_NODE_LOG_ERROR, "shared syncobj: out of memory");
	} else {
		share->seen_generation = generation;
		agx_syncobj_set_fence(syncobj, fence);
		agx_fence_put(fence);
	}
	if (!was_locked)
		unlock_page(share);
}

static struct agx_shares *get_shares(struct agx_node *node)
{
	struct agx_shares *shares = node->sched->shares;

	if (!shares) {
		shares = calloc(1, sizeof(*shares));
		if (!shares)
			return NULL;
		shares->node = node;
		list_init(&shares->list);
		node->sched->shares = shares;
	}
	return shares;
}

/* A private open file description of the file that fd is one of. */
static int reopen(int fd)
{
	char path[32];
	int private_fd, high;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	private_fd = host_open(path, O_RDWR | O_CLOEXEC);
	if (private_fd < 0)
		return private_fd;
	high = host_dup(private_fd);
	if (high < 0)
		return private_fd;
	host_close(private_fd);
	return high;
}

/* Maps fd (taken over, on failure too) for syncobj. */
static int share_create(struct agx_syncobj *syncobj, int fd, struct agx_share **out)
{
	struct agx_shares *shares = get_shares(syncobj->node);
	struct agx_share *share = shares ? calloc(1, sizeof(*share)) : NULL;
	struct stat st;
	int ret = -ENOMEM;
	long address;

	if (!share)
		goto fail;
	ret = host_fstat(fd, &st);
	if (ret)
		goto fail;
	address = host_call(SYS_mmap, NULL, sizeof(*share->page), PROT_READ | PROT_WRITE,
			    MAP_SHARED, fd, (long)0);
	if (address < 0 && address >= -4095) {
		ret = (int)address;
		goto fail;
	}
	share->page = (struct agx_share_page *)address;
	share->node = syncobj->node;
	share->syncobj = syncobj;
	share->dev = st.st_dev;
	share->ino = st.st_ino;
	share->fd = fd;
	share->owner = NO_OWNER;
	list_init(&share->proxies);
	list_init(&share->promises);
	list_add_tail(&share->link, &shares->list);
	*out = share;
	return 0;
fail:
	free(share);
	host_close(fd);
	return ret;
}

static int make_shared(struct agx_syncobj *syncobj)
{
	struct share_promise *none = NULL;
	struct agx_share *share;
	int fd, private_fd, ret;

	if (chain_length(syncobj->fence) > AGX_SHARE_MAX)
		return -ENOMEM;
	fd = (int)host_call(SYS_memfd_create, "drm-syncobj", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return fd;
	ret = (int)host_call(SYS_ftruncate, fd, (long)sizeof(struct agx_share_page));
	if (!ret)
		ret = host_fcntl(fd, F_ADD_SEALS, SEALS);
	private_fd = ret ? ret : reopen(fd);
	host_close(fd);
	if (private_fd < 0)
		return private_fd;
	ret = share_create(syncobj, private_fd, &share);
	if (ret)
		return ret;
	store(share->page->version, AGX_SHARE_VERSION);
	store(share->page->magic, AGX_SHARE_MAGIC);
	syncobj->share = share;
	lock_page(share);
	publish(share, &none);
	unlock_page(share);
	return 0;
}

int agx_share_export(struct agx_syncobj *syncobj)
{
	char path[32];
	int ret;

	if (!syncobj->share) {
		ret = make_shared(syncobj);
		if (ret)
			return ret;
	}
	/* Another description: ours must not outlive this process in somebody else's hands. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", syncobj->share->fd);
	return host_open(path, O_RDWR | O_CLOEXEC);
}

/* Finds the share of a file, also one whose syncobj is gone. */
static struct agx_share *find_share(struct agx_node *node, const struct stat *st)
{
	struct agx_shares *shares = node->sched->shares;
	struct agx_share *share;

	if (shares)
		list_for_each_entry(share, &shares->list, link)
			if (share->dev == st->st_dev && share->ino == st->st_ino && !share->broken)
				return share;
	return NULL;
}

static int import_share(struct agx_syncobj *syncobj, int fd, const struct stat *st)
{
	struct agx_share *share = find_share(syncobj->node, st);
	int private_fd, ret;

	if (!share) {
		private_fd = reopen(fd);
		if (private_fd < 0)
			return private_fd == -EMFILE || private_fd == -ENFILE ? private_fd
									      : -EINVAL;
		ret = share_create(syncobj, private_fd, &share);
		if (ret)
			return ret;
		if (load(share->page->magic) != AGX_SHARE_MAGIC ||
		    load(share->page->version) != AGX_SHARE_VERSION) {
			share_free(share);
			return -EINVAL;
		}
	}
	share->syncobj = syncobj;
	syncobj->share = share;
	/* Anything but what the page says, so that it is read. */
	share->seen_generation = load(share->page->generation) - 1;
	share->seen_sequence = load(share->page->sequence) - 1;
	agx_share_refresh(syncobj);
	return 0;
}

int agx_share_import(struct agx_node *node, int fd, struct agx_syncobj **out)
{
	struct agx_syncobj *syncobj;
	struct agx_share *share;
	struct stat st;
	int ret, seals;

	if (host_fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    st.st_size != (off_t)sizeof(struct agx_share_page))
		return -EINVAL;
	seals = host_fcntl(fd, F_GET_SEALS, 0);
	/* What can shrink would raise SIGBUS in us. */
	if (seals < 0 || (seals & SEALS) != SEALS || (seals & F_SEAL_WRITE))
		return -EINVAL;
	share = find_share(node, &st);
	if (share && share->syncobj) {
		*out = agx_syncobj_get(share->syncobj);
		return 0;
	}
	syncobj = agx_syncobj_create(node);
	if (!syncobj)
		return -ENOMEM;
	ret = import_share(syncobj, fd, &st);
	if (ret)
		agx_syncobj_put(syncobj);
	else
		*out = syncobj;
	return ret;
}

void agx_share_release(struct agx_share *share)
{
	if (!share)
		return;
	share->syncobj = NULL;
	share_maybe_free(share);
}

static bool needs_following(struct agx_share *share)
{
	if (!list_empty(&share->proxies))
		return true;
	return !share->broken && share->syncobj &&
	       (!list_empty(&share->syncobj->waits) || !list_empty(&share->syncobj->eventfds));
}

bool agx_shares_waiting(struct agx_node *node)
{
	struct agx_share *share;

	if (node->sched->shares)
		list_for_each_entry(share, &node->sched->shares->list, link)
			if (needs_following(share))
				return true;
	return false;
}

/* Brings one share up to date; it may be freed. */
static void share_poll(struct agx_share *share)
{
	share->kept = true;
	if (share->syncobj) {
		struct agx_syncobj *syncobj = agx_syncobj_get(share->syncobj);

		agx_share_refresh(syncobj);
		agx_syncobj_put(syncobj);
	} else if (share->broken) {
		end_proxies(share, -ECANCELED);
	} else {
		share->seen_sequence = load(share->page->sequence);
		for (uint32_t i = 0; i < AGX_SHARE_MAX; i++)
			if (share->proxy_at[i])
				proxy_check(share->proxy_at[i]);
	}
	share->kept = false;
	share_maybe_free(share);
}

static void poll_all(struct agx_shares *shares, bool owners)
{
	struct agx_share *share, *next;

	list_for_each_entry_safe(share, next, &shares->list, link) {
		if (owners && !share->broken)
			check_owners(share);
		share_poll(share);
	}
}

void agx_shares_poll_locked(struct agx_node *node)
{
	poll_all(node->sched->shares, node->config.single_step);
}

/* Fills in the words to sleep on; returns how many. Sets followed. */
static uint32_t collect_words(struct agx_shares *shares, struct futex_waitv *words)
{
	struct agx_share *share;
	uint32_t count = 0;

	words[count++] = (struct futex_waitv){
		.val = atomic_load(&shares->kick),
		.uaddr = (uintptr_t)&shares->kick,
		.flags = FUTEX_32 | FUTEX_PRIVATE_FLAG,
	};
	list_for_each_entry(share, &shares->list, link) {
		share->followed = false;
		if (!needs_following(share))
			continue;
		/* What finds no place is looked at with the rest at the next timeout. */
		if (count <= MAX_WAIT_WORDS)
			words[count++] = (struct futex_waitv){
				.val = share->seen_sequence,
				.uaddr = (uintptr_t)&share->page->sequence,
				.flags = FUTEX_32,
			};
		share->followed = true;
	}
	return count;
}

/* Sleeps until one of the words has changed or the time is up. */
static void sleep_on(struct agx_shares *shares, struct futex_waitv *words, uint32_t count)
{
	uint64_t deadline = agx_monotonic_now() + LIVENESS_NS;
	struct timespec ts = {(time_t)(deadline / 1000000000), (long)(deadline % 1000000000)};
	long ret;

	if (count == 1) {
		agx_futex_wait(&shares->kick, (uint32_t)words[0].val, NULL, false);
		return;
	}
	ret = host_call(SYS_futex_waitv, words, count, 0u, &ts, CLOCK_MONOTONIC);
	if (ret == -ENOSYS)
		host_poll(NULL, 0, FALLBACK_NS);
}

static void *shares_main(void *data)
{
	struct agx_shares *shares = data;
	struct agx_node *node = shares->node;
	struct futex_waitv words[MAX_WAIT_WORDS + 1];
	uint64_t owners_checked = 0;
	uint32_t count;

	agx_node_lock(node);
	while (!shares->stop) {
		uint64_t now = agx_monotonic_now();
		bool owners = now - owners_checked >= LIVENESS_NS;

		if (owners)
			owners_checked = now;
		/* First the words, then the state: a change in between ends the sleep at once. */
		poll_all(shares, owners);
		count = collect_words(shares, words);
		agx_node_unlock(node);
		sleep_on(shares, words, count);
		agx_node_lock(node);
	}
	agx_node_unlock(node);
	return NULL;
}

void agx_shares_ensure_locked(struct agx_node *node)
{
	struct agx_shares *shares = node->sched->shares;

	if (!shares || shares->has_thread || shares->stop || node->config.single_step ||
	    !agx_shares_waiting(node))
		return;
	if (agx_thread_create(&shares->thread, "agx-shares", shares_main, shares))
		agx_node_log(node, AGX_NODE_LOG_ERROR,
			     "cannot follow the syncobjs of other processes");
	else
		shares->has_thread = true;
}

void agx_share_follow(struct agx_syncobj *syncobj)
{
	struct agx_share *share = syncobj->share;
	struct agx_shares *shares = share->node->sched->shares;

	if (share->followed)
		return;
	if (shares->has_thread)
		kick(shares);
	else
		agx_shares_ensure_locked(share->node);
}

void agx_shares_stop(struct agx_sched *sched)
{
	struct agx_shares *shares = sched->shares;

	if (!shares)
		return;
	agx_node_lock(sched->node);
	shares->stop = true;
	kick(shares);
	agx_node_unlock(sched->node);
	if (shares->has_thread)
		pthread_join(shares->thread, NULL);
	shares->has_thread = false;
}

void agx_shares_destroy(struct agx_sched *sched)
{
	struct agx_shares *shares = sched->shares;
	struct agx_share *share;

	if (!shares)
		return;
	while (!list_empty(&shares->list)) {
		share = list_first_entry(&shares->list, struct agx_share, link);
		share->kept = true;
		end_proxies(share, -ECANCELED);
		while (!list_empty(&share->promises))
			promise_free(
				list_first_entry(&share->promises, struct share_promise, link));
		share_free(share);
	}
	free(shares);
	sched->shares = NULL;
}

/*
 * The parent keeps its promises; to the child they are another process's. The locks belong to
 * the description that both have now: the child gets one of its own.
 */
void agx_shares_fork_child_locked(struct agx_node *node)
{
	struct agx_shares *shares = node->sched->shares;
	struct agx_share *share, *next;

	if (!shares)
		return;
	shares->has_thread = false;
	list_for_each_entry_safe(share, next, &shares->list, link) {
		int fd = reopen(share->fd);

		host_close(share->fd);
		share->fd = fd;
		if (fd < 0)
			share->broken = true;
		share->locked = false;
		share->followed = false;
		share->owner = NO_OWNER;
		share->seen_generation = load(share->page->generation) - 1;
		share->kept = true;
		while (!list_empty(&share->promises))
			promise_free(
				list_first_entry(&share->promises, struct share_promise, link));
		share->kept = false;
		share_maybe_free(share);
	}
}
