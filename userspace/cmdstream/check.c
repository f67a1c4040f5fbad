// SPDX-License-Identifier: MIT
#include <string.h>

#include "agx_cmdstream.h"

/* Text: what a reader is told. */
static const struct {
	const char *name, *text;
} problems[AGX_CS_PROBLEMS] = {
	[AGX_CS_OK] = {"ok", "nothing is wrong"},
	[AGX_CS_RESERVED] = {"reserved", "bits are set that no field is known to use"},
	[AGX_CS_FIXED_BITS] = {"fixed-bits", "bits differ that always have one value"},
	[AGX_CS_RANGE] = {"range", "the value is outside of what makes sense"},
	[AGX_CS_ALIGNMENT] = {"alignment", "the address is not aligned as it must be"},
	[AGX_CS_ENUM_UNKNOWN] = {"enum-unknown", "the value has no known meaning"},
	[AGX_CS_UNKNOWN_WORD] = {"unknown-word", "no such block or word is known"},
	[AGX_CS_UNMAPPED] = {"unmapped", "nothing is mapped at the address"},
	[AGX_CS_TRUNCATED] = {"truncated", "memory ends within the structure"},
	[AGX_CS_UNTERMINATED] = {"unterminated", "no end within the limit"},
	[AGX_CS_LOOP] = {"loop", "the stream comes back to where it was"},
	[AGX_CS_CALL_DEPTH] = {"call-depth",
			       "more calls within calls than hardware is known to keep"},
	[AGX_CS_SIZE] = {"size", "the stated size and the content disagree"},
	[AGX_CS_OVERLAP] = {"overlap", "two words set the same registers"},
	[AGX_CS_INCOMPLETE] = {"incomplete", "state is missing that the draw or launch needs"},
	[AGX_CS_NOT_EXECUTABLE] = {"not-executable", "the code is where nothing may be executed"},
	[AGX_CS_INSTRUCTION] = {"instruction", "no such instruction is known"},
	[AGX_CS_UNWRITTEN] = {"unwritten", "not written yet: the GPU does so before it is needed"},
};

const char *agx_cs_problem_name(enum agx_cs_problem problem)
{
	return (unsigned int)problem < AGX_CS_PROBLEMS ? problems[problem].name : "unknown";
}

const char *agx_cs_problem_text(enum agx_cs_problem problem)
{
	return (unsigned int)problem < AGX_CS_PROBLEMS ? problems[problem].text
						       : "something is wrong";
}

struct judge {
	const struct agx_cs_struct *desc;
	const uint8_t *record;
	void (*report)(void *cookie, enum agx_cs_problem problem, const struct agx_cs_field *field,
		       uint64_t value);
	void *cookie;
	unsigned int count;
};

static void complain(struct judge *judge, enum agx_cs_problem problem,
		     const struct agx_cs_field *field, uint64_t value)
{
	judge->count++;
	if (judge->report)
		judge->report(judge->cookie, problem, field, value);
}

/* Up to 8 bytes, as far as the structure goes. */
static uint64_t load(const uint8_t *bytes, unsigned int at, unsigned int size)
{
	uint64_t value = 0;
	uint32_t low;

	if (size - at >= 8) {
		memcpy(&value, bytes + at, 8);
		return value;
	}
	if (size - at == 4) {
		memcpy(&low, bytes + at, 4);
		return low;
	}
	memcpy(&value, bytes + at, size - at);
	return value;
}

/* Adds a run of bits to a mask of words. */
static void add_run(uint64_t words[AGX_CS_RECORD_MAX / 8], struct agx_cs_bits bits)
{
	const unsigned int word = bits.start / 64, shift = bits.start % 64;
	const uint64_t ones = bits.width < 64 ? (1ull << bits.width) - 1 : UINT64_MAX;

	words[word] |= ones << shift;
	if (shift + bits.width > 64)
		words[word + 1] |= ones >> (64 - shift);
}

static void check_bits(struct judge *judge)
{
	const struct agx_cs_struct *desc = judge->desc;
	uint64_t known[AGX_CS_RECORD_MAX / 8] = {0};
	uint64_t bits = load(judge->record, 0, desc->size);

	if ((bits & desc->fixed_mask) != desc->fixed_value)
		complain(judge, AGX_CS_FIXED_BITS, NULL,
			 (bits & desc->fixed_mask) ^ desc->fixed_value);
	memcpy(known, desc->always, sizeof(known));
	for (uint64_t left = desc->overlaid; left; left &= left - 1) {
		const struct agx_cs_field *field = &desc->fields[__builtin_ctzll(left)];

		if (agx_cs_applies(field, judge->record))
			for (unsigned int part = 0; part < field->parts; part++)
				add_run(known, field->bits[part]);
	}
	for (unsigned int at = 0; at < desc->size; at += 8) {
		bits = load(judge->record, at, desc->size) & ~known[at / 8];
		if (bits) {
			complain(judge, AGX_CS_RESERVED, NULL, bits);
			return;
		}
	}
}

static bool named(const struct agx_cs_enum *values, uint64_t value)
{
	return value < 256 && values->present[value / 64] >> value % 64 & 1;
}

static void check_field(struct judge *judge, const struct agx_cs_field *field)
{
	uint64_t value;

	if (field->when_count && !agx_cs_applies(field, judge->record))
		return;
	value = agx_cs_get(field, judge->record);
	if (field->type == AGX_CS_ENUM && !named(&agx_cs_enums[field->values], value))
		complain(judge, AGX_CS_ENUM_UNKNOWN, field, value);
	if (field->max && (value < field->min || value > field->max))
		complain(judge, AGX_CS_RANGE, field, value);
	if (field->align > 1 && value & (field->align - 1))
		complain(judge, AGX_CS_ALIGNMENT, field, value);
}

unsigned int agx_cs_check(const struct agx_cs_struct *desc, const void *record,
			  void (*report)(void *cookie, enum agx_cs_problem problem,
					 const struct agx_cs_field *field, uint64_t value),
			  void *cookie)
{
	struct judge judge = {.desc = desc, .record = record, .report = report, .cookie = cookie};

	check_bits(&judge);
	/* Most fields take anything. */
	for (uint64_t left = desc->judged; left; left &= left - 1)
		check_field(&judge, &desc->fields[__builtin_ctzll(left)]);
	return judge.count;
}
