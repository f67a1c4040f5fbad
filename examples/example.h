/* SPDX-License-Identifier: MIT */
/* What the examples share: a GPU to work on, and a way out when something fails. */
#ifndef AGX_EXAMPLE_H
#define AGX_EXAMPLE_H

#include <agx/agx.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WRONG        1  /* a result is wrong */
#define NO_DEVICE    2  /* there is nothing to work on, or it refused */
#define NOT_EXECUTED 77 /* all went well, but nobody did the work: see clear.c */

struct gpu {
	struct agx_context *ctx;
	struct agx_device *device;
	struct agx_vm *vm;
	struct agx_queue *queue;
};

/* Ends the program when a call of the library has failed: with what the library says about it. */
static inline void must(const struct gpu *gpu, int ret)
{
	if (ret >= 0)
		return;
	fprintf(stderr, "%s\n", *agx_error(gpu->ctx) ? agx_error(gpu->ctx) : strerror(-ret));
	exit(NO_DEVICE);
}

/* name: as agx_device_open() takes it, or NULL. */
static inline struct gpu gpu_open(const char *name)
{
	struct gpu gpu = {0};
	const struct agx_device_params *params;

	must(&gpu, agx_context_create(NULL, &gpu.ctx));
	must(&gpu, agx_device_open(gpu.ctx, name, &gpu.device));
	must(&gpu, agx_vm_create(gpu.device, &gpu.vm));
	must(&gpu, agx_queue_create(gpu.vm, AGX_PRIORITY_MEDIUM, &gpu.queue));
	params = agx_device_params(gpu.device);
	printf("%s, %s, %u cores%s\n", params->name, params->product, params->cores,
	       agx_device_is_virtual(gpu.device) ? ", modelled in this process" : "");
	return gpu;
}

static inline void gpu_close(struct gpu *gpu)
{
	agx_queue_destroy(gpu->queue);
	agx_vm_destroy(gpu->vm);
	agx_device_close(gpu->device);
	agx_context_destroy(gpu->ctx);
}

/* A buffer, and where the CPU finds it. */
static inline struct agx_buffer *gpu_buffer(const struct gpu *gpu, uint64_t size, void *map)
{
	struct agx_buffer *buffer;
	void *memory;

	must(gpu, agx_buffer_create(gpu->vm, size, AGX_BUFFER_CACHED, &buffer));
	memory = agx_buffer_map(buffer);
	must(gpu, memory ? 0 : -1);
	memcpy(map, &memory, sizeof(memory));
	return buffer;
}

/* The compute shader in a text. */
static inline struct agx_shader *gpu_program(const struct gpu *gpu, const char *text)
{
	struct agx_shader *shader;

	must(gpu,
	     agx_shader_create(
		     gpu->vm, &(struct agx_shader_params){.stage = AGX_STAGE_COMPUTE, .text = text},
		     &shader));
	return shader;
}

/* The shader in a file that lies beside the program. */
static inline struct agx_shader *gpu_shader(const struct gpu *gpu, enum agx_stage stage,
					    const char *file)
{
	char path[4096];
	const ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	struct agx_shader *shader;
	char *name;

	path[length > 0 ? length : 0] = '\0';
	name = strrchr(path, '/');
	name = name ? name + 1 : path;
	snprintf(name, sizeof(path) - (size_t)(name - path), "%s", file);
	must(gpu,
	     agx_shader_create(gpu->vm, &(struct agx_shader_params){.stage = stage, .path = path},
			       &shader));
	return shader;
}

#endif
