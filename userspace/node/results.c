// SPDX-License-Identifier: MIT
/*
 * From the pages that a launch has changed to ranges of the client's objects, with digests.
 *
 * A range is what lies between the first and the last changed byte of consecutive pages of one object. Its digest
 * covers the changed bytes alone, line by line: docs/trace-format.md, RESULT.
 */
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "agx_chip.h"
#include "changes.h"
#include "exec_gpu.h"
#include "machine.h"
#include "mapping.h"
#include "node_internal.h"
#include "ram.h"

/* What is hashed of a line of the object in which something was changed. */
struct line {
	uint64_t offset;                 /* in the object */
	uint64_t mask;                   /* bit i: byte i was changed */
	uint8_t bytes[AGX_CHANGES_LINE]; /* the others are 0 */
};

static struct agx_bo *object_of(const struct agx_vm *vm, const struct agx_changed_page *page,
				uint64_t *offset)
{
	const struct agx_mapping *mapping = agx_mapping_find(vm, page->address);
	uint64_t ram = page->pa - AGX_RAM_BASE;

	if (!mapping || page->address < mapping->start || ram < mapping->bo->ram ||
	    ram - mapping->bo->ram >= mapping->bo->size)
		return NULL;
	*offset = ram - mapping->bo->ram;
	return mapping->bo;
}

#define BATCH 64

struct hasher {
	XXH3_state_t state;
	struct line lines[BATCH];
	unsigned int count;
};

static void flush(struct hasher *hasher)
{
	XXH3_128bits_update(&hasher->state, hasher->lines,
			    hasher->count * sizeof(hasher->lines[0]));
	hasher->count = 0;
}

static void hash_line(struct hasher *hasher, uint64_t offset, uint64_t mask, const uint8_t *bytes)
{
	struct line *line = &hasher->lines[hasher->count++];

	line->offset = offset;
	line->mask = mask;
	if (mask == UINT64_MAX)
		memcpy(line->bytes, bytes, AGX_CHANGES_LINE);
	for (unsigned int i = 0; mask != UINT64_MAX && i < AGX_CHANGES_LINE; i++)
		line->bytes[i] = mask >> i & 1 ? bytes[i] : 0;
	if (hasher->count == BATCH)
		flush(hasher);
}

/* The range of count pages; offset: of the first. */
static void describe(struct agx_node_result *result, const struct agx_changed_page *pages,
		     size_t count, uint64_t offset)
{
	uint64_t first = UINT64_MAX, last = 0;
	XXH128_canonical_t digest;
	struct hasher hasher = {.count = 0};

	result->start = offset;
	result->memory = pages->memory;
	result->mask = pages->mask;
	result->changed = 0;
	XXH3_128bits_reset(&hasher.state);
	for (size_t i = 0; i < count * AGX_CHANGES_LINES; i++) {
		const uint64_t mask = result->mask[i], at = i * AGX_CHANGES_LINE;

		if (!mask)
			continue;
		hash_line(&hasher, offset + at, mask, result->memory + at);
		result->changed += (unsigned int)__builtin_popcountll(mask);
		if (first == UINT64_MAX)
			first = at + (unsigned int)__builtin_ctzll(mask);
		last = at + 63 - (unsigned int)__builtin_clzll(mask);
	}
	flush(&hasher);
	XXH128_canonicalFromHash(&digest, XXH3_128bits_digest(&hasher.state));
	memcpy(result->digest, digest.digest, sizeof(result->digest));
	result->offset = offset + first;
	result->size = last - first + 1;
	result->address = pages->address + first;
}

static bool follows(const struct agx_changed_page *page)
{
	return page[0].pa == page[-1].pa + AGX_CHANGES_PAGE &&
	       page[0].memory == page[-1].memory + AGX_CHANGES_PAGE;
}

static bool make_room(struct agx_machine *machine, size_t count)
{
	if (machine->max_results >= count)
		return true;
	free(machine->results);
	machine->results = calloc(count, sizeof(*machine->results));
	machine->max_results = machine->results ? count : 0;
	return machine->results != NULL;
}

static void fill_results(struct agx_machine *machine, const struct agx_chip_launch *from,
			 const struct agx_vm *vm, struct agx_node_launch *launch)
{
	size_t i = 0, next;

	if (!from->count)
		return;
	if (!vm || !vm->file || !make_room(machine, from->count)) {
		launch->lost = true;
		return;
	}
	launch->file = vm->file;
	launch->results = machine->results;
	for (; i < from->count; i = next) {
		struct agx_node_result *result = &machine->results[launch->count];
		uint64_t offset = 0, other;
		struct agx_bo *bo = object_of(vm, &from->pages[i], &offset);

		next = i + 1;
		result->handle = bo ? agx_bo_find_handle(bo, vm->file) : 0;
		if (!result->handle) {
			launch->lost = true;
			continue;
		}
		while (next < from->count && follows(&from->pages[next]) &&
		       object_of(vm, &from->pages[next], &other) == bo)
			next++;
		describe(result, &from->pages[i], next - i, offset);
		launch->count++;
	}
}

void agx_machine_launched(struct agx_machine *machine, const struct agx_chip_launch *from)
{
	const struct agx_node_config *config = &machine->node->config;
	struct agx_node_launch launch = {.what = from->what, .lost = from->lost};
	struct agx_vm *vm = NULL;

	if (!agx_engine_find_launch(machine, &from->what->place, &launch, &vm))
		launch.lost = config->results;
	else if (config->results)
		fill_results(machine, from, vm, &launch);
	config->launched(config->launched_data, &launch);
}

void agx_machine_free_results(struct agx_machine *machine)
{
	free(machine->results);
	machine->results = NULL;
	machine->max_results = 0;
}
