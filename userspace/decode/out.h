/* SPDX-License-Identifier: MIT */
/*
 * A buffer in front of a writer, for output that has to be quick: text is put together without
 * format strings. Errors stick; the caller looks at the end.
 */
#ifndef AGX_OUT_H
#define AGX_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define OUT_SIZE 65536u

struct agx_out {
	/* Takes all size bytes, or returns a negative errno. */
	int (*write)(void *cookie, const void *bytes, size_t size);
	void *cookie;
	int error; /* of the first write that failed; nothing is written after it */
	size_t used;
	char buf[OUT_SIZE];
};

void out_init(struct agx_out *out, int (*write)(void *cookie, const void *bytes, size_t size),
	      void *cookie);

/* Hands on what is buffered. The sticky error, or 0. */
int out_flush(struct agx_out *out);

/* What does not fit into the buffer any more. */
void out_overflow(struct agx_out *out, const char *text, size_t size);

static inline void out_bytes(struct agx_out *out, const char *text, size_t size)
{
	if (size > OUT_SIZE - out->used) {
		out_overflow(out, text, size);
		return;
	}
	memcpy(out->buf + out->used, text, size);
	out->used += size;
}

/* Numbers without padding; hexadecimal ones without "0x". */
void out_dec(struct agx_out *out, uint64_t value);
void out_hex(struct agx_out *out, uint64_t value);
void out_spaces(struct agx_out *out, unsigned int count);

static inline void out_char(struct agx_out *out, char c)
{
	if (out->used == OUT_SIZE)
		out_flush(out);
	out->buf[out->used++] = c;
}

static inline void out_text(struct agx_out *out, const char *text)
{
	if (*text)
		out_bytes(out, text, strlen(text));
}

/* Digits of a number, not terminated. buf has 20 bytes, for hexadecimal 16. Returns how many. */
unsigned int out_format_dec(char *buf, uint64_t value);
unsigned int out_format_hex(char *buf, uint64_t value);

#endif
