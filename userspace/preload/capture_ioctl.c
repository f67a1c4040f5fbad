// SPDX-License-Identifier: MIT
/* Recording of one ioctl: before, after, and what it means for handles and descriptors. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/dma-buf.h>

#include "asahi_drm.h"

#include "capture.h"
#include "ioctl_table.h"
#include "next.h"
#include "uaccess.h"

/* All pointees of one call together, so that its record stays within AGXT_MAX_RECORD. */
#define MAX_BLOBS_SIZE (AGXT_MAX_RECORD - (1u << 20))

/* Larger outputs are not tried out before the call. */
#define MAX_PROBE 4096u

/* One call, from the record before it to the record after it. */
struct call {
	struct capture_fd *on;
	const struct agx_ioctl_desc *desc; /* NULL: opaque */
	uint64_t arg;
	uint64_t seq;
	uint32_t request;
	uint32_t arg_size; /* recorded; 0: none, or the argument is not accessible */
	uint32_t faulted;  /* bit per pointee */
	unsigned int num_spans;
	struct agx_ioctl_span spans[AGX_IOCTL_MAX_POINTEES];
	int fd_in;          /* descriptor that the call takes */
	uint32_t token_in;  /* and its token */
	uint32_t handle_in; /* PRIME_HANDLE_TO_FD: what is exported */
};

/* Arguments on their way to a record. The lock covers it. */
static uint8_t scratch[AGXT_MAX_ARG];

static uint32_t arg_u32(size_t offset, uint32_t size)
{
	uint32_t value = 0;

	if (offset + sizeof(value) <= size)
		memcpy(&value, scratch + offset, sizeof(value));
	return value;
}

static uint64_t arg_u64(size_t offset, uint32_t size)
{
	uint64_t value = 0;

	if (offset + sizeof(value) <= size)
		memcpy(&value, scratch + offset, sizeof(value));
	return value;
}

#define ARG32(type, member, size) arg_u32(offsetof(struct type, member), size)
#define ARG64(type, member, size) arg_u64(offsetof(struct type, member), size)

static uint16_t token_kind(const struct agx_ioctl_field *field)
{
	switch (field->object) {
	case AGX_FD_DMA_BUF:
		return AGXT_FD_DMA_BUF;
	case AGX_FD_SYNC_FILE:
		return AGXT_FD_SYNC_FILE;
	case AGX_FD_SYNCOBJ:
		return AGXT_FD_SYNCOBJ;
	case AGX_FD_EVENTFD:
		return AGXT_FD_EVENTFD;
	}
	return AGXT_FD_OTHER;
}

static int translate_in(void *data, const struct agx_ioctl_ref *ref)
{
	struct call *call = data;
	int fd = (int)agx_ref_get(ref);
	uint32_t token;

	if (ref->field->kind != AGX_FIELD_FD)
		return 0;
	/* What a call only writes has no meaning before it. */
	if (!(ref->field->access & AGX_ACCESS_IN)) {
		agx_ref_set(ref, AGXT_TOKEN_NONE);
		return 0;
	}
	token = capture_token_in(fd, token_kind(ref->field));
	call->fd_in = fd;
	call->token_in = token;
	agx_ref_set(ref, token);
	return 0;
}

struct translation {
	struct call *call;
	bool succeeded;
};

static int translate_out(void *data, const struct agx_ioctl_ref *ref)
{
	const struct translation *t = data;
	struct call *call = t->call;
	struct capture_object *object = NULL;
	uint32_t token = AGXT_TOKEN_NONE;
	int fd = (int)agx_ref_get(ref);

	if (ref->field->kind != AGX_FIELD_FD)
		return 0;
	if (!(ref->field->access & AGX_ACCESS_OUT)) {
		token = fd == call->fd_in ? call->token_in : AGXT_TOKEN_INVALID;
	} else if (t->succeeded && fd >= 0) {
		if (call->handle_in) {
			struct capture_name *name = capture_name_find(call->on, call->handle_in);

			object = name ? name->object : NULL;
		}
		token = capture_token_out(fd, token_kind(ref->field), object, call->seq);
	}
	agx_ref_set(ref, token);
	return 0;
}

