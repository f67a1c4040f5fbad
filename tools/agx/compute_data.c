// SPDX-License-Identifier: MIT
#include "compute_data.h"

#include <agx/agx.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct compute_type types[] = {
	{"u8", 1, 'u'},  {"i8", 1, 'i'},  {"x8", 1, 'x'},  {"u16", 2, 'u'}, {"i16", 2, 'i'},
	{"x16", 2, 'x'}, {"f16", 2, 'f'}, {"u32", 4, 'u'}, {"i32", 4, 'i'}, {"x32", 4, 'x'},
	{"f32", 4, 'f'}, {"u64", 8, 'u'}, {"i64", 8, 'i'}, {"x64", 8, 'x'},
};

#define TYPES (sizeof(types) / sizeof(types[0]))

int compute_wrong(struct compute_message *message, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(message->text, sizeof(message->text), format, args);
	va_end(args);
	return -EINVAL;
}

const struct compute_type *compute_type_find(const char *name, size_t length)
{
	for (size_t i = 0; i < TYPES; i++) {
		if (strlen(types[i].name) == length && !memcmp(types[i].name, name, length))
			return &types[i];
	}
	return NULL;
}

static bool begins(const char *text, const char *word)
{
	const size_t length = strlen(word);

	return !strncmp(text, word, length) && (!text[length] || text[length] == ':');
}

const struct compute_type *compute_type_guess(const char *text, unsigned int bytes)
{
	const char *values = begins(text, "iota")     ? text + 4
			     : begins(text, "random") ? text + 6
			     : *text == '@'           ? ""
						      : text;
	const bool hex = values[0] == '0' && (values[1] | 32) == 'x';
	const bool real = bytes <= 4 && strpbrk(values, hex ? "." : ".einEIN");
	const char kind = real ? 'f' : strchr(values, '-') ? 'i' : 'u';

	for (size_t i = 0; i < TYPES; i++) {
		if (types[i].bytes == bytes && types[i].kind == kind)
			return &types[i];
	}
	return NULL;
}

static void put(const struct compute_type *type, uint64_t bits, void *memory)
{
	for (unsigned int i = 0; i < type->bytes; i++)
		((uint8_t *)memory)[i] = (uint8_t)(bits >> 8 * i);
}

static uint64_t get(const struct compute_type *type, const void *memory)
{
	uint64_t bits = 0;

	for (unsigned int i = 0; i < type->bytes; i++)
		bits |= (uint64_t)((const uint8_t *)memory)[i] << 8 * i;
	return bits;
}

static void put_float(const struct compute_type *type, double value, void *memory)
{
	const union agx_texel texel = {.f = {(float)value}};

	agx_format_pack(type->bytes == 2 ? AGX_FORMAT_R16_FLOAT : AGX_FORMAT_R32_FLOAT, &texel,
			memory);
}

double compute_element_float(const struct compute_type *type, const void *memory)
{
	union agx_texel texel = {0};

	agx_format_unpack(type->bytes == 2 ? AGX_FORMAT_R16_FLOAT : AGX_FORMAT_R32_FLOAT, memory,
			  &texel);
	return (double)texel.f[0];
}

