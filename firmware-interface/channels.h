/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Channels: rings of messages between driver and firmware, and every message on them.
 *
 * A channel is a state block (two indices) and a ring of elements of one size. It is empty when
 * the indices are equal and full when the write index is one behind the read index. The sender
 * writes the element, then the write index, then rings a doorbell (mailbox.h). The receiver moves
 * the read index when it has taken the element out.
 *
 * Sources: driver: fw/channels.rs, channel.rs; m1n1: fw/agx/channels.py, agx/channels.py. Names
 * of messages that only macOS sends are m1n1's.
 */
#ifndef AGX_FW_CHANNELS_H
#define AGX_FW_CHANNELS_H

#include "types.h"

/* The pipes, in the order of all tables. m1n1 calls them TA, 3D and CL. */
enum agx_pipe {
	AGX_PIPE_VERTEX = 0,
	AGX_PIPE_FRAGMENT = 1,
	AGX_PIPE_COMPUTE = 2,
	AGX_PIPE_COUNT = 3,
};

/* Number of elements. */
#define AGX_CHANNEL_PIPE_ENTRIES           0x100
#define AGX_CHANNEL_DEVICE_CONTROL_ENTRIES 0x100
#define AGX_CHANNEL_EVENT_ENTRIES          0x100
#define AGX_CHANNEL_FWLOG_ENTRIES          0x100 /* of each sub-channel */
#define AGX_CHANNEL_KTRACE_ENTRIES         0x200
#define AGX_CHANNEL_STATS_ENTRIES          0x100
#define AGX_CHANNEL_FWCTL_ENTRIES          0x100

/* State block, shared memory. Each side's word has a cache line to itself. */
struct agx_channel_state {
	fw_u32 read_ptr;
	fw_u8 pad_4[0x1c];
	fw_u32 write_ptr;
	fw_u8 pad_24[0xc];
} __packed;
AGX_SIZE(channel_state, 0x30);
AGX_AT(channel_state, write_ptr, 0x20);

/* State block of the FwCtl channel. */
struct agx_fwctl_state {
	fw_u32 read_ptr;
	fw_u8 pad_4[0xc];
	fw_u32 write_ptr;
	fw_u8 pad_14[0xc];
} __packed;
AGX_SIZE(fwctl_state, 0x20);
AGX_AT(fwctl_state, write_ptr, 0x10);

/* What the init data says of a channel. */
struct agx_channel_ring {
	fw_va state;
	fw_va ring;
} __packed;
AGX_SIZE(channel_ring, 0x10);

/* The channels that carry RunWorkQueue, for one priority. */
struct agx_pipe_channels {
	struct agx_channel_ring vtx;
	struct agx_channel_ring frag;
	struct agx_channel_ring comp;
} __packed;
AGX_SIZE(pipe_channels, 0x30);

/* Every channel but FwCtl, in the order in which the init data lists them. */
struct agx_channel_rings {
	struct agx_pipe_channels pipes[4]; /* by priority, 0 the highest */
	struct agx_channel_ring device_control;
	struct agx_channel_ring event;
	struct agx_channel_ring fw_log; /* the first of AGX_FWLOG_CHANNELS, which lie in sequence */
	struct agx_channel_ring ktrace;
	struct agx_channel_ring stats;
} __packed;
AGX_SIZE(channel_rings, 0x110);

/* FwCtl, driver to firmware: flush the cache as the handoff block says (uat.h). */
struct agx_fwctl_msg {
	fw_u64 addr;  /* first address of the range */
	fw_u32 unk_8; /* 0 */
	fw_u32 slot;  /* index in agx_handoff_block.flush */
	fw_u16 page_count;
	fw_u16 unk_12; /* AGX_FWCTL_UNK_12 */
} __packed;
AGX_SIZE(fwctl_msg, 0x14);

#define AGX_FWCTL_UNK_12 2

/* Event, firmware to driver. Tags that are not listed are skipped. */
enum agx_event_tag {
	AGX_EVENT_FAULT = 0,    /* the GPU has faulted; the firmware has stopped and waits */
	AGX_EVENT_FLAG = 1,     /* event slots have moved */
	AGX_EVENT_TIMEOUT = 4,  /* a command takes too long; the firmware has stopped and waits */
	AGX_EVENT_GROW_TVB = 7, /* a vertex buffer is full and its render waits for memory */
	AGX_EVENT_CHANNEL_ERROR = 8, /* a command failed, the GPU is well */
	AGX_EVENT_MAX = 8,
};

enum agx_channel_error {
	AGX_CHANNEL_ERROR_MEMORY = 0,
	AGX_CHANNEL_ERROR_DM_KILL = 1,
	AGX_CHANNEL_ERROR_ABORTED = 2,
	AGX_CHANNEL_ERROR_3 = 3,
};

