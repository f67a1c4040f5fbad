// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx_isa.h"
#include "cdm.h"
#include "exec_gpu.h"
#include "launch_run.h"
#include "registers.h"
#include "stacks.h"
#include "usc_bind.h"
#include "watch.h"

#define SLICE_OPS (1ull << 19)
#define LIMIT_OPS (1ull << 33)

/* What a launch, or the end of a stream, costs beside threads: so many of them end a slice too. */
#define LAUNCH_COST 256

/* Units, as the fault registers name them (m1n1: hw/agx.py). */
#define CODE_IAP      0x04
#define CODE_CDM      0xe6
#define CODE_CDM_G14X 0xd0

enum phase {
	PHASE_IDLE,
	PHASE_STREAM,   /* to the next launch */
	PHASE_PREAMBLE, /* of a launch */
	PHASE_GROUPS,   /* of a launch */
	PHASE_HUNG,
	PHASE_FAULTED,
};

struct agx_exec_gpu {
	struct agx_exec_gpu_config config;
	struct agx_null_gpu *null;
	struct agx_walker walker;
	struct agx_walk_cache walk_cache;
	struct agx_program_cache *programs;

	/* The work that was started. */
	enum phase phase;
	bool own; /* of the compute unit's last work there is more to tell than the null GPU knows */
	uint32_t context;
	uint64_t sampler_heap;
	uint32_t sampler_count;
	uint64_t helper; /* GPU address of the helper program, 0: none */
	bool preamble_stacks;
	uint64_t progress;
	struct agx_gpu_fault fault;
	char what[AGX_ISA_LINE + 160]; /* of the fault, when a program is to blame */

	/* Its launch. */
	struct cdm cdm;
	struct cdm_launch launch;
	struct usc_program program;
	struct group_launch common, preamble;
	bool launched; /* there is one, or was */
	bool open;     /* it has begun, and nobody was told that it has ended */

	struct launch_run *run;
	struct stacks *stacks;
	struct agx_shader_watch *watch; /* NULL: nobody watches */
};

/* --- Trouble --- */

static void fail(struct agx_exec_gpu *gpu, uint8_t code)
{
	gpu->fault.unit_code = code;
	gpu->phase = PHASE_FAULTED;
}

static void get_place(struct agx_exec_gpu *gpu, struct agx_gpu_place *place)
{
	agx_null_gpu_ops.place(gpu->null, AGX_GPU_COMPUTE, place);
	if (!gpu->own || !gpu->launched || place->kind == AGX_GPU_AT_NOTHING)
		return;
	place->kind = AGX_GPU_AT_LAUNCH;
	place->number = gpu->launch.number;
	place->stage = stream_stage_name(AGX_CS_STAGE_COMPUTE);
	place->list = gpu->launch.list;
	place->shader = gpu->program.shader;
}

static enum agx_gpu_finding_id finding_of(const struct agx_exec_gpu *gpu, enum agx_trap trap)
{
	switch (trap) {
	case AGX_TRAP_HELPER:
		return stacks_trouble(gpu->stacks)->id;
	case AGX_TRAP_CODE:
		return AGX_GPU_FINDING_PROGRAM_CODE;
	case AGX_TRAP_TRAP:
		return AGX_GPU_FINDING_PROGRAM_TRAP;
	case AGX_TRAP_STACK:
		return AGX_GPU_FINDING_PROGRAM_STACK;
	case AGX_TRAP_STATE:
		return AGX_GPU_FINDING_PROGRAM_STATE;
	default:
		return AGX_GPU_FINDING_PROGRAM_NOT_MODELLED;
	}
}

