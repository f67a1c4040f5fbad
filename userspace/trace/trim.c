// SPDX-License-Identifier: MIT
/*
 * Trimming. The first pass follows the calls up to the first wanted submit and finds what is
 * alive there; from that it works out which earlier calls are needed: those that made a living
 * object, and in turn those that made what such a call refers to. The second pass copies these,
 * the last version of each page, then says the mappings and fence states at that point in calls of
 * its own (flagged SYNTHETIC), and copies everything of the range.
 *
 * Submits before the range are not kept, so what the GPU wrote in them is there only where the
 * trace has it as result pages. Their fences count as signaled.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/ioctl.h>

#include "asahi_drm.h"

#include "container.h"
#include "state.h"
#include "trace_internal.h"
#include "trim.h"

#define BINDS_PER_CALL 1024u

/* A PAGES, MAP or UNMAP record before the range: the object that it names. */
struct step {
	uint64_t seq;
	uint32_t object;
};

struct by_seq {
	uint64_t seq;
	uint32_t call;
};

/* A call that is under way when the range starts. */
struct in_flight {
	uint32_t stream;
	struct agxt_record *record;
};

struct trim {
	struct agx_trace_reader *reader;
	struct agx_trace_error *error;
	struct agx_trace_writer *writer;
	struct trace_state state;
	uint64_t first, last;
	uint64_t start_seq; /* of the first submit's CALL */
	uint64_t start_time;

	struct step *steps;
	uint32_t num_steps, steps_capacity;
	uint32_t next_step;
	struct state_map pages;  /* (memory, page) to the step that has its last version */
	struct state_map tokens; /* kept */
	bool *objects;           /* kept */
	bool *calls;             /* kept */
	uint32_t *work;          /* kept, references not looked at: calls */
	uint32_t num_work;
	struct by_seq *order;

	struct in_flight flight[STATE_MAX_PENDING];
	uint32_t num_flight;
	struct state_map seqs; /* old seq of copied CALLs to new */
	uint64_t seq;
	bool history_written;
	bool past_last;
	bool after_result[AGXT_MAX_STREAMS];

	/*
	 * What launches left before the range is not all in the trace: what they would leave in it cannot be compared,
	 * and their results are left out.
	 */
	bool no_launches;
	bool no_content[AGXT_MAX_STREAMS]; /* the last record was a RESULT of a launch */
	uint64_t last_call;                /* seq of the last submit's CALL */
	uint32_t open_calls;
	uint8_t buffer[AGXT_MAX_RECORD_PAGES * AGXT_PAGE_SIZE] __attribute__((aligned(8)));
};

static int fail(struct trim *t, int ret, const struct agx_trace_item *item)
{
	return container_error(t->error, ret, "trimming", item ? item->chunk : UINT64_MAX,
			       item ? item->offset : 0);
}

/*
 * What is needed.
 */

static void keep_call(struct trim *t, uint32_t call)
{
	if (call == STATE_NONE || t->calls[call])
		return;
	t->calls[call] = true;
	t->work[t->num_work++] = call;
}

static void keep_object(struct trim *t, uint32_t object)
{
	const struct state_object *o;

	if (object == STATE_NONE || t->objects[object])
		return;
	t->objects[object] = true;
	o = &t->state.objects[object];
	keep_call(t, o->create);
	keep_call(t, o->destroy);
	if (o->file_object != object)
		keep_object(t, o->file_object);
}

static int keep_token(struct trim *t, uint32_t token)
{
	const struct state_token *known = state_token(&t->state, token);

	if (state_map_get(&t->tokens, token) != STATE_NONE)
		return 0;
	if (known)
		keep_call(t, known->call);
	return state_map_set(&t->tokens, token, 1);
}

static int follow_work(struct trim *t)
{
	uint32_t i;
	int ret;

	while (t->num_work) {
		const struct state_call *call = &t->state.calls[t->work[--t->num_work]];

		for (i = 0; i < call->num_refs; i++) {
			const struct state_ref *ref = &t->state.refs[call->refs + i];

			if (ref->object != STATE_NONE) {
				keep_object(t, ref->object);
				continue;
			}
			ret = keep_token(t, ref->token);
			if (ret)
				return ret;
		}
		keep_object(t, state_find(&t->state, call->file, STATE_FILE, call->file));
	}
	return 0;
}

