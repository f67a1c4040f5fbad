/* SPDX-License-Identifier: MIT */
/*
 * A core in a test machine, and a hand that plays the firmware: it records what the core sends
 * and can answer as a well-behaved firmware does, or in any other way.
 */
#ifndef AGX_TEST_CORE_FIXTURE_H
#define AGX_TEST_CORE_FIXTURE_H

#include "core_internal.h"
#include "machine.h"

#define FIXTURE_SENT_MAX 4096

struct fixture {
	struct machine machine; /* first: the platform's cookie points here */
	struct agx_core_config config;
	struct agx_core *core;
	struct agx_reject why;

	struct {
		uint8_t endpoint;
		uint64_t message;
	} sent[FIXTURE_SENT_MAX];
	unsigned int sent_count;
	int send_error; /* what the mailbox says from now on */

	bool running;
	int run_error;
	unsigned int runs;
	enum agx_core_state last_state;
	unsigned int state_changes;

	unsigned int events, records;
	struct agx_core_event event; /* the last */
	struct agx_record record;    /* the last, text in record_text */
	char record_text[AGX_RTKIT_LINE];
	unsigned int bad_text; /* records with bytes that are not printable */
};

/* What the core calls, for tests that add something. The cookie is the fixture. */
extern const struct agx_core_hooks fixture_hooks;

/* Machine and description, no core yet. */
void fixture_init(struct fixture *fixture, const struct agx_soc *soc,
		  const struct agx_firmware_version *firmware);

/* The core. What agx_core_create() says. */
int fixture_create(struct fixture *fixture);

/* Destroys what there is; errors and leaks that the machine has found. */
unsigned int fixture_finish(struct fixture *fixture);

/* The core's answer to RUN: the firmware's mark, seen by the core. */
void fixture_handoff(struct fixture *fixture);

/* From OFF to READY. */
void fixture_boot(struct fixture *fixture);

/* Messages as the firmware sends them. */
void fixture_hello(struct fixture *fixture);
void fixture_epmap(struct fixture *fixture);
void fixture_iop_on(struct fixture *fixture);
void fixture_ap_on(struct fixture *fixture);
void fixture_management(struct fixture *fixture, unsigned int type, uint64_t payload);
void fixture_event(struct fixture *fixture);

/* Index of the first message like that from index from on; -1. mask selects bits. */
int fixture_find(const struct fixture *fixture, unsigned int from, uint8_t endpoint, uint64_t mask,
		 uint64_t message);

/*
 * size bytes at a firmware address, through the walker: NULL when they are not RAM with all
 * of wants (AGX_WALK_*). The range must be contiguous in RAM.
 */
void *fixture_at(struct fixture *fixture, enum agx_walk_unit unit, uint64_t va, uint64_t size,
		 unsigned int wants);

#endif
