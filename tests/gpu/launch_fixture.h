/* SPDX-License-Identifier: MIT */
/* Launches on the GPU that computes, for its tests: streams by hand, programs by the assembler. */
#ifndef AGX_TEST_LAUNCH_FIXTURE_H
#define AGX_TEST_LAUNCH_FIXTURE_H

#include "../model/gpu_machine.h"

#include "agx_isa_asm.h"
#include "cdm.h"
#include "exec_gpu.h"

#define CODE    (USC + 0x4000) /* in a page of its own */
#define PRELUDE (CODE + 0x800)
#define LIST    (USC + 0x40)
#define ROOT    (BUFFER + 3 * PAGE) /* what uniforms are loaded from */

struct fixture {
	struct machine *machine;
	struct agx_exec_gpu *gpu;
};

static inline void assemble(struct fixture *f, uint64_t va, const char *text)
{
	struct agx_isa_label labels[16];
	struct agx_isa_asm as = {
		.text = text,
		.size = strlen(text),
		.out = (uint8_t *)words(f->machine, va),
		.capacity = 0x800,
		.labels = labels,
		.labels_max = 16,
	};

	if (agx_isa_assemble(&as))
		fail_msg("line %u: %s", as.line, as.error);
}

/* USC words: 8 uniform halves from ROOT, threadgroup memory, the program, perhaps a preamble. */
static inline void put_list(struct fixture *f, unsigned int local_units, bool preamble)
{
	uint8_t *list = (uint8_t *)words(f->machine, LIST);
	const uint64_t uniform = 0x1d | 8ull << 20 | (ROOT >> 2) << 26;
	const uint32_t shared =
		0x4d | (local_units ? 1u << 8 : 0) | 0x24u << 10 | local_units << 24;
	const uint32_t registers = 0x8d | 4u << 8, code = (uint32_t)(CODE - USC);
	const uint32_t prelude = (uint32_t)(PRELUDE - USC);

	memcpy(list, &uniform, 8);
	memcpy(list + 8, &shared, 4);
	list[12] = 0x0d;
	list[13] = 3 << 2;
	memcpy(list + 14, &code, 4);
	memcpy(list + 18, &registers, 4);
	list[22] = preamble ? 0x38 : 0x88;
	list[23] = 0;
	if (preamble) {
		list[23] = 0x00;
		list[24] = 0x80;
		list[25] = 0xc0;
		memcpy(list + 26, &prelude, 4);
	}
}

static inline uint32_t *put_launch(uint32_t *at, uint32_t x, uint32_t y, uint32_t z, uint32_t lx,
				   uint32_t ly, uint32_t lz)
{
	const uint32_t launch[] = {
		0x1000 | 1u << 1, (uint32_t)(LIST - USC), x, y, z, lx, ly, lz,
	};

	if (!at)
		abort();
	memcpy(at, launch, sizeof(launch));
	return at + 8;
}

static inline uint32_t *cdm_words(struct fixture *f)
{
	return words(f->machine, STREAM + 0x1000);
}

static inline void make_gpu(struct fixture *f, struct agx_exec_gpu_config config)
{
	agx_exec_gpu_destroy(f->gpu);
	config.null = f->machine->config;
	assert_int_equal(agx_exec_gpu_create(&config, &f->gpu), 0);
}

static inline int set_up_fixture(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->machine = set_up();
	map(f->machine, CODE, 1, GPU_RO);
	make_gpu(f, (struct agx_exec_gpu_config){.soft_faults = true});
	begin(f->machine, AGX_GPU_COMPUTE);
	*(uint64_t *)words(f->machine, ROOT) = BUFFER;
	*state = f;
	return 0;
}

static inline int tear_down_fixture(void **state)
{
	struct fixture *f = *state;

	agx_exec_gpu_destroy(f->gpu);
	tear_down(f->machine);
	free(f);
	return 0;
}

static inline enum agx_gpu_state run_gpu(struct fixture *f, struct agx_gpu_fault *fault,
					 unsigned int polls)
{
	enum agx_gpu_state state;

	agx_exec_gpu_ops.start(f->gpu, &f->machine->work);
	do
		state = agx_exec_gpu_ops.state(f->gpu, AGX_GPU_COMPUTE, fault);
	while (state == AGX_GPU_BUSY && polls--);
	return state;
}

static inline void run_well(struct fixture *f)
{
	struct agx_gpu_fault fault = {0};
	const enum agx_gpu_state state = run_gpu(f, &fault, 1000000);

	if (state == AGX_GPU_FAULTED)
		print_error("fault at 0x%llx: %s\n", (unsigned long long)fault.address, fault.what);
	assert_int_equal(state, AGX_GPU_IDLE);
}

static inline const uint32_t *results(struct fixture *f)
{
	return words(f->machine, BUFFER);
}

static inline void clear_results(struct fixture *f)
{
	memset(words(f->machine, BUFFER), 0xff, PAGE);
}

/* Ids of every thread of a grid with cut groups, each in the place that they say. */
#define IDS                                                                            \
	"mov r0, sr80\nmov r1, sr81\nmov r2, sr82\nldimm r3, 70\nldimm r5, 210\n"      \
	"imadd r4, r1, r3, r0\nimadd r4, r2, r5, r4\n"                                 \
	"ldimm r7, 256\nimadd r6, r1, r7, r0\nldimm r7, 65536\nimadd r6, r2, r7, r6\n" \
	"store r6, du0, r4, i32, x, a\nstop\n"

static inline void assert_ids(struct fixture *f)
{
	const uint32_t *got = results(f);

	for (uint32_t z = 0; z < 2; z++)
		for (uint32_t y = 0; y < 3; y++)
			for (uint32_t x = 0; x < 70; x++)
				assert_int_equal(got[x + 70 * (y + 3 * z)], x | y << 8 | z << 16);
	assert_int_equal(got[420], UINT32_MAX);
}

static inline void ids_of_cut_groups(void **state)
{
	struct fixture *f = *state;

	assemble(f, CODE, IDS);
	put_list(f, 0, false);
	*put_launch(cdm_words(f), 70, 3, 2, 16, 2, 1) = 2u << 29;
	clear_results(f);
	run_well(f);
	assert_ids(f);
}

#endif
