// SPDX-License-Identifier: MIT
/*
 * What a fragment shader is given by the vertex shader: words of outputs, slots, and the coefficient
 * registers that are bound to them.
 */
#include "render_internal.h"
#include "shader_internal.h"

/* What a position takes of a vertex's outputs, words. */
#define POSITION_WORDS 4u

/* Registers that the header of bindings can count. */
#define REGISTERS 255u

#define MAX_BINDINGS 64u

static unsigned int components_of(const struct agx_coefficient *c)
{
	return c->components ? c->components : 1;
}

/* Coefficient registers that are filled. */
struct filled {
	uint64_t bits[4];
	unsigned int end; /* one more than the highest */
};

static bool is_filled(const struct filled *f, unsigned int i)
{
	return f->bits[i / 64] >> (i % 64) & 1;
}

static int fill(struct agx_cmdbuf *cmdbuf, const struct agx_coefficient *c, unsigned int index,
		struct filled *f)
{
	const unsigned int components = components_of(c);

	if (c->source > AGX_COEFFICIENT_PRIMITIVE || components > 4 ||
	    c->first + components > REGISTERS)
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL,
			"draw state: coefficient %u: a source that exists, 1 to 4 components and "
			"registers below cf%u expected, got source %u, %u components from cf%u",
			index, REGISTERS, c->source, components, c->first);
	for (unsigned int i = c->first; i < c->first + components; i++) {
		if (is_filled(f, i))
			return lib_cmdbuf_error(cmdbuf, -EINVAL,
						"draw state: coefficient %u: cf%u is filled twice",
						index, i);
		f->bits[i / 64] |= 1ull << (i % 64);
	}
	if (c->first + components > f->end)
		f->end = c->first + components;
	return 0;
}

/* What is filled makes sense, and is all that the shader reads. */
static int check(struct agx_cmdbuf *cmdbuf, const struct agx_draw_state *s, struct lib_linked *l,
		 struct filled *f)
{
	const struct agx_shader_info *info = agx_shader_info(s->fragment.shader);
	unsigned int i;
	int ret;

	if (s->coefficient_count > MAX_BINDINGS || (s->coefficient_count && !s->coefficients))
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"draw state: at most %u coefficients expected, got %u",
					MAX_BINDINGS, s->coefficient_count);
	memset(f, 0, sizeof(*f));
	for (i = 0; i < s->coefficient_count; i++) {
		ret = fill(cmdbuf, &s->coefficients[i], i, f);
		if (ret)
			return ret;
		l->reads_z |= s->coefficients[i].source == AGX_COEFFICIENT_Z;
		l->reads_primitive |= s->coefficients[i].source == AGX_COEFFICIENT_PRIMITIVE;
	}
	/* Their number is all that hardware is told, and Mesa leaves none out. */
	for (i = 0; i < f->end; i++)
		if (!is_filled(f, i))
			return lib_cmdbuf_error(
				cmdbuf, -EINVAL,
				"draw state: registers from cf0 on without a gap expected, but no "
				"coefficient fills cf%u, and one fills cf%u",
				i, f->end - 1);
	if (info->coefficients > f->end)
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"draw state: the fragment shader reads cf%u, which no "
					"coefficient fills",
					info->coefficients - 1);
	return 0;
}

/* Interpolation of words [first, first + count) of varyings; false: they are not of one kind. */
static bool shade_model(const struct agx_vertex_outputs *o, const struct lib_linked *l,
			unsigned int first, unsigned int count, enum agx_cs_shade_model *model)
{
	static const enum agx_cs_shade_model flat[] = {
		AGX_CS_SHADE_MODEL_FLAT_VERTEX_0,
		AGX_CS_SHADE_MODEL_FLAT_VERTEX_1,
		AGX_CS_SHADE_MODEL_FLAT_VERTEX_2,
	};
	unsigned int end = o->perspective;

	*model = AGX_CS_SHADE_MODEL_PERSPECTIVE;
	if (first >= end) {
		end += o->flat;
		*model = flat[l->provoking];
	}
	if (first >= end) {
		end += o->linear;
		*model = AGX_CS_SHADE_MODEL_LINEAR;
	}
	return first + count <= end;
}

