/* SPDX-License-Identifier: MIT */
/*
 * Messages for the person who ran `agx run`. They go through a named pipe in the run
 * directory that it reads, never to the application's own descriptors, which may have become
 * anything.
 */
#ifndef AGX_PRELOAD_LOG_H
#define AGX_PRELOAD_LOG_H

#include "../node/agx_node.h"

#define PRELOAD_LOG_PIPE "/log"

/* A callback for struct agx_node_config: one line per call; dropped when nobody listens. */
void preload_log(void *data, enum agx_node_log_level level, const char *message);

#endif
