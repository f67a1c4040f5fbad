// SPDX-License-Identifier: MIT
/*
 * The command in a dump is the firmware's: the registers that a unit starts with, in parameter
 * blocks (G13, G14) or as a list (G14X). Of a render it is one half, whichever has failed. So no
 * command of the uAPI is made of it; its registers are given out by the names that the uAPI has
 * for them, and what they lead to is decoded as far as memory is there.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx.h"
#include "coredump_parts.h"
#include "decode_dump.h"
#include "fields.h"
#include "raw_memory.h"
#include "registers.h"

/* What a register holds. */
enum what {
	WHAT_NUMBER,
	WHAT_HEX,
	WHAT_ADDRESS,
	WHAT_USC_BASE,
	WHAT_VDM, /* address of a stream */
	WHAT_CDM,
	WHAT_PROGRAM, /* USC address of a list, six bits of flags */
	WHAT_HELPER,  /* USC address of code, bit 0: there is one */
};

struct row {
	const char *name;   /* as the uAPI has it */
	const char *member; /* of the command on G13 and G14; NULL: not there */
	uint32_t number;    /* of the register on G14X, 0: as member */
	enum what what;
};

struct command_kind {
	const char *object; /* name of the memory in the dump: the driver's tag */
	const char *layout;
	const char *title;
	const struct row *rows;
	size_t count;
};

#define PARAMS1(name, what, member, number)                         \
	{                                                           \
		name, "job_params1." member, AGX_REG_##number, what \
	}
#define PARAMS2(name, what, member, number)                         \
	{                                                           \
		name, "job_params2." member, AGX_REG_##number, what \
	}
#define TILING(name, what, member, number)                            \
	{                                                             \
		name, "tiling_params." member, AGX_REG_##number, what \
	}

/* clang-format off */
static const struct row vertex_rows[] = {
	PARAMS1("usc_exec_base", WHAT_USC_BASE, "usc_exec_base_ta", USC_EXEC_BASE_TA),
	PARAMS1("vdm_ctrl_stream_base", WHAT_VDM, "vdm_ctrl_stream_base", VDM_CTRL_STREAM_BASE),
	PARAMS1("vertex_helper.binary", WHAT_HELPER, "helper_program", VERTEX_HELPER_PROGRAM),
	PARAMS1("vertex_helper.data", WHAT_HEX, "helper_arg", VERTEX_HELPER_ARG),
	TILING("vertex_helper.cfg", WHAT_HEX, "helper_cfg", VERTEX_HELPER_CFG),
	PARAMS1("ppp_multisamplectl", WHAT_HEX, "ppp_multisamplectl", VERTEX_PPP_MULTISAMPLECTL),
	TILING("ppp_ctrl", WHAT_HEX, "ppp_ctrl", PPP_CTRL),
	{"width_px - 1", "tiling_params.x_max", 0, WHAT_NUMBER},
	{"height_px - 1", "tiling_params.y_max", 0, WHAT_NUMBER},
	{"width_px - 1, height_px - 1 << 16", NULL, AGX_REG_PPP_SCREEN, WHAT_HEX},
	PARAMS1("utile_config", WHAT_HEX, "utile_config", VERTEX_UTILE_CONFIG),
};

