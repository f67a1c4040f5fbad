// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Page tables.
 *
 * Invariants: an entry of a level-1 or level-2 table is valid exactly if the mirror has a child
 * there; `live` of a table counts its valid entries; a table with live 0 is in no tree, except in
 * the upper half or where the configuration keeps empty tables.
 *
 * Order towards the hardware: a new table is complete in memory before its parent names it; a
 * valid entry is never replaced by another translation without having been cleared and
 * invalidated; a table's page goes back to the allocator only after the invalidation that
 * removes the last cached way to it. Entries that were invalid need no invalidation, since the
 * UAT, like the Arm MMU, does not cache them.
 *
 * Rejected: walking the tables in memory instead of a mirror, as the Rust driver does. It saves
 * a pointer per table, but an entry that the firmware or a stray GPU write damaged would make
 * the kernel follow it, and there would be no count of live entries without reading all of them.
 */
#include "uat_internal.h"

#define PAGE    AGX_UAT_PAGE_SIZE
#define L2_SPAN (1ull << AGX_UAT_L1_SHIFT) /* addresses that a level-2 table covers */
#define L3_SPAN (1ull << AGX_UAT_L2_SHIFT)

#define TABLE_BITS (AGX_UAT_VALID | AGX_UAT_TYPE)

enum {
	LEVEL2,
	LEVEL3
};

static unsigned int index1(uint64_t va)
{
	return (va >> AGX_UAT_L1_SHIFT) % AGX_UAT_L1_ENTRIES;
}

static unsigned int index2(uint64_t va)
{
	return (va >> AGX_UAT_L2_SHIFT) % AGX_UAT_ENTRIES;
}

static unsigned int index3(uint64_t va)
{
	return (va >> AGX_UAT_L3_SHIFT) % AGX_UAT_ENTRIES;
}

/* End of the span that contains va, but at most end. */
static uint64_t span_end(uint64_t va, uint64_t span, uint64_t end)
{
	uint64_t next = (va & ~(span - 1)) + span;

	return next < end ? next : end;
}

/* --- Tables --- */

static void push(struct agx_uat_table **list, struct agx_uat_table *table)
{
	table->next = *list;
	*list = table;
}

static struct agx_uat_table *pop(struct agx_uat_table **list)
{
	struct agx_uat_table *table = *list;

	*list = table->next;
	table->next = NULL;
	return table;
}

static void *alloc(struct agx_uat *uat, size_t size)
{
	return uat->platform->alloc(uat->platform->cookie, size);
}

static void release(struct agx_uat *uat, void *ptr, size_t size)
{
	uat->platform->free(uat->platform->cookie, ptr, size);
}

/* A zeroed page that entries can name; NULL. */
static uint64_t *page_alloc(struct agx_uat *uat, uint64_t *pa)
{
	const struct agx_platform *platform = uat->platform;
	uint64_t *page = platform->page_alloc(platform->cookie, pa);

	if (page && *pa & ~uat->pa_mask) {
		agx_log(platform, AGX_LOG_ERROR,
			"uat: a page for a table at 0x%llx, beyond the %u bits that entries have",
			(unsigned long long)*pa, uat->config.output_address_bits);
		platform->page_free(platform->cookie, page, *pa);
		page = NULL;
	}
	return page;
}

static void table_free(struct agx_uat *uat, struct agx_uat_table *table)
{
	if (!table)
		return;
	if (table->entries)
		uat->platform->page_free(uat->platform->cookie, table->entries, table->pa);
	if (table->child)
		release(uat, table->child, AGX_UAT_ENTRIES * sizeof(struct agx_uat_table *));
	release(uat, table, sizeof(*table));
}

static struct agx_uat_table *table_alloc(struct agx_uat *uat, int level)
{
	struct agx_uat_table *table;

	if (uat->spare[level]) {
		uat->spare_count[level]--;
		return pop(&uat->spare[level]);
	}
	table = alloc(uat, sizeof(*table));
	if (!table)
		return NULL;
	table->entries = page_alloc(uat, &table->pa);
	if (table->entries && level == LEVEL2)
		table->child = alloc(uat, AGX_UAT_ENTRIES * sizeof(struct agx_uat_table *));
	if (!table->entries || (level == LEVEL2 && !table->child)) {
		table_free(uat, table);
		return NULL;
	}
	return table;
}

