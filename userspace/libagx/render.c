// SPDX-License-Identifier: MIT
/*
 * Render passes: one render command each. Beginning a pass fills in the command but for what draws
 * add to it; the end uploads the arrays that draws named entries of.
 */
#include <stdio.h>
#include <stdlib.h>

#include "render_internal.h"
#include "vm_internal.h"

#define LARGEST_PASS   16384u
#define LARGEST_LAYERS 2048u

static void destroy(void *data)
{
	struct lib_render *render = data;

	free(render->scissors.bytes);
	free(render->biases.bytes);
	free(render);
}

static struct lib_render *render_of(struct agx_cmdbuf *cmdbuf)
{
	struct lib_render *render = cmdbuf->render;

	if (render)
		return render;
	render = calloc(1, sizeof(*render));
	if (!render) {
		lib_cmdbuf_error(cmdbuf, -ENOMEM, "render pass: no memory");
		return NULL;
	}
	render->cmdbuf = cmdbuf;
	cmdbuf->render = render;
	cmdbuf->render_destroy = destroy;
	return render;
}

int lib_render_entry(struct lib_render *render, struct lib_entries *entries, const void *entry)
{
	if (entries->count == entries->capacity) {
		const uint32_t capacity = entries->capacity ? 2 * entries->capacity : 64;
		uint8_t *bytes;

		/* Records have 16 bits for an index. */
		if (entries->count > UINT16_MAX)
			return lib_cmdbuf_error(render->cmdbuf, -E2BIG,
						"render pass: more than 65536 scissors, or depth "
						"biases, that differ");
		bytes = realloc(entries->bytes, (size_t)capacity * entries->size);
		if (!bytes)
			return lib_cmdbuf_error(render->cmdbuf, -ENOMEM, "render pass: no memory");
		entries->bytes = bytes;
		entries->capacity = capacity;
	}
	memcpy(entries->bytes + (size_t)entries->count * entries->size, entry, entries->size);
	return (int)entries->count++;
}

static int refuse_attachment(struct lib_render *render, const char *what, int number,
			     const char *expected, unsigned int want, unsigned int got)
{
	char name[32];

	if (number < 0)
		snprintf(name, sizeof(name), "%s", what);
	else
		snprintf(name, sizeof(name), "%s %d", what, number);
	return lib_cmdbuf_error(render->cmdbuf, -EINVAL, "render pass: %s: %s %u expected, got %u",
				name, expected, want, got);
}

/* The first attachment decides what the pass leaves open, and the others have to agree. */
static int check_attachment(struct lib_render *render, const struct agx_attachment *a,
			    const char *what, int number)
{
	struct drm_asahi_cmd_render *command = &render->command;
	const struct agx_layout_params *params;
	const struct agx_layout_level *level;

	if (!a->image)
		return 0;
	params = &a->image->layout.params;
	if (a->load > AGX_LOAD_IMAGE)
		return refuse_attachment(render, what, number, "a load of at most", AGX_LOAD_IMAGE,
					 a->load);
	if (lib_buffer_vm(a->image->buffer) != render->cmdbuf->vm || !a->image->address)
		return lib_cmdbuf_error(render->cmdbuf, -EINVAL,
					"render pass: %s: an image that is bound in the command "
					"buffer's VM expected",
					what);
	if (a->level >= params->levels)
		return refuse_attachment(render, what, number, "a level below", params->levels,
					 a->level);
	if (a->layer >= params->layers || command->layers > params->layers - a->layer)
		return refuse_attachment(render, what, number, "layers up to", params->layers,
					 a->layer + command->layers);
	if (params->dimension == AGX_DIMENSION_3D)
		return lib_cmdbuf_error(
			render->cmdbuf, -EINVAL,
			"render pass: %s: an image of layers expected, got a 3D image", what);
	level = &a->image->layout.level[a->level];
	if (!command->width_px)
		command->width_px = level->width;
	if (!command->height_px)
		command->height_px = level->height;
	if (!command->samples)
		command->samples = params->samples;
	/* Programs at tiles' ends write whole tiles, cut at the image's edge only. */
	if (level->width != command->width_px)
		return refuse_attachment(render, what, number, "the pass's width",
					 command->width_px, level->width);
	if (level->height != command->height_px)
		return refuse_attachment(render, what, number, "the pass's height",
					 command->height_px, level->height);
	if (params->samples != command->samples)
		return refuse_attachment(render, what, number, "the pass's samples",
					 command->samples, params->samples);
	return 0;
}

