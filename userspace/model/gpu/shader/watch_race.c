// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "watch_race.h"

#define WORD        4u
#define PAGE_BYTES  4096u /* of memory that one page of shadow memory stands for */
#define PAGE_WORDS  (PAGE_BYTES / WORD)
#define BUCKETS     4096u
#define SYNCS       (1u << 20) /* pairs of threadgroup and atomic word; a power of two */
#define SYNC_PROBES 16u
#define WORDS_MAX   256u /* atomic words of the current threadgroup */
#define NONE        UINT32_MAX

#define WHO_VALID  (1u << 31)
#define WHO_ATOMIC (1u << 30)
#define WHO_OP     10 /* index of the operation, 20 bits; below it the thread */

/* An access. Groups are numbered through all launches since the shadow was last cleared. */
struct record {
	uint32_t group;
	uint32_t epoch; /* barriers of the group before it */
	uint32_t who;
};

struct cell {
	struct record write, write_other;
	struct record read, read_sibling, read_other;
	uint32_t bytes; /* 1 + index of the word's cells of bytes; 0: none */
};

struct page {
	uint64_t number;
	uint32_t next;
	struct cell *cells;
};

struct agx_race {
	/* Shadow pages of device memory; a region of address space that is touched as it is needed. */
	struct cell *cells;
	size_t region;
	struct page *pages;
	uint32_t page_count, page_max;
	uint32_t buckets[BUCKETS];
	struct cell *local; /* of threadgroup memory */

	struct cell *split; /* four cells for each word that is accessed by the byte */
	uint32_t split_count, split_max;

	uint64_t *syncs; /* hash of group and word; 0: free */
	uint32_t sync_count;

	uint32_t base; /* number of the launch's group 0 */
	uint64_t groups;
	uint32_t group, epoch;
	uint64_t words[WORDS_MAX]; /* that the current group has accessed atomically */
	uint32_t word_count;

	bool limited, told;
	uint64_t limit_address;
};

