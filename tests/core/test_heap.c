// SPDX-License-Identifier: MIT
/* Heaps: objects do not overlap, guards are not mapped, freed memory waits, misuse is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agx_heap.h"
#include "agx_limits.h"
#include "machine.h"

#define PAGE AGX_UAT_PAGE_SIZE

static struct agx_heap *make(struct machine *machine, enum agx_fw_heap which, bool debug)
{
	struct agx_heap_config config = *agx_fw_heap_config(which);
	struct agx_heap *heap;

	config.debug = debug;
	config.coherent = true;
	assert_int_equal(agx_heap_create(&machine->platform, machine->uat,
					 agx_uat_kernel_vm(machine->uat), &config, &heap),
			 0);
	return heap;
}

static const struct agx_heap_object *take(struct agx_heap *heap, uint64_t size, uint32_t align)
{
	const struct agx_heap_object *object;

	assert_int_equal(agx_heap_alloc(heap, size, align, "test object", &object), 0);
	return object;
}

#define OBJECTS 400

static void check_object(struct machine *machine, const struct agx_heap_object *object,
			 uint8_t fill)
{
	const uint8_t *bytes = object->cpu;
	struct agx_walk_result result;
	uint64_t i;

	assert_true(agx_walk(&machine->walker, 0, AGX_WALK_FIRMWARE, object->va, AGX_WALK_READ,
			     &result));
	assert_ptr_equal(machine->walker.ram(machine, result.pa, 1), object->cpu);
	assert_true(agx_walk(&machine->walker, 0, AGX_WALK_FIRMWARE, object->va + object->size - 1,
			     AGX_WALK_READ, &result));
	assert_ptr_equal(machine->walker.ram(machine, result.pa, 1), bytes + object->size - 1);
	for (i = 0; i < object->size; i++)
		if (bytes[i] != fill)
			fail_msg("object at 0x%llx: byte %llu is 0x%x, not 0x%x",
				 (unsigned long long)object->va, (unsigned long long)i, bytes[i],
				 fill);
}

static void random_use(enum agx_fw_heap which, bool debug, uint32_t scatter)
{
	static const uint32_t sizes[] = {1, 0x60, 0x80, 0x81, 0x930, 0x4000, 0x17000};
	const struct agx_heap_object *objects[OBJECTS] = {0};
	uint64_t seed = which + 10 * debug;
	struct agx_heap_stats stats;
	struct machine machine;
	struct agx_heap *heap;
	uint64_t live = 0;
	unsigned int n, i;

	machine_start(&machine, 128 << 20, false, false);
	machine.scatter = scatter;
	heap = make(&machine, which, debug);
	for (n = 0; n < 20000; n++) {
		i = machine_random(&seed) % OBJECTS;
		if (objects[i]) {
			check_object(&machine, objects[i], i);
			live -= 1;
			agx_heap_free(heap, objects[i]);
			objects[i] = NULL;
		} else {
			uint32_t align =
				machine_random(&seed) % 8 ? 0 : 1u << machine_random(&seed) % 17;
			uint64_t size =
				1 + machine_random(&seed) % sizes[machine_random(&seed) % 7];

			objects[i] = take(heap, size, align);
			live += 1;
			assert_int_equal(objects[i]->size, size);
			assert_int_equal(objects[i]->va % (align > 0x80 ? align : 0x80), 0);
			check_object(&machine, objects[i], 0);
			memset(objects[i]->cpu, (int)i, size);
		}
		if (agx_heap_wants_flush(heap) || n % 5000 == 777)
			agx_heap_collect(heap, agx_heap_garbage_mark(heap));
		if (n % 500 == 0) {
			assert_int_equal(agx_heap_check(heap), 0);
			stats = agx_heap_stats(heap);
			assert_int_equal(stats.live_objects, live);
			assert_true(stats.live_bytes + stats.garbage_bytes <= stats.mapped_bytes);
		}
	}
	for (i = 0; i < OBJECTS; i++) {
		if (objects[i]) {
			check_object(&machine, objects[i], i);
			assert_ptr_equal(agx_heap_find(heap, objects[i]->va), objects[i]);
			assert_ptr_equal(agx_heap_find(heap, objects[i]->va + objects[i]->size - 1),
					 objects[i]);
		}
		agx_heap_free(heap, objects[i]);
	}
	agx_heap_collect(heap, agx_heap_garbage_mark(heap));
	stats = agx_heap_stats(heap);
	assert_int_equal(stats.live_objects, 0);
	assert_int_equal(stats.live_bytes, 0);
	assert_int_equal(stats.garbage_objects, 0);
	assert_int_equal(stats.written_after_free + stats.written_past_end + stats.misuse, 0);
	/* At most some 400 objects of 48 KiB on average, and what waits for a flush. */
	assert_true(stats.mapped_bytes < (48u << 20));
	agx_heap_destroy(heap);
	if (machine.logs)
		fail_msg("%s", machine.last_log);
	assert_int_equal(agx_uat_vm_pages(agx_uat_kernel_vm(machine.uat)), 0);
	assert_int_equal(machine_finish(&machine), 0);
}

