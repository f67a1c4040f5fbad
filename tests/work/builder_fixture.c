// SPDX-License-Identifier: MIT
#include "builder_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "agx_heap.h"

/* --- What the rest of the core does for builders --- */

static int remember(struct agx_core_job *job, struct agx_heap *heap,
		    const struct agx_heap_object *object)
{
	if (job->memory_count == BUILDER_MEMORY)
		abort();
	job->memory[job->memory_count].heap = heap;
	job->memory[job->memory_count++].object = object;
	return 0;
}

int agx_job_alloc(struct agx_core_job *job, enum agx_fw_heap heap, uint64_t size, const char *tag,
		  const struct agx_heap_object **object)
{
	struct agx_heap *from = job->builder->core.heaps[heap];
	int err = agx_heap_alloc(from, size, 0, tag, object);

	return err ? err : remember(job, from, *object);
}

int agx_job_alloc_vm(struct agx_core_job *job, bool priv, uint64_t size, const char *tag,
		     const struct agx_heap_object **object)
{
	struct agx_heap *heap;
	int err = agx_vm_heap(&job->builder->vm, priv, &heap);

	if (!err)
		err = agx_heap_alloc(heap, size, 0, tag, object);
	return err ? err : remember(job, heap, *object);
}

int agx_vm_heap(struct agx_core_vm *vm, bool priv, struct agx_heap **heap)
{
	struct agx_heap **place = priv ? &vm->priv : &vm->shared;
	struct agx_heap_config configs[2];
	int err = 0;

	if (!*place) {
		agx_vm_heap_configs(vm->kernel_start, vm->kernel_end, &configs[0], &configs[1]);
		err = agx_heap_create(vm->core->platform, vm->core->uat, vm->uat, &configs[priv],
				      place);
	}
	*heap = *place;
	return err;
}

struct agx_stamp agx_job_stamp(struct agx_core_job *job, enum agx_pipe pipe)
{
	return (struct agx_stamp){
		.shared = BUILDER_STAMP + pipe * 0x100,
		.fw = BUILDER_FW_STAMP + pipe * 0x100,
		.value = BUILDER_STAMP_VALUE + pipe * 0x10000 + job->runs[pipe] * AGX_STAMP_STEP,
		.slot = BUILDER_STAMP_SLOT + pipe,
		.seq = BUILDER_EVENT_SEQ + pipe * 0x1000 + job->runs[pipe],
	};
}

static int add_entry(struct agx_core_job *job, const struct builder_entry *entry)
{
	if (job->entry_count == BUILDER_ENTRIES)
		abort();
	job->entries[job->entry_count++] = *entry;
	return 0;
}

int agx_job_add(struct agx_core_job *job, enum agx_pipe pipe, uint64_t command, bool run)
{
	job->runs[pipe] += run;
	return add_entry(job,
			 &(struct builder_entry){.pipe = pipe, .command = command, .run = run});
}

int agx_job_barrier(struct agx_core_job *job, enum agx_pipe pipe, enum agx_pipe on, uint32_t value,
		    bool external)
{
	const struct agx_heap_object *object;
	int err = agx_job_alloc(job, AGX_HEAP_PRIVATE, AGX_BARRIER_OBJECT_SIZE, "barrier", &object);

	if (err)
		return err;
	return add_entry(job,
			 &(struct builder_entry){
				 .pipe = pipe, .on = on, .value = value, .external = external});
}

const struct agx_job_env *agx_job_env(struct agx_core_job *job)
{
	return &job->env;
}

uint64_t agx_job_counter(struct agx_core_job *job, unsigned int n)
{
	uint64_t first = job->queue->counter;

	job->queue->counter += n;
	return first;
}

uint64_t agx_job_user_timestamp(const struct agx_timestamp_ref *ref)
{
	return ref->object ? (uint64_t)(uintptr_t)ref->object + ref->offset : 0;
}

static struct builder *of_core(struct agx_core *core)
{
	return (struct builder *)((char *)core - offsetof(struct builder, core));
}

