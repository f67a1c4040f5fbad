// SPDX-License-Identifier: MIT
/* The firmware's access to memory, and what is wrong with a pointer. */
#include <inttypes.h>
#include <stdio.h>

#include "internal.h"

bool memory_read_apart(struct agx_firmware *firmware, uint64_t va, void *data, size_t size)
{
	struct agx_walk_result result;

	return agx_walk_read(&firmware->walker, 0, AGX_WALK_FIRMWARE, va, data, size, &result) ==
	       size;
}

bool memory_write_apart(struct agx_firmware *firmware, uint64_t va, const void *data, size_t size)
{
	struct agx_walk_result result;

	return agx_walk_write(&firmware->walker, 0, AGX_WALK_FIRMWARE, va, data, size, &result) ==
	       size;
}

/* An index that does not lie at a whole word is no layout of ours: but the driver decides that. */
bool memory_acquire(struct agx_firmware *firmware, uint64_t va, uint32_t *word)
{
	const uint8_t *memory = memory_window(firmware, va, sizeof(*word), AGX_WALK_READ);

	if (memory && !((uintptr_t)memory & 3)) {
		*word = __atomic_load_n((const uint32_t *)memory, __ATOMIC_ACQUIRE);
		return true;
	}
	if (!memory_read(firmware, va, word, sizeof(*word)))
		return false;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return true;
}

bool memory_release(struct agx_firmware *firmware, uint64_t va, uint32_t word)
{
	uint8_t *memory = memory_window(firmware, va, sizeof(word), AGX_WALK_WRITE);

	if (memory && !((uintptr_t)memory & 3)) {
		__atomic_store_n((uint32_t *)memory, word, __ATOMIC_RELEASE);
		return true;
	}
	__atomic_thread_fence(__ATOMIC_RELEASE);
	return memory_write(firmware, va, &word, sizeof(word));
}

static bool in_drivers_part(uint64_t va, uint64_t size)
{
	return va >= AGX_UAT_DRIVER_BASE && va < AGX_UAT_DRIVER_END &&
	       size <= AGX_UAT_DRIVER_END - va;
}

static void find_page(struct agx_firmware *firmware, enum agx_finding_id id,
		      const struct place *holder, uint32_t offset, uint64_t expected, uint64_t got,
		      const char *name, uint64_t page, const struct agx_walk_result *result)
{
	char detail[192];

	snprintf(detail, sizeof(detail),
		 "%s, page 0x%" PRIx64 ", level %u, entry 0x%" PRIx64 ": %s", name, page,
		 result->level, result->entry, agx_walk_fault_name(result->fault));
	firmware_find(firmware, id, holder, offset, expected, got, detail);
}

/* One page: false when the firmware cannot use it. *told: a finding that does not stop it. */
static bool check_page(struct agx_firmware *firmware, const struct place *holder, uint32_t offset,
		       uint64_t va, uint64_t page, enum memory_class class, const char *name,
		       bool *told)
{
	bool read_only = class == MEMORY_SHARED_RO || class == MEMORY_ANY_RO;
	bool cached = class == MEMORY_PRIVATE || class == MEMORY_GPU_RO;
	uint8_t wants = AGX_WALK_READ | (read_only ? 0 : AGX_WALK_WRITE);
	uint8_t type = cached ? AGX_UAT_ATTR_CACHED : AGX_UAT_ATTR_SHARED;
	struct agx_walk_cached *walk;
	struct agx_walk_result result;
	bool uncertain;
	uint8_t gpu;

	/* All that follows depends on the walk and the class alone: once found good, it stays so. */
	walk = agx_walk_recall(&firmware->walker, 0, AGX_WALK_FIRMWARE, page);
	if (walk && walk->notes & 1u << class)
		return true;
	if (!agx_walk(&firmware->walker, 0, AGX_WALK_FIRMWARE, page, 0, &result)) {
		find_page(firmware, AGX_FINDING_POINTER_UNMAPPED, holder, offset, 1, va, name, page,
			  &result);
		return false;
	}
	if (wants & ~result.rights) {
		find_page(firmware, AGX_FINDING_POINTER_DENIED, holder, offset, wants,
			  result.rights, name, page, &result);
		return false;
	}
	if (!firmware->config.ram(firmware->config.cookie, result.pa & ~(AGX_UAT_PAGE_SIZE - 1),
				  AGX_UAT_PAGE_SIZE)) {
		find_page(firmware, AGX_FINDING_POINTER_NOT_RAM, holder, offset, 0, result.pa, name,
			  page, &result);
		return false;
	}
	if (*told)
		return true;
	if (class == MEMORY_ANY || class == MEMORY_ANY_RO) {
		if (walk)
			walk->notes |= 1u << class;
		return true;
	}
	*told = true;
	gpu = agx_walk_rights(result.entry, AGX_WALK_GPU, &uncertain);
	if (result.type != type)
		find_page(firmware,
			  cached ? AGX_FINDING_POINTER_UNCACHED : AGX_FINDING_POINTER_CACHED,
			  holder, offset, type, result.type, name, page, &result);
	else if (gpu & ~(class == MEMORY_GPU_RO ? AGX_WALK_READ : 0u))
		find_page(firmware, AGX_FINDING_POINTER_EXPOSED, holder, offset, 0, gpu, name, page,
			  &result);
	else if (class == MEMORY_GPU_RO && !gpu)
		find_page(firmware, AGX_FINDING_POINTER_GPU, holder, offset, AGX_WALK_READ, gpu,
			  name, page, &result);
	else if (result.odd_bits)
		find_page(firmware, AGX_FINDING_POINTER_ODD, holder, offset, 0, result.odd_bits,
			  name, page, &result);
	else
		*told = false;
	if (walk && !*told)
		walk->notes |= 1u << class;
	return true;
}

