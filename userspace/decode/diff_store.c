// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "diff_store.h"

const char *const diff_topic_names[DIFF_TOPICS] = {
	[DIFF_IOCTLS] = "ioctls",   [DIFF_STATE] = "state",   [DIFF_DESCRIPTORS] = "descriptors",
	[DIFF_SHADERS] = "shaders", [DIFF_MEMORY] = "memory",
};

/* An array that grows. */
struct pool {
	void *items;
	size_t count;
	size_t capacity;
};

/* Open addressing over numbers of strings, blobs or nodes; number + 1, 0: free. */
struct table {
	uint32_t *slots;
	size_t capacity;
	size_t count;
};

struct string {
	uint64_t hash;
	size_t offset; /* in text */
	uint32_t size;
};

struct blob {
	uint64_t hash;
	size_t size;
	size_t offset; /* in bytes, SIZE_MAX: not kept */
};

struct diff_store {
	struct pool strings, text;
	struct pool blobs, bytes;
	struct pool nodes, leaves, links;
	struct table string_table, blob_table, node_table;
	int error;
	unsigned int side;    /* 0, 1: whose trees come in */
	uint64_t overflow[2]; /* digest of what was not kept; 0: everything was */
};

struct frame {
	uint8_t kind;
	uint8_t topic;
	uint32_t title;
	uint32_t blob;
	size_t leaf;  /* first in builder->leaves */
	size_t child; /* first in builder->children */
	size_t ref;   /* first in builder->refs: of own leaves, then of children by part_ref */
};

struct child {
	uint32_t node;
	uint32_t pad;
	size_t ref; /* first in builder->child_refs */
};

struct diff_builder {
	struct diff_store *store;
	struct frame frames[DIFF_MAX_DEPTH];
	unsigned int depth; /* may be more than there are frames */
	struct pool leaves;
	struct pool children;
	struct pool refs;       /* of own leaves of the frames, stacked */
	struct pool child_refs; /* of the children of the frames, stacked */
	struct pool result;
};

/* Room for count more items; NULL when there is none. The items count as used. */
static void *pool_add(struct diff_store *store, struct pool *pool, size_t count, size_t size)
{
	size_t at = pool->count;

	if (store->error)
		return NULL;
	if (!pool->items || pool->capacity - pool->count < count) {
		size_t capacity = pool->capacity ? pool->capacity * 2 : 64;
		void *items;

		while (capacity - pool->count < count)
			capacity *= 2;
		items = reallocarray(pool->items, capacity, size);
		if (!items) {
			store->error = -ENOMEM;
			return NULL;
		}
		pool->items = items;
		pool->capacity = capacity;
	}
	pool->count += count;
	return (char *)pool->items + at * size;
}

static void pool_finish(struct pool *pool)
{
	free(pool->items);
}

/* Where a hash's chain starts. Hashes are well mixed. */
static size_t table_start(const struct table *table, uint64_t hash)
{
	return hash & (table->capacity - 1);
}

static uint64_t item_hash(const struct diff_store *store, const struct table *table, uint32_t item)
{
	if (table == &store->string_table)
		return ((const struct string *)store->strings.items)[item].hash;
	if (table == &store->blob_table)
		return ((const struct blob *)store->blobs.items)[item].hash;
	return ((const struct diff_node *)store->nodes.items)[item].hash;
}

static bool table_grow(struct diff_store *store, struct table *table)
{
	size_t capacity = table->capacity ? table->capacity * 2 : 1024, i;
	struct table larger = {calloc(capacity, sizeof(*larger.slots)), capacity, table->count};

	if (!larger.slots) {
		store->error = -ENOMEM;
		return false;
	}
	for (i = 0; i < table->capacity; i++) {
		size_t at;

		if (!table->slots[i])
			continue;
		at = table_start(&larger, item_hash(store, table, table->slots[i] - 1));
		while (larger.slots[at])
			at = (at + 1) & (capacity - 1);
		larger.slots[at] = table->slots[i];
	}
	free(table->slots);
	*table = larger;
	return true;
}

