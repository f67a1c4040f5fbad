// SPDX-License-Identifier: MIT
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agx.h"
#include "agx_node.h"
#include "agx_soc_tables.h"
#include "agx_vgpu.h"
#include "exec_option.h"
#include "findings_report.h"
#include "inject_option.h"
#include "pairs.h"
#include "place.h"
#include "preload/config.h"
#include "preload/findings.h"
#include "transcript.h"

/* Lines of a level that are shown; a machine can make us say as many as it likes. */
#define MAX_LINES 1000

enum {
	OPT_SOCKET = 256,
	OPT_LISTEN_FD,
	OPT_RAM,
	OPT_RAM_FD,
	OPT_RAM_BASE,
	OPT_TTBS,
	OPT_PAGETABLES,
	OPT_HANDOFF,
	OPT_GPU,
	OPT_FIRMWARE,
	OPT_INJECT,
	OPT_EXEC,
	OPT_EXEC_THREADS,
	OPT_EXEC_ORDER,
	OPT_TRANSCRIPT,
	OPT_REPORT,
	OPT_STRICT,
	OPT_STATS,
	OPT_LOG,
	OPT_ONCE,
	OPT_READY_FD,
	OPT_SPIN,
};

static const struct argp_option options[] = {
	{NULL, 0, NULL, 0, "The machine:", 1},
	{"socket", OPT_SOCKET, "PATH", 0, "make a Unix socket for QEMU's ivshmem-doorbell device",
	 1},
	{"listen-fd", OPT_LISTEN_FD, "N", 0, "or take descriptor N, which listens already", 1},
	{"ram", OPT_RAM, "FILE", 0,
	 "the machine's RAM: the file of its memory-backend-file, of its full size", 1},
	{"ram-fd", OPT_RAM_FD, "N", 0, "or descriptor N, a memfd for instance", 1},
	{"ram-base", OPT_RAM_BASE, "ADDRESS", 0,
	 "where in the machine the RAM begins; default 0x40000000, as in QEMU's virt", 1},
	{"ttbs", OPT_TTBS, "ADDRESS", 0,
	 "reserved region of the table of contexts; default 64 KiB before the end of RAM", 1},
	{"pagetables", OPT_PAGETABLES, "ADDRESS", 0,
	 "of the kernel's first page table, which the driver alone needs to know: only checked", 1},
	{"handoff", OPT_HANDOFF, "ADDRESS", 0,
	 "of the handoff block; default 32 KiB before the end of RAM", 1},
	{"once", OPT_ONCE, NULL, 0, "end when the machine has gone", 1},
	{NULL, 0, NULL, 0, "The chip:", 2},
	{"gpu", OPT_GPU, "SOC", 0,
	 "which SoC's GPU: t8103 (the default), t8112, t6000, t6001, t6002, t6020, t6021, t6022",
	 2},
	{"firmware", OPT_FIRMWARE, "VERSION", 0,
	 "the GPU's firmware: 12.3, 12.4 or 13.5, as the GPU has it; default its oldest", 2},
	{"inject", OPT_INJECT, "RULES", 0,
	 "make things go wrong between driver and firmware; \"help\" lists the rules; @FILE reads "
	 "them from a file whenever the firmware is started",
	 2},
	{"exec", OPT_EXEC, "HOW", 0,
	 "what becomes of commands: full (the default: compute commands are executed), none "
	 "(they complete without executing)",
	 2},
	{"exec-threads", OPT_EXEC_THREADS, "N", 0,
	 "with --exec=full: threads that execute threadgroups, 0: one for each processor; default 0",
	 2},
	{"exec-order", OPT_EXEC_ORDER, "SEED", 0,
	 "with --exec=full: run threadgroups in a shuffled order, which a number other than 0 "
	 "names; default 0: ascending",
	 2},
	{"spin", OPT_SPIN, "US", 0,
	 "look so many microseconds for more to do before going to sleep; default 0", 2},
	{NULL, 0, NULL, 0, "What is told:", 3},
	{"strict", OPT_STRICT, NULL, 0,
	 "fail when the model of the firmware finds anything wrong with what the driver wrote", 3},
	{"transcript", OPT_TRANSCRIPT, "FILE", 0,
	 "write what crosses the mailbox and the rings between driver and firmware", 3},
	{"report", OPT_REPORT, "FILE", 0,
	 "at the end, write findings and counts as JSON; - is standard output", 3},
	{"stats", OPT_STATS, NULL, 0, "at the end, list the counts on standard error", 3},
	{"log", OPT_LOG, "LEVEL", 0,
	 "messages on standard error: none, error, warn (the default), debug, machine", 3},
	{"ready-fd", OPT_READY_FD, "N", 0,
	 "when a machine can connect, write a newline to descriptor N and close it", 3},
	{0},
};

