// SPDX-License-Identifier: MIT
#include "walk.h"

#include <string.h>

#include "agx_limits.h"
#include "asahi_drm.h"
#include "machine.h"
#include "mapping.h"
#include "ram.h"
#include "uat_internal.h"

/* Where no RAM is. */
#define TTBAT_PA 0x10000000ull

static void *ram_at(void *cookie, uint64_t pa, uint64_t size)
{
	struct vm_walk *walk = cookie;

	if (pa == TTBAT_PA && size <= sizeof(walk->ttbs))
		return &walk->ttbs;
	return agx_ram_translate(walk->ram, pa, size);
}

void vm_walk_init(struct vm_walk *walk, const struct agx_vm *vm)
{
	const struct agx_uat_vm *uat = agx_core_vm_uat(vm->core);

	memset(walk, 0, sizeof(*walk));
	walk->ram = vm->node->ram;
	walk->kernel_start = vm->kernel_start;
	walk->kernel_end = vm->kernel_end;
	walk->ttbs.ttb0 = uat->root_pa | AGX_UAT_TTB_VALID;
	walk->walker = (struct agx_walker){
		.ram = ram_at,
		.cookie = walk,
		.ttbat_pa = TTBAT_PA,
		.output_bits = vm->node->soc->output_address_bits,
	};
}

bool vm_walk_page(struct vm_walk *walk, uint64_t addr, uint64_t *pa, uint8_t *rights)
{
	struct agx_walk_result result;

	*pa = 0;
	*rights = 0;
	if (!agx_walk(&walk->walker, 0, AGX_WALK_GPU, addr, 0, &result))
		return false;
	*pa = result.pa;
	*rights = result.rights;
	return true;
}

static bool visit_page(void *cookie, uint64_t va, uint64_t entry)
{
	struct vm_walk *walk = cookie;

	if (va >= AGX_VM_USER_END || (va >= walk->kernel_start && va < walk->kernel_end))
		return true;
	walk->pages++;
	return walk->visit(walk->cookie, va, entry);
}

uint64_t vm_walk_all(struct vm_walk *walk, bool (*visit)(void *cookie, uint64_t va, uint64_t entry),
		     void *cookie)
{
	walk->visit = visit;
	walk->cookie = cookie;
	walk->pages = 0;
	return agx_walk_pages(&walk->walker, 0, false, UINT64_MAX, visit_page, walk) ? walk->pages
										     : UINT64_MAX;
}

uint8_t vm_walk_rights(uint32_t flags)
{
	return (flags & DRM_ASAHI_BIND_READ ? AGX_WALK_READ : 0) |
	       (flags & DRM_ASAHI_BIND_WRITE ? AGX_WALK_WRITE : 0);
}

static bool is_mapped(void *cookie, uint64_t va, uint64_t entry)
{
	const struct agx_mapping *mapping = agx_mapping_find(cookie, va);
	bool uncertain;
	uint64_t pa;

	if (!mapping || mapping->start > va)
		return false;
	pa = AGX_RAM_BASE + mapping->bo->ram + mapping->offset;
	if (!(mapping->flags & DRM_ASAHI_BIND_SINGLE_PAGE))
		pa += va - mapping->start;
	return (entry & AGX_UAT_ADDRESS) == pa &&
	       agx_walk_rights(entry, AGX_WALK_GPU, &uncertain) == vm_walk_rights(mapping->flags);
}

bool vm_walk_agrees(const struct agx_vm *vm)
{
	const struct agx_mapping *mapping;
	struct vm_walk walk;
	uint64_t pages = 0;

	for (mapping = agx_mapping_find(vm, 0); mapping;
	     mapping = agx_mapping_find(vm, mapping->end))
		pages += (mapping->end - mapping->start) / AGX_PAGE_SIZE;
	vm_walk_init(&walk, vm);
	return vm_walk_all(&walk, is_mapped, (void *)vm) == pages;
}
