// SPDX-License-Identifier: MIT
#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agx.h"
#include "agx_soc.h"
#include "agx_trace.h"
#include "collector.h"
#include "exec_option.h"
#include "launch.h"
#include "preload/config.h"
#include "rundir.h"

struct capture_options {
	const char *output;
	const struct agx_soc *soc; /* NULL: not given */
	const char *node;          /* NULL: a virtual one */
	const char *label;
	uint64_t first_frame, last_frame;
	uint32_t frame_unit;
	uint32_t write_tracking;
	bool stats;
	bool verify;
	const char *exec;        /* what the virtual node does; NULL: not said, full */
	bool results;            /* and what it changes is recorded */
	uint64_t result_content; /* bytes for each submission */
	char **command;
};

#define DEFAULT_RESULT_CONTENT (64u << 10)

struct capture_run {
	const struct capture_options *options;
	struct collector *collector;
	struct rundir dir;
	bool virtual;  /* dir is ours */
	char node[48]; /* MAJOR:MINOR:CARD: the node, and the primary node of the same device */
	char object[PATH_MAX];
};

enum {
	OPT_GPU = 256,
	OPT_NODE,
	OPT_FRAMES,
	OPT_FRAME_UNIT,
	OPT_WRITE_TRACKING,
	OPT_LABEL,
	OPT_STATS,
	OPT_NO_VERIFY,
	OPT_EXEC,
	OPT_NO_RESULTS,
	OPT_RESULT_CONTENT,
};

static const struct argp_option options[] = {
	{"output", 'o', "FILE", 0, "the trace to write; required", 0},
	{"gpu", OPT_GPU, "SOC", 0,
	 "which SoC's GPU the virtual node has (see `agx info`); default t8103", 0},
	{"node", OPT_NODE, "PATH", 0,
	 "record this DRM node, /dev/dri/renderDN, instead of a virtual one", 0},
	{"exec", OPT_EXEC, "HOW", 0,
	 "what the virtual node does with submissions: full (the default: compute commands are executed, and what "
	 "each dispatch changes in memory is recorded, for replay to compare), none (they complete without executing)",
	 0},
	{"no-results", OPT_NO_RESULTS, NULL, 0,
	 "where commands are executed, do not record what they change", 0},
	{"result-content", OPT_RESULT_CONTENT, "KIB", 0,
	 "besides digests of what dispatches change record the content, up to so much of each submission; default 64",
	 0},
	{"frames", OPT_FRAMES, "A-B", 0,
	 "record only frames A to B of each process, counted from 1; A alone is one frame, A- goes to "
	 "the end",
	 0},
	{"frame-unit", OPT_FRAME_UNIT, "UNIT", 0,
	 "what ends a frame: present, submit, or auto (the default): presents from the first one on, "
	 "submissions as long as there was none",
	 0},
	{"write-tracking", OPT_WRITE_TRACKING, "HOW", 0,
	 "how writes to buffer objects are found: pagemap (the kernel's page-map scan), compare "
	 "(digests of all mapped pages), or auto (the default): the former where it works",
	 0},
	{"label", OPT_LABEL, "TEXT", 0, "a label at the start of each process's records", 0},
	{"stats", OPT_STATS, NULL, 0, "afterwards, tell what recording took, on standard error", 0},
	{"no-verify", OPT_NO_VERIFY, NULL, 0, "do not read the finished trace back", 0},
	{0},
};

static void parse_frames(struct argp_state *state, const char *text,
			 struct capture_options *capture)
{
	char *end;

	errno = 0;
	capture->first_frame = strtoull(text, &end, 10);
	capture->last_frame = capture->first_frame;
	if (end != text && *end == '-') {
		const char *last = end + 1;

		if (!*last) {
			capture->last_frame = UINT64_MAX;
			end++;
		} else {
			capture->last_frame = strtoull(last, &end, 10);
		}
	}
	if (end == text || *end || errno || strpbrk(text, "+ ") || *text == '-' ||
	    !capture->first_frame || capture->last_frame < capture->first_frame)
		argp_error(state, "--frames: got \"%s\", takes A-B with 1 <= A <= B", text);
}

