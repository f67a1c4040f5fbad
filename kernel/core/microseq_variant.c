// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What the micro-sequences of all Run commands have in common. Compiled once per variant. Facts:
 * jannau/linux: drivers/gpu/drm/asahi/queue/{render,compute}.rs, microseq.rs.
 */
#include "microseq_variant.h"
#include "variant.h"

#define WAIT_SIZE sizeof(struct agx_op_header)
#define END_SIZE  sizeof(struct agx_op_header)

static void *add(struct agx_microseq *seq, uint32_t size)
{
	void *op = (uint8_t *)seq->object->cpu + seq->used;

	seq->used += size;
	return op;
}

int AGX_FW(microseq_create)(struct agx_core_job *job, enum agx_pipe pipe,
			    const struct agx_timestamp_ref *refs, uint32_t start_size,
			    uint32_t finalize_size, struct agx_microseq *seq, void **start)
{
	uint32_t size = start_size + WAIT_SIZE + finalize_size + END_SIZE;
	int err;

	*seq = (struct agx_microseq){
		.timestamps = refs[0].object || refs[1].object,
		.queue = agx_job_env(job)->queue_info[pipe],
		.pipe = pipe,
	};
	if (seq->timestamps)
		size += 2 * sizeof(struct AGX_FW(op_timestamp));
	err = agx_job_alloc(job, AGX_HEAP_PRIVATE, size, "micro-sequence", &seq->object);
	if (!err)
		*start = add(seq, start_size);
	return err;
}

static void timestamp(struct agx_microseq *seq, const struct agx_microseq_times *times, bool start)
{
	struct AGX_FW(op_timestamp) *op = add(seq, sizeof(*op));

	op->header = AGX_OP_TIMESTAMP | (start ? AGX_OP_TIMESTAMP_START : 0);
	op->command_time = times->command_time;
	op->ts_pointers = times->own;
	op->update_ts = times->own + (start ? offsetof(struct agx_timestamp_pointers, start_addr)
					    : offsetof(struct agx_timestamp_pointers, end_addr));
	op->work_queue = seq->queue;
	op->user_ts_pointers = times->user;
#if AGX_FW_V13
	op->unk_ts = times->unk_ts;
#endif
}

static uint32_t wait_header(enum agx_pipe pipe)
{
#if AGX_FW_G14X
	(void)pipe;
	return AGX_OP_WAIT_FOR_IDLE2;
#else
	switch (pipe) {
	case AGX_PIPE_VERTEX:
		return AGX_OP_WAIT_FOR_IDLE | AGX_OP_WAIT_VERTEX;
	case AGX_PIPE_FRAGMENT:
		return AGX_OP_WAIT_FOR_IDLE | AGX_OP_WAIT_FRAGMENT;
	default:
		return AGX_OP_WAIT_FOR_IDLE | AGX_OP_WAIT_COMPUTE;
	}
#endif
}

void *AGX_FW(microseq_middle)(struct agx_microseq *seq, const struct agx_microseq_times *times,
			      uint32_t finalize_size, int32_t *restart)
{
	struct agx_op_header *wait;

	if (seq->timestamps)
		timestamp(seq, times, true);
	wait = add(seq, sizeof(*wait));
	wait->header = wait_header(seq->pipe);
	if (seq->timestamps)
		timestamp(seq, times, false);
	*restart = -(int32_t)seq->used; /* the Start operation is at 0 */
	return add(seq, finalize_size);
}

void AGX_FW(microseq_end)(struct agx_microseq *seq)
{
	struct agx_op_header *retire = add(seq, sizeof(*retire));

	retire->header = AGX_OP_RETIRE_STAMP | AGX_OP_RETIRE_STAMP_FLAG;
}
