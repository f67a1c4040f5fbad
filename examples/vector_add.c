// SPDX-License-Identifier: MIT
/*
 * vector-add: c = a + b, a thread for each number. The first program to read: it does everything
 * itself, in the order in which things have to happen. The other examples leave what repeats to
 * example.h.
 *
 * usage: vector-add [DEVICE]
 */
#include <agx/agx.h>
#include <stdio.h>
#include <stdlib.h>

#define NUMBERS 100003 /* no multiple of a threadgroup: the last one is cut */

/*
 * What one thread does. Uniforms are the same for all threads: du0 is the 64-bit address in words
 * 0 and 1 of them, and so on. Loads come back later: "a" is the group of loads that wait names.
 */
static const char program[] = ".threads 64, 1, 1\n"
			      "	mov	r0, thread_in_grid_x\n"
			      "	load	r1, du0, r0, i32, x, a	; a[r0]\n"
			      "	load	r2, du2, r0, i32, x, a	; b[r0]\n"
			      "	wait	a\n"
			      "	fadd	r1, r1, r2\n"
			      "	store	r1, du4, r0, i32, x, a	; c[r0]\n"
			      "	wait	a\n"
			      "	stop\n";

static struct agx_context *ctx;

/* Every call says by a negative number that it failed, and the context says why. */
static void must(int ret)
{
	if (ret < 0) {
		fprintf(stderr, "%s\n", agx_error(ctx));
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct agx_device *device;
	struct agx_vm *vm;
	struct agx_queue *queue;
	struct agx_buffer *buffer[3];
	struct agx_shader *shader;
	struct agx_cmdbuf *cmdbuf;
	float *number[3];
	uint64_t uniforms[3];
	unsigned int wrong = 0;

	/* A GPU, an address space on it, and a queue for work in that space. */
	must(agx_context_create(NULL, &ctx));
	must(agx_device_open(ctx, argc > 1 ? argv[1] : NULL, &device));
	must(agx_vm_create(device, &vm));
	must(agx_queue_create(vm, AGX_PRIORITY_MEDIUM, &queue));

	/* Three buffers. CPU and GPU see the same memory, each at an address of its own. */
	for (int i = 0; i < 3; i++) {
		must(agx_buffer_create(vm, NUMBERS * sizeof(float), AGX_BUFFER_CACHED, &buffer[i]));
		number[i] = agx_buffer_map(buffer[i]);
		must(number[i] ? 0 : -1);
		uniforms[i] = agx_buffer_address(buffer[i]);
	}
	for (int i = 0; i < NUMBERS; i++) {
		number[0][i] = (float)i * 0.25f;
		number[1][i] = 1.0f / (float)(i + 1);
	}

	/* The shader, and a command buffer that launches it once. */
	must(agx_shader_create(
		vm, &(struct agx_shader_params){.stage = AGX_STAGE_COMPUTE, .text = program},
		&shader));
	must(agx_cmdbuf_create(vm, &cmdbuf));
	must(agx_compute_begin(cmdbuf, NULL));
	must(agx_compute_launch(
		cmdbuf, shader,
		&(struct agx_bindings){.uniforms = uniforms, .uniform_bytes = sizeof(uniforms)},
		&(struct agx_dispatch){.mode = AGX_DISPATCH_THREADS, .size = {NUMBERS, 1, 1}}));
	must(agx_compute_end(cmdbuf));
	must(agx_cmdbuf_end(cmdbuf));

	/* Hands it to the GPU, and waits for its end. */
	must(agx_queue_run(queue, cmdbuf));

	for (int i = 0; i < NUMBERS; i++)
		wrong += number[2][i] != number[0][i] + number[1][i];
	printf("%s: %d sums, %u wrong\n", agx_device_params(device)->name, NUMBERS, wrong);
	for (int i = 0; i < NUMBERS; i = i * 10 + 9)
		printf("c[%d] = %.9g\n", i, (double)number[2][i]);

	/* Whatever still needs something keeps it: the order does not matter. */
	agx_device_close(device);
	agx_vm_destroy(vm);
	agx_queue_destroy(queue);
	agx_shader_destroy(shader);
	agx_cmdbuf_destroy(cmdbuf);
	for (int i = 0; i < 3; i++)
		agx_buffer_destroy(buffer[i]);
	agx_context_destroy(ctx);
	return wrong ? 1 : 0;
}
