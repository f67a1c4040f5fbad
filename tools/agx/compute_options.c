// SPDX-License-Identifier: MIT
/* Arguments of `agx compute`'s options: NAME=DATA and the like. */
#include "compute_options.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int compute_register_parse(const char *text, size_t length, char kind, unsigned int limit,
			   unsigned int *half, unsigned int *halves)
{
	const char *at = text, *end = text + length;
	unsigned int number = 0;

	*halves = 2;
	if (at < end && *at == 'd') {
		*halves = 4;
		at++;
	}
	if (at == end || *at++ != kind || at == end || !isdigit((unsigned char)*at))
		return -EINVAL;
	for (; at < end && isdigit((unsigned char)*at); at++) {
		number = number * 10 + (unsigned int)(*at - '0');
		if (number > limit)
			return -EINVAL;
	}
	*half = number * 2;
	if (at < end && *halves == 2 && (*at == 'l' || *at == 'h')) {
		*half += *at++ == 'h';
		*halves = 1;
	}
	return at == end && *half + *halves <= limit ? 0 : -EINVAL;
}

static size_t name_length(const char *text)
{
	size_t length = 0;

	if (isdigit((unsigned char)*text))
		return 0;
	while (isalnum((unsigned char)text[length]) || text[length] == '_')
		length++;
	return length;
}

int compute_buffer_find(const struct compute_job *job, const char *text, size_t length)
{
	for (unsigned int i = 0; i < job->buffer_count; i++) {
		if (strlen(job->buffers[i].name) == length &&
		    !memcmp(job->buffers[i].name, text, length))
			return (int)i;
	}
	return -1;
}

int compute_buffer_add(struct compute_job *job, const char *name, size_t length,
		       struct compute_message *message)
{
	struct compute_buffer *buffer = &job->buffers[job->buffer_count];

	if (!length || length >= sizeof(buffer->name))
		return compute_wrong(message, "expected a name of 1 to %zu characters",
				     sizeof(buffer->name) - 1);
	if (job->buffer_count == COMPUTE_BUFFERS)
		return compute_wrong(message, "more than %u buffers", COMPUTE_BUFFERS);
	memcpy(buffer->name, name, length);
	buffer->place = COMPUTE_UNIFORMS;
	return (int)job->buffer_count++;
}

/* Takes uniform registers; whoever has them already is in the way. */
static int take(struct compute_job *job, unsigned int half, unsigned int halves,
		struct compute_message *message)
{
	for (unsigned int i = half; i < half + halves; i++) {
		if (job->given[i])
			return compute_wrong(message,
					     "u%u%c has another value already (buffers without "
					     "@REGISTER take du0, du2, ...)",
					     i / 2, i & 1 ? 'h' : 'l');
		job->given[i] = true;
	}
	return 0;
}

static int take_pointer(struct compute_job *job, unsigned int half, unsigned int buffer,
			uint64_t offset, struct compute_message *message)
{
	int ret = take(job, half, 4, message);

	if (!ret)
		job->pointers[job->pointer_count++] =
			(struct compute_pointer){half, buffer, offset};
	return ret;
}

int compute_place_anywhere(struct compute_job *job, unsigned int buffer,
			   struct compute_message *message)
{
	for (unsigned int half = 0; half < COMPUTE_UNIFORMS; half += 4) {
		if (job->given[half] || job->given[half + 1] || job->given[half + 2] ||
		    job->given[half + 3])
			continue;
		job->buffers[buffer].place = half;
		return take_pointer(job, half, buffer, 0, message);
	}
	return compute_wrong(message, "no uniform registers are left");
}

/* NAME[@REGISTER]=DATA */
int compute_option_buffer(struct compute_job *job, const char *text, const char *folder,
			  struct compute_message *message)
{
	const size_t length = name_length(text);
	const char *at = text + length, *equals = strchr(text, '=');
	unsigned int place = COMPUTE_UNIFORMS, halves;
	struct compute_buffer *buffer;
	int index, ret;

