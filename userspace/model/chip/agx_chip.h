/* SPDX-License-Identifier: MIT */
/*
 * The whole of Apple's side: the coprocessor with its firmware, the GPU that it drives, and what
 * goes wrong on purpose between them and the driver. Its homes are the virtual node, where driver
 * and chip take turns in one thread, and agx vgpu, where the driver runs elsewhere.
 *
 * As the firmware: no threads, no waiting, one thread at a time; callbacks come from within calls
 * and must not call back. Memory is read and written through the ram callback only, and may change
 * at any time under the chip's hands.
 */
#ifndef AGX_CHIP_H
#define AGX_CHIP_H

#include "agx_firmware.h"
#include "agx_gpu.h"

struct agx_chip;
struct agx_watch_config;

/* Something to say against what the driver wrote; strings live during the callback. */
struct agx_chip_finding {
	unsigned int id;       /* enum agx_finding_id or agx_gpu_finding_id */
	const char *name;      /* of the id: "POINTER_NULL" */
	const char *text;      /* a sentence with all of this */
	uint64_t address;      /* of the member, for the firmware; or a mailbox message */
	const char *structure; /* as fields.h names it */
	const char *field;     /* way to the member, "" when it is the whole */
	uint64_t expected, got;
	const struct agx_gpu_place
		*place; /* of the GPU's: what it was at; of the firmware's NULL */
};

/* The GPU was halted. Valid during the callback. */
struct agx_chip_halt {
	const struct agx_gpu_fault *fault; /* NULL: a unit did not get on */
	const struct agx_gpu_place *place;
};

/* What the GPU does with work that is given to it. */
enum agx_chip_exec {
	AGX_CHIP_EXEC_NONE, /* looks at it: null.h */
	AGX_CHIP_EXEC_FULL, /* executes what is modelled: exec_gpu.h */
};

struct agx_exec_launch;
struct agx_changed_page;

/* A launch of FULL that has ended. Valid during the callback. */
struct agx_chip_launch {
	const struct agx_exec_launch *what; /* exec_gpu.h */

	/* With results: the pages in which it has changed something (changes.h), by physical address. */
	const struct agx_changed_page *pages;
	size_t count;
	bool lost; /* the host had no memory to tell */
};

#define AGX_CHIP_CLUSTERS 8

struct agx_chip_config {
	enum agx_fw_variant variant;
	uint32_t chip_id;         /* 0x8103... */
	unsigned int output_bits; /* of physical addresses */
	uint64_t ttbat_pa;        /* table of contexts, uat.h */
	uint64_t handoff_pa;      /* handoff block, uat.h */

	bool critic; /* the GPU judges all that work leads to: null.h */
	enum agx_chip_exec exec;
	unsigned int
		exec_threads; /* of FULL: threads that work within a step; 0: one for each CPU */
	uint64_t exec_order;  /* of FULL: seed of the order of threadgroups; 0: ascending */
	/*
	 * Cores, a bit of each cluster's mask; they are numbered as if the positions in a cluster were a power of two.
	 * clusters 0: there is one core.
	 */
	uint8_t clusters, cores_per_cluster;
	uint16_t core_masks[AGX_CHIP_CLUSTERS];
	bool soft_faults; /* of FULL: shaders read 0 where nothing is mapped, and may write there */

	/* Rules of agx_inject.h; NULL or "": nothing. */
	const char *inject;

	/* Of FULL: who watches programs (agx_watch.h), copied; NULL: nobody. */
	const struct agx_watch_config *watch;

	/* As in struct agx_firmware_config. log and transcript may be NULL, and sgx_changed. */
	void *(*ram)(void *cookie, uint64_t pa, uint64_t size);
	void (*mailbox)(void *cookie, uint64_t word0, uint64_t word1);
	uint64_t (*clock)(void *cookie);
	void (*log)(void *cookie, enum agx_firmware_log_level level, const char *line);
	void (*finding)(void *cookie, const struct agx_chip_finding *finding);
	void (*transcript)(void *cookie, const char *line);
	void (*halted)(void *cookie, const struct agx_chip_halt *halt);       /* may be NULL */
	void (*launched)(void *cookie, const struct agx_chip_launch *launch); /* may be NULL */
	bool results; /* launched is told what was changed, which takes time */
	/* Of FULL: work that is done, in operations (exec_gpu.h), for who makes a clock of it; may be NULL. */
	void (*executed)(void *cookie, uint64_t operations);
	/*
	 * Registers of the GPU may read otherwise than before. Comes before a message that makes
	 * the driver look at them is in its ring.
	 */
	void (*sgx_changed)(void *cookie);
	void *cookie;
};

/*
 * Makes a chip that is off; the config is copied, but for the strings. -EINVAL: a bad config, with
 * a sentence in error (of size bytes) when the rules are; -ENOMEM.
 */
int agx_chip_create(const struct agx_chip_config *config, struct agx_chip **chip, char *error,
		    size_t size);

/* Accepts NULL. */
void agx_chip_destroy(struct agx_chip *chip);

/* RUN of CPU_CONTROL; after a false nothing is read or written until a true. */
void agx_chip_run(struct agx_chip *chip, bool run);

/* Driver to firmware. -EAGAIN: its mailbox is full, to be tried again after a step. */
int agx_chip_send(struct agx_chip *chip, uint64_t word0, uint64_t word1);

/* Would agx_chip_send() take one? */
bool agx_chip_has_room(const struct agx_chip *chip);

/* As agx_firmware_step(): does at most max things, and says how many. */
unsigned int agx_chip_step(struct agx_chip *chip, unsigned int max);

/*
 * After a step that did less than max: ticks of the clock until it wants the next, though nobody
 * sends anything; UINT64_MAX: not at all. inject: what was held back only, for a home that itself
 * lets the firmware look whenever the driver has done something.
 */
uint64_t agx_chip_next(const struct agx_chip *chip);
uint64_t agx_chip_next_injected(const struct agx_chip *chip);

/* A register of the GPU as the driver reads it; the fault registers, while there is power. */
uint64_t agx_chip_sgx_read(const struct agx_chip *chip, uint32_t offset);

void agx_chip_get_status(const struct agx_chip *chip, struct agx_firmware_status *status);

/* Whether a unit is at work, and what it is at. */
bool agx_chip_busy(const struct agx_chip *chip, enum agx_gpu_unit unit,
		   struct agx_gpu_place *place);

/*
 * Whether the GPU has work that only further steps get on with: who would otherwise sleep between them does not
 * wait.
 */
bool agx_chip_computing(const struct agx_chip *chip);

/* How often something was made to go wrong. */
uint32_t agx_chip_injected(const struct agx_chip *chip);

/* Nanoseconds to ticks of the 24 MHz clock that coprocessor and GPU have, and back. */
uint64_t agx_chip_ticks(uint64_t ns);
uint64_t agx_chip_ns(uint64_t ticks);

#endif
