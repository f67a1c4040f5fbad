// SPDX-License-Identifier: MIT
/*
 * Format: Khronos Data Format Specification 1.3, chapter "ASTC". One texel is found at a time: of the
 * sequences in a block only the values that it needs are read.
 */
#include <stdbool.h>

#include "astc_ends.h"
#include "astc_sequence.h"
#include "block.h"

#define MAX_PARTITIONS 4
#define MAX_WEIGHTS    64
#define MAX_VALUES     18
#define VOID_EXTENT    0x1fc

/* What the fields of a block say. */
struct astc {
	struct block_bits bits, reversed; /* weights begin at the block's end */
	unsigned int block_width, block_height;

	unsigned int width, height; /* of the grid of weights */
	unsigned int weight_range, weights;
	bool dual; /* two planes of weights, of which one component has the second */
	unsigned int second_component;

	unsigned int partitions, seed;
	uint8_t mode[MAX_PARTITIONS]; /* of the ends */
	unsigned int values_start, values_range, values;
};

static uint64_t reverse(uint64_t word)
{
	word = (word >> 1 & 0x5555555555555555) | (word & 0x5555555555555555) << 1;
	word = (word >> 2 & 0x3333333333333333) | (word & 0x3333333333333333) << 2;
	word = (word >> 4 & 0x0f0f0f0f0f0f0f0f) | (word & 0x0f0f0f0f0f0f0f0f) << 4;
	return __builtin_bswap64(word);
}

static unsigned int get(const struct astc *astc, unsigned int start, unsigned int count)
{
	return block_bits_get(&astc->bits, start, count);
}

/* Size and range of the grid where bits 0 and 1 are not both 0. */
static void read_common_grid(struct astc *astc, unsigned int mode)
{
	const unsigned int a = mode >> 5 & 3, b = mode >> 7 & 3;

	astc->weight_range = (mode & 3) << 1 | (mode >> 4 & 1);
	astc->width = a + 2;
	astc->height = a + 2;
	switch (mode >> 2 & 3) {
	case 0:
		astc->width = b + 4;
		break;
	case 1:
		astc->width = b + 8;
		break;
	case 2:
		astc->height = b + 8;
		break;
	default:
		if (b & 2)
			astc->width = (b & 1) + 2;
		else
			astc->height = (b & 1) + 6;
		break;
	}
}

static bool read_rare_grid(struct astc *astc, unsigned int mode)
{
	const unsigned int a = mode >> 5 & 3;

	if (!(mode >> 2 & 3))
		return false;
	astc->weight_range = (mode >> 1 & 6) | (mode >> 4 & 1);
	astc->width = astc->height = a + 2;
	switch (mode >> 7 & 3) {
	case 0:
		astc->width = 12;
		return true;
	case 1:
		astc->height = 12;
		return true;
	case 2:
		astc->width = a + 6;
		astc->height = (mode >> 9 & 3) + 6;
		return true;
	default:
		astc->width = a == 0 ? 6 : 10;
		astc->height = a == 0 ? 10 : 6;
		return a < 2;
	}
}

/* Returns the bits that the weights take; 0: illegal. */
static unsigned int read_grid(struct astc *astc)
{
	const unsigned int mode = get(astc, 0, 11);
	unsigned int bits;

	if (mode & 3)
		read_common_grid(astc, mode);
	else if (!read_rare_grid(astc, mode))
		return 0;
	/* The grids of 6x6 and more have neither bit. */
	if (mode & 3 || (mode >> 7 & 3) != 2) {
		astc->dual = mode >> 10 & 1;
		astc->weight_range += 6 * (mode >> 9 & 1);
	}
	astc->weight_range -= 2;
	astc->weights = astc->width * astc->height * (astc->dual ? 2 : 1);
	if (astc->weights > MAX_WEIGHTS || astc->width > astc->block_width ||
	    astc->height > astc->block_height)
		return 0;
	bits = astc_sequence_bits(astc->weight_range, astc->weights);
	return bits >= 24 && bits <= 96 ? bits : 0;
}

/* The modes of the ends. Returns the bits of that which lie before the weights, at end. */
static unsigned int read_modes(struct astc *astc, unsigned int end)
{
	const unsigned int n = astc->partitions;
	unsigned int extra, code;

	if (n == 1) {
		astc->mode[0] = (uint8_t)get(astc, 13, 4);
		return 0;
	}
	code = get(astc, 23, 6);
	if (!(code & 3)) {
		for (unsigned int i = 0; i < n; i++)
			astc->mode[i] = (uint8_t)(code >> 2);
		return 0;
	}
	extra = 3 * n - 4;
	code |= get(astc, end - extra, extra) << 6;
	for (unsigned int i = 0; i < n; i++) {
		const unsigned int class = (code & 3) - 1 + (code >> (2 + i) & 1);

		astc->mode[i] = (uint8_t)(class << 2 | (code >> (2 + n + 2 * i) & 3));
	}
	return extra;
}

