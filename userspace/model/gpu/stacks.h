/* SPDX-License-Identifier: MIT */
/*
 * Stacks of SIMD groups, from the command's helper program: it is executed, on a core of its own number each, and
 * asked for memory when a SIMD group needs some; what it gives is what the stack is made of.
 *
 * What is known is how it is asked and what it answers. When hardware asks is not: here it is at the first
 * stack_adjust of a SIMD group; stacks go back when the core has another threadgroup to begin, or the launch has
 * ended; helpers end with the command. Groups go to cores in turns. How a block is divided among lanes and words is
 * not known either: words of the lanes alternate.
 */
#ifndef AGX_STACKS_H
#define AGX_STACKS_H

#include "gpu_findings.h"
#include "program.h"
#include "simd.h"
#include "uat_walk.h"

#define STACKS_CORES 128 /* numbers that there can be */

struct stacks;

/* What the command's registers say. */
struct stacks_command {
	uint32_t context;
	bool soft_faults;
	uint64_t data; /* that the helper is given */
};

/* Why it does not go on: the first reason. */
struct stacks_trouble {
	enum agx_gpu_finding_id id;
	uint64_t address; /* of what is wrong, or of the helper program */
	char text[240];
};

/* cores: the numbers of those that there are, at least one. NULL: no memory. */
struct stacks *stacks_new(const struct agx_walker *walker, const uint8_t *cores,
			  unsigned int count);

/* Accepts NULL. */
void stacks_free(struct stacks *stacks);

/* Before a command. Helpers that are still there are forgotten. */
void stacks_begin(struct stacks *stacks, const struct stacks_command *command);

/*
 * Before a launch that has programs with a stack. helper: NULL: the command has none; class: what the USC words
 * say of the stack's size.
 */
void stacks_launch(struct stacks *stacks, const struct agx_program *helper, unsigned int class);

/* Before a threadgroup, by its place in the order. */
void stacks_core(struct stacks *stacks, uint64_t place);

/* As agx_group.get_stack. */
const char *stacks_get(void *cookie, struct agx_simd *simd);

/* After a launch that has ended, and after a command. False: trouble. */
bool stacks_launched(struct stacks *stacks);
bool stacks_end(struct stacks *stacks);

/* NULL: none. */
const struct stacks_trouble *stacks_trouble(const struct stacks *stacks);

/* Does the program ask for a stack? */
bool stacks_wanted(const struct agx_program *program);

#endif
