/* SPDX-License-Identifier: MIT */
/*
 * Faults on purpose: sits between a home of the driver core and the model of the firmware, and
 * between that and the GPU, and loses, delays, doubles, swaps and spoils what passes, halts units,
 * and crashes the firmware, as a list of rules says.
 *
 * Deterministic: rules count messages and commands, and delays are times of the firmware's clock.
 * The same rules over the same work do the same.
 */
#ifndef AGX_INJECT_H
#define AGX_INJECT_H

#include <stddef.h>
#include <stdint.h>

#include "agx_firmware.h"

struct agx_inject;

/*
 * Parses rules: NAME[=ARGUMENT][@N[/EVERY]], separated by commas. A rule strikes at the N-th (1) of
 * what it counts, and with EVERY again at each EVERY-th after that. agx_inject_rules() lists the
 * names. -EINVAL, with a sentence in error (of size bytes); -ENOMEM.
 */
int agx_inject_create(const char *rules, struct agx_inject **inject, char *error, size_t size);

/* The firmware must be gone. Accepts NULL. */
void agx_inject_destroy(struct agx_inject *inject);

/* One rule's name, argument and meaning; NULL: no more. */
struct agx_inject_rule_help {
	const char *name;
	const char *argument; /* "" when it has none */
	const char *text;
};

const struct agx_inject_rule_help *agx_inject_rules(unsigned int index);

/*
 * Puts itself into a configuration, before agx_firmware_create(); then tells it which firmware came
 * of that.
 */
void agx_inject_attach(struct agx_inject *inject, struct agx_firmware_config *config);
void agx_inject_firmware(struct agx_inject *inject, struct agx_firmware *firmware);

/* In place of agx_firmware_mailbox() and agx_firmware_step(). */
int agx_inject_mailbox(struct agx_inject *inject, uint64_t word0, uint64_t word1);
unsigned int agx_inject_step(struct agx_inject *inject, unsigned int max);

/* Ticks of the firmware's clock until it has something to do of its own; UINT64_MAX: nothing. */
uint64_t agx_inject_next(const struct agx_inject *inject);

/* How often rules have struck. */
uint32_t agx_inject_count(const struct agx_inject *inject);

#endif
