// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include "agx_text.h"

static void put(struct agx_text *text, char c)
{
	if (text->length + 1 >= text->size)
		return;
	text->buffer[text->length++] = c;
	text->buffer[text->length] = '\0';
}

void agx_text_init(struct agx_text *text, char *buffer, size_t size)
{
	text->buffer = buffer;
	text->size = size;
	text->length = 0;
	buffer[0] = '\0';
}

void agx_text_add(struct agx_text *text, const char *string)
{
	while (*string)
		put(text, *string++);
}

void agx_text_decimal(struct agx_text *text, uint64_t value)
{
	char digits[20];
	unsigned int count = 0;

	do {
		digits[count++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	while (count)
		put(text, digits[--count]);
}

void agx_text_signed(struct agx_text *text, int64_t value)
{
	if (value < 0)
		put(text, '-');
	agx_text_decimal(text, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void agx_text_hex(struct agx_text *text, uint64_t value)
{
	int shift = value ? (63 - __builtin_clzll(value)) & ~3 : 0;

	agx_text_add(text, "0x");
	for (; shift >= 0; shift -= 4)
		put(text, "0123456789abcdef"[value >> shift & 0xf]);
}

void agx_text_field(struct agx_text *text, const char *name, uint64_t value)
{
	put(text, ' ');
	agx_text_add(text, name);
	put(text, '=');
	agx_text_decimal(text, value);
}

void agx_text_field_hex(struct agx_text *text, const char *name, uint64_t value)
{
	put(text, ' ');
	agx_text_add(text, name);
	put(text, '=');
	agx_text_hex(text, value);
}

void agx_text_foreign(struct agx_text *text, const char *bytes, size_t size)
{
	size_t i;

	for (i = 0; i < size && bytes[i]; i++) {
		char c = bytes[i];

		/* A line's end at the end is usual and means nothing. */
		if (c == '\n' && (i + 1 == size || !bytes[i + 1]))
			break;
		put(text, c >= 0x20 && c < 0x7f ? c : '?');
	}
}
