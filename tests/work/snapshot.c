// SPDX-License-Identifier: MIT
#include "snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void add(struct snapshot *snapshot, const char *prefix, const char *path, uint64_t value,
		bool pointer)
{
	struct place *place = &snapshot->places[snapshot->count];

	if (!value)
		return;
	if (snapshot->count++ == SNAPSHOT_PLACES)
		fail_msg("too many places");
	if (snprintf(place->name, sizeof(place->name), "%s.%s", prefix, path) >=
	    (int)sizeof(place->name))
		fail_msg("long name: %s.%s", prefix, path);
	place->value = value;
	place->pointer = pointer;
}

static void walk(struct snapshot *snapshot, const struct agx_fw_layout *layout, const uint8_t *at,
		 const char *prefix, const char *way);

/* Parts of commands that have names of their own. */
static const char *part_prefix(const char *prefix, const char *member, char *buffer)
{
	if (strlen(prefix) != 1)
		return NULL;
	if (!strcmp(member, "tiling_params"))
		return strcpy(buffer, "TP");
	if (strncmp(member, "job_params", 10))
		return NULL;
	buffer[0] = prefix[0];
	buffer[1] = member[10];
	buffer[2] = '\0';
	return buffer;
}

static void walk_registers(struct snapshot *snapshot, const uint8_t *at, const char *prefix)
{
	const struct agx_register_array *array = (const void *)at;
	unsigned int i;

	for (i = 0; i < AGX_MAX_REGISTERS; i++) {
		struct place *place = &snapshot->places[snapshot->count];

		if (!array->registers[i].number || !array->registers[i].value)
			continue;
		if (snapshot->count++ == SNAPSHOT_PLACES)
			fail_msg("too many places");
		snprintf(place->name, sizeof(place->name), "%s:%05x", prefix,
			 array->registers[i].number);
		place->value = array->registers[i].value;
		place->pointer = place->value >= BUILDER_WINDOW;
	}
}

static void walk_member(struct snapshot *snapshot, const struct agx_fw_member *member,
			const uint8_t *at, const char *prefix, const char *way)
{
	char path[128], part[4];
	uint64_t value = 0;
	uint32_t i;

	if (agx_fw_nested(member) && !strcmp(agx_fw_nested(member)->name, "register_array")) {
		walk_registers(snapshot, at, prefix);
		return;
	}
	if (agx_fw_nested(member) && part_prefix(prefix, member->name, part)) {
		walk(snapshot, agx_fw_nested(member), at, part, "");
		return;
	}
	for (i = 0; i < member->count; i++, at += member->size) {
		if (member->count > 1)
			snprintf(path, sizeof(path), "%s%s[%u]", way, member->name, i);
		else
			snprintf(path, sizeof(path), "%s%s", way, member->name);
		if (agx_fw_nested(member)) {
			strncat(path, ".", sizeof(path) - strlen(path) - 1);
			walk(snapshot, agx_fw_nested(member), at, prefix, path);
			continue;
		}
		value = 0;
		memcpy(&value, at, member->size);
		add(snapshot, prefix, path, value,
		    member->kind == AGX_FW_FW_VA || member->kind == AGX_FW_GPU_VA);
	}
}

static void walk(struct snapshot *snapshot, const struct agx_fw_layout *layout, const uint8_t *at,
		 const char *prefix, const char *way)
{
	uint32_t i;

	for (i = 0; i < layout->count; i++)
		walk_member(snapshot, &layout->members[i], at + layout->members[i].offset, prefix,
			    way);
}

/* An object that has at least the structure's size. */
static const uint8_t *object_at(struct builder *builder, uint64_t va,
				const struct agx_fw_layout *layout)
{
	const struct agx_heap_object *object = builder_object(builder, va);

	if (!object || va != object->va || object->size < layout->size)
		fail_msg("no %s at 0x%llx", layout->name, (unsigned long long)va);
	return object->cpu;
}

static const char *op_layout(unsigned int opcode)
{
	switch (opcode) {
	case AGX_OP_WAIT_FOR_IDLE:
	case AGX_OP_WAIT_FOR_IDLE2:
	case AGX_OP_RETIRE_STAMP:
		return "op_header";
	case AGX_OP_TIMESTAMP:
		return "op_timestamp";
	case AGX_OP_START_VERTEX:
		return "op_start_vertex";
	case AGX_OP_FINALIZE_VERTEX:
		return "op_finalize_vertex";
	case AGX_OP_START_FRAGMENT:
		return "op_start_fragment";
	case AGX_OP_FINALIZE_FRAGMENT:
		return "op_finalize_fragment";
	case AGX_OP_START_COMPUTE:
		return "op_start_compute";
	case AGX_OP_FINALIZE_COMPUTE:
		return "op_finalize_compute";
	}
	fail_msg("opcode 0x%x", opcode);
	return NULL;
}

