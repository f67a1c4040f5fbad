/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Micro-sequences: the little programs that the firmware interprets to carry a command out. A
 * sequence is a string of operations without padding; the low bits of an operation's first word
 * are its opcode. Linux' sequences are all alike: Start*, Timestamp, WaitForIdle, Timestamp,
 * Finalize*, RetireStamp, without the Timestamps when nobody wants to know.
 *
 * Operations live in private memory. Pointers to "job buf", flags and so on are addresses of
 * members of the command.
 *
 * Sources: driver: fw/microseq.rs, microseq.rs; m1n1: fw/agx/microsequence.py. Operations that
 * only macOS uses, or nobody, are m1n1's.
 */
#ifndef AGX_FW_MICROSEQ_H
#define AGX_FW_MICROSEQ_H

#include "job.h"
#include "types.h"

#define AGX_OP_CODE 0x3fu

enum agx_op {
	AGX_OP_WAIT_FOR_IDLE = 0x01,
	AGX_OP_WAIT_FOR_IDLE2 = 0x02, /* G14X, instead */
	AGX_OP_DOORBELL = 0x03,
	AGX_OP_WRITE_REG8 = 0x04, /* of the GPU; layout unknown up to WAIT_REG64 */
	AGX_OP_WRITE_REG32 = 0x05,
	AGX_OP_WRITE_REG64 = 0x06,
	AGX_OP_WRITE_REG_STREAM = 0x07, /* "not supported" says the firmware */
	AGX_OP_READ_REG8 = 0x08,
	AGX_OP_READ_REG32 = 0x09,
	AGX_OP_READ_REG64 = 0x0a,
	AGX_OP_WAIT_REG32 = 0x0b,
	AGX_OP_WAIT_REG64 = 0x0c,
	AGX_OP_JUMP = 0x0d,    /* "not supported" says the firmware */
	AGX_OP_WRITE32 = 0x0e, /* memory; source in AGX_OP_WRITE_SOURCE */
	AGX_OP_WRITE64 = 0x0f,
	AGX_OP_READ32 = 0x10, /* memory, to the accumulator */
	AGX_OP_READ64 = 0x11,
	AGX_OP_ALU = 0x16,
	AGX_OP_ADD16 = 0x17,
	AGX_OP_RETIRE_STAMP = 0x18, /* ends the sequence */
	AGX_OP_TIMESTAMP = 0x19,
	AGX_OP_KTRACE = 0x1a, /* layout unknown */
	AGX_OP_PROFILE_CAPTURE = 0x1f,
	AGX_OP_START_VERTEX = 0x22,
	AGX_OP_FINALIZE_VERTEX = 0x23,
	AGX_OP_START_FRAGMENT = 0x24,
	AGX_OP_FINALIZE_FRAGMENT = 0x25,
	AGX_OP_START_BLIT = 0x26, /* blit.h */
	AGX_OP_FINALIZE_BLIT = 0x27,
	AGX_OP_START_COMPUTE = 0x29,
	AGX_OP_FINALIZE_COMPUTE = 0x2a,
	AGX_OP_COMPLETE = 0x2b, /* ends the sequence */
	AGX_OP_ABORT = 0x2c,    /* ends the sequence */
};

/* The shortest operations are this long; every operation is a multiple of it. */
#define AGX_OP_HEADER_SIZE 4

struct agx_op_header {
	fw_u32 header;
} __packed;
AGX_SIZE(op_header, 4);

/* WAIT_FOR_IDLE: which pipe to wait for. WAIT_FOR_IDLE2 has no arguments. */
#define AGX_OP_WAIT_VERTEX   (1u << 8)
#define AGX_OP_WAIT_FRAGMENT (1u << 16)
#define AGX_OP_WAIT_COMPUTE  (1u << 23)

/* TIMESTAMP: this is the start. */
#define AGX_OP_TIMESTAMP_START (1u << 31)

/* RETIRE_STAMP: always set. */
#define AGX_OP_RETIRE_STAMP_FLAG (1u << 30)

/* WRITE32, WRITE64: what is written. */
#define AGX_OP_WRITE_SOURCE      0xf0000000u
#define AGX_OP_WRITE_ACCUMULATOR (0u << 28)
#define AGX_OP_WRITE_IMMEDIATE   (2u << 28)