static const struct row fragment_rows[] = {
	PARAMS1("usc_exec_base", WHAT_USC_BASE, "usc_exec_base_isp", USC_EXEC_BASE_ISP),
	PARAMS1("isp_scissor_base", WHAT_ADDRESS, "isp_scissor_base", ISP_SCISSOR_BASE),
	PARAMS1("isp_dbias_base", WHAT_ADDRESS, "isp_dbias_base", ISP_DBIAS_BASE),
	PARAMS1("isp_oclqry_base", WHAT_ADDRESS, "isp_oclqry_base", ISP_OCLQRY_BASE),
	PARAMS1("isp_zls_pixels", WHAT_HEX, "isp_zls_pixels", ISP_ZLS_PIXELS),
	PARAMS1("zls_ctrl", WHAT_HEX, "zls_ctrl", ISP_ZLSCTL),
	PARAMS1("depth.base", WHAT_ADDRESS, "z_load", ISP_ZLOAD_BASE),
	PARAMS1("depth.stride", WHAT_HEX, "z_load_stride", ISP_ZLOAD_STRIDE),
	PARAMS1("depth.comp_base", WHAT_ADDRESS, "z_load_comp", ISP_ZLOAD_COMP_BASE),
	PARAMS1("stencil.base", WHAT_ADDRESS, "s_load", ISP_STENCIL_LOAD_BASE),
	PARAMS1("stencil.stride", WHAT_HEX, "s_load_stride", ISP_STENCIL_LOAD_STRIDE),
	PARAMS1("stencil.comp_base", WHAT_ADDRESS, "s_load_comp", ISP_STENCIL_LOAD_COMP_BASE),
	PARAMS1("ppp_multisamplectl", WHAT_HEX, "ppp_multisamplectl", FRAGMENT_PPP_MULTISAMPLECTL),
	PARAMS2("isp_bgobjdepth", WHAT_HEX, "isp_bgobjdepth", ISP_BGOBJDEPTH),
	PARAMS2("isp_bgobjvals", WHAT_HEX, "isp_bgobjvals", ISP_BGOBJVALS),
	PARAMS1("utile_config", WHAT_HEX, "utile_config", FRAGMENT_UTILE_CONFIG),
	PARAMS1("fragment_helper.binary", WHAT_HELPER, "helper_program", FRAGMENT_HELPER_PROGRAM),
	PARAMS1("fragment_helper.data", WHAT_HEX, "helper_arg", FRAGMENT_HELPER_ARG),
	PARAMS2("fragment_helper.cfg", WHAT_HEX, "helper_cfg", FRAGMENT_HELPER_CFG),
	PARAMS1("bg.rsrc_spec", WHAT_HEX, "bg.rsrc_spec", BG_RSRC_SPEC),
	PARAMS1("bg.usc", WHAT_PROGRAM, "bg.address", BG_USC),
	PARAMS2("eot.rsrc_spec", WHAT_HEX, "eot_rsrc_spec", EOT_RSRC_SPEC),
	PARAMS2("eot.usc", WHAT_PROGRAM, "eot_usc", EOT_USC),
	{"partial_bg.usc", "job_params3.partial_bg.address", 0, WHAT_PROGRAM},
	{"partial_eot.usc", "job_params3.partial_eot.address", 0, WHAT_PROGRAM},
};

static const struct row compute_rows[] = {
	PARAMS1("usc_exec_base", WHAT_USC_BASE, "usc_exec_base_cp", USC_EXEC_BASE_CP),
	PARAMS1("cdm_ctrl_stream_base", WHAT_CDM, "cdm_ctrl_stream_base", CDM_CTRL_STREAM_BASE),
	{"cdm_ctrl_stream_end", "job_params2.cdm_ctrl_stream_end", 0, WHAT_ADDRESS},
	PARAMS1("helper.binary", WHAT_HELPER, "helper_program", COMPUTE_HELPER_PROGRAM),
	PARAMS1("helper.data", WHAT_HEX, "helper_arg", COMPUTE_HELPER_ARG),
	PARAMS1("helper.cfg", WHAT_HEX, "helper_cfg", COMPUTE_HELPER_CFG),
};
/* clang-format on */

#define KIND(name, title, rows)                                                             \
	{                                                                                   \
		name " command", "run_" name, title, rows, sizeof(rows) / sizeof((rows)[0]) \
	}
static const struct command_kind kinds[] = {
	KIND("vertex", "Render command, vertex half", vertex_rows),
	KIND("fragment", "Render command, fragment half", fragment_rows),
	KIND("compute", "Compute command", compute_rows),
};

struct decode_dump {
	uint8_t *bytes;
	struct coredump dump;
	enum agx_fw_variant variant;

	/* The failing command; kind NULL: there is none. */
	const struct command_kind *kind;
	const struct agx_fw_layout *layout;
	const uint8_t *command;
	uint64_t command_size, command_va;
};

