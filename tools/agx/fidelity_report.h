/* SPDX-License-Identifier: MIT */
/* How far what executed programs gave can be trusted: what they used, with its fidelity (model/gpu/shader/fidelity.h). */
#ifndef AGX_FIDELITY_REPORT_H
#define AGX_FIDELITY_REPORT_H

#include <stdio.h>

struct agx_usage;
struct json_object;

/* A line; nothing when nothing was executed. */
void fidelity_print(FILE *out, const struct agx_usage *usage);

struct json_object *fidelity_to_json(const struct agx_usage *usage);

#endif
