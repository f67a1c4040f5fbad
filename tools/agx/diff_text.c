// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diff_print.h"

#define MAX_ALONE 40u /* lines told of a unit that only one side has */
#define MAX_BAR   40u /* signs of a bar of --stat */

static const char marks[AGX_DIFF_OPS] = {
	[AGX_DIFF_KEEP] = ' ',
	[AGX_DIFF_CHANGE] = '~',
	[AGX_DIFF_REMOVE] = '-',
	[AGX_DIFF_ADD] = '+',
};

static const char *op_style(const struct diff_print *print, uint8_t op)
{
	switch (op) {
	case AGX_DIFF_CHANGE:
		return print->style->changed;
	case AGX_DIFF_REMOVE:
		return print->style->removed;
	case AGX_DIFF_ADD:
		return print->style->added;
	default:
		return "";
	}
}

static const char *op_reset(const struct diff_print *print, uint8_t op)
{
	return op == AGX_DIFF_KEEP ? "" : print->style->reset;
}

bool diff_line_shown(const struct agx_diff_hunk *hunk, uint32_t i, unsigned int context)
{
	const struct agx_diff_line *lines = hunk->lines;
	uint32_t distance;

	if (lines[i].op != AGX_DIFF_KEEP || lines[i].heading)
		return true;
	for (distance = 1; distance <= context && i + distance < hunk->num_lines; distance++) {
		if (lines[i + distance].heading)
			break;
		if (lines[i + distance].op != AGX_DIFF_KEEP)
			return true;
	}
	for (distance = 1; distance <= context && distance <= i; distance++) {
		if (lines[i - distance].heading)
			break;
		if (lines[i - distance].op != AGX_DIFF_KEEP)
			return true;
	}
	return false;
}

bool diff_code_shown(const struct agx_diff_shader *shader, uint32_t i, unsigned int context)
{
	uint32_t first = i > context ? i - context : 0, at;

	for (at = first; at < shader->num_lines && at <= i + context; at++) {
		if (shader->lines[at].op != AGX_DIFF_KEEP)
			return true;
	}
	return false;
}

/* Only the number of the draw, dispatch or call is another one. */
static bool same_place(const struct agx_diff_where *x, const struct agx_diff_where *y)
{
	return x->file == y->file && x->lane == y->lane && x->a.submit == y->a.submit &&
	       x->b.submit == y->b.submit && x->a.command == y->a.command &&
	       x->b.command == y->b.command && x->a.unit == x->b.unit && y->a.unit == y->b.unit &&
	       y->a.unit != DIFF_NONE;
}

const char *diff_hunk_place(const struct agx_diff_hunk *hunk, char *buf, size_t size)
{
	uint32_t i, groups = 0;
	uint64_t told = 0;
	size_t at = 0;

	buf[0] = 0;
	for (i = 0; i < hunk->num_wheres && at < size; i++) {
		const struct agx_diff_where *where = &hunk->wheres[i];
		char text[160];

		if (i && hunk->unit != AGX_DIFF_BUFFER && same_place(&hunk->wheres[i - 1], where)) {
			at += (size_t)snprintf(buf + at, size - at, ", %u", where->a.unit);
			if (where->count > 1 && at < size)
				at += (size_t)snprintf(buf + at, size - at, "-%u",
						       where->a.unit + where->count - 1);
		} else {
			if (groups++ == 3)
				break;
			at += (size_t)snprintf(buf + at, size - at, "%s%s", i ? ", " : "",
					       agx_diff_where_text(hunk, i, text, sizeof(text)));
		}
		told += where->count;
	}
	if (told < hunk->count && at < size)
		snprintf(buf + at, size - at, " and %" PRIu64 " more %s", hunk->count - told,
			 hunk->count - told == 1 ? "place" : "places");
	return buf;
}

const char *diff_percent(uint64_t a, uint64_t b, char *buf, size_t size)
{
	if (a == b)
		buf[0] = 0;
	else if (!a)
		snprintf(buf, size, "new");
	else
		snprintf(buf, size, "%+.1f%%", ((double)b - (double)a) * 100.0 / (double)a);
	return buf;
}

