// SPDX-License-Identifier: MIT
/* States of draws, and draws. */
#include <string.h>

#include "world.h"

/* Something of that stage that is bound, or that there is nothing to be found. */
static unsigned int find_bound(struct world *w, struct cmdbuf *c, enum agx_stage stage)
{
	unsigned int k = choose(&w->choices, BOUNDS);

	/* A stale one, or another stage's. */
	if (choose_wrong(&w->choices))
		return k;
	for (unsigned int i = 0; i < BOUNDS; i++, k = (k + 1) % BOUNDS) {
		if (c->bound_stage[k] == stage)
			return k;
	}
	bind_call(w, c, stage);
	for (k = 0; k < BOUNDS && c->bound_stage[k] != stage; k++)
		;
	return k;
}

static void choose_stencil(struct choices *c, struct agx_stencil *s)
{
	*s = (struct agx_stencil){
		.compare = (enum agx_compare)choose(c, 8),
		.fail = (enum agx_stencil_op)choose(c, 8),
		.depth_fail = (enum agx_stencil_op)choose(c, 8),
		.pass = (enum agx_stencil_op)choose(c, 8),
		.reference = choose_byte(c),
		.read_mask = choose_byte(c),
		.write_mask = choose_byte(c),
	};
	if (choose_wrong(c))
		s->fail = (enum agx_stencil_op)choose_word(c);
}

static void choose_outputs(struct choices *c, const struct cmdbuf *cb, unsigned int words,
			   struct agx_vertex_outputs *o)
{
	if (words && choose_chance(c, 40)) {
		o->point_size = true;
		words--;
	}
	if (words && cb->layers > 1 && choose_chance(c, 100)) {
		o->layer = true;
		words--;
	} else if (words && choose_chance(c, 40)) {
		o->viewport = true;
		words--;
	}
	if (words && choose_chance(c, 60)) {
		o->clip_distances = (uint8_t)choose(c, words < 8 ? words + 1 : 9);
		words -= o->clip_distances;
	}
	if (words > 124)
		words = 124;
	o->perspective = (uint8_t)choose(c, words + 1);
	words -= o->perspective;
	o->flat = (uint8_t)choose(c, words + 1);
	o->linear = (uint8_t)(words - o->flat);
	if (choose_wrong(c)) {
		uint8_t *const members[] = {&o->perspective, &o->flat, &o->linear,
					    &o->clip_distances};

		*CHOOSE(c, members) = choose_byte(c);
	}
	if (choose_wrong(c))
		o->layer = true;
}

/* Registers that the shader reads, filled in pieces that are of one kind. */
static unsigned int choose_coefficients(struct choices *c, const struct agx_vertex_outputs *o,
					unsigned int registers, struct agx_coefficient list[65])
{
	const unsigned int varyings = o->perspective + o->flat + o->linear;
	unsigned int count = 0, at = 1;

	list[count++] = (struct agx_coefficient){.source = AGX_COEFFICIENT_W};
	while (at < registers && count < 64) {
		struct agx_coefficient *k = &list[count++];

		*k = (struct agx_coefficient){
			.source = (enum agx_coefficient_source)choose(c, 5),
			.first = (uint8_t)at,
			.components = 1,
		};
		if (k->source == AGX_COEFFICIENT_VARYING && !varyings)
			k->source = AGX_COEFFICIENT_Z;
		if (k->source == AGX_COEFFICIENT_VARYING) {
			k->varying = (uint8_t)choose(c, varyings);
			if (choose_chance(c, 60) && k->varying + 2u <= o->perspective)
				k->components = 2;
		} else if (k->source == AGX_COEFFICIENT_POINT) {
			k->components = 2;
		}
		at += k->components;
		if (choose_wrong(c))
			k->components = choose_byte(c);
		if (choose_wrong(c))
			k->first = choose_byte(c);
		if (choose_wrong(c))
			k->varying = choose_byte(c);
		if (choose_wrong(c))
			k->source = (enum agx_coefficient_source)choose_word(c);
	}
	return count;
}

/* What is tested, written and counted, of what the pass has. */
static void choose_tests(struct choices *c, const struct cmdbuf *cb, struct agx_draw_state *s)
{
	static const float biases[] = {0, 1, -1, 0.5f, 1e-6f, 1e30f};
	static const float wrong_biases[] = {__builtin_nanf(""), __builtin_inff()};

	s->depth_test = (cb->depth || choose_wrong(c)) && choose_chance(c, 160);
	s->depth_write = (s->depth_test || choose_wrong(c)) && choose_chance(c, 128);
	s->depth_compare = (enum agx_compare)choose(c, 8);
	s->depth_bias = choose_chance(c, 60);
	if (s->depth_bias) {
		s->depth_bias_constant = CHOOSE(c, biases);
		s->depth_bias_slope = CHOOSE(c, biases);
		s->depth_bias_clamp = CHOOSE(c, biases);
		if (choose_wrong(c))
			s->depth_bias_slope = CHOOSE(c, wrong_biases);
	}
	s->stencil_test = (cb->stencil || choose_wrong(c)) && choose_chance(c, 160);
	if (s->stencil_test) {
		choose_stencil(c, &s->front);
		choose_stencil(c, &s->back);
	}
	if (cb->occlusion || choose_wrong(c)) {
		s->count_samples = choose_chance(c, 80);
		s->any_samples = (!s->count_samples || choose_wrong(c)) && choose_chance(c, 80);
		s->occlusion_index = (uint16_t)choose(c, choose_wrong(c) ? 65536 : 2048);
	}
	if (choose_wrong(c))
		s->depth_compare = (enum agx_compare)choose_word(c);
}

