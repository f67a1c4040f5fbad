// SPDX-License-Identifier: MIT
/* Queues, commands and sequences of one variant. Compiled once per variant. */
#include <string.h>

#include "variant.h"
#include "work_image.h"

#define AT(type, member) ((uint32_t)offsetof(struct AGX_FW(type), member))

static void fill_owner(struct work_image *work, struct work_owner *owner)
{
	struct AGX_FW(notifier) *notifier = work_at(work, owner->notifier);

	notifier->threshold = owner->threshold;
	notifier->generation = owner->generation;
	notifier->unk_10 = AGX_NOTIFIER_UNK_10;
#if AGX_FW_V13
	memset(notifier->unk_buf, AGX_NOTIFIER_BUF_FILL, sizeof(notifier->unk_buf));
#endif
}

static void fill_buffer(struct work_image *work)
{
	struct AGX_FW(buffer_info) * info;
	uint64_t pages = work_vm_alloc(work, 0x4000), blocks = work_vm_alloc(work, 0x4000);
	uint64_t memory = work_vm_alloc(work, WORK_TVB_PAGES << AGX_TVB_PAGE_SHIFT);
	struct agx_block_control *control;
	struct agx_tvb_block *block = work_at(work, blocks);
	uint32_t *page = work_at(work, pages);

	for (unsigned int i = 0; i < WORK_TVB_PAGES; i++)
		page[i] = (uint32_t)(memory >> AGX_TVB_PAGE_SHIFT) + i;
	for (unsigned int i = 0; i < WORK_TVB_PAGES / 4; i++)
		block[i].page = (uint32_t)(memory >> AGX_TVB_PAGE_SHIFT) + 4 * i;
	work->buffer = work_alloc(work, WORK_PRIVATE, sizeof(*info));
	info = work_at(work, work->buffer);
	info->cur_id = -1;
	info->page_list = pages;
	info->page_list_size = 26316 * 4;
	info->page_count = WORK_TVB_PAGES;
	info->max_blocks = 6579;
	info->block_count = WORK_TVB_PAGES / 4;
	info->block_list = blocks;
	info->block_ctl = work_alloc(work, WORK_SHARED, sizeof(struct agx_block_control));
	control = work_at(work, info->block_ctl);
	control->total = control->wptr = WORK_TVB_PAGES / 4;
	info->last_page = WORK_TVB_PAGES - 1;
	info->block_size = AGX_TVB_BLOCK_SIZE;
	info->counter = work_alloc(work, WORK_SHARED, sizeof(struct agx_buffer_counter));
	info->unk_80 = 1;
	info->max_pages = 26316;
	info->max_pages_nomemless = 8772;
	work->kernel_buffer = work_alloc(work, WORK_SHARED, AGX_KERNEL_BUFFER_SIZE);
}

static uint64_t make_scene(struct work_image *work)
{
	uint64_t va = work_alloc(work, WORK_SHARED, sizeof(struct AGX_FW(scene)));
	struct AGX_FW(scene) *scene = work_at(work, va);
	struct agx_buffer_stats *stats;

	scene->user_buffer = 0x10000000;
	scene->stats = work_alloc(work, WORK_SHARED, sizeof(*stats));
	stats = work_at(work, scene->stats);
	stats->reset = 1;
	return va;
}

static void fill_queue(struct work_image *work, struct work_queue_image *queue)
{
	static const struct agx_priority priorities[] = AGX_PRIORITIES;
	struct AGX_FW(queue_info) *info = work_at(work, queue->info);

	*info = (struct AGX_FW(queue_info)){
		.state = queue->state,
		.ring = queue->ring,
		.notifier_list = queue->owner->list,
		.gpu_buf = work_alloc(work, WORK_PRIVATE, AGX_QUEUE_GPU_BUF_SIZE),
		.gpu_context = queue->owner->context,
		.event_id = -1,
		.unk_4c = -1,
		.unk_54 = -1,
		.uuid = queue->owner->generation,
		.priority = priorities[queue->priority],
	};
	if (queue->pipe == AGX_PIPE_COMPUTE) {
		info->priority.unk_0 = 0;
		info->priority.unk_18 = 1;
	}
}

static uint64_t stats_of(struct work_image *work, enum agx_pipe pipe)
{
	static const char *const names[] = {"stats_vtx", "stats_frag", "stats_comp"};
	static const uint32_t offsets[] = {AT(global_stats_vertex, stats),
					   AT(global_stats_fragment, stats), 0};

	return image_object(&work->image, names[pipe])->va + offsets[pipe];
}

static void fill_meta(struct work_image *work, const struct work_queue_image *queue,
		      const struct work_command *command, struct agx_job_meta *meta)
{
	*meta = (struct agx_job_meta){
		.stamp = work_stamp(work, queue->slot),
		.fw_stamp = work_fw_stamp(work, queue->slot),
		.stamp_value = command->value,
		.stamp_slot = queue->slot,
	};
}

