// SPDX-License-Identifier: MIT
/*
 * Fences.
 *
 * A plain fence signals once and calls whoever registered. Chains and arrays are made of other
 * fences; they look at those only when they are asked, or, once somebody has registered with
 * them ("armed"), by a callback embedded in them. That keeps what nobody waits for free of
 * charge, and a signal free of allocations, as in the kernel.
 *
 * Containers do not nest deeper than chain > array > plain: whoever builds a timeline point or
 * an array from foreign material passes it through agx_fence_merge(), which takes it apart. So
 * the recursions below are bounded whatever a client does.
 */
#include "fence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node_internal.h"
#include "sched_internal.h"

uint64_t agx_fence_context(struct agx_node *node)
{
	return ++node->sched->last_context;
}

void agx_fence_init(struct agx_node *node, struct agx_fence *fence, uint64_t context,
		    uint64_t seqno, const char *timeline)
{
	*fence = (struct agx_fence){
		.node = node,
		.refs = 1,
		.kind = AGX_FENCE_PLAIN,
		.context = context,
		.seqno = seqno,
		.driver = "asahi",
		.timeline = timeline,
	};
	list_init(&fence->callbacks);
}

struct agx_fence *agx_fence_create(struct agx_node *node, const char *timeline)
{
	struct agx_fence *fence = malloc(sizeof(*fence));

	if (fence)
		agx_fence_init(node, fence, agx_fence_context(node), 1, timeline);
	return fence;
}

/* The kernel's stub fences have context and number 0, and these names. */
static void init_stub(struct agx_node *node, struct agx_fence *fence)
{
	agx_fence_init(node, fence, 0, 0, "stub");
	fence->driver = "stub";
	fence->signalled = true;
	fence->timestamp = agx_node_now(node);
}

struct agx_fence *agx_fence_create_signalled(struct agx_node *node)
{
	struct agx_fence *fence = malloc(sizeof(*fence));

	if (fence)
		init_stub(node, fence);
	return fence;
}

struct agx_fence *agx_fence_stub(struct agx_node *node)
{
	struct agx_fence *stub = &node->sched->stub;

	/* One reference stays with the node, which frees it with the scheduler. */
	if (!stub->refs)
		init_stub(node, stub);
	return agx_fence_get(stub);
}

struct agx_fence *agx_fence_get(struct agx_fence *fence)
{
	if (fence)
		fence->refs++;
	return fence;
}

static void array_release(struct agx_fence_array *array)
{
	for (uint32_t i = 0; i < array->count; i++) {
		agx_fence_remove_callback(&array->slots[i].cb);
		agx_fence_put(array->slots[i].fence);
	}
	free(array);
}

static void chain_drop_watch(struct agx_fence_chain *chain)
{
	agx_fence_remove_callback(&chain->cb);
	agx_fence_put(chain->watched);
	chain->watched = NULL;
}

/* A long chain goes link by link here instead of by recursion. */
static void chain_release(struct agx_fence_chain *chain)
{
	while (chain) {
		struct agx_fence *prev = chain->prev;
		struct agx_fence_chain *next = agx_fence_to_chain(prev);

		chain_drop_watch(chain);
		agx_fence_put(chain->fence);
		free(chain);
		if (next && next->base.refs == 1) {
			chain = next;
		} else {
			agx_fence_put(prev);
			chain = NULL;
		}
	}
}

void agx_fence_put(struct agx_fence *fence)
{
	if (!fence || --fence->refs)
		return;
	if (fence->kind == AGX_FENCE_CHAIN)
		chain_release((struct agx_fence_chain *)fence);
	else if (fence->kind == AGX_FENCE_ARRAY)
		array_release((struct agx_fence_array *)fence);
	else if (fence->release)
		fence->release(fence);
	else
		free(fence);
}

