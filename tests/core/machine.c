// SPDX-License-Identifier: MIT
#include "machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE AGX_UAT_PAGE_SIZE

void machine_error(struct machine *machine, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(machine->last_error, sizeof(machine->last_error), format, args);
	va_end(args);
	machine->errors++;
	fprintf(stderr, "machine: %s\n", machine->last_error);
}

uint64_t machine_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/* --- RAM --- */

static void *ram_at(void *cookie, uint64_t pa, uint64_t size)
{
	struct machine *machine = cookie;
	uint64_t offset = pa - MACHINE_RAM_BASE;

	if (pa < MACHINE_RAM_BASE || offset > machine->ram_size ||
	    size > machine->ram_size - offset)
		return NULL;
	return machine->ram + offset;
}

/* First fit from where the last one was found; count pages in a row. */
static uint64_t find_pages(struct machine *machine, uint64_t count)
{
	uint64_t total = machine->ram_size / PAGE, tries, run = 0, i = machine->next_page;

	for (tries = 0; tries < 2 * total; tries++, i++) {
		if (i >= total)
			i = run = 0;
		run = machine->page_used[i] ? 0 : run + 1;
		if (run == count) {
			machine->next_page = i + 1;
			return i + 1 - count;
		}
	}
	return UINT64_MAX;
}

static uint64_t take_pages(struct machine *machine, uint64_t count)
{
	uint64_t first = find_pages(machine, count);

	if (first == UINT64_MAX)
		return 0;
	memset(machine->page_used + first, 1, count);
	memset(machine->ram + first * PAGE, 0, count * PAGE);
	return MACHINE_RAM_BASE + first * PAGE;
}

static bool fails(struct machine *machine)
{
	machine->allocations++;
	return machine->fail_after && --machine->fail_after == 0;
}

uint64_t machine_page(struct machine *machine)
{
	return take_pages(machine, 1);
}

static void *page_alloc(void *cookie, uint64_t *pa)
{
	struct machine *machine = cookie;

	if (fails(machine))
		return NULL;
	*pa = take_pages(machine, 1);
	if (!*pa)
		return NULL;
	machine->pages_out++;
	return ram_at(machine, *pa, PAGE);
}

static void page_free(void *cookie, void *page, uint64_t pa)
{
	struct machine *machine = cookie;
	size_t i;

	if (page != ram_at(machine, pa, PAGE))
		machine_error(machine, "page at 0x%llx freed by another pointer",
			      (unsigned long long)pa);
	if (machine->tlb_pending)
		machine_error(machine, "page freed before an invalidation was complete");
	for (i = 0; i < machine->tlb_count; i++)
		if (machine->tlb[i].level < 3 && (machine->tlb[i].entry & AGX_UAT_ADDRESS) == pa)
			machine_error(machine, "table at 0x%llx freed while TLBs know it",
				      (unsigned long long)pa);
	machine->page_used[(pa - MACHINE_RAM_BASE) / PAGE] = 0;
	/* Whoever still uses it as a table finds valid entries there. */
	memset(page, 0xab, PAGE);
	machine->pages_out--;
}

static int mem_alloc(void *cookie, uint64_t size, struct agx_mem *mem)
{
	struct machine *machine = cookie;
	uint64_t pa;

	if (fails(machine))
		return -ENOMEM;
	pa = take_pages(machine, size / PAGE);
	if (!pa)
		return -ENOMEM;
	mem->cpu = ram_at(machine, pa, size);
	mem->size = size;
	mem->handle = (void *)(uintptr_t)pa;
	machine->mems_out++;
	return 0;
}

static void mem_free(void *cookie, struct agx_mem *mem)
{
	struct machine *machine = cookie;
	uint64_t pa = (uintptr_t)mem->handle;

	memset(machine->page_used + (pa - MACHINE_RAM_BASE) / PAGE, 0, mem->size / PAGE);
	memset(mem->cpu, 0xcd, mem->size);
	machine->mems_out--;
}

static uint64_t mem_address(void *cookie, const struct agx_mem *mem, uint64_t offset,
			    uint64_t *contiguous)
{
	struct machine *machine = cookie;

	/* The last piece may go on behind the memory that was asked for. */
	*contiguous = machine->scatter ? machine->scatter * PAGE : mem->size - offset;
	return (uintptr_t)mem->handle + offset;
}

static void *core_alloc(void *cookie, size_t size)
{
	struct machine *machine = cookie;
	void *ptr;

	if (fails(machine))
		return NULL;
	ptr = calloc(1, size);
	if (ptr)
		machine->bytes_out += (int64_t)size;
	return ptr;
}