struct vgpu_options {
	const char *socket, *ram, *gpu, *firmware, *transcript, *report, *rules_file;
	int ready_fd;
	int log; /* enum agx_vgpu_log_level; -1: none */
	uint64_t pagetables;
	bool strict, stats;
	struct gpu_pair pair;
	struct agx_vgpu_config config;
};

struct session {
	const struct vgpu_options *options;
	struct findings findings;
	struct transcript *transcript;
	FILE *transcript_file;
	char rules[PRELOAD_INJECT_MAX];
	unsigned int lines[AGX_VGPU_LOG_MACHINE + 1];
};

/* For the signal handler. */
static struct agx_vgpu *running;

static uint64_t parse_number(const struct argp_state *state, const char *option, const char *text,
			     uint64_t most)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (end == text || *end || errno || *text == '-' || value > most)
		argp_error(state, "%s: got \"%s\", takes a number up to 0x%llx", option, text,
			   (unsigned long long)most);
	return value;
}

static int parse_fd(const struct argp_state *state, const char *option, const char *text)
{
	int fd = (int)parse_number(state, option, text, 65535);

	if (fcntl(fd, F_GETFD) < 0)
		argp_error(state, "%s: descriptor %d is not open", option, fd);
	return fd;
}

static int parse_level(const struct argp_state *state, const char *text)
{
	static const char *const levels[] = {"none", "error", "warn", "debug", "machine"};

	for (int i = 0; i < 5; i++)
		if (!strcmp(text, levels[i]))
			return i - 1;
	argp_error(state, "--log: got \"%s\", takes none, error, warn, debug or machine", text);
	return -1;
}

