// SPDX-License-Identifier: MIT
#include "fidelity_report.h"

#include <json.h>

#include "agx_isa.h"
#include "fidelity.h"
#include "usage.h"

#define MAX_NAMED 8 /* instructions that a line names */

static bool uses(const uint64_t *bits, unsigned int number)
{
	return bits[number / 64] >> number % 64 & 1;
}

static void print_level(FILE *out, const struct agx_usage *usage, unsigned int level,
			const char *what)
{
	unsigned int count = 0;

	for (unsigned int op = 0; op < AGX_ISA_OPS; op++) {
		if (!uses(usage->ops, op) || agx_fidelity_of((uint16_t)op)->level != level)
			continue;
		if (++count <= MAX_NAMED)
			fprintf(out, "%s%s", count == 1 ? what : ", ",
				agx_isa_op_name((uint16_t)op));
	}
	if (count > MAX_NAMED)
		fprintf(out, " and %u more", count - MAX_NAMED);
}

void fidelity_print(FILE *out, const struct agx_usage *usage)
{
	unsigned int counts[AGX_FIDELITY_LEVELS] = {0}, all = 0;

	if (!usage->launches)
		return;
	for (unsigned int op = 0; op < AGX_ISA_OPS; op++) {
		if (!uses(usage->ops, op))
			continue;
		counts[agx_fidelity_of((uint16_t)op)->level]++;
		all++;
	}
	fprintf(out,
		"    fidelity: programs have %u kinds of instruction, %u exact, %u that do nothing by design",
		all, counts[AGX_FIDELITY_EXACT], counts[AGX_FIDELITY_NOTHING]);
	print_level(out, usage, AGX_FIDELITY_NEAR, "; approximate: ");
	print_level(out, usage, AGX_FIDELITY_ABSENT, "; not modelled: ");
	fputc('\n', out);
}

static struct json_object *instruction_json(uint16_t op)
{
	const struct agx_fidelity *fidelity = agx_fidelity_of(op);
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "name", json_object_new_string(agx_isa_op_name(op)));
	json_object_object_add(object, "level",
			       json_object_new_string(agx_fidelity_level_name(fidelity->level)));
	if (fidelity->note[0])
		json_object_object_add(object, "note", json_object_new_string(fidelity->note));
	json_object_object_add(object, "from", json_object_new_string(fidelity->from));
	return object;
}

static struct json_object *names_json(const uint64_t *bits, unsigned int count,
				      const char *(*name)(unsigned int))
{
	struct json_object *list = json_object_new_array();

	for (unsigned int i = 0; i < count; i++) {
		const char *text = uses(bits, i) ? name(i) : NULL;

		if (text)
			json_object_array_add(list, json_object_new_string(text));
		else if (uses(bits, i))
			json_object_array_add(list, json_object_new_int((int)i));
	}
	return list;
}

static const char *format_name(unsigned int format)
{
	return agx_isa_modifier_value_name(AGX_ISA_MODIFIER_FORMAT, format);
}

static const char *dimension_name(unsigned int dimension)
{
	return agx_isa_modifier_value_name(AGX_ISA_MODIFIER_DIM, dimension);
}

struct json_object *fidelity_to_json(const struct agx_usage *usage)
{
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();

	for (unsigned int op = 0; op < AGX_ISA_OPS; op++)
		if (uses(usage->ops, op))
			json_object_array_add(list, instruction_json((uint16_t)op));
	json_object_object_add(object, "launches", json_object_new_uint64(usage->launches));
	json_object_object_add(object, "instructions", list);
	json_object_object_add(
		object, "special_registers",
		names_json(usage->registers, AGX_USAGE_REGISTERS, agx_isa_special_register_name));
	json_object_object_add(object, "memory_formats",
			       names_json(&usage->formats, 64, format_name));
	json_object_object_add(object, "texture_dimensions",
			       names_json(&usage->dimensions, 64, dimension_name));
	return object;
}