/* Where the values of the ends are and which range they have: what the space allows. */
static bool read_values(struct astc *astc, unsigned int end)
{
	unsigned int range = ASTC_RANGES - 1, space;

	for (unsigned int i = 0; i < astc->partitions; i++)
		astc->values += astc_ends_values(astc->mode[i]);
	astc->values_start = astc->partitions == 1 ? 17 : 29;
	if (astc->values > MAX_VALUES || end < astc->values_start)
		return false;
	space = end - astc->values_start;
	if (space < (13 * astc->values + 4) / 5)
		return false;
	while (astc_sequence_bits(range, astc->values) > space)
		range--;
	astc->values_range = range;
	return true;
}

/* False: illegal. */
static bool read_fields(struct astc *astc)
{
	const unsigned int weight_bits = read_grid(astc);
	unsigned int end = 128 - weight_bits;

	if (!weight_bits)
		return false;
	astc->partitions = get(astc, 11, 2) + 1;
	if (astc->dual && astc->partitions == 4)
		return false;
	astc->seed = get(astc, 13, 10) + (astc->partitions - 1) * 1024;
	end -= read_modes(astc, end);
	if (astc->dual) {
		end -= 2;
		astc->second_component = get(astc, end, 2);
	}
	return read_values(astc, end);
}

static uint32_t scatter(uint32_t value)
{
	value ^= value >> 15;
	value *= 0xeede0891; /* (2^4 + 1)(2^7 + 1)(2^17 - 1), negated */
	value ^= value >> 5;
	value += value << 16;
	value ^= value >> 7;
	value ^= value >> 3;
	value ^= value << 6;
	return value ^ value >> 17;
}

static unsigned int find_partition(const struct astc *astc, unsigned int x, unsigned int y)
{
	const unsigned int n = astc->partitions, seed = astc->seed;
	const unsigned int small = astc->block_width * astc->block_height < 31;
	const uint32_t random = scatter(seed);
	const unsigned int tall = n == 3 ? 6 : 5, wide = seed & 2 ? 4 : 5;
	const unsigned int shift[2] = {seed & 1 ? wide : tall, seed & 1 ? tall : wide};
	unsigned int best = 0, most = 0;

	for (unsigned int i = 0; i < n; i++) {
		const unsigned int a = random >> (8 * i) & 15, b = random >> (8 * i + 4) & 15;
		const unsigned int sum = (a * a >> shift[0]) * (x << small) +
					 (b * b >> shift[1]) * (y << small) +
					 (random >> (14 - 4 * i));

		if (i == 0 || (sum & 63) > most) {
			best = i;
			most = sum & 63;
		}
	}
	return best;
}

static struct astc_ends find_ends(const struct astc *astc, unsigned int partition)
{
	const unsigned int count = astc_ends_values(astc->mode[partition]);
	uint8_t values[ASTC_VALUES] = {0};
	unsigned int first = 0;

	for (unsigned int i = 0; i < partition; i++)
		first += astc_ends_values(astc->mode[i]);
	for (unsigned int i = 0; i < count; i++)
		values[i] = astc_sequence_colour(&astc->bits, astc->values_start,
						 astc->values_range, astc->values, first + i);
	return astc_ends_decode(astc->mode[partition], values);
}

/* A texel's place in the grid, in sixteenths. */
static unsigned int grid_place(unsigned int at, unsigned int block, unsigned int grid)
{
	const unsigned int scale = (1024 + block / 2) / (block - 1);

	return (scale * at * (grid - 1) + 32) >> 6;
}

static unsigned int find_weight(const struct astc *astc, unsigned int x, unsigned int y,
				unsigned int plane)
{
	const unsigned int s = grid_place(x, astc->block_width, astc->width);
	const unsigned int t = grid_place(y, astc->block_height, astc->height);
	const unsigned int fs = s & 15, ft = t & 15, both = (fs * ft + 8) >> 4;
	const unsigned int parts[4] = {16 - fs - ft + both, fs - both, ft - both, both};
	const unsigned int first = s / 16 + t / 16 * astc->width;
	unsigned int sum = 8;

	for (unsigned int i = 0; i < 4; i++) {
		unsigned int at = first + (i & 1) + (i & 2 ? astc->width : 0);

		if (!parts[i])
			continue;
		at = astc->dual ? 2 * at + plane : at;
		sum += parts[i] * astc_sequence_weight(&astc->reversed, 0, astc->weight_range,
						       astc->weights, at);
	}
	return sum >> 4;
}

