/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The mailbox between CPU and coprocessor, and the messages on it: RTKit management, RTKit's
 * system endpoints, and the GPU firmware's two endpoints. Same for all GPUs and firmwares here.
 *
 * A message is two 64-bit words: word 0 is what the definitions below describe, word 1 holds the
 * endpoint. AP is the CPU, FW the firmware.
 *
 * Sources: m1n1: fw/asc/{base,mgmt,crash,syslog,oslog,ioreporting}.py, fw/agx/__init__.py,
 * hw/asc.py; driver: gpu.rs, regs.rs; Linux: drivers/soc/apple/rtkit.c.
 */
#ifndef AGX_FW_MAILBOX_H
#define AGX_FW_MAILBOX_H

#include "types.h"

struct agx_mailbox_message {
	fw_u64 word0;
	fw_u64 word1;
} __packed;
AGX_SIZE(mailbox_message, 0x10);

#define AGX_MBOX_ENDPOINT 0xffull /* of word 1 */

/* Registers of the coprocessor (ASC), from the "asc" range. m1n1: hw/asc.py. */
#define AGX_ASC_CPU_CONTROL     0x0044
#define AGX_ASC_CPU_CONTROL_RUN (1u << 4)
#define AGX_ASC_CPU_STATUS      0x0048
#define AGX_ASC_INBOX_CONTROL   0x8110
#define AGX_ASC_OUTBOX_CONTROL  0x8114
#define AGX_ASC_INBOX_0         0x8800
#define AGX_ASC_INBOX_1         0x8808
#define AGX_ASC_OUTBOX_0        0x8830
#define AGX_ASC_OUTBOX_1        0x8838

/* Inbox and outbox control. */
#define AGX_ASC_BOX_COUNT     0x00f00000u
#define AGX_ASC_BOX_OVERFLOW  (1u << 18)
#define AGX_ASC_BOX_EMPTY     (1u << 17)
#define AGX_ASC_BOX_FULL      (1u << 16)
#define AGX_ASC_BOX_READ_PTR  0x0000f000u
#define AGX_ASC_BOX_WRITE_PTR 0x00000f00u
#define AGX_ASC_BOX_ENABLE    (1u << 0)

enum agx_endpoint {
	AGX_EP_MANAGEMENT = 0x00,
	AGX_EP_CRASHLOG = 0x01,
	AGX_EP_SYSLOG = 0x02,
	AGX_EP_KDEBUG = 0x03,
	AGX_EP_IOREPORT = 0x04,
	AGX_EP_OSLOG = 0x08,
	AGX_EP_TRACEKIT = 0x0a,
	AGX_EP_FIRST_APP = 0x20, /* below: RTKit's own */
	AGX_EP_FIRMWARE = 0x20,
	AGX_EP_DOORBELL = 0x21,
};

/* RTKit management, endpoint 0: type of the message in word 0. */
#define AGX_RTKIT_TYPE_SHIFT 52
#define AGX_RTKIT_TYPE       (0xffull << AGX_RTKIT_TYPE_SHIFT)

enum agx_rtkit_type {
	AGX_RTKIT_HELLO = 0x1,     /* FW to AP, first after start */
	AGX_RTKIT_HELLO_ACK = 0x2, /* AP to FW */
	AGX_RTKIT_PING = 0x3,
	AGX_RTKIT_PONG = 0x4,
	AGX_RTKIT_START_EP = 0x5,      /* AP to FW */
	AGX_RTKIT_SET_IOP_POWER = 0x6, /* AP to FW */
	AGX_RTKIT_IOP_POWER_ACK = 0x7, /* FW to AP */
	AGX_RTKIT_EPMAP = 0x8,         /* FW to AP, and AP's answer */
	AGX_RTKIT_AP_POWER = 0xb,      /* both */
};

/* HELLO, HELLO_ACK */
#define AGX_RTKIT_HELLO_MIN       0x0000ffffull
#define AGX_RTKIT_HELLO_MAX_SHIFT 16
#define AGX_RTKIT_HELLO_MAX       0xffff0000ull
#define AGX_RTKIT_VERSION_MIN     11 /* what Linux speaks */
#define AGX_RTKIT_VERSION_MAX     12

/* START_EP */
#define AGX_RTKIT_START_EP_SHIFT 32
#define AGX_RTKIT_START_EP_EP    (0xffull << AGX_RTKIT_START_EP_SHIFT)
#define AGX_RTKIT_START_EP_FLAGS 3ull
#define AGX_RTKIT_START_EP_STOP  1
#define AGX_RTKIT_START_EP_START 2

/* SET_IOP_POWER, IOP_POWER_ACK, AP_POWER */
#define AGX_RTKIT_POWER_STATE 0xffffull

enum agx_rtkit_power {
	AGX_RTKIT_POWER_OFF = 0x00,
	AGX_RTKIT_POWER_SLEEP = 0x01,
	AGX_RTKIT_POWER_QUIESCED = 0x10,
	AGX_RTKIT_POWER_ON = 0x20,
	AGX_RTKIT_POWER_INIT = 0x220,
};

/* EPMAP: 32 endpoints from 32 * base. The answer repeats base and LAST, or says MORE. */
#define AGX_RTKIT_EPMAP_LAST       (1ull << 51)
#define AGX_RTKIT_EPMAP_BASE_SHIFT 32
#define AGX_RTKIT_EPMAP_BASE       (7ull << AGX_RTKIT_EPMAP_BASE_SHIFT)
#define AGX_RTKIT_EPMAP_BITMAP     0xffffffffull
#define AGX_RTKIT_EPMAP_MORE       (1ull << 0) /* answer only */

