// SPDX-License-Identifier: MIT
/*
 * Address spaces: what a sequence of binds leaves mapped, in the node's books and in the page
 * tables, against an array of pages.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "mapping.h"
#include "node_internal.h"
#include "ram.h"
#include "walk.h"

#define READ   DRM_ASAHI_BIND_READ
#define WRITE  DRM_ASAHI_BIND_WRITE
#define SINGLE DRM_ASAHI_BIND_SINGLE_PAGE
#define UNBIND DRM_ASAHI_BIND_UNBIND
#define ADDR   0x100000000ull

static struct agx_vm *vm_of(struct fixture *f, uint32_t id)
{
	return agx_idr_find(&f->file->vms, id);
}

/* What the page at addr is: handle 0 for nothing. */
struct page {
	uint32_t handle;
	uint64_t offset;
	uint32_t flags;
};

static struct page page_at(struct fixture *f, uint32_t vm, uint64_t addr)
{
	const struct agx_mapping *mapping = agx_mapping_find(vm_of(f, vm), addr);
	struct page page = {0};

	if (!mapping || mapping->start > addr)
		return page;
	page.handle = agx_bo_find_handle(mapping->bo, f->file);
	page.flags = mapping->flags;
	page.offset = mapping->offset;
	if (!(mapping->flags & SINGLE))
		page.offset += addr - mapping->start;
	return page;
}

static void is_page(struct fixture *f, uint32_t vm, uint64_t addr, uint32_t handle, uint64_t offset,
		    uint32_t flags)
{
	struct page page = page_at(f, vm, addr);
	const struct agx_bo *bo = agx_bo_lookup(f->file, handle);
	struct vm_walk walk;
	uint8_t rights;
	uint64_t pa;

	assert_int_equal(page.handle, handle);
	assert_int_equal(page.offset, offset);
	assert_int_equal(page.flags, flags);

	vm_walk_init(&walk, vm_of(f, vm));
	if (!vm_walk_page(&walk, addr, &pa, &rights)) {
		assert_int_equal(handle, 0);
		return;
	}
	assert_non_null(bo);
	assert_int_equal(pa, AGX_RAM_BASE + bo->ram + offset);
	assert_int_equal(rights, vm_walk_rights(flags));
}

/* After an operation: the tables hold what the books say, and no page more. */
static void agree(struct fixture *f, uint32_t vm)
{
	assert_true(vm_walk_agrees(vm_of(f, vm)));
}

static void binds_split_what_they_overlap(void **state)
{
	struct fixture f;
	uint32_t vm, a, b;

	fixture_init(&f, NULL);
	vm = make_vm(f.file);
	a = make_bo(f.file, 8 * PAGE, 0);
	b = make_bo(f.file, 8 * PAGE, 0);
	assert_int_equal(bind_range(f.file, vm, a, ADDR, 8 * PAGE, 0, READ | WRITE), 0);
	assert_int_equal(bind_range(f.file, vm, b, ADDR + 3 * PAGE, 2 * PAGE, PAGE, READ), 0);
	is_page(&f, vm, ADDR - PAGE, 0, 0, 0);
	is_page(&f, vm, ADDR, a, 0, READ | WRITE);
	is_page(&f, vm, ADDR + 2 * PAGE, a, 2 * PAGE, READ | WRITE);
	is_page(&f, vm, ADDR + 3 * PAGE, b, PAGE, READ);
	is_page(&f, vm, ADDR + 4 * PAGE, b, 2 * PAGE, READ);
	is_page(&f, vm, ADDR + 5 * PAGE, a, 5 * PAGE, READ | WRITE);
	is_page(&f, vm, ADDR + 7 * PAGE, a, 7 * PAGE, READ | WRITE);
	is_page(&f, vm, ADDR + 8 * PAGE, 0, 0, 0);
	agree(&f, vm);

	assert_int_equal(bind_range(f.file, vm, 0, ADDR + 4 * PAGE, 2 * PAGE, 0, UNBIND), 0);
	is_page(&f, vm, ADDR + 3 * PAGE, b, PAGE, READ);
	is_page(&f, vm, ADDR + 4 * PAGE, 0, 0, 0);
	is_page(&f, vm, ADDR + 5 * PAGE, 0, 0, 0);
	is_page(&f, vm, ADDR + 6 * PAGE, a, 6 * PAGE, READ | WRITE);
	agree(&f, vm);
	fixture_finish(&f);
}

