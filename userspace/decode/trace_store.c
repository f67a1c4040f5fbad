// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agxt_format.h"
#include "trace_store.h"

#define LEAF_CHUNKS  128u
#define LEAF_BYTES   ((uint64_t)LEAF_CHUNKS * STORE_CHUNK)
#define CHUNK_PAGES  (STORE_CHUNK / STORE_PAGE)
#define LEAF_PAGES   (LEAF_CHUNKS * CHUNK_PAGES)
#define MAX_PAGES    (AGXT_MAX_BO_SIZE / STORE_PAGE)
#define STAMP_VIRGIN 1 /* of chunks that nobody has written */

struct trace_store_leaf {
	uint8_t *bytes[LEAF_CHUNKS]; /* NULL: zeros */
	uint64_t stamps[LEAF_CHUNKS];
	uint8_t known[LEAF_CHUNKS]; /* a bit per page */
};

_Static_assert(STORE_PAGE == AGXT_PAGE_SIZE, "pages of the trace");
_Static_assert(CHUNK_PAGES <= 8, "bits of known");

static const uint8_t zeros[STORE_CHUNK];

static bool charge(struct trace_budget *budget, uint64_t bytes)
{
	if (bytes > budget->limit - budget->held)
		return false;
	budget->held += bytes;
	if (budget->held > budget->most)
		budget->most = budget->held;
	return true;
}

/* The leaf, made if need be. 0, -ENOMEM, -EFBIG. */
static int need_leaf(struct trace_store *store, struct trace_budget *budget, uint32_t index,
		     struct trace_store_leaf **leaf)
{
	if (index >= store->num_leaves) {
		uint32_t count =
			index + 1 > store->num_leaves * 2 ? index + 1 : store->num_leaves * 2;
		struct trace_store_leaf **leaves;

		if (!charge(budget, (uint64_t)(count - store->num_leaves) * sizeof(*leaves)))
			return -EFBIG;
		leaves = reallocarray(store->leaves, count, sizeof(*leaves));
		if (!leaves)
			return -ENOMEM;
		memset(leaves + store->num_leaves, 0,
		       (count - store->num_leaves) * sizeof(*leaves));
		store->leaves = leaves;
		store->num_leaves = count;
	}
	if (!store->leaves[index]) {
		if (!charge(budget, sizeof(**leaf)))
			return -EFBIG;
		store->leaves[index] = calloc(1, sizeof(**leaf));
		if (!store->leaves[index])
			return -ENOMEM;
	}
	*leaf = store->leaves[index];
	return 0;
}

int trace_store_set(struct trace_store *store, struct trace_budget *budget, uint64_t page,
		    const uint8_t *content)
{
	struct trace_store_leaf *leaf = NULL;
	uint32_t chunk, part;
	int ret;

	if (page >= MAX_PAGES)
		return -EFBIG;
	ret = need_leaf(store, budget, page / LEAF_PAGES, &leaf);
	if (ret)
		return ret;
	chunk = page % LEAF_PAGES / CHUNK_PAGES;
	part = page % CHUNK_PAGES;
	if (!leaf->bytes[chunk] && content) {
		if (!charge(budget, STORE_CHUNK))
			return -EFBIG;
		leaf->bytes[chunk] = calloc(1, STORE_CHUNK);
		if (!leaf->bytes[chunk])
			return -ENOMEM;
	}
	if (content)
		memcpy(leaf->bytes[chunk] + part * STORE_PAGE, content, STORE_PAGE);
	else if (leaf->bytes[chunk])
		memset(leaf->bytes[chunk] + part * STORE_PAGE, 0, STORE_PAGE);
	leaf->known[chunk] |= 1u << part;
	leaf->stamps[chunk] = ++budget->stamp + STAMP_VIRGIN;
	return 0;
}

const uint8_t *trace_store_get(const struct trace_store *store, uint64_t offset, size_t *left,
			       bool *known, uint64_t *stamp)
{
	uint64_t index = offset / LEAF_BYTES;
	uint32_t chunk = offset % LEAF_BYTES / STORE_CHUNK;
	uint32_t at = offset % STORE_CHUNK;
	const struct trace_store_leaf *leaf =
		store && index < store->num_leaves ? store->leaves[index] : NULL;

	*left = STORE_CHUNK - at;
	*known = leaf && leaf->known[chunk] >> at / STORE_PAGE & 1;
	*stamp = leaf && leaf->stamps[chunk] ? leaf->stamps[chunk] : STAMP_VIRGIN;
	return (leaf && leaf->bytes[chunk] ? leaf->bytes[chunk] : zeros) + at;
}

void trace_store_finish(struct trace_store *store, struct trace_budget *budget)
{
	uint32_t i, j;

	for (i = 0; i < store->num_leaves; i++) {
		if (!store->leaves[i])
			continue;
		for (j = 0; j < LEAF_CHUNKS; j++) {
			if (store->leaves[i]->bytes[j])
				budget->held -= STORE_CHUNK;
			free(store->leaves[i]->bytes[j]);
		}
		budget->held -= sizeof(**store->leaves);
		free(store->leaves[i]);
	}
	budget->held -= (uint64_t)store->num_leaves * sizeof(*store->leaves);
	free(store->leaves);
	memset(store, 0, sizeof(*store));
}
