// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>

#include "agx_decode_sinks.h"
#include "out.h"

void out_init(struct agx_out *out, int (*write)(void *cookie, const void *bytes, size_t size),
	      void *cookie)
{
	out->write = write;
	out->cookie = cookie;
	out->error = 0;
	out->used = 0;
}

int out_flush(struct agx_out *out)
{
	if (out->used && !out->error)
		out->error = out->write(out->cookie, out->buf, out->used);
	out->used = 0;
	return out->error;
}

void out_overflow(struct agx_out *out, const char *text, size_t size)
{
	while (size > OUT_SIZE - out->used) {
		size_t part = OUT_SIZE - out->used;

		memcpy(out->buf + out->used, text, part);
		out->used = OUT_SIZE;
		out_flush(out);
		text += part;
		size -= part;
	}
	memcpy(out->buf + out->used, text, size);
	out->used += size;
}

unsigned int out_format_dec(char *buf, uint64_t value)
{
	char digits[20];
	unsigned int count = 0, i;

	do {
		digits[count++] = '0' + value % 10;
		value /= 10;
	} while (value);
	for (i = 0; i < count; i++)
		buf[i] = digits[count - 1 - i];
	return count;
}

unsigned int out_format_hex(char *buf, uint64_t value)
{
	unsigned int count = value ? (67 - __builtin_clzll(value)) / 4 : 1;
	unsigned int i;

	for (i = 0; i < count; i++)
		buf[i] = "0123456789abcdef"[value >> 4 * (count - 1 - i) & 15];
	return count;
}

void out_dec(struct agx_out *out, uint64_t value)
{
	char buf[20];

	out_bytes(out, buf, out_format_dec(buf, value));
}

void out_hex(struct agx_out *out, uint64_t value)
{
	char buf[16];

	out_bytes(out, buf, out_format_hex(buf, value));
}

void out_spaces(struct agx_out *out, unsigned int count)
{
	static const char spaces[] =
		"                                                                ";

	while (count) {
		unsigned int part = count < sizeof(spaces) - 1 ? count : sizeof(spaces) - 1;

		out_bytes(out, spaces, part);
		count -= part;
	}
}

static int to_file(void *cookie, const void *bytes, size_t size)
{
	errno = 0;
	if (fwrite(bytes, 1, size, cookie) == size)
		return 0;
	return errno ? -errno : -EIO;
}

struct agx_decode_writer agx_decode_to_file(void *file)
{
	return (struct agx_decode_writer){.write = to_file, .cookie = file};
}
