/* SPDX-License-Identifier: MIT */
/*
 * Shared by the files of the firmware model.
 *
 *   firmware.c          life, steps, log, findings
 *   memory.c            access to memory, and what is wrong with a pointer
 *   rtkit.c             management and system endpoints, crash
 *   handoff.c           handoff block
 *   channels.c          rings
 *   send.c              what the firmware says of its own accord
 *   initdata_variant.c  init data       } compiled once per variant
 *   messages_variant.c  ring elements   }
 */
#ifndef AGX_FIRMWARE_INTERNAL_H
#define AGX_FIRMWARE_INTERNAL_H

#include <string.h>

#include "agx_firmware.h"
#include "fields.h"
#include "uat.h"
#include "uat_walk.h"

/* Bytes for the largest structure that is read whole. */
#define SCRATCH_SIZE 0x18000

#define MAX_REGIONS 96
#define MAX_QUEUES  4096
#define MAX_ASKED   128

enum channel_id {
	CHANNEL_PIPE, /* 12: pipe + 3 * priority, in the order of the table */
	CHANNEL_DEVICE_CONTROL = 12,
	CHANNEL_EVENT,
	CHANNEL_FWLOG, /* AGX_FWLOG_CHANNELS of them */
	CHANNEL_KTRACE = CHANNEL_FWLOG + AGX_FWLOG_CHANNELS,
	CHANNEL_STATS,
	CHANNEL_FWCTL,
	CHANNEL_COUNT,
};

struct channel {
	char name[16]; /* for the transcript */
	uint64_t state, ring;
	uint32_t entries, element;
	uint32_t write_at;    /* offset of write_ptr in the state */
	const char *state_as; /* name of the state's structure */
	bool out;             /* firmware to driver */
	bool rung;            /* in: may have elements */
	bool dead;            /* its state makes no sense any more */
	uint32_t mine;        /* the firmware's index: in, read; out, write */
	uint32_t theirs;      /* the driver's index as last seen */
};

enum buffer_id {
	BUFFER_CRASHLOG,
	BUFFER_SYSLOG,
	BUFFER_IOREPORT,
	BUFFER_OSLOG,
	BUFFER_COUNT,
};

struct buffer {
	bool asked, given;
	uint64_t va, size;
};

struct region {
	uint64_t va, size;
	const char *name;
};

/* Where something was read: its address, and what it is. */
struct place {
	uint64_t va;
	const char *structure;   /* as in fields.h */
	const char *alternative; /* member of its union that is meant, or NULL */
};

/* Addresses out of the init data that are needed later. */
struct tree {
	struct place runtime, globals, status;
	uint64_t fwlog_buf;
	uint64_t ktrace_enable; /* address of the word */
	uint64_t pending_stamps;
	unsigned int pending_shift;
};

/* A work queue that the driver has run, and its context. */
struct known_queue {
	uint64_t va, context;
};

/* An event that wants an answer. */
struct asked {
	uint32_t tag;     /* AGX_EVENT_GROW_TVB, AGX_EVENT_CHANNEL_ERROR; 0: free */
	uint32_t a, b, c; /* vm_slot, buffer_slot, counter; or pipe, value, 0 */
};

struct firmware_ops;

struct agx_firmware {
	struct agx_firmware_config config;
	struct agx_walker walker;
	const struct firmware_ops *ops;
	struct agx_firmware_status status;
	struct agx_mailbox_message inbox[AGX_FIRMWARE_INBOX];
	unsigned int inbox_head, inbox_count;
	uint8_t *scratch;

	/* Boot */
	bool hello_sent, hello_acked, epmap_done, iop_on, ap_on;
	unsigned int epmap_next;
	bool started[AGX_MBOX_ENDPOINT + 1];
	struct buffer buffers[BUFFER_COUNT];
	unsigned int syslog_unacked;
	bool lock_wanted; /* the handoff's lock_fw is set and waits for the driver */

	/* From the init data on */
	struct tree tree;
	struct channel channels[CHANNEL_COUNT];
	struct region regions[MAX_REGIONS];
	unsigned int region_count;
	bool event_due; /* an EVENT message is to be sent */
	uint32_t log_sequence;
	uint64_t halts;
	struct known_queue queues[MAX_QUEUES];
	unsigned int queue_count;
	struct asked asked[MAX_ASKED];
};

/* What differs from variant to variant. */
struct firmware_ops {
	uint32_t pipe_element, control_element, stats_element;

