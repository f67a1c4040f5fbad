// SPDX-License-Identifier: MIT
/*
 * histogram: counts bytes by their upper four bits with atomic additions, in the memory of a group
 * and in that of all, and draws the counts.
 *
 * usage: histogram [DEVICE]
 */
#include "example.h"

#define BYTES (1u << 18)
#define BINS  16

/* The mean of four random bytes: near the middle more often than not. */
static void fill(uint8_t *bytes)
{
	uint32_t random = 1;

	for (uint32_t i = 0; i < BYTES; i++) {
		random = random * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(((random & 0xff) + (random >> 8 & 0xff) +
				      (random >> 16 & 0xff) + (random >> 24)) /
				     4);
	}
}

int main(int argc, char **argv)
{
	struct gpu gpu = gpu_open(argc > 1 ? argv[1] : NULL);
	struct agx_shader *shader = gpu_shader(&gpu, AGX_STAGE_COMPUTE, "histogram.agx");
	uint8_t *bytes;
	uint32_t *counters, expected[BINS] = {0}, most = 1;
	struct agx_buffer *in = gpu_buffer(&gpu, BYTES, &bytes);
	struct agx_buffer *out = gpu_buffer(&gpu, BINS * sizeof(*counters), &counters);
	const uint64_t uniforms[] = {agx_buffer_address(in), agx_buffer_address(out)};
	struct agx_cmdbuf *cmdbuf;
	bool right = true;

	fill(bytes);
	for (uint32_t i = 0; i < BYTES; i++)
		expected[bytes[i] >> 4]++;

	must(&gpu, agx_cmdbuf_create(gpu.vm, &cmdbuf));
	must(&gpu, agx_compute_begin(cmdbuf, NULL));
	must(&gpu, agx_compute_launch(cmdbuf, shader,
				      &(struct agx_bindings){.uniforms = uniforms,
							     .uniform_bytes = sizeof(uniforms)},
				      &(struct agx_dispatch){.mode = AGX_DISPATCH_THREADS,
							     .size = {BYTES / 4, 1, 1}}));
	must(&gpu, agx_compute_end(cmdbuf));
	must(&gpu, agx_cmdbuf_end(cmdbuf));
	must(&gpu, agx_queue_run(gpu.queue, cmdbuf));

	for (int i = 0; i < BINS; i++)
		most = counters[i] > most ? counters[i] : most;
	for (int i = 0; i < BINS; i++) {
		printf("%02x..%02x %8u ", i * 16, i * 16 + 15, counters[i]);
		for (uint32_t star = 0; star < counters[i] * 50ull / most; star++)
			putchar('*');
		puts(counters[i] == expected[i] ? "" : "  wrong");
		right &= counters[i] == expected[i];
	}

	agx_cmdbuf_destroy(cmdbuf);
	agx_buffer_destroy(in);
	agx_buffer_destroy(out);
	agx_shader_destroy(shader);
	gpu_close(&gpu);
	return right ? 0 : WRONG;
}