static void table_add(struct diff_store *store, struct table *table, uint64_t hash, uint32_t item)
{
	size_t at;

	if (table->count * 4 >= table->capacity * 3 && !table_grow(store, table))
		return;
	at = table_start(table, hash);
	while (table->slots[at])
		at = (at + 1) & (table->capacity - 1);
	table->slots[at] = item + 1;
	table->count++;
}

struct diff_store *diff_store_create(void)
{
	struct diff_store *store = calloc(1, sizeof(*store));
	struct diff_node *root;

	if (!store)
		return NULL;
	diff_string_sized(store, "", 0);
	pool_add(store, &store->blobs, 1, sizeof(struct blob));
	root = pool_add(store, &store->nodes, 1, sizeof(*root));
	if (store->error) {
		diff_store_destroy(store);
		return NULL;
	}
	memset(root, 0, sizeof(*root));
	memset(store->blobs.items, 0, sizeof(struct blob));
	return store;
}

void diff_store_destroy(struct diff_store *store)
{
	if (!store)
		return;
	pool_finish(&store->strings);
	pool_finish(&store->text);
	pool_finish(&store->blobs);
	pool_finish(&store->bytes);
	pool_finish(&store->nodes);
	pool_finish(&store->leaves);
	pool_finish(&store->links);
	free(store->string_table.slots);
	free(store->blob_table.slots);
	free(store->node_table.slots);
	free(store);
}

int diff_store_error(const struct diff_store *store)
{
	return store->error;
}

void diff_store_fail(struct diff_store *store, int error)
{
	if (!store->error)
		store->error = error;
}

void diff_store_side(struct diff_store *store, unsigned int side)
{
	store->side = side & 1;
}

bool diff_store_full(const struct diff_store *store, bool *same)
{
	*same = store->overflow[0] == store->overflow[1];
	return store->overflow[0] || store->overflow[1];
}

/* Something is not kept: its digest is, so that equal traces stay equal. */
static void overflow(struct diff_store *store, uint64_t hash)
{
	uint64_t *digest = &store->overflow[store->side];

	*digest = (*digest ^ hash) * 0x9e3779b97f4a7c15u + 1;
}

uint32_t diff_string_sized(struct diff_store *store, const char *text, size_t size)
{
	const struct string *strings = store->strings.items;
	uint64_t hash;
	struct string *string;
	size_t at;
	char *to;

	if (size > UINT32_MAX)
		size = UINT32_MAX;
	hash = XXH3_64bits(text, size);
	if (store->string_table.capacity) {
		const struct table *table = &store->string_table;

		for (at = table_start(table, hash); table->slots[at];
		     at = (at + 1) & (table->capacity - 1)) {
			const struct string *known = &strings[table->slots[at] - 1];

			if (known->hash == hash && known->size == size &&
			    !memcmp((char *)store->text.items + known->offset, text, size))
				return table->slots[at] - 1;
		}
	}
	if (store->text.count + size >= DIFF_MAX_TEXT) {
		overflow(store, hash);
		return 0;
	}
	at = store->text.count;
	to = pool_add(store, &store->text, size + 1, 1);
	string = pool_add(store, &store->strings, 1, sizeof(*string));
	if (!to || !string)
		return 0;
	memcpy(to, text, size);
	to[size] = 0;
	*string = (struct string){.hash = hash, .offset = at, .size = (uint32_t)size};
	at = store->strings.count - 1;
	table_add(store, &store->string_table, hash, (uint32_t)at);
	return (uint32_t)at;
}

uint32_t diff_string(struct diff_store *store, const char *text)
{
	return diff_string_sized(store, text, strlen(text));
}

const char *diff_text(const struct diff_store *store, uint32_t string)
{
	if (string >= store->strings.count)
		return "";
	return (char *)store->text.items + ((struct string *)store->strings.items)[string].offset;
}