struct agx_event_msg {
	fw_u32 tag; /* enum agx_event_tag */
	union {
		fw_u8 payload[0x34];
		struct {
			fw_u32 firing[4]; /* bit n % 32 of word n / 32: event slot n */
			fw_u16 unk_14;
		} __packed flag;
		struct {
			fw_u32 counter; /* number of halts; below the halts handled: stale */
			fw_u32 unk_8;
			fw_i32 event_slot; /* -1: unknown */
		} __packed timeout;
		struct {
			fw_u32 vm_slot; /* UAT context */
			fw_u32 buffer_slot;
			fw_u32 counter; /* to be repeated in the answer */
		} __packed grow_tvb;
		struct {
			fw_u32 error_type; /* enum agx_channel_error */
			fw_u32 pipe_type;  /* enum agx_pipe */
			fw_u32 event_slot;
			fw_u32 event_value; /* stamp of the command */
		} __packed channel_error;
	};
} __packed;
AGX_SIZE(event_msg, 0x38);
AGX_AT(event_msg, flag.unk_14, 0x14);
AGX_AT(event_msg, timeout.event_slot, 0xc);
AGX_AT(event_msg, channel_error.event_value, 0x10);

/*
 * Firmware log. Six sub-channels by importance, their states and their rings in sequence. A ring
 * element only points to an entry of the log buffer, which holds the text: entry
 * sub-channel * AGX_CHANNEL_FWLOG_ENTRIES + index.
 */
enum agx_fwlog_level {
	AGX_FWLOG_DEBUG = 0,
	AGX_FWLOG_INFO = 1,
	AGX_FWLOG_NOTICE = 2,
	AGX_FWLOG_WARNING = 3,
	AGX_FWLOG_ERROR = 4,
	AGX_FWLOG_CRITICAL = 5,
	AGX_FWLOG_CHANNELS = 6,
};

#define AGX_FWLOG_MSG_TYPE     2
#define AGX_FWLOG_PAYLOAD_TYPE 3

struct agx_fwlog_msg {
	fw_u32 msg_type; /* AGX_FWLOG_MSG_TYPE */
	fw_u32 pad_4;
	fw_u64 msg_index; /* below AGX_CHANNEL_FWLOG_ENTRIES */
	fw_u8 pad_10[0x28];
} __packed;
AGX_SIZE(fwlog_msg, 0x38);

struct agx_fwlog_payload {
	fw_u32 msg_type; /* AGX_FWLOG_PAYLOAD_TYPE */
	fw_u32 seq_no;
	fw_u64 timestamp; /* 24 MHz ticks */
	char msg[0xc8];   /* text, zero-padded */
} __packed;
AGX_SIZE(fwlog_payload, 0xd8);

/* Kernel trace: steps of the firmware's work. Sent while globals.ktrace_enable is not zero. */
#define AGX_KTRACE_MSG_TYPE 5

enum agx_ktrace_thread {
	AGX_KTRACE_IRQ = 0,
	AGX_KTRACE_BACKGROUND = 1,
	AGX_KTRACE_SAMPLE = 2,
	AGX_KTRACE_POWER = 3,
	AGX_KTRACE_RECOVERY = 4,
	AGX_KTRACE_KERNEL = 5,
};

struct agx_ktrace_msg {
	fw_u32 msg_type;  /* AGX_KTRACE_MSG_TYPE */
	fw_u64 timestamp; /* 24 MHz ticks */
	fw_u64 args[4];
	fw_u8 code;
	fw_u8 channel;
	fw_u8 pad_2e;
	fw_u8 thread; /* enum agx_ktrace_thread */
	fw_u64 unk_flag;
} __packed;
AGX_SIZE(ktrace_msg, 0x38);
AGX_AT(ktrace_msg, code, 0x2c);
AGX_AT(ktrace_msg, unk_flag, 0x30);

/*
 * Known trace points: X(channel, code, flag, name, arg 0, arg 1, arg 2, arg 3), an unused argument
 * is "". m1n1: fw/agx/channels.py TRACE_MSGS.
 */
