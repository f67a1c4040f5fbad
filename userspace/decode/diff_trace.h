/* SPDX-License-Identifier: MIT */
/*
 * One side of a comparison: a trace, read once, as trees of the store.
 *
 *   lanes    the calls of one thread on one file, in order
 *   queues   the submissions of one queue, in order, decoded; or, of work (see diff_work.h), the
 *            commands of all queues of one file, in the order in which they were submitted
 *   buffers  what the program wrote into each buffer object, page by page
 *
 * Files, threads, queues and buffers are counted in the order in which they came into use: that is how
 * they are called in reports, and how the two sides find each other.
 */
#ifndef AGX_DIFF_TRACE_H
#define AGX_DIFF_TRACE_H

#include "agx_decode_trace.h"
#include "diff_store.h"

/* A root, and where the references of its tree start in refs. */
struct diff_item {
	uint32_t node;
	uint32_t number;  /* of the submit in its trace, DIFF_NONE: none */
	uint32_t command; /* of work: in the submit; else DIFF_NONE */
	size_t refs;
};

struct diff_list {
	struct diff_item *items;
	size_t count, capacity;
};

struct diff_lane {
	uint32_t file_number;   /* from 1, in order of opening */
	uint32_t thread_number; /* from 1, in order of its first call on the file */
	struct diff_list calls;
};

struct diff_queue {
	uint32_t object; /* of the state, DIFF_NONE: submits to a queue that is not known */
	uint32_t file_number;
	uint32_t number;          /* from 1, in its file */
	struct diff_list submits; /* of work: commands */
};

/* A page that the program changed. */
struct diff_page {
	uint64_t page;
	uint64_t hash;    /* of the content, addresses left out */
	uint32_t submits; /* before it */
	uint32_t record;  /* how many PAGES records were before */
};

struct diff_buffer {
	uint32_t object; /* of the state: the first name of this memory; DIFF_NONE: never seen */
	uint32_t file_number;
	uint32_t number; /* from 1, in its file */
	uint64_t size;
	uint32_t flags; /* of GEM_CREATE */
	bool decoded;   /* streams, descriptors or shaders lie in it */
	bool has_create;
	uint64_t first;  /* hash of the first pages written */
	uint64_t beyond; /* digest of pages that are not kept */
	struct diff_page *pages;
	size_t count, capacity;
};

#define DIFF_MAX_PAGES (1u << 23) /* of all buffers */

/* References: what they name. */
#define DIFF_REF_KIND(ref)  ((ref) >> 28)
#define DIFF_REF_INDEX(ref) ((ref)&0x0fffffffu)

enum diff_ref_kind {
	DIFF_REF_UNKNOWN, /* names nothing that lives */
	DIFF_REF_BUFFER,  /* number of the buffer in buffers */
	DIFF_REF_OBJECT,  /* number of the object in the state */
};

struct diff_trace {
	struct diff_store *store;
	unsigned int side;
	char *path;
	struct diff_lane *lanes;
	size_t num_lanes, lanes_capacity;
	struct diff_queue *queues;
	size_t num_queues, queues_capacity;
	struct diff_buffer *buffers; /* by share of the state */
	size_t num_buffers, buffers_capacity;
	uint32_t *refs;
	size_t num_refs, refs_capacity;
	bool refs_lost;           /* too many: identities are not compared */
	uint64_t lowest, highest; /* of the addresses that were mapped */
	uint64_t submits, calls, pages, frames;
	char soc[32];
	bool truncated;
	struct agx_decode_stats stats;
};

struct diff_trace_params {
	bool force;
	void (*damage)(void *data, const struct agx_trace_error *error);
	void *damage_data;
	bool work;                /* commands in the form of diff_work.h, and nothing else */
	bool topics[DIFF_TOPICS]; /* what is wanted: without the decoded ones nothing is decoded */
};

/*
 * Reads a trace into the store. 0, or as agx_decode_trace_step(). On failure *trace is NULL.
 */
int diff_trace_load(struct diff_store *store, unsigned int side, const char *path,
		    const struct diff_trace_params *params, struct diff_trace **trace,
		    struct agx_trace_error *error);
void diff_trace_destroy(struct diff_trace *trace);

/* Stands in the bytes of memory for a word that is an address. */
#define DIFF_ADDRESS_WORD 0xadd2e550add2e550ull

#endif
