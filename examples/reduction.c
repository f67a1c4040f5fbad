// SPDX-License-Identifier: MIT
/*
 * reduction: the sum of 65536 numbers, of which each dispatch leaves one in 256.
 *
 * usage: reduction [DEVICE]
 *
 * Two dispatches in one command: the second sees what the first wrote.
 */
#include "example.h"

#define GROUP   256
#define NUMBERS (GROUP * GROUP)

/* Sums go round at 2^32, here as there. */
static uint32_t number(uint32_t i)
{
	return i * 2654435761u >> 20;
}

int main(int argc, char **argv)
{
	struct gpu gpu = gpu_open(argc > 1 ? argv[1] : NULL);
	struct agx_shader *shader = gpu_shader(&gpu, AGX_STAGE_COMPUTE, "reduction.agx");
	struct agx_buffer *buffer[2];
	struct agx_cmdbuf *cmdbuf;
	uint32_t *memory[2], expected = 0, count, sum;

	for (int i = 0; i < 2; i++)
		buffer[i] = gpu_buffer(&gpu, NUMBERS * sizeof(uint32_t), &memory[i]);
	for (uint32_t i = 0; i < NUMBERS; i++) {
		memory[0][i] = number(i);
		expected += number(i);
	}

	must(&gpu, agx_cmdbuf_create(gpu.vm, &cmdbuf));
	must(&gpu, agx_compute_begin(cmdbuf, NULL));
	for (count = NUMBERS; count > 1; count /= GROUP) {
		const uint64_t uniforms[] = {agx_buffer_address(buffer[0]),
					     agx_buffer_address(buffer[1])};
		const struct agx_bindings bindings = {.uniforms = uniforms,
						      .uniform_bytes = sizeof(uniforms)};
		const struct agx_dispatch dispatch = {.mode = AGX_DISPATCH_GROUPS,
						      .size = {count / GROUP, 1, 1}};
		struct agx_buffer *from = buffer[0];

		must(&gpu, agx_compute_launch(cmdbuf, shader, &bindings, &dispatch));
		printf("%8u numbers in %u groups\n", count, count / GROUP);
		buffer[0] = buffer[1];
		buffer[1] = from;
	}
	must(&gpu, agx_compute_end(cmdbuf));
	must(&gpu, agx_cmdbuf_end(cmdbuf));
	must(&gpu, agx_queue_run(gpu.queue, cmdbuf));

	sum = *(uint32_t *)agx_buffer_map(buffer[0]);
	printf("sum %u, expected %u\n", sum, expected);

	agx_cmdbuf_destroy(cmdbuf);
	agx_buffer_destroy(buffer[0]);
	agx_buffer_destroy(buffer[1]);
	agx_shader_destroy(shader);
	gpu_close(&gpu);
	return sum == expected ? 0 : WRONG;
}