/* Takes back a table of which every entry is clear. */
static void table_put(struct agx_uat *uat, int level, struct agx_uat_table *table)
{
	if (uat->spare_count[level] < AGX_UAT_SPARE_MAX && !table->damaged) {
		uat->spare_count[level]++;
		push(&uat->spare[level], table);
	} else {
		table_free(uat, table);
	}
}

/* --- Reservations --- */

bool agx_uat_range_ok(const struct agx_uat_vm *vm, uint64_t va, uint64_t size)
{
	return !((va | size) & (PAGE - 1)) && va >= vm->start && va <= vm->end &&
	       size <= vm->end - va;
}

/* Tables that [va, end) needs and the VM does not have; vm NULL: has none. */
static void count_missing(const struct agx_uat_vm *vm, uint64_t va, uint64_t end, uint32_t need[2])
{
	uint64_t next1, next2;

	need[LEVEL2] = need[LEVEL3] = 0;
	for (; va < end; va = next1) {
		const struct agx_uat_table *t2 = vm ? vm->child[index1(va)] : NULL;

		next1 = span_end(va, L2_SPAN, end);
		if (!t2) {
			need[LEVEL2]++;
			need[LEVEL3] +=
				((next1 - 1) >> AGX_UAT_L2_SHIFT) - (va >> AGX_UAT_L2_SHIFT) + 1;
			continue;
		}
		for (; va < next1; va = next2) {
			next2 = span_end(va, L3_SPAN, next1);
			if (!t2->child[index2(va)])
				need[LEVEL3]++;
		}
	}
}

int agx_uat_reserve(struct agx_uat_vm *vm, uint64_t va, uint64_t size, bool worst,
		    struct agx_uat_reserve *reserve)
{
	uint32_t need[2];
	int level;

	if (!agx_uat_range_ok(vm, va, size))
		return -EINVAL;
	count_missing(worst ? NULL : vm, va, va + size, need);
	for (level = LEVEL2; level <= LEVEL3; level++) {
		while (reserve->count[level] < need[level]) {
			struct agx_uat_table *table = table_alloc(vm->uat, level);

			if (!table)
				return -ENOMEM;
			push(&reserve->tables[level], table);
			reserve->count[level]++;
		}
	}
	return 0;
}

void agx_uat_reserve_release(struct agx_uat *uat, struct agx_uat_reserve *reserve)
{
	int level;

	for (level = LEVEL2; level <= LEVEL3; level++) {
		while (reserve->count[level]) {
			table_put(uat, level, pop(&reserve->tables[level]));
			reserve->count[level]--;
		}
	}
}

/* --- Changing --- */

/* What an operation changed: addresses to invalidate, tables to free after that. */
struct changes {
	uint64_t first, end; /* first == end: none */
	struct agx_uat_table *dead[2];
};

static void changed(struct changes *changes, uint64_t first, uint64_t end)
{
	if (changes->first == changes->end)
		changes->first = first;
	changes->end = end;
}

static void invalidate(struct agx_uat_vm *vm, struct changes *changes)
{
	const struct agx_platform *platform = vm->uat->platform;
	uint32_t asid;
	int level;

	if (changes->first != changes->end && agx_uat_vm_asid(vm, &asid)) {
		/* The walker must see the entries before the invalidation, not after. */
		platform->order(platform->cookie, AGX_BARRIER_FULL);
		agx_tlbi_range(platform, asid, changes->first, changes->end - changes->first);
		agx_tlbi_sync(platform);
	}
	for (level = LEVEL2; level <= LEVEL3; level++) {
		while (changes->dead[level]) {
			vm->uat->tables--;
			table_put(vm->uat, level, pop(&changes->dead[level]));
		}
	}
}

/* Clears n entries. Gives the number that were valid. */
static uint32_t clear_entries(uint64_t *entries, uint32_t n)
{
	uint32_t i, valid = 0;

	for (i = 0; i < n; i++) {
		valid += agx_load(&entries[i]) & AGX_UAT_VALID;
		agx_store(&entries[i], 0);
	}
	return valid;
}