/* Calls that say something about a file or buffer without making it. */
static bool is_setting(const struct trim *t, const struct state_call *call)
{
	uint32_t request = call->desc->request;
	uint32_t object;

	if (state_find(&t->state, call->file, STATE_FILE, call->file) == STATE_NONE)
		return false;
	if (request == DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET) {
		object = call->num_refs ? t->state.refs[call->refs].object : STATE_NONE;
		return object != STATE_NONE && t->state.objects[object].live;
	}
	return request == DRM_IOCTL_ASAHI_GET_PARAMS || request == DRM_IOCTL_SET_CLIENT_CAP ||
	       (_IOC_TYPE(request) == DRM_IOCTL_BASE && _IOC_NR(request) == 0xd1);
}

static uint64_t page_key(uint32_t share, uint64_t page)
{
	/* AGXT_MAX_BO_SIZE is 2^28 pages; shares are below 2^24. */
	return (uint64_t)share << 32 | page;
}

static int compare_seq(const void *pa, const void *pb)
{
	const struct by_seq *a = pa;
	const struct by_seq *b = pb;

	return (a->seq > b->seq) - (a->seq < b->seq);
}

static int decide(struct trim *t)
{
	struct trace_state *state = &t->state;
	bool *live_shares;
	uint32_t i;
	int ret = -ENOMEM;

	t->objects = calloc(state->num_objects + 1, sizeof(*t->objects));
	t->calls = calloc(state->num_calls + 1, sizeof(*t->calls));
	t->work = calloc(state->num_calls + 1, sizeof(*t->work));
	t->order = calloc(state->num_calls + 1, sizeof(*t->order));
	live_shares = calloc(state->num_shares + 1, sizeof(*live_shares));
	if (!t->objects || !t->calls || !t->work || !t->order || !live_shares)
		goto out;
	for (i = 0; i < state->num_objects; i++) {
		const struct state_object *o = &state->objects[i];

		if (!o->live)
			continue;
		keep_object(t, i);
		if (o->share != STATE_NONE)
			live_shares[o->share] = true;
	}
	/* The name under which a page was recorded, even if only another name lives on. */
	for (i = 0; i < t->pages.capacity; i++) {
		if (t->pages.slots[i].used && live_shares[t->pages.slots[i].key >> 32])
			keep_object(t, t->steps[t->pages.slots[i].value].object);
	}
	for (i = 0; i < state->num_calls; i++) {
		if (is_setting(t, &state->calls[i]))
			keep_call(t, i);
		t->order[i].seq = state->calls[i].seq;
		t->order[i].call = i;
	}
	qsort(t->order, state->num_calls, sizeof(*t->order), compare_seq);
	ret = follow_work(t);
out:
	free(live_shares);
	return ret;
}

/* Tokens that the range uses have to be there. */
static int token_used(void *data, const struct agx_ioctl_ref *ref)
{
	struct trim *t = data;

	if (ref->field->kind != AGX_FIELD_FD)
		return 0;
	return keep_token(t, agx_ref_get(ref));
}

static int scan_range(struct trim *t)
{
	const struct agx_ioctl_desc *desc;
	struct agx_trace_item item;
	uint64_t submits = t->first;
	uint32_t size;
	int ret;

	ret = agx_trace_reader_seek_submit(t->reader, t->first, t->error);
	while (!ret && (ret = agx_trace_reader_next(t->reader, &item, t->error)) > 0) {
		const struct agxt_call *call = (const struct agxt_call *)item.rec;

		ret = 0;
		if (item.rec->type != AGXT_CALL)
			continue;
		if (record_is_submit(item.rec)) {
			if (submits == t->last)
				t->last_call = item.rec->seq;
			if (submits++ == t->last)
				break;
		}
		if (!item.rec->file)
			ret = keep_token(t, call->token);
		desc = agx_ioctl_find(call->request);
		if (!ret && desc)
			ret = agx_ioctl_arg_refs(desc, (void *)agx_trace_args(item.rec, &size),
						 call->arg_size, AGX_ACCESS_IN, token_used, t);
		if (ret)
			return fail(t, ret, &item);
	}
	if (ret)
		return ret;
	if (!t->last_call)
		return container_error_values(t->error, -ENOENT, "last submit of the range",
					      UINT64_MAX, 0, t->last, submits);
	ret = follow_work(t);
	return ret ? fail(t, ret, NULL) : 0;
}

