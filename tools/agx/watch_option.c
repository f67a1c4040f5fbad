// SPDX-License-Identifier: MIT
#include "watch_option.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agx.h"
#include "suite.h"

#define STEPS_DEFAULT 2000

enum {
	OPT_TRACE = 0x500,
	OPT_SUBMIT,
	OPT_GROUP,
	OPT_ALL_GROUPS,
	OPT_LIMIT,
	OPT_TRACE_JSON,
	OPT_BREAK,
	OPT_STATS,
	OPT_CHECK,
};

static const struct argp_option option_table[] = {
	{NULL, 0, NULL, 0, "Watching shaders, which makes --exec full slower:", 10},
	{"trace-shader", OPT_TRACE, "ADDRESS[:LANE]", 0,
	 "Show every instruction that the shader at this address executes, with values of one lane: a number "
	 "in the threadgroup (default 0), or all",
	 10},
	{"submit", OPT_SUBMIT, "N", 0, "Of --trace-shader: in this submission only", 10},
	{"group", OPT_GROUP, "X,Y,Z", 0,
	 "Of --trace-shader: in this threadgroup; default: the first that runs it", 10},
	{"all-groups", OPT_ALL_GROUPS, NULL, 0, "Of --trace-shader: in all threadgroups", 10},
	{"limit", OPT_LIMIT, "N", 0,
	 "Of --trace-shader: at most N instructions (default 2000, 0: all)", 10},
	{"trace-json", OPT_TRACE_JSON, "FILE", 0,
	 "Write instructions, stops and races as JSON, an object in each line", 10},
	{"break-on", OPT_BREAK, "WHAT", 0,
	 "Stop at the first instruction that cannot be executed (fault), makes a NaN of numbers (nan), or "
	 "accesses what is not mapped or beyond threadgroup memory (oob); several with commas",
	 10},
	{"exec-check", OPT_CHECK, "WHAT", 0,
	 "races: find accesses to the same memory that nothing orders", 10},
	{"stats", OPT_STATS, NULL, 0,
	 "What each shader did: instructions, divergence, memory traffic (also in --json)", 10},
	{0},
};

static uint64_t number(struct argp_state *state, const char *option, const char *text, char **end,
		       int base)
{
	unsigned long long value;

	errno = 0;
	value = strtoull(text, end, base);
	if (*text < '0' || *text > '9' || errno || *end == text)
		argp_error(state, "--%s: expected a number, got \"%s\"", option, text);
	return value;
}

static uint64_t whole_number(struct argp_state *state, const char *option, const char *text)
{
	char *end;
	const uint64_t value = number(state, option, text, &end, 0);

	if (*end)
		argp_error(state, "--%s: expected a number, got \"%s\"", option, text);
	return value;
}

static void parse_trace(struct argp_state *state, const char *text, struct watch_options *o)
{
	uint64_t thread = 0;
	char *end;

	/* Addresses are hexadecimal wherever they are printed. */
	o->trace.address = number(state, "trace-shader", text, &end,
				  !strncmp(text, "0x", 2) || !strncmp(text, "0X", 2) ? 0 : 16);
	o->trace.on = true;
	if (!strcmp(end, ":all")) {
		o->all_lanes = true;
		return;
	}
	if (*end == ':')
		thread = whole_number(state, "trace-shader", end + 1);
	else if (*end)
		argp_error(state, "--trace-shader: expected ADDRESS[:LANE], got \"%s\"", text);
	if (thread > 1023)
		argp_error(state, "--trace-shader: a threadgroup has lanes 0 to 1023 at most");
	o->trace.simd = (uint32_t)thread / AGX_LANES;
	o->lane = (unsigned int)thread % AGX_LANES;
}

static void parse_group(struct argp_state *state, const char *text, struct watch_options *o)
{
	char *end = (char *)text;

	for (unsigned int i = 0; i < 3; i++) {
		const uint64_t value = number(state, "group", end, &end, 10);

		if (value > UINT32_MAX || *end != (i < 2 ? ',' : '\0'))
			argp_error(state, "--group: expected X,Y,Z, got \"%s\"", text);
		o->trace.group[i] = (uint32_t)value;
		end += i < 2;
	}
	o->trace.one_group = o->has_group = true;
}