	/* Reads and judges the init data; fills tree and channels. false: the firmware panicked. */
	bool (*read_initdata)(struct agx_firmware *firmware, uint64_t va);
	/* An element of a pipe channel, of the device control channel. */
	void (*run_work_queue)(struct agx_firmware *firmware, unsigned int index,
			       const struct place *place, const uint8_t *element);
	void (*device_control)(struct agx_firmware *firmware, const struct place *place,
			       const uint8_t *element);
};

#define FIRMWARE_OPS(lower, upper) extern const struct firmware_ops agx_firmware_ops_##lower;
AGX_FW_VARIANTS(FIRMWARE_OPS)
#undef FIRMWARE_OPS

/* firmware.c */
uint64_t firmware_now(struct agx_firmware *firmware);
void firmware_log(struct agx_firmware *firmware, enum agx_firmware_log_level level,
		  const char *format, ...) __attribute__((format(printf, 3, 4)));
void firmware_transcript(struct agx_firmware *firmware, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* detail: what the sentence does not say, or NULL. */
void firmware_find(struct agx_firmware *firmware, enum agx_finding_id id, const struct place *place,
		   uint32_t offset, uint64_t expected, uint64_t got, const char *detail);
void firmware_set_state(struct agx_firmware *firmware, enum agx_firmware_state state);
void firmware_forget(struct agx_firmware *firmware);

/* memory.c: the firmware's own view, context 0. */
enum memory_class {
	MEMORY_PRIVATE,   /* firmware RW, cached, no GPU */
	MEMORY_SHARED,    /* firmware RW, not cached, no GPU */
	MEMORY_SHARED_RO, /* firmware R, not cached, no GPU */
};

/* false: could not be read or written as a whole; nothing is said about it. */
bool memory_read(struct agx_firmware *firmware, uint64_t va, void *data, size_t size);
bool memory_write(struct agx_firmware *firmware, uint64_t va, const void *data, size_t size);

/*
 * Judges a pointer: holder and offset say where it stands, name what it leads to. false: using
 * it would crash the firmware.
 */
bool memory_check(struct agx_firmware *firmware, const struct place *holder, uint32_t offset,
		  uint64_t va, uint64_t size, enum memory_class class, const char *name);
/* As memory_check(), and the object must not overlap those that came before it. */
bool memory_claim(struct agx_firmware *firmware, const struct place *holder, uint32_t offset,
		  uint64_t va, uint64_t size, enum memory_class class, const char *name);
/* An address for the GPU in context 0 that must lead to the same memory as alias does. */
void memory_check_gpu_alias(struct agx_firmware *firmware, const struct place *holder,
			    uint32_t offset, uint64_t va, uint64_t size, uint64_t alias);
/* Registers: pa mapped at va for the firmware. */
void memory_check_io(struct agx_firmware *firmware, const struct place *holder, uint32_t offset,
		     uint64_t va, uint64_t pa, uint64_t size, uint64_t first, bool write);
/* Bytes from begin to end must be zero; the first that is not is a finding. */
void memory_check_zero(struct agx_firmware *firmware, enum agx_finding_id id,
		       const struct place *place, const uint8_t *data, uint32_t begin,
		       uint32_t end);

/* rtkit.c */
void rtkit_send(struct agx_firmware *firmware, unsigned int endpoint, uint64_t word0);
void rtkit_hello(struct agx_firmware *firmware);
void rtkit_message(struct agx_firmware *firmware, uint64_t word0, uint64_t word1);
void rtkit_panic(struct agx_firmware *firmware, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* handoff.c: true when something was done. */
bool handoff_boot(struct agx_firmware *firmware);
/* The record of a flush: true when it was as the message says. */
void handoff_flush(struct agx_firmware *firmware, const struct place *place,
		   const struct agx_fwctl_msg *msg);

/* channels.c */
void channel_init(struct agx_firmware *firmware, unsigned int id, uint64_t state, uint64_t ring);
uint32_t channel_ring_size(const struct agx_firmware *firmware, unsigned int id);
void channels_doorbell(struct agx_firmware *firmware, uint64_t word0);
void channels_fwctl(struct agx_firmware *firmware);
bool channels_take(struct agx_firmware *firmware);
/* 0, -EAGAIN: full, -EINVAL: not usable. */
int channel_put(struct agx_firmware *firmware, unsigned int id, const void *element);
uint32_t channel_next_index(struct agx_firmware *firmware, unsigned int id);
bool channel_has_room(struct agx_firmware *firmware, unsigned int id);

/* send.c */
bool asked_take(struct agx_firmware *firmware, const struct asked *answer);
bool halted_step(struct agx_firmware *firmware);
void say_ready(struct agx_firmware *firmware);

#endif