/* Copies one pointee behind a record. Returns the bytes taken there. */
static uint32_t put_blob(uint8_t *to, const struct agx_ioctl_span *span, uint32_t size,
			 uint32_t *faulted)
{
	struct agxt_blob *blob = (void *)to;

	*blob = (struct agxt_blob){.size = size, .pointee = (uint16_t)span->pointee};
	if (size < span->size)
		blob->flags |= AGXT_BLOB_TRUNCATED;
	if (uaccess_copy_from(blob + 1, span->address, size)) {
		blob->size = 0;
		blob->flags = AGXT_BLOB_FAULT;
		*faulted |= 1u << span->pointee;
	}
	size = agxt_align8(blob->size);
	memset((uint8_t *)(blob + 1) + blob->size, 0, size - blob->size);
	return (uint32_t)sizeof(*blob) + size;
}

/* Sizes of the blobs of the spans with an access, within the limits. Returns their sum. */
static uint32_t blob_sizes(const struct call *call, uint8_t access,
			   uint32_t sizes[AGX_IOCTL_MAX_POINTEES])
{
	uint32_t left = MAX_BLOBS_SIZE, sum = 0;
	unsigned int i;

	for (i = 0; i < call->num_spans; i++) {
		const struct agx_ioctl_span *span = &call->spans[i];

		sizes[i] = 0;
		if (!(span->access & access))
			continue;
		sizes[i] = span->size < AGXT_MAX_BLOB ? (uint32_t)span->size : AGXT_MAX_BLOB;
		if (sizes[i] > left)
			sizes[i] = left;
		left -= sizes[i];
		sum += (uint32_t)sizeof(struct agxt_blob) + agxt_align8(sizes[i]);
	}
	return sum;
}

/* Whether memory that a call only writes is there at all. */
static bool accessible(const struct agx_ioctl_span *span)
{
	static uint8_t probe[MAX_PROBE];

	return span->size > MAX_PROBE || !uaccess_copy_from(probe, span->address, span->size);
}

static bool record_call(struct call *call)
{
	uint32_t sizes[AGX_IOCTL_MAX_POINTEES], used, blobs = 0, room;
	struct agxt_call *record;
	uint8_t *args;
	unsigned int i;

	call->arg_size = call->desc ? agx_ioctl_arg_size(call->request) : 0;
	if (call->arg_size && uaccess_copy_from(scratch, call->arg, call->arg_size))
		call->arg_size = 0;
	if (call->arg_size) {
		if (call->request == DRM_IOCTL_PRIME_HANDLE_TO_FD)
			call->handle_in = ARG32(drm_prime_handle, handle, call->arg_size);
		call->num_spans = agx_ioctl_spans(call->desc, scratch, call->arg_size, call->spans);
		agx_ioctl_arg_refs(call->desc, scratch, call->arg_size,
				   AGX_ACCESS_IN | AGX_ACCESS_OUT, translate_in, call);
	}
	room = (uint32_t)sizeof(*record) + agxt_align8(call->arg_size) +
	       blob_sizes(call, AGX_ACCESS_IN, sizes);
	record = capture_record(AGXT_CALL, room,
				call->on->kind == CAPTURE_FD_FILE ? call->on->id : 0);
	if (!record)
		return false;
	if (!call->desc)
		record->rec.flags |= AGXT_CALL_OPAQUE;
	record->request = call->request;
	record->token = call->on->kind == CAPTURE_FD_FILE ? AGXT_TOKEN_NONE : call->on->id;
	record->arg_size = call->arg_size;
	args = (uint8_t *)(record + 1);
	used = (uint32_t)sizeof(*record) + agxt_align8(call->arg_size);
	for (i = 0; i < call->num_spans; i++) {
		const struct agx_ioctl_span *span = &call->spans[i];

		if (span->access & AGX_ACCESS_IN) {
			used += put_blob((uint8_t *)record + used, span, sizes[i], &call->faulted);
			blobs++;
		} else if (!accessible(span)) {
			call->faulted |= 1u << span->pointee;
		}
	}
	if (call->desc && call->arg_size)
		agx_ioctl_scrub(call->desc, scratch, call->arg_size, call->faulted);
	memcpy(args, scratch, call->arg_size);
	memset(args + call->arg_size, 0, agxt_align8(call->arg_size) - call->arg_size);
	record->blobs = blobs;
	call->seq = record->rec.seq;
	capture_commit(record, used);
	return true;
}

