// SPDX-License-Identifier: MIT
/*
 * Block-compressed texels against decoders of others.
 *
 *   test-block VECTORS         what those made of some blocks (block_vectors.txt), by digest; and properties
 *   test-block --compare FILE  what they made of many, texel by texel: called by block_vectors.py
 *
 * FILE is a sequence of: channels, type, srgb, unit, number of blocks; the blocks; four binary32 for each
 * texel, blocks in order, texels in rows. Numbers have 32 bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "block.h"
#include "formats.h"
#include "numeric.h"
#include "texel.h"

#define MAGENTA_PARTS 4

/* What is equal bit for bit. */
enum unit {
	UNIT_BYTE,   /* values / 255 */
	UNIT_ELEVEN, /* values / 2047, or / 1023 with a sign */
	UNIT_HALF,   /* bits of binary16 */
	UNIT_NEAR,   /* nothing: the specification leaves the rounding open */
};

/* The largest difference of UNIT_NEAR: two steps of what is stored. */
#define NEAR        (2.0f / 255)
#define NEAR_SIGNED (2.0f / 127)

static const char *vectors_path;

static bool is_astc(enum agx_cs_channels channels)
{
	return channels >= AGX_CS_CHANNELS_ASTC_4X4 && channels <= AGX_CS_CHANNELS_ASTC_12X12;
}

static enum unit unit_of(const struct agx_texel_format *format)
{
	if (format->type == AGX_CS_TEXTURE_TYPE_FLOAT)
		return UNIT_HALF;
	if (format->channels == AGX_CS_CHANNELS_EAC_R11 ||
	    format->channels == AGX_CS_CHANNELS_EAC_RG11)
		return UNIT_ELEVEN;
	if (format->channels >= AGX_CS_CHANNELS_BC1 && format->channels <= AGX_CS_CHANNELS_BC5)
		return UNIT_NEAR;
	return UNIT_BYTE;
}

static float value_of(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static int nearest(float value)
{
	return (int)(value < 0 ? value - 0.5f : value + 0.5f);
}

/* A component's value as a number of the unit. */
static uint16_t code_of(uint32_t bits, enum unit unit, bool is_signed, bool srgb)
{
	switch (unit) {
	case UNIT_HALF:
		return agx_f32_to_f16(bits);
	case UNIT_ELEVEN:
		return (uint16_t)nearest(value_of(bits) * (is_signed ? 1023 : 2047));
	default:
		return srgb ? (uint16_t)agx_srgb_of_linear(bits)
			    : (uint16_t)nearest(value_of(bits) * 255);
	}
}

/* A texel of ours. ASTC without sRGB has more than a byte: the decoders that round take its upper one. */
static void codes_of_block(const struct agx_texel_format *format, enum unit unit,
			   const uint8_t *block, unsigned int x, unsigned int y, uint16_t codes[4])
{
	const struct agx_cs_channels_info *info = &agx_cs_channels_info[format->channels];
	uint32_t rgba[4];

	if (is_astc(format->channels) && unit == UNIT_BYTE) {
		agx_block_astc(block, info->width, info->height, x, y,
			       format->srgb ? AGX_ASTC_SRGB : AGX_ASTC_LINEAR, codes);
		for (unsigned int c = 0; c < 4; c++)
			codes[c] >>= 8;
		return;
	}
	agx_texel_decode(format, block, x, y, rgba);
	for (unsigned int c = 0; c < 4; c++)
		codes[c] = code_of(rgba[c], unit, format->type == AGX_CS_TEXTURE_TYPE_SNORM,
				   format->srgb && c < 3);
}

static uint32_t digest(uint32_t sum, uint16_t code)
{
	sum = (sum ^ (code & 0xff)) * 0x01000193;
	return (sum ^ code >> 8) * 0x01000193;
}

static uint32_t digest_of_block(const struct agx_texel_format *format, const uint8_t *block)
{
	const struct agx_cs_channels_info *info = &agx_cs_channels_info[format->channels];
	uint32_t sum = 0x811c9dc5;

	for (unsigned int y = 0; y < info->height; y++)
		for (unsigned int x = 0; x < info->width; x++) {
			uint16_t codes[4];

			codes_of_block(format, unit_of(format), block, x, y, codes);
			for (unsigned int c = 0; c < 4; c++)
				sum = digest(sum, codes[c]);
		}
	return sum;
}

static void test_vectors(void **state)
{
	FILE *file = fopen(vectors_path, "r");
	unsigned int channels, type, srgb, want, line = 0, lines = 0, formats = 0;
	bool seen[128] = {false};
	char hex[33], text[120];

	(void)state;
	assert_non_null(file);
	while (fgets(text, sizeof(text), file)) {
		struct agx_texel_format format;
		uint8_t block[16] = {0};
		uint32_t got;

		line++;
		if (text[0] == '#')
			continue;
		assert_int_equal(
			sscanf(text, "%x %u %u %32s %x", &channels, &type, &srgb, hex, &want), 5);
		assert_true(channels < 128);
		format = (struct agx_texel_format){(enum agx_cs_channels)channels,
						   (enum agx_cs_texture_type)type, srgb};
		assert_null(agx_texel_refuse_read(&format));
		assert_int_equal(strlen(hex), agx_cs_channels_info[channels].bits / 4);
		for (unsigned int i = 0; i < strlen(hex) / 2; i++) {
			unsigned int byte;

			assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
			block[i] = (uint8_t)byte;
		}
		got = digest_of_block(&format, block);
		if (got != want)
			fail_msg("%s:%u: digest %08x, not %08x", vectors_path, line, got, want);
		formats += !seen[channels];
		seen[channels] = true;
		lines++;
	}
	fclose(file);
	assert_true(lines > 1000);
	/* ETC2 and EAC (5), ASTC (14), BC6H (2), BC7. */
	assert_int_equal(formats, 22);
}

/* C / 65536 by division, cut off at 11 significant bits or at 2^-24. */
static void test_half_of_unorm16(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < 0xffff; c++) {
		const float exact = (float)c / 65536;
		const uint16_t half = agx_half_of_unorm16((uint16_t)c);
		const float low = value_of(agx_f16_to_f32(half));
		const float high = value_of(agx_f16_to_f32(half + 1u));

		if (low > exact || high <= exact)
			fail_msg("%u: %#x is not the last below", c, half);
	}
	assert_int_equal(agx_half_of_unorm16(0xffff), 0x3c00);
}

