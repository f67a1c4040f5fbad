// SPDX-License-Identifier: MIT
/*
 * The shader core's arithmetic against exact results (numeric_vectors.py), and laws that hold without
 * them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "numeric.h"
#include "numeric_vectors.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void check(const char *name, const uint32_t *row, unsigned int operands, uint32_t got)
{
	const uint32_t expected = row[operands];

	if (got != expected)
		fail_msg("%s(0x%x, 0x%x, 0x%x): 0x%x, expected 0x%x", name, row[0],
			 operands > 1 ? row[1] : 0, operands > 2 ? row[2] : 0, got, expected);
}

#define VECTORS(name, operands, call)                                \
	static void name##_is_exact(void **state)                    \
	{                                                            \
		for (size_t i = 0; i < COUNT(vectors_##name); i++) { \
			const uint32_t *v = vectors_##name[i];       \
                                                                     \
			check(#name, v, operands, call);             \
		}                                                    \
	}

VECTORS(f32_fma, 3, agx_f32_fma(v[0], v[1], v[2]))
VECTORS(f32_add, 2, agx_f32_add(v[0], v[1]))
VECTORS(f32_mul, 2, agx_f32_mul(v[0], v[1]))
VECTORS(f16_fma, 3, agx_f16_fma((uint16_t)v[0], (uint16_t)v[1], (uint16_t)v[2]))
VECTORS(f16_add, 2, agx_f16_add((uint16_t)v[0], (uint16_t)v[1]))
VECTORS(f16_mul, 2, agx_f16_mul((uint16_t)v[0], (uint16_t)v[1]))
VECTORS(f32_floor, 1, agx_f32_floor(v[0]))
VECTORS(f32_ceil, 1, agx_f32_ceil(v[0]))
VECTORS(f32_trunc, 1, agx_f32_trunc(v[0]))
VECTORS(f32_rint, 1, agx_f32_rint(v[0]))
VECTORS(f32_rcp, 1, agx_f32_rcp(v[0]))
VECTORS(f32_rsqrt, 1, agx_f32_rsqrt(v[0]))
VECTORS(f32_rsqrt_special, 1, agx_f32_rsqrt_special(v[0]))
VECTORS(f32_log2, 1, agx_f32_log2(v[0]))
VECTORS(f32_exp2, 1, agx_f32_exp2(v[0]))
VECTORS(f32_sin_reduce, 1, agx_f32_sin_reduce(v[0]))
VECTORS(f32_sin_ratio, 1, agx_f32_sin_ratio(v[0]))
VECTORS(f16_to_f32, 1, agx_f16_to_f32((uint16_t)v[0]))
VECTORS(f32_to_f16, 1, agx_f32_to_f16(v[0]))
VECTORS(f32_to_int, 4, agx_f32_to_int(v[0], v[1], v[2], (enum agx_round)v[3]))
VECTORS(int_to_f32, 4, agx_int_to_f32(v[0], v[1], v[2], (enum agx_round)v[3]))

static void saturation_clamps(void **state)
{
	static const uint32_t values[][2] = {
		{0, 0},
		{0x80000000, 0},
		{0x3f000000, 0x3f000000},
		{AGX_F32_ONE, AGX_F32_ONE},
		{0x3f800001, AGX_F32_ONE},
		{0x7f800000, AGX_F32_ONE},
		{0xff800000, 0},
		{0xbf000000, 0},
		{AGX_F32_NAN, 0},
		{0xffc00000, 0},
		{0x7f800001, 0},
	};

	for (size_t i = 0; i < COUNT(values); i++)
		assert_int_equal(agx_f32_saturate(values[i][0]), values[i][1]);
	assert_int_equal(agx_f16_saturate(0x3c01), AGX_F16_ONE);
	assert_int_equal(agx_f16_saturate(0x3bff), 0x3bff);
	assert_int_equal(agx_f16_saturate(0x8001), 0);
	assert_int_equal(agx_f16_saturate(AGX_F16_NAN), 0);
	assert_int_equal(agx_f16_saturate(0x7c00), AGX_F16_ONE);
}

static void every_half_survives_widening(void **state)
{
	for (uint32_t h = 0; h < 0x10000; h++) {
		const uint32_t wide = agx_f16_to_f32((uint16_t)h);
		const bool nan = (h & 0x7fff) > 0x7c00;

		assert_int_equal(agx_f32_to_f16(wide), nan ? AGX_F16_NAN : h);
	}
}

static void comparisons_are_ordered(void **state)
{
	assert_int_equal(agx_f32_compare(0, 0x80000000), AGX_EQUAL);
	assert_int_equal(agx_f32_compare(1, 0x80000001), AGX_EQUAL); /* denormals are zeros */
	assert_int_equal(agx_f16_compare(1, 0), AGX_GREATER);        /* but not those of binary16 */
	assert_int_equal(agx_f32_compare(0xff800000, 0xff7fffff), AGX_LESS);
	assert_int_equal(agx_f32_compare(AGX_F32_NAN, 0), AGX_UNORDERED);
	assert_int_equal(agx_f32_compare(0x7f800000, 0x7f800000), AGX_EQUAL);
	assert_int_equal(agx_f16_compare(0xbc00, 0x3c00), AGX_LESS);
	assert_int_equal(agx_f16_compare(0x3c00, AGX_F16_NAN), AGX_UNORDERED);
}

/* What shaders of Mesa make of the pair: sin(2 pi x) = ratio(r) r with r = reduce(4 fract(x)). */
static void the_sines_make_a_sine(void **state)
{
	static const struct {
		uint32_t quadrants, expected;
	} cases[] = {
		{0, 0},
		{0x3f800000, AGX_F32_ONE}, /* a quarter turn */
		{0x40000000, 0},           /* half a turn */
		{0x40400000, 0xbf800000},
		{0x3eaaaaab, 0x3f000000}, /* 30 degrees */
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const uint32_t r = agx_f32_sin_reduce(cases[i].quadrants);
		const uint32_t sine = agx_f32_mul(agx_f32_sin_ratio(r), r);

		assert_in_range(sine - cases[i].expected + 2, 0, 4);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test(name##_is_exact)
	const struct CMUnitTest tests[] = {
		TEST(f32_fma),
		TEST(f32_add),
		TEST(f32_mul),
		TEST(f16_fma),
		TEST(f16_add),
		TEST(f16_mul),
		TEST(f32_floor),
		TEST(f32_ceil),
		TEST(f32_trunc),
		TEST(f32_rint),
		TEST(f32_rcp),
		TEST(f32_rsqrt),
		TEST(f32_rsqrt_special),
		TEST(f32_log2),
		TEST(f32_exp2),
		TEST(f32_sin_reduce),
		TEST(f32_sin_ratio),
		TEST(f16_to_f32),
		TEST(f32_to_f16),
		TEST(f32_to_int),
		TEST(int_to_f32),
		cmocka_unit_test(saturation_clamps),
		cmocka_unit_test(every_half_survives_widening),
		cmocka_unit_test(comparisons_are_ordered),
		cmocka_unit_test(the_sines_make_a_sine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
