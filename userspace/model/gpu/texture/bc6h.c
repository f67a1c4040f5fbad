// SPDX-License-Identifier: MIT
/* Format: Khronos Data Format Specification 1.3, chapter "BPTC", section "BC6H". */
#include <stdbool.h>
#include <stddef.h>

#include "block.h"
#include "bptc.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Where bits of the block go: ends of the subsets, four of each component. */
enum end {
	R0,
	R1,
	R2,
	R3,
	G0,
	G1,
	G2,
	G3,
	B0,
	B1,
	B2,
	B3,
};

/* To bits first to last of an end, which may also be the higher one. */
struct run {
	uint8_t end, first, last;
};

struct mode {
	uint8_t subsets; /* 0: no such mode */
	bool differences;
	uint8_t bits, difference_bits[3];
	const struct run *runs;
	size_t count;
};

static const struct run runs_0[] = {
	{G2, 4, 4}, {B2, 4, 4}, {B3, 4, 4}, {R0, 0, 9}, {G0, 0, 9}, {B0, 0, 9}, {R1, 0, 4},
	{G3, 4, 4}, {G2, 0, 3}, {G1, 0, 4}, {B3, 0, 0}, {G3, 0, 3}, {B1, 0, 4}, {B3, 1, 1},
	{B2, 0, 3}, {R2, 0, 4}, {B3, 2, 2}, {R3, 0, 4}, {B3, 3, 3},
};

static const struct run runs_1[] = {
	{G2, 5, 5}, {G3, 4, 4}, {G3, 5, 5}, {R0, 0, 6}, {B3, 0, 0}, {B3, 1, 1},
	{B2, 4, 4}, {G0, 0, 6}, {B2, 5, 5}, {B3, 2, 2}, {G2, 4, 4}, {B0, 0, 6},
	{B3, 3, 3}, {B3, 5, 5}, {B3, 4, 4}, {R1, 0, 5}, {G2, 0, 3}, {G1, 0, 5},
	{G3, 0, 3}, {B1, 0, 5}, {B2, 0, 3}, {R2, 0, 5}, {R3, 0, 5},
};

static const struct run runs_2[] = {
	{R0, 0, 9}, {G0, 0, 9},   {B0, 0, 9}, {R1, 0, 4}, {R0, 10, 10}, {G2, 0, 3},
	{G1, 0, 3}, {G0, 10, 10}, {B3, 0, 0}, {G3, 0, 3}, {B1, 0, 3},   {B0, 10, 10},
	{B3, 1, 1}, {B2, 0, 3},   {R2, 0, 4}, {B3, 2, 2}, {R3, 0, 4},   {B3, 3, 3},
};

static const struct run runs_3[] = {
	{R0, 0, 9}, {G0, 0, 9}, {B0, 0, 9}, {R1, 0, 9}, {G1, 0, 9}, {B1, 0, 9},
};

static const struct run runs_6[] = {
	{R0, 0, 9}, {G0, 0, 9},   {B0, 0, 9}, {R1, 0, 3}, {R0, 10, 10}, {G3, 4, 4}, {G2, 0, 3},
	{G1, 0, 4}, {G0, 10, 10}, {G3, 0, 3}, {B1, 0, 3}, {B0, 10, 10}, {B3, 1, 1}, {B2, 0, 3},
	{R2, 0, 3}, {B3, 0, 0},   {B3, 2, 2}, {R3, 0, 3}, {G2, 4, 4},   {B3, 3, 3},
};

static const struct run runs_7[] = {
	{R0, 0, 9}, {G0, 0, 9},   {B0, 0, 9}, {R1, 0, 8},   {R0, 10, 10},
	{G1, 0, 8}, {G0, 10, 10}, {B1, 0, 8}, {B0, 10, 10},
};

static const struct run runs_10[] = {
	{R0, 0, 9}, {G0, 0, 9},   {B0, 0, 9}, {R1, 0, 3}, {R0, 10, 10}, {B2, 4, 4},   {G2, 0, 3},
	{G1, 0, 3}, {G0, 10, 10}, {B3, 0, 0}, {G3, 0, 3}, {B1, 0, 4},   {B0, 10, 10}, {B2, 0, 3},
	{R2, 0, 3}, {B3, 1, 1},   {B3, 2, 2}, {R3, 0, 3}, {B3, 4, 4},   {B3, 3, 3},
};

