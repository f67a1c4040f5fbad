// SPDX-License-Identifier: MIT
/*
 * Speed of decoding traces on one core: bench-decode [ROUNDS] FILE...
 *
 * Each trace is made large by repeating its submissions, and then read, decoded into a sink that
 * does nothing, and decoded to text and to JSON that go nowhere. Aim: 100,000 draws a second to
 * text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agx_decode.h"
#include "agx_decode_sinks.h"
#include "agx_decode_trace.h"
#include "repeat_trace.h"

#define SUBMITS 3000 /* at least so many, when nothing else is asked for */
#define RUNS    3

enum output {
	NOTHING,
	WALK,
	TEXT,
	TEXT_COLOUR,
	JSON,
	OUTPUTS,
};

static const char *const names[OUTPUTS] = {
	"read only",      "decode to nothing", "decode to text", "decode to coloured text",
	"decode to JSON",
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void die(const char *what, const struct agx_trace_error *error)
{
	char text[256] = "";

	fprintf(stderr, "bench-decode: %s: %s\n", what,
		error ? agx_trace_error_text(error, text, sizeof(text)) : "failed");
	exit(2);
}

static int discard(void *cookie, const void *bytes, size_t size)
{
	*(uint64_t *)cookie += size;
	return 0;
}

struct result {
	double seconds;
	uint64_t output;
	struct agx_decode_stats stats;
};

static void open_sink(enum output output, struct agx_decode_sink *sink, uint64_t *written)
{
	struct agx_decode_writer writer = {.write = discard, .cookie = written};
	struct agx_decode_text_config text = {.style = agx_text_style(output == TEXT_COLOUR)};
	int ret = 0;

	memset(sink, 0, sizeof(*sink));
	if (output == TEXT || output == TEXT_COLOUR)
		ret = agx_decode_text_create(&text, &writer, sink);
	else if (output == JSON)
		ret = agx_decode_json_create("bench", false, &writer, sink);
	if (ret)
		die("sink", NULL);
}

static void close_sink(enum output output, struct agx_decode_sink *sink,
		       const struct agx_decode *decode)
{
	int ret = 0;

	if (output == TEXT || output == TEXT_COLOUR)
		ret = agx_decode_text_finish(sink, decode);
	else if (output == JSON)
		ret = agx_decode_json_finish(sink, decode);
	if (ret)
		die("output", NULL);
}

static void run(const void *bytes, size_t size, enum output output, struct result *result)
{
	struct agx_decode_config config = {.all_commands = true};
	struct agx_decode *decode = NULL;
	struct agx_decode_trace *trace;
	struct agx_decode_submit submit;
	struct agx_trace_error error;
	struct agx_decode_sink sink;
	double start = now();
	int ret;

	result->output = 0;
	if (agx_decode_trace_open_memory(bytes, size, NULL, &trace, &error))
		die("open", &error);
	open_sink(output, &sink, &result->output);
	while ((ret = agx_decode_trace_next_submit(trace, &submit, &error)) > 0) {
		if (output == NOTHING)
			continue;
		if (!decode) {
			config.generation = agx_decode_trace_gpu(trace)->gpu_generation;
			config.clusters = agx_decode_trace_gpu(trace)->num_clusters_total;
			decode = agx_decode_create(&config, &sink);
			if (!decode)
				die("decoder", NULL);
		}
		if (agx_decode_submit(decode, &submit))
			die("decode", NULL);
	}
	if (ret)
		die("trace", &error);
	close_sink(output, &sink, decode);
	if (decode)
		result->stats = *agx_decode_stats(decode);
	agx_decode_destroy(decode);
	agx_decode_trace_close(trace);
	result->seconds = now() - start;
}

static uint64_t problems(const struct agx_decode_stats *stats)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < AGX_CS_PROBLEMS; i++)
		sum += stats->problems[i];
	return sum;
}

static uint64_t count_submits(const char *path)
{
	struct agx_trace_reader *reader;
	struct agx_trace_error error;
	struct agx_trace_info info;

	if (agx_trace_reader_open(path, NULL, &reader, &error))
		die(path, &error);
	agx_trace_reader_info(reader, &info);
	agx_trace_reader_close(reader);
	return info.submits;
}

static void bench(const char *path, unsigned int rounds)
{
	const char *slash = strrchr(path, '/');
	int fd = memfd_create("trace", MFD_CLOEXEC);
	struct agx_trace_reader *reader;
	struct agx_trace_info info;
	uint64_t submits;
	struct stat st;
	void *bytes;

	if (fd < 0)
		die("memfd_create", NULL);
	submits = count_submits(path);
	if (!submits)
		die("trace without submissions", NULL);
	submits = repeat_trace(path, rounds ? rounds : SUBMITS / submits + 1, fd);
	if (fstat(fd, &st))
		die("fstat", NULL);
	bytes = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (bytes == MAP_FAILED)
		die("mmap", NULL);
	if (agx_trace_reader_open_memory(bytes, st.st_size, NULL, &reader, NULL))
		die("open", NULL);
	agx_trace_reader_info(reader, &info);
	agx_trace_reader_close(reader);

	for (enum output output = 0; output < OUTPUTS; output++) {
		struct result best = {.seconds = 1e9}, result = {0};

		for (int i = 0; i < RUNS; i++) {
			run(bytes, st.st_size, output, &result);
			if (result.seconds < best.seconds)
				best = result;
		}
		if (output == WALK)
			printf("%s: %llu submits, %llu draws, %llu dispatches, %llu blocks, "
			       "%llu records, %.1f MB of trace records; %llu problems\n",
			       slash ? slash + 1 : path, (unsigned long long)submits,
			       (unsigned long long)best.stats.draws,
			       (unsigned long long)best.stats.dispatches,
			       (unsigned long long)best.stats.blocks,
			       (unsigned long long)best.stats.records, info.raw_bytes * 1e-6,
			       (unsigned long long)problems(&best.stats));
		printf("  %-24s %9.0f submits/s %9.0f draws/s %7.1f MB/s of trace, %7.1f MB/s out\n",
		       names[output], submits / best.seconds,
		       (best.stats.draws + best.stats.dispatches) / best.seconds,
		       info.raw_bytes * 1e-6 / best.seconds, best.output * 1e-6 / best.seconds);
	}
	munmap(bytes, st.st_size);
	close(fd);
}

int main(int argc, char **argv)
{
	unsigned int rounds = 0;
	int i = 1;

	if (argc > 1 && argv[1][0] >= '1' && argv[1][0] <= '9')
		rounds = atoi(argv[i++]);
	if (i == argc) {
		fprintf(stderr, "usage: bench-decode [ROUNDS] FILE...\n");
		return 2;
	}
	for (; i < argc; i++)
		bench(argv[i], rounds);
	return 0;
}
