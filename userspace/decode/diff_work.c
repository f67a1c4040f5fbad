// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx_cs_pack.h"
#include "diff_trace.h"
#include "diff_work.h"

enum known {
	NOT_SET,
	NOT_THERE,
	HAS_VALUE,
};

/* A range of registers that a word fills, from memory that follows. */
static void open_range(struct diff_work *work, uint32_t first, uint32_t count)
{
	work->first = first < DIFF_WORK_HALVES ? first : DIFF_WORK_HALVES;
	work->count = DIFF_WORK_HALVES - work->first;
	if (count < work->count)
		work->count = count;
	memset(work->known + work->first, NOT_THERE, work->count);
}

static enum diff_shape shape_in_list(struct diff_work *work, const struct agx_decode_node *node)
{
	struct agx_cs_usc_uniform low;
	struct agx_cs_usc_uniform_high high;

	if (node->kind == AGX_DECODE_ARRAY &&
	    (!strcmp(node->title, "textures") || !strcmp(node->title, "samplers")))
		return DIFF_SHAPE_OPEN;
	if (node->kind == AGX_DECODE_MEMORY)
		return DIFF_SHAPE_NONE;
	if (node->kind != AGX_DECODE_RECORD || !node->desc || !node->record)
		return DIFF_SHAPE_NODE;
	switch (node->desc->id) {
	case AGX_CS_ID_USC_UNIFORM:
		agx_cs_usc_uniform_unpack(&low, node->record);
		open_range(work, low.start, low.size);
		return DIFF_SHAPE_NONE;
	case AGX_CS_ID_USC_UNIFORM_HIGH:
		agx_cs_usc_uniform_high_unpack(&high, node->record);
		open_range(work, DIFF_WORK_HALVES / 2 + high.start, high.size);
		return DIFF_SHAPE_NONE;
	case AGX_CS_ID_USC_TEXTURE:
	case AGX_CS_ID_USC_SAMPLER:
		return DIFF_SHAPE_NONE;
	default:
		return DIFF_SHAPE_NODE;
	}
}

static enum diff_shape shape_of_block(const struct agx_decode_node *node)
{
	if (!node->desc)
		return DIFF_SHAPE_NODE;
	switch (node->desc->id) {
	case AGX_CS_ID_PPP_STATE:
	case AGX_CS_ID_VDM_STATE:
		return DIFF_SHAPE_STATE;
	/* Called streams are inside the link that calls them. */
	case AGX_CS_ID_VDM_STREAM_LINK:
	case AGX_CS_ID_CDM_STREAM_LINK:
	case AGX_CS_ID_VDM_STREAM_TERMINATE:
	case AGX_CS_ID_CDM_STREAM_TERMINATE:
	case AGX_CS_ID_CDM_STREAM_RETURN:
		return DIFF_SHAPE_OPEN;
	default:
		return DIFF_SHAPE_NODE;
	}
}

enum diff_shape diff_work_shape(struct diff_work *work, const struct agx_decode_node *node,
				enum agx_decode_kind in)
{
	if (in == AGX_DECODE_LIST)
		return shape_in_list(work, node);
	switch (node->kind) {
	case AGX_DECODE_SUBMIT:
		work->renders = 0;
		work->computes = 0;
		return DIFF_SHAPE_OPEN;
	case AGX_DECODE_COMMAND:
		work->num_states = 0;
		return DIFF_SHAPE_NODE;
	case AGX_DECODE_STREAM:
		return DIFF_SHAPE_OPEN;
	case AGX_DECODE_STATE:
		return DIFF_SHAPE_STATE;
	case AGX_DECODE_BLOCK:
		return shape_of_block(node);
	case AGX_DECODE_LIST:
		memset(work->known, NOT_SET, sizeof(work->known));
		work->count = 0;
		work->ordered = !strcmp(node->title, "cf_bindings");
		return DIFF_SHAPE_NODE;
	case AGX_DECODE_RECORD:
		/* Indices of a scissor and a depth bias that follow. */
		if (in == AGX_DECODE_STATE && node->desc &&
		    node->desc->id == AGX_CS_ID_DEPTH_BIAS_SCISSOR)
			return DIFF_SHAPE_NONE;
		return DIFF_SHAPE_NODE;
	default:
		return DIFF_SHAPE_NODE;
	}
}