static void fill_entries(uint64_t *entries, uint32_t n, uint64_t entry, uint64_t step)
{
	uint32_t i;

	for (i = 0; i < n; i++, entry += step)
		agx_store(&entries[i], entry);
}

/* Somebody wrote valid entries that the driver did not. Such a table is not used again. */
static void report_damage(struct agx_uat_vm *vm, uint64_t va, struct agx_uat_table *table)
{
	if (!table->damaged)
		agx_log(vm->uat->platform, AGX_LOG_ERROR,
			"uat: the table at 0x%llx, for 0x%llx, has entries that the driver did "
			"not write",
			(unsigned long long)table->pa, (unsigned long long)va);
	table->damaged = true;
}

/* Clears all entries of [va, end), and takes tables that become empty out of the tree. */
static void clear_range(struct agx_uat_vm *vm, uint64_t va, uint64_t end, bool free_tables,
			struct changes *changes)
{
	uint64_t next1, next2;

	for (; va < end; va = next1) {
		unsigned int i1 = index1(va);
		struct agx_uat_table *t2 = vm->child[i1];

		next1 = span_end(va, L2_SPAN, end);
		if (!t2)
			continue;
		for (; va < next1; va = next2) {
			unsigned int i2 = index2(va);
			struct agx_uat_table *t3 = t2->child[i2];
			uint32_t cleared;

			next2 = span_end(va, L3_SPAN, next1);
			if (!t3 || !t3->live)
				continue;
			cleared = clear_entries(&t3->entries[index3(va)],
						(next2 - va) >> AGX_UAT_PAGE_SHIFT);
			if (!cleared)
				continue;
			changed(changes, va, next2);
			if (cleared > t3->live) {
				report_damage(vm, va, t3);
				cleared = t3->live;
			}
			vm->pages -= cleared;
			t3->live -= cleared;
			if (t3->live || !free_tables)
				continue;
			agx_store(&t2->entries[i2], 0);
			t2->child[i2] = NULL;
			t2->live--;
			push(&changes->dead[LEVEL3], t3);
		}
		if (t2->live || !free_tables)
			continue;
		agx_store(&vm->root[i1], 0);
		vm->child[i1] = NULL;
		push(&changes->dead[LEVEL2], t2);
	}
}

/* Puts a reserved table under a parent's entry. */
static struct agx_uat_table *link_table(struct agx_uat_vm *vm, struct agx_uat_reserve *reserve,
					int level, uint64_t *entry, struct agx_uat_table **slot)
{
	const struct agx_platform *platform = vm->uat->platform;
	struct agx_uat_table *table = pop(&reserve->tables[level]);

	reserve->count[level]--;
	vm->uat->tables++;
	*slot = table;
	/* Its zeroes first: the walker may look as soon as the parent names it. */
	platform->order(platform->cookie, AGX_BARRIER_LOCK);
	agx_store(entry, table->pa | TABLE_BITS);
	return table;
}

static void fill_range(struct agx_uat_vm *vm, struct agx_uat_reserve *reserve, uint64_t va,
		       uint64_t end, uint64_t entry, uint64_t step)
{
	uint64_t next1, next2;

	for (; va < end; va = next1) {
		unsigned int i1 = index1(va);
		struct agx_uat_table *t2 = vm->child[i1];

		next1 = span_end(va, L2_SPAN, end);
		if (!t2)
			t2 = link_table(vm, reserve, LEVEL2, &vm->root[i1], &vm->child[i1]);
		for (; va < next1; va = next2) {
			unsigned int i2 = index2(va);
			struct agx_uat_table *t3 = t2->child[i2];
			uint32_t n;

			next2 = span_end(va, L3_SPAN, next1);
			if (!t3) {
				t3 = link_table(vm, reserve, LEVEL3, &t2->entries[i2],
						&t2->child[i2]);
				t2->live++;
			}
			n = (next2 - va) >> AGX_UAT_PAGE_SHIFT;
			fill_entries(&t3->entries[index3(va)], n, entry, step);
			entry += step * n;
			t3->live += n;
			vm->pages += n;
		}
	}
}

