// SPDX-License-Identifier: MIT
#include "compute_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agx.h"
#include "compute_frame.h"

#define LANES  32   /* of a SIMD group */
#define BEHIND 0xa5 /* what stands between a buffer's end and the end of its last page */

static int failed(const struct compute_result *result, const char *what, int status)
{
	tool_error("compute: %s%s%s", what ? what : "", what ? ": " : "", agx_error(result->ctx));
	return status;
}

static void on_log(void *data, enum agx_log_level level, const char *message)
{
	(void)data;
	if (level <= AGX_LOG_WARN)
		tool_warning("%s", message);
}

static void on_finding(void *data, const char *name, const char *text)
{
	unsigned int *findings = data;

	__atomic_fetch_add(findings, 1, __ATOMIC_RELAXED);
	fprintf(stderr, "agx: finding %s: %s\n", name, text);
}

/* The same virtual GPU again, with somebody who judges what it is given. */
static int open_judged(const struct compute_job *job, struct compute_result *result)
{
	const char *name = job->device ? job->device : getenv("AGX_DEVICE");
	const char *firmware = name ? strchr(name, '@') : NULL;
	char gpu[32];
	const struct agx_virtual_params params = {
		.gpu = gpu,
		.firmware = firmware ? firmware + 1 : NULL,
		.judge = true,
		.finding = on_finding,
		.finding_data = &result->findings,
	};

	snprintf(gpu, sizeof(gpu), "%s", agx_device_params(result->device)->name);
	agx_device_close(result->device);
	result->device = NULL;
	return agx_device_open_virtual(result->ctx, &params, &result->device);
}

static int make_shader(struct compute_result *result, const char *name, const char *text,
		       struct agx_shader **shader)
{
	const struct agx_shader_params params = {
		.stage = AGX_STAGE_COMPUTE, .name = name, .text = text};

	return agx_shader_create(result->vm, &params, shader);
}

static bool is_shader_wrong(int ret)
{
	return ret == -EINVAL || ret == -ENOTSUP;
}

int compute_open(struct compute_job *job, struct compute_result *result)
{
	const struct agx_context_params params = {.log = on_log, .level = AGX_LOG_WARN};
	char *text;
	int ret;

	if (agx_context_create(&params, &result->ctx)) {
		tool_error("compute: no memory");
		return AGX_EXIT_USAGE;
	}
	ret = agx_device_open(result->ctx, job->device, &result->device);
	if (!ret && job->strict && agx_device_is_virtual(result->device))
		ret = open_judged(job, result);
	else if (!ret && job->strict)
		tool_warning("--strict has no effect on a node: agx run --strict -- agx compute");
	if (!ret)
		ret = agx_vm_create(result->device, &result->vm);
	if (!ret)
		ret = agx_queue_create(result->vm, AGX_PRIORITY_MEDIUM, &result->queue);
	if (ret)
		return failed(result, NULL, AGX_EXIT_USAGE);
	if (compute_frame_plain(job, &text)) {
		tool_error("compute: no memory");
		return AGX_EXIT_USAGE;
	}
	ret = make_shader(result, job->name, text, &result->shader);
	free(text);
	if (!ret)
		return AGX_EXIT_OK;
	/* It begins with the program's name. */
	tool_error("%s", agx_error(result->ctx));
	return is_shader_wrong(ret) ? AGX_EXIT_DAMAGED : AGX_EXIT_USAGE;
}

/* Threads of a group, and how many threads or groups. */
static void choose_sizes(const struct compute_job *job, struct compute_result *result)
{
	const struct agx_shader_info *info = agx_shader_info(result->shader);
	size_t values = 0;

	for (unsigned int i = 0; i < job->set.count; i++) {
		if (job->set.of[i].data.count > values)
			values = job->set.of[i].data.count;
	}
	for (int i = 0; i < 3; i++) {
		const uint32_t said = job->group[0] ? job->group[i] : info->group[i];

		/* One SIMD group, of which a smaller grid takes a part. */
		result->group[i] = said ? said : i ? 1 : LANES;
		result->size[i] = job->size[0] ? job->size[i] : said && !job->in_groups ? said : 1;
	}
	/* As many threads as registers are given values. */
	if (!job->size[0] && values > result->size[0] && !job->in_groups)
		result->size[0] = (uint32_t)values;
}

