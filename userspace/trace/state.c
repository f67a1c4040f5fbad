// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/ioctl.h>

#include "asahi_drm.h"

#include "state.h"
#include "trace_internal.h"

/* Requests as the table knows them, to switch on. */
#define NR(request)             _IOC_NR(request)
#define NR_SYNCOBJ_CREATE       0xbf
#define NR_SYNCOBJ_HANDLE_TO_FD 0xc1
#define NR_SYNCOBJ_FD_TO_HANDLE 0xc2
#define NR_SYNCOBJ_RESET        0xc4
#define NR_SYNCOBJ_SIGNAL       0xc5
#define NR_SYNCOBJ_TRANSFER     0xcc
#define NR_TIMELINE_SIGNAL      0xcd
#define NR_PRIME_FD_TO_HANDLE   0x2e
#define NR_ASAHI(id)            (DRM_COMMAND_BASE + DRM_ASAHI_##id)

static int grow(void *array, uint32_t *capacity, uint32_t count, size_t element)
{
	uint32_t bigger;
	void *p;

	if (count < *capacity)
		return 0;
	if (count >= STATE_MAX_ENTRIES)
		return -EFBIG;
	bigger = *capacity ? *capacity * 2 : 64;
	p = reallocarray(*(void **)array, bigger, element);
	if (!p)
		return -ENOMEM;
	*(void **)array = p;
	*capacity = bigger;
	return 0;
}

static uint32_t map_slot(const struct state_map *map, uint64_t key)
{
	uint32_t mask = map->capacity - 1;
	uint32_t i = (key * 0x9e3779b97f4a7c15ull >> 32) & mask;

	while (map->slots[i].used && map->slots[i].key != key)
		i = (i + 1) & mask;
	return i;
}

uint32_t state_map_get(const struct state_map *map, uint64_t key)
{
	uint32_t i;

	if (!map->capacity)
		return STATE_NONE;
	i = map_slot(map, key);
	return map->slots[i].used ? map->slots[i].value : STATE_NONE;
}

int state_map_set(struct state_map *map, uint64_t key, uint32_t value)
{
	uint32_t i;

	if ((uint64_t)map->used * 2 >= map->capacity) {
		struct state_map bigger = {.capacity = map->capacity ? map->capacity * 2 : 256};

		bigger.slots = calloc(bigger.capacity, sizeof(*bigger.slots));
		if (!bigger.slots)
			return -ENOMEM;
		for (i = 0; i < map->capacity; i++) {
			if (map->slots[i].used)
				bigger.slots[map_slot(&bigger, map->slots[i].key)] = map->slots[i];
		}
		bigger.used = map->used;
		free(map->slots);
		*map = bigger;
	}
	i = map_slot(map, key);
	if (!map->slots[i].used) {
		map->slots[i].used = true;
		map->slots[i].key = key;
		map->used++;
	}
	map->slots[i].value = value;
	return 0;
}

/* Files and types share 32 bits: files are small numbers in any trace that is not hostile. */
static uint64_t name_key(uint32_t file, unsigned int type, uint32_t handle)
{
	return ((uint64_t)file * 8 + type) << 32 | handle;
}

uint32_t state_find(const struct trace_state *state, uint32_t file, unsigned int type,
		    uint32_t handle)
{
	uint32_t object = state_map_get(&state->names, name_key(file, type, handle));

	if (object == STATE_NONE || !state->objects[object].live)
		return STATE_NONE;
	/* The key is exact for files below 2^29 only. */
	if (state->objects[object].file != file)
		return STATE_NONE;
	return object;
}

struct state_token *state_token(const struct trace_state *state, uint32_t token)
{
	uint32_t i = state_map_get(&state->token_map, token);

	return i == STATE_NONE ? NULL : &state->tokens[i];
}

/* The token's entry, made if it is new. */
static struct state_token *need_token(struct trace_state *state, uint32_t token)
{
	struct state_token *t = state_token(state, token);

