// SPDX-License-Identifier: MIT
/*
 * Follows a trace with its state (names, mappings) and keeps the content of buffer objects by the
 * memory that is behind their names, so that a buffer that is shared between files is one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/ioctl.h>

#include "agx_decode_trace.h"
#include "trace_internal.h"
#include "trace_store.h"

#define DEFAULT_MEMORY (8ull << 30)
#define SWEEP_FLOOR    (64ull << 20)
#define GPU_PAGE       16384u

#define SYNCS_POINTEE  0
#define CMDBUF_POINTEE 1

struct queue_info {
	uint32_t vm; /* object, or STATE_NONE */
	uint32_t vm_handle;
	uint32_t priority;
	uint64_t usc_base;
};

/* A timestamp object. */
struct bound_info {
	uint32_t object; /* GEM, or STATE_NONE */
	uint64_t offset, range;
};

struct agx_decode_trace {
	struct agx_trace_reader *reader;
	struct trace_state state;
	struct drm_asahi_params_global gpu;
	uint64_t frames[AGXT_MAX_STREAMS];

	struct trace_store *stores; /* by share */
	uint32_t num_stores;
	struct trace_budget budget;
	uint64_t sweep_at;

	struct queue_info *queues;
	uint32_t num_queues, queues_capacity;
	struct state_map queue_map; /* from objects */
	struct bound_info *bound;
	uint32_t num_bound, bound_capacity;
	struct state_map bound_map;

	/* The memory of the submit under way. */
	const struct state_vm *vm;
	uint32_t file;
	uint32_t last; /* binding that was hit last */
};

/*
 * Memory.
 */

static const struct state_binding *lookup(struct agx_decode_trace *trace, uint64_t address)
{
	const struct state_vm *vm = trace->vm;
	uint32_t low = 0, high;

	if (!vm)
		return NULL;
	if (trace->last < vm->count) {
		const struct state_binding *b = &vm->bindings[trace->last];

		if (address >= b->addr && address - b->addr < b->range)
			return b;
	}
	high = vm->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (vm->bindings[middle].addr <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address - vm->bindings[low - 1].addr >= vm->bindings[low - 1].range)
		return NULL;
	trace->last = low - 1;
	return &vm->bindings[low - 1];
}

static const struct trace_store *store_of(const struct agx_decode_trace *trace, uint32_t object)
{
	uint32_t share = trace->state.objects[object].share;

	return share < trace->num_stores ? &trace->stores[share] : NULL;
}

/* Offset in the object, and bytes of the mapping from there. */
static uint64_t offset_of(const struct state_binding *b, uint64_t address, uint64_t *left)
{
	uint64_t at = address - b->addr;

	*left = b->range - at;
	if (!(b->flags & DRM_ASAHI_BIND_SINGLE_PAGE))
		return b->offset + at;
	if (*left > GPU_PAGE - at % GPU_PAGE)
		*left = GPU_PAGE - at % GPU_PAGE;
	return b->offset + at % GPU_PAGE;
}

/* What is at an address: a pointer and how far it is good. NULL: nothing. */
static const uint8_t *peek(struct agx_decode_trace *trace, uint64_t address, size_t *left,
			   bool *known, uint64_t *stamp)
{
	const struct state_binding *b = lookup(trace, address);
	const uint8_t *bytes;
	uint64_t mapped;

	if (!b)
		return NULL;
	bytes = trace_store_get(store_of(trace, b->object), offset_of(b, address, &mapped), left,
				known, stamp);
	if (*left > mapped)
		*left = mapped;
	return bytes;
}

static const void *view_piece(void *cookie, uint64_t address, size_t *size)
{
	uint64_t stamp;
	bool known;

	return peek(cookie, address, size, &known, &stamp);
}

static bool object_place(struct agx_decode_trace *trace, uint32_t index, uint64_t offset,
			 struct agx_decode_place *place)
{
	const struct state_object *object = &trace->state.objects[index];
	uint64_t stamp;
	size_t left;

