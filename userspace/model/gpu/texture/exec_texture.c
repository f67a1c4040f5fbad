// SPDX-License-Identifier: MIT
/*
 * The instructions that read textures: smpf, smpi. One lane after the other; the
 * descriptors are resolved again where a lane's differ from those of the lane before.
 *
 * Operands: Mesa's src/asahi/compiler/agx_pack.c and agx_nir_lower_texture.c (Mesa 24.3).
 */
#include <string.h>

#include "exec_image.h"
#include "numeric.h"

#define SAMPLER 8 /* bytes of a descriptor */

/* Numbers of samplers from this one on are those of the heap. */
#define FIRST_HEAP_SAMPLER 28

enum {
	READ_DATA,
	READ_HEAP,
	READ_TEXTURE,
	READ_SAMPLER,
	READ_COORD,
	READ_LOD,
	READ_COMPARE,
};

static bool is_cube(unsigned int dim)
{
	return dim == AGX_ISA_DIM_CUBE || dim == AGX_ISA_DIM_CUBE_ARRAY;
}

/*
 * Descriptors and instructions number the dimensions alike. Arrays may be read as what they are arrays of, and
 * cubes as arrays of faces, but not the other way around.
 */
static bool dimensions_agree(unsigned int texture, unsigned int dim)
{
	if (is_cube(dim))
		return is_cube(texture);
	return agx_unit_coords(is_cube(texture) ? AGX_ISA_DIM_2D : texture) == agx_unit_coords(dim);
}

static bool find_texture(struct agx_unit *unit)
{
	const struct agx_isa_operand *operands = unit->instr->operands;
	const unsigned int dim = unit->instr->modifiers[AGX_ISA_MODIFIER_DIM];
	struct agx_cs_texture texture;
	uint8_t bytes[AGX_DESCRIPTOR];
	const char *why = NULL;
	int error;

	if (!agx_unit_descriptor(unit, &operands[READ_HEAP], &operands[READ_TEXTURE], bytes))
		return false;
	if (unit->has_image && !memcmp(bytes, unit->descriptor, AGX_DESCRIPTOR))
		return true;
	memcpy(unit->descriptor, bytes, AGX_DESCRIPTOR);
	agx_cs_texture_unpack(&texture, bytes);
	error = agx_image_of_texture(&unit->image, &texture, &why);
	if (!agx_unit_judge(unit, error, why))
		return false;
	unit->format = (struct agx_texel_format){texture.channels, texture.type, texture.srgb};
	why = agx_texel_refuse_read(&unit->format);
	if (why)
		return agx_unit_fail(unit, AGX_TRAP_NOT_MODELLED, why);
	if (!dimensions_agree(texture.dimension, dim))
		return agx_unit_fail(unit, AGX_TRAP_STATE, "a texture of another dimension");
	unit->swizzle[0] = texture.swizzle_r;
	unit->swizzle[1] = texture.swizzle_g;
	unit->swizzle[2] = texture.swizzle_b;
	unit->swizzle[3] = texture.swizzle_a;
	unit->has_image = true;
	unit->has_sampler = false; /* its border depends on the format */
	return true;
}

