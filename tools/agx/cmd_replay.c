// SPDX-License-Identifier: MIT
/* agx replay: feeds traces into a node and checks every answer. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agx.h"
#include "agx_soc.h"
#include "agx_trace.h"
#include "exec_option.h"
#include "inject_option.h"
#include "mismatch_files.h"
#include "pairs.h"
#include "preload/findings.h"
#include "replay.h"
#include "replay_target.h"
#include "report.h"
#include "suite.h"
#include "transcript.h"
#include "watch_option.h"

#define MAX_JOBS   1024
#define MAX_REPEAT 1000000

enum option_key {
	KEY_NODE = 0x100,
	KEY_GPU,
	KEY_SHARD,
	KEY_JUNIT,
	KEY_JSON,
	KEY_REPEAT,
	KEY_KEEP_GOING,
	KEY_FORCE,
	KEY_TIMEOUT,
	KEY_UNFINISHED,
	KEY_MEMORY,
	KEY_PROFILE,
	KEY_FIRMWARE,
	KEY_ALL_PAIRS,
	KEY_STRICT,
	KEY_TRANSCRIPT,
	KEY_INJECT,
	KEY_EXEC,
	KEY_WRITE_MISMATCH,
	KEY_EXEC_THREADS,
	KEY_EXEC_ORDER,
};

struct replay_options {
	const char *node; /* path, NULL: virtual */
	const char *gpu;
	const char *firmware;
	const char *transcript;
	const char *inject;
	FILE *transcript_file;
	bool transcript_failed;
	bool all_pairs;
	bool strict;
	const char *exec; /* NULL: not said */
	unsigned int exec_threads;
	uint64_t exec_order;
	bool quiet;             /* standard output is taken by a report */
	const char *mismatches; /* folder, NULL: none */
	const char *junit;
	const char *json;
	unsigned int jobs;
	unsigned int shard_k, shard_n;
	unsigned int repeat;
	unsigned int timeout;
	bool keep_going;
	bool force;
	bool unfinished;
	bool profile;
	bool verbose;
	uint64_t memory; /* bytes, 0: default */
	struct watch_options watch;
	struct suite suite;
	bool bad_path; /* an argument that is not there */
};

static const struct argp_option option_table[] = {
	{"node", KEY_NODE, "virtual|PATH", 0,
	 "Replay on the virtual node (default) or on a DRM node", 0},
	{"gpu", KEY_GPU, "SOC", 0,
	 "Replay on this SoC although a trace was recorded on another: the GPU's parameters are "
	 "then not compared",
	 0},
	{"firmware", KEY_FIRMWARE, "VERSION", 0,
	 "The GPU's firmware: 12.3, 12.4 or 13.5, as the GPU has it; default: its oldest", 0},
	{"all-pairs", KEY_ALL_PAIRS, NULL, 0,
	 "Replay each trace on every GPU with every firmware that it has", 0},
	{"strict", KEY_STRICT, NULL, 0,
	 "Fail a trace when the model of the firmware finds anything wrong with what the driver "
	 "wrote, or a job ends badly; otherwise that is shown and counted",
	 0},
	{"inject", KEY_INJECT, "RULES", 0,
	 "Make things go wrong between driver and firmware; \"help\" lists the rules", 0},
	{"exec", KEY_EXEC, "HOW", 0,
	 "What becomes of commands: none (they complete without executing), full (the default: "
	 "compute commands are executed)",
	 0},
	{"exec-threads", KEY_EXEC_THREADS, "N", 0,
	 "With --exec=full: threads that execute threadgroups, 0: one for each processor. Default 1",
	 0},
	{"exec-order", KEY_EXEC_ORDER, "SEED", 0,
	 "With --exec=full: run threadgroups in a shuffled order, which a number other than 0 "
	 "names. Default 0: ascending",
	 0},
	{"write-mismatch", KEY_WRITE_MISMATCH, "DIR", 0,
	 "With --exec=full: write what the first dispatch that does not leave memory as recorded has left, "
	 "and what it should have, into files in DIR",
	 0},
	{"jobs", 'j', "N", 0, "Replay N traces at a time; default: the number of processors", 0},
	{"shard", KEY_SHARD, "K/N", 0, "Replay part K of N of the sorted list of traces", 0},
	{"repeat", KEY_REPEAT, "N", 0, "Replay each trace N times", 0},
	{"timeout", KEY_TIMEOUT, "S", 0, "Give a trace up after S seconds (default 600, 0: never)",
	 0},
	{"memory", KEY_MEMORY, "MIB", 0,
	 "Refuse traces whose buffers hold more than this (default 8192)", 0},
	{"keep-going", KEY_KEEP_GOING, NULL, 0,
	 "Count all divergences of a trace instead of stopping at the first", 0},
	{"force", KEY_FORCE, NULL, 0,
	 "Replay what is sound of a damaged trace; it still counts as damaged", 0},
	{"unfinished", KEY_UNFINISHED, NULL, 0,
	 "Make calls that never returned (the program was killed), at the end", 0},
	{"junit", KEY_JUNIT, "FILE", 0, "Write results as JUnit XML", 1},
	{"json", KEY_JSON, "FILE", 0, "Write results as JSON", 1},
	{"transcript", KEY_TRANSCRIPT, "FILE", 0,
	 "Write what crossed the mailbox and the rings between driver and firmware", 1},
	{"profile", KEY_PROFILE, NULL, 0,
	 "Measure decoding, memory and ioctls apart (in --json, member \"timings\")", 1},
	{"verbose", 'v', NULL, 0, "Show what the virtual node has to say", 1},
	{0},
};