/* After success: handles and offsets that the recorder has to know. scratch has the arguments. */
static void follow(struct call *call, uint32_t size)
{
	struct capture_fd *file = call->on, *token;
	struct capture_object *object;
	struct capture_name *name;
	uint32_t handle;

	switch (call->request) {
	case DRM_IOCTL_ASAHI_GEM_CREATE:
		object = capture_object_create(
			(ARG64(drm_asahi_gem_create, size, size) + 0x3fff) & ~0x3fffull, true);
		if (!object) {
			capture_warn("an object of %llu bytes cannot be followed: its content is "
				     "not recorded",
				     (unsigned long long)ARG64(drm_asahi_gem_create, size, size));
			return;
		}
		capture_name_set(file, ARG32(drm_asahi_gem_create, handle, size), object);
		capture_object_put(object);
		break;
	case DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET:
		name = capture_name_find(file, ARG32(drm_asahi_gem_mmap_offset, handle, size));
		if (name)
			name->mmap_offset = ARG64(drm_asahi_gem_mmap_offset, offset, size);
		break;
	case DRM_IOCTL_GEM_CLOSE:
		capture_name_clear(file, ARG32(drm_gem_close, handle, size));
		break;
	case DRM_IOCTL_PRIME_FD_TO_HANDLE:
		handle = ARG32(drm_prime_handle, handle, size);
		token = (struct capture_fd *)fdtable_peek(call->fd_in);
		if (!token || token->kind != CAPTURE_FD_TOKEN || token->id != call->token_in)
			return;
		if (!token->object) {
			name = capture_name_find(file, handle);
			token->object =
				name ? capture_object_get(name->object)
				     : capture_object_create(capture_fd_size(call->fd_in), false);
		}
		if (token->object)
			capture_name_set(file, handle, token->object);
		break;
	}
}

static void record_return(struct call *call, int result)
{
	struct translation t = {.call = call, .succeeded = result >= 0};
	uint32_t size = call->arg_size, sizes[AGX_IOCTL_MAX_POINTEES], used, blobs = 0, room;
	bool back = size && agx_ioctl_writes_back(call->request);
	struct agx_ioctl_span after[AGX_IOCTL_MAX_POINTEES];
	struct agxt_return *record;
	unsigned int i, j, n;

	/* Also where nothing is written back: follow() looks at it. */
	if (size && uaccess_copy_from(scratch, call->arg, size)) {
		memset(scratch, 0, size);
		back = false;
	}
	if (call->desc && size) {
		if (result >= 0 && call->on->kind == CAPTURE_FD_FILE)
			follow(call, size);
		/* What the call says that it wrote, as far as there was room. */
		n = agx_ioctl_spans(call->desc, scratch, size, after);
		for (i = 0; i < call->num_spans; i++) {
			for (j = 0; j < n && after[j].pointee != call->spans[i].pointee; j++)
				;
			if (j == n)
				call->spans[i].size = 0;
			else if (after[j].size < call->spans[i].size)
				call->spans[i].size = after[j].size;
			if (!call->spans[i].size || result < 0)
				call->spans[i].access = 0;
		}
		agx_ioctl_arg_refs(call->desc, scratch, size, AGX_ACCESS_IN | AGX_ACCESS_OUT,
				   translate_out, &t);
	}
	if (!back)
		size = 0;
	room = (uint32_t)sizeof(*record) + agxt_align8(size) +
	       blob_sizes(call, AGX_ACCESS_OUT, sizes);
	record = capture_record(AGXT_RETURN, room,
				call->on->kind == CAPTURE_FD_FILE ? call->on->id : 0);
	if (!record)
		return;
	record->call = call->seq;
	record->result = result;
	record->request = call->request;
	record->arg_size = size;
	used = (uint32_t)sizeof(*record) + agxt_align8(size);
	for (i = 0; i < call->num_spans; i++) {
		if (!(call->spans[i].access & AGX_ACCESS_OUT))
			continue;
		used += put_blob((uint8_t *)record + used, &call->spans[i], sizes[i],
				 &call->faulted);
		blobs++;
	}
	if (size) {
		agx_ioctl_scrub(call->desc, scratch, size, call->faulted);
		memcpy(record + 1, scratch, size);
		memset((uint8_t *)(record + 1) + size, 0, agxt_align8(size) - size);
	}
	record->blobs = blobs;
	capture_commit(record, used);
}

