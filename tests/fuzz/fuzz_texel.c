// SPDX-License-Identifier: MIT
/*
 * Fuzzes the decoding of texels: whatever the bytes of an element or block are, each of its texels has a value,
 * the same one every time and in its range; and what can be written is read back as the same again.
 *
 * The first byte names the channels, the second the type and, in bit 3, sRGB; the rest is the element.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "numeric.h"
#include "texel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(int holds)
{
	if (!holds)
		abort();
}

static void check_range(const struct agx_texel_format *format, const uint32_t rgba[4])
{
	for (unsigned int c = 0; c < 4; c++) {
		const uint32_t magnitude = rgba[c] & 0x7fffffff;

		if (format->type == AGX_CS_TEXTURE_TYPE_UNORM)
			need(rgba[c] <= AGX_F32_ONE);
		else if (format->type == AGX_CS_TEXTURE_TYPE_SNORM)
			need(magnitude <= AGX_F32_ONE);
		else if (format->channels == AGX_CS_CHANNELS_BC6H_UFLOAT)
			need(rgba[c] < 0x7f800000);
	}
}

static void check_write(const struct agx_texel_format *format, const uint32_t rgba[4])
{
	uint8_t first[AGX_TEXEL_BYTES] = {0}, second[AGX_TEXEL_BYTES] = {0};
	uint32_t again[4];

	agx_texel_encode(format, rgba, false, first);
	agx_texel_decode(format, first, 0, 0, again);
	agx_texel_encode(format, again, false, second);
	need(!memcmp(first, second, sizeof(first)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct agx_cs_channels_info *info;
	struct agx_texel_format format;
	uint8_t *element;

	if (size < 3)
		return 0;
	format = (struct agx_texel_format){(enum agx_cs_channels)(data[0] & 127),
					   (enum agx_cs_texture_type)(data[1] & 7),
					   data[1] >> 3 & 1};
	info = &agx_cs_channels_info[format.channels];
	if (agx_texel_refuse_read(&format) || size < 2u + info->bits / 8)
		return 0;
	/* Of its own size, so that a read behind it is seen. */
	element = malloc(info->bits / 8);
	need(element != NULL);
	memcpy(element, data + 2, info->bits / 8);
	for (unsigned int y = 0; y < info->height; y++)
		for (unsigned int x = 0; x < info->width; x++) {
			uint32_t first[4], second[4];

			agx_texel_decode(&format, element, x, y, first);
			agx_texel_decode(&format, element, x, y, second);
			need(!memcmp(first, second, sizeof(first)));
			check_range(&format, first);
			if (!agx_texel_refuse_write(&format))
				check_write(&format, first);
		}
	free(element);
	return 0;
}
