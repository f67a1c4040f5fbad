// SPDX-License-Identifier: MIT
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agx.h"
#include "agx_decode_sinks.h"
#include "agx_decode_trace.h"
#include "decode_raw.h"
#include "pager.h"

enum option_key {
	KEY_SUBMIT = 0x100,
	KEY_COMMAND,
	KEY_JSON,
	KEY_SHADERS,
	KEY_MEMORY,
	KEY_ALL,
	KEY_CHANGED,
	KEY_DRAWS,
	KEY_STRICT,
	KEY_EXTRACT,
	KEY_SYNTAX,
	KEY_FORCE,
	KEY_REPEAT,
};

struct options {
	const char *file;
	uint64_t first, last; /* submits */
	bool have_command;
	uint32_t command;
	bool json, shaders, memory, all, changed, draws, strict, force, applegpu, repeat;
	const char *extract;
	struct agx_display output;
	struct decode_raw raw;
};

static const struct argp_option options[] = {
	{"submit", KEY_SUBMIT, "N[-M]", 0, "only these submissions, counted from 0", 0},
	{"command", KEY_COMMAND, "K", 0, "only this command of each submission, counted from 0", 0},
	{"shaders", KEY_SHADERS, NULL, 0, "disassemble each shader where it is first named", 0},
	{"memory", KEY_MEMORY, NULL, 0, "show the bytes of uniforms and indices", 0},
	{"draws", KEY_DRAWS, NULL, 0, "one line for each draw and dispatch", 0},
	{"changed", KEY_CHANGED, NULL, 0,
	 "of state only what differs from what was set before in the command", 0},
	{"all", KEY_ALL, NULL, 0, "fields that have their usual value, too, and every address", 0},
	{"repeat", KEY_REPEAT, NULL, 0, "lists in full as often as they are named", 0},
	{"json", KEY_JSON, NULL, 0, "everything, as JSON", 0},
	{"syntax", KEY_SYNTAX, "NAME", 0, "of instructions: mesa (default) or applegpu", 0},
	{"extract", KEY_EXTRACT, "DIR", 0, "write each different shader to a file in DIR", 0},
	{"strict", KEY_STRICT, NULL, 0, "exit with 1 when there is any problem", 0},
	{"force", KEY_FORCE, NULL, 0, "skip damaged parts of the trace", 0},
	{0},
};

static bool parse_number(const char *text, char **end, uint64_t *value)
{
	errno = 0;
	*value = strtoull(text, end, 0);
	return *end != text && !errno && *text != '-';
}

