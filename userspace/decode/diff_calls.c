// SPDX-License-Identifier: MIT
/*
 * Calls by the ioctl table.
 *
 * A call is taken apart when it is made, because what its handles name may be gone when it returns; its node is
 * complete when it returned. What depends on how far the GPU had come (a poll of a fence and what it said) or on
 * the clock is left out.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asahi_drm.h"
#include "diff_load.h"
#include "ioctl_print.h"
#include "ioctl_table.h"

#define MAX_VMS_OLD 4096u /* among the youngest of how many living address spaces are looked for */

static const char *object_name(unsigned int type)
{
	static const char *const names[] = {
		[AGX_OBJECT_GEM] = "buffer",  [AGX_OBJECT_SYNCOBJ] = "syncobj",
		[AGX_OBJECT_VM] = "VM",       [AGX_OBJECT_QUEUE] = "queue",
		[AGX_OBJECT_BIND] = "object",
	};

	return type < AGX_OBJECT_COUNT ? names[type] : "object";
}

static void take_field(struct diff_load *load, const struct agx_ioctl_field *field,
		       const uint8_t *bytes, size_t size, uint32_t file)
{
	uint64_t value = agx_field_get(field, 0, bytes, size);
	struct diff_leaf leaf = {
		.name = diff_string(load->store, field->name),
		.type = DIFF_LEAF_ARGUMENT,
		.desc = field,
	};
	unsigned int i;

	switch (field->kind) {
	case AGX_FIELD_POINTER:
		return; /* what it points to follows */
	case AGX_FIELD_OFFSET:
	case AGX_FIELD_TIME:
		return;
	case AGX_FIELD_TIMEOUT:
		diff_leaf_text(load->builder, field->name,
			       !value                        ? "none"
			       : (int64_t)value == INT64_MAX ? "forever"
							     : "some time");
		return;
	case AGX_FIELD_FD:
		diff_leaf_text(load->builder, field->name,
			       value == AGXT_TOKEN_NONE      ? "none"
			       : value == AGXT_TOKEN_INVALID ? "invalid"
							     : "descriptor");
		return;
	case AGX_FIELD_HANDLE: {
		uint32_t object = value ? state_find(diff_load_state(load), file, field->object,
						     (uint32_t)value)
					: STATE_NONE;

		if (!value)
			diff_leaf_text(load->builder, field->name, "0");
		else if (object == STATE_NONE)
			diff_leaf_text(load->builder, field->name, "unknown handle");
		else
			diff_leaf_object(load->builder, field->name, object_name(field->object),
					 diff_load_object_ref(load, object));
		return;
	}
	case AGX_FIELD_ADDRESS: {
		const struct state_binding *binding = diff_load_bound(load, file, value);

		if (binding)
			diff_leaf_object(load->builder, field->name, "buffer",
					 diff_load_buffer_ref(load, binding->object));
		else
			diff_leaf_text(load->builder, field->name, value ? "address" : "0");
		return;
	}
	case AGX_FIELD_PAD:
		if (!value)
			return;
		break;
	default:
		break;
	}
	if (field->format == AGX_FORMAT_CHARS) {
		size_t left = size > field->offset ? size - field->offset : 0;
		size_t length = strnlen((const char *)bytes + field->offset,
					field->width < left ? field->width : left);

		leaf.type = DIFF_LEAF_TEXT;
		leaf.desc = NULL;
		leaf.value =
			diff_string_sized(load->store, (const char *)bytes + field->offset, length);
		diff_leaf_typed(load->builder, &leaf);
		return;
	}
	for (i = 0; i < field->count; i++) {
		leaf.index = (uint16_t)i;
		leaf.value = agx_field_get(field, i, bytes, size);
		if (field->count == 1 || leaf.value)
			diff_leaf_typed(load->builder, &leaf);
	}
}

/* The fields of a structure that go in, or those that came out and depend on nothing but the call. */
static void take_struct(struct diff_load *load, const struct agx_struct_desc *desc,
			const uint8_t *bytes, size_t size, uint32_t file, bool out)
{
	unsigned int i;

	for (i = 0; i < desc->num_fields; i++) {
		const struct agx_ioctl_field *field = &desc->fields[i];

		if (!(field->access & (out ? AGX_ACCESS_OUT : AGX_ACCESS_IN)) ||
		    !agx_field_applies(field, bytes, size))
			continue;
		/* What the caller's structure does not have yet is zero for the driver. */
		if (field->offset >= size && (out || field->format == AGX_FORMAT_CHARS))
			continue;
		if (out && field->output != AGX_OUTPUT_EXACT && field->output != AGX_OUTPUT_MAPPED)
			continue;
		if (!out && (field->access & AGX_ACCESS_OUT) && field->output == AGX_OUTPUT_IGNORED)
			continue;
		take_field(load, field, bytes, size, file);
	}
}

static size_t array_step(const struct agx_ioctl_pointee *pointee, const uint8_t *args,
			 uint32_t arg_size)
{
	uint32_t stride = pointee->element->size;

	if (pointee->stride != UINT16_MAX && arg_size >= 4 && pointee->stride <= arg_size - 4)
		memcpy(&stride, args + pointee->stride, sizeof(stride));
	return stride;
}

