// SPDX-License-Identifier: MIT
/*
 * Format: Khronos Data Format Specification 1.3, chapter "ASTC", sections "Integer Sequence Encoding" and
 * those on unquantization.
 */
#include "astc_sequence.h"

#include <stdbool.h>

static const struct range {
	uint8_t digit; /* 3 or 5: values of a digit besides the bits; 1: none */
	uint8_t bits;
} ranges[ASTC_RANGES] = {
	{1, 1}, {3, 0}, {1, 2}, {5, 0}, {3, 1}, {1, 3}, {5, 1}, {3, 2}, {1, 4}, {5, 2}, {3, 3},
	{1, 5}, {5, 3}, {3, 4}, {1, 6}, {5, 4}, {3, 5}, {1, 7}, {5, 5}, {3, 6}, {1, 8},
};

struct value {
	unsigned int digit, bits;
};

unsigned int astc_sequence_bits(unsigned int range, unsigned int count)
{
	const unsigned int bits = ranges[range].bits * count;

	if (ranges[range].digit == 3)
		return bits + (8 * count + 4) / 5;
	if (ranges[range].digit == 5)
		return bits + (7 * count + 2) / 3;
	return bits;
}

/* Bits of a part of the block: what lies behind its end counts as 0. */
static uint32_t take(const struct block_bits *bits, unsigned int start, unsigned int count,
		     unsigned int end)
{
	if (start >= end)
		return 0;
	return block_bits_get(bits, start, count < end - start ? count : end - start);
}

/* Digit number index of the five that packed has. */
static unsigned int digit_of_three(unsigned int packed, unsigned int index)
{
	unsigned int digits[5], c;

	if ((packed >> 2 & 7) == 7) {
		c = (packed >> 3 & 0x1c) | (packed & 3);
		digits[4] = digits[3] = 2;
	} else {
		c = packed & 0x1f;
		if ((packed >> 5 & 3) == 3) {
			digits[4] = 2;
			digits[3] = packed >> 7;
		} else {
			digits[4] = packed >> 7;
			digits[3] = packed >> 5 & 3;
		}
	}
	if ((c & 3) == 3) {
		digits[2] = 2;
		digits[1] = c >> 4;
		digits[0] = (c >> 2 & 2) | (c >> 2 & ~(c >> 3) & 1);
	} else if ((c >> 2 & 3) == 3) {
		digits[2] = digits[1] = 2;
		digits[0] = c & 3;
	} else {
		digits[2] = c >> 4;
		digits[1] = c >> 2 & 3;
		digits[0] = (c & 2) | (c & ~(c >> 1) & 1);
	}
	return digits[index];
}

static unsigned int digit_of_five(unsigned int packed, unsigned int index)
{
	unsigned int digits[3], c;

	if ((packed >> 1 & 3) == 3 && packed >> 5 == 0) {
		const unsigned int low = packed & 1;

		digits[2] = low << 2 | (packed >> 4 & ~low & 1) << 1 | (packed >> 3 & ~low & 1);
		digits[1] = digits[0] = 4;
		return digits[index];
	}
	if ((packed >> 1 & 3) == 3) {
		digits[2] = 4;
		c = (packed & 0x18) | (~packed >> 5 & 3) << 1 | (packed & 1);
	} else {
		digits[2] = packed >> 5;
		c = packed & 0x1f;
	}
	if ((c & 7) == 5) {
		digits[1] = 4;
		digits[0] = c >> 3;
	} else {
		digits[1] = c >> 3;
		digits[0] = c & 7;
	}
	return digits[index];
}

