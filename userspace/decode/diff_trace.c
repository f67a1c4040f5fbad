// SPDX-License-Identifier: MIT
/* Reads a trace: names, pages, and submissions through the decoder. Calls are in diff_calls.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "asahi_drm.h"
#include "diff_load.h"

#define MAX_REFS (1u << 28)

/* One more item at the end of an array; NULL: the store has failed. */
static void *grow(struct diff_store *store, void *items, size_t *count, size_t *capacity,
		  size_t size)
{
	void **array = items;

	if (diff_store_error(store))
		return NULL;
	if (*count == *capacity) {
		size_t larger = *capacity ? *capacity * 2 : 16;
		void *room = reallocarray(*array, larger, size);

		if (!room) {
			diff_store_fail(store, -ENOMEM);
			return NULL;
		}
		*array = room;
		*capacity = larger;
	}
	return memset((char *)*array + (*count)++ * size, 0, size);
}

static void keep_refs(struct diff_load *load, const uint32_t *refs, size_t count, size_t *at)
{
	struct diff_trace *trace = load->trace;

	*at = trace->num_refs;
	if (trace->refs_lost || !count)
		return;
	if (trace->num_refs + count > MAX_REFS) {
		trace->refs_lost = true;
		return;
	}
	if (trace->refs_capacity - trace->num_refs < count) {
		size_t capacity = trace->refs_capacity ? trace->refs_capacity : 1024;
		uint32_t *larger;

		while (capacity - trace->num_refs < count)
			capacity *= 2;
		larger = reallocarray(trace->refs, capacity, sizeof(*larger));
		if (!larger) {
			diff_store_fail(load->store, -ENOMEM);
			return;
		}
		trace->refs = larger;
		trace->refs_capacity = capacity;
	}
	memcpy(trace->refs + trace->num_refs, refs, count * sizeof(*refs));
	trace->num_refs += count;
}

void diff_load_item(struct diff_load *load, struct diff_list *list, uint32_t node, uint32_t number,
		    const uint32_t *refs)
{
	struct diff_item *item =
		grow(load->store, &list->items, &list->count, &list->capacity, sizeof(*item));

	if (!item)
		return;
	item->node = node;
	item->number = number;
	item->command = DIFF_NONE;
	keep_refs(load, refs, diff_node(load->store, node)->refs, &item->refs);
}

/* The number of a name that was met before, or the next one: count + 1. 0: the store has failed. */
static uint32_t numbered(struct diff_load *load, struct state_map *map, uint64_t key, size_t count)
{
	uint32_t known = state_map_get(map, key);

	if (known != STATE_NONE)
		return known;
	if (state_map_set(map, key, (uint32_t)count + 1)) {
		diff_store_fail(load->store, -ENOMEM);
		return 0;
	}
	return (uint32_t)count + 1;
}

static uint32_t file_number(struct diff_load *load, uint32_t file)
{
	uint32_t number;

	if (!file)
		return 0;
	number = numbered(load, &load->files, file, load->num_files);
	if (number == load->num_files + 1)
		grow(load->store, &load->file_buffers, &load->num_files, &load->files_capacity,
		     sizeof(*load->file_buffers));
	return number <= load->num_files ? number : 0;
}

size_t diff_load_lane(struct diff_load *load, const struct agx_trace_item *item)
{
	struct diff_trace *trace = load->trace;
	const struct agxt_record *rec = item->rec;
	const uint32_t key[3] = {item->stream, rec->file, rec->thread};
	uint32_t number =
		numbered(load, &load->lanes, XXH3_64bits(key, sizeof(key)), trace->num_lanes);
	uint32_t file = file_number(load, rec->file), threads = 0;
	struct diff_lane *lane;
	size_t i;

	if (number <= trace->num_lanes)
		return (size_t)number - 1;
	for (i = 0; i < trace->num_lanes && i < 1024; i++)
		threads += trace->lanes[i].file_number == file;
	lane = grow(load->store, &trace->lanes, &trace->num_lanes, &trace->lanes_capacity,
		    sizeof(*lane));
	if (!lane)
		return SIZE_MAX;
	lane->file_number = file;
	lane->thread_number = threads + 1;
	return trace->num_lanes - 1;
}

/*
 * Buffers.
 */

struct diff_buffer *diff_load_buffer(struct diff_load *load, uint32_t object)
{
	const struct trace_state *state = diff_load_state(load);
	struct diff_trace *trace = load->trace;
	const struct state_object *name;
	struct diff_buffer *buffer;