bool memory_check(struct agx_firmware *firmware, const struct place *holder, uint32_t offset,
		  uint64_t va, uint64_t size, enum memory_class class, const char *name)
{
	bool told = false;
	uint64_t page;

	if (!va) {
		firmware_find(firmware, AGX_FINDING_POINTER_NULL, holder, offset,
			      AGX_UAT_DRIVER_BASE, va, name);
		return false;
	}
	if (!in_drivers_part(va, size)) {
		firmware_find(firmware, AGX_FINDING_POINTER_HALF, holder, offset,
			      AGX_UAT_DRIVER_BASE, va, name);
		return false;
	}
	for (page = va & ~(AGX_UAT_PAGE_SIZE - 1); page < va + size; page += AGX_UAT_PAGE_SIZE)
		if (!check_page(firmware, holder, offset, va, page, class, name, &told))
			return false;
	return true;
}

bool memory_claim(struct agx_firmware *firmware, const struct place *holder, uint32_t offset,
		  uint64_t va, uint64_t size, enum memory_class class, const char *name)
{
	char detail[160];

	if (!memory_check(firmware, holder, offset, va, size, class, name))
		return false;
	for (unsigned int i = 0; i < firmware->region_count; i++) {
		const struct region *other = &firmware->regions[i];

		if (va >= other->va + other->size || other->va >= va + size)
			continue;
		snprintf(detail, sizeof(detail), "%s and %s", name, other->name);
		firmware_find(firmware, AGX_FINDING_POINTER_OVERLAP, holder, offset,
			      other->va + other->size, va, detail);
		return true;
	}
	if (firmware->region_count < MAX_REGIONS)
		firmware->regions[firmware->region_count++] = (struct region){va, size, name};
	return true;
}

void memory_check_gpu_alias(struct agx_firmware *firmware, const struct place *holder,
			    uint32_t offset, uint64_t va, uint64_t size, uint64_t alias)
{
	struct agx_walk_result gpu, own;

	for (uint64_t done = 0; done < size; done += AGX_UAT_PAGE_SIZE) {
		if (!agx_walk(&firmware->walker, 0, AGX_WALK_GPU, va + done,
			      AGX_WALK_READ | AGX_WALK_WRITE, &gpu)) {
			find_page(firmware, AGX_FINDING_POINTER_GPU, holder, offset,
				  AGX_WALK_READ | AGX_WALK_WRITE, gpu.rights, "in context 0",
				  va + done, &gpu);
			return;
		}
		if (agx_walk(&firmware->walker, 0, AGX_WALK_FIRMWARE, alias + done, 0, &own) &&
		    own.pa != gpu.pa) {
			find_page(firmware, AGX_FINDING_POINTER_ALIAS, holder, offset, own.pa,
				  gpu.pa, "physical address", va + done, &gpu);
			return;
		}
	}
}

void memory_check_io(struct agx_firmware *firmware, const struct place *holder, uint32_t offset,
		     uint64_t va, uint64_t pa, uint64_t size, uint64_t first, bool write)
{
	uint8_t wants = AGX_WALK_READ | (write ? AGX_WALK_WRITE : 0);
	uint64_t base = va & ~(AGX_UAT_PAGE_SIZE - 1);
	struct agx_walk_result result;

	if (!in_drivers_part(va, size)) {
		firmware_find(firmware, AGX_FINDING_POINTER_HALF, holder, offset,
			      AGX_UAT_DRIVER_BASE, va, "registers");
		return;
	}
	for (uint64_t page = base; page < va + size; page += AGX_UAT_PAGE_SIZE) {
		if (!agx_walk(&firmware->walker, 0, AGX_WALK_FIRMWARE, page, wants, &result)) {
			find_page(firmware, AGX_FINDING_INITDATA_IO, holder, offset, wants,
				  result.rights, "registers", page, &result);
			return;
		}
		if (result.type != AGX_UAT_ATTR_DEVICE) {
			find_page(firmware, AGX_FINDING_INITDATA_IO, holder, offset,
				  AGX_UAT_ATTR_DEVICE, result.type, "memory type", page, &result);
			return;
		}
		/* Behind the first element the step from one to the next is not known. */
		if (page < va + first &&
		    result.pa != (pa & ~(AGX_UAT_PAGE_SIZE - 1)) + (page - base)) {
			find_page(firmware, AGX_FINDING_INITDATA_IO, holder, offset,
				  (pa & ~(AGX_UAT_PAGE_SIZE - 1)) + (page - base), result.pa,
				  "physical address", page, &result);
			return;
		}
	}
}

void memory_check_zero(struct agx_firmware *firmware, enum agx_finding_id id,
		       const struct place *place, const uint8_t *data, uint32_t begin, uint32_t end)
{
	uint64_t word;

	for (; begin < end && end - begin >= sizeof(word); begin += sizeof(word)) {
		memcpy(&word, data + begin, sizeof(word));
		if (word)
			break;
	}
	for (uint32_t i = begin; i < end; i++) {
		if (!data[i])
			continue;
		firmware_find(firmware, id, place, i, 0, data[i], NULL);
		return;
	}
}