uint32_t diff_blob(struct diff_store *store, const void *bytes, size_t size)
{
	const struct blob *blobs = store->blobs.items;
	const struct table *table = &store->blob_table;
	uint64_t hash = XXH3_64bits(bytes, size);
	size_t offset = SIZE_MAX, at;
	struct blob *blob;

	if (table->capacity) {
		for (at = table_start(table, hash); table->slots[at];
		     at = (at + 1) & (table->capacity - 1)) {
			const struct blob *known = &blobs[table->slots[at] - 1];

			if (known->hash == hash && known->size == size &&
			    (known->offset == SIZE_MAX ||
			     !memcmp((char *)store->bytes.items + known->offset, bytes, size)))
				return table->slots[at] - 1;
		}
	}
	if (store->blobs.count >= DIFF_MAX_NODES) {
		overflow(store, hash);
		return 0;
	}
	if (size <= DIFF_MAX_BLOBS - store->bytes.count) {
		void *to = pool_add(store, &store->bytes, size, 1);

		if (!to)
			return 0;
		memcpy(to, bytes, size);
		offset = store->bytes.count - size;
	}
	blob = pool_add(store, &store->blobs, 1, sizeof(*blob));
	if (!blob)
		return 0;
	*blob = (struct blob){.hash = hash, .size = size, .offset = offset};
	at = store->blobs.count - 1;
	table_add(store, &store->blob_table, hash, (uint32_t)at);
	return (uint32_t)at;
}

const void *diff_blob_bytes(const struct diff_store *store, uint32_t number, size_t *size)
{
	const struct blob *blob;

	*size = 0;
	if (!number || number >= store->blobs.count)
		return NULL;
	blob = (const struct blob *)store->blobs.items + number;
	*size = blob->size;
	if (blob->offset == SIZE_MAX)
		return NULL;
	return (char *)store->bytes.items + blob->offset;
}

uint64_t diff_blob_digest(const struct diff_store *store, uint32_t number)
{
	if (number >= store->blobs.count)
		return 0;
	return ((const struct blob *)store->blobs.items)[number].hash;
}

const struct diff_node *diff_node(const struct diff_store *store, uint32_t node)
{
	if (node >= store->nodes.count)
		node = 0;
	return (const struct diff_node *)store->nodes.items + node;
}

const struct diff_leaf *diff_leaves(const struct diff_store *store, const struct diff_node *node)
{
	return (const struct diff_leaf *)store->leaves.items + node->leaf;
}

const uint32_t *diff_children(const struct diff_store *store, const struct diff_node *node)
{
	return (const uint32_t *)store->links.items + node->child;
}

/*
 * Builder.
 */

struct diff_builder *diff_builder_create(struct diff_store *store)
{
	struct diff_builder *builder = calloc(1, sizeof(*builder));

	if (builder)
		builder->store = store;
	else
		store->error = -ENOMEM;
	return builder;
}

void diff_builder_destroy(struct diff_builder *builder)
{
	if (!builder)
		return;
	pool_finish(&builder->leaves);
	pool_finish(&builder->children);
	pool_finish(&builder->refs);
	pool_finish(&builder->child_refs);
	pool_finish(&builder->result);
	free(builder);
}

unsigned int diff_builder_depth(const struct diff_builder *builder)
{
	return builder->depth;
}

/* The node being built, or the deepest that is kept. NULL: none. */
static struct frame *top(struct diff_builder *builder)
{
	if (!builder->depth)
		return NULL;
	return &builder->frames[(builder->depth < DIFF_MAX_DEPTH ? builder->depth
								 : DIFF_MAX_DEPTH) -
				1];
}