static void random_objects_stay_what_they_are(void **state)
{
	(void)state;
	random_use(AGX_HEAP_SHARED, false, 0);
	random_use(AGX_HEAP_SHARED, true, 3);
	random_use(AGX_HEAP_PRIVATE, false, 1);
	random_use(AGX_HEAP_PRIVATE, true, 0);
	random_use(AGX_HEAP_SHARED_RO, false, 2);
}

/* Where and with which rights each of the five heaps lies, as in section 2.6 of the sources. */
static void heaps_lie_where_they_should(void **state)
{
	static const struct {
		enum agx_fw_heap heap;
		uint64_t start, end;
		const char *firmware, *gpu;
		unsigned int type;
		bool delayed;
	} cases[] = {
		{AGX_HEAP_PRIVATE, 0xffffffa000000000, 0xffffffa600000000, "rw", "", 0, true},
		{AGX_HEAP_GPU_RO, 0xffffffa600000000, 0xffffffa800000000, "rw", "r", 0, true},
		{AGX_HEAP_SHARED, 0xffffffa800000000, 0xffffffaa00000000, "rw", "", 2, false},
		{AGX_HEAP_SHARED_RO, 0xffffffaa00000000, 0xffffffac00000000, "r", "", 2, false},
		{AGX_HEAP_GPU, 0xffffffac00000000, 0xffffffae00000000, "rw", "rw", 2, false},
	};
	struct agx_heap *heaps[AGX_FW_HEAPS];
	struct machine machine;
	unsigned int i, round;

	(void)state;
	machine_start(&machine, 64 << 20, true, false);
	for (i = 0; i < AGX_FW_HEAPS; i++)
		heaps[i] = make(&machine, i, false);
	for (i = 0; i < AGX_FW_HEAPS; i++) {
		const struct agx_heap_object *object = take(heaps[i], 0xf0, 0);
		struct agx_walk_result result;
		uint64_t va = 0, size = 0;
		uint8_t gpu;

		assert_int_equal(cases[i].heap, i);
		assert_int_equal(agx_fw_heap_config(i)->end, cases[i].end);
		assert_int_equal(object->va, cases[i].start);
		agx_walk(&machine.walker, 0, AGX_WALK_GPU, object->va, 0, &result);
		gpu = result.rights;
		agx_walk(&machine.walker, 0, AGX_WALK_FIRMWARE, object->va, 0, &result);
		assert_int_equal(result.type, cases[i].type);
		assert_int_equal(result.rights, strlen(cases[i].firmware) == 2 ? 3 : 1);
		assert_int_equal(gpu, strlen(cases[i].gpu) ? strlen(cases[i].gpu) == 2 ? 3 : 1 : 0);
		assert_true(result.global);

		/* The page before and after each block is a guard. */
		for (round = 0; round < 40; round++)
			take(heaps[i], 0xc000, 0);
		for (round = 0; agx_heap_next_block(heaps[i], &va, &size); round++) {
			assert_false(agx_walk(&machine.walker, 0, AGX_WALK_FIRMWARE, va - 1, 0,
					      &result));
			assert_true(
				agx_walk(&machine.walker, 0, AGX_WALK_FIRMWARE, va, 0, &result));
			assert_true(agx_walk(&machine.walker, 0, AGX_WALK_FIRMWARE, va + size - 1,
					     0, &result));
			assert_false(agx_walk(&machine.walker, 0, AGX_WALK_FIRMWARE, va + size, 0,
					      &result));
		}
		assert_true(round >= 2);
		assert_null(agx_heap_find(heaps[i], cases[i].start + 0xf0));

		/* Reused at once, or only after a flush. */
		va = object->va;
		agx_heap_free(heaps[i], object);
		object = take(heaps[i], 0x100, 0);
		assert_int_equal(object->va != va, cases[i].delayed);
	}
	assert_null(agx_fw_heap_config(AGX_FW_HEAPS));
	for (i = 0; i < AGX_FW_HEAPS; i++)
		agx_heap_destroy(heaps[i]);
	assert_int_equal(machine.logs, AGX_FW_HEAPS); /* objects that were not freed */
	assert_int_equal(machine_finish(&machine), 0);
}

