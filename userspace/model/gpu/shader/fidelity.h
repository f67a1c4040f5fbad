/* SPDX-License-Identifier: MIT */
/*
 * How near to hardware the shader core is: one line for every instruction, and against what it was checked.
 * docs/shader-core.md is checked against this table.
 */
#ifndef AGX_FIDELITY_H
#define AGX_FIDELITY_H

#include <stdint.h>

#include "agx_isa.h"

enum agx_fidelity_level {
	AGX_FIDELITY_ABSENT, /* not modelled: traps, and the trap names it */
	AGX_FIDELITY_EXACT,  /* by the sources named, to the bit */
	AGX_FIDELITY_NEAR, /* within a bound that the note gives, or exact but for what it names */
	AGX_FIDELITY_NOTHING, /* does nothing by design; the note says why that is right */
	AGX_FIDELITY_LEVELS,
};

struct agx_fidelity {
	uint8_t level;    /* enum agx_fidelity_level */
	const char *note; /* what is left out, or why it is nothing; never NULL */
	const char *from; /* whose description of the hardware it follows; never NULL */
};

/* Of an instruction; never NULL. */
const struct agx_fidelity *agx_fidelity_of(uint16_t op);

/* What is no instruction: special registers, units, formats, dimensions, layouts, steps of sampling. */
struct agx_fidelity_unit {
	const char *name;
	struct agx_fidelity fidelity;
};

const struct agx_fidelity_unit *agx_fidelity_units(unsigned int *count);

/* "exact", ... */
const char *agx_fidelity_level_name(unsigned int level);

#endif
