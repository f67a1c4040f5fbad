/* SPDX-License-Identifier: MIT */
/* What `agx replay` can replay on. */
#ifndef AGX_REPLAY_TARGET_H
#define AGX_REPLAY_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "replay.h"

/*
 * The virtual node, single-stepped, with the recording's clock; one node per recorded process.
 * memory_limit: bytes of buffer objects per node, 0: the node's default. verbose: the node's
 * messages go to standard error. NULL when out of memory. One such target at a time per process.
 */
struct agx_replay_target *replay_target_virtual_create(uint64_t memory_limit, bool verbose);

/* The DRM node at path (borrowed). Its GPU has to be the SoC that the replay asks for. */
struct agx_replay_target *replay_target_node_create(const char *path);

/* After the replay: no file may be open any more. NULL is fine. */
void replay_target_virtual_destroy(struct agx_replay_target *target);
void replay_target_node_destroy(struct agx_replay_target *target);

#endif