unsigned int diff_side_rows(const struct agx_diff *diff, struct diff_row *rows)
{
	const struct agx_diff_side *a = agx_diff_side(diff, 0), *b = agx_diff_side(diff, 1);

	rows[0] = (struct diff_row){"frames", a->frames, b->frames};
	rows[1] = (struct diff_row){"calls", a->calls, b->calls};
	rows[2] = (struct diff_row){"submits", a->submits, b->submits};
	rows[3] = (struct diff_row){"commands", a->commands, b->commands};
	rows[4] = (struct diff_row){"draws", a->draws, b->draws};
	rows[5] = (struct diff_row){"dispatches", a->dispatches, b->dispatches};
	rows[6] = (struct diff_row){"shaders", a->shaders, b->shaders};
	rows[7] = (struct diff_row){"pages written", a->pages, b->pages};
	return 8;
}

unsigned int diff_code_rows(const struct agx_diff_size *a, const struct agx_diff_size *b,
			    struct diff_row *rows)
{
	rows[0] = (struct diff_row){"instructions", a->instructions, b->instructions};
	rows[1] = (struct diff_row){"bytes", a->bytes, b->bytes};
	rows[2] = (struct diff_row){"registers", a->registers, b->registers};
	return 3;
}

static void print_rows(const struct diff_print *print, const struct diff_row *rows,
		       unsigned int count)
{
	char percent[32];
	unsigned int i;

	for (i = 0; i < count; i++)
		fprintf(print->out, "  %-14s %12" PRIu64 " %12" PRIu64 "  %s%s%s\n", rows[i].name,
			rows[i].a, rows[i].b, rows[i].a == rows[i].b ? "" : print->style->changed,
			diff_percent(rows[i].a, rows[i].b, percent, sizeof(percent)),
			rows[i].a == rows[i].b ? "" : print->style->reset);
}

static void print_notes(const struct agx_diff *diff, const struct diff_print *print)
{
	const char *note;
	uint32_t i;

	for (i = 0; (note = agx_diff_note(diff, i)); i++)
		fprintf(print->out, "%snote: %s%s\n", print->style->remark, note,
			print->style->reset);
}

static void print_head(const struct agx_diff *diff, const struct diff_print *print)
{
	const struct agx_diff_side *a = agx_diff_side(diff, 0), *b = agx_diff_side(diff, 1);

	fprintf(print->out, "%s--- %s%s\n%s+++ %s%s\n", print->style->removed, a->path,
		print->style->reset, print->style->added, b->path, print->style->reset);
	if (strcmp(a->soc, b->soc) != 0)
		fprintf(print->out, "%snote: A was made on %s, B on %s%s\n", print->style->remark,
			*a->soc ? a->soc : "an unknown GPU", *b->soc ? b->soc : "an unknown GPU",
			print->style->reset);
	print_notes(diff, print);
}

static void print_line(const struct diff_print *print, const struct agx_diff *diff,
		       const struct agx_diff_line *line)
{
	const struct agx_diff_shader *shader;
	FILE *out = print->out;

	fprintf(out, "%s%c %*s%s", op_style(print, line->op), marks[line->op], line->depth * 2, "",
		line->name);
	if (line->op == AGX_DIFF_CHANGE && line->a && line->b)
		fprintf(out, ": %s -> %s", line->a, line->b);
	else if (line->a || line->b)
		fprintf(out, ": %s", line->op == AGX_DIFF_ADD ? line->b : line->a);
	shader = line->shader == DIFF_NONE ? NULL : agx_diff_shader(diff, line->shader);
	if (shader)
		fprintf(out, " (shader change %u%s)", line->shader + 1,
			shader->registers_only ? ": registers only" : "");
	fprintf(out, "%s\n", op_reset(print, line->op));
}

static void print_hunk(const struct agx_diff *diff, const struct diff_print *print,
		       const struct agx_diff_hunk *hunk)
{
	static const char *const what[AGX_DIFF_OPS] = {
		[AGX_DIFF_REMOVE] = " only in A",
		[AGX_DIFF_ADD] = " only in B",
	};
	uint32_t i, shown = 0, left = hunk->lines_left;
	char place[640];

	fprintf(print->out, "\n%s@@ %s @@ %s%s%s\n", print->style->hunk,
		diff_hunk_place(hunk, place, sizeof(place)), hunk->title,
		what[hunk->op] ? what[hunk->op] : "", print->style->reset);
	for (i = 0; i < hunk->num_lines; i++) {
		if (hunk->op != AGX_DIFF_CHANGE && shown >= MAX_ALONE) {
			left++;
			continue;
		}
		if (!diff_line_shown(hunk, i, print->context))
			continue;
		/* The title says it already. */
		if (!i && hunk->op != AGX_DIFF_CHANGE && hunk->lines[i].heading &&
		    !strcmp(hunk->lines[i].name, hunk->title))
			continue;
		print_line(print, diff, &hunk->lines[i]);
		shown++;
	}
	if (left)
		fprintf(print->out, "  and %u more lines\n", left);
}

