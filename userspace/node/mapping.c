// SPDX-License-Identifier: MIT
#include "mapping.h"

#include <errno.h>
#include <stdlib.h>

#include "asahi_drm.h"
#include "machine.h"
#include "node_internal.h"

/* Bookkeeping that one node gives to its clients, about 200 MB, besides page tables. */
#define MAX_MAPPINGS (2u << 20)

static struct agx_mapping *new_mapping(struct agx_vm *vm)
{
	struct agx_node *node = vm->node;
	struct agx_mapping *mapping;

	if (node->num_mappings >= MAX_MAPPINGS)
		return NULL;
	mapping = calloc(1, sizeof(*mapping));
	if (!mapping)
		return NULL;
	node->num_mappings++;
	mapping->vm = vm;
	/* xorshift32: any sequence without a pattern that a client could steer will do. */
	node->random ^= node->random << 13;
	node->random ^= node->random >> 17;
	node->random ^= node->random << 5;
	mapping->priority = node->random;
	list_init(&mapping->bo_link);
	return mapping;
}

static void free_mapping(struct agx_mapping *mapping)
{
	if (!mapping)
		return;
	list_del(&mapping->bo_link);
	mapping->vm->node->num_mappings--;
	free(mapping);
}

static void insert(struct agx_vm *vm, struct agx_mapping *mapping)
{
	struct agx_mapping **link = &vm->mappings, **left, **right, *cur;

	while (*link && (*link)->priority >= mapping->priority)
		link = mapping->start < (*link)->start ? &(*link)->left : &(*link)->right;

	/* The new node takes this place; what was below is split around it. */
	cur = *link;
	*link = mapping;
	left = &mapping->left;
	right = &mapping->right;
	while (cur) {
		if (cur->start < mapping->start) {
			*left = cur;
			left = &cur->right;
			cur = cur->right;
		} else {
			*right = cur;
			right = &cur->left;
			cur = cur->left;
		}
	}
	*left = NULL;
	*right = NULL;
}

static void erase(struct agx_vm *vm, struct agx_mapping *mapping)
{
	struct agx_mapping **link = &vm->mappings, *left = mapping->left, *right = mapping->right;

	while (*link != mapping)
		link = mapping->start < (*link)->start ? &(*link)->left : &(*link)->right;

	while (left && right) {
		if (left->priority >= right->priority) {
			*link = left;
			link = &left->right;
			left = left->right;
		} else {
			*link = right;
			link = &right->left;
			right = right->left;
		}
	}
	*link = left ? left : right;
}

struct agx_mapping *agx_mapping_find(const struct agx_vm *vm, uint64_t addr)
{
	struct agx_mapping *cur = vm->mappings, *best = NULL;

	while (cur) {
		if (cur->end > addr) {
			best = cur;
			cur = cur->left;
		} else {
			cur = cur->right;
		}
	}
	return best;
}

/* The tree's part of agx_vm_unmap(), with a spare mapping for a split; NULL afterwards if used. */
static void unmap(struct agx_vm *vm, uint64_t start, uint64_t end, struct agx_mapping **spare)
{
	struct agx_mapping *mapping, *tail;

	while ((mapping = agx_mapping_find(vm, start)) && mapping->start < end) {
		uint64_t after = mapping->flags & DRM_ASAHI_BIND_SINGLE_PAGE
					 ? mapping->offset
					 : mapping->offset + (end - mapping->start);

		if (mapping->start < start && mapping->end > end) {
			tail = *spare;
			*spare = NULL;
			tail->start = end;
			tail->end = mapping->end;
			tail->offset = after;
			tail->flags = mapping->flags;
			tail->bo = mapping->bo;
			list_add(&tail->bo_link, &tail->bo->mappings);
			mapping->end = start;
			insert(vm, tail);
		} else if (mapping->start < start) {
			mapping->end = start;
		} else if (mapping->end > end) {
			/* Mappings are disjoint: it keeps its place in the order. */
			mapping->start = end;
			mapping->offset = after;
		} else {
			erase(vm, mapping);
			free_mapping(mapping);
		}
	}
}

