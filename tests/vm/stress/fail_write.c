// SPDX-License-Identifier: MIT
/*
 * A write to a file of sysfs, with every allocation under it failing once: binding a device to its
 * driver, for example, which is its probe.
 *
 * usage: vm-fail-write [--stride K] [--max N] [--undo FILE] FILE TEXT
 *        vm-fail-write [--stride K] [--max N] --module FILE NAME
 *
 * For n = 1, 1 + K, ... until there are fewer, the n-th call that can fail during the write does.
 * The write may succeed or fail as it likes, with any errno. When it succeeded, TEXT is written to
 * the --undo file before the next. At last it must succeed undisturbed. With --module, FILE is a
 * module that is loaded instead, and NAME what it is unloaded by.
 *
 * Exit: 0 all well, 1 not, 77 the kernel has no fault injection.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SKIPPED 77

struct options {
	const char *file, *text, *undo;
	unsigned int stride, max;
	bool module;
};

static int write_text(int fd, const char *text)
{
	size_t length = strlen(text);

	return pwrite(fd, text, length, 0) == (ssize_t)length ? 0 : -errno;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = write_text(fd, text);
	close(fd);
	return ret;
}

/* The operation, on a file that is open, and what takes it back. */
static int operate(const struct options *options, int fd)
{
	if (options->module)
		return syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	return write_text(fd, options->text);
}

static int undo(const struct options *options)
{
	if (options->module)
		return syscall(SYS_delete_module, options->text, O_NONBLOCK) ? -errno : 0;
	return options->undo ? write_file(options->undo, options->text) : 0;
}

static int open_file(const struct options *options)
{
	int fd = open(options->file, (options->module ? O_RDONLY : O_WRONLY) | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int undisturbed(const struct options *options)
{
	int fd = open_file(options), ret;

	if (fd < 0)
		return fd;
	ret = operate(options, fd);
	close(fd);
	return ret;
}

/* The write with the n-th failure. Whether there was one, or a negative errno. */
static int disturbed(const struct options *options, int control, unsigned int n, int *result)
{
	int fd = open_file(options);
	char text[16] = "";
	bool hit;

	if (fd < 0)
		return fd;
	snprintf(text, sizeof(text), "%u", n);
	write_text(control, text);
	*result = operate(options, fd);
	memset(text, 0, sizeof(text));
	/* Reading is a call that can fail as well: then the failure was still to come. */
	hit = pread(control, text, sizeof(text) - 1, 0) > 0 && atoi(text) == 0;
	write_text(control, "0");
	close(fd);
	return hit;
}

static int run(const struct options *options, int control)
{
	unsigned int refused = 0, passed = 0;
	int hit = 1, result = 0, ret;

	for (unsigned int n = 1; hit && n <= options->max; n += options->stride) {
		hit = disturbed(options, control, n, &result);
		if (hit < 0) {
			fprintf(stderr, "%s: %s\n", options->file, strerror(-hit));
			return 1;
		}
		if (hit && result)
			refused++;
		else if (hit)
			passed++;
		else if (result)
			printf("# undisturbed (%u): %s\n", n, strerror(-result));
		ret = result ? 0 : undo(options);
		if (ret) {
			printf("# %u: taking it back: %s\n", n, strerror(-ret));
			return 1;
		}
	}
	ret = undisturbed(options);
	printf("%u refused, %u done all the same; then: %s\n", refused, passed,
	       ret ? strerror(-ret) : "done");
	return ret || hit ? 1 : 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'k':
		options->stride = (unsigned int)strtoul(arg, NULL, 10);
		if (!options->stride)
			argp_error(state, "--stride: got %s, takes a number above 0", arg);
		return 0;
	case 'M':
		options->module = true;
		return 0;
	case 'm':
		options->max = (unsigned int)strtoul(arg, NULL, 10);
		return 0;
	case 'u':
		options->undo = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (!options->file)
			options->file = arg;
		else if (!options->text)
			options->text = arg;
		else
			argp_usage(state);
		return 0;
	case ARGP_KEY_END:
		if (!options->text)
			argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp_option argp_options[] = {
		{"stride", 'k', "K", 0, "only each K-th (1)", 0},
		{"module", 'M', NULL, 0, "load the module FILE, and unload it by its name TEXT", 0},
		{"max", 'm', "N", 0, "give up after the N-th (100000)", 0},
		{"undo", 'u', "FILE", 0, "where to write TEXT to take it back", 0},
		{0},
	};
	const struct argp argp = {
		argp_options, parse, "FILE TEXT", "Writes while every allocation fails once.",
		NULL,         NULL,  NULL};
	struct options options = {.stride = 1, .max = 100000};
	int control;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	control = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (control < 0) {
		fprintf(stderr, "the kernel has no fault injection\n");
		return SKIPPED;
	}
	return run(&options, control);
}
