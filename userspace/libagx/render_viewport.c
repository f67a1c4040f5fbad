// SPDX-License-Identifier: MIT
/*
 * Where a pass draws to: viewports with their scissors; and the state that every stream begins
 * with.
 */
#include <math.h>

#include "render_internal.h"

uint8_t *lib_render_record(struct lib_render *render, unsigned int size)
{
	struct agx_cmdbuf *cmdbuf = render->cmdbuf;
	struct agx_cs_ppp_state update;
	uint64_t address;
	uint8_t *record = lib_cmdbuf_memory(cmdbuf, false, size, 4, &address);

	if (!record || lib_stream_room(cmdbuf, AGX_CS_PPP_STATE_SIZE))
		return NULL;
	update.pointer = address;
	update.size_words = size / 4;
	LIB_PUSH(cmdbuf->stream.at, PPP_STATE, ppp_state, &update);
	return record;
}

int lib_render_initial_state(struct lib_render *render)
{
	const unsigned int size = AGX_CS_PPP_HEADER_SIZE + AGX_CS_W_CLAMP_SIZE +
				  AGX_CS_FRAGMENT_OCCLUSION_QUERY_2_SIZE +
				  AGX_CS_OUTPUT_UNKNOWN_SIZE + AGX_CS_VARYING_2_SIZE;
	struct agx_cmdbuf *cmdbuf = render->cmdbuf;
	const struct agx_viewport all = {
		.width = render->command.width_px,
		.height = render->command.height_px,
		.far = 1,
	};
	const struct agx_cs_depth_bias none = {0};
	uint8_t bias[AGX_CS_DEPTH_BIAS_SIZE];
	struct agx_cs_vdm_barrier barrier;
	struct agx_cs_ppp_header header;
	struct agx_cs_w_clamp w;
	uint8_t *at;
	int ret;

	ret = lib_stream_room(cmdbuf, AGX_CS_VDM_BARRIER_SIZE);
	if (ret)
		return ret;
	agx_cs_vdm_barrier_init(&barrier);
	barrier.usc_cache_invalidate = true;
	LIB_PUSH(cmdbuf->stream.at, VDM_BARRIER, vdm_barrier, &barrier);

	at = lib_render_record(render, size);
	if (!at)
		return cmdbuf->error;
	agx_cs_ppp_header_init(&header);
	header.w_clamp = true;
	header.occlusion_query_2 = true;
	header.output_unknown = true;
	header.varying_word_2 = true;
	LIB_PUSH(at, PPP_HEADER, ppp_header, &header);
	agx_cs_w_clamp_init(&w);
	LIB_PUSH(at, W_CLAMP, w_clamp, &w);
	memset(at, 0,
	       AGX_CS_FRAGMENT_OCCLUSION_QUERY_2_SIZE + AGX_CS_OUTPUT_UNKNOWN_SIZE +
		       AGX_CS_VARYING_2_SIZE);

	agx_cs_depth_bias_pack(bias, &none);
	ret = lib_render_entry(render, &render->biases, bias);
	if (ret < 0)
		return ret;
	render->bias = (uint32_t)ret;
	return agx_render_viewports(cmdbuf, &all, NULL, 1);
}

static int check_viewport(struct agx_cmdbuf *cmdbuf, const struct agx_viewport *v, unsigned int i)
{
	/* What the hardware is told are centres, and halves of lengths. */
	if (!isfinite(v->x) || !isfinite(v->y) || !isfinite(v->width) || !isfinite(v->height) ||
	    !isfinite(v->x + v->width) || !isfinite(v->y + v->height))
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"viewport %u: finite numbers expected, got %g, %g, %gx%g",
					i, v->x, v->y, v->width, v->height);
	if (!(v->near >= 0 && v->near <= 1 && v->far >= 0 && v->far <= 1))
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"viewport %u: depths of 0 to 1 expected, got %g to %g", i,
					v->near, v->far);
	return 0;
}

/* A coordinate within the pass; neither NaN nor more than 32 bits get here. */
static uint32_t within(float value, uint32_t size)
{
	return value <= 0 ? 0 : value >= (float)size ? size : (uint32_t)value;
}

static uint32_t least(uint64_t a, uint32_t b)
{
	return a < b ? (uint32_t)a : b;
}

/* A rectangle, or that of the viewport, cut at the pass's edges. */
static void set_clip(const struct lib_render *render, const struct agx_viewport *v,
		     const struct agx_rect *rect, struct lib_clip *clip)
{
	const uint32_t width = render->command.width_px, height = render->command.height_px;

	clip->near = v->near;
	clip->far = v->far;
	if (rect) {
		clip->scissor.min_x = least(rect->x, width);
		clip->scissor.min_y = least(rect->y, height);
		clip->scissor.max_x = least((uint64_t)rect->x + rect->width, width);
		clip->scissor.max_y = least((uint64_t)rect->y + rect->height, height);
	} else {
		clip->scissor.min_x = within(floorf(fminf(v->x, v->x + v->width)), width);
		clip->scissor.min_y = within(floorf(fminf(v->y, v->y + v->height)), height);
		clip->scissor.max_x = within(ceilf(fmaxf(v->x, v->x + v->width)), width);
		clip->scissor.max_y = within(ceilf(fmaxf(v->y, v->y + v->height)), height);
	}
}