/* Says where and why a program cannot go on. The fault lives as long as the work. */
static void fail_program(struct agx_exec_gpu *gpu)
{
	const struct agx_simd *simd = launch_run_trapped(gpu->run);
	const struct agx_program *program = simd->program;
	const bool preamble = gpu->phase == PHASE_PREAMBLE;
	struct agx_gpu_complaint complaint;
	char line[AGX_ISA_LINE];

	if (simd->trap == AGX_TRAP_FAULT) {
		agx_memory_fault(simd->memory,
				 preamble ? "memory of a preamble" : "memory of a compute shader",
				 &gpu->fault);
		gpu->phase = PHASE_FAULTED;
		return;
	}
	line[0] = '\0';
	if (simd->pc < program->count && simd->trap != AGX_TRAP_STOPPED)
		agx_isa_print(&program->instrs[simd->pc], simd->trap_offset, AGX_ISA_SYNTAX_MESA,
			      line);
	snprintf(gpu->what, sizeof(gpu->what), "%s at +0x%x, lane %u: %s%s%s",
		 preamble ? "preamble" : "compute shader", simd->trap_offset, simd->trap_lane,
		 simd->trap_what ? simd->trap_what : "", line[0] ? ": " : "", line);
	gpu->fault = (struct agx_gpu_fault){
		.address = (program->address + simd->trap_offset) & AGX_CS_ADDRESS_MASK,
		.context = gpu->context,
		.reason = AGX_FAULT_REASON_NO_ACCESS,
		.read = true,
		.what = gpu->what,
	};
	if (gpu->config.null.complain && simd->trap != AGX_TRAP_STOPPED) {
		complaint = (struct agx_gpu_complaint){
			.id = finding_of(gpu, simd->trap),
			.address = gpu->fault.address,
			.value = simd->trap_lane,
			.structure = "",
			.field = "",
			.text = gpu->what,
		};
		get_place(gpu, &complaint.place);
		gpu->config.null.complain(gpu->config.null.cookie, &complaint);
	}
	fail(gpu, CODE_IAP);
}

/* Not while a program of the launch waits for it. */
static void fail_helper(struct agx_exec_gpu *gpu)
{
	const struct stacks_trouble *trouble = stacks_trouble(gpu->stacks);
	struct agx_gpu_complaint complaint = {
		.id = trouble->id,
		.address = trouble->address,
		.structure = "",
		.field = "",
		.text = trouble->text,
	};

	gpu->fault = (struct agx_gpu_fault){
		.address = trouble->address,
		.context = gpu->context,
		.reason = AGX_FAULT_REASON_NO_ACCESS,
		.read = true,
		.what = trouble->text,
	};
	if (gpu->config.null.complain) {
		get_place(gpu, &complaint.place);
		gpu->config.null.complain(gpu->config.null.cookie, &complaint);
	}
	fail(gpu, CODE_IAP);
}

static void fail_memory(struct agx_exec_gpu *gpu)
{
	gpu->fault = (struct agx_gpu_fault){
		.address = gpu->program.shader,
		.context = gpu->context,
		.reason = AGX_FAULT_REASON_NO_ACCESS,
		.read = true,
		.what = "the host has no memory to run the program",
	};
	fail(gpu, CODE_IAP);
}

/* --- A launch --- */

static size_t fetch(void *data, uint64_t address, void *to, size_t size)
{
	const struct agx_exec_gpu *gpu = data;
	struct agx_walk_result walk;

	return agx_walk_read(&gpu->walker, gpu->context, AGX_WALK_GPU, address, to, size, &walk);
}

static bool get_program(struct agx_exec_gpu *gpu, uint64_t address, struct group_launch *to)
{
	to->program = agx_program_cache_get(gpu->programs, address, fetch, gpu);
	if (!to->program)
		return false;
	to->stacks = stacks_wanted(to->program) ? gpu->stacks : NULL;
	to->local_size = gpu->program.local_size;
	to->poison = gpu->config.poison;
	return true;
}

/* Legal if the texels are undefined, as those of a new image are; or a compressor wrote them. */
static void tell_odd_tiles(struct agx_exec_gpu *gpu, const struct agx_exec_traffic *traffic)
{
	char text[120];
	struct agx_gpu_complaint complaint = {
		.id = AGX_GPU_FINDING_TEXTURE_METADATA,
		.address = traffic->odd_tile,
		.value = traffic->odd_metadata,
		.structure = "",
		.field = "",
		.text = text,
	};

	if (!traffic->odd_tiles || !gpu->config.null.complain)
		return;
	snprintf(text, sizeof(text), "metadata 0x%02x, %llu reads in tiles like it: taken as raw",
		 traffic->odd_metadata, (unsigned long long)traffic->odd_tiles);
	get_place(gpu, &complaint.place);
	gpu->config.null.complain(gpu->config.null.cookie, &complaint);
}

