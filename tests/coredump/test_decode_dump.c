// SPDX-License-Identifier: MIT
/*
 * The failing command of a core dump, for each of the firmware's variants and each kind of command:
 * what the driver put there comes out by the uAPI's names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agx.h"
#include "asahi_coredump.h"
#include "decode_dump.h"
#include "fields.h"
#include "raw_memory.h"
#include "registers.h"

#define USC_BASE 0x1100000000ull
#define STREAM   0x1500000000ull
#define COMMAND  0xffffffa600008500ull

/* The command's messages; none is expected but where a test says so. */
static unsigned int messages;

void tool_error(const char *format, ...)
{
	messages++;
}

void tool_warning(const char *format, ...)
{
	messages++;
}

struct command {
	uint8_t bytes[8192];
	const struct agx_fw_layout *layout;
	unsigned int registers;
};

static const struct agx_fw_member *member(const struct agx_fw_layout *layout, const char *name)
{
	for (uint32_t i = 0; i < layout->count; i++)
		if (!strcmp(layout->members[i].name, name))
			return &layout->members[i];
	fail_msg("no member %s", name);
	return NULL;
}

/* Sets block.name, or on G14X the register. */
static void set(struct command *command, enum agx_fw_variant variant, const char *block,
		const char *name, uint32_t number, uint64_t value)
{
	const struct agx_fw_member *outer, *inner;

	if (variant == AGX_FW_VARIANT_G14X_V13_5 && number) {
		struct agx_register one = {.number = number, .value = value};
		const struct agx_fw_member *list = member(command->layout, "register_list");
		uint16_t count = command->registers + 1;

		outer = member(command->layout, "registers");
		memcpy(command->bytes + outer->offset + command->registers * sizeof(one), &one,
		       sizeof(one));
		inner = member(agx_fw_nested(list), "count");
		memcpy(command->bytes + list->offset + inner->offset, &count, sizeof(count));
		command->registers++;
		return;
	}
	outer = member(command->layout, block);
	inner = member(agx_fw_nested(outer), name);
	memcpy(command->bytes + outer->offset + inner->offset, &value, inner->size);
}

static void write_dump(const char *path, const char *variant, const char *tag,
		       const struct command *command)
{
	struct asahi_coredump_info info = {.reason = ASAHI_COREDUMP_FAULTED};
	struct asahi_coredump_mapping mappings[] = {
		{.va = USC_BASE, .size = 0x10000, .object = 0x10000},
	};
	struct asahi_coredump_part parts[] = {
		{.type = ASAHI_COREDUMP_INFO,
		 .name = "info",
		 .data = &info,
		 .element = sizeof(info),
		 .count = 1,
		 .total = 1},
		{.type = ASAHI_COREDUMP_MAPPINGS,
		 .name = "mappings",
		 .data = mappings,
		 .element = sizeof(mappings[0]),
		 .count = 1,
		 .total = 1},
		{.type = ASAHI_COREDUMP_MEMORY,
		 .name = tag,
		 .va = COMMAND,
		 .data = command->bytes,
		 .element = 1,
		 .count = command->layout->size,
		 .total = command->layout->size},
	};
	size_t size = asahi_coredump_size(parts, 3);
	void *bytes = malloc(size);
	FILE *file = fopen(path, "wb");

	assert_non_null(bytes);
	assert_non_null(file);
	snprintf(info.variant, sizeof(info.variant), "%s", variant);
	asahi_coredump_write(parts, 3, bytes);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
	free(bytes);
}

struct seen {
	uint64_t stream, usc_base, program;
	bool usc_base_mapped, stream_mapped;
	unsigned int unmapped;
	char title[64];
};

static void on_begin(void *cookie, const struct agx_decode_node *node)
{
	struct seen *seen = cookie;

	if (node->kind == AGX_DECODE_COMMAND)
		snprintf(seen->title, sizeof(seen->title), "%s", node->title);
}

static void on_address(void *cookie, const char *name, uint64_t address,
		       const struct agx_decode_place *place)
{
	struct seen *seen = cookie;

	if (!strcmp(name, "usc_exec_base")) {
		seen->usc_base = address;
		seen->usc_base_mapped = place;
	} else if (strstr(name, "ctrl_stream_base")) {
		seen->stream = address;
		seen->stream_mapped = place;
	} else if (!strcmp(name, "eot.usc")) {
		seen->program = address;
	}
}

static void on_problem(void *cookie, enum agx_cs_problem problem, uint64_t address,
		       const char *text)
{
	((struct seen *)cookie)->unmapped += problem == AGX_CS_UNMAPPED;
}

