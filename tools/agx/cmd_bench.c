// SPDX-License-Identifier: MIT
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <xf86drm.h>

#include "agx.h"
#include "asahi_drm.h"
#include "bench_ops.h"

#define FIRST_NODE 128
#define LAST_NODE  191

#define MAX_ROUNDS 1000
#define MAX_RUNS   (1u << 24) /* in a round */

struct options {
	const char *node;
	bool json;
	unsigned int rounds;
	unsigned int ms; /* that a round takes at least */
};

struct figures {
	double best, median; /* ns for one part */
	unsigned int runs;   /* in each round */
};

/* A descriptor of path if its driver is asahi, otherwise a negative errno. */
static int open_asahi(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	drmVersionPtr version;
	bool good;

	if (fd < 0)
		return -errno;
	version = drmGetVersion(fd);
	good = version && !strcmp(version->name, "asahi");
	drmFreeVersion(version);
	if (good)
		return fd;
	close(fd);
	return -ENODEV;
}

static int open_first(char *path, size_t size)
{
	int fd = -ENODEV;

	for (int number = FIRST_NODE; fd < 0 && number <= LAST_NODE; number++) {
		snprintf(path, size, "/dev/dri/renderD%d", number);
		fd = open_asahi(path);
	}
	return fd;
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* ns that runs of op take together, or a negative errno. */
static double time_runs(struct bench_client *client, const struct bench_op *op, unsigned int runs)
{
	double start = now_ns();

	for (unsigned int i = 0; i < runs; i++) {
		int ret = op->run(client);

		if (ret)
			return ret;
	}
	return now_ns() - start;
}

static int measure(struct bench_client *client, const struct bench_op *op,
		   const struct options *options, double *rounds, struct figures *out)
{
	unsigned int runs = 1;
	double ns;

	/* As many as fill a round; the first of them, which may make things, are not counted. */
	for (;;) {
		ns = time_runs(client, op, runs);
		if (ns < 0)
			return (int)ns;
		if (ns >= options->ms * 1e6 || runs >= MAX_RUNS)
			break;
		runs *= 2;
	}
	for (unsigned int i = 0; i < options->rounds; i++) {
		ns = time_runs(client, op, runs);
		if (ns < 0)
			return (int)ns;
		rounds[i] = ns / runs / op->parts;
	}
	qsort(rounds, options->rounds, sizeof(*rounds), compare_doubles);
	out->best = rounds[0];
	out->median = rounds[options->rounds / 2];
	out->runs = runs;
	return 0;
}

static void add_result(struct json_object *list, const struct bench_op *op,
		       const struct figures *figures, const struct figures *baseline)
{
	struct json_object *item = json_object_new_object();

	json_object_object_add(item, "name", json_object_new_string(op->name));
	json_object_object_add(item, "summary", json_object_new_string(op->summary));
	json_object_object_add(item, "best_ns", json_object_new_double(figures->best));
	json_object_object_add(item, "median_ns", json_object_new_double(figures->median));
	json_object_object_add(item, "ratio",
			       json_object_new_double(figures->median / baseline->median));
	json_object_object_add(item, "runs",
			       json_object_new_int64((int64_t)figures->runs * op->parts));
	json_object_array_add(list, item);
}

static int run_all(struct bench_client *client, const struct options *options,
		   struct json_object *list)
{
	double *rounds = calloc(options->rounds, sizeof(*rounds));
	struct figures baseline = {0}, figures;
	const struct bench_op *op;
	int ret = 0;

	if (!rounds)
		return -ENOMEM;
	if (!list)
		printf("%-36s %12s %12s %10s\n", "", "best", "median", "x VERSION");
	for (op = bench_ops; op->name; op++) {
		ret = measure(client, op, options, rounds, &figures);
		if (ret) {
			agx_error("%s: %s", op->summary, strerror(-ret));
			break;
		}
		if (op == bench_ops)
			baseline = figures;
		if (list)
			add_result(list, op, &figures, &baseline);
		else
			printf("%-36s %9.0f ns %9.0f ns %10.1f\n", op->summary, figures.best,
			       figures.median, figures.median / baseline.median);
		fflush(stdout);
	}
	free(rounds);
	if (ret)
		return ret;
	ret = bench_client_status(client);
	if (ret)
		agx_error("the last submission's fence: %s", strerror(-ret));
	return ret;
}

static struct json_object *describe(const char *path, int fd, const struct options *options)
{
	struct json_object *root = json_object_new_object();
	struct drm_asahi_params_global params = {0};
	struct drm_asahi_get_params get = {.pointer = (uintptr_t)&params, .size = sizeof(params)};
	struct utsname system = {0};
	char chip[16];

	json_object_object_add(root, "version", json_object_new_string(agx_version));
	json_object_object_add(root, "node", json_object_new_string(path));
	if (!drmIoctl(fd, DRM_IOCTL_ASAHI_GET_PARAMS, &get)) {
		snprintf(chip, sizeof(chip), "0x%" PRIx32, params.chip_id);
		json_object_object_add(root, "chip_id", json_object_new_string(chip));
	}
	uname(&system);
	json_object_object_add(root, "kernel", json_object_new_string(system.release));
	json_object_object_add(root, "machine", json_object_new_string(system.machine));
	json_object_object_add(root, "rounds", json_object_new_int64(options->rounds));
	json_object_object_add(root, "round_ms", json_object_new_int64(options->ms));
	return root;
}

static int bench(const char *path, int fd, const struct options *options)
{
	struct json_object *root = NULL, *list = NULL;
	struct bench_client client;
	const char *what;
	int ret = bench_client_init(&client, fd, &what);

	if (ret) {
		agx_error("%s: %s: %s", path, what, strerror(-ret));
		return AGX_EXIT_FAILED;
	}
	if (options->json) {
		root = describe(path, fd, options);
		list = json_object_new_array();
		json_object_object_add(root, "results", list);
	}
	ret = run_all(&client, options, list);
	if (root && !ret)
		printf("%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	json_object_put(root);
	return ret ? AGX_EXIT_FAILED : AGX_EXIT_OK;
}

static const struct argp_option option_table[] = {
	{"json", 'j', NULL, 0, "the figures as JSON", 0},
	{"node", 'n', "PATH", 0, "the node to measure (the first render node of asahi)", 0},
	{"rounds", 'r', "N", 0, "rounds of each operation; the median counts (5)", 0},
	{"time", 't', "MS", 0, "milliseconds that a round takes at least (20)", 0},
	{0},
};

static unsigned int parse_number(struct argp_state *state, const char *name, const char *text,
				 unsigned int max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!*text || *end || *text == '-' || value < 1 || value > max)
		argp_error(state, "--%s: expected 1 to %u, got \"%s\"", name, max, text);
	return (unsigned int)value;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'j':
		options->json = true;
		return 0;
	case 'n':
		options->node = arg;
		return 0;
	case 'r':
		options->rounds = parse_number(state, "rounds", arg, MAX_ROUNDS);
		return 0;
	case 't':
		options->ms = parse_number(state, "time", arg, 60000);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument \"%s\"", arg);
	}
	return ARGP_ERR_UNKNOWN;
}

int cmd_bench(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse,
		.doc = "Measures what a node's ioctls and submissions cost, against an ioctl that "
		       "every DRM driver has, in the same run.",
	};
	struct options options = {.rounds = 5, .ms = 20};
	char found[32];
	const char *path;
	int fd, status;

	argp_err_exit_status = AGX_EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	path = options.node ? options.node : found;
	fd = options.node ? open_asahi(path) : open_first(found, sizeof(found));
	if (fd < 0 && options.node) {
		agx_error("%s: %s", path,
			  fd == -ENODEV ? "not a node of the asahi driver" : strerror(-fd));
		return AGX_EXIT_USAGE;
	}
	if (fd < 0) {
		agx_error(
			"no render node of the asahi driver; a virtual one: agx run -- agx bench");
		return AGX_EXIT_USAGE;
	}
	status = bench(path, fd, &options);
	close(fd);
	return status;
}
