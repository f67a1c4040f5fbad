// SPDX-License-Identifier: MIT
/* Modes: Khronos Data Format Specification 1.3, chapter "ASTC", section "Color Endpoint Decoding". */
#include "astc_ends.h"

#define ONE_HIGH 0x780 /* 1.0 of high dynamic range */

static int32_t clamp(int32_t value, int32_t high)
{
	return value < 0 ? 0 : value > high ? high : value;
}

static void set(int32_t rgba[4], int32_t r, int32_t g, int32_t b, int32_t a)
{
	rgba[0] = r;
	rgba[1] = g;
	rgba[2] = b;
	rgba[3] = a;
}

/* Red and green of a bluish end are stored as their distance from blue. */
static void contract(int32_t rgba[4])
{
	rgba[0] = (rgba[0] + rgba[2]) >> 1;
	rgba[1] = (rgba[1] + rgba[2]) >> 1;
}

static void swap(int32_t a[4], int32_t b[4])
{
	for (unsigned int c = 0; c < 4; c++) {
		const int32_t old = a[c];

		a[c] = b[c];
		b[c] = old;
	}
}

/* Pairs of values, of which the second is a difference with a sign whose top bit is the first's. */
static void transfer(const uint8_t *pair, int32_t *base, int32_t *difference)
{
	*base = pair[0] >> 1 | (pair[1] & 0x80);
	*difference = (pair[1] >> 1 & 0x3f) - ((pair[1] & 0x40) ? 0x40 : 0);
}

static void luminance(unsigned int mode, const uint8_t *v, int32_t e[2][4])
{
	int32_t low = v[0], high = v[1];

	if (mode == 1) {
		low = v[0] >> 2 | (v[1] & 0xc0);
		high = clamp(low + (v[1] & 0x3f), 0xff);
	}
	set(e[0], low, low, low, 0xff);
	set(e[1], high, high, high, 0xff);
}

static void luminance_alpha(unsigned int mode, const uint8_t *v, int32_t e[2][4])
{
	int32_t base[2], difference[2];

	if (mode == 4) {
		set(e[0], v[0], v[0], v[0], v[2]);
		set(e[1], v[1], v[1], v[1], v[3]);
		return;
	}
	transfer(v, &base[0], &difference[0]);
	transfer(v + 2, &base[1], &difference[1]);
	set(e[0], base[0], base[0], base[0], base[1]);
	base[0] += difference[0];
	base[1] += difference[1];
	set(e[1], base[0], base[0], base[0], base[1]);
}

static void scaled(unsigned int mode, const uint8_t *v, int32_t e[2][4])
{
	set(e[1], v[0], v[1], v[2], mode == 6 ? 0xff : v[5]);
	for (unsigned int c = 0; c < 3; c++)
		e[0][c] = v[c] * v[3] >> 8;
	e[0][3] = mode == 6 ? 0xff : v[4];
}

static void direct(unsigned int mode, const uint8_t *v, int32_t e[2][4])
{
	const int32_t sums[2] = {v[0] + v[2] + v[4], v[1] + v[3] + v[5]};

	for (unsigned int i = 0; i < 2; i++)
		set(e[i], v[i], v[2 + i], v[4 + i], mode == 8 ? 0xff : v[6 + i]);
	if (sums[1] >= sums[0])
		return;
	swap(e[0], e[1]);
	contract(e[0]);
	contract(e[1]);
}

static void base_difference(unsigned int mode, const uint8_t *v, int32_t e[2][4])
{
	const unsigned int count = mode == 9 ? 3 : 4;
	int32_t sum = 0;

	e[0][3] = e[1][3] = 0xff;
	for (unsigned int c = 0; c < count; c++) {
		int32_t difference;

		transfer(v + 2 * c, &e[0][c], &difference);
		e[1][c] = e[0][c] + difference;
		sum += c < 3 ? difference : 0;
	}
	if (sum >= 0)
		return;
	swap(e[0], e[1]);
	contract(e[0]);
	contract(e[1]);
}

static void high_luminance(unsigned int mode, const uint8_t *v, int32_t e[2][4])
{
	int32_t low, high;

	if (mode == 2) {
		const bool falls = v[1] < v[0];

		low = falls ? v[1] * 16 + 8 : v[0] * 16;
		high = falls ? v[0] * 16 - 8 : v[1] * 16;
	} else if (v[0] & 0x80) {
		low = (v[1] & 0xe0) << 4 | (v[0] & 0x7f) << 2;
		high = low + ((v[1] & 0x1f) << 2);
	} else {
		low = (v[1] & 0xf0) << 4 | (v[0] & 0x7f) << 1;
		high = low + ((v[1] & 0x0f) << 1);
	}
	high = clamp(high, 0xfff);
	set(e[0], low, low, low, ONE_HIGH);
	set(e[1], high, high, high, ONE_HIGH);
}

