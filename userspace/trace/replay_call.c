// SPDX-License-Identifier: MIT
/*
 * Recorded calls: from CALL record to arguments for the target, and from what the target
 * answers to a verdict with the help of the RETURN record.
 *
 * The target sees memory of the call's own buffer only. Nothing in it is larger than what was
 * recorded and the limits of the format allow, and a pointer that faulted points to nowhere.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "asahi_drm.h"
#include "replay_internal.h"

/* Not NULL, and in no process' reach: the lowest page is never mapped. */
#define BAD_ADDRESS 8u

/* A handle and a descriptor that no target gives out. */
#define BAD_HANDLE 0xfffffff0u
#define BAD_FD     0x7ffffff0

#define ALIGNMENT 16u

/* How long a wait is tried before calls in flight are made, on a target that takes time. */
#define SLICE_NS 50000000ull

uint64_t replay_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static bool struct_has_refs(const struct agx_struct_desc *desc)
{
	unsigned int i;

	for (i = 0; i < desc->num_fields; i++)
		if (desc->fields[i].kind == AGX_FIELD_HANDLE ||
		    desc->fields[i].kind == AGX_FIELD_FD)
			return true;
	return false;
}

static void describe(struct replay_desc *d, uint32_t request)
{
	const struct agx_ioctl_desc *desc = agx_ioctl_find(request);
	unsigned int i;

	*d = (struct replay_desc){
		.desc = desc, .request = request, .valid = true, .timeout = UINT16_MAX};
	if (!desc)
		return;
	d->arg_refs = struct_has_refs(&desc->args);
	for (i = 0; i < desc->args.num_fields; i++) {
		const struct agx_ioctl_field *field = &desc->args.fields[i];

		if (field->kind == AGX_FIELD_TIMEOUT && field->width == 8 &&
		    d->timeout == UINT16_MAX)
			d->timeout = field->offset;
		if (field->access & AGX_ACCESS_OUT)
			d->arg_outputs = true;
	}
	for (i = 0; i < desc->num_pointees; i++) {
		const struct agx_ioctl_pointee *p = &desc->pointees[i];

		if (p->kind == AGX_POINTEE_COMMANDS || (p->element && struct_has_refs(p->element)))
			d->pointee_refs |= (uint8_t)(1u << i);
	}
}

static const struct replay_desc *find_desc(struct replay *r, uint32_t request)
{
	struct replay_desc *d =
		&r->descs[(request ^ request >> 8 ^ request >> 16) % REPLAY_DESC_CACHE];

	if (!d->valid || d->request != request)
		describe(d, request);
	return d;
}

static bool waits(const struct replay_call *call)
{
	return call->desc->timeout != UINT16_MAX;
}

/* A call to fill: an idle one, or a new one. */
static struct replay_call *take_call(struct replay *r)
{
	if (r->num_idle)
		return r->idle[--r->num_idle];
	return calloc(1, sizeof(struct replay_call));
}

static void drop_pending(struct replay *r, uint32_t i)
{
	struct replay_call *call = r->pending[i];

	memmove(&r->pending[i], &r->pending[i + 1],
		(r->num_pending - i - 1) * sizeof(r->pending[0]));
	r->num_pending--;
	r->idle[r->num_idle++] = call;
}

