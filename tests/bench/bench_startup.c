// SPDX-License-Identifier: MIT
/*
 * What it takes to start a command: bench-startup AGX TRIVIAL
 *
 * From posix_spawn() to the end of the process, the best and the median of many runs in turn with
 * a program that does nothing. Aim: under 5 ms.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS 300

extern char **environ;

struct command {
	const char *name;
	char *argv[4];
	double times[RUNS];
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static double run(struct command *command)
{
	posix_spawn_file_actions_t actions;
	double start = now();
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawn(&pid, command->argv[0], &actions, NULL, command->argv, environ)) {
		perror(command->argv[0]);
		exit(2);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status)) {
		fprintf(stderr, "bench-startup: %s has failed\n", command->name);
		exit(1);
	}
	posix_spawn_file_actions_destroy(&actions);
	return now() - start;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	static struct command commands[] = {
		{.name = "a program that does nothing"},
		{.name = "agx --version", .argv = {NULL, "--version"}},
		{.name = "agx decode --help", .argv = {NULL, "decode", "--help"}},
		{.name = "agx disasm --help", .argv = {NULL, "disasm", "--help"}},
	};
	const size_t count = sizeof(commands) / sizeof(commands[0]);
	double baseline;
	size_t i, n;

	if (argc != 3) {
		fprintf(stderr, "usage: bench-startup AGX TRIVIAL\n");
		return 2;
	}
	commands[0].argv[0] = argv[2];
	for (i = 1; i < count; i++)
		commands[i].argv[0] = argv[1];
	/* In turn, so that what else the machine does hits all of them. */
	for (n = 0; n < RUNS; n++)
		for (i = 0; i < count; i++)
			commands[i].times[n] = run(&commands[i]);
	for (i = 0; i < count; i++)
		qsort(commands[i].times, RUNS, sizeof(double), compare);
	baseline = commands[0].times[RUNS / 2];
	for (i = 0; i < count; i++)
		printf("%-28s %6.2f ms median, %6.2f ms best, ratio %.2f\n", commands[i].name,
		       commands[i].times[RUNS / 2] * 1e3, commands[i].times[0] * 1e3,
		       commands[i].times[RUNS / 2] / baseline);
	return 0;
}
