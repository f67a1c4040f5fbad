// SPDX-License-Identifier: MIT
/* What was shown in a command, so that it is shown once: a table that a new command empties. */
#include <stdlib.h>
#include <string.h>

#include "decode_internal.h"

#define FIRST_SHOWN 1024u
#define MAX_SHOWN   (1u << 20) /* lists of a command that are remembered */

static struct shown *shown_slot(struct shown *table, uint32_t capacity, uint32_t epoch,
				uint64_t key)
{
	uint32_t i = (key * 0x9e3779b97f4a7c15ull >> 32) & (capacity - 1);

	while (table[i].epoch == epoch && table[i].key != key)
		i = (i + 1) & (capacity - 1);
	return &table[i];
}

/* Addresses have 40 bits. */
uint64_t decode_shown_key(unsigned int place, unsigned int stage, bool extended, uint64_t address)
{
	return (address & AGX_CS_ADDRESS_MASK) | (uint64_t)place << 56 | (uint64_t)stage << 48 |
	       (uint64_t)extended << 47;
}

struct shown *decode_find_shown(struct agx_decode *d, uint64_t key)
{
	struct shown *slot;

	if (!d->num_shown)
		return NULL;
	slot = shown_slot(d->shown, d->shown_capacity, d->epoch, key);
	return slot->epoch == d->epoch ? slot : NULL;
}

/* Remembers it. NULL: too many, or no memory; it is then shown again. */
struct shown *decode_add_shown(struct agx_decode *d, uint64_t key)
{
	struct shown *slot;
	uint32_t i;

	if (d->num_shown * 2 >= d->shown_capacity) {
		uint32_t capacity = d->shown_capacity ? d->shown_capacity * 2 : FIRST_SHOWN;
		struct shown *table;

		if (capacity > MAX_SHOWN)
			return NULL;
		table = calloc(capacity, sizeof(*table));
		if (!table)
			return NULL;
		for (i = 0; i < d->shown_capacity; i++) {
			if (d->shown[i].epoch == d->epoch)
				*shown_slot(table, capacity, d->epoch, d->shown[i].key) =
					d->shown[i];
		}
		free(d->shown);
		d->shown = table;
		d->shown_capacity = capacity;
	}
	slot = shown_slot(d->shown, d->shown_capacity, d->epoch, key);
	*slot = (struct shown){.key = key, .epoch = d->epoch};
	d->num_shown++;
	return slot;
}

void decode_new_command(struct agx_decode *d)
{
	d->num_shown = 0;
	if (!++d->epoch) {
		memset(d->shown, 0, d->shown_capacity * sizeof(*d->shown));
		d->epoch = 1;
	}
	memset(d->current, 0, sizeof(d->current));
	d->linked = false;
	d->unwritten = AGX_DECODE_NO_ADDRESS;
}

/* The shaders of a list that was shown in this command. */
void decode_current_shaders(struct agx_decode *d, enum agx_cs_stage stage,
			    const struct agx_cs_program *program, uint32_t *shader,
			    uint32_t *preshader)
{
	const struct shown *shown;

	*shader = *preshader = SHADER_NONE;
	if (!program->set)
		return;
	if (d->current[stage].list != program->list || !d->current[stage].shader) {
		/* Samplers of one kind or the other: a list has one. */
		shown = decode_find_shown(
			d, decode_shown_key(AGX_CS_IN_USC, stage, false, program->list));
		if (!shown)
			shown = decode_find_shown(
				d, decode_shown_key(AGX_CS_IN_USC, stage, true, program->list));
		d->current[stage].list = program->list;
		d->current[stage].shader = shown ? shown->shader : SHADER_NONE;
		d->current[stage].preshader = shown ? shown->preshader : SHADER_NONE;
	}
	*shader = d->current[stage].shader;
	*preshader = d->current[stage].preshader;
}
