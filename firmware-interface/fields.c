// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Look-ups in the tables of members. */
#include "fields.h"

static int same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

const struct agx_fw_layout *agx_fw_find_layout(enum agx_fw_variant variant, const char *name)
{
	if ((unsigned int)variant >= AGX_FW_VARIANT_COUNT)
		return NULL;
	for (const struct agx_fw_layout *const *list = agx_fw_layouts[variant]; *list; list++) {
		if (same((*list)->name, name))
			return *list;
	}
	return NULL;
}

const struct agx_fw_member *agx_fw_find_member(const struct agx_fw_layout *layout, uint32_t offset)
{
	for (uint32_t i = 0; i < layout->count; i++) {
		const struct agx_fw_member *member = &layout->members[i];

		if (offset >= member->offset &&
		    offset - member->offset < (uint64_t)member->size * member->count)
			return member;
	}
	return NULL;
}

/* Text that knows its full length even when the buffer is too small for it. */
struct text {
	char *buffer;
	size_t size;
	size_t length;
};

static void put(struct text *text, char c)
{
	if (text->length + 1 < text->size)
		text->buffer[text->length] = c;
	text->length++;
}

static void put_string(struct text *text, const char *string)
{
	while (*string)
		put(text, *string++);
}

static void put_number(struct text *text, uint32_t number)
{
	char digits[10];
	int count = 0;

	do {
		digits[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	while (count)
		put(text, digits[--count]);
}

int agx_fw_describe(const struct agx_fw_layout *layout, uint32_t offset, char *buffer, size_t size)
{
	struct text text = {buffer, size, 0};

	if (size)
		buffer[0] = '\0';
	for (;;) {
		const struct agx_fw_member *member = agx_fw_find_member(layout, offset);

		if (!member)
			return -1;
		if (text.length)
			put(&text, '.');
		put_string(&text, member->name);
		offset -= member->offset;
		if (member->count > 1) {
			put(&text, '[');
			put_number(&text, offset / member->size);
			put(&text, ']');
			offset %= member->size;
		}
		if (!member->nested)
			break;
		layout = agx_fw_nested(member);
	}
	if (offset) {
		put(&text, '+');
		put_number(&text, offset);
	}
	if (size)
		buffer[text.length < size ? text.length : size - 1] = '\0';
	return (int)text.length;
}