int agx_core_device_control(struct agx_core *core, enum agx_device_control what,
			    const struct agx_device_control_args *args, uint32_t *token)
{
	struct builder *builder = of_core(core);

	(void)token;
	if (what != AGX_DEVICE_CONTROL_GROW_TVB_ACK)
		abort();
	if (builder->device_control_error)
		return builder->device_control_error;
	builder->acks++;
	builder->ack = *args;
	return 0;
}

struct agx_fw_status *agx_core_fw_status(struct agx_core *core)
{
	return &of_core(core)->status;
}

/* --- The fixture --- */

static void make_heaps(struct builder *builder)
{
	struct agx_core *core = &builder->core;
	unsigned int i;

	for (i = 0; i < AGX_FW_HEAPS; i++) {
		struct agx_heap_config config = *agx_fw_heap_config(i);

		config.block_size = 64 << 10; /* quickly made */
		config.debug = builder->debug;
		config.coherent = true;
		if (agx_heap_create(core->platform, core->uat, agx_uat_kernel_vm(core->uat),
				    &config, &core->heaps[i]))
			abort();
	}
	if (agx_uat_vm_create(core->uat, &builder->vm.uat))
		abort();
	builder_queue_init(builder, &builder->queue, BUILDER_QUEUE_NUMBER);
}

static void destroy_heaps(struct builder *builder)
{
	struct agx_core *core = &builder->core;
	unsigned int i;

	agx_tvb_destroy(builder->queue.tvb);
	builder->queue.tvb = NULL;
	if (builder_live(builder))
		machine_error(&builder->machine, "%u objects are left", builder_live(builder));
	for (i = 0; i < AGX_FW_HEAPS; i++) {
		if (agx_heap_check(core->heaps[i]))
			machine_error(&builder->machine, "heap %u is damaged", i);
		agx_heap_destroy(core->heaps[i]);
	}
	agx_heap_destroy(builder->vm.shared);
	agx_heap_destroy(builder->vm.priv);
	builder->vm.shared = NULL;
	builder->vm.priv = NULL;
	agx_uat_vm_destroy(builder->vm.uat);
	for (i = 0; i < AGX_BUFFER_SLOTS; i++)
		if (core->tvb_slots.slots[i].owner)
			machine_error(&builder->machine, "buffer slot %u is not free", i);
	memset(&core->tvb_slots, 0, sizeof(core->tvb_slots));
}

void builder_init_sized(struct builder *builder, const struct agx_soc *soc,
			const struct agx_firmware_version *firmware, uint64_t window, uint64_t ram,
			bool debug)
{
	struct agx_core *core = &builder->core;
	int variant = agx_device_variant(soc, firmware);

	memset(builder, 0, sizeof(*builder));
	if (variant < 0)
		abort();
	core->ops = agx_variant_ops((unsigned int)variant);
	core->variant = (enum agx_fw_variant)variant;
	machine_start(&builder->machine, ram, core->ops->map_kernel_to_user, false);
	core->platform = &builder->machine.platform;
	core->uat = builder->machine.uat;
	agx_device_default(soc, firmware, &core->config.device);
	builder->vm.core = core;
	builder->vm.kernel_start = BUILDER_WINDOW;
	builder->vm.kernel_end = BUILDER_WINDOW + window;
	builder->status.halt_count = 0x99;
	builder->debug = debug;
	make_heaps(builder);
}

void builder_init(struct builder *builder, const struct agx_soc *soc,
		  const struct agx_firmware_version *firmware)
{
	builder_init_sized(builder, soc, firmware, BUILDER_WINDOW_SIZE, 64 << 20, false);
}

void builder_reset(struct builder *builder)
{
	destroy_heaps(builder);
	make_heaps(builder);
}

unsigned int builder_finish(struct builder *builder)
{
	destroy_heaps(builder);
	return machine_finish(&builder->machine);
}

void builder_queue_init(struct builder *builder, struct builder_queue *queue, uint32_t number)
{
	*queue = (struct builder_queue){
		.builder = builder, .number = number, .counter = BUILDER_COUNTER};
}

