// SPDX-License-Identifier: MIT
/*
 * Decoding. Everything specific is generated from agx2.isa (isa_decode_gen.h): the first byte, then a
 * few further bits choose a short list of forms; the first that matches and whose operands make sense
 * is the instruction. A function per shape (operands and modifiers at given bits) takes the fields out
 * of the two words, without loops.
 */
#include <errno.h>
#include <string.h>

#include "isa_table.h"

#define NO_FORM 0xffff

/* Bits beyond the first byte that choose a bucket, and the first bucket. */
struct dispatch {
	uint16_t first;
	uint8_t shift1, mask1, shift2, mask2;
	uint8_t width1;
};

static const uint8_t hint_flags[4] = {0, AGX_ISA_HINTED, AGX_ISA_CACHE, AGX_ISA_DISCARD};
static const uint8_t mask_count[16] = {1, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4};

static inline int32_t sign_extend(uint32_t value, unsigned int width)
{
	return (int32_t)(value << (32 - width)) >> (32 - width);
}

#include "isa_decode_gen.h"

static int take_as_data(uint64_t lo, uint64_t hi, unsigned int length, int error,
			struct agx_isa_instr *out)
{
	out->op = AGX_ISA_OP_DATA;
	out->length = (uint8_t)length;
	out->operand_count = 0;
	memset(out->modifiers, 0, sizeof(out->modifiers));
	out->unknown[0] = length < 8 ? lo & ((1ull << (length * 8)) - 1) : lo;
	out->unknown[1] = length <= 8 ? 0 : hi & ((1ull << ((length - 8) * 8)) - 1);
	return error;
}

int agx_isa_decode(const void *code, size_t size, struct agx_isa_instr *out)
{
	unsigned int data_length = 0;
	uint64_t lo = 0, hi = 0;

	if (size >= AGX_ISA_MAX_LENGTH) {
		memcpy(&lo, code, 8);
		memcpy(&hi, (const uint8_t *)code + 8, AGX_ISA_MAX_LENGTH - 8);
	} else {
		uint64_t words[2] = {0};

		if (size)
			memcpy(words, code, size);
		lo = words[0];
		hi = words[1];
		if (size < AGX_ISA_MIN_LENGTH)
			return take_as_data(lo, hi, (unsigned int)size, -ENODATA, out);
	}

	const struct dispatch *d = &dispatch[lo & 0xff];
	unsigned int bucket = d->first + ((lo >> d->shift1 & d->mask1) |
					  (lo >> d->shift2 & d->mask2) << d->width1);

	for (const uint16_t *next = &form_lists[buckets[bucket]]; *next != NO_FORM; next++) {
		const struct agx_isa_form *form = &agx_isa_forms[*next];

		if (((lo ^ form->match[0]) & form->mask[0]) ||
		    ((hi ^ form->match[1]) & form->mask[1]))
			continue;
		if (form->length > size)
			return take_as_data(lo, hi, (unsigned int)size, -ENODATA, out);

		uint64_t lo_cut = lo, hi_cut = hi;

		if (form->length <= 8) {
			lo_cut &= ~0ull >> (64 - form->length * 8);
			hi_cut = 0;
		} else {
			hi_cut &= ~0ull >> (128 - form->length * 8);
		}
		memset(out->modifiers, 0, sizeof(out->modifiers));
		if (shapes[form->shape](lo_cut, hi_cut, out)) {
			out->op = form->op;
			out->length = form->length;
			out->unknown[0] = (lo_cut ^ form->expected[0]) & ~form->covered[0];
			out->unknown[1] = (hi_cut ^ form->expected[1]) & ~form->covered[1];
			return form->length;
		}
		if (!data_length)
			data_length = form->length;
	}

	return take_as_data(lo, hi, data_length ? data_length : AGX_ISA_MIN_LENGTH, -EINVAL, out);
}
