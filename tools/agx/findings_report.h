/* SPDX-License-Identifier: MIT */
/* What the firmware model found wrong, as text and as JSON. */
#ifndef AGX_FINDINGS_REPORT_H
#define AGX_FINDINGS_REPORT_H

#include <json-c/json.h>
#include <stdio.h>

struct findings;

/* Two lines for each kind, indented. */
void findings_print(FILE *out, const struct findings *findings);

/* {"count": N, "kinds": [...]} */
struct json_object *findings_to_json(const struct findings *findings);

/* Adds what another process found. */
void findings_merge(struct findings *to, const struct findings *from);

#endif