/* The sequence under construction. */
struct builder {
	struct work_image *work;
	uint8_t bytes[0x800];
	uint32_t size;
};

static uint32_t append(struct builder *builder, const void *op, uint32_t size)
{
	uint32_t at = builder->size;

	memcpy(builder->bytes + at, op, size);
	builder->size += size;
	return at;
}

static uint32_t append_time(struct builder *builder, const struct work_queue_image *queue,
			    uint64_t command_time, uint64_t pointers, uint64_t user,
			    uint64_t unk_ts, bool start)
{
	struct AGX_FW(op_timestamp) op = {
		.header = AGX_OP_TIMESTAMP | (start ? AGX_OP_TIMESTAMP_START : 0),
		.command_time = command_time,
		.ts_pointers = pointers,
		.update_ts = pointers + (start ? 0 : 8),
		.work_queue = queue->info,
		.user_ts_pointers = user,
	};

#if AGX_FW_V13
	op.unk_ts = unk_ts;
#endif
	(void)unk_ts;
	return append(builder, &op, sizeof(op));
}

static uint32_t append_word(struct builder *builder, uint32_t word)
{
	return append(builder, &word, sizeof(word));
}

static uint32_t wait_word(uint32_t mask)
{
	return AGX_FW_G14X ? (uint32_t)AGX_OP_WAIT_FOR_IDLE2 : AGX_OP_WAIT_FOR_IDLE | mask;
}

#define RETIRE (AGX_OP_RETIRE_STAMP | AGX_OP_RETIRE_STAMP_FLAG)

/* What lies between Start and Finalize. */
static void append_wait(struct builder *builder, const struct work_queue_image *queue,
			struct work_command *command, uint32_t mask, uint64_t command_time,
			uint64_t pointers, uint64_t user, uint64_t unk_ts)
{
	bool times = builder->work->user_times[0] || builder->work->user_times[1];

	if (times)
		command->time_start =
			append_time(builder, queue, command_time, pointers, user, unk_ts, true);
	command->wait = append_word(builder, wait_word(mask));
	if (times)
		command->time_end =
			append_time(builder, queue, command_time, pointers, user, unk_ts, false);
}

static uint64_t put_sequence(struct builder *builder, struct work_command *command)
{
	command->retire = append_word(builder, RETIRE);
	command->size = builder->size;
	command->sequence = work_alloc(builder->work, WORK_PRIVATE, builder->size);
	memcpy(work_at(builder->work, command->sequence), builder->bytes, builder->size);
	return command->sequence;
}

static struct agx_timestamp_pointers own_times(const struct work_command *command)
{
	return (struct agx_timestamp_pointers){command->times, command->times + 8};
}

static struct agx_timestamp_pointers user_times(const struct work_image *work)
{
	return (struct agx_timestamp_pointers){work->user_times[0], work->user_times[1]};
}

/* The end of a Run command is the same in all three, and so are names in it. */
#define FILL_COMMON(run)                                                    \
	do {                                                                \
		(run)->vm_slot = WORK_CONTEXT;                              \
		(run)->notifier = queue->owner->notifier;                   \
		fill_meta(work, queue, command, &(run)->meta);              \
		(run)->timestamp_pointers = own_times(command);             \
		(run)->user_timestamp_pointers = user_times(work);          \
		(run)->client_sequence = (uint8_t)queue->owner->generation; \
		(run)->encoder_params.unk_mask = 0xffffffff;                \
		(run)->encoder_params.sampler_max = 1;                      \
	} while (0)

