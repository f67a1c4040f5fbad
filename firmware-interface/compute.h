/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * RunCompute: a stream of compute dispatches.
 *
 * Sources: driver: fw/compute.rs, queue/compute.rs; m1n1: fw/agx/cmdqueue.py WorkCommandCP,
 * fw/agx/microsequence.py ComputeInfo, ComputeInfo2, ComputeArgs, HelperArg, SubBufferList.
 */
#ifndef AGX_FW_COMPUTE_H
#define AGX_FW_COMPUTE_H

#include "job.h"
#include "types.h"

/* Constants without a known meaning. Driver: queue/compute.rs. */
#define AGX_COMPUTE_UNK_38       0x8c60ull
#define AGX_COMPUTE_UNK_58       1u
#define AGX_COMPUTE_IOGPU_UNK_40 0x1cu
#define AGX_COMPUTE_UNK_G14X     0x24201u /* params2.unk_g14x on G14X, else 0 */

/* Register values of the compute unit, G13 and G14. */
struct agx_compute_params1 {
	gpu_va preempt_buf1;
	gpu_va cdm_ctrl_stream_base;
	gpu_va preempt_buf2; /* 8 bytes each, 2 to 5 in sequence */
	gpu_va preempt_buf3;
	gpu_va preempt_buf4;
	gpu_va preempt_buf5;
	gpu_va usc_exec_base_cp;
	fw_u64 unk_38; /* AGX_COMPUTE_UNK_38 */
	fw_u32 helper_program;
	fw_u32 unk_44;
	fw_u64 helper_arg;
	fw_u32 helper_cfg;
	fw_u32 unk_54;
	fw_u32 unk_58; /* AGX_COMPUTE_UNK_58 */
	fw_u32 unk_5c;
	fw_u32 iogpu_unk_40; /* AGX_COMPUTE_IOGPU_UNK_40 */
	fw_u8 pad_64[0xec];
} __packed;
AGX_SIZE(compute_params1, 0x150);
AGX_AT(compute_params1, usc_exec_base_cp, 0x30);
AGX_AT(compute_params1, helper_cfg, 0x50);

/*
 * Memory of user space's programs, as macOS lays it out; neither the firmware nor Linux looks
 * inside. m1n1 only.
 */
struct agx_compute_args {
	fw_u8 unk_0[0x7fa0];
	gpu_va arg_buffers[8];
	gpu_va threadgroups_per_grid_addr;
	gpu_va threads_per_threadgroup_addr;
} __packed;
AGX_SIZE(compute_args, 0x7ff0);

/*
 * Blocks of scratch memory of a subgroup. The low byte of the first word of each gives the size:
 * ...01 0x400 or a continuation, ...0011 0x1000, ...0111 0x4000, 0f 0x10000, 1f 0x40000,
 * 7f 0x400000; 0 is invalid.
 */
struct agx_sub_buffer_list {
	fw_u32 buffers[256 + 12][4];
} __packed;
AGX_SIZE(sub_buffer_list, 0x10c0);

struct agx_helper_arg {
	fw_u32 core_stride;
	fw_u16 alloc_size_map[16];
	fw_u16 max_subgroups[16];
	fw_u16 core_list[128];
} __packed;
AGX_SIZE(helper_arg, 0x144);

#endif

#ifdef AGX_FW_INSTANTIATE

/* On all GPUs. */
struct AGX_FW(compute_params2) {
#if AGX_FW_V13
	fw_u32 unk_0_0;
#endif
	fw_u8 unk_0[0x24];
	gpu_va preempt_buf1;
	gpu_va cdm_ctrl_stream_end;
	fw_u8 unk_34[0x20];
	fw_u32 unk_g14x; /* AGX_COMPUTE_UNK_G14X */
	fw_u32 unk_58;
#if !AGX_FW_V13
	fw_u32 unk_5c;
#endif
} __packed;
AGX_FW_SIZE(compute_params2, 0x60, 0x60, 0x60, 0x60, 0x60);
AGX_FW_AT(compute_params2, preempt_buf1, 0x24, 0x24, 0x28, 0x28, 0x28);

/*
 * The command. GPU-readable, firmware-private memory. m1n1 counts 4 bytes less of padding at the
 * end of 12.x and 4 more in 13.5.
 */
struct AGX_FW(run_compute) {
	fw_u32 tag; /* AGX_CMD_RUN_COMPUTE */
#if AGX_FW_V13
	fw_u64 counter; /* of the owner, see run_vertex */
#endif
	fw_u32 unk_4;
	fw_u32 vm_slot;     /* UAT context */
	fw_va notifier;     /* struct notifier */
	fw_u32 unk_pointee; /* operations point here: unk_pointer */
#if AGX_FW_G14X
	struct agx_register_array registers;
#else
	fw_u8 unk_buf[0x50];
	struct agx_compute_params1 job_params1;
#endif
	struct agx_register_list register_list;
	fw_u8 unk_pad[0x20];
	fw_va microsequence; /* microseq.h */
	fw_u32 microsequence_size;
	struct AGX_FW(compute_params2) job_params2;
	struct agx_encoder_params encoder_params;
	struct agx_job_meta meta;
	fw_u64 command_time;                              /* by the Timestamp operation */
	struct agx_timestamp_pointers timestamp_pointers; /* struct agx_job_timestamps */
	struct agx_timestamp_pointers user_timestamp_pointers;
	fw_u8 client_sequence; /* low byte of the owner's number */
	fw_u8 pad_2d1[3];
	fw_u32 unk_2d4;
	fw_u8 unk_2d8;
#if AGX_FW_V13
	fw_u64 context_store_req; /* preemption; the Timestamp operation points here */
	fw_u64 context_store_compl;
	fw_u8 unk_2e9[0x14];
	fw_u32 unk_flag; /* operations point here */
	fw_u8 unk_pad2[0x10];
	fw_u8 pad_319[3];
#else
	fw_u8 pad_2d9[3];
#endif
} __packed;
AGX_FW_SIZE(run_compute, 0x2dc, 0x2dc, 0x31c, 0x31c, 0x87c);
AGX_FW_AT(run_compute, register_list, 0x1b8, 0x1b8, 0x1c0, 0x1c0, 0x720);
AGX_FW_AT(run_compute, microsequence, 0x1e8, 0x1e8, 0x1f0, 0x1f0, 0x750);
AGX_FW_AT(run_compute, encoder_params, 0x254, 0x254, 0x25c, 0x25c, 0x7bc);
AGX_FW_AT(run_compute, meta, 0x27c, 0x27c, 0x284, 0x284, 0x7e4);
AGX_FW_AT(run_compute, command_time, 0x2a8, 0x2a8, 0x2b0, 0x2b0, 0x810);
AGX_FW_AT(run_compute, client_sequence, 0x2d0, 0x2d0, 0x2d8, 0x2d8, 0x838);

#endif