/* Any block has a meaning, whose parts are in their ranges; nothing outside of it is read. */
static void test_hostile(void **state)
{
	uint64_t random = 88172645463325252;
	uint8_t *block = malloc(16);

	(void)state;
	assert_non_null(block);
	for (unsigned int i = 0; i < 20000; i++) {
		const struct agx_texel_format *f;
		struct agx_texel_format formats[3] = {
			{AGX_CS_CHANNELS_BC7, AGX_CS_TEXTURE_TYPE_UNORM, i & 1},
			{i & 1 ? AGX_CS_CHANNELS_BC6H : AGX_CS_CHANNELS_BC6H_UFLOAT,
			 AGX_CS_TEXTURE_TYPE_FLOAT, false},
			{(enum agx_cs_channels)(AGX_CS_CHANNELS_ASTC_4X4 + i % 14),
			 i & 16 ? AGX_CS_TEXTURE_TYPE_FLOAT : AGX_CS_TEXTURE_TYPE_UNORM, false},
		};

		for (unsigned int b = 0; b < 16; b++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			block[b] = (uint8_t)(random >> 24);
		}
		for (f = formats; f < formats + 3; f++) {
			const struct agx_cs_channels_info *info =
				&agx_cs_channels_info[f->channels];
			uint32_t rgba[4];

			assert_null(agx_texel_refuse_read(f));
			agx_texel_decode(f, block, i % info->width, i / 16 % info->height, rgba);
			if (f->type == AGX_CS_TEXTURE_TYPE_UNORM)
				for (unsigned int c = 0; c < 4; c++)
					assert_true(value_of(rgba[c]) >= 0 &&
						    value_of(rgba[c]) <= 1);
			else if (f->channels == AGX_CS_CHANNELS_BC6H_UFLOAT)
				assert_true(rgba[0] < 0x7f800000 && rgba[3] == AGX_F32_ONE);
		}
	}
	free(block);
}

/* --compare */
struct job {
	uint32_t channels, type, srgb, unit, count;
};

struct counts {
	unsigned long components, different, errors;
	float furthest;
};

static bool is_nan(uint32_t bits)
{
	return (bits & 0x7fffffff) > 0x7f800000;
}

