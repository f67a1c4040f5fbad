// SPDX-License-Identifier: MIT
/*
 * A machine's life: its command's input and output are carried, its kernel's log is kept and
 * looked through, and it is ended when it stands still.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "../vm/protocol.h"
#include "agx.h"
#include "agx_device.h"
#include "vm_processes.h"

#define BUFFER       65536u
#define CONSOLE_KEPT 16384u
#define REPORTS_KEPT 50u

/* Longer silence than this means that it hangs: a boot under a loaded emulator is slow. */
#define BOOT_SECONDS   600
#define SILENT_SECONDS 300
#define END_SECONDS    60

/* What a kernel says when something is wrong with it. */
static const char *const signs[] = {
	"WARNING:",
	"BUG:",
	"Oops",
	"Kernel panic",
	"Call trace:",
	"Unable to handle kernel",
	"KASAN",
	"KCSAN",
	"UBSAN",
	"Unreferenced object",
	"unreferenced object",
	"suspicious kmemleak",
	"new suspected memory leaks",
	"possible circular locking",
	"possible recursive locking",
	"inconsistent lock state",
	"suspicious RCU usage",
	"sleeping function called from invalid context",
	"scheduling while atomic",
	"refcount_t:",
	"blocked for more than",
	"soft lockup",
	"rcu_preempt detected stalls",
	"page allocation failure",
	"list_add corruption",
	"list_del corruption",
	"Bad page state",
};

enum stage {
	STAGE_STARTED,
	STAGE_BOOT,
	STAGE_ROOT,
	STAGE_COMMAND,
	STAGE_STATUS,
	STAGES
};

static const char *const stage_names[STAGES] = {"started", "boot", "root", "command", "end"};

struct line_reader {
	char text[4096];
	size_t used;
};

struct run {
	const struct vm_config *config;
	struct vm_processes processes;
	int signals;
	struct termios before; /* the terminal's settings */
	bool raw, interactive;

	char input[BUFFER];
	size_t input_start, input_end;
	bool input_ended;

	struct line_reader control, log;
	char console[CONSOLE_KEPT + 1];
	size_t console_used;
	FILE *log_file;
	char *reports[REPORTS_KEPT];
	unsigned int report_count;

