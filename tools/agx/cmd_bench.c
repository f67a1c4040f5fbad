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
#include "bench_device.h"
#include "bench_ops.h"

#define FIRST_NODE 128
#define LAST_NODE  191

#define MAX_ROUNDS 1000
#define MAX_RUNS   (1u << 24) /* in a round */

struct options {
	const char *node, *device, *only;
	bool json;
	unsigned int rounds;
	unsigned int ms; /* that a round takes at least */
};

struct figures {
	double best, median; /* ns for one part */
	unsigned int runs;   /* in each round */
};

static const char *const unit_names[] = {
	[BENCH_NS] = "ns",
	[BENCH_GBS] = "GB/s",
	[BENCH_GOPS] = "GOP/s",
	[BENCH_GFLOPS] = "GFLOP/s",
};

/* Is name among the names of list, which commas divide? Of NULL every one is. */
static bool is_among(const char *name, const char *list)
{
	const size_t length = strlen(name);

	if (!list)
		return true;
	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (!strncmp(at, name, length) && (at[length] == ',' || !at[length]))
			return true;
	}
	return false;
}

static bool any_op(const char *only)
{
	for (const struct bench_op *op = bench_ops; op->name; op++) {
		if (is_among(op->name, only))
			return true;
	}
	return false;
}

static bool any_measure(const char *only)
{
	for (const struct bench_measure *measure = bench_measures; measure->name; measure++) {
		if (is_among(measure->name, only))
			return true;
	}
	return false;
}

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

static int run_ops(struct bench_client *client, const struct options *options,
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
		const bool wanted = is_among(op->name, options->only);

		/* The first is what the others are compared with. */
		if (!wanted && op != bench_ops)
			continue;
		ret = measure(client, op, options, rounds, &figures);
		if (ret) {
			tool_error("%s: %s", op->summary, strerror(-ret));
			break;
		}
		if (op == bench_ops)
			baseline = figures;
		if (list && wanted)
			add_result(list, op, &figures, &baseline);
		else if (wanted)
			printf("%-36s %9.0f ns %9.0f ns %10.1f\n", op->summary, figures.best,
			       figures.median, figures.median / baseline.median);
		fflush(stdout);
	}
	free(rounds);
	if (ret)
		return ret;
	ret = bench_client_status(client);
	if (ret)
		tool_error("the last submission's fence: %s", strerror(-ret));
	return ret;
}

static int bench_node(int fd, const struct options *options, struct json_object *list)
{
	struct bench_client client;
	const char *what;
	int ret = bench_client_init(&client, fd, &what);

	if (ret) {
		tool_error("%s: %s", what, strerror(-ret));
		return ret;
	}
	return run_ops(&client, options, list);
}

static void add_figure(struct json_object *list, const struct bench_measure *measure, double best,
		       double median, double per_cycle)
{
	struct json_object *item = json_object_new_object();

	json_object_object_add(item, "name", json_object_new_string(measure->name));
	json_object_object_add(item, "summary", json_object_new_string(measure->summary));
	json_object_object_add(item, "unit", json_object_new_string(unit_names[measure->unit]));
	json_object_object_add(item, "best", json_object_new_double(best));
	json_object_object_add(item, "median", json_object_new_double(median));
	if (per_cycle > 0)
		json_object_object_add(item, "per_core_cycle", json_object_new_double(per_cycle));
	json_object_array_add(list, item);
}

static void print_figure(const struct bench_measure *measure, double best, double median,
			 double per_cycle)
{
	const int digits = measure->unit == BENCH_NS ? 0 : 2;

	printf("%-36s %12.*f %12.*f %-8s", measure->summary, digits, best, digits, median,
	       unit_names[measure->unit]);
	if (per_cycle > 0)
		printf(" %8.2f", per_cycle);
	printf("\n");
	fflush(stdout);
}

static int bench_gpu(struct bench_device *device, const struct options *options,
		     struct json_object *list)
{
	double *rounds = calloc(options->rounds, sizeof(*rounds));
	const struct bench_measure *measure;
	int ret = rounds ? bench_device_prepare(device, options->ms) : -ENOMEM;

	if (!ret && !list)
		printf("%s%-36s %12s %12s %-8s %8s\n", any_op(options->only) ? "\n" : "",
		       "through libagx", "best", "median", "", "/core/cycle");
	for (measure = bench_measures; !ret && measure->name; measure++) {
		const bool least = measure->unit == BENCH_NS;
		double best, median, per_cycle;

		if (!is_among(measure->name, options->only))
			continue;
		for (unsigned int i = 0; !ret && i < options->rounds; i++)
			ret = measure->run(device, measure, &rounds[i]);
		if (ret)
			break;
		qsort(rounds, options->rounds, sizeof(*rounds), compare_doubles);
		best = rounds[least ? 0 : options->rounds - 1];
		median = rounds[options->rounds / 2];
		per_cycle = bench_device_per_cycle(device, measure, median);
		if (list)
			add_figure(list, measure, best, median, per_cycle);
		else
			print_figure(measure, best, median, per_cycle);
	}
	if (ret)
		tool_error("%s: %s", measure->name ? measure->summary : "libagx",
			   *bench_device_message(device) ? bench_device_message(device)
							 : strerror(-ret));
	free(rounds);
	return ret;
}

