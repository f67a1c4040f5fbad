// SPDX-License-Identifier: MIT
#include "texel.h"

#include <string.h>

#include "agx_isa_ops.h"
#include "block.h"
#include "formats.h"
#include "numeric.h"
#include "srgb_curve.h"

#define F32_SIGN     0x80000000u
#define F32_EXPONENT 0x7f800000u

static bool is_block(enum agx_cs_channels channels)
{
	return agx_cs_channels_info[channels].width > 1;
}

static const char *refuse_type(const struct agx_texel_format *format)
{
	const struct agx_cs_channels_info *info = &agx_cs_channels_info[format->channels];

	if (format->type == AGX_CS_TEXTURE_TYPE_XR)
		return "extended range (xr)";
	if (format->type > AGX_CS_TEXTURE_TYPE_XR)
		return "an unknown type of components";
	if (format->srgb && format->type != AGX_CS_TEXTURE_TYPE_UNORM)
		return "sRGB of other components than unorm";
	if (format->srgb && !is_block(format->channels) && info->component[0] != 8)
		return "sRGB of other components than 8 bits";
	return NULL;
}

/* Formats whose components are bits of their own. */
static const char *refuse_plain(const struct agx_texel_format *format)
{
	const unsigned int bits = agx_cs_channels_info[format->channels].component[0];

	switch (format->channels) {
	case AGX_CS_CHANNELS_A1R5G5B5:
		return "a1r5g5b5, whose order nobody has described";
	case AGX_CS_CHANNELS_R32G32B32_EMULATED:
		return "r32g32b32, which the texture unit does not read";
	case AGX_CS_CHANNELS_R11G11B10:
	case AGX_CS_CHANNELS_R9G9B9E5:
		return format->type == AGX_CS_TEXTURE_TYPE_FLOAT
			       ? NULL
			       : "packed floats with another type than float";
	default:
		break;
	}
	if (format->type == AGX_CS_TEXTURE_TYPE_FLOAT && bits != 16 && bits != 32)
		return "floats of other sizes than 16 and 32 bits";
	if (bits == 32 && (format->type == AGX_CS_TEXTURE_TYPE_UNORM ||
			   format->type == AGX_CS_TEXTURE_TYPE_SNORM))
		return "normalized components of 32 bits";
	return NULL;
}

static const char *refuse_blocks(const struct agx_texel_format *format)
{
	const bool is_signed = format->type == AGX_CS_TEXTURE_TYPE_SNORM;

	switch (format->channels) {
	case AGX_CS_CHANNELS_BC4:
	case AGX_CS_CHANNELS_BC5:
	case AGX_CS_CHANNELS_EAC_R11:
	case AGX_CS_CHANNELS_EAC_RG11:
		if (format->srgb)
			return "sRGB of a format that has none";
		return is_signed || format->type == AGX_CS_TEXTURE_TYPE_UNORM
			       ? NULL
			       : "a block format with a type that it does not have";
	case AGX_CS_CHANNELS_BC1:
	case AGX_CS_CHANNELS_BC2:
	case AGX_CS_CHANNELS_BC3:
	case AGX_CS_CHANNELS_ETC2_RGB8:
	case AGX_CS_CHANNELS_ETC2_RGBA8:
	case AGX_CS_CHANNELS_ETC2_RGB8A1:
	case AGX_CS_CHANNELS_BC7:
		return format->type == AGX_CS_TEXTURE_TYPE_UNORM
			       ? NULL
			       : "a block format with a type that it does not have";
	case AGX_CS_CHANNELS_BC6H:
	case AGX_CS_CHANNELS_BC6H_UFLOAT:
		return format->type == AGX_CS_TEXTURE_TYPE_FLOAT
			       ? NULL
			       : "a block format with a type that it does not have";
	case AGX_CS_CHANNELS_PVRTC_2BPP:
	case AGX_CS_CHANNELS_PVRTC_4BPP:
		return "PVRTC";
	case AGX_CS_CHANNELS_GBGR_422:
	case AGX_CS_CHANNELS_BGRG_422:
		return "subsampled channels (422)";
	default: /* ASTC */
		return format->type == AGX_CS_TEXTURE_TYPE_UNORM ||
				       format->type == AGX_CS_TEXTURE_TYPE_FLOAT
			       ? NULL
			       : "a block format with a type that it does not have";
	}
}

