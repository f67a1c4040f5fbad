// SPDX-License-Identifier: MIT
/* Device core dumps: is the file whole? What is where in it? */
#include "coredump.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "coredump_parts.h"

/* Bytes of a type's element in version 1; 0: bytes, or a type that is unknown. */
static size_t smallest_element(uint32_t type)
{
	switch (type) {
	case ASAHI_COREDUMP_INFO:
		return sizeof(struct asahi_coredump_info);
	case ASAHI_COREDUMP_FAULT:
		return sizeof(struct asahi_coredump_fault);
	case ASAHI_COREDUMP_JOB:
		return sizeof(struct asahi_coredump_job);
	case ASAHI_COREDUMP_CORE:
		return sizeof(struct asahi_coredump_core);
	case ASAHI_COREDUMP_CHANNELS:
		return sizeof(struct asahi_coredump_channel);
	case ASAHI_COREDUMP_RINGS:
		return sizeof(struct asahi_coredump_ring);
	case ASAHI_COREDUMP_HEAPS:
		return sizeof(struct asahi_coredump_heap);
	case ASAHI_COREDUMP_MESSAGES:
		return sizeof(struct asahi_coredump_message);
	case ASAHI_COREDUMP_RECORDS:
		return sizeof(struct asahi_coredump_record);
	case ASAHI_COREDUMP_MAPPINGS:
		return sizeof(struct asahi_coredump_mapping);
	default:
		return 0;
	}
}

bool coredump_is_single(uint32_t type)
{
	return type == ASAHI_COREDUMP_INFO || type == ASAHI_COREDUMP_FAULT ||
	       type == ASAHI_COREDUMP_JOB || type == ASAHI_COREDUMP_CORE;
}

__attribute__((format(printf, 2, 3))) static int damaged(struct coredump_error *error,
							 const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return -EBADMSG;
}

static int check_object(const struct coredump *dump, uint32_t index, struct coredump_error *error)
{
	const struct asahi_coredump_object object = coredump_object(dump, index);
	size_t smallest = smallest_element(object.type);

	if (object.offset % ASAHI_COREDUMP_ALIGN || object.offset > dump->size ||
	    object.size > dump->size - object.offset)
		return damaged(error, "object %u: %llu bytes at %llu are not in a file of %zu",
			       index, (unsigned long long)object.size,
			       (unsigned long long)object.offset, dump->size);
	if (!object.element || object.size % object.element)
		return damaged(error, "object %u: %llu bytes are not whole elements of %u", index,
			       (unsigned long long)object.size, object.element);
	if (smallest && object.element < smallest)
		return damaged(error, "object %u: elements of type %u have %u bytes, expected %zu",
			       index, object.type, object.element, smallest);
	if (object.type == ASAHI_COREDUMP_MEMORY && object.element != 1)
		return damaged(error, "object %u: memory in elements of %u bytes", index,
			       object.element);
	if (coredump_is_single(object.type) && object.size != object.element)
		return damaged(error, "object %u: %llu elements of type %u, expected 1", index,
			       (unsigned long long)(object.size / object.element), object.type);
	if (object.total < object.size / object.element)
		return damaged(error, "object %u: more elements than there were, %llu", index,
			       (unsigned long long)object.total);
	return 0;
}

int coredump_check(const void *bytes, size_t size, struct coredump *dump,
		   struct coredump_error *error)
{
	struct asahi_coredump_header *header = &dump->header;
	uint32_t i, seen[ASAHI_COREDUMP_MEMORY + 1] = {0};
	int ret;

	*dump = (struct coredump){.bytes = bytes, .size = size};
	if (size < sizeof(*header))
		return damaged(error, "%zu bytes are too few for a header", size);
	memcpy(header, bytes, sizeof(*header));
	if (header->magic != ASAHI_COREDUMP_MAGIC)
		return damaged(error, "not a core dump of asahi.ko: it begins with 0x%016llx",
			       (unsigned long long)header->magic);
	if (header->version != ASAHI_COREDUMP_VERSION)
		return damaged(error, "version %u; this program knows version %u", header->version,
			       ASAHI_COREDUMP_VERSION);
	if (header->size != size)
		return damaged(error, "%zu bytes of %llu", size, (unsigned long long)header->size);
	if (header->object_size < sizeof(struct asahi_coredump_object) ||
	    header->table < sizeof(*header) || header->table > size ||
	    header->objects > (size - header->table) / header->object_size)
		return damaged(error, "a table of %u objects of %u bytes at %u does not fit",
			       header->objects, header->object_size, header->table);
	for (i = 0; i < header->objects; i++) {
		struct asahi_coredump_object object = coredump_object(dump, i);

		ret = check_object(dump, i, error);
		if (ret)
			return ret;
		if (object.type < ASAHI_COREDUMP_MEMORY && seen[object.type]++)
			return damaged(error, "object %u: a second one of type %u", i, object.type);
	}
	if (!seen[ASAHI_COREDUMP_INFO])
		return damaged(error, "it does not say what it is about");
	return 0;
}

struct asahi_coredump_object coredump_object(const struct coredump *dump, uint32_t index)
{
	struct asahi_coredump_object object;

	memcpy(&object, dump->bytes + dump->header.table + (size_t)index * dump->header.object_size,
	       sizeof(object));
	return object;
}

bool coredump_find(const struct coredump *dump, uint32_t type, struct asahi_coredump_object *object)
{
	uint32_t i;

	for (i = 0; i < dump->header.objects; i++) {
		*object = coredump_object(dump, i);
		if (object->type == type)
			return true;
	}
	*object = (struct asahi_coredump_object){.type = type, .element = 1};
	return false;
}

uint64_t coredump_count(const struct asahi_coredump_object *object)
{
	return object->size / object->element;
}

void coredump_element(const struct coredump *dump, const struct asahi_coredump_object *object,
		      uint64_t index, void *element, size_t size)
{
	memcpy(element, dump->bytes + object->offset + index * object->element, size);
}

bool coredump_single(const struct coredump *dump, uint32_t type, void *element, size_t size)
{
	struct asahi_coredump_object object;

	if (!coredump_find(dump, type, &object))
		return false;
	coredump_element(dump, &object, 0, element, size);
	return true;
}

const char *coredump_text(char *text, size_t size)
{
	size_t i;

	text[size - 1] = '\0';
	for (i = 0; text[i]; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			text[i] = '?';
	return text;
}