/* clang-format off */
#define AGX_KTRACE_POINTS(X)                                                     \
	X(0x00, 0x00, 0, "StartTA", "uuid", "", "unk", "queue")                  \
	X(0x00, 0x01, 0, "FinishTA", "uuid", "", "unk", "queue")                 \
	X(0x00, 0x04, 0, "Start3D", "uuid", "partial_render", "unk", "queue")    \
	X(0x00, 0x05, 0, "Finish3D_unk", "uuid", "unk", "flag", "buffer")        \
	X(0x00, 0x06, 0, "Finish3D", "uuid", "", "unk", "queue")                 \
	X(0x00, 0x07, 0, "StartCP", "uuid", "", "unk", "queue")                  \
	X(0x00, 0x08, 0, "FinishCP", "uuid", "", "unk", "queue")                 \
	X(0x00, 0x0a, 0, "StampUpdateTA", "value", "event", "addr", "uuid")      \
	X(0x00, 0x0c, 0, "StampUpdate3D", "value", "event", "addr", "uuid")      \
	X(0x00, 0x0e, 0, "StampUpdateCL", "value", "event", "addr", "uuid")      \
	X(0x00, 0x10, 1, "TAPreproc1", "unk", "", "", "")                        \
	X(0x00, 0x10, 2, "TAPreproc2", "unk1", "unk2", "", "")                   \
	X(0x00, 0x17, 0, "Finish3D2", "uuid", "", "unk", "queue")                \
	X(0x00, 0x1e, 0, "CleanupPB", "uuid", "unk", "slot", "")                 \
	X(0x00, 0x28, 0, "EvtNotify", "firing0", "firing1", "firing2", "firing3") \
	X(0x00, 0x2f, 0, "Finish3D_unk2", "uuid", "unk", "", "")                 \
	X(0x01, 0x0a, 0, "Postproc", "command", "notifier", "stamp", "uuid")     \
	X(0x01, 0x0b, 0, "EvtComplete", "", "notifier", "", "")                  \
	X(0x01, 0x0d, 0, "EvtDequeued", "next", "notifier", "", "")              \
	X(0x01, 0x16, 0, "InitAttachment", "index", "flags", "addr", "size")     \
	X(0x01, 0x18, 0, "ReInitAttachment", "index", "flags", "addr", "size")
/* clang-format on */

enum agx_stats_tag {
	AGX_STATS_POWER = 0x0,
	AGX_STATS_POWER_ON = 0x2,
	AGX_STATS_POWER_OFF = 0x3,
	AGX_STATS_UTILIZATION = 0x4,
	AGX_STATS_AVG_POWER = 0x9,
	AGX_STATS_TEMPERATURE = 0xa,
	AGX_STATS_POWER_STATE = 0xb,
	AGX_STATS_FW_BUSY = 0xc,
	AGX_STATS_PSTATE = 0xd,
	AGX_STATS_TEMP_SENSOR = 0xe,
	AGX_STATS_MAX = 0xe,
};

#endif

#ifdef AGX_FW_INSTANTIATE

/* RunWorkQueue, on the pipe channels: a work queue has new commands. */
struct AGX_FW(run_work_queue_msg) {
	fw_u32 pipe_type; /* enum agx_pipe */
	fw_va work_queue; /* struct queue_info */
	fw_u32 wptr;      /* the ring's new cpu_wptr */
	fw_u32 event_slot;
	fw_u8 is_new; /* 1 the first time for this queue */
	fw_u8 pad_15[3];
	fw_u64 timestamp; /* 0 in Linux */
	fw_u8 pad_20[0x10];
#if AGX_FW_G14 && AGX_FW_V13
	fw_u8 pad_30[0x10];
#endif
} __packed;
AGX_FW_SIZE(run_work_queue_msg, 0x30, 0x30, 0x30, 0x40, 0x30);

/*
 * Tags of device control messages. 13.3 has put one in between. The numbers of messages that only
 * m1n1 knows are the same everywhere as far as is known, unless m1n1 says otherwise.
 */
enum AGX_FW(device_control_tag) {
	AGX_FW(DC_UNK_09) = 0x09,
	AGX_FW(DC_CONFIGURE_PERF_COUNTERS) = 0x0b,
	AGX_FW(DC_DISABLE_PERF_COUNTERS) = 0x0c,
#if !AGX_FW_V13
	AGX_FW(DC_GROW_TVB_ACK) = 0x0d,
	AGX_FW(DC_RECOVER_CHANNEL) = 0x0e,
	AGX_FW(DC_IDLE_POWER_OFF) = 0x0f,
	AGX_FW(DC_DESTROY_CONTEXT) = 0x17,
	AGX_FW(DC_WRITE32) = 0x18,
	AGX_FW(DC_INITIALIZE) = 0x19,
#else
	AGX_FW(DC_GROW_TVB_ACK) = 0x0e, /* 0x0d in m1n1 */
	AGX_FW(DC_RECOVER_CHANNEL) = 0x0f,
	AGX_FW(DC_IDLE_POWER_OFF) = 0x10,
	AGX_FW(DC_DESTROY_CONTEXT) = 0x18,
	AGX_FW(DC_WRITE32) = 0x19,
	AGX_FW(DC_INITIALIZE) = 0x1a,
#endif
	AGX_FW(DC_WRITE32_B) = 0x13,
	AGX_FW(DC_UNK_1E) = 0x1e,
	AGX_FW(DC_UPDATE_IDLE_TS) = 0x23,
};