/* Says what the launch has done. False: the host has no memory for it. */
static bool end_launch(struct agx_exec_gpu *gpu, enum agx_exec_launch_result result)
{
	const struct agx_exec_gpu_config *config = &gpu->config;
	struct agx_exec_launch launch = {.result = result};
	struct launch_counts counts;
	struct page_set *pages;
	bool lost = false;

	if (!gpu->open)
		return true;
	gpu->open = false;
	if (config->written) {
		struct agx_exec_written written = {
			.context = gpu->context,
			.launch = gpu->launch.number,
			.list = gpu->launch.list,
			.shader = gpu->program.shader,
		};
		const uint64_t *addresses;

		pages = launch_run_pages(gpu->run);
		lost = pages->lost;
		addresses = page_set_sort(pages);
		for (size_t i = 0; i < pages->count; i++) {
			written.address = addresses[i];
			config->written(config->hook_cookie, &written);
		}
	}
	launch_run_count(gpu->run, &counts);
	tell_odd_tiles(gpu, &counts.traffic);
	/* How far threads came in a launch that did not end is an accident. */
	if (config->executed && result == AGX_EXEC_LAUNCH_DONE)
		config->executed(config->hook_cookie, LAUNCH_COST + counts.operations);
	if (!config->launched)
		return !lost;
	get_place(gpu, &launch.place);
	memcpy(launch.size, gpu->launch.grid.size, sizeof(launch.size));
	memcpy(launch.local, gpu->launch.grid.local, sizeof(launch.local));
	launch.groups = counts.groups;
	launch.simds = counts.simds;
	launch.operations = counts.operations;
	launch.preshader = gpu->program.preshader;
	launch.traffic = counts.traffic;
	launch.program = gpu->common.program;
	memcpy(launch.code, launch.program->hash, sizeof(launch.code));
	launch.preamble = gpu->program.preshader ? gpu->preamble.program : NULL;
	config->launched(config->hook_cookie, &launch);
	return !lost;
}

static void tell_stack(struct agx_exec_gpu *gpu, enum agx_gpu_finding_id id, uint64_t address)
{
	struct agx_gpu_complaint complaint = {
		.id = id,
		.address = address,
		.structure = "",
		.field = "",
		.text = "",
	};

	if (!gpu->config.null.complain)
		return;
	get_place(gpu, &complaint.place);
	gpu->config.null.complain(gpu->config.null.cookie, &complaint);
}

/* Programs of the launch want stacks: of whom. False: the host has no memory. */
static bool prepare_stacks(struct agx_exec_gpu *gpu)
{
	const bool preamble = gpu->program.preshader && gpu->preamble.stacks;
	const struct agx_program *helper = NULL;

	if (!gpu->common.stacks && !preamble)
		return true;
	/* The critic, if there is one, has said this. */
	if (gpu->common.stacks && !gpu->program.spill_size && !gpu->config.null.critic)
		tell_stack(gpu, AGX_GPU_FINDING_STACK_CLASS, gpu->launch.list);
	if (preamble && gpu->helper && !gpu->preamble_stacks)
		tell_stack(gpu, AGX_GPU_FINDING_STACK_PREAMBLE, gpu->launch.list);
	if (gpu->helper) {
		helper = agx_program_cache_get(gpu->programs, gpu->helper, fetch, gpu);
		if (!helper)
			return false;
	}
	stacks_launch(gpu->stacks, helper, gpu->program.spill_size);
	return true;
}

static void start_groups(struct agx_exec_gpu *gpu)
{
	launch_run_groups(gpu->run, &gpu->common, &gpu->launch.grid, &gpu->program.bindings,
			  gpu->launch.number);
	gpu->phase = PHASE_GROUPS;
}