/* A decimal number, all of it. */
static unsigned int parse_number(struct argp_state *state, const char *option, const char *text,
				 unsigned long min, unsigned long max)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || value < min || value > max)
		argp_error(state, "--%s: expected a number from %lu to %lu, got \"%s\"", option,
			   min, max, text);
	return (unsigned int)value;
}

static void parse_shard(struct argp_state *state, const char *text, struct replay_options *o)
{
	char *end;
	unsigned long k, n = 0;

	k = strtoul(text, &end, 10);
	if (*text >= '0' && *text <= '9' && *end == '/' && end[1] >= '0' && end[1] <= '9')
		n = strtoul(end + 1, &end, 10);
	if (*end || !k || !n || k > n || n > 100000)
		argp_error(state, "--shard: expected K/N with 1 <= K <= N, got \"%s\"", text);
	o->shard_k = (unsigned int)k;
	o->shard_n = (unsigned int)n;
}

/* Options that contradict each other, and a GPU that the virtual node cannot be. */
static bool executes(const struct replay_options *o)
{
	return !o->node && (!o->exec || !strcmp(o->exec, "full"));
}

static void check_options(struct argp_state *state, const struct replay_options *o)
{
	const char *virtual_only = o->firmware               ? "--firmware"
				   : o->all_pairs            ? "--all-pairs"
				   : o->strict               ? "--strict"
				   : o->transcript           ? "--transcript"
				   : o->inject               ? "--inject"
				   : o->exec                 ? "--exec"
				   : watch_wanted(&o->watch) ? "watching shaders"
							     : NULL;
	char error[400];

	if (o->node && virtual_only)
		argp_error(state, "%s is about the virtual node, not about %s", virtual_only,
			   o->node);
	if (watch_wanted(&o->watch) && o->exec && strcmp(o->exec, "full"))
		argp_error(state, "shaders that are not executed cannot be watched: --exec=full");
	if (o->all_pairs && (o->gpu || o->firmware))
		argp_error(state, "--all-pairs takes every GPU and firmware: leave out %s",
			   o->gpu ? "--gpu" : "--firmware");
	if (!o->node && (o->gpu || o->firmware) &&
	    pairs_find(o->gpu, o->firmware, NULL, error, sizeof(error)))
		argp_error(state, "%s", error);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct replay_options *o = state->input;
	int ret;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &o->watch;
		break;
	case KEY_NODE:
		o->node = strcmp(arg, "virtual") ? arg : NULL;
		break;
	case KEY_GPU:
		o->gpu = arg;
		break;
	case KEY_FIRMWARE:
		o->firmware = arg;
		break;
	case KEY_ALL_PAIRS:
		o->all_pairs = true;
		break;
	case KEY_STRICT:
		o->strict = true;
		break;
	case KEY_EXEC:
		exec_option(state, arg);
		o->exec = arg;
		break;
	case KEY_EXEC_THREADS:
		o->exec_threads = exec_threads_option(state, arg);
		break;
	case KEY_EXEC_ORDER:
		o->exec_order = exec_order_option(state, arg);
		break;
	case KEY_WRITE_MISMATCH:
		o->mismatches = arg;
		break;
	case KEY_TRANSCRIPT:
		o->transcript = arg;
		break;
	case KEY_INJECT:
		o->inject = inject_option(state, arg);
		break;
	case 'j':
		o->jobs = parse_number(state, "jobs", arg, 1, MAX_JOBS);
		break;
	case KEY_SHARD:
		parse_shard(state, arg, o);
		break;
	case KEY_REPEAT:
		o->repeat = parse_number(state, "repeat", arg, 1, MAX_REPEAT);
		break;
	case KEY_TIMEOUT:
		o->timeout = parse_number(state, "timeout", arg, 0, 1000000);
		break;
	case KEY_MEMORY:
		o->memory = (uint64_t)parse_number(state, "memory", arg, 1, 1u << 30) << 20;
		break;
	case KEY_KEEP_GOING:
		o->keep_going = true;
		break;
	case KEY_FORCE:
		o->force = true;
		break;
	case KEY_UNFINISHED:
		o->unfinished = true;
		break;
	case KEY_JUNIT:
		o->junit = arg;
		break;
	case KEY_JSON:
		o->json = arg;
		break;
	case KEY_PROFILE:
		o->profile = true;
		break;
	case 'v':
		o->verbose = true;
		break;
	case ARGP_KEY_ARG:
		ret = suite_add(&o->suite, arg);
		if (ret) {
			tool_error("%s: %s", arg,
				   ret == -EINVAL ? "neither a file nor a directory"
						  : strerror(-ret));
			o->bad_path = true;
		}
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no trace and no directory of traces is named");
		break;
	case ARGP_KEY_END:
		check_options(state, o);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const char documentation[] =
	"Replay traces and check every result against the recording.\v"
	"A directory stands for all *.agxt below it. Each trace is replayed in a process of its own and "
	"gets a verdict: PASS, FAIL with the first divergence, or ERROR (damaged, refused, crash, "
	"timeout).\n\n"
	"Exit status: 0 all passed; 1 a trace diverged, its replay crashed or timed out, or --strict found "
	"something, --break-on has stopped or a race was found; 2 wrong usage, "
	"or a trace was refused (another SoC, a newer format, no such node); 3 a trace is damaged. Where "
	"several apply, the highest.";

/* Why the reader would not open a file. */
static void reader_failure(struct suite_result *result, int ret,
			   const struct agx_trace_error *error)
{
	bool damaged = ret == -EBADMSG;

	result->reason = damaged ? SUITE_REASON_DAMAGED : SUITE_REASON_REFUSED;
	if (error->what)
		agx_trace_error_text(error, result->message, sizeof(result->message));
	else
		snprintf(result->message, sizeof(result->message), "%s", strerror(-ret));
}

static void take_outcome(struct suite_result *result, const struct agx_replay_outcome *outcome)
{
	snprintf(result->gpu, sizeof(result->gpu), "%s", outcome->soc);
	snprintf(result->message, sizeof(result->message), "%s", outcome->message);
	result->stats = outcome->stats;
	result->times.total += outcome->times.total;
	result->times.decode += outcome->times.decode;
	result->times.memory += outcome->times.memory;
	result->times.calls += outcome->times.calls;
	result->divergence = outcome->divergence;
	result->mismatch = outcome->mismatch;
	result->diverged = outcome->stats.divergences > 0;
	result->reason = SUITE_REASON_NONE;
	switch (outcome->status) {
	case AGX_REPLAY_PASS:
		result->verdict = SUITE_PASS;
		break;
	case AGX_REPLAY_FAIL:
		result->verdict = SUITE_FAIL;
		break;
	case AGX_REPLAY_DAMAGED:
		result->verdict = SUITE_ERROR;
		result->reason = SUITE_REASON_DAMAGED;
		break;
	case AGX_REPLAY_REFUSED:
		result->verdict = SUITE_ERROR;
		result->reason = SUITE_REASON_REFUSED;
		break;
	}
}

/* Damage that --force got over: remembers the first. */
struct damage {
	uint64_t count;
	char first[200];
};

static void note_damage(void *data, const struct agx_trace_error *error)
{
	struct damage *damage = data;

	if (!damage->count++)
		agx_trace_error_text(error, damage->first, sizeof(damage->first));
}

/* What a replay on the virtual node leaves besides its outcome. */
struct machine {
	struct transcript *transcript; /* NULL: nobody asked */
	struct findings *findings;
	const struct agx_watch_config *watch; /* likewise */
	struct agx_usage *usage;
};

static void take_line(void *data, bool several, uint32_t process, const char *line)
{
	const struct machine *machine = data;

	transcript_line(machine->transcript, several, process, line);
}

static void take_finding(void *data, const struct agx_node_finding *finding)
{
	const struct machine *machine = data;

	findings_add(machine->findings, finding);
}

static void take_trouble(void *data, const struct agx_node_trouble *trouble)
{
	const struct machine *machine = data;

	findings_add_trouble(machine->findings, trouble);
}

static struct agx_replay_target *create_virtual(const struct replay_options *o,
						const char *firmware, struct machine *machine)
{
	struct replay_virtual_params params = {
		.firmware = firmware,
		.inject = o->inject,
		.critic = o->strict,
		.exec = executes(o),
		.watch = machine->watch,
		.exec_threads = o->exec_threads,
		.exec_order = o->exec_order,
		.verbose = o->verbose,
		.transcript = machine->transcript ? take_line : NULL,
		.finding = take_finding,
		.usage = machine->usage,
		.trouble = take_trouble,
		.data = machine,
	};

	return replay_target_virtual_create(&params);
}

/* Repeats of one trace on one machine agree in every line, or the machine is not deterministic. */
static void take_transcript(struct transcript *transcript, struct suite_result *result)
{
	char digest[TRANSCRIPT_DIGEST_SIZE];
	uint64_t lines = transcript_finish(transcript, digest);

	if (result->repeats && result->verdict == SUITE_PASS &&
	    (lines != result->transcript_lines || strcmp(digest, result->transcript_digest))) {
		result->verdict = SUITE_FAIL;
		snprintf(result->message, sizeof(result->message),
			 "the firmware transcript of repeat %u is not that of the first",
			 result->repeats + 1);
		return;
	}
	result->transcript_lines = lines;
	memcpy(result->transcript_digest, digest, sizeof(digest));
}

/* Which machine it was. */
static void note_machine(struct suite_result *result, const char *soc, const char *firmware)
{
	struct gpu_pair pair;
	char error[400];

	if (pairs_find(soc, firmware, &pair, error, sizeof(error)))
		return;
	snprintf(result->replayed_gpu, sizeof(result->replayed_gpu), "%s", pair.soc->name);
	snprintf(result->replayed_firmware, sizeof(result->replayed_firmware), "%s", pair.firmware);
}

/* What --strict wants: nothing found, nothing gone wrong. */
static void judge_strictly(const struct replay_options *o, struct suite_result *result)
{
	const struct replay_virtual_troubles *t = &result->troubles;

	if (!o->strict || result->verdict != SUITE_PASS)
		return;
	if (result->findings.total) {
		result->verdict = SUITE_FAIL;
		result->reason = SUITE_REASON_FINDING;
		snprintf(result->message, sizeof(result->message),
			 "%llu finding%s of the firmware model",
			 (unsigned long long)result->findings.total,
			 result->findings.total == 1 ? "" : "s");
	} else if (t->faults || t->timeouts || t->restarts) {
		result->verdict = SUITE_FAIL;
		result->reason = SUITE_REASON_TROUBLE;
		snprintf(result->message, sizeof(result->message),
			 "jobs ended badly, or the firmware crashed");
	}
}

/* pair NULL: as the options say; out NULL: nobody wants the transcript's text. */
static void replay_once(const struct replay_options *o, struct agx_trace_reader *reader,
			const struct gpu_pair *pair, FILE *out, const struct suite_trace *trace)
{
	struct suite_result *result = trace->result;
	struct mismatch_files files = {
		.directory = o->mismatches,
		.trace = trace->path,
		.message = result->mismatch_files,
		.message_size = sizeof(result->mismatch_files),
	};
	struct machine machine = {.usage = &result->usage, .findings = &result->findings};
	const char *firmware = pair ? pair->firmware : o->firmware;
	struct agx_replay_config config = {
		.soc = pair ? pair->soc->name : o->gpu,
		.other_params = pair || o->gpu || o->firmware,
		.keep_going = o->keep_going,
		.force = o->force,
		.run_unfinished = o->unfinished,
		.skip_results = o->inject != NULL,
		.check_digest = true,
		.measure = o->profile,
		.memory = o->memory,
		.mismatch = o->mismatches ? mismatch_files_write : NULL,
		.mismatch_data = &files,
	};
	struct agx_replay_target *target = NULL;
	struct agx_replay_outcome outcome;
	struct watch_session watch;
	int ret = 0;

	/* The file gets the first repeat. */
	if (!o->node && (o->json || o->transcript))
		machine.transcript = transcript_create(result->repeats ? NULL : out);
	memset(&result->findings, 0, sizeof(result->findings));
	if (watch_wanted(&o->watch)) {
		ret = watch_begin(&watch, &o->watch, trace);
		machine.watch = &watch.config;
	}
	if (!ret)
		target = o->node ? replay_target_node_create(o->node)
				 : create_virtual(o, firmware, &machine);
	if (!target || (!o->node && (o->json || o->transcript) && !machine.transcript)) {
		result->verdict = SUITE_ERROR;
		result->reason = SUITE_REASON_REFUSED;
		snprintf(result->message, sizeof(result->message), "out of memory");
		return;
	}
	agx_replay_run(reader, target, &config, &outcome);
	if (o->node) {
		replay_target_node_destroy(target);
	} else {
		replay_target_virtual_troubles(target, &result->troubles);
		replay_target_virtual_destroy(target);
	}
	take_outcome(result, &outcome);
	result->executed = executes(o);
	/* The trace's label tells. */
	if (pair && result->verdict == SUITE_PASS)
		result->message[0] = 0;
	if (machine.transcript)
		take_transcript(machine.transcript, result);
	transcript_destroy(machine.transcript);
	if (machine.watch)
		watch_end(&watch, result);
	if (!o->node && outcome.status != AGX_REPLAY_REFUSED)
		note_machine(result, config.soc ? config.soc : outcome.soc, firmware);
}

/* Runs in a worker process. */
static void replay_trace(void *data, const struct suite_trace *trace)
{
	const struct replay_options *o = data;
	struct suite_result *result = trace->result;
	struct gpu_pair pair;
	bool all_pairs = o->all_pairs && pairs_get(trace->variant, &pair);
	struct damage damage = {0};
	struct agx_trace_reader_params params = {
		.force = o->force,
		.damage = note_damage,
		.damage_data = &damage,
	};
	struct agx_trace_error error = {0};
	struct agx_trace_reader *reader;
	struct agx_trace_info info;
	struct rlimit files;
	unsigned int i;
	FILE *out;
	int ret;

	/* Traces may hold many descriptors open. */
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	ret = agx_trace_reader_open(trace->path, &params, &reader, &error);
	if (ret) {
		reader_failure(result, ret, &error);
		return;
	}
	out = trace->file ? fdopen(trace->file, "w") : NULL;
	if (trace->file && !out) {
		agx_trace_reader_close(reader);
		reader_failure(result, -ENOMEM, &error);
		return;
	}
	for (i = 0; i < o->repeat; i++) {
		if (i)
			agx_trace_reader_rewind(reader);
		replay_once(o, reader, all_pairs ? &pair : NULL, out, trace);
		result->repeats++;
		judge_strictly(o, result);
		if (result->verdict != SUITE_PASS)
			break;
	}
	/* Never a success with a part of a trace: what was lost may be what fails. */
	agx_trace_reader_info(reader, &info);
	if (info.truncated && !damage.count++)
		snprintf(damage.first, sizeof(damage.first),
			 "the file ends without an index: it was cut, or its recorder was killed");
	if (damage.count && result->reason == SUITE_REASON_NONE) {
		if (result->verdict == SUITE_PASS)
			result->verdict = SUITE_ERROR;
		result->reason = SUITE_REASON_DAMAGED;
		snprintf(result->message, sizeof(result->message), "%s; what is there %s",
			 damage.first, result->diverged ? "diverges" : "passes");
	}
	if (result->verdict == SUITE_PASS && !result->stats.calls && !result->message[0])
		snprintf(result->message, sizeof(result->message), "the trace holds no calls");
	agx_trace_reader_close(reader);
	if (out && fclose(out)) {
		result->verdict = SUITE_ERROR;
		result->reason = SUITE_REASON_REFUSED;
		snprintf(result->message, sizeof(result->message),
			 "the transcript cannot be written: %s", strerror(errno));
	}
}

/*
 * Workers write side by side: each into a file of its own until its turn has come. A descriptor and
 * not a stream: every worker inherits it, and streams are flushed and moved at a process's exit.
 */
static int start_trace(void *data, struct suite_trace *trace)
{
	const struct replay_options *o = data;
	FILE *file;
	int fd, ret;

	ret = watch_prepare(&o->watch, trace);
	if (ret || !o->transcript || trace->file)
		return ret;
	file = tmpfile();
	if (!file)
		return -errno;
	fd = fcntl(fileno(file), F_DUPFD_CLOEXEC, 3);
	fclose(file);
	if (fd < 0)
		return -errno;
	trace->file = fd;
	return 0;
}

static void pass_transcript(struct replay_options *o, struct suite_trace *trace)
{
	const struct suite_result *result = trace->result;
	FILE *out = o->transcript_file;
	char block[1 << 16];
	off_t at = 0;
	ssize_t n;

	fprintf(out, "# %s", trace->path);
	if (result->replayed_gpu[0])
		fprintf(out, ", %s with firmware %s", result->replayed_gpu,
			result->replayed_firmware);
	fputc('\n', out);
	while ((n = pread(trace->file, block, sizeof(block), at)) > 0) {
		fwrite(block, 1, (size_t)n, out);
		at += n;
	}
	/* Nothing of it may be left for a worker to flush again when it exits. */
	if (fflush(out) || n < 0 || ferror(out))
		o->transcript_failed = true;
	close(trace->file);
	trace->file = 0;
}

static void take_trace(void *data, struct suite_trace *trace)
{
	struct replay_options *o = data;

	watch_pass(&o->watch, trace, o->quiet);
	if (!o->quiet) {
		/* Whatever was seen stands between the heading and here. */
		if (watch_writes(&o->watch))
			report_text_header(stdout, &o->suite);
		report_text_trace(stdout, &o->suite, trace);
		fflush(stdout);
	}
	if (trace->file)
		pass_transcript(o, trace);
}

/* Every trace on every machine. */
static int multiply(struct replay_options *o)
{
	struct suite_trace *trace;
	struct gpu_pair pair;
	size_t i;
	int ret;

	ret = suite_multiply(&o->suite, pairs_count());
	for (i = 0; !ret && i < o->suite.count; i++) {
		trace = &o->suite.traces[i];
		if (pairs_get(trace->variant, &pair))
			snprintf(trace->label, sizeof(trace->label), "%s %s", pair.soc->name,
				 pair.firmware);
	}
	return ret;
}

static int open_transcript(struct replay_options *o)
{
	if (!o->transcript)
		return 0;
	o->transcript_file = strcmp(o->transcript, "-") ? fopen(o->transcript, "we") : stdout;
	if (o->transcript_file)
		return 0;
	tool_error("--transcript %s: %s", o->transcript, strerror(errno));
	return AGX_EXIT_USAGE;
}

static int close_transcript(struct replay_options *o)
{
	FILE *file = o->transcript_file;

	if (!file)
		return 0;
	if (file == stdout ? fflush(file) : fclose(file))
		o->transcript_failed = true;
	if (!o->transcript_failed)
		return 0;
	tool_error("--transcript %s: it cannot be written", o->transcript);
	return AGX_EXIT_USAGE;
}

static unsigned int processors(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	return (unsigned int)CPU_COUNT(&set);
}

static int write_reports(const struct replay_options *o)
{
	struct report_info info = {
		.node = o->node ? o->node : "virtual",
		.gpu = o->all_pairs ? "all" : o->gpu,
		.firmware = o->all_pairs ? "all" : o->firmware,
		.shard_k = o->shard_k,
		.shard_n = o->shard_n,
	};
	int status = 0, ret;

	if (o->junit) {
		ret = report_junit(o->junit, &o->suite, &info);
		if (ret) {
			tool_error("--junit %s: %s", o->junit, strerror(-ret));
			status = AGX_EXIT_USAGE;
		}
	}
	if (o->json) {
		ret = report_json(o->json, &o->suite, &info);
		if (ret) {
			tool_error("--json %s: %s", o->json, strerror(-ret));
			status = AGX_EXIT_USAGE;
		}
	}
	return status;
}

static bool reports_to_stdout(const struct replay_options *o)
{
	return (o->json && !strcmp(o->json, "-")) ||
	       (o->watch.json && !strcmp(o->watch.json, "-")) ||
	       (o->junit && !strcmp(o->junit, "-")) ||
	       (o->transcript && !strcmp(o->transcript, "-"));
}

int cmd_replay(int argc, char **argv)
{
	static const struct argp_child children[] = {{&watch_argp, 0, NULL, 0}, {0}};
	static const struct argp parser = {option_table, parse_option, "FILE|DIR…", documentation,
					   children,     NULL,         NULL};
	struct replay_options o = {
		.shard_k = 1,
		.shard_n = 1,
		.repeat = 1,
		.timeout = 600,
		.exec_threads = 1,
		.jobs = processors(),
	};
	struct suite_options options;
	int status, ret;

	if (argp_parse(&parser, argc, argv, 0, NULL, &o))
		return AGX_EXIT_USAGE;
	if (o.bad_path) {
		status = AGX_EXIT_USAGE;
		goto out;
	}
	suite_shard(&o.suite, o.shard_k, o.shard_n);
	if (!o.suite.found) {
		tool_error("no *.agxt below what is named");
		status = AGX_EXIT_USAGE;
		goto out;
	}
	if (o.all_pairs && multiply(&o)) {
		tool_error("out of memory");
		status = AGX_EXIT_USAGE;
		goto out;
	}
	status = open_transcript(&o);
	if (!status)
		status = watch_open(&o.watch);
	if (status)
		goto out;
	/* A report on standard output is for a program: nothing else goes there. */
	o.quiet = reports_to_stdout(&o);
	options = (struct suite_options){
		.jobs = o.jobs,
		.timeout = o.timeout,
		.progress = isatty(STDERR_FILENO) && o.suite.count > 1,
		.start = start_trace,
		.replay = replay_trace,
		.done = take_trace,
		.data = &o,
	};
	if (!o.quiet && !watch_writes(&o.watch))
		report_text_header(stdout, &o.suite);
	ret = suite_run(&o.suite, &options);
	if (ret) {
		tool_error("no worker process can be started: %s", strerror(-ret));
		status = AGX_EXIT_USAGE;
		goto out;
	}
	if (!o.quiet)
		report_text_summary(stdout, &o.suite);
	status = suite_exit_status(&o.suite);
	ret = write_reports(&o);
	if (ret > status)
		status = ret;
	ret = close_transcript(&o);
	if (ret > status)
		status = ret;
	ret = watch_close(&o.watch);
	if (ret > status)
		status = ret;
out:
	suite_finish(&o.suite);
	return status;
}