static void fill_vertex(struct work_image *work, struct work_queue_image *queue,
			struct work_command *command, uint64_t scene, uint32_t fragment_slot,
			uint32_t fragment_value)
{
	struct builder builder = {.work = work};
	struct AGX_FW(op_start_vertex) start = {.header = AGX_OP_START_VERTEX};
	struct AGX_FW(op_finalize_vertex) finalize = {.header = AGX_OP_FINALIZE_VERTEX};
	struct AGX_FW(run_vertex) * run;
	uint64_t va = work_alloc(work, WORK_GPU_RO, sizeof(*run));

	command->va = va;
	run = work_at(work, va);
	memset(run, 0, sizeof(*run));
	run->tag = AGX_CMD_RUN_VERTEX;
	FILL_COMMON(run);
	run->buffer_slot = 0;
	run->buffer = work->buffer;
	run->scene = scene;
	run->unk_buffer_buf = work->kernel_buffer;
	run->fragment_stamp_slot = fragment_slot;
	run->fragment_stamp_value = fragment_value;

#if AGX_FW_G14X
	start.registers = va + AT(run_vertex, registers);
	run->register_list.addr = va + AT(run_vertex, registers);
#else
	start.tiling_params = va + AT(run_vertex, tiling_params);
	start.job_params1 = va + AT(run_vertex, job_params1);
#endif
	start.buffer = finalize.buffer = work->buffer;
	start.scene = finalize.scene = scene;
	start.stats = finalize.stats = stats_of(work, AGX_PIPE_VERTEX);
	start.work_queue = finalize.work_queue = queue->info;
	start.vm_slot = finalize.vm_slot = WORK_CONTEXT;
	start.unk_38 = 1;
	start.event_generation = queue->owner->generation;
	start.unk_pointer = finalize.unk_pointer = va + AT(run_vertex, unk_pointee);
	start.unk_job_buf = va + AT(run_vertex, unk_buf_0);
#if AGX_FW_V13
	run->counter = start.counter = queue->counter++;
	start.notifier_buf = queue->owner->notifier + AT(notifier, unk_buf);
	start.unk_178 = 1;
#endif
	command->start = append(&builder, &start, sizeof(start));
	append_wait(&builder, queue, command, AGX_OP_WAIT_VERTEX, va + AT(run_vertex, command_time),
		    va + AT(run_vertex, timestamp_pointers),
		    va + AT(run_vertex, user_timestamp_pointers),
#if AGX_FW_V13
		    va + AT(run_vertex, unk_ts)
#else
		    0
#endif
	);
	finalize.fw_stamp = run->meta.fw_stamp;
	finalize.stamp_value = command->value;
	finalize.restart_branch_offset = (int32_t)(command->start - builder.size);
	command->finalize = append(&builder, &finalize, sizeof(finalize));
	run->microsequence = put_sequence(&builder, command);
	run->microsequence_size = command->size;
}

static void fill_fragment(struct work_image *work, struct work_queue_image *queue,
			  struct work_command *command, uint64_t scene)
{
	struct builder builder = {.work = work};
	struct AGX_FW(op_start_fragment) start = {.header = AGX_OP_START_FRAGMENT};
	struct AGX_FW(op_finalize_fragment) finalize = {.header = AGX_OP_FINALIZE_FRAGMENT};
	struct AGX_FW(run_fragment) * run;
	uint64_t va = work_alloc(work, WORK_GPU_RO, sizeof(*run));

	command->va = va;
	run = work_at(work, va);
	memset(run, 0, sizeof(*run));
	run->tag = AGX_CMD_RUN_FRAGMENT;
	FILL_COMMON(run);
	run->buffer = work->buffer;
	run->scene = scene;
	run->unk_buffer_buf = work->kernel_buffer;
	run->samples = 1;
	run->no_clear_pipeline_textures = 1;
	run->unk_buf_10 = !AGX_FW_G14X;
#if AGX_FW_G14X
	start.registers = va + AT(run_fragment, registers);
	run->register_list.addr = va + AT(run_fragment, registers);
#else
	start.job_params2 = va + AT(run_fragment, job_params2);
	start.job_params1 = va + AT(run_fragment, job_params1);
#endif
	start.scene = finalize.scene = scene;
	start.stats = finalize.stats = stats_of(work, AGX_PIPE_FRAGMENT);
	start.busy_flag = finalize.busy_flag = va + AT(run_fragment, busy_flag);
	start.tvb_overflow_count = va + AT(run_fragment, tvb_overflow_count);
	start.unk_pointer = finalize.unk_pointer = va + AT(run_fragment, unk_pointee);
	start.work_queue = finalize.work_queue = queue->info;
	start.work_item = finalize.work_item = va;
	start.vm_slot = finalize.vm_slot = WORK_CONTEXT;
	start.unk_50 = 1;
	start.event_generation = queue->owner->generation;
	start.unk_758_flag = finalize.unk_758_flag = va + AT(run_fragment, unk_758_flag);
	start.unk_job_buf = va + AT(run_fragment, unk_buf_0);
#if AGX_FW_V13
	run->counter = start.counter = queue->counter++;
	start.notifier_buf = queue->owner->notifier + AT(notifier, unk_buf);
#endif
	command->start = append(&builder, &start, sizeof(start));
	append_wait(&builder, queue, command, AGX_OP_WAIT_FRAGMENT,
		    va + AT(run_fragment, command_time), va + AT(run_fragment, timestamp_pointers),
		    va + AT(run_fragment, user_timestamp_pointers),
#if AGX_FW_V13
		    va + AT(run_fragment, unk_ts)
#else
		    0
#endif
	);
	finalize.buffer = work->buffer;
	finalize.unk_2c = 1;
	finalize.fw_stamp = run->meta.fw_stamp;
	finalize.stamp_value = command->value;
	finalize.restart_branch_offset = (int32_t)(command->start - builder.size);
	command->finalize = append(&builder, &finalize, sizeof(finalize));
	run->microsequence = put_sequence(&builder, command);
	run->microsequence_size = command->size;
}

