/* SPDX-License-Identifier: MIT */
/* Writes a trace anew, record by record, with a chance to change each on the way. */
#ifndef AGX_TEST_REWRITE_H
#define AGX_TEST_REWRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "agxt_format.h"

/*
 * Called for each record, in order, with a copy that may be changed (its size not). PAGES come as
 * PAGES_RAW: struct agxt_pages and count x 4096 bytes. False leaves the record out.
 */
typedef bool (*rewrite_fn)(void *data, uint64_t index, uint32_t stream, struct agxt_record *rec);

/*
 * keep_digest: the new file claims the old one's whole-trace digest. 0 or a negative errno,
 * with a line on standard error.
 */
int rewrite_trace(const char *in, const char *out, bool keep_digest, rewrite_fn fn, void *data);

#endif