int agx_uat_map(struct agx_uat_vm *vm, struct agx_uat_reserve *reserve, uint64_t va, uint64_t pa,
		uint64_t size, enum agx_uat_prot prot, unsigned int flags)
{
	uint64_t step = flags & AGX_UAT_SINGLE_PAGE ? 0 : PAGE;
	uint64_t last = flags & AGX_UAT_SINGLE_PAGE ? pa : pa + size - PAGE;
	struct changes changes = {0};
	uint32_t need[2];

	if (!size || !agx_uat_range_ok(vm, va, size) || (unsigned int)prot >= AGX_UAT_PROTS ||
	    flags & ~AGX_UAT_SINGLE_PAGE)
		return -EINVAL;
	if (last < pa || (pa | last) & ~vm->uat->pa_mask)
		return -EINVAL;
	count_missing(vm, va, va + size, need);
	if (need[LEVEL2] > reserve->count[LEVEL2] || need[LEVEL3] > reserve->count[LEVEL3])
		return -ENOMEM;

	/* From here on nothing fails. */
	clear_range(vm, va, va + size, false, &changes);
	invalidate(vm, &changes);
	fill_range(vm, reserve, va, va + size, pa | agx_uat_prot_bits(prot) | vm->entry_bits, step);
	return 0;
}

/*
 * Tables of the upper half stay: where every context shares them, walkers may have cached them
 * under any ASID, and an invalidation by address takes only cached tables of its own ASID.
 */
static bool frees_tables(const struct agx_uat_vm *vm)
{
	return !vm->uat->config.keep_empty_tables && vm != vm->uat->kernel;
}

int agx_uat_unmap(struct agx_uat_vm *vm, uint64_t va, uint64_t size)
{
	struct changes changes = {0};

	if (!agx_uat_range_ok(vm, va, size))
		return -EINVAL;
	clear_range(vm, va, va + size, frees_tables(vm), &changes);
	invalidate(vm, &changes);
	return 0;
}

#define PROT_BITS (AGX_UAT_AP | AGX_UAT_ATTR | AGX_UAT_PXN | AGX_UAT_UXN | AGX_UAT_OS | AGX_UAT_AF)

/* only_cached: change the memory type of entries that need a flush; else set all of set. */
static void change_range(struct agx_uat_vm *vm, uint64_t va, uint64_t end, bool only_cached,
			 uint64_t set, struct changes *changes)
{
	uint64_t mask = only_cached ? AGX_UAT_ATTR : PROT_BITS;
	uint64_t next1, next2;

	for (; va < end; va = next1) {
		struct agx_uat_table *t2 = vm->child[index1(va)];

		next1 = span_end(va, L2_SPAN, end);
		if (!t2)
			continue;
		for (; va < next1; va = next2) {
			struct agx_uat_table *t3 = t2->child[index2(va)];
			uint32_t i = index3(va), n;
			bool any = false;

			next2 = span_end(va, L3_SPAN, next1);
			if (!t3 || !t3->live)
				continue;
			for (n = (next2 - va) >> AGX_UAT_PAGE_SHIFT; n; n--, i++) {
				uint64_t entry = agx_load(&t3->entries[i]);
				uint64_t new_entry = (entry & ~mask) | set;

				if (!(entry & AGX_UAT_VALID) || entry == new_entry ||
				    (only_cached && !agx_uat_entry_needs_flush(entry)))
					continue;
				agx_store(&t3->entries[i], new_entry);
				any = true;
			}
			if (any)
				changed(changes, va, next2);
		}
	}
}

int agx_uat_protect(struct agx_uat_vm *vm, uint64_t va, uint64_t size, enum agx_uat_prot prot)
{
	struct changes changes = {0};

	if (!agx_uat_range_ok(vm, va, size) || (unsigned int)prot >= AGX_UAT_PROTS)
		return -EINVAL;
	change_range(vm, va, va + size, false, agx_uat_prot_bits(prot), &changes);
	invalidate(vm, &changes);
	return 0;
}

