// SPDX-License-Identifier: MIT
#include "place.h"

#include "agx_submit.h"

/* Below the address of a program's list there are six bits of flags. */
#define PROGRAM(usc) ((usc) & ~0x3fu)

void agx_place_note(struct agx_command_note *note, const struct agx_submit_cmd *cmd)
{
	const struct drm_asahi_cmd_render *render = &cmd->args.render;

	*note = (struct agx_command_note){.compute = cmd->type != DRM_ASAHI_CMD_RENDER};
	if (note->compute) {
		note->stream = cmd->args.compute.cdm_ctrl_stream_base;
		return;
	}
	note->stream = render->vdm_ctrl_stream_base;
	note->scissors = render->isp_scissor_base;
	note->depth_biases = render->isp_dbias_base;
	note->background[0] = PROGRAM(render->bg.usc);
	note->background[1] = PROGRAM(render->partial_bg.usc);
	note->end_of_tile[0] = PROGRAM(render->eot.usc);
	note->end_of_tile[1] = PROGRAM(render->partial_eot.usc);
}

static bool same_programs(const struct agx_gpu_place *place, const struct agx_command_note *note,
			  unsigned int pass)
{
	return PROGRAM(place->background) == note->background[pass] &&
	       PROGRAM(place->end_of_tile) == note->end_of_tile[pass];
}

bool agx_place_is_of(const struct agx_gpu_place *place, const struct agx_command_note *note)
{
	switch (place->unit) {
	case AGX_GPU_VERTEX:
		return !note->compute && place->stream == note->stream;
	case AGX_GPU_COMPUTE:
		return note->compute && place->stream == note->stream;
	case AGX_GPU_FRAGMENT:
		return !note->compute && place->scissors == note->scissors &&
		       place->depth_biases == note->depth_biases &&
		       (same_programs(place, note, 0) || same_programs(place, note, 1));
	default:
		return false;
	}
}

void agx_place_fill(struct agx_node_place *out, const struct agx_gpu_place *place)
{
	static const char *const units[AGX_GPU_UNITS] = {
		[AGX_GPU_VERTEX] = "vertex",
		[AGX_GPU_FRAGMENT] = "fragment",
		[AGX_GPU_COMPUTE] = "compute",
	};

	*out = (struct agx_node_place){
		.unit = units[place->unit],
		.item = place->kind == AGX_GPU_AT_DRAW     ? "draw"
			: place->kind == AGX_GPU_AT_LAUNCH ? "dispatch"
							   : "",
		.number = place->number,
		.stage = place->stage ? place->stage : "",
		.list = place->list,
		.shader = place->shader,
	};
}
