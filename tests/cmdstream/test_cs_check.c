// SPDX-License-Identifier: MIT
/* Each rule of the table fires where it should and nowhere else; the table itself makes sense. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cs_members.h"

struct findings {
	unsigned int count[AGX_CS_PROBLEMS];
	const struct agx_cs_field *field; /* of the last one */
	uint64_t value;
};

static void note(void *cookie, enum agx_cs_problem problem, const struct agx_cs_field *field,
		 uint64_t value)
{
	struct findings *findings = cookie;

	findings->count[problem]++;
	findings->field = field;
	findings->value = value;
}

static struct findings judge(const struct agx_cs_struct *desc, const void *record)
{
	struct findings findings = {0};
	unsigned int sum = 0, count = agx_cs_check(desc, record, note, &findings);

	for (unsigned int i = 0; i < AGX_CS_PROBLEMS; i++)
		sum += findings.count[i];
	assert_int_equal(sum, count);
	assert_int_equal(agx_cs_check(desc, record, NULL, NULL), count);
	return findings;
}

/* A value that the field takes without complaint. */
static uint64_t good_value(const struct agx_cs_field *field)
{
	const struct agx_cs_enum *values = agx_cs_field_enum(field);

	if (field->fixed)
		return field->preset;
	if (field->max)
		return field->min;
	if (values)
		return values->values[0].value;
	return agx_cs_decode(field, 0);
}

/* A record without a problem. */
static void good_record(const struct agx_cs_struct *desc, uint8_t *record)
{
	memset(record, 0, desc->size);
	for (unsigned int i = 0; i < desc->field_count; i++)
		if (agx_cs_applies(&desc->fields[i], record))
			assert_true(
				agx_cs_set(&desc->fields[i], record, good_value(&desc->fields[i])));
}

/* Likewise, in which the field exists. */
static void record_with(const struct agx_cs_struct *desc, const struct agx_cs_field *field,
			uint8_t *record)
{
	good_record(desc, record);
	for (unsigned int i = 0; i < field->when_count; i++) {
		const struct agx_cs_when *when = &agx_cs_whens[field->when + i];
		const struct agx_cs_field *on = NULL;

		for (unsigned int k = 0; k < desc->field_count && !on; k++)
			if (desc->fields[k].bits[0].start == when->start &&
			    desc->fields[k].width == when->width)
				on = &desc->fields[k];
		assert_non_null(on);
		assert_true(agx_cs_set(on, record,
				       agx_cs_decode(on, (uint64_t)__builtin_ctz(when->values))));
	}
	assert_true(agx_cs_applies(field, record));
}

static void test_good(void **state)
{
	for (unsigned int id = 0; id < AGX_CS_IDS; id++) {
		uint8_t record[AGX_CS_RECORD_MAX];

		good_record(&agx_cs_structs[id], record);
		assert_int_equal(agx_cs_check(&agx_cs_structs[id], record, NULL, NULL), 0);
	}
}

static void test_fixed(void **state)
{
	unsigned int tried = 0;

	for (unsigned int id = 0; id < AGX_CS_IDS; id++) {
		const struct agx_cs_struct *desc = &agx_cs_structs[id];
		uint8_t record[AGX_CS_RECORD_MAX];

		for (unsigned int bit = 0; bit < 64; bit++) {
			struct findings findings;

			if (!(desc->fixed_mask >> bit & 1))
				continue;
			good_record(desc, record);
			record[bit / 8] ^= (uint8_t)(1u << bit % 8);
			findings = judge(desc, record);
			assert_int_equal(findings.count[AGX_CS_FIXED_BITS], 1);
			assert_true(findings.value == 1ull << bit);
			assert_null(findings.field);
			tried++;
		}
	}
	assert_true(tried > 100);
}

static void test_reserved(void **state)
{
	unsigned int tried = 0;

	for (unsigned int id = 0; id < AGX_CS_IDS; id++) {
		const struct agx_cs_struct *desc = &agx_cs_structs[id];
		uint8_t record[AGX_CS_RECORD_MAX];

		for (unsigned int bit = 0; bit < 8u * desc->size; bit++) {
			struct findings findings;

			if (desc->known[bit / 8] >> bit % 8 & 1)
				continue;
			good_record(desc, record);
			record[bit / 8] |= (uint8_t)(1u << bit % 8);
			findings = judge(desc, record);
			assert_int_equal(findings.count[AGX_CS_RESERVED], 1);
			assert_true(findings.value == 1ull << bit % 64);
			tried++;
		}
	}
	assert_true(tried > 500);
}

