// SPDX-License-Identifier: MIT
/* Blocks of streams: which structures follow a first word, where, and where the stream goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cs_members.h"

#define VDM(type) ((uint32_t)AGX_CS_VDM_BLOCK_TYPE_##type << 29)
#define CDM(type) ((uint32_t)AGX_CS_CDM_BLOCK_TYPE_##type << 29)

/* The parts' structures end to end, as a sum, and their order by name. */
static uint32_t walk(const struct agx_cs_stream *stream, uint32_t word, enum agx_cs_variant variant,
		     uint16_t calls, char *names, size_t size)
{
	const struct agx_cs_block *block = agx_cs_block_at(stream, word);
	struct agx_cs_parts parts;
	uint32_t end = 0, unpadded;
	const struct agx_cs_part *last = NULL;

	assert_non_null(block);
	names[0] = '\0';
	agx_cs_parts(&parts, block, word, variant, calls);
	while (agx_cs_next_part(&parts)) {
		assert_int_equal(parts.offset, end);
		end += parts.part->desc->size;
		assert_int_equal(parts.index, parts.part == last ? parts.index : 0);
		last = parts.part;
		assert_true(strlen(names) + strlen(parts.part->name) + 2 < size);
		strcat(strcat(names, parts.part->name), " ");
	}
	assert_false(agx_cs_next_part(&parts));
	unpadded = agx_cs_block_size(block, word, variant, calls);
	assert_true(unpadded >= end && unpadded < end + 8);
	return unpadded;
}

static uint32_t vdm(uint32_t word, char *names)
{
	return walk(&agx_cs_vdm, word, AGX_CS_ALL, 0, names, 1024);
}

static void test_vdm_state(void **state)
{
	static const char *const order[] = {"restart_index ",
					    "vertex_shader_word_0 ",
					    "vertex_shader_word_1 ",
					    "vertex_outputs ",
					    "tessellation ",
					    "vertex_unknown ",
					    NULL,
					    "tessellation_scale "};
	char names[1024], expected[1024];

	for (uint32_t bits = 0; bits < 256; bits++) {
		uint32_t size = 4;

		if (bits & 0x40)
			continue;
		strcpy(expected, "vdm_state ");
		for (unsigned int i = 0; i < 8; i++)
			if (bits >> i & 1) {
				size += 4;
				strcat(expected, order[i]);
			}
		if (!(bits & 0x80))
			size = (size + 7) & ~7u;
		assert_int_equal(vdm(VDM(VDM_STATE_UPDATE) | bits, names), size);
		assert_string_equal(names, expected);
	}
}

static void test_index_list(void **state)
{
	static const struct {
		unsigned int bit, size;
		const char *name;
	} order[] = {{21, 4, "index_buffer "},   {22, 4, "index_count "},
		     {23, 4, "instance_count "}, {24, 4, "start "},
		     {25, 8, "unknown_1 "},      {26, 8, "indirect_buffer "},
		     {27, 4, "unknown_2 "},      {20, 4, "index_buffer_size "}};
	char names[1024], expected[1024];

	for (uint32_t bits = 0; bits < 256; bits++) {
		const uint32_t word = VDM(INDEX_LIST) | bits << 20 | 0x11 | 6 << 8;
		uint32_t size = 4;

		strcpy(expected, "index_list ");
		for (unsigned int i = 0; i < 8; i++)
			if (word >> order[i].bit & 1) {
				size += order[i].size;
				strcat(expected, order[i].name);
			}
		assert_int_equal(vdm(word, names), size);
		assert_string_equal(names, expected);
	}
}

static void test_vdm_others(void **state)
{
	const struct agx_cs_block *block;
	struct agx_cs_vdm_stream_link link = {.target = 0x1122334454, .with_return = true};
	uint8_t record[8];
	uint32_t word;
	char names[1024];

	assert_int_equal(vdm(VDM(PPP_STATE_UPDATE), names), 8);
	assert_int_equal(vdm(VDM(BARRIER), names), 4);
	assert_int_equal(vdm(VDM(STREAM_TERMINATE), names), 4);
	assert_null(agx_cs_block_at(&agx_cs_vdm, 7u << 29));
	block = agx_cs_block_at(&agx_cs_vdm, VDM(BARRIER));
	assert_int_equal(agx_cs_block_flow(block, VDM(BARRIER)), AGX_CS_NEXT);
	assert_int_equal(agx_cs_block_flow(block, VDM(BARRIER) | 1 << 27), AGX_CS_RETURN);
	block = agx_cs_block_at(&agx_cs_vdm, VDM(STREAM_TERMINATE));
	assert_int_equal(agx_cs_block_flow(block, VDM(STREAM_TERMINATE)), AGX_CS_END);
	block = agx_cs_block_at(&agx_cs_vdm, VDM(INDEX_LIST));
	assert_int_equal(agx_cs_block_flow(block, VDM(INDEX_LIST)), AGX_CS_NEXT);

	agx_cs_vdm_stream_link_pack(record, &link);
	memcpy(&word, record, 4);
	assert_int_equal(word, VDM(STREAM_LINK) | 1 << 28 | 0x11);
	assert_int_equal(vdm(word, names), 8);
	block = agx_cs_block_at(&agx_cs_vdm, word);
	assert_int_equal(agx_cs_block_flow(block, word), AGX_CS_CALL);
	assert_true(agx_cs_get(block->target, record) == 0x1122334454);
	assert_int_equal(block->target->target, AGX_CS_TO_VDM);
	assert_int_equal(agx_cs_block_flow(block, word & ~(1u << 28)), AGX_CS_LINK);

	/* All words of a tessellated draw: 4 + 4 + 8 + 4 + 8 + 12 + 4. */
	assert_int_equal(vdm(VDM(TESSELLATE) | 0x16e00000, names), 44);
}

