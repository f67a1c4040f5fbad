/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Work queues: a ring of pointers to commands, for one of the three pipes (vertex, fragment,
 * compute). The driver makes commands in memory, puts their addresses into the ring, moves
 * cpu_wptr and sends a RunWorkQueue message (channels.h).
 *
 * Sources: driver: fw/workqueue.rs, workqueue.rs; m1n1: fw/agx/cmdqueue.py CommandQueueInfo,
 * CommandQueuePointers, GPUContextData, WorkCommandBarrier.
 */
#ifndef AGX_FW_WORKQUEUE_H
#define AGX_FW_WORKQUEUE_H

#include "types.h"

/* First word of each command. */
enum agx_command_tag {
	AGX_CMD_RUN_VERTEX = 0,      /* vertex.h */
	AGX_CMD_RUN_FRAGMENT = 1,    /* fragment.h */
	AGX_CMD_RUN_BLIT = 2,        /* blit.h, by macOS only */
	AGX_CMD_RUN_COMPUTE = 3,     /* compute.h */
	AGX_CMD_BARRIER = 4,         /* below */
	AGX_CMD_INIT_BUFFER = 6,     /* buffer.h */
	AGX_CMD_COMPUTE_UNK_A = 0xa, /* before compute commands, by macOS only */
	AGX_CMD_COMPUTE_UNK_B = 0xb,
};

/* Entries of the ring; each is the 64-bit address of a command. */
#define AGX_WORK_RING_ENTRIES 0x500

/*
 * Where the ring stands. Shared memory, one word per 16 bytes. Entries from gpu_rptr to cpu_wptr
 * wait to be fetched, those from gpu_doneptr to gpu_rptr are being worked on.
 */
struct agx_ring_state {
	fw_u32 gpu_doneptr; /* entries finished, by the firmware */
	fw_u8 pad_4[0xc];
	fw_u32 unk_10;
	fw_u8 pad_14[0xc];
	fw_u32 unk_20;
	fw_u8 pad_24[0xc];
	fw_u32 gpu_rptr; /* entries fetched, by the firmware */
	fw_u8 pad_34[0xc];
	fw_u32 cpu_wptr; /* entries written, by the driver */
	fw_u8 pad_44[0xc];
	fw_u32 rb_size; /* AGX_WORK_RING_ENTRIES */
	fw_u8 pad_54[0xc];
} __packed;
AGX_SIZE(ring_state, 0x60);
AGX_AT(ring_state, gpu_rptr, 0x30);
AGX_AT(ring_state, cpu_wptr, 0x40);
AGX_AT(ring_state, rb_size, 0x50);

/*
 * Priority of a queue. AGX_PRIORITIES lists the four that are in use, the highest first; the
 * index is the channel group that the queue's RunWorkQueue messages go to. For compute queues the
 * driver writes unk_0 0 and unk_18 1 whatever the priority, which stops preemption.
 */
struct agx_priority {
	fw_u32 unk_0;
	fw_u32 unk_4;
	fw_u64 unk_8;
	fw_u32 unk_10;
	fw_u32 unk_14;
	fw_u32 unk_18;
} __packed;
AGX_SIZE(priority, 0x1c);

#define AGX_PRIORITY_COUNT 4
#define AGX_PRIORITIES                                                                          \
	{                                                                                       \
		{0, 0, 0xffffffffffff0000ull, 1, 0, 1}, {1, 1, 0xffffffff00000000ull, 0, 0, 0}, \
			{2, 2, 0xffff000000000000ull, 0, 0, 2}, {3, 3, 0, 0, 0, 3},             \
	}

/* The firmware's scratch memory for each queue. */
#define AGX_QUEUE_GPU_BUF_SIZE 0x2c18

/*
 * Context of the firmware's scheduler, shared by an owner's queues. Shared memory. The driver
 * sets the initial values and later only echoes unk_0, unk_1, unk_4 and unk_23 in DestroyContext
 * (channels.h).
 */
struct agx_gpu_context_data {
	fw_u8 unk_0; /* 0xff; index into a table of queues (m1n1) */
	fw_u8 unk_1; /* 0xff; index into a table of processes (m1n1) */
	fw_u8 unk_2[2];
	fw_u8 unk_4;
	fw_u8 unk_5; /* 1 */
	fw_u8 unk_6[0x18];
	fw_u8 unk_1e; /* 0xff */
	fw_u8 unk_1f;
	fw_u8 unk_20[3];
	fw_u8 unk_23; /* 2 */
	fw_u8 unk_24[0x1c];
} __packed;
AGX_SIZE(gpu_context_data, 0x40);
AGX_AT(gpu_context_data, unk_1e, 0x1e);
AGX_AT(gpu_context_data, unk_23, 0x23);

