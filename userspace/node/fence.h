/* SPDX-License-Identifier: MIT */
/*
 * Fences: one-shot "this is done" objects, with the semantics of the kernel's dma_fence,
 * dma_fence_chain and dma_fence_array.
 *
 * A fence belongs to one node; everything here needs that node's lock. Signalling allocates
 * nothing and calls the callbacks with the lock held, so a callback must not drop it.
 */
#ifndef AGX_FENCE_H
#define AGX_FENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"

struct agx_fence;
struct agx_node;

/* A request to be told when a fence signals; embedded in whoever asks. */
struct agx_fence_cb {
	struct list_head link; /* agx_fence.callbacks; empty list of its own when not registered */
	void (*func)(struct agx_fence *fence, struct agx_fence_cb *cb);
};

enum agx_fence_kind {
	AGX_FENCE_PLAIN,
	AGX_FENCE_CHAIN, /* struct agx_fence_chain: a timeline point and all before it */
	AGX_FENCE_ARRAY, /* struct agx_fence_array: all of several fences */
};

struct agx_fence {
	struct agx_node *node;
	uint32_t refs;
	uint8_t kind; /* enum agx_fence_kind */
	bool signalled;
	bool armed;         /* chain and array: watching the fences below */
	int error;          /* 0 or a negative errno, valid once signalled */
	uint64_t context;   /* fences of one context signal in the order of seqno */
	uint64_t seqno;     /* chain: the timeline point */
	uint64_t timestamp; /* node time of the signal in ns, valid once signalled */
	const char *driver; /* names for SYNC_IOC_FILE_INFO; static strings */
	const char *timeline;
	struct list_head callbacks;
	void (*release)(struct agx_fence *fence); /* NULL: free() */
};

/*
 * A point of a timeline: signalled when its own fence and everything before it is. Walks drop
 * nodes whose own fence has signalled, so a chain holds pending points and its newest one.
 */
struct agx_fence_chain {
	struct agx_fence base;
	struct agx_fence *prev;    /* a reference; NULL: nothing pending before this */
	struct agx_fence *fence;   /* a reference: this point's own fence */
	uint64_t prev_seqno;       /* the point before this one, 0: none */
	struct agx_fence_cb cb;    /* on the first pending own fence at or below, while armed */
	struct agx_fence *watched; /* the fence cb is on, a reference */
};

struct agx_fence_array {
	struct agx_fence base;
	uint32_t count, pending;
	struct agx_fence_array_slot {
		struct agx_fence_array *array;
		struct agx_fence *fence; /* a reference */
		struct agx_fence_cb cb;
	} slots[];
};

/* A context number that no other fence of this node uses. */
uint64_t agx_fence_context(struct agx_node *node);

/* Makes an embedded fence, with one reference. timeline is a static string. */
void agx_fence_init(struct agx_node *node, struct agx_fence *fence, uint64_t context,
		    uint64_t seqno, const char *timeline);

/* A pending fence of a context of its own, with one reference; NULL: out of memory. */
struct agx_fence *agx_fence_create(struct agx_node *node, const char *timeline);

/* A fence that has just signalled, with one reference; NULL: out of memory. */
struct agx_fence *agx_fence_create_signalled(struct agx_node *node);

/* The node's own signalled fence, with a reference: where nothing may fail. */
struct agx_fence *agx_fence_stub(struct agx_node *node);

/* References. Both accept NULL. */
struct agx_fence *agx_fence_get(struct agx_fence *fence);
void agx_fence_put(struct agx_fence *fence);

/*
 * Signals a plain fence: error 0 or a negative errno. A second signal is ignored. The fence may
 * be gone afterwards unless the caller holds a reference.
 */
void agx_fence_signal(struct agx_fence *fence, int error);

/* Whether a fence of any kind has signalled. */
bool agx_fence_is_signalled(struct agx_fence *fence);

/* 0: pending; 1: signalled; negative: signalled with that errno. */
int agx_fence_status(struct agx_fence *fence);

/*
 * Registers cb, zeroed or previously removed. -ENOENT, and no call, when the fence has signalled
 * already. The caller keeps the fence referenced while cb is registered.
 */
int agx_fence_add_callback(struct agx_fence *fence, struct agx_fence_cb *cb,
			   void (*func)(struct agx_fence *fence, struct agx_fence_cb *cb));

/* Harmless when cb has been called, was removed before or is zeroed. */
void agx_fence_remove_callback(struct agx_fence_cb *cb);

/* Timelines. to_chain gives NULL for NULL and for other kinds. */
struct agx_fence_chain *agx_fence_to_chain(struct agx_fence *fence);
struct agx_fence_chain *agx_fence_chain_alloc(void);
void agx_fence_chain_free(struct agx_fence_chain *chain); /* of one that was not initialised */

/*
 * Makes chain the point seqno after prev (consumes the reference; NULL, a chain or any other
 * fence) that signals with fence (takes its own reference). A seqno at or before prev's is an
 * unordered point: it gets prev's number and a context of its own.
 */
void agx_fence_chain_init(struct agx_node *node, struct agx_fence_chain *chain,
			  struct agx_fence *prev, struct agx_fence *fence, uint64_t seqno);

/*
 * The next older link of a chain. Consumes the reference on fence and gives one on the result;
 * NULL at the end. Drops links that have signalled.
 */
struct agx_fence *agx_fence_chain_walk(struct agx_fence *fence);

/*
 * Replaces *fence (a reference) by the fence to wait for when point seqno is wanted; NULL there
 * means that point has signalled. seqno 0: *fence as it is. -EINVAL, *fence untouched: there is
 * no such point yet.
 */
int agx_fence_chain_find(struct agx_fence **fence, uint64_t seqno);

/*
 * A fence for all leaves of the given ones (at least one): chains and arrays are taken apart,
 * signalled leaves dropped, of several with one context the latest kept. Gives a reference:
 * the only leaf itself, an array, or a signalled fence when nothing is pending. NULL: -ENOMEM.
 */
struct agx_fence *agx_fence_merge(struct agx_node *node, struct agx_fence *const *fences,
				  size_t count);

/* Calls func for every leaf of fence, signalled leaves included where they are still known. */
void agx_fence_for_each_leaf(struct agx_fence *fence,
			     void (*func)(struct agx_fence *leaf, void *data), void *data);

#endif