static void begin_launch(struct agx_exec_gpu *gpu)
{
	gpu->launched = true;
	gpu->program.shader = gpu->program.preshader = 0;
	gpu->program.bindings.sampler_heap = gpu->sampler_heap;
	gpu->program.bindings.sampler_count = gpu->sampler_count;
	if (!gpu->launch.grid.count) {
		gpu->phase = PHASE_STREAM;
		return;
	}
	if (!usc_bind(&gpu->cdm.stream, AGX_CS_STAGE_COMPUTE, gpu->launch.list, gpu->launch.counts,
		      &gpu->program, &gpu->fault)) {
		fail(gpu, CODE_IAP);
		return;
	}
	if (!get_program(gpu, gpu->program.shader, &gpu->common) ||
	    (gpu->program.preshader && !get_program(gpu, gpu->program.preshader, &gpu->preamble)) ||
	    !prepare_stacks(gpu)) {
		fail_memory(gpu);
		return;
	}
	gpu->open = true;
	if (gpu->config.written || gpu->config.writing || gpu->config.launched ||
	    gpu->config.executed)
		launch_run_clear(gpu->run);
	if (gpu->watch)
		agx_shader_watch_launch(gpu->watch, gpu->context, gpu->program.shader,
					gpu->launch.grid.groups, gpu->launch.grid.local);
	if (gpu->program.preshader) {
		launch_run_preamble(gpu->run, &gpu->preamble, &gpu->launch.grid,
				    &gpu->program.bindings);
		gpu->phase = PHASE_PREAMBLE;
	} else {
		start_groups(gpu);
	}
}

static void go_on_stream(struct agx_exec_gpu *gpu)
{
	switch (cdm_next(&gpu->cdm, &gpu->launch, &gpu->fault)) {
	case CDM_LAUNCH:
		begin_launch(gpu);
		break;
	case CDM_END:
		gpu->phase = PHASE_IDLE;
		if (!stacks_end(gpu->stacks)) {
			fail_helper(gpu);
			break;
		}
		if (gpu->config.executed)
			gpu->config.executed(gpu->config.hook_cookie, LAUNCH_COST);
		break;
	case CDM_FAULT:
		fail(gpu, gpu->config.null.g14x ? CODE_CDM_G14X : CODE_CDM);
		break;
	}
}

static void go_on_launch(struct agx_exec_gpu *gpu, int64_t *budget)
{
	switch (launch_run_slice(gpu->run, budget)) {
	case LAUNCH_BUSY:
		break;
	case LAUNCH_DONE:
		if (gpu->phase == PHASE_PREAMBLE) {
			start_groups(gpu);
			break;
		}
		if (!stacks_launched(gpu->stacks)) {
			fail_helper(gpu);
			end_launch(gpu, AGX_EXEC_LAUNCH_FAULTED);
			break;
		}
		if (end_launch(gpu, AGX_EXEC_LAUNCH_DONE))
			gpu->phase = PHASE_STREAM;
		else
			fail_memory(gpu);
		break;
	case LAUNCH_TRAPPED:
		fail_program(gpu);
		end_launch(gpu, AGX_EXEC_LAUNCH_FAULTED);
		break;
	case LAUNCH_HUNG:
		gpu->phase = PHASE_HUNG;
		end_launch(gpu, AGX_EXEC_LAUNCH_HUNG);
		break;
	case LAUNCH_NO_MEMORY:
		fail_memory(gpu);
		end_launch(gpu, AGX_EXEC_LAUNCH_FAULTED);
		break;
	}
}

/* As far as it gets in a slice. */
static void go_on(struct agx_exec_gpu *gpu)
{
	int64_t budget = (int64_t)gpu->config.slice;

	while (budget > 0) {
		switch (gpu->phase) {
		case PHASE_STREAM:
			go_on_stream(gpu);
			budget -= LAUNCH_COST;
			break;
		case PHASE_PREAMBLE:
		case PHASE_GROUPS:
			go_on_launch(gpu, &budget);
			break;
		default:
			return;
		}
	}
	gpu->progress++;
}

/* --- What the firmware calls --- */

static uint64_t register_of(const struct agx_gpu_work *work, uint32_t number)
{
	for (unsigned int i = 0; i < work->register_count; i++)
		if (work->registers[i].number == number)
			return work->registers[i].value;
	return 0;
}

/* Bits of a command's helper. */
#define HELPER_ENABLE  1ull
#define HELPER_PROGRAM 0xfffffffeull
#define CFG_PREAMBLE   (1ull << 16)

