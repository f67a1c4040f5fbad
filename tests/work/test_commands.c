// SPDX-License-Identifier: MIT
/*
 * Commands, for every SoC and firmware: what a command consists of, down to the last member that
 * is not zero, and where each field of the uAPI goes. command_tables.h says what is right.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agx_soc_tables.h"
#include "command_tables.h"
#include "snapshot.h"

#define TAKEN_SLOTS 5 /* of the buffer manager, so that ours is not 0 */

static bool holds(const struct builder *builder, const char *condition)
{
	enum agx_fw_variant variant = builder->core.variant;
	bool x = variant == AGX_FW_VARIANT_G14X_V13_5;
	bool g13 = variant == AGX_FW_VARIANT_G13_V12_3 || variant == AGX_FW_VARIANT_G13_V13_5;
	bool v12 = variant == AGX_FW_VARIANT_G13_V12_3 || variant == AGX_FW_VARIANT_G14_V12_4;
	bool clusters = builder->core.config.device.id.clusters > 1;

	for (; *condition; condition++) {
		switch (*condition) {
		case '3':
			if (!g13)
				return false;
			break;
		case '4':
			if (g13 || x)
				return false;
			break;
		case 'x':
			if (!x)
				return false;
			break;
		case 'o':
			if (x)
				return false;
			break;
		case 'y':
			if (g13)
				return false;
			break;
		case 'v':
			if (v12)
				return false;
			break;
		case 'u':
			if (!v12)
				return false;
			break;
		case 'm':
			if (!clusters)
				return false;
			break;
		case 's':
			if (clusters)
				return false;
			break;
		default:
			fail_msg("condition %c", *condition);
		}
	}
	return true;
}

static void take_slots(struct builder *builder, bool take)
{
	unsigned int i;

	for (i = 0; i < TAKEN_SLOTS; i++)
		builder->core.tvb_slots.slots[i].owner = take ? (struct agx_tvb *)builder : NULL;
}

static void build(struct builder *builder, const struct agx_submit_cmd *cmd, const void *cmdbuf,
		  struct snapshot *snapshot)
{
	struct agx_core_job *job = builder_job(builder, &builder->queue);

	take_slots(builder, true);
	assert_int_equal(cmd->type == DRM_ASAHI_CMD_RENDER ? agx_build_render(job, cmd, cmdbuf)
							   : agx_build_compute(job, cmd, cmdbuf),
			 0);
	snapshot_take(builder, job, snapshot);
	builder_job_done(job);
	take_slots(builder, false);
}

/* --- Everything that is not zero --- */