void draw_state(struct world *w, struct cmdbuf *c)
{
	static const float widths[] = {0, 1, 0.0625f, 16, 2.5f};
	static const float wrong_widths[] = {-1, 17, 0.01f, __builtin_nanf("")};
	struct choices *ch = &w->choices;
	struct agx_draw_state s = {.primitive = AGX_PRIMITIVE_TRIANGLES};
	struct agx_coefficient coefficients[65];
	const struct shader *vertex, *fragment = NULL;
	unsigned int k = find_bound(w, c, AGX_STAGE_VERTEX);

	if (k == BOUNDS)
		return;
	s.vertex = c->bounds[k];
	vertex = &w->shaders[c->bound_shader[k]];
	if (choose_chance(ch, 200)) {
		k = find_bound(w, c, AGX_STAGE_FRAGMENT);
		if (k < BOUNDS) {
			s.fragment = c->bounds[k];
			fragment = &w->shaders[c->bound_shader[k]];
		}
	}
	/* The shader of that place may be another one by now: the outputs are the caller's word. */
	choose_outputs(ch, c, vertex->outputs, &s.outputs);
	if (fragment) {
		/* What is bound lives as long as the recording. */
		const unsigned int registers =
			c->bound_stage[k] == AGX_STAGE_FRAGMENT && !c->error && s.fragment.shader
				? agx_shader_info(s.fragment.shader)->coefficients
				: 0;

		s.coefficients = coefficients;
		s.coefficient_count = choose_coefficients(ch, &s.outputs, registers, coefficients);
		if (choose_wrong(ch))
			s.coefficient_count = choose(ch, 2) ? 0 : 1000;
		if (choose_wrong(ch))
			s.coefficients = NULL;
	}
	s.primitive = (enum agx_primitive)choose(ch, 7);
	/* One rule for points in a pass. */
	if (s.primitive == AGX_PRIMITIVE_POINTS) {
		if ((s.outputs.point_size ? c->unsized : c->sized) && !choose_wrong(ch))
			s.primitive = AGX_PRIMITIVE_LINES;
	}
	s.restart = choose_chance(ch, 40);
	s.cull = (enum agx_cull)choose(ch, 3);
	s.front_is_clockwise = choose_chance(ch, 128);
	s.clamp_depth = choose_chance(ch, 40);
	s.lines = choose_chance(ch, 40);
	s.line_width = choose_chance(ch, 40) ? CHOOSE(ch, widths) : 0;
	s.discard = choose_chance(ch, 20);
	s.translucent = choose_chance(ch, 60);
	s.separate = choose_chance(ch, 40);
	s.last_vertex = choose_chance(ch, 80);
	choose_tests(ch, c, &s);
	if (choose_wrong(ch))
		s.line_width = CHOOSE(ch, wrong_widths);
	if (choose_wrong(ch))
		s.primitive = (enum agx_primitive)choose_word(ch);
	if (choose_wrong(ch))
		s.cull = (enum agx_cull)choose_word(ch);
	if (RECORD(w, c, MAY_INVAL | MAY_NOSPC | MAY_2BIG, agx_render_state(c->cmdbuf, &s)))
		return;
	c->state = true;
	if (s.primitive == AGX_PRIMITIVE_POINTS) {
		c->sized |= s.outputs.point_size;
		c->unsized |= !s.outputs.point_size;
	}
}

void draw_call(struct world *w, struct cmdbuf *c)
{
	static const uint32_t counts[] = {3, 1, 0, 4, 100, 1000, 8192};
	static const uint32_t instances[] = {0, 1, 2, 1000, UINT32_MAX};
	static const int32_t firsts[] = {0, 1, -1, 1000, INT32_MAX, INT32_MIN};
	static const uint64_t wrong_bytes[] = {
		1, 1ull << 34, (1ull << 34) - 3, (1ull << 34) + 1, 1ull << 50, UINT64_MAX};
	struct choices *ch = &w->choices;
	struct agx_draw d = {
		.count = CHOOSE(ch, counts),
		.instances = CHOOSE(ch, instances),
		.first = CHOOSE(ch, firsts),
		.index_size = choose_chance(ch, 100) ? (enum agx_index_size)choose(ch, 4)
						     : AGX_INDEX_NONE,
	};

	unsigned int times;

	if (!c->state && c->pass == PASS_RENDER && !choose_wrong(ch)) {
		draw_state(w, c);
		return;
	}
	if (d.index_size != AGX_INDEX_NONE) {
		const unsigned int size = 1u << (d.index_size - 1);

		d.indices = world_address(w, w->args, (uint64_t)d.count * size, size);
		if (choose_chance(ch, 60))
			d.index_bytes = (uint64_t)d.count * size;
		if (choose_wrong(ch))
			d.indices++;
	}
	if (choose_chance(ch, 60)) {
		d.indirect = world_address(w, w->args, 20, 4);
		d.index_bytes = d.index_size ? (uint64_t)d.count << (d.index_size - 1) : 0;
		if (choose_wrong(ch))
			d.indirect += 2;
	}
	if (choose_wrong(ch)) {
		d.index_bytes = CHOOSE(ch, wrong_bytes);
		w->stray = d.index_size != AGX_INDEX_NONE;
	}
	if (choose_wrong(ch)) {
		d.count = choose_word(ch);
		w->stray = d.index_size != AGX_INDEX_NONE;
	}
	if (choose_wrong(ch)) {
		d.index_size = (enum agx_index_size)choose_word(ch);
		w->stray = true;
	}
	/* Once in a while so many that a piece of the stream is full. */
	times = choose_chance(ch, 4) ? 600 : 1;
	while (times-- && !RECORD(w, c, MAY_INVAL | MAY_NOSPC, agx_render_draw(c->cmdbuf, &d)))
		sequence_counts.draws++;
}
