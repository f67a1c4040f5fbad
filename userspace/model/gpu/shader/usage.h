/* SPDX-License-Identifier: MIT */
/*
 * Which instructions, special registers and formats programs have that were launched: with the fidelity table this says how far
 * what came out can be trusted. Plain data, for shared memory.
 */
#ifndef AGX_USAGE_H
#define AGX_USAGE_H

#include <stdint.h>

#define AGX_USAGE_OPS       512 /* room for: enum agx_isa_op */
#define AGX_USAGE_REGISTERS 256 /* enum agx_isa_sr */

struct agx_program;

struct agx_usage {
	uint64_t ops[AGX_USAGE_OPS / 64];
	uint64_t registers[AGX_USAGE_REGISTERS / 64];
	uint64_t formats;       /* of loads and stores: values of the modifier */
	uint64_t dimensions;    /* of textures and images, likewise */
	uint64_t launches;      /* preambles count too */
	uint64_t address, code; /* of the last program: it is not looked at again */
};

/* A launch of a program; NULL: of none. Instructions that no lane came to count as well. */
void agx_usage_add(struct agx_usage *usage, const struct agx_program *program);

/* What several processes used. */
void agx_usage_merge(struct agx_usage *usage, const struct agx_usage *other);

#endif