/* A size between two classes is found again, and so is one with an alignment of its own. */
static void freed_memory_is_found_again(void **state)
{
	static const struct {
		uint64_t size;
		uint32_t align;
	} cases[] = {{0x12394, 0}, {0x930, 0}, {0x80, 0}, {0x11d40, 0x4000}, {0x21000, 0x8000}};
	struct machine machine;
	struct agx_heap *heap;
	unsigned int i, j;

	(void)state;
	machine_start(&machine, 64 << 20, false, false);
	heap = make(&machine, AGX_HEAP_SHARED, false);
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct agx_heap_object *object;
		uint64_t va;

		/* Between live ones, so that it cannot grow. */
		take(heap, 0x80, 0);
		object = take(heap, cases[i].size, cases[i].align);
		va = object->va;
		take(heap, 0x80, 0);
		for (j = 0; j < 3; j++) {
			agx_heap_free(heap, object);
			object = take(heap, cases[i].size, cases[i].align);
			assert_int_equal(object->va, va);
		}
	}
	agx_heap_destroy(heap);
	assert_int_equal(machine_finish(&machine), 0);
}

static uint64_t (*real_address)(void *cookie, const struct agx_mem *mem, uint64_t offset,
				uint64_t *contiguous);

static uint64_t address_too_far(void *cookie, const struct agx_mem *mem, uint64_t offset,
				uint64_t *contiguous)
{
	return offset < 5 * PAGE ? real_address(cookie, mem, offset, contiguous) : 1ull << 42;
}

/* What was never given out need not be cleared; what was must be, also beside what was not. */
static void fresh_memory_is_told_from_used(void **state)
{
	const struct agx_heap_object *a, *b, *c;
	struct machine machine;
	struct agx_heap *heap;
	uint64_t va;

	(void)state;
	machine_start(&machine, 16 << 20, false, false);
	heap = make(&machine, AGX_HEAP_SHARED, false);
	a = take(heap, 0x1000, 0);
	b = take(heap, 0x1000, 0x4000); /* with a gap before it */
	assert_true(a->fresh && b->fresh);
	memset(a->cpu, 0x5a, a->size);
	memset(b->cpu, 0x5a, b->size);
	va = a->va;
	agx_heap_free(heap, a);
	a = take(heap, 0x1000, 0);
	assert_int_equal(a->va, va);
	assert_false(a->fresh);
	check_object(&machine, a, 0);
	/* The used end of what is free makes all of it used. */
	agx_heap_free(heap, b);
	c = take(heap, 0x8000, 0);
	assert_int_equal(c->va, va + 0x1000);
	assert_false(c->fresh);
	check_object(&machine, c, 0);
	agx_heap_free(heap, a);
	agx_heap_free(heap, c);
	agx_heap_destroy(heap);
	assert_int_equal(machine_finish(&machine), 0);
}

static void memory_that_entries_cannot_name(void **state)
{
	const struct agx_heap_object *object;
	struct machine machine;
	struct agx_heap *heap;

	(void)state;
	machine_start(&machine, 64 << 20, false, false);
	machine.scatter = 1;
	heap = make(&machine, AGX_HEAP_SHARED, false);
	real_address = machine.platform.mem_address;
	machine.platform.mem_address = address_too_far;
	assert_int_equal(agx_heap_alloc(heap, 0x80, 0, "x", &object), -EINVAL);
	assert_int_equal(agx_uat_vm_pages(agx_uat_kernel_vm(machine.uat)), 0);
	assert_int_equal(machine.mems_out, 0);
	machine.platform.mem_address = real_address;
	agx_heap_free(heap, take(heap, 0x80, 0));
	agx_heap_destroy(heap);
	assert_int_equal(machine_finish(&machine), 0);
}

