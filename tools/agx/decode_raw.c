// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx.h"
#include "asahi_coredump.h"
#include "decode_dump.h"
#include "decode_raw.h"
#include "decode_records.h"
#include "raw_memory.h"

enum start_kind {
	START_VDM,
	START_CDM,
	START_USC,
	START_SHADER,
	START_PPP,
	START_STRUCT,
};

struct decode_raw_start {
	enum start_kind kind;
	uint64_t address;
	uint32_t count;
	const struct agx_cs_struct *desc; /* START_STRUCT */
};

enum {
	OPT_RAW = 0x800,
	OPT_VDM,
	OPT_CDM,
	OPT_USC,
	OPT_SHADER,
	OPT_PPP,
	OPT_TEXTURE,
	OPT_STRUCT,
	OPT_USC_BASE,
	OPT_GPU,
};

#define MAX_COUNT 65536u

static const struct argp_option options[] = {
	{NULL, 0, NULL, 0, "Without a trace (addresses are hexadecimal):", 2},
	{"raw", OPT_RAW, "[ADDRESS:]FILE", 0,
	 "FILE is memory at ADDRESS; or ELF, which says where itself; several files may be given",
	 2},
	{"vdm", OPT_VDM, "ADDRESS", 0, "a control stream of draws is there", 2},
	{"cdm", OPT_CDM, "ADDRESS", 0, "a control stream of dispatches is there", 2},
	{"usc", OPT_USC, "ADDRESS", 0, "a list of USC words is there", 2},
	{"shader", OPT_SHADER, "ADDRESS", 0, "shader code is there", 2},
	{"ppp", OPT_PPP, "ADDRESS", 0, "a record of PPP state is there", 2},
	{"texture", OPT_TEXTURE, "ADDRESS[,COUNT]", 0, "texture descriptors are there", 2},
	{"struct", OPT_STRUCT, "NAME@ADDRESS[,COUNT]", 0,
	 "structures of agx-cmdstream's table are there; --struct=list names them", 2},
	{"usc-base", OPT_USC_BASE, "ADDRESS", 0, "of the queue: what USC addresses count from", 2},
	{"gpu", OPT_GPU, "GPU", 0, "g13 (the default), g14 or g14x", 2},
	{0},
};

/* A number to the end of the text or to one of the ends; NULL: none is there. */
static const char *parse_hex(const char *text, const char *ends, uint64_t *value)
{
	char *end;

	if (*text == '-' || *text == '+' || *text == ' ')
		return NULL;
	errno = 0;
	*value = strtoull(text, &end, 16);
	if (errno || end == text || (*end && !strchr(ends, *end)))
		return NULL;
	return end;
}

static void parse_raw(struct decode_raw *raw, const char *arg, struct argp_state *state)
{
	struct decode_raw_file file;
	const char *end = parse_hex(arg, ":", &file.address);
	void *files;

	file.elf = !end || *end != ':';
	file.path = file.elf ? arg : end + 1;
	if (!*file.path) {
		argp_error(state, "--raw %s: it takes ADDRESS:FILE, as in 0x1500000000:dump.bin",
			   arg);
		return;
	}
	files = reallocarray(raw->files, raw->file_count + 1, sizeof(file));
	if (!files)
		argp_failure(state, AGX_EXIT_USAGE, ENOMEM, "--raw");
	raw->files = files;
	raw->files[raw->file_count++] = file;
}

static void list_structs(void)
{
	for (unsigned int i = 0; i < agx_cs_struct_count; i++)
		printf("%-32s %4u bytes  %s\n", agx_cs_structs[i].name, agx_cs_structs[i].size,
		       agx_cs_text(agx_cs_structs[i].title));
	exit(AGX_EXIT_OK);
}

static void parse_start(struct decode_raw *raw, enum start_kind kind, const char *structure,
			char *arg, struct argp_state *state)
{
	struct decode_raw_start start = {.kind = kind, .count = 1};
	const char *text = arg, *end;
	void *starts;

	if (kind == START_STRUCT && !structure) {
		char *at = strchr(arg, '@');

		if (!strcmp(arg, "list"))
			list_structs();
		if (!at) {
			argp_error(state, "--struct %s: it takes NAME@ADDRESS", arg);
			return;
		}
		*at = 0;
		structure = arg;
		text = at + 1;
	}
	if (kind == START_STRUCT) {
		start.desc = agx_cs_find_struct(structure);
		if (!start.desc) {
			argp_error(state, "no structure \"%s\"; --struct=list names all",
				   structure);
			return;
		}
	}
	end = parse_hex(text, kind == START_STRUCT ? "," : "", &start.address);
	if (end && *end == ',') {
		char *rest;
		unsigned long count = strtoul(end + 1, &rest, 0);

		if (*rest || !count || count > MAX_COUNT) {
			argp_error(state, "%s: a count is 1 to %u", end + 1, MAX_COUNT);
			return;
		}
		start.count = count;
	} else if (!end) {
		argp_error(state, "%s: not a hexadecimal address", text);
		return;
	}
	starts = reallocarray(raw->starts, raw->start_count + 1, sizeof(start));
	if (!starts)
		argp_failure(state, AGX_EXIT_USAGE, ENOMEM, "%s", arg);
	raw->starts = starts;
	raw->starts[raw->start_count++] = start;
}