static void take_blob(struct diff_load *load, const struct agx_ioctl_pointee *pointee,
		      const struct agx_trace_blob *blob, const uint8_t *args, uint32_t arg_size,
		      uint32_t file, bool out)
{
	size_t at, step;

	if (blob->flags & AGXT_BLOB_FAULT) {
		diff_leaf_text(load->builder, pointee->name, "fault");
		return;
	}
	switch (pointee->kind) {
	case AGX_POINTEE_ARRAY:
		step = array_step(pointee, args, arg_size);
		for (at = 0; step && at < blob->size; at += step) {
			diff_begin(load->builder, DIFF_NODE_PART, DIFF_IOCTLS, pointee->name);
			take_struct(load, pointee->element, blob->bytes + at,
				    blob->size - at < step ? blob->size - at : step, file, out);
			diff_end(load->builder, NULL);
		}
		break;
	case AGX_POINTEE_STRUCT:
		diff_begin(load->builder, DIFF_NODE_PART, DIFF_IOCTLS, pointee->name);
		take_struct(load, pointee->element, blob->bytes, blob->size, file, out);
		diff_end(load->builder, NULL);
		break;
	case AGX_POINTEE_BYTES:
		if (out && pointee->output != AGX_OUTPUT_EXACT)
			break;
		diff_leaf_typed(load->builder,
				&(struct diff_leaf){
					.name = diff_string(load->store, pointee->name),
					.type = DIFF_LEAF_TEXT,
					.value = diff_string_sized(
						load->store, (const char *)blob->bytes, blob->size),
				});
		break;
	default:
		break; /* commands are decoded */
	}
}

static void take_arguments(struct diff_load *load, const struct agxt_record *rec,
			   const struct agx_ioctl_desc *desc, uint32_t blobs, bool out)
{
	uint32_t arg_size, i;
	const uint8_t *args = agx_trace_args(rec, &arg_size);

	if (!desc)
		return;
	take_struct(load, &desc->args, args, arg_size, rec->file, out);
	for (i = 0; i < blobs; i++) {
		struct agx_trace_blob blob = agx_trace_blob(rec, i);

		if (blob.pointee < desc->num_pointees)
			take_blob(load, &desc->pointees[blob.pointee], &blob, args, arg_size,
				  rec->file, out);
	}
}

/* Calls that only ask how far the GPU has come: how often depends on the machine. */
static bool is_poll(const struct agx_ioctl_desc *desc)
{
	unsigned int i;

	if (!desc)
		return false;
	for (i = 0; i < desc->args.num_fields; i++) {
		const struct agx_ioctl_field *field = &desc->args.fields[i];

		if (field->kind == AGX_FIELD_TIME)
			return true;
		if (field->kind == AGX_FIELD_TIMEOUT && !strcmp(field->name, "timeout_nsec"))
			return true;
		if ((field->access & AGX_ACCESS_OUT) && field->output == AGX_OUTPUT_TIMING)
			return true;
	}
	for (i = 0; i < desc->num_pointees; i++) {
		const struct agx_struct_desc *element = desc->pointees[i].element;
		unsigned int j;

		for (j = 0; element && j < element->num_fields; j++) {
			if ((element->fields[j].access & AGX_ACCESS_OUT) &&
			    element->fields[j].output == AGX_OUTPUT_TIMING)
				return true;
		}
	}
	return false;
}

void diff_load_call(struct diff_load *load, const struct agx_decode_step *step)
{
	const struct agxt_call *call = (const void *)step->item.rec;
	const struct agx_ioctl_desc *desc = agx_ioctl_find(call->request);
	struct diff_pending *pending;
	const uint32_t *refs;
	char name[32];

	load->trace->calls++;
	if (load->num_pending >= DIFF_MAX_PENDING || diff_store_error(load->store))
		return;
	pending = &load->pending[load->num_pending];
	*pending = (struct diff_pending){
		.seq = call->rec.seq,
		.stream = step->item.stream,
		.submit = step->is_submit ? (uint32_t)step->submit.number : DIFF_NONE,
		.lane = diff_load_lane(load, &step->item),
		.dropped = is_poll(desc),
	};
	if (pending->lane == SIZE_MAX)
		return;
	diff_begin(load->builder, DIFF_NODE_CALL, DIFF_IOCTLS,
		   agx_ioctl_name(call->request, name, sizeof(name)));
	if (call->rec.flags & AGXT_CALL_OPAQUE)
		diff_leaf_text(load->builder, "arguments", "not recorded");
	else
		take_arguments(load, &call->rec, desc, call->blobs, false);
	pending->node = diff_end(load->builder, &refs);
	pending->num_refs = diff_node(load->store, pending->node)->refs;
	if (pending->num_refs) {
		pending->refs = malloc(pending->num_refs * sizeof(*refs));
		if (!pending->refs || !refs) {
			free(pending->refs);
			diff_store_fail(load->store, -ENOMEM);
			return;
		}
		memcpy(pending->refs, refs, pending->num_refs * sizeof(*refs));
	}
	load->num_pending++;
}