static int frame(struct compute_job *job, struct compute_result *result)
{
	const uint32_t *size = result->size;
	const uint64_t threads = (uint64_t)size[0] * (job->in_groups ? result->group[0] : 1);
	struct compute_message message;
	char *text = NULL;
	int ret;

	if (!job->set.count && !job->show.count)
		return AGX_EXIT_OK;
	if (size[1] > 1 || size[2] > 1 || result->group[1] > 1 || result->group[2] > 1 ||
	    threads > COMPUTE_BYTES_MAX / 8) {
		tool_error("compute: --set and --show: expected a grid of one dimension and at "
			   "most %u threads, got %u, %u, %u",
			   COMPUTE_BYTES_MAX / 8, size[0], size[1], size[2]);
		return AGX_EXIT_USAGE;
	}
	if (compute_frame(job, threads, agx_shader_info(result->shader)->registers, &text,
			  &message)) {
		tool_error("compute: %s", message.text);
		free(text);
		return AGX_EXIT_USAGE;
	}
	ret = make_shader(result, "the program with --set and --show", text, &result->framed);
	free(text);
	if (!ret)
		return AGX_EXIT_OK;
	return failed(result, NULL, is_shader_wrong(ret) ? AGX_EXIT_DAMAGED : AGX_EXIT_USAGE);
}

static int make_buffers(struct compute_job *job, struct compute_result *result)
{
	for (unsigned int i = 0; i < job->buffer_count; i++) {
		struct compute_buffer *buffer = &job->buffers[i];

		buffer->bytes = buffer->data.count * buffer->data.type->bytes;
		buffer->before = malloc(buffer->bytes);
		if (!buffer->before) {
			tool_error("compute: %s: no memory", buffer->name);
			return AGX_EXIT_USAGE;
		}
		compute_data_write(&buffer->data, buffer->before);
		/* Pages with nothing on both sides: what goes beyond meets no other buffer. */
		if (agx_buffer_create(result->vm, buffer->bytes, AGX_BUFFER_CACHED | AGX_VA_GUARD,
				      &buffer->buffer) ||
		    !(buffer->map = agx_buffer_map(buffer->buffer)))
			return failed(result, buffer->name, AGX_EXIT_USAGE);
	}
	for (unsigned int i = 0; i < job->pointer_count; i++) {
		const struct compute_pointer *pointer = &job->pointers[i];
		const struct agx_buffer *buffer = job->buffers[pointer->buffer].buffer;
		const uint64_t address = agx_buffer_address(buffer) + pointer->offset;

		for (unsigned int half = 0; half < 4; half++)
			job->uniforms[pointer->half + half] = (uint16_t)(address >> 16 * half);
	}
	return AGX_EXIT_OK;
}

static void fill_buffers(struct compute_job *job)
{
	for (unsigned int i = 0; i < job->buffer_count; i++) {
		struct compute_buffer *buffer = &job->buffers[i];
		const size_t whole = agx_buffer_size(buffer->buffer);

		memcpy(buffer->map, buffer->before, buffer->bytes);
		memset(buffer->map + buffer->bytes, BEHIND, whole - buffer->bytes);
	}
}

static void look_behind(const struct compute_job *job, struct compute_result *result)
{
	for (unsigned int i = 0; i < job->buffer_count; i++) {
		const struct compute_buffer *buffer = &job->buffers[i];
		const size_t whole = agx_buffer_size(buffer->buffer);
		size_t at = buffer->bytes;

		while (at < whole && buffer->map[at] == BEHIND)
			at++;
		if (at == whole)
			continue;
		tool_warning("%s has %zu bytes, and the shader wrote to byte %zu", buffer->name,
			     buffer->bytes, at);
		result->findings++;
	}
}