/* Signals a fence of any kind. */
static void signal_any(struct agx_fence *fence, int error, uint64_t timestamp)
{
	if (fence->signalled)
		return;
	fence->signalled = true;
	fence->error = error;
	fence->timestamp = timestamp;
	/* A callback may drop the last reference but ours, or remove other callbacks. */
	agx_fence_get(fence);
	while (!list_empty(&fence->callbacks)) {
		struct agx_fence_cb *cb =
			list_first_entry(&fence->callbacks, struct agx_fence_cb, link);

		list_del(&cb->link);
		cb->func(fence, cb);
	}
	agx_fence_put(fence);
}

void agx_fence_signal(struct agx_fence *fence, int error)
{
	if (!fence->signalled)
		signal_any(fence, error, agx_node_now(fence->node));
}

struct agx_fence_chain *agx_fence_to_chain(struct agx_fence *fence)
{
	return fence && fence->kind == AGX_FENCE_CHAIN ? (struct agx_fence_chain *)fence : NULL;
}

/* A link's own fence, or the fence itself that ends a chain. */
static struct agx_fence *own_fence(struct agx_fence *fence)
{
	struct agx_fence_chain *chain = agx_fence_to_chain(fence);

	return chain ? chain->fence : fence;
}

/*
 * The first pending own fence from the newest link down, with a reference; NULL: there is none,
 * and *timestamp is the latest signal's.
 */
static struct agx_fence *chain_pending(struct agx_fence_chain *chain, uint64_t *timestamp)
{
	struct agx_fence *link = agx_fence_get(&chain->base);

	*timestamp = 0;
	while (link) {
		struct agx_fence *own = own_fence(link);

		if (!agx_fence_is_signalled(own)) {
			agx_fence_get(own);
			agx_fence_put(link);
			return own;
		}
		if (own->timestamp > *timestamp)
			*timestamp = own->timestamp;
		link = agx_fence_chain_walk(link);
	}
	return NULL;
}

static bool array_all_signalled(struct agx_fence_array *array, int *error, uint64_t *timestamp)
{
	*error = 0;
	*timestamp = 0;
	for (uint32_t i = 0; i < array->count; i++) {
		struct agx_fence *fence = array->slots[i].fence;

		if (!fence->signalled)
			return false;
		if (!*error)
			*error = fence->error;
		if (fence->timestamp > *timestamp)
			*timestamp = fence->timestamp;
	}
	return true;
}

bool agx_fence_is_signalled(struct agx_fence *fence)
{
	uint64_t timestamp;
	int error;

	if (fence->signalled || fence->kind == AGX_FENCE_PLAIN)
		return fence->signalled;
	if (fence->kind == AGX_FENCE_CHAIN) {
		struct agx_fence *pending =
			chain_pending((struct agx_fence_chain *)fence, &timestamp);

		if (pending) {
			agx_fence_put(pending);
			return false;
		}
		signal_any(fence, 0, timestamp);
	} else if (array_all_signalled((struct agx_fence_array *)fence, &error, &timestamp)) {
		signal_any(fence, error, timestamp);
	}
	return fence->signalled;
}

int agx_fence_status(struct agx_fence *fence)
{
	if (!agx_fence_is_signalled(fence))
		return 0;
	return fence->error ? fence->error : 1;
}

static void chain_arm(struct agx_fence_chain *chain);

static void chain_link_signalled(struct agx_fence *fence, struct agx_fence_cb *cb)
{
	(void)fence;
	chain_arm(list_entry(cb, struct agx_fence_chain, cb));
}

/* Watches the next pending link, or signals. Armed chains hold a reference on themselves. */
static void chain_arm(struct agx_fence_chain *chain)
{
	uint64_t timestamp;
	struct agx_fence *pending;

	if (!chain->base.armed) {
		chain->base.armed = true;
		agx_fence_get(&chain->base);
	}
	chain_drop_watch(chain);
	while ((pending = chain_pending(chain, &timestamp))) {
		chain->watched = pending;
		if (!agx_fence_add_callback(pending, &chain->cb, chain_link_signalled))
			return;
		chain_drop_watch(chain);
	}
	signal_any(&chain->base, 0, timestamp);
	chain->base.armed = false;
	agx_fence_put(&chain->base);
}