static void a_single_page_repeats(void **state)
{
	struct fixture f;
	uint32_t vm, bo;

	fixture_init(&f, NULL);
	vm = make_vm(f.file);
	bo = make_bo(f.file, 4 * PAGE, 0);
	assert_int_equal(bind_range(f.file, vm, bo, ADDR, 1ull << 34, 3 * PAGE, READ | SINGLE), 0);
	is_page(&f, vm, ADDR, bo, 3 * PAGE, READ | SINGLE);
	is_page(&f, vm, ADDR + (1ull << 34) - PAGE, bo, 3 * PAGE, READ | SINGLE);
	assert_int_equal(bind_range(f.file, vm, 0, ADDR + PAGE, PAGE, 0, UNBIND), 0);
	is_page(&f, vm, ADDR + 2 * PAGE, bo, 3 * PAGE, READ | SINGLE);
	agree(&f, vm);
	fixture_finish(&f);
}

static void operations_before_a_failing_one_stay(void **state)
{
	struct drm_asahi_gem_bind_op ops[3] = {
		{.flags = READ, .range = PAGE, .addr = ADDR},
		{.flags = READ, .range = PAGE, .addr = ADDR + 1},
		{.flags = READ, .range = PAGE, .addr = ADDR + 2 * PAGE},
	};
	struct drm_asahi_vm_bind args = {.num_binds = 3, .stride = sizeof(ops[0])};
	struct fixture f;
	uint32_t vm, bo;
	int i;

	fixture_init(&f, NULL);
	vm = make_vm(f.file);
	bo = make_bo(f.file, PAGE, 0);
	for (i = 0; i < 3; i++)
		ops[i].handle = bo;
	args.vm_id = vm;
	args.userptr = (uintptr_t)ops;
	assert_int_equal(call(f.file, DRM_IOCTL_ASAHI_VM_BIND, &args), -EINVAL);
	is_page(&f, vm, ADDR, bo, 0, READ);
	is_page(&f, vm, ADDR + 2 * PAGE, 0, 0, 0);
	agree(&f, vm);
	fixture_finish(&f);
}

static void closing_a_handle_unbinds_everywhere_in_the_file(void **state)
{
	struct drm_prime_handle prime;
	struct agx_file *other;
	struct fixture f, g;
	uint32_t vm[2], vm_other, bo, keep, theirs;

	fixture_init(&f, NULL);
	assert_int_equal(agx_file_open(f.node, &other), 0);
	g = (struct fixture){.node = f.node, .file = other};
	vm[0] = make_vm(f.file);
	vm[1] = make_vm(f.file);
	vm_other = make_vm(other);
	bo = make_bo(f.file, 4 * PAGE, 0);
	keep = make_bo(f.file, 4 * PAGE, 0);

	prime = (struct drm_prime_handle){.handle = bo, .flags = DRM_CLOEXEC};
	assert_int_equal(call(f.file, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), 0);
	assert_int_equal(call(other, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime), 0);
	theirs = prime.handle;
	close(prime.fd);

	assert_int_equal(bind_range(f.file, vm[0], bo, ADDR, PAGE, 0, READ), 0);
	assert_int_equal(bind_range(f.file, vm[0], bo, ADDR + PAGE, PAGE, 0, READ), 0);
	assert_int_equal(bind_range(f.file, vm[0], keep, ADDR + 2 * PAGE, PAGE, 0, READ), 0);
	assert_int_equal(bind_range(f.file, vm[1], bo, ADDR, 4 * PAGE, 0, READ), 0);
	assert_int_equal(bind_range(other, vm_other, theirs, ADDR, 4 * PAGE, 0, READ), 0);
	close_bo(f.file, bo);
	is_page(&f, vm[0], ADDR, 0, 0, 0);
	is_page(&f, vm[0], ADDR + PAGE, 0, 0, 0);
	is_page(&f, vm[0], ADDR + 2 * PAGE, keep, 0, READ);
	is_page(&f, vm[1], ADDR, 0, 0, 0);
	is_page(&g, vm_other, ADDR, theirs, 0, READ);
	agree(&f, vm[0]);
	agree(&f, vm[1]);
	agree(&g, vm_other);
	agx_file_put(other);
	fixture_finish(&f);
}

