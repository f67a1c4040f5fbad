/* SPDX-License-Identifier: MIT */
/* Shared by rules.c (what the rules are), inject.c (messages, crashes) and inject_gpu.c (units). */
#ifndef AGX_INJECT_INTERNAL_H
#define AGX_INJECT_INTERNAL_H

#include <stdbool.h>

#include "agx_gpu.h"
#include "agx_inject.h"

#define INJECT_MAX_RULES  32
#define INJECT_MAX_NUMBER 1000000000u
#define INJECT_MAX_HELD   32
#define INJECT_ANY_UNIT   AGX_GPU_UNITS
#define INJECT_TICKS_MS   24000 /* of the firmware's clock in a millisecond */

enum rule_id {
	RULE_LATE,
	RULE_LOSE,
	RULE_TWICE,
	RULE_SWAP,
	RULE_GARBLE,
	RULE_LATE_EVENT,
	RULE_LOSE_EVENT,
	RULE_TWICE_EVENT,
	RULE_SWAP_EVENT,
	RULE_GARBLE_EVENT,
	RULE_STORM,
	RULE_LOSE_DOORBELL,
	RULE_STALL,
	RULE_STICK,
	RULE_FAULT,
	RULE_OVERFLOW,
	RULE_GROW,
	RULE_CRASH_BOOT,
	RULE_CRASH,
	RULE_CRASH_IDLE,
	RULE_TYPES,
};

/* What a rule's N counts. */
enum rule_count {
	COUNT_MAIL,     /* messages of the firmware's application endpoints */
	COUNT_EVENT,    /* elements of the event ring */
	COUNT_DOORBELL, /* the driver's messages to the doorbell endpoint */
	COUNT_START,    /* commands started, of the rule's unit */
	COUNT_BOOT,
};

enum rule_argument {
	ARGUMENT_NONE,
	ARGUMENT_MS,
	ARGUMENT_NUMBER,
	ARGUMENT_UNIT, /* may be left out: any */
};

struct rule_type {
	struct agx_inject_rule_help help;
	enum rule_count counts;
	enum rule_argument argument;
};

struct rule {
	enum rule_id id;
	uint64_t argument;
	uint64_t at, every;
	uint64_t seen; /* of what it counts */
};

/* A message that comes later. */
struct held {
	bool event;   /* an element of the event ring, else mail */
	bool waiting; /* for the next of its kind, else for the time */
	uint64_t due;
	uint64_t word0, word1;
	struct agx_event_msg element;
};

struct agx_inject {
	struct rule rules[INJECT_MAX_RULES];
	unsigned int rule_count;
	uint32_t struck;

	struct agx_firmware *firmware;
	struct agx_firmware_config inner; /* what attach found */
	struct agx_gpu_ops gpu;           /* what it left there */

	struct held held[INJECT_MAX_HELD]; /* in the order in which they came */
	unsigned int held_count;
	bool passing;     /* what goes by is our own doing: no rules */
	uint64_t storm;   /* events still to send */
	uint64_t stalled; /* until this time; 0: not */
	bool crash;       /* with the next step */
	bool crash_idle;  /* when idle */
	bool crash_boot;  /* when up */
	bool booting;     /* the present boot is counted */
	bool grow;        /* ask for a larger vertex buffer, for this context */
	uint32_t grow_context, grown;

	/* Units. */
	bool stuck[AGX_GPU_UNITS], overflown;
	bool faulted[AGX_GPU_UNITS];
	struct agx_gpu_fault fault[AGX_GPU_UNITS];
};

extern const char *const inject_unit_names[AGX_GPU_UNITS];
const struct rule_type *inject_rule_type(enum rule_id id);

/*
 * Counts one more of something (unit: of COUNT_START) for every rule, and says which of them strike
 * now: bit n, rule n.
 */
uint32_t inject_strike(struct agx_inject *inject, enum rule_count what, unsigned int unit);

extern const struct agx_gpu_ops inject_gpu_ops;

#endif
