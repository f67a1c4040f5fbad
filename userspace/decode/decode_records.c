// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>

#include "decode_internal.h"
#include "decode_records.h"

struct judging {
	struct agx_decode *d;
	uint64_t address;
};

static void judge(void *cookie, enum agx_cs_problem problem, const struct agx_cs_field *field,
		  uint64_t value)
{
	const struct judging *judging = cookie;
	char text[AGX_CS_TEXT + 80], shown[AGX_CS_TEXT];

	if (field) {
		agx_cs_print(field, value, shown);
		snprintf(text, sizeof(text), "%s: %s", field->name, shown);
	} else {
		snprintf(text, sizeof(text), "0x%llx", (unsigned long long)value);
	}
	decode_problem(judging->d, problem, judging->address, text);
}

/* False: memory ends before it. */
static bool show_record(struct agx_decode *d, const char *title, const struct agx_cs_struct *desc,
			uint64_t address, uint64_t number)
{
	struct judging judging = {d, address};
	uint8_t record[AGX_CS_RECORD_MAX];
	size_t got = decode_read(d, address, record, desc->size);

	if (got < desc->size) {
		decode_problem(d, got ? AGX_CS_TRUNCATED : AGX_CS_UNMAPPED, address,
			       got ? "memory ends within the structure" : "no memory here");
		return false;
	}
	decode_record(d, title, desc, record, address, number);
	agx_cs_check(desc, record, judge, &judging);
	return true;
}

int agx_decode_records(struct agx_decode *d, const struct agx_decode_memory *memory,
		       const struct agx_cs_struct *desc, uint64_t address, uint32_t count,
		       uint64_t usc_base)
{
	struct agx_decode_node node = {
		.kind = AGX_DECODE_ARRAY,
		.title = agx_cs_text(desc->title),
		.address = address,
		.size = (uint64_t)desc->size * count,
		.number = AGX_DECODE_NO_NUMBER,
	};

	d->memory = memory;
	d->usc_base = usc_base;
	decode_begin(d, &node, true);
	for (uint32_t i = 0; i < count; i++)
		if (!show_record(d, NULL, desc, address + (uint64_t)desc->size * i,
				 count > 1 ? i : AGX_DECODE_NO_NUMBER))
			break;
	decode_end(d);
	d->memory = NULL;
	return d->failed ? -ENOMEM : 0;
}

int agx_decode_ppp(struct agx_decode *d, const struct agx_decode_memory *memory, uint64_t address,
		   uint64_t usc_base)
{
	struct agx_decode_node node = {
		.kind = AGX_DECODE_STATE,
		.title = "ppp_record",
		.address = address,
		.number = AGX_DECODE_NO_NUMBER,
	};
	const struct agx_cs_block *block = NULL;
	struct agx_cs_parts parts;
	uint32_t word = 0;
	bool there;

	d->memory = memory;
	d->usc_base = usc_base;
	there = decode_read(d, address, &word, sizeof(word)) == sizeof(word);
	if (there)
		block = agx_cs_block_at(&agx_cs_ppp, word);
	if (block)
		node.size = agx_cs_block_size(block, word, AGX_CS_ALL, 0);
	decode_begin(d, &node, true);
	if (!there)
		decode_problem(d, AGX_CS_TRUNCATED, address, "no memory here");
	else if (!block)
		decode_problem(d, AGX_CS_UNKNOWN_WORD, address, "not a record of PPP state");
	if (block) {
		agx_cs_parts(&parts, block, word, AGX_CS_ALL, 0);
		while (agx_cs_next_part(&parts))
			if (!show_record(d, parts.part->name, parts.part->desc,
					 address + parts.offset, AGX_DECODE_NO_NUMBER))
				break;
	}
	decode_end(d);
	d->memory = NULL;
	return d->failed ? -ENOMEM : 0;
}