static void core_free(void *cookie, void *ptr, size_t size)
{
	struct machine *machine = cookie;

	machine->bytes_out -= (int64_t)size;
	free(ptr);
}

/* --- TLBs --- */

static void tlb_insert(struct machine *machine, const struct machine_tlb_entry *entry)
{
	size_t i;

	for (i = 0; i < machine->tlb_count; i++)
		if (!memcmp(&machine->tlb[i], entry, sizeof(*entry)))
			return;
	if (machine->tlb_count == machine->tlb_max) {
		machine->tlb_max = machine->tlb_max ? 2 * machine->tlb_max : 256;
		machine->tlb = realloc(machine->tlb, machine->tlb_max * sizeof(*entry));
		if (!machine->tlb)
			abort();
	}
	machine->tlb[machine->tlb_count++] = *entry;
}

static const unsigned int shifts[] = {0, AGX_UAT_L1_SHIFT, AGX_UAT_L2_SHIFT, AGX_UAT_L3_SHIFT};

/* The entry of a level for an address as it is in memory now, 0: there is no way to it. */
static uint64_t entry_of(struct machine *machine, unsigned int context, unsigned int level,
			 uint64_t va)
{
	const struct agx_uat_ttbs *ttbs =
		ram_at(machine, machine->walker.ttbat_pa + context * sizeof(*ttbs), sizeof(*ttbs));
	uint64_t value = va >> 63 ? ttbs->ttb1 : ttbs->ttb0;
	uint64_t table = value & AGX_UAT_TTB_BASE;
	unsigned int i;

	for (i = 1; i <= level; i++) {
		unsigned int index =
			(va >> shifts[i]) % (i == 1 ? AGX_UAT_L1_ENTRIES : AGX_UAT_ENTRIES);
		const uint64_t *word = ram_at(machine, table + index * 8, 8);

		if (!(value & 1) || !word)
			return 0;
		value = *word;
		table = value & AGX_UAT_ADDRESS;
	}
	return value & AGX_UAT_VALID ? value : 0;
}

void machine_touch(struct machine *machine, unsigned int context, uint64_t va)
{
	unsigned int level;

	for (level = 1; level <= 3; level++) {
		struct machine_tlb_entry entry;

		memset(&entry, 0, sizeof(entry));
		entry.asid = context;
		entry.level = level;
		entry.va = va & ~((1ull << shifts[level]) - 1);
		entry.entry = entry_of(machine, context, level, va);
		if (!entry.entry)
			return;
		entry.global = level == 3 && !(entry.entry & AGX_UAT_NG);
		tlb_insert(machine, &entry);
	}
}

static bool hit(const struct machine_tlb_entry *entry, enum agx_tlbi op, uint64_t operand)
{
	uint64_t asid = operand >> 48, start, size;

	/* Cached tables belong to an ASID even where the pages below them are global. */
	if (op != AGX_TLBI_ALL && asid != entry->asid && !entry->global)
		return false;
	switch (op) {
	case AGX_TLBI_ALL:
		return true;
	case AGX_TLBI_ASID:
		return asid == entry->asid && !entry->global;
	case AGX_TLBI_PAGE:
		start = (operand & 0xfffffffffffull) << 12;
		size = PAGE;
		break;
	default:
		start = (operand & 0x1fffffffffull) << 14;
		size = (((operand >> 39) & 31) + 1) << (5 * ((operand >> 44) & 3) + 1) << 14;
		break;
	}
	/* Address bits that instruction and entry both have. */
	start &= (1ull << 48) - 1;
	return start < (entry->va & ((1ull << 48) - 1)) + (1ull << shifts[entry->level]) &&
	       (entry->va & ((1ull << 48) - 1)) < start + size;
}

static void tlbi(void *cookie, enum agx_tlbi op, uint64_t operand)
{
	struct machine *machine = cookie;
	struct machine_tlb_entry *again;
	size_t i, kept = 0, gone = 0;

	machine->tlbi_count++;
	machine->last_op = op;
	machine->last_operand = operand;
	machine->tlb_pending = true;
	if (op == AGX_TLBI_RANGE && (operand >> 46 & 3) != 2)
		machine_error(machine, "range invalidation of another granule than 16 KiB");

	again = malloc((machine->tlb_count + 1) * sizeof(*again));
	if (!again)
		abort();
	for (i = 0; i < machine->tlb_count; i++) {
		if (hit(&machine->tlb[i], op, operand))
			again[gone++] = machine->tlb[i];
		else
			machine->tlb[kept++] = machine->tlb[i];
	}
	machine->tlb_count = kept;
	for (i = 0; i < gone; i++)
		machine_touch(machine, again[i].asid, again[i].va);
	free(again);
}

