// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "agx_trace.h"
#include "ioctl_print.h"
#include "ioctl_table.h"

const char *agx_ioctl_name(uint32_t request, char *buf, size_t size)
{
	const struct agx_ioctl_desc *desc = agx_ioctl_find(request);

	if (desc)
		return desc->name;
	snprintf(buf, size, "ioctl 0x%08x", request);
	return buf;
}

void agx_field_text(const struct agx_ioctl_field *field, uint64_t value, char *buf, size_t size)
{
	const struct agx_ioctl_name *name;
	uint64_t left = value;
	size_t at = 0;
	float f;

	switch (field->format) {
	case AGX_FORMAT_ENUM:
		for (name = field->names; name->name; name++) {
			if (name->value == value) {
				snprintf(buf, size, "%s", name->name);
				return;
			}
		}
		snprintf(buf, size, "%" PRIu64, value);
		return;
	case AGX_FORMAT_FLAGS:
		for (name = field->names; name->name && at < size; name++) {
			if (!(left & name->value))
				continue;
			at += snprintf(buf + at, size - at, "%s%s", at ? "|" : "", name->name);
			left &= ~name->value;
		}
		if ((left || !at) && at < size)
			snprintf(buf + at, size - at, at ? "|0x%" PRIx64 : "%" PRIu64, left);
		return;
	case AGX_FORMAT_HEX:
		snprintf(buf, size, "0x%" PRIx64, value);
		return;
	case AGX_FORMAT_FLOAT:
		memcpy(&f, &value, sizeof(f));
		snprintf(buf, size, "%g", (double)f);
		return;
	default:
		if (field->kind == AGX_FIELD_FD || field->kind == AGX_FIELD_TIMEOUT)
			snprintf(buf, size, "%" PRId64,
				 field->width == 4 ? (int32_t)value : (int64_t)value);
		else
			snprintf(buf, size, "%" PRIu64, value);
		return;
	}
}

/* Printable text of at most size bytes; others become dots. */
static void format_chars(const uint8_t *bytes, size_t size, char *buf, size_t buf_size)
{
	size_t i;

	for (i = 0; i < size && i + 1 < buf_size && bytes[i]; i++)
		buf[i] = bytes[i] >= 0x20 && bytes[i] < 0x7f ? bytes[i] : '.';
	buf[i] = 0;
}

/* True when the field belongs into the output. */
static bool wanted(const struct agx_ioctl_field *field, const void *bytes, size_t size,
		   uint8_t access)
{
	if (!(field->access & access) || field->offset >= size)
		return false;
	if (!agx_field_applies(field, bytes, size))
		return false;
	if (field->kind == AGX_FIELD_PAD && !agx_field_get(field, 0, bytes, size))
		return false;
	return true;
}

static json_object *value_json(const struct agx_ioctl_field *field, uint64_t value)
{
	char text[256];

	if (field->kind == AGX_FIELD_POINTER) {
		if (value == AGXT_PTR_NULL)
			return NULL;
		return json_object_new_string(value == AGXT_PTR_FAULT ? "fault" : "valid");
	}
	switch (field->format) {
	case AGX_FORMAT_DEC:
		if (field->kind == AGX_FIELD_FD || field->kind == AGX_FIELD_TIMEOUT)
			return json_object_new_int64(field->width == 4 ? (int32_t)value
								       : (int64_t)value);
		return json_object_new_uint64(value);
	case AGX_FORMAT_FLOAT: {
		float f;

		memcpy(&f, &value, sizeof(f));
		/* JSON has no infinities. */
		if (!__builtin_isfinite(f))
			break;
		return json_object_new_double((double)f);
	}
	default:
		break;
	}
	agx_field_text(field, value, text, sizeof(text));
	return json_object_new_string(text);
}

