// SPDX-License-Identifier: MIT
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agx.h"
#include "agx_soc.h"
#include "launch.h"
#include "preload/config.h"
#include "rundir.h"
#include "runstats.h"

struct run_options {
	const struct agx_soc *soc;
	struct rundir_options env;
	int minor; /* -1: any */
	bool stats;
	bool print_env;
	const char *report;
	char **command;
};

struct run {
	const struct run_options *options;
	struct rundir dir;
};

enum {
	OPT_GPU = 256,
	OPT_EXEC,
	OPT_MEMORY,
	OPT_MINOR,
	OPT_STATS,
	OPT_REPORT,
	OPT_LOG,
	OPT_PRINT_ENV,
};

static const struct argp_option options[] = {
	{"gpu", OPT_GPU, "SOC", 0,
	 "which SoC's GPU: t8103 (the default), t8112, t6000, t6001, t6002, "
	 "t6020, t6021, t6022",
	 0},
	{"exec", OPT_EXEC, "HOW", 0,
	 "what becomes of submissions: none (they complete without executing)", 0},
	{"memory", OPT_MEMORY, "SIZE", 0,
	 "how much memory buffer objects may take, with K, M or G; default 16G, allocated as used",
	 0},
	{"node-number", OPT_MINOR, "N", 0,
	 "name of the node: renderDN; default the first free from 128", 0},
	{"stats", OPT_STATS, NULL, 0, "afterwards, list what each process did, on standard error",
	 0},
	{"report", OPT_REPORT, "FILE", 0,
	 "afterwards, write the same and a check for leaks as JSON; - is standard output", 0},
	{"log", OPT_LOG, "LEVEL", 0,
	 "messages of the node on standard error: none, error, warn (the default), debug", 0},
	{"print-env", OPT_PRINT_ENV, NULL, 0,
	 "first, print the variables that the command gets, on standard error", 0},
	{0},
};

