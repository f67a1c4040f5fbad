// SPDX-License-Identifier: MIT
#include <argp.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx.h"

const char tool_version[] = AGX_VERSION;

static const struct agx_subcommand commands[] = {
	{"info", "[--json]", "list GPUs: real ones and the SoCs that can be modelled", cmd_info},
	{"run", "[OPTION…] -- CMD…", "run a program on a virtual GPU", cmd_run},
	{"capture", "-o FILE [OPTION…] -- CMD…", "record what a program submits", cmd_capture},
	{"replay", "FILE|DIR… [OPTION…]", "replay traces and check every result", cmd_replay},
	{"decode", "FILE [OPTION…]",
	 "read what was submitted: streams, state, descriptors, shaders", cmd_decode},
	{"diff", "A B [OPTION…]", "tell what changed in meaning between two traces", cmd_diff},
	{"disasm", "FILE|- [OPTION…]", "disassemble shader code", cmd_disasm},
	{"asm", "FILE -o OUT [OPTION…]", "assemble shader code", cmd_asm},
	{"compute", "FILE|- [OPTION…]", "run a compute shader and show what it did", cmd_compute},
	{"bench", "[--node PATH] [--json]", "measure a node", cmd_bench},
	{"trace", "COMMAND …", "inspect, verify, trim and extract from trace files", cmd_trace},
	{"vm", "[OPTION…] [-- CMD…]", "boot a machine whose GPU is virtual", cmd_vm},
	{"vgpu", "[OPTION…]", "be the coprocessor and the GPU of a virtual machine", cmd_vgpu},
	{"coredump", "FILE [--json]", "tell what is in a core dump of the kernel module",
	 cmd_coredump},
	{"doctor", "[--json]", "is this Mac what the kernel module expects?", cmd_doctor},
};

static const size_t commands_count = sizeof(commands) / sizeof(commands[0]);

static void vmessage(const char *kind, const char *format, va_list ap)
{
	char text[1024];

	vsnprintf(text, sizeof(text), format, ap);
	fprintf(stderr, "agx: %s%s\n", kind, text);
}

void tool_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vmessage("", format, ap);
	va_end(ap);
}

void tool_warning(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vmessage("warning: ", format, ap);
	va_end(ap);
}

static void usage(FILE *out)
{
	size_t i;

	fprintf(out,
		"Usage: agx COMMAND [OPTION…]\n"
		"Run, capture and replay what drivers submit to Apple AGX GPUs, with or without one.\n"
		"\nCommands:\n");
	for (i = 0; i < commands_count; i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].summary);
	fprintf(out,
		"\n`agx COMMAND --help` tells a command's options; `man agx` has it all.\n"
		"Exit status: 0 all passed, 1 a check failed, 2 usage or environment, 3 damaged input.\n");
}

int main(int argc, char **argv)
{
	static char name[64];
	size_t i;

	argp_err_exit_status = AGX_EXIT_USAGE;
	if (argc < 2) {
		usage(stderr);
		return AGX_EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		/* `agx help run` is what people type; it means `agx run --help`. */
		if (!strcmp(argv[1], "help") && argc == 3) {
			char *help[] = {argv[0], argv[2], "--help", NULL};

			return main(3, help);
		}
		usage(stdout);
		return AGX_EXIT_OK;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("agx %s\n", tool_version);
		return AGX_EXIT_OK;
	}
	for (i = 0; i < commands_count; i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		snprintf(name, sizeof(name), "agx %s", commands[i].name);
		argv[1] = name;
		program_invocation_name = name;
		return commands[i].run(argc - 1, argv + 1);
	}
	tool_error("no command \"%s\"; `agx --help` lists them", argv[1]);
	return AGX_EXIT_USAGE;
}
