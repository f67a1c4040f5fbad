/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * RTKit, the coprocessor's operating system: start, power, and its own endpoints, as a state
 * machine. A message in gives messages out, nothing waits. Everything that comes in is taken to
 * be hostile.
 *
 * Start: HELLO -> HELLO_ACK; EPMAP... -> answers, then START_EP for each system endpoint that is
 * present; IOP_POWER_ACK may come before or after; AP_POWER on -> AP_POWER on: running. The
 * owner then starts its own endpoints.
 */
#ifndef AGX_RTKIT_H
#define AGX_RTKIT_H

#include "agx_platform.h"
#include "mailbox.h"

enum agx_rtkit_state {
	AGX_RTKIT_STATE_OFF,
	AGX_RTKIT_STATE_HELLO,    /* waits for HELLO */
	AGX_RTKIT_STATE_EPMAP,    /* for the rest of the endpoint map */
	AGX_RTKIT_STATE_IOP,      /* for IOP_POWER_ACK */
	AGX_RTKIT_STATE_AP,       /* for AP_POWER */
	AGX_RTKIT_STATE_RUNNING,  /* the owner may start endpoints and use them */
	AGX_RTKIT_STATE_STOP_AP,  /* stopping: for AP_POWER */
	AGX_RTKIT_STATE_STOP_IOP, /* for IOP_POWER_ACK */
	AGX_RTKIT_STATE_QUIET,    /* stopped; the firmware may be woken or reset */
	AGX_RTKIT_STATE_CRASHED,
};

/* A buffer of a system endpoint. */
struct agx_rtkit_buffer {
	uint64_t va;
	uint64_t size;
	void *cpu; /* NULL: the firmware named memory of its own that the driver cannot read */
};

struct agx_rtkit;

/* What the owner does. None of these may call back into the state machine. */
struct agx_rtkit_ops {
	/* Memory that the firmware can reach, zeroed, for a request. 0 or a negative errno. */
	int (*allocate)(void *owner, uint64_t size, struct agx_rtkit_buffer *buffer);

	/* The firmware has named size bytes at va itself; cpu is NULL when they are not ours. */
	void (*find)(void *owner, uint64_t va, uint64_t size, struct agx_rtkit_buffer *buffer);

	/* A line of the firmware's: syslog, or the crash log. */
	void (*line)(void *owner, uint8_t endpoint, const char *text);

	/* A message for an application endpoint. */
	void (*message)(void *owner, uint8_t endpoint, uint64_t message);
};

#define AGX_RTKIT_LINE 320

struct agx_rtkit {
	const struct agx_platform *platform;
	const struct agx_rtkit_ops *ops;
	void *owner;
	enum agx_rtkit_state state;
	uint16_t version;
	uint32_t endpoints[8]; /* that the firmware has, a bit each */
	bool mapped;           /* the endpoint map is complete */
	bool iop_on;
	struct agx_rtkit_buffer crashlog, syslog, ioreport, oslog;
	uint32_t syslog_entry, syslog_count; /* size of a message, number of entries */
	const char *error;                   /* why it is CRASHED, a constant */
	uint64_t error_value;
	char text[AGX_RTKIT_LINE];
};

/* Expects HELLO. ops and owner outlive the state machine. */
void agx_rtkit_start(struct agx_rtkit *rtkit, const struct agx_platform *platform,
		     const struct agx_rtkit_ops *ops, void *owner);

/*
 * A message from the mailbox. 0: dealt with, or ignored with a warning; -EPROTO: the firmware
 * breaks the protocol; -EIO: it has crashed; or an error of a callback or of the mailbox. After an
 * error the state is CRASHED.
 */
int agx_rtkit_receive(struct agx_rtkit *rtkit, uint8_t endpoint, uint64_t message);

/* Starts an application endpoint. -ENODEV: the firmware does not have it; -EAGAIN: not RUNNING. */
int agx_rtkit_start_endpoint(struct agx_rtkit *rtkit, uint8_t endpoint);

/* Sends to an application endpoint. -EAGAIN: not RUNNING. */
int agx_rtkit_send(struct agx_rtkit *rtkit, uint8_t endpoint, uint64_t message);

/* Asks the firmware to be quiet; ends in QUIET. -EAGAIN: not RUNNING. */
int agx_rtkit_stop(struct agx_rtkit *rtkit);

const char *agx_rtkit_state_name(enum agx_rtkit_state state);

/*
 * Prints a crash dump line by line, as much of it as makes sense. dump: size bytes, which the
 * firmware may still change.
 */
void agx_crashlog_print(const void *dump, uint64_t size, char *text, size_t text_size,
			void (*line)(void *owner, uint8_t endpoint, const char *text), void *owner);

#endif
