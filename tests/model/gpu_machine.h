/* SPDX-License-Identifier: MIT */
/* A null GPU in a small machine, for its tests. */
#ifndef AGX_TEST_GPU_MACHINE_H
#define AGX_TEST_GPU_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "null.h"
#include "registers.h"

#define PAGE     AGX_UAT_PAGE_SIZE
#define RAM_BASE 0x800000000ull
#define RAM_SIZE (64 * PAGE)
#define CONTEXT  9

/* As a driver maps for the GPU: read and write, read, write. */
#define GPU_RW (AGX_UAT_UXN)
#define GPU_RO 0ull
#define GPU_WO (AGX_UAT_PXN)

#define STREAM  0x100000000ull
#define MORE    0x100100000ull /* another part of the stream */
#define RECORDS 0x100200000ull
#define BUFFER  0x7000000000ull /* driver's memory */
#define DEPTH   0x100300000ull
#define USC     0x1100000000ull
#define NOWHERE 0x5000000000ull

#define COMPLAINTS 32

struct machine {
	uint8_t *ram;
	uint64_t next;
	struct agx_null_gpu_config config;
	struct agx_null_gpu *gpu;
	unsigned int complaints;
	uint64_t complained_at;
	struct agx_gpu_complaint heard[COMPLAINTS]; /* the first */
	struct agx_gpu_register registers[AGX_GPU_MAX_REGISTERS];
	struct agx_gpu_work work;
};

static inline void *ram(void *cookie, uint64_t pa, uint64_t size)
{
	struct machine *machine = cookie;

	if (pa < RAM_BASE || size > RAM_SIZE || pa - RAM_BASE > RAM_SIZE - size)
		return NULL;
	return machine->ram + (pa - RAM_BASE);
}

static inline uint64_t new_page(struct machine *machine)
{
	uint64_t pa = machine->next;

	machine->next += PAGE;
	assert_true(machine->next <= RAM_BASE + RAM_SIZE);
	return pa;
}

static inline uint64_t *entry(struct machine *machine, uint64_t va)
{
	struct agx_uat_ttbs *ttbs = ram(machine, RAM_BASE, PAGE);
	static const unsigned int shifts[3] = {AGX_UAT_L1_SHIFT, AGX_UAT_L2_SHIFT,
					       AGX_UAT_L3_SHIFT};
	uint64_t table = ttbs[CONTEXT].ttb0 & AGX_UAT_TTB_BASE;

	for (unsigned int level = 0;; level++) {
		uint64_t index = (va >> shifts[level]) &
				 ((level ? AGX_UAT_ENTRIES : AGX_UAT_L1_ENTRIES) - 1);
		uint64_t *at = ram(machine, table + 8 * index, 8);

		if (level == 2)
			return at;
		if (!*at)
			*at = new_page(machine) | AGX_UAT_VALID | AGX_UAT_TYPE;
		table = *at & AGX_UAT_ADDRESS;
	}
}

static inline void *map(struct machine *machine, uint64_t va, unsigned int pages, uint64_t rights)
{
	uint64_t first = machine->next;

	for (unsigned int i = 0; i < pages; i++)
		first = i ? first : new_page(machine);
	for (unsigned int i = 1; i < pages; i++)
		new_page(machine);
	for (unsigned int i = 0; i < pages; i++)
		*entry(machine, va + i * PAGE) =
			(first + i * PAGE) | AGX_UAT_VALID | AGX_UAT_TYPE | AGX_UAT_AF |
			AGX_UAT_OS | AGX_UAT_NG | 2ull << AGX_UAT_AP_SHIFT |
			(uint64_t)AGX_UAT_ATTR_SHARED << AGX_UAT_ATTR_SHIFT | rights;
	return ram(machine, first, PAGE);
}

static inline uint32_t *words(struct machine *machine, uint64_t va)
{
	uint64_t at = *entry(machine, va);

	return ram(machine, (at & AGX_UAT_ADDRESS) + va % PAGE, 4);
}

static inline void complain(void *cookie, const struct agx_gpu_complaint *complaint)
{
	struct machine *machine = cookie;

	if (machine->complaints < COMPLAINTS)
		machine->heard[machine->complaints] = *complaint;
	machine->complaints++;
	machine->complained_at = complaint->address;
	assert_int_equal(complaint->place.context, CONTEXT);
	assert_non_null(complaint->text);
}

static inline void start_gpu(struct machine *machine)
{
	agx_null_gpu_destroy(machine->gpu);
	assert_int_equal(agx_null_gpu_create(&machine->config, &machine->gpu), 0);
}