/* Calls that may sleep until another thread has made one: these cannot hold the lock. */
static bool may_block(uint32_t request)
{
	if (_IOC_TYPE(request) == 'b')
		return _IOC_NR(request) == _IOC_NR(DMA_BUF_IOCTL_SYNC);
	if (_IOC_TYPE(request) != DRM_IOCTL_BASE)
		return false;
	return _IOC_NR(request) == _IOC_NR(DRM_IOCTL_SYNCOBJ_WAIT) ||
	       _IOC_NR(request) == _IOC_NR(DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT);
}

/* What goes before the record of a submission. False: recording is over. */
static bool before_submit(int fd, struct capture_fd *file)
{
	/* While nothing runs: what the CPU wrote is not to be taken together with half of a launch's writes. */
	capture_take_results(fd, file, true);
	switch (capture_frame_submit()) {
	case CAPTURE_FRAME_AFTER:
		capture_stop();
		return false;
	case CAPTURE_FRAME_INSIDE:
		capture_collect(0, SIZE_MAX);
		break;
	case CAPTURE_FRAME_BEFORE:
		break;
	}
	return true;
}

static void after_submit(int result)
{
	if (result < 0)
		return;
	capture.submits++;
	atomic_fetch_add_explicit(&capture.control->submits, 1, memory_order_relaxed);
}

int capture_ioctl(int fd, uint32_t request, void *arg)
{
	struct call call = {.request = request, .arg = (uintptr_t)arg, .fd_in = -1};
	bool drm = _IOC_TYPE(request) == DRM_IOCTL_BASE, submit = false, locked;
	int ret, saved = errno;

	if (!capture_lock())
		return NEXT(ioctl)(fd, request, arg);
	call.on = capture_find_fd(fd, drm);
	if (!call.on || drm != (call.on->kind == CAPTURE_FD_FILE) || !capture_connect())
		goto unrecorded;
	call.desc = agx_ioctl_find(request);
	submit = drm && agx_ioctl_is_submit(request);
	if (submit && !before_submit(fd, call.on))
		goto unrecorded;
	/* As long as its handle names something. */
	if (drm && request == DRM_IOCTL_GEM_CLOSE)
		capture_take_results(fd, call.on, false);
	if (!record_call(&call))
		goto unrecorded;
	if (submit)
		capture_tag_results(fd, call.seq);
	capture.calls++;
	locked = !may_block(request);
	if (!locked) {
		fdobject_get(&call.on->base);
		capture_unlock();
	}
	errno = saved;
	ret = NEXT(ioctl)(fd, request, arg);
	saved = errno;
	if (!locked) {
		/* Over meanwhile: the reference does not matter any more. */
		if (!capture_lock())
			return ret;
	}
	if (capture.state == CAPTURE_ON) {
		/* What it waited for may have ended. */
		if (!locked && drm)
			capture_take_results(fd, call.on, false);
		record_return(&call, ret < 0 ? -saved : ret);
		if (submit && capture.state == CAPTURE_ON)
			after_submit(ret);
	}
	if (!locked)
		fdobject_put(&call.on->base);
	capture_unlock();
	errno = saved;
	return ret;
unrecorded:
	capture_unlock();
	errno = saved;
	return NEXT(ioctl)(fd, request, arg);
}
