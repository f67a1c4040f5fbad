// SPDX-License-Identifier: MIT
/*
 * State of draws: a VDM state update for what vertex shading needs, and one PPP record for all the
 * rest. The records are whole, not differences: 100 bytes per change, and nothing to keep in mind.
 */
#include <math.h>

#include "render_internal.h"
#include "shader_internal.h"

static int check_bound(struct agx_cmdbuf *cmdbuf, const struct agx_bound *bound,
		       enum agx_stage stage, const char *what)
{
	if (!bound->shader)
		return lib_cmdbuf_error(cmdbuf, -EINVAL, "draw state: a %s shader expected", what);
	if (bound->generation !=
	    (stage == AGX_STAGE_FRAGMENT ? cmdbuf->tile_generation : cmdbuf->generation))
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"draw state: the %s shader was bound for another command "
					"buffer%s, or before this one was reset",
					what, stage == AGX_STAGE_FRAGMENT ? " or pass" : "");
	if (agx_shader_info(bound->shader)->stage != stage)
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL,
			"draw state: a %s shader expected, got one of another stage", what);
	return 0;
}

/* What hardware would take and do something else with. */
static int check_state(struct lib_render *render, const struct agx_draw_state *s)
{
	struct agx_cmdbuf *cmdbuf = render->cmdbuf;
	const struct agx_stencil *faces[] = {&s->front, &s->back};
	unsigned int i;
	int ret;

	ret = check_bound(cmdbuf, &s->vertex, AGX_STAGE_VERTEX, "vertex");
	if (!ret && s->fragment.shader)
		ret = check_bound(cmdbuf, &s->fragment, AGX_STAGE_FRAGMENT, "fragment");
	if (ret)
		return ret;
	if (s->primitive > AGX_PRIMITIVE_TRIANGLE_FAN || s->cull > AGX_CULL_BACK ||
	    s->depth_compare > AGX_COMPARE_ALWAYS)
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL,
			"draw state: a primitive, a cull mode and a comparison that exist "
			"expected, got %u, %u, %u",
			s->primitive, s->cull, s->depth_compare);
	if ((s->depth_test || s->depth_write) && !render->depth)
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL,
			"draw state: depth test or write, but the pass has no depth");
	if (s->depth_write && !s->depth_test)
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"draw state: depth is written by the depth test only: "
					"depth_test with AGX_COMPARE_ALWAYS expected");
	if (s->stencil_test && !render->stencil)
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"draw state: stencil test, but the pass has no stencil");
	for (i = 0; s->stencil_test && i < 2; i++)
		if (faces[i]->compare > AGX_COMPARE_ALWAYS ||
		    faces[i]->fail > AGX_STENCIL_DECREMENT_WRAP ||
		    faces[i]->depth_fail > AGX_STENCIL_DECREMENT_WRAP ||
		    faces[i]->pass > AGX_STENCIL_DECREMENT_WRAP)
			return lib_cmdbuf_error(
				cmdbuf, -EINVAL,
				"draw state: %s stencil: a comparison and operations "
				"that exist expected",
				i ? "back" : "front");
	if (s->lines && s->corners)
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL,
			"draw state: triangles are drawn as lines or as corners, not both");
	if (s->line_width != 0 && !(s->line_width >= 0.0625f && s->line_width <= 16))
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"draw state: lines of 1/16 to 16 pixels expected, got %g",
					s->line_width);
	if (s->depth_bias && (!isfinite(s->depth_bias_constant) || !isfinite(s->depth_bias_slope) ||
			      !isfinite(s->depth_bias_clamp)))
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL,
			"draw state: finite numbers of depth bias expected, got %g, %g, %g",
			s->depth_bias_constant, s->depth_bias_slope, s->depth_bias_clamp);
	if ((s->count_samples || s->any_samples) && !render->command.isp_oclqry_base)
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL,
			"draw state: samples are counted, but the pass has no counters");
	if ((s->count_samples && s->any_samples) || s->occlusion_index > 0x7fff)
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"draw state: one kind of count, and a counter up to 32767 "
					"expected, got %u",
					s->occlusion_index);
	if ((s->count_samples || s->any_samples) &&
	    s->occlusion_index >= (cmdbuf->va_end - render->command.isp_oclqry_base) / 8)
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL,
			"draw state: a counter at an address of the VM expected, got number %u of "
			"those at %#llx",
			s->occlusion_index, (unsigned long long)render->command.isp_oclqry_base);
	if (s->outputs.perspective + s->outputs.flat + s->outputs.linear > 124 ||
	    s->outputs.clip_distances > 8)
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL,
			"draw state: at most 124 words of varyings and 8 clip distances "
			"expected, got %u and %u",
			s->outputs.perspective + s->outputs.flat + s->outputs.linear,
			s->outputs.clip_distances);
	if (s->outputs.layer && render->command.layers <= 1)
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL,
			"draw state: the vertex shader chooses layers, but the pass has "
			"one");
	return 0;
}

