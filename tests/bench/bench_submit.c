// SPDX-License-Identifier: MIT
/*
 * Submissions: from the ioctl to the signalled fence, with the smallest commands whose streams and
 * programs exist, each in nanoseconds and as a ratio to a do-nothing ioctl of the same run. Without
 * an argument the node is called directly; with the path of a node, by ioctl() on it.
 */
#include <stdio.h>

#include "bench_client.h"

/* Submissions in flight before the first is waited for. */
#define BATCH 16

struct submission {
	struct bench *b;
	struct bench_queue *q;
	unsigned int commands;
};

static void round_trip(void *data)
{
	const struct submission *s = data;

	bench_submit(s->b, s->q, s->commands);
	bench_wait(s->b, s->q);
}

static void batch(void *data)
{
	const struct submission *s = data;

	for (unsigned int i = 0; i < BATCH; i++)
		bench_submit(s->b, s->q, s->commands);
	bench_wait(s->b, s->q);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		unsigned int commands;
	} kinds[] = {
		{"one compute command", BENCH_COMPUTE},
		{"one render command", BENCH_RENDER},
		{"a render and a compute command", BENCH_RENDER | BENCH_COMPUTE},
	};
	struct bench_queue q;
	struct bench b;
	double nothing;

	bench_open(&b, argc > 1 ? argv[1] : NULL, 0);
	bench_queue_open(&b, &q);
	nothing = bench_measure_nothing(&b);
	printf("%-52s %8.0f ns\n", "do-nothing ioctl", nothing);
	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct submission s = {&b, &q, kinds[i].commands};
		double each = bench_measure(bench_now, round_trip, &s, 3000);
		double cpu = bench_measure(bench_cpu_now, round_trip, &s, 3000);
		double of_batch = bench_measure(bench_cpu_now, batch, &s, 300) / BATCH;

		printf("%-31s round trip           %8.0f ns %7.1f x\n", kinds[i].name, each,
		       each / nothing);
		printf("%-31s processor time       %8.0f ns %7.1f x\n", kinds[i].name, cpu,
		       cpu / nothing);
		printf("%-31s each of %2u, processor %8.0f ns %7.1f x\n", kinds[i].name, BATCH,
		       of_batch, of_batch / nothing);
	}
	bench_close(&b);
	return 0;
}