/*
 * System endpoints ask for a buffer: FW sends size and address, zero meaning "please allocate",
 * and AP answers with both. Addresses are in the upper half of UAT. Crashlog and ioreport have
 * the type in 12 bits, syslog in 8, oslog has a layout of its own. A second such message on the
 * crashlog endpoint means that the firmware has crashed, and names the dump.
 */
#define AGX_RTKIT_BUFFER_REQUEST    1 /* type */
#define AGX_RTKIT_BUFFER_TYPE_SHIFT 52
#define AGX_RTKIT_BUFFER_SIZE_SHIFT 44 /* in pages of 4 KiB */
#define AGX_RTKIT_BUFFER_SIZE       (0xffull << AGX_RTKIT_BUFFER_SIZE_SHIFT)
#define AGX_RTKIT_BUFFER_ADDRESS    0x00000fffffffffffull
#define AGX_RTKIT_BUFFER_PAGE       0x1000

#define AGX_RTKIT_OSLOG_TYPE_SHIFT 56
#define AGX_RTKIT_OSLOG_TYPE       (0xffull << AGX_RTKIT_OSLOG_TYPE_SHIFT)
#define AGX_RTKIT_OSLOG_SIZE_SHIFT 48 /* in pages of 4 KiB */
#define AGX_RTKIT_OSLOG_SIZE       (0xffull << AGX_RTKIT_OSLOG_SIZE_SHIFT)
#define AGX_RTKIT_OSLOG_ADDRESS    0x0000ffffffffffffull /* in pages of 4 KiB */

/* Syslog: INIT tells the form of the buffer, LOG that an entry is there (AP echoes it). */
#define AGX_RTKIT_SYSLOG_LOG              5
#define AGX_RTKIT_SYSLOG_LOG_INDEX        0xffull
#define AGX_RTKIT_SYSLOG_INIT             8
#define AGX_RTKIT_SYSLOG_INIT_ENTRY_SHIFT 24
#define AGX_RTKIT_SYSLOG_INIT_ENTRY       (0xffffull << AGX_RTKIT_SYSLOG_INIT_ENTRY_SHIFT)
#define AGX_RTKIT_SYSLOG_INIT_COUNT       0xffffull

/* Followed by the message, of the size that INIT told. */
struct agx_rtkit_syslog_entry {
	fw_u32 header;
	fw_u32 unk_4;
	char context[24];
} __packed;
AGX_SIZE(rtkit_syslog_entry, 0x20);

#define AGX_RTKIT_IOREPORT_REPORT 0x8 /* AP echoes it */
#define AGX_RTKIT_IOREPORT_START  0xc

/*
 * Crash dump, named by the crashlog endpoint: a header, then entries up to one of type "CLHE".
 * An entry's length includes this head. m1n1: fw/asc/crash.py.
 */
struct agx_rtkit_crash_header {
	fw_u32 type; /* AGX_RTKIT_CRASH_HEADER */
	fw_u32 version;
	fw_u32 total_size;
	fw_u32 flags;
	fw_u8 pad_10[16];
} __packed;
AGX_SIZE(rtkit_crash_header, 0x20);

struct agx_rtkit_crash_entry {
	fw_u32 type;
	fw_u32 pad_4;
	fw_u32 flags;
	fw_u32 length;
} __packed;
AGX_SIZE(rtkit_crash_entry, 0x10);

/* Four characters, the first in the highest byte. */
#define AGX_RTKIT_CRASH_HEADER    0x434c4845u /* CLHE */
#define AGX_RTKIT_CRASH_VERSION   0x43766572u /* Cver: 16 bytes uuid, text */
#define AGX_RTKIT_CRASH_STRING    0x43737472u /* Cstr: u32 id, text */
#define AGX_RTKIT_CRASH_TIME      0x4374696du /* Ctim: u64 */
#define AGX_RTKIT_CRASH_MAILBOX   0x436d6278u /* Cmbx: last messages */
#define AGX_RTKIT_CRASH_STACK     0x43637374u /* Ccst: u32 task, u32, u64 addresses */
#define AGX_RTKIT_CRASH_REGISTERS 0x43726738u /* Crg8 */
#define AGX_RTKIT_CRASH_TASKS     0x4372746bu /* Crtk */

/* GPU endpoints 0x20 and 0x21: type in word 0. */
#define AGX_MSG_TYPE_SHIFT 48
#define AGX_MSG_TYPE       (0xffffull << AGX_MSG_TYPE_SHIFT)

enum agx_msg_type {
	AGX_MSG_EVENT = 0x42,    /* FW to AP, 0x20: there is something in the rings; no payload */
	AGX_MSG_INIT = 0x81,     /* AP to FW, 0x20: once, address of the init data */
	AGX_MSG_DOORBELL = 0x83, /* AP to FW, 0x21: a ring has grown */
	AGX_MSG_FWCTL = 0x84,    /* AP to FW, 0x21: the FwCtl ring has grown */
	AGX_MSG_HALT = 0x85,     /* AP to FW, 0x21: known to m1n1 only */
};

/* INIT: the address' low 44 bits; the firmware extends the sign. */
#define AGX_MSG_INIT_ADDRESS 0x00000fffffffffffull

/* DOORBELL: which ring. The first twelve are pipe | priority << 2. */
#define AGX_MSG_DOORBELL_NUMBER           0xffffull
#define AGX_DOORBELL_PIPE(pipe, priority) ((pipe) | (priority) << 2)
#define AGX_DOORBELL_KICK                 0x10 /* no ring: wake up, do not go to sleep */
#define AGX_DOORBELL_DEVICE_CONTROL       0x11

#endif
