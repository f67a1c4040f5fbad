// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The compute command. Compiled once per variant. Facts: kkpan11/AsahiLinux-linux:
 * drivers/gpu/drm/asahi/queue/compute.rs; what is not set here is zero.
 */
#include "agx_soc_tables.h"
#include "microseq_variant.h"
#include "registers_variant.h"
#include "variant.h"

/* Behind the first preemption buffer lie four more, of a word each. */
#define PREEMPT_WORDS 4

static int build_sequence(struct agx_core_job *job, const struct agx_submit_cmd *cmd,
			  const void *cmdbuf, const struct agx_stamp *stamp,
			  const struct agx_heap_object *object)
{
#define AT(member) (object->va + offsetof(struct AGX_FW(run_compute), member))
	const struct agx_job_env *env = agx_job_env(job);
	struct AGX_FW(run_compute) *compute = object->cpu;
	struct AGX_FW(op_finalize_compute) * finalize;
	struct AGX_FW(op_start_compute) * start;
	const struct agx_microseq_times times = {
		.command_time = AT(command_time),
		.own = AT(timestamp_pointers),
		.user = AT(user_timestamp_pointers),
#if AGX_FW_V13
		.unk_ts = AT(context_store_req),
#endif
	};
	struct agx_microseq seq;
	int32_t restart;
	void *op;
	int err;

	err = AGX_FW(microseq_create)(job, AGX_PIPE_COMPUTE, cmd->timestamps, sizeof(*start),
				      sizeof(*finalize), &seq, &op);
	if (err)
		return err;
	start = op;
	start->header = AGX_OP_START_COMPUTE;
	start->unk_pointer = AT(unk_pointee);
#if AGX_FW_G14X
	start->registers = AT(registers);
#else
	start->job_params1 = AT(job_params1);
#endif
	start->stats = env->stats_compute;
	start->work_queue = seq.queue;
	start->vm_slot = env->vm_slot;
	start->unk_28 = 1;
	start->event_generation = env->queue_number;
	start->event_seq = stamp->seq;
	start->job_params2 = AT(job_params2);
	agx_command_attachments(cmdbuf, &cmd->compute, &start->attachments);
#if AGX_FW_V13
	start->unk_flag = AT(unk_flag);
	start->counter = compute->counter;
	start->notifier_buf = env->notifier_buf;
#endif

	finalize = AGX_FW(microseq_middle)(&seq, &times, sizeof(*finalize), &restart);
	finalize->header = AGX_OP_FINALIZE_COMPUTE;
	finalize->stats = env->stats_compute;
	finalize->work_queue = seq.queue;
	finalize->vm_slot = env->vm_slot;
	finalize->job_params2 = AT(job_params2);
	finalize->fw_stamp = stamp->fw;
	finalize->stamp_value = stamp->value;
	finalize->restart_branch_offset = restart;
	finalize->has_attachments = cmd->compute.count > 0;
#if AGX_FW_V13
	finalize->unk_flag = AT(unk_flag);
#endif
	AGX_FW(microseq_end)(&seq);

	compute->microsequence = seq.object->va;
	compute->microsequence_size = seq.used;
	return 0;
#undef AT
}

#if AGX_FW_G14X
static void fill_registers(const struct agx_job_env *env, const struct drm_asahi_cmd_compute *args,
			   uint64_t preempt, uint64_t preempt_words,
			   struct AGX_FW(run_compute) * compute)
{
	struct agx_register_writer w = {&compute->registers, 0};