json_object *agx_struct_json(const struct agx_struct_desc *desc, const void *bytes, size_t size,
			     uint8_t access)
{
	json_object *object = json_object_new_object();
	unsigned int i;
	unsigned int j;

	for (i = 0; i < desc->num_fields; i++) {
		const struct agx_ioctl_field *field = &desc->fields[i];
		json_object *value;

		if (!wanted(field, bytes, size, access))
			continue;
		if (field->format == AGX_FORMAT_CHARS) {
			char text[64];
			size_t left = size - field->offset;

			format_chars((const uint8_t *)bytes + field->offset,
				     field->width < left ? field->width : left, text, sizeof(text));
			value = json_object_new_string(text);
		} else if (field->count > 1) {
			value = json_object_new_array();
			for (j = 0; j < field->count; j++)
				json_object_array_add(
					value,
					value_json(field, agx_field_get(field, j, bytes, size)));
		} else {
			value = value_json(field, agx_field_get(field, 0, bytes, size));
		}
		json_object_object_add(object, field->name, value);
	}
	return object;
}

void agx_struct_print(FILE *out, const struct agx_struct_desc *desc, const void *bytes, size_t size,
		      uint8_t access)
{
	const char *separator = "";
	char text[256];
	unsigned int i;
	unsigned int j;

	fputc('{', out);
	for (i = 0; i < desc->num_fields; i++) {
		const struct agx_ioctl_field *field = &desc->fields[i];

		if (!wanted(field, bytes, size, access))
			continue;
		fprintf(out, "%s%s = ", separator, field->name);
		separator = ", ";
		if (field->format == AGX_FORMAT_CHARS) {
			size_t left = size - field->offset;

			format_chars((const uint8_t *)bytes + field->offset,
				     field->width < left ? field->width : left, text, sizeof(text));
			fprintf(out, "\"%s\"", text);
			continue;
		}
		if (field->kind == AGX_FIELD_POINTER) {
			uint64_t value = agx_field_get(field, 0, bytes, size);

			fputs(value == AGXT_PTR_NULL    ? "NULL"
			      : value == AGXT_PTR_FAULT ? "(fault)"
							: "(valid)",
			      out);
			continue;
		}
		for (j = 0; j < field->count; j++) {
			agx_field_text(field, agx_field_get(field, j, bytes, size), text,
				       sizeof(text));
			fprintf(out, "%s%s%s", field->count > 1 && !j ? "[" : "", j ? " " : "",
				text);
		}
		if (field->count > 1)
			fputc(']', out);
	}
	fputc('}', out);
}

/* What printing a pointee needs besides its bytes. */
struct pointee_view {
	const struct agx_ioctl_pointee *pointee;
	const struct agx_trace_blob *blob;
	size_t step;
	uint8_t access;
};

static const char *command_name(uint16_t type)
{
	static const char *const names[] = {
		"RENDER",
		"COMPUTE",
		"SET_VERTEX_ATTACHMENTS",
		"SET_FRAGMENT_ATTACHMENTS",
		"SET_COMPUTE_ATTACHMENTS",
	};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : "unknown command";
}

static json_object *array_json(const struct agx_struct_desc *desc, const uint8_t *bytes,
			       size_t size, size_t step, uint8_t access)
{
	json_object *array = json_object_new_array();
	size_t offset;

	for (offset = 0; step && offset < size; offset += step)
		json_object_array_add(array,
				      agx_struct_json(desc, bytes + offset,
						      size - offset < step ? size - offset : step,
						      access));
	return array;
}

static json_object *commands_json(const uint8_t *bytes, size_t size)
{
	json_object *array = json_object_new_array();
	struct agx_cmdbuf_command command;
	size_t offset = 0;
	int more;

	while ((more = agx_command_next(bytes, size, &offset, &command)) > 0) {
		json_object *object = json_object_new_object();
		const uint8_t *payload = bytes + command.payload;

		json_object_object_add(object, "command",
				       json_object_new_string(command_name(command.type)));
		json_object_object_add(object, "type", json_object_new_int(command.type));
		json_object_object_add(object, "size", json_object_new_int(command.size));
		json_object_object_add(object, "vdm_barrier",
				       json_object_new_int(command.vdm_barrier));
		json_object_object_add(object, "cdm_barrier",
				       json_object_new_int(command.cdm_barrier));
		if (command.layout && command.array)
			json_object_object_add(object, "attachments",
					       array_json(command.layout, payload, command.size,
							  command.layout->size, AGX_ACCESS_IN));
		else if (command.layout)
			json_object_object_add(object, "payload",
					       agx_struct_json(command.layout, payload,
							       command.size, AGX_ACCESS_IN));
		json_object_array_add(array, object);
	}
	if (more < 0)
		json_object_array_add(array, json_object_new_string("cut short"));
	return array;
}