void machine_check_tlb(struct machine *machine)
{
	size_t i;

	if (machine->tlb_pending)
		machine_error(machine, "an invalidation was not waited for");
	for (i = 0; i < machine->tlb_count; i++) {
		const struct machine_tlb_entry *entry = &machine->tlb[i];
		/* A global page may have been seen through a context that is no more. */
		uint64_t now =
			entry_of(machine, entry->global ? 0 : entry->asid, entry->level, entry->va);

		if (now != entry->entry)
			machine_error(machine,
				      "stale TLB entry: context %u, level %u, 0x%llx: 0x%llx, "
				      "but memory has 0x%llx",
				      entry->asid, entry->level, (unsigned long long)entry->va,
				      (unsigned long long)entry->entry, (unsigned long long)now);
	}
}

/* --- The rest --- */

static void barrier(void *cookie, enum agx_barrier kind)
{
	struct machine *machine = cookie;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (kind == AGX_BARRIER_FULL)
		machine->tlb_pending = false;
}

static uint64_t time_ns(void *cookie)
{
	struct machine *machine = cookie;

	return machine->now;
}

static void relax(void *cookie)
{
	struct machine *machine = cookie;

	machine->now += 1000;
	if (machine->relax)
		machine->relax(machine->relax_cookie, machine);
}

static int mailbox_send(void *cookie, uint8_t endpoint, uint64_t message)
{
	(void)cookie;
	(void)endpoint;
	(void)message;
	return 0;
}

static void log_line(void *cookie, enum agx_log_level level, const char *format, va_list args)
{
	struct machine *machine = cookie;

	vsnprintf(machine->last_log, sizeof(machine->last_log), format, args);
	if (level <= AGX_LOG_WARNING)
		machine->logs++;
	if (machine->verbose)
		fprintf(stderr, "core: %s\n", machine->last_log);
}

void machine_init(struct machine *machine, uint64_t ram_size)
{
	uint64_t pages;

	memset(machine, 0, sizeof(*machine));
	machine->ram_size = ram_size;
	machine->ram = mmap(NULL, ram_size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	machine->page_used = calloc(1, ram_size / PAGE);
	if (machine->ram == MAP_FAILED || !machine->page_used)
		abort();
	machine->platform = (struct agx_platform){
		.cookie = machine,
		.page_alloc = page_alloc,
		.page_free = page_free,
		.mem_alloc = mem_alloc,
		.mem_free = mem_free,
		.mem_address = mem_address,
		.alloc = core_alloc,
		.free = core_free,
		.order = barrier,
		.tlbi = tlbi,
		.time_ns = time_ns,
		.relax = relax,
		.mailbox_send = mailbox_send,
		.log = log_line,
	};

	machine->walker.ram = ram_at;
	machine->walker.cookie = machine;
	machine->walker.output_bits = 42;
	machine->walker.cache = &machine->walk_cache;
	machine->walker.ttbat_pa = machine_page(machine);
	pages = machine_page(machine);
	machine->config.ttbs = ram_at(machine, machine->walker.ttbat_pa, PAGE);
	machine->config.kernel_table = ram_at(machine, pages, PAGE);
	machine->config.kernel_table_pa = pages;
	pages = machine_page(machine);
	machine->config.handoff = ram_at(machine, pages, PAGE);
	machine->config.output_address_bits = 42;
}

void machine_start(struct machine *machine, uint64_t ram_size, bool map_kernel_to_user,
		   bool keep_empty_tables)
{
	machine_init(machine, ram_size);
	machine->config.map_kernel_to_user = map_kernel_to_user;
	machine->config.keep_empty_tables = keep_empty_tables;
	if (agx_uat_create(&machine->platform, &machine->config, &machine->uat))
		abort();
	agx_handoff_begin(agx_uat_handoff(machine->uat));
	machine->config.handoff->magic_fw = AGX_HANDOFF_MAGIC;
	if (agx_handoff_poll(agx_uat_handoff(machine->uat)) || agx_uat_start(machine->uat))
		abort();
}

unsigned int machine_finish(struct machine *machine)
{
	unsigned int errors;

	agx_uat_destroy(machine->uat);
	machine->uat = NULL;
	if (machine->pages_out || machine->mems_out || machine->bytes_out)
		machine_error(machine, "leak: %lld pages, %lld memory objects, %lld bytes",
			      (long long)machine->pages_out, (long long)machine->mems_out,
			      (long long)machine->bytes_out);
	errors = machine->errors;
	munmap(machine->ram, machine->ram_size);
	free(machine->page_used);
	free(machine->tlb);
	return errors;
}
