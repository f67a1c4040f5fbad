/* SPDX-License-Identifier: MIT */
/*
 * The formats of the instructions that access memory: from an element in memory to a register's value
 * and back, to the bit. Works with integers and normal binary64 numbers, so that results do not depend on
 * whether the host flushes denormals.
 *
 * What is known from a G13: loads, up to where dougallj/applegpu: hwtest.py goes (formats 0 to 8, 10, 12
 * and 13). How stores round is not: they clamp and round to nearest, ties to even.
 */
#ifndef AGX_SHADER_FORMATS_H
#define AGX_SHADER_FORMATS_H

#include <stdbool.h>
#include <stdint.h>

#include "lanes.h"

#define AGX_FORMATS 16

struct agx_format {
	uint8_t size; /* of an element in bytes: 1, 2 or 4; 0: there is no such format */
	uint8_t packed; /* registers that one element fills; 0: one, and the mask says how many elements */
	bool converts; /* to and from floats */
};

/* By enum of agx_isa_ops.h: AGX_ISA_FORMAT_*. */
extern const struct agx_format agx_formats[AGX_FORMATS];

/*
 * The value of a register after a load: binary32 with wide, else binary16; integers zero-extended.
 * component: of the mask, or of the packed element; element: as many bits of memory as the format has.
 */
uint32_t agx_format_load(unsigned int format, unsigned int component, uint32_t element, bool wide);

/* What a store of a register's value puts into memory. For formats that are not packed. */
uint32_t agx_format_store(unsigned int format, unsigned int component, uint32_t value, bool wide);

/* The same for packed ones: values of all components. */
uint32_t agx_format_pack_word(unsigned int format, const uint32_t values[4], bool wide);

/* Linear value, binary32, to the nearest sRGB code; NaN and what is below 0 is 0. */
uint8_t agx_srgb_of_linear(uint32_t bits);

/* Linear value of an sRGB code in 1/4095. */
uint16_t agx_linear_of_srgb(uint8_t code);

#endif
