// SPDX-License-Identifier: MIT
/* Doubles 1000 numbers on the GPU that the argument names. Exit status: 0 right, 1 wrong, 2 no device. */
#include <agx/agx.h>
#include <stdio.h>
#include <stdlib.h>

#define NUMBERS 1000

static const char text[] = ".threads 32, 1, 1\n"
			   "mov r0, thread_in_grid_x\n"
			   "load r1, du0, r0, i32, x, a\n"
			   "wait a\n"
			   "iadd r1, r1, r1\n"
			   "store r1, du0, r0, i32, x, a\n"
			   "wait a\n"
			   "stop\n";

static struct agx_context *ctx;

static void must(int ret)
{
	if (ret >= 0)
		return;
	fprintf(stderr, "%s\n", agx_error(ctx));
	exit(2);
}

int main(int argc, char **argv)
{
	struct agx_shader_params params = {.stage = AGX_STAGE_COMPUTE, .name = "double"};
	struct agx_bindings bindings = {0};
	struct agx_dispatch dispatch = {.mode = AGX_DISPATCH_THREADS};
	struct agx_device *device;
	struct agx_buffer *buffer;
	struct agx_shader *shader;
	struct agx_cmdbuf *cmdbuf;
	struct agx_queue *queue;
	struct agx_vm *vm;
	uint32_t *numbers, wrong = 0;
	uint64_t address;

	if (agx_context_create(NULL, &ctx))
		return 2;
	must(agx_device_open(ctx, argc > 1 ? argv[1] : NULL, &device));
	must(agx_vm_create(device, &vm));
	must(agx_queue_create(vm, AGX_PRIORITY_MEDIUM, &queue));
	must(agx_buffer_create(vm, NUMBERS * sizeof(*numbers), AGX_BUFFER_CACHED, &buffer));
	numbers = agx_buffer_map(buffer);
	must(numbers ? 0 : -1);
	for (uint32_t i = 0; i < NUMBERS; i++)
		numbers[i] = 3 * i;

	params.text = text;
	must(agx_shader_create(vm, &params, &shader));
	address = agx_buffer_address(buffer);
	bindings.uniforms = &address;
	bindings.uniform_bytes = sizeof(address);
	dispatch.size[0] = NUMBERS;
	must(agx_cmdbuf_create(vm, &cmdbuf));
	must(agx_compute_begin(cmdbuf, NULL));
	must(agx_compute_launch(cmdbuf, shader, &bindings, &dispatch));
	must(agx_compute_end(cmdbuf));
	must(agx_cmdbuf_end(cmdbuf));
	must(agx_queue_run(queue, cmdbuf));

	for (uint32_t i = 0; i < NUMBERS; i++)
		wrong += numbers[i] != 6 * i;
	printf("libagx %s, %s: %u wrong\n", agx_version(), agx_device_params(device)->name, wrong);
	agx_cmdbuf_destroy(cmdbuf);
	agx_shader_destroy(shader);
	agx_buffer_destroy(buffer);
	agx_queue_destroy(queue);
	agx_vm_destroy(vm);
	agx_device_close(device);
	agx_context_destroy(ctx);
	return wrong ? 1 : 0;
}