const char *agx_texel_refuse_read(const struct agx_texel_format *format)
{
	const char *why;

	if ((unsigned int)format->channels >= 128 || !agx_cs_channels_info[format->channels].bits)
		return "channels with an unknown code";
	why = refuse_type(format);
	if (why)
		return why;
	return is_block(format->channels) ? refuse_blocks(format) : refuse_plain(format);
}

const char *agx_texel_refuse_write(const struct agx_texel_format *format)
{
	const char *why = agx_texel_refuse_read(format);

	if (why)
		return why;
	if (is_block(format->channels))
		return "writes of block-compressed texels";
	return NULL;
}

/* The quotient of two small numbers in binary64 rounds as the exact one does: see shader/formats.c. */
static uint32_t f32_of_ratio(struct agx_ratio ratio)
{
	const float value = (float)((double)ratio.over / ratio.under);
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static uint32_t linear_of_ratio(struct agx_ratio ratio)
{
	const int32_t code = (2 * 255 * ratio.over + ratio.under) / (2 * ratio.under);

	return srgb_curve[code & 255];
}

static bool is_srgb(const struct agx_texel_format *format, unsigned int component)
{
	return format->srgb && component < 3;
}

/* A texel of the formats whose components are exact ratios; those that it does not have are left alone. */
static void decode_ratios(const struct agx_texel_format *format, const uint8_t *block,
			  unsigned int x, unsigned int y, struct agx_ratio rgba[4])
{
	const bool is_signed = format->type == AGX_CS_TEXTURE_TYPE_SNORM;

	switch (format->channels) {
	case AGX_CS_CHANNELS_BC1:
		agx_block_bc1(block, x, y, rgba);
		break;
	case AGX_CS_CHANNELS_BC2:
		agx_block_bc2(block, x, y, rgba);
		break;
	case AGX_CS_CHANNELS_BC3:
		agx_block_bc3(block, x, y, rgba);
		break;
	case AGX_CS_CHANNELS_BC5:
		rgba[1] = agx_block_bc4(block + 8, x, y, is_signed);
		rgba[0] = agx_block_bc4(block, x, y, is_signed);
		break;
	case AGX_CS_CHANNELS_BC4:
		rgba[0] = agx_block_bc4(block, x, y, is_signed);
		break;
	case AGX_CS_CHANNELS_ETC2_RGBA8:
		agx_block_etc2(block + 8, x, y, false, rgba);
		rgba[3] = agx_block_eac_alpha(block, x, y);
		break;
	case AGX_CS_CHANNELS_ETC2_RGB8:
	case AGX_CS_CHANNELS_ETC2_RGB8A1:
		agx_block_etc2(block, x, y, format->channels == AGX_CS_CHANNELS_ETC2_RGB8A1, rgba);
		break;
	case AGX_CS_CHANNELS_EAC_RG11:
		rgba[1] = agx_block_eac(block + 8, x, y, is_signed);
		rgba[0] = agx_block_eac(block, x, y, is_signed);
		break;
	default: /* AGX_CS_CHANNELS_EAC_R11 */
		rgba[0] = agx_block_eac(block, x, y, is_signed);
		break;
	}
}

static uint32_t decode_byte(const struct agx_texel_format *format, uint8_t value, unsigned int c)
{
	if (is_srgb(format, c))
		return srgb_curve[value];
	return f32_of_ratio((struct agx_ratio){value, 255});
}

static void decode_astc(const struct agx_texel_format *format, const uint8_t *block, unsigned int x,
			unsigned int y, uint32_t rgba[4])
{
	const struct agx_cs_channels_info *info = &agx_cs_channels_info[format->channels];
	const bool high = format->type == AGX_CS_TEXTURE_TYPE_FLOAT;
	uint16_t values[4];

	agx_block_astc(block, info->width, info->height, x, y,
		       high           ? AGX_ASTC_HIGH
		       : format->srgb ? AGX_ASTC_SRGB
				      : AGX_ASTC_LINEAR,
		       values);
	for (unsigned int c = 0; c < 4; c++) {
		if (format->srgb)
			rgba[c] = decode_byte(format, (uint8_t)(values[c] >> 8), c);
		else
			rgba[c] = agx_f16_to_f32(high ? values[c] : agx_half_of_unorm16(values[c]));
	}
}

static void decode_block(const struct agx_texel_format *format, const uint8_t *block,
			 unsigned int x, unsigned int y, uint32_t rgba[4])
{
	struct agx_ratio ratios[4] = {{0, 1}, {0, 1}, {0, 1}, {1, 1}};
	uint16_t halves[3];
	uint8_t bytes[4];

	switch (format->channels) {
	case AGX_CS_CHANNELS_BC6H:
	case AGX_CS_CHANNELS_BC6H_UFLOAT:
		agx_block_bc6h(block, x, y, format->channels == AGX_CS_CHANNELS_BC6H, halves);
		for (unsigned int c = 0; c < 3; c++)
			rgba[c] = agx_f16_to_f32(halves[c]);
		return;
	case AGX_CS_CHANNELS_BC7:
		agx_block_bc7(block, x, y, bytes);
		for (unsigned int c = 0; c < 4; c++)
			rgba[c] = decode_byte(format, bytes[c], c);
		return;
	default:
		break;
	}
	if (format->channels >= AGX_CS_CHANNELS_ASTC_4X4 &&
	    format->channels <= AGX_CS_CHANNELS_ASTC_12X12) {
		decode_astc(format, block, x, y, rgba);
		return;
	}
	decode_ratios(format, block, x, y, ratios);
	for (unsigned int c = 0; c < 4; c++)
		rgba[c] = is_srgb(format, c) ? linear_of_ratio(ratios[c]) : f32_of_ratio(ratios[c]);
}

static uint32_t sign_extend(uint32_t value, unsigned int bits)
{
	const uint32_t sign = 1u << (bits - 1);

	return (value ^ sign) - sign;
}

uint32_t agx_texel_component(enum agx_cs_texture_type type, uint32_t value, unsigned int bits)
{
	const int32_t max = (int32_t)((1u << (bits - 1)) - 1);
	int32_t number;

	switch (type) {
	case AGX_CS_TEXTURE_TYPE_UNORM:
		return f32_of_ratio(
			(struct agx_ratio){(int32_t)value, (int32_t)((1u << bits) - 1)});
	case AGX_CS_TEXTURE_TYPE_SNORM:
		if (bits == 1) /* nothing but a sign */
			return 0;
		number = (int32_t)sign_extend(value, bits);
		return f32_of_ratio((struct agx_ratio){number < -max ? -max : number, max});
	case AGX_CS_TEXTURE_TYPE_SINT:
		return sign_extend(value, bits);
	case AGX_CS_TEXTURE_TYPE_FLOAT:
		return bits == 16 ? agx_f16_to_f32((uint16_t)value) : value;
	default:
		return value;
	}
}

/* Bits of an element, from the lowest one of its first byte on. At most 32 of them, in 8 bytes. */
static uint32_t take_bits(const uint8_t *element, unsigned int start, unsigned int count)
{
	uint64_t word = 0;

	for (unsigned int i = start / 8; i <= (start + count - 1) / 8; i++)
		word |= (uint64_t)element[i] << (8 * (i - start / 8));
	return (uint32_t)(word >> (start & 7) & ((1ull << count) - 1));
}

static void put_bits(uint8_t *element, unsigned int start, unsigned int count, uint32_t value)
{
	const uint64_t word = (value & ((1ull << count) - 1)) << (start & 7);

	for (unsigned int i = start / 8; i <= (start + count - 1) / 8; i++)
		element[i] |= (uint8_t)(word >> (8 * (i - start / 8)));
}

static unsigned int packed_format(enum agx_cs_channels channels, bool truncate)
{
	if (channels == AGX_CS_CHANNELS_R11G11B10)
		return truncate ? AGX_ISA_FORMAT_RG11B10F_RTZ : AGX_ISA_FORMAT_RG11B10F;
	return truncate ? AGX_ISA_FORMAT_RGB9E5_RTZ : AGX_ISA_FORMAT_RGB9E5;
}

static bool is_packed(enum agx_cs_channels channels)
{
	return channels == AGX_CS_CHANNELS_R11G11B10 || channels == AGX_CS_CHANNELS_R9G9B9E5;
}

void agx_texel_decode(const struct agx_texel_format *format, const uint8_t *element, unsigned int x,
		      unsigned int y, uint32_t rgba[4])
{
	const struct agx_cs_channels_info *info = &agx_cs_channels_info[format->channels];
	unsigned int start = 0;

	rgba[0] = rgba[1] = rgba[2] = 0;
	rgba[3] = agx_texel_is_integer(format->type) ? 1 : AGX_F32_ONE;
	if (is_block(format->channels)) {
		decode_block(format, element, x, y, rgba);
		return;
	}
	if (is_packed(format->channels)) {
		const uint32_t word = take_bits(element, 0, 32);

		for (unsigned int c = 0; c < 3; c++)
			rgba[c] = agx_format_load(packed_format(format->channels, false), c, word,
						  true);
		return;
	}
	for (unsigned int c = 0; c < info->components; c++) {
		const unsigned int bits = info->component[c];
		const uint32_t value = take_bits(element, start, bits);

		rgba[c] = is_srgb(format, c) ? srgb_curve[value]
					     : agx_texel_component(format->type, value, bits);
		start += bits;
	}
}

static bool is_nan(uint32_t bits)
{
	return (bits & ~F32_SIGN) > F32_EXPONENT;
}

/* A magnitude of at most 1 in units of 1 / max (below 2^16), to nearest even. */
static uint32_t scale(uint32_t bits, uint32_t max)
{
	const uint32_t magnitude = bits & ~F32_SIGN;
	unsigned int shift;
	uint64_t product, rest;

	if (magnitude >= AGX_F32_ONE)
		return max;
	/* Below 2^-17 nothing is left. */
	shift = 150 - (magnitude >> 23);
	if (shift > 41)
		return 0;
	product = (uint64_t)((magnitude & 0x7fffff) | 0x800000) * max;
	rest = product & ((1ull << shift) - 1);
	product >>= shift;
	if (rest > 1ull << (shift - 1) || (rest == 1ull << (shift - 1) && product & 1))
		product++;
	return (uint32_t)product;
}

static uint32_t f16_of_f32(uint32_t bits, bool truncate)
{
	const uint16_t half = agx_f32_to_f16(bits);

	/* Rounded up: one less, which makes the largest number of infinity. */
	if (truncate && !is_nan(bits) && (agx_f16_to_f32(half) & ~F32_SIGN) > (bits & ~F32_SIGN))
		return half - 1u;
	return half;
}

static uint32_t encode_component(enum agx_cs_texture_type type, uint32_t value, unsigned int bits,
				 bool truncate)
{
	const uint32_t top = bits == 32 ? 0xffffffff : (1u << bits) - 1;
	const int32_t max = (int32_t)(top >> 1);
	int32_t number;
	uint32_t steps;

	switch (type) {
	case AGX_CS_TEXTURE_TYPE_UNORM:
		return is_nan(value) || value & F32_SIGN ? 0 : scale(value, top);
	case AGX_CS_TEXTURE_TYPE_SNORM:
		if (is_nan(value))
			return 0;
		steps = scale(value, (uint32_t)max);
		return value & F32_SIGN ? 0 - steps : steps;
	case AGX_CS_TEXTURE_TYPE_UINT:
		return value < top ? value : top;
	case AGX_CS_TEXTURE_TYPE_SINT:
		number = (int32_t)value;
		if (number > max)
			return (uint32_t)max;
		return number < -max - 1 ? (uint32_t)max + 1 : value;
	default:
		return bits == 16 ? f16_of_f32(value, truncate) : value;
	}
}

void agx_texel_encode(const struct agx_texel_format *format, const uint32_t rgba[4], bool truncate,
		      uint8_t *element)
{
	const struct agx_cs_channels_info *info = &agx_cs_channels_info[format->channels];
	unsigned int start = 0;

	memset(element, 0, info->bits / 8);
	if (is_packed(format->channels)) {
		put_bits(element, 0, 32,
			 agx_format_pack_word(packed_format(format->channels, truncate), rgba,
					      true));
		return;
	}
	for (unsigned int c = 0; c < info->components; c++) {
		const unsigned int bits = info->component[c];

		put_bits(element, start, bits,
			 is_srgb(format, c)
				 ? agx_srgb_of_linear(rgba[c])
				 : encode_component(format->type, rgba[c], bits, truncate));
		start += bits;
	}
}

void agx_texel_swizzle(const enum agx_cs_channel swizzle[4], bool integer, const uint32_t in[4],
		       uint32_t out[4])
{
	for (unsigned int c = 0; c < 4; c++) {
		if (swizzle[c] <= AGX_CS_CHANNEL_A)
			out[c] = in[swizzle[c]];
		else if (swizzle[c] == AGX_CS_CHANNEL_ONE)
			out[c] = integer ? 1 : AGX_F32_ONE;
		else
			out[c] = 0;
	}
}