static void the_heaps_of_a_client(void **state)
{
	const uint64_t start = 0x7000008000, end = start + AGX_VM_KERNEL_MIN_SIZE + 0x8000;
	const struct agx_heap_object *object;
	struct agx_heap_config shared, priv;
	struct agx_walk_result result;
	struct agx_heap *a, *b;
	struct machine machine;
	struct agx_uat_vm *vm;

	(void)state;
	machine_start(&machine, 64 << 20, false, false);
	assert_int_equal(agx_uat_vm_create(machine.uat, &vm), 0);
	assert_int_equal(agx_uat_bind(vm), 1);
	agx_vm_heap_configs(start, end, &shared, &priv);
	assert_int_equal(shared.start, start);
	assert_int_equal(shared.end, priv.start);
	assert_int_equal(priv.end, end);
	assert_int_equal(priv.start % 0x8000, 0);
	assert_int_equal(agx_heap_create(&machine.platform, machine.uat, vm, &shared, &a), 0);
	assert_int_equal(agx_heap_create(&machine.platform, machine.uat, vm, &priv, &b), 0);
	object = take(a, 0x20000, 0);
	assert_int_equal(object->va % 0x8000, 0);
	assert_null(object->cpu);
	assert_true(
		agx_walk(&machine.walker, 1, AGX_WALK_GPU, object->va, AGX_WALK_WRITE, &result));
	assert_false(agx_walk(&machine.walker, 1, AGX_WALK_FIRMWARE, object->va, AGX_WALK_READ,
			      &result));
	agx_heap_free(a, object);
	object = take(b, 1, 0);
	assert_true(
		agx_walk(&machine.walker, 1, AGX_WALK_GPU, object->va, AGX_WALK_WRITE, &result));
	assert_true(agx_walk(&machine.walker, 1, AGX_WALK_FIRMWARE, object->va, AGX_WALK_WRITE,
			     &result));
	assert_int_equal(result.type, AGX_UAT_ATTR_CACHED);
	agx_heap_free(b, object);
	agx_heap_destroy(a);
	agx_heap_destroy(b);
	assert_int_equal(agx_uat_vm_pages(vm), 0);
	agx_uat_unbind(vm);
	agx_uat_vm_destroy(vm);
	assert_int_equal(machine_finish(&machine), 0);
}

static void garbage_waits_for_its_flush(void **state)
{
	const struct agx_heap_object *first, *second;
	struct agx_heap_stats stats;
	struct machine machine;
	struct agx_heap *heap;
	uint64_t mark, va, other;
	unsigned int i;

	(void)state;
	machine_start(&machine, 128 << 20, false, false);
	heap = make(&machine, AGX_HEAP_PRIVATE, false);
	first = take(heap, 0x80, 0);
	second = take(heap, 0x80, 0);
	va = first->va;
	other = second->va;
	agx_heap_free(heap, first);
	mark = agx_heap_garbage_mark(heap);
	agx_heap_free(heap, second); /* after the flush was asked for */
	assert_false(agx_heap_wants_flush(heap));
	agx_heap_collect(heap, mark);
	stats = agx_heap_stats(heap);
	assert_int_equal(stats.garbage_objects, 1);
	assert_int_equal(stats.garbage_bytes, 0x80);
	assert_int_equal(take(heap, 0x80, 0)->va, va);
	for (i = 0; i < 100; i++)
		assert_int_not_equal(take(heap, 0x80, 0)->va, other);

	/* More than 2,048 objects, or more than 16 MiB. */
	agx_heap_collect(heap, agx_heap_garbage_mark(heap));
	for (i = 0; i < 2048; i++)
		agx_heap_free(heap, take(heap, 0x80, 0));
	assert_false(agx_heap_wants_flush(heap));
	agx_heap_free(heap, take(heap, 0x80, 0));
	assert_true(agx_heap_wants_flush(heap));
	agx_heap_collect(heap, agx_heap_garbage_mark(heap));
	assert_false(agx_heap_wants_flush(heap));
	for (i = 0; i < 16; i++)
		agx_heap_free(heap, take(heap, 1 << 20, 0));
	assert_false(agx_heap_wants_flush(heap));
	agx_heap_free(heap, take(heap, 0x80, 0));
	assert_true(agx_heap_wants_flush(heap));
	agx_heap_destroy(heap);
	assert_int_equal(machine_finish(&machine), 0);
}