static void destroying_a_vm_unmaps_at_once(void **state)
{
	struct drm_asahi_vm_destroy destroy = {0};
	struct fixture f;
	uint32_t vm, bo, queue;
	struct agx_vm *old;

	fixture_init(&f, NULL);
	vm = make_vm(f.file);
	bo = make_bo(f.file, 4 * PAGE, vm);
	queue = make_queue(f.file, vm);
	assert_int_equal(bind_range(f.file, vm, bo, ADDR, PAGE, 0, READ), 0);
	assert_int_equal(bind_range(f.file, vm, bo, ADDR + 4 * PAGE, PAGE, 0, READ), 0);
	assert_int_equal(f.node->num_mappings, 2);
	destroy.vm_id = vm;
	old = agx_node_vm_get(vm_of(&f, vm));
	assert_int_equal(call(f.file, DRM_IOCTL_ASAHI_VM_DESTROY, &destroy), 0);
	assert_int_equal(f.node->num_mappings, 0);
	/* The queue keeps the tables, which are empty. */
	assert_true(vm_walk_agrees(old));
	agx_node_vm_put(old);
	assert_int_equal(call(f.file, DRM_IOCTL_ASAHI_VM_DESTROY, &destroy), -ENOENT);
	assert_int_equal(bind_range(f.file, vm, bo, ADDR, PAGE, 0, READ), -ENOENT);

	/* The queue lives on; the private object keeps its own VM, whatever gets its number. */
	assert_int_equal(submit_empty(f.file, queue, 0, 0), 0);
	assert_int_equal(make_vm(f.file), vm);
	assert_int_equal(bind_range(f.file, vm, bo, ADDR, PAGE, 0, READ), -EINVAL);
	fixture_finish(&f);
}

static void check_tree(const struct agx_mapping *mapping, uint64_t *last, size_t *count)
{
	if (!mapping)
		return;
	assert_true(!mapping->left || mapping->left->priority <= mapping->priority);
	assert_true(!mapping->right || mapping->right->priority <= mapping->priority);
	check_tree(mapping->left, last, count);
	assert_true(mapping->start >= *last);
	assert_true(mapping->end > mapping->start);
	*last = mapping->end;
	++*count;
	check_tree(mapping->right, last, count);
}

/* A window of pages, random operations; after each the tree says what the array says. */
static void random_sequences_agree_with_a_page_table(void **state)
{
	enum {
		PAGES = 64,
		BOS = 5,
		STEPS = 6000
	};
	struct page table[PAGES] = {{0}};
	uint32_t handles[BOS], vm;
	unsigned int seed = 3;
	struct fixture f;
	int step, i;

	fixture_init(&f, NULL);
	vm = make_vm(f.file);
	for (i = 0; i < BOS; i++)
		handles[i] = make_bo(f.file, PAGES * PAGE, 0);

	for (step = 0; step < STEPS; step++) {
		unsigned int start = (unsigned int)rand_r(&seed) % PAGES;
		unsigned int length = 1 + (unsigned int)rand_r(&seed) % (PAGES - start);
		unsigned int what = (unsigned int)rand_r(&seed) % 20;
		unsigned int n = (unsigned int)rand_r(&seed) % BOS;
		uint64_t offset = (uint64_t)rand_r(&seed) % (PAGES - length + 1) * PAGE;
		uint32_t flags = (rand_r(&seed) % 2 ? READ : WRITE) | (what < 4 ? SINGLE : 0);
		uint64_t last = 0;
		size_t count = 0;

		if (rand_r(&seed) % 3)
			length = length > 4 ? 1 + length % 4 : length;
		if (what == 19) {
			close_bo(f.file, handles[n]);
			for (i = 0; i < PAGES; i++)
				if (table[i].handle == handles[n])
					table[i] = (struct page){0};
			assert_int_equal(make_bo(f.file, PAGES * PAGE, 0), handles[n]);
		} else if (what > 13) {
			assert_int_equal(bind_range(f.file, vm, 0, ADDR + start * PAGE,
						    length * PAGE, 0, UNBIND),
					 0);
			memset(&table[start], 0, length * sizeof(table[0]));
		} else {
			assert_int_equal(bind_range(f.file, vm, handles[n], ADDR + start * PAGE,
						    length * PAGE, offset, flags),
					 0);
			for (i = 0; i < (int)length; i++)
				table[start + (unsigned int)i] = (struct page){
					.handle = handles[n],
					.offset =
						offset + (flags & SINGLE ? 0 : (uint64_t)i * PAGE),
					.flags = flags,
				};
		}
		check_tree(vm_of(&f, vm)->mappings, &last, &count);
		assert_int_equal(f.node->num_mappings, count);
		for (i = 0; i < PAGES; i++)
			is_page(&f, vm, ADDR + (uint64_t)i * PAGE, table[i].handle, table[i].offset,
				table[i].flags);
		agree(&f, vm);
	}
	fixture_finish(&f);
}