static struct value read_value(const struct block_bits *bits, unsigned int start,
			       unsigned int range, unsigned int count, unsigned int index)
{
	/* Behind each value's bits a piece of the group's digits: where in them the pieces begin. */
	static const uint8_t threes[6] = {0, 2, 4, 5, 7, 8}, fives[4] = {0, 3, 5, 7};
	const unsigned int width = ranges[range].bits, digit = ranges[range].digit;
	const unsigned int end = start + astc_sequence_bits(range, count);
	const unsigned int group = digit == 3 ? 5 : 3;
	const uint8_t *pieces = digit == 3 ? threes : fives;
	unsigned int packed = 0, inside;
	struct value value = {0, 0};

	if (digit == 1) {
		value.bits = take(bits, start + index * width, width, end);
		return value;
	}
	start += index / group * (group * width + pieces[group]);
	inside = index % group;
	value.bits = take(bits, start + inside * width + pieces[inside], width, end);
	for (unsigned int i = 0; i < group; i++)
		packed |= take(bits, start + (i + 1) * width + pieces[i], pieces[i + 1] - pieces[i],
			       end)
			  << pieces[i];
	value.digit = digit == 3 ? digit_of_three(packed, inside) : digit_of_five(packed, inside);
	return value;
}

/* Repeats bits from the top of a number of so many bits on. */
static unsigned int repeat(unsigned int bits, unsigned int width, unsigned int to)
{
	unsigned int value = 0;

	for (int shift = (int)(to - width); shift > -(int)width; shift -= (int)width)
		value |= shift >= 0 ? bits << shift : bits >> -shift;
	return value;
}

/* Digit times a step plus the upper bits spread out; the lowest bit turns all of it round. */
static unsigned int spread(struct value value, unsigned int step, unsigned int upper,
			   unsigned int width)
{
	const unsigned int turn = value.bits & 1 ? (1u << width) - 1 : 0;
	const unsigned int sum = (value.digit * step + upper) ^ turn;

	return (turn & 1u << (width - 2)) | sum >> 2;
}

uint8_t astc_sequence_weight(const struct block_bits *bits, unsigned int start, unsigned int range,
			     unsigned int count, unsigned int index)
{
	static const uint8_t of_three[3] = {0, 32, 63}, of_five[5] = {0, 16, 32, 47, 63};
	const struct value value = read_value(bits, start, range, count, index);
	const unsigned int upper = value.bits >> 1;
	const bool three = ranges[range].digit == 3;
	unsigned int weight;

	if (ranges[range].digit == 1)
		weight = repeat(value.bits, ranges[range].bits, 6);
	else if (ranges[range].bits == 0)
		weight = three ? of_three[value.digit] : of_five[value.digit];
	else if (ranges[range].bits == 1)
		weight = spread(value, three ? 50 : 28, 0, 7);
	else if (ranges[range].bits == 2)
		weight = spread(value, three ? 23 : 13, upper * (three ? 0x45 : 0x42), 7);
	else
		weight = spread(value, 11, upper << 5 | upper, 7);
	return (uint8_t)(weight > 32 ? weight + 1 : weight);
}

uint8_t astc_sequence_colour(const struct block_bits *bits, unsigned int start, unsigned int range,
			     unsigned int count, unsigned int index)
{
	static const uint8_t steps_of_three[7] = {0, 204, 93, 44, 22, 11, 5};
	static const uint8_t steps_of_five[6] = {0, 113, 54, 26, 13, 6};
	const struct value value = read_value(bits, start, range, count, index);
	const unsigned int width = ranges[range].bits, x = value.bits >> 1;
	const bool three = ranges[range].digit == 3;
	unsigned int upper;

	if (ranges[range].digit == 1)
		return (uint8_t)repeat(value.bits, width, 8);
	switch (width) {
	case 1:
		upper = 0;
		break;
	case 2:
		upper = x * (three ? 0x116 : 0x10c);
		break;
	case 3:
		upper = three ? x << 7 | x << 2 | x : x << 7 | x << 1 | x >> 1;
		break;
	case 4:
		upper = x << 6 | (three ? x : x >> 1);
		break;
	case 5:
		upper = x << 5 | (three ? x >> 2 : x >> 3);
		break;
	default:
		upper = x << 4 | x >> 4;
		break;
	}
	return (uint8_t)spread(value, three ? steps_of_three[width] : steps_of_five[width], upper,
			       9);
}
