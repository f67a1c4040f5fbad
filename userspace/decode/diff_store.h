/* SPDX-License-Identifier: MIT */
/*
 * What a comparison keeps of two traces: a forest in which equal trees are one.
 *
 * Both traces go into one store. A node has a kind, a title, leaves (name and value) and children; whoever
 * builds the same node again gets the same number. So "did it change?" is a comparison of two numbers,
 * memory grows with what is different and not with what is long, and a change that occurs in a thousand
 * draws is computed once.
 *
 * Nothing in a node depends on where memory happened to be: values are normalised before they come here.
 * What identifies an object (a buffer, a queue) is a reference: nodes hold only that there is one, the
 * objects of an occurrence stand in a list beside its root, in the order of the leaves.
 *
 * Failures are sticky: after one, everything returns 0 and diff_store_error() says why.
 */
#ifndef AGX_DIFF_STORE_H
#define AGX_DIFF_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIFF_NONE UINT32_MAX

/* Limits: past them the store keeps only a digest, see diff_store_full(). */
#define DIFF_MAX_NODES  (1u << 23)
#define DIFF_MAX_LEAVES (1u << 25)
#define DIFF_MAX_LINKS  (1u << 25)
#define DIFF_MAX_TEXT   (1u << 28)
#define DIFF_MAX_BLOBS  (1u << 28) /* bytes of code and memory kept to be shown */
#define DIFF_MAX_DEPTH  32

/* What a node or line is about; users choose by it. */
enum diff_topic {
	DIFF_IOCTLS,
	DIFF_STATE,
	DIFF_DESCRIPTORS,
	DIFF_SHADERS,
	DIFF_MEMORY,
	DIFF_TOPICS,
};

extern const char *const diff_topic_names[DIFF_TOPICS];

enum diff_kind {
	DIFF_NODE_ROOT,
	DIFF_NODE_CALL, /* an ioctl */
	DIFF_NODE_PART, /* of a call: element of an array, command header */
	DIFF_NODE_SUBMIT,
	DIFF_NODE_COMMAND,
	DIFF_NODE_STREAM,
	DIFF_NODE_DRAW,
	DIFF_NODE_DISPATCH,
	DIFF_NODE_BLOCK, /* and anything else that has fields */
	DIFF_NODE_SHADER,
	DIFF_NODE_MEMORY,
};

enum diff_leaf_type {
	DIFF_LEAF_TEXT, /* value: number of a string */
	DIFF_LEAF_NUMBER,
	DIFF_LEAF_WORD, /* of memory: shown with all its digits */
	DIFF_LEAF_HALF,
	DIFF_LEAF_FIELD,    /* desc: struct agx_cs_field */
	DIFF_LEAF_ARGUMENT, /* desc: struct agx_ioctl_field */
	DIFF_LEAF_OBJECT,   /* value: number of a string that tells what it is; has a reference */
	DIFF_LEAF_PROBLEM,  /* value: number of a string */
};

struct diff_leaf {
	uint32_t name;  /* string */
	uint16_t type;  /* enum diff_leaf_type */
	uint16_t index; /* of an array field */
	const void *desc;
	uint64_t value;
};

struct diff_node {
	uint64_t hash;
	uint8_t kind;   /* enum diff_kind */
	uint8_t topic;  /* enum diff_topic */
	uint16_t depth; /* of the tree below */
	uint32_t title; /* string */
	uint32_t leaf, leaves;
	uint32_t child, children;
	uint32_t refs;  /* references in the whole tree */
	uint32_t size;  /* nodes in the whole tree, at most UINT32_MAX */
	uint32_t blob;  /* bytes of code or memory, 0: none */
	uint32_t draws; /* draws and dispatches in the whole tree */
};

struct diff_store;

struct diff_store *diff_store_create(void);
void diff_store_destroy(struct diff_store *store);

/* 0, -ENOMEM. */
int diff_store_error(const struct diff_store *store);

/* Makes the store fail: something that belongs into it got lost. */
void diff_store_fail(struct diff_store *store, int error);

/* Whose trees are built from now on: 0 or 1. */
void diff_store_side(struct diff_store *store, unsigned int side);

/* A limit was met, what came after it is known by its digest only; *same: and that is equal. */
bool diff_store_full(const struct diff_store *store, bool *same);

/* Strings: the same text has the same number. 0 is "". size bytes, or up to the NUL. */
uint32_t diff_string(struct diff_store *store, const char *text);
uint32_t diff_string_sized(struct diff_store *store, const char *text, size_t size);
const char *diff_text(const struct diff_store *store, uint32_t string);

/* Bytes, likewise; 0: none. Those beyond the limit are known by size and digest only. */
uint32_t diff_blob(struct diff_store *store, const void *bytes, size_t size);
/* NULL: not kept. */
const void *diff_blob_bytes(const struct diff_store *store, uint32_t blob, size_t *size);
uint64_t diff_blob_digest(const struct diff_store *store, uint32_t blob);

/* Valid until the next node is made. Node 0 is an empty root. */
const struct diff_node *diff_node(const struct diff_store *store, uint32_t node);
const struct diff_leaf *diff_leaves(const struct diff_store *store, const struct diff_node *node);
const uint32_t *diff_children(const struct diff_store *store, const struct diff_node *node);

/*
 * Builds one tree at a time, from the root down. Leaves and children may come in any order.
 */
struct diff_builder;

struct diff_builder *diff_builder_create(struct diff_store *store);
void diff_builder_destroy(struct diff_builder *builder);

void diff_begin(struct diff_builder *builder, enum diff_kind kind, enum diff_topic topic,
		const char *title);
void diff_leaf_text(struct diff_builder *builder, const char *name, const char *text);
void diff_leaf_number(struct diff_builder *builder, const char *name, uint64_t value);
void diff_leaf_typed(struct diff_builder *builder, const struct diff_leaf *leaf);
/* A reference to an object; what: what it is, apart from which one. */
void diff_leaf_object(struct diff_builder *builder, const char *name, const char *what,
		      uint32_t object);
void diff_set_blob(struct diff_builder *builder, uint32_t blob);
void diff_set_kind(struct diff_builder *builder, enum diff_kind kind);
/* A tree that was built before, with its references. */
void diff_child(struct diff_builder *builder, uint32_t node, const uint32_t *refs);

/* Takes over the leaves and children of a node that was built before, with its references. */
void diff_copy(struct diff_builder *builder, uint32_t node, const uint32_t *refs);

/*
 * Ends the node. *refs: the references of its tree, valid until the next begin; refs may be NULL.
 * Returns the node.
 */
uint32_t diff_end(struct diff_builder *builder, const uint32_t **refs);

/* How many nodes are begun and not ended. */
unsigned int diff_builder_depth(const struct diff_builder *builder);

/*
 * Gathers, at the end of a stream, what precedes each draw or dispatch with it: the last count children
 * of the node that is being built become one, of the kind and topic given, with this title.
 */
void diff_gather(struct diff_builder *builder, uint32_t count, enum diff_kind kind,
		 enum diff_topic topic, const char *title);

/* Children so far of the node that is being built. */
uint32_t diff_builder_children(const struct diff_builder *builder);

/*
 * For trees without references, whose parts have an order that means nothing. The first: the last
 * child leaves the node that is being built again; 0: there is none. The second: the children are
 * sorted by title, and of equal ones one stays.
 */
uint32_t diff_take_child(struct diff_builder *builder);
void diff_sort_children(struct diff_builder *builder);

#endif