/* Whether unmapping [start, end) has to cut a hole into one mapping. */
static bool needs_split(const struct agx_vm *vm, uint64_t start, uint64_t end)
{
	const struct agx_mapping *mapping = agx_mapping_find(vm, start);

	return mapping && mapping->start < start && mapping->end > end;
}

int agx_vm_unmap(struct agx_vm *vm, uint64_t start, uint64_t end)
{
	struct agx_mapping *spare = NULL;

	if (start >= end)
		return 0;
	if (needs_split(vm, start, end)) {
		spare = new_mapping(vm);
		if (!spare)
			return -ENOMEM;
	}
	/* From here on nothing fails: the range is one of the VM's. */
	agx_uat_unmap(agx_core_vm_uat(vm->core), start, end - start);
	unmap(vm, start, end, &spare);
	return 0;
}

static void free_tree(struct agx_mapping *mapping)
{
	struct agx_mapping *next;

	/* Turns the tree into a list as it goes: no recursion. */
	for (; mapping; mapping = next) {
		next = mapping->right;
		if (mapping->left) {
			struct agx_mapping *left = mapping->left;

			mapping->left = left->right;
			left->right = mapping;
			next = left;
			continue;
		}
		free_mapping(mapping);
	}
}

void agx_vm_unmap_all(struct agx_vm *vm)
{
	agx_core_vm_close(vm->core);
	free_tree(vm->mappings);
	vm->mappings = NULL;
}

static enum agx_uat_prot protection(uint32_t flags)
{
	if (!(flags & DRM_ASAHI_BIND_WRITE))
		return AGX_UAT_GPU_SHARED_RO;
	return flags & DRM_ASAHI_BIND_READ ? AGX_UAT_GPU_SHARED_RW : AGX_UAT_GPU_SHARED_WO;
}

/* The page tables' part of agx_vm_map(). */
static int map_pages(struct agx_vm *vm, const struct agx_bo *bo, uint64_t start, uint64_t end,
		     uint64_t offset, uint32_t flags)
{
	struct agx_uat_vm *uat = agx_core_vm_uat(vm->core);
	struct agx_uat_reserve reserve = {0};
	int err;

	err = agx_uat_reserve(uat, start, end - start, false, &reserve);
	if (!err)
		err = agx_uat_map(uat, &reserve, start, agx_machine_address(bo->ram + offset),
				  end - start, protection(flags),
				  flags & DRM_ASAHI_BIND_SINGLE_PAGE ? AGX_UAT_SINGLE_PAGE : 0);
	agx_uat_reserve_release(agx_core_uat(vm->node->machine->core), &reserve);
	return err;
}

int agx_vm_map(struct agx_vm *vm, struct agx_bo *bo, uint64_t start, uint64_t end, uint64_t offset,
	       uint32_t flags)
{
	struct agx_mapping *mapping = new_mapping(vm), *spare = NULL;
	int err = -ENOMEM;

	if (!mapping)
		return -ENOMEM;
	if (needs_split(vm, start, end)) {
		spare = new_mapping(vm);
		if (!spare)
			goto free_mappings;
	}
	err = map_pages(vm, bo, start, end, offset, flags);
	if (err)
		goto free_mappings;

	/* From here on nothing fails. */
	if (flags & DRM_ASAHI_BIND_WRITE)
		bo->touched = true;
	unmap(vm, start, end, &spare);
	mapping->start = start;
	mapping->end = end;
	mapping->offset = offset;
	mapping->flags = flags;
	mapping->bo = bo;
	list_add(&mapping->bo_link, &bo->mappings);
	insert(vm, mapping);
	return 0;

free_mappings:
	free_mapping(spare);
	free_mapping(mapping);
	return err;
}

void agx_vm_unbind_bo(struct agx_file *file, struct agx_bo *bo)
{
	struct agx_mapping *mapping, *next;

	list_for_each_entry_safe(mapping, next, &bo->mappings, bo_link) {
		if (mapping->vm->file != file)
			continue;
		agx_uat_unmap(agx_core_vm_uat(mapping->vm->core), mapping->start,
			      mapping->end - mapping->start);
		erase(mapping->vm, mapping);
		free_mapping(mapping);
	}
}