static struct json_object *describe(const char *name, struct bench_device *device,
				    const struct options *options)
{
	struct json_object *root = json_object_new_object();
	struct utsname system = {0};
	char chip[16];

	json_object_object_add(root, "version", json_object_new_string(tool_version));
	json_object_object_add(root, bench_device_fd(device) >= 0 ? "node" : "device",
			       json_object_new_string(name));
	snprintf(chip, sizeof(chip), "0x%" PRIx32, bench_device_chip_id(device));
	json_object_object_add(root, "chip_id", json_object_new_string(chip));
	json_object_object_add(root, "gpu", json_object_new_string(bench_device_chip(device)));
	uname(&system);
	json_object_object_add(root, "kernel", json_object_new_string(system.release));
	json_object_object_add(root, "machine", json_object_new_string(system.machine));
	json_object_object_add(root, "rounds", json_object_new_int64(options->rounds));
	json_object_object_add(root, "round_ms", json_object_new_int64(options->ms));
	return root;
}

static int bench(const char *name, struct bench_device *device, const struct options *options)
{
	const int fd = bench_device_fd(device);
	struct json_object *root = NULL, *list = NULL, *gpu = NULL;
	int ret = 0;

	if (options->json) {
		root = describe(name, device, options);
		list = json_object_new_array();
		gpu = json_object_new_array();
		json_object_object_add(root, "results", list);
		json_object_object_add(root, "gpu_results", gpu);
	} else {
		printf("%s: %s %s\n", name, bench_device_chip(device),
		       bench_device_product(device));
	}
	/* A virtual GPU of this process has no node to measure. */
	if (fd >= 0 && any_op(options->only))
		ret = bench_node(fd, options, list);
	if (!ret && any_measure(options->only))
		ret = bench_gpu(device, options, gpu);
	if (root && !ret)
		printf("%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	json_object_put(root);
	return ret ? AGX_EXIT_FAILED : AGX_EXIT_OK;
}

static const struct argp_option option_table[] = {
	{"device", 'd', "NAME", 0, "a device by name, virtual GPUs too: t8103, t6020@13.5", 0},
	{"json", 'j', NULL, 0, "the figures as JSON", 0},
	{"node", 'n', "PATH", 0, "the node to measure (the first render node of asahi)", 0},
	{"only", 'o', "NAMES", 0, "measure these only, as --json names them, with commas", 0},
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

static void check_names(struct argp_state *state, const char *names)
{
	char *copy = strdup(names), *rest = copy, *name;

	while (copy && (name = strsep(&rest, ","))) {
		if (!*name || (!any_op(name) && !any_measure(name)))
			argp_error(state, "--only: nothing is named \"%s\"", name);
	}
	free(copy);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'd':
		options->device = arg;
		return 0;
	case 'o':
		check_names(state, arg);
		options->only = arg;
		return 0;
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
	case ARGP_KEY_END:
		if (options->node && options->device)
			argp_error(state, "--node and --device: one of them");
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
		       "every DRM driver has, in the same run; then the GPU: how long submissions "
		       "and dispatches take, and how fast it moves memory and calculates.",
	};
	struct options options = {.rounds = 5, .ms = 20};
	struct bench_device *device;
	char found[32];
	const char *name;
	int fd, status;

	argp_err_exit_status = AGX_EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	name = options.device ? options.device : options.node ? options.node : found;
	if (!options.device) {
		fd = options.node ? open_asahi(name) : open_first(found, sizeof(found));
		if (fd < 0 && options.node)
			tool_error("%s: %s", name,
				   fd == -ENODEV ? "not a node of the asahi driver"
						 : strerror(-fd));
		else if (fd < 0)
			tool_error(
				"no render node of the asahi driver; virtual ones: agx run -- agx "
				"bench, or agx bench --device t8103");
		if (fd < 0)
			return AGX_EXIT_USAGE;
		close(fd);
	}
	if (bench_device_open(&device, name)) {
		tool_error("%s: %s", name, bench_device_message(device));
		status = AGX_EXIT_USAGE;
	} else {
		status = bench(name, device, &options);
	}
	bench_device_free(device);
	return status;
}
