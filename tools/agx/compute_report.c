// SPDX-License-Identifier: MIT
#include "compute_report.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx.h"

#define ROW      72  /* characters of elements in a line */
#define UNASKED  256 /* elements of a buffer that nobody asked for */
#define SHOWN    8   /* elements that are not as expected */
#define TEXT_MAX 40

/* Of type type, a buffer's elements in whole. */
static size_t elements(const struct compute_buffer *buffer, const struct compute_type *type)
{
	return buffer->bytes / type->bytes;
}

static bool compare(const struct compute_job *job, struct compute_request *expect)
{
	const struct compute_buffer *buffer = &job->buffers[expect->buffer];
	const struct compute_type *type = expect->expected.type;
	const size_t there = elements(buffer, type);
	struct compute_data data = expect->expected;
	uint8_t *memory;

	/* One value is what all of it should be, a list is what it begins with. */
	if (!data.counted && (data.single || !data.count))
		data.count = there;
	expect->type = type;
	expect->count = data.count;
	if (data.count > there) {
		tool_error("compute: --expect %s: %zu elements of %s, there are %zu", expect->text,
			   data.count, type->name, there);
		expect->wrong = data.count - there;
		return false;
	}
	memory = malloc(data.count * type->bytes + 1);
	if (!memory) {
		tool_error("compute: --expect %s: no memory", expect->text);
		expect->wrong = data.count;
		return false;
	}
	compute_data_write(&data, memory);
	for (size_t i = 0; i < data.count; i++) {
		const uint8_t *got = buffer->map + i * type->bytes;
		const uint8_t *wanted = memory + i * type->bytes;
		char got_text[TEXT_MAX], wanted_text[TEXT_MAX];

		if (compute_element_is(type, got, wanted, job->tolerance))
			continue;
		if (!expect->wrong++)
			expect->wrong_at = i;
		if (expect->wrong > SHOWN)
			continue;
		compute_element_text(type, got, got_text, sizeof(got_text));
		compute_element_text(type, wanted, wanted_text, sizeof(wanted_text));
		tool_error("%s[%zu]: expected %s, got %s", buffer->name, i, wanted_text, got_text);
	}
	free(memory);
	if (expect->wrong > SHOWN)
		tool_error("%s: %zu of %zu are not as expected", buffer->name, expect->wrong,
			   data.count);
	return !expect->wrong;
}

unsigned int compute_compare(struct compute_job *job)
{
	unsigned int failed = 0;

	for (unsigned int i = 0; i < job->expects.count; i++)
		failed += !compare(job, &job->expects.of[i]);
	return failed;
}

int compute_write(const struct compute_job *job)
{
	for (unsigned int i = 0; i < job->outputs.count; i++) {
		const struct compute_request *output = &job->outputs.of[i];
		const struct compute_buffer *buffer = &job->buffers[output->buffer];
		FILE *out = strcmp(output->path, "-") ? fopen(output->path, "wbe") : stdout;
		bool good = out && fwrite(buffer->map, 1, buffer->bytes, out) == buffer->bytes;

		if (out && (out == stdout ? fflush(out) : fclose(out)))
			good = false;
		if (good)
			continue;
		tool_error("compute: %s: %s", output->path, strerror(errno));
		return AGX_EXIT_USAGE;
	}
	return AGX_EXIT_OK;
}

void compute_print_changed(struct compute_job *job)
{
	for (unsigned int i = 0; i < job->buffer_count; i++) {
		const struct compute_buffer *buffer = &job->buffers[i];
		struct compute_request *print = &job->prints.of[job->prints.count];
		const size_t there = elements(buffer, buffer->data.type);

		if (!buffer->map || !memcmp(buffer->map, buffer->before, buffer->bytes))
			continue;
		*print = (struct compute_request){.buffer = i, .type = buffer->data.type};
		print->count = there < UNASKED ? there : UNASKED;
		job->prints.count++;
	}
}

/* The elements of a print that are there: [*first, *end). */
static void range(const struct compute_job *job, const struct compute_request *print, size_t *first,
		  size_t *end)
{
	const size_t there = elements(&job->buffers[print->buffer], print->type);

	*first = print->first < there ? print->first : there;
	*end = print->count && print->count < there - *first ? *first + print->count : there;
}