/* Index of a name in a list. */
static uint32_t parse_choice(struct argp_state *state, const char *option, const char *arg,
			     const char *const *names)
{
	char all[64] = "";
	uint32_t i;

	for (i = 0; names[i]; i++) {
		if (!strcmp(arg, names[i]))
			return i;
		if (i)
			strcat(all, names[i + 1] ? ", " : " or ");
		strcat(all, names[i]);
	}
	argp_error(state, "%s: got \"%s\", takes %s", option, arg, all);
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	static const char *const trackings[] = {
		[CAPTURE_WT_AUTO] = "auto",
		[CAPTURE_WT_PAGEMAP] = "pagemap",
		[CAPTURE_WT_COMPARE] = "compare",
		NULL,
	};
	static const char *const units[] = {
		[CAPTURE_FRAME_AUTO] = "auto",
		[CAPTURE_FRAME_PRESENT] = "present",
		[CAPTURE_FRAME_SUBMIT] = "submit",
		NULL,
	};
	struct capture_options *capture = state->input;
	char *end;

	switch (key) {
	case 'o':
		capture->output = arg;
		break;
	case OPT_GPU:
		capture->soc = agx_soc_find(arg);
		if (!capture->soc)
			argp_error(state, "--gpu: got \"%s\", takes one of those in `agx info`",
				   arg);
		break;
	case OPT_NODE:
		capture->node = arg;
		break;
	case OPT_FRAMES:
		parse_frames(state, arg, capture);
		break;
	case OPT_FRAME_UNIT:
		capture->frame_unit = parse_choice(state, "--frame-unit", arg, units);
		break;
	case OPT_WRITE_TRACKING:
		capture->write_tracking = parse_choice(state, "--write-tracking", arg, trackings);
		break;
	case OPT_EXEC:
		exec_option(state, arg);
		capture->exec = arg;
		break;
	case OPT_NO_RESULTS:
		capture->results = false;
		break;
	case OPT_RESULT_CONTENT:
		errno = 0;
		capture->result_content = strtoull(arg, &end, 10);
		if (*arg < '0' || *arg > '9' || *end || errno ||
		    capture->result_content > UINT64_MAX >> 10)
			argp_error(state, "--result-content: got \"%s\", takes a number of KiB",
				   arg);
		capture->result_content <<= 10;
		break;
	case OPT_LABEL:
		if (strlen(arg) >= sizeof(((struct capture_control *)0)->label))
			argp_error(state, "--label: got %zu bytes, takes at most %zu", strlen(arg),
				   sizeof(((struct capture_control *)0)->label) - 1);
		capture->label = arg;
		break;
	case OPT_STATS:
		capture->stats = true;
		break;
	case OPT_NO_VERIFY:
		capture->verify = false;
		break;
	case ARGP_KEY_ARGS:
		capture->command = state->argv + state->next;
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no command");
		break;
	case ARGP_KEY_END:
		if (!capture->output)
			argp_error(state, "no trace to write: -o FILE is missing");
		if (capture->node && capture->soc)
			argp_error(state, "--gpu chooses a virtual GPU, but --node gives a node");
		if (capture->node && capture->exec)
			argp_error(state, "--exec is about the virtual node, not about %s",
				   capture->node);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* Minor number of the primary node (cardN) of a real node's device; UINT_MAX: there is none. */
static unsigned int primary_node(const struct stat *node)
{
	unsigned int card = UINT_MAX;
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/device/drm", major(node->st_rdev),
		 minor(node->st_rdev));
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (sscanf(entry->d_name, "card%u", &card) == 1)
			break;
	if (dir)
		closedir(dir);
	return card;
}

/* Which node to record: a given one, that of the run around us, or a new virtual one. */
static int choose_node(struct capture_run *run)
{
	const struct capture_options *capture = run->options;
	const char *around = getenv(PRELOAD_ENV_NODE);
	unsigned int render, card = UINT_MAX;
	char error[512];
	struct stat st;

	if (capture->node) {
		if (stat(capture->node, &st)) {
			tool_error("%s: %s", capture->node, strerror(errno));
			return -errno;
		}
		if (!S_ISCHR(st.st_mode) || major(st.st_rdev) != PRELOAD_DRM_MAJOR) {
			tool_error("%s is not a DRM node", capture->node);
			return -ENODEV;
		}
		snprintf(run->node, sizeof(run->node), "%u:%u:%u", major(st.st_rdev),
			 minor(st.st_rdev), primary_node(&st));
		return 0;
	}
	if (getenv(PRELOAD_ENV_RUN_DIR) && around) {
		if (capture->soc || capture->exec) {
			tool_error("--%s: inside `agx run` that was chosen there",
				   capture->soc ? "gpu" : "exec");
			return -EINVAL;
		}
		if (sscanf(around, "%u:%*[^:]:%*[^:]:%u", &render, &card) < 1) {
			tool_error("%s=%s: not what `agx run` sets", PRELOAD_ENV_NODE, around);
			return -EINVAL;
		}
		snprintf(run->node, sizeof(run->node), "%d:%u:%u", PRELOAD_DRM_MAJOR, render, card);
		return 0;
	}
	if (rundir_create(&run->dir, capture->soc ? capture->soc : agx_soc_get(0), -1, error,
			  sizeof(error))) {
		tool_error("%s", error);
		return -EIO;
	}
	run->virtual = true;
	snprintf(run->node, sizeof(run->node), "%d:%u:%u", PRELOAD_DRM_MAJOR, run->dir.minor,
		 run->dir.card);
	return 0;
}

static bool wants_exec(const struct capture_options *capture)
{
	return !capture->exec || !strcmp(capture->exec, "full");
}

/* Whether the node is a virtual one that executes, ours or that of the run around us. */
static bool executes(const struct capture_run *run)
{
	const char *exec = getenv(PRELOAD_ENV_EXEC);

	if (run->options->node)
		return false;
	return run->virtual ? wants_exec(run->options) : exec && !strcmp(exec, "full");
}

/*
 * What the command inherits, set in this process: its child may not allocate memory between fork
 * and exec, because threads exist by then. The capture object goes before the virtual node's,
 * which it calls.
 */
static int set_environment(const struct capture_run *run)
{
	const struct agx_soc *soc = run->options->soc ? run->options->soc : agx_soc_get(0);
	const struct rundir_options env = {
		.gpu = soc->name,
		.exec = wants_exec(run->options),
		.exec_threads = -1,
	};
	char error[512], content[24];
	int ret;

	if (run->virtual) {
		ret = rundir_set_environment(&run->dir, &env, error, sizeof(error));
		if (ret) {
			tool_error("%s", error);
			return ret;
		}
	}
	/* Frames in the middle begin with memory that the trace does not have. */
	snprintf(content, sizeof(content), "%" PRIu64, run->options->result_content);
	unsetenv(PRELOAD_ENV_RESULTS);
	if (run->options->results && executes(run) && run->options->first_frame <= 1 &&
	    setenv(PRELOAD_ENV_RESULTS, content, 1)) {
		tool_error("the environment cannot be set: %s", strerror(errno));
		return -errno;
	}
	ret = rundir_preload(run->virtual ? &run->dir : NULL, run->object);
	if (ret == -EINVAL)
		tool_error("%s: LD_PRELOAD cannot hold a path with a space or a colon",
			   run->object);
	else if (ret || setenv(CAPTURE_ENV_NODE, run->node, 1))
		tool_error("the environment cannot be set: %s", strerror(ret ? -ret : errno));
	else
		return 0;
	return ret ? ret : -ENOMEM;
}

static void log_readable(void *data)
{
	const struct capture_run *run = data;

	if (run->virtual)
		rundir_drain_log(&run->dir);
}

/* Reads the whole trace as a user would. */
static int verify(const char *path)
{
	struct agx_trace_error error = {0};
	struct agx_trace_reader *reader;
	struct agx_trace_item item;
	char text[512];
	int ret;

	ret = agx_trace_reader_open(path, NULL, &reader, &error);
	if (!ret) {
		while ((ret = agx_trace_reader_next(reader, &item, &error)) > 0)
			;
		agx_trace_reader_close(reader);
	}
	if (ret)
		tool_error("%s: the trace is not sound: %s", path,
			   agx_trace_error_text(&error, text, sizeof(text)));
	return ret;
}

static void print_stats(const struct collector_result *result)
{
	const struct agx_trace_writer_stats *w = &result->writer;
	const struct capture_stats *s = &result->capture;

	fprintf(stderr,
		"processes   %" PRIu64 "\n"
		"submits     %" PRIu64 "\n"
		"presents    %" PRIu64 "\n"
		"calls       %" PRIu64 "\n"
		"records     %" PRIu64 "\n"
		"file        %" PRIu64 " bytes, %.0f per submit\n"
		"pages       %" PRIu64 " recorded: %" PRIu64 " zero, %" PRIu64 " same, %" PRIu64
		" as differences\n"
		"mappings    %u by page map, %u by comparison\n"
		"collections %" PRIu64 ": %.1f us each, %" PRIu64 " scans, %" PRIu64
		" pages compared, %" PRIu64 " protections\n"
		"stalls      %" PRIu64 "\n",
		result->streams, result->submits, result->presents, s->calls, w->records,
		w->file_bytes,
		result->submits ? (double)w->file_bytes / (double)result->submits : 0.0, w->pages,
		w->zero_pages, w->same_pages, w->delta_pages, s->pagemap_mappings,
		s->compared_mappings, s->collections,
		s->collections ? (double)s->collect_ns / 1e3 / (double)s->collections : 0.0,
		s->scans, s->pages_checked, s->protects, result->stalls);
}

/* What is worth saying of the result; the exit status that it asks for, or that of the command. */
static int conclude(const struct capture_run *run, const struct collector_result *result,
		    int status)
{
	const struct capture_options *capture = run->options;

	if (capture->stats)
		print_stats(result);
	if (result->error)
		return AGX_EXIT_USAGE;
	if (result->unfinished)
		tool_warning("%" PRIu64 " processes of the command are still running; what they do "
			     "from now on is not recorded",
			     result->unfinished);
	if (result->rejected)
		tool_warning("%" PRIu64 " records were left out", result->rejected);
	if (!result->streams && status != 126 && status != 127)
		tool_warning("nothing used %s: %s is empty",
			     capture->node ? capture->node : "the virtual node", capture->output);
	else if (capture->first_frame && !result->writer.pages && !status)
		tool_warning("%s: nothing was recorded of frames %" PRIu64 " and later",
			     capture->output, capture->first_frame);
	if (capture->verify && verify(capture->output))
		return AGX_EXIT_FAILED;
	return result->rejected && !status ? AGX_EXIT_FAILED : status;
}

int cmd_capture(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "-o FILE -- COMMAND [ARGUMENT...]",
		.doc = "Runs a command and records everything that it and its children ask of a GPU "
		       "node into a trace.\vThe exit status is the command's; 128+N when signal N ended "
		       "it; 126 or 127 when it cannot be started; 2 when nothing could be recorded or "
		       "recording had to stop; 1 when the finished trace does not read back. The trace "
		       "of a program that was killed is complete up to the call that it made last.",
	};
	struct capture_options capture = {
		.verify = true,
		.results = true,
		.result_content = DEFAULT_RESULT_CONTENT,
	};
	struct capture_run run = {.options = &capture, .dir = {.dir = {.lock = -1}, .log = -1}};
	struct launch launch = {.readable = log_readable, .data = &run, .fd = -1};
	struct collector_params params;
	struct collector_result result;
	char error[512];
	int fd, status = AGX_EXIT_USAGE;

	argp_err_exit_status = AGX_EXIT_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &capture);
	if (getenv(CAPTURE_ENV_SOCKET)) {
		tool_error("already inside a capture (" CAPTURE_ENV_SOCKET "=%s)",
			   getenv(CAPTURE_ENV_SOCKET));
		return AGX_EXIT_USAGE;
	}
	if (rundir_find_object("libagx-capture.so", run.object, sizeof(run.object), error,
			       sizeof(error))) {
		tool_error("%s", error);
		return AGX_EXIT_USAGE;
	}
	fd = open(capture.output, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0) {
		tool_error("%s: %s", capture.output, strerror(errno));
		return AGX_EXIT_USAGE;
	}
	launch_init(&launch);
	if (choose_node(&run))
		goto out_file;
	if (set_environment(&run))
		goto out_dir;
	params = (struct collector_params){.fd = fd,
					   .path = capture.output,
					   .write_tracking = capture.write_tracking,
					   .frame_unit = capture.frame_unit,
					   .first_frame = capture.first_frame,
					   .last_frame = capture.last_frame,
					   .label = capture.label,
					   .progress = isatty(STDERR_FILENO)};
	if (collector_create(&params, &run.collector, error, sizeof(error))) {
		tool_error("%s", error);
		goto out_dir;
	}
	launch.argv = capture.command;
	if (setenv(CAPTURE_ENV_SOCKET, collector_socket(run.collector), 1)) {
		tool_error("the environment cannot be set: %s", strerror(errno));
		collector_finish(run.collector, &result);
		goto out_dir;
	}
	if (run.virtual)
		launch.fd = run.dir.log;
	status = launch_run(&launch);
	collector_finish(run.collector, &result);
	if (status < 0) {
		tool_error("the command was not started: %s", strerror(-status));
		status = AGX_EXIT_USAGE;
	} else {
		status = conclude(&run, &result, status);
	}
out_dir:
	if (run.virtual)
		rundir_destroy(&run.dir);
out_file:
	close(fd);
	return status;
}