static const char *op_prefix(uint32_t header)
{
	switch (header & AGX_OP_CODE) {
	case AGX_OP_WAIT_FOR_IDLE:
	case AGX_OP_WAIT_FOR_IDLE2:
		return "W";
	case AGX_OP_RETIRE_STAMP:
		return "R";
	case AGX_OP_TIMESTAMP:
		return header & AGX_OP_TIMESTAMP_START ? "T0" : "T1";
	case AGX_OP_START_VERTEX:
	case AGX_OP_START_FRAGMENT:
	case AGX_OP_START_COMPUTE:
		return "S";
	}
	return "Z";
}

static void walk_sequence(struct builder *builder, struct snapshot *snapshot, enum agx_pipe pipe,
			  char letter, uint64_t va, uint32_t size)
{
	const struct agx_heap_object *object = builder_object(builder, va);
	uint32_t at = 0;

	if (!object || object->va != va || object->size != size)
		fail_msg("micro-sequence of %u bytes at 0x%llx", size, (unsigned long long)va);
	snapshot->sequence_size[pipe] = size;
	while (at < size) {
		const uint8_t *op = (const uint8_t *)object->cpu + at;
		const struct agx_fw_layout *layout;
		unsigned int n = snapshot->op_count[pipe]++;
		uint32_t header;
		char prefix[8];

		assert_true(n < SNAPSHOT_OPS && size - at >= sizeof(header));
		memcpy(&header, op, sizeof(header));
		snprintf(prefix, sizeof(prefix), "%s%c", op_prefix(header), letter);
		layout = agx_fw_find_layout(builder->core.variant, op_layout(header & AGX_OP_CODE));
		assert_non_null(layout);
		assert_true(layout->size <= size - at);
		walk(snapshot, layout, op, prefix, "");
		snapshot->ops[pipe][n] = header & AGX_OP_CODE;
		snapshot->op_offsets[pipe][n] = at;
		at += layout->size;
	}
}

static const struct place *need(const struct snapshot *snapshot, const char *name)
{
	const struct place *place = snapshot_find(snapshot, name);

	if (!place)
		fail_msg("%s is zero", name);
	return place;
}

static void walk_command(struct builder *builder, struct snapshot *snapshot, enum agx_pipe pipe,
			 uint64_t va)
{
	static const char *const layouts[] = {"run_vertex", "run_fragment", "run_compute"};
	static const char letters[] = "VFC";
	const struct agx_fw_layout *layout =
		agx_fw_find_layout(builder->core.variant, layouts[pipe]);
	const uint8_t *at = object_at(builder, va, layout);
	char prefix[2] = {letters[pipe], '\0'}, name[32];
	uint64_t sequence;

	snapshot->commands[pipe] = va;
	walk(snapshot, layout, at, prefix, "");
	snprintf(name, sizeof(name), "%c.microsequence", letters[pipe]);
	sequence = need(snapshot, name)->value;
	snprintf(name, sizeof(name), "%c.microsequence_size", letters[pipe]);
	walk_sequence(builder, snapshot, pipe, letters[pipe], sequence,
		      (uint32_t)need(snapshot, name)->value);
}

static void walk_object(struct builder *builder, struct snapshot *snapshot, const char *name,
			uint64_t va, const char *prefix)
{
	const struct agx_fw_layout *layout = agx_fw_find_layout(builder->core.variant, name);

	walk(snapshot, layout, object_at(builder, va, layout), prefix, "");
}

void snapshot_take(struct builder *builder, const struct agx_core_job *job,
		   struct snapshot *snapshot)
{
	unsigned int pipe, i;

	memset(snapshot, 0, sizeof(*snapshot));
	for (pipe = 0; pipe < AGX_PIPE_COUNT; pipe++) {
		for (i = 0; i < job->entry_count; i++) {
			const struct builder_entry *entry = &job->entries[i];

			if (entry->pipe != pipe || !entry->command || snapshot->commands[pipe])
				continue;
			if (entry->run)
				walk_command(builder, snapshot, pipe, entry->command);
			else
				walk_object(builder, snapshot, "init_buffer", entry->command, "I");
		}
	}
	if (snapshot->commands[AGX_PIPE_VERTEX]) {
		walk_object(builder, snapshot, "scene", need(snapshot, "V.scene")->value, "S");
		walk_object(builder, snapshot, "buffer_info", need(snapshot, "V.buffer")->value,
			    "B");
	}
}

const struct place *snapshot_find(const struct snapshot *snapshot, const char *name)
{
	unsigned int i;

	for (i = 0; i < snapshot->count; i++)
		if (!strcmp(snapshot->places[i].name, name))
			return &snapshot->places[i];
	return NULL;
}