/* A record before the range: whether the content of a launch's result follows it. */
static void note_content(struct trim *t, const struct agx_trace_item *item)
{
	const struct agxt_record *rec = item->rec;
	const bool content = rec->type == AGXT_PAGES && rec->flags & AGXT_PAGES_LAUNCH;

	t->no_launches |= t->no_content[item->stream] && !content;
	t->no_content[item->stream] = agx_trace_result_launch(rec) != NULL;
}

/* Of launches' results, where these are left out. */
static bool is_left_out(const struct trim *t, const struct agxt_record *rec)
{
	if (!t->no_launches)
		return false;
	switch (rec->type) {
	case AGXT_META:
		return ((const struct agxt_meta *)rec)->key == AGXT_META_RESULTS;
	case AGXT_PAGES:
		return rec->flags & AGXT_PAGES_LAUNCH;
	default:
		return agx_trace_result_launch(rec) != NULL;
	}
}

/* Up to the first wanted submit. */
static int first_pass(struct trim *t)
{
	struct agx_trace_item item;
	struct state_event event;
	uint32_t i;
	int ret;

	agx_trace_reader_rewind(t->reader);
	while ((ret = agx_trace_reader_next(t->reader, &item, t->error)) > 0) {
		const struct agxt_pages *pages = (const struct agxt_pages *)item.rec;

		if (item.submit == t->first && record_is_submit(item.rec)) {
			t->start_seq = item.rec->seq;
			t->start_time = item.rec->time_ns;
			for (i = 0; i < AGXT_MAX_STREAMS; i++)
				t->no_launches |= t->no_content[i];
			ret = decide(t);
			return ret ? fail(t, ret, &item) : scan_range(t);
		}
		note_content(t, &item);
		ret = state_step(&t->state, item.rec, item.stream, &event);
		if (ret)
			return fail(t, ret, &item);
		if (event.object == STATE_NONE || item.rec->type == AGXT_RESULT)
			continue;
		if (t->num_steps == t->steps_capacity) {
			uint32_t bigger = t->steps_capacity ? t->steps_capacity * 2 : 1024;
			void *p = reallocarray(t->steps, bigger, sizeof(*t->steps));

			if (!p)
				return fail(t, -ENOMEM, &item);
			t->steps = p;
			t->steps_capacity = bigger;
		}
		t->steps[t->num_steps].seq = item.rec->seq;
		t->steps[t->num_steps].object = event.object;
		for (i = 0; item.rec->type == AGXT_PAGES && i < pages->count; i++) {
			uint32_t share = t->state.objects[event.object].share;

			ret = state_map_set(&t->pages, page_key(share, pages->first_page + i),
					    t->num_steps);
			if (ret)
				return fail(t, ret, &item);
		}
		t->num_steps++;
	}
	if (ret)
		return ret;
	return container_error_values(t->error, -ENOENT, "first submit of the range", UINT64_MAX, 0,
				      t->first, item.submit);
}

/*
 * Writing.
 */

static int write_history(struct trim *t, uint32_t stream, uint64_t time)
{
	struct agxt_record head = {.seq = ++t->seq, .time_ns = time, .thread = 1};
	struct agx_trace_info info;
	char text[128];
	int at;
	unsigned int i;

	agx_trace_reader_info(t->reader, &info);
	head.flags = AGXT_FLAG_SYNTHETIC;
	at = snprintf(text, sizeof(text), "trim: submits %" PRIu64 "-%" PRIu64 " of %" PRIu64,
		      t->first, t->last, info.submits);
	if (info.have_digest) {
		at += snprintf(text + at, sizeof(text) - at, ", digest ");
		for (i = 0; i < sizeof(info.digest); i++)
			at += snprintf(text + at, sizeof(text) - at, "%02x", info.digest[i]);
	}
	return agx_trace_writer_meta(t->writer, stream, &head, AGXT_META_HISTORY, text, at);
}