/* In units of 32 pixels; it has to have one at least. */
static void set_region(const struct lib_render *render, const struct agx_cs_scissor *scissor,
		       struct agx_cs_region_clip *region)
{
	agx_cs_region_clip_init(region);
	region->enable = true;
	region->min_x = least(scissor->min_x, render->command.width_px - 1) / 32;
	region->min_y = least(scissor->min_y, render->command.height_px - 1) / 32;
	region->max_x = (scissor->max_x + 31) / 32;
	region->max_y = (scissor->max_y + 31) / 32;
	if (region->max_x <= region->min_x)
		region->max_x = region->min_x + 1;
	if (region->max_y <= region->min_y)
		region->max_y = region->min_y + 1;
}

/*
 * Depths are cut to the viewport's where the state clamps. Where it clips, primitives end at the
 * viewport's depths, and a fragment's own depth may be any (Mesa, src/asahi/vulkan/hk_cmd_draw.c).
 */
static int put_scissors(struct lib_render *render)
{
	uint8_t entry[AGX_CS_SCISSOR_SIZE];

	for (unsigned int i = 0; i < render->clip_count; i++) {
		const struct lib_clip *clip = &render->clips[i];
		struct agx_cs_scissor scissor = clip->scissor;
		int ret;

		scissor.min_z = render->clamps ? fminf(clip->near, clip->far) : 0;
		scissor.max_z = render->clamps ? fmaxf(clip->near, clip->far) : 1;
		agx_cs_scissor_pack(entry, &scissor);
		ret = lib_render_entry(render, &render->scissors, entry);
		if (ret < 0)
			return ret;
		if (!i)
			render->scissor = (uint32_t)ret;
	}
	return 0;
}

int lib_render_clamp(struct lib_render *render, bool clamps)
{
	bool whole = true;

	if (render->clamps == clamps)
		return 0;
	render->clamps = clamps;
	for (unsigned int i = 0; i < render->clip_count; i++)
		whole &= fminf(render->clips[i].near, render->clips[i].far) == 0 &&
			 fmaxf(render->clips[i].near, render->clips[i].far) == 1;
	return whole ? 0 : put_scissors(render);
}

int agx_render_viewports(struct agx_cmdbuf *cmdbuf, const struct agx_viewport *viewports,
			 const struct agx_rect *scissors, unsigned int count)
{
	struct agx_cs_depth_bias_scissor indices;
	struct agx_cs_ppp_header header;
	struct lib_render *render;
	unsigned int i;
	uint8_t *at;
	int ret;

	ret = lib_cmdbuf_recording(cmdbuf, LIB_PASS_RENDER, "viewports");
	if (ret)
		return ret;
	render = cmdbuf->render;
	if (!count || count > LIB_MAX_VIEWPORTS)
		return lib_cmdbuf_error(cmdbuf, -EINVAL, "viewports: 1 to %u expected, got %u",
					LIB_MAX_VIEWPORTS, count);
	if (!viewports)
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"viewports: a pointer to %u of them expected", count);
	for (i = 0; i < count; i++) {
		ret = check_viewport(cmdbuf, &viewports[i], i);
		if (ret)
			return ret;
	}
	for (i = 0; i < count; i++)
		set_clip(render, &viewports[i], scissors ? &scissors[i] : NULL, &render->clips[i]);
	render->clip_count = count;
	ret = put_scissors(render);
	if (ret)
		return ret;
	at = lib_render_record(render,
			       AGX_CS_PPP_HEADER_SIZE + AGX_CS_DEPTH_BIAS_SCISSOR_SIZE +
				       AGX_CS_VIEWPORT_CONTROL_SIZE +
				       count * (AGX_CS_REGION_CLIP_SIZE + AGX_CS_VIEWPORT_SIZE));
	if (!at)
		return cmdbuf->error;
	agx_cs_ppp_header_init(&header);
	header.depth_bias_scissor = true;
	header.region_clip = true;
	header.viewport = true;
	header.viewport_count = count;
	LIB_PUSH(at, PPP_HEADER, ppp_header, &header);
	indices.scissor = render->scissor;
	indices.depth_bias = render->bias;
	LIB_PUSH(at, DEPTH_BIAS_SCISSOR, depth_bias_scissor, &indices);
	for (i = 0; i < count; i++) {
		struct agx_cs_region_clip region;

		set_region(render, &render->clips[i].scissor, &region);
		LIB_PUSH(at, REGION_CLIP, region_clip, &region);
	}
	memset(at, 0, AGX_CS_VIEWPORT_CONTROL_SIZE);
	at += AGX_CS_VIEWPORT_CONTROL_SIZE;
	for (i = 0; i < count; i++) {
		const struct agx_viewport *v = &viewports[i];
		const struct agx_cs_viewport packed = {
			.translate_x = v->x + v->width / 2,
			.scale_x = v->width / 2,
			.translate_y = v->y + v->height / 2,
			.scale_y = v->height / 2,
			.translate_z = v->near,
			.scale_z = v->far - v->near,
		};

		LIB_PUSH(at, VIEWPORT, viewport, &packed);
	}
	return 0;
}