	place->handle = object->handle;
	place->file = object->file;
	place->offset = offset;
	place->size = object->size;
	place->flags = 0;
	place->name = NULL;
	trace_store_get(store_of(trace, index), offset, &left, &place->known, &stamp);
	return true;
}

static bool view_resolve(void *cookie, uint64_t address, struct agx_decode_place *place)
{
	struct agx_decode_trace *trace = cookie;
	const struct state_binding *b = lookup(trace, address);
	uint64_t left;

	if (!b)
		return false;
	object_place(trace, b->object, offset_of(b, address, &left), place);
	place->left = b->range - (address - b->addr);
	place->flags = b->flags;
	return true;
}

static uint64_t view_stamp(void *cookie, uint64_t address, size_t size)
{
	struct agx_decode_trace *trace = cookie;
	uint64_t sum = 0, stamp;
	size_t left;
	bool known;

	for (;;) {
		if (!peek(trace, address, &left, &known, &stamp))
			return 0;
		sum = sum * 0x9e3779b97f4a7c15ull + stamp;
		if (left >= size)
			return sum | !sum;
		size -= left;
		address += left;
	}
}

static bool view_timestamps(void *cookie, uint32_t handle, struct agx_decode_place *place)
{
	struct agx_decode_trace *trace = cookie;
	uint32_t object = state_find(&trace->state, trace->file, AGX_OBJECT_BIND, handle);
	uint32_t i = object == STATE_NONE ? STATE_NONE : state_map_get(&trace->bound_map, object);

	if (i == STATE_NONE || trace->bound[i].object == STATE_NONE)
		return false;
	object_place(trace, trace->bound[i].object, trace->bound[i].offset, place);
	place->left = trace->bound[i].range;
	return true;
}

const void *agx_decode_trace_object(struct agx_decode_trace *trace, uint32_t object,
				    uint64_t offset, size_t size, void *buf, size_t *available,
				    bool *known)
{
	const struct trace_store *store;
	uint64_t limit, stamp;
	size_t done = 0, left;
	const uint8_t *bytes;
	bool page_known, all = true;

	*available = 0;
	if (object >= trace->state.num_objects)
		return NULL;
	limit = trace->state.objects[object].size;
	store = store_of(trace, object);
	do {
		if (offset + done >= limit || offset + done < offset)
			break;
		bytes = trace_store_get(store, offset + done, &left, &page_known, &stamp);
		all = all && page_known;
		if (left > limit - offset - done)
			left = limit - offset - done;
		if (!done && left >= size) {
			*available = size;
			if (known)
				*known = all;
			return bytes;
		}
		if (left > size - done)
			left = size - done;
		memcpy((uint8_t *)buf + done, bytes, left);
		done += left;
	} while (done < size);
	*available = done;
	if (known)
		*known = all && done == size;
	return done == size ? buf : NULL;
}

/*
 * Following.
 */

/* Frees the content of objects that nobody can name any more. */
static void sweep(struct agx_decode_trace *trace)
{
	const struct trace_state *state = &trace->state;
	uint32_t i;

	for (i = 0; i < trace->num_stores; i++)
		trace->stores[i].used = false;
	for (i = 0; i < state->num_objects; i++) {
		const struct state_object *object = &state->objects[i];

		if (object->live && object->share < trace->num_stores)
			trace->stores[object->share].used = true;
	}
	for (i = 0; i < state->num_tokens; i++) {
		if (state->tokens[i].share < trace->num_stores)
			trace->stores[state->tokens[i].share].used = true;
	}
	for (i = 0; i < trace->num_stores; i++) {
		if (!trace->stores[i].used)
			trace_store_finish(&trace->stores[i], &trace->budget);
	}
	trace->sweep_at =
		trace->budget.held * 2 > SWEEP_FLOOR ? trace->budget.held * 2 : SWEEP_FLOOR;
}

static struct trace_store *need_store(struct agx_decode_trace *trace, uint32_t share)
{
	uint32_t count = trace->num_stores ? trace->num_stores : 64;
	struct trace_store *stores;