static bool find_sampler(struct agx_unit *unit)
{
	const struct agx_isa_operand *operand = &unit->instr->operands[READ_SAMPLER];
	const struct agx_bindings *bindings = unit->simd->group->bindings;
	uint32_t number = (uint32_t)operand->value, border[4];
	uint8_t bytes[AGX_DESCRIPTOR] = {0};
	const char *why;
	bool from_heap;

	if (operand->kind == AGX_ISA_REG)
		number = agx_simd_half(unit->simd, (unsigned int)operand->value, unit->lane);
	from_heap = number >= FIRST_HEAP_SAMPLER;
	if (from_heap) {
		number -= FIRST_HEAP_SAMPLER;
		if (!bindings->sampler_heap || number >= bindings->sampler_count)
			return agx_unit_fail(unit, AGX_TRAP_STATE,
					     "a sampler behind the heap's end");
		if (!agx_unit_read(unit, bindings->sampler_heap + number * (uint64_t)SAMPLER, bytes,
				   SAMPLER, "sampler descriptor"))
			return false;
	} else {
		if (number >= AGX_SAMPLER_STATES || !(bindings->samplers_set >> number & 1))
			return agx_unit_fail(unit, AGX_TRAP_STATE,
					     "a sampler state that was never set");
		memcpy(bytes, bindings->samplers[number], AGX_DESCRIPTOR);
	}
	if (unit->has_sampler && !memcmp(bytes, unit->sampler_bytes, AGX_DESCRIPTOR))
		return true;
	memcpy(unit->sampler_bytes, bytes, AGX_DESCRIPTOR);
	agx_cs_sampler_unpack(&unit->sampler.state, bytes);
	why = agx_sampler_refuse(&unit->sampler.state);
	if (why)
		return agx_unit_fail(unit, AGX_TRAP_NOT_MODELLED, why);
	memcpy(border, bytes + SAMPLER, sizeof(border));
	why = agx_sampler_set_border(&unit->sampler, &unit->format, from_heap ? NULL : border);
	if (why)
		return agx_unit_fail(unit, AGX_TRAP_NOT_MODELLED, why);
	unit->has_sampler = true;
	return true;
}

static bool fetch(struct agx_unit *unit, uint32_t x, uint32_t y, uint32_t layer, unsigned int level,
		  unsigned int sample, uint32_t rgba[4])
{
	const struct agx_image *image = &unit->image;
	uint8_t element[AGX_TEXEL_BYTES] = {0};
	uint64_t address;

	if (agx_unit_element(unit, x, y, layer, level, sample, false, &address)) {
		if (!agx_unit_read(unit, address, element, image->element_bytes, "texture"))
			return false;
	} else if (unit->stop) {
		return false;
	} else {
		unit->absent = true;
	}
	agx_texel_decode(&unit->format, element, x % image->block_width, y % image->block_height,
			 rgba);
	return true;
}

static bool fetch_sample(void *cookie, uint32_t x, uint32_t y, uint32_t layer, unsigned int level,
			 uint32_t rgba[4])
{
	return fetch(cookie, x, y, layer, level, 0, rgba);
}

/* The offset's four bits for each direction, and the reference. */
static void find_compare(const struct agx_unit *unit, struct agx_sample *sample)
{
	const struct agx_isa_operand *o = &unit->instr->operands[READ_COMPARE];
	unsigned int half = (unsigned int)o->value;
	uint16_t packed;

	if (o->kind != AGX_ISA_REG)
		return;
	if (unit->instr->modifiers[AGX_ISA_MODIFIER_SHADOW]) {
		sample->reference = unit->simd->r[half / 2][unit->lane];
		half += 2;
		if (o->count < 3)
			return;
	}
	packed = agx_simd_half(unit->simd, half % AGX_HALVES, unit->lane);
	for (unsigned int i = 0; i < 3; i++)
		sample->offset[i] = (int32_t)((packed >> 4 * i & 15) ^ 8) - 8;
}

static uint16_t lod_half(const struct agx_unit *unit, unsigned int index)
{
	const struct agx_isa_operand *lod = &unit->instr->operands[READ_LOD];
	const unsigned int half = (unsigned int)lod->value + index;

	if (lod->kind == AGX_ISA_UNIFORM)
		return unit->simd->uniforms[half % AGX_UNIFORMS];
	return agx_simd_half(unit->simd, half % AGX_HALVES, unit->lane);
}

static double half_value(uint16_t half)
{
	const uint32_t bits = agx_f16_to_f32(half);
	float value;

	if ((bits & 0x7fffffff) > 0x7f800000)
		return 0;
	memcpy(&value, &bits, sizeof(value));
	return (double)value;
}