static void *reserve(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void release(void *memory, size_t size)
{
	if (memory)
		munmap(memory, size);
}

static size_t split_size(const struct agx_race *race)
{
	return (size_t)race->split_max * WORD * sizeof(struct cell);
}

#define LOCAL_SIZE (AGX_LOCAL_MEMORY / WORD * sizeof(struct cell))

struct agx_race *agx_race_create(uint64_t memory)
{
	struct agx_race *race = calloc(1, sizeof(*race));
	const uint64_t page = PAGE_WORDS * sizeof(struct cell);

	if (!race)
		return NULL;
	if (memory > 1ull << 40)
		memory = 1ull << 40;
	/* An eighth for words that are split. */
	race->page_max = (uint32_t)(memory / 8 * 7 / page) + 1;
	race->split_max = (uint32_t)(memory / 8 / (WORD * sizeof(struct cell))) + 1;
	race->region = race->page_max * page;
	race->cells = reserve(race->region);
	race->split = reserve(split_size(race));
	race->local = reserve(LOCAL_SIZE);
	race->pages = calloc(race->page_max, sizeof(*race->pages));
	race->syncs = reserve(SYNCS * sizeof(*race->syncs));
	if (!race->cells || !race->split || !race->local || !race->pages || !race->syncs) {
		agx_race_destroy(race);
		return NULL;
	}
	memset(race->buckets, 0xff, sizeof(race->buckets));
	return race;
}

void agx_race_destroy(struct agx_race *race)
{
	if (!race)
		return;
	release(race->cells, race->region);
	release(race->split, split_size(race));
	release(race->local, LOCAL_SIZE);
	release(race->syncs, SYNCS * sizeof(*race->syncs));
	free(race->pages);
	free(race);
}

/* Pages of zeros again. */
static void clear(void *memory, size_t size)
{
	if (madvise(memory, size, MADV_DONTNEED))
		memset(memory, 0, size);
}

static void forget(struct agx_race *race)
{
	clear(race->cells, race->region);
	clear(race->split, split_size(race));
	clear(race->local, LOCAL_SIZE);
	memset(race->buckets, 0xff, sizeof(race->buckets));
	race->page_count = race->split_count = 0;
	race->base = 0;
	race->groups = 0;
}

void agx_race_launch(struct agx_race *race, uint64_t groups)
{
	/* Records of earlier launches are told by their groups; that ends with their numbers. */
	if (race->page_count > race->page_max / 2 || race->split_count ||
	    groups + race->groups > UINT32_MAX - race->base)
		forget(race);
	else
		race->base += (uint32_t)race->groups;
	race->groups = groups < UINT32_MAX ? groups : UINT32_MAX;
	if (race->sync_count) {
		clear(race->syncs, SYNCS * sizeof(*race->syncs));
		race->sync_count = 0;
	}
	race->limited = race->told = false;
	race->group = NONE;
}

void agx_race_group(struct agx_race *race, uint64_t number)
{
	race->group = race->base + (uint32_t)number;
	race->epoch = 0;
	race->word_count = 0;
}

void agx_race_barrier(struct agx_race *race)
{
	race->epoch++;
}

bool agx_race_limited(struct agx_race *race, uint64_t *address)
{
	if (!race->limited || race->told)
		return false;
	race->told = true;
	*address = race->limit_address;
	return true;
}

static void limit(struct agx_race *race, uint64_t address)
{
	if (!race->limited)
		race->limit_address = address;
	race->limited = true;
}

/* --- Shadow memory --- */

/* Of an address, rounded down to the word; NULL: no room. */
static struct cell *cell_of(struct agx_race *race, bool local, uint64_t address)
{
	const uint64_t number = address / PAGE_BYTES;
	uint32_t *bucket = &race->buckets[(number ^ number >> 12) % BUCKETS], i;
	struct page *page;

	if (local)
		return &race->local[address % AGX_LOCAL_MEMORY / WORD];
	for (i = *bucket; i != NONE && race->pages[i].number != number; i = race->pages[i].next)
		;
	if (i == NONE) {
		if (race->page_count == race->page_max) {
			limit(race, address);
			return NULL;
		}
		i = race->page_count++;
		page = &race->pages[i];
		page->number = number;
		page->cells = race->cells + (size_t)i * PAGE_WORDS;
		page->next = *bucket;
		*bucket = i;
	}
	return &race->pages[i].cells[address % PAGE_BYTES / WORD];
}

static struct cell *bytes_of(struct agx_race *race, const struct cell *cell)
{
	return cell->bytes ? &race->split[(size_t)(cell->bytes - 1) * WORD] : NULL;
}

/* From now on there is a cell for each byte of the word. False: no room. */
static bool split(struct agx_race *race, struct cell *cell, uint64_t address)
{
	struct cell *bytes;

	if (cell->bytes)
		return true;
	if (race->split_count == race->split_max) {
		limit(race, address);
		return false;
	}
	bytes = &race->split[(size_t)race->split_count * WORD];
	for (unsigned int i = 0; i < WORD; i++)
		bytes[i] = *cell;
	cell->bytes = ++race->split_count;
	return true;
}

/* --- Atomics that order --- */

static uint64_t sync_key(uint32_t group, uint64_t word)
{
	uint64_t key = (word / WORD + 1) * 0x9e3779b97f4a7c15 ^ (uint64_t)(group + 1) << 32;

	key = (key ^ key >> 29) * 0xbf58476d1ce4e5b9;
	return (key ^ key >> 32) | 1;
}

/* Notes that a group has accessed a word atomically; look: only says whether it has. */
static bool sync_has(struct agx_race *race, uint32_t group, uint64_t word, bool look)
{
	const uint64_t key = sync_key(group, word);

	for (uint32_t i = 0; i < SYNC_PROBES; i++) {
		uint64_t *slot = &race->syncs[(key + i) % SYNCS];

		if (*slot == key)
			return true;
		if (*slot)
			continue;
		if (!look) {
			*slot = key;
			race->sync_count++;
		}
		return false;
	}
	return false;
}

static void note_atomic(struct agx_race *race, uint64_t address)
{
	for (uint32_t i = 0; i < race->word_count; i++)
		if (race->words[i] == address)
			return;
	if (race->word_count < WORDS_MAX)
		race->words[race->word_count++] = address;
	sync_has(race, race->group, address, false);
}

static bool atomics_order(struct agx_race *race, uint32_t group)
{
	for (uint32_t i = 0; i < race->word_count; i++)
		if (sync_has(race, group, race->words[i], true))
			return true;
	return false;
}

/* --- The rule --- */

struct check {
	struct agx_race *race;
	bool local, store, load, atomic, silent;
	struct record now;
	uint32_t simd;
	struct agx_race_conflict *conflict;
	bool found;
};

static uint32_t thread_of(const struct record *record)
{
	return record->who & ((1u << WHO_OP) - 1);
}

static struct agx_race_side side_of(const struct agx_race *race, const struct record *record,
				    bool write)
{
	return (struct agx_race_side){
		.group = record->group - race->base,
		.thread = thread_of(record),
		.op = record->who >> WHO_OP & 0xfffff,
		.write = write,
		.atomic = record->who & WHO_ATOMIC,
	};
}

/* Is the record of this launch and, in threadgroup memory, of this group? */
static bool counts(const struct check *check, const struct record *record)
{
	if (!(record->who & WHO_VALID))
		return false;
	return check->local ? record->group == check->now.group
			    : record->group >= check->race->base;
}

static void compare(struct check *check, const struct record *record, bool write, uint64_t address)
{
	const bool atomic = record->who & WHO_ATOMIC;
	const char *rule;

	if (check->found || !counts(check, record) || (atomic && check->atomic))
		return;
	if (record->group == check->now.group) {
		if (record->epoch != check->now.epoch ||
		    thread_of(record) / AGX_LANES == check->simd)
			return;
		rule = "two SIMD groups, no barrier between";
	} else {
		if (atomics_order(check->race, record->group))
			return;
		rule = "two threadgroups";
	}
	if (write && check->store && !check->load && check->silent && !atomic)
		return;
	check->found = true;
	*check->conflict = (struct agx_race_conflict){
		.address = address,
		.first = side_of(check->race, record, write),
		.second = side_of(check->race, &check->now, check->store),
		.rule = rule,
	};
}

/* By another SIMD group than the current one? */
static bool is_other(const struct check *check, const struct record *record)
{
	return record->group != check->now.group || thread_of(record) / AGX_LANES != check->simd;
}

static void note_read(const struct check *check, struct cell *cell)
{
	if (!counts(check, &cell->read)) {
		cell->read_sibling.who = cell->read_other.who = 0;
	} else if (cell->read.group != check->now.group) {
		cell->read_other = cell->read;
		cell->read_sibling.who = 0;
	} else if (is_other(check, &cell->read)) {
		cell->read_sibling = cell->read;
	}
	cell->read = check->now;
}

static void note_write(const struct check *check, struct cell *cell)
{
	if (counts(check, &cell->write) && is_other(check, &cell->write))
		cell->write_other = cell->write;
	cell->write = check->now;
}

static void visit(struct check *check, struct cell *cell, uint64_t address)
{
	compare(check, &cell->write, true, address);
	compare(check, &cell->write_other, true, address);
	if (check->store) {
		compare(check, &cell->read, false, address);
		compare(check, &cell->read_sibling, false, address);
		compare(check, &cell->read_other, false, address);
	}
	if (check->store)
		note_write(check, cell);
	else
		note_read(check, cell);
}

/* One element; it does not cross words. */
static void visit_element(struct check *check, uint64_t address, unsigned int size)
{
	struct cell *cell = cell_of(check->race, check->local, address), *bytes;

	if (!cell)
		return;
	if (size < WORD && !split(check->race, cell, address))
		return;
	bytes = bytes_of(check->race, cell);
	if (!bytes) {
		visit(check, cell, address);
		return;
	}
	for (unsigned int i = 0; i < size; i++)
		visit(check, &bytes[(address + i) % WORD], address + i);
}

/* Two lanes of one store that write the same bytes. */
static bool lanes_overlap(const struct agx_watch_access *access, uint32_t lanes, unsigned int *a,
			  unsigned int *b, uint64_t *address)
{
	const uint64_t span = access->offset[access->count - 1] + access->size;
	uint64_t last = 0;
	bool sorted = true, any = false;

	for (unsigned int i = 0; i < AGX_LANES; i++) {
		if (!(lanes >> i & 1))
			continue;
		sorted &= !any || access->address[i] >= last + span;
		last = access->address[i];
		any = true;
	}
	if (sorted)
		return false;
	for (*b = 1; *b < AGX_LANES; (*b)++) {
		for (*a = 0; *a < *b; (*a)++) {
			const uint64_t x = access->address[*a], y = access->address[*b];

			if (!(lanes >> *a & lanes >> *b & 1) || x >= y + span || y >= x + span)
				continue;
			for (unsigned int i = 0; i < access->count * access->count; i++) {
				const uint64_t at = x + access->offset[i / access->count];
				const uint64_t other = y + access->offset[i % access->count];

				*address = at > other ? at : other;
				if (at < other + access->size && other < at + access->size)
					return true;
			}
		}
	}
	return false;
}

bool agx_race_access(struct agx_race *race, const struct agx_watch_access *access, uint32_t simd,
		     uint32_t op, uint32_t mapped, uint32_t silent, bool same,
		     struct agx_race_conflict *conflict)
{
	const uint32_t lanes = access->lanes & mapped;
	struct check check = {
		.race = race,
		.local = access->space == AGX_WATCH_LOCAL,
		.store = access->kind != AGX_WATCH_LOAD,
		.load = access->kind != AGX_WATCH_STORE,
		.atomic = access->kind == AGX_WATCH_ATOMIC,
		.now = {.group = race->group, .epoch = race->epoch},
		.simd = simd,
		.conflict = conflict,
	};
	const uint32_t who = WHO_VALID | (check.atomic ? WHO_ATOMIC : 0) | (op & 0xfffff) << WHO_OP;
	unsigned int a, b;
	uint64_t address;

	for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
		if (!(lanes >> lane & 1))
			continue;
		if (check.atomic && !check.local)
			note_atomic(race, access->address[lane]);
		check.now.who = who | (simd * AGX_LANES + lane);
		check.silent = silent >> lane & 1;
		for (unsigned int i = 0; i < access->count; i++)
			visit_element(&check, access->address[lane] + access->offset[i],
				      access->size);
	}
	if (check.found || access->kind != AGX_WATCH_STORE || same ||
	    !lanes_overlap(access, lanes, &a, &b, &address))
		return check.found;
	*conflict = (struct agx_race_conflict){
		.address = address,
		.first = {race->group - race->base, simd * AGX_LANES + a, op, true, false},
		.second = {race->group - race->base, simd * AGX_LANES + b, op, true, false},
		.rule = "two lanes of one store, different values",
	};
	return true;
}
