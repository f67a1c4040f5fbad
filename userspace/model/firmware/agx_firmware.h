/* SPDX-License-Identifier: MIT */
/*
 * A model of the coprocessor and its firmware: Apple's side of firmware-interface/.
 *
 * It boots when RUN is set, answers the mailbox, reads the init data, takes messages out of the
 * rings and puts others in, through page tables and memory that the driver has made. It judges
 * what it reads: whatever no driver that is known to work would have written is a finding.
 *
 * Deterministic: the same calls and memory give the same messages, transcript and findings.
 * No threads, no waiting: work happens inside agx_firmware_step() only. One firmware belongs to
 * one thread at a time; callbacks come from within the calls and must not call back into the same
 * firmware, agx_firmware_mailbox() excepted.
 *
 * Whatever the driver has put into memory, a call ends, stays inside RAM, and allocates nothing
 * beyond what agx_firmware_create() did.
 */
#ifndef AGX_FIRMWARE_H
#define AGX_FIRMWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "findings.h"
#include "mailbox.h"
#include "variants.h"

struct agx_firmware;
struct agx_gpu_fault;
struct agx_gpu_ops;

struct agx_firmware_finding {
	enum agx_finding_id id;
	uint32_t serial;  /* 1 for the first since creation */
	uint64_t address; /* of the member, in the upper half; or word 0 of a mailbox message */
	const char *structure; /* as fields.h names it, or "mailbox_message", "handoff_block" */
	const char *field;     /* way to the member, "" when it is the whole */
	uint64_t expected;     /* what would have been right; for a limit, the limit */
	uint64_t got;
	const char
		*text; /* a sentence with all of this; all strings live until the callback ends */
};

enum agx_firmware_log_level {
	AGX_FIRMWARE_LOG_DEBUG,
	AGX_FIRMWARE_LOG_INFO,
	AGX_FIRMWARE_LOG_ERROR, /* the model cannot do what it was asked, or the firmware crashed */
};

struct agx_firmware_config {
	enum agx_fw_variant variant;
	uint32_t chip_id;         /* 0x8103...; hwdata_b must agree. 0: not compared */
	unsigned int output_bits; /* of physical addresses: 40 on T8103 and T8112, else 42 */
	uint64_t ttbat_pa;        /* table of contexts, uat.h */
	uint64_t handoff_pa;      /* handoff block, uat.h */

	/* Host pointer to size bytes of RAM at pa, NULL: not (all) RAM. As agx_ram_translate(). */
	void *(*ram)(void *cookie, uint64_t pa, uint64_t size);
	/* Firmware to driver; word 1 is the endpoint. */
	void (*mailbox)(void *cookie, uint64_t word0, uint64_t word1);
	/* Now, in 24 MHz ticks. NULL: time stands still. */
	uint64_t (*clock)(void *cookie);
	/* The next three may be NULL. Lines come without a newline. */
	void (*log)(void *cookie, enum agx_firmware_log_level level, const char *line);
	void (*finding)(void *cookie, const struct agx_firmware_finding *finding);
	void (*transcript)(void *cookie, const char *line);
	/*
	 * Sees each element before it goes into a ring, may change it, and loses it by giving false.
	 * channel is its name in the transcript. For injecting faults; may be NULL.
	 */
	bool (*outgoing)(void *cookie, const char *channel, void *element, size_t size);
	/*
	 * The GPU was halted because a unit (enum agx_gpu_unit) has faulted, or, fault being NULL, did not
	 * get on. The GPU still knows the place. May be NULL.
	 */
	void (*halted)(void *cookie, unsigned int unit, const struct agx_gpu_fault *fault);
	void *cookie;

	const struct agx_gpu_ops *gpu; /* agx_gpu.h; NULL: every command fails */
	void *gpu_cookie;
};

enum agx_firmware_state {
	AGX_FIRMWARE_OFF,     /* RUN is clear */
	AGX_FIRMWARE_BOOT,    /* management messages up to AP_POWER on */
	AGX_FIRMWARE_UP,      /* waits for the init data */
	AGX_FIRMWARE_READY,   /* has init data and takes messages */
	AGX_FIRMWARE_HALTED,  /* after a fault or timeout, waits for resume */
	AGX_FIRMWARE_ASLEEP,  /* quiesced by SET_IOP_POWER */
	AGX_FIRMWARE_CRASHED, /* takes nothing any more */
};

struct agx_firmware_status {
	enum agx_firmware_state state;
	bool handoff_done;   /* magic_fw is written */
	bool initialized;    /* the driver's Initialize was taken */
	uint32_t findings;   /* since creation */
	uint32_t kicks;      /* doorbell 0x10 since boot */
	uint32_t queue_runs; /* RunWorkQueue messages taken since boot */
	uint32_t commands;   /* Run commands that are over since boot, killed and failed ones too */
	uint32_t ready;      /* work queues with something to fetch */
	uint32_t stalled;    /* work queues at a barrier */
	bool running[3];     /* vertex, fragment, compute: a command is on the unit */
	bool powered;        /* the GPU has power */
	uint32_t messages_in;  /* ring elements taken since boot */
	uint32_t messages_out; /* ring elements sent since boot */
	uint32_t dropped;      /* log, trace and statistics messages that found their ring full */
};

