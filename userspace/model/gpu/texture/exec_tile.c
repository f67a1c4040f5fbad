// SPDX-License-Identifier: MIT
/*
 * Local memory as a tile of pixels, in compute programs: st_tile and ld_tile with explicit coordinates, and
 * imgwblk, which writes the tile to an image. Drivers copy images in this way, as end-of-tile programs
 * write render targets.
 *
 * What is relied on: Mesa's src/asahi/vulkan/hk_cmd_meta.c and src/asahi/lib/agx_usc.h. Pixels lie row by row, the
 * samples of each one behind the other: where hardware has them is not known, and no program can tell. What does
 * not fit in a sample is dropped: Mesa's GL driver writes all four components of copies to samples that have
 * room for those of the image, and relies on that the neighbours stay as they are.
 */
#include <string.h>

#include "agx_isa_ops.h"
#include "exec_image.h"
#include "exec_memory.h"
#include "formats.h"
#include "numeric.h"

enum {
	TILE_DATA,
	TILE_COORD,
	TILE_SAMPLES,
	TILE_OFFSET,
};

enum {
	BLOCK_DATA,
	BLOCK_HEAP,
	BLOCK_TEXTURE,
	BLOCK_COORD,
	BLOCK_LOD,
};

#define ALL_SAMPLES 0xff /* as a mask: those that there are */

/* The bytes of one sample, from an offset on; NULL: the tile does not have them. */
static uint8_t *sample_at(const struct agx_group *group, uint32_t x, uint32_t y,
			  unsigned int sample, uint32_t offset, uint32_t size)
{
	const struct agx_tile_memory *tile = &group->bindings->tile;
	uint32_t at;

	if (x >= tile->width || y >= tile->height || sample >= tile->samples ||
	    offset + size > tile->sample_stride)
		return NULL;
	at = ((y * tile->width + x) * tile->samples + sample) * tile->sample_stride + offset;
	return at + size <= group->local_size && at + size <= AGX_LOCAL_MEMORY ? group->local + at
									       : NULL;
}

/* How many of the bytes from an offset on a sample has room for. */
static uint32_t room_at(const struct agx_group *group, uint32_t offset, uint32_t span)
{
	const uint32_t stride = group->bindings->tile.sample_stride;

	return offset < stride && span > stride - offset ? stride - offset : span;
}

/*
 * Registers of 32 bits hold binary32 for a tile of binary16: Mesa's copies into packed 16-bit formats give tile
 * memory numbers as they come out of the texture unit. Not verified on hardware.
 */
static bool narrows(const struct agx_shape *shape)
{
	return shape->wide && shape->format == AGX_ISA_FORMAT_F16;
}

static const char *no_tile(const struct agx_simd *simd)
{
	const struct agx_group *group = simd->group;

	if (group->stage != AGX_STAGE_COMPUTE)
		return "tile memory of other programs than compute";
	if (!group->local || !group->bindings->tile.width)
		return "tile memory in a launch that has none";
	return NULL;
}

/* Which samples an instruction names, in the lane. */
static uint32_t samples_of(const struct agx_simd *simd, const struct agx_isa_operand *o,
			   unsigned int lane)
{
	const uint32_t mask = o->kind == AGX_ISA_REG
				      ? agx_simd_half(simd, (unsigned int)o->value, lane)
				      : (uint32_t)o->value;
	const uint32_t there = (1u << simd->group->bindings->tile.samples) - 1;

	return mask == ALL_SAMPLES ? there : mask;
}

static const struct agx_op *op_st_tile(struct agx_simd *simd, const struct agx_op *op)
{
	const struct agx_isa_instr *instr = agx_op_instr(simd, op);
	const struct agx_isa_operand *o = instr->operands;
	const struct agx_shape shape = agx_shape_of(instr, &o[TILE_DATA]);
	const unsigned int coord = (unsigned int)o[TILE_COORD].value;
	const uint32_t offset = (uint32_t)o[TILE_OFFSET].value;
	const char *why = no_tile(simd);
	struct agx_elements elements;
	uint32_t room;

	if (why)
		return agx_simd_trap(simd, op, AGX_TRAP_NOT_MODELLED, 0, why);
	/* Mesa moves four components of whatever the tile has: those beyond the sample do not exist. */
	room = room_at(simd->group, offset, shape.span);
	agx_elements_take(simd, &shape, &elements);
	for (unsigned int i = 0; narrows(&shape) && i < shape.count; i++) {
		for (unsigned int lane = 0; lane < AGX_LANES; lane++)
			elements.row[i][lane] = agx_f32_to_f16(elements.row[i][lane]);
	}
	AGX_FOR_ACTIVE(simd, lane)
	{
		const uint32_t x = agx_simd_half(simd, coord, lane);
		const uint32_t y = agx_simd_half(simd, coord + 1, lane);

		for (uint32_t samples = samples_of(simd, &o[TILE_SAMPLES], lane); samples;
		     samples &= samples - 1) {
			uint8_t *at = sample_at(simd->group, x, y,
						(unsigned int)__builtin_ctz(samples), offset, room);

			if (!at)
				return agx_simd_trap(simd, op, AGX_TRAP_STATE, lane,
						     "a sample that tile memory does not have");
			for (unsigned int i = 0; i < shape.count; i++) {
				const uint32_t element = elements.row[i][lane];

				if (shape.offset[i] + shape.size <= room)
					memcpy(at + shape.offset[i], &element, shape.size);
			}
		}
	}
	return op + 1;
}

