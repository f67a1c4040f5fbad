/* SPDX-License-Identifier: MIT */
/*
 * From what the GPU was at to the submission and command that a client made: the GPU knows nothing of these, so
 * that a command is recognised by what it puts into registers.
 */
#ifndef AGX_PLACE_H
#define AGX_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "agx_gpu.h"
#include "agx_node.h"

struct agx_submit_cmd;

/* What a command is recognised by. */
struct agx_command_note {
	uint64_t stream;
	uint64_t scissors, depth_biases;        /* of renders, as all below */
	uint32_t background[2], end_of_tile[2]; /* of the whole pass, and of partial renders */
	bool compute;
	uint32_t launches; /* that have ended, and were found to be this command's */
};

void agx_place_note(struct agx_command_note *note, const struct agx_submit_cmd *cmd);

/* Whether the work that the GPU was at came of this command. */
bool agx_place_is_of(const struct agx_gpu_place *place, const struct agx_command_note *note);

/* All but submit and command. */
void agx_place_fill(struct agx_node_place *out, const struct agx_gpu_place *place);

#endif
