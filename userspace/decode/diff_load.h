/* SPDX-License-Identifier: MIT */
/* What the parts share that read one side of a comparison. */
#ifndef AGX_DIFF_LOAD_H
#define AGX_DIFF_LOAD_H

#include "agx_decode_trace.h"
#include "diff_collect.h"
#include "diff_trace.h"

#define DIFF_MAX_PENDING 4096u /* calls under way at the same time */
#define DIFF_MAX_VMS     64u   /* in which a word that may be an address is looked up */

/* A call that has not returned. */
struct diff_pending {
	uint64_t seq;
	uint32_t stream;
	uint32_t node;
	uint32_t num_refs;
	uint32_t *refs;
	uint32_t submit; /* number, DIFF_NONE: none */
	size_t lane;
	bool dropped;
};

struct diff_load {
	struct diff_trace *trace;
	struct diff_store *store;
	struct agx_decode_trace *view;
	struct diff_builder *builder;
	struct diff_collect *collect;
	struct agx_decode *decode;
	struct diff_pending *pending;
	size_t num_pending;
	struct state_map files, lanes, queues; /* numbers of those that are known */
	uint32_t *file_buffers;                /* buffers of each file, by its number - 1 */
	size_t num_files, files_capacity;
	uint32_t vms[DIFF_MAX_VMS]; /* that are alive: index in the state */
	uint32_t num_vms;
	uint32_t noted_vms;                     /* how many the state had when they were chosen */
	const struct agx_decode_submit *submit; /* being decoded */
	uint64_t lowest, highest;               /* addresses that are mapped, or were */
	uint64_t kept_pages;
	uint32_t page_records;
	bool work;
};

static inline const struct trace_state *diff_load_state(const struct diff_load *load)
{
	return agx_decode_trace_state(load->view);
}

/* Names: numbers that reports use, references that trees hold. */
size_t diff_load_lane(struct diff_load *load, const struct agx_trace_item *item);
struct diff_buffer *diff_load_buffer(struct diff_load *load, uint32_t object);
uint32_t diff_load_buffer_ref(struct diff_load *load, uint32_t object);
uint32_t diff_load_object_ref(struct diff_load *load, uint32_t object);

/* What is mapped at the address in any address space of the file, or NULL. */
const struct state_binding *diff_load_bound(const struct diff_load *load, uint32_t file,
					    uint64_t address);

/* A root at the end of a list. */
void diff_load_item(struct diff_load *load, struct diff_list *list, uint32_t node, uint32_t number,
		    const uint32_t *refs);

/* Calls: diff_calls.c. The last: those that never returned. */
void diff_load_call(struct diff_load *load, const struct agx_decode_step *step);
void diff_load_return(struct diff_load *load, const struct agx_decode_step *step);
void diff_load_unfinished(struct diff_load *load);

#endif