void diff_work_uniforms(struct diff_work *work, const uint8_t *bytes, size_t size)
{
	uint32_t i;

	for (i = 0; i < work->count && 2 * (size_t)i + 2 <= size; i++) {
		memcpy(&work->halves[work->first + i], bytes + 2 * (size_t)i, 2);
		work->known[work->first + i] = HAS_VALUE;
	}
}

static bool all_known(const struct diff_work *work, uint32_t first, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		if (first + i >= DIFF_WORK_HALVES || work->known[first + i] != HAS_VALUE)
			return false;
	}
	return true;
}

static uint32_t word_at(const struct diff_work *work, uint32_t half)
{
	return work->halves[half] | (uint32_t)work->halves[half + 1] << 16;
}

/* One register, or half of one: as the disassembler calls them. */
static void put_register(struct diff_work *work, uint32_t half, bool whole, unsigned int type,
			 uint64_t value)
{
	char name[16];

	snprintf(name, sizeof(name), "u%u%s", half / 2, whole ? "" : half % 2 ? "h" : "l");
	diff_leaf_typed(work->builder, &(struct diff_leaf){
					       .name = diff_string(work->store, name),
					       .type = (uint16_t)type,
					       .value = value,
				       });
}

void diff_work_list(struct diff_work *work, bool (*is_address)(void *cookie, uint64_t word),
		    void *cookie)
{
	bool any = memchr(work->known, HAS_VALUE, sizeof(work->known)) ||
		   memchr(work->known, NOT_THERE, sizeof(work->known));
	uint32_t half = 0;

	if (any)
		diff_begin(work->builder, DIFF_NODE_BLOCK, DIFF_MEMORY, "uniforms");
	while (any && half < DIFF_WORK_HALVES) {
		uint64_t address = 0;

		if (half % 2 == 0 && all_known(work, half, 4))
			address = word_at(work, half) | (uint64_t)word_at(work, half + 2) << 32;
		if (address >> 32 && is_address && is_address(cookie, address)) {
			uint32_t text = diff_string(work->store, "address");

			put_register(work, half, true, DIFF_LEAF_TEXT, text);
			put_register(work, half + 2, true, DIFF_LEAF_TEXT, text);
			half += 4;
		} else if (half % 2 == 0 && all_known(work, half, 2)) {
			put_register(work, half, true, DIFF_LEAF_WORD, word_at(work, half));
			half += 2;
		} else {
			if (work->known[half] == HAS_VALUE)
				put_register(work, half, false, DIFF_LEAF_HALF, work->halves[half]);
			else if (work->known[half] == NOT_THERE)
				put_register(work, half, false, DIFF_LEAF_TEXT,
					     diff_string(work->store, "from where nothing is"));
			half++;
		}
	}
	if (any)
		diff_end(work->builder, NULL);
	if (!work->ordered)
		diff_sort_children(work->builder);
}

bool diff_work_state(struct diff_work *work)
{
	uint32_t node, title, i;

	if (!diff_builder_children(work->builder))
		return false;
	node = diff_take_child(work->builder);
	title = diff_node(work->store, node)->title;
	for (i = 0; i < work->num_states && work->states[i].title < title; i++)
		;
	if (i == work->num_states || work->states[i].title != title) {
		if (work->num_states == DIFF_WORK_STATES) {
			diff_child(work->builder, node, NULL);
			return false;
		}
		memmove(&work->states[i + 1], &work->states[i],
			(work->num_states++ - i) * sizeof(*work->states));
	}
	work->states[i].title = title;
	work->states[i].node = node;
	return true;
}

uint32_t diff_work_draw(struct diff_work *work)
{
	uint32_t i;

	for (i = 0; i < work->num_states; i++)
		diff_child(work->builder, work->states[i].node, NULL);
	return work->num_states;
}

const char *diff_work_barrier(const struct diff_work *work, bool render, const char *value,
			      char *buf, size_t size)
{
	uint32_t before = render ? work->renders : work->computes, first = 0;

	if (!strncmp(value, "first_", 6))
		first = (uint32_t)strtoul(value + 6, NULL, 10);
	else if (strcmp(value, "earlier_submits"))
		return value;
	if (first >= before)
		return "all before";
	snprintf(buf, size, "all before but %u", before - first);
	return buf;
}