	if (share < trace->num_stores)
		return &trace->stores[share];
	while (count <= share)
		count *= 2;
	stores = reallocarray(trace->stores, count, sizeof(*stores));
	if (!stores)
		return NULL;
	memset(stores + trace->num_stores, 0, (count - trace->num_stores) * sizeof(*stores));
	trace->stores = stores;
	trace->num_stores = count;
	return &stores[share];
}

static int apply_pages(struct agx_decode_trace *trace, const struct agx_trace_item *item,
		       uint32_t object)
{
	const struct agxt_pages *pages = (const void *)item->rec;
	uint8_t buf[AGXT_PAGE_SIZE];
	struct trace_store *store;
	uint32_t i;
	int ret;

	if (object == STATE_NONE || trace->state.objects[object].share == STATE_NONE)
		return 0;
	if (trace->budget.held > trace->sweep_at)
		sweep(trace);
	store = need_store(trace, trace->state.objects[object].share);
	if (!store)
		return -ENOMEM;
	for (i = 0; i < pages->count; i++) {
		const uint8_t *content =
			agx_trace_page_is_zero(item, i) ? NULL : agx_trace_page(item, i, buf);

		ret = trace_store_set(store, &trace->budget, pages->first_page + i, content);
		if (ret == -EFBIG) {
			sweep(trace);
			ret = trace_store_set(store, &trace->budget, pages->first_page + i,
					      content);
		}
		if (ret)
			return ret;
	}
	return 0;
}

/* Room for one more. */
static int more(void *array, uint32_t *capacity, uint32_t count, size_t element)
{
	uint32_t bigger = *capacity ? *capacity * 2 : 16;
	void *p;

	if (count < *capacity)
		return 0;
	if (count >= STATE_MAX_ENTRIES)
		return -EFBIG;
	p = reallocarray(*(void **)array, bigger, element);
	if (!p)
		return -ENOMEM;
	*(void **)array = p;
	*capacity = bigger;
	return 0;
}

static int made_queue(struct agx_decode_trace *trace, uint32_t file,
		      const struct drm_asahi_queue_create *args)
{
	uint32_t object = state_find(&trace->state, file, AGX_OBJECT_QUEUE, args->queue_id);
	int ret;

	if (object == STATE_NONE)
		return 0;
	ret = more(&trace->queues, &trace->queues_capacity, trace->num_queues,
		   sizeof(*trace->queues));
	if (ret)
		return ret;
	trace->queues[trace->num_queues] = (struct queue_info){
		.vm = state_find(&trace->state, file, AGX_OBJECT_VM, args->vm_id),
		.vm_handle = args->vm_id,
		.priority = args->priority,
		.usc_base = args->usc_exec_base,
	};
	return state_map_set(&trace->queue_map, object, trace->num_queues++);
}

static int made_bound(struct agx_decode_trace *trace, uint32_t file,
		      const struct drm_asahi_gem_bind_object *args)
{
	uint32_t object = state_find(&trace->state, file, AGX_OBJECT_BIND, args->object_handle);
	int ret;

	if (object == STATE_NONE || args->op != DRM_ASAHI_BIND_OBJECT_OP_BIND)
		return 0;
	ret = more(&trace->bound, &trace->bound_capacity, trace->num_bound, sizeof(*trace->bound));
	if (ret)
		return ret;
	trace->bound[trace->num_bound] = (struct bound_info){
		.object = state_find(&trace->state, file, AGX_OBJECT_GEM, args->handle),
		.offset = args->offset,
		.range = args->range,
	};
	return state_map_set(&trace->bound_map, object, trace->num_bound++);
}