void diff_begin(struct diff_builder *builder, enum diff_kind kind, enum diff_topic topic,
		const char *title)
{
	if (builder->depth++ >= DIFF_MAX_DEPTH) {
		overflow(builder->store, XXH3_64bits(title, strlen(title)));
		return;
	}
	builder->frames[builder->depth - 1] = (struct frame){
		.kind = (uint8_t)kind,
		.topic = (uint8_t)topic,
		.title = diff_string(builder->store, title),
		.leaf = builder->leaves.count,
		.child = builder->children.count,
		.ref = builder->refs.count,
	};
}

void diff_leaf_typed(struct diff_builder *builder, const struct diff_leaf *leaf)
{
	struct diff_leaf *to;

	if (!builder->depth)
		return;
	to = pool_add(builder->store, &builder->leaves, 1, sizeof(*to));
	if (to)
		*to = *leaf;
}

void diff_leaf_text(struct diff_builder *builder, const char *name, const char *text)
{
	diff_leaf_typed(builder, &(struct diff_leaf){
					 .name = diff_string(builder->store, name),
					 .type = DIFF_LEAF_TEXT,
					 .value = diff_string(builder->store, text),
				 });
}

void diff_leaf_number(struct diff_builder *builder, const char *name, uint64_t value)
{
	diff_leaf_typed(builder, &(struct diff_leaf){
					 .name = diff_string(builder->store, name),
					 .type = DIFF_LEAF_NUMBER,
					 .value = value,
				 });
}

void diff_leaf_object(struct diff_builder *builder, const char *name, const char *what,
		      uint32_t object)
{
	uint32_t *ref;

	if (!builder->depth)
		return;
	diff_leaf_typed(builder, &(struct diff_leaf){
					 .name = diff_string(builder->store, name),
					 .type = DIFF_LEAF_OBJECT,
					 .value = diff_string(builder->store, what),
				 });
	ref = pool_add(builder->store, &builder->refs, 1, sizeof(*ref));
	if (ref)
		*ref = object;
}

void diff_set_blob(struct diff_builder *builder, uint32_t blob)
{
	if (builder->depth && builder->depth <= DIFF_MAX_DEPTH)
		top(builder)->blob = blob;
}

void diff_set_kind(struct diff_builder *builder, enum diff_kind kind)
{
	if (builder->depth && builder->depth <= DIFF_MAX_DEPTH)
		top(builder)->kind = (uint8_t)kind;
}

static void add_child(struct diff_builder *builder, uint32_t node, const uint32_t *refs)
{
	uint32_t count = diff_node(builder->store, node)->refs;
	size_t first = builder->child_refs.count;
	struct child *child = pool_add(builder->store, &builder->children, 1, sizeof(*child));
	uint32_t *to = pool_add(builder->store, &builder->child_refs, count, sizeof(*to));

	if (!child || !to)
		return;
	*child = (struct child){.node = node, .ref = first};
	if (count)
		memcpy(to, refs, count * sizeof(*to));
}

void diff_child(struct diff_builder *builder, uint32_t node, const uint32_t *refs)
{
	if (builder->depth)
		add_child(builder, node, refs);
}

void diff_copy(struct diff_builder *builder, uint32_t number, const uint32_t *refs)
{
	const struct diff_store *store = builder->store;
	struct diff_node node = *diff_node(store, number);
	uint32_t i;

	for (i = 0; i < node.leaves; i++) {
		struct diff_leaf leaf = diff_leaves(store, &node)[i];
		uint32_t *ref;

		diff_leaf_typed(builder, &leaf);
		if (leaf.type != DIFF_LEAF_OBJECT)
			continue;
		ref = pool_add(builder->store, &builder->refs, 1, sizeof(*ref));
		if (ref)
			*ref = *refs;
		refs++;
	}
	for (i = 0; i < node.children; i++) {
		uint32_t child = diff_children(store, &node)[i];

		diff_child(builder, child, refs);
		refs += diff_node(store, child)->refs;
	}
}

uint32_t diff_builder_children(const struct diff_builder *builder)
{
	struct frame *frame = top((struct diff_builder *)builder);

	return frame ? (uint32_t)(builder->children.count - frame->child) : 0;
}