	if (!equals || (*at != '=' && *at != '@'))
		return compute_wrong(message, "expected NAME=TYPE[COUNT]:FILL");
	if (*at == '@' && (compute_register_parse(at + 1, (size_t)(equals - at) - 1, 'u',
						  COMPUTE_UNIFORMS, &place, &halves) ||
			   halves != 4))
		return compute_wrong(message,
				     "expected a register from du0 to du254, got "
				     "\"%.*s\"",
				     (int)(equals - at) - 1, at + 1);
	index = compute_buffer_find(job, text, length);
	if (index < 0)
		index = compute_buffer_add(job, text, length, message);
	if (index < 0)
		return index;
	buffer = &job->buffers[index];
	compute_data_free(&buffer->data);
	ret = compute_data_parse(equals + 1, compute_type_guess(equals + 1, 4), folder,
				 &buffer->data, message);
	if (!ret && !buffer->data.count)
		ret = compute_wrong(message, "how many elements? %s[COUNT]",
				    buffer->data.type->name);
	if (!ret && buffer->data.count > COMPUTE_BYTES_MAX / buffer->data.type->bytes)
		ret = compute_wrong(message, "more than %u bytes", COMPUTE_BYTES_MAX);
	if (place != COMPUTE_UNIFORMS)
		buffer->place = place;
	return ret;
}

int compute_place_buffers(struct compute_job *job, struct compute_message *message)
{
	unsigned int next = 0;
	int ret = 0;

	for (unsigned int i = 0; !ret && i < job->buffer_count; i++) {
		struct compute_buffer *buffer = &job->buffers[i];

		if (buffer->frame)
			continue;
		if (buffer->place == COMPUTE_UNIFORMS) {
			buffer->place = next;
			next += 4;
		}
		ret = take_pointer(job, buffer->place, i, 0, message);
	}
	return ret;
}

/* REGISTER=BUFFER[+OFFSET] */
static int read_pointer(struct compute_job *job, unsigned int half, unsigned int halves,
			unsigned int buffer, const char *text, struct compute_message *message)
{
	char *end = (char *)text;
	uint64_t offset = 0;

	if (*text == '+' && isdigit((unsigned char)text[1]))
		offset = strtoull(text + 1, &end, 0);
	if (*end)
		return compute_wrong(message, "expected +OFFSET, got \"%.40s\"", text);
	if (halves != 4)
		return compute_wrong(message, "an address takes a 64-bit register: du4");
	return take_pointer(job, half, buffer, offset, message);
}

int compute_option_uniform(struct compute_job *job, const char *text, const char *folder,
			   struct compute_message *message)
{
	const char *value = strchr(text, '=');
	const size_t name = value ? name_length(value + 1) : 0;
	struct compute_data data;
	unsigned int half, halves;
	int buffer, ret;
	size_t size;

	if (!value || compute_register_parse(text, (size_t)(value - text), 'u', COMPUTE_UNIFORMS,
					     &half, &halves))
		return compute_wrong(message, "expected REGISTER=VALUE, as u4=7, u4l=1.5, du6=out");
	value++;
	buffer = compute_buffer_find(job, value, name);
	if (name && buffer >= 0 && (!value[name] || value[name] == '+'))
		return read_pointer(job, half, halves, (unsigned int)buffer, value + name, message);
	ret = compute_data_parse(value, compute_type_guess(value, 2 * halves), folder, &data,
				 message);
	size = data.count * data.type->bytes;
	if (!ret && (!size || size % 2 || size > 2 * (COMPUTE_UNIFORMS - half)))
		ret = compute_wrong(message, "expected whole registers, up to u255, got %zu bytes",
				    size);
	if (!ret)
		ret = take(job, half, (unsigned int)size / 2, message);
	if (!ret)
		compute_data_write(&data, &job->uniforms[half]);
	compute_data_free(&data);
	return ret;
}

int compute_option_size(const char *text, uint32_t size[3], struct compute_message *message)
{
	char *end = (char *)text - 1;

	size[0] = size[1] = size[2] = 1;
	for (unsigned int i = 0; i < 3; i++) {
		const char *number = end + 1;
		unsigned long long value = strtoull(number, &end, 10);

		if (!isdigit((unsigned char)*number) || !value || value > UINT32_MAX)
			return compute_wrong(message, "expected X[,Y[,Z]], each from 1, got \"%s\"",
					     text);
		size[i] = (uint32_t)value;
		if (*end != ',')
			break;
	}
	return *end ? compute_wrong(message, "expected X[,Y[,Z]], got \"%s\"", text) : 0;
}

/* The request for the buffer that text begins with; *rest: what follows. */
static struct compute_request *request(struct compute_job *job, struct compute_requests *list,
				       const char *text, const char **rest,
				       struct compute_message *message)
{
	const size_t length = name_length(text);
	const int buffer = compute_buffer_find(job, text, length);
	struct compute_request *request = &list->of[list->count];

