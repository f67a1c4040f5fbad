// SPDX-License-Identifier: MIT
/*
 * Walks calls by the ioctl table. Everything here reads bytes that a program chose: offsets
 * and counts are checked against the sizes given before use.
 */
#include <string.h>

#include <linux/ioctl.h>

#include "asahi_drm.h"

#include "agxt_format.h"
#include "ioctl_table.h"

#define NO_FIELD UINT16_MAX

const struct agx_ioctl_desc *agx_ioctl_find(uint32_t request)
{
	const uint32_t mask = _IOC(0, _IOC_TYPEMASK, _IOC_NRMASK, 0);
	unsigned int i;

	for (i = 0; i < agx_ioctl_table_size; i++) {
		if (((agx_ioctl_table[i].request ^ request) & mask) == 0)
			return &agx_ioctl_table[i];
	}
	return NULL;
}

bool agx_ioctl_is_submit(uint32_t request)
{
	return _IOC_TYPE(request) == DRM_IOCTL_BASE &&
	       _IOC_NR(request) == DRM_COMMAND_BASE + DRM_ASAHI_SUBMIT;
}

/* An unsigned integer of width bytes at offset; bytes past size are zero. */
static uint64_t load(const void *bytes, size_t size, size_t offset, unsigned int width)
{
	uint64_t value = 0;

	if (offset >= size)
		return 0;
	if (width > size - offset)
		width = size - offset;
	memcpy(&value, (const uint8_t *)bytes + offset, width);
	return value;
}

bool agx_field_applies(const struct agx_ioctl_field *field, const void *bytes, size_t size)
{
	if (!field->cond_mask)
		return true;
	return (load(bytes, size, field->cond_offset, 4) & field->cond_mask) == field->cond_value;
}

uint64_t agx_field_get(const struct agx_ioctl_field *field, unsigned int index, const void *bytes,
		       size_t size)
{
	unsigned int width = field->width > 8 ? 8 : field->width;

	if (index >= field->count)
		return 0;
	return load(bytes, size, field->offset + (size_t)index * field->width, width);
}

unsigned int agx_ioctl_spans(const struct agx_ioctl_desc *desc, const void *args, size_t args_size,
			     struct agx_ioctl_span spans[AGX_IOCTL_MAX_POINTEES])
{
	unsigned int found = 0;
	unsigned int i;

	for (i = 0; i < desc->num_pointees; i++) {
		const struct agx_ioctl_pointee *p = &desc->pointees[i];
		uint64_t address = load(args, args_size, p->pointer, 8);
		uint64_t count = load(args, args_size, p->count[0], p->count_width);
		uint64_t step = 1;
		uint64_t size;

		/* Counts that are summed are 32 bits wide: no overflow. */
		if (p->count[1] != NO_FIELD)
			count += load(args, args_size, p->count[1], p->count_width);
		if (p->kind == AGX_POINTEE_ARRAY)
			step = p->stride == NO_FIELD ? p->element->size
						     : load(args, args_size, p->stride, 4);
		if (__builtin_mul_overflow(count, step, &size))
			size = UINT64_MAX;
		if (!address || !size)
			continue;
		spans[found].pointee = i;
		spans[found].address = address;
		spans[found].size = size;
		spans[found].access = p->access;
		found++;
	}
	return found;
}

uint32_t agx_ref_get(const struct agx_ioctl_ref *ref)
{
	uint32_t value;

	memcpy(&value, ref->value, sizeof(value));
	return value;
}

void agx_ref_set(const struct agx_ioctl_ref *ref, uint32_t value)
{
	memcpy(ref->value, &value, sizeof(value));
}

static int struct_refs(const struct agx_struct_desc *desc, uint8_t *bytes, size_t size,
		       uint8_t access, agx_ioctl_ref_fn fn, void *data)
{
	unsigned int i;
	int ret;

	for (i = 0; i < desc->num_fields; i++) {
		const struct agx_ioctl_field *field = &desc->fields[i];
		struct agx_ioctl_ref ref = {.field = field};

		if (field->kind != AGX_FIELD_HANDLE && field->kind != AGX_FIELD_FD)
			continue;
		if (!(field->access & access))
			continue;
		if (field->offset + 4u > size || !agx_field_applies(field, bytes, size))
			continue;
		ref.value = bytes + field->offset;
		ret = fn(data, &ref);
		if (ret)
			return ret;
	}
	return 0;
}

int agx_ioctl_arg_refs(const struct agx_ioctl_desc *desc, void *args, size_t args_size,
		       uint8_t access, agx_ioctl_ref_fn fn, void *data)
{
	return struct_refs(&desc->args, args, args_size, access, fn, data);
}

int agx_command_next(const void *buffer, size_t size, size_t *offset,
		     struct agx_cmdbuf_command *command)
{
	struct drm_asahi_cmd_header header;