/* Slot 0 is W, then Z if somebody reads it, then the varyings. */
static int bind(struct agx_cmdbuf *cmdbuf, const struct agx_draw_state *s,
		const struct lib_linked *l, unsigned int index, struct agx_cs_cf_binding *binding)
{
	const struct agx_coefficient *c = &s->coefficients[index];

	agx_cs_cf_binding_init(binding);
	binding->components = components_of(c);
	binding->base_coefficient_register = c->first;
	binding->shade_model = AGX_CS_SHADE_MODEL_LINEAR;
	switch (c->source) {
	case AGX_COEFFICIENT_VARYING:
		if (!shade_model(&s->outputs, l, c->varying, binding->components,
				 &binding->shade_model))
			return lib_cmdbuf_error(
				cmdbuf, -EINVAL,
				"draw state: coefficient %u: words %u to %u are not varyings of "
				"one kind: the vertex shader has %u with perspective, %u flat, %u "
				"linear",
				index, c->varying, c->varying + components_of(c) - 1,
				s->outputs.perspective, s->outputs.flat, s->outputs.linear);
		binding->base_slot = 1 + l->reads_z + c->varying;
		break;
	case AGX_COEFFICIENT_Z:
		binding->source = AGX_CS_COEFFICIENT_SOURCE_FRAGCOORD_Z;
		binding->base_slot = 1;
		break;
	case AGX_COEFFICIENT_POINT:
		binding->source = AGX_CS_COEFFICIENT_SOURCE_POINT_COORD;
		binding->shade_model = AGX_CS_SHADE_MODEL_PERSPECTIVE;
		break;
	case AGX_COEFFICIENT_PRIMITIVE:
		binding->source = AGX_CS_COEFFICIENT_SOURCE_PRIMITIVE_ID;
		binding->shade_model = AGX_CS_SHADE_MODEL_FLAT_VERTEX_0;
		break;
	default: /* W */
		break;
	}
	return 0;
}

/* The list of coefficient bindings, in the shader window. */
static int put_bindings(struct agx_cmdbuf *cmdbuf, const struct agx_draw_state *s,
			struct lib_linked *l, unsigned int registers)
{
	const uint64_t size =
		AGX_CS_CF_BINDING_HEADER_SIZE + s->coefficient_count * AGX_CS_CF_BINDING_SIZE;
	struct agx_cs_cf_binding_header header;
	uint64_t address;
	uint8_t *at = lib_cmdbuf_memory(cmdbuf, true, size, 16, &address);
	int ret;

	if (!at)
		return cmdbuf->error;
	l->bindings = (uint32_t)(address - cmdbuf->shader_base);
	l->binding_count = s->coefficient_count;
	header.number_of_32_bit_slots = 1 + l->reads_z + l->varyings;
	header.number_of_coefficient_registers = registers;
	LIB_PUSH(at, CF_BINDING_HEADER, cf_binding_header, &header);
	for (unsigned int i = 0; i < s->coefficient_count; i++) {
		struct agx_cs_cf_binding binding;

		ret = bind(cmdbuf, s, l, i, &binding);
		if (ret)
			return ret;
		LIB_PUSH(at, CF_BINDING, cf_binding, &binding);
	}
	return 0;
}

/* Does all of the pass's colours that is in the tile buffer get new values? */
static bool fills_tile(const struct lib_tile *tile, uint64_t written)
{
	for (unsigned int i = 0; i < tile->colours; i++) {
		const struct lib_tile_colour *c = &tile->colour[i];
		const unsigned int bytes = lib_tile_format_bytes(c->format, c->components);

		if (~(written >> c->offset) & ((1ull << bytes) - 1))
			return false;
	}
	return true;
}

/* What flat varyings are taken of; Mesa says 2 whatever the primitive has: of lines as well. */
static unsigned int provoking_vertex(const struct agx_draw_state *s)
{
	if (s->last_vertex)
		return 2;
	/* A fan's triangles begin with the centre: the first that is their own is the next. */
	return s->primitive == AGX_PRIMITIVE_TRIANGLE_FAN;
}

int lib_render_link(struct lib_render *render, const struct agx_draw_state *s, struct lib_linked *l)
{
	const struct agx_vertex_outputs *o = &s->outputs;
	struct filled filled;
	int ret;

	memset(l, 0, sizeof(*l));
	l->varyings = o->perspective + o->flat + o->linear;
	l->outputs = POSITION_WORDS + l->varyings + o->point_size + (o->layer || o->viewport) +
		     o->clip_distances;
	l->triangles = s->primitive >= AGX_PRIMITIVE_TRIANGLES;
	l->provoking = provoking_vertex(s);
	if (!s->fragment.shader)
		return 0;
	l->translucent = agx_shader_info(s->fragment.shader)->reads_tile ||
			 !fills_tile(&render->tile, s->fragment.shader->tile_written);
	ret = check(render->cmdbuf, s, l, &filled);
	if (ret || !s->coefficient_count)
		return ret;
	return put_bindings(render->cmdbuf, s, l, filled.end);
}
