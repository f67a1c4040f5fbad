// SPDX-License-Identifier: MIT
/*
 * Two passes: the first follows the calls to the submit and finds the buffer; the second
 * puts the pages together that were recorded for it under any of its names.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "asahi_drm.h"

#include "container.h"
#include "extract.h"
#include "state.h"
#include "trace_internal.h"

#define MAX_SIZE (64ull << 30)

static int missing(struct agx_trace_error *error, const char *what)
{
	container_error(error, -ENOENT, what, UINT64_MAX, 0);
	if (error)
		error->os_error = 0;
	return -ENOENT;
}

/*
 * Follows the trace to the CALL of submit n. With fill, applies pages of the memory share to
 * bytes. call (may be NULL) receives a copy of the call's head and arguments.
 */
static int follow(struct agx_trace_reader *reader, uint64_t n, struct trace_state *state,
		  uint32_t share, uint8_t *bytes, uint64_t size, uint32_t *file,
		  struct drm_asahi_submit *args, struct agx_trace_error *error)
{
	struct agx_trace_item item;
	struct state_event event;
	uint8_t buf[AGXT_PAGE_SIZE];
	uint32_t arg_size;
	uint32_t i;
	int ret;

	agx_trace_reader_rewind(reader);
	while ((ret = agx_trace_reader_next(reader, &item, error)) > 0) {
		const struct agxt_pages *pages = (const struct agxt_pages *)item.rec;

		if (item.submit == n && record_is_submit(item.rec)) {
			const uint8_t *bytes_in = agx_trace_args(item.rec, &arg_size);

			*file = item.rec->file;
			memset(args, 0, sizeof(*args));
			memcpy(args, bytes_in, arg_size < sizeof(*args) ? arg_size : sizeof(*args));
			return 0;
		}
		ret = state_step(state, item.rec, item.stream, &event);
		if (ret)
			return container_error(error, ret, "following the calls", item.chunk,
					       item.offset);
		if (!bytes || item.rec->type != AGXT_PAGES || event.object == STATE_NONE ||
		    state->objects[event.object].share != share)
			continue;
		for (i = 0; i < pages->count; i++) {
			uint64_t at = (pages->first_page + i) * AGXT_PAGE_SIZE;

			if (at + AGXT_PAGE_SIZE <= size)
				memcpy(bytes + at, agx_trace_page(&item, i, buf), AGXT_PAGE_SIZE);
		}
	}
	return ret ? ret : missing(error, "the trace has no submit of this number");
}

/* The VM that a queue belongs to, or STATE_NONE. */
static uint32_t vm_of_queue(const struct trace_state *state, uint32_t file, uint32_t queue)
{
	uint32_t object = state_find(state, file, AGX_OBJECT_QUEUE, queue);
	const struct state_call *call;
	uint32_t i;

	if (object == STATE_NONE || state->objects[object].create == STATE_NONE)
		return STATE_NONE;
	call = &state->calls[state->objects[object].create];
	for (i = 0; i < call->num_refs; i++) {
		uint32_t o = state->refs[call->refs + i].object;

		if (o != STATE_NONE && state->objects[o].type == AGX_OBJECT_VM)
			return o;
	}
	return STATE_NONE;
}

static int extract(struct agx_trace_reader *reader, uint64_t n, bool by_address, uint64_t value,
		   struct agx_trace_extract *out, struct agx_trace_error *error)
{
	const struct state_binding *binding = NULL;
	struct state_binding found = {.addr = 0};
	struct drm_asahi_submit args;
	struct trace_state state;
	uint8_t *whole;
	uint64_t size;
	uint32_t object;
	uint32_t share;
	uint32_t file;
	int ret;

	memset(out, 0, sizeof(*out));
	state_init(&state);
	ret = follow(reader, n, &state, STATE_NONE, NULL, 0, &file, &args, error);
	if (ret)
		goto out_state;
	if (by_address) {
		uint32_t vm = vm_of_queue(&state, file, args.queue_id);

		binding = vm == STATE_NONE ? NULL : state_lookup(&state, vm, value);
		if (!binding) {
			ret = missing(error, "nothing is mapped at this address");
			goto out_state;
		}
		found = *binding;
		object = binding->object;
	} else {
		object = state_find(&state, file, AGX_OBJECT_GEM, value);
		if (object == STATE_NONE) {
			ret = missing(error, "the submit's file has no buffer of this handle");
			goto out_state;
		}
	}
	size = state.objects[object].size;
	share = state.objects[object].share;
	out->file = state.objects[object].file;
	out->handle = state.objects[object].handle;
	ret = -EFBIG;
	if (!size || size > MAX_SIZE || found.range > MAX_SIZE) {
		container_error_values(error, ret, "size of the buffer, limit", UINT64_MAX, 0,
				       MAX_SIZE, size);
		goto out_state;
	}
	/* Only pages that the trace has become real memory. */
	whole = mmap(NULL, size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (whole == MAP_FAILED) {
		ret = container_error(error, -errno, "memory for the buffer", UINT64_MAX, 0);
		goto out_state;
	}
	state_finish(&state);
	state_init(&state);
	ret = follow(reader, n, &state, share, whole, size, &file, &args, error);
	if (ret) {
		munmap(whole, size);
		goto out_state;
	}
	out->bytes = whole;
	out->size = size;
	if (binding) {
		uint64_t skip = value - found.addr;
		uint64_t page = found.flags & DRM_ASAHI_BIND_SINGLE_PAGE ? 0x4000 : 0;

		/* One GPU page again and again: to its end. */
		out->offset = found.offset + (page ? skip % page : skip);
		out->size = page ? page - skip % page : found.range - skip;
		if (out->offset > size || out->size > size - out->offset) {
			munmap(whole, size);
			memset(out, 0, sizeof(*out));
			ret = missing(error, "the mapping runs past its buffer");
			goto out_state;
		}
		/* Freed as a whole: keep what is wanted at its start. */
		memmove(whole, whole + out->offset, out->size);
		if (mremap(whole, size, out->size, 0) == MAP_FAILED)
			ret = container_error(error, -errno, "memory for the buffer", UINT64_MAX,
					      0);
	}
out_state:
	state_finish(&state);
	return ret;
}

int agx_trace_extract_handle(struct agx_trace_reader *reader, uint64_t n, uint32_t handle,
			     struct agx_trace_extract *out, struct agx_trace_error *error)
{
	return extract(reader, n, false, handle, out, error);
}

int agx_trace_extract_address(struct agx_trace_reader *reader, uint64_t n, uint64_t address,
			      struct agx_trace_extract *out, struct agx_trace_error *error)
{
	return extract(reader, n, true, address, out, error);
}

void agx_trace_extract_free(struct agx_trace_extract *out)
{
	if (out->bytes)
		munmap(out->bytes, out->size);
	out->bytes = NULL;
}
