// SPDX-License-Identifier: MIT
/*
 * Work for a test of timestamps: compute passes, each of one launch that does a hundred times as much as
 * the one before it, with the time written at begin and end.
 */
#include <stdio.h>
#include <stdlib.h>

#include <agx/agx.h>

#define PASSES 3

static const char text[] = "	mov	r2, u0\n"
			   "again:\n"
			   "	isub	r2, r2, 1\n"
			   "	while	r2, 0, 1, ugt\n"
			   "	jmp_any	again\n"
			   "	pop_exec 1\n"
			   "	stop\n";

static struct agx_context *context;

static void must(int ret)
{
	if (!ret)
		return;
	fprintf(stderr, "times: %s\n", agx_error(context));
	exit(2);
}

int main(void)
{
	const struct agx_shader_params program = {.stage = AGX_STAGE_COMPUTE, .text = text};
	struct agx_timestamps *times;
	struct agx_device *device;
	struct agx_shader *shader;
	struct agx_cmdbuf *cmdbuf;
	struct agx_queue *queue;
	struct agx_vm *vm;
	uint64_t now;

	if (agx_context_create(NULL, &context))
		return 2;
	must(agx_device_open(context, NULL, &device));
	must(agx_vm_create(device, &vm));
	must(agx_queue_create(vm, AGX_PRIORITY_MEDIUM, &queue));
	must(agx_shader_create(vm, &program, &shader));
	must(agx_timestamps_create(vm, 2 * PASSES, &times));
	for (uint32_t i = 0, turns = 10; i < PASSES; i++, turns *= 100) {
		const struct agx_compute_pass pass = {.timestamps = {times, 2 * i, 2 * i + 1}};
		const struct agx_bindings bindings = {.uniforms = &turns, .uniform_bytes = 4};
		const struct agx_dispatch all = {
			.mode = AGX_DISPATCH_THREADS, .size = {512, 1, 1}, .group = {32, 1, 1}};

		must(agx_cmdbuf_create(vm, &cmdbuf));
		must(agx_compute_begin(cmdbuf, &pass));
		must(agx_compute_launch(cmdbuf, shader, &bindings, &all));
		must(agx_compute_end(cmdbuf));
		must(agx_cmdbuf_end(cmdbuf));
		must(agx_queue_run(queue, cmdbuf));
		agx_cmdbuf_destroy(cmdbuf);
	}
	must(agx_device_time(device, &now));
	for (uint32_t i = 0; i < PASSES; i++)
		printf("%llu %llu\n", (unsigned long long)agx_timestamps_get(times, 2 * i),
		       (unsigned long long)agx_timestamps_get(times, 2 * i + 1));
	printf("%llu\n", (unsigned long long)now);
	agx_timestamps_destroy(times);
	agx_shader_destroy(shader);
	agx_queue_destroy(queue);
	agx_vm_destroy(vm);
	agx_device_close(device);
	agx_context_destroy(context);
	return 0;
}