static double as_double(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* The number that text begins with, of which *end is the end; a float as the bits of a double. */
static int read_number(const struct compute_type *type, const char *text, const char **end,
		       uint64_t *bits, struct compute_message *message)
{
	const bool negative = *text == '-';
	const char *digits = text + negative;
	char *stop = NULL;
	uint64_t value;
	double real;

	errno = 0;
	if (type->kind == 'f') {
		real = strtod(text, &stop);
		memcpy(bits, &real, sizeof(real));
		*end = stop;
		if (stop == text || isspace((unsigned char)*text))
			return compute_wrong(message, "expected a number of %s, got \"%.40s\"",
					     type->name, text);
		return 0;
	}
	if (!isdigit((unsigned char)*digits))
		return compute_wrong(message, "expected a number of %s, got \"%.40s\"", type->name,
				     text);
	/* A leading 0 is no octal number. */
	value = strtoull(digits, &stop, digits[0] == '0' && (digits[1] | 32) == 'x' ? 16 : 10);
	*end = stop;
	if (*stop == '.' || isalpha((unsigned char)*stop))
		return compute_wrong(message, "expected a whole number of %s, got \"%.40s\"",
				     type->name, text);
	if (errno || (type->bytes < 8 && value >> 8 * type->bytes) ||
	    (negative && value > 1ull << (8 * type->bytes - 1)) ||
	    (type->kind == 'i' && !negative && value >> (8 * type->bytes - 1)))
		return compute_wrong(message, "%.*s is not within %s", (int)(stop - text), text,
				     type->name);
	*bits = negative ? 0 - value : value;
	return 0;
}

static bool is_above(const struct compute_type *type, uint64_t a, uint64_t b)
{
	if (type->kind == 'f')
		return !(as_double(a) <= as_double(b));
	return type->kind == 'i' ? (int64_t)a > (int64_t)b : a > b;
}

/* Numbers with colons between them; those that are not there stay as they are. */
static int read_numbers(const struct compute_type *type, const char *text, uint64_t *const out[],
			unsigned int count, struct compute_message *message)
{
	static const struct compute_type seed = {"u64", 8, 'u'};

	for (unsigned int i = 0; *text; i++) {
		int ret;

		if (*text != ':' || i == count)
			return compute_wrong(message, "expected the end, got \"%.40s\"", text);
		/* The first of random is its seed, whatever the type. */
		ret = read_number(count == 3 && !i ? &seed : type, text + 1, &text, out[i],
				  message);
		if (ret)
			return ret;
	}
	return 0;
}

static int read_values(struct compute_data *data, const char *text, struct compute_message *message)
{
	uint64_t bits;
	size_t count = 0;

	for (const char *at = text;; at++) {
		int ret = read_number(data->type, at, &at, &bits, message);

		if (ret)
			return ret;
		count++;
		if (!*at)
			break;
		if (*at != ',')
			return compute_wrong(message, "expected a comma, got \"%.40s\"", at);
	}
	if (data->counted && count > data->count)
		return compute_wrong(message, "%zu values are too many for %zu elements", count,
				     data->count);
	data->fill = COMPUTE_VALUES;
	data->single = count == 1;
	if (!data->counted)
		data->count = count;
	data->text = strdup(text);
	return data->text ? 0 : compute_wrong(message, "no memory");
}

static int read_file(struct compute_data *data, const char *name, const char *folder,
		     struct compute_message *message)
{
	const bool plain = !folder || *name == '/' || !strcmp(name, "-");
	size_t size;
	char *path;
	int ret;

	data->fill = COMPUTE_FILE;
	if (!*name)
		return compute_wrong(message, "expected the name of a file behind @");
	if (asprintf(&path, "%s%s%s", plain ? "" : folder, plain ? "" : "/", name) < 0)
		return compute_wrong(message, "no memory");
	ret = isa_file_read(path, &data->file);
	size = data->file.size;
	if (ret)
		ret = compute_wrong(message, "%s: %s", path, strerror(-ret));
	else if (data->counted && size != data->count * data->type->bytes)
		ret = compute_wrong(message, "%s has %zu bytes, %zu of %s are %zu", path, size,
				    data->count, data->type->name, data->count * data->type->bytes);
	else if (!size || size % data->type->bytes)
		ret = compute_wrong(message, "%s has %zu bytes, expected a multiple of %u", path,
				    size, data->type->bytes);
	data->count = size / data->type->bytes;
	free(path);
	return ret;
}

static int read_fill(struct compute_data *data, const char *fill, const char *folder,
		     struct compute_message *message)
{
	const bool real = data->type->kind == 'f';
	const double one = 1;
	int ret;

	data->step = data->seed = 1;
	if (real)
		memcpy(&data->step, &one, sizeof(one));
	if (*fill == '@')
		return read_file(data, fill + 1, folder, message);
	if (begins(fill, "iota")) {
		data->fill = COMPUTE_IOTA;
		return read_numbers(data->type, fill + 4,
				    (uint64_t *const[]){&data->first, &data->step}, 2, message);
	}
	if (begins(fill, "random")) {
		data->fill = COMPUTE_RANDOM;
		/* All bits of integers, floats from 0 to 1. */
		data->most = real ? data->step : UINT64_MAX;
		ret = read_numbers(data->type, fill + 6,
				   (uint64_t *const[]){&data->seed, &data->least, &data->most}, 3,
				   message);
		if (!ret && is_above(data->type, data->least, data->most))
			ret = compute_wrong(message, "the least is above the most");
		return ret;
	}
	return read_values(data, fill, message);
}

int compute_data_parse(const char *text, const struct compute_type *usual, const char *folder,
		       struct compute_data *data, struct compute_message *message)
{
	const size_t length = strcspn(text, "[:");
	const char *at = text + length;
	char *end;

	*data = (struct compute_data){.type = compute_type_find(text, length)};
	if (!data->type) {
		data->type = usual;
		if (*at == '[' || (*at == ':' && !begins(text, "iota") && !begins(text, "random")))
			return compute_wrong(message, "no type is named \"%.*s\"",
					     length > 40 ? 40 : (int)length, text);
		return read_fill(data, text, folder, message);
	}
	if (*at == '[') {
		unsigned long long count = strtoull(at + 1, &end, 10);

		if (!isdigit((unsigned char)at[1]) || *end != ']' || !count ||
		    count > COMPUTE_BYTES_MAX / data->type->bytes)
			return compute_wrong(
				message, "expected [1] to [%u] behind %s, got \"%.40s\"",
				COMPUTE_BYTES_MAX / data->type->bytes, data->type->name, at);
		data->count = count;
		data->counted = true;
		at = end + 1;
	}
	if (!*at)
		return 0;
	if (*at != ':')
		return compute_wrong(message, "expected a colon, got \"%.40s\"", at);
	return read_fill(data, at + 1, folder, message);
}

void compute_data_free(struct compute_data *data)
{
	free(data->text);
	data->text = NULL;
	isa_file_free(&data->file);
}

/* They were read once, so they are good. */
static void write_values(const struct compute_data *data, uint8_t *memory)
{
	struct compute_message message;
	const char *at = data->text;

	for (size_t i = 0; i < data->count; i++, memory += data->type->bytes) {
		uint64_t bits = 0;

		read_number(data->type, at, &at, &bits, &message);
		if (data->type->kind == 'f')
			put_float(data->type, as_double(bits), memory);
		else
			put(data->type, bits, memory);
		at = *at ? at + 1 : data->text;
	}
}

/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
static uint64_t random_bits(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static void write_series(const struct compute_data *data, uint8_t *memory)
{
	const bool real = data->type->kind == 'f', iota = data->fill == COMPUTE_IOTA;
	const uint64_t span = data->most - data->least + 1;
	uint64_t state = data->seed;

	for (size_t i = 0; i < data->count; i++, memory += data->type->bytes) {
		const uint64_t bits = iota ? 0 : random_bits(&state);
		double from = as_double(data->first), step = as_double(data->step);

		if (!real) {
			put(data->type,
			    iota   ? data->first + i * data->step
			    : span ? data->least + bits % span
				   : bits,
			    memory);
			continue;
		}
		if (!iota) {
			from = as_double(data->least);
			step = (as_double(data->most) - from) * 0x1p-24;
		}
		put_float(data->type, from + step * (double)(iota ? i : bits >> 40), memory);
	}
}

void compute_data_write(const struct compute_data *data, void *memory)
{
	switch (data->fill) {
	case COMPUTE_ZERO:
		memset(memory, 0, data->count * data->type->bytes);
		break;
	case COMPUTE_VALUES:
		write_values(data, memory);
		break;
	case COMPUTE_IOTA:
	case COMPUTE_RANDOM:
		write_series(data, memory);
		break;
	case COMPUTE_FILE:
		memcpy(memory, data->file.data, data->file.size);
		break;
	}
}

void compute_element_text(const struct compute_type *type, const void *memory, char *text,
			  size_t size)
{
	const uint64_t bits = get(type, memory);
	const unsigned int unused = 64 - 8u * type->bytes;

	if (type->kind == 'u') {
		snprintf(text, size, "%" PRIu64, bits);
	} else if (type->kind == 'x') {
		snprintf(text, size, "0x%0*" PRIx64, type->bytes * 2, bits);
	} else if (type->kind == 'i') {
		snprintf(text, size, "%" PRId64, (int64_t)(bits << unused) >> unused);
	} else {
		const double value = compute_element_float(type, memory);

		/* As few digits as tell it from its neighbours. */
		for (int digits = type->bytes == 2 ? 3 : 6; digits <= 9; digits++) {
			uint32_t again = 0;

			snprintf(text, size, "%.*g", digits, value);
			put_float(type, strtod(text, NULL), &again);
			if (get(type, &again) == bits)
				break;
		}
	}
}

bool compute_element_is(const struct compute_type *type, const void *got, const void *expected,
			double tolerance)
{
	double a, b;

	if (type->kind != 'f')
		return get(type, got) == get(type, expected);
	a = compute_element_float(type, got);
	b = compute_element_float(type, expected);
	if (isnan(a) || isnan(b))
		return isnan(a) && isnan(b);
	return a == b || fabs(a - b) <= tolerance * fmax(1, fabs(b));
}
