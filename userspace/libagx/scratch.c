// SPDX-License-Identifier: MIT
/*
 * Memory that the helper program hands out, for one kind of shader of a VM:
 *
 *	a record for each core that there can be   how many stacks are out, how many there are, where the list is
 *	a list for each core that there is         four words for each stack: its blocks
 *	blocks, aligned to their size
 *
 * Blocks have 8 << 2k words for each of 32 threads. A word of the list is an address without its
 * low 8 bits, in which the first block has a bit for each k up to its own, and the others bit 0.
 * What is known of that is Mesa's: src/asahi/lib/agx_scratch.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx_cs_pack.h"
#include "agx_isa_asm.h"

#include "scratch.h"
#include "vm_internal.h"

#define LANES       32u
#define UNIT        8u /* words of the smallest block, of each thread */
#define BLOCKS      4u /* of a stack at most */
#define LEVELS      7u
#define CLASSES     16u
#define CORES       128u /* indices: clusters of 16 */
#define SHIFT       8    /* of addresses in the list */
#define PROGRAM_MAX 1024u
#define ALIGN       128u /* of programs; traps are behind them: shader.c */
#define TRAPS       8u
#define LABELS      32u

enum kind {
	KIND_VERTEX,
	KIND_FRAGMENT,
	KIND_COMPUTE,
	KINDS,
};

struct record {
	uint32_t out, count;
	uint64_t list;
};

struct stack {
	uint32_t block[BLOCKS];
};

struct lib_scratch {
	atomic_uint references;
	struct agx_buffer *buffer;
	uint8_t *map;
	unsigned int words; /* of a thread */
	unsigned int level; /* k */
	unsigned int blocks;
	uint64_t first; /* block */
};

struct lib_scratch_set {
	pthread_mutex_t lock;
	uint64_t program; /* GPU address of the helper, 0: none yet; the heap's memory */
	struct lib_scratch *latest[KINDS];
};

static enum kind kind_of(enum agx_stage stage)
{
	switch (stage) {
	case AGX_STAGE_VERTEX:
		return KIND_VERTEX;
	case AGX_STAGE_COMPUTE:
		return KIND_COMPUTE;
	default:
		return KIND_FRAGMENT;
	}
}

unsigned int lib_scratch_class(unsigned int words)
{
	unsigned int units = (words + UNIT - 1) / UNIT, class = 1;

	while (class < CLASSES - 1 && 1u << (class - 1) < units)
		class ++;
	return class;
}

int lib_scratch_create(struct agx_vm *vm, struct lib_scratch_set **out)
{
	struct lib_scratch_set *set = calloc(1, sizeof(*set));
	int ret;

	if (!set)
		return lib_fail(vm->device->ctx, -ENOMEM, "scratch memory: no memory");
	ret = -pthread_mutex_init(&set->lock, NULL);
	if (ret) {
		free(set);
		return lib_fail(vm->device->ctx, ret, "scratch memory: lock: %s", strerror(-ret));
	}
	*out = set;
	return 0;
}

void lib_scratch_put(struct lib_scratch *scratch)
{
	if (!scratch ||
	    atomic_fetch_sub_explicit(&scratch->references, 1, memory_order_acq_rel) > 1)
		return;
	lib_buffer_put(scratch->buffer);
	free(scratch);
}

void lib_scratch_destroy(struct lib_scratch_set *set)
{
	for (unsigned int i = 0; i < KINDS; i++)
		lib_scratch_put(set->latest[i]);
	pthread_mutex_destroy(&set->lock);
	free(set);
}

/*
 * Of the largest blocks that are no larger than the stack as many as it takes, as Mesa chooses
 * them.
 */
static void choose_blocks(struct lib_scratch *scratch, unsigned int words)
{
	const unsigned int units = (words + UNIT - 1) / UNIT;
	unsigned int level = 0, blocks;

	while (level < LEVELS - 1 && 4u << 2 * level <= units)
		level++;
	blocks = (units + (1u << 2 * level) - 1) >> 2 * level;
	if (blocks == BLOCKS && level < LEVELS - 1) {
		level++;
		blocks = 1;
	}
	scratch->level = level;
	scratch->blocks = blocks;
	scratch->words = blocks * UNIT << 2 * level;
}