/* Makes a firmware that is off. -EINVAL: a bad config; -ENOMEM. The config is copied. */
int agx_firmware_create(const struct agx_firmware_config *config, struct agx_firmware **firmware);

/* Accepts NULL. */
void agx_firmware_destroy(struct agx_firmware *firmware);

/* RUN of CPU_CONTROL. Setting it starts a firmware that is off; clearing forgets everything. */
void agx_firmware_run(struct agx_firmware *firmware, bool run);

/* Power-on reset: as agx_firmware_run(false); findings and the transcript stay counted. */
void agx_firmware_reset(struct agx_firmware *firmware);

/* Driver to firmware. Queued for the next step. -EAGAIN: the queue (AGX_FIRMWARE_INBOX) is full. */
int agx_firmware_mailbox(struct agx_firmware *firmware, uint64_t word0, uint64_t word1);

#define AGX_FIRMWARE_INBOX 64

/* Would agx_firmware_mailbox() take one? */
bool agx_firmware_has_room(const struct agx_firmware *firmware);

/*
 * Works off at most max things: a mailbox message, a ring element, an entry of a work queue, an
 * operation of a command, a message that waits for room. The number of things done; less than max
 * means idle until the driver does something, time passes or, when a unit is running, the GPU
 * gets on. Completions are told at the end of the call at the latest.
 */
unsigned int agx_firmware_step(struct agx_firmware *firmware, unsigned int max);

/*
 * After a step that did less than max: ticks of the clock until it wants another though no message
 * comes, because it looks at memory for something (the handoff, a resume, room in a ring, whether
 * submissions are pending), or waits for the GPU. UINT64_MAX: not at all.
 */
uint64_t agx_firmware_next(const struct agx_firmware *firmware);

void agx_firmware_get_status(const struct agx_firmware *firmware,
			     struct agx_firmware_status *status);

/* Words for messages. */
const char *agx_firmware_state_name(enum agx_firmware_state state);
const char *agx_finding_name(enum agx_finding_id id);     /* "POINTER_NULL"; NULL: no such */
const char *agx_finding_sentence(enum agx_finding_id id); /* NULL: no such */

/*
 * What the firmware does of its own accord, for who plays it. All need state READY or HALTED,
 * else -EINVAL; -EAGAIN: the ring is full, try after a step. The EVENT message goes out with the
 * next step. Log and trace messages are only sent if asked for (-ENOENT: the driver has switched
 * kernel trace off).
 */
int agx_firmware_send_log(struct agx_firmware *firmware, enum agx_fwlog_level level,
			  const char *text);
/* msg_type and timestamp are set by the model. */
int agx_firmware_send_ktrace(struct agx_firmware *firmware, const struct agx_ktrace_msg *msg);
/* A statistics message: tag and at most the payload that the variant has. */
int agx_firmware_send_stats(struct agx_firmware *firmware, enum agx_stats_tag tag,
			    const void *payload, size_t size);
/* Remembers GrowTVB and ChannelError until their answer comes. */
int agx_firmware_send_event(struct agx_firmware *firmware, const struct agx_event_msg *event);
/* Any element, unchecked, into the event ring: for tests of the driver. */
int agx_firmware_send_raw_event(struct agx_firmware *firmware, const struct agx_event_msg *event);

/*
 * Halts as after a fault or timeout: notes the given stamps and those of the commands that run,
 * stops the GPU, counts the halt, sets halted, sends the event. stamps: event slot and value of
 * commands that are to be taken for running. With resume the commands are over.
 */
struct agx_firmware_stamp {
	uint32_t slot;
	uint32_t value;
};
int agx_firmware_halt(struct agx_firmware *firmware, const struct agx_event_msg *event,
		      const struct agx_firmware_stamp *stamps, unsigned int count);

/*
 * A register of the "sgx" range as the driver reads it: those of the MMU fault, which are set from
 * a fault to resume; others are 0. AGX_SGX_NO_ACCESS while the GPU has no power.
 */
uint64_t agx_firmware_sgx_read(const struct agx_firmware *firmware, uint32_t offset);

/* Crashes, in any state but OFF: dump in the crash log's buffer, message, silence. */
void agx_firmware_crash(struct agx_firmware *firmware, const char *reason);

/* Sends any mailbox message at once, unchecked: for tests of the driver. */
void agx_firmware_send_mailbox(struct agx_firmware *firmware, uint64_t word0, uint64_t word1);

#endif
