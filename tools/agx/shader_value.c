// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "shader_value.h"

static void set_name(struct shader_value *value, const struct agx_isa_operand *operand,
		     unsigned int component)
{
	const char prefix = operand->kind == AGX_ISA_UNIFORM ? 'u' : 'r';
	const unsigned int half = (unsigned int)operand->value + component * operand->bits / 16;

	if (operand->bits == 16)
		snprintf(value->name, sizeof(value->name), "%c%u%c", prefix, half / 2 % 1000,
			 half & 1 ? 'h' : 'l');
	else
		snprintf(value->name, sizeof(value->name), "%s%c%u", operand->bits == 64 ? "d" : "",
			 prefix, half / 2 % 1000);
}

static void add(const struct agx_watch_step *step, unsigned int index, bool results,
		struct shader_values *values)
{
	const struct agx_isa_operand *operand = &step->instr->operands[index];
	const unsigned int components = agx_watch_components(step->instr, index);

	for (unsigned int c = 0; c < components && values->count < SHADER_VALUES_MAX; c++) {
		struct shader_value *value = &values->value[values->count++];

		*value = (struct shader_value){
			.result = results,
			.bits = operand->bits,
			.role = operand->role,
			.type = (uint8_t)agx_watch_type(step->instr, index),
		};
		set_name(value, operand, c);
		for (unsigned int lane = 0; lane < AGX_LANES; lane++)
			value->lanes[lane] = agx_watch_value(step, index, c, lane, results);
	}
}

/* The same operand twice says nothing new. */
static bool is_repeated(const struct agx_isa_instr *instr, unsigned int index)
{
	const struct agx_isa_operand *operand = &instr->operands[index];

	for (unsigned int i = 0; i < index; i++) {
		const struct agx_isa_operand *other = &instr->operands[i];

		if (!(other->flags & AGX_ISA_DEST) && other->kind == operand->kind &&
		    other->value == operand->value && other->bits == operand->bits &&
		    other->count == operand->count)
			return true;
	}
	return false;
}

void shader_values_of(const struct agx_watch_step *step, struct shader_values *values)
{
	const struct agx_isa_instr *instr = step->instr;

	values->count = 0;
	for (unsigned int i = 0; i < instr->operand_count; i++)
		if (instr->operands[i].flags & AGX_ISA_DEST)
			add(step, i, true, values);
	for (unsigned int i = 0; i < instr->operand_count; i++)
		if (!(instr->operands[i].flags & AGX_ISA_DEST) && !is_repeated(instr, i))
			add(step, i, false, values);
}

static float float_of(uint64_t bits, unsigned int size)
{
	const uint32_t half = (uint32_t)bits & 0xffff, exponent = half >> 10 & 31;
	const float sign = half & 0x8000 ? -1.0f : 1.0f;
	uint32_t word = (uint32_t)bits;
	float value;

	if (size == 32) {
		memcpy(&value, &word, sizeof(value));
		return value;
	}
	if (exponent == 31)
		return half & 0x3ff ? NAN : sign * INFINITY;
	if (!exponent)
		return sign * ldexpf((float)(half & 0x3ff), -24);
	return sign * ldexpf((float)(0x400 | (half & 0x3ff)), (int)exponent - 25);
}

static void write_float(float value, unsigned int size, const char *before, char *text, size_t room)
{
	if (isnan(value))
		snprintf(text, room, "%snan", before);
	else
		snprintf(text, room, "%s%.*g", before, size == 16 ? 5 : 7, (double)value);
}

void shader_value_human(const struct shader_value *value, unsigned int lane, char *text,
			size_t size)
{
	const uint64_t bits = value->lanes[lane];
	const int64_t number = value->bits == 16   ? (int16_t)bits
			       : value->bits == 32 ? (int32_t)bits
						   : (int64_t)bits;
	float real;

	text[0] = '\0';
	if (value->bits != 16 && value->bits != 32)
		return;
	real = float_of(bits, value->bits);
	if (value->type == AGX_WATCH_FLOAT) {
		write_float(real, value->bits, "", text, size);
		return;
	}
	if (value->type == AGX_WATCH_INTEGER || value->bits == 16 ||
	    (number > -65536 && number < 65536)) {
		/* Below ten, hexadecimal says it all. */
		if (number < 0 || number > 9)
			snprintf(text, size, "%" PRId64, number);
		return;
	}
	if (isfinite(real) && fabsf(real) > 1e-6f && fabsf(real) < 1e9f)
		write_float(real, 32, "~", text, size);
}

enum shader_values_pattern shader_value_pattern(const struct shader_value *value, uint32_t lanes,
						uint64_t *step)
{
	const unsigned int first = lanes ? (unsigned int)__builtin_ctz(lanes) : 0;
	bool same = true, linear = value->type != AGX_WATCH_FLOAT, any = false;

	*step = 0;
	for (unsigned int lane = first + 1; lane < AGX_LANES; lane++) {
		const uint64_t differs = value->lanes[lane] - value->lanes[first];

		if (!(lanes >> lane & 1))
			continue;
		same &= !differs;
		if (!any && differs % (lane - first) == 0)
			*step = differs / (lane - first);
		linear &= differs == *step * (lane - first);
		any = true;
	}
	return same ? SHADER_VALUES_SAME : linear && any ? SHADER_VALUES_LINEAR : SHADER_VALUES_ANY;
}
