// SPDX-License-Identifier: MIT
/*
 * Command buffers: what is recorded, what of it DRM_IOCTL_ASAHI_SUBMIT gets, and whether it is
 * under way.
 *
 * The first error of recording stays: everything recorded behind it is refused with the same, and
 * the end says it again. A command buffer is one thread's at a time; submissions hold it by points
 * of their queue's timeline, so nothing has to be told when work ends.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cmdbuf_internal.h"
#include "scratch.h"
#include "shader_internal.h"

int lib_cmdbuf_error(struct agx_cmdbuf *cmdbuf, int ret, const char *format, ...)
{
	char text[sizeof(cmdbuf->message)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!cmdbuf->error && !cmdbuf->ended) {
		cmdbuf->error = ret;
		memcpy(cmdbuf->message, text, sizeof(text));
	}
	return lib_fail(cmdbuf->ctx, ret, "%s", text);
}

int lib_cmdbuf_failed(struct agx_cmdbuf *cmdbuf, int ret, const char *what)
{
	char why[384];

	agx_error_copy(cmdbuf->ctx, why, sizeof(why));
	return lib_cmdbuf_error(cmdbuf, ret, "%s: %s", what, why);
}

static const char *pass_name(enum lib_pass pass)
{
	switch (pass) {
	case LIB_PASS_COMPUTE:
		return "a compute pass";
	case LIB_PASS_RENDER:
		return "a render pass";
	default:
		return "no pass";
	}
}

int lib_cmdbuf_recording_slow(struct agx_cmdbuf *cmdbuf, enum lib_pass pass, const char *what)
{
	if (cmdbuf->ended)
		return lib_fail(cmdbuf->ctx, -EINVAL,
				"%s: the command buffer has ended; agx_cmdbuf_reset() begins anew",
				what);
	if (cmdbuf->error)
		return lib_fail(cmdbuf->ctx, cmdbuf->error, "%s", cmdbuf->message);
	if (cmdbuf->pass != pass)
		return lib_cmdbuf_error(cmdbuf, -EINVAL, "%s: expected %s to be open, got %s", what,
					pass_name(pass), pass_name(cmdbuf->pass));
	return 0;
}

uint64_t lib_cmdbuf_generation(struct agx_cmdbuf *cmdbuf)
{
	return atomic_fetch_add_explicit(&cmdbuf->ctx->generations, 1, memory_order_relaxed) + 1;
}

int agx_cmdbuf_create(struct agx_vm *vm, struct agx_cmdbuf **out)
{
	struct agx_context *ctx = lib_vm_context(vm);
	struct agx_cmdbuf *cmdbuf = calloc(1, sizeof(*cmdbuf));
	const struct agx_device_params *params;

	*out = NULL;
	if (!cmdbuf)
		return lib_fail(ctx, -ENOMEM, "command buffer: no memory");
	cmdbuf->ctx = ctx;
	cmdbuf->vm = lib_vm_get(vm);
	cmdbuf->device = agx_vm_device(vm);
	params = agx_device_params(cmdbuf->device);
	cmdbuf->generation = lib_cmdbuf_generation(cmdbuf);
	cmdbuf->shader_base = agx_vm_shader_base(vm);
	cmdbuf->va_start = params->va_start;
	cmdbuf->va_end = params->va_end;
	cmdbuf->g14x = cmdbuf->device->g14x;
	lib_pool_init(&cmdbuf->memory, vm, 0);
	lib_pool_init(&cmdbuf->window, vm, AGX_VA_SHADER);
	*out = cmdbuf;
	return 0;
}

static void drop_flights(struct agx_cmdbuf *cmdbuf)
{
	for (unsigned int i = 0; i < cmdbuf->flight_count; i++)
		lib_queue_put(cmdbuf->flights[i].queue);
	cmdbuf->flight_count = 0;
}

static void drop_shaders(struct agx_cmdbuf *cmdbuf)
{
	for (unsigned int i = 0; i < cmdbuf->shader_count; i++)
		lib_shader_put(cmdbuf->shaders[i]);
	cmdbuf->shader_count = 0;
	memset(cmdbuf->bound_stack, 0, sizeof(cmdbuf->bound_stack));
}

static void drop_scratches(struct agx_cmdbuf *cmdbuf)
{
	for (uint32_t i = 0; i < cmdbuf->scratch_count; i++)
		lib_scratch_put(cmdbuf->scratches[i]);
	cmdbuf->scratch_count = 0;
}

/* 0, or -ETIME: some of it has not ended within ns; or why that is not known. */
static int wait_flights(struct agx_cmdbuf *cmdbuf, uint64_t ns)
{
	int first = 0;

	for (unsigned int i = 0; i < cmdbuf->flight_count; i++) {
		const struct lib_flight *flight = &cmdbuf->flights[i];
		int ret = lib_queue_wait_point(flight->queue, flight->point, ns);

		if (ret && !first)
			first = ret;
	}
	if (!first)
		drop_flights(cmdbuf);
	return first;
}

