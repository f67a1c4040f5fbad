// SPDX-License-Identifier: MIT
/*
 * A treap keyed by address: cutting out a range is two splits and a merge, whatever the range
 * covers. Priorities come from a small generator; nobody gains by making the tree deep, since
 * it is the application's own.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>

#include "mappings.h"

#define POOL_CHUNK (64ul << 10)

struct mapping_node {
	uintptr_t start, end;
	struct agx_bo *bo;
	struct mapping_node *left, *right; /* right also links the free list */
	uint32_t priority;
};

_Atomic uintptr_t mappings_low = UINTPTR_MAX, mappings_high;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct mapping_node *root, *free_nodes;
static unsigned int free_count;
static uint32_t random_state = 0x9e3779b9;

void mappings_lock(void)
{
	pthread_mutex_lock(&lock);
}

void mappings_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

int mappings_reserve(void)
{
	struct mapping_node *chunk;
	size_t i;

	/* A move cuts at four addresses and adds one mapping. */
	if (free_count >= 5)
		return 0;
	chunk = mmap(NULL, POOL_CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if ((void *)chunk == MAP_FAILED)
		return -ENOMEM;
	for (i = 0; i < POOL_CHUNK / sizeof(*chunk); i++) {
		chunk[i].right = free_nodes;
		free_nodes = &chunk[i];
		free_count++;
	}
	return 0;
}

static struct mapping_node *new_node(uintptr_t start, uintptr_t end, struct agx_bo *bo)
{
	struct mapping_node *node = free_nodes;

	free_nodes = node->right;
	free_count--;
	random_state = random_state * 1664525 + 1013904223;
	*node = (struct mapping_node){
		.start = start, .end = end, .bo = bo, .priority = random_state};
	return node;
}

/* Nodes that start below at go left, the others right. */
static void split(struct mapping_node *node, uintptr_t at, struct mapping_node **left,
		  struct mapping_node **right)
{
	while (node) {
		if (node->start < at) {
			*left = node;
			left = &node->right;
			node = node->right;
		} else {
			*right = node;
			right = &node->left;
			node = node->left;
		}
	}
	*left = *right = NULL;
}

/* Everything in a is below everything in b. */
static struct mapping_node *merge(struct mapping_node *a, struct mapping_node *b)
{
	struct mapping_node *result, **place = &result;

	while (a && b) {
		if (a->priority > b->priority) {
			*place = a;
			place = &a->right;
			a = a->right;
		} else {
			*place = b;
			place = &b->left;
			b = b->left;
		}
	}
	*place = a ? a : b;
	return result;
}

static struct mapping_node *last_below(uintptr_t at)
{
	struct mapping_node *node = root, *found = NULL;

	while (node) {
		if (node->start < at) {
			found = node;
			node = node->right;
		} else {
			node = node->left;
		}
	}
	return found;
}

/* Makes at a boundary: the mapping that covers it becomes two. */
static void cut(uintptr_t at)
{
	struct mapping_node *node = last_below(at), *tail, *left, *right;

	if (!node || node->end <= at)
		return;
	tail = new_node(at, node->end, agx_bo_get(node->bo));
	node->end = at;
	split(root, at, &left, &right);
	root = merge(merge(left, tail), right);
}

static void update_bounds(void)
{
	if (!root) {
		atomic_store(&mappings_low, UINTPTR_MAX);
		atomic_store(&mappings_high, 0);
	}
}

struct mapping_node *mappings_remove(uintptr_t start, size_t size)
{
	uintptr_t end = start + size;
	struct mapping_node *left, *middle, *right;

	cut(start);
	cut(end);
	split(root, start, &left, &middle);
	split(middle, end, &middle, &right);
	root = merge(left, right);
	update_bounds();
	return middle;
}

void mappings_add(uintptr_t start, size_t size, struct agx_bo *bo)
{
	struct mapping_node *left, *right;

	split(root, start, &left, &right);
	root = merge(merge(left, new_node(start, start + size, bo)), right);
	if (start < atomic_load(&mappings_low))
		atomic_store(&mappings_low, start);
	if (start + size > atomic_load(&mappings_high))
		atomic_store(&mappings_high, start + size);
}

struct mapping_node *mappings_join(struct mapping_node *a, struct mapping_node *b)
{
	struct mapping_node *node = a;

	if (!a)
		return b;
	while (node->right)
		node = node->right;
	node->right = b;
	return a;
}

struct agx_bo *mappings_find(uintptr_t start, uintptr_t *mapping_end)
{
	struct mapping_node *node = last_below(start + 1);

	if (!node || node->end <= start)
		return NULL;
	*mapping_end = node->end;
	return agx_bo_get(node->bo);
}

void mappings_put(struct mapping_node *removed)
{
	struct mapping_node *node, *list = NULL, *next;

	/* Flattens the tree by rotating left children up, dropping as it goes. */
	while (removed) {
		node = removed;
		if (node->left) {
			removed = node->left;
			node->left = removed->right;
			removed->right = node;
			continue;
		}
		removed = node->right;
		agx_bo_put(node->bo);
		node->right = list;
		list = node;
	}
	if (!list)
		return;
	mappings_lock();
	for (; list; list = next) {
		next = list->right;
		list->right = free_nodes;
		free_nodes = list;
		free_count++;
	}
	mappings_unlock();
}
