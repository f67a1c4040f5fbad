// SPDX-License-Identifier: MIT
/*
 * Replay speed on one core: bench-replay FILE...
 *
 * Each trace is replayed on the virtual node for about a second, and read without replaying it
 * for the baseline. Both include opening the file. The shares are of a run of its own, because
 * measuring them costs time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "agx_trace.h"
#include "replay.h"
#include "replay_target.h"

#define SECONDS  1.0
#define MAX_RUNS 1000

/* Processor time of the process: per core means that what else runs does not count. */
static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static struct agx_trace_reader *open_trace(const char *path)
{
	struct agx_trace_error error = {0};
	struct agx_trace_reader *reader;
	char text[256];

	if (agx_trace_reader_open(path, NULL, &reader, &error)) {
		fprintf(stderr, "bench-replay: %s: %s\n", path,
			agx_trace_error_text(&error, text, sizeof(text)));
		exit(3);
	}
	return reader;
}

static void replay(const char *path, bool measure, struct agx_replay_outcome *outcome)
{
	struct agx_replay_config config = {.measure = measure};
	struct agx_replay_target *target = replay_target_virtual_create(NULL);
	struct agx_trace_reader *reader = open_trace(path);

	if (!target)
		exit(2);
	agx_replay_run(reader, target, &config, outcome);
	replay_target_virtual_destroy(target);
	agx_trace_reader_close(reader);
	if (outcome->status != AGX_REPLAY_PASS) {
		fprintf(stderr, "bench-replay: %s does not pass: %s%s\n", path, outcome->message,
			outcome->divergence.name);
		exit(1);
	}
}

static void read_only(const char *path)
{
	struct agx_trace_reader *reader = open_trace(path);
	struct agx_trace_item item;

	while (agx_trace_reader_next(reader, &item, NULL) > 0)
		;
	agx_trace_reader_close(reader);
}

/* Seconds per run, from the fastest of as many as fit in the time. */
static double measure(const char *path, bool with_replay)
{
	double best = 1e9, end = now() + SECONDS;
	unsigned int runs;

	for (runs = 0; runs < MAX_RUNS && (now() < end || runs < 2); runs++) {
		struct agx_replay_outcome outcome;
		double start = now(), took;

		if (with_replay)
			replay(path, false, &outcome);
		else
			read_only(path);
		took = now() - start;
		if (took < best)
			best = took;
	}
	return best;
}

static double percent(uint64_t part, uint64_t total)
{
	return total ? 100.0 * (double)part / (double)total : 0;
}

int main(int argc, char **argv)
{
	int i;

	if (argc < 2) {
		fprintf(stderr, "bench-replay: no trace is named\n");
		return 77;
	}
	for (i = 1; i < argc; i++) {
		struct agx_replay_outcome outcome;
		const struct agx_replay_times *t = &outcome.times;
		double seconds, reading;

		replay(argv[i], false, &outcome); /* warms the caches up */
		seconds = measure(argv[i], true);
		reading = measure(argv[i], false);
		replay(argv[i], true, &outcome);
		printf("%s: %llu submits, %llu calls, %llu pages\n", argv[i],
		       (unsigned long long)outcome.stats.submits,
		       (unsigned long long)outcome.stats.calls,
		       (unsigned long long)outcome.stats.pages);
		printf("  replay        %10.0f submits/s and core, %.0f ns per call\n",
		       (double)outcome.stats.submits / seconds,
		       seconds * 1e9 / (double)(outcome.stats.calls ? outcome.stats.calls : 1));
		printf("  against       %10.2f times the time of reading the trace\n",
		       seconds / reading);
		printf("  shares        decode %.0f %%, memory %.0f %%, node %.0f %%, engine %.0f %%\n",
		       percent(t->decode, t->total), percent(t->memory, t->total),
		       percent(t->calls, t->total),
		       100 - percent(t->decode + t->memory + t->calls, t->total));
	}
	return 0;
}