static void fill_compute(struct work_image *work, struct work_queue_image *queue,
			 struct work_command *command)
{
	struct builder builder = {.work = work};
	struct AGX_FW(op_start_compute) start = {.header = AGX_OP_START_COMPUTE};
	struct AGX_FW(op_finalize_compute) finalize = {.header = AGX_OP_FINALIZE_COMPUTE};
	struct AGX_FW(run_compute) * run;
	uint64_t va = work_alloc(work, WORK_GPU_RO, sizeof(*run));

	command->va = va;
	run = work_at(work, va);
	memset(run, 0, sizeof(*run));
	run->tag = AGX_CMD_RUN_COMPUTE;
	FILL_COMMON(run);
#if AGX_FW_G14X
	start.registers = va + AT(run_compute, registers);
	run->register_list.addr = va + AT(run_compute, registers);
#else
	start.job_params1 = va + AT(run_compute, job_params1);
#endif
	start.unk_pointer = va + AT(run_compute, unk_pointee);
	start.stats = finalize.stats = stats_of(work, AGX_PIPE_COMPUTE);
	start.work_queue = finalize.work_queue = queue->info;
	start.vm_slot = finalize.vm_slot = WORK_CONTEXT;
	start.unk_28 = 1;
	start.event_generation = queue->owner->generation;
	start.job_params2 = finalize.job_params2 = va + AT(run_compute, job_params2);
#if AGX_FW_V13
	start.unk_flag = finalize.unk_flag = va + AT(run_compute, unk_flag);
	run->counter = start.counter = queue->counter++;
	start.notifier_buf = queue->owner->notifier + AT(notifier, unk_buf);
#endif
	command->start = append(&builder, &start, sizeof(start));
	append_wait(&builder, queue, command, AGX_OP_WAIT_COMPUTE,
		    va + AT(run_compute, command_time), va + AT(run_compute, timestamp_pointers),
		    va + AT(run_compute, user_timestamp_pointers),
#if AGX_FW_V13
		    va + AT(run_compute, context_store_req)
#else
		    0
#endif
	);
	finalize.fw_stamp = run->meta.fw_stamp;
	finalize.stamp_value = command->value;
	finalize.restart_branch_offset = (int32_t)(command->start - builder.size);
	command->finalize = append(&builder, &finalize, sizeof(finalize));
	run->microsequence = put_sequence(&builder, command);
	run->microsequence_size = command->size;
}

static void fill_command(struct work_image *work, struct work_queue_image *queue,
			 struct work_command *command, uint64_t scene, uint32_t fragment_slot,
			 uint32_t fragment_value)
{
	if (queue->pipe == AGX_PIPE_VERTEX)
		fill_vertex(work, queue, command, scene, fragment_slot, fragment_value);
	else if (queue->pipe == AGX_PIPE_FRAGMENT)
		fill_fragment(work, queue, command, scene);
	else
		fill_compute(work, queue, command);
}

static void set_sequence(struct work_image *work, struct work_queue_image *queue,
			 struct work_command *command, uint64_t va, uint32_t size)
{
	static const uint32_t offsets[] = {AT(run_vertex, microsequence),
					   AT(run_fragment, microsequence),
					   AT(run_compute, microsequence)};
	uint8_t *at = work_at(work, command->va + offsets[queue->pipe]);

	memcpy(at, &va, sizeof(va));
	memcpy(at + 8, &size, sizeof(size));
}

static void put_run(struct work_image *work, struct work_queue_image *queue, const char *channel)
{
	struct AGX_FW(run_work_queue_msg) msg = {
		.pipe_type = queue->pipe,
		.work_queue = queue->info,
		.wptr = queue->wptr,
		.event_slot = queue->slot,
		.is_new = !queue->known,
	};

	image_put(&work->image, channel, &msg, sizeof(msg));
}

#define NAME_(variant) work_variant_##variant
#define NAME(variant)  NAME_(variant)

const struct work_variant NAME(AGX_FW_VARIANT) = {
	.queue_size = sizeof(struct AGX_FW(queue_info)),
	.notifier_size = sizeof(struct AGX_FW(notifier)),
	.run_message_size = sizeof(struct AGX_FW(run_work_queue_msg)),
	.barrier_size = sizeof(struct AGX_FW(barrier)),
	.fill_owner = fill_owner,
	.fill_buffer = fill_buffer,
	.fill_queue = fill_queue,
	.fill_command = fill_command,
	.make_scene = make_scene,
	.set_sequence = set_sequence,
	.put_run = put_run,
};