/* Bytes of text in one column, the rest filled up; cut with a sign. */
static void print_column(FILE *out, const char *text, unsigned int width)
{
	size_t length = text ? strlen(text) : 0;

	if (length > width)
		fprintf(out, "%.*s>", (int)width - 1, text);
	else
		fprintf(out, "%-*s", (int)width, text ? text : "");
}

static unsigned int column_width(const struct agx_diff_shader *shader,
				 const struct diff_print *print)
{
	unsigned int width = 20, limit = 72;
	uint32_t i;

	if (print->columns)
		limit = print->columns < 60 ? 24 : (print->columns - 13) / 2;
	for (i = 0; i < shader->num_lines && width < limit; i++) {
		unsigned int length;

		if (!shader->lines[i].a || !diff_code_shown(shader, i, print->context))
			continue;
		length = (unsigned int)strlen(shader->lines[i].a);
		if (length > width)
			width = length < limit ? length : limit;
	}
	return width;
}

static void print_side_by_side(const struct diff_print *print, unsigned int width,
			       const struct agx_diff_code_line *line)
{
	static const char signs[AGX_DIFF_OPS] = {
		[AGX_DIFF_KEEP] = ' ',
		[AGX_DIFF_CHANGE] = '|',
		[AGX_DIFF_REMOVE] = '<',
		[AGX_DIFF_ADD] = '>',
	};
	char offset[16] = "";

	if (line->a)
		snprintf(offset, sizeof(offset), "%4x", line->offset_a);
	fprintf(print->out, "%s%4s  ", op_style(print, line->op), offset);
	print_column(print->out, line->a, width);
	offset[0] = 0;
	if (line->b)
		snprintf(offset, sizeof(offset), "%4x", line->offset_b);
	fprintf(print->out, " %c %4s  %s%s\n", signs[line->op], offset, line->b ? line->b : "",
		op_reset(print, line->op));
}

static void print_unified(const struct diff_print *print, const struct agx_diff_code_line *line)
{
	if (line->op == AGX_DIFF_KEEP) {
		fprintf(print->out, "  %4x  %s\n", line->offset_b, line->b);
		return;
	}
	if (line->a)
		fprintf(print->out, "%s- %4x  %s%s\n", print->style->removed, line->offset_a,
			line->a, print->style->reset);
	if (line->b)
		fprintf(print->out, "%s+ %4x  %s%s\n", print->style->added, line->offset_b, line->b,
			print->style->reset);
}

static void print_shader(const struct agx_diff_shader *shader, uint32_t number,
			 const struct diff_print *print)
{
	const char *gap = "";
	unsigned int width = column_width(shader, print), shown = 0;
	bool alone = shader->blob_a == DIFF_NONE || shader->blob_b == DIFF_NONE;
	uint32_t i;

	fprintf(print->out, "\n%s@@ shader change %u: %s @@", print->style->hunk, number + 1,
		shader->stage);
	if (alone)
		fprintf(print->out, " only in %s: %u instructions, %u bytes, %u registers",
			shader->blob_a == DIFF_NONE ? "B" : "A",
			shader->size_a.instructions + shader->size_b.instructions,
			shader->size_a.bytes + shader->size_b.bytes,
			shader->size_a.registers + shader->size_b.registers);
	else
		fprintf(print->out, " instructions %u -> %u, bytes %u -> %u, registers %u -> %u",
			shader->size_a.instructions, shader->size_b.instructions,
			shader->size_a.bytes, shader->size_b.bytes, shader->size_a.registers,
			shader->size_b.registers);
	fprintf(print->out, "; %" PRIu64 " place%s%s%s%s\n", shader->uses,
		shader->uses == 1 ? "" : "s", shader->registers_only ? "; registers only" : "",
		shader->coarse ? "; aligned by position" : "", print->style->reset);
	for (i = 0; i < shader->num_lines; i++) {
		if (!diff_code_shown(shader, i, print->context)) {
			gap = shown ? "...\n" : "";
			continue;
		}
		if (alone && shown++ >= MAX_ALONE) {
			fprintf(print->out, "  and %u more instructions\n", shader->num_lines - i);
			break;
		}
		shown++;
		fputs(gap, print->out);
		gap = "";
		if (print->unified || alone)
			print_unified(print, &shader->lines[i]);
		else
			print_side_by_side(print, width, &shader->lines[i]);
	}
}