static const struct agx_op *op_ld_tile(struct agx_simd *simd, const struct agx_op *op)
{
	const struct agx_isa_instr *instr = agx_op_instr(simd, op);
	const struct agx_isa_operand *o = instr->operands;
	const struct agx_shape shape = agx_shape_of(instr, &o[TILE_DATA]);
	const unsigned int coord = (unsigned int)o[TILE_COORD].value;
	const uint32_t offset = (uint32_t)o[TILE_OFFSET].value;
	const char *why = no_tile(simd);
	struct agx_elements elements;
	uint32_t room;

	if (why)
		return agx_simd_trap(simd, op, AGX_TRAP_NOT_MODELLED, 0, why);
	/* Mesa moves four components of whatever the tile has: those beyond the sample do not exist. */
	room = room_at(simd->group, offset, shape.span);
	AGX_FOR_ACTIVE(simd, lane)
	{
		const uint32_t x = agx_simd_half(simd, coord, lane);
		const uint32_t y = agx_simd_half(simd, coord + 1, lane);
		const uint32_t samples = samples_of(simd, &o[TILE_SAMPLES], lane);
		const uint8_t *at =
			sample_at(simd->group, x, y,
				  samples ? (unsigned int)__builtin_ctz(samples) : 0, offset, room);

		if (!at)
			return agx_simd_trap(simd, op, AGX_TRAP_STATE, lane,
					     "a sample that tile memory does not have");
		for (unsigned int i = 0; i < shape.count; i++) {
			uint32_t element = 0;

			if (shape.offset[i] + shape.size <= room)
				memcpy(&element, at + shape.offset[i], shape.size);
			elements.row[i][lane] =
				narrows(&shape) ? agx_f16_to_f32((uint16_t)element) : element;
		}
	}
	agx_elements_give(simd, &shape, &elements);
	return op + 1;
}

/* How the components of a pixel are had from tile memory. */
struct block {
	unsigned int format;
	unsigned int components; /* of the image */
	uint32_t offset, span;   /* bytes */
	bool raw;                /* bits, whatever they mean */
	bool half;               /* binary16 */
};

/*
 * Formats of the tile and of the image that go together. Integers of the size of the image's components are
 * taken as they are, also for floats; 16 bits for a normalized or packed image are binary16: Mesa gives binary16
 * tiles the format of 16-bit integers.
 */
static bool find_block(struct agx_unit *unit, struct block *block)
{
	const struct agx_cs_channels_info *info = &agx_cs_channels_info[unit->image.channels];
	const unsigned int bits = info->component[0];
	const bool plain = unit->image.type == AGX_CS_TEXTURE_TYPE_FLOAT ||
			   agx_texel_is_integer(unit->image.type);
	const struct agx_format *format;

	block->format = unit->instr->modifiers[AGX_ISA_MODIFIER_FORMAT];
	format = &agx_formats[block->format];
	block->components = info->components;
	block->raw = block->half = false;
	if (!format->size)
		return agx_unit_fail(unit, AGX_TRAP_NOT_MODELLED, "an unknown format of tiles");
	if (!format->converts) {
		if (plain && bits == 8u * format->size)
			block->raw = true;
		else if (format->size == 2 && !agx_texel_is_integer(unit->image.type))
			block->half = true;
		else
			return agx_unit_fail(unit, AGX_TRAP_NOT_MODELLED,
					     "a tile of other integers than the image's");
	} else if (agx_texel_is_integer(unit->image.type)) {
		return agx_unit_fail(unit, AGX_TRAP_NOT_MODELLED, "a tile of floats for integers");
	}
	if (format->packed && block->components > format->packed)
		return agx_unit_fail(unit, AGX_TRAP_NOT_MODELLED,
				     "a tile of fewer components than the image's");
	block->span = format->packed ? format->size : format->size * block->components;
	return true;
}

static void load_pixel(const struct block *block, const uint8_t *from, uint32_t rgba[4])
{
	const struct agx_format *format = &agx_formats[block->format];

	rgba[0] = rgba[1] = rgba[2] = rgba[3] = 0;
	for (unsigned int c = 0; c < block->components; c++) {
		uint32_t element = 0;

		memcpy(&element, from + (format->packed ? 0 : c * format->size), format->size);
		rgba[c] = block->raw    ? element
			  : block->half ? agx_f16_to_f32((uint16_t)element)
					: agx_format_load(block->format, c, element, true);
	}
}