/* Without derivatives the implicit level of detail is 0. */
static void find_lod(const struct agx_unit *unit, struct agx_sample *sample)
{
	const struct agx_isa_operand *lod = &unit->instr->operands[READ_LOD];
	const unsigned int coords = agx_unit_coords(unit->instr->modifiers[AGX_ISA_MODIFIER_DIM]);

	sample->lod = 0;
	sample->least = AGX_LOD_LEAST;
	switch (unit->instr->modifiers[AGX_ISA_MODIFIER_LOD_TYPE]) {
	case AGX_ISA_LOD_TYPE_AUTO_LOD:
		break;
	case AGX_ISA_LOD_TYPE_AUTO_LOD_BIAS_MIN_UNIFORM:
	case AGX_ISA_LOD_TYPE_AUTO_LOD_BIAS_MIN_REG:
		sample->lod = half_value(lod_half(unit, 0));
		sample->least = half_value(lod_half(unit, 1));
		break;
	case AGX_ISA_LOD_TYPE_LOD_GRAD_MIN:
		sample->least = half_value(lod_half(unit, 4 * coords));
		/* fall through */
	case AGX_ISA_LOD_TYPE_LOD_GRAD:
		sample->has_gradients = true;
		for (unsigned int i = 0; i < 2 * coords; i++)
			sample->gradient[i / 2][i % 2] =
				unit->simd->r[((unsigned int)lod->value / 2 + i) % AGX_REGISTERS]
					     [unit->lane];
		break;
	default:
		sample->lod = half_value(lod_half(unit, 0));
		break;
	}
}

/*
 * A result's components that the mask names, one behind the other, then residency if it is asked for: bit 0 is set
 * where a texel lies on no page. That it is the element behind the four, and the bit's sense, is how Mesa 26.1.6
 * reads it (mask xyzw always); Mesa: src/asahi/compiler/agx_nir_lower_texture.c: AGX_RESIDENT.
 */
static void give(struct agx_unit *unit, const uint32_t rgba[4], bool integer)
{
	const bool sparse = unit->instr->modifiers[AGX_ISA_MODIFIER_SPARSE];
	const struct agx_isa_operand *data = &unit->instr->operands[READ_DATA];
	const unsigned int mask = unit->instr->modifiers[AGX_ISA_MODIFIER_MASK];
	unsigned int half = (unsigned int)data->value;

	for (unsigned int c = 0; c < 4; c++) {
		if (!(mask >> c & 1))
			continue;
		if (data->bits == 32) {
			unit->simd->r[half / 2 % AGX_REGISTERS][unit->lane] = rgba[c];
			half += 2;
			continue;
		}
		agx_simd_set_half(unit->simd, half % AGX_HALVES, unit->lane,
				  integer ? (uint16_t)rgba[c] : agx_f32_to_f16(rgba[c]));
		half++;
	}
	if (sparse && data->bits == 32)
		unit->simd->r[half / 2 % AGX_REGISTERS][unit->lane] = unit->absent;
	else if (sparse)
		agx_simd_set_half(unit->simd, half % AGX_HALVES, unit->lane, unit->absent);
}

/* smpi: the coordinates name the texel. */
static bool load(struct agx_unit *unit)
{
	const struct agx_cs_sampler *state = &unit->sampler.state;
	const enum agx_cs_wrap wrap[3] = {state->wrap_s, state->wrap_t, state->wrap_r};
	const struct agx_place place = agx_unit_place(unit, &unit->instr->operands[READ_COORD]);
	const unsigned int dim = unit->instr->modifiers[AGX_ISA_MODIFIER_DIM];
	const unsigned int coords = agx_unit_coords(dim);
	const struct agx_image *image = &unit->image;
	struct agx_sample sample = {.gather = -1};
	uint32_t rgba[4], out[4], level = 0;
	int32_t at[3] = {0, 0, 0};
	bool border = false;

	if (unit->instr->modifiers[AGX_ISA_MODIFIER_LOD_TYPE] != AGX_ISA_LOD_TYPE_AUTO_LOD &&
	    state->mip_filter != AGX_CS_MIP_FILTER_NONE)
		level = lod_half(unit, 0);
	level += image->first_level;
	level = level > image->last_level ? image->last_level : level;
	find_compare(unit, &sample);
	for (unsigned int i = 0; i < coords; i++) {
		const struct agx_image_level *l = &image->level[level];
		const uint32_t size = i == 0 ? l->width : i == 1 ? l->height : l->depth;

		at[i] = agx_sampler_wrap(
			wrap[i], (int64_t)(int32_t)place.coordinate[i] + sample.offset[i], size);
		border |= at[i] < 0;
	}
	if (coords < 3)
		at[2] = (int32_t)place.layer;
	if (border || !agx_image_has(image, (uint32_t)at[0], (uint32_t)at[1], (uint32_t)at[2],
				     level, place.sample))
		memcpy(rgba, unit->sampler.border, sizeof(rgba));
	else if (!fetch(unit, (uint32_t)at[0], (uint32_t)at[1], (uint32_t)at[2], level,
			place.sample, rgba))
		return false;
	agx_texel_swizzle(unit->swizzle, agx_texel_is_integer(image->type), rgba, out);
	give(unit, out, agx_texel_is_integer(image->type));
	return true;
}

