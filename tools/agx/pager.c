// SPDX-License-Identifier: MIT
/*
 * The pager is a child that reads a pipe, which becomes our standard output, and our standard
 * error where that is the terminal too: messages would be lost below what the pager draws.
 * Whoever quits the pager wants no more output: the next write raises SIGPIPE, which ends the
 * command quietly. Signals from the keyboard are for the pager; when one ends us we wait for it
 * first, as the terminal is still its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agx.h"
#include "pager.h"

#define OUTPUT_BUFFER (64 << 10)

static pid_t pager;
static int saved_stderr = -1;

enum {
	OPT_COLOUR = 0x700,
	OPT_NO_COLOUR,
	OPT_NO_PAGER,
};

static const struct argp_option options[] = {
	{"colour", OPT_COLOUR, "WHEN", OPTION_ARG_OPTIONAL,
	 "colours: auto (on a terminal, the default), always, never", 0},
	{"color", OPT_COLOUR, "WHEN", OPTION_ALIAS | OPTION_ARG_OPTIONAL | OPTION_HIDDEN, NULL, 0},
	{"no-colour", OPT_NO_COLOUR, NULL, 0, "no colours, as --colour=never", 0},
	{"no-color", OPT_NO_COLOUR, NULL, OPTION_ALIAS | OPTION_HIDDEN, NULL, 0},
	{"no-pager", OPT_NO_PAGER, NULL, 0, "print to the terminal directly", 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct agx_display *output = state->input;

	switch (key) {
	case OPT_COLOUR:
		if (!arg || !strcmp(arg, "always"))
			output->colour = AGX_COLOUR_ALWAYS;
		else if (!strcmp(arg, "never"))
			output->colour = AGX_COLOUR_NEVER;
		else if (!strcmp(arg, "auto"))
			output->colour = AGX_COLOUR_AUTO;
		else
			argp_error(state, "--colour=%s: it is auto, always or never", arg);
		return 0;
	case OPT_NO_COLOUR:
		output->colour = AGX_COLOUR_NEVER;
		return 0;
	case OPT_NO_PAGER:
		output->no_pager = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp agx_output_argp = {
	.options = options,
	.parser = parse,
};

static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value;
}

static bool wants_colour(const struct agx_display *output, bool terminal)
{
	const char *term = getenv("TERM");

	if (output->colour != AGX_COLOUR_AUTO)
		return output->colour == AGX_COLOUR_ALWAYS;
	return terminal && !is_set("NO_COLOR") && term && strcmp(term, "dumb");
}

static unsigned int terminal_columns(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	long value = columns ? strtol(columns, NULL, 10) : 0;

	if (value > 0 && value < 10000)
		return value;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return 80;
}

/* Is there such a program on the path? */
static bool have_program(const char *name)
{
	const char *path = getenv("PATH");
	char file[4096];

	while (path && *path) {
		size_t length = strcspn(path, ":");

		if (length && length + 1 + strlen(name) < sizeof(file)) {
			snprintf(file, sizeof(file), "%.*s/%s", (int)length, path, name);
			if (!access(file, X_OK))
				return true;
		}
		path += length + (path[length] == ':');
	}
	return false;
}

/* The pager's command line, NULL: none. */
static const char *pager_command(void)
{
	const char *command = getenv("AGX_PAGER");

	if (!command)
		command = getenv("PAGER");
	if (!command)
		command = have_program("less") ? "less" : "";
	return *command && strcmp(command, "cat") ? command : NULL;
}

/* Ends the pipe, so that the pager knows that there is no more, and waits for it. */
static void wait_for_pager(void)
{
	int status;

	close(STDOUT_FILENO);
	if (saved_stderr >= 0)
		dup2(saved_stderr, STDERR_FILENO);
	while (waitpid(pager, &status, 0) < 0 && errno == EINTR)
		;
	pager = 0;
}

/* Only async-signal-safe calls from here. */
static void on_signal(int signal)
{
	if (pager)
		wait_for_pager();
	/* Who quits the pager has seen enough: a success, for the shell's prompt too. */
	_exit(signal == SIGPIPE ? AGX_EXIT_OK : 128 + signal);
}

static void on_exit_wait(void)
{
	if (pager) {
		fflush(stdout);
		wait_for_pager();
	}
}

static void start_pager(const char *command)
{
	static const int signals[] = {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction action = {.sa_handler = on_signal};
	bool stderr_too = isatty(STDERR_FILENO);
	size_t i;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return;
	pager = fork();
	if (pager < 0) {
		pager = 0;
		close(fds[0]);
		close(fds[1]);
		return;
	}
	if (!pager) {
		dup2(fds[0], STDIN_FILENO);
		setenv("LESS", "FRX", 0);
		setenv("LV", "-c", 0);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	dup2(fds[1], STDOUT_FILENO);
	if (stderr_too) {
		saved_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
		dup2(fds[1], STDERR_FILENO);
	}
	close(fds[0]);
	close(fds[1]);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	atexit(on_exit_wait);
}

void agx_output_start(struct agx_display *output, bool plain)
{
	bool terminal = isatty(STDOUT_FILENO);
	const char *command;

	output->coloured = wants_colour(output, terminal && !plain);
	output->style = agx_text_style(output->coloured);
	output->columns = terminal ? terminal_columns() : 0;
	command = terminal && !plain && !output->no_pager ? pager_command() : NULL;
	if (command)
		start_pager(command);
	setvbuf(stdout, NULL, _IOFBF, OUTPUT_BUFFER);
}

int agx_output_finish(struct agx_display *output)
{
	int ret = 0;

	if (fflush(stdout))
		ret = -errno;
	else if (ferror(stdout))
		ret = -EIO;
	if (pager)
		wait_for_pager();
	output->style = agx_text_style(false);
	return ret == -EPIPE ? 0 : ret;
}