static void check_options(struct vgpu_options *o, const struct argp_state *state)
{
	char error[400];

	if (!o->socket == (o->config.listen < 0))
		argp_error(state, "one of --socket and --listen-fd is needed");
	if (!o->ram == (o->config.ram < 0))
		argp_error(state, "one of --ram and --ram-fd is needed");
	if (o->pagetables % 0x4000)
		argp_error(state, "--pagetables: got 0x%" PRIx64 ", takes whole 16 KiB pages",
			   o->pagetables);
	if (pairs_find(o->gpu ? o->gpu : agx_soc_get(0)->name, o->firmware, &o->pair, error,
		       sizeof(error)))
		argp_error(state, "%s", error);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct vgpu_options *o = state->input;

	switch (key) {
	case OPT_SOCKET:
		o->socket = arg;
		break;
	case OPT_LISTEN_FD:
		o->config.listen = parse_fd(state, "--listen-fd", arg);
		break;
	case OPT_RAM:
		o->ram = arg;
		break;
	case OPT_RAM_FD:
		o->config.ram = parse_fd(state, "--ram-fd", arg);
		break;
	case OPT_RAM_BASE:
		o->config.ram_base = parse_number(state, "--ram-base", arg, 1ull << 42);
		break;
	case OPT_TTBS:
		o->config.ttbs = parse_number(state, "--ttbs", arg, 1ull << 42);
		break;
	case OPT_PAGETABLES:
		o->pagetables = parse_number(state, "--pagetables", arg, 1ull << 42);
		break;
	case OPT_HANDOFF:
		o->config.handoff = parse_number(state, "--handoff", arg, 1ull << 42);
		break;
	case OPT_GPU:
		o->gpu = arg;
		break;
	case OPT_FIRMWARE:
		o->firmware = arg;
		break;
	case OPT_EXEC:
		o->config.exec = exec_option(state, arg);
		break;
	case OPT_EXEC_THREADS:
		o->config.exec_threads = exec_threads_option(state, arg);
		break;
	case OPT_EXEC_ORDER:
		o->config.exec_order = exec_order_option(state, arg);
		break;
	case OPT_INJECT:
		o->rules_file = *arg == '@' ? arg + 1 : NULL;
		o->config.inject = *arg == '@' ? NULL : inject_option(state, arg);
		break;
	case OPT_TRANSCRIPT:
		o->transcript = arg;
		break;
	case OPT_REPORT:
		o->report = arg;
		break;
	case OPT_STRICT:
		o->strict = true;
		o->config.critic = true;
		break;
	case OPT_STATS:
		o->stats = true;
		break;
	case OPT_LOG:
		o->log = parse_level(state, arg);
		break;
	case OPT_ONCE:
		o->config.once = true;
		break;
	case OPT_READY_FD:
		o->ready_fd = parse_fd(state, "--ready-fd", arg);
		break;
	case OPT_SPIN:
		o->config.spin_us = (unsigned int)parse_number(state, "--spin", arg, 1000000);
		break;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument \"%s\"", arg);
		break;
	case ARGP_KEY_END:
		check_options(o, state);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* --- What the chip tells --- */

static void log_line(void *cookie, enum agx_vgpu_log_level level, const char *line)
{
	struct session *session = cookie;

	if ((int)level > session->options->log)
		return;
	/* Who asks for everything gets everything. */
	if (session->options->log < AGX_VGPU_LOG_DEBUG && session->lines[level]++ >= MAX_LINES) {
		if (session->lines[level] == MAX_LINES + 1)
			tool_warning("further messages of this kind are left out");
		return;
	}
	if (level <= AGX_VGPU_LOG_WARN)
		tool_warning("vgpu: %s", line);
	else
		fprintf(stderr, "vgpu: %s\n", line);
}

static void add_finding(void *cookie, const struct agx_chip_finding *found)
{
	struct session *session = cookie;
	struct agx_node_place place;
	const struct agx_node_finding what = {
		.id = found->id,
		.name = found->name,
		.text = found->text,
		.address = found->address,
		.structure = found->structure,
		.field = found->field,
		.expected = found->expected,
		.got = found->got,
		.place = found->place ? &place : NULL,
	};

	/* Which submission it was the guest's kernel knows. */
	if (found->place)
		agx_place_fill(&place, found->place);
	findings_add(&session->findings, &what);
}

static void add_line(void *cookie, const char *line)
{
	struct session *session = cookie;

	transcript_line(session->transcript, false, 0, line);
}

/* The machine itself may have written the file, or put something else in its place. */
static const char *read_rules(void *cookie)
{
	struct session *session = cookie;
	const char *path = session->options->rules_file;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	ssize_t got = -1;

	if (fd < 0) {
		if (errno != ENOENT)
			tool_warning("--inject @%s: %s", path, strerror(errno));
		return NULL;
	}
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		got = read(fd, session->rules, sizeof(session->rules) - 1);
	close(fd);
	if (got < 0) {
		tool_warning("--inject @%s: expected a file that can be read", path);
		return NULL;
	}
	session->rules[got] = '\0';
	session->rules[strcspn(session->rules, "\r\n")] = '\0';
	return session->rules;
}

/* --- Preparation --- */

static const struct agx_firmware_version *version_of(const struct gpu_pair *pair)
{
	const struct agx_firmware_version *version;
	char text[24];

	for (unsigned int i = 0; (version = agx_soc_firmware(pair->soc, i)); i++) {
		snprintf(text, sizeof(text), "%u.%u", version->major, version->minor);
		if (!strcmp(text, pair->firmware))
			return version;
	}
	return NULL;
}

static void describe_chip(struct vgpu_options *o)
{
	const struct agx_soc *soc = o->pair.soc;
	struct agx_vgpu_config *config = &o->config;

	config->variant = (enum agx_fw_variant)agx_device_variant(soc, version_of(&o->pair));
	config->chip_id = soc->chip_id;
	config->output_bits = soc->output_address_bits;
	config->gpu = (struct agx_vgpu_gpu){
		.generation = soc->generation,
		.variant = soc->variant,
		.revision = soc->revision,
		.dies = soc->dies,
		.clusters = soc->clusters,
		.cores_per_cluster = soc->cores_per_cluster,
		.gps = (uint8_t)agx_soc_arch(soc)->max_gps,
	};
	memcpy(config->gpu.core_masks, soc->core_masks, sizeof(config->gpu.core_masks));
}

static int open_files(struct vgpu_options *o, struct session *session)
{
	if (o->ram) {
		o->config.ram = open(o->ram, O_RDWR | O_CLOEXEC);
		if (o->config.ram < 0) {
			tool_error("--ram %s: %s", o->ram, strerror(errno));
			return -errno;
		}
	}
	if (o->transcript) {
		session->transcript_file = fopen(o->transcript, "we");
		if (!session->transcript_file) {
			tool_error("--transcript %s: %s", o->transcript, strerror(errno));
			return -errno;
		}
		session->transcript = transcript_create(session->transcript_file);
		if (!session->transcript)
			return -ENOMEM;
		o->config.transcript = add_line;
	}
	if (o->socket) {
		o->config.listen = agx_vgpu_listen(o->socket);
		if (o->config.listen < 0) {
			tool_error("--socket %s: %s", o->socket, strerror(-o->config.listen));
			return o->config.listen;
		}
	}
	return 0;
}

static void tell_ready(const struct vgpu_options *o)
{
	ssize_t done;

	if (o->ready_fd < 0)
		return;
	done = write(o->ready_fd, "\n", 1);
	(void)done; /* who does not listen any more does not want to know */
	close(o->ready_fd);
}

static void on_signal(int number)
{
	(void)number;
	agx_vgpu_stop(running);
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* --- The end --- */

#define COUNTS(X)                                            \
	X(clients, "machines that connected")                \
	X(boots, "times that the firmware was started")      \
	X(commands, "commands of the GPU that are over")     \
	X(messages_in, "messages from the driver")           \
	X(messages_out, "messages to the driver")            \
	X(doorbells_in, "wake-ups by the driver's doorbell") \
	X(doorbells_out, "interrupts for the driver")        \
	X(sleeps, "times that there was nothing to do")      \
	X(wakes_idle, "of these, ended by time")             \
	X(injected, "faults on purpose")                     \
	X(protocol_errors, "counters of the driver's that made no sense")

static void print_stats(const struct agx_vgpu_stats *stats)
{
#define PRINT(member, text) fprintf(stderr, "    %10" PRIu64 " %s\n", stats->member, text);
	COUNTS(PRINT)
#undef PRINT
}

static int write_report(const struct session *session, const struct agx_vgpu_stats *stats,
			const char *end)
{
	const struct vgpu_options *o = session->options;
	struct json_object *object = json_object_new_object();
	char digest[TRANSCRIPT_DIGEST_SIZE];
	FILE *file = stdout;
	uint64_t lines;
	int ret = 0;

	json_object_object_add(object, "gpu", json_object_new_string(o->pair.soc->name));
	json_object_object_add(object, "firmware", json_object_new_string(o->pair.firmware));
	json_object_object_add(object, "end", json_object_new_string(end));
#define ADD(member, text) \
	json_object_object_add(object, #member, json_object_new_int64((int64_t)stats->member));
	COUNTS(ADD)
#undef ADD
	json_object_object_add(object, "findings", findings_to_json(&session->findings));
	if (session->transcript) {
		lines = transcript_finish(session->transcript, digest);
		json_object_object_add(object, "transcript_lines",
				       json_object_new_int64((int64_t)lines));
		json_object_object_add(object, "transcript_digest", json_object_new_string(digest));
	}
	if (strcmp(o->report, "-"))
		file = fopen(o->report, "we");
	if (!file || fprintf(file, "%s\n",
			     json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY)) < 0)
		ret = -errno;
	if (file && (file == stdout ? fflush(file) : fclose(file)))
		ret = -errno;
	if (ret)
		tool_error("%s: %s", o->report, strerror(-ret));
	json_object_put(object);
	return ret;
}

static int finish(struct session *session, const struct agx_vgpu *vgpu, int ret)
{
	const struct vgpu_options *o = session->options;
	struct agx_vgpu_stats stats;
	int status = ret < 0 ? AGX_EXIT_USAGE : AGX_EXIT_OK;

	agx_vgpu_get_stats(vgpu, &stats);
	if (ret < 0)
		tool_error("the machine is given up: %s", strerror(-ret));
	if (session->findings.total && (o->strict || o->log >= AGX_VGPU_LOG_WARN)) {
		tool_warning("%" PRIu64 " finding%s of the firmware model:",
			     session->findings.total, session->findings.total == 1 ? "" : "s");
		findings_print(stderr, &session->findings);
	}
	if (o->stats)
		print_stats(&stats);
	if (o->report && write_report(session, &stats, ret < 0 ? strerror(-ret) : "stopped"))
		status = AGX_EXIT_USAGE;
	if (session->findings.total && o->strict && status == AGX_EXIT_OK)
		status = AGX_EXIT_FAILED;
	return status;
}

static int run(struct vgpu_options *o, struct session *session)
{
	struct agx_vgpu *vgpu;
	char error[512];
	int ret, status;

	ret = agx_vgpu_create(&o->config, &vgpu, error, sizeof(error));
	if (ret) {
		tool_error("%s", error[0] ? error : strerror(-ret));
		return AGX_EXIT_USAGE;
	}
	running = vgpu;
	catch_signals();
	tell_ready(o);
	do
		ret = agx_vgpu_turn(vgpu, -1);
	while (ret > 0);
	status = finish(session, vgpu, ret);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	running = NULL;
	agx_vgpu_destroy(vgpu);
	return status;
}

int cmd_vgpu(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.doc = "Is the coprocessor and the GPU of a virtual machine: the other end of QEMU's "
		       "ivshmem-doorbell device, with the machine's RAM mapped.\vEnds with SIGTERM, "
		       "SIGINT, or with --once when the machine has gone. The exit status is 0; 1 "
		       "with --strict when there were findings; 2 for wrong usage, or when the host "
		       "lacks something.",
	};
	struct vgpu_options o = {
		.ready_fd = -1,
		.log = AGX_VGPU_LOG_WARN,
		.config = {.ram = -1, .listen = -1, .ram_base = AGX_VGPU_RAM_BASE, .exec = true},
	};
	struct session session = {.options = &o};
	int status = AGX_EXIT_USAGE;

	argp_err_exit_status = AGX_EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	describe_chip(&o);
	o.config.log = log_line;
	o.config.finding = add_finding;
	o.config.rules = o.rules_file ? read_rules : NULL;
	o.config.cookie = &session;
	if (!open_files(&o, &session))
		status = run(&o, &session);
	if (session.transcript_file && fclose(session.transcript_file) && status == AGX_EXIT_OK) {
		tool_error("--transcript %s: %s", o.transcript, strerror(errno));
		status = AGX_EXIT_USAGE;
	}
	transcript_destroy(session.transcript);
	if (o.socket && o.config.listen >= 0)
		unlink(o.socket);
	return status;
}
