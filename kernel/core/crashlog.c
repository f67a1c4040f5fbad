// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The firmware's crash dump as lines of text. Format: AsahiLinux/m1n1: proxyclient/m1n1/fw/asc/
 * crash.py. The firmware, or what is left of it, may write while this reads: each value is
 * loaded once and checked before it is used.
 */
#include "agx_rtkit.h"
#include "agx_text.h"

#define STACK_FRAMES_MAX 32
#define MAILBOX_MAX      32

struct dump {
	const uint8_t *data;
	uint64_t size;
	struct agx_text text;
	char *buffer;
	size_t buffer_size;
	void (*line)(void *owner, uint8_t endpoint, const char *text);
	void *owner;
};

static uint64_t read_bytes(const struct dump *dump, uint64_t offset, unsigned int count)
{
	uint64_t value = 0;
	unsigned int i;

	for (i = 0; i < count; i++)
		value |= (uint64_t)agx_load(&dump->data[offset + i]) << (8 * i);
	return value;
}

static void begin(struct dump *dump, const char *start)
{
	agx_text_init(&dump->text, dump->buffer, dump->buffer_size);
	agx_text_add(&dump->text, start);
}

static void end(struct dump *dump)
{
	dump->line(dump->owner, AGX_EP_CRASHLOG, dump->buffer);
}

/* Text from the dump, copied first. */
static void add_string(struct dump *dump, uint64_t offset, uint64_t size)
{
	char copy[128];
	uint64_t i;

	if (size > sizeof(copy))
		size = sizeof(copy);
	for (i = 0; i < size; i++)
		copy[i] = (char)agx_load(&dump->data[offset + i]);
	agx_text_foreign(&dump->text, copy, size);
}

static void print_addresses(struct dump *dump, const char *name, uint64_t offset, uint64_t size,
			    unsigned int most)
{
	unsigned int i;

	for (i = 0; i < most && (i + 1) * 8ull <= size; i++) {
		begin(dump, name);
		agx_text_hex(&dump->text, read_bytes(dump, offset + i * 8ull, 8));
		end(dump);
	}
}

static void print_entry(struct dump *dump, uint32_t type, uint64_t offset, uint64_t size)
{
	switch (type) {
	case AGX_RTKIT_CRASH_VERSION:
		if (size < 16)
			break;
		begin(dump, "version: ");
		add_string(dump, offset + 16, size - 16);
		end(dump);
		return;
	case AGX_RTKIT_CRASH_STRING:
		if (size < 4)
			break;
		begin(dump, "message: ");
		add_string(dump, offset + 4, size - 4);
		end(dump);
		return;
	case AGX_RTKIT_CRASH_TIME:
		if (size < 8)
			break;
		begin(dump, "time: ");
		agx_text_hex(&dump->text, read_bytes(dump, offset, 8));
		end(dump);
		return;
	case AGX_RTKIT_CRASH_STACK:
		if (size < 8)
			break;
		begin(dump, "stack of task ");
		agx_text_decimal(&dump->text, read_bytes(dump, offset, 4));
		end(dump);
		print_addresses(dump, "  ", offset + 8, size - 8, STACK_FRAMES_MAX);
		return;
	case AGX_RTKIT_CRASH_MAILBOX:
		begin(dump, "last mailbox messages");
		end(dump);
		print_addresses(dump, "  ", offset, size, 2 * MAILBOX_MAX);
		return;
	case AGX_RTKIT_CRASH_REGISTERS:
		begin(dump, "registers");
		end(dump);
		print_addresses(dump, "  ", offset, size, 40);
		return;
	}
	begin(dump, "entry of type ");
	agx_text_hex(&dump->text, type);
	agx_text_field(&dump->text, "bytes", size);
	end(dump);
}

void agx_crashlog_print(const void *data, uint64_t size, char *text, size_t text_size,
			void (*line)(void *owner, uint8_t endpoint, const char *text), void *owner)
{
	struct dump dump = {
		.data = data,
		.size = size,
		.buffer = text,
		.buffer_size = text_size,
		.line = line,
		.owner = owner,
	};
	uint64_t offset = sizeof(struct agx_rtkit_crash_header), total;

	if (size < offset || read_bytes(&dump, 0, 4) != AGX_RTKIT_CRASH_HEADER) {
		begin(&dump, "no crash dump");
		end(&dump);
		return;
	}
	total = read_bytes(&dump, 8, 4);
	if (total > size)
		total = size;
	while (offset + sizeof(struct agx_rtkit_crash_entry) <= total) {
		uint32_t type = (uint32_t)read_bytes(&dump, offset, 4);
		uint64_t length = read_bytes(&dump, offset + 12, 4);

		if (type == AGX_RTKIT_CRASH_HEADER)
			return;
		if (length < sizeof(struct agx_rtkit_crash_entry) || length > total - offset) {
			begin(&dump, "damaged entry at");
			agx_text_field_hex(&dump.text, "offset", offset);
			agx_text_field_hex(&dump.text, "length", length);
			end(&dump);
			return;
		}
		print_entry(&dump, type, offset + sizeof(struct agx_rtkit_crash_entry),
			    length - sizeof(struct agx_rtkit_crash_entry));
		offset += length;
	}
}