/* Vertex shading: what the VDM itself needs to know. */
static int put_vertex_state(struct lib_render *render, const struct agx_draw_state *s,
			    const struct lib_linked *l)
{
	struct agx_cmdbuf *cmdbuf = render->cmdbuf;
	struct agx_cs_vdm_vertex_outputs outputs;
	struct agx_cs_vdm_vertex_unknown options;
	struct agx_cs_vdm_vertex_shader_1 shader;
	struct agx_cs_vdm_state header;
	uint8_t *at;
	int ret;

	ret = lib_stream_room(cmdbuf, 24);
	if (ret)
		return ret;
	at = cmdbuf->stream.at;
	agx_cs_vdm_state_init(&header);
	header.vertex_shader_word_0_present = true;
	header.vertex_shader_word_1_present = true;
	header.vertex_outputs_present = true;
	header.vertex_unknown_present = true;
	LIB_PUSH(at, VDM_STATE, vdm_state, &header);
	memcpy(at, &s->vertex.counts, 4);
	at += AGX_CS_VDM_VERTEX_SHADER_0_SIZE;
	agx_cs_vdm_vertex_shader_1_init(&shader);
	shader.pipeline = s->vertex.pipeline;
	LIB_PUSH(at, VDM_VERTEX_SHADER_1, vdm_vertex_shader_1, &shader);
	outputs.output_count_1 = l->outputs;
	outputs.output_count_2 = l->outputs;
	LIB_PUSH(at, VDM_VERTEX_OUTPUTS, vdm_vertex_outputs, &outputs);
	agx_cs_vdm_vertex_unknown_init(&options);
	options.flat_shading_control = (enum agx_cs_vdm_vertex)l->provoking;
	options.unknown_4 = s->discard;
	options.unknown_5 = s->discard;
	options.generate_primitive_id = l->reads_primitive;
	LIB_PUSH(at, VDM_VERTEX_UNKNOWN, vdm_vertex_unknown, &options);
	/* Up to a multiple of 8. */
	memset(at, 0, 4);
	cmdbuf->stream.at = at + 4;
	return 0;
}

static enum agx_cs_zs_func zs_func(enum agx_compare compare)
{
	static const enum agx_cs_zs_func functions[] = {
		[AGX_COMPARE_NEVER] = AGX_CS_ZS_FUNC_NEVER,
		[AGX_COMPARE_LESS] = AGX_CS_ZS_FUNC_LESS,
		[AGX_COMPARE_EQUAL] = AGX_CS_ZS_FUNC_EQUAL,
		[AGX_COMPARE_LESS_EQUAL] = AGX_CS_ZS_FUNC_LEQUAL,
		[AGX_COMPARE_GREATER] = AGX_CS_ZS_FUNC_GREATER,
		[AGX_COMPARE_NOT_EQUAL] = AGX_CS_ZS_FUNC_NOT_EQUAL,
		[AGX_COMPARE_GREATER_EQUAL] = AGX_CS_ZS_FUNC_GEQUAL,
		[AGX_COMPARE_ALWAYS] = AGX_CS_ZS_FUNC_ALWAYS,
	};

	return functions[compare];
}

static void stencil_of(struct agx_cs_fragment_stencil *to, const struct agx_stencil *s, bool test)
{
	/* The operations are numbered alike. */
	static const struct agx_stencil untested = {
		.compare = AGX_COMPARE_ALWAYS,
		.read_mask = 0xff,
		.write_mask = 0xff,
	};

	if (!test)
		s = &untested;
	to->write_mask = s->write_mask;
	to->read_mask = s->read_mask;
	to->depth_pass = (enum agx_cs_stencil_op)s->pass;
	to->depth_fail = (enum agx_cs_stencil_op)s->depth_fail;
	to->stencil_fail = (enum agx_cs_stencil_op)s->fail;
	to->compare = zs_func(s->compare);
}