	uint64_t at[STAGES]; /* monotonic, in ms; 0: not reached */
	uint64_t heard;      /* the last sign of life */
	enum stage stage;
	bool nodeless, broken_output;
	int status, ended_by; /* the command's status, -1: none; the signal that ended us, 0 */
	uint64_t expected[3], got[3]; /* of output, errors and log */
	char failure[1200];
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void fail(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fail(struct run *run, const char *format, ...)
{
	va_list ap;

	if (*run->failure)
		return;
	va_start(ap, format);
	vsnprintf(run->failure, sizeof(run->failure), format, ap);
	va_end(ap);
}

static void reached(struct run *run, enum stage stage)
{
	if (stage <= run->stage && stage != STAGE_STARTED)
		return;
	run->stage = stage;
	run->at[stage] = run->heard = now_ms();
	if (run->config->verbose)
		fprintf(stderr, "agx: %s after %.2f s\n", stage_names[stage],
			(double)(run->at[stage] - run->at[STAGE_STARTED]) / 1000);
}

/* --- The terminal --- */

static void raw_terminal(struct run *run)
{
	struct termios raw;

	if (tcgetattr(0, &run->before))
		return;
	raw = run->before;
	cfmakeraw(&raw);
	run->raw = !tcsetattr(0, TCSANOW, &raw);
}

static void cooked_terminal(struct run *run)
{
	if (run->raw)
		tcsetattr(0, TCSANOW, &run->before);
	run->raw = false;
}

static void terminal_size(char *text, size_t size)
{
	struct winsize window = {.ws_row = 24, .ws_col = 80};

	ioctl(0, TIOCGWINSZ, &window);
	snprintf(text, size, "%u %u", window.ws_row, window.ws_col);
}

static void tell(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(struct run *run, const char *format, ...)
{
	char line[64];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	/* A machine that does not read its few lines of control is not there any more. */
	if (n > 0 && send(run->processes.ports[VM_CONTROL], line, (size_t)n, MSG_NOSIGNAL) != n &&
	    run->config->verbose)
		tool_warning("control: %s", strerror(errno));
}

/* --- What comes from the machine --- */

static void write_output(struct run *run, int fd, const char *data, size_t size)
{
	while (size && !run->broken_output) {
		ssize_t n = write(fd, data, size);
		struct pollfd wait = {fd, POLLOUT, 0};

		if (n > 0) {
			data += n;
			size -= (size_t)n;
		} else if (errno == EAGAIN) {
			poll(&wait, 1, 1000);
		} else if (errno != EINTR) {
			run->broken_output = true;
		}
	}
}

static void keep_report(struct run *run, const char *text)
{
	size_t i;

	for (i = 0; i < sizeof(signs) / sizeof(signs[0]) && !strstr(text, signs[i]); i++)
		;
	if (i == sizeof(signs) / sizeof(signs[0]))
		return;
	if (run->report_count < REPORTS_KEPT)
		run->reports[run->report_count] = strdup(text);
	run->report_count++;
}

/* "6,339,5140900,-;text", with lines of details that begin with a space. */
static void log_line(struct run *run, char *line)
{
	unsigned long long us;
	unsigned int level;
	char text[4200];
	char *body = strchr(line, ';');

	if (*line == ' ' || !body || sscanf(line, "%u,%*u,%llu", &level, &us) != 2)
		return;
	snprintf(text, sizeof(text), "<%u>[%5llu.%06llu] %s", level & 7, us / 1000000, us % 1000000,
		 body + 1);
	if (run->log_file)
		fprintf(run->log_file, "%s\n", text);
	if (run->config->verbose)
		fprintf(stderr, "%s\n", text);
	keep_report(run, text + 3);
}

static bool number_follows(const char **text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(*text, &end, 10);
	if (end == *text || errno)
		return false;
	*text = end;
	return true;
}

static void control_line(struct run *run, char *line)
{
	const char *rest = line + 7;
	uint64_t status;

	run->heard = now_ms();
	if (!strcmp(line, "boot")) {
		reached(run, STAGE_BOOT);
	} else if (!strcmp(line, "root")) {
		reached(run, STAGE_ROOT);
	} else if (!strcmp(line, "started")) {
		reached(run, STAGE_COMMAND);
	} else if (!strcmp(line, "nodeless")) {
		run->nodeless = true;
	} else if (!strncmp(line, "failed ", 7)) {
		fail(run, "the machine: %s", rest);
	} else if (!strncmp(line, "status ", 7) && number_follows(&rest, &status) &&
		   number_follows(&rest, &run->expected[0]) &&
		   number_follows(&rest, &run->expected[1]) &&
		   number_follows(&rest, &run->expected[2])) {
		run->status = (int)(status & 0xff);
		reached(run, STAGE_STATUS);
	}
}

static void feed(struct run *run, struct line_reader *reader, const char *data, size_t size,
		 void (*line)(struct run *run, char *line))
{
	for (; size; data++, size--) {
		if (*data != '\n' && reader->used < sizeof(reader->text) - 1) {
			reader->text[reader->used++] = *data;
		} else if (*data == '\n') {
			reader->text[reader->used] = 0;
			reader->used = 0;
			line(run, reader->text);
		}
	}
}

static void keep_console(struct run *run, const char *data, size_t size)
{
	if (run->config->console)
		write_output(run, 2, data, size);
	if (size > CONSOLE_KEPT) {
		data += size - CONSOLE_KEPT;
		size = CONSOLE_KEPT;
	}
	if (size > CONSOLE_KEPT - run->console_used) {
		size_t drop = size - (CONSOLE_KEPT - run->console_used);

		memmove(run->console, run->console + drop, run->console_used - drop);
		run->console_used -= drop;
	}
	memcpy(run->console + run->console_used, data, size);
	run->console_used += size;
}

/* One piece of what a port has; false when it has ended. */
static bool from_port(struct run *run, enum vm_port port)
{
	char data[BUFFER];
	ssize_t n = recv(run->processes.ports[port], data, sizeof(data), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	switch (port) {
	case VM_CONTROL:
		feed(run, &run->control, data, (size_t)n, control_line);
		break;
	case VM_OUTPUT:
		run->got[0] += (uint64_t)n;
		write_output(run, 1, data, (size_t)n);
		break;
	case VM_ERROR:
		run->got[1] += (uint64_t)n;
		write_output(run, 2, data, (size_t)n);
		break;
	case VM_KLOG:
		run->got[2] += (uint64_t)n;
		feed(run, &run->log, data, (size_t)n, log_line);
		break;
	case VM_CONSOLE:
		keep_console(run, data, (size_t)n);
		break;
	default:
		break;
	}
	return true;
}

/* --- What goes to the machine --- */

static void read_input(struct run *run)
{
	ssize_t n = read(0, run->input, sizeof(run->input));

	if (n > 0) {
		run->input_start = 0;
		run->input_end = (size_t)n;
	} else if (!n || (errno != EAGAIN && errno != EINTR)) {
		run->input_ended = true;
		shutdown(run->processes.ports[VM_INPUT], SHUT_WR);
	}
}

static void send_input(struct run *run)
{
	ssize_t n = send(run->processes.ports[VM_INPUT], run->input + run->input_start,
			 run->input_end - run->input_start, MSG_NOSIGNAL);

	if (n > 0) {
		run->input_start += (size_t)n;
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		run->input_start = run->input_end;
		run->input_ended = true;
	}
}

/* --- Signals and time --- */

static void take_signals(struct run *run)
{
	struct signalfd_siginfo info;
	char size[32];

	while (read(run->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGWINCH) {
			terminal_size(size, sizeof(size));
			tell(run, "size %s\n", size);
		} else if (info.ssi_signo != SIGCHLD) {
			run->ended_by = (int)info.ssi_signo;
		}
	}
}

/* True while QEMU runs. */
static bool alive(struct run *run)
{
	int status;

	if (run->processes.qemu > 0 && waitpid(run->processes.qemu, &status, WNOHANG) > 0) {
		run->processes.qemu = 0;
		if (WIFSIGNALED(status))
			fail(run, "QEMU was ended by signal %d (%s)", WTERMSIG(status),
			     strsignal(WTERMSIG(status)));
		else if (WEXITSTATUS(status))
			fail(run, "QEMU ended with status %d", WEXITSTATUS(status));
	}
	return run->processes.qemu > 0;
}

static bool complete(const struct run *run)
{
	return run->status >= 0 && run->got[0] >= run->expected[0] &&
	       run->got[1] >= run->expected[1] && run->got[2] >= run->expected[2];
}

static void check_time(struct run *run)
{
	uint64_t now = now_ms(), silent = (now - run->heard) / 1000;
	uint64_t age = (now - run->at[STAGE_STARTED]) / 1000;

	if (run->config->timeout && age >= run->config->timeout && run->status < 0)
		fail(run, "the machine's time (--timeout %u) is over", run->config->timeout);
	else if (run->stage < STAGE_COMMAND && age > BOOT_SECONDS)
		fail(run, "the machine has not started the command in %u s", BOOT_SECONDS);
	else if (run->stage == STAGE_COMMAND && silent > SILENT_SECONDS)
		fail(run, "the machine hangs: no sign of life for %u s", SILENT_SECONDS);
	else if (run->stage == STAGE_STATUS && silent > END_SECONDS)
		fail(run, "the machine has not switched itself off in %u s", END_SECONDS);
}

static void loop(struct run *run)
{
	bool open[VM_PORTS];
	unsigned int i, left = VM_PORTS;

	for (i = 0; i < VM_PORTS; i++)
		open[i] = true;
	/* The ports are closed by QEMU's end, and what was in them is read until then. */
	while (left && !run->ended_by && !*run->failure && !run->broken_output) {
		struct pollfd fds[VM_PORTS + 2];
		bool pending = run->input_start != run->input_end;

		for (i = 0; i < VM_PORTS; i++)
			fds[i] = (struct pollfd){open[i] ? run->processes.ports[i] : -1, POLLIN, 0};
		if (pending)
			fds[VM_INPUT].events |= POLLOUT;
		fds[VM_PORTS] = (struct pollfd){run->signals, POLLIN, 0};
		fds[VM_PORTS + 1] = (struct pollfd){
			pending || run->input_ended || run->stage < STAGE_BOOT ? -1 : 0, POLLIN, 0};
		if (poll(fds, VM_PORTS + 2, 1000) < 0 && errno != EINTR)
			fail(run, "poll: %s", strerror(errno));
		for (i = 0; i < VM_PORTS; i++) {
			if (fds[i].revents & (POLLIN | POLLHUP | POLLERR) &&
			    !from_port(run, (enum vm_port)i)) {
				open[i] = false;
				left--;
			}
		}
		if (fds[VM_INPUT].revents & POLLOUT && open[VM_INPUT])
			send_input(run);
		if (fds[VM_PORTS].revents)
			take_signals(run);
		if (fds[VM_PORTS + 1].revents)
			read_input(run);
		alive(run);
		check_time(run);
	}
	if (run->ended_by || *run->failure || run->broken_output)
		return;
	if (run->status < 0)
		fail(run, run->stage < STAGE_COMMAND ? "the machine ended before the command began"
						     : "the machine ended before the command did");
	else if (!complete(run))
		fail(run, "some of what the machine wrote is lost");
}

/* --- Afterwards --- */

static void show_console(struct run *run)
{
	const char *at;
	int lines = 0;

	run->console[run->console_used] = 0;
	for (at = run->console + run->console_used; at > run->console && lines <= 40; at--)
		lines += at[-1] == '\n';
	if (lines > 40)
		at += 2;
	if (!run->config->console && *at)
		fprintf(stderr, "agx: the end of its console:\n%s\n", at);
}

static void show_reports(struct run *run)
{
	unsigned int i;

	if (!run->report_count)
		return;
	tool_warning("the machine's kernel complains (%u line%s):", run->report_count,
		     run->report_count == 1 ? "" : "s");
	for (i = 0; i < run->report_count && i < REPORTS_KEPT; i++)
		fprintf(stderr, "  %s\n", run->reports[i]);
}

static int write_json(struct run *run, int status)
{
	const struct vm_config *config = run->config;
	struct json_object *json = json_object_new_object(), *times = json_object_new_object(),
			   *reports = json_object_new_array();
	FILE *file = strcmp(config->json, "-") ? fopen(config->json, "we") : stdout;
	unsigned int i;
	int ret = 0;

	for (i = STAGE_BOOT; i < STAGES; i++)
		if (run->at[i])
			json_object_object_add(
				times, stage_names[i],
				json_object_new_double(
					(double)(run->at[i] - run->at[STAGE_STARTED]) / 1000));
	for (i = 0; i < run->report_count && i < REPORTS_KEPT; i++)
		json_object_array_add(
			reports, json_object_new_string(run->reports[i] ? run->reports[i] : ""));
	json_object_object_add(json, "kernel", json_object_new_string(config->kernel.release));
	if (config->device) {
		json_object_object_add(json, "gpu",
				       json_object_new_string(config->device->soc->name));
		json_object_object_add(json, "firmware", json_object_new_string(config->firmware));
	}
	json_object_object_add(json, "status", json_object_new_int(status));
	if (*run->failure)
		json_object_object_add(json, "failure", json_object_new_string(run->failure));
	json_object_object_add(json, "seconds", times);
	json_object_object_add(json, "kernel_reports", reports);
	if (!file || fprintf(file, "%s\n",
			     json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY)) < 0)
		ret = -errno;
	if (file && (file == stdout ? fflush(file) : fclose(file)))
		ret = -errno;
	if (ret)
		tool_error("--json %s: %s", config->json, strerror(-ret));
	json_object_put(json);
	return ret;
}

static int conclude(struct run *run, int vgpu)
{
	bool found = WIFEXITED(vgpu) && WEXITSTATUS(vgpu) == AGX_EXIT_FAILED;

	if (run->ended_by)
		return 128 + run->ended_by;
	if (run->broken_output)
		return 128 + SIGPIPE;
	if (WIFSIGNALED(vgpu))
		fail(run, "the virtual GPU was ended by signal %d (%s)", WTERMSIG(vgpu),
		     strsignal(WTERMSIG(vgpu)));
	else if (WEXITSTATUS(vgpu) && !found)
		fail(run, "the virtual GPU ended with status %d", WEXITSTATUS(vgpu));
	if (*run->failure) {
		tool_error("%s", run->failure);
		show_console(run);
	}
	if (run->nodeless)
		tool_warning("the module is loaded, but no render node has appeared");
	show_reports(run);
	if (*run->failure)
		return AGX_EXIT_USAGE;
	if (run->config->strict && !run->status && (found || run->report_count))
		return AGX_EXIT_FAILED;
	return run->status;
}

static int block_signals(void)
{
	static const int taken[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD, SIGWINCH};
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		sigaddset(&set, taken[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int vm_run(const struct vm_config *config)
{
	struct run *run = calloc(1, sizeof(*run));
	char error[1024], size[32];
	int status = AGX_EXIT_USAGE, vgpu;
	unsigned int i;

	if (!run)
		return AGX_EXIT_USAGE;
	run->config = config;
	run->status = -1;
	run->interactive = !config->command;
	if (config->kernel_log) {
		run->log_file = fopen(config->kernel_log, "we");
		if (!run->log_file) {
			tool_error("--kernel-log %s: %s", config->kernel_log, strerror(errno));
			goto out;
		}
	}
	run->signals = block_signals();
	terminal_size(size, sizeof(size));
	reached(run, STAGE_STARTED);
	if (vm_processes_start(config, run->interactive ? size : NULL, &run->processes, error,
			       sizeof(error))) {
		tool_error("%s", error);
		vm_processes_stop(&run->processes);
		goto out;
	}
	if (run->interactive && isatty(0))
		raw_terminal(run);
	loop(run);
	cooked_terminal(run);
	vgpu = vm_processes_stop(&run->processes);
	status = conclude(run, vgpu);
	if (config->json && write_json(run, status) && !status)
		status = AGX_EXIT_USAGE;
out:
	if (run->log_file && fclose(run->log_file))
		tool_error("--kernel-log %s: %s", config->kernel_log, strerror(errno));
	for (i = 0; i < REPORTS_KEPT; i++)
		free(run->reports[i]);
	free(run);
	return status;
}