static uint32_t cdm(uint32_t word, enum agx_cs_variant variant, char *names)
{
	return walk(&agx_cs_cdm, word, variant, 0, names, 1024);
}

static void test_cdm(void **state)
{
	const struct agx_cs_block *block;
	char names[1024];

	assert_int_equal(cdm(CDM(LAUNCH), AGX_CS_ALL, names), 32);
	assert_string_equal(names, "cdm_launch_0 launch_word_1 global_size local_size ");
	assert_int_equal(cdm(CDM(LAUNCH) | 1 << 27, AGX_CS_ALL, names), 28);
	assert_string_equal(names, "cdm_launch_0 launch_word_1 indirect local_size ");
	assert_int_equal(cdm(CDM(LAUNCH) | 2 << 27, AGX_CS_ALL, names), 16);
	assert_string_equal(names, "cdm_launch_0 launch_word_1 indirect ");
	assert_int_equal(cdm(CDM(LAUNCH), AGX_CS_G14X, names), 40);
	assert_string_equal(names, "cdm_launch_0 launch_word_1 g14x global_size local_size ");
	assert_int_equal(cdm(CDM(BARRIER) | 0xfffff, AGX_CS_ALL, names), 4);
	assert_int_equal(cdm(CDM(STREAM_TERMINATE), AGX_CS_ALL, names), 8);
	assert_int_equal(cdm(CDM(STREAM_RETURN), AGX_CS_ALL, names), 8);
	assert_int_equal(cdm(CDM(STREAM_LINK), AGX_CS_ALL, names), 8);
	for (uint32_t type = 5; type < 8; type++)
		assert_null(agx_cs_block_at(&agx_cs_cdm, type << 29));
	block = agx_cs_block_at(&agx_cs_cdm, CDM(STREAM_RETURN));
	assert_int_equal(agx_cs_block_flow(block, CDM(STREAM_RETURN)), AGX_CS_RETURN);
	block = agx_cs_block_at(&agx_cs_cdm, CDM(STREAM_TERMINATE));
	assert_int_equal(agx_cs_block_flow(block, CDM(STREAM_TERMINATE)), AGX_CS_END);
}

/* A compute stream as Mesa 26.2.6 writes it. */
static void test_real_launch(void **state)
{
	static const uint32_t stream[] = {0x00001212, 0xfff98000, 0x00000004, 0x00000004,
					  0x00000001, 0x00000020, 0x00000001, 0x00000001,
					  0x600fffff, 0x40000000, 0x00000000};
	struct agx_cs_cdm_launch_0 launch;
	struct agx_cs_cdm_launch_1 pipeline;
	struct agx_cs_cdm_global_size global;
	struct agx_cs_cdm_local_size local;
	struct agx_cs_cdm_barrier barrier;
	uint32_t back[2];
	char names[1024], text[64];

	assert_int_equal(cdm(stream[0], AGX_CS_ALL, names), 32);
	agx_cs_cdm_launch_0_unpack(&launch, &stream[0]);
	assert_int_equal(launch.uniform_register_count, 64);
	assert_int_equal(launch.texture_state_register_count, 8);
	assert_int_equal(launch.sampler_state_register_count, AGX_CS_SAMPLER_STATES_COMPACT_4);
	assert_int_equal(launch.preamble_register_count, 16);
	assert_int_equal(launch.mode, AGX_CS_CDM_MODE_DIRECT);
	agx_cs_cdm_launch_0_pack(back, &launch);
	assert_int_equal(back[0], stream[0]);
	agx_cs_cdm_launch_1_unpack(&pipeline, &stream[1]);
	assert_int_equal(pipeline.pipeline, 0xfff98000);
	agx_cs_cdm_global_size_unpack(&global, &stream[2]);
	assert_int_equal(global.x * 10000 + global.y * 100 + global.z, 40401);
	agx_cs_cdm_local_size_unpack(&local, &stream[5]);
	assert_int_equal(local.x * 10000 + local.y * 100 + local.z, 320101);
	assert_int_equal(agx_cs_show(&agx_cs_structs[AGX_CS_ID_CDM_LOCAL_SIZE], &stream[5], text,
				     sizeof(text)),
			 6);
	assert_string_equal(text, "32x1x1");
	agx_cs_cdm_barrier_unpack(&barrier, &stream[8]);
	assert_true(barrier.usc_cache_invalidate);
	assert_false(barrier.returns);
	assert_int_equal(agx_cs_block_at(&agx_cs_cdm, stream[9])->id,
			 AGX_CS_BLOCK_CDM_STREAM_TERMINATE);
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(agx_cs_check(&agx_cs_structs[AGX_CS_ID_CDM_LAUNCH_0 + i],
					      &stream[i], NULL, NULL),
				 0);
	assert_int_equal(
		agx_cs_check(&agx_cs_structs[AGX_CS_ID_CDM_BARRIER], &stream[8], NULL, NULL), 0);
}

