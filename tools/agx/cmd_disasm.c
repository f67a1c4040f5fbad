// SPDX-License-Identifier: MIT
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "agx.h"
#include "agxt_format.h"
#include "isa_file.h"
#include "pager.h"

enum option_key {
	KEY_OFFSET = 0x100,
	KEY_LENGTH,
	KEY_BASE,
	KEY_HEX,
	KEY_SYNTAX,
	KEY_STATS,
	KEY_JSON,
	KEY_RAW_BYTES,
	KEY_NO_ADDRESSES,
	KEY_ALL,
	KEY_TARGET,
	KEY_STRICT,
};

struct options {
	const char *file;
	uint64_t offset, length, base;
	enum agx_isa_syntax syntax;
	uint8_t target; /* AGX_ISA_G13, AGX_ISA_G14, or 0 */
	bool hex, stats, json, raw_bytes, no_addresses, all, strict;
	struct agx_display output;
};

static const struct argp_option argp_options[] = {
	{"offset", KEY_OFFSET, "N", 0, "begin N bytes into the file", 0},
	{"length", KEY_LENGTH, "N", 0, "take no more than N bytes", 0},
	{"base", KEY_BASE, "ADDRESS", 0, "the GPU address of the first byte, for the listing", 0},
	{"hex", KEY_HEX, NULL, 0, "the file is text: bytes in hexadecimal where lines begin", 0},
	{"hex-input", KEY_HEX, NULL, OPTION_ALIAS | OPTION_HIDDEN, NULL, 0},
	{"syntax", KEY_SYNTAX, "NAME", 0, "mesa (default; `agx asm` reads it) or applegpu", 0},
	{"stats", KEY_STATS, NULL, 0, "statistics instead of the listing", 0},
	{"json", KEY_JSON, NULL, 0, "instructions and statistics as JSON", 0},
	{"raw-bytes", KEY_RAW_BYTES, NULL, 0, "show the bytes of each instruction, too", 0},
	{"no-addresses", KEY_NO_ADDRESSES, NULL, 0, "leave out the places of the instructions", 0},
	{"all", KEY_ALL, NULL, 0, "go on behind the program's end", 0},
	{"target", KEY_TARGET, "GPU", 0,
	 "g13 or g14: tell of instructions that are not documented for it", 0},
	{"strict", KEY_STRICT, NULL, 0,
	 "exit with 1 when there are unknown encodings or waits are missing", 0},
	{0},
};

static uint64_t number(const char *text, const char *option, struct argp_state *state)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end || strchr(text, '-'))
		argp_error(state, "%s=%s: it is a number", option, text);
	return value;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &o->output;
		return 0;
	case KEY_OFFSET:
		o->offset = number(arg, "--offset", state);
		return 0;
	case KEY_LENGTH:
		o->length = number(arg, "--length", state);
		return 0;
	case KEY_BASE:
		o->base = number(arg, "--base", state);
		return 0;
	case KEY_HEX:
		o->hex = true;
		return 0;
	case KEY_SYNTAX:
		if (!strcmp(arg, "mesa"))
			o->syntax = AGX_ISA_SYNTAX_MESA;
		else if (!strcmp(arg, "applegpu"))
			o->syntax = AGX_ISA_SYNTAX_APPLEGPU;
		else
			argp_error(state, "--syntax=%s: it is mesa or applegpu", arg);
		return 0;
	case KEY_STATS:
		o->stats = true;
		return 0;
	case KEY_JSON:
		o->json = true;
		return 0;
	case KEY_RAW_BYTES:
		o->raw_bytes = true;
		return 0;
	case KEY_NO_ADDRESSES:
		o->no_addresses = true;
		return 0;
	case KEY_ALL:
		o->all = true;
		return 0;
	case KEY_TARGET:
		if (!strcmp(arg, "g13"))
			o->target = AGX_ISA_G13;
		else if (!strcmp(arg, "g14"))
			o->target = AGX_ISA_G14;
		else
			argp_error(state, "--target=%s: it is g13 or g14", arg);
		return 0;
	case KEY_STRICT:
		o->strict = true;
		return 0;
	case ARGP_KEY_ARG:
		if (o->file)
			argp_error(state, "one FILE only, found \"%s\" as well", arg);
		o->file = arg;
		return 0;
	case ARGP_KEY_END:
		if (!o->file)
			argp_error(state, "expected a FILE, or - for standard input");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static bool is_target(const uint8_t *targets, size_t at)
{
	return !(at & 1) && targets[at >> 4] >> (at >> 1 & 7) & 1;
}

static const char *const kind_names[] = {
	[AGX_ISA_NONE] = "none",     [AGX_ISA_REG] = "reg",   [AGX_ISA_UNIFORM] = "uniform",
	[AGX_ISA_IMM] = "imm",       [AGX_ISA_FIMM] = "fimm", [AGX_ISA_TS] = "ts",
	[AGX_ISA_SS] = "ss",         [AGX_ISA_CF] = "cf",     [AGX_ISA_SR] = "sr",
	[AGX_ISA_TARGET] = "target",
};

