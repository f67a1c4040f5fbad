/* SPDX-License-Identifier: MIT */
/* What the instructions on textures and images share: an instruction under way, and where texels are. */
#ifndef AGX_EXEC_IMAGE_H
#define AGX_EXEC_IMAGE_H

#include "exec.h"
#include "layout.h"
#include "sampler.h"
#include "texel.h"

#define AGX_DESCRIPTOR 24 /* bytes of a texture's, or a PBE's */

/* One instruction under way: all zeros but the first three to begin with. */
struct agx_unit {
	struct agx_simd *simd;
	const struct agx_op *op;
	const struct agx_isa_instr *instr;
	unsigned int lane;
	const struct agx_op *failed; /* what the function returns then; only meaningful with stop */
	bool stop;
	bool absent; /* of the texels that the lane has read some lie on no page of a sparse image */

	bool has_image, has_sampler;
	uint8_t descriptor[AGX_DESCRIPTOR], sampler_bytes[AGX_DESCRIPTOR];
	struct agx_image image;
	struct agx_texel_format format;
	enum agx_cs_channel swizzle[4];
	struct agx_sampler sampler;
};

/* Coordinates of a lane: numbers of 32 bits or halves, then halves for the sample and the layer. */
struct agx_place {
	uint32_t coordinate[3];
	uint32_t sample, layer;
};

/* All give false when the instruction has ended: unit->failed. */
bool agx_unit_fail(struct agx_unit *unit, enum agx_trap trap, const char *what);
bool agx_unit_judge(struct agx_unit *unit, int error, const char *why);
bool agx_unit_read(struct agx_unit *unit, uint64_t address, void *to, uint32_t size,
		   const char *what);

/* The 24 bytes of a texture or a PBE. */
bool agx_unit_descriptor(struct agx_unit *unit, const struct agx_isa_operand *heap,
			 const struct agx_isa_operand *texture, uint8_t bytes[AGX_DESCRIPTOR]);

/* A PBE as the unit's image, unless it is that already. */
bool agx_unit_pbe(struct agx_unit *unit, const struct agx_isa_operand *heap,
		  const struct agx_isa_operand *texture);

/*
 * Where an element of the image is, to be read or written: false and not unit->stop: nowhere, it reads as
 * 0 and writes are dropped. Tiles of a compressed image that are written are raw afterwards.
 */
bool agx_unit_element(struct agx_unit *unit, uint32_t x, uint32_t y, uint32_t layer,
		      unsigned int level, unsigned int sample, bool write, uint64_t *address);

/* Writes components, before the swizzle, as the format has them; what lies outside is dropped. */
bool agx_unit_store(struct agx_unit *unit, uint32_t x, uint32_t y, uint32_t layer,
		    unsigned int sample, const uint32_t values[4]);

/* Register index of an operand that has several, of the lane. */
uint32_t agx_unit_take(const struct agx_unit *unit, const struct agx_isa_operand *operand,
		       unsigned int index);
struct agx_place agx_unit_place(const struct agx_unit *unit, const struct agx_isa_operand *coord);

/* Coordinates proper of a dimension of instructions, and halves behind them. */
unsigned int agx_unit_coords(unsigned int dim);
unsigned int agx_unit_parts(unsigned int dim);

/* Do operands lie within the register files? For when a program is decoded. */
bool agx_unit_registers_ok(const struct agx_isa_operand *o, unsigned int halves);
bool agx_unit_texture_ok(const struct agx_isa_operand *heap, const struct agx_isa_operand *texture);

/* Functions of instructions; NULL: not theirs, or a form that is not modelled. */
agx_op_fn agx_exec_image_fn(const struct agx_isa_instr *instr);
agx_op_fn agx_exec_tile_fn(const struct agx_isa_instr *instr);

#endif