static bool starts(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static enum agx_pipe pipe_of(char letter)
{
	return letter == 'V'   ? AGX_PIPE_VERTEX
	       : letter == 'F' ? AGX_PIPE_FRAGMENT
			       : AGX_PIPE_COMPUTE;
}

/* A number of the environment, with a pipe's letter behind its name or not. */
static uint64_t env_value(const struct builder *builder, const char *name)
{
	const struct agx_device *device = &builder->core.config.device;
	enum agx_pipe pipe = pipe_of(name[strlen(name) - 1]);
	uint64_t cores = 0;
	unsigned int i;

	for (i = 0; i * device->id.cores_per_cluster < 64 && i < device->id.clusters; i++)
		cores |= (uint64_t)device->id.core_masks[i] << (i * device->id.cores_per_cluster);
	if (!strcmp(name, "VM"))
		return BUILDER_VM_SLOT;
	if (!strcmp(name, "USC"))
		return BUILDER_USC_BASE;
	if (!strcmp(name, "NOTIFIER"))
		return BUILDER_NOTIFIER;
	if (!strcmp(name, "NOTIFIER_BUF"))
		return BUILDER_NOTIFIER_BUF;
	if (!strcmp(name, "NUMBER"))
		return BUILDER_QUEUE_NUMBER;
	if (starts(name, "COUNTER"))
		return BUILDER_COUNTER + !!strchr(name, '+');
	if (!strcmp(name, "CORES0"))
		return (uint32_t)cores;
	if (!strcmp(name, "CORES1"))
		return cores >> 32;
	if (!strcmp(name, "TPC"))
		return 0x6000 * device->id.clusters;
	if (!strcmp(name, "TILING"))
		return agx_soc_arch(device->soc)->tiling_control | (device->id.clusters == 1);
	if (starts(name, "QUEUE"))
		return BUILDER_QUEUE_INFO + pipe * 0x1000;
	if (starts(name, "STATS"))
		return pipe == AGX_PIPE_VERTEX     ? BUILDER_STATS_VERTEX
		       : pipe == AGX_PIPE_FRAGMENT ? BUILDER_STATS_FRAG
						   : BUILDER_STATS_COMPUTE;
	if (starts(name, "STAMP"))
		return BUILDER_STAMP + pipe * 0x100;
	if (starts(name, "FW"))
		return BUILDER_FW_STAMP + pipe * 0x100;
	if (starts(name, "VALUE"))
		return BUILDER_STAMP_VALUE + pipe * 0x10000;
	if (starts(name, "SLOT"))
		return BUILDER_STAMP_SLOT + pipe;
	if (starts(name, "SEQ"))
		return BUILDER_EVENT_SEQ + pipe * 0x1000;
	fail_msg("environment: %s", name);
	return 0;
}

static uint64_t offset_value(const struct builder *builder, const char *text)
{
	const struct agx_soc_arch *arch = agx_soc_arch(builder->core.config.device.soc);
	uint64_t clusters = builder->core.config.device.id.clusters;
	uint64_t copies = clusters > 1 ? clusters + 1 : 1;

	if (starts(text, "PREEMPT2"))
		return arch->preempt1_size * copies;
	if (starts(text, "PREEMPT3"))
		return (arch->preempt1_size + arch->preempt2_size) * copies;
	if (starts(text, "COMPUTE"))
		return arch->compute_preempt1_size + 8 * (uint64_t)(text[7] - '2');
	return strtoull(text, NULL, 16);
}

/* "V.member": its address. */
static uint64_t member_address(const struct builder *builder, const struct snapshot *snapshot,
			       const char *name)
{
	static const char *const layouts[] = {"run_vertex", "run_fragment", "run_compute"};
	enum agx_pipe pipe = pipe_of(name[0]);
	const struct agx_fw_layout *layout =
		agx_fw_find_layout(builder->core.variant, layouts[pipe]);
	uint32_t i;

	for (i = 0; i < layout->count; i++)
		if (!strcmp(layout->members[i].name, name + 2))
			return snapshot->commands[pipe] + layout->members[i].offset;
	fail_msg("%s has no member %s", layout->name, name + 2);
	return 0;
}

static bool is_object(struct builder *builder, uint64_t value, const char *expected)
{
	const char *plus = strchr(expected, '+'), *bar = strchr(expected, '|');
	const struct agx_heap_object *object;
	char tag[64];

	snprintf(tag, sizeof(tag), "%.*s", (int)strcspn(expected, "+|"), expected);
	if (bar) {
		uint64_t bits = strtoull(bar + 1, NULL, 16);

		if ((value & bits) != bits)
			return false;
		value &= ~bits;
	}
	if (plus)
		value -= offset_value(builder, plus + 1);
	object = builder_object(builder, value);
	return object && object->va == value && !strcmp(object->tag, tag);
}

static bool fits(struct builder *builder, const struct snapshot *snapshot, uint64_t value,
		 const char *expected)
{
	switch (expected[0]) {
	case '?':
		return true;
	case '$':
		return value == env_value(builder, expected + 1);
	case '&':
		return value == member_address(builder, snapshot, expected + 1);
	case '@':
		return is_object(builder, value, expected + 1);
	}
	return value == strtoull(expected, NULL, 16);
}

static void compare(struct builder *builder, const struct snapshot *snapshot,
		    const struct golden *golden, size_t count)
{
	const char *soc = builder->core.config.device.soc->name;
	bool known[SNAPSHOT_PLACES] = {false};
	unsigned int i, wrong = 0;
	size_t row;

	for (row = 0; row < count; row++) {
		const struct golden *g = &golden[row];
		const struct place *place = snapshot_find(snapshot, g->name);
		uint64_t value = place ? place->value : 0;
		bool may_be_zero = g->value[0] == '$' && !env_value(builder, g->value + 1);

		if (!holds(builder, g->condition))
			continue;
		if (place)
			known[place - snapshot->places] = true;
		if ((!place && !may_be_zero) || !fits(builder, snapshot, value, g->value)) {
			print_error("%s %s: %s is 0x%llx, not %s\n", soc, builder->core.ops->name,
				    g->name, (unsigned long long)value, g->value);
			wrong++;
		}
	}
	for (i = 0; i < snapshot->count; i++) {
		if (known[i])
			continue;
		print_error("%s %s: %s is 0x%llx, not 0\n", soc, builder->core.ops->name,
			    snapshot->places[i].name,
			    (unsigned long long)snapshot->places[i].value);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void each_pair(void (*test)(struct builder *builder))
{
	const struct agx_firmware_version *firmware;
	const struct agx_soc *soc;
	unsigned int i;

	for (i = 0; builder_pair(i, &soc, &firmware); i++) {
		static struct builder builder;

		builder_init(&builder, soc, firmware);
		test(&builder);
		assert_int_equal(builder_finish(&builder), 0);
	}
	assert_true(i >= 12);
}

/* Compared while the job is alive, for the tags of its objects. */
static void golden_of(struct builder *builder, struct agx_submit_cmd *cmd,
		      const struct golden *golden, size_t count)
{
	struct agx_core_job *job = builder_job(builder, &builder->queue);
	static struct snapshot snapshot;

	take_slots(builder, true);
	assert_int_equal(cmd->type == DRM_ASAHI_CMD_RENDER ? agx_build_render(job, cmd, NULL)
							   : agx_build_compute(job, cmd, NULL),
			 0);
	snapshot_take(builder, job, &snapshot);
	compare(builder, &snapshot, golden, count);
	builder_job_done(job);
	take_slots(builder, false);
}

static void render_golden_one(struct builder *builder)
{
	struct agx_submit_cmd cmd;

	builder_render(&cmd, 1920, 1080);
	golden_of(builder, &cmd, render_golden, sizeof(render_golden) / sizeof(render_golden[0]));
}

static void compute_golden_one(struct builder *builder)
{
	struct agx_submit_cmd cmd;

	builder_compute(&cmd);
	golden_of(builder, &cmd, compute_golden,
		  sizeof(compute_golden) / sizeof(compute_golden[0]));
}

static void every_member_of_a_render(void **state)
{
	(void)state;
	each_pair(render_golden_one);
}

static void every_member_of_a_compute_command(void **state)
{
	(void)state;
	each_pair(compute_golden_one);
}

/* --- Where fields go --- */

struct difference {
	const struct place *places[SNAPSHOT_PLACES];
	uint64_t values[SNAPSHOT_PLACES];
	bool expected[SNAPSHOT_PLACES];
	unsigned int count;
};

/* An address of one of the VM's buffers, with or without tags. */
static bool is_buffer(uint64_t value)
{
	value &= (1ull << 48) - 1;
	return value >= BUILDER_WINDOW && value < BUILDER_WINDOW + BUILDER_WINDOW_SIZE;
}

static bool is_pointer(const struct place *place)
{
	return strchr(place->name, ':') ? is_buffer(place->value) : place->pointer;
}

static void find_difference(const struct snapshot *before, const struct snapshot *after,
			    bool no_pointers, struct difference *difference)
{
	unsigned int i;

	memset(difference, 0, sizeof(*difference));
	for (i = 0; i < after->count; i++) {
		const struct place *other = snapshot_find(before, after->places[i].name);

		if ((other && other->value == after->places[i].value) ||
		    (no_pointers && other && is_pointer(other) && is_pointer(&after->places[i])))
			continue;
		difference->places[difference->count] = &after->places[i];
		difference->values[difference->count++] = after->places[i].value;
	}
	for (i = 0; i < before->count; i++) {
		if (snapshot_find(after, before->places[i].name))
			continue;
		difference->places[difference->count] = &before->places[i];
		difference->values[difference->count++] = 0;
	}
}

/* One name out of a route. */
static unsigned int expect(struct builder *builder, const struct route *route, char *token,
			   struct difference *difference)
{
	char *bang = strchr(token, '!'), *how;
	uint64_t value = route->value;
	bool any = false, wild, found = false;
	unsigned int i, wrong = 0;

	if (bang) {
		*bang = '\0';
		if (!holds(builder, token))
			return 0;
		token = bang + 1;
	}
	wild = token[strlen(token) - 1] == '*';
	how = strpbrk(token, "=?+|");
	if (how) {
		uint64_t number = strtoull(how + 1, NULL, 16);

		any = *how == '?';
		value = *how == '=' ? number : *how == '+' ? value + number : value | number;
		*how = '\0';
	}
	for (i = 0; i < difference->count; i++) {
		const char *name = difference->places[i]->name;

		if (wild ? strncmp(name, token, strlen(token) - 1) : strcmp(name, token))
			continue;
		found = true;
		difference->expected[i] = true;
		if (!any && !wild && difference->values[i] != value) {
			print_error("%s: %s is 0x%llx, not 0x%llx\n", route->field, name,
				    (unsigned long long)difference->values[i],
				    (unsigned long long)value);
			wrong++;
		}
	}
	if (!found && !any) {
		print_error("%s does not reach %s\n", route->field, token);
		wrong++;
	}
	return wrong;
}

static unsigned int expect_all(struct builder *builder, const struct route *route,
			       const char *names, struct difference *difference)
{
	char copy[1024], *save = NULL, *token;
	unsigned int wrong = 0;

	assert_true(strlen(names) < sizeof(copy));
	strcpy(copy, names);
	for (token = strtok_r(copy, " ", &save); token; token = strtok_r(NULL, " ", &save))
		wrong += expect(builder, route, token, difference);
	return wrong;
}

static void check_route(struct builder *builder, const struct route *route,
			const struct snapshot *before, const struct snapshot *after)
{
	static struct difference difference;
	unsigned int i, wrong;

	find_difference(before, after, route->moves_buffers, &difference);
	wrong = expect_all(builder, route, holds(builder, "x") ? route->x : route->old,
			   &difference);
	wrong += expect_all(builder, route, route->all, &difference);
	for (i = 0; i < difference.count; i++) {
		if (difference.expected[i])
			continue;
		print_error("%s reaches %s: 0x%llx\n", route->field, difference.places[i]->name,
			    (unsigned long long)difference.values[i]);
		wrong++;
	}
	if (wrong)
		fail_msg("%s = 0x%llx on %s %s", route->field, (unsigned long long)route->value,
			 builder->core.config.device.soc->name, builder->core.ops->name);
}

static void follow(const struct agx_submit_cmd *base, const struct route *routes, size_t count,
		   const void *cmdbuf)
{
	const struct agx_firmware_version *firmware;
	static struct snapshot before, after;
	static struct builder builder;
	const struct agx_soc *soc;
	unsigned int i;
	size_t row;

	for (i = 0; builder_pair(i, &soc, &firmware); i++) {
		builder_init(&builder, soc, firmware);
		build(&builder, base, cmdbuf, &before);
		for (row = 0; row < count; row++) {
			struct agx_submit_cmd cmd = *base;

			builder_reset(&builder);
			if (holds(&builder, routes[row].condition)) {
				memcpy((char *)&cmd.args + routes[row].offset, &routes[row].value,
				       routes[row].size);
				build(&builder, &cmd, cmdbuf, &after);
				check_route(&builder, &routes[row], &before, &after);
			}
		}
		assert_int_equal(builder_finish(&builder), 0);
	}
}

static void every_field_of_a_render(void **state)
{
	struct agx_submit_cmd cmd;

	(void)state;
	builder_render(&cmd, 1920, 1080);
	follow(&cmd, render_routes, sizeof(render_routes) / sizeof(render_routes[0]), NULL);
}

static void every_field_of_a_compute_command(void **state)
{
	struct agx_submit_cmd cmd;

	(void)state;
	builder_compute(&cmd);
	follow(&cmd, compute_routes, sizeof(compute_routes) / sizeof(compute_routes[0]), NULL);
}

/* --- Timestamps and attachments --- */

#define TIMES 0xffffffae10040000ull /* address of a timestamp object */

static void want(struct agx_submit_cmd *cmd, enum agx_timestamp which, uint32_t offset)
{
	cmd->timestamps[which].object = (void *)(uintptr_t)TIMES;
	cmd->timestamps[which].offset = offset;
}

/* A wanted time of one kind: both Timestamp operations, the pointer, and nothing for the others. */
static void timestamps_one(struct builder *builder)
{
	static const struct {
		enum agx_timestamp which;
		const char *routes; /* %c: the letter of the command */
		char letter;
		bool compute;
	} cases[] = {
		{AGX_TIMESTAMP_VERTEX_START, "user_timestamp_pointers.start_addr", 'V', false},
		{AGX_TIMESTAMP_VERTEX_END, "user_timestamp_pointers.end_addr", 'V', false},
		{AGX_TIMESTAMP_FRAGMENT_START, "user_timestamp_pointers.start_addr", 'F', false},
		{AGX_TIMESTAMP_FRAGMENT_END, "user_timestamp_pointers.end_addr", 'F', false},
		{AGX_TIMESTAMP_COMPUTE_START, "user_timestamp_pointers.start_addr", 'C', true},
		{AGX_TIMESTAMP_COMPUTE_END, "user_timestamp_pointers.end_addr", 'C', true},
	};
	static struct snapshot before, after;
	char expected[256];
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct route route = {.field = "timestamp",
				      .value = TIMES + 0x18,
				      .old = "",
				      .x = "",
				      .all = expected,
				      .moves_buffers = true};
		struct agx_submit_cmd cmd;
		char l = cases[i].letter;

		if (cases[i].compute)
			builder_compute(&cmd);
		else
			builder_render(&cmd, 64, 64);
		builder_reset(builder);
		build(builder, &cmd, NULL, &before);
		want(&cmd, cases[i].which, 0x18);
		builder_reset(builder);
		build(builder, &cmd, NULL, &after);
		snprintf(expected, sizeof(expected),
			 "%c.%s T0%c.* T1%c.* %c.microsequence_size? Z%c.restart_branch_offset?", l,
			 cases[i].routes, l, l, l, l);
		check_route(builder, &route, &before, &after);
	}
}

static void wanted_times(void **state)
{
	(void)state;
	each_pair(timestamps_one);
}

static const struct golden times_golden[] = {
#define TIMES_GOLDEN(l, unk)                                                                    \
	{"", "T0" l ".header", "80000019"}, {"", "T1" l ".header", "19"},                       \
		{"", "T0" l ".command_time", "&" l ".command_time"},                            \
		{"", "T1" l ".command_time", "&" l ".command_time"},                            \
		{"", "T0" l ".ts_pointers", "&" l ".timestamp_pointers"},                       \
		{"", "T1" l ".ts_pointers", "&" l ".timestamp_pointers"},                       \
		{"", "T0" l ".update_ts", "&" l ".timestamp_pointers"},                         \
		{"", "T0" l ".work_queue", "$QUEUE" l}, {"", "T1" l ".work_queue", "$QUEUE" l}, \
		{"", "T0" l ".user_ts_pointers", "&" l ".user_timestamp_pointers"},             \
		{"", "T1" l ".user_ts_pointers", "&" l ".user_timestamp_pointers"},             \
		{"v", "T0" l ".unk_ts", "&" l "." unk},                                         \
	{                                                                                       \
		"v", "T1" l ".unk_ts", "&" l "." unk                                            \
	}
	TIMES_GOLDEN("V", "unk_ts"),
	TIMES_GOLDEN("F", "unk_ts"),
	TIMES_GOLDEN("C", "context_store_req"),
};

static void timestamp_operations_one(struct builder *builder)
{
	static struct snapshot snapshot;
	struct agx_submit_cmd cmd;
	unsigned int i, pass, wrong = 0;
	uint64_t start;
	size_t row;

	for (pass = 0; pass < 2; pass++) {
		if (pass)
			builder_compute(&cmd);
		else
			builder_render(&cmd, 64, 64);
		for (i = 0; i < (pass ? 2u : 4u); i++)
			want(&cmd, i, i * 8 + 3);
		build(builder, &cmd, NULL, &snapshot);
		for (row = 0; row < sizeof(times_golden) / sizeof(times_golden[0]); row++) {
			const struct golden *g = &times_golden[row];
			const struct place *place = snapshot_find(&snapshot, g->name);

			if ((g->name[2] == 'C') != (pass == 1) || !holds(builder, g->condition))
				continue;
			if (!place || !fits(builder, &snapshot, place->value, g->value)) {
				print_error("%s is not %s\n", g->name, g->value);
				wrong++;
			}
		}
		for (i = 0; i < (pass ? 1u : 2u); i++) {
			char l = pass ? 'C' : "VF"[i], name[64];

			snprintf(name, sizeof(name), "%c.user_timestamp_pointers.start_addr", l);
			assert_int_equal(snapshot_find(&snapshot, name)->value, TIMES + 16 * i + 3);
			snprintf(name, sizeof(name), "%c.user_timestamp_pointers.end_addr", l);
			assert_int_equal(snapshot_find(&snapshot, name)->value,
					 TIMES + 16 * i + 11);
			snprintf(name, sizeof(name), "T0%c.update_ts", l);
			start = snapshot_find(&snapshot, name)->value;
			snprintf(name, sizeof(name), "T1%c.update_ts", l);
			assert_int_equal(snapshot_find(&snapshot, name)->value, start + 8);
		}
	}
	assert_int_equal(wrong, 0);
}

static void timestamp_operations(void **state)
{
	(void)state;
	each_pair(timestamp_operations_one);
}

static void attachments_one(struct builder *builder)
{
	struct drm_asahi_attachment given[3 * AGX_MAX_ATTACHMENTS];
	static const char letters[] = "VFC";
	static struct snapshot render, compute;
	uint8_t cmdbuf[5 + sizeof(given)];
	struct agx_submit_cmd cmd;
	unsigned int i, list;

	for (i = 0; i < 3 * AGX_MAX_ATTACHMENTS; i++)
		given[i] = (struct drm_asahi_attachment){.pointer = 0x123456789abc0000ull + i,
							 .size = 0x80 * i + i % 3};
	given[7].size = 0xffffffffull << 7;
	memcpy(cmdbuf + 5, given, sizeof(given));
	builder_render(&cmd, 64, 64);
	cmd.vertex = (struct agx_attachment_list){5, AGX_MAX_ATTACHMENTS};
	cmd.fragment = (struct agx_attachment_list){5 + 24 * AGX_MAX_ATTACHMENTS, 3};
	build(builder, &cmd, cmdbuf, &render);
	builder_compute(&cmd);
	cmd.compute =
		(struct agx_attachment_list){5 + 48 * AGX_MAX_ATTACHMENTS, AGX_MAX_ATTACHMENTS};
	build(builder, &cmd, cmdbuf, &compute);

	for (list = 0; list < 3; list++) {
		const struct snapshot *snapshot = list == 2 ? &compute : &render;
		uint32_t count = list == 1 ? 3 : AGX_MAX_ATTACHMENTS;
		char name[64], l = letters[list];

		for (i = 0; i < AGX_MAX_ATTACHMENTS; i++) {
			const struct drm_asahi_attachment *from =
				&given[list * AGX_MAX_ATTACHMENTS + i];
			const struct place *place;

			snprintf(name, sizeof(name), "S%c.attachments.list[%u].address", l, i);
			place = snapshot_find(snapshot, name);
			assert_int_equal(place ? place->value : 0, i < count ? from->pointer : 0);
			snprintf(name, sizeof(name), "S%c.attachments.list[%u].size", l, i);
			place = snapshot_find(snapshot, name);
			assert_int_equal(place ? place->value : 0,
					 i < count ? (from->size + 127) / 128 : 0);
			snprintf(name, sizeof(name), "S%c.attachments.list[%u].unk_c", l, i);
			place = snapshot_find(snapshot, name);
			assert_int_equal(place ? place->value : 0, i < count ? 0x17 : 0);
			snprintf(name, sizeof(name), "S%c.attachments.list[%u].unk_e", l, i);
			place = snapshot_find(snapshot, name);
			assert_int_equal(place ? place->value : 0, i < count);
		}
		snprintf(name, sizeof(name), "S%c.attachments.count", l);
		assert_int_equal(snapshot_find(snapshot, name)->value, count);
		snprintf(name, sizeof(name), "Z%c.has_attachments", l);
		assert_int_equal(snapshot_find(snapshot, name)->value, 1);
	}
}

static void attachments(void **state)
{
	(void)state;
	each_pair(attachments_one);
}

/* --- Micro-sequences, registers, rings --- */

/* Sizes of Start, Timestamp, Wait, Finalize: for G13 12.3, G14 12.4, G13 13.5, G14 13.5, G14X. */
static const uint32_t op_sizes[AGX_PIPE_COUNT][AGX_FW_VARIANT_COUNT][4] = {
	[AGX_PIPE_VERTEX] = {{0x17c, 0x34, 4, 0x74},
			     {0x17c, 0x34, 4, 0x7c},
			     {0x18c, 0x3c, 4, 0x84},
			     {0x18c, 0x3c, 4, 0x84},
			     {0x194, 0x3c, 4, 0x84}},
	[AGX_PIPE_FRAGMENT] = {{0x194, 0x34, 4, 0x9c},
			       {0x194, 0x34, 4, 0xa4},
			       {0x1ac, 0x3c, 4, 0xb4},
			       {0x1ac, 0x3c, 4, 0xb4},
			       {0x1b4, 0x3c, 4, 0xb4}},
	[AGX_PIPE_COMPUTE] = {{0x154, 0x34, 4, 0x64},
			      {0x154, 0x34, 4, 0x6c},
			      {0x16c, 0x3c, 4, 0x7c},
			      {0x16c, 0x3c, 4, 0x7c},
			      {0x174, 0x3c, 4, 0x7c}},
};

static void check_sequence(struct builder *builder, const struct snapshot *snapshot,
			   enum agx_pipe pipe, bool times)
{
	static const uint8_t start[] = {0x22, 0x24, 0x29}, finalize[] = {0x23, 0x25, 0x2a};
	const uint32_t *sizes = op_sizes[pipe][builder->core.variant];
	uint8_t wait = holds(builder, "x") ? 2 : 1;
	const uint8_t with[] = {start[pipe], 0x19, wait, 0x19, finalize[pipe], 0x18};
	const uint8_t without[] = {start[pipe], wait, finalize[pipe], 0x18};
	uint32_t at = sizes[0] + (times ? 2 * sizes[1] : 0) + sizes[2];
	unsigned int count = times ? 6 : 4;
	char name[64];

	assert_int_equal(snapshot->op_count[pipe], count);
	assert_memory_equal(snapshot->ops[pipe], times ? with : without, count);
	assert_int_equal(snapshot->op_offsets[pipe][count - 2], at);
	assert_int_equal(snapshot->sequence_size[pipe], at + sizes[3] + 4);
	snprintf(name, sizeof(name), "Z%c.restart_branch_offset", "VFC"[pipe]);
	assert_int_equal((int32_t)snapshot_find(snapshot, name)->value, -(int32_t)at);
}

static void sequences_one(struct builder *builder)
{
	static struct snapshot snapshot;
	struct agx_submit_cmd cmd;
	unsigned int pipe, times;

	for (times = 0; times < 2; times++) {
		builder_render(&cmd, 64, 64);
		if (times) {
			want(&cmd, AGX_TIMESTAMP_VERTEX_END, 0);
			want(&cmd, AGX_TIMESTAMP_FRAGMENT_START, 0);
		}
		build(builder, &cmd, NULL, &snapshot);
		for (pipe = 0; pipe < 2; pipe++)
			check_sequence(builder, &snapshot, pipe, times);
		builder_compute(&cmd);
		if (times)
			want(&cmd, AGX_TIMESTAMP_COMPUTE_END, 0);
		build(builder, &cmd, NULL, &snapshot);
		check_sequence(builder, &snapshot, AGX_PIPE_COMPUTE, times);
	}
}

static void order_of_operations(void **state)
{
	(void)state;
	each_pair(sequences_one);
}

/* The order of jannau/linux: drivers/gpu/drm/asahi/queue/{render,compute}.rs. */
static const char vertex_order[] =
	"10141 1c039 1c9c8 1c041 1c9d0 1c0a1 1c031 1c9c0 1c051 1c061 10149 10139 10111 1c9b0 10119 "
	"1c9b8 1c958 1c950 1c930 1c880 1c898 1c948 1c888 1c890 1c918 1c079 1c9d8 1c089 1c9e0 16c41 "
	"1ca40 1c9a8 1c920 10151 1c199 1c1a1 1c1a9 1c1b1 1c1b9 10061 11801 11809 11f71 1c0b1 1c850 "
	"10131 10121 10129 101b9 1c069 1c071 1c081 1c0a9 10171 10169 12099 1c9e8 ";
static const char fragment_order[] =
	"01739 10009 15379 15381 15369 15371 15131 15139 100a1 15069 15071 16058 10019 100b1 16030 "
	"100d9 16098 15109 15101 15021 15211 15049 10051 15321 15301 15309 15311 15319 15349 15351 "
	"15329 15331 15339 15341 15231 15221 15239 15229 15401 15421 15409 15429 153c1 15411 153c9 "
	"15431 153d1 15419 153d9 15439 16429 16060 16431 10039 16451 11821 11829 11f79 15359 10069 "
	"16020 16461 16090 120a1 160a8 16068 160b8 ";
static const char compute_order[] =
	"1a510 1a420 1a4d0 1a4d8 1a4e0 1a4e8 10071 11841 11849 11f81 1a440 12091 ";

static void check_order(const struct agx_register_array *array,
			const struct agx_register_list *list, const char *order)
{
	char text[8 * AGX_MAX_REGISTERS] = "";
	unsigned int i;

	for (i = 0; i < list->count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%05x ",
			 array->registers[i].number);
	assert_string_equal(text, order);
	assert_int_equal(list->length, 12 * list->count);
	for (; i < AGX_MAX_REGISTERS; i++) {
		assert_int_equal(array->registers[i].number, 0);
		assert_int_equal(array->registers[i].value, 0);
	}
}

static void registers_one(struct builder *builder)
{
	struct agx_core_job *job = builder_job(builder, &builder->queue);
	const struct agx_g14x_v13_5_run_fragment *fragment;
	const struct agx_g14x_v13_5_run_compute *compute;
	const struct agx_g14x_v13_5_run_vertex *vertex;
	struct agx_submit_cmd cmd;

	builder_render(&cmd, 64, 64);
	assert_int_equal(agx_build_render(job, &cmd, NULL), 0);
	builder_compute(&cmd);
	assert_int_equal(agx_build_compute(job, &cmd, NULL), 0);
	if (holds(builder, "x")) {
		vertex = builder_at(builder, builder_command(job, AGX_PIPE_VERTEX, 1)->command);
		fragment = builder_at(builder, builder_command(job, AGX_PIPE_FRAGMENT, 0)->command);
		compute = builder_at(builder, builder_command(job, AGX_PIPE_COMPUTE, 0)->command);
		check_order(&vertex->registers, &vertex->register_list, vertex_order);
		check_order(&fragment->registers, &fragment->register_list, fragment_order);
		check_order(&compute->registers, &compute->register_list, compute_order);
	}
	builder_job_done(job);
}

static void order_of_registers(void **state)
{
	(void)state;
	each_pair(registers_one);
}

static void entries_one(struct builder *builder)
{
	struct agx_core_job *job = builder_job(builder, &builder->queue);
	const struct agx_heap_object *object;
	struct agx_submit_cmd cmd;
	unsigned int i;

	builder_render(&cmd, 64, 64);
	assert_int_equal(agx_build_render(job, &cmd, NULL), 0);
	assert_int_equal(agx_build_render(job, &cmd, NULL), 0);

	/* Fragment: barrier, Run, twice. The barriers wait for the vertex commands' values. */
	assert_int_equal(job->entry_count, 7);
	for (i = 0; i < 7; i++) {
		static const struct {
			enum agx_pipe pipe;
			const char *tag; /* NULL: barrier */
		} expected[] = {
			{AGX_PIPE_FRAGMENT, NULL},
			{AGX_PIPE_FRAGMENT, "fragment command"},
			{AGX_PIPE_VERTEX, "InitBuffer"},
			{AGX_PIPE_VERTEX, "vertex command"},
			{AGX_PIPE_FRAGMENT, NULL},
			{AGX_PIPE_FRAGMENT, "fragment command"},
			{AGX_PIPE_VERTEX, "vertex command"},
		};
		const struct builder_entry *entry = &job->entries[i];

		assert_int_equal(entry->pipe, expected[i].pipe);
		if (!expected[i].tag) {
			assert_int_equal(entry->command, 0);
			assert_int_equal(entry->on, AGX_PIPE_VERTEX);
			assert_int_equal(entry->value,
					 BUILDER_STAMP_VALUE + (i ? AGX_STAMP_STEP : 0));
			assert_false(entry->external);
			continue;
		}
		object = builder_object(builder, entry->command);
		assert_non_null(object);
		assert_string_equal(object->tag, expected[i].tag);
		assert_int_equal(entry->run, strcmp(object->tag, "InitBuffer") != 0);
	}
	if (holds(builder, "v"))
		assert_int_equal(builder->queue.counter, BUILDER_COUNTER + 4);
	builder_job_done(job);
}

static void ring_entries(void **state)
{
	(void)state;
	each_pair(entries_one);
}

/* --- Memory --- */

static bool is_zero(const uint8_t *bytes, uint64_t size)
{
	uint64_t i;

	for (i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

/* Used memory of the window comes back as zeroes, but for what is saved before it is loaded. */
static void buffers_one(struct builder *builder)
{
	const struct agx_soc_arch *arch = agx_soc_arch(builder->core.config.device.soc);
	uint64_t n = builder->core.config.device.id.clusters, copies = n > 1 ? n + 1 : 1;
	uint64_t splits = arch->clustering.max_splits;
	const struct {
		const char *tag;
		uint64_t size;
		const char *condition;
	} expected[] = {
		{"scene list", n > 1 ? 0x10080 : 0x80, ""},
		{"heap metadata", 0x300, ""},
		{"tilemap", 0x7800, ""},
		{"render preemption",
		 (arch->preempt1_size + arch->preempt2_size + arch->preempt3_size) * copies, ""},
		{"cluster tilemaps", splits * 0x7800, "m"},
		{"cluster metadata",
		 splits * 0x100 + (holds(builder, "3") ? (2 * 0x44 + 0x7f) & ~0x7fu : 0x80) +
			 arch->clustering.meta2_size + arch->clustering.meta3_size +
			 arch->clustering.meta4_size,
		 "m"},
		{"auxiliary buffer", 0x8000, ""},
	};
	struct agx_submit_cmd cmd;
	unsigned int pass, i, j;

	builder_render(&cmd, 1920, 1080);
	cmd.args.render.layers = 2;
	for (pass = 0; pass < 2; pass++) {
		struct agx_core_job *job = builder_job(builder, &builder->queue);
		unsigned int found = 0;

		assert_int_equal(agx_build_render(job, &cmd, NULL), 0);
		for (i = 0; i < job->memory_count; i++) {
			const struct agx_heap_object *object = job->memory[i].object;

			if (job->memory[i].heap != builder->vm.shared)
				continue;
			for (j = 0; j < sizeof(expected) / sizeof(expected[0]); j++)
				if (!strcmp(object->tag, expected[j].tag))
					break;
			assert_true(j < sizeof(expected) / sizeof(expected[0]));
			assert_int_equal(object->size, expected[j].size);
			assert_int_equal(object->va % 0x8000, 0);
			assert_true(is_zero(agx_heap_cpu(object), object->size));
			memset(agx_heap_cpu(object), 0xee, object->size);
			found++;
		}
		assert_int_equal(found, n > 1 ? 7 : 5);
		builder_job_done(job);
	}
}

static void buffers_of_a_render(void **state)
{
	(void)state;
	each_pair(buffers_one);
}

static void huge_frames_are_refused_one(struct builder *builder)
{
	uint32_t before = builder_live(builder);
	struct agx_core_job *job;
	struct agx_submit_cmd cmd;

	builder_render(&cmd, 16384, 16384);
	cmd.args.render.layers = 2048;
	cmd.args.render.utile_width_px = 16;
	cmd.args.render.utile_height_px = 16;
	job = builder_job(builder, &builder->queue);
	assert_int_equal(agx_build_render(job, &cmd, NULL), -ENOMEM);
	builder_job_done(job);

	/* The queue goes on, and keeps only its TVB. */
	builder_render(&cmd, 64, 64);
	job = builder_job(builder, &builder->queue);
	assert_int_equal(agx_build_render(job, &cmd, NULL), 0);
	builder_job_done(job);
	agx_tvb_destroy(builder->queue.tvb);
	builder->queue.tvb = NULL;
	assert_int_equal(builder_live(builder), before);
}

static void huge_frames_are_refused(void **state)
{
	(void)state;
	each_pair(huge_frames_are_refused_one);
}

static int build_once(struct builder *builder, bool render)
{
	struct agx_core_job *job = builder_job(builder, &builder->queue);
	struct agx_submit_cmd cmd;
	int err;

	if (render)
		builder_render(&cmd, 256, 256);
	else
		builder_compute(&cmd);
	want(&cmd, 0, 0);
	err = render ? agx_build_render(job, &cmd, NULL) : agx_build_compute(job, &cmd, NULL);
	if (!err)
		agx_tvb_submitted(&job->scenes);
	builder_job_done(job);
	return err;
}

/* The n-th allocation fails, for every n: an error, nothing lost, and the next try works. */
static void out_of_memory_one(struct builder *builder)
{
	unsigned int render, n;
	int err;

	for (render = 0; render < 2; render++) {
		for (n = 1, err = -1; err; n++) {
			builder_reset(builder);
			builder->machine.fail_after = n;
			err = build_once(builder, render);
			if (err)
				assert_int_equal(err, -ENOMEM);
			else
				assert_int_not_equal(builder->machine.fail_after, 0);
			builder->machine.fail_after = 0;
			assert_int_equal(build_once(builder, render), 0);
		}
		assert_true(n > 4);
	}
}

static void out_of_memory(void **state)
{
	const struct agx_firmware_version *firmware;
	static struct builder builder;
	const struct agx_soc *soc;
	unsigned int i;

	(void)state;
	/* One chip of each kind. */
	for (i = 0; builder_pair(i, &soc, &firmware); i++) {
		if (soc->chip_id != 0x8103 && soc->chip_id != 0x6021)
			continue;
		builder_init_sized(&builder, soc, firmware, BUILDER_WINDOW_SIZE, 64 << 20, true);
		out_of_memory_one(&builder);
		assert_int_equal(builder_finish(&builder), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_member_of_a_render),
		cmocka_unit_test(every_member_of_a_compute_command),
		cmocka_unit_test(every_field_of_a_render),
		cmocka_unit_test(every_field_of_a_compute_command),
		cmocka_unit_test(wanted_times),
		cmocka_unit_test(timestamp_operations),
		cmocka_unit_test(attachments),
		cmocka_unit_test(order_of_operations),
		cmocka_unit_test(order_of_registers),
		cmocka_unit_test(ring_entries),
		cmocka_unit_test(buffers_of_a_render),
		cmocka_unit_test(huge_frames_are_refused),
		cmocka_unit_test(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