static void note_create(struct diff_load *load, const struct agx_decode_step *step,
			const struct agxt_return *ret)
{
	const struct trace_state *state = diff_load_state(load);
	struct drm_asahi_gem_create args = {0};
	struct diff_buffer *buffer;
	const uint8_t *bytes;
	uint32_t size, i;
	const struct state_call *call;

	if (step->event.call == STATE_NONE || step->event.call >= state->num_calls)
		return;
	bytes = agx_trace_args(&ret->rec, &size);
	memcpy(&args, bytes, size < sizeof(args) ? size : sizeof(args));
	call = &state->calls[step->event.call];
	for (i = 0; i < call->num_refs; i++) {
		const struct state_ref *ref = &state->refs[call->refs + i];

		if (ref->object == STATE_NONE || !(ref->access & AGX_ACCESS_CREATES) ||
		    state->objects[ref->object].type != AGX_OBJECT_GEM)
			continue;
		buffer = diff_load_buffer(load, ref->object);
		if (buffer && ret->request == DRM_IOCTL_ASAHI_GEM_CREATE) {
			buffer->has_create = true;
			buffer->flags = args.flags;
		}
	}
}

/* Addresses that were ever mapped: what lies outside is none. */
static void note_bindings(struct diff_load *load)
{
	const struct trace_state *state = diff_load_state(load);
	uint32_t i;

	for (i = 0; i < load->num_vms; i++) {
		const struct state_vm *vm = &state->vms[load->vms[i]];
		const struct state_binding *last;

		if (!vm->count)
			continue;
		last = &vm->bindings[vm->count - 1];
		if (vm->bindings[0].addr < load->lowest)
			load->lowest = vm->bindings[0].addr;
		if (last->addr + last->range > load->highest)
			load->highest = last->addr + last->range;
	}
}

/* Address spaces that live; of hostile numbers of them only some are looked at. */
static void note_vms(struct diff_load *load)
{
	const struct trace_state *state = diff_load_state(load);
	uint32_t i = state->num_vms > MAX_VMS_OLD ? state->num_vms - MAX_VMS_OLD : 0;

	load->noted_vms = state->num_vms;
	load->num_vms = 0;
	for (; i < state->num_vms; i++) {
		if (!state->objects[state->vms[i].object].live)
			continue;
		load->vms[load->num_vms++] = i;
		if (load->num_vms == DIFF_MAX_VMS)
			break;
	}
}

void diff_load_return(struct diff_load *load, const struct agx_decode_step *step)
{
	const struct agxt_return *ret = (const void *)step->item.rec;
	const struct agx_ioctl_desc *desc = agx_ioctl_find(ret->request);
	struct diff_pending call;
	const uint32_t *refs;
	char name[32], text[64];
	size_t i;
	uint32_t node;

	for (i = 0; i < load->num_pending; i++) {
		if (load->pending[i].seq == ret->call)
			break;
	}
	if (i == load->num_pending)
		return;
	call = load->pending[i];
	load->pending[i] = load->pending[--load->num_pending];
	if (ret->request == DRM_IOCTL_ASAHI_GEM_CREATE && !ret->result)
		note_create(load, step, ret);
	/* The state has an address space from its first binding on. */
	if (ret->request == DRM_IOCTL_ASAHI_VM_DESTROY ||
	    diff_load_state(load)->num_vms != load->noted_vms)
		note_vms(load);
	if (ret->request == DRM_IOCTL_ASAHI_VM_BIND)
		note_bindings(load);
	if (call.dropped) {
		free(call.refs);
		return;
	}
	diff_begin(load->builder, DIFF_NODE_CALL, DIFF_IOCTLS,
		   agx_ioctl_name(ret->request, name, sizeof(name)));
	diff_copy(load->builder, call.node, call.refs);
	if (ret->result < 0) {
		snprintf(text, sizeof(text), "%s",
			 strerrorname_np(-ret->result) ? strerrorname_np(-ret->result)
						       : "unknown error");
		diff_leaf_text(load->builder, "result", text);
	} else {
		diff_leaf_number(load->builder, "result", (uint64_t)ret->result);
		take_arguments(load, &ret->rec, desc, ret->blobs, true);
	}
	node = diff_end(load->builder, &refs);
	diff_load_item(load, &load->trace->lanes[call.lane].calls, node, call.submit, refs);
	free(call.refs);
}

/* Calls that never returned, in the order in which they were made. */
void diff_load_unfinished(struct diff_load *load)
{
	while (load->num_pending) {
		struct diff_pending *first = load->pending;
		size_t i;

		for (i = 1; i < load->num_pending; i++) {
			if (load->pending[i].seq < first->seq)
				first = &load->pending[i];
		}
		if (!first->dropped)
			diff_load_item(load, &load->trace->lanes[first->lane].calls, first->node,
				       first->submit, first->refs);
		free(first->refs);
		*first = load->pending[--load->num_pending];
	}
}