static void clamp_layer(const struct agx_image *image, struct agx_sample *s)
{
	uint32_t layers = image->layers;

	if (image->dimension == AGX_CS_TEXTURE_DIMENSION_3D)
		return;
	if (is_cube(image->dimension))
		layers /= 6;
	if (s->layer >= layers)
		s->layer = layers - 1;
}

static bool sample(struct agx_unit *unit)
{
	const struct agx_place place = agx_unit_place(unit, &unit->instr->operands[READ_COORD]);
	const struct agx_sample_source source = {fetch_sample, unit};
	const unsigned int gather = unit->instr->modifiers[AGX_ISA_MODIFIER_GATHER];
	const bool integer = agx_texel_is_integer(unit->image.type);
	struct agx_sample s = {
		.layer = place.layer,
		.shadow = unit->instr->modifiers[AGX_ISA_MODIFIER_SHADOW],
		.gather = -1,
	};
	uint32_t rgba[4], out[4];

	memcpy(s.coordinate, place.coordinate, sizeof(s.coordinate));
	clamp_layer(&unit->image, &s);
	find_compare(unit, &s);
	find_lod(unit, &s);
	if (unit->instr->modifiers[AGX_ISA_MODIFIER_QUERY_LOD]) {
		agx_sampler_query(&unit->sampler, &unit->image, &s, out);
		out[2] = out[3] = 0;
		give(unit, out, false);
		return true;
	}
	if (gather) {
		const enum agx_cs_channel channel = unit->swizzle[gather >> 1];

		if (channel > AGX_CS_CHANNEL_A) {
			const uint32_t one = integer ? 1 : AGX_F32_ONE;

			for (unsigned int i = 0; i < 4; i++)
				out[i] = channel == AGX_CS_CHANNEL_ONE ? one : 0;
			give(unit, out, integer);
			return true;
		}
		s.gather = (int)channel;
	}
	if (!agx_sampler_sample(&unit->sampler, &unit->image, &source, &s, rgba))
		return false;
	if (gather)
		memcpy(out, rgba, sizeof(out));
	else
		agx_texel_swizzle(unit->swizzle, integer, rgba, out);
	give(unit, out, integer);
	return true;
}

static const struct agx_op *op_read(struct agx_simd *simd, const struct agx_op *op)
{
	struct agx_unit unit = {.simd = simd, .op = op, .instr = agx_op_instr(simd, op)};
	const bool floats = unit.instr->op == AGX_ISA_OP_SMPF;
	const unsigned int lod = unit.instr->modifiers[AGX_ISA_MODIFIER_LOD_TYPE];

	if (floats && simd->group->stage == AGX_STAGE_FRAGMENT &&
	    lod != AGX_ISA_LOD_TYPE_LOD_MIN_UNIFORM && lod != AGX_ISA_LOD_TYPE_LOD_MIN_REG)
		return agx_simd_trap(simd, op, AGX_TRAP_NOT_MODELLED, 0,
				     "levels of detail from derivatives");
	for (uint32_t active = simd->exec_mask; active; active &= active - 1) {
		unit.lane = (unsigned int)__builtin_ctz(active);
		unit.absent = false;
		if (!find_texture(&unit) || !find_sampler(&unit))
			return unit.failed;
		if (floats && unit.image.samples > 1)
			return agx_simd_trap(simd, op, AGX_TRAP_STATE, unit.lane,
					     "filtering of samples");
		if (!(floats ? sample(&unit) : load(&unit)))
			return unit.failed;
	}
	return op + 1;
}