/* One sample of one pixel. */
static bool write_pixel(struct agx_unit *unit, const struct block *block, const uint8_t *from,
			uint32_t x, uint32_t y, uint32_t layer, unsigned int sample)
{
	const enum agx_cs_texture_type type = unit->format.type;
	uint32_t rgba[4];
	bool good;

	load_pixel(block, from, rgba);
	/* Unsigned numbers of the components' size are encoded as the bits they are. */
	if (block->raw)
		unit->format.type = AGX_CS_TEXTURE_TYPE_UINT;
	good = agx_unit_store(unit, x, y, layer, sample, rgba);
	unit->format.type = type;
	return good;
}

static bool write_tile(struct agx_unit *unit)
{
	const struct agx_isa_operand *o = unit->instr->operands;
	const struct agx_group *group = unit->simd->group;
	const struct agx_tile_memory *tile = &group->bindings->tile;
	const struct agx_place place = agx_unit_place(unit, &o[BLOCK_COORD]);
	const uint32_t samples = unit->image.samples;
	struct block block = {.offset = agx_unit_take(unit, &o[BLOCK_DATA], 0) & 0xffff};

	if (!find_block(unit, &block))
		return false;
	for (uint32_t i = 0; i < (uint32_t)tile->width * tile->height * samples; i++) {
		const uint32_t x = i / samples % tile->width, y = i / samples / tile->width;
		const uint8_t *from = sample_at(group, x, y, i % samples, block.offset, block.span);

		if (!from)
			return agx_unit_fail(unit, AGX_TRAP_STATE,
					     "a sample that tile memory does not have");
		if (!write_pixel(unit, &block, from, place.coordinate[0] + x,
				 place.coordinate[1] + y, place.layer, i % samples))
			return false;
	}
	return true;
}

static const struct agx_op *op_imgwblk(struct agx_simd *simd, const struct agx_op *op)
{
	struct agx_unit unit = {.simd = simd, .op = op, .instr = agx_op_instr(simd, op)};
	const struct agx_isa_operand *o = unit.instr->operands;
	const char *why = no_tile(simd);

	if (why)
		return agx_simd_trap(simd, op, AGX_TRAP_NOT_MODELLED, 0, why);
	AGX_FOR_ACTIVE(simd, lane)
	{
		unit.lane = lane;
		if (!agx_unit_pbe(&unit, &o[BLOCK_HEAP], &o[BLOCK_TEXTURE]) || !write_tile(&unit))
			return unit.failed;
	}
	return op + 1;
}

static bool tile_ok(const struct agx_isa_instr *instr)
{
	const struct agx_isa_operand *o = instr->operands;

	/* Fragments have places of their own. */
	if (!instr->modifiers[AGX_ISA_MODIFIER_EXPLICIT_COORDS] && instr->op == AGX_ISA_OP_ST_TILE)
		return false;
	return agx_shape_ok(instr, &o[TILE_DATA]) && agx_unit_registers_ok(&o[TILE_COORD], 2) &&
	       (o[TILE_SAMPLES].kind == AGX_ISA_IMM ||
		agx_unit_registers_ok(&o[TILE_SAMPLES], 1)) &&
	       o[TILE_OFFSET].kind == AGX_ISA_IMM;
}

static bool block_ok(const struct agx_isa_instr *instr)
{
	const struct agx_isa_operand *o = instr->operands;
	const unsigned int dim = instr->modifiers[AGX_ISA_MODIFIER_DIM];

	if (!instr->modifiers[AGX_ISA_MODIFIER_EXPLICIT_COORDS])
		return false;
	if (dim != AGX_ISA_DIM_2D && dim != AGX_ISA_DIM_2D_ARRAY && dim != AGX_ISA_DIM_2D_MS &&
	    dim != AGX_ISA_DIM_2D_MS_ARRAY)
		return false;
	/* A level of its own: as of imgw. */
	if (o[BLOCK_LOD].kind != AGX_ISA_NONE &&
	    (o[BLOCK_LOD].kind != AGX_ISA_IMM || o[BLOCK_LOD].value))
		return false;
	return agx_unit_texture_ok(&o[BLOCK_HEAP], &o[BLOCK_TEXTURE]) &&
	       agx_unit_registers_ok(&o[BLOCK_DATA], 1) &&
	       agx_unit_registers_ok(&o[BLOCK_COORD], agx_isa_operand_halves(instr, BLOCK_COORD));
}

agx_op_fn agx_exec_tile_fn(const struct agx_isa_instr *instr)
{
	switch (instr->op) {
	case AGX_ISA_OP_ST_TILE:
		return tile_ok(instr) ? op_st_tile : NULL;
	case AGX_ISA_OP_LD_TILE:
		return tile_ok(instr) ? op_ld_tile : NULL;
	case AGX_ISA_OP_IMGWBLK:
		return block_ok(instr) ? op_imgwblk : NULL;
	default:
		return NULL;
	}
}
