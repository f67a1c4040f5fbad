// SPDX-License-Identifier: MIT
#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agx.h"
#include "compute_frame.h"
#include "compute_options.h"
#include "compute_report.h"
#include "compute_run.h"
#include "isa_file.h"

#define OPTIONS 1024

enum option_key {
	KEY_DISASSEMBLE = 0x100,
	KEY_EXPECT,
	KEY_GROUP,
	KEY_INFO,
	KEY_SET,
	KEY_SHOW,
	KEY_STRICT,
	KEY_TIMEOUT,
	KEY_TOLERANCE,
};

/* An option as it was given: by the command, or in a comment of the program. */
struct given {
	int key;
	unsigned int line; /* of the program; 0: of the command */
	const char *text;
};

struct options {
	struct given given[OPTIONS];
	unsigned int count, in_program;
	unsigned int line; /* of what is being parsed */
	char *file, *folder, *comments;
	bool disassemble, info, json;
	char *lines; /* of -e */
	size_t lines_size;
	FILE *lines_out;
	struct compute_job job;
};

static const struct argp_option option_table[] = {
	{0, 0, 0, 0, "What it works on (these may stand in the program's comments, too):", 1},
	{"buffer", 'b', "NAME[@REG]=DATA", 0,
	 "a buffer; its address is in REG (the first in du0, the next in du2, ...)", 1},
	{"uniform", 'u', "REG=DATA|BUFFER[+OFFSET]", 0, "a uniform: a number, or an address", 1},
	{"threads", 't', "X[,Y[,Z]]", 0, "how many threads (one group)", 1},
	{"groups", 'g', "X[,Y[,Z]]", 0, "or how many groups", 1},
	{"group", KEY_GROUP, "X[,Y[,Z]]", 0, "threads of a group (.threads, or else one)", 1},
	{"set", KEY_SET, "REG=DATA", 0, "a register's value as the threads begin, one each", 1},
	{"show", KEY_SHOW, "REG[:TYPE]", 0, "print a register of all threads as they end", 1},
	{"print", 'p', "NAME[:TYPE][[N]]", 0, "print a buffer (those that have changed)", 1},
	{"expect", KEY_EXPECT, "NAME=DATA", 0, "check what is in a buffer at the end", 1},
	{"tolerance", KEY_TOLERANCE, "T", 0, "what floats may differ by, relative beyond 1 (0)", 1},
	{"repeat", 'r', "N", 0, "run it N times, each from the start, and tell the times", 1},
	{"strict", KEY_STRICT, 0, 0, "what a modelled GPU finds fault with is a failure", 1},
	{"timeout", KEY_TIMEOUT, "SECONDS", 0, "how long a run may take (as long as it does)", 1},
	{0, 0, 0, 0, "The rest:", 2},
	{"text", 'e', "LINE", 0, "a line of the program instead of FILE; any number of them", 2},
	{"device", 'd', "NAME", 0, "a node, or a virtual GPU: t8103, t6020@13.5", 2},
	{"output", 'o', "NAME=FILE", 0, "write a buffer to a file, - for standard output", 2},
	{"info", KEY_INFO, 0, 0, "what the shader needs: registers, uniforms, memory", 2},
	{"disassemble", KEY_DISASSEMBLE, 0, 0, "the program as the GPU gets it", 2},
	{"json", 'j', 0, 0, "all of it as JSON", 2},
	{0},
};