	if (t)
		return t;
	if (grow(&state->tokens, &state->tokens_capacity, state->num_tokens, sizeof(*t)) ||
	    state_map_set(&state->token_map, token, state->num_tokens))
		return NULL;
	t = &state->tokens[state->num_tokens++];
	memset(t, 0, sizeof(*t));
	t->token = token;
	t->call = STATE_NONE;
	t->share = STATE_NONE;
	return t;
}

void state_init(struct trace_state *state)
{
	memset(state, 0, sizeof(*state));
}

void state_finish(struct trace_state *state)
{
	uint32_t i;

	for (i = 0; i < state->num_vms; i++)
		free(state->vms[i].bindings);
	for (i = 0; i < state->num_pending; i++)
		free(state->pending[i].record);
	free(state->objects);
	free(state->calls);
	free(state->refs);
	free(state->tokens);
	free(state->shares);
	free(state->vms);
	free(state->pending);
	free(state->names.slots);
	free(state->token_map.slots);
	memset(state, 0, sizeof(*state));
}

static int new_share(struct trace_state *state, uint8_t type, uint32_t *share)
{
	if (grow(&state->shares, &state->shares_capacity, state->num_shares,
		 sizeof(*state->shares)))
		return -ENOMEM;
	memset(&state->shares[state->num_shares], 0, sizeof(*state->shares));
	state->shares[state->num_shares].type = type;
	*share = state->num_shares++;
	return 0;
}

static int new_object(struct trace_state *state, uint8_t type, uint32_t file, uint32_t handle,
		      uint32_t *object)
{
	struct state_object *o;

	if (grow(&state->objects, &state->objects_capacity, state->num_objects, sizeof(*o)) ||
	    state_map_set(&state->names, name_key(file, type, handle), state->num_objects))
		return -ENOMEM;
	o = &state->objects[state->num_objects];
	memset(o, 0, sizeof(*o));
	o->type = type;
	o->live = true;
	o->file = file;
	o->handle = handle;
	o->create = STATE_NONE;
	o->destroy = STATE_NONE;
	o->share = STATE_NONE;
	o->file_object = state_find(state, file, STATE_FILE, file);
	*object = state->num_objects++;
	return 0;
}

/*
 * Mappings.
 */

const struct state_vm *state_vm(const struct trace_state *state, uint32_t vm)
{
	uint32_t i;

	for (i = 0; i < state->num_vms; i++) {
		if (state->vms[i].object == vm)
			return &state->vms[i];
	}
	return NULL;
}