static const struct run runs_11[] = {
	{R0, 0, 9}, {G0, 0, 9},   {B0, 0, 9}, {R1, 0, 7},   {R0, 11, 10},
	{G1, 0, 7}, {G0, 11, 10}, {B1, 0, 7}, {B0, 11, 10},
};

static const struct run runs_14[] = {
	{R0, 0, 8}, {B2, 4, 4}, {G0, 0, 8}, {G2, 4, 4}, {B0, 0, 8}, {B3, 4, 4}, {R1, 0, 4},
	{G3, 4, 4}, {G2, 0, 3}, {G1, 0, 4}, {B3, 0, 0}, {G3, 0, 3}, {B1, 0, 4}, {B3, 1, 1},
	{B2, 0, 3}, {R2, 0, 4}, {B3, 2, 2}, {R3, 0, 4}, {B3, 3, 3},
};

static const struct run runs_15[] = {
	{R0, 0, 9}, {G0, 0, 9},   {B0, 0, 9}, {R1, 0, 3},   {R0, 15, 10},
	{G1, 0, 3}, {G0, 15, 10}, {B1, 0, 3}, {B0, 15, 10},
};

static const struct run runs_18[] = {
	{R0, 0, 7}, {G3, 4, 4}, {B2, 4, 4}, {G0, 0, 7}, {B3, 2, 2}, {G2, 4, 4}, {B0, 0, 7},
	{B3, 3, 3}, {B3, 4, 4}, {R1, 0, 5}, {G2, 0, 3}, {G1, 0, 4}, {B3, 0, 0}, {G3, 0, 3},
	{B1, 0, 4}, {B3, 1, 1}, {B2, 0, 3}, {R2, 0, 5}, {R3, 0, 5},
};

static const struct run runs_22[] = {
	{R0, 0, 7}, {B3, 0, 0}, {B2, 4, 4}, {G0, 0, 7}, {G2, 5, 5}, {G2, 4, 4}, {B0, 0, 7},
	{G3, 5, 5}, {B3, 4, 4}, {R1, 0, 4}, {G3, 4, 4}, {G2, 0, 3}, {G1, 0, 5}, {G3, 0, 3},
	{B1, 0, 4}, {B3, 1, 1}, {B2, 0, 3}, {R2, 0, 4}, {B3, 2, 2}, {R3, 0, 4}, {B3, 3, 3},
};

static const struct run runs_26[] = {
	{R0, 0, 7}, {B3, 1, 1}, {B2, 4, 4}, {G0, 0, 7}, {B2, 5, 5}, {G2, 4, 4}, {B0, 0, 7},
	{B3, 5, 5}, {B3, 4, 4}, {R1, 0, 4}, {G3, 4, 4}, {G2, 0, 3}, {G1, 0, 4}, {B3, 0, 0},
	{G3, 0, 3}, {B1, 0, 5}, {B2, 0, 3}, {R2, 0, 4}, {B3, 2, 2}, {R3, 0, 4}, {B3, 3, 3},
};

static const struct run runs_30[] = {
	{R0, 0, 5}, {G3, 4, 4}, {B3, 0, 0}, {B3, 1, 1}, {B2, 4, 4}, {G0, 0, 5},
	{G2, 5, 5}, {B2, 5, 5}, {B3, 2, 2}, {G2, 4, 4}, {B0, 0, 5}, {G3, 5, 5},
	{B3, 3, 3}, {B3, 5, 5}, {B3, 4, 4}, {R1, 0, 5}, {G2, 0, 3}, {G1, 0, 5},
	{G3, 0, 3}, {B1, 0, 5}, {B2, 0, 3}, {R2, 0, 5}, {R3, 0, 5},
};

static const struct mode modes[32] = {
	[0] = {2, true, 10, {5, 5, 5}, runs_0, COUNT(runs_0)},
	[1] = {2, true, 7, {6, 6, 6}, runs_1, COUNT(runs_1)},
	[2] = {2, true, 11, {5, 4, 4}, runs_2, COUNT(runs_2)},
	[3] = {1, false, 10, {10, 10, 10}, runs_3, COUNT(runs_3)},
	[6] = {2, true, 11, {4, 5, 4}, runs_6, COUNT(runs_6)},
	[7] = {1, true, 11, {9, 9, 9}, runs_7, COUNT(runs_7)},
	[10] = {2, true, 11, {4, 4, 5}, runs_10, COUNT(runs_10)},
	[11] = {1, true, 12, {8, 8, 8}, runs_11, COUNT(runs_11)},
	[14] = {2, true, 9, {5, 5, 5}, runs_14, COUNT(runs_14)},
	[15] = {1, true, 16, {4, 4, 4}, runs_15, COUNT(runs_15)},
	[18] = {2, true, 8, {6, 5, 5}, runs_18, COUNT(runs_18)},
	[22] = {2, true, 8, {5, 6, 5}, runs_22, COUNT(runs_22)},
	[26] = {2, true, 8, {5, 5, 6}, runs_26, COUNT(runs_26)},
	[30] = {2, false, 6, {6, 6, 6}, runs_30, COUNT(runs_30)},
};