static void debugging_finds_misuse(void **state)
{
	const struct agx_heap_object *a, *b, *c;
	struct agx_heap_stats stats;
	struct machine machine;
	struct agx_heap *heap;
	uint8_t *bytes;
	unsigned int i;

	(void)state;
	machine_start(&machine, 64 << 20, false, false);
	heap = make(&machine, AGX_HEAP_SHARED, true);

	/* Before anybody got it. */
	a = take(heap, 0x7d, 0);
	bytes = a->cpu;
	bytes[0x4000] = 0;
	assert_int_equal(agx_heap_check(heap), 1);
	assert_int_equal(agx_heap_check(heap), 0);
	assert_int_equal(agx_heap_stats(heap).written_after_free, 1);

	/* Past the end: found by a check, and when it is freed. */
	assert_int_equal(agx_heap_check(heap), 0);
	bytes[0x7d] ^= 1;
	assert_int_equal(agx_heap_check(heap), 1);
	assert_non_null(strstr(machine.last_log, "test object"));
	assert_non_null(strstr(machine.last_log, "0x0 bytes past its end"));
	bytes[0x7d] ^= 1;
	bytes[0x7d + 0x41] ^= 1;
	agx_heap_free(heap, a);
	stats = agx_heap_stats(heap);
	assert_int_equal(stats.written_past_end, 2);

	/* After it was freed: found by a check, once. */
	assert_int_equal(agx_heap_check(heap), 0);
	bytes[5] = 0;
	assert_int_equal(agx_heap_check(heap), 1);
	assert_int_equal(agx_heap_check(heap), 0);

	/* Not reused at once; and found on the way out of the quarantine. */
	b = take(heap, 0x7d, 0);
	assert_ptr_not_equal(b->cpu, bytes);
	bytes[6] = 0;
	for (i = 0; i < AGX_HEAP_DEBUG_QUARANTINE_OBJECTS; i++)
		agx_heap_free(heap, take(heap, 0x100, 0));
	stats = agx_heap_stats(heap);
	assert_int_equal(stats.written_after_free, 3);
	assert_int_equal(stats.quarantined_objects, AGX_HEAP_DEBUG_QUARANTINE_OBJECTS);

	/* After it left the quarantine: found when the memory is used again. */
	bytes[7] = 0;
	a = take(heap, 0x7d, 0);
	assert_ptr_equal(a->cpu, bytes);
	agx_heap_free(heap, a);
	stats = agx_heap_stats(heap);
	assert_int_equal(stats.written_after_free, 4);

	/* Freed twice. */
	c = take(heap, 0x80, 0);
	agx_heap_free(heap, c);
	agx_heap_free(heap, c);
	stats = agx_heap_stats(heap);
	assert_int_equal(stats.misuse, 1);
	assert_non_null(strstr(machine.last_log, "freed twice"));
	assert_int_equal(stats.live_objects, 1);
	agx_heap_free(heap, b);
	agx_heap_free(heap, NULL);
	agx_heap_destroy(heap);

	/* Garbage: at once where nobody caches, else from the flush on. */
	heap = make(&machine, AGX_HEAP_PRIVATE, true);
	a = take(heap, 0x80, 0);
	bytes = a->cpu;
	agx_heap_free(heap, a);
	bytes[1] = 0;
	assert_int_equal(agx_heap_check(heap), 1);
	agx_heap_destroy(heap);
	assert_int_equal(machine_finish(&machine), 0);
}

static void stale_lines_are_no_misuse(void **state)
{
	struct agx_heap_config config = *agx_fw_heap_config(AGX_HEAP_PRIVATE);
	const struct agx_heap_object *object;
	struct machine machine;
	struct agx_heap *heap;
	uint8_t *bytes;

	(void)state;
	machine_start(&machine, 64 << 20, false, false);
	config.debug = true;
	assert_int_equal(agx_heap_create(&machine.platform, machine.uat,
					 agx_uat_kernel_vm(machine.uat), &config, &heap),
			 0);
	object = take(heap, 0x80, 0);
	bytes = object->cpu;
	agx_heap_free(heap, object);
	bytes[1] = 7; /* a line that was written back late */
	assert_int_equal(agx_heap_check(heap), 0);
	agx_heap_collect(heap, agx_heap_garbage_mark(heap));
	assert_int_equal(agx_heap_check(heap), 0);
	bytes[1] = 7; /* after the flush there is no excuse */
	assert_int_equal(agx_heap_check(heap), 1);
	agx_heap_destroy(heap);
	assert_int_equal(machine_finish(&machine), 0);
}

