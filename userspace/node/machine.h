/* SPDX-License-Identifier: MIT */
/*
 * The machine behind a node: RAM, driver core, chip (coprocessor with its firmware, and GPU), and
 * the mailbox between them.
 *
 * The node is a home of the driver core as the kernel module is: machine.c has its life and moves
 * its messages, machine_platform.c is the table through which the core sees the world,
 * engine_core.c gives it the node's jobs. Nothing but the node's lock protects it: whoever holds
 * that is driver, firmware and GPU in turn, until none of them has anything to do ("pumping").
 * With a GPU that needs no time a submission is complete when the pump comes to rest.
 *
 * It is made with the first VM, and the firmware boots with the first submission, so that a
 * program which only looks at the device pays for neither. All of it is private memory of the
 * process: after a fork() there are two machines, each of which goes on.
 *
 * All functions need the node's lock.
 */
#ifndef AGX_MACHINE_H
#define AGX_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "agx_watch_config.h"
#include "agx_work.h"
#include "list.h"

struct agx_chip;
struct agx_node;

/* Messages on their way to the driver. A mailbox that is full loses what comes. */
#define AGX_MACHINE_MAILBOX 256u

struct agx_machine {
	struct agx_node *node;
	struct agx_platform platform;
	struct agx_core *core;
	struct agx_chip *chip;
	uint64_t reserved; /* in RAM: the TTBAT, the kernel's page table, the handoff block */

	struct {
		uint64_t word0, word1;
	} mailbox[AGX_MACHINE_MAILBOX]; /* to the driver, a circle */
	uint32_t head, tail;

	struct list_head flight; /* the engine's: jobs that the core has, the oldest first */
	struct list_head done;   /* the engine's: jobs whose end it has not dealt with */
	uint32_t in_flight;      /* the engine's: jobs that the core has and that have not ended */
	uint64_t wait;     /* ns from the last pump until it wants the next; UINT64_MAX: none */
	uint32_t reported; /* findings that went to the log */
	struct agx_watch_config watch;
	bool no_memory;                  /* the core asked for memory and did not get it */
	struct agx_node_result *results; /* of the last launch, room for max_results */
	size_t max_results;
	bool booting;           /* started, and not ready since */
	uint32_t boot_failures; /* in a row */
};

/* The node's machine, made if it is not there. 0; -ENOMEM. */
int agx_machine_get(struct agx_node *node, struct agx_machine **machine);

/* Accepts NULL. What was made with the core must be gone, but for the engine's jobs. */
void agx_machine_destroy(struct agx_machine *machine);

/*
 * Turns the firmware on if it is off. 0: it is ready; -EAGAIN: it takes time, pump again when
 * `wait` is over; -ENOMEM; -ENODEV: it does not come up, or has crashed and shall stay so.
 */
int agx_machine_boot(struct agx_machine *machine);

/* Turns it off. All jobs end. */
void agx_machine_stop(struct agx_machine *machine);

/* Moves messages until nobody has anything to do, and sets `wait`. Restarts a crashed firmware. */
void agx_machine_pump(struct agx_machine *machine);

/*
 * A node whose time stands still: lets the time that somebody waits for pass, at most limit ns, and
 * pumps. false: nobody waits for time.
 */
bool agx_machine_skip(struct agx_machine *machine, uint64_t limit);

/* It has crashed and is not started again. Accepts NULL. */
bool agx_machine_is_lost(const struct agx_machine *machine);

/* Calls config.trouble, which must be there, for each unit of the GPU that is at work. */
void agx_machine_busy(struct agx_machine *machine);

/* How often something was made to go wrong. */
uint64_t agx_machine_injected(const struct agx_machine *machine);

/* Lets the firmware do up to max things; how many it did. */
unsigned int agx_machine_step_firmware(struct agx_machine *machine, unsigned int max);

/* Driver to firmware. 0; -EAGAIN: its mailbox is full. */
int agx_machine_send(struct agx_machine *machine, uint64_t word0, uint64_t word1);

/* Physical address of an offset in the node's RAM, and the other way round. */
uint64_t agx_machine_address(uint64_t offset);
uint64_t agx_machine_offset(uint64_t address);

/* machine_platform.c: the table, with the machine as cookie. */
void agx_machine_fill_platform(struct agx_machine *machine);

/* engine_core.c. stop: turns the machine off and deals with the end of all jobs. */
void agx_engine_stop(struct agx_node *node);

/* Whose work it was, and the rest of the place. */
struct agx_gpu_place;
struct agx_node_place;
void agx_engine_find_place(struct agx_machine *machine, const struct agx_gpu_place *from,
			   struct agx_node_place *place);

/* A launch that has ended: place and tag, and the address space. False: it is not known whose it was. */
struct agx_node_launch;
struct agx_vm;
bool agx_engine_find_launch(struct agx_machine *machine, const struct agx_gpu_place *from,
			    struct agx_node_launch *launch, struct agx_vm **vm);

/* results.c: passes a launch on to the node's user. */
struct agx_chip_launch;
void agx_machine_launched(struct agx_machine *machine, const struct agx_chip_launch *launch);
void agx_machine_free_results(struct agx_machine *machine);

/* Where an address lies for that work, in words; false: in no buffer that is known. */
bool agx_engine_describe(struct agx_machine *machine, const struct agx_gpu_place *from,
			 uint64_t address, char *text, size_t size);

/* A job has ended; called from within the core. */
void agx_engine_job_done(struct agx_machine *machine, void *payload, int error);

#endif
