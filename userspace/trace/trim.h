/* SPDX-License-Identifier: MIT */
/* Cuts a range of submits out of a trace, with the state that they need. */
#ifndef AGX_TRACE_TRIM_H
#define AGX_TRACE_TRIM_H

#include "agx_trace.h"

/*
 * Writes submits first to last (from 0, both included) of a trace to fd (empty, borrowed) as a
 * trace of its own: the calls that made what lives at the first one, memory, mappings and fence
 * states as they were then, and everything from there to the return of the last one. level as in
 * agx_trace_writer_params.
 *
 * 0; -ENOENT: there are no such submits; -EINVAL: first > last; as reader and writer.
 */
int agx_trace_trim(struct agx_trace_reader *reader, uint64_t first, uint64_t last, int fd,
		   int level, struct agx_trace_error *error);

#endif
