// SPDX-License-Identifier: MIT
/*
 * Hunks: the lines of one unit, and all the places where the same lines apply. The texts of unchanged lines do
 * not count: they are those of the first place.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "diff_compare.h"

void diff_unit_begin(struct diff_unit *unit, struct agx_diff *diff, enum agx_diff_unit kind,
		     enum agx_diff_op op, uint32_t title, const struct agx_diff_where *where)
{
	*unit = (struct diff_unit){
		.diff = diff,
		.unit = (uint8_t)kind,
		.op = (uint8_t)op,
		.title = title,
		.where = *where,
		.line = diff->num_lines,
	};
	memset(unit->headings, 0xff, sizeof(unit->headings));
}

void diff_unit_heading(struct diff_unit *unit, unsigned int depth, uint32_t name,
		       enum agx_diff_op op)
{
	unsigned int i;

	if (depth > DIFF_MAX_DEPTH)
		return;
	for (i = depth; i <= DIFF_MAX_DEPTH && unit->headings[i] != DIFF_NONE; i++)
		unit->headings[i] = DIFF_NONE;
	unit->headings[depth] = name;
	unit->heading_ops[depth] = (uint8_t)op;
}

static void add_line(struct diff_unit *unit, const struct diff_line *line)
{
	struct agx_diff *diff = unit->diff;

	if (diff->num_lines - unit->line >= DIFF_MAX_HUNK_LINES ||
	    diff->num_lines >= DIFF_MAX_LINES) {
		unit->left++;
		return;
	}
	if (diff->num_lines == diff->lines_capacity) {
		size_t capacity = diff->lines_capacity ? diff->lines_capacity * 2 : 1024;
		struct diff_line *larger =
			reallocarray(diff->lines, capacity, sizeof(*diff->lines));

		if (!larger) {
			diff->error = -ENOMEM;
			return;
		}
		diff->lines = larger;
		diff->lines_capacity = capacity;
	}
	diff->lines[diff->num_lines++] = *line;
}

void diff_unit_line(struct diff_unit *unit, const struct diff_line *line)
{
	unsigned int i;

	if (!unit->diff->options.topics[line->topic])
		return;
	for (i = 0; i < line->depth && i <= DIFF_MAX_DEPTH; i++) {
		if (unit->headings[i] == DIFF_NONE)
			continue;
		add_line(unit, &(struct diff_line){
				       .op = unit->heading_ops[i],
				       .topic = line->topic,
				       .depth = (uint8_t)i,
				       .heading = true,
				       .name = unit->headings[i],
				       .a = DIFF_NONE,
				       .b = DIFF_NONE,
				       .shader = DIFF_NONE,
			       });
		unit->headings[i] = DIFF_NONE;
	}
	add_line(unit, line);
	unit->ops[line->topic][line->op]++;
	if (line->op != AGX_DIFF_KEEP)
		unit->topics |= (uint8_t)(1u << line->topic);
}

static uint64_t unit_hash(const struct diff_unit *unit)
{
	const struct agx_diff *diff = unit->diff;
	uint64_t hash = unit->unit | (uint64_t)unit->op << 8 | (uint64_t)unit->title << 16;
	size_t i;

	for (i = unit->line; i < diff->num_lines; i++) {
		const struct diff_line *line = &diff->lines[i];
		const uint32_t key[] = {line->op | (uint32_t)line->topic << 8 |
						(uint32_t)line->depth << 16,
					line->name, line->a, line->b, line->shader};

		if (line->op != AGX_DIFF_KEEP || line->heading)
			hash = XXH3_64bits_withSeed(key, sizeof(key), hash);
	}
	return hash ^ (uint64_t)unit->left << 40;
}

/* The place follows the last one of the range directly. */
static bool extend(struct agx_diff_where *last, const struct agx_diff_where *next, uint8_t unit)
{
	struct agx_diff_where expected = *last;
	uint32_t count = last->count;

	if (unit == AGX_DIFF_SUBMIT || unit == AGX_DIFF_COMMAND) {
		expected.a.submit += expected.a.submit == DIFF_NONE ? 0 : count;
		expected.b.submit += expected.b.submit == DIFF_NONE ? 0 : count;
	} else {
		expected.a.unit += expected.a.unit == DIFF_NONE ? 0 : count;
		expected.b.unit += expected.b.unit == DIFF_NONE ? 0 : count;
	}
	expected.count = next->count;
	if (memcmp(&expected, next, sizeof(expected)) != 0)
		return false;
	last->count++;
	return true;
}

void diff_hunk_add(struct agx_diff *diff, uint32_t number, const struct agx_diff_where *where)
{
	struct agx_diff_hunk *hunk = &diff->hunks[number].out;

	hunk->count++;
	if (hunk->num_wheres && extend(&hunk->wheres[hunk->num_wheres - 1], where, hunk->unit))
		return;
	if (hunk->num_wheres < AGX_DIFF_WHERES) {
		hunk->wheres[hunk->num_wheres] = *where;
		hunk->wheres[hunk->num_wheres++].count = 1;
	}
}

uint32_t diff_unit_end(struct diff_unit *unit)
{
	struct agx_diff *diff = unit->diff;
	struct diff_hunk *hunk;
	uint32_t number;
	uint64_t hash;

	if (!unit->topics) {
		diff->num_lines = unit->line;
		return DIFF_NONE;
	}
	diff->differs = true;
	hash = unit_hash(unit);
	if (diff_numbers_get(&diff->hunk_by_hash, hash, &number)) {
		diff->num_lines = unit->line;
		diff_hunk_add(diff, number, &unit->where);
		return number;
	}
	if (diff->num_hunks >= DIFF_MAX_HUNKS) {
		diff->num_lines = unit->line;
		diff_note(diff, "too many different changes: not all are told");
		return DIFF_NONE;
	}
	if (diff->num_hunks == diff->hunks_capacity) {
		size_t capacity = diff->hunks_capacity ? diff->hunks_capacity * 2 : 64;
		struct diff_hunk *larger =
			reallocarray(diff->hunks, capacity, sizeof(*diff->hunks));

		if (!larger) {
			diff->error = -ENOMEM;
			return DIFF_NONE;
		}
		diff->hunks = larger;
		diff->hunks_capacity = capacity;
	}
	number = (uint32_t)diff->num_hunks++;
	hunk = &diff->hunks[number];
	memset(hunk, 0, sizeof(*hunk));
	hunk->out.unit = unit->unit;
	hunk->out.op = unit->op;
	hunk->out.topics = unit->topics;
	hunk->out.num_lines = (uint32_t)(diff->num_lines - unit->line);
	hunk->out.lines_left = unit->left;
	hunk->line = unit->line;
	hunk->title = unit->title;
	memcpy(hunk->ops, unit->ops, sizeof(hunk->ops));
	if (diff_numbers_set(&diff->hunk_by_hash, hash, number))
		diff->error = -ENOMEM;
	diff_hunk_add(diff, number, &unit->where);
	return number;
}