static uint64_t parse_size(struct argp_state *state, const char *text)
{
	uint64_t value;
	unsigned int shift = 0;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (end != text) {
		switch (*end) {
		case 'G':
		case 'g':
			shift += 10;
			/* fallthrough */
		case 'M':
		case 'm':
			shift += 10;
			/* fallthrough */
		case 'K':
		case 'k':
			shift += 10;
			end++;
			break;
		}
	}
	if (end == text || *end || errno || *text == '-' || !value || value >> (63 - shift))
		argp_error(state, "--memory: got \"%s\", takes a size such as 4G", text);
	return value << shift;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	static const char *const levels[] = {"none", "error", "warn", "debug"};
	struct run_options *run = state->input;
	char *end;
	long n;
	size_t i;

	switch (key) {
	case OPT_GPU:
		run->soc = agx_soc_find(arg);
		if (!run->soc)
			argp_error(state, "--gpu: got \"%s\", takes one of those in `agx info`",
				   arg);
		break;
	case OPT_EXEC:
		if (strcmp(arg, "none"))
			argp_error(state, "--exec: got \"%s\", takes none", arg);
		break;
	case OPT_MEMORY:
		run->env.memory = parse_size(state, arg);
		break;
	case OPT_MINOR:
		n = strtol(arg, &end, 10);
		if (end == arg || *end || n < 128 || n > 191)
			argp_error(state, "--node-number: got \"%s\", takes 128 to 191", arg);
		run->minor = (int)n;
		break;
	case OPT_STATS:
		run->stats = true;
		break;
	case OPT_REPORT:
		run->report = arg;
		run->env.report = 1;
		break;
	case OPT_LOG:
		for (i = 0; i < 4 && strcmp(arg, levels[i]); i++)
			;
		if (i == 4)
			argp_error(state, "--log: got \"%s\", takes none, error, warn or debug",
				   arg);
		run->env.log = arg;
		break;
	case OPT_PRINT_ENV:
		run->print_env = true;
		break;
	case ARGP_KEY_ARGS:
		run->command = state->argv + state->next;
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no command");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static int prepare(void *data)
{
	static const char *const shown[] = {
		"LD_PRELOAD",     PRELOAD_ENV_RUN_DIR, PRELOAD_ENV_NODE, PRELOAD_ENV_GPU,
		PRELOAD_ENV_EXEC, PRELOAD_ENV_MEMORY,  PRELOAD_ENV_LOG,  PRELOAD_ENV_REPORT};
	struct run *run = data;
	char error[512];
	const char *value;
	size_t i;
	int ret;

	ret = rundir_set_environment(&run->dir, &run->options->env, error, sizeof(error));
	if (ret) {
		agx_error("%s", error);
		return ret;
	}
	for (i = 0; run->options->print_env && i < sizeof(shown) / sizeof(shown[0]); i++) {
		value = getenv(shown[i]);
		if (value)
			fprintf(stderr, "%s=%s\n", shown[i], value);
	}
	return 0;
}

static void log_readable(void *data)
{
	rundir_drain_log(&((struct run *)data)->dir);
}

static int write_report(const struct run *run, int status)
{
	const struct run_options *run_options = run->options;
	struct json_object *stats = runstats_collect(&run->dir);
	FILE *file = stdout;
	int ret = 0;

	if (!stats) {
		agx_error("%s/stats: %s", run->dir.path, strerror(errno));
		return -EIO;
	}
	if (run_options->stats)
		runstats_print(stderr, stats);
	if (run_options->report) {
		json_object_object_add(stats, "leaks",
				       json_object_new_int64(runstats_leaks(stats)));
		json_object_object_add(stats, "gpu",
				       json_object_new_string(run_options->soc->name));
		json_object_object_add(stats, "status", json_object_new_int(status));
		if (strcmp(run_options->report, "-"))
			file = fopen(run_options->report, "we");
		if (!file ||
		    fprintf(file, "%s\n",
			    json_object_to_json_string_ext(stats, JSON_C_TO_STRING_PRETTY)) < 0)
			ret = -errno;
		if (file && (file == stdout ? fflush(file) : fclose(file)))
			ret = -errno;
		if (ret)
			agx_error("%s: %s", run_options->report, strerror(-ret));
	}
	json_object_put(stats);
	return ret;
}

int cmd_run(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "-- COMMAND [ARGUMENT...]",
		.doc = "Runs a command that sees a virtual Apple GPU as a DRM render node beside the "
		       "machine's own.\vThe exit status is the command's; 128+N when signal N ended "
		       "it; 126 or 127 when it cannot be started; 2 for wrong usage or when the "
		       "node cannot be made.",
	};
	struct run_options run_options = {.soc = agx_soc_get(0), .minor = -1};
	struct run run = {.options = &run_options};
	struct launch launch = {.prepare = prepare, .readable = log_readable, .data = &run};
	char error[512];
	int status;

	argp_err_exit_status = AGX_EXIT_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &run_options);
	if (getenv(PRELOAD_ENV_RUN_DIR)) {
		agx_error("already inside a run (" PRELOAD_ENV_RUN_DIR "=%s): the command can be "
			  "started as it is",
			  getenv(PRELOAD_ENV_RUN_DIR));
		return AGX_EXIT_USAGE;
	}
	run_options.env.gpu = run_options.soc->name;
	launch_init(&launch);
	if (rundir_create(&run.dir, run_options.soc, run_options.minor, error, sizeof(error))) {
		agx_error("%s", error);
		return AGX_EXIT_USAGE;
	}
	launch.argv = run_options.command;
	launch.fd = run.dir.log;
	status = launch_run(&launch);
	if (status < 0) {
		agx_error("the command was not started: %s", strerror(-status));
		status = AGX_EXIT_USAGE;
	} else if ((run_options.stats || run_options.report) && write_report(&run, status) &&
		   status == 0) {
		status = AGX_EXIT_USAGE;
	}
	rundir_destroy(&run.dir);
	return status;
}