static bool same(const void *a, const void *b, size_t size)
{
	return !size || !memcmp(a, b, size);
}

/* The node with these parts: one that is there, or a new one. */
static uint32_t intern(struct diff_store *store, struct diff_node *node,
		       const struct diff_leaf *leaves, const uint32_t *children)
{
	const struct table *table = &store->node_table;
	struct {
		uint64_t leaves, children;
		uint32_t kind, title, blob, counts;
	} key = {
		.leaves = XXH3_64bits(leaves, node->leaves * sizeof(*leaves)),
		.children = XXH3_64bits(children, node->children * sizeof(*children)),
		.kind = node->kind | (uint32_t)node->topic << 8,
		.title = node->title,
		.blob = node->blob,
		.counts = node->leaves,
	};
	struct diff_leaf *leaf;
	struct diff_node *to;
	uint32_t *link;
	size_t at;

	node->hash = XXH3_64bits(&key, sizeof(key));
	if (table->capacity) {
		for (at = table_start(table, node->hash); table->slots[at];
		     at = (at + 1) & (table->capacity - 1)) {
			const struct diff_node *known = diff_node(store, table->slots[at] - 1);

			if (known->hash == node->hash && known->leaves == node->leaves &&
			    known->children == node->children && known->kind == node->kind &&
			    known->title == node->title && known->blob == node->blob &&
			    same(diff_leaves(store, known), leaves,
				 node->leaves * sizeof(*leaves)) &&
			    same(diff_children(store, known), children,
				 node->children * sizeof(*children)))
				return table->slots[at] - 1;
		}
	}
	if (store->nodes.count >= DIFF_MAX_NODES ||
	    store->leaves.count + node->leaves > DIFF_MAX_LEAVES ||
	    store->links.count + node->children > DIFF_MAX_LINKS) {
		overflow(store, node->hash);
		return 0;
	}
	leaf = pool_add(store, &store->leaves, node->leaves, sizeof(*leaf));
	link = pool_add(store, &store->links, node->children, sizeof(*link));
	to = pool_add(store, &store->nodes, 1, sizeof(*to));
	if (!leaf || !link || !to)
		return 0;
	if (node->leaves)
		memcpy(leaf, leaves, node->leaves * sizeof(*leaf));
	if (node->children)
		memcpy(link, children, node->children * sizeof(*link));
	*to = *node;
	to->leaf = (uint32_t)(store->leaves.count - node->leaves);
	to->child = (uint32_t)(store->links.count - node->children);
	at = store->nodes.count - 1;
	table_add(store, &store->node_table, node->hash, (uint32_t)at);
	return (uint32_t)at;
}

/* Sums over the children from first, and their numbers in a list of their own. */
static const uint32_t *sum_children(struct diff_builder *builder, size_t first,
				    struct diff_node *node)
{
	const struct child *items = builder->children.items;
	const struct child *children = items ? items + first : NULL;
	uint64_t size = 1;
	uint32_t *list, i;

	node->children = (uint32_t)(builder->children.count - first);
	builder->result.count = 0;
	list = pool_add(builder->store, &builder->result, node->children, sizeof(*list));
	if (!list)
		return NULL;
	for (i = 0; i < node->children; i++) {
		const struct diff_node *child = diff_node(builder->store, children[i].node);

		list[i] = children[i].node;
		node->refs += child->refs;
		node->draws += child->draws;
		size += child->size;
		if (child->depth >= node->depth)
			node->depth = child->depth + 1;
	}
	node->size = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
	return list;
}