static uint8_t *put_controls(uint8_t *at, const struct agx_draw_state *s,
			     const struct lib_linked *l)
{
	const struct agx_shader_info *info =
		s->fragment.shader ? agx_shader_info(s->fragment.shader) : NULL;
	const bool translucent = s->translucent || l->translucent;
	struct agx_cs_fragment_control control, control_2;

	agx_cs_fragment_control_init(&control);
	agx_cs_fragment_control_init(&control_2);
	if (s->count_samples)
		control.visibility_mode = AGX_CS_VISIBILITY_MODE_COUNTING;
	else if (s->any_samples)
		control.visibility_mode = AGX_CS_VISIBILITY_MODE_BOOLEAN;
	control.scissor_enable = true;
	control.depth_bias_enable = s->depth_bias && l->triangles;
	control.stencil_test_enable = s->stencil_test;
	control.two_sided_stencil = s->stencil_test;
	control.disable_tri_merging = !l->triangles;
	LIB_PUSH(at, FRAGMENT_CONTROL, fragment_control, &control);

	control_2.disable_tri_merging =
		s->separate || (info && (info->shares || info->writes_memory));
	/* The first word's is not always heeded (Mesa, src/asahi/vulkan/hk_cmd_draw.c). */
	control_2.tag_write_disable = !info || s->discard;
	if (info && info->discards && translucent)
		control_2.pass_type = AGX_CS_PASS_TYPE_TRANSLUCENT_PUNCH_THROUGH;
	else if (info && info->discards)
		control_2.pass_type = AGX_CS_PASS_TYPE_PUNCH_THROUGH;
	else if (info && translucent)
		control_2.pass_type = AGX_CS_PASS_TYPE_TRANSLUCENT;
	LIB_PUSH(at, FRAGMENT_CONTROL, fragment_control, &control_2);
	return at;
}

static uint8_t *put_faces(uint8_t *at, const struct agx_draw_state *s)
{
	struct agx_cs_fragment_face face;
	struct agx_cs_fragment_face_2 face_2;
	struct agx_cs_fragment_stencil stencil;

	agx_cs_fragment_face_init(&face);
	face.line_width = s->line_width != 0 ? s->line_width : 1;
	face.polygon_mode = s->lines     ? AGX_CS_POLYGON_MODE_LINE
			    : s->corners ? AGX_CS_POLYGON_MODE_POINT
					 : AGX_CS_POLYGON_MODE_FILL;
	face.disable_depth_write = !s->depth_write;
	face.depth_function = s->depth_test ? zs_func(s->depth_compare) : AGX_CS_ZS_FUNC_ALWAYS;
	agx_cs_fragment_face_2_init(&face_2);
	if (s->primitive == AGX_PRIMITIVE_POINTS)
		face_2.object_type = AGX_CS_OBJECT_TYPE_POINT_SPRITE_UV01;
	else if (s->primitive < AGX_PRIMITIVE_TRIANGLES)
		face_2.object_type = AGX_CS_OBJECT_TYPE_LINE;
	if (s->fragment.shader && agx_shader_info(s->fragment.shader)->writes_depth)
		face_2.conservative_depth = AGX_CS_CONSERVATIVE_DEPTH_ANY;

	face.stencil_reference = s->stencil_test ? s->front.reference : 0;
	LIB_PUSH(at, FRAGMENT_FACE, fragment_face, &face);
	LIB_PUSH(at, FRAGMENT_FACE_2, fragment_face_2, &face_2);
	stencil_of(&stencil, &s->front, s->stencil_test);
	LIB_PUSH(at, FRAGMENT_STENCIL, fragment_stencil, &stencil);
	face.stencil_reference = s->stencil_test ? s->back.reference : 0;
	LIB_PUSH(at, FRAGMENT_FACE, fragment_face, &face);
	LIB_PUSH(at, FRAGMENT_FACE_2, fragment_face_2, &face_2);
	stencil_of(&stencil, &s->back, s->stencil_test);
	LIB_PUSH(at, FRAGMENT_STENCIL, fragment_stencil, &stencil);
	return at;
}

static uint8_t *put_outputs(uint8_t *at, const struct agx_draw_state *s, const struct lib_linked *l)
{
	const struct agx_vertex_outputs *o = &s->outputs;
	struct agx_cs_output_select select;
	struct agx_cs_varying_counts counts;

	agx_cs_output_select_init(&select);
	select.clip_distance_planes = (1u << o->clip_distances) - 1;
	select.varyings = l->binding_count != 0;
	select.point_size = o->point_size;
	/* They share a word: Mesa selects both or none (src/asahi/lib/agx_nir_lower_uvs.c). */
	select.viewport_target = o->viewport || o->layer;
	select.render_target = o->viewport || o->layer;
	select.frag_coord_z = l->reads_z;
	LIB_PUSH(at, OUTPUT_SELECT, output_select, &select);
	counts.smooth = o->perspective;
	counts.flat = o->flat;
	counts.linear = o->linear;
	LIB_PUSH(at, VARYING_COUNTS, varying_counts, &counts);
	/* None of 16 bits. */
	memset(&counts, 0, sizeof(counts));
	LIB_PUSH(at, VARYING_COUNTS, varying_counts, &counts);
	return at;
}