static struct json_object *operand_json(const struct agx_isa_instr *instr, unsigned int i)
{
	static const struct {
		const char *name;
		uint8_t flag;
	} flags[] = {{"dest", AGX_ISA_DEST},   {"abs", AGX_ISA_ABS},
		     {"neg", AGX_ISA_NEG},     {"sx", AGX_ISA_SX},
		     {"cache", AGX_ISA_CACHE}, {"discard", AGX_ISA_DISCARD}};
	const struct agx_isa_operand *o = &instr->operands[i];
	struct json_object *out = json_object_new_object();
	size_t n;

	json_object_object_add(out, "role", json_object_new_string(agx_isa_role_name(o->role)));
	json_object_object_add(out, "kind", json_object_new_string(kind_names[o->kind]));
	if (o->kind == AGX_ISA_FIMM)
		json_object_object_add(out, "value",
				       json_object_new_double(agx_isa_minifloat(o->value)));
	else if (o->kind != AGX_ISA_NONE)
		json_object_object_add(out, "value",
				       json_object_new_int64(o->flags & AGX_ISA_UNSIGNED
								     ? (int64_t)(uint32_t)o->value
								     : o->value));
	if (o->kind == AGX_ISA_REG || o->kind == AGX_ISA_UNIFORM) {
		json_object_object_add(out, "bits", json_object_new_int(o->bits));
		json_object_object_add(out, "halves",
				       json_object_new_int(agx_isa_operand_halves(instr, i)));
	}
	for (n = 0; n < sizeof(flags) / sizeof(flags[0]); n++) {
		if (o->flags & flags[n].flag)
			json_object_object_add(out, flags[n].name, json_object_new_boolean(true));
	}
	return out;
}

static struct json_object *instruction_json(const uint8_t *code, size_t size, size_t at,
					    const uint8_t *targets, const struct options *options,
					    struct agx_isa_instr *instr)
{
	struct json_object *out = json_object_new_object(), *list;
	char text[AGX_ISA_LINE], hex[AGX_ISA_MAX_LENGTH * 2 + 1];
	unsigned int i;

	agx_isa_decode(code + at, size - at, instr);
	for (i = 0; i < instr->length; i++)
		snprintf(hex + i * 2, 3, "%02x", code[at + i]);
	agx_isa_print(instr, options->base + at, options->syntax, text);
	json_object_object_add(out, "offset", json_object_new_int64(at));
	json_object_object_add(out, "bytes", json_object_new_string(hex));
	json_object_object_add(out, "op", json_object_new_string(agx_isa_op_name(instr->op)));
	json_object_object_add(out, "text", json_object_new_string(text));
	if (is_target(targets, at))
		json_object_object_add(out, "target", json_object_new_boolean(true));
	if (instr->op == AGX_ISA_OP_DATA)
		return out;
	list = json_object_new_array();
	for (i = 0; i < instr->operand_count; i++)
		json_object_array_add(list, operand_json(instr, i));
	json_object_object_add(out, "operands", list);
	list = json_object_new_object();
	for (i = 0; i < AGX_ISA_MODIFIERS; i++) {
		const char *name = agx_isa_modifier_value_name(i, instr->modifiers[i]);

		if (!instr->modifiers[i])
			continue;
		json_object_object_add(list, agx_isa_modifier_name(i),
				       name && *name ? json_object_new_string(name)
						     : json_object_new_int(instr->modifiers[i]));
	}
	json_object_object_add(out, "modifiers", list);
	return out;
}

static void print_json(const uint8_t *code, size_t size, const uint8_t *targets,
		       const struct agx_isa_program *program, const struct options *options)
{
	struct agx_isa_instr instr;
	struct json_object *one, *stats;
	const char *comma = "";
	size_t at;

	/* Instruction by instruction: a whole memory dump would not fit as one object. */
	one = json_object_new_string(options->file);
	printf("{\"file\":%s,\"base\":%" PRIu64 ",\"instructions\":[",
	       json_object_to_json_string(one), options->base);
	json_object_put(one);
	for (at = 0; at < size; at += instr.length) {
		one = instruction_json(code, size, at, targets, options, &instr);
		printf("%s\n%s", comma,
		       json_object_to_json_string_ext(one, JSON_C_TO_STRING_PLAIN));
		json_object_put(one);
		comma = ",";
	}
	stats = isa_stats_json(program);
	printf("],\n\"stats\":%s}\n",
	       json_object_to_json_string_ext(stats, JSON_C_TO_STRING_PLAIN));
	json_object_put(stats);
}