/* Copies a record, with new sequence numbers. */
static int copy(struct trim *t, uint32_t stream, const struct agxt_record *rec)
{
	struct agxt_record *out = (struct agxt_record *)t->buffer;
	uint32_t call;
	int ret;

	/* Records are smaller than the buffer by AGXT_MAX_RECORD unless they are calls. */
	if (rec->size > sizeof(t->buffer))
		out = malloc(rec->size);
	if (!out)
		return -ENOMEM;
	memcpy(out, rec, rec->size);
	out->seq = ++t->seq;
	switch (rec->type) {
	case AGXT_CALL:
		ret = t->seq >= STATE_NONE ? -EFBIG : state_map_set(&t->seqs, rec->seq, t->seq);
		if (ret)
			goto out;
		t->open_calls++;
		break;
	case AGXT_RETURN:
		call = state_map_get(&t->seqs, ((const struct agxt_return *)rec)->call);
		((struct agxt_return *)out)->call = call;
		if (t->open_calls)
			t->open_calls--;
		break;
	case AGXT_FD:
		call = state_map_get(&t->seqs, ((const struct agxt_fd *)rec)->call);
		if (((const struct agxt_fd *)rec)->call)
			((struct agxt_fd *)out)->call = call == STATE_NONE ? 0 : call;
		break;
	case AGXT_RESULT:
		call = state_map_get(&t->seqs, ((const struct agxt_result *)rec)->call);
		((struct agxt_result *)out)->call = call;
		break;
	default:
		break;
	}
	ret = agx_trace_writer_record(t->writer, stream, out);
	if (!ret && !t->history_written && rec->type == AGXT_PROCESS) {
		t->history_written = true;
		ret = write_history(t, stream, rec->time_ns);
	}
out:
	if ((uint8_t *)out != t->buffer)
		free(out);
	return ret;
}

/* Writes the pages i of an item for which wanted(i) holds. step STATE_NONE: all. */
static int copy_pages(struct trim *t, const struct agx_trace_item *item, uint32_t step)
{
	const struct agxt_pages *pages = (const struct agxt_pages *)item->rec;
	struct agxt_pages head = *pages;
	uint32_t share = 0;
	uint32_t run = 0;
	uint32_t i;
	int ret = 0;

	head.rec.seq = ++t->seq;
	if (step != STATE_NONE) {
		share = t->state.objects[t->steps[step].object].share;
		head.rec.flags &= ~(AGXT_PAGES_RESULT | AGXT_PAGES_LAUNCH);
	}
	for (i = 0; i <= pages->count && !ret; i++) {
		bool wanted = i < pages->count;

		if (wanted && step != STATE_NONE)
			wanted = state_map_get(&t->pages, page_key(share, pages->first_page + i)) ==
				 step;
		if (wanted) {
			uint8_t *to = t->buffer + (size_t)run * AGXT_PAGE_SIZE;
			const uint8_t *from = agx_trace_page(item, i, to);

			if (from != to)
				memcpy(to, from, AGXT_PAGE_SIZE);
			run++;
		} else if (run) {
			head.first_page = pages->first_page + i - run;
			head.count = run;
			ret = agx_trace_writer_pages(t->writer, item->stream, &head, t->buffer);
			run = 0;
		}
	}
	return ret;
}