static void array_slot_signalled(struct agx_fence *fence, struct agx_fence_cb *cb)
{
	struct agx_fence_array_slot *slot = list_entry(cb, struct agx_fence_array_slot, cb);
	struct agx_fence_array *array = slot->array;

	(void)fence;
	if (--array->pending)
		return;
	agx_fence_is_signalled(&array->base);
	array->base.armed = false;
	agx_fence_put(&array->base);
}

static void array_arm(struct agx_fence_array *array)
{
	array->base.armed = true;
	agx_fence_get(&array->base);
	array->pending = 1;
	for (uint32_t i = 0; i < array->count; i++) {
		struct agx_fence_array_slot *slot = &array->slots[i];

		if (!agx_fence_add_callback(slot->fence, &slot->cb, array_slot_signalled))
			array->pending++;
	}
	/* Not all had signalled when this was called, so at least one callback is to come. */
	array->pending--;
}

int agx_fence_add_callback(struct agx_fence *fence, struct agx_fence_cb *cb,
			   void (*func)(struct agx_fence *fence, struct agx_fence_cb *cb))
{
	list_init(&cb->link);
	cb->func = func;
	if (agx_fence_is_signalled(fence))
		return -ENOENT;
	list_add_tail(&cb->link, &fence->callbacks);
	if (!fence->armed && fence->kind == AGX_FENCE_CHAIN)
		chain_arm((struct agx_fence_chain *)fence);
	else if (!fence->armed && fence->kind == AGX_FENCE_ARRAY)
		array_arm((struct agx_fence_array *)fence);
	return 0;
}

void agx_fence_remove_callback(struct agx_fence_cb *cb)
{
	if (cb->link.next)
		list_del(&cb->link);
}

struct agx_fence_chain *agx_fence_chain_alloc(void)
{
	return calloc(1, sizeof(struct agx_fence_chain));
}

void agx_fence_chain_free(struct agx_fence_chain *chain)
{
	free(chain);
}

void agx_fence_chain_init(struct agx_node *node, struct agx_fence_chain *chain,
			  struct agx_fence *prev, struct agx_fence *fence, uint64_t seqno)
{
	struct agx_fence_chain *prev_chain = agx_fence_to_chain(prev);
	uint64_t context, prev_seqno = 0;

	if (prev_chain && seqno > prev->seqno) {
		context = prev->context;
		prev_seqno = prev->seqno;
	} else {
		context = agx_fence_context(node);
		if (prev_chain)
			seqno = prev->seqno;
	}
	agx_fence_init(node, &chain->base, context, seqno, "unbound");
	chain->base.kind = AGX_FENCE_CHAIN;
	chain->base.driver = "dma_fence_chain";
	chain->prev = prev;
	chain->prev_seqno = prev_seqno;
	chain->fence = agx_fence_get(fence);
	memset(&chain->cb, 0, sizeof(chain->cb));
	chain->watched = NULL;
}

struct agx_fence *agx_fence_chain_walk(struct agx_fence *fence)
{
	struct agx_fence_chain *chain = agx_fence_to_chain(fence);
	struct agx_fence *prev = NULL;

	if (chain) {
		while ((prev = chain->prev)) {
			struct agx_fence_chain *prev_chain = agx_fence_to_chain(prev);

			if (!agx_fence_is_signalled(own_fence(prev)))
				break;
			chain->prev = prev_chain ? agx_fence_get(prev_chain->prev) : NULL;
			agx_fence_put(prev);
		}
		agx_fence_get(prev);
	}
	agx_fence_put(fence);
	return prev;
}

int agx_fence_chain_find(struct agx_fence **fence, uint64_t seqno)
{
	struct agx_fence_chain *chain = agx_fence_to_chain(*fence);
	struct agx_fence *link;
	uint64_t context;

	if (!seqno)
		return 0;
	if (!chain || chain->base.seqno < seqno)
		return -EINVAL;
	context = chain->base.context;
	link = *fence;
	while (link) {
		chain = agx_fence_to_chain(link);
		if (link->context != context || !chain || chain->prev_seqno < seqno)
			break;
		link = agx_fence_chain_walk(link);
	}
	*fence = link;
	return 0;
}