/* Opens and gives out what the dump has. */
static void decode(const char *path, struct agx_decode_config *config, struct seen *seen)
{
	const struct agx_decode_sink sink = {
		.cookie = seen, .begin = on_begin, .address = on_address, .problem = on_problem};
	struct agx_raw_memory *memory = agx_raw_memory_create();
	struct agx_decode_memory view;
	struct agx_decode *decoder;
	struct decode_dump *dump;

	assert_int_equal(decode_dump_open(path, memory, config, &dump), AGX_EXIT_OK);
	view = agx_raw_memory_view(memory);
	decoder = agx_decode_create(config, &sink);
	assert_non_null(decoder);
	assert_int_equal(decode_dump_run(dump, &view, decoder, &sink), AGX_EXIT_OK);
	agx_decode_destroy(decoder);
	decode_dump_close(dump);
	agx_raw_memory_destroy(memory);
}

static void every_variant_and_command(void **state)
{
#define VARIANT(lower, upper) {#lower, AGX_FW_VARIANT_##upper},
	static const struct {
		const char *name;
		enum agx_fw_variant variant;
	} variants[] = {AGX_FW_VARIANTS(VARIANT)};
#undef VARIANT
	char path[] = "/tmp/agx-dump-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	messages = 0;
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		enum agx_fw_variant variant = variants[i].variant;
		struct agx_decode_config config;
		struct command command;
		struct seen seen;

		command = (struct command){.layout = agx_fw_find_layout(variant, "run_vertex")};
		assert_non_null(command.layout);
		set(&command, variant, "job_params1", "usc_exec_base_ta", AGX_REG_USC_EXEC_BASE_TA,
		    USC_BASE);
		set(&command, variant, "job_params1", "vdm_ctrl_stream_base",
		    AGX_REG_VDM_CTRL_STREAM_BASE, STREAM);
		write_dump(path, variants[i].name, "vertex command", &command);
		config = (struct agx_decode_config){.all_commands = true};
		seen = (struct seen){0};
		decode(path, &config, &seen);
		assert_string_equal(seen.title, "Render command, vertex half");
		assert_int_equal(seen.usc_base, USC_BASE);
		assert_true(seen.usc_base_mapped);
		assert_int_equal(seen.stream, STREAM);
		assert_false(seen.stream_mapped);
		assert_int_equal(seen.unmapped, 1);
		assert_int_equal(config.generation, strncmp(variants[i].name, "g13", 3) ? 14 : 13);
		assert_int_equal(config.clusters > 1, variant == AGX_FW_VARIANT_G14X_V13_5);

		command = (struct command){.layout = agx_fw_find_layout(variant, "run_fragment")};
		set(&command, variant, "job_params1", "usc_exec_base_isp",
		    AGX_REG_USC_EXEC_BASE_ISP, USC_BASE);
		set(&command, variant, "job_params2", "eot_usc", AGX_REG_EOT_USC, 0x4004);
		write_dump(path, variants[i].name, "fragment command", &command);
		seen = (struct seen){0};
		decode(path, &config, &seen);
		assert_string_equal(seen.title, "Render command, fragment half");
		assert_int_equal(seen.program, USC_BASE + 0x4000);

		command = (struct command){.layout = agx_fw_find_layout(variant, "run_compute")};
		set(&command, variant, "job_params1", "usc_exec_base_cp", AGX_REG_USC_EXEC_BASE_CP,
		    USC_BASE);
		set(&command, variant, "job_params1", "cdm_ctrl_stream_base",
		    AGX_REG_CDM_CTRL_STREAM_BASE, STREAM);
		write_dump(path, variants[i].name, "compute command", &command);
		seen = (struct seen){0};
		decode(path, &config, &seen);
		assert_string_equal(seen.title, "Compute command");
		assert_int_equal(seen.stream, STREAM);
		assert_int_equal(seen.unmapped, 1);
	}
	assert_int_equal(messages, 0);
	unlink(path);
}

static void a_command_that_is_cut_or_unknown(void **state)
{
	struct agx_decode_config config = {.all_commands = true};
	struct agx_fw_layout cut;
	char path[] = "/tmp/agx-dump-XXXXXX";
	int fd = mkstemp(path);
	struct command command = {
		.layout = agx_fw_find_layout(AGX_FW_VARIANT_G14X_V13_5, "run_vertex")};
	struct seen seen = {0};

	assert_true(fd >= 0);
	close(fd);
	/* A count of registers that the list cannot have. */
	memset(command.bytes, 0xff, sizeof(command.bytes));
	write_dump(path, "g14x_v13_5", "vertex command", &command);
	decode(path, &config, &seen);

	cut = *command.layout;
	cut.size = 64;
	command.layout = &cut;
	write_dump(path, "g14x_v13_5", "vertex command", &command);
	seen = (struct seen){0};
	decode(path, &config, &seen);
	assert_int_equal(seen.stream, 0);

	/* A firmware that nobody knows: said, and the rest is used. */
	messages = 0;
	write_dump(path, "g15_v99", "vertex command", &command);
	seen = (struct seen){0};
	decode(path, &config, &seen);
	assert_true(messages > 0);
	assert_int_equal(seen.title[0], 0);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_variant_and_command),
		cmocka_unit_test(a_command_that_is_cut_or_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