void agx_cmdbuf_destroy(struct agx_cmdbuf *cmdbuf)
{
	int ret;

	if (!cmdbuf)
		return;
	ret = wait_flights(cmdbuf, AGX_FOREVER);
	/* On a lost device nothing runs any more. */
	if (ret && ret != -ENODEV)
		lib_log(cmdbuf->ctx, AGX_LOG_ERROR,
			"command buffer: destroyed without knowing that its work has ended: wait: "
			"%s",
			lib_reason(ret));
	drop_flights(cmdbuf);
	if (cmdbuf->render_destroy)
		cmdbuf->render_destroy(cmdbuf->render);
	drop_shaders(cmdbuf);
	drop_scratches(cmdbuf);
	lib_pool_finish(&cmdbuf->memory);
	lib_pool_finish(&cmdbuf->window);
	lib_vm_put(cmdbuf->vm);
	free(cmdbuf->flights);
	free(cmdbuf->shaders);
	free(cmdbuf->scratches);
	free(cmdbuf->commands);
	free(cmdbuf->bytes);
	free(cmdbuf);
}

int agx_cmdbuf_reset(struct agx_cmdbuf *cmdbuf)
{
	int ret = wait_flights(cmdbuf, 0);

	if (ret == -ETIME)
		return lib_fail(cmdbuf->ctx, -EBUSY,
				"command buffer reset: work of it is still under way");
	if (ret)
		return lib_fail(cmdbuf->ctx, ret,
				"command buffer reset: whether work of it is under way: %s",
				lib_reason(ret));
	drop_shaders(cmdbuf);
	drop_scratches(cmdbuf);
	cmdbuf->tile = NULL;
	lib_pool_reset(&cmdbuf->memory);
	lib_pool_reset(&cmdbuf->window);
	if (cmdbuf->render_reset)
		cmdbuf->render_reset(cmdbuf->render);
	memset(&cmdbuf->stream, 0, sizeof(cmdbuf->stream));
	cmdbuf->generation = lib_cmdbuf_generation(cmdbuf);
	cmdbuf->pass = LIB_PASS_NONE;
	cmdbuf->ended = false;
	cmdbuf->error = 0;
	cmdbuf->message[0] = '\0';
	cmdbuf->size = 0;
	cmdbuf->vdm_count = cmdbuf->cdm_count = 0;
	cmdbuf->command_count = 0;
	return 0;
}

int agx_cmdbuf_end(struct agx_cmdbuf *cmdbuf)
{
	if (cmdbuf->ended)
		return lib_fail(cmdbuf->ctx, -EINVAL, "command buffer end: it has ended already");
	if (!cmdbuf->error && cmdbuf->pass != LIB_PASS_NONE)
		lib_cmdbuf_error(cmdbuf, -EINVAL, "command buffer end: %s is still open",
				 pass_name(cmdbuf->pass));
	cmdbuf->ended = true;
	if (cmdbuf->error)
		return lib_fail(cmdbuf->ctx, cmdbuf->error, "%s", cmdbuf->message);
	return 0;
}

const void *agx_cmdbuf_bytes(const struct agx_cmdbuf *cmdbuf, uint32_t *size)
{
	if (!cmdbuf->ended || cmdbuf->error) {
		*size = 0;
		return NULL;
	}
	*size = cmdbuf->size;
	/* Not NULL even if nothing was recorded. */
	return cmdbuf->bytes ? cmdbuf->bytes : (const uint8_t *)"";
}

