/* SPDX-License-Identifier: MIT */
/* Statistics of a trace. */
#ifndef AGX_TRACE_SUMMARY_H
#define AGX_TRACE_SUMMARY_H

#include "agx_trace.h"
#include "asahi_drm.h"

#define AGX_TRACE_MAX_IOCTLS 128

struct agx_trace_ioctl_count {
	uint32_t request;
	uint64_t calls;
	uint64_t errors; /* returns below 0 */
};

struct agx_trace_program {
	uint32_t stream;
	uint32_t parent; /* stream + 1, or 0 */
	char *name;
};

struct agx_trace_summary {
	struct agx_trace_info info;
	struct agx_trace_program *programs;
	uint32_t num_programs;
	char *meta[AGXT_META_MACHINE + 1]; /* by key; texts only; NULL: not there */
	char **history;                    /* every AGXT_META_HISTORY, in order */
	uint32_t num_history;
	bool have_params;
	struct drm_asahi_params_global params;
	struct agx_trace_ioctl_count ioctls[AGX_TRACE_MAX_IOCTLS]; /* by falling number of calls */
	uint32_t num_ioctls;
	uint64_t types[16]; /* records by type; [0]: unknown ones */
	uint64_t files;
	uint64_t pages;
	uint64_t zero_pages;
	uint64_t full_pages;  /* stored */
	uint64_t delta_pages; /* stored */
	uint64_t frames;
	uint64_t labels;
	uint64_t duration_ns;
	uint64_t unfinished_calls;
};

/*
 * Reads the whole trace. 0, or as agx_trace_reader_next(); what was read before an error is filled
 * in.
 */
int agx_trace_summarize(struct agx_trace_reader *reader, struct agx_trace_summary *summary,
			struct agx_trace_error *error);
void agx_trace_summary_finish(struct agx_trace_summary *summary);

#endif