/* Queues and timestamp objects; both calls write their arguments back whole. */
static int apply_return(struct agx_decode_trace *trace, const struct agxt_return *ret)
{
	struct drm_asahi_queue_create queue = {.flags = 0};
	struct drm_asahi_gem_bind_object bind = {.flags = 0};
	uint32_t size;
	const uint8_t *args = agx_trace_args(&ret->rec, &size);

	if (ret->result < 0 || _IOC_TYPE(ret->request) != DRM_IOCTL_BASE)
		return 0;
	switch (_IOC_NR(ret->request)) {
	case DRM_COMMAND_BASE + DRM_ASAHI_QUEUE_CREATE:
		memcpy(&queue, args, size < sizeof(queue) ? size : sizeof(queue));
		return made_queue(trace, ret->rec.file, &queue);
	case DRM_COMMAND_BASE + DRM_ASAHI_GEM_BIND_OBJECT:
		memcpy(&bind, args, size < sizeof(bind) ? size : sizeof(bind));
		return made_bound(trace, ret->rec.file, &bind);
	default:
		return 0;
	}
}

static void apply_meta(struct agx_decode_trace *trace, const struct agxt_meta *meta)
{
	size_t size = meta->size < sizeof(trace->gpu) ? meta->size : sizeof(trace->gpu);

	if (meta->key == AGXT_META_GPU_PARAMS && !trace->gpu.gpu_generation)
		memcpy(&trace->gpu, meta + 1, size);
}

static void fill_submit(struct agx_decode_trace *trace, const struct agx_trace_item *item,
			struct agx_decode_submit *submit)
{
	const struct agxt_record *rec = item->rec;
	struct agx_trace_blob blob;
	uint32_t size, object, i;
	const uint8_t *args = agx_trace_args(rec, &size);

	*submit = (struct agx_decode_submit){
		.number = item->submit,
		.seq = rec->seq,
		.time_ns = rec->time_ns,
		.stream = item->stream,
		.thread = rec->thread,
		.file = rec->file,
		.frame = trace->frames[item->stream % AGXT_MAX_STREAMS],
		.memory =
			{
				.piece = view_piece,
				.resolve = view_resolve,
				.stamp = view_stamp,
				.timestamps = view_timestamps,
				.cookie = trace,
			},
	};
	memcpy(&submit->args, args, size < sizeof(submit->args) ? size : sizeof(submit->args));
	if (agx_trace_find_blob(rec, SYNCS_POINTEE, &blob)) {
		submit->syncs = blob.bytes;
		submit->num_syncs = blob.size / sizeof(struct drm_asahi_sync);
	}
	if (agx_trace_find_blob(rec, CMDBUF_POINTEE, &blob)) {
		submit->commands = blob.bytes;
		submit->commands_size = blob.size;
	}
	trace->vm = NULL;
	trace->file = rec->file;
	trace->last = 0;
	object = state_find(&trace->state, rec->file, AGX_OBJECT_QUEUE, submit->args.queue_id);
	i = object == STATE_NONE ? STATE_NONE : state_map_get(&trace->queue_map, object);
	if (i == STATE_NONE)
		return;
	submit->have_queue = true;
	submit->vm = trace->queues[i].vm_handle;
	submit->usc_base = trace->queues[i].usc_base;
	submit->priority = trace->queues[i].priority;
	if (trace->queues[i].vm != STATE_NONE)
		trace->vm = state_vm(&trace->state, trace->queues[i].vm);
}

static int fail(struct agx_trace_error *error, int ret, const char *what,
		const struct agx_trace_item *item)
{
	if (error)
		*error = (struct agx_trace_error){
			.what = what,
			.chunk = item->chunk,
			.offset = item->offset,
			.in_chunk = true,
		};
	return ret;
}

int agx_decode_trace_step(struct agx_decode_trace *trace, struct agx_decode_step *step,
			  struct agx_trace_error *error)
{
	int ret;