/* The layout of WRITE* from the accumulator and of READ*. */
struct agx_op_memory {
	fw_u32 header;
	fw_va addr;
} __packed;
AGX_SIZE(op_memory, 0xc);

struct agx_op_write32_immediate {
	fw_u32 header;
	fw_va addr;
	fw_u32 val;
} __packed;
AGX_SIZE(op_write32_immediate, 0x10);

struct agx_op_write64_immediate {
	fw_u32 header;
	fw_va addr;
	fw_u64 val;
} __packed;
AGX_SIZE(op_write64_immediate, 0x14);

/* op, as m1n1 builds it: function << 3 | 2 << 11. */
enum agx_alu_function {
	AGX_ALU_AND = 0,
	AGX_ALU_OR = 1,
	AGX_ALU_XOR = 2,
	AGX_ALU_LSR = 3,
	AGX_ALU_LSL = 4,
};

struct agx_op_alu {
	fw_u8 opcode;
	fw_u8 v1;
	fw_u16 op;
	fw_u64 arg;
} __packed;
AGX_SIZE(op_alu, 0xc);

/* Adds a number of 16 bits: arg1 = number << 3, arg2 = number >> 13. */
struct agx_op_add16 {
	fw_u8 opcode;
	fw_u16 arg1;
	fw_u8 arg2;
} __packed;
AGX_SIZE(op_add16, 4);

struct agx_op_doorbell {
	fw_u8 opcode;
	fw_u8 pad_1;
	fw_u16 arg; /* flags << 10 */
} __packed;
AGX_SIZE(op_doorbell, 4);

struct agx_op_profile_capture {
	fw_u8 opcode;
	fw_u8 arg0;
	fw_u8 arg1;
	fw_u8 arg2;
	fw_u32 encoder_id;
	fw_u32 uuid;
	fw_va workitem_ptr; /* the command */
} __packed;
AGX_SIZE(op_profile_capture, 0x14);

struct agx_op_complete {
	fw_u32 header;
	fw_u64 unk_4;
	fw_va stamp_addr;
	fw_u32 stamp_val;
	fw_u8 pad_18[0x14];
} __packed;
AGX_SIZE(op_complete, 0x2c);

struct agx_op_abort {
	fw_u32 header;
	fw_u32 bits;
	fw_u32 unk1;
	fw_u64 unk2;
	fw_u64 unk3;
	fw_va stamp_addr;
	fw_u32 stamp_val;
	fw_u8 pad_28[0x14];
} __packed;
AGX_SIZE(op_abort, 0x3c);

#endif

#ifdef AGX_FW_INSTANTIATE

/* Writes the time to the command and to what its pointers name. */
struct AGX_FW(op_timestamp) {
	fw_u32 header;          /* AGX_OP_TIMESTAMP, AGX_OP_TIMESTAMP_START */
	fw_va command_time;     /* command.command_time */
	fw_va ts_pointers;      /* command.timestamp_pointers */
	fw_va update_ts;        /* its member for this end: start_addr or end_addr */
	fw_va work_queue;       /* struct queue_info */
	fw_va user_ts_pointers; /* command.user_timestamp_pointers */
#if AGX_FW_V13
	fw_va unk_ts; /* command.unk_ts or context_store_req */
#endif
	fw_u32 uuid;
	fw_u32 unk_30;
} __packed;
AGX_FW_SIZE(op_timestamp, 0x34, 0x34, 0x3c, 0x3c, 0x3c);

struct AGX_FW(op_start_vertex) {
	fw_u32 header;       /* AGX_OP_START_VERTEX */
	fw_va tiling_params; /* command.tiling_params; 0 on G14X */
	fw_va job_params1;   /* command.job_params1; 0 on G14X */
#if AGX_FW_G14X
	fw_va registers; /* command.registers */
#endif
	fw_va buffer;     /* struct buffer_info */
	fw_va scene;      /* struct scene */
	fw_va stats;      /* stats_vtx.stats (stats.h) */
	fw_va work_queue; /* struct queue_info */
	fw_u32 vm_slot;
	fw_u32 unk_38;           /* 1 */
	fw_u32 event_generation; /* notifier.generation */
	fw_u32 buffer_slot;
	fw_u32 unk_44;
	fw_u64 event_seq;
	fw_u32 unk_50;
	fw_va unk_pointer; /* command.unk_pointee */
	fw_va unk_job_buf; /* command.unk_buf_0 */
	fw_u32 unk_64;
	fw_u32 unk_68;
	fw_u32 uuid;
	struct agx_attachments attachments;
	fw_u32 pad_174;
#if AGX_FW_V13
	fw_u64 counter;     /* command.counter */
	fw_va notifier_buf; /* notifier.unk_buf */
#endif
	fw_u32 unk_178; /* 13.5: 1 unless the render is spread over several clusters */
} __packed;
AGX_FW_SIZE(op_start_vertex, 0x17c, 0x17c, 0x18c, 0x18c, 0x194);
AGX_FW_AT(op_start_vertex, vm_slot, 0x34, 0x34, 0x34, 0x34, 0x3c);
AGX_FW_AT(op_start_vertex, attachments, 0x70, 0x70, 0x70, 0x70, 0x78);

