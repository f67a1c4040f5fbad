// SPDX-License-Identifier: MIT
#include "usage.h"

#include <stdbool.h>

#include "program.h"

_Static_assert(AGX_ISA_OPS <= AGX_USAGE_OPS, "room for all instructions");

static void add_registers(struct agx_usage *usage, const struct agx_isa_instr *instr)
{
	for (unsigned int i = 0; i < instr->operand_count; i++) {
		const struct agx_isa_operand *operand = &instr->operands[i];

		if (operand->kind == AGX_ISA_SR && (uint64_t)operand->value < AGX_USAGE_REGISTERS)
			usage->registers[operand->value / 64] |= 1ull << operand->value % 64;
	}
}

static void add_modifiers(struct agx_usage *usage, const struct agx_isa_instr *instr)
{
	const uint8_t *modifiers = instr->modifiers;

	switch (agx_isa_op_info(instr->op)->class) {
	case AGX_ISA_CLASS_MEMORY:
	case AGX_ISA_CLASS_LOCAL:
	case AGX_ISA_CLASS_STACK:
	case AGX_ISA_CLASS_TILE:
		usage->formats |= 1ull << modifiers[AGX_ISA_MODIFIER_FORMAT] % 64;
		break;
	case AGX_ISA_CLASS_TEXTURE:
	case AGX_ISA_CLASS_IMAGE:
		usage->dimensions |= 1ull << modifiers[AGX_ISA_MODIFIER_DIM] % 64;
		break;
	default:
		break;
	}
}

void agx_usage_add(struct agx_usage *usage, const struct agx_program *program)
{
	if (!program)
		return;
	usage->launches++;
	if (usage->address == program->address && usage->code == program->hash[0])
		return;
	usage->address = program->address;
	usage->code = program->hash[0];
	for (uint32_t i = 0; i < program->count; i++) {
		usage->ops[program->ops[i].op / 64] |= 1ull << program->ops[i].op % 64;
		add_registers(usage, &program->instrs[i]);
		add_modifiers(usage, &program->instrs[i]);
	}
}

void agx_usage_merge(struct agx_usage *usage, const struct agx_usage *other)
{
	for (unsigned int i = 0; i < AGX_USAGE_OPS / 64; i++)
		usage->ops[i] |= other->ops[i];
	for (unsigned int i = 0; i < AGX_USAGE_REGISTERS / 64; i++)
		usage->registers[i] |= other->registers[i];
	usage->formats |= other->formats;
	usage->dimensions |= other->dimensions;
	usage->launches += other->launches;
}