static uint32_t round_up(uint32_t size)
{
	return (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

static int reserve(struct replay *r, struct replay_call *call, size_t size)
{
	uint8_t *buffer;

	if (size <= call->capacity)
		return 0;
	if (r->call_bytes + (size - call->capacity) > REPLAY_MAX_PENDING_BYTES)
		return replay_refuse(r, "record %llu: arguments of calls in flight exceed %u bytes",
				     (unsigned long long)r->record, REPLAY_MAX_PENDING_BYTES);
	buffer = aligned_alloc(64, (size + 4095) & ~(size_t)4095);
	if (!buffer)
		return -ENOMEM;
	free(call->buffer);
	r->call_bytes += size - call->capacity;
	call->buffer = buffer;
	call->capacity = size;
	return 0;
}

static struct replay_file *call_file(struct replay *r, const struct replay_call *call)
{
	return call->file ? replay_names_find_file(&r->names, call->file) : NULL;
}

/* Walks references of a call's arguments or of one pointee. */
struct translation {
	struct replay *r;
	struct replay_call *call;
	struct replay_file *file;
	bool in_args;
};

static uint16_t token_kind(enum agx_fd_object object)
{
	switch (object) {
	case AGX_FD_DMA_BUF:
		return AGXT_FD_DMA_BUF;
	case AGX_FD_SYNC_FILE:
		return AGXT_FD_SYNC_FILE;
	case AGX_FD_SYNCOBJ:
		return AGXT_FD_SYNCOBJ;
	case AGX_FD_EVENTFD:
		break;
	}
	return AGXT_FD_EVENTFD;
}

static int translate_in(void *data, const struct agx_ioctl_ref *ref)
{
	struct translation *t = data;
	uint32_t recorded = agx_ref_get(ref);

	if (ref->field->kind == AGX_FIELD_FD) {
		struct replay_token *token = replay_names_find_token(&t->r->names, recorded);

		if (recorded == AGXT_TOKEN_NONE)
			return 0;
		/* A sync file may be a mere number here: not for a call that wants something else. */
		if (token && token->kind == AGXT_FD_SYNC_FILE &&
		    token_kind(ref->field->object) != AGXT_FD_SYNC_FILE)
			token = NULL;
		if (token) {
			agx_ref_set(ref, (uint32_t)token->fd);
		} else {
			agx_ref_set(ref, BAD_FD);
			if (t->in_args)
				t->call->unusable = (uint32_t)(ref->value - t->call->buffer) + 1;
		}
		if (t->in_args)
			t->call->token = recorded;
	} else if (recorded) {
		struct replay_name *name = NULL;

		if (t->file)
			name = replay_names_find(&t->r->names, t->file, ref->field->object,
						 recorded);
		agx_ref_set(ref, name ? name->live : BAD_HANDLE);
		if (name && (ref->field->access & AGX_ACCESS_DESTROYS) && t->in_args) {
			name->leaving = true;
			t->call->leaving = (uint32_t)(name - t->r->names.names) + 1;
		}
	}
	return 0;
}

static void count_commands(struct replay_call *call, const uint8_t *bytes, size_t size)
{
	struct agx_cmdbuf_command command;
	size_t offset = 0;

	while (agx_command_next(bytes, size, &offset, &command) > 0)
		if (command.type == DRM_ASAHI_CMD_RENDER || command.type == DRM_ASAHI_CMD_COMPUTE)
			call->commands++;
}

/* Lays the pointees out behind the arguments, and gives the buffer's size. */
static size_t lay_out(struct replay_call *call, const struct agx_ioctl_desc *desc,
		      const struct agxt_call *rec, const uint8_t *args, size_t used)
{
	struct agx_ioctl_span spans[AGX_IOCTL_MAX_POINTEES];
	unsigned int count = agx_ioctl_spans(desc, args, rec->arg_size, spans), i;

	memset(call->pointees, 0, sizeof(call->pointees));
	for (i = 0; i < count; i++) {
		struct replay_span *span = &call->pointees[spans[i].pointee];

		/* A larger range was cut in the recording: what is missing counts as zero. */
		span->offset = (uint32_t)used;
		span->size =
			spans[i].size > AGXT_MAX_BLOB ? AGXT_MAX_BLOB : (uint32_t)spans[i].size;
		used += round_up(span->size);
	}
	return used;
}

/* Fills one pointee from its blob, and its pointer in the arguments. */
static void fill_pointee(struct replay *r, struct replay_call *call, const struct agxt_call *rec,
			 unsigned int i, struct translation *t)
{
	const struct agx_ioctl_desc *desc = call->desc->desc;
	const struct agx_ioctl_pointee *pointee = &desc->pointees[i];
	struct replay_span *span = &call->pointees[i];
	uint8_t *bytes = call->buffer + span->offset;
	struct agx_trace_blob blob;
	uint64_t pointer;

	if (pointee->pointer + sizeof(pointer) > call->args_room)
		return;
	memcpy(&pointer, call->buffer + pointee->pointer, sizeof(pointer));
	if (pointer == AGXT_PTR_NULL)
		return;
	if (pointer == AGXT_PTR_FAULT) {
		pointer = BAD_ADDRESS;
		span->size = 0;
	} else {
		uint32_t size = 0;

		pointer = (uintptr_t)bytes;
		if (!span->size)
			pointer = (uintptr_t)call->buffer;
		if ((pointee->access & AGX_ACCESS_IN) && agx_trace_find_blob(&rec->rec, i, &blob)) {
			if (blob.flags & AGXT_BLOB_FAULT) {
				pointer = BAD_ADDRESS;
				span->size = 0;
			} else {
				size = blob.size < span->size ? blob.size : span->size;
				memcpy(bytes, blob.bytes, size);
			}
		}
		memset(bytes + size, 0, span->size - size);
	}
	memcpy(call->buffer + pointee->pointer, &pointer, sizeof(pointer));
	if (!span->size || !(pointee->access & AGX_ACCESS_IN))
		return;
	if (pointee->kind == AGX_POINTEE_COMMANDS)
		count_commands(call, bytes, span->size);
	if (call->desc->pointee_refs & 1u << i) {
		t->in_args = false;
		agx_ioctl_pointee_refs(desc, i, call->buffer, call->args_size, bytes, span->size,
				       AGX_ACCESS_IN, translate_in, t);
	}
}

/* Builds the arguments. 0, REPLAY_STOP, -ENOMEM. */
static int prepare(struct replay *r, struct replay_call *call, const struct agxt_call *rec,
		   struct replay_file *file)
{
	const struct agx_ioctl_desc *desc = call->desc->desc;
	struct translation t = {.r = r, .call = call, .file = file, .in_args = true};
	uint32_t args_size = 0, want = agx_ioctl_arg_size(rec->request);
	const uint8_t *args = agx_trace_args(&rec->rec, &args_size);
	unsigned int i;
	size_t used;
	int ret;

	call->args_size = args_size;
	call->args_room = round_up(args_size > want ? args_size : want);
	used = 2 * (size_t)call->args_room;
	if (desc)
		used = lay_out(call, desc, rec, args, used);
	call->used = used;
	ret = reserve(r, call, used ? used : ALIGNMENT);
	if (ret)
		return ret;
	memcpy(call->buffer, args, args_size);
	memset(call->buffer + args_size, 0, call->args_room - args_size);
	if (!desc)
		return 0;
	if (call->desc->arg_refs)
		agx_ioctl_arg_refs(desc, call->buffer, args_size, AGX_ACCESS_IN, translate_in, &t);
	for (i = 0; i < desc->num_pointees; i++)
		fill_pointee(r, call, rec, i, &t);
	return 0;
}

int replay_call_begin(struct replay *r, const struct agx_trace_item *item)
{
	const struct agxt_call *rec = (const void *)item->rec;
	struct replay_token *token = NULL;
	struct replay_file *file = NULL;
	struct replay_call *call;
	int ret;

	if (rec->rec.file) {
		file = replay_names_find_file(&r->names, rec->rec.file);
		if (!file)
			return replay_broken(r, "a call on file %u, which is not open",
					     rec->rec.file);
	} else {
		token = replay_names_find_token(&r->names, rec->token);
		if (!token && rec->token != AGXT_TOKEN_INVALID)
			return replay_broken(r, "a call on descriptor %u, which is not known",
					     rec->token);
	}
	if (r->num_pending == REPLAY_MAX_PENDING)
		return replay_broken(r, "more than %u calls in flight", REPLAY_MAX_PENDING);
	call = take_call(r);
	if (!call)
		return -ENOMEM;
	call->seq = rec->rec.seq;
	call->stream = item->stream;
	call->thread = rec->rec.thread;
	call->request = rec->request;
	call->file = rec->rec.file;
	call->fd = token ? token->fd : -1;
	call->desc = find_desc(r, rec->request);
	call->leaving = 0;
	call->token = rec->rec.file ? AGXT_TOKEN_NONE : rec->token;
	call->unusable = 0;
	call->opaque = !call->desc->desc || (rec->rec.flags & AGXT_CALL_OPAQUE);
	call->bad_args = !call->opaque && !rec->arg_size && agx_ioctl_arg_size(rec->request);
	call->executed = false;
	call->submit = item->submit;
	call->commands = 0;
	ret = prepare(r, call, rec, file);
	if (ret) {
		r->idle[r->num_idle++] = call;
		return ret;
	}
	r->pending[r->num_pending++] = call;
	return 0;
}

/* Makes the call. timeout: absolute, for calls that wait. */
static long execute(struct replay *r, struct replay_call *call, uint64_t timeout)
{
	struct agx_replay_target *target = r->target;
	void *args = call->buffer + call->args_room;
	uint64_t start = r->config.measure ? replay_clock() : 0;
	long result;

	memcpy(args, call->buffer, call->args_room);
	if (waits(call) && call->desc->timeout + sizeof(timeout) <= call->args_room)
		memcpy((uint8_t *)args + call->desc->timeout, &timeout, sizeof(timeout));
	if (call->bad_args)
		args = (void *)(uintptr_t)BAD_ADDRESS;
	target->window = call->buffer;
	target->window_size = call->used;
	target->submit = call->submit;
	target->call = call->seq;
	if (call->file) {
		struct replay_file *file = call_file(r, call);

		result =
			file ? target->ops->ioctl(target, file->live, call->request, args) : -EBADF;
	} else {
		bool sync_file = call->desc->desc && call->desc->desc->on == AGX_ON_SYNC_FILE;

		result = target->ops->fd_ioctl(target, call->stream, call->fd, sync_file,
					       call->request, args);
	}
	if (r->config.measure)
		r->out->times.calls += replay_clock() - start;
	r->out->stats.calls++;
	return result;
}

/* Makes the oldest call in flight beside call that is not waiting. False: there is none. */
static bool execute_other(struct replay *r, const struct replay_call *call)
{
	uint32_t i;

	for (i = 0; i < r->num_pending; i++) {
		struct replay_call *other = r->pending[i];

		if (other == call || other->executed || other->opaque || waits(other))
			continue;
		other->result = execute(r, other, 0);
		other->executed = true;
		return true;
	}
	return false;
}

static uint64_t deadline(uint64_t patience)
{
	return patience ? replay_clock() + patience : 0;
}

/* Makes a call that returned expected; calls in flight are made before it if it needs them. */
static long execute_expecting(struct replay *r, struct replay_call *call, long expected)
{
	uint64_t patience = waits(call) && expected >= 0 ? r->target->patience : 0;
	long result;

	if (call->executed)
		return call->result;
	if (r->num_pending == 1 || expected < 0)
		return execute(r, call, deadline(patience));
	result = execute(r, call, deadline(patience < SLICE_NS ? patience : SLICE_NS));
	while (result < 0 && execute_other(r, call))
		result = execute(r, call, deadline(patience < SLICE_NS ? patience : SLICE_NS));
	if (result == -ETIME && patience > SLICE_NS)
		result = execute(r, call, deadline(patience));
	return result;
}

/* What is needed to compare and take over the outputs of a call. */
struct outputs {
	struct replay *r;
	struct replay_call *call;
	struct replay_file *file;
	const struct agx_ioctl_pointee *pointee; /* NULL: the arguments */
	uint8_t *got;
	const uint8_t *expected;
	size_t expected_size;
	bool take; /* the call succeeded: names are new */
	int stop;
};

static int diverge_name(struct outputs *o, const struct agx_ioctl_field *field,
			const char *expected, const char *got)
{
	char name[96];

	snprintf(name, sizeof(name), "%s%s%s", o->pointee ? o->pointee->name : "",
		 o->pointee ? "." : "", field->name);
	return replay_diverge(o->r, o->call, NULL, name, expected, got);
}

static uint64_t object_size(const struct replay *r, const struct replay_call *call,
			    const struct replay_file *file)
{
	const uint8_t *args = call->buffer;
	uint64_t size;

	if (call->request == DRM_IOCTL_ASAHI_GEM_CREATE) {
		memcpy(&size, args + offsetof(struct drm_asahi_gem_create, size), sizeof(size));
		return size > AGXT_MAX_BO_SIZE ? 0 : (size + 0x3fff) & ~0x3fffull;
	}
	if (call->request == DRM_IOCTL_PRIME_FD_TO_HANDLE) {
		const struct replay_token *token =
			replay_names_find_token((struct replay_names *)&r->names, call->token);

		return token ? token->size : 0;
	}
	return 0;
}

static int take_handle(struct outputs *o, const struct agx_ioctl_ref *ref, uint32_t recorded,
		       uint32_t live)
{
	struct replay *r = o->r;
	enum agx_object object = ref->field->object;
	struct replay_name *name, *other;
	char expected[64], got[64];

	snprintf(got, sizeof(got), "%u", live);
	if (!recorded != !live) {
		snprintf(expected, sizeof(expected), "%s", recorded ? "an object" : "0");
		return diverge_name(o, ref->field, expected, got);
	}
	if (!recorded)
		return 0;
	name = replay_names_find(&r->names, o->file, object, recorded);
	if (name && name->leaving && (ref->field->access & AGX_ACCESS_CREATES)) {
		/* Its end is in flight; here the number is in use again. */
		replay_forget_name(r, name);
		name = NULL;
	}
	if (name && name->live == live)
		return 0;
	other = replay_names_find_live(&r->names, o->file, object, live);
	if (other && other->leaving) {
		replay_forget_name(r, other);
		other = NULL;
	}
	if (name || other || !(ref->field->access & AGX_ACCESS_CREATES)) {
		if (name)
			snprintf(expected, sizeof(expected), "the object of handle %u", recorded);
		else
			snprintf(expected, sizeof(expected), "a new object");
		if (other)
			snprintf(got, sizeof(got), "the object of handle %u", other->recorded);
		return diverge_name(o, ref->field, expected, got);
	}
	name = replay_names_add(&r->names, o->file, object, recorded, live);
	if (!name)
		return -ENOMEM;
	if (object == AGX_OBJECT_GEM) {
		name->memory.size = object_size(r, o->call, o->file);
		/* What comes from elsewhere has been written by whom ever. */
		name->memory.fresh = o->call->request == DRM_IOCTL_ASAHI_GEM_CREATE
					     ? r->out->stats.submits
					     : UINT64_MAX;
	}
	return 0;
}

static int take_fd(struct outputs *o, const struct agx_ioctl_ref *ref, uint32_t recorded,
		   uint32_t live)
{
	struct replay *r = o->r;
	struct replay_token *token;
	char got[32];

	if ((recorded == AGXT_TOKEN_NONE) != ((int32_t)live < 0)) {
		snprintf(got, sizeof(got), "%d", (int32_t)live);
		return diverge_name(o, ref->field,
				    recorded == AGXT_TOKEN_NONE ? "-1" : "a descriptor", got);
	}
	if ((int32_t)live < 0)
		return 0;
	token = replay_names_find_token(&r->names, recorded);
	if (token || recorded == AGXT_TOKEN_INVALID) {
		/* One more descriptor of what is known, or one that the program lost at once. */
		replay_own_close(r, o->call->stream, (int)live);
		return 0;
	}
	if (r->names.token_ids.count >= REPLAY_MAX_TOKENS) {
		replay_own_close(r, o->call->stream, (int)live);
		return replay_refuse(r, "record %llu: more than %u descriptors at a time",
				     (unsigned long long)r->record, REPLAY_MAX_TOKENS);
	}
	token = replay_names_add_token(&r->names, recorded);
	if (!token) {
		replay_own_close(r, o->call->stream, (int)live);
		return -ENOMEM;
	}
	token->fd = (int)live;
	token->stream = o->call->stream;
	token->kind = token_kind(ref->field->object);
	if (o->call->request == DRM_IOCTL_PRIME_HANDLE_TO_FD && o->file) {
		const struct replay_name *name;
		uint32_t number;

		memcpy(&number, o->call->buffer + offsetof(struct drm_prime_handle, handle),
		       sizeof(number));
		name = replay_names_find_live(&r->names, o->file, AGX_OBJECT_GEM, number);
		token->size = name ? name->memory.size : 0;
	}
	return 0;
}

static int take_output(void *data, const struct agx_ioctl_ref *ref)
{
	struct outputs *o = data;
	size_t offset = (size_t)(ref->value - o->got);
	uint32_t recorded, live = agx_ref_get(ref);

	if (offset + sizeof(recorded) > o->expected_size)
		return 0;
	memcpy(&recorded, o->expected + offset, sizeof(recorded));
	o->r->out->stats.checks++;
	if (ref->field->kind == AGX_FIELD_FD)
		return take_fd(o, ref, recorded, live);
	if (!o->file)
		return 0;
	return take_handle(o, ref, recorded, live);
}

/* The OUT parts of one pointee. */
static int check_pointee(struct outputs *o, const struct agx_trace_blob *blob)
{
	struct replay *r = o->r;
	struct replay_call *call = o->call;
	const struct agx_ioctl_desc *desc = call->desc->desc;
	const struct replay_span *span;
	struct agx_field_diff diff;
	size_t size, step, at;
	int ret;

	if (blob->pointee >= desc->num_pointees || (blob->flags & AGXT_BLOB_FAULT))
		return 0;
	o->pointee = &desc->pointees[blob->pointee];
	if (!(o->pointee->access & AGX_ACCESS_OUT))
		return 0;
	span = &call->pointees[blob->pointee];
	o->got = call->buffer + span->offset;
	o->expected = blob->bytes;
	o->expected_size = blob->size;
	size = blob->size < span->size ? blob->size : span->size;
	if (blob->size > span->size)
		return replay_broken(r, "%s holds %u bytes, the call has room for %u",
				     o->pointee->name, blob->size, span->size);
	r->out->stats.checks++;
	switch (o->pointee->kind) {
	case AGX_POINTEE_STRUCT:
		/* What lies behind the known structure is the program's own. */
		if (size > o->pointee->element->size)
			size = o->pointee->element->size;
		if (!agx_struct_compare(o->pointee->element, o->expected, size, o->got, size,
					&diff))
			return replay_diverge_field(r, call, o->pointee, 0, &diff);
		break;
	case AGX_POINTEE_ARRAY:
		step = o->pointee->element->size;
		if (o->pointee->stride != UINT16_MAX) {
			uint32_t stride = 0;

			if (o->pointee->stride + sizeof(stride) <= call->args_room)
				memcpy(&stride, call->buffer + o->pointee->stride, sizeof(stride));
			step = stride;
		}
		for (at = 0; step && at < size; at += step) {
			size_t left = size - at < step ? size - at : step;

			if (left > o->pointee->element->size)
				left = o->pointee->element->size;
			if (agx_struct_compare(o->pointee->element, o->expected + at, left,
					       o->got + at, left, &diff))
				continue;
			ret = replay_diverge_field(r, call, o->pointee, at / step, &diff);
			if (ret)
				return ret;
		}
		break;
	default:
		if (o->pointee->output != AGX_OUTPUT_EXACT)
			break;
		for (at = 0; at < size; at++) {
			char name[64], a[8], b[8];

			if (o->expected[at] == o->got[at])
				continue;
			snprintf(name, sizeof(name), "%s[%zu]", o->pointee->name, at);
			snprintf(a, sizeof(a), "0x%02x", o->expected[at]);
			snprintf(b, sizeof(b), "0x%02x", o->got[at]);
			return replay_diverge(r, call, NULL, name, a, b);
		}
		break;
	}
	if (o->take && (call->desc->pointee_refs & 1u << blob->pointee))
		return agx_ioctl_pointee_refs(desc, blob->pointee, call->buffer, call->args_size,
					      o->got, size, AGX_ACCESS_OUT, take_output, o);
	return 0;
}

static int check_outputs(struct replay *r, struct replay_call *call, const struct agxt_return *rec,
			 bool success)
{
	const struct agx_ioctl_desc *desc = call->desc->desc;
	struct outputs o = {
		.r = r,
		.call = call,
		.file = call_file(r, call),
		.got = call->buffer + call->args_room,
		.take = success,
	};
	struct agx_field_diff diff;
	uint32_t size = 0, i;
	int ret;

	o.expected = agx_trace_args(&rec->rec, &size);
	if (size > call->args_size)
		return replay_broken(r, "%u bytes of arguments came back from %u", size,
				     call->args_size);
	o.expected_size = size;
	if (size && call->desc->arg_outputs) {
		r->out->stats.checks++;
		if (!agx_struct_compare(&desc->args, o.expected, size, o.got, size, &diff)) {
			ret = replay_diverge_field(r, call, NULL, 0, &diff);
			if (ret)
				return ret;
		}
		if (success && call->desc->arg_refs) {
			ret = agx_ioctl_arg_refs(desc, o.got, size, AGX_ACCESS_OUT, take_output,
						 &o);
			if (ret)
				return ret;
		}
	}
	for (i = 0; i < rec->blobs; i++) {
		struct agx_trace_blob blob = agx_trace_blob(&rec->rec, i);

		ret = check_pointee(&o, &blob);
		if (ret)
			return ret;
	}
	return 0;
}

/* A descriptor that was of no use gets the right sort of uselessness. */
static int make_unusable(struct replay *r, struct replay_call *call, long expected)
{
	int32_t fd = BAD_FD;

	if (expected == -EBADF || call->unusable - 1 + sizeof(fd) > call->args_room)
		return 0;
	if (r->unusable_fd < 0) {
		r->unusable_fd = replay_own_null();
		if (r->unusable_fd < 0)
			return replay_refuse(r, "cannot open /dev/null");
	}
	fd = r->unusable_fd;
	memcpy(call->buffer + call->unusable - 1, &fd, sizeof(fd));
	return 0;
}

/* Results that say that the call was not made, to be made again by the program. */
static bool interrupted(long result)
{
	return result == -EINTR || result == -EAGAIN;
}

static int finish_call(struct replay *r, struct replay_call *call, const struct agxt_return *rec)
{
	struct replay_name *name;
	long result;
	int ret = 0;

	if (interrupted(rec->result)) {
		r->out->stats.timing++;
		if (call->leaving)
			r->names.names[call->leaving - 1].leaving = false;
		return 0;
	}
	if (call->unusable) {
		ret = make_unusable(r, call, rec->result);
		if (ret)
			return ret;
	}
	if (call->opaque && r->target->patience) {
		/* Nothing is known about it: a device is not the place to try it. */
		r->out->stats.timing++;
		return 0;
	}
	result = execute_expecting(r, call, rec->result);
	ret = replay_results_check(r);
	if (ret)
		return ret;
	if (waits(call) && rec->result == -ETIME) {
		r->out->stats.timing++;
		replay_remember(r, call, result);
		return 0;
	}
	r->out->stats.checks++;
	if (result != rec->result) {
		ret = replay_diverge_result(r, call, NULL, rec->result, result);
		if (ret)
			return ret;
	}
	/* Where the results differ in kind the outputs say nothing more. */
	if (!call->opaque && (result < 0) == (rec->result < 0) &&
	    !(r->other_params && call->request == DRM_IOCTL_ASAHI_GET_PARAMS))
		ret = check_outputs(r, call, rec, result >= 0);
	if (call->leaving) {
		name = &r->names.names[call->leaving - 1];
		if (name->used && name->leaving) {
			name->leaving = false;
			if (result >= 0)
				replay_forget_name(r, name);
		}
	}
	if (result >= 0 && agx_ioctl_is_submit(call->request)) {
		r->out->stats.submits++;
		r->out->stats.commands += call->commands;
	}
	replay_remember(r, call, result);
	return ret;
}

int replay_call_end(struct replay *r, const struct agx_trace_item *item)
{
	const struct agxt_return *rec = (const void *)item->rec;
	struct replay_call *call = NULL;
	uint32_t i;
	int ret;

	for (i = r->num_pending; i-- > 0;) {
		if (r->pending[i]->seq == rec->call) {
			call = r->pending[i];
			break;
		}
	}
	if (!call)
		return replay_broken(r, "the return of a call that was not made");
	if (call->request != rec->request)
		return replay_broken(r, "ioctl 0x%08x returns as 0x%08x", call->request,
				     rec->request);
	ret = finish_call(r, call, rec);
	drop_pending(r, i);
	return ret;
}

void replay_calls_flush(struct replay *r, uint32_t file)
{
	uint32_t i;

	for (i = 0; i < r->num_pending; i++) {
		struct replay_call *call = r->pending[i];

		if (call->file != file || call->executed || call->opaque)
			continue;
		call->result = execute(r, call, deadline(r->target->patience));
		call->executed = true;
	}
}

void replay_calls_finish(struct replay *r)
{
	uint32_t i;

	for (i = 0; i < r->num_pending; i++) {
		struct replay_call *call = r->pending[i];

		r->out->stats.unfinished++;
		if (r->config.run_unfinished && !call->executed && !call->opaque)
			replay_remember(r, call, execute(r, call, 0));
	}
	replay_results_check(r);
	while (r->num_pending)
		drop_pending(r, r->num_pending - 1);
}

void replay_calls_free(struct replay *r)
{
	while (r->num_pending)
		drop_pending(r, r->num_pending - 1);
	while (r->num_idle) {
		struct replay_call *call = r->idle[--r->num_idle];

		free(call->buffer);
		free(call);
	}
}

long replay_own_ioctl(struct replay *r, void *file, uint32_t request, void *arg, size_t size)
{
	long result;

	if (size > sizeof(r->scratch))
		return -EINVAL;
	memset(r->scratch, 0, sizeof(r->scratch));
	memcpy(r->scratch, arg, size);
	r->target->window = r->scratch;
	r->target->window_size = sizeof(r->scratch);
	result = r->target->ops->ioctl(r->target, file, request, r->scratch);
	memcpy(arg, r->scratch, size);
	return result;
}
