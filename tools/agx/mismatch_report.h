/* SPDX-License-Identifier: MIT */
/* What a replay says about memory: what was compared, and the first launch that did not do as recorded. */
#ifndef AGX_MISMATCH_REPORT_H
#define AGX_MISMATCH_REPORT_H

#include <stdio.h>

struct json_object;
struct suite_result;

/* Lines below the trace's; nothing when nothing was executed. */
void mismatch_print(FILE *out, const struct suite_result *result);

/* Members "results" and "mismatch", if there is something to say. */
void mismatch_to_json(struct json_object *trace, const struct suite_result *result);

#endif