/* Bit i of a number that bit x of extra is: where[x] is 0 or names the number and i. */
#define TO(number, bit) ((number) << 4 | (bit))

static void place(const uint8_t *where, unsigned int count, unsigned int extra, int32_t *numbers)
{
	for (unsigned int x = 0; x < count; x++)
		numbers[where[x] >> 4] |= (int32_t)((extra >> x & 1) << (where[x] & 15));
}

static void exchange_red(int32_t rgba[4], unsigned int major)
{
	const int32_t red = rgba[0];

	rgba[0] = rgba[major];
	rgba[major] = red;
}

/* Red, green, blue and a scale; extra bits by mode. */
static void high_scaled(const uint8_t *v, int32_t e[2][4])
{
	enum {
		R,
		G,
		B,
		S
	};
	static const uint8_t extra_bits[6][7] = {
		{TO(R, 9), TO(R, 8), TO(R, 7), TO(R, 10), TO(R, 6), TO(S, 6), TO(S, 5)},
		{TO(R, 8), TO(G, 5), TO(R, 7), TO(B, 5), TO(R, 6), TO(R, 10), TO(R, 9)},
		{TO(R, 9), TO(R, 8), TO(R, 7), TO(R, 6), TO(S, 7), TO(S, 6), TO(S, 5)},
		{TO(R, 8), TO(G, 5), TO(R, 7), TO(B, 5), TO(R, 6), TO(S, 6), TO(S, 5)},
		{TO(G, 6), TO(G, 5), TO(B, 6), TO(B, 5), TO(R, 6), TO(R, 7), TO(S, 5)},
		{TO(G, 6), TO(G, 5), TO(B, 6), TO(B, 5), TO(R, 6), TO(S, 6), TO(S, 5)},
	};
	static const uint8_t shifts[6] = {1, 1, 2, 3, 4, 5};
	const unsigned int code = v[0] >> 6 | (v[1] & 0x80u) >> 5 | (v[2] & 0x80u) >> 4;
	const unsigned int extra = (v[1] >> 6 & 1u) | (v[1] >> 5 & 1u) << 1 |
				   (v[2] >> 6 & 1u) << 2 | (v[2] >> 5 & 1u) << 3 |
				   (v[3] >> 7 & 1u) << 4 | (v[3] >> 6 & 1u) << 5 |
				   (v[3] >> 5 & 1u) << 6;
	int32_t n[4] = {v[0] & 0x3f, v[1] & 0x1f, v[2] & 0x1f, v[3] & 0x1f};
	unsigned int mode = 5, major = 0;

	if (code < 12) {
		mode = code & 3;
		major = code >> 2;
	} else if (code < 15) {
		mode = 4;
		major = code & 3;
	}
	place(extra_bits[mode], 7, extra, n);
	for (unsigned int i = 0; i < 4; i++)
		n[i] *= 1 << shifts[mode];
	if (mode != 5) {
		n[G] = n[R] - n[G];
		n[B] = n[R] - n[B];
	}
	exchange_red(n, major);
	for (unsigned int c = 0; c < 3; c++) {
		e[0][c] = clamp(n[c] - n[S], 0xfff);
		e[1][c] = clamp(n[c], 0xfff);
	}
	e[0][3] = e[1][3] = ONE_HIGH;
}

static int32_t sign_extend(int32_t value, unsigned int bits)
{
	const int32_t sign = 1 << (bits - 1);

	return ((value & ((1 << bits) - 1)) ^ sign) - sign;
}