void *agx_cmdbuf_alloc(struct agx_cmdbuf *cmdbuf, size_t size, size_t align, uint64_t *address)
{
	*address = 0;
	if (lib_cmdbuf_recording(cmdbuf, cmdbuf->pass, "command buffer memory"))
		return NULL;
	if (!size || !align || align & (align - 1) || align > LIB_POOL_ALIGN) {
		lib_cmdbuf_error(cmdbuf, -EINVAL,
				 "command buffer memory: expected a size and a power of two up to "
				 "%u to align to, got %zu and %zu",
				 (unsigned int)LIB_POOL_ALIGN, size, align);
		return NULL;
	}
	if (size > cmdbuf->va_end - cmdbuf->va_start) {
		lib_cmdbuf_error(cmdbuf, -ENOMEM,
				 "command buffer memory: %zu bytes are more than addresses", size);
		return NULL;
	}
	return lib_cmdbuf_memory(cmdbuf, false, size, align, address);
}

/* Room for size bytes more behind the last. */
static int grow(void **array, uint32_t *capacity, uint32_t used, uint32_t more, size_t element)
{
	uint32_t wanted = *capacity ? *capacity : 64;
	void *larger;

	if (more > UINT32_MAX / 4 - used)
		return -ENOMEM;
	while (wanted < used + more)
		wanted *= 2;
	if (wanted == *capacity)
		return 0;
	larger = realloc(*array, (size_t)wanted * element);
	if (!larger)
		return -ENOMEM;
	*array = larger;
	*capacity = wanted;
	return 0;
}

/* A barrier holds 16 bits, of which the last value has a meaning of its own. */
#define BARRIER_MAX (DRM_ASAHI_BARRIER_NONE - 1)

int lib_cmdbuf_command(struct agx_cmdbuf *cmdbuf, enum drm_asahi_cmd_type type, const void *payload,
		       uint32_t size, bool overlap)
{
	const bool runs = type == DRM_ASAHI_CMD_RENDER || type == DRM_ASAHI_CMD_COMPUTE;
	struct drm_asahi_cmd_header header = {
		.cmd_type = (uint16_t)type,
		.size = (uint16_t)size,
		.vdm_barrier = DRM_ASAHI_BARRIER_NONE,
		.cdm_barrier = DRM_ASAHI_BARRIER_NONE,
	};

	if (size > UINT16_MAX)
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"command: its payload can have 65535 bytes, got %u", size);
	if (cmdbuf->vdm_count >= BARRIER_MAX || cmdbuf->cdm_count >= BARRIER_MAX)
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"command buffer: more than %u passes of a kind",
					BARRIER_MAX);
	if (grow((void **)&cmdbuf->bytes, &cmdbuf->capacity, cmdbuf->size,
		 (uint32_t)sizeof(header) + size, 1) ||
	    grow((void **)&cmdbuf->commands, &cmdbuf->command_capacity, cmdbuf->command_count, 1,
		 sizeof(*cmdbuf->commands)))
		return lib_cmdbuf_error(cmdbuf, -ENOMEM, "command buffer: no memory for commands");
	if (runs) {
		/* 0: all that earlier submissions put there. */
		header.vdm_barrier = overlap ? 0 : (uint16_t)cmdbuf->vdm_count;
		header.cdm_barrier = overlap ? 0 : (uint16_t)cmdbuf->cdm_count;
		cmdbuf->commands[cmdbuf->command_count++] =
			(struct lib_command){.offset = cmdbuf->size, .overlap = overlap};
		cmdbuf->vdm_count += type == DRM_ASAHI_CMD_RENDER;
		cmdbuf->cdm_count += type == DRM_ASAHI_CMD_COMPUTE;
	}
	memcpy(cmdbuf->bytes + cmdbuf->size, &header, sizeof(header));
	memcpy(cmdbuf->bytes + cmdbuf->size + sizeof(header), payload, size);
	cmdbuf->size += (uint32_t)sizeof(header) + size;
	return 0;
}

int lib_cmdbuf_scratch(struct agx_cmdbuf *cmdbuf, enum agx_stage stage, uint8_t stack,
		       struct drm_asahi_helper_program *helper)
{
	struct lib_scratch *scratch;

