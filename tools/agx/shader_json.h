/* SPDX-License-Identifier: MIT */
/* What a watch tells, a line of JSON each. docs/shader-debug.md has the members. */
#ifndef AGX_SHADER_JSON_H
#define AGX_SHADER_JSON_H

#include <stdio.h>

#include "agx_watch.h"

/* lanes: of which values are given; a null for those that were not active. */
void shader_json_step(FILE *out, const struct agx_watch_step *step, uint32_t lanes);
void shader_json_stop(FILE *out, const char *reason, const struct agx_watch_stop *stop);
void shader_json_race(FILE *out, const struct agx_watch_race *race);

#endif