/* Two colours as differences from the largest component; extra bits by mode. */
static void high_direct(const uint8_t *v, int32_t e[2][4])
{
	enum {
		A,
		B0,
		B1,
		C,
		D0,
		D1
	};
	/* Those of D0 and D1 are in place as they are: bit 15 is nobody's. */
	static const uint8_t extra_bits[8][6] = {
		{TO(B0, 6), TO(B1, 6), TO(A, 15), TO(A, 15), TO(A, 15), TO(A, 15)},
		{TO(B0, 6), TO(B1, 6), TO(B0, 7), TO(B1, 7), TO(A, 15), TO(A, 15)},
		{TO(A, 9), TO(C, 6), TO(A, 15), TO(A, 15), TO(A, 15), TO(A, 15)},
		{TO(B0, 6), TO(B1, 6), TO(A, 9), TO(C, 6), TO(A, 15), TO(A, 15)},
		{TO(B0, 6), TO(B1, 6), TO(B0, 7), TO(B1, 7), TO(A, 9), TO(A, 10)},
		{TO(A, 9), TO(A, 10), TO(C, 7), TO(C, 6), TO(A, 15), TO(A, 15)},
		{TO(B0, 6), TO(B1, 6), TO(A, 11), TO(C, 6), TO(A, 9), TO(A, 10)},
		{TO(A, 9), TO(A, 10), TO(A, 11), TO(C, 6), TO(A, 15), TO(A, 15)},
	};
	static const uint8_t difference_bits[8] = {7, 6, 7, 6, 5, 6, 5, 6};
	const unsigned int major = v[4] >> 7 | (v[5] & 0x80u) >> 6;
	const unsigned int mode = v[1] >> 7 | (v[2] & 0x80u) >> 6 | (v[3] & 0x80u) >> 5;
	const unsigned int extra = (v[2] >> 6 & 1u) | (v[3] >> 6 & 1u) << 1 |
				   (v[4] >> 6 & 1u) << 2 | (v[5] >> 6 & 1u) << 3 |
				   (v[4] >> 5 & 1u) << 4 | (v[5] >> 5 & 1u) << 5;
	int32_t n[6] = {v[0] | (v[1] & 0x40) << 2, v[2] & 0x3f, v[3] & 0x3f, v[1] & 0x3f};

	if (major == 3) {
		for (unsigned int i = 0; i < 2; i++)
			set(e[i], v[i] << 4, v[2 + i] << 4, (v[4 + i] & 0x7f) << 5, ONE_HIGH);
		return;
	}
	place(extra_bits[mode], 6, extra, n);
	n[A] &= 0xfff;
	n[D0] = sign_extend(v[4], difference_bits[mode]);
	n[D1] = sign_extend(v[5], difference_bits[mode]);
	for (unsigned int i = 0; i < 6; i++)
		n[i] *= 1 << (mode >> 1 ^ 3);
	set(e[0], n[A] - n[C], n[A] - n[B0] - n[C] - n[D0], n[A] - n[B1] - n[C] - n[D1], ONE_HIGH);
	set(e[1], n[A], n[A] - n[B0], n[A] - n[B1], ONE_HIGH);
	for (unsigned int i = 0; i < 2; i++) {
		for (unsigned int c = 0; c < 3; c++)
			e[i][c] = clamp(e[i][c], 0xfff);
		exchange_red(e[i], major);
	}
}

static void high_alpha(const uint8_t *v, int32_t e[2][4])
{
	const unsigned int mode = v[0] >> 7 | (v[1] & 0x80u) >> 6;
	int32_t base = v[0] & 0x7f, difference = v[1] & 0x7f;

	if (mode == 3) {
		e[0][3] = base << 5;
		e[1][3] = difference << 5;
		return;
	}
	base |= difference << (mode + 1) & 0x780;
	difference = sign_extend(difference, 6 - mode);
	base *= 1 << (4 - mode);
	difference *= 1 << (4 - mode);
	e[0][3] = base;
	e[1][3] = clamp(base + difference, 0xfff);
}

struct astc_ends astc_ends_decode(unsigned int mode, const uint8_t v[ASTC_VALUES])
{
	struct astc_ends ends = {.high_colour = true, .high_alpha = mode != 14};

	switch (mode) {
	case 2:
	case 3:
		high_luminance(mode, v, ends.rgba);
		return ends;
	case 7:
		high_scaled(v, ends.rgba);
		return ends;
	case 11:
	case 14:
	case 15:
		high_direct(v, ends.rgba);
		if (mode == 15)
			high_alpha(v + 6, ends.rgba);
		for (unsigned int i = 0; mode == 14 && i < 2; i++)
			ends.rgba[i][3] = v[6 + i];
		return ends;
	case 0:
	case 1:
		luminance(mode, v, ends.rgba);
		break;
	case 4:
	case 5:
		luminance_alpha(mode, v, ends.rgba);
		break;
	case 6:
	case 10:
		scaled(mode, v, ends.rgba);
		break;
	case 8:
	case 12:
		direct(mode, v, ends.rgba);
		break;
	default:
		base_difference(mode, v, ends.rgba);
		break;
	}
	ends.high_colour = ends.high_alpha = false;
	for (unsigned int i = 0; i < 8; i++)
		ends.rgba[i / 4][i % 4] = clamp(ends.rgba[i / 4][i % 4], 0xff);
	return ends;
}