	memset(helper, 0, sizeof(*helper));
	if (!stack)
		return 0;
	if (grow((void **)&cmdbuf->scratches, &cmdbuf->scratch_capacity, cmdbuf->scratch_count, 1,
		 sizeof(struct lib_scratch *)))
		return lib_cmdbuf_error(cmdbuf, -ENOMEM,
					"command buffer: no memory to keep scratch memory");
	scratch = lib_scratch_get(cmdbuf->vm, stage, stack & LIB_STACK_PREAMBLE, helper);
	for (uint32_t i = 0; i < cmdbuf->scratch_count; i++) {
		if (cmdbuf->scratches[i] == scratch) {
			lib_scratch_put(scratch);
			return 0;
		}
	}
	cmdbuf->scratches[cmdbuf->scratch_count++] = scratch;
	return 0;
}

static int place(struct agx_cmdbuf *cmdbuf, const struct agx_timestamps *timestamps,
		 unsigned int index, struct drm_asahi_timestamp *out)
{
	uint32_t handle, offset;
	int ret;

	/* Handles of another device name something else here. */
	if (lib_timestamps_device(timestamps) != cmdbuf->device)
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"timestamps of a pass: those of %s expected, got another "
					"device's",
					cmdbuf->device->name);
	ret = lib_timestamp_place(timestamps, index, &handle, &offset);
	if (ret)
		return lib_cmdbuf_failed(cmdbuf, ret, "timestamps of a pass");
	*out = (struct drm_asahi_timestamp){.handle = handle, .offset = offset};
	return 0;
}

int lib_cmdbuf_timestamps(struct agx_cmdbuf *cmdbuf, const struct agx_timestamp_pair *pair,
			  struct drm_asahi_timestamps *times)
{
	int ret;

	memset(times, 0, sizeof(*times));
	if (!pair->timestamps)
		return 0;
	ret = place(cmdbuf, pair->timestamps, pair->begin, &times->start);
	return ret ? ret : place(cmdbuf, pair->timestamps, pair->end, &times->end);
}

int lib_cmdbuf_check(struct agx_cmdbuf *cmdbuf, const struct agx_vm *vm)
{
	if (cmdbuf->vm != vm)
		return lib_fail(cmdbuf->ctx, -EINVAL,
				"submission: the command buffer is of another VM");
	if (!cmdbuf->ended)
		return lib_fail(cmdbuf->ctx, -EINVAL,
				"submission: the command buffer is still being recorded; "
				"agx_cmdbuf_end() is missing");
	if (cmdbuf->error)
		return lib_fail(cmdbuf->ctx, -EINVAL,
				"submission: recording of the command buffer failed: %s",
				cmdbuf->message);
	return 0;
}

uint32_t lib_cmdbuf_commands(const struct agx_cmdbuf *cmdbuf)
{
	return cmdbuf->command_count;
}

uint32_t lib_cmdbuf_append(const struct agx_cmdbuf *cmdbuf, void *to, uint32_t *vdm, uint32_t *cdm)
{
	uint8_t *bytes = to;

	if (cmdbuf->size)
		memcpy(bytes, cmdbuf->bytes, cmdbuf->size);
	for (uint32_t i = 0; i < cmdbuf->command_count && *vdm + *cdm; i++) {
		struct drm_asahi_cmd_header header;

		if (cmdbuf->commands[i].overlap)
			continue;
		memcpy(&header, bytes + cmdbuf->commands[i].offset, sizeof(header));
		header.vdm_barrier = (uint16_t)(header.vdm_barrier + *vdm);
		header.cdm_barrier = (uint16_t)(header.cdm_barrier + *cdm);
		memcpy(bytes + cmdbuf->commands[i].offset, &header, sizeof(header));
	}
	*vdm += cmdbuf->vdm_count;
	*cdm += cmdbuf->cdm_count;
	return cmdbuf->size;
}

int lib_cmdbuf_submitting(struct agx_cmdbuf *cmdbuf)
{
	int ret = grow((void **)&cmdbuf->flights, &cmdbuf->flight_capacity, cmdbuf->flight_count, 1,
		       sizeof(*cmdbuf->flights));

	return ret ? lib_fail(cmdbuf->ctx, ret, "submission: no memory for what is under way") : 0;
}

void lib_cmdbuf_submitted(struct agx_cmdbuf *cmdbuf, struct agx_queue *queue, uint64_t point)
{
	for (unsigned int i = 0; i < cmdbuf->flight_count; i++) {
		if (cmdbuf->flights[i].queue != queue)
			continue;
		cmdbuf->flights[i].point = point;
		return;
	}
	cmdbuf->flights[cmdbuf->flight_count++] =
		(struct lib_flight){.queue = lib_queue_get(queue), .point = point};
}
