/* SPDX-License-Identifier: MIT */
/*
 * Content of buffer objects: pages of 4 KiB, kept in chunks of one GPU page (16 KiB) so that what is
 * contiguous on the GPU mostly is here. Pages of zeros take no memory.
 */
#ifndef AGX_TRACE_STORE_H
#define AGX_TRACE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_PAGE  4096u
#define STORE_CHUNK 16384u

struct trace_store {
	struct trace_store_leaf **leaves; /* of 2 MiB each */
	uint32_t num_leaves;
	bool used; /* for sweeps */
};

/* What stores may take together, and take. */
struct trace_budget {
	uint64_t limit, held, most;
	uint64_t stamp; /* of the last write */
};

/*
 * Sets page number page. content: 4096 bytes; NULL: zeros. 0, -ENOMEM, or -EFBIG when the budget
 * has no room.
 */
int trace_store_set(struct trace_store *store, struct trace_budget *budget, uint64_t page,
		    const uint8_t *content);

/* The bytes from offset to the end of its chunk (never NULL). Sets *left, *known (page), *stamp. */
const uint8_t *trace_store_get(const struct trace_store *store, uint64_t offset, size_t *left,
			       bool *known, uint64_t *stamp);

/* Frees what the store holds. */
void trace_store_finish(struct trace_store *store, struct trace_budget *budget);

#endif
