// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <json.h>
#include <string.h>

#include "program.h"
#include "shader_json.h"
#include "shader_value.h"

static void add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

static void add_number(struct json_object *object, const char *key, uint64_t number)
{
	json_object_object_add(object, key, json_object_new_uint64(number));
}

static struct json_object *hex(uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return json_object_new_string(text);
}

static void add_hex(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, hex(value));
}

static struct json_object *three(const uint32_t values[3])
{
	struct json_object *array = json_object_new_array();

	for (unsigned int i = 0; i < 3; i++)
		json_object_array_add(array, json_object_new_int64(values[i]));
	return array;
}

static void add_instruction(struct json_object *object, const struct agx_isa_instr *instr,
			    uint32_t offset)
{
	char line[AGX_ISA_LINE];
	size_t length;

	add_number(object, "offset", offset);
	if (!instr)
		return;
	length = agx_isa_print(instr, offset, AGX_ISA_SYNTAX_MESA, line);
	while (length && line[length - 1] == ' ')
		line[--length] = '\0';
	add_text(object, "op", agx_isa_op_name(instr->op));
	add_text(object, "text", line);
}

static void add_place(struct json_object *object, const struct agx_watch_place *place)
{
	if (place->known) {
		add_number(object, "submit", place->submit);
		add_number(object, "command", place->command);
	}
	add_number(object, "dispatch", place->dispatch);
}

static void write_line(FILE *out, struct json_object *object)
{
	fprintf(out, "%s\n",
		json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
							       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

static const char *const type_names[] = {
	[AGX_WATCH_BITS] = "bits",
	[AGX_WATCH_INTEGER] = "integer",
	[AGX_WATCH_FLOAT] = "float",
};

static const char *const space_names[] = {
	[AGX_WATCH_DEVICE] = "device",
	[AGX_WATCH_LOCAL] = "threadgroup",
	[AGX_WATCH_STACK] = "stack",
};

static const char *const kind_names[] = {
	[AGX_WATCH_LOAD] = "load",
	[AGX_WATCH_STORE] = "store",
	[AGX_WATCH_ATOMIC] = "atomic",
};

/* By lane. */
static struct json_object *values_by_lane(const uint64_t *values, uint64_t plus, uint32_t lanes,
					  uint32_t active)
{
	struct json_object *array = json_object_new_array();

	for (unsigned int lane = 0; lane < AGX_LANES; lane++)
		if (lanes >> lane & 1)
			json_object_array_add(array,
					      active >> lane & 1 ? hex(values[lane] + plus) : NULL);
	return array;
}

static struct json_object *values_of(const struct agx_watch_step *step, uint32_t lanes)
{
	struct json_object *array = json_object_new_array();
	struct shader_values values;

	shader_values_of(step, &values);
	for (unsigned int i = 0; i < values.count; i++) {
		const struct shader_value *value = &values.value[i];
		struct json_object *object = json_object_new_object();

		add_text(object, "name", value->name);
		add_text(object, "role", agx_isa_role_name(value->role));
		json_object_object_add(object, "result", json_object_new_boolean(value->result));
		add_number(object, "bits", value->bits);
		add_text(object, "type", type_names[value->type]);
		json_object_object_add(object, "values",
				       values_by_lane(value->lanes, 0, lanes, step->lanes));
		json_object_array_add(array, object);
	}
	return array;
}

static struct json_object *access_of(const struct agx_watch_access *access, uint32_t lanes)
{
	struct json_object *object = json_object_new_object();
	struct json_object *offsets = json_object_new_array();

	add_text(object, "space", space_names[access->space]);
	add_text(object, "kind", kind_names[access->kind]);
	add_number(object, "element_bytes", access->size);
	for (unsigned int i = 0; i < access->count; i++)
		json_object_array_add(offsets, json_object_new_int64(access->offset[i]));
	json_object_object_add(object, "offsets", offsets);
	json_object_object_add(object, "addresses",
			       values_by_lane(access->address, 0, lanes, access->lanes));
	return object;
}

static struct json_object *step_of(const struct agx_watch_step *step, uint32_t lanes)
{
	const struct agx_simd *simd = step->simd;
	struct json_object *object = json_object_new_object();
	struct json_object *shown = json_object_new_array();

	add_place(object, step->place);
	add_text(object, "stage",
		 simd->group->stage == AGX_STAGE_PREAMBLE ? "preamble" : "compute");
	add_hex(object, "shader", simd->program->address);
	json_object_object_add(object, "group", three(simd->group->id));
	add_number(object, "simd_group", simd->index);
	add_number(object, "step", step->number);
	add_instruction(object, step->instr, step->op->offset);
	add_hex(object, "active", step->lanes);
	for (unsigned int lane = 0; lane < AGX_LANES; lane++)
		if (lanes >> lane & 1)
			json_object_array_add(shown, json_object_new_int64(lane));
	json_object_object_add(object, "lanes", shown);
	if (step->instr)
		json_object_object_add(object, "values", values_of(step, lanes));
	if (step->access)
		json_object_object_add(object, "access", access_of(step->access, lanes));
	if (step->next) {
		add_number(object, "next", step->next->offset);
		add_hex(object, "active_after", simd->exec_mask);
	}
	return object;
}

void shader_json_step(FILE *out, const struct agx_watch_step *step, uint32_t lanes)
{
	write_line(out, step_of(step, lanes));
}

void shader_json_stop(FILE *out, const char *reason, const struct agx_watch_stop *stop)
{
	const struct agx_program *program = stop->step->simd->program;
	struct json_object *object = json_object_new_object();
	struct json_object *last = json_object_new_array(), *calls = json_object_new_array();
	uint32_t thread[3], i;

	add_text(object, "stopped", reason);
	add_text(object, "what", stop->what ? stop->what : "");
	add_number(object, "lane", stop->lane);
	agx_watch_thread(stop->step->simd->group, stop->step->simd->index * AGX_LANES + stop->lane,
			 thread);
	json_object_object_add(object, "thread", three(thread));
	if (stop->has_address)
		add_hex(object, "address", stop->address);
	json_object_object_add(object, "at", step_of(stop->step, 1u << stop->lane));
	for (i = 0; i < stop->last_count; i++) {
		const uint64_t index = (uint64_t)(stop->last[i].op - program->ops);
		struct json_object *one = json_object_new_object();

		add_instruction(one, index < program->count ? &program->instrs[index] : NULL,
				stop->last[i].op->offset);
		add_hex(one, "active", stop->last[i].lanes);
		json_object_array_add(last, one);
	}
	json_object_object_add(object, "last", last);
	for (i = 0; i < stop->call_count; i++)
		json_object_array_add(calls, json_object_new_int64(stop->calls[i]->offset));
	json_object_object_add(object, "calls", calls);
	write_line(out, object);
}

static struct json_object *racer(const struct agx_watch_racer *one)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "kind", kind_names[one->kind]);
	json_object_object_add(object, "thread", three(one->thread));
	json_object_object_add(object, "group", three(one->group));
	add_instruction(object, one->instr, one->offset);
	return object;
}

void shader_json_race(FILE *out, const struct agx_watch_race *race)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "race", race->rule);
	add_place(object, race->place);
	add_hex(object, "shader", race->program);
	add_text(object, "space", space_names[race->space]);
	add_hex(object, "address", race->address);
	if (race->buffer[0])
		add_text(object, "buffer", race->buffer);
	json_object_object_add(object, "first", racer(&race->first));
	json_object_object_add(object, "second", racer(&race->second));
	write_line(out, object);
}