	agx_register(&w, AGX_REG_COMPUTE_PREEMPT_BUF1, preempt);
	agx_register(&w, AGX_REG_CDM_CTRL_STREAM_BASE, args->cdm_ctrl_stream_base);
	agx_register(&w, AGX_REG_COMPUTE_PREEMPT_BUF2, preempt_words);
	agx_register(&w, AGX_REG_COMPUTE_PREEMPT_BUF3, preempt_words + 8);
	agx_register(&w, AGX_REG_COMPUTE_PREEMPT_BUF4, preempt_words + 16);
	agx_register(&w, AGX_REG_COMPUTE_PREEMPT_BUF5, preempt_words + 24);
	agx_register(&w, AGX_REG_USC_EXEC_BASE_CP, env->usc_exec_base);
	agx_register(&w, AGX_REG_COMPUTE_HELPER_PROGRAM, args->helper.binary);
	agx_register(&w, AGX_REG_COMPUTE_HELPER_ARG, args->helper.data);
	agx_register(&w, AGX_REG_COMPUTE_HELPER_CFG, args->helper.cfg);
	agx_register(&w, AGX_REG_COMPUTE_UNK_1A440, AGX_COMPUTE_UNK_G14X);
	agx_register(&w, AGX_REG_COMPUTE_UNK_12091, 0);
	agx_register_end(&w, &compute->register_list);
}
#else
static void fill_params1(const struct agx_job_env *env, const struct drm_asahi_cmd_compute *args,
			 uint64_t preempt, uint64_t preempt_words,
			 struct agx_compute_params1 *params)
{
	params->preempt_buf1 = preempt;
	params->cdm_ctrl_stream_base = args->cdm_ctrl_stream_base;
	params->preempt_buf2 = preempt_words;
	params->preempt_buf3 = preempt_words + 8;
	params->preempt_buf4 = preempt_words + 16;
	params->preempt_buf5 = preempt_words + 24;
	params->usc_exec_base_cp = env->usc_exec_base;
	params->unk_38 = AGX_COMPUTE_UNK_38;
	params->helper_program = args->helper.binary;
	params->helper_arg = args->helper.data;
	params->helper_cfg = args->helper.cfg;
	params->unk_58 = AGX_COMPUTE_UNK_58;
	/* iogpu_unk_40 is 0: macOS sets it for a program of its own. */
}
#endif

int AGX_FW(build_compute)(struct agx_core_job *job, const struct agx_submit_cmd *cmd,
			  const void *cmdbuf)
{
	const struct agx_job_env *env = agx_job_env(job);
	const struct drm_asahi_cmd_compute *args = &cmd->args.compute;
	const struct agx_stamp stamp = agx_job_stamp(job, AGX_PIPE_COMPUTE);
	uint64_t preempt_size = agx_soc_arch(env->soc)->compute_preempt1_size;
	uint64_t preempt, preempt_words, own_times;
	struct AGX_FW(run_compute) * compute;
	const struct agx_heap_object *object;
	int err;

	/* Preemption of compute work is off (see struct agx_priority): not worth clearing. */
	err = agx_command_alloc_vm(job, false, preempt_size + PREEMPT_WORDS * sizeof(uint64_t),
				   "compute preemption", false, &preempt);
	if (!err)
		err = agx_command_alloc(job, AGX_HEAP_SHARED, sizeof(struct agx_job_timestamps),
					"compute times", &own_times);
	if (!err)
		err = agx_job_alloc(job, AGX_HEAP_GPU_RO, sizeof(*compute), "compute command",
				    &object);
	if (err)
		return err;
	preempt_words = preempt + preempt_size;

	compute = object->cpu;
	compute->tag = AGX_CMD_RUN_COMPUTE;
#if AGX_FW_V13
	compute->counter = agx_job_counter(job, 1);
#endif
	compute->vm_slot = env->vm_slot;
	compute->notifier = env->notifier;
#if AGX_FW_G14X
	fill_registers(env, args, preempt, preempt_words, compute);
	compute->register_list.addr = object->va + offsetof(struct AGX_FW(run_compute), registers);
	compute->job_params2.unk_g14x = AGX_COMPUTE_UNK_G14X;
#else
	fill_params1(env, args, preempt, preempt_words, &compute->job_params1);
#endif
	compute->job_params2.preempt_buf1 = preempt;
	compute->job_params2.cdm_ctrl_stream_end = args->cdm_ctrl_stream_end;
	agx_command_encoder(args->sampler_heap, args->sampler_count, &compute->encoder_params);
	agx_command_meta(&stamp, &compute->meta);
	agx_command_timestamps(own_times, &cmd->timestamps[AGX_TIMESTAMP_COMPUTE_START],
			       &compute->timestamp_pointers, &compute->user_timestamp_pointers);
	compute->client_sequence = (uint8_t)env->queue_number;

	err = build_sequence(job, cmd, cmdbuf, &stamp, object);
	if (err)
		return err;
	return agx_job_add(job, AGX_PIPE_COMPUTE, object->va, true);
}