static void begin_stacks(struct agx_exec_gpu *gpu, const struct agx_gpu_work *work,
			 uint64_t usc_base)
{
	const uint64_t helper = register_of(work, AGX_REG_COMPUTE_HELPER_PROGRAM);
	const struct stacks_command command = {
		.context = work->context,
		.soft_faults = gpu->config.soft_faults,
		.data = register_of(work, AGX_REG_COMPUTE_HELPER_ARG),
	};

	gpu->helper = 0;
	if (helper & HELPER_ENABLE)
		gpu->helper = (usc_base + (helper & HELPER_PROGRAM)) & AGX_CS_ADDRESS_MASK;
	gpu->preamble_stacks = register_of(work, AGX_REG_COMPUTE_HELPER_CFG) & CFG_PREAMBLE;
	stacks_begin(gpu->stacks, &command);
}

static void exec_start(void *cookie, const struct agx_gpu_work *work)
{
	struct agx_exec_gpu *gpu = cookie;
	struct agx_gpu_fault fault;
	struct stream stream;

	agx_null_gpu_ops.start(gpu->null, work);
	if (work->unit != AGX_GPU_COMPUTE)
		return;
	gpu->phase = PHASE_IDLE;
	gpu->launched = false;
	gpu->own = agx_null_gpu_ops.state(gpu->null, AGX_GPU_COMPUTE, &fault) == AGX_GPU_IDLE;
	stream = (struct stream){
		.walker = &gpu->walker,
		.context = work->context,
		.compute = true,
		.address = register_of(work, AGX_REG_CDM_CTRL_STREAM_BASE) & AGX_CS_ADDRESS_MASK,
		.usc_base = register_of(work, AGX_REG_USC_EXEC_BASE_CP),
	};
	if (!gpu->own || !stream.address)
		return;
	gpu->context = work->context;
	gpu->sampler_heap = work->sampler_heap;
	gpu->sampler_count = work->sampler_count;
	agx_program_cache_check(gpu->programs);
	launch_run_command(gpu->run, work->context, gpu->config.soft_faults);
	begin_stacks(gpu, work, stream.usc_base);
	cdm_start(&gpu->cdm, &stream);
	gpu->phase = PHASE_STREAM;
}

static enum agx_gpu_state exec_state(void *cookie, enum agx_gpu_unit unit,
				     struct agx_gpu_fault *fault)
{
	struct agx_exec_gpu *gpu = cookie;

	if (unit != AGX_GPU_COMPUTE || !gpu->own)
		return agx_null_gpu_ops.state(gpu->null, unit, fault);
	if (agx_exec_gpu_computing(gpu))
		go_on(gpu);
	switch (gpu->phase) {
	case PHASE_IDLE:
		return AGX_GPU_IDLE;
	case PHASE_FAULTED:
		*fault = gpu->fault;
		return AGX_GPU_FAULTED;
	default:
		return AGX_GPU_BUSY;
	}
}

static void exec_resume(void *cookie, const struct agx_gpu_tvb *tvb)
{
	struct agx_exec_gpu *gpu = cookie;

	agx_null_gpu_ops.resume(gpu->null, tvb);
}

static void exec_stop(void *cookie, enum agx_gpu_unit unit)
{
	struct agx_exec_gpu *gpu = cookie;

	if (unit == AGX_GPU_COMPUTE) {
		end_launch(gpu, AGX_EXEC_LAUNCH_STOPPED);
		gpu->phase = PHASE_IDLE;
	}
	agx_null_gpu_ops.stop(gpu->null, unit);
}

static uint32_t exec_tvb_pages(void *cookie)
{
	struct agx_exec_gpu *gpu = cookie;

	return agx_null_gpu_ops.tvb_pages(gpu->null);
}

static uint64_t exec_progress(void *cookie, enum agx_gpu_unit unit)
{
	const struct agx_exec_gpu *gpu = cookie;

	return unit == AGX_GPU_COMPUTE ? gpu->progress : 0;
}

static void exec_skip(void *cookie, const struct agx_gpu_work *work)
{
	struct agx_exec_gpu *gpu = cookie;

	agx_null_gpu_ops.skip(gpu->null, work);
	if (work->unit == AGX_GPU_COMPUTE)
		gpu->own = false;
}

