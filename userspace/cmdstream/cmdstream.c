// SPDX-License-Identifier: MIT
#include <string.h>

#include "agx_cmdstream.h"

static uint64_t ones(unsigned int width)
{
	return width < 64 ? (1ull << width) - 1 : UINT64_MAX;
}

/*
 * Reads no byte that the bits are not part of, except within the aligned half or word that holds
 * all of them; structures whose size is no multiple of 4 have no such field at their end.
 */
static uint64_t run(const uint8_t *bytes, struct agx_cs_bits bits)
{
	const unsigned int start = bits.start, width = bits.width;
	uint64_t value = 0;

	if (start % 8 + width <= 8) {
		value = bytes[start / 8] >> start % 8;
	} else if (start % 32 + width <= 32) {
		uint32_t word;

		memcpy(&word, bytes + start / 32 * 4, sizeof(word));
		value = word >> start % 32;
	} else {
		const unsigned int first = start / 8, last = (start + width - 1) / 8;

		value = bytes[first] >> start % 8;
		for (unsigned int i = first + 1; i <= last; i++)
			value |= (uint64_t)bytes[i] << (8 * i - start);
	}
	return value & ones(width);
}

static void set_run(uint8_t *bytes, struct agx_cs_bits bits, uint64_t value)
{
	for (unsigned int at = bits.start, left = bits.width; left;) {
		const unsigned int shift = at % 8, size = left < 8 - shift ? left : 8 - shift;
		const uint8_t mask = (uint8_t)(ones(size) << shift);

		bytes[at / 8] = (uint8_t)((bytes[at / 8] & ~mask) | ((value << shift) & mask));
		value >>= size;
		at += size;
		left -= size;
	}
}

uint64_t agx_cs_raw(const struct agx_cs_field *field, const void *record)
{
	uint64_t bits = run(record, field->bits[0]);

	if (field->parts > 1)
		bits |= run(record, field->bits[1]) << field->bits[0].width;
	return bits;
}

uint64_t agx_cs_decode(const struct agx_cs_field *field, uint64_t bits)
{
	switch (field->encoding) {
	case AGX_CS_LOG2:
		return 1ull << bits;
	case AGX_CS_GROUPS:
		return field->amount * (bits ? bits : 1ull << field->width);
	default:
		if (field->type == AGX_CS_INT && field->width < 64 && bits >> (field->width - 1))
			bits |= ~ones(field->width);
		return (bits << field->shift) + field->amount;
	}
}

bool agx_cs_encode(const struct agx_cs_field *field, uint64_t value, uint64_t *bits)
{
	uint64_t coded;

	switch (field->encoding) {
	case AGX_CS_LOG2:
		if (!value)
			return false;
		coded = 63 - (unsigned int)__builtin_clzll(value);
		break;
	case AGX_CS_GROUPS:
		coded = value / field->amount;
		if (coded == 1ull << field->width)
			coded = 0;
		break;
	default:
		coded = (value - field->amount) >> field->shift;
		if (field->type == AGX_CS_INT)
			coded &= ones(field->width);
		break;
	}
	if (coded & ~ones(field->width) || agx_cs_decode(field, coded) != value)
		return false;
	*bits = coded;
	return true;
}

uint64_t agx_cs_get(const struct agx_cs_field *field, const void *record)
{
	return agx_cs_decode(field, agx_cs_raw(field, record));
}

bool agx_cs_set(const struct agx_cs_field *field, void *record, uint64_t value)
{
	uint64_t bits;

	if (!agx_cs_encode(field, value, &bits))
		return false;
	set_run(record, field->bits[0], bits & ones(field->bits[0].width));
	if (field->parts > 1)
		set_run(record, field->bits[1], bits >> field->bits[0].width);
	return true;
}

const char *agx_cs_value_name(const struct agx_cs_enum *values, uint64_t value)
{
	const unsigned int word = (unsigned int)value / 64, bit = (unsigned int)value % 64;
	unsigned int index = 0;

	if (value >= 256 || !(values->present[word] >> bit & 1))
		return NULL;
	for (unsigned int i = 0; i < word; i++)
		index += (unsigned int)__builtin_popcountll(values->present[i]);
	index += (unsigned int)__builtin_popcountll(values->present[word] & ((1ull << bit) - 1));
	return values->values[index].name;
}

const struct agx_cs_struct *agx_cs_find_struct(const char *name)
{
	for (unsigned int i = 0; i < agx_cs_struct_count; i++)
		if (!strcmp(agx_cs_structs[i].name, name))
			return &agx_cs_structs[i];
	return NULL;
}

const struct agx_cs_field *agx_cs_find_field(const struct agx_cs_struct *desc, const char *name)
{
	for (unsigned int i = 0; i < desc->field_count; i++)
		if (!strcmp(desc->fields[i].name, name))
			return &desc->fields[i];
	return NULL;
}

static uint16_t times(const struct agx_cs_part *part, uint32_t word, uint16_t calls)
{
	switch (part->times) {
	case AGX_CS_BY_FIELD: /* of the first word: see the generator */
		return (uint16_t)agx_cs_get(part->count_field, &word);
	case AGX_CS_BY_CALLER:
		return calls;
	default:
		return 1;
	}
}

static bool there(const struct agx_cs_part *part, uint32_t word, unsigned int variant)
{
	return agx_cs_holds(&part->when, word) &&
	       (part->variant == AGX_CS_ALL || part->variant == variant);
}

bool agx_cs_next_part(struct agx_cs_parts *parts)
{
	const struct agx_cs_block *block = parts->block;

	if (parts->left) {
		parts->left--;
		parts->index++;
	} else {
		do {
			if (parts->next == block->part_count)
				return false;
			parts->part = &block->parts[parts->next++];
			parts->left = there(parts->part, parts->word, parts->variant)
					      ? times(parts->part, parts->word, parts->calls)
					      : 0;
		} while (!parts->left);
		parts->left--;
		parts->index = 0;
	}
	parts->offset = parts->end;
	parts->end += parts->part->desc->size;
	return true;
}

uint32_t agx_cs_block_size(const struct agx_cs_block *block, uint32_t word,
			   enum agx_cs_variant variant, uint16_t calls)
{
	uint32_t size = 0;

	for (unsigned int i = 0; i < block->part_count; i++)
		if (there(&block->parts[i], word, variant))
			size += block->parts[i].desc->size * times(&block->parts[i], word, calls);
	if (block->pad && agx_cs_holds(&block->pad_when, word))
		size = (size + block->pad - 1) / block->pad * block->pad;
	return size;
}
