// SPDX-License-Identifier: MIT
#include "changes.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Snapshots that are not given back to the host between launches. */
#define SPARE_MAX 1024

struct snapshot {
	struct snapshot *next; /* spare */
	uint8_t bytes[AGX_CHANGES_PAGE];
};

struct entry {
	uint64_t address, pa;
	const uint8_t *memory;
	struct snapshot *before; /* NULL: not kept */
};

struct agx_changes {
	pthread_mutex_t lock; /* of what notes change */
	struct entry *entries;
	size_t count, capacity;
	uint32_t *slots; /* by pa: number of an entry + 1; 0: free */
	size_t size;     /* of slots, a power of two */
	struct snapshot *spare;
	size_t spares;
	bool lost;

	/* What was given out last. */
	struct agx_changed_page *pages;
	uint64_t *masks;
	size_t room;
};

struct agx_changes *agx_changes_new(void)
{
	struct agx_changes *changes = calloc(1, sizeof(*changes));

	if (changes && pthread_mutex_init(&changes->lock, NULL)) {
		free(changes);
		return NULL;
	}
	return changes;
}

void agx_changes_free(struct agx_changes *changes)
{
	struct snapshot *snapshot;

	if (!changes)
		return;
	for (size_t i = 0; i < changes->count; i++)
		free(changes->entries[i].before);
	while ((snapshot = changes->spare)) {
		changes->spare = snapshot->next;
		free(snapshot);
	}
	pthread_mutex_destroy(&changes->lock);
	free(changes->entries);
	free(changes->slots);
	free(changes->pages);
	free(changes->masks);
	free(changes);
}

static size_t hash(uint64_t pa)
{
	return (size_t)((pa / AGX_CHANGES_PAGE * 0x9e3779b97f4a7c15ull) >> 32);
}

/* The slot of a page, or the free one that is for it. */
static uint32_t *find_slot(const struct agx_changes *changes, uint64_t pa)
{
	size_t i = hash(pa);
	uint32_t *slot;

	for (;; i++) {
		slot = &changes->slots[i & (changes->size - 1)];
		if (!*slot || changes->entries[*slot - 1].pa == pa)
			return slot;
	}
}

static bool grow(struct agx_changes *changes)
{
	const size_t capacity = changes->capacity ? 2 * changes->capacity : 256;
	struct entry *entries;
	uint32_t *slots;

	if (capacity > UINT32_MAX / 2)
		return false;
	entries = reallocarray(changes->entries, capacity, sizeof(*entries));
	if (!entries)
		return false;
	changes->entries = entries;
	slots = calloc(2 * capacity, sizeof(*slots));
	if (!slots)
		return false;
	free(changes->slots);
	changes->slots = slots;
	changes->size = 2 * capacity;
	changes->capacity = capacity;
	for (size_t i = 0; i < changes->count; i++)
		*find_slot(changes, entries[i].pa) = (uint32_t)i + 1;
	return true;
}

static struct snapshot *take_snapshot(struct agx_changes *changes, const uint8_t *page)
{
	struct snapshot *snapshot = changes->spare;

	if (snapshot) {
		changes->spare = snapshot->next;
		changes->spares--;
	} else {
		snapshot = malloc(sizeof(*snapshot));
	}
	if (snapshot)
		memcpy(snapshot->bytes, page, sizeof(snapshot->bytes));
	return snapshot;
}

static void note(struct agx_changes *changes, uint64_t address, uint64_t pa, const uint8_t *page)
{
	struct entry *entry;
	uint32_t *slot;

	if (changes->lost)
		return;
	if (changes->count == changes->capacity && !grow(changes)) {
		changes->lost = true;
		return;
	}
	slot = find_slot(changes, pa);
	if (*slot)
		return;
	entry = &changes->entries[changes->count];
	*entry = (struct entry){.address = address, .pa = pa, .memory = page};
	if (changes->count < AGX_CHANGES_MAX_KEPT) {
		entry->before = take_snapshot(changes, page);
		changes->lost |= !entry->before;
	}
	*slot = (uint32_t)++changes->count;
}

void agx_changes_note(struct agx_changes *changes, uint64_t address, uint64_t pa,
		      const uint8_t *page)
{
	pthread_mutex_lock(&changes->lock);
	note(changes, address, pa, page);
	pthread_mutex_unlock(&changes->lock);
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return (x->pa > y->pa) - (x->pa < y->pa);
}

static uint64_t compare_line(const uint8_t *a, const uint8_t *b)
{
	uint64_t mask = 0;

	for (unsigned int i = 0; i < AGX_CHANGES_LINE; i++)
		mask |= (uint64_t)(a[i] != b[i]) << i;
	return mask;
}

/* False: it is as it was. */
static bool compare_page(const struct entry *entry, bool whole, uint64_t *mask)
{
	bool any = false;

	if (whole) {
		memset(mask, 0xff, AGX_CHANGES_LINES * sizeof(*mask));
		return true;
	}
	for (unsigned int i = 0; i < AGX_CHANGES_LINES; i++) {
		const uint8_t *now = entry->memory + i * AGX_CHANGES_LINE;
		const uint8_t *before = entry->before->bytes + i * AGX_CHANGES_LINE;

		mask[i] = memcmp(now, before, AGX_CHANGES_LINE) ? compare_line(now, before) : 0;
		any |= mask[i] != 0;
	}
	return any;
}

static bool make_room(struct agx_changes *changes)
{
	if (changes->room >= changes->count)
		return true;
	free(changes->pages);
	free(changes->masks);
	changes->room = 0;
	changes->pages = calloc(changes->capacity, sizeof(*changes->pages));
	changes->masks = calloc(changes->capacity, AGX_CHANGES_LINES * sizeof(*changes->masks));
	if (!changes->pages || !changes->masks)
		return false;
	changes->room = changes->capacity;
	return true;
}

static void clear(struct agx_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		struct snapshot *snapshot = changes->entries[i].before;

		if (!snapshot)
			continue;
		if (changes->spares >= SPARE_MAX) {
			free(snapshot);
			continue;
		}
		snapshot->next = changes->spare;
		changes->spare = snapshot;
		changes->spares++;
	}
	changes->count = 0;
	changes->lost = false;
	if (changes->slots)
		memset(changes->slots, 0, changes->size * sizeof(*changes->slots));
}

bool agx_changes_take(struct agx_changes *changes, const struct agx_changed_page **pages,
		      size_t *count)
{
	const bool whole = changes->count > AGX_CHANGES_MAX_KEPT;
	const bool known = !changes->lost && make_room(changes);
	size_t found = 0;

	if (known && changes->count)
		qsort(changes->entries, changes->count, sizeof(*changes->entries), compare_entries);
	for (size_t i = 0; known && i < changes->count; i++) {
		const struct entry *entry = &changes->entries[i];
		uint64_t *mask = &changes->masks[found * AGX_CHANGES_LINES];

		if (!compare_page(entry, whole, mask))
			continue;
		changes->pages[found++] = (struct agx_changed_page){
			.address = entry->address,
			.pa = entry->pa,
			.memory = entry->memory,
			.mask = mask,
		};
	}
	*pages = changes->pages;
	*count = found;
	clear(changes);
	return known;
}