static void bad_arguments_are_refused(void **state)
{
	const struct agx_heap_object *object;
	struct agx_heap_config good = *agx_fw_heap_config(AGX_HEAP_SHARED), config;
	struct machine machine;
	struct agx_heap *heap;
	struct agx_uat_vm *vm;
	unsigned int i;

	(void)state;
	machine_start(&machine, 64 << 20, false, false);
	vm = agx_uat_kernel_vm(machine.uat);
	for (i = 0; i < 13; i++) {
		config = good;
		switch (i) {
		case 0:
			config.min_align = 0x40;
			break;
		case 1:
			config.min_align = 0xc0;
			break;
		case 2:
			config.min_align = 1 << 17;
			break;
		case 3:
			config.block_size = 0;
			break;
		case 4:
			config.block_size = 0x5000;
			break;
		case 5:
			config.start = config.end;
			break;
		case 6:
			config.start += 0x80;
			break;
		case 7:
			config.start = 0x4000;
			break;
		case 8:
			config.prot = AGX_UAT_PROTS;
			break;
		case 9:
			config.cpu = false;
			config.debug = true;
			break;
		case 10:
			config.end = AGX_UAT_DRIVER_END + 0x4000;
			break;
		case 11:
			config.min_align = 0x8000;
			config.start += 0x4000;
			break;
		case 12:
			config.min_align = 0x8000;
			config.block_size = 0x4000;
			break;
		}
		if (agx_heap_create(&machine.platform, machine.uat, vm, &config, &heap) != -EINVAL)
			fail_msg("case %u", i);
	}

	heap = make(&machine, AGX_HEAP_SHARED, false);
	assert_int_equal(agx_heap_alloc(heap, 0, 0, NULL, &object), -EINVAL);
	assert_int_equal(agx_heap_alloc(heap, 1, 3, NULL, &object), -EINVAL);
	assert_int_equal(agx_heap_alloc(heap, 1, 1 << 17, NULL, &object), -EINVAL);
	assert_int_equal(agx_heap_alloc(heap, (2ull << 30) + 1, 0, NULL, &object), -EINVAL);
	assert_int_equal(agx_heap_alloc(heap, UINT64_MAX, 0, NULL, &object), -EINVAL);
	agx_heap_destroy(heap);

	/* A range that fills up, with room for two blocks and their guards. */
	config = good;
	config.block_size = 64 << 10;
	config.end = config.start + 2 * (64 << 10) + 2 * PAGE;
	assert_int_equal(agx_heap_create(&machine.platform, machine.uat, vm, &config, &heap), 0);
	take(heap, 0x10000, 0);
	assert_int_equal(agx_heap_alloc(heap, 0x10001, 0, NULL, &object), -ENOSPC);
	take(heap, 0x10000, 0);
	assert_int_equal(agx_heap_alloc(heap, 1, 0, NULL, &object), -ENOSPC);
	agx_heap_destroy(heap);
	agx_heap_destroy(NULL);
	assert_int_equal(machine_finish(&machine), 0);
}

static void running_out_of_memory_changes_nothing(void **state)
{
	const struct agx_heap_object *object;
	struct agx_heap_stats before, after;
	struct machine machine;
	struct agx_heap *heap;
	unsigned int failures = 0;
	uint64_t n;
	int err;

	(void)state;
	machine_start(&machine, 64 << 20, false, false);
	machine.scatter = 2;
	heap = make(&machine, AGX_HEAP_SHARED, true);
	for (n = 1, err = -ENOMEM; err; n++) {
		before = agx_heap_stats(heap);
		machine.fail_after = n;
		err = agx_heap_alloc(heap, 3 << 20, 0, "large", &object);
		machine.fail_after = 0;
		if (!err)
			break;
		failures++;
		assert_int_equal(err, -ENOMEM);
		after = agx_heap_stats(heap);
		assert_memory_equal(&before, &after, sizeof(before));
		assert_int_equal(agx_heap_check(heap), 0);
		assert_int_equal(agx_uat_vm_pages(agx_uat_kernel_vm(machine.uat)), 0);
		machine_check_tlb(&machine);
	}
	assert_true(failures >= 5);
	agx_heap_free(heap, object);
	agx_heap_destroy(heap);
	assert_int_equal(machine_finish(&machine), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_objects_stay_what_they_are),
		cmocka_unit_test(heaps_lie_where_they_should),
		cmocka_unit_test(freed_memory_is_found_again),
		cmocka_unit_test(fresh_memory_is_told_from_used),
		cmocka_unit_test(memory_that_entries_cannot_name),
		cmocka_unit_test(the_heaps_of_a_client),
		cmocka_unit_test(garbage_waits_for_its_flush),
		cmocka_unit_test(debugging_finds_misuse),
		cmocka_unit_test(stale_lines_are_no_misuse),
		cmocka_unit_test(bad_arguments_are_refused),
		cmocka_unit_test(running_out_of_memory_changes_nothing),
	};

	return cmocka_run_group_tests_name("heap", tests, NULL, NULL);
}