/* Bits of binary16 of a number of the logarithmic kind. */
static uint16_t half_of_logarithm(unsigned int value)
{
	const unsigned int low = value & 0x7ff;
	unsigned int half = value >> 11 << 10;

	if (low < 512)
		half += 3 * low >> 3;
	else if (low < 1536)
		half += (4 * low - 512) >> 3;
	else
		half += (5 * low - 2048) >> 3;
	return (uint16_t)(half < 0x7c00 ? half : 0x7bff);
}

uint16_t agx_half_of_unorm16(uint16_t value)
{
	unsigned int top;

	if (value == 0xffff)
		return 0x3c00;
	if (value < 4) /* denormal: in units of 2^-24 */
		return (uint16_t)(value << 8);
	top = 31 - (unsigned int)__builtin_clz(value);
	/* The exponent of 2^-16 is -1; the bits behind the highest one are cut off. */
	return (uint16_t)((top - 1) << 10 | ((uint32_t)value << 10 >> top & 0x3ff));
}

static void set_error(uint16_t rgba[4], bool high)
{
	rgba[0] = rgba[2] = rgba[3] = high ? 0x3c00 : 0xffff;
	rgba[1] = 0;
}

/* A block of one colour. Coordinates: of the area around the block that has it too. */
static bool read_void_extent(const struct astc *astc, enum agx_astc_range range, uint16_t rgba[4])
{
	const unsigned int s[2] = {get(astc, 12, 13), get(astc, 25, 13)};
	const unsigned int t[2] = {get(astc, 38, 13), get(astc, 51, 13)};
	const bool none = (s[0] & s[1] & t[0] & t[1]) == 0x1fff;
	const bool high = get(astc, 9, 1);

	if (get(astc, 10, 2) != 3 || (!none && (s[0] >= s[1] || t[0] >= t[1])))
		return false;
	if (high && range != AGX_ASTC_HIGH)
		return false;
	for (unsigned int c = 0; c < 4; c++) {
		rgba[c] = (uint16_t)get(astc, 64 + 16 * c, 16);
		if (range == AGX_ASTC_HIGH && !high)
			rgba[c] = agx_half_of_unorm16(rgba[c]);
	}
	return true;
}

static bool find_texel(const struct astc *astc, unsigned int x, unsigned int y,
		       enum agx_astc_range range, uint16_t rgba[4])
{
	const unsigned int partition = astc->partitions == 1 ? 0 : find_partition(astc, x, y);
	const struct astc_ends ends = find_ends(astc, partition);
	const unsigned int weight[2] = {find_weight(astc, x, y, 0),
					astc->dual ? find_weight(astc, x, y, 1) : 0};

	if (ends.high_colour && range != AGX_ASTC_HIGH)
		return false;
	for (unsigned int c = 0; c < 4; c++) {
		const unsigned int w = weight[astc->dual && c == astc->second_component];
		const bool high = c == 3 ? ends.high_alpha : ends.high_colour;
		unsigned int e[2], value;

		for (unsigned int i = 0; i < 2; i++) {
			e[i] = (unsigned int)ends.rgba[i][c];
			if (high)
				e[i] <<= 4;
			else
				e[i] = e[i] << 8 | (range == AGX_ASTC_SRGB ? 0x80 : e[i]);
		}
		value = (e[0] * (64 - w) + e[1] * w + 32) >> 6;
		if (range != AGX_ASTC_HIGH)
			rgba[c] = (uint16_t)value;
		else
			rgba[c] = high ? half_of_logarithm(value)
				       : agx_half_of_unorm16((uint16_t)value);
	}
	return true;
}

void agx_block_astc(const uint8_t *block, unsigned int width, unsigned int height, unsigned int x,
		    unsigned int y, enum agx_astc_range range, uint16_t rgba[4])
{
	struct astc astc = {
		.bits = block_bits_load(block),
		.block_width = width,
		.block_height = height,
	};
	bool legal;

	if (get(&astc, 0, 9) == VOID_EXTENT) {
		legal = read_void_extent(&astc, range, rgba);
	} else {
		astc.reversed.low = reverse(astc.bits.high);
		astc.reversed.high = reverse(astc.bits.low);
		legal = read_fields(&astc) && find_texel(&astc, x, y, range, rgba);
	}
	if (!legal)
		set_error(rgba, range == AGX_ASTC_HIGH);
}
