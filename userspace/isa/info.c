// SPDX-License-Identifier: MIT
/* Names and facts of opcodes, modifiers and registers. */
#include "isa_table.h"

const struct agx_isa_op_info *agx_isa_op_info(uint16_t op)
{
	return &agx_isa_op_rows[op < AGX_ISA_OPS ? op : AGX_ISA_OP_DATA].info;
}

const char *agx_isa_op_doc(uint16_t op)
{
	return agx_isa_op_docs + agx_isa_op_info(op)->doc;
}

const char *agx_isa_op_name(uint16_t op)
{
	return op < AGX_ISA_OPS ? agx_isa_op_rows[op].info.name : "?";
}

const char *agx_isa_op_mnemonic(uint16_t op)
{
	return op < AGX_ISA_OPS ? agx_isa_op_rows[op].info.mnemonic : "?";
}

const char *agx_isa_class_name(unsigned int class)
{
	return class < AGX_ISA_CLASSES ? agx_isa_class_names[class] : "?";
}

const char *agx_isa_flow_name(unsigned int flow)
{
	return flow < AGX_ISA_FLOWS ? agx_isa_flow_names[flow] : "?";
}

const char *agx_isa_role_name(unsigned int role)
{
	return role < AGX_ISA_ROLES ? agx_isa_role_names[role] : "?";
}

const char *agx_isa_modifier_name(unsigned int modifier)
{
	return modifier < AGX_ISA_MODIFIERS ? agx_isa_modifier_table[modifier].name : "?";
}

static const char *find_text(const struct agx_isa_modifier_values *values, unsigned int value)
{
	for (unsigned int i = 0; i < values->value_count; i++) {
		if (values->values[i].value == value)
			return values->values[i].text;
	}
	return NULL;
}

const char *agx_isa_modifier_value_name(unsigned int modifier, unsigned int value)
{
	if (modifier >= AGX_ISA_MODIFIERS)
		return NULL;

	const struct agx_isa_modifier_values *values = &agx_isa_modifier_table[modifier];

	if (!values->value_count)
		return value == 0 ? "" : value == 1 ? values->text : NULL;
	return find_text(values, value);
}

const char *agx_isa_special_register_name(unsigned int number)
{
	return find_text(&agx_isa_special_registers, number);
}

static unsigned int coordinate_halves(const struct agx_isa_instr *instr, unsigned int bits)
{
	const struct agx_isa_dimension *dim =
		&agx_isa_dimensions[instr->modifiers[AGX_ISA_MODIFIER_DIM] & 15];
	unsigned int coords = dim->coords, parts = dim->parts;

	/* Without explicit coordinates a block write is told the layer only, in one of two halves. */
	if (instr->op == AGX_ISA_OP_IMGWBLK && !instr->modifiers[AGX_ISA_MODIFIER_EXPLICIT_COORDS])
		return 2;
	return coords * bits / 16 + parts;
}

static unsigned int gradient_halves(const struct agx_isa_instr *instr)
{
	const struct agx_isa_dimension *dim =
		&agx_isa_dimensions[instr->modifiers[AGX_ISA_MODIFIER_DIM] & 15];
	bool has_min = instr->modifiers[AGX_ISA_MODIFIER_LOD_TYPE] == AGX_ISA_LOD_TYPE_LOD_GRAD_MIN;

	return dim->coords * 4u + has_min;
}

unsigned int agx_isa_operand_halves(const struct agx_isa_instr *instr, unsigned int index)
{
	if (index >= instr->operand_count)
		return 0;

	const struct agx_isa_operand *o = &instr->operands[index];

	if (o->kind != AGX_ISA_REG && o->kind != AGX_ISA_UNIFORM)
		return 0;

	enum agx_isa_class class = agx_isa_op_info(instr->op)->class;

	if (class == AGX_ISA_CLASS_TEXTURE || class == AGX_ISA_CLASS_IMAGE) {
		unsigned int type = instr->modifiers[AGX_ISA_MODIFIER_LOD_TYPE];

		if (o->role == AGX_ISA_ROLE_COORD)
			return coordinate_halves(instr, o->bits);
		if (o->role == AGX_ISA_ROLE_LOD &&
		    (type == AGX_ISA_LOD_TYPE_LOD_GRAD || type == AGX_ISA_LOD_TYPE_LOD_GRAD_MIN))
			return gradient_halves(instr);
	}
	return o->count * o->bits / 16u;
}

float agx_isa_minifloat(uint8_t bits)
{
	int exponent = bits >> 4 & 7, mantissa = bits & 15;
	float value;

	/* Steps of 1/64 below 1/4, then 16 steps per power of two. */
	if (exponent)
		value = (float)((16 + mantissa) << (exponent - 1)) / 64.0f;
	else
		value = (float)mantissa / 64.0f;
	return bits & 0x80 ? -value : value;
}