static int check_pass(struct lib_render *render, const struct agx_render_pass *pass)
{
	struct agx_cmdbuf *cmdbuf = render->cmdbuf;
	struct drm_asahi_cmd_render *command = &render->command;
	unsigned int i;
	int ret;

	if (pass->colour_count > AGX_MAX_COLOURS)
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"render pass: at most %u colours expected, got %u",
					AGX_MAX_COLOURS, pass->colour_count);
	if (pass->width > LARGEST_PASS || pass->height > LARGEST_PASS)
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"render pass: at most %ux%u pixels expected, got %ux%u",
					LARGEST_PASS, LARGEST_PASS, pass->width, pass->height);
	if (pass->layers > LARGEST_LAYERS)
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"render pass: at most %u layers expected, got %u",
					LARGEST_LAYERS, pass->layers);
	if (pass->samples > 4 || pass->samples == 3)
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"render pass: 1, 2 or 4 samples expected, got %u",
					pass->samples);
	if (pass->occlusion && (pass->occlusion & 7 || pass->occlusion < cmdbuf->va_start ||
				pass->occlusion >= cmdbuf->va_end))
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL,
			"render pass: occlusion counters at a multiple of 8 in the VM expected, "
			"got %#llx",
			(unsigned long long)pass->occlusion);
	command->width_px = pass->width;
	command->height_px = pass->height;
	command->layers = pass->layers ? pass->layers : 1;
	command->samples = pass->samples;
	for (i = 0; i < pass->colour_count; i++) {
		ret = check_attachment(render, &pass->colour[i], "colour", (int)i);
		if (ret)
			return ret;
	}
	ret = check_attachment(render, &pass->depth, "depth", -1);
	if (!ret)
		ret = check_attachment(render, &pass->stencil, "stencil", -1);
	if (ret)
		return ret;
	if (!command->samples)
		command->samples = 1;
	if (!command->width_px || !command->height_px)
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL,
			"render pass: a size expected, as there are no attachments");
	return 0;
}

static int place_colours(struct lib_render *render, const struct agx_render_pass *pass)
{
	enum agx_format formats[AGX_MAX_COLOURS] = {AGX_FORMAT_NONE};
	unsigned int i;
	int ret;

	for (i = 0; i < pass->colour_count; i++)
		if (pass->colour[i].image)
			formats[i] = pass->colour[i].image->layout.params.format;
	ret = lib_tile_init(&render->tile, formats, pass->colour_count, render->command.samples,
			    &i);
	if (ret == -EINVAL)
		return lib_cmdbuf_error(render->cmdbuf, ret,
					"render pass: colour %u: a format that can be rendered to "
					"expected, got %s",
					i, agx_format_info(formats[i])->name);
	if (ret)
		return lib_cmdbuf_error(
			render->cmdbuf, -EINVAL,
			"render pass: colour %u: the tile buffer is full: at most %u bytes "
			"of all colours for a sample, and %u for 16x16 pixels, expected",
			i, LIB_TILE_SAMPLE_BYTES, LIB_TILE_BYTES);
	render->command.utile_width_px = render->tile.width;
	render->command.utile_height_px = render->tile.height;
	render->command.sample_size_B = render->tile.sample_bytes;
	return 0;
}

/* Where samples are: the standard positions of graphics APIs, in units of 1/16 pixel. */
static uint64_t sample_positions(unsigned int samples)
{
	struct agx_cs_ppp_multisamplectl at;
	uint64_t bits = 0;

	memset(&at, 0, sizeof(at));
	switch (samples) {
	case 1:
		at.x0 = at.y0 = 0.5f;
		break;
	case 2:
		at.x0 = at.y0 = 0.75f;
		at.x1 = at.y1 = 0.25f;
		break;
	default:
		at.x0 = 0.375f, at.y0 = 0.125f;
		at.x1 = 0.875f, at.y1 = 0.375f;
		at.x2 = 0.125f, at.y2 = 0.625f;
		at.x3 = 0.625f, at.y3 = 0.875f;
	}
	agx_cs_ppp_multisamplectl_pack(&bits, &at);
	return bits;
}

static uint32_t merge_limit(unsigned int pixels)
{
	const float limit = 1.732051f / (float)pixels; /* tan 60 degrees */
	uint32_t bits;

	memcpy(&bits, &limit, sizeof(bits));
	return bits;
}

static int fill_command(struct lib_render *render, const struct agx_render_pass *pass)
{
	struct drm_asahi_cmd_render *command = &render->command;
	unsigned int i;
	bool clears = pass->depth.image && pass->depth.load == AGX_LOAD_CLEAR;
	int ret;

	clears |= pass->stencil.image && pass->stencil.load == AGX_LOAD_CLEAR;
	for (i = 0; i < pass->colour_count; i++)
		clears |= pass->colour[i].image && pass->colour[i].load == AGX_LOAD_CLEAR;
	/* Without it, tiles that nothing is drawn to keep what they hold. */
	if (clears)
		command->flags |= DRM_ASAHI_RENDER_PROCESS_EMPTY_TILES;
	command->isp_oclqry_base = pass->occlusion;
	command->ppp_multisamplectl = sample_positions(command->samples);
	command->isp_merge_upper_x = merge_limit(command->width_px);
	command->isp_merge_upper_y = merge_limit(command->height_px);
	ret = lib_cmdbuf_timestamps(render->cmdbuf, &pass->vertex_timestamps, &command->ts_vtx);
	if (!ret)
		ret = lib_cmdbuf_timestamps(render->cmdbuf, &pass->fragment_timestamps,
					    &command->ts_frag);
	if (!ret)
		ret = lib_render_zls(render, pass);
	if (!ret)
		ret = lib_render_programs(render, pass);
	return ret;
}