void agx_fence_for_each_leaf(struct agx_fence *fence,
			     void (*func)(struct agx_fence *leaf, void *data), void *data)
{
	struct agx_fence *link = agx_fence_get(fence);

	while (link) {
		struct agx_fence *own = own_fence(link);

		if (own->kind == AGX_FENCE_ARRAY) {
			struct agx_fence_array *array = (struct agx_fence_array *)own;

			for (uint32_t i = 0; i < array->count; i++)
				agx_fence_for_each_leaf(array->slots[i].fence, func, data);
		} else if (own->kind == AGX_FENCE_CHAIN) {
			agx_fence_for_each_leaf(own, func, data);
		} else {
			func(own, data);
		}
		link = agx_fence_chain_walk(link);
	}
}

struct merge {
	struct agx_fence **leaves; /* NULL: only count */
	size_t count;
	uint64_t timestamp; /* of the latest signalled leaf */
};

static void merge_leaf(struct agx_fence *leaf, void *data)
{
	struct merge *merge = data;

	if (leaf->signalled) {
		if (leaf->timestamp > merge->timestamp)
			merge->timestamp = leaf->timestamp;
		return;
	}
	if (merge->leaves)
		merge->leaves[merge->count] = leaf;
	merge->count++;
}

static int compare_leaves(const void *a, const void *b)
{
	const struct agx_fence *fa = *(struct agx_fence *const *)a;
	const struct agx_fence *fb = *(struct agx_fence *const *)b;

	if (fa->context != fb->context)
		return fa->context < fb->context ? -1 : 1;
	/* The latest of a context first: it stands for the earlier ones. */
	return fa->seqno > fb->seqno ? -1 : fa->seqno < fb->seqno;
}

struct agx_fence *agx_fence_merge(struct agx_node *node, struct agx_fence *const *fences,
				  size_t count)
{
	struct merge merge = {0};
	struct agx_fence_array *array;
	struct agx_fence *result = NULL;
	size_t kept = 0;

	if (count == 1 && fences[0]->kind == AGX_FENCE_PLAIN && !fences[0]->signalled)
		return agx_fence_get(fences[0]);

	for (size_t i = 0; i < count; i++)
		agx_fence_for_each_leaf(fences[i], merge_leaf, &merge);
	if (!merge.count) {
		/* As the kernel, keep the time of the last signal, but not errors. */
		result = agx_fence_create_signalled(node);
		if (result)
			result->timestamp = merge.timestamp;
		return result;
	}
	merge.leaves = calloc(merge.count, sizeof(*merge.leaves));
	if (!merge.leaves)
		return NULL;
	merge.count = 0;
	for (size_t i = 0; i < count; i++)
		agx_fence_for_each_leaf(fences[i], merge_leaf, &merge);

	qsort(merge.leaves, merge.count, sizeof(*merge.leaves), compare_leaves);
	for (size_t i = 0; i < merge.count; i++)
		if (!kept || merge.leaves[kept - 1]->context != merge.leaves[i]->context)
			merge.leaves[kept++] = merge.leaves[i];
	if (kept == 1) {
		result = agx_fence_get(merge.leaves[0]);
		goto out;
	}

	array = calloc(1, sizeof(*array) + kept * sizeof(array->slots[0]));
	if (!array)
		goto out;
	agx_fence_init(node, &array->base, agx_fence_context(node), 1, "unbound");
	array->base.kind = AGX_FENCE_ARRAY;
	array->base.driver = "dma_fence_array";
	array->count = (uint32_t)kept;
	for (size_t i = 0; i < kept; i++) {
		array->slots[i].array = array;
		array->slots[i].fence = agx_fence_get(merge.leaves[i]);
	}
	result = &array->base;
out:
	free(merge.leaves);
	return result;
}
