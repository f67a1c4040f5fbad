// SPDX-License-Identifier: MIT
/* Format: Khronos Data Format Specification 1.3, chapter "BPTC", section "BC7". */
#include <stdbool.h>

#include "block.h"
#include "bptc.h"

/* Widths in bits, but subsets. A block has its fields in this order, the mode's bits before them. */
struct mode {
	uint8_t subsets;
	uint8_t partition, rotation, selection;
	uint8_t colour, alpha;
	bool end_low, subset_low; /* a lowest bit for all components of an end, or of a subset */
	uint8_t index, second_index;
};

static const struct mode modes[8] = {
	{3, 4, 0, 0, 4, 0, true, false, 3, 0},  {2, 6, 0, 0, 6, 0, false, true, 3, 0},
	{3, 6, 0, 0, 5, 0, false, false, 2, 0}, {2, 6, 0, 0, 7, 0, true, false, 2, 0},
	{1, 0, 2, 1, 5, 6, false, false, 2, 3}, {1, 0, 2, 0, 7, 8, false, false, 2, 2},
	{1, 0, 0, 0, 7, 7, true, false, 4, 0},  {2, 6, 0, 0, 5, 5, true, false, 2, 0},
};

static uint32_t widen(uint32_t value, unsigned int bits)
{
	value <<= 8 - bits;
	return value | value >> bits;
}

/* Component c of an end; start: of the ends. */
static uint32_t find_end(const struct block_bits *bits, const struct mode *mode, unsigned int start,
			 unsigned int end, unsigned int c)
{
	const unsigned int ends = 2u * mode->subsets;
	const unsigned int colours = start + 3 * ends * mode->colour;
	const unsigned int low_bits = colours + ends * mode->alpha;
	unsigned int width = c == 3 ? mode->alpha : mode->colour;
	uint32_t value;

	if (width == 0)
		return 255;
	if (c == 3)
		value = block_bits_get(bits, colours + end * width, width);
	else
		value = block_bits_get(bits, start + (c * ends + end) * width, width);
	if (mode->end_low || mode->subset_low) {
		value = value << 1 |
			block_bits_get(bits, low_bits + (mode->end_low ? end : end / 2), 1);
		width++;
	}
	return widen(value, width);
}

/* What the texel's index selects of a component. */
static uint8_t find_component(const struct block_bits *bits, const struct mode *mode,
			      unsigned int start, unsigned int subset, unsigned int c,
			      unsigned int width, unsigned int index)
{
	const int32_t first = (int32_t)find_end(bits, mode, start, 2 * subset, c);
	const int32_t second = (int32_t)find_end(bits, mode, start, 2 * subset + 1, c);

	return (uint8_t)bptc_mix(first, second, width, index);
}

void agx_block_bc7(const uint8_t *block, unsigned int x, unsigned int y, uint8_t rgba[4])
{
	const struct block_bits bits = block_bits_load(block);
	const unsigned int texel = 4 * y + x;
	const struct mode *mode;
	unsigned int start, partition, rotation, selection, subset, at;
	unsigned int index[2], width[2];
	uint8_t swap;

	rgba[0] = rgba[1] = rgba[2] = rgba[3] = 0;
	if (block[0] == 0)
		return;
	start = (unsigned int)__builtin_ctz(block[0]);
	mode = &modes[start++];
	partition = block_bits_get(&bits, start, mode->partition);
	start += mode->partition;
	rotation = block_bits_get(&bits, start, mode->rotation);
	start += mode->rotation;
	selection = block_bits_get(&bits, start, mode->selection);
	start += mode->selection;
	subset = bptc_subset(mode->subsets, partition, texel);
	/* The indices end where the block does. */
	at = 128 - (16u * mode->index - mode->subsets);
	width[0] = width[1] = mode->index;
	if (mode->second_index) {
		width[1] = mode->second_index;
		at -= 16 * width[1] - 1;
		index[1] = bptc_index(&bits, at + 16 * width[0] - 1, width[1], 1, 0, texel);
	}
	index[0] = bptc_index(&bits, at, width[0], mode->subsets, partition, texel);
	if (!mode->second_index)
		index[1] = index[0];
	for (unsigned int c = 0; c < 4; c++) {
		const unsigned int which = selection ^ (c == 3);

		rgba[c] = find_component(&bits, mode, start, subset, c, width[which], index[which]);
	}
	if (rotation == 0)
		return;
	swap = rgba[rotation - 1];
	rgba[rotation - 1] = rgba[3];
	rgba[3] = swap;
}
