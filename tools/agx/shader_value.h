/* SPDX-License-Identifier: MIT */
/* Operands of an executed instruction, component by component, with the values that all lanes had. */
#ifndef AGX_SHADER_VALUE_H
#define AGX_SHADER_VALUE_H

#include "agx_watch.h"

#define SHADER_VALUES_MAX 40

struct shader_value {
	char name[12]; /* "r3", "r3l", "u12", "r0:r1" */
	bool result;   /* after the instruction, otherwise before it */
	uint8_t bits;  /* 16, 32, 64 */
	uint8_t role;  /* enum agx_isa_role */
	uint8_t type;  /* enum agx_watch_type */
	uint64_t lanes[AGX_LANES];
};

struct shader_values {
	unsigned int count;
	struct shader_value value[SHADER_VALUES_MAX];
};

/* Results first. Numbers that the text of the instruction has are left out. */
void shader_values_of(const struct agx_watch_step *step, struct shader_values *values);

/*
 * As people write it: floats as such, integers in decimal; bits that could be either as what looks like it,
 * floats then with ~ in front; "" when hexadecimal says it all.
 */
void shader_value_human(const struct shader_value *value, unsigned int lane, char *text,
			size_t size);

enum shader_values_pattern {
	SHADER_VALUES_ANY,
	SHADER_VALUES_SAME,
	SHADER_VALUES_LINEAR, /* each lane's is step more than that of the lane before */
};

/* Of the lanes in the mask; step: signed. */
enum shader_values_pattern shader_value_pattern(const struct shader_value *value, uint32_t lanes,
						uint64_t *step);

#endif