/* Member of a dotted name; the bytes that the dump has of the command may end before it. */
static bool get_member(const struct decode_dump *dump, const char *name, uint64_t *value)
{
	const struct agx_fw_layout *layout = dump->layout;
	uint64_t offset = 0;

	for (;;) {
		size_t length = strcspn(name, ".");
		const struct agx_fw_member *member = NULL;

		for (uint32_t i = 0; layout && i < layout->count && !member; i++)
			if (!strncmp(layout->members[i].name, name, length) &&
			    !layout->members[i].name[length])
				member = &layout->members[i];
		if (!member)
			return false;
		offset += member->offset;
		if (name[length]) {
			layout = agx_fw_nested(member);
			name += length + 1;
			continue;
		}
		if (member->size > sizeof(*value) || offset + member->size > dump->command_size)
			return false;
		*value = 0;
		memcpy(value, dump->command + offset, member->size);
		return true;
	}
}

/* A register of the list that G14X commands carry. */
static bool get_register(const struct decode_dump *dump, uint32_t number, uint64_t *value)
{
	const struct agx_fw_member *list = NULL;
	uint64_t count;

	for (uint32_t i = 0; i < dump->layout->count && !list; i++)
		if (!strcmp(dump->layout->members[i].name, "registers"))
			list = &dump->layout->members[i];
	if (!list || !get_member(dump, "register_list.count", &count))
		return false;
	for (uint64_t i = 0; i < count && i < AGX_MAX_REGISTERS; i++) {
		uint64_t offset = list->offset + i * sizeof(struct agx_register);
		struct agx_register found;

		if (offset + sizeof(found) > dump->command_size)
			return false;
		memcpy(&found, dump->command + offset, sizeof(found));
		if (found.number != number)
			continue;
		*value = found.value;
		return true;
	}
	return false;
}

static bool get_row(const struct decode_dump *dump, const struct row *row, uint64_t *value)
{
	if (dump->variant == AGX_FW_VARIANT_G14X_V13_5 && row->number)
		return get_register(dump, row->number, value);
	return row->member && get_member(dump, row->member, value);
}

uint64_t decode_dump_usc_base(const struct decode_dump *dump)
{
	uint64_t value;

	for (size_t i = 0; dump->kind && i < dump->kind->count; i++)
		if (dump->kind->rows[i].what == WHAT_USC_BASE &&
		    get_row(dump, &dump->kind->rows[i], &value))
			return value;
	return 0;
}

static int read_file(const char *path, uint8_t **bytes, size_t *size)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "rb") : stdin;
	int ret = 0;

	if (!file)
		return -errno;
	*bytes = malloc(ASAHI_COREDUMP_MAX_SIZE + 1);
	if (!*bytes) {
		ret = -ENOMEM;
	} else {
		*size = fread(*bytes, 1, ASAHI_COREDUMP_MAX_SIZE + 1, file);
		if (ferror(file))
			ret = -EIO;
	}
	if (file != stdin)
		fclose(file);
	return ret;
}

static bool find_variant(struct decode_dump *dump)
{
#define VARIANT(lower, upper) #lower,
	static const char *const names[] = {AGX_FW_VARIANTS(VARIANT)};
#undef VARIANT
	struct asahi_coredump_info info;

	if (!coredump_single(&dump->dump, ASAHI_COREDUMP_INFO, &info, sizeof(info)))
		return false;
	coredump_text(info.variant, sizeof(info.variant));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(info.variant, names[i]))
			continue;
		dump->variant = (enum agx_fw_variant)i;
		return true;
	}
	tool_warning("firmware \"%s\" is not one of those that commands are known of",
		     info.variant);
	return false;
}

/* What the client had mapped: places without bytes. */
static int add_mappings(struct decode_dump *dump, struct agx_raw_memory *memory,
			struct agx_raw_error *error)
{
	struct asahi_coredump_object object;
	uint64_t count;
	int ret = 0;

	if (!coredump_find(&dump->dump, ASAHI_COREDUMP_MAPPINGS, &object))
		return 0;
	count = coredump_count(&object);
	for (uint64_t i = 0; !ret && i < count; i++) {
		struct asahi_coredump_mapping mapping;
		struct agx_decode_place place = {.name = "mapping"};

		coredump_element(&dump->dump, &object, i, &mapping, sizeof(mapping));
		if (!mapping.size)
			continue;
		place.offset = mapping.offset;
		place.size = mapping.object;
		ret = agx_raw_memory_add_place(memory, mapping.va, mapping.size, &place, error);
	}
	return ret;
}

