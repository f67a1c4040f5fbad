/* SPDX-License-Identifier: MIT */
/* Structure checks of a decoded chunk. */
#ifndef AGX_TRACE_CHECK_H
#define AGX_TRACE_CHECK_H

#include "trace_internal.h"

struct chunk_fault {
	const char *what;
	uint32_t offset; /* in the raw bytes */
	bool have_values;
	uint64_t expected;
	uint64_t got;
};

/*
 * Checks header->raw_size raw bytes, so that everything behind agx_trace_reader_next() is safe to
 * use. Returns 0, or -1 with fault filled.
 */
int chunk_check(const struct agxt_chunk_header *header, const uint8_t *raw,
		struct chunk_fault *fault);

#endif