bool agx_uat_vm_make_uncached(struct agx_uat_vm *vm, uint64_t va, uint64_t size)
{
	struct changes changes = {0};

	change_range(vm, va, va + size, true, (uint64_t)AGX_UAT_ATTR_SHARED << AGX_UAT_ATTR_SHIFT,
		     &changes);
	invalidate(vm, &changes);
	return changes.first != changes.end;
}

/* --- Looking --- */

void agx_uat_find(struct agx_uat_vm *vm, uint64_t va, struct agx_uat_lookup *found)
{
	struct agx_uat_table *t2, *t3;
	uint64_t entry;

	agx_core_memset(found, 0, sizeof(*found));
	found->prot = -1;
	if (va < vm->start || va >= vm->end)
		return;

	t2 = vm->child[index1(va)];
	entry = agx_load(&vm->root[index1(va)]);
	found->level = 1;
	found->entry[0] = entry;
	if (entry != (t2 ? t2->pa | TABLE_BITS : 0))
		found->damaged = true;
	if (!t2)
		return;

	t3 = t2->child[index2(va)];
	entry = agx_load(&t2->entries[index2(va)]);
	found->level = 2;
	found->entry[1] = entry;
	if (entry != (t3 ? t3->pa | TABLE_BITS : 0))
		found->damaged = true;
	if (!t3)
		return;

	entry = agx_load(&t3->entries[index3(va)]);
	found->level = 3;
	found->entry[2] = entry;
	if ((entry & TABLE_BITS) != TABLE_BITS)
		return;
	found->mapped = true;
	found->pa = (entry & AGX_UAT_ADDRESS) | (va & (PAGE - 1));
	found->prot = agx_uat_prot_of_entry(entry);
	found->access = agx_uat_entry_access(entry);
}

uint64_t agx_uat_vm_pages(const struct agx_uat_vm *vm)
{
	return vm->pages;
}

struct agx_uat_stats agx_uat_stats(const struct agx_uat *uat)
{
	struct agx_uat_stats stats = {
		.tables = uat->tables,
		.spare = uat->spare_count[LEVEL2] + uat->spare_count[LEVEL3],
	};

	return stats;
}

/* --- Address spaces --- */

static struct agx_uat_vm *vm_alloc(struct agx_uat *uat, uint64_t start, uint64_t end)
{
	struct agx_uat_vm *vm = alloc(uat, sizeof(*vm));

	if (!vm)
		return NULL;
	vm->uat = uat;
	vm->start = start;
	vm->end = end;
	vm->entry_bits = AGX_UAT_VALID | AGX_UAT_TYPE;
	return vm;
}

static struct agx_uat_vm *vm_alloc_lower(struct agx_uat *uat)
{
	struct agx_uat_vm *vm = vm_alloc(uat, PAGE, 1ull << AGX_UAT_HALF_BITS);

	if (!vm)
		return NULL;
	vm->root = page_alloc(uat, &vm->root_pa);
	if (!vm->root) {
		release(uat, vm, sizeof(*vm));
		return NULL;
	}
	vm->own_root = true;
	vm->entry_bits |= AGX_UAT_NG;
	uat->tables++;
	return vm;
}

/* The hardware must not be able to reach the tables any more. */
static void vm_free(struct agx_uat_vm *vm)
{
	struct agx_uat *uat = vm->uat;
	unsigned int i, j;

	for (i = 0; i < AGX_UAT_L1_ENTRIES; i++) {
		struct agx_uat_table *t2 = vm->child[i];

		for (j = 0; t2 && j < AGX_UAT_ENTRIES; j++) {
			if (t2->child[j]) {
				table_free(uat, t2->child[j]);
				uat->tables--;
			}
		}
		if (t2) {
			table_free(uat, t2);
			uat->tables--;
		}
	}
	if (vm->own_root) {
		uat->platform->page_free(uat->platform->cookie, vm->root, vm->root_pa);
		uat->tables--;
	}
	release(uat, vm, sizeof(*vm));
}

int agx_uat_vm_create(struct agx_uat *uat, struct agx_uat_vm **out)
{
	struct agx_uat_vm *vm = vm_alloc_lower(uat);

	if (!vm)
		return -ENOMEM;
	uat->vms++;
	*out = vm;
	return 0;
}

