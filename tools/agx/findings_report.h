/* SPDX-License-Identifier: MIT */
/* What the models of firmware and GPU found wrong, and why the GPU was halted, as text and as JSON. */
#ifndef AGX_FINDINGS_REPORT_H
#define AGX_FINDINGS_REPORT_H

#include <json-c/json.h>
#include <stdio.h>

struct findings;

/* Two or three lines for each kind and each halt, indented. */
void findings_print(FILE *out, const struct findings *findings);

/* {"count": N, "kinds": [...]} */
struct json_object *findings_to_json(const struct findings *findings);

/* [{"kind": "fault", ...}] */
struct json_object *troubles_to_json(const struct findings *findings);

/* Adds what another process found. */
void findings_merge(struct findings *to, const struct findings *from);

#endif
