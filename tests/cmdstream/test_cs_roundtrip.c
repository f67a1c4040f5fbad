// SPDX-License-Identifier: MIT
/* Pack and unpack are inverse, and the generic functions agree with the generated ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cs_members.h"

#define ROUNDS 400

static _Alignas(8) uint8_t members[CS_MEMBERS_MAX], others[CS_MEMBERS_MAX];

static void set_bits(uint8_t *mask, const struct agx_cs_field *field)
{
	for (unsigned int part = 0; part < field->parts; part++)
		for (unsigned int bit = 0; bit < field->bits[part].width; bit++)
			mask[(field->bits[part].start + bit) / 8] |=
				(uint8_t)(1u << (field->bits[part].start + bit) % 8);
}

/* Random bytes with the right tags. */
static void random_record(struct cs_random *random, const struct agx_cs_struct *desc,
			  uint8_t *record)
{
	uint64_t head = 0;
	const size_t size = desc->size < 8 ? desc->size : 8;

	cs_random_bytes(random, record, desc->size);
	memcpy(&head, record, size);
	head = (head & ~desc->fixed_mask) | desc->fixed_value;
	memcpy(record, &head, size);
}

static void test_pack_of_unpack(void **state)
{
	struct cs_random random = {1};

	for (unsigned int id = 0; id < AGX_CS_IDS; id++) {
		const struct agx_cs_struct *desc = &agx_cs_structs[id];

		assert_true(cs_members[id].size <= CS_MEMBERS_MAX);
		for (unsigned int round = 0; round < ROUNDS; round++) {
			uint8_t record[AGX_CS_RECORD_MAX], back[AGX_CS_RECORD_MAX];
			uint8_t mask[AGX_CS_RECORD_MAX] = {0};

			random_record(&random, desc, record);
			for (unsigned int i = 0; i < desc->field_count; i++)
				if (agx_cs_applies(&desc->fields[i], record))
					set_bits(mask, &desc->fields[i]);
			memset(members, 0xa5, sizeof(members));
			cs_members[id].unpack(members, record);
			cs_members[id].pack(back, members);
			for (unsigned int i = 0; i < desc->size; i++)
				if (back[i] != (record[i] & mask[i]))
					fail_msg("%s: byte %u is %02x, was %02x of %02x",
						 desc->name, i, back[i], record[i], mask[i]);
		}
	}
}

static void test_generic_agrees(void **state)
{
	struct cs_random random = {2};

	for (unsigned int id = 0; id < AGX_CS_IDS; id++) {
		const struct agx_cs_struct *desc = &agx_cs_structs[id];

		for (unsigned int round = 0; round < ROUNDS; round++) {
			uint8_t record[AGX_CS_RECORD_MAX] = {0}, packed[AGX_CS_RECORD_MAX];

			cs_members[id].init(members);
			for (unsigned int i = 0; i < desc->field_count; i++) {
				const struct agx_cs_field *field = &desc->fields[i];
				const uint64_t mask =
					field->width < 64 ? (1ull << field->width) - 1 : UINT64_MAX;
				uint64_t bits = cs_random(&random) & mask, value, coded;

				if (!agx_cs_applies(field, record))
					continue;
				value = field->fixed ? field->preset : agx_cs_decode(field, bits);
				assert_true(agx_cs_encode(field, value, &coded));
				if (!field->fixed)
					assert_true(coded == bits);
				assert_true(agx_cs_set(field, record, value));
				assert_true(agx_cs_raw(field, record) == coded);
				assert_true(agx_cs_get(field, record) == value);
				cs_members[id].put(members, i, value);
			}
			cs_members[id].pack(packed, members);
			if (memcmp(packed, record, desc->size))
				fail_msg("%s: packed is not what was set", desc->name);
			cs_members[id].unpack(others, record);
			for (unsigned int i = 0; i < desc->field_count; i++) {
				const struct agx_cs_field *field = &desc->fields[i];

				if (field->fixed)
					continue;
				if (cs_members[id].get(others, i) != cs_members[id].get(members, i))
					fail_msg("%s.%s differs", desc->name, field->name);
				if (agx_cs_applies(field, record) &&
				    agx_cs_get(field, record) != cs_members[id].get(others, i))
					fail_msg("%s.%s is not what the generic function says",
						 desc->name, field->name);
			}
			if (cs_members[id].valid)
				assert_true(cs_members[id].valid(members) ==
					    !agx_cs_check(desc, record, NULL, NULL));
		}
	}
}

/* Fields without conditions start with their presets, the others with that of no bits. */
static void test_init(void **state)
{
	for (unsigned int id = 0; id < AGX_CS_IDS; id++) {
		const struct agx_cs_struct *desc = &agx_cs_structs[id];
		uint8_t record[AGX_CS_RECORD_MAX];

		memset(members, 0xa5, sizeof(members));
		cs_members[id].init(members);
		cs_members[id].pack(record, members);
		for (unsigned int i = 0; i < desc->field_count; i++) {
			const struct agx_cs_field *field = &desc->fields[i];

			if (!field->fixed)
				assert_true(cs_members[id].get(members, i) == field->preset);
			if (agx_cs_applies(field, record))
				assert_true(agx_cs_get(field, record) == field->preset);
		}
	}
}