static void parse_stops(struct argp_state *state, const char *text, struct watch_options *o)
{
	static const struct {
		const char *name;
		uint32_t bit;
	} stops[] = {
		{"fault", AGX_WATCH_FAULT},
		{"nan", AGX_WATCH_NAN},
		{"oob", AGX_WATCH_OOB},
	};
	const char *at = text;

	for (;;) {
		const size_t length = strcspn(at, ",");
		unsigned int i;

		for (i = 0; i < 3; i++)
			if (strlen(stops[i].name) == length && !strncmp(at, stops[i].name, length))
				break;
		if (i == 3)
			argp_error(state, "--break-on: got \"%s\", takes fault, nan and oob", text);
		o->stops |= stops[i].bit;
		if (!at[length])
			return;
		at += length + 1;
	}
}

static void check(struct argp_state *state, struct watch_options *o)
{
	const char *without = o->has_submit        ? "--submit"
			      : o->has_group       ? "--group"
			      : o->trace.any_group ? "--all-groups"
			      : o->has_limit       ? "--limit"
						   : NULL;

	if (without && !o->trace.on)
		argp_error(state, "%s is about --trace-shader", without);
	if (o->has_group && o->trace.any_group)
		argp_error(state, "--group and --all-groups contradict each other");
	if (o->json && !o->trace.on && !o->stops && !o->races)
		argp_error(state,
			   "--trace-json is about --trace-shader, --break-on and --exec-check");
	o->trace.any_submit = !o->has_submit;
	if (!o->has_limit)
		o->limit = STEPS_DEFAULT;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct watch_options *o = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &o->display;
		break;
	case OPT_TRACE:
		parse_trace(state, arg, o);
		break;
	case OPT_SUBMIT:
		o->trace.submit = whole_number(state, "submit", arg);
		o->has_submit = true;
		break;
	case OPT_GROUP:
		parse_group(state, arg, o);
		break;
	case OPT_ALL_GROUPS:
		o->trace.any_group = true;
		break;
	case OPT_LIMIT:
		o->limit = whole_number(state, "limit", arg);
		o->has_limit = true;
		break;
	case OPT_TRACE_JSON:
		o->json = arg;
		break;
	case OPT_BREAK:
		parse_stops(state, arg, o);
		break;
	case OPT_CHECK:
		if (strcmp(arg, "races"))
			argp_error(state, "--exec-check: got \"%s\", takes races", arg);
		o->races = true;
		break;
	case OPT_STATS:
		o->stats = true;
		break;
	case ARGP_KEY_END:
		check(state, o);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp_child children[] = {{&agx_output_argp, 0, NULL, 10}, {0}};

const struct argp watch_argp = {
	.options = option_table,
	.parser = parse_option,
	.children = children,
};

bool watch_wanted(const struct watch_options *o)
{
	return o->trace.on || o->stops || o->races || o->stats;
}

bool watch_writes(const struct watch_options *o)
{
	return o->trace.on || o->stops || o->races;
}

/* --- In the command --- */

int watch_open(struct watch_options *o)
{
	/* No pager: verdicts come while the replay goes on. */
	o->display.no_pager = true;
	agx_output_start(&o->display, false);
	if (!o->json)
		return 0;
	o->json_file = strcmp(o->json, "-") ? fopen(o->json, "we") : stdout;
	if (o->json_file)
		return 0;
	tool_error("--trace-json %s: %s", o->json, strerror(errno));
	return AGX_EXIT_USAGE;
}

/* A descriptor and not a stream: every worker inherits it. */
static int temporary(int *fd)
{
	FILE *file = tmpfile();

	if (!file)
		return -errno;
	*fd = fcntl(fileno(file), F_DUPFD_CLOEXEC, 3);
	fclose(file);
	return *fd < 0 ? -errno : 0;
}

int watch_prepare(const struct watch_options *o, struct suite_trace *trace)
{
	int ret = 0;

	if (watch_writes(o) && !trace->watch_text)
		ret = temporary(&trace->watch_text);
	if (!ret && o->json && !trace->watch_json)
		ret = temporary(&trace->watch_json);
	return ret;
}

static void copy(struct watch_options *o, int *fd, FILE *out)
{
	char block[1 << 16];
	off_t at = 0;
	ssize_t n;

	if (!*fd)
		return;
	while (out && (n = pread(*fd, block, sizeof(block), at)) > 0) {
		fwrite(block, 1, (size_t)n, out);
		at += n;
	}
	/* Nothing of it may be left for a worker to flush again when it exits. */
	if (out && (fflush(out) || ferror(out)))
		o->failed = true;
	close(*fd);
	*fd = 0;
}

void watch_pass(struct watch_options *o, struct suite_trace *trace, bool quiet)
{
	copy(o, &trace->watch_text, quiet ? NULL : stdout);
	copy(o, &trace->watch_json, o->json_file);
}

int watch_close(struct watch_options *o)
{
	if (o->json_file && (o->json_file == stdout ? fflush(stdout) : fclose(o->json_file)))
		o->failed = true;
	if (!o->failed)
		return 0;
	tool_error("what was seen of shaders cannot be written");
	return AGX_EXIT_USAGE;
}

/* --- In a worker --- */

/* A stream of its own on the trace's file, behind what an earlier replay wrote. */
static int stream(int fd, FILE **out)
{
	int own;

	if (!fd)
		return 0;
	own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (own < 0)
		return -errno;
	*out = fdopen(own, "w");
	if (*out)
		return 0;
	close(own);
	return -ENOMEM;
}

int watch_begin(struct watch_session *session, const struct watch_options *o,
		const struct suite_trace *trace)
{
	int ret;

	*session = (struct watch_session){
		.view =
			{
				.all_lanes = o->all_lanes,
				.lane = o->lane,
				.limit = o->limit,
				.style =
					o->display.style ? o->display.style : agx_text_style(false),
			},
		.config =
			{
				.trace = o->trace,
				.stops = o->stops,
				.races = o->races,
				.stats = o->stats ? &trace->result->shaders : NULL,
				.step = shader_view_step,
				.stop = shader_view_stop,
				.race = shader_view_race,
			},
	};
	session->config.data = &session->view;
	memset(&trace->result->shaders, 0, sizeof(trace->result->shaders));
	ret = stream(trace->watch_text, &session->view.text);
	if (!ret)
		ret = stream(trace->watch_json, &session->view.json);
	if (ret && session->view.text)
		fclose(session->view.text);
	return ret;
}

static void close_stream(FILE *file, struct suite_result *result)
{
	if (!file || !fclose(file))
		return;
	result->verdict = SUITE_ERROR;
	result->reason = SUITE_REASON_REFUSED;
	snprintf(result->message, sizeof(result->message),
		 "what was seen of shaders cannot be written: %s", strerror(errno));
}

void watch_end(struct watch_session *session, struct suite_result *result)
{
	struct shader_view *view = &session->view;

	shader_view_finish(view);
	if (view->stopped) {
		/* What the replay says of what was not executed means nothing. */
		result->verdict = SUITE_FAIL;
		result->reason = SUITE_REASON_STOPPED;
		result->diverged = false;
		snprintf(result->message, sizeof(result->message), "%s", view->stop_line);
	} else if (view->races && result->verdict == SUITE_PASS) {
		result->verdict = SUITE_FAIL;
		result->reason = SUITE_REASON_FINDING;
		snprintf(result->message, sizeof(result->message), "%" PRIu64 " race%s",
			 view->races, view->races == 1 ? "" : "s");
	} else if (session->config.trace.on && !view->steps && !result->message[0]) {
		snprintf(result->message, sizeof(result->message),
			 "nothing was executed at 0x%" PRIx64
			 " in the submission and group that were asked for",
			 session->config.trace.address);
	}
	close_stream(view->text, result);
	close_stream(view->json, result);
}
