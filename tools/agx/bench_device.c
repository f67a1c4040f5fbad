// SPDX-License-Identifier: MIT
#include "bench_device.h"

#include <agx/agx.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_shaders.h"

#define MEMORY     (16u << 20) /* bytes that are moved in one dispatch */
#define PIPELINED  32          /* submissions before the CPU waits */
#define DISPATCHES 256         /* of one command, to see what one costs */
#define TRIES      8           /* of what is compared with another */
#define MAX_REPEAT 4096        /* dispatches of a round */
#define GROUPS     16          /* of arithmetic, for each core */

enum program {
	PROGRAM_EMPTY,
	PROGRAM_COPY,
	PROGRAM_READ,
	PROGRAM_WRITE,
	PROGRAMS
};

struct bench_device {
	struct agx_context *ctx;
	struct agx_device *device;
	struct agx_vm *vm;
	struct agx_queue *queue;
	struct agx_buffer *from, *to;
	struct agx_cmdbuf *cmdbuf;
	struct agx_sync *sync;
	struct agx_shader *programs[PROGRAMS];
	uint64_t round_ns, point;
	char message[512];
};

static int failed(struct bench_device *bench, int ret)
{
	agx_error_copy(bench->ctx, bench->message, sizeof(bench->message));
	return ret;
}

