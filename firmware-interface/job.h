/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Parts that the vertex, fragment and compute commands share. Same for all GPUs and firmwares
 * here; register lists are used on G14X only.
 *
 * Sources: driver: fw/job.rs, fw/microseq.rs (attachments), queue/common.rs; m1n1:
 * fw/agx/microsequence.py JobMeta, EncoderParams, Attachment, TimeStampPointers,
 * RegisterDefinition.
 */
#ifndef AGX_FW_JOB_H
#define AGX_FW_JOB_H

#include "types.h"

/* Who a command is, and what is written when it is done. */
struct agx_job_meta {
	fw_u16 unk_0;
	fw_u8 unk_2;
	fw_u8 no_preemption; /* 1: the firmware does not interrupt it for another queue */
	fw_va stamp;         /* shared stamp of the queue's event slot */
	fw_va fw_stamp;      /* private stamp of the same slot */
	fw_u32 stamp_value;  /* written to both */
	fw_u32 stamp_slot;   /* the event slot */
	fw_u32 evctl_index;  /* 0 */
	fw_u32 flush_stamps;
	fw_u32 uuid;      /* for traces */
	fw_u32 event_seq; /* number of the command in its queue */
} __packed;
AGX_SIZE(job_meta, 0x2c);
AGX_AT(job_meta, stamp, 0x4);
AGX_AT(job_meta, stamp_slot, 0x18);
AGX_AT(job_meta, event_seq, 0x28);

struct agx_encoder_params {
	fw_u32 unk_8;
	fw_u32 sync_grow; /* 1: ask the driver for memory when the vertex buffer is full */
	fw_u32 unk_10;
	fw_u32 encoder_id; /* for traces */
	fw_u32 unk_18;
	fw_u32 unk_mask; /* 0xffffffff */
	gpu_va sampler_array;
	fw_u32 sampler_count;
	fw_u32 sampler_max; /* sampler_count + 1 */
} __packed;
AGX_SIZE(encoder_params, 0x28);
AGX_AT(encoder_params, sampler_array, 0x18);

/* Where to write a start and an end time; a null pointer is skipped. */
struct agx_timestamp_pointers {
	fw_va start_addr;
	fw_va end_addr;
} __packed;
AGX_SIZE(timestamp_pointers, 0x10);

/* The job's own times, in shared memory. */
struct agx_job_timestamps {
	fw_u64 start;
	fw_u64 end;
} __packed;
AGX_SIZE(job_timestamps, 0x10);

struct agx_render_timestamps {
	struct agx_job_timestamps vtx;
	struct agx_job_timestamps frag;
} __packed;
AGX_SIZE(render_timestamps, 0x20);

/* Memory that a command writes. */
struct agx_attachment {
	gpu_va address;
	fw_u32 size;  /* in units of 1 << AGX_ATTACHMENT_SIZE_SHIFT bytes, rounded up */
	fw_u16 unk_c; /* AGX_ATTACHMENT_UNK_C */
	fw_u16 unk_e; /* AGX_ATTACHMENT_UNK_E */
} __packed;
AGX_SIZE(attachment, 0x10);

#define AGX_ATTACHMENT_SIZE_SHIFT 7
#define AGX_ATTACHMENT_UNK_C      0x17
#define AGX_ATTACHMENT_UNK_E      1
#define AGX_MAX_ATTACHMENTS       16

struct agx_attachments {
	struct agx_attachment list[AGX_MAX_ATTACHMENTS];
	fw_u32 count;
} __packed;
AGX_SIZE(attachments, 0x104);

/* A GPU register and its value. 12 bytes: half of the values are not aligned. */
struct agx_register {
	fw_u32 number;
	fw_u64 value;
} __packed;
AGX_SIZE(register, 0xc);

#define AGX_MAX_REGISTERS 128

/* Registers that the firmware loads before it starts the command, G14X. */
struct agx_register_array {
	struct agx_register registers[AGX_MAX_REGISTERS];
	fw_u8 pad_600[0x100];
} __packed;
AGX_SIZE(register_array, 0x700);

/*
 * What names the array, later in the same command. The bytes exist on G13 and G14 too and are
 * zero there.
 */
struct agx_register_list {
	fw_va addr; /* of the command's own struct agx_register_array */
	fw_u16 count;
	fw_u16 length; /* in bytes */
	fw_u32 pad_c;
} __packed;
AGX_SIZE(register_list, 0x10);

#endif