/* Whether a texel is equal, or near where that is all that is asked for. */
static bool compare_texel(const struct agx_texel_format *format, enum unit unit,
			  const uint8_t *block, unsigned int x, unsigned int y,
			  const uint32_t theirs[4], struct counts *counts)
{
	static const uint16_t magenta[MAGENTA_PARTS] = {0x3c00, 0, 0x3c00, 0x3c00};
	const bool is_signed = format->type == AGX_CS_TEXTURE_TYPE_SNORM;
	uint16_t ours[4];
	uint32_t rgba[4];
	bool same = true;

	codes_of_block(format, unit, block, x, y, ours);
	agx_texel_decode(format, block, x, y, rgba);
	/* Illegal blocks of high dynamic range are either. */
	if (unit == UNIT_HALF && is_nan(theirs[0]) && !memcmp(ours, magenta, sizeof(ours))) {
		counts->errors++;
		return true;
	}
	for (unsigned int c = 0; c < 4; c++) {
		const uint16_t code = code_of(theirs[c], unit, is_signed, format->srgb && c < 3);
		const float far = value_of(rgba[c]) - value_of(theirs[c]);
		const float distance = far < 0 ? -far : far;

		if (unit != UNIT_HALF && distance > counts->furthest)
			counts->furthest = distance;
		counts->components++;
		if (code == ours[c])
			continue;
		counts->different++;
		same = same && unit == UNIT_NEAR && distance <= (is_signed ? NEAR_SIGNED : NEAR);
	}
	return same;
}

static int compare_job(const struct job *job, FILE *file)
{
	const struct agx_texel_format format = {(enum agx_cs_channels)job->channels,
						(enum agx_cs_texture_type)job->type, job->srgb};
	const struct agx_cs_channels_info *info = &agx_cs_channels_info[job->channels % 128];
	const size_t bytes = info->bits / 8, texels = (size_t)info->width * info->height;
	uint8_t *blocks = calloc(job->count, 16);
	uint32_t theirs[144][4];
	struct counts counts = {0, 0, 0, 0};
	unsigned int wrong = 0;

	if (job->channels >= 128 || agx_texel_refuse_read(&format) || !blocks ||
	    fread(blocks, bytes, job->count, file) != job->count) {
		free(blocks);
		fprintf(stderr, "test-block: bad input\n");
		return 2;
	}
	for (uint32_t i = 0; i < job->count; i++) {
		if (fread(theirs, sizeof(*theirs), texels, file) != texels) {
			free(blocks);
			fprintf(stderr, "test-block: the input ends among texels\n");
			return 2;
		}
		for (unsigned int t = 0; t < texels; t++) {
			if (compare_texel(&format, (enum unit)job->unit, blocks + i * bytes,
					  t % info->width, t / info->width, theirs[t], &counts))
				continue;
			if (wrong++ > 4)
				break;
			printf("  block ");
			for (unsigned int b = 0; b < bytes; b++)
				printf("%02x", blocks[i * bytes + b]);
			printf(" texel %u: %08x %08x %08x %08x\n", t, theirs[t][0], theirs[t][1],
			       theirs[t][2], theirs[t][3]);
			break;
		}
	}
	free(blocks);
	printf("%#x type %u srgb %u: %u blocks, %lu components, %lu not equal", job->channels,
	       job->type, job->srgb, job->count, counts.components, counts.different);
	if (job->unit != UNIT_HALF)
		printf(", furthest %.6f", (double)counts.furthest);
	printf(", %lu texels NaN there and magenta here%s\n", counts.errors,
	       wrong ? ": WRONG" : "");
	return wrong ? 1 : 0;
}

static int compare(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct job job;
	int status = 0;

	if (!file) {
		fprintf(stderr, "test-block: %s cannot be read\n", path);
		return 2;
	}
	while (status < 2 && fread(&job, sizeof(job), 1, file) == 1) {
		const int result = compare_job(&job, file);

		status = result > status ? result : status;
	}
	fclose(file);
	return status;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_half_of_unorm16),
		cmocka_unit_test(test_hostile),
	};

	if (argc == 3 && !strcmp(argv[1], "--compare"))
		return compare(argv[2]);
	if (argc != 2) {
		fprintf(stderr, "test-block: takes the file of vectors\n");
		return 2;
	}
	vectors_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