static bool lod_ok(const struct agx_isa_instr *instr)
{
	const struct agx_isa_operand *lod = &instr->operands[READ_LOD];
	const unsigned int type = instr->modifiers[AGX_ISA_MODIFIER_LOD_TYPE];

	if (type == AGX_ISA_LOD_TYPE_AUTO_LOD)
		return true;
	if (lod->kind == AGX_ISA_UNIFORM)
		return lod->value >= 0 && lod->value + 2 <= AGX_UNIFORMS &&
		       type != AGX_ISA_LOD_TYPE_LOD_GRAD && type != AGX_ISA_LOD_TYPE_LOD_GRAD_MIN;
	return agx_unit_registers_ok(lod, agx_isa_operand_halves(instr, READ_LOD));
}

static bool read_ok(const struct agx_isa_instr *instr)
{
	const struct agx_isa_operand *o = instr->operands;
	const unsigned int dim = instr->modifiers[AGX_ISA_MODIFIER_DIM];
	const unsigned int lod = instr->modifiers[AGX_ISA_MODIFIER_LOD_TYPE];
	const unsigned int mask = instr->modifiers[AGX_ISA_MODIFIER_MASK];
	const unsigned int gather = instr->modifiers[AGX_ISA_MODIFIER_GATHER];
	const bool floats = instr->op == AGX_ISA_OP_SMPF;
	const bool sparse = instr->modifiers[AGX_ISA_MODIFIER_SPARSE];

	/* Where residency is returned is known behind four components only. */
	if (sparse && (mask != 15 || instr->modifiers[AGX_ISA_MODIFIER_QUERY_LOD]))
		return false;
	if (dim > AGX_ISA_DIM_2D_MS_ARRAY)
		return false;
	if (!floats && (gather || instr->modifiers[AGX_ISA_MODIFIER_SHADOW] || is_cube(dim) ||
			instr->modifiers[AGX_ISA_MODIFIER_QUERY_LOD]))
		return false;
	if (!floats && lod != AGX_ISA_LOD_TYPE_AUTO_LOD && lod != AGX_ISA_LOD_TYPE_LOD_MIN_REG &&
	    lod != AGX_ISA_LOD_TYPE_LOD_MIN_UNIFORM)
		return false;
	/* Floats of 16 bits as coordinates: nobody has described their range. */
	if (floats && o[READ_COORD].bits != 32)
		return false;
	if (gather > AGX_ISA_GATHER_GATHER_A || (gather && !(gather & 1)) ||
	    (gather && dim != AGX_ISA_DIM_2D && dim != AGX_ISA_DIM_2D_ARRAY && !is_cube(dim)))
		return false;
	return lod_ok(instr) && agx_unit_texture_ok(&o[READ_HEAP], &o[READ_TEXTURE]) &&
	       agx_unit_registers_ok(&o[READ_DATA],
				     ((unsigned int)__builtin_popcount(mask) + sparse) *
					     o[READ_DATA].bits / 16) &&
	       agx_unit_registers_ok(&o[READ_COORD], agx_isa_operand_halves(instr, READ_COORD));
}

agx_op_fn agx_exec_texture_fn(const struct agx_isa_instr *instr)
{
	switch (instr->op) {
	case AGX_ISA_OP_SMPF:
	case AGX_ISA_OP_SMPI:
		return read_ok(instr) ? op_read : NULL;
	case AGX_ISA_OP_IMGW:
		return agx_exec_image_fn(instr);
	default:
		return agx_exec_tile_fn(instr);
	}
}
