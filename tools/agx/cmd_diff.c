// SPDX-License-Identifier: MIT
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx.h"
#include "diff_print.h"
#include "pager.h"

enum option_key {
	KEY_STAT = 0x100,
	KEY_JSON,
	KEY_HTML,
	KEY_SUBMIT,
	KEY_ONLY,
	KEY_IGNORE,
	KEY_CONTEXT,
	KEY_UNIFIED,
	KEY_FORCE,
	KEY_WORK,
};

struct options {
	const char *files[2];
	unsigned int num_files;
	bool stat, json, unified, only;
	const char *html;
	unsigned int context;
	struct agx_diff_options diff;
	struct agx_display output;
};

static const struct argp_option options[] = {
	{"stat", KEY_STAT, NULL, 0, "only how much changed, and sums over the shaders", 0},
	{"json", KEY_JSON, NULL, 0, "everything, as JSON", 0},
	{"html", KEY_HTML, "FILE", 0, "write a page to FILE, besides what is printed", 0},
	{"work", KEY_WORK, NULL, 0,
	 "of two programs: what the GPU is asked to do, not how they ask for it", 0},
	{"submit", KEY_SUBMIT, "N[-M]", 0,
	 "only these submissions of A, counted from 0, and their partners in B", 0},
	{"only", KEY_ONLY, "WHAT", 0,
	 "only this: state, descriptors, shaders, ioctls, memory; several with commas", 0},
	{"ignore", KEY_IGNORE, "WHAT", 0,
	 "not this: as with --only, or registers (shaders that differ in the choice of registers only "
	 "are equal), objects (which buffer it is)",
	 0},
	{"context", KEY_CONTEXT, "N", 0, "unchanged lines around a change (3)", 0},
	{"unified", KEY_UNIFIED, NULL, 0, "code in one column, not side by side", 0},
	{"force", KEY_FORCE, NULL, 0, "skip damaged parts of the traces", 0},
	{0},
};

static bool parse_number(const char *text, char **end, uint64_t *value)
{
	errno = 0;
	*value = strtoull(text, end, 0);
	return *end != text && !errno && *text != '-';
}

static void parse_submits(const char *arg, struct agx_diff_options *diff, struct argp_state *state)
{
	char *end;
	bool good = parse_number(arg, &end, &diff->first_submit);

	diff->last_submit = diff->first_submit;
	if (good && *end == '-' && !end[1])
		diff->last_submit = UINT64_MAX;
	else if (good && *end == '-')
		good = parse_number(end + 1, &end, &diff->last_submit) && !*end;
	else if (good)
		good = !*end;
	if (!good || diff->last_submit < diff->first_submit)
		argp_error(state, "--submit wants N, N- or N-M, not %s", arg);
	diff->limit_submits = true;
}

/* A list of topics and, for --ignore, of more. */
static void parse_topics(const char *option, const char *arg, bool value,
			 struct agx_diff_options *diff, struct argp_state *state)
{
	const char *at = arg;