static void add(struct argp_state *state, int key, const char *text)
{
	struct options *o = state->input;

	if (o->count == OPTIONS)
		argp_error(state, "more than %d options", OPTIONS);
	o->given[o->count++] = (struct given){key, o->line, text};
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	const bool own = strchr("edoj", key > 0 && key < 128 ? key : 'x') || key == KEY_INFO ||
			 key == KEY_DISASSEMBLE || key == ARGP_KEY_ARG;

	if (o->line && own)
		argp_error(state, "%s: not in a program", arg ? arg : "this option");
	switch (key) {
	case 'e':
		fprintf(o->lines_out, "%s\n", arg);
		o->job.lines = true;
		return 0;
	case 'd':
		o->job.device = arg;
		return 0;
	case 'j':
		o->json = true;
		return 0;
	case KEY_INFO:
		o->info = true;
		return 0;
	case KEY_DISASSEMBLE:
		o->disassemble = true;
		return 0;
	case ARGP_KEY_ARG:
		if (o->file)
			argp_error(state, "one FILE only, found \"%s\" as well", arg);
		o->file = arg;
		return 0;
	case ARGP_KEY_END:
		if (!o->line && !o->file && !o->job.lines)
			argp_error(state, "expected a FILE, - for standard input, or -e LINE");
		if (!o->line && o->file && o->job.lines)
			argp_error(state, "-e and \"%s\": one of them", o->file);
		return 0;
	case 'b':
	case 'u':
	case 't':
	case 'g':
	case KEY_GROUP:
	case KEY_SET:
	case KEY_SHOW:
	case 'p':
	case KEY_EXPECT:
	case KEY_TOLERANCE:
	case 'r':
	case KEY_STRICT:
	case KEY_TIMEOUT:
	case 'o':
		add(state, key, arg);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = option_table,
	.parser = parse,
	.args_doc = "FILE\n-\n-e LINE...",
	.doc = "Runs a compute shader, in the assembler's syntax, and shows what it did.\v"
	       "DATA is [TYPE[COUNT]:]FILL: a TYPE of u8 to u64, i8 to i64, x8 to x64, f16, f32; a "
	       "FILL of numbers with commas, iota[:START[:STEP]], random[:SEED[:MIN:MAX]], @FILE. "
	       "A comment in the program that begins with \"agx compute:\" has options.",
};

static int comment(void *data, unsigned int line, int count, char **argv, const char *message)
{
	struct options *o = data;
	char name[256];

	if (count < 0) {
		tool_error("%s:%u: %s", o->job.name, line, message);
		return AGX_EXIT_DAMAGED;
	}
	/* Messages begin with it. */
	snprintf(name, sizeof(name), "%s:%u", o->job.name, line);
	argv[0] = name;
	o->line = line;
	argp_err_exit_status = AGX_EXIT_DAMAGED;
	argp_parse(&argp, count + 1, argv, ARGP_NO_HELP, NULL, o);
	argp_err_exit_status = AGX_EXIT_USAGE;
	o->line = 0;
	return AGX_EXIT_OK;
}

static int read_program(struct options *o)
{
	struct compute_job *job = &o->job;
	struct isa_file file;
	char *slash;
	int ret;

	if (job->lines) {
		job->name = "-e";
		job->text = o->lines;
		o->lines = NULL;
	} else {
		job->name = strcmp(o->file, "-") ? o->file : "standard input";
		ret = isa_file_read(o->file, &file);
		if (!ret)
			job->text = malloc(file.size + 1);
		if (!job->text) {
			tool_error("compute: %s: %s", job->name, strerror(ret ? -ret : ENOMEM));
			return AGX_EXIT_USAGE;
		}
		memcpy(job->text, file.data ? (char *)file.data : "", file.size);
		job->text[file.size] = '\0';
		ret = memchr(job->text, '\0', file.size) != NULL;
		isa_file_free(&file);
		if (ret) {
			tool_error("%s: not a text: it has bytes of 0", job->name);
			return AGX_EXIT_DAMAGED;
		}
		o->folder = strdup(o->file);
		slash = o->folder ? strrchr(o->folder, '/') : NULL;
		if (slash)
			slash[slash == o->folder] = '\0';
		else
			free(o->folder), o->folder = NULL;
	}
	/* What the command says comes after what the program says. */
	o->in_program = o->count;
	return compute_text_options(job->text, &o->comments, comment, o);
}

static int number(const char *text, double max, double *value, struct compute_message *message)
{
	char *end;

	*value = strtod(text, &end);
	if ((!isdigit((unsigned char)*text) && *text != '.') || *end || !(*value <= max))
		return compute_wrong(message, "expected a number up to %g, got \"%s\"", max, text);
	return 0;
}

/* Whatever names no buffer. */
static int apply_first(struct compute_job *job, const struct given *given, const char *folder,
		       struct compute_message *message)
{
	double value;
	int ret;

	switch (given->key) {
	case 'b':
		return compute_option_buffer(job, given->text, folder, message);
	case KEY_SET:
	case KEY_SHOW:
		return compute_option_register(job, given->key == KEY_SET, given->text, folder,
					       message);
	case 't':
	case 'g':
		job->in_groups = given->key == 'g';
		return compute_option_size(given->text, job->size, message);
	case KEY_GROUP:
		return compute_option_size(given->text, job->group, message);
	case KEY_STRICT:
		job->strict = true;
		return 0;
	case KEY_TOLERANCE:
		return number(given->text, 1e30, &job->tolerance, message);
	case KEY_TIMEOUT:
		return number(given->text, 1e9, &job->seconds, message);
	case 'r':
		ret = number(given->text, COMPUTE_RUNS, &value, message);
		if (!ret && (value < 1 || value != (unsigned int)value))
			ret = compute_wrong(message, "expected a whole number from 1, got \"%s\"",
					    given->text);
		if (!ret)
			job->repeat = (unsigned int)value;
		return ret;
	}
	return 0;
}

static int apply_second(struct compute_job *job, const struct given *given, const char *folder,
			struct compute_message *message)
{
	switch (given->key) {
	case 'u':
		return compute_option_uniform(job, given->text, folder, message);
	case 'p':
		return compute_option_print(job, given->text, message);
	case KEY_EXPECT:
		return compute_option_expect(job, given->text, folder, message);
	case 'o':
		return compute_option_output(job, given->text, message);
	}
	return 0;
}

static const char *name_of(int key)
{
	for (const struct argp_option *option = option_table; option->name || option->group;
	     option++) {
		if (option->key == key)
			return option->name;
	}
	return "?";
}

static int apply(struct options *o)
{
	struct compute_message message;
	struct compute_job *job = &o->job;

	for (unsigned int i = 0; i < 2 * o->count; i++) {
		const struct given *given = &o->given[(i + o->in_program) % o->count];
		const char *folder = given->line ? o->folder : NULL;
		int ret;

		if (i == o->count && compute_place_buffers(job, &message)) {
			tool_error("compute: %s", message.text);
			return AGX_EXIT_USAGE;
		}
		ret = i < o->count ? apply_first(job, given, folder, &message)
				   : apply_second(job, given, folder, &message);
		if (!ret)
			continue;
		if (given->line)
			tool_error("%s:%u: --%s %s: %s", job->name, given->line,
				   name_of(given->key), given->text, message.text);
		else
			tool_error("compute: --%s %s: %s", name_of(given->key), given->text,
				   message.text);
		return given->line ? AGX_EXIT_DAMAGED : AGX_EXIT_USAGE;
	}
	return AGX_EXIT_OK;
}

static int disassemble(const struct compute_result *result)
{
	const struct agx_shader *shader = result->framed ? result->framed : result->shader;
	const size_t size = agx_shader_listing(shader, NULL, 0) + 1;
	char *text = malloc(size);

	if (!text) {
		tool_error("compute: no memory");
		return AGX_EXIT_USAGE;
	}
	agx_shader_listing(shader, text, size);
	fputs(text, stdout);
	free(text);
	return AGX_EXIT_OK;
}

/* Then nothing else goes there. */
static bool to_standard_output(const struct compute_job *job)
{
	for (unsigned int i = 0; i < job->outputs.count; i++) {
		if (!strcmp(job->outputs.of[i].path, "-"))
			return true;
	}
	return false;
}

static int compute(struct options *o, struct compute_result *result)
{
	struct compute_job *job = &o->job;
	int status = compute_open(job, result);

	if (status)
		return status;
	status = compute_run(job, result);
	if (o->info && !o->json)
		compute_report_info(result);
	if (o->disassemble && disassemble(result))
		return AGX_EXIT_USAGE;
	if (!status && compute_compare(job))
		status = AGX_EXIT_FAILED;
	if (!status && job->strict && result->findings)
		status = AGX_EXIT_FAILED;
	if (result->runs) {
		const int wrote = compute_write(job);

		status = status ? status : wrote;
	}
	if (!job->prints.count && (o->json || (!job->expects.count && !job->outputs.count)))
		compute_print_changed(job);
	if (o->json)
		compute_report_json(job, result, status);
	else if (result->runs && !to_standard_output(job))
		compute_report(job, result);
	return status;
}

int cmd_compute(int argc, char **argv)
{
	struct options *o = calloc(1, sizeof(*o));
	struct compute_result result = {0};
	int status;

	if (o)
		o->lines_out = open_memstream(&o->lines, &o->lines_size);
	if (!o || !o->lines_out) {
		tool_error("compute: no memory");
		free(o);
		return AGX_EXIT_USAGE;
	}
	o->job.repeat = 1;
	argp_err_exit_status = AGX_EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, o);
	fclose(o->lines_out);
	status = read_program(o);
	if (!status)
		status = apply(o);
	if (!status)
		status = compute(o, &result);
	compute_end(&o->job, &result);
	free(o->job.text);
	free(o->lines);
	free(o->folder);
	free(o->comments);
	if (result.stuck) {
		fflush(NULL);
		_exit(status);
	}
	free(o);
	return status;
}
