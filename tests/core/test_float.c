// SPDX-License-Identifier: MIT
/* Floats made of integers against the host's own. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agx_float.h"
#include "machine.h"

#define ROUNDS 300000

static float as_float(agx_f32 bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static agx_f32 as_bits(float value)
{
	agx_f32 bits;

	if (isnan(value))
		return 0x7fc00000;
	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static void check(const char *operation, agx_f32 a, agx_f32 b, agx_f32 got, float expected)
{
	if (got != as_bits(expected))
		fail_msg("0x%08x %s 0x%08x: got 0x%08x, expected 0x%08x", a, operation, b, got,
			 as_bits(expected));
}

static void check_pair(agx_f32 a, agx_f32 b)
{
	volatile float x = as_float(a), y = as_float(b);

	check("+", a, b, agx_float_add(a, b), x + y);
	check("-", a, b, agx_float_sub(a, b), x - y);
	check("*", a, b, agx_float_mul(a, b), x * y);
	check("/", a, b, agx_float_div(a, b), x / y);
}

static const agx_f32 special[] = {
	0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007fffff, 0x00800000, 0x00800001,
	0x3f800000, 0xbf800000, 0x3f7fffff, 0x3f800001, 0x7f7fffff, 0xff7fffff, 0x7f800000,
	0xff800000, 0x7fc00000, 0x7f800001, 0x4b7fffff, 0x4b800000, 0x34000000, 0x33800000,
	0x33800001, 0x0c000000, 0x01000000, 0x3effffff, 0x40490fdb,
};

static void test_special_values(void **state)
{
	size_t i, j;

	for (i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		for (j = 0; j < sizeof(special) / sizeof(special[0]); j++)
			check_pair(special[i], special[j]);
}

static void test_random_bits(void **state)
{
	uint64_t seed = 1;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		uint64_t bits = machine_random(&seed);

		check_pair((agx_f32)bits, (agx_f32)(bits >> 32));
	}
}

/* Exponents that are close, where cancellation and rounding are. */
static void test_random_neighbours(void **state)
{
	uint64_t seed = 2;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		uint64_t bits = machine_random(&seed);
		agx_f32 a = (bits & 0x807fffff) | (100 + (bits >> 24 & 0x3f)) << 23;
		agx_f32 b = (bits >> 32 & 0x807fffff) | (100 + (bits >> 56 & 0x3f)) << 23;

		check_pair(a, b);
	}
}

static void test_integers(void **state)
{
	static const int64_t values[] = {0,         1,         -1,        16777216,
					 16777217,  16777219,  -16777217, 24000,
					 INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
	uint64_t seed = 3;
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		assert_int_equal(agx_f32_from_int(values[i]), as_bits((float)values[i]));
	for (i = 0; i < ROUNDS; i++) {
		int64_t value = (int64_t)machine_random(&seed) >> (machine_random(&seed) & 63);

		assert_int_equal(agx_f32_from_int(value), as_bits((float)value));
	}
}

static void test_decimals(void **state)
{
	uint64_t seed = 4;
	unsigned int i;

	for (i = 0; i < ROUNDS / 3; i++) {
		uint64_t bits = machine_random(&seed);
		struct agx_decimal value = {(int32_t)bits >> (bits >> 59), (bits >> 32) % 10};
		char text[32];

		snprintf(text, sizeof(text), "%de-%u", value.mantissa, value.digits);
		if (agx_f32_from_decimal(value) !=
		    (value.mantissa ? as_bits(strtof(text, NULL)) : 0))
			fail_msg("%s: got 0x%08x", text, agx_f32_from_decimal(value));
	}
	assert_int_equal(agx_f32_from_decimal((struct agx_decimal){102, 2}), as_bits(1.02f));
	assert_int_equal(agx_f32_from_decimal((struct agx_decimal){-5, 0}), as_bits(-5.0f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_special_values),    cmocka_unit_test(test_random_bits),
		cmocka_unit_test(test_random_neighbours), cmocka_unit_test(test_integers),
		cmocka_unit_test(test_decimals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
