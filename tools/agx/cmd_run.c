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
#include "exec_option.h"
#include "fidelity_report.h"
#include "findings_report.h"
#include "inject_option.h"
#include "launch.h"
#include "pairs.h"
#include "preload/config.h"
#include "preload/findings.h"
#include "rundir.h"
#include "runstats.h"
#include "usage.h"

struct run_options {
	const struct agx_soc *soc;
	struct rundir_options env;
	int minor; /* -1: any */
	bool stats;
	bool print_env;
	bool strict;
	const char *gpu, *firmware, *transcript;
	struct gpu_pair pair;
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
	OPT_EXEC_THREADS,
	OPT_EXEC_ORDER,
	OPT_EXEC_CHECK,
	OPT_MEMORY,
	OPT_MINOR,
	OPT_STATS,
	OPT_REPORT,
	OPT_LOG,
	OPT_PRINT_ENV,
	OPT_FIRMWARE,
	OPT_STRICT,
	OPT_TRANSCRIPT,
	OPT_INJECT,
};

static const struct argp_option options[] = {
	{"gpu", OPT_GPU, "SOC", 0,
	 "which SoC's GPU: t8103 (the default), t8112, t6000, t6001, t6002, "
	 "t6020, t6021, t6022",
	 0},
	{"firmware", OPT_FIRMWARE, "VERSION", 0,
	 "the GPU's firmware: 12.3, 12.4 or 13.5, as the GPU has it; default its oldest", 0},
	{"exec", OPT_EXEC, "HOW", 0,
	 "what becomes of submissions: full (the default: compute commands are executed), none "
	 "(they complete without executing)",
	 0},
	{"exec-threads", OPT_EXEC_THREADS, "N", 0,
	 "with --exec=full: threads that execute threadgroups, 0: one for each processor; default 0",
	 0},
	{"exec-order", OPT_EXEC_ORDER, "SEED", 0,
	 "with --exec=full: run threadgroups in a shuffled order, which a number other than 0 "
	 "names; default 0: ascending",
	 0},
	{"exec-check", OPT_EXEC_CHECK, "races", 0,
	 "execute on one thread and find accesses to the same memory that nothing orders: they are findings "
	 "of the number 2065, and the exit status is 1",
	 0},
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
	 "messages of the node on standard error: none, error, warn (the default), debug, machine",
	 0},
	{"strict", OPT_STRICT, NULL, 0,
	 "fail when the model of the firmware finds anything wrong with what the driver wrote", 0},
	{"transcript", OPT_TRANSCRIPT, "FILE", 0,
	 "write what crosses the mailbox and the rings between driver and firmware", 0},
	{"inject", OPT_INJECT, "RULES", 0,
	 "make things go wrong between driver and firmware; \"help\" lists the rules", 0},
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
	static const char *const levels[] = {"none", "error", "warn", "debug", "machine"};
	struct run_options *run = state->input;
	char error[400];
	char *end;
	long n;
	size_t i;

	switch (key) {
	case OPT_GPU:
		run->gpu = arg;
		break;
	case OPT_FIRMWARE:
		run->firmware = arg;
		break;
	case OPT_STRICT:
		run->strict = true;
		run->env.critic = true;
		break;
	case OPT_TRANSCRIPT:
		run->transcript = arg;
		break;
	case OPT_INJECT:
		run->env.inject = inject_option(state, arg);
		break;
	case OPT_EXEC:
		run->env.exec = exec_option(state, arg);
		break;
	case OPT_EXEC_THREADS:
		run->env.exec_threads = (int)exec_threads_option(state, arg);
		break;
	case OPT_EXEC_ORDER:
		run->env.exec_order = exec_order_option(state, arg);
		break;
	case OPT_EXEC_CHECK:
		if (strcmp(arg, "races"))
			argp_error(state, "--exec-check: got \"%s\", takes races", arg);
		run->env.races = run->env.exec = true;
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
		for (i = 0; i < 5 && strcmp(arg, levels[i]); i++)
			;
		if (i == 5)
			argp_error(state,
				   "--log: got \"%s\", takes none, error, warn, debug or machine",
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
	case ARGP_KEY_END:
		if (pairs_find(run->gpu ? run->gpu : agx_soc_get(0)->name, run->firmware,
			       &run->pair, error, sizeof(error)))
			argp_error(state, "%s", error);
		run->soc = run->pair.soc;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static int prepare(void *data)
{
	static const char *const shown[] = {"LD_PRELOAD",
					    PRELOAD_ENV_RUN_DIR,
					    PRELOAD_ENV_NODE,
					    PRELOAD_ENV_GPU,
					    PRELOAD_ENV_EXEC,
					    PRELOAD_ENV_MEMORY,
					    PRELOAD_ENV_LOG,
					    PRELOAD_ENV_REPORT,
					    PRELOAD_ENV_FIRMWARE,
					    PRELOAD_ENV_INJECT,
					    PRELOAD_ENV_TRANSCRIPT,
					    PRELOAD_ENV_CRITIC,
					    PRELOAD_ENV_EXEC_THREADS,
					    PRELOAD_ENV_EXEC_ORDER,
					    PRELOAD_ENV_EXEC_CHECK};
	struct run *run = data;
	char error[512];
	const char *value;
	size_t i;
	int ret;

	ret = rundir_set_environment(&run->dir, &run->options->env, error, sizeof(error));
	if (ret) {
		tool_error("%s", error);
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

/* The file that all processes of the run add to, empty. */
static int make_transcript(struct run_options *run)
{
	FILE *file;

	if (!run->transcript)
		return 0;
	file = fopen(run->transcript, "we");
	if (file && !fclose(file))
		run->env.transcript = realpath(run->transcript, NULL);
	if (!run->env.transcript) {
		tool_error("--transcript %s: %s", run->transcript, strerror(errno));
		return -errno;
	}
	if (strlen(run->env.transcript) >= PRELOAD_TRANSCRIPT_MAX) {
		tool_error("--transcript %s: the path is too long", run->transcript);
		return -ENAMETOOLONG;
	}
	return 0;
}

/* How much the firmware model found wrong. */
static uint64_t show_findings(const struct run *run)
{
	const char *log = run->options->env.log;
	struct findings findings;
	struct agx_usage usage;

	runstats_findings(&run->dir, &findings, &usage);
	if ((findings.total || findings.trouble_total) &&
	    (run->options->strict || !log || strcmp(log, "none"))) {
		tool_warning("%" PRIu64 " finding%s of the firmware model:", findings.total,
			     findings.total == 1 ? "" : "s");
		findings_print(stderr, &findings);
	}
	return findings.total;
}

/* A program that took a GPU of its own has passed no judge. */
static void tell_unused(const struct run *run)
{
	struct json_object *stats = runstats_collect(&run->dir);

	if (stats && !runstats_used(stats))
		tool_warning("nothing used the virtual node: nothing was judged%s",
			     getenv("AGX_DEVICE") && *getenv("AGX_DEVICE")
				     ? " (AGX_DEVICE may name another)"
				     : "");
	json_object_put(stats);
}

static int write_report(const struct run *run, int status)
{
	const struct run_options *run_options = run->options;
	struct json_object *stats = runstats_collect(&run->dir);
	struct findings findings;
	struct agx_usage usage;
	FILE *file = stdout;
	int ret = 0;

	if (!stats) {
		tool_error("%s/stats: %s", run->dir.dir.path, strerror(errno));
		return -EIO;
	}
	if (run_options->stats)
		runstats_print(stderr, stats);
	if (run_options->report) {
		json_object_object_add(stats, "leaks",
				       json_object_new_int64(runstats_leaks(stats)));
		json_object_object_add(stats, "gpu",
				       json_object_new_string(run_options->soc->name));
		json_object_object_add(stats, "firmware",
				       json_object_new_string(run_options->pair.firmware));
		runstats_findings(&run->dir, &findings, &usage);
		json_object_object_add(stats, "findings", findings_to_json(&findings));
		json_object_object_add(stats, "troubles", troubles_to_json(&findings));
		if (usage.launches)
			json_object_object_add(stats, "fidelity", fidelity_to_json(&usage));
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
			tool_error("%s: %s", run_options->report, strerror(-ret));
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
		       "node cannot be made; 1 with --strict or --exec-check when there were findings and "
		       "the command's is 0.",
	};
	struct run_options run_options = {.minor = -1, .env.exec = true, .env.exec_threads = -1};
	struct run run = {.options = &run_options};
	struct launch launch = {.prepare = prepare, .readable = log_readable, .data = &run};
	char error[512];
	int status;

	argp_err_exit_status = AGX_EXIT_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &run_options);
	if (getenv(PRELOAD_ENV_RUN_DIR)) {
		tool_error("already inside a run (" PRELOAD_ENV_RUN_DIR "=%s): the command can be "
			   "started as it is",
			   getenv(PRELOAD_ENV_RUN_DIR));
		return AGX_EXIT_USAGE;
	}
	run_options.env.gpu = run_options.soc->name;
	run_options.env.firmware = run_options.pair.firmware;
	if (make_transcript(&run_options))
		return AGX_EXIT_USAGE;
	launch_init(&launch);
	if (rundir_create(&run.dir, run_options.soc, run_options.minor, error, sizeof(error))) {
		tool_error("%s", error);
		return AGX_EXIT_USAGE;
	}
	launch.argv = run_options.command;
	launch.fd = run.dir.log;
	status = launch_run(&launch);
	if (status < 0) {
		tool_error("the command was not started: %s", strerror(-status));
		status = AGX_EXIT_USAGE;
	} else {
		if (show_findings(&run) && (run_options.strict || run_options.env.races) &&
		    status == 0)
			status = AGX_EXIT_FAILED;
		if (run_options.strict && status != 126 && status != 127)
			tell_unused(&run);
		if ((run_options.stats || run_options.report) && write_report(&run, status) &&
		    status == 0)
			status = AGX_EXIT_USAGE;
	}
	free((char *)run_options.env.transcript);
	rundir_destroy(&run.dir);
	return status;
}
