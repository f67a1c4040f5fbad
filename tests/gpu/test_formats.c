// SPDX-License-Identifier: MIT
/* The formats of memory instructions against format_vectors.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agx_isa_ops.h"
#include "formats.h"

struct load_vector {
	uint8_t format, component;
	uint32_t element;
	uint8_t wide;
	uint32_t expected;
};

struct store_vector {
	uint8_t format, component;
	uint32_t value;
	uint8_t wide;
	uint32_t expected;
};

struct pack_vector {
	uint8_t format, wide;
	uint32_t values[4];
	uint32_t expected;
};

/* Of what loads give for all 65536 elements, in their order. */
struct digest_vector {
	uint8_t format, wide;
	uint64_t expected;
};

#include "format_vectors.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void loads_give_what_is_expected(void **state)
{
	unsigned int seen[AGX_FORMATS][2] = {0};

	for (size_t i = 0; i < COUNT(load_vectors); i++) {
		const struct load_vector *v = &load_vectors[i];
		uint32_t got = agx_format_load(v->format, v->component, v->element, v->wide);

		if (got != v->expected)
			print_error("format %u component %u element 0x%x wide %u\n", v->format,
				    v->component, v->element, v->wide);
		assert_int_equal(got, v->expected);
		seen[v->format][v->wide]++;
	}
	for (unsigned int format = 0; format < AGX_FORMATS; format++) {
		assert_int_equal(seen[format][1] != 0, agx_formats[format].size != 0);
		assert_int_equal(seen[format][0] != 0,
				 agx_formats[format].size && format != AGX_ISA_FORMAT_I32);
	}
}

static void all_16_bit_elements_load_exactly(void **state)
{
	for (size_t i = 0; i < COUNT(digest_vectors); i++) {
		const struct digest_vector *v = &digest_vectors[i];
		uint64_t digest = 0xcbf29ce484222325;

		for (uint32_t element = 0; element < 65536; element++)
			digest = (digest ^ agx_format_load(v->format, 0, element, v->wide)) *
				 0x100000001b3;
		assert_true(digest == v->expected);
	}
	assert_int_equal(COUNT(digest_vectors), 4);
}

static void stores_give_what_is_expected(void **state)
{
	for (size_t i = 0; i < COUNT(store_vectors); i++) {
		const struct store_vector *v = &store_vectors[i];
		uint32_t got = agx_format_store(v->format, v->component, v->value, v->wide);

		if (got != v->expected)
			print_error("format %u component %u value 0x%x wide %u\n", v->format,
				    v->component, v->value, v->wide);
		assert_int_equal(got, v->expected);
	}
}

static void packed_stores_give_what_is_expected(void **state)
{
	for (size_t i = 0; i < COUNT(pack_vectors); i++) {
		const struct pack_vector *v = &pack_vectors[i];
		uint32_t got = agx_format_pack_word(v->format, v->values, v->wide);

		if (got != v->expected)
			print_error("format %u wide %u values 0x%x 0x%x 0x%x 0x%x\n", v->format,
				    v->wide, v->values[0], v->values[1], v->values[2],
				    v->values[3]);
		assert_int_equal(got, v->expected);
	}
}

/* Measured on a G13 (dougallj/applegpu: srgb.py), in 1/4095. */
static void srgb_is_as_measured(void **state)
{
	static const uint16_t first[] = {0, 1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16, 18, 20};

	for (unsigned int i = 0; i < COUNT(first); i++)
		assert_int_equal(agx_linear_of_srgb((uint8_t)i), first[i]);
	assert_int_equal(agx_linear_of_srgb(255), 4095);
}

/* What was loaded is stored as it was, but for the second code of -1. */
static void round_trips_keep_normalised_values(void **state)
{
	static const uint8_t formats[] = {AGX_ISA_FORMAT_U8NORM, AGX_ISA_FORMAT_S8NORM,
					  AGX_ISA_FORMAT_U16NORM, AGX_ISA_FORMAT_S16NORM};

	for (unsigned int i = 0; i < COUNT(formats); i++) {
		const unsigned int bits = 8u * agx_formats[formats[i]].size;

		for (uint32_t element = 0; element < 1u << bits; element++) {
			const uint32_t value = agx_format_load(formats[i], 0, element, true);
			uint32_t expected = element;

			if (i & 1 && element == 1u << (bits - 1))
				expected++;
			assert_int_equal(agx_format_store(formats[i], 0, value, true), expected);
		}
	}
	for (uint32_t code = 0; code < 256; code++)
		assert_int_equal(
			agx_format_store(AGX_ISA_FORMAT_SRGBA8, 0,
					 agx_format_load(AGX_ISA_FORMAT_SRGBA8, 0, code, true),
					 true),
			code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads_give_what_is_expected),
		cmocka_unit_test(all_16_bit_elements_load_exactly),
		cmocka_unit_test(stores_give_what_is_expected),
		cmocka_unit_test(packed_stores_give_what_is_expected),
		cmocka_unit_test(srgb_is_as_measured),
		cmocka_unit_test(round_trips_keep_normalised_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