int agx_render_begin(struct agx_cmdbuf *cmdbuf, const struct agx_render_pass *pass)
{
	struct lib_render *render;
	int ret;

	ret = lib_cmdbuf_recording(cmdbuf, LIB_PASS_NONE, "render pass");
	if (ret)
		return ret;
	render = render_of(cmdbuf);
	if (!render)
		return cmdbuf->error;
	memset(&render->command, 0, sizeof(render->command));
	render->scissors.count = 0;
	render->scissors.size = AGX_CS_SCISSOR_SIZE;
	render->biases.count = 0;
	render->biases.size = AGX_CS_DEPTH_BIAS_SIZE;
	render->state = false;
	render->clamps = false;
	render->restart = 0;
	render->depth_16 = false;
	render->sized_points = render->unsized_points = false;
	render->vertex_stack = render->fragment_stack = 0;
	render->overlap = pass->overlap;

	ret = check_pass(render, pass);
	if (!ret)
		ret = place_colours(render, pass);
	if (!ret)
		ret = fill_command(render, pass);
	if (!ret)
		ret = lib_stream_begin(cmdbuf, true);
	if (ret)
		return ret;
	render->command.vdm_ctrl_stream_base = cmdbuf->stream.start;
	cmdbuf->tile = &render->tile;
	cmdbuf->tile_generation = lib_cmdbuf_generation(cmdbuf);
	cmdbuf->pass = LIB_PASS_RENDER;
	return lib_render_initial_state(render);
}

static int upload(struct lib_render *render, const struct lib_entries *entries, __u64 *base)
{
	const uint32_t size = entries->count * entries->size;
	uint64_t address;
	void *map = lib_cmdbuf_memory(render->cmdbuf, false, size, 64, &address);

	if (!map)
		return render->cmdbuf->error;
	memcpy(map, entries->bytes, size);
	*base = address;
	return 0;
}

/* Who hands out stacks. */
static int put_scratch(struct lib_render *render)
{
	struct drm_asahi_cmd_render *command = &render->command;
	int ret;

	if (render->vertex_stack)
		command->flags |= DRM_ASAHI_RENDER_VERTEX_SCRATCH;
	ret = lib_cmdbuf_scratch(render->cmdbuf, AGX_STAGE_VERTEX, render->vertex_stack,
				 &command->vertex_helper);
	if (ret)
		return ret;
	return lib_cmdbuf_scratch(render->cmdbuf, AGX_STAGE_FRAGMENT, render->fragment_stack,
				  &command->fragment_helper);
}

int agx_render_end(struct agx_cmdbuf *cmdbuf)
{
	struct lib_render *render;
	struct agx_cs_ppp_control control;
	int ret;

	ret = lib_cmdbuf_recording(cmdbuf, LIB_PASS_RENDER, "end of a render pass");
	if (ret)
		return ret;
	render = cmdbuf->render;
	agx_cs_ppp_control_init(&control);
	/* For the whole pass: points whose size nobody writes have size 1. */
	control.default_point_size = render->unsized_points;
	agx_cs_ppp_control_pack(&render->command.ppp_ctrl, &control);
	cmdbuf->tile = NULL;
	cmdbuf->pass = LIB_PASS_NONE;
	ret = lib_stream_end(cmdbuf);
	if (!ret)
		ret = upload(render, &render->scissors, &render->command.isp_scissor_base);
	if (!ret)
		ret = upload(render, &render->biases, &render->command.isp_dbias_base);
	if (!ret)
		ret = put_scratch(render);
	if (!ret)
		ret = lib_cmdbuf_command(cmdbuf, DRM_ASAHI_CMD_RENDER, &render->command,
					 sizeof(render->command), render->overlap);
	return ret;
}

int agx_render_tile_offset(const struct agx_cmdbuf *cmdbuf, unsigned int colour,
			   unsigned int *bytes)
{
	const struct lib_tile *tile = cmdbuf->tile;

	if (!tile)
		return lib_fail(cmdbuf->ctx, -EINVAL,
				"offset of a colour: a render pass that was begun expected");
	if (colour >= tile->colours || !tile->colour[colour].format)
		return lib_fail(
			cmdbuf->ctx, -EINVAL,
			"offset of a colour: one of %u colours of the pass expected, got %u",
			tile->colours, colour);
	*bytes = tile->colour[colour].offset;
	return 0;
}