static void print_listing(const uint8_t *code, size_t size, const uint8_t *targets,
			  const struct options *options)
{
	struct agx_isa_listing listing = {
		.code = code,
		.size = size,
		.targets = options->syntax == AGX_ISA_SYNTAX_MESA ? targets : NULL,
		.base = options->base,
		.syntax = options->syntax,
		.addresses = !options->no_addresses,
		.bytes = options->raw_bytes,
		.indent = options->syntax == AGX_ISA_SYNTAX_MESA,
	};
	static char buf[64 << 10];
	size_t n;

	while ((n = agx_isa_listing(&listing, buf, sizeof(buf))))
		isa_print_coloured(buf, n, options->output.style, stdout);
}

static uint32_t undocumented(const uint8_t *code, size_t size, uint8_t target)
{
	struct agx_isa_instr instr;
	uint32_t count = 0;
	size_t at;

	for (at = 0; at < size; at += instr.length) {
		agx_isa_decode(code + at, size - at, &instr);
		count += instr.op != AGX_ISA_OP_DATA &&
			 !(agx_isa_op_info(instr.op)->generations & target);
	}
	return count;
}

static bool only_zeros(const uint8_t *bytes, size_t size)
{
	while (size && !*bytes) {
		bytes++;
		size--;
	}
	return !size;
}

static int disassemble(const struct isa_file *file, struct options *options)
{
	const uint8_t *code = file->data + options->offset;
	size_t size = file->size - options->offset, rest;
	struct agx_isa_program program;
	uint8_t *targets;
	uint32_t count;
	bool hazards;
	int ret;

	if (options->length && size > options->length)
		size = options->length;
	targets = calloc(1, size / 16 + 1);
	if (!targets) {
		tool_error("disasm: out of memory");
		return AGX_EXIT_USAGE;
	}
	agx_isa_analyse(code, size, options->all, targets, &program);
	rest = size - program.size;

	agx_output_start(&options->output, options->json);
	if (options->json)
		print_json(code, program.size, targets, &program, options);
	else if (options->stats)
		isa_stats_print(&program, options->file, stdout);
	else
		print_listing(code, program.size, targets, options);
	free(targets);
	ret = agx_output_finish(&options->output);
	if (ret) {
		tool_error("disasm: standard output: %s", strerror(-ret));
		return AGX_EXIT_USAGE;
	}

	if (program.end == AGX_ISA_END_LOST)
		tool_warning("%s: no code from byte %u on: %u unknown encodings in a row",
			     options->file, program.size, AGX_ISA_LOST - 1);
	else if (rest && !only_zeros(code + program.size, rest))
		tool_warning("%s: %zu bytes follow the end of the program; --all shows them",
			     options->file, rest);
	if (program.unknown)
		tool_warning("%s: unknown encodings: %u", options->file, program.unknown);
	if (program.odd)
		tool_warning("%s: instructions with unknown bits: %u", options->file, program.odd);
	hazards = isa_warn_hazards(code, program.size, options->file);
	if (options->target) {
		count = undocumented(code, program.size, options->target);
		if (count)
			tool_warning("%s: instructions that are not documented for %s: %u",
				     options->file, options->target == AGX_ISA_G13 ? "g13" : "g14",
				     count);
	}
	return options->strict && (program.unknown || hazards) ? AGX_EXIT_FAILED : AGX_EXIT_OK;
}

int cmd_disasm(int argc, char **argv)
{
	static const struct argp_child children[] = {{&agx_output_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {
		.options = argp_options,
		.parser = parse,
		.args_doc = "FILE|-",
		.doc = "Disassemble shader code: one program at the start of the file (or where "
		       "--offset says), up to its stop and the traps behind it.",
		.children = children,
	};
	struct options options = {0};
	struct isa_file file;
	size_t line;
	int ret;

	if (argp_parse(&argp, argc, argv, 0, NULL, &options))
		return AGX_EXIT_USAGE;
	ret = isa_file_read(options.file, &file);
	if (ret) {
		tool_error("%s: %s", options.file, strerror(-ret));
		return AGX_EXIT_USAGE;
	}
	if (file.size >= 8 && !memcmp(file.data, AGXT_FILE_MAGIC, 8)) {
		tool_error("%s: this is a trace; `agx decode --shaders` disassembles its shaders, "
			   "`agx decode --extract DIR` makes files of them",
			   options.file);
		isa_file_free(&file);
		return AGX_EXIT_USAGE;
	}
	line = options.hex ? isa_file_from_hex(&file) : 0;
	if (line) {
		tool_error("%s: line %zu: expected bytes in hexadecimal", options.file, line);
		ret = AGX_EXIT_DAMAGED;
	} else if (options.offset > file.size) {
		tool_error("--offset=%" PRIu64 ": %s has %zu bytes", options.offset, options.file,
			   file.size);
		ret = AGX_EXIT_USAGE;
	} else {
		ret = disassemble(&file, &options);
	}
	isa_file_free(&file);
	return ret;
}