static json_object *pointee_json(const struct pointee_view *view)
{
	const struct agx_trace_blob *blob = view->blob;
	char text[256];

	if (blob->flags & AGXT_BLOB_FAULT)
		return json_object_new_string("fault");
	switch (view->pointee->kind) {
	case AGX_POINTEE_ARRAY:
		return array_json(view->pointee->element, blob->bytes, blob->size, view->step,
				  view->access);
	case AGX_POINTEE_STRUCT:
		return agx_struct_json(view->pointee->element, blob->bytes, blob->size,
				       view->access);
	case AGX_POINTEE_COMMANDS:
		return commands_json(blob->bytes, blob->size);
	default:
		format_chars(blob->bytes, blob->size, text, sizeof(text));
		return json_object_new_string(text);
	}
}

static void array_print(FILE *out, const struct agx_struct_desc *desc, const uint8_t *bytes,
			size_t size, size_t step, uint8_t access)
{
	size_t offset;

	fputc('[', out);
	for (offset = 0; step && offset < size; offset += step) {
		if (offset)
			fputs(", ", out);
		agx_struct_print(out, desc, bytes + offset,
				 size - offset < step ? size - offset : step, access);
	}
	fputc(']', out);
}

static void pointee_print(FILE *out, const struct pointee_view *view)
{
	const struct agx_trace_blob *blob = view->blob;
	struct agx_cmdbuf_command command;
	size_t offset = 0;
	char text[256];
	int more;

	fprintf(out, "\n    %s = ", view->pointee->name);
	if (blob->flags & AGXT_BLOB_FAULT) {
		fputs("(fault)", out);
		return;
	}
	switch (view->pointee->kind) {
	case AGX_POINTEE_ARRAY:
		array_print(out, view->pointee->element, blob->bytes, blob->size, view->step,
			    view->access);
		break;
	case AGX_POINTEE_STRUCT:
		agx_struct_print(out, view->pointee->element, blob->bytes, blob->size,
				 view->access);
		break;
	case AGX_POINTEE_COMMANDS:
		fprintf(out, "%u bytes", blob->size);
		while ((more = agx_command_next(blob->bytes, blob->size, &offset, &command)) > 0) {
			const uint8_t *payload = blob->bytes + command.payload;

			fprintf(out,
				"\n      %s (type %u, %u bytes, vdm_barrier %u, cdm_barrier %u) ",
				command_name(command.type), command.type, command.size,
				command.vdm_barrier, command.cdm_barrier);
			if (command.layout && command.array)
				array_print(out, command.layout, payload, command.size,
					    command.layout->size, AGX_ACCESS_IN);
			else if (command.layout)
				agx_struct_print(out, command.layout, payload, command.size,
						 AGX_ACCESS_IN);
		}
		if (more < 0)
			fputs("\n      (cut short)", out);
		break;
	default:
		format_chars(blob->bytes, blob->size, text, sizeof(text));
		fprintf(out, "\"%s\"", text);
		break;
	}
	if (blob->flags & AGXT_BLOB_TRUNCATED)
		fputs(" (only the start is recorded)", out);
}

/* The common part of a CALL and a RETURN. */
struct call_view {
	const struct agx_ioctl_desc *desc;
	const uint8_t *args;
	uint32_t arg_size;
	uint32_t blobs;
	uint32_t request;
	uint8_t access;
};

static struct call_view view_call(const struct agxt_record *rec)
{
	struct call_view view;

