// SPDX-License-Identifier: MIT
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agx.h"
#include "agx_isa_asm.h"
#include "isa_file.h"

enum option_key {
	KEY_HEX = 0x100,
	KEY_LISTING,
};

struct options {
	const char *file, *out;
	bool hex, listing;
};

static const struct argp_option argp_options[] = {
	{"output", 'o', "OUT", 0, "where the code goes, - for standard output", 0},
	{"hex", KEY_HEX, NULL, 0, "write hexadecimal text, an instruction a line", 0},
	{"listing", KEY_LISTING, NULL, 0, "print the program with places and bytes, too", 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'o':
		o->out = arg;
		return 0;
	case KEY_HEX:
		o->hex = true;
		return 0;
	case KEY_LISTING:
		o->listing = true;
		return 0;
	case ARGP_KEY_ARG:
		if (o->file)
			argp_error(state, "one FILE only, found \"%s\" as well", arg);
		o->file = arg;
		return 0;
	case ARGP_KEY_END:
		if (!o->file)
			argp_error(state, "expected a FILE, or - for standard input");
		if (!o->out && !o->listing)
			argp_error(state, "expected -o OUT");
		if (o->out && !strcmp(o->out, "-") && o->listing)
			argp_error(state, "-o - and --listing both want standard output");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* The line of an error, with a mark below the place. */
static void show_line(const struct isa_file *file, uint32_t number, uint32_t column)
{
	const char *text = (const char *)file->data, *end = text + file->size, *next;
	uint32_t i;

	for (i = 1; i < number && text; i++) {
		text = memchr(text, '\n', end - text);
		text = text ? text + 1 : NULL;
	}
	if (!text || !column)
		return;
	next = memchr(text, '\n', end - text);
	if (next)
		end = next;
	if (end - text > 400 || column > end - text + 1u)
		return;
	fputs("    ", stderr);
	for (next = text; next < end; next++)
		fputc(*next >= ' ' && *next <= '~' ? *next : *next == '\t' ? '\t' : '?', stderr);
	fputs("\n    ", stderr);
	for (i = 1; i < column; i++)
		fputc(text[i - 1] == '\t' ? '\t' : ' ', stderr);
	fputs("^\n", stderr);
}

static int assemble(const struct isa_file *file, const char *name, struct agx_isa_asm *as)
{
	uint32_t lines = 1;
	size_t i;
	int ret;

	*as = (struct agx_isa_asm){.text = (const char *)file->data, .size = file->size};
	for (i = 0; i < file->size; i++)
		lines += file->data[i] == ':';
	/* Room to spare keeps the table of labels quick. */
	as->labels_max = lines < 1u << 24 ? lines * 2 : lines;
	as->labels = calloc(as->labels_max, sizeof(as->labels[0]));
	if (!as->labels) {
		tool_error("asm: out of memory");
		return AGX_EXIT_USAGE;
	}
	/* Once for the length, once for the bytes. */
	ret = agx_isa_assemble(as);
	if (!ret) {
		as->capacity = as->length;
		as->out = malloc(as->length ? as->length : 1);
		if (!as->out) {
			tool_error("asm: out of memory");
			return AGX_EXIT_USAGE;
		}
		ret = agx_isa_assemble(as);
	}
	if (!ret)
		return AGX_EXIT_OK;
	tool_error("%s:%u:%u: %s", name, as->line, as->column, as->error);
	show_line(file, as->line, as->column);
	return AGX_EXIT_DAMAGED;
}

static void write_hex(const struct agx_isa_asm *as, FILE *out)
{
	struct agx_isa_instr instr;
	size_t at, i;

	for (at = 0; at < as->length; at += instr.length) {
		agx_isa_decode(as->out + at, as->length - at, &instr);
		for (i = 0; i < instr.length; i++)
			fprintf(out, "%02x", as->out[at + i]);
		fputc('\n', out);
	}
}

static int write_code(const struct agx_isa_asm *as, const struct options *options)
{
	bool to_stdout = !strcmp(options->out, "-");
	FILE *out = to_stdout ? stdout : fopen(options->out, "wbe");
	struct stat st;
	bool failed, regular;

	if (!out) {
		tool_error("%s: %s", options->out, strerror(errno));
		return AGX_EXIT_USAGE;
	}
	regular = !to_stdout && !fstat(fileno(out), &st) && S_ISREG(st.st_mode);
	errno = 0;
	if (options->hex)
		write_hex(as, out);
	else
		fwrite(as->out, 1, as->length, out);
	failed = ferror(out);
	failed |= to_stdout ? fflush(out) : fclose(out);
	if (!failed)
		return AGX_EXIT_OK;
	tool_error("%s: %s", options->out, strerror(errno ? errno : EIO));
	/* No half-written file may pass for a whole one. */
	if (regular)
		unlink(options->out);
	return AGX_EXIT_USAGE;
}

static int print_listing(const struct agx_isa_asm *as)
{
	struct agx_isa_listing listing = {
		.code = as->out,
		.size = as->length,
		.addresses = true,
		.bytes = true,
		.indent = true,
	};
	struct agx_isa_program program;
	static char buf[64 << 10];
	uint8_t *targets = calloc(1, as->length / 16 + 1);
	size_t n;

	if (!targets) {
		tool_error("asm: out of memory");
		return AGX_EXIT_USAGE;
	}
	agx_isa_analyse(as->out, as->length, true, targets, &program);
	listing.targets = targets;
	while ((n = agx_isa_listing(&listing, buf, sizeof(buf))))
		fwrite(buf, 1, n, stdout);
	free(targets);
	return AGX_EXIT_OK;
}

int cmd_asm(int argc, char **argv)
{
	static const struct argp argp = {
		.options = argp_options,
		.parser = parse,
		.args_doc = "FILE -o OUT",
		.doc = "Assemble shader code in the syntax of `agx disasm`.\v"
		       "The instructions, with an example of each: docs/libagx/instructions.md in "
		       "the sources.",
	};
	struct options options = {0};
	struct agx_isa_asm as = {0};
	struct isa_file file;
	int ret;

	if (argp_parse(&argp, argc, argv, 0, NULL, &options))
		return AGX_EXIT_USAGE;
	ret = isa_file_read(options.file, &file);
	if (ret) {
		tool_error("%s: %s", options.file, strerror(-ret));
		return AGX_EXIT_USAGE;
	}
	ret = assemble(&file, options.file, &as);
	if (ret == AGX_EXIT_OK)
		isa_warn_hazards(as.out, as.length, options.file);
	if (ret == AGX_EXIT_OK && options.out)
		ret = write_code(&as, &options);
	if (ret == AGX_EXIT_OK && options.listing)
		ret = print_listing(&as);
	free(as.out);
	free(as.labels);
	isa_file_free(&file);
	return ret;
}