static int record(const struct compute_job *job, struct compute_result *result)
{
	const struct agx_compute_pass pass = {.timestamps = {result->timestamps, 0, 1}};
	const struct agx_dispatch dispatch = {
		.mode = job->in_groups ? AGX_DISPATCH_GROUPS : AGX_DISPATCH_THREADS,
		.size = {result->size[0], result->size[1], result->size[2]},
		.group = {result->group[0], result->group[1], result->group[2]},
	};
	unsigned int halves = COMPUTE_UNIFORMS;
	struct agx_bindings bindings = {.uniforms = job->uniforms};

	while (halves && !job->given[halves - 1])
		halves--;
	bindings.uniform_bytes = 2 * halves;
	agx_compute_begin(result->cmdbuf, &pass);
	agx_compute_launch(result->cmdbuf, result->framed ? result->framed : result->shader,
			   &bindings, &dispatch);
	agx_compute_end(result->cmdbuf);
	return agx_cmdbuf_end(result->cmdbuf);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* One run; its times are kept. */
static int run(const struct compute_job *job, struct compute_result *result)
{
	const struct agx_sync_point signal = {.sync = result->sync};
	const struct agx_submission submission = {
		.cmdbufs = &result->cmdbuf,
		.cmdbuf_count = 1,
		.signals = &signal,
		.signal_count = 1,
	};
	const uint64_t limit = job->seconds > 0 ? (uint64_t)(job->seconds * 1e9) : AGX_FOREVER;
	uint64_t begin, end, start;
	int ret;

	agx_timestamps_clear(result->timestamps);
	start = now_ns();
	ret = agx_queue_submit(result->queue, &submission);
	if (!ret)
		ret = agx_sync_wait(result->sync, 0, limit);
	result->cpu_ns[result->runs] = now_ns() - start;
	if (ret == -ETIME) {
		result->stuck = true;
		tool_error("compute: the shader has not ended within %g seconds", job->seconds);
		return AGX_EXIT_FAILED;
	}
	if (!ret)
		ret = agx_sync_status(result->sync, 0);
	if (ret) {
		tool_error("compute: the GPU says: %s%s", strerror(-ret),
			   ret == -ETIMEDOUT ? " (a loop, or a wait, that has no end?)" : "");
		return AGX_EXIT_FAILED;
	}
	begin = agx_timestamps_get(result->timestamps, 0);
	end = agx_timestamps_get(result->timestamps, 1);
	result->gpu_ns[result->runs++] =
		begin && end >= begin ? agx_device_ticks_to_ns(result->device, end - begin) : 0;
	return AGX_EXIT_OK;
}

int compute_run(struct compute_job *job, struct compute_result *result)
{
	int status;

	choose_sizes(job, result);
	status = frame(job, result);
	if (!status)
		status = make_buffers(job, result);
	if (status)
		return status;
	result->cpu_ns = calloc(job->repeat, sizeof(*result->cpu_ns));
	result->gpu_ns = calloc(job->repeat, sizeof(*result->gpu_ns));
	if (!result->cpu_ns || !result->gpu_ns) {
		tool_error("compute: no memory for %u runs", job->repeat);
		return AGX_EXIT_USAGE;
	}
	if (agx_timestamps_create(result->vm, 2, &result->timestamps) ||
	    agx_sync_create(result->device, 0, &result->sync) ||
	    agx_cmdbuf_create(result->vm, &result->cmdbuf) || record(job, result))
		return failed(result, NULL, AGX_EXIT_USAGE);
	/* Each run finds the same, and so leaves the same. */
	for (unsigned int i = 0; !status && i < job->repeat; i++) {
		fill_buffers(job);
		status = run(job, result);
	}
	if (!status)
		look_behind(job, result);
	return status;
}

void compute_end(struct compute_job *job, struct compute_result *result)
{
	for (unsigned int i = 0; i < job->buffer_count; i++) {
		compute_data_free(&job->buffers[i].data);
		free(job->buffers[i].before);
	}
	for (unsigned int i = 0; i < job->set.count; i++)
		compute_data_free(&job->set.of[i].data);
	for (unsigned int i = 0; i < job->expects.count; i++)
		compute_data_free(&job->expects.of[i].expected);
	free(result->cpu_ns);
	free(result->gpu_ns);
	for (unsigned int i = 0; i < job->show.count; i++)
		compute_data_free(&job->show.of[i].data);
	/* Ending it would wait for what has no end. */
	if (result->stuck)
		return;
	for (unsigned int i = 0; i < job->buffer_count; i++)
		agx_buffer_destroy(job->buffers[i].buffer);
	agx_cmdbuf_destroy(result->cmdbuf);
	agx_sync_destroy(result->sync);
	agx_timestamps_destroy(result->timestamps);
	agx_shader_destroy(result->framed);
	agx_shader_destroy(result->shader);
	agx_queue_destroy(result->queue);
	agx_vm_destroy(result->vm);
	agx_device_close(result->device);
	agx_context_destroy(result->ctx);
}