/* Bits that have a meaning in some layouts only. */
static void test_reserved_overlay(void **state)
{
	const struct agx_cs_struct *desc = &agx_cs_structs[AGX_CS_ID_TEXTURE];
	struct agx_cs_texture texture;
	uint8_t record[AGX_CS_RECORD_MAX];
	struct findings findings;

	agx_cs_texture_init(&texture);
	texture.layout = AGX_CS_LAYOUT_LINEAR;
	texture.buffer_size_sw = 3;
	agx_cs_texture_pack(record, &texture);
	assert_int_equal(agx_cs_check(desc, record, NULL, NULL), 0);
	texture.layout = AGX_CS_LAYOUT_GPU;
	agx_cs_texture_pack(record, &texture);
	assert_int_equal(record[16], 0);
	record[16] = 3;
	findings = judge(desc, record);
	assert_int_equal(findings.count[AGX_CS_RESERVED], 1);
	assert_int_equal(findings.value, 3);
	texture.extended = true;
	agx_cs_texture_pack(record, &texture);
	record[16] = 3;
	assert_int_equal(agx_cs_check(desc, record, NULL, NULL), 0);
}

static void test_ranges(void **state)
{
	unsigned int tried = 0;

	for (unsigned int id = 0; id < AGX_CS_IDS; id++) {
		const struct agx_cs_struct *desc = &agx_cs_structs[id];

		for (unsigned int i = 0; i < desc->field_count; i++) {
			const struct agx_cs_field *field = &desc->fields[i];
			uint8_t record[AGX_CS_RECORD_MAX];
			bool some = false;

			if (!field->max)
				continue;
			for (uint64_t bits = 0;
			     bits < 1ull << (field->width < 11 ? field->width : 11); bits++) {
				const uint64_t value = agx_cs_decode(field, bits);
				const bool bad = value < field->min || value > field->max;
				struct findings findings;

				record_with(desc, field, record);
				assert_true(agx_cs_set(field, record, value));
				findings = judge(desc, record);
				assert_int_equal(findings.count[AGX_CS_RANGE], bad);
				if (bad)
					assert_ptr_equal(findings.field, field);
				some |= bad;
			}
			assert_true(some);
			tried++;
		}
	}
	assert_true(tried >= 9);
}

static void test_alignment(void **state)
{
	unsigned int tried = 0;

	for (unsigned int id = 0; id < AGX_CS_IDS; id++) {
		const struct agx_cs_struct *desc = &agx_cs_structs[id];

		for (unsigned int i = 0; i < desc->field_count; i++) {
			const struct agx_cs_field *field = &desc->fields[i];
			uint8_t record[AGX_CS_RECORD_MAX];

			if (field->align <= 1)
				continue;
			for (unsigned int off = 0; off <= field->align; off++) {
				struct findings findings;

				record_with(desc, field, record);
				assert_true(agx_cs_set(field, record, 0x1100000000 + off));
				findings = judge(desc, record);
				assert_int_equal(findings.count[AGX_CS_ALIGNMENT],
						 off % field->align != 0);
			}
			tried++;
		}
	}
	assert_true(tried >= 5);
}

/* Every value of every field that has names: those with a name pass, the others do not. */
static void test_enums(void **state)
{
	unsigned int unknown = 0;

	for (unsigned int id = 0; id < AGX_CS_IDS; id++) {
		const struct agx_cs_struct *desc = &agx_cs_structs[id];

		for (unsigned int i = 0; i < desc->field_count; i++) {
			const struct agx_cs_field *field = &desc->fields[i];
			const struct agx_cs_enum *values = agx_cs_field_enum(field);
			uint8_t record[AGX_CS_RECORD_MAX];

			if (!values || field->fixed)
				continue;
			for (uint64_t value = 0; value < 1ull << field->width; value++) {
				bool named = false;
				struct findings findings;

				for (unsigned int k = 0; k < values->count; k++)
					named |= values->values[k].value == value;
				record_with(desc, field, record);
				assert_true(agx_cs_set(field, record, value));
				if (!agx_cs_applies(field, record))
					continue;
				findings = judge(desc, record);
				if (findings.count[AGX_CS_ENUM_UNKNOWN] != !named)
					fail_msg("%s.%s = %u", desc->name, field->name,
						 (unsigned int)value);
				unknown += !named;
			}
		}
	}
	assert_true(unknown > 100);
}

static void test_enum_tables(void **state)
{
	for (unsigned int i = 0; i < agx_cs_enum_count; i++) {
		const struct agx_cs_enum *values = &agx_cs_enums[i];

		assert_true(values->count > 0);
		for (unsigned int k = 0; k < values->count; k++) {
			assert_string_equal(agx_cs_value_name(values, values->values[k].value),
					    values->values[k].name);
			assert_true(strlen(values->values[k].name) < AGX_CS_NAME);
			if (k)
				assert_true(values->values[k].value > values->values[k - 1].value);
		}
		assert_null(agx_cs_value_name(values, 1000));
		assert_null(agx_cs_value_name(values, UINT64_MAX));
		assert_true(strlen(agx_cs_text(values->doc)) > 0);
		assert_true(strlen(agx_cs_text(values->source)) > 0);
	}
	assert_null(agx_cs_value_name(&agx_cs_enums[AGX_CS_ENUM_PRIMITIVE], 2));
}