	if (object == STATE_NONE || object >= state->num_objects)
		return NULL;
	name = &state->objects[object];
	if (name->type != AGX_OBJECT_GEM || name->share >= DIFF_REF_INDEX(UINT32_MAX))
		return NULL;
	while (trace->num_buffers <= name->share) {
		buffer = grow(load->store, &trace->buffers, &trace->num_buffers,
			      &trace->buffers_capacity, sizeof(*buffer));
		if (!buffer)
			return NULL;
		buffer->object = DIFF_NONE;
	}
	buffer = &trace->buffers[name->share];
	if (buffer->object == DIFF_NONE) {
		uint32_t file = file_number(load, name->file);

		buffer->object = object;
		buffer->file_number = file;
		buffer->number = file ? ++load->file_buffers[file - 1] : 0;
	}
	if (!buffer->size)
		buffer->size = name->size;
	return buffer;
}

uint32_t diff_load_buffer_ref(struct diff_load *load, uint32_t object)
{
	struct diff_buffer *buffer = diff_load_buffer(load, object);

	if (!buffer)
		return DIFF_REF_UNKNOWN << 28;
	return (uint32_t)DIFF_REF_BUFFER << 28 | (uint32_t)(buffer - load->trace->buffers);
}

uint32_t diff_load_object_ref(struct diff_load *load, uint32_t object)
{
	const struct trace_state *state = diff_load_state(load);

	if (object == STATE_NONE || object >= state->num_objects)
		return DIFF_REF_UNKNOWN << 28;
	if (state->objects[object].type == AGX_OBJECT_GEM)
		return diff_load_buffer_ref(load, object);
	return (uint32_t)DIFF_REF_OBJECT << 28 | DIFF_REF_INDEX(object);
}

/* What is mapped at the address in any address space of the file. */
const struct state_binding *diff_load_bound(const struct diff_load *load, uint32_t file,
					    uint64_t address)
{
	const struct trace_state *state = diff_load_state(load);
	uint32_t i;

	if (address < load->lowest || address >= load->highest)
		return NULL;
	for (i = 0; i < load->num_vms; i++) {
		const struct state_vm *vm = &state->vms[load->vms[i]];
		const struct state_binding *binding;

		if (state->objects[vm->object].file != file || !state->objects[vm->object].live)
			continue;
		binding = state_lookup(state, vm->object, address);
		if (binding)
			return binding;
	}
	return NULL;
}

/* Hash of a page in which every word that is an address is the same. */
static uint64_t page_hash(const struct diff_load *load, uint32_t file, const uint8_t *page)
{
	uint8_t copy[AGXT_PAGE_SIZE];
	bool copied = false;
	size_t at;

	for (at = 0; at + 8 <= AGXT_PAGE_SIZE; at += 4) {
		uint64_t word;

		memcpy(&word, page + at, sizeof(word));
		if (word < load->lowest || word >= load->highest ||
		    !diff_load_bound(load, file, word))
			continue;
		if (!copied) {
			memcpy(copy, page, sizeof(copy));
			copied = true;
		}
		word = DIFF_ADDRESS_WORD;
		memcpy(copy + at, &word, sizeof(word));
		at += 4;
	}
	return XXH3_64bits(copied ? copy : page, AGXT_PAGE_SIZE);
}

static void take_pages(struct diff_load *load, const struct agx_decode_step *step)
{
	const struct agxt_pages *pages = (const void *)step->item.rec;
	struct diff_buffer *buffer = diff_load_buffer(load, step->event.object);
	uint64_t first = 0;
	uint32_t record = load->page_records++;
	uint32_t i;

	if (!buffer || (pages->rec.flags & AGXT_PAGES_RESULT))
		return;
	load->trace->pages += pages->count;
	for (i = 0; i < pages->count; i++) {
		uint8_t buf[AGXT_PAGE_SIZE];
		uint64_t hash = agx_trace_page_is_zero(&step->item, i)
					? 0
					: page_hash(load, pages->rec.file,
						    agx_trace_page(&step->item, i, buf));
		struct diff_page *page;

		first = (first ^ hash) * 0x9e3779b97f4a7c15u;
		if (load->kept_pages >= DIFF_MAX_PAGES) {
			buffer->beyond = (buffer->beyond ^ hash ^ (pages->first_page + i)) *
						 0x9e3779b97f4a7c15u +
					 1;
			continue;
		}
		load->kept_pages++;
		page = grow(load->store, &buffer->pages, &buffer->count, &buffer->capacity,
			    sizeof(*page));
		if (!page)
			return;
		*page = (struct diff_page){
			.page = pages->first_page + i,
			.hash = hash,
			.submits = (uint32_t)load->trace->submits,
			.record = record,
		};
	}
	if (!buffer->first)
		buffer->first = first | 1;
}