static uint64_t block_bytes(const struct lib_scratch *scratch)
{
	return ((uint64_t)UNIT << 2 * scratch->level) * LANES * 4;
}

/* Cores are numbered as if their positions in a cluster were a power of two. */
static unsigned int cluster_width(const struct agx_device_params *params)
{
	unsigned int width = 1;

	while (width < params->cores_per_cluster)
		width *= 2;
	return width;
}

/* All of it is free. Nothing that uses it is under way. */
static void fill(struct lib_scratch *scratch, const struct agx_device_params *params)
{
	const uint64_t address = scratch->buffer->address;
	uint64_t at = CORES * sizeof(struct record), block = scratch->first;
	const unsigned int width = cluster_width(params);

	memset(scratch->map, 0, CORES * sizeof(struct record));
	for (unsigned int i = 0; i < params->clusters * width && i < CORES; i++) {
		struct record record = {
			.count = LIB_SCRATCH_GROUPS,
			.list = address + at,
		};

		if (!(params->core_masks[i / width] >> i % width & 1))
			continue;
		memcpy(scratch->map + i * sizeof(record), &record, sizeof(record));
		for (unsigned int s = 0; s < LIB_SCRATCH_GROUPS; s++) {
			struct stack stack = {{0}};

			for (unsigned int b = 0; b < scratch->blocks; b++) {
				stack.block[b] = (uint32_t)(block >> SHIFT) | 1;
				block += block_bytes(scratch);
			}
			stack.block[0] |= (2u << scratch->level) - 1;
			memcpy(scratch->map + at, &stack, sizeof(stack));
			at += sizeof(stack);
		}
	}
}

/* Are stacks out, though nothing is under way? So it is after a fault. */
static bool is_odd(const struct lib_scratch *scratch)
{
	struct record record;

	for (unsigned int i = 0; i < CORES; i++) {
		memcpy(&record, scratch->map + i * sizeof(record), sizeof(record));
		if (record.out)
			return true;
	}
	return false;
}

static int allocate(struct agx_vm *vm, unsigned int words, const char *name,
		    struct lib_scratch **out)
{
	const struct agx_device_params *params = &vm->device->params;
	struct agx_context *ctx = vm->device->ctx;
	struct lib_scratch *scratch = calloc(1, sizeof(*scratch));
	uint64_t lists, blocks;
	void *map = NULL;
	int ret;

	if (!scratch)
		return lib_fail(ctx, -ENOMEM, "%s: scratch memory: no memory", name);
	atomic_init(&scratch->references, 1);
	if (params->clusters * cluster_width(params) > CORES) {
		ret = lib_fail(ctx, -ENOTSUP,
			       "%s: scratch memory: at most %u places for cores expected, got %u "
			       "clusters of %u",
			       name, CORES, params->clusters, params->cores_per_cluster);
		goto free_it;
	}
	choose_blocks(scratch, words);
	lists = CORES * sizeof(struct record) +
		(uint64_t)params->cores * LIB_SCRATCH_GROUPS * sizeof(struct stack);
	blocks = (uint64_t)params->cores * LIB_SCRATCH_GROUPS * scratch->blocks *
		 block_bytes(scratch);
	if (blocks > LIB_SCRATCH_MEMORY) {
		ret = lib_fail(ctx, -ENOMEM,
			       "%s: scratch memory: stacks of %u words for %u cores take %llu MiB, "
			       "at most %llu MiB expected",
			       name, words, params->cores, (unsigned long long)blocks >> 20,
			       LIB_SCRATCH_MEMORY >> 20);
		goto free_it;
	}
	/* Buffers begin at a page; blocks can be larger. */
	ret = lib_buffer_create_own(vm, lists + blocks + block_bytes(scratch), 0, &scratch->buffer);
	if (ret)
		goto free_it;
	ret = lib_buffer_map(scratch->buffer, &map);
	if (ret)
		goto put_buffer;
	scratch->map = map;
	scratch->first = (scratch->buffer->address + lists + block_bytes(scratch) - 1) &
			 ~(block_bytes(scratch) - 1);
	if ((scratch->first + blocks - 1) >> SHIFT > UINT32_MAX) {
		ret = lib_fail(ctx, -ENOSPC,
			       "%s: scratch memory: addresses below 2^40 expected, got %#llx", name,
			       (unsigned long long)scratch->first);
		goto put_buffer;
	}
	fill(scratch, params);
	*out = scratch;
	return 0;

put_buffer:
	lib_buffer_put(scratch->buffer);
free_it:
	free(scratch);
	return ret;
}