static uint32_t reverse(uint32_t value, unsigned int count)
{
	uint32_t result = 0;

	for (unsigned int i = 0; i < count; i++)
		result |= (value >> i & 1) << (count - 1 - i);
	return result;
}

static void read_ends(const struct block_bits *bits, const struct mode *mode, unsigned int start,
		      uint32_t ends[12])
{
	for (size_t i = 0; i < mode->count; i++) {
		const struct run *run = &mode->runs[i];
		const bool down = run->first > run->last;
		const unsigned int low = down ? run->last : run->first;
		const unsigned int count = (down ? run->first : run->last) - low + 1u;
		const uint32_t value = block_bits_get(bits, start, count);

		ends[run->end] |= (down ? reverse(value, count) : value) << low;
		start += count;
	}
}

static int32_t sign_extend(uint32_t value, unsigned int bits)
{
	const uint32_t sign = 1u << (bits - 1);

	return (int32_t)((value ^ sign) - sign);
}

/* An end as a number of mode->bits bits. */
static int32_t find_end(const struct mode *mode, const uint32_t ends[12], unsigned int component,
			unsigned int end, bool is_signed)
{
	uint32_t value = ends[4 * component + end];

	if (mode->differences && end) {
		value = (uint32_t)sign_extend(value, mode->difference_bits[component]);
		value += ends[4 * component];
	}
	value &= (1u << mode->bits) - 1;
	return is_signed ? sign_extend(value, mode->bits) : (int32_t)value;
}

static int32_t widen_unsigned(int32_t value, unsigned int bits)
{
	if (bits >= 15 || value == 0)
		return value;
	if (value == (1 << bits) - 1)
		return 0xffff;
	return ((value << 15) + 0x4000) >> (bits - 1);
}

static int32_t widen_signed(int32_t value, unsigned int bits)
{
	const int32_t magnitude = value < 0 ? -value : value;
	int32_t wide;

	if (bits >= 16 || value == 0)
		return value;
	if (magnitude >= (1 << (bits - 1)) - 1)
		wide = 0x7fff;
	else
		wide = ((magnitude << 15) + 0x4000) >> (bits - 1);
	return value < 0 ? -wide : wide;
}

static uint16_t half_of(int32_t value, bool is_signed)
{
	if (!is_signed)
		return (uint16_t)(value * 31 >> 6);
	if (value < 0)
		return (uint16_t)(0x8000 | -value * 31 >> 5);
	return (uint16_t)(value * 31 >> 5);
}

void agx_block_bc6h(const uint8_t *block, unsigned int x, unsigned int y, bool is_signed,
		    uint16_t rgb[3])
{
	const struct block_bits bits = block_bits_load(block);
	const unsigned int texel = 4 * y + x;
	const unsigned int mode_bits = block[0] & 2 ? 5 : 2;
	const struct mode *mode = &modes[block_bits_get(&bits, 0, mode_bits)];
	const bool two = mode->subsets == 2;
	const unsigned int partition = two ? block_bits_get(&bits, 77, 5) : 0;
	const unsigned int width = two ? 3 : 4;
	uint32_t ends[12] = {0};
	unsigned int subset, index;

	rgb[0] = rgb[1] = rgb[2] = 0;
	if (!mode->subsets)
		return;
	read_ends(&bits, mode, mode_bits, ends);
	subset = bptc_subset(mode->subsets, partition, texel);
	index = bptc_index(&bits, two ? 82 : 65, width, mode->subsets, partition, texel);
	for (unsigned int c = 0; c < 3; c++) {
		int32_t pair[2];

		for (unsigned int e = 0; e < 2; e++) {
			pair[e] = find_end(mode, ends, c, 2 * subset + e, is_signed);
			pair[e] = is_signed ? widen_signed(pair[e], mode->bits)
					    : widen_unsigned(pair[e], mode->bits);
		}
		rgb[c] = half_of(bptc_mix(pair[0], pair[1], width, index), is_signed);
	}
}