	view.args = agx_trace_args(rec, &view.arg_size);
	if (rec->type == AGXT_CALL) {
		view.request = ((const struct agxt_call *)rec)->request;
		view.blobs = ((const struct agxt_call *)rec)->blobs;
		view.access = AGX_ACCESS_IN;
	} else {
		view.request = ((const struct agxt_return *)rec)->request;
		view.blobs = ((const struct agxt_return *)rec)->blobs;
		view.access = AGX_ACCESS_OUT;
	}
	view.desc = agx_ioctl_find(view.request);
	return view;
}

static bool view_pointee(const struct call_view *call, const struct agx_trace_blob *blob,
			 struct pointee_view *view)
{
	if (!call->desc || blob->pointee >= call->desc->num_pointees)
		return false;
	view->pointee = &call->desc->pointees[blob->pointee];
	view->blob = blob;
	view->access = call->access;
	view->step = 0;
	if (view->pointee->kind == AGX_POINTEE_ARRAY) {
		view->step = view->pointee->element->size;
		if (view->pointee->stride != UINT16_MAX && call->arg_size >= 4 &&
		    view->pointee->stride <= call->arg_size - 4) {
			uint32_t stride;

			memcpy(&stride, call->args + view->pointee->stride, sizeof(stride));
			view->step = stride;
		}
	}
	return true;
}

void agx_call_print(FILE *out, const struct agxt_record *rec)
{
	struct call_view view = view_call(rec);
	struct agx_trace_blob blob;
	struct pointee_view pointee;
	char name[32];
	uint32_t i;

	if (rec->type == AGXT_CALL) {
		const struct agxt_call *call = (const struct agxt_call *)rec;

		fprintf(out, "%s ", agx_ioctl_name(view.request, name, sizeof(name)));
		if (!rec->file)
			fprintf(out, "(token %u) ", call->token);
		if (rec->flags & AGXT_CALL_OPAQUE)
			fputs("(arguments not recorded)", out);
	} else {
		const struct agxt_return *ret = (const struct agxt_return *)rec;

		fprintf(out, "%s -> %d", agx_ioctl_name(view.request, name, sizeof(name)),
			ret->result);
		if (ret->result < 0)
			fprintf(out, " (%s)", strerrorname_np(-ret->result) ?: "unknown errno");
		fputc(' ', out);
	}
	if (view.desc && view.arg_size)
		agx_struct_print(out, &view.desc->args, view.args, view.arg_size, view.access);
	for (i = 0; i < view.blobs; i++) {
		blob = agx_trace_blob(rec, i);
		if (view_pointee(&view, &blob, &pointee))
			pointee_print(out, &pointee);
	}
	fputc('\n', out);
}

json_object *agx_call_json(const struct agxt_record *rec)
{
	struct call_view view = view_call(rec);
	json_object *object = json_object_new_object();
	struct agx_trace_blob blob;
	struct pointee_view pointee;
	char name[32];
	uint32_t i;

	json_object_object_add(
		object, "ioctl",
		json_object_new_string(agx_ioctl_name(view.request, name, sizeof(name))));
	if (rec->type == AGXT_CALL) {
		const struct agxt_call *call = (const struct agxt_call *)rec;

		if (!rec->file)
			json_object_object_add(object, "token",
					       json_object_new_uint64(call->token));
		if (rec->flags & AGXT_CALL_OPAQUE)
			json_object_object_add(object, "opaque", json_object_new_boolean(true));
	} else {
		const struct agxt_return *ret = (const struct agxt_return *)rec;

		json_object_object_add(object, "call", json_object_new_uint64(ret->call));
		json_object_object_add(object, "result", json_object_new_int(ret->result));
		if (ret->result < 0 && strerrorname_np(-ret->result))
			json_object_object_add(
				object, "errno",
				json_object_new_string(strerrorname_np(-ret->result)));
	}
	if (view.desc && view.arg_size)
		json_object_object_add(
			object, "arguments",
			agx_struct_json(&view.desc->args, view.args, view.arg_size, view.access));
	for (i = 0; i < view.blobs; i++) {
		blob = agx_trace_blob(rec, i);
		if (view_pointee(&view, &blob, &pointee))
			json_object_object_add(object, pointee.pointee->name,
					       pointee_json(&pointee));
	}
	return object;
}
