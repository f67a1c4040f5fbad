/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Writes a command's register list, G14X. The order is that of the tables in registers.h, the
 * driver's.
 */
#ifndef AGX_REGISTERS_VARIANT_H
#define AGX_REGISTERS_VARIANT_H

#include "agx_types.h"
#include "job.h"
#include "registers.h"

struct agx_register_writer {
	struct agx_register_array *array;
	uint32_t count;
};

/* The lists have fewer than AGX_MAX_REGISTERS entries, see the assertions below. */
static inline void agx_register(struct agx_register_writer *w, enum agx_register_number number,
				uint64_t value)
{
	w->array->registers[w->count].number = number;
	w->array->registers[w->count++].value = value;
}

/* What names the array, but for its address. */
static inline void agx_register_end(const struct agx_register_writer *w,
				    struct agx_register_list *list)
{
	list->count = (uint16_t)w->count;
	list->length = (uint16_t)(w->count * sizeof(struct agx_register));
}

#define AGX_REGISTER_ONE(number, name, value) +1
_Static_assert((0 AGX_G14X_VERTEX_REGISTERS(AGX_REGISTER_ONE)) <= AGX_MAX_REGISTERS,
	       "vertex registers");
_Static_assert((0 AGX_G14X_FRAGMENT_REGISTERS(AGX_REGISTER_ONE)) <= AGX_MAX_REGISTERS,
	       "fragment registers");
_Static_assert((0 AGX_G14X_COMPUTE_REGISTERS(AGX_REGISTER_ONE)) <= AGX_MAX_REGISTERS,
	       "compute registers");
#undef AGX_REGISTER_ONE

#endif