/* A call of our own that succeeds, with blobs. */
static int synthetic(struct trim *t, uint32_t stream, uint32_t file, uint32_t request,
		     const void *args, const struct agx_trace_blob *blobs, uint32_t num_blobs)
{
	struct agxt_call *call = (struct agxt_call *)t->buffer;
	struct agxt_return *ret = (struct agxt_return *)t->buffer;
	uint32_t arg_size = _IOC_SIZE(request);
	uint8_t *at = t->buffer + sizeof(*call);
	uint64_t seq;
	uint32_t i;
	int err;

	memset(call, 0, sizeof(*call) + agxt_align8(arg_size));
	memcpy(at, args, arg_size);
	at += agxt_align8(arg_size);
	for (i = 0; i < num_blobs; i++) {
		struct agxt_blob *blob = (struct agxt_blob *)at;

		blob->size = blobs[i].size;
		blob->pointee = blobs[i].pointee;
		blob->flags = 0;
		at += sizeof(*blob);
		memset(at, 0, agxt_align8(blob->size));
		memcpy(at, blobs[i].bytes, blob->size);
		at += agxt_align8(blob->size);
	}
	seq = ++t->seq;
	call->rec = (struct agxt_record){
		.size = at - t->buffer,
		.type = AGXT_CALL,
		.flags = AGXT_FLAG_SYNTHETIC,
		.thread = 1,
		.file = file,
		.seq = seq,
		.time_ns = t->start_time,
	};
	call->request = request;
	call->arg_size = arg_size;
	call->blobs = num_blobs;
	err = agx_trace_writer_record(t->writer, stream, &call->rec);
	if (err)
		return err;
	memset(ret, 0, sizeof(*ret) + agxt_align8(arg_size));
	ret->rec = (struct agxt_record){
		.size = sizeof(*ret),
		.type = AGXT_RETURN,
		.flags = AGXT_FLAG_SYNTHETIC,
		.thread = 1,
		.file = file,
		.seq = ++t->seq,
		.time_ns = t->start_time,
	};
	ret->call = seq;
	ret->request = request;
	if (agx_ioctl_writes_back(request)) {
		ret->arg_size = arg_size;
		memcpy(ret + 1, args, arg_size);
		ret->rec.size += agxt_align8(arg_size);
	}
	return agx_trace_writer_record(t->writer, stream, &ret->rec);
}

static int write_bindings(struct trim *t, const struct state_vm *vm)
{
	const struct state_object *o = &t->state.objects[vm->object];
	struct drm_asahi_gem_bind_op *ops = calloc(BINDS_PER_CALL, sizeof(*ops));
	struct drm_asahi_vm_bind args = {
		.vm_id = o->handle,
		.stride = sizeof(*ops),
		.userptr = AGXT_PTR_VALID,
	};
	struct agx_trace_blob blob = {.bytes = (const uint8_t *)ops};
	uint32_t n = 0;
	uint32_t i;
	int ret = 0;

	if (!ops)
		return -ENOMEM;
	for (i = 0; i < vm->count && !ret; i++) {
		const struct state_binding *b = &vm->bindings[i];

		ops[n].flags = b->flags;
		ops[n].handle = t->state.objects[b->object].handle;
		ops[n].offset = b->offset;
		ops[n].range = b->range;
		ops[n].addr = b->addr;
		n++;
		if (n < BINDS_PER_CALL && i + 1 < vm->count)
			continue;
		args.num_binds = n;
		blob.size = n * sizeof(*ops);
		ret = synthetic(t, o->stream, o->file, DRM_IOCTL_ASAHI_VM_BIND, &args, &blob, 1);
		n = 0;
	}
	free(ops);
	return ret;
}

/* Brings one syncobj to a state: nothing, a signaled fence, or a signaled point. */
static int write_fence(struct trim *t, uint32_t stream, uint32_t file, uint32_t handle,
		       bool signaled, uint64_t point)
{
	struct agx_trace_blob blobs[2] = {
		{.pointee = 0, .size = sizeof(handle), .bytes = (const uint8_t *)&handle},
		{.pointee = 1, .size = sizeof(point), .bytes = (const uint8_t *)&point},
	};
	struct drm_syncobj_timeline_array timeline = {
		.handles = AGXT_PTR_VALID,
		.points = AGXT_PTR_VALID,
		.count_handles = 1,
	};
	struct drm_syncobj_array array = {.handles = AGXT_PTR_VALID, .count_handles = 1};

	if (point)
		return synthetic(t, stream, file, DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, &timeline,
				 blobs, 2);
	return synthetic(t, stream, file,
			 signaled ? DRM_IOCTL_SYNCOBJ_SIGNAL : DRM_IOCTL_SYNCOBJ_RESET, &array,
			 blobs, 1);
}

