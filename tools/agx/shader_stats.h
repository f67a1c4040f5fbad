/* SPDX-License-Identifier: MIT */
/* What shaders did, as a table and as JSON: those that executed most first. */
#ifndef AGX_SHADER_STATS_H
#define AGX_SHADER_STATS_H

#include <json.h>
#include <stdio.h>

#include "agx_watch.h"

/* Nothing when no shader ran. stats may come from another process, and is not trusted. */
void shader_stats_print(FILE *out, const struct agx_watch_stats *stats);

/* An array; its last entry may be what shaders did that had no place. */
struct json_object *shader_stats_to_json(const struct agx_watch_stats *stats);

#endif