static inline struct machine *set_up(void)
{
	struct machine *machine = calloc(1, sizeof(*machine));
	struct agx_uat_ttbs *ttbs;

	assert_non_null(machine);
	machine->ram = calloc(1, RAM_SIZE);
	assert_non_null(machine->ram);
	machine->next = RAM_BASE;
	new_page(machine);
	ttbs = ram(machine, RAM_BASE, PAGE);
	ttbs[CONTEXT].ttb0 =
		new_page(machine) | AGX_UAT_TTB_VALID | (uint64_t)CONTEXT << AGX_UAT_TTB_ASID_SHIFT;
	machine->config = (struct agx_null_gpu_config){
		.walker = {.ram = ram, .cookie = machine, .ttbat_pa = RAM_BASE, .output_bits = 40},
		.complain = complain,
		.cookie = machine,
	};
	start_gpu(machine);
	*(uint32_t *)map(machine, STREAM, 2, GPU_RO) = 6u << 29;
	*words(machine, STREAM + 0x1000) = 2u << 29; /* CDM */
	map(machine, RECORDS, 1, GPU_RO);
	map(machine, BUFFER, 4, GPU_RW);
	map(machine, DEPTH, 1, GPU_RW);
	map(machine, USC, 1, GPU_RO);
	return machine;
}

static inline void tear_down(struct machine *machine)
{
	agx_null_gpu_destroy(machine->gpu);
	free(machine->ram);
	free(machine);
}

static inline void set(struct machine *machine, uint32_t number, uint64_t value)
{
	for (unsigned int i = 0; i < machine->work.register_count; i++)
		if (machine->registers[i].number == number) {
			machine->registers[i].value = value;
			return;
		}
	machine->registers[machine->work.register_count++] =
		(struct agx_gpu_register){number, value};
}

static inline void begin(struct machine *machine, enum agx_gpu_unit unit)
{
	machine->work = (struct agx_gpu_work){
		.unit = unit,
		.context = CONTEXT,
		.registers = machine->registers,
		.layers = 1,
	};
	switch (unit) {
	case AGX_GPU_VERTEX:
		set(machine, AGX_REG_VDM_CTRL_STREAM_BASE, STREAM);
		set(machine, AGX_REG_USC_EXEC_BASE_TA, USC);
		set(machine, AGX_REG_TVB_TILEMAP, BUFFER);
		set(machine, AGX_REG_TE_PSG, 0x14);
		set(machine, AGX_REG_TE_TPC, 0x20);
		set(machine, AGX_REG_TE_TPC_ADDR, BUFFER + 0x2000);
		set(machine, AGX_REG_TVB_HEAPMETA, (BUFFER + 0x1000) | 1ull << 63);
		set(machine, AGX_REG_VERTEX_PREEMPT_BUF3, (BUFFER + 0x1400) | 1ull << 50);
		set(machine, AGX_REG_RENDER_TARGET_MAX, 0x8000);
		break;
	case AGX_GPU_FRAGMENT:
		set(machine, AGX_REG_USC_EXEC_BASE_ISP, USC);
		set(machine, AGX_REG_BG_USC, 0x44);
		set(machine, AGX_REG_EOT_USC, 0x84);
		set(machine, AGX_REG_FRAGMENT_TVB_TILEMAP, BUFFER);
		set(machine, AGX_REG_AUX_FB, BUFFER + 0x4000);
		break;
	default:
		set(machine, AGX_REG_CDM_CTRL_STREAM_BASE, STREAM + 0x1000);
		set(machine, AGX_REG_USC_EXEC_BASE_CP, USC);
		set(machine, AGX_REG_COMPUTE_PREEMPT_BUF1, BUFFER);
		break;
	}
}

static inline enum agx_gpu_state run(struct machine *machine, struct agx_gpu_fault *fault)
{
	agx_null_gpu_ops.start(machine->gpu, &machine->work);
	return agx_null_gpu_ops.state(machine->gpu, machine->work.unit, fault);
}

static inline void assert_idle(struct machine *machine)
{
	struct agx_gpu_fault fault = {0};
	enum agx_gpu_state state = run(machine, &fault);

	if (state == AGX_GPU_FAULTED)
		print_error("fault at 0x%llx: %s\n", (unsigned long long)fault.address, fault.what);
	assert_int_equal(state, AGX_GPU_IDLE);
}

static inline void assert_fault(struct machine *machine, uint64_t address, unsigned int reason,
				bool read)
{
	struct agx_gpu_fault fault = {0};

	assert_int_equal(run(machine, &fault), AGX_GPU_FAULTED);
	if (fault.address != address)
		print_error("fault at 0x%llx: %s\n", (unsigned long long)fault.address, fault.what);
	assert_true(fault.address == address);
	assert_int_equal(fault.context, CONTEXT);
	assert_int_equal(fault.reason, reason);
	assert_int_equal(fault.read, read);
	assert_non_null(fault.what);
	agx_null_gpu_ops.stop(machine->gpu, machine->work.unit);
	assert_int_equal(agx_null_gpu_ops.state(machine->gpu, machine->work.unit, &fault),
			 AGX_GPU_IDLE);
}

/* Writes a stream; the number of words that it has. */
static inline void put(struct machine *machine, uint64_t va, const uint32_t *stream,
		       unsigned int count)
{
	memcpy(words(machine, va), stream, count * 4);
}

#define PUT(machine, va, ...)                                   \
	do {                                                    \
		static const uint32_t stream[] = {__VA_ARGS__}; \
		put(machine, va, stream, sizeof(stream) / 4);   \
	} while (0)

#endif