static void parse_gpu(struct decode_raw *raw, const char *arg, struct argp_state *state)
{
	static const struct {
		const char *name;
		unsigned int generation, clusters;
	} gpus[] = {{"g13", 13, 1}, {"g14", 14, 1}, {"g14x", 14, 2}};

	for (size_t i = 0; i < sizeof(gpus) / sizeof(gpus[0]); i++) {
		if (strcasecmp(arg, gpus[i].name))
			continue;
		raw->generation = gpus[i].generation;
		raw->clusters = gpus[i].clusters;
		return;
	}
	argp_error(state, "--gpu %s: it is g13, g14 or g14x", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct decode_raw *raw = state->input;

	switch (key) {
	case OPT_RAW:
		parse_raw(raw, arg, state);
		return 0;
	case OPT_VDM:
		parse_start(raw, START_VDM, NULL, arg, state);
		return 0;
	case OPT_CDM:
		parse_start(raw, START_CDM, NULL, arg, state);
		return 0;
	case OPT_USC:
		parse_start(raw, START_USC, NULL, arg, state);
		return 0;
	case OPT_SHADER:
		parse_start(raw, START_SHADER, NULL, arg, state);
		return 0;
	case OPT_PPP:
		parse_start(raw, START_PPP, NULL, arg, state);
		return 0;
	case OPT_TEXTURE:
		parse_start(raw, START_STRUCT, "texture", arg, state);
		return 0;
	case OPT_STRUCT:
		parse_start(raw, START_STRUCT, NULL, arg, state);
		return 0;
	case OPT_USC_BASE:
		raw->have_usc_base = parse_hex(arg, "", &raw->usc_base);
		if (!raw->have_usc_base)
			argp_error(state, "--usc-base %s: not a hexadecimal address", arg);
		return 0;
	case OPT_GPU:
		parse_gpu(raw, arg, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp decode_raw_argp = {
	.options = options,
	.parser = parse,
};

bool decode_raw_wanted(const struct decode_raw *raw)
{
	return raw->file_count;
}

bool decode_raw_has_starts(const struct decode_raw *raw)
{
	return raw->start_count;
}

bool decode_raw_is_coredump(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint64_t magic = 0;
	bool is;

	if (!file)
		return false;
	is = fread(&magic, sizeof(magic), 1, file) == 1 && magic == ASAHI_COREDUMP_MAGIC;
	fclose(file);
	return is;
}

void decode_raw_finish(struct decode_raw *raw)
{
	free(raw->files);
	free(raw->starts);
	*raw = (struct decode_raw){0};
}

static int decode_start(struct agx_decode *decode, const struct agx_decode_memory *memory,
			const struct decode_raw_start *start, uint64_t usc_base)
{
	static const enum agx_decode_start starts[] = {
		[START_VDM] = AGX_DECODE_START_VDM,
		[START_CDM] = AGX_DECODE_START_CDM,
		[START_USC] = AGX_DECODE_START_USC,
		[START_SHADER] = AGX_DECODE_START_SHADER,
	};

	if (start->kind == START_STRUCT)
		return agx_decode_records(decode, memory, start->desc, start->address, start->count,
					  usc_base);
	if (start->kind == START_PPP)
		return agx_decode_ppp(decode, memory, start->address, usc_base);
	return agx_decode_at(decode, memory, starts[start->kind], start->address, usc_base);
}

int decode_raw(const struct decode_raw *raw, const char *coredump,
	       const struct agx_decode_config *config, const struct agx_decode_sink *sink,
	       struct agx_decode **decode)
{
	struct agx_raw_memory *memory = agx_raw_memory_create();
	struct agx_decode_config own = *config;
	struct decode_dump *dump = NULL;
	struct agx_decode_memory view;
	struct agx_raw_error error;
	int ret = AGX_EXIT_OK;

	*decode = NULL;
	if (!memory) {
		tool_error("%s", strerror(ENOMEM));
		return AGX_EXIT_USAGE;
	}
	if (!coredump && !raw->start_count) {
		tool_error(
			"what is in the memory? Say so with --vdm, --cdm, --usc, --shader, --ppp, "
			"--texture or --struct");
		ret = AGX_EXIT_USAGE;
	}
	for (unsigned int i = 0; !ret && i < raw->file_count; i++) {
		const struct decode_raw_file *file = &raw->files[i];

		if (!(file->elf
			      ? agx_raw_memory_add_elf(memory, file->path, &error)
			      : agx_raw_memory_add_file(memory, file->address, file->path, &error)))
			continue;
		tool_error("--raw: %s", error.text);
		ret = AGX_EXIT_USAGE;
	}
	if (!ret && coredump)
		ret = decode_dump_open(coredump, memory, &own, &dump);
	if (raw->generation) {
		own.generation = raw->generation;
		own.clusters = raw->clusters;
	}
	if (!ret) {
		view = agx_raw_memory_view(memory);
		*decode = agx_decode_create(&own, sink);
		if (!*decode) {
			tool_error("%s", strerror(ENOMEM));
			ret = AGX_EXIT_USAGE;
		}
	}
	if (!ret && dump)
		ret = decode_dump_run(dump, &view, *decode, sink);
	for (unsigned int i = 0; !ret && i < raw->start_count; i++) {
		int err = decode_start(*decode, &view, &raw->starts[i],
				       raw->have_usc_base || !dump ? raw->usc_base
								   : decode_dump_usc_base(dump));

		if (!err)
			continue;
		tool_error("%s", strerror(-err));
		ret = AGX_EXIT_USAGE;
	}
	decode_dump_close(dump);
	agx_raw_memory_destroy(memory);
	return ret;
}