/* Seen in front of macOS' compute commands. */
struct agx_command_compute_unk {
	fw_u32 tag; /* AGX_CMD_COMPUTE_UNK_A or _B */
	fw_u32 unk_4;
} __packed;
AGX_SIZE(command_compute_unk, 8);

/* The driver allocates this much for a barrier on every GPU. */
#define AGX_BARRIER_OBJECT_SIZE 0x40

/* barrier.uuid of barriers that user space has asked for; 0 in those inside a render. */
#define AGX_BARRIER_UUID_EXPLICIT 0xffffbbbbu

/* barrier.internal_barrier_type */
enum agx_barrier_type {
	AGX_BARRIER_IMPLICIT = 0, /* a render's fragment part waits for its vertex part */
	AGX_BARRIER_EXPLICIT = 1,
};

#endif

#ifdef AGX_FW_INSTANTIATE

/*
 * A work queue. Private memory: after the first run it is the firmware's, and the driver does not
 * look at it again.
 *
 * 13.5 on G13 and G14 has two more words than the others. m1n1 and the driver agree on the second
 * but not on where the first one is; the driver's place is used here, which moves the members
 * from unk_84_state to unk_9c by 4.
 */
struct AGX_FW(queue_info) {
	fw_va state;         /* struct agx_ring_state */
	fw_va ring;          /* AGX_WORK_RING_ENTRIES command addresses, shared memory */
	fw_va notifier_list; /* struct agx_notifier_list */
	fw_va gpu_buf;       /* AGX_QUEUE_GPU_BUF_SIZE bytes, private memory */
	fw_u32 gpu_rptr1;
	fw_u32 gpu_rptr2;
	fw_u32 gpu_rptr3;
	fw_i32 event_id; /* event slot, by the firmware; -1 */
	struct agx_priority priority;
	fw_i32 unk_4c; /* -1 */
	fw_u32 uuid;   /* the driver's number for the queue, for traces */
	fw_i32 unk_54; /* -1 */
	fw_u64 unk_58;
	fw_u32 busy; /* by the firmware */
	fw_u8 pad_64[0x1c];
	fw_u32 unk_80;
#if AGX_FW_V13 && !AGX_FW_G14X
	fw_u32 unk_84_0;
#endif
	fw_u32 unk_84_state; /* by the firmware; "has commands" in m1n1 */
	fw_u32 error_count;  /* by the firmware */
	fw_u32 unk_8c;
	fw_u32 unk_90;
	fw_u32 unk_94;
	fw_u32 pending; /* commands in flight, by the firmware */
	fw_u32 unk_9c;
	fw_va gpu_context; /* struct agx_gpu_context_data */
	fw_u64 unk_a8;
#if AGX_FW_V13 && !AGX_FW_G14X
	fw_u32 unk_b0;
#endif
} __packed;
AGX_FW_SIZE(queue_info, 0xb0, 0xb0, 0xb8, 0xb8, 0xb0);
AGX_FW_AT(queue_info, priority, 0x30, 0x30, 0x30, 0x30, 0x30);
AGX_FW_AT(queue_info, busy, 0x60, 0x60, 0x60, 0x60, 0x60);
AGX_FW_AT(queue_info, pending, 0x98, 0x98, 0x9c, 0x9c, 0x98);
AGX_FW_AT(queue_info, gpu_context, 0xa0, 0xa0, 0xa4, 0xa4, 0xa0);

/*
 * Barrier command: the queue waits until another slot's stamp has been reached. Before G14X the
 * firmware reads the first 0x20 bytes; the driver writes internal_barrier_type on all.
 */
struct AGX_FW(barrier) {
	fw_u32 tag;       /* AGX_CMD_BARRIER */
	fw_va wait_stamp; /* fw stamp of the slot to wait for */
	fw_u32 wait_value;
	fw_u32 wait_slot;
	fw_u32 stamp_self; /* value that the waiting queue's stamp gets next */
	fw_u32 uuid;
	fw_u32 external_barrier; /* 0 */
#if AGX_FW_G14X
	fw_u32 internal_barrier_type; /* enum agx_barrier_type */
	fw_u8 pad_24[0x1c];
#endif
} __packed;
AGX_FW_SIZE(barrier, 0x20, 0x20, 0x20, 0x20, 0x40);

#endif