/*
 * Submissions.
 */

static uint32_t target_object(void *cookie, const struct agx_decode_place *place)
{
	struct diff_load *load = cookie;

	return diff_load_buffer_ref(load, state_find(diff_load_state(load), place->file,
						     AGX_OBJECT_GEM, place->handle));
}

static void target_decoded(void *cookie, uint64_t address)
{
	struct diff_load *load = cookie;
	struct agx_decode_place place;
	struct diff_buffer *buffer;

	if (!load->submit->memory.resolve(load->submit->memory.cookie, address, &place))
		return;
	buffer = diff_load_buffer(
		load, state_find(diff_load_state(load), place.file, AGX_OBJECT_GEM, place.handle));
	if (buffer)
		buffer->decoded = true;
}

static bool target_is_address(void *cookie, uint64_t word)
{
	struct diff_load *load = cookie;

	return diff_load_bound(load, load->submit->file, word);
}

static void target_submit(void *cookie, uint64_t number, uint32_t node, const uint32_t *refs)
{
	struct diff_load *load = cookie;
	struct diff_trace *trace = load->trace;
	const struct agx_decode_submit *submit = load->submit;
	uint32_t object = state_find(diff_load_state(load), submit->file, AGX_OBJECT_QUEUE,
				     submit->args.queue_id);
	uint32_t in_file = 1, file = file_number(load, submit->file), found;
	struct diff_queue *queue;
	size_t i;

	found = numbered(load, &load->queues, (uint64_t)file << 32 | object, trace->num_queues);
	if (!found)
		return;
	if (found > trace->num_queues) {
		for (i = 0; i < trace->num_queues && i < 1024; i++)
			in_file += trace->queues[i].file_number == file;
		queue = grow(load->store, &trace->queues, &trace->num_queues,
			     &trace->queues_capacity, sizeof(*queue));
		if (!queue)
			return;
		queue->object = object;
		queue->file_number = file;
		queue->number = in_file;
	}
	queue = &trace->queues[found - 1];
	diff_load_item(load, &queue->submits, node, (uint32_t)number, refs);
}

/* Files that submit are counted for themselves: programs open devices to look at them, too. */
static void target_command(void *cookie, uint64_t number, uint32_t command, uint32_t node)
{
	struct diff_load *load = cookie;
	struct diff_trace *trace = load->trace;
	uint32_t found = numbered(load, &load->queues, load->submit->file, trace->num_queues);
	struct diff_queue *queue;
	struct diff_list *list;

	if (!found)
		return;
	if (found > trace->num_queues) {
		queue = grow(load->store, &trace->queues, &trace->num_queues,
			     &trace->queues_capacity, sizeof(*queue));
		if (!queue)
			return;
		queue->object = DIFF_NONE;
		queue->file_number = found;
		queue->number = 1;
	}
	list = &trace->queues[found - 1].submits;
	diff_load_item(load, list, node, (uint32_t)number, NULL);
	if (!diff_store_error(load->store))
		list->items[list->count - 1].command = command;
}

static int start_decoder(struct diff_load *load)
{
	const struct drm_asahi_params_global *gpu = agx_decode_trace_gpu(load->view);
	struct agx_decode_config config = {
		.generation = gpu->gpu_generation,
		.clusters = gpu->num_clusters_total,
		.memory = true,
		.repeat = true,
		.all_commands = true,
	};
	struct diff_collect_target target = {
		.cookie = load,
		.object = target_object,
		.decoded = target_decoded,
		.submit = target_submit,
		.is_address = target_is_address,
		.command = load->work ? target_command : NULL,
	};

	load->collect = diff_collect_create(load->store, &target);
	if (!load->collect)
		return -ENOMEM;
	load->decode = agx_decode_create(&config, diff_collect_sink(load->collect));
	return load->decode ? 0 : -ENOMEM;
}

