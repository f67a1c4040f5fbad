// SPDX-License-Identifier: MIT
/*
 * Blocks and their sizes: Mesa, src/asahi/genxml/cmdbuf.xml and src/asahi/lib/decode.c.
 *
 * A driver writes the first part of a stream with the CPU. Behind a link there may be blocks that
 * a program on the GPU writes before they are needed; while nothing executes they hold anything.
 * So addresses in blocks count in the first part only (up to a link, and again behind a call), and
 * elsewhere a walk gives up quietly.
 */
#include <string.h>

#include "streams.h"

#define CALL_DEPTH   16
#define ADDRESS_MASK ((1ull << (AGX_UAT_HALF_BITS + 1)) - 1)

/* Type of a block, in both streams. */
#define BLOCK_TYPE_SHIFT 29

enum vdm_block {
	VDM_PPP_STATE,
	VDM_BARRIER,
	VDM_STATE,
	VDM_INDEX_LIST,
	VDM_LINK,
	VDM_TESSELLATE,
	VDM_TERMINATE,
};

enum cdm_block {
	CDM_LAUNCH,
	CDM_LINK,
	CDM_TERMINATE,
	CDM_BARRIER,
	CDM_RETURN,
};

#define ADDRESS_HI      0xffu
#define LINK_CALL       (1u << 28)
#define BARRIER_RETURN  (1u << 27)
#define PIPELINE_MASK   0xffffffc0u
#define PPP_WORDS_SHIFT 8

/* VDM state: which words follow the first. */
#define STATE_WORDS           0x3fu
#define STATE_VERTEX_PIPELINE (1u << 2)
#define STATE_BEFORE_PIPELINE 0x3u
#define STATE_TESS_SCALE      (1u << 7)

/* Index list: what follows the first word. */
#define LIST_BUFFER_SIZE (1u << 20)
#define LIST_BUFFER      (1u << 21)
#define LIST_COUNT       (1u << 22)
#define LIST_INSTANCES   (1u << 23)
#define LIST_START       (1u << 24)
#define LIST_UNK1        (1u << 25) /* two words */
#define LIST_INDIRECT    (1u << 26) /* two words */
#define LIST_UNK2        (1u << 27)

#define LAUNCH_MODE_SHIFT 27
#define LAUNCH_G14X       0x40000000u /* in the second of G14X's words */

/* What a block asks the walk to do. */
enum step {
	STEP_NEXT, /* size bytes on */
	STEP_GO,   /* on at target */
	STEP_CALL, /* likewise, and back behind the block on return */
	STEP_RETURN,
	STEP_END,
	STEP_UNKNOWN,
	STEP_FAULT,
};

struct block {
	uint32_t size;
	uint64_t target;
};

static bool readable(struct stream *stream, uint64_t address, const char *what)
{
	const uint64_t page = address & ~(AGX_UAT_PAGE_SIZE - 1);

	if (stream->memory && page == stream->page)
		return true;
	stream->address = address;
	stream->what = what;
	return agx_walk(stream->walker, stream->context, AGX_WALK_GPU, address, AGX_WALK_READ,
			&stream->walk);
}

/* The word at an address, which is a multiple of 4; false: stream->walk says why. */
static bool word(struct stream *stream, uint64_t address, uint32_t *value)
{
	const uint64_t page = address & ~(AGX_UAT_PAGE_SIZE - 1);

	if (!stream->memory || page != stream->page) {
		if (!readable(stream, address, "control stream"))
			return false;
		stream->memory = stream->walker->ram(stream->walker->cookie,
						     stream->walk.pa & ~(AGX_UAT_PAGE_SIZE - 1),
						     AGX_UAT_PAGE_SIZE);
		stream->page = page;
		if (!stream->memory)
			return false;
	}
	memcpy(value, stream->memory + (address - page), sizeof(*value));
	return true;
}

static bool words(struct stream *stream, uint64_t address, uint32_t *values, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (!word(stream, address + 4 * i, &values[i]))
			return false;
	return true;
}

static uint64_t far(const uint32_t pair[2])
{
	return (uint64_t)(pair[0] & ADDRESS_HI) << 32 | (pair[1] & ~3u);
}

static enum step link(struct stream *stream, uint64_t at, struct block *block)
{
	uint32_t pair[2];

	if (!words(stream, at, pair, 2))
		return STEP_FAULT;
	block->size = 8;
	block->target = far(pair);
	return pair[0] & LINK_CALL ? STEP_CALL : STEP_GO;
}

static bool program_readable(struct stream *stream, uint32_t pipeline)
{
	return readable(stream, (stream->usc_base + (pipeline & PIPELINE_MASK)) & ADDRESS_MASK,
			"USC program of a block");
}

static enum step ppp_state(struct stream *stream, uint64_t at, bool first, struct block *block)
{
	uint32_t pair[2], count;

	if (!words(stream, at, pair, 2))
		return STEP_FAULT;
	count = pair[0] >> PPP_WORDS_SHIFT & 0xff;
	if (!count)
		return STEP_UNKNOWN;
	block->size = 8;
	if (first && (!readable(stream, far(pair), "PPP record") ||
		      !readable(stream, far(pair) + 4 * count - 1, "end of a PPP record")))
		return STEP_FAULT;
	return STEP_NEXT;
}

static enum step vdm_state(struct stream *stream, uint64_t at, uint32_t head, bool first,
			   struct block *block)
{
	unsigned int count = (unsigned int)__builtin_popcount(head & STATE_WORDS);
	uint32_t pipeline;