static void test_ppp(void **state)
{
	static const uint8_t sizes[32] = {4, 4, 4, 4, 4, 4, 4, 4, 4,  0, 0, 0, 0, 0, 0,
					  0, 4, 4, 4, 4, 0, 4, 4, 16, 4, 4, 4, 4, 8};
	struct cs_random random = {4};
	char names[2048];

	for (unsigned int round = 0; round < 2000; round++) {
		const uint32_t word = (uint32_t)cs_random(&random) & 0x1fefffff & ~0x200u;
		const uint32_t viewports = (word >> 12 & 15) + 1;
		uint32_t size = 4;

		for (unsigned int bit = 0; bit < 32; bit++)
			if (word >> bit & 1)
				size += sizes[bit];
		if (word >> 10 & 1)
			size += 8 * viewports;
		if (word >> 11 & 1)
			size += 4 + 24 * viewports;
		assert_int_equal(walk(&agx_cs_ppp, word, AGX_CS_ALL, 0, names, sizeof(names)),
				 size);
	}
	walk(&agx_cs_ppp, 1u << 11 | 1u << 10 | 1u << 12 | 1u << 23, AGX_CS_ALL, 0, names,
	     sizeof(names));
	assert_string_equal(names,
			    "ppp_header region_clip region_clip viewport_control viewport viewport "
			    "fragment_shader_word_0 fragment_shader_word_1 "
			    "fragment_shader_word_2 fragment_shader_word_3 ");
}

static void test_cf(void **state)
{
	char names[2048];

	assert_int_equal(walk(&agx_cs_cf, 0x0305, AGX_CS_ALL, 0, names, sizeof(names)), 4);
	assert_int_equal(walk(&agx_cs_cf, 0x0305, AGX_CS_ALL, 3, names, sizeof(names)), 16);
	assert_string_equal(names, "cf_binding_header binding binding binding ");
}

static void test_usc(void **state)
{
	static const struct {
		uint8_t tag, size;
		bool end;
	} words[] = {{0x0d, 6, false}, {0x1d, 8, false}, {0x38, 8, true}, {0x3d, 8, false},
		     {0x4d, 4, false}, {0x58, 4, false}, {0x88, 2, true}, {0x8d, 4, false},
		     {0x9d, 8, false}, {0xdd, 8, false}};
	unsigned int known = 0;

	for (unsigned int tag = 0; tag < 256; tag++)
		known += agx_cs_block_at(&agx_cs_usc, 0xabcdef00 | tag) != NULL;
	assert_int_equal(known, 10);
	for (unsigned int i = 0; i < 10; i++) {
		const struct agx_cs_block *block = agx_cs_block_at(&agx_cs_usc, words[i].tag);

		assert_non_null(block);
		assert_int_equal(agx_cs_block_size(block, words[i].tag, AGX_CS_ALL, 0),
				 words[i].size);
		assert_int_equal(agx_cs_block_flow(block, words[i].tag),
				 words[i].end ? AGX_CS_END : AGX_CS_NEXT);
	}
}

/* The first structure of a stream's block has the block's tag among its fixed bits. */
static void test_tags(void **state)
{
	const struct agx_cs_stream *const streams[] = {&agx_cs_vdm, &agx_cs_cdm, &agx_cs_usc};

	for (unsigned int i = 0; i < 3; i++)
		for (uint32_t tag = 0; tag < 1u << streams[i]->tag_width; tag++) {
			const struct agx_cs_block *block = streams[i]->blocks[tag];
			const uint64_t mask = ((1ull << streams[i]->tag_width) - 1)
					      << streams[i]->tag_start;

			if (!block)
				continue;
			assert_true((block->parts[0].desc->fixed_mask & mask) == mask);
			assert_true((block->parts[0].desc->fixed_value & mask) ==
				    (uint64_t)tag << streams[i]->tag_start);
			assert_true(block->parts[0].when.width == 0 &&
				    block->parts[0].when.values == 1);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vdm_state),   cmocka_unit_test(test_index_list),
		cmocka_unit_test(test_vdm_others),  cmocka_unit_test(test_cdm),
		cmocka_unit_test(test_real_launch), cmocka_unit_test(test_ppp),
		cmocka_unit_test(test_cf),          cmocka_unit_test(test_usc),
		cmocka_unit_test(test_tags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
