// SPDX-License-Identifier: MIT
/*
 * latency: how long a submission takes on its way, by the CPU's clock and by the GPU's; and how
 * long a load takes, by a thread that follows a chain through memory, where each load says which
 * is the next.
 *
 * usage: latency [DEVICE]
 *
 * Of a modelled GPU the figures tell how fast the model is, and nothing about hardware.
 */
#include <time.h>

#include "example.h"

#define ROUNDS  32
#define HOPS    4096
#define SMALL   (16u << 10) /* bytes of the shortest chain; */
#define LARGE   (16u << 20) /* of the longest */
#define ELEMENT 64          /* bytes from one to the next in memory: a line of a cache */

static const char nothing[] = "	stop\n";

static const char follow[] = "	ldimm	r0l, 0\n"
			     "	ldimm	r1, 0			; where we are\n"
			     "	mov	r2, u4			; hops that are left\n"
			     "next:\n"
			     "	load	r1, du0, r1, i32, x, a\n"
			     "	isub	r2, r2, 1\n"
			     "	wait	a\n"
			     "	while	r2, 0, 1, ugt\n"
			     "	jmp_any	next\n"
			     "	pop_exec 1\n"
			     "	store	r1, du2, 0, i32, x, a	; where we came to\n"
			     "	stop\n";

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* One thread of a program, with the time written at its begin and its end. */
static struct agx_cmdbuf *record(const struct gpu *gpu, struct agx_shader *program,
				 struct agx_timestamps *times, const uint64_t uniforms[3])
{
	const struct agx_compute_pass pass = {.timestamps = {times, 0, 1}};
	const struct agx_bindings bindings = {.uniforms = uniforms, .uniform_bytes = 24};
	const struct agx_dispatch one = {.mode = AGX_DISPATCH_THREADS, .size = {1, 1, 1}};
	struct agx_cmdbuf *cmdbuf;

	must(gpu, agx_cmdbuf_create(gpu->vm, &cmdbuf));
	must(gpu, agx_compute_begin(cmdbuf, &pass));
	must(gpu, agx_compute_launch(cmdbuf, program, &bindings, &one));
	must(gpu, agx_compute_end(cmdbuf));
	must(gpu, agx_cmdbuf_end(cmdbuf));
	return cmdbuf;
}

/* ns on the GPU; *cpu: from submission to its end. */
static double run(const struct gpu *gpu, struct agx_cmdbuf *cmdbuf, struct agx_timestamps *times,
		  double *cpu)
{
	uint64_t before, after, begin, end;

	agx_timestamps_clear(times);
	must(gpu, agx_device_time(gpu->device, &before));
	*cpu = now();
	must(gpu, agx_queue_run(gpu->queue, cmdbuf));
	*cpu = now() - *cpu;
	must(gpu, agx_device_time(gpu->device, &after));
	begin = agx_timestamps_get(times, 0);
	end = agx_timestamps_get(times, 1);
	if (before > after || !begin || begin > end) {
		printf("the GPU's times are in disorder\n");
		exit(WRONG);
	}
	return (double)agx_device_ticks_to_ns(gpu->device, end - begin);
}

/* Elements lead through each other in a random circle. Returns where the last of HOPS leads. */
static uint32_t link_up(uint32_t *chain, uint32_t count)
{
	const uint32_t step = ELEMENT / sizeof(*chain);
	uint32_t random = 1, at = 0;

	for (uint32_t i = 0; i < count; i++)
		chain[i * step] = i * step;
	for (uint32_t i = count - 1; i > 0; i--) {
		const uint32_t other = (random = random * 1664525 + 1013904223) % i;
		const uint32_t link = chain[i * step];

		chain[i * step] = chain[other * step];
		chain[other * step] = link;
	}
	for (int hop = 0; hop < HOPS; hop++)
		at = chain[at];
	return at;
}

int main(int argc, char **argv)
{
	struct gpu gpu = gpu_open(argc > 1 ? argv[1] : NULL);
	uint32_t *chain, *end;
	struct agx_buffer *buffer = gpu_buffer(&gpu, LARGE, &chain);
	struct agx_buffer *result = gpu_buffer(&gpu, sizeof(*end), &end);
	const uint64_t uniforms[] = {agx_buffer_address(buffer), agx_buffer_address(result), HOPS};
	struct agx_timestamps *times;
	struct agx_shader *idle = gpu_program(&gpu, nothing), *walker = gpu_program(&gpu, follow);
	struct agx_cmdbuf *empty, *walk;
	double cpu, best_cpu = 1e18, ns, best = 1e18;

	must(&gpu, agx_timestamps_create(gpu.vm, 2, &times));
	empty = record(&gpu, idle, times, uniforms);
	walk = record(&gpu, walker, times, uniforms);
	for (int i = 0; i < ROUNDS; i++) {
		ns = run(&gpu, empty, times, &cpu);
		best = ns < best ? ns : best;
		best_cpu = cpu < best_cpu ? cpu : best_cpu;
	}
	printf("one thread of nothing: %.0f ns to its end, %.0f ns of that on the GPU\n", best_cpu,
	       best);
	for (uint32_t size = SMALL; size <= LARGE; size *= 4) {
		const uint32_t expected = link_up(chain, size / ELEMENT);

		ns = run(&gpu, walk, times, &cpu);
		printf("a load in %5u KiB: %.0f ns\n", size >> 10, (ns - best) / HOPS);
		if (*end != expected) {
			printf("came to %u, not to %u\n", *end, expected);
			return WRONG;
		}
	}
	agx_cmdbuf_destroy(empty);
	agx_cmdbuf_destroy(walk);
	agx_shader_destroy(idle);
	agx_shader_destroy(walker);
	agx_timestamps_destroy(times);
	agx_buffer_destroy(buffer);
	agx_buffer_destroy(result);
	gpu_close(&gpu);
	return 0;
}