/* Mappings and fence states where the range starts, and the calls under way there. */
static int write_state(struct trim *t)
{
	struct trace_state *state = &t->state;
	bool *done = calloc(state->num_shares + 1, sizeof(*done));
	uint32_t i;
	int ret = done ? 0 : -ENOMEM;

	for (i = 0; i < state->num_vms && !ret; i++) {
		if (state->objects[state->vms[i].object].live)
			ret = write_bindings(t, &state->vms[i]);
	}
	for (i = 0; i < state->num_objects && !ret; i++) {
		const struct state_object *o = &state->objects[i];
		const struct state_share *share;

		if (o->type != AGX_OBJECT_SYNCOBJ || !o->live || done[o->share])
			continue;
		done[o->share] = true;
		share = &state->shares[o->share];
		ret = write_fence(t, o->stream, o->file, o->handle, share->signaled, share->point);
	}
	free(done);
	for (i = 0; i < t->num_flight && !ret; i++)
		ret = copy(t, t->flight[i].stream, t->flight[i].record);
	return ret;
}

/* The listed call with this seq, or STATE_NONE. */
static uint32_t find_call(const struct trim *t, uint64_t seq)
{
	struct by_seq key = {.seq = seq};
	const struct by_seq *found =
		bsearch(&key, t->order, t->state.num_calls, sizeof(key), compare_seq);

	return found ? found->call : STATE_NONE;
}

static bool is_in_flight(const struct trim *t, uint64_t seq)
{
	uint32_t i;

	for (i = 0; i < t->state.num_pending; i++) {
		if (t->state.pending[i].seq == seq)
			return true;
	}
	return false;
}

static int early_call(struct trim *t, const struct agx_trace_item *item)
{
	const struct agxt_record *rec = item->rec;
	const struct agxt_call *call = (const struct agxt_call *)rec;
	struct drm_syncobj_handle args = {.flags = 0};
	uint64_t point = 0;
	uint32_t found;
	uint32_t size;
	const uint8_t *bytes = agx_trace_args(rec, &size);
	int ret;

	if (is_in_flight(t, rec->seq)) {
		struct in_flight *flight = &t->flight[t->num_flight];

		flight->record = malloc(rec->size);
		if (!flight->record)
			return -ENOMEM;
		memcpy(flight->record, rec, rec->size);
		flight->stream = item->stream;
		t->num_flight++;
		return 0;
	}
	found = find_call(t, rec->seq);
	if (found == STATE_NONE || !t->calls[found])
		return 0;
	/* A sync file can only be made of a fence; the submit that made it is not kept. */
	if (_IOC_TYPE(call->request) == DRM_IOCTL_BASE && _IOC_NR(call->request) == 0xc1) {
		memcpy(&args, bytes, size < sizeof(args) ? size : sizeof(args));
		if (size >= 24)
			memcpy(&point, bytes + 16, sizeof(point));
		if (args.flags & DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE) {
			ret = write_fence(t, item->stream, rec->file, args.handle, true, point);
			if (ret)
				return ret;
		}
	}
	return copy(t, item->stream, rec);
}

/* A record before the range. */
static int early(struct trim *t, const struct agx_trace_item *item)
{
	const struct agxt_record *rec = item->rec;
	uint32_t object;

	switch (rec->type) {
	case AGXT_META:
	case AGXT_PROCESS:
		return copy(t, item->stream, rec);
	case AGXT_OPEN:
	case AGXT_CLOSE:
		object = state_map_get(&t->state.names,
				       ((uint64_t)rec->file * 8 + STATE_FILE) << 32 | rec->file);
		return object != STATE_NONE && t->objects[object] ? copy(t, item->stream, rec) : 0;
	case AGXT_CALL:
		return early_call(t, item);
	case AGXT_RETURN:
		if (state_map_get(&t->seqs, ((const struct agxt_return *)rec)->call) == STATE_NONE)
			return 0;
		return copy(t, item->stream, rec);
	case AGXT_FD:
		if (state_map_get(&t->tokens, ((const struct agxt_fd *)rec)->token) == STATE_NONE)
			return 0;
		return copy(t, item->stream, rec);
	case AGXT_PAGES:
	case AGXT_MAP:
	case AGXT_UNMAP:
		if (t->next_step == t->num_steps || t->steps[t->next_step].seq != rec->seq)
			return 0;
		object = t->steps[t->next_step++].object;
		if (!t->objects[object])
			return 0;
		if (rec->type == AGXT_PAGES)
			return copy_pages(t, item, t->next_step - 1);
		return copy(t, item->stream, rec);
	default:
		return 0;
	}
}