/* The firmware's memory, and the command in it. */
static int add_memory(struct decode_dump *dump, struct agx_raw_memory *memory, bool known,
		      struct agx_raw_error *error)
{
	int ret = 0;

	for (uint32_t i = 0; !ret && i < dump->dump.header.objects; i++) {
		struct asahi_coredump_object object = coredump_object(&dump->dump, i);
		const uint8_t *bytes = dump->dump.bytes + object.offset;
		struct agx_decode_place place = {.size = object.total, .name = object.name};

		if (object.type != ASAHI_COREDUMP_MEMORY || !object.size)
			continue;
		coredump_text(object.name, sizeof(object.name));
		ret = agx_raw_memory_add(memory, object.va, bytes, object.size, &place, error);
		for (size_t k = 0; known && k < sizeof(kinds) / sizeof(kinds[0]); k++) {
			if (strcmp(object.name, kinds[k].object))
				continue;
			dump->kind = &kinds[k];
			dump->layout = agx_fw_find_layout(dump->variant, kinds[k].layout);
			dump->command = bytes;
			dump->command_size = object.size;
			dump->command_va = object.va;
		}
	}
	return ret;
}

int decode_dump_open(const char *path, struct agx_raw_memory *memory,
		     struct agx_decode_config *config, struct decode_dump **out)
{
	struct decode_dump *dump = calloc(1, sizeof(*dump));
	struct coredump_error damage;
	struct agx_raw_error error;
	size_t size = 0;
	bool known;
	int ret;

	ret = dump ? read_file(path, &dump->bytes, &size) : -ENOMEM;
	if (ret) {
		tool_error("%s: %s", path, strerror(-ret));
		decode_dump_close(dump);
		return AGX_EXIT_USAGE;
	}
	if (coredump_check(dump->bytes, size, &dump->dump, &damage)) {
		tool_error("%s: %s", path, damage.text);
		decode_dump_close(dump);
		return AGX_EXIT_DAMAGED;
	}
	known = find_variant(dump);
	if (known) {
		config->generation = dump->variant == AGX_FW_VARIANT_G13_V12_3 ||
						     dump->variant == AGX_FW_VARIANT_G13_V13_5
					     ? 13
					     : 14;
		config->clusters = dump->variant == AGX_FW_VARIANT_G14X_V13_5 ? 2 : 1;
	}
	ret = add_mappings(dump, memory, &error);
	if (!ret)
		ret = add_memory(dump, memory, known, &error);
	if (ret) {
		tool_error("%s: %s", path, error.text);
		decode_dump_close(dump);
		return ret == -ENOMEM ? AGX_EXIT_USAGE : AGX_EXIT_DAMAGED;
	}
	*out = dump;
	return AGX_EXIT_OK;
}

void decode_dump_close(struct decode_dump *dump)
{
	if (!dump)
		return;
	free(dump->bytes);
	free(dump);
}

static void give_address(const struct agx_decode_memory *memory, const struct agx_decode_sink *sink,
			 const char *name, uint64_t address)
{
	struct agx_decode_place place;

	if (sink->address)
		sink->address(sink->cookie, name, address,
			      memory->resolve(memory->cookie, address, &place) ? &place : NULL);
}

static void give_number(const struct agx_decode_sink *sink, const char *name, uint64_t value,
			enum agx_decode_format format)
{
	if (sink->number)
		sink->number(sink->cookie, name, value, format);
}

/* Flags of a background or end-of-tile program. */
#define PROGRAM_FLAGS 0x3full

