/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The core's inside: core.c (states), core_init.c (init data), core_channels.c (messages). For
 * the rest of kernel/core: channels to send on.
 */
#ifndef AGX_CORE_INTERNAL_H
#define AGX_CORE_INTERNAL_H

#include "agx_channel.h"
#include "agx_core.h"
#include "buffer.h"
#include "event.h"
#include "initdata.h"
#include "stats.h"
#include "variant_ops.h"
#include "work_state.h"

/* Addresses: jannau/linux: drivers/gpu/drm/asahi/gpu.rs, IOVA_KERN_*. */
#define AGX_VA_RTKIT           0xffffffae00000000ull
#define AGX_VA_RTKIT_END       0xffffffae10000000ull
#define AGX_VA_BUFFER_MGR_HIGH 0xffffffaeffff0000ull
#define AGX_VA_BUFFER_MGR_LOW  0x2000000000ull /* in context 0's lower half */
#define AGX_VA_MMIO            0xffffffaf00000000ull
#define AGX_VA_MMIO_END        0xffffffb000000000ull

/* Objects of the init data, each in a heap of its kind. */
enum agx_init_object {
	AGX_INIT_ROOT,
	AGX_INIT_REGION_A,
	AGX_INIT_RUNTIME_POINTERS,
	AGX_INIT_GLOBALS,
	AGX_INIT_FW_STATUS,
	AGX_INIT_HWDATA_A,
	AGX_INIT_HWDATA_B,
	AGX_INIT_STATS_VERTEX,
	AGX_INIT_STATS_FRAGMENT,
	AGX_INIT_STATS_COMPUTE,
	AGX_INIT_FAULT_STATS,
	AGX_INIT_UNK_198,
	AGX_INIT_UNK_1B8,
	AGX_INIT_UNK_1C0,
	AGX_INIT_UNK_1C8,
	AGX_INIT_FWLOG_BUFFER,
	AGX_INIT_OBJECTS,
};

/* Channels, in the order of the init data; the six log channels count as one there. */
#define AGX_CHANNEL_PIPE(priority, pipe) ((priority)*AGX_PIPE_COUNT + (pipe))
enum agx_channel_number {
	AGX_CHANNEL_DEVICE_CONTROL = 4 * AGX_PIPE_COUNT,
	AGX_CHANNEL_EVENT,
	AGX_CHANNEL_FWLOG,
	AGX_CHANNEL_KTRACE = AGX_CHANNEL_FWLOG + AGX_FWLOG_CHANNELS,
	AGX_CHANNEL_STATS,
	AGX_CHANNEL_FWCTL,
	AGX_CHANNELS,
};

/* Largest element of any channel. */
#define AGX_CHANNEL_MESSAGE_MAX 0x40

/* Memory of its own at an address of its own. */
struct agx_core_mapping {
	struct agx_mem mem; /* handle and cpu NULL, size 0: unused */
	uint64_t va;
};

/* The firmware's buffer manager: which TVB each slot is bound to. For tvb.c. */
struct agx_tvb_slot {
	struct agx_tvb *owner; /* as long as it has scenes */
	uint64_t taken, freed; /* numbers of its last change of hands; 0: never */
	bool wants_ack;        /* of a GrowTVB event */
	uint32_t vm_slot, counter;
};

struct agx_tvb_slots {
	struct agx_tvb_slot slots[AGX_BUFFER_SLOTS];
	uint64_t taken, freed; /* last numbers */
	uint32_t acks;         /* that are wanted */
	uint32_t life;         /* how often the firmware was started */
};

#define AGX_RTKIT_BUFFERS 8

struct agx_submit_cmd;

/* Who makes commands of a submission: the same for all cores but in tests. */
struct agx_builders {
	int (*compute)(struct agx_core_job *job, const struct agx_submit_cmd *cmd,
		       const void *cmdbuf);
	int (*render)(struct agx_core_job *job, const struct agx_submit_cmd *cmd,
		      const void *cmdbuf);
};

struct agx_core {
	const struct agx_platform *platform;
	struct agx_core_config config;
	enum agx_fw_variant variant;
	const struct agx_variant_ops *ops;
	struct agx_uat *uat;
	struct agx_heap *heaps[AGX_FW_HEAPS];
	void *blobs[3]; /* copies of hw-cal-a, hw-cal-b, globals; NULL: build them */