struct AGX_FW(op_finalize_vertex) {
	fw_u32 header; /* AGX_OP_FINALIZE_VERTEX */
	fw_va scene;
	fw_va buffer;
	fw_va stats;
	fw_va work_queue;
	fw_u32 vm_slot;
	fw_u32 unk_28;
	fw_va unk_pointer; /* command.unk_pointee */
	fw_u32 unk_34;
	fw_u32 uuid;
	fw_va fw_stamp;
	fw_u32 stamp_value;
	fw_u64 unk_48;
	fw_u32 unk_50;
	fw_u32 unk_54;
	fw_u64 unk_58;
	fw_u32 unk_60;
	fw_u32 unk_64;
	fw_u32 unk_68;
#if AGX_FW_G14 && !AGX_FW_V13
	fw_u64 unk_68_g14;
#endif
	fw_i32 restart_branch_offset; /* to the Start operation, negative: taken to run again */
	fw_u32 has_attachments;       /* 1 when the Start operation has any */
#if AGX_FW_V13
	fw_u8 unk_74[0x10];
#endif
} __packed;
AGX_FW_SIZE(op_finalize_vertex, 0x74, 0x7c, 0x84, 0x84, 0x84);
AGX_FW_AT(op_finalize_vertex, restart_branch_offset, 0x6c, 0x74, 0x6c, 0x6c, 0x6c);

struct AGX_FW(op_start_fragment) {
	fw_u32 header;     /* AGX_OP_START_FRAGMENT */
	fw_va job_params2; /* command.job_params2; 0 on G14X */
	fw_va job_params1; /* command.job_params1; 0 on G14X */
#if AGX_FW_G14X
	fw_va registers; /* command.registers */
#endif
	fw_va scene;              /* struct scene */
	fw_va stats;              /* stats_frag.stats (stats.h) */
	fw_va busy_flag;          /* command.busy_flag */
	fw_va tvb_overflow_count; /* command.tvb_overflow_count */
	fw_va unk_pointer;        /* command.unk_pointee */
	fw_va work_queue;         /* struct queue_info */
	fw_va work_item;          /* the command */
	fw_u32 vm_slot;
	fw_u32 unk_50;           /* 1 */
	fw_u32 event_generation; /* notifier.generation */
	fw_u32 buffer_slot;
	fw_u32 sync_grow;
	fw_u64 event_seq;
	fw_u32 unk_68;
	fw_va unk_758_flag; /* command.unk_758_flag */
	fw_va unk_job_buf;  /* command.unk_buf_0 */
#if AGX_FW_V13
	fw_u64 unk_7c_0;
#endif
	fw_u32 unk_7c;
	fw_u32 unk_80;
	fw_u32 unk_84;
	fw_u32 uuid;
	struct agx_attachments attachments;
	fw_u32 pad_190;
#if AGX_FW_V13
	fw_u64 counter;     /* command.counter */
	fw_va notifier_buf; /* notifier.unk_buf */
#endif
} __packed;
AGX_FW_SIZE(op_start_fragment, 0x194, 0x194, 0x1ac, 0x1ac, 0x1b4);
AGX_FW_AT(op_start_fragment, vm_slot, 0x4c, 0x4c, 0x4c, 0x4c, 0x54);
AGX_FW_AT(op_start_fragment, attachments, 0x8c, 0x8c, 0x94, 0x94, 0x9c);