void diff_print_text(const struct agx_diff *diff, const struct diff_print *print)
{
	uint32_t i;

	if (agx_diff_same(diff)) {
		print_notes(diff, print);
		return;
	}
	print_head(diff, print);
	for (i = 0; i < agx_diff_hunks(diff); i++)
		print_hunk(diff, print, agx_diff_hunk(diff, i));
	for (i = 0; i < agx_diff_shaders(diff); i++) {
		const struct agx_diff_shader *shader = agx_diff_shader(diff, i);

		if (shader)
			print_shader(shader, i, print);
	}
}

static void print_count(const struct diff_print *print, const char *name,
			const struct agx_diff_count *count, uint64_t most)
{
	uint64_t all = count->changed + count->removed + count->added;
	const uint64_t parts[] = {count->changed, count->removed, count->added};
	const char *const styles[] = {print->style->changed, print->style->removed,
				      print->style->added};
	unsigned int i, j;

	if (!all)
		return;
	fprintf(print->out, "  %-14s %8" PRIu64 " ~ %6" PRIu64 " - %6" PRIu64 " +  ", name,
		count->changed, count->removed, count->added);
	for (i = 0; i < 3; i++) {
		uint64_t length =
			most > MAX_BAR ? (parts[i] * MAX_BAR + most - 1) / most : parts[i];

		fputs(length ? styles[i] : "", print->out);
		for (j = 0; j < length; j++)
			fputc("~-+"[i], print -> out);
		fputs(length ? print->style->reset : "", print->out);
	}
	fputc('\n', print->out);
}

void diff_print_stat(const struct agx_diff *diff, const struct diff_print *print)
{
	static const char *const units[AGX_DIFF_UNITS] = {
		"trace", "calls", "submits", "commands", "draws", "dispatches", "buffers",
	};
	const struct agx_diff_sums *sums = agx_diff_sums(diff);
	const struct agx_diff_side *a = agx_diff_side(diff, 0), *b = agx_diff_side(diff, 1);
	struct diff_row rows[12];
	uint64_t most = 0;
	unsigned int i;

	if (agx_diff_same(diff)) {
		print_notes(diff, print);
		return;
	}
	print_head(diff, print);
	fprintf(print->out, "\n%swhat the traces hold               A            B%s\n",
		print->style->title, print->style->reset);
	print_rows(print, rows, diff_side_rows(diff, rows));
	fprintf(print->out, "\n%sunits%s\n", print->style->title, print->style->reset);
	for (i = 0; i < AGX_DIFF_UNITS; i++) {
		uint64_t all =
			sums->units[i].changed + sums->units[i].removed + sums->units[i].added;

		most = all > most ? all : most;
	}
	for (i = 0; i < AGX_DIFF_UNITS; i++)
		print_count(print, units[i], &sums->units[i], most);
	print_count(print, "shaders", &sums->shaders, most);
	fprintf(print->out, "\n%svalues%s\n", print->style->title, print->style->reset);
	for (i = 0, most = 0; i < DIFF_TOPICS; i++) {
		uint64_t all =
			sums->lines[i].changed + sums->lines[i].removed + sums->lines[i].added;

		most = all > most ? all : most;
	}
	for (i = 0; i < DIFF_TOPICS; i++)
		print_count(print, diff_topic_names[i], &sums->lines[i], most);
	if (sums->shaders.changed) {
		fprintf(print->out, "\n%scode of shaders that changed%s\n", print->style->title,
			print->style->reset);
		print_rows(print, rows, diff_code_rows(&sums->changed_a, &sums->changed_b, rows));
	}
	fprintf(print->out, "\n%scode of all shaders%s\n", print->style->title,
		print->style->reset);
	print_rows(print, rows, diff_code_rows(&a->code, &b->code, rows));
	fprintf(print->out, "\n%u different changes\n", agx_diff_hunks(diff));
}