static void exec_place(void *cookie, enum agx_gpu_unit unit, struct agx_gpu_place *place)
{
	struct agx_exec_gpu *gpu = cookie;

	if (unit == AGX_GPU_COMPUTE)
		get_place(gpu, place);
	else
		agx_null_gpu_ops.place(gpu->null, unit, place);
}

const struct agx_gpu_ops agx_exec_gpu_ops = {
	.start = exec_start,
	.state = exec_state,
	.resume = exec_resume,
	.stop = exec_stop,
	.tvb_pages = exec_tvb_pages,
	.progress = exec_progress,
	.skip = exec_skip,
	.place = exec_place,
};

bool agx_exec_gpu_computing(const struct agx_exec_gpu *gpu)
{
	return gpu->phase != PHASE_IDLE && gpu->phase != PHASE_HUNG && gpu->phase != PHASE_FAULTED;
}

/* --- Who watches --- */

static void watch_place(void *cookie, struct agx_gpu_place *place)
{
	get_place(cookie, place);
}

static void watch_complain(void *cookie, bool limited, uint64_t address, const char *text)
{
	const struct agx_exec_gpu *gpu = cookie;
	struct agx_gpu_complaint complaint = {
		.id = limited ? AGX_GPU_FINDING_RACE_LIMIT : AGX_GPU_FINDING_RACE,
		.address = address,
		.structure = "",
		.field = "",
		.text = text,
	};

	if (!gpu->config.null.complain)
		return;
	get_place(cookie, &complaint.place);
	gpu->config.null.complain(gpu->config.null.cookie, &complaint);
}

static int create_watch(struct agx_exec_gpu *gpu)
{
	const struct agx_watch_gpu seam = {
		.place = watch_place,
		.complain = watch_complain,
		.cookie = gpu,
	};

	if (!gpu->config.watch)
		return 0;
	gpu->config.threads = 1;
	gpu->config.order = 0;
	return agx_shader_watch_create(gpu->config.watch, &seam, &gpu->watch);
}

static int create_run(struct agx_exec_gpu *gpu)
{
	const struct launch_run_config config = {
		.walker = &gpu->walker,
		.threads = gpu->config.threads,
		.order = gpu->config.order,
		.limit = gpu->config.limit,
		.note_pages = gpu->config.written != NULL,
		.writing = gpu->config.writing,
		.writing_cookie = gpu->config.hook_cookie,
		.watch = gpu->watch,
	};

	return launch_run_create(&config, &gpu->run);
}

int agx_exec_gpu_create(const struct agx_exec_gpu_config *config, struct agx_exec_gpu **out)
{
	struct agx_exec_gpu *gpu = calloc(1, sizeof(*gpu));
	int err;

	if (!gpu)
		return -ENOMEM;
	gpu->config = *config;
	if (!gpu->config.slice)
		gpu->config.slice = SLICE_OPS;
	if (gpu->config.slice > INT64_MAX / 2)
		gpu->config.slice = INT64_MAX / 2;
	if (!gpu->config.limit)
		gpu->config.limit = LIMIT_OPS;
	if (!gpu->config.threads)
		gpu->config.threads = agx_pool_default();
	if (gpu->config.threads > AGX_POOL_MAX)
		gpu->config.threads = AGX_POOL_MAX;
	gpu->walker = config->null.walker;
	gpu->walker.cache = &gpu->walk_cache;
	gpu->programs = agx_program_cache_new(agx_exec_best());
	gpu->stacks = config->core_count
			      ? stacks_new(&gpu->walker, config->cores, config->core_count)
			      : stacks_new(&gpu->walker, &(const uint8_t){0}, 1);
	err = gpu->programs && gpu->stacks ? create_watch(gpu) : -ENOMEM;
	if (!err)
		err = create_run(gpu);
	if (!err)
		err = agx_null_gpu_create(&config->null, &gpu->null);
	if (err) {
		agx_exec_gpu_destroy(gpu);
		return err;
	}
	*out = gpu;
	return 0;
}

void agx_exec_gpu_destroy(struct agx_exec_gpu *gpu)
{
	if (!gpu)
		return;
	launch_run_destroy(gpu->run);
	stacks_free(gpu->stacks);
	agx_shader_watch_destroy(gpu->watch);
	agx_program_cache_free(gpu->programs);
	agx_null_gpu_destroy(gpu->null);
	free(gpu);
}
