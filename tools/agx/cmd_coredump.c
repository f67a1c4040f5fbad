// SPDX-License-Identifier: MIT
#include <argp.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx.h"
#include "coredump.h"

struct options {
	const char *file;
	bool json, memory;
};

static const struct argp_option options[] = {
	{"json", 'j', NULL, 0, "everything, as JSON", 0},
	{"memory", 'm', NULL, 0, "also print the bytes of the firmware's memory", 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	switch (key) {
	case 'j':
		opts->json = true;
		return 0;
	case 'm':
		opts->memory = true;
		return 0;
	case ARGP_KEY_ARG:
		if (opts->file)
			argp_error(state, "one file only");
		opts->file = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no file");
	}
	return ARGP_ERR_UNKNOWN;
}

/* All of it: a device of the kernel's does not tell its size. NULL with errno. */
static uint8_t *read_file(FILE *file, size_t *size)
{
	uint8_t *bytes = malloc(ASAHI_COREDUMP_MAX_SIZE + 1), *smaller;

	if (!bytes)
		return NULL;
	*size = fread(bytes, 1, ASAHI_COREDUMP_MAX_SIZE + 1, file);
	if (ferror(file)) {
		free(bytes);
		return NULL;
	}
	/* So that a check for reads past the end sees the true one. */
	smaller = realloc(bytes, *size ? *size : 1);
	return smaller ? smaller : bytes;
}

static int print_json(const struct coredump *dump)
{
	struct json_object *root = coredump_json(dump);

	if (!root)
		return -ENOMEM;
	printf("%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	json_object_put(root);
	return 0;
}

int cmd_coredump(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "FILE",
		.doc = "Tells what is in a device core dump of the kernel module asahi.ko. "
		       "FILE - is standard input.",
	};
	struct options opts = {0};
	struct coredump_error error;
	struct coredump dump;
	uint8_t *bytes;
	size_t size;
	FILE *file;
	int ret;

	argp_err_exit_status = AGX_EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	file = strcmp(opts.file, "-") ? fopen(opts.file, "rb") : stdin;
	if (!file) {
		tool_error("%s: %s", opts.file, strerror(errno));
		return AGX_EXIT_USAGE;
	}
	bytes = read_file(file, &size);
	if (!bytes)
		tool_error("%s: %s", opts.file, strerror(errno));
	if (file != stdin)
		fclose(file);
	if (!bytes)
		return AGX_EXIT_USAGE;

	if (size > ASAHI_COREDUMP_MAX_SIZE) {
		tool_error("%s: more than %u bytes: not a core dump of asahi.ko", opts.file,
			   ASAHI_COREDUMP_MAX_SIZE);
		ret = -EBADMSG;
	} else {
		ret = coredump_check(bytes, size, &dump, &error);
		if (ret)
			tool_error("%s: %s", opts.file, error.text);
	}
	if (!ret) {
		ret = opts.json ? print_json(&dump) : coredump_print(&dump, opts.memory, stdout);
		if (!ret && (fflush(stdout) || ferror(stdout)))
			ret = -EIO;
		if (ret)
			tool_error("%s: %s", opts.file, strerror(-ret));
	}
	free(bytes);
	if (ret == -EBADMSG)
		return AGX_EXIT_DAMAGED;
	return ret ? AGX_EXIT_USAGE : AGX_EXIT_OK;
}