struct AGX_FW(op_finalize_fragment) {
	fw_u32 header; /* AGX_OP_FINALIZE_FRAGMENT */
	fw_u32 uuid;
	fw_u32 unk_8;
	fw_va fw_stamp;
	fw_u32 stamp_value;
	fw_u32 unk_18;
	fw_va scene;
	fw_va buffer;
	fw_u64 unk_2c; /* 1 */
	fw_va stats;
	fw_va unk_pointer; /* command.unk_pointee */
	fw_va busy_flag;
	fw_va work_queue;
	fw_va work_item;
	fw_u32 vm_slot;
	fw_u32 unk_60;
	fw_va unk_758_flag;
#if AGX_FW_V13
	fw_u64 unk_6c_0;
#endif
	fw_u64 unk_6c;
	fw_u64 unk_74;
	fw_u64 unk_7c;
	fw_u64 unk_84;
	fw_u64 unk_8c;
#if AGX_FW_G14 && !AGX_FW_V13
	fw_u64 unk_8c_g14;
#endif
	fw_i32 restart_branch_offset; /* see op_finalize_vertex */
	fw_u32 has_attachments;
#if AGX_FW_V13
	fw_u8 unk_9c[0x10];
#endif
} __packed;
AGX_FW_SIZE(op_finalize_fragment, 0x9c, 0xa4, 0xb4, 0xb4, 0xb4);
AGX_FW_AT(op_finalize_fragment, restart_branch_offset, 0x94, 0x9c, 0x9c, 0x9c, 0x9c);

struct AGX_FW(op_start_compute) {
	fw_u32 header;     /* AGX_OP_START_COMPUTE */
	fw_va unk_pointer; /* command.unk_pointee */
	fw_va job_params1; /* command.job_params1; 0 on G14X */
#if AGX_FW_G14X
	fw_va registers; /* command.registers */
#endif
	fw_va stats;      /* stats_comp (stats.h) */
	fw_va work_queue; /* struct queue_info */
	fw_u32 vm_slot;
	fw_u32 unk_28;           /* 1 */
	fw_u32 event_generation; /* notifier.generation */
	fw_u64 event_seq;
	fw_u32 unk_38;
	fw_va job_params2; /* command.job_params2 */
	fw_u32 unk_44;
	fw_u32 uuid;
	struct agx_attachments attachments;
	fw_u32 pad_150;
#if AGX_FW_V13
	fw_va unk_flag;     /* command.unk_flag */
	fw_u64 counter;     /* command.counter */
	fw_va notifier_buf; /* notifier.unk_buf */
#endif
} __packed;
AGX_FW_SIZE(op_start_compute, 0x154, 0x154, 0x16c, 0x16c, 0x174);
AGX_FW_AT(op_start_compute, vm_slot, 0x24, 0x24, 0x24, 0x24, 0x2c);
AGX_FW_AT(op_start_compute, attachments, 0x4c, 0x4c, 0x4c, 0x4c, 0x54);

struct AGX_FW(op_finalize_compute) {
	fw_u32 header; /* AGX_OP_FINALIZE_COMPUTE */
	fw_va stats;
	fw_va work_queue;
	fw_u32 vm_slot;
#if !AGX_FW_V13
	fw_u32 unk_18;
#endif
	fw_va job_params2;
	fw_u32 unk_24;
	fw_u32 uuid;
	fw_va fw_stamp;
	fw_u32 stamp_value;
	fw_u32 unk_38;
	fw_u32 unk_3c;
	fw_u32 unk_40;
	fw_u32 unk_44;
	fw_u32 unk_48;
	fw_u32 unk_4c;
	fw_u32 unk_50;
	fw_u32 unk_54;
	fw_u32 unk_58;
#if AGX_FW_G14 && !AGX_FW_V13
	fw_u64 unk_5c_g14;
#endif
	fw_i32 restart_branch_offset; /* see op_finalize_vertex */
	fw_u32 has_attachments;
#if AGX_FW_V13
	fw_u8 unk_64[0xd];
	fw_va unk_flag; /* command.unk_flag */
	fw_u8 unk_79[7];
#endif
} __packed;
AGX_FW_SIZE(op_finalize_compute, 0x64, 0x6c, 0x7c, 0x7c, 0x7c);
AGX_FW_AT(op_finalize_compute, restart_branch_offset, 0x5c, 0x64, 0x58, 0x58, 0x58);

#endif