static void give_row(const struct row *row, uint64_t value, uint64_t usc_base,
		     const struct agx_decode_memory *memory, const struct agx_decode_sink *sink)
{
	switch (row->what) {
	case WHAT_NUMBER:
		give_number(sink, row->name, value, AGX_DECODE_DEC);
		return;
	case WHAT_HEX:
		give_number(sink, row->name, value, AGX_DECODE_HEX);
		return;
	case WHAT_HELPER:
		if (value & 1)
			give_address(memory, sink, row->name, usc_base + (value & ~1ull));
		return;
	case WHAT_PROGRAM:
		if (value)
			give_address(memory, sink, row->name, usc_base + (value & ~PROGRAM_FLAGS));
		return;
	case WHAT_USC_BASE:
	case WHAT_ADDRESS:
	case WHAT_VDM:
	case WHAT_CDM:
		if (value)
			give_address(memory, sink, row->name, value);
		return;
	}
}

static int follow_row(const struct row *row, uint64_t value, uint64_t usc_base,
		      const struct agx_decode_memory *memory, struct agx_decode *decode)
{
	switch (row->what) {
	case WHAT_VDM:
		return agx_decode_at(decode, memory, AGX_DECODE_START_VDM, value, usc_base);
	case WHAT_CDM:
		return agx_decode_at(decode, memory, AGX_DECODE_START_CDM, value, usc_base);
	case WHAT_PROGRAM:
		if (!value)
			return 0;
		return agx_decode_at(decode, memory, AGX_DECODE_START_USC,
				     usc_base + (value & ~PROGRAM_FLAGS), usc_base);
	case WHAT_HELPER:
		if (!(value & 1))
			return 0;
		return agx_decode_at(decode, memory, AGX_DECODE_START_SHADER,
				     usc_base + (value & ~1ull), usc_base);
	default:
		return 0;
	}
}

static void give_fault(const struct decode_dump *dump, const struct agx_decode_memory *memory,
		       const struct agx_decode_sink *sink)
{
	struct asahi_coredump_fault fault;
	struct asahi_coredump_info info;
	struct asahi_coredump_job job;
	char text[64];

	if (coredump_single(&dump->dump, ASAHI_COREDUMP_INFO, &info, sizeof(info)) && sink->text)
		sink->text(sink->cookie, "failed", coredump_text(info.text, sizeof(info.text)));
	if (coredump_single(&dump->dump, ASAHI_COREDUMP_JOB, &job, sizeof(job)) && sink->text) {
		snprintf(text, sizeof(text), "%s, job %" PRIu64,
			 coredump_text(job.comm, sizeof(job.comm)), job.seqno);
		sink->text(sink->cookie, "job", text);
	}
	if (coredump_single(&dump->dump, ASAHI_COREDUMP_FAULT, &fault, sizeof(fault)) &&
	    fault.flags & ASAHI_COREDUMP_HAS_MMU)
		give_address(memory, sink,
			     fault.flags & ASAHI_COREDUMP_READ ? "fault_read" : "fault_write",
			     fault.address);
}

int decode_dump_run(struct decode_dump *dump, const struct agx_decode_memory *memory,
		    struct agx_decode *decode, const struct agx_decode_sink *sink)
{
	struct agx_decode_node node = {.kind = AGX_DECODE_COMMAND,
				       .number = AGX_DECODE_NO_NUMBER,
				       .address = AGX_DECODE_NO_ADDRESS};
	uint64_t usc_base, value;
	int ret = 0;

	if (!dump->kind || !dump->layout) {
		tool_warning(
			"the dump has no command: neither its streams nor its programs are known");
		return AGX_EXIT_OK;
	}
	usc_base = decode_dump_usc_base(dump);
	node.title = dump->kind->title;
	node.address = dump->command_va;
	node.size = dump->command_size;
	if (sink->begin)
		sink->begin(sink->cookie, &node);
	give_fault(dump, memory, sink);
	for (size_t i = 0; i < dump->kind->count; i++)
		if (get_row(dump, &dump->kind->rows[i], &value))
			give_row(&dump->kind->rows[i], value, usc_base, memory, sink);
	for (size_t i = 0; !ret && i < dump->kind->count; i++)
		if (get_row(dump, &dump->kind->rows[i], &value))
			ret = follow_row(&dump->kind->rows[i], value, usc_base, memory, decode);
	if (sink->end)
		sink->end(sink->cookie);
	if (ret)
		tool_error("%s", strerror(-ret));
	return ret ? AGX_EXIT_USAGE : AGX_EXIT_OK;
}