/* What the generator promises of the tables, seen from C. */
static void test_tables(void **state)
{
	assert_int_equal(agx_cs_struct_count, AGX_CS_IDS);
	for (unsigned int id = 0; id < agx_cs_struct_count; id++) {
		const struct agx_cs_struct *desc = &agx_cs_structs[id];
		uint8_t known[AGX_CS_RECORD_MAX] = {0};

		assert_int_equal(desc->id, id);
		assert_true(desc->size > 0 && desc->size <= AGX_CS_RECORD_MAX);
		assert_ptr_equal(agx_cs_find_struct(desc->name), desc);
		assert_true(strlen(agx_cs_text(desc->title)) > 0);
		assert_true(strlen(agx_cs_text(desc->doc)) > 0);
		assert_true(strlen(agx_cs_text(desc->source)) > 0);
		for (unsigned int i = 0; i < desc->field_count; i++) {
			const struct agx_cs_field *field = &desc->fields[i];
			unsigned int width = 0;

			assert_ptr_equal(agx_cs_find_field(desc, field->name), field);
			assert_true(field->unknown || strlen(agx_cs_text(field->doc)) > 0);
			assert_true(field->parts == 1 || field->parts == 2);
			for (unsigned int part = 0; part < field->parts; part++) {
				const struct agx_cs_bits bits = field->bits[part];

				assert_true(bits.width > 0);
				assert_true(bits.start + bits.width <= 8 * desc->size);
				/* run() reads whole words: nothing may lie in a part of one */
				assert_true(desc->size % 4 == 0 ||
					    bits.start % 8 + bits.width <= 8 ||
					    bits.start % 32 + bits.width > 32);
				width += bits.width;
				for (unsigned int bit = 0; bit < bits.width; bit++) {
					const unsigned int at = bits.start + bit;

					if (!field->when_count && !desc->overlays)
						assert_false(known[at / 8] >> at % 8 & 1);
					known[at / 8] |= (uint8_t)(1u << at % 8);
				}
			}
			assert_int_equal(width, field->width);
			assert_true(desc->overlays || !field->when_count);
			assert_int_equal(desc->overlaid >> i & 1, field->when_count > 0);
		}
		assert_memory_equal(known, desc->known, desc->size);
	}
	assert_null(agx_cs_find_struct("no such"));
	assert_null(agx_cs_find_field(&agx_cs_structs[0], "no such"));
}

/* In no record do two fields share a bit. */
static void test_no_overlap(void **state)
{
	struct cs_random random = {3};

	for (unsigned int id = 0; id < AGX_CS_IDS; id++) {
		const struct agx_cs_struct *desc = &agx_cs_structs[id];

		for (unsigned int round = 0; desc->overlays && round < 2000; round++) {
			uint8_t record[AGX_CS_RECORD_MAX], used[AGX_CS_RECORD_MAX] = {0};

			cs_random_bytes(&random, record, desc->size);
			for (unsigned int i = 0; i < desc->field_count; i++) {
				const struct agx_cs_field *field = &desc->fields[i];

				if (!agx_cs_applies(field, record))
					continue;
				for (unsigned int bit = 0; bit < field->width; bit++) {
					const unsigned int at = field->bits[0].start + bit;

					assert_int_equal(field->parts, 1);
					assert_false(used[at / 8] >> at % 8 & 1);
					used[at / 8] |= (uint8_t)(1u << at % 8);
				}
			}
		}
	}
}

static void test_problem_names(void **state)
{
	for (unsigned int i = 0; i < AGX_CS_PROBLEMS; i++) {
		assert_non_null(agx_cs_problem_name((enum agx_cs_problem)i));
		assert_non_null(agx_cs_problem_text((enum agx_cs_problem)i));
		for (unsigned int k = 0; k < i; k++)
			assert_string_not_equal(agx_cs_problem_name((enum agx_cs_problem)i),
						agx_cs_problem_name((enum agx_cs_problem)k));
	}
	assert_string_equal(agx_cs_problem_name((enum agx_cs_problem)1000), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),          cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_reserved),      cmocka_unit_test(test_reserved_overlay),
		cmocka_unit_test(test_ranges),        cmocka_unit_test(test_alignment),
		cmocka_unit_test(test_enums),         cmocka_unit_test(test_enum_tables),
		cmocka_unit_test(test_tables),        cmocka_unit_test(test_no_overlap),
		cmocka_unit_test(test_problem_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
