/* SPDX-License-Identifier: MIT */
/*
 * The critic of the GPU: judges all that a command's streams, lists, descriptors and programs hold against the
 * tables of userspace/cmdstream and userspace/isa. It changes nothing and makes no faults: what it has to say
 * are findings.
 */
#ifndef AGX_GPU_CRITIC_H
#define AGX_GPU_CRITIC_H

#include "null.h"
#include "streams.h"

struct gpu_critic;

/* NULL: no memory. Complaints go to the config's complain, which must be there. */
struct gpu_critic *gpu_critic_create(const struct agx_null_gpu_config *config);
void gpu_critic_destroy(struct gpu_critic *critic);

/* place: of the work, as far as it is known before a stream is looked at. */

/* A whole stream with all that it leads to. helper: the work has a helper program. */
void gpu_critic_stream(struct gpu_critic *critic, const struct stream *stream, bool helper,
		       const struct agx_gpu_place *place);

/* A list that a register names. stage: BACKGROUND, END_OF_TILE. */
void gpu_critic_list(struct gpu_critic *critic, const struct stream *stream, unsigned int stage,
		     uint64_t list, uint32_t counts, const struct agx_gpu_place *place);

/* A program that a register names without a list. */
void gpu_critic_helper(struct gpu_critic *critic, const struct stream *stream, uint64_t address,
		       const struct agx_gpu_place *place);

#endif