	while (*at) {
		size_t length = strcspn(at, ",");
		unsigned int i;

		for (i = 0; i < DIFF_TOPICS; i++) {
			if (strlen(diff_topic_names[i]) == length &&
			    !strncmp(at, diff_topic_names[i], length)) {
				diff->topics[i] = value;
				break;
			}
		}
		if (i == DIFF_TOPICS && !value && length == 9 && !strncmp(at, "registers", 9))
			diff->ignore_registers = true;
		else if (i == DIFF_TOPICS && !value && length == 7 && !strncmp(at, "objects", 7))
			diff->ignore_objects = true;
		else if (i == DIFF_TOPICS)
			argp_error(
				state,
				"%s wants state, descriptors, shaders, ioctls or memory%s, not %.*s",
				option, value ? "" : ", registers or objects", (int)length, at);
		at += length;
		at += *at == ',';
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;
	uint64_t number;
	char *end;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->output;
		return 0;
	case KEY_STAT:
		opts->stat = true;
		return 0;
	case KEY_JSON:
		opts->json = true;
		return 0;
	case KEY_HTML:
		opts->html = arg;
		return 0;
	case KEY_WORK:
		opts->diff.work = true;
		return 0;
	case KEY_SUBMIT:
		parse_submits(arg, &opts->diff, state);
		return 0;
	case KEY_ONLY:
		if (!opts->only)
			memset(opts->diff.topics, 0, sizeof(opts->diff.topics));
		opts->only = true;
		parse_topics("--only", arg, true, &opts->diff, state);
		return 0;
	case KEY_IGNORE:
		parse_topics("--ignore", arg, false, &opts->diff, state);
		return 0;
	case KEY_CONTEXT:
		if (!parse_number(arg, &end, &number) || *end || number > 1000000)
			argp_error(state, "--context wants a number up to 1000000, not %s", arg);
		opts->context = (unsigned int)number;
		return 0;
	case KEY_UNIFIED:
		opts->unified = true;
		return 0;
	case KEY_FORCE:
		opts->diff.force = true;
		return 0;
	case ARGP_KEY_ARG:
		if (opts->num_files == 2)
			argp_error(state, "two traces, not more");
		opts->files[opts->num_files++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (opts->num_files != 2)
			argp_error(state, "two traces are compared, %u given", opts->num_files);
		if (opts->json && opts->stat)
			argp_error(state, "--json and --stat are two forms of output");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static void report_damage(void *data, const struct agx_trace_error *error)
{
	char text[256];

	(void)data;
	tool_warning("skipped: %s", agx_trace_error_text(error, text, sizeof(text)));
}

static int failure(const struct options *opts, unsigned int side, int ret,
		   const struct agx_trace_error *error)
{
	char text[256];

	if (side > 1) {
		tool_error("%s", strerror(-ret));
		return AGX_EXIT_USAGE;
	}
	tool_error("%s: %s", opts->files[side],
		   error->what ? agx_trace_error_text(error, text, sizeof(text)) : strerror(-ret));
	return ret == -EBADMSG || ret == -EFBIG || ret == -EPROTONOSUPPORT ? AGX_EXIT_DAMAGED
									   : AGX_EXIT_USAGE;
}

static int write_page(const struct agx_diff *diff, const struct options *opts)
{
	struct diff_print print = {
		.style = agx_text_style(false),
		.context = opts->context,
		.out = fopen(opts->html, "w"),
	};
	int error;

	if (!print.out) {
		tool_error("%s: %s", opts->html, strerror(errno));
		return AGX_EXIT_USAGE;
	}
	diff_print_html(diff, &print);
	error = ferror(print.out);
	if (fclose(print.out) || error) {
		tool_error("%s: %s", opts->html, strerror(errno));
		return AGX_EXIT_USAGE;
	}
	return 0;
}

static int print_all(const struct agx_diff *diff, struct options *opts)
{
	struct diff_print print = {
		.out = stdout,
		.context = opts->context,
		.unified = opts->unified,
	};
	int ret = 0;

	if (opts->html)
		ret = write_page(diff, opts);
	if (ret || (opts->html && !opts->stat && !opts->json))
		return ret;
	agx_output_start(&opts->output, opts->json);
	print.style = opts->output.style;
	print.columns = opts->output.columns;
	if (opts->json)
		ret = diff_print_json(diff, stdout);
	else if (opts->stat)
		diff_print_stat(diff, &print);
	else
		diff_print_text(diff, &print);
	if (!ret)
		ret = agx_output_finish(&opts->output);
	if (ret) {
		tool_error("standard output: %s", strerror(-ret));
		return AGX_EXIT_USAGE;
	}
	return 0;
}

int cmd_diff(int argc, char **argv)
{
	static const struct argp_child children[] = {{&agx_output_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "A B",
		.doc = "Tells what changed in meaning between two traces of the same program: calls, "
		       "state, descriptors, shaders, memory. Addresses, handles and times do not count. "
		       "With --work, of two programs that may ask the GPU for the same in different ways."
		       "\vExit status: 0 nothing differs, 1 something differs, 2 usage or environment, "
		       "3 damaged input.",
		.children = children,
	};
	struct options opts = {
		.context = 3,
		.diff = {.topics = {true, true, true, true, true}, .damage = report_damage},
	};
	struct agx_trace_error error = {0};
	struct agx_diff *diff;
	unsigned int side, i;
	int ret;

	argp_err_exit_status = AGX_EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	ret = agx_diff_create(opts.files[0], opts.files[1], &opts.diff, &diff, &error, &side);
	if (ret)
		return failure(&opts, side, ret, &error);
	for (i = 0; i < 2; i++) {
		if (agx_diff_side(diff, i)->truncated)
			tool_warning("%s: cut short, compared up to the cut", opts.files[i]);
	}
	ret = print_all(diff, &opts);
	if (!ret)
		ret = agx_diff_same(diff) ? AGX_EXIT_OK : AGX_EXIT_FAILED;
	agx_diff_destroy(diff);
	return ret;
}
