/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* microseq_variant.c: micro-sequences of Run commands, for each variant. */
#ifndef AGX_MICROSEQ_VARIANT_H
#define AGX_MICROSEQ_VARIANT_H

#include "command.h"

/* Addresses that the two Timestamp operations name. */
struct agx_microseq_times {
	uint64_t command_time;
	uint64_t own, user; /* struct agx_timestamp_pointers of the command */
	uint64_t unk_ts;
};

/*
 * A sequence while it is written, from the first operation to the last: Start, the middle
 * (Timestamp, WaitForIdle, Timestamp), Finalize, RetireStamp.
 */
struct agx_microseq {
	const struct agx_heap_object *object;
	uint32_t used;   /* bytes */
	bool timestamps; /* a client wants to know */
	uint64_t queue;  /* QueueInfo */
	enum agx_pipe pipe;
};

/*
 * create allocates the sequence for a Start and a Finalize operation of these sizes and gives the
 * place of the first, zero; middle gives the place of the second; end completes the sequence.
 * restart is what the Finalize operation's restart_branch_offset must be.
 */
#define AGX_MICROSEQ_FUNCTIONS(lower, upper)                                            \
	int agx_##lower##_microseq_create(struct agx_core_job *job, enum agx_pipe pipe, \
					  const struct agx_timestamp_ref *refs,         \
					  uint32_t start_size, uint32_t finalize_size,  \
					  struct agx_microseq *seq, void **start);      \
	void *agx_##lower##_microseq_middle(struct agx_microseq *seq,                   \
					    const struct agx_microseq_times *times,     \
					    uint32_t finalize_size, int32_t *restart);  \
	void agx_##lower##_microseq_end(struct agx_microseq *seq);

AGX_FW_VARIANTS(AGX_MICROSEQ_FUNCTIONS)
#undef AGX_MICROSEQ_FUNCTIONS

/* What variant_ops has of the builders. */
#define AGX_COMMAND_FUNCTIONS(lower, upper)                                                        \
	int agx_##lower##_build_compute(struct agx_core_job *job,                                  \
					const struct agx_submit_cmd *cmd, const void *cmdbuf);     \
	int agx_##lower##_build_vertex(struct agx_core_job *job, const struct agx_render *render); \
	int agx_##lower##_build_fragment(struct agx_core_job *job, const struct agx_render *render);

AGX_FW_VARIANTS(AGX_COMMAND_FUNCTIONS)
#undef AGX_COMMAND_FUNCTIONS

#endif
