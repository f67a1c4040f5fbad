// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Puts a core dump's file together. Compiled in user space, too: the tests make files with it. */
#include "asahi_coredump.h"

static uint64_t align(uint64_t size)
{
	return (size + ASAHI_COREDUMP_ALIGN - 1) & ~(uint64_t)(ASAHI_COREDUMP_ALIGN - 1);
}

static uint64_t first_offset(uint32_t count)
{
	return sizeof(struct asahi_coredump_header) +
	       (uint64_t)count * sizeof(struct asahi_coredump_object);
}

size_t asahi_coredump_size(const struct asahi_coredump_part *parts, uint32_t count)
{
	uint64_t size = first_offset(count);
	uint32_t i;

	for (i = 0; i < count; i++)
		size += align(parts[i].element * parts[i].count);
	return (size_t)size;
}

static void copy_name(char *to, size_t size, const char *from)
{
	size_t i;

	for (i = 0; i < size - 1 && from && from[i]; i++)
		to[i] = from[i];
	for (; i < size; i++)
		to[i] = '\0';
}

void asahi_coredump_write(const struct asahi_coredump_part *parts, uint32_t count, void *buffer)
{
	struct asahi_coredump_header *header = buffer;
	struct asahi_coredump_object *object = (void *)(header + 1);
	uint64_t offset = first_offset(count);
	uint32_t i;

	*header = (struct asahi_coredump_header){
		.magic = ASAHI_COREDUMP_MAGIC,
		.version = ASAHI_COREDUMP_VERSION,
		.table = sizeof(*header),
		.size = asahi_coredump_size(parts, count),
		.objects = count,
		.object_size = sizeof(*object),
	};
	for (i = 0; i < count; i++, object++) {
		const struct asahi_coredump_part *part = &parts[i];
		uint64_t size = part->element * part->count;
		char *to = (char *)buffer + offset;

		object->type = part->type;
		object->element = part->element;
		copy_name(object->name, sizeof(object->name), part->name);
		object->va = part->va;
		object->size = size;
		object->total = part->total > part->count ? part->total : part->count;
		object->offset = offset;
		if (part->data)
			__builtin_memcpy(to, part->data, size);
		else
			__builtin_memset(to, 0, size);
		__builtin_memset(to + size, 0, align(size) - size);
		offset += align(size);
	}
}