struct agx_core_job *builder_job(struct builder *builder, struct builder_queue *queue)
{
	struct agx_core_job *job = calloc(1, sizeof(*job));
	unsigned int i;

	if (!job)
		abort();
	job->builder = builder;
	job->queue = queue;
	job->env = (struct agx_job_env){
		.core = &builder->core,
		.ops = builder->core.ops,
		.vm = &builder->vm,
		.usc_exec_base = BUILDER_USC_BASE,
		.vm_slot = BUILDER_VM_SLOT,
		.queue_number = queue->number,
		.notifier = BUILDER_NOTIFIER,
		.notifier_buf = BUILDER_NOTIFIER_BUF,
		.stats_vertex = BUILDER_STATS_VERTEX,
		.stats_fragment = BUILDER_STATS_FRAG,
		.stats_compute = BUILDER_STATS_COMPUTE,
		.soc = builder->core.config.device.soc,
		.tvb = &queue->tvb,
		.scenes = &job->scenes,
	};
	for (i = 0; i < AGX_PIPE_COUNT; i++)
		job->env.queue_info[i] = BUILDER_QUEUE_INFO + i * 0x1000;
	return job;
}

void builder_job_done(struct agx_core_job *job)
{
	if (!job)
		return;
	agx_tvb_release(&job->scenes);
	while (job->memory_count) {
		job->memory_count--;
		agx_heap_free(job->memory[job->memory_count].heap,
			      job->memory[job->memory_count].object);
	}
	free(job);
}

static struct agx_heap *heap_at(struct builder *builder, unsigned int index)
{
	if (index < AGX_FW_HEAPS)
		return builder->core.heaps[index];
	return index == AGX_FW_HEAPS ? builder->vm.shared : builder->vm.priv;
}

uint32_t builder_live(struct builder *builder)
{
	uint32_t live = 0;
	unsigned int i;

	for (i = 0; i < AGX_FW_HEAPS + 2; i++)
		if (heap_at(builder, i))
			live += agx_heap_stats(heap_at(builder, i)).live_objects;
	return live;
}

const struct agx_heap_object *builder_object(struct builder *builder, uint64_t va)
{
	const struct agx_heap_object *object = NULL;
	unsigned int i;

	for (i = 0; i < AGX_FW_HEAPS + 2 && !object; i++)
		if (heap_at(builder, i))
			object = agx_heap_find(heap_at(builder, i), va);
	return object;
}

void *builder_at(struct builder *builder, uint64_t va)
{
	const struct agx_heap_object *object = builder_object(builder, va);

	return object ? (uint8_t *)agx_heap_cpu(object) + (va - object->va) : NULL;
}

const struct builder_entry *builder_command(const struct agx_core_job *job, enum agx_pipe pipe,
					    unsigned int index)
{
	unsigned int i;

	for (i = 0; i < job->entry_count; i++)
		if (job->entries[i].pipe == pipe && job->entries[i].command && !index--)
			return &job->entries[i];
	return NULL;
}

void builder_render(struct agx_submit_cmd *cmd, uint32_t width, uint32_t height)
{
	memset(cmd, 0, sizeof(*cmd));
	cmd->type = DRM_ASAHI_CMD_RENDER;
	cmd->args.render.width_px = (uint16_t)width;
	cmd->args.render.height_px = (uint16_t)height;
	cmd->args.render.layers = 1;
	cmd->args.render.samples = 1;
	cmd->args.render.sample_size_B = 4;
	cmd->args.render.utile_width_px = 32;
	cmd->args.render.utile_height_px = 32;
}

void builder_compute(struct agx_submit_cmd *cmd)
{
	memset(cmd, 0, sizeof(*cmd));
	cmd->type = DRM_ASAHI_CMD_COMPUTE;
}

bool builder_pair(unsigned int index, const struct agx_soc **soc,
		  const struct agx_firmware_version **firmware)
{
	unsigned int i, j;

	for (i = 0; (*soc = agx_soc_get(i)); i++)
		for (j = 0; (*firmware = agx_soc_firmware(*soc, j)); j++)
			if (!index--)
				return true;
	return false;
}