void agx_uat_vm_destroy(struct agx_uat_vm *vm)
{
	if (!vm)
		return;
	agx_uat_vm_evict(vm);
	vm->uat->vms--;
	vm_free(vm);
}

int agx_uat_create(const struct agx_platform *platform, const struct agx_uat_config *config,
		   struct agx_uat **out)
{
	struct agx_uat *uat;

	if (!config->ttbs || !config->handoff || !config->kernel_table ||
	    config->output_address_bits < 36 || config->output_address_bits > 48)
		return -EINVAL;
	uat = platform->alloc(platform->cookie, sizeof(*uat));
	if (!uat)
		return -ENOMEM;
	uat->platform = platform;
	uat->config = *config;
	uat->pa_mask = ((1ull << config->output_address_bits) - 1) & AGX_UAT_ADDRESS;
	uat->slot_limit = AGX_UAT_CONTEXTS - 1;
	agx_handoff_init(&uat->handoff, platform, config->handoff);
	if (config->kernel_table_pa & ~uat->pa_mask) {
		platform->free(platform->cookie, uat, sizeof(*uat));
		return -EINVAL;
	}

	uat->kernel = vm_alloc(uat, AGX_UAT_DRIVER_BASE, AGX_UAT_DRIVER_END);
	uat->lower = vm_alloc_lower(uat);
	if (!uat->kernel || !uat->lower) {
		agx_uat_destroy(uat);
		return -ENOMEM;
	}
	uat->kernel->root = config->kernel_table;
	uat->kernel->root_pa = config->kernel_table_pa;
	*out = uat;
	return 0;
}

/* Takes the driver's tables out of the reserved memory. */
static void leave(struct agx_uat *uat)
{
	unsigned int i;
	bool locked;

	if (!uat->started)
		return;
	/* A firmware that does not let go is dead; the tables go all the same. */
	locked = !agx_handoff_lock(&uat->handoff);
	agx_store(&uat->config.kernel_table[AGX_UAT_DRIVER_L1_INDEX], 0);
	agx_store(&uat->config.ttbs[0].ttb0, 0);
	for (i = 1; i < AGX_UAT_CONTEXTS; i++) {
		agx_store(&uat->config.ttbs[i].ttb0, 0);
		agx_store(&uat->config.ttbs[i].ttb1, 0);
	}
	if (locked)
		agx_handoff_unlock(&uat->handoff);
	agx_tlbi_sync(uat->platform);
	agx_tlbi_all(uat->platform);
	agx_tlbi_sync(uat->platform);
	uat->started = false;
}

void agx_uat_detach(struct agx_uat *uat)
{
	leave(uat);
	agx_core_memcpy(uat->shadow.root, uat->kernel->root, sizeof(uat->shadow.root));
	uat->kernel->root = uat->shadow.root;
	uat->config.kernel_table = uat->shadow.root;
	uat->config.ttbs = uat->shadow.ttbs;
	uat->config.handoff = &uat->shadow.handoff;
	agx_handoff_init(&uat->handoff, uat->platform, uat->config.handoff);
}

void agx_uat_destroy(struct agx_uat *uat)
{
	int level;

	if (!uat)
		return;
	if (uat->vms)
		agx_log(uat->platform, AGX_LOG_ERROR, "uat: %u address spaces outlive the MMU",
			uat->vms);
	leave(uat);
	if (uat->kernel)
		vm_free(uat->kernel);
	if (uat->lower)
		vm_free(uat->lower);
	for (level = LEVEL2; level <= LEVEL3; level++)
		while (uat->spare[level])
			table_free(uat, pop(&uat->spare[level]));
	uat->platform->free(uat->platform->cookie, uat, sizeof(*uat));
}

struct agx_handoff *agx_uat_handoff(struct agx_uat *uat)
{
	return &uat->handoff;
}

struct agx_uat_vm *agx_uat_kernel_vm(struct agx_uat *uat)
{
	return uat->kernel;
}

struct agx_uat_vm *agx_uat_lower_vm(struct agx_uat *uat)
{
	return uat->lower;
}
