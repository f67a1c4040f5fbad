// SPDX-License-Identifier: MIT
/*
 * Formats: Khronos Data Format Specification 1.3, chapters "S3TC", "RGTC", "ETC1", "ETC2".
 */
#include "block.h"

static uint32_t le32(const uint8_t *bytes)
{
	return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static uint32_t be32(const uint8_t *bytes)
{
	return bytes[3] | bytes[2] << 8 | bytes[1] << 16 | (uint32_t)bytes[0] << 24;
}

/* Colours of BC1 to BC3. three: the block may have the palette of three colours and transparent black. */
static void bc_colour(const uint8_t *block, unsigned int x, unsigned int y, bool three,
		      struct agx_ratio rgba[4])
{
	static const uint8_t shifts[] = {11, 5, 0}, maxima[] = {31, 63, 31};
	const uint32_t ends = le32(block);
	const uint32_t first = ends & 0xffff, second = ends >> 16;
	const unsigned int code = le32(block + 4) >> (2 * (4 * y + x)) & 3;
	int32_t w0, w1, parts;

	three = three && first <= second;
	rgba[3] = (struct agx_ratio){1, 1};
	if (three && code == 3) {
		for (unsigned int c = 0; c < 4; c++)
			rgba[c] = (struct agx_ratio){0, 1};
		return;
	}
	if (code < 2) {
		parts = 1;
		w1 = (int32_t)code;
	} else if (three) {
		parts = 2;
		w1 = 1;
	} else {
		parts = 3;
		w1 = (int32_t)code - 1;
	}
	w0 = parts - w1;
	for (unsigned int c = 0; c < 3; c++) {
		const int32_t a = (int32_t)(first >> shifts[c] & maxima[c]);
		const int32_t b = (int32_t)(second >> shifts[c] & maxima[c]);

		rgba[c] = (struct agx_ratio){w0 * a + w1 * b, parts * maxima[c]};
	}
}

void agx_block_bc1(const uint8_t *block, unsigned int x, unsigned int y, struct agx_ratio rgba[4])
{
	bc_colour(block, x, y, true, rgba);
}

void agx_block_bc2(const uint8_t *block, unsigned int x, unsigned int y, struct agx_ratio rgba[4])
{
	const unsigned int alpha = block[2 * y + x / 2] >> (4 * (x & 1)) & 15;

	bc_colour(block + 8, x, y, false, rgba);
	rgba[3] = (struct agx_ratio){(int32_t)alpha, 15};
}

struct agx_ratio agx_block_bc4(const uint8_t *block, unsigned int x, unsigned int y, bool is_signed)
{
	const uint64_t bits = le32(block) >> 16 | (uint64_t)le32(block + 4) << 16;
	const int32_t code = (int32_t)(bits >> (3 * (4 * y + x)) & 7);
	const int32_t max = is_signed ? 127 : 255;
	int32_t a = is_signed ? (int8_t)block[0] : block[0];
	int32_t b = is_signed ? (int8_t)block[1] : block[1];
	const bool eight = a > b;
	const int32_t parts = eight ? 7 : 5;

	a = a < -max ? -max : a;
	b = b < -max ? -max : b;
	if (code < 2)
		return (struct agx_ratio){code ? b : a, max};
	if (!eight && code >= 6)
		return (struct agx_ratio){code == 7 ? max : is_signed ? -max : 0, max};
	return (struct agx_ratio){(parts - (code - 1)) * a + (code - 1) * b, parts * max};
}

void agx_block_bc3(const uint8_t *block, unsigned int x, unsigned int y, struct agx_ratio rgba[4])
{
	bc_colour(block + 8, x, y, false, rgba);
	rgba[3] = agx_block_bc4(block, x, y, false);
}

static int32_t clamp(int32_t value, int32_t low, int32_t high)
{
	return value < low ? low : value > high ? high : value;
}

static const int16_t etc_steps[8][2] = {
	{2, 8}, {5, 17}, {9, 29}, {13, 42}, {18, 60}, {24, 80}, {33, 106}, {47, 183},
};

static const uint8_t etc_distances[8] = {3, 6, 11, 16, 23, 32, 41, 64};

static int32_t bits_of(uint32_t word, unsigned int start, unsigned int count)
{
	return (int32_t)(word >> start & ((1u << count) - 1));
}

static int32_t widen4(int32_t v)
{
	return v * 17;
}

static int32_t widen5(int32_t v)
{
	return v << 3 | v >> 2;
}

static int32_t widen6(int32_t v)
{
	return v << 2 | v >> 4;
}

static int32_t widen7(int32_t v)
{
	return v << 1 | v >> 6;
}

static int32_t signed3(int32_t v)
{
	return v < 4 ? v : v - 8;
}

static void set_rgb(struct agx_ratio rgba[4], const int32_t rgb[3])
{
	for (unsigned int c = 0; c < 3; c++)
		rgba[c] = (struct agx_ratio){clamp(rgb[c], 0, 255), 255};
}

/* The modes T and H: paint colours, two of them a distance apart. Value 4 * msb + lsb selects. */
static void etc_paint(const int32_t a[3], const int32_t b[3], int32_t distance, bool h,
		      unsigned int code, struct agx_ratio rgba[4])
{
	int32_t rgb[3];

	for (unsigned int c = 0; c < 3; c++) {
		if (h)
			rgb[c] = (code < 2 ? a[c] : b[c]) + (code & 1 ? -distance : distance);
		else if (code == 0)
			rgb[c] = a[c];
		else
			rgb[c] = b[c] + (code == 1 ? distance : code == 3 ? -distance : 0);
	}
	set_rgb(rgba, rgb);
}

static void etc_t(uint32_t high, unsigned int code, struct agx_ratio rgba[4])
{
	const int32_t a[3] = {
		widen4(bits_of(high, 27, 2) << 2 | bits_of(high, 24, 2)),
		widen4(bits_of(high, 20, 4)),
		widen4(bits_of(high, 16, 4)),
	};
	const int32_t b[3] = {
		widen4(bits_of(high, 12, 4)),
		widen4(bits_of(high, 8, 4)),
		widen4(bits_of(high, 4, 4)),
	};
	const int32_t index = bits_of(high, 2, 2) << 1 | bits_of(high, 0, 1);

	etc_paint(a, b, etc_distances[index], false, code, rgba);
}

static void etc_h(uint32_t high, unsigned int code, struct agx_ratio rgba[4])
{
	const int32_t a4[3] = {
		bits_of(high, 27, 4),
		bits_of(high, 24, 3) << 1 | bits_of(high, 20, 1),
		bits_of(high, 19, 1) << 3 | bits_of(high, 15, 3),
	};
	const int32_t b4[3] = {
		bits_of(high, 11, 4),
		bits_of(high, 7, 4),
		bits_of(high, 3, 4),
	};
	const int32_t first = a4[0] << 8 | a4[1] << 4 | a4[2];
	const int32_t second = b4[0] << 8 | b4[1] << 4 | b4[2];
	const int32_t index =
		bits_of(high, 2, 1) << 2 | bits_of(high, 0, 1) << 1 | (first >= second);
	int32_t a[3], b[3];

	for (unsigned int c = 0; c < 3; c++) {
		a[c] = widen4(a4[c]);
		b[c] = widen4(b4[c]);
	}
	etc_paint(a, b, etc_distances[index], true, code, rgba);
}

static void etc_planar(uint32_t high, uint32_t low, unsigned int x, unsigned int y,
		       struct agx_ratio rgba[4])
{
	const int32_t o[3] = {
		widen6(bits_of(high, 25, 6)),
		widen7(bits_of(high, 24, 1) << 6 | bits_of(high, 17, 6)),
		widen6(bits_of(high, 16, 1) << 5 | bits_of(high, 11, 2) << 3 | bits_of(high, 7, 3)),
	};
	const int32_t h[3] = {
		widen6(bits_of(high, 2, 5) << 1 | bits_of(high, 0, 1)),
		widen7(bits_of(low, 25, 7)),
		widen6(bits_of(low, 19, 6)),
	};
	const int32_t v[3] = {
		widen6(bits_of(low, 13, 6)),
		widen7(bits_of(low, 6, 7)),
		widen6(bits_of(low, 0, 6)),
	};
	int32_t rgb[3];

	for (unsigned int c = 0; c < 3; c++)
		rgb[c] = ((int32_t)x * (h[c] - o[c]) + (int32_t)y * (v[c] - o[c]) + 4 * o[c] + 2) >>
			 2;
	set_rgb(rgba, rgb);
}

void agx_block_etc2(const uint8_t *block, unsigned int x, unsigned int y, bool punch_through,
		    struct agx_ratio rgba[4])
{
	const uint32_t high = be32(block), low = be32(block + 4);
	const unsigned int texel = 4 * x + y;
	const unsigned int code = (low >> (16 + texel) & 1) << 1 | (low >> texel & 1);
	const bool bit = high >> 1 & 1; /* differences; punch_through: all is opaque */
	const bool clear = punch_through && !bit;
	const bool second = high & 1 ? y >= 2 : x >= 2;
	const unsigned int table = high >> (second ? 2 : 5) & 7;
	int32_t base[3], step;

	rgba[3] = (struct agx_ratio){1, 1};
	if (clear && code == 2) {
		/* T, H and the others alike; the planar mode has no codes, see below. */
		for (unsigned int c = 0; c < 4; c++)
			rgba[c] = (struct agx_ratio){0, 1};
	}
	for (unsigned int c = 0; c < 3; c++) {
		const unsigned int at = 24 - 8 * c;
		const int32_t five = bits_of(high, at + 3, 5);
		const int32_t sum = five + signed3(bits_of(high, at, 3));

		if (!bit && !punch_through) {
			base[c] = widen4(bits_of(high, at + (second ? 0 : 4), 4));
			continue;
		}
		if (sum < 0 || sum > 31) {
			if (c == 2) {
				rgba[3] = (struct agx_ratio){1, 1};
				etc_planar(high, low, x, y, rgba);
			} else if (clear && code == 2) {
				return;
			} else if (c == 0) {
				etc_t(high, code, rgba);
			} else {
				etc_h(high, code, rgba);
			}
			return;
		}
		base[c] = widen5(second ? sum : five);
	}
	if (clear && code == 2)
		return;
	step = etc_steps[table][code & 1];
	if (clear && !(code & 1))
		step = 0;
	for (unsigned int c = 0; c < 3; c++)
		base[c] += code & 2 ? -step : step;
	set_rgb(rgba, base);
}

static const int8_t eac_modifiers[16][8] = {
	{-3, -6, -9, -15, 2, 5, 8, 14}, {-3, -7, -10, -13, 2, 6, 9, 12},
	{-2, -5, -8, -13, 1, 4, 7, 12}, {-2, -4, -6, -13, 1, 3, 5, 12},
	{-3, -6, -8, -12, 2, 5, 7, 11}, {-3, -7, -9, -11, 2, 6, 8, 10},
	{-4, -7, -8, -11, 3, 6, 7, 10}, {-3, -5, -8, -11, 2, 4, 7, 10},
	{-2, -6, -8, -10, 1, 5, 7, 9},  {-2, -5, -8, -10, 1, 4, 7, 9},
	{-2, -4, -8, -10, 1, 3, 7, 9},  {-2, -5, -7, -10, 1, 4, 6, 9},
	{-3, -4, -7, -10, 2, 3, 6, 9},  {-1, -2, -3, -10, 0, 1, 2, 9},
	{-4, -6, -8, -9, 3, 5, 7, 8},   {-3, -5, -7, -9, 2, 4, 6, 8},
};

static int32_t eac_modifier(const uint8_t *block, unsigned int x, unsigned int y)
{
	const uint64_t bits = (uint64_t)be32(block) << 32 | be32(block + 4);

	return eac_modifiers[block[1] & 15][bits >> (45 - 3 * (4 * x + y)) & 7];
}

struct agx_ratio agx_block_eac_alpha(const uint8_t *block, unsigned int x, unsigned int y)
{
	const int32_t value = block[0] + eac_modifier(block, x, y) * (block[1] >> 4);

	return (struct agx_ratio){clamp(value, 0, 255), 255};
}

struct agx_ratio agx_block_eac(const uint8_t *block, unsigned int x, unsigned int y, bool is_signed)
{
	const int32_t multiplier = block[1] >> 4;
	const int32_t modifier = eac_modifier(block, x, y) * (multiplier ? 8 * multiplier : 1);
	int32_t base = (int8_t)block[0];

	if (!is_signed)
		return (struct agx_ratio){clamp(8 * block[0] + 4 + modifier, 0, 2047), 2047};
	base = base < -127 ? -127 : base;
	return (struct agx_ratio){clamp(8 * base + modifier, -1023, 1023), 1023};
}