static int take_submit(struct diff_load *load, const struct agx_decode_step *step)
{
	int ret = 0;

	if (!load->decode)
		ret = start_decoder(load);
	if (ret)
		return ret;
	load->submit = &step->submit;
	return agx_decode_submit(load->decode, &step->submit);
}

static int take(struct diff_load *load, const struct agx_decode_step *step, bool decode)
{
	const struct agxt_record *rec = step->item.rec;
	int ret = 0;

	switch (rec->type) {
	case AGXT_OPEN:
		file_number(load, rec->file);
		break;
	case AGXT_META: {
		const struct agxt_meta *meta = (const void *)rec;

		if (meta->key == AGXT_META_SOC)
			snprintf(load->trace->soc, sizeof(load->trace->soc), "%.*s",
				 meta->size < 31 ? (int)meta->size : 31, (const char *)(meta + 1));
		break;
	}
	case AGXT_PAGES:
		if (!load->work)
			take_pages(load, step);
		break;
	case AGXT_CALL:
		if (step->is_submit && decode)
			ret = take_submit(load, step);
		diff_load_call(load, step);
		load->trace->submits += step->is_submit;
		break;
	case AGXT_RETURN:
		diff_load_return(load, step);
		break;
	case AGXT_MARKER:
		load->trace->frames +=
			((const struct agxt_marker *)rec)->kind == AGXT_MARKER_PRESENT;
		break;
	default:
		break;
	}
	return ret ? ret : diff_store_error(load->store);
}

int diff_trace_load(struct diff_store *store, unsigned int side, const char *path,
		    const struct diff_trace_params *params, struct diff_trace **out,
		    struct agx_trace_error *error)
{
	struct agx_decode_trace_params view = {
		.force = params->force,
		.damage = params->damage,
		.damage_data = params->damage_data,
	};
	bool decode = params->topics[DIFF_STATE] || params->topics[DIFF_DESCRIPTORS] ||
		      params->topics[DIFF_SHADERS] || params->topics[DIFF_MEMORY] ||
		      params->topics[DIFF_IOCTLS];
	struct diff_load load = {.store = store, .lowest = UINT64_MAX, .work = params->work};
	struct agx_trace_info info;
	struct agx_decode_step step;
	int ret;

	*out = NULL;
	ret = agx_decode_trace_open(path, &view, &load.view, error);
	if (ret)
		return ret;
	diff_store_side(store, side);
	load.builder = diff_builder_create(store);
	load.trace = calloc(1, sizeof(*load.trace));
	load.pending = calloc(DIFF_MAX_PENDING, sizeof(*load.pending));
	if (!load.builder || !load.trace || !load.pending) {
		ret = -ENOMEM;
		goto out;
	}
	*load.trace = (struct diff_trace){.store = store, .side = side, .path = strdup(path)};
	if (!load.trace->path)
		ret = -ENOMEM;
	while (!ret && (ret = agx_decode_trace_step(load.view, &step, error)) > 0)
		ret = take(&load, &step, decode);
	if (!ret) {
		diff_load_unfinished(&load);
		ret = diff_store_error(store);
	}
	agx_trace_reader_info(agx_decode_trace_reader(load.view), &info);
	load.trace->truncated = info.truncated;
	load.trace->lowest = load.lowest;
	load.trace->highest = load.highest;
	if (load.decode)
		load.trace->stats = *agx_decode_stats(load.decode);
out:
	while (load.num_pending)
		free(load.pending[--load.num_pending].refs);
	free(load.pending);
	free(load.files.slots);
	free(load.lanes.slots);
	free(load.queues.slots);
	free(load.file_buffers);
	diff_builder_destroy(load.builder);
	agx_decode_destroy(load.decode);
	diff_collect_destroy(load.collect);
	agx_decode_trace_close(load.view);
	if (ret) {
		diff_trace_destroy(load.trace);
		return ret;
	}
	*out = load.trace;
	return 0;
}

void diff_trace_destroy(struct diff_trace *trace)
{
	size_t i;

	if (!trace)
		return;
	for (i = 0; i < trace->num_lanes; i++)
		free(trace->lanes[i].calls.items);
	for (i = 0; i < trace->num_queues; i++)
		free(trace->queues[i].submits.items);
	for (i = 0; i < trace->num_buffers; i++)
		free(trace->buffers[i].pages);
	free(trace->lanes);
	free(trace->queues);
	free(trace->buffers);
	free(trace->refs);
	free(trace->path);
	free(trace);
}