static void print(const struct compute_job *job, const struct compute_request *print)
{
	const struct compute_buffer *buffer = &job->buffers[print->buffer];
	const size_t there = elements(buffer, print->type);
	size_t first, end, row = 1;
	int width = 1;
	char text[TEXT_MAX];

	range(job, print, &first, &end);
	for (size_t i = first; i < end; i++) {
		int length;

		compute_element_text(print->type, buffer->map + i * print->type->bytes, text,
				     sizeof(text));
		length = (int)strlen(text);
		width = length > width ? length : width;
	}
	while (row < 32 && row * 2 * (size_t)(width + 1) <= ROW)
		row *= 2;
	printf("%s: %s[%zu]\n", buffer->name, print->type->name, there);
	for (size_t i = first; i < end; i++) {
		if ((i - first) % row == 0)
			printf("%s%6zu:", i > first ? "\n" : "", i);
		compute_element_text(print->type, buffer->map + i * print->type->bytes, text,
				     sizeof(text));
		printf(" %*s", width, text);
	}
	if (end > first)
		putchar('\n');
	if (!print->text && end < there)
		printf("        and %zu more\n", there - end);
}

static int compare_times(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

struct times {
	uint64_t least, median, most;
};

static struct times times_of(const uint64_t *ns, unsigned int count)
{
	uint64_t *sorted = malloc(count * sizeof(*sorted));
	struct times times = {0};

	if (!sorted || !count) {
		free(sorted);
		return times;
	}
	memcpy(sorted, ns, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare_times);
	times = (struct times){sorted[0], sorted[count / 2], sorted[count - 1]};
	free(sorted);
	return times;
}

static void print_times(const char *what, const uint64_t *ns, unsigned int runs)
{
	const struct times times = times_of(ns, runs);

	/* A device that tells no times. */
	if (times.most)
		printf("%-22s %12.3f us at least %12.3f us median %12.3f us at most\n", what,
		       (double)times.least / 1e3, (double)times.median / 1e3,
		       (double)times.most / 1e3);
}

void compute_report(const struct compute_job *job, const struct compute_result *result)
{
	const struct agx_device_params *params = agx_device_params(result->device);
	const uint32_t *size = result->size, *group = result->group;

	printf("%s (%s%s): %" PRIu32 " x %" PRIu32 " x %" PRIu32 " %s of %" PRIu32 " x %" PRIu32
	       " x %" PRIu32 " threads\n",
	       params->name, params->product,
	       agx_device_is_virtual(result->device) ? ", modelled" : "", size[0], size[1], size[2],
	       job->in_groups ? "groups" : "threads, in groups", group[0], group[1], group[2]);
	for (unsigned int i = 0; i < job->prints.count; i++)
		print(job, &job->prints.of[i]);
	if (job->repeat < 2)
		return;
	printf("%u runs\n", result->runs);
	print_times("submission to its end", result->cpu_ns, result->runs);
	print_times("of that on the GPU", result->gpu_ns, result->runs);
}

void compute_report_info(const struct compute_result *result)
{
	const struct agx_shader_info *info = agx_shader_info(result->shader);

	printf("at 0x%" PRIx64 ": %u instructions, %u bytes, and %u of preamble\n",
	       agx_shader_address(result->framed ? result->framed : result->shader),
	       info->instructions, info->size, info->preamble_size);
	printf("%u halves of registers (%u in the preamble), %u of uniforms; %u textures, %u "
	       "samplers\n",
	       info->registers, info->preamble_registers, info->uniforms, info->textures,
	       info->samplers);
	printf("%u threads a core, %u bytes of local memory, %u of stack%s\n", info->threads,
	       info->local_bytes, info->scratch_bytes,
	       info->uses_barriers ? ", waits at barriers" : "");
}

static void add_int(struct json_object *to, const char *name, uint64_t value)
{
	json_object_object_add(to, name, json_object_new_uint64(value));
}

static void add_text(struct json_object *to, const char *name, const char *text)
{
	json_object_object_add(to, name, json_object_new_string(text));
}

static struct json_object *size_json(const uint32_t size[3])
{
	struct json_object *list = json_object_new_array();

	for (int i = 0; i < 3; i++)
		json_object_array_add(list, json_object_new_int64(size[i]));
	return list;
}

static struct json_object *shader_json(const struct compute_result *result)
{
	const struct agx_shader *at = result->framed ? result->framed : result->shader;
	const struct agx_shader_info *info = agx_shader_info(result->shader);
	struct json_object *shader = json_object_new_object();
	char text[TEXT_MAX];

	snprintf(text, sizeof(text), "0x%" PRIx64, agx_shader_address(at));
	add_text(shader, "address", text);
	add_int(shader, "instructions", info->instructions);
	add_int(shader, "bytes", info->size);
	add_int(shader, "preamble_bytes", info->preamble_size);
	add_int(shader, "registers", info->registers);
	add_int(shader, "preamble_registers", info->preamble_registers);
	add_int(shader, "uniforms", info->uniforms);
	add_int(shader, "textures", info->textures);
	add_int(shader, "samplers", info->samplers);
	add_int(shader, "threads", info->threads);
	add_int(shader, "local_bytes", info->local_bytes);
	add_int(shader, "scratch_bytes", info->scratch_bytes);
	json_object_object_add(shader, "barriers", json_object_new_boolean(info->uses_barriers));
	return shader;
}

/* Numbers as JSON has them: what is none there, and hexadecimal ones, are strings. */
static struct json_object *element_json(const struct compute_type *type, const uint8_t *memory)
{
	char text[TEXT_MAX];

	compute_element_text(type, memory, text, sizeof(text));
	if (type->kind == 'u')
		return json_object_new_uint64(strtoull(text, NULL, 10));
	if (type->kind == 'i')
		return json_object_new_int64(strtoll(text, NULL, 10));
	if (type->kind == 'f' && isfinite(compute_element_float(type, memory)))
		return json_object_new_double_s(compute_element_float(type, memory), text);
	return json_object_new_string(text);
}

static struct json_object *print_json(const struct compute_job *job,
				      const struct compute_request *print)
{
	const struct compute_buffer *buffer = &job->buffers[print->buffer];
	struct json_object *item = json_object_new_object(), *values = json_object_new_array();
	size_t first, end;

	range(job, print, &first, &end);
	add_text(item, "name", buffer->name);
	add_text(item, "type", print->type->name);
	add_int(item, "elements", elements(buffer, print->type));
	add_int(item, "first", first);
	for (size_t i = first; i < end; i++)
		json_object_array_add(
			values, element_json(print->type, buffer->map + i * print->type->bytes));
	json_object_object_add(item, "values", values);
	return item;
}

static struct json_object *expect_json(const struct compute_job *job,
				       const struct compute_request *expect)
{
	struct json_object *item = json_object_new_object();

	add_text(item, "expect", expect->text);
	add_text(item, "name", job->buffers[expect->buffer].name);
	add_int(item, "elements", expect->count);
	add_int(item, "wrong", expect->wrong);
	if (expect->wrong)
		add_int(item, "first_wrong", expect->wrong_at);
	return item;
}

static void add_times(struct json_object *to, const char *name, const uint64_t *ns,
		      unsigned int runs)
{
	const struct times times = times_of(ns, runs);
	struct json_object *item;

	if (!times.most)
		return;
	item = json_object_new_object();
	add_int(item, "min", times.least);
	add_int(item, "median", times.median);
	add_int(item, "max", times.most);
	json_object_object_add(to, name, item);
}

int compute_report_json(const struct compute_job *job, const struct compute_result *result,
			int status)
{
	const struct agx_device_params *params = agx_device_params(result->device);
	struct json_object *root = json_object_new_object(), *list;

	add_text(root, "version", tool_version);
	add_text(root, "program", job->name);
	add_text(root, "gpu", params->name);
	json_object_object_add(root, "virtual",
			       json_object_new_boolean(agx_device_is_virtual(result->device)));
	json_object_object_add(root, "shader", shader_json(result));
	json_object_object_add(root, job->in_groups ? "groups" : "threads",
			       size_json(result->size));
	json_object_object_add(root, "group", size_json(result->group));
	list = json_object_new_array();
	for (unsigned int i = 0; result->runs && i < job->prints.count; i++)
		json_object_array_add(list, print_json(job, &job->prints.of[i]));
	json_object_object_add(root, "buffers", list);
	list = json_object_new_array();
	for (unsigned int i = 0; result->runs && i < job->expects.count; i++)
		json_object_array_add(list, expect_json(job, &job->expects.of[i]));
	json_object_object_add(root, "expectations", list);
	add_int(root, "runs", result->runs);
	add_times(root, "cpu_ns", result->cpu_ns, result->runs);
	add_times(root, "gpu_ns", result->gpu_ns, result->runs);
	add_int(root, "findings", result->findings);
	add_int(root, "status", (uint64_t)status);
	printf("%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	json_object_put(root);
	return status;
}
