// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "replay_internal.h"

#define NAME_PREFIX "DRM_IOCTL_"

static void request_name(const struct agx_ioctl_desc *desc, uint32_t request, char *buf,
			 size_t size)
{
	if (!desc)
		snprintf(buf, size, "ioctl 0x%08" PRIx32, request);
	else if (!strncmp(desc->name, NAME_PREFIX, strlen(NAME_PREFIX)))
		snprintf(buf, size, "%s", desc->name + strlen(NAME_PREFIX));
	else
		snprintf(buf, size, "%s", desc->name);
}

static void result_text(long result, char *buf, size_t size)
{
	const char *name = result < 0 && result > -4096 ? strerrorname_np((int)-result) : NULL;

	if (name)
		snprintf(buf, size, "-%s", name);
	else
		snprintf(buf, size, "%ld", result);
}

static void value_text(const struct agx_ioctl_field *field, uint64_t value, char *buf, size_t size)
{
	const struct agx_ioctl_name *name = field->names;

	if (field->format == AGX_FORMAT_ENUM) {
		for (; name && name->name; name++) {
			if (name->value == value) {
				snprintf(buf, size, "%s", name->name);
				return;
			}
		}
	}
	if (field->format == AGX_FORMAT_DEC)
		snprintf(buf, size, "%" PRIu64, value);
	else
		snprintf(buf, size, "0x%" PRIx64, value);
}

void replay_remember(struct replay *r, const struct replay_call *call, long result)
{
	r->history[r->calls++ % AGX_REPLAY_LAST] = (struct replay_history){
		.record = r->record,
		.call = call->seq,
		.stream = call->stream,
		.thread = call->thread,
		.request = call->request,
		.desc = call->desc ? call->desc->desc : NULL,
		.result = result,
	};
}

static void fill_history(const struct replay *r, struct agx_replay_divergence *d)
{
	uint64_t first = r->calls > AGX_REPLAY_LAST ? r->calls - AGX_REPLAY_LAST : 0, i;

	for (i = first; i < r->calls; i++) {
		const struct replay_history *h = &r->history[i % AGX_REPLAY_LAST];
		struct agx_replay_call *last = &d->last[d->last_count++];
		char name[48], result[32];

		request_name(h->desc, h->request, name, sizeof(name));
		result_text(h->result, result, sizeof(result));
		last->record = h->record;
		last->call = h->call;
		last->process = h->stream;
		last->thread = h->thread;
		snprintf(last->text, sizeof(last->text), "%s = %s", name, result);
	}
}

int replay_diverge(struct replay *r, const struct replay_call *call, const char *name,
		   const char *field, const char *expected, const char *got)
{
	struct agx_replay_divergence *d = &r->out->divergence;

	if (!r->out->stats.divergences++) {
		d->record = r->record;
		d->submits = r->submits;
		if (call) {
			d->call = call->seq;
			d->process = call->stream;
			d->thread = call->thread;
		}
		if (name)
			snprintf(d->name, sizeof(d->name), "%s", name);
		else if (call)
			request_name(call->desc ? call->desc->desc : NULL, call->request, d->name,
				     sizeof(d->name));
		snprintf(d->field, sizeof(d->field), "%s", field);
		snprintf(d->expected, sizeof(d->expected), "%s", expected);
		snprintf(d->got, sizeof(d->got), "%s", got);
		fill_history(r, d);
	}
	return r->config.keep_going ? 0 : REPLAY_STOP;
}

int replay_diverge_values(struct replay *r, const struct replay_call *call, const char *field,
			  uint64_t expected, uint64_t got)
{
	char a[32], b[32];

	snprintf(a, sizeof(a), "%" PRIu64, expected);
	snprintf(b, sizeof(b), "%" PRIu64, got);
	return replay_diverge(r, call, NULL, field, a, b);
}

int replay_diverge_result(struct replay *r, const struct replay_call *call, const char *name,
			  long expected, long got)
{
	char a[32], b[32];

	result_text(expected, a, sizeof(a));
	result_text(got, b, sizeof(b));
	return replay_diverge(r, call, name, "result", a, b);
}

int replay_diverge_field(struct replay *r, const struct replay_call *call,
			 const struct agx_ioctl_pointee *pointee, size_t element,
			 const struct agx_field_diff *diff)
{
	char a[40], b[40], field[64], place[64] = "", name[160];

	if (!diff->field) {
		/* Past the structure that the table knows. */
		snprintf(field, sizeof(field), "byte %u", diff->index);
		snprintf(a, sizeof(a), "0x%02" PRIx64, diff->expected);
		snprintf(b, sizeof(b), "0x%02" PRIx64, diff->got);
	} else {
		if (diff->field->count > 1 || diff->field->width > 8)
			snprintf(field, sizeof(field), "%s[%u]", diff->field->name, diff->index);
		else
			snprintf(field, sizeof(field), "%s", diff->field->name);
		value_text(diff->field, diff->expected, a, sizeof(a));
		value_text(diff->field, diff->got, b, sizeof(b));
	}
	if (pointee && pointee->kind == AGX_POINTEE_ARRAY)
		snprintf(place, sizeof(place), "%s[%zu].", pointee->name, element);
	else if (pointee)
		snprintf(place, sizeof(place), "%s.", pointee->name);
	snprintf(name, sizeof(name), "%s%s", place, field);
	return replay_diverge(r, call, NULL, name, a, b);
}

int replay_broken(struct replay *r, const char *format, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (!r->skipped++ || !r->config.force)
		snprintf(r->out->message, sizeof(r->out->message), "record %" PRIu64 ": %s",
			 r->record, text);
	if (r->config.force)
		return 0;
	r->out->status = AGX_REPLAY_DAMAGED;
	return REPLAY_STOP;
}

int replay_refuse(struct replay *r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(r->out->message, sizeof(r->out->message), format, ap);
	va_end(ap);
	r->out->status = AGX_REPLAY_REFUSED;
	return REPLAY_STOP;
}