	if (buffer < 0) {
		compute_wrong(message, "no buffer is named \"%.*s\"", (int)length, text);
		return NULL;
	}
	if (list->count == COMPUTE_REQUESTS) {
		compute_wrong(message, "more than %u of them", COMPUTE_REQUESTS);
		return NULL;
	}
	list->count++;
	*request = (struct compute_request){.text = text, .buffer = (unsigned int)buffer};
	request->type = job->buffers[buffer].data.type;
	*rest = text + length;
	return request;
}

/* NAME[:TYPE][[COUNT]|[FIRST..LAST]] */
int compute_option_print(struct compute_job *job, const char *text, struct compute_message *message)
{
	const char *at;
	struct compute_request *print = request(job, &job->prints, text, &at, message);
	unsigned long long first, last;
	int used = 0;

	if (!print)
		return -EINVAL;
	if (*at == ':') {
		const size_t length = strcspn(++at, "[");

		print->type = compute_type_find(at, length);
		if (!print->type)
			return compute_wrong(message,
					     "expected a type like u32 or f16, got "
					     "\"%.*s\"",
					     (int)length, at);
		at += length;
	}
	if (!*at)
		return 0;
	if (sscanf(at, "[%9llu..%9llu]%n", &first, &last, &used) == 2 && used && !at[used] &&
	    first <= last) {
		print->first = first;
		print->count = last - first + 1;
		return 0;
	}
	used = 0;
	if (sscanf(at, "[%9llu]%n", &last, &used) == 1 && used && !at[used] && last) {
		print->count = last;
		return 0;
	}
	return compute_wrong(message, "expected [COUNT] or [FIRST..LAST], got \"%s\"", at);
}

int compute_option_expect(struct compute_job *job, const char *text, const char *folder,
			  struct compute_message *message)
{
	const char *at;
	struct compute_request *expect = request(job, &job->expects, text, &at, message);

	if (!expect)
		return -EINVAL;
	if (*at != '=')
		return compute_wrong(message, "expected NAME=DATA");
	return compute_data_parse(at + 1, expect->type, folder, &expect->expected, message);
}

int compute_option_output(struct compute_job *job, const char *text,
			  struct compute_message *message)
{
	const char *at;
	struct compute_request *output = request(job, &job->outputs, text, &at, message);

	if (!output)
		return -EINVAL;
	if (*at != '=' || !at[1])
		return compute_wrong(message, "expected NAME=FILE");
	output->path = at + 1;
	return 0;
}

int compute_option_register(struct compute_job *job, bool set, const char *text, const char *folder,
			    struct compute_message *message)
{
	struct compute_registers *list = set ? &job->set : &job->show;
	struct compute_register *reg = &list->of[list->count];
	const size_t length = strcspn(text, set ? "=" : ":");
	const char *rest = text + length + !!text[length];
	int index, ret;

	if (list->count == COMPUTE_REGISTERS)
		return compute_wrong(message, "more than %u registers", COMPUTE_REGISTERS);
	*reg = (struct compute_register){.text = text};
	if (compute_register_parse(text, length, 'r', 252, &reg->half, &reg->halves) ||
	    (set && !*rest))
		return compute_wrong(message, "expected %s, of r0 to r125",
				     set ? "REGISTER=DATA, as r1=5, r1l=1.5"
					 : "REGISTER[:TYPE], as r1, r1l, dr2:x64");
	list->count++;
	if (set) {
		ret = compute_data_parse(rest, compute_type_guess(rest, 2 * reg->halves), folder,
					 &reg->data, message);
		reg->type = reg->data.type;
	} else {
		reg->type = *rest ? compute_type_find(rest, strlen(rest))
				  : compute_type_guess("", 2 * reg->halves);
		ret = reg->type ? 0 : compute_wrong(message, "no type is named \"%s\"", rest);
	}
	if (!ret && reg->type->bytes != 2 * reg->halves)
		ret = compute_wrong(message, "%.*s has %u bytes, %s has %u", (int)length, text,
				    2 * reg->halves, reg->type->name, reg->type->bytes);
	if (ret || set)
		return ret;
	if (compute_buffer_find(job, text, length) >= 0)
		return compute_wrong(message, "there is a \"%.*s\" already", (int)length, text);
	index = compute_buffer_add(job, text, length, message);
	if (index < 0)
		return index;
	reg->buffer = (unsigned int)index;
	job->buffers[index].data.type = reg->type;
	job->buffers[index].frame = true;
	return 0;
}