/* Index of the first binding that ends after addr. */
static uint32_t binding_after(const struct state_vm *vm, uint64_t addr)
{
	uint32_t low = 0;
	uint32_t high = vm->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (vm->bindings[middle].addr + vm->bindings[middle].range <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct state_binding *state_lookup(const struct trace_state *state, uint32_t object,
					 uint64_t addr)
{
	const struct state_vm *vm = state_vm(state, object);
	uint32_t i;

	if (!vm)
		return NULL;
	i = binding_after(vm, addr);
	if (i == vm->count || vm->bindings[i].addr > addr)
		return NULL;
	return &vm->bindings[i];
}

static int insert_binding(struct state_vm *vm, uint32_t at, const struct state_binding *binding)
{
	if (grow(&vm->bindings, &vm->capacity, vm->count, sizeof(*binding)))
		return -ENOMEM;
	memmove(&vm->bindings[at + 1], &vm->bindings[at], (vm->count - at) * sizeof(*binding));
	vm->bindings[at] = *binding;
	vm->count++;
	return 0;
}

static void remove_bindings(struct state_vm *vm, uint32_t at, uint32_t count)
{
	if (!count)
		return;
	memmove(&vm->bindings[at], &vm->bindings[at + count],
		(vm->count - at - count) * sizeof(*vm->bindings));
	vm->count -= count;
}

/* Removes the first skip bytes of a binding. */
static void cut_front(struct state_binding *binding, uint64_t skip)
{
	binding->addr += skip;
	binding->range -= skip;
	if (!(binding->flags & DRM_ASAHI_BIND_SINGLE_PAGE))
		binding->offset += skip;
}

static int unmap_range(struct state_vm *vm, uint64_t addr, uint64_t range)
{
	uint64_t end = addr + range;
	uint32_t first = binding_after(vm, addr);
	uint32_t last;

	if (first < vm->count && vm->bindings[first].addr < addr) {
		struct state_binding *b = &vm->bindings[first];
		struct state_binding tail = *b;

		b->range = addr - b->addr;
		cut_front(&tail, addr - tail.addr);
		first++;
		if (tail.range > range) {
			cut_front(&tail, range);
			return insert_binding(vm, first, &tail);
		}
	}
	for (last = first; last < vm->count; last++) {
		struct state_binding *b = &vm->bindings[last];

		if (b->addr >= end)
			break;
		if (b->addr + b->range > end) {
			cut_front(b, end - b->addr);
			break;
		}
	}
	remove_bindings(vm, first, last - first);
	return 0;
}

static struct state_vm *need_vm(struct trace_state *state, uint32_t object)
{
	struct state_vm *vm = (struct state_vm *)state_vm(state, object);

	if (vm)
		return vm;
	if (grow(&state->vms, &state->vms_capacity, state->num_vms, sizeof(*vm)))
		return NULL;
	vm = &state->vms[state->num_vms++];
	memset(vm, 0, sizeof(*vm));
	vm->object = object;
	return vm;
}

static int apply_binds(struct trace_state *state, const struct agxt_call *call)
{
	struct drm_asahi_vm_bind args = {.vm_id = 0};
	const struct agxt_record *rec = &call->rec;
	struct agx_trace_blob blob;
	struct state_vm *vm;
	uint32_t size;
	const uint8_t *bytes = agx_trace_args(rec, &size);
	uint32_t object;
	size_t offset;
	int ret;

	memcpy(&args, bytes, size < sizeof(args) ? size : sizeof(args));
	object = state_find(state, rec->file, AGX_OBJECT_VM, args.vm_id);
	if (object == STATE_NONE || !args.stride || !agx_trace_find_blob(rec, 0, &blob))
		return 0;
	vm = need_vm(state, object);
	if (!vm)
		return -ENOMEM;
	for (offset = 0; offset < blob.size; offset += args.stride) {
		size_t left = blob.size - offset;
		struct drm_asahi_gem_bind_op op = {.flags = 0};
		struct state_binding binding;

		memcpy(&op, blob.bytes + offset, left < sizeof(op) ? left : sizeof(op));
		if (!op.range || op.addr + op.range < op.addr)
			continue;
		ret = unmap_range(vm, op.addr, op.range);
		if (ret)
			return ret;
		if (op.flags & DRM_ASAHI_BIND_UNBIND)
			continue;
		binding.addr = op.addr;
		binding.range = op.range;
		binding.offset = op.offset;
		binding.flags = op.flags;
		binding.object = state_find(state, rec->file, AGX_OBJECT_GEM, op.handle);
		if (binding.object == STATE_NONE)
			continue;
		ret = insert_binding(vm, binding_after(vm, op.addr), &binding);
		if (ret)
			return ret;
	}
	return 0;
}

/*
 * Fence states.
 */

static struct state_share *sync_share(struct trace_state *state, uint32_t file, uint32_t handle)
{
	uint32_t object = state_find(state, file, AGX_OBJECT_SYNCOBJ, handle);

	if (object == STATE_NONE || state->objects[object].share == STATE_NONE)
		return NULL;
	return &state->shares[state->objects[object].share];
}

/* A fence, at a point of a timeline when point is not 0. */
static void set_fence(struct state_share *share, uint64_t point)
{
	if (!share)
		return;
	if (!point) {
		share->signaled = true;
		share->point = 0;
	} else {
		share->signaled = false;
		if (point > share->point)
			share->point = point;
	}
}

static void apply_submit(struct trace_state *state, const struct agxt_call *call)
{
	struct drm_asahi_submit args = {.flags = 0};
	struct agx_trace_blob blob;
	uint32_t size;
	const uint8_t *bytes = agx_trace_args(&call->rec, &size);
	uint64_t i;

	memcpy(&args, bytes, size < sizeof(args) ? size : sizeof(args));
	if (!agx_trace_find_blob(&call->rec, 0, &blob))
		return;
	for (i = args.in_sync_count; (i + 1) * sizeof(struct drm_asahi_sync) <= blob.size; i++) {
		struct drm_asahi_sync sync;

		memcpy(&sync, blob.bytes + i * sizeof(sync), sizeof(sync));
		set_fence(sync_share(state, call->rec.file, sync.handle),
			  sync.sync_type == DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ ? sync.timeline_value
									    : 0);
	}
}

static void apply_syncobj_array(struct trace_state *state, const struct agxt_call *call)
{
	unsigned int nr = NR(call->request);
	struct agx_trace_blob handles;
	struct agx_trace_blob points = {.size = 0};
	uint32_t i;

	if (!agx_trace_find_blob(&call->rec, 0, &handles))
		return;
	if (nr == NR_TIMELINE_SIGNAL && !agx_trace_find_blob(&call->rec, 1, &points))
		return;
	for (i = 0; i < handles.size / 4; i++) {
		struct state_share *share;
		uint64_t point = 0;
		uint32_t handle;

		memcpy(&handle, handles.bytes + i * 4, sizeof(handle));
		share = sync_share(state, call->rec.file, handle);
		if (!share)
			continue;
		if (nr == NR_SYNCOBJ_RESET) {
			share->signaled = false;
			share->point = 0;
			continue;
		}
		if (i < points.size / 8)
			memcpy(&point, points.bytes + i * 8, sizeof(point));
		set_fence(share, point);
	}
}

static void apply_transfer(struct trace_state *state, const struct agxt_call *call)
{
	struct drm_syncobj_transfer args = {.flags = 0};
	uint32_t size;
	const uint8_t *bytes = agx_trace_args(&call->rec, &size);

	memcpy(&args, bytes, size < sizeof(args) ? size : sizeof(args));
	set_fence(sync_share(state, call->rec.file, args.dst_handle), args.dst_point);
}

/*
 * Calls.
 */

/* Walking the references of one call. */
struct ref_walk {
	struct trace_state *state;
	uint32_t file;
	uint32_t call; /* entry to add references to, or STATE_NONE */
	uint32_t bad_handle;
	const struct agx_ioctl_field *bad_field;
	uint32_t created; /* last object that was made */
	uint32_t token;   /* last token of an IN field */
	uint32_t object;  /* last object of an IN field */
	uint64_t seq;
	uint32_t stream;
};

static int add_ref(struct ref_walk *walk, uint32_t object, uint32_t token, uint8_t access)
{
	struct trace_state *state = walk->state;
	struct state_ref *ref;

	if (walk->call == STATE_NONE)
		return 0;
	if (grow(&state->refs, &state->refs_capacity, state->num_refs, sizeof(*ref)))
		return -ENOMEM;
	ref = &state->refs[state->num_refs++];
	ref->object = object;
	ref->token = token;
	ref->access = access;
	state->calls[walk->call].num_refs++;
	return 0;
}

static int in_ref(void *data, const struct agx_ioctl_ref *ref)
{
	struct ref_walk *walk = data;
	uint32_t value = agx_ref_get(ref);
	uint32_t object;

	if (ref->field->kind == AGX_FIELD_FD) {
		if (value == AGXT_TOKEN_NONE)
			return 0;
		if (!state_token(walk->state, value) && !walk->bad_field) {
			walk->bad_handle = value;
			walk->bad_field = ref->field;
		}
		walk->token = value;
		return add_ref(walk, STATE_NONE, value, ref->field->access);
	}
	if (!value)
		return 0;
	object = state_find(walk->state, walk->file, ref->field->object, value);
	if (object == STATE_NONE) {
		if (!walk->bad_field) {
			walk->bad_handle = value;
			walk->bad_field = ref->field;
		}
		return 0;
	}
	walk->object = object;
	return add_ref(walk, object, 0, ref->field->access);
}

static int find_destroyed(void *data, const struct agx_ioctl_ref *ref)
{
	struct ref_walk *walk = data;

	walk->object = state_find(walk->state, walk->file, ref->field->object, agx_ref_get(ref));
	return 0;
}

static void destroy_object(struct trace_state *state, uint32_t object, uint32_t call, uint64_t seq)
{
	uint32_t i;
	uint32_t j;

	state->objects[object].live = false;
	state->objects[object].destroy = call;
	state->objects[object].destroy_seq = seq;
	for (i = 0; i < state->num_vms; i++) {
		struct state_vm *vm = &state->vms[i];
		uint32_t kept = 0;

		if (vm->object == object)
			vm->count = 0;
		if (state->objects[object].type != AGX_OBJECT_GEM)
			continue;
		/* Closing a handle unbinds the buffer from the VMs of its file. */
		for (j = 0; j < vm->count; j++) {
			if (vm->bindings[j].object != object)
				vm->bindings[kept++] = vm->bindings[j];
		}
		vm->count = kept;
	}
}

static int create_ref(void *data, const struct agx_ioctl_ref *ref)
{
	struct ref_walk *walk = data;
	struct trace_state *state = walk->state;
	uint32_t value = agx_ref_get(ref);
	struct state_object *o;
	struct state_token *t;
	uint32_t object;
	int ret;

	if (ref->field->kind == AGX_FIELD_FD) {
		if (value == AGXT_TOKEN_NONE || value == AGXT_TOKEN_INVALID)
			return 0;
		t = need_token(state, value);
		if (!t)
			return -ENOMEM;
		if (t->call == STATE_NONE && !t->foreign)
			t->call = walk->call;
		if (walk->object != STATE_NONE && t->share == STATE_NONE &&
		    ref->field->object != AGX_FD_SYNC_FILE)
			t->share = state->objects[walk->object].share;
		return add_ref(walk, STATE_NONE, value, ref->field->access);
	}
	object = state_find(state, walk->file, ref->field->object, value);
	/* An import of a buffer that the file has already gives the same name again. */
	if (object == STATE_NONE || walk->token == AGXT_TOKEN_NONE ||
	    ref->field->object != AGX_OBJECT_GEM) {
		ret = new_object(state, ref->field->object, walk->file, value, &object);
		if (ret)
			return ret;
		o = &state->objects[object];
		o->create = walk->call;
		o->create_seq = walk->seq;
		o->stream = walk->stream;
		t = walk->token == AGXT_TOKEN_NONE ? NULL : state_token(state, walk->token);
		if (t && t->share != STATE_NONE) {
			o->share = t->share;
		} else if (o->type == AGX_OBJECT_GEM || o->type == AGX_OBJECT_SYNCOBJ) {
			ret = new_share(state, o->type, &o->share);
			if (ret)
				return ret;
			if (t) {
				t->share = o->share;
				state->shares[o->share].size = t->size;
			}
		}
	}
	walk->created = object;
	return add_ref(walk, object, 0, ref->field->access);
}

static int walk_refs(const struct agx_ioctl_desc *desc, const struct agxt_record *rec,
		     const struct agxt_record *in, uint8_t access, agx_ioctl_ref_fn fn,
		     struct ref_walk *walk)
{
	uint32_t size;
	uint32_t in_size;
	/* The walkers give out writable pointers; nothing here writes. */
	uint8_t *args = (uint8_t *)agx_trace_args(rec, &size);
	const uint8_t *in_args = agx_trace_args(in, &in_size);
	uint32_t blobs = rec->type == AGXT_CALL ? ((const struct agxt_call *)rec)->blobs
						: ((const struct agxt_return *)rec)->blobs;
	uint32_t i;
	int ret;

	ret = agx_ioctl_arg_refs(desc, args, size, access, fn, walk);
	for (i = 0; !ret && i < blobs; i++) {
		struct agx_trace_blob blob = agx_trace_blob(rec, i);

		ret = agx_ioctl_pointee_refs(desc, blob.pointee, in_args, in_size,
					     (uint8_t *)blob.bytes, blob.size, access, fn, walk);
	}
	return ret;
}

/* What a successful call did, besides making and destroying names. */
static int apply(struct trace_state *state, const struct agxt_call *call,
		 const struct agxt_return *ret, const struct ref_walk *walk)
{
	struct state_object *created =
		walk->created == STATE_NONE ? NULL : &state->objects[walk->created];
	struct state_share *share =
		created && created->share != STATE_NONE ? &state->shares[created->share] : NULL;
	uint32_t size;
	const uint8_t *args = agx_trace_args(&call->rec, &size);
	struct drm_syncobj_handle handle = {.flags = 0};
	uint64_t point = 0;

	if (_IOC_TYPE(call->request) != DRM_IOCTL_BASE)
		return 0;
	switch (NR(call->request)) {
	case NR_ASAHI(VM_BIND):
		return apply_binds(state, call);
	case NR_ASAHI(SUBMIT):
		apply_submit(state, call);
		return 0;
	case NR_ASAHI(GEM_CREATE):
		if (created && size >= 8) {
			memcpy(&created->size, args, 8);
			/* Buffers are whole GPU pages. */
			created->size = (created->size + 0x3fff) & ~0x3fffull;
			if (share)
				share->size = created->size;
		}
		return 0;
	case NR_PRIME_FD_TO_HANDLE:
		if (created && share)
			created->size = share->size;
		return 0;
	case NR_SYNCOBJ_CREATE:
		if (share && size >= 8 && args[4] & DRM_SYNCOBJ_CREATE_SIGNALED)
			share->signaled = true;
		return 0;
	case NR_SYNCOBJ_SIGNAL:
	case NR_SYNCOBJ_RESET:
	case NR_TIMELINE_SIGNAL:
		apply_syncobj_array(state, call);
		return 0;
	case NR_SYNCOBJ_TRANSFER:
		apply_transfer(state, call);
		return 0;
	case NR_SYNCOBJ_FD_TO_HANDLE:
		/* Import of a sync file into an existing object. */
		memcpy(&handle, args, size < sizeof(handle) ? size : sizeof(handle));
		if (size >= 24)
			memcpy(&point, args + 16, 8);
		if (handle.flags & DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE)
			set_fence(sync_share(state, call->rec.file, handle.handle), point);
		return 0;
	default:
		return 0;
	}
}

static int step_call(struct trace_state *state, const struct agxt_call *call, uint32_t stream,
		     struct state_event *event)
{
	const struct agx_ioctl_desc *desc = agx_ioctl_find(call->request);
	struct ref_walk walk = {
		.state = state,
		.file = call->rec.file,
		.call = STATE_NONE,
		.object = STATE_NONE,
	};
	struct state_pending *pending;
	int ret;

	if (state->num_pending >= STATE_MAX_PENDING)
		return -EFBIG;
	if (grow(&state->pending, &state->pending_capacity, state->num_pending, sizeof(*pending)))
		return -ENOMEM;
	if (call->rec.file &&
	    state_find(state, call->rec.file, STATE_FILE, call->rec.file) == STATE_NONE) {
		event->problem = "call on a file that is not open";
		event->value = call->rec.file;
	}
	if (desc) {
		ret = walk_refs(desc, &call->rec, &call->rec, AGX_ACCESS_IN, in_ref, &walk);
		if (ret)
			return ret;
		walk.object = STATE_NONE;
		walk_refs(desc, &call->rec, &call->rec, AGX_ACCESS_DESTROYS, find_destroyed, &walk);
	}
	pending = &state->pending[state->num_pending];
	pending->record = malloc(call->rec.size);
	if (!pending->record)
		return -ENOMEM;
	memcpy(pending->record, call, call->rec.size);
	pending->seq = call->rec.seq;
	pending->stream = stream;
	pending->bad_handle = walk.bad_handle;
	pending->bad_field = walk.bad_field;
	pending->destroys = walk.object;
	state->num_pending++;
	return 0;
}

/* Calls that leave nothing behind are not listed. */
static bool listed(const struct agxt_call *call)
{
	if (_IOC_TYPE(call->request) != DRM_IOCTL_BASE)
		return true;
	switch (NR(call->request)) {
	case NR_ASAHI(SUBMIT):
	case NR_ASAHI(GET_TIME):
	case NR_ASAHI(VM_BIND):
	case 0xc3: /* SYNCOBJ_WAIT */
	case 0xca: /* SYNCOBJ_TIMELINE_WAIT */
	case 0xcb: /* SYNCOBJ_QUERY */
	case NR_SYNCOBJ_SIGNAL:
	case NR_SYNCOBJ_RESET:
	case NR_SYNCOBJ_TRANSFER:
	case NR_TIMELINE_SIGNAL:
		return false;
	default:
		return true;
	}
}

static int step_return(struct trace_state *state, const struct agxt_return *ret, uint32_t stream,
		       struct state_event *event)
{
	struct state_pending pending;
	struct ref_walk walk = {
		.state = state,
		.call = STATE_NONE,
		.created = STATE_NONE,
		.object = STATE_NONE,
		.token = AGXT_TOKEN_NONE,
		.stream = stream,
	};
	const struct agx_ioctl_desc *desc;
	uint32_t i;
	int err = 0;

	for (i = 0; i < state->num_pending; i++) {
		if (state->pending[i].seq == ret->call)
			break;
	}
	if (i == state->num_pending || state->pending[i].stream != stream) {
		event->problem = "return without a call";
		event->value = ret->call;
		return 0;
	}
	pending = state->pending[i];
	state->pending[i] = state->pending[--state->num_pending];
	if (pending.record->request != ret->request || pending.record->rec.file != ret->rec.file) {
		event->problem = "return of another ioctl than its call";
		event->value = ret->request;
		goto out;
	}
	desc = agx_ioctl_find(ret->request);
	if (ret->result < 0 || !desc)
		goto out;
	if (pending.bad_field) {
		event->problem = pending.bad_field->kind == AGX_FIELD_FD
					 ? "call succeeded with a token that is not known"
					 : "call succeeded with a handle that is not live";
		event->value = pending.bad_handle;
	}
	walk.file = ret->rec.file;
	walk.seq = pending.seq;
	if (listed(pending.record)) {
		struct state_call *call;

		err = grow(&state->calls, &state->calls_capacity, state->num_calls, sizeof(*call));
		if (err)
			goto out;
		walk.call = state->num_calls++;
		call = &state->calls[walk.call];
		call->seq = pending.seq;
		call->return_seq = ret->rec.seq;
		call->desc = desc;
		call->stream = stream;
		call->file = ret->rec.file;
		call->refs = state->num_refs;
		call->num_refs = 0;
		event->call = walk.call;
	}
	/* A call on an exported descriptor needs what it is made on. */
	if (!ret->rec.file)
		err = add_ref(&walk, STATE_NONE, pending.record->token, AGX_ACCESS_IN);
	if (!err)
		err = walk_refs(desc, &pending.record->rec, &pending.record->rec, AGX_ACCESS_IN,
				in_ref, &walk);
	if (!err && pending.destroys != STATE_NONE)
		destroy_object(state, pending.destroys, walk.call, ret->rec.seq);
	if (!err)
		err = walk_refs(desc, &ret->rec, &pending.record->rec, AGX_ACCESS_CREATES,
				create_ref, &walk);
	if (!err)
		err = apply(state, pending.record, ret, &walk);
out:
	free(pending.record);
	return err;
}

static int step_fd(struct trace_state *state, const struct agxt_fd *fd, struct state_event *event)
{
	struct state_token *t;
	uint32_t i;

	if (fd->token == AGXT_TOKEN_INVALID || fd->token == AGXT_TOKEN_NONE) {
		event->problem = "token number";
		event->value = fd->token;
		return 0;
	}
	t = need_token(state, fd->token);
	if (!t)
		return -ENOMEM;
	if (fd->event == AGXT_FD_CLOSE)
		return 0;
	t->kind = fd->kind;
	t->size = fd->size;
	t->foreign = fd->event == AGXT_FD_FOREIGN;
	if (t->share == STATE_NONE)
		return 0;
	if (state->shares[t->share].size || !fd->size)
		return 0;
	state->shares[t->share].size = fd->size;
	for (i = 0; i < state->num_objects; i++) {
		if (state->objects[i].share == t->share && !state->objects[i].size)
			state->objects[i].size = state->shares[t->share].size;
	}
	return 0;
}

static void step_close(struct trace_state *state, const struct agxt_record *rec,
		       struct state_event *event)
{
	uint32_t i;

	if (state_find(state, rec->file, STATE_FILE, rec->file) == STATE_NONE) {
		event->problem = "close of a file that is not open";
		event->value = rec->file;
		return;
	}
	for (i = 0; i < state->num_objects; i++) {
		struct state_object *o = &state->objects[i];

		if (o->file != rec->file || !o->live)
			continue;
		o->live = false;
		o->destroy_seq = rec->seq;
	}
	for (i = 0; i < state->num_vms; i++) {
		if (state->objects[state->vms[i].object].file == rec->file)
			state->vms[i].count = 0;
	}
}

/* The object that PAGES and MAP name; a close by another thread may have come in between. */
static uint32_t named_object(const struct trace_state *state, uint32_t file, uint32_t handle)
{
	uint32_t object = state_map_get(&state->names, name_key(file, AGX_OBJECT_GEM, handle));

	if (object == STATE_NONE || state->objects[object].file != file)
		return STATE_NONE;
	return object;
}

int state_step(struct trace_state *state, const struct agxt_record *rec, uint32_t stream,
	       struct state_event *event)
{
	uint32_t object;
	uint32_t handle;
	int ret;

	event->problem = NULL;
	event->value = 0;
	event->object = STATE_NONE;
	event->call = STATE_NONE;
	switch (rec->type) {
	case AGXT_OPEN:
		if (!rec->file ||
		    state_find(state, rec->file, STATE_FILE, rec->file) != STATE_NONE) {
			event->problem = "open of a file that is open";
			event->value = rec->file;
			return 0;
		}
		ret = new_object(state, STATE_FILE, rec->file, rec->file, &object);
		if (ret)
			return ret;
		state->objects[object].create_seq = rec->seq;
		state->objects[object].stream = stream;
		state->objects[object].file_object = object;
		return 0;
	case AGXT_CLOSE:
		step_close(state, rec, event);
		return 0;
	case AGXT_CALL:
		return step_call(state, (const struct agxt_call *)rec, stream, event);
	case AGXT_RETURN:
		return step_return(state, (const struct agxt_return *)rec, stream, event);
	case AGXT_FD:
		return step_fd(state, (const struct agxt_fd *)rec, event);
	case AGXT_PAGES:
		handle = ((const struct agxt_pages *)rec)->handle;
		break;
	case AGXT_MAP:
	case AGXT_UNMAP:
		handle = ((const struct agxt_map *)rec)->handle;
		break;
	case AGXT_RESULT:
		/* What is lost may have no name. */
		if (rec->flags & AGXT_RESULT_LOST)
			return 0;
		handle = ((const struct agxt_result *)rec)->handle;
		break;
	default:
		return 0;
	}
	event->object = named_object(state, rec->file, handle);
	if (event->object == STATE_NONE) {
		event->problem = "no buffer object of this name";
		event->value = handle;
	}
	return 0;
}