	enum agx_core_state state;
	const char *failure;
	uint64_t deadline;  /* of the present step */
	uint64_t next_look; /* at the handoff block */
	bool running;       /* RUN is set */
	bool uat_started;
	bool detached;
	bool has_hello; /* HELLO came before the handoff was complete */
	uint64_t hello;
	struct agx_rtkit rtkit;
	bool drain; /* an EVENT message came */

	/* Init data; made when the firmware starts, gone when it has stopped. */
	const struct agx_heap_object *objects[AGX_INIT_OBJECTS];
	const struct agx_heap_object *states[AGX_CHANNELS]; /* of channels; 6 log: the first */
	const struct agx_heap_object *rings[AGX_CHANNELS];
	struct agx_channel channels[AGX_CHANNELS];
	uint32_t initialize; /* token of the Initialize message */
	bool listening;      /* it was taken */
	uint64_t rung;       /* when the doorbell for it was last rung */
	struct agx_core_mapping rtkit_buffers[AGX_RTKIT_BUFFERS];
	uint64_t rtkit_next; /* address */

	/* A cache flush that was asked for, so that garbage may be used again. */
	bool collecting;
	uint32_t collect_token;
	uint64_t collect_since;
	uint64_t collect_marks[AGX_FW_HEAPS];

	/* For good, once made. */
	struct agx_mem buffer_mgr;
	bool io_mapped;
	struct agx_io_mapping io[AGX_IO_UNK_21 + 1];
	uint64_t sram;

	struct agx_tvb_slots tvb_slots;

	struct agx_work work;
	struct agx_builders builders;

	char text[AGX_RTKIT_LINE]; /* of the record that is being made */
};

/* core.c */
void agx_core_fail(struct agx_core *core, const char *why);

/* core_init.c: everything that init data names. 0, -ENOMEM, -ENOSPC. */
int agx_core_init_build(struct agx_core *core);

/* Makes everything once and frees it again: what heaps and tables have got, they keep. */
int agx_core_init_prepare(struct agx_core *core);

/* Frees what build made; the firmware must be off. Copes with any half-made state. */
void agx_core_init_free(struct agx_core *core);

/* Also what stays while the firmware is off. */
void agx_core_init_destroy(struct agx_core *core);

/* RTKit's requests. */
extern const struct agx_rtkit_ops agx_core_rtkit_ops;

/* core_channels.c */
void agx_core_channels_init(struct agx_core *core);
void agx_core_drain(struct agx_core *core);
void agx_core_record(struct agx_core *core, enum agx_record_source source, uint32_t level,
		     uint32_t sequence, uint64_t timestamp, const char *text);

/* Name, elements, bytes per element, heap of the ring. */
struct agx_channel_shape {
	const char *name;
	uint32_t entries;
	uint32_t entry_size;
	enum agx_fw_heap ring_heap;
	bool to_firmware;
};

struct agx_channel_shape agx_core_channel_shape(const struct agx_core *core, unsigned int channel);

/*
 * Messages to the firmware, with their doorbells. -EAGAIN: the ring is full; -ENODEV: not READY
 * (device_control: nor STARTING); -EIO: the ring is dead, and the core FAILED. token, which may
 * be NULL, is for agx_core_taken().
 */
int agx_core_device_control(struct agx_core *core, enum agx_device_control what,
			    const struct agx_device_control_args *args, uint32_t *token);
int agx_core_run_work_queue(struct agx_core *core, unsigned int priority,
			    const struct agx_run_work_queue *args);
int agx_core_fwctl(struct agx_core *core, const struct agx_uat_flush_msg *msg, uint32_t *token);

/*
 * Rings for everything that the firmware has not taken, in case that a doorbell was lost. As
 * agx_core_kick().
 */
int agx_core_ring_again(struct agx_core *core);

/* Has the firmware taken its first message? Work is not given to it before. */
bool agx_core_listening(struct agx_core *core);

/* Goes on with a collection of garbage. true: it is not finished. */
bool agx_core_collecting(struct agx_core *core);

/* Has the firmware taken the message from enum agx_channel_number? 1, 0, -EIO, -ENODEV. */
int agx_core_taken(struct agx_core *core, unsigned int channel, uint32_t token);

/* Structures that both sides use. NULL while the firmware is off. */
struct agx_fw_status *agx_core_fw_status(struct agx_core *core);
uint32_t *agx_core_globals_word(struct agx_core *core, uint32_t offset);

#endif