static void parse_submits(const char *arg, struct options *opts, struct argp_state *state)
{
	char *end;

	if (!parse_number(arg, &end, &opts->first))
		argp_error(state, "--submit wants N or N-M, not %s", arg);
	opts->last = opts->first;
	if (*end == '-' && !end[1])
		opts->last = UINT64_MAX;
	else if (*end == '-' && !parse_number(end + 1, &end, &opts->last))
		argp_error(state, "--submit wants N or N-M, not %s", arg);
	else if (*end && end[0] != '-')
		argp_error(state, "--submit wants N or N-M, not %s", arg);
	if (opts->last < opts->first)
		argp_error(state, "--submit: %s is empty", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;
	uint64_t number;
	char *end;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->output;
		state->child_inputs[1] = &opts->raw;
		return 0;
	case KEY_SUBMIT:
		parse_submits(arg, opts, state);
		return 0;
	case KEY_COMMAND:
		if (!parse_number(arg, &end, &number) || *end || number > UINT32_MAX)
			argp_error(state, "--command wants a number, not %s", arg);
		opts->have_command = true;
		opts->command = number;
		return 0;
	case KEY_JSON:
		opts->json = true;
		return 0;
	case KEY_SHADERS:
		opts->shaders = true;
		return 0;
	case KEY_MEMORY:
		opts->memory = true;
		return 0;
	case KEY_ALL:
		opts->all = true;
		return 0;
	case KEY_CHANGED:
		opts->changed = true;
		return 0;
	case KEY_DRAWS:
		opts->draws = true;
		return 0;
	case KEY_STRICT:
		opts->strict = true;
		return 0;
	case KEY_FORCE:
		opts->force = true;
		return 0;
	case KEY_REPEAT:
		opts->repeat = true;
		return 0;
	case KEY_EXTRACT:
		opts->extract = arg;
		return 0;
	case KEY_SYNTAX:
		opts->applegpu = !strcmp(arg, "applegpu");
		if (!opts->applegpu && strcmp(arg, "mesa"))
			argp_error(state, "--syntax: mesa or applegpu, not %s", arg);
		return 0;
	case ARGP_KEY_ARG:
		if (opts->file)
			argp_error(state, "one file only");
		opts->file = arg;
		return 0;
	case ARGP_KEY_END:
		if (!opts->file && !decode_raw_wanted(&opts->raw))
			argp_error(state, "no file");
		if (opts->json && opts->draws)
			argp_error(state, "--json and --draws are two forms of output");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* What a run needs. */
struct run {
	struct options *opts;
	struct agx_decode_trace *trace;
	struct agx_decode_sink sink;
	struct agx_decode *decode;
	int extract_error;
};

/* A new shader: into a file that its code names. */
static void extract_shader(void *cookie, uint64_t number, const char *stage, uint64_t address,
			   const void *code, size_t size)
{
	struct run *run = cookie;
	struct agx_decode_shader shader;
	char *path;
	FILE *file;

	if (!agx_decode_shader(run->decode, number - 1, &shader))
		return;
	if (asprintf(&path, "%s/%s-%016llx%016llx.bin", run->opts->extract, stage,
		     (unsigned long long)shader.hash[1], (unsigned long long)shader.hash[0]) < 0) {
		run->extract_error = ENOMEM;
		return;
	}
	file = fopen(path, "wb");
	if (!file || fwrite(code, 1, size, file) != size)
		run->extract_error = errno;
	if (file && fclose(file))
		run->extract_error = errno;
	if (run->extract_error)
		tool_error("decode: %s: %s", path, strerror(run->extract_error));
	free(path);
}

static int create_sink(struct run *run)
{
	struct agx_decode_writer writer = agx_decode_to_file(stdout);
	const struct options *opts = run->opts;
	struct agx_decode_text_config text = {
		.style = opts->output.style,
		.columns = opts->output.columns,
		.all = opts->all,
		.changed = opts->changed,
		.shaders = opts->shaders,
		.applegpu = opts->applegpu,
	};

	if (opts->json)
		return agx_decode_json_create(opts->file ? opts->file : opts->raw.files[0].path,
					      opts->shaders, &writer, &run->sink);
	if (opts->draws)
		return agx_decode_draws_create(opts->output.style, opts->changed, &writer,
					       &run->sink);
	return agx_decode_text_create(&text, &writer, &run->sink);
}

static int finish_sink(struct run *run)
{
	if (run->opts->json)
		return agx_decode_json_finish(&run->sink, run->decode);
	if (run->opts->draws)
		return agx_decode_draws_finish(&run->sink, run->decode);
	return agx_decode_text_finish(&run->sink, run->decode);
}

static struct agx_decode_config get_config(struct run *run)
{
	const struct options *opts = run->opts;

	return (struct agx_decode_config){
		.memory = opts->memory,
		.repeat = opts->repeat,
		.all_commands = !opts->have_command,
		.command = opts->command,
		.shader = opts->extract ? extract_shader : NULL,
		.cookie = run,
	};
}

static struct agx_decode *create_decode(struct run *run)
{
	const struct drm_asahi_params_global *gpu = agx_decode_trace_gpu(run->trace);
	struct agx_decode_config config = get_config(run);

	config.generation = gpu->gpu_generation;
	config.clusters = gpu->num_clusters_total;
	return agx_decode_create(&config, &run->sink);
}

/* All submissions that were asked for. 0 or a negative errno. */
static int decode_submits(struct run *run, struct agx_trace_error *error)
{
	struct agx_decode_submit submit;
	int ret;

	for (;;) {
		ret = agx_decode_trace_next_submit(run->trace, &submit, error);
		if (ret <= 0)
			return ret;
		if (submit.number > run->opts->last)
			return 0;
		if (submit.number < run->opts->first)
			continue;
		if (!run->decode) {
			run->decode = create_decode(run);
			if (!run->decode)
				return -ENOMEM;
		}
		ret = agx_decode_submit(run->decode, &submit);
		if (ret)
			return ret;
		if (ferror(stdout))
			return 0;
	}
}

/* What a critical look has found. What the GPU is to write first is no problem. */
static bool has_problems(const struct agx_decode *decode)
{
	const struct agx_decode_stats *stats = agx_decode_stats(decode);
	unsigned int i;

	for (i = AGX_CS_OK + 1; i < AGX_CS_PROBLEMS; i++) {
		if (i != AGX_CS_UNWRITTEN && stats->problems[i])
			return true;
	}
	return false;
}

static void report_damage(void *data, const struct agx_trace_error *error)
{
	char text[200];

	tool_warning("%s: %s", (const char *)data, agx_trace_error_text(error, text, sizeof(text)));
}

static int exit_of(int ret)
{
	switch (ret) {
	case -EBADMSG:
	case -EPROTONOSUPPORT:
	case -EFBIG:
		return AGX_EXIT_DAMAGED;
	default:
		return AGX_EXIT_USAGE;
	}
}

static void report_failure(const char *file, int ret, const struct agx_trace_error *error)
{
	char text[200];

	if (error->what)
		tool_error("%s: %s", file, agx_trace_error_text(error, text, sizeof(text)));
	else
		tool_error("%s: %s", file, strerror(-ret));
}

/* After the last output: the exit status. */
static int finish(struct run *run, int status)
{
	struct options *opts = run->opts;
	int written = run->sink.cookie ? finish_sink(run) : 0, flushed;

	flushed = agx_output_finish(&opts->output);
	if (!written)
		written = flushed;
	if (written && written != -EPIPE) {
		tool_error("decode: writing: %s", strerror(-written));
		status = AGX_EXIT_USAGE;
	}
	if (!status && run->extract_error)
		status = AGX_EXIT_USAGE;
	if (!status && opts->strict && run->decode && has_problems(run->decode))
		status = AGX_EXIT_FAILED;
	agx_decode_destroy(run->decode);
	decode_raw_finish(&opts->raw);
	return status;
}

static int run_trace(struct options *opts)
{
	struct agx_decode_trace_params params = {
		.force = opts->force,
		.damage = report_damage,
		.damage_data = (void *)opts->file,
	};
	struct agx_trace_error error = {.what = NULL};
	struct run run = {.opts = opts};
	int ret, status = AGX_EXIT_OK;

	ret = agx_decode_trace_open(opts->file, &params, &run.trace, &error);
	if (ret) {
		report_failure(opts->file, ret, &error);
		return exit_of(ret);
	}
	agx_output_start(&opts->output, opts->json);
	ret = create_sink(&run);
	if (!ret) {
		ret = decode_submits(&run, &error);
		if (ret) {
			report_failure(opts->file, ret, &error);
			status = exit_of(ret);
		} else if (!run.decode && opts->first) {
			tool_error("%s: there is no submission %llu", opts->file,
				   (unsigned long long)opts->first);
			status = AGX_EXIT_USAGE;
		}
		/* Nothing was submitted: that is said too. */
		if (!run.decode && !status)
			run.decode = create_decode(&run);
	} else {
		report_failure(opts->file, ret, &error);
		status = AGX_EXIT_USAGE;
	}
	status = finish(&run, status);
	agx_decode_trace_close(run.trace);
	return status;
}

/* Memory of files and dumps. */
static int run_raw(struct options *opts)
{
	struct run run = {.opts = opts};
	struct agx_decode_config config = get_config(&run);
	int ret, status;

	agx_output_start(&opts->output, opts->json);
	ret = create_sink(&run);
	if (!ret) {
		status = decode_raw(&opts->raw, opts->file, &config, &run.sink, &run.decode);
	} else {
		tool_error("decode: %s", strerror(-ret));
		status = AGX_EXIT_USAGE;
	}
	return finish(&run, status);
}

int cmd_decode(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{&agx_output_argp, 0, NULL, 0}, {&decode_raw_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "FILE",
		.doc = "Tells what a trace submitted to the GPU: commands, control streams, state, "
		       "descriptors and shaders, with names. FILE may also be a core dump of the kernel "
		       "module.",
		.children = children,
	};
	struct options opts = {.last = UINT64_MAX};

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	if (opts.extract && mkdir(opts.extract, 0777) && errno != EEXIST) {
		tool_error("decode: %s: %s", opts.extract, strerror(errno));
		decode_raw_finish(&opts.raw);
		return AGX_EXIT_USAGE;
	}
	if (decode_raw_wanted(&opts.raw) || decode_raw_is_coredump(opts.file))
		return run_raw(&opts);
	if (decode_raw_has_starts(&opts.raw)) {
		tool_error(
			"decode: --vdm, --usc and so on say what is in memory that --raw or a core "
			"dump gives; %s is a trace",
			opts.file);
		decode_raw_finish(&opts.raw);
		return AGX_EXIT_USAGE;
	}
	return run_trace(&opts);
}