/* A value too large for its bits is refused, does not spill, and leaves a record as it was. */
static void test_too_large(void **state)
{
	unsigned int tried = 0;

	for (unsigned int id = 0; id < AGX_CS_IDS; id++) {
		const struct agx_cs_struct *desc = &agx_cs_structs[id];

		for (unsigned int i = 0; i < desc->field_count; i++) {
			const struct agx_cs_field *field = &desc->fields[i];
			uint8_t record[AGX_CS_RECORD_MAX], mask[AGX_CS_RECORD_MAX] = {0};
			uint8_t before[AGX_CS_RECORD_MAX], plain[AGX_CS_RECORD_MAX];
			uint64_t value;

			if (field->fixed || field->width >= 64 || field->type == AGX_CS_FLOAT ||
			    field->type == AGX_CS_BOOL || field->type == AGX_CS_ENUM)
				continue;
			cs_members[id].init(members);
			cs_members[id].pack(record, members);
			if (!agx_cs_applies(field, record))
				continue;
			memcpy(plain, record, sizeof(record));
			value = agx_cs_decode(field, field->encoding == AGX_CS_GROUPS
							     ? 0
							     : (1ull << field->width) - 1);
			if (field->encoding == AGX_CS_LOG2)
				value *= 2;
			else if (field->encoding == AGX_CS_GROUPS)
				value += field->amount;
			else if (field->type == AGX_CS_INT)
				value = 1ull << (field->width - 1);
			else
				value += 1ull << field->shift;
			memcpy(before, record, sizeof(record));
			if (agx_cs_set(field, record, value))
				fail_msg("%s.%s takes %llx", desc->name, field->name,
					 (unsigned long long)value);
			assert_memory_equal(record, before, desc->size);
			if (field->type == AGX_CS_HALF)
				continue;
			cs_members[id].put(members, i, value);
			if (cs_members[id].get(members, i) != value)
				continue; /* not even the C type holds it */
			tried++;
			assert_false(cs_members[id].valid(members));
			cs_members[id].pack(record, members);
			set_bits(mask, field);
			for (unsigned int byte = 0; byte < desc->size; byte++)
				assert_int_equal(record[byte] & ~mask[byte],
						 plain[byte] & ~mask[byte]);
		}
	}
	assert_true(tried > 80);
}

/* What lies between two encodable values, or below the least, is refused. */
static void test_unencodable(void **state)
{
	struct agx_cs_texture texture;
	struct agx_cs_vdm_vertex_shader_0 shader;
	struct agx_cs_sampler sampler;
	struct agx_cs_usc_shared shared;

	agx_cs_texture_init(&texture);
	texture.channels = AGX_CS_CHANNELS_R8G8B8A8;
	texture.width = 64;
	texture.height = 32;
	texture.address = 0x1100000010;
	texture.stride = 272;
	assert_true(agx_cs_texture_valid(&texture));
	texture.address += 8;
	assert_false(agx_cs_texture_valid(&texture));
	texture.address -= 8;
	texture.stride = 280;
	assert_false(agx_cs_texture_valid(&texture));
	texture.stride = 0;
	assert_false(agx_cs_texture_valid(&texture));
	texture.stride = 16;
	texture.width = 0;
	assert_false(agx_cs_texture_valid(&texture));
	texture.width = 16384;
	assert_true(agx_cs_texture_valid(&texture));
	/* depth belongs to other layouts: it would be lost */
	texture.depth = 2;
	assert_false(agx_cs_texture_valid(&texture));

	agx_cs_vdm_vertex_shader_0_init(&shader);
	shader.uniform_register_count = 512;
	assert_true(agx_cs_vdm_vertex_shader_0_valid(&shader));
	shader.uniform_register_count = 100;
	assert_false(agx_cs_vdm_vertex_shader_0_valid(&shader));

	agx_cs_sampler_init(&sampler);
	sampler.maximum_lod = 14.0f;
	assert_true(agx_cs_sampler_valid(&sampler));
	sampler.maximum_lod = 1.01f;
	assert_false(agx_cs_sampler_valid(&sampler));
	sampler.maximum_lod = -1.0f;
	assert_false(agx_cs_sampler_valid(&sampler));
	sampler.maximum_lod = 0;
	sampler.maximum_anisotropy = 3;
	assert_false(agx_cs_sampler_valid(&sampler));

	agx_cs_usc_shared_init(&shared);
	shared.layout = AGX_CS_SHARED_LAYOUT_VERTEX_COMPUTE;
	shared.bytes_per_threadgroup = 65536;
	assert_true(agx_cs_usc_shared_valid(&shared));
	shared.layout = (enum agx_cs_shared_layout)1;
	assert_false(agx_cs_usc_shared_valid(&shared));
}

/* Every binary16 there is, and rounding of what is none. */
static void test_half(void **state)
{
	for (uint32_t half = 0; half < 65536; half++)
		assert_int_equal(agx_cs_to_half(agx_cs_from_half((uint16_t)half)), half);
	assert_int_equal(agx_cs_to_half(1.0f), 0x3c00);
	assert_int_equal(agx_cs_to_half(-2.0f), 0xc000);
	assert_int_equal(agx_cs_to_half(65504.0f), 0x7bff);
	assert_int_equal(agx_cs_to_half(65519.0f), 0x7bff);
	assert_int_equal(agx_cs_to_half(65520.0f), 0x7c00);
	assert_int_equal(agx_cs_to_half(1e30f), 0x7c00);
	assert_int_equal(agx_cs_to_half(0x1p-24f), 1);
	assert_int_equal(agx_cs_to_half(0x1p-25f), 0);
	assert_int_equal(agx_cs_to_half(0x1.8p-25f), 1);
	assert_int_equal(agx_cs_to_half(1.0f + 0x1p-11f), 0x3c00);
	assert_int_equal(agx_cs_to_half(1.0f + 0x1.8p-10f), 0x3c02);
	assert_int_equal(agx_cs_to_half(agx_cs_float(0x7f800001)), 0x7c01);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pack_of_unpack), cmocka_unit_test(test_generic_agrees),
		cmocka_unit_test(test_init),           cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_unencodable),    cmocka_unit_test(test_half),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
