/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Events: how the firmware says that work has finished.
 *
 * There are 128 event slots. A work queue holds one while it has work in flight. Each slot has
 * two stamps, 32-bit words: one in shared memory that the CPU polls, and one in private memory
 * ("fw stamp") that barriers of other queues look at. A command carries the value that the
 * firmware writes to both when the command is done.
 *
 * Finishing a command also counts up in the notifier of the queue's owner. When the count reaches
 * the notifier's threshold, a number in shared memory that the driver raises whenever it starts
 * work, the firmware sends a Flag message (channels.h) that names the slots which have moved.
 *
 * Sources: driver: fw/event.rs, event.rs, workqueue.rs; m1n1: fw/agx/cmdqueue.py EventControl,
 * JobList.
 */
#ifndef AGX_FW_EVENT_H
#define AGX_FW_EVENT_H

#include "types.h"

#define AGX_EVENT_SLOTS 128

/*
 * A stamp's low byte is not part of the count. Values wrap; value a has been reached when
 * (int32_t)(stamp - a) >= 0.
 */
#define AGX_STAMP_STEP 0x100

/* What the driver writes: the number of completions after which it wants a Flag message. */
struct agx_threshold {
	fw_u64 count;
} __packed;
AGX_SIZE(threshold, 8);

struct agx_list_head {
	fw_va prev; /* of a list: the first element */
	fw_va next; /* of a list: the last element; an empty list names itself here */
} __packed;
AGX_SIZE(list_head, 0x10);

/* Notifiers with work in flight, one list per owner of queues; linked by the firmware. */
struct agx_notifier_list {
	struct agx_list_head list_head;
	fw_u64 unkptr_10;
} __packed;
AGX_SIZE(notifier_list, 0x18);

#define AGX_NOTIFIER_UNK_10   0x50 /* initial unk_10 */
#define AGX_NOTIFIER_BUF_SIZE 8
#define AGX_NOTIFIER_BUF_FILL 0xff /* every byte of the notifier's unk_buf, initially */

#endif

#ifdef AGX_FW_INSTANTIATE

/*
 * Notifier, one for the up to three work queues (vertex, fragment, compute) of an owner. Private
 * memory. From unk_14 on it is the firmware's own; the driver starts it at zero.
 *
 * 12.4 on G14 has 0x14 more bytes. m1n1 places them behind in_list, the driver before it; the
 * driver's order is used here, list_head is the same in both.
 */
struct AGX_FW(notifier) {
	fw_va threshold;   /* struct agx_threshold */
	fw_u32 generation; /* identifies the owner, as event_generation of the Start operations */
	fw_u32 cur_count;  /* completions, by the firmware */
	fw_u32 unk_10;     /* AGX_NOTIFIER_UNK_10 */
	fw_u32 unk_14;
	fw_u64 unk_18;
	fw_u32 unk_20;
	fw_u32 vm_slot; /* UAT context that the owner runs in */
	fw_u32 has_vtx; /* pstamp_vtx is in use */
	fw_u64 pstamp_vtx[4];
	fw_u32 has_frag;
	fw_u64 pstamp_frag[4];
	fw_u32 has_comp;
	fw_u64 pstamp_comp[4];
#if AGX_FW_G14 && !AGX_FW_V13
	fw_u8 unk_98_g14_0[0x14];
#endif
	fw_u32 in_list; /* the notifier is linked in its list */
	struct agx_list_head list_head;
#if AGX_FW_G14 && !AGX_FW_V13
	fw_u8 unk_a8_g14_0[4];
#endif
#if AGX_FW_V13
	fw_u8 unk_buf[AGX_NOTIFIER_BUF_SIZE]; /* Start operations name it: notifier_buf */
#endif
} __packed;
AGX_FW_SIZE(notifier, 0xa8, 0xc0, 0xb0, 0xb0, 0xb0);
AGX_FW_AT(notifier, vm_slot, 0x24, 0x24, 0x24, 0x24, 0x24);
AGX_FW_AT(notifier, list_head, 0x98, 0xac, 0x98, 0x98, 0x98);

#endif