uint32_t diff_end(struct diff_builder *builder, const uint32_t **refs)
{
	struct diff_store *store = builder->store;
	struct diff_node node = {0};
	size_t own, below, child_ref;
	struct frame *frame;
	uint32_t number = 0, *all = NULL;
	const uint32_t *list;

	if (refs)
		*refs = NULL;
	if (!builder->depth)
		return 0;
	if (builder->depth > DIFF_MAX_DEPTH) {
		builder->depth--;
		return 0;
	}
	frame = top(builder);
	node.kind = frame->kind;
	node.topic = frame->topic;
	node.title = frame->title;
	node.blob = frame->blob;
	node.leaves = (uint32_t)(builder->leaves.count - frame->leaf);
	node.draws = frame->kind == DIFF_NODE_DRAW || frame->kind == DIFF_NODE_DISPATCH;
	own = builder->refs.count - frame->ref;
	node.refs = (uint32_t)own;
	list = sum_children(builder, frame->child, &node);
	if (list)
		number =
			intern(store, &node,
			       (const struct diff_leaf *)builder->leaves.items + frame->leaf, list);

	/* Own references, then the children's. */
	below = node.refs - own;
	child_ref = builder->child_refs.count - below;
	builder->result.count = 0;
	all = pool_add(store, &builder->result, node.refs, sizeof(*all));
	if (all && own)
		memcpy(all, (uint32_t *)builder->refs.items + frame->ref, own * sizeof(*all));
	if (all && below)
		memcpy(all + own, (uint32_t *)builder->child_refs.items + child_ref,
		       below * sizeof(*all));
	builder->leaves.count = frame->leaf;
	builder->children.count = frame->child;
	builder->refs.count = frame->ref;
	if (!store->error)
		builder->child_refs.count = child_ref;
	builder->depth--;
	if (builder->depth && all)
		add_child(builder, number, all);
	if (refs)
		*refs = all;
	return number;
}

void diff_gather(struct diff_builder *builder, uint32_t count, enum diff_kind kind,
		 enum diff_topic topic, const char *title)
{
	struct diff_node node = {0};
	const uint32_t *list;
	struct child *first;
	size_t at;

	if (!count || count > diff_builder_children(builder) || builder->store->error)
		return;
	at = builder->children.count - count;
	list = sum_children(builder, at, &node);
	if (!list)
		return;
	node.kind = (uint8_t)kind;
	node.topic = (uint8_t)topic;
	node.title = diff_string(builder->store, title);
	node.draws += kind == DIFF_NODE_DRAW || kind == DIFF_NODE_DISPATCH;
	/* The references stay where they are: one after the other, as before. */
	first = (struct child *)builder->children.items + at;
	first->node = intern(builder->store, &node, NULL, list);
	builder->children.count = at + 1;
}

uint32_t diff_take_child(struct diff_builder *builder)
{
	const struct child *last;

	if (!diff_builder_children(builder) || builder->store->error)
		return 0;
	last = (const struct child *)builder->children.items + --builder->children.count;
	builder->child_refs.count = last->ref;
	return last->node;
}

/* A child and what it is sorted by. */
struct sorted {
	uint32_t title, node;
};

static int by_title(const void *p, const void *q)
{
	const struct sorted *x = p, *y = q;

	if (x->title != y->title)
		return x->title < y->title ? -1 : 1;
	return x->node < y->node ? -1 : x->node > y->node;
}

void diff_sort_children(struct diff_builder *builder)
{
	uint32_t count = diff_builder_children(builder), kept = 0, i;
	struct sorted *list;
	struct child *first;

	if (count < 2 || builder->store->error)
		return;
	builder->result.count = 0;
	list = pool_add(builder->store, &builder->result, 2 * (size_t)count, sizeof(uint32_t));
	if (!list)
		return;
	first = (struct child *)builder->children.items + builder->children.count - count;
	for (i = 0; i < count; i++) {
		const struct diff_node *node = diff_node(builder->store, first[i].node);

		if (node->refs)
			return;
		list[i] = (struct sorted){node->title, first[i].node};
	}
	qsort(list, count, sizeof(*list), by_title);
	for (i = 0; i < count; i++) {
		if (!i || list[i].node != list[i - 1].node)
			first[kept++].node = list[i].node;
	}
	builder->children.count -= count - kept;
}
