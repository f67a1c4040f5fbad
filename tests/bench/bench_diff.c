// SPDX-License-Identifier: MIT
/*
 * Speed of comparing two traces on one core: bench-diff FILE...
 *
 * Each trace is made large by repeating its submissions, and compared with itself and with one that
 * has a round less.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "agx_diff.h"
#include "repeat_trace.h"

#define SUBMITS 2000

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

struct large {
	char path[32];
	uint64_t submits;
};

static void repeat(const char *path, unsigned int rounds, struct large *large)
{
	int fd = memfd_create("trace", MFD_CLOEXEC);

	if (fd < 0) {
		perror("memfd_create");
		exit(2);
	}
	large->submits = repeat_trace(path, rounds, fd);
	snprintf(large->path, sizeof(large->path), "/proc/self/fd/%d", fd);
}

static void compare(const struct large *a, const struct large *b, const char *what)
{
	struct agx_diff_options options = {0};
	struct agx_trace_error error = {0};
	struct agx_diff *diff;
	unsigned int failed;
	double start = now(), took;
	char text[256];

	for (int i = 0; i < DIFF_TOPICS; i++)
		options.topics[i] = true;
	if (agx_diff_create(a->path, b->path, &options, &diff, &error, &failed)) {
		fprintf(stderr, "bench-diff: %s\n",
			agx_trace_error_text(&error, text, sizeof(text)));
		exit(2);
	}
	took = now() - start;
	printf("  %-20s %8.3f s, %9.0f submits/s of both, %u hunks\n", what, took,
	       (a->submits + b->submits) / took, agx_diff_hunks(diff));
	agx_diff_destroy(diff);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: bench-diff FILE...: traces\n");
		return 2;
	}
	for (int i = 1; i < argc; i++) {
		const char *slash = strrchr(argv[i], '/');
		struct large once, a, b;
		unsigned int rounds;

		repeat(argv[i], 1, &once);
		rounds = SUBMITS / once.submits + 2;
		repeat(argv[i], rounds, &a);
		repeat(argv[i], rounds - 1, &b);
		printf("%s, %llu submits\n", slash ? slash + 1 : argv[i],
		       (unsigned long long)a.submits);
		compare(&a, &a, "with itself");
		compare(&a, &b, "with a round less");
	}
	return 0;
}