	trace->vm = NULL;
	step->is_submit = false;
	ret = agx_trace_reader_next(trace->reader, &step->item, error);
	if (ret <= 0)
		return ret;
	ret = state_step(&trace->state, step->item.rec, step->item.stream, &step->event);
	if (ret)
		return fail(error, ret, "following the calls", &step->item);
	switch (step->item.rec->type) {
	case AGXT_PAGES:
		ret = apply_pages(trace, &step->item, step->event.object);
		break;
	case AGXT_RETURN:
		ret = apply_return(trace, (const void *)step->item.rec);
		break;
	case AGXT_META:
		apply_meta(trace, (const void *)step->item.rec);
		break;
	case AGXT_MARKER:
		if (((const struct agxt_marker *)step->item.rec)->kind == AGXT_MARKER_PRESENT)
			trace->frames[step->item.stream % AGXT_MAX_STREAMS]++;
		break;
	case AGXT_CALL:
		step->is_submit = record_is_submit(step->item.rec);
		if (step->is_submit)
			fill_submit(trace, &step->item, &step->submit);
		break;
	default:
		break;
	}
	if (ret)
		return fail(error, ret, "keeping the content of buffers", &step->item);
	return 1;
}

int agx_decode_trace_next_submit(struct agx_decode_trace *trace, struct agx_decode_submit *submit,
				 struct agx_trace_error *error)
{
	struct agx_decode_step step;
	int ret;

	do {
		ret = agx_decode_trace_step(trace, &step, error);
		if (ret <= 0)
			return ret;
	} while (!step.is_submit);
	*submit = step.submit;
	return 1;
}

static int view_create(const struct agx_decode_trace_params *params,
		       struct agx_decode_trace **trace)
{
	struct agx_decode_trace *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	state_init(&t->state);
	t->budget.limit = params && params->memory ? params->memory : DEFAULT_MEMORY;
	t->sweep_at = SWEEP_FLOOR;
	*trace = t;
	return 0;
}

static struct agx_trace_reader_params reader_params(const struct agx_decode_trace_params *params)
{
	return (struct agx_trace_reader_params){
		.force = params && params->force,
		.damage = params ? params->damage : NULL,
		.damage_data = params ? params->damage_data : NULL,
	};
}

int agx_decode_trace_open(const char *path, const struct agx_decode_trace_params *params,
			  struct agx_decode_trace **trace, struct agx_trace_error *error)
{
	struct agx_trace_reader_params reading = reader_params(params);
	int ret = view_create(params, trace);

	if (ret)
		return ret;
	ret = agx_trace_reader_open(path, &reading, &(*trace)->reader, error);
	if (ret) {
		agx_decode_trace_close(*trace);
		*trace = NULL;
	}
	return ret;
}

int agx_decode_trace_open_memory(const void *bytes, size_t size,
				 const struct agx_decode_trace_params *params,
				 struct agx_decode_trace **trace, struct agx_trace_error *error)
{
	struct agx_trace_reader_params reading = reader_params(params);
	int ret = view_create(params, trace);

	if (ret)
		return ret;
	ret = agx_trace_reader_open_memory(bytes, size, &reading, &(*trace)->reader, error);
	if (ret) {
		agx_decode_trace_close(*trace);
		*trace = NULL;
	}
	return ret;
}

void agx_decode_trace_close(struct agx_decode_trace *trace)
{
	uint32_t i;

	if (!trace)
		return;
	for (i = 0; i < trace->num_stores; i++)
		trace_store_finish(&trace->stores[i], &trace->budget);
	free(trace->stores);
	free(trace->queues);
	free(trace->bound);
	free(trace->queue_map.slots);
	free(trace->bound_map.slots);
	state_finish(&trace->state);
	agx_trace_reader_close(trace->reader);
	free(trace);
}

const struct drm_asahi_params_global *agx_decode_trace_gpu(const struct agx_decode_trace *trace)
{
	return &trace->gpu;
}

struct agx_trace_reader *agx_decode_trace_reader(struct agx_decode_trace *trace)
{
	return trace->reader;
}

const struct trace_state *agx_decode_trace_state(const struct agx_decode_trace *trace)
{
	return &trace->state;
}

void agx_decode_trace_held(const struct agx_decode_trace *trace, uint64_t *now, uint64_t *most)
{
	*now = trace->budget.held;
	*most = trace->budget.most;
}