static uint8_t *put_culling(uint8_t *at, const struct agx_draw_state *s, const struct lib_linked *l)
{
	struct agx_cs_cull cull;
	struct agx_cs_cull_2 cull_2;

	agx_cs_cull_init(&cull);
	cull.cull_front = s->cull == AGX_CULL_FRONT;
	cull.cull_back = s->cull == AGX_CULL_BACK;
	cull.flat_shading_vertex =
		(enum agx_cs_ppp_vertex)(AGX_CS_PPP_VERTEX_VERTEX_0 + l->provoking);
	cull.depth_clip = !s->clamp_depth;
	cull.depth_clamp = s->clamp_depth;
	cull.front_face_ccw = !s->front_is_clockwise;
	cull.rasterizer_discard = s->discard;
	LIB_PUSH(at, CULL, cull, &cull);
	agx_cs_cull_2_init(&cull_2);
	cull_2.needs_primitive_id = l->reads_primitive;
	LIB_PUSH(at, CULL_2, cull_2, &cull_2);
	return at;
}

static uint8_t *put_fragment_shader(uint8_t *at, const struct agx_draw_state *s,
				    const struct lib_linked *l)
{
	const uint32_t word_0 = s->fragment.counts | l->binding_count << 16;
	struct agx_cs_fragment_shader_1 shader;
	struct agx_cs_fragment_shader_2 bindings;

	memcpy(at, &word_0, 4);
	at += AGX_CS_FRAGMENT_SHADER_0_SIZE;
	agx_cs_fragment_shader_1_init(&shader);
	shader.pipeline = s->fragment.pipeline;
	LIB_PUSH(at, FRAGMENT_SHADER_1, fragment_shader_1, &shader);
	agx_cs_fragment_shader_2_init(&bindings);
	bindings.cf_bindings = l->bindings;
	LIB_PUSH(at, FRAGMENT_SHADER_2, fragment_shader_2, &bindings);
	memset(at, 0, AGX_CS_FRAGMENT_SHADER_3_SIZE);
	return at + AGX_CS_FRAGMENT_SHADER_3_SIZE;
}

#define SHADER_BYTES                                                     \
	(AGX_CS_FRAGMENT_SHADER_0_SIZE + AGX_CS_FRAGMENT_SHADER_1_SIZE + \
	 AGX_CS_FRAGMENT_SHADER_2_SIZE + AGX_CS_FRAGMENT_SHADER_3_SIZE)

#define RECORD_BYTES                                                              \
	(AGX_CS_PPP_HEADER_SIZE + 2 * AGX_CS_FRAGMENT_CONTROL_SIZE +              \
	 2 * (AGX_CS_FRAGMENT_FACE_SIZE + AGX_CS_FRAGMENT_FACE_2_SIZE +           \
	      AGX_CS_FRAGMENT_STENCIL_SIZE) +                                     \
	 AGX_CS_DEPTH_BIAS_SCISSOR_SIZE + AGX_CS_OUTPUT_SELECT_SIZE +             \
	 2 * AGX_CS_VARYING_COUNTS_SIZE + AGX_CS_CULL_SIZE + AGX_CS_CULL_2_SIZE + \
	 AGX_CS_FRAGMENT_OCCLUSION_QUERY_SIZE + AGX_CS_OUTPUT_SIZE_SIZE)