/* A record of the range, or after it: then only what belongs to calls of the range. */
static int late(struct trim *t, const struct agx_trace_item *item)
{
	const struct agxt_record *rec = item->rec;
	bool *after_result = &t->after_result[item->stream];
	uint64_t call = 0;

	if (rec->type == AGXT_RETURN)
		call = ((const struct agxt_return *)rec)->call;
	if (rec->type == AGXT_RESULT)
		call = ((const struct agxt_result *)rec)->call;
	if (rec->type == AGXT_FD && ((const struct agxt_fd *)rec)->event == AGXT_FD_EXPORT)
		call = ((const struct agxt_fd *)rec)->call;
	if (rec->type == AGXT_RETURN && call == t->last_call)
		t->past_last = true;
	else if (t->past_last) {
		bool pages = rec->type == AGXT_PAGES && rec->flags & AGXT_PAGES_RESULT;

		if (pages ? !*after_result : !call)
			return 0;
	}
	*after_result =
		rec->type == AGXT_RESULT ||
		(rec->type == AGXT_PAGES && rec->flags & AGXT_PAGES_RESULT && *after_result);
	if (call && state_map_get(&t->seqs, call) == STATE_NONE) {
		*after_result = false;
		return 0;
	}
	if (rec->type == AGXT_PAGES)
		return copy_pages(t, item, STATE_NONE);
	return copy(t, item->stream, rec);
}

static int second_pass(struct trim *t)
{
	struct agx_trace_item item;
	bool started = false;
	int ret;

	agx_trace_reader_rewind(t->reader);
	while ((ret = agx_trace_reader_next(t->reader, &item, t->error)) > 0) {
		if (is_left_out(t, item.rec) &&
		    (item.rec->type == AGXT_META || item.rec->seq >= t->start_seq))
			continue;
		if (item.rec->seq < t->start_seq) {
			ret = early(t, &item);
		} else {
			ret = started ? 0 : write_state(t);
			started = true;
			if (!ret)
				ret = late(t, &item);
		}
		if (ret)
			return fail(t, ret, &item);
	}
	return ret;
}

int agx_trace_trim(struct agx_trace_reader *reader, uint64_t first, uint64_t last, int fd,
		   int level, struct agx_trace_error *error)
{
	const struct agx_trace_writer_params params = {.level = level};
	struct trim *t;
	uint32_t i;
	int ret;

	if (first > last)
		return container_error_values(error, -EINVAL, "range of submits", UINT64_MAX, 0,
					      first, last);
	t = calloc(1, sizeof(*t));
	if (!t)
		return container_error(error, -ENOMEM, "trimming", UINT64_MAX, 0);
	t->reader = reader;
	t->error = error;
	t->first = first;
	t->last = last;
	state_init(&t->state);
	ret = first_pass(t);
	if (ret)
		goto out;
	ret = agx_trace_writer_create(fd, &params, &t->writer);
	if (ret) {
		fail(t, ret, NULL);
		goto out;
	}
	ret = second_pass(t);
	if (!ret) {
		ret = agx_trace_writer_finish(t->writer);
		if (ret)
			fail(t, ret, NULL);
	}
	agx_trace_writer_destroy(t->writer);
out:
	for (i = 0; i < t->num_flight; i++)
		free(t->flight[i].record);
	state_finish(&t->state);
	free(t->steps);
	free(t->pages.slots);
	free(t->tokens.slots);
	free(t->seqs.slots);
	free(t->objects);
	free(t->calls);
	free(t->work);
	free(t->order);
	free(t);
	return ret;
}
