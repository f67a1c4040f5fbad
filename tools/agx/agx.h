/* SPDX-License-Identifier: MIT */
/* The agx command: one table of sub-commands, and what they share. */
#ifndef AGX_H
#define AGX_H

#include <stdbool.h>

/* Exit status of every sub-command. */
enum agx_exit {
	AGX_EXIT_OK = 0,
	AGX_EXIT_FAILED = 1,  /* a check failed */
	AGX_EXIT_USAGE = 2,   /* wrong usage, or the environment lacks something */
	AGX_EXIT_DAMAGED = 3, /* an input file is damaged */
};

struct agx_subcommand {
	const char *name;
	const char *args;                  /* synopsis after the name */
	const char *summary;               /* one line, for `agx --help` */
	int (*run)(int argc, char **argv); /* argv[0] is "agx NAME"; returns an exit status */
};

int cmd_asm(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_capture(int argc, char **argv);
int cmd_compute(int argc, char **argv);
int cmd_coredump(int argc, char **argv);
int cmd_decode(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_disasm(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_trace(int argc, char **argv);
int cmd_vgpu(int argc, char **argv);
int cmd_vm(int argc, char **argv);

/*
 * printf to standard error, prefixed with "agx: " and ended with a newline. Messages say what
 * failed, where, what was expected and what was found.
 */
void tool_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void tool_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The version of this build, "0.1.0". */
extern const char tool_version[];

#endif