/* Device control, driver to firmware. */
struct AGX_FW(device_control_msg) {
	fw_u32 tag; /* enum device_control_tag */
	union {
#if AGX_FW_G14 && AGX_FW_V13
		fw_u8 payload[0x3c];
#else
		fw_u8 payload[0x2c];
#endif
		struct {
			fw_u32 unk_4; /* 1 */
			fw_u32 buffer_slot;
			fw_u32 vm_slot;
			fw_u32 counter;    /* of the GrowTVB event */
			fw_u32 subpipe;    /* 0 */
			fw_u64 halt_count; /* of the firmware status (initdata.h) */
		} __packed grow_tvb_ack;
		struct { /* values of the ChannelError event */
			fw_u32 pipe_type;
			fw_va work_queue; /* struct queue_info */
			fw_u32 event_value;
		} __packed recover_channel;
		struct {
			fw_u32 val; /* 0 */
		} __packed idle_power_off;
		/*
		 * The context may go; ctx_N repeat bytes of agx_gpu_context_data. With ctx_0 and
		 * ctx_1 0xff and no context it only cleans the firmware's data cache.
		 */
		struct {
			fw_u32 unk_4; /* 0 */
			fw_u8 ctx_23;
#if !AGX_FW_V13
			fw_u8 pad_9[3];
#endif
			fw_u32 unk_c;  /* 0 */
			fw_u32 unk_10; /* 0 */
			fw_u8 ctx_0;
			fw_u8 ctx_1;
			fw_u8 ctx_4;
#if !AGX_FW_V13
			fw_u8 pad_17;
			fw_u32 unk_18; /* 0 */
#endif
			fw_va gpu_context; /* struct agx_gpu_context_data */
		} __packed destroy_context;
		struct { /* DC_WRITE32 and DC_WRITE32_B */
			fw_va addr;
			fw_u32 data;
			fw_u32 unk_10;
			fw_u32 unk_14;
			fw_u32 unk_18;
			fw_u32 unk_1c;
		} __packed write32;
		struct {
			fw_u64 unk_4;
			fw_u64 unkptr_c;
			fw_u64 unk_14;
		} __packed unk_09;
		struct {
			fw_u64 unk_4;
			fw_u64 unk_c;
		} __packed unk_1e;
	};
} __packed;
AGX_FW_SIZE(device_control_msg, 0x30, 0x30, 0x30, 0x40, 0x30);
AGX_FW_AT(device_control_msg, grow_tvb_ack.halt_count, 0x18, 0x18, 0x18, 0x18, 0x18);
AGX_FW_AT(device_control_msg, destroy_context.gpu_context, 0x1c, 0x1c, 0x14, 0x14, 0x14);

/* Statistics, firmware to driver. Times are 24 MHz ticks. */
struct AGX_FW(stats_msg) {
	fw_u32 tag; /* enum agx_stats_tag */
	union {
#if AGX_FW_V13
		fw_u8 payload[0x3c];
#else
		fw_u8 payload[0x2c];
#endif
		struct {
			fw_u8 pad_4[0x18];
			fw_u64 power; /* in 1/8192 mW */
		} __packed power;
		struct {
			fw_u64 off_time; /* spent without power */
		} __packed power_on;
		struct {
			fw_u64 on_time; /* spent with power */
		} __packed power_off;
		struct {
			fw_u64 timestamp;
			fw_u32 util1; /* per cent */
			fw_u32 util2;
			fw_u32 util3;
			fw_u32 util4;
		} __packed utilization;
		struct {
			fw_u64 active_cs; /* in 1/100 s */
			fw_u32 unk2;
			fw_u32 unk3;
			fw_u32 unk4;
			fw_u32 avg_power; /* in mW */
		} __packed avg_power;
		struct { /* degrees Celsius = raw_value / scale / 64 */
			fw_u8 pad_4[8];
			fw_u32 raw_value;
			fw_u32 scale;
			fw_u32 tmin;
			fw_u32 tmax;
		} __packed temperature;
		struct {
			fw_u64 timestamp;
			fw_u64 last_busy_ts;
			fw_u32 active;
			fw_u32 poweroff;
			fw_u32 unk1;
			fw_u32 pstate;
			fw_u32 unk2;
			fw_u32 unk3;
		} __packed power_state;
		struct {
			fw_u64 timestamp;
			fw_u32 busy;
		} __packed fw_busy;
		struct {
			fw_u8 pad_4[8];
			fw_u32 ps_min;
			fw_u32 unk1;
			fw_u32 ps_max;
			fw_u32 unk2;
		} __packed pstate;
		struct {
			fw_u8 pad_4[4];
			fw_u32 sensor_id;
			fw_u32 raw_value;
			fw_u32 scale;
			fw_u32 tmin;
			fw_u32 tmax;
		} __packed temp_sensor;
	};
} __packed;
AGX_FW_SIZE(stats_msg, 0x30, 0x30, 0x40, 0x40, 0x40);

#endif