static int make_program(struct agx_vm *vm, struct lib_scratch_set *set)
{
	static const uint8_t trap[] = {0x08, 0x00};
	uint8_t code[PROGRAM_MAX];
	struct agx_isa_label labels[LABELS] = {0};
	struct agx_isa_asm as = {
		.text = lib_scratch_helper,
		.size = strlen(lib_scratch_helper),
		.out = code,
		.capacity = sizeof(code),
		.labels = labels,
		.labels_max = LABELS,
	};
	uint64_t address;
	void *map = NULL;
	int ret = agx_isa_assemble(&as);

	if (ret || as.length > sizeof(code))
		return lib_fail(vm->device->ctx, ret ? ret : -E2BIG, "helper program: line %u: %s",
				as.line, as.error);
	ret = lib_shader_memory(vm, as.length + TRAPS * sizeof(trap), ALIGN, &address, &map);
	if (ret)
		return ret;
	memcpy(map, code, as.length);
	for (unsigned int i = 0; i < TRAPS; i++)
		memcpy((uint8_t *)map + as.length + i * sizeof(trap), trap, sizeof(trap));
	set->program = address;
	return 0;
}

int lib_scratch_grow(struct agx_vm *vm, enum agx_stage stage, unsigned int words, const char *name)
{
	struct lib_scratch_set *set = vm->scratch;
	struct lib_scratch **latest = &set->latest[kind_of(stage)], *larger = NULL;
	int ret = 0;

	if (words > LIB_SCRATCH_WORDS)
		return lib_fail(vm->device->ctx, -E2BIG,
				"%s: a thread has at most %u words of stack, got %u", name,
				LIB_SCRATCH_WORDS, words);
	pthread_mutex_lock(&set->lock);
	if (*latest && (*latest)->words >= words)
		goto unlock;
	if (!set->program)
		ret = make_program(vm, set);
	if (!ret)
		ret = allocate(vm, words, name, &larger);
	if (!ret) {
		/* Command buffers that name the smaller one hold it. */
		lib_scratch_put(*latest);
		*latest = larger;
	}
unlock:
	pthread_mutex_unlock(&set->lock);
	return ret;
}

struct lib_scratch *lib_scratch_get(struct agx_vm *vm, enum agx_stage stage, bool preamble,
				    struct drm_asahi_helper_program *helper)
{
	struct lib_scratch_set *set = vm->scratch;
	struct agx_cs_helper_binary binary;
	struct agx_cs_helper_config config;
	struct lib_scratch *scratch;

	pthread_mutex_lock(&set->lock);
	scratch = set->latest[kind_of(stage)];
	/* Nobody but the set has it: no command that names it can be under way. */
	if (atomic_load_explicit(&scratch->references, memory_order_acquire) == 1 &&
	    is_odd(scratch))
		fill(scratch, &vm->device->params);
	atomic_fetch_add_explicit(&scratch->references, 1, memory_order_relaxed);
	agx_cs_helper_binary_init(&binary);
	binary.enable = true;
	binary.code = (uint32_t)(set->program - vm->shader_base);
	agx_cs_helper_binary_pack(&helper->binary, &binary);
	pthread_mutex_unlock(&set->lock);
	agx_cs_helper_config_init(&config);
	config.preamble_scratch = preamble;
	agx_cs_helper_config_pack(&helper->cfg, &config);
	helper->data = scratch->buffer->address;
	return scratch;
}