static int put_record(struct lib_render *render, const struct agx_draw_state *s,
		      const struct lib_linked *l)
{
	struct agx_cs_fragment_occlusion_query query;
	struct agx_cs_depth_bias_scissor indices;
	struct agx_cs_output_size size;
	struct agx_cs_ppp_header header;
	uint8_t *at;

	at = lib_render_record(render, RECORD_BYTES + (s->fragment.shader ? SHADER_BYTES : 0));
	if (!at)
		return render->cmdbuf->error;
	agx_cs_ppp_header_init(&header);
	header.fragment_control = true;
	header.fragment_control_2 = true;
	header.fragment_front_face = true;
	header.fragment_front_face_2 = true;
	header.fragment_front_stencil = true;
	header.fragment_back_face = true;
	header.fragment_back_face_2 = true;
	header.fragment_back_stencil = true;
	header.depth_bias_scissor = true;
	header.output_select = true;
	header.varying_counts_32 = true;
	header.varying_counts_16 = true;
	header.cull = true;
	header.cull_2 = true;
	header.fragment_shader = s->fragment.shader != NULL;
	header.occlusion_query = true;
	header.output_size = true;
	LIB_PUSH(at, PPP_HEADER, ppp_header, &header);
	at = put_controls(at, s, l);
	at = put_faces(at, s);
	indices.scissor = render->scissor;
	indices.depth_bias = s->depth_bias ? render->bias : 0;
	LIB_PUSH(at, DEPTH_BIAS_SCISSOR, depth_bias_scissor, &indices);
	at = put_outputs(at, s, l);
	at = put_culling(at, s, l);
	if (s->fragment.shader)
		at = put_fragment_shader(at, s, l);
	agx_cs_fragment_occlusion_query_init(&query);
	query.index = s->occlusion_index;
	LIB_PUSH(at, FRAGMENT_OCCLUSION_QUERY, fragment_occlusion_query, &query);
	size.count = l->outputs;
	LIB_PUSH(at, OUTPUT_SIZE, output_size, &size);
	return 0;
}

static int put_bias(struct lib_render *render, const struct agx_draw_state *s)
{
	const struct agx_cs_depth_bias bias = {
		/*
		 * Depth of 16 bits counts in steps of 2^-15 (Mesa,
		 * src/asahi/vulkan/hk_cmd_draw.c).
		 */
		.depth_bias =
			render->depth_16 ? s->depth_bias_constant / 32768 : s->depth_bias_constant,
		.slope_scale = s->depth_bias_slope,
		.clamp = s->depth_bias_clamp,
	};
	const struct lib_entries *known = &render->biases;
	uint8_t entry[AGX_CS_DEPTH_BIAS_SIZE];
	int ret;

	agx_cs_depth_bias_pack(entry, &bias);
	if (!memcmp(known->bytes + render->bias * known->size, entry, sizeof(entry)))
		return 0;
	ret = lib_render_entry(render, &render->biases, entry);
	if (ret < 0)
		return ret;
	render->bias = (uint32_t)ret;
	return 0;
}

int agx_render_state(struct agx_cmdbuf *cmdbuf, const struct agx_draw_state *state)
{
	static const uint8_t primitives[] = {
		[AGX_PRIMITIVE_POINTS] = AGX_CS_PRIMITIVE_POINTS,
		[AGX_PRIMITIVE_LINES] = AGX_CS_PRIMITIVE_LINES,
		[AGX_PRIMITIVE_LINE_STRIP] = AGX_CS_PRIMITIVE_LINE_STRIP,
		[AGX_PRIMITIVE_LINE_LOOP] = AGX_CS_PRIMITIVE_LINE_LOOP,
		[AGX_PRIMITIVE_TRIANGLES] = AGX_CS_PRIMITIVE_TRIANGLES,
		[AGX_PRIMITIVE_TRIANGLE_STRIP] = AGX_CS_PRIMITIVE_TRIANGLE_STRIP,
		[AGX_PRIMITIVE_TRIANGLE_FAN] = AGX_CS_PRIMITIVE_TRIANGLE_FAN,
	};
	struct lib_render *render;
	struct lib_linked linked;
	int ret;

	ret = lib_cmdbuf_recording(cmdbuf, LIB_PASS_RENDER, "draw state");
	if (ret)
		return ret;
	render = cmdbuf->render;
	ret = check_state(render, state);
	if (!ret)
		ret = lib_render_link(render, state, &linked);
	if (!ret)
		ret = lib_render_clamp(render, state->clamp_depth);
	if (!ret && state->depth_bias)
		ret = put_bias(render, state);
	if (!ret)
		ret = put_vertex_state(render, state, &linked);
	if (!ret)
		ret = put_record(render, state, &linked);
	if (ret)
		return ret;
	if (state->primitive == AGX_PRIMITIVE_POINTS) {
		render->unsized_points |= !state->outputs.point_size;
		render->sized_points |= state->outputs.point_size;
		if (render->unsized_points && render->sized_points)
			return lib_cmdbuf_error(
				cmdbuf, -EINVAL,
				"draw state: points with and without a size in one pass: "
				"hardware has one rule for all of them");
	}
	render->vertex_stack |= state->vertex.shader->stack;
	if (state->fragment.shader)
		render->fragment_stack |= state->fragment.shader->stack;
	render->primitive = primitives[state->primitive];
	render->strips = state->restart;
	render->state = true;
	return 0;
}