	if (head & ~(7u << BLOCK_TYPE_SHIFT | STATE_WORDS | STATE_TESS_SCALE))
		return STEP_UNKNOWN;
	block->size = 4 + 4 * count;
	if (head & STATE_TESS_SCALE)
		block->size += 4;
	else
		block->size = (block->size + 7) & ~7u;
	if (first && head & STATE_VERTEX_PIPELINE) {
		count = (unsigned int)__builtin_popcount(head & STATE_BEFORE_PIPELINE);
		if (!word(stream, at + 4 + 4 * count, &pipeline) ||
		    !program_readable(stream, pipeline))
			return STEP_FAULT;
	}
	return STEP_NEXT;
}

static enum step index_list(uint32_t head, struct block *block)
{
	const uint32_t singles = LIST_BUFFER_SIZE | LIST_BUFFER | LIST_COUNT | LIST_INSTANCES |
				 LIST_START | LIST_UNK2;
	const uint32_t pairs = LIST_UNK1 | LIST_INDIRECT;

	block->size = 4 + 4 * (unsigned int)__builtin_popcount(head & singles) +
		      8 * (unsigned int)__builtin_popcount(head & pairs);
	return STEP_NEXT;
}

static enum step vdm_block(struct stream *stream, uint64_t at, bool first, struct block *block)
{
	uint32_t head;

	if (!word(stream, at, &head))
		return STEP_FAULT;
	switch (head >> BLOCK_TYPE_SHIFT) {
	case VDM_PPP_STATE:
		return ppp_state(stream, at, first, block);
	case VDM_BARRIER:
		block->size = 4;
		return head & BARRIER_RETURN ? STEP_RETURN : STEP_NEXT;
	case VDM_STATE:
		return vdm_state(stream, at, head, first, block);
	case VDM_INDEX_LIST:
		return index_list(head, block);
	case VDM_LINK:
		return link(stream, at, block);
	case VDM_TESSELLATE: /* its size is not known */
	case VDM_TERMINATE:
		return STEP_END;
	default:
		return STEP_UNKNOWN;
	}
}

static enum step launch(struct stream *stream, uint64_t at, uint32_t head, bool first,
			struct block *block)
{
	static const uint32_t sizes[3] = {24, 20, 8};
	const unsigned int mode = head >> LAUNCH_MODE_SHIFT & 3;
	uint32_t rest[4];

	if (mode >= 3)
		return STEP_UNKNOWN;
	if (!words(stream, at, rest, 4))
		return STEP_FAULT;
	if (!rest[0] && !rest[1] && !rest[2] && !rest[3])
		return STEP_UNKNOWN;
	/*
	 * The launch tells by itself whether it was made for G14X: no grid is this large, and an
	 * indirect one's pointer is not this number. So a stream from another GPU is understood.
	 */
	block->size = 8 + sizes[mode] + (!rest[2] && rest[3] == LAUNCH_G14X ? 8 : 0);
	if (first && !program_readable(stream, rest[1]))
		return STEP_FAULT;
	return STEP_NEXT;
}

static enum step cdm_block(struct stream *stream, uint64_t at, bool first, struct block *block)
{
	uint32_t head;

	if (!word(stream, at, &head))
		return STEP_FAULT;
	switch (head >> BLOCK_TYPE_SHIFT) {
	case CDM_LAUNCH:
		return launch(stream, at, head, first, block);
	case CDM_LINK:
		return link(stream, at, block);
	case CDM_BARRIER:
		block->size = 4;
		return head & BARRIER_RETURN ? STEP_RETURN : STEP_NEXT;
	case CDM_RETURN:
		return STEP_RETURN;
	case CDM_TERMINATE:
		return STEP_END;
	default:
		return STEP_UNKNOWN;
	}
}

static enum stream_result walk(struct stream *stream, uint64_t at,
			       enum step (*look)(struct stream *stream, uint64_t at, bool first,
						 struct block *block))
{
	struct {
		uint64_t at;
		bool first;
	} calls[CALL_DEPTH];
	unsigned int depth = 0;
	bool first = true, linked = false;

	for (stream->blocks = 0; stream->blocks < STREAM_BLOCKS; stream->blocks++) {
		struct block block = {0, 0};
		enum step step;

		/* A link's target must be there, though what it holds is not judged. */
		step = at & 3 ? STEP_UNKNOWN : look(stream, at, first, &block);
		if (step == STEP_FAULT)
			return first || linked ? STREAM_FAULT : STREAM_OK;
		linked = false;
		switch (step) {
		case STEP_NEXT:
			at += block.size;
			break;
		case STEP_CALL:
			if (depth == CALL_DEPTH)
				return STREAM_OK;
			calls[depth].at = at + block.size;
			calls[depth++].first = first;
			/* fall through */
		case STEP_GO:
			at = block.target;
			linked = first;
			first = false;
			break;
		case STEP_RETURN:
			if (!depth)
				return STREAM_OK;
			at = calls[--depth].at;
			first = calls[depth].first;
			break;
		case STEP_UNKNOWN:
			if (!first)
				return STREAM_OK;
			stream->address = at;
			stream->what = "no block of a control stream";
			return STREAM_ODD;
		default:
			return STREAM_OK;
		}
	}
	return STREAM_OK;
}

enum stream_result stream_walk_vdm(struct stream *stream, uint64_t address)
{
	return walk(stream, address, vdm_block);
}

enum stream_result stream_walk_cdm(struct stream *stream, uint64_t address)
{
	return walk(stream, address, cdm_block);
}