static int wrong(struct bench_device *bench, const char *what, uint32_t got, uint32_t expected)
{
	snprintf(bench->message, sizeof(bench->message), "%s left 0x%x in memory, expected 0x%x",
		 what, got, expected);
	return -EIO;
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int make_shader(struct bench_device *bench, const char *name, const char *text,
		       struct agx_shader **shader)
{
	const struct agx_shader_params params = {
		.stage = AGX_STAGE_COMPUTE, .name = name, .text = text};

	return agx_shader_create(bench->vm, &params, shader);
}

/* repeat dispatches of one program in one command, recorded anew. */
static int record(struct bench_device *bench, const struct agx_shader *shader, uint32_t threads,
		  unsigned int repeat, bool overlap)
{
	const uint64_t uniforms[] = {agx_buffer_address(bench->from),
				     agx_buffer_address(bench->to)};
	const struct agx_bindings bindings = {.uniforms = uniforms,
					      .uniform_bytes = sizeof(uniforms)};
	const struct agx_dispatch dispatch = {.mode = AGX_DISPATCH_THREADS,
					      .size = {threads, 1, 1}};
	struct agx_cmdbuf *cmdbuf = bench->cmdbuf;
	struct agx_bound bound;

	/* Whatever fails is kept, and said by the end. */
	if (agx_cmdbuf_reset(cmdbuf))
		return failed(bench, -EBUSY);
	agx_compute_begin(cmdbuf, NULL);
	if (!agx_cmdbuf_bind(cmdbuf, shader, &bindings, &bound)) {
		if (overlap)
			agx_compute_overlap_begin(cmdbuf);
		for (unsigned int i = 0; i < repeat; i++)
			agx_compute_dispatch(cmdbuf, &bound, &dispatch);
		if (overlap)
			agx_compute_overlap_end(cmdbuf);
	}
	agx_compute_end(cmdbuf);
	return agx_cmdbuf_end(cmdbuf);
}

/* *ns: from the submission to the end of the command. */
static int run(struct bench_device *bench, double *ns)
{
	const double start = now_ns();
	const int ret = agx_queue_run(bench->queue, bench->cmdbuf);

	*ns = now_ns() - start;
	return ret;
}

/* As many dispatches as fill a round; *ns: of one. */
static int run_round(struct bench_device *bench, const struct agx_shader *shader, uint32_t threads,
		     double *ns)
{
	unsigned int repeat = 1;
	int ret;

	for (;;) {
		ret = record(bench, shader, threads, repeat, false);
		if (!ret)
			ret = run(bench, ns);
		if (ret)
			return failed(bench, ret);
		if (*ns >= (double)bench->round_ns || repeat >= MAX_REPEAT)
			break;
		repeat *= 2;
	}
	*ns /= repeat;
	return 0;
}

/* Measures */

static int submit_and_wait(struct bench_device *bench, const struct bench_measure *measure,
			   double *figure)
{
	const unsigned int count = measure->which;
	const double budget = (double)bench->round_ns;
	unsigned int rounds = 0;
	double start;
	int ret = record(bench, bench->programs[PROGRAM_EMPTY], 1, 1, false);

	start = now_ns();
	while (!ret && (!rounds || now_ns() - start < budget)) {
		for (unsigned int i = 0; !ret && i < count; i++) {
			const struct agx_sync_point signal = {bench->sync, ++bench->point};
			const struct agx_submission submission = {.cmdbufs = &bench->cmdbuf,
								  .cmdbuf_count = 1,
								  .signals = &signal,
								  .signal_count = 1};

			ret = agx_queue_submit(bench->queue, &submission);
		}
		if (!ret)
			ret = agx_sync_wait(bench->sync, bench->point, AGX_FOREVER);
		rounds++;
	}
	if (!ret)
		ret = agx_sync_status(bench->sync, bench->point);
	*figure = (now_ns() - start) / rounds / count;
	return ret ? failed(bench, ret) : 0;
}

/* What the dispatches beyond the first add to a command. */
static int dispatch(struct bench_device *bench, const struct bench_measure *measure, double *figure)
{
	const struct agx_shader *shader = bench->programs[PROGRAM_EMPTY];
	double best[2], ns;
	int ret = 0;

	/* One and many; of each the best, since they are compared. */
	for (int many = 0; !ret && many < 2; many++) {
		ret = record(bench, shader, 1, many ? 1 + DISPATCHES : 1, measure->which);
		for (int i = 0; !ret && i < TRIES; i++) {
			ret = run(bench, &ns);
			best[many] = i && best[many] < ns ? best[many] : ns;
		}
	}
	if (ret)
		return failed(bench, ret);
	*figure = best[1] > best[0] ? (best[1] - best[0]) / DISPATCHES : 0;
	return 0;
}

static int bandwidth(struct bench_device *bench, const struct bench_measure *measure,
		     double *figure)
{
	const enum program program = (enum program)measure->which;
	const uint32_t last = MEMORY / sizeof(uint32_t) - 1;
	uint32_t *from = agx_buffer_map(bench->from), *to = agx_buffer_map(bench->to), expected;
	double ns;
	int ret;

	if (!from || !to)
		return failed(bench, -ENOMEM);
	for (uint32_t i = 0; i <= last; i += 1024)
		from[i] = i;
	from[last] = last;
	to[last] = 0;
	expected = program == PROGRAM_COPY ? last : program == PROGRAM_WRITE ? BENCH_WRITTEN : 0;
	ret = run_round(bench, bench->programs[program], MEMORY / BENCH_BYTES, &ns);
	if (ret)
		return ret;
	if (to[last] != expected)
		return wrong(bench, measure->name, to[last], expected);
	/* A copy reads and writes each byte: both count. */
	*figure = MEMORY / ns * (program == PROGRAM_COPY ? 2 : 1);
	return 0;
}

#define MADD(kind, chains) ((unsigned int)(kind)*16 + (chains))
#define MADD_KIND(which)   ((enum bench_kind)((which) / 16))
#define MADD_CHAINS(which) ((which) % 16)

static int arithmetic(struct bench_device *bench, const struct bench_measure *measure,
		      double *figure)
{
	const enum bench_kind kind = MADD_KIND(measure->which);
	const unsigned int chains = MADD_CHAINS(measure->which);
	const uint32_t cores = agx_device_params(bench->device)->cores;
	const uint32_t most = MEMORY / sizeof(uint32_t);
	uint32_t threads = (cores ? cores : 1) * GROUPS * BENCH_GROUP, got;
	const uint32_t *result = agx_buffer_map(bench->from);
	char *text = bench_text_madd(kind, chains);
	struct agx_shader *shader = NULL;
	double ns;
	int ret;

	threads = threads < most ? threads : most;
	ret = text && result ? make_shader(bench, measure->name, text, &shader) : -ENOMEM;
	free(text);
	if (ret)
		return failed(bench, ret);
	ret = run_round(bench, shader, threads, &ns);
	agx_shader_destroy(shader);
	if (ret)
		return ret;
	got = result[threads - 1];
	if (got != bench_madd_result(kind, chains))
		return wrong(bench, measure->name, got, bench_madd_result(kind, chains));
	*figure = 2.0 * BENCH_MADDS * threads / ns;
	return 0;
}

const struct bench_measure bench_measures[] = {
	{"submit", "empty dispatch, from submit to its end", BENCH_NS, submit_and_wait, 1},
	{"submit-pipelined", "empty dispatch, a wait every 32", BENCH_NS, submit_and_wait,
	 PIPELINED},
	{"dispatch", "another dispatch in a command", BENCH_NS, dispatch, false},
	{"dispatch-overlap", "another one that may overlap", BENCH_NS, dispatch, true},
	{"copy", "copy, bytes read and written", BENCH_GBS, bandwidth, PROGRAM_COPY},
	{"read", "read", BENCH_GBS, bandwidth, PROGRAM_READ},
	{"write", "write", BENCH_GBS, bandwidth, PROGRAM_WRITE},
	{"float-1", "float fma, each after the last", BENCH_GFLOPS, arithmetic,
	 MADD(BENCH_FLOAT, 1)},
	{"float-2", "float fma, two independent chains", BENCH_GFLOPS, arithmetic,
	 MADD(BENCH_FLOAT, 2)},
	{"float-4", "float fma, four independent chains", BENCH_GFLOPS, arithmetic,
	 MADD(BENCH_FLOAT, 4)},
	{"half-1", "half fma, each after the last", BENCH_GFLOPS, arithmetic, MADD(BENCH_HALF, 1)},
	{"half-2", "half fma, two independent chains", BENCH_GFLOPS, arithmetic,
	 MADD(BENCH_HALF, 2)},
	{"half-4", "half fma, four independent chains", BENCH_GFLOPS, arithmetic,
	 MADD(BENCH_HALF, 4)},
	{"int-1", "int mul-add, each after the last", BENCH_GOPS, arithmetic, MADD(BENCH_INT, 1)},
	{"int-2", "int mul-add, two independent chains", BENCH_GOPS, arithmetic,
	 MADD(BENCH_INT, 2)},
	{"int-4", "int mul-add, four independent chains", BENCH_GOPS, arithmetic,
	 MADD(BENCH_INT, 4)},
	{0},
};

static int make_programs(struct bench_device *bench)
{
	static const struct {
		const char *name, *text;
	} texts[PROGRAMS] = {
		[PROGRAM_EMPTY] = {"empty", bench_text_empty},
		[PROGRAM_COPY] = {"copy", bench_text_copy},
		[PROGRAM_READ] = {"read", bench_text_read},
		[PROGRAM_WRITE] = {"write", bench_text_write},
	};
	int ret = 0;

	for (int i = 0; !ret && i < PROGRAMS; i++)
		ret = make_shader(bench, texts[i].name, texts[i].text, &bench->programs[i]);
	return ret;
}

static int make_all(struct bench_device *bench)
{
	int ret = agx_vm_create(bench->device, &bench->vm);

	if (!ret)
		ret = agx_queue_create(bench->vm, AGX_PRIORITY_MEDIUM, &bench->queue);
	if (!ret)
		ret = agx_sync_create(bench->device, AGX_SYNC_TIMELINE, &bench->sync);
	if (!ret)
		ret = agx_buffer_create(bench->vm, MEMORY, 0, &bench->from);
	if (!ret)
		ret = agx_buffer_create(bench->vm, MEMORY, 0, &bench->to);
	if (!ret)
		ret = agx_cmdbuf_create(bench->vm, &bench->cmdbuf);
	return ret ? ret : make_programs(bench);
}

int bench_device_open(struct bench_device **out, const char *name)
{
	struct bench_device *bench = calloc(1, sizeof(*bench));
	int ret;

	*out = bench;
	if (!bench || agx_context_create(NULL, &bench->ctx))
		return -ENOMEM;
	ret = agx_device_open(bench->ctx, name, &bench->device);
	return ret ? failed(bench, ret) : 0;
}

int bench_device_prepare(struct bench_device *bench, unsigned int round_ms)
{
	int ret = make_all(bench);

	bench->round_ns = round_ms * 1000000ull;
	return ret ? failed(bench, ret) : 0;
}

void bench_device_free(struct bench_device *bench)
{
	if (!bench)
		return;
	agx_cmdbuf_destroy(bench->cmdbuf);
	for (int i = 0; i < PROGRAMS; i++)
		agx_shader_destroy(bench->programs[i]);
	agx_buffer_destroy(bench->from);
	agx_buffer_destroy(bench->to);
	agx_sync_destroy(bench->sync);
	agx_queue_destroy(bench->queue);
	agx_vm_destroy(bench->vm);
	agx_device_close(bench->device);
	agx_context_destroy(bench->ctx);
	free(bench);
}

int bench_device_fd(const struct bench_device *bench)
{
	return agx_device_fd(bench->device);
}

const char *bench_device_chip(const struct bench_device *bench)
{
	return agx_device_params(bench->device)->name;
}

const char *bench_device_product(const struct bench_device *bench)
{
	return agx_device_params(bench->device)->product;
}

uint32_t bench_device_chip_id(const struct bench_device *bench)
{
	return agx_device_params(bench->device)->chip_id;
}

const char *bench_device_message(const struct bench_device *bench)
{
	return bench ? bench->message : "no memory";
}

double bench_device_per_cycle(const struct bench_device *bench, const struct bench_measure *measure,
			      double figure)
{
	const struct agx_device_params *params = agx_device_params(bench->device);

	if (measure->run != arithmetic || !params->cores || !params->max_frequency_khz)
		return 0;
	return figure * 1e6 / params->cores / params->max_frequency_khz;
}