	if (*offset >= size)
		return 0;
	if (size - *offset < sizeof(header))
		return -1;
	memcpy(&header, (const uint8_t *)buffer + *offset, sizeof(header));
	if (size - *offset - sizeof(header) < header.size)
		return -1;
	command->type = header.cmd_type;
	command->size = header.size;
	command->vdm_barrier = header.vdm_barrier;
	command->cdm_barrier = header.cdm_barrier;
	command->payload = *offset + sizeof(header);
	command->array = false;
	switch (header.cmd_type) {
	case DRM_ASAHI_CMD_RENDER:
		command->layout = &agx_cmd_render_desc;
		break;
	case DRM_ASAHI_CMD_COMPUTE:
		command->layout = &agx_cmd_compute_desc;
		break;
	case DRM_ASAHI_SET_VERTEX_ATTACHMENTS:
	case DRM_ASAHI_SET_FRAGMENT_ATTACHMENTS:
	case DRM_ASAHI_SET_COMPUTE_ATTACHMENTS:
		command->layout = &agx_attachment_desc;
		command->array = true;
		break;
	default:
		command->layout = NULL;
		break;
	}
	*offset = command->payload + header.size;
	return 1;
}

static int command_refs(uint8_t *bytes, size_t size, uint8_t access, agx_ioctl_ref_fn fn,
			void *data)
{
	struct agx_cmdbuf_command command;
	size_t offset = 0;
	int ret;

	while (agx_command_next(bytes, size, &offset, &command) > 0) {
		/* Attachments hold addresses only. */
		if (!command.layout || command.array)
			continue;
		ret = struct_refs(command.layout, bytes + command.payload, command.size, access, fn,
				  data);
		if (ret)
			return ret;
	}
	return 0;
}

int agx_ioctl_pointee_refs(const struct agx_ioctl_desc *desc, unsigned int pointee,
			   const void *args, size_t args_size, void *data_bytes, size_t size,
			   uint8_t access, agx_ioctl_ref_fn fn, void *data)
{
	const struct agx_ioctl_pointee *p;
	size_t offset;
	size_t step;
	int ret;

	if (pointee >= desc->num_pointees)
		return 0;
	p = &desc->pointees[pointee];
	switch (p->kind) {
	case AGX_POINTEE_COMMANDS:
		return command_refs(data_bytes, size, access, fn, data);
	case AGX_POINTEE_STRUCT:
		return struct_refs(p->element, data_bytes, size, access, fn, data);
	case AGX_POINTEE_ARRAY:
		step = p->stride == NO_FIELD ? p->element->size
					     : load(args, args_size, p->stride, 4);
		if (!step)
			return 0;
		for (offset = 0; offset < size; offset += step) {
			size_t left = size - offset < step ? size - offset : step;

			ret = struct_refs(p->element, (uint8_t *)data_bytes + offset, left, access,
					  fn, data);
			if (ret)
				return ret;
		}
		return 0;
	default:
		return 0;
	}
}

void agx_ioctl_scrub(const struct agx_ioctl_desc *desc, void *args, size_t args_size,
		     uint32_t faulted)
{
	unsigned int i;

	for (i = 0; i < desc->num_pointees; i++) {
		size_t offset = desc->pointees[i].pointer;
		uint64_t value = load(args, args_size, offset, 8);
		size_t width = 8;

		if (offset >= args_size)
			continue;
		if (width > args_size - offset)
			width = args_size - offset;
		if (value)
			value = faulted >> i & 1 ? AGXT_PTR_FAULT : AGXT_PTR_VALID;
		memcpy((uint8_t *)args + offset, &value, width);
	}
}

bool agx_struct_compare(const struct agx_struct_desc *desc, const void *expected,
			size_t expected_size, const void *got, size_t got_size,
			struct agx_field_diff *diff)
{
	unsigned int i;
	unsigned int j;
	unsigned int k;

	for (i = 0; i < desc->num_fields; i++) {
		const struct agx_ioctl_field *field = &desc->fields[i];
		unsigned int width = field->width > 8 ? 1 : field->width;
		unsigned int count = field->width > 8 ? field->width : field->count;

		if (!(field->access & AGX_ACCESS_OUT) || field->output != AGX_OUTPUT_EXACT)
			continue;
		if (!agx_field_applies(field, expected, expected_size))
			continue;
		for (j = 0; j < count; j++) {
			size_t at = field->offset + (size_t)j * width;
			uint64_t a = load(expected, expected_size, at, width);
			uint64_t b = load(got, got_size, at, width);

			if (a == b)
				continue;
			diff->field = field;
			diff->index = j;
			diff->expected = a;
			diff->got = b;
			return false;
		}
	}
	/* Bytes beyond what the table knows (a newer header's members) are outputs as well. */
	for (k = desc->size; k < expected_size || k < got_size; k++) {
		uint64_t a = load(expected, expected_size, k, 1);
		uint64_t b = load(got, got_size, k, 1);

		if (a == b)
			continue;
		diff->field = NULL;
		diff->index = k;
		diff->expected = a;
		diff->got = b;
		return false;
	}
	return true;
}
