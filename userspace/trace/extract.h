/* SPDX-License-Identifier: MIT */
/* The content of a buffer object at a submit. */
#ifndef AGX_TRACE_EXTRACT_H
#define AGX_TRACE_EXTRACT_H

#include "agx_trace.h"

struct agx_trace_extract {
	uint8_t *bytes; /* release with agx_trace_extract_free() */
	uint64_t size;
	uint32_t file; /* the buffer's name */
	uint32_t handle;
	uint64_t offset; /* of bytes[0] in the buffer */
};

/*
 * What the program's CPU had written (and, where recorded, the GPU) to a buffer when submit n
 * (from 0) was called. By handle, in the file of the submit: the whole buffer. By GPU address in
 * the VM of the submit's queue: from there to the end of the mapping. -ENOENT: no such submit,
 * handle or mapping, error says which; -EFBIG: a buffer of more than 64 GiB; as
 * agx_trace_reader_next().
 */
int agx_trace_extract_handle(struct agx_trace_reader *reader, uint64_t n, uint32_t handle,
			     struct agx_trace_extract *out, struct agx_trace_error *error);
int agx_trace_extract_address(struct agx_trace_reader *reader, uint64_t n, uint64_t address,
			      struct agx_trace_extract *out, struct agx_trace_error *error);
void agx_trace_extract_free(struct agx_trace_extract *out);

#endif