/* In address order, the worst case of an unbalanced tree, it stays shallow. */
static void the_tree_stays_balanced(void **state)
{
	enum {
		COUNT = 50000
	};
	const struct agx_mapping *stack[256];
	unsigned int depths[256], depth = 0, deepest = 0;
	struct fixture f;
	uint32_t vm, bo, i;

	fixture_init(&f, NULL);
	vm = make_vm(f.file);
	bo = make_bo(f.file, PAGE, 0);
	for (i = 0; i < COUNT; i++)
		assert_int_equal(bind_range(f.file, vm, bo, (i + 1) * 2 * PAGE, PAGE, 0, READ), 0);
	stack[0] = vm_of(&f, vm)->mappings;
	depths[0] = 1;
	for (depth = 1; depth;) {
		const struct agx_mapping *mapping = stack[--depth];
		unsigned int level = depths[depth];

		if (!mapping)
			continue;
		deepest = level > deepest ? level : deepest;
		assert_true(depth + 2 < 256);
		stack[depth] = mapping->left;
		depths[depth++] = level + 1;
		stack[depth] = mapping->right;
		depths[depth++] = level + 1;
	}
	assert_in_range(deepest, 16, 80);
	assert_int_equal(bind_range(f.file, vm, 0, PAGE, WINDOW_START - PAGE, 0, UNBIND), 0);
	assert_int_equal(f.node->num_mappings, 0);
	agree(&f, vm);
	fixture_finish(&f);
}

/* A shared buffer stays at its physical address, whatever file lies over it. */
static void an_export_leaves_the_address(void **state)
{
	struct drm_prime_handle prime = {.flags = DRM_CLOEXEC | DRM_RDWR};
	struct vm_walk walk;
	struct fixture f;
	uint64_t before, after;
	uint8_t rights;
	uint32_t vm;

	fixture_init(&f, NULL);
	vm = make_vm(f.file);
	prime.handle = make_bo(f.file, 2 * PAGE, 0);
	assert_int_equal(bind_range(f.file, vm, prime.handle, ADDR, 2 * PAGE, 0, READ), 0);
	vm_walk_init(&walk, vm_of(&f, vm));
	assert_true(vm_walk_page(&walk, ADDR + PAGE, &before, &rights));
	assert_int_equal(call(f.file, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), 0);
	assert_true(vm_walk_page(&walk, ADDR + PAGE, &after, &rights));
	assert_int_equal(before, after);
	/* What another process would write is what the GPU reads there. */
	assert_int_equal(pwrite(prime.fd, "shared", 6, PAGE), 6);
	assert_memory_equal(agx_ram_translate(f.node->ram, after, 6), "shared", 6);
	close(prime.fd);
	agree(&f, vm);
	fixture_finish(&f);
}

/* A bind that cannot get its page tables leaves everything as it was. */
static void a_bind_without_memory_changes_nothing(void **state)
{
	const uint64_t huge = 1ull << 38; /* 128 MiB of tables */
	struct agx_node_config config = {.memory_limit = 1 << 20, .single_step = true};
	uint32_t vms[4], bo, i, failed = 0;
	struct fixture f;

	fixture_init(&f, &config);
	bo = make_bo(f.file, 4 * PAGE, 0);
	for (i = 0; i < 4; i++) {
		long ret;

		vms[i] = make_vm(f.file);
		assert_int_equal(bind_range(f.file, vms[i], bo, ADDR, 4 * PAGE, 0, READ), 0);
		ret = bind_range(f.file, vms[i], bo, ADDR + PAGE, huge, PAGE, READ | SINGLE);
		if (!ret) {
			is_page(&f, vms[i], ADDR + PAGE, bo, PAGE, READ | SINGLE);
			continue;
		}
		assert_int_equal(ret, -ENOMEM);
		failed++;
		is_page(&f, vms[i], ADDR + PAGE, bo, PAGE, READ);
		is_page(&f, vms[i], ADDR + 3 * PAGE, bo, 3 * PAGE, READ);
		is_page(&f, vms[i], ADDR + 4 * PAGE, 0, 0, 0);
		agree(&f, vms[i]);
	}
	assert_in_range(failed, 1, 3);
	/* What the first took it gives back. */
	assert_int_equal(bind_range(f.file, vms[0], 0, ADDR, huge + PAGE, 0, UNBIND), 0);
	assert_int_equal(bind_range(f.file, vms[3], bo, ADDR, huge, PAGE, READ | SINGLE), 0);
	fixture_finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(binds_split_what_they_overlap),
		cmocka_unit_test(a_single_page_repeats),
		cmocka_unit_test(operations_before_a_failing_one_stay),
		cmocka_unit_test(closing_a_handle_unbinds_everywhere_in_the_file),
		cmocka_unit_test(destroying_a_vm_unmaps_at_once),
		cmocka_unit_test(random_sequences_agree_with_a_page_table),
		cmocka_unit_test(the_tree_stays_balanced),
		cmocka_unit_test(an_export_leaves_the_address),
		cmocka_unit_test(a_bind_without_memory_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
